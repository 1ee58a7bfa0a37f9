"""The three lanes of the Families page: which model stands in each, what it reads, and what is asked of it.

The open model stands in the lane of its shape; in the others stands the bundled model of theirs, or a folder of that
name. Where there is none (no encoder-decoder may be installed) the lane shows the masks alone, of an untrained model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app import cache, models, reading, state
from core.config import Shape
from core.families.asked import Guess, Swap, guesses, sign_of, stand_in, swap
from core.families.seen import Array, seen, untrained
from core.families.writing import Writing, write
from core.training.examples import marks

if TYPE_CHECKING:
    from app.page import Context
    from core.language_model import LanguageModel

LONGEST = 32  # tokens of the open model: a row and a column each
OTHERS = 34  # of the other lanes' models, which cut the text in their own way
STROKES = 12  # tokens that each writes
HEAVY = 20_000_000  # weights: such a model is asked for the followed token alone
TOP = 4
SHAPES: tuple[Shape, ...] = ("decoder", "encoder", "encoder-decoder")
USUAL: dict[Shape, str] = {"decoder": "tales-gpt", "encoder": "tales-bert", "encoder-decoder": "tales-t5"}
ASKS = ("gap", "translate", "summarize", "sentiment")


@dataclass(frozen=True)
class Lane:
    """One shape: its model, if there is one, and the text as that model reads it.

    key: for `cache.call`; "" without a model. target: what `core.load` takes; name: as the picker shows it.
    ids: with special tokens; before, after: how many of those stand around the text. spans: characters of each.
    """

    shape: Shape
    name: str
    key: str
    target: str
    own: bool
    lm: LanguageModel | None
    ids: tuple[int, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    before: int = 0
    after: int = 0
    notes: tuple[str, ...] = ()

    @property
    def body(self) -> range:
        """The positions of the text's own tokens."""
        return range(self.before, len(self.ids) - self.after)


def all_lanes(ctx: Context) -> list[Lane]:
    """GPT, BERT, T5: each with its model."""
    return [_own(ctx, shape) if _speaks(ctx.lm, shape) else _other(ctx, shape) for shape in SHAPES]


def _speaks(lm: LanguageModel, shape: Shape) -> bool:
    """Whether the open model stands in the lane of `shape`: one whose head says classes says no tokens."""
    return lm.config.shape == shape and lm.config.head == "lm"


def _own(ctx: Context, shape: Shape) -> Lane:
    target = str(models.resolve(ctx.name).target)
    return _read(Lane(shape, ctx.label, ctx.model_key, target, True, ctx.lm), ctx.text, ctx.ids)


def _other(ctx: Context, shape: Shape) -> Lane:
    name = USUAL[shape]
    name = name if name in models.bundled() else f"./{name}"
    try:
        lm = cache.model(name)
    except (ValueError, OSError):
        return Lane(shape, "", "", "", False, None)
    if not _speaks(lm, shape):
        return Lane(shape, "", "", "", False, None)
    read = reading.read(lm, ctx.text, state.DEFAULT_TEXT, OTHERS)
    bound = "the picture has a row and a column for each"
    said = (
        (f"{name.removeprefix('./')} reads the first {OTHERS} of its tokens: {bound}.",)
        if read.clipped
        else ()
    )
    lane = Lane(
        shape,
        name.removeprefix("./"),
        cache.key(name),
        str(models.resolve(name).target),
        False,
        lm,
        notes=said,
    )
    return _read(lane, read.text, read.ids)


def _read(lane: Lane, text: str, ids: Sequence[int]) -> Lane:
    assert lane.lm is not None
    spans = tuple((start, end) for start, end in lane.lm.tokenizer.offsets(text))
    around = len(lane.lm.tokenizer.encode(""))
    own = [at for at, (start, end) in enumerate(spans) if end > start]
    before = own[0] if own and around else 0
    after = len(ids) - own[-1] - 1 if own and around else 0
    return Lane(
        lane.shape,
        lane.name,
        lane.key,
        lane.target,
        lane.own,
        lane.lm,
        tuple(ids),
        spans,
        before,
        after,
        lane.notes,
    )


def across(spans: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]) -> list[int]:
    """For each token by its characters, the first token of another cut that shares most of them; -1: none does."""
    found = []
    for start, end in spans:
        shared = [min(end, last) - max(start, first) for first, last in others]
        best = int(np.argmax(shared)) if shared else -1
        found.append(best if best >= 0 and shared[best] > 0 else -1)
    return found


def default_token(tokens: Sequence[str], spans: Sequence[tuple[int, int]]) -> int:
    """The token that the page begins with: the longest word with another token behind it, of several the last."""
    own = [at for at, (start, end) in enumerate(spans) if end > start]
    return max(own[:-1] or own or [0], key=lambda at: (len(tokens[at].strip()), at))


# ---------------------------------------------------------------- what is asked of a model, as the cache takes it


def masks(lm: LanguageModel, ids: tuple[int, ...], said: int) -> dict[str, Array]:
    """`seen` of a text; an encoder-decoder has read `said` tokens of an answer, whichever: masks know only places."""
    both = lm.config.shape == "encoder-decoder"
    return seen(lm.transformer, ids, ids[:1] * said) if both else seen(lm.transformer, ids)


def bare_masks(shape: Shape, length: int, said: int) -> dict[str, Array]:
    """The same of an untrained model, for a lane without one."""
    rows = [[0] * length, [0] * said] if shape == "encoder-decoder" else [[0] * length]
    return seen(untrained(shape, max(length, said)), *rows)


@dataclass(frozen=True)
class Asked:
    """A guess without the whole of its distribution: the likeliest tokens, and the right one with its place."""

    at: int
    truth: int
    right: float
    place: int
    top: tuple[tuple[int, float], ...]


def brief(guess: Guess) -> Asked:
    """A guess as the picture needs it."""
    right = float(guess.probabilities[guess.truth])
    place = 1 + int((guess.probabilities > right).sum())
    return Asked(guess.at, guess.truth, right, place, tuple(guess.likeliest(TOP)))


def ask(lm: LanguageModel, ids: tuple[int, ...], at: tuple[int, ...]) -> dict[int, Asked]:
    """What the model says of these tokens, by position."""
    return {guess.at: brief(guess) for guess in guesses(lm, ids, at)}


def exchange(lm: LanguageModel, ids: tuple[int, ...], at: int, changed: int) -> Swap:
    """The guess about token `at` when token `changed` becomes another."""
    return swap(lm, ids, at, changed, stand_in(lm, ids, changed))


def let_write(lm: LanguageModel, ids: tuple[int, ...], after: tuple[int, ...]) -> Writing:
    """`write` with its arguments in a row."""
    return write(lm, ids, STROKES, after)


def source(lane: Lane, asked: str, text: str, at: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What a lane's model reads before it writes: ids, and those that stay behind what an encoder writes.

    Args:
        asked: of an encoder-decoder, one of ASKS. at: the token that is the gap.
    """
    assert lane.lm is not None
    if lane.shape == "encoder":
        first = len(lane.ids) - lane.after
        return lane.ids[:first], lane.ids[first:]
    if lane.shape == "decoder":  # what a tokenizer puts behind a text would end it
        return lane.ids[: len(lane.ids) - lane.after], ()
    if asked == "gap":
        gap = sign_of(lane.lm)
        assert gap is not None  # it is no decoder
        return (*lane.ids[:at], gap, *lane.ids[at + 1 :]), ()
    from core.data.tasks import TASKS

    return tuple(lane.lm.tokenizer.encode(TASKS[asked].prefix + text)[: lane.lm.config.n_ctx]), ()


def load(lane: Lane, snapshot: int | None = None) -> str:
    """The call that loads a lane's model, as source."""
    moment = "" if snapshot is None or not lane.own else f", snapshot={snapshot}"
    return f"core.load({lane.target!r}{moment})"


def display(lm: LanguageModel, id: int) -> str:
    """How a token reads; what stands for one that is missing reads as a sign: [MASK], or T5's sentinel in short."""
    if id != sign_of(lm):
        return lm.tokenizer.display(id)
    return "[MASK]" if id == marks(lm).specials.mask_id else "<x0>"


def sign(lane: Lane) -> dict[str, Any]:
    """What a lane's model gets in the place of the token that is asked for: nothing of a decoder."""
    if lane.lm is None:
        return {"text": "<x0>"} if lane.shape == "encoder-decoder" else {}
    id = sign_of(lane.lm)
    return {} if id is None else {"text": display(lane.lm, id), "id": id}


def place(lane: Lane, spans: Sequence[tuple[int, int]], token: int) -> int:
    """Where the open model's token `token` stands in a lane; -1: nowhere."""
    if lane.lm is None or lane.own:
        return token
    return across(spans[token : token + 1], lane.spans)[0]
