"""All rounds of a unigram vocabulary, stored compactly: for one text, only the entries that occur in it matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.text.pieces import UNKNOWN, Piece
from core.text.pretokens import split
from core.text.unigram import Unigram
from core.text.unigram_learning import UnigramLearning

TEXTS = 4  # that are remembered: a page cuts the same text and word at every stage


class Stages:
    """The vocabulary of the seeds and of each round so far, as one table of log-probabilities.

    `sizes`: entries of each stage, `[UNK]` counted in; stage 0 is the seeds, stage k what round k - 1 left.
    """

    def __init__(self, learning: UnigramLearning) -> None:
        self.pretokens = learning.pretokens
        self._entries, self._stages = learning.table()
        self.sizes = [1 + len(places) for places, _ in self._stages]
        self._inside: dict[
            str, list[int]
        ] = {}  # of the texts asked for last, which of the seeds occur in them

    def __len__(self) -> int:
        return len(self.sizes)

    def at(self, stage: int, text: str) -> Unigram:
        """Build a tokenizer equivalent to a stage's on `text`, from the entries that occur in it.

        The least probable entry of all is one of them, as it sets what an unknown letter costs. Ids are its own.
        """
        places, log_probs = self._stages[stage]
        if not len(places):
            return Unigram([UNKNOWN], [0.0], self.pretokens)
        inside = np.array([*self._of(text), int(places[np.argmin(log_probs)])], np.int64)
        at = np.searchsorted(places, inside)
        at = at[places[np.minimum(at, len(places) - 1)] == inside]
        found = {self._entries.entry(int(places[each])): float(log_probs[each]) for each in at.tolist()}
        return Unigram([UNKNOWN, *found], [0.0, *found.values()], self.pretokens)

    def encode(self, stage: int, text: str) -> list[Piece]:
        """Tokenize a text with a stage's vocabulary, with the ids of the whole vocabulary."""
        places, log_probs = self._stages[stage]
        pieces = self.at(stage, text).encode(text)
        used = {piece.entry for piece in pieces if not piece.unknown}
        ids: dict[str, int] = {}
        for place in self._of(text):
            entry = self._entries.entry(place)
            if entry not in used:
                continue
            at = int(np.searchsorted(places, place))
            # the likeliest come first, of equals the one that is first among the seeds
            before = np.count_nonzero(log_probs > log_probs[at]) + np.count_nonzero(
                log_probs[:at] == log_probs[at]
            )
            ids[entry] = 1 + int(before)
        return [piece if piece.unknown else replace(piece, id=ids[piece.entry]) for piece in pieces]

    def _of(self, text: str) -> list[int]:
        """Find the seeds that occur in the text's words, by their places."""
        found = self._inside.get(text)
        if found is None:
            words = {word.entry: None for word in split(text, self.pretokens)}
            found = list({place: None for word in words for place in self._entries.inside(word)})
            kept = list(self._inside.items())[1 - TEXTS :]
            self._inside = dict([*kept, (text, found)])
        return found
