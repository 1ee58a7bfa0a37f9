"""Export the Multimodal page: what its picture is (`FIGURE`), a line for each word and piece, notebook cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.kit.figures import Argument, Asked, Figure, Table
from core.messages import say
from core.multimodal.captions import LONGEST
from pages.multimodal import figure, question, reading, sentences
from pages.multimodal.reading import OF, Own, Picture, Seen, captioner

if TYPE_CHECKING:
    from pages.multimodal.question import Question
    from pages.multimodal.space import SharedSpace

KEYS = ("spoken", "said", "crossing", "pictured", "sketched", "drawing")
SAMPLE = "a seven, thick, slanted left, next to a two"


@dataclass(frozen=True)
class Shown:
    """A picture with its caption, a text as its caption, and what is chosen; letters: the strokes of a drawing."""

    what: Picture
    seen: Seen | None
    own: Own
    letters: str
    selection: dict[str, Any]


def look(asked: Asked) -> Shown:
    """Let the captioner read the chosen picture."""
    values = asked.values
    number, letters = asked.at_most("pictured", OF - 1), str(values["drawing"])
    drawn = letters if values["sketched"] else None
    what = reading.picture(number, drawn)
    own = reading.own(what, asked.text)
    seen = reading.see(number, drawn, own.text)
    config = captioner().config
    chosen = {"crossing": asked.at_most("crossing", config.n_layers * config.n_heads - 1)}
    if seen is not None:
        chosen["said"] = asked.at_most("said", seen.count - 1)
    return Shown(what, seen, own, letters, {key: values[key] for key in KEYS} | chosen)


def sentence(shown: Shown) -> str:
    """What is on the picture: which it is, its caption, and what is right of it."""
    what, seen = shown.what, shown.seen
    number = what.number
    if seen is None:
        if what.drawn:
            return say("A drawing: nothing is read. {why}", why=what.why).strip()
        return say(
            "Picture {number} of those held out: nothing is read. {why}", number=number, why=what.why
        ).strip()
    told = " ".join(text for text, _ in sentences.verdict(seen, shown.own))
    caption = seen.said.text
    if what.drawn:
        return say(
            "A drawing, in pieces that are tokens. Caption: {caption}. {told}", caption=caption, told=told
        )
    return say(
        "Picture {number} of those held out, in pieces that are tokens. Caption: {caption}. {told}",
        number=number, caption=caption, told=told,
    )  # fmt: skip


FIGURE = Figure(
    "multimodal", figure.multimodal, look,
    record=lambda shown: figure.record(shown.what, shown.seen, shown.own, shown.letters),
    select=lambda shown: shown.selection,
    claim=lambda shown: say("A picture is read like text: each piece of it is a token."),
    sentence=sentence,
    table=lambda shown: table(shown.seen),
    arguments=(
        Argument("picture", "pictured"), Argument("drawn", "sketched"), Argument("strokes", "drawing"),
        Argument("word", "said"), Argument("head", "crossing"), Argument("step", "spoken"),
    ),
    model=False, sample=SAMPLE, tall=620,
)  # fmt: skip

NAMES = (
    "place", "word", "probability", "true word", "right", "piece", "attention", "cost in nats",
    "probability without it",
)  # fmt: skip


def table(seen: Seen | None) -> Table:
    """Export each word and piece; without a picture, no line."""
    if seen is None:
        return {name: [] for name in NAMES}
    lines = []
    for at, word in enumerate(seen.words):
        true, right = seen.truth[at], seen.right[at]
        columns = (seen.looked[at].tolist(), seen.cost[at].tolist(), seen.left[at].tolist())
        for piece, (looked, cost, left) in enumerate(zip(*columns)):
            lines.append((at, word, float(seen.said.chances[at]), true, right, piece, looked, cost, left))
    return dict(zip(NAMES, (list(column) for column in zip(*lines))))


def _short(values: Sequence[float]) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def _nothing(what: Picture, chance: float) -> str:
    """Write a cell for a sheet of which nothing is written, and for an empty one."""
    tried = """try:
    drawing.seen(pen.ink(STROKES))
except ValueError as why:
    print(why)
else:
    raise AssertionError("there is something to read")"""
    if not what.why:
        tried = "assert not shipped.load_captioner().caption(drawing.seen(pen.ink(STROKES)).image).text"
    return f"""# %% The drawing, and an empty sheet
import math

import torch
from core.multimodal import drawing, pen, shipped

STROKES = {what.strokes!r}
{tried}
said = shipped.load_captioner().caption(torch.zeros(12, 24))
print(said.text)
assert abs(math.exp(said.log_chance) - {_short([chance])[0]!r}) < 1e-4"""


def cells(what: Picture, seen: Seen | None, own: Own, asked: Question) -> list[str]:
    """Write notebook cells that read the picture again and assert what was shown."""
    numbers = [value for value in asked.judge().numbers.values() if isinstance(value, float)]
    if seen is None:
        return [_nothing(what, numbers[0])]
    sides = question.halves(seen.image)
    if what.scene is None:
        image = f"""from core.multimodal import drawing, pen

STROKES = {what.strokes!r}
image = drawing.seen(pen.ink(STROKES)).image"""
    else:
        image = f"""from core.multimodal.scenes import scenes

scene = scenes("held_out")[{what.number}]
image = scene.image
assert scene.caption == {what.scene.caption!r}"""
    first = f"""# %% The picture and its caption
{image}

from core.multimodal import patch_ablation, patches, shipped

captioner = shipped.load_captioner()
said = captioner.caption(image)
print(said.text, said.chances)
assert said.text == {seen.said.text!r}
chances = {_short(seen.said.chances.tolist())!r}
assert all(abs(a - b) < 1e-4 for a, b in zip(said.chances.tolist(), chances, strict=True))
print(patches.cut(image).shape)"""
    orders = {at: round(order, 6) for at in range(seen.count) if (order := seen.order(at, -1)) is not None}
    assert seen.together.left_top is not None and seen.together.left_chance is not None
    second = f"""# %% Where each word looked, and what covering a piece costs it
looked, cost = patch_ablation.looked_at(said), patch_ablation.ablated(captioner, image, said)
left = patch_ablation.left(said, cost)
how = patch_ablation.agreement(looked, cost, image, said.chances)

def same(values, others):
    return all(abs(a - b) < 1e-3 for a, b in zip(values, others, strict=True))

assert same(looked[{asked.at}].tolist(), {_short(seen.looked[asked.at].tolist())!r})
assert same(left[{asked.at}].tolist(), {_short(seen.left[asked.at].tolist())!r})
assert same(how.left_top.tolist(), {_short(seen.together.left_top.tolist())!r})
assert same(how.left_chance.tolist(), {_short(seen.together.left_chance.tolist())!r})
# Costs that differ by less than a computer rounds may change places, so these are compared less closely.
assert all(abs(float(how.order[at]) - order) < 0.1 for at, order in {orders!r}.items())"""
    third = f"""# %% The question: one half of the picture covered, then the other
AT = {asked.at}  # the word
again = [float(said.chances[AT])]
for half in {sides!r}:
    covered = patch_ablation.covered(image, half)
    again.append(float(captioner.score(covered, said.words[:{LONGEST}]).chances[AT]))
print(said.words[AT], again)
assert same(again, {_short(numbers)!r})"""
    if own.said is None:
        return [first, second, third]
    fourth = f"""# %% Your text as its caption
mine = captioner.score(image, {own.text!r})
assert same(mine.chances.tolist(), {_short(own.said.chances.tolist())!r})
print(mine.words, mine.log_chance)"""
    return [first, second, third, fourth]


# ------------------------------------------------------------------ pictures and captions in one space


def space_table(shared: SharedSpace) -> Table:
    """Export each picture and its caption."""
    shown, found = shared.at.gallery, shared.found
    texts, rows = shown.texts, range(len(shown.texts))
    return {
        "picture": shown.rows.tolist(),
        "its caption": list(texts),
        "cosine of the two": found.similarity.diagonal().tolist(),
        "caption found": [texts[int(found.caption_of[row])] for row in rows],
        "picture found by its caption": [int(shown.rows[int(found.image_of[row])]) for row in rows],
    }


def space_cells(shared: SharedSpace) -> list[str]:
    """Write notebook cells that look for pictures and captions again."""
    found, cosines = shared.found, shared.cosines
    strokes = shared.what.strokes if shared.drawing else None
    text = "" if shared.own.why else shared.own.text
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

space, drawn = load_space(), gallery({shared.number}).scenes
shown = drawn.rows(drawn.captions.argsort())
images, texts = space.images(shown.images), space.captions(shown.captions)
found = retrieval(images, texts, shown.captions, shown.captions)
print(found.images_right, found.captions_right)
assert abs(found.images_right - {shares[0]}) < 1e-5 and abs(found.captions_right - {shares[1]}) < 1e-5{own}"""
    ]
