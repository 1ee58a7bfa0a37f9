"""Settings that a method does not allow, what is quantized and what stays, GPTQ's texts, kernels, the front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

import core
from core.checkpoints.compact import compact, restore
from core.efficiency import (
    calibration,
    compressing,
    frontier,
    judging,
    kernels,
    movement,
    packing,
    quantization,
)
from core.efficiency.gptq import gptq
from core.efficiency.quantization import Quantization, QuantizationError, nearest
from core.language_model import LanguageModel
from core.training.text_loss import TextLoss

NAMES = ("tales-gpt", "tales-bert", "tales-t5")


def compress(
    lm: LanguageModel, setting: Quantization, texts: Sequence[TextLoss] = ()
) -> compressing.Compressed:
    """The whole model at once."""
    *_, last = compressing.compress_steps(lm, setting, texts)
    return last


@pytest.fixture(scope="module", params=NAMES)
def lm(request: pytest.FixtureRequest) -> LanguageModel:
    return core.load(request.param, device="cpu")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"bits": 0}, "0 bits: nothing is left below 1 bit; choose one of 1, 2, 4, 8, 16"),
        ({"bits": -2}, "nothing is left below 1 bit"),
        ({"bits": 3}, "3 bits: codes have to divide a byte"),
        (
            {"bits": 1},
            "1 bit around zero leaves only the value 0: choose at least 2 bits, or a grid from smallest",
        ),
        ({"bits": 16, "method": "gptq"}, "on no grid that GPTQ could use: choose 8 bits or fewer"),
        ({"granularity": "column"}, "'column' is not one of tensor, channel, group"),
        ({"method": "awq"}, "'awq' is not one of nearest, gptq"),
        ({"granularity": "group", "group": 1}, "a group of 1 weights saves nothing"),
    ],
)
def test_a_setting_that_is_not_allowed_says_what_is(given: dict[str, Any], says: str) -> None:
    with pytest.raises(QuantizationError, match=says.replace("(", r"\(")):
        Quantization(**given)


def test_a_group_that_does_not_divide_a_row_names_those_that_do() -> None:
    with pytest.raises(
        QuantizationError, match=r"rows of 48 weights .* groups of 32: choose 16, or one scale a row"
    ):
        nearest(torch.ones(2, 48), Quantization(4, "group", 32))
    with pytest.raises(QuantizationError, match="groups of 32: choose one scale a row"):
        nearest(torch.ones(2, 7), Quantization(4, "group", 32))
    lm = core.load("tales-gpt", device="cpu")
    with pytest.raises(QuantizationError, match=r"rows of 128 weights \(blocks.0.attn.weight_qkv\)"):
        compress(lm, Quantization(4, "group", 48))


def test_gptq_wants_a_text_and_says_so(lm: LanguageModel) -> None:
    setting = Quantization(4, method="gptq")
    with pytest.raises(QuantizationError, match="GPTQ needs a text to calibrate on: none was given"):
        compress(lm, setting)
    with pytest.raises(ValueError, match="none was given"):
        calibration.input_products(lm.transformer, compressing.matrix_names(lm)[0], [])
    with pytest.raises(QuantizationError, match="nothing was read"):
        gptq(torch.ones(2, 4), torch.zeros(4, 4), setting)
    with pytest.raises(QuantizationError, match=r"H is \(3, 3\) for rows of 4 weights"):
        gptq(torch.ones(2, 4), torch.eye(3), setting)


def test_blocks_take_the_bits_tables_eight_and_vectors_sixteen(lm: LanguageModel) -> None:
    small = compress(lm, Quantization(2, "channel", symmetric=False))
    names = [name for block in compressing.matrix_names(lm) for name in block]
    assert set(small.matrices) == set(names) and all("blocks." in name for name in names)
    own = judging.tensors(lm)
    others = {name: weight for name, weight in own.items() if name not in names}
    expected = restore(compact(others))
    state = small.state()
    assert set(state) == set(own)
    for name, weight in own.items():
        if name in names:
            assert all(len(row.unique()) <= 4 for row in state[name][:8])
        else:
            assert torch.equal(state[name], expected[name].float())
            limit = weight.abs().amax(-1, keepdim=True) / 253 if weight.ndim == 2 else weight.abs() / 1024
            assert ((state[name] - weight).abs() <= limit + 1e-7).all()
    packed = small.file()
    assert packed[names[0] + packing.CODES].shape[1] * 4 == own[names[0]].shape[1]
    assert 2 < small.bits_each < 3


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
def test_the_original_stays_as_it_is(lm: LanguageModel) -> None:
    before = {name: weight.clone() for name, weight in judging.tensors(lm).items()}
    texts = judging.yardstick(lm, "train", 2)
    small = compress(lm, Quantization(2, "group", 32, "gptq", False), texts)
    other = compressing.model_of(lm, small)
    kernels.int8_model(lm)
    assert all(torch.equal(weight, before[name]) for name, weight in judging.tensors(lm).items())
    name = compressing.matrix_names(lm)[0][0]
    assert not torch.equal(judging.tensors(other)[name], before[name])


def test_gptq_moves_products_less_though_weights_more(lm: LanguageModel) -> None:
    texts = judging.yardstick(lm, "train", 4)
    first = compressing.matrix_names(lm)[0]
    inputs = calibration.inputs_read(lm.transformer, first, texts)
    plain, tuned = (
        next(compressing.compress_steps(lm, Quantization(2, "channel", 32, way, False), texts))  # type: ignore[arg-type]
        for way in ("nearest", "gptq")
    )
    own = judging.tensors(lm)
    for name in first:
        apart = [
            movement.product_error(own[name], small.matrices[name].weight(), inputs[name])
            for small in (plain, tuned)
        ]
        gone = [movement.moved(own[name], small.matrices[name]).relative for small in (plain, tuned)]
        assert apart[1] < apart[0]
        assert gone[1] > gone[0]


def test_input_products_are_what_hooks_see() -> None:
    lm = core.load("tales-t5", device="cpu")
    text = judging.yardstick(lm)[0]
    cross = "decoder.blocks.1.cross_attn.weight_qkv"
    out = "encoder.blocks.0.mlp.weight_out"
    with torch.no_grad(), core.hooks.recording() as seen:
        lm.transformer(*text.inputs)
    found = calibration.input_products(lm.transformer, [out, cross], [text])
    post = seen["encoder.blocks.0.mlp.hook_post"][0]
    torch.testing.assert_close(found[out][0, 128], post.T @ post, rtol=1e-4, atol=1e-4)
    assert sorted(found[cross]) == [
        (0, 128),
        (128, 384),
    ]  # queries read the decoder, keys and values the encoder
    read = seen["encoder.ln_final.hook_normalized"][0] * lm.transformer.encoder.ln_final.w.detach()
    torch.testing.assert_close(found[cross][128, 384], read.T @ read, rtol=1e-4, atol=1e-3)
    twice = calibration.inputs_read(lm.transformer, [out, cross], [text, text])
    torch.testing.assert_close(twice[out][0, 128], torch.cat([post, post]), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(twice[cross][128, 384], torch.cat([read, read]), rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match=r"no product of this model uses encoder\.embed\.W_E"):
        calibration.input_products(lm.transformer, ["encoder.embed.W_E"], [text])


def test_product_error_is_that_of_the_products() -> None:
    source = torch.Generator().manual_seed(0)
    weight, x = torch.randn(6, 9, generator=source), torch.randn(9, 30, generator=source)
    after = weight + 0.1 * torch.randn(6, 9, generator=source)
    inputs = {(0, 2): x.T, (2, 6): 2 * x.T}
    gone = torch.cat([(after - weight)[:2] @ x, 2 * (after - weight)[2:] @ x])
    whole = torch.cat([weight[:2] @ x, 2 * weight[2:] @ x])
    assert movement.product_error(weight, after, inputs) == pytest.approx(
        float(gone.norm() / whole.norm()), rel=1e-5
    )
    assert movement.product_error(torch.zeros(2, 9), torch.zeros(2, 9), {(0, 2): x.T}) == 0


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
def test_a_judged_copy_of_itself_loses_nothing(lm: LanguageModel) -> None:
    before = judging.reference(lm, judging.yardstick(lm))
    same = judging.judge(before, judging.changed(lm, {}))
    assert (same.rise, same.agreement, same.kl) == (0, 1, 0) and same.low < 1 and same.places >= 200
    assert same.seconds > 0 and same.parameters == lm.n_parameters
    few = judging.judge(before, compressing.model_of(lm, compress(lm, Quantization(2))), timed=False)
    assert few.rise_low > 0.5 and few.high < 0.9 and few.kl > 0.5
    assert few.loss == pytest.approx(same.loss + few.rise, abs=1e-5)


def test_judging_refuses_what_it_cannot_compare() -> None:
    gpt, t5 = core.load("tales-gpt", device="cpu"), core.load("tales-t5", device="cpu")
    before = judging.reference(gpt, judging.yardstick(gpt, count=1))
    with pytest.raises(ValueError, match="a vocabulary of 2,048 cannot be held against one of 1,024"):
        judging.judge(before, t5)
    with pytest.raises(ValueError, match="no texts to judge by"):
        judging.reference(gpt, [])
    with pytest.raises(ValueError, match="count=0 must be at least 1"):
        judging.yardstick(gpt, count=0)
    with pytest.raises(ValueError, match=r"no weight 'blocks\.9\.attn\.weight_o'"):
        judging.changed(gpt, {"blocks.9.attn.weight_o": torch.ones(1)})
    with pytest.raises(ValueError, match=r"ln_final.w is \(128,\), not \(3,\)"):
        judging.changed(gpt, {"ln_final.w": torch.ones(3)})


def test_texts_to_calibrate_on_are_no_texts_to_judge_by(lm: LanguageModel) -> None:
    judged = [one.inputs[0].tolist() for one in judging.yardstick(lm)]
    assert not [one for one in judging.yardstick(lm, "train", 8) if one.inputs[0].tolist() in judged]


def test_kernels_say_what_runs_and_how_exactly() -> None:
    found = {one.kernel: one for one in kernels.time_products((64, 96), 5)}
    assert list(found) == list(kernels.KERNELS)
    for name, most in {
        "float32": 0.0,
        "bfloat16": 0.01,
        "int8": 0.03,
        "int8 weights": 0.03,
        "int4 weights": 0.2,
    }.items():
        one = found[name]
        assert (one.seconds is None) == bool(one.why)
        if one.error is not None:
            assert one.error <= most
    assert found["float32"].seconds is not None and found["int8"].seconds is not None
    with pytest.raises(ValueError, match="tokens=0 must be at least 1"):
        kernels.time_products((8, 8), 0)
    with pytest.raises(ValueError, match="no kernel is called 'int2'"):
        kernels.time_products((8, 8), 1, ["int2"])


@pytest.mark.parametrize("narrow", [False, True])
def test_int8_products_are_exact_where_a_processor_adds_in_sixteen_bits(
    narrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which processor this is says nothing: one that overflows is put in the other's place, as oneDNN describes it."""

    def saturating(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        above, right = x.int() + 128, y.int()  # an unsigned number times a signed one
        pairs = (above[:, :, None] * right[None]).unflatten(1, (-1, 2)).sum(2).clamp(-(2**15), 2**15 - 1)
        return pairs.sum(1) - 128 * right.sum(0)

    def whole(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (x.long() @ y.long()).int()

    monkeypatch.setattr(torch, "_int_mm", saturating if narrow else whole)
    kernels.overflows.cache_clear()
    try:
        assert kernels.overflows() == narrow
        source = torch.Generator().manual_seed(4)
        codes = torch.randint(-127, 128, (6, 32), generator=source).to(torch.int8)
        weight = torch.randint(-127, 128, (5, 32), generator=source).to(torch.int8)
        codes[0], codes[1], weight[0], weight[1] = 127, -127, 127, -127
        exact = whole(codes, weight.T)
        assert torch.equal(kernels.int8_product(codes, weight), exact)
        assert torch.equal(torch._int_mm(codes, weight.T), exact) != narrow
        assert [one.halved for one in kernels.time_products((8, 8), 1, ["float32", "int8"])] == [
            False,
            narrow,
        ]
    finally:
        kernels.overflows.cache_clear()


def test_int8_products_are_exact_here() -> None:
    largest = torch.full((3, 32), 127, dtype=torch.int8)
    for codes in (largest, -largest):
        assert kernels.int8_product(codes, largest).tolist() == [[int(codes[0, 0]) * 127 * 32] * 3] * 3


def test_a_kernel_that_is_missing_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(weight: torch.Tensor, x: torch.Tensor) -> Any:
        raise NotImplementedError("not on this processor")

    monkeypatch.setitem(kernels.KERNELS, "int8", missing)
    one = kernels.time_products((8, 8), 1, ["float32", "int8"])[1]
    assert (one.seconds, one.error, one.why) == (None, None, "not on this processor")


def test_the_int8_model_says_nearly_the_same(lm: LanguageModel) -> None:
    before = judging.reference(lm, judging.yardstick(lm))
    judged = judging.judge(before, kernels.int8_model(lm), timed=False)
    assert 0 < judged.kl < 0.01 and judged.agreement > 0.95


def test_the_front_takes_every_setting_and_groups_that_divide(lm: LanguageModel) -> None:
    wanted = frontier.settings(lm)
    assert len(wanted) == len(set(wanted)) == 37
    assert {one.group for one in wanted if one.granularity == "group"} == {32}
    few = [one for one in wanted if one.bits in (16, 8) and one.method == "nearest"][:3]
    before = judging.reference(lm, judging.yardstick(lm, count=1))
    points = [one for one in frontier.measure_steps(before, few) if one is not None]
    assert [point.setting for point in points] == few
    assert points[0].judged.bytes > points[1].judged.bytes


def test_a_histogram_counts_every_weight_and_a_group_is_found() -> None:
    weight = torch.arange(12.0).reshape(2, 6)
    counts = movement.histogram(weight, 0, 11)
    assert sum(counts) == 12 and counts[0] == 1 and counts[-1] == 1
    assert movement.histogram(weight, 3, 3)[0] == 12
    setting = Quantization(4, "group", 3)
    assert movement.one_group(weight, setting, 1, 1).tolist() == [9, 10, 11]
    assert movement.one_group(weight, Quantization(4, "tensor"), 1, 0).shape == (12,)
    with pytest.raises(ValueError, match="row 2, group 0: there are 2 rows of 2 groups"):
        movement.one_group(weight, setting, 2, 0)


def test_scales_keep_their_digits_whatever_their_size() -> None:
    tiny = quantization.stored(torch.tensor([1e-9, 0.0]))
    assert tiny.tolist() == pytest.approx([1e-9, 1.0])
    assert quantization.stored(torch.tensor([1e6])).tolist() == [1e6]
    half = torch.tensor(
        [0.1]
    ).half()  # 0.09997…: of a step that short the codes would not reach the outermost weight
    (up,) = quantization.stored(torch.tensor([0.1])).tolist()
    assert 0.1 < up < 0.1 * (1 + 2**-10) and torch.tensor(up).half().item() == up > half.item()
    assert quantization.stored(half.float()).tolist() == half.tolist()
    assert quantization.stored(half.float() * (1 + 2**-23)).tolist() == half.tolist()
    assert quantization.stored(torch.tensor([65504.0])).tolist() == [65504.0]


def test_a_pace_compares_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = core.load("tales-gpt", device="cpu")
    before = judging.reference(lm, judging.yardstick(lm, count=1))
    taken = iter([9.0, 9.0, 1.0, 1.5, 2.0, 2.4, 4.0, 6.0, 1.0, 1.1])  # the first round warms up
    monkeypatch.setattr(judging, "_seconds", lambda work, device: next(taken))
    found = judging.pace(before, lm, rounds=4)
    assert [found.original, found.changed] == pytest.approx([1.5, 1.95])
    assert [found.low, found.high] == pytest.approx([1.175, 1.5])  # of 1.1, 1.2, 1.5, 1.5
    with pytest.raises(ValueError, match="rounds=1 must be at least 2"):
        judging.pace(before, lm, rounds=1)
