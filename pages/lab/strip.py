"""Measure the film strip: one head's map, a score and a sample at several moments of a training, on the learner's text.

The head is the one whose score rose most between the first moment and the last; `core.analysis.heads.patterns`
measures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from core.analysis.heads.patterns import SHARP, Job, head_maps, pattern_scores
from core.analysis.places import Kind
from core.language_model import LanguageModel
from core.messages import mark, noun, say
from core.text.tokenizer import Tokenizer
from core.training.text_loss import text_loss

FRAMES = 6  # moments that stand side by side
WRITES = 20  # characters of a sample
BROAD_COUNTS = 0.6
PIECES = 8  # tokens that hold as many, where a token is more than one
# What a head with a high score does, what is measured, the score's short name, and what it learns while it rises.
WORDS: dict[str, tuple[str, str, str, str]] = {
    "previous": (
        mark("{name} looks one {unit} back"),
        mark("attention on the previous {unit}"),
        mark("looks back"),
        mark("{name} learns to look one {unit} back"),
    ),
    "induction": (
        mark("{name} finds what came next last time"),
        mark("attention on what followed the same {unit}"),
        mark("finds"),
        mark("{name} learns to find what came next last time"),
    ),
    "same": (
        mark("{name} finds the same {unit}"),
        mark("attention on the same {unit} before"),
        mark("finds same"),
        mark("{name} learns to find the same {unit}"),
    ),
    "next": (
        mark("{name} looks one {unit} ahead"),
        mark("attention on the next {unit}"),
        mark("looks ahead"),
        mark("{name} learns to look one {unit} ahead"),
    ),
    "itself": (
        mark("{name} looks at the {unit} itself"),
        mark("attention on the {unit} itself"),
        mark("stays"),
        mark("{name} learns to look at the {unit} itself"),
    ),
    "recent": (
        mark("{name} looks at the last three {units}"),
        mark("attention on the three {units} before"),
        mark("recent"),
        mark("{name} learns to look at the last three {units}"),
    ),
    "first": (
        mark("{name} rests on the first {unit}"),
        mark("attention on the first {unit}"),
        mark("on first"),
        mark("{name} learns to rest on the first {unit}"),
    ),
    "last": (
        mark("{name} rests on the last {unit}"),
        mark("attention on the last {unit}"),
        mark("on last"),
        mark("{name} learns to rest on the last {unit}"),
    ),
}


@dataclass(frozen=True)
class Moment:
    """A model at one moment, on one text.

    Attributes:
        maps: (L, H, T, S).
        scores: job -> (L, H), the share of attention that falls on such pairs.
        sample: what it writes after the text, its first characters.
        loss: nats a token, of the text in the model's own objective.
    """

    maps: np.ndarray[Any, Any]
    scores: dict[Job, np.ndarray[Any, Any]]
    sample: str
    loss: float


@dataclass(frozen=True)
class Film:
    """Several moments of one model and the head that they are told by."""

    steps: tuple[int, ...]  # of training; (-1,) where the model keeps no moments
    moments: tuple[Moment, ...]
    job: Job
    block: int
    head: int

    @property
    def values(self) -> list[float]:
        """The head's score at each moment."""
        return [float(moment.scores[self.job][self.block, self.head]) for moment in self.moments]

    def map(self, at: int) -> np.ndarray[Any, Any]:
        """The head's map at one moment, (T, S)."""
        found: np.ndarray[Any, Any] = self.moments[at].maps[self.block, self.head]
        return found


def look(lm: LanguageModel, text: str, target: str | None, kind: Kind) -> Moment:
    """Maps, scores, sample and loss of a model on a text, as the cache takes it."""
    maps = head_maps(lm, text, attention=kind, target=target)
    scores = {
        job: score.weight for job, score in pattern_scores(maps).items() if score.weight is not None
    } or {"first": maps.maps[..., 0].mean(-1)}
    with torch.inference_mode():
        loss = float(text_loss(lm, text, target)(lm.transformer))
    return Moment(maps.maps, scores, sample(lm, text), loss)


def sample(lm: LanguageModel, text: str) -> str:
    """What the model writes next, greedily, about `WRITES` characters; of an encoder, its words for hidden tokens."""
    if lm.config.shape == "encoder":
        return _filled(lm, text)
    room = lm.config.n_ctx - len(lm.tokenizer.encode(text)) if lm.config.shape == "decoder" else WRITES
    written = ""
    if room > 0:
        more = min(WRITES if unit(lm) == "character" else PIECES, room)
        written = lm.generate(text, max_new_tokens=more, strategy="greedy").text
    return written[:WRITES]


def unit(lm: LanguageModel) -> str:
    """What a token of this model is called: "character" where each is one, else "token"."""
    return _unit(lm.tokenizer)


@lru_cache(maxsize=16)
def _unit(tokenizer: Tokenizer) -> str:
    special = tokenizer.special_ids
    usual = [id for id in range(len(tokenizer)) if id not in special]
    seen = usual[:: max(1, len(usual) // 400)]
    return "character" if all(len(tokenizer.display(id)) == 1 for id in seen) else "token"


def _filled(lm: LanguageModel, text: str) -> str:
    """The likeliest token of an encoder at each place of the text, also in its masks; other special tokens left out."""
    trace = lm.trace(text)
    best = trace.logits.argmax(-1).tolist()
    left_out = set(lm.special_ids) - {lm.config.mask_id}
    filled = [new for old, new in zip(trace.ids.tolist(), best) if old not in left_out]
    return "".join(lm.tokenizer.pieces(filled)).strip()[:WRITES]


def choose(steps: Sequence[int], keep: int, most: int = FRAMES) -> list[int]:
    """At most `most` of a run's moments: first, last, `keep`, and others evenly on a square-root scale."""
    steps = sorted(set(steps))
    if len(steps) <= most:
        return steps
    wanted = np.linspace(0, np.sqrt(steps[-1]), most) ** 2
    found = {steps[0], steps[-1]} | ({keep} & set(steps))
    for place in wanted[1:-1]:
        free = [step for step in steps if step not in found]
        if len(found) < most and free:
            found.add(min(free, key=lambda step: abs(np.sqrt(step) - np.sqrt(place))))
    return sorted(found)


def film(steps: Sequence[int], seen: Callable[[int], Moment]) -> Film:
    """The moments of `steps`, told by the head whose score rose most between the first and the last of them.

    Args:
        seen: the moment of a step.
    """
    moments = tuple(seen(step) for step in steps)
    first, last = moments[0], moments[-1]
    best: tuple[float, Job, int, int] | None = None
    for job, end in last.scores.items():
        rise = end - first.scores[job] if len(moments) > 1 else end
        rise = rise if job in SHARP else BROAD_COUNTS * rise  # one place says more than three
        block, head = np.unravel_index(int(np.nan_to_num(rise, nan=-1.0).argmax()), rise.shape)
        found = (float(rise[block, head]), job, int(block), int(head))
        if best is None or found[0] > best[0]:
            best = found
    assert best is not None
    return Film(tuple(steps), moments, best[1], best[2], best[3])


def words(made: Film, unit: str) -> tuple[str, str, str]:
    """Title of the strip, what is measured, and the score's short name."""
    does, measured, short, learns = WORDS[made.job]
    rose = len(made.moments) > 1 and made.values[-1] > made.values[0] + 0.1
    called = {
        "name": f"L{made.block}H{made.head}",
        "unit": noun(unit, True) or unit,
        "units": noun(unit, False) or f"{unit}s",
    }
    return say(learns if rose else does, **called), say(measured, **called), say(short)


def sides(lm: LanguageModel, text: str, target: str | None, kind: Kind) -> tuple[list[int], list[int]]:
    """The ids of a map's rows and of its columns."""
    batch = lm.batch(text, target)
    source, written = batch[0][0].tolist(), batch[-1][0].tolist()
    return (source if kind == "encoder" else written), (written if kind == "self" else source)
