"""Analogies by arithmetic: against an independent slow script, by section, with the arrows that a map draws."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from core.vectors.analogies import (
    QUESTIONS,
    Score,
    Section,
    read_sections,
    score,
    sections,
    solve,
    total,
)
from core.vectors.static import StaticVectors, UnknownWord, glove


def slow_answer(
    rows: list[list[float]], index: dict[str, int], words: list[str], a: str, b: str, c: str
) -> str:
    """3CosAdd with plain Python lists: an own normalisation, an own cosine, an own search."""

    def unit(word: str) -> list[float]:
        row = rows[index[word]]
        length = math.sqrt(math.fsum(x * x for x in row))
        return [x / length for x in row]

    target = [y - x + z for x, y, z in zip(unit(a), unit(b), unit(c))]
    best, found = -math.inf, ""
    for word, row in zip(words, rows):
        if word in (a, b, c):
            continue
        dot = math.fsum(map(float.__mul__, target, row))
        near = dot / math.sqrt(math.fsum(map(float.__mul__, row, row)))
        if near > best:
            best, found = near, word
    return found


@pytest.mark.full(reason="takes 2 s")
def test_answers_and_scores_equal_an_independent_slow_script() -> None:
    """A question of every section, drawn by chance from the raw file, all words of the table compared."""
    table = glove()
    words, rows = list(table.words), table.vectors.astype(float).tolist()
    index = {word: row for row, word in enumerate(words)}
    found: dict[str, list[list[str]]] = {}
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        if line.startswith(":"):
            name = line[1:].strip()
            found[name] = []
        elif all(word in index for word in line.lower().split()):
            found[name].append(line.lower().split())
    assert sum(map(len, found.values())) == 12_042
    draw = random.Random(5)
    sample = {name: draw.sample(questions, 1) for name, questions in found.items()}
    slow = {
        name: sum(slow_answer(rows, index, words, a, b, c) == d for a, b, c, d in questions)
        for name, questions in sample.items()
    }
    asked = [
        Section(name, tuple((a, b, c, d) for a, b, c, d in questions)) for name, questions in sample.items()
    ]
    assert {one.name: one.right for one in score(table, asked)} == slow
    assert 0 < sum(slow.values()) < len(slow), "some are right, some wrong"
    a, b, c, _ = sample["capital-world"][0]
    assert solve(table, a, b, c).answer == slow_answer(rows, index, words, a, b, c)


@pytest.mark.full(reason="takes a second")
def test_the_score_of_glove_is_the_known_one() -> None:
    scores = list(score(glove()))
    assert [one.name for one in scores] == [section.name for section in sections()]
    whole = total(scores)
    assert (whole.asked, whole.covered) == (19_544, 12_042)
    assert whole.share == pytest.approx(0.521, abs=0.0005)
    grammar = total([one for one, of in zip(scores, sections()) if of.grammar])
    facts = total([one for one, of in zip(scores, sections()) if not of.grammar])
    assert grammar.covered + facts.covered == whole.covered and grammar.right + facts.right == whole.right
    by_name = {one.name: one.share for one in scores}
    assert by_name["gram6-nationality-adjective"] > 0.9 > 0.2 > by_name["city-in-state"]


def test_the_sections_are_googles() -> None:
    assert len(sections()) == 14 and sum(section.grammar for section in sections()) == 9
    assert sections()[0].questions[0] == ("athens", "greece", "baghdad", "iraq")


def test_king_and_queen_with_the_arrows() -> None:
    found = solve(glove(), "man", "king", "woman", count=3)
    assert found.answer == "queen" and len(found.answers) == 3
    assert not {"man", "king", "woman"} & {near.word for near in found.answers}
    np.testing.assert_allclose(np.linalg.norm(found.points[:4], axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(found.points[3], glove().unit(np.array([glove().row("queen")]))[0])
    (a, b), (c, target) = found.arrows
    points = found.points.astype(np.float64)
    np.testing.assert_allclose(points[b] - points[a], points[target] - points[c], atol=1e-6)
    assert found.answers[0].cosine == pytest.approx(
        points[3] @ points[4] / np.linalg.norm(points[4]), rel=1e-5
    )


def test_case_does_not_matter_but_the_table_names_its_words() -> None:
    found = solve(glove(), "Paris", "France", "Rome")
    assert (found.a, found.b, found.c, found.answer) == ("paris", "france", "rome", "italy")


@pytest.mark.parametrize("given", [("king", "man", "king"), ("king", "King", "man"), ("man", "king", "king")])
def test_a_word_that_stands_twice_is_told(given: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="three different words, but 'king' stands twice"):
        solve(glove(), *given)


def test_a_missing_word_is_told_with_an_offer() -> None:
    with pytest.raises(UnknownWord, match="did you mean 'woman'"):
        solve(glove(), "man", "king", "womann")
    with pytest.raises(UnknownWord, match="write a word"):
        solve(glove(), "man", "", "woman")


def test_a_table_of_three_words_has_no_answer() -> None:
    table = StaticVectors("tiny", ("a", "b", "c"), np.eye(3, dtype=np.float32))
    with pytest.raises(ValueError, match="only 3 words"):
        solve(table, "a", "b", "c")


def test_a_section_without_covered_questions_has_no_share() -> None:
    table = StaticVectors("tiny", ("a", "b", "c", "d"), np.eye(4, dtype=np.float32))
    asked = [Section("none", (("a", "b", "c", "x"),)), Section("one", (("a", "b", "c", "d"),))]
    none, one = score(table, asked)
    assert none == Score("none", 1, 0, 0) and none.share is None
    assert (one.covered, one.share) == (1, 1.0)


@pytest.mark.parametrize("text", ["a b c d", ": name\na b c", ": name\na b c d e"])
def test_a_broken_list_of_analogies_names_its_line(text: str) -> None:
    with pytest.raises(ValueError, match=f"line {len(text.splitlines())} "):
        read_sections(text)
