"""A model's card as text: what it read, how well it does, what it wrote, and under which licence.

A card and a README are other people's text: every piece goes through `plain`, so nothing in it becomes markup.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from app import runs
from app.controls import scope
from app.models import gallery, room
from app.models.gallery import SOURCES, Entry
from core.runs import Run
from pages.models.figure import stored

_LONG = {"curve", "spec", "samples", "name"}  # shown in a way of their own, or not at all
_DEEP = 3  # levels of a card that are shown
_MOST = 60  # lines of a card
_FIGURE = {"low", "high", "right", "of", "score", "loss", "error"}  # what `_figure` writes as one value
# What the entries of a card are called, each by its own name or by the whole way to it.
_NAMES = {
    "steps": "steps of training",
    "held_out_loss": "held-out loss, nats a token",
    "held_out_interval": "95 % interval of that loss",
    "held_out_interval.documents": "texts that it was measured on",
    "held_out_interval.tokens": "tokens of them",
    "held_out_interval.how": "how that interval was found",
    "held_out_interval.rows": "rows of that measurement",
    "n_gram": "an n-gram model on the same text",
    "n_gram.order": "an n-gram model on the same text: tokens in an n-gram",
    "n_gram.tokens": "an n-gram model on the same text: tokens that it counted",
    "tokens_read": "tokens read in training",
    "scenes_read": "pictures read in training",
    "held_out": "held-out texts",
    "data.held_out": "text that it read: kept out of training",
    "practice.held_out": "text that it practised on besides: kept out of training",
    "data": "text that it read",
    "practice": "text that it practised on besides",
    "practice_share": "share of practice",
    "origin": "where it is from",
    "what": "what it is",
    "endless": "written anew without end",
    "minutes": "minutes of training",
    "texts": "texts to begin with",
    "alignment": "which word a head links to which",
    "pointed": "the sentence that answers, by attention",
    "senses": "senses of a word told apart",
    "static": "by its row of the table",
    "best": "block that tells them best",
    "fitted": "examples that the probe was fitted on",
    "unlike": "from when on a text counts as unlike what it read",
    "unlike.limit": "from when on a text counts as unlike what it read: nats a character",
}


def _named(way: tuple[str, ...]) -> str:
    """What an entry of a card is called: the names on the way to it, in words."""
    if whole := _NAMES.get(".".join(way)):
        return whole
    return ": ".join(_NAMES.get(name, name.replace("_", " ")) for name in way)


def read(entry: Entry) -> dict[str, Any]:
    """Read the card of a model, or describe a training run by what the store knows of it; {} where nothing is known."""
    if entry.source != "run":
        return gallery.card(entry)
    run = runs.find(runs.run_id(entry.name))
    return {} if run is None else _of_run(run)


def _of_run(run: Run) -> dict[str, Any]:
    """Describe a run in the format of a card."""
    curve = runs.points(run.id)
    held_out = (
        None
        if curve is None
        else next((x for x in reversed(curve.held_out.tolist()) if math.isfinite(x)), None)
    )
    samples = [one.sample for one in runs.checkpoints(run.id)[-1:] if one.sample]
    return {
        "corpus": run.spec.corpus, "objective": run.spec.objective, "optimizer": run.spec.optimizer, "seed": run.seed,
        "context": run.spec.context, "steps": run.step, "of": run.steps, "held_out_loss": held_out, "samples": samples,
    }  # fmt: skip


def show(entry: Entry, card: Mapping[str, Any], readme: str) -> None:
    """The card of the picked model, below the fold.

    Args:
        card: card.json, or what is known of a run; {} without one. readme: README.md, "" without one.
    """
    lines = [*_known(entry), *list(_flat(card))[:_MOST]]
    if over := scope.of_card(card):
        loss = next((at for at, (name, _) in enumerate(lines) if name == _NAMES["held_out_loss"]), None)
        if loss is not None:
            lines.insert(loss + 1, ("that loss is taken over", over))
    rows = "".join(
        f"<tr><th scope='row'>{plain(name)}</th><td>{plain(value)}</td></tr>" for name, value in lines
    )
    parts = [f"<h2>The card of {plain(entry.label)}</h2><table><tbody>{rows}</tbody></table>"]
    samples = card.get("samples")
    if isinstance(samples, Sequence) and not isinstance(samples, str) and samples:
        told = "".join(f"<blockquote>{plain(one)}</blockquote>" for one in list(samples)[:6])
        parts.append(f"<h3>What it wrote</h3>{told}")
    if readme:
        parts.append(
            f"<h3>README.md, as it is written</h3><pre tabindex='0' aria-label='README.md'>{plain(readme)}</pre>"
        )
    if not card and not readme:
        parts.append(f"<p>{plain(_none(entry))}</p>")
    st.html(f'<section class="gb-model-card" aria-label="Model card">{"".join(parts)}</section>')


def plain(value: Any) -> str:
    """A value of somebody else's as HTML that shows it as it is written; backticks stay backticks."""
    return escape(value if isinstance(value, str) else _number(value), quote=True)


def _none(entry: Entry) -> str:
    if entry.source == "hub" and not entry.here:
        return "Its own card comes with it when it is fetched."
    return "Whoever made this model wrote no card.json and no README.md into its folder."


def _known(entry: Entry) -> Iterator[tuple[str, Any]]:
    """What the gallery itself knows."""
    yield "from", f"{SOURCES[entry.source]}: {entry.name}"
    yield "architecture", entry.problem or entry.shape
    if entry.what:
        yield "made for", entry.what
    yield "licence", entry.licence or "not stated"
    if entry.total:
        yield "weights", entry.total
    if entry.stored:
        yield ("on disk" if entry.here else "to fetch"), stored(entry)
    if entry.memory:
        yield "in memory, as float32", room.written(entry.memory)


def _flat(card: Mapping[str, Any], way: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The values of a card, each with its name; a figure and its interval are one value."""
    if figure := _figure(card):
        yield _named(way), figure
    for name, value in card.items():
        here = (*way, str(name))
        if (
            (not way and name in _LONG | {"licence", "parameters"})
            or name == "each"
            or (figure and name in _FIGURE)
        ):
            continue
        if isinstance(value, Mapping):
            if len(here) < _DEEP or _figure(value):
                yield from _flat(value, here)
        elif isinstance(value, list | tuple):
            if value and all(isinstance(one, str | int | float) for one in value) and len(value) <= 12:
                yield _named(here), ", ".join(one if isinstance(one, str) else _number(one) for one in value)
        elif value is not None:
            yield _named(here), value


def _figure(found: Mapping[str, Any]) -> str:
    """A figure with its 95 % interval, as one reads it: "776 of 1,000 (75 to 80 %)"; "" where it is none."""
    low, high = found.get("low"), found.get("high")
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return ""
    if "right" in found and "of" in found:
        return f"{_number(found['right'])} of {_number(found['of'])} ({100 * low:.1f} to {100 * high:.1f} %)"
    value = next((found[name] for name in ("score", "loss", "error") if name in found), None)
    between = f"{_number(low)} to {_number(high)}"
    return between if value is None else f"{_number(value)} ({between})"


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
