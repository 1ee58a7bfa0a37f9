"""Teach the learner's own lines to the real model by LoRA: what it says before and after, and what it forgets."""

from __future__ import annotations

from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import markup, models
from app.controls import widgets, work
from app.counts import counted
from app.markup import inline, mono, visible
from app.models import cache, room
from app.session import state
from core import real
from core.language_model import LanguageModel
from core.messages import say
from core.training import own_lines
from core.training.adapters import Lora
from core.training.own_lines import Guess, Lesson

JOB = "own_lines"
OTHERS = (
    "The capital of France is",
    "A red ball was lost. She found the red",
)  # that none of the lines is about


def draw() -> tuple[str, DeltaGenerator] | None:
    """Draw the section; returns key and place of the bar, None where the model is not here or the lines do not fit."""
    name = models.REAL
    with st.container(key="gb-own-lines", gap="small"):
        st.html(
            f"<section class='gb-cheatsheet' aria-label='{escape(say('Your own lines'))}'>"
            f"<h2>{escape(say('Your own lines, taught to {model}', model=real.title(name)))}</h2>"
            f"<p>{inline(_told())}</p></section>"
        )
        if name not in models.published():
            st.html(f"<p class='gb-hint' role='status'>{inline(real.missing(name))}.</p>")
            return None
        if not _asked():
            _offer(name)
            return None
        with st.container(
            horizontal=True, gap="medium", vertical_alignment="bottom", key="gb-own-lines-asked"
        ):
            st.text_area(say("Lines to learn, one each"), height=180, **state.bind("learn"))
            with st.container(gap="small"):
                st.text_input(say("Ask it before and after"), **state.bind("probe"))
                widgets.segments(say("Rank"), "thin", ("4", "8", "16"))
        lm = cache.model(name)
        try:
            rows = own_lines.read_lines(lm, str(state.get("learn")))
            said = _before(str(state.get("probe")))
        except ValueError as why:
            st.html(f"<p class='gb-hint' role='status'>{escape(str(why))}</p>")
            return None
        rank = int(state.get("thin"))
        key = "\x1f".join((cache.key(name), str(state.get("learn")), str(rank)))
        need = _seconds(lm, key, rows)
        if need > own_lines.LONGEST:
            long = say(
                "This would take about {minutes} minutes on this machine, more than the {most} that a page "
                "waits: take lines out, or shorten them.",
                minutes=f"{need / 60:.0f}", most=f"{own_lines.LONGEST / 60:.0f}",
            )  # fmt: skip
            st.html(f"<p class='gb-hint' role='status'>{escape(long)}</p>")
            return None
        teach = say(
            "Teach it {lines}, {times} times: about {seconds} s",
            lines=counted(len(rows), "line"), times=own_lines.PASSES, seconds=max(1, round(need)),
        )  # fmt: skip
        total = own_lines.PASSES * len(rows)
        bar = work.buttons(JOB, key, teach, total, lambda: own_lines.teach(lm, rows, Lora(rank, 2.0 * rank)))
        job = work.of(JOB, key)
        last: Lesson | None = job.done[-1] if job is not None and job.done else None
        if job is None or last is None or last.adapter is None:
            st.html(_table([(str(state.get("probe")), said, None)]))
        else:
            asked = (str(state.get("probe")), *OTHERS)
            st.html(
                _table([(text, _before(text), own_lines.says(lm, text, last.adapter)) for text in asked])
                + f"<p class='gb-hint'>{inline(_summary(job.done, len(rows), last.adapter.count, lm))}</p>"
            )
        return key, bar


def _asked() -> bool:
    """Whether this visitor wants the model: by the button, or by a link with lines or a question of its own."""
    return bool(state.memo(JOB).get("asked")) or any(state.linked(key) for key in ("learn", "probe", "thin"))


def _offer(name: str) -> None:
    """Say that nobody has asked for the model, and what it takes; the button opens it."""
    need = room.written(models.need(models.resolve(name)))
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="gb-own-lines-offer"):
        st.button(
            say("Open {model}", model=real.title(name)), key="own_lines.open", on_click=state.whole(_ask)
        )
        st.caption(
            markup.escape(
                say(
                    "This page has not opened it: it takes {need} of memory, once for all visitors.",
                    need=need,
                )
            )
        )


def _ask() -> None:
    state.memo(JOB)["asked"] = True


def go_on(drawn: tuple[str, DeltaGenerator] | None) -> None:
    """Do the steps that are still to be done."""
    if drawn is not None:
        work.go_on(JOB, *drawn, say("steps"))


def _told() -> str:
    return say(
        "Up to {lines} lines of up to {tokens} tokens, about something that the model cannot know. Its own 135 "
        "million weights stay as they are; thin matrices are learned beside the queries and values of every "
        "block, for you alone, until you leave this page.",
        lines=own_lines.MOST_LINES, tokens=own_lines.MOST_TOKENS,
    )  # fmt: skip


def _before(text: str) -> Guess:
    """What the model says as it is, computed once for everybody. Raises as `own_lines.says`."""
    found: Guess = cache.share(own_lines.says, cache.key(models.REAL), text)
    return found


def _seconds(lm: LanguageModel, key: str, rows: list[list[int]]) -> float:
    """The estimate, measured once for these lines."""
    memo = state.memo(JOB)
    if memo.get("key") != key:
        memo |= {"key": key, "seconds": own_lines.seconds(lm, rows)}
    return float(memo["seconds"])


def _summary(done: list[Lesson], lines: int, count: int, lm: LanguageModel) -> str:
    """Loss of the first and the last pass, and how few numbers were learned."""
    first, last = (sum(one.loss for one in part) / lines for part in (done[:lines], done[-lines:]))
    share = count / sum(weight.numel() for weight in lm.transformer.parameters())
    return say(
        "Mean loss of your lines in the first pass {first} nats a token, in the last {last}. {count} numbers "
        "were learned, {share} of the model’s. The last two rows are about nothing in your lines: where they "
        "change, it has forgotten; nothing here keeps what it knew.",
        first=f"{first:.2f}", last=f"{last:.2f}", count=f"{count:,}", share=f"{share:.1%}",
    )  # fmt: skip


def _table(rows: list[tuple[str, Guess, Guess | None]]) -> str:
    titles = escape(say("Text")), escape(say("It says next")), escape(say("After your lines"))
    head = "".join(f"<th scope='col'>{title}</th>" for title in titles)
    body = "".join(
        f"<tr><th scope='row'>{escape(text)}</th><td>{_said(before)}</td>"
        f"<td>{escape(say('not taught yet')) if after is None else _said(after)}</td></tr>"
        for text, before, after in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<section class='gb-cheatsheet'>{table}</section>"


def _said(guess: Guess) -> str:
    pairs = zip(guess.tokens[:3], guess.probabilities[:3], strict=True)
    return ", ".join(f"{inline(mono(visible(token)))}\u00a0{p:.2f}" for token, p in pairs)
