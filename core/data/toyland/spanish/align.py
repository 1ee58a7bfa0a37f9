"""Words into sentences, with the truth of which English word is which Spanish one.

Spanish joins "a el" into "al" and "de el" into "del", and says "e" for "y" before the sound of i: a joined word is
linked with all that its parts were linked with.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import product

from core.data.toyland.spanish.phrase import Tokens
from core.data.toyland.tables import read

Links = tuple[tuple[int, int], ...]
_AND = re.compile(r"(?:i|hi)(?![aeo])|Ida$|Ivan$")
# Words that may lean on the next one.
SMALL = frozenset(
    "a the an to of for in on at did had was is some by with from "
    "el la los las lo un una al del de en con por que se le les me te su sus no ya y poco".split()
)
_CLOSE = {".", ",", "?", "!", ":", ";"}


def text_of(words: list[str]) -> str:
    """The sentence that `words` make: marks joined to their words, capitals at beginnings."""
    out, opened, capital = "", False, True
    for number, word in enumerate(words):
        if word == '"':
            opened = not opened
        space = not (
            number == 0
            or word in _CLOSE
            or out[-1] in "¿¡"
            or (out[-1] == '"' and opened)
            or (word == '"' and not opened)
        )
        if capital and word[0].isalpha():
            word, capital = word[0].upper() + word[1:], False
        out += " " + word if space else word
        if word == '"':
            capital = opened
        elif word in {".", "?", "!"}:
            capital = True
    return out


def contracted(tokens: Tokens) -> list[tuple[str, list[int]]]:
    """The words of Spanish with "al", "del" and "e", each with the numbers of the tokens it is made of."""
    out: list[tuple[str, list[int]]] = []
    for number, token in enumerate(tokens):
        before = out[-1][0] if out else ""
        if token.text == "el" and before in {"a", "A", "de", "De"}:
            out[-1] = (before + "l", [*out[-1][1], number])
            continue
        if before == "y" and _AND.match(token.text):
            out[-1] = ("e", out[-1][1])
        out.append((token.text, [number]))
    return out


def spanish_text(tokens: Tokens) -> str:
    """The Spanish sentence."""
    return text_of([word for word, _ in contracted(tokens)])


def links(english: Tokens, spanish: Tokens) -> tuple[Links, Links]:
    """Sure links and possible ones (which hold the sure ones), as indices of English and Spanish words.

    Sure: content words by slot or word list. Possible (Och & Ney 2003, section 4.2): also function words by the
    word list, and a small word without any link with what the next word is linked to, since small words stand before
    what they belong to: "a" of "a Tom" with "Tom", "se" of "se rompió" with "broke".
    """
    at = {number: index for index, (_, numbers) in enumerate(contracted(spanish)) for number in numbers}
    sure: set[tuple[int, int]] = set()
    possible: set[tuple[int, int]] = set()
    for (zone, key), sources in _by_key(english).items():
        targets = _by_key(spanish).get((zone, key), [])
        if key:
            sure.update((i, at[j]) for i in sources for j in targets)
        else:
            _by_gloss(english, spanish, sources, targets, at, sure, possible)
    possible |= sure
    possible |= _lent([token.text.lower() for token in english], possible)
    turned = {(j, i) for i, j in possible}
    possible |= {(i, j) for j, i in _lent([word.lower() for word, _ in contracted(spanish)], turned)}
    return tuple(sorted(sure)), tuple(sorted(possible))


def _lent(words: list[str], pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Pairs for the small words of `words` without any: those of the next word that has some, small words between."""
    partners: dict[int, list[int]] = defaultdict(list)
    for here, there in pairs:
        partners[here].append(there)
    lent: set[tuple[int, int]] = set()
    for number in reversed(range(len(words))):
        if not partners[number] and words[number] in SMALL and number + 1 < len(words):
            partners[number] = partners[number + 1]
            lent.update((number, there) for there in partners[number])
    return lent


def _by_key(tokens: Tokens) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, token in enumerate(tokens):
        found[token.zone, token.key].append(number)
    return found


def _by_gloss(
    english: Tokens,
    spanish: Tokens,
    sources: list[int],
    targets: list[int],
    at: dict[int, int],
    sure: set[tuple[int, int]],
    possible: set[tuple[int, int]],
) -> None:
    """Link the words of one zone by the word lists; words that stand there equally often are linked in order."""
    rows: dict[str, list[int]] = defaultdict(list)
    columns: dict[str, list[int]] = defaultdict(list)
    for numbers, tokens, into in ((sources, english, rows), (targets, spanish, columns)):
        for number in numbers:
            into[tokens[number].text.lower()].append(number)
    for word, here in rows.items():
        for other, there in columns.items():
            content = translates(word, other, sure=True)
            if content or translates(word, other, sure=False):
                pairs = zip(here, there) if len(here) == len(there) else product(here, there)
                (sure if content else possible).update((i, at[j]) for i, j in pairs)


@dataclass(frozen=True)
class _Gloss:
    content: dict[str, str]
    function: dict[str, str]


@cache
def _entries(sure: bool) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """For an English word the whole Spanish words, and the beginnings of others ("roj*")."""
    gloss = read("spanish/gloss", _Gloss)
    return {
        word: (
            tuple(form for form in forms.split() if not form.endswith("*")),
            tuple(form[:-1] for form in forms.split() if form.endswith("*")),
        )
        for word, forms in (gloss.content if sure else gloss.function).items()
    }


@cache
def translates(english: str, spanish: str, sure: bool) -> bool:
    """Whether two words, in small letters, may translate each other: as content words if `sure`."""
    whole, begun = _entries(sure).get(english, ((), ()))
    return spanish in whole or spanish.startswith(begun)
