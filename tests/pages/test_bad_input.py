"""Whatever a visitor types, links to or chooses: every page stays whole, says what to do, and loses nothing."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from app import chapters, models
from app.models import choice
from app.session import state
from app.session.fields import FIELDS
from tests.damaged import BROKEN, MARKUP_TOKENS, damage
from tests.pages.conftest import OWN_MODELS, SMALLER, OpenPage, random_model
from tests.pairwise import cover_pairs

SHOWN = [chapter.slug for group in chapters.shown().values() for chapter in group]
every_page = pytest.mark.parametrize("slug", SHOWN)

# What stands on a page anyway is counted on a page with this text.
PLAIN = "the cat and the dog"
MARKUP = {
    "html": "<img src=x onerror=alert(1)><script>alert(2)</script></p><i>i</i><!-- &lt;b&gt; <a href='//x'>",
    "markdown": "**a** _b_ `c` ``` [d](javascript:alert(3)) ![e](//192.0.2.1/x.png)\n# f\n- g\n> h\n|i|j|\n|-|-|",
    "latex": "$\\frac{1}{2}$ $$x^2$$ \\(y\\) \\begin{a} :smile: :red[z] :material/home: --> www.example.com",
}
TEXTS = {
    "empty": "",
    "blank": " \n\t\u2003",
    "100,000 characters": "the cat sat " * 8_334,
    "100,000 without a space": "x" * 100_000,
    "100,000 emoji": "👩‍👩‍👧‍👦" * 14_286,
    "100,000 NUL": "\0" * 100_000,
    "right to left": "שלום עולם مرحبا \u202eabc\u202c",
    "combining": "e\u0301\u0302\u0323" + "\u0300" * 300 + " n\u0303",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 ☺️",
    "controls": "a\x01\x02\x1b[31m\x7f\x85b\u200b\u2028c\ufeff\ufffe\uffff",
    "NUL": "a\0b",
    **MARKUP,
}
LONG = [name for name in TEXTS if name.startswith("100,000")]
QUIET = {  # short, and nothing to be said about
    "Hebrew": "שלום עולם",
    "accents": "e\u0301\u0302 n\u0303",
    "two emoji": "👩‍🚀 👍🏽",
    "short html": "<b>x</b> <script>a()",
    "short markdown": "**a** `b` $x$ :a: # e",
    "short link": "[c](http://d.io)",
}
ALL_TEXTS = TEXTS | QUIET | {"half a character": "a\ufffdb"}
MODELS = [state.DEFAULT_MODEL, "./other", "./both", "./pair"]
SAYS = {
    "empty": "Your text is empty",
    "blank": "only spaces",
    **dict.fromkeys(LONG, "is longer than the"),
    "NUL": "replaced by \ufffd",
    "half a character": "got lost",
    **dict.fromkeys(QUIET, ""),
}

# Text repair is one module for all pages and models, so each pair of page, text and model is tried once. Of texts that
# are alike (long ones, markup, ones with nothing to be said about) a page gets every second one.
ALIKE = [*LONG, *MARKUP, *QUIET]
ROWS = [
    (slug, text, model)
    for slug, text, model in cover_pairs(SHOWN, list(ALL_TEXTS), MODELS)
    if text not in ALIKE or (SHOWN.index(slug) + ALIKE.index(text)) % 2 == 0
]


class Tags(HTMLParser):
    """How often each element that could do something stands in HTML, and attributes that run scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"a", "i", "img", "script", "style", "iframe", "object", "svg", "math", "link", "form"}:
            self.found[tag] += 1
        self.found.update(name for name, value in attrs if name.startswith("on") or "script:" in str(value))


def tags(app: AppTest) -> Counter[str]:
    """The elements of all HTML that the page wrote itself."""
    return Tags("\n".join(block.value for block in app.html)).found


def said(app: AppTest) -> str:
    """The messages on top of the page, without the backslashes and joiners that keep them plain text."""
    return " ".join(box.value for box in app.info).replace("\\", "").replace("\u2060", "")


def whole(app: AppTest, about: str = "") -> None:
    """The page is drawn from top to bottom, without an error."""
    assert not app.exception, f"{about}: {app.exception}"
    assert not app.error, f"{about}: {[box.value for box in app.error]}"
    written = [block.value for block in app.html]
    for part in ("gb-claim", "<b>Predict</b>", "<b>Take away</b>", "gb-cheatsheet"):
        assert any(part in block for block in written), f"{about}: no {part}"


def run_notebook(app: AppTest) -> list[str]:
    """Run the page's notebook here; returns its Markdown cells."""
    cells = json.loads(app.session_state["gb"].memos["takeaway"]["notebook"]())["cells"]
    variables: dict[str, Any] = {}
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and "find_glassbox" not in source:
            exec(compile("import core\n" + source, "cell", "exec"), variables)
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


# ------------------------------------------------------------------------------------------------- texts


@pytest.mark.full(reason="each case takes 1 s")
@every_page
@pytest.mark.usefixtures("other_model")
@pytest.mark.parametrize("model", MODELS)
def test_any_text_on_any_shape_of_model(slug: str, model: str, open_page: OpenPage) -> None:
    app = open_page(slug, model=model, target="a dog", stack="decoder", **SMALLER.get(slug, {}))
    for name in [name for page, name, opened in ROWS if (page, opened) == (slug, model)]:
        text = ALL_TEXTS[name]
        app.text_area(key="text").set_value(text).run()
        whole(app, name)
        assert app.text_area(key="text").value == text, f"{name}: something was lost"
        assert app.session_state["gb"].store["model"] == model
        assert "<script>" not in " ".join(block.value for block in app.html), name
        message = said(app)
        if not text.strip():
            assert "Your text" in message and "words" in message, name
        if len(text) > 10_000:
            told = message + " ".join(line.value for line in app.caption)
            cut = {"applications": "the first 1,600 are read", "scaling": "nor your text does anything"}
            assert cut.get(slug, "All of it is still in the text box") in told, name
        if "\0" in text:
            assert "no model can read" in message, name
        if model == state.DEFAULT_MODEL and name in SAYS:
            words = SAYS[name]
            if slug in ("applications", "scaling") and name in LONG:
                words = "The link to this page carries"  # models of its own answer: no context cuts it
            assert words in message and bool(message) == bool(words), f"{name}: {message}"


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize(
    ("slug", "raw"),
    list(zip(SHOWN, itertools.cycle([b"a\xed\xa0\x80b", b"\xff\xfe", b"a\xf0\x9f\x98"]), strict=False)),
)
def test_half_a_character_in_a_link_is_named(slug: str, raw: bytes, open_page: OpenPage) -> None:
    app = open_page(slug, text=raw)
    whole(app)
    assert "paste it anew" in said(app)
    assert "\ufffd" in app.text_area(key="text").value


TARGETS = ["word " * 20_000, " \n", "a\0b", MARKUP["html"], "👩‍👩‍👧‍👦" * 40]


@pytest.mark.full(reason="the other cases take 23 s", quick_cases=4)
@pytest.mark.usefixtures("other_model")
@pytest.mark.parametrize(("slug", "stack", "target"), cover_pairs(SHOWN, ["encoder", "decoder"], TARGETS))
def test_any_answer_so_far_of_an_encoder_decoder(
    slug: str, stack: str, target: str, open_page: OpenPage
) -> None:
    link = {"model": "./pair", "text": "A fox", "stack": stack, "attention": "cross"}
    app = open_page(slug, target=target, **link, **SMALLER.get(slug, {}))
    whole(app)
    assert app.session_state["gb"].store["target"] == target
    read = core.load(models.resolve("./pair").target).tokenizer.encode(target, add_special_tokens=False)
    too_long = len(read) + 1 > 64  # with the start token, in this model's context
    assert ("longer than" in said(app)) == too_long
    assert ("no model can read" in said(app)) == ("\0" in target)


@pytest.mark.full(reason="each case takes 1 s")
@every_page
@pytest.mark.parametrize("model", [state.DEFAULT_MODEL, "./markup"])
def test_markup_is_text_in_everything_a_page_writes(
    slug: str, model: str, configured: Path, open_page: OpenPage
) -> None:
    app = open_page(slug, text=PLAIN, model=model, **SMALLER.get(slug, {}))
    plain = tags(app)
    texts = {**MARKUP, "tokens": "".join(MARKUP_TOKENS)}
    rows = cover_pairs(SHOWN, list(texts), [state.DEFAULT_MODEL, "./markup"])
    kinds = {kind for page, kind, opened in rows if (page, opened) == (slug, model)}
    if model == "./markup":
        kinds.add("tokens")  # each of them is one token of this model
    for kind in [kind for kind in texts if kind in kinds]:
        text = texts[kind]
        app.text_area(key="text").set_value(text).run()
        whole(app, kind)
        assert app.session_state["gb"].store["model"] == model
        assert tags(app) == plain, kind
        if not any("gb-reveal" in block.value for block in app.html):  # what was said to a question stays
            app.session_state["predict.choice"] = 0
            app.run()
            app.button(key="predict.commit").click().run()
        assert any("gb-reveal" in block.value for block in app.html)
        assert tags(app) == plain, kind
        for cell in run_notebook(app):
            _, *quoted = cell.split("`")
            assert len(quoted) in (0, 2) and not Tags(cell).found and "](" not in cell and "$" not in cell
        table = app.session_state["gb"].memos["takeaway"]["table"]()
        rows = list(
            csv.reader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
        )
        assert [len(row) for row in rows] == [len(table)] * (1 + len(next(iter(table.values()))))
        app.button(key="take.table").click().run()
        whole(app, kind)
        assert list(app.dataframe[0].value.columns) == list(table)
    if model != state.DEFAULT_MODEL and slug not in OWN_MODELS and slug != "lab":  # its table is a curve
        shown = json.dumps([list(table), *map(list, table.values())])
        assert all(json.dumps(token)[1:-1] in shown for token in MARKUP_TOKENS), "the table names every token"


@pytest.mark.parametrize("token", ["`", "``", "a`b", "`a", "<i>`</i>", "\\`", "$`$"])
def test_a_backtick_in_a_token_is_a_backtick_on_the_page(token: str) -> None:
    from html import escape

    from app.markup import inline, mono

    assert inline(f"what does {mono(token)} read?") == f"what does <code>{escape(token)}</code> read?"


# ------------------------------------------------------------------------------------------------- links


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=2)
@every_page
def test_a_link_in_which_nothing_fits_names_every_part(slug: str, open_page: OpenPage) -> None:
    wrong = {"int": "1.5", "float": "warm", "bool": "maybe", "choice": "<img src=x>"}
    link = {field.key: wrong[field.kind] for field in FIELDS if field.kind != "text"}
    app = open_page(slug, **link, **{"**no**": 1, "$x$": 2})
    whole(app)
    message = said(app)
    assert all(f"In the link, {key}={value} is" in message for key, value in link.items())
    assert "“**no**”, “$x$”, which this Glassbox does not know" in message
    usual = choice.OPENS.get(slug, (state.DEFAULT_TEXT,))[0]
    assert app.session_state["gb"].store == {field.key: field.default for field in FIELDS} | {"text": usual}
    assert not Tags("".join(box.value.replace("\\<", "") for box in app.info)).found


@pytest.mark.full(reason="the other cases take 41 s", quick_cases=2)
@pytest.mark.usefixtures("other_model")
@pytest.mark.parametrize(
    ("slug", "model", "end"),
    cover_pairs(SHOWN, [state.DEFAULT_MODEL, "./both", "./pair"], ["low", "high"]),
)
def test_the_ends_of_every_range_open_on_every_shape(
    slug: str, model: str, end: str, open_page: OpenPage
) -> None:
    link = {
        field.key: field.render(getattr(field, end))
        for field in FIELDS
        if field.kind in ("int", "float") and field.key != "snapshot"
    }
    link |= {
        field.key: field.choices[-1]
        for field in FIELDS
        if field.choices and field.key not in ("view", "lang")
    }
    if model != state.DEFAULT_MODEL:
        link |= SMALLER.get(slug, {})  # what is learned on the page hangs on no model
    app = open_page(slug, model=model, text=PLAIN, target="a dog", **link)
    whole(app)
    assert ("block=999 is more than" in said(app)) == (end == "high")
    assert app.session_state["gb"].store["text"] == PLAIN


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=2)
@every_page
def test_a_repeated_key_counts_once_and_is_named(slug: str, open_page: OpenPage) -> None:
    app = open_page(slug, head=["2", "3"], text=["one", PLAIN])
    whole(app)
    assert "“head”, “text” more than once; the last value counts" in said(app)
    assert (app.session_state["gb"].store["head"], app.text_area(key="text").value) == (3, PLAIN)


# ------------------------------------------------------------------------------------------------- models


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, all broken but "fine" and a symbolic link out; beside it a model that nobody may open."""
    place = tmp_path_factory.mktemp("places")
    damage(place / "models")
    random_model(place / "models" / "fine", seed=6, n_layers=1)
    random_model(place / "models" / "markup", seed=8, tokens=MARKUP_TOKENS)
    random_model(place / "secret", seed=7, n_layers=1)
    (place / "models" / "out").symlink_to(place / "secret", target_is_directory=True)
    return place


@pytest.fixture
def configured(places: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with the folder of models configured."""
    monkeypatch.setenv("GLASSBOX_MODELS", str(places / "models"))
    return places


def broken_folders(slug: str) -> list[str]:
    """The broken models that are chosen on a page: all on one page, three on each of the others in turn."""
    if slug == "attention":
        return list(BROKEN)
    first = 3 * SHOWN.index(slug)
    return [list(BROKEN)[(first + at) % len(BROKEN)] for at in range(3)]


@pytest.mark.full(reason="the other cases take 22 s", quick_cases=2)
@every_page
def test_a_broken_folder_chosen_in_the_list_says_what_is_wrong_and_what_to_do(
    slug: str, configured: Path, open_page: OpenPage
) -> None:
    app = open_page(slug, model="./fine", text=PLAIN, head=2, **SMALLER.get(slug, {}))
    assert not app.info
    for name in broken_folders(slug):
        words = BROKEN[name]
        app.selectbox(key="model").set_value(f"./{name}").run()
        whole(app, name)
        message = said(app)
        assert all(word in message for word in (name, *words)), f"{name}: {message}"
        assert "This page shows ./fine instead" in message, "the open model stays open"
        assert str(configured) not in message, "where the folders are is nobody's business"
        kept = app.session_state["gb"].store
        assert (kept["model"], kept["text"], kept["head"]) == ("./fine", PLAIN, 2)
    app.selectbox(key="model").set_value("./fine").run()
    whole(app)
    assert not app.info


CLIMBING = [
    "../secret", "./../secret", "./fine/../../secret", "..%2Fsecret", "%2e%2e/secret", "..%252Fsecret", "./..%2fsecret",
    "..\\secret", "./out", "./out/", "{place}/secret", "{place}/models/fine", "file://{place}/secret", "~/secret",
    "./" + "a" * 5_000, "../" * 50 + "etc", "\0", "./fine\0",
]  # fmt: skip


# What opens a model is the same for every page, and so is the way there: all names on one page, one on each.
@pytest.mark.full(reason="the other cases take 3 s", quick_cases=7)
@pytest.mark.parametrize(
    ("slug", "name"),
    [("attention", name) for name in CLIMBING]
    + list(zip(SHOWN, itertools.cycle(["../secret", "./out"]), strict=False)),
    ids=lambda value: value[:24],
)
def test_a_path_that_climbs_out_opens_nothing(
    slug: str, name: str, configured: Path, open_page: OpenPage
) -> None:
    app = open_page(slug, model=name.format(place=configured), text=PLAIN)
    whole(app)
    message = said(app)
    assert "list of models" in message
    assert any(words in message for words in ("so it was not opened", "There is no"))
    assert len(message) < 600
    if "{place}" not in name:
        assert str(configured) not in message
    assert app.session_state["gb"].store["model"] == state.DEFAULT_MODEL
    options = app.selectbox(key="model").options
    assert "fine" in options and "out" not in options


@pytest.mark.full(reason="the other cases take a second", quick_cases=7)
@pytest.mark.parametrize(
    ("slug", "name"),
    [("attention", name) for name in ("some/body", "<img src=x onerror=alert(1)>", "**a**", " ", "🦜" * 500)]
    + [(slug, "nobody") for slug in SHOWN],
    ids=lambda value: value[:24],
)
def test_an_unknown_model_is_named_and_replaced(slug: str, name: str, open_page: OpenPage) -> None:
    app = open_page(slug, model=name, text=PLAIN)
    whole(app)
    assert "from the list on the left" in said(app)
    assert len(said(app)) < 600
    kept = app.session_state["gb"].store
    assert (kept["model"], kept["text"]) == (state.DEFAULT_MODEL, PLAIN)


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=2)
@every_page
def test_a_hub_model_without_a_network_says_what_works(
    slug: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_HUB", "nobody/nothing")  # certainly in nobody's cache
    app = open_page(slug, text=PLAIN)
    app.selectbox(key="model").set_value("nobody/nothing").run()
    whole(app)
    assert "a bundled model or a folder" in said(app)
    assert f"This page shows {state.DEFAULT_MODEL} instead" in said(app)
    assert app.text_area(key="text").value == PLAIN
