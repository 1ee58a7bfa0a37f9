"""Warpers: transformations of next-token scores before a token is chosen. A removed token scores -inf.

Each takes scores (B, V), logits or log-probabilities, and returns new ones; none of them looks at the model.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.decoding.options import DecodingOptions

_COLDEST = 1e-6  # below, float32 would overflow; every token but the best has probability 0


def warp(scores: Tensor, ids: Tensor, options: DecodingOptions, first_id: int | None = None) -> Tensor:
    """Apply all warpers that `options` asks for, in the order of `transformers`.

    Args:
        scores: (B, V) logits of the next token.
        ids: (B, T) the text so far (an encoder-decoder's: the decoder's).
        first_id: the token that the model always writes first (see `forced`).
    """
    scores = repetition_penalty(scores, ids, options.repetition_penalty)
    scores = forced(scores, ids, first_id)
    scores = temperature(scores, options.temperature)
    if options.top_k is not None:
        scores = top_k(scores, options.top_k)
    if options.top_p is not None:
        scores = top_p(scores, options.top_p)
    return scores if options.min_p is None else min_p(scores, options.min_p)


def repetition_penalty(scores: Tensor, ids: Tensor, penalty: float) -> Tensor:
    """Lower the score of each token that occurs in ids (B, T): positive ones / penalty, negative ones * penalty.

    Keskar et al. 2019, section 4.1. A token counts once, however often it stands there.
    """
    if penalty == 1.0:
        return scores
    said = scores.gather(-1, ids)  # (B, T)
    return scores.scatter(-1, ids, torch.where(said < 0, said * penalty, said / penalty))


def forced(scores: Tensor, ids: Tensor, first_id: int | None) -> Tensor:
    """Force `first_id` after a decoder's start token, ids (B, 1); None forces nothing.

    The kept one scores 0, the logarithm of certainty, so that a beam's sum does not hang on it.
    """
    if first_id is None or ids.shape[1] > 1:
        return scores
    only = torch.full_like(scores, -torch.inf)
    only[:, first_id] = 0.0
    return only


def temperature(scores: Tensor, value: float) -> Tensor:
    """Divide by the temperature: below 1 sharpens, above 1 flattens; 0 keeps the best token alone (the limit)."""
    if value == 1.0:
        return scores
    if value < _COLDEST:
        best = scores.argmax(-1, keepdim=True)  # (B, 1)
        return torch.full_like(scores, -torch.inf).scatter(-1, best, scores.gather(-1, best))
    return scores / value


def top_k(scores: Tensor, k: int) -> Tensor:
    """Keep the k best tokens, and those that tie with the k-th (Fan et al. 2018, section 5.4)."""
    worst = scores.topk(min(k, scores.shape[-1])).values[..., -1:]  # (B, 1)
    return scores.masked_fill(scores < worst, -torch.inf)


def top_p(scores: Tensor, p: float) -> Tensor:
    """Keep the nucleus: the fewest best tokens whose probabilities sum to p or more, one at least.

    Holtzman et al. 2020, section 3.1. Summed from the unlikely end: a token goes while the sum stays within 1 - p.
    """
    if p >= 1.0:
        return scores
    rising, order = scores.sort(dim=-1)  # (B, V) twice
    drop = rising.softmax(-1).cumsum(-1) <= 1 - p
    drop[..., -1] = False
    return scores.masked_fill(torch.empty_like(drop).scatter(-1, order, drop), -torch.inf)


def min_p(scores: Tensor, p: float) -> Tensor:
    """Keep the tokens at least p times as probable as the most probable one (Nguyen et al. 2024, section 3)."""
    probabilities = scores.softmax(-1)
    best = probabilities.amax(-1, keepdim=True)  # (B, 1)
    return scores.masked_fill(probabilities < p * best, -torch.inf)
