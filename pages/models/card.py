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
from core.messages import mark, mark_of, say, say_of
from core.runs import Run
from pages.models.figure import stored

_LONG = {"curve", "spec", "samples", "name"}  # shown in a way of their own, or not at all
_DEEP = 3  # levels of a card that are shown
_MOST = 60  # lines of a card
_FIGURE = {"low", "high", "right", "of", "score", "loss", "error"}  # what `_figure` writes as one value
# What the entries of a card are called, each by its own name or by the whole way to it.
_NAMES = {
    "steps": mark("steps of training"),
    "held_out_loss": mark("held-out loss, nats a token"),
    "held_out_interval": mark("95 % interval of that loss"),
    "held_out_interval.documents": mark("texts that it was measured on"),
    "held_out_interval.tokens": mark("tokens of them"),
    "held_out_interval.how": mark("how that interval was found"),
    "held_out_interval.rows": mark("rows of that measurement"),
    "n_gram": mark("an n-gram model on the same text"),
    "n_gram.order": mark("an n-gram model on the same text: tokens in an n-gram"),
    "n_gram.tokens": mark("an n-gram model on the same text: tokens that it counted"),
    "tokens_read": mark("tokens read in training"),
    "scenes_read": mark("pictures read in training"),
    "held_out": mark("held-out texts"),
    "data.held_out": mark("text that it read: kept out of training"),
    "practice.held_out": mark("text that it practised on besides: kept out of training"),
    "data": mark("text that it read"),
    "practice": mark("text that it practised on besides"),
    "practice_share": mark("share of practice"),
    "origin": mark("where it is from"),
    "what": mark("what it is"),
    "endless": mark("written anew without end"),
    "minutes": mark("minutes of training"),
    "texts": mark("texts to begin with"),
    "alignment": mark("which word a head links to which"),
    "pointed": mark("the sentence that answers, by attention"),
    "senses": mark("senses of a word told apart"),
    "static": mark("by its row of the table"),
    "best": mark("block that tells them best"),
    "fitted": mark("examples that the probe was fitted on"),
    "unlike": mark("from when on a text counts as unlike what it read"),
    "unlike.limit": mark("from when on a text counts as unlike what it read: nats a character"),
}
# The same, of names that are words already.
_WORDS = {
    mark_of("card", "IBM model 1"), mark_of("card", "after"), mark_of("card", "all heads"),
    mark_of("card", "bits a byte"), mark_of("card", "bits a byte of code-gpt"),
    mark_of("card", "bits a byte of tales-gpt"), mark_of("card", "chance"), mark_of("card", "characters"),
    mark_of("card", "checked means"), mark_of("card", "chosen on"), mark_of("card", "completions"),
    mark_of("card", "context"), mark_of("card", "corpus"), mark_of("card", "decoding"), mark_of("card", "diagonal"),
    mark_of("card", "documents"), mark_of("card", "error"), mark_of("card", "exact"), mark_of("card", "examples"),
    mark_of("card", "examples a sense"), mark_of("card", "fables"), mark_of("card", "functions"),
    mark_of("card", "head"), mark_of("card", "held out texts"), mark_of("card", "holds"), mark_of("card", "interval"),
    mark_of("card", "intervals"), mark_of("card", "kind"), mark_of("card", "know this"), mark_of("card", "layer"),
    mark_of("card", "made by"), mark_of("card", "measure"), mark_of("card", "measured on"), mark_of("card", "model"),
    mark_of("card", "most words of the question"), mark_of("card", "name"), mark_of("card", "nats a token"),
    mark_of("card", "note"), mark_of("card", "objective"), mark_of("card", "of"), mark_of("card", "optimizer"),
    mark_of("card", "pairs"), mark_of("card", "perplexity"), mark_of("card", "precision"), mark_of("card", "prompt"),
    mark_of("card", "question"), mark_of("card", "read"), mark_of("card", "recall"), mark_of("card", "right"),
    mark_of("card", "rule"), mark_of("card", "scores"), mark_of("card", "seed"), mark_of("card", "sentence"),
    mark_of("card", "sentences"), mark_of("card", "sentiment"), mark_of("card", "share"), mark_of("card", "split"),
    mark_of("card", "summarize"), mark_of("card", "tales"), mark_of("card", "tasks"), mark_of("card", "telling"),
    mark_of("card", "tokens"), mark_of("card", "translate"), mark_of("card", "unread"), mark_of("card", "weights"),
}  # fmt: skip


def _named(way: tuple[str, ...]) -> str:
    """What an entry of a card is called: the names on the way to it, in words."""
    if whole := _NAMES.get(".".join(way)):
        return say(whole)
    return ": ".join(_word(name) for name in way)


def _word(name: str) -> str:
    written = name.replace("_", " ")
    if name in _NAMES:
        return say(_NAMES[name])
    return say_of("card", written) if written in _WORDS else written


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
        named = say(_NAMES["held_out_loss"])
        loss = next((at for at, (name, _) in enumerate(lines) if name == named), None)
        if loss is not None:
            lines.insert(loss + 1, (say("that loss is taken over"), over))
    rows = "".join(
        f"<tr><th scope='row'>{plain(name)}</th><td>{plain(value)}</td></tr>" for name, value in lines
    )
    title = say("The card of {model}", model=entry.label)
    parts = [f"<h2>{plain(title)}</h2><table><tbody>{rows}</tbody></table>"]
    samples = card.get("samples")
    if isinstance(samples, Sequence) and not isinstance(samples, str) and samples:
        told = "".join(f"<blockquote>{plain(one)}</blockquote>" for one in list(samples)[:6])
        parts.append(f"<h3>{plain(say('What it wrote'))}</h3>{told}")
    if readme:
        title = say("README.md, as it is written")
        parts.append(f"<h3>{plain(title)}</h3><pre tabindex='0' aria-label='README.md'>{plain(readme)}</pre>")
    if not card and not readme:
        parts.append(f"<p>{plain(_none(entry))}</p>")
    name = plain(say("Model card"))
    st.html(f'<section class="gb-model-card" aria-label="{name}">{"".join(parts)}</section>')


def plain(value: Any) -> str:
    """A value of somebody else's as HTML that shows it as it is written; backticks stay backticks."""
    return escape(value if isinstance(value, str) else _number(value), quote=True)


def _none(entry: Entry) -> str:
    if entry.source == "hub" and not entry.here:
        return say("Its own card comes with it when it is fetched.")
    return say("Whoever made this model wrote no card.json and no README.md into its folder.")


def _known(entry: Entry) -> Iterator[tuple[str, Any]]:
    """What the gallery itself knows."""
    yield say_of("models", "from"), f"{say(SOURCES[entry.source])}: {entry.name}"
    yield say("architecture"), entry.problem or entry.shape
    if entry.what:
        yield say("made for"), entry.what
    yield say("licence"), entry.licence or say("not stated")
    if entry.total:
        yield say("weights"), entry.total
    if entry.stored:
        yield (say("on disk") if entry.here else say("to fetch")), stored(entry)
    if entry.memory:
        yield say("in memory, as float32"), room.written(entry.memory)


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
            yield _named(here), say(value) if isinstance(value, str) else value


def _figure(found: Mapping[str, Any]) -> str:
    """A figure with its 95 % interval, as one reads it: "776 of 1,000 (75 to 80 %)"; "" where it is none."""
    low, high = found.get("low"), found.get("high")
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return ""
    if "right" in found and "of" in found:
        return say(
            "{right} of {all} ({low} to {high} %)",
            right=_number(found["right"]),
            all=_number(found["of"]),
            low=f"{100 * low:.1f}",
            high=f"{100 * high:.1f}",
        )
    value = next((found[name] for name in ("score", "loss", "error") if name in found), None)
    between = say("{low} to {high}", low=_number(low), high=_number(high))
    return between if value is None else f"{_number(value)} ({between})"


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
