"""Runs that train no language model: word2vec and maps of words, on the same store, queue and loop."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

import core.runs
from app.server import stream
from core.data.corpora import fingerprint
from core.runs import Engine, LimitExceeded, Limits, RunError, Store, kinds, load
from core.runs.loop import Training
from core.runs.records import Maps, Places
from core.runs.word_maps import Settling, vectors_of
from core.runs.word_recordings import kept_rows, record, recorded_words
from core.runs.word_specs import MapSpec, WordsSpec
from core.runs.word_vectors import Learning, place, reading_of
from core.runs.worker import here
from core.vectors import families, maps, projection
from core.vectors.static import StaticVectors
from core.vectors.word2vec import Settings, Word2Vec
from tests.runs import OTHER, OWNER, taken, tiny
from tests.waiting import until

TEXT = (
    "The dog saw the red ball. The cat saw the blue ball! A hen and a dog are friends; the cat is not.\n" * 40
)


def words(**changes: object) -> WordsSpec:
    """word2vec on the fables, over in a second."""
    few = {"corpus": "fables", "min_count": 3, "size": 8, "epochs": 2, "steps": 40, "checkpoints": 5}
    return WordsSpec(**(few | changes))


def own(text: str = TEXT, **changes: object) -> WordsSpec:
    return words(corpus="own", text=fingerprint(text), min_count=1, **changes)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield store
    store.close()


class TestSpecs:
    """What is asked for, as plain values."""

    @pytest.mark.parametrize("spec", [words(), own(), MapSpec(method="umap", words=50, near=7, seed=3)])
    def test_there_and_back(self, spec: WordsSpec | MapSpec) -> None:
        assert kinds.read_spec(spec.to_json()) == spec
        assert kinds.read_spec(spec.to_json(defaults=False)) == spec
        assert kinds.kind_of(json.loads(spec.to_json())) == spec.kind
        assert spec.to_json().startswith(f'{{"kind":"{spec.kind}",')

    def test_a_training_run_stays_as_it_was(self) -> None:
        assert "kind" not in tiny().to_dict()
        assert kinds.read_spec(tiny().to_json()) == tiny()

    @pytest.mark.parametrize(
        ("values", "why"),
        [
            ({"size": 1}, "size=1 must be between 2 and 300"),
            ({"size": "8"}, "size='8' must be a whole number"),
            ({"rate": float("nan")}, "must be a finite number"),
            ({"corpus": "news"}, "is not one of"),
            ({"corpus": "own"}, "needs text=fingerprint"),
            ({"text": "f" * 64}, "text belongs to"),
        ],
    )
    def test_values_that_cannot_be(self, values: dict[str, object], why: str) -> None:
        with pytest.raises(ValueError, match=why):
            words(**values)

    @pytest.mark.parametrize(
        "values", [{"source": "model"}, {"source": "run"}, {"model": "x"}, {"parent": "x@1"}]
    )
    def test_a_source_without_its_name_and_a_name_without_its_source(self, values: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="do not fit"):
            MapSpec(**values)

    @pytest.mark.parametrize(
        ("written", "why"),
        [
            ('{"kind":"song"}', "no run is of kind 'song'"),
            ('{"kind":"map","version":9}', "this spec of a map has version 9; this Glassbox reads version 1"),
            ('{"kind":"word2vec","version":1,"speed":2}', "unknown in a spec of word2vec: speed"),
        ],
    )
    def test_what_is_no_spec(self, written: str, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            kinds.read_spec(written)

    def test_json_that_is_none(self) -> None:
        with pytest.raises(ValueError, match="not readable"):
            WordsSpec.from_json("{")


class TestLimits:
    """What a run takes is said before it starts."""

    def test_an_estimate(self) -> None:
        short, long = (kinds.estimate(words(epochs=epochs)) for epochs in (1, 100))
        assert 0 < short.seconds < long.seconds < 200
        assert short.bytes < 50 * 10**6
        assert kinds.estimate(MapSpec(words=500)).seconds < kinds.estimate(MapSpec(words=2000)).seconds

    def test_a_run_that_is_too_large_or_too_slow(self) -> None:
        with pytest.raises(
            LimitExceeded, match=r"allows 1 minute: choose fewer words or epochs, a smaller window"
        ):
            Limits(minutes=1).check_spec(WordsSpec(most=2_000_000, epochs=200))
        with pytest.raises(LimitExceeded, match="allows 5 MB: choose fewer dimensions"):
            Limits(megabytes=5).check_spec(WordsSpec(size=300))
        with pytest.raises(LimitExceeded, match="allows 5 MB: choose fewer words"):
            Limits(megabytes=5).check_spec(MapSpec(words=20_000))

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (
                "hello world " * 500,
                "only two words, 'hello' and 'world': word2vec needs at least 3 different",
            ),
            ("... !", "has no words"),
            ("one\ntwo\nthree\n", "no word of the text stands beside another"),
        ],
    )
    def test_a_text_that_is_too_small_is_refused_before_the_start(
        self, store: Store, text: str, why: str
    ) -> None:
        engine = Engine(store, workers=0)
        with pytest.raises(ValueError, match=why):
            engine.submit(own(text), OWNER, text=text)
        assert store.list() == []

    def test_a_text_of_more_than_5_mb(self) -> None:
        text = "a b c " * 900_000
        with pytest.raises(LimitExceeded, match=r"5\.4 MB; at most 5 MB"):
            Limits().check_spec(own(text), text)

    def test_a_rare_word_at_the_beginning_is_no_reason_to_refuse(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.runs.word_vectors._GLIMPSE", 3)
        assert kinds.estimate(own(), TEXT).seconds > 0

    def test_a_model_that_is_not_there(self, store: Store) -> None:
        run = here(store, MapSpec(source="model", model="nobody", words=10), OWNER)
        assert run.state == "failed" and "no bundled model is called 'nobody'" in run.ended


class TestWord2Vec:
    """word2vec as a run."""

    def test_what_a_whole_run_leaves(self, store: Store) -> None:
        run = here(store, words(), OWNER)
        assert (run.kind, run.state, run.ended, run.step) == ("word2vec", "done", "All words read.", 40)
        reading = reading_of(words())
        points = store.points(run.id)
        assert points.step[-1] == 40 and (np.diff(points.step) > 0).all()
        assert points.tokens[-1] == run.tokens == 2 * len(reading)
        assert points.loss[-1] < points.loss[0] < words().guessing * 1.01
        assert np.isnan(points.gradient_norm).all() and (points.update_norm > 0).all()
        steps = store.steps(run.id)
        assert (steps[0], steps[-1], len(steps)) == (0, 40, 5)
        config, shared = store.model(run.id)
        assert json.loads(shared)["words"] == list(reading.words) and config["words"] == len(reading)
        assert all(one.sample.count(":") == 4 for one in store.checkpoints(run.id))

    def test_its_vectors_are_those_of_the_core(self, store: Store) -> None:
        run = here(store, words(), OWNER)
        spec = words()
        reading = reading_of(spec)
        settings = Settings(size=8, window=2, epochs=2, often=spec.often)
        learning = Word2Vec(reading, settings, block=-(-2 * len(reading) // 40))
        first = learning.table.vectors.copy()
        losses = [moment.loss for moment in learning.train()]
        np.testing.assert_array_equal(core.runs.table(store, run.id).vectors, learning.table.vectors)
        np.testing.assert_array_equal(core.runs.table(store, run.id, 0).vectors, first)
        assert losses[-1] == store.points(run.id).loss[-1]

    def test_the_map_keeps_its_side(self, store: Store) -> None:
        """Each moment's map is PCA's but for a turn, and lies as near to the one before as a turn can bring it."""
        run = here(store, words(checkpoints=20), OWNER)
        maps = [store.places(run.id, step).points for step in store.steps(run.id)]
        for step, points in zip(store.steps(run.id), maps):
            table = core.runs.table(store, run.id, step)
            plain = place(table)
            np.testing.assert_allclose(points @ points.T, plain @ plain.T, atol=1e-4)
        for before, after in itertools.pairwise(maps):
            turned = after.T @ before
            np.testing.assert_allclose(turned, turned.T, atol=1e-3 * np.abs(turned).max())
            assert np.trace(turned) > 0

    def test_of_tales_it_is_measured_how_families_find_each_other(self, store: Store) -> None:
        run = here(store, WordsSpec(most=20_000, epochs=3, checkpoints=3, steps=20), OWNER)
        begun, *_, ended = store.checkpoints(run.id)
        assert begun.health["kin"] == pytest.approx(begun.health["chance"], abs=0.06)
        own, chance = families.kinship(core.runs.table(store, run.id))
        assert (ended.health["kin"], ended.health["chance"]) == (own, chance)

    def test_a_short_text_with_few_sentences(self, store: Store) -> None:
        """More steps than sentences: each step reaches the end of one."""
        text = "one two three four five six seven eight nine ten one two three. four five six one two. " * 3
        run = here(store, own(text, epochs=3, steps=500), OWNER, text=text)
        assert run.state == "done", run.ended
        points = store.points(run.id)
        assert points.step[-1] == 500 and len(points) == 18
        assert set(store.steps(run.id)) <= {0, *points.step.tolist()}

    def test_it_goes_on_as_if_it_had_not_stopped(self) -> None:
        spec = words(checkpoints=10)
        whole = Learning(spec, reading_of(spec))
        moments = [whole.moment()]
        while not whole.done:
            whole.step()
            if whole.done_steps in whole.checkpoint_steps:
                moments.append(whole.moment())
        parts = Learning(spec, reading_of(spec))
        again = [parts.moment()]
        while not parts.done:
            parts.step()
            parts.moment()  # a look at a step that is no checkpoint changes nothing
            if parts.done_steps in parts.checkpoint_steps:
                again.append(parts.moment())
            state = parts.state()
            parts = Learning(spec, reading_of(spec))
            parts.restore(state)
        assert [one.step for one in again] == [one.step for one in moments]
        for one, other in zip(again, moments):
            assert one.weights == other.weights
            np.testing.assert_array_equal(one.maps.points, other.maps.points)

    def test_a_state_of_another_text(self) -> None:
        state = Learning(words(), reading_of(words())).state()
        with pytest.raises(ValueError, match="another text"):
            Learning(words(size=9), reading_of(words())).restore(state)

    def test_pause_and_stop(self, store: Store) -> None:
        run = store.create(words(epochs=200, steps=2000), OWNER)
        thread = threading.Thread(target=Training(store, taken(store)).run)
        thread.start()
        until(lambda: store.get(run.id).step > 3, "some steps")
        store.command(run.id, OWNER, "pause")
        until(lambda: store.get(run.id).state == "paused", "the pause")
        at = store.get(run.id).step
        store.command(run.id, OWNER, "step")
        until(lambda: store.get(run.id).step > at, "a step")
        store.command(run.id, OWNER, "stop")
        until(lambda: store.get(run.id).over, "the end")
        thread.join(60)
        assert store.get(run.id).state == "stopped"
        assert store.steps(run.id)[-1] == store.get(run.id).step  # what was reached can be looked at

    def test_a_rate_without_end(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("core.vectors.word2vec.MOST_AT_ONCE", 1e6)
        text = "a b c " * 2000
        run = here(store, own(text, rate=1.0, often=0.0), OWNER, text=text)
        assert run.state == "diverged" and "diverged at step" in run.ended, run.ended


class TestMaps:
    """t-SNE and UMAP as runs."""

    @pytest.mark.full(reason="each case takes 1 s")
    @pytest.mark.parametrize("method", ["tsne", "umap"])
    def test_every_moment_is_that_of_the_core(self, store: Store, method: str) -> None:
        # With 60 words UMAP gains 0.01 to 0.03 over PCA, by the processor's rounding; with 120 words 0.11 or more.
        spec = MapSpec(method=method, words=120, near=5, seed=2)
        run = here(store, spec, OWNER)
        assert (run.state, run.ended, run.step) == ("done", "All steps done.", 500)
        names, vectors = vectors_of(spec, lambda: None)
        moments = list(maps.project(vectors, method, seed=2, steps=500, near=5))
        assert store.steps(run.id) == [moment.done for moment in moments]
        for moment in moments[:: len(moments) // 4]:
            np.testing.assert_array_equal(store.places(run.id, moment.done).points, moment.points)
        assert store.points(run.id).loss.tolist() == [moment.loss for moment in moments[1:]]
        assert tuple(json.loads(store.model(run.id)[1])["words"]) == names
        first, last = (store.checkpoints(run.id)[at].health for at in (0, -1))
        assert first["kept"] == pytest.approx(first["pca"], abs=0.02) and last["kept"] > last["pca"] + 0.02

    @pytest.mark.parametrize("method", ["tsne", "umap"])
    def test_it_goes_on_as_if_it_had_not_stopped(self, method: str) -> None:
        spec = MapSpec(method=method, words=40, near=5)
        names, vectors = vectors_of(spec, lambda: None)
        *_, wanted = maps.project(vectors, method, steps=500, near=5)
        parts = Settling(spec, names, vectors, None)
        for _ in range(3):
            parts = Settling(spec, names, vectors, parts.state())
            for _ in range(4):
                parts.step()
        parts = Settling(spec, names, vectors, parts.state())
        while not parts.done:
            parts.step()
        np.testing.assert_array_equal(parts.last.points, wanted.points)
        parts = Settling(spec, names, vectors, parts.state())
        assert parts.done and parts.ended == "all steps done"

    def test_of_a_word2vec_run_that_is_deleted_meanwhile(self, store: Store) -> None:
        source = here(store, words(), OWNER)
        table = core.runs.table(store, source.id)
        spec = MapSpec(source="run", parent=f"{source.id}@40", words=50, near=5)
        run = store.create(spec, OWNER)
        store.delete(source.id, OWNER)
        Training(store, taken(store)).run()
        assert store.get(run.id).state == "done", store.get(run.id).ended
        assert json.loads(store.model(run.id)[1])["words"] == list(table.words[:50])

    def test_of_a_bundled_model(self, store: Store) -> None:
        run = here(store, MapSpec(source="model", model="tales-gpt", words=40, near=5), OWNER)
        assert run.state == "done", run.ended
        assert len(store.places(run.id, 500).points) == 40


class TestKinds:
    """Kinds beside each other in one store."""

    def test_lists_by_kind(self, store: Store) -> None:
        for spec in (tiny(), words(), MapSpec()):
            store.create(spec, OWNER)
        assert sorted(run.kind for run in store.list()) == ["map", "train", "word2vec"]
        for kind in ("train", "word2vec", "map"):
            assert [run.kind for run in store.list(owner=OWNER, kind=kind)] == [kind]
        assert store.list(owner=OTHER, kind="train") == []
        assert sorted(run.place for run in store.list()) == [1, 2, 3]  # one queue

    def test_one_kind_does_not_begin_with_another(self, store: Store) -> None:
        model, vectors = here(store, tiny(4), OWNER), here(store, words(), OWNER)
        with pytest.raises(RunError, match="'map' begins with one of kind 'word2vec', not 'train'"):
            store.create(MapSpec(source="run", parent=f"{model.id}@4"), OWNER)
        with pytest.raises(RunError, match="'train' begins with one of kind 'train', not 'word2vec'"):
            store.create(tiny(4, parent=f"{vectors.id}@40"), OWNER)

    def test_what_a_run_does_not_have(self, store: Store) -> None:
        model, vectors = here(store, tiny(4), OWNER), here(store, words(), OWNER)
        with pytest.raises(RunError, match="trains no language model"):
            load(store, vectors.id)
        with pytest.raises(RunError, match="learns no vectors"):
            core.runs.table(store, model.id)
        assert isinstance(store.maps(model.id, 4), Maps) and store.places(model.id, 4) is None
        assert isinstance(store.places(vectors.id, 40), Places) and store.maps(vectors.id, 40) is None
        waiting = store.create(words(), OWNER)
        with pytest.raises(RunError, match="not begun"):
            core.runs.table(store, waiting.id)

    def test_the_limit_counts_all_kinds(self, store: Store) -> None:
        engine = Engine(store, workers=0, limits=Limits(active=2))
        engine.submit(tiny(), OWNER)
        engine.submit(words(), OWNER)
        with pytest.raises(LimitExceeded, match=r"you have 2 runs .* on all pages together"):
            engine.submit(MapSpec(), OWNER)


class TestAddress:
    """GET /runs/ID/map."""

    @pytest.fixture
    def client(self, store: Store) -> TestClient:
        return TestClient(Starlette(routes=stream.routes(lambda: store)))

    def test_a_moment_and_a_words_neighbours(self, store: Store, client: TestClient) -> None:
        run = here(store, words(), OWNER)
        told = client.get(f"/runs/{run.id}/map?step=40&word=fox").json()
        table = core.runs.table(store, run.id)
        assert told["words"] == list(table.words[: len(told["words"])])
        assert told["points"]["shape"] == [len(told["words"]), 2]
        near = table.neighbours("fox", stream.NEAREST)
        assert [(one["word"], one["cosine"]) for one in told["near"]] == [
            (one.word, round(one.cosine, 6)) for one in near
        ]
        assert "near" not in client.get(f"/runs/{run.id}/map?step=0").json()

    def test_what_is_not_there(self, store: Store, client: TestClient) -> None:
        run = here(store, words(), OWNER)
        told = client.get(f"/runs/{run.id}/map?step=40&word=xylophon").json()
        assert told["near"] == [] and "'xylophon' is not among the" in told["why"]
        answer = client.get(f"/runs/{run.id}/map?step=7")
        assert (answer.status_code, answer.json()["why"]) == (404, "this run keeps no map of step 7")
        assert client.get("/runs/nobody/map?step=7").status_code == 404
        assert client.get(f"/runs/{run.id}/map?step=<b>").status_code == 404


class TestRecorded:
    """What travels with Glassbox for the first screen."""

    def test_the_recorded_run(self) -> None:
        words = recorded_words()
        assert words.spec == WordsSpec() and len(words.revision) == 40
        assert words.steps[0] == 0 and words.steps[-1] == words.points.step[-1] == words.spec.steps
        assert words.places.shape == (len(words.steps), len(words.words), 2)
        assert words.kin[0][0] < 0.1 and words.kin[-1][0] > 0.8
        colours = [one.word for one in words.table(len(words.steps) - 1).neighbours("red", 6)]
        assert sum(families.of(colours)[i] == families.FAMILIES.index("colours") for i in range(6)) >= 5

    def test_it_is_small(self) -> None:
        path = Path(core.runs.__file__).parents[2] / "assets" / "runs" / "word2vec-tales.safetensors"
        assert path.stat().st_size < 300_000

    def test_record_and_read_again(
        self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.runs.word_recordings.FOLDER", tmp_path)
        run = here(store, WordsSpec(most=5000, epochs=1, steps=10, checkpoints=3), OWNER)
        record(store, run.id, "a machine", "short")
        words = recorded_words("short")
        table = core.runs.table(store, run.id)
        rows = kept_rows(table.words)
        assert words.words == tuple(table.words[row] for row in rows) and words.of == len(table)
        exact, kept = table.unit(np.array(rows)), words.table(len(words.steps) - 1).unit()
        assert np.einsum("nd,nd->n", exact, kept).min() > 0.999
        np.testing.assert_allclose(words.points.loss, store.points(run.id).loss, rtol=1e-6)
        with pytest.raises(RunError, match="no recorded run of words"):
            recorded_words("long")


def test_families_are_counted_among_the_nearest() -> None:
    names = ("red", "blue", "green", "tom", "anna", "ben", "stone", "grass")
    group = np.array([0, 0, 0, 1, 1, 1, 2, 3])
    draw = np.random.default_rng(0)
    vectors = (np.eye(4)[group] * 9 + draw.normal(size=(8, 4)) * 0.1).astype(np.float32)
    assert families.of(names) == (1, 1, 1, 0, 0, 0, -1, -1)
    own, chance = families.kinship(StaticVectors("toy", names, vectors))
    assert [own, chance] == pytest.approx([2 / 5, 2 / 7])  # two of its family, three others
    nobody = StaticVectors("toy", ("stone", "grass"), vectors[:2])
    assert np.isnan(families.kinship(nobody)).all()


def test_neighbours_kept() -> None:
    vectors = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    assert projection.neighbours_kept(vectors, vectors * 3 + 1) > 0.995  # the same but for size and place
    other = np.random.default_rng(1).normal(size=(300, 2)).astype(np.float32)
    assert projection.neighbours_kept(vectors, other) == pytest.approx(10 / 299, abs=0.02)
    assert projection.neighbours_kept(vectors[:4], other[:4]) == 1.0  # three others, all of them nearest


def test_the_spec_of_a_run_can_be_changed() -> None:
    assert words().replace(size=9) == replace(words(), size=9)
    with pytest.raises(ValueError, match="size=0"):
        words().replace(size=0)
