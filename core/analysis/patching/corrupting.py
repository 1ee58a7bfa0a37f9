"""Corrupted texts: one word of a clean text is replaced so that the model's answer changes.

Symmetric replacement keeps a text a text (Zhang & Nanda 2024, "Towards Best Practices of Activation Patching", section
3): a name becomes another name, a colour another colour, all else stays. Words of Toyland's word lists are tried first;
where a text has none, a token is replaced by a random one of the same form. Of a few dozen candidates, read in one
batch, the one that lowers the model's answer most is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from random import Random
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch

from core.data.toyland import words
from core.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from core.language_model import LanguageModel

MOST = 40  # candidates that are read
EACH = 3  # replacements per word, or per token
_WORD = re.compile(r"[^\W\d_]+")
# Names of things, places and trades that are also verbs or adverbs: "she saw the saw".
_TWO_KINDS = frozenset(
    """bear book brush button cap cook drum duck fiddle judge map net park rake ring rope rose saw
train watch well whistle""".split()
)
_NAMING = frozenset("a an the his her its my your our their this that one some".split())
# For each tokenizer the token counts of the words of `pools`, the same at every checkpoint of a training.
_sizes: WeakKeyDictionary[Tokenizer, dict[str, int]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Change:
    """A corrupted text: `old` became `new`."""

    text: str
    old: str
    new: str


@cache
def pools() -> tuple[tuple[str, ...], ...]:
    """Return sets of interchangeable words: names of girls, of boys, colours, things, places, trades."""
    things = (row[0] for rows in words.THINGS.values() for row in rows if " " not in row[0])
    kinds = (words.SHE_NAMES, words.HE_NAMES, words.COLOURS, tuple(dict.fromkeys(things)))
    return (*kinds, words.PLACE_NAMES, words.PROFESSIONS)


def swaps(text: str, rng: Random, size: Callable[[str], int] = len) -> Iterator[Change]:
    """List variants of `text` with two of its names exchanged, or a word replaced by `EACH` words of the same pool.

    Args:
        size: of a word, in tokens: only words of one size stand for each other.
    """
    said = list(dict.fromkeys(found[0] for found in _WORD.finditer(text)))
    names = [word for word in said if word in words.SHE_NAMES or word in words.HE_NAMES]
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            yield Change(_exchanged(text, {one: other, other: one}), f"{one}, {other}", f"{other}, {one}")
    for word in said:
        for pool in pools():
            if word in pool and (word not in _TWO_KINDS or _named(text, word)):
                others = [other for other in pool if other not in said and size(other) == size(word)]
                for new in rng.sample(others, min(EACH, len(others))):
                    yield Change(_exchanged(text, {word: new}), word, new)
                break


def _named(text: str, word: str) -> bool:
    """Return whether an article, an adjective, or another word that begins a name precedes the word each time."""
    said = [found[0] for found in _WORD.finditer(text)]
    known = _NAMING.union(words.COLOURS, words.SIZES, words.COATS)
    return all(at and said[at - 1].lower() in known for at, one in enumerate(said) if one == word)


def _exchanged(text: str, by: dict[str, str]) -> str:
    return _WORD.sub(lambda found: by.get(found[0], found[0]), text)


def replacements(lm: LanguageModel, ids: Sequence[int], keep: int, rng: Random) -> Iterator[Change]:
    """List variants of `ids` with one token replaced by another of the same form.

    Letters, with or without a leading space.

    Args:
        keep: a position whose token stays, unless it is the only one.
    """
    special = lm.special_ids
    body = [at for at, id in enumerate(ids) if id not in special]
    places = [at for at in body if at != keep] or body
    kinds = _looks(lm)
    for at in rng.sample(places, min(len(places), MOST // EACH)):
        old = lm.tokenizer.display(ids[at])
        same = kinds.get(_look(old)) or kinds.get(" a") or kinds.get("a") or []
        for new in rng.sample(same, min(EACH, len(same))):
            if new == ids[at]:
                continue
            changed = [*ids[:at], new, *ids[at + 1 :]]
            text = lm.tokenizer.decode(
                [id for id in changed if id not in special or id == lm.config.mask_id],
                skip_special_tokens=False,
            )
            if lm.tokenizer.encode(text) == changed:
                yield Change(text, old.strip(), lm.tokenizer.display(new).strip())


def _look(token: str) -> str:
    """Classify a token's form: " a" for a word with its leading space, "a" for letters without one, "." for others."""
    return (" " if token.startswith(" ") else "") + ("a" if token.strip().isalpha() else ".")


def _looks(lm: LanguageModel) -> dict[str, list[int]]:
    """Group ordinary tokens of at least three letters by their form."""
    found: dict[str, list[int]] = {}
    special = lm.special_ids
    for id in range(min(lm.config.d_vocab, 60_000)):
        if id in special:
            continue
        token = lm.tokenizer.display(id)
        if token.strip().isalpha() and token.strip().isascii() and len(token.strip()) > 2:
            found.setdefault(_look(token), []).append(id)
    return found


def corrupt(
    lm: LanguageModel, text: str, *, row: int = -1, target: str | None = None, seed: int = 0, most: int = MOST
) -> Change | None:
    """Choose the one-word change that lowers the model's answer at `row` most; None: no change was found.

    Lowest means the largest fall of the clean answer's logit lead over the changed text's answer. A change that leaves
    the answer the same counts 0; where all do, the first one is taken.

    Args:
        row: of the logits, counted from 0 or from the end; of an encoder-decoder, the decoder's.
        target: of an encoder-decoder, what is written so far.
        seed: of what is drawn. most: candidates that are read.

    Raises:
        ContextTooLong, ValueError: as `LanguageModel.encode`.
    """
    ids = lm.encode(text)
    keep = -1 if lm.config.shape == "encoder-decoder" else row % len(ids)
    rng = Random(f"corrupt {seed}")
    best: tuple[float, Change] | None = None

    sizes = _sizes.setdefault(lm.tokenizer, {})

    def size(word: str) -> int:
        if word not in sizes:
            sizes[word] = len(lm.tokenizer.encode(f" {word}", add_special_tokens=False))
        return sizes[word]

    for makes in (swaps(text, rng, size), replacements(lm, ids, keep, rng)):
        tried = list(islice(_fitting(lm, ids, makes), most))
        for moved, (change, _) in zip(_moves(lm, ids, tried, row, target), tried):
            if best is None or moved > best[0]:
                best = (moved, change)
        if best is not None and best[0] > 0:
            break
    return None if best is None else best[1]


Tried = tuple[Change, list[int]]


def _fitting(lm: LanguageModel, ids: Sequence[int], changes: Iterable[Change]) -> Iterator[Tried]:
    """Filter changes to those with as many tokens, and other ones; return them with their ids."""
    for change in changes:
        found = lm.tokenizer.encode(change.text)
        if len(found) == len(ids) and list(found) != list(ids):
            yield change, list(found)


def _moves(
    lm: LanguageModel, ids: Sequence[int], tried: Sequence[Tried], row: int, target: str | None
) -> list[float]:
    """Compute for each change the fall of logit(clean answer) - logit(its own answer).

    0 where the answer is the same.
    """
    if not tried:
        return []
    rows = torch.tensor([list(ids), *(found for _, found in tried)], device=lm.device)
    written = lm.batch(list(ids), target)[1:]
    with torch.no_grad():
        if written:
            said = lm.transformer(rows, *(one.expand(len(rows), -1) for one in written))[:, row]
        else:  # only this row is unembedded
            only = torch.zeros_like(rows, dtype=torch.bool)
            only[:, row] = True
            said = lm.transformer(rows, only=only)
    logits = said.double()  # (N + 1, V)
    clean, others = logits[0], logits[1:]
    answer = int(clean.argmax())
    theirs = others.argmax(-1)  # (N,)
    which = torch.arange(len(others), device=lm.device)
    lead = clean[answer] - clean[theirs]
    fall = lead - (others[:, answer] - others[which, theirs])
    return [float(one) for one in fall.where(theirs != answer, torch.zeros_like(fall))]
