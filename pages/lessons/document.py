"""A lesson as a document: every step with its question, the answers at the end; made to be printed."""

from __future__ import annotations

import string

import streamlit as st

from app import chapters
from app.lessons import player, reading
from app.lessons.player import Playing
from app.lessons.reading import Lesson, Step
from app.markup import inline


def draw(lesson: Lesson) -> None:
    """Draw the document, its numbers filled in from the model."""
    steps, answers = [], []
    for mark, step in enumerate(lesson.steps, 1):
        asked, answered = _step(Playing(lesson, mark), step)
        steps.append(asked)
        answers.append(answered)
    ends = f"<p><b>In one line:</b> {inline(lesson.ends)}</p>" if lesson.ends else ""
    st.html(
        f'<article class="gb-document"><h2>{inline(lesson.title)}</h2><p>{inline(lesson.asks)} '
        f"Model: {inline(lesson.model)}. Text: {inline(lesson.text)}</p><ol>{''.join(steps)}</ol>"
        f"<h3>Answers</h3><ol>{''.join(answers)}</ol>{ends}</article>"
    )


def _step(now: Playing, step: Step) -> tuple[str, str]:
    """Return a step's section and its answer, as list entries."""
    question = step.question
    texts = [step.prose, question.text if question else "", question.evidence if question else ""]
    prose, asked, evidence, *options = player.filled(now, (*texts, *(question.options if question else ())))
    where = chapters.BY_SLUG[step.at.slug].title
    point = f" Look at: {inline(reading.named(step.point))}." if step.point else ""
    lines = f"<li><h3>{inline(step.title)}</h3><p class='gb-hint'>{inline(where)}.{point}</p><p>{inline(prose)}</p>"
    if question is None:
        return f"{lines}</li>", "<li>No question.</li>"
    named = "".join(
        f"<li><b>{letter}</b> {inline(option)}</li>"
        for letter, option in zip(string.ascii_lowercase, options, strict=False)
    )
    right = string.ascii_lowercase[question.right]
    said = f"<li><b>{right}</b>: {inline(options[question.right])}. {inline(question.because)} {inline(evidence)}</li>"
    return f"{lines}<p><b>{inline(asked)}</b></p><ul>{named}</ul></li>", said
