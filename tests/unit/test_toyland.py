"""Toyland's face, grammar, questions and splits."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest

from core.data.toyland import (
    ARCS,
    EVENTS,
    Dials,
    Person,
    Place,
    Story,
    Thing,
    combinations,
    questions,
    stories,
    story,
)
from core.data.toyland.checks import frame, measure, pronoun_problems, replay
from core.data.toyland.copies import copies
from core.data.toyland.dials import HELD_OUT_PAIRS
from core.data.toyland.event import event
from core.data.toyland.grammar import article, possessive
from core.data.toyland.plan import PlanError, parse_step
from core.data.toyland.words import HE_NAMES, SHE_NAMES

MANY = 1500


@pytest.fixture(scope="module")
def train() -> list[Story]:
    return list(islice(stories(0), MANY))


@pytest.fixture(scope="module")
def held_out() -> list[Story]:
    return list(islice(stories(0, split="held_out"), 500))


def test_same_seed_same_story(train: list[Story]) -> None:
    for seed in (0, 7, 1111):
        again = story(seed, split="train")
        assert again.text == train[seed].text
        assert again.sentences == train[seed].sentences
        assert again.title == train[seed].title


def test_stories_start_at_their_seed(train: list[Story]) -> None:
    assert [s.text for s in islice(stories(100), 3)] == [s.text for s in train[100:103]]


def test_stories_differ(train: list[Story]) -> None:
    assert len({s.text for s in train}) == MANY


def test_text_is_the_sentences(train: list[Story]) -> None:
    for told in train[:300]:
        assert re.sub(r"\n\n", " ", told.text) == " ".join(s.text for s in told.sentences)
        assert 8 <= len(told.sentences) <= 32


def test_every_event_and_arc_occurs(train: list[Story]) -> None:
    kinds = Counter(h.kind for told in train for s in told.sentences for h in s.events)
    assert set(kinds) == set(EVENTS)
    assert len(kinds) >= 25
    assert {told.arc for told in train} == set(ARCS)
    assert len(ARCS) >= 8


def test_vocabulary_frames_and_five_grams(train: list[Story]) -> None:
    report = measure(train)
    assert report.frame_share <= 0.02, report.commonest_frame
    assert report.types >= 700
    assert report.five_grams >= 0.5


def test_frame_replaces_entities() -> None:
    told = story(3)
    names = {e.name for e in told.entities.values() if isinstance(e, Person)}
    for sentence in told.sentences:
        assert not any(name in frame(sentence, told) for name in names)


def test_replaying_the_events_gives_the_states(train: list[Story]) -> None:
    for told in train:
        assert replay(told) == []


def test_replay_notices_a_lie() -> None:
    told = story(1)
    last = told.sentences[-1]
    lie = replace(last, state_after=last.state_after.after([(told.people[0].id, "mood", "purple")]))
    assert replay(replace(told, sentences=(*told.sentences[:-1], lie)))


def test_pronouns_agree_and_have_one_reading(train: list[Story]) -> None:
    for told in train:
        assert pronoun_problems(told) == []


def test_every_pronoun_is_recorded(train: list[Story]) -> None:
    words = "she he her him his herself himself they them their I me my mine you your we"
    pattern = re.compile(rf"\b({words.replace(' ', '|')})\b", re.I)
    for told in train[:800]:
        for sentence in told.sentences:
            covered = [(m.start, m.end) for m in sentence.mentions]
            for match in pattern.finditer(sentence.text):
                assert any(a <= match.start() and match.end() <= b for a, b in covered), sentence.text


def test_mentions_point_at_what_they_name(train: list[Story]) -> None:
    for told in train[:500]:
        for sentence in told.sentences:
            for mention in sentence.mentions:
                words = sentence.text[mention.start : mention.end]
                entity = told.entities.get(mention.entity)
                assert words
                assert words == words.strip()
                if isinstance(entity, Person) and not mention.is_pronoun:
                    assert entity.name in words or entity.profession in words
                if isinstance(entity, Thing) and not mention.is_pronoun:
                    assert entity.kind in words
                if isinstance(entity, Place):
                    assert entity.name in words


def test_found_where_it_was_left(train: list[Story]) -> None:
    found = 0
    for told in train:
        state = told.start
        for sentence in told.sentences:
            for happening in sentence.events:
                if happening.kind == "find":
                    thing, place = happening.roles["x"], happening.roles["p"]
                    assert state.place_of(thing) == place == state.place_of(happening.roles["a"])
                    assert state.get(thing, "spot") == happening.roles["s"]
                    found += 1
                state = state.after(happening.changes)
    assert found > 300


@pytest.mark.parametrize(
    "pattern",
    [
        r"\ba (?=[aeio])",
        r"\ban (?=[bcdfgjklmnpqrstvwxyz])",
        r"\b(she|he|it) were\b",
        r"\bthey was\b",
        r"\b(\w+) \1\b",
        r"\band then [^.]*\band then\b",
        r"[{}\[\]|]",
        r"\s[,.!?]",
        r"  ",
        r"\b(said|asked) (he|she|they)\b",
        r"\b(the|a|an) (the|a|an|his|her)\b",
        r"[.!?] [a-z]",
        r"\bthan (he|she)[.,!]",
        r"\ba (\w+ )?(soup|stew|porridge|jam)[.,!]",
    ],
)
def test_no_wrong_grammar(train: list[Story], pattern: str) -> None:
    bad = re.compile(pattern)
    for told in train:
        if bad.search(told.text):  # the whole first, for speed; then sentence by sentence
            assert not [s.text for s in told.sentences if bad.search(s.text)]


def test_sentences_begin_and_end(train: list[Story]) -> None:
    for told in train:
        for sentence in told.sentences:
            assert re.match(r'"?[A-Z]', sentence.text), sentence.text
            assert sentence.text.endswith((".", "!", "?", '"')), sentence.text
            assert sentence.text.count('"') % 2 == 0, sentence.text


def test_answers_are_true(train: list[Story]) -> None:
    kinds: Counter[str] = Counter()
    for told in train[:800]:
        end = told.sentences[-1].state_after
        for question in questions(told):
            kinds[question.kind] += 1
            sentence = told.sentences[question.sentence_index]
            things = [
                e for e in told.entities.values() if isinstance(e, Thing) and f" {e.kind}" in question.text
            ]
            if question.kind == "who":
                assert question.answer == end.get(things[0].id, "where") + "."
            elif question.kind == "yesno":
                name = question.text.split()[1]
                assert question.answer == ("Yes." if end.get(things[0].id, "where") == name else "No.")
            elif question.kind == "colour":
                assert question.answer.lower() == things[0].colour + "."
                assert things[0].colour in sentence.text.lower()
            elif question.text.startswith("Where"):
                assert question.answer[:-1].lower() in sentence.text.lower()
            elif question.text.startswith("At which"):
                assert question.answer.split()[-1][:-1] in sentence.text
    assert set(kinds) == {"where", "who", "colour", "why", "first", "yesno"}


def test_first_question_answers_with_the_earlier_event(train: list[Story]) -> None:
    for told in train[:200]:
        for question in questions(told):
            if question.kind == "first":
                assert question.answer[1:-1] in question.text


def test_training_never_holds_a_held_out_combination(train: list[Story]) -> None:
    dials = Dials()
    for told in train:
        for colour, kind in dials.held_out_pairs:
            assert not (f"{colour} {kind}" in told.text and re.search(rf"\b{colour} {kind}\b", told.text))
        words = set(re.findall(r"\w+", told.text))
        assert not [pair for pair in dials.held_out_places if words.issuperset(pair)]


def test_every_held_out_story_holds_one(held_out: list[Story]) -> None:
    dials = Dials()
    seen: set[tuple[str, str]] = set()
    for told in held_out:
        shown = combinations(told.entities, told.text, dials)
        assert shown
        seen.update(shown)
    assert len(seen & dials.held_out_pairs) >= 15
    assert len(seen & dials.held_out_places) >= 15


def test_held_out_stories_are_true_too(held_out: list[Story]) -> None:
    for told in held_out:
        assert replay(told) == []
        assert pronoun_problems(told) == []


def test_held_out_names() -> None:
    dials = Dials(held_out_names=frozenset({"Nora", "Ben"}))
    for told in islice(stories(0, dials), 300):
        assert not {"Nora", "Ben"} & {person.name for person in told.people}
    told = story(5, Dials({}, frozenset({"Nora"}), frozenset(), frozenset()), "held_out")
    assert "Nora" in told.text


def test_share_of_women_by_profession() -> None:
    counts: Counter[str] = Counter()
    dials = Dials(she_share={"doctor": 1.0, "baker": 0.0})
    for told in islice(stories(0, dials), 500):
        counts.update(f"{p.profession} {p.pronoun}" for p in told.people)
    assert counts["doctor she"]
    assert counts["baker he"]
    assert not counts["doctor he"] + counts["baker she"]


def test_a_share_must_be_a_share() -> None:
    with pytest.raises(ValueError, match="share of women"):
        Dials(she_share={"doctor": 1.5})


def test_nothing_held_out_has_no_held_out_story() -> None:
    with pytest.raises(ValueError, match="nothing out"):
        story(0, Dials({}, frozenset(), frozenset(), frozenset()), "held_out")


def test_dials_that_no_story_can_keep() -> None:
    with pytest.raises(ValueError, match="no name"):
        story(0, Dials(held_out_names=frozenset(SHE_NAMES + HE_NAMES)), "train")
    with pytest.raises(ValueError, match="1000 attempts"):
        story(0, Dials({}, frozenset(), frozenset({("red", "submarine")}), frozenset()), "held_out")


def test_an_event_is_defined_once_and_told() -> None:
    with pytest.raises(ValueError, match="twice"):
        event("go", "a", say="{a} went.")
    with pytest.raises(ValueError, match="no telling"):
        event("silence", "a")


def test_a_plan_names_known_events() -> None:
    with pytest.raises(PlanError, match="no event"):
        parse_step("fly_to_the_moon a")
    with pytest.raises(PlanError, match="roles"):
        parse_step("go a")


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("apple pie", "an apple pie"),
        ("red kite", "a red kite"),
        ("orange top", "an orange top"),
        ("useful rope", "a useful rope"),
        ("hour", "an hour"),
    ],
)
def test_article(phrase: str, expected: str) -> None:
    assert article(phrase) == expected


def test_possessive() -> None:
    assert (possessive("Nora"), possessive("Lars")) == ("Nora's", "Lars'")


def test_copies_say_each_list_again_and_hold_the_same_colours_out() -> None:
    for split in ("train", "held_out"):
        lists = list(islice(copies(3, split), 200))
        assert lists == list(islice(copies(3, split), 200))
        assert len(set(lists)) > 190
        for text in lists:
            first, *again = text.rstrip(".").split(". ")
            assert again == [first] * len(again)
            assert 1 <= len(again) <= 3
            pairs = {tuple(pair) for pair in re.findall(r"\bthe (\w+) (\w+)", text, flags=re.IGNORECASE)}
            assert bool(pairs & HELD_OUT_PAIRS) is (split == "held_out")
