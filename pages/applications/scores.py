"""Show the score of an application, from the model's card, beside baselines, and how to compute it anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.controls import scope, work
from app.counts import counted
from app.markup import inline, mono
from core.analysis.tasks import heroes
from core.messages import mark, say
from core.vectors.probe import wilson
from pages.applications.answers import Opened, Use

BASELINES = {
    "copy": mark("copying"), "n-gram": mark("n-grams"), "lookup": mark("nearest example"), "n_gram": mark("5-grams"),
}  # fmt: skip
ASKED = {
    "translate": (("exact", mark("one of the tellings that Toyland allows")),),
    "summarize": (
        ("all", mark("wish, turning point and end right")),
        ("wish", mark("wish")),
        ("turn", mark("turn")),
        ("end", mark("end")),
    ),
    "question": (("exact", mark("the answer, word for word")),),
    "sentiment": (("exact", mark("the right label")),),
}
CODE = (
    ("right", mark("ends, parses, no name from nowhere")),
    ("uses_parameter", mark("and reads one of its parameters")),
    ("exact", mark("the library's very function")),
)


@dataclass(frozen=True)
class Score:
    """Hold one measure: the model's value and what others have, each with its interval where there is one.

    value, low, high: shares, or plain numbers where `unit` is not "%".
    """

    what: str
    value: float
    low: float | None
    high: float | None
    of: int
    others: tuple[tuple[str, float], ...]
    unit: str = "%"


def command(use: Use) -> str:
    """Return the command that computes the card's scores anew; tales-gpt's loss is measured when it is trained."""
    return f"python -m scripts.train_models {use.model}" + (" --scores" if use.model != "tales-gpt" else "")


def scores(use: Use, card: Mapping[str, Any]) -> list[Score]:
    """Read a card's scores of a use; [] if it has none."""
    try:
        if use.name == "code":
            return list(_code(card["scores"]["completions"]))
        if use.name in ("story", "dialogue"):
            return list(_loss(card))
        return [*_task(use.name, card["scores"][use.name]), *_read(use.name, card)]
    except (KeyError, TypeError, ZeroDivisionError):
        return []


def _share(said: Mapping[str, Any]) -> float:
    return float(said["right"]) / float(said["of"])


def _task(name: str, said: Mapping[str, Any]) -> Iterator[Score]:
    learned = {kind: each for kind, each in said["baselines"].items() if isinstance(each, Mapping)}
    for asked, what in ASKED[name]:
        own = said["model"][asked]
        others = tuple(
            (say(BASELINES.get(kind, kind)), _share(each[asked])) for kind, each in learned.items()
        )
        yield Score(say(what), _share(own), own["low"], own["high"], int(own["of"]), others)
    if name == "translate":
        own = said["model"]["chrF"]
        others = tuple(
            (say(BASELINES.get(kind, kind)), each["chrF"]["score"]) for kind, each in learned.items()
        )
        yield Score(
            say("chrF, 0 to 100"), own["score"], own["low"], own["high"], int(said["examples"]), others, ""
        )


def _read(name: str, card: Mapping[str, Any]) -> Iterator[Score]:
    part = card.get("alignment" if name == "translate" else "pointed" if name == "question" else "")
    if not isinstance(part, Mapping):
        return
    own = part["model"]
    if name == "translate":
        others = tuple(
            (say(kind), part[kind]["error"])
            for kind in (mark("all heads"), mark("diagonal"), mark("IBM model 1"))
        )
        what = say("alignment error rate of the chosen head (lower is better)")
        yield Score(what, own["error"], own["low"], own["high"], int(part["examples"]), others, "rate")
    else:
        alike = part["most words of the question"]
        others = ((say("most words of the question"), _share(alike)), (say("chance"), float(part["chance"])))
        what = say("the sentence read most tells the answer")
        yield Score(what, _share(own), own["low"], own["high"], int(own["of"]), others)


def _code(said: Mapping[str, Any]) -> Iterator[Score]:
    for asked, what in CODE:
        own = said["model"][asked]
        others = tuple((say(BASELINES[kind]), _share(said[kind][asked])) for kind in ("n_gram", "lookup"))
        yield Score(say(what), _share(own), own["low"], own["high"], int(own["of"]), others)


def _loss(card: Mapping[str, Any]) -> Iterator[Score]:
    over = scope.of_card(card)
    what = say("loss on held-out stories, nats per token (lower is better)")
    if over:
        what = say("loss on held-out stories, nats per token (lower is better): over {texts}", texts=over)
    others = ((say("5-grams"), float(card["n_gram"]["held_out_loss"])),)
    sure = card.get("held_out_interval", {})  # a bootstrap over documents, of cards that have one
    yield Score(
        what,
        float(card["held_out_loss"]),
        sure.get("low"),
        sure.get("high"),
        int(sure.get("documents", 0)),
        others,
        "nats",
    )


def shown(value: float, unit: str) -> str:
    """Format a value of the table."""
    return f"{value:.1%}" if unit == "%" else f"{value:.3f}" if unit in ("nats", "rate") else f"{value:.1f}"


def draw(use: Use, opened: Opened | None) -> None:
    """Draw the table under the picture, and the command."""
    card = opened.lm.card if opened else {}
    found = [] if opened and opened.headed else scores(use, card)
    head = f"<h2>{inline(say('How good it is: {model}', model=mono(opened.shown if opened else use.model)))}</h2>"
    if not found:
        why = (
            say("The card of this model holds no score for this.")
            if opened
            else say("Without the model there is no score.")
        )
        body = f"<p>{why}</p>"
    else:
        rows = "".join(_row(one) for one in found)
        columns = say("Held out"), say("Score"), "95 %", say("Examples"), say("Beside it")
        heads = "".join(f"<th scope='col'>{one}</th>" for one in columns)
        body = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table><p>{inline(_source(use))}</p>"
    st.html(
        f'<section class="gb-cheatsheet gb-scores" aria-label="{inline(say("Score"))}">{head}{body}</section>'
    )


def _source(use: Use) -> str:
    """Say where the scores stand, and by which commands they are computed anew."""
    if use.name not in ("translate", "question"):
        return say("From the model’s card. Anew: {command}", command=mono(command(use)))
    return say(
        "From the model’s card. Anew: {command}; of attention: {other}",
        command=mono(command(use)), other=mono("python -m scripts.reading_report tales-t5"),
    )  # fmt: skip


def _row(one: Score) -> str:
    between = (
        ""
        if one.low is None or one.high is None
        else say("{low} to {high}", low=shown(one.low, one.unit), high=shown(one.high, one.unit))
    )
    others = ", ".join(f"{name} {shown(value, one.unit)}" for name, value in one.others)
    return (
        f"<tr><th scope='row'>{inline(one.what)}</th><td>{shown(one.value, one.unit)}</td><td>{between}</td>"
        f"<td>{one.of or ''}</td><td>{inline(others)}</td></tr>"
    )


# ------------------------------------------------ how often a story keeps its hero, measured when asked for

JOB = "heroes"
STORIES = 30


def heroes_button(opened: Opened) -> DeltaGenerator:
    """Draw the button that writes the stories, and their result; return the place for the bar."""

    def make() -> Iterator[bool]:
        return heroes.kept(opened.lm, STORIES)

    bar = work.buttons(
        JOB, opened.key, say("Write {count} stories with other heroes", count=STORIES), STORIES, make
    )
    job = work.of(JOB, opened.key)
    if job is not None and job.done:
        st.html(f'<p class="gb-hint" role="status">{inline(heroes_kept(job.done))}</p>')
    return bar


def heroes_kept(kept: list[bool]) -> str:
    """Say the share of stories that keep their hero, with its interval."""
    found = wilson(sum(kept), len(kept))
    return say(
        "In {right} of {stories} no other name is written more often than the hero’s: "
        "{share} (95 %: {low} to {high}).",
        right=found.right,
        stories=counted(found.of, "story"),
        share=f"{found.share:.0%}",
        low=f"{found.low:.0%}",
        high=f"{found.high:.0%}",
    )


def write_heroes(opened: Opened, bar: DeltaGenerator) -> None:
    """Write the stories that are still to be written."""
    work.go_on(JOB, opened.key, bar, say("stories"))
