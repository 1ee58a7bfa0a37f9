"""Show how the open model's own file holds its weights, where that is in few bits.

`core.efficiency.gguf_contents` reads the file; the functions here turn what it says into the component's JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import markup
from app.frame.page import Context
from app.kit import register
from app.models import cache
from app.session import events, state
from core import real
from core.efficiency.gguf_contents import FLOAT, HALF, PART, Block, Contents, block
from core.messages import say, say_of
from pages.efficiency.export import few_bits, file_of

stored = register("efficiency_stored", __file__)

KEYS = ("parcel",)
USUAL = ".ffn_down."


def stored_weights(ctx: Context) -> Contents | None:
    """Read what the open model's file holds; None: there is none, or no weights of few bits in it."""
    if file_of(ctx.name) is None:
        return None
    key = f"efficiency stored {ctx.model_key}"
    found: tuple[Contents | None] | None = cache.kept(key)
    if found is None:
        found = (few_bits(ctx.name),)
        cache.keep(key, found, small=True)
    return found[0]


def rounding_note(ctx: Context, found: Contents | None) -> tuple[str, ...]:
    """Say that the settings of the page round what was rounded before; () where it was not."""
    if found is None:
        return ()
    few = found.fewest
    parts = say(" and ").join(say_of(PART, one.part) for one in found.shares if one.kind == few.kind)
    said = say(
        "{model} was rounded before it came here: {kind}, {bits} bits a weight in its {parts}. The settings here "
        "round it a second time, and “original” is the model as it came. What the first rounding cost is not "
        "known: the weights that it was made from are not here.",
        model=ctx.label, kind=few.kind, bits=f"{few.bits:g}", parts=parts,
    )  # fmt: skip
    return (said,)


@dataclass(frozen=True)
class Section:
    """The section of one run of the page."""

    ctx: Context
    found: Contents | None

    @property
    def name(self) -> str:
        """The tensor whose block is looked at."""
        assert self.found is not None
        there = list(self.found.tensors)
        wished = str(state.get("filed"))
        return wished if wished in there else next((one for one in there if USUAL in one), there[0])

    @property
    def block(self) -> Block | None:
        """The block that is looked at; None: the file has none of a kind that is taken apart."""
        if self.found is None or not self.found.tensors:
            return None
        of = block(self.found, self.name, 0).of
        return block(self.found, self.name, min(int(state.get("parcel")), of - 1))

    def show(self) -> None:
        """Draw the heading, the list of tensors and the picture; nothing where the model comes as floats."""
        if self.found is None:
            return
        title = markup.inline(say("As it came: weights of few bits"))
        st.html(f'<section class="gb-words"><h2>{title}</h2></section>')
        looked = self.block
        if looked is not None:
            st.selectbox(
                say("Tensor"), list(self.found.tensors), width=300, format_func=markup.visible,
                **state.part("efficiency.filed", looked.name, _choose),
            )  # fmt: skip
        stored(
            data=record(self.ctx, self.found, looked)
            | {"selection": events.selection("stored", {key: state.get(key) for key in KEYS})},
            key="stored",
            on={"select": lambda: events.select("stored", KEYS)},
        )

    def cells(self) -> list[str]:
        """Write a notebook cell that reads the file again."""
        looked = self.block
        if self.found is None or looked is None:
            return []
        place = (
            f"real.home() / real.BY_NAME[{self.ctx.name!r}].weights"
            if self.ctx.name in real.BY_NAME
            else f"Path({str(self.found.path)!r})"
        )
        shares = [(one.part, one.kind, one.weights, one.bytes) for one in self.found.shares]
        return [
            f"""# %% The file: bits a weight, and one block of them
from pathlib import Path
from core import real
from core.efficiency.gguf_contents import block, contents

held = contents({place})
print(held.size, "bytes,", round(held.bits, 3), "bits a weight")
assert [(one.part, one.kind, one.weights, one.bytes) for one in held.shares] == {shares!r}
one = block(held, {looked.name!r}, {looked.number})
print(one.scale, one.minimum, one.codes)
assert list(one.codes) == {list(looked.codes)}
same([one.grid[code - one.low] for code in one.codes], one.values)"""
        ]


def _choose(name: str) -> None:
    state.update({"filed": name, "parcel": 0})


def record(ctx: Context, found: Contents, looked: Block | None) -> dict[str, Any]:
    """Describe what stored.js draws, as its JSON."""
    return {
        "stamp": repr((ctx.model_key, looked and (looked.name, looked.number))),
        "tokens": list(ctx.tokens), "name": ctx.label, "file": found.path.name, "size": found.size,
        "bits": found.bits, "bytes": found.bytes, "floats": FLOAT * found.weights,
        "shares": [
            {
                "part": say_of(PART, one.part), "kind": one.kind, "tensors": one.tensors, "weights": one.weights,
                "bytes": one.bytes, "floats": FLOAT * one.weights, "bits": one.bits, "group": one.group,
                "block": one.block,
            }
            for one in found.shares
        ],
        "block": None if looked is None else _block(looked),
    }  # fmt: skip


def _block(one: Block) -> dict[str, Any]:
    beside = ["scale", "minimum"] if one.kind == "Q4_1" else ["scale"]
    return {
        "name": one.name, "kind": one.kind, "number": one.number, "of": one.of, "row": one.row,
        "first": one.first, "codes": list(one.codes), "values": list(one.values), "grid": list(one.grid),
        "scale": one.scale, "minimum": one.minimum, "low": one.low, "bits": one.bits, "half": 8 * HALF,
        "beside": beside,
    }  # fmt: skip
