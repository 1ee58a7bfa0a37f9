"""Laws of costs that hold for any configuration."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.config import ModelConfig
from core.costs import flops_by_part, parameters, parameters_by_part, row_flops
from core.costs.activations import kept_bytes
from core.costs.counts import total
from core.costs.memory import held, largest_batch, largest_length, training_memory, using_memory
from core.costs.operations import decode_flops
from core.costs.roofline import attainable, decode, met_bytes, prefill
from core.costs.weights import weight_bytes


@st.composite
def configs(draw: Any) -> ModelConfig:
    """Any shape, of sizes from tiny to far beyond what could be built."""
    keys = draw(st.integers(1, 64))
    heads = keys * draw(st.integers(1, 16))
    shape = draw(st.sampled_from(["decoder", "encoder", "encoder-decoder"]))
    return ModelConfig(
        shape=shape, n_layers=draw(st.integers(0, 2_000)), n_heads=heads, n_kv_heads=keys,
        d_model=heads * 2 * draw(st.integers(1, 64)), d_vocab=draw(st.integers(2, 10**6)),
        n_ctx=draw(st.integers(1, 10**5)),
        position=draw(st.sampled_from(["learned", "rotary", "alibi", "relative", "none", "sinusoidal"])),
        norm=draw(st.sampled_from(["layer", "rms", "none"])), act=draw(st.sampled_from(["relu", "silu", "gelu"])),
        gated=draw(st.booleans()), tied_embeddings=draw(st.booleans()), qk_norm=draw(st.booleans()),
    )  # fmt: skip


LENGTHS = st.integers(1, 100_000)
BATCHES = st.integers(0, 10_000)


@given(configs(), LENGTHS, BATCHES)
def test_bytes_grow_in_step_with_the_texts(config: ModelConfig, length: int, batch: int) -> None:
    for memory in (training_memory, using_memory):
        kinds = memory(config, length, "bf16")
        assert held(kinds, batch) - held(kinds, 0) == batch * (held(kinds, 1) - held(kinds, 0))
    target = length if config.shape == "encoder-decoder" else 0
    assert kept_bytes(config, batch, length, target) <= kept_bytes(config, batch, length + 1, target)


@given(configs(), LENGTHS)
def test_twice_the_length_is_at_least_twice_the_operations_and_at_most_four_times(
    config: ModelConfig, length: int
) -> None:
    once, twice = row_flops(config, length, length), row_flops(config, 2 * length, 2 * length)
    assert 2 * once <= twice <= 4 * once
    assert total(flops_by_part(config, length, length)) == once
    assert total(parameters_by_part(config)) == parameters(config)


@given(configs(), LENGTHS)
def test_writing_a_text_token_by_token_costs_the_pairs_that_it_sees(config: ModelConfig, length: int) -> None:
    length = 1 + length % 40
    if config.shape != "decoder":
        return
    written = sum(total(decode_flops(config, past)) for past in range(length))
    heads = config.n_heads * config.head_size
    spared = 4 * config.n_layers * heads * length * (length - 1) // 2  # what lies above the diagonal
    assert written == row_flops(config, length) - spared


@given(configs(), st.integers(1, 5_000), st.integers(1, 64), st.integers(10**6, 10**13))
def test_what_is_said_to_fit_fits_and_no_more(
    config: ModelConfig, length: int, batch: int, room: int
) -> None:
    for memory in (training_memory, using_memory):
        kinds = memory(config, length, "bf16")
        most = largest_batch(kinds, room)
        if most is not None and most > 0:
            assert held(kinds, most) <= room < held(kinds, most + 1)
        longest = largest_length(partial(memory, config, precision="bf16"), batch, room)
        if longest:
            assert held(memory(config, longest, "bf16"), batch) <= room
            assert held(memory(config, longest + 1, "bf16"), batch) > room


@given(configs(), LENGTHS)
def test_no_pass_meets_more_than_all_weights(config: ModelConfig, length: int) -> None:
    assert 0 <= met_bytes(config, "fp32") <= weight_bytes(config, "fp32")
    reading = prefill(config, length)
    assert attainable(reading.intensity(3), 1e14, 1e12) <= 1e14
    if config.shape != "encoder":
        assert met_bytes(config, "fp32", writing=True) <= met_bytes(config, "fp32")
        more, less = decode(config, length), decode(config, max(0, length - 1))
        assert more.row_bytes >= less.row_bytes and more.row_flops >= less.row_flops
