"""The lower half of the Efficiency page as a script: recorded runs, the open model pruned now, own runs, bad input."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from app import runs as run_face
from app.controls import work
from core.analysis.seeds import Interval
from core.efficiency import distilbert, held_out, judging, shrink_lab
from core.efficiency.removal import by_level
from core.efficiency.shrink_lab import LEVELS, LONGER, PARTS
from core.efficiency.shrink_spec import ShrinkSpec
from core.runs import compression_recordings, loading
from core.runs.limits import Limits
from core.runs.worker import here
from core.zoo import load
from pages.efficiency import smaller, smaller_charts
from tests.pages.conftest import OWNER, OpenPage, Runs, notebook

SMALL: dict[str, Any] = {"steps": 3, "batch_tokens": 64, "context": 32, "checkpoints": 2}


def drawn(app: Any) -> dict[str, Any]:
    """What the page gave the lower picture."""
    found: dict[str, Any] = app.session_state["gb"].memos["efficiency.drawn"]
    return found


def work_of(app: Any) -> work.Job:
    """The measuring of the open model."""
    found: work.Job = app.session_state["gb"].memos["work"][smaller.PRUNING]
    return found


@pytest.fixture(autouse=True)
def noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn is remembered with the session: an AppTest sees no component."""
    from app.session import state
    from pages.efficiency import smaller

    record = smaller.record

    def kept(ctx: Any, arms: Any) -> dict[str, Any]:
        found = record(ctx, arms)
        memo = state.memo("efficiency.drawn")
        memo.clear()
        memo.update(found)
        return found

    monkeypatch.setattr(smaller, "record", kept)


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize(("cutting", "levels"), [("magnitude", LEVELS[1:]), ("structured", PARTS)])
def test_the_open_model_is_pruned_beside_the_recorded_curve(
    cutting: Any, levels: tuple[float, ...], open_page: OpenPage
) -> None:
    app = open_page("efficiency", cutting=cutting, removed=40)
    assert not app.exception
    shown = drawn(app)
    assert [one["sparsity"] for one in shown["mine"]] == sorted({*levels, 0.4}) and shown["waits"] == 0
    lm = load("tales-gpt", device="cpu")
    before = judging.reference(lm, judging.yardstick(lm))
    for one, wanted in zip(shown["mine"], by_level(before, cutting, sorted({*levels, 0.4})), strict=True):
        for name in ("rise", "agreement", "numbers", "bytes", "loss"):
            assert one[name] == pytest.approx(wanted[name], abs=1e-5)
    for level, one in zip(compression_recordings.curve(cutting), shown["curves"][cutting], strict=True):
        assert one["before"]["rise"] == level.before["rise"]
        assert one["after"]["rise"]["mean"] == level.spread("rise").mean


@pytest.mark.full(reason="takes a second")
def test_another_share_measures_only_itself(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("efficiency", removed=80)
    asked: list[float] = []
    real = smaller.by_level

    def noting(before: Any, way: Any, levels: Any) -> Any:
        asked.extend(levels)
        return real(before, way, levels)

    monkeypatch.setattr(smaller, "by_level", noting)
    app.slider(key="removed").set_value(35).run()
    assert not app.exception and asked == [0.35]
    assert 0.35 in [one["sparsity"] for one in drawn(app)["mine"]]


@pytest.mark.full(reason="takes 2 s")
def test_what_is_measured_stays_when_the_share_moves(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moved while the curve is measured: nothing is measured twice, and the new share comes next."""
    asked: list[float] = []
    real, further = smaller.by_level, work.go_on

    def noting(before: Any, way: Any, levels: Any) -> Any:
        asked.extend(levels)
        return real(before, way, levels)

    def two(name: str, key: str, *rest: Any, **more: Any) -> None:
        job = work.of(name, key)
        if name != smaller.PRUNING:
            further(name, key, *rest, **more)
        elif job is not None and job.going:
            job.done += itertools.islice(job.steps, 2)

    monkeypatch.setattr(smaller, "by_level", noting)
    monkeypatch.setattr(
        smaller, "pruning_key", lambda ctx, way: f"moved {ctx.model_key} {way}"
    )  # of this test alone
    monkeypatch.setattr(work, "go_on", two)
    app = open_page("efficiency", removed=80)
    assert asked == [0.8, 0.5]
    app.slider(key="removed").set_value(35).run()
    assert not app.exception and asked == [0.8, 0.5, 0.35, 0.7]
    assert {0.5, 0.8} == {one["sparsity"] for one in drawn(app)["mine"]}, (
        "what the run of the page began with"
    )
    monkeypatch.setattr(work, "go_on", further)
    app.run()
    assert sorted(asked) == [0.35, 0.5, 0.7, 0.8, 0.9, 0.95] and drawn(app)["waits"] == 0
    total = work_of(app).total
    assert total == len(asked), "the bar knows of the share that came later"


@pytest.mark.full(reason="takes 2 s")
def test_the_original_is_read_once_for_both_halves(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = judging.reference

    def noting(*given: Any) -> judging.Reference:
        read.append("again")
        return real(*given)

    monkeypatch.setattr(judging, "reference", noting)
    monkeypatch.setattr(
        smaller, "pruning_key", lambda ctx, way: f"once {ctx.model_key} {way}"
    )  # of this test alone
    app = open_page("efficiency", removed=80)
    assert not app.exception and drawn(app)["waits"] == 0 and read == []


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize(("share", "heads"), [(10, 4), (40, 2)])
def test_shares_of_parts_are_told_as_parts(share: int, heads: int, open_page: OpenPage) -> None:
    app = open_page("efficiency", cutting="structured", removed=share)
    found = next(one for one in drawn(app)["mine"] if one["sparsity"] == share / 100)
    assert found["heads"] == [heads, 4] and found["neurons"] == [512 - round(512 * share / 100), 512]


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize(("model", "cutting"), [("tales-bert", "magnitude"), ("tales-t5", "structured")])
def test_other_shapes_are_pruned_too(model: str, cutting: str, open_page: OpenPage) -> None:
    app = open_page("efficiency", model=model, cutting=cutting, removed=50)
    assert not app.exception
    found = next(one for one in drawn(app)["mine"] if one["sparsity"] == 0.5)
    assert found.get("why") or found["rise"] > 0
    assert "numbers" in found, "half of the parts can go"


def test_a_share_that_leaves_nothing_is_told(open_page: OpenPage) -> None:
    app = open_page("efficiency", cutting="structured", removed=95)
    assert not app.exception
    found = next(one for one in drawn(app)["mine"] if one["sparsity"] == 0.95)
    assert found["why"] == "a share of 0.95 would remove all 4 heads: choose a lower one"


@pytest.mark.parametrize(
    "link",
    [
        {"removed": 0, "cutting": "half", "lessons": 0, "softness": 0, "plainly": 2, "shrunk": "grown"},
        {"removed": "nan", "lessons": 10**9, "softness": "inf", "plainly": -1, "shrinks": "nobody's"},
    ],
)
def test_links_of_what_cannot_be(link: dict[str, Any], open_page: OpenPage) -> None:
    app = open_page("efficiency", **link)
    assert not app.exception and drawn(app)["mine"]


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(("cutting", "removed"), [("magnitude", 70), ("structured", 95)])
def test_the_notebook_prunes_again(cutting: str, removed: int, open_page: OpenPage) -> None:
    app = open_page("efficiency", cutting=cutting, removed=removed)
    (pruning,) = [cell for cell in notebook(app).cells if "by_level" in cell.source]
    names = {"lm": load("tales-gpt", device="cpu"), "is_changed": lambda: False}
    exec(compile(pruning.source, "cell", "exec"), names)
    assert f"by_level(before, '{cutting}', [{removed / 100}])" in pruning.source
    what = "the blocks’ weights, the smallest first" if cutting == "magnitude" else "rounded to whole ones"
    assert what in pruning.source


def done(runs: Runs, group: str, **changes: Any) -> str:
    """A run of a moment, over."""
    return here(
        runs.store,
        ShrinkSpec(**{**SMALL, "seed": smaller.FIRST_SEED, **changes}),
        OWNER,
        name="Mine",
        group=group,
    ).id


@pytest.mark.full(reason="takes 6 s")
def test_own_runs_are_measured_and_stand_on_the_charts(runs: Runs, open_page: OpenPage) -> None:
    ways = ("alone", "distilled", "magnitude", "structured")
    ids = {way: done(runs, "own", way=way, sparsity=0.5) for way in ways}
    app = open_page("efficiency", shrinks="own")
    assert not app.exception
    shown = {one["way"]: one for one in drawn(app)["own"]}
    base = load("tales-gpt", device="cpu")
    before = held_out.beside(base)
    half = base.n_parameters - round(0.5 * 4 * 12 * 128 * 128)
    for way, id in ids.items():
        one, lm = shown[way], loading.load(runs.store, id)
        wanted = judging.judge(before, lm, timed=False)
        assert (one["id"], one["student"]) == (id, way in ("alone", "distilled"))
        assert one["end"]["loss"] == pytest.approx(wanted.loss, abs=1e-4)
        assert one["end"]["agreement"] == pytest.approx(wanted.agreement, abs=1e-4)
        assert one["end"]["numbers"] == (half if way == "magnitude" else lm.n_parameters)
        assert one["usual"] and len(one["short"]) <= 20 and "tales-gpt" not in one["name"]
    assert (shown["structured"]["end"]["heads"], shown["structured"]["end"]["neurons"]) == (
        [2, 4],
        [256, 512],
    )
    assert shown["alone"]["short"] == "yours: alone, 3" and shown["magnitude"]["short"] == "yours: −50%, 3"
    app.button(key="efficiency.back").click().run()
    assert drawn(app)["own"] == []


def test_an_own_pruned_run_is_labelled_by_its_place_among_the_recorded_ones() -> None:
    level = compression_recordings.curve("magnitude")[1]
    data = {"cut": "magnitude", "curves": {"magnitude": [smaller._level(level)]}}
    values = sorted(one["rise"] for one in level.after)
    assert len(values) > 1

    def label(value: float, sparsity: float = level.sparsity) -> str:
        return smaller_charts.own_verdict(
            {"name": "Mine", "sparsity": sparsity, "end": {"rise": value}}, data, "rise"
        )

    assert label(values[-1] + 1e-4) == f"yours: Mine, above all {len(values)} recorded"
    assert label(values[0] - 1e-4) == f"yours: Mine, below all {len(values)} recorded"
    assert label(values[0]) == label(values[-1]) == f"yours: Mine, within the {len(values)} recorded"
    assert label(1.0, 0.123) == "yours: Mine"


def test_pressing_train_queues_what_is_set(queue: Runs, open_page: OpenPage) -> None:
    app = open_page("efficiency", shrunk="distilled", softness=2, plainly=0.3, lessons=50)
    app.button(key="efficiency.train").click().run()
    (run,) = queue.store.list(OWNER, kind="shrink")
    spec = run.spec
    assert (spec.way, spec.temperature, spec.hard, spec.steps, spec.seed) == (
        "distilled",
        2.0,
        0.3,
        50,
        smaller.FIRST_SEED,
    )
    assert not app.exception and drawn(app)["own"][0]["going"]
    app.button(key="efficiency.stop").click().run()
    assert queue.store.get(run.id).control == "stop"


@pytest.mark.full(reason="takes a second")
def test_a_pruned_run_takes_the_share_that_is_shown(queue: Runs, open_page: OpenPage) -> None:
    app = open_page("efficiency", shrunk="pruned", cutting="structured", removed=50, lessons=20)
    app.button(key="efficiency.train").click().run()
    (run,) = queue.store.list(OWNER, kind="shrink")
    assert (run.spec.way, run.spec.sparsity, run.spec.rate) == ("structured", 0.5, 0.04)


@pytest.mark.full(reason="takes 2 s")
def test_a_model_that_cannot_be_trained_on_gives_way_to_tales_gpt(queue: Runs, open_page: OpenPage) -> None:
    for model, why in (
        ("tales-bert", "says no next tokens"),
        ("austen-gpt", "was trained on is not at hand"),
    ):
        app = open_page("efficiency", model=model)
        assert not app.exception
        assert why in " ".join(one.value for one in app.caption)


@pytest.mark.full(reason="takes more than a second")
def test_an_own_model_is_the_base(runs: Runs, open_page: OpenPage) -> None:
    base = runs.ready()
    app = open_page("efficiency", model=f"run:{base.id}", shrunk="pruned", removed=50, lessons=10)
    assert not app.exception and drawn(app)["mine"]
    assert any(one.value.startswith("Begins with the open run") for one in app.caption)


class TestWords:
    """What the recorded runs say follows from their numbers."""

    def test_of_the_recorded_ones(self) -> None:
        alone, taught, longer = (
            compression_recordings.arm("alone"),
            compression_recordings.arm("distilled"),
            compression_recordings.arm("alone", LONGER),
        )
        gain = compression_recordings.gain(alone, taught)
        first, how, second = smaller_charts.students_text(alone, taught, longer)
        assert f"{gain.mean:.2f} nats ({gain.low:.2f} to {gain.high:.2f})" in first
        assert ("do not tell" in first) == (gain.low <= 0 <= gain.high)
        assert f"{longer.steps:,} steps" in second
        spec = compression_recordings.result(shrink_lab.student("distilled"))["spec"]
        wanted = ShrinkSpec.from_dict(spec)
        settings = f"(T = {wanted.temperature:g}, share of the plain loss 0)"
        assert how == f"Taught: it learns the teacher’s distribution alone {settings}."

    def test_of_a_teacher_beside_the_tokens(self) -> None:
        mixed = smaller_charts._teaching(ShrinkSpec(temperature=2, hard=0.3))
        assert mixed == (
            "it learns the teacher’s distribution and the tokens that came (T = 2, share of the plain loss 0.3)"
        )

    @pytest.mark.parametrize(
        ("speed", "words"),
        [
            ((1.1, 1.32, 1.4), "1.3 times as fast"),
            ((0.9, 1.32, 1.4), "as fast, as far as its rounds tell"),
            ((0.6, 0.7, 0.9), "0.7 times as fast"),
        ],
    )
    def test_a_speed_only_where_the_rounds_tell(self, speed: Any, words: str) -> None:
        assert smaller_charts._fast(speed) == words
        assert smaller._speed(speed) == (None if words.startswith("as fast") else speed[1])

    def test_whose_weights_are_smallest_and_who_counted(self) -> None:
        first, *_ = smaller_charts.pruning_text(
            compression_recordings.curve("magnitude"), compression_recordings.curve("structured")
        )
        assert first.startswith("tales-gpt without 50% of its blocks’ weights, the smallest first: ")
        (published,) = smaller_charts.distilbert_text()
        assert "has 60% of its weights" in published and distilbert.STUDENT.size.note in published
        assert "Counted here, DistilBERT has 67.0M weights." in published

    @pytest.mark.parametrize(
        ("gain", "words", "later"),
        [
            (Interval(0.2, 0.1, 0.3, 3), "0.20 nats (0.10 to 0.30) lower than alone", "still 0.20 nats"),
            (
                Interval(-0.2, -0.3, -0.1, 3),
                "higher than alone: the teacher does harm",
                "below the taught one",
            ),
            (Interval(0.0, -0.1, 0.1, 3), "do not tell from nothing", "as far as 3 seeds tell"),
        ],
    )
    def test_of_any_sign(self, gain: Interval, words: str, later: str) -> None:
        assert words in smaller_charts._lower(gain) and later in smaller_charts._against(gain)


def test_a_refusal_stands_in_front_of_the_popover_and_goes_with_its_settings(
    open_page: Any, queue: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One minute, so that no processor is fast enough for 20,000 steps.
    monkeypatch.setattr(run_face.engine(), "limits", Limits(minutes=1))
    app = open_page("efficiency", lessons=20_000)
    told = " ".join(box.value for box in app.warning).replace("\\", "")
    assert app.button(key="efficiency.train").disabled, "more than this server allows"
    assert "choose fewer steps. The settings stand under “Train your own”." in told and "batch" not in told
    app.number_input(key="lessons").set_value(20).run()
    assert not app.warning
    memo = app.session_state["gb"].memos.setdefault("efficiency.start", {})
    memo.update(why="There is no room for it.", of="settings of before")
    app.run()
    assert not app.warning, "what was refused was another run"
