"""A lesson as a document to print: every step with its question, the answers at the end. No Streamlit in here."""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import cache
from pathlib import Path

from app import chapters
from app.lessons import reading
from app.lessons.reading import Lesson, Step
from app.markup import inline
from core.messages import say

HERE = Path(__file__).resolve().parent

Fill = Callable[
    [int, tuple[str, ...]], tuple[str, ...]
]  # (number of the step, its texts) -> the same, measured


def article(lesson: Lesson, fill: Fill, heading: int = 2) -> str:
    """Write a lesson as an HTML article.

    Args:
        fill: puts the measures into the texts of a step.
        heading: level of the title, 1 to 5; steps are one below.
    """
    title, below = f"h{heading}", f"h{heading + 1}"
    played = say("Model: {model}. Text: {text}", model=lesson.model, text=lesson.text)
    both = [_step(step, mark, fill, below) for mark, step in enumerate(lesson.steps, 1)]
    ends = f"<p><b>{say('In one line:')}</b> {inline(lesson.ends)}</p>" if lesson.ends else ""
    asks = any(step.question for step in lesson.steps)
    answers = (
        f"<{below}>{say('Answers')}</{below}><ol>{''.join(answer for _, answer in both)}</ol>" if asks else ""
    )
    return (
        f'<article class="gb-document"><{title}>{inline(lesson.title)}</{title}><p>{inline(lesson.asks)} '
        f"{inline(played)}</p><ol>{''.join(step for step, _ in both)}</ol>"
        f'<section class="gb-answers">{answers}{ends}</section></article>'
    )


@cache
def paper() -> str:
    """Return the style sheet of what is printed besides lessons, as one `<style>` element."""
    return f"<style>{(HERE / 'paper.css').read_text(encoding='utf-8')}</style>"


def _step(step: Step, mark: int, fill: Fill, heading: str) -> tuple[str, str]:
    """Return a step's section and its answer, as list entries."""
    question = step.question
    texts = [step.prose, question.text if question else "", question.evidence if question else ""]
    prose, asked, evidence, *options = fill(mark, (*texts, *(question.options if question else ())))
    where = say(chapters.BY_SLUG[step.at.slug].title)
    point = f" {inline(say('Look at: {part}.', part=reading.named(step.point)))}" if step.point else ""
    lines = (
        f"<li><{heading}>{inline(step.title)}</{heading}><p class='gb-hint'>{inline(where)}.{point}</p>"
        f"<p>{inline(prose)}</p>"
    )
    if question is None:
        return f"{lines}</li>", f"<li>{say('No question.')}</li>"
    named = "".join(
        f"<li><b>{letter}</b> {inline(option)}</li>"
        for letter, option in zip(string.ascii_lowercase, options, strict=False)
    )
    right = string.ascii_lowercase[question.right]
    said = f"<li><b>{right}</b>: {inline(options[question.right])}. {inline(question.because)} {inline(evidence)}</li>"
    return f"{lines}<p><b>{inline(asked)}</b></p><ul>{named}</ul></li>", said
