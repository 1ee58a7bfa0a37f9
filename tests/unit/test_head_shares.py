"""One row of an attention's output, head by head; and one query against every key."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.analysis.heads.effects import switch_off
from core.analysis.heads.query_key import query_key
from core.analysis.heads.shares import HeadShares, head_shares, share_table
from core.analysis.heads.steps import Change, attention_steps
from core.hooks import intervene
from tests.heads import PLACES, TEXT, attn_name, induction_model, layers_of, target_of, tiny


def array(value: Any) -> np.ndarray:
    return value.detach().numpy()


@pytest.mark.parametrize("row", [-1, 0, 2])
@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_the_vectors_are_the_models_and_add_up_to_its_output(shape: str, attention: str, row: int) -> None:
    lm = tiny(shape)
    trace = lm.trace(TEXT, target_of(lm))
    for layer in range(layers_of(lm, attention)):
        shares = head_shares(lm, TEXT, layer, row=row, attention=attention, target=target_of(lm))
        at = attn_name(lm, attention, layer)
        block, part = at.rsplit(".", 1)
        out = array(trace[f"{block}.hook_{part}_out"][row])
        np.testing.assert_allclose(shares.vectors, array(trace[f"{at}.hook_result"][row]), atol=1e-12)
        np.testing.assert_allclose(shares.z, array(trace[f"{at}.hook_z"][row]), atol=1e-12)
        np.testing.assert_allclose(shares.total, out, atol=1e-12)
        np.testing.assert_array_equal(shares.out, out)
        mid = array(trace[f"{block}.hook_resid_mid{'_cross' if attention == 'cross' else ''}"][row])
        np.testing.assert_allclose(shares.resid + shares.out, mid, atol=1e-12)
        joined = shares.z.reshape(-1) @ shares.W_O.reshape(-1, shares.W_O.shape[-1])
        np.testing.assert_allclose(joined + shares.bias, out, atol=1e-12)
        attn = lm.transformer.get_submodule(at)
        np.testing.assert_array_equal(shares.bias, 0 * out if attn.b_O is None else array(attn.b_O))


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_shares_norms_and_cosines_are_what_they_say(shape: str, attention: str) -> None:
    lm = tiny(shape)
    shares = head_shares(lm, TEXT, 1, row=3, attention=attention, target=target_of(lm))
    assert shares.row == 3
    assert shares.shares.sum() + shares.bias_share == pytest.approx(1.0, abs=1e-12)
    for head, vector in enumerate(shares.vectors):
        assert shares.norms[head] == pytest.approx(np.linalg.norm(vector))
        assert shares.cosines[head] == pytest.approx(
            vector @ shares.out / np.linalg.norm(vector) / shares.out_norm
        )
        assert shares.shares[head] == pytest.approx(
            shares.cosines[head] * shares.norms[head] / shares.out_norm
        )
    assert shares.bias_norm == pytest.approx(np.linalg.norm(shares.bias))
    assert shares.out_norm == pytest.approx(np.linalg.norm(shares.out))
    assert (shares.bias_share != 0) == bool(lm.config.out_bias)


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_the_table_is_every_blocks_shares(shape: str, attention: str) -> None:
    lm = tiny(shape)
    options: dict[str, Any] = {"row": 2, "attention": attention, "target": target_of(lm)}
    table = share_table(lm, TEXT, **options)
    assert table.shape == (layers_of(lm, attention), lm.config.n_heads + 1)
    for layer, line in enumerate(table):
        one = head_shares(lm, TEXT, layer, **options)
        np.testing.assert_allclose(line, [*one.shares, one.bias_share], rtol=0, atol=1e-12)
    np.testing.assert_allclose(table.sum(1), 1.0)


def test_heads_that_are_off_have_no_share_and_an_output_of_nothing_divides_by_nothing() -> None:
    lm = tiny("llama, grouped")
    assert not lm.config.out_bias

    def off(*heads: tuple[int, int]) -> HeadShares:
        with intervene(*switch_off(heads)):
            return head_shares(lm, TEXT, 1)

    some = off((1, 0), (1, 3))
    assert (some.vectors[[0, 3]] == 0).all()
    assert (some.shares[[0, 3]] == 0).all()
    assert (some.cosines[[0, 3]] == 0).all()
    assert some.shares.sum() == pytest.approx(1.0)
    none = off(*((1, head) for head in range(4)))
    assert (none.shares == 0).all()
    assert none.bias_share == none.out_norm == 0
    with intervene(*switch_off([(1, head) for head in range(4)])):
        assert (share_table(lm, TEXT)[1] == 0).all()


def test_the_head_of_a_circuit_brings_all_of_the_output() -> None:
    shares = head_shares(induction_model(), [0, 40, 50, 60, 70, 40], 1)
    assert shares.shares == pytest.approx([1.0, 0.0])


def test_places_that_do_not_exist_are_named() -> None:
    lm = tiny("gpt")
    for options, message in [
        ({"layer": 2}, "block 2 is not one of the 2"),
        ({"layer": 0, "row": 99}, "row 99 is not one of"),
        ({"layer": 0, "attention": "encoder"}, "without it"),
    ]:
        with pytest.raises(ValueError, match=message):
            head_shares(lm, TEXT, **options)
    with pytest.raises(ValueError, match="row -99"):
        share_table(lm, TEXT, row=-99)


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_a_score_is_the_sum_of_its_products(shape: str, attention: str) -> None:
    lm = tiny(shape)
    trace = lm.trace(TEXT, target_of(lm))
    at = attn_name(lm, attention, 1)
    steps = attention_steps(lm, TEXT, 1, 2, attention=attention, target=target_of(lm))
    for row in (-1, 0, 3):
        one = query_key(steps, row)
        score = array(trace[f"{at}.hook_attn_scores"][2, row])
        before = one.products.sum(1) * one.factor + (0 if one.bias is None else one.bias)
        np.testing.assert_allclose(np.where(one.allowed, before, -np.inf), score, atol=1e-12)
        np.testing.assert_array_equal(one.products, one.query * one.keys)
        np.testing.assert_allclose(one.scores, one.products.sum(1), atol=1e-12)
        np.testing.assert_allclose(one.scaled, one.scores * one.factor, atol=1e-12)
        np.testing.assert_allclose(one.weights, array(trace[f"{at}.hook_pattern"][2, row]), atol=1e-12)
        kv = 2 * lm.config.kv_heads // lm.config.n_heads
        used = "hook_rot_k" if lm.config.position == "rotary" else "hook_k"
        if lm.config.position == "rotary" or not lm.config.qk_norm:
            np.testing.assert_array_equal(one.keys, array(trace[f"{at}.{used}"][:, kv]))


def test_the_products_of_a_row_that_is_not_there_and_of_a_changed_head() -> None:
    lm = tiny("gpt")
    with pytest.raises(ValueError, match="row 99"):
        query_key(attention_steps(lm, TEXT, 1, 2), 99)
    changed = query_key(attention_steps(lm, TEXT, 1, 2, change=Change(mask=False, scale=False)), 0)
    assert changed.allowed.all()
    assert changed.factor == 1.0
    np.testing.assert_array_equal(changed.scaled, changed.scores)
