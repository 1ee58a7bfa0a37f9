"""Three classic findings, measured on the open model: induction heads, indirect object heads, fact retrieval.

induction heads        in a list said twice, heads that look back to what followed before    (Olsson et al. 2022)
an indirect object     whom "When Mary and John went to the shop, John gave a drink to" goes
                       on with, by heads put in from the clean pass                           (Wang et al. 2022)
a fact                 "The capital of France is": at which depth the last token has heard
                       of France, and by which head                      (Meng et al. 2022; Geva et al. 2023)

Heads are found on the first text of a kind and tested on the others, since a finding on one text says little. A text is
used only if the model answers it, and its counterpart, correctly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.analysis.patching.circuit import looks, patterns
from core.analysis.patching.circuit_texts import said_twice
from core.analysis.patching.circuit_walk import NAMED_FROM, look_line
from core.analysis.patching.patches import Patching, Spot
from core.analysis.patching.text_pairs import text_pair

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
Head = tuple[int, int]
Kind = Literal["object", "fact"]
NAMED = 3  # heads that are reported
_PEOPLE = (
    ("Mary", "John", "shop", "drink"), ("Tom", "Anna", "park", "ball"), ("Sarah", "David", "school", "book"),
    ("Peter", "Emma", "office", "letter"), ("Alice", "Robert", "garden", "flower"),
    ("Lisa", "Mark", "station", "ticket"),
)  # fmt: skip
_CAPITALS = (
    ("France", "Paris", "Italy", "Rome"), ("Japan", "Tokyo", "Egypt", "Cairo"),
    ("Spain", "Madrid", "Greece", "Athens"), ("Russia", "Moscow", "China", "Beijing"),
    ("Germany", "Berlin", "France", "Paris"), ("Italy", "Rome", "Japan", "Tokyo"),
)  # fmt: skip


@dataclass(frozen=True)
class Twins:
    """A clean and a corrupted text that differ in one word, with the continuation of each."""

    clean: str
    corrupted: str
    answer: str
    other: str


def _object(one: str, two: str, place: str, thing: str) -> Twins:
    begin, end = f"When {one} and {two} went to the {place},", f"gave a {thing} to"
    return Twins(f"{begin} {two} {end}", f"{begin} {one} {end}", one, two)


TEXTS: dict[Kind, tuple[Twins, ...]] = {
    "object": tuple(_object(*one) for one in _PEOPLE),
    "fact": tuple(
        Twins(f"The capital of {land} is", f"The capital of {other} is", city, there)
        for land, city, other, there in _CAPITALS
    ),
}


@dataclass(frozen=True)
class Induction:
    """look: (L, H) each head's attention to the token after an earlier copy.

    line: its value by chance (`look_line`).
    """

    look: Array
    line: float

    @property
    def heads(self) -> tuple[Head, ...]:
        """The heads above the line and at least `NAMED_FROM`, the largest value first."""
        above = np.argwhere((self.look > self.line) & (self.look >= NAMED_FROM)).tolist()
        found = [(int(layer), int(head)) for layer, head in above]
        return tuple(sorted(found, key=lambda head: -self.look[head]))


@dataclass(frozen=True)
class Carried:
    """Which components carry an answer, found on the first text answered correctly. Shares are of the logit difference.

    clean, corrupted: that difference in both texts. heads: (L, H) the share that each head restores alone.
    subject, last: (L,) what the stream entering each block brings back at the word that differs, and at the last token.
    checked: for each other text that is answered rightly, what the strongest head brings back there. asked: texts.
    """

    twins: Twins
    clean: float
    corrupted: float
    heads: Array
    subject: Array
    last: Array
    checked: tuple[float, ...]
    asked: int

    @property
    def best(self) -> tuple[Head, ...]:
        """The heads that restore most, the largest share first."""
        return first(-self.heads)

    @property
    def worst(self) -> Head:
        """The head with the smallest share: where below 0, it works against the answer."""
        return first(self.heads)[0]

    @property
    def moved(self) -> int | None:
        """The block by which the last token has the information: after it more than half is restored there.

        None: no block.
        """
        found = np.flatnonzero(self.last > 0.5)
        return int(found[0]) - 1 if len(found) and found[0] else None


def first(values: Array) -> tuple[Head, ...]:
    """Return the `NAMED` heads with the smallest values."""
    order = np.argsort(values, axis=None, kind="stable")[:NAMED]
    return tuple((int(at) // values.shape[1], int(at) % values.shape[1]) for at in order)


@dataclass(frozen=True)
class Finds:
    """All measurements; an answer that the model got right on no text is missing."""

    induction: Induction
    carried: dict[Kind, Carried]


def knows(lm: LanguageModel) -> bool:
    """Return whether a model can be tested: it continues texts, and every name, country and city is one token."""
    if lm.config.shape != "decoder" or lm.config.head != "lm" or not lm.config.n_layers:
        return False
    words = {word for twins in TEXTS.values() for one in twins for word in (one.answer, one.other)}
    words |= {land for one in _CAPITALS for land in (one[0], one[2])}
    return all(len(lm.tokenizer.encode(f" {word}", add_special_tokens=False)) == 1 for word in words)


def count(lm: LanguageModel) -> int:
    """Return the number of results of `steps`."""
    return 1 + len(TEXTS) * (1 + lm.config.n_layers)


def steps(lm: LanguageModel, done: Sequence[tuple[str, Any]] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the measurements by name, one by one; `collect` assembles them.

    Args:
        done: the results so far, in their order; what is left is measured.
    """
    have = dict(done)
    if "induction" not in have:
        said = said_twice(lm)
        maps = patterns(lm, said.sides)
        yield "induction", Induction(looks(maps, said.asked, said.columns).mean(0), look_line(maps, said))
    for kind, texts in TEXTS.items():
        right = [one for one in texts if _answers(lm, one)]
        found = _patching(lm, right[0]) if right else None
        lines: list[tuple[Array, float, float]] = []
        for layer in range(lm.config.n_layers):
            name = f"{kind} {layer}"
            if name not in have:
                have[name] = None if found is None else _block(found, layer)
                yield name, have[name]
            lines += [] if have[name] is None else [have[name]]
        if kind not in have:
            yield kind, None if found is None else _carried(lm, found, right, lines, len(texts))


def collect(results: Sequence[tuple[str, Any]]) -> Finds:
    """Collect the results of `steps` into the finds."""
    found = dict(results)
    return Finds(found["induction"], {kind: found[kind] for kind in TEXTS if found[kind] is not None})


def _token(lm: LanguageModel, word: str) -> int:
    return lm.tokenizer.encode(f" {word}", add_special_tokens=False)[0]


def _answers(lm: LanguageModel, one: Twins) -> bool:
    """Return whether the model continues both texts correctly."""
    return all(
        int(lm.trace(text).logits[-1].argmax()) == _token(lm, word)
        for text, word in ((one.clean, one.answer), (one.corrupted, one.other))
    )


def _patching(lm: LanguageModel, one: Twins) -> Patching:
    pair = text_pair(lm, one.clean, one.corrupted, row=len(lm.encode(one.clean)) - 1)
    return Patching.of(lm, pair, _token(lm, one.answer), _token(lm, one.other))


def _block(found: Patching, layer: int) -> tuple[Array, float, float]:
    """Patch one block: each head, the stream where the texts differ, and the stream at the last token."""
    stream = found.by_place("stream", layer)
    return found.by_head(layer), float(stream[found.first]), float(stream[found.pair.row])


def _carried(
    lm: LanguageModel, found: Patching, right: Sequence[Twins], lines: Sequence[Any], asked: int
) -> Carried:
    heads, subject, last = (np.array(part) for part in zip(*lines))
    layer, head = first(-heads)[0]
    checked = tuple(_patching(lm, one).together([Spot(layer, head=head)]) for one in right[1:])
    return Carried(right[0], found.clean, found.corrupted, heads, subject, last, checked, asked)
