"""What is said of a model's folder before a weight is read: its shape, its memory, what stands in the way."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from core import hub_models, zoo
from core.checkpoints import CheckpointError, load_folder
from core.checkpoints.convert import Settings
from core.checkpoints.folder import FAMILIES
from core.costs import parameters
from core.parts import parts
from core.survey import card_text, memory_needed, supported, survey
from tests.damaged import BROKEN, damage
from tests.pages.conftest import random_model
from tests.published_folders import BERT, DISTILBERT, headed, published
from tests.unit.test_checkpoints import GPT2, a_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole folder and all damaged ones."""
    root = tmp_path_factory.mktemp("folders")
    damage(root)
    random_model(root / "whole", seed=1)
    return root


def test_a_bundled_model_is_told_without_reading_a_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.checkpoints.files.safe_open", lambda *_, **__: pytest.fail("a weight was read"))
    for name in zoo.bundled():
        seen, card = survey(zoo.BUNDLED / name), zoo.card(name)
        assert not seen.problem
        assert seen.config is not None and parameters(seen.config) == card["parameters"]
        assert seen.numbers == card["parameters"]
        assert seen.stored == (zoo.BUNDLED / name / "model.safetensors").stat().st_size
        assert seen.memory > 4 * card["parameters"]


@pytest.mark.parametrize("name", [name for name in BROKEN if name not in ("nan",)])
def test_what_stands_in_the_way_is_an_answer(folders: Path, name: str) -> None:
    seen = survey(folders / name)
    what, _ = BROKEN[name]
    assert what in seen.problem
    with pytest.raises(CheckpointError, match=re.escape(what)):
        load_folder(folders / name)
    assert survey(folders / "whole").problem == ""


@pytest.mark.parametrize("word_list", [True, False])
@pytest.mark.parametrize(
    "config",
    [
        BERT,
        DISTILBERT,
        headed(DISTILBERT, "SequenceClassification", ("bad", "good")),
        headed(BERT, "QuestionAnswering"),
    ],
    ids=lambda config: config["architectures"][0],
)
def test_what_opens_has_no_problem_with_a_word_list_too(
    config: dict[str, Any], word_list: bool, tmp_path: Path
) -> None:
    """BERT was released with vocab.txt alone: the list of models and the loader agree about it."""
    folder = published(tmp_path / "model", config, word_list=word_list)
    assert load_folder(folder).config == survey(folder).config
    assert survey(folder).problem == ""
    lines = (folder / "vocab.txt") if word_list else None
    if lines is not None:
        lines.write_text(lines.read_text() + "more\n")
        assert "do not belong together" in survey(folder).problem
        lines.write_text("the\n")
        assert "is not the word list of a BERT" in survey(folder).problem


def test_a_mask_that_is_no_weight_may_be_of_any_kind(tmp_path: Path) -> None:
    """GPT-2's files keep its causal masks, as bytes: nothing reads them."""
    folder = a_folder(tmp_path / "gpt2", GPT2)
    tensors = load_file(folder / "model.safetensors")
    mask = {"transformer.h.0.attn.bias": torch.ones(1, 1, 4, 4, dtype=torch.uint8)}
    save_file(tensors | mask, folder / "model.safetensors")
    load_folder(folder)
    assert survey(folder).problem == ""
    name = "transformer.wte.weight"
    name = name if name in tensors else next(key for key in tensors if key.endswith("wte.weight"))
    save_file(tensors | {name: tensors[name].to(torch.int8)}, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match="is stored as I8"):
        load_folder(folder)
    assert "is stored as I8" in survey(folder).problem


def test_a_tokenizer_of_any_length_is_not_read(folders: Path, tmp_path: Path) -> None:
    folder = random_model(tmp_path / "long", seed=1)
    with (folder / "tokenizer.json").open("r+b") as file:
        file.truncate(60_000_000)
    assert "60,000,000 bytes long: too large for a tokenizer.json" in survey(folder).problem


def test_an_architecture_that_is_not_supported_is_named_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "mamba", "d_model": 8}', encoding="utf-8")
    seen = survey(tmp_path)
    assert (seen.kind, seen.config, seen.memory) == ("mamba", None, 0)
    assert "architecture is mamba" in seen.problem
    assert all(kind in seen.problem for kind in supported())
    (tmp_path / "config.json").write_text("[]", encoding="utf-8")
    assert "dictionary" in survey(tmp_path).problem


@pytest.mark.parametrize(
    "values",
    [
        {"n_layer": 10**9},
        {"n_embd": 2**31},
        {"n_positions": 2**30},
        {"n_layer": -1},
        {"n_layer": "x"},
        {"n_head": 0},
    ],
)
def test_a_config_that_asks_for_the_impossible_costs_nothing(
    folders: Path, tmp_path: Path, values: Any
) -> None:
    plain = {
        "model_type": "gpt2",
        "n_layer": 1,
        "n_embd": 24,
        "n_head": 3,
        "vocab_size": 400,
        "n_positions": 64,
    }
    (tmp_path / "config.json").write_text(json.dumps(plain | values), encoding="utf-8")
    (tmp_path / "model.safetensors").write_bytes((folders / "whole" / "model.safetensors").read_bytes())
    assert survey(tmp_path).problem


@pytest.mark.parametrize(
    ("readme", "licence"),
    [
        ("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model", "apache-2.0"),
        ("---\nlicense: 'mit'\n---\n", "mit"),
        ("---\r\nlicense: cc-by-4.0\r\n---\r\nText", "cc-by-4.0"),
        ("# A model\nlicense: mit", ""),
        ("---\nlicense: <img src=x>\n---\n", ""),
        ("", ""),
    ],
)
def test_the_licence_is_what_the_front_matter_says(tmp_path: Path, readme: str, licence: str) -> None:
    (tmp_path / "README.md").write_bytes(readme.encode())
    assert survey(tmp_path).licence == licence
    assert card_text(tmp_path) == readme


def test_a_readme_that_is_no_text_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(b"a\xff" + b"x" * 600_000)
    assert card_text(tmp_path).startswith("a\ufffdx")
    assert len(card_text(tmp_path)) == 500_000


# ------------------------------------------------------------------------------------------------- the hub's facts


@pytest.mark.parametrize("model", hub_models.MODELS, ids=lambda model: model.id)
def test_a_fact_agrees_with_the_count(model: hub_models.HubModel) -> None:
    """Our converter's count of the published configuration, beside what the file stores and what its authors say."""
    assert model.id.count("/") == 1 and model.licence in ("mit", "apache-2.0") and model.what
    family = FAMILIES.get(str(model.config["model_type"]))
    assert family is not None
    counted = sum(parts(family.config(Settings(model.config))).values())
    millions = float(model.published.split()[0])
    assert counted / 1e6 == pytest.approx(millions, rel=0.02)
    # The file may hold masks (GPT-2's are a tenth of it) and heads of training besides.
    assert counted <= 1.001 * model.stored and model.stored < 1.11 * counted
    assert model.download == 4 * model.stored


# Bytes of some of these files, as pinned in public repositories: the header comes on top of the numbers.
FILES = {
    "openai-community/gpt2": 548_105_171,
    "distilbert/distilgpt2": 352_824_413,
    "google-bert/bert-base-uncased": 440_449_768,
    "distilbert/distilbert-base-uncased": 267_954_768,
    "google-t5/t5-small": 242_043_056,
    "distilbert/distilbert-base-uncased-finetuned-sst-2-english": 267_832_558,
}


@pytest.mark.parametrize("id", FILES)
def test_a_download_is_as_large_as_the_file(id: str) -> None:
    assert hub_models.BY_ID[id].download == pytest.approx(FILES[id], rel=2e-4)


# ------------------------------------------------------------------------------------------------- memory

MEASURE = """
import gc, sys
from pathlib import Path
import psutil
import core
from core.memory import give_back
from core.survey import survey

def private():
    give_back()
    return psutil.Process().memory_full_info().uss

core.load("tales-bert", device="cpu").trace("a")
gc.collect()
held = []
for folder in map(Path, sys.argv[1:]):
    before = private()
    held.append(core.load(folder, device="cpu"))
    gc.collect()
    print(private() - before, survey(folder).memory)
"""


@pytest.mark.full(reason="takes 3 s")
def test_the_memory_foretold_is_the_memory_taken(tmp_path: Path) -> None:
    """In a process of its own: what its private pages grow by, beside the estimate."""
    large = random_model(tmp_path, seed=3, n_layers=6, d_model=384, n_heads=6)  # 11 million weights
    command = [sys.executable, "-c", MEASURE, str(zoo.BUNDLED / "tales-gpt"), str(large)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    measured = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert len(measured) == 2
    for grown, foretold in measured:
        assert foretold == pytest.approx(grown, rel=0.15)


def test_memory_is_weights_and_vocabulary() -> None:
    seen = survey(zoo.BUNDLED / "tales-gpt")
    assert seen.config is not None
    half = memory_needed(seen.config, torch.float16)
    assert memory_needed(seen.config) - half == 2 * parameters(seen.config)


def _outside(folder: Path, name: str) -> None:
    """Put a file of a folder elsewhere, and a link in its place."""
    away = folder.parent / f"outside-{folder.name}" / name
    away.parent.mkdir(parents=True, exist_ok=True)
    (folder / name).rename(away)
    (folder / name).symlink_to(away)


LINKED = ["config.json", "tokenizer.json", "card.json", "generation_config.json", "model.safetensors"]


@pytest.mark.parametrize("name", LINKED)
def test_nothing_outside_a_models_folder_is_read(tmp_path: Path, name: str) -> None:
    folder = a_folder(tmp_path / "linked", GPT2)
    for more in ("card.json", "generation_config.json"):
        (folder / more).write_text("{}", encoding="utf-8")
    assert survey(folder).problem == "", "whole before"
    _outside(folder, name)
    assert f"{name} is a link to a file outside its folder" in survey(folder).problem
    with pytest.raises(CheckpointError, match="outside its folder"):
        load_folder(folder)


def test_no_word_list_outside_the_folder_is_read(tmp_path: Path) -> None:
    for name in ("vocab.txt", "tokenizer_config.json"):
        folder = published(tmp_path / name, BERT, word_list=True)
        (folder / "tokenizer_config.json").write_text("{}", encoding="utf-8")
        assert (folder / "vocab.txt").is_file()
        _outside(folder, name)
        assert f"{name} is a link to a file outside its folder" in survey(folder).problem


def test_a_readme_that_leads_out_of_its_folder_is_not_read(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "linked", GPT2)
    (folder / "README.md").symlink_to(
        "/proc/self/environ" if Path("/proc/self/environ").exists() else __file__
    )
    with pytest.raises(CheckpointError, match=r"README.md is a link to a file outside its folder"):
        card_text(folder)
    assert survey(folder).licence == ""
    (folder / "README.md").unlink()
    (folder / "about.md").write_text("ours", encoding="utf-8")
    (folder / "README.md").symlink_to("about.md")
    assert card_text(folder) == "ours", "a link within the folder is as good as the file"


def test_a_shard_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "sharded", GPT2)
    shard = "model-00001-of-00001.safetensors"
    (folder / "model.safetensors").rename(folder / shard)
    table = {"weight_map": dict.fromkeys(load_file(folder / shard), shard)}
    (folder / "model.safetensors.index.json").write_text(json.dumps(table), encoding="utf-8")
    assert survey(folder).problem == ""
    _outside(folder, shard)
    assert "outside its folder" in survey(folder).problem


def test_the_hubs_cache_keeps_its_files_beside_the_snapshot(tmp_path: Path) -> None:
    home = tmp_path / "models--a--b"
    snapshot, blobs = a_folder(home / "snapshots" / "0123", GPT2), home / "blobs"
    blobs.mkdir()
    for path in list(snapshot.iterdir()):
        path.rename(blobs / path.name)
        path.symlink_to(Path("../../blobs") / path.name)
    assert survey(snapshot).problem == ""
    load_folder(snapshot)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_no_file_of_a_model(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "piped", GPT2)
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    assert "is not a file" in survey(folder).problem
