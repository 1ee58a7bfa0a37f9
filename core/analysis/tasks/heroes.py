"""Characters of a story: the names in it, whether its hero stays, and the turns of dialogue."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random
from typing import TYPE_CHECKING, Any

from core.data.toyland.words import HE_NAMES, SHE_NAMES

if TYPE_CHECKING:
    from core.language_model import LanguageModel

NAMES = (*SHE_NAMES, *HE_NAMES)
BEGINNING = "Once upon a time, {hero} lived near"
MOST = 110  # tokens of a story
DECODING: dict[str, Any] = {"strategy": "sample", "temperature": 0.7, "top_p": 0.95}
_QUOTE = '"'


def mentions(text: str, names: Iterable[str] = NAMES) -> list[tuple[str, int, int]]:
    """Find every name in a text with its character span, in order; whole words only, case-sensitive."""
    known = sorted(set(names), key=lambda name: (-len(name), name))
    if not known:
        return []
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)")
    return [(found[0], *found.span()) for found in pattern.finditer(text)]


def named(text: str, names: Iterable[str] = NAMES) -> dict[str, int]:
    """Count names, the most frequent first; ties by first occurrence."""
    return dict(Counter(name for name, _, _ in mentions(text, names)).most_common())


def stays(hero: str, text: str) -> bool:
    """Return whether no other name occurs more often than the hero's, and the hero's occurs."""
    found = named(text, (*NAMES, hero))
    return bool(found) and found.get(hero, 0) == max(found.values())


def turn(said: str) -> tuple[str, bool]:
    """Cut the first turn of a text generated after an opening quotation mark; return whether it was closed."""
    words, mark, _ = said.partition(_QUOTE)
    return words.strip(), bool(mark)


def kept(lm: LanguageModel, count: int, seed: int = 0) -> Iterator[bool]:
    """Generate a story for each of `count` drawn heroes, and return for each whether the hero `stays`.

    Raises:
        ValueError: an encoder, which continues no text.
    """
    rng = Random(f"heroes {seed}")
    for _ in range(count):
        hero = rng.choice(NAMES)
        said = lm.generate(
            BEGINNING.format(hero=hero), seed=rng.getrandbits(30), max_new_tokens=MOST, **DECODING
        )
        yield stays(hero, said.text)
