"""A joint embedding space for images and captions: two towers, each with outputs on the unit sphere.

The image tower reads patches, the caption tower reads words, and training pulls the two points of a pair together and
pushes all other pairs of the batch apart (Radford et al. 2021, "Learning Transferable Visual Models From Natural
Language Supervision", section 2.3). Then a cosine says how well a caption fits an image, in both directions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.config import ModelConfig
from core.model.initial import initialise
from core.model.part import Part
from core.model.transformer import Transformer
from core.multimodal import captioner, captions
from core.multimodal.captioner import Seeing
from core.multimodal.captions import IDS, LONGEST, START
from core.multimodal.scenes import Scenes, scenes

SIZE = 64  # dimensions of a point
STEEPEST = 100.0  # the maximum factor of a cosine, as in the paper
_FIRST_STEEPNESS = 1 / 0.07


def towers(caption_layers: int = 2) -> tuple[ModelConfig, ModelConfig]:
    """Build the shapes of the image tower, which is a captioner's, and of the caption tower, an encoder of the same
    width."""
    image = captioner.configuration()
    caption = image.replace(
        shape="encoder", causal=False, n_layers=caption_layers, n_ctx=LONGEST + 2, tied_embeddings=True
    )
    return image, caption


class Projection(Part):
    """The projection from a tower's last vector to a point: x W, normalized to length 1."""

    def __init__(self, d_model: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size, d_model))

    def forward(self, x: Tensor) -> Tensor:  # (B, D) -> (B, E)
        return F.normalize(F.linear(x, self.weight).float(), dim=-1)


class Towers(Part):
    """The two towers and the steepness that cosines are multiplied by in training.

    Args:
        image, caption: their shapes (see `towers`), of one width.
    """

    def __init__(self, image: ModelConfig, caption: ModelConfig, size: int = SIZE) -> None:
        super().__init__()
        self.config, self.caption_config, self.size = image, caption, size
        self.image = Seeing(image, logits=False)
        self.caption = Transformer(caption, logits=False)
        self.image_projection = Projection(image.d_model, size)
        self.caption_projection = Projection(caption.d_model, size)
        self.log_steepness = nn.Parameter(torch.zeros(1))

    def see(self, images: Tensor) -> Tensor:
        """Embed images (B, 12, 24) as points (B, E): the mean over the patches and the start token."""
        start = torch.full((len(images), 1), IDS[START], device=images.device)
        return self.image_projection(self.image.read(images, start).mean(1))

    def read(self, numbers: Tensor) -> Tensor:
        """Embed captions (B,), by number, as points (B, E), read at the start token."""
        ids = captions.table()[numbers]  # (B, 11)
        ids = ids[:, : int((ids >= 0).sum(-1).max())]
        return self.caption_projection(self.caption(ids.clamp(min=0), mask=ids >= 0)[:, 0])

    @property
    def steepness(self) -> Tensor:
        """(1,) what cosines are multiplied by."""
        return self.log_steepness.float().exp().clamp(max=STEEPEST)


def contrastive_loss(
    images: Tensor, texts: Tensor, steepness: Tensor, numbers: Tensor | None = None
) -> Tensor:
    """Compute the symmetric contrastive loss of Radford et al. 2021, figure 3.

    Each image must find its caption among those of the batch, and each caption its image.

    Args:
        images, texts: (B, E) of length 1; row n of both is a pair.   steepness: what cosines are multiplied by.
        numbers: (B,) which caption each is: another pair with the same one is left out instead of pushed away.
    """
    scores = steepness * images @ texts.T  # (B, B)
    if numbers is not None:
        same = numbers[:, None] == numbers[None, :]
        same = same & ~torch.eye(len(numbers), dtype=torch.bool, device=same.device)
        scores = scores.masked_fill(same, -torch.inf)
    right = torch.arange(len(scores), device=scores.device)
    return (F.cross_entropy(scores, right) + F.cross_entropy(scores.T, right)) / 2


class Space:
    """The trained towers. Read-only once loaded (see `core.multimodal.shipped`)."""

    def __init__(self, model: Towers, name: str = "space") -> None:
        self.model, self.name = model.eval(), name

    @classmethod
    def drawn(cls, seed: int = 0) -> Space:
        """Build untrained towers, their weights drawn from a seed."""
        return cls(first_towers(seed), "untrained")

    @property
    def n_parameters(self) -> int:
        """The number of learned parameters."""
        return sum(weight.numel() for weight in self.model.parameters())

    @torch.inference_mode()
    def images(self, images: Tensor) -> Tensor:
        """Embed images (B, 12, 24): (B, E), each of length 1."""
        return self.model.see(images)

    @torch.inference_mode()
    def captions(self, numbers: Tensor) -> Tensor:
        """Embed captions by number (B,): (B, E), each of length 1."""
        return self.model.read(numbers)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Embed captions as text: (B, E).

        Raises:
            CaptionError: one of them is no caption.
        """
        return self.captions(torch.tensor([captions.number_of(captions.parse(text)) for text in texts]))


def first_towers(seed: int, eyes: Seeing | None = None) -> Towers:
    """Build the towers before training: random weights, the steepness of the paper's start.

    Args:
        eyes: a captioner that the image tower begins with, which knows already what captions tell of an image.
    """
    model = Towers(*towers())
    initialise(model, model.config, seed)
    if eyes is not None:
        known = dict(eyes.named_parameters())
        with torch.no_grad():
            for name, weight in model.image.named_parameters():
                weight.copy_(known[name])
    with torch.no_grad():
        model.log_steepness.fill_(math.log(_FIRST_STEEPNESS))
        for part in (model.image_projection, model.caption_projection):
            part.weight.mul_(1.0 / float(part.weight.std()) / math.sqrt(part.weight.shape[1]))
    return model


@dataclass(frozen=True)
class Gallery:
    """Scenes with captions that all differ.

    Attributes:
        rows: (N,) which scenes of their part of the split.   scenes: those scenes; N pictures, N captions.
    """

    rows: Tensor
    scenes: Scenes

    @property
    def texts(self) -> tuple[str, ...]:
        """The captions."""
        return tuple(captions.captions()[number] for number in self.scenes.captions.tolist())


@lru_cache(maxsize=8)
def gallery(number: int = 0, size: int = 100) -> Gallery:
    """Draw `size` held-out scenes with `size` distinct captions by the gallery's number. Shared: read only."""
    return gallery_of(scenes("held_out"), number, size)


def gallery_of(everything: Scenes, number: int, size: int = 100) -> Gallery:
    """Draw a gallery from any scenes: in random order, skipping repeated captions.

    Raises:
        ValueError: there are not so many captions.
    """
    order = torch.randperm(len(everything), generator=torch.Generator().manual_seed(1_000 + number))
    seen: set[int] = set()
    rows: list[int] = []
    for row in order.tolist():
        caption = int(everything.captions[row])
        if caption not in seen and len(rows) < size:
            seen.add(caption)
            rows.append(row)
    if len(rows) < size:
        raise ValueError(f"these scenes have {len(rows)} distinct captions, fewer than {size}")
    chosen = torch.tensor(rows)
    return Gallery(chosen, everything.rows(chosen))


@dataclass(frozen=True)
class Retrieval:
    """The result of retrieval in both directions.

    Attributes:
        similarity: (N, M) cosines of N images and M captions.
        caption_of: (N,) the nearest caption of each image.   image_of: (M,) the nearest image of each caption.
        image_hits: (N,) bool, the caption found is the image's own.
        caption_hits: (M,) bool, the image found has this caption: any image with the same caption counts.
    """

    similarity: Tensor
    caption_of: Tensor
    image_of: Tensor
    image_hits: Tensor
    caption_hits: Tensor

    @property
    def images_right(self) -> float:
        """The share of images whose nearest caption is right."""
        return float(self.image_hits.float().mean())

    @property
    def captions_right(self) -> float:
        """The share of captions whose nearest image is right."""
        return float(self.caption_hits.float().mean())


def retrieval(images: Tensor, texts: Tensor, image_numbers: Tensor, text_numbers: Tensor) -> Retrieval:
    """Find each image's nearest caption, and each caption's nearest image.

    Args:
        images: (N, E), texts: (M, E), of length 1.
        image_numbers: (N,) and text_numbers: (M,), which caption each is (see `captions.number_of`).
    """
    similarity = images @ texts.T  # (N, M)
    caption_of, image_of = similarity.argmax(1), similarity.argmax(0)
    return Retrieval(
        similarity,
        caption_of,
        image_of,
        text_numbers[caption_of] == image_numbers,
        image_numbers[image_of] == text_numbers,
    )
