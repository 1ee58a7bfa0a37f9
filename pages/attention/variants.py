"""Draw the lower half of the Attention page: who may see whom, heads that share keys, and the cost as the text grows.

The functions here ask `core.analysis.heads` (masks, shared_keys, cost) and turn the answers into the component's JSON;
they compute nothing. The cost is measured when a learner asks, with progress and a stop, and kept for the session.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.controls import work
from app.controls.bare_encoder import UNSAID
from app.counts import counted
from app.frame.page import Context
from app.kit import pack, register
from app.markup import inline
from app.models import cache
from app.session import events, state
from core.analysis.heads.cost import LENGTHS, CostPoint, Curve, cost_points, score_bytes
from core.analysis.heads.masks import MaskRule, UnderMask, stories_under_masks, under_masks
from core.analysis.heads.shared_keys import Sharing, sharing_name, sharings, stories_shared, ways_to_share
from core.analysis.places import Kind, stack_of
from core.analysis.story_loss import LONGEST, STORIES
from core.costs import cache_bytes
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.attention.controls import sliders

attention_variants = register("attention_variants", __file__)

TERMS = ("sliding window", "sink", "cross-attention", "grouped-query", "KV cache")
LIKELY = 3  # tokens shown of each prediction
WAITS = mark("With {weights} million weights this takes a while: press Measure now, below.")
BUDGET = 20.0  # seconds of measuring the cost: longer texts are then left out, and the page says so
REPEATS = 5
KINDS = ("attention", "fused", "rest")
HEAVY = (
    20_000_000  # weights: such a model is read anew only when a learner asks, and with one story, not four
)


@dataclass(frozen=True)
class Reading:
    """Name what is read: the text, an encoder-decoder's target, the attention of the page, the row of the logits."""

    text: str
    target: str | None
    kind: Kind
    row: int

    @property
    def masked(self) -> Kind:
        """The self-attention whose mask is changed: of the stack that the page shows."""
        return "encoder" if self.kind == "encoder" else "self"


@dataclass(frozen=True)
class Measured:
    """Hold all that was measured of one text, but the cost."""

    rules: tuple[MaskRule, ...]
    masks: list[UnderMask]
    mask_stories: list[float]
    sharings: list[Sharing]
    shared_stories: list[float]


def rules(causal: bool, reach: int, sinks: int) -> tuple[MaskRule, ...]:
    """List the masks to compare: causal, both sides, then the window without and with sinks on the model's own."""
    window = MaskRule(causal=causal, window=reach)
    return (
        MaskRule(),
        MaskRule(causal=False),
        window,
        MaskRule(causal=causal, window=reach, sinks=sinks),
    )


def see_masks(lm: LanguageModel, read: Reading, wanted: Sequence[MaskRule]) -> list[UnderMask]:
    """`under_masks` with its arguments in a row, as the cache takes them."""
    return under_masks(lm, read.text, wanted, attention=read.masked, target=read.target or None, row=read.row)


def see_sharings(lm: LanguageModel, read: Reading) -> list[Sharing]:
    """`sharings`, likewise."""
    return sharings(lm, read.text, target=read.target or None, row=read.row)


def heavy(lm: LanguageModel) -> bool:
    """A model so large that a pass of it takes its time."""
    return lm.n_parameters > HEAVY


def waits(lm: LanguageModel) -> bool:
    """Nothing of this model is measured before the learner asks."""
    return heavy(lm) and not state.memo("attention_variants").get("heavy")


def stories(lm: LanguageModel) -> int:
    """How many held-out stories a model is measured on."""
    return 1 if heavy(lm) else STORIES


def tell_mask(lm: LanguageModel, kind: Kind, rule: MaskRule) -> float:
    """The stories' loss under one mask; it hangs on no text."""
    return stories_under_masks(lm, [rule], attention=kind, count=stories(lm))[0]


def tell_shared(lm: LanguageModel) -> list[float]:
    """The stories' loss with ever fewer heads of keys."""
    return stories_shared(lm, stories(lm))


# A window in words, by whether it is causal, and whether first tokens stay in view.
NEAR = {
    (True, False): mark("itself and {others} before"),
    (True, True): mark("itself and {others} before, and the first {sinks}"),
    (False, False): mark("itself and {others} on each side"),
    (False, True): mark("itself and {others} on each side, and the first {sinks}"),
}


def _near(rule: MaskRule) -> str:
    """A window in words."""
    others = rule.window - 1 if rule.window else 0
    return say(NEAR[rule.causal, rule.sinks > 0], others=others, sinks=rule.sinks)


def mask_words(rule: MaskRule, at: int) -> tuple[str, str]:
    """The name of the mask at that place of `rules`, and which keys it leaves."""
    if at == 0:
        return say("Causal"), say("itself and all before")
    if at == 1:
        return say("Bidirectional"), say("every token, both sides")
    if at == 2:
        return say("Window {tokens}", tokens=rule.window), _near(rule)
    return say("Window {tokens} + {sinks}", tokens=rule.window, sinks=counted(rule.sinks, "sink")), _near(
        rule
    )


def _likely(
    lm: LanguageModel, probabilities: np.ndarray[Any, Any], own: np.ndarray[Any, Any]
) -> list[dict[str, Any]]:
    """The likeliest tokens, each with what the model as it is gives it."""
    best = np.argsort(-probabilities, kind="stable")[:LIKELY]
    return [
        {
            "id": int(i),
            "text": lm.tokenizer.display(int(i)),
            "p": float(probabilities[i]),
            "own": float(own[i]),
        }
        for i in best
    ]


def _shared(
    lm: LanguageModel, kv: int, at: int, seen: Measured | None, lengths: tuple[int, int]
) -> dict[str, Any]:
    """One way to share keys: its bytes by the formula, and what was measured of it."""
    config = lm.config.replace(n_kv_heads=kv)
    size = next(lm.transformer.parameters()).element_size()
    longest = (config.n_ctx, config.n_ctx if config.shape == "encoder-decoder" else 0)
    said: dict[str, Any] = {"next": [], "loss": None, "stories": None}
    if seen:
        one = seen.sharings[at]
        said = {
            "next": _likely(lm, one.probabilities, seen.sharings[0].probabilities),
            "loss": one.loss,
            "stories": seen.shared_stories[at],
        }
    return {
        "name": say(sharing_name(config)),
        "kv": kv,
        "own": kv == lm.config.kv_heads,
        "bytes": cache_bytes(config, *lengths, size),
        "full": cache_bytes(config, *longest, size),
        **said,
    }


def _waits(lm: LanguageModel) -> str:
    return say(WAITS, weights=f"{lm.n_parameters / 1e6:,.0f}")


def record(
    lm: LanguageModel,
    wanted: Sequence[MaskRule],
    seen: Measured | None,
    sides: Mapping[str, Sequence[str]],
    lengths: tuple[int, int],
    spent: Mapping[str, Any],
    selection: Mapping[str, int],
) -> dict[str, Any]:
    """Record what variants.js draws.

    Args:
        wanted: the masks. seen: what was measured; None: nothing yet, of a large model, or nothing, of a bare encoder.
        sides: the tokens as they read: "rows" of the masked stack; "written" and "source" of cross-attention.
        lengths: how many tokens are read, and written by an encoder-decoder.
        spent: of `record_cost`. selection: the chosen row.
    """
    config, unsaid = lm.config, lm.config.head == "none"
    own = seen.sharings[0].probabilities if seen else np.zeros(0)
    plain = MaskRule(causal=wanted[2].causal)
    masks = []
    for at, rule in enumerate(wanted):
        name, words = mask_words(rule, at)
        allowed = rule.matrix(len(sides["rows"]))
        said: dict[str, Any] = {"next": [], "loss": None, "stories": None}
        if seen:
            one = seen.masks[at]
            said = {
                "next": _likely(lm, one.probabilities, own),
                "loss": one.loss,
                "stories": seen.mask_stories[at],
            }
        same = bool((allowed == plain.matrix(len(allowed))).all())
        packed = pack(allowed.astype(np.uint8))
        masks.append(
            {"name": name, "words": words, "own": rule == plain, "same": same, "allowed": packed, **said}
        )
    shared = [_shared(lm, kv, at, seen, lengths) for at, kv in enumerate(ways_to_share(config))]
    return {
        "model": lm.name, "shape": config.shape, "heads": config.n_heads, "layers": config.decoder_layers,
        "dHead": config.head_size, "context": config.n_ctx, "tokens": lengths,
        "stories": stories(lm), "longest": min(LONGEST, config.n_ctx),
        "waits": "" if seen else say(UNSAID) if unsaid else _waits(lm), "unsaid": unsaid,
        "rows": list(sides["rows"]), "written": list(sides["written"]), "source": list(sides["source"]),
        "asked": "hidden" if config.shape == "encoder" else "next",
        "masks": masks, "shared": shared, "cost": dict(spent), "selection": dict(selection),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ the cost


def ask_for_cost() -> None:
    """Note that the learner wants it measured."""
    state.memo("attention_variants").update(asked=True, heavy=True)


def _about(ctx: Context, kind: Kind) -> str:
    return repr((ctx.model_key, kind))


def known_cost(ctx: Context, kind: Kind) -> list[CostPoint]:
    """What this session has measured of this model and stack; nothing yet: []."""
    points: list[CostPoint] = state.memo("attention_variants").get(_about(ctx, kind), [])
    return points


def record_cost(points: list[CostPoint], n_heads: int) -> dict[str, Any]:
    """Record the points and the curves through them."""
    lengths = [one.length for one in points]
    curves = {}
    if len(points) >= 3:
        for name in KINDS:
            curve = Curve.through(lengths, [getattr(one, name) for one in points], square=name != "rest")
            curves[name] = [curve.square, curve.linear, curve.fixed]
    return {
        "points": [
            {"n": one.length, "bytes": one.score_bytes} | {name: getattr(one, name) for name in KINDS}
            for one in points
        ],
        "curves": curves,
        "crossing": crossing(points),
        "lengths": list(LENGTHS),
        "repeats": REPEATS,
        "bytes": [score_bytes(n_heads, length) for length in LENGTHS],
    }


def crossing(points: list[CostPoint]) -> int | None:
    """The first measured length at which attention took longer than all the rest; None: at none."""
    return next((one.length for one in points if one.attention > one.rest), None)


def measure_cost(ctx: Context, kind: Kind, slot: DeltaGenerator) -> None:
    """If it was asked for: measure length by length, saying in `slot` how far that is; then draw the page anew.

    Called when the page is drawn. Any click on it, the button's too, stops the measuring.
    """
    memo = state.memo("attention_variants")
    if not memo.pop("asked", False):
        return
    with slot, st.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, text=say("Measuring texts of 16 tokens"))
        st.button(say("Stop"), key="attention_variants.stop")
    points: list[CostPoint] = []
    began = time.perf_counter()
    for point in cost_points(ctx.lm, LENGTHS, attention=kind, repeats=REPEATS, budget=BUDGET):
        points.append(point)
        spent = time.perf_counter() - began
        following = LENGTHS[min(len(points), len(LENGTHS) - 1)]
        bar.progress(
            len(points) / len(LENGTHS),
            text=say(
                "{tokens} measured, {following} next; {spent} seconds of at most {budget}",
                tokens=counted(point.length, "token"),
                following=f"{following:,}",
                spent=f"{spent:.0f}",
                budget=f"{BUDGET:.0f}",
            ),
        )
    memo[_about(ctx, kind)] = points
    work.again()


# ---------------------------------------------------------------------------------------- on the page


@dataclass(frozen=True)
class Below:
    """Show the lower half in one run of the page, with the window and sinks of that run."""

    ctx: Context
    read: Reading
    reach: int
    sinks: int

    def measured(self) -> Measured:
        """Measure, or recall: what hangs on the text anew with every text, the stories once a model."""
        key, read, wanted = self.ctx.model_key, self.read, self.rules
        return Measured(
            wanted,
            cache.call(see_masks, key, read, wanted),
            [cache.call(tell_mask, key, read.masked, rule) for rule in wanted],
            cache.call(see_sharings, key, read),
            cache.call(tell_shared, key),
        )

    @property
    def rules(self) -> tuple[MaskRule, ...]:
        """The masks that are compared."""
        return rules(stack_of(self.ctx.lm, self.read.masked).causal, self.reach, self.sinks)

    def show(self, rows: Sequence[str]) -> None:
        """The heading, the window's sliders and the picture; then the cost, if it was asked for.

        Args:
            rows: the tokens of the stack whose masks are changed.
        """
        ctx, read = self.ctx, self.read
        decoding = ctx.lm.config.shape == "encoder-decoder" and read.kind != "encoder"
        sides = {
            "rows": rows,
            "written": rows if decoding else [],
            "source": ctx.tokens if decoding else [],
        }
        heading = say("Masks, shared keys, and the cost")
        st.html(f'<section class="gb-words"><h2>{inline(heading)}</h2></section>')
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            sliders("more")
        slot = st.container()
        seen = None
        if ctx.lm.config.head != "none" and not waits(ctx.lm):
            slow = st.spinner(say("Reading your text under each mask")) if heavy(ctx.lm) else nullcontext()
            with slot, slow:
                seen = self.measured()
        batch = ctx.lm.batch(read.text, read.target or None)
        lengths = (batch[0].shape[1], sum(ids.shape[1] for ids in batch[1:]))
        spent = record_cost(known_cost(ctx, read.masked), ctx.lm.config.n_heads)
        last = len(rows) - 1
        row = events.followed(len(rows), last)
        chosen = events.selection("more", {"row": row})
        attention_variants(
            data=record(ctx.lm, self.rules, seen, sides, lengths, spent, chosen),
            key="more",
            on={"select": lambda: events.select("more", ("row",), row, last), "measure": ask_for_cost},
        )
        measure_cost(ctx, read.masked, slot)
