"""What the lower half of the Attention page reads, and what was measured of it."""

from __future__ import annotations

from dataclasses import dataclass

from core.analysis.heads.masks import MaskRule, UnderMask
from core.analysis.heads.shared_keys import Sharing
from core.analysis.places import Kind


@dataclass(frozen=True)
class Read:
    """What is read: the text, an encoder-decoder's target, the attention of the page, the row of the logits."""

    text: str
    target: str | None
    kind: Kind
    row: int

    @property
    def masked(self) -> Kind:
        """The self-attention whose mask is changed: of the stack that the page shows."""
        return "encoder" if self.kind == "encoder" else "self"


@dataclass(frozen=True)
class Seen:
    """All that was measured of one text, but the cost."""

    rules: tuple[MaskRule, ...]
    masks: list[UnderMask]
    mask_stories: list[float]
    sharings: list[Sharing]
    shared_stories: list[float]
