"""A model that travels with its picture: the browser's forward pass and tokenizer equal core's, at every hook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import core
from app.kit.packing import unpack
from app.outside.model.packed import NotCarried, packed
from core.config import ModelConfig
from core.language_model import LanguageModel
from core.model.transformer import build
from tests.node import answer
from tests.tiers import examples

SCRIPT = Path(__file__).with_name("carried.mjs")
MOST = 1e-4  # by which a value may differ; in a row with values above 1, by this part of the largest
TEXTS = (
    "A red ball was lost. She found the red",
    "",
    "  two  spaces,\ttabs\n\nand lines ",
    "It's 12 o'clock; they'll say “café” 日本語 🦊!",
    "<s> and </s> stand for no text</s>",
    "</script><img onerror=alert(1)>\u2028",
)


def in_node(**asked: Any) -> list[dict[str, Any]]:
    """What the browser's modules make of a packed model."""
    return list(answer(SCRIPT, asked))


def differences(lm: LanguageModel, found: dict[str, Any]) -> dict[str, float]:
    """By how much each hook's values differ at most; in a row with values above 1, by which part of the largest.

    Streams grow to a thousand, where float32 itself steps by 1e-4.
    """
    trace = lm.trace(found["ids"])
    here = {hook["name"]: unpack(hook) for hook in found["hooks"]}
    assert list(here) == trace.hooks, "the same hooks in the same order"
    out = {}
    for name, value in here.items():
        want = trace[name].detach().numpy()
        assert value.shape == want.shape, name
        both = np.isfinite(want)
        np.testing.assert_array_equal(value[~both], want[~both], err_msg=name)
        finite = np.where(both, want, 0.0)
        far = np.abs(np.where(both, value, 0.0) - finite) / np.abs(finite).max(-1, keepdims=True, initial=1.0)
        out[name] = float(far.max(initial=0.0))
    return out


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize("name", ["tales-gpt", "austen-gpt", "code-gpt"])
def test_a_bundled_model_computes_the_same_at_every_hook(name: str) -> None:
    lm = core.load(name)
    found = in_node(model=packed({"the end": lm}), texts=[text for text in TEXTS if text])
    for text, one in zip((text for text in TEXTS if text), found, strict=True):
        assert one["ids"] == lm.tokenizer.encode(text)
        far = differences(lm, one)
        assert max(far.values()) < MOST, max(far, key=far.__getitem__)


def test_every_snapshot_is_carried_to_the_last_bit() -> None:
    steps = core.snapshots("tales-gpt")
    moments = {str(step): core.load("tales-gpt", snapshot=step) for step in steps}
    carried = packed(moments)
    assert [moment["label"] for moment in carried["moments"]] == list(moments)
    for lm, moment in zip(moments.values(), carried["moments"], strict=True):
        kinds = {"q" if "q" in weight else weight["dtype"] for weight in moment["weights"].values()}
        assert "f32" not in kinds, "nothing takes the space of float32"
        for name, weight in lm.transformer.state_dict().items():
            one = moment["weights"][name]
            if "q" in one:
                steps_, scale = unpack(one["q"]).astype(np.float32) - 128, unpack(one["scale"])
                np.testing.assert_array_equal(steps_ * scale[:, None], weight.numpy(), err_msg=name)
            else:
                np.testing.assert_array_equal(unpack(one), weight.numpy(), err_msg=name)
    two = packed({"a": moments["150"], "b": moments[str(steps[-1])]})
    [early] = in_node(model=two, moment=0, texts=[TEXTS[0]])
    assert max(differences(moments["150"], early).values()) < MOST


@st.composite
def decoders(draw: Any) -> ModelConfig:
    """Any small decoder that a file can carry."""
    kv, position = (
        draw(st.sampled_from([1, 2])),
        draw(st.sampled_from(["learned", "rotary", "alibi", "none", "sinusoidal"])),
    )
    return ModelConfig(
        n_layers=draw(st.integers(0, 2)), d_model=24, n_heads=kv * draw(st.sampled_from([1, 2])), n_kv_heads=kv,
        d_head=6, d_vocab=40, n_ctx=16, d_mlp=draw(st.sampled_from([8, 20])), position=position,
        norm=draw(st.sampled_from(["layer", "rms", "none"])), norm_placement=draw(st.sampled_from(["pre", "post"])),
        norm_gain=draw(st.booleans()), norm_bias=draw(st.booleans()), embed_norm=draw(st.booleans()),
        final_norm=draw(st.booleans()), qk_norm=draw(st.booleans()), embed_scale=draw(st.sampled_from([1.0, 3.5])),
        act=draw(st.sampled_from(["relu", "relu_squared", "silu", "gelu", "gelu_tanh"])), gated=draw(st.booleans()),
        scale_scores=draw(st.booleans()), residual=draw(st.booleans()), qkv_bias=draw(st.booleans()),
        out_bias=draw(st.booleans()), mlp_bias=draw(st.booleans()), unembed_bias=draw(st.booleans()),
        tied_embeddings=draw(st.booleans()), logit_scale=draw(st.sampled_from([1.0, 0.25])),
        causal=draw(st.sampled_from([None, False])), position_offset=draw(st.sampled_from([0, 2])),
    )  # fmt: skip


@pytest.mark.full(reason="takes more than a second")
@settings(max_examples=examples(40))
@given(decoders(), st.lists(st.integers(0, 39), min_size=1, max_size=14), st.integers(0, 99))
def test_any_small_decoder_computes_the_same_at_every_hook(
    config: ModelConfig, ids: list[int], seed: int
) -> None:
    model = build(config).eval()
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(0.4 * torch.randn(weight.shape, generator=draw))
    lm = LanguageModel(model, core.load("tales-gpt").tokenizer, "small", {})
    [found] = in_node(model=packed({"": lm}), ids=[ids])
    far = differences(lm, found)
    assert max(far.values()) < MOST, max(far, key=far.__getitem__)


@pytest.mark.full(reason="takes 2 s")
@settings(max_examples=examples(30))
@given(st.lists(st.text(), min_size=1, max_size=20))
def test_any_text_is_cut_as_the_tokenizers_library_cuts_it(texts: list[str]) -> None:
    lm = core.load("tales-gpt")
    found = in_node(model=packed({"": lm}), texts=[*texts, *TEXTS], run=False)
    for text, one in zip([*texts, *TEXTS], found, strict=True):
        ids = lm.tokenizer.encode(text)
        assert one["ids"] == ids
        assert one["displayed"] == [lm.tokenizer.display(id) for id in ids]
        assert one["decoded"] == lm.tokenizer.decode(ids, skip_special_tokens=True)


def test_a_model_that_no_file_can_carry_says_why() -> None:
    for name, why in (("tales-bert", "no decoder"), ("tales-t5", "no decoder")):
        with pytest.raises(NotCarried, match=why):
            packed({"": core.load(name)})
    with pytest.raises(ValueError, match="one model"):
        packed({"a": core.load("tales-gpt"), "b": core.load("code-gpt")})
