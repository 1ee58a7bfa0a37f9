"""Hooks: what is recorded, what is changed, and that neither outlives its scope."""

import re
import threading

import pytest
import torch

from core.config import ModelConfig
from core.hooks import HookError, Intervention, ablate_head, check, intervene, recording
from core.model.initial import initialise
from core.model.transformer import build

CONFIG = ModelConfig(n_layers=2, d_model=16, n_heads=4, d_vocab=11, n_ctx=16)
IDS = torch.tensor([[1, 5, 3, 7, 2]])


@pytest.fixture(scope="module")
def model():
    made = build(CONFIG).double().eval()
    initialise(made, CONFIG, seed=1, spread=0.3)
    return made.requires_grad_(False)


def double(name):
    return Intervention((name,), lambda value: value * 2, f"double {name}")


def test_names_are_recorded_in_the_order_of_the_computation(model):
    with recording() as seen:
        logits = model(IDS)
    assert list(seen)[:4] == [
        "hook_embed",
        "hook_pos_embed",
        "blocks.0.hook_resid_pre",
        "blocks.0.ln1.hook_scale",
    ]
    assert torch.equal(seen["unembed.hook_out"], logits)
    assert "blocks.0.attn.hook_result" not in seen


def test_only_the_names_asked_for(model):
    with recording(["blocks.1.attn.hook_result", "blocks.1.hook_attn_out"]) as seen:
        model(IDS)
    assert set(seen) == {"blocks.1.attn.hook_result", "blocks.1.hook_attn_out"}
    heads = seen["blocks.1.attn.hook_result"].sum(dim=2) + model.blocks[1].attn.b_O
    assert torch.allclose(heads, seen["blocks.1.hook_attn_out"], atol=1e-12)


def test_changes_compose_left_to_right_and_nest(model):
    place = "blocks.0.hook_attn_out"
    plus = Intervention((place,), lambda value: value + 1, "plus one")
    with recording([place]) as plain:
        model(IDS)
    with recording([place]) as seen, intervene(plus, double(place)):
        model(IDS)
    assert torch.allclose(seen[place], (plain[place] + 1) * 2)
    with recording([place]) as nested, intervene(double(place)), intervene(plus):
        model(IDS)
    assert torch.allclose(nested[place], plain[place] * 2 + 1)


def test_nothing_stays_behind_even_after_an_error(model):
    before = model(IDS)
    with pytest.raises(RuntimeError, match="on purpose"), intervene(double("hook_embed")), recording():
        raise RuntimeError("on purpose")
    assert torch.equal(model(IDS), before)


@pytest.mark.parametrize("value", ["zero", "mean"])
def test_ablation_takes_exactly_that_head_out(model, value):
    name = "blocks.1.attn.hook_z"
    with recording([name]) as plain:
        model(IDS)
    with recording([name]) as seen, intervene(ablate_head(layer=1, head=2, value=value)):
        model(IDS)
    expected = plain[name].clone()
    expected[:, :, 2] = 0 if value == "zero" else expected[:, :, 2].mean(dim=1, keepdim=True)
    assert torch.equal(seen[name], expected)


def test_zero_ablation_equals_a_model_whose_head_writes_nothing(model):
    cut = build(CONFIG).double()
    cut.load_state_dict(model.state_dict())
    with torch.no_grad():
        cut.blocks[0].attn.W_O[3] = 0
    with intervene(ablate_head(layer=0, head=3)):
        changed = model(IDS)
    assert torch.allclose(changed, cut(IDS), atol=1e-12)


@pytest.mark.parametrize(
    ("layer", "head", "attention", "words"),
    [
        (2, 0, "self", "L2H0"),
        (0, 4, "self", "0 to 3"),
        (-1, 0, "self", "L-1H0"),
        (0, 0, "cross", "cross_attn"),
    ],
)
def test_a_place_the_model_lacks_is_an_error_that_names_it(model, layer, head, attention, words):
    with pytest.raises(HookError, match=words), intervene(ablate_head(layer, head, attention=attention)):
        model(IDS)


@pytest.mark.parametrize("wrong", [{"value": "max"}, {"attention": "both"}])
def test_an_unknown_choice_is_refused_at_once(wrong):
    with pytest.raises(HookError, match=r"max|both"):
        ablate_head(0, 0, **wrong)


def test_an_edit_must_keep_the_shape(model):
    short = Intervention(("hook_embed",), lambda value: value[:, :1], "cut")
    with pytest.raises(HookError, match="hook_embed"), intervene(short):
        model(IDS)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda value: None, "returned NoneType, not a tensor"),
        (lambda value: 0.0, "returned float, not a tensor"),
        (lambda value: value.numpy(), "returned ndarray, not a tensor"),
        (lambda value: value.float(), "from torch.float64 on cpu into torch.float32"),
    ],
)
def test_an_edit_must_return_a_tensor_like_its_value(model, edit, said):
    change = Intervention(("hook_embed",), edit, "wrong edit")
    with pytest.raises(HookError, match=f"wrong edit.*hook_embed.*{said}"), intervene(change):
        model(IDS)


def test_another_thread_sees_nothing_of_it(model):
    before, found = model(IDS), []
    with intervene(double("hook_embed")):
        other = threading.Thread(target=lambda: found.append(model(IDS)))
        other.start()
        other.join()
    assert torch.equal(found[0], before)


def test_each_kind_of_attention_of_an_encoder_decoder():
    config = CONFIG.replace(shape="encoder-decoder", position="relative", n_decoder_layers=2)
    both = build(config).double().eval()
    initialise(both, config, spread=0.3)
    places = {
        "self": "decoder.blocks.0.attn.hook_z",
        "cross": "decoder.blocks.0.cross_attn.hook_z",
        "encoder": "encoder.blocks.0.attn.hook_z",
    }
    for attention, place in places.items():
        with recording(places.values()) as seen, intervene(ablate_head(0, 1, attention=attention)):
            both(IDS, IDS)
        assert [name for name in seen if not seen[name][:, :, 1].any()] == [place]


def test_an_edited_scale_is_what_the_norm_divides_by(model):
    place = "blocks.0.ln1"
    names = [f"{place}.hook_scale", f"{place}.hook_normalized"]
    for grad in (False, True):
        with torch.set_grad_enabled(grad):
            with recording(names) as plain:
                model(IDS)
            with recording(names) as seen, intervene(double(names[0])):
                model(IDS)
        assert torch.allclose(seen[names[0]], 2 * plain[names[0]], atol=1e-12)
        assert torch.allclose(seen[names[1]], plain[names[1]] / 2, atol=1e-12)
        x = model.embed(IDS) + model.pos_embed(torch.arange(5))
        assert torch.allclose(plain[names[1]] * plain[names[0]], x - x.mean(-1, keepdim=True), atol=1e-12)


@pytest.mark.parametrize("batch_axis", [True, False])
def test_every_recorded_value_that_is_used_has_a_gradient(batch_axis):
    made = build(CONFIG).double().eval()
    initialise(made, CONFIG, seed=1, spread=0.3)
    with recording(batch_axis=batch_axis) as seen:
        logits = made(IDS)
    slopes = torch.autograd.grad(logits[0, -1, 3], list(seen.values()), allow_unused=True)
    unused = [name for name, slope in zip(seen, slopes) if slope is None]
    assert unused == []


def test_a_wrong_place_lists_the_layers_in_their_order():
    names = [f"blocks.{layer}.attn.hook_z" for layer in (10, 2, 0, 11, 1)]
    with intervene(ablate_head(layer=12, head=0)), pytest.raises(HookError) as found:
        check(frozenset(names))
    assert re.findall(r"blocks\.(\d+)\.attn", str(found.value))[1:] == ["0", "1", "2", "10", "11"]
