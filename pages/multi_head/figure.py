"""Record the Multi-head picture: every head of a model, and one of them large (figure.js draws it).

`record` turns what `core.analysis` computed into the component's JSON; the functions above it put those computations
into the form that the cache takes: arguments in a row. None of them computes anything itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from app.controls.bare_encoder import UNSAID
from app.kit import pack, register
from app.kit.figures import Asked
from core.analysis.heads.effects import HeadEffects, Knockout, Value, knock_out
from core.analysis.heads.jobs import HeadJobs, head_jobs
from core.analysis.heads.patterns import HeadMaps, head_maps
from core.analysis.heads.shares import HeadShares, head_shares
from core.analysis.heads.steps import attention_steps
from core.analysis.places import Kind
from core.language_model import LanguageModel
from core.messages import mark, say
from core.trace import Trace
from pages.multi_head.ablation import (
    A_SECOND,
    MARKS,
    Here,
    Largest,
    Off,
    cost,
    largest_of,
    quick_effects,
    read_off,
)
from pages.multi_head.roles import (
    ABOUT,
    BRIEF,
    brief,
    by_chance,
    changed,
    columns,
    rests_on,
    roles,
    see_repeats,
    tips,
    unit,
)

multi_head = register("multi_head", __file__)

OTHER_STEPS = 5  # steps that add no part: the panels, of which Join begins with none added
KEYS = ("block", "head", "row", "col", "follow", "panel", "added", "tour", "off", "instead", "order")

OFF = mark("A head that is off adds")
OFF_ADDS: dict[int | str, str] = {
    "zero": mark("nothing"),
    "mean": mark("its mean over the text"),
}  # what stands in place of a head that is off


@dataclass(frozen=True)
class Opened:
    """One head: what its rows ask and its keys answer, and what comes of it. T rows, S keys."""

    q: np.ndarray[Any, Any]  # (T, K)
    k: np.ndarray[Any, Any]  # (S, K)
    scaled: np.ndarray[Any, Any]  # (T, S) before bias and mask
    bias: np.ndarray[Any, Any] | None  # (T, S)
    allowed: np.ndarray[Any, Any]  # (T, S) bool
    pattern: np.ndarray[Any, Any]  # (T, S)
    factor: float


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything that the picture shows."""

    lm: LanguageModel
    label: str  # the model's name in a sentence
    here: Here
    off: Off
    stamp: str  # of the maps: names model, text, attention and the heads that are off
    plain: Trace  # with all heads; `passed`: without those that are off
    passed: Trace
    likely: int  # the likeliest token at the row, -1 of a bare encoder
    selection: Mapping[str, Any]
    usual: HeadJobs  # what the heads do when none is off
    jobs: HeadJobs  # this and the rest without the heads that are off
    maps: HeadMaps
    opened: Opened  # the chosen head
    shares: HeadShares  # of its block, at the chosen row
    without: Knockout
    effects: HeadEffects | None  # None: nothing measured yet; nan: not that block
    largest: Largest | None  # None: not measured yet, or no head changes anything
    block: int
    head: int
    row: int
    col: int  # the chosen key, or the one that the row reads most
    home: int  # the row that predicts
    running: bool = False  # the effects that are not known yet are being measured

    @property
    def rows(self) -> list[str]:
        """The tokens that ask."""
        return [self.lm.tokenizer.display(i) for i in self.maps.ids]

    @property
    def cols(self) -> list[str]:
        """The tokens that answer."""
        return [self.lm.tokenizer.display(i) for i in self.maps.key_ids]

    @property
    def measured(self) -> HeadEffects | None:
        """The effects, once all of them are measured."""
        return self.effects if self.effects is not None and self.effects.complete else None


def see_pass(lm: LanguageModel, text: str, target: str | None, kind: Kind, off: Off) -> Trace:
    """One pass without the heads that are off; all views below read it."""
    with off.applied(kind):
        return lm.trace(text, target)


def see_one(
    lm: LanguageModel, text: str, target: str | None, kind: Kind, block: int, head: int, trace: Trace
) -> Opened:
    """One head of a pass, as the view of queries and keys multiplies it out."""
    steps = attention_steps(lm, text, block, head, attention=kind, target=target, trace=trace)
    return Opened(
        steps.asked, steps.answered, steps.scaled, steps.bias, steps.allowed, steps.pattern, steps.factor
    )


def see(asked: Asked) -> Seen:
    """Look at every head of the model, and at one of them closely; the effects only where that is quick."""
    lm, kind, target = asked.lm, asked.attention, asked.target
    here = (asked.text, target, kind)
    given: dict[str, Any] = {"attention": kind, "target": target}
    plain = asked.share(see_pass, *here, Off())
    repeats = asked.call(see_repeats, kind, Off())
    chance = by_chance(asked, here, repeats)
    usual = head_jobs(lm, head_maps(lm, asked.text, **given, trace=plain), repeats, chance)
    blocks, heads = usual.evenness.shape
    off = Off(read_off(str(asked.values["off"]), kind, blocks, heads), cast("Value", asked.values["instead"]))
    passed = asked.share(see_pass, *here, off) if off.heads else plain
    maps = head_maps(lm, asked.text, **given, trace=passed)
    jobs = usual
    if off.heads:
        jobs = head_jobs(lm, maps, asked.call(see_repeats, kind, off), chance)
    block, head, home = min(asked.block, blocks - 1), asked.head, predicting_row(lm, maps)
    row = asked.followed(len(maps.ids), home)
    most = int(maps.maps[block, head, row].argmax())
    shares = head_shares(lm, asked.text, block, row=row, trace=passed, **given)
    parts = heads + bool(shares.bias.any())
    chosen = {key: asked.values[key] for key in KEYS} | {
        "added": asked.at_most("added", parts), "tour": asked.at_most("tour", parts + OTHER_STEPS - 1),
        "block": block, "row": row, "col": asked.at_most("col", len(maps.key_ids) - 1),
        "follow": asked.at_most("follow", len(maps.ids) - 1),
    }  # fmt: skip
    col = first_fitting([chosen["col"], most], len(maps.key_ids))
    logit_row = -1 if kind == "encoder" else row
    without = knock_out(
        lm, asked.text, off.heads, row=logit_row, value=off.value, trace=plain, without=passed, **given
    )
    likely = int(without.before.argmax()) if without.before.size else -1
    effects = quick_effects(asked, here, off, logit_row, likely)
    return Seen(
        lm=lm, label=asked.label, here=here, off=off, plain=plain, passed=passed, likely=likely,
        stamp="\x1f".join([asked.key, asked.text, str(target), kind, repr(off)]),
        selection=chosen,
        usual=usual, jobs=jobs, maps=maps, block=block, head=head, row=row, col=col, home=home,
        opened=see_one(lm, *here, block, head, passed),
        shares=shares, without=without, effects=effects, largest=largest_of(asked, here, off, effects, row),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ the record


def record(seen: Seen) -> dict[str, Any]:
    """Record what figure.js draws."""
    lm = seen.lm
    maps, opened, shares, special = seen.maps, seen.opened, seen.shares, lm.special_ids
    rows, cols = (
        [{"text": lm.tokenizer.display(i), "id": i, "special": i in special} for i in side]
        for side in (maps.ids, maps.key_ids)
    )
    table, rested = columns(seen.jobs), rests_on(seen.jobs, maps.causal)
    written = lm.config.shape != "encoder-decoder" or maps.attention == "encoder" or len(maps.ids) > 1
    now, usual = (roles(jobs, maps.causal, written) for jobs in (seen.jobs, seen.usual))
    blocks, heads = maps.maps.shape[:2]
    places = [(block, head) for block in range(blocks) for head in range(heads)]
    arrays = {
        "pattern": opened.pattern, "q": opened.q, "k": opened.k, "scaled": opened.scaled, "bias": opened.bias,
        "allowed": opened.allowed.astype(np.uint8), "z": shares.z, "out": shares.out,
        "vectors": np.concatenate([shares.vectors, shares.bias[None]]),
    }  # fmt: skip
    return {
        "kind": maps.attention, "mark": MARKS[maps.attention], "cross": maps.attention == "cross",
        "causal": maps.causal, "rows": rows, "cols": cols, "blocks": blocks, "heads": heads,
        "kvHeads": lm.config.kv_heads,
        "home": seen.home, "block": seen.block, "head": seen.head, "mapsStamp": seen.stamp,
        "maps": pack(np.rint(255 * maps.maps).astype(np.uint8)), "roles": changed(now, usual),
        "scoreNames": [say(name) for name in table], "scoreShort": [unit(name) for name in table],
        "scoreBrief": [brief(name) if BRIEF.get(name) else unit(name) for name in table],
        "sharing": sum(name in ABOUT for name in table),
        "scoreTips": [tips(rested, seen.usual)[name] for name in table], "scoreRows": [rested[name] for name in table],
        "scores": [[table[name][block][head] for name in table] for block, head in places],
        "arrays": {name: pack(array) for name, array in arrays.items() if array is not None},
        "factorText": "" if opened.factor == 1.0 else f"÷ √{lm.config.head_size}",
        "join": _join(seen), "next": following(lm, maps, seen.without),
        "effect": _effect(lm, seen) | {"running": seen.running},
    }  # fmt: skip


def _join(seen: Seen) -> dict[str, Any]:
    shares = seen.shares
    biased = bool(shares.bias.any())
    return {
        "block": seen.block, "row": shares.row, "biased": biased,
        "shares": [*shares.shares.tolist(), *([shares.bias_share] if biased else [])],
        "norms": [*shares.norms.tolist(), *([shares.bias_norm] if biased else [])],
    }  # fmt: skip


def following(lm: LanguageModel, maps: HeadMaps, without: Knockout) -> dict[str, Any]:
    """The model's likeliest tokens at the row that predicts, as it is and with the heads off."""
    word, shape = lm.tokenizer.display, lm.config.shape
    if not without.before.size:
        return {"label": say(UNSAID), "after": "", "tokens": [], "changed": bool(without.heads)}
    label, after = say("Next token after"), word(maps.ids[without.row]) if maps.attention != "encoder" else ""
    if shape == "encoder":
        label = say("In place of") if maps.ids[without.row] == lm.config.mask_id else say("Read back at")
    elif maps.attention == "encoder":
        label = say("The decoder’s next token")
    shown = _both(without)
    tokens = [
        {"text": word(i), "id": i, "before": float(without.before[i]), "after": float(without.after[i])}
        for i in shown
    ]
    return {"label": label, "after": after, "tokens": tokens, "changed": bool(without.heads)}


def _both(without: Knockout, count: int = 5) -> list[int]:
    """The likeliest before, then the likeliest after, then the others of before."""
    before, after = (np.argsort(-p, kind="stable")[:count].tolist() for p in (without.before, without.after))
    return list(dict.fromkeys([*before[:1], *after[:2], *before[1:], *after]))[:count]


def _effect(lm: LanguageModel, seen: Seen) -> dict[str, Any]:
    maps, effects = seen.maps, seen.effects
    blocks, heads = maps.maps.shape[:2]
    if not seen.without.before.size:
        return {"change": None, "token": None, "weight": None, "seconds": 0, "unsaid": say(UNSAID)}
    if effects is None:
        seconds = cost(lm, len(maps.ids), blocks * heads) / A_SECOND
        return {"change": None, "token": None, "weight": None, "seconds": max(1, round(seconds))}
    weight, _ = maps.read_most(seen.row)
    where = "" if maps.attention == "encoder" else say("at row {row}", row=effects.row)
    return {
        "change": [[None if np.isnan(one) else one for one in line] for line in effects.change.tolist()],
        "measured": effects.measured, "weight": weight.tolist(), "where": where,
        "token": lm.tokenizer.display(effects.token), "before": effects.before, "seconds": 0, "row": seen.row,
        "largest": seen.largest and seen.largest.head, "reader": reader(seen),
    }  # fmt: skip


def reader(seen: Seen) -> tuple[int, int, int, float, float] | None:
    """A head that reads after the one that matters most: the chosen one, or else the one whose reading changes most.

    Returns:
        Its block and head, the column that the row reads most, and that column's weight with the head that matters
        and without it; None where no head comes later.
    """
    if seen.largest is None:
        return None
    row, (layer, _) = seen.maps.maps[:, :, seen.row], seen.largest.head
    moved = np.abs(row - seen.largest.weights).sum(-1)  # (L, H) twice the weight that goes elsewhere
    moved[: layer + 1] = -1
    for block, head in seen.without.heads:
        moved[block, head] = -1  # what it reads goes nowhere
    block, head = seen.block, seen.head
    if moved[block, head] < 0:
        block, head = map(int, np.unravel_index(int(moved.argmax()), moved.shape))
    if moved[block, head] < 0:
        return None
    col = int(row[block, head].argmax())
    return block, head, col, float(row[block, head, col]), float(seen.largest.weights[block, head, col])


def predicting_row(lm: LanguageModel, maps: HeadMaps) -> int:
    """The row to begin with: the last; of an encoder the first mask, or else the last that is text."""
    last = len(maps.ids) - 1
    if lm.config.shape == "decoder" or maps.attention != (
        "self" if lm.config.shape == "encoder" else "encoder"
    ):
        return last
    if lm.config.mask_id in maps.ids:
        return maps.ids.index(lm.config.mask_id)
    return max((place for place, token in enumerate(maps.ids) if token not in lm.special_ids), default=last)


def first_fitting(places: Sequence[int], count: int) -> int:
    """The first of these places that `count` tokens have."""
    return next(place for place in places if 0 <= place < count)
