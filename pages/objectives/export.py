"""Export the three examples: as a table, and as notebook cells that make them again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from app.controls.predict import Answer
from core.language_model import LanguageModel
from core.training.losses import bits
from pages.objectives.figure import Made, lane, naming
from pages.objectives.question import NAMES, more


def table(lm: LanguageModel, found: Made) -> dict[str, Sequence[Any]]:
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
