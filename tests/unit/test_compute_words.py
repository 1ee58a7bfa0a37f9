"""What the Compute page says beside its numbers: whose tokens a training reads, what a head is, published digits."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app import csv_table
from app.frame import takeaway
from app.units import in_words
from core import real
from core.config import preset
from core.costs.accelerators import ACCELERATORS
from core.costs.schedule import usual_tokens
from core.families.presets import PRESETS
from pages.compute import at_scale, story
from pages.compute.subject import Subject, _read


def subject(key: str, read: int = 0, **sizes: int) -> Subject:
    """What is counted: a preset, or ("open") a small model, with other sizes."""
    base = PRESETS[key].config if key in PRESETS else preset("gpt2-nano", d_vocab=50)
    config = base.replace(**sizes)
    return Subject(key, key, base, config, sizes, "", 1, 8, 8, "fp32", ACCELERATORS["a100"], read)


@pytest.fixture
def billions(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The learner's number of tokens, 0 at first."""
    asked = {"billions": 0.0}
    monkeypatch.setattr(at_scale.state, "get", asked.__getitem__)
    return asked


def test_whose_tokens_a_training_reads(billions: dict[str, float]) -> None:
    assert at_scale.tokens_read(subject("bert-base")) == (128 * 10**9, "published")
    assert at_scale.tokens_read(subject("t5-small")) == (1_000_000 * 2**20, "published")
    gpt2 = subject("gpt2")
    assert at_scale.tokens_read(gpt2) == (usual_tokens(gpt2.config), "unpublished")
    resized = subject("llama2-7b", n_layers=3)
    assert at_scale.tokens_read(resized) == (usual_tokens(resized.config), "never")
    assert at_scale.tokens_read(subject("open", read=13_824_000)) == (13_824_000, "card")
    assert at_scale.tokens_read(subject("open", read=9, n_layers=1))[1] == "never"
    assert at_scale.tokens_read(subject("open"))[1] == "unknown"
    billions["billions"] = 3.0
    for key in ("open", "gpt2", "bert-base"):
        assert at_scale.tokens_read(subject(key)) == (3 * 10**9, "yours")
    wrong = replace(gpt2, sizes={"d_model": 100}, wrong="does not divide")
    billions["billions"] = 0.0
    assert at_scale.tokens_read(wrong)[1] == "unpublished", "shown is the model as it is"


def test_the_published_model_has_the_token_count_of_its_card() -> None:
    card = real.card("SmolLM2-135M")
    assert "two trillion tokens" in card["read"]
    assert _read(cast("Any", SimpleNamespace(card=card))) == 2 * 10**12


def test_the_open_model_reads_no_longer_text_than_its_context() -> None:
    rotary = PRESETS["llama2-7b"].config.replace(n_ctx=8192)
    shown = replace(subject("open"), base=rotary, config=rotary)
    assert shown.longest == 8192 and subject("llama2-7b").longest is None
    fits = {"batch": 1, "length": 547_563}
    told = str(story._fit(shown, {"training": fits, "using": fits}))
    assert "1 text of all 8,192 tokens that it can read" in told and "547,563" not in told


def head(config: Any) -> str:
    return story._head(config)


def test_what_a_head_has_of_its_own() -> None:
    bert, gpt2, llama = (PRESETS[key].config for key in ("bert-base", "gpt2", "llama2-7b"))
    assert head(bert).endswith("the head’s own weights are that layer and norm and a bias.")
    assert head(gpt2).endswith("the head has no weights of its own.")
    assert "token table" not in head(llama) and "every token that the model knows" in head(llama)
    labelled = preset("bert-nano", d_vocab=50)
    assert "3 labels of the whole text" in head(labelled.with_head("sequence", ("a", "b", "c")))
    assert "2 labels, at every token" in head(labelled.with_head("token", ("a", "b")))
    assert "begins there" in head(labelled.with_head("span"))
    for key in PRESETS:
        (step,) = [
            one for one in story.steps(
                subject(key), [row for row in _rows(key) if row[0] == "head"], {},
                {mode: {"batch": 1, "length": 1} for mode in ("training", "using")},
            ) if one["focus"] == "head"
        ]  # fmt: skip
        own = any(line.startswith("Weights: ") for line in step["lines"])
        assert own != ("no weights of its own" in str(step))


def _rows(key: str) -> list[story.Row]:
    from pages.compute.figure import rows

    return rows(subject(key))


def test_published_counts_keep_their_papers_digits() -> None:
    found = {key: in_words(one.size.published, one.size.unit) for key, one in PRESETS.items()}
    assert (found["gpt2-xl"], found["gpt3"], found["llama2-7b"]) == (
        "1,542 million",
        "175 billion",
        "7 billion",
    )
    assert found["bert-base"] == "110 million"


def test_numbers_beyond_64_bits_are_floats_on_the_screen_only() -> None:
    table = {"n": [1, None, 2**63], "b": [True, 3, None], "m": [2**63 - 1, 5, None]}
    assert takeaway._short(table["n"]) == [1.0, None, float(2**63)]
    assert takeaway._short(table["m"]) is table["m"] and takeaway._short(table["b"]) is table["b"]
    assert str(2**63) in csv_table.to_csv(table)
