"""Decoding: greedy, beam search and sampling on one tree of shared passes; what each sees, takes and misses."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import cache, events, models, page, state
from app.components import decoding_more
from app.components.decoding import controls, draw, record, request
from app.components.decoding.ask import DEEPEST, grown, most_passes, searched
from app.components.decoding.question import ask
from app.components.decoding.take import cells, chosen, table
from app.components.decoding.verdict import judge
from core.decoding import beam, exact, stages
from core.decoding.tree import Tree, grow

ROOM = 16  # positions of the context that stay free for what the model writes
LONGEST = 256  # tokens of the text
EXAMPLES = (  # texts whose likeliest continuation greedy misses; of the last, a few beams miss it too
    "On a bright day like this, Theo liked to sit outside and think. Rain began",
    "Once upon a time, Lily saw a",
    "On a frosty morning,",
    "Once upon a time, Ruth lived near",
    "Tom and Anna went to the",
)

ctx = page.begin("decoding", longest=LONGEST, room=ROOM)
lm = ctx.lm
wish = request.read(ctx)
asked = wish.asked
tree: Tree = cache.call(grown, ctx.model_key, asked)
found: exact.Exact | None = None
if 0 < tree.depth <= DEEPEST:
    found = cache.call(searched, ctx.model_key, asked.ids, tree.depth, tuple(asked.place().items()))
shows = {"text": EXAMPLES[0], "depth": 8, "beams": max(3, state.get("beams")), "greedy": True, "beam": True}
usual = ctx.model_key == cache.key(state.DEFAULT_MODEL)
offered = usual and (
    ctx.text != EXAMPLES[0] or any(state.get(key) != shows[key] for key in ("depth", "greedy", "beam"))
)
verdict = judge(tree, found, lm.config.shape, EXAMPLES[0] if offered else "")


def force() -> None:
    """A branch forced in the picture, or let go."""
    way = events.sent("picture", "force").get("path")
    if isinstance(way, str):
        state.update(wish.force(way))


def again() -> None:
    """Another sample."""
    state.set("seed", (state.get("seed") + 1) % 1_000_000)


page.claim(verdict.claim, " ".join([*wish.said, verdict.facts]))
draw(
    record(
        tree,
        verdict,
        lm,
        {
            "tokens": ctx.tokens,
            "target": asked.target,
            "beams": state.get("beams"),
            "seed": state.get("seed"),
            "forced": bool(asked.forced),
            "show": wish.show,
        },
        "\x1f".join([ctx.model_key, repr(asked)]),
        events.selection("picture", {"node": state.get("node"), "level": state.get("level")}),
    ),
    key="picture",
    on={
        "select": lambda: events.select("picture", ("node", "level", *request.STRATEGIES)),
        "force": force,
        "again": again,
        "example": lambda: state.update(shows),
        "visit": lambda: events.visit("picture"),
    },
)
controls.draw(bool(tree.slots))
if asked.target is not None:
    with ctx.slot:
        st.text_input("Answer so far", **state.bind("target"))

opened = models.resolve(ctx.name).target
load = f"core.load({str(opened)!r}" + ("" if ctx.snapshot is None else f", snapshot={ctx.snapshot}") + ")"
question = ask(tree, asked, verdict.focus)


def notebook() -> list[str]:
    """The tree, the search and the question's answer, computed again."""
    node = chosen(tree, state.get("node") or verdict.focus)
    return cells(load, asked, tree, found, most_passes(lm), node, question, question.judge(lm))


with page.foot():
    page.predict(question.text, question.options, partial(question.judge, lm))
    page.code(grow, beam.search, stages.warped_stages, exact.best)
    page.take_away("decoding", partial(table, tree, ctx.tokens), notebook)

best = tree.path(verdict.best)
decoding_more.show(lm, ctx.model_key, asked, best.ids if best else ())
torn = ("\\xbd",) if any("\\x" in token for token in ctx.tokens) else ()
page.terms(
    "token", *torn, "pass", "greedy", "beam search", "sampling", "sum of log p", "score", "length penalty",
    "exact search", "warped", "temperature", "top-k", "top-p", "min-p", "repetition penalty", "entropy", "KV cache",
)  # fmt: skip
page.cheatsheet("decoding")
page.examples(EXAMPLES)
