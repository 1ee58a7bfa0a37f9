"""The masks of self-attention, and a model's predictions under another mask.

Causal and full attention: Vaswani et al. 2017, section 3.2.3. Sliding window: Beltagy et al. 2020 (Longformer), section
3.1; Jiang et al. 2023 (Mistral 7B), section 2. Sink tokens: Xiao et al. 2024 (StreamingLLM), section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import Kind, row_of, stack_of
from core.analysis.story_loss import mean_loss, story_losses
from core.model.attention import Geometry
from core.model.transformer import Transformer, build
from core.training.text_loss import text_loss

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class MaskRule:
    """Which keys a query may attend to, by position in one text.

    Args:
        causal: only itself and what came before.
        window: only the nearest: a distance below `window`, on both sides where attention is not causal; None: all.
        sinks: the first keys of the text, in view however far they are; later ones stay hidden under `causal`.

    Raises:
        ValueError: a window that would not even hold the query itself, or fewer than no sinks.
    """

    causal: bool = True
    window: int | None = None
    sinks: int = 0

    def __post_init__(self) -> None:
        if self.window is not None and self.window < 1:
            raise ValueError(f"window={self.window} must hold at least the query itself: 1")
        if self.sinks < 0:
            raise ValueError(f"sinks={self.sinks} must be 0 or more")

    def allowed(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Compute the mask (T, S) bool for queries at positions (T,) and keys at positions (S,): True where
        attention is allowed."""
        query, key = queries[:, None], keys[None, :]
        seen = torch.ones(len(queries), len(keys), dtype=torch.bool, device=queries.device)
        if self.window is not None:
            seen = ((query - key).abs() < self.window) | (key < self.sinks)
        return seen & (key <= query) if self.causal else seen

    def matrix(self, length: int) -> Array:
        """Compute the mask (T, T) bool of a whole text."""
        places = torch.arange(length)
        return self.allowed(places, places).numpy()


@dataclass(frozen=True, kw_only=True)
class UnderMask:
    """A text read under one mask, applied to every head of every block of one stack.

    Attributes:
        allowed: (T, T) bool. own: it is the model's own mask.
        probabilities: (V,) at the row that was asked for.
        loss: nats, of the text in the model's own objective (`core.training.text_loss`).
    """

    rule: MaskRule
    allowed: Array
    own: bool
    probabilities: Array
    loss: float


def with_mask(lm: LanguageModel, rule: MaskRule, attention: Kind = "self") -> LanguageModel:
    """Return `lm` with another mask on the self-attention of one stack. The weights are the same tensors.

    Positions are computed as usual; a distance that did not occur in training gets the bias or angle that its
    formula gives.

    Args:
        attention: "self", or "encoder" of an encoder-decoder.

    Raises:
        ValueError: "cross", where places of two texts have no distance, or "encoder" of a model without one.
    """
    if attention == "cross":
        raise ValueError("cross-attention reads another text: no rule about places in one text fits it")
    stack_of(lm, attention)
    model = build(lm.config)
    model.load_state_dict(lm.transformer.state_dict(keep_vars=True), assign=True)
    masked = type(lm)(model.to(lm.device).eval(), lm.tokenizer, f"{lm.name} under another mask")
    stack = stack_of(masked, attention)

    def geometry(
        positions: Tensor, past: int, mask: Tensor | None, dtype: torch.dtype, before: int = 0
    ) -> Geometry:
        own = Transformer.geometry(stack, positions, past, mask, dtype, before)
        keys = torch.arange(past + len(positions), device=positions.device)
        allowed = rule.allowed(positions, keys)[None, None]  # (1, 1, T, S)
        if mask is not None:
            allowed = allowed & mask.bool()[:, None, None, :]
        return replace(own, allowed=allowed, causal=False)

    stack.__dict__["geometry"] = geometry  # of this instance only; the class keeps its own
    return masked


def under_masks(
    lm: LanguageModel,
    text: str,
    rules: Sequence[MaskRule],
    *,
    attention: Kind = "self",
    target: str | None = None,
    row: int = -1,
) -> list[UnderMask]:
    """Predict at `row` of the logits, and compute the loss, with each mask in all heads of one stack.

    Raises:
        ValueError: no such row, or as `with_mask`.
        ContextTooLong: more tokens than the model has positions for.
    """
    stack = stack_of(lm, attention)
    asked = text_loss(lm, text, target)
    read = lm.batch(text, target)
    length = read[0 if attention == "encoder" or len(read) == 1 else 1].shape[1]
    own = MaskRule(causal=stack.causal).matrix(length)
    found = []
    for rule in rules:
        allowed = rule.matrix(length)
        same = bool((allowed == own).all())
        model = lm if same else with_mask(lm, rule, attention)
        with torch.no_grad():
            logits = model.transformer(*read)[0].float()  # (T, V)
            loss = float(asked(model.transformer))
        p = logits[row_of(row, len(logits))].softmax(-1)
        found.append(
            UnderMask(rule=rule, allowed=allowed, own=same, probabilities=p.cpu().numpy(), loss=loss)
        )
    return found


def stories_under_masks(
    lm: LanguageModel, rules: Sequence[MaskRule], *, attention: Kind = "self", count: int = 4
) -> list[float]:
    """Compute the loss per token of held-out stories (`core.analysis.story_loss`), with each mask in all heads of one
    stack.

    Raises:
        ValueError: no story, or as `with_mask`.
    """
    asked = story_losses(lm, count)
    return [mean_loss(with_mask(lm, rule, attention), asked) for rule in rules]
