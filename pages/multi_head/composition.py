"""Below the Multi-head picture: scores against chance, how heads fit together, and sets of heads switched off.

`show` draws the part; the functions below it turn what `core.analysis` computed into the component's JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from app import events, state
from app.bare import UNSAID
from app.kit import pack, register
from core.analysis.heads.jobs import NAMED_FROM, HeadJobs, reads
from core.analysis.heads.nulls import BY_LUCK, Null
from core.analysis.heads.patterns import NAMES, Score
from core.analysis.heads.sets import SetEffect
from core.language_model import LanguageModel
from pages.multi_head.composition_further import Further
from pages.multi_head.figure import A_SECOND, Seen, cost
from pages.multi_head.measure import halves
from pages.multi_head.off import MARKS, write_off
from pages.multi_head.roles import COLUMNS

more = register("multi_head_composition", __file__)

KEYS = ("block", "head", "off", "pair", "compose")
DOTS = 40  # of a null distribution that are drawn

# What was taken away, in a sentence, for each kind of null (core/analysis/heads/nulls.py).
TAKEN: dict[str, str] = {
    "weights moved": "each row’s weights moved to any tokens that it may see",
    "repeats taken out": "earlier copies replaced, the same places read",
    "two halves that differ": "as many random tokens, the second half others than the first",
    "words moved": "the words changed places under the map",
}


def show(lm: LanguageModel, seen: Seen, further: Further) -> Callable[[], None]:
    """The heading, and below it the three panels; a button where measuring sets of heads takes long.

    Returns what measures those that were asked for: to be called when the page is drawn.
    """
    st.html('<section class="gb-words"><h2>More than chance, and heads together</h2></section>')
    blocks, heads = seen.maps.maps.shape[:2]
    chance = replace(seen.usual.chance, repeats=halves(further.ctx, further.here))
    rows = chance_rows(replace(seen.usual, chance=chance), seen.block) if blocks else []
    picked = {key: state.get(key) for key in KEYS} | {"block": seen.block}
    draw(
        data={
            "blocks": blocks, "heads": heads, "block": seen.block, "head": seen.head,
            "mark": MARKS[seen.maps.attention], "names": list(seen.usual.names[seen.block]) if blocks else [],
            "off": bool(further.off.heads),
            "chance": rows, "from": NAMED_FROM, "luck": BY_LUCK,
            "fit": _fit(further), "sets": _sets(lm, seen, further),
            "selection": events.selection("more", picked),
        },
        key="more",
        on={"select": lambda: events.select("more", KEYS)},
    )  # fmt: skip
    if further.measured is not None:
        return lambda: None
    seconds = max(1, round(cost(further.ctx.lm, len(further.ctx.ids), 48) / A_SECOND))
    job = further.job
    slot = job.buttons(f"Switch off pairs of heads, about {seconds} s")
    return partial(job.go_on, slot, job.total, whole=False)


def draw(data: dict[str, Any], key: str, on: Mapping[str, Any]) -> Any:
    """Mount the picture; `on` maps its events to callbacks."""
    return more(data=data, key=key, **{f"on_{name}_change": callback for name, callback in on.items()})


# ------------------------------------------------------------------------------------------------ the record


def chance_rows(jobs: HeadJobs, block: int) -> list[dict[str, Any]]:
    """A row for each score with a null: the heads of one block, and what they come to by chance."""
    chance = jobs.chance
    rows = [
        _row("where", NAMES[job], NAMES[job], jobs.scores[job], chance.text[job], block)
        for job in COLUMNS
        if job in chance.text and chance.text[job].how == "weights moved"
    ]
    rows += [
        _row("copies", NAMES[job], NAMES[job], jobs.scores[job], chance.text[job], block)
        for job in ("same", "induction")
        if job in chance.text
    ]
    if "induction" in chance.repeats and "induction" in jobs.repeats:
        scored, null = jobs.repeats["induction"], chance.repeats["induction"]
        rows.append(_row("copies", "induction, random tokens", NAMES["induction"], scored, null, block))
    rows += [
        _row("words", name, reads(name), score, chance.class_nulls[name], block)
        for name, score in chance.classes.items()
    ]
    for row in rows:
        row["named"] = [
            name == row["names"] and above
            for name, above in zip(jobs.names[block], row["above"], strict=True)
        ]
    return rows


def _row(group: str, label: str, names: str, score: Score, null: Null, block: int) -> dict[str, Any]:
    weight, above = score.weight, score.above_even
    heads = null.draws.shape[2]
    drawn = np.linspace(0, len(null.draws) - 1, min(DOTS, len(null.draws))).round().astype(int)
    dots = np.sort(null.draws[:, block], axis=0)[drawn]  # (dots, H), a quantile each
    return {
        "group": group, "name": label, "names": names, "tokens": score.rows, "line": null.line, "how": TAKEN[null.how],
        "draws": len(null.draws), "values": [0.0] * heads if weight is None else weight[block].tolist(),
        "mean": null.draws[:, block].mean(0).tolist(), "reached": null.reached(score)[block].tolist(),
        "above": null.above(score)[block].tolist(),
        "large": [False] * heads if above is None else (above[block] >= NAMED_FROM).tolist(),
        "dots": pack(dots.T),
    }  # fmt: skip


def _fit(further: Further) -> dict[str, Any] | None:
    """How well what each head writes fits what each later one reads; None where that takes long."""
    found, pair = further.composition, further.chosen
    if found is None:
        return None
    return {
        "way": found.way, "scores": pack(found.scores.reshape(-1)), "chance": found.chance, "line": found.line,
        "shape": list(found.scores.shape), "follows": found.follows.astype(int).tolist(),
        "mark": MARKS[found.writers], "pair": pair, "score": further.score,
    }  # fmt: skip


def _sets(lm: LanguageModel, seen: Seen, further: Further) -> dict[str, Any] | None:
    """The sets of heads that are off, together and alone; None where nobody has asked for what takes long."""
    measured, kind = further.measured, further.here[2]
    if measured is None:
        return None
    if further.token < 0:
        return {"token": "", "now": False, "chosen": 0, "rows": [], "pairs": 0, "unsaid": UNSAID}
    stack = seen.maps.maps.shape[:2]
    return {
        "token": lm.tokenizer.display(further.token), "now": len(further.off.heads) > 1, "chosen": len(further.first),
        "rows": [_set(one) | {"off": write_off(one.heads, kind, *stack)} for one in further.shown],
        "pairs": len(measured) - len(further.first),
    }  # fmt: skip


def _set(one: SetEffect) -> dict[str, Any]:
    return {
        "heads": [list(head) for head in one.heads], "singles": list(one.singles), "joint": one.joint,
        "total": one.total, "beyond": one.beyond,
    }  # fmt: skip
