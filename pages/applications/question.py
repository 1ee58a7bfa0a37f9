"""Ask the Applications page's question: one thing of the input is changed, and the model answers again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.controls.predict import Answer
from app.markup import mono
from core.analysis.heads.cross_reading import is_mark, word_spans
from core.analysis.tasks import heroes
from pages.applications.answers import Found, answer, changed_words
from pages.applications.uses import USES, Opened, Use, Wish, usual
from pages.applications.verdict import hero_of

OPTIONS = ("Stays as it is", "Changes in one or two words", "Changes more")
SHORT = ("Stays as it is", "Changes")  # of a label


def options(use: Use) -> tuple[str, ...]:
    """List what a learner chooses from."""
    return SHORT if use.name == "sentiment" else OPTIONS


@dataclass(frozen=True)
class Change:
    """Hold what is changed, as a question, and the input that comes of it."""

    text: str
    wish: Wish


@dataclass(frozen=True)
class Asked:
    """Hold a question about an answer: the model that gave it, the answer, and the words of the question."""

    opened: Opened
    found: Found
    text: str


def asked(opened: Opened | None, found: Found | None) -> Asked:
    """Ask about the shown answer, or about a story, where none could be given."""
    if opened is not None and found is not None and not found.failed and found.written:
        return Asked(opened, found, change(found).text)
    use = USES["story"]
    teller = usual(use)
    assert teller is not None  # tales-gpt comes with every Glassbox
    told = answer(teller, Wish(use, heroes.BEGINNING.format(hero="Nora"), 0))
    return Asked(teller, told, f"A story by {use.model} instead. {change(told).text}")


def change(found: Found) -> Change:
    """Choose the change that is asked about.

    A translation: a name, or the word read most, is another. Passages: the sentence or word that is read most is left
    out. A story: another hero. A dialogue: another speaker, or the last word left out. Code: the function's name.
    """
    wish = found.wish
    if wish.use.name == "story":
        hero = hero_of(found)
        other = "Tom" if hero != "Tom" else "Nora"
        source = wish.source.replace(f" {hero} ", f" {other} ", 1)
        return Change(
            f"{mono(other)} instead of {mono(hero)}, the same draw: the story, names aside …",
            _other(wish, source),
        )
    if wish.use.name == "code":
        return _renamed(wish)
    if found.weights is not None and found.weights.size and wish.use.picture == "passage":
        return _without(found)
    return _swapped(wish)


def _other(wish: Wish, source: str) -> Wish:
    return replace(wish, source=source, pair=None)


def _without(found: Found) -> Change:
    """Leave out what is read most of all."""
    wish = found.wish
    assert found.weights is not None
    weights = found.weights.mean(0)
    words = [wish.source[a:b] for a, b in found.read]
    usable = [not is_mark(word) for word in words]
    at = int(np.argmax(np.where(usable, weights, -1.0)))
    first, end = found.read[at]
    source = (wish.source[:first].rstrip() + " " + wish.source[end:].lstrip()).rstrip()
    named = {"summarize": "The summary", "question": "The answer", "sentiment": "The label"}[wish.use.name]
    what = f"Sentence {at + 1}" if wish.use.name != "sentiment" else mono(words[at])
    return Change(f"{what}, which is read most, is left out. {named} …",
                  _other(wish, source))  # fmt: skip


def _swapped(wish: Wish) -> Change:
    """Replace a name by another one; without a name, leave out the longest word."""
    named = heroes.mentions(wish.source[wish.first :])
    what = "the translation, names aside," if wish.use.name == "translate" else "what is said, names aside,"
    if named:
        name = named[0][0]
        other = next(one for one in ("Olive", "Hugo") if one != name)
        source = wish.source[: wish.first] + _renaming(wish.source[wish.first :], name, other)
        return Change(f"{mono(other)} in the place of {mono(name)}: {what} …", _other(wish, source))
    spans = word_spans(wish.source, wish.first) or ((wish.first, len(wish.source)),)
    first, end = max(spans, key=lambda span: span[1] - span[0])
    source = f"{wish.source[:first].rstrip()} {wish.source[end:].lstrip()}".rstrip()
    left = mono(wish.source[first:end])
    return Change(f"{left} is left out: {what.removesuffix(', names aside,')} …", _other(wish, source))


def _renaming(text: str, name: str, other: str) -> str:
    out, at = [], 0
    for found, first, end in heroes.mentions(text, (name,)):
        out += [text[at:first], other if found == name else found]
        at = end
    return "".join([*out, text[at:]])


def _renamed(wish: Wish) -> Change:
    """Rename the function."""
    name = function_name(wish.source)
    other = "f" if name != "f" else "g"
    source = wish.source.replace(f"def {name}(", f"def {other}(", 1)
    seed = wish.seed or 1  # of two draws from one seed
    return Change(f"{mono(other)} as its name instead of {mono(name)}: the rest of the function …",
                  replace(_other(wish, source), seed=seed))  # fmt: skip


def function_name(source: str) -> str:
    """Find the name behind the first def; "" where there is none."""
    _, _, rest = source.partition("def ")
    return rest.partition("(")[0].strip()


def judge(asked: Asked) -> Answer:
    """Ask again with the change, and count the words that are another.

    Raises:
        ValueError: the model cannot read the changed text.
    """
    opened, found = asked.opened, asked.found
    changed = change(found)
    before = found
    if found.wish.use.name == "code" and changed.wish.seed != found.wish.seed:
        before = answer(opened, replace(found.wish, seed=changed.wish.seed))
    after = answer(opened, changed.wish)
    if after.failed or before.failed:
        raise ValueError(after.failed or before.failed)
    one, other = plain(before), plain(after)
    count = changed_words(one, other)
    index = min(0 if count == 0 else 1 if count <= 2 else 2, len(options(found.wish.use)) - 1)
    p, q = _mean(before), _mean(after)
    said = f"Words that differ: {count}. Now: {mono(' '.join(after.written.split())[:160])}."
    if found.wish.use.picture != "lines":
        said += f" Its probability was {p:.3f} and is {q:.3f}."
    return Answer(index, said, {"words": count, "before": p, "after": q})


def plain(found: Found) -> str:
    """Strip an answer of what the change itself changes: names, and a function's head."""
    use, text = found.wish.use.name, found.written
    if use in ("translate", "dialogue"):
        return _nameless(text, heroes.NAMES)
    if use == "story":
        return _nameless(text, (*heroes.NAMES, hero_of(found)))
    if use == "code":
        return text[len(found.wish.source) :]
    return text


def _nameless(text: str, names: tuple[str, ...]) -> str:
    out, at = [], 0
    for _, first, end in heroes.mentions(text, names):
        out += [text[at:first], "X"]
        at = end
    return "".join([*out, text[at:]])


def _mean(found: Found) -> float:
    """Multiply the probabilities of an answer's parts."""
    return float(np.prod(found.likely)) if found.likely else 0.0
