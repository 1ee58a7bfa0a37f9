"""Entropy and surprisal along a text: the model's uncertainty at each token, and the surprise of the actual one.

Entropy is the surprisal it expects, surprisal is -log2 p of what came (Shannon 1948, section 6), both in bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.decoding.stages import entropy_bits

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

_TOGETHER = 16  # masked copies of a text per call of an encoder


@dataclass(frozen=True)
class Position:
    """One token and the prediction in its place.

    index: its position in the text read (in the decoder's, start token included).   token: as a person reads it.
    entropy: of the whole distribution, in bits.   surprisal: of this token, in bits.
    best_id, best_token, best_probability: what the model found most probable here.
    """

    index: int
    id: int
    token: str
    entropy: float
    surprisal: float
    best_id: int
    best_token: str
    best_probability: float


@torch.inference_mode()
def along(lm: LanguageModel, text: Text, *, target: Text | None = None) -> list[Position]:
    """Compute entropy and surprisal of each predicted token of a text, from left to right.

    A decoder predicts every token but the first from those before it, in one pass. An encoder-decoder predicts the
    target's. An encoder predicts each token but the special ones from all the others: it is masked, and the text read
    anew (the terms of Salazar et al. 2020's pseudo-log-likelihood).

    Raises:
        ValueError: an empty text or id outside the vocabulary, an encoder-decoder without target, a target for a model
            without decoder, an encoder without mask token.
        ContextTooLong: more tokens than the context.
    """
    if lm.config.shape == "encoder-decoder" and not target:
        raise ValueError("an encoder-decoder predicts a target: along(lm, text, target=...)")
    read = lm.batch(text, target)
    ids = read[-1][0].tolist()
    if lm.config.shape == "encoder":
        return _masked(lm, ids)
    logits = lm.transformer(*read)[0, :-1].float()  # (T - 1, V)
    return _positions(lm, logits, list(range(1, len(ids))), ids[1:])


def _masked(lm: LanguageModel, ids: list[int]) -> list[Position]:
    if lm.config.mask_id is None:
        raise ValueError(
            f"{lm.name} names no mask token, so it cannot be asked about a token it does not see"
        )
    special = lm.special_ids - {lm.config.mask_id}
    places = [place for place, id in enumerate(ids) if id not in special]
    found = []
    for first in range(0, len(places), _TOGETHER):
        block = places[first : first + _TOGETHER]
        rows = torch.tensor([ids] * len(block), device=lm.device)  # (B, T)
        order = torch.arange(len(block), device=lm.device)
        at = torch.tensor(block, device=lm.device)
        rows[order, at] = lm.config.mask_id
        logits = lm.transformer(rows)[order, at].float()  # (B, V)
        found += _positions(lm, logits, block, [ids[place] for place in block])
    return found


def _positions(lm: LanguageModel, logits: Tensor, places: list[int], ids: list[int]) -> list[Position]:
    """Build the positions from scores (N, V) for the tokens `ids` at `places`."""
    if not ids:
        return []
    log_p = logits.log_softmax(-1)
    own = log_p.gather(-1, torch.tensor(ids, device=logits.device)[:, None])[:, 0]
    surprisal = own / -math.log(2.0)
    best = log_p.max(-1)
    rows = zip(
        places,
        ids,
        entropy_bits(logits).tolist(),
        surprisal.tolist(),
        best.indices.tolist(),
        best.values.exp().tolist(),
    )
    show = lm.tokenizer.display
    return [Position(place, id, show(id), h, s, top, show(top), p) for place, id, h, s, top, p in rows]
