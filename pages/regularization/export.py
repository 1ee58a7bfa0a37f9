"""Export the Regularization page: what its picture is (`FIGURE`), activations and masks as a table, notebook cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from app.kit.arms import Arm, stilled
from app.kit.figures import Argument, Asked, Figure, Table
from app.markup import visible
from core.language_model import LanguageModel
from core.messages import say
from core.runs.serialized import pack_curve
from pages.regularization import figure
from pages.regularization.figure import COLS, PASSES, Clean, Masked, Place, shown_rows
from pages.regularization.question import DRAWS, Question
from pages.regularization.runs import moments, named, record_runs, recorded_four, stop_of, told

if TYPE_CHECKING:
    from app.questions import Answer

KEYS = ("row", "number", "arm", "stage")


@dataclass(frozen=True)
class Seen:
    """Activations without and with dropout, and runs that were trained with it and without.

    Attributes:
        place: what is dropped. rate, seed: of the mask. evaluate: the model in use, nothing is dropped.
        row: whose numbers are looked at. arms: the four runs; arm: which of them stands beside the plain one.
        patience: of early stopping. glance: which of the runs' moments is shown, -1 for the last.
    """

    lm: LanguageModel
    label: str  # the model's name in a sentence
    text: str
    target: str | None
    block: int
    place: Place
    rate: float
    seed: int
    evaluate: bool
    clean: Clean
    masked: Masked
    row: int
    number: int
    arms: dict[str, Arm]
    arm: str
    patience: int
    glance: int
    stage: int

    @property
    def last(self) -> int:
        """The row of the last token."""
        return len(self.clean.ids) - 1

    @property
    def own(self) -> bool:
        """Whether the runs are the learner's."""
        return self.pair[0].run is not None

    @property
    def pair(self) -> list[Arm]:
        """The plain run, and the one beside it."""
        return [self.arms["plain"], self.arms[self.arm]]

    @property
    def others(self) -> list[Arm]:
        """The runs that are not drawn."""
        return [one for key, one in self.arms.items() if key not in ("plain", self.arm)]

    @cached_property
    def steps(self) -> list[int]:
        """The steps at which the weights of both were counted."""
        return moments(self.pair)

    @property
    def moment(self) -> int:
        """Which of them is shown; -1: there is none."""
        return self.glance if 0 <= self.glance < len(self.steps) else len(self.steps) - 1

    @property
    def named(self) -> int:
        """Which of them a caller names to see it; -1: the last, also of runs that a caller does not have."""
        return -1 if self.own or self.glance >= len(self.steps) else self.glance

    def beside(self, own: dict[str, Arm]) -> Seen:
        """Put the learner's own runs, if there are some, in place of the recorded ones."""
        return replace(self, arms=own) if own else self

    @property
    def still(self) -> Seen:
        """A copy for a file, whose curves stand still."""
        return replace(self, arms=dict(zip(self.arms, stilled([*self.arms.values()]), strict=True)))


def see(asked: Asked) -> Seen:
    """Drop what a part of the block adds, and look up the recorded runs."""
    lm, values = asked.lm, asked.values
    place = figure.place_of(lm, asked.stack or "", asked.block, str(values["site"]))
    rate, seed = float(values["drop"]), int(values["draw"])
    clean: Clean = asked.call(figure.see, asked.text, asked.target, place.hook)
    masked: Masked = asked.call(figure.see_masked, asked.text, asked.target, place.hook, rate, seed)
    arms, arm, glance = recorded_four(), str(values["arm"]), int(values["glance"])
    if "glance" in asked.given:
        glance = asked.at_most("glance", len(moments([arms["plain"], arms[arm]])) - 1)
    number, rows = asked.at_most("number", min(COLS, clean.values.shape[1]) - 1), len(clean.ids)
    return Seen(
        lm, asked.label, asked.text, asked.target, asked.block, place, rate, seed, bool(values["evaluate"]), clean,
        masked, asked.followed(rows, rows - 1), number, arms, arm, int(values["patience"]), glance,
        int(values["stage"]),
    )  # fmt: skip


def record(seen: Seen) -> dict[str, Any]:
    """Turn both halves into what figure.js draws, but for the selection."""
    lm, word = seen.lm, seen.lm.tokenizer.display
    at = seen.steps[seen.moment] if seen.steps else None
    return {
        "tokens": [{"text": word(i), "id": i} for i in lm.batch(seen.text, seen.target)[0][0].tolist()],
        "dropout": figure.record_dropout(
            lm, seen.clean, seen.masked, seen.place, seen.rate, seen.seed, seen.evaluate, seen.row
        ),
        "trained": record_runs(seen.pair, seen.others, seen.patience, at),
    }


def sentence(seen: Seen) -> str:
    """What is on the picture: what dropout does to the next token, and where the trained runs are best."""
    clean, masked = seen.clean, seen.masked
    best = int(np.argmax(clean.probabilities))
    token = visible(seen.lm.tokenizer.display(best))
    given = {
        "label": seen.label, "what": seen.place.words, "token": token, "plain": f"{clean.probabilities[best]:.3f}",
    }  # fmt: skip
    said = (
        say("{label}, in use: nothing is dropped on {what}: “{token}” has {plain}.", **given)
        if seen.evaluate
        else say(
            "{label}, dropout of {rate} on {what}: “{token}” has {plain}, and under {count} masks {mean} on average.",
            rate=f"{seen.rate:g}", count=len(masked.probabilities),
            mean=f"{masked.probabilities[:, best].mean():.3f}", **given,
        )
    )  # fmt: skip
    parts = ("dropout", "decay") if seen.arm == "both" else (seen.arm,)
    names = say("plain"), say(" and ").join(named(part).lower() for part in parts)
    stops = zip(names, (stop_of(arm, seen.patience) for arm in seen.pair), strict=True)
    ends = [
        f"{name}: {told(stop, seen.patience)['text'].strip()}" for name, stop in stops if stop is not None
    ]
    return " ".join([said, *ends])


FIGURE = Figure(
    "regularization", figure.regularization, see,
    record=record,
    select=lambda seen: {
        "block": seen.block, "row": seen.row, "number": seen.number, "arm": seen.arm, "stage": seen.stage,
        "glance": seen.named,
    },
    claim=lambda seen: say("Noise and small weights hinder learning by heart."),
    sentence=sentence,
    table=lambda seen: table(seen.lm, seen.clean, seen.masked, seen.row),
    arguments=(
        Argument("layer", "block"), Argument("row", "row"), Argument("number", "number"), Argument("step", "stage"),
        Argument("site", "site"), Argument("rate", "drop"), Argument("seed", "draw"), Argument("in_use", "evaluate"),
        Argument("beside", "arm"), Argument("patience", "patience"), Argument("moment", "glance"),
        Argument("stack", "stack"),
    ),
    longest=64, blank=("trained.runs", "trained.others"), tall=620,
    own=lambda seen: say("with the recorded runs in place of yours") if seen.own else "",
)  # fmt: skip


def table(lm: LanguageModel, clean: Clean, masked: Masked, chosen: int) -> Table:
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
