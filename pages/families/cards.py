"""Show the published models on a line of time and as cards, to one scale (cards.js draws them).

The figures are `core.families.published`'s; nothing here computes.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import chapters, models
from app.kit import register
from app.models import choice
from app.session import events, state
from core.families.published import FAMILIES, Family, Size

families_cards = register("families_cards", __file__)

MONTHS = "January February March April May June July August September October November December".split()
COLUMNS = (
    "model", "shape", "public since", "blocks", "width", "heads", "neurons", "vocabulary", "context",
    "weights by our formula", "published", "where", "difference",
)  # fmt: skip


def record() -> dict[str, Any]:
    """Collect what cards.js draws, with what this server opens."""
    return {
        "families": record_families(),
        "now": state.get("model"),
        "gallery": chapters.BY_SLUG["models"].exists if "models" in chapters.BY_SLUG else False,
        "selection": events.selection("cards", {"published": state.get("published")}),
    }


def record_families() -> list[dict[str, Any]]:
    """Describe every family's card."""
    offered = set(models.hub_ids())
    return [_family(one, offered) for one in FAMILIES]


def _family(one: Family, offered: set[str]) -> dict[str, Any]:
    return {
        "name": one.name,
        "shape": one.shape,
        "maker": one.maker,
        "date": one.date,
        "since": f"{MONTHS[one.month - 1]} {one.year}",
        "source": one.source,
        "data": one.data,
        "objective": one.objective,
        "key": one.key,
        "weights": one.weights,
        "sizes": [_size(size, offered) for size in one.sizes],
        "closed": _closed(one, offered),
        "unpublished": list(one.unpublished),
    }


def _closed(one: Family, offered: set[str]) -> str:
    """Say which sizes this server does not fetch although Glassbox reads them, and how it would; "" for none."""
    closed = [size for size in one.sizes if size.hub and size.hub not in offered and _read(size)]
    if not closed:
        return ""
    names = " and ".join(size.name or one.name for size in closed)
    ids = ", ".join(size.hub for size in closed)
    return (
        f"Not on this Glassbox’s list: {names}. Whoever runs it allows {'it' if len(closed) == 1 else 'them'} with "
        f"{models.HUB_VARIABLE} ({ids}), where the memory is enough."
    )


def _read(one: Size) -> bool:
    """Test whether a converter reads it: none does a decoder with post-norm, as in the first GPT."""
    return one.config.shape != "decoder" or one.config.norm_placement == "pre"


def _size(one: Size, offered: set[str]) -> dict[str, Any]:
    config = one.config
    return {
        "name": one.name,
        "stacks": [config.n_layers, config.decoder_layers]
        if config.shape == "encoder-decoder"
        else [config.n_layers],
        "width": config.d_model,
        "heads": config.n_heads,
        "neurons": config.mlp_size,
        "vocabulary": config.d_vocab,
        "context": config.n_ctx,
        "parameters": one.parameters,
        "published": one.published,
        "agrees": one.agrees,
        "where": one.where,
        "note": one.note,
        "hub": one.hub,
        "opens": one.hub in offered,
    }


def opened() -> None:
    """Open the model that was asked for, as if it had been picked from the list."""
    name = events.sent("cards", "open").get("name")
    if name in models.hub_ids():
        choice.choose(str(name))


def show() -> None:
    """Draw the heading, the picture, and the same as a table."""
    st.html('<section class="gb-words"><h2>The published models, to one scale</h2></section>')
    families_cards(
        data=record(),
        key="cards",
        on={"select": lambda: events.select("cards", ("published",)), "open": opened},
    )
    st.html(_table_html(rows()))


def rows() -> list[list[str]]:
    """Tabulate the published models, with a line that says so for a family that published none."""
    found = []
    for one in FAMILIES:
        about = [one.shape, f"{MONTHS[one.month - 1]} {one.year}"]
        if not one.sizes:
            found.append([one.name, *about, *["not published"] * 8, one.source, ", ".join(one.unpublished)])
        for size in one.sizes:
            config = size.config
            blocks = f"{config.n_layers}"
            if config.shape == "encoder-decoder":
                blocks = f"{config.n_layers} + {config.decoder_layers}"
            numbers = (
                config.d_model,
                config.n_heads,
                config.mlp_size,
                config.d_vocab,
                config.n_ctx,
                size.parameters,
            )
            why = "rounding" if size.agrees else size.note
            found.append([
                f"{one.name} {size.name}".strip(), *about, blocks, *(f"{n:,}" for n in numbers),
                f"{size.published:,}", f"{one.source}: {size.where}", f"{100 * size.difference:+.1f} %: {why}",
            ])  # fmt: skip
    return found


def _table_html(lines: Sequence[Sequence[str]]) -> str:
    """Render the table, folded, scrolling on its own where it is wider than a phone."""
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in COLUMNS)
    body = "".join(
        f"<tr><th scope='row'>{html.escape(line[0])}</th>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in line[1:])
        + "</tr>"
        for line in lines
    )
    return (
        '<details class="gb-cheatsheet"><summary>The same as a table</summary>'
        '<div tabindex="0" role="region" aria-label="The published models as a table" style="overflow-x:auto">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )
