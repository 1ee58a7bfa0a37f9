"""Pruning against torch.nn.utils.prune on the same weights, and smaller models against the whole one with parts off."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from core.efficiency import structure
from core.efficiency.pruning import magnitude, prunable
from core.hooks import intervene
from core.language_model import LanguageModel
from tests.blocks import PARTS, made, target_of
from tests.heads import TEXT
from tests.pruned import pruned, silenced

SPARSITIES = (0.0, 0.1, 0.37, 0.5, 0.9, 0.999)
WHOLE = [name for name in PARTS if name != "no blocks"]
CUT = [name for name in WHOLE if PARTS[name].get("position") not in structure.BIASED]


def linears(weights: Mapping[str, Tensor]) -> dict[str, nn.Linear]:
    """The same matrices as torch's own layers."""
    found = {}
    for name, weight in weights.items():
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False, dtype=weight.dtype)
        layer.weight.data.copy_(weight)
        found[name] = layer
    return found


@pytest.mark.parametrize("sparsity", SPARSITIES)
@pytest.mark.parametrize("name", ["gpt", "as tales-gpt", "bert", "t5"])
def test_global_pruning_is_torchs(name: str, sparsity: float) -> None:
    weights = prunable(made(name, **PARTS[name]))
    theirs = linears(weights)
    prune.global_unstructured(
        [(layer, "weight") for layer in theirs.values()], pruning_method=prune.L1Unstructured, amount=sparsity
    )
    ours = magnitude(weights, sparsity)
    for key, layer in theirs.items():
        assert torch.equal(ours[key].double(), layer.weight_mask)
        assert torch.equal(weights[key] * ours[key], layer.weight)


@pytest.mark.parametrize("sparsity", SPARSITIES[:-1])
def test_pruning_by_matrix_is_torchs(sparsity: float) -> None:
    weights = prunable(made(**PARTS["gated silu"]))
    ours = magnitude(weights, sparsity, "matrix")
    for key, layer in linears(weights).items():
        prune.l1_unstructured(layer, "weight", amount=sparsity)
        assert torch.equal(ours[key].double(), layer.weight_mask)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("name", ["gpt", "llama, grouped", "gated silu", "as tales-gpt"])
def test_the_least_heads_and_neurons_are_torchs(name: str, share: float) -> None:
    lm = made(**PARTS[name])
    share = min(share, 0.5) if name == "llama, grouped" else share  # two groups
    kept = structure.choose(lm.transformer, share, share)
    for key, part in structure.attentions(lm.transformer).items():
        per = part.n_heads // part.n_kv_heads
        rows = torch.stack(  # spelled out head by head, each weight by its published name
            [
                torch.cat(
                    [part.W_Q[g * per : (g + 1) * per].flatten(), part.W_K[g].flatten(), part.W_V[g].flatten(),
                     part.W_O[g * per : (g + 1) * per].flatten()]
                )
                for g in range(part.n_kv_heads)
            ]
        )  # fmt: skip
        stay = _by_torch(rows, share)
        assert kept.heads[key] == tuple(g * per + one for g in stay for one in range(per))
    for key, layer in structure.feed_forwards(lm.transformer).items():
        columns = [layer.W_in.T, layer.W_out] + ([layer.W_gate.T] if layer.gated else [])
        assert list(kept.neurons[key]) == _by_torch(torch.cat(columns, dim=1), share)


def _by_torch(rows: Tensor, share: float) -> list[int]:
    layer = linears({"rows": rows})["rows"]
    prune.ln_structured(layer, "weight", amount=share, n=2, dim=0)
    mask: Tensor = layer.weight_mask  # type: ignore[assignment]
    return torch.nonzero(mask.any(1)).flatten().tolist()


@pytest.mark.parametrize("name", CUT)
def test_a_smaller_model_says_what_the_whole_one_says_with_the_parts_off(name: str) -> None:
    lm = made(**PARTS[name])
    kept = structure.choose(lm.transformer, 0.5, 0.3)
    small = structure.cut(lm, kept)
    with intervene(*silenced(lm.transformer, kept)):
        wanted = lm.trace(TEXT, target=target_of(lm)).logits
    _near(small, wanted)
    assert small.n_parameters < lm.n_parameters
    assert (lm.trace(TEXT, target=target_of(lm)).logits - wanted).abs().max() > 1e-2, (
        "the parts did something"
    )
    worse = structure.Kept(kept.heads, {key: tuple(range(len(stay))) for key, stay in kept.neurons.items()})
    if worse.neurons != kept.neurons:
        other = structure.cut(lm, worse).trace(TEXT, target=target_of(lm)).logits
        assert (other - wanted).abs().max() > 1e-3 * wanted.abs().max(), "other neurons are told apart"


@pytest.mark.parametrize("name", ["t5", "alibi, one key head"])
def test_neurons_alone_can_go_where_heads_share_a_table(name: str) -> None:
    lm = made(**PARTS[name])
    kept = structure.choose(lm.transformer, 0.0, 0.5)
    with intervene(*silenced(lm.transformer, kept)):
        wanted = lm.trace(TEXT, target=target_of(lm)).logits
    _near(structure.cut(lm, kept), wanted)


def _near(small: LanguageModel, wanted: Tensor) -> None:
    found = small.trace(TEXT, target=target_of(small)).logits
    assert (found - wanted).abs().max() <= 1e-6 * wanted.abs().max()


@pytest.mark.parametrize("name", ["gpt", "bert", "t5"])
def test_a_pruned_model_runs_on_torchs_pruned_weights(name: str) -> None:
    lm = made(**PARTS[name])
    before = {key: weight.clone() for key, weight in lm.transformer.named_parameters()}
    small = pruned(lm, 0.6)
    other = made(**PARTS[name])
    modules = dict(other.transformer.named_modules())
    places = [(modules[key.rpartition(".")[0]], key.rpartition(".")[2]) for key in prunable(other)]
    prune.global_unstructured(places, pruning_method=prune.L1Unstructured, amount=0.6)
    for module, key in places:
        prune.remove(module, key)
    wanted = other.trace(TEXT, target=target_of(lm)).logits
    ours, theirs = prunable(small), prunable(other)
    assert all(torch.equal(ours[key], weight) for key, weight in theirs.items())
    # The same weights may lie otherwise in memory, and then a processor adds up the same products in another order.
    assert _apart(small, wanted) <= 1e-11
    many = sum(weight.numel() for weight in ours.values())
    assert _apart(pruned(lm, 0.6 - 1 / many), wanted) > 1e-8, "a single weight more is told"
    for key, weight in lm.transformer.named_parameters():
        assert torch.equal(weight, before[key]), "the shared model stays as it is"


def _apart(lm: LanguageModel, wanted: Tensor) -> float:
    """The largest difference of a logit from what is wanted, over the largest logit."""
    found = lm.trace(TEXT, target=target_of(lm)).logits
    return float((found - wanted).abs().max() / wanted.abs().max())
