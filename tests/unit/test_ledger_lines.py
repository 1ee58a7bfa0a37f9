"""The ledger with fewer lines, what its lines say to the logits, and a block wired both ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.analysis.stacks import Half
from core.analysis.stream.depth import rms
from core.analysis.stream.ledger import ledger
from core.analysis.stream.ledger_lines import (
    NORM_BIASES,
    NoDirectLogits,
    direct_logits,
    gathered,
    running_sums,
    without_line,
)
from core.analysis.stream.norm_wiring import wired
from core.analysis.stream.normalization import norm_names, norm_of, spread, stream_before
from tests.blocks import STACKS, made, model, target_of
from tests.heads import TEXT


def books(name: str, stack: Any, row: int = -1) -> tuple[Any, Any, Any]:
    """The model, the gathered ledger, and the same through the final norm."""
    lm = model(name)
    options = {"stack": stack, "target": target_of(lm)}
    plain = gathered(ledger(lm, TEXT, row, **options))
    return lm, plain, gathered(ledger(lm, TEXT, row, through_final=True, **options))


@pytest.mark.parametrize(("name", "stack"), STACKS)
def test_gathered_lines_are_the_parts_and_still_add_up(name: str, stack: Any) -> None:
    lm, book, _ = books(name, stack, 3)
    whole = ledger(lm, TEXT, 3, stack=stack, target=target_of(lm))
    total = sum(entry.vector for entry in book.entries)
    np.testing.assert_allclose(total, sum(entry.vector for entry in whole.entries), atol=1e-10)
    assert sum(entry.share for entry in book.entries) == pytest.approx(1)
    assert not any(entry.name.endswith("bias") for entry in book.entries)
    half, trace = Half.of(lm, stack), lm.trace(TEXT, target_of(lm))
    for layer in range(len(half.stack.blocks)):
        for part, hook in (("attention", "hook_attn_out"), ("mlp", "hook_mlp_out")):
            wrote = trace[f"{half.prefix}blocks.{layer}.{hook}"][3].detach()
            np.testing.assert_allclose(book[f"L{layer} {part}"].written, wrote, atol=1e-10)
    for entry, together in zip(book.entries, running_sums(book)):
        assert entry.running == pytest.approx(np.linalg.norm(together))
        assert entry.norm == pytest.approx(np.linalg.norm(entry.vector))
    biased = any(entry.part == "norm bias" for entry in whole.entries)
    assert (book.entries[-1].name == NORM_BIASES) == biased


@pytest.mark.parametrize(("name", "stack"), STACKS)
def test_what_the_lines_say_to_a_logit_adds_up_to_it(name: str, stack: Any) -> None:
    lm, book, through = books(name, stack)
    half, trace = Half.of(lm, stack), lm.trace(TEXT, target_of(lm))
    if half.stack.unembed is None or half.stack.mlm_head is not None:
        with pytest.raises(NoDirectLogits):
            direct_logits(lm, book, through, 5, stack=stack)
        return
    found = direct_logits(lm, book, through, 5, stack=stack)
    assert found.logit == pytest.approx(float(trace.logits[-1, 5]), abs=1e-8)
    assert list(found.parts) == [entry.name for entry in book.entries]
    for name_, pairs in found.up.items():
        said = (
            torch.from_numpy(through[name_].vector)
            @ half.stack.unembed.W_U.detach()
            * half.stack.unembed.scale
        )
        for at, value in (*pairs, *found.down[name_]):
            assert value == pytest.approx(float(said[at]), rel=1e-4, abs=1e-5)
        assert pairs[0][1] == pytest.approx(float(said.max()), rel=1e-4, abs=1e-5)
        assert found.down[name_][0][1] == pytest.approx(float(said.min()), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(("name", "stack"), STACKS)
def test_without_a_line_the_head_reads_the_rest(name: str, stack: Any) -> None:
    lm, book, _ = books(name, stack, 2)
    half = Half.of(lm, stack)
    line = book.entries[-1]
    if half.stack.unembed is None:
        with pytest.raises(NoDirectLogits):
            without_line(lm, book, line.name, stack=stack)
        return
    left = torch.from_numpy(book.final - line.vector)
    expected = half.stack.head(left[None, None])[0, 0].detach()
    np.testing.assert_allclose(without_line(lm, book, line.name, stack=stack), expected, atol=1e-4)
    with pytest.raises(KeyError):
        without_line(lm, book, "L9 attention", stack=stack)


@pytest.mark.parametrize(("name", "stack"), STACKS)
def test_the_stream_before_a_norm_is_what_the_norm_reads(name: str, stack: Any) -> None:
    lm = model(name)
    trace = lm.trace(TEXT, target_of(lm))
    for norm in norm_names(lm, stack):
        read = stream_before(lm, norm, trace, stack).detach()
        np.testing.assert_array_equal(read, norm_of(lm, TEXT, norm, target=target_of(lm), trace=trace).x)
    half = Half.of(lm, stack)
    np.testing.assert_array_equal(
        stream_before(lm, f"{half.prefix}ln_final", trace, stack).detach(), half.leaving(trace).detach()
    )


def test_without_norms_the_stream_is_found_all_the_same() -> None:
    lm = made(norm="none")
    trace = lm.trace(TEXT)
    assert norm_names(lm) == []
    for name, hook in (
        ("blocks.1.ln1", "blocks.1.hook_resid_pre"),
        ("blocks.0.ln2", "blocks.0.hook_resid_mid"),
    ):
        np.testing.assert_array_equal(stream_before(lm, name, trace).detach(), trace[hook].detach())


@pytest.mark.parametrize(("name", "stack"), STACKS)
def test_wired_its_own_way_a_block_is_the_models(name: str, stack: Any) -> None:
    lm = model(name)
    half, trace = Half.of(lm, stack), lm.trace(TEXT, target_of(lm))
    for layer in range(len(half.stack.blocks)):
        both = {way: wired(lm, trace, layer, 3, way, stack) for way in ("pre", "post")}  # type: ignore[arg-type]
        own = next(one for one in both.values() if one.own)
        path = f"{half.prefix}blocks.{layer}"
        found = dict(own.steps)  # the last of several sums
        assert own.steps[0][0] == "x"
        assert own.steps[0][1] == pytest.approx(rms(trace[f"{path}.hook_resid_pre"][3]))
        assert found["attention"] == pytest.approx(rms(trace[f"{path}.hook_attn_out"][3]), rel=1e-5)
        assert found["mlp"] == pytest.approx(rms(trace[f"{path}.hook_mlp_out"][3]), rel=1e-5)
        assert found["sum"] == pytest.approx(rms(trace[f"{path}.hook_resid_post"][3]), rel=1e-5)
        other = next(one for one in both.values() if not one.own)
        assert sorted(name for name, _ in other.steps) == sorted(name for name, _ in own.steps)


def test_a_spread_is_numpys() -> None:
    values = np.random.default_rng(0).normal(1, 3, 200)
    found = spread(values)
    assert sum(found.counts) == 200 and found.edge == pytest.approx(np.abs(values).max())
    assert [found.mean, found.deviation] == pytest.approx([values.mean(), values.std()])
    assert spread(np.zeros(4)).edge == 1.0
