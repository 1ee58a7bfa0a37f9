"""LoRA: what it refuses, what it shares, what it learns."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor

from core.config import ModelConfig, preset
from core.model.initial import initialise
from core.model.transformer import Transformer, build
from core.training import lora
from core.training.fast_cpu import QuickAttention, put_in
from core.training.lora import Adapter, Lora


def model_of(**changes: object) -> Transformer:
    config = preset("gpt-nano", d_vocab=40, n_layers=2, **changes)
    model = build(config)
    assert isinstance(model, Transformer)
    initialise(model, config, seed=2, spread=0.3)
    return model.eval()


def ids() -> Tensor:
    return torch.randint(0, 40, (3, 12), generator=torch.Generator().manual_seed(1))


def noise(model: Transformer, how: Lora, seed: int) -> Adapter:
    chance = torch.Generator().manual_seed(seed)
    fresh = lora.draw(model, how)
    return Adapter(how, {n: 0.3 * torch.randn(v.shape, generator=chance) for n, v in fresh.tensors.items()})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rank": 0}, "rank=0 must be a whole number of at least 1"),
        ({"rank": 2.5}, "rank=2.5"),
        ({"rank": True}, "rank=True"),
        ({"alpha": 0}, "alpha=0 must be a number above 0"),
        ({"alpha": float("nan")}, "alpha=nan"),
        ({"targets": ()}, "choose at least one of q, k, v, o, in, gate, out"),
        ({"targets": ("q", "w")}, "'w' is not one of"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Lora(**values)  # type: ignore[arg-type]


def test_the_model_must_have_the_matrix_and_the_rank() -> None:
    model = model_of()
    with pytest.raises(ValueError, match="no matrix 'gate'; it has q, k, v, o, in, out"):
        lora.adapt(model, Lora(2, 4, ("gate",)))
    with pytest.raises(ValueError, match=r"rank=49 is more than the 48 .*\(48 x 48\) can have: choose 48"):
        lora.adapt(model, Lora(49, 4, ("q",)))
    with pytest.raises(ValueError, match="merge them first"):
        lora.adapt(lora.adapt(model, Lora(2)), Lora(2))
    with pytest.raises(ValueError, match="no LoRA matrices"):
        lora.adapter_of(model)


def test_an_adapter_of_another_model_is_refused() -> None:
    adapter = lora.draw(model_of(d_model=24), Lora(2))
    for use in (lora.adapt, lora.merge, lora.unmerge):
        with pytest.raises(
            ValueError, match=r"of another model: .*q\.A has the shape \(2, 24\), here \(2, 48\)"
        ):
            use(model_of(), adapter)  # type: ignore[operator]


def test_damaged_bytes_are_no_adapter() -> None:
    whole = lora.draw(model_of(), Lora(2)).to_bytes()
    assert Adapter.from_bytes(whole).lora == Lora(2)
    later = whole.replace(rb"\"version\": 1", rb"\"version\": 9")
    assert later != whole
    for damaged in (b"", whole[:50], whole[:-3], whole.replace(b'"lora"', b'"glas"')):
        with pytest.raises(ValueError, match="this is no LoRA adapter"):
            Adapter.from_bytes(damaged)
    with pytest.raises(ValueError, match="version 9; this Glassbox reads version 1"):
        Adapter.from_bytes(later)


def test_targets_have_one_order_and_count_what_the_paper_counts() -> None:
    assert Lora(4, 8, ("out", "q")).targets == ("q", "out")
    config = ModelConfig(
        n_layers=3, d_model=32, n_heads=4, n_kv_heads=2, d_vocab=11, n_ctx=8, gated=True, d_mlp=50
    )
    for target, (out, into) in {
        "q": (32, 32), "k": (16, 32), "v": (16, 32), "o": (32, 32), "gate": (50, 32), "in": (50, 32), "out": (32, 50),
    }.items():  # fmt: skip
        assert lora.trained(config, Lora(5, 1, (target,))) == 3 * 5 * (out + into)  # type: ignore[arg-type]


def test_two_adapters_on_one_base_at_once() -> None:
    """One cached model serves many sessions: each sees its own adapter, whoever runs at the same time."""
    base, text = model_of(), ids()
    adapters = [noise(base, Lora(3, 6, ("q", "v", "out")), seed) for seed in (1, 2)]
    alone = [lora.merge(base, each)(text) for each in adapters]
    plain = base(text)
    wrong: list[str] = []

    def work(number: int) -> None:
        model = lora.adapt(base, adapters[number])
        for _ in range(15):
            if not torch.allclose(model(text), alone[number], atol=1e-4):
                wrong.append(f"adapter {number}")
            if not torch.equal(base(text), plain):
                wrong.append("base")

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1, 0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert not torch.allclose(alone[0], alone[1], atol=1e-2)
    assert all(weight.requires_grad for weight in base.parameters())


def test_weights_are_shared_with_the_base_and_only_a_and_b_learn() -> None:
    base = model_of()
    adapted = lora.adapt(base, Lora(2, 4, ("q", "in")))
    where = {weight.data_ptr() for weight in base.parameters()}
    learning = {name for name, weight in adapted.named_parameters() if weight.requires_grad}
    assert all(("_q" in name or "_in" in name) and ".parametrizations." in name for name in learning)
    assert len(learning) == 2 * 2 * 2
    assert all(w.data_ptr() in where for name, w in adapted.named_parameters() if name not in learning)
    adapted(ids()).sum().backward()
    assert all(weight.grad is None for weight in base.parameters())
    merged = lora.merge(base, lora.adapter_of(adapted))
    own = [name for name, weight in merged.named_parameters() if weight.data_ptr() not in where]
    assert own == [f"blocks.{i}.{name}" for i in (0, 1) for name in ("attn.weight_qkv", "mlp.weight_in")]


def test_the_views_of_a_matrix_show_the_update() -> None:
    base = model_of()
    adapter = noise(base, Lora(2, 6, ("k", "o")), 3)
    attention, plain = lora.adapt(base, adapter).blocks[1].attn, base.blocks[1].attn
    product = adapter.product("blocks.1.attn.weight_qkv.k")
    assert product.shape == (48, 48)
    moved = (attention.W_K - plain.W_K).transpose(1, 2).flatten(0, 1)
    torch.testing.assert_close(moved, product, atol=1e-5, rtol=0)
    assert torch.equal(attention.W_Q, plain.W_Q)
    assert torch.equal(attention.W_V, plain.W_V)
    assert not torch.equal(attention.W_O, plain.W_O)


def test_the_quick_way_of_learning_in_bfloat16_sees_it_too() -> None:
    base = model_of()
    put_in(base)
    adapter = noise(base, Lora(2, 6, ("q", "k", "v")), 4)
    half = [
        model.to(torch.bfloat16).train() for model in (lora.adapt(base, adapter), lora.merge(base, adapter))
    ]
    assert all(isinstance(model.get_submodule("blocks.0.attn"), QuickAttention) for model in half)
    one, other = (model(ids()).float() for model in half)
    assert (one - other).abs().max() < 0.05 * other.abs().max()
    assert (one - model_of().to(torch.bfloat16)(ids()).float()).abs().max() > 0.2 * other.abs().max()


def test_a_few_steps_learn_through_a_and_b_alone() -> None:
    base, text = model_of(), ids()
    before = {name: weight.clone() for name, weight in base.named_parameters()}
    adapted = lora.adapt(base, Lora(4, 8, ("q", "v", "in", "out")), seed=1)
    steps = torch.optim.Adam([w for w in adapted.parameters() if w.requires_grad], lr=0.02)
    losses = []
    for _ in range(25):
        loss = torch.nn.functional.cross_entropy(adapted(text).flatten(0, 1), text.flatten())
        loss.backward()
        steps.step()
        steps.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]
    assert all(torch.equal(before[name], weight) for name, weight in base.named_parameters())
    assert all(value.any() for value in lora.adapter_of(adapted).tensors.values())
