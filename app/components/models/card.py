"""A model's card as text: what it read, how well it does, what it wrote, and under which licence.

A card and a README are other people's text: every piece goes through `plain`, so nothing in it becomes markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from app import room, scope
from app.gallery import SOURCES, Entry

_LONG = {"curve", "spec", "samples", "name"}  # shown in a way of their own, or not at all
_DEEP = 3  # levels of a card that are shown
_MOST = 60  # lines of a card
_NAMES = {
    "held_out_loss": "held-out loss, nats a token",
    "n_gram": "an n-gram model on the same text",
    "tokens_read": "tokens read",
    "held_out": "held out",
    "minutes": "minutes of training",
}


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
        yield ("on disk" if entry.here else "to fetch"), room.written(entry.stored)
    if entry.memory:
        yield "in memory", room.written(entry.memory)


def _flat(card: Mapping[str, Any], before: str = "", deep: int = 1) -> Iterator[tuple[str, Any]]:
    """The values of a card with the names that lead to them."""
    for name, value in card.items():
        if deep == 1 and name in _LONG | {"licence", "parameters"}:
            continue
        said = f"{before}{_NAMES.get(name, str(name).replace('_', ' '))}"
        if isinstance(value, Mapping):
            if deep < _DEEP:
                yield from _flat(value, f"{said}: ", deep + 1)
        elif isinstance(value, list | tuple):
            if value and all(isinstance(one, str | int | float) for one in value) and len(value) <= 12:
                yield said, ", ".join(one if isinstance(one, str) else _number(one) for one in value)
        elif value is not None:
            yield said, value


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
