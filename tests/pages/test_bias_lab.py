"""The lower half of the Bias page as a script: gaps against core, own lists, own runs as points, its notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from core.analysis.tasks.pronoun_gap import TEMPLATES, measured, parsed
from core.runs import bias_recordings
from core.runs.worker import here
from core.training import corpus_lab
from core.training.spec import TrainSpec
from pages.bias import corpus_lab as page_lab
from pages.bias import pronoun_gap
from tests.pages.conftest import OWNER, SMALL, Runs, run_notebook

JOBS = "doctor, nurse, pilot"
FRAMES = "The {job} said that {she/he} was sorry.\nThe {job} lost {her/his} hat."


def table(app: AppTest) -> dict[str, list[Any]]:
    """The page's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def said(app: AppTest) -> str:
    """What the page warns of, as it reads."""
    return " ".join(box.value for box in app.warning).replace("\\", "")


def rows(app: AppTest, model: str) -> dict[str, float]:
    """The gaps of a model in the table."""
    shown = table(app)
    lines = zip(shown["pronoun gap of"], shown["profession"], shown["gap, nats"], strict=True)
    return {job: gap for name, job, gap in lines if name == model}


@pytest.mark.full(reason="takes a second")
def test_both_kinds_of_model_are_shown_with_cores_numbers(open_page: Any) -> None:
    app = open_page("bias")
    assert not app.exception
    for name in pronoun_gap.BESIDE:
        lm = core.load(name, device="cpu")
        found = measured(lm, sorted(pronoun_gap.PROFESSIONS), parsed(TEMPLATES))
        assert rows(app, name) == pytest.approx({gap.job: gap.mean for gap in found.gaps}, abs=1e-4)
    run_notebook(app)


def test_own_professions_and_sentences_are_asked(open_page: Any) -> None:
    app = open_page("bias", jobs=JOBS, frames=FRAMES)
    assert not app.exception and "profession" not in said(app)
    lm = core.load("tales-bert", device="cpu")
    found = measured(lm, ("doctor", "nurse", "pilot"), parsed(FRAMES.splitlines()))
    assert rows(app, "tales-bert") == pytest.approx({gap.job: gap.mean for gap in found.gaps}, abs=1e-4)
    run_notebook(app)


def test_a_large_model_is_asked_at_a_press_sentence_by_sentence(
    open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pronoun_gap, "HEAVY", 10)
    asked: list[Any] = []
    plain = pronoun_gap.measure

    def measure(lm: Any, jobs: Any, templates: Any) -> Any:
        asked.append((lm.name, len(templates)))
        return plain(lm, jobs, templates)

    monkeypatch.setattr(pronoun_gap, "measure", measure)
    app = open_page("bias", jobs=JOBS, frames=FRAMES)
    assert not app.exception and rows(app, "tales-gpt") == {}
    assert ("tales-gpt", 1) not in asked, "nobody has asked for it"
    app.button(key="work.bias_gaps").click().run()
    assert not app.exception and asked.count(("tales-gpt", 1)) == 2, "a step for each sentence"
    found = measured(core.load("tales-gpt", device="cpu"), JOBS.split(", "), parsed(FRAMES.splitlines()))
    assert rows(app, "tales-gpt") == pytest.approx({gap.job: gap.mean for gap in found.gaps}, abs=1e-4)
    assert "work.bias_gaps" not in [one.key for one in app.button]
    run_notebook(app)
    again = open_page("bias", jobs=JOBS, frames=FRAMES)
    assert rows(again, "tales-gpt") and asked.count(("tales-gpt", 1)) == 2, "measured once for all visitors"


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ({"frames": "The doctor said {she/he} was sorry."}, "0 places for the profession: write {job} once"),
        ({"frames": "{She/He} is a {job}."}, "the pronoun before the profession"),
        ({"jobs": ",,"}, "There is no profession"),
        ({"jobs": "<b>, " + "x" * 31}, "31 characters"),
        ({"dosed": "wizard"}, "Nobody in Toyland is a 'wizard'"),
    ],
)
def test_lists_that_cannot_be_asked_are_told(link: dict[str, Any], why: str, open_page: Any) -> None:
    app = open_page("bias", **link)
    assert not app.exception
    assert why in said(app)
    key = next(iter(link))
    assert app.session_state["gb"].store[key] == link[key], "nothing is lost"


def own_run(runs: Runs, dose: float, **changes: Any) -> str:
    """A short run of the corpus lab in the group "mine", done."""
    spec = TrainSpec(**{**SMALL, "dial": dict.fromkeys(corpus_lab.DIALLED, dose), **changes})
    return here(runs.store, spec, OWNER, name="Corpus lab", group="mine").id


@pytest.mark.full(reason="takes 3 s")
def test_own_runs_are_points_and_their_gap_is_measured_on_the_way(runs: Runs, open_page: Any) -> None:
    id = own_run(runs, 0.75, remedy="swap")
    kept = runs.store.checkpoints(id)
    assert all(set(one.health["pronouns"]) == {"gaps", "dialled", "others"} for one in kept)
    app = open_page("bias", doses="mine")
    assert not app.exception
    shown = table(app)
    at = next(k for k, name in enumerate(shown["lab run"]) if name and name.startswith("yours"))
    assert (shown["lab run"][at], shown["dose"][at]) == (
        "yours, 75 % she, swap, 12 of 600 steps",
        0.75,
    )
    assert shown["she, dialled"][at] == kept[-1].health["pronouns"]["dialled"]
    app.button(key="bias_corpus_lab.back").click().run()
    assert not any(name and name.startswith("yours") for name in table(app)["lab run"])


def test_a_run_that_waits_can_be_stopped(runs: Runs, open_page: Any) -> None:
    runs.store.create(corpus_lab.spec(0.9), OWNER, name="Corpus lab", group="waits")
    app = open_page("bias", doses="waits")
    assert not app.exception
    app.button(key="bias_corpus_lab.stop").click().run()
    assert runs.store.list(group="waits")[0].state == "stopped"


def test_pressing_retrain_queues_the_dose(queue: Runs, open_page: Any) -> None:
    app = open_page("bias", dose=30, remedy="balance", dosed="Doctor, nurse")
    app.button(key="bias_corpus_lab.train").click().run()
    assert not app.exception
    run = queue.store.list(group=app.session_state["gb"].store["doses"])[0]
    assert run.spec == corpus_lab.spec(0.3, page_lab.FIRST, ("doctor", "nurse"), "balance")


def test_a_run_that_the_server_refuses_says_why(queue: Runs, open_page: Any) -> None:
    group = "full"
    for seed in range(60):
        queue.store.create(corpus_lab.spec(0.9, seed), OWNER, name="Corpus lab", group=group)
    app = open_page("bias", doses=group)
    app.button(key="bias_corpus_lab.train").click().run()
    assert not app.exception
    assert "this server allows 60 at a time" in said(app)


def test_nobody_adds_a_run_to_what_another_visitor_shows(queue: Runs, open_page: Any) -> None:
    others = queue.store.create(corpus_lab.spec(0.9, 1), "e" * 32, name="Corpus lab", group="theirs")
    app = open_page("bias", doses="theirs")
    app.button(key="bias_corpus_lab.train").click().run()
    assert not app.exception
    assert [run.id for run in queue.store.list(group="theirs")] == [others.id]
    group = app.session_state["gb"].store["doses"]
    assert [run.owner for run in queue.store.list(group=group)] == [OWNER]
    assert any("another visitor" in note.value for note in app.info)


@pytest.mark.parametrize(
    "link",
    [{"profession": 39}, {"dose": 0}, {"dose": 100, "remedy": "remove"}, {"remedy": "pray"}, {"doses": "<i>"},
     {"jobs": "doctor"}, {"frames": "The {job} lost {her/his} hat."}, {"jobs": "zxqv, 医者, 🙂"}],
)  # fmt: skip
def test_the_ends_of_the_dials_work(link: dict[str, Any], open_page: Any) -> None:
    app = open_page("bias", **link)
    assert not app.exception


def test_what_is_recorded_is_what_the_doses_say() -> None:
    raw = json.loads(Path(bias_recordings.RECORDED).read_text(encoding="utf-8"))["runs"]
    for one in bias_recordings.curve():
        for seed, share in enumerate(one.dialled):
            assert raw[f"none-{round(100 * one.at)}-{seed}"]["trace"][-1]["dialled"] == share
    slope = bias_recordings.slope(bias_recordings.curve())
    assert slope.low <= slope.mean <= slope.high
    said = " ".join(page_lab.findings())
    assert "so the dial is the cause" in said and "balance" in said
