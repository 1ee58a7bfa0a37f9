"""Below the picture: three classic finds of a model that knows their words, measured when asked for, each a click away.

`core.analysis.patching.classic` measures; here the answers become sentences and the component's JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from app.controls import work
from app.counts import counted
from app.frame import page
from app.frame.page import Context
from app.kit import register
from app.models import cache
from app.session import state
from core.analysis.patching import classic
from core.analysis.patching.circuit_texts import TEXTS, TOKENS
from core.analysis.patching.circuit_walk import LOOKS_BACK, NAMED_FROM
from core.analysis.patching.classic import Carried, Finds, Induction, Kind
from core.analysis.patching.patches import LEAST_GAP, slight
from core.language_model import LanguageModel
from core.messages import mark, say

classic_finds = register("interpretability_classic", __file__)

JOB = "interpretability_classic"
A_SECOND = 2e10  # weights x positions that are patched in a second, roughly, on one processor
POSITIONS = 7  # of a text, that a head's patch reads again
TITLES = {"induction": mark("Induction heads"), "object": mark("An indirect object"), "fact": mark("A fact")}
LIST = "apple, river, candle, stone. apple, river, candle,"


def offered(ctx: Context) -> bool:
    """Say whether the open model knows the words of the finds."""
    return bool(cache.call(_knows, ctx.model_key))


def _knows(lm: LanguageModel) -> bool:
    return classic.knows(lm)


def _job(ctx: Context) -> work.Shared:
    make = partial(classic.steps, ctx.lm)
    return work.Shared(JOB, f"{JOB} {ctx.model_key}", classic.count(ctx.lm), say("results"), make)


def known(ctx: Context) -> Finds | None:
    """Collect what was measured on the open model, by anybody; None: not all of it yet."""
    there = _job(ctx).measured
    return classic.collect(there.results) if there.ended else None


def seconds(ctx: Context) -> int:
    """Estimate how long the measurement takes."""
    config = ctx.lm.config
    patches = config.n_layers * (config.n_heads + POSITIONS) * POSITIONS / 2 * len(classic.TEXTS)
    return max(1, round(ctx.lm.n_parameters * (patches + 2 * TEXTS * TOKENS) / A_SECOND))


def show(ctx: Context) -> Callable[[], None]:
    """Draw the heading, a click to each text, and the picture; nothing for a model that does not know the words.

    Returns what measures, if it was asked for: to be called when the page is drawn.
    """
    if not offered(ctx):
        return lambda: None
    job, found = _job(ctx), known(ctx)
    heading = escape(say("Three classic finds, on this model"))
    st.html(f'<section class="gb-words"><h2>{heading}</h2></section>')
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="gb-classic-texts"):
        st.caption(say("Open its text above:"), width="content")
        for name, title in TITLES.items():
            st.button(
                say(title),
                key=f"classic.{name}",
                on_click=state.whole(_open),
                args=_texts(name, found),
            )
    slot = None if found else job.buttons(say("Measure all three, about {seconds} s", seconds=seconds(ctx)))
    classic_finds(data=record(ctx, found), key="classic")
    page.judged(LOOKS_BACK)
    return lambda: job.go_on(slot, first=job.total)


def _texts(name: str, found: Finds | None) -> tuple[str, str]:
    """Return the clean and the corrupted text of a find; those that were measured, once they are known."""
    if name not in classic.TEXTS:
        return LIST, ""
    kind: Kind = "object" if name == "object" else "fact"
    carried = found.carried.get(kind) if found else None
    twins = carried.twins if carried else classic.TEXTS[kind][0]
    return twins.clean, twins.corrupted


def _open(text: str, twin: str) -> None:
    state.update(
        {"text": text, "corrupted": twin, "asked": -1, "versus": -1, "follow": -1, "row": -1, "tier": -1,
         "sight": "stream", "stage": -1}
    )  # fmt: skip


# ---------------------------------------------------------------- in words


def name(head: Sequence[int]) -> str:
    """Name a head as every page does: L23H3."""
    return f"L{head[0]}H{head[1]}"


def percent(share: float) -> str:
    """Write a share of a difference, which may lie above 1 or below 0, in percent."""
    return f"{100 * share:.0f}\u00a0%".replace("-", "−")


def of_induction(found: Induction) -> str:
    """Say how many heads look back, which does so most, and what chance reaches."""
    heads = found.heads
    values = {"items": TOKENS, "share": f"{NAMED_FROM:g}", "line": f"{found.line:.2f}"}
    if not heads:
        return say(
            "In lists of {items} random tokens said twice, no head gives {share} or more of its attention to what "
            "followed before: the most is {most}, and chance reaches {line}.",
            most=f"{float(found.look.max()):.2f}", **values,
        )  # fmt: skip
    told = ", ".join(f"{name(head)} {found.look[head]:.2f}" for head in heads[: classic.NAMED])
    if len(heads) > classic.NAMED:
        told = say("{list} and {count} more", list=told, count=len(heads) - classic.NAMED)
    values |= {"count": len(heads), "all": found.look.size, "told": told}
    if len(heads) > 1:
        return say(
            "In lists of {items} random tokens said twice, {count} of {all} heads give {share} or more of their "
            "attention to what followed before: {told}. Chance reaches {line}: so much the luckiest head gives to "
            "places of other items.",
            **values,
        )
    return say(
        "In lists of {items} random tokens said twice, {count} of {all} heads gives {share} or more of its attention "
        "to what followed before: {told}. Chance reaches {line}: so much the luckiest head gives to places of other "
        "items.",
        **values,
    )


def of_carried(found: Carried | None, kind: Kind) -> str:
    """Say which heads carry the answer, whether other texts confirm it, and, of a fact, where it is read."""
    if found is None:
        texts = len(classic.TEXTS[kind])
        return say("It answers none of the {texts} texts rightly, so nothing can be traced.", texts=texts)
    told = ", ".join(f"{name(head)} {percent(found.heads[head])}" for head in found.best)
    said = [_twins(found)]
    if slight(found.clean, found.corrupted):
        least = f"{LEAST_GAP:g}"
        said.append(say("The two lie less than {least} apart, so the shares mean little.", least=least))
    if kind == "fact" and found.moved is not None:
        said.append(say(
            "Up to block {block} all of it stands at the country’s name (put in there, {before} comes back); behind "
            "that block at the last token, {after}.",
            block=found.moved, before=percent(found.subject[found.moved]), after=percent(found.last[found.moved + 1]),
        ))  # fmt: skip
    said.append(say("Heads that bring the difference back alone: {told}.", told=told))
    worst = found.heads[found.worst]
    if worst < -0.1:
        said.append(say("{head} works against it, {share}.", head=name(found.worst), share=percent(worst)))
    if found.checked:
        said.append(say(
            "{head} was found on this text; on {count} of {others}, which the model answers rightly, it brings back "
            "{low} to {high}.",
            head=name(found.best[0]), count=len(found.checked), others=counted(found.asked - 1, "other"),
            low=percent(min(found.checked)), high=percent(max(found.checked)),
        ))  # fmt: skip
    return " ".join(said)


def _twins(found: Carried) -> str:
    twins = found.twins
    values = {
        "clean": twins.clean, "answer": twins.answer, "lead": f"{found.clean:.2f}", "other": twins.other,
        "corrupted": twins.corrupted, "twin": f"{abs(found.corrupted):.2f}",
    }  # fmt: skip
    if found.corrupted < 0:
        return say(
            "“{clean}”: {answer} lies {lead} above {other}; in the twin, “{corrupted}”, {twin} below.",
            **values,
        )
    return say(
        "“{clean}”: {answer} lies {lead} above {other}; in the twin, “{corrupted}”, {twin} above.", **values
    )


def record(ctx: Context, found: Finds | None) -> dict[str, Any]:
    """Turn the finds into what classic.js draws."""
    data: dict[str, Any] = {
        "stamp": repr((ctx.model_key, found is None)), "tokens": list(ctx.tokens), "name": ctx.label,
        "known": found is not None, "finds": [],
    }  # fmt: skip
    if found is None:
        return data
    look = found.induction
    best = look.heads[:8] or classic.first(-look.look)
    bars = [{"name": name(head), "value": float(look.look[head])} for head in best]
    finds: list[dict[str, Any]] = [
        {"title": say(TITLES["induction"]), "said": of_induction(look), "bars": bars, "line": look.line, "depth": None,
         "unit": say("share of its attention that goes to what followed before")}
    ]  # fmt: skip
    kinds: tuple[Kind, ...] = ("object", "fact")
    for kind in kinds:
        one = found.carried.get(kind)
        finds.append(
            {"title": say(TITLES[kind]), "said": of_carried(one, kind),
             "unit": say("share of the difference that a head brings back"),
             "bars": [] if one is None else _bars(one), "line": None,
             "depth": None if one is None else _depth(one)}
        )  # fmt: skip
    return data | {"finds": finds}


def _bars(one: Carried) -> list[dict[str, Any]]:
    shown = dict.fromkeys((*one.best, one.worst))
    return [{"name": name(head), "value": float(one.heads[head])} for head in shown]


def _depth(one: Carried) -> dict[str, Any]:
    """Return what the stream brings back block by block, where the texts differ and at the last token."""
    words = one.twins.clean.split()
    other = one.twins.corrupted.split()
    differs = next((a for a, b in zip(words, other) if a != b), "")
    return {
        "subject": one.subject.tolist(), "last": one.last.tolist(), "word": differs.strip(","),
        "end": words[-1], "moved": one.moved,
    }  # fmt: skip


def cells(ctx: Context) -> list[str]:
    """Write a notebook cell that measures the finds again."""
    found = known(ctx) if offered(ctx) else None
    if found is None:
        return []
    shown = {
        kind: {name(head): float(f"{one.heads[head]:.6g}") for head in one.best}
        for kind, one in found.carried.items()
    }
    heads = [list(head) for head in found.induction.heads]
    return [
        f"""# %% Three classic finds
from core.analysis.patching import classic

finds = classic.collect(list(classic.steps(lm)))
assert [list(head) for head in finds.induction.heads] == {heads}
for kind, best in {shown!r}.items():
    one = finds.carried[kind]
    print(kind, one.twins, best)
    same([one.heads[head] for head in one.best], list(best.values()), 2e-3)"""
    ]
