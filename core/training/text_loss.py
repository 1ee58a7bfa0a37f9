"""The loss of one text in a model's own objective, for pictures of training on the learner's text.

Decoder: each next token. Encoder: tokens hidden at regular places. Encoder-decoder: the target, or the text said again.
Every place is fixed by the text alone, so the same text always gives the same loss.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.decoding.labels import wants
from core.language_model import LanguageModel
from core.messages import mark

HIDDEN = 4  # one in four of an encoder's tokens is masked, enough even for a short text


@dataclass(frozen=True)
class TextLoss:
    """What a model reads and should say: call it with a transformer of the model's shape for the mean loss in nats.

    Attributes:
        inputs: what the transformer takes, each (1, T). targets: (1, T') ids, -100 where nothing is asked.
        about: what is asked, in words: a message that `say` translates.
    """

    inputs: tuple[Tensor, ...]
    targets: Tensor
    about: str

    def __call__(self, transformer: nn.Module) -> Tensor:
        """Compute the mean negative log-probability of the targets: a differentiable scalar."""
        logits = transformer(*self.inputs)  # (1, T', V)
        return F.cross_entropy(logits[0].float(), self.targets[0], ignore_index=-100)

    def each(self, transformer: nn.Module) -> Tensor:
        """Compute the loss of each target: (T',), NaN where there is none."""
        with torch.no_grad():
            logits = transformer(*self.inputs)[0].float()  # (T', V)
        losses = F.cross_entropy(logits, self.targets[0], ignore_index=-100, reduction="none")  # (T',)
        return losses.masked_fill(self.targets[0] == -100, torch.nan)

    @property
    def asked(self) -> int:
        """The number of targets."""
        return int((self.targets != -100).sum())


def text_loss(lm: LanguageModel, text: str, target: str | None = None) -> TextLoss:
    """Build the loss of `text` for models of `lm`'s architecture and vocabulary.

    Args:
        target: of an encoder-decoder, what it should write; None or empty: the text itself.

    Raises:
        ValueError: a model that says no tokens.
    """
    wants(lm, "lm")
    if lm.config.shape == "decoder":
        return _next_tokens(lm, text)
    if lm.config.shape == "encoder":
        return _hidden_tokens(lm, text)
    ids = lm.encode(text)
    wanted = (
        lm.encode(target, add_special_tokens=False) if target else [i for i in ids if i not in lm.special_ids]
    )
    wanted = (wanted or ids)[: lm.config.n_ctx - 1]
    start = lm.config.decoder_start_id
    if start is None:
        raise ValueError("this encoder-decoder names no decoder_start_id, so its decoder cannot begin")
    about = (
        mark("the tokens of the answer so far") if target else mark("the tokens of the text, written again")
    )
    return TextLoss((_row(lm, ids), _row(lm, [start, *wanted[:-1]])), _row(lm, wanted), about)


def losses_by_token(lm: LanguageModel, text: str, target: str | None = None) -> list[float | None]:
    """Compute the loss of each token of the text, in nats; None where it is no target.

    In an encoder-decoder the answer is asked for, so the text's tokens have none.
    """
    asked = text_loss(lm, text, target)
    found = [None if loss != loss else loss for loss in asked.each(lm.transformer).tolist()]
    ids = lm.encode(text)
    if lm.config.shape == "encoder-decoder":
        return [None] * len(ids)
    return found if lm.config.shape == "encoder" else [None, *found][: len(ids)]


def _next_tokens(lm: LanguageModel, text: str) -> TextLoss:
    ids = lm.encode(text)
    if len(ids) == 1:  # no next token: the last one is input twice
        ids = ids * 2
    return TextLoss((_row(lm, ids[:-1]),), _row(lm, ids[1:]), mark("each next token of the text"))


def _hidden_tokens(lm: LanguageModel, text: str) -> TextLoss:
    ids, mask = lm.encode(text), lm.config.mask_id
    # A mask that the text itself has stays, as its truth is unknown.
    places = [at for at, i in enumerate(ids) if i not in lm.special_ids] or list(range(len(ids)))
    hidden = set(places[HIDDEN // 2 :: HIDDEN] or places[-1:])
    targets = [i if at in hidden else -100 for at, i in enumerate(ids)]
    if mask is None:
        return TextLoss(
            (_row(lm, ids),), _row(lm, targets), mark("some of the tokens (this model has none to hide them)")
        )
    seen = [mask if at in hidden else i for at, i in enumerate(ids)]
    return TextLoss((_row(lm, seen),), _row(lm, targets), mark("the hidden tokens of the text"))


def _row(lm: LanguageModel, ids: list[int]) -> Tensor:
    return torch.tensor([ids], device=lm.device)


def trainable(lm: LanguageModel, only: Callable[[str], bool] | None = None) -> nn.Module:
    """Copy the model's transformer for training: `lm` itself is shared and stays as it is.

    Args:
        only: which weights get gradients, by their names; None: all.
    """
    model = copy.deepcopy(lm.transformer).float().eval()  # no dropout: the same text gives the same gradient
    for name, weight in model.named_parameters():
        weight.requires_grad_(only is None or only(name))
    return model
