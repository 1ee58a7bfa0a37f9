"""The search for a copying circuit: a sequence of measurements, each on the model as it is now.

1. Does the second saying of a list cost less?  2. Which head looks back to the answer?  3. By content or by place?
4. Which earlier part tells it where to look, and what does that part read?  5. What does the looking head hand on?
6. What is lost without them, and without as many others?  7. How many heads are enough, all others off?

Whether there is such a circuit is an answer, not an assumption: `Walk.findings` says at each step what was found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from core.analysis.heads.null_distributions import null_of
from core.analysis.patching.circuit import (
    Head,
    Writer,
    every_head,
    first_loss,
    hands_on,
    looks,
    loss_by_place,
    loss_of,
    patterns,
    reads,
    says_the_other,
    writers,
)
from core.analysis.patching.circuit_texts import MATERIALS, TEXTS, TOKENS, Material, Said, said_twice
from core.analysis.seeds import interval
from core.messages import later, mark
from core.verdict_rule import Rule, percent

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
NAMED_FROM = 0.3  # of its attention: minimum share for a head that looks back
CUT = 0.75  # maximum share of that attention left without a component, for it to count as the writer
NEEDED = (
    0.1  # of the gain must depend on a head for it to count as needed, and more than with 9 of 10 random sets
)
ENOUGH = 0.8  # of the gain that a small set of heads must reach
OTHERS = 12  # random sets of other heads
POINTS = 16  # points of the curve of kept heads
DRAWS = 100  # random draws for the line of chance


@dataclass(frozen=True, kw_only=True)
class Walk:
    """All measurements of the search. Losses are means over the target tokens of each text, in nats: (B,).

    worth_of: `worth` by material; material: the one used from here on, with the largest worth; one without a gain over
    another list only if there is no other.
    places: (T - 1,) loss of each next token, () for an encoder.   plain, first, control: (B,) of the second saying, of
    the first, and of the second after another list; other: how often it then says that list's item.
    look: (L, H) to the answer's place; line: the largest attention of any head to other items' places by chance.
    reader: the head that looks back most; content, place: what it gives, as the second saying begins in the middle, to
    the answer by content and to that by place.
    parts: of `writers`; writer: the head among them without which least is left; read, even: of `reads`.
    copies: of `hands_on`.   items: of a list.
    off: (B,) losses with the reader, the writer, both, every head that looks back; others: (OTHERS, B) with as many
    other heads as both.   alone: (L, H) mean loss without each head.   kept: k and mean loss with only the k heads that
    are missed most; by_lot: (OTHERS,) with as many heads by lot as `enough`.
    """

    material: Material
    worth_of: Mapping[str, float]
    period: int
    items: int
    places: Array
    plain: Array
    first: Array
    control: Array
    other: float
    look: Array
    line: float
    reader: Head | None
    content: float
    place: float
    parts: tuple[Writer, ...]
    writer: Writer | None
    read: Array
    even: Array
    copies: float | None
    off: Mapping[str, Array]
    others: Array
    alone: Array
    kept: tuple[tuple[int, float], ...]
    enough: int | None
    by_lot: Array

    def gain(self, losses: Array | float) -> float:
        """Compute the remaining share of the repetition's benefit.

        1 for the whole model, 0 for the first saying's loss.

        Below 0: worse than that, as of a model that predicts the wrong item with confidence.
        """
        worth = float(np.mean(self.first) - np.mean(self.plain))
        return float((np.mean(self.first) - np.mean(losses)) / worth) if abs(worth) > 1e-9 else 0.0

    @property
    def worth(self) -> tuple[float, float, float]:
        """Nats per token by which the second saying is cheaper than the first, with a 95 % interval (see
        `mean_interval`)."""
        return mean_interval(self.first - self.plain)

    @property
    def readers(self) -> tuple[Head, ...]:
        """Every head that looks back: above the line and at least `NAMED_FROM`."""
        return _above(self.look, self.line)

    @property
    def before(self) -> float:
        """The reader's attention to the source in the clean pass."""
        return 0.0 if self.reader is None else float(self.look[self.reader])

    @property
    def findings(self) -> dict[str, bool]:
        """The result of each step. "content" alone is no finding: False means by position, where "way" is True."""
        found = self.reader is not None and self.reader in self.readers
        # Cheaper than the first saying, and not only because something precedes it: another list does not have this
        # effect.
        gains = self.worth[1] > 0 and mean_interval(self.control - self.plain)[1] > 0
        return {
            "gains": gains,
            "looks": gains and found,
            "way": gains and found and max(self.content, self.place) >= self.before / 2,
            "content": self.content > self.place,
            "told": gains and found and self.writer is not None and self.writer.least < CUT * self.before,
            "copies": gains and self.copies is not None and self.copies > 2 / self.items,
            "reader needed": gains and self._needed("reader"),
            "writer needed": gains and self._needed("writer"),
            "enough": gains and self.enough is not None and self.enough <= max(2, self.look.size // 2),
        }

    def _needed(self, name: str) -> bool:
        lost = 1 - self.gain(self.off[name]) if name in self.off else 0.0
        usual = [1 - self.gain(one) for one in self.others]
        return lost > NEEDED and lost > (float(np.quantile(usual, 0.9)) if usual else 0.0)

    @property
    def found(self) -> bool:
        """Whether the model has a copying circuit: a head that looks back, a writer for it, and a loss without both."""
        return all(self.findings[name] for name in ("gains", "looks", "way", "told", "reader needed"))


def mean_interval(each: Array) -> tuple[float, float, float]:
    """Compute the mean over the texts, and the 95 % interval of the mean (Student's t).

    A percentile bootstrap over eight texts would cover 89 %.
    """
    found = interval(each.tolist(), -math.inf, math.inf)
    return found.mean, found.low, found.high


def walk(lm: LanguageModel, *, seed: int = 0) -> Walk:
    """Run every measurement at once.

    Raises:
        ValueError: as `said_twice`.
    """
    return collect(dict(steps(lm, seed=seed)))


def collect(done: Mapping[str, Any]) -> Walk:
    """Assemble the `Walk` from all that `steps` yielded."""
    heads, shape = done["heads"], done["look"]["look"].shape
    alone = np.array([done[f"alone {head}"] for head in heads]).reshape(shape)
    kept = tuple((int(k), done[f"kept {k}"]) for k in done["ks"])
    off = {name.removeprefix("off "): found for name, found in done.items() if name.startswith("off ")}
    return Walk(
        **done["said"], **done["look"], **done["told"], copies=done["copies"], off=off, others=done["others"],
        alone=alone, kept=kept, enough=done["enough"], by_lot=done["by lot"],
    )  # fmt: skip


def count(lm: LanguageModel) -> int:
    """Return the maximum number of results of `steps`."""
    many = len(every_head(lm))
    return 13 + many + min(many, POINTS) + 1


def steps(
    lm: LanguageModel, *, seed: int = 0, known: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, Any]]:
    """Yield the measurements one by one, by name, for a page that shows progress or stops; see `collect`.

    Args:
        known: measurements that were taken already: they are skipped.
    """
    there = known or {}
    yield from ((name, found) for name, found in _steps(lm, seed, there) if name not in there)


def _steps(lm: LanguageModel, seed: int, known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield all measurements; the slowest, each head ablated alone, is taken from `known` where available."""
    heads = every_head(lm)
    yield "heads", heads
    said, about = _said(lm, seed)
    yield "said", about
    back = _looking(lm, said, heads, seed)
    yield "look", back
    reader: Head | None = back["reader"]
    parts = writers(lm, said, reader) if reader is not None else ()
    writer = min((one for one in parts if one.head is not None), key=lambda one: one.least, default=None)
    read, even = reads(lm, said, writer) if writer is not None else (np.zeros(0), np.zeros(0))
    yield "told", {"parts": parts, "writer": writer, "read": read, "even": even}
    yield "copies", hands_on(lm, said, reader) if reader is not None else None
    told = None if writer is None or writer.head is None else (writer.layer, writer.head)
    both = [head for head in (reader, told) if head is not None]
    sets = {
        "reader": both[:1],
        "writer": both[1:],
        "both": both,
        "every": list(_above(back["look"], back["line"])),
    }
    for name, off in sets.items():
        if off:
            yield f"off {name}", loss_of(lm, said, off)
    draw = np.random.default_rng(seed)
    yield "others", _by_lot(lm, said, [head for head in heads if head not in both], len(both), draw)
    alone = []
    for head in heads:
        name = f"alone {head}"
        alone.append(known[name] if name in known else float(loss_of(lm, said, [head]).mean()))
        yield name, alone[-1]
    ends = float(about["plain"].mean()), float(about["first"].mean())
    yield from _kept(lm, said, heads, alone, ends, draw)


def _said(lm: LanguageModel, seed: int) -> tuple[Said, dict[str, Any]]:
    """Choose the material with the largest benefit of repetition, and return its losses.

    Raises:
        ValueError: of `said_twice`, if no material fits.
    """
    tried: dict[Material, tuple[Said, Array, Array, Array]] = {}
    why: ValueError | None = None
    for material in MATERIALS:
        try:
            said = said_twice(lm, material, seed=seed)
        except ValueError as reason:
            why = why or reason
            continue
        tried[material] = said, loss_of(lm, said), first_loss(lm, said), loss_of(lm, said, control=True)
    if not tried:
        assert why is not None
        raise why
    worth: dict[str, float] = {
        name: float((first - plain).mean()) for name, (_, plain, first, _) in tried.items()
    }
    best = max(tried, key=lambda name: (tried[name][3].mean() > tried[name][1].mean(), worth[name]))
    said, plain, first, control = tried[best]
    return said, {
        "material": best, "worth_of": worth, "period": said.period, "items": said.items.shape[1],
        "places": loss_by_place(lm, said), "plain": plain, "first": first, "control": control,
        "other": says_the_other(lm, said),
    }  # fmt: skip


def _looking(lm: LanguageModel, said: Said, heads: Sequence[Head], seed: int) -> dict[str, Any]:
    """Measure which heads look back, above what line, and by content or by position."""
    empty = {
        "look": np.zeros((0, lm.config.n_heads)),
        "line": 0.0,
        "reader": None,
        "content": 0.0,
        "place": 0.0,
    }
    if not heads:
        return empty
    maps = patterns(lm, said.sides)
    look = looks(maps, said.asked, said.columns).mean(0)
    reader = heads[int(look.argmax())]
    turned = patterns(lm, said.turned)
    ways = [
        float(looks(turned, *zip(*pairs, strict=True)).mean(0)[reader]) if pairs else 0.0
        for pairs in (said.by_content, said.by_place)
    ]
    line = look_line(maps, said, seed)
    return {"look": look, "line": line, "reader": reader, "content": ways[0], "place": ways[1]}


def look_line(maps: Sequence[Tensor], said: Said, seed: int = 0) -> float:
    """Compute the largest mean attention of any head to places of other items than the answers, exceeded in 1 of 20
    draws.

    In each draw every asked row gets the column of another row's answer.
    """
    draw = np.random.default_rng(seed)
    columns = np.array(said.columns)
    size = len(columns)
    if size < 2:
        return 0.0
    found = []
    for _ in range(DRAWS):
        shift = draw.integers(1, size, size)  # no row keeps its own column
        found.append(looks(maps, said.asked, columns[(np.arange(size) + shift) % size].tolist()).mean(0))
    return null_of(np.stack(found), "the places of other items").line


def _above(look: Array, line: float) -> tuple[Head, ...]:
    found = np.argwhere((look > line) & (look >= NAMED_FROM))
    return tuple((int(layer), int(head)) for layer, head in found)


def _kept(
    lm: LanguageModel, said: Said, heads: list[Head], alone: list[float], ends: tuple[float, float],
    draw: np.random.Generator,
) -> Iterator[tuple[str, Any]]:  # fmt: skip
    """Ablate all but the k most important heads, for growing k, and all but as many random ones."""
    order = [heads[at] for at in np.argsort(-np.array(alone), kind="stable")]
    ks = np.unique(np.linspace(0, len(heads), min(len(heads), POINTS) + 1).round().astype(int)).tolist()
    yield "ks", ks
    plain, first = ends
    enough = None
    for k in ks:
        loss = float(loss_of(lm, said, order[k:]).mean())
        if enough is None and first > plain and (first - loss) / (first - plain) >= ENOUGH:
            enough = k
        yield f"kept {k}", loss
    yield "enough", enough
    yield "by lot", _by_lot(lm, said, heads, len(heads) - (enough or 0), draw).mean(-1)


def _by_lot(lm: LanguageModel, said: Said, among: list[Head], size: int, draw: np.random.Generator) -> Array:
    """Compute the losses without `size` heads drawn among these: (sets, B); empty if there are not so many."""
    if not size or len(among) < size:
        return np.zeros((0, len(said.wanted)))
    drawn = [
        [among[at] for at in draw.choice(len(among), size, replace=False)]
        for _ in range(OTHERS if size < len(among) else 1)
    ]
    return np.stack([loss_of(lm, said, off) for off in drawn])


LOOKS_BACK = Rule(
    mark("A head: “looks back”"),
    mark(
        "The share of its attention that goes to what followed the same token before. Chance: the largest "
        "share that any head gives to the places of other items."
    ),
    later(
        "{share} or more of its attention, and above what the luckiest of all heads gives by chance in "
        "19 of 20 draws.",
        share=f"{NAMED_FROM:g}",
    ),
    later(
        "Lists of {tokens} random tokens said twice, {texts} of them; {draws} draws of the line.",
        tokens=TOKENS,
        texts=TEXTS,
        draws=DRAWS,
    ),
    mark("For all heads of the model at once, as the line is that of the luckiest."),
    mark("Olsson et al. 2022; Westfall & Young 1993 (greatest of all in each draw)"),
    look_line,
)
RULE = Rule(
    mark("The circuit: each step’s “found” or “not found”"),
    mark(
        "The share of the gain from the repetition that is left without a head; and of the head’s attention, "
        "without what an earlier head wrote."
    ),
    later(
        "Gain: the 95 % interval of the second saying’s gain (Student’s t over lists) lies above "
        "0, against the first saying and against another list. Needed: more than {needed} of the gain is "
        "lost, and more than without 9 of 10 random sets of as many heads. Told by an earlier head: less "
        "than {cut} of the attention is left. Enough: the kept heads reach {enough} of the gain.",
        needed=percent(NEEDED),
        cut=percent(CUT),
        enough=percent(ENOUGH),
    ),
    later(
        "{texts} lists of {tokens} random tokens said twice; {others} random sets of heads.",
        texts=TEXTS,
        tokens=TOKENS,
        others=OTHERS,
    ),
    mark("None over the steps: a circuit is called found only where all of its steps are."),
    "Wang et al. 2023; Olsson et al. 2022",
    walk,
)
