"""What holds of Toyland's stories for any seed and any dials."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.toyland import Dials, combinations, questions, story
from core.data.toyland.checks import pronoun_problems, replay
from core.data.toyland.words import PROFESSIONS

SEEDS = st.integers(min_value=-(2**40), max_value=2**40)
SPLITS = st.sampled_from(["train", "held_out", "any"])
SHARES = st.dictionaries(st.sampled_from(PROFESSIONS), st.floats(0, 1))


@settings(max_examples=60, deadline=None)
@given(SEEDS, SPLITS, SHARES)
def test_a_story_is_true_and_says_whom_it_means(seed: int, split: str, shares: dict[str, float]) -> None:
    told = story(seed, Dials(she_share=shares), split)  # type: ignore[arg-type]
    assert replay(told) == []
    assert pronoun_problems(told) == []
    assert told.text == story(seed, Dials(she_share=shares), split).text  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_a_split_is_kept(seed: int) -> None:
    dials = Dials()
    for split, expected in (("train", False), ("held_out", True)):
        told = story(seed, dials, split)  # type: ignore[arg-type]
        assert bool(combinations(told.entities, told.text, dials)) is expected


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_questions_point_into_the_story(seed: int) -> None:
    told = story(seed)
    for question in questions(told):
        assert 0 <= question.sentence_index < len(told.sentences)
        assert question.text.endswith("?")
        assert question.answer.endswith(".")
