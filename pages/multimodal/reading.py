"""What the captioner reads and says on the Multimodal page: the picture, the caption, where it looked, what it needed.

Nothing here computes: it asks `core.multimodal` and keeps the answers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property, lru_cache

import torch
from torch import Tensor

from app.words import sentence
from core.data.digits import NAMES
from core.messages import say, spoken
from core.multimodal import captions, drawing, patch_ablation, patches, pen, shipped
from core.multimodal.captioner import Captioned, Captioner
from core.multimodal.captions import END, START, WORDS, CaptionError
from core.multimodal.patch_ablation import Agreement
from core.multimodal.properties import Properties
from core.multimodal.scenes import Scene, scenes
from pages.multimodal import strokes

OF = len(scenes("held_out"))
FELT = 0.02  # nats by which a word gets less likely, or likelier, without a piece: less is said to be nothing
LONGEST_TEXT, LONGEST_WORD = 200, 20  # characters; the longest caption has 48


@lru_cache(maxsize=1)
def captioner() -> Captioner:
    """The shipped captioner, one for all visitors. Read only."""
    return shipped.load_captioner()


@dataclass(frozen=True)
class Picture:
    """What is captioned.

    number: of the held-out scene that is chosen; drawn: the learner's drawing stands in its place.
    scene: with its true caption; None of a drawing.   image: (12, 24), None while there is nothing to read.
    strokes: of the drawing.   properties: measured on each digit.
    why: what keeps the drawing from being read.   notes: what is unusual about it.
    """

    number: int
    drawn: bool
    scene: Scene | None
    image: Tensor | None
    strokes: tuple[strokes.Stroke, ...] = ()
    properties: tuple[Properties, ...] = ()
    why: str = ""
    notes: tuple[str, ...] = ()


def picture(number: int, letters: str | None) -> Picture:
    """Return the scene of a number, or a drawing in its place.

    Args:
        letters: the drawing's strokes; None: the scene.
    """
    if letters is None:
        scene = scenes("held_out")[number]
        return Picture(number, False, scene, scene.image, properties=scene.properties)
    try:
        drawn = strokes.read(letters)
        found = drawing.seen(pen.ink(drawn))
    except ValueError as why:
        return Picture(number, True, None, None, why=sentence(str(why)))
    return Picture(number, True, None, found.image, drawn, found.properties, notes=found.notes)


@dataclass(frozen=True)
class Seen:
    """The caption of a picture, word by word; arrays as in `core.multimodal.patch_ablation`, without its end.

    said: the whole answer.   count: how many words it has, W.
    looked: (W, N) mean over all heads.   cost: (W, N) nats.   left: (W, N) probabilities.
    heads: the agreement of each head in turn, layer by layer; together: that of all heads.
    vectors: (N + W, D) what the pieces and the words are before the first block.
    """

    picture: Picture
    said: Captioned
    count: int
    looked: Tensor
    cost: Tensor
    left: Tensor
    heads: tuple[Agreement, ...]
    together: Agreement
    vectors: Tensor

    @property
    def image(self) -> Tensor:
        """(12, 24)"""
        assert self.picture.image is not None
        return self.picture.image

    @property
    def words(self) -> tuple[str, ...]:
        """As written."""
        return self.said.words[: self.count]

    @cached_property
    def focus(self) -> int:
        """The word that the page proposes to look at: the name of a digit, that which needs a piece most."""
        names = [at for at, word in enumerate(self.words) if word in NAMES]
        return max(names, key=lambda at: float(self.together.most[at]), default=0)

    @cached_property
    def truth(self) -> tuple[str | None, ...]:
        """Word by word, what the true caption has there, where words are left out or put in, too; None: no word, or
        the picture is a drawing."""
        true: list[str | None] = [None] * self.count
        if self.picture.scene is not None:
            words = self.picture.scene.words
            same = SequenceMatcher(None, self.words, words, autojunk=False)
            for _, first, end, a, b in same.get_opcodes():
                for at, word in zip(range(first, end), words[a:b]):
                    true[at] = word
        return tuple(true)

    @property
    def right(self) -> tuple[bool | None, ...]:
        """Word by word, whether it is that of the true caption; None of a drawing."""
        if self.picture.scene is None:
            return (None,) * self.count
        return tuple(word == true for word, true in zip(self.words, self.truth))

    def order(self, at: int, head: int) -> float | None:
        """The rank agreement of one word and a head (-1: all together); None where there is no order to compare: when
        covering any one piece changes nothing to speak of, its order is noise."""
        value = self._orders[head + 1][at]
        return None if math.isnan(value) or self._most[at] < FELT else value

    @cached_property
    def _orders(self) -> list[list[float]]:
        """The rank agreement of each word, of all heads together and of each."""
        return torch.stack([one.order for one in (self.together, *self.heads)]).tolist()

    @cached_property
    def _most(self) -> list[float]:
        """How much covering one piece changes each word, at most."""
        return self.cost.abs().amax(-1).tolist()

    def agreement(self, head: int) -> Agreement:
        """Of one head, counted layer by layer, or (-1) of all together."""
        return self.together if head < 0 else self.heads[head]


def see(number: int, letters: str | None, asked: str) -> Seen | None:
    """Read the caption of a picture; None where there is nothing to read or the captioner says nothing.

    Args:
        number, letters: as for `picture`.
        asked: the learner's text; it tells runs of the page apart, so that one of a new text is computed anew.
    """
    return _see(number, letters, asked, spoken())


@lru_cache(maxsize=32)  # some 100 kB each
def _see(number: int, letters: str | None, asked: str, language: str) -> Seen | None:
    """See as `see`: what is unusual about a drawing is said in a language."""
    what = picture(number, letters)
    if what.image is None:
        return None
    found = look(captioner(), what)
    return found if found.count else None


def look(model: Captioner, what: Picture) -> Seen:
    """Ask for the caption, the attention and the cost of blanking."""
    image = what.image
    assert image is not None
    said = model.caption(image)
    count = len(said.words) - (said.words[-1] == END)
    cost = patch_ablation.ablated(model, image, said)
    looked = patch_ablation.looked_at(said)
    together, *each = _agreements(torch.stack([looked, *said.pattern.flatten(0, 1)]), cost, image, said)
    return Seen(
        what, said, count, looked[:count], cost[:count], patch_ablation.left(said, cost)[:count], tuple(each),
        together, _vectors(model, image, said),
    )  # fmt: skip


def _agreements(looked: Tensor, cost: Tensor, image: Tensor, said: Captioned) -> list[Agreement]:
    """Of each of many ways to look, (K, W, N), whether what is looked at is what is needed."""
    found = patch_ablation.agreement(looked, cost, image, said.chances)
    assert found.left_top is not None
    each = zip(found.order, found.top, found.left_top, strict=True)
    return [replace(found, order=order, top=top, left_top=left) for order, top, left in each]


def _vectors(model: Captioner, image: Tensor, said: Captioned) -> Tensor:
    """What stands for the pieces and for the words before the first block, without their positions."""
    with torch.inference_mode():
        pieces, words = model.model.see(image[None]), model.model.embed(said.ids[None])
    return torch.cat([pieces, words], dim=1)[0].float()


@dataclass(frozen=True)
class Own:
    """The learner's text as a caption of the picture: its words with their probabilities, or why it is none."""

    text: str
    said: Captioned | None
    why: str = ""


def own(what: Picture, text: str) -> Own:
    """Score the learner's text for the picture."""
    text = text[:LONGEST_TEXT]
    words = text.lower().replace(",", " ").split()
    strange = next((word for word in words if word not in WORDS or word in (START, END)), "")
    if strange:
        shown = strange if len(strange) <= LONGEST_WORD else f"{strange[:LONGEST_WORD]}…"
        return Own(
            text,
            None,
            say("Your text is no caption here: {word} is none of the captioner’s words.", word=repr(shown)),
        )
    try:
        captions.parse(text)
    except CaptionError as why:
        return Own(text, None, say("Your text is no caption here: {why}.", why=why))
    if what.image is None:
        return Own(text, None)
    return Own(text, captioner().score(what.image, text))


def closest(image: Tensor) -> int:
    """The piece whose numbers differ most: the one to look at from near by."""
    return int(patches.cut(image).std(-1).argmax())
