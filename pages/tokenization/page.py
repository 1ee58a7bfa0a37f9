"""Tokenization: one text cut by every tokenizer, how each vocabulary was learned, and how it cuts one word."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import markup, models
from app.controls import widgets
from app.controls.own_corpus import own, own_corpus
from app.frame import page
from app.models import cache
from app.session import events, state
from core.text.bpe import replay
from core.text.merging import Learning
from core.text.unigram import best_path
from core.text.wordpiece import trials
from pages.tokenization.coverage import byte_data, draw_below, language_data, unknown_data
from pages.tokenization.export import cells, table
from pages.tokenization.figure import (
    compute,
    draw,
    lacking,
    needed,
    own_vocabulary,
    record,
    rows_for,
    with_learned,
)
from pages.tokenization.learned import current, facts, go_on, offer_to_go_on, wanted
from pages.tokenization.question import OPTIONS, judge, text_of, word_of

LONGEST = 256  # tokens of the model: what the picture scrolls through
CORPORA = {"tales": "Tales", "fables": "Fables", "python": "Python", "own": "Own"}
SPLITS = {"usual": "as usual", "bytes": "bytes", "words": "words", "spaces": "spaces", "none": "not at all"}
CUT_FIRST = (
    "No piece crosses a cut that is made before. As usual for each method: BPE cuts into words of bytes with their "
    "space in front (as GPT-2), WordPiece into words without spaces (as BERT), Unigram into words with ▁ for the space "
    "(as SentencePiece). Any other choice holds for all three."
)
SELECTED = ("method", "merge", "round", "word")
EXAMPLES = (
    "Her unhappiness turned into happiness.",
    "One 👍, two 👍👍, and a family 👩‍👩‍👧",
    "Hyvää huomenta! Epäonnistumisestammekin opimme.",
    "नमस्ते, आप कैसे हैं? Hello, how are you?",
    "zorkled flimsiest 12345 + 67 = naïve café",
)

ctx = page.begin("tokenization", longest=LONGEST)
word, about_word = word_of(state.get("word"))
spec = wanted()
learned = current(spec)
shown = rows_for(ctx.name)
if state.get("method") not in shown:
    state.put({"method": "model"})
stamp = "\x1f".join([ctx.model_key, *shown, ctx.text, word, learned.key if learned else ""])
seen = cache.call(compute, ctx.model_key, shown, ctx.text, word, learned.key if learned else "")

page.claim("What a corpus repeats becomes one piece; the rest is spelled.", facts(learned))
data = with_learned(record(seen, ctx.lm, ctx.name, ctx.text, ctx.ids, ctx.tokens, learned), learned)
chosen = {name: state.get(name) for name in SELECTED} | {"word": word}
draw(
    data | {"stamp": stamp, "selection": events.selection("picture", chosen)},
    key="picture",
    on={
        "select": lambda: events.select("picture", SELECTED),
        "need": needed,
    },
)
slot = st.empty()
if learned is not None and learned.stopped:
    offer_to_go_on(learned)
waits = "“Your corpus” has no text yet: bring one to learn from. Until then these are the tales."
lines = [waits * (state.get("corpus") != spec.corpus), about_word, "" if learned is None else learned.note]
if any(lines):
    st.caption(markup.escape(" ".join(filter(None, lines))))
if missing := lacking():
    st.html(f"<p class='gb-hint' role='status'>{markup.inline(missing)}</p>")

with page.controls():
    widgets.segments("Learn from", "corpus", tuple(CORPORA), lambda name: CORPORA[str(name)])
    if state.get("corpus") == "own":
        own_corpus()
    st.slider("Entries", 50, 4000, step=50, **state.bind("size"))
    st.selectbox(
        "Cut first into",
        list(SPLITS),
        format_func=lambda name: SPLITS[name],
        filter_mode=None,
        help=CUT_FIRST,
        **state.bind("split"),
    )
    st.text_input("Word", **state.bind("word"))

with page.foot():
    if learned is not None:
        answer = partial(
            judge, spec, learned.methods["bpe"], own_vocabulary(ctx.lm.tokenizer), word, ctx.text
        )
        page.predict(text_of(spec), OPTIONS, answer, (ctx.model_key, ctx.text, word, learned.key))
    page.code(Learning.merge_best, replay, trials, best_path)
    if learned is not None:
        opened = models.resolve(ctx.name).target
        moment = "" if ctx.snapshot is None else f", snapshot={ctx.snapshot}"
        load = f"core.load({str(opened)!r}{moment})"
        page.take_away(
            "tokenization",
            partial(table, seen, ctx.name),
            partial(cells, load, ctx.text, word, seen, learned, own()),
        )

key = learned.key if learned else ""
for name, make, about in (
    ("languages", language_data, ()),
    ("bytes", byte_data, (ctx.text,)),
    ("unknown", unknown_data, (ctx.text,)),
):
    draw_below(name, cache.call(make, ctx.model_key, ctx.name, shown, *about, key))

page.terms(
    "token", "tokenizer", "vocabulary", "corpus", "merge", "pre-tokenization", "[UNK]", "byte", "likelihood"
)
page.cheatsheet("tokenization")
page.examples(EXAMPLES)
if learned is None:
    go_on(spec, slot, ctx.notes)
