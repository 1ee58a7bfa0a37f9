"""The two tiny models whose learned positions can be looked at beside any open model: `core.analysis.positions.tiny`.

    python -m scripts.record_positions       # half a minute on one core

Writes assets/positions.safetensors. They are models of assets/extrapolation.json: a test wants the same losses.
"""

from __future__ import annotations

from typing import Literal

import torch
from safetensors.torch import save_file
from torch import Tensor

from core.analysis.positions.extrapolation import first_model, train
from core.analysis.positions.tiny import PLAN, RECORDED, SEED


def learned(kind: Literal["learned", "relative"]) -> tuple[Tensor, float]:
    """What a trained model of that kind knows of positions, and the loss of its last step."""
    model = first_model(PLAN, kind, SEED)
    *_, last = train(model, kind, PLAN, SEED)
    part, name = (model.pos_embed, "W_pos") if kind == "learned" else (model.relative, "W_bias")
    weights = getattr(part, name).detach().clone()
    print(f"{kind}: {tuple(weights.shape)}, loss {last.loss:.5f}", flush=True)
    return weights, last.loss


def main() -> None:
    """Train both and write the file."""
    torch.set_num_threads(1)
    (table, first), (bias, second) = learned("learned"), learned("relative")
    losses = {"learned": f"{first:.5f}", "relative": f"{second:.5f}"}
    save_file({"W_pos": table, "W_bias": bias}, RECORDED, metadata=losses)


if __name__ == "__main__":
    main()
