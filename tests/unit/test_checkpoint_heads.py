"""Checkpoints with heads of classes, word lists, unsupported architectures: each complaint names what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from core.checkpoints import load_folder
from core.survey import survey
from tests.unit.test_checkpoints import BERT, GPT2, T5, a_folder, complaint, stored

ROBERTA = {**BERT, "model_type": "roberta", "pad_token_id": 1}
DISTIL = {
    "model_type": "distilbert", "vocab_size": 20, "dim": 8, "n_layers": 1, "n_heads": 2, "hidden_dim": 12,
    "max_position_embeddings": 16,
}  # fmt: skip
BART = {
    "model_type": "bart", "vocab_size": 20, "d_model": 8, "encoder_layers": 1, "decoder_layers": 1,
    "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 12, "decoder_ffn_dim": 12,
    "max_position_embeddings": 16, "decoder_start_token_id": 2,
}  # fmt: skip
LABELS = {"0": "bad", "1": "good"}
CLASSIFIER = {**BERT, "architectures": ["BertForSequenceClassification"], "id2label": LABELS}
ENCODERS = {"Bert": BERT, "Roberta": ROBERTA, "DistilBert": DISTIL}


@pytest.mark.parametrize("name", ENCODERS)
def test_the_class_says_which_head_it_is(name: str, tmp_path: Path) -> None:
    for ending, head in (
        ("ForMaskedLM", "lm"),
        ("ForSequenceClassification", "sequence"),
        ("ForTokenClassification", "token"),
        ("ForQuestionAnswering", "span"),
    ):
        config = {**ENCODERS[name], "architectures": [name + ending], "id2label": LABELS}
        loaded = load_folder(a_folder(tmp_path / head, config))
        assert loaded.config.head == head
        assert loaded.config.labels == (("bad", "good") if head in ("sequence", "token") else ())


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"id2label": None}, ["no id2label", "in the order of the classifier's rows"]),
        ({"id2label": {}}, ["no id2label"]),
        ({"id2label": {"0": "bad", "2": "good"}}, ["2 entries", "no name for class 1"]),
        ({"id2label": {"0": "bad", "1": 7}}, ["no name for class 1"]),
        ({"id2label": {"0": "LABEL_0"}}, ["names only 'LABEL_0'", "no choice"]),
        ({"id2label": {"0": "bad", "1": "bad"}}, ["two classes have the same name"]),
        ({"problem_type": "multi_label_classification"}, ["problem_type='multi_label_classification'"]),
        ({"problem_type": "regression"}, ["problem_type='regression'"]),
        (
            {"architectures": ["BertForMultipleChoice"]},
            ["'BertForMultipleChoice'", "BertForQuestionAnswering"],
        ),
        ({"architectures": ["BertForNextSentencePrediction"]}, ["BertForSequenceClassification"]),
    ],
)
def test_a_head_without_sound_labels_is_refused(
    wish: dict[str, Any], words: list[str], tmp_path: Path
) -> None:
    folder = a_folder(tmp_path, CLASSIFIER)
    (folder / "config.json").write_text(json.dumps({**CLASSIFIER, **wish}), encoding="utf-8")
    said = complaint(folder)
    assert all(word in said for word in [*words, str(folder)]), said


def test_labels_that_a_file_calls_by_number_are_taken_as_they_are(tmp_path: Path) -> None:
    named = {"0": "LABEL_0", "1": "LABEL_1"}
    assert load_folder(a_folder(tmp_path, {**CLASSIFIER, "id2label": named})).config.labels == (
        "LABEL_0",
        "LABEL_1",
    )


def test_fewer_labels_than_rows_names_both(tmp_path: Path) -> None:
    tensors = stored(CLASSIFIER)
    tensors["classifier.weight"], tensors["classifier.bias"] = torch.randn(5, 8), torch.randn(5)
    said = complaint(a_folder(tmp_path, CLASSIFIER, tensors))
    assert "classifier.weight has 5 rows" in said and "id2label names 2: bad, good" in said
    span = {**BERT, "architectures": ["BertForQuestionAnswering"]}
    tensors = stored(span)
    tensors["qa_outputs.weight"], tensors["qa_outputs.bias"] = torch.randn(3, 8), torch.randn(3)
    said = complaint(a_folder(tmp_path / "span", span, tensors))
    assert "qa_outputs.weight has 3 rows" in said and "a start and an end" in said


@pytest.mark.parametrize("name", ENCODERS)
def test_a_file_without_a_head_is_a_bare_encoder(name: str, tmp_path: Path) -> None:
    """Whatever class config.json names, unless tensors have the prefix of one with a head; some of a head is damage."""
    config, prefix = {**ENCODERS[name], "architectures": [f"{name}Model"]}, f"{name.lower()}."
    head = ("cls.", "lm_head.", "vocab_")
    whole = stored(config)
    tensors = {key: value for key, value in whole.items() if not key.startswith(head)}
    prefixed = {f"{prefix}{key}": value for key, value in tensors.items()}
    for number, (architectures, held) in enumerate(
        [
            ([f"{name}Model"], tensors), ([f"{name}ForMaskedLM"], tensors), (None, tensors),
            ([f"{name}Model"], prefixed), (None, prefixed),
        ]
    ):  # fmt: skip
        folder = a_folder(tmp_path / str(number), {**config, "architectures": architectures}, held)
        loaded, seen = load_folder(folder), survey(folder)
        assert loaded.config.head == "none" and loaded.model.unembed is None
        assert not seen.problem and seen.config is not None and seen.config.head == "none"
    said = complaint(
        a_folder(tmp_path / "damaged", {**config, "architectures": [f"{name}ForMaskedLM"]}, prefixed)
    )
    assert "promise a masked-LM head" in said and f"{name}ForMaskedLM" in said and f"{name}Model" in said
    first = next(key for key in whole if key.startswith(head))
    some = {key: value for key, value in whole.items() if key not in tensors and key != first} | tensors
    assert "the weights lack" in complaint(a_folder(tmp_path / "some", config, some))
    body = next(key for key in tensors if "LayerNorm" in key or "layer_norm" in key)
    less = {key: value for key, value in tensors.items() if key != body}
    assert f"the weights lack {body}" in complaint(a_folder(tmp_path / "less", config, less))
    assert load_folder(a_folder(tmp_path / "whole", config, whole)).config.head == "lm"
    config = {**config, "architectures": [f"{name}ForSequenceClassification"], "id2label": LABELS}
    said = complaint(a_folder(tmp_path / "classes", config, tensors))
    assert "the weights lack" in said and "classifier" in said


@pytest.mark.parametrize(
    ("base", "name"),
    [
        (GPT2, "GPT2ForSequenceClassification"),
        (GPT2, "GPT2DoubleHeadsModel"),
        (T5, "T5ForTokenClassification"),
        (T5, "T5EncoderModel"),
        (BART, "BartForSequenceClassification"),
        (BART, "BartForQuestionAnswering"),
    ],
)
def test_a_head_that_a_family_has_not_here_is_named(base: dict[str, Any], name: str, tmp_path: Path) -> None:
    folder = a_folder(tmp_path, base)
    (folder / "config.json").write_text(json.dumps({**base, "architectures": [name]}), encoding="utf-8")
    assert f"architectures={name!r} is not supported" in complaint(folder)


def test_distilgpt2_is_a_gpt2_of_six_layers(tmp_path: Path) -> None:
    """With what its released files hold besides: a regression's label that nothing uses, causal masks."""
    more = {
        "architectures": ["GPT2LMHeadModel"],
        "n_layer": 6,
        "_num_labels": 1,
        "id2label": {"0": "LABEL_0"},
    }
    config = {
        **GPT2,
        **more,
        "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
    }
    masks = {f"h.{i}.attn.bias": torch.ones(1, 1, 12, 12).tril() for i in range(6)}
    loaded = load_folder(a_folder(tmp_path, config, {**stored(config), **masks}))
    assert (loaded.config.n_layers, loaded.config.head, loaded.config.labels) == (6, "lm", ())


def test_an_unsupported_architecture_is_named_beside_those_that_are(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder / "config.json").write_text(json.dumps({**GPT2, "model_type": "mamba"}), encoding="utf-8")
    said = complaint(folder)
    assert "model_type='mamba'" in said
    assert all(kind in said for kind in ("gpt2", "llama", "bert", "roberta", "distilbert", "t5", "bart"))


@pytest.mark.parametrize(
    ("base", "wish", "named"),
    [
        (ROBERTA, {"hidden_act": "relu"}, "hidden_act='relu'"),
        (
            ROBERTA,
            {"pad_token_id": 15},
            "max_position_embeddings=16 leaves no position after pad_token_id=15",
        ),
        (ROBERTA, {"is_decoder": True}, "is_decoder=True"),
        (DISTIL, {"activation": "mish"}, "activation='mish'"),
        (BART, {"decoder_ffn_dim": 16}, "encoder_ffn_dim=12 and decoder_ffn_dim=16"),
        (BART, {"normalize_before": True}, "normalize_before=True"),
        (BART, {"is_encoder_decoder": False}, "is_encoder_decoder=False"),
        (BART, {"scale_embedding": "yes"}, "scale_embedding='yes'"),
    ],
)
def test_what_is_not_supported_is_named(
    base: dict[str, Any], wish: dict[str, Any], named: str, tmp_path: Path
) -> None:
    folder = a_folder(tmp_path, base)
    (folder / "config.json").write_text(json.dumps({**base, **wish}), encoding="utf-8")
    assert named in complaint(folder)


def test_bart_missing_a_tensor_and_holding_one_too_many(tmp_path: Path) -> None:
    tensors = stored(BART)
    del tensors["decoder.layers.0.encoder_attn.k_proj.bias"]
    assert "the weights lack decoder.layers.0.encoder_attn.k_proj.bias" in complaint(
        a_folder(tmp_path, BART, tensors)
    )
    tensors = {**stored(BART), "encoder.layers.1.fc1.weight": torch.zeros(12, 8)}
    said = complaint(a_folder(tmp_path / "more", BART, tensors))
    assert "the weights hold encoder.layers.1.fc1.weight" in said


def test_how_a_checkpoint_would_like_to_be_decoded_is_kept_beside_it(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {**BART, "num_beams": 4, "min_length": 0})
    wishes = {"forced_bos_token_id": 0, "no_repeat_ngram_size": 3, "length_penalty": 2.0, "max_length": 142}
    (folder / "generation_config.json").write_text(json.dumps(wishes), encoding="utf-8")
    loaded = load_folder(folder)
    assert loaded.config.first_id == 0
    assert loaded.card["generation"] == {
        "num_beams": 4, "no_repeat_ngram_size": 3, "length_penalty": 2.0, "max_length": 142,
    }  # fmt: skip
    assert load_folder(a_folder(tmp_path / "plain", BART)).card == {}


def test_word_lists_that_make_no_tokenizer(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, BERT)
    (folder / "tokenizer.json").unlink()
    words = folder / "vocab.txt"
    words.write_bytes(b"[CLS]\n[SEP]\n\xff\n")
    assert "vocab.txt is not a readable word list" in complaint(folder)
    words.write_text("[CLS]\n[SEP]\nword\n", encoding="utf-8")
    assert "no line [UNK]" in complaint(folder)
    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{n}" for n in range(16))]
    words.write_text("\n".join(entries), encoding="utf-8")
    said = complaint(folder)  # 21 entries, a table of 20
    assert "vocab.txt has token ids up to 20" in said and "ends at 19" in said
    words.write_text("\n".join(entries[:-1]) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": "no"}', encoding="utf-8")
    assert "do_lower_case='no'" in complaint(folder)
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}', encoding="utf-8")
    loaded = load_folder(folder)
    assert loaded.tokenizer.encode("w3 W3") == [2, 8, 1, 3]
    assert loaded.config.mask_id == 4
