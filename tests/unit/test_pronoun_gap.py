"""The pronoun gap: what a template may be, and that each shape's numbers are those of its own plain pass."""

from __future__ import annotations

import math
import re
from itertools import islice

import pytest
import torch

import core
from core.analysis.tasks import pronoun_gap
from core.analysis.tasks.pronoun_gap import TEMPLATES, Gap, Template, listed, measured, parse, parsed
from core.data import corpora
from core.data.toyland.words import PROFESSIONS
from core.families.predictions import sign_of

JOBS = ("doctor", "nurse", "beekeeper")


@pytest.mark.full(reason="takes 2 s")
def test_the_templates_are_sentences_in_toylands_words() -> None:
    told = " ".join(islice(corpora.corpus("tales"), 3000)).lower()
    known = set(re.findall(r"[a-z]+", told))
    for template in parsed(TEMPLATES):
        words = re.findall(r"[a-z]+", (template.before + template.she + template.after).lower())
        assert set(words) - {"job"} <= known, template.text
    assert set(PROFESSIONS) <= known


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The doctor said that {she/he} was sorry.", r"0 places for the profession: write \{job\} once"),
        ("The {job} and the {job} said {she/he}.", "2 places for the profession"),
        ("The {job} was sorry.", r"0 places for the pronoun: write \{she/he\} once"),
        ("The {job} said {she/he} saw {her/him}.", "2 places for the pronoun"),
        ("{She/He} was the {job}.", "the pronoun before the profession"),
        ("The {job} lost {her/}.", "two different forms"),
        ("The {job} lost {her/her}.", "two different forms"),
        ("The {job} lost {her/his} " + "very " * 50 + "red hat.", "at most 200 are read"),
    ],
)
def test_what_is_no_template_says_what_to_write(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_lists_that_cannot_be_asked_are_told() -> None:
    assert listed("doctor, nurse;\n old  baker, doctor,") == ("doctor", "nurse", "old baker")
    for text, why in (
        (" ,;", "at least one"),
        (",".join(f"job{n}" for n in range(41)), "41 professions are more than the 40"),
        ("x" * 31, "31 characters"),
        ("a{b}", "brace"),
    ):
        with pytest.raises(ValueError, match=why):
            listed(text)
    with pytest.raises(ValueError, match="no template"):
        parsed(["", "  "])
    with pytest.raises(ValueError, match="17 templates are more than the 16"):
        parsed([f"The {{job}} said {n} times that {{she/he}} came." for n in range(17)])
    lm = core.load("tales-gpt", device="cpu")
    with pytest.raises(ValueError, match="nothing to measure"):
        measured(lm, (), parsed(TEMPLATES))
    with pytest.raises(ValueError, match="nothing to measure"):
        measured(lm, JOBS, ())


def test_a_decoders_gap_is_the_difference_of_two_scored_texts() -> None:
    lm = core.load("tales-gpt", device="cpu")
    for gap in measured(lm, JOBS, parsed(TEMPLATES)).gaps:
        for template, value in zip(parsed(TEMPLATES), gap.values, strict=True):
            before = template.before.replace("{job}", gap.job)
            she, he = (float(lm.score(before + form).sum()) for form in (template.she, template.he))
            assert value == pytest.approx(she - he, abs=1e-4)


def test_an_encoders_gap_stands_at_its_mask() -> None:
    lm = core.load("tales-bert", device="cpu")
    for gap in measured(lm, JOBS, parsed(TEMPLATES)).gaps:
        for template, value in zip(parsed(TEMPLATES), gap.values, strict=True):
            whole = (template.before + template.she + template.after).replace("{job}", gap.job)
            ids = lm.encode(whole)
            ends = lm.tokenizer.offsets(whole)
            at = len(template.before.replace("{job}", gap.job))
            place = next(k for k, (a, b) in enumerate(ends) if a <= at < b)
            hidden = [sign_of(lm) if k == place else id for k, id in enumerate(ids)]
            row = lm.trace(hidden).logits[place].double().log_softmax(-1)
            he = lm.encode((template.before + template.he + template.after).replace("{job}", gap.job))[place]
            assert value == pytest.approx(float(row[ids[place]] - row[he]), abs=1e-4)


def test_an_encoder_decoders_gap_fills_a_gap() -> None:
    lm = core.load("tales-t5", device="cpu")
    template = parse("The {job} lost {her/his} hat.")
    sign = sign_of(lm)
    assert sign is not None
    found = measured(lm, ("doctor",), (template,)).gaps[0]
    whole = "The doctor lost her hat."
    ids, ends = lm.encode(whole), lm.tokenizer.offsets(whole)
    at = [k for k, (a, b) in enumerate(ends) if a < whole.index("her") + 3 and b > whole.index("her")]
    other = [id for id in lm.encode("The doctor lost his hat.") if id not in ids]
    assert len(at) == 1 and len(other) == 1
    read = [*ids[: at[0]], sign, *ids[at[0] + 1 :]]
    row = lm.trace(read, target=[sign]).logits[-1].double().log_softmax(-1)
    assert found.values[0] == pytest.approx(float(row[ids[at[0]]] - row[other[0]]), abs=1e-4)


def test_a_form_of_several_tokens_counts_with_their_sum() -> None:
    """A made-up form is cut into pieces; the chain rule gives log p of the whole."""
    lm = core.load("tales-gpt", device="cpu")
    template = parse("The {job} said that {xerself/he} was sorry.")
    value = measured(lm, ("doctor",), (template,)).gaps[0].values[0]
    assert len(lm.encode(" xerself", add_special_tokens=False)) > 1
    before = "The doctor said that "
    she, he = (float(lm.score(before + form).sum()) for form in ("xerself", "he"))
    assert value == pytest.approx(she - he, abs=1e-4)


def test_a_word_in_pieces_is_counted_and_an_unknown_one_left_out() -> None:
    gpt = core.load("tales-gpt", device="cpu")
    found = measured(gpt, ("doctor", "zxqvologist"), parsed(TEMPLATES))
    assert [gap.job for gap in found.gaps] == ["doctor", "zxqvologist"] and not found.unknown
    assert found.gaps[1].tokens > found.gaps[0].tokens
    bert = core.load("tales-bert", device="cpu")
    strange = measured(bert, ("doctor", "医者"), parsed(TEMPLATES))
    assert [gap.job for gap in strange.gaps] + list(strange.unknown) == ["doctor", "医者"]


def test_shares_and_intervals_follow_from_the_gaps() -> None:
    gap = Gap("doctor", (0.0, math.log(3)), 1)
    assert gap.mean == pytest.approx(math.log(3) / 2)
    assert gap.share == pytest.approx((0.5 + 0.75) / 2)
    low, high = gap.spread or (0.0, 0.0)
    half = 12.706 * (math.log(3) / 2**0.5) / 2**0.5  # t with one degree of freedom
    assert low == pytest.approx(gap.mean - half)
    assert high == pytest.approx(gap.mean + half)
    assert Gap("doctor", (1.0,), 1).spread is None
    assert Gap("doctor", (1e4, -1e4), 1).share == pytest.approx(0.5)


def test_reading_together_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = core.load("tales-gpt", device="cpu")
    whole = measured(lm, JOBS, parsed(TEMPLATES))
    monkeypatch.setattr(pronoun_gap, "TOGETHER", 1)
    for gap in measured(lm, JOBS, parsed(TEMPLATES)).gaps:
        same = next(one for one in whole.gaps if one.job == gap.job)
        assert gap.values == pytest.approx(same.values, abs=1e-4)


def test_a_model_without_words_is_told() -> None:
    lm = core.load("tales-gpt", device="cpu")
    with pytest.raises(core.ContextTooLong, match="the context of this model"):
        measured(lm, ("doctor " * 500,), (Template("The {job} said ", "she", "he", ""),))
    assert torch.is_grad_enabled()
