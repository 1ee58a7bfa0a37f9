"""`python -m core.runs.train` with a fine-tuning spec: words, a file, own lines, Ctrl-C, going on."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.data.corpora import fingerprint
from core.runs import Store
from core.runs import fine_tuning as work
from core.runs import train as command
from core.training.fine_tune_spec import compared
from core.training.fine_tuning import FineTuner
from tests.tuning import OWN, base, spec
from tests.waiting import until

WORDS = ("fine_tune", "examples=20", "batch=4", "held_out=12", "eval_every=5", "checkpoints=2", "rank=2")


@pytest.fixture(autouse=True)
def small_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """In these tests "tales-bert" is a thin model."""
    monkeypatch.setattr(work, "bundled_base", lambda name: base())
    monkeypatch.setenv("GLASSBOX_LEASE", "3")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield store
    store.close()


def test_words_begin_as_on_the_page() -> None:
    for words, wanted in (
        (["fine_tune"], compared("sentiment", "lora")),
        (["fine_tune", "task=questions", "way=full"], compared("questions", "full")),
        (["fine_tune", "rank=2", 'targets=["q"]'], compared("sentiment", "lora", rank=2, targets=("q",))),
    ):
        assert command.read_spec(words) == wanted
    assert command.read_spec(["fine_tune"], OWN).text == fingerprint(OWN)


def test_words_train_into_the_store(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([*WORDS, "steps=4", "--db", store.url, "--name", "Mine"]) == 0
    (run,) = store.list(owner=command.OWNER)
    assert (run.name, run.state, run.kind, run.spec.rank) == ("Mine", "done", "fine_tune", 2)
    assert capsys.readouterr().out.splitlines() == ["All steps done.", f"run {run.id}"]


def test_a_file_and_own_lines(store: Store, tmp_path: Path) -> None:
    one = spec(way="full", steps=3)
    (tmp_path / "spec.json").write_text(one.to_json())
    (tmp_path / "lines.tsv").write_text(OWN)
    options = [str(tmp_path / "spec.json"), "batch=2", "--db", store.url]
    assert command.main([*options, "--text", str(tmp_path / "lines.tsv")]) == 0
    assert store.list()[0].spec == one.replace(batch=2, text=fingerprint(OWN))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["fine_tune", "way=half"], "way='half' is not one of scratch, frozen, full, lora, prompt"),
        (["fine_tune", "task=poems"], "task='poems' is not one of sentiment, questions"),
        (["fine_tune", "speed=9"], "unknown in a fine-tuning spec: speed"),
        (["fine_tune", "lora"], "'lora' is no setting: write name=value"),
        (["fine_tune", "base=nothing"], "no bundled model is called 'nothing'"),
        (["list.json"], "it holds no JSON object"),
    ],
)
def test_what_cannot_begin(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    why: str,
) -> None:
    monkeypatch.undo()  # the real models
    monkeypatch.chdir(tmp_path)
    Path("list.json").write_text(json.dumps([1]))
    code = command.main([*words, "--db", store.url])
    assert code in (1, 2)
    said = capsys.readouterr()
    assert why in said.err + said.out


@pytest.mark.full(reason="takes 7 s")
def test_control_c_pauses_and_resume_goes_on(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> None:
        until(lambda: any(run.step > 3 for run in store.list()), "some steps")
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    assert command.main([*WORDS, "steps=400", "--db", store.url]) == 0
    thread.join()
    run = store.list()[0]
    assert run.state == "paused"
    assert f"--resume {run.id}" in capsys.readouterr().out
    assert command.main(["--resume", run.id, "--db", store.url]) == 0
    assert store.get(run.id).state == "done"
    points = store.points(run.id)
    assert points.step.tolist() == list(range(1, 401))
    assert points.loss.tolist() == [point.loss for point in FineTuner(run.spec, base()).run()]
