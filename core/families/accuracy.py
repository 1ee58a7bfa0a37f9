"""Accuracy of each architecture's first guess on words of held-out stories, with and without right context.

The same words for all models: those that are one token to each of them, so that a guess is a whole word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data import corpora
from core.families.predictions import guesses
from core.vectors.probe import Accuracy, wilson

if TYPE_CHECKING:
    from core.language_model import LanguageModel

STORIES, EACH = 24, 4  # words of each story
LONGEST = 200  # characters of a story
FIRST = 60  # characters before the first word that is asked for

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Word:
    """A word of a text, by its characters."""

    text: str
    start: int
    end: int


def words(models: Sequence[LanguageModel], stories: int = STORIES, each: int = EACH) -> tuple[Word, ...]:
    """Choose words of held-out stories, evenly spaced; every one is a single token to all models.

    Fewer, or none, where the models cut texts in other ways or have room for less.
    """
    told = corpora.corpus("tales", split="held_out")
    found: list[Word] = []
    for _ in range(stories):
        text = next(told)
        text = text[: LONGEST + 1].rsplit(maxsplit=1)[0]
        cuts = [
            {span: at for at, span in enumerate(_spans(lm, text))}
            for lm in models
            if len(lm.tokenizer.encode(text)) <= lm.config.n_ctx
        ]
        usable = [
            Word(text, *match.span())
            for match in _WORD.finditer(text)
            if match.start() >= FIRST
            and match.end() < len(text)
            and len(cuts) == len(models)
            and all(match.span() in cut for cut in cuts)
        ]
        step = max(1, len(usable) // each)
        found += usable[step - 1 :: step][:each]
    return tuple(found)


def _spans(lm: LanguageModel, text: str) -> list[tuple[int, int]]:
    """Return the characters of each token, without the leading space that some tokenizers include."""
    spans = []
    for start, end in lm.tokenizer.offsets(text):
        piece = text[start:end]
        spans.append((start + len(piece) - len(piece.lstrip()), end))
    return spans


def right(lm: LanguageModel, asked: Sequence[Word], *, cut: bool = False) -> Accuracy:
    """Count the words that are the model's first guess where it does not see them.

    Args:
        cut: the text ends with the hidden word; a decoder, which sees nothing behind it, says the same either way.

    Raises:
        ValueError: no words, or one that is no single token to this model.
    """
    if not asked:
        raise ValueError("there is no word to ask for")
    hits = 0
    for text in dict.fromkeys(word.text for word in asked):
        ids = lm.tokenizer.encode(text)
        places = {span: at for at, span in enumerate(_spans(lm, text))}
        own = [at for (start, end), at in places.items() if end > start]
        at = [places.get((word.start, word.end), -1) for word in asked if word.text == text]
        if -1 in at:
            raise ValueError(f"a word of “{text}” is no single token to {lm.name}")
        if cut:
            behind = ids[max(own) + 1 :]  # special tokens after a text
            found = [guesses(lm, [*ids[: one + 1], *behind], (one,))[0] for one in at]
        else:
            found = guesses(lm, ids, at)
        hits += sum(guess.best == guess.truth for guess in found)
    return wilson(hits, len(asked))
