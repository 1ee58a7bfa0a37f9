"""What holds of Toyland's stories for any seed and any dials."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.toyland import Dials, combinations, questions, story
from core.data.toyland.checks import cause_problems, journey_problems, pronoun_problems, replay
from core.data.toyland.senses import senses
from core.data.toyland.words import HOMONYMS, PROFESSIONS
from tests.tiers import examples

SEEDS = st.integers(min_value=-(2**40), max_value=2**40)
SPLITS = st.sampled_from(["train", "held_out", "any"])
MEANINGS = st.dictionaries(
    st.sampled_from(sorted(HOMONYMS)), st.floats(0, 1), min_size=1, max_size=4
)  # the share of each word's first sense
SHARES = st.dictionaries(st.sampled_from(PROFESSIONS), st.floats(0, 1))


@settings(max_examples=examples(60), deadline=None)
@given(SEEDS, SPLITS, SHARES)
def test_a_story_is_true_and_says_whom_it_means(seed: int, split: str, shares: dict[str, float]) -> None:
    told = story(seed, Dials(she_share=shares), split)  # type: ignore[arg-type]
    assert replay(told) == []
    assert pronoun_problems(told) == []
    assert told.text == story(seed, Dials(she_share=shares), split).text  # type: ignore[arg-type]


@settings(max_examples=examples(40), deadline=None)
@given(SEEDS)
def test_a_split_is_kept(seed: int) -> None:
    dials = Dials()
    for split, expected in (("train", False), ("held_out", True)):
        told = story(seed, dials, split)  # type: ignore[arg-type]
        assert bool(combinations(told.entities, told.text, dials)) is expected


@settings(max_examples=examples(40), deadline=None)
@given(SEEDS)
def test_questions_point_into_the_story(seed: int) -> None:
    told = story(seed)
    for question in questions(told):
        assert 0 <= question.sentence_index < len(told.sentences)
        assert question.text.endswith("?")
        assert question.answer.endswith(".")


@settings(max_examples=examples(60), deadline=None)
@given(SEEDS, SPLITS, MEANINGS)
def test_causes_ways_and_senses_are_true(seed: int, split: str, shares: dict[str, float]) -> None:
    meanings = {word: dict(zip(HOMONYMS[word], (share, 1 - share))) for word, share in shares.items()}
    for dials in (Dials(), Dials(sense_share=meanings)):
        told = story(seed, dials, split)  # type: ignore[arg-type]
        assert cause_problems(told) == []
        assert journey_problems(told) == []
        words = [meaning.word for meaning in senses(told)]
        assert sum(word in shares for word in words) >= bool(dials.sense_share)
