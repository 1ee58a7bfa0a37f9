"""What the Objectives page gives away: the three examples as a table, and notebook cells that make them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.components.objectives import Made, naming
from app.components.objectives.question import backwards
from app.predict import Answer
from core.language_model import LanguageModel
from core.training.loss import UNSCORED


def table(lm: LanguageModel, found: Made) -> dict[str, Sequence[Any]]:
    """A line for each position of each lesson: what is read there, what is asked, and what the open model loses."""
    word = naming(lm, found.marks)
    lines: list[dict[str, Any]] = []
    for lesson in found.lessons:
        decoder = lesson.decoder_inputs
        own = lesson.shape == found.shape
        aligned = not decoder
        for at, (id, row) in enumerate(zip(lesson.targets, lesson.answers)):
            loss = found.losses[at] if own else np.nan
            lines.append(
                {
                    "objective": lesson.objective,
                    "position": at,
                    "token of the text": row,
                    "reads": word(lesson.inputs[at] if aligned else decoder[at]),
                    "must say": "" if id == UNSCORED else word(id),
                    "sees": int(lesson.sees["self" if aligned else "decoder"][at].sum()),
                    "loss, nats": None if np.isnan(loss) else float(f"{loss:.8g}"),
                    "p": None if np.isnan(loss) else float(f"{np.exp(-loss):.8g}"),
                    "loss, bits": None if np.isnan(loss) else float(f"{loss / np.log(2):.8g}"),
                }
            )
        if decoder:
            lines += [
                dict.fromkeys(lines[0])
                | {
                    "objective": "span_corruption, encoder",
                    "position": at,
                    "token of the text": row,
                    "reads": word(id),
                }
                for at, (id, row) in enumerate(zip(lesson.inputs, lesson.reads))
            ]
    return {name: [line[name] for line in lines] for name in lines[0]}


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
        f"""# %% The question: the tokens in reverse order
REVERSED = {list(backwards(found))}
assert REVERSED == [*BEFORE, *SENTENCE[::-1], *AFTER]
turned = lessons(SENTENCE[::-1], told.specials, before=BEFORE, after=AFTER, **DRAW)[{own}]
before, after = np.nanmean(losses), np.nanmean(lesson_losses(lm, turned))
print("mean loss", before, "->", after, "guessing", math.log(lm.config.d_vocab))
same([before, after], [{answer.numbers["before"]:.5g}, {answer.numbers["after"]:.5g}])""",
    ]
