"""The glossary: short, plain, without keys; and what its terms are recognised by."""

from __future__ import annotations

import re

import pytest

from app import words


def test_a_definition_is_one_or_two_sentences_that_fit_a_tip(subtests: pytest.Subtests) -> None:
    for name, definition in words.WORDS.items():
        with subtests.test(name):
            lowercase = name in ("m", "analogy", "perplexity")
            assert definition[0].isupper() or lowercase or not definition[0].isalpha()
            assert definition.endswith((".", "?"))
            assert len(definition) <= 200
            sentences = re.findall(r"[.!?](?=\s+[A-ZL·“]|$)", definition.replace("...", "…"))
            assert 1 <= len(sentences) <= 3


def test_forms_belong_to_terms() -> None:
    assert set(words.FORMS) <= set(words.WORDS)
    assert set(words.EVERYWHERE) <= set(words.WORDS)


def test_what_a_term_is_recognised_by_is_an_expression() -> None:
    for form in (words.FORMS | words.SIGNS).values():
        known = re.compile(form.replace(r"\p{L}\p{N}", r"\w"))
        assert not form or known.fullmatch("") is None, (
            "an empty form recognises nothing, others no empty text"
        )


def test_forms_recognise_what_a_page_writes() -> None:
    written = {
        "L1H0": "L3H2", "·": "·red", "nats and bits": "bits", "logits": "logit",
        "rows of N tokens": "rows of 1,024 tokens", "held out": "held-out",
        "parameters": "parameter", "N, D and C": "N",
        "residual": "residual connections", "cosine": "cosines",
    }  # fmt: skip
    forms = words.FORMS | words.SIGNS
    for name, text in written.items():
        assert re.fullmatch(forms[name].replace(r"\p{L}\p{N}", r"\w"), text), name


def test_forms_pass_over_what_means_another_thing() -> None:
    assert not re.match(words.FORMS["residual"], "residual stream")
    assert not re.search(words.FORMS["cosine"], "warm-up and cosine") and not re.search(
        words.FORMS["cosine"], "cosine to zero"
    )
