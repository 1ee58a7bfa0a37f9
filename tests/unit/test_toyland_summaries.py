"""Summaries of Toyland's stories: they say what is true, in words of their own, and `facts_right` knows it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise

import pytest

from core.data.toyland import ARCS, Dials, Place, Thing, combinations
from core.data.toyland.summaries import PLOTS, Facts, Summarized, facts_of, facts_right, summarized
from tests import toyland


@pytest.fixture(scope="module")
def train() -> list[Summarized]:
    return list(islice(summarized(11), 800))


def ending(one: Summarized, kind: str) -> dict[str, str]:
    """The roles of the last happening of a kind."""
    return next(h.roles for s in reversed(one.story.sentences) for h in s.events if h.kind == kind)


@pytest.mark.full(reason="takes 2 s")
def test_every_kind_of_story_has_a_plot_and_every_variant_occurs() -> None:
    assert set(PLOTS) == set(ARCS)
    seen = {
        (one.story.arc, fact.part, fact.kind) for one in islice(summarized(4), 1500) for fact in one.facts
    }
    known = {
        (arc, part, variant.shown.kind)
        for arc, plot in PLOTS.items()
        for part, variants in plot.parts.items()
        for variant in variants
    }
    assert seen == known


def test_the_text_of_a_seed_stays_what_it_is() -> None:
    """Models were trained on it."""
    assert toyland.digest(f"{one.text}{one.summary}" for one in summarized(1)) == "23a364fd90a13b1c"
    assert (
        toyland.digest(f"{one.text}{one.summary}" for one in summarized(1, "held_out")) == "9335a9737c831a67"
    )


@pytest.mark.full(reason="takes 2 s")
def test_splits_are_by_combination(train: list[Summarized]) -> None:
    dials = Dials()
    for one in train:
        assert not combinations(one.story.entities, f"{one.text} {one.summary}", dials)
    for one in islice(summarized(11, "held_out"), 60):
        assert combinations(one.story.entities, one.text, dials)


@pytest.mark.full(reason="takes more than a second")
def test_a_summary_is_one_or_two_sentences_in_words_of_its_own(train: list[Summarized]) -> None:
    for one in train:
        sentences = re.findall(r"[^.]+\.", one.summary)
        assert "".join(sentences) == one.summary
        assert len(sentences) in {1, 2}
        assert not {sentence.strip() for sentence in sentences} & {s.text for s in one.story.sentences}
        assert len(one.summary) < 0.45 * len(one.text)


@pytest.mark.full(reason="takes 2 s")
def test_summaries_are_well_written(train: list[Summarized]) -> None:
    names = {person.name for one in train for person in one.story.people}
    for one in train:
        assert re.fullmatch(r"[A-Z][A-Za-z',;. -]+\.", one.summary), one.summary
        assert not re.search(r"  | [,.]|\b(\w+) \1\b|\ba [aeio]|\ban [^aeiou]| a u(?!se)", one.summary), (
            one.summary
        )
        assert set(re.findall(r"(?<=[a-z,] )[A-Z]\w+", one.summary)) <= names, one.summary


def test_summaries_name_only_what_the_story_tells(train: list[Summarized]) -> None:
    for one in train:
        for entity in one.story.entities.values():
            if isinstance(entity, Thing) and f"{entity.colour} {entity.kind}" in one.summary:
                assert f"{entity.colour} {entity.kind}" in one.text
            elif isinstance(entity, Place) and re.search(rf"\bthe {entity.name}\b", one.summary):
                assert re.search(rf"\b{entity.name}\b", one.text)
        for name in re.findall(r"\b[A-Z][a-z]+\b", one.summary.replace("In the end", "")):
            assert name in one.text or name.lower() in one.summary.lower().split(), one.summary


def test_the_end_is_what_the_last_state_says(train: list[Summarized]) -> None:
    """Asked of the states that stories carry, by rules of this test's own."""
    checked: Counter[str] = Counter()
    for one in train:
        arc, last, end = one.story.arc, one.story.sentences[-1].state_after, one.facts[2]
        if arc in {"lost and found", "the pet that ran away", "hidden for fun", "a storm"}:
            roles = ending(one, "find")
            assert last.get(roles["x"], "where") == roles["a"] == end.roles["a"]
            assert all(roles["s"] in telling for telling in end.tellings)
        elif arc in {"a borrowed thing", "a promise kept", "a promise broken"}:
            roles = ending(one, "return_thing")
            assert last.get(roles["x"], "where") == roles["b"] == end.roles["b"]
            assert last.get(roles["x"], "broken") != "yes"
        elif arc == "work for a wish":
            assert last.get(end.roles["x"], "owner") == end.roles["a"]
        elif arc == "a swap":
            assert [last.get(end.roles[role], "owner") for role in "xyz"] == [
                end.roles[role] for role in "bca"
            ]
        elif arc == "learning":
            assert last.get(end.roles["a"], "can") == end.roles["k"]
        elif arc == "a bet":
            holders = {role: last.get(end.roles[role], "where") for role in "xy"}
            a, b = end.roles["a"], end.roles["b"]
            kept = end.kind == "win"
            given = "y" if "did not keep" in " ".join(end.tellings) else "x"
            assert holders["y"] == a if kept else holders[given] == b
        else:
            continue
        checked[arc] += 1
    assert len(checked) == 11 and min(checked.values()) > 10


def test_allowed_summaries_are_right_and_the_one_drawn_is_allowed(train: list[Summarized]) -> None:
    for one in train[:40]:
        assert one.summary in one.allowed
        assert len(one.allowed) >= 200
    for one in train:
        assert facts_right(one.summary, one).all_right


@pytest.fixture
def kite(train: list[Summarized]) -> Summarized:
    return next(one for one in train if one.story.arc == "work for a wish")


def test_each_part_is_judged_alone(kite: Summarized) -> None:
    wish, turn, end = (fact.tellings[0] for fact in kite.facts)
    assert facts_right(f"{wish}. {turn[0].upper()}{turn[1:]}, and {end}.", kite) == Facts(True, True, True)
    assert facts_right(f"{wish}. It rained all day, and {end}.", kite) == Facts(True, False, True)
    assert facts_right(f"{wish}, and {turn}. Everybody slept.", kite) == Facts(True, True, False)
    assert facts_right(f"Tom was tired. {turn[0].upper()}{turn[1:]}, and {end}.", kite) == Facts(
        False, True, True
    )
    assert facts_right(f"{end[0].upper()}{end[1:]}. {turn[0].upper()}{turn[1:]}, and {wish}.", kite) == Facts(
        False, True, False
    )


@pytest.mark.parametrize("text", ["", ".", "The cat sat on the mat.", "In the end", "a, and b. c"])
def test_any_text_can_be_judged(kite: Summarized, text: str) -> None:
    assert facts_right(text, kite) == Facts(False, False, False)
    assert not facts_right(text, kite).all_right


def test_spaces_and_lines_make_no_difference(kite: Summarized) -> None:
    assert facts_right("\n" + kite.summary.replace(" ", "  "), kite).all_right


def test_the_summary_of_another_story_is_wrong(train: list[Summarized]) -> None:
    for one, other in pairwise(train):
        assert not facts_right(other.summary, one).all_right


def test_words_can_be_limited() -> None:
    short = list(islice(summarized(2, most_words=150), 100))
    assert max(len(one.text.split()) for one in short) <= 150
    assert len({one.story.arc for one in short}) >= 8


def test_what_cannot_be_is_said_at_the_call() -> None:
    with pytest.raises(ValueError, match="at most 50 words"):
        summarized(most_words=50)
    with pytest.raises(ValueError, match="no split is called 'test'"):
        summarized(split="test")
    told = next(summarized(3)).story
    with pytest.raises(ValueError, match="no summary of 'a dream'"):
        facts_of(replace(told, arc="a dream"))
    with pytest.raises(ValueError, match="shows no"):
        facts_of(replace(told, sentences=told.sentences[:2]))
