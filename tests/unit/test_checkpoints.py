"""Checkpoints: what is written comes back, other layouts are read, and whatever is wrong with a folder is said."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import tokenizers
import torch
from safetensors.torch import load_file, save_file
from tokenizers import models, pre_tokenizers
from torch import Tensor

from core.checkpoints import CheckpointError, load_folder, save_folder, save_weights
from core.checkpoints.compact import compact
from core.checkpoints.files import memory_left
from core.checkpoints.folder import FAMILIES
from core.checkpoints.hub import download
from core.checkpoints.settings import Settings
from core.config import ModelConfig, preset
from core.model.initial import initialise
from core.model.transformer import build
from core.text.tokenizer import Tokenizer

GPT2 = {
    "model_type": "gpt2", "n_embd": 8, "n_head": 2, "n_layer": 2, "n_inner": None, "n_positions": 12, "vocab_size": 20,
    "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "bos_token_id": 3, "eos_token_id": 4,
}  # fmt: skip
LLAMA = {
    "model_type": "llama", "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 12,
    "max_position_embeddings": 16, "vocab_size": 20, "rms_norm_eps": 1e-6,
}  # fmt: skip
BERT = {
    "model_type": "bert", "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 12,
    "max_position_embeddings": 16, "vocab_size": 20,
}  # fmt: skip
T5 = {
    "model_type": "t5",
    "d_model": 8,
    "d_kv": 4,
    "d_ff": 12,
    "num_layers": 1,
    "num_heads": 2,
    "vocab_size": 20,
}
EXAMPLES: dict[str, dict[str, Any]] = {"gpt2": GPT2, "llama": LLAMA, "bert": BERT, "t5": T5}


def a_tokenizer(words: int = 20) -> Tokenizer:
    raw = tokenizers.Tokenizer(models.WordLevel({f"w{i}": i for i in range(words)}, unk_token="w0"))
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return Tokenizer(raw)


def stored(config: Mapping[str, Any]) -> dict[str, Tensor]:
    """Random tensors, as a checkpoint of this configuration would hold them."""
    family = FAMILIES[config["model_type"]]
    draw = torch.Generator().manual_seed(0)
    parts = [part for parts in family.plan(family.config(Settings(config))).values() for part in parts]
    return {part.names[0]: torch.randn(part.shape, generator=draw) for part in parts}


def a_folder(
    folder: Path, config: Mapping[str, Any] = GPT2, tensors: Mapping[str, Tensor] | None = None
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(dict(stored(config) if tensors is None else tensors), folder / "model.safetensors")
    (folder / "tokenizer.json").write_text(a_tokenizer().raw.to_str(), encoding="utf-8")
    return folder


def complaint(folder: Path, **options: Any) -> str:
    """What loading the folder says is wrong."""
    with pytest.raises(CheckpointError) as caught:
        load_folder(folder, **options)
    return str(caught.value)


def logits_of(folder: Path) -> Tensor:
    model = load_folder(folder).model
    ids = torch.arange(6)[None]
    with torch.no_grad():
        return model(ids, ids) if model.config.shape == "encoder-decoder" else model(ids)


# ---- ours -----------------------------------------------------------------------------------------------------------

OURS = {
    "gpt2-nano": preset("gpt2-nano", d_vocab=20, eos_ids=(3, 4), bos_id=2),
    "gpt-nano": preset("gpt-nano", d_vocab=20),
    "sinusoidal": preset("gpt2-nano", d_vocab=20, position="sinusoidal"),
    "alibi": preset("gpt2-nano", d_vocab=20, position="alibi", act="relu"),
    "encoder-decoder": ModelConfig(
        shape="encoder-decoder", n_layers=2, n_decoder_layers=1, d_model=12, n_heads=2, d_vocab=20, n_ctx=8,
        position="relative", norm="rms", norm_bias=False, decoder_start_id=0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_a_saved_model_comes_back_bit_for_bit(name: str, tmp_path: Path, device: torch.device) -> None:
    config = OURS[name]
    model = build(config)
    initialise(model, config, seed=1, spread=0.25)
    save_folder(tmp_path / "model", model, a_tokenizer(), card={"name": name})
    loaded = load_folder(tmp_path / "model", device=device)
    assert loaded.config == config
    assert loaded.card == {"name": name}
    assert loaded.tokenizer.encode("w3 w5") == [3, 5]
    assert not loaded.model.training
    here = dict(loaded.model.named_parameters())
    assert list(here) == [name for name, _ in model.named_parameters()]
    assert all(torch.equal(weight, here[name].cpu()) for name, weight in model.named_parameters())
    assert {weight.device.type for weight in loaded.model.state_dict().values()} == {device.type}
    ids = torch.arange(5)[None]
    given = (ids, ids) if config.shape == "encoder-decoder" else (ids,)
    with torch.no_grad():
        wanted, found = model.eval()(*given), loaded.model(*(part.to(device) for part in given)).cpu()
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", OURS)
def test_a_table_that_lies_in_columns_is_kept_so_where_asked(name: str, tmp_path: Path) -> None:
    """Mapped, it stays in the file: nothing lays it out anew."""
    config = OURS[name]
    model = build(config)
    initialise(model, config, seed=1, spread=0.25)
    save_folder(tmp_path / "rows", model, a_tokenizer())
    rows = load_folder(tmp_path / "rows").model  # its unembedding's table is laid out in columns now
    save_folder(tmp_path / "columns", rows, a_tokenizer(), columns=True)
    held = load_file(tmp_path / "columns" / "model.safetensors")
    (turned,) = [each for each in held if each.endswith(".columns")]
    table = turned.removesuffix(".columns")
    assert table not in held and held[turned].shape == dict(model.named_parameters())[table].T.shape
    for mapped in (False, True):
        columns = load_folder(tmp_path / "columns", mapped=mapped).model
        for (one, weight), (other, expected) in zip(columns.named_parameters(), rows.named_parameters()):
            assert one == other and torch.equal(weight, expected) and weight.stride() == expected.stride(), (
                one
            )
    save_folder(tmp_path / "again", rows, a_tokenizer())
    assert set(load_file(tmp_path / "again" / "model.safetensors")) == {*held, table} - {turned}


def test_a_table_in_columns_that_stands_for_no_table_is_refused(tmp_path: Path) -> None:
    model = build(OURS["gpt-nano"])
    initialise(model, OURS["gpt-nano"], seed=1, spread=0.25)
    folder = save_folder(tmp_path, model, a_tokenizer())
    held = load_file(folder / "model.safetensors")
    for wrong in ({"embed.W_E.columns": held["embed.W_E"].T.contiguous()}, {"other.columns": torch.ones(3)}):
        save_weights(folder / "model.safetensors", {**held, **wrong})
        with pytest.raises(CheckpointError, match="stands for"):
            load_folder(folder)


def test_types_are_converted_on_the_way_in_and_out(tmp_path: Path) -> None:
    config = OURS["sinusoidal"]
    model = build(config)
    initialise(model, config, seed=1, spread=0.25)
    save_folder(tmp_path, model, a_tokenizer(), dtype=torch.float16)
    assert {weight.dtype for weight in load_file(tmp_path / "model.safetensors").values()} == {torch.float16}
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        loaded = load_folder(tmp_path, dtype=dtype)
        assert loaded.model(torch.arange(4)[None]).dtype == dtype
        weight = loaded.model.get_parameter("blocks.0.mlp.weight_in")
        wanted = model.get_parameter("blocks.0.mlp.weight_in").half().to(dtype)
        assert torch.equal(weight, wanted)


def test_a_snapshot_takes_the_place_of_the_weights(tmp_path: Path) -> None:
    config = OURS["gpt-nano"]
    early, late = build(config), build(config)
    initialise(early, config, seed=1, spread=0.25)
    initialise(late, config, seed=2, spread=0.25)
    save_folder(tmp_path, late, a_tokenizer())
    save_weights(tmp_path / "snapshots" / "10.safetensors", dict(early.state_dict()))
    save_weights(tmp_path / "snapshots" / "20.safetensors", compact(dict(early.named_parameters())))
    exact = load_folder(tmp_path, weights=tmp_path / "snapshots" / "10.safetensors").model
    rough = load_folder(tmp_path, weights=tmp_path / "snapshots" / "20.safetensors").model
    for name, weight in early.named_parameters():
        assert torch.equal(exact.get_parameter(name), weight)
        step = weight.abs().max() / 254
        assert (rough.get_parameter(name) - weight).abs().max() <= step * 1.001 + 1e-3 * (weight.ndim < 2)
    assert not list(tmp_path.rglob(".writing-*"))


def test_a_model_that_diverged_is_not_written(tmp_path: Path) -> None:
    config = OURS["gpt-nano"]
    model = build(config)
    initialise(model, config, seed=1)
    with torch.no_grad():
        model.get_parameter("blocks.1.mlp.weight_in")[0, 0] = 70_000.0
    with pytest.raises(
        CheckpointError, match=r"blocks\.1\.mlp\.weight_in holds NaN.*too large for torch\.float16"
    ):
        save_folder(tmp_path / "model", model, a_tokenizer(), dtype=torch.float16)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, ["version 2", "reads 1"]),
        ({"colour": "red"}, ["config.json", "unknown", "colour"]),
        ({"n_layers": 10**9}, ["1,000,000,000 layers", "tensors"]),
        ({"d_model": 50}, ["d_model=50", "n_heads=3"]),
        ({"d_vocab": 10**9}, ["embed.W_E", "(20, 48)", "(1000000000, 48)"]),
        ({"n_ctx": 10**9}, ["1,000,000,000", "context"]),
        ({"act": "tanh"}, ["act='tanh'", "relu"]),
        ({"position": "learned"}, ["lack pos_embed.W_pos"]),
        ({"tied_embeddings": True}, ["hold unembed.weight"]),
        ({"n_heads": "three"}, ["config.json"]),
    ],
)  # fmt: skip
def test_a_wrong_setting_of_ours_is_named(change: dict[str, Any], words: list[str], tmp_path: Path) -> None:
    config = OURS["gpt-nano"]
    model = build(config)
    initialise(model, config, seed=1)
    save_folder(tmp_path, model, a_tokenizer())
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}), encoding="utf-8")
    said = complaint(tmp_path)
    assert all(word in said for word in words), said


# ---- theirs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", EXAMPLES)
def test_every_family_fills_every_weight(family: str, tmp_path: Path) -> None:
    loaded = load_folder(a_folder(tmp_path, EXAMPLES[family]))
    plan = FAMILIES[family].plan(loaded.config)
    assert set(plan) == {name for name, _ in loaded.model.named_parameters()}
    assert torch.isfinite(logits_of(tmp_path)).all()


def respelled(tensors: Mapping[str, Tensor], spell: Callable[[str], str]) -> dict[str, Tensor]:
    return {spell(name): tensor for name, tensor in tensors.items()}


OTHER_SPELLINGS: dict[str, tuple[dict[str, Any], Callable[[dict[str, Tensor]], dict[str, Tensor]]]] = {
    "gpt2 with its prefix and stored masks": (
        GPT2,
        lambda t: {
            **respelled(t, lambda name: "transformer." + name),
            "transformer.h.0.attn.bias": torch.ones(1, 1, 12, 12).tril().to(torch.uint8),
            "transformer.h.1.attn.masked_bias": torch.tensor(-1e4),
            "lm_head.weight": t["wte.weight"].clone(),
        },
    ),
    "gpt2 whose table is stored as its unembedding": (
        GPT2,
        lambda t: respelled(
            t, lambda name: "lm_head.weight" if name == "wte.weight" else "transformer." + name
        ),
    ),
    "llama with its prefix and stored angles": (
        LLAMA,
        lambda t: {
            **respelled(t, lambda name: name if name.startswith("lm_head") else "model." + name),
            "model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(2),
        },
    ),
    "bert with gamma and beta, pooler and next-sentence head": (
        BERT,
        lambda t: {
            **respelled(
                t,
                lambda name: (
                    ("" if name.startswith("cls") else "bert.")
                    + name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
                        "LayerNorm.bias", "LayerNorm.beta"
                    )
                ),
            ),
            "bert.pooler.dense.weight": torch.ones(8, 8),
            "bert.embeddings.position_ids": torch.arange(16)[None],
            "cls.seq_relationship.weight": torch.ones(2, 8),
            "cls.predictions.decoder.weight": t["embeddings.word_embeddings.weight"].clone(),
            "cls.predictions.bias": t["cls.predictions.decoder.bias"].clone(),
        },
    ),
    "t5 with copies of its table": (
        T5,
        lambda t: {
            **t,
            "encoder.embed_tokens.weight": t["shared.weight"].clone(),
            "decoder.embed_tokens.weight": t["shared.weight"].clone(),
            "lm_head.weight": t["shared.weight"].clone(),
            "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight": torch.ones(32, 2),
        },
    ),
    "t5 without a table called shared": (
        T5,
        lambda t: respelled(
            t, lambda name: "decoder.embed_tokens.weight" if name == "shared.weight" else name
        ),
    ),
}


@pytest.mark.parametrize("name", OTHER_SPELLINGS)
def test_other_spellings_mean_the_same_model(name: str, tmp_path: Path) -> None:
    config, respell = OTHER_SPELLINGS[name]
    plain = stored(config)
    wanted = logits_of(a_folder(tmp_path / "plain", config, plain))
    assert torch.equal(logits_of(a_folder(tmp_path / "other", config, respell(plain))), wanted)


def test_a_tied_model_with_a_table_of_its_own_is_untied(tmp_path: Path) -> None:
    tensors = stored(GPT2)
    tensors["lm_head.weight"] = tensors["wte.weight"] + 1
    loaded = load_folder(a_folder(tmp_path, GPT2, tensors))
    assert not loaded.config.tied_embeddings
    assert torch.equal(loaded.model.unembed.W_U, tensors["lm_head.weight"].T)


def test_an_untied_bert_uses_its_decoders_bias(tmp_path: Path) -> None:
    config = {**BERT, "tie_word_embeddings": False}
    tensors = {**stored(config), "cls.predictions.bias": torch.full((20,), 9.0)}
    loaded = load_folder(a_folder(tmp_path, config, tensors))
    assert torch.equal(loaded.model.unembed.b_U, tensors["cls.predictions.decoder.bias"])


def test_shards_are_joined_through_their_index(tmp_path: Path) -> None:
    tensors = stored(LLAMA)
    wanted = logits_of(a_folder(tmp_path / "one", LLAMA, tensors))
    folder = shards(a_folder(tmp_path / "two", LLAMA, tensors), tensors)
    assert torch.equal(logits_of(folder), wanted)


def shards(folder: Path, tensors: Mapping[str, Tensor]) -> Path:
    """Replace the weights by two shards and an index."""
    (folder / "model.safetensors").unlink()
    table = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(tensors)}
    for file in set(table.values()):
        save_file({name: tensors[name] for name in tensors if table[name] == file}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": table}), encoding="utf-8")
    return folder


def test_special_tokens_come_from_both_files(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {**GPT2, "bos_token_id": 50_256, "eos_token_id": 4, "pad_token_id": 5})
    assert load_folder(folder).config.bos_id is None  # outside the vocabulary: it can never occur
    assert load_folder(folder).config.eos_ids == (4,)
    (folder / "generation_config.json").write_text(
        '{"eos_token_id": [6, 7, 99], "bos_token_id": 2}', encoding="utf-8"
    )
    config = load_folder(folder).config
    assert (config.bos_id, config.eos_ids, config.pad_id) == (2, (6, 7), 5)


def test_the_decoder_of_a_t5_starts_with_the_padding_token(tmp_path: Path) -> None:
    assert load_folder(a_folder(tmp_path / "a", {**T5, "pad_token_id": 0})).config.decoder_start_id == 0
    folder = a_folder(tmp_path / "b", {**T5, "pad_token_id": 0, "decoder_start_token_id": 7})
    assert load_folder(folder).config.decoder_start_id == 7


@pytest.mark.parametrize(
    ("config", "theta"),
    [
        ({"rope_theta": 500.0}, 500.0),
        ({"rope_theta": 500.0, "rope_scaling": None}, 500.0),
        ({"rope_parameters": {"rope_theta": 700.0, "rope_type": "default"}}, 700.0),
        ({"rope_scaling": {"type": "default"}, "rope_theta": 500}, 500.0),
        ({}, 10_000.0),
    ],
)  # fmt: skip
def test_rope_is_read_from_new_and_old_files(config: dict[str, Any], theta: float) -> None:
    assert FAMILIES["llama"].config(Settings({**LLAMA, **config})).rope_theta == theta


def test_windows_that_hide_nothing_are_no_obstacle() -> None:
    base = {**LLAMA, "num_key_value_heads": None}
    for config in (
        {"model_type": "mistral", "sliding_window": None},
        {"model_type": "mistral", "sliding_window": 16},
        {"model_type": "qwen2", "sliding_window": 4, "use_sliding_window": False},
        {"model_type": "qwen2", "sliding_window": 4, "use_sliding_window": True, "max_window_layers": 2},
        {"model_type": "qwen2", "layer_types": ["full_attention", "full_attention"]},
    ):
        found = FAMILIES["llama"].config(Settings({**base, **config}))
        assert (found.n_ctx, found.n_kv_heads) == (16, 2)


UNSUPPORTED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (GPT2, {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx=True"),
    (GPT2, {"reorder_and_upcast_attn": True}, "reorder_and_upcast_attn=True"),
    (GPT2, {"add_cross_attention": True}, "add_cross_attention=True"),
    (GPT2, {"activation_function": "mish"}, "activation_function='mish'"),
    (GPT2, {"quantization_config": {"bits": 4}}, "quantization_config={'bits': 4}"),
    (GPT2, {"auto_map": {"AutoModel": "x.Y"}}, "auto_map="),
    (GPT2, {"n_embd": 10**30}, "n_embd=10000"),
    (GPT2, {"n_embd": -8}, "n_embd=-8"),
    (GPT2, {"n_embd": 8.5}, "n_embd=8.5"),
    (GPT2, {"n_layer": True}, "n_layer=True"),
    (GPT2, {"layer_norm_epsilon": "small"}, "layer_norm_epsilon='small'"),
    (GPT2, {"layer_norm_epsilon": -1}, "norm_eps=-1"),
    (GPT2, {"scale_attn_weights": "yes"}, "scale_attn_weights='yes'"),
    (GPT2, {"model_type": "gpt_neox"}, "model_type='gpt_neox'"),
    (GPT2, {"model_type": None}, "model_type=None"),
    (LLAMA, {"rope_scaling": {"type": "linear", "factor": 2.0}}, "rope_scaling={'type': 'linear'"),
    (
        LLAMA,
        {"rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5}},
        "rope_parameters={'rope_type': 'llama3'",
    ),
    (LLAMA, {"rope_parameters": {"rope_type": "default", "factor": 2.0}}, "'factor': 2.0"),
    (LLAMA, {"rope_parameters": "default"}, "rope_parameters='default'"),
    (LLAMA, {"rope_parameters": {"partial_rotary_factor": 0.5}}, "rope_parameters.partial_rotary_factor=0.5"),
    (LLAMA, {"rope_theta": -1}, "rope_theta=-1"),
    (LLAMA, {"num_key_value_heads": 3}, "n_kv_heads=3"),
    (LLAMA, {"hidden_size": 9}, "hidden_size=9"),
    (LLAMA, {"hidden_act": "gelu_10"}, "hidden_act='gelu_10'"),
    (LLAMA, {"model_type": "mistral", "sliding_window": 8}, "sliding_window=8"),
    (LLAMA, {"model_type": "mistral", "max_position_embeddings": 9000}, "sliding_window=4096"),
    (
        LLAMA,
        {"model_type": "qwen2", "sliding_window": 4, "use_sliding_window": True, "max_window_layers": 1},
        "sliding_window=4",
    ),
    (LLAMA, {"layer_types": ["chunked_attention"]}, "layer_types holds 'chunked_attention'"),
    (BERT, {"position_embedding_type": "relative_key"}, "position_embedding_type='relative_key'"),
    (BERT, {"is_decoder": True}, "is_decoder=True"),
    (T5, {"feed_forward_proj": "gated-mish"}, "feed_forward_proj='gated-mish'"),
    (T5, {"feed_forward_proj": "double-relu"}, "feed_forward_proj='double-relu'"),
    (T5, {"dense_act_fn": "mish"}, "dense_act_fn='mish'"),
    (T5, {"is_encoder_decoder": False}, "is_encoder_decoder=False"),
]


@pytest.mark.parametrize(("base", "wish", "named"), UNSUPPORTED)
def test_what_is_not_supported_is_named_with_its_value(
    base: dict[str, Any], wish: dict[str, Any], named: str, tmp_path: Path
) -> None:
    folder = a_folder(tmp_path, base)
    (folder / "config.json").write_text(json.dumps({**base, **wish}), encoding="utf-8")
    said = complaint(folder)
    assert named in said
    assert str(folder) in said


# ---- damaged and dangerous ------------------------------------------------------------------------------------------


def test_no_folder_and_no_config(tmp_path: Path) -> None:
    assert "not a folder" in complaint(tmp_path / "nowhere")
    assert "has no config.json" in complaint(tmp_path)


@pytest.mark.parametrize("text", ["{", "[1, 2]", "null", "", '{"a": ' * 50_000, "\ud800"])
def test_a_broken_config(text: str, tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder / "config.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert "config.json" in complaint(folder)


def test_no_tokenizer_says_how_to_make_one(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder / "tokenizer.json").unlink()
    said = complaint(folder)
    assert "no tokenizer.json" in said
    assert "AutoTokenizer" in said


def test_a_broken_tokenizer_and_one_of_another_model(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    assert "tokenizer.json" in complaint(folder)
    (folder / "tokenizer.json").write_text(a_tokenizer(31).raw.to_str(), encoding="utf-8")
    said = complaint(folder)
    assert "up to 30" in said
    assert "ends at 19" in said
    (folder / "tokenizer.json").write_text(tokenizers.Tokenizer(models.BPE()).to_str(), encoding="utf-8")
    assert "empty vocabulary" in complaint(folder)


def test_a_pickle_is_refused_with_the_reason(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    said = complaint(folder)
    assert "pytorch_model.bin" in said
    assert "can run any program" in said
    assert "save_pretrained" in said


def test_another_format_is_named(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder / "model.safetensors").rename(folder / "model.onnx")
    assert "only model.onnx" in complaint(folder)
    (folder / "model.onnx").rename(folder / "model.gguf")
    assert "model.gguf is not a GGUF file" in complaint(folder)
    (folder / "model.gguf").unlink()
    assert "has no model.safetensors" in complaint(folder)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    tensors = stored(LLAMA)
    folder = shards(a_folder(tmp_path, LLAMA, tensors), tensors)
    (folder / "model-00002-of-00002.safetensors").unlink()
    said = complaint(folder)
    assert "1 of its 2 weight files" in said
    assert "model-00002-of-00002.safetensors is missing" in said


@pytest.mark.parametrize(
    "path", ["../secret.safetensors", "/etc/passwd", "sub/x.safetensors", "..\\x.safetensors", "a.bin"]
)
def test_an_index_cannot_leave_its_folder(path: str, tmp_path: Path) -> None:
    tensors = stored(LLAMA)
    folder = shards(a_folder(tmp_path / "model", LLAMA, tensors), tensors)
    save_file(tensors, tmp_path / "secret.safetensors")
    table = dict.fromkeys(tensors, path)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": table}), encoding="utf-8")
    said = complaint(folder)
    assert "its own folder" in said
    assert repr(path) in said


@pytest.mark.parametrize("table", [None, [], {}, {"norm.weight": 3}])
def test_a_broken_index(table: Any, tmp_path: Path) -> None:
    tensors = stored(LLAMA)
    folder = shards(a_folder(tmp_path, LLAMA, tensors), tensors)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": table}), encoding="utf-8")
    assert "no weight_map" in complaint(folder)


def test_an_index_that_lies_and_shards_that_overlap(tmp_path: Path) -> None:
    tensors = stored(LLAMA)
    folder = shards(a_folder(tmp_path, LLAMA, tensors), tensors)
    index = folder / "model.safetensors.index.json"
    table = json.loads(index.read_text())["weight_map"]
    index.write_text(
        json.dumps({"weight_map": {**table, "ghost.weight": "model-00001-of-00002.safetensors"}})
    )
    assert "ghost.weight" in complaint(folder)
    index.write_text(json.dumps({"weight_map": table}))
    save_file(tensors, folder / "model-00002-of-00002.safetensors")
    assert "both hold" in complaint(folder) or "not there" in complaint(folder)
    index.unlink()
    assert "2 safetensors files" in complaint(folder)


def test_a_wrong_shape_is_named_with_both_shapes(tmp_path: Path) -> None:
    tensors = stored(GPT2)
    tensors["h.1.mlp.c_fc.weight"] = torch.ones(8, 31)
    said = complaint(a_folder(tmp_path, GPT2, tensors))
    assert "h.1.mlp.c_fc.weight" in said
    assert "(8, 31)" in said
    assert "(8, 32)" in said


def test_missing_left_over_and_doubled_tensors_are_named(tmp_path: Path) -> None:
    tensors = stored(GPT2)
    some = {name: tensor for name, tensor in tensors.items() if not name.startswith("h.0.ln")}
    said = complaint(a_folder(tmp_path / "a", GPT2, some))
    assert "lack h.0.ln_1.weight, h.0.ln_1.bias, h.0.ln_2.weight and 1 more" in said
    assert "score.weight" in complaint(
        a_folder(tmp_path / "b", GPT2, {**tensors, "score.weight": torch.ones(2, 8)})
    )
    doubled = {**tensors, "transformer.wpe.weight": tensors["wpe.weight"].clone()}
    assert "two spellings" in complaint(a_folder(tmp_path / "c", GPT2, doubled))
    t5 = stored(T5)
    t5["encoder.embed_tokens.weight"] = t5["shared.weight"] + 1
    assert "they differ" in complaint(a_folder(tmp_path / "d", T5, t5))


def test_a_bert_or_llama_without_its_head_says_what_that_means(tmp_path: Path) -> None:
    named = {**BERT, "architectures": ["BertForMaskedLM"]}
    bare = {f"bert.{name}": tensor for name, tensor in stored(BERT).items() if not name.startswith("cls")}
    assert "promise a masked-LM head" in complaint(a_folder(tmp_path / "bert", named, bare))
    bare = {name: tensor for name, tensor in stored(LLAMA).items() if name != "lm_head.weight"}
    assert "without its unembedding" in complaint(a_folder(tmp_path / "llama", LLAMA, bare))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_no_numbers_are_named(value: float, tmp_path: Path) -> None:
    tensors = stored(GPT2)
    tensors["h.1.attn.c_proj.weight"][2, 3] = value
    said = complaint(a_folder(tmp_path, GPT2, tensors))
    assert "h.1.attn.c_proj.weight holds NaN or an infinity (1 of 64 numbers)" in said


def test_a_number_too_large_for_the_type_is_named(tmp_path: Path) -> None:
    tensors = stored(GPT2)
    tensors["ln_f.weight"][0] = 1e6
    folder = a_folder(tmp_path, GPT2, tensors)
    said = complaint(folder, dtype=torch.float16)
    assert "ln_f.weight holds 1e+06, too large for torch.float16" in said
    assert load_folder(folder).model.get_parameter("ln_final.w")[0] == 1e6


def test_quantized_weights_are_refused(tmp_path: Path) -> None:
    tensors = stored(GPT2)
    tensors["h.0.attn.c_attn.weight"] = tensors["h.0.attn.c_attn.weight"].to(torch.int8)
    said = complaint(a_folder(tmp_path, GPT2, tensors))
    assert "h.0.attn.c_attn.weight is stored as I8" in said


@pytest.mark.parametrize("keep", [0, 4, 8, 40, 0.5, -1])
def test_a_truncated_file(keep: float, tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    path = folder / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep) if isinstance(keep, float) else keep])
    said = complaint(folder)
    assert "model.safetensors" in said
    assert "cut short" in said or "not a readable safetensors file" in said


def safetensors_of(entries: Any, data: bytes = b"", length: int | None = None) -> bytes:
    header = json.dumps(entries).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


HUGE = [100_000, 26_000]  # 10.4 GB in float32
LIES: dict[str, tuple[bytes, str]] = {
    "a header of 10 GB": (safetensors_of({}, length=10_000_000_000), "header of 10,000,000,000 bytes"),
    "data of 10 GB": (
        safetensors_of({"wte.weight": {"dtype": "F32", "shape": HUGE, "data_offsets": [0, 10_400_000_000]}}),
        "bytes up to 10,400,000,000",
    ),
    "a shape of 10 GB": (
        safetensors_of({"wte.weight": {"dtype": "F32", "shape": HUGE, "data_offsets": [0, 8]}}, bytes(8)),
        "claims the shape (100000, 26000) but has 8 bytes",
    ),
    "a negative shape": (
        safetensors_of({"a": {"dtype": "F32", "shape": [-1, -2], "data_offsets": [0, 8]}}, bytes(8)),
        "entry for a is broken",
    ),
    "an entry without offsets": (
        safetensors_of({"a": {"dtype": "F32", "shape": [1]}}),
        "entry for a is broken",
    ),
    "a header that is a list": (safetensors_of([1]), "no dictionary"),
    "a page of the web": (b"<!DOCTYPE html><html>Not found</html>", "cut short or not"),
    "nested without end": (
        safetensors_of({}, length=1)[:8] + b"[" * 90_000,
        "not a readable safetensors file",
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_a_file_that_claims_what_it_does_not_hold(name: str, tmp_path: Path) -> None:
    data, words = LIES[name]
    if name == "nested without end":
        data = struct.pack("<Q", 90_000) + b"[" * 90_000
    folder = a_folder(tmp_path)
    (folder / "model.safetensors").write_bytes(data)
    said = complaint(folder)
    assert words in said
    assert "model.safetensors" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_embd": 80_000}, ["(20, 8)", "(20, 80000)"]),
        ({"n_layer": 2**31}, ["2,147,483,648 layers", "28 tensors"]),
        ({"n_positions": 2**31}, ["2,147,483,648", "context"]),
        ({"n_positions": 2**20}, ["(12, 8)", "(1048576, 8)"]),
        ({"vocab_size": 2**31}, ["(20, 8)", "(2147483648, 8)"]),
    ],
)
def test_a_config_that_claims_ten_gigabytes_is_refused_before_memory_is_asked_for(
    change: dict[str, Any], words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_folder(tmp_path)
    (folder / "config.json").write_text(json.dumps({**GPT2, **change}), encoding="utf-8")

    def refuse(config: ModelConfig) -> None:
        raise AssertionError("a model was built from sizes that nobody had checked")

    monkeypatch.setattr("core.checkpoints.folder.build", refuse)
    said = complaint(folder)
    assert all(word in said for word in words), said


def test_a_model_larger_than_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(tmp_path)
    monkeypatch.setattr("core.checkpoints.folder.memory_left", lambda device: 5_000)
    said = complaint(folder)
    assert "GB of memory as torch.float32" in said
    assert "float16" in said
    left = memory_left(torch.device("cpu"))
    assert left is None or left > 0


def test_a_loaded_model_does_not_hang_on_its_file(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    loaded = load_folder(folder)
    before = loaded.model.get_parameter("embed.W_E").clone()
    path = folder / "model.safetensors"
    with path.open("r+b") as file:
        file.seek(0)
        file.write(bytes(path.stat().st_size))
    assert torch.equal(loaded.model.get_parameter("embed.W_E"), before)


# ---- the hub --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "gpt2",
        "../etc/passwd",
        "a/b/c",
        "/a/b",
        "a/",
        "/b",
        "a/..",
        "a b/c",
        "a/b--c",
        "a/" + "b" * 200,
        "é/b",
    ],
)
def test_only_owner_and_name_are_asked_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda *args, **options: pytest.fail("asked the hub")
    )
    with pytest.raises(CheckpointError, match="owner/name"):
        download(name)


def test_without_network_the_message_says_what_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError) as caught:
        download("someone/some-model")
    said = str(caught.value)
    assert "cannot be reached" in said
    assert "someone/some-model" in said
    assert "bundled model" in said


def in_the_cache(cache: Path, tensors: bool = True) -> None:
    """Lay a model into the cache as the hub's library does."""
    repository = cache / "models--someone--some-model"
    folder = a_folder(repository / "snapshots" / ("a" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("a" * 40)
    if not tensors:
        (folder / "model.safetensors").unlink()


def test_without_network_the_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_cache(tmp_path)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    assert load_folder(download("someone/some-model")).config.d_model == 8


def test_a_repository_without_safetensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_cache(tmp_path, tensors=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError, match=r"no safetensors file.*pickle"):
        download("someone/some-model")


def test_progress_is_told_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pretend(repo_id: str, *, allow_patterns: list[str], tqdm_class: Any) -> str:
        assert repo_id == "someone/some-model"
        assert not any(pattern.endswith((".bin", ".py", ".pt", "*")) for pattern in allow_patterns)
        received = tqdm_class(desc="Downloading bytes", total=0, unit="B", name="x")
        written = tqdm_class(desc="Reconstructing (incomplete total...)", total=0, unit="B")
        with tqdm_class(total=1, desc="Fetching 1 files") as files:
            written.total = 300
            written.refresh()
            for _ in range(3):
                received.update(50)
                written.update(100)
            files.update(1)
        return str(a_folder(tmp_path))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", pretend)
    told: list[tuple[int, int]] = []
    folder = download("someone/some-model", progress=lambda done, total: told.append((done, total)))
    assert folder == tmp_path
    assert (0, 300) in told
    assert told[-1] == (300, 300)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert download("someone/some-model") == tmp_path


def a_refusal(kind: str) -> Exception:
    import httpx2
    from huggingface_hub import errors

    if kind == "connection":
        return ConnectionResetError("reset by peer\nand more")
    response = httpx2.Response(404, request=httpx2.Request("GET", "https://hub.test"))
    return getattr(errors, kind)("no", response=response)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("GatedRepoError", "accept its licence"),
        ("RepositoryNotFoundError", "no public model"),
        ("connection", "could not be downloaded (reset by peer)"),
    ],
)
def test_refusals_of_the_hub_are_explained(kind: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **options: Any) -> str:
        raise a_refusal(kind)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(CheckpointError) as caught:
        download("someone/some-model")
    assert words in str(caught.value)
