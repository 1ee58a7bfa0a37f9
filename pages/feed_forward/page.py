"""Feed-forward: one token through the neurons of a block: expand, bend, contract; and what becomes without some."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from app import models
from app.controls import decoder_text, stacks
from app.frame import page
from app.session import events, state
from core.analysis.neurons.activation_curves import bends, curve
from core.analysis.neurons.feed_forward import promoted, token_steps
from core.analysis.neurons.knockouts import knock_out_neurons
from core.analysis.neurons.reach import reach
from core.model.feed_forward import FeedForward
from pages.feed_forward import ablation, activations, controls, export
from pages.feed_forward.export import FIGURE, KEYS
from pages.feed_forward.neuron import SampleJob, strongest_texts
from pages.feed_forward.question import another, ask

EXAMPLES = (
    "A red ball was lost. She found the red",
    "The cook baked a",
    "It was raining, and Lily had",
    "At sunrise, Tom went to the",
    "Anna has a green ball and a blue",
)

ctx = page.begin("feed_forward", longest=FIGURE.longest)
lm, config = ctx.lm, ctx.lm.config
both, target, blocks = ctx.both, ctx.decoder_text, ctx.blocks
state.fit({"neuron": config.mlp_size - 1})
found = FIGURE.of(ctx.asked)
shown = found.seen
here, stack, by_hand, count, kept = shown.here, shown.stack, shown.by_hand, shown.count, shown.kept
ids, row, number = shown.seen.ids, shown.seen.steps.row, shown.seen.neuron.neuron
block = shown.seen.steps.layer
sample = SampleJob(ctx, stack)
read = sample.known
earlier = ctx.snapshot is not None and models.resolve(ctx.name).source == "bundled"
windows = strongest_texts(kept, read, block, number, stack=stack, moment=earlier)
seen = replace(shown.seen, windows=windows[0], about=windows[1])
drawing = replace(found, seen=replace(shown, seen=seen))

page.claim(drawing.claim)
drawing.mount("picture", {"select": lambda: events.select("picture", KEYS)})

with page.controls():
    controls.draw(blocks, len(seen.as_is.post), number, count)
if both:
    with ctx.slot:
        stacks.pick_stack()
        decoder_text.draw(ctx)

side = ctx.stack
question = ask(lm, ctx.text, ids, row, block, side)
load = ctx.load_source
source = ablation.source(by_hand, state.get("silence"), count)
given = ctx.inputs


def judge() -> page.Answer:
    """The question's answer, from a pass of the changed text."""
    return question.judge(lm, ctx.text, target, side)


def notebook() -> list[str]:
    """The shown numbers and the question's answer, computed again."""
    shipped = kept is not None and read is None
    made = export.cells(load, given, seen, source, stack, config.head != "none", shipped)
    return [*made, *export.reach_cells(question, question.measure(lm, ctx.text, target, side))]


with page.foot():
    page.predict(
        question.asked.text, question.asked.options, judge, (ctx.model_key, *here, row, question.place),
        partial(another, len(ids), blocks, row, seen.home, block),
    )  # fmt: skip
    page.code(FeedForward.forward, token_steps, bends, curve, promoted, knock_out_neurons, reach)
    page.take_away(drawing, None, notebook)

slot = activations.show(seen, sample, read, config.act, drawing.seen.stamp)
page.terms(
    "MLP", "neuron", "activation function", "pre-activation", "ReLU", "GELU", "SwiGLU", "dead neuron",
    "residual stream", "norm", "ablation", "logits",
)  # fmt: skip
page.cheatsheet("feed_forward")
page.examples(EXAMPLES)
sample.run(slot)
