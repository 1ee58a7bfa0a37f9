"""Families: one text through GPT, BERT and T5: what each may see, is asked and writes; and the published models."""

from __future__ import annotations

import streamlit as st

from app import markup, models
from app.controls import widgets
from app.frame import page
from app.session import events, state
from core.families.accuracy import right
from core.families.predictions import guesses, swap
from core.families.vectors import turned, vectors
from core.families.visibility import seen as visible
from core.families.writing import write
from core.messages import mark, say
from pages.families import cards, export, lanes, question
from pages.families import guesses as first_guesses
from pages.families.export import FIGURE, KEYS

ASKS = {
    "gap": mark("Fill the gap"),
    "translate": mark("Translate"),
    "summarize": mark("Summarize"),
    "sentiment": mark("Sentiment"),
}
EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big red",
    "Tim was sad because his boat was gone.",
    "Lily gave the golden key to Ben.",
)

ctx = page.begin("families", longest=FIGURE.longest, room=FIGURE.room)
drawing = FIGURE.of(ctx.asked)
seen = drawing.seen
found, token = seen.found, seen.token
writer = found[1]

asked = question.ask(found, seen.spans[token], ctx.text, ctx.lm)
elsewhere = page.another_text(EXAMPLES)


def load(lane: lanes.Lane) -> str:
    """Write the call that loads the model of a lane beside the open one, as source."""
    return f"core.load({str(models.resolve(lane.opened).target)!r})"


page.claim(drawing.claim)
drawing.mount("families", {"select": lambda: events.select("families", KEYS)})

with page.controls():
    st.selectbox(
        say("The token asked for"),
        range(len(ctx.tokens)),
        format_func=lambda at: f"{at}: {markup.visible(ctx.tokens[at])}",  # a selectbox shows plain text
        width=190,
        **state.part("families.follow", token, lambda at: state.set("follow", at)),
    )
    encoders = lanes.readers(ctx.asked)
    if len(encoders) > 1:
        st.segmented_control(
            say("Encoder beside it"), list(encoders), required=True,
            format_func=lambda kind: markup.escape(encoders[str(kind)]),
            **state.part("families.reader", lanes.reader(ctx.asked), lambda kind: state.set("reader", kind)),
        )  # fmt: skip
    if ctx.lm.config.head == "none" and not writer.lane.own:
        stands_in = say(
            "{model} is a bare encoder and says no tokens: {other} stands in its place.",
            model=ctx.label,
            other=writer.lane.name,
        )
        st.caption(markup.escape(stands_in))
    if found[-1].lane.lm is not None:
        widgets.segments(say("T5 is asked to"), "ask", lanes.ASKS, lambda name: say(ASKS[str(name)]))

with page.foot():
    about = (found[0].lane.key, writer.lane.key, ctx.text, asked.change)
    page.predict(
        asked.asked.text,
        asked.asked.options,
        asked.judge,
        about,
        lambda seed: {**(there := elsewhere(seed)), "follow": asked.elsewhere(ctx.lm, str(there["text"]))},
    )
    page.code(visible, guesses, swap, *((vectors, turned) if writer.vectors else ()), write, right)
    page.take_away(
        drawing,
        None,
        lambda: export.cells(ctx.load_source, found, load, asked.judge(), writer.lane.text, asked.change),
    )

first_guesses.show(found)
cards.show()
page.terms(
    "encoder", "decoder", "cross-attention", "causal mask", "[MASK]", "sentinel", "next-token prediction",
    "masked language modelling", "span corruption", "parameters",
)  # fmt: skip
page.cheatsheet("families")
page.examples(EXAMPLES)
