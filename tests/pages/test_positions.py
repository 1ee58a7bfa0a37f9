"""The Positions page as a script: every kind on every shape of model, against `core`; its question, its notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core
from app import models
from core.analysis.positions.distance_bias import distance_bias
from core.analysis.positions.extrapolation import EVERY, STEPS, extrapolation, recorded
from core.analysis.positions.rotation import turning
from core.analysis.positions.shuffle import shuffle
from core.zoo import load
from pages.positions import extrapolation as lower_picture
from pages.positions import figure
from pages.positions.kinds import SPAN, Where, pairs_of, places, see
from pages.positions.order import see_order
from tests.pages.conftest import OpenPage, random_model, run_notebook

TEXT = "Once upon a time, Lily saw a"
KINDS = tuple(figure.TITLES)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models with positions that the shared fixture has none of, and one of an odd width."""
    root = tmp_path_factory.mktemp("positions")
    random_model(root / "alibi", seed=4, position="alibi")
    random_model(root / "sine", seed=5, position="sinusoidal", shape="encoder")
    random_model(root / "bare", seed=6, position="none")
    random_model(root / "odd", seed=7, d_model=27, n_heads=3)
    random_model(root / "pair", seed=8, shape="encoder-decoder", n_layers=2, position="relative", norm="rms")
    for name in ("alibi", "sine", "bare", "odd", "pair"):
        load(root / name)
    return root


@pytest.fixture
def shaped(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """These models are configured while the test runs."""
    monkeypatch.setenv("GLASSBOX_MODELS", str(shapes))
    return shapes


def lines(app: Any, what: str) -> list[tuple[Any, ...]]:
    """The lines of a kind in the picture's table: (of, number, value, second value)."""
    table = app.session_state["gb"].memos["takeaway"]["table"]()
    return [line[1:] for line in zip(*table.values()) if line[0] == what]


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.usefixtures("shaped")
@pytest.mark.parametrize("model", ["tales-gpt", "./alibi", "./sine", "./bare", "./odd", "./pair"])
def test_every_kind_on_every_model_with_its_notebook(model: str, open_page: OpenPage) -> None:
    for kind in KINDS:
        link = {"text": "a"} if kind == "none" else {"text": TEXT, "begins": 3}
        app = open_page("positions", model=model, kind=kind, stack="decoder", target="The fox", **link)
        assert not app.exception and not app.error and not app.info, kind
        assert app.session_state["gb"].store["model"] == model
        run_notebook(app)


@pytest.mark.usefixtures("other_model")
@pytest.mark.parametrize(
    ("model", "own"), [("tales-gpt", "rotary"), ("./other", "learned"), ("./pair", "relative")]
)
def test_a_models_own_kind_stands_first_and_is_marked(model: str, own: str, open_page: OpenPage) -> None:
    app = open_page("positions", kind="own", model=model, text="The cat")
    control = app.segmented_control(key="kind")
    assert control.value == own
    assert [name for name in control.options if name.endswith("own")] == [f"{figure.TITLES[own]} · own"]  # type: ignore[index]
    control.set_value("alibi").run()
    assert app.session_state["gb"].store["kind"] == "alibi"
    app.segmented_control(key="kind").set_value(own).run()
    assert app.session_state["gb"].store["kind"] == "own", "a link follows the model"


def test_rotary_numbers_are_the_models(open_page: OpenPage) -> None:
    lm = core.load("tales-gpt")
    trace = lm.trace(TEXT)
    q, k = (trace[f"blocks.1.attn.hook_rot_{side}"][:, 3].double() for side in "qk")
    scores = (q @ k.T).numpy()
    for begins in (0, 40):
        app = open_page("positions", kind="own", text=TEXT, block=1, head=3, row=5, col=2, begins=begins)
        shown = [value for _, _, value, _ in lines(app, "q · k")]
        np.testing.assert_allclose(shown, scores[5], rtol=1e-4, atol=2e-3)
        pairs = [value for _, _, value, _ in lines(app, "product of a pair of numbers")]
        assert sum(pairs) == pytest.approx(scores[5, 2], abs=2e-3)
        run_notebook(app)
    found = turning(lm, TEXT, 1, 3)
    shifted = found.begun_at(40)
    np.testing.assert_allclose(shifted.scores, found.scores, atol=1e-4)
    assert np.abs(shifted.turned_query - found.turned_query).max() > 0.1, (
        "the arrows turn, their products stay"
    )


@pytest.mark.usefixtures("other_model")
def test_a_learned_table_is_the_models_and_ends(open_page: OpenPage) -> None:
    lm = core.load(models.resolve("./other").target)
    weights = lm.transformer.get_submodule("pos_embed").W_pos.detach().double().numpy()  # type: ignore[operator, union-attr]
    app = open_page("positions", kind="own", model="./other", text="The cat", begins=10)
    shown = lines(app, "position vector")
    assert shown
    for at, column, value, _ in shown:
        assert value == pytest.approx(weights[int(at), column], abs=1e-5)
    text = "The cat and the dog"
    seen = see(lm, text, None, "learned", Where(None, 0, 0), 62)
    last = 62 + len(seen.ids) - 1
    assert seen.notes == (f"The table ends: position {last} is not one of 0 to 63, 63 is shown.",)
    assert seen.waves is not None
    np.testing.assert_allclose(seen.waves[seen.rows[-1]], weights[63, list(seen.columns)], atol=1e-5)
    app = open_page("positions", kind="own", model="./other", text=text, begins=4096)
    assert not app.exception
    run_notebook(app)


def test_places_slide_along_and_stop_at_the_tables_end() -> None:
    window, rows, notes = places(5, 4, None)
    assert (window.start, rows, notes) == (5, (0, 1, 2, 3), ())
    window, rows, notes = places(0, 4, 64)
    assert (window, rows, notes) == (range(64), (0, 1, 2, 3), ())
    window, rows, notes = places(98, 4, 100)
    assert (window, rows) == (range(36, 100), (62, 63, 63, 63))
    assert "position 101 is not one of 0 to 99, 99 is shown" in notes[0]
    assert places(3, 5, 2)[1] == (1, 1, 1, 1, 1)


def test_of_a_wide_table_whole_pairs_are_shown() -> None:
    columns = pairs_of(768)
    assert len(columns) == 128 and columns[0] == 0 and columns[-1] == 767
    assert all(a + 1 == b and a % 2 == 0 for a, b in zip(columns[::2], columns[1::2]))
    assert pairs_of(27) == list(range(27))


@pytest.mark.usefixtures("shaped")
def test_biases_are_the_models_own_and_the_formulas() -> None:
    lm = core.load(models.resolve("./pair").target)
    for stack in ("encoder", "decoder"):
        seen = see(lm, "The cat", "A dog", "relative", Where(stack, 0, 1), 0)  # type: ignore[arg-type]
        assert seen.bias is not None and seen.scores is not None
        found = distance_bias(lm, SPAN, stack)  # type: ignore[arg-type]
        np.testing.assert_array_equal(seen.bias.values, found.values)
        assert seen.causal == (stack == "decoder")
    formula = see(core.load("tales-gpt"), TEXT, None, "alibi", Where(None, 0, 0), 0)
    assert formula.source == "formula" and formula.bias is not None and formula.bias.slopes is not None
    np.testing.assert_allclose(formula.bias.slopes, [2.0 ** (-2 * h) for h in (1, 2, 3, 4)])
    tiny = see(core.load("tales-gpt"), TEXT, None, "relative", Where(None, 0, 0), 0)
    assert tiny.source == "tiny" and tiny.scores is None


@pytest.mark.usefixtures("shaped")
@pytest.mark.parametrize(("model", "ways"), [("tales-gpt", 3), ("./bare", 2), ("./sine", 2), ("./pair", 2)])
def test_the_other_order_is_read_in_every_way(model: str, ways: int, open_page: OpenPage) -> None:
    lm = core.load(models.resolve(model).target)
    target = "A dog" if model == "./pair" else None
    order = see_order(lm, TEXT, target, 5)
    again = shuffle(lm, TEXT, seed=5, target=target, keep_last=order.kept)
    assert order.found.order == again.order and len(order.found.ways) == ways
    for way, whole in zip(order.found.ways, again.ways):
        assert order.pair(way) == (
            float(whole.before[order.row, order.token]),
            float(whole.after[order.row, order.token]),
        )
    assert order.found.ways[-1].same and not order.found.ways[0].same
    app = open_page("positions", kind="own", model=model, text=TEXT, target="A dog", draw=5)
    shown = [value for _, _, value, _ in lines(app, "other order, as it is: change")]
    np.testing.assert_allclose(shown, order.found.ways[0].change, rtol=1e-4, atol=1e-6)


def test_orders_differ_and_two_tokens_have_one_other() -> None:
    lm = core.load("tales-gpt")
    assert see_order(lm, TEXT, None, 0).found.order != see_order(lm, TEXT, None, 1).found.order
    assert not see_order(lm, "", None, 0).shuffles
    assert not see_order(lm, "A", None, 0).shuffles
    two = see_order(lm, "A red", None, 0)  # if the last one stayed, there would be nothing to shuffle
    assert two.found.order == (0, 2, 1) and not two.kept


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("link", [{}, {"draw": 3}, {"text": "the"}, {"model": "./sine"}, {"model": "./bare"}])
@pytest.mark.usefixtures("shaped")
def test_the_answer_is_the_models_in_an_order_not_shown(link: dict[str, Any], open_page: OpenPage) -> None:
    link = {"text": TEXT, "model": "tales-gpt"} | link
    app = open_page("positions", **link)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    lm = core.load(models.resolve(link["model"]).target)
    seed = link.get("draw", 0)
    order = see_order(lm, link["text"], None, seed)
    other = shuffle(lm, link["text"], seed=seed + 1, keep_last=order.kept)
    moved = {one.way: float(one.change.mean()) for one in other.ways}
    assert answer.numbers["moved"] == pytest.approx(moved["as it is"], abs=1e-6)
    if "without positions" in moved:
        with_them, plain = moved["as it is"], moved["without positions"]
        assert answer.numbers["without"] == pytest.approx(plain, abs=1e-6)
        near = max(with_them, plain) < 1e-4 or abs(with_them - plain) <= 0.1 * max(with_them, plain)
        assert answer.index == (2 if near else 0 if with_them > plain else 1)
    else:
        assert link["model"] == "./bare" and answer.index in (0, 1)
    run_notebook(app)


def test_the_shift_holds_for_sines_alone() -> None:
    lm = core.load("tales-gpt")
    for by in (1, 5, 60):
        sine, learned = lower_picture.held(lm, None, by, 9)
        assert sine.found.error < 1e-11 < 0.1 < learned.found.error
        assert sine.found.rows == lower_picture.ROWS - by
        np.testing.assert_allclose(sine.moved, sine.after, atol=1e-11)
    assert lower_picture.held(lm, None, 5, 10_000)[0].at == lower_picture.ROWS - 5 - 1


@pytest.mark.usefixtures("shaped")
def test_the_learned_table_that_is_shifted_is_the_open_models() -> None:
    lm = core.load(models.resolve("./odd").target)  # 27 numbers: the last has no partner
    assert [one.name for one in lower_picture.held(lm, None, 5, 0)] == [
        "sinusoidal, 28 wide",
        "learned, a tiny model",
    ]


def test_the_charts_are_those_recorded() -> None:
    for chart in lower_picture.charts("rotary"):
        runs = recorded(chart["task"])
        assert [one["kind"] for one in chart["kinds"]] == [run.kind for run in runs]
        for one, run in zip(chart["kinds"], runs):
            shares = np.array(run.exact)
            np.testing.assert_allclose(one["mean"], shares.mean(0))
            np.testing.assert_allclose(one["span"], np.stack([shares.min(0), shares.max(0)], 1))
        rotary = next(run for run in runs if run.kind == "rotary")
        assert [answer[3] for answer in chart["answers"]] == [answer.said for answer in rotary.answers]


@pytest.mark.full(reason="takes 16 s")
@pytest.mark.parametrize("begins", ["-1", "5000", "x"])
def test_a_link_with_a_position_that_cannot_be_says_so(begins: str, open_page: OpenPage) -> None:
    app = open_page("positions", kind="own", begins=begins)
    assert not app.exception
    assert f"begins={begins}" in app.info[0].value.replace("\\", "").replace("\u2060", "")
    assert app.session_state["gb"].store["begins"] == 0


@pytest.mark.full(reason="takes 3 s")
def test_a_tiny_model_is_trained_on_the_page(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEPS, "reverse", 2 * EVERY)
    app = open_page("positions", text=TEXT, kind="alibi", task="reverse")
    (train,) = [button for button in app.button if button.label == "Train ALiBi now"]
    train.click().run()
    assert not app.exception
    job = app.session_state["gb"].memos["work"][lower_picture.JOB]
    *_, expected = extrapolation(["alibi"], "reverse", seed=lower_picture.SEED)
    assert [report.step for report in job.done] == [EVERY, 2 * EVERY]
    assert job.done[-1].exact == expected.exact and job.done[-1].loss == expected.loss
    assert lower_picture.told(job.done[-1])["answers"][0][2] == expected.answers[0].right
    app.segmented_control(key="kind").set_value("none").run()
    assert [button.label for button in app.button if button.label.startswith("Train")] == ["Train None now"]
