"""The measures of lessons against computations of their own, and the parser of the expressions that hold them."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
import torch
from safetensors.numpy import load_file

import core
from core.analysis.expressions import calls, check, named, value
from core.analysis.measures import MEASURES, MeasureError, Measures
from core.language_model import LanguageModel
from core.model.transformer import build
from core.runs.run_measures import MEASURED
from core.vectors.static import glove
from core.vectors.word_lists import ten_tests

TEXT = "A red ball was lost. She found the red"
OTHER = "She found the red"


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    """The model that the first lesson is about."""
    return core.load("tales-gpt")


@pytest.fixture(scope="module")
def measures(lm: LanguageModel) -> Measures:
    """Its measures on the first lesson's text."""
    return Measures(lm, TEXT, moment=lambda step: core.load("tales-gpt", snapshot=step), recorded=MEASURED)


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


def test_what_a_hidden_weight_moves_on_to_costs_more_than_the_head(
    lm: LanguageModel, measures: Measures
) -> None:
    """Why hiding one key costs more than the head: with z replaced by hand, row by row."""
    trace = lm.trace(TEXT)
    values, pattern = trace["blocks.3.attn.hook_v"][:, 2], trace["blocks.3.attn.hook_pattern"][2, 10]
    ball = int(trace.logits[-1].argmax())

    def keeps(weights: torch.Tensor) -> float:
        def edit(z: torch.Tensor) -> torch.Tensor:
            z = z.clone()
            z[0, 10, 2] = weights @ values
            return z

        with core.intervene(core.Intervention(("blocks.3.attn.hook_z",), edit, "by hand")):
            return float(lm.trace(TEXT).logits[-1].softmax(-1)[ball])

    rest = pattern.clone()
    rest[3] = 0
    moved = rest / rest.sum()
    itself = torch.zeros_like(moved)
    itself[10] = moved[10]
    off, hidden = (
        float(measures.value(*asked)) for asked in (("off", ["L3H2"]), ("hide", ["L3H2", "10", "3"]))
    )
    assert measures.value("moved", ["L3H2", "10", "3", "10"]) == pytest.approx(float(moved[10]), abs=1e-4)
    assert measures.value("moved", ["L3H2", "10", "3", "3"]) == 0
    assert keeps(moved) == pytest.approx(hidden, abs=1e-4)
    assert keeps(rest) == pytest.approx(off, abs=2e-3), (
        "without the weight that moves on it is the head switched off"
    )
    assert hidden < off - 0.05 and keeps(itself) < off - 0.05, "the row itself takes most of it away"
    moved[10] = 0
    assert keeps(moved) > off - 0.02, "the other rows take hardly any"


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
        assert hasattr(Measures, f"_{name}") or name in MEASURED
        assert measure.about and measure.needs <= len(measure.takes)


def test_moments_that_were_not_kept_are_named(lm: LanguageModel) -> None:
    with pytest.raises(MeasureError, match="no moments"):
        Measures(lm, TEXT).value("trained", ["300"])


def test_losses_of_another_text_and_of_blind_guessing(lm: LanguageModel, measures: Measures) -> None:
    assert measures.value("nats", ["2", OTHER]) == Measures(lm, OTHER).value("nats", ["2"])
    assert float(measures.value("blind", [])) == pytest.approx(-math.log(1 / lm.config.d_vocab))


def test_tokens_are_counted_by_other_vocabularies_too(measures: Measures) -> None:
    folder = Path(core.__file__).parent.parent / "assets"
    raw = tokenizers.Tokenizer.from_file(str(folder / "tokenizers" / "gpt2.tokenizer.json"))
    said = "Die Katze schläft in der Sonne."
    assert measures.value("pieces", [said, "gpt2"]) == len(raw.encode(said, add_special_tokens=False).ids)
    with pytest.raises(MeasureError, match="no published vocabulary"):
        measures.value("pieces", [said, "gpt9"])


def test_parts_that_a_model_has_everywhere_are_missing(lm: LanguageModel, measures: Measures) -> None:
    ball = lm.encode(" ball", add_special_tokens=False)[0]
    config = lm.config.replace(position="none")
    bare = build(config)
    bare.load_state_dict(lm.transformer.state_dict(), strict=False)
    ids = torch.tensor([lm.encode(TEXT)])
    with torch.inference_mode():
        logits = bare.eval()(ids)[0].float()
    assert measures.value("off", ["position"]) == pytest.approx(float(logits[-1].softmax(-1)[ball]), abs=1e-5)
    loss = torch.nn.functional.cross_entropy(logits[:-1], ids[0, 1:])
    assert measures.value("spoilt", ["position"]) == pytest.approx(float(loss), abs=1e-4)
    assert float(measures.value("spoilt", ["mlp1"])) > float(measures.value("loss", []))
    assert (measures.value("broken", ["position"]), measures.value("broken", ["norm"])) == (0, 1)
    with pytest.raises(MeasureError, match="names no part"):
        measures.value("off", ["colour"])


def test_weights_without_turning_are_those_of_plain_scores(lm: LanguageModel, measures: Measures) -> None:
    trace = lm.trace(TEXT)
    q, k = (trace[f"blocks.1.attn.hook_{one}"][:, 3] for one in "qk")  # (T, K), before they are turned
    size, eps = (q.shape[-1],), lm.config.norm_eps
    attn = lm.transformer.blocks[1].attn
    q, k = (
        torch.nn.functional.rms_norm(one, size, norm.w, eps)
        for one, norm in ((q, attn.q_norm), (k, attn.k_norm))
    )
    scores = (q @ k.T / q.shape[-1] ** 0.5).float()
    keep = torch.ones_like(scores).tril().bool()
    plain = scores.masked_fill(~keep, float("-inf")).softmax(-1)
    assert measures.value("unturned", ["L1H3", "10", "9"]) == pytest.approx(float(plain[10, 9]), abs=1e-4)
    assert float(measures.value("unturned", ["L1H3", "10", "9"])) < float(
        measures.value("weight", ["L1H3", "10", "9"])
    )


def test_neurons_are_counted_and_muted(lm: LanguageModel, measures: Measures) -> None:
    trace = lm.trace(TEXT)
    post = trace["blocks.0.mlp.hook_post"][-1]
    assert measures.value("firing", ["0"]) == int((post > 0).sum())
    ball = lm.encode(" ball", add_special_tokens=False)[0]

    def silence(post: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(post)

    with core.intervene(core.Intervention(("blocks.0.mlp.hook_post",), silence, "all off")):
        wanted = float(chances(lm)[ball])
    assert measures.value("muted", ["0", str(lm.config.mlp_size)]) == pytest.approx(wanted, abs=1e-6)
    assert float(measures.value("muted", ["0", "1"])) > float(measures.value("muted", ["0", "10"]))


def test_the_ledger_adds_up(lm: LanguageModel, measures: Measures) -> None:
    trace = lm.trace(TEXT)
    ball = lm.encode(" ball", add_special_tokens=False)[0]
    wrote = trace["blocks.3.hook_attn_out"][-1].double()
    norm = lm.transformer.ln_final
    stream = trace["blocks.3.hook_resid_post"][-1].double()
    scale = stream.square().mean().add(lm.config.norm_eps).sqrt()
    direct = (wrote / scale * norm.w.double()) @ lm.transformer.unembed.W_U[:, ball].double()
    assert measures.value("adds", ["attention3"]) == pytest.approx(float(direct), abs=1e-2)
    assert measures.value("size", ["3"]) == pytest.approx(float(stream.norm()), rel=1e-5)
    assert measures.value("size", ["-1"]) == pytest.approx(
        float(trace["blocks.0.hook_resid_pre"][-1].norm()), rel=1e-5
    )
    with pytest.raises(MeasureError, match="no line of the ledger"):
        measures.value("adds", ["L3H2"])


def test_words_of_glove_are_compared(measures: Measures) -> None:
    kept = load_file(
        str(Path(core.__file__).parent.parent / "assets" / "vectors" / "glove-6b-50d-20k.safetensors")
    )
    table = glove()
    vectors = {
        word: table.vectors[table.row(word)].astype(float) for word in ("hot", "cold", "man", "king", "woman")
    }
    assert any(np.array_equal(table.vectors, one) for one in kept.values())

    def unit(word: str) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = vectors[word] / np.linalg.norm(vectors[word])
        return found

    assert measures.value("alike", ["hot", "cold"]) == pytest.approx(
        float(unit("hot") @ unit("cold")), abs=1e-5
    )
    every = table.vectors / np.linalg.norm(table.vectors, axis=1, keepdims=True)
    order = np.argsort(-(every @ unit("hot")))
    assert measures.value("near", ["hot"]) == table.words[order[1]], "the first is the word itself"
    target = unit("king") - unit("man") + unit("woman")
    best = next(table.words[at] for at in np.argsort(-(every @ target)) if table.words[at] not in vectors)
    assert measures.value("analogy", ["man", "king", "woman"]) == best
    with pytest.raises(MeasureError, match="is not among"):
        measures.value("near", ["hotttt"])


def test_association_tests_are_the_papers_formula(measures: Measures) -> None:
    lists = next(test.lists for test in ten_tests() if test.number == 6)
    table = glove()

    def association(word: str) -> float:
        means = [np.mean([table.cosine(word, other) for other in side.words]) for side in (lists.a, lists.b)]
        return float(means[0] - means[1])

    x, y = ([association(word) for word in side.words] for side in (lists.x, lists.y))
    assert measures.value("weat", ["6"]) == pytest.approx((np.mean(x) - np.mean(y)) / np.std(x + y), abs=1e-4)
    pooled = np.array(x + y)
    half = len(pooled) / 2
    splits = np.array(
        [sum(pooled[list(some)]) / half for some in combinations(range(len(pooled)), int(half))]
    )
    far = np.abs(2 * splits - pooled.sum() / half)  # the distance of the two heaps' means
    assert measures.value("pvalue", ["6"]) == pytest.approx(np.mean(far >= np.mean(x) - np.mean(y) - 1e-9))
    assert abs(float(measures.value("weat", ["8", "removed"]))) < float(measures.value("weat", ["8"])) / 2
    with pytest.raises(MeasureError, match="no test 11"):
        measures.value("weat", ["11"])
    with pytest.raises(MeasureError, match="kept or removed"):
        measures.value("told", ["halved"])
    assert 0.5 < float(measures.value("told", ["removed"])) < float(measures.value("told", ["kept"])) <= 1


def asset(*path: str) -> Any:
    """A file of results, read without the code under test."""
    folder = Path(core.__file__).parent.parent / "assets"
    return json.loads(folder.joinpath(*path).read_text(encoding="utf-8"))


def test_curves_of_recorded_runs_are_those_of_their_files(measures: Measures) -> None:
    for arm in ("plain", "dropout", "decay", "both"):
        name = f"regularization-{arm}"
        kept = asset("runs", f"{name}.json")
        points = kept["points"]
        held = {s: loss for s, loss in zip(points["step"], points["held_out"]) if loss is not None}
        low = min(held, key=lambda step: held[step])
        assert measures.value("curve", [name, "held_out"]) == pytest.approx(held[max(held)])
        assert measures.value("curve", [name, "held_out", "65"]) == pytest.approx(held[65])
        assert measures.value("curve", [name, "training"]) == pytest.approx(points["loss"][-1])
        assert measures.value("curve", [name, "training", "1"]) == pytest.approx(points["loss"][0])
        assert measures.value("best", [name]) == pytest.approx(held[low])
        assert measures.value("beststep", [name]) == low
        health = [one["health"] for one in kept["checkpoints"] if one["health"]]
        assert measures.value("rms", [name]) == pytest.approx(health[-1]["weights"]["rms"])


def test_curves_of_bundled_models_are_those_of_their_cards(measures: Measures) -> None:
    for name in ("tales-gpt", "austen-gpt"):
        card = asset("models", name, "card.json")
        last = card["curve"][-1]
        assert measures.value("curve", [name, "held_out"]) == pytest.approx(last["held_out"])
        assert measures.value("curve", [name, "training"]) == pytest.approx(last["loss"])
        assert measures.value("ngram", [name]) == pytest.approx(card["n_gram"]["held_out_loss"])


def test_the_ladders_losses_are_those_of_its_file(measures: Measures) -> None:
    runs = [
        (
            dict(run["spec"]["changes"])["d_model"],
            2048 * run["spec"]["steps"],
            run["spec"].get("seed", 0),
            run,
        )
        for run in asset("scaling.json")["runs"].values()
    ]
    for width, read in ((16, 2**20), (96, 2**16), (288, 2**20), (288, 2**16)):
        alike = {seed: run["loss"] for w, d, seed, run in runs if (w, d) == (width, read)}
        mean = sum(alike.values()) / len(alike)
        assert measures.value("rung", [str(width), str(read)]) == pytest.approx(mean)
        for seed, loss in alike.items():
            assert measures.value("rung", [str(width), str(read), str(seed)]) == pytest.approx(loss)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("curve(regularization-none, held_out) > 1", "no training of"),
        ("curve(regularization-plain, tested) > 1", "side of a curve is training or held_out"),
        ("curve(regularization-plain, held_out, 66) > 1", "was not measured at that step"),
        ("best(finetune-sentiment-lora) > 1", "no training of"),
        ("rms(regularization-none) > 1", "no recorded run is called"),
        ("rung(17, 65536) > 1", "the ladder has no such run"),
        ("rung(16, 65536, 2) > 1", "the ladder has no such run"),
        ("ngram(regularization-plain) > 1", "no n-gram model stands beside"),
    ],
)
def test_what_was_not_recorded_is_named(expression: str, why: str, measures: Measures) -> None:
    with pytest.raises(MeasureError, match=why):
        check(expression, measures)


def test_recorded_runs_that_are_not_at_hand_are_named(lm: LanguageModel) -> None:
    with pytest.raises(MeasureError, match="no recorded runs are at hand"):
        Measures(lm, TEXT).value("best", ["regularization-plain"])
