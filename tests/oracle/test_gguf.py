"""GGUF files against transformers reading the same: logits, patterns and ids; blocks against its unpacking."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
import torch
import transformers
from transformers.integrations.gguf import dequant

from core.checkpoints.folder import load_folder
from core.checkpoints.gguf_file import KINDS, GgufFile
from core.language_model import LanguageModel
from tests.gguf_files import HEADS, IN_BLOCKS, LAYERS, V, a_model, write
from tests.oracle.tokenizer_pairs import texts

IDS = [5, 9, 200, 9, 13, 77, 1, 64, 5, 5]
WIDE = {"hidden_size": 256, "intermediate_size": 256}  # a K-quant's block has 256 numbers
NUMBERS = {kind: number for number, kind in dequant.GGML_NAME.items()}


def theirs_of(path: Path) -> transformers.PreTrainedModel:
    """transformers' reading of the file, in float32."""
    model = transformers.AutoModelForCausalLM.from_pretrained(
        str(path.parent), gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    )
    return model.eval()


@pytest.mark.parametrize("block", ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"])
@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_every_number_is_theirs(kind: str, block: str, tmp_path: Path) -> None:
    model = a_model(kind, tie_word_embeddings=block in ("F32", "Q4_1"))
    path = write(tmp_path / "small.gguf", model, block)
    loaded = load_folder(path)
    lm = LanguageModel(loaded.model, loaded.tokenizer, "small", loaded.card)
    theirs = theirs_of(path)
    with torch.no_grad():
        told = theirs(torch.tensor([IDS]), output_attentions=True)
        before = model(torch.tensor([IDS])).logits
    trace = lm.trace(IDS)
    assert torch.allclose(trace.logits, told.logits[0], atol=2e-5)
    for layer in range(LAYERS):
        pattern = trace[f"blocks.{layer}.attn.hook_pattern"]
        assert pattern.shape == (HEADS, len(IDS), len(IDS))
        assert torch.allclose(pattern, told.attentions[layer][0], atol=2e-6)
    if block == "F32":  # nothing was lost on the way, so the rows' order is the model's own
        assert torch.allclose(trace.logits, before[0], atol=2e-5)
    else:
        assert not torch.allclose(trace.logits, before[0], atol=1e-4)


@pytest.mark.parametrize("block", ["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"])
def test_k_quants_are_unpacked_as_by_them(block: str, tmp_path: Path) -> None:
    path = write(tmp_path / "small.gguf", a_model("llama", **WIDE), block)
    file = GgufFile(path)
    raw = path.read_bytes()
    seen = 0
    for name, stored in file.tensors.items():
        if stored.kind != block:
            continue
        seen += 1
        packed = torch.frombuffer(
            bytearray(raw[stored.begin : stored.begin + stored.length]), dtype=torch.uint8
        )
        theirs = dequant.dequantize(packed, NUMBERS[block]).view(stored.shape)
        ours = file.read(name)
        assert ours.abs().max() > 1e-4 and torch.allclose(ours, theirs, rtol=1e-5, atol=1e-7)
    assert seen == len(IN_BLOCKS) * LAYERS
    loaded = load_folder(path)
    with torch.no_grad():
        theirs_logits = theirs_of(path)(torch.tensor([IDS])).logits[0]
    lm = LanguageModel(loaded.model, loaded.tokenizer, "small")
    assert torch.allclose(lm.trace(IDS).logits, theirs_logits, atol=5e-4, rtol=1e-4)


def test_what_is_read_is_what_both_can_unpack() -> None:
    assert set(KINDS) - {"F32", "F16", "BF16", "Q5_0", "Q5_1"} <= set(NUMBERS)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("pre", ["gpt-2", "llama-bpe", "qwen2"])
def test_ten_thousand_texts_have_their_ids(pre: str, tmp_path: Path) -> None:
    path = write(tmp_path / "small.gguf", a_model(), pre=pre)
    ours = load_folder(path).tokenizer
    theirs = transformers.AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    for text in [*texts(10_000, seed=3), "It's 2024, isn't it?  THE 12345", "<s> and </s> in a text"]:
        # Reading GGUF, they leave out the composed form that their own tokenizer of these models begins with, and add a
        # sign of GPT-2's that is not in the file.
        text = text.replace("<|endoftext|>", "</s>")
        read = unicodedata.normalize("NFC", text) if pre == "qwen2" else text
        expected = theirs.backend_tokenizer.encode(read, add_special_tokens=False).ids
        assert ours.encode(text, add_special_tokens=False) == expected, repr(text)
    assert len(ours) == V


def test_a_digit_stands_alone_where_the_file_says_so(tmp_path: Path) -> None:
    """transformers cuts such a file's texts as GPT-2's: 2024 would be one piece."""
    model = a_model()
    alone, together = (
        load_folder(write(tmp_path / f"{pre}.gguf", model, pre=pre)).tokenizer for pre in ("smollm", "gpt-2")
    )
    pieces = [alone.display(id) for id in alone.encode("in 2024")]
    assert pieces[-4:] == ["2", "0", "2", "4"]
    assert [together.display(id) for id in together.encode("2024")] == ["2024"]
    for text in texts(2_000, seed=5):
        if not any(letter.isnumeric() for letter in text):
            assert alone.encode(text) == together.encode(text)
