"""Export the Break it page: the measures of both models as a table, and notebook cells that measure again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.controls.predict import Answer
from app.runs.trained import Arm
from core.analysis.health.component_ablation import Reading
from core.analysis.health.diagnosis import diagnose
from core.language_model import LanguageModel
from core.runs.serialized import pack_curve
from pages.break_it.figure import NOTHING, by_block, finite
from pages.break_it.pair import evidence

_MEASURES = ("activation", "read", "carry", "gradient", "entropy", "spread", "ahead", "dead")


def table(lm: LanguageModel, pair: tuple[Reading, Reading]) -> dict[str, Sequence[Any]]:
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
