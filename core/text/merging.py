"""Learning by merges, for byte-pair encoding and WordPiece, with every step recorded.

Both begin with single letters and, again and again, make one pair of neighbours a new entry. Byte-pair encoding takes
the pair that stands most often in the corpus (Sennrich et al. 2016, section 3.2); WordPiece the pair that stands most
often for how often its parts do, count(ab) / (count(a) count(b)) (after Schuster & Nakajima 2012, section 3, in the
form in which it is commonly described).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.messages import say
from core.text.bpe import BPE, merged
from core.text.columns import Whole
from core.text.merges import Change, Merge, Merges, PairCount, joined, spell
from core.text.pieces import UNKNOWN
from core.text.pretokens import LETTER_OF, count
from core.text.symbols import Integers, Symbols, key, pair_of
from core.text.wordpiece import CONTINUED, WordPiece

Rule = Literal["count", "score"]

# what is learned beside merges and symbols, and what was asked for
_ABOUT = (
    "size", "pretokens", "rule", "min_count", "n_words", "letters", "vocabulary", "alphabet", "n_characters",
)  # fmt: skip
RIVALS, CHANGES, REACH = 6, 3, 12  # sizes of a step's record: pairs, words, symbols on each side of the merge


class Learning:
    """A learner that adds one merge at a time: iterate to learn, stop at any time, resume later.

    Args:
        corpus: a text, or documents.
        size: entries wanted. Letters come first, so a size below their number learns nothing; `note` says so.
        pretokens: a name in `pretokens.PRETOKENS`.
        rule: "count" (byte-pair encoding, equal to `tokenizers`' BpeTrainer, its ties too: the pair whose parts
            are older) or "score" (WordPiece: `##` marks a piece that goes on a word; ties by count, then as above).
        min_count: pairs that stand less often than this are never merged.
    Raises:
        ValueError: no such pre-tokenization or rule, or a size below 1.
    """

    def __init__(
        self,
        corpus: str | Iterable[str],
        size: int,
        pretokens: str = "bytes",
        rule: Rule = "count",
        min_count: int = 1,
    ) -> None:
        if size < 1 or rule not in ("count", "score"):
            raise ValueError(
                f"cannot learn {size} entries by the rule {rule!r}: 1 or more, by count or score"
            )
        self.size, self.pretokens, self.rule, self.min_count = size, pretokens, rule, max(min_count, 1)
        words = count(corpus, pretokens)
        self.n_words = len(words)
        spelled = [self._letters(word) for word in words]
        # all 256 bytes are letters, so nothing is ever unknown
        in_bytes = pretokens == "bytes" and rule == "count"
        letters: dict[str, int] = dict.fromkeys(LETTER_OF.values(), 0) if in_bytes else {}
        for word, n in zip(spelled, words.values()):
            for letter in word:
                letters[letter] = letters.get(letter, 0) + n
        self.letters = dict(
            sorted(letters.items(), key=lambda item: (item[0].startswith(CONTINUED), item[0]))
        )
        specials = [] if in_bytes else [UNKNOWN]
        self.vocabulary = [*specials, *self.letters]
        self.alphabet = len(self.vocabulary)  # entries that are no merges
        self.merges = Merges(self.vocabulary, rule == "score")
        self._id = {entry: id for id, entry in enumerate(self.vocabulary)}
        ids = [[self._id[letter] for letter in word] for word in spelled]
        self._symbols = Symbols(ids, list(words.values()))
        self._symbol_counts = np.zeros(max(size, self.alphabet) + 1, np.int64)
        self._symbol_counts[[self._id[letter] for letter in self.letters]] = list(self.letters.values())
        self._guess = 0.0
        # where there is nothing left to find that out by
        self._done: bool | None = None
        self.n_characters = self._symbols.total

    @property
    def most(self) -> int:
        """The number of merges that the size leaves room for."""
        return max(self.size - self.alphabet, 0)

    @property
    def crowded(self) -> bool:
        """Whether the size is too small for the single letters (and `[UNK]`), which always stay."""
        return self.size < self.alphabet

    @property
    def ended(self) -> bool:
        """Whether there were no pairs left before the size was reached."""
        return self.n_characters > 0 and not self.crowded and len(self.vocabulary) < self.size and self.done

    @property
    def done(self) -> bool:
        """Whether learning is complete: the size is reached, or no pair is frequent enough."""
        if self._done is not None:
            return self._done
        return len(self.vocabulary) >= self.size or not self._best(1, self.rule)

    @property
    def note(self) -> str:
        """A note for the learner about this corpus and size, or ""."""
        if not self.n_characters:
            return say(
                "Cut this way, the corpus holds no word to learn from: the vocabulary is what it began with."
            )
        if self.crowded:
            single = "letters" if UNKNOWN in self.vocabulary[:1] else "bytes"
            return (
                f"{self.size} entries cannot hold the {len(self.letters)} single {single}, which always stay: "
                "none is merged. Ask for more."
            )
        if self.ended:
            return f"No pair is left to merge: the vocabulary ends at {len(self.vocabulary)} entries."
        return ""

    def __iter__(self) -> Iterator[Merge]:
        """Learn one merge after the other, from the present state."""
        while len(self.vocabulary) < self.size:
            merge = self.merge_best()
            if merge is None:
                return
            yield merge

    def run(self) -> Learning:
        """Learn to the end; return itself."""
        for _ in self:
            pass
        return self

    def settle(self) -> Learning:
        """Drop what only further merges need, where learning is complete; return itself. All else works as before."""
        if self.done:
            self._done = True
            self._pack()
        return self

    def _pack(self) -> None:
        self._symbols.settle()
        self.merges.pack()
        self._symbol_counts = self._symbol_counts[:0].copy()
        self._id = {}

    def state(self) -> tuple[dict[str, Any], dict[str, Whole]]:
        """Return what was learned so far for `restore`: what JSON can hold, and arrays of integers by name."""
        about = {name: getattr(self, name) for name in _ABOUT}
        arrays = {f"merges.{name}": column for name, column in self.merges.arrays().items()}
        arrays |= {f"symbols.{name}": column for name, column in self._symbols.arrays().items()}
        return about | {"done": self.done, "total": self._symbols.total}, arrays

    @classmethod
    def restore(cls, about: Mapping[str, Any], arrays: Mapping[str, Whole]) -> Learning:
        """Return what was learned, as `settle` leaves it, also where that was not the end; it cannot be gone on with.

        Args:
            about, arrays: what the `state` of another one gave.
        """
        found = cls("", about["size"], about["pretokens"], about["rule"], about["min_count"])
        for name in _ABOUT:
            setattr(found, name, about[name])
        groups = {
            group: {
                name.partition(".")[2]: column for name, column in arrays.items() if name.startswith(group)
            }
            for group in ("merges.", "symbols.")
        }
        found.merges = Merges.restore(found.vocabulary, found.rule == "score", groups["merges."])
        found._symbols = Symbols.restore(groups["symbols."], about["total"])
        found._done = about["done"]
        found._pack()
        return found

    def tokenizer(self, upto: int | None = None) -> BPE | WordPiece:
        """Build the tokenizer with the first `upto` merges (all so far if None): a smaller vocabulary is a prefix."""
        made = self.merges.arrays()["made"][:upto]
        size = max(self.alphabet, 1 + int(made.max(initial=0)))
        if self.rule == "score":
            return WordPiece(self.vocabulary[:size], self.pretokens)
        return BPE(self.vocabulary[:size], self.merges.pairs(upto), self.pretokens)

    def before(self, step: int, pairs: int = 12) -> list[PairCount]:
        """List the best pairs before any merge so far, recounted, best first by the rule; after the last one, too.

        Raises:
            ValueError: step is not between 0 and the number of merges.
        """
        if not 0 <= step <= len(self.merges):
            raise ValueError(f"no step {step}: there are {len(self.merges)} merges so far")
        keys, counts, symbols = self._symbols.pairs_at(step)
        best = _top(_worth(keys, counts, symbols, self.rule, self.min_count), keys, counts, pairs)
        return [self._pair_count(int(keys[i]), int(counts[i]), symbols) for i in best]

    def pair_counts(self, pairs: list[tuple[str, str]], upto: int | None = None) -> list[int]:
        """Count each pair of neighbouring entries in the corpus after `upto` merges (all so far if None)."""
        keys, counts, _ = self._symbols.pairs_at(len(self.merges) if upto is None else upto)
        found = dict(zip(keys.tolist(), counts.tolist()))
        id = self._id or {entry: id for id, entry in enumerate(self.vocabulary)}
        return [found.get(key(id.get(left, -1), id.get(right, -1)), 0) for left, right in pairs]

    def _letters(self, word: str) -> list[str]:
        if self.rule == "count":
            return list(word)
        return [letter if at == 0 else CONTINUED + letter for at, letter in enumerate(word)]

    def merge_best(self) -> Merge | None:
        """Make one piece of the best pair everywhere (of BPE: of what the corpus repeats most), and record it.

        Raises:
            ValueError: this was restored (`restore`) from what was not learned to its end.
        """
        if self._done is False:
            raise ValueError("what is needed for further merges was left behind: learn this vocabulary anew")
        rivals = self._best(RIVALS, self.rule)
        if not rivals:
            return None
        chosen, other = rivals[0], self._best(1, "score" if self.rule == "count" else "count")[0]
        symbols = self._symbols
        left, right = self._id[chosen.left], self._id[chosen.right]
        pair = key(left, right)
        at = symbols.places(pair)
        id = self._id.setdefault(chosen.entry, len(self.vocabulary))
        if id == len(self.vocabulary):
            self.vocabulary.append(chosen.entry)
        changes = self._changes(at, chosen)
        moved = int(symbols.weight[symbols.word[at]].sum())
        for symbol, more in ((left, -moved), (right, -moved), (id, moved)):
            self._symbol_counts[symbol] += more
        symbols.merge(pair, id, at)
        step = len(self.merges)
        record = Merge(
            step, chosen.left, chosen.right, chosen.entry, id, chosen.count, chosen.score, symbols.total,
            tuple(rivals), other, changes,
        )  # fmt: skip
        self.merges.add(record, self._id)
        return record

    def _best(self, n: int, rule: Rule) -> list[PairCount]:
        """Return the n best present pairs, best first."""
        symbols = self._symbols
        size = len(symbols.where)
        keys, counts = symbols.pairs[:size], symbols.counts[:size]
        worth = _worth(keys, counts, self._symbol_counts, rule, self.min_count)
        if n == 1:
            best = _top(worth, keys, counts, n, guess=worth.max(initial=0))
        else:
            best = _top(worth, keys, counts, n, self._guess)
            self._guess = (
                worth[best[-1]] / 2 if len(best) else 0
            )  # a threshold: the next best are seldom below half of it
        return [self._pair_count(int(keys[i]), int(counts[i]), self._symbol_counts) for i in best]

    def _pair_count(self, pair: int, n: int, symbols: Integers) -> PairCount:
        left, right = pair_of(pair)
        first, second = self.vocabulary[left], self.vocabulary[right]
        entry = joined(first, second, self.rule == "score")
        return PairCount(first, second, entry, n, int(symbols[left]), int(symbols[right]))

    def _changes(self, at: Integers, chosen: PairCount) -> tuple[Change, ...]:
        """Return the most frequent words among those that hold the places."""
        symbols, found = self._symbols, []
        firsts = at[np.concatenate(([True], np.diff(symbols.word[at]) != 0))[: len(at)]]
        order = np.argsort(-symbols.weight[symbols.word[firsts]], kind="stable")[:CHANGES]
        for place in firsts[order]:
            ids, index, cut = symbols.around(int(place), REACH)
            before = tuple(self.vocabulary[id] for id in ids)
            after = tuple(merged(before, chosen.left, chosen.right, chosen.entry))
            found.append(
                Change(spell(before), int(symbols.weight[symbols.word[place]]), before, after, index, cut)
            )
        return tuple(found)


def _worth(keys: Integers, counts: Integers, symbols: Integers, rule: Rule, least: int) -> NDArray:
    """Score pairs by the rule: counts, or WordPiece's scores; 0 for a pair that must not be merged."""
    allowed = counts if least == 1 else np.where(counts < least, 0, counts)
    if rule == "count":
        return allowed
    return allowed / np.maximum(symbols[keys >> 32] * symbols[keys & 0xFFFFFFFF], 1)


def _top(worth: NDArray, keys: Integers, counts: Integers, n: int, guess: float = 0) -> NDArray[np.intp]:
    """Find the rows of the n best pairs, best first: by score, then by count, then the smallest pair.

    `guess`: a worth that n pairs probably reach; a good one spares most of the work, a bad one changes nothing.
    """
    rows = np.flatnonzero(worth >= guess) if guess > 0 else worth[:0].astype(np.intp)
    if len(rows) < n:
        rows = np.flatnonzero(worth > 0)
    if len(rows) > n:
        among = worth[rows]
        rows = rows[among >= np.partition(among, -n)[-n]]
    return rows[np.lexsort((keys[rows], -counts[rows], -worth[rows]))[:n]]
