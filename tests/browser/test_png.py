"""Pictures as PNG: what we write by hand is what a browser reads; one that is taken away is what the page shows."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from app.kit.mounting import KIT
from tests.browser import driver

pytestmark = pytest.mark.full(reason="pixels of saved drawings")

DECODED = """async ([width, height]) => {
  const pixels = Uint8ClampedArray.from({length: 4 * width * height}, (_, i) => i % 4 === 3 ? 255 : (i * 7919) % 251);
  if (width * height > 1) pixels.set([0, 0, 0, 0], 4);  // a clear pixel
  const image = new Image();
  image.src = png(width, height, pixels);
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), {width, height});
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const read = context.getImageData(0, 0, width, height).data;
  return [image.width, image.height, read.every((value, i) => value === pixels[i])];
}"""


def test_what_is_written_is_read(page: Page) -> None:
    page.set_content("<!doctype html><title>PNG</title>")
    module = (KIT / "png.js").read_text(encoding="utf-8")
    page.add_script_tag(type="module", content=f"{module}\nwindow.png = png;")
    for width, height in [(1, 1), (128, 1), (1, 64), (11, 11), (64, 64), (127, 129), (200, 100)]:
        assert page.evaluate(DECODED, [width, height]) == [width, height, True]


PICTURES = ("attention", "multi_head", "lab", "loss")


def taken(page: Page, kind: str) -> bytes:
    """The page's picture as its button hands it out."""
    with page.expect_download() as file:
        page.get_by_role("button", name=kind, exact=True).click()
    return Path(file.value.path()).read_bytes()


def test_a_picture_that_is_taken_away_is_what_the_page_shows_and_needs_nothing_of_it(page: Page) -> None:
    driver.open_page(page, "home", text="A red ball was lost. She found the red")
    needs_nothing_of_the_page(page)
    for slug in PICTURES:
        driver.go_to_page(page, slug)
        for theme in ("light", "dark"):
            driver.set_theme(page, theme)
            is_what_the_page_shows(page, slug)


def needs_nothing_of_the_page(page: Page) -> None:
    """Check that the page's picture as SVG holds its words, styles and fonts."""
    text = taken(page, "SVG").decode()
    claim = page.locator(".gb-claim h1").inner_text()
    assert claim in text and "Block 3, open" in text, "titles are part of it"
    assert "Append" not in text, "what one presses on the page says nothing in a file"
    assert text.count("@font-face") == 2 and text.count("data:font/woff2;base64,") == 2
    assert "var(--" not in text and "http://127" not in text


def is_what_the_page_shows(page: Page, name: str) -> None:
    """The PNG of a picture has the ink where the page has it."""
    figure = driver.component(page, name)
    svg = figure.locator("svg").first
    own = [size // 1 for size in svg.evaluate("s => [+s.getAttribute('width'), +s.getAttribute('height')]")]
    hidden = page.add_style_tag(content=".gb-over.gb-button, .gb-over .gb-button { visibility: hidden }")
    shown = Image.open(io.BytesIO(svg.screenshot())).convert("L")
    hidden.evaluate("sheet => sheet.remove()")
    image = Image.open(io.BytesIO(taken(page, "PNG"))).convert("L")
    assert image.width == 2 * (own[0] + 32), "a margin around it, so that nothing is cut off"
    half = image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)
    top = half.height - 16 - own[1]
    assert top > 30, "the claim stands over it"
    same = half.crop((16, top, 16 + own[0], top + own[1]))
    claim = np.asarray(half.crop((16, 8, 16 + own[0], top)), dtype=float)
    assert np.abs(claim - claim[0, -1]).max() > 120, "words"
    # As much ink in every cell of 8 by 8: a missing or another font shows, a shade of a pixel does not.
    a, b = (
        np.asarray(one.resize((own[0] // 8, own[1] // 8), Image.Resampling.BOX), dtype=float)
        for one in (shown, same)
    )
    rows = min(len(a), len(b))
    apart = np.abs(a[:rows] - b[:rows])
    # With the browser's own fonts in place of ours the mean is above 1.5, and of 100 cells one is 20 and more apart.
    assert apart.mean() < 1.2 and np.quantile(apart, 0.99) < 15


LONG = (
    "Once upon a time there was a small house beside the park, and Cyril lived there. One day he lost a red ball and "
    "Nora found it"
)
# The part of each picture that holds its rows: on the page some of them are scrolled out of view.
ROWS = {
    "home": "tokens", "attention": "chips", "norm_residual": "rail", "feed_forward": "tokens", "positions": "chips",
}  # fmt: skip
WORDS = """([text, part]) => {
  const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const shown = [...svg.querySelectorAll(`g[data-part="${part}"] text`)].map((word) => word.textContent);
  const clips = [...svg.querySelectorAll("clipPath > rect")].map((rect) => +rect.getAttribute("height"));
  return [shown, +svg.getAttribute("height"), clips];
}"""


def test_a_picture_that_is_taken_away_holds_what_is_scrolled_out_of_view(page: Page) -> None:
    driver.open_page(page, "home", text=LONG)
    holds_all_rows(page, "home")
    for slug in ROWS:
        if slug != "home":
            driver.go_to_page(page, slug)
            holds_all_rows(page, slug)
    # What is moved out of view sideways is in the file, too.
    driver.go_to_page(page, "tokenization")
    shown, _, _ = page.evaluate(WORDS, [driver.taken_svg(page), "text"])
    assert "".join(shown).replace("·", " ").split() == LONG.split()


def holds_all_rows(page: Page, slug: str) -> None:
    """Check that the page's picture as SVG has a row for each token, and that the page stays as it is."""
    figure = driver.component(page, slug)
    size = "s => [+s.getAttribute('width'), +s.getAttribute('height')]"
    before = driver.component_state(page, slug), figure.locator("svg").first.evaluate(size)
    shown, height, clips = page.evaluate(WORDS, [driver.taken_svg(page), ROWS[slug]])
    tokens = [token.replace(" ", "·") for token in driver.component_state(page, slug)["tokens"]]
    assert len(tokens) > 20
    missing = [token for token in tokens if shown.count(token) < tokens.count(token)]
    assert not missing, f"of the rows of {slug} these are not in the file: {missing}"
    assert height > 18 * len(tokens)
    if slug == "attention":
        assert max(clips) >= 18 * len(tokens), "and nothing of them is cut off"
    assert (driver.component_state(page, slug), figure.locator("svg").first.evaluate(size)) == before
