"""The sense of every word with two meanings, and the dial that sets how often each is told."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

import pytest

from core.data.toyland import Dials, Story, Thing, stories, story
from core.data.toyland.checks import cause_problems, journey_problems, pronoun_problems, replay
from core.data.toyland.event import EVENTS
from core.data.toyland.senses import RULES, Meaning, senses
from core.data.toyland.words import HOMONYMS
from tests import toyland

ALL = {word: dict.fromkeys(meanings, 1 / len(meanings)) for word, meanings in HOMONYMS.items()}

SCENES = [kind for kind in EVENTS if ":" in kind]  # "bank:river"


@pytest.fixture(scope="module")
def train() -> list[Story]:
    return toyland.told()


@pytest.fixture(scope="module")
def turned() -> list[Story]:
    return list(islice(stories(0, Dials(sense_share=ALL)), 500))


@pytest.fixture(scope="module")
def meant(train: list[Story]) -> list[tuple[str, Meaning]]:
    """Every meaning in the training stories with the sentence it is in."""
    return [(t.sentences[m.sentence_index].text, m) for t in train for m in senses(t)]


def test_every_ambiguous_word_has_a_sense(train: list[Story], meant: list[tuple[str, Meaning]]) -> None:
    pattern = re.compile(rf"\b({'|'.join(RULES)})\b", re.I)
    assert len(meant) == sum(len(pattern.findall(s.text)) for t in train for s in t.sentences)
    for text, meaning in meant:
        assert text[meaning.start : meaning.end].lower() == meaning.word
    default = {(word, sense) for word, rules in RULES.items() for sense, rule in rules if rule != "scene"}
    assert {(meaning.word, meaning.sense) for _, meaning in meant} == default


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (r"to (watch) out for", "look"),
        (r"turned (left) at", "not right"),
        (r"an open window near the (well)", "water hole"),
        (r"(well) again", "in a good way"),
        (r"At first (light)", "daybreak"),
        (r"As the (wind) \w+", "moving air"),
        (r"the pig (pen)", "for pigs"),
        (r"on (top) of", "highest part"),
        (r"I (will) ", "future"),
        (r"the wind (rose)", "went up"),
        (r"not a (?:drop|pinch|spoon) of \w+ was (left)", "remaining"),
        (r"(bit) (?:his|her) lip", "wounded with teeth"),
        (r"heart (beat) fast", "heart"),
        (r"Rain began to (drum)", "make a noise"),
        (r"(saw) \w+ the \w+ and waved", "noticed by eye"),
    ],
)
def test_the_sense_where_the_context_is_plain(
    meant: list[tuple[str, Meaning]], words: str, expected: str
) -> None:
    pattern = re.compile(words, re.I)
    found = {
        meaning.sense
        for text, meaning in meant
        if any(match.start(1) == meaning.start for match in pattern.finditer(text))
    }
    assert found == {expected}


def test_a_thing_is_never_taken_for_a_deed(train: list[Story]) -> None:
    """The events know which things a story holds: a saw is a tool only where one of them is a saw."""
    nouns = {
        "saw": "tool",
        "watch": "clock",
        "ring": "jewel",
        "drum": "instrument",
        "top": "toy",
        "bear": "toy",
    }
    for told in train:
        kinds = {e.kind for e in told.entities.values() if isinstance(e, Thing)}
        for meaning in senses(told):
            if nouns.get(meaning.word) == meaning.sense:
                assert meaning.word in kinds


def test_a_word_without_a_rule_is_told() -> None:
    told = story(0)
    first = told.sentences[0]
    strange = type(first)("The bank was near.", first.events, first.state_after, ())
    with pytest.raises(ValueError, match="'bank'"):
        senses(type(told)("", (strange,), told.arc, "", told.people, 0, told.start, told.entities))


def test_scenes_hold_their_word_once_and_no_other_such_word() -> None:
    pattern = re.compile(rf"\b({'|'.join(HOMONYMS)})\b", re.I)
    assert len(HOMONYMS) >= 8
    for kind in SCENES:
        assert len(EVENTS[kind].says) >= 3
        for template in EVENTS[kind].says:
            assert [found.lower() for found in pattern.findall(template.source)] == [kind.split(":")[0]]


def test_only_the_dial_brings_a_scene(train: list[Story], turned: list[Story]) -> None:
    assert not [t.seed for t in train if any(h.kind in SCENES for s in t.sentences for h in s.events)]
    for told in turned:
        assert sum(h.kind in SCENES for s in told.sentences for h in s.events) == 1


def test_stories_with_scenes_are_true_too(turned: list[Story]) -> None:
    pronoun = re.compile(r"\b(she|he|her|him|his|they|them|their|I|me|my|you|your|we)\b", re.I)
    for told in turned:
        assert replay(told) + pronoun_problems(told) + journey_problems(told) + cause_problems(told) == []
        for sentence in told.sentences:
            spans = [(m.start, m.end) for m in sentence.mentions]
            for match in pronoun.finditer(sentence.text):
                assert any(a <= match.start() and match.end() <= b for a, b in spans), sentence.text


def test_every_sense_of_every_word_is_told(turned: list[Story]) -> None:
    counts = Counter((m.word, m.sense) for t in turned for m in senses(t) if m.word in HOMONYMS)
    assert {(word, sense) for word, meanings in HOMONYMS.items() for sense in meanings} <= set(counts)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_share_of_a_sense_is_what_the_dial_says(share: float) -> None:
    dials = Dials(sense_share={"bank": {"river": share, "money": 1 - share}})
    counts = Counter(m.sense for t in islice(stories(0, dials), 400) for m in senses(t) if m.word == "bank")
    assert counts.total() == 400
    deviation = (share * (1 - share) / 400) ** 0.5
    assert abs(counts["river"] / 400 - share) <= 4 * deviation


def test_words_of_the_dial_come_equally_often() -> None:
    dials = Dials(sense_share={"bat": {"stick": 1}, "palm": {"tree": 1}})
    counts = Counter(
        m.word for t in islice(stories(0, dials), 400) for m in senses(t) if m.word in dials.sense_share
    )
    assert counts.total() == 400
    assert abs(counts["bat"] - 200) < 4 * 100**0.5


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"moon": {"sky": 1.0}}, "'moon' has no two senses"),
        ({"bank": {"sofa": 1.0}}, "river, money, not sofa"),
        ({"bank": {"river": 0.5, "money": 0.4}}, "add up to 1"),
        ({"bank": {"river": 1.5, "money": -0.5}}, "add up to 1"),
        ({"bank": {}}, "add up to 1"),
    ],
)
def test_wrong_shares_are_told(shares: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Dials(sense_share=shares)
