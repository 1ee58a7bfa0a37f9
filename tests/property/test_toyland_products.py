"""What holds of summaries, passages and reviews for any seed."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.toyland import Person, Place, Thing, story, words
from core.data.toyland.asked import asked
from core.data.toyland.grammar import capital
from core.data.toyland.reviews import reviews
from core.data.toyland.summaries import PARTS, Summarized, facts_of, facts_right, summarized
from tests.tiers import examples

SEEDS = st.integers(min_value=0, max_value=2**40)
SPLITS = st.sampled_from(["train", "held_out"])


def texts_of(one: Summarized, draws: st.DataObject) -> tuple[str, list[str]]:
    """A summary of one's own choice among the allowed ones, and its three clauses."""
    clauses = [draws.draw(st.sampled_from(fact.tellings)) for fact in one.facts]
    wish, turn, end = clauses
    frames = [
        f"{capital(wish)}. {capital(turn)}, and {end}.",
        f"{capital(wish)}, but {turn}. In the end {end}.",
        f"{capital(wish)}, and {turn}. {capital(end)}.",
        f"{capital(wish)}. Because {turn}, {end}.",
    ]
    return draws.draw(st.sampled_from(frames)), clauses


@settings(max_examples=examples(60), deadline=None)
@given(SEEDS, SPLITS, st.data())
def test_every_telling_of_the_facts_is_right(seed: int, split: str, draws: st.DataObject) -> None:
    one = next(summarized(seed, split))  # type: ignore[arg-type]
    text, _ = texts_of(one, draws)
    assert facts_right(text, one).all_right
    assert facts_right(one.summary, one).all_right


@settings(max_examples=examples(120), deadline=None)
@given(SEEDS, st.data())
def test_another_name_thing_place_or_corner_is_wrong(seed: int, draws: st.DataObject) -> None:
    """In one clause one word is exchanged for one of its kind: this part is wrong, the other two stay right."""
    one = next(summarized(seed))
    _, clauses = texts_of(one, draws)
    part = draws.draw(st.integers(0, 2))
    kinds: dict[str, list[str]] = {}
    for entity in one.story.entities.values():
        if isinstance(entity, Person):
            kinds[entity.name] = [*words.SHE_NAMES, *words.HE_NAMES]
        elif isinstance(entity, Thing):
            kinds[entity.kind] = [kind for rows in words.THINGS.values() for kind, _, _ in rows]
            kinds[entity.colour] = list(words.COLOURS)
        elif isinstance(entity, Place):
            kinds[entity.name] = list(words.PLACES)
            kinds |= {spot: [s for _, spots in words.PLACES.values() for s in spots] for spot in entity.spots}
    there = [word for word in kinds if re.search(rf"\b{word}\b", clauses[part])]
    if not there:
        return
    word = draws.draw(st.sampled_from(there))
    other = draws.draw(st.sampled_from([option for option in kinds[word] if option != word]))
    clauses[part] = re.sub(rf"\b{word}\b", other, clauses[part])
    wish, turn, end = clauses
    right = facts_right(f"{capital(wish)}. {capital(turn)}, and {end}.", one)
    assert [getattr(right, name) for name in PARTS] == [index != part for index in range(3)]


@settings(max_examples=examples(60), deadline=None)
@given(SEEDS, st.text(max_size=200))
def test_no_other_text_is_right(seed: int, text: str) -> None:
    one = next(summarized(seed))
    assert not facts_right(text, one).all_right
    assert not facts_right(f"{one.summary} {text} and", one).all_right


@settings(max_examples=examples(40), deadline=None)
@given(SEEDS)
def test_facts_are_those_of_the_replayed_story(seed: int) -> None:
    """They do not look at the states that sentences carry."""
    told = story(seed)
    blank = tuple(replace(sentence, state_after=told.start) for sentence in told.sentences)
    assert facts_of(replace(told, sentences=blank)) == facts_of(told)


@settings(max_examples=examples(25), deadline=None)
@given(SEEDS, SPLITS)
def test_products_are_the_same_for_the_same_seed(seed: int, split: str) -> None:
    for make in (summarized, asked, reviews):
        first, again = (next(make(seed, split)) for _ in range(2))  # type: ignore[operator]
        assert first == again


@settings(max_examples=examples(40), deadline=None)
@given(SEEDS, SPLITS)
def test_spans_lie_in_their_passages(seed: int, split: str) -> None:
    for one in islice(asked(seed, split), 2):  # type: ignore[arg-type]
        first, end = one.sentence
        assert 0 <= first < end <= len(one.context)
        if one.start is not None and one.end is not None:
            assert one.context[one.start : one.end].lower() == one.answer[:-1].lower()


@settings(max_examples=examples(60), deadline=None)
@given(SEEDS, SPLITS, st.booleans())
def test_reviews_have_the_stars_of_their_sentiment(seed: int, split: str, mixed: bool) -> None:
    one = next(reviews(seed, split, mixed))
    assert one.sentiment == {True: "positive", False: "negative"}.get(one.stars > 3) or one.stars == 3
    assert 1 <= one.stars <= 5 and one.text[0].isupper() and one.text[-1] in ".?!"
