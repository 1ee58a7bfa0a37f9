"""Pictures outside of the app: what is written is safe, whole and told apart from what does not fit."""

from __future__ import annotations

import base64
import copy
import html
import json
import re
import subprocess
import sys
import warnings
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import altair as alt
import numpy as np
import pytest
import torch

import core
from app import show
from app.charts import described
from app.kit import modules
from app.kit.figures import Argument, Asked, Figure, not_numbers
from app.kit.packing import narrowed, pack, unpack
from app.outside import browsers, documents, rendering, standalone
from app.session.fields import BY_KEY, DEFAULT_TEXT
from tests.pictures import ALONE, SHOWN, draw, figure, without_times
from tests.processes import alive
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
TEXT = "A red ball was lost. She found the red"
HOSTILE = '</script><img src=x onerror=alert(1)> <!-- \u2028\u2029 "&amp; <b>'
SHORT = "</script><i>\u2028&lt;"  # the smallest picture holds 24 tokens


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    return core.load("tales-gpt")


def carried(document: str) -> Any:
    """The data of a document's first picture, as its script reads them."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', document, re.S)
    assert found is not None
    return json.loads(found[1])[0][0]["data"]


def written(picture: documents.Picture) -> Any:
    """The data that its file must carry, as JSON."""
    return json.loads(json.dumps(narrowed(picture.data, picture._drawing.figure.digits)))


def test_every_figure_of_a_page_is_a_function_of_its_name() -> None:
    with_figure = {
        path.parent.name
        for path in (ROOT / "pages").glob("*/export.py")
        if re.search(r"^FIGURE\b", path.read_text(encoding="utf-8"), re.M)
    }
    assert set(SHOWN) == with_figure
    assert {"home", "attention", "multi_head"} <= with_figure


@pytest.mark.parametrize("name", SHOWN)
def test_arguments_are_words_of_declared_fields(name: str) -> None:
    one = figure(name)
    words = [argument.word for argument in one.arguments]
    assert one.name == name
    assert len(set(words)) == len(words)
    assert all(argument.key in BY_KEY for argument in one.arguments)
    assert not {"lm", "text", "target", "theme", "live"} & set(words)
    told = getattr(show, name).__doc__
    assert all(f"    {word}: " in told for word in words)


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("model", ["tales-gpt", "tales-bert", "tales-t5"])
def test_a_picture_has_sentence_table_and_file(name: str, model: str, tmp_path: Path) -> None:
    picture = draw(name, core.load(model), "Once upon a time")
    assert model in picture.sentence or not figure(name).model
    assert picture.sentence
    lengths = {len(column) for column in picture.table.values()}
    assert len(lengths) == 1
    assert lengths.pop() > 0
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert picture.sentence in bundle["text/plain"]
    assert html.escape(picture.sentence) in bundle["text/html"]
    assert "<table>" in bundle["text/html"]
    there = picture.save(tmp_path / "picture.html")
    assert carried(there.read_text(encoding="utf-8")) == written(picture)


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=5)
@pytest.mark.parametrize("name", SHOWN)
def test_the_call_of_a_notebook_draws_the_same_picture(name: str, lm: core.LanguageModel) -> None:
    arguments = {"layer": 1, "head": 3, "row": 4}
    known = [argument.word for argument in figure(name).arguments]
    picture = draw(name, lm, TEXT, **{word: arguments[word] for word in arguments if word in known})
    again = eval(picture._drawing.call, {"show": show, "lm": lm})  # noqa: S307  # as a notebook runs it
    assert without_times(again.data) == without_times(picture.data)


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_no_argument_is_named(name: str, lm: core.LanguageModel) -> None:
    with pytest.raises(TypeError, match=rf"show\.{name} takes no 'layr'; it takes "):
        draw(name, lm, TEXT, layr=3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"layer": 9}, "layer=9 is more than this model and text have (3)."),
        ({"layer": -1}, "layer=-1 is not between 0 and 999."),
        ({"layer": 1.5}, "layer=1.5 is not a whole number."),
        ({"layer": True}, "layer=True is not a whole number."),
        ({"head": 4}, "head=4 is more than this model and text have (3)."),
        ({"row": 11}, "row=11 is more than this model and text have (10)."),
        ({"col": 11}, "col=11 is more than this model and text have (10)."),
        ({"step": "sofmax"}, "step='sofmax' is not one of x, q, k, v, turn, scores, scale, mask, softmax, sum, out."),
        ({"step": 11}, "step=11 is more than this model and text have (10)."),
        ({"temperature": float("nan")}, "temperature=nan is not between 0.1 and 5."),
        ({"mask": 1}, "mask=1 is neither True nor False."),
        ({"stack": "decoder"}, "stack='decoder': only a model with an encoder and a decoder has two."),
        ({"target": "The"}, "target: only a model with an encoder and a decoder has one."),
        ({"theme": "blue"}, "theme='blue' is not one of light, dark."),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_named_as_in_a_link(
    arguments: dict[str, Any], says: str, lm: core.LanguageModel
) -> None:
    with pytest.raises(ValueError) as raised:
        show.attention(lm, TEXT, **arguments)
    assert str(raised.value) == says


def test_the_frame_of_a_saved_file_is_written_without_making_the_picture(lm: core.LanguageModel) -> None:
    picture = show.attention(lm, TEXT)

    def record(seen: object) -> dict[str, Any]:
        raise AssertionError("every run of a page asks for the frame")

    drawing = replace(picture._drawing, figure=replace(figure("attention"), record=record))
    assert documents.snippet(drawing) == picture.snippet


def test_a_number_of_numpy_is_a_number(lm: core.LanguageModel) -> None:
    given = {"layer": np.int64(1), "temperature": np.float32(2)}
    assert show.attention(lm, TEXT, **given).data == show.attention(lm, TEXT, layer=1, temperature=2.0).data


def test_a_default_that_a_small_model_lacks_is_fitted_and_a_named_value_is_not(tmp_path: Path) -> None:
    small = core.load("tales-t5")  # three blocks, and block 3 is the default
    assert show.attention(small, "Once upon a time").data["block"] == 2
    with pytest.raises(ValueError, match=r"layer=3 is more"):
        show.attention(small, "Once upon a time", layer=3)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("compute", {"n_heads": 3}, "These sizes make no model: a width of 128 does not divide into 3 heads"),
        ("compute", {"step": "Optimiser"}, "step='Optimiser' is not one of Embedding, Attention, "),
        ("efficiency", {"bits": 3}, "bits=3 is not one of 16, 8, 4, 2, 1."),
        ("efficiency", {"bits": 1, "around_zero": True}, "around_zero=True: 1 bit around zero leaves only the value 0"),
        ("efficiency", {"piece": "cross_o"}, "piece='cross_o' is not one of qkv, o, in, out."),
        ("efficiency", {"layer": 4}, "layer=4 is more than this model and text have (3)."),
        ("efficiency", {"row": 99_999}, "row=99999 is more than this model and text have ("),
        ("efficiency", {"step": "price"}, "step='price' is not one of weights, grid, rounded, "),
        ("lab", {"moment": 7}, "moment=7 is none of the moments that were kept: 0, "),
        ("lab", {"beside": "tales-bert nobody"}, "beside='nobody' is no bundled model and no recorded run."),
        ("models", {"picked": "nobody"}, "picked='nobody': There is no model called “nobody” here."),
        ("models", {"source": "moon"}, "source='moon' is not one of all, bundled, real, "),
        ("embeddings", {"table": "learned"}, "table='learned': vectors of a training run are on the page alone."),
        ("embeddings", {"row": 99}, "row=99 is more than this model and text have (10)."),
        ("families", {"row": 99}, "row=99 is more than this model and text have (10)."),
        ("objectives", {"rate": 2}, "rate=2 is not between 0 and 0.9."),
        ("optimizers", {"rates": "sgd:x"}, "rates='sgd:x': “sgd:x”: a rate is a number from 0 up."),
        ("optimizers", {"start": "99 99"}, "start='99 99': The start lies outside the picture."),
        ("optimizers", {"step": 61}, "step=61 is more than "),
        ("tokenization", {"corpus": "own"}, "corpus='own': a text of your own is learned from on the page alone."),
        ("tokenization", {"merge": 5000}, "merge=5000 is more than "),
    ],
)  # fmt: skip
def test_what_a_page_would_put_right_or_has_alone_is_an_error(
    name: str, arguments: dict[str, Any], says: str, lm: core.LanguageModel
) -> None:
    with pytest.raises(ValueError) as raised:
        draw(name, lm, TEXT, **arguments)
    assert str(raised.value).startswith(says)


def test_what_is_about_one_token_alone_is_told_to_the_picture_of_families(lm: core.LanguageModel) -> None:
    assert not show.families(lm, TEXT).data["fixed"]
    gap = show.families(lm, TEXT, task="gap", row=3)
    assert gap.data["fixed"]  # another gap would be filled otherwise
    other = show.families(lm, TEXT, task="gap", row=5)
    assert [one["lanes"][2]["writing"]["read"] for one in (gap.data, other.data)] != [
        gap.data["lanes"][2]["writing"]["read"]
    ] * 2


@pytest.mark.full(reason="takes a second")
def test_what_is_large_is_left_out_for_a_browser_that_has_it(lm: core.LanguageModel) -> None:
    for name, parts in (("embeddings", ("words", "map")), ("tokenization", ("learned",))):
        drawing = draw(name, lm, TEXT)._drawing
        names = drawing.seen.large if name == "embeddings" else (drawing.seen.key,)
        again = replace(drawing, seen=replace(drawing.seen, held=names)).data
        whole, short = (len(json.dumps(data)) for data in (drawing.data, again))
        assert whole - short > 30_000
        for part in parts:
            left = again.get(part, {})
            assert "sent" not in left if name == "embeddings" else left == {}


def test_a_part_that_a_model_lacks_is_not_taken_out(lm: core.LanguageModel) -> None:
    bert = core.load("tales-bert")
    with pytest.raises(ValueError, match=r"^part='mask': "):
        show.break_it(bert, TEXT, part="mask")
    assert show.break_it(lm, TEXT, part="mask").data["part"] == "mask"
    with pytest.raises(ValueError, match=r"^moment=99 is more than this model and text have"):
        show.break_it(lm, TEXT, moment=99)


def test_patches_that_take_long_are_computed_when_they_are_asked_for(
    lm: core.LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = show.interpretability(lm, TEXT)
    monkeypatch.setattr("pages.interpretability.figure.QUICK", 0.0)
    told = show.interpretability(lm, TEXT)
    assert told.data["maps"] == {}
    assert told.data["why"].endswith("In a notebook, parts='patches' asks for them.")
    asked = show.interpretability(lm, TEXT, parts="patches")
    assert asked.data["maps"] == quick.data["maps"] != {}
    assert asked.data["why"] == ""


@pytest.mark.parametrize("name", ["break_it", "objectives", "regularization"])
def test_a_run_that_goes_on_stands_still_in_a_file_and_a_call_says_that_it_is_left_out(
    name: str, lm: core.LanguageModel
) -> None:
    drawing = getattr(show, name)(lm, TEXT)._drawing
    assert "#" not in drawing.call
    run = SimpleNamespace(over=False, state="running", control="")
    arms: Any = drawing.seen.arms
    own = (
        {key: replace(arm, run=run) for key, arm in arms.items()}
        if isinstance(arms, dict)
        else [replace(arm, run=run) for arm in arms]
    )
    live = replace(drawing, seen=drawing.seen.beside(own))
    part = {"break_it": ("pair",), "objectives": (), "regularization": ("trained",)}[name]

    def runs(data: dict[str, Any]) -> Any:
        return reduce(lambda whole, key: whole[key], (*part, "runs"), data)

    assert all(one.get("live") and "points" not in one for one in runs(live.data))
    still = replace(live, seen=live.seen.still)
    assert all("live" not in one and one["state"] == "stopped" for one in runs(still.data))
    assert runs(still.data)[0]["points"] == runs(drawing.data)[0]["points"]
    call, _, aside = still.call.partition("  # ")
    assert call == drawing.call
    assert aside.startswith("with the recorded ")


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "The text is empty"), ("red " * 90, "longer than the 64 tokens that fit")],
)  # fmt: skip
def test_a_text_that_cannot_be_shown_is_refused(text: str, says: str, lm: core.LanguageModel) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        show.attention(lm, text)


def test_spaces_are_a_text_where_the_model_reads_them(lm: core.LanguageModel) -> None:
    with pytest.warns(UserWarning, match="only spaces"):
        assert show.loss(lm, "  ").data["tokens"]
    with pytest.raises(ValueError, match="nothing that this model reads"):
        show.loss(core.load("tales-bert"), "  ")


def test_what_is_no_model_or_no_text_is_refused(lm: core.LanguageModel) -> None:
    given: Any
    for given in (("tales-gpt", TEXT), (lm, None), (lm, 3)):
        with pytest.raises(TypeError, match=r"show\.home takes a model"):
            show.home(*given)


def test_a_character_that_no_model_reads_is_replaced_and_said(lm: core.LanguageModel) -> None:
    with pytest.warns(UserWarning, match="no model can read"):
        show.home(lm, "A red\0 ball")


# ------------------------------------------------------------------------------------------- models of their own


def of_its_own(text: bool = True) -> show.Show:
    """Makes a function that shows a picture of models of its own: what it was asked, and what a model beside says."""

    def see(asked: Asked) -> dict[str, Any]:
        said = asked.beside("tales-bert", lambda lm: lm.config.shape)
        return {"text": asked.text, "row": asked.values["row"], "said": said}

    one = show.Show("scaling")
    one.__dict__["figure"] = Figure[dict[str, Any]](
        "scaling", figure("home").component, see, record=dict, select=lambda seen: {}, claim=lambda seen: "A claim.",
        sentence=lambda seen: f"It reads {seen['text']!r}.", table=lambda seen: {"row": [seen["row"]]},
        arguments=(Argument("row", "row"),), model=False, text=text,
    )  # fmt: skip
    return one


def test_a_picture_of_models_of_its_own_takes_none() -> None:
    one = of_its_own()
    picture = one(text="Once upon a time", row=2)
    assert picture.data == {"text": "Once upon a time", "row": 2, "said": "encoder", "selection": {}}
    assert picture.title == "Scaling"
    assert picture._drawing.call == "show.scaling(text='Once upon a time', row=2)"
    assert one().data["text"] == DEFAULT_TEXT
    assert list(one.__signature__.parameters) == ["text", "row", "theme", "live"]
    assert "    text: " in one.__doc__
    with pytest.raises(LookupError, match="models of its own"):
        _ = picture._drawing.asked.lm
    with pytest.raises(LookupError, match="models of its own"):
        picture._drawing.asked.call(len)


def test_a_picture_without_a_text_takes_none() -> None:
    one = of_its_own(text=False)
    assert one().data["text"] == ""
    assert one()._drawing.call == "show.scaling()"
    assert list(one.__signature__.parameters) == ["row", "theme", "live"]
    with pytest.raises(TypeError, match=r"^show\.scaling takes no text\.$"):
        one(text="Once upon a time")


def test_what_a_picture_of_models_of_its_own_does_not_take_is_said(lm: core.LanguageModel) -> None:
    one = of_its_own()
    given: Any
    for given in ((lm,), (lm, TEXT), (TEXT,)):
        with pytest.raises(
            TypeError, match=r"^show\.scaling takes no model: .* name: text, row, theme, live\.$"
        ):
            one(*given)
    with pytest.raises(TypeError, match="takes no model"):
        one(target="The")
    with pytest.raises(ValueError, match="The text is empty"):
        one(text=" ")
    with pytest.raises(TypeError, match=r"text=3 is not a text"):
        one(text=3)  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match="no model can read"):
        one(text="A red\0 ball")


def test_own_ways_of_fine_tuning_stand_still_in_a_file() -> None:
    drawing: Any = show.fine_tuning()._drawing
    run: Any = SimpleNamespace(over=False, state="running", control="")
    own = {way: replace(arm, run=run) for way, arm in drawing.seen.arms.items()}
    live = replace(drawing, seen=drawing.seen.beside(own, drawing.seen.learned))
    assert all(one["curve"].get("live") and "points" not in one["curve"] for one in live.data["ways"])
    still = replace(live, seen=live.seen.still)
    assert all("live" not in one["curve"] and one["curve"]["points"] for one in still.data["ways"])
    assert still.call == f"{drawing.call}  # with the recorded runs in place of yours"


def test_a_file_holds_all_steps_where_its_page_is_asked_at_each(lm: core.LanguageModel) -> None:
    whole: Any = show.adaptability()._drawing
    on_page = replace(whole, seen=whole.seen.beside(whole.seen.arms))
    assert set(on_page.data["judged"]) == {"examples"} < set(whole.data["judged"])
    assert on_page.data["near"] is None
    assert whole.data["near"]
    tested: Any = show.bias(lm, TEXT)._drawing
    on_page = replace(tested, seen=tested.seen.beside(("", 0)))
    assert "without" not in on_page.data
    assert tested.data["without"]["removed"]
    assert replace(on_page, seen=on_page.seen.still).data == tested.data


def test_models_lists_a_learner_s_runs_on_the_page_alone(lm: core.LanguageModel) -> None:
    drawing: Any = show.models(lm, TEXT)._drawing
    run: Any = SimpleNamespace(id="0" * 24, name="Mine", over=False)
    seen = replace(drawing.seen.beside([run]), wished=f"run:{run.id}")
    page = replace(drawing, seen=seen)
    assert [one["name"] for one in page.data["entries"] if one["source"] == "run"] == [f"run:{run.id}"]
    assert page.call == f"{drawing.call}  # without your runs"  # which it cannot pick
    file = replace(page, seen=seen.still)
    assert file.data["picked"]["label"] == "Mine (training run)"
    assert not any(one["open"] for one in file.data["entries"])  # in no server's memory
    assert file.data["held"] is None


def test_a_model_of_a_notebook_s_own_is_shown_beside_those_of_the_list(lm: core.LanguageModel) -> None:
    data = show.models(replace(lm, name="mine"), TEXT).data
    assert data["current"]["name"] == "mine"
    assert data["current"]["from"] == "elsewhere"
    assert data["current"]["total"] == lm.n_parameters
    assert "mine" not in [one["name"] for one in data["entries"]]


@pytest.mark.full(reason="takes a second")
def test_efficiency_measures_what_its_page_has_not_yet(lm: core.LanguageModel) -> None:
    called: Any = show.efficiency(lm, TEXT, bits=2)._drawing
    whole = called.seen.found
    assert called.data["passes"]["float32"] > 0
    assert called.data["passes"]["machine"]
    assert [one["bits"] for one in called.data["points"]] == [2, 4, 8, 16]
    early = replace(whole, times=None, points={called.seen.setting: whole.now.judged})
    page = replace(called, seen=called.seen.beside(early, None))
    assert page.data["passes"] is None
    assert len(page.data["points"]) == 1
    file = replace(page, seen=page.seen.still)
    assert file.data["passes"]["float32"] > 0
    assert without_times(file.data) == without_times(called.data)
    assert "Size against loss" in called.data["chart"]
    assert page.data["chart"] is None  # it has its own


@pytest.mark.full(reason="takes 2 s")
def test_a_setting_that_is_fitted_is_said(lm: core.LanguageModel) -> None:
    with pytest.warns(UserWarning, match="1 bit around zero leaves only the value 0"):
        assert show.efficiency(lm, TEXT, bits=1).data["setting"]["symmetric"] is False
    assert show.efficiency(lm, TEXT, bits=2)._drawing.call.endswith(", bits=2, layer=3)")


@pytest.mark.parametrize("name", ALONE)
def test_a_picture_of_models_of_its_own_needs_no_argument(name: str) -> None:
    one: show.Show = getattr(show, name)
    assert one().sentence
    assert "lm" not in one.__signature__.parameters


@pytest.mark.full(reason="takes 2 s")
def test_charts_beside_a_picture_come_with_it_one_for_each_step() -> None:
    document = show.scaling().html()
    steps = [
        int(step) for step in re.findall(r'<div role="img" aria-label="[^"]+" data-step="(-?\d+)"', document)
    ]
    assert set(steps) == {-1, *range(5)}
    ids = re.findall(r'\bid="([^"]+)"', document)
    assert len(ids) == len(set(ids))
    assert "drag to brush" not in document  # a drawing has no hand


@pytest.mark.full(reason="takes 10 s")
def test_every_chart_is_valid_vega_lite(lm: core.LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, dict[str, Any]] = {}
    sized = described._sized

    def recorded(part: dict[str, Any]) -> dict[str, Any]:
        drawn[json.dumps(part, sort_keys=True)] = part
        return sized(part)

    monkeypatch.setattr(described, "_sized", recorded)
    for name in SHOWN:
        draw(name, lm, SHORT).html()
    assert len(drawn) > 10
    for chart in drawn.values():
        alt.Chart.from_dict(chart, validate=True)
    with pytest.raises(Exception, match="no such mark"):
        alt.Chart.from_dict(chart | {"mark": {"type": "no such mark"}}, validate=True)


# ------------------------------------------------------------------------------------------------ what is written


@pytest.mark.full(reason="the other cases take 5 s", quick_cases=1)
@pytest.mark.parametrize("name", SHOWN)
def test_hostile_tokens_and_names_are_text(name: str, lm: core.LanguageModel) -> None:
    named = replace(lm, name=HOSTILE)
    picture = draw(name, named, SHORT)
    document = picture.html()
    assert carried(document) == written(picture)
    assert document.count("<script") == 3  # the import map, the data, the start
    assert document.count("</script") == 3
    assert "<img" not in document
    assert "<b>" not in document
    assert "<i>" not in document
    assert "\u2028" not in carried_source(document)
    fragment = picture.html(whole=False)
    assert "<img" not in fragment
    inside = re.search(r'srcdoc="([^"]*)"', fragment)
    assert inside is not None
    assert carried(html.unescape(inside[1])) == written(picture)


def carried_source(document: str) -> str:
    """The data's source text."""
    return document.split('id="data">')[1].split("</script>")[0]


def test_code_cannot_end_its_element() -> None:
    assert standalone._script("a = '</script>' + \"<!--\"") == "a = '<\\/script>' + \"<\\!--\""
    assert standalone._script("'</SCRIPT'") == "'<\\/SCRIPT'"


def test_the_document_forbids_itself_every_request(lm: core.LanguageModel) -> None:
    document = show.home(lm, TEXT).html()
    policy = document.split('Content-Security-Policy" content="')[1].split('"')[0]
    assert policy.startswith("default-src 'none';")
    assert "http:" not in policy
    assert "https:" not in policy
    outside = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(https?:[^"')\s]+)""", document)
    assert outside == []


@pytest.mark.parametrize("name", SHOWN)
def test_all_that_a_script_imports_is_there(name: str) -> None:
    script = figure(name).component.script
    addresses = standalone.imported(script)
    assert set(modules.imported(script)) < set(addresses)
    for path, address in addresses.items():
        head, _, code = address.partition("base64,")
        assert head == "data:text/javascript;charset=utf-8;"
        source = base64.b64decode(code).decode()
        asked = re.findall(r"""^(?:import|export)\b[^"';(=]*?["']([^"']+)["'];""", source, re.M)
        assert set(asked) <= set(addresses), path


def test_the_fonts_can_be_left_out(lm: core.LanguageModel) -> None:
    picture = show.home(lm, TEXT)
    assert picture.html().count("@font-face") == 2
    assert "@font-face" not in picture.html(fonts=False)
    assert len(picture.html()) - len(picture.html(fonts=False)) > 100_000


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_is_kept(theme: str, lm: core.LanguageModel) -> None:
    assert (
        f'<html lang="en" data-language="en" data-theme="{theme}">' in show.home(lm, TEXT, theme=theme).html()
    )
    assert '<html lang="en" data-language="en">' in show.home(lm, TEXT).html()


def test_an_ending_that_nothing_writes_is_named(lm: core.LanguageModel, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ball\.jpg ends in none of \.html, \.svg and \.png"):
        show.home(lm, TEXT).save(tmp_path / "ball.jpg")
    both = show.page([show.home(lm, TEXT), show.loss(lm, TEXT)])
    with pytest.raises(ValueError, match=r"ball\.png holds one picture, and these are 2"):
        both.save(tmp_path / "ball.png")
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_a_drawing_says_what_helps(
    lm: core.LanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GLASSBOX_BROWSER", raising=False)
    monkeypatch.setattr(browsers, "NAMES", ())
    monkeypatch.setattr(browsers, "PLACES", {})
    with pytest.raises(
        rendering.NoBrowser, match=r"no Chromium.*GLASSBOX_BROWSER.*press SVG or PNG below it"
    ):
        show.home(lm, TEXT).save(tmp_path / "ball.png")
    monkeypatch.setenv("GLASSBOX_BROWSER", str(tmp_path / "nothing"))
    with pytest.raises(rendering.NoBrowser, match=r"nothing draws nothing"):
        show.home(lm, TEXT).save(tmp_path / "ball.svg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux which processes there are")
class TestABrowserThatDrawsNothing:
    @staticmethod
    def refused(folder: Path, script: str, match: str) -> None:
        """Draw with a browser that does this, and be told why there is no picture."""
        browser = folder / "browser"
        browser.write_text(f"#!/bin/sh\n{script}\n")
        browser.chmod(0o755)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GLASSBOX_BROWSER", str(browser))
            with pytest.raises(
                rendering.NoBrowser, match=rf"browser draws nothing{match}\. Name another one"
            ):
                rendering.drawn("<body></body>", ".png")

    def test_it_ends(self, tmp_path: Path) -> None:
        self.refused(tmp_path, "exit 3", r" \(it ended with exit code 3\)")

    @pytest.mark.full(reason="takes 2 s")
    def test_it_never_answers_and_is_ended_with_what_it_started(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rendering, "SECONDS", 2)
        started = tmp_path / "started"
        self.refused(tmp_path, f"sleep 600 & echo $! > {started}; wait", r" \(within 2 seconds\)")
        child = int(started.read_text())
        until(lambda: not alive(child), "the end of what the browser had started")

    def test_its_script_fails(self, tmp_path: Path) -> None:
        nothing = (
            "import sys, time, urllib.request as request\n"
            "request.urlopen(sys.argv[-1] + 'saved', data=b'')\n"
            "time.sleep(600)"
        )
        self.refused(tmp_path, f'exec {sys.executable} -c "{nothing}" "$@"', "")

    def test_a_stranger_is_told_nothing_and_hands_nothing_in(self, tmp_path: Path) -> None:
        stranger = (
            "import sys, urllib.error, urllib.request as request; from urllib.parse import urljoin\n"
            "for path, data in (('/', None), ('/saved', b'not yours'), ('/x/saved', b'not yours')):\n"
            "    try: request.urlopen(urljoin(sys.argv[-1], path), data=data); sys.exit(1)\n"
            "    except urllib.error.HTTPError as why: assert why.code == 404\n"
            "assert b'<body>' in request.urlopen(sys.argv[-1]).read()\n"
            "sys.exit(7)"
        )
        self.refused(
            tmp_path, f'exec {sys.executable} -c "{stranger}" "$@"', r" \(it ended with exit code 7\)"
        )


def test_a_large_picture_warns_and_a_huge_one_is_refused(
    lm: core.LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = show.home(lm, TEXT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture.html()
    monkeypatch.setattr(documents, "WARNED", 100_000)
    with pytest.warns(
        UserWarning,
        match=r"takes 0\.\d MB, 0\.1 MB of it its “logits”\. Leave out a part of the text, which has 11",
    ):
        picture.html()
    monkeypatch.setattr(documents, "MOST", 200_000)
    with pytest.raises(ValueError, match=r"Leave out a part of the text.*Above 0 MB nothing is written"):
        picture.html()


def test_pictures_of_one_document_share_their_code(lm: core.LanguageModel) -> None:
    heads = [show.attention(lm, TEXT, head=head) for head in (0, 1)]
    both = show.page({"The first": heads[0], "</p>": heads[1]})
    whole = both.html()
    alone = [len(one.html()) for one in heads]
    assert len(whole) < sum(alone) - 200_000  # fonts and scripts once
    assert whole.count("<script") == 3
    assert "<p>The first</p>" in whole
    assert "<p>&lt;/p&gt;</p>" in whole
    states = json.loads(carried_source(whole))
    assert [one[0]["data"] for one in states] == [written(picture) for picture in heads]
    fragment = both._repr_mimebundle_()["text/html"]
    assert all(html.escape(one.sentence) in fragment for one in heads)
    assert fragment.count("<iframe") == 1
    given: Any
    for given in ([], ["home"], lm):
        with pytest.raises(TypeError):
            show.page(given)


@pytest.mark.full(reason="takes a second")
def test_variants_are_precomputed_and_carry_what_differs(lm: core.LanguageModel) -> None:
    picture = show.multi_head(lm, TEXT, layer=3, head=1)
    several = picture.variants(off=["", "3.2", "3.2 3.3"])
    states = json.loads(carried_source(several.html()))[0]
    asked = [show.multi_head(lm, TEXT, layer=3, head=1, off=off) for off in ("", "3.2", "3.2 3.3")]
    for state, one in zip(states, asked, strict=True):
        assert states[0]["data"] | state["data"] == written(one)
    assert "rows" not in states[1]["data"]
    assert several.data == picture.data
    document = several.html()
    assert document.count('type="radio"') == 3
    assert re.findall(r"<summary>(.*?)</summary>", document) == [
        f"As a table: off {label}" for label in ("none", "3.2", "3.2 3.3")
    ]
    labelled = show.attention(lm, TEXT).variants(mask={"causal": True, "<all>": False}).html()
    assert "> &lt;all&gt;</label>" in labelled


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ({}, TypeError, "one argument"),
        ({"off": ["", "3.2"], "head": [0, 1]}, TypeError, "one argument with its values, not 2"),
        ({"of": ["", "3.2"]}, TypeError, "takes no 'of'"),
        ({"off": [""]}, ValueError, "two values or more"),
        ({"head": [0, 9]}, ValueError, "head=9 is more than this model"),
    ],
)
def test_variants_that_do_not_fit_are_named(
    values: dict[str, Any], error: type[Exception], says: str, lm: core.LanguageModel
) -> None:
    with pytest.raises(error, match=says):
        show.multi_head(lm, TEXT).variants(**values)


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=2)
@pytest.mark.parametrize("name", SHOWN)
def test_a_link_draws_what_it_was_made_of(name: str, lm: core.LanguageModel) -> None:
    arguments = {"layer": 1, "head": 3, "row": 4}
    known = [argument.word for argument in figure(name).arguments]
    picture = draw(name, lm, TEXT, **{word: arguments[word] for word in arguments if word in known})
    again = show.link(f"https://glassbox.example/school{picture.link}")
    assert without_times(again.data) == without_times(picture.data)
    assert again.title == picture.title


def test_a_link_is_read_as_the_page_reads_it() -> None:
    picture = show.link("/attention?block=3&head=2&step=8&row=10")
    assert (picture.data["block"], picture.data["head"]) == (3, 2)
    assert picture._drawing.seen.names[picture._drawing.seen.told] == "softmax"
    assert show.link("/")._drawing.figure.name == "home"
    with pytest.warns(UserWarning, match=r"head=two is not a whole number; 2 is used"):
        assert show.link("/attention?head=two").data["head"] == 2
    assert (
        show.link("/attention?block=99").data["block"] == 3
    )  # what the model lacks is fitted, as on the page
    with pytest.warns(UserWarning, match="longer than"):
        show.link("/attention?text=" + "red+" * 200)
    with pytest.raises(
        ValueError, match=r"/lessons is no page whose picture stands alone\. These are: home, attention"
    ):
        show.link("/lessons?block=3")


def test_a_picture_links_to_its_page_where_an_app_runs(
    lm: core.LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = show.attention(lm, TEXT, live="https://glassbox.example/school/")
    there = html.escape(f"https://glassbox.example/school{picture.link}")
    assert f'<a href="{there}" target="_blank" rel="noopener">Open it live</a>' in picture.html()
    assert "allow-popups" in picture.html(whole=False)
    assert "allow-popups" in picture.snippet
    alone = show.attention(lm, TEXT)
    assert "<a href" not in alone.html()
    assert "allow-popups" not in alone.html(whole=False) + alone.snippet
    monkeypatch.setenv("GLASSBOX_LIVE", "http://127.0.0.1:8501")
    assert '<a href="http://127.0.0.1:8501/attention?v=1' in show.attention(lm, TEXT).html()
    for wrong in ("javascript:alert(1)", "glassbox.example", 'https://a"b', "https://a/?x=1"):
        with pytest.raises(ValueError, match="is not the address of an app"):
            show.attention(lm, TEXT, live=wrong)


def test_a_cell_with_many_pictures_of_a_page_warns_once(
    lm: core.LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = SimpleNamespace(execution_count=1)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(documents, "_copies", {"cell": None, "shown": {}, "said": False})
    picture = show.loss(lm, TEXT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for shell.execution_count in (1, 2, 3):  # run again and again, a cell keeps one
            picture._repr_mimebundle_()
        picture._repr_mimebundle_()
    with pytest.warns(UserWarning, match=r"3 pictures of show\.loss.*show\.page"):
        picture._repr_mimebundle_()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture._repr_mimebundle_()


def test_a_table_of_many_lines_says_that_it_is_cut() -> None:
    table = {"number": list(range(standalone.LINES + 5))}
    written = standalone.table_html(table, "Numbers")
    assert written.count("<tr>") == standalone.LINES + 1
    assert "the first 500 of 505 lines" in written


# ------------------------------------------------------------------------------------------------ no numbers


def test_a_part_that_holds_no_number_is_named() -> None:
    clean = {
        "a": pack(np.array([1.0, -np.inf])),
        "b": [1.0, {"c": None}],
        "d": "NaN",
        "e": pack(np.zeros(2, np.uint8)),
    }
    assert list(not_numbers(clean)) == []
    broken = clean | {"x": {"y": pack(np.array([np.nan]))}, "z": [[float("nan")]], "w": float("inf")}
    assert set(not_numbers(broken)) == {"x.y", "z", "w"}


def test_an_array_is_packed_and_unpacked() -> None:
    for array in (np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(4, dtype=np.uint8)):
        np.testing.assert_array_equal(unpack(pack(array)), array)


def fixed(values: Any, digits: int) -> list[str]:
    """Numbers as JavaScript's toFixed writes them."""
    step = Decimal(1).scaleb(-digits)
    return [str(abs(Decimal(float(one))).quantize(step, ROUND_HALF_UP)) for one in np.ravel(values)]


@pytest.mark.parametrize("causal", [True, False])
def test_shares_in_half_the_bits_are_written_the_same(causal: bool) -> None:
    scores = np.random.default_rng(0).normal(0, 4, (3, 24, 24)).astype(np.float32)
    scores[0, -1, :2] = scores[0, -1].max() + [2, 2 + 1e-6]  # nearly a tie
    if causal:
        scores[:, ~np.tri(24, dtype=bool)] = -np.inf
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares = (shares / shares.sum(-1, keepdims=True)).astype(np.float32)
    whole = {"a": {"pattern": pack(shares)}, "b": None}
    small = narrowed(whole, {"a.pattern": (2, 3, 4), "b.pattern": (2,)})
    assert small["b"] is None
    assert len(small["a"]["pattern"]["b64"]) < (0.27 if causal else 0.51) * len(whole["a"]["pattern"]["b64"])
    opened = unpack(small["a"]["pattern"])
    assert opened.shape == shares.shape
    assert not np.array_equal(opened, shares)
    for digits in (2, 3, 4):
        assert fixed(opened, digits) == fixed(shares, digits)
    assert fixed(np.rint(shares * 65535) / 65535, 4) != fixed(shares, 4)  # rounding alone is not enough
    np.testing.assert_array_equal(opened.argmax(-1), shares.argmax(-1))


def test_numbers_in_half_the_bits_are_written_the_same_or_stay_whole() -> None:
    values = np.random.default_rng(1).normal(0, 2, (40, 8)).astype(np.float32)
    small = narrowed({"q": pack(values)}, {"q": (2,)})["q"]
    assert small["dtype"] == "f16"
    assert fixed(unpack(small), 2) == fixed(values, 2)
    assert fixed(values.astype(np.float16), 2) != fixed(values, 2)
    for wide in (values * 100, values * 1e6):  # float16 has no second decimal there, or no such number
        assert narrowed({"q": pack(wide)}, {"q": (2,)})["q"] == pack(wide)


def test_home_s_file_is_less_than_half_of_its_numbers() -> None:
    picture = show.home(core.load("tales-gpt"), " ".join(["the cat saw a red ball."] * 8))
    own, carried_own = (len(json.dumps(data["own"])) for data in (picture.data, written(picture)))
    assert carried_own < 0.4 * own


@pytest.mark.parametrize("name", ["home", "attention"])
def test_weights_that_are_no_numbers_are_said(name: str) -> None:
    broken = copy.deepcopy(core.load("tales-gpt"))
    with torch.no_grad():
        next(iter(broken.transformer.parameters())).fill_(float("nan"))
    with pytest.raises(ValueError, match="no numbers"):
        getattr(show, name)(broken, TEXT)


# ------------------------------------------------------------------------------------------------ without the app

WITHOUT = """
import sys
sys.modules["streamlit"] = None  # whoever imports it fails
import core
from tests.pictures import SHOWN, draw
lm = core.load("tales-gpt")
for name in SHOWN:
    assert draw(name, lm, "Once upon a time").html().startswith("<!doctype html>")
"""
IMPORT = """
import sys
import core
core.load("tales-gpt")
before = set(sys.modules)
from app import show
print(*{name.partition(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)
"""


def run(source: str) -> str:
    """What a program of its own prints."""
    done = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.full(reason="starts processes and waits for them, 10 s")
def test_no_picture_needs_streamlit() -> None:
    run(WITHOUT)


@pytest.mark.full(reason="takes 2 s")
def test_the_import_brings_no_other_package() -> None:
    assert run(IMPORT).split() == ["app"]
