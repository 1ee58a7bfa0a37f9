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
from core.messages import mark, mark_of, say, say_of

families_cards = register("families_cards", __file__)

MONTHS = (
    mark("January"),
    mark("February"),
    mark("March"),
    mark("April"),
    mark("May"),
    mark("June"),
    mark("July"),
    mark("August"),
    mark("September"),
    mark("October"),
    mark("November"),
    mark("December"),
)
SHAPES = {
    "decoder": mark_of("shape", "decoder"),
    "encoder": mark_of("shape", "encoder"),
    "encoder-decoder": mark_of("shape", "encoder-decoder"),
}
COLUMNS = (
    mark_of("column", "model"), mark_of("column", "shape"), mark_of("column", "public since"),
    mark_of("column", "blocks"), mark_of("column", "width"), mark_of("column", "heads"),
    mark_of("column", "neurons"), mark_of("column", "vocabulary"), mark_of("column", "context"),
    mark_of("column", "weights by our formula"), mark_of("column", "published"), mark_of("column", "where"),
    mark_of("column", "difference"),
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
        "since": _since(one),
        "source": say(one.source),
        "data": say(one.data),
        "objective": say(one.objective),
        "key": say(one.key),
        "weights": say(one.weights),
        "sizes": [_size(size, offered) for size in one.sizes],
        "closed": _closed(one, offered),
        "unpublished": [say(each) for each in one.unpublished],
    }


def _since(one: Family) -> str:
    return say("{month} {year}", month=say(MONTHS[one.month - 1]), year=one.year)


def _closed(one: Family, offered: set[str]) -> str:
    """Say which sizes this server does not fetch although Glassbox reads them, and how it would; "" for none."""
    closed = [size for size in one.sizes if size.hub and size.hub not in offered and _read(size)]
    if not closed:
        return ""
    told = {
        "names": say(" and ").join(size.name or one.name for size in closed),
        "variable": models.HUB_VARIABLE,
        "ids": ", ".join(size.hub for size in closed),
    }
    if len(closed) == 1:
        return say(
            "Not on this Glassbox’s list: {names}. Whoever runs it allows it with {variable} ({ids}), where the memory "
            "is enough.",
            **told,
        )
    return say(
        "Not on this Glassbox’s list: {names}. Whoever runs it allows them with {variable} ({ids}), where the memory "
        "is enough.",
        **told,
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
        "where": say(one.where),
        "note": say(one.note),
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
    st.html(f'<section class="gb-words"><h2>{say("The published models, to one scale")}</h2></section>')
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
        about = [say_of("shape", SHAPES[one.shape]), _since(one)]
        if not one.sizes:
            unpublished = ", ".join(say(each) for each in one.unpublished)
            found.append([one.name, *about, *[say("not published")] * 8, say(one.source), unpublished])
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
            why = say("rounding") if size.agrees else say(size.note)
            where = f"{say(one.source)}: {say(size.where)}"
            found.append([
                f"{one.name} {size.name}".strip(), *about, blocks, *(f"{n:,}" for n in numbers),
                f"{size.published:,}", where, f"{100 * size.difference:+.1f} %: {why}",
            ])  # fmt: skip
    return found


def _table_html(lines: Sequence[Sequence[str]]) -> str:
    """Render the table, folded, scrolling on its own where it is wider than a phone."""
    head = "".join(f"<th scope='col'>{html.escape(say_of('column', name))}</th>" for name in COLUMNS)
    body = "".join(
        f"<tr><th scope='row'>{html.escape(line[0])}</th>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in line[1:])
        + "</tr>"
        for line in lines
    )
    return (
        f'<details class="gb-cheatsheet"><summary>{say("The same as a table")}</summary>'
        f'<div tabindex="0" role="region" aria-label="{say("The published models as a table")}" '
        'style="overflow-x:auto">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )
