"""Images beside words, against scikit-learn, transformers, scipy: data, a sequence with patches, two towers' loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from sklearn.datasets import load_digits
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.models.clip.modeling_clip import image_text_contrastive_loss

from core.checkpoints import load_folder
from core.data import digits
from core.hooks import recording
from core.model.initial import initialise
from core.model.kv_cache import KVCache
from core.multimodal import patches, scenes
from core.multimodal.captioner import PATCHES, Seeing, configuration
from core.multimodal.properties import slant, thickness
from core.multimodal.ranks import rank_correlation
from core.multimodal.space import contrastive_loss
from tests.oracle.compare import scatter_weights, write_tokenizer


def test_the_digits_are_those_of_scikit_learn() -> None:
    theirs = load_digits()
    assert np.array_equal(digits.digits().images.numpy() * 16, theirs.images)
    assert np.array_equal(digits.digits().labels.numpy(), theirs.target)


def gpt2(tmp_path: Path) -> tuple[Any, Any]:
    config = GPT2Config(
        vocab_size=29, n_positions=16, n_embd=24, n_head=3, n_layer=3, bos_token_id=3, eos_token_id=4,
        attn_implementation="eager",
    )  # fmt: skip
    theirs = scatter_weights(GPT2LMHeadModel(config), seed=5)
    theirs.save_pretrained(tmp_path)
    write_tokenizer(tmp_path, 29)
    ours = load_folder(tmp_path, device=torch.device("cpu"), dtype=torch.float64).model
    return ours, theirs


def test_a_prefix_is_read_as_transformers_reads_vectors_under_that_mask(tmp_path: Path) -> None:
    ours, theirs = gpt2(tmp_path)
    draw = torch.Generator().manual_seed(1)
    prefix = torch.randn(2, 5, 24, generator=draw, dtype=torch.float64)
    ids = torch.randint(0, 29, (2, 7), generator=draw)
    vectors = torch.cat([prefix, theirs.transformer.wte(ids)], dim=1)
    places = torch.arange(12)
    may = (places[None, :] <= places[:, None]) | (places[None, :] < 5)
    mask = torch.zeros(2, 1, 12, 12, dtype=torch.float64).masked_fill(~may, torch.finfo(torch.float64).min)
    with torch.no_grad():
        wanted = theirs(inputs_embeds=vectors, attention_mask=mask, output_attentions=True)
        with recording() as seen:
            found = ours(ids, prefix=prefix)
        quick = ours(ids, prefix=prefix)
    torch.testing.assert_close(found, wanted.logits, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(quick, found, atol=1e-9, rtol=1e-9)
    for layer, pattern in enumerate(wanted.attentions):
        torch.testing.assert_close(seen[f"blocks.{layer}.attn.hook_pattern"], pattern, atol=1e-9, rtol=1e-9)
    causal = theirs(inputs_embeds=vectors).logits
    assert (causal - wanted.logits).abs().max() > 1e-2  # the mask matters: without it another result

    cache = KVCache()
    with torch.no_grad():
        pieces = [ours(ids[:, :1], prefix=prefix, cache=cache)]
        pieces += [ours(ids[:, at : at + 1], cache=cache) for at in range(1, 7)]
    torch.testing.assert_close(torch.cat(pieces, dim=1), found, atol=1e-9, rtol=1e-9)
    length = cache.length
    with pytest.raises(ValueError, match="the cache holds 12 positions already: give it in the first call"):
        ours(ids[:, :1], prefix=prefix, cache=cache)
    assert cache.length == length


def test_patches_are_a_convolution_with_steps_of_its_own_size() -> None:
    """As in Dosovitskiy et al. 2021, whose released code cuts and projects by one convolution."""
    model = Seeing(configuration()).double()
    initialise(model, model.config, spread=0.3)
    images = scenes.scenes("held_out").images[:3].double()
    kernel = model.patch_embed.weight.unflatten(1, (1, patches.SIDE, patches.SIDE))  # (D, 1, 3, 3)
    found = torch.nn.functional.conv2d(images[:, None], kernel, model.patch_embed.b_P, stride=patches.SIDE)
    wanted = found.flatten(2).transpose(1, 2)  # (B, N, D)
    assert wanted.shape[1] == PATCHES
    torch.testing.assert_close(model.see(images), wanted, atol=1e-12, rtol=1e-9)


def test_the_loss_of_two_towers_is_clips() -> None:
    draw = torch.Generator().manual_seed(2)
    images, texts = (
        torch.nn.functional.normalize(torch.randn(9, 16, generator=draw, dtype=torch.float64), dim=-1)
        for _ in range(2)
    )
    scale = torch.tensor([7.3], dtype=torch.float64)
    wanted = image_text_contrastive_loss(scale * texts @ images.T)
    torch.testing.assert_close(contrastive_loss(images, texts, scale), wanted, atol=1e-12, rtol=1e-12)
    # A repeated caption is left out of both sums: the slow way, row by row.
    numbers = torch.tensor([1, 2, 3, 1, 4, 5, 2, 6, 1])
    total = 0.0
    for scores in (scale * images @ texts.T, scale * texts @ images.T):
        for row in range(9):
            others = [at for at in range(9) if at == row or numbers[at] != numbers[row]]
            total += float(scores[row, others].logsumexp(0) - scores[row, row])
    assert contrastive_loss(images, texts, scale, numbers).item() == pytest.approx(total / 18, rel=1e-12)


def test_rank_correlation_is_scipys() -> None:
    draw = np.random.default_rng(3)
    for size in (2, 3, 10, 31):
        one, other = draw.integers(0, 6, size).astype(float), draw.normal(size=size)
        wanted = spearmanr(one, other).statistic
        found = rank_correlation(torch.tensor(one), torch.tensor(other)).item()
        assert found == pytest.approx(wanted, abs=1e-12, nan_ok=True)


def test_properties_against_numpy() -> None:
    cells = scenes.halves(scenes.scenes("held_out").images[:40].double()).flatten(0, 1)
    for cell in cells[cells.sum((1, 2)) > 0]:
        values = cell.numpy()
        rows, columns = np.nonzero(values)
        weights = values[rows, columns]
        # The slope of columns over heights by weighted least squares.
        slope = np.polyfit(-rows.astype(float), columns.astype(float), 1, w=np.sqrt(weights))[0]
        assert slant(cell).item() == pytest.approx(slope, abs=1e-9)
        padded = np.pad(values, 1)
        outline = sum(
            np.hypot(padded[y, x] - padded[y, x - 1], padded[y, x] - padded[y - 1, x])
            for y in range(1, padded.shape[0])
            for x in range(1, padded.shape[1])
        )
        assert thickness(cell).item() == pytest.approx(2 * weights.sum() / outline, rel=1e-9)
