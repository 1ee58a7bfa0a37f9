"""The Multimodal page's question: in which half of the picture stands what another word of the caption was read from?

The answer covers either half and reads again. Of an empty sheet: what the captioner writes of one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from app import questions
from app.markup import mono
from app.questions import Answer
from core.data.digits import NAMES
from core.multimodal import patch_ablation, patches
from core.multimodal.captions import LONGEST
from core.multimodal.scenes import HEIGHT, WIDTH
from pages.multimodal.reading import Seen, captioner

LOST = 0.5  # of a word's probability: what is covered counts for it when less than this is left
PICTURES = range(47, 147)  # among which another one is drawn
PLAIN = ("a", "an", "next", "to")  # words that name nothing


@dataclass(frozen=True)
class Question:
    """What is asked of one word of the caption; `at` is its place."""

    asked: questions.Asked
    seen: Seen | None
    at: int

    def judge(self) -> Answer:
        """Cover a half and read again, then the other."""
        if self.seen is None:
            said = captioner().caption(torch.zeros(HEIGHT, WIDTH))
            chance = math.exp(said.log_chance)
            key = "caption" if said.parts else "words" if said.text else "nothing"
            numbers: dict[str, float | int | str] = {"probability of the whole": chance}
            return self.asked.answer(key, numbers, said=mono(said.text or "nothing"), chance=chance)
        before = float(self.seen.said.chances[self.at])
        left, right = (without(self.seen, self.at, half) for half in halves(self.seen.image))
        lost = left < LOST * before, right < LOST * before
        key = {(True, False): "left", (False, True): "right", (True, True): "both", (False, False): "none"}[
            lost
        ]
        numbers = {"before": before, "without left": left, "without right": right}
        shows = {"said": self.at, "spoken": -1, "crossing": -1}
        return self.asked.answer(key, numbers, shows, before=before, left=left, right=right)


def halves(image: torch.Tensor) -> tuple[list[int], list[int]]:
    """List the pieces of the left half of a picture, and those of the right."""
    across = image.shape[1] // patches.SIDE
    pieces = range(len(patches.cut(image)))
    return [at for at in pieces if at % across < across / 2], [
        at for at in pieces if at % across >= across / 2
    ]


def without(seen: Seen, at: int, pieces: list[int]) -> float:
    """Read the caption again with these pieces covered: what the word has then. The words before it stay."""
    covered = patch_ablation.covered(seen.image, pieces)
    return float(captioner().score(covered, seen.words[:LONGEST]).chances[at])


def ask(seen: Seen | None, chosen: int) -> Question:
    """Ask about another word than the one that is looked at: a digit's name, else a word of its look.

    Args:
        chosen: the place of the word that is looked at, -1 for the one that the page proposes.
    """
    if seen is None:
        return Question(questions.ask("multimodal", "empty"), None, 0)
    shown = min(chosen if 0 <= chosen < seen.count else seen.focus, LONGEST - 1)
    places = [at for at in range(min(seen.count, LONGEST)) if at != shown and seen.words[at] not in PLAIN]
    at = next((at for at in places if seen.words[at] in NAMES), places[0] if places else shown)
    return Question(questions.ask("multimodal", "half", word=mono(seen.words[at])), seen, at)
