"""Five runs of one small model that differ in the optimizer alone: a comparison on real weights."""

from __future__ import annotations

from collections.abc import Mapping

from core.training.rules import KINDS, Kind
from core.training.spec import TrainSpec

# Each optimizer's best rate in a sweep by factors of about three: held-out loss after 200 steps, seed 0.
RATES: Mapping[Kind, float] = {"sgd": 2.0, "momentum": 1.0, "adam": 0.01, "adamw": 0.01, "muon": 0.02}
STEPS = 200


def quintet(rates: Mapping[str, float] | None = None, steps: int = STEPS) -> dict[Kind, TrainSpec]:
    """Build the specs by optimizer: a GPT of three blocks on tales, constant rates, no warm-up, the same batches.

    Args:
        rates: by optimizer; what is missing has the rate of `RATES`. Muon's is that of the matrices; tables, head and
            gains then take Adam's.

    Raises:
        ValueError: a rate that cannot be.
    """
    given: dict[str, float] = {**{str(kind): rate for kind, rate in RATES.items()}, **(rates or {})}
    return {kind: _spec(kind, given[kind], given["adam"], steps) for kind in KINDS}


def _spec(kind: Kind, rate: float, adam: float, steps: int) -> TrainSpec:
    return TrainSpec(
        model="gpt-nano", corpus="tales", tokenizer="bpe", vocab_size=512, steps=steps, seed=0, batch_tokens=1024,
        context=32, optimizer=kind, learning_rate=rate, embed_rate=adam, head_rate=adam,
        momentum=0.95 if kind == "muon" else 0.9, beta1=0.9, beta2=0.999, weight_decay=0.1 if kind == "adamw" else 0.0,
        schedule="constant", eval_every=10, checkpoints=2,
    )  # fmt: skip
