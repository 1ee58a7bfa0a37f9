"""The Compute page as a script: its numbers against core, presets, impossible sizes, measuring, its question."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.models import cache
from core.costs import parameters, row_flops
from core.costs.memory import held, training_memory, using_memory
from core.costs.sized import resized
from core.families.presets import PRESETS
from core.training.measuring import STEPS
from pages.compute.figure import stops
from tests.pages.conftest import OpenPage, run_notebook

TEXT = "Once upon a time, Lily saw a"


def table(app: AppTest) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def pictured(app: AppTest, key: str) -> dict[str, Any]:
    """The data of the picture that has this."""
    found = [json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.json]
    data: dict[str, Any] = next(data for data in found if key in data)
    return data


def value(shown: dict[str, list[Any]], what: str, of: str, column: str) -> Any:
    """The one number of a line."""
    (found,) = [
        number for a, b, number in zip(shown["what"], shown["of"], shown[column]) if (a, b) == (what, of)
    ]
    return found


@pytest.mark.parametrize("model", ["tales-gpt", "./other", "./both", "./pair"])
@pytest.mark.usefixtures("other_model")
def test_the_open_models_numbers_are_those_of_its_modules(model: str, open_page: OpenPage) -> None:
    app = open_page("compute", model=model, text=TEXT, together=3)
    assert not app.exception and not app.error and not app.info and not app.warning
    lm = core.load(models.resolve(model).target)
    length = len(lm.trace(TEXT).ids)
    shown = table(app)
    assert value(shown, "part", "all", "weights") == sum(one.numel() for one in lm.transformer.parameters())
    assert value(shown, "part", "all", "operations") == 3 * row_flops(lm.config, length, length)
    assert value(shown, "training", "all", "bytes") == held(training_memory(lm.config, length), 3)
    assert value(shown, "use", "all", "bytes") == held(using_memory(lm.config, length), 3)
    assert shown["what"].count("kept up to the token") == length
    assert ("writing" in shown["what"]) == (model != "./both")
    run_notebook(app)


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=2)
@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_is_counted_over_its_whole_context(key: str, open_page: OpenPage) -> None:
    app = open_page("compute", costed=key, floats="bf16", card="a100")
    assert not app.exception and not app.error and not app.info
    config = PRESETS[key].config
    shown = table(app)
    assert value(shown, "part", "all", "weights") == parameters(config)
    assert value(shown, "part", "all", "operations") == row_flops(config, config.n_ctx, config.n_ctx)
    run_notebook(app)
    app.button(key="take.table").click().run()  # numbers beyond 64 bits among its columns
    assert not app.exception
    (drawn,) = app.dataframe
    assert drawn.value["weights"][len(shown["weights"]) - len(PRESETS)] == PRESETS["gpt2"].size.parameters


def test_gpt2_to_the_digit(open_page: OpenPage) -> None:
    assert value(table(open_page("compute", costed="gpt2")), "part", "all", "weights") == 124_439_808


def test_ten_trillion_weights_and_a_million_texts_are_only_numbers(open_page: OpenPage) -> None:
    app = open_page(
        "compute", costed="gpt2", stacked=1000, wide=30_000, queries=300, together=1_048_576, long=1_048_576
    )
    assert not app.exception and not app.error and not app.warning
    huge = resized(PRESETS["gpt2"].config, n_layers=1000, d_model=30_000, n_heads=300)
    assert value(table(app), "part", "all", "weights") == parameters(huge) > 10**13
    assert value(table(app), "training fits", "texts of this length", "bytes") == 0
    run_notebook(app)


def test_sizes_that_make_no_model_are_explained_and_kept(open_page: OpenPage) -> None:
    app = open_page("compute", costed="gpt2", wide=100, queries=3)
    assert not app.exception and not app.error
    (said,) = [box.value.replace("\\", "") for box in app.warning]
    assert "These sizes make no model: a width of 100 does not divide into 3 heads" in said
    assert "99 or 102" in said and "GPT-2 small as it is" in said
    assert value(table(app), "part", "all", "weights") == 124_439_808
    kept = app.session_state["gb"].store
    assert (kept["wide"], kept["queries"]) == (100, 3)
    run_notebook(app)
    app.session_state["gb-compute-sizes"] = True
    app.run()
    app.number_input(key="wide.gpt2").set_value(102).run()
    assert not app.warning and not app.exception
    assert value(table(app), "part", "all", "weights") == parameters(
        resized(PRESETS["gpt2"].config, d_model=102, n_heads=3)
    )
    app.button(key="compute.sizes").click().run()
    assert value(table(app), "part", "all", "weights") == 124_439_808


def test_another_configuration_begins_with_its_own_sizes(open_page: OpenPage) -> None:
    app = open_page("compute", costed="gpt2", stacked=3, long=7)
    app.selectbox(key="costed").set_value("bert-base").run()
    assert not app.exception
    kept = app.session_state["gb"].store
    assert (kept["costed"], kept["stacked"], kept["long"]) == ("bert-base", -1, -1)
    assert value(table(app), "part", "all", "weights") == parameters(PRESETS["bert-base"].config)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    "link", [{}, {"costed": "gpt3", "floats": "bf16"}, {"together": 4096}, {"costed": "bert-base"}]
)
def test_the_answer_is_the_formulas(link: dict[str, Any], open_page: OpenPage) -> None:
    app = open_page("compute", text=TEXT, **link)
    app.session_state["predict.choice"] = 1
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    key = link.get("costed")
    config = PRESETS[key].config if key else core.load("tales-gpt").config
    length = config.n_ctx if key else len(core.load("tales-gpt").trace(TEXT).ids)
    batch, precision = link.get("together", 1), link.get("floats", "fp32")
    kinds = {kind.name: kind.bytes(8 * batch) for kind in training_memory(config, length, precision)}
    assert answer.numbers == {f"bytes of {name}": value for name, value in kinds.items()}
    parts = [kinds["gradients"] + kinds["optimizer"], kinds["activations"], kinds["weights"]]
    assert parts[answer.index] == max(parts)
    app.button(key="predict.show").click().run()
    assert not app.exception and value(table(app), "training", "all", "bytes") == sum(kinds.values())
    run_notebook(app)


@pytest.mark.full(reason="takes more than a second")
def test_another_training_is_asked_about(open_page: OpenPage) -> None:
    app = open_page("compute", text=TEXT, costed="gpt2", wide=120)
    seen = set()
    for _ in range(7):
        app.session_state["predict.choice"] = 0
        app.run()
        app.button(key="predict.commit").click().run()
        seen.add(app.session_state["gb"].memos["predict"]["answer"].index)
        app.button(key="predict.another").click().run()
        assert not app.exception and not app.warning
        assert app.session_state["gb"].store["wide"] == -1, "a configuration begins with its own sizes"
    assert seen >= {0, 1}, "now the one takes most, now the other"


@pytest.mark.full(reason="takes a second")
def test_it_is_measured_when_asked_and_equals_the_formula(open_page: OpenPage) -> None:
    app = open_page("compute", text="Once upon a time there was", together=2)
    assert "measured here" not in table(app)["what"]
    app.button(key="work.compute").click().run()
    assert not app.exception
    shown = table(app)
    found = {
        b: n for a, b, n in zip(shown["what"], shown["of"], shown["share or rate"]) if a == "measured here"
    }
    assert set(found) == set(STEPS)
    lm = core.load("tales-gpt")
    length = len(lm.trace("Once upon a time there was").ids)
    for kind in training_memory(lm.config, length):
        assert found[kind.name] == kind.bytes(2)
    assert any(str(name).startswith(f"compute {lm.config}") for name in cache._small.names())
    assert not any(str(name).startswith("compute ") for name in cache._results.names())
    run_notebook(app)


def test_a_published_model_is_not_measured(open_page: OpenPage) -> None:
    app = open_page("compute", costed="gpt3")
    assert not [one for one in app.button if one.key == "work.compute"]
    assert any("choose tales" in one.value.replace("\\", "").replace("\u2060", "") for one in app.caption)


def test_the_dials_of_a_training_are_heard(open_page: OpenPage) -> None:
    app = open_page(
        "compute", costed="llama2-7b", floats="bf16", card="a100", billions=2000, reached=0.5, cards=1000
    )
    assert not app.exception
    shown = table(app)
    operations = value(shown, "whole training", "operations on 2,000,000,000,000 tokens", "operations")
    hours, energy = (
        value(shown, "whole training", name, "share or rate") for name in ("hours of one card", "kWh")
    )
    config = PRESETS["llama2-7b"].config
    assert operations == pytest.approx(3 * row_flops(config, 4096, 4096) / 4096 * 2e12)
    assert hours == pytest.approx(operations / 312e12 / 0.5 / 3600) and energy == pytest.approx(hours * 0.4)
    app.number_input(key="billions").set_value(1000.0).run()
    app.slider(key="reached").set_value(0.25).run()
    app.number_input(key="cards").set_value(2000).run()
    assert app.session_state["gb"].store["cards"] == 2000 and not app.exception
    shown = table(app)
    half = value(shown, "whole training", "operations on 1,000,000,000,000 tokens", "operations")
    assert half == pytest.approx(operations / 2)
    assert value(shown, "whole training", "hours of one card", "share or rate") == pytest.approx(hours)
    app.number_input(key="teraflops").set_value(156.0).run()
    assert value(table(app), "whole training", "hours of one card", "share or rate") == pytest.approx(
        2 * hours
    )


def test_the_sliders_stop_everywhere_that_was_asked_for() -> None:
    found = stops(7, 1000)
    assert found == sorted(set(found)) and {1, 2, 3, 7, 1000, 2**20} <= set(found)
    assert max(found) == 2**20 and len(found) < 50


def test_a_model_with_learned_positions_reads_no_text_of_any_length(open_page: Any) -> None:
    for key, longest in (("bert-base", 512), ("llama2-7b", None)):
        shown = pictured(open_page("compute", costed=key, together=1), "fits")
        told = " ".join(line for one in shown["steps"] if one["focus"] == "fits" for line in one["lines"])
        assert shown["fits"]["longest"] == longest
        assert ("of all 512 tokens that it can read" in told) == (longest == 512)
        assert longest is None or "any length" not in told


def test_the_hours_of_a_training_say_what_the_roofline_allows(open_page: Any) -> None:
    app = open_page(
        "compute", costed="bert-base", card="a100", floats="bf16", together=1, long=8, reached=0.4
    )
    roof = pictured(app, "training")["training"]["roof"]
    assert roof["share"] < 0.4 and roof["enough"] > 1
    more = open_page(
        "compute",
        costed="bert-base",
        card="a100",
        floats="bf16",
        together=roof["enough"],
        long=8,
        reached=0.4,
    )
    assert pictured(more, "training")["training"]["roof"]["share"] >= 0.4
    one = roof["enough"] - 1
    less = open_page(
        "compute", costed="bert-base", card="a100", floats="bf16", together=one, long=8, reached=0.4
    )
    assert pictured(less, "training")["training"]["roof"]["share"] < 0.4
