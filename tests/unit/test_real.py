"""Published models that come as packages: found, checked, made ready once, mapped; each that is missing says why."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

import core
from app import models
from app.models import RefusedModel, choice, gallery
from app.session import state
from core import real, real_packages
from core.checkpoints import CheckpointError, load_folder
from core.real import RealModel
from tests.published_folders import published

NAME = "all-MiniLM-L6-v2"  # any name of the list; what it stands for here is a small BERT with random weights


class Packages(NamedTuple):
    home: Path
    source: Path
    model: RealModel


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packages:
    """A folder of packages with one small model in it."""
    home = tmp_path / "real"
    source = published(home / "some_package" / "model")
    weights = source / "model.safetensors"
    model = RealModel(
        NAME, NAME, "some-package", "1.0", "some_package/model", "some_package/model/model.safetensors",
        weights.stat().st_size, hashlib.sha256(weights.read_bytes()).hexdigest(),
    )  # fmt: skip
    monkeypatch.setenv(real.VARIABLE, str(home))
    monkeypatch.setattr(real, "MODELS", (model,))
    monkeypatch.setattr(real, "BY_NAME", {NAME: model})
    return Packages(home, source, model)


def change(monkeypatch: pytest.MonkeyPatch, model: RealModel) -> None:
    monkeypatch.setattr(real, "MODELS", (model,))
    monkeypatch.setattr(real, "BY_NAME", {NAME: model})


def test_a_model_is_made_ready_once_and_equals_its_package(packages: Packages) -> None:
    assert real.fetched(NAME) and real.folder(NAME) is None and real.ready() == []
    heard: list[tuple[int, int]] = []
    place = real.prepare(NAME, lambda done, total: heard.append((done, total)))
    assert heard and heard[-1][0] == heard[-1][1]
    assert real.ready() == [NAME] and real.folder(NAME) == place
    before = (place / "model.safetensors").stat().st_mtime_ns
    shutil.rmtree(packages.source.parent)  # not read again
    assert real.prepare(NAME) == place
    assert (place / "model.safetensors").stat().st_mtime_ns == before
    assert load_folder(place).card["made_from"]["package"] == "some-package"


def test_it_opens_by_its_name_with_the_same_numbers(packages: Packages) -> None:
    lm = core.load(NAME)
    theirs = load_folder(packages.source)
    assert lm.name == NAME and lm.card["licence"] == "apache-2.0", "what is known of it is on its card"
    ids = torch.tensor(lm.encode("the cat was sad"))
    for name, weight in theirs.model.named_parameters():
        assert torch.equal(dict(lm.transformer.named_parameters())[name], weight), name
    with torch.no_grad():
        assert torch.equal(lm.transformer(ids[None]), theirs.model(ids[None]))


def test_its_weights_stay_in_the_file_and_what_is_written_to_them_does_not_reach_it(
    packages: Packages,
) -> None:
    first, second = core.load(NAME), core.load(NAME)
    kept = {name: weight.detach().clone() for name, weight in second.transformer.named_parameters()}
    with torch.no_grad():
        for weight in first.transformer.parameters():
            weight.add_(1.0)
    for name, weight in (
        *second.transformer.named_parameters(),
        *core.load(NAME).transformer.named_parameters(),
    ):
        assert torch.equal(weight, kept[name]), name
    place = real.folder(NAME)
    assert place is not None
    mapped = load_folder(place, mapped=True).model
    if sys.platform == "linux":
        assert all(in_file(weight, place / "model.safetensors") for weight in mapped.parameters())
        copied = load_folder(place).model
        assert not any(in_file(weight, place / "model.safetensors") for weight in copied.parameters())


def in_file(weight: torch.Tensor, path: Path) -> bool:
    """Whether the numbers of a tensor lie where a file is mapped into memory."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        if line.endswith(str(path)):
            first, last = (int(part, 16) for part in line.split()[0].split("-"))
            if first <= weight.data_ptr() < last:
                return True
    return False


@pytest.mark.parametrize("what", ["short", "other"])
def test_half_a_package_is_told_and_not_read(packages: Packages, what: str) -> None:
    weights = packages.source / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:-100] if what == "short" else data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ValueError, match="bytes of" if what == "short" else "SHA-256 differs") as said:
        real.prepare(NAME)
    assert "make real" in str(said.value)
    assert real.ready() == [] and not any((packages.home / "ready").glob("*"))


def test_a_full_disk_is_told_before_anything_is_written(
    packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 5, 5))  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="make room"):
        real.prepare(NAME)
    with pytest.raises(CheckpointError, match="make room"):
        core.load(NAME)
    assert real.ready() == []


def test_two_that_make_it_ready_at_once_agree(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = real._check_room

    def overtaken(*args: Any) -> None:
        monkeypatch.setattr(real, "_check_room", slow)
        real.prepare(NAME)  # another process, while this one reads
        slow(*args)

    monkeypatch.setattr(real, "_check_room", overtaken)
    assert real.prepare(NAME) == real.folder(NAME)
    assert [path.name for path in packages.home.iterdir() if path.name.startswith(".making")] == []


def test_what_an_earlier_version_made_goes(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    before = real.prepare(NAME)
    change(monkeypatch, replace(packages.model, version="2.0"))
    assert real.ready() == [], "made from another version"
    after = real.prepare(NAME)
    assert after != before and after.is_dir() and not before.exists()


def test_a_model_that_is_not_here_says_what_to_do(
    packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "make real" in real.missing(NAME) and "not ready" in real.missing(NAME)
    shutil.rmtree(packages.home)
    assert "has not been fetched" in real.missing(NAME)
    with pytest.raises(CheckpointError, match="has not been fetched"):
        core.load(NAME)
    monkeypatch.setenv(real.VARIABLE, real.NONE)
    assert real.home() is None and not real.fetched(NAME) and real.ready() == []
    with pytest.raises(CheckpointError, match=f"{real.VARIABLE}=none"):
        core.load(NAME)


def test_it_keeps_no_snapshots(packages: Packages) -> None:
    with pytest.raises(CheckpointError, match="trained elsewhere"):
        core.load(NAME, snapshot=3)


def test_what_is_ready_is_said(packages: Packages, capsys: pytest.CaptureFixture[str]) -> None:
    assert real.main() == 0 and NAME in capsys.readouterr().out
    shutil.rmtree(packages.home)
    assert real.main() == 1 and "has not been fetched" in capsys.readouterr().out


def test_facts_of_the_real_list_fit_its_lock() -> None:
    lock = real_packages.LOCK.read_text(encoding="utf-8")
    for model in real.MODELS:
        assert f"{model.package}=={model.version}" in lock
        assert real.card(model.name)["name"] == model.name
        assert model.weights.startswith(model.source)


# ------------------------------------------------------------------------------------------------- what the app offers


@pytest.fixture
def fresh() -> Iterator[None]:
    """A session of nobody's."""
    import streamlit as st

    st.session_state.clear()
    yield
    st.session_state.clear()


def test_the_app_offers_what_is_ready_and_says_of_the_others_why_not(packages: Packages) -> None:
    assert NAME not in models.labels("tales-gpt")
    with pytest.raises(RefusedModel, match="not ready"):
        models.resolve(NAME)
    missing = next(one for one in gallery.entries() if one.name == NAME)
    assert (missing.source, missing.here) == ("real", False) and "make real" in missing.problem
    place = real.prepare(NAME)
    found = models.resolve(NAME)
    assert (found.source, models.place(found)) == ("real", place)
    shown = next(one for one in gallery.entries() if one.name == NAME)
    assert shown.here and not shown.problem and shown.licence == "apache-2.0" and shown.family == "encoder"
    assert gallery.card(shown)["name"] == NAME and gallery.readme(shown) == ""
    assert str(packages.home) not in models.without_places(f"{place} has no config.json")


def test_a_first_visit_to_home_opens_on_the_real_model(
    packages: Packages, monkeypatch: pytest.MonkeyPatch, fresh: None
) -> None:
    monkeypatch.setattr(models, "REAL", NAME)
    monkeypatch.setattr("core.memory.total", lambda: choice.ENOUGH - 1)
    real.prepare(NAME)
    choice.welcome("home")
    assert state.get("model") == models.SMALL, "on a small machine the small one stays"
    state.memo("choice").clear()
    monkeypatch.setattr("core.memory.total", lambda: choice.ENOUGH)
    choice.welcome("attention")
    assert state.get("model") == models.SMALL, "other pages open as ever"
    choice.welcome("home")
    assert state.get("model") == models.SMALL, "and it is a first visit no more"
    state.memo("choice").clear()
    choice.welcome("home")
    assert state.get("model") == NAME and not state.can_undo()


def test_the_text_stays_when_the_switch_is_turned(fresh: None) -> None:
    text = state.get("text")
    choice.switch(models.REAL)
    assert (state.get("model"), state.get("text"), state.get("snapshot")) == (models.REAL, text, -1)
    state.undo()
    assert state.get("model") == models.SMALL
