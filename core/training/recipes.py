"""Two recipes for a small decoder: the common one, and the fastest one measured.

`plain` is a GPT-2 in small with AdamW, warm-up and cosine. `fast` takes half the blocks and changes the parts (rotary
positions, RMS norms, normed queries and keys, squared ReLU, no biases or gains), the first weights, the optimizer
(Muon for the matrices), the length of rows (short ones first) and, where a machine is quick in bfloat16, the precision.
What each is worth: docs/recipe.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.training.spec import TrainSpec

_PLAIN_SHAPE: Mapping[str, Any] = {"n_layers": 4, "d_model": 128, "n_heads": 4}
_FAST_SHAPE: Mapping[str, Any] = {"n_layers": 2, "d_model": 128, "n_heads": 2, "norm_gain": False}


def plain(
    *,
    corpus: str = "tales",
    steps: int = 2_500,
    context: int = 64,
    changes: Mapping[str, Any] | None = None,
    **values: Any,
) -> TrainSpec:
    """Build the plain recipe: GPT-2's shape (Radford et al. 2019) at 0.8M weights, AdamW, warm-up and cosine.

    It trains in float32 with 12 rows a step.

    Args:
        context: tokens of a row, and the most that the model reads.
        changes: fields of `ModelConfig` on top; values: of `TrainSpec`.
    """
    recipe: dict[str, Any] = {
        "model": "gpt2-nano",
        "changes": {**_PLAIN_SHAPE, "n_ctx": context, **(changes or {})},
        "batch_tokens": 12 * context,
        "context": context,
        "optimizer": "adamw",
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "beta2": 0.99,
        "weight_decay": 0.1,
        "clip": 1.0,
        "schedule": "cosine",
        "warmup": min(100, steps // 10),
        "init": "normal",
        "eval_every": 0,
        "precision": "float32",
    }
    return TrainSpec(corpus=corpus, steps=steps, **{**recipe, **values})


def fast(
    *,
    corpus: str = "tales",
    steps: int = 124,
    context: int = 64,
    changes: Mapping[str, Any] | None = None,
    **values: Any,
) -> TrainSpec:
    """Build the fast recipe: two blocks of the same width, 0.4M weights, without torch.compile.

    Args:
        context: tokens of a row at the end, and the most that the model reads; rows begin a quarter as long.
        changes, values: as for `plain`.
    """
    recipe: dict[str, Any] = {
        "model": "gpt-nano",
        "changes": {**_FAST_SHAPE, "n_ctx": context, **(changes or {})},
        "batch_tokens": 32 * context,
        "context": context,
        "stages": ((0.3, max(2, context // 4)), (0.55, max(3, context // 2))),
        "optimizer": "muon",
        "learning_rate": 0.12,
        "embed_rate": 0.03,
        "head_rate": 0.02,
        "momentum": 0.8,
        "beta1": 0.7,
        "beta2": 0.98,
        "polar": "polar_express",
        "schedule": "linear",
        "init": "recipe",
    }
    return TrainSpec(corpus=corpus, steps=steps, **{**recipe, **values})
