"""Lens, attribution, patching and paths against plain forward hooks on transformers' GPT-2, wide random weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

from core.analysis.patching.patches import Patching
from core.analysis.patching.paths import INTO, Sender, paths
from core.analysis.patching.sweep import patched
from core.analysis.patching.text_pairs import text_pair
from core.analysis.stream.direct_attribution import attribute
from core.analysis.stream.logit_lens import logit_lens
from core.language_model import LanguageModel
from tests.oracle.compare import saved_and_loaded, scatter_weights
from tests.oracle.slow_hooks import Slow

CLEAN, CORRUPTED = (5, 9, 3, 14, 9, 22, 7), (5, 9, 17, 14, 2, 22, 7)
LONGER = (5, 9, 17, 11, 14, 9, 22, 7)  # one token more between the same ends
TOKEN, AGAINST = 11, 4
LAYERS, HEADS, WIDTH = 3, 3, 24
ONE = WIDTH // HEADS
WHAT = {"stream": "resid_pre", "attention": "attn_out", "mlp": "mlp_out"}


@dataclass(frozen=True)
class Both:
    """One GPT-2, in both libraries."""

    ours: LanguageModel
    slow: Slow

    def said(self, logits: Tensor) -> float:
        return float(logits[-1, TOKEN] - logits[-1, AGAINST])

    def recovered(self, logits: Tensor, corrupted: tuple[int, ...] = CORRUPTED) -> float:
        clean, bad = (self.said(self.slow.run(ids)) for ids in (CLEAN, corrupted))
        return (self.said(logits) - bad) / (clean - bad)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    config = GPT2Config(
        vocab_size=29, n_positions=16, n_embd=WIDTH, n_head=HEADS, n_layer=LAYERS, bos_token_id=3, eos_token_id=4,
        attn_implementation="eager",
    )  # fmt: skip
    model: Any = scatter_weights(GPT2LMHeadModel(config), seed=3)
    folder: Path = tmp_path_factory.mktemp("gpt2")
    loaded = saved_and_loaded(model, folder)
    return Both(LanguageModel(loaded.model, loaded.tokenizer), Slow(model))


@pytest.fixture(scope="module")
def found(both: Both) -> Patching:
    return Patching.of(both.ours, text_pair(both.ours, CLEAN, CORRUPTED), TOKEN, AGAINST)


def close(ours: Any, theirs: Any) -> None:
    """Equal to 1e-9 of the largest magnitude."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1e-9 * np.abs(theirs).max()


def taken(at: int, clean: Tensor, head: int | None = None) -> Any:
    """An edit that puts the clean value at a position, of one head's part or of all."""
    part = slice(None) if head is None else slice(head * ONE, (head + 1) * ONE)

    def edit(value: Tensor) -> Tensor:
        value = value.clone()
        value[at, part] = clean[at, part]
        return value

    return edit


def test_the_lens_is_the_head_on_every_stream(both: Both) -> None:
    trace = both.ours.trace(CLEAN)
    lens = logit_lens(both.ours, trace, top=3, token=TOKEN)
    model = both.slow.model
    with torch.no_grad():
        chances = torch.stack([
            model.lm_head(model.transformer.ln_f(stream)).softmax(-1) for stream in both.slow.streams(CLEAN)
        ])  # fmt: skip
    assert lens.chance is not None and lens.rank is not None
    # the lens keeps chances as float32
    np.testing.assert_allclose(lens.chance, chances[..., TOKEN], rtol=1e-6)
    assert (lens.rank == (chances > chances[..., [TOKEN]]).sum(-1).numpy()).all()
    assert (lens.ids == chances.topk(3).indices.numpy()).all()
    last = chances[-1].argmax(-1)
    np.testing.assert_allclose(lens.own, chances[:, torch.arange(len(CLEAN)), last], rtol=1e-6)


@pytest.mark.parametrize("against", [None, AGAINST])
@pytest.mark.parametrize("row", [-1, 2])
def test_every_part_of_the_logit_is_what_its_hook_saw(both: Both, against: int | None, row: int) -> None:
    found = attribute(both.ours, CLEAN, TOKEN, against, row=row)
    model = both.slow.model
    norm, table = model.transformer.ln_f, model.lm_head.weight
    last = both.slow.streams(CLEAN)[-1][row]
    direction = (table[TOKEN] - (0 if against is None else table[against])).detach()
    scale = (last.var(unbiased=False) + norm.eps).sqrt()

    def said(vector: Tensor) -> float:
        return float((norm.weight * (vector - vector.mean()) / scale) @ direction)

    ids = torch.tensor(CLEAN)
    constant = float(norm.bias.detach() @ direction)
    assert found["embedding"] == pytest.approx(said(model.transformer.wte.weight[ids[row]]), rel=1e-9)
    position = len(CLEAN) + row if row < 0 else row
    assert found["position"] == pytest.approx(said(model.transformer.wpe.weight[position]), rel=1e-9)
    zs, outs = both.slow.values(CLEAN, "z"), both.slow.values(CLEAN, "mlp_out")
    for layer, block in enumerate(both.slow.blocks):
        weight = block.attn.c_proj.weight  # (D, D), in times out
        heads = [
            said(zs[layer][row, h * ONE : (h + 1) * ONE] @ weight[h * ONE : (h + 1) * ONE])
            for h in range(HEADS)
        ]
        close(found.heads[layer], heads)
        assert found[f"L{layer} attention"] == pytest.approx(sum(heads), rel=1e-9)
        assert found[f"L{layer} mlp"] == pytest.approx(
            said(outs[layer][row] - block.mlp.c_proj.bias), rel=1e-9
        )
        assert found.neurons[layer].sum() == pytest.approx(found[f"L{layer} mlp"], rel=1e-9)
        constant += said(block.attn.c_proj.bias) + said(block.mlp.c_proj.bias)
    assert found["biases"] == pytest.approx(constant, rel=1e-9)
    logits = both.slow.run(CLEAN)[row]
    logit = float(logits[TOKEN] - (0 if against is None else logits[against]))
    assert found.logit == pytest.approx(logit, rel=1e-9)
    assert found.total == pytest.approx(logit, rel=1e-9)
    assert found.frozen == ("the final norm",)


def test_every_patch_is_a_pass_with_one_value_replaced(both: Both, found: Patching) -> None:
    ours = patched(found)
    for site, what in WHAT.items():
        clean = both.slow.values(CLEAN, what)
        for layer in range(LAYERS):
            theirs = [
                both.recovered(both.slow.run(CORRUPTED, {(layer, what): taken(at, clean[layer])}))
                for at in range(len(CLEAN))
            ]
            close(ours[site][layer], theirs)
    clean = both.slow.values(CLEAN, "z")
    for layer in range(LAYERS):
        for head in range(HEADS):
            part = slice(head * ONE, (head + 1) * ONE)
            alone = [
                both.recovered(both.slow.run(CORRUPTED, {(layer, "z"): taken(at, clean[layer], head)}))
                for at in range(len(CLEAN))
            ]
            close(ours["heads"][layer, head], alone)

            def whole(value: Tensor, layer: int = layer, part: slice = part) -> Tensor:
                value = value.clone()
                value[:, part] = clean[layer][:, part]
                return value

            everywhere = both.recovered(both.slow.run(CORRUPTED, {(layer, "z"): whole}))
            assert ours["head"][layer, head] == pytest.approx(everywhere, rel=1e-9, abs=1e-12)
    assert np.abs(ours["heads"]).max() > 0.05  # something to see


def test_texts_of_other_lengths_are_patched_where_they_match(both: Both) -> None:
    pair = text_pair(both.ours, CLEAN, LONGER)
    assert pair.counterpart == (0, 1, -1, -1, 3, 4, 5, 6)
    ours = Patching.of(both.ours, pair, TOKEN, AGAINST).by_place("stream", 1)
    clean = both.slow.values(CLEAN, "resid_pre")[1]
    for at, theirs in enumerate(pair.counterpart):
        if theirs < 0:
            assert np.isnan(ours[at])
            continue

        def edit(value: Tensor, at: int = at, theirs: int = theirs) -> Tensor:
            value = value.clone()
            value[at] = clean[theirs]
            return value

        expected = both.recovered(both.slow.run(LONGER, {(1, "resid_pre"): edit}), LONGER)
        assert ours[at] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("layer", "head"), [(2, 1), (1, 0), (0, 2)])
def test_every_path_is_walked_with_all_else_held(both: Both, found: Patching, layer: int, head: int) -> None:
    ours = paths(both.ours, found, layer, head)
    slow = both.slow
    attn, mlp = (slow.values(CORRUPTED, what) for what in ("attn_out", "mlp_out"))
    clean_z, clean_mlp = (slow.values(CLEAN, what) for what in ("z", "mlp_out"))
    clean_embed = slow.values(CLEAN, "resid_pre")[0]

    def held(value: Tensor) -> Any:
        return lambda _: value

    for number, sender in enumerate(ours.senders):
        edits: dict[Any, Any] = {}
        for at in range(layer):
            edits[at, "attn_out"], edits[at, "mlp_out"] = held(attn[at]), held(mlp[at])
        if sender.layer is None:
            edits[0, "resid_pre"] = held(clean_embed)
        elif sender.head is None:
            edits[sender.layer, "mlp_out"] = held(clean_mlp[sender.layer])
        else:
            part = slice(sender.head * ONE, (sender.head + 1) * ONE)
            weight = slow.blocks[sender.layer].attn.c_proj.weight.detach()[part]
            z = slow.values(CORRUPTED, "z")[sender.layer]
            moved = (clean_z[sender.layer] - z)[:, part] @ weight
            edits[sender.layer, "attn_out"] = held(attn[sender.layer] + moved)
        seen: list[Tensor] = []
        edits[layer, "qkv"] = lambda value, seen=seen: (seen.append(value.clone()), value)[1]
        slow.run(CORRUPTED, edits)
        for which, into in enumerate(INTO):
            part = slice(which * WIDTH + head * ONE, which * WIDTH + (head + 1) * ONE)
            theirs = both.recovered(slow.run(CORRUPTED, {(layer, "qkv"): replaced(part, seen[0])}))
            assert ours.shares[into][number] == pytest.approx(theirs, rel=1e-8, abs=1e-11), (sender, into)
    assert ours.senders[0] == Sender() and len(ours.senders) == 1 + layer * (HEADS + 1)


def replaced(part: slice, source: Tensor) -> Any:
    """An edit that takes some columns from elsewhere."""

    def edit(value: Tensor) -> Tensor:
        value = value.clone()
        value[:, part] = source[:, part]
        return value

    return edit
