"""The Scaling page as a script: its laws against core's, what it says, own runs, bad input, its notebook."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.models import cache
from core.analysis.health import emergence
from core.analysis.health.emergence import LENGTHS
from core.language_model import LanguageModel
from core.runs import ladder_recordings, loading
from core.runs.ladder_recordings import Against
from core.runs.worker import here
from core.scaling import fit
from core.scaling.forecast import forecast
from core.scaling.published import CHINCHILLA, MODELS, kaplan_both
from core.training import ladder
from pages.scaling import charts, figure, own, published, question, seen, words
from tests.pages.conftest import OTHER, OWNER, Runs, mixed, run_notebook

SMALL = ladder.BATCH * 3  # tokens of a run that takes a second


def table(app: AppTest) -> dict[str, list[Any]]:
    """The picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


@pytest.mark.full(reason="takes more than a second")
def test_the_first_screen_fits_the_recorded_runs(open_page: Any) -> None:
    app = open_page("scaling")
    assert not app.exception
    shown = table(app)
    assert not mixed(shown)
    runs = ladder_recordings.series("parameters")
    largest = max(one.blocks for one in runs)
    kept = [one for one in runs if one.blocks < largest]
    law = fit([one.blocks for one in kept], [one.loss for one in kept])
    for one in runs:
        at = shown["run"].index(one.name)
        assert shown["loss"][at] == one.loss and shown["used for the fit"][at] == (one.blocks < largest)
        assert shown["law"][at] == pytest.approx(float(law(one.blocks)), rel=1e-6)
    gpt3 = shown["run"].index("GPT-3")
    model = next(one for one in MODELS if one.name == "GPT-3")
    assert shown["Hoffmann L(N, D)"][gpt3] == pytest.approx(float(CHINCHILLA(model.parameters, model.tokens)))
    assert shown["Kaplan L(N, D)"][gpt3] == pytest.approx(float(kaplan_both(model.parameters, model.tokens)))
    assert shown["D"][shown["run"].index("GPT-2")] is None
    run_notebook(app)


@pytest.mark.full(reason="the other cases take 4 s", quick_cases=2)
@pytest.mark.parametrize("against", ["parameters", "data", "compute"])
@pytest.mark.parametrize("step", [*figure.STEPS, ""])
def test_at_every_step_each_run_has_a_colour(against: Against, step: str) -> None:
    found = seen.see(against, 1, False, ladder.SEEN)
    whole = charts.ladder(found, [], charts.shows(step, figure.STEPS)).to_dict()
    dots = [
        (layer.get("data", part.get("data", whole.get("data"))), layer["encoding"]["color"]["scale"]["domain"])
        for part in whole["vconcat"] for layer in part["layer"]
        if layer.get("name", "").startswith(("runs", "residuals"))
    ]  # fmt: skip
    assert dots
    for data, known in dots:
        rows = data["values"] if "values" in data else whole["datasets"][data["name"]]
        assert len(rows) == len(found.runs) and {row["kind"] for row in rows} <= set(known)


@pytest.mark.full(reason="6 cases, 16 s together")
@pytest.mark.parametrize("against", ["parameters", "data", "compute"])
@pytest.mark.parametrize("withheld", [0, 2])
def test_every_axis_and_its_notebook(against: str, withheld: int, open_page: Any) -> None:
    app = open_page("scaling", against=against, withheld=withheld, tables=1, stage=2)
    assert not app.exception and not app.warning
    run_notebook(app)


@pytest.mark.full(reason="takes a second")
def test_too_few_sizes_are_told_not_fitted(open_page: Any) -> None:
    app = open_page("scaling", against="data", withheld=4)
    assert not app.exception
    shown = seen.see("data", 4, False, 96)
    assert shown.found is None
    assert "give at least 3, or leave out fewer" in shown.why
    assert set(table(app)["law"]) == {None}
    run_notebook(app)


@pytest.mark.full(reason="takes a second")
def test_the_question_is_answered_by_a_fit(open_page: Any) -> None:
    app = open_page("scaling", withheld=2)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    runs = ladder_recordings.series("parameters")
    held = question.ask(seen.see("parameters", 2, False, 96)).held
    assert held != 2, "never what the picture shows"
    found = forecast([one.blocks for one in runs], [one.loss for one in runs], held=held)
    assert answer.numbers["foretold"] == pytest.approx(found.loss)
    assert ("below", "inside", "above")[answer.index] == found.verdict
    assert f"{found.low:.3f} and {found.high:.3f}" in answer.evidence
    assert question.ask(seen.see("parameters", 1, False, 96)).held == 2, "never what the picture shows"


def test_the_claim_is_what_the_runs_say() -> None:
    found = seen.see("parameters", 1, False, 96).found
    assert found is not None and found.miss is not None
    assert found.verdict == "inside"
    said = words.findings(seen.see("parameters", 1, False, 96), seen.surface(False))[1]
    assert f"the mean of {len(found.truths)} seeds" in said and len(found.truths) == len(ladder.SEEDS)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("against", ["parameters", "data", "compute"])
def test_how_many_withheld_runs_the_intervals_held_is_counted_cut_by_cut(against: Against) -> None:
    """Against the forecasts that the page itself makes, one for each number of sizes withheld."""
    told = seen.covered(against, False)
    held = of = 0
    for width in ladder_recordings.widths() if against == "data" else (0,):
        for withheld in range(1, 12):
            shown = seen.see(against, withheld, False, width)
            if shown.found is None or shown.found.band is None or withheld >= len(set(shown.x)):
                continue
            low, high = shown.found.band.run(shown.x)
            for x, loss, one, other in zip(shown.x, shown.losses, low, high):
                held, of = (
                    held + (x > max(shown.found.used) and one <= loss <= other),
                    of + (x > max(shown.found.used)),
                )
    assert (told.held, told.of) == (held, of) and 0 < told.next_of < told.of
    said = words.findings(seen.see(against, 1, False, 96), seen.surface(False))[1]
    assert f"the 95 % intervals held {held} of {of} runs" in said


def own_run(
    runs: Runs, name: str = "Scaling: mine", owner: str = OWNER, group: str = "mine", **changes: Any
) -> str:
    """A short run by the ladder's recipe, done."""
    spec = ladder.spec(16, SMALL, 100).replace(**changes)
    return here(runs.store, spec, owner, name=name, group=group).id


def test_an_own_run_is_measured_and_stands_beside_the_ladder(queue: Runs, open_page: Any) -> None:
    id = own_run(queue)
    app = open_page("scaling", ladder="mine", against="compute")
    assert not app.exception
    shown = table(app)
    at = shown["kind"].index("yours")
    lm = loading.load(queue.store, id)
    metrics = own.emergence.measure(lm, own.emergence.rows(lm, ladder.CONTEXT))
    assert shown["loss"][at] == pytest.approx(metrics.loss.value)
    assert shown["D"][at] == SMALL and shown["used for the fit"][at] is False
    run_notebook(app)
    app.button(key="scaling.back").click().run()
    assert "yours" not in table(app)["kind"]


@pytest.mark.full(reason="takes 2 s")
def test_runs_of_the_lab_that_match_stand_there_too(queue: Runs, open_page: Any) -> None:
    own_run(queue, name="From the lab", group="", learning_rate=0.02)
    own_run(queue, name="Another's", owner=OTHER, group="")
    app = open_page("scaling")
    shown = table(app)
    assert "From the lab" in shown["run"] and "Another's" not in shown["run"]


@pytest.mark.full(reason="takes a second")
def test_a_run_that_diverged_is_no_point_and_is_told(queue: Runs, open_page: Any) -> None:
    own_run(queue, name="Scaling: wild", group="wild", learning_rate=1e9, embed_rate=1e9, head_rate=1e9)
    app = open_page("scaling", ladder="wild")
    assert not app.exception
    assert queue.store.list(group="wild")[0].state == "diverged"
    told = " ".join(box.value for box in app.warning)
    assert "is no point" in told.replace("\\", "")
    assert all(loss is None or math.isfinite(loss) for loss in table(app)["loss"])


@pytest.mark.full(reason="takes a second")
def test_pressing_train_queues_the_size(queue: Runs, open_page: Any) -> None:
    app = open_page("scaling", width=48, portion="1/4")
    app.button(key="scaling.train").click().run()
    assert not app.exception
    run = queue.store.list(group=app.session_state["gb"].store["ladder"])[0]
    assert run.spec == ladder.spec(48, ladder.FULL // 4, own.FIRST)
    app.button(key="scaling.stop").click().run()
    assert queue.store.list(group=run.group)[0].state == "stopped"


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=2)
@pytest.mark.parametrize(
    "link",
    [
        {"stage": 9}, {"withheld": 99}, {"against": "luck"}, {"rung": 512, "against": "data"}, {"inarow": 3},
        {"ladder": "<i>"}, {"portion": "3"}, {"portion": "2"}, {"stage": 4, "tables": 1},
    ],
)  # fmt: skip
def test_the_ends_of_the_dials_work(link: dict[str, Any], open_page: Any) -> None:
    app = open_page("scaling", **link)
    assert not app.exception


@pytest.mark.usefixtures("queue")
def test_a_width_that_no_rung_has_is_told(open_page: Any) -> None:
    app = open_page("scaling", width=100)
    assert not app.exception
    said = " ".join(box.value for box in app.warning).replace("\\", "")
    assert "A width of 100 must be a multiple of 16" in said
    assert app.button(key="scaling.train").disabled


def test_the_metrics_of_the_page_are_those_recorded(open_page: Any) -> None:
    shown = table(open_page("scaling"))
    for one in ladder_recordings.series("parameters"):
        at = shown["run"].index(one.name)
        assert [shown[f"{k} in a row right"][at] for k, *_ in one.exact] == [
            share for _, share, *_ in one.exact
        ]
    logs = [
        np.mean([one.log for one in ladder_recordings.series("parameters") if one.width == width])
        for width in ladder_recordings.widths()
    ]
    assert logs == sorted(logs), "the smooth metric rises at every size"


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that are measured from here on."""
    asked: list[str] = []
    measure = emergence.measure

    def noted(lm: LanguageModel, rows: emergence.Rows) -> emergence.Metrics:
        asked.append(lm.name)
        return measure(lm, rows)

    monkeypatch.setattr(own.emergence, "measure", noted)
    return asked


@pytest.mark.full(reason="takes 4 s")
def test_five_measured_runs_stay_measured(queue: Runs, open_page: Any, measured: list[str]) -> None:
    for at in range(own.LAB):
        own_run(queue, name=f"Lab {at}", group="", seed=200 + at)
    own_run(queue, group="five")
    app = open_page("scaling", ladder="five")
    assert not app.exception
    assert len(measured) == own.LAB + 1
    assert table(app)["kind"].count("yours") == own.LAB + 1
    cache._small.clear()
    cache._results.clear()
    app.run()
    assert len(measured) == own.LAB + 1, "what leaves the server's shelf is not measured again"
    assert table(app)["kind"].count("yours") == own.LAB + 1


@pytest.mark.full(reason="takes more than a second")
def test_a_loss_that_is_no_number_is_told_and_not_measured_again(
    queue: Runs, open_page: Any, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = emergence.Share(math.nan, math.nan, math.nan)
    noted = own.emergence.measure
    monkeypatch.setattr(own.emergence, "measure", lambda lm, rows: replace(noted(lm, rows), loss=nothing))
    own_run(queue, name="Scaling: mute", group="mute", seed=300)
    monkeypatch.setattr(own, "LAB", 0)
    app = open_page("scaling", ladder="mute")
    app.run()
    assert not app.exception and len(measured) == 1
    assert "Scaling: mute is no point: its loss is no number." in [
        box.value.replace("\\", "") for box in app.warning
    ]


@pytest.mark.full(reason="takes 3 s")
def test_the_foretold_size_can_be_trained_and_compared(
    queue: Runs, open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder_recordings, "ahead", lambda against, width: ladder.spec(16, SMALL))
    before = seen.see("data", 0, False, 16)
    assert "Train that size" in words.findings(before, seen.surface(False))[1]
    monkeypatch.setattr(own, "LAB", 0)
    own_run(queue, group="next", seed=400)
    own_run(queue, name="Scaling: faster", group="next", seed=401, learning_rate=0.02)
    app = open_page("scaling", ladder="next", against="data", rung=16, withheld=0)
    assert not app.exception
    variables = run_notebook(app)
    shown = table(app)
    loss = shown["loss"][shown["seed"].index(400)]
    assert variables["AT"] == SMALL and variables["own"] == [pytest.approx(loss)], (
        "another recipe is no truth"
    )


def test_an_own_size_is_held_against_what_was_foretold_of_it() -> None:
    for against in ("parameters", "data", "compute"):
        spec = ladder_recordings.ahead(against, 96)  # type: ignore[arg-type]
        n = ladder.counted(spec.config(ladder_recordings.vocabulary()))
        rung = replace(
            ladder_recordings.rungs()[0], width=ladder.width_of(spec), tokens=ladder.tokens_of(spec), blocks=n[0],
            tables=n[1], loss=0.7, own="mine",
        )  # fmt: skip
        shown = seen.see(against, 0, False, 96, [rung, replace(rung, loss=math.nan)])  # type: ignore[arg-type]
        assert shown.found is not None and shown.found.truths == (0.7,)
        assert "What came, a single run: 0.700" in words.findings(shown, seen.surface(False))[1]
        assert [row["x"] for row in words.rows(shown, [rung]) if row["own"]] == [shown.found.at]


def test_an_own_run_of_another_width_is_no_row_of_the_law_over_data() -> None:
    shown = seen.see("data", 1, False, 96)
    rung = replace(ladder_recordings.rungs()[0], own="mine")
    assert rung.width != 96 and not seen.fits(rung, shown)
    assert not [row for row in words.rows(shown, [rung]) if row["own"]]
    assert [row for row in words.rows(shown, [replace(rung, width=96)]) if row["own"]]


@pytest.mark.parametrize("k", LENGTHS)
def test_what_is_said_of_emergence_is_what_the_shares_show(k: int) -> None:
    said = published.said(ladder_recordings.series("parameters"), False, k)
    shares = [
        np.mean([{at: one for at, one, *_ in rung.exact}[k] for rung in ladder_recordings.series("parameters")
                 if rung.width == width])
        for width in ladder_recordings.widths()
    ]  # fmt: skip
    for share in (shares[0], shares[3], shares[-1]):
        assert f"{share:.1%}" in said
    assert ("sees nothing yet" in said) == (max(shares) < 0.01)
    assert ("makes the leap" in said) == (k in (8, 16)) and ("leap either" in said) == (k == 1)
    everywhere = "at every size" in published.dotted(ladder_recordings.series("parameters"), k)
    assert everywhere == (k not in (1, 32)), "none of 32 in a row is not more often"
    counted = published.said(ladder_recordings.series("parameters"), True, k)
    assert words.sized(ladder_recordings.rungs()[0].parameters(True)) in counted


def test_a_law_without_a_floor_says_so_and_with_one_how_sure_it_is() -> None:
    both = seen.surface(False)
    flat, law = (words.findings(seen.see(axis, 1, False, 96), both) for axis in ("data", "parameters"))
    assert "of the loss; no floor can be told from these runs" in flat[0] and "size" not in flat[0]
    found = seen.see("parameters", 1, False, 96).found
    assert found is not None and found.band is not None
    low, high = found.band.floor()
    assert f"E = {found.law.floor:.2f}, between {low:.2f} and {high:.2f}." in law[0]
    low, high, off = seen.split_interval(False)
    assert f"between C^{low:.2f} and C^{high:.2f}" in law[2] and f"{off:.3f} nats" in law[2]
    ended = float(both.budget(ladder.FULL))
    assert f"From C = {words.powered(ended)} on" in law[2] and both.best(ended)[1] == pytest.approx(
        ladder.FULL
    )


def test_numbers_are_rounded_before_their_unit_is_chosen() -> None:
    assert words.powered(9.97e12) == "1.0 · 10¹³" and words.powered(9.94e-4) == "9.9 · 10⁻⁴"
    assert (
        words.sized(999_999) == "1M"
        and words.sized(999_400) == "999k"
        and words.sized(9.999e14) == "1.0 · 10¹⁵"
    )


@pytest.mark.parametrize("slug", ["scaling", "adaptability", "fine_tuning"])
def test_a_page_says_that_the_open_model_does_nothing_there(slug: str, open_page: Any) -> None:
    app = open_page(slug, model="tales-t5")
    assert not app.exception
    told = " ".join(one.value for one in app.sidebar.caption).replace("\\", "")
    assert "on this page" in told and "Rewind" in told
    assert ("nor your text" in told) == (slug == "scaling")
    assert not [one for one in app.get("bidi_component") if "rewind" in str(one.proto)]
