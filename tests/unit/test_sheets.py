"""Sheets of lessons: their answers against computations of another kind, and blanks that tell nothing."""

from __future__ import annotations

import collections
import math
import re
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest
import torch

import core
from app.lessons import library, sheets
from core.config import ModelConfig
from core.language_model import LanguageModel
from core.model.transformer import Transformer


class Cells(HTMLParser):
    """The tables of a sheet: a list of rows each, a row a list of texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.blanks = 0
        self._in = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._in = True
            self.blanks += dict(attrs).get("class") == "gb-blank"

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in:
            self.tables[-1][-1][-1] += data


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    """The model of both lessons."""
    return core.load("tales-gpt")


def tables(lm: LanguageModel, name: str, answers: bool) -> list[list[list[str]]]:
    """The tables of a sheet."""
    return Cells(sheets.sheet(lm, name, answers)).tables


def test_sheets_are_of_lessons_that_are_there(lm: LanguageModel) -> None:
    assert len(sheets.names()) >= 2 and set(sheets.names()) <= set(library.ORDER)
    assert {library.find(name).model for name in sheets.names()} == {
        lm.name if hasattr(lm, "name") else "tales-gpt"
    }
    with pytest.raises(KeyError):
        sheets.sheet(lm, "likeliest", False)


def test_the_shares_are_a_softmax_computed_by_hand(lm: LanguageModel) -> None:
    guess, _, softmax, _ = tables(lm, "why-ball", True)
    rows = softmax[1:-1]
    scores = [float(row[1]) for row in rows]
    for temperature, column in ((1, 4), (2, 5)):
        powers = [math.exp(score / temperature) for score in scores]
        assert [float(row[column]) for row in rows] == pytest.approx(
            [one / sum(powers) for one in powers], abs=6e-5
        )
    assert [float(row[3]) for row in rows] == pytest.approx(
        [math.exp(score - max(scores)) for score in scores], abs=6e-5
    )
    assert float(softmax[-1][3]) == pytest.approx(sum(float(row[3]) for row in rows), abs=3e-4)
    # The scores are those of TransformerLens's name for them, largest first.
    trace = lm.trace(library.find("why-ball").text)
    true = trace["blocks.3.attn.hook_attn_scores"][2, -1]
    assert scores == pytest.approx(true.topk(4).values.tolist(), abs=0.06)
    p = trace.logits[-1].softmax(-1)
    assert float(guess[2][2]) == pytest.approx(float(p.max()), abs=6e-4)


def test_the_merges_are_those_of_counting_and_meet_no_two_equal_pairs(lm: LanguageModel) -> None:
    merges, used, pieces, _ = tables(lm, "cut-word", True)
    words = {tuple(word): count for word, count in sheets.CORPUS.items()}
    order = []
    for row in merges[1:]:
        counts: collections.Counter[tuple[str, str]] = collections.Counter()
        for word, count in words.items():
            for pair in pairwise(word):
                counts[pair] += count
        (best, most), (_, second) = counts.most_common(2)
        assert most > second, "two pairs stand equally often: a learner could be right in two ways"
        assert row[1:] == [f"{best[0]} and {best[1]}", str(most), "".join(best)]
        order.append(best)
        words = {joined(word, best): count for word, count in words.items()}
    assert len(order) == sheets.MERGES
    for spelled, cut in zip(used[0], used[1], strict=True):
        found = tuple(spelled)
        for pair in order:
            found = joined(found, pair)
        assert cut.split() == list(found)
    for whole, _, many, cut in pieces[1:]:
        ids = lm.encode(f" {whole}", add_special_tokens=False)
        assert int(many) == len(ids) == len(cut.split()) and cut.replace(" ", "") == f"·{whole}"


def joined(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """A word with a pair made one, from left to right."""
    found: list[str] = []
    at = 0
    while at < len(word):
        if word[at : at + 2] == pair:
            found.append("".join(pair))
            at += 2
        else:
            found.append(word[at])
            at += 1
    return tuple(found)


@pytest.mark.parametrize("name", sheets.names())
def test_the_learners_sheet_has_blanks_where_the_teachers_has_answers(name: str, lm: LanguageModel) -> None:
    plain, told = sheets.sheet(lm, name, False), sheets.sheet(lm, name, True)
    blank, filled = Cells(plain), Cells(told)
    assert blank.blanks > 20 and filled.blanks == 0 and "gb-answer" not in plain
    for one, other in zip(blank.tables, filled.tables, strict=True):
        for row, with_answers in zip(one, other, strict=True):
            assert all(not cell or cell == answer for cell, answer in zip(row, with_answers, strict=True))
    # Who reads the page's source learns nothing either.
    votes = [
        cell for table in filled.tables for row in table[1:] for cell in row if re.match(r"[a-d]\. ", cell)
    ]
    assert votes and not [vote for vote in votes if len(vote) > 8 and unescape(vote) in unescape(plain)]


def test_a_model_that_does_otherwise_gets_no_sheet() -> None:
    lm = core.load("tales-gpt")
    torch.manual_seed(0)
    config: ModelConfig = lm.config
    other = LanguageModel(Transformer(config), lm.tokenizer)
    with pytest.raises(sheets.WrongAnswer, match="not what the model does"):
        sheets.sheet(other, "why-ball", True)
