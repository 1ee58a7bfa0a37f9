"""Show many draws, entropy along the text, and what a KV cache spares (for blanks: all at once or in turn).

The functions here ask `core.decoding` and turn the answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.counts import counted
from app.kit import register
from app.models import cache
from app.session import state
from core.decoding import cache_cost, entropy, samples
from core.decoding.fill import fill
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.decoding import controls
from pages.decoding.request import HEAVY, Asked, in_a_row

decoding_draws = register("decoding_draws", __file__)

TEXTS = 14  # rows of draws
TOKENS = 14  # rows of entropy
NEW = 64  # tokens written for the measurement
APART = mark(
    " Each token is hidden alone here; the tree hides the blanks after it too, and so gives other numbers."
)


@dataclass(frozen=True)
class Draws:
    """Request many draws: how many, how many tokens each."""

    n: int
    span: int


def drawn(lm: LanguageModel, asked: Asked, draws: Draws) -> dict[str, Any]:
    """Draw many texts: rows of `samples.draw`, the most frequent first."""
    seed = dict(asked.options)["seed"]
    found = samples.draw(lm, asked.ids, draws.n, draws.span, seed=seed, **asked.place(), **asked.warpers())
    return {
        "n": found.n,
        "span": found.depth,
        "distinct": len(found.texts),
        "covered": found.covered,
        "passes": found.passes,
        "apart": found.apart,
        "texts": [
            {
                "ids": list(text.ids),
                "text": in_a_row(lm, text.ids, asked.slots),
                "count": text.count,
                "frequency": text.frequency,
                "p": text.probability,
                "model": text.model_probability,
                "spread": text.spread(found.n),
            }
            for text in found.texts[:TEXTS]
        ],
    }


def unsure(lm: LanguageModel, asked: Asked, written: tuple[int, ...]) -> dict[str, Any]:
    """Measure entropy and surprisal along the text and what the best path wrote: the last rows of `entropy.along`."""
    shape, text, target = lm.config.shape, list(asked.ids), None
    if shape == "encoder":
        if lm.config.mask_id is None:
            return {
                "rows": [],
                "why": say("This model has no mask token, so no token can be hidden from it."),
                "note": "",
            }
        for place, id in zip(asked.slots or (), written):
            text[place] = id
        new = set((asked.slots or ())[: len(written)])
    elif shape == "encoder-decoder":
        said = lm.encode(asked.target, add_special_tokens=False) if asked.target else []
        target = [*said, *written]
        new = set(range(1 + len(said), 1 + len(target)))
        if not target:
            return {"rows": [], "why": say("The decoder has written nothing yet."), "note": ""}
    else:
        text += written
        new = set(range(len(asked.ids), len(text)))
    found = entropy.along(lm, text, target=target)
    rows = [
        {
            "token": one.token,
            "entropy": one.entropy,
            "surprisal": one.surprisal,
            "best": one.best_token,
            "bestP": one.best_probability,
            "written": one.index in new,
        }
        for one in found
    ]
    return {
        "rows": rows[-TOKENS:],
        "left": max(0, len(rows) - TOKENS),
        "note": say("Shaded: what the best path wrote.") + (say(APART) if len(asked.slots or ()) > 1 else "")
        if new
        else "",
        "why": say("Too short a text."),
    }


def measured(lm: LanguageModel, _: int) -> dict[str, Any]:
    """Time writing with and without the KV cache. The number only tells one measurement from the next."""
    cost = cache_cost.measure(lm, [lm.config.bos_id or 0], NEW, repeats=2)
    with_cache, without = 1e3 * cost.seconds_with, 1e3 * cost.seconds_without
    text = say(
        "{tokens}: {kept} positions with the cache, {anew} without; {ms_kept} ms against {ms_anew} ms on this machine. "
        "The cache then holds {size} kB.",
        tokens=counted(len(cost.steps), "token"),
        kept=f"{cost.positions_with:,}",
        anew=f"{cost.positions_without:,}",
        ms_kept=f"{with_cache:,.0f}",
        ms_anew=f"{without:,.0f}",
        size=f"{cost.bytes / 1000:,.0f}",
    )
    return {
        "steps": [
            {
                "length": step.length,
                "kept": step.positions_with,
                "anew": step.positions_without,
                "msKept": 1e3 * step.seconds_with,
                "msAnew": 1e3 * step.seconds_without,
            }
            for step in cost.steps
        ],
        "text": text,
        "why": "",
        "again": say("Measure again"),
    }


def unmeasured(lm: LanguageModel) -> dict[str, Any] | None:
    """Say why nothing is timed until it is asked for; None where it takes no time to speak of."""
    if lm.n_parameters <= HEAVY:
        return None
    why = say(
        "With {millions} million parameters this takes some seconds.",
        millions=f"{lm.n_parameters / 1e6:,.0f}",
    )
    return {"steps": [], "text": "", "why": why, "again": say("Measure now")}


def filled(lm: LanguageModel, asked: Asked) -> dict[str, Any]:
    """Fill an encoder's blanks, at once and one by one."""
    found = fill(lm, asked.ids, slots=asked.slots)
    pairs = zip(found.together, found.one_by_one)
    gap = found.log_prob_one_by_one - found.log_prob_together
    size = f"{abs(gap):.3f}"
    if found.ids_together == found.ids_one_by_one:
        text = say("Both ways fill the same here.")
    elif gap > 0:
        text = say("One by one is likelier as a whole: {gap} in the sum of log p.", gap=size)
    else:
        text = say("One by one is less likely as a whole: {gap} in the sum of log p.", gap=size)
    return {
        "rows": [
            {
                "together": {"id": one.id, "token": one.token, "p": one.alone},
                "turn": {"id": other.id, "token": other.token, "p": other.in_turn},
            }
            for one, other in pairs
        ],
        "sumTogether": found.log_prob_together,
        "sumTurn": found.log_prob_one_by_one,
        "text": text,
    }


def show(lm: LanguageModel, key: str, asked: Asked, written: tuple[int, ...]) -> None:
    """Draw the heading, the two sliders and the three panels.

    Args:
        key: of the model, for the cache.
        written: what the best path wrote.
    """
    memo = state.memo("decoding")

    def measure() -> None:
        memo["measure"] = memo.get("measure", 0) + 1

    st.html(f'<section class="gb-words"><h2>{say("Many draws, the whole text, the work")}</h2></section>')
    with st.container(horizontal=True, gap="medium"):
        controls.ladder(say("Draws"), "draws", controls.DRAWS)
        controls.ladder(say("Tokens each"), "span", controls.SPANS)
    blanks = lm.config.shape == "encoder"
    waits = None if blanks or memo.get("measure") else unmeasured(lm)
    data = {
        "samples": cache.call(drawn, key, asked, Draws(state.get("draws"), state.get("span"))),
        "entropy": cache.call(unsure, key, asked, written),
        "cache": None if blanks else waits or cache.call(measured, key, memo.get("measure", 0)),
        "fill": cache.call(filled, key, asked) if blanks else None,
    }
    decoding_draws(data=data, key="more", on={"measure": measure})
