"""Export the Feed-forward page: what its picture is (`FIGURE`), a line for each neuron as a table, notebook cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from app.counts import counted
from app.kit.figures import Argument, Asked, Figure, Table
from app.markup import visible
from core.analysis.health.component_ablation import predicting_row
from core.analysis.neurons.activation_curves import bends
from core.analysis.neurons.feed_forward import token_steps
from core.analysis.neurons.knockouts import NeuronKnockout, knock_out_neurons
from core.analysis.neurons.reach import Reach
from core.analysis.neurons.top_texts import Window
from core.config import Activation
from core.language_model import LanguageModel
from core.messages import say
from core.trace import Trace
from pages.feed_forward import ablation
from pages.feed_forward.figure import Seen, feed_forward, likely, record, see_pass
from pages.feed_forward.neuron import TOKENS, bundled_windows, see_says, strongest_texts

if TYPE_CHECKING:
    from pages.feed_forward.question import Question

KEYS = ("neuron", "follow", "silent", "stage")


@dataclass(frozen=True)
class Shown:
    """One token through the neurons of a block, and what is chosen.

    Attributes:
        here: text, target, block and stack; stack: "" for a model with one.
        plain: the pass with all neurons. by_hand: the neurons that were switched off one by one; count: the strongest.
        kept: the texts that come with the model for the chosen neuron.
    """

    lm: LanguageModel
    label: str  # the model's name in a sentence
    key: str
    here: tuple[Any, ...]
    stack: str
    plain: Trace
    by_hand: tuple[int, ...]
    count: int
    kept: tuple[list[Window], str] | None
    bend: str
    seen: Seen
    selection: dict[str, Any]

    @property
    def stamp(self) -> str:
        """Names all that the picture shows."""
        seen = self.seen
        parts = [
            self.key,
            self.here,
            seen.steps.row,
            seen.neuron.neuron,
            seen.silenced,
            self.bend,
            seen.about,
        ]
        return "\x1f".join(map(repr, parts))

    @property
    def beside(self) -> Activation | None:
        """The curve that is laid beside the model's own."""
        return None if self.bend in ("model", self.lm.config.act) else cast("Activation", self.bend)


def look(asked: Asked) -> Shown:
    """Follow one token through the chosen block; the texts that fire the neuron are those that come with the model."""
    lm, target, stack, block = asked.lm, asked.target, asked.stack, asked.block
    here = (asked.text, target, block, stack)
    where: dict[str, Any] = {"stack": stack, "target": target}
    plain: Trace = asked.share(see_pass, *here)
    read = plain.ids if stack != "decoder" or plain.decoder_ids is None else plain.decoder_ids
    ids = tuple(read.tolist())
    home = predicting_row(lm, list(ids), len(ids)) if not asked.both else len(ids) - 1
    follow = asked.at_most("follow", len(ids) - 1)
    row = follow if follow >= 0 else home
    as_is = token_steps(lm, asked.text, block, row, **where, trace=plain)
    size = len(as_is.post)
    mark = "e" if stack == "encoder" else ""
    by_hand = ablation.read_silent(str(asked.values["silent"]), mark, block, size)
    count = ablation.nearest(int(asked.values["loudest"]), size)
    silenced = tuple(sorted({*by_hand, *ablation.group(as_is, cast("Any", asked.values["silence"]), count)}))
    passed: Trace = asked.share(see_pass, *here, silenced) if silenced else plain
    chosen = asked.at_most("neuron", lm.config.mlp_size - 1)
    number = chosen if chosen >= 0 else as_is.strongest(1)[0]
    kept = asked.call(bundled_windows, block, number)
    windows = strongest_texts(kept, None, block, number, stack=stack or "", moment=False, below=False)
    seen = Seen(
        ids=ids, home=home, as_is=as_is, neuron=as_is.neuron(number), silenced=silenced,
        steps=token_steps(lm, asked.text, block, row, **where, trace=passed),
        bent=bends(lm, asked.text, block, **where, trace=plain),
        without=knocked(lm, here, row, silenced, plain, passed),
        says=see_says(lm, asked.text, block, row, number, stack=stack or "", target=target, trace=plain),
        windows=windows[0], about=windows[1],
    )  # fmt: skip
    selection = {key: asked.values[key] for key in KEYS} | {"follow": follow, "neuron": chosen}
    return Shown(
        lm, asked.label, asked.key, here, stack or "", plain, by_hand, count, kept, str(asked.values["bend"]), seen,
        selection,
    )  # fmt: skip


def knocked(
    lm: LanguageModel, here: tuple[Any, ...], row: int, neurons: Sequence[int], plain: Trace, without: Trace
) -> NeuronKnockout:
    """The prediction at a token without these neurons, beside that with all."""
    text, target, block, stack = here
    logit_row = -1 if stack == "encoder" else row
    return knock_out_neurons(
        lm, text, block, neurons, row=logit_row, stack=stack, target=target, trace=plain, without=without
    )


def sentence(shown: Shown) -> str:
    """What is on the picture: the neuron that is looked at, what it does at the token, what is predicted."""
    seen, word = shown.seen, shown.lm.tokenizer.display
    steps, one = seen.steps, seen.neuron
    said = say(
        "{model}, block {block}, row {row} “{token}”: of {neurons} {share} fire. "
        "{neuron} sums to {sum} and gives {given}.",
        model=shown.label, block=steps.layer, row=steps.row, token=visible(word(seen.ids[steps.row])),
        neurons=counted(len(steps.post), "neuron"), share=f"{seen.bent.firing[steps.row]:.0%}",
        neuron=f"N{one.neuron}", sum=f"{one.pre:.2f}", given=f"{one.post:.2f}",
    )  # fmt: skip
    off = ""
    if seen.silenced:
        off = " " + say("{neurons} off.", neurons=counted(len(seen.silenced), "neuron"))
    if not seen.without.after.size:
        return said + off
    best = np.argsort(-seen.without.after)[:3]
    guessed = ", ".join(f"“{visible(word(int(token)))}” {seen.without.after[token]:.3f}" for token in best)
    return f"{said}{off} " + say("The model predicts {tokens}.", tokens=guessed)


FIGURE = Figure(
    "feed_forward", feed_forward, look,
    record=lambda shown: record(shown.lm, shown.seen, shown.stack, shown.beside, shown.stamp),
    select=lambda shown: shown.selection,
    claim=lambda shown: say("Neurons read each token alone; those that fire write to it."),
    sentence=sentence,
    table=lambda shown: table(shown.lm, shown.seen),
    arguments=(
        Argument("layer", "block"), Argument("row", "follow"), Argument("neuron", "neuron"), Argument("step", "stage"),
        Argument("bend", "bend"), Argument("silent", "silent"), Argument("silence", "silence"),
        Argument("loudest", "loudest"), Argument("stack", "stack"),
    ),
    longest=64, tall=640,
)  # fmt: skip

MOST = 512  # neurons with a line each: of more, the strongest


def table(lm: LanguageModel, seen: Seen) -> Table:
    """A line for each neuron at the followed token, for each token of the text, and for the likeliest next tokens."""
    word, steps, off = lm.tokenizer.display, seen.steps, set(seen.silenced)
    shown = sorted(seen.as_is.strongest(MOST))
    lines: list[tuple[Any, ...]] = [
        ("neuron", f"L{steps.layer}N{n}", *map(_short, (steps.pre[n], steps.post[n], seen.as_is.shares[n])),
         "off" if n in off else "on")
        for n in shown
    ]  # fmt: skip
    lines += [
        ("token: share of the neurons that fire", f"{at} {word(i)}", None, None, _short(share), None)
        for at, (i, share) in enumerate(zip(seen.ids, seen.bent.firing, strict=True))
    ]
    without = seen.without
    lines += [
        ("next token: as it is, and with neurons off", word(i), _short(without.before[i]), _short(without.after[i]),
         None, None)
        for i in likely(without, 8)
    ]  # fmt: skip
    names = ("what", "of", "before the bend", "behind it", "share of what is written", "switch")
    return dict(zip(names, (list(column) for column in zip(*lines))))


def _short(value: Any) -> float:
    return float(f"{float(value):.8g}")


def cells(
    load: str, given: Mapping[str, Any], seen: Seen, off: str, stack: str, says: bool, shipped: bool
) -> list[str]:
    """Cells that take the token apart again, and switch the neurons off.

    Args:
        load: the call that loads the model, as source. given: TEXT and, of an encoder-decoder, TARGET.
        off: source that makes the list of the neurons that are off.
        says: whether the model predicts tokens; False of a bare encoder.
        shipped: the shown texts are those that come with the model.
    """
    target = "TARGET" if "TARGET" in given else "None"
    out = [_steps(load, given, seen, off, stack, target)]
    if not says:
        return out
    out += [_neuron(seen, shipped)] if stack != "encoder" else []
    out.append(_prediction(seen))
    return out


def reach_cells(question: Question, found: Reach) -> list[str]:
    """The cell of the page's question: where a changed token shows; none where there is no other token."""
    if question.place < 0:
        return []
    return [
        f"""# %% The question: one token replaced; how far the row moves before attention, behind it, in its neurons
from core.analysis.neurons.reach import reach

PLACE, OTHER = {question.place}, {question.other}
found = reach(lm, TEXT, PLACE, OTHER, ROW, BLOCK, **where)
print(found)
same([found.before, found.after, found.neurons], {_numbers([found.before, found.after, found.neurons])})"""
    ]


def _steps(load: str, given: Mapping[str, Any], seen: Seen, off: str, stack: str, target: str) -> str:
    steps, as_is, one = seen.steps, seen.as_is, seen.neuron
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    return f"""# %% One token through the layer: expand, bend, contract
import numpy as np
from core.analysis.neurons.activation_curves import bends
from core.analysis.neurons.feed_forward import token_steps

lm = {load}
{values}BLOCK, ROW, NEURON, STACK = {steps.layer}, {steps.row}, {one.neuron}, {stack or None!r}
where = {{"stack": STACK, "target": {target}}}


def same(now, shown):
    np.testing.assert_allclose(np.ravel(now), np.array(shown, dtype=float), rtol=5e-3, atol=1e-4)


trace = lm.trace(TEXT, {target})
as_is = token_steps(lm, TEXT, BLOCK, ROW, **where, trace=trace)
OFF = {off}
with core.intervene(core.ablate_neurons(BLOCK, OFF, stack=STACK)):
    steps = token_steps(lm, TEXT, BLOCK, ROW, **where)
same(steps.read[:6], {_numbers(steps.read[:6])})
same(steps.pre[:6], {_numbers(steps.pre[:6])})
same(steps.post[:6], {_numbers(steps.post[:6])})
same(steps.out[:6], {_numbers(steps.out[:6])})
same(steps.after[:6], {_numbers(steps.after[:6])})
assert steps.error < 1e-3, "what the neurons write adds up to what the layer adds"
bent = bends(lm, TEXT, BLOCK, **where, trace=trace)
same(bent.firing, {_numbers(seen.bent.firing)})

# One neuron, number by number, and how few write most of it
one = as_is.neuron(NEURON)
same(one.products.sum() + one.bias, [{one.pre:.6g}])
same([one.pre, one.post, as_is.shares[NEURON]], {_numbers([one.pre, one.post, as_is.shares[one.neuron]])})
assert as_is.needed() == {as_is.needed()}
print(as_is.strongest(), as_is.needed())"""


def _neuron(seen: Seen, shipped: bool) -> str:
    says = seen.says
    cell = f"""# %% What the neuron says
from core.analysis.neurons.feed_forward import NotLinear, Promoted, direct_effect, promoted

try:
    says = promoted(lm, BLOCK, NEURON, {TOKENS})
except NotLinear:
    change = direct_effect(lm, TEXT, BLOCK, NEURON, ROW, target=where["target"], trace=trace)
    says = Promoted.of(change, {TOKENS})
print([lm.tokenizer.display(i) for i in says.ids])
same(says.scores, {_numbers(says.scores)})
same(says.low_scores, {_numbers(says.low_scores)})"""
    if not shipped or not seen.windows:
        return cell
    return f"""{cell}

# The texts that fire it most, of those kept with the model
from core.analysis.neurons import top_texts

for window in top_texts.bundled(lm).windows(BLOCK, NEURON):
    print("".join(lm.tokenizer.display(i) for i in window.ids), window.fired[window.peak])
first = top_texts.bundled(lm).windows(BLOCK, NEURON)[0]
same(first.fired[first.peak], [{seen.windows[0].fired[seen.windows[0].peak]:.6g}])"""


def _prediction(seen: Seen) -> str:
    found, ids = seen.without, likely(seen.without)
    return f"""# %% The prediction without the neurons that are off
from core.analysis.neurons.knockouts import knock_out_neurons

found = knock_out_neurons(lm, TEXT, BLOCK, OFF, row={found.row}, **where, trace=trace)
ids = {ids}
for i in ids:
    print(repr(lm.tokenizer.display(i)), round(float(found.before[i]), 3), round(float(found.after[i]), 3))
same(found.before[ids], {_numbers(found.before[ids])})
same(found.after[ids], {_numbers(found.after[ids])})"""


def _numbers(values: Any) -> str:
    return "[" + ", ".join(f"{float(value):.6g}" for value in np.ravel(values)) + "]"
