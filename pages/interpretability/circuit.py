"""The circuit's walk: eight steps of how a model says again what it has read, each with what was measured.

`core.analysis.patching.circuit_walk` measures; here the answers become the component's JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.controls import work
from app.frame import page
from app.frame.page import Context
from app.kit import register
from app.session import events, state
from core.analysis.patching.circuit import KINDS
from core.analysis.patching.circuit_texts import MATERIALS, TEXTS, TOKENS
from core.analysis.patching.circuit_walk import CUT, LOOKS_BACK, NAMED_FROM, RULE, Walk, collect, count, steps
from core.messages import say

circuit = register("interpretability_circuit", __file__)

JOB = "circuit"
QUICK = 6e10  # weights x tokens: up to here without asking
A_SECOND = 4e10  # of the same, roughly, on one processor
KEYS = ("circuit",)


def job(ctx: Context) -> work.Shared:
    """Return the circuit's walk as work that all visitors share; it depends on the model only."""

    def make(known: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        return steps(ctx.lm, known=dict(known))

    return work.Shared(JOB, f"circuit {ctx.model_key}", count(ctx.lm), say("measurements"), make, about=True)


def known(ctx: Context) -> Walk | None:
    """Collect what was measured on the open model; None: not all of it yet."""
    found = job(ctx).measured
    return collect(dict(found.results)) if found.ended else None


def seconds(ctx: Context) -> float:
    """Estimate how long the walk takes."""
    passes = count(ctx.lm) + 60  # sets of heads by lot, and the parts before the reader
    return ctx.lm.n_parameters * TEXTS * 2 * TOKENS * passes / A_SECOND


def show(ctx: Context, found: Walk | None) -> tuple[work.Shared, DeltaGenerator | None]:
    """Draw the heading, a button where the walk takes long, and the picture. Returns the work and the place of its bar.

    Args:
        found: what `known` says.
    """
    measuring, why = job(ctx), _why_not(ctx)
    title = say("A circuit, step by step: saying again what was read")
    st.html(f'<section class="gb-words"><h2>{escape(title)}</h2></section>')
    place = st.container(width="stretch")
    slot: DeltaGenerator | None = None
    if found is None and not why:
        if seconds(ctx) * A_SECOND > QUICK:
            with place:
                slot = measuring.buttons(
                    say("Walk through the circuit, about {seconds} s", seconds=max(1, round(seconds(ctx))))
                )
        else:
            slot = place
            if measuring.until is None:
                measuring.wait(measuring.total)
    circuit(
        data=record(ctx, found, why)
        | {"selection": events.selection("walk", {"circuit": state.get("circuit")})},
        key="walk",
        on={"select": lambda: events.select("walk", KEYS)},
    )
    page.judged(LOOKS_BACK, RULE)
    return measuring, slot


def _why_not(ctx: Context) -> str:
    """Explain why the walk cannot be made on this model, in a sentence; "" where it can."""
    config = ctx.lm.config
    if config.shape == "encoder" and config.mask_id is None:
        return say("This encoder has no mask, so no token can be hidden and asked for.")
    if min(config.n_ctx, len(ctx.lm.tokenizer)) < 20:
        return say("This model has too small a context or vocabulary to say a list twice.")
    return ""


def record(ctx: Context, found: Walk | None, why: str = "") -> dict[str, Any]:
    """Turn the walk into what circuit.js draws."""
    config = ctx.lm.config
    said: dict[str, Any] = {
        "stamp": f"{ctx.model_key}\x1f{found is None}\x1f{why}", "model": ctx.label, "shape": config.shape,
        "why": why, "known": found is not None, "texts": TEXTS, "from": NAMED_FROM, "cut": CUT,
    }  # fmt: skip
    return said if found is None else said | _found(found)


def _found(found: Walk) -> dict[str, Any]:
    writer = found.writer
    return {
        "material": found.material, "materials": {name: say(words) for name, words in MATERIALS.items()},
        "worthOf": dict(found.worth_of),
        "period": found.period, "items": found.items, "places": found.places.tolist(), "worth": list(found.worth),
        "plain": float(found.plain.mean()), "first": float(found.first.mean()), "control": float(found.control.mean()),
        "other": found.other, "look": found.look.tolist(), "line": found.line,
        "reader": found.reader and list(found.reader), "readers": [list(head) for head in found.readers],
        "before": found.before, "content": found.content, "place": found.place,
        "parts": [
            {"name": one.name, "head": one.head is not None, "keys": one.keys, "queries": one.queries}
            for one in sorted(found.parts, key=lambda one: one.least)
        ],
        "writer": writer and {
            "name": writer.name, "head": [writer.layer, writer.head], "way": writer.way, "left": writer.least,
            "read": [
                {"kind": kind, "share": float(share), "even": float(even)}
                for kind, share, even in zip(KINDS, found.read, found.even, strict=True)
            ],
        },
        "copies": found.copies, "off": {name: found.gain(one) for name, one in found.off.items()},
        "others": [found.gain(one) for one in found.others],
        "alone": [[found.gain(value) for value in line] for line in found.alone.tolist()],
        "kept": [[k, found.gain(loss)] for k, loss in found.kept], "enough": found.enough,
        "byLot": [found.gain(one) for one in found.by_lot], "findings": found.findings, "found": found.found,
        "heads": int(found.look.size),
    }  # fmt: skip
