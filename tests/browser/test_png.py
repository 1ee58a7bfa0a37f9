"""The pictures that we write by hand as PNG are what a browser reads out of them, pixel by pixel."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from app.components import HERE

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


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (128, 1), (1, 64), (11, 11), (64, 64), (127, 129), (200, 100)]
)
def test_what_is_written_is_read(width: int, height: int, page: Page) -> None:
    page.set_content("<!doctype html><title>PNG</title>")
    page.add_script_tag(content=(HERE / "shared" / "png.js").read_text(encoding="utf-8"))
    assert page.evaluate(DECODED, [width, height]) == [width, height, True]
