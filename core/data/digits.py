"""1,797 handwritten digits of 8 x 8 pixels, with the split used for all image results.

They are the digits of scikit-learn's `load_digits`, kept as whole numbers (`python -m scripts.record_digits` copies
them once). People wrote each digit into a box; it was scanned, brought to the size of a bitmap of 32 x 32 black or
white pixels, and each block of 4 x 4 was counted: so a pixel is a whole number from 0 to 16 (Alpaydin & Kaynak 1998,
"Optical Recognition of Handwritten Digits", UCI Machine Learning Repository). Here they are divided by 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import load_file
from torch import Tensor

Split = Literal["train", "development", "held_out"]

FILE = Path(__file__).parent.parent.parent / "assets" / "images" / "digits.safetensors"
SIDE = 8  # pixels
LEVELS = 16  # a pixel is a count from 0 to this
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SPLITS: dict[Split, float] = {"train": 0.7, "development": 0.1, "held_out": 0.2}
SEED = 7  # of the split


@dataclass(frozen=True)
class Digits:
    """Some of the digits.

    Attributes:
        images: (N, 8, 8) float32 from 0 (paper) to 1 (ink), each a multiple of 1/16.
        labels: (N,) int64, 0 to 9.
        numbers: (N,) int64, each one's place among the 1,797.
    """

    images: Tensor
    labels: Tensor
    numbers: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: Tensor) -> Digits:
        return Digits(self.images[rows], self.labels[rows], self.numbers[rows])


@lru_cache(maxsize=1)
def digits() -> Digits:
    """Load all 1,797, in scikit-learn's order. Shared: read only."""
    stored = load_file(FILE)
    labels = stored["labels"].long()
    return Digits(stored["images"].float() / LEVELS, labels, torch.arange(len(labels)))


@lru_cache(maxsize=3)
def split(name: Split) -> Digits:
    """Return one part of the split by image.

    70 % for training, 10 % for validation, 20 % held out, stratified by label.

    The images of a label are shuffled by `SEED` and cut. Each writer is in all three parts, as the set does not name
    writers; held-out results are thus about new digits by known writers.

    Raises:
        ValueError: there is no such part.
    """
    if name not in SPLITS:
        raise ValueError(f"{name!r} is not one of {', '.join(SPLITS)}")
    everything = digits()
    draw = torch.Generator().manual_seed(SEED)
    chosen: list[Tensor] = []
    for label in range(len(NAMES)):
        of_label = everything.numbers[everything.labels == label]
        of_label = of_label[torch.randperm(len(of_label), generator=draw)]
        first = round(SPLITS["train"] * len(of_label))
        second = first + round(SPLITS["development"] * len(of_label))
        cuts = {"train": (0, first), "development": (first, second), "held_out": (second, len(of_label))}
        chosen.append(of_label[slice(*cuts[name])])
    return everything[torch.cat(chosen).sort().values]
