"""Tokenization: one text cut by every tokenizer, how each vocabulary was learned, and how it cuts one word."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app import markup, models
from app.controls import widgets
from app.controls.own_corpus import own, own_corpus
from app.frame import page
from app.kit.figures import Drawing
from app.models import cache
from app.session import events, state
from core.messages import mark, mark_of, say, say_of
from core.text.bpe import replay
from core.text.merging import Learning
from core.text.unigram import best_path
from core.text.wordpiece import trials
from pages.tokenization.coverage import byte_data, draw_below, language_data, unknown_data
from pages.tokenization.export import FIGURE, SELECTED, cells, cut
from pages.tokenization.figure import lacking, own_vocabulary, rows_for
from pages.tokenization.question import ask, judge
from pages.tokenization.waiting import current, facts, go_on, offer_to_go_on, wanted

SENT = (
    4  # learned vocabularies that a browser is taken to hold; it keeps a few more, and asks for what it lacks
)
CORPORA = {
    "tales": mark("Tales"),
    "fables": mark("Fables"),
    "python": mark("Python"),
    "own": mark_of("corpus", "Own"),
}
SPLITS = {
    "usual": mark_of("cut into", "as usual"),
    "bytes": mark_of("cut into", "bytes"),
    "words": mark_of("cut into", "words"),
    "spaces": mark_of("cut into", "spaces"),
    "none": mark_of("cut into", "not at all"),
}
CUT_FIRST = mark(
    "No piece crosses a cut that is made before. As usual for each method: BPE cuts into words of bytes with their "
    "space in front (as GPT-2), WordPiece into words without spaces (as BERT), Unigram into words with ▁ for the space "
    "(as SentencePiece). Any other choice holds for all three."
)
EXAMPLES = (
    "Her unhappiness turned into happiness.",
    "One 👍, two 👍👍, and a family 👩‍👩‍👧",
    "Hyvää huomenta! Epäonnistumisestammekin opimme.",
    "नमस्ते, आप कैसे हैं? Hello, how are you?",
    "zorkled flimsiest 12345 + 67 = naïve café",
)

SNIPPETS = ("for i in range(10): return self.name", "def __init__(self, name): self.name = name")

ctx = page.begin("tokenization", longest=FIGURE.longest)
shown = rows_for(ctx.name)
if state.get("method") not in shown:
    state.put({"method": "model"})
spec = wanted()
vocabularies = current(
    spec
)  # what they are stays in the cache: the names of a page live as long as its session
key = vocabularies.key
seen = cut(ctx.asked, spec, vocabularies, cache.kept)
drawing = Drawing(FIGURE, ctx.asked, seen)
word = seen.word


def needed() -> None:
    """Send what was learned again: the browser says that it has not got it."""
    state.memo("tokenization.sent").clear()


page.claim(drawing.claim, facts(vocabularies.learned))
sent: list[str] = state.memo("tokenization.sent").get("keys", [])
replace(drawing, seen=replace(seen, held=tuple(sent))).mount(
    "picture", {"select": lambda: events.select("picture", SELECTED), "need": needed}
)
if key and key not in sent:
    state.memo("tokenization.sent")["keys"] = [*sent, key][-SENT:]
slot = st.empty()
offer_to_go_on(vocabularies.learned)
waits = say("“Your corpus” has no text yet: bring one to learn from. Until then these are the tales.")
lines = [waits * (state.get("corpus") != spec.corpus), seen.about, vocabularies.note]
if any(lines):
    st.caption(markup.escape(" ".join(filter(None, lines))))
if missing := lacking():
    st.html(f"<p class='gb-hint' role='status'>{markup.inline(missing)}</p>")

with page.controls():
    widgets.segments(
        say("Learn from"),
        "corpus",
        tuple(CORPORA),
        lambda name: say_of("corpus", CORPORA["own"]) if name == "own" else say(CORPORA[str(name)]),
    )
    if state.get("corpus") == "own":
        own_corpus()
    st.slider(say("Entries"), 50, 4000, step=50, **state.bind("size"))
    st.selectbox(
        say("Cut first into"),
        list(SPLITS),
        format_func=lambda name: say_of("cut into", SPLITS[name]),
        filter_mode=None,
        help=say(CUT_FIRST),
        **state.bind("split"),
    )
    st.text_input(say("Word"), **state.bind("word"))

with page.foot():
    if key:
        answer = partial(judge, spec, vocabularies, own_vocabulary(ctx.lm.tokenizer), word, ctx.text)
        asked = ask(spec)
        hangs_on = (ctx.model_key, ctx.text, word, key)
        page.predict(asked.text, asked.options, answer, hangs_on, page.another_text((*EXAMPLES, *SNIPPETS)))
    page.code(Learning.merge_best, replay, trials, best_path)
    if key:
        opened = models.resolve(ctx.name).target
        moment = "" if ctx.snapshot is None else f", snapshot={ctx.snapshot}"
        load = f"core.load({str(opened)!r}{moment})"
        page.take_away(drawing, None, partial(cells, load, ctx.text, word, seen.cut, vocabularies, own()))

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
if not key:
    go_on(spec, slot, ctx.notes)
