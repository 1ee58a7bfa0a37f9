"""The report of a model's cross-attention: every number again from its parts, written into a card and nowhere else."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from core.analysis.heads import alignment, answer_location
from core.analysis.heads.cross_reading import Rule
from core.analysis.tasks.task_scores import FIRST_SEED, examples
from core.checkpoints import save_folder
from core.data.toyland.spanish import words
from core.vectors.probe import wilson
from scripts import reading_report
from tests.pairs import translator


@pytest.fixture(scope="module")
def found():
    return reading_report.report(translator(), count=12, chosen_on=4, pairs=60)


@pytest.mark.full(reason="takes 2 s")
def test_alignment_is_what_its_rule_reads(found):
    lm, told = translator(), found["alignment"]
    kept = [pair.truth for pair in examples("translate", 12, FIRST_SEED, "held_out")]
    rule = Rule(told["rule"]["layer"], told["rule"]["head"], told["rule"]["after"])
    total = alignment.Counts(0, 0, 0, 0)
    for one in kept:
        total += alignment.counted(alignment.told(lm, one), one, rule, told["rule"]["share"])
    assert told["model"]["error"] == pytest.approx(total.error, abs=1e-4)
    assert told["model"]["low"] <= told["model"]["error"] <= told["model"]["high"]
    by_place = alignment.Counts(0, 0, 0, 0)
    for one in kept:
        made = alignment.diagonal(words(one.english), words(one.spanish))
        by_place += alignment.compared(made, one.links, one.possible)
    assert told["diagonal"]["error"] == pytest.approx(by_place.error, abs=1e-4)
    assert 0 < told["IBM model 1"]["error"] < 1
    assert (told["examples"], told["pairs"], told["chosen_on"]["examples"]) == (12, 60, 4)


def test_the_pointed_sentence_is_what_its_rule_reads(found):
    lm, told = translator(), found["pointed"]
    kept = [pair.truth for pair in examples("question", 12, FIRST_SEED, "held_out")]
    alike = sum(answer_location.most_alike(one) == answer_location.truth(one) for one in kept)
    assert told["most words of the question"] == asdict(wilson(alike, 12))
    assert told["chance"] == pytest.approx(sum(map(answer_location.chance, kept)) / 12, abs=1e-4)
    assert 0 <= told["model"]["low"] <= told["model"]["high"] <= 1
    assert json.loads(json.dumps(found)) == found
    assert lm.card == {}


def test_a_card_gets_both_and_keeps_the_rest(tmp_path, monkeypatch, capsys):
    lm = translator()
    folder = save_folder(tmp_path / "model", lm.transformer, lm.tokenizer, {"about": "untrained"})
    monkeypatch.setattr(reading_report, "report", lambda lm, count: {"alignment": {"n": count}})
    reading_report.main([str(folder), "--examples", "3"])
    card = folder / "card.json"
    assert json.loads(card.read_text())["about"] == "untrained"
    assert "alignment" not in json.loads(card.read_text())
    reading_report.main([str(folder), "--card", "--examples", "3"])
    assert json.loads(card.read_text())["alignment"] == {"n": 3}
    assert json.loads(card.read_text())["about"] == "untrained"
    assert "alignment" in capsys.readouterr().out
