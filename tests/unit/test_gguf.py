"""GGUF files that cannot be right, or ask for what is not computed, get a message; the others are offered and open."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import core
from app import models
from app.models import gallery
from core.checkpoints import CheckpointError
from core.checkpoints.folder import load_folder
from core.checkpoints.gguf_file import GgufFile
from core.survey import survey
from tests.gguf_files import D, V, a_model, write


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with nothing wrong."""
    return write(tmp_path_factory.mktemp("gguf") / "whole.gguf", a_model(), "Q8_0")


def refused(path: Path) -> str:
    """What stands in the way of opening it: the same said to whoever loads it and to the list of models."""
    with pytest.raises(CheckpointError) as caught:
        load_folder(path)
    assert survey(path).problem == str(caught.value)
    return str(caught.value)


ASKED: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "another architecture": ({"general.architecture": "gemma"}, (), "its architecture is 'gemma'"),
    "a scaling": ({"{arch}.rope.scaling.type": "yarn"}, (), "llama.rope.scaling.type=yarn is not supported"),
    "experts": ({"{arch}.expert_count": 8}, (), "llama.expert_count=8 is not supported"),
    "something new": ({"{arch}.attention.clamp_kqv": 3.0}, (), "attention.clamp_kqv=3.0 is not supported"),
    "half a turn": ({"{arch}.rope.dimension_count": 8}, (), "turn as a whole"),
    "no heads": ({"{arch}.attention.head_count": 0}, (), "num_attention_heads=0 must be"),
    "heads by layer": ({"{arch}.attention.head_count": [4, 4]}, (), "num_attention_heads=[4, 4] must be"),
    "no size": ({}, ("{arch}.block_count",), "lacks the setting llama.block_count"),
    "a window": ({"{arch}.attention.sliding_window": 8}, (), "sliding_window=8 is not supported"),
    "more blocks": ({"{arch}.block_count": 3}, (), "the weights lack layers.2.input_layernorm"),
    "another width": ({"{arch}.feed_forward_length": 128}, (), "asks for (128, 64)"),
    "no tokens": ({}, ("tokenizer.ggml.tokens",), "has no tokenizer"),
    "another cut": ({"tokenizer.ggml.pre": "dbrx"}, (), "pre='dbrx' names a way of cutting texts"),
    "another tokenizer": ({"tokenizer.ggml.model": "bert"}, (), "its tokenizer is 'bert'"),
    "odd merges": ({"tokenizer.ggml.merges": ["t h e"]}, (), "'t h e' is not of two pieces"),
    "unknown merges": ({"tokenizer.ggml.merges": ["qqq zzz"]}, (), "its tokenizer cannot be built"),
    "types": ({"tokenizer.ggml.token_type": [1, 1]}, (), "types for 2"),
    "twins": ({"tokenizer.ggml.tokens": ["a"] * V}, (), "spelled alike"),
    "a context": ({"{arch}.context_length": 2**30}, (), "cannot be right"),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_what_is_not_computed_is_refused_by_name(name: str, tmp_path: Path) -> None:
    more, leave_out, what = ASKED[name]
    if "general.architecture" in more:
        model = a_model()
        model.config.model_type = more["general.architecture"]
        assert what in refused(write(tmp_path / "odd.gguf", model))
        return
    message = refused(write(tmp_path / "odd.gguf", a_model(), more=more, leave_out=leave_out))
    assert what in message and "config.json" not in message


def test_a_tensor_too_many_and_blocks_that_nobody_checks(tmp_path: Path) -> None:
    extra = {"blk.0.attn_sinks.weight": np.zeros(4, dtype=np.float32)}
    assert "blk.0.attn_sinks.weight" in refused(write(tmp_path / "extra.gguf", a_model(), tensors=extra))
    rope = {"rope_freqs.weight": np.ones(8, dtype=np.float32)}
    assert "is a rope scaling" in refused(write(tmp_path / "rope.gguf", a_model(), tensors=rope))
    wide = a_model(hidden_size=256, intermediate_size=256)
    assert "is stored as IQ4_XS; Glassbox reads F32" in refused(write(tmp_path / "iq.gguf", wide, "IQ4_XS"))
    broken = a_model()
    with torch.no_grad():
        broken.model.layers[1].mlp.up_proj.weight[3, 5] = float("nan")
    with pytest.raises(CheckpointError, match=r"blk\.1\.ffn_up\.weight holds NaN"):
        load_folder(write(tmp_path / "nan.gguf", broken))


def lies() -> dict[str, tuple[Any, str]]:
    """What is done to the bytes of a whole file, and what is said then."""

    def put(at: int, value: int, letter: str = "Q") -> Any:
        return lambda data: (
            data[:at] + struct.pack(f"<{letter}", value) + data[at + struct.calcsize(letter) :]
        )

    def length_of(text: bytes, value: int) -> Any:
        return lambda data: put(data.index(text) - 8, value)(data)

    def entries_of(
        name: bytes, value: int
    ) -> Any:  # behind the name: the kind "list", the kind of its entries, how many
        return lambda data: put(data.index(name) + len(name) + 8, value)(data)

    def claim(
        name: bytes, at: int, value: int, letter: str = "Q"
    ) -> Any:  # behind the name: dimensions, sizes, kind, offset
        return lambda data: put(data.index(name) + len(name) + at, value, letter)(data)

    tensor = b"blk.0.attn_q.weight"
    return {
        "empty": (lambda data: b"", "is not a readable GGUF file"),
        "a picture": (lambda data: b"\x89PNG" + data[4:], "does not begin with GGUF"),
        "the magic alone": (lambda data: data[:4], "is not a readable GGUF file"),
        "an old version": (put(4, 1, "I"), "is GGUF of version 1"),
        "the other order": (put(4, 3 << 24, "I"), "of another kind of machine"),
        "endless tensors": (put(8, 2**60), "claims 1,152,921,504,606,846,976 tensors"),
        "endless settings": (put(16, 2**60), "claims 1,152,921,504,606,846,976 settings"),
        "an endless text": (
            length_of(b"general.name", 2**60),
            "claims a text of 1,152,921,504,606,846,976 bytes",
        ),
        "an endless list": (
            entries_of(b"tokenizer.ggml.token_type", 2**40),
            "claims 1,099,511,627,776 entries",
        ),
        "no letters": (
            lambda data: data.replace(b"Small Random", b"Small \xff\xfe\xfdndom"),
            "is not a readable GGUF",
        ),
        "cut in its header": (lambda data: data[:700], "more than the file has bytes for"),
        "cut in its tensors": (lambda data: data[: len(data) - 9_000], "it is cut short; download it again"),
        "dimensions": (claim(tensor, 0, 200, "I"), "claims 200 dimensions"),
        "a huge tensor": (claim(tensor, 4, 2**61), "claims the shape"),
        "no row": (claim(tensor, 4, 0), "claims the shape"),
        "half a block": (claim(tensor, 4, 33), "come in blocks of 32"),
        "an unknown block": (claim(tensor, 20, 99, "I"), "a kind of block that nobody knows, 99"),
        "an offset": (claim(tensor, 24, 2**50), "it is cut short"),
        "another shape": (claim(tensor, 12, D // 2), "has the shape"),
    }


@pytest.mark.parametrize("name", lies())
def test_a_file_that_lies_gets_a_message(name: str, whole: Path, tmp_path: Path) -> None:
    change, what = lies()[name]
    path = tmp_path / "lie.gguf"
    path.write_bytes(change(whole.read_bytes()))
    assert what in refused(path)


def test_every_cut_is_refused_without_a_crash(whole: Path, tmp_path: Path) -> None:
    data, path = whole.read_bytes(), tmp_path / "cut.gguf"
    for length in [*range(0, 3_000, 37), *range(3_000, len(data) - 1, len(data) // 40)]:
        path.write_bytes(data[:length])
        assert survey(path).problem, length


def test_any_damage_of_the_header_is_read_or_refused(whole: Path, tmp_path: Path) -> None:
    data, path = bytearray(whole.read_bytes()), tmp_path / "damaged.gguf"
    rng = np.random.default_rng(0)
    told = set()
    for _ in range(300):
        damaged = data.copy()
        for at in rng.integers(0, 12_000, rng.integers(1, 4)):
            damaged[at] = rng.integers(0, 256)
        path.write_bytes(damaged)
        told.add(bool(survey(path).problem))
    assert told == {True, False}


def test_a_file_is_opened_by_its_name_and_alone_in_a_folder(whole: Path) -> None:
    one = core.load(whole, device="cpu")
    same = core.load(whole.parent, device="cpu")
    assert torch.equal(one.trace([3, 4]).logits, same.trace([3, 4]).logits)
    assert one.card["name"] == "Small Random" and one.card["licence"] == "mit"
    two = whole.parent / "two"
    two.mkdir()
    for name in ("a.gguf", "b.gguf"):
        (two / name).write_bytes(whole.read_bytes())
    assert "has 2 GGUF files (a.gguf, b.gguf): name one of them" in refused(two)


def test_memory_is_told_before_and_asked_for(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = survey(whole)
    assert seen.kind == "llama" and seen.types == ("F32", "Q8_0") and seen.licence == "mit"
    assert seen.memory > 4 * seen.numbers and seen.stored == whole.stat().st_size
    monkeypatch.setattr("core.checkpoints.folder.memory_left", lambda device: 1000)
    with pytest.raises(CheckpointError, match=r"of memory as torch\.float32, but"):
        load_folder(whole)


def test_the_server_offers_them(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = whole.read_bytes()
    (tmp_path / "models" / "many").mkdir(parents=True)
    for name in ("direct.gguf", "many/a.gguf", "many/b.gguf"):
        (tmp_path / "models" / name).write_bytes(data)
    (tmp_path / "outside.gguf").write_bytes(data)
    (tmp_path / "models" / "link.gguf").symlink_to(tmp_path / "outside.gguf")
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path / "models"))
    offered = [choice.name for choice in models.folders()]
    assert offered == ["./direct.gguf", "./many/a.gguf", "./many/b.gguf"]
    for name in offered:
        choice = models.resolve(name)
        assert core.load(choice.target, device="cpu").config.n_layers == 2
        entry = next(entry for entry in gallery.entries() if entry.name == name)
        assert entry.kind == "llama" and not entry.problem and entry.total > 0 and entry.card
        assert gallery.card(entry)["name"] == "Small Random" and gallery.readme(entry) == ""
    for name in (
        "./link.gguf",
        "./../outside.gguf",
        "./many/../../outside.gguf",
        "./no.gguf",
        "./many/c.gguf",
    ):
        with pytest.raises(models.RefusedModel):
            models.resolve(name)


def test_sentence_pieces_merge_by_their_scores(tmp_path: Path) -> None:
    pieces = [
        "<unk>",
        "<s>",
        "</s>",
        *(f"<0x{n:02X}>" for n in range(256)),
        "▁",
        "a",
        "b",
        "c",
        "ab",
        "bc",
        "▁a",
        "▁ab",
        "abc",
    ]
    scores = [0.0] * 259 + [-9.0, -9.0, -9.0, -9.0, -2.0, -1.0, -3.0, -4.0, -5.0]
    kinds = [2, 3, 3, *([6] * 256), *([1] * 9)]
    rest = V - len(pieces)
    more = {
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": pieces + [f"<spare{n}>" for n in range(rest)],
        "tokenizer.ggml.scores": scores + [-99.0] * rest, "tokenizer.ggml.token_type": kinds + [5] * rest,
    }  # fmt: skip
    path = write(
        tmp_path / "pieces.gguf",
        a_model(),
        more=more,
        leave_out=("tokenizer.ggml.merges", "tokenizer.ggml.pre"),
    )
    tokenizer = load_folder(path).tokenizer

    def spelled(text: str) -> list[str]:
        return [str(tokenizer.raw.id_to_token(id)) for id in tokenizer.encode(text)]

    assert spelled("abc") == [
        "<s>",
        "▁a",
        "bc",
    ]  # "bc" scores most of all pairs, then "▁a"; "▁abc" is no piece
    assert spelled("ab ab") == ["<s>", "▁ab", "▁ab"]
    assert spelled("é") == ["<s>", "▁", "<0xC3>", "<0xA9>"]
    assert tokenizer.decode(tokenizer.encode("ab cé"), skip_special_tokens=True) == "ab cé"
    assert len(GgufFile(path).values["tokenizer.ggml.tokens"]) == V


def test_a_file_outside_its_folder_is_not_read(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "linked"
    folder.mkdir()
    (folder / "model.gguf").symlink_to(whole)
    assert "is a link to a file outside its folder" in survey(folder).problem
    with pytest.raises(CheckpointError, match="outside its folder"):
        load_folder(folder)
