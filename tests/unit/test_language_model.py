"""The notebook face: what `trace` and `score` give for each shape of model, and what they refuse."""

import numpy as np
import pytest
import torch

import core
from core.config import ModelConfig
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.text.training import train_bpe

TEXT = "Once upon a time"
SIZES = {"n_layers": 2, "d_model": 16, "n_heads": 4, "n_ctx": 24}
PARTS = {
    "decoder": {"eos_ids": (1,)},
    "encoder": {
        "norm_placement": "post",
        "embed_norm": True,
        "final_norm": False,
        "n_token_types": 2,
        "mlm_head": True,
    },
    "encoder-decoder": {
        "position": "relative",
        "n_decoder_layers": 3,
        "decoder_start_id": 0,
        "scale_scores": False,
    },
}


@pytest.fixture(scope="module")
def tokenizer():
    return train_bpe([TEXT, "the cat sat on the mat"], 270)


def make(shape, tokenizer, **changes):
    config = ModelConfig(shape=shape, d_vocab=len(tokenizer), **SIZES, **{**PARTS[shape], **changes})
    model = build(config).double().eval()
    initialise(model, config, seed=2, spread=0.3)
    return LanguageModel(model, tokenizer)


@pytest.mark.parametrize("shape", list(PARTS))
def test_a_trace_has_no_batch_axis_and_lists_its_hooks(shape, tokenizer):
    lm = make(shape, tokenizer)
    trace = lm.trace(TEXT)
    read = trace.ids if trace.decoder_ids is None else trace.decoder_ids
    assert trace.tokens == ["<s>", *lm.tokens(tokenizer.encode(TEXT, add_special_tokens=False))]
    assert trace.ids.dtype == torch.int64
    assert trace.logits.shape == (len(read), len(tokenizer))
    prefix = "decoder." if shape == "encoder-decoder" else ""
    pattern = trace[f"{prefix}blocks.1.attn.hook_pattern"]
    assert pattern.shape == (4, len(read), len(read))
    assert set(trace.hooks) == set(trace)
    assert not trace.logits.requires_grad
    assert torch.equal(trace[f"{prefix}unembed.hook_out"], trace.logits)


def test_a_target_goes_to_the_decoder_after_the_start_token(tokenizer):
    lm = make("encoder-decoder", tokenizer)
    trace = lm.trace(TEXT, target="the cat")
    assert trace.decoder_ids.tolist() == [0, *tokenizer.encode("the cat", add_special_tokens=False)]
    assert trace.decoder_tokens[0] == "<s>"
    cross = trace["decoder.blocks.2.cross_attn.hook_pattern"]
    assert cross.shape == (4, len(trace.decoder_ids), len(trace.ids))
    assert lm.trace(TEXT).decoder_ids.tolist() == [0]


def test_ids_instead_of_text_and_no_special_tokens(tokenizer):
    lm = make("decoder", tokenizer)
    ids = tokenizer.encode(TEXT, add_special_tokens=False)
    assert lm.trace(ids).ids.tolist() == ids
    assert torch.equal(lm.trace(TEXT, add_special_tokens=False).logits, lm.trace(ids).logits)


def test_a_batch_is_what_the_transformer_takes(tokenizer):
    for shape in PARTS:
        lm = make(shape, tokenizer)
        target = "the cat" if shape == "encoder-decoder" else None
        batch, trace = lm.batch(TEXT, target), lm.trace(TEXT, target)
        assert torch.equal(batch[0][0], trace.ids)
        assert [row.tolist() for row in batch[1:]] == [
            [d.tolist()] for d in [trace.decoder_ids] if d is not None
        ]
        torch.testing.assert_close(lm.transformer(*batch)[0].detach(), trace.logits)


def test_special_ids_are_the_tokenizers_and_those_the_configuration_uses(tokenizer):
    assert make("decoder", tokenizer).special_ids == tokenizer.special_ids | {1}
    assert make("decoder", tokenizer, bos_id=7, mask_id=9, pad_id=8).special_ids == tokenizer.special_ids | {
        1,
        7,
        8,
        9,
    }


def test_hook_result_is_computed_when_asked_for(tokenizer):
    trace = make("decoder", tokenizer).trace(TEXT)
    result = trace["blocks.0.attn.hook_result"]  # (T, H, D)
    assert result.shape == (len(trace.ids), 4, 16)
    bias = trace.model.blocks[0].attn.b_O
    assert torch.allclose(result.sum(1) + bias, trace["blocks.0.hook_attn_out"], atol=1e-12)


def test_an_unknown_hook_suggests_near_ones(tokenizer):
    with pytest.raises(KeyError, match=r"blocks\.0\.attn\.hook_pattern"):
        make("decoder", tokenizer).trace(TEXT)["blocks.9.attn.hook_pattern"]


def test_gradients_only_when_asked_for(tokenizer):
    lm = make("decoder", tokenizer)
    trace = lm.trace(TEXT, grad=True)
    (slope,) = torch.autograd.grad(trace.logits[-1, 5], trace["blocks.0.hook_resid_pre"])
    assert slope.shape == (len(trace.ids), 16)
    assert slope.abs().sum() > 0


def test_an_intervention_holds_inside_trace(tokenizer):
    lm = make("decoder", tokenizer)
    plain = lm.trace(TEXT)
    with core.intervene(core.ablate_head(layer=1, head=2)):
        cut = lm.trace(TEXT)
    assert not torch.equal(plain.logits, cut.logits)
    assert torch.equal(lm.trace(TEXT).logits, plain.logits)


def test_a_score_is_the_log_probability_of_each_next_token(tokenizer):
    lm = make("decoder", tokenizer)
    trace = lm.trace(TEXT)
    rows = trace.logits.log_softmax(-1)
    expected = [rows[i, id].item() for i, id in enumerate(trace.ids[1:].tolist())]
    assert lm.score(TEXT).tolist() == pytest.approx(expected)
    both = make("encoder-decoder", tokenizer)
    assert both.score(TEXT, target="the cat").shape == (len(tokenizer.encode("the cat")) - 1,)


def test_too_long_says_both_numbers(tokenizer):
    with pytest.raises(core.ContextTooLong, match=r"25 tokens.* 24"):
        make("decoder", tokenizer).trace([5] * 25)


def test_what_cannot_be_read_is_refused(tokenizer):
    decoder = make("decoder", tokenizer)
    with pytest.raises(ValueError, match="no tokens"):
        decoder.trace("", add_special_tokens=False)
    with pytest.raises(ValueError, match="999"):
        decoder.trace([1, 999])
    with pytest.raises(ValueError, match="decoder"):
        decoder.trace(TEXT, target="the")
    with pytest.raises(ValueError, match=r"\[MASK\]"):
        make("encoder", tokenizer).score(TEXT)
    with pytest.raises(ValueError, match="target"):
        make("encoder-decoder", tokenizer).score(TEXT)
    with pytest.raises(ValueError, match="decoder_start_id"):
        make("encoder-decoder", tokenizer, decoder_start_id=None).trace(TEXT)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([1.5], "token 0 is 1.5"),
        ([1, "a"], "token 1 is 'a'"),
        ([None], "token 0 is None"),
        ([True], "token 0 is True"),
    ],
)
def test_what_is_no_id_is_named(ids, words):
    lm = core.load("tales-gpt", device="cpu")
    with pytest.raises(ValueError, match=f"{words}: give a text, or a list of ids"):
        lm.trace(ids)


def test_ids_may_be_of_any_library():
    lm = core.load("tales-gpt", device="cpu")
    known = lm.trace([5, 6, 7]).logits
    for ids in (np.array([5, 6, 7]), torch.tensor([5, 6, 7]), (5, 6, 7)):
        assert torch.equal(lm.trace(ids).logits, known)
