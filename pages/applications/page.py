"""Applications: translate, summarize, answer, judge, tell, talk, write code: each with its truth, checks and score."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app import markup, reading
from app.controls import widgets
from app.frame import page
from app.kit.figures import Drawing
from app.session import events, state
from core.analysis.heads import alignment, answer_location, cross_reading
from core.analysis.tasks import code_checks, code_scores, heroes, label_chances, label_reading
from core.decoding import labels
from core.decoding.generate import generate
from core.messages import mark, say
from pages.applications import answers, assistant, export, question, scores, uses, verdict
from pages.applications.answers import USES
from pages.applications.export import FIGURE, KEYS

EXAMPLES = (
    "Nora looked under the bench and found her red kite.",
    "Maya gave the golden key back to her old friend Emil.",
    "Ben had a red kite. The wind took the kite. Nora found it under the bench.",
    "I thought that the silver boat would be slow, and I was wrong.",
)
CODE = {
    "": (generate, heroes.mentions),
    "translate": (alignment.links, cross_reading.CrossReading.gathered, cross_reading.cross_reading),
    "summarize": (cross_reading.CrossReading.gathered, cross_reading.cross_reading),
    "question": (answer_location.shares, cross_reading.CrossReading.gathered),
    "sentiment": (label_chances.label_chances, cross_reading.CrossReading.gathered),
    "story": (heroes.stays, heroes.mentions, generate),
    "dialogue": (heroes.turn, generate),
    "code": (code_checks.check_code, code_checks.first_function, code_scores.complete),
    "sequence": (label_reading.read_class, labels.classify),
    "span": (label_reading.read_answer, labels.answer, labels.best_spans),
}
APART = mark("It does nothing on this page, nor would its Rewind: each task asks a model of its own.")


def to_card() -> None:
    """Open the card of the model that answers, on the page Models."""
    state.set("picked", opened.name if opened else uses.chosen(use))
    state.memo("visit").update(page="models")


uses.adopt()
uses.fit(USES[state.get("use")])
uses.follow_typing()
ctx = page.begin("applications", apart=say(APART))
typed, _ = reading.clean(state.get("text"))
# The frame cuts the text to what the open model reads, its beginning or its end, and another one answers here.
text = typed if ctx.text and ctx.text in typed else ctx.text
asked_for = replace(ctx.asked.alone, text=text)
wish = answers.wish(text, asked_for.values)
use = wish.use
opened, why = uses.opened(use)
name = opened.shown if opened else uses.chosen(use).removeprefix("./")
drawing = Drawing(FIGURE, asked_for, export.answered(asked_for, wish, opened, name, why))
found, judged = drawing.seen.found, drawing.seen.judged

page.claim(drawing.claim)
stamp = "\x1f".join(
    [*ctx.tokens, use.name, opened.key if opened else "", wish.source, str(wish.seed), str(wish.pair is None)]
)
drawing.mount(
    "applications",
    {"select": lambda: events.select("applications", KEYS)},
    tokens=list(ctx.tokens),
    stamp=stamp,
)

page.judged(verdict.RULE)

with page.controls():
    widgets.segments(say("Task"), "use", list(USES), lambda name: say(USES[str(name)].label))
    drawn = use.picture == "lines"
    st.button(
        say("Another draw") if drawn else say("Another example"),
        key="applications.another",
        on_click=state.whole(uses.another),
    )
    if use.name == "story":
        st.text_input(say("Hero"), width=200, **state.bind("hero"))
    elif use.name == "dialogue":
        st.text_area(say("Scene, up to the quotation mark"), height=68, **state.bind("scene"))
    elif use.name == "code":
        st.text_area(say("Function so far"), height=110, **state.bind("begun"))
    else:
        st.button(
            say("Read my text"),
            key="applications.own",
            disabled=wish.pair is None,
            on_click=state.whole(uses.own),
        )
        if use.name == "question" and wish.pair is None:
            st.text_input(
                say("Question about my text"), placeholder=answers.asked_of(wish)[0], width=320,
                **state.bind("asks"),
            )  # fmt: skip
        st.caption(say("From Toyland, held out.") if wish.pair else say("Your text, in the box at the left."))
        others = uses.others(use)
        if others:
            names = {"": use.model, **{one: one.removeprefix("./") for one in others}}
            st.selectbox(
                say("Answered by"),
                list(names),
                format_func=lambda one: names[one],
                width=240,
                **state.bind("by"),
            )
    if opened or uses.chosen(use) != use.model:
        model = markup.escape(name)
        said = (
            say("{model} answers here, whatever is open", model=model)
            if opened
            else say("{model} would answer here", model=model)
        )
        st.button(said, key="applications.card", type="tertiary", help=say("Its card, on Models"),
                  icon=":material/inventory_2:", on_click=state.whole(to_card))  # fmt: skip
    for cut in wish.cuts:
        st.caption(cut)

with page.foot():
    asked = question.asked(opened, found)
    given = asked.found.wish
    page.predict(
        asked.change.said.text, asked.change.said.options, partial(question.judge, asked),
        (asked.opened.key, given.use.name, given.source, given.first, given.seed), lambda _: uses.next_one(),
    )  # fmt: skip
    kind = use.name if asked.found is found else ""
    page.code(*CODE[asked.opened.lm.config.head if kind and asked.opened.headed else kind])
    page.take_away(drawing, None, lambda: export.cells(opened, found, judged))

scores.draw(use, opened)
beside = assistant.draw(use, wish)
bar = scores.heroes_button(opened) if opened and use.name == "story" else None
page.terms(
    "encoder", "decoder", "cross-attention", "attention", "word alignment", "alignment error rate", "chrF", "token",
    "sampling", "held out",
)  # fmt: skip
page.cheatsheet("applications")
page.examples(EXAMPLES)
if opened and bar is not None:
    scores.write_heroes(opened, bar)
assistant.go_on(beside)
