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
from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import core
from app import show
from app.kit import modules, standalone
from app.kit.figures import Argument, Asked, Figure, not_numbers
from app.kit.packing import pack, unpack
from app.session.fields import BY_KEY, DEFAULT_TEXT
from tests.pictures import ALONE, SHOWN, draw, figure

ROOT = Path(__file__).resolve().parents[2]
TEXT = "A red ball was lost. She found the red"
HOSTILE = '</script><img src=x onerror=alert(1)> <!-- \u2028\u2029 "&amp; <b>'
SHORT = "</script><i>\u2028&lt;"  # the smallest picture holds 24 tokens


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    return core.load("tales-gpt")


def carried(document: str) -> Any:
    """The data in a document, as its script reads them."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', document, re.S)
    assert found is not None
    return json.loads(found[1])


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
    assert not {"lm", "text", "target", "theme"} & set(words)
    told = getattr(show, name).__doc__
    assert all(f"    {word}: " in told for word in words)


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
    assert carried(there.read_text(encoding="utf-8")) == json.loads(json.dumps(picture.data))


@pytest.mark.parametrize("name", SHOWN)
def test_the_call_of_a_notebook_draws_the_same_picture(name: str, lm: core.LanguageModel) -> None:
    arguments = {"layer": 1, "head": 3, "row": 4}
    known = [argument.word for argument in figure(name).arguments]
    picture = draw(name, lm, TEXT, **{word: arguments[word] for word in arguments if word in known})
    again = eval(picture._drawing.call, {"show": show, "lm": lm})  # noqa: S307  # as a notebook runs it
    assert again.data == picture.data


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


def test_a_number_of_numpy_is_a_number(lm: core.LanguageModel) -> None:
    given = {"layer": np.int64(1), "temperature": np.float32(2)}
    assert show.attention(lm, TEXT, **given).data == show.attention(lm, TEXT, layer=1, temperature=2.0).data


def test_a_default_that_a_small_model_lacks_is_fitted_and_a_named_value_is_not(tmp_path: Path) -> None:
    small = core.load("tales-t5")  # three blocks, and block 3 is the default
    assert show.attention(small, "Once upon a time").data["block"] == 2
    with pytest.raises(ValueError, match=r"layer=3 is more"):
        show.attention(small, "Once upon a time", layer=3)


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
    assert list(one.__signature__.parameters) == ["text", "row", "theme"]
    assert "    text: " in one.__doc__
    with pytest.raises(LookupError, match="models of its own"):
        _ = picture._drawing.asked.lm
    with pytest.raises(LookupError, match="models of its own"):
        picture._drawing.asked.call(len)


def test_a_picture_without_a_text_takes_none() -> None:
    one = of_its_own(text=False)
    assert one().data["text"] == ""
    assert one()._drawing.call == "show.scaling()"
    assert list(one.__signature__.parameters) == ["row", "theme"]
    with pytest.raises(TypeError, match=r"^show\.scaling takes no text\.$"):
        one(text="Once upon a time")


def test_what_a_picture_of_models_of_its_own_does_not_take_is_said(lm: core.LanguageModel) -> None:
    one = of_its_own()
    given: Any
    for given in ((lm,), (lm, TEXT), (TEXT,)):
        with pytest.raises(TypeError, match=r"^show\.scaling takes no model: .* name: text, row, theme\.$"):
            one(*given)
    with pytest.raises(TypeError, match="takes no model"):
        one(target="The")
    with pytest.raises(ValueError, match="The text is empty"):
        one(text=" ")
    with pytest.raises(TypeError, match=r"text=3 is not a text"):
        one(text=3)  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match="no model can read"):
        one(text="A red\0 ball")


@pytest.mark.parametrize("name", ALONE)
def test_a_picture_of_models_of_its_own_needs_no_argument(name: str) -> None:
    one: show.Show = getattr(show, name)
    assert one().sentence
    assert "lm" not in one.__signature__.parameters


def test_charts_beside_a_picture_come_with_it_one_for_each_step() -> None:
    document = show.scaling().html()
    steps = [
        int(step) for step in re.findall(r'<div role="img" aria-label="[^"]+" data-step="(-?\d+)"', document)
    ]
    assert set(steps) == {-1, *range(5)}
    ids = re.findall(r'\bid="([^"]+)"', document)
    assert len(ids) == len(set(ids))
    assert "drag to brush" not in document  # a drawing has no hand


# ------------------------------------------------------------------------------------------------ what is written


@pytest.mark.parametrize("name", SHOWN)
def test_hostile_tokens_and_names_are_text(name: str, lm: core.LanguageModel) -> None:
    named = replace(lm, name=HOSTILE)
    picture = draw(name, named, SHORT)
    document = picture.html()
    assert carried(document) == json.loads(json.dumps(picture.data))
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
    assert carried(html.unescape(inside[1])) == json.loads(json.dumps(picture.data))


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
    assert f'<html lang="en" data-theme="{theme}">' in show.home(lm, TEXT, theme=theme).html()
    assert '<html lang="en">' in show.home(lm, TEXT).html()


def test_only_html_is_written(lm: core.LanguageModel, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ball\.png does not end in \.html\..*press SVG or PNG"):
        show.home(lm, TEXT).save(tmp_path / "ball.png")
    assert list(tmp_path.iterdir()) == []


def test_a_large_picture_warns_and_a_huge_one_is_refused(
    lm: core.LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = show.home(lm, TEXT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture.html()
    monkeypatch.setattr(show, "WARNED", 100_000)
    with pytest.warns(
        UserWarning,
        match=r"takes 0\.\d MB, 0\.1 MB of it its “logits”\. Leave out a part of the text, which has 11",
    ):
        picture.html()
    monkeypatch.setattr(show, "MOST", 200_000)
    with pytest.raises(ValueError, match=r"Leave out a part of the text.*Above 0 MB nothing is written"):
        picture.html()


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
import time
import core
lm = core.load("tales-gpt")
began = time.process_time()  # a busy machine does not count
from app import show
took = time.process_time() - began
from tests.pictures import SHOWN, draw
for name in SHOWN:
    drawn = draw(name, lm, "Once upon a time")
    assert drawn.html().startswith("<!doctype html>")
print(took)
"""


def test_no_picture_needs_streamlit_and_the_import_is_quick() -> None:
    run: Callable[..., Any] = partial(subprocess.run, [sys.executable, "-c", WITHOUT], cwd=ROOT)
    took = []
    for _ in range(3):  # the quickest: the machine may be busy
        done = run(capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        took.append(float(done.stdout))
    assert min(took) < 0.05
