"""Export what the three models say as a table, and as notebook cells that ask them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.controls.predict import Answer
from pages.families import lanes
from pages.families.figure import SAID, TITLES, Found
from pages.families.question import Change

NAMES = (
    "shape", "model", "what", "place", "token", "sees", "likeliest", "p", "p of the text's own", "nearest", "cosine",
)  # fmt: skip


def table(found: Sequence[Found]) -> dict[str, Sequence[Any]]:
    """Tabulate for each lane what is asked, then the tokens that are written.

    The open model's lane has all tokens of the text, the others the one that is asked for in the picture.
    """
    lines: list[tuple[Any, ...]] = []
    for one in found:
        lane, lm = one.lane, one.lane.lm
        if lm is None:
            continue
        about = (TITLES[lane.shape], lane.name)
        lines += [(*about, *line) for line in _nearest(one)]
        for at, asked in sorted(one.asked.items()):
            if not lane.own and at != one.at:
                continue
            best, p = asked.top[0]
            said = (lm.tokenizer.display(asked.truth), in_view(one, at), lm.tokenizer.display(best))
            lines.append((*about, "asked", at, *said, _round(p), _round(asked.right), None, None))
        for n, stroke in enumerate(one.writing.strokes if one.writing else ()):
            lines.append(
                (
                    *about,
                    "writes",
                    n,
                    lm.tokenizer.display(stroke.id),
                    None,
                    None,
                    _round(stroke.probability),
                    None,
                    None,
                    None,
                )
            )
    return {name: [line[k] for line in lines] for k, name in enumerate(NAMES)}


def _nearest(one: Found) -> list[tuple[Any, ...]]:
    """Find for each token of a model without a head the token of the text whose vector lies nearest, and the cosine."""
    lane, made = one.lane, one.vectors
    if lane.lm is None or made is None or len(lane.body) < 2:
        return []
    word, found = lane.lm.tokenizer.display, []
    for at in lane.body:
        near = max((j for j in lane.body if j != at), key=lambda j: made.alike[at, j])
        said = (
            word(lane.ids[at]),
            int(one.maps["self"][at].sum()) - 1,
            None,
            None,
            None,
            word(lane.ids[near]),
        )
        found.append(("vector", at, *said, _round(float(made.alike[at, near]))))
    return found


def in_view(one: Found, at: int) -> int:
    """Count by its masks the tokens of the text that a lane's model sees when it predicts the hidden token `at`."""
    if one.lane.shape == "decoder":
        return int(one.maps["self"][at - 1].sum())
    if one.lane.shape == "encoder":
        return int(one.maps["self"][at].sum()) - 1
    return int(one.maps["cross"][1].sum()) - 1


def _round(p: float) -> float:
    return float(f"{p:.6g}")


def cells(
    found: Sequence[Found], snapshot: int | None, answer: Answer, text: str, change: Change | None
) -> list[str]:
    """Write a cell that loads the models, one for each lane, and one for the question.

    Args:
        snapshot: the step of training that the open model was rewound to. text: as the page reads it.
        change: what the question is about, if it is about a change.
    """
    first = """# %% One text, three shapes
import numpy as np
from core.families.predictions import guesses, stand_in, swap
from core.families.visibility import seen
from core.families.writing import write


def same(now, shown):
    np.testing.assert_allclose(now, shown, rtol=2e-3, atol=1e-4)"""
    numbers = answer.numbers
    if "cosine" in numbers:
        last = f"""# %% The question: the same words in reverse order
from core.vectors.sentences import cosines

TEXT = {text!r}
encoder = lms["encoder"]
both = [vectors(encoder, encoder.encode(one)).text for one in (TEXT, " ".join(reversed(TEXT.split())))]
cosine = cosines(np.stack(both))[0, 1]
print("cosine", cosine)
same(cosine, {numbers["cosine"]:.6g})"""
    elif change is not None:
        last = _changed_cell(numbers, change)
    else:
        last = _kept_cell(numbers)
    return [
        first + "\n\n\nwritten, lms = {}, {}",
        *(_lane(one, snapshot) for one in found if one.lane.lm is not None),
        last,
    ]


def _changed_cell(numbers: Mapping[str, Any], change: Change) -> str:
    return f"""# %% The question: another word, and whose guess of the token moves
TEXTS = {(change.text, change.then)!r}
PLACES = {(change.span, change.place)!r}  # of the token, in characters


def at(lm, text, place):
    shared = [min(place[1], end) - max(place[0], first) for first, end in lm.tokenizer.offsets(text)]
    return int(np.argmax(shared))


for shape, shown in (("decoder", {numbers["gpt"]:.6g}), ("encoder", {numbers["bert"]:.6g})):
    lm = lms[shape]
    said = [guesses(lm, lm.encode(text), [at(lm, text, place)]) for text, place in zip(TEXTS, PLACES)]
    moved = np.abs(said[0][0].probabilities - said[1][0].probabilities).sum() / 2 if said[0] else 0.0
    print(shape, "moves by", moved)
    same(moved, shown)"""


def _kept_cell(numbers: Mapping[str, Any]) -> str:
    return f"""# %% The question: how much of what the encoder wrote does it stand by?
encoder = written["encoder"]
kept, count = sum(not one for one in encoder.regretted), len(encoder.strokes)
print("keeps", kept, "of", count)
assert kept == {numbers["kept"]}
same(np.mean([stroke.probability for stroke in encoder.strokes]), {numbers["then"]:.6g})
same(np.mean(encoder.now), {numbers["now"]:.6g})"""


def _lane(one: Found, snapshot: int | None) -> str:
    lane = one.lane
    assert lane.lm is not None
    both = lane.shape == "encoder-decoder"
    rows = f"IDS, IDS[:1] * {SAID}" if both else "IDS"
    asked = {
        at: [top.top[0][0], _round(top.top[0][1]), _round(top.right)] for at, top in sorted(one.asked.items())
    }
    counted = {name: int(open_.sum()) for name, open_ in one.maps.items()}
    text = [
        f"# %% {TITLES[lane.shape]}: {lane.name}",
        f"lms[{lane.shape!r}] = lm = {lanes.load(lane, snapshot)}",
        f"IDS = {list(lane.ids)}",
        f"masks = seen(lm.transformer, {rows})",
        f"assert {{name: int(one.sum()) for name, one in masks.items()}} == {counted}",
    ]
    if one.vectors is not None:
        return "\n".join([*text, *_vector_lines(one)])
    text += [
        f"ASKED = {asked}  # token -> the likeliest, its probability, that of the text's own",
        "for guess in guesses(lm, IDS, list(ASKED)):",
        "    best, p, right = ASKED[guess.at]",
        "    assert guess.best == best",
        "    same([guess.probabilities[best], guess.probabilities[guess.truth]], [p, right])",
    ]
    if one.swap is not None:
        text += [
            f"turned = swap(lm, IDS, {one.at}, {one.swap.at}, stand_in(lm, IDS, {one.swap.at}))",
            'print("the next token changed: the guess moves by", turned.moved)',
            f"same(turned.moved, {_round(one.swap.moved)})",
        ]
    if one.writing is not None:
        keep = len(one.writing.read) - (lane.after if lane.shape == "encoder" else 0)
        read, behind = list(one.writing.read[:keep]), list(one.writing.read[keep:])
        likely = [_round(stroke.probability) for stroke in one.writing.strokes]
        text += [
            f"written[{lane.shape!r}] = done = write(lm, {read}, {lanes.STROKES}, {behind})",
            "print(lm.tokenizer.decode(list(done.ids)))",
            f"assert list(done.ids) == {list(one.writing.ids)}",
            f"same([stroke.probability for stroke in done.strokes], {likely})",
        ]
    return "\n".join(text)


def _vector_lines(one: Found) -> list[str]:
    """Assert the vectors of a model without a head, and how far a token's vector turns."""
    assert one.vectors is not None
    lines = [
        "from core.families.predictions import stand_in",
        "from core.families.vectors import turned, vectors",
        "made = vectors(lm, IDS)  # it has no head: a vector for each token, and one for the text",
        f"same(made.text[:8], {[_round(float(value)) for value in one.vectors.text[:8]]})",
        f"same(made.alike[0], {[_round(float(value)) for value in one.vectors.alike[0]]})",
    ]
    if one.turn is not None:
        lines += [
            f"turn = turned(lm, IDS, {one.turn.at}, {one.turn.changed}, stand_in(lm, IDS, {one.turn.changed}))",
            'print("the next token changed: the vector turns to cosine", turn.cosine)',
            f"same(turn.cosine, {_round(one.turn.cosine)})",
        ]
    return lines
