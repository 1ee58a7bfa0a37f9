"""Fine-tuning as a run: on the same store, queue and loop; stopped, paused, resumed, refused, opened."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from core.checkpoints import CheckpointError
from core.data.corpora import fingerprint
from core.runs import Engine, LimitExceeded, Limits, RunError, Store, kinds, load
from core.runs import fine_tuning as work
from core.runs.fine_tuning import Tuning, bundled_base
from core.runs.loading import tuned_model
from core.runs.loop import Training
from core.training.fine_tune_spec import FineTuneSpec
from core.training.fine_tuning import FineTuner
from core.training.spec import TrainSpec
from tests.runs import OWNER, taken, tiny
from tests.tuning import OWN, base, spec


@pytest.fixture(autouse=True)
def small_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """In these tests "tales-bert" is a thin model: what a run stores does not depend on its size."""
    monkeypatch.setattr(work, "bundled_base", lambda name: base())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield store
    store.close()


def done(store: Store, one: FineTuneSpec, text: str | None = None) -> str:
    id = store.create(one, OWNER, text=text).id
    Training(store, taken(store)).run()
    return id


def test_the_kind_is_known() -> None:
    one = spec(way="full")
    assert kinds.read_spec(one.to_json()) == one
    assert kinds.kind_of(json.loads(one.to_json())) == "fine_tune"
    assert one.to_json().startswith('{"kind":"fine_tune",')


def test_a_run_writes_its_curve_and_what_it_is_worth(store: Store) -> None:
    one = spec(way="lora")
    id = done(store, one)
    run, points = store.get(id), store.points(id)
    assert (run.state, run.ended, run.kind) == ("done", "All steps done.", "fine_tune")
    assert [each.id for each in store.list(OWNER, kind="fine_tune")] == [id]
    assert store.list(OWNER, kind="train") == []
    wanted = list(FineTuner(one, base()).run())
    assert points.loss.tolist() == [point.loss for point in wanted]
    measured = [point.step for point in wanted if point.accuracy is not None]
    assert points.step[np.isfinite(points.held_out)].tolist() == measured == [5, 10, 12]
    first, *_, last = store.checkpoints(id)
    assert [each.step for each in store.checkpoints(id)] == [0, 6, 12]
    assert last.held_out == points.held_out[-1] == last.health["accuracy"]["right"] / 12
    assert last.health["bytes"] == len(store.weights(id, 12)) < 20_000
    assert last.health["trained"] > last.health["head"] > 0
    assert last.health["old"][1] == first.health["old"][0]
    assert last.sample.split(" → ")[1] in ("negative", "positive")


@pytest.mark.parametrize(
    ("way", "task"), [("lora", "sentiment"), ("full", "questions"), ("prompt", "sentiment")]
)
def test_a_run_is_opened_as_a_model(store: Store, way: str, task: str) -> None:
    id = done(store, spec(way=way, task=task, steps=4))
    ends = FineTuner(spec(way=way, task=task, steps=4), base())
    list(ends.run())
    lm = load(store, id)
    if task == "sentiment":
        with torch.no_grad():
            said = ends.reader(torch.tensor([lm.encode("It broke.")]))[0].softmax(-1)
        assert dict(lm.classify("It broke."))["negative"] == pytest.approx(float(said[0]), abs=1e-5)
    else:
        assert lm.answer("Who found the kite?", "Tom found the kite.")[0].text
    fresh = tuned_model(store, id, 0)
    assert not torch.equal(_head(fresh), _head(lm))
    with pytest.raises(RunError, match="keeps no weights of step 3; it keeps those of 0, 2, 4"):
        load(store, id, 3)


def _head(lm: object) -> torch.Tensor:
    model = lm.transformer  # type: ignore[attr-defined]
    found: torch.Tensor = getattr(model, "transformer", model).label_head.weight
    return found


def test_a_worker_that_leaves_is_followed_bit_for_bit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_SAVE", "0.0001")
    one = spec(way="full", steps=15)
    whole, broken = done(store, one), store.create(one, OWNER).id
    for leave_after in (4, 5, 100):
        seen = itertools.count()
        leaving = lambda seen=seen, most=leave_after: next(seen) > most  # noqa: E731
        Training(store, taken(store), leaving=leaving).run()
    assert store.get(broken).state == "done"
    for name in ("step", "loss", "update_norm", "held_out"):
        np.testing.assert_array_equal(getattr(store.points(broken), name), getattr(store.points(whole), name))
    assert store.weights(broken, 15) == store.weights(whole, 15)


def test_own_lines_travel_with_the_run(store: Store) -> None:
    id = done(store, spec(text=fingerprint(OWN), steps=3), OWN)
    assert store.get(id).state == "done"
    assert np.isfinite(store.points(id).held_out[-1])  # measured is held-out news all the same


def test_what_cannot_be_learned_from_is_refused_before_anything_is_stored(store: Store) -> None:
    engine = Engine(store, workers=0)
    for lines, why in (
        ("good\tpositive", "one example is not enough"),
        ("a\thappy\nb\tnegative", "no label"),
    ):
        with pytest.raises(ValueError, match=why):
            engine.submit(spec(text=fingerprint(lines)), OWNER, text=lines)
    assert store.list(OWNER) == []


def test_a_run_too_large_is_refused_with_its_estimate(store: Store) -> None:
    with pytest.raises(LimitExceeded, match="choose fewer steps, a smaller batch, or fewer measurements"):
        Engine(store, workers=0, limits=Limits(minutes=0)).submit(spec(), OWNER)
    with pytest.raises(LimitExceeded, match="choose a smaller batch"):
        Engine(store, workers=0, limits=Limits(megabytes=0)).submit(spec(), OWNER)


@pytest.mark.parametrize("way", ["scratch", "frozen", "full", "lora", "prompt"])
def test_the_estimate_counts_what_is_learned(way: str) -> None:
    found = FineTuner(spec(way=way), base())
    assert work.estimate(spec(way=way)).parameters == sum(w.numel() for w in found.weights.values())


class TestABaseThatIsARun:
    """A masked-word encoder that a learner trained a minute ago."""

    def test_it_is_adapted_and_opened(self, store: Store) -> None:
        id = done(store, _masked(), None)  # type: ignore[arg-type]
        tuned = done(store, spec(base="", parent=f"{id}@20", way="lora", steps=3))
        assert store.get(tuned).state == "done", store.get(tuned).ended
        lm = load(store, tuned)
        assert lm.config.head == "sequence"
        assert lm.classify("It broke.")
        assert len(store.weights(tuned, 3)) < len(store.weights(id, 20)) / 2
        store.delete(id, OWNER)
        with pytest.raises((RunError, CheckpointError), match="there is no such run"):
            load(store, tuned)

    def test_another_kind_of_run_is_no_base(self, store: Store) -> None:
        one = done(store, spec(steps=2))
        with pytest.raises(RunError, match="begins with one of kind 'train', not 'fine_tune'"):
            store.create(spec(base="", parent=f"{one}@2"), OWNER)
        plain = done(store, tiny(steps=2, corpus="fables"))  # type: ignore[arg-type]
        bad = done(store, spec(base="", parent=f"{plain}@2"))
        assert store.get(bad).state == "failed"
        assert "is a decoder: fine-tuning here begins with an encoder" in store.get(bad).ended


def _masked() -> TrainSpec:
    shape = {"n_layers": 1, "d_model": 16, "n_heads": 1, "d_head": 16, "d_mlp": 32, "n_ctx": 96}
    return tiny(
        steps=20, objective="masked", corpus="fables", tokenizer="wordpiece", vocab_size=300, changes=shape
    )


def test_damaged_bytes_are_told() -> None:
    with pytest.raises(RunError, match="holds no weights"):
        work.read_file(b"not safetensors")


def test_the_bundled_base_is_loaded_once() -> None:
    assert bundled_base("tales-bert") is bundled_base("tales-bert")
    with pytest.raises(ValueError, match="no bundled model is called 'news'"):
        bundled_base("news")
    with pytest.raises(ValueError, match="tales-gpt is a decoder"):
        bundled_base("tales-gpt")


def test_a_glance_is_the_moment_it_was_taken_at() -> None:
    tuning = Tuning(FineTuner(spec(way="lora"), base()))
    then, glance = tuning.moment(), tuning.glance()
    tuning.step()
    assert glance().weights == then.weights != tuning.moment().weights
