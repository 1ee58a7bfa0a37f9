"""All rounds of a unigram vocabulary, stored compactly: for one text, only the entries that occur in it matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.text.pieces import UNKNOWN, Piece
from core.text.pretokens import split
from core.text.unigram import Unigram
from core.text.unigram_learning import UnigramLearning


class Stages:
    """The vocabulary of the seeds and of each round so far, as one table of log-probabilities.

    `sizes`: entries of each stage, `[UNK]` counted in; stage 0 is the seeds, stage k what round k - 1 left.
    """

    def __init__(self, learning: UnigramLearning) -> None:
        self.pretokens = learning.pretokens
        self._entries: list[str] = []
        self._place: dict[str, int] = {}
        columns, ids = [], []
        for upto in range(-1, len(learning.rounds)):
            whole = learning.tokenizer(upto)
            if upto < 0:  # every later entry is one of the seeds
                self._entries = whole.vocabulary[1:]
                self._place = {entry: at for at, entry in enumerate(self._entries)}
            places = [self._place[entry] for entry in whole.vocabulary[1:]]
            columns.append(np.full(len(self._place), -np.inf))
            columns[-1][places] = whole.log_probs[1:]
            ids.append(np.zeros(len(self._place), np.int32))
            ids[-1][places] = np.arange(1, len(whole))
        self._log_probs = np.array(columns)  # (stages, seeds)
        self._ids = np.array(ids)  # (stages, seeds)
        self.sizes = [1 + int(np.isfinite(column).sum()) for column in columns]
        self._longest = max(map(len, self._place), default=1)

    def __len__(self) -> int:
        return len(self.sizes)

    def at(self, stage: int, text: str) -> Unigram:
        """Build a tokenizer equivalent to a stage's on `text`, from the entries that occur in it.

        The least probable entry of all is one of them, as it sets what an unknown letter costs. Ids are its own.
        """
        column = self._log_probs[stage]
        alive = np.flatnonzero(np.isfinite(column))
        if not len(alive):
            return Unigram([UNKNOWN], [0.0], self.pretokens)
        inside = dict.fromkeys(self._inside(text))
        rarest = int(alive[np.argmin(column[alive])])
        found = {entry: float(column[self._place[entry]]) for entry in inside}
        found[self._entries[rarest]] = float(column[rarest])
        kept = {entry: log_prob for entry, log_prob in found.items() if np.isfinite(log_prob)}
        return Unigram([UNKNOWN, *kept], [0.0, *kept.values()], self.pretokens)

    def encode(self, stage: int, text: str) -> list[Piece]:
        """Tokenize a text with a stage's vocabulary, with the ids of the whole vocabulary."""
        ids = self._ids[stage]
        return [
            piece if piece.unknown else replace(piece, id=int(ids[self._place[piece.entry]]))
            for piece in self.at(stage, text).encode(text)
        ]

    def _inside(self, text: str) -> list[str]:
        """Find the seeds that occur in the text's words."""
        found = []
        for word in {word.entry for word in split(text, self.pretokens)}:
            for start in range(len(word)):
                for end in range(start + 1, min(start + self._longest, len(word)) + 1):
                    if word[start:end] in self._place:
                        found.append(word[start:end])
        return found
