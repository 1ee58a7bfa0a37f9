"""Feed-forward: one token through the neurons of a block: expand, bend, contract; and what becomes without some."""

from __future__ import annotations

from functools import partial
from typing import Any

from app import markup, models
from app.controls import decoder_text, widgets
from app.frame import page
from app.models import cache
from app.session import events, state
from core.analysis.health.component_ablation import predicting_row
from core.analysis.neurons.activation_curves import bends, curve
from core.analysis.neurons.feed_forward import promoted, token_steps
from core.analysis.neurons.knockouts import NeuronKnockout, knock_out_neurons
from core.analysis.neurons.reach import reach
from core.model.feed_forward import FeedForward
from core.trace import Trace
from pages.feed_forward import ablation, activations, controls, export, figure
from pages.feed_forward.neuron import SampleJob, bundled_windows, see_says, strongest_texts
from pages.feed_forward.question import another, ask

LONGEST = 64  # tokens of the text
KEYS = ("neuron", "follow", "silent", "stage")
EXAMPLES = (
    "A red ball was lost. She found the red",
    "The cook baked a",
    "It was raining, and Lily had",
    "At sunrise, Tom went to the",
    "Anna has a green ball and a blue",
)

ctx = page.begin("feed_forward", longest=LONGEST)
lm, config = ctx.lm, ctx.lm.config
both = ctx.both
stack = str(state.get("stack")) if both else ""
target = ctx.decoder_text
blocks = ctx.blocks
block = min(state.get("block"), blocks - 1)
state.fit({"neuron": config.mlp_size - 1})
here = (ctx.text, target, block, stack or None)

plain = cache.share(figure.see_pass, ctx.model_key, *here)
ids = plain.ids if stack != "decoder" or plain.decoder_ids is None else plain.decoder_ids
ids = tuple(ids.tolist())
home = predicting_row(lm, list(ids), len(ids)) if not both else len(ids) - 1
row = state.get("follow") if 0 <= state.get("follow") < len(ids) else home
logit_row = -1 if stack == "encoder" else row
where: dict[str, Any] = {"stack": stack or None, "target": target}

as_is = token_steps(lm, ctx.text, block, row, **where, trace=plain)
by_hand = ablation.read_silent(state.get("silent"), "e" if stack == "encoder" else "", block, len(as_is.post))
count = ablation.nearest(state.get("loudest"), len(as_is.post))
silenced = tuple(sorted({*by_hand, *ablation.group(as_is, state.get("silence"), count)}))
passed = cache.share(figure.see_pass, ctx.model_key, *here, silenced) if silenced else plain
number = state.get("neuron") if state.get("neuron") >= 0 else as_is.strongest(1)[0]
neuron = as_is.neuron(number)
sample = SampleJob(ctx, stack)
read = sample.known
kept = cache.call(bundled_windows, ctx.model_key, block, number)
earlier = ctx.snapshot is not None and models.resolve(ctx.name).source == "bundled"
windows = strongest_texts(kept, read, block, number, stack=stack, moment=earlier)


def knocked(neurons: tuple[int, ...], without: Trace | None = None) -> NeuronKnockout:
    """The prediction at the followed token without these neurons."""
    return knock_out_neurons(
        lm, ctx.text, block, neurons, row=logit_row, **where, trace=plain, without=without
    )


seen = figure.Seen(
    ids=ids, home=home, as_is=as_is, neuron=neuron, silenced=silenced,
    steps=token_steps(lm, ctx.text, block, row, **where, trace=passed),
    bent=bends(lm, ctx.text, block, **where, trace=plain),
    without=knocked(silenced, passed),
    says=see_says(lm, ctx.text, block, row, number, stack=stack, target=target, trace=plain),
    windows=windows[0], about=windows[1],
)  # fmt: skip

page.claim("Neurons read each token alone; those that fire write to it.")
bend = state.get("bend")
stamp = "\x1f".join(map(repr, [ctx.model_key, here, row, number, silenced, bend, seen.about]))
picked = events.selection("picture", {key: state.get(key) for key in KEYS})
figure.draw(
    figure.record(lm, seen, stack, None if bend in ("model", config.act) else bend, stamp, picked),
    key="picture",
    on={"select": lambda: events.select("picture", KEYS)},
)

with page.controls():
    controls.draw(blocks, len(as_is.post), number, count)
if both:
    with ctx.slot:
        widgets.segments("Stack", "stack", ("encoder", "decoder"), markup.capital)
        decoder_text.draw(ctx)

question = ask(lm, ctx.text, ids, row, block, ctx.stack)
load = ctx.load_source
source = ablation.source(by_hand, state.get("silence"), count)
given = ctx.inputs


def judge() -> page.Answer:
    """The question's answer, from a pass of the changed text."""
    return question.judge(lm, ctx.text, target, ctx.stack)


def notebook() -> list[str]:
    """The shown numbers and the question's answer, computed again."""
    shipped = kept is not None and read is None
    made = export.cells(load, given, seen, source, stack, config.head != "none", shipped)
    return [*made, *export.reach_cells(question, question.measure(lm, ctx.text, target, ctx.stack))]


with page.foot():
    page.predict(
        question.asked.text, question.asked.options, judge, (ctx.model_key, *here, row, question.place),
        partial(another, len(ids), blocks, row, home, block),
    )  # fmt: skip
    page.code(FeedForward.forward, token_steps, bends, curve, promoted, knock_out_neurons, reach)
    page.take_away("feed_forward", lambda: export.table(lm, seen), notebook)

slot = activations.show(seen, sample, read, config.act, stamp)
page.terms(
    "MLP", "neuron", "activation function", "pre-activation", "GELU", "SwiGLU", "dead neuron", "residual stream",
    "norm", "ablation", "logits",
)  # fmt: skip
page.cheatsheet("feed_forward")
page.examples(EXAMPLES)
sample.run(slot)
