"""Sums, lists and brackets: their answers, and what training never sees."""

from __future__ import annotations

import re
from itertools import islice

import pytest

from core.data.toyland.dials import HELD_OUT_PAIRS
from core.data.toyland.exercises import HELD_OUT_DIGITS, HELD_OUT_NESTING, brackets, copies, lists, sums

SPLITS = ("train", "held_out")


def close(row: str) -> str:
    """What closes a row, by another way than the code's: take away closed pairs until none is left."""
    while row != (row := re.sub(r"\(\)|\[\]|\{\}|<>", "", row)):
        pass
    return row[::-1].translate(str.maketrans("([{<", ")]}>"))


@pytest.mark.parametrize("split", SPLITS)
def test_sums_are_right_and_their_last_digits_are_split(split):
    sample = list(islice(sums(1, split), 2000))
    for exercise in sample:
        one, other = map(int, re.fullmatch(r"(\d+)\+(\d+)=", exercise.prompt).groups())
        assert one + other == int(exercise.answer)
        pair = (min(one % 10, other % 10), max(one % 10, other % 10))
        assert (pair in HELD_OUT_DIGITS) is (split == "held_out")
    assert len({exercise.prompt for exercise in sample}) > 200


def test_sums_have_as_many_digits_as_asked():
    widths = [len(n) for e in islice(sums(0, digits=5), 500) for n in re.findall(r"\d+", e.prompt)]
    assert max(widths) == 5
    assert min(widths) == 1


@pytest.mark.parametrize("split", SPLITS)
def test_brackets_are_closed_by_the_answer_and_nesting_is_split(split):
    for exercise in islice(brackets(2, split), 2000):
        assert 2 <= len(exercise.prompt) <= 24
        assert exercise.answer
        assert close(exercise.prompt) == exercise.answer
        assert close(exercise.prompt + exercise.answer) == ""
        row, nested = "", set()
        for one in exercise.prompt:
            if one in "([{<":
                nested.add((row[-1:], one))
                row += one
            else:
                row = row[:-1]
        assert bool(nested & HELD_OUT_NESTING) is (split == "held_out")


@pytest.mark.parametrize("split", SPLITS)
def test_the_answer_of_a_list_is_what_was_said_before(split):
    for exercise, text in islice(zip(lists(3, split), copies(3, split)), 300):
        assert exercise.prompt + exercise.answer == text
        first, again = exercise.prompt.split(". ")
        assert first.startswith(again)
        assert exercise.answer.startswith(first[len(again) :] + ".")


def test_copies_say_each_list_again_and_hold_the_same_colours_out():
    for split in SPLITS:
        sample = list(islice(copies(3, split), 200))
        assert sample == list(islice(copies(3, split), 200))
        assert len(set(sample)) > 190
        for text in sample:
            first, *again = text.rstrip(".").split(". ")
            assert again == [first] * len(again)
            assert 1 <= len(again) <= 3
            pairs = {tuple(pair) for pair in re.findall(r"\bthe (\w+) (\w+)", text, flags=re.IGNORECASE)}
            assert bool(pairs & HELD_OUT_PAIRS) is (split == "held_out")


@pytest.mark.parametrize("exercises", [sums, brackets, lists])
def test_the_same_seed_gives_the_same_exercises(exercises):
    first = list(islice(exercises(7), 50))
    assert first == list(islice(exercises(7), 50))
    assert first != list(islice(exercises(8), 50))


@pytest.mark.parametrize("exercises", [sums, brackets, lists])
def test_an_unknown_split_is_told_at_the_call(exercises):
    with pytest.raises(ValueError, match=r"'test'.*train, held_out"):
        exercises(0, "test")


def test_impossible_exercises_are_told_at_the_call():
    with pytest.raises(ValueError, match="at least one digit"):
        sums(digits=0)
    with pytest.raises(ValueError, match="room for two"):
        brackets(longest=1)
