"""Ablation of components of a trained model: the same weights without one component, and the effect on a text.

The parts are those of the configuration (`core.config.ModelConfig`): nothing is cut out of a forward pass; another
model is built without the part, on the very same tensors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from core.analysis.health.training_health import order_seen
from core.analysis.stream.depth import Depth, measure_depth
from core.config import WITHOUT, ModelConfig, Part
from core.language_model import LanguageModel
from core.messages import mark, say
from core.model.transformer import EncoderDecoder, build
from core.training.text_loss import text_loss


class NothingToTakeOut(ValueError):
    """Raised when the model lacks the component; the message says why."""


@dataclass(frozen=True)
class Reading:
    """A model on one text.

    Attributes:
        depth: its pass and gradient, block by block.
        targets: the tokens that were asked for (`core.training.text_loss`); losses: nats of each.
        order: how much the first attention's output changes when the text is shuffled (`order_seen`).
        probabilities: (V,) of the next token after the text; of an encoder, of the token at `row`.
        row: the position of the logits they were read at.
    """

    depth: Depth
    targets: tuple[int, ...]
    losses: tuple[float, ...]
    order: float
    probabilities: np.ndarray[Any, Any]
    row: int

    @property
    def loss(self) -> float:
        """Nats, of the text in the model's own objective (`core.training.text_loss`)."""
        return self.depth.loss


def missing(config: ModelConfig, part: Part) -> str:
    """Return why this component cannot be removed from such a model; "" where it can."""
    if part == "mask" and config.shape == "encoder":
        return say("an encoder has no causal mask: every token reads both sides")
    absent = {
        "residual": not config.residual,
        "norm": config.norm == "none",
        "scale": not config.scale_scores,
        "position": config.position == "none",
        "mask": not config.causal and config.shape == "decoder",
    }
    what = {
        "residual": mark("this model has no residual connections"),
        "norm": mark("this model has no norms"),
        "scale": mark("this model does not divide its scores by √d"),
        "position": mark("this model has no positions"),
        "mask": mark("this model has no causal mask"),
    }
    return say(what[part]) if absent[part] else ""


def without(lm: LanguageModel, part: Part) -> LanguageModel:
    """Rebuild `lm` without one component. The weights are the same tensors, so it takes hardly any memory.

    Of the norms, those of the stream go; a norm of queries and keys stays.

    Raises:
        NothingToTakeOut: the model has no such part.
    """
    if why := missing(lm.config, part):
        raise NothingToTakeOut(f"{why}, so nothing can be taken out")
    config = lm.config.replace(**WITHOUT[part])
    model = build(config)
    model.load_state_dict(lm.transformer.state_dict(keep_vars=True), strict=False, assign=True)
    if isinstance(model, EncoderDecoder) and part == "mask":
        model.decoder.causal = False  # its encoder never had one
    return LanguageModel(model.to(lm.device).eval(), lm.tokenizer, f"{lm.name} without {part}")


def read(lm: LanguageModel, text: str, target: str | None = None) -> Reading:
    """Compute the text's loss in the model's own objective, its gradient by depth, and the next token.

    Args:
        target: of an encoder-decoder, what it has written so far.

    Raises:
        ContextTooLong, ValueError: as `LanguageModel.trace`.
    """
    asked = text_loss(lm, text, target)
    depth = measure_depth(lm.transformer, lambda: asked(lm.transformer))
    with torch.no_grad():
        batch = lm.batch(text, target)
        logits = lm.transformer(*batch)[0]  # (T, V)
        said, targets = lm.transformer(*asked.inputs)[0].float(), asked.targets[0]  # (T', V), (T',)
        losses = F.cross_entropy(said, targets, reduction="none")[targets != -100]
        order, _, _ = order_seen(lm.transformer, batch[0])
    row = predicting_row(lm, batch[0][0].tolist(), len(logits))
    return Reading(
        depth,
        tuple(targets[targets != -100].tolist()),
        tuple(losses.tolist()),
        order,
        logits[row].float().softmax(-1).cpu().numpy(),
        row,
    )


def predicting_row(lm: LanguageModel, ids: list[int], rows: int) -> int:
    """Choose the row of the logits to show: the last.

    For an encoder its first mask, else the last token of the text.
    """
    if lm.config.shape != "encoder":
        return rows - 1
    if lm.config.mask_id in ids:
        return ids.index(lm.config.mask_id)
    return max((at for at, token in enumerate(ids) if token not in lm.special_ids), default=rows - 1)


def losses_without(lm: LanguageModel, text: str, target: str | None = None) -> dict[Part, float]:
    """Compute the text's loss without each component that the model has, one at a time."""
    found: dict[Part, float] = {}
    for part in WITHOUT:
        if not missing(lm.config, part):
            broken = without(lm, part)
            with torch.no_grad():
                found[part] = float(text_loss(broken, text, target)(broken.transformer))
    return found
