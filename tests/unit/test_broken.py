"""A part taken out of a finished model: another model on the same weights, and what its pass and gradient show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.analysis.health.component_ablation import NothingToTakeOut, losses_without, missing, read, without
from core.analysis.health.training_health import order_seen
from core.analysis.stream.depth import attention_entropy, blocks_of, dead_share, measure_depth, score_spread
from core.config import WITHOUT, Part
from core.language_model import LanguageModel
from core.training.text_loss import text_loss
from tests.heads import SHAPES, TEXT, target_of, tiny

CASES = [(name, part) for name in SHAPES for part in WITHOUT if not missing(tiny(name).config, part)]


@pytest.mark.parametrize(("name", "part"), CASES)
def test_a_part_less_is_the_configuration_without_it_on_the_same_tensors(name: str, part: Part) -> None:
    lm = tiny(name)
    broken = without(lm, part)
    for field, value in WITHOUT[part].items():
        assert getattr(broken.config, field) == value
    mine = dict(lm.transformer.named_parameters())
    shared = dict(broken.transformer.named_parameters())
    assert shared and all(weight.data_ptr() == mine[key].data_ptr() for key, weight in shared.items())
    gone = set(mine) - set(shared)
    assert all(any(word in key for word in ("ln", "pos_embed", "relative")) for key in gone)
    whole, other = (one.trace(TEXT, target_of(lm)).logits for one in (lm, broken))
    assert not torch.allclose(whole, other), "taking it out changes the logits"


@pytest.mark.parametrize(("name", "part"), [("bert", "mask"), ("t5", "scale"), ("no norm", "norm")])
def test_what_is_not_there_cannot_be_taken_out(name: str, part: Part) -> None:
    with pytest.raises(NothingToTakeOut, match="nothing can be taken out"):
        without(tiny(name), part)


@pytest.mark.parametrize("name", SHAPES)
def test_a_reading_is_the_models_own_loss_gradient_and_next_token(name: str) -> None:
    lm = tiny(name)
    found = read(lm, TEXT, target_of(lm))
    asked = text_loss(lm, TEXT, target_of(lm))
    assert found.loss == pytest.approx(float(asked(lm.transformer).detach()), rel=1e-6)
    assert np.mean(found.losses) == pytest.approx(found.loss, rel=1e-6)
    trace = lm.trace(TEXT, target_of(lm))
    np.testing.assert_allclose(found.probabilities, trace.logits[found.row].softmax(-1), atol=1e-6)
    blocks = list(blocks_of(lm.transformer))
    assert len(found.depth.names) == len(blocks) == len(found.depth.gradient)
    loss = asked(lm.transformer)
    for at, (_, block) in enumerate(blocks):
        pair = torch.autograd.grad(
            loss, [block.attn.weight_o, block.mlp.weight_out], retain_graph=True, allow_unused=True
        )
        flat = torch.cat([grad.flatten() for grad in pair if grad is not None])
        size = math.sqrt(
            float(flat.square().sum()) / (block.attn.weight_o.numel() + block.mlp.weight_out.numel())
        )
        assert found.depth.gradient[at] == pytest.approx(size, rel=1e-6)
    assert all(weight.grad is None for weight in lm.transformer.parameters()), "no .grad is written"


@pytest.mark.parametrize("name", ["gpt", "llama, grouped", "no norm"])
def test_measures_by_block_are_those_of_the_activations(name: str) -> None:
    lm = tiny(name)
    trace = lm.trace(TEXT)
    ids = trace.ids[None]
    found = measure_depth(
        lm.transformer, lambda: F.cross_entropy(lm.transformer(ids)[0, :-1], trace.ids[1:]), gradient=False
    )
    for at in range(lm.config.n_layers):
        entered, left = (trace[f"blocks.{at}.hook_resid_{end}"] for end in ("pre", "post"))
        assert found.activation[at] == pytest.approx(float(left.square().mean().sqrt()), rel=1e-5)
        assert found.carry[at] == pytest.approx(
            float(F.cosine_similarity(entered, left, dim=-1).mean()), rel=1e-5
        )
        pattern = trace[f"blocks.{at}.attn.hook_pattern"]
        rows = range(1, len(ids[0]))
        shares = [-torch.xlogy(*[pattern[0, r, : r + 1]] * 2).sum() / math.log(r + 1) for r in rows]
        assert found.entropy[at][0] == pytest.approx(float(torch.stack(shares).mean()), rel=1e-5)
        scores = trace[f"blocks.{at}.attn.hook_attn_scores"]
        spreads = [float(scores[h, r, : r + 1].std(unbiased=False)) for h in range(len(scores)) for r in rows]
        assert found.spread[at] == pytest.approx(np.mean(spreads), rel=1e-5)
        assert found.ahead[at] == 0.0
    assert math.isnan(found.gradient[0])
    assert found.logit_spread == pytest.approx(float(trace.logits.std(-1, unbiased=False).mean()), rel=1e-5)


def test_entropy_is_1_when_even_and_0_when_decided() -> None:
    allowed = torch.ones(5, 5, dtype=torch.bool).tril()[None, None]
    even = allowed / allowed.sum(-1, keepdim=True)
    assert attention_entropy(even, allowed).tolist() == pytest.approx([1.0])
    one = torch.zeros(1, 1, 5, 5)
    one[..., 0] = 1.0
    assert attention_entropy(one, allowed).tolist() == pytest.approx([0.0], abs=1e-6)
    assert math.isnan(float(attention_entropy(one[..., :1, :1], allowed[..., :1, :1])))
    scores = torch.where(allowed, torch.zeros(5, 5), -torch.inf)
    assert score_spread(scores, allowed) == 0.0


def test_a_neuron_is_dead_only_if_it_fires_at_no_token() -> None:
    post = torch.zeros(1, 3, 4)
    post[0, 2, 0], post[0, 0, 1] = 1.0, 2.0
    assert dead_share(post) == 0.5


def test_without_positions_the_first_attention_does_not_see_order() -> None:
    lm = tiny("gpt")
    ids = torch.tensor([lm.encode(TEXT)])
    with torch.no_grad():
        assert order_seen(lm.transformer, ids)[0] > 0.02
        assert order_seen(without(lm, "position").transformer, ids)[0] < 1e-6


def test_without_the_mask_a_position_reads_what_follows() -> None:
    lm = tiny("t5")
    broken = without(lm, "mask")
    assert [broken.transformer.decoder.causal, lm.transformer.decoder.causal] == [False, True]
    whole, other = (read(one, TEXT, target_of(lm)).depth for one in (lm, broken))
    decoder = [at for at, name in enumerate(whole.names) if name.startswith("decoder")]
    assert all(whole.ahead[at] == 0 and other.ahead[at] > 0.05 for at in decoder)


@pytest.mark.parametrize("name", ["gpt", "bert", "t5"])
def test_losses_without_each_part_are_those_of_the_broken_models(name: str) -> None:
    lm = tiny(name)
    found = losses_without(lm, TEXT, target_of(lm))
    assert set(found) == {part for part in WITHOUT if not missing(lm.config, part)}
    for part, loss in found.items():
        assert loss == pytest.approx(read(without(lm, part), TEXT, target_of(lm)).loss, rel=1e-6)
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize("text", ["a", "the the", TEXT])
def test_short_texts_are_read_too(text: str, any_model: LanguageModel) -> None:
    found: Any = read(any_model, text, target_of(any_model))
    assert math.isfinite(found.loss) and len(found.losses) >= 1


@pytest.fixture(params=["gpt", "bert", "t5"])
def any_model(request: pytest.FixtureRequest) -> LanguageModel:
    """A tiny model of each shape."""
    return tiny(request.param)
