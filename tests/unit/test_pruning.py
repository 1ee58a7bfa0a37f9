"""Pruning: what goes, what stays, what a file of it holds, and what is refused."""

from __future__ import annotations

import math

import pytest
import torch
from safetensors.torch import load, save

from core.efficiency import structure
from core.efficiency.compressing import matrix_names
from core.efficiency.held_out import beside, measure
from core.efficiency.judging import file_bytes, tensors
from core.efficiency.pruning import applied, magnitude, packed, prunable
from core.efficiency.removal import by_level
from core.language_model import LanguageModel
from core.zoo import load as load_model
from tests.blocks import PARTS, made
from tests.pruned import pruned, sparsity_of, unpacked


@pytest.fixture
def lm() -> LanguageModel:
    return made(**PARTS["as tales-gpt"])


def test_tables_norms_and_unembedding_stay_whole(lm: LanguageModel) -> None:
    names = set(prunable(lm))
    assert names == {
        f"blocks.{layer}.{part}"
        for layer in range(2)
        for part in ("attn.weight_qkv", "attn.weight_o", "mlp.weight_in", "mlp.weight_out")
    }
    small = pruned(lm, 0.7)
    for name, weight in small.transformer.named_parameters():
        if name not in names:
            assert torch.equal(weight, dict(lm.transformer.named_parameters())[name])


def test_the_smallest_go_first_and_the_same_share_of_each_matrix_or_of_all() -> None:
    weights = {
        "small": torch.full((10, 10), 0.1) + torch.arange(100).view(10, 10) / 1e4,
        "large": torch.eye(10) + 1,
    }
    everywhere = magnitude(weights, 0.5)
    assert not everywhere["small"].any() and everywhere["large"].all()
    each = magnitude(weights, 0.5, "matrix")
    assert [int(mask.sum()) for mask in each.values()] == [50, 50]
    assert each["small"].flatten()[50:].all()


def test_sparsity_is_counted(lm: LanguageModel) -> None:
    whole = sum(weight.numel() for weight in prunable(lm).values())
    for sparsity in (0.0, 0.25, 0.9):
        found = sparsity_of(prunable(pruned(lm, sparsity)))
        assert found == round(sparsity * whole) / whole


@pytest.mark.parametrize("sparsity", [1.0, 1, 1.5, -0.1, math.nan, math.inf, True, None, "half"])
def test_no_share_of_weights(lm: LanguageModel, sparsity: object) -> None:
    with pytest.raises(ValueError, match="is the share of weights that are removed: give a number from 0"):
        pruned(lm, sparsity)  # type: ignore[arg-type]


def test_what_would_leave_nothing_is_refused(lm: LanguageModel) -> None:
    with pytest.raises(ValueError, match="would leave none of 4 weights"):
        magnitude({"a": torch.ones(2, 2)}, 0.9)
    with pytest.raises(ValueError, match="would remove all 4 heads: choose a lower one"):
        structure.choose(lm.transformer, 0.9, 0.0)
    with pytest.raises(ValueError, match="would remove all 40 neurons"):
        structure.choose(lm.transformer, 0.0, 0.99)


def test_other_bad_input(lm: LanguageModel) -> None:
    with pytest.raises(ValueError, match="scope='row' is neither"):
        magnitude(prunable(lm), 0.5, "row")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no matrix to prune"):
        magnitude({}, 0.5)
    with pytest.raises(ValueError, match="no block"):
        pruned(made(**PARTS["no blocks"]), 0.5)
    with pytest.raises(ValueError, match="the mask of nothing fits no matrix"):
        applied(prunable(lm), {"nothing": torch.ones(2, 2).bool()})


@pytest.mark.parametrize("name", ["t5", "alibi, one key head"])
def test_heads_with_a_shared_table_are_not_removed(name: str) -> None:
    lm = made(**PARTS[name])
    if name == "t5":
        with pytest.raises(ValueError, match="relative positions share one table of biases"):
            structure.choose(lm.transformer, 0.5, 0.0)
    else:  # its four heads share one key, so there is but one group of them
        with pytest.raises(ValueError, match="would remove all 1 groups of heads"):
            structure.choose(lm.transformer, 0.6, 0.0)


def test_every_block_keeps_as_many(lm: LanguageModel) -> None:
    kept = structure.choose(lm.transformer, 0.5, 0.5)
    uneven = structure.Kept({**kept.heads, "blocks.0.attn": (0,)}, kept.neurons)
    with pytest.raises(ValueError, match="every block has to keep as many"):
        structure.cut(lm, uneven)
    empty = structure.Kept(dict.fromkeys(kept.heads, ()), kept.neurons)
    with pytest.raises(ValueError, match="at least one of each"):
        structure.cut(lm, empty)


def test_the_smaller_model_is_one_that_a_configuration_describes(lm: LanguageModel) -> None:
    small = structure.cut(lm, structure.choose(lm.transformer, 0.5, 0.25))
    config = small.config
    assert (config.n_heads, config.kv_heads, config.head_size, config.mlp_size) == (2, 2, 6, 30)
    assert small.n_parameters < lm.n_parameters
    assert small.generate("The fox", max_new_tokens=3).ids


def test_a_tied_table_stays_one_table() -> None:
    lm = made(**PARTS["gpt"])
    small = structure.cut(lm, structure.choose(lm.transformer, 0.5, 0.5))
    assert small.config.tied_embeddings
    names = {name for name, _ in small.transformer.named_parameters()}
    assert names == {name for name, _ in lm.transformer.named_parameters()}


@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.97])
def test_a_file_of_what_stays_brings_all_back(lm: LanguageModel, sparsity: float) -> None:
    masks = magnitude(prunable(lm), sparsity)
    state = tensors(pruned(lm, sparsity))
    back = unpacked(load(save(packed(state, masks))))
    assert set(back) == set(state)
    for name, weight in state.items():
        assert torch.equal(back[name], weight)


def test_the_file_shrinks_with_the_sparsity_and_a_dense_one_does_not(lm: LanguageModel) -> None:
    state = tensors(lm)
    assert file_bytes(tensors(pruned(lm, 0.9))) == file_bytes(state), (
        "zeros take as much room as other numbers"
    )
    files = [packed(state, magnitude(prunable(lm), share)) for share in (0.0, 0.5, 0.9)]
    sizes = [file_bytes(file) for file in files]
    assert sizes == [len(save(file)) for file in files], "as a file that is really written"
    assert sizes[2] < sizes[1] < file_bytes(state) < sizes[0]
    matrices = sum(weight.numel() for weight in prunable(lm).values())
    saved = sizes[1] - sizes[2]
    assert saved == pytest.approx(0.4 * matrices * 8, abs=64), "eight bytes of each weight in float64"


def test_no_file_is_written_to_know_its_size(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def written(*given: object) -> bytes:
        raise AssertionError("a whole file in memory")

    masks = magnitude(prunable(lm), 0.5)
    wanted = len(save(packed(tensors(lm), masks)))
    monkeypatch.setattr("safetensors.torch.serialize", written)
    assert measure(beside(lm, 1), pruned(lm, 0.5), masks)["bytes"] == wanted


def test_what_is_pruned_is_what_bits_are_for(lm: LanguageModel) -> None:
    assert list(prunable(lm)) == [name for block in matrix_names(lm) for name in block]


def test_shares_of_parts_say_how_many_stay() -> None:
    lm = load_model("tales-gpt", device="cpu")
    few, half = by_level(beside(lm, 1), "structured", [0.1, 0.5])
    assert (few["heads"], few["neurons"]) == ([4, 4], [461, 512]), "a tenth of four heads is none"
    assert (half["heads"], half["neurons"]) == ([2, 4], [256, 512])
    (weights,) = by_level(before := beside(lm, 2), "magnitude", [0.5])
    assert "heads" not in weights
    assert (weights["texts"], weights["places"]) == (2, sum(len(said) for said in before.said))
