"""PyTorch's own hooks, registered on any part of a transformer, fire as on any module, and change nothing unasked."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.config import ModelConfig
from core.hooks import recording
from core.model.initial import initialise
from core.model.part import Part
from core.model.transformer import build

SHAPES: dict[str, dict[str, Any]] = {
    "decoder": {},
    "llama": {"position": "rotary", "norm": "rms", "gated": True, "act": "silu", "n_kv_heads": 2, "qk_norm": True},
    "encoder": {
        "shape": "encoder", "norm_placement": "post", "embed_norm": True, "final_norm": False, "mlm_head": True,
    },
    "encoder-decoder": {"shape": "encoder-decoder", "position": "relative", "norm": "rms"},
}  # fmt: skip


@pytest.fixture(params=SHAPES)
def model(request: pytest.FixtureRequest) -> nn.Module:
    config = ModelConfig(n_layers=2, d_model=16, n_heads=4, d_vocab=11, n_ctx=16, **SHAPES[request.param])
    made = build(config)
    initialise(made, config, seed=1, spread=0.3)
    return made.eval()


def run(model: nn.Module) -> Tensor:
    ids = torch.tensor([[1, 5, 3, 7, 2]])
    found: Tensor = model(ids, ids) if hasattr(model, "decoder") else model(ids)
    return found


def parts(model: nn.Module) -> dict[str, Part]:
    return {name: part for name, part in model.named_modules() if isinstance(part, Part)}


def test_every_part_tells_what_it_gives_and_is_silent_again(model: nn.Module) -> None:
    before = run(model)
    heard: dict[str, Tensor] = {}
    handles = [
        part.register_forward_hook(lambda _, __, out, name=name: heard.update({name: out}))
        for name, part in parts(model).items()
    ]
    assert torch.equal(run(model), before)
    assert heard.keys() == parts(model).keys() and torch.equal(heard[""], before)
    for handle in handles:
        handle.remove()
    heard.clear()
    assert torch.equal(run(model), before) and not heard


def test_what_a_hook_returns_takes_the_place(model: nn.Module) -> None:
    block = next(part for name, part in parts(model).items() if name.endswith("blocks.1"))
    before = run(model)
    leaving = block.register_forward_hook(lambda _, __, out: out.flip(-1))
    assert not torch.allclose(run(model), before)
    leaving.remove()
    assert torch.equal(run(model), before)
    entering = block.register_forward_pre_hook(lambda _, given: (torch.zeros_like(given[0]), *given[1:]))
    assert not torch.allclose(run(model), before)
    entering.remove()
    assert torch.equal(run(model), before)


def test_gradients_are_told_as_autograd_has_them(model: nn.Module) -> None:
    name, mlp = next((name, part) for name, part in parts(model).items() if name.endswith("blocks.1.mlp"))
    seen: list[Tensor] = []
    mlp.register_full_backward_pre_hook(lambda _, leaving: seen.append(leaving[0]))
    mlp.register_full_backward_hook(lambda _, entering, __: seen.append(entering[0]))
    out = name.removesuffix("mlp") + "hook_mlp_out"
    with recording([out]) as kept:
        loss = run(model).square().sum()
    loss.backward(retain_graph=True)
    (gradient,) = torch.autograd.grad(loss, kept[out])
    torch.testing.assert_close(seen[0], gradient)
    assert len(seen) == 2 and seen[1].shape == gradient.shape


def test_a_part_stays_what_it_is(model: nn.Module) -> None:
    names = {name: (type(part).__name__, set(part.state_dict())) for name, part in parts(model).items()}
    kinds = {name: type(part) for name, part in parts(model).items()}
    for part in parts(model).values():
        part.register_forward_hook(lambda *given: None)
        part.register_forward_hook(lambda *given: None)
    now = parts(model)
    assert names == {name: (type(part).__name__, set(part.state_dict())) for name, part in now.items()}
    assert all(isinstance(part, kinds[name]) for name, part in now.items())
