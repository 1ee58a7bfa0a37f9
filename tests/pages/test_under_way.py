"""While own runs train: Stop beside how far they are, on every page that trains, and gone when they have ended."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import runs as run_face
from app.controls import own_run
from core.runs import Run
from core.training import TrainSpec
from core.training.estimates import Estimate
from tests.pages.conftest import OTHER, OWNER, SMALL, Runs

# The button that starts, the one that stops, and how the page's link begins.
PAGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bias": ("bias_corpus_lab.train", "bias_corpus_lab.stop", {}),
    "scaling": ("scaling.train", "scaling.stop", {"width": 16, "portion": "1/8"}),
    "efficiency": ("efficiency.train", "efficiency.stop", {"lessons": 20}),
    "adaptability": ("adaptability.train", "adaptability.stop", {}),
    "break_it": ("break_it.start", "break_it.stop", {}),
    "fine_tuning": ("fine_tuning.lora", "fine_tuning.stop", {}),
    "regularization": ("regularization.start", "regularization.stop", {}),
    "optimizers": ("optimizers.toy", "optimizers.toy.stop", {}),
}


def keys(app: AppTest) -> dict[str, Any]:
    return {str(button.key): button for button in app.button}


def said(app: AppTest) -> str:
    return " ".join(one.value for one in app.caption).replace("\\", "")


def is_primary(button: Any) -> bool:
    return bool(button.proto.type == "primary")


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("slug", PAGES)
def test_a_page_that_trains_shows_stop_and_the_line_and_no_red_start(
    slug: str, open_page: Any, queue: Runs
) -> None:
    start, stop, link = PAGES[slug]
    app = open_page(slug, **link)
    assert stop not in keys(app)
    app.button(key=start).click().run()
    found = keys(app)
    assert stop in found and not is_primary(found[stop])
    assert start not in found or not is_primary(found[start])
    assert "waiting for a free worker" in " ".join(one.value for one in app.caption).replace(
        "\\", ""
    ) or "about to begin" in " ".join(one.value for one in app.caption)


@pytest.mark.full(reason="each case takes 2 s", quick_cases=1)
@pytest.mark.parametrize("slug", PAGES)
def test_the_last_runs_of_a_page_are_offered_when_it_is_opened_again(
    slug: str, open_page: Any, queue: Runs
) -> None:
    start, stop, link = PAGES[slug]
    open_page(slug, **link).button(key=start).click().run()
    again = open_page(slug, **link)
    assert "Your last runs on this page: " in said(again) and stop not in keys(again)
    again.button(key="last_runs.show").click().run()
    assert stop in keys(again) and "last_runs.show" not in keys(again), "they are shown as after their start"
    for run in queue.store.list():
        queue.store.command(run.id, run.owner, "stop")
    assert "Your last runs on this page have ended." in said(open_page(slug, **link))
    other = next(name for name in PAGES if name != slug)
    assert "last_runs.show" not in keys(open_page(other)), "each page has its own"


@pytest.mark.full(reason="takes 2 s")
def test_the_bare_lab_shows_the_run_that_trains(open_page: Any, queue: Runs) -> None:
    def shown(app: AppTest) -> str:
        return str(app.session_state["gb"].store["runs"])

    assert shown(open_page("lab")) == ""
    theirs, grouped = queue.queued(OTHER), queue.store.create(TrainSpec(**SMALL), OWNER, group="optimizers-1")
    assert shown(open_page("lab")) == "", f"neither {theirs.id} nor {grouped.id}"
    mine = queue.queued(name="Mine")
    app = open_page("lab")
    assert shown(app) == mine.id and app.button(key="lab.go").label == "Pause" and not app.exception
    assert shown(open_page("lab", model="tales-gpt")) == "", "a link says what it shows"
    queue.store.command(mine.id, OWNER, "stop")
    assert shown(open_page("lab")) == ""


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("slug", ["adaptability", "scaling"])
def test_a_run_that_ends_takes_stop_with_it(
    slug: str, open_page: Any, queue: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, stop, link = PAGES[slug]
    app = open_page(slug, **link)
    app.button(key=start).click().run()
    assert stop in keys(app)
    find = run_face.find

    def ended(id: str, kind: str = "train") -> Run | None:
        """The look of the line, a moment after the page was drawn: the run has just ended."""
        queue.store.command(id, OWNER, "stop")
        return find(id, kind)

    monkeypatch.setattr(run_face, "find", ended)
    app.run()
    assert stop not in keys(app)


def test_the_line_tells_step_and_time_left(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.ready()
    going = dataclasses.replace(run, state="running", step=100, steps=400, seconds=20.0, place=0)
    monkeypatch.setattr("core.runs.corrections.beside", lambda spec: 1.0)
    assert own_run.how_far([going]) == "step 100 of 400, about 60 s left"
    monkeypatch.setattr(run_face, "estimate", lambda spec: Estimate(1, 1, 80.0, 70.0))
    begun = dataclasses.replace(going, step=1, seconds=4.0)
    # A tenth of the steps is what its own pace needs to count whole: of the first one alone it would be 27 minutes.
    said = own_run.duration((0.025 * 4.0 * 400 + 0.975 * 80.0) * 399 / 400)
    assert own_run.how_far([begun]) == f"step 1 of 400, about {said} left"
    waits = dataclasses.replace(going, state="queued", step=0, place=2)
    assert own_run.how_far([waits]) == "waiting for a free worker: place 2 in the queue"
    monkeypatch.setattr(run_face, "queue_seconds", lambda place=0: 40.0 * place)
    expected = "waiting for a free worker: place 2 in the queue, about 80 s until training begins"
    assert own_run.how_far([waits]) == expected
    monkeypatch.setattr(run_face, "side_by_side", lambda: 1)
    assert own_run.how_far([going, waits]) == "1 of 2 training, step 100 of 400, about 2.3 min left"
    monkeypatch.setattr(run_face, "side_by_side", lambda: 2)
    assert own_run.how_far([going, waits]) == "1 of 2 training, step 100 of 400, about 80 s left"
    assert own_run.how_far([dataclasses.replace(going, state="paused")]) == "paused at step 100 of 400"


def test_the_cost_of_the_next_run_counts_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_face, "estimate", lambda spec, text=None: Estimate(1, 1, 30.0, 25.0))
    following = own_run.Next(TrainSpec(corpus="fables", steps=20), "")
    monkeypatch.setattr(run_face, "queue_seconds", lambda place=0: 2.0)
    assert own_run.cost(lambda: following) == ("about 30 s", "")
    monkeypatch.setattr(run_face, "queue_seconds", lambda place=0: 120.0)
    assert own_run.cost(lambda: following) == ("about 30 s, after about 2 min in the queue", "")


def test_objectives_and_embeddings_tell_it_too(open_page: Any, queue: Runs) -> None:
    from core.runs.word_specs import WordsSpec
    from core.training.spec import TrainSpec

    words = queue.store.create(WordsSpec(corpus="fables"), OWNER, name="Words")
    app = open_page("embeddings", learned=words.id)
    assert not app.exception
    assert any("about to begin" in one.value or "free worker" in one.value for one in app.caption)
    for name in ("Next token", "Masked", "Span corruption"):
        shape = "encoder" if name == "Masked" else "next_token"
        spec = SMALL | ({"objective": "masked", "model": "bert-nano"} if shape == "encoder" else {})
        queue.store.create(TrainSpec(**spec), OWNER, name=name, group="three")
    app = open_page("objectives", triple="three")
    assert not app.exception
    assert any("about to begin" in one.value or "free worker" in one.value for one in app.caption)
