"""Home's numbers: the overview of a pass, the logit lens, the worth of a head, and the learner's text after a token."""

import logging

import numpy as np
import pytest
import tokenizers
import torch
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

import core
from core.analysis.patching.ablation import effect
from core.analysis.stream.logit_lens import logit_lens
from core.analysis.stream.overview import STRIP, TOP, overview
from core.config import ModelConfig
from core.hooks import HookError
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.text.edit import continued, replaced
from core.text.tokenizer import Tokenizer
from core.text.training import train_bpe

SHAPES = {
    "gpt": {},
    "llama": {
        "position": "rotary", "norm": "rms", "gated": True, "act": "silu", "n_kv_heads": 2, "qkv_bias": False,
        "tied_embeddings": False,
    },
    "bert": {
        "shape": "encoder", "norm_placement": "post", "embed_norm": True, "final_norm": False, "mlm_head": True,
        "n_token_types": 2, "unembed_bias": True, "mask_id": 1,
    },
    "t5": {
        "shape": "encoder-decoder", "position": "relative", "norm": "rms", "scale_scores": False,
        "decoder_start_id": 0, "n_decoder_layers": 2,
    },
    "bare": {"norm": "none", "position": "none", "final_norm": False, "residual": False},
}  # fmt: skip
TEXT, TARGET = "Once upon a time", "the dog"


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    return train_bpe(["Once upon a time the dog saw a red ball. "] * 4, 300)


def language_model(tokenizer: Tokenizer, name: str) -> LanguageModel:
    sizes = {"n_layers": 3, "d_model": 24, "n_heads": 4, "d_head": 10, "n_ctx": 32, "d_vocab": len(tokenizer)}
    config = ModelConfig(**{**sizes, **SHAPES[name]})
    made = build(config).eval().requires_grad_(False)
    initialise(made, config, seed=4, spread=0.3)
    return LanguageModel(made, tokenizer, name)


def close(now, expected, tolerance=1e-5):
    expected = np.asarray(expected)
    np.testing.assert_allclose(
        np.asarray(now), expected, rtol=tolerance, atol=tolerance * np.abs(expected).max()
    )


@pytest.mark.parametrize("name", ["gpt", "llama", "bert", "bare"])
def test_every_number_is_that_of_the_hook_it_names(words, name):
    lm = language_model(words, name)
    seen, trace = overview(lm, TEXT), lm.trace(TEXT)
    assert seen.ids.tolist() == trace.ids.tolist()
    assert seen.parameters == sum(weight.numel() for weight in lm.transformer.parameters())
    close(seen.embed, trace["hook_embed"])
    close(seen.logits, trace.logits)
    after = "hook_normalized_resid_post" if name == "bert" else "hook_resid_post"
    close(seen.resid[0], trace["blocks.0.hook_resid_pre"].pow(2).sum(-1).sqrt())
    for layer in range(3):
        block = f"blocks.{layer}."
        close(seen.resid[layer + 1], trace[block + after].pow(2).sum(-1).sqrt())
        close(seen.heads.added[layer], trace[block + "hook_attn_out"].pow(2).sum(-1).sqrt())
        close(seen.mlp[layer], trace[block + "hook_mlp_out"].pow(2).sum(-1).sqrt())
        close(seen.heads.pattern[layer], trace[block + "attn.hook_pattern"])
    if name == "bert":
        close(seen.token_type, trace["hook_token_type_embed"])
        assert seen.embed_norm and seen.position is not None
    assert seen.kv_heads == (2 if name == "llama" else 4)
    if name == "bare":
        assert not (seen.embed_norm or seen.final_norm) and seen.position is None


@pytest.mark.parametrize("name", ["gpt", "llama"])
def test_the_strips_are_the_numbers_that_enter_the_product(words, name):
    lm = language_model(words, name)
    seen, trace = overview(lm, TEXT), lm.trace(TEXT)
    q, k, v = (trace[f"blocks.1.attn.{hook}"] for hook in (
        ("hook_rot_q", "hook_rot_k", "hook_v") if name == "llama" else ("hook_q", "hook_k", "hook_v")
    ))  # fmt: skip
    for head in range(4):
        shared = head // (4 // k.shape[1])
        close(seen.heads.q[1, head], q[:, head, :STRIP])
        close(seen.heads.k[1, head], k[:, shared, :STRIP])
        close(seen.heads.v[1, head], v[:, shared, :STRIP])
        close(seen.heads.k_norm[1, head], k[:, shared].norm(dim=-1))
        scores = (q[:, head] @ k[:, shared].T / 10**0.5).masked_fill(
            torch.ones(len(q), len(q)).triu(1) > 0, -torch.inf
        )
        close(seen.heads.pattern[1, head], scores.softmax(-1))


def test_the_named_tokens_are_the_most_probable_ones(words):
    seen = overview(language_model(words, "gpt"), TEXT)
    exponent = np.exp(seen.logits - seen.logits.max(-1, keepdims=True))
    p = exponent / exponent.sum(-1, keepdims=True)
    for row in range(len(seen.ids)):
        order = np.argsort(-p[row])[:TOP]
        assert seen.top_ids[row].tolist() == order.tolist()
        close(seen.top_probabilities[row], p[row, order])


def test_an_encoder_decoder_shows_either_half(words):
    lm = language_model(words, "t5")
    trace = lm.trace(TEXT, target=TARGET)
    decoder, encoder = overview(lm, TEXT, TARGET, "decoder"), overview(lm, TEXT, TARGET, "encoder")
    assert decoder.ids.tolist() == trace.decoder_ids.tolist() and encoder.ids.tolist() == trace.ids.tolist()
    assert (decoder.n_blocks, encoder.n_blocks) == (2, 3)
    assert decoder.cross.pattern.shape == (2, 4, len(decoder.ids), len(encoder.ids))
    close(decoder.cross.pattern[1], trace["decoder.blocks.1.cross_attn.hook_pattern"])
    close(decoder.cross.added[0], trace["decoder.blocks.0.hook_cross_attn_out"].norm(dim=-1))
    close(encoder.heads.pattern[2], trace["encoder.blocks.2.attn.hook_pattern"])
    assert encoder.logits is None and encoder.cross is None and encoder.lens_ids.size == 0
    assert "".join(decoder.source).endswith(TEXT)
    close(decoder.logits, trace.logits)


def test_a_model_without_blocks_is_shown_too(words):
    config = ModelConfig(n_layers=0, d_model=8, n_heads=2, d_vocab=len(words), n_ctx=16)
    lm = LanguageModel(build(config).eval(), words)
    initialise(lm.transformer, config, seed=1, spread=0.3)
    seen = overview(lm, TEXT)
    assert seen.n_blocks == 0 and seen.lens_ids.size == 0
    close(seen.logits, lm.trace(TEXT).logits.detach())


def test_the_row_to_follow_first_is_the_one_that_predicts():
    raw = tokenizers.Tokenizer(
        models.WordLevel({"[CLS]": 0, "[MASK]": 1, "[SEP]": 2, "a": 3, "b": 4}, unk_token="a")
    )
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    raw.add_special_tokens(["[CLS]", "[MASK]", "[SEP]"])
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 2)]
    )
    lm = language_model(Tokenizer(raw), "bert")
    assert overview(lm, "a [MASK] b [MASK]").predicting_row == 2
    assert overview(lm, "a b a").predicting_row == 3  # the last word, not [SEP]
    assert overview(language_model(Tokenizer(raw), "gpt"), "a b a").predicting_row == 4


@pytest.mark.parametrize("many", [0, 2, 3])
def test_the_lens_is_the_same_however_many_depths_are_put_to_the_head_at_once(words, many, monkeypatch):
    lm = language_model(words, "gpt")
    trace = lm.trace(TEXT)
    whole = logit_lens(lm, trace, top=3, token=5)
    calls, head = [], lm.transformer.head

    def counted(x):
        calls.append(len(x))
        return head(x)

    monkeypatch.setattr("core.analysis.stream.logit_lens.AT_ONCE", many * trace.logits.numel())
    monkeypatch.setattr(lm.transformer, "head", counted)
    parts = logit_lens(lm, trace, top=3, token=5)
    for name in ("ids", "rank"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()
    for name in ("probabilities", "own", "chance"):
        close(getattr(parts, name), torch.tensor(getattr(whole, name)))
    assert max(calls) == max(1, many) and sum(calls) == lm.config.decoder_layers + 1


@pytest.mark.parametrize("name", ["gpt", "llama", "bert", "t5"])
def test_the_lens_puts_the_models_own_head_to_every_depth(words, name):
    lm = language_model(words, name)
    trace = lm.trace(TEXT, target=TARGET if name == "t5" else None)
    lens = logit_lens(lm, trace, top=3)
    seen = overview(lm, TEXT, TARGET if name == "t5" else None)
    last = trace.logits.argmax(-1)
    depths = torch.tensor(seen.lens_own)
    close(depths[-1], trace.logits.softmax(-1).gather(-1, last[:, None])[:, 0])
    own = trace.logits.softmax(-1).topk(3)
    assert lens.ids.shape == (lm.config.decoder_layers + 1, len(trace.logits), 3)
    assert lens.ids[-1].tolist() == own.indices.tolist()
    close(lens.probabilities[-1], own.values)
    prefix = "decoder." if name == "t5" else ""
    stack = lm.transformer.decoder if name == "t5" else lm.transformer
    x = trace[f"{prefix}blocks.1.hook_resid_pre"]  # what block 0 left
    if name == "bert":
        x = stack.mlm_head(x)
    elif name == "gpt":
        x = (x - x.mean(-1, keepdim=True)) / (
            x.var(-1, unbiased=False, keepdim=True) + lm.config.norm_eps
        ).sqrt()
        x = x * stack.ln_final.w + stack.ln_final.b
    else:
        x = x / (x.pow(2).mean(-1, keepdim=True) + lm.config.norm_eps).sqrt() * stack.ln_final.w
    logits = x @ stack.unembed.W_U + (stack.unembed.b_U if name == "bert" else 0.0)
    close(depths[1], logits.softmax(-1).gather(-1, last[:, None])[:, 0])
    expected = logits.softmax(-1).topk(3)
    assert lens.ids[1].tolist() == expected.indices.tolist()
    close(lens.probabilities[1], expected.values)


def test_gpt2_agrees_with_transformers(tmp_path, words):
    logging.getLogger("transformers").setLevel(logging.ERROR)
    config = transformers.GPT2Config(vocab_size=len(words), n_positions=32, n_embd=24, n_layer=3, n_head=4)
    torch.manual_seed(0)
    theirs = transformers.GPT2LMHeadModel(config).eval()
    for weight in theirs.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    theirs.save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text(words.raw.to_str(), encoding="utf-8")
    lm = core.load(tmp_path, device="cpu")
    seen = overview(lm, TEXT)
    with torch.no_grad():
        out = theirs(torch.tensor(seen.ids[None]), output_hidden_states=True, output_attentions=False)
        middle = theirs.lm_head(theirs.transformer.ln_f(out.hidden_states[2]))[0].softmax(-1)
    close(seen.logits, out.logits[0], 2e-5)
    close(seen.resid[1], out.hidden_states[1][0].norm(dim=-1), 2e-5)
    assert seen.lens_ids[2].tolist() == middle.argmax(-1).tolist()
    close(seen.lens_probabilities[2], middle.max(-1).values, 2e-5)


def test_the_worth_of_a_head_is_that_of_a_model_without_it(words):
    lm, lame = language_model(words, "gpt"), language_model(words, "gpt")
    with torch.no_grad():
        lame.transformer.blocks[1].attn.W_O[2] = 0.0
    found = effect(lm, TEXT, core.ablate_head(1, 2), row=-1)
    p, without = (model.trace(TEXT).logits[-1].softmax(-1) for model in (lm, lame))
    close([found.before, found.after], [p.max(), without[p.argmax()]])
    other = effect(lm, TEXT, core.ablate_head(1, 2), row=1, token=7)
    close([other.before, other.after], [m.trace(TEXT).logits[1].softmax(-1)[7] for m in (lm, lame)])
    assert found.before != found.after
    with pytest.raises(HookError, match=r"L9H0"):
        effect(lm, TEXT, core.ablate_head(9, 0))


def test_the_pass_is_the_same_before_and_after_an_effect(words):
    lm = language_model(words, "t5")
    before = overview(lm, TEXT, TARGET)
    effect(lm, TEXT, core.ablate_head(0, 1, attention="cross"), target=TARGET)
    assert np.array_equal(before.logits, overview(lm, TEXT, TARGET).logits)


@pytest.mark.parametrize("text", ["Once upon", "a ", "", "  two  spaces", "naïve 🎈"])
def test_a_continued_text_is_the_text_and_its_token(words, text):
    for token in (words.encode(" dog")[-1], words.encode("ed", add_special_tokens=False)[0]):
        grown = continued(words, text, token)
        assert grown == text + words.display(token)


def test_a_character_cut_over_tokens_becomes_whole(words):
    ids = words.encode("é", add_special_tokens=False)
    assert len(ids) == 2
    half = continued(words, "caf", ids[0])
    assert half == "caf�"  # half a character cannot be shown
    assert words.decode([*words.encode("caf", add_special_tokens=False), *ids]) == "café"


def test_an_end_token_adds_nothing(words):
    assert continued(words, "Once", 1) == "Once"


def test_a_filled_mask_leaves_the_other_words_as_typed():
    vocabulary = {word: i for i, word in enumerate(["[UNK]", "[MASK]", "once", "upon", "a", "time", "##s"])}
    raw = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    raw.normalizer = normalizers.Lowercase()
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    raw.decoder = decoders.WordPiece()
    raw.add_special_tokens(["[UNK]", "[MASK]"])
    tokenizer = Tokenizer(raw)
    assert replaced(tokenizer, "Once  UPON a [MASK]", 3, vocabulary["time"]) == "Once  UPON a time"
    assert replaced(tokenizer, "Once upon a time", 1, vocabulary["[MASK]"]) == "Once [MASK] a time"
    assert replaced(tokenizer, "Once upon", 1, vocabulary["##s"]) == "Once s"


def test_what_the_tokenizer_added_cannot_be_replaced(words):
    assert replaced(words, "Once", 0, 5) == "Once"
