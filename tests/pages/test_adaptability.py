"""The Adaptability page as a script: recorded curves, verdicts on the text, own points, own pairs, its notebook."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from app.kit.arms import Arm
from core.analysis.seeds import apart
from core.analysis.tasks.in_context import rounds, weigh
from core.runs import adaptations
from core.runs.worker import here
from core.training import adapting, prompt_tuning
from core.training.tuned import PROMPT
from pages.adaptability import answer, charts, figure, games, own, question, studies, vectors
from tests.pages.conftest import OWNER, Runs, run_notebook

TEXT = "Nora lost her red kite in the storm. She looked for it all day."
NOBODY: dict[adapting.Study, list[Arm]] = {study: [] for study in adapting.STUDIES}
CHOSEN = {"rank": 4, "examples": 100, "prompt": 4}
PAIRS = "kite red\nball blue\nboat green"


def table(app: AppTest) -> dict[str, list[Any]]:
    """The picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def said(app: AppTest) -> str:
    """What the page warns of, as it reads."""
    return " ".join(box.value for box in app.warning).replace("\\", "")


@pytest.mark.full(reason="takes more than a second")
def test_the_first_screen_shows_what_is_recorded(open_page: Any) -> None:
    app = open_page("adaptability", text=TEXT)
    assert not app.exception
    shown = table(app)
    rows = list(zip(shown["study"], shown["way"], shown["at"]))
    for place in adaptations.curve("examples", "scratch"):
        at = rows.index(("examples", "from scratch", place.at))
        assert shown["mean"][at] == pytest.approx(sum(place.shares) / len(adapting.SEEDS))
        assert shown["low"][at] <= shown["mean"][at] <= shown["high"][at]
    at = rows.index(("rank", "LoRA", 8))
    label, chance = adaptations.adapted("lora8-300-0").classify(TEXT)[0]
    assert (shown["says of the text"][at], shown["probability"][at]) == (label, pytest.approx(chance))
    run_notebook(app)


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_each_step_opens_and_its_notebook_agrees(stage: int, open_page: Any) -> None:
    app = open_page("adaptability", text=TEXT, stage=stage, rank=16, few=30, front=2, told=8, game="kinds")
    assert not app.exception
    run_notebook(app)


def test_another_text_is_judged_anew(open_page: Any) -> None:
    one, other = (
        table(open_page("adaptability", text=text)) for text in (TEXT, "Sara won the race. Tim was glad.")
    )
    judged = [at for at, label in enumerate(one["says of the text"]) if label in ("negative", "positive")]
    assert len(judged) == len(adapting.RANKS) + len(adapting.COUNTS) + len(adapting.VECTORS)
    moved = [at for at in judged if one["probability"][at] != other["probability"][at]]
    assert len(moved) > 0.7 * len(judged), "who is sure of both beyond what float32 holds says 1 twice"


def test_the_nearest_tokens_are_those_of_the_recorded_prompt() -> None:
    name = vectors.name_of(4)
    shown = vectors.near(name)
    base = core.load("tales-bert")
    found = prompt_tuning.nearest(base, adaptations.learned(name)[PROMPT], 3)
    assert [one["now"] for one in shown] == [
        [(base.tokenizer.display(id), cosine) for id, cosine in line] for line in found
    ]
    assert "no instruction" in vectors.told(shown)


def test_findings_say_where_the_curves_part() -> None:
    first = studies.findings("examples")[0]
    curves = {way: adaptations.curve("examples", way) for way in ("full", "scratch")}
    for full, scratch in zip(curves["full"], curves["scratch"], strict=True):
        assert f"{full.at:,}" in first
        ahead = f"ahead of training from scratch with {full.at:,}" in first.split(";")[0]
        assert not ahead or full.interval.mean > scratch.interval.mean


def test_the_games_say_what_the_toy_cannot() -> None:
    assert games.findings("list")[0].startswith("Can: tales-gpt")
    assert games.findings("pairs")[0].startswith("Can: code-gpt")
    assert games.findings("kinds")[0].startswith("Cannot: tales-gpt")
    assert "Brown et al. 2020" in games.findings("kinds")[-1]


def own_run(runs: Runs, study: str, way: str, **changes: Any) -> str:
    """A short run of a study in the group "mine", done."""
    spec = adapting.spec(way, **changes).replace(steps=4, held_out=10, eval_every=2)  # type: ignore[arg-type]
    return here(runs.store, spec, OWNER, name=f"{study}: mine", group="adapted-here").id


@pytest.mark.full(reason="takes 2 s")
def test_own_runs_are_points_of_their_study(runs: Runs, open_page: Any) -> None:
    ids = [own_run(runs, "rank", "lora", rank=3, seed=100), own_run(runs, "examples", "frozen", examples=20)]
    app = open_page("adaptability", text=TEXT, adapted="adapted-here", stage=0)
    assert not app.exception
    shown = table(app)
    mine = [
        (shown["study"][at], shown["at"][at], shown["mean"][at])
        for at, way in enumerate(shown["way"])
        if "yours" in way
    ]
    values = [runs.store.points(id).held_out[-1] for id in ids]
    assert mine == [("rank", 3, pytest.approx(values[0])), ("examples", 20, pytest.approx(values[1]))]
    run_notebook(app)
    app.button(key="adaptability.back").click().run()
    assert not any("yours" in way for way in table(app)["way"])


def test_a_run_that_waits_can_be_stopped(runs: Runs, open_page: Any) -> None:
    runs.store.create(adapting.spec("lora"), OWNER, name="rank: lora4", group="waits")
    app = open_page("adaptability", text=TEXT, adapted="waits", stage=0)
    assert not app.exception
    app.button(key="adaptability.stop").click().run()
    assert runs.store.list(group="waits")[0].state == "stopped"


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    ("stage", "link", "way", "place"),
    [(0, {"rank": 3}, "lora", "rank"), (1, {"few": 40, "way": "frozen"}, "frozen", "examples"),
     (2, {"front": 5}, "prompt", "vectors")],
)  # fmt: skip
def test_pressing_train_queues_the_point(
    stage: int, link: dict[str, Any], way: str, place: str, queue: Runs, open_page: Any
) -> None:
    app = open_page("adaptability", text=TEXT, stage=stage, **link)
    app.button(key="adaptability.train").click().run()
    assert not app.exception
    run = queue.store.list(group=app.session_state["gb"].store["adapted"])[0]
    assert (run.kind, run.spec.way, run.spec.seed) == ("fine_tune", way, own.FIRST)
    assert getattr(run.spec, place) == next(iter(link.values()))


def test_own_pairs_are_answered(open_page: Any) -> None:
    app = open_page("adaptability", text=TEXT, stage=3, solved=PAIRS, sought="ball")
    assert not app.exception and not said(app)
    prompt = "pairs = (kite red) (ball blue) (boat green) (ball"
    expected = weigh(core.load("code-gpt", device="cpu"), prompt, ("red", "blue", "green")).tolist()
    shown = table(app)
    answers = {
        way: shown["probability"][at] for at, way in enumerate(shown["way"]) if shown["study"][at] == "prompt"
        and shown["says of the text"][at] == "answer"
    }  # fmt: skip
    assert answers == pytest.approx(dict(zip(("red", "blue", "green"), expected)))
    run_notebook(app)


@pytest.mark.parametrize(
    ("lines", "sought", "why"),
    [
        ("kite", "", "Line 1 is no pair: write two words"),
        ("a b\na c", "", "Line 2: 'a' has a partner already"),
        ("a b\nc b", "", "at least two pairs with different second words"),
        ("a b\nc d", "x", "'x' is the first word of none of your pairs"),
        ("\n".join(f"k{n} v{n}" for n in range(30)), "", "30 pairs are more than the 24"),
        ("a " + "b" * 50, "", "a word of more than 40 characters"),
        ("<b>x</b> 1\ny 2\nz", "", "Line 3 is no pair"),
    ],
)
def test_own_pairs_that_cannot_be_asked_are_told(lines: str, sought: str, why: str, open_page: Any) -> None:
    app = open_page("adaptability", text=TEXT, stage=3, solved=lines, sought=sought)
    assert not app.exception
    assert why in said(app)
    assert app.session_state["gb"].store["solved"] == lines, "nothing is lost"


def test_the_question_is_answered_by_the_model(open_page: Any) -> None:
    app = open_page("adaptability", text=TEXT, stage=3, lot=2)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    played = rounds("pairs", 1, games.SEED + 2)[0]
    asked = question.told_twice(played, played.questions[2])
    shares = weigh(core.load("code-gpt", device="cpu"), asked.prompt, asked.options)
    assert list(answer.numbers.values()) == pytest.approx(shares.tolist(), abs=1e-5)
    assert asked.prompt.count(asked.prompt.rpartition(" ")[2]) == 3, "told twice, then asked"
    says = asked.options[int(shares.argmax())]
    assert answer.index == (0 if says == asked.first else 1 if says == asked.last else 2)
    run_notebook(app)
    app.button(key="predict.another").click().run()
    assert not app.exception and app.session_state["gb"].store["lot"] == 3


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("front", [1, 4, 16])
def test_the_question_is_what_vectors_in_front_bring(front: int, open_page: Any) -> None:
    app = open_page("adaptability", text=TEXT, front=front)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    found = {
        way: next(place for place in adaptations.curve("prompt", way) if place.at == front)
        for way in ("prompt", "frozen", "full")
    }
    assert answer.numbers == {way: place.interval.mean for way, place in found.items()}
    told = (
        apart(found["prompt"].shares, found["frozen"].shares),
        apart(found["prompt"].shares, found["full"].shares),
    )
    assert ("full", "between", "head")[answer.index] == (
        "full" if told[1] >= 0 else "between" if told[0] > 0 else "head"
    )
    run_notebook(app)
    app.button(key="predict.show").click().run()
    assert not app.exception and app.session_state["gb"].store["stage"] == 2
    app.button(key="predict.another").click().run()
    assert app.session_state["gb"].store["front"] != front and app.session_state["gb"].store["stage"] == -1


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize(
    "link",
    [
        {"stage": 9},
        {"stage": 0, "rank": 128},
        {"stage": 1, "few": 20_000},
        {"stage": 2, "front": 64},
        {"stage": 3, "told": 3},
        {"adapted": "<i>"},
        {"game": "chess"},
    ],
)
def test_the_ends_of_the_dials_work(link: dict[str, Any], open_page: Any) -> None:
    app = open_page("adaptability", text=TEXT, **link)
    assert not app.exception


@pytest.mark.full(reason="takes a second")
def test_the_page_names_the_models_that_it_adapts_and_asks(open_page: Any) -> None:
    for game, model in (("pairs", "code-gpt"), ("list", "tales-gpt")):
        app = open_page("adaptability", text=TEXT, game=game, stage=3)
        told = " ".join(one.value for one in app.caption).replace("\\", "")
        assert f"Nothing is adapted in the prompt: {model} answers." in told
    assert "`tales-bert`" in answer.base_line()


def test_every_finding_says_how_many_runs_are_behind_it() -> None:
    for at in adapting.COUNTS:
        for sentence in answer.findings(at):
            assert f"(n = {len(adapting.SEEDS)}, " in sentence
    for study in adapting.STUDIES:
        assert "n = 3" in " ".join(studies.findings(study))
    rounds = adaptations.recorded()["games"]["pairs"]["rounds"]
    for sentence in games.findings("pairs"):
        assert f"(n = {rounds} rounds, " in sentence


def test_the_controls_are_read_off_the_recorded_runs() -> None:
    told = answer.findings(100)[2]
    mixed = next(one for one in adaptations.shuffled() if one.at == 100)
    scratch = next(one for one in adaptations.curve("examples", "scratch") if one.at == 100)
    assert studies.told(mixed.interval) in told and studies.told(scratch.interval) in told
    assert "the old model helps" in told and "the labels teach" in told
    assert "do not tell" in answer.findings(10)[2], "with 10 examples the seeds tell nothing"
    said = " ".join(games.findings("pairs"))
    assert "it says what the prompt says" in said and "at step 800" in said and "likely, not shown" in said


@pytest.mark.parametrize("game", ["list", "pairs", "kinds"])
def test_a_panel_that_tells_of_another_game_names_it(game: str, open_page: Any) -> None:

    state_of = open_page("adaptability", text=TEXT, game=game)
    assert not state_of.exception
    what = games.Shown(game, games.round_of(game, 0), games.round_of(game, 0).questions[0], 8)  # type: ignore[arg-type]
    told = figure.record(NOBODY, TEXT, what, ([], ""), CHOSEN, ("",))["findings"]["context"]
    assert told[0] == games.findings(game)[0]  # type: ignore[arg-type]
    other = "pairs" if game == "kinds" else "kinds"
    assert told[1].startswith(f"Another game, {games.TITLES[other]}: ")  # type: ignore[index]


def test_an_own_run_has_a_label_with_the_verdict_of_the_recorded_ones() -> None:
    shown = charts.plan({"main": studies.record("examples", [], [])}, "main", None)
    way = shown["series"][0]
    place = way["points"][2]
    shares = sorted(place["shares"])
    assert len(shares) > 2

    def label(value: float, **more: Any) -> str:
        one = {"way": way["key"], "name": "x", "at": place["at"], "value": value, "going": False, **more}
        return charts.own_verdict(one, shown)

    many = f"{len(shares)} recorded runs"
    assert label(shares[-1] + 0.001).endswith(f"above all {many}")
    assert label(shares[0] - 0.001).endswith(f"below all {many}")
    assert label(shares[0]).endswith(f"within the {many}") and label(shares[-1]).endswith(
        f"within the {many}"
    )
    assert label(0.5, going=True) == "yours, 50.0 %, still learning"
    assert label(0.5, at=7) == "yours, 50.0 %: nothing recorded at 7"
    own = {"way": way["key"], "name": "x", "at": place["at"], "value": shares[-1] + 0.01, "going": False}
    drawn = json.dumps(charts.chart({**shown, "own": [own]}).to_dict())
    assert "above all" in drawn and '"field": "label"' in drawn, "the chart itself says it"
