"""Shared keys and values (multi-head, grouped-query, multi-query attention), and sharing in a trained model.

Shazeer 2019 ("Fast Transformer Decoding", section 3): one key and value head for all queries. Ainslie et al. 2023
("GQA", section 2.1): one a group, made from a finished model by the mean of each group's projections. They then train
on; here nothing is trained, so what is lost is what the mean loses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import row_of
from core.analysis.story_loss import mean_loss, story_losses
from core.costs import cache_bytes
from core.messages import mark
from core.model.attention import Attention
from core.model.transformer import build
from core.training.text_loss import text_loss

if TYPE_CHECKING:
    from core.config import ModelConfig
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """A model whose query heads share `kv_heads` heads of keys and values.

    Attributes:
        name: what such attention is called. queries: how many query heads read each of them.
        cache: bytes of the keys and values of one text, all layers (`core.costs.cache_bytes`).
        own: the model is so already.
        probabilities: (V,) at the row that was asked for.
        loss: nats, of the text in the model's own objective (`core.training.text_loss`).
    """

    name: str
    kv_heads: int
    queries: int
    cache: int
    own: bool
    probabilities: Array
    loss: float


def sharing_name(config: ModelConfig) -> str:
    """Return the name of attention with these numbers of query and key/value heads."""
    if config.kv_heads == config.n_heads:
        return mark("multi-head")
    return mark("multi-query") if config.kv_heads == 1 else mark("grouped-query")


def ways_to_share(config: ModelConfig) -> list[int]:
    """List possible numbers of key/value heads: the model's own, half of them, and so on to one.

    Where a number does not halve, the next smaller divisor of it follows.
    """
    counts = [config.kv_heads]
    while counts[-1] > 1:
        last = counts[-1]
        counts.append(max(n for n in range(1, last // 2 + 1) if last % n == 0))
    return counts


def share_keys(lm: LanguageModel, kv_heads: int) -> LanguageModel:
    """Average the key and value projections of `lm` within groups, cross-attention's too.

    All other weights are the same tensors.

    Raises:
        ValueError: the model's own heads do not fall into that many groups.
    """
    config = lm.config
    if kv_heads < 1 or config.kv_heads % kv_heads:
        raise ValueError(
            f"the model's {config.kv_heads} heads of keys and values do not fall into {kv_heads} groups"
        )
    model = build(config.replace(n_kv_heads=kv_heads))
    state = dict(lm.transformer.state_dict(keep_vars=True))
    for name, part in lm.transformer.named_modules():
        if isinstance(part, Attention):
            for own in ("weight_qkv", "bias_qkv"):
                if (stored := state.get(f"{name}.{own}")) is not None:
                    state[f"{name}.{own}"] = torch.nn.Parameter(_pooled(part, stored.detach(), kv_heads))
    model.load_state_dict(state, assign=True)
    name = f"{lm.name}, {kv_heads} heads of keys and values"
    return type(lm)(model.to(lm.device).eval(), lm.tokenizer, name)


def _pooled(attn: Attention, stored: Tensor, groups: int) -> Tensor:
    """Average the key and value rows of a fused (H + 2 H_kv) K weight in groups; query rows stay."""
    heads = stored.unflatten(0, (-1, attn.d_head))  # (H + 2 H_kv, K, ...)
    queries, keys, values = heads.split((attn.n_heads, attn.n_kv_heads, attn.n_kv_heads))
    shared = [
        part.unflatten(0, (groups, -1)).mean(dim=1) for part in (keys, values)
    ]  # (groups, K, ...) twice
    return torch.cat([queries, *shared]).flatten(0, 1)


def sharings(lm: LanguageModel, text: str, *, target: str | None = None, row: int = -1) -> list[Sharing]:
    """Evaluate the text with the model as it is and with ever fewer key/value heads.

    Raises:
        ValueError: no such row of the logits.
        ContextTooLong: more tokens than the model has positions for.
    """
    asked, read = text_loss(lm, text, target), lm.batch(text, target)
    length, written = read[0].shape[1], sum(ids.shape[1] for ids in read[1:])
    size = next(lm.transformer.parameters()).element_size()
    found = []
    for count in ways_to_share(lm.config):
        own = count == lm.config.kv_heads
        model = lm if own else share_keys(lm, count)
        with torch.no_grad():
            logits = model.transformer(*read)[0].float()  # (T, V)
            loss = float(asked(model.transformer))
        p = logits[row_of(row, len(logits))].softmax(-1).cpu().numpy()
        cache = cache_bytes(model.config, length, written, size)
        found.append(
            Sharing(
                name=sharing_name(model.config),
                kv_heads=count,
                queries=lm.config.n_heads // count,
                cache=cache,
                own=own,
                probabilities=p,
                loss=loss,
            )
        )
    return found


def stories_shared(lm: LanguageModel, count: int = 4) -> list[float]:
    """Compute the loss per token of held-out stories (`core.analysis.story_loss`) for each of `ways_to_share`.

    Raises:
        ValueError: no story.
    """
    asked = story_losses(lm, count)
    return [mean_loss(share_keys(lm, kv_heads), asked) for kv_heads in ways_to_share(lm.config)]
