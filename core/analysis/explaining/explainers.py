"""Five attribution methods for tokens: each gives a number per token, higher for more support of the prediction.

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
    """Return whether only the direction of a token's vector counts, because it is normed before anything is added to
    it."""
    reads = stack_of(lm, "self")
    normed = reads.ln_embed is not None and reads.ln_embed.kind != "none"
    return normed and reads.pos_embed is None and reads.token_type_embed is None


def gradient_times_input(asked: Readout, base: Tensor | None = None) -> Array:
    """Multiply each token's vector, relative to the baseline's, by the gradient at it: (N,); 0 for special tokens.

    From zeros (None) it is 0 for every token where `only_directions` count.
    """
    _, slope = gradients(asked, asked.vectors[None])
    way = asked.vectors if base is None else asked.vectors - base
    return _free(asked, (slope[0] * way).sum(-1).double().cpu().numpy())


def leave_one_out(asked: Readout, base: Tensor) -> Array:
    """Compute f(text) minus f with one token's vector replaced by the baseline's: (N,); 0 for special tokens."""
    many = len(asked.free)
    keep = ~np.eye(many + 1, many, dtype=bool)  # the last row keeps all tokens
    found = asked.kept(keep, base)
    values = np.zeros(len(asked.ids))
    values[list(asked.free)] = found[-1] - found[:-1]
    return values


def explain(asked: Readout, base: Tensor, steps: int = 32) -> dict[str, Array]:
    """Compute every explainer's attributions: (N,) each, by name.

    The two attention methods are missing for a model without blocks, and integrated gradients where their shares do not
    add up with this many steps (`Attribution.adds_up`).

    Raises:
        ValueError: steps out of range.
    """
    shares = integrated_gradients(asked, base, steps)
    found = {INTEGRATED: shares.values} if shares.adds_up else {}
    found |= {
        GRADIENT: gradient_times_input(asked, base),
        LEFT_OUT: leave_one_out(asked, base),
    }
    flow = attention_flow(asked)
    if flow is not None:
        found |= {ROLLOUT: _free(asked, flow.rollout), RAW: _free(asked, flow.raw)}
    return found


def _free(asked: Readout, values: Array) -> Array:
    """Set the value to 0 where a token cannot be removed: ranks are among removable tokens."""
    kept = np.zeros_like(values)
    kept[list(asked.free)] = values[list(asked.free)]
    return kept


def order_of(values: Array, free: tuple[int, ...]) -> tuple[int, ...]:
    """Rank the removable tokens (0 to len(free) - 1), the highest value first, ties in text order."""
    return tuple(int(at) for at in np.argsort(-values[list(free)], kind="stable"))
