"""Draw the lower half of the page: the open block wired both ways, and the gradient by depth, measured now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import streamlit as st

from app.controls import work
from app.kit import register
from app.markup import inline
from app.session import state
from core.analysis.stacks import Stack
from core.analysis.stream.depth_grid import VARIANTS, GradientByDepth, Norms, Variant, gradient_by_depth
from core.analysis.stream.norm_wiring import Wired, wired
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.norm_residual.figure import Seen

norm_residual_gradients = register("norm_residual_gradients", __file__)

SEEDS = 3  # models a variant
JOB = "depth"
NAMES: dict[tuple[bool, Norms], str] = {  # of the variants, by whether they have residuals, and where norms stand
    (True, "pre"): mark("residual, pre-norm"), (True, "post"): mark("residual, post-norm"),
    (True, "none"): mark("residual, no norms"), (False, "pre"): mark("no residual, pre-norm"),
    (False, "post"): mark("no residual, post-norm"), (False, "none"): mark("no residual, no norms"),
}  # fmt: skip


def job(layers: int, draw: int) -> work.Shared:
    """Return the measuring of these untrained models, a record for each variant and seed, shared by all visitors."""
    models = [(variant, seed) for variant in VARIANTS for seed in range(SEEDS * draw, SEEDS * (draw + 1))]

    def make(known: Sequence[Any]) -> Iterator[GradientByDepth]:
        for variant, seed in models[len(known) :]:
            yield from gradient_by_depth([variant], n_layers=layers, seeds=(seed,))

    return work.Shared(JOB, f"depth {layers} {draw}", len(models), say("untrained models"), make)


def together(found: Sequence[GradientByDepth], variant: Variant) -> GradientByDepth | None:
    """One variant's measurements over all its seeds so far; None: nothing yet."""
    ours = [one for one in found if one.variant == variant]
    if not ours:
        return None
    columns = {
        name: np.concatenate([getattr(one, name) for one in ours])
        for name in ("stream", "weights", "activation", "alike", "loss")
    }
    return GradientByDepth(variant=variant, **columns)


def _drawn(one: GradientByDepth) -> dict[str, Any]:
    reach = one.reach
    return {
        "name": say(NAMES[one.variant.residual, one.variant.norms]),
        "residual": one.variant.residual,
        "norms": one.variant.norms,
        "seeds": len(one.loss),
        "reach": reach if np.isfinite(reach) else None,
        "alike": alike if np.isfinite(alike := float(np.median(one.alike))) else None,
        "stream": _band(one.stream),
        "activation": _band(one.activation),
    }


def _band(values: np.ndarray[Any, Any]) -> dict[str, list[float | None]]:
    """Lowest, median and highest of the seeds at each depth; None where a number overflowed."""
    rows = {"low": values.min(0), "mid": np.median(values, axis=0), "high": values.max(0)}
    return {
        name: [float(value) if np.isfinite(value) else None for value in row] for name, row in rows.items()
    }


def both_ways(lm: LanguageModel, seen: Seen, block: int, stack: Stack | None) -> tuple[Wired, ...]:
    """The open block with its norms before its parts and after its sums; (): there is no block, or no norm to move."""
    if lm.config.norm == "none" or all(entry.layer is None for entry in seen.book.entries):
        return ()
    place = (lm, seen.trace, block, seen.book.row)
    return wired(*place, "pre", stack), wired(*place, "post", stack)


def _another() -> None:
    state.set("draw", (state.get("draw") + 1) % 3000)


def show(
    lm: LanguageModel, seen: Seen, block: int, ways: Sequence[Wired], notes: Sequence[str]
) -> Callable[[], None]:
    """The heading, the dials and the figure. Returns what measures the rest: to be called when the page is drawn.

    Args:
        ways: what `both_ways` found.
        notes: of this run; measuring draws the page anew, and they are to be read then.
    """
    layers, draw = state.get("layers"), state.get("draw") % 3000
    measuring = job(layers, draw)
    if measuring.until is None:
        measuring.wait(measuring.total)
    found = measuring.measured.results
    heading = say("Norms before or after, and gradients by depth")
    st.html(f'<section class="gb-words"><h2>{inline(heading)}</h2></section>')
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.slider(say("Blocks of the untrained models"), 2, 24, width=300, **state.bind("layers"))
        st.button(say("Other random weights"), key="norm_residual.another", on_click=state.whole(_another))
        bar = st.container(width="stretch")
    norm_residual_gradients(
        data={
            "stamp": f"{measuring.key}\x1f{len(found)}\x1f{ways}",
            "layers": layers,
            "total": measuring.total,
            "done": len(found),
            "block": block,
            "token": lm.tokenizer.display(seen.ids[seen.book.row]),
            "kind": lm.config.norm,
            "ways": None if not ways else [
                {"wiring": way.wiring, "own": way.own, "steps": [list(step) for step in way.steps]} for way in ways
            ],
            "variants": [_drawn(one) for variant in VARIANTS if (one := together(found, variant))],
        },
        key="more",
    )  # fmt: skip

    def go_on() -> None:
        if measuring.measured.ended and len(found) == measuring.total:
            return
        for note in notes:
            state.note(note)
        measuring.go_on(bar, first=SEEDS, whole=len(found) == measuring.total)

    return go_on
