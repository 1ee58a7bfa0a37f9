"""Which models a browser may open: bundled, in the configured folders, on the hub list; nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import app.show
import core
from app import models, runs
from app.models import RefusedModel, gallery
from core import zoo
from core.checkpoints import CheckpointError
from core.runs import Run
from core.training.spec import TrainSpec


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two configured folders beside a secret one that a symbolic link inside points to."""
    for name in ("first/mine", "first/twice", "second/twice", "second/yours", "secret"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "first" / "out").symlink_to(tmp_path / "secret", target_is_directory=True)
    (tmp_path / "first" / "nothing").mkdir()
    (tmp_path / "first" / "inner").symlink_to(tmp_path / "first" / "mine", target_is_directory=True)
    folders = [tmp_path / "first", tmp_path / "second", tmp_path / "gone"]
    monkeypatch.setenv("GLASSBOX_MODELS", os.pathsep.join(map(str, folders)))
    return tmp_path


def test_folders_with_a_config_are_offered_once_each(root: Path) -> None:
    found = {choice.name: choice.target for choice in models.folders()}
    assert found == {
        "./mine": root / "first" / "mine",
        "./inner": root / "first" / "mine",
        "./twice": root / "first" / "twice",
        "./yours": root / "second" / "yours",
    }


def test_a_folder_is_opened_by_its_name(root: Path) -> None:
    choice = models.resolve("./yours")
    assert (choice.source, choice.target) == ("folder", root / "second" / "yours")


@pytest.mark.parametrize(
    "name",
    [
        "../secret", "./../secret", "./mine/../../secret", "/etc", "/", ".", "./", "..", "./..", "~", "~/x",
        "./mine/config.json", "./first/../out", ".\\mine", "..\\secret", "./a\0b", "./mine\0", "\0",
        "..%2Fsecret", "%2e%2e/secret", "./..%2fsecret", "./%2e%2e", "..%252Fsecret", "./" + "a" * 5_000,
    ],
)  # fmt: skip
def test_a_path_that_climbs_out_is_refused(root: Path, name: str) -> None:
    with pytest.raises(RefusedModel) as refused:
        models.resolve(name)
    assert str(root) not in str(refused.value), "a message must not tell where the folders are"


def test_an_absolute_path_into_a_configured_folder_is_refused_too(root: Path) -> None:
    with pytest.raises(RefusedModel, match="leads out of the model folders"):
        models.resolve(str(root / "first" / "mine"))


def test_a_symbolic_link_out_of_the_folder_is_refused(root: Path) -> None:
    with pytest.raises(RefusedModel, match="symbolic link"):
        models.resolve("./out")
    assert "./out" not in [choice.name for choice in models.choices()]


def test_a_hub_id_that_is_not_on_the_list_says_who_can_add_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_HUB", "a/b")
    with pytest.raises(
        RefusedModel, match=r"“c/d” is not on the list of hub models.*adds ids with GLASSBOX_HUB"
    ):
        models.resolve("c/d")


@pytest.mark.parametrize(
    "name", ["", "nobody", "someone/else", "openai-community/gpt2/../x", "🦜" * 200, "./gone"]
)
def test_an_unknown_name_is_refused_with_what_to_do(root: Path, name: str) -> None:
    with pytest.raises(RefusedModel, match="list on the left") as refused:
        models.resolve(name)
    assert len(str(refused.value)) < 400


def test_the_hub_list_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLASSBOX_HUB", raising=False)
    assert models.hub_ids() == models.HUB
    monkeypatch.setenv("GLASSBOX_HUB", " a/b , c/d,")
    assert models.hub_ids() == ("a/b", "c/d")
    assert models.resolve("a/b").source == "hub"
    monkeypatch.setenv("GLASSBOX_HUB", "")
    assert models.hub_ids() == ()
    with pytest.raises(RefusedModel):
        models.resolve("a/b")


def test_a_folder_that_may_not_be_read_offers_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path.iterdir

    def forbidden(self: Path) -> Iterator[Path]:
        if self == root / "first":
            raise PermissionError(13, "Permission denied", str(self))
        return whole(self)

    monkeypatch.setattr(Path, "iterdir", forbidden)
    assert [choice.name for choice in models.folders()] == ["./twice", "./yours"]


def test_a_message_names_a_model_as_a_link_does(root: Path) -> None:
    folder = root / "first" / "mine"
    assert models.without_places(f"{folder} has no config.json") == "./mine has no config.json"
    assert models.without_places(f"{folder / 'model.safetensors'}: cut") == "./mine/model.safetensors: cut"
    cached = "/home/me/.cache/huggingface/hub/models--a--b.c-1/snapshots/0a1b2c/config.json"
    assert models.without_places(f"{cached} is broken") == "a/b.c-1/config.json is broken"
    assert models.without_places("nothing to hide") == "nothing to hide"


@pytest.mark.parametrize("short", [False, True])
def test_no_two_models_look_alike_in_the_picker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: bool
) -> None:
    for name in ("gpt2", "tales-gpt", "mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    monkeypatch.setenv("GLASSBOX_HUB", "openai-community/gpt2")
    shown = models.labels("no/such", short)
    assert len(set(shown.values())) == len(shown) == 5 + len(models.bundled())
    assert shown["./mine"] == "mine"
    assert shown["no/such"] == ("such" if short else "no/such")
    assert {"./tales-gpt", "tales-gpt"} <= set(shown.values()), "a folder with a bundled model's name"
    assert ("./gpt2" in shown.values()) == short, "the hub's owner tells them apart where there is room"


# ------------------------------------------------------------------------------------------------ training runs


def a_run(id: str, name: str, state: str = "done") -> Run:
    return Run(
        id=id, owner="o" * 32, name=name, spec=TrainSpec(), group="", state=state, control="run", step=1, steps=1,
        created=0.0, started=0.0, finished=0.0, ended="", parent="", revision="", seed=0,
    )  # fmt: skip


def test_runs_stand_behind_the_bundled_models_and_keep_their_words_while_they_train(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GLASSBOX_HUB", "a/b")
    states = ("queued", "running", "paused", "done", "stopped", "diverged", "failed")
    made = [a_run(f"{number}" * 24, f"Run {state}", state) for number, state in enumerate(states)]
    shown = models.labels("tales-gpt", runs=[*made, a_run("a" * 24, "")])
    assert list(shown) == [*models.bundled(), *(f"run:{run.id}" for run in made), f"run:{'a' * 24}", "a/b"]
    assert [shown[f"run:{run.id}"] for run in made] == [f"Run {state} (training run)" for state in states]
    assert shown[f"run:{'a' * 24}"] == "Run aaaaaa (training run)"


def test_runs_of_one_name_look_different(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_HUB", "")
    made = [a_run("1" * 24, "Twin"), a_run("2" * 24, "Twin"), a_run("3" * 24, "Twin", "running")]
    shown = models.labels("tales-gpt", runs=made)
    assert len(set(shown.values())) == len(shown) == 3 + len(models.bundled())
    assert shown["run:" + "1" * 24] == "Twin (training run), 111111"
    assert shown["run:" + "3" * 24] == "Twin (training run), 333333"


def test_a_run_is_resolved_by_its_id_alone() -> None:
    choice = models.resolve("run:0123456789abcdef01234567")
    assert (choice.source, choice.target) == ("run", "run:0123456789abcdef01234567")
    assert runs.run_id(choice.name) == "0123456789abcdef01234567"


@pytest.mark.parametrize(
    "name",
    ["run:", "run:x", "run:ABCDEF012345", "run:0123/../4567", "run:0123 4567", "run:" + "0" * 65, "run:0\n1"],
)
def test_what_is_no_run_is_refused(name: str) -> None:
    assert runs.run_id(name) == ""
    with pytest.raises(RefusedModel, match="is no training run"):
        models.resolve(name)
    assert runs.run_id("tales-gpt") == runs.run_id("0" * 24) == ""


def cache_folder(root: Path, name: str) -> Path:
    """Make a model of the hub's cache in `root`, with each file a link to a blob; return its snapshot."""
    home = root / name
    snapshot, blobs = home / "snapshots" / "0123abcd", home / "blobs"
    shutil.copytree(zoo.BUNDLED / "tales-gpt", snapshot, ignore=shutil.ignore_patterns("snapshots"))
    blobs.mkdir()
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("0123abcd", encoding="utf-8")
    for path in list(snapshot.iterdir()):
        path.rename(blobs / path.name)
        path.symlink_to(Path("../../blobs") / path.name)
    return snapshot


def test_a_folder_of_the_hubs_cache_opens_as_it_is(root: Path) -> None:
    snapshot = cache_folder(root / "first", "models--owner--tale")
    choice = models.resolve("./models--owner--tale")
    assert choice in models.folders() and choice.target == snapshot
    seen = models.look(choice)
    assert seen is not None and not seen.problem and seen.config is not None
    lm = core.load(choice.target)
    assert lm.n_parameters == core.load(root / "first" / "models--owner--tale").n_parameters
    assert app.show._model_name(lm.name) == "./models--owner--tale"


@pytest.mark.parametrize(
    "away", ["../../../../secret/config.json", "../../../models--owner--other/blobs/config.json"]
)
def test_a_link_of_a_cache_folder_to_anything_but_its_blobs_is_refused(root: Path, away: str) -> None:
    cache_folder(root / "first", "models--owner--other")
    config = cache_folder(root / "first", "models--owner--tale") / "config.json"
    config.unlink()
    config.symlink_to(away)
    seen = models.look(models.resolve("./models--owner--tale"))
    assert seen is not None and "outside its folder" in seen.problem
    with pytest.raises(CheckpointError, match="outside its folder"):
        core.load(root / "first" / "models--owner--tale")


def test_a_snapshot_that_is_a_link_out_of_the_folder_is_refused(root: Path) -> None:
    snapshot = cache_folder(root / "first", "models--owner--tale")
    moved = root / "secret" / "0123abcd"
    snapshot.rename(moved)
    snapshot.symlink_to(moved, target_is_directory=True)
    assert "./models--owner--tale" not in [choice.name for choice in models.folders()]


def test_a_linked_folder_is_listed_with_the_reason_why_it_is_not_opened(root: Path) -> None:
    (entry,) = [one for one in gallery.entries() if one.name == "./out"]
    assert "symbolic link out of the model folders" in entry.problem
    assert not gallery.readme(entry) and not gallery.card(entry)
