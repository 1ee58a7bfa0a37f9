"""Costs, part by part: what is written is what was added, what fits, the roof, hours, and sizes that make no model."""

from __future__ import annotations

import re
from functools import partial
from math import prod
from typing import Any

import pytest
import torch

from app.session.fields import FIELDS
from app.units import seconds, si, size
from core.config import ModelConfig, preset
from core.costs import cache_bytes, parameters, parameters_by_part
from core.costs.accelerators import ACCELERATORS, GB, USUAL
from core.costs.counts import count, part, total
from core.costs.memory import (
    FARTHEST,
    PRECISIONS,
    Held,
    held,
    largest_batch,
    largest_length,
    trained_in,
    training_memory,
    using_memory,
)
from core.costs.operations import decode_flops, flops_by_part
from core.costs.roofline import attainable, decode, least_seconds, prefill, ridge
from core.costs.schedule import training, usual_tokens, utilization
from core.costs.sized import LIMITS, NAMES, resized
from core.families.presets import PRESETS
from core.model.transformer import build
from core.training.estimates import Estimate, Rate, estimate, measured_rate
from core.training.measuring import STEPS, bandwidth, measure, peak_flops, saved_bytes, size_for
from core.zoo import load
from pages.compute.subject import SIZES, SUBJECTS

TALES = load("tales-gpt").config
GPT3 = PRESETS["gpt3"].config
HUGE = resized(PRESETS["gpt2"].config, n_layers=1_000, d_model=30_000, n_heads=300)


def worked_out(written: str) -> int:
    """What a written sum comes to, read by another program than wrote it."""

    def sum_of(text: str) -> int:
        return sum(prod(int(factor) for factor in term.split(" × ")) for term in text.split(" + "))

    text = re.sub(r"\(([^()]*)\)", lambda inner: str(sum_of(inner[1])), written.replace(",", ""))
    assert re.fullmatch(r"[\d ×+]+", text), text
    return sum_of(text)


@pytest.mark.parametrize("key", ["tales", *PRESETS])
def test_what_is_written_is_what_was_added(key: str) -> None:
    config = TALES if key == "tales" else PRESETS[key].config
    for parts in (parameters_by_part(config), flops_by_part(config, 37, 21)):
        for one in parts:
            assert worked_out(one.written) == one.value, one.name
        assert total(parts) == sum(one.value for one in parts)


def test_a_count_leaves_out_what_is_not_there() -> None:
    assert count(3, (2, 5), 0, 7).written == "3 × (2 × 5 + 7)"
    assert count(1, (2, 5), 7).written == "2 × 5 + 7"
    assert count(3, (2, 5)).written == "3 × 2 × 5"
    assert part("x", count(3, 0)).written == "0"


# ------------------------------------------------------------------------------------------- what fits


def test_the_largest_batch_and_context_fit_and_one_more_does_not() -> None:
    room = 24 * GB
    for config in (PRESETS["gpt2"].config, PRESETS["t5-base"].config, PRESETS["bert-large"].config, TALES):
        for memory in (training_memory, using_memory):
            kinds = memory(config, 128, "bf16")
            most = largest_batch(kinds, room)
            if most is None:
                assert held(kinds, 10**6) == held(kinds, 0)
            else:
                assert held(kinds, most) <= room < held(kinds, most + 1)
            of_length = partial(memory, config, precision="bf16")
            longest = largest_length(of_length, 3, room)
            if longest is not None:
                assert held(of_length(longest), 3) <= room < held(of_length(longest + 1), 3)


def test_what_does_not_fit_at_all_and_what_always_does() -> None:
    kinds = training_memory(GPT3, 2048, "bf16")
    assert largest_batch(kinds, 24 * GB) == 0
    assert largest_length(lambda n: training_memory(GPT3, n, "bf16"), 1, 24 * GB) == 0
    free = (Held("weights", 10, 0),)
    assert largest_batch(free, 10) is None and largest_batch(free, 9) == 0
    assert largest_length(lambda n: free, 1, 10) is None
    assert FARTHEST > 10**9
    encoder = using_memory(PRESETS["bert-base"].config, 512, "fp32")
    assert held(encoder, 1) == held(encoder, 1000)


def test_mixed_precision_takes_sixteen_bytes_a_weight() -> None:
    for precision in PRECISIONS:
        kinds = {one.name: one.fixed for one in training_memory(GPT3, 1, precision)}
        each = sum(kinds[name] for name in ("weights", "gradients", "optimizer")) / parameters(GPT3)
        assert each == 16
        assert trained_in(precision) == ("fp32" if precision == "fp32" else "bf16")


def test_the_cache_of_grouped_keys_is_smaller_by_the_group() -> None:
    grouped, full = PRESETS["llama2-70b"].config, PRESETS["llama2-70b"].config.replace(n_kv_heads=64)
    assert cache_bytes(full, 100) == 8 * cache_bytes(grouped, 100)
    assert using_memory(grouped, 4096, "bf16")[1].row == 2 * 80 * 8 * 128 * 4096 * 2


# ------------------------------------------------------------------------------------------- the roof


def test_the_roof_has_a_ridge_and_batch_moves_writing_towards_it() -> None:
    card = ACCELERATORS[USUAL]
    peak, width = card.peak("bf16"), card.bandwidth
    top = ridge(peak, width)
    assert attainable(top, peak, width) == pytest.approx(peak)
    assert attainable(top / 2, peak, width) == pytest.approx(peak / 2)
    assert attainable(2 * top, peak, width) == peak
    config = PRESETS["llama2-7b"].config
    writing, reading = decode(config, 1024, "bf16"), prefill(config, 1024, "bf16")
    assert writing.intensity(1) < 1.1 < top < reading.intensity(1)
    assert writing.intensity(64) > 10 * writing.intensity(1)
    # Of so many texts that only their own keys and values count, each byte read serves one multiplication and addition.
    assert writing.intensity(10**9) == pytest.approx(writing.row_flops / writing.row_bytes, rel=1e-3)
    assert least_seconds(writing, 1, peak, width) == pytest.approx(writing.bytes(1) / width)
    assert least_seconds(reading, 1, peak, width) == pytest.approx(reading.flops(1) / peak)


def test_fewer_bits_make_writing_quicker_and_an_encoder_writes_nothing() -> None:
    config = PRESETS["llama3-8b"].config
    times = [decode(config, 512, precision).bytes(1) for precision in PRECISIONS]
    assert times == sorted(times, reverse=True) and len(set(times)) == 4
    with pytest.raises(ValueError, match="writes no next token"):
        decode_flops(PRESETS["bert-base"].config, 8)


def test_every_accelerator_is_plausible_and_sourced() -> None:
    for card in ACCELERATORS.values():
        assert card.flops32 < card.flops16 and card.source and 2016 < card.year < 2027
        assert 50 < ridge(card.flops16, card.bandwidth) < 400
    assert ACCELERATORS[USUAL].memory == 24 * GB


# ------------------------------------------------------------------------------------------- hours


def test_published_hours_mean_a_believable_utilization() -> None:
    found = {}
    for key, one in PRESETS.items():
        if one.hours and one.tokens and one.device:
            found[key] = utilization(one.config, one.tokens, one.config.n_ctx, one.device.flops16, one.hours)
    assert set(found) == {"llama2-7b", "llama2-13b", "llama2-70b", "llama3-8b", "llama3-70b"}
    assert all(0.1 < share < 0.6 for share in found.values()), found
    one = PRESETS["llama2-70b"]
    assert one.device is not None and one.tokens is not None
    again = training(one.config, one.tokens, 4096, one.device.flops16, found["llama2-70b"], 1000, 400)
    assert again.device_hours == pytest.approx(1_720_320)
    assert again.seconds == pytest.approx(1_720_320 * 3.6)
    assert again.kilowatt_hours == pytest.approx(1_720_320 * 0.4)


def test_gpt3s_operations_are_the_papers() -> None:
    done = training(GPT3, 300e9, 2048, 1e15, 1.0, 1, 1.0)
    # Brown et al. 2020, table D.1: 3.14e23, without the scores and the unembedding of each token's 12,288 numbers.
    assert 3.14e23 < done.flops < 1.05 * 3.14e23
    assert usual_tokens(GPT3) == 20 * parameters(GPT3)


@pytest.mark.parametrize(
    "wrong", [{"tokens": 0}, {"peak": -1.0}, {"utilization": 1.2}, {"devices": 0}, {"watts": 0.0}]
)
def test_a_training_of_nothing_is_refused(wrong: dict[str, float]) -> None:
    good = {"tokens": 1e6, "length": 8, "peak": 1e12, "utilization": 0.5, "devices": 1, "watts": 100.0}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        training(TALES, **(good | wrong))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------- sizes


def test_ten_trillion_weights_are_counted_and_nothing_is_allocated() -> None:
    assert parameters(HUGE) > 10**13
    with torch.device("meta"):
        blocks = build(HUGE.replace(n_layers=1))
        rest = sum(weight.numel() for weight in build(HUGE.replace(n_layers=0)).parameters())
    one = sum(weight.numel() for weight in blocks.parameters()) - rest
    assert parameters(HUGE) == rest + 1_000 * one
    assert held(training_memory(HUGE, 2**20), 2**20) > 10**18
    assert largest_batch(training_memory(HUGE, 1), 24 * GB) == 0


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"d_model": 100, "n_heads": 3}, "choose a multiple, such as 99 or 102"),
        ({"d_model": 0}, "width 0 is not between 1"),
        ({"n_heads": 0}, "heads 0"),
        ({"n_heads": -4}, "heads -4"),
        ({"d_model": 10**9}, "width 1,000,000,000 is not between 1 and 1,000,000"),
        ({"n_heads": 4, "n_kv_heads": 3}, "4 heads do not share 3 key/value heads"),
        ({"d_model": 2, "n_heads": 4}, "choose a multiple, such as 4"),
        ({"d_model": 12, "n_heads": 4}, "rotary positions turn pairs"),
        ({"d_vocab": 0}, "vocabulary 0"),
    ],
)
def test_sizes_that_make_no_model_say_why(sizes: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        resized(TALES, **sizes)


def test_other_sizes_keep_what_belongs_to_them() -> None:
    llama = PRESETS["llama2-70b"].config
    wide = resized(llama, d_model=4096, n_heads=32)
    assert (wide.head_size, wide.kv_heads, wide.mlp_size) == (128, 4, 14_336)
    assert resized(llama, n_layers=2).n_layers == 2
    t5 = resized(PRESETS["t5-small"].config, n_layers=3)
    assert (t5.n_layers, t5.decoder_layers) == (3, 3)
    assert resized(TALES, d_vocab=2).d_vocab == 2
    assert resized(TALES) == TALES
    assert LIMITS.keys() == NAMES.keys() == {name for name, _ in SIZES.values()}
    bounds = {field.key: field.high for field in FIELDS}
    assert all(bounds[key] == LIMITS[name] for key, (name, _) in SIZES.items())


def test_the_links_choices_are_cores() -> None:
    choices = {field.key: field.choices for field in FIELDS}
    assert choices["costed"] == SUBJECTS
    assert choices["floats"] == PRECISIONS
    assert choices["card"] == tuple(ACCELERATORS)


# ------------------------------------------------------------------------------------------- measuring


def test_a_measurement_finds_what_the_formula_says_and_changes_nothing() -> None:
    lm = load("tales-gpt")
    before = {name: weight.clone() for name, weight in lm.transformer.state_dict().items()}
    at = size_for(lm.config, 2, 10_000)
    assert at.batch * at.length <= 2048 and at.length < lm.config.n_ctx
    at = size_for(lm.config, 2, 9)
    found = {one.name: one for one in measure(lm, at)}
    assert tuple(found) == STEPS
    kinds = {one.name: one.bytes(2) for one in training_memory(lm.config, 9)}
    assert all(found[name].value == kinds[name] for name in kinds)
    assert all(one.value and one.value > 0 for one in found.values())
    after = lm.transformer.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(weight.grad is None for weight in lm.transformer.parameters())


def test_the_peaks_count_what_the_timed_work_does(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def take_a_second(work: Any, device: Any) -> float:
        made.append(work())
        return 1.0

    monkeypatch.setattr("core.training.measuring._seconds", take_a_second)
    moved, done = bandwidth(size=4096), peak_flops(side=8)
    copied, product = made
    assert moved == 2 * copied.nbytes == 8192, "a byte is read and written"
    assert product.shape == (8, 8) and done == 2 * 8 * product.numel(), "8 products and 8 sums for each value"


def test_a_model_too_large_to_learn_here_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.training.measuring.available", lambda: 1_000_000)
    found = {one.name: one for one in measure(load("tales-gpt"), size_for(TALES, 1, 5))}
    assert tuple(found) == STEPS
    for name in ("activations", "gradients", "optimizer", "step"):
        assert found[name].value is None and "more than half of what is free here" in str(found[name].why)
    assert found["weights"].value == 4 * parameters(TALES)


def test_single_numbers_and_weights_are_not_kept_bytes() -> None:
    config = preset("gpt2-nano", d_vocab=11)
    model = build(config).train()
    few = saved_bytes(model, torch.zeros(1, 4, dtype=torch.long))
    assert 0 < few < 4 * parameters(config)


@pytest.mark.full(reason="takes a second")
def test_the_package_still_estimates_this_projects_runs() -> None:
    from core.training.spec import TrainSpec

    found = estimate(TrainSpec(model="gpt-nano"), Rate(1e9, 1e9, 1e-4, 1e-3))
    assert isinstance(found, Estimate) and found.parameters > 0
    assert measured_rate().flops > 0
    assert isinstance(TALES, ModelConfig)


def test_units_read_well() -> None:
    assert [size(n) for n in (0, 999, 1000, 497_759_232, 999_600_000, 24 * GB)] == [
        "0 B", "999 B", "1.00 kB", "498 MB", "1.00 GB", "24.0 GB",
    ]  # fmt: skip
    assert [si(n, "FLOP") for n in (12, 1234, 3.14e23)] == ["12 FLOP", "1.23 kFLOP", "314 ZFLOP"]
    assert [seconds(n) for n in (2e-9, 1.5e-3, 59, 3600 * 5, 4e9)] == [
        "2 ns", "1.50 ms", "59.0 s", "5.00 hours", "127 years",
    ]  # fmt: skip
