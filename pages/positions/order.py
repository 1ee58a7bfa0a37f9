"""Shuffle a text: what its tokens become with the model's positions, without, and without its mask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.analysis.health.component_ablation import predicting_row
from core.analysis.positions.shuffle import Compared, Shuffled, shuffle
from core.language_model import LanguageModel

TOP = 5  # likeliest tokens in the table


@dataclass(frozen=True)
class Order:
    """Hold a text and another order of it.

    Attributes:
        found: its ways keep one row of their predictions.
        row: of the predictions, the one that is compared. token: the likeliest there, as the model is; -1 of a bare
            encoder, which predicts none.
        kept: the last token stayed in its place.
    """

    found: Shuffled
    row: int
    token: int
    kept: bool

    @property
    def shuffles(self) -> bool:
        """Test whether there is another order."""
        return self.found.order != tuple(range(len(self.found.order)))

    def pair(self, way: Compared) -> tuple[float, float] | None:
        """Return the token's probability before and after, read that way; None without one."""
        if self.token < 0:
            return None
        return float(way.before[0, self.token]), float(way.after[0, self.token])

    def likeliest(self, way: Compared) -> list[int]:
        """List the tokens that are likeliest before, read that way."""
        return [int(i) for i in np.argsort(-way.before[0], kind="stable")[:TOP]]

    def record(self, lm: LanguageModel) -> dict[str, Any]:
        """Turn the order into JSON."""
        word = lm.tokenizer.display
        return {
            "tokens": [{"text": word(i), "id": i} for i in self.found.ids],
            "order": list(self.found.order),
            "shuffles": self.shuffles,
            "token": None if self.token < 0 else {"text": word(self.token), "id": self.token},
            "asked": self.asked(lm),
            "ways": [
                {
                    "way": way.way, "same": way.same, "change": [float(change) for change in way.change],
                    "pair": self.pair(way),
                }
                for way in self.found.ways
            ],
        }  # fmt: skip

    def asked(self, lm: LanguageModel) -> str:
        """Say where the probability is read, for a heading."""
        if lm.config.shape == "encoder":
            return "in its place"
        return "next"


def see_order(lm: LanguageModel, text: str, target: str | None, seed: int) -> Order:
    """Shuffle a text by a seed. A decoder's last token stays, where that leaves anything to shuffle."""
    free = sum(token not in lm.special_ids for token in lm.batch(text, target)[0][0].tolist())
    kept = lm.config.shape == "decoder" and free > 2
    found = shuffle(lm, text, seed=seed, target=target, keep_last=kept)
    as_it_is = found.way("as it is")
    row = predicting_row(lm, list(found.ids), len(as_it_is.before))
    ways = tuple(
        replace(way, before=way.before[[row]], after=way.after[[row]]) for way in found.ways
    )  # all of them are half a megabyte for each token of GPT-2's
    token = int(as_it_is.before[row].argmax()) if as_it_is.before.size else -1
    return Order(replace(found, ways=ways), row, token, kept)
