"""Unigram learning: begin with a large seed vocabulary, and prune the pieces whose loss is smallest.

Kudo 2018, section 3.2: seed pieces are the repeated substrings; then, round by round, their probabilities are
fitted by expectation-maximization, and the pieces whose absence would lower the likelihood least are dropped. Single
letters stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.messages import say
from core.text.columns import Whole, narrow
from core.text.entries import Entries
from core.text.lattices import Floats, Integers, Lattices
from core.text.pieces import UNKNOWN
from core.text.pretokens import LETTER_OF, count
from core.text.substrings import Substrings
from core.text.unigram import Unigram

LONGEST = 16  # maximum letters of a piece, as in SentencePiece
MOST_LETTERS = 250_000  # maximum letters of distinct words to learn from, the most frequent first
STRETCH = 100  # longer words (lines, without pre-tokenization) are learned from in segments
SEEDS, KEEP, EM_STEPS = (
    10,
    0.75,
    2,
)  # seed pieces per wanted entry; share kept per round; EM steps per round
SHOWN = 12  # pieces recorded per round
# what is learned beside pieces and rounds, and what was asked for
_ABOUT = ("size", "pretokens", "n_words", "left_out", "alphabet", "seeds", "repeated")
# of a vocabulary's pieces, their places among the seeds, sorted, and their log-probabilities
Stage = tuple[Whole, Floats]


@dataclass(frozen=True)
class Loss:
    """The loss of pruning a piece: its uses, the segmentation that replaces it, and the cost.

    `count`: expected uses in the corpus. `loss`: how much the log-likelihood of the corpus would fall, in nats.
    """

    entry: str
    count: float
    alternative: tuple[str, ...]
    loss: float


@dataclass(frozen=True)
class Round:
    """One round: the pieces before, the likelihood, the pruned pieces and their loss.

    `number` of `of`, from 0. `before`, `after`: pieces. `log_likelihoods`: of the corpus in nats, at the start of each
    step of expectation-maximization and after the last one. `cheapest`: of those that went, the first to go; `dearest`
    the last that had to; `kept`: of those that stayed, the ones that would cost the most.
    """

    number: int
    of: int
    before: int
    after: int
    log_likelihoods: tuple[float, ...]
    cheapest: tuple[Loss, ...]
    dearest: tuple[Loss, ...]
    kept: tuple[Loss, ...]


class UnigramLearning:
    """A unigram vocabulary learned from a corpus, one round at a time: iterate to learn.

    Args:
        corpus: a text, or documents.
        size: entries wanted, `[UNK]` (id 0) among them. All single letters stay, so there may be more; `note` says so.
        pretokens: a name in `pretokens.PRETOKENS`.

    Attributes:
        repeated: the number of letters and of repeated substrings of at most `LONGEST` letters, from which the seeds
            are chosen. seeds: their number.

    Raises:
        ValueError: no such pre-tokenization, or a size below 1.
    """

    def __init__(self, corpus: str | Iterable[str], size: int, pretokens: str = "spaces") -> None:
        if size < 1:
            raise ValueError(f"a vocabulary of {size} entries cannot hold {UNKNOWN}: 1 or more")
        self.size, self.pretokens = size, pretokens
        words = count(corpus, pretokens)
        self.n_words = len(words)
        self._words, self.left_out = _enough(words)
        letters = sorted(set("".join(words)) | (set(LETTER_OF.values()) if pretokens == "bytes" else set()))
        self.alphabet = len(letters)
        self._corpus = Substrings(self._words, letters, LONGEST)
        self._alive = self._corpus.seeds(max(SEEDS * size, self.alphabet))  # ids of the pieces that are left
        self.seeds = len(self._alive)
        self._log_prob = np.full(len(self._corpus.length), -np.inf)
        self._log_prob[self._alive] = _log_shares(self._corpus.count[self._alive])
        self.rounds: list[Round] = []
        self.repeated = len(self._corpus.length)
        # the seeds, then the result of each round
        self._stages: list[Stage] = [(self._alive, self._log_prob[self._alive])]
        # in place of the above where nothing more is learned
        self._table: tuple[Entries, list[Stage]] | None = None

    @property
    def wanted(self) -> int:
        """The number of pieces at the end: the size without `[UNK]`, but never fewer than the single letters."""
        return max(self.size - 1, self.alphabet)

    @property
    def of(self) -> int:
        """The total of rounds: those that prune, and the last one, which only fits the probabilities."""
        rounds, n = 1, self.seeds
        while n > self.wanted:
            n, rounds = self._next(n), rounds + 1
        return rounds

    @property
    def done(self) -> bool:
        """Whether the last round is over."""
        return len(self.rounds) == self.of

    @property
    def crowded(self) -> bool:
        """Whether the size is too small for the single letters and `[UNK]`, which always stay."""
        return self.size - 1 < self.alphabet

    @property
    def ended(self) -> bool:
        """Whether the corpus has too few repeated substrings for the size."""
        return self.n_words > 0 and not self.crowded and self.seeds < self.wanted

    @property
    def note(self) -> str:
        """A note for the learner about this corpus and size, or ""."""
        if not self.n_words:
            return say(
                "Cut this way, the corpus holds no word to learn from: the vocabulary is what it began with."
            )
        if self.crowded:
            return (
                f"{self.size} entries cannot hold the {self.alphabet} single letters, which always stay: "
                "no other piece is kept. Ask for more."
            )
        if self.ended:
            return (
                f"Nothing else stands in the corpus twice: the vocabulary ends at {self.seeds + 1} entries."
            )
        if self.left_out:
            return (
                f"Learned from the most frequent words; {self.left_out:,} rarer ones are left out for speed."
            )
        return ""

    def __iter__(self) -> Iterator[Round]:
        """Learn one round after the other, from the present state."""
        while not self.done:
            yield self._round()

    def run(self) -> UnigramLearning:
        """Learn to the end; return itself."""
        for _ in self:
            pass
        return self

    def tokenizer(self, upto: int | None = None) -> Unigram:
        """Build the tokenizer at the end of round `upto` (of the last one so far if None; -1: the seeds)."""
        at = len(self.rounds) if upto is None else upto + 1
        if self._table is not None:
            entries, (alive, log_prob) = self._table[0], self._table[1][at]
            entry = entries.entry
        else:
            (alive, log_prob), entry = self._stages[at], self._corpus.entry
        order = np.lexsort((alive, -log_prob))
        vocabulary = [UNKNOWN, *map(entry, alive[order].tolist())]
        return Unigram(vocabulary, [0.0, *log_prob[order].tolist()], self.pretokens)

    def table(self) -> tuple[Entries, list[Stage]]:
        """Return all seeds, and for the seeds and each round so far the pieces that were left."""
        if self._table is not None:
            return self._table
        seeds = self._stages[0][0]
        entries = Entries.of([self._corpus.entry(piece) for piece in seeds.tolist()])
        return entries, [
            (narrow(np.searchsorted(seeds, alive)), log_prob) for alive, log_prob in self._stages
        ]

    def settle(self) -> UnigramLearning:
        """Drop what only further rounds need, where learning is complete; return itself. All else works as before."""
        if self.done:
            self._keep(self.table())
        return self

    def _keep(self, table: tuple[Entries, list[Stage]]) -> None:
        self._table, self._stages, self._words = table, [], {}
        self._corpus = Substrings({}, (), LONGEST)
        self._alive, self._log_prob = np.empty(0, np.int64), np.empty(0, np.float64)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what was learned so far for `restore`: what JSON can hold, and arrays by name."""
        entries, stages = self.table()
        text, ends, order = entries.parts
        about = {name: getattr(self, name) for name in _ABOUT}
        arrays: dict[str, NDArray[Any]] = {"ends": narrow(ends), "order": narrow(order)}
        for at, (places, log_prob) in enumerate(stages):
            arrays |= {f"places.{at}": places, f"log_prob.{at}": log_prob}
        return about | {"text": text, "rounds": [asdict(done) for done in self.rounds]}, arrays

    @classmethod
    def restore(cls, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> UnigramLearning:
        """Return what was learned, as `settle` leaves it, also where that was not the end; it cannot be gone on with.

        Args:
            about, arrays: what the `state` of another one gave.
        """
        found = cls("", about["size"], about["pretokens"])
        for name in _ABOUT:
            setattr(found, name, about[name])
        found.rounds = [_round_of(done) for done in about["rounds"]]
        stages = [(arrays[f"places.{at}"], arrays[f"log_prob.{at}"]) for at in range(len(found.rounds) + 1)]
        found._keep((Entries(about["text"], arrays["ends"], arrays["order"]), stages))
        return found

    def _next(self, n: int) -> int:
        return max(self.wanted, int(KEEP * n))

    def _round(self) -> Round:
        """Fit the probabilities, then prune the pieces with the smallest loss."""
        if self._table is not None:
            raise ValueError("what is needed for further rounds was left behind: learn this vocabulary anew")
        lattices, pieces = self._corpus.lattices(self._alive)
        likelihoods = []
        for _ in range(EM_STEPS):
            counts, likelihood = self._expect(lattices, pieces)
            likelihoods.append(likelihood)
            self._log_prob[self._alive] = _log_shares(counts[self._alive])
        counts, likelihood = self._expect(lattices, pieces)
        losses = _losses(self._corpus, self._alive, self._log_prob, counts)
        order = self._alive[np.lexsort((self._alive, losses.loss[self._alive]))]  # cheapest first
        after = min(self._next(len(order)), len(order))
        gone, kept = order[: len(order) - after], order[len(order) - after :]
        dearest = kept[np.isfinite(losses.loss[kept])][::-1][:SHOWN]
        record = Round(
            len(self.rounds), self.of, len(order), after, (*likelihoods, likelihood),
            losses.of(gone[:SHOWN]), losses.of(gone[SHOWN:][-SHOWN:]), losses.of(dearest),
        )  # fmt: skip
        self._alive = np.sort(kept)
        self._log_prob[gone] = -np.inf
        if len(gone):
            self._log_prob[self._alive] = _log_shares(np.exp(self._log_prob[self._alive]))
        self._stages.append((self._alive, self._log_prob[self._alive]))
        self.rounds.append(record)
        return record

    def _expect(self, lattices: Lattices, pieces: Integers) -> tuple[Floats, float]:
        """Compute the expected uses of every piece, and the log-likelihood of the corpus in nats."""
        uses, likelihood = lattices.expected(self._log_prob[pieces], self._corpus.weight)
        counts: Floats = np.bincount(pieces, uses, len(self._log_prob)).astype(np.float64)
        return counts, likelihood


def _round_of(written: Mapping[str, Any]) -> Round:
    """Rebuild a round from its fields as JSON has them."""

    def losses(found: Iterable[Mapping[str, Any]]) -> tuple[Loss, ...]:
        return tuple(Loss(**{**loss, "alternative": tuple(loss["alternative"])}) for loss in found)

    parts = {name: losses(written[name]) for name in ("cheapest", "dearest", "kept")}
    return Round(**{**written, **parts, "log_likelihoods": tuple(written["log_likelihoods"])})


@dataclass(frozen=True)
class _Losses:
    """The loss of every piece: `loss` (P,), and the pieces `parts` that replace pieces `whole`, side by side."""

    corpus: Substrings
    count: Floats
    loss: Floats
    whole: Integers
    parts: Integers

    def of(self, pieces: Integers) -> tuple[Loss, ...]:
        """Return the records of some pieces."""
        found = []
        for piece in pieces.tolist():
            parts = tuple(self.corpus.entry(part) for part in self.parts[self.whole == piece].tolist())
            found.append(
                Loss(self.corpus.entry(piece), float(self.count[piece]), parts, float(self.loss[piece]))
            )
        return tuple(found)


def _losses(corpus: Substrings, alive: Integers, log_prob: Floats, count: Floats) -> _Losses:
    """Estimate the loss of log-likelihood without each piece, if its uses go to its best segmentation.

    An estimate, as in SentencePiece: the words are not cut anew, and each piece is thought away alone. Letters cost
    infinitely much, because they have to stay.
    """
    lattices, pieces, whole = corpus.inside(alive)
    steps = lattices.best(log_prob[pieces])
    edges = np.concatenate(steps[::-1] or [np.empty(0, np.int64)])
    of, part = lattices.word[edges], pieces[edges]
    n = np.bincount(of, minlength=len(whole))
    uses = count[whole]
    total = max(count.sum(), 1e-12)
    # Without the piece its uses become uses of each part, and the total of uses grows by n - 1 for each.
    now = np.log(np.maximum(uses, 1e-12)) - np.log(total)
    parts = np.bincount(of, np.log(np.maximum(count[part] + uses[of], 1e-12)), len(whole))
    instead = parts - n * np.log(total + uses * (n - 1))
    loss = np.full(len(count), np.inf)
    loss[whole] = uses * (now - instead)
    order = np.lexsort((lattices.start[edges], of))
    return _Losses(corpus, count, loss, whole[of[order]], part[order])


def _log_shares(counts: Floats) -> Floats:
    """Convert counts to log-probabilities; unused pieces keep a tiny probability, so that they remain usable."""
    counts = np.maximum(counts, 1e-12)
    return np.log(counts / counts.sum())


def _enough(words: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Choose the most frequent words, in their order, up to `MOST_LETTERS`; return how many are left out."""
    ranked = sorted(words, key=lambda word: -words[word])
    lengths = np.cumsum([len(word) for word in ranked])
    n = int(np.searchsorted(lengths, MOST_LETTERS, side="right")) or min(1, len(ranked))
    chosen = set(ranked[:n])
    found: dict[str, int] = {}
    for word, times in words.items():
        if word in chosen:
            for at in range(0, min(len(word), MOST_LETTERS), STRETCH):
                found[word[at : at + STRETCH]] = found.get(word[at : at + STRETCH], 0) + times
    return found, len(ranked) - n
