"""What the Multimodal page says of a caption in words: what a word needed, what is right, how good the captioner is."""

from __future__ import annotations

import math

from app.words import sentence
from core.messages import later, mark, say
from core.multimodal import shipped
from core.multimodal.captions import END
from core.multimodal.patch_ablation import agreement
from core.multimodal.properties import LEFT, RIGHT, THICK, THIN
from core.verdict_rule import Rule
from pages.multimodal.reading import FELT, Own, Picture, Seen

AGREES = 0.5  # rank correlation from which the order of looking is said to be the order of what counts
PARTLY = 0.25  # from which it is said to be so in part
FEWEST, DIGITS = 3, 9  # decimals of a measurement: as few as leave it on its side of the edges of words


RULE = Rule(
    mark("A word: “looking tells what counts”, “in part”, “hardly”"),
    mark(
        "Spearman’s rank agreement between how much a word looked at each piece and what covering that piece "
        "costs it; and what the most looked-at piece costs beside a random one."
    ),
    later(
        "Tells: {agrees} or more, and the most looked-at piece costs more than a random one. In part: from "
        "{partly} on. No verdict where no piece changes the word by {felt} nats.",
        agrees=f"{AGREES:g}",
        partly=f"{PARTLY:g}",
        felt=f"{FELT:g}",
    ),
    mark("One picture, all of its pieces, each covered once."),
    mark("None. The thresholds are ours: they sort how strong an agreement is and test nothing."),
    mark("Spearman 1904; attention against removal as in Jain & Wallace 2019"),
    agreement,
)


def found(seen: Seen, head: int) -> list[str]:
    """Say of each word whether the pieces it looked at are those that it needed."""
    how = seen.agreement(head)
    assert how.left_top is not None and how.left_chance is not None
    lines = []
    measured = zip(how.left_top.tolist(), how.left_chance.tolist(), how.top.tolist())
    for at, (left_top, left_chance, cost) in enumerate(list(measured)[: seen.count]):
        top, chance = f"{left_top:.0%}", f"{left_chance:.0%}"
        # What is printed decides: two shares that read alike are not called different.
        more = cost >= FELT and int(top[:-1]) < int(chance[:-1])
        told = _verdict(seen.order(at, head), more, first=not at)
        shares = say(
            "Its most looked-at piece covered: {top}; a random one: {chance}.", top=top, chance=chance
        )
        lines.append(told if seen.order(at, head) is None else f"{shares} {told}")
    return lines


def _verdict(order: float | None, more: bool, first: bool) -> str:
    """Say whether looking tells what a word needs.

    Args:
        order: the rank agreement, None where no piece matters.
        more: covering the piece that is most looked at costs more than a random one, and enough to be felt.
        first: the word has none before it.
    """
    if order is None:
        if first:
            return say(
                "No single piece matters to this word: captions begin so anyway, or several pieces, already tell it."
            )
        return say(
            "No single piece matters to this word: the words before it, or several pieces, already tell it."
        )
    value = _signed(order)
    # As it is printed: of two agreements the larger one never has the weaker word.
    shown = round(order, 2)
    if shown < PARTLY:
        return (
            say("Looking hardly tells: one piece (rank agreement {value}).", value=value)
            if more
            else say("Looking hardly tells (rank agreement {value}).", value=value)
        )
    if shown >= AGREES and more:
        return say("Looking tells what counts (rank agreement {value}).", value=value)
    return say("Looking tells in part (rank agreement {value}).", value=value)


def verdict(seen: Seen, own: Own) -> list[tuple[str, bool | None]]:
    """Say what is right of the caption: lines, each with whether it tells of something right, wrong, or neither."""
    lines: list[tuple[str, bool | None]] = []
    scene = seen.picture.scene
    if scene is not None:
        same = seen.said.text == scene.caption
        lines.append(
            (say("Right, word for word: {caption}.", caption=scene.caption), True)
            if same
            else (say("True is: {caption}.", caption=scene.caption), False)
        )
    else:
        lines.append((say("The captioner says: {caption}.", caption=seen.said.text), None))
    lines += [(sentence(note), None) for note in seen.picture.notes]
    if scene is not None:
        lines.append((figure(), None))
    return [*lines, (_own(seen, own), None)]


def measured(what: Picture) -> str:
    """Say how the described digit was measured, and between which bounds no word is used."""
    first = what.properties[0]
    values = {
        "wide": _beside(first.thickness, THIN, THICK), "thin": THIN, "thick": THICK,
        "slant": _beside(first.slant, LEFT, RIGHT), "left": _signed(LEFT), "right": _signed(RIGHT),
    }  # fmt: skip
    if len(what.properties) > 1:
        return say(
            "The left digit: strokes {wide} pixels wide (thin ≤ {thin}, thick ≥ {thick}), leaning {slant} (left ≤ "
            "{left}, right ≥ {right}).",
            **values,
        )
    return say(
        "Strokes {wide} pixels wide (thin ≤ {thin}, thick ≥ {thick}), leaning {slant} (left ≤ {left}, right ≥ "
        "{right}).",
        **values,
    )


def _beside(value: float, low: float, high: float) -> str:
    """Write a value with enough decimals that it reads on the same side of both edges as it was measured."""

    def sides(number: float) -> tuple[bool, bool]:
        return number <= low, number >= high

    places = range(FEWEST, DIGITS)
    return _signed(
        value, next((some for some in places if sides(round(value, some)) == sides(value)), DIGITS)
    )


def _signed(value: float, places: int = 2) -> str:
    """Write a number with a true minus, and none before a zero."""
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", "−")


def _own(seen: Seen, own: Own) -> str:
    if own.said is None:
        return say("{why} An example text shows how.", why=own.why)
    worst = int(own.said.chances.argmin())
    word = own.said.words[worst]
    mine, its = (_share(math.exp(one.log_chance)) for one in (own.said, seen.said))
    if word == END:
        return say(
            "Your text as its caption: {mine}, least likely at the end; the written one: {other}.",
            mine=mine, other=its,
        )  # fmt: skip
    return say(
        "Your text as its caption: {mine}, least likely at “{word}”; the written one: {other}.",
        mine=mine, word=word, other=its,
    )  # fmt: skip


def _share(p: float) -> str:
    return f"{p:.1%}" if p >= 0.001 else say("less than 0.1%")


def figure() -> str:
    """Say how often the captioner is right, from its card."""
    scores = shipped.captioner_card()["scores"]
    exact, clear = scores["exact"], scores["clear"]
    return say(
        "Of {count} pictures like these, no digit of them trained on, {exact} get exactly their "
        "caption ({low} to {high}); of those clear of the edges of words, {clear}.",
        count=f"{exact['of']:,}",
        exact=f"{exact['score']:.1%}",
        low=f"{exact['low']:.1%}",
        high=f"{exact['high']:.1%}",
        clear=f"{clear['score']:.1%}",
    )
