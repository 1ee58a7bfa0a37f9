"""Decoding: greedy, beam search and sampling on one tree of shared passes; what each sees, takes and misses."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from app.controls import decoder_text
from app.frame import page
from app.models import cache
from app.rooms import token_question
from app.session import events, state
from core.decoding import beam, exact, stages
from core.decoding.crossing import crossings
from core.decoding.tree import grow
from core.messages import mark, say
from pages.decoding import class_question, controls, draws, request
from pages.decoding.export import FIGURE, KEYS, cells, chosen, crossing_cell
from pages.decoding.question import ask
from pages.decoding.request import begins, most_passes
from pages.decoding.verdict import Search

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

EMPTY = mark(
    "Nothing is written yet: the tree grows from the decoder’s start token. Type the beginning of an answer, and it "
    "grows after that."
)
COMPLETE = mark(
    "The answer is complete: its likeliest next token ends it. Clear it, and the tree shows how it is written."
)

ctx = page.begin("decoding", longest=FIGURE.longest, room=FIGURE.room)
lm = ctx.lm
plain = FIGURE.of(ctx.asked)
wish, tree, reader, across = plain.seen.wish, plain.seen.tree, plain.seen.reader, plain.seen.across
asked = wish.asked
search = Search(ctx, asked, tree.depth)
found = search.known
shows = {"text": EXAMPLES[0], "depth": 8, "beams": max(3, state.get("beams")), "greedy": True, "beam": True}
usual = ctx.model_key == cache.key(state.DEFAULT_MODEL)
offered = usual and (
    ctx.text != EXAMPLES[0] or any(state.get(key) != shows[key] for key in ("depth", "greedy", "beam"))
)
drawing = replace(plain, seen=plain.seen.judged(found, EXAMPLES[0] if offered else "", search.pending))
verdict = drawing.seen.verdict


def force() -> None:
    """Set the branch that was forced in the picture, or let go of it."""
    way = events.sent("picture", "force").get("path")
    if isinstance(way, str):
        state.update(wish.force(way))


def again() -> None:
    """Draw another sample."""
    state.set("seed", (state.get("seed") + 1) % 1_000_000)


page.claim(drawing.claim, " ".join([*wish.said, verdict.facts]))
drawing.mount(
    "picture",
    {
        "select": lambda: events.select("picture", (*KEYS, *request.STRATEGIES)),
        "force": force,
        "again": again,
        "example": lambda: state.update(shows),
    },
)
controls.draw(bool(tree.slots))
token_question.button(
    lambda: class_question.question(lm, asked, chosen(tree, state.get("node") or verdict.focus)[0]),
    say("Ask the class for the blank’s token") if tree.slots else "",
)
bar = search.buttons()
complete = int(tree.nexts[0].ids[0]) in lm.config.eos_ids if tree.nexts else False
decoder_text.draw(ctx, writes=False, empty=say(EMPTY), told=say(COMPLETE) if complete else "")

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
    page.take_away(drawing, None, notebook)

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
