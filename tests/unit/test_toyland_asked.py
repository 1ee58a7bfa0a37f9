"""Passages with questions: each answer is true of its passage, which alone tells it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

import pytest

import core
from core.data.toyland import (
    Dials,
    Happening,
    Person,
    Place,
    Sentence,
    State,
    Story,
    Thing,
    combinations,
    story,
)
from core.data.toyland.asked import MOST_SENTENCES, MOST_WORDS, Asked, asked
from tests import toyland


@pytest.fixture(scope="module")
def train() -> list[Asked]:
    return list(islice(asked(7), 1500))


@pytest.fixture(scope="module")
def passages(train: list[Asked]) -> list[tuple[Asked, Story, State, tuple[Sentence, ...]]]:
    """Each with its story, the state before the passage and the passage's sentences, found by their words."""
    found, told = [], None
    for one in train:
        if told is None or told.seed != one.story_seed:
            told = story(one.story_seed, None, "train")
        runs = [
            (first, end)
            for first in range(len(told.sentences))
            for end in range(first + 1, first + 1 + MOST_SENTENCES)
            if " ".join(s.text for s in told.sentences[first:end]) == one.context
        ]
        first, end = runs[0]
        before = told.sentences[first - 1].state_after if first else told.start
        found.append((one, told, before, told.sentences[first:end]))
    return found


def happened(sentences: tuple[Sentence, ...], *kinds: str) -> list[Happening]:
    return [h for sentence in sentences for h in sentence.events if h.kind in kinds]


def thing_in(question: str, told: Story) -> str:
    return next(
        e.id
        for e in told.entities.values()
        if isinstance(e, Thing) and re.search(rf"\bthe {e.kind}\b", question)
    )


def test_the_text_of_a_seed_stays_what_it_is() -> None:
    """Models were trained on it."""
    for split, known in (("train", "5b6726326ebbad9b"), ("held_out", "b56ddb81f85ce716")):
        texts = (f"{one.context}{one.question}{one.answer}{one.start}" for one in asked(1, split))
        assert toyland.digest(texts) == known


@pytest.mark.full(reason="takes 2 s")
def test_spans_are_the_answers_words(train: list[Asked]) -> None:
    for one in train:
        first, end = one.sentence
        assert first == 0 or one.context[first - 1] == " "
        assert end == len(one.context) or one.context[end] == " "
        if one.start is None:
            assert one.end is None and one.kind in {"yesno", "why", "where"}
        else:
            assert one.context[one.start : one.end].lower() == one.answer[:-1].lower()
            assert not re.match(r"\w", one.context[one.end : one.end + 1])
            assert one.kind == "who" or first <= one.start < one.end <= end
            assert one.end <= end


@pytest.mark.full(reason="takes more than a second")
def test_most_questions_have_a_span_and_all_kinds_occur(train: list[Asked]) -> None:
    kinds = Counter(one.kind for one in train)
    assert set(kinds) == {"who", "where", "colour", "yesno", "why"}
    assert min(kinds.values()) > 40
    assert sum(one.start is not None for one in train) > 0.7 * len(train)
    answers = Counter(one.answer for one in train if one.kind == "yesno")
    assert set(answers) == {"Yes.", "No."} and min(answers.values()) > 0.3 * kinds["yesno"]
    frames = Counter(" ".join(one.question.split()[:2]) for one in train)
    assert len(frames) > 60 and frames.most_common(1)[0][1] < 0.2 * len(train)


@pytest.mark.full(reason="takes 2 s")
def test_passages_are_short_and_fit_the_context_of_tales_bert(train: list[Asked]) -> None:
    tokenizer = core.load("tales-bert").tokenizer.with_pairs()
    for one in train:
        assert len(one.context.split()) <= MOST_WORDS
        assert len(tokenizer.pair(one.question, one.context).ids) <= 128


def test_splits_are_by_combination(train: list[Asked]) -> None:
    dials = Dials()
    for one in train[:300]:
        assert not combinations(story(one.story_seed, None, "train").entities, one.context, dials)
    for one in islice(asked(7, "held_out"), 60):
        assert combinations(story(one.story_seed, None, "held_out").entities, one.context, dials)


@pytest.mark.full(reason="takes 2 s")
def test_passages_name_whom_they_and_their_questions_mean(
    passages: list[tuple[Asked, Story, State, tuple[Sentence, ...]]],
) -> None:
    for one, told, _, sentences in passages:
        for name in re.findall(r"(?<= )[A-Z]\w+", f"{one.question} - {one.answer}"):
            if any(isinstance(e, Person) and e.name == name for e in told.entities.values()):
                assert re.search(rf"\b{name}\b", one.context), one
        named: set[str] = set()
        for sentence in sentences:
            for mention in sorted(sentence.mentions, key=lambda m: m.start):
                if mention.is_pronoun:
                    assert mention.entity in named or named.issuperset(mention.entity.split("+")), one
                else:
                    named.add(mention.entity)


def test_answers_about_the_end_are_the_passages_last_state(
    passages: list[tuple[Asked, Story, State, tuple[Sentence, ...]]],
) -> None:
    checked: Counter[str] = Counter()
    for one, told, _, sentences in passages:
        end, words = sentences[-1].state_after, one.question
        if match := re.fullmatch(r"Who has the \w+ at the end\?", words):
            assert end.get(thing_in(words, told), "where") == one.answer[:-1]
        elif match := re.fullmatch(r"Does (\w+) have the \w+ at the end\?", words):
            assert (end.get(thing_in(words, told), "where") == match[1]) == (one.answer == "Yes.")
        elif match := re.fullmatch(r"Where is (\w+) at the end\?", words):
            assert re.search(rf"\bthe {end.get(match[1], 'at')}\.$", one.answer)
        elif match := re.fullmatch(r"Is (\w+) .*\bthe (\w+) at the end\?", words):
            assert (end.get(match[1], "at") == match[2]) == (one.answer == "Yes.")
        else:
            continue
        checked[words.split()[0]] += 1
    assert set(checked) == {"Who", "Does", "Where", "Is"} and min(checked.values()) > 10


def test_where_it_was_and_where_they_went(
    passages: list[tuple[Asked, Story, State, tuple[Sentence, ...]]],
) -> None:
    checked: Counter[str] = Counter()
    for one, told, _, sentences in passages:
        if match := re.fullmatch(r"Which place did (\w+) go to\?", one.question):
            goals = {
                h.roles["p"] for h in happened(sentences, "go", "go_together") if match[1] in h.roles.values()
            }
            assert {f"The {goal}." for goal in goals} == {one.answer}
        elif re.match(r"(Where|At which place) did", one.question):
            places = happened(sentences, "lose", "stray", "hide", "put", "find", "find_other")
            thing = thing_in(one.question, told)
            said = {h.roles["s"] for h in places if h.roles["x"] == thing}
            at = {told.entities[h.roles["p"]] for h in places if h.roles["x"] == thing}
            answer = one.answer[:-1].lower()
            assert answer in said or any(
                isinstance(p, Place) and answer.endswith(f"the {p.name}") for p in at
            )
        else:
            continue
        checked[one.question.split()[0]] += 1
    assert checked["Which"] > 100 and checked["Where"] > 50


def test_colours_and_doers(passages: list[tuple[Asked, Story, State, tuple[Sentence, ...]]]) -> None:
    doers = 0
    for one, told, _before, sentences in passages:
        if one.kind == "colour":
            thing = told.entities[thing_in(one.question, told)]
            assert isinstance(thing, Thing) and one.answer[:-1].lower() == thing.colour
            assert f"{thing.colour} {thing.kind}" in one.context
        elif one.kind == "who" and "at the end" not in one.question:
            starts = [0]
            for sentence in sentences:
                starts.append(starts[-1] + len(sentence.text) + 1)
            telling = sentences[starts.index(one.sentence[0])]
            assert any(one.answer[:-1] in h.roles.values() for h in telling.events)
            assert any(m.entity == one.answer[:-1] for m in telling.mentions)
            doers += 1
    assert doers > 400


def test_why_is_told_in_the_passage(passages: list[tuple[Asked, Story, State, tuple[Sentence, ...]]]) -> None:
    for one, _, _, sentences in passages:
        if one.kind == "why":
            assert one.answer.startswith("Because ") and one.answer.endswith(".")
            assert one.context[slice(*one.sentence)] in [sentence.text for sentence in sentences]


def test_words_can_be_limited_and_what_cannot_be_is_said_at_the_call() -> None:
    assert max(len(one.context.split()) for one in islice(asked(2, most_words=30), 100)) <= 30
    with pytest.raises(ValueError, match="passage of 5 words is too short"):
        asked(most_words=5)
    with pytest.raises(ValueError, match="no split is called 'test'"):
        asked(split="test")
