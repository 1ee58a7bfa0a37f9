"""What the lower half of the Multimodal page gives away: who found whom, and cells that look again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from core.multimodal import shipped
from core.multimodal.space import Gallery, Retrieval

Table = dict[str, Sequence[Any]]


def figure() -> str:
    """How often the towers find what belongs together, from their card."""
    scores = shipped.space_card()["scores"]
    image, caption = scores["image_to_caption"], scores["caption_to_image"]
    return (
        f"Over {scores['galleries']} such hundreds: {image['score']:.1%} of the pictures find their caption (at "
        f"the worst {image['worst']:.0%}), {caption['score']:.1%} of the captions their picture (at the worst "
        f"{caption['worst']:.0%})."
    )


def table(shown: Gallery, found: Retrieval) -> Table:
    """A line for each picture and its caption."""
    texts, rows = shown.texts, range(len(shown.texts))
    return {
        "picture": shown.rows.tolist(),
        "its caption": list(texts),
        "cosine of the two": found.similarity.diagonal().tolist(),
        "caption found": [texts[int(found.caption_of[row])] for row in rows],
        "picture found by its caption": [int(shown.rows[int(found.image_of[row])]) for row in rows],
    }


def cells(number: int, found: Retrieval, strokes: Any, text: str, cosines: Tensor) -> list[str]:
    """Cells that look for pictures and captions again."""
    shares = (round(found.images_right, 6), round(found.captions_right, 6))
    own = ""
    if strokes is not None:
        row = [float(f"{value:.6g}") for value in cosines[-1, : len(found.image_hits)].tolist()]
        own += f"""
from core.multimodal import drawing, pen

mine = space.images(drawing.seen(pen.ink({strokes!r})).image[None])
assert all(abs(a - b) < 1e-4 for a, b in zip((mine @ texts.T)[0].tolist(), {row!r}, strict=True))"""
    if text:
        column = [float(f"{value:.6g}") for value in cosines[: len(found.image_hits), -1].tolist()]
        own += f"""
asked = space.texts([{text!r}])
assert all(abs(a - b) < 1e-4 for a, b in zip((images @ asked.T)[:, 0].tolist(), {column!r}, strict=True))"""
    return [
        f"""# %% Pictures and captions in one space
from core.multimodal.shipped import load_space
from core.multimodal.space import gallery, retrieval

space, drawn = load_space(), gallery({number}).scenes
shown = drawn.rows(drawn.captions.argsort())
images, texts = space.images(shown.images), space.captions(shown.captions)
found = retrieval(images, texts, shown.captions, shown.captions)
print(found.images_right, found.captions_right)
assert abs(found.images_right - {shares[0]}) < 1e-5 and abs(found.captions_right - {shares[1]}) < 1e-5{own}"""
    ]
