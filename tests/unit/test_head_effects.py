"""Heads switched off: all of them one by one, in sets, and all at once."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from core.analysis.heads import effects as module
from core.analysis.heads.effects import HeadEffects, effects_by_layer, head_effects, knock_out, switch_off
from core.analysis.heads.patterns import head_maps, repeat_scores
from core.analysis.heads.shares import share_table
from core.hooks import HookError, ablate_head, intervene
from core.language_model import LanguageModel
from core.model.transformer import ContextTooLong, build
from tests.heads import PLACES, TARGET, TEXT, fresh, induction_model, layers_of, target_of, tiny


def logs(lm: LanguageModel, row: int, *off: Any) -> np.ndarray:
    """The log-probabilities at a row, from a whole pass of its own."""
    with torch.no_grad(), intervene(*off):
        return lm.trace(TEXT, target_of(lm)).logits[row].log_softmax(-1).numpy()


@pytest.mark.full(reason="the other cases take a second", quick_cases=7)
@pytest.mark.parametrize("value", ["zero", "mean"])
@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_every_effect_is_that_of_a_whole_pass_without_the_head(
    shape: str, attention: str, value: Any
) -> None:
    lm = tiny(shape)
    for row, token in [(-1, None), (3, 7)]:
        effects = head_effects(
            lm, TEXT, row=row, token=token, value=value, attention=attention, target=target_of(lm)
        )
        plain = logs(lm, row)
        assert effects.token == (plain.argmax() if token is None else token)
        assert effects.before == pytest.approx(plain[effects.token], abs=1e-9)
        assert effects.after.shape == (layers_of(lm, attention), lm.config.n_heads)
        for layer, head in np.ndindex(*effects.after.shape):
            without = logs(lm, row, ablate_head(layer, head, value, attention))
            assert effects.after[layer, head] == pytest.approx(without[effects.token], abs=1e-9), (
                layer,
                head,
            )
            expected = float((np.exp(plain) * (plain - without)).sum())
            assert effects.divergence[layer, head] == pytest.approx(expected, abs=1e-9)
            assert effects.likeliest[layer, head] == without.argmax()
        np.testing.assert_allclose(effects.change, effects.after - effects.before)
        assert np.abs(effects.change).max() > 1e-4


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_small_batches_give_the_same(shape: str, attention: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lm = tiny(shape)
    options: dict[str, Any] = {"attention": attention, "target": target_of(lm), "value": "mean"}
    whole = head_effects(lm, TEXT, **options)
    for positions in (1, 3 * 15):
        monkeypatch.setattr(module, "POSITIONS", positions)
        parts = head_effects(lm, TEXT, **options)
        np.testing.assert_allclose(parts.after, whole.after, rtol=0, atol=1e-10)
        np.testing.assert_array_equal(parts.likeliest, whole.likeliest)


def test_an_early_row_hangs_on_what_stands_before_it_only() -> None:
    lm = tiny("gpt")
    ids = lm.encode(TEXT)
    early = head_effects(lm, ids, row=4)
    cut = head_effects(lm, ids[:5])
    assert (early.row, cut.row, early.token) == (4, 4, cut.token)
    np.testing.assert_allclose(early.after, cut.after, rtol=0, atol=1e-10)
    assert np.abs(early.after - head_effects(lm, ids, row=4, value="mean").after).max() > 1e-4


def test_block_by_block_with_progress_and_stopped_in_the_middle() -> None:
    lm = tiny("t5")
    seen: list[tuple[int, int]] = []
    whole = head_effects(lm, TEXT, target=TARGET, progress=lambda *step: seen.append(step))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    plain = lm.trace(TEXT, TARGET).logits
    run = effects_by_layer(lm, TEXT, target=TARGET)
    for layer, effects in enumerate(itertools.islice(run, 2)):
        assert torch.equal(
            lm.trace(TEXT, TARGET).logits, plain
        )  # nothing stays switched off between two blocks
        assert (effects.layer, effects.row, effects.token) == (layer, whole.row, whole.token)
        np.testing.assert_array_equal(effects.after, whole.after[layer])
        np.testing.assert_array_equal(effects.divergence, whole.divergence[layer])


@pytest.mark.parametrize("value", ["zero", "mean"])
def test_effects_count_on_top_of_what_is_off_already(value: Any) -> None:
    lm = tiny("llama, grouped")
    with intervene(*switch_off([(0, 1), (1, 2)], value)):
        on_top = head_effects(lm, TEXT, token=5)
    for layer, head in np.ndindex(2, 4):
        both = knock_out(lm, TEXT, [(0, 1), (1, 2)], value=value)
        off = [*switch_off([(0, 1), (1, 2)], value), ablate_head(layer, head)]
        assert on_top.after[layer, head] == pytest.approx(logs(lm, -1, *off)[5], abs=1e-9)
        assert on_top.before == pytest.approx(np.log(both.after[5]), abs=1e-9)


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_all_heads_off_is_a_model_whose_attention_adds_its_bias_only(shape: str, attention: str) -> None:
    lm, blank = tiny(shape), fresh(shape)
    every = list(np.ndindex(layers_of(lm, attention), lm.config.n_heads))
    out = knock_out(lm, TEXT, every, attention=attention, target=target_of(lm))
    stack: Any = blank.transformer
    if lm.config.shape == "encoder-decoder":
        stack = stack.encoder if attention == "encoder" else stack.decoder
    with torch.no_grad():
        for block in stack.blocks:
            (block.cross_attn if attention == "cross" else block.attn).weight_o.zero_()
    np.testing.assert_allclose(out.after, np.exp(logs(blank, -1)), rtol=0, atol=1e-10)
    np.testing.assert_allclose(out.before, np.exp(logs(lm, -1)), rtol=0, atol=1e-10)
    assert out.after.sum() == pytest.approx(1.0)
    assert np.abs(out.after - out.before).max() > 1e-3


def test_no_head_off_changes_nothing_and_one_named_twice_is_one() -> None:
    lm = tiny("bert")
    none = knock_out(lm, TEXT, [], row=2)
    np.testing.assert_array_equal(none.before, none.after)
    twice, once = (
        knock_out(lm, TEXT, heads, row=2) for heads in ([(1, 0), (0, 3), (1, 0)], [(1, 0), (0, 3)])
    )
    assert twice.heads == once.heads == ((1, 0), (0, 3))
    np.testing.assert_array_equal(twice.after, once.after)


def test_the_ids_worth_showing_come_from_both_sides() -> None:
    lm = induction_model()
    ids = [0, 40, 50, 60, 70, 40]
    out = knock_out(lm, ids, [(1, 0)])
    assert out.likely(1)[0] == out.before.argmax() == 50
    assert out.after[50] < out.before[50] - 0.9
    shown = out.likely(3)
    assert len(shown) == len(set(shown))
    assert set(np.argsort(-out.before)[:3]) <= set(shown)
    assert out.after.argmax() in shown


def test_both_heads_of_a_circuit_matter_and_the_blank_ones_do_not() -> None:
    effects = head_effects(induction_model(), [0, 40, 50, 60, 70, 40])
    assert effects.token == 50
    assert (effects.change[:, 0] < -3).all()
    assert effects.largest == (int(effects.change[:, 0].argmin()), 0)
    assert effects.change[:, 1] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_every_device_gives_the_same(shape: str, attention: str, device: torch.device) -> None:
    lm, moved = fresh(shape), fresh(shape)
    lm.transformer.float()
    moved.transformer.float().to(device)
    options: dict[str, Any] = {"attention": attention, "target": target_of(lm)}
    here, there = (head_effects(one, TEXT, token=7, **options) for one in (lm, moved))
    np.testing.assert_allclose(there.after, here.after, rtol=0, atol=1e-3)
    maps = [head_maps(one, TEXT, **options).maps for one in (lm, moved)]
    np.testing.assert_allclose(maps[1], maps[0], rtol=0, atol=1e-3)
    tables = [share_table(one, TEXT, **options) for one in (lm, moved)]
    np.testing.assert_allclose(tables[1], tables[0], rtol=0, atol=1e-2)
    if attention != "cross":
        assert set(repeat_scores(moved, attention, period=3)) == set(repeat_scores(lm, attention, period=3))


def test_a_model_without_blocks_has_no_effects() -> None:
    lm = tiny("gpt")
    config = lm.config.replace(n_layers=0)
    bare = LanguageModel(build(config).double(), lm.tokenizer)
    empty = head_effects(bare, TEXT)
    assert head_maps(bare, TEXT).maps.shape == (0, 4, len(bare.encode(TEXT)), len(bare.encode(TEXT)))
    assert repeat_scores(bare) == {}
    assert share_table(bare, TEXT).shape == (0, 5)
    assert empty.after.shape == empty.divergence.shape == empty.likeliest.shape == (0, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"row": 99}, "row 99 is not one of"),
        ({"row": -99}, "row -99 is not one of"),
        ({"token": 10**6}, "token id 1000000 lies outside the vocabulary"),
        ({"token": -1}, "token id -1 lies outside"),
        ({"attention": "cross"}, "without it"),
        ({"target": TARGET}, "a target belongs to an encoder-decoder"),
    ],
)
def test_what_does_not_exist_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        head_effects(tiny("gpt"), TEXT, **options)


def test_heads_that_do_not_exist_are_named() -> None:
    lm = tiny("gpt")
    for heads, message in [
        ([(2, 0)], "block 2 is not"),
        ([(0, 4)], "head 4 is not"),
        ([(0, -1)], "head -1 is not"),
    ]:
        with pytest.raises(ValueError, match=message):
            knock_out(lm, TEXT, heads)
    with pytest.raises(ValueError, match="row 99"):
        knock_out(lm, TEXT, [(0, 0)], row=99)
    with pytest.raises(HookError, match="neither 'zero' nor 'mean'"):
        knock_out(lm, TEXT, [(0, 0)], value="half")
    with pytest.raises(ContextTooLong):
        head_effects(lm, [1] * 49)


def test_blocks_that_are_still_to_be_measured_are_told_from_those_that_are() -> None:
    lm = tiny("gpt")
    whole = head_effects(lm, TEXT)
    blocks = list(effects_by_layer(lm, TEXT))
    some = HeadEffects.of(blocks[1:2], "self", "zero", len(blocks))
    assert (some.measured, some.complete) == (1, False)
    assert np.isnan(np.delete(some.change, 1, axis=0)).all()
    np.testing.assert_allclose(some.change[1], whole.change[1], atol=1e-9)
    assert some.largest == (1, int(np.abs(whole.change[1]).argmax()))
    assert HeadEffects.of(blocks, "self", "zero", len(blocks)).complete and whole.complete
