"""Composition scores against products written out pair by pair, and the chance that random heads come to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.analysis.heads.composition import composition, random_scores
from core.language_model import LanguageModel
from core.model.transformer import build
from tests.heads import BOTH, PLACES, SHAPES, induction_model, tiny


def stacks(lm: LanguageModel) -> tuple[Any, Any]:
    """Encoder and decoder; the same twice where there is one stack."""
    model: Any = lm.transformer
    return (model.encoder, model.decoder) if lm.config.shape == "encoder-decoder" else (model, model)


def matrices(attn: Any, head: int) -> tuple[np.ndarray, ...]:
    """W_Q, W_K, W_V (D, K) and W_O (K, D) of one head."""
    kv = head * attn.n_kv_heads // attn.n_heads
    return tuple(w.detach().numpy() for w in (attn.W_Q[head], attn.W_K[kv], attn.W_V[kv], attn.W_O[head]))


def slow(way: str, writer: np.ndarray, reader: tuple[np.ndarray, ...], gains: tuple[Any, Any]) -> float:
    """|W_OV read| / (|W_OV| |read|), the whole D x D matrices multiplied out; gains of the asking, answering side."""
    q, k, v, o = reader
    q = q if gains[0] is None else gains[0][:, None] * q
    k, v = (one if gains[1] is None else gains[1][:, None] * one for one in (k, v))
    read = {"K": k @ q.T, "Q": q @ k.T, "V": v @ o}[way]
    return float(np.linalg.norm(writer @ read) / np.linalg.norm(writer) / np.linalg.norm(read))


def gain_of(norm: Any) -> Any:
    w = getattr(norm, "w", None)
    return None if w is None else w.detach().numpy()


@pytest.mark.parametrize("gain", [True, False])
@pytest.mark.parametrize("way", ["K", "Q", "V"])
@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_every_score_is_the_product_written_out(shape: str, attention: Any, way: Any, gain: bool) -> None:
    lm = tiny(shape)
    encoder, decoder = stacks(lm)
    found = composition(lm, way, attention, gain=gain)
    across = attention == "cross"
    readers = encoder if attention == "encoder" else decoder
    writers = encoder if attention == "encoder" or (across and way != "Q") else decoder
    assert found.writers == ("encoder" if across and way != "Q" else "self" if across else attention)
    for i, h, j, g in np.ndindex(*found.scores.shape):
        after = (across and (way != "Q" or i <= j)) or (not across and i < j)
        assert found.follows[i, j] == after
        if not after:
            assert found.scores[i, h, j, g] == found.above[i, h, j, g] == 0
            continue
        block = readers.blocks[j]
        norm = None if block.post_norm else block.ln2 if across else block.ln1
        gains = (gain_of(norm), gain_of(encoder.ln_final) if across else gain_of(norm))
        _, _, v, o = matrices(writers.blocks[i].attn, h)
        own = None if writers.blocks[i].post_norm else gain_of(writers.blocks[i].ln1)
        v = v if own is None or not gain else own[:, None] * v
        reader = matrices(block.cross_attn if across else block.attn, g)
        expected = slow(way, v @ o, reader, gains if gain else (None, None))
        assert found.scores[i, h, j, g] == pytest.approx(expected, abs=1e-9)
        assert found.above[i, h, j, g] == pytest.approx(expected - found.chance, abs=1e-9)


def test_random_heads_come_to_one_over_the_root_of_the_width() -> None:
    for d_model, d_head in [(64, 16), (128, 32), (48, 48)]:
        scores = random_scores(d_model, d_head, draws=200)
        # Turned at random against each other, two matrices come to 1/D in the mean square, whatever is in them.
        assert np.sqrt((scores**2).mean()) == pytest.approx(d_model**-0.5, rel=0.02)
    assert np.array_equal(random_scores(32, 8, seed=1), random_scores(32, 8, seed=1))
    assert not np.array_equal(random_scores(32, 8, seed=1), random_scores(32, 8, seed=2))


def test_a_circuit_built_by_hand_composes_by_keys() -> None:
    lm = induction_model()
    lm.transformer.double()
    keys, queries = composition(lm, "K"), composition(lm, "Q")
    assert keys.strongest == (0, 0, 1, 0)
    # The 64 numbers that the first writes are the 64 that the keys of the second read: |I| / (|I| |I|).
    assert keys.scores[0, 0, 1, 0] == pytest.approx(1 / 8)
    assert keys.chance < keys.line < 0.1
    assert queries.scores[0, 0, 1, 0] < 1e-9, (
        "the second head asks with the token itself, which the first leaves alone"
    )
    assert np.isfinite(keys.scores).all(), "a blank head has no length to divide by"


def test_models_without_pairs_and_ways_that_do_not_exist() -> None:
    lm = tiny("gpt")
    for layers in (0, 1):
        few = LanguageModel(build(lm.config.replace(n_layers=layers)).double(), lm.tokenizer)
        assert composition(few).strongest is None
    with pytest.raises(ValueError, match="way='X' is not one of K, Q, V"):
        composition(lm, "X")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="without it"):
        composition(lm, "K", "cross")
    assert set(BOTH) < set(SHAPES)


def test_every_device_gives_the_same(device: torch.device) -> None:
    from tests.heads import fresh

    here, there = fresh("llama, grouped"), fresh("llama, grouped")
    here.transformer.float()
    there.transformer.float().to(device)
    np.testing.assert_allclose(composition(there).scores, composition(here).scores, atol=1e-4)
