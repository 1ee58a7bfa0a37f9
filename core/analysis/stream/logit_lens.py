"""The logit lens: the prediction read off the stream after each block (nostalgebraist 2020, "interpreting GPT").

The stream between two blocks has the width that the unembedding reads, so the model's own head (final norm and
unembedding, or a masked-LM head) can be put to it at any depth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.language_model import LanguageModel
from core.model.transformer import Transformer
from core.trace import Trace, residual_streams

AT_ONCE = 20_000_000  # bytes of logits in memory at once: 80 MB in float32


@dataclass(frozen=True)
class LogitLens:
    """The head's best guesses at every depth: index 0 is the embedding, l + 1 the stream after block l.

    ids: (L + 1, T, n) the n most probable tokens, best first.   probabilities: (L + 1, T, n) theirs, between 0 and 1.
    own: (L + 1, T) the probability, at every depth, of what the row says in the end.
    chance: (L + 1, T) that of one token, the same for all rows; rank: its place among all tokens, 0 the first. None if
    no token was named.
    """

    ids: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    own: NDArray[np.float32]
    chance: NDArray[np.float32] | None = None
    rank: NDArray[np.int64] | None = None


def logit_lens(lm: LanguageModel, trace: Trace, top: int = 1, token: int | None = None) -> LogitLens:
    """Apply the model's head to the stream after the embedding and after every block.

    The last entry repeats the model's own answer. As many depths at once as fit into `AT_ONCE`: a large vocabulary
    needs no (L, T, V), and a product of many rows takes a quarter of the time of many products of a few.

    Args:
        trace: a pass of `lm`; of an encoder-decoder, the decoder's blocks are read.
        top: n, how many tokens to keep at each place.
        token: an id to follow through all depths and rows.
    """
    prefix = "decoder." if lm.config.shape == "encoder-decoder" else ""
    stack: Transformer = lm.transformer.get_submodule(prefix[:-1])  # type: ignore[assignment]
    ids, probabilities, own, chance, rank = [], [], [], [], []
    with torch.inference_mode():
        last = trace.logits.argmax(-1, keepdim=True)  # (T, 1)
        streams = torch.stack(residual_streams(trace, prefix, lm.config.decoder_layers))  # (L + 1, T, D)
        for some in streams.split(max(1, AT_ONCE // trace.logits.numel())):
            chances = _softmax_(stack.head(some).float())  # (depths, T, V)
            best = chances.topk(min(top, chances.shape[-1]), dim=-1)  # (depths, T, n) twice
            ids.append(best.indices.cpu().numpy())
            probabilities.append(best.values.cpu().numpy())
            own.append(chances.gather(-1, last.expand(len(some), -1, 1))[..., 0].cpu().numpy())
            if token is not None:
                chance.append(chances[..., token].cpu().numpy())
                rank.append((chances > chances[..., token, None]).sum(-1).cpu().numpy())
    return LogitLens(
        np.concatenate(ids),
        np.concatenate(probabilities),
        np.concatenate(own),
        np.concatenate(chance) if chance else None,
        np.concatenate(rank) if rank else None,
    )


def _softmax_(logits: Tensor) -> Tensor:
    """Compute the softmax over the last axis in place: logits of many depths take as much memory as fits."""
    chances = logits.sub_(logits.amax(dim=-1, keepdim=True)).exp_()
    return chances.div_(chances.sum(dim=-1, keepdim=True))
