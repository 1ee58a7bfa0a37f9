"""Which weights a text meets, shown by what happens when the others are no numbers at all."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.config import ModelConfig, preset
from core.costs import parameters
from core.model.transformer import build
from core.parts import PARTS, part_of, parts, shapes, spreads, used_weights

SMALL: dict[str, Any] = {"n_layers": 2, "d_model": 12, "n_heads": 3, "d_vocab": 40, "n_ctx": 16}
CONFIGS = {
    "gpt2": ModelConfig(**SMALL),
    "untied": ModelConfig(**SMALL, tied_embeddings=False, position="rotary", norm="rms", qk_norm=True),
    "bert": ModelConfig(
        **SMALL, shape="encoder", norm_placement="post", mlm_head=True, n_token_types=2, unembed_bias=True
    ),
    "offset": ModelConfig(**SMALL, position_offset=2, tied_embeddings=False),
    "sine": ModelConfig(**SMALL, position="sinusoidal", tied_embeddings=False),
    "t5": ModelConfig(
        **SMALL, shape="encoder-decoder", position="relative", tied_embeddings=False, gated=True
    ),
    "labels": ModelConfig(**SMALL, shape="encoder", head="token", labels=("a", "b")),
}
READ, SAID = [3, 7, 3, 20, 7], [0, 7, 9]


def model(name: str) -> Any:
    """A model with wide random weights."""
    made = build(CONFIGS[name])
    torch.manual_seed(4)
    with torch.no_grad():
        for weight in made.parameters():
            weight.normal_(0.0, 0.3)
    return made.eval()


def logits(made: Any, name: str) -> torch.Tensor:
    """What it says about the two texts."""
    rows = [torch.tensor([READ])] + (
        [torch.tensor([SAID])] if CONFIGS[name].shape == "encoder-decoder" else []
    )
    with torch.no_grad():
        found: torch.Tensor = made(*rows)
    return found


@pytest.mark.parametrize("name", CONFIGS)
def test_the_parts_are_all_weights_once(name: str) -> None:
    made = model(name)
    assert sum(parts(CONFIGS[name]).values()) == parameters(CONFIGS[name])
    assert sum(parts(CONFIGS[name]).values()) == sum(weight.numel() for weight in made.parameters())
    assert shapes(CONFIGS[name]) == {key: tuple(weight.shape) for key, weight in made.named_parameters()}


def test_parts_of_gpt2_by_hand() -> None:
    d, layers = 768, 12
    found = parts(preset("gpt2"))
    assert found == {
        "embeddings": (50_257 + 1024) * d,
        "attention": layers * (4 * d * d + 4 * d),
        "feed_forward": layers * (8 * d * d + 5 * d),
        "rest": (2 * layers + 1) * 2 * d,
    }
    assert part_of("decoder.blocks.3.cross_attn.weight_o") == "attention"


def _is_table(name: str) -> bool:
    return part_of(name) == "embeddings" or "W_bias" in name


@pytest.mark.parametrize("name", CONFIGS)
def test_a_weight_is_used_exactly_if_the_answer_hangs_on_it(name: str) -> None:
    """Rows become NaN one after the other: the logits notice those that are used and no other."""
    made, pair = model(name), CONFIGS[name].shape == "encoder-decoder"
    plain = logits(made, name)
    used = dict.fromkeys(PARTS, 0)
    for key, weight in made.named_parameters():
        rows = weight.data if _is_table(key) else [weight.data]
        for row in rows:
            kept = row.clone()
            row.fill_(torch.nan)
            noticed = not torch.equal(logits(made, name), plain)
            assert noticed or _is_table(key), f"{key} is met whole"
            used[part_of(key)] += row.numel() * noticed
            row.copy_(kept)
    assert used_weights(made, READ, SAID if pair else ()) == used


@pytest.mark.parametrize("name", ["gpt2", "untied", "t5"])
def test_no_text_uses_more_than_there_is(name: str) -> None:
    made, pair = model(name), CONFIGS[name].shape == "encoder-decoder"
    whole, one = parts(CONFIGS[name]), used_weights(made, [1], [0] if pair else ())
    assert all(one[part] <= whole[part] for part in PARTS)
    assert one["embeddings"] < whole["embeddings"]
    every = list(range(16))
    assert used_weights(made, every, every if pair else ())["embeddings"] >= one["embeddings"]


def test_spreads_are_root_mean_squares() -> None:
    made = model("untied")
    found = spreads(made)
    attention = torch.cat([w.detach().flatten() for name, w in made.named_parameters() if ".attn." in name])
    assert found["attention"] == pytest.approx(float(attention.square().mean().sqrt()), rel=1e-5)
    with torch.no_grad():
        for weight in made.parameters():
            weight.mul_(2)
    assert spreads(made)["attention"] == pytest.approx(2 * found["attention"], rel=1e-6)
