"""The Multimodal page's question: three pieces are covered at once. Which word does the captioner write there then?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from app.controls.predict import Answer
from core.multimodal import patch_ablation
from core.multimodal.captions import END, LONGEST, WORDS
from core.multimodal.scenes import HEIGHT, WIDTH
from pages.multimodal.reading import Seen, captioner

COVERED = 3
CHOICES = 3
OTHER = "another word"
BLANK = ("Nothing", "A whole caption", "Words that are no caption")  # what may be written of an empty sheet


@dataclass(frozen=True)
class Question:
    """What is asked of one word of the caption.

    at: the word's place.   pieces: those that it looked at most.   options: the likeliest words there, and "another".
    """

    seen: Seen | None
    at: int
    pieces: tuple[int, ...]
    options: tuple[str, ...]

    @property
    def text(self) -> str:
        """The question."""
        if self.seen is None:
            return (
                "An empty sheet is no picture that it was trained on. What does the captioner write of one?"
            )
        word = self.seen.words[self.at]
        numbers = ", ".join(map(str, self.pieces))
        return f"Cover pieces {numbers} together: what is said for `{word}`?"

    def judge(self) -> Answer:
        """Cover them and read again."""
        seen = self.seen
        if seen is None:
            said = captioner().caption(torch.zeros(HEIGHT, WIDTH))
            chance = math.exp(said.log_chance)
            kind = BLANK[0] if not said.text else BLANK[1] if said.parts else BLANK[2]
            return Answer(
                BLANK.index(kind),
                f"It writes `{said.text or 'nothing'}`, with a probability of {chance:.3f}. In training every picture "
                "had a digit, so no words for an empty one were learned.",
                {"probability of the whole": chance},
            )
        image = patch_ablation.covered(seen.image, self.pieces)
        again = captioner().score(image, seen.words[:LONGEST])
        chances = again.probabilities[self.at]
        best = WORDS[int(chances.argmax())]
        index = self.options.index(best) if best in self.options else len(self.options) - 1
        shares = {word: float(chances[WORDS.index(word)]) for word in self.options[:-1]}
        told = ", ".join(f"`{word}` {share:.3f}" for word, share in shares.items())
        before = float(seen.said.chances[self.at])
        return Answer(
            index,
            f"These are the {COVERED} with ink that all heads together looked at most. Now `{best}` is likeliest: "
            f"{told}. Before, `{seen.words[self.at]}` had {before:.3f}.",
            {f"share of {word}": share for word, share in shares.items()},
        )


def ask(seen: Seen | None, chosen: int) -> Question:
    """About the word that is looked at.

    Args:
        chosen: its place, -1 for the one that the page proposes.
    """
    if seen is None:
        return Question(None, 0, (), BLANK)
    at = min(chosen if 0 <= chosen < seen.count else seen.focus, LONGEST - 1)
    there = seen.looked[at] * (patch_ablation.inked(seen.image) > 0)
    pieces = tuple(sorted(there.topk(COVERED).indices.tolist()))
    likely = seen.said.probabilities[at].argsort(descending=True).tolist()
    words = [WORDS[id] for id in likely if WORDS[id] not in (END, WORDS[0])][:CHOICES]
    return Question(seen, at, pieces, (*words, OTHER))
