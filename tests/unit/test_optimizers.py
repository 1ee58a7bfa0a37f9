"""The optimizer of a run: which weight is moved by what, a state to go on from, and the two recipes."""

import pytest
import torch

from core.config import preset
from core.model.initial import initialise
from core.model.transformer import build
from core.training import TrainSpec, recipes
from core.training.loss import next_token_loss
from core.training.muon import Muon
from core.training.optimizers import Groups, Optimizer


def model_of(name="gpt-nano", **changes):
    config = preset(name, d_vocab=30, **changes)
    model = build(config)
    initialise(model, config, seed=1, spread=0.15)
    return model.train()


def learn(optimizer, first, last):
    """The losses of steps `first` to `last` - 1, each on rows of its own."""
    losses = []
    for step in range(first, last):
        rows = torch.randint(30, (4, 13), generator=torch.Generator().manual_seed(step))
        loss = next_token_loss(optimizer.working.train(), rows)
        loss.backward()
        optimizer.step(1 - step / 10)
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("shape", ["decoder", "encoder", "encoder-decoder"])
def test_every_weight_is_in_one_group(shape):
    changes = {"mlm_head": True} if shape == "encoder" else {}
    groups = Groups.of(model_of("gpt-nano", shape=shape, **changes))
    names = [name for part in vars(groups).values() for name in part]
    assert (
        len(names) == len(set(names)) == len(list(model_of("gpt-nano", shape=shape, **changes).parameters()))
    )
    assert all(weight.ndim == 2 for weight in groups.matrices.values())
    assert all("embed" in name for name in groups.tables)
    assert next(iter(groups.head)).endswith("unembed.weight")


@pytest.mark.full(reason="the other cases take a second", quick_cases=4)
@pytest.mark.parametrize("kind", ["muon", "adamw", "adam", "momentum", "sgd"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_restored_optimizer_goes_on_bit_for_bit(kind, precision):
    spec = TrainSpec(optimizer=kind, precision=precision, learning_rate=0.02, weight_decay=0.1)
    whole = Optimizer(model_of(), spec)
    learn(whole, 0, 3)
    weights = {name: weight.clone() for name, weight in whole.model.state_dict().items()}
    state = whole.state()
    expected = learn(whole, 3, 6)
    again = Optimizer(model_of(), spec)
    learn(again, 5, 7)  # something else, which must leave no trace
    again.model.load_state_dict(weights)
    again.restore(state)
    assert learn(again, 3, 6) == expected
    for one, other in zip(whole.model.parameters(), again.model.parameters()):
        assert torch.equal(one, other)


def test_another_models_state_is_refused():
    small = Optimizer(model_of(), TrainSpec())
    wide = Optimizer(model_of(d_model=24, n_heads=2), TrainSpec())
    learn(wide, 0, 1)
    with pytest.raises(ValueError, match="has the shape"):
        small.restore(wide.state())
    with pytest.raises(ValueError, match="no weight"):
        small.restore({"exp_avg.nowhere": torch.zeros(1)})


def test_muon_moves_the_matrices_and_adam_the_rest():
    optimizer = Optimizer(model_of(), TrainSpec(learning_rate=0.02, embed_rate=0.0, head_rate=0.0))
    before = {name: weight.detach().clone() for name, weight in optimizer.model.named_parameters()}
    learn(optimizer, 0, 1)
    moved = {n for n, weight in optimizer.model.named_parameters() if not torch.equal(weight, before[n])}
    assert moved == set(optimizer.groups.matrices)
    assert [type(one) is Muon for one in optimizer.torch] == [True, False]


def test_a_schedules_share_scales_every_rate():
    optimizer = Optimizer(model_of(), TrainSpec(learning_rate=0.5, embed_rate=0.25, head_rate=0.125))
    optimizer.step(0.5)
    rates = {group["lr"] for one in optimizer.torch for group in one.param_groups}
    assert rates == {0.25, 0.125, 0.0625}
    optimizer.step(1.0)
    assert {group["lr"] for one in optimizer.torch for group in one.param_groups} == {0.5, 0.25, 0.125}


def test_a_frozen_part_stays():
    model = model_of()
    frozen = model.blocks[0].mlp.weight_in.requires_grad_(False).clone()
    optimizer = Optimizer(model, TrainSpec())
    learn(optimizer, 0, 2)
    assert torch.equal(model.blocks[0].mlp.weight_in, frozen)


def test_the_two_recipes_are_what_they_say():
    plain, fast = recipes.plain(steps=50), recipes.fast(steps=50, seed=3)
    sizes = [sum(w.numel() for w in build(spec.config(65)).parameters()) for spec in (plain, fast)]
    assert sizes == [809_856, 409_856]
    assert (plain.optimizer, plain.schedule, plain.precision) == ("adamw", "cosine", "float32")
    assert (fast.optimizer, fast.schedule, fast.precision, fast.seed) == ("muon", "linear", "auto", 3)
    assert fast.stages[0][1] < fast.stages[1][1] < fast.context
    assert recipes.fast(changes={"n_layers": 3}).config(65).n_layers == 3
    assert recipes.plain(learning_rate=3e-4).learning_rate == 3e-4
    with pytest.raises(TypeError):
        recipes.fast(no_such_field=1)
