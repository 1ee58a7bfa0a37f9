"""Export the Families page: what its picture is (`FIGURE`), what the models say as a table, and notebook cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.kit.figures import Argument, Asked, Figure, Table
from app.markup import visible
from core.messages import say
from pages.families import figure, lanes
from pages.families.figure import SAID, TITLES, Found, gather
from pages.families.lanes import Lane

if TYPE_CHECKING:
    from app.questions import Answer
    from core.language_model import LanguageModel
    from pages.families.question import Change

KEYS = ("follow", "drafted", "crossing")

NAMES = (
    "shape", "model", "what", "place", "token", "sees", "likeliest", "p", "p of the text's own", "nearest", "cosine",
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """The text in three lanes.

    Attributes:
        tokens, spans: of the text as the open model cuts it.
        token: the one that is asked for; start: the one that is, if none is chosen.
        found: what each lane's model said.
    """

    asked: Asked
    tokens: list[str]
    spans: Sequence[tuple[int, int]]
    start: int
    token: int
    found: list[Found]

    @property
    def reads(self) -> bool:
        """Whether the encoder has no head: it reads, and fills nothing."""
        return self.found[1].vectors is not None


def see(asked: Asked) -> Seen:
    """Compute what GPT, BERT and T5 each make of the text around the followed token."""
    lm = asked.lm
    spans = lm.tokenizer.offsets(asked.text)
    tokens = [lm.tokenizer.display(i) for i in lm.tokenizer.encode(asked.text)]
    start = lanes.default_token(asked.text, tokens, spans)
    follow = asked.at_most("follow", len(tokens) - 1)
    token = follow if 0 <= follow < len(tokens) else start
    found = [gather(asked, lane, lanes.place(lane, spans, token)) for lane in lanes.all_lanes(asked)]
    return Seen(asked, tokens, spans, start, token, found)


def record(seen: Seen) -> dict[str, Any]:
    """Turn what the models said into what figure.js draws, but for the selection."""
    asks = str(seen.asked.values["ask"])
    stamp = "\x1f".join([*(one.lane.key for one in seen.found), seen.asked.text, str(seen.token), asks])
    return figure.record(seen.found, seen.tokens, seen.spans, seen.start, asks, stamp)


def sentence(seen: Seen) -> str:
    """What is on the picture: what each model says of the token, and what it writes."""
    said = []
    for one in seen.found:
        lane, lm = one.lane, one.lane.lm
        if lm is None:
            continue
        name = f"{TITLES[lane.shape]} ({lane.name})"
        if one.vectors is not None:
            said.append(
                say(
                    "{name} predicts nothing: a vector for each of {count} tokens comes out.",
                    name=name, count=len(lane.ids),
                )
            )  # fmt: skip
            continue
        said.append(_said(name, lm, one))
    first = say(
        "{label}: a text in three shapes, asked for token {number} “{token}”.",
        label=seen.asked.label, number=seen.token, token=visible(seen.tokens[seen.token]),
    )  # fmt: skip
    return f"{first} {' '.join(said)}"


def _said(name: str, lm: LanguageModel, one: Found) -> str:
    """What a model says of the token, and what it writes, in a sentence."""
    told = {"name": name}
    ids = [] if one.writing is None else [stroke.id for stroke in one.writing.strokes]
    if ids:
        told["text"] = visible(lm.tokenizer.decode(ids)).strip()
    if one.at not in one.asked:
        if ids:
            return say("{name} says nothing of it and writes “{text}”.", **told)
        return say("{name} says nothing of it.", **told)
    best, p = one.asked[one.at].top[0]
    told |= {"token": visible(lm.tokenizer.display(best)), "p": f"{p:.3f}"}
    if ids:
        return say("{name} says “{token}” {p} and writes “{text}”.", **told)
    return say("{name} says “{token}” {p}.", **told)


def table(found: Sequence[Found]) -> Table:
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


FIGURE = Figure(
    "families", figure.families, see,
    record=record,
    select=lambda seen: {key: seen.asked.values[key] for key in KEYS},
    claim=lambda seen: say("GPT sees the past and writes; an encoder sees all, and this one only reads.")
    if seen.reads else say("GPT sees the past and writes; BERT sees all and fills."),
    sentence=sentence,
    table=lambda seen: table(seen.found),
    arguments=(
        Argument("row", "follow"), Argument("step", "drafted"), Argument("crossing", "crossing"),
        Argument("task", "ask"), Argument("encoder", "reader"),
    ),
    longest=lanes.LONGEST, room=lanes.STROKES, tall=620,
)  # fmt: skip


def cells(
    opened: str,
    found: Sequence[Found],
    load: Callable[[Lane], str],
    answer: Answer,
    text: str,
    change: Change | None,
) -> list[str]:
    """Write a cell that loads the models, one for each lane, and one for the question.

    Args:
        opened: the call that loads the open model, as source. load: the same of a lane's model that is another.
        text: as the page reads it.
        change: what the question is about, if it is about a change.
    """
    first = f"""# %% One text, three shapes
import numpy as np
from core.families.predictions import guesses, stand_in, swap
from core.families.visibility import seen
from core.families.writing import write


def same(now, shown):
    np.testing.assert_allclose(now, shown, rtol=2e-3, atol=1e-4)


lm = {opened}
written, lms = {{}}, {{}}"""
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
        first,
        *(_lane(one, "lm" if one.lane.own else load(one.lane)) for one in found if one.lane.lm is not None),
        last,
    ]


def _changed_cell(numbers: Mapping[str, Any], change: Change) -> str:
    return f"""# %% The question: another word, and whose guess of the token moves
TEXTS = {(change.text, change.then)!r}
PLACES = {(change.span, change.place)!r}  # of the token, in characters


def at(model, text, place):
    shared = [min(place[1], end) - max(place[0], first) for first, end in model.tokenizer.offsets(text)]
    return int(np.argmax(shared))


for shape, shown in (("decoder", {numbers["gpt"]:.6g}), ("encoder", {numbers["bert"]:.6g})):
    model = lms[shape]
    said = [guesses(model, model.encode(text), [at(model, text, place)]) for text, place in zip(TEXTS, PLACES)]
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


def _lane(one: Found, load: str) -> str:
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
        f"lms[{lane.shape!r}] = model = {load}",
        f"IDS = {list(lane.ids)}",
        f"masks = seen(model.transformer, {rows})",
        f"assert {{name: int(one.sum()) for name, one in masks.items()}} == {counted}",
    ]
    if one.vectors is not None:
        return "\n".join([*text, *_vector_lines(one)])
    text += [
        f"ASKED = {asked}  # token -> the likeliest, its probability, that of the text's own",
        "for guess in guesses(model, IDS, list(ASKED)):",
        "    best, p, right = ASKED[guess.at]",
        "    assert guess.best == best",
        "    same([guess.probabilities[best], guess.probabilities[guess.truth]], [p, right])",
    ]
    if one.swap is not None:
        text += [
            f"turned = swap(model, IDS, {one.at}, {one.swap.at}, stand_in(model, IDS, {one.swap.at}))",
            'print("the next token changed: the guess moves by", turned.moved)',
            f"same(turned.moved, {_round(one.swap.moved)})",
        ]
    if one.writing is not None:
        keep = len(one.writing.read) - (lane.after if lane.shape == "encoder" else 0)
        read, behind = list(one.writing.read[:keep]), list(one.writing.read[keep:])
        likely = [_round(stroke.probability) for stroke in one.writing.strokes]
        text += [
            f"written[{lane.shape!r}] = done = write(model, {read}, {lanes.STROKES}, {behind})",
            "print(model.tokenizer.decode(list(done.ids)))",
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
        "made = vectors(model, IDS)  # it has no head: a vector for each token, and one for the text",
        f"same(made.text[:8], {[_round(float(value)) for value in one.vectors.text[:8]]})",
        f"same(made.alike[0], {[_round(float(value)) for value in one.vectors.alike[0]]})",
    ]
    if one.turn is not None:
        lines += [
            f"turn = turned(model, IDS, {one.turn.at}, {one.turn.changed}, stand_in(model, IDS, {one.turn.changed}))",
            'print("the next token changed: the vector turns to cosine", turn.cosine)',
            f"same(turn.cosine, {_round(one.turn.cosine)})",
        ]
    return lines
