"""Below the Multimodal picture: pictures and captions as points of one space, and who finds whom there.

The functions here ask `core.multimodal.space` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from typing import Any

import streamlit as st
import torch
from torch import Tensor

from app.kit import pack, register
from app.models import cache
from app.session import events, state
from core.data.digits import LEVELS
from core.messages import say
from core.multimodal import captions, shipped
from core.multimodal.space import Gallery, Retrieval, Space, gallery, retrieval
from pages.multimodal.reading import Own, Picture

space = register("multimodal_space", __file__)

KEYS = ("imaged", "worded")
GALLERIES = 1_000


@lru_cache(maxsize=1)
def towers() -> Space:
    """Load the shipped towers, once for all visitors. Read only."""
    return shipped.load_space()


@dataclass(frozen=True)
class Points:
    """A gallery in the space: images (N, E) and captions (N, E)."""

    gallery: Gallery
    images: Tensor
    texts: Tensor


def points(number: int) -> Points:
    """Embed a gallery."""
    key = f"multimodal space\x1f{number}"
    found: Points | None = cache.kept(key)
    if found is None:
        drawn = gallery(number)
        order = drawn.scenes.captions.argsort()  # like captions beside each other: what is confused lies near
        shown = Gallery(drawn.rows[order], drawn.scenes.rows(order))
        found = Points(shown, towers().images(shown.scenes.images), towers().captions(shown.scenes.captions))
        cache.keep(key, found, small=True)
    return found


@dataclass(frozen=True)
class SharedSpace:
    """The space of one run of the page: a gallery, and the learner's drawing and text among it."""

    what: Picture
    own: Own

    @cached_property
    def number(self) -> int:
        """Of the gallery."""
        return int(state.get("lot")) % GALLERIES

    @cached_property
    def at(self) -> Points:
        """The gallery's points."""
        return points(self.number)

    @cached_property
    def found(self) -> Retrieval:
        """Which caption is nearest to each picture of the gallery, and which picture to each caption."""
        numbers = self.at.gallery.scenes.captions
        return retrieval(self.at.images, self.at.texts, numbers, numbers)

    @property
    def drawing(self) -> bool:
        """Whether the learner's drawing has a row."""
        return self.what.drawn and self.what.image is not None

    @property
    def texts(self) -> tuple[str, ...]:
        """The captions by column, the learner's last if it is one."""
        own = () if self.own.why else (captions.text_of(captions.parse(self.own.text)),)
        return (*self.at.gallery.texts, *own)

    @cached_property
    def cosines(self) -> Tensor:
        """(rows, columns), the learner's own in the last of either."""
        images, texts = self.at.images, self.at.texts
        if self.drawing:
            assert self.what.image is not None
            images = torch.cat([images, towers().images(self.what.image[None])])
        if not self.own.why:
            texts = torch.cat([texts, towers().texts([self.own.text])])
        return images @ texts.T

    def record(self) -> dict[str, Any]:
        """Turn the space into what space.js draws, but for the selection."""
        found, scenes = self.found, self.at.gallery.scenes
        images = scenes.images
        if self.drawing:
            assert self.what.image is not None
            images = torch.cat([images, self.what.image[None]])
        missed = [(row, int(found.caption_of[row]), 0) for row in _wrong(found.image_hits)]
        missed += [(int(found.image_of[column]), column, 1) for column in _wrong(found.caption_hits)]
        row = missed[0][0] if missed else 0
        return {
            "stamp": "\x1f".join([str(self.number), self.own.text, str(self.what.drawn), str(state.get("drawing"))]),
            "count": len(self.at.gallery.texts),
            "images": pack((images * LEVELS).round().byte().numpy()),
            "numbers": self.at.gallery.rows.tolist(),
            "captions": list(self.texts),
            "cosines": pack(self.cosines.numpy()),
            "missed": missed,
            "first": [len(images) - 1 if self.drawing else row, len(self.texts) - 1 if not self.own.why else row],
            "told": self.told(),
        }  # fmt: skip

    def told(self) -> list[str]:
        """Say how many find what belongs to them, and what is not among them."""
        found = self.found
        count = len(found.image_hits)
        lines = [
            say(
                "{images} of {count} pictures find their own caption, {captions} of {count} captions find a picture of "
                "theirs. By chance it would be 1. {figure}",
                images=int(found.image_hits.sum()),
                count=count,
                captions=int(found.caption_hits.sum()),
                figure=figure(),
            ),
        ]
        if self.own.why:
            lines.append(say("Your text has no column. {why}", why=self.own.why))
        return lines

    def show(self) -> None:
        """Draw the heading, the picture and the control."""
        title = escape(say("Pictures and captions in one space"))
        told = escape(say(
            "Two other models, trained together: one makes a point of a picture, one of a caption, and a picture and "
            "its caption are pulled to one place. The model of pictures began as the captioner above, which captions "
            "had taught to see digits; that of captions began untrained."
        ))  # fmt: skip
        st.html(f'<section class="gb-words"><h2>{title}</h2><p>{told}</p></section>')
        space(
            data={
                **self.record(),
                "selection": events.selection("space", {key: state.get(key) for key in KEYS}),
            },
            key="space",
            on={"select": lambda: events.select("space", KEYS)},
        )
        st.button(
            say("Another hundred"), key="multimodal.lot",
            on_click=state.whole(
                lambda: state.update({"lot": (self.number + 1) % GALLERIES, "imaged": -1, "worded": -1})
            ),
        )  # fmt: skip


def figure() -> str:
    """Say how often the towers find what belongs together, from their card."""
    scores = shipped.space_card()["scores"]
    image, caption = scores["image_to_caption"], scores["caption_to_image"]
    return say(
        "Over {galleries} such hundreds: {images} of the pictures find their caption (at the "
        "worst {image_worst}), {captions} of the captions their picture (at the worst {caption_worst}).",
        galleries=scores["galleries"],
        images=f"{image['score']:.1%}",
        image_worst=f"{image['worst']:.0%}",
        captions=f"{caption['score']:.1%}",
        caption_worst=f"{caption['worst']:.0%}",
    )


def _wrong(hits: Tensor) -> list[int]:
    found: list[int] = (~hits).nonzero()[:, 0].tolist()
    return found
