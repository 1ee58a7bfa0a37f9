"""The documents of a training run in shards, so that a run starts before all are ready and keeps only a few."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, cycle, islice
from typing import TYPE_CHECKING

from core.data import corpora, dial

if TYPE_CHECKING:  # imported here: a spec validates the names of corpora
    from core.training.spec import TrainSpec

WINDOW = 4  # shards that are read together
DOCUMENTS = 32  # in a shard of an endless corpus: about 30 KB of tales
TALES = 300  # whose lines are a shard under a dial: about 13 KB
BYTES = 64_000  # in a shard of a text that ends
ENTRIES = 128  # of a vocabulary for which one shard is read to learn them
_LONGEST = BYTES // 2  # a longer document is cut in pieces: they travel through the tokenizer one by one
_APART = 1_000_000  # between the seeds of two runs: an endless corpus counts up from its seed, one a document


class Shards:
    """The documents that a run learns from, shard by shard, and those held out.

    Unit u of a run reads `WINDOW` shards and shares most of them with the unit before: an endless corpus brings one new
    one a unit, a text that ends two, starting again at its end. So every document is read four times, or twice, before
    it goes: to write and cut a text takes long beside reading it, and as many times cost little (Muennighoff et al.
    2023). A short text is read whole by every unit.

    Args:
        own: the own text of a spec with corpus "own".

    Raises:
        ValueError: the own text is missing, is another one than the spec names, or cannot be read.
    """

    def __init__(self, spec: TrainSpec, own: str | bytes | None = None) -> None:
        self.spec = spec
        self._own = _own(spec, own) if spec.corpus == corpora.OWN_TEXT.name else ""
        self.endless = not self._own and corpora.describe(spec.corpus).endless
        self._shards = () if self.endless else _finite(spec.corpus, spec.seed, self._own)

    def window(self, unit: int) -> list[int]:
        """Return the shards that a unit of the run reads."""
        if self.endless:
            return list(range(unit, unit + WINDOW))
        if len(self._shards) <= WINDOW:
            return list(range(len(self._shards)))
        return [(2 * unit + n) % len(self._shards) for n in range(WINDOW)]

    def documents(self, shard: int) -> list[str]:
        """Generate the documents of a shard, with those of the practice corpus."""
        return self._documents(shard, self.spec.dial, self.spec.remedy)

    def _documents(self, shard: int, turned: dial.Dial, remedy: dial.Remedy) -> list[str]:
        spec = self.spec
        if self.endless:
            if turned:
                found = list(_dialled_lines(turned, spec.seed * _APART + shard * TALES, remedy, TALES))
            else:
                found = list(_told(spec.corpus, spec.seed * _APART + shard * DOCUMENTS, DOCUMENTS))
        else:
            found = list(self._shards[shard])
        extra = round(len(found) * spec.practice_share) if spec.practice else 0
        if extra:
            found += _practice(spec.practice or "", spec.seed, shard * extra, extra)
            random.Random(spec.seed * _APART + shard).shuffle(found)
        return found

    def sample(self) -> list[str]:
        """Return the text to learn a tokenizer from.

        The documents that the run reads first, more for a large vocabulary.

        Under a dial those of the same world with every share at one half, so that the vocabulary hangs on no dose.
        """
        count = max(WINDOW, -(-self.spec.vocab_size // ENTRIES))
        shards = range(count if self.endless else min(count, len(self._shards)))
        half = dial.at_half(self.spec.dial)
        return [document for shard in shards for document in self._documents(shard, half, "none")]

    def everything(self) -> list[str]:
        """Return all documents of a finite text; the sample of an endless one."""
        return self.sample() if self.endless else [each for shard in self._shards for each in shard]

    def held_out(self) -> Iterator[str]:
        """Return the held-out documents, always in the same order."""
        if self._own:
            return iter(corpora.own_text(self._own, "held_out"))
        if self.spec.dial:
            return chain.from_iterable(
                dial.told(dial.at_half(self.spec.dial), self.spec.seed, split="held_out")
            )
        return corpora.corpus(self.spec.corpus, seed=self.spec.seed, split="held_out")


def _own(spec: TrainSpec, own: str | bytes | None) -> str:
    if own is None:
        raise ValueError('corpus="own" is trained on a text: give it as text=')
    text = corpora.check_text(own)
    if corpora.fingerprint(text) != spec.text:
        raise ValueError("this is another text than the spec names: its fingerprint differs")
    return text


@lru_cache(maxsize=128)
def _told(corpus: str, seed: int, count: int) -> tuple[str, ...]:
    """Generate documents, cached, as most runs have the same seed."""
    return tuple(islice(corpora.corpus(corpus, seed=seed), count))


@lru_cache(maxsize=128)
def _dialled_lines(turned: dial.Dial, seed: int, remedy: dial.Remedy, count: int) -> tuple[str, ...]:
    """Generate the lines of tales under a dial, cached, as runs of one seed share the text of their tokenizer."""
    return tuple(line for tale in islice(dial.told(turned, seed, remedy), count) for line in tale)


@lru_cache(maxsize=2)
def _finite(corpus: str, seed: int, own: str) -> tuple[tuple[str, ...], ...]:
    """Shuffle all documents by the seed, in shards of about `BYTES` characters."""
    documents = corpora.own_text(own) if own else list(corpora.corpus(corpus))
    pieces = [piece for document in documents for piece in _pieces(document)]
    random.Random(seed).shuffle(pieces)
    shards: list[tuple[str, ...]] = []
    shard: list[str] = []
    size = 0
    for piece in pieces:
        shard.append(piece)
        size += len(piece)
        if size >= BYTES:
            shards.append(tuple(shard))
            shard, size = [], 0
    if shard:
        shards.append(tuple(shard))
    return tuple(shards)


def _pieces(document: str) -> Iterator[str]:
    """Cut a long document into pieces, after a line end where there is one, or a space."""
    at = 0
    while len(document) - at > _LONGEST:
        half, end = at + _LONGEST // 2, at + _LONGEST
        cut = document.rfind("\n", half, end) + 1 or document.rfind(" ", half, end) + 1 or end
        yield document[at:cut]
        at = cut
    yield document[at:]


def _practice(corpus: str, seed: int, first: int, count: int) -> list[str]:
    if corpora.describe(corpus).endless:
        return list(_told(corpus, seed * _APART + first, count))
    documents = list(corpora.corpus(corpus))
    return list(islice(cycle(documents), first % len(documents), first % len(documents) + count))
