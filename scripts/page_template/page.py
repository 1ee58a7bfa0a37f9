"""My page: the length of the residual stream, block by block."""

from __future__ import annotations

from app.controls import decoder_text, stacks, widgets
from app.frame import page
from app.models import cache
from app.session import events, state
from core.analysis.stream.my_page import measure_stream
from core.messages import say
from pages.my_page import figure

ctx = page.begin("my_page")
inputs = {"text": ctx.text, "target": ctx.decoder_text, "stack": ctx.stack, "blocks": ctx.blocks}
lengths = cache.call(measure_stream, ctx.model_key, *inputs.values())

page.claim(say("Block by block, the residual stream grows longer."))
figure.draw(
    figure.record(lengths, events.selection("my_page", {"block": state.get("block")})),
    key="my_page",
    on={"select": lambda: events.select("my_page", ("block",))},
)

with page.controls():
    if ctx.blocks:
        widgets.pick(say("Block"), "block", ctx.blocks, most=8)
if ctx.both:
    with ctx.slot:
        stacks.pick_stack()
        decoder_text.draw(ctx)

with page.foot():
    page.predict(
        say("Where is the stream longest?"),
        (say("After the last block"), say("Before that")),
        lambda: figure.answer(lengths),
        (ctx.model_key, *inputs.values()),
    )
    page.code(measure_stream)
    page.take_away("my_page", figure.table(lengths), figure.cells(ctx.load_source, inputs, lengths))

page.terms("residual stream")
page.cheatsheet("my_page")
page.examples(("A red ball was lost. She found the red",))
