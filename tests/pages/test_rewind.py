"""Training runs and moments of a training as models: in the list, in links, on every page, and missing ones."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import chapters, models, runs
from app import runs as run_face
from app.models import cache
from app.session import state
from core.runs import NotYours, StoreAway
from tests.pages.conftest import OTHER, OWN_MODELS, OWNER, SMALLER, OpenPage, Runs, run_notebook

SHOWN = [chapter.slug for group in chapters.shown().values() for chapter in group]
TEXT = "Once upon a time, Lily saw a"
every_page = pytest.mark.parametrize("slug", SHOWN)
# The lab's picture holds every moment at once, and so do its table and its notebook; what a model costs is the same at
# every moment.
one_moment = pytest.mark.parametrize(
    "slug", [slug for slug in SHOWN if slug not in OWN_MODELS | {"lab", "compute"}]
)


def said(app: AppTest) -> str:
    """The messages on top of the page, without the backslashes and joiners that keep them plain text."""
    return " ".join(box.value for box in app.info).replace("\\", "").replace("\u2060", "")


def numbers(app: AppTest) -> frozenset[float]:
    """The numbers of the page's table that have a fraction."""
    columns = app.session_state["gb"].memos["takeaway"]["table"]().values()
    floats = [value for column in columns for value in column if isinstance(value, float)]
    return frozenset(float(f"{value:.5g}") for value in floats if abs(value - round(value)) > 1e-4)


def loads(app: AppTest) -> str:
    """How the page's notebook opens its model."""
    code = json.loads(app.session_state["gb"].memos["takeaway"]["notebook"]())["cells"]
    found = re.search(r"core\.load\(([^)]*)\)", "".join("".join(cell["source"]) for cell in code[2:]))
    assert found
    return found[1]


def whole(app: AppTest) -> None:
    """Nothing broke."""
    assert not app.exception
    assert not app.error


# ------------------------------------------------------------------------------------- every page at every moment


@pytest.mark.full(reason="the other cases take 16 s", quick_cases=1)
@one_moment
def test_every_page_shows_a_bundled_model_at_any_moment_of_its_training(
    slug: str, open_page: OpenPage
) -> None:
    seen = []
    for moment in (0, 800, -1):
        own = (
            {"kind": "rotary"} if slug == "positions" else {}
        )  # its first view is of sines, which are not learned
        app = open_page(slug, text=TEXT, snapshot=moment, **own, **SMALLER.get(slug, {}))
        whole(app)
        assert not app.info
        assert loads(app) == "'tales-gpt'" + ("" if moment < 0 else f", snapshot={moment}")
        seen.append(numbers(app))
    most = 0.67 if slug == "families" else 0.5  # two of its three models stay as they are
    assert len(seen[0] & seen[1]) < most * len(seen[0]) and len(seen[1] & seen[2]) < most * len(seen[1])


@pytest.mark.full(reason="the other cases take 15 s", quick_cases=1)
@one_moment
def test_every_page_works_on_a_runs_checkpoints(slug: str, runs: Runs, open_page: OpenPage) -> None:
    run = runs.ready()
    steps = runs.store.steps(run.id)
    assert len(steps) >= 3
    name, seen = f"run:{run.id}", []
    for moment in (steps[0], steps[-2], -1):
        app = open_page(slug, model=name, text=TEXT, snapshot=moment, **SMALLER.get(slug, {}))
        whole(app)
        assert not app.info, said(app)
        assert loads(app) == f"'{name}', snapshot={steps[-1] if moment < 0 else moment}"
        seen.append(numbers(app))
        app.session_state["predict.choice"] = 0
        app.run()
        app.button(key="predict.commit").click().run()
        assert "failed" not in app.session_state["gb"].memos["predict"]
        whole(app)
    assert seen[0] != seen[1] != seen[2]
    run_notebook(app)


def test_rewinding_is_one_step_of_undo_and_another_model_opens_finished(
    open_page: OpenPage, runs: Runs
) -> None:
    name = f"run:{runs.ready().id}"  # before the page lists what there is
    app = open_page("home", snapshot=800)
    app.selectbox(key="model").set_value(name).run()
    whole(app)
    assert app.session_state["gb"].store["snapshot"] == -1
    app.button(key="tool.undo").click().run()
    assert app.session_state["gb"].store["model"] == state.DEFAULT_MODEL
    assert app.session_state["gb"].store["snapshot"] == 800


@pytest.mark.parametrize("moment", [7, 999_999])
def test_a_moment_that_was_not_kept_falls_back_and_says_which_were(
    moment: int, runs: Runs, open_page: OpenPage
) -> None:
    run = runs.ready()
    app = open_page("home", model=f"run:{run.id}", snapshot=moment)
    whole(app)
    assert f"step {moment}" in said(app) and "0, " in said(app)
    assert app.session_state["gb"].store["model"] == f"run:{run.id}"
    assert app.session_state["gb"].store["snapshot"] == -1


def test_the_slider_hears_of_later_moments_only_of_a_run_that_still_trains(
    runs: Runs, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.ready()

    def sliders() -> list[dict[str, Any]]:
        app = open_page("home", model=f"run:{run.id}", text=TEXT)
        data = [json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.json]
        return [one for one in data if "ends" in one]

    for one in sliders():
        assert (one["run"], one["state"], one["ends"][one["state"]]) == ("", "done", "finished")
    monkeypatch.setattr(type(run), "over", property(lambda self: False))
    assert [one["run"] for one in sliders()] == [run.id, run.id], (
        "the sidebar's, and the one on top of a phone"
    )


# ------------------------------------------------------------------------------------------- the list of models


def test_the_list_has_own_runs_and_nobody_elses(runs: Runs, open_page: OpenPage) -> None:
    own, others, waits = runs.ready(), runs.ready("Theirs", OTHER), runs.queued(name="Next")
    options = open_page("home").selectbox(key="model").options
    for name in ("Small", "Next"):  # with the beginning of its id where another test's run has the name, too
        assert any(option.startswith(f"{name} (training run)") for option in options)
    assert not any("Theirs" in option for option in options)
    shown = open_page("home", model=f"run:{others.id}", text=TEXT)
    whole(shown)
    assert not shown.info
    assert "Theirs (training run)" in shown.selectbox(key="model").options, "a link opens it for viewing"
    waiting = next(at for at, option in enumerate(options) if option.startswith("Next (training run)"))
    assert options.index("tales-gpt") < waiting < options.index(models.HUB[0])
    for run in (own, waits):
        assert not any(OWNER in option or run.id in option for option in options)
    runs.store.delete(waits.id, OWNER)


def test_runs_of_one_name_are_told_apart_and_a_name_is_never_markup(runs: Runs, open_page: OpenPage) -> None:
    name = "**a** <script>alert(1)</script> `b` $x$ :smile:"
    made = [runs.queued(name=name) for _ in range(2)]
    app = open_page("home", model=f"run:{made[0].id}")
    whole(app)
    options = [option for option in app.selectbox(key="model").options if name in option]
    assert len(set(options)) == 2
    assert all(run.id[:6] in "".join(options) for run in made)
    assert name in said(app), "the message names it as it is written"
    shown = "".join(block.value for block in app.html) + "".join(box.value for box in app.info)
    assert "<script>" not in shown and "**a**" not in shown
    for run in made:
        runs.store.delete(run.id, OWNER)


# --------------------------------------------------------------------------------------- runs that are not there


GARBAGE = [
    ("run:", "is no training run"),
    ("run:<img src=x>", "is no training run"),
    ("run:../../etc/passwd", "is no training run"),
    ("run:" + "a" * 500, "is no training run"),
    ("run:" + "0" * 24, "There is no such run"),
]


# What opens a run is the same for every page: all names on one page, one name on each page.
@pytest.mark.full(reason="the other cases take 10 s", quick_cases=5)
@pytest.mark.parametrize(
    ("slug", "name", "says"),
    [("attention", *case) for case in GARBAGE]
    + [(slug, *case) for slug, case in zip(SHOWN, itertools.cycle(GARBAGE), strict=False)],
    ids=lambda value: value[:24],
)
def test_a_garbage_run_falls_back_and_says_so(
    slug: str, name: str, says: str, runs: Runs, open_page: OpenPage
) -> None:
    app = open_page(slug, model=name, text=TEXT)
    whole(app)
    assert says in said(app)
    assert f"This page shows {state.DEFAULT_MODEL} instead" in said(app)
    assert len(said(app)) < 500
    kept = app.session_state["gb"].store
    assert (kept["model"], kept["text"]) == (state.DEFAULT_MODEL, TEXT)


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=1)
@every_page
def test_a_run_that_waits_shows_the_usual_model_until_its_first_checkpoint(
    slug: str, runs: Runs, open_page: OpenPage
) -> None:
    run = runs.queued(name="Mine")
    app = open_page(slug, model=f"run:{run.id}", text=TEXT)
    whole(app)
    assert "“Mine” waits for a free worker, at place" in said(app) and "no checkpoint yet" in said(app)
    assert f"Until then this page shows {state.DEFAULT_MODEL}" in said(app)
    assert slug in OWN_MODELS or loads(app).startswith("'tales-gpt'")
    assert app.session_state["gb"].store["model"] == f"run:{run.id}", "the choice stays"
    runs.store.command(run.id, OWNER, "stop")
    app.run()
    whole(app)
    assert "ended before its first checkpoint" in said(app)
    assert app.session_state["gb"].store["model"] == state.DEFAULT_MODEL
    runs.store.delete(run.id, OWNER)


def test_a_run_deleted_while_a_page_shows_it(runs: Runs, open_page: OpenPage) -> None:
    run = runs.trained(name="Short", steps=2, checkpoints=2)
    app = open_page("home", model=f"run:{run.id}", text=TEXT)
    assert not app.info
    runs.store.delete(run.id, OWNER)
    app.run()
    whole(app)
    assert "There is no such run: it was deleted" in said(app)
    assert app.session_state["gb"].store["model"] == state.DEFAULT_MODEL
    assert not any("Short" in option for option in app.selectbox(key="model").options)


# -------------------------------------------------------------------------------------- a store that is away


@pytest.fixture
def away(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Takes the store away (True) and brings it back."""
    monkeypatch.setattr(run_face, "REST", 0.0)
    gone = [False]
    for name in ("reading", "writing"):
        usual = getattr(runs.store.database, name)

        def unless_away(usual: Callable[[], Any] = usual) -> Any:
            if gone[0]:
                raise StoreAway("the run store does not answer (connection refused by 10.0.0.7)")
            return usual()

        monkeypatch.setattr(runs.store.database, name, unless_away)
    return lambda now: gone.__setitem__(0, now)


@pytest.mark.full(reason="each case takes 1 s")
@every_page
def test_a_page_lives_on_while_the_store_is_away_and_comes_back_by_itself(
    slug: str, runs: Runs, away: Callable[[bool], None], open_page: OpenPage
) -> None:
    run = runs.ready()
    app = open_page(slug, model=f"run:{run.id}", text=TEXT)
    away(True)
    app.run()
    whole(app)
    assert "does not answer just now" in said(app)
    assert "10.0.0.7" not in said(app)
    assert slug in OWN_MODELS or f"'run:{run.id}'" in loads(app), "what is at hand stays open"
    away(False)
    app.run()
    whole(app)
    assert not app.info


def test_a_run_that_cannot_be_read_just_now_keeps_its_place_in_the_link(
    runs: Runs, away: Callable[[bool], None], open_page: OpenPage
) -> None:
    run = runs.ready()
    away(True)
    cache._moments.clear()
    app = open_page("home", model=f"run:{run.id}", text=TEXT)
    whole(app)
    assert f"Until then this page shows {state.DEFAULT_MODEL}" in said(app)
    assert app.session_state["gb"].store["model"] == f"run:{run.id}"
    assert run_face.AWAY in run_face.command(run.id, "pause")
    away(False)
    app.run()
    assert not app.info
    assert f"'run:{run.id}'" in loads(app)


def test_a_store_that_does_not_answer_is_not_asked_at_every_turn(
    runs: Runs, away: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_face, "REST", 60.0)
    away(True)
    assert run_face.away()
    away(False)
    assert run_face.away(), "it is left alone for a while"
    run_face.use(runs.store)
    assert not run_face.away()


# ------------------------------------------------------------------------------------------------ commands


def test_the_last_word_counts_whichever_window_it_comes_from(runs: Runs) -> None:
    run = runs.queued(name="Pulled")
    assert [run_face.command(run.id, word) for word in ("pause", "run", "pause")] == ["", "", ""]
    found = run_face.find(run.id)
    assert found is not None and (found.state, found.control) == ("paused", "pause")
    assert run_face.command(run.id, "run") == ""
    assert "is no command" in run_face.command(run.id, "explode")
    assert run_face.command(run.id, "stop") == ""
    assert run_face.command(run.id, "run") == "", "to a run that has ended a word says nothing"
    found = run_face.find(run.id)
    assert found is not None and found.state == "stopped"
    assert run_face.rename(run.id, "Other") == "" and run_face.delete(run.id) == ""
    assert run_face.find(run.id) is None


def test_somebody_elses_run_may_be_looked_at_and_nothing_more(runs: Runs) -> None:
    run = runs.ready("Theirs", OTHER)
    seen = run_face.find(run.id)
    assert seen is not None and not run_face.is_mine(seen)
    assert run_face.is_mine(runs.ready())
    for refused in (
        run_face.command(run.id, "stop"),
        run_face.rename(run.id, "Mine"),
        run_face.delete(run.id),
    ):
        assert "started in another browser" in refused
    with pytest.raises(NotYours):
        runs.store.delete(run.id, OWNER)
    points = run_face.points(run.id)
    assert points is not None and len(points) == run.steps
    assert len(run_face.checkpoints(run.id)) >= 3
    assert all(other.owner == OWNER for other in run_face.mine())


def test_without_workers_nothing_starts_and_the_page_says_so(runs: Runs) -> None:
    assert "Nothing trains here" in str(run_face.start(runs.ready().spec))


def test_without_cookies_a_session_is_its_own_owner(open_page: OpenPage) -> None:
    ids = {open_page("home").session_state["gb"].memos["owner"]["id"] for _ in range(2)}
    assert len(ids) == 2 and all(re.fullmatch("[0-9a-f]{32}", id) for id in ids)


def test_no_link_can_claim_to_be_an_owner() -> None:
    assert not {"owner", "glassbox_owner"} & set(state.BY_KEY)
    assert runs.run_id("run:" + OWNER) == OWNER, "an owner's id opens nothing but a run of that name"
