"""What needs no transformer, beside each task of tales-t5: copying, n-grams, the nearest training example."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from core.data.tasks import TASKS, Pair

Answer = Callable[[str], str]
_WORDS = re.compile(r"\w+|[^\w\s]")
_LONGEST = 4  # words of an n-gram
_OPENING = "¿¡«("


def baselines(name: str, train: Sequence[Pair]) -> dict[str, Answer]:
    """Kind of baseline -> what it answers to a source of the task `name`, learned from training pairs alone.

    copy: the source itself (translate); its first and last sentence (summarize); the first word of the sentence that
        shares most words with the question (question); always "positive" (sentiment).
    n-gram: phrases of up to 4 words as they were translated most often, the longest first; the likeliest text of a
        4-gram model of summaries; the most frequent answer to questions that begin alike; naive Bayes over words and
        pairs of words.
    lookup: the answer of the training pair that shares most words, rare ones counting more (idf, cosine).
    """
    prefix = TASKS[name].prefix
    copy, ngram = _OF[name]
    learned = ngram(train)
    nearest = _lookup(train)
    return {
        "copy": lambda source: copy(source.removeprefix(prefix)),
        "n-gram": lambda source: learned(source.removeprefix(prefix)),
        "lookup": nearest,
    }


def words(text: str) -> list[str]:
    """Words and marks."""
    return _WORDS.findall(text)


def joined(parts: Sequence[str]) -> str:
    """Words and marks as a text."""
    text = " ".join(parts)
    text = re.sub(rf"([{_OPENING}]) ", r"\1", text)
    return re.sub(r" ([.,;:!?»)])", r"\1", text)


def _ends(text: str) -> str:
    sentences = re.split(r"(?<=[.!?]) ", text)
    return f"{sentences[0]} {sentences[-1]}"


def _closest(text: str) -> str:
    question, _, context = text.partition(" context: ")
    asked = set(words(question.lower()))
    best = max(re.split(r"(?<=[.!?]) ", context), key=lambda one: len(asked & set(words(one.lower()))))
    return f"{words(best)[0]}." if words(best) else ""


def _lookup(train: Sequence[Pair]) -> Answer:
    """Cosine over words weighed by idf = ln(N / n), each word counted once a text."""
    places: dict[str, list[int]] = defaultdict(list)
    for n, pair in enumerate(train):
        for word in set(words(pair.source.lower())):
            places[word].append(n)
    weight = {word: np.log(len(train) / len(found)) for word, found in places.items()}
    posted = {word: np.array(found) for word, found in places.items()}
    size = np.full(len(train), 1e-9)
    for word, found in posted.items():
        size[found] += weight[word] ** 2

    def answer(source: str) -> str:
        shared = np.zeros(len(train))
        for word in set(words(source.lower())):
            if word in posted:
                shared[posted[word]] += weight[word] ** 2
        return train[int((shared / np.sqrt(size)).argmax())].target

    return answer


def _phrases(train: Sequence[Pair]) -> Answer:
    """Phrases by the generator's own word links: a phrase is cut out where no link leaves it (Koehn et al. 2003)."""
    seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for pair in train:
        english, spanish = words_linked(pair.truth.english), words_linked(pair.truth.spanish)
        for first, last, start, end in _spans(len(english), pair.truth.links):
            seen[tuple(english[first:last])][" ".join(spanish[start:end])] += 1
    best = {phrase: counts.most_common(1)[0][0] for phrase, counts in seen.items()}

    def answer(text: str) -> str:
        left, found = words_linked(text), []
        while left:
            count = next((n for n in range(_LONGEST, 0, -1) if tuple(left[:n]) in best), 0)
            found.append(best[tuple(left[:count])] if count else left[0])
            left = left[max(1, count) :]
        return joined(found)

    return answer


def words_linked(text: str) -> list[str]:
    """Words as the links of a translation count them."""
    from core.data.toyland.spanish import words as counted

    return list(counted(text))


def _spans(count: int, links: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """English first, last, Spanish first, last (excluded) of every phrase of up to `_LONGEST` words."""
    for first in range(count):
        for last in range(first + 1, min(count, first + _LONGEST) + 1):
            there = [j for i, j in links if first <= i < last]
            if not there:
                continue
            start, end = min(there), max(there) + 1
            if all(first <= i < last for i, j in links if start <= j < end):
                yield first, last, start, end


def _likeliest(train: Sequence[Pair]) -> Answer:
    follows: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for pair in train:
        row = ["", "", "", *words(pair.target), "</s>"]
        for at in range(3, len(row)):
            follows[tuple(row[at - 3 : at])][row[at]] += 1
    row = ["", "", ""]
    while row[-1] != "</s>" and len(row) < 80:
        row.append(follows[tuple(row[-3:])].most_common(1)[0][0])
    text = joined([word for word in row if word not in ("", "</s>")])
    return lambda source: text


def _begins(train: Sequence[Pair]) -> Answer:
    seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for pair in train:
        asked = words(pair.truth.question)
        for count in range(_LONGEST + 1):
            seen[tuple(asked[:count])][pair.target] += 1

    def answer(text: str) -> str:
        asked = words(text.partition(" context: ")[0])
        keys = (tuple(asked[:count]) for count in range(_LONGEST, -1, -1))
        return next(seen[key].most_common(1)[0][0] for key in keys if key in seen)

    return answer


def _bayes(train: Sequence[Pair]) -> Answer:
    """Naive Bayes over words and pairs of words, add-one smoothed (Wang & Manning 2012 call it multinomial)."""
    counts: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    prefix = TASKS["sentiment"].prefix
    for pair in train:
        counts[pair.target].update(_grams(pair.source.removeprefix(prefix)))
    kinds = len(set().union(*counts.values()))
    sizes = {label: sum(found.values()) + kinds for label, found in counts.items()}

    def answer(text: str) -> str:
        grams = _grams(text)
        scores = {
            label: sum(np.log((found[gram] + 1) / sizes[label]) for gram in grams)
            for label, found in counts.items()
        }
        return max(sorted(scores), key=lambda label: scores[label])

    return answer


def _grams(text: str) -> list[tuple[str, ...]]:
    found = words(text.lower())
    return [*((word,) for word in found), *pairwise(found)]


_OF: dict[str, tuple[Answer, Callable[[Sequence[Pair]], Answer]]] = {
    "translate": (lambda text: text, _phrases),
    "summarize": (_ends, _likeliest),
    "question": (_closest, _begins),
    "sentiment": (lambda text: "positive", _bayes),
}
