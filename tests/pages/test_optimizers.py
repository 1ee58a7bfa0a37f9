"""The Optimizers page as a script: its race, the weight, the searches, bad input, the question and the notebook."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app.controls import work
from app.runs import trained
from app.session import state
from core.analysis.health.landscape import measure, random_plane, walk
from core.runs.worker import here
from core.training.adam_steps import STEPS, compare, follow, place, train
from core.training.optimizer_comparison import RATES, quintet
from core.training.race import race
from core.training.rate_finder import search as search_rates
from core.training.rules import KINDS, Rule
from core.training.surfaces import SURFACES
from pages.optimizers import export, measured, moments
from pages.optimizers import runs as real_runs
from pages.optimizers.figure import NAMES, RAVINE, STEEP, Setup, read_racers, record, write_rates
from tests.pages.conftest import OpenPage, run_notebook

TEXT = "Once upon a time, Lily saw a"
LINKS: dict[str, dict[str, Any]] = {
    "bundled": {"text": TEXT, "block": 1, "matrix": "Q"},
    "other": {"model": "./other", "text": "The cat saw the dog", "block": 2, "matrix": "out"},
    "both": {"model": "./both", "text": "The cat saw the dog", "block": 0, "matrix": "V"},
    "pair encoder": {"model": "./pair", "text": "The cat", "stack": "encoder", "matrix": "O", "block": 1},
    "pair decoder": {
        "model": "./pair",
        "text": "The cat",
        "target": "A dog",
        "stack": "decoder",
        "matrix": "K",
        "block": 0,
    },
}


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    """The bundled model that the page opens with."""
    return core.load("tales-gpt")


def said(app: AppTest) -> str:
    """The messages on top of the page."""
    return " ".join(box.value for box in app.info).replace("\\", "").replace("\u2060", "")


def lines(app: AppTest) -> list[dict[str, str]]:
    """The table twin as the CSV has it."""
    return list(
        csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )


def kept(app: AppTest, key: str) -> Any:
    """The value of a field."""
    return app.session_state["gb"].store[key]


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_every_shape_of_model_opens_and_its_notebook_agrees(name: str, open_page: OpenPage) -> None:
    app = open_page("optimizers", **LINKS[name])
    assert not app.exception and not app.info
    found = run_notebook(app)
    stack = LINKS[name].get("stack", "encoder")
    where = place(found["lm"], LINKS[name].get("block", 0), LINKS[name]["matrix"], stack)
    assert found["where"] == where
    assert (stack in where.parameter) == ("pair" in name)
    assert found["trained"].losses[-1] < found["trained"].losses[0]
    assert len(found["race_"]) == len(KINDS)


def test_the_table_has_the_weights_steps_and_the_race(open_page: OpenPage, lm: core.LanguageModel) -> None:
    app = open_page("optimizers", text=TEXT, block=2, matrix="O", wrow=5, wcol=7, surface="beale", laps=20)
    table = lines(app)
    rule = Rule("adam", 1e-3)
    steps = follow(train(lm, TEXT, place(lm, 2, "O"), rule), 5, 7)
    ours = table[:STEPS]
    assert all("[5, 7]" in line["what"] for line in ours)
    np.testing.assert_allclose(
        [float(line["gradient"]) for line in ours], [float(s.gradient) for s in steps], rtol=1e-3
    )
    np.testing.assert_allclose(
        [float(line["after"]) for line in ours], [float(s.after) for s in steps], rtol=1e-5
    )
    tokens = [line for line in table if line["what"] == "token of the text"]
    assert [line["token"] for line in tokens] == [lm.tokenizer.display(i) for i in lm.encode(TEXT)]
    assert tokens[0]["loss before"] == "", "nothing stands before the first token"
    scores = -lm.score(TEXT).numpy()
    np.testing.assert_allclose(
        [float(line["loss before"]) for line in tokens[1:]], scores, rtol=1e-3, atol=1e-4
    )
    surface = SURFACES["beale"]
    tracks = race(surface, surface.start, [Rule(kind, surface.rates[kind]) for kind in KINDS], 20)
    assert len(table) == STEPS + len(tokens) + 5 * 21
    theirs = table[STEPS + len(tokens) :]
    expected = np.concatenate([track.points for track in tracks])
    losses = np.concatenate([track.losses for track in tracks])
    told = [line[export.RACE].replace("(", "").replace(")", "").replace(",", "").split() for line in theirs]
    np.testing.assert_allclose(np.array(told, dtype=float), np.column_stack([expected, losses]), rtol=1e-4)


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize(
    ("link", "words", "field", "left"),
    [
        ({"rates": "adam:-0.5 sgd:0.2"}, "“adam:-0.5”: a rate is a number from 0 up", "rates", "sgd:0.2"),
        ({"rates": "adam:nan"}, "a rate is a number", "rates", ""),
        ({"rates": "adam:1e13"}, "a rate is a number", "rates", ""),
        ({"rates": "adam:٣"}, "a rate is a number", "rates", ""),
        ({"rates": "<b>:1 x"}, "“<b>:1”, “x”: a rate", "rates", ""),
        ({"start": "one two"}, "not two numbers", "start", ""),
        ({"start": "1"}, "not two numbers", "start", ""),
        ({"start": "nan 0"}, "not two numbers", "start", ""),
        ({"start": "99 0"}, "outside the picture", "start", "2.8 0"),
        ({"adam": "-1"}, "adam=-1 is not between 0", "adam", 0.001),
        ({"beta": "1"}, "beta=1 is not between 0 and 0.999", "beta", 0.9),
        ({"laps": "0"}, "laps=0 is not between 1 and 300", "laps", 60),
        ({"surface": "moon"}, "surface=moon is not one of", "surface", "ravine"),
    ],
)
def test_what_no_optimizer_can_use_is_named_and_put_right(
    link: dict[str, str], words: str, field: str, left: Any, open_page: OpenPage
) -> None:
    app = open_page("optimizers", text=TEXT, **link)
    assert not app.exception
    assert words in said(app)
    assert kept(app, field) == left
    app.run()
    assert not app.info, "it is said once"


@pytest.mark.full(reason="takes a second")
def test_rates_of_nothing_and_of_far_too_much_are_a_race_too(open_page: OpenPage) -> None:
    app = open_page("optimizers", text=TEXT, rates="sgd:0 momentum:1e12 adam:0 adamw:5 muon:1e9", adam=1000)
    assert not app.exception and not app.info
    table = lines(app)
    assert {line[export.RACE].split(",")[0] for line in table if line["what"] == "Gradient descent"} == {
        "(-2.4"
    }
    assert len([line for line in table if line["what"] == "Momentum"]) == 2, "it diverged in its first step"
    run_notebook(app)
    app = open_page("optimizers", text=TEXT, racers="none", adam=0)
    assert not app.exception
    assert not any(line[export.RACE] for line in lines(app))
    run_notebook(app)


def test_who_takes_part_and_rates_read_back() -> None:
    assert read_racers("") == KINDS
    assert read_racers("muon sgd nobody") == ("sgd", "muon")
    assert read_racers("none") == ()
    usual = SURFACES["bowl"].rates
    assert write_rates(usual, usual) == ""
    assert write_rates({**usual, "adam": 0.25}, usual) == "adam:0.25"


def test_a_diverged_track_reaches_the_picture_as_such() -> None:
    surface = SURFACES["ravine"]
    rules = (Rule("sgd", 0.2), Rule("adam", 0.1))
    tracks = race(surface, surface.start, rules, 60)
    data = record(Setup(surface, surface.start, rules, surface.rates, 60), tracks)
    wild, calm = data["tracks"]
    assert wild["diverged"] == tracks[0].diverged is not None
    assert wild["left"] == tracks[0].left is not None
    assert calm["diverged"] is None and calm["left"] is None
    assert wild["points"]["shape"] == [tracks[0].diverged + 1, 2]
    assert wild["numbers"]["shape"] == [tracks[0].diverged, 14]
    assert len(data["levels"]) == 14


@pytest.mark.usefixtures("other_model")
def test_a_weight_that_the_matrix_does_not_have_is_a_middling_one(open_page: OpenPage) -> None:
    app = open_page("optimizers", model="./other", text="The cat saw the dog", wrow=9999, wcol=0, block=1)
    assert not app.exception
    found = run_notebook(app)
    row, col = found["trained"].middling
    assert f"[{row}, {col}]" in lines(app)[0]["what"]


def test_the_answer_is_a_real_runs(open_page: OpenPage, lm: core.LanguageModel) -> None:
    app = open_page("optimizers", text=TEXT, block=0, matrix="K")
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    ran = train(lm, TEXT, place(lm, 0, "K"), Rule("adam", 1e-3))
    found = compare(ran, ran.middling)
    assert found.adam is not None and found.gradients is not None
    assert answer.numbers["adam"] == pytest.approx(found.adam, rel=1e-4)
    assert answer.numbers["gradients"] == pytest.approx(found.gradients, rel=1e-4)
    assert answer.index == (2 if found.adam < 0.5 else 0 if found.adam <= 3 else 1)
    moved = np.abs(ran.end.astype(float) - ran.start)
    assert found.adam == pytest.approx(moved[found.steep] / moved[found.other], rel=1e-6)
    same = compare(ran, ran.steepest)
    assert same.other == ran.middling, "a weight is not compared with itself"


def test_a_map_of_gradients_keeps_the_largest_of_each_cell() -> None:
    draw = np.random.default_rng(0)
    for shape in [(3, 5), (300, 128), (257, 129)]:
        gradient = draw.normal(size=shape).astype(np.float32)
        cells = moments.reduced(gradient)
        assert max(cells.shape) <= moments.MAP
        assert np.abs(cells).max() == np.abs(gradient).max()
        if max(shape) <= moments.MAP:
            np.testing.assert_array_equal(cells, gradient)
    tall = np.zeros((256, 1), dtype=np.float32)
    tall[7] = -2.0
    assert moments.reduced(tall)[3, 0] == -2.0


@pytest.mark.full(reason="takes 2 s")
def test_a_search_runs_to_its_end_and_is_that_of_core(open_page: OpenPage, lm: core.LanguageModel) -> None:
    app = open_page("optimizers", text=TEXT, finder="momentum", fresh="new")
    assert not app.session_state["gb"].memos.get("work")
    app.button(key="work.finder").click().run()
    assert not app.exception
    job = app.session_state["gb"].memos["work"]["finder"]
    assert job.ended
    expected = list(search_rates(lm, TEXT, "momentum", fresh=True))
    np.testing.assert_allclose([t.loss for t in job.done], [t.loss for t in expected], rtol=1e-3)
    assert [t.rate for t in job.done] == [t.rate for t in expected]
    assert len(run_notebook(app)["trials"]) > 10
    app.text_area(key="text").set_value("Tom had a cat").run()
    assert not app.exception
    assert app.button(key="work.finder").label.startswith("Search"), "another text, nothing searched yet"


@pytest.mark.full(reason="takes 2 s")
def test_a_landscape_is_measured_row_by_row_and_can_be_stopped(
    open_page: OpenPage, lm: core.LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "GRID", 5)
    app = open_page("optimizers", text=TEXT)
    app.button(key="work.land").click().run()
    assert not app.exception
    job = app.session_state["gb"].memos["work"]["land"]
    assert job.ended and len(job.done) == 5
    grid = np.array(list(measure(lm, random_plane(lm), TEXT, columns=5, rows=5)))
    np.testing.assert_allclose([line.losses for line in job.done], grid, rtol=1e-3)
    assert job.done[0].path is not None and job.done[0].path.shares[0] < 0.01
    np.testing.assert_allclose(run_notebook(app)["grid"], grid, rtol=1e-3)
    job.ended, job.stopped, job.done = False, True, job.done[:2]
    app.run()
    assert app.button(key="work.land").label == "Go on"
    assert len(job.done) == 2, "stopped work waits"
    app.session_state["gb"].store["plane"] = "path"
    app.run()
    assert not app.exception
    app.button(key="work.land").click().run()
    path = app.session_state["gb"].memos["work"]["land"].done[-1].path
    assert path.shares[0] > 0.9
    found = run_notebook(app)
    np.testing.assert_allclose(walk(found["plane"], found["path"], TEXT).losses, path.losses, rtol=1e-4)


@pytest.mark.usefixtures("other_model")
def test_a_model_without_moments_has_no_path(open_page: OpenPage) -> None:
    app = open_page("optimizers", model="./other", text="The cat saw the dog", plane="path")
    assert not app.exception
    assert "plane" not in app.session_state


def test_work_goes_on_where_a_click_stopped_it(monkeypatch: pytest.MonkeyPatch) -> None:
    job = work.Job("a", iter(range(5)), 5)
    jobs = {"count": job}
    monkeypatch.setattr(work, "_jobs", lambda: jobs)
    assert work.of("count", "a") is job
    job.done.append(next(job.steps))
    job.stopped = True
    assert not job.going
    assert work.of("count", "b") is None
    assert not jobs, "work on something else, unfinished, is given up"


def test_the_recorded_five_fill_the_first_screen(open_page: OpenPage) -> None:
    app = open_page("optimizers", text=TEXT)
    assert not app.exception
    data = real_runs.record(
        trained.recorded_arms({name: f"optimizers-{kind}" for name, kind in real_runs.KINDS.items()})
    )
    assert [run["kind"] for run in data["runs"]] == list(KINDS)
    assert all(run["held"] < data["guessing"] - 1 for run in data["runs"]), "everybody learned something"
    assert [run["rate"] for run in data["runs"]] == [RATES[kind] for kind in KINDS]


def test_five_runs_are_queued_at_the_chosen_rates(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("optimizers", text=TEXT, toyrates="sgd:0.5 adam:0.02")
    begun: dict[str, Any] = {}

    def start(specs: Any) -> tuple[str, str]:
        begun.update(specs)
        return "", "Nothing can be trained here."

    monkeypatch.setattr(trained, "start", start)
    app.button(key="optimizers.toy").click().run()
    assert not app.exception
    assert {real_runs.KINDS[name]: spec for name, spec in begun.items()} == quintet(
        {"sgd": 0.5, "adam": 0.02}
    )
    assert any("Nothing can be trained here." in caption.value for caption in app.caption)


@pytest.mark.full(reason="takes 4 s")
def test_own_runs_take_the_recorded_ones_place(open_page: OpenPage, runs: Any) -> None:
    for kind, spec in quintet({"sgd": 1e6, "muon": 0.05}, steps=12).items():
        here(runs.store, spec.replace(eval_every=3), runs.owner, name=NAMES[kind], group="five")
    app = open_page("optimizers", text=TEXT, quintet="five")
    assert not app.exception
    own = real_runs.record(trained.own_arms("five", list(real_runs.KINDS)))
    assert own["own"] and not own["going"]
    assert [run["kind"] for run in own["runs"]] == list(KINDS)
    assert own["runs"][0]["rate"] == 1e6
    assert "diverged" in own["runs"][0]["ended"]
    assert not own["runs"][-1]["ended"] and own["runs"][-1]["held"] > 0
    assert own["runs"][0]["state"] == "diverged" and not any(run.get("live") for run in own["runs"])
    app.button(key="optimizers.toy.back").click().run()
    assert kept(app, "quintet") == ""
    assert not open_page("optimizers", text=TEXT, quintet="no such group").exception


def test_a_spec_differs_from_the_others_in_nothing_but_the_optimizer() -> None:
    specs = quintet()
    for spec in specs.values():
        same = spec.replace(
            optimizer="adam",
            learning_rate=0.01,
            embed_rate=0.01,
            head_rate=0.01,
            momentum=0.9,
            weight_decay=0.0,
        )
        assert same == specs["adam"].replace(learning_rate=0.01, embed_rate=0.01, head_rate=0.01)


def test_reset_puts_the_race_back(open_page: OpenPage) -> None:
    app = open_page(
        "optimizers", text=TEXT, surface="waves", start="1 1", racers="sgd", rates="sgd:0.3", lap=3
    )
    app.button(key="tool.reset").click().run()
    assert not app.exception
    assert all(
        kept(app, key) == state.BY_KEY[key].default for key in ("surface", "start", "racers", "rates", "lap")
    )


def test_the_lesson_is_the_measured_table(open_page: OpenPage) -> None:
    table = real_runs.recipe()
    data = real_runs.recipe_record(table)
    assert len(data["rows"]) == len(table["rows"]) > 10
    full = data["full"]
    for row in data["rows"]:
        assert row["low"] <= row["loss"] <= row["high"]
        assert row["unclear"] == (row["low"] <= full["high"] and full["low"] <= row["high"])
    assert f"after {table['full']['steps']} steps" in data["about"][0]
    app = open_page("optimizers", text=TEXT)
    assert any("What a fast recipe is made of" in block.value for block in app.html)


def recipe_row(removed: str, low: float, high: float, seeds: int) -> dict[str, Any]:
    """A row of the table of removals, with the middle as its mean."""
    return {
        "removed": removed, "what": "Something else.", "loss": (low + high) / 2, "low": low, "high": high,
        "step_time": 1.0, "seeds": seeds, "steps": 124,
    }  # fmt: skip


def recipe_table(seeds: int, spread: float) -> dict[str, Any]:
    """A table with a row that is clearly worse, one that is not clear, and one that is clearly better."""
    middles = {"worse": 2.0, "unclear": 1.86, "better": 1.80}
    return {
        "about": f"Nats after 124 steps; mean of {seeds} seeds. More.",
        "full": recipe_row("nothing", 1.85 - spread, 1.85 + spread, seeds),
        "rows": [recipe_row(name, at - spread, at + spread, seeds) for name, at in middles.items()],
        "plain": {"loss": 1.871, "low": 1.86, "high": 1.88, "steps": 2250, "seeds": seeds},
    }


def test_the_lesson_says_what_its_seeds_can_tell_and_what_not() -> None:
    said = real_runs.recipe_record(recipe_table(3, 0.01))
    assert [row["unclear"] for row in said["rows"]] == [False, True, False]
    about = " ".join(said["about"])
    assert "mean of 3 seeds; thin lines" in about
    assert "no further from the whole recipe than seeds differ: unclear." in about
    assert "Without better the loss is lower: here that part does harm." in about
    assert "2,250 steps to 1.871; this one takes 124 to 1.850" in about
    one = " ".join(real_runs.recipe_record(recipe_table(1, 0.0))["about"])
    assert "one seed, so how far seeds differ is not known" in one and "Pale" not in one
    assert "Without better the loss is lower: one seed cannot tell whether that is chance." in one


def test_the_recorded_five_are_told_with_their_sweep(open_page: OpenPage) -> None:
    app = open_page("optimizers", text=TEXT)
    assert not app.exception
    told = real_runs.record(real_runs.arms())
    sweep = real_runs.swept()
    assert f"best of {len(sweep['kinds']['sgd']['rates'])} rates" in told["about"]
    assert f"held-out loss of {len(sweep['seeds'])} seeds" in told["about"]
    for kind, run in zip(told["kinds"], told["runs"], strict=True):
        losses = real_runs.losses_at_best(kind["id"])
        assert (kind["low"], kind["high"]) == (min(losses), max(losses))
        assert kind["usual"] == sweep["kinds"][kind["id"]]["best"] == run["rate"]
        assert kind["low"] - 1e-4 <= run["held"] <= kind["high"] + 1e-4


def test_the_first_view_says_why_plain_descent_wins_and_where_it_loses(open_page: OpenPage) -> None:
    app = open_page("optimizers", text=TEXT)
    told = " ".join(one.value for one in app.caption).replace("\\", "")
    assert "Lowest after 60 steps: Gradient descent" in told and "2 ÷ 20" in told
    app.button(key="optimizers.bent").click().run()
    assert not app.exception and app.session_state["gb"].store["surface"] == "rosenbrock"
    told = " ".join(one.value for one in app.caption).replace("\\", "")
    assert "Lowest after 60 steps: Momentum" in told and "2 ÷ 20" not in told


@pytest.mark.full(reason="takes 3 s")
def test_the_ravine_is_as_steep_as_is_said() -> None:
    ravine = SURFACES[RAVINE]
    slopes = [ravine.gradient(np.array([0.0, y]))[1] for y in (0.0, 1.0)]
    assert slopes[1] - slopes[0] == pytest.approx(STEEP)
    at = ravine.rates["sgd"]
    rules = [Rule("sgd", rate) for rate in (at, 1.05 * 2 / STEEP)]
    good, bad = race(ravine, ravine.start, tuple(rules), 60)
    assert good.losses[-1] < 1e-3 and bad.losses[-1] > bad.losses[0], "beyond it, steps no longer come down"
