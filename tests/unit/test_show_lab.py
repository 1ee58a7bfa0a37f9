"""The lab's picture outside of the app: of a run, of its exported folder, and of what a notebook trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core
from app import show
from app.kit.packing import unpack
from core import catalogue
from core.checkpoints import CheckpointError
from core.runs import Run, Store, exported
from core.runs.worker import here
from core.training import TrainSpec
from core.training.text_loss import text_loss
from pages.lab.figure import Curve

TEXT = "Once upon a time"
SPEC = TrainSpec(
    model="gpt-nano", corpus="tales", steps=8, batch_tokens=512, context=32, vocab_size=320, tokenizer="bpe",
    checkpoints=3, eval_every=4, changes={"n_layers": 2, "n_heads": 2, "d_model": 32, "n_ctx": 64},
)  # fmt: skip


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Run]]:
    """The store of a machine, and a run in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASSBOX_DATA", str(tmp_path_factory.mktemp("data")))
        patch.delenv("GLASSBOX_DB", raising=False)
        catalogue._store.cache_clear()
        with closing(Store()) as store:
            yield store, here(store, SPEC, "a" * 32, name="Mine")
        catalogue._store.cache_clear()
        show._moment.cache_clear()


def curve(data: dict[str, Any], name: str) -> np.ndarray[Any, Any]:
    """A column of the first curve."""
    return unpack(data["runs"][0]["points"][name])


def test_a_run_is_drawn_from_its_store_and_from_its_exported_folder(
    stored: tuple[Store, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, run = stored
    name = f"run:{run.id}"
    picture = show.lab(core.load(name), TEXT)
    points, steps = store.points(run.id), store.steps(run.id)
    np.testing.assert_allclose(curve(picture.data, "loss"), points.loss, rtol=1e-6)
    assert picture.data["moments"]["steps"] == steps
    assert "live" not in picture.data["runs"][0]
    for frame in picture.data["film"]["frames"]:
        lm = core.load(name, snapshot=frame["step"])
        assert frame["loss"] == pytest.approx(text_loss(lm, TEXT)(lm.transformer).item(), rel=1e-4)
    assert picture.sentence.startswith("Mine: loss from ")
    assert dict(picture.data["trained"]["rows"])["Steps"] == "8 of 512 tokens"
    earlier = show.lab(core.load(name), TEXT, moment=steps[1])
    assert earlier.data["selection"] == {"model": name, "snapshot": steps[1]}

    folder = tmp_path / exported.name(run.id)
    for file, body in exported.files(store, run.id).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(body)
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    show._moment.cache_clear()
    elsewhere = show.lab(core.load(name), TEXT)
    assert elsewhere.data == picture.data
    (folder / "run.json").write_text('{"name": "Mine"}')
    with pytest.raises(CheckpointError, match="does not say how it was trained"):
        catalogue.run_history(name)
    unknown = show.lab(core.load(name), TEXT)  # beside a bundled model's curve
    assert unknown.data["runs"][0]["id"] == "tales-gpt"
    assert f"{name} keeps no moments of its training" in unknown.data["moments"]["why"]


def test_a_run_that_goes_on_stands_still_in_a_file_with_the_points_that_it_has(
    stored: tuple[Store, Run],
) -> None:
    store, run = stored
    drawing = show.lab(core.load(f"run:{run.id}"), TEXT)._drawing
    going = replace(run, state="running", control="run", ended="", finished=None)
    own = Curve(
        run.id, "Mine", f"run:{run.id}", going, True, steps=tuple(store.steps(run.id)), planned=8, spec=SPEC
    )
    other = replace(own, id="b" * 24, model="")
    live = replace(drawing, seen=drawing.seen.beside([own, other], own))
    assert all(one["live"] and "points" not in one for one in live.data["runs"])
    still = replace(live, seen=live.seen.still)
    first, second = still.data["runs"]
    assert "live" not in first
    assert not first["mine"]
    assert first["state"] == "stopped"
    np.testing.assert_allclose(curve(still.data, "loss"), store.points(run.id).loss, rtol=1e-6)
    assert unpack(second["points"]["step"]).size == 0  # of a run that is not there any more
    assert list(still.table["step"]) == store.points(run.id).step.tolist()
    assert still.call == f"{drawing.call}  # without your other runs"


def test_what_a_notebook_trained_is_drawn_with_its_moments() -> None:
    trainer = core.Trainer(SPEC)
    early = deepcopy(trainer.language_model)
    points = list(trainer.run())
    lm = trainer.language_model
    picture = show.lab(lm, TEXT, points=points, moments={0: early})
    np.testing.assert_allclose(curve(picture.data, "loss"), [one.loss for one in points], rtol=1e-6)
    measured = [one.held_out for one in points if one.held_out is not None]
    held_out = curve(picture.data, "held_out")
    np.testing.assert_allclose(held_out[np.isfinite(held_out)], measured, rtol=1e-6)
    frames = picture.data["film"]["frames"]
    assert [frame["step"] for frame in frames] == [0, 8]
    for frame, model in zip(frames, (early, lm), strict=True):
        expected = text_loss(model, TEXT)(model.transformer).item()
        assert frame["loss"] == pytest.approx(expected, rel=1e-4)
    assert picture.data["guessing"]["value"] == pytest.approx(trainer.guessing)
    alone = show.lab(lm, TEXT, points=points)
    assert [frame["step"] for frame in alone.data["film"]["frames"]] == [-1]
    assert alone.data["moments"]["why"] == "no moment of this training was kept to rewind to"
    bare = show.lab(lm, TEXT, moments={0: early, 8: lm})
    assert bare.data["film"] == picture.data["film"]
    assert bare.html()
    again = picture.variants(axis=["step", "tokens"])
    assert again.data["runs"] == picture.data["runs"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"points": "a curve"}, "points: a list of the points that core.train yields"),
        ({"points": []}, "points: a list of the points"),
        ({"points": [1.5, 1.25]}, "points: a list of the points"),
        ({"moments": {}}, "moments: a dict of steps"),
        ({"moments": {0: "tales-gpt"}}, "moments: a dict of steps"),
        ({"point": []}, r"show\.lab takes no 'point'; it takes moment, beside, axis, .*points, moments\."),
    ],
)
def test_what_is_no_training_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        show.lab(core.load("tales-gpt"), TEXT, **given)


def test_a_model_of_two_runs_says_how_far_the_first_went() -> None:
    data = show.lab(core.load("tales-t5"), TEXT).data
    assert dict(data["trained"]["rows"])["Steps"] == "7,500 by these, then 6,700 more"
    assert data["runs"][0]["steps"] == 14_200


def test_its_help_says_what_a_curve_is() -> None:
    assert "    points: the curve: what core.train yields" in show.lab.__doc__
    assert list(show.lab.__signature__.parameters)[-4:] == ["points", "moments", "theme", "live"]
