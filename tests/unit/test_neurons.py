"""One token through the feed-forward part, what a neuron says, and neurons switched off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import core
from core.analysis.neurons.activation_curves import bends
from core.analysis.neurons.feed_forward import NotLinear, direct_effect, promoted, token_steps
from core.analysis.neurons.knockouts import ablate_neurons, attributions, knock_out_neurons
from core.analysis.stacks import Half
from core.hooks import HookError, Intervention, ablate_head, intervene, recording
from core.model.feed_forward import ACTIVATIONS
from tests.blocks import STACKS, made, model, target_of
from tests.heads import TEXT

DEEP = [(name, stack) for name, stack in STACKS if name != "no blocks"]


@pytest.mark.parametrize(("name", "stack"), DEEP)
def test_every_step_of_one_token(name: str, stack: Any) -> None:
    lm = model(name)
    half = Half.of(lm, stack)
    trace = lm.trace(TEXT, target_of(lm))
    for layer in range(len(half.stack.blocks)):
        found = token_steps(lm, TEXT, layer, 3, stack=stack, target=target_of(lm), trace=trace)
        place = f"{half.prefix}blocks.{layer}"
        gate = found.W_in if found.W_gate is None else found.W_gate
        bias = found.b_in if found.W_gate is None else found.b_gate
        pre = found.read @ gate + (0 if bias is None else bias)
        np.testing.assert_allclose(pre, trace[f"{place}.mlp.hook_pre"][3].detach(), atol=1e-12)
        post = ACTIVATIONS[found.act](torch.tensor(pre)).numpy()
        if found.pre_linear is not None:
            linear = found.read @ found.W_in + (0 if found.b_in is None else found.b_in)
            np.testing.assert_allclose(linear, found.pre_linear, atol=1e-12)
            post = post * linear
        np.testing.assert_allclose(post, found.post, atol=1e-12)
        out = found.contributions.sum(0) + (0 if found.b_out is None else found.b_out)
        np.testing.assert_allclose(out, trace[f"{place}.hook_mlp_out"][3].detach(), atol=1e-12)
        assert found.error < 1e-12
        assert found.contributions.shape == (40, 24)


def test_the_bundled_model_adds_up_in_float32() -> None:
    lm = core.load("tales-gpt", device="cpu")
    found = token_steps(lm, "Once upon a time", 2)
    assert found.error < 1e-6
    assert found.b_out is None
    np.testing.assert_allclose(found.post, np.maximum(found.pre, 0) ** 2, rtol=1e-6)


@pytest.mark.parametrize("name", ["gpt", "gated silu"])
def test_every_number_of_one_neuron(name: str) -> None:
    found = token_steps(model(name), TEXT, 1, -1)
    for neuron in (0, 17, 39):
        one = found.neuron(neuron)
        assert one.products.sum() + one.bias == pytest.approx(one.pre)
        bent = float(ACTIVATIONS[found.act](torch.tensor(one.pre, dtype=torch.float64)))
        assert one.post == pytest.approx(bent * (1 if one.pre_linear is None else one.pre_linear))
        np.testing.assert_allclose(one.written, one.post * found.W_out[neuron])
    for wrong in (-1, 40):
        with pytest.raises(ValueError, match=f"neuron {wrong} is not one of the 40"):
            found.neuron(wrong)


def test_the_strongest_neurons_are_those_that_write_most() -> None:
    found = token_steps(model("gpt"), TEXT, 0)
    lengths = np.linalg.norm(found.contributions, axis=1)
    np.testing.assert_allclose(found.strengths, lengths)
    assert found.strongest(5) == np.argsort(-lengths)[:5].tolist()


def test_promoted_tokens_are_the_direction_through_gain_and_unembedding() -> None:
    """Against the model itself: a stream pushed along the neuron's row, the norm's division put back."""
    names = ("gpt", "as tales-gpt", "t5", "post-norm and a final norm", "no norm")
    for lm in (*map(model, names), made(logit_scale=0.3)):
        half = Half.of(lm)
        found = promoted(lm, 1, 7, count=lm.config.d_vocab)
        row = half.stack.blocks[1].mlp.W_out[7].detach()
        base = torch.randn(24, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        norm = half.stack.ln_final
        centred = base - base.mean() if norm.kind == "layer" else base
        scale = 1.0 if norm.kind == "none" else (centred.square().mean() + norm.eps).sqrt()
        with torch.no_grad():

            def logits(stream: torch.Tensor, half: Any = half, scale: Any = scale, norm: Any = norm) -> Any:
                x = stream - stream.mean() if norm.kind == "layer" else stream
                gained = x / scale if norm.w is None else x / scale * norm.w
                return half.stack.unembed.table @ gained * half.stack.unembed.scale * scale

            expected = logits(base + row) - logits(base)
        by_id = dict(zip(found.ids, found.scores))
        np.testing.assert_allclose([by_id[i] for i in range(lm.config.d_vocab)], expected, atol=1e-10)
        assert list(found.scores) == sorted(found.scores, reverse=True)
        assert found.low_ids[0] == found.ids[-1]


def test_a_head_that_bends_is_not_read_as_linear() -> None:
    with pytest.raises(NotLinear, match="masked-LM head"):
        promoted(model("bert"), 0, 3)


def test_promoted_checks_block_and_neuron() -> None:
    with pytest.raises(ValueError, match="block 2 is not one of the 2"):
        promoted(model("gpt"), 2, 0)
    with pytest.raises(ValueError, match="neuron 40"):
        promoted(model("gpt"), 0, 40)


@pytest.mark.parametrize("name", ["gpt", "bert", "t5", "as tales-gpt"])
def test_the_direct_effect_leaves_the_neuron_out_of_the_last_stream_only(name: str) -> None:
    lm = model(name)
    half = Half.of(lm)
    last = len(half.stack.blocks) - 1
    found = direct_effect(lm, TEXT, last, 5, target=target_of(lm))
    if half.stack.blocks[last].post_norm:
        assert float(found.abs().max()) > 0
        return
    # In the last block under pre-norm nothing stands between: it is the whole effect of switching the neuron off.
    with torch.no_grad(), intervene(ablate_neurons(last, [5])):
        off = lm.trace(TEXT, target_of(lm)).logits[-1]
    plain = lm.trace(TEXT, target_of(lm)).logits[-1].detach()
    np.testing.assert_allclose(found, plain - off, atol=1e-9)
    earlier = direct_effect(lm, TEXT, 0, 5, target=target_of(lm))
    with torch.no_grad(), intervene(ablate_neurons(0, [5])):
        off = lm.trace(TEXT, target_of(lm)).logits[-1]
    assert float((earlier - (plain - off)).abs().max()) > 1e-4


@pytest.mark.parametrize("value", ["zero", "mean"])
@pytest.mark.parametrize(("name", "stack"), DEEP)
def test_neurons_off_are_off_and_the_others_stay(name: str, stack: Any, value: Any) -> None:
    lm = model(name)
    half = Half.of(lm, stack)
    place = f"{half.prefix}blocks.1.mlp.hook_post"
    plain = lm.trace(TEXT, target_of(lm))
    off = ablate_neurons(1, [3, 0, 3], value, stack if half.prefix else None)
    with torch.no_grad(), intervene(off):
        changed = lm.trace(TEXT, target_of(lm))
    expected = plain[place].detach().clone()
    expected[:, [0, 3]] = 0.0 if value == "zero" else expected[:, [0, 3]].mean(0, keepdim=True)
    np.testing.assert_allclose(changed[place], expected, atol=1e-12)
    many = [3, 0, *range(10, 30)]
    off = ablate_neurons(1, many, value, stack if half.prefix else None)
    with torch.no_grad(), intervene(off):
        changed = lm.trace(TEXT, target_of(lm))
    found = knock_out_neurons(lm, TEXT, 1, many, value=value, stack=stack, target=target_of(lm))
    np.testing.assert_allclose(found.before, plain.logits[-1].detach().softmax(-1), atol=1e-12)
    np.testing.assert_allclose(found.after, changed.logits[-1].softmax(-1), atol=1e-12)
    assert found.before.sum() == pytest.approx(1)
    assert found.after.sum() == pytest.approx(1)
    if name not in ("no residual", "no residual, post-norm"):
        assert np.abs(found.change).max() > 1e-6
    top = found.most_changed(3)
    assert np.abs(found.change)[top].tolist() == sorted(np.abs(found.change).tolist(), reverse=True)[:3]


def test_no_neuron_and_every_neuron() -> None:
    lm = model("gpt")
    nothing = knock_out_neurons(lm, TEXT, 0, [])
    np.testing.assert_array_equal(nothing.before, nothing.after)
    everything = knock_out_neurons(lm, TEXT, 0, range(40))
    with torch.no_grad(), intervene(Intervention(("blocks.0.mlp.hook_post",), torch.zeros_like, "all")):
        np.testing.assert_allclose(everything.after, lm.trace(TEXT).logits[-1].softmax(-1), atol=1e-12)


def test_it_composes_with_other_changes_and_holds_in_generation() -> None:
    lm = core.load("tales-gpt", device="cpu")
    changes = (ablate_head(1, 2), ablate_neurons(3, range(0, 512, 2)), ablate_neurons(3, [1, 5], "mean"))
    with intervene(*changes), recording(["blocks.3.mlp.hook_post", "blocks.1.attn.hook_z"]) as seen:
        lm.generate("Once upon a time", max_new_tokens=4)
    post = seen["blocks.3.mlp.hook_post"][0]
    assert not post[:, ::2].any()
    assert post[:, 3::2].any()
    np.testing.assert_allclose(post[:, [1, 5]], post[:1, [1, 5]].expand(len(post), 2))
    assert not seen["blocks.1.attn.hook_z"][0, :, 2].any()
    # With the mean over the text, each token is written from a pass over all of it.
    for off in (changes, changes[:2]):
        with torch.no_grad(), intervene(*off):
            quick = lm.generate("Once upon a time", max_new_tokens=6)
            said = list(quick.prompt_ids)
            for _ in range(6):
                said.append(int(lm.trace(said).logits[-1].argmax()))
        assert said == [*quick.prompt_ids, *quick.ids]
    assert [change.whole_text for change in changes] == [False, False, True]


def test_bad_neurons_values_stacks_and_layers() -> None:
    lm = model("gpt")
    with pytest.raises(HookError, match="neither 'zero' nor 'mean'"):
        ablate_neurons(0, [1], "half")
    with pytest.raises(HookError, match="stack="):
        ablate_neurons(0, [1], stack="middle")
    for layer, neuron, said in (
        (0, 40, "neuron 40 of layer 0: this model has neurons 0 to 39"),
        (7, 0, r"this model has no blocks\.7\.mlp\.hook_post"),
    ):
        with pytest.raises(HookError, match=said), intervene(ablate_neurons(layer, [neuron])):
            lm.trace(TEXT)
    with pytest.raises(ValueError, match="neuron 40 is not one of the 40 neurons"):
        knock_out_neurons(lm, TEXT, 0, [40])
    with pytest.raises(ValueError, match="block 7"):
        knock_out_neurons(lm, TEXT, 7, [0])
    with pytest.raises(ValueError, match="row 70"):
        knock_out_neurons(lm, TEXT, 0, [0], row=70)
    assert ablate_neurons(2, range(5)).label == "L2N0, L2N1, L2N2 and 2 more off"
    assert ablate_neurons(2, []).label == "no neuron off"


@pytest.mark.parametrize(("name", "stack"), DEEP)
def test_attributions_are_slopes_of_the_log_probability(name: str, stack: Any) -> None:
    """Against a measured slope: the neuron turned up and down by a millionth of itself, at every token."""
    lm = model(name)
    half = Half.of(lm, stack)
    found = attributions(lm, TEXT, 0, row=-1, token=9, stack=stack, target=target_of(lm))
    place = f"{half.prefix}blocks.0.mlp.hook_post"
    for neuron in (0, 21):

        def said(factor: float, neuron: int = neuron) -> float:
            def edit(post: torch.Tensor) -> torch.Tensor:
                post = post.clone()
                post[..., neuron] *= factor
                return post

            with torch.no_grad(), intervene(Intervention((place,), edit, "turned")):
                return float(lm.trace(TEXT, target_of(lm)).logits[-1].log_softmax(-1)[9])

        assert found[neuron] == pytest.approx((said(1 + 1e-6) - said(1 - 1e-6)) / 2e-6, rel=1e-4, abs=1e-7)


def test_bends_are_the_texts_own_numbers() -> None:
    for name, stack in DEEP:
        lm = model(name)
        found = bends(lm, TEXT, 1, stack=stack, target=target_of(lm))
        bent = ACTIVATIONS[found.act](torch.tensor(found.pre)).numpy()
        np.testing.assert_allclose(
            found.post, bent if found.pre_linear is None else bent * found.pre_linear, atol=1e-12
        )
        assert (found.pre_linear is None) == (not lm.config.gated)
        counts, edges = found.histogram(20)
        assert counts.sum() == found.pre.size
        assert len(edges) == 21
        assert found.share_above == pytest.approx((found.pre > 0).sum() / found.pre.size)
        assert found.firing.shape == (len(found.pre),)
        assert found.firing.mean() == pytest.approx(found.share_above)
        assert found.firing[0] == pytest.approx((found.pre[0] > 0).sum() / found.pre.shape[1])


def test_the_steps_do_not_write_into_the_model() -> None:
    lm = made()
    before = {name: weight.clone() for name, weight in lm.transformer.state_dict().items()}
    found = token_steps(lm, TEXT, 0)
    found.W_out[:] = 0
    found.post[:] = 0
    for name, weight in lm.transformer.state_dict().items():
        assert torch.equal(weight, before[name])


@pytest.mark.parametrize(("name", "stack"), DEEP)
def test_the_stream_before_and_behind(name: str, stack: Any) -> None:
    """What stands before the layer, what it adds, and what stands behind it, by the model's own rule."""
    lm = model(name)
    half = Half.of(lm, stack)
    for layer, block in enumerate(half.stack.blocks):
        found = token_steps(lm, TEXT, layer, 2, stack=stack, target=target_of(lm))
        total = torch.tensor(found.stream + found.out if block.residual else found.out)
        norm = block.ln3 if block.cross else block.ln2
        with torch.no_grad():
            read = torch.tensor(found.stream) if block.post_norm else norm(torch.tensor(found.stream))
            after = norm(total) if block.post_norm else total
        np.testing.assert_allclose(found.read, read, atol=1e-12)
        np.testing.assert_allclose(found.after, after, atol=1e-12)


def test_how_few_neurons_write_most_of_it() -> None:
    found = token_steps(model("gpt"), TEXT, 0)
    squares = np.sort((found.contributions**2).sum(1))[::-1]
    for share in (0.1, 0.5, 0.9):
        count = found.needed(share)
        assert squares[:count].sum() >= share * squares.sum() > squares[: count - 1].sum()
    np.testing.assert_allclose(found.shares, (found.contributions**2).sum(1) / squares.sum())
    assert found.needed(1e-9) == 1
    assert replace(found, post=np.zeros_like(found.post)).needed() == 0
