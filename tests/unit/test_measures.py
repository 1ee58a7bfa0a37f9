"""The measures of lessons against computations of their own, and the parser of the expressions that hold them."""

from __future__ import annotations

import pytest
import torch

import core
from core.analysis.expressions import calls, check, named, value
from core.analysis.measures import MEASURES, MeasureError, Measures
from core.language_model import LanguageModel

TEXT = "A red ball was lost. She found the red"
OTHER = "She found the red"


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    """The model that the first lesson is about."""
    return core.load("tales-gpt")


@pytest.fixture(scope="module")
def measures(lm: LanguageModel) -> Measures:
    """Its measures on the first lesson's text."""
    return Measures(lm, TEXT, moment=lambda step: core.load("tales-gpt", snapshot=step))


def chances(lm: LanguageModel, text: str = TEXT) -> torch.Tensor:
    """The probabilities of the next token, by the model's own forward pass."""
    with torch.inference_mode():
        logits: torch.Tensor = lm.transformer(torch.tensor([lm.encode(text)]))[0, -1]
    return logits.float().softmax(-1)


def test_probabilities_are_the_models(lm: LanguageModel, measures: Measures) -> None:
    ball = lm.encode(" ball", add_special_tokens=False)[0]
    assert measures.value("p", ["·ball"]) == pytest.approx(float(chances(lm)[ball]), abs=1e-6)
    assert measures.value("p", ["·ball", OTHER]) == pytest.approx(float(chances(lm, OTHER)[ball]), abs=1e-6)
    assert measures.value("top", [OTHER]) == pytest.approx(float(chances(lm, OTHER).max()), abs=1e-6)
    assert measures.value("said", []) == " ball"
    earlier = core.load("tales-gpt", snapshot=300)
    assert measures.value("trained", ["300"]) == pytest.approx(float(chances(earlier)[ball]), abs=1e-6)
    assert measures.value("loss", []) == pytest.approx(-float(lm.score(TEXT).mean()), abs=1e-6)
    assert measures.value("pieces", ["balloon"]) == len(
        lm.tokenizer.encode("balloon", add_special_tokens=False)
    )


def test_weights_and_scores_are_the_hooks(lm: LanguageModel, measures: Measures) -> None:
    trace = lm.trace(TEXT)
    assert measures.value("weight", ["L3H2", "10", "3"]) == pytest.approx(
        float(trace["blocks.3.attn.hook_pattern"][2, 10, 3]), abs=1e-5
    )
    assert measures.value("score", ["L3H2", "10", "3"]) == pytest.approx(
        float(trace["blocks.3.attn.hook_attn_scores"][2, 10, 3]), abs=1e-3
    )
    assert measures.value("same", ["2", "10"]) == pytest.approx(1, abs=1e-6), "the same token twice"
    assert float(measures.value("same", ["2", "3"])) < 0.99
    last = float(measures.value("lens", ["3"]))
    assert last == pytest.approx(float(measures.value("p", ["·ball"])), abs=1e-5), (
        "after the last block it is the answer"
    )


def test_parts_that_are_off_add_nothing(lm: LanguageModel, measures: Measures) -> None:
    ball = lm.encode(" ball", add_special_tokens=False)[0]

    def without(*names: str) -> float:
        handles = [
            lm.transformer.get_submodule(name).register_forward_hook(
                lambda _m, _i, out: torch.zeros_like(out)
            )
            for name in names
        ]
        try:
            return float(chances(lm)[ball])
        finally:
            for handle in handles:
                handle.remove()

    assert measures.value("off", ["mlp2"]) == pytest.approx(without("blocks.2.mlp"), abs=1e-5)
    assert measures.value("off", ["attention1"]) == pytest.approx(without("blocks.1.attn"), abs=1e-5)
    assert measures.value("off", ["L1H0 L1H1 L1H2 L1H3"]) == pytest.approx(without("blocks.1.attn"), abs=1e-4)


def test_losses_are_cross_entropies(lm: LanguageModel, measures: Measures) -> None:
    ids = torch.tensor([lm.encode(TEXT)])
    with torch.inference_mode():
        logits = lm.transformer(ids)[0, :-1].float()
    losses = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
    assert measures.value("nats", ["4"]) == pytest.approx(float(losses[3]), abs=1e-4)
    assert measures.value("nats", ["-1"]) == pytest.approx(float(losses[-1]), abs=1e-4)
    assert measures.value("hardest", []) == lm.tokenizer.display(int(ids[0, 1 + int(losses.argmax())]))
    assert measures.value("logp", [" She found the red", "A red ball was lost."]) == pytest.approx(
        -float(losses[-4:].sum()), abs=1e-4
    )
    with pytest.raises(MeasureError, match="begin it with a space"):
        measures.value("logp", ["on", "She found the red ballo"])
    with pytest.raises(MeasureError, match="of decoders"):
        Measures(core.load("tales-bert"), "Lily saw a [MASK] ball.").value("hardest", [])


def test_a_hidden_key_gets_no_weight(measures: Measures) -> None:
    assert float(measures.value("hide", ["L3H2", "10", "3"])) < float(measures.value("p", ["·ball"]))
    assert measures.value("hide", ["L3H2", "-1", "3"]) == measures.value("hide", ["L3H2", "10", "3"])


def test_other_shapes_of_models_have_measures_too() -> None:
    masked = Measures(core.load("tales-bert"), "Lily saw a [MASK] ball.")
    assert 0 < float(masked.value("top", [])) <= 1
    both = Measures(core.load("tales-t5"), "Lily lost a red ball.", "Lily")
    assert 0 < float(both.value("top", [])) <= 1 and float(both.value("weight", ["L0H0", "0", "0"])) >= 0


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("weight(L3H2, 10, 3) / weight(L3H2, 10, 10) > 200 and said() == ·ball", True),
        ('p(·ball, "A red ball was lost. She found a red") < 0.1', True),
        ("p(·ball) < 0.9", False),
        ("2 * (1 + 1) - 1 == 3", True),
        ("6 / 2 / 3 == 1", True),
        ('said() != "ball"', True),
        ("always", True),
        ("p(·ball) > 0.9 and p(·ball) < 0.9", False),
    ],
)  # fmt: skip
def test_checks(expression: str, holds: bool, measures: Measures) -> None:
    assert check(expression, measures) is holds


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("p(·ball", "cannot be read"),
        ("1 <", "ends too early"),
        ("rank(1) > 2", "there is no measure “rank”"),
        ("p(·ball)", "compares nothing"),
        ("p(·ball) > 0.9 0.8", "goes on after its end"),
        ("weight(L9H2, 10, 3) > 0", "block 9"),
        ("weight(L3H2, 10) > 0", "takes head, count, count"),
        ("weight(3.2, 10, 3) > 0", "names no head"),
        ("weight(L3H2, ten, 3) > 0", "not a whole number"),
        ("off(everything) > 0", "names no part"),
        ("p(·balloons) > 0", "not one token"),
        ("said() > 1", "compares a token with a number"),
        ("said() + 1 > 1", "calculates with a token"),
        ("1 / 0 > 1", "divides by 0"),
        ("(1 > 0", "lacks a closing bracket"),
        ("__import__('os').system('true') > 1", "cannot be read"),
        ("", "ends too early"),
    ],
)
def test_what_is_no_check_says_why(expression: str, why: str, measures: Measures) -> None:
    with pytest.raises(MeasureError, match=why.replace("(", r"\(")):
        check(expression, measures)


def test_prose_is_filled_with_rounded_numbers(measures: Measures) -> None:
    assert value("p(·ball)", measures) == "0.999" and value("said()", measures) == "·ball"
    assert value("score(L3H2, 10, 3)", measures) == "11.8"
    assert named('p(·ball, "a, b")').arguments == ("·ball", "a, b")
    assert [call.name for call in calls("p(·ball) > top() and said() == ·ball")] == ["p", "top", "said"]
    with pytest.raises(MeasureError, match="is no measure"):
        value("1 + 1", measures)


def test_every_measure_says_what_it_is() -> None:
    for name, measure in MEASURES.items():
        assert hasattr(Measures, f"_{name}") and measure.about and measure.needs <= len(measure.takes)


def test_moments_that_were_not_kept_are_named(lm: LanguageModel) -> None:
    with pytest.raises(MeasureError, match="no moments"):
        Measures(lm, TEXT).value("trained", ["300"])
