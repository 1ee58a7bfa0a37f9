"""Decoding: greedy, beam search and sampling on one tree of shared passes; what each sees, takes and misses."""

from __future__ import annotations

from functools import partial

import numpy as np

from app.controls import decoder_text
from app.frame import page
from app.models import cache
from app.session import events, state
from core.decoding import beam, exact, stages
from core.decoding.crossing import Texts, crossings, tree_crossing
from core.decoding.tree import Tree, grow
from pages.decoding import controls, draws, request
from pages.decoding.export import cells, chosen, crossing_cell, table
from pages.decoding.figure import draw, record
from pages.decoding.question import ask
from pages.decoding.request import begins, grown, most_passes, reader_of
from pages.decoding.verdict import Search, judge

ROOM = 16  # positions of the context that stay free for what the model writes
LONGEST = 256  # tokens of the text
EXAMPLES = (  # texts whose likeliest continuation greedy misses; of the last, a few beams miss it too
    "On a bright day like this, Theo liked to sit outside and think. Rain began",
    "Once upon a time, Lily saw a",
    "On a frosty morning,",
    "Once upon a time, Ruth lived near",
    "Tom and Anna went to the",
)
GAINS = EXAMPLES[2:]  # at which it makes one
STAYS = (  # texts at which the question’s token makes none likelier than greedy’s
    "On a bright day like this, Theo liked to sit outside and think. Rain began",
    "One day, Max found a",
    "The king had a golden",
    "It was raining, so they",
)
LETTER = "Dear Ben, I found your red kite by the lake."  # a model of tales goes on with it as with a tale

EMPTY = (
    "Nothing is written yet: the tree grows from the decoder’s start token. Type the beginning of an answer, and it "
    "grows after that."
)
COMPLETE = "The answer is complete: its likeliest next token ends it. Clear it, and the tree shows how it is written."

ctx = page.begin("decoding", longest=LONGEST, room=ROOM)
lm = ctx.lm
wish = request.read(ctx)
asked = wish.asked
tree: Tree = cache.call(grown, ctx.model_key, asked)
search = Search(ctx, asked, tree.depth)
found = search.known
reader = reader_of(lm, state.get("crossing"))


def read_across(texts: Texts) -> list[np.ndarray]:
    """Compute the cross-attention of each row of these texts."""
    read: list[np.ndarray] = cache.call(crossings, ctx.model_key, asked.ids, texts, reader)
    return read


written = asked.target
across = None if written is None else tree_crossing(tree, begins(lm, written), read_across)
shows = {"text": EXAMPLES[0], "depth": 8, "beams": max(3, state.get("beams")), "greedy": True, "beam": True}
usual = ctx.model_key == cache.key(state.DEFAULT_MODEL)
offered = usual and (
    ctx.text != EXAMPLES[0] or any(state.get(key) != shows[key] for key in ("depth", "greedy", "beam"))
)
verdict = judge(tree, found, lm.config.shape, EXAMPLES[0] if offered else "", search.pending)


def force() -> None:
    """Set the branch that was forced in the picture, or let go of it."""
    way = events.sent("picture", "force").get("path")
    if isinstance(way, str):
        state.update(wish.force(way))


def again() -> None:
    """Draw another sample."""
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
            "across": across,
        },
        "\x1f".join([ctx.model_key, repr(asked), str(reader), search.pending]),
        events.selection("picture", {key: state.get(key) for key in ("node", "level", "crossing")}),
    ),
    key="picture",
    on={
        "select": lambda: events.select("picture", ("node", "level", "crossing", *request.STRATEGIES)),
        "force": force,
        "again": again,
        "example": lambda: state.update(shows),
    },
)
controls.draw(bool(tree.slots))
bar = search.buttons()
complete = int(tree.nexts[0].ids[0]) in lm.config.eos_ids if tree.nexts else False
decoder_text.draw(ctx, writes=False, empty=EMPTY, told=COMPLETE if complete else "")

load = ctx.load_source
question = ask(tree, wish, verdict.focus)
turns = page.another_text(STAYS), page.another_text(GAINS)  # so that both answers come up


def notebook() -> list[str]:
    """Write the notebook that computes the tree, the search and the question's answer again."""
    node = chosen(tree, state.get("node") or verdict.focus)
    made = cells(load, asked, tree, found, most_passes(lm), node, question, question.judge(lm))
    if across is not None:
        made.append(crossing_cell(tree, node[0], begins(lm, asked.target or ""), reader, across))
    return made


with page.foot():
    page.predict(
        question.said.text,
        question.said.options,
        partial(question.judge, lm),
        (ctx.model_key, question.hangs_on),
        lambda seed: turns[seed % 2](seed // 2),
    )
    reads = () if across is None else (crossings,)
    page.code(beam.search, exact.best, grow, stages.warped_stages, *reads)
    page.take_away("decoding", partial(table, lm, tree, ctx.tokens, across), notebook)

best = tree.path(verdict.best)
draws.show(lm, ctx.model_key, asked, best.ids if best else ())
crossing = () if across is None else ("cross-attention",)
torn = ("\\xbd",) if any("\\x" in token for token in ctx.tokens) else ()
page.terms(
    "token", *torn, *crossing, "pass", "greedy", "beam search", "sampling", "p", "sum of log p", "score",
    "length penalty", "exact search", "warped", "temperature", "top-k", "top-p", "min-p", "repetition penalty",
    "entropy", "KV cache",
)  # fmt: skip
page.cheatsheet("decoding")
page.examples((*EXAMPLES, LETTER))
search.go_on(bar)
