"""Export the Break it page: what its picture is (`FIGURE`), the measures of both models as a table, notebook cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from app.kit.arms import Arm, stilled
from app.kit.figures import Argument, Asked, Figure, Table
from core.analysis.health.component_ablation import Reading, missing
from core.analysis.health.diagnosis import diagnose
from core.config import Part
from core.language_model import LanguageModel
from core.messages import ENGLISH, say, speaking
from core.runs.serialized import pack_curve
from pages.break_it import figure
from pages.break_it.figure import CHOICES, NOTHING, by_block, finite
from pages.break_it.pair import evidence, judged, judged_at, moments, record_pair, recorded_pair

if TYPE_CHECKING:
    from app.questions import Answer

KEYS = ("part", "stage")


@dataclass(frozen=True)
class Seen:
    """The open model whole and without a part, and the pair that was trained with it and without.

    Attributes:
        part: that is taken out; instead: why it is not the one that was asked for, "" where it is.
        pair: the open model's readings. arms: the trained pair. look: which of its moments is shown, -1 for the last.
    """

    lm: LanguageModel
    label: str  # the model's name in a sentence
    text: str
    target: str | None
    part: str
    instead: str
    pair: tuple[Reading, Reading]
    arms: list[Arm]
    look: int
    stage: int

    @property
    def own(self) -> bool:
        """Whether the pair is the learner's."""
        return self.arms[0].run is not None

    @cached_property
    def steps(self) -> list[int]:
        """The steps at which both of the pair were measured."""
        return moments(self.arms)

    @property
    def moment(self) -> int:
        """Which moment of the training is shown, by its place in `steps`; -1: there is none."""
        return self.look if 0 <= self.look < len(self.steps) else len(self.steps) - 1

    @property
    def at(self) -> int | None:
        """The training step of that moment; None where there is none."""
        return self.steps[self.moment] if self.steps else None

    @property
    def named(self) -> int:
        """The moment that a notebook names to draw this; -1, the last, for runs that it does not have."""
        return -1 if self.own or self.look >= len(self.steps) else self.look

    def beside(self, own: list[Arm]) -> Seen:
        """Put the learner's own pair, if there is one, in place of the recorded one."""
        return replace(self, arms=own) if own else self

    @property
    def still(self) -> Seen:
        """A copy for a file, whose curves stand still."""
        return replace(self, arms=stilled(self.arms))


def see(asked: Asked) -> Seen:
    """Take the part out of the open model, and look up the recorded pair."""
    lm, wanted = asked.lm, str(asked.values["part"])
    part, instead = figure.fitting(lm, wanted)
    if instead and "part" in asked.given:
        raise ValueError(f"part={wanted!r}: {missing(lm.config, cast(Part, wanted))}.")
    pair = asked.call(figure.see, asked.text, asked.target, part)
    arms, look = recorded_pair(part), int(asked.values["look"])
    if "look" in asked.given:
        look = asked.at_most("look", len(moments(arms)) - 1)
    return Seen(
        lm, asked.label, asked.text, asked.target, part, instead, pair, arms, look, int(asked.values["stage"])
    )  # fmt: skip


def record(seen: Seen) -> dict[str, Any]:
    """Turn both halves into what figure.js draws, but for the selection."""
    lm, word = seen.lm, seen.lm.tokenizer.display
    return {
        "tokens": [{"text": word(i), "id": i} for i in lm.batch(seen.text, seen.target)[0][0].tolist()],
        "name": seen.label,
        "part": seen.part,
        "parts": list(CHOICES),
        "words": figure.titles(seen.label, seen.part),
        "now": figure.record_now(lm, seen.text, seen.target, seen.pair),
        "pair": record_pair(seen.arms, seen.part, seen.at),
    }


def sentence(seen: Seen) -> str:
    """What is on the picture: what the part is worth to the open model, and what the trained pair comes to."""
    said = figure.titles(seen.label, seen.part)
    whole, other = (f"{one.loss:.3f}" if math.isfinite(one.loss) else say("no number") for one in seen.pair)
    found = [one.sentence for one in figure.judged(*seen.pair).findings]
    then = [one.sentence for one in judged(seen.arms, judged_at(seen.arms, seen.at)).findings]
    trained = f"{said['trained']}: {' '.join(then) or say('nothing found.')}"
    now = say("{now}: the loss is {other}, whole {whole}.", now=said["now"], other=other, whole=whole)
    return " ".join([now, *found, trained])


FIGURE = Figure(
    "break_it", figure.break_it, see,
    record=record,
    select=lambda seen: {"part": seen.part, "stage": seen.stage, "look": seen.named},
    claim=lambda seen: say("Every part has a job: take it out and measure."),
    sentence=sentence,
    table=lambda seen: table(seen.lm, seen.pair),
    arguments=(Argument("part", "part"), Argument("step", "stage"), Argument("moment", "look")),
    longest=64, blank=("pair.runs",), tall=720,
    own=lambda seen: say("with the recorded pair in place of your runs") if seen.own else "",
)  # fmt: skip

_MEASURES = ("activation", "read", "carry", "gradient", "entropy", "spread", "ahead", "dead")


def table(lm: LanguageModel, pair: tuple[Reading, Reading]) -> Table:
    """A line for each token's loss, then one for each measure of each block: whole, and without the part."""
    whole, other = pair
    lines: list[tuple[Any, ...]] = [
        ("loss", lm.tokenizer.display(i), finite(a), finite(b))
        for i, a, b in zip(whole.targets, whole.losses, other.losses, strict=True)
    ]
    lines += [
        ("next token", lm.tokenizer.display(i), *(finite(float(one.probabilities[i])) for one in pair))
        for i in map(int, whole.probabilities.argsort()[::-1][:8])
    ]
    lines += [
        (name, f"block {block}", one, two)
        for name in _MEASURES
        for block, one, two in zip(
            whole.depth.names, by_block(whole.depth, name), by_block(other.depth, name), strict=True
        )
    ]
    lines.append(("order", "", finite(whole.order), finite(other.order)))
    return dict(zip(("measure", "of", "whole", "without the part"), (list(column) for column in zip(*lines))))


def cells(
    load: str,
    given: Mapping[str, Any],
    part: str,
    pair: tuple[Reading, Reading],
    arms: list[Arm],
    answer: Answer,
    upto: int | None = None,
) -> list[str]:
    """Cells that take the part out again and assert the shown numbers, then diagnose the trained pair again.

    Args:
        load: the call that loads the model, as source.
        given: TEXT and, of an encoder-decoder, TARGET.
        answer: of the page's question.
        upto: the step up to which the pair is diagnosed; None: all of it.
    """
    return [_now(load, given, part, pair), _question(answer), _trained(arms, upto)]


def _now(load: str, given: Mapping[str, Any], part: str, pair: tuple[Reading, Reading]) -> str:
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    shown = "\n".join(
        f"same({name}.{what}, {_numbers(values)})"
        for name, one in zip(("whole", "other"), pair)
        for what, values in (
            ("losses", one.losses), ("depth.activation", one.depth.activation), ("depth.gradient", one.depth.gradient),
            ("order", [one.order]),
        )
    )  # fmt: skip
    other = "whole" if part == NOTHING else f"read(without(lm, {part!r}), TEXT{_target(given)})"
    return f"""# %% The model on the text, whole and without a part
import numpy as np
from core.analysis.health.component_ablation import read, without
from core.analysis.health.diagnosis import diagnose
from core.analysis.health.evidence import of_reading

lm = {load}
{values}

def same(now, shown):
    np.testing.assert_allclose(np.ravel(now), np.array(shown, dtype=float), rtol=5e-3, atol=1e-4)


whole = read(lm, TEXT{_target(given)})
other = {other}
{shown}
for finding in diagnose(of_reading(whole), of_reading(other)).findings:
    print(finding.sentence)"""


def _target(given: Mapping[str, Any]) -> str:
    return ", TARGET" if "TARGET" in given else ""


def _question(answer: Answer) -> str:
    losses = {
        name: float(f"{value:.5g}") for name, value in answer.numbers.items() if isinstance(value, float)
    }
    return f"""# %% The question: the loss without each part
from core.analysis.health.component_ablation import losses_without

losses = {{"whole": whole.loss, **losses_without(lm, *([TEXT, TARGET] if "TARGET" in globals() else [TEXT]))}}
print(losses)
for name, shown in {losses!r}.items():
    same(losses[name], [shown])"""


def _trained(arms: list[Arm], upto: int | None) -> str:
    with speaking(ENGLISH):  # as a notebook, which has no other language, finds it again
        said = [finding.sentence for finding in diagnose(*(evidence(arm, upto) for arm in arms)).findings]
    cut = "" if upto is None else f", upto={upto}"
    if arms[0].run is None:
        source = f"""from core.runs import recorded

arms = [recorded(name) for name in {[arm.id for arm in arms]!r}]
measured = [of_run(arm.points(), arm.checkpoints(){cut}) for arm in arms]"""
    else:
        source = f"""from core.runs.serialized import curve

arms = { ({arm.id: pack_curve(arm.points, arm.checkpoints) for arm in arms})!r}
measured = [of_run(*curve(packed){cut}) for packed in arms.values()]"""
    ends = "" if any(arm.going or arm.ended for arm in arms) else f"\nassert said == {said!r}"
    return f"""# %% The trained pair: the diagnosis from what was measured in training
from core.analysis.health.evidence import of_run
{source}
said = [finding.sentence for finding in diagnose(*measured).findings]
print(*said, sep="\\n"){ends}"""


def _numbers(values: Sequence[float]) -> str:
    return (
        "["
        + ", ".join(f"{value:.6g}" if math.isfinite(value) else f"float('{value}')" for value in values)
        + "]"
    )
