"""Ask the Applications page's question: one thing of the input is changed, and the model answers again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app import questions
from app.controls.predict import Answer
from app.markup import mono
from app.session.state import Value
from core.analysis.heads.cross_reading import is_mark, word_spans
from core.analysis.tasks import heroes
from core.messages import say
from pages.applications.answers import USES, Found, Opened, Wish, answer, asked_of, changed_words
from pages.applications.uses import usual
from pages.applications.verdict import hero_of

FEW = 2  # words


@dataclass(frozen=True)
class Change:
    """Hold what is changed, as a question, the input that comes of it, and the fields that set the page to that."""

    said: questions.Asked
    wish: Wish
    shows: dict[str, Value]


@dataclass(frozen=True)
class Asked:
    """Hold a question about an answer: the model that gave it, the answer, and the change."""

    opened: Opened
    found: Found
    change: Change


def asked(opened: Opened | None, found: Found | None) -> Asked:
    """Ask about the shown answer, or about a story, where none could be given."""
    if opened is not None and found is not None and not found.failed and found.written:
        return Asked(opened, found, change(found))
    use = USES["story"]
    teller = usual(use)
    assert teller is not None  # tales-gpt comes with every Glassbox
    told = answer(teller, Wish(use, heroes.BEGINNING.format(hero="Nora"), 0))
    return Asked(teller, told, _hero(told, say("A story by {model} instead. ", model=use.model)))


def change(found: Found) -> Change:
    """Choose the change that is asked about.

    A translation: a name, or the word read most, is another. Passages: the sentence or word that is read most is left
    out. A story: another hero. A dialogue: another speaker, or the last word left out. Code: the function's name.
    """
    wish = found.wish
    if wish.use.name == "story":
        return _hero(found)
    if wish.use.name == "code":
        return _renamed(wish)
    if found.weights is not None and found.weights.size and wish.use.picture == "passage":
        return _without(found)
    return _swapped(wish)


def _other(wish: Wish, source: str) -> Wish:
    return replace(wish, source=source, pair=None)


def _shows(wish: Wish, source: str) -> dict[str, Value]:
    """Return the fields by which the page reads this source instead."""
    whole: dict[str, Value] = {"use": wish.use.name, "spoken": -1, "said": -1}
    if wish.use.name == "dialogue":
        return whole | {"scene": source}
    if wish.use.name == "question":
        asks, passage = asked_of(replace(wish, source=source))
        return whole | {"asks": asks, "text": passage, "drawn": -1}
    return whole | {"text": source[wish.first :], "drawn": -1}


def _hero(found: Found, before: str = "") -> Change:
    """Name the hero of a story otherwise."""
    wish, hero = found.wish, hero_of(found)
    other = "Tom" if hero != "Tom" else "Nora"
    source = wish.source.replace(f" {hero} ", f" {other} ", 1)
    said = questions.ask("applications", "hero", before=before, other=mono(other), hero=mono(hero))
    shows: dict[str, Value] = {"use": "story", "hero": other, "drawn": wish.seed, "spoken": -1, "said": -1}
    return Change(said, _other(wish, source), shows)


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
    if wish.use.name == "sentiment":
        said = questions.ask("applications", "label", word=mono(words[at]))
    elif wish.use.name == "summarize":
        said = questions.ask("applications", "summary", number=at + 1)
    else:
        said = questions.ask("applications", "answer", number=at + 1)
    return Change(said, _other(wish, source), _shows(wish, source))


def _swapped(wish: Wish) -> Change:
    """Replace a name by another one; without a name, leave out the longest word."""
    named = heroes.mentions(wish.source[wish.first :])
    translates = wish.use.name == "translate"
    if named:
        name = named[0][0]
        other = next(one for one in ("Olive", "Hugo") if one != name)
        source = wish.source[: wish.first] + _renaming(wish.source[wish.first :], name, other)
        told = {"other": mono(other), "old": mono(name)}
        if translates:
            said = questions.ask("applications", "translated-name", **told)
        else:
            said = questions.ask("applications", "spoken-name", **told)
        return Change(said, _other(wish, source), _shows(wish, source))
    spans = word_spans(wish.source, wish.first) or ((wish.first, len(wish.source)),)
    first, end = max(spans, key=lambda span: span[1] - span[0])
    source = f"{wish.source[:first].rstrip()} {wish.source[end:].lstrip()}".rstrip()
    left = mono(wish.source[first:end])
    if translates:
        said = questions.ask("applications", "translated-word", word=left)
    else:
        said = questions.ask("applications", "spoken-word", word=left)
    return Change(said, _other(wish, source), _shows(wish, source))


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
    said = questions.ask("applications", "function", other=mono(other), old=mono(name))
    shows: dict[str, Value] = {"use": "code", "begun": source, "drawn": seed, "spoken": -1, "said": -1}
    return Change(said, replace(_other(wish, source), seed=seed), shows)


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
    changed = asked.change
    before = found
    if found.wish.use.name == "code" and changed.wish.seed != found.wish.seed:
        before = answer(opened, replace(found.wish, seed=changed.wish.seed))
    after = answer(opened, changed.wish)
    if after.failed or before.failed:
        raise ValueError(after.failed or before.failed)
    one, other = plain(before), plain(after)
    count = changed_words(one, other)
    key = "stays" if count == 0 else "few" if count <= FEW else "more"
    if key not in changed.said.keys:  # of a label
        key = "more"
    p, q = _mean(before), _mean(after)
    lines = found.wish.use.picture == "lines"
    return changed.said.answer(
        key,
        {"words": count, "before": p, "after": q},
        changed.shows,
        words=count,
        now=mono(" ".join(after.written.split())[:160]),
        chances=""
        if lines
        else say(" Its probability was {before} and is {now}.", before=f"{p:.3f}", now=f"{q:.3f}"),
    )


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
