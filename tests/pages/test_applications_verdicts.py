"""What the Applications page says of an answer: its verdict, the scores of a model's card, what counts as a change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.analysis.heads import alignment, answer_location
from core.analysis.heads.cross_reading import word_spans
from core.analysis.tasks.code_checks import check_code
from core.data.tasks import TASKS
from pages.applications import answers, figure, question, scores, verdict

# A card with the scores of some tasks.
CARD: dict[str, Any] = {
    "scores": {
        "translate": {
            "examples": 50,
            "model": {
                "exact": {"right": 40, "of": 50, "low": 0.67, "high": 0.89},
                "chrF": {"score": 95.0, "low": 93.0, "high": 96.0},
            },
            "baselines": {
                "train": 100,
                "copy": {"exact": {"right": 1, "of": 50}, "chrF": {"score": 20.0}},
            },
        },
        "completions": {
            kind: {
                asked: {"right": right, "of": 30, "low": 0.1, "high": 0.9}
                for asked in ("right", "uses_parameter", "exact")
            }
            for kind, right in (("model", 21), ("n_gram", 9), ("lookup", 3))
        },
    },
    "alignment": {
        "examples": 50,
        "model": {"error": 0.12, "low": 0.1, "high": 0.14},
        **{kind: {"error": 0.5} for kind in ("all heads", "diagonal", "IBM model 1")},
    },
}


class TestVerdicts:
    """What is right, on answers that are given."""

    def found(self, use: str, written: str | None = None, seed: int = 3) -> answers.Found:
        pair = answers.example(use, seed)
        wish = answers.Wish(answers.USES[use], pair.source, len(TASKS[use].prefix), pair, seed)
        written = pair.target if written is None else written
        read = word_spans(pair.source, wish.first)
        units = word_spans(written)
        if use == "question":
            read, units = answer_location.sentences(pair.source), ((0, len(written)),)
        weights = np.random.default_rng(0).random((len(units), len(read)))
        return answers.Found(
            wish=wish, written=written, units=units, likely=(0.5,) * len(units), read=read, weights=weights
        )

    @pytest.mark.parametrize("use", ["translate", "question"])
    def test_why_is_said_in_words_and_is_what_was_read(self, use: str) -> None:
        found = self.found(use)
        assert found.weights is not None
        weights = np.zeros_like(found.weights)
        longest = max(range(len(found.units)), key=lambda at: found.units[at][1] - found.units[at][0])
        weights[:, 0] = 0.6
        weights[longest] = 0
        weights[longest, -2] = 0.9
        said = verdict.why(replace(found, weights=weights))
        first, end = found.read[-2]
        text = found.wish.source[first:end].strip()
        assert said.startswith("Why? Most likely from ") and "0.90 of its attention" in said
        assert (f"“{text}”" if len(text) <= verdict.NAMED else f"sentence {len(found.read) - 1}") in said

    def test_a_right_translation_has_its_links_and_their_error(self) -> None:
        found = self.found("translate")
        judged = verdict.judge(found)
        truth = found.wish.truth
        assert judged.lines[0].right
        assert judged.links == truth.links
        counts = alignment.compared(answers.made_links(found), truth.links, truth.possible)
        assert judged.numbers["error"] == pytest.approx(counts.error)
        assert f"alignment error {counts.error:.2f}" in judged.lines[1].text

    def test_a_wrong_translation_says_toyland_s(self) -> None:
        judged = verdict.judge(self.found("translate", "El perro duerme."))
        assert judged.lines[0].right is False
        assert answers.example("translate", 3).target in judged.lines[0].text
        assert judged.links == ()

    def test_another_allowed_telling_is_right_without_links(self) -> None:
        seed = next(n for n in range(60) if len(answers.example("translate", n).truth.allowed) > 1)
        truth = answers.example("translate", seed).truth
        other = min(truth.allowed - {truth.spanish})
        judged = verdict.judge(self.found("translate", other, seed))
        assert judged.lines[0].right
        assert judged.links == ()
        assert "another way" in judged.lines[1].text

    def test_a_summary_is_judged_fact_by_fact(self) -> None:
        assert [line.right for line in verdict.judge(self.found("summarize")).lines][:3] == [True] * 3
        assert [line.right for line in verdict.judge(self.found("summarize", "Once.")).lines][:3] == [
            False
        ] * 3

    def test_an_answer_and_the_sentence_that_it_read(self) -> None:
        found = self.found("question")
        judged = verdict.judge(found)
        assert found.weights is not None
        assert judged.lines[0].right
        assert judged.sentence == answer_location.truth(found.wish.truth)
        assert judged.lines[1].right == (int(np.argmax(found.weights[0])) == judged.sentence)
        assert verdict.judge(self.found("question", "Nobody.")).lines[0].right is False

    def test_a_label_is_right_or_wrong(self) -> None:
        truth = answers.example("sentiment", 3).truth
        assert verdict.judge(self.found("sentiment")).lines[0].right
        wrong = "negative" if truth.sentiment == "positive" else "positive"
        assert verdict.judge(self.found("sentiment", wrong)).lines[0].right is False


def test_names_from_nowhere_are_said_with_their_lines() -> None:
    text = "def double(n):\n    return n * m"
    wish = answers.Wish(answers.USES["code"], "def double(n):", 0)
    found = answers.Found(
        wish=wish, written=text, units=answers.line_spans(text), likely=(1.0, 1.0), check=check_code(text)
    )
    judged = verdict.judge(found)
    assert [line.right for line in judged.lines] == [True, False, None, None]
    assert "the boldest draw" in judged.lines[3].text
    assert "'m' is not defined here, at line 2" in judged.lines[1].text
    assert figure.record(found, judged)["wrong"] == [2]


class TestScores:
    """What a card says, as the table under the picture."""

    def test_shares_and_their_baselines_are_the_card_s(self) -> None:
        exact, chrf, error = scores.scores(answers.USES["translate"], CARD)
        assert (exact.value, exact.of, exact.others) == (0.8, 50, (("copying", 0.02),))
        assert (chrf.value, chrf.unit) == (95.0, "")
        assert (error.value, error.low) == (0.12, 0.1)
        code = scores.scores(answers.USES["code"], CARD)
        assert [one.value for one in code] == [0.7] * 3

    @pytest.mark.parametrize("use", answers.USES)
    def test_a_card_without_them_is_no_error(self, use: str) -> None:
        cards: list[dict[str, Any]] = [
            {},
            {"scores": None},
            {"scores": {use: {"model": {}}}},
            {"n_gram": 3},
        ]
        for card in cards:
            assert scores.scores(answers.USES[use], card) == []


def test_words_that_differ_are_counted() -> None:
    assert answers.changed_words("a b c", "a b c") == 0
    assert answers.changed_words("a b c", "a x c") == 1
    assert answers.changed_words("a b", "a b c d") == 2
    assert answers.changed_words("", "a") == 1


def test_names_do_not_count_as_a_change() -> None:
    wish = answers.Wish(answers.USES["translate"], "translate English to Spanish: Nora ran.", 30)
    one = answers.Found(wish=wish, written="Nora corrió.")
    other = answers.Found(wish=wish, written="Olive corrió.")
    assert question.plain(one) == question.plain(other)


def test_a_text_with_a_task_s_prefix_is_read_without_it() -> None:
    assert answers.bare("translate English to Spanish: Nora  ran.\n") == ("", "Nora ran.", ())
    assert answers.bare("question: Who ran? context: Nora ran.") == ("Who ran?", "Nora ran.", ())
    assert answers.bare("question: Who ran?") == ("", "Who ran?", ())
    assert answers.bare("Nora said: question: why?") == ("", "Nora said: question: why?", ())
    _, text, cuts = answers.bare("word " * 900)
    assert len(text) == answers.MOST_CHARACTERS
    assert cuts == ("Your text has 4,499 characters; the first 1,600 are read.",)
