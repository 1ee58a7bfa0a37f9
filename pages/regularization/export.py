"""Export the Regularization page: activations and masks as a table, and notebook cells that draw them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.controls.predict import Answer
from app.runs.trained import Arm
from core.language_model import LanguageModel
from core.runs.serialized import pack_curve
from pages.regularization.figure import COLS, PASSES, Clean, Masked, Place, shown_rows
from pages.regularization.question import DRAWS, Question
from pages.regularization.runs import stop_of


def table(lm: LanguageModel, clean: Clean, masked: Masked, chosen: int) -> dict[str, Sequence[Any]]:
    """A line for each number that the picture shows, then the likeliest next tokens, clean and under the masks."""
    word = lm.tokenizer.display
    lines: list[tuple[Any, ...]] = [
        ("activation", f"{at} {word(clean.ids[at])}", col, *(
            float(f"{values[at, col]:.8g}") for values in (clean.values, masked.factors, masked.values, masked.mean)
        ))
        for at in shown_rows(len(clean.ids), chosen)
        for col in range(min(COLS, clean.values.shape[1]))
    ]  # fmt: skip
    lines += [
        ("next token", word(int(i)), None, float(f"{clean.probabilities[i]:.8g}"), None,
         float(f"{masked.probabilities[0, i]:.8g}"), float(f"{masked.probabilities[:, i].mean():.8g}"))
        for i in np.argsort(-clean.probabilities, kind="stable")[:8]
    ]  # fmt: skip
    lines += [
        ("token of the text", f"{at} {word(i)}", None, None, None, None, None)
        for at, i in enumerate(clean.ids)
    ]
    names = ("what", "of", "number", "clean", "factor of the mask", "under the mask", "mean over masks")
    return dict(zip(names, (list(column) for column in zip(*lines))))


def cells(
    load: str, given: Mapping[str, Any], place: Place, rate: float, seed: int, clean: Clean, masked: Masked,
    question: Question, answer: Answer, pair: list[Arm], patience: int,
) -> list[str]:  # fmt: skip
    """Cells that drop the activations again, ask the model under the masks, and stop the trained runs early.

    Args:
        load: the call that loads the model, as source.
        given: TEXT and, of an encoder-decoder, TARGET.
    """
    best = [int(i) for i in np.argsort(-clean.probabilities, kind="stable")[:3]]
    numbers = {
        name: float(f"{value:.5g}") for name, value in answer.numbers.items() if isinstance(value, float)
    }
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    target = "TARGET" if "TARGET" in given else "None"
    first = f"""# %% Activations, a mask, and what goes on
import numpy as np
import torch
from core.training.dropout import dropped, mean_over_masks, under_masks

lm = {load}
{values}PLACE, RATE, SEED = {place.hook!r}, {rate!r}, {seed}


def same(now, shown):
    np.testing.assert_allclose(np.ravel(now), np.array(shown, dtype=float), rtol=5e-3, atol=1e-4)


trace = lm.trace(TEXT, {target})
x = trace[PLACE].detach()
same(x[-1, :6], {_numbers(clean.values[-1, :6])})
same(dropped(x, RATE, SEED)[-1, :6], {_numbers(masked.values[-1, :6])})
mean = mean_over_masks(x, RATE, {masked.counts[-1]}, SEED)
same(mean.errors, {_numbers(masked.errors)})
print(dict(zip(mean.counts, mean.errors)))"""
    second = f"""# %% The next token under many masks
ids = {best}
said = under_masks(lm, TEXT, PLACE, RATE, range(SEED, SEED + {PASSES}), {target})[:, {clean.row}]
same(trace.logits[{clean.row}].detach().float().softmax(-1)[ids], {_numbers(clean.probabilities[best])})
same(said[:, ids].mean(0), {_numbers(masked.probabilities[:, best].mean(0))})"""
    third = f"""# %% The question: another rate
asked = under_masks(lm, TEXT, PLACE, {question.rate}, range(SEED, SEED + {DRAWS}), {target})[:, {clean.row}, {question.token}]
found = {{"plain": float(trace.logits[{clean.row}].detach().float().softmax(-1)[{question.token}]), "mean": asked.mean(), "spread": asked.std()}}
for name, shown in {numbers!r}.items():
    same(found[name], [shown])"""  # noqa: E501
    return [first, second, third, *_stops(pair, patience)]


def _stops(pair: list[Arm], patience: int) -> list[str]:
    """Early stopping on the runs that are shown, recorded or own."""
    known = {arm.id: stop for arm in pair if (stop := stop_of(arm, patience)) is not None and not arm.going}
    if not known:
        return []
    own = pair[0].run is not None
    curves = {arm.id: pack_curve(arm.points) for arm in pair if own and arm.id in known}
    source = (
        f"from core.runs.serialized import curve\n\nCURVES = {curves!r}"
        if own
        else "from core.runs import recorded"
    )
    points = "curve(CURVES[id])[0]" if own else "recorded(id).points()"
    shown = {id: (stop.best_step, float(f"{stop.best:.6g}"), stop.step) for id, stop in known.items()}
    return [
        f"""# %% Early stopping on the trained runs
from core.training.early_stopping import stop_early
{source}

for id, (best_step, best, step) in {shown!r}.items():
    points = {points}
    stop = stop_early(points.step.tolist(), points.held_out.tolist(), {patience})
    assert (stop.best_step, stop.step) == (best_step, step)
    same(stop.best, [best])"""
    ]


def _numbers(values: Any) -> str:
    return "[" + ", ".join(f"{float(value):.6g}" for value in np.ravel(values)) + "]"
