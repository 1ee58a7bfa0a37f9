"""Laws of the pronoun gap and of swapped words, whatever is drawn."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import core
from core.analysis.tasks.pronoun_gap import Gap, Template, measured, parse
from core.data import dial, toyland
from tests.tiers import examples

WORDS = st.sampled_from(["lost", "found", "the red ball", "was happy", "went home", "and"])


@given(st.integers(0, 10**6))
@settings(max_examples=examples(40), deadline=None)
def test_swapping_twice_gives_the_story_back(seed: int) -> None:
    text = toyland.story(seed, None, "any").text
    assert dial.swapped(dial.swapped(text)) == text


@given(st.sampled_from(["doctor", "nurse", "baker"]), st.lists(WORDS, max_size=3), st.booleans())
@settings(max_examples=examples(25), deadline=None)
def test_changed_places_change_the_sign(job: str, words: list[str], masked: bool) -> None:
    """log p(a) - log p(b) = -(log p(b) - log p(a)): the place is hidden, whichever form is written there."""
    lm = core.load("tales-bert" if masked else "tales-gpt", device="cpu")
    middle = " ".join(["The {job}", *words, ""])
    one, other = Template(middle, "she", "he", " smiled."), Template(middle, "he", "she", " smiled.")
    values = [measured(lm, (job,), (template,)).gaps[0].values[0] for template in (one, other)]
    assert values[0] == pytest.approx(-values[1], abs=1e-4)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=8))
def test_a_share_is_a_share_and_grows_with_the_gap(values: list[float]) -> None:
    gap, more = Gap("x", tuple(values), 1), Gap("x", tuple(value + 0.5 for value in values), 1)
    assert 0 <= gap.share <= more.share <= 1
    assert (gap.spread is None) == (len(values) == 1)
    if gap.spread:
        assert gap.spread[0] <= gap.mean + 1e-9 and gap.mean - 1e-9 <= gap.spread[1]
    assert math.isclose(more.mean - gap.mean, 0.5, abs_tol=1e-9)


@given(st.text(alphabet="ab {}/jobshe", max_size=60))
@settings(max_examples=examples(200))
def test_any_text_is_a_template_or_told_why(text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"write|shorten"):
            parse(text)
    else:
        assert parse(found.text) == found
