"""Choose the models of the three lanes of the Families page, what each reads, and what is asked of it.

The open model stands in the lane of its shape; in the others stands the bundled model of theirs, or a folder of that
name; beside a published model the other published one, where there is one of that shape. Where there is none (no
encoder-decoder may be installed) the lane shows the masks alone, of an untrained model.

An encoder without a head says no tokens: its lane shows the vectors that come out of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app import reading
from app.counts import counted
from app.kit.figures import Asked as Asking
from app.session.fields import BEGUN, DEFAULT_TEXT
from core import real
from core.config import Shape
from core.families.predictions import Guess, Swap, guesses, sign_of, stand_in, swap
from core.families.vectors import Turned, Vectors, turned, vectors
from core.families.visibility import Array, seen, untrained
from core.families.writing import Writing, write
from core.language_model import LanguageModel
from core.messages import mark, say
from core.training.examples import marks

LONGEST = 32  # tokens of the open model: a row and a column each
OTHERS = 34  # of the other lanes' models, which cut the text in their own way
STROKES = 12  # tokens that each writes
HEAVY = 20_000_000  # weights: such a model is asked for the followed token alone
TOP = 4
SHAPES: tuple[Shape, ...] = ("decoder", "encoder", "encoder-decoder")
USUAL: dict[Shape, str] = {"decoder": "tales-gpt", "encoder": "tales-bert", "encoder-decoder": "tales-t5"}
DECODER, ENCODER = "SmolLM2-135M", "all-MiniLM-L6-v2"  # the published ones; the encoder has no head
NO_T5 = mark("No T5 is published as a package that is fetched here: this one has read Toyland alone.")
PIECES = 3  # a word in so many pieces is told of
TOLD = 4  # words told of
_WORD = re.compile(r"[^\W\d_]+")
ASKS = ("gap", "translate", "summarize", "sentiment")


@dataclass(frozen=True)
class Lane:
    """Hold one shape: its model, if there is one, and the text as that model reads it.

    opened: the model's name in a link, "" without a model; name: in a sentence; key: changes with the model.
    text: as far as its model reads it. ids: with special tokens; before, after: how many of those stand around the
    text. spans: characters of each.
    """

    shape: Shape
    name: str
    opened: str
    key: str
    own: bool
    lm: LanguageModel | None
    ids: tuple[int, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    before: int = 0
    after: int = 0
    notes: tuple[str, ...] = ()
    text: str = ""

    @property
    def body(self) -> range:
        """List the positions of the text's own tokens."""
        return range(self.before, len(self.ids) - self.after)

    @property
    def bare(self) -> bool:
        """Test whether the model has no head: vectors come out of it, and no tokens."""
        return self.lm is not None and self.lm.config.head == "none"


def all_lanes(asked: Asking) -> list[Lane]:
    """List the lanes, GPT, BERT, T5, each with its model."""
    chosen = reader(asked)
    return [
        _own(asked, shape) if _stands(asked.lm, shape, chosen) else _other(asked, shape) for shape in SHAPES
    ]


def readers(asked: Asking) -> dict[str, str]:
    """List the encoders that the lane can have, by what comes out. One that fills, open, stands alone."""
    config = asked.lm.config
    if config.shape == "encoder" and config.head == "lm":
        return {"fills": asked.label}
    found = {"fills": USUAL["encoder"]}
    if _bare(asked.lm):
        return found | {"vectors": asked.label}
    return found | ({"vectors": ENCODER} if ENCODER in real.ready() else {})


def reader(asked: Asking) -> str:
    """Choose which of `readers` stands in the lane: the learner's choice, or the one that fits the open model.

    Raises:
        ValueError: a caller named one that is not here.
    """
    there, wished = readers(asked), str(asked.values["reader"])
    if wished == "fitting":
        wished = "vectors" if asked.name in real.BY_NAME or _bare(asked.lm) else "fills"
    elif wished not in there and "reader" in asked.given:
        raise ValueError(f"{asked.given['reader']}={wished!r}: here an encoder {' or '.join(there)}.")
    return wished if wished in there else "fills"


def _bare(lm: LanguageModel) -> bool:
    return lm.config.shape == "encoder" and lm.config.head == "none"


def _stands(lm: LanguageModel, shape: Shape, reader: str) -> bool:
    """Test whether a model can stand in the lane of `shape`: a head of classes gives neither tokens nor vectors."""
    return lm.config.shape == shape and (lm.config.head == "lm" or (_bare(lm) and reader == "vectors"))


def _own(asked: Asking, shape: Shape) -> Lane:
    lane = Lane(shape, asked.label, asked.name, asked.key, True, asked.lm)
    return _read(lane, asked.text, asked.lm.tokenizer.encode(asked.text))


def _other(asked: Asking, shape: Shape) -> Lane:
    for name in _candidates(asked, shape):
        try:
            lm = asked.open(name)
        except (ValueError, OSError):  # not here, or no room for it beside the open one
            continue
        if _stands(lm, shape, reader(asked)):
            return _beside(asked, shape, name, lm)
    return Lane(shape, "", "", "", False, None)


def _candidates(asked: Asking, shape: Shape) -> list[str]:
    """List models for a lane, which the first that opens takes: published, bundled, in a folder of the same name."""
    usual = [USUAL[shape], f"./{USUAL[shape]}"]
    if shape == "encoder" and reader(asked) == "vectors":
        return [ENCODER, *usual]
    if shape == "decoder" and asked.name in real.BY_NAME and DECODER in real.ready():
        return [DECODER, *usual]
    return usual


def _beside(asked: Asking, shape: Shape, name: str, lm: LanguageModel) -> Lane:
    short = real.title(name.removeprefix("./"))
    read = reading.read(lm, asked.text, DEFAULT_TEXT, OTHERS)
    said = []
    if shape == "encoder-decoder" and asked.name in real.BY_NAME:
        said.append(say(NO_T5))
    if read.clipped:
        said.append(say("{model} reads the first {count} of its tokens.", model=short, count=OTHERS))
    return _read(Lane(shape, short, name, name, False, lm, notes=tuple(said)), read.text, read.ids)


def _read(lane: Lane, text: str, ids: Sequence[int]) -> Lane:
    assert lane.lm is not None
    spans = tuple((start, end) for start, end in lane.lm.tokenizer.offsets(text))
    around = len(lane.lm.tokenizer.encode(""))
    own = [at for at, (start, end) in enumerate(spans) if end > start]
    before = own[0] if own and around else 0
    after = len(ids) - own[-1] - 1 if own and around else 0
    notes = (*lane.notes, *in_pieces(text, spans))
    return replace(lane, ids=tuple(ids), spans=spans, before=before, after=after, notes=notes, text=text)


def in_pieces(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Note words that are cut into many pieces: a model has learned little of a word that it spells out."""
    found: dict[str, int] = {}
    for match in _WORD.finditer(text):
        pieces = sum(start < match.end() and end > match.start() and end > start for start, end in spans)
        if pieces >= PIECES:
            found[match[0]] = pieces
    if not found:
        return ()
    told = ", ".join(
        say("“{word}” to {pieces}", word=word, pieces=pieces) for word, pieces in list(found.items())[:TOLD]
    )
    if len(found) > TOLD:
        others = counted(len(found) - TOLD, "other word")
        return (
            say("Not in its vocabulary, so cut to pieces: {words} and {others}.", words=told, others=others),
        )
    return (say("Not in its vocabulary, so cut to pieces: {words}.", words=told),)


def across(spans: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]) -> list[int]:
    """Align each token by its characters with the first token of another cut that shares most of them; -1: none."""
    found = []
    for start, end in spans:
        shared = [min(end, last) - max(start, first) for first, last in others]
        best = int(np.argmax(shared)) if shared else -1
        found.append(best if best >= 0 and shared[best] > 0 else -1)
    return found


def default_token(text: str, tokens: Sequence[str], spans: Sequence[tuple[int, int]]) -> int:
    """Choose the token to begin with: the longest word with another token behind it, of several the last.

    Of the page's own text it is the word that only its last words give away.
    """
    if text == BEGUN:
        at = text.index(" there") + 1
        return next(place for place, (start, end) in enumerate(spans) if start <= at < end)
    own = [at for at, (start, end) in enumerate(spans) if end > start]
    return max(own[:-1] or own or [0], key=lambda at: (len(tokens[at].strip()), at))


# ---------------------------------------------------------------- what is asked of a model, as the cache takes it


def masks(lm: LanguageModel, ids: tuple[int, ...], said: int) -> dict[str, Array]:
    """Compute the masks of a text; an encoder-decoder has read `said` tokens of an answer: masks know only places."""
    both = lm.config.shape == "encoder-decoder"
    return seen(lm.transformer, ids, ids[:1] * said) if both else seen(lm.transformer, ids)


def bare_masks(shape: Shape, length: int, said: int) -> dict[str, Array]:
    """Compute the masks of an untrained model, for a lane without one."""
    rows = [[0] * length, [0] * said] if shape == "encoder-decoder" else [[0] * length]
    return seen(untrained(shape, max(length, said)), *rows)


@dataclass(frozen=True)
class Asked:
    """Hold a guess without its whole distribution: the likeliest tokens, and the right one with its rank."""

    at: int
    truth: int
    right: float
    place: int
    top: tuple[tuple[int, float], ...]


def brief(guess: Guess) -> Asked:
    """Shorten a guess to what the picture needs."""
    right = float(guess.probabilities[guess.truth])
    place = 1 + int((guess.probabilities > right).sum())
    return Asked(guess.at, guess.truth, right, place, tuple(guess.likeliest(TOP)))


def ask(lm: LanguageModel, ids: tuple[int, ...], at: tuple[int, ...]) -> dict[int, Asked]:
    """Predict these tokens, by position."""
    return {guess.at: brief(guess) for guess in guesses(lm, ids, at)}


def exchange(lm: LanguageModel, ids: tuple[int, ...], at: int, changed: int) -> Swap:
    """Predict token `at` when token `changed` becomes another."""
    return swap(lm, ids, at, changed, stand_in(lm, ids, changed))


def read_as_vectors(lm: LanguageModel, ids: tuple[int, ...]) -> Vectors:
    """Compute a text's vectors, called by the cache."""
    return vectors(lm, ids)


def turn(lm: LanguageModel, ids: tuple[int, ...], at: int, changed: int) -> Turned:
    """Measure how far the vector of token `at` turns when token `changed` becomes another."""
    return turned(lm, ids, at, changed, stand_in(lm, ids, changed))


def let_write(lm: LanguageModel, ids: tuple[int, ...], after: tuple[int, ...]) -> Writing:
    """Write with a lane's model, called by the cache."""
    return write(lm, ids, STROKES, after)


def source(lane: Lane, asked: str, text: str, at: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Choose what a lane's model reads before it writes: ids, and those that stay behind what an encoder writes.

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


def display(lm: LanguageModel, id: int) -> str:
    """Display a token; one that stands for a missing one as a sign: [MASK], or T5's sentinel in short."""
    if id != sign_of(lm):
        return lm.tokenizer.display(id)
    return "[MASK]" if id == marks(lm).specials.mask_id else "<x0>"


def sign(lane: Lane) -> dict[str, Any]:
    """Return what hides the token that is asked for from a lane's model: nothing of a decoder, or without a head."""
    if lane.lm is None:
        return {"text": "<x0>"} if lane.shape == "encoder-decoder" else {}
    if lane.bare:  # nothing is hidden from it
        return {}
    id = sign_of(lane.lm)
    return {} if id is None else {"text": display(lane.lm, id), "id": id}


def place(lane: Lane, spans: Sequence[tuple[int, int]], token: int) -> int:
    """Find where the open model's token `token` stands in a lane; -1: nowhere."""
    if lane.lm is None or lane.own:
        return token
    return across(spans[token : token + 1], lane.spans)[0]
