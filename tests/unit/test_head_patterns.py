"""All maps of a model, the scores of its heads, and the names that follow from them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tokenizers.processors import TemplateProcessing

from core.analysis.heads.jobs import EVEN, MIXED, NAMED_FROM, SHORT, head_jobs, name_heads
from core.analysis.heads.patterns import (
    NAMES,
    HeadMaps,
    Score,
    evenness,
    head_maps,
    pattern_scores,
    repeat_scores,
)
from core.hooks import HookError, ablate_head, intervene
from core.language_model import LanguageModel
from core.model.transformer import ContextTooLong
from tests.heads import PLACES, TARGET, TEXT, attn_name, fresh, induction_model, layers_of, target_of, tiny


def planted(
    pairs: list[int], *, ids: list[int] | None = None, attention: str = "self", causal: bool = True
) -> HeadMaps:
    """One head whose row r reads column pairs[r] only."""
    maps = np.zeros((1, 1, len(pairs), max(len(pairs), *pairs) if attention == "cross" else len(pairs)))
    maps[0, 0, np.arange(len(pairs)), pairs] = 1.0
    asked = tuple(range(len(pairs)) if ids is None else ids)
    return HeadMaps(attention=attention, ids=asked, key_ids=asked, causal=causal, maps=maps)


def name(maps: HeadMaps) -> str:
    """The name of its only head, by the text alone."""
    return name_heads(pattern_scores(maps), {}, evenness(maps))[0][0]


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_the_maps_are_those_of_the_trace(shape: str, attention: str) -> None:
    lm = tiny(shape)
    trace = lm.trace(TEXT, target_of(lm))
    found = head_maps(lm, TEXT, attention=attention, target=target_of(lm))
    assert len(found.maps) == layers_of(lm, attention)
    for layer, maps in enumerate(found.maps):
        expected = trace[f"{attn_name(lm, attention, layer)}.hook_pattern"].detach().numpy()
        np.testing.assert_allclose(maps, expected, rtol=0, atol=1e-12)
    written = trace.ids if trace.decoder_ids is None else trace.decoder_ids
    assert found.ids == tuple((trace.ids if attention == "encoder" else written).tolist())
    assert found.key_ids == tuple((written if attention == "self" else trace.ids).tolist())
    assert found.causal == (attention == "self" and lm.config.shape != "encoder")


def test_the_maps_show_what_is_switched_off() -> None:
    lm = induction_model()
    ids = [0, 40, 50, 60, 70, 40]
    plain = head_maps(lm, ids)
    with intervene(ablate_head(0, 0)):
        without = head_maps(lm, ids)
    assert plain.maps[1, 0, 5, 2] > 0.99
    assert without.maps[1, 0, 5, 2] < 0.3
    np.testing.assert_array_equal(plain.maps[0], without.maps[0])


def test_a_pass_that_stops_early_leaves_nothing_behind_and_hides_no_mistake() -> None:
    lm = tiny("gpt")
    before = lm.trace(TEXT).logits
    head_maps(lm, TEXT)
    assert torch.equal(lm.trace(TEXT).logits, before)
    with intervene(ablate_head(9, 0)), pytest.raises(HookError, match="L9H0"):
        head_maps(lm, TEXT)
    with pytest.raises(ContextTooLong):
        head_maps(lm, [1] * 49)
    with pytest.raises(ValueError, match="without it"):
        head_maps(lm, TEXT, attention="cross")


@pytest.mark.parametrize("attention", ["self", "cross", "encoder"])
def test_what_a_row_reads_most(attention: str) -> None:
    lm = tiny("t5")
    found = head_maps(lm, TEXT, attention=attention, target=TARGET)
    weights, columns = found.read_most(-1)
    assert weights.shape == columns.shape == found.maps.shape[:2]
    for layer, head in np.ndindex(*weights.shape):
        line = found.maps[layer, head, -1]
        assert weights[layer, head] == line.max() == line[columns[layer, head]]
    weights, columns = found.read_most(1, 0)
    np.testing.assert_array_equal(weights, found.maps[:, :, 1, 0])
    assert (columns == 0).all()


@pytest.mark.parametrize(
    ("pairs", "options", "job"),
    [
        ([0, 0, 1, 2, 3, 4], {}, "previous"),
        ([0, 1, 2, 3, 4, 5], {}, "itself"),
        ([0, 0, 0, 0, 0, 0], {}, "first"),
        ([0, 0, 0, 0, 1, 2], {}, "recent"),  # three before it: near, but not the one before
        ([1, 2, 3, 4, 5, 5], {"causal": False}, "next"),
        ([5, 5, 5, 5, 5, 5], {"causal": False}, "last"),
        ([0, 0, 0, 0, 1, 2], {"ids": [7, 8, 9, 6, 8, 9]}, "same"),
        ([0, 0, 0, 0, 2, 3], {"ids": [7, 8, 9, 6, 8, 9]}, "induction"),
        ([0, 4, 5, 0, 1, 2], {"ids": [7, 8, 9, 6, 8, 9], "causal": False}, "same"),
        ([0, 5, 0, 0, 2, 3], {"ids": [7, 8, 9, 6, 8, 9], "causal": False}, "induction"),
    ],
)
def test_a_head_that_does_one_thing_only_is_named_after_it(pairs: list[int], options: dict, job: str) -> None:
    maps = planted(pairs, **options)
    assert name(maps) == NAMES[job]
    score = pattern_scores(maps)[job]
    assert score.value.item() == pytest.approx(score.most)
    if job not in ("recent", "same", "induction"):
        assert score.weight.item() == score.above_even.item() == pytest.approx(1.0)


def test_the_numbers_of_a_head_worked_out_by_hand() -> None:
    maps = np.zeros((1, 1, 4, 4))
    maps[0, 0] = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.2, 0.6, 0.2, 0], [0.1, 0.2, 0.3, 0.4]])
    scores = pattern_scores(
        HeadMaps(attention="self", ids=(5, 6, 7, 6), key_ids=(5, 6, 7, 6), causal=True, maps=maps)
    )
    expected = {  # value * 4, even * 4, rows
        "previous": (0.5 + 0.6 + 0.3, 1 / 2 + 1 / 3 + 1 / 4, 3),
        "itself": (1 + 0.5 + 0.2 + 0.4, 1 + 1 / 2 + 1 / 3 + 1 / 4, 4),
        "first": (1 + 0.5 + 0.2 + 0.1, 1 + 1 / 2 + 1 / 3 + 1 / 4, 4),
        "recent": (0.5 + 0.8 + 0.6, 1 / 2 + 2 / 3 + 3 / 4, 3),
        "same": (0.2, 1 / 4, 1),
        "induction": (0.3, 1 / 4, 1),
    }
    assert scores.keys() == expected.keys()
    for job, (value, even, rows) in expected.items():
        score = scores[job]
        assert score.value.item() * 4 == pytest.approx(value)
        assert score.even * 4 == pytest.approx(even)
        assert score.rows == rows
        assert score.weight.item() == pytest.approx(value / rows)
        assert score.above_even.item() == pytest.approx((value - even) / (rows - even))


def test_a_text_without_such_pairs_says_so_instead_of_naming() -> None:
    maps = planted([0, 0, 1, 2, 3])
    scores = pattern_scores(maps)
    assert scores["same"].rows == scores["induction"].rows == 0
    assert scores["same"].weight is scores["same"].above_even is None
    alone = pattern_scores(planted([0]))
    assert alone["first"].above_even is None  # one token: whatever it does, it reads itself
    assert alone["previous"].weight is None


def test_an_even_head_and_one_that_does_several_things() -> None:
    lm = induction_model()
    maps = head_maps(lm, [0, 40, 50, 60, 70])
    assert evenness(maps)[:, 1] == pytest.approx(1.0)
    assert head_jobs(lm, maps, {}).names[0] == (NAMES["previous"], EVEN)
    blend = np.stack(
        [planted(pairs).maps for pairs in ([0, 0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5], [0] * 6)]
    ).mean(0)
    mixed = HeadMaps(attention="self", ids=tuple(range(6)), key_ids=tuple(range(6)), causal=True, maps=blend)
    assert name(mixed) == MIXED
    assert evenness(mixed).item() < 0.9


def test_a_sharp_job_overrules_a_broad_one_and_repeats_count() -> None:
    low, high = (
        Score(value=np.full((1, 1), v), even=0.0, most=1.0, rows=9) for v in (NAMED_FROM - 0.01, NAMED_FROM)
    )
    far = Score(value=np.full((1, 1), 0.6), even=0.0, most=1.0, rows=9)
    spread = np.full((1, 1), 0.5)
    assert name_heads({"first": far, "previous": low}, {}, spread) == (("first token",),)
    assert name_heads({"first": far, "previous": high}, {}, spread) == (("previous token",),)
    assert name_heads({"first": far, "induction": low}, {"induction": high}, spread) == (("induction",),)
    assert name_heads({"first": far, "previous": low}, {"previous": high}, spread) == (("first token",),)
    assert name_heads({"previous": low}, {}, spread) == ((MIXED,),)


def test_a_circuit_built_by_hand_is_recognised() -> None:
    lm = induction_model()
    jobs = head_jobs(lm, head_maps(lm, TEXT))
    assert jobs.names == ((NAMES["previous"], EVEN), (NAMES["induction"], EVEN))
    assert jobs.repeats["induction"].weight[1, 0] > 0.99
    assert jobs.repeats["previous"].above_even[0, 0] > 0.99
    assert abs(jobs.repeats["induction"].above_even[0]).max() < 0.05


def test_too_few_tokens_to_tell() -> None:
    lm = tiny("gpt")
    assert head_jobs(lm, head_maps(lm, [1, 2, 3]), {}).names == ((SHORT,) * 4,) * 2
    assert SHORT not in head_jobs(lm, head_maps(lm, [1, 2, 3, 4]), {}).names[0]


def repeated(lm: LanguageModel, attention: str, seed: int = 0) -> dict:
    """The scores of a short run."""
    return repeat_scores(lm, attention, period=7, texts=3, seed=seed)


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_repeats_hang_on_the_seed_and_are_the_mean_of_single_texts(shape: str, attention: str) -> None:
    lm = tiny(shape)
    scores = repeated(lm, attention)
    if attention == "cross":
        assert scores == {}
        return
    again, other = repeated(lm, attention), repeated(lm, attention, seed=1)
    assert np.array_equal(scores["same"].value, again["same"].value)
    assert not np.array_equal(scores["same"].value, other["same"].value)
    draw = torch.Generator().manual_seed(0)
    usual = [i for i in range(lm.config.d_vocab) if i not in lm.special_ids]
    singles = []
    for _ in range(3):
        said = [usual[i] for i in torch.randperm(len(usual), generator=draw)[:7].tolist()]
        decodes = lm.config.shape == "encoder-decoder" and attention == "self"
        text = said if decodes else [0, *said, *said]  # the tokenizer begins every text so
        maps = head_maps(lm, text, attention=attention, target=said * 2 if decodes else target_of(lm))
        singles.append(pattern_scores(maps))
    for job, score in scores.items():
        np.testing.assert_allclose(score.value, np.mean([s[job].value for s in singles], axis=0), atol=1e-12)
        assert (score.even, score.most) == pytest.approx((singles[0][job].even, singles[0][job].most))
    assert scores["same"].rows == (7 if attention == "self" and lm.config.shape != "encoder" else 14)


def test_repeats_stand_between_the_special_tokens_that_every_text_gets() -> None:
    lm = fresh("bert")
    frame = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)])
    lm.tokenizer.raw.post_processor = frame
    assert (lm.encode("a")[0], lm.encode("a")[-1]) == (0, 1)
    scores = repeat_scores(lm, period=5)
    assert scores["same"].rows == 10  # an encoder sees both copies from either
    assert scores["first"].even == pytest.approx(1 / 12)


def test_a_context_too_short_for_a_repetition_measures_nothing() -> None:
    assert repeat_scores(induction_model(), period=1) == {}
    assert (
        repeat_scores(tiny("gpt"), period=500)["same"].rows == 23
    )  # as many as fit: 48 positions, one for <s>
