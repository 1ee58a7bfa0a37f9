"""Ask the published model the same through its chat template, beside the small models.

It was trained on none of Toyland's tasks and never told the truth of an example. What it answers is shown as text with
that truth, and its score on held-out examples stands beside, low where it is low (assets/real).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import models
from app.controls import work
from app.counts import counted
from app.markup import inline
from app.models import cache
from core import real
from core.analysis.tasks import instructed
from core.decoding.chat import conversation
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.applications.answers import Use, Wish

JOB = "assistant"
EXACT = {
    "question": mark("the answer, word for word"),
    "sentiment": mark("the right label and nothing else"),
    "summarize": mark("wish, turning point and end right"),
    "translate": mark("one of the tellings that Toyland allows"),
}
HOLDS = {
    "question": mark("the right answer is in what it says"),
    "sentiment": mark("the right label is in what it says"),
}

COIN = {"sentiment": mark(", a coin’s in 50\u00a0%")}  # of two labels


def draw(use: Use, wish: Wish) -> tuple[str, DeltaGenerator] | None:
    """Draw the question, the button, and the answer; returns key and place of the bar, None where it is not here."""
    name = models.REAL
    with st.container(key="gb-assistant", gap="xsmall"):
        st.html(
            f"<section class='gb-cheatsheet gb-scores' aria-label='{inline(say('The real model'))}'>"
            f"<h2>{inline(say('The same, asked of {name} as an assistant', name=real.title(name)))}</h2>"
            f"{_scores(use)}<p class='gb-hint'>{say('What it is asked, between the marks of its chat template:')}</p>"
            "</section>"
        )
        asked = instructed.request(use.name, wish.source)
        st.code(asked, language=None, wrap_lines=True)
        if name not in models.published():
            st.html(f"<p class='gb-hint' role='status'>{inline(real.missing(name))}.</p>")
            return None
        key = "\x1f".join((cache.key(name), use.name, wish.source))
        bar = work.buttons(
            JOB,
            key,
            say("Ask {name}", name=real.title(name)),
            instructed.MOST[use.name],
            lambda: answer(cache.model(name), asked, use.name),
        )
        job = work.of(JOB, key)
        if job is not None and job.done:
            said = str(job.done[-1]).strip() or say("nothing: it ended at once.")
            st.html(f"<p class='gb-hint'>{say('What it says:')}</p>")
            st.code(said, language="python" if use.name == "code" else None, wrap_lines=True)
            if job.ended and cut_off(job.done, instructed.MOST[use.name]):
                most = counted(instructed.MOST[use.name], "token")
                cut = say("Cut off after {tokens}, as for its score.", tokens=most)
                st.html(f"<p class='gb-hint'>{inline(cut)}</p>")
            if job.ended and wish.pair is not None:
                st.html(f"<p class='gb-hint' role='status'>{inline(judged(use, wish, said))}</p>")
        return key, bar


def go_on(drawn: tuple[str, DeltaGenerator] | None) -> None:
    """Generate what is still to be written."""
    if drawn is not None:
        work.go_on(JOB, *drawn, say("tokens"), at_once=8)


def answer(lm: LanguageModel, asked: str, name: str) -> Iterator[str]:
    """Generate the answer, yielding what was said after each token."""
    text = conversation(lm, [{"role": "user", "content": asked}])
    ids: list[int] = []
    for step in lm.stream(lm.encode(text, add_special_tokens=False), max_new_tokens=instructed.MOST[name]):
        ids.append(step.id)
        yield lm.tokenizer.decode(ids, skip_special_tokens=True)


def cut_off(said: Sequence[str], most: int) -> bool:
    """Test whether an answer was ended by its limit; by itself it ends with a token that adds no text."""
    return len(said) >= most and said[-1:] != said[-2:-1]


def judged(use: Use, wish: Wish, said: str) -> str:
    """Judge the answer to an example whose truth is known."""
    assert wish.pair is not None
    held = instructed.holds(use.name, said, wish.pair)
    truth = wish.pair.target
    if held is None:
        return say("Toyland tells it so: {truth}", truth=truth)
    if held:
        return say("It holds what is right: {truth}", truth=truth)
    return say("It does not hold what is right: {truth}", truth=truth)


def _scores(use: Use) -> str:
    """Quote its shares of right answers on held-out examples, as a line."""
    found: dict[str, Any] = real.card(models.REAL).get("scores", {}).get(use.name, {})
    if not found:
        none = say("It has no score here: nobody has set it this task with known answers.")
        return f"<p>{none}</p>"
    parts = [_share(EXACT[use.name], found["exact"])]
    if "holds" in found:
        parts.append(
            _share(HOLDS[use.name], found["holds"]) + (say(COIN[use.name]) if use.name in COIN else "")
        )
    if "chrF" in found:
        parts.append(say("chrF {score} of 100", score=f"{found['chrF']:.1f}"))
    of = say(
        "On {examples} held-out examples, through its chat template, greedily", examples=found["examples"]
    )
    return f"<p>{inline(of)}: {inline('; '.join(parts))}.</p>"


def _share(what: str, said: dict[str, Any]) -> str:
    share, low, high = (f"{100 * one:.0f}" for one in (said["right"] / said["of"], said["low"], said["high"]))
    return say(
        "{what} {share}\u00a0% (95\u00a0%: {low} to {high}\u00a0%)",
        what=say(what), share=share, low=low, high=high,
    )  # fmt: skip
