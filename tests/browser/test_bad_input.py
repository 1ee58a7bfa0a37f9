"""Bad input in a real browser: text that looks like markup stays text, messages say what to do, nothing is lost."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Dialog, Page, expect

from app import chapters
from tests.browser import checks, driver
from tests.damaged import BROKEN, MARKUP_TOKENS, damage
from tests.pages.conftest import random_model
from tests.ports import free_port

left_to_full = pytest.mark.full(
    reason="odd texts and models on every page; tests/pages has them in the quick tier"
)

SHOWN = [chapter.slug for group in chapters.shown().values() for chapter in group]
WORDLESS = {
    "adaptability",
    "bias",
    "scaling",
    "multimodal",
}  # pictures of known words, and of other models: the text's tokens are not drawn
every_page = pytest.mark.parametrize("slug", SHOWN)

TOKENS = "".join(MARKUP_TOKENS)
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script> **a** _b_ `c` [d](//192.0.2.1) $\\frac12$ :smile: -->"

# Elements that only markup in a text could have made; the frame has none of them.
MADE = """() => {
  const all = (root) => [...root.querySelectorAll('*')].flatMap(e => e.shadowRoot ? [e, ...all(e.shadowRoot)] : [e]);
  const looks = 'img[src="x"], [onerror], .katex, math, del, a[href$="192.0.2.1"], svg :is(b, i, script, img, a)';
  const bold = (e) => e.matches('b, strong, em, i, h1, h2') && /^(a|b|c|x|em|bold|code|link|head)$/.test(e.textContent);
  const runs = (e) => e.matches('script') && !e.src && e.textContent.includes('alert');
  return all(document).filter(e => e.matches(looks) || bold(e) || runs(e)).map(e => e.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """An app of its own: with folders of models, one of them damaged, and a hub that cannot be reached."""
    root = tmp_path_factory.mktemp("bad input")
    damage(root / "models", ["nan", "no-tokenizer"])
    random_model(root / "models" / "markup", seed=8, tokens=MARKUP_TOKENS)
    random_model(root / "secret", seed=9)
    (root / "models" / "out").symlink_to(root / "secret", target_is_directory=True)
    env = {
        "GLASSBOX_MODELS": str(root / "models"),
        "GLASSBOX_HUB": "nobody/nothing",
        "HF_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "HF_HUB_CACHE": str(root / "cache"),
    }
    with driver.serving(root, env=env) as running:
        yield running


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """The tab; the test fails when a script in a text opened a dialog."""
    opened: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    yield page
    page.remove_listener("dialog", dismiss)
    assert not opened, f"a text ran as a script: {opened}"


def text_box(page: Page) -> Any:
    """The text area in the sidebar."""
    return page.get_by_test_id("stSidebar").get_by_label("Your text")


def type_text(page: Page, text: str) -> None:
    """Put `text` into the box in one go, as pasting does, and send it."""
    text_box(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")


def messages(page: Page) -> str:
    """The box with messages on top of the page, as a person reads it."""
    box = page.get_by_test_id("stMain").get_by_test_id("stAlert").first
    expect(box).to_be_visible()
    return " ".join(box.inner_text().replace("\u2060", "").split())


def token_picture(page: Page) -> str:
    """The name of the first picture that draws the text's tokens; "" where there is none."""
    names = [
        str(figure.get_attribute("data-component")) for figure in page.locator("figure[data-component]").all()
    ]
    return next((name for name in names if "tokens" in driver.component_state(page, name)), "")


def shown_tokens(page: Page) -> list[str]:
    """The texts of the picture's tokens."""
    name = token_picture(page)
    tokens: list[str] = driver.component_state(page, name)["tokens"] if name else []
    return tokens


def model_list(page: Page) -> Any:
    """The list of models in the sidebar."""
    return page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox").first


def choose(page: Page, name: str) -> None:
    """Choose a model in the list of the sidebar."""
    model_list(page).get_by_role("combobox").click()
    page.get_by_role("option", name=name, exact=True).click()


def chosen(page: Page) -> str:
    """The model that the list shows."""
    return str(model_list(page).get_by_role("combobox").input_value())


@left_to_full
def test_what_markup_makes_is_noticed(page: Page) -> None:
    made = [
        "<b>a</b>",
        '<a href="//192.0.2.1">d</a>',
        '<span class="katex"></span>',
        "<script>0 // alert</script>",
    ]
    page.set_content("<p>a <b>Predict</b></p>" + "".join(made))
    assert page.evaluate(MADE) == made


IMAGE = "<img src=x>"


def markup_in_the_link_is_text(page: Page, slug: str) -> None:
    """What a link carries is text: the model and the fields that it names wrongly are told, and the text is kept."""
    link = {
        "model": EVIL,
        "head": "**a** $x$",
        "<b>k</b> [d](//192.0.2.1)": "1",
        "stack": "<i>x</i>",
        "text": EVIL + IMAGE,  # the end of too long a text is read
    }
    driver.open_page(page, slug, **link)
    assert page.evaluate(MADE) == []
    said = messages(page)
    for words in (EVIL[:60], "head=**a** $x$ is", "“<b>k</b> [d](//192.0.2.1)”", "stack=<i>x</i> is"):
        assert words in said
    assert text_box(page).input_value() == EVIL + IMAGE
    assert not set("<>*$") & set(page.title())
    assert "".join(shown_tokens(page)).endswith(IMAGE)


def half_characters_are_named_and_drawn(page: Page) -> None:
    """Characters that are none, or that nobody sees, are told and do not break the picture's file."""
    text_box(page).click()
    page.evaluate(
        """text => {
          const box = document.activeElement;
          Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(box, text);
          box.dispatchEvent(new Event('input', { bubbles: true }));
        }""",
        "a\ud800b \x01\x1b\x7f \u202eש\u0301 👩‍👩‍👧",
    )
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("stMain").get_by_text("paste it anew")).to_be_visible()
    driver.wait_until_drawn(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG", exact=True).click()
    assert ElementTree.fromstring(Path(download.value.path()).read_text(encoding="utf-8")).tag.endswith("svg")


def a_hundred_thousand_characters_are_kept(page: Page, slug: str) -> None:
    """A text that no model reads whole is cut with a message, and stays in the box; a link carries its beginning."""
    text = ("the cat sat. " * 7_693)[:100_000]
    type_text(page, text)
    # Models of its own answer on Applications: what it cuts is said at its own fields, the link's share here.
    says = (
        "carries the first 2,000"
        if slug in ("applications", "scaling")
        else "All of it is still in the text box"
    )
    expect(page.get_by_test_id("stMain").get_by_text(says)).to_be_visible()
    driver.wait_until_drawn(page)
    assert "carries the first 2,000 characters" in messages(page)
    assert text_box(page).input_value() == text
    if slug != "scaling":  # the message stands before the picture is drawn anew
        driver.wait_for_state(
            page,
            token_picture(page),
            lambda state: state["tokens"] and text.endswith("".join(state["tokens"][1:])),
        )
    assert len(page.url) < 8_000
    if slug == "home":  # what opens a link is the same for every page
        page.reload()
        driver.wait_until_drawn(page)
        assert text_box(page).input_value() == text[:2_000]


@left_to_full
@every_page
def test_odd_texts_are_text_are_named_and_are_kept(page: Page, slug: str) -> None:
    """One visit, one text after the other: to open a page takes longer than all that is looked at there.

    Links and long texts are the frame's affair: each is tried on half of the pages, and both on Home.
    """
    odd = SHOWN.index(slug) % 2 == 1
    if odd or slug == "home":
        markup_in_the_link_is_text(page, slug)
    else:
        driver.open_page(page, slug)
    half_characters_are_named_and_drawn(page)
    if not odd or slug == "home":
        a_hundred_thousand_characters_are_kept(page, slug)


@left_to_full
@every_page
def test_tokens_that_look_like_markup_are_text_in_chips_tips_lists_and_files(
    page: Page, slug: str, tmp_path: Path
) -> None:
    driver.open_page(page, slug, model="./markup", text="a cat")
    type_text(page, TOKENS)
    driver.wait_for_state(
        page,
        token_picture(page),
        lambda state: [token for token in state["tokens"] if token in MARKUP_TOKENS] == list(MARKUP_TOKENS),
    )
    driver.wait_until_drawn(page)
    assert page.evaluate(MADE) == []
    for chip in page.locator("figure .gb-chip").all()[:4]:
        driver.hover(page, chip)
        assert page.evaluate(MADE) == []
    checks.answered(page)
    assert page.evaluate(MADE) == []
    for box in page.get_by_test_id("stMain").get_by_test_id("stSelectbox").all():
        if box.is_visible():
            box.get_by_role("combobox").click()
            expect(page.locator("[role=option]").first).to_be_visible()
            assert page.evaluate(MADE) == []
            page.keyboard.press("Escape")
    page.get_by_role("button", name="Table", exact=True).click()
    expect(page.get_by_role("dialog").get_by_test_id("stDataFrame")).to_be_visible()
    assert page.evaluate(MADE) == []
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG", exact=True).click()
    picture = ElementTree.fromstring(Path(download.value.path()).read_text(encoding="utf-8"))
    kinds = {element.tag.rpartition("}")[2] for element in picture.iter()}
    assert kinds <= {
        "svg", "title", "metadata", "g", "rect", "text", "tspan", "path", "line", "image", "circle", "polygon",
        "polyline", "defs", "clipPath", "linearGradient", "stop", "use", "ellipse", "mask", "pattern", "marker",
        "style",
    }  # fmt: skip
    (fonts,) = (element.text or "" for element in picture.iter() if element.tag.endswith("}style"))
    assert fonts.startswith(("@font-face{", "text{")) and "<" not in fonts, (
        "our own fonts, and nothing of a text"
    )
    assert slug in WORDLESS or "<img" in "".join(picture.itertext())


# The frame opens the model, for every page in the same way (tests/pages/test_bad_input.py asks each of them): a page
# that draws it, and one whose picture is of no model.
@left_to_full
@pytest.mark.parametrize("slug", ["home", "tokenization"])
def test_a_model_that_does_not_open_says_why_and_the_text_stays(
    page: Page, server: driver.Server, slug: str
) -> None:
    driver.open_page(page, slug)
    type_text(page, "the cat and the dog")
    driver.wait_for_state(
        page,
        str(page.locator("figure[data-component]").first.get_attribute("data-component")),
        lambda state: "".join(state["tokens"]).endswith("the dog"),
    )
    reasons = {
        **{name: BROKEN[name] for name in ("nan", "no-tokenizer")},
        "nobody/nothing": ("works without it",),
    }
    for name, words in reasons.items():
        choose(page, name)
        expect(page.get_by_test_id("stMain").get_by_text(words[0])).to_be_visible()
        driver.wait_until_drawn(page)
        said = messages(page)
        assert all(word in said for word in (name, *words, "This page shows tales-gpt instead"))
        assert str(server.log.parent) not in page.locator("body").inner_text()
        assert "tales-gpt" in chosen(page)
        assert text_box(page).input_value() == "the cat and the dog"
        assert page.get_by_test_id("stException").count() == 0


@pytest.mark.full(reason="takes 10 s")
@pytest.mark.parametrize("raw", ["..%2Fsecret", ".%2Fout", "{place}%2Fsecret"])
def test_a_path_that_climbs_out_opens_nothing(page: Page, server: driver.Server, raw: str) -> None:
    place = quote(str(server.log.parent), safe="")
    page.goto(f"/attention?model={raw.format(place=place)}&text=A%20cat")
    driver.wait_until_drawn(page)
    assert "This page shows tales-gpt instead" in messages(page)
    assert "tales-gpt" in chosen(page)
    assert text_box(page).input_value() == "A cat"
    assert "model=tales-gpt" in page.url
