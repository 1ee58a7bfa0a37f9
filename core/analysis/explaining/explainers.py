"""Five ways to say which tokens a prediction rests on, each a number a token; higher: more for the prediction.

Integrated gradients is in its own file, attention rollout too. Here: gradient times input (Shrikumar et al. 2016,
section 2.4), and leaving one token out (Li et al. 2016, "Understanding Neural Networks through Representation
Erasure").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from core.analysis.explaining.integrated_gradients import gradients, integrated_gradients
from core.analysis.explaining.readout import Readout
from core.analysis.explaining.rollout import attention_flow
from core.analysis.places import stack_of

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
INTEGRATED, GRADIENT, LEFT_OUT = "integrated gradients", "gradient × input", "leave one out"
ROLLOUT, RAW = "attention rollout", "last layer’s attention"
NAMES = (INTEGRATED, GRADIENT, LEFT_OUT, ROLLOUT, RAW)


def only_directions(lm: LanguageModel) -> bool:
    """Whether the length of a token's vector does not count: it is normed first, with nothing added to it before."""
    reads = stack_of(lm, "self")
    normed = reads.ln_embed is not None and reads.ln_embed.kind != "none"
    return normed and reads.pos_embed is None and reads.token_type_embed is None


def gradient_times_input(asked: Readout, base: Tensor | None = None) -> Array:
    """(N,): each token's vector, counted from the baseline's, times the gradient at it; 0 for special tokens.

    From zeros (None) it is 0 for every token where `only_directions` count.
    """
    _, slope = gradients(asked, asked.vectors[None])
    way = asked.vectors if base is None else asked.vectors - base
    return _free(asked, (slope[0] * way).sum(-1).double().cpu().numpy())


def leave_one_out(asked: Readout, base: Tensor) -> Array:
    """(N,): f(text) minus f with that token's vector replaced by the baseline's; 0 for special tokens."""
    many = len(asked.free)
    keep = ~np.eye(many + 1, many, dtype=bool)  # the last row keeps all
    found = asked.kept(keep, base)
    values = np.zeros(len(asked.ids))
    values[list(asked.free)] = found[-1] - found[:-1]
    return values


def explain(asked: Readout, base: Tensor, steps: int = 32) -> dict[str, Array]:
    """What every explainer says: (N,) each, by name. The attention's two are missing of a model without a block.

    Raises:
        ValueError: steps out of range.
    """
    found = {
        INTEGRATED: integrated_gradients(asked, base, steps).values,
        GRADIENT: gradient_times_input(asked, base),
        LEFT_OUT: leave_one_out(asked, base),
    }
    flow = attention_flow(asked)
    if flow is not None:
        found |= {ROLLOUT: _free(asked, flow.rollout), RAW: _free(asked, flow.raw)}
    return found


def _free(asked: Readout, values: Array) -> Array:
    """The same, 0 where a token cannot be taken away: a rank among tokens that can."""
    kept = np.zeros_like(values)
    kept[list(asked.free)] = values[list(asked.free)]
    return kept


def order_of(values: Array, free: tuple[int, ...]) -> tuple[int, ...]:
    """Numbers among the free tokens (0 to len(free) - 1), the highest value first; of equals the earlier one first."""
    return tuple(int(at) for at in np.argsort(-values[list(free)], kind="stable"))
