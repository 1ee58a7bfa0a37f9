"""The rules of the verdicts: each says every part, names a function that exists, takes its numbers from constants."""

from __future__ import annotations

import ast
import importlib
import math
import re
from pathlib import Path

import pytest

from app.frame.judged import opened_html
from core.analysis.explaining import faithfulness
from core.analysis.patching import patches
from core.messages import speaking
from core.scaling import forecast
from core.vectors import association
from core.verdict_rule import Rule, percent
from pages.optimizers.runs import rule

ROOT = Path(__file__).resolve().parents[2]


def modules() -> list[str]:
    """Every module that holds a rule of its own."""
    found = []
    for folder in ("core", "pages"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            values = [
                one.value for one in ast.parse(path.read_text("utf-8")).body if isinstance(one, ast.Assign)
            ]
            if any(isinstance(one, ast.Call) and getattr(one.func, "id", "") == "Rule" for one in values):
                found.append(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return found


@pytest.mark.parametrize("name", modules())
def test_a_rule_says_every_part_and_stands_beside_what_it_is_about(name: str) -> None:
    module = importlib.import_module(name)
    rules = [one for one in vars(module).values() if isinstance(one, Rule)]
    assert rules
    for one in rules:
        assert all(len(said) > 7 for _, said in one.rows), one.verdict
        assert (
            getattr(importlib.import_module(one.function.__module__), one.function.__qualname__)
            is one.function
        )
        assert "  " not in "".join(said for _, said in one.rows)


@pytest.mark.full(reason="takes 2 s")
def test_the_pages_that_pass_verdicts_show_their_rules() -> None:
    assert len(modules()) >= 14
    shown = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pages").rglob("*.py"))
    assert shown.count("page.judged(") >= 14


def test_a_rule_is_read_in_another_language_with_the_same_numbers() -> None:
    english = association.RULE.rows
    with speaking("es"):
        title, rows = association.RULE.title, association.RULE.rows
    assert title != association.RULE.title and rows[1][0] == "Umbral"
    for (_, said), (_, translated) in zip(english, rows, strict=True):
        assert sorted(re.findall(r"\d+", said)) == sorted(re.findall(r"\d+", translated))


def test_the_numbers_of_a_rule_are_the_codes() -> None:
    assert f"two-sided p of at most {association.LEVEL:g}" in str(association.RULE.threshold)
    assert f"under {percent(association.LEAST)}" in str(association.RULE.threshold)
    assert f"{faithfulness.ORDERS} random orders" in str(faithfulness.RULE.sample)
    assert f"below {patches.LEAST_GAP:g} logit" in str(patches.RULE.threshold)
    assert f"{percent(forecast.LEVEL)} prediction interval" in str(forecast.RULE.threshold)


def test_what_a_rule_says_is_text_and_opens_without_a_run() -> None:
    said = opened_html([Rule("<b>", "a & b", "`c`", "d", "e", "f", math.comb)])
    assert said.startswith('<details class="gb-judged"><summary>How this was judged</summary>')
    assert "&lt;b&gt;" in said and "a &amp; b" in said and "<code>c</code>" in said
    assert "<code>math.comb</code>" in said


def test_seeds_that_differ_in_nothing_lie_apart_as_often_as_is_said() -> None:
    """Of 2 and 2 seeds, 2 of the 6 ways to deal them leave the ranges apart."""
    assert "in 33 % of such comparisons" in str(rule(2).correction) and "in 10 % of" in str(
        rule(3).correction
    )
    assert "1 recorded seed of" in str(rule(1).sample)
