"""What scores come to by chance: each null against a slow one of its own, and who passes the line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.analysis.heads import null_distributions as head_nulls
from core.analysis.heads.jobs import MIXED, head_jobs, name_heads, reads
from core.analysis.heads.null_distributions import (
    Null,
    class_scores,
    halves_that_differ,
    head_chance,
    moved_weights,
    null_of,
    repeats_taken_out,
)
from core.analysis.heads.patterns import NAMES, HeadMaps, Score, head_maps, pattern_scores, repeat_scores
from core.analysis.word_classes import NAMES as PEOPLE
from core.analysis.word_classes import SIGNS
from core.language_model import LanguageModel
from tests.heads import PLACES, TEXT, induction_model, target_of, tiny

COPIES = [3, 20, 30, 3, 20, 40, 3]


def maps_of(weights: np.ndarray, ids: list[int], causal: bool = True) -> HeadMaps:
    """Maps (L, H, T, T) of a text."""
    return HeadMaps(attention="self", ids=tuple(ids), key_ids=tuple(ids), causal=causal, maps=weights)


def random_maps(tokens: int, causal: bool = True) -> np.ndarray:
    """(2, 3, T, T) rows that add up to 1."""
    scores = np.random.default_rng(0).normal(size=(2, 3, tokens, tokens)) * 2
    if causal:
        scores[..., ~np.tri(tokens, dtype=bool)] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


@pytest.mark.parametrize("causal", [True, False])
def test_moved_weights_have_the_mean_of_all_possible_moves(causal: bool) -> None:
    maps = maps_of(random_maps(6, causal), list(range(6)), causal)
    scores, nulls = pattern_scores(maps), moved_weights(maps, draws=6000)
    jobs = {"previous", "itself", "first", "recent"} | (set() if causal else {"next", "last"})
    assert set(nulls) == jobs
    for job, null in nulls.items():
        # Wherever its weights lie, a row gives a place 1/(number of places) on average: an even spread.
        expected = scores[job].even / scores[job].most
        np.testing.assert_allclose(null.draws.mean(0), expected, atol=0.01)
        assert null.draws.min() >= 0
        assert null.draws.max() <= 1 + 1e-6


def test_moved_weights_spread_as_a_slow_permutation_of_each_row_does() -> None:
    weights = random_maps(5)
    null = moved_weights(maps_of(weights, list(range(5))), draws=8000)["recent"]
    draw = np.random.default_rng(1)
    slow = []
    for _ in range(4000):
        total = np.zeros((2, 3))
        for row in range(1, 5):
            moved = draw.permutation(row + 1)
            total += weights[:, :, row, moved[max(0, row - 3) : row]].sum(-1)
        slow.append(total / 4)
    np.testing.assert_allclose(null.draws.std(0), np.std(slow, axis=0), atol=0.005)
    for cut in (0.2, 0.3, 0.5, 0.6):
        np.testing.assert_allclose((null.draws > cut).mean(0), (np.array(slow) > cut).mean(0), atol=0.03)


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_repeats_taken_out_is_a_pass_over_each_changed_text(
    shape: str, attention: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = tiny(shape)
    target: Any = target_of(lm)
    text: list[int] = COPIES
    if attention == "self" and target is not None:
        text, target = [50, 51], COPIES
    elif attention == "cross":
        target = [20, 61]
    maps = head_maps(lm, text, attention=attention, target=target)
    read: list[Any] = []
    passes = head_nulls.run_patterns

    def watched(lm: LanguageModel, batch: Any, attention: Any) -> Any:
        read.append(batch)
        return passes(lm, batch, attention)

    monkeypatch.setattr(head_nulls, "run_patterns", watched)
    nulls = repeats_taken_out(lm, maps)
    scores = pattern_scores(maps)
    assert set(nulls) == {job for job in ("induction", "same") if scores[job].rows}
    sides = [torch.cat(side).tolist() for side in zip(*read, strict=True)]
    keys = sides[0] if attention in ("cross", "encoder") or len(sides) == 1 else sides[1]
    first = [
        at for at, token in enumerate(maps.key_ids) if token not in (maps.ids if attention == "cross" else ())
    ]
    for line in keys:
        same = [at for at in range(len(line)) if line[at] == maps.key_ids[at]]
        if attention == "cross":
            assert same == first, "what the rows say stands in the source no more"
        else:
            assert len(set(line)) == len(line), "no token is said twice any more"
            assert [maps.key_ids[at] for at in same] == list(dict.fromkeys(reversed(maps.key_ids)))[::-1]
    at = 5
    changed: dict[str, Any] = {"text": sides[0][at]}
    if len(sides) > 1:
        changed["target"] = [i for i in sides[1][at] if i != lm.config.decoder_start_id]
    one = head_maps(lm, attention=attention, **changed)
    placed = HeadMaps(  # the changed text's map, read at the first text's places
        attention=attention, ids=maps.ids, key_ids=maps.key_ids, causal=maps.causal, maps=one.maps
    )
    for job, null in nulls.items():
        assert null.how == "repeats taken out"
        np.testing.assert_allclose(null.draws[at], pattern_scores(placed)[job].weight, atol=1e-5)


def test_where_passes_take_long_words_are_moved_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = tiny("gpt")
    maps = head_maps(lm, COPIES)
    monkeypatch.setattr(head_nulls, "QUICK", 0.0)
    monkeypatch.setattr(head_nulls, "run_patterns", None)
    nulls = repeats_taken_out(lm, maps)
    assert {null.how for null in nulls.values()} == {"words moved"}
    assert nulls["same"].draws.std() > 0
    # Among all places of the words the mean of what a row gives to its copies is known only for flat maps.
    flat = maps_of(np.tri(7)[None, None] / np.arange(1, 8)[:, None], COPIES)
    flat_null = repeats_taken_out(lm, flat)["same"]
    assert 0.1 < flat_null.draws.mean() < 0.6


def test_the_halves_of_a_control_differ_and_a_draw_is_a_mean_of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = tiny("gpt")
    read: list[Any] = []
    passes = head_nulls.run_patterns

    def watched(lm: LanguageModel, batch: Any, attention: Any) -> Any:
        read.append(batch[0])
        return passes(lm, batch, attention)

    monkeypatch.setattr(head_nulls, "run_patterns", watched)
    null = halves_that_differ(lm, period=7)["induction"]
    (texts,) = read
    assert all(len(set(line)) == len(line) for line in texts.tolist())
    assert texts.shape == (8, 15)
    singles = []
    for line in texts.tolist():
        maps = head_maps(lm, line).maps
        rows = range(8, 15)  # the second half; the token after the first copy stands period - 1 back
        singles.append(np.mean([maps[:, :, row, row - 6] for row in rows], axis=0))
    assert null.draws.min() >= np.min(singles) - 1e-6
    assert null.draws.max() <= np.max(singles) + 1e-6
    np.testing.assert_allclose(null.draws.mean(0), np.mean(singles, axis=0), atol=0.02)
    assert halves_that_differ(lm, period=1) == {}


def test_the_line_is_that_of_the_luckiest_head() -> None:
    draws = np.random.default_rng(0).random((400, 3, 4))
    null = null_of(draws, "")
    beaten = (draws.reshape(400, -1).max(1) > null.line).mean()
    assert 0.03 < beaten <= 0.05
    score = Score(value=np.full((3, 4), null.line), even=0.0, most=1.0, rows=5)
    assert not null.above(score).any(), "as high as the line is not beyond it"
    assert (null.reached(score) == (null.draws >= null.line - 1e-6).sum(0)).all()
    nothing = Score(value=np.zeros((3, 4)), even=0.0, most=0.0, rows=0)
    assert not null.above(nothing).any()


def test_untrained_heads_are_named_about_as_rarely_as_the_line_says() -> None:
    """Maps of random numbers do nothing: in about one text of twenty some head passes a job's line."""
    draw = np.random.default_rng(3)
    passed = 0
    for _ in range(60):
        scores = draw.normal(size=(2, 4, 9, 9)) * 2
        scores[..., ~np.tri(9, dtype=bool)] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        maps = maps_of(weights / weights.sum(-1, keepdims=True), list(range(9)))
        passed += bool(moved_weights(maps)["previous"].above(pattern_scores(maps)["previous"]).any())
    assert passed <= 9


def test_a_circuit_built_by_hand_passes_and_its_blank_heads_do_not() -> None:
    lm = induction_model()
    maps = head_maps(lm, [0, 40, 50, 60, 70, 40, 50])
    chance = head_chance(lm, maps)
    scores, repeats = pattern_scores(maps), repeat_scores(lm)
    proven = chance.proven(scores, repeats)
    assert proven["previous"].tolist() == [[True, False], [False, False]]
    assert proven["induction"].tolist() == [[False, False], [True, False]]
    assert chance.text["induction"].draws[:, 1, 0].mean() < 0.3, (
        "without the earlier copies it looks elsewhere"
    )
    assert head_jobs(lm, maps).names[1][0] == NAMES["induction"]


def test_what_chance_explains_gives_no_name() -> None:
    far = Score(value=np.full((1, 1), 0.6), even=0.0, most=1.0, rows=9)
    spread = np.full((1, 1), 0.5)
    no, yes = np.zeros((1, 1), dtype=bool), np.ones((1, 1), dtype=bool)
    assert name_heads({"previous": far}, {}, spread, {"previous": no}) == ((MIXED,),)
    assert name_heads({"previous": far, "first": far}, {}, spread, {"previous": no, "first": yes}) == (
        ("first token",),
    )
    line = Null(draws=np.zeros((9, 1, 1)), line=0.5, how="")
    chance = head_chance(tiny("gpt"), head_maps(tiny("gpt"), [1, 2, 3, 4]))
    on_text = type(chance)(
        text={"same": Null(draws=line.draws, line=0.9, how="")},
        repeats={"same": line},
        classes={},
        class_nulls={},
    )
    assert on_text.proven({"same": far}, {"same": far})["same"].all(), "repeats prove it"
    assert not on_text.proven({"same": far}, {})["same"].any()


def test_a_head_that_reads_one_class_of_words_is_found() -> None:
    lm = tiny("gpt")
    text = "The fox, Lily; and ran! Ben: saw? Tim. ball"
    ids = lm.encode(text)
    plain = head_maps(lm, text)
    signs = np.array([lm.tokenizer.display(i).strip() in set(",;!:?.") for i in ids])
    weights = np.tri(len(ids))
    for row in range(len(ids)):
        if signs[:row].any():
            weights[row] = 0.0
            weights[row, :row] = signs[:row] / signs[:row].sum()
    weights /= weights.sum(-1, keepdims=True)
    even = np.tri(len(ids)) / np.arange(1, len(ids) + 1)[:, None]
    maps = HeadMaps(
        attention="self", ids=plain.ids, key_ids=plain.key_ids, causal=True, maps=np.stack([[weights, even]])
    )
    scores, nulls = class_scores(lm, maps)
    assert scores[SIGNS].weight[0, 0] == pytest.approx(1.0)
    assert nulls[SIGNS].above(scores[SIGNS]).tolist() == [[True, False]]
    np.testing.assert_allclose(scores[SIGNS].weight[0, 1], scores[SIGNS].even / scores[SIGNS].most)
    assert PEOPLE in scores
    chance = replace(head_chance(lm, maps), repeats={})  # the model has other heads than these two
    assert head_jobs(lm, maps, {}, chance).names[0] == (reads(SIGNS), "spread evenly")


def test_one_token_has_nothing_to_compare() -> None:
    lm = tiny("gpt")
    maps = head_maps(lm, [5])
    chance = head_chance(lm, maps)
    assert set(chance.text) == {"itself", "first"}
    assert not any(proven.any() for proven in chance.proven(pattern_scores(maps), {}).values())
    assert chance.classes == {}
    assert set(head_jobs(lm, maps).names[0]) == {"text too short"}


def test_the_same_seed_gives_the_same_lines() -> None:
    lm = tiny("gpt")
    maps = head_maps(lm, TEXT)
    one, two, other = (head_chance(lm, maps, seed=seed) for seed in (0, 0, 1))
    assert {job: null.line for job, null in one.text.items()} == {
        job: null.line for job, null in two.text.items()
    }
    assert one.text["previous"].line != other.text["previous"].line
