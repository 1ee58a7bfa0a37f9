"""Export the Objectives page: what its picture is (`FIGURE`), the three examples as a table, and notebook cells."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.counts import counted
from app.kit.arms import Arm, stilled
from app.kit.figures import Argument, Asked, Figure, Table
from core.language_model import LanguageModel
from core.messages import mark, say
from core.training.losses import bits
from pages.objectives import figure
from pages.objectives.falling import Offer, falling, recorded_three
from pages.objectives.figure import TITLES, Made, lane, naming
from pages.objectives.question import NAMES, more

if TYPE_CHECKING:
    from app.questions import Answer

KEYS = ("follow", "lesson")
LOST = {
    "decoder": mark(" In the one for decoders, {objective}, it loses {loss} nats on average."),
    "encoder": mark(" In the one for encoders, {objective}, it loses {loss} nats on average."),
    "encoder-decoder": mark(
        " In the one for encoder-decoders, {objective}, it loses {loss} nats on average."
    ),
}


@dataclass(frozen=True)
class Seen:
    """One sentence as three examples, and three runs that learned from such.

    Attributes:
        ids: of the text. drawn: the hidden share, the mean length of a span, the seed.
        arms: the three runs. offer: what the page offers to train.
    """

    asked: Asked
    ids: tuple[int, ...]
    drawn: tuple[float, float, int]
    made: Made
    arms: list[Arm]
    offer: Offer

    @property
    def own(self) -> bool:
        """Whether the runs are the learner's."""
        return self.arms[0].run is not None

    def beside(self, own: list[Arm]) -> Seen:
        """Put the learner's own runs, if there are some, in place of the recorded ones."""
        return replace(self, arms=own) if own else self

    @property
    def still(self) -> Seen:
        """A copy for a file, whose curves stand still, and which trains nothing."""
        return replace(self, arms=stilled(self.arms), offer=Offer())


def see(asked: Asked) -> Seen:
    """Make the three examples of the text, and look up the recorded runs."""
    values, ids = asked.values, tuple(asked.lm.tokenizer.encode(asked.text))
    drawn = (float(values["mask_rate"]), float(values["span_length"]), int(values["seed"]))
    asked.at_most("follow", len(ids) - 1)
    made: Made = asked.share(figure.made, ids, *drawn)
    return Seen(asked, ids, drawn, made, recorded_three(), Offer())


def record(seen: Seen) -> dict[str, Any]:
    """Turn examples and runs into what figure.js draws, but for the selection."""
    stamp = "\x1f".join([seen.asked.key, repr(seen.ids), repr(seen.drawn)])
    return figure.record(seen.asked.lm, seen.made, falling(seen.arms, seen.offer), stamp)


def sentence(seen: Seen) -> str:
    """What is on the picture: how much each example asks, what the model loses in its own, how low the runs came."""
    found = seen.made
    titles = {objective: say(title).lower() for objective, title in TITLES.items()}
    asks = [f"{titles[one.objective]}, {counted(sum(one.scores), 'answer')}" for one in found.lessons]
    own = next(one for one in found.lessons if one.shape == found.shape)
    lost = say(LOST[own.shape], objective=titles[own.objective], loss=f"{found.mean:.3f}")
    ends = ", ".join(
        f"{titles[arm.spec.objective]} {held[-1]:.2f}"
        for arm in seen.arms
        if len(held := arm.points.held_out[np.isfinite(arm.points.held_out)])
    )
    if seen.own:
        fell = say(" Three own runs, held-out loss at the end: {losses}.", losses=ends)
    else:
        fell = say(" Three recorded runs, held-out loss at the end: {losses}.", losses=ends)
    examples = say(
        "{label}, {tokens} as three training examples: {examples}.",
        label=seen.asked.label, tokens=counted(len(found.sentence), "token"), examples="; ".join(asks),
    )  # fmt: skip
    return f"{examples}{lost if math.isfinite(found.mean) else ''}{fell if ends else ''}"


FIGURE = Figure(
    "objectives", figure.objectives, see,
    record=record,
    select=lambda seen: {key: seen.asked.values[key] for key in KEYS},
    claim=lambda seen: say("The same sentence asks three different questions."),
    sentence=sentence,
    table=lambda seen: table(seen.asked.lm, seen.made),
    arguments=(
        Argument("row", "follow"), Argument("step", "lesson"), Argument("rate", "mask_rate"),
        Argument("length", "span_length"), Argument("seed", "seed"),
    ),
    longest=24, blank=("runs",),
    own=lambda seen: "with the recorded runs in place of yours" if seen.own else "",
)  # fmt: skip


def table(lm: LanguageModel, found: Made) -> Table:
    """A line for each position of each lesson: what is read there, what is asked, and what the open model loses."""
    sign, word = naming(lm, found.marks), lm.tokenizer.display
    names = (
        "objective",
        "position",
        "token of the text",
        "reads",
        "must say",
        "sees",
        "loss, nats",
        "loss, bits",
        "p",
    )
    lines: list[dict[str, Any]] = []
    for lesson in found.lessons:
        shown = lane(found, lesson, word, sign)
        name, sees = lesson.objective, lesson.sees.get("decoder", lesson.sees.get("self"))
        assert sees is not None  # one of the two is in every lesson
        for at, (one, read) in enumerate(zip(shown["answers"], shown["decoder"] or shown["reads"])):
            about = (name, at, one["row"], read["text"], one["text"], int(sees[at].sum()))
            lines.append(dict(zip(names, (*about, *_priced(one["loss"])))))
        if shown["decoder"]:
            lines += [
                dict.fromkeys(names)
                | {
                    "objective": f"{name}, encoder",
                    "position": at,
                    "token of the text": read["at"],
                    "reads": read["text"],
                }
                for at, read in enumerate(shown["reads"])
            ]
    return {name: [line[name] for line in lines] for name in names}


def _priced(loss: float | None) -> tuple[float | None, ...]:
    """A loss in nats, in bits, and the probability that it is the surprise of."""
    if loss is None:
        return None, None, None
    return float(f"{loss:.8g}"), float(f"{bits(loss):.8g}"), float(f"{math.exp(-loss):.8g}")


def cells(load: str, found: Made, rate: float, length: float, seed: int, answer: Answer) -> list[str]:
    """Cells that make the three examples again and assert every number of the picture.

    Args:
        load: the call that loads the model, as source.
    """
    ids = (*found.before, *found.sentence, *found.after)
    expected = [[one.objective, one.inputs, one.targets, one.decoder_inputs] for one in found.lessons]
    own = next(at for at, one in enumerate(found.lessons) if one.shape == found.shape)
    losses = ", ".join("math.nan" if np.isnan(nats) else f"{nats:.8g}" for nats in found.losses)
    return [
        f"""# %% One sentence as three training examples
import math
import numpy as np
from core.training.examples import lesson_losses, lessons, marks

lm = {load}
IDS = {list(ids)}
SENTENCE, BEFORE, AFTER = {list(found.sentence)}, {list(found.before)}, {list(found.after)}
DRAW = {{"rate": {rate!r}, "length": {length!r}, "seed": {seed}}}
assert IDS == [*BEFORE, *SENTENCE, *AFTER]
told = marks(lm)
three = lessons(SENTENCE, told.specials, before=BEFORE, after=AFTER, **DRAW)
for one, expected in zip(three, {expected!r}):
    assert [one.objective, one.inputs, one.targets, one.decoder_inputs] == expected
    print(one.objective, "for a", one.shape, "reads", one.inputs, "must say", one.targets)""",
        f"""# %% What this model loses in its own lesson
from core.training import objectives


def same(now, shown):
    np.testing.assert_allclose(now, shown, rtol=2e-3, atol=1e-3)


own = three[{own}]
losses = lesson_losses(lm, own)
same(losses, [{losses}])
same(np.nanmean(losses), {found.mean:.8g})
same(objectives.loss(lm.transformer, own.example).item(), np.nanmean(losses))  # what the trainer makes smaller""",
        f"""# %% The question: more tokens hidden, how many each example asks for
def asked(lessons):
    return [sum(scores and not mark for scores, mark in zip(one.scores, one.marks)) for one in lessons]


hiding = lessons(SENTENCE, told.specials, before=BEFORE, after=AFTER, **(DRAW | {{"rate": {more(rate)!r}}}))
print(asked(three), "->", asked(hiding))
assert asked(three) == {[answer.numbers[f"{name}_now"] for name in NAMES]}
assert asked(hiding) == {[answer.numbers[f"{name}_then"] for name in NAMES]}""",
    ]
