"""What a model and its training are said to cost, against what torch counts."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from core import costs
from core.config import PRESETS, preset
from core.hooks import recording
from core.model.initial import initialise
from core.model.transformer import build
from core.training import Trainer, TrainSpec, estimates
from core.training.optimizers import numbers_kept

SHAPES: dict[str, dict[str, Any]] = {
    **{name: {"model": name} for name in PRESETS if name != "gpt2"},
    "grouped, gated, biases": {
        "model": "gpt-nano",
        "n_heads": 4,
        "n_kv_heads": 2,
        "d_head": 10,
        "gated": True,
        "act": "silu",
        "mlp_bias": True,
        "qkv_bias": True,
    },
    "no norm, no final norm, sinusoidal": {
        "model": "gpt2-nano",
        "norm": "none",
        "final_norm": False,
        "position": "sinusoidal",
    },
    "no gains, alibi": {"model": "gpt-nano", "norm_gain": False, "position": "alibi", "d_mlp": 100},
    "token types, offset": {"model": "bert-nano", "n_token_types": 2, "position_offset": 2},
    "uneven stacks, grouped": {
        "model": "t5-nano",
        "n_decoder_layers": 3,
        "n_heads": 4,
        "n_kv_heads": 1,
        "tied_embeddings": False,
        "embed_norm": True,
        "qk_norm": True,
    },
    "no blocks": {"model": "gpt2-nano", "n_layers": 0},
}


def config_of(name):
    values = dict(SHAPES[name])
    return preset(values.pop("model"), d_vocab=77, **values)


@pytest.mark.parametrize("name", SHAPES)
def test_the_number_of_weights_is_exact(name):
    model = build(config_of(name))
    assert costs.parameters(config_of(name)) == sum(weight.numel() for weight in model.parameters())


def test_gpt2_has_its_124_million():
    assert costs.parameters(preset("gpt2")) == 124_439_808


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("backward", [False, True])
def test_operations_are_those_that_torch_counts(name, backward):
    config = config_of(name)
    model = build(config)
    initialise(model, config)
    length, target = 12, 7
    inputs = [torch.zeros(1, length, dtype=torch.long)]
    if config.shape == "encoder-decoder":
        inputs.append(torch.zeros(1, target, dtype=torch.long))
    with FlopCounterMode(display=False) as counter, recording():  # recording: attention as written, not fused
        out = model(*inputs)
        if backward:
            out.sum().backward()
    expected = counter.get_total_flops()
    forward = costs.row_flops(config, length, target)
    assert (3 if backward else 1) * forward == expected
    if config.shape != "encoder-decoder":
        assert costs.flops_per_token(config, length) * length == forward


class Live(TorchDispatchMode):
    """The bytes of all tensors that were made inside and are still alive, at their most."""

    def __init__(self):
        super().__init__()
        self.now, self.most, self.seen = 0, 0, set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                self._note(tensor.untyped_storage())
        return out

    def _note(self, storage):
        key, size = storage._cdata, storage.nbytes()
        if key in self.seen:
            return
        self.seen.add(key)
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key, size):
        self.seen.discard(key)
        self.now -= size


GPT2 = {"model": "gpt2-nano", "optimizer": "adamw", "learning_rate": 1e-3}
RUNS: dict[str, dict[str, Any]] = {
    "the default": {},
    "six blocks": {"changes": {"n_layers": 6}},
    "twice the batch": {"batch_tokens": 4096},
    "a large vocabulary": {"vocab_size": 1500},
    "bfloat16": {"precision": "bfloat16", "changes": {"n_layers": 6}},
    "gated": {"changes": {"gated": True, "act": "silu"}},
    "a GPT-2": GPT2,
    "a GPT-2 with dropout and a long context": {
        **GPT2,
        "changes": {"dropout": 0.1, "n_ctx": 256},
        "context": 256,
    },
    "a BERT": {"model": "bert-nano", "objective": "masked"},
    "a T5": {"model": "t5-nano", "objective": "span_corruption"},
}


@pytest.mark.full(reason="the other cases take 5 s", quick_cases=1)
@pytest.mark.parametrize("name", RUNS)
def test_memory_is_within_a_quarter_of_what_tensors_take(name):
    spec = TrainSpec(corpus="fables", steps=3, device="cpu", **RUNS[name])
    trainer = Trainer(spec)
    trainer.step()
    gc.collect()
    lasting: list[torch.Tensor] = [*trainer.model.parameters(), *trainer.optimizer.working.parameters()]
    lasting += [
        value
        for optimizer in trainer.optimizer.torch
        for kept in optimizer.state.values()
        for value in kept.values()
        if isinstance(value, torch.Tensor)
    ]
    storages = {value.untyped_storage()._cdata: value.untyped_storage().nbytes() for value in lasting}
    with Live() as live:
        trainer.step()
    measured = sum(storages.values()) + live.most
    assert estimates.training_bytes(trainer.config, spec) == pytest.approx(measured, rel=0.25)


def test_an_estimate_grows_with_what_it_is_made_of():
    rate = estimates.Rate(flops=50e9, bytes=1e9, block=2e-4, loop=6e-4)
    base = estimates.estimate(TrainSpec(steps=100), rate)
    assert base.parameters == costs.parameters(TrainSpec().config(512))
    longer = estimates.estimate(TrainSpec(steps=200), rate)
    assert longer.learning == pytest.approx(2 * base.learning)
    assert base.learning < base.seconds < longer.seconds < 2 * base.seconds  # it begins once
    assert longer.bytes == base.bytes
    deeper = estimates.estimate(TrainSpec(steps=100, changes={"n_layers": 6}), rate)
    assert deeper.parameters > base.parameters
    assert deeper.bytes > 1.5 * base.bytes
    assert 1.5 * base.learning < deeper.learning < 2 * base.learning
    half = estimates.estimate(TrainSpec(steps=100, precision="bfloat16"), rate)
    assert half.learning < 0.9 * base.learning  # half as many bytes
    quicker = estimates.estimate(TrainSpec(steps=100), estimates.Rate(100e9, 2e9, 1e-4, 3e-4))
    assert quicker.learning == pytest.approx(base.learning / 2)
    stages = estimates.estimate(
        TrainSpec(steps=100, context=64, stages=((0.5, 16),), changes={"n_ctx": 64}), rate
    )
    short, long = (
        estimates.estimate(TrainSpec(steps=100, context=length, changes={"n_ctx": 64}), rate).learning
        for length in (16, 64)
    )
    assert short < long and stages.learning == pytest.approx((short + long) / 2)
    jordan = estimates.estimate(TrainSpec(steps=100, polar="jordan"), rate)
    assert jordan.learning > base.learning  # five iterations instead of four
    assert estimates.estimate(TrainSpec(steps=100, eval_every=10), rate).seconds > base.seconds


def test_this_machine_has_a_rate_and_tells_about_how_long_steps_take():
    rate = estimates.measured_rate()
    assert estimates.measured_rate() == rate
    assert min(rate.flops, rate.bytes) > 1e8 and 0 < rate.block < 1 and 0 < rate.loop < 1
    spec = TrainSpec(corpus="fables", steps=8, optimizer="adamw", device="cpu")
    *_, last = Trainer(spec).run()
    # A busy machine changes its speed while it is measured: this would see a factor or a unit that is wrong.
    assert last.seconds / 10 < estimates.estimate(spec, rate).learning < 10 * last.seconds


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=4)
@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam", "adamw", "muon"])
@pytest.mark.parametrize("model", ["gpt-nano", "bert-nano", "t5-nano"])
def test_the_numbers_an_optimizer_keeps_are_those_of_its_tensors(kind, model):
    objective = {"gpt-nano": "next_token", "bert-nano": "masked", "t5-nano": "span_corruption"}[model]
    spec = TrainSpec(
        corpus="fables",
        steps=1,
        device="cpu",
        model=model,
        objective=objective,
        optimizer=kind,
        precision="float32",
    )
    trainer = Trainer(spec)
    trainer.step()
    kept = sum(
        value.numel()
        for optimizer in trainer.optimizer.torch
        for state in optimizer.state.values()
        for value in state.values()
        if isinstance(value, torch.Tensor) and value.dim()
    )
    weights = sum(weight.numel() for weight in trainer.model.parameters())
    assert numbers_kept(trainer.config, kind) == pytest.approx(kept / weights)
