"""What holds for every model and text: ledgers add up, shifts are linear, an encoder without positions commutes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.analysis.neurons.activation_curves import curve
from core.analysis.neurons.feed_forward import token_steps
from core.analysis.neurons.knockouts import ablate_neurons, knock_out_neurons
from core.analysis.positions.distance_bias import alibi_bias, t5_buckets
from core.analysis.positions.order_tasks import TASKS, rows, size, written
from core.analysis.positions.rotation import in_turns, rotary_rates, turned_by
from core.analysis.positions.shuffle import shuffle, shuffled_order
from core.analysis.positions.tables import (
    measured_waves,
    shift,
    shift_matrix,
    similarity_by_distance,
    sinusoidal,
)
from core.analysis.stream.ledger import ledger
from core.analysis.stream.normalization import norm_steps
from core.hooks import intervene
from core.language_model import LanguageModel
from tests.blocks import PARTS, STACKS, model, target_of
from tests.tiers import examples

few = settings(max_examples=examples(25))
texts = st.lists(st.integers(2, 270), min_size=1, max_size=14)
stacks = st.sampled_from(STACKS)
ORDERLESS = [name for name, parts in PARTS.items() if parts.get("shape") == "encoder"]


def written_of(lm: LanguageModel) -> int:
    """The tokens that the decoder reads: its start stands where the encoder's text has its own."""
    return len(lm.tokenizer.encode(str(target_of(lm))))


@few
@given(stacks, texts, st.integers(0, 13), st.booleans(), st.booleans())
@example(("t5", "decoder"), [7, 8], 6, True, True)  # the last row, and the one behind it
@example(("t5", "decoder"), [7, 8], 7, True, True)
def test_a_ledger_adds_up(
    place: tuple[str, Any], text: list[int], row: int, by_head: bool, through: bool
) -> None:
    name, stack = place
    lm = model(name)
    read = written_of(lm) if stack == "decoder" else len(text)
    found = ledger(
        lm, text, row % read, by_head=by_head, through_final=through, stack=stack, target=target_of(lm)
    )
    assert found.error < 1e-9
    assert sum(entry.share for entry in found.entries) == pytest.approx(1, abs=1e-8)
    whole = {entry.name: entry for entry in found.entries}
    assert len(whole) == len(found.entries)


@few
@given(
    st.sampled_from([name for name in PARTS if name != "no blocks"]),
    texts,
    st.integers(0, 1),
    st.integers(0, 13),
)
def test_neurons_add_up_and_none_is_counted_twice(name: str, text: list[int], layer: int, row: int) -> None:
    lm = model(name)
    read = written_of(lm) if target_of(lm) else len(text)
    found = token_steps(lm, text, layer, row % read, target=target_of(lm))
    assert found.error < 1e-11
    assert sorted(found.strongest(40)) == list(range(40))


@few
@given(texts, st.sets(st.integers(0, 39)), st.sampled_from(["zero", "mean"]))
def test_switching_off_is_the_same_at_once_and_one_by_one(
    text: list[int], neurons: set[int], value: Any
) -> None:
    lm = model("gpt")
    found = knock_out_neurons(lm, text, 0, sorted(neurons), value=value)
    with torch.no_grad(), intervene(*(ablate_neurons(0, [neuron], value) for neuron in neurons)):
        apart = lm.trace(text).logits[-1].softmax(-1)
    np.testing.assert_allclose(found.after, apart, atol=1e-12)
    assert found.after.sum() == pytest.approx(1)


@few
@given(st.sampled_from(ORDERLESS), texts, st.integers(0, 10**6))
def test_an_encoder_without_positions_commutes_with_every_order(
    name: str, text: list[int], seed: int
) -> None:
    found = shuffle(model(name), text, seed=seed)
    assert found.way("without positions").same
    assert sorted(found.order) == list(range(len(text)))


@given(st.integers(0, 30), st.integers(0, 10**6), st.sets(st.integers(0, 29)))
def test_an_order_moves_all_that_may_move(length: int, seed: int, fixed: set[int]) -> None:
    order = shuffled_order(length, seed, tuple(fixed))
    assert sorted(order) == list(range(length))
    assert all(order[at] == at for at in fixed if at < length)
    free = [at for at in range(length) if at not in fixed]
    assert (order == tuple(range(length))) == (len(free) < 2)
    assert order == shuffled_order(length, seed, tuple(fixed))


@given(st.integers(2, 60), st.integers(1, 12), st.data())
def test_a_sinusoidal_shift_is_linear_and_shifts_add(length: int, pairs: int, data: st.DataObject) -> None:
    by = data.draw(st.integers(1 - length, length - 1))
    more = data.draw(st.integers(-50, 50))
    table = sinusoidal(length, 2 * pairs)
    assert shift(table, by).error < 1e-11
    both = shift_matrix(by, 2 * pairs) @ shift_matrix(more, 2 * pairs)
    np.testing.assert_allclose(both, shift_matrix(by + more, 2 * pairs), atol=1e-10)
    alike = similarity_by_distance(table, "dot")
    assert alike.spread.max() < 1e-9
    assert (alike.mean <= alike.mean[0] + 1e-9).all()


@given(
    st.integers(1, 8), st.integers(0, 400), st.integers(0, 400), st.integers(0, 400), st.integers(0, 10**6)
)
def test_a_turned_product_hangs_on_distance_alone(
    pairs: int, query: int, key: int, by: int, seed: int
) -> None:
    """q turned to t and k to s score as q at t + by and k at s + by; and no arrow changes its length."""
    q, k = np.random.default_rng(seed).normal(size=(2, pairs, 2))
    rates = rotary_rates(2 * pairs)

    def score(a: int, b: int) -> float:
        return float((turned_by(q, a * rates) * turned_by(k, b * rates)).sum())

    assert score(query, key) == pytest.approx(score(query + by, key + by), abs=1e-9)
    np.testing.assert_allclose(
        np.linalg.norm(turned_by(q, query * rates), axis=-1), np.linalg.norm(q, axis=-1)
    )


@given(st.floats(-1e4, 1e4))
def test_an_angle_in_words_is_the_angle(angle: float) -> None:
    said = in_turns(angle)
    sign = -1 if said.startswith("−") else 1
    turns, _, rest = said.lstrip("−").rpartition(" and ")
    degrees = float(rest.rstrip("°")) + 360 * int(turns.split()[0] if turns else 0)
    assert sign * degrees == pytest.approx(np.degrees(angle), abs=0.0501)


@given(st.integers(1, 300), st.sampled_from([8, 32]), st.sampled_from([20, 128]), st.booleans())
def test_nearer_never_has_a_farther_bucket(length: int, buckets: int, longest: int, causal: bool) -> None:
    distances, found = t5_buckets(length, buckets=buckets, max_distance=longest, causal=causal)
    past = found[distances <= 0]  # from far to near
    assert (np.diff(past) <= 0).all()
    assert past[-1] == 0
    assert found.max() < buckets
    if not causal:
        assert not set(found[distances > 0]) & set(past)


@given(st.integers(1, 16), st.integers(1, 30), st.booleans())
def test_alibi_lowers_and_never_raises(heads: int, length: int, causal: bool) -> None:
    found = alibi_bias(heads, length, causal=causal)
    assert (found.values <= 0).all()
    assert (found.values[:, found.distances == 0] == 0).all()
    seen = found.matrix(length)
    assert np.isnan(seen).sum() == (heads * length * (length - 1) // 2 if causal else 0)


vectors = st.integers(0, 10**6).flatmap(
    lambda seed: st.tuples(
        st.just(seed), st.integers(1, 6), st.integers(1, 30), st.sampled_from([1e-6, 1.0, 1e6])
    )
)


@given(vectors, st.sampled_from(["layer", "rms"]), st.floats(0.1, 100), st.floats(-50, 50))
def test_a_norm_brings_to_one_size(shape: Any, kind: Any, factor: float, moved: float) -> None:
    seed, count, width, spread = shape
    x = torch.randn(count, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * spread
    found = norm_steps(x, kind, 0.0 if width > 1 or kind == "rms" else 1e-5)
    if width > 1:
        np.testing.assert_allclose((found.normalised**2).mean(-1), 1.0, rtol=1e-6)
        scaled = norm_steps(x * factor, kind, 0.0)
        np.testing.assert_allclose(scaled.normalised, found.normalised, atol=1e-6)
        np.testing.assert_allclose(scaled.scale, found.scale * factor, rtol=1e-6)
    if kind == "layer":
        np.testing.assert_allclose(found.normalised.mean(-1), 0.0, atol=1e-6)
        lifted = norm_steps(x + moved * spread, kind, 1e-3)
        np.testing.assert_allclose(lifted.output, norm_steps(x, kind, 1e-3).output, atol=1e-6)


@given(st.sampled_from(["relu", "gelu", "gelu_tanh", "silu", "relu_squared"]), st.floats(-30, 30))
def test_a_curve_lies_between_nothing_and_its_argument(act: Any, x: float) -> None:
    found = curve(act, np.array([x, -x]))
    if act == "relu_squared":
        assert found.y[0] == pytest.approx(max(0.0, x) ** 2)
    else:
        assert min(0.0, x) <= found.y[0] + 1e-12
        assert found.y[0] <= max(0.0, x) + 1e-12
        assert found.y[0] - found.y[1] == pytest.approx(x, abs=1e-9)  # act(x) - act(-x) = x for all four


@given(st.sampled_from(TASKS), st.lists(st.integers(2, 12), min_size=1, max_size=6), st.integers(0, 10**6))
def test_a_row_is_as_long_as_said_and_read_from_its_letters(task: Any, lengths: list[int], seed: int) -> None:
    batch = rows(task, lengths, letters=12, generator=torch.Generator().manual_seed(seed))
    assert batch.ids.shape == (len(lengths), max(size(task, length) for length in lengths))
    for ids, length in zip(batch.ids.tolist(), lengths):
        assert len(written(ids).split()) == size(task, length)


@given(st.integers(4, 80), st.integers(1, 6), st.integers(0, 10**6))
def test_every_column_is_in_one_wave(length: int, width: int, seed: int) -> None:
    found = measured_waves(np.random.default_rng(seed).normal(size=(length, width)))
    assert sorted(column for wave in found.columns for column in wave) == list(range(width))
    assert (np.diff(found.wavelengths) >= 0).all()
    assert ((found.strength > 0) & (found.strength <= 1 + 1e-9)).all()
    assert (found.wavelengths >= 2).all()
