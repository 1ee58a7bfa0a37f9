"""Pairs of runs trained side by side to show the effect of one part: without it, or with and without a regularizer.

Small enough for a minute on one processor; everything but the one part is the same, the seed too.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Any, Literal

from core.config import WITHOUT, Part
from core.data import corpora
from core.training.spec import TrainSpec

# Thin and deep, so that vanishing and growing with depth show; queries and keys are normed, so that their products have
# the size that the 1/sqrt(d) of Vaswani et al. 2017 (section 3.2.1) is designed for. GPT-2's initialization and AdamW,
# as the fast recipe would hide both effects: it begins with zero outputs, and Muon's steps do not depend on the
# gradient's size.
_DEEP = TrainSpec(
    model="gpt-nano",
    changes=(("d_model", 48), ("n_heads", 2), ("n_layers", 8)),
    corpus="tales",
    steps=160,
    batch_tokens=1024,
    context=32,
    optimizer="adamw",
    learning_rate=6e-3,
    clip=1.0,
    warmup=10,
    init="normal",
    eval_every=20,
    checkpoints=8,
    prompt="Once upon a time,",
)


def broken_spec(part: Part | None, seed: int = 0) -> TrainSpec:
    """Build the spec of 8 thin blocks without `part`; None: with all of it."""
    changes = dict(_DEEP.changes) | (dict(WITHOUT[part]) if part else {})
    return _DEEP.replace(changes=changes, seed=seed)


Regularizer = Literal["plain", "dropout", "decay", "both"]

FABLES, DROPOUT, DECAY = 20, 0.3, 2.0


@lru_cache(maxsize=1)
def few_fables() -> str:
    """Return a few fables, so short that a small model can memorize them; a tenth of them is held out."""
    fables = islice(corpora.corpus("fables"), FABLES)
    return "\n\n".join(fable.replace("\n\n", "\n") for fable in fables)


def regularized_spec(
    kind: Regularizer, *, dropout: float = DROPOUT, decay: float = DECAY, seed: int = 0
) -> TrainSpec:
    """Build the spec of a run on `few_fables`: plain, with dropout, with weight decay, or with both."""
    changes: dict[str, Any] = {"d_model": 64, "n_heads": 2, "n_layers": 3}
    if kind in ("dropout", "both"):
        changes["dropout"] = dropout
    return TrainSpec(
        model="gpt-nano",
        changes=tuple(changes.items()),
        corpus="own",
        text=corpora.fingerprint(few_fables()),
        steps=160,
        seed=seed,
        batch_tokens=512,
        context=32,
        optimizer="adamw",
        learning_rate=5e-3,
        weight_decay=decay if kind in ("decay", "both") else 0.0,
        clip=1.0,
        warmup=10,
        init="normal",
        eval_every=5,
        checkpoints=8,
        prompt="A fox",
    )
