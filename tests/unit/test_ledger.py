"""The ledger of one token: what every part wrote adds up to the last row, in every shape, with norms in the stream."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import core
from core.analysis.stacks import Half
from core.analysis.stream.ledger import ledger
from core.hooks import Intervention, ablate_head, intervene
from core.model.norm import Normalise
from tests.blocks import PARTS, STACKS, made, model, target_of
from tests.heads import TEXT

ROWS = (0, 4, -1)


def book(name: str, stack: Any, row: int = -1, **options: Any) -> Any:
    lm = model(name)
    return ledger(lm, TEXT, row, stack=stack, target=target_of(lm), **options)


@pytest.mark.parametrize("by_head", [False, True])
@pytest.mark.parametrize(("name", "stack"), STACKS)
def test_the_lines_add_up_to_the_last_row(name: str, stack: Any, by_head: bool) -> None:
    lm = model(name)
    trace = lm.trace(TEXT, target_of(lm))
    for row in ROWS:
        found = book(name, stack, row, by_head=by_head, trace=trace)
        half = Half.of(lm, stack)
        final = half.leaving(trace)[row].detach().numpy()
        np.testing.assert_allclose(found.final, final, rtol=0, atol=1e-12)
        total = sum(entry.vector for entry in found.entries)
        assert np.linalg.norm(total - final) <= 1e-10 * np.linalg.norm(final)
        assert found.error <= 1e-10
        assert sum(entry.share for entry in found.entries) == pytest.approx(1)
        assert found.entries[-1].running == pytest.approx(np.linalg.norm(final))
        assert found.token == int(half.ids(trace)[row])


@pytest.mark.parametrize(("name", "stack"), STACKS)
def test_through_the_final_norm_they_add_up_to_what_the_unembedding_reads(name: str, stack: Any) -> None:
    lm = model(name)
    half = Half.of(lm, stack)
    found = book(name, stack, through_final=True, by_head=True)
    trace = lm.trace(TEXT, target_of(lm))
    read = half.leaving(trace)
    if half.stack.ln_final is not None:
        read = half.stack.ln_final(read)
    np.testing.assert_allclose(found.final, read[-1].detach(), atol=1e-12)
    assert found.error <= 1e-10
    if half.stack.unembed is not None and half.stack.mlm_head is None:
        logits = found.along((half.stack.unembed.W_U * half.stack.unembed.scale).detach().numpy()).sum(0)
        bias = half.stack.unembed.b_U
        np.testing.assert_allclose(
            logits + (0 if bias is None else bias.detach().numpy()), trace.logits[-1].detach(), atol=1e-9
        )


def test_every_number_of_a_line_is_what_it_says() -> None:
    for name in ("gpt", "bert", "as tales-gpt"):
        found = book(name, None, 3, by_head=True)
        running = np.zeros_like(found.final)
        for entry in found.entries:
            running = running + entry.vector
            assert entry.norm == pytest.approx(np.linalg.norm(entry.vector))
            assert entry.dot == pytest.approx(entry.vector @ found.final)
            assert entry.share == pytest.approx(entry.dot / (found.final @ found.final))
            assert entry.running == pytest.approx(np.linalg.norm(running))
            assert -1 <= entry.cosine <= 1
            if entry.norm:
                assert entry.cosine == pytest.approx(entry.dot / entry.norm / np.linalg.norm(found.final))
            assert found[entry.name] is entry


def test_what_was_written_is_what_the_pass_wrote() -> None:
    lm = model("gpt")
    trace = lm.trace(TEXT)
    plain, heads = book("gpt", None, 5), book("gpt", None, 5, by_head=True)
    assert [entry.name for entry in plain.entries] == [
        "embedding", "position",
        "L0 attention", "L0 attention bias", "L0 mlp", "L0 mlp bias",
        "L1 attention", "L1 attention bias", "L1 mlp", "L1 mlp bias",
    ]  # fmt: skip
    assert not plain.rescaled
    for entry in plain.entries:
        np.testing.assert_array_equal(entry.written, entry.vector)
    np.testing.assert_allclose(plain["embedding"].written, trace["hook_embed"][5].detach())
    np.testing.assert_allclose(plain["position"].written, trace["hook_pos_embed"][5].detach())
    for layer in (0, 1):
        for part, hook in (("attention", "hook_attn_out"), ("mlp", "hook_mlp_out")):
            wrote = plain[f"L{layer} {part}"].written + plain[f"L{layer} {part} bias"].written
            np.testing.assert_allclose(wrote, trace[f"blocks.{layer}.{hook}"][5].detach(), atol=1e-12)
        result = trace[f"blocks.{layer}.attn.hook_result"][5].detach()
        for head in range(4):
            entry = heads[f"L{layer}H{head}"]
            np.testing.assert_allclose(entry.written, result[head], atol=1e-12)
            assert (entry.layer, entry.head, entry.part) == (layer, head, "attention")


def test_both_stacks_of_a_post_norm_model_with_a_source() -> None:
    names = [e.name for e in book("post-norm with a source, grouped", "decoder", by_head=True).entries]
    assert [name for name in names if name.startswith("L2")] == [
        "L2H0", "L2H1", "L2H2", "L2H3", "L2 attention bias",
        "L2X0", "L2X1", "L2X2", "L2X3", "L2 cross-attention bias",
        "L2 mlp", "L2 mlp bias",
    ]  # fmt: skip
    assert len(set(names)) == len(names)
    names = [e.name for e in book("post-norm with a source, grouped", "encoder").entries]
    assert not any("cross" in name for name in names)


def test_under_post_norm_each_line_goes_through_every_later_norm() -> None:
    """By hand: the embedding's part of the first block's first norm, with the scale of the whole sum."""
    lm = made(n_layers=1, norm_placement="post", final_norm=False)
    found = ledger(lm, TEXT, 2)
    assert found.rescaled
    trace, block = lm.trace(TEXT), lm.transformer.blocks[0]

    def through(norm: Normalise, part: Any, whole: Any) -> Any:
        scale = np.sqrt(whole.var() + norm.eps)
        return (part - part.mean()) / scale * norm.w.detach().numpy()

    value = trace["hook_embed"][2].detach().numpy()
    np.testing.assert_allclose(found["embedding"].written, value)
    for norm, hook in ((block.ln1, "hook_resid_mid"), (block.ln2, "hook_resid_post")):
        value = through(norm, value, trace[f"blocks.0.{hook}"][2].detach().numpy())
    np.testing.assert_allclose(found["embedding"].vector, value, atol=1e-12)
    bias = through(
        block.ln2, block.ln1.b.detach().numpy(), trace["blocks.0.hook_resid_post"][2].detach().numpy()
    )
    np.testing.assert_allclose(found["L0 ln1 bias"].vector, bias, atol=1e-12)
    np.testing.assert_allclose(found["L0 ln2 bias"].vector, block.ln2.b.detach(), atol=1e-12)


def test_without_residual_nothing_of_what_stood_is_left() -> None:
    found = book("no residual", None)
    left = {entry.name for entry in found.entries if entry.norm > 0}
    assert left == {"L1 mlp", "L1 mlp bias"}
    assert found["embedding"].cosine == 0.0


def test_a_change_of_the_pass_is_in_the_ledger() -> None:
    lm = model("gpt")
    with intervene(ablate_head(0, 1)):
        found = ledger(lm, TEXT, by_head=True)
    assert found["L0H1"].norm == 0
    assert found.error <= 1e-10


def test_a_part_that_somebody_added_from_outside_shows_as_an_error() -> None:
    lm = model("gpt")
    push = Intervention(("blocks.1.hook_resid_post",), lambda x: x + 1.0, "a push")
    with intervene(push):
        assert ledger(lm, TEXT).error > 1e-3


def test_the_bundled_model_in_float32() -> None:
    lm = core.load("tales-gpt", device="cpu")
    text = "Once upon a time, there was a little dog named Max."
    trace = lm.trace(text)
    for row in (0, 7, -1):
        for through in (False, True):
            found = ledger(lm, text, row, by_head=True, through_final=through, trace=trace)
            assert found.error < 1e-5
            assert found.rescaled


def test_bad_rows_stacks_and_traces() -> None:
    lm = model("gpt")
    with pytest.raises(ValueError, match="row 99 is not one of"):
        ledger(lm, TEXT, 99)
    with pytest.raises(ValueError, match="without another stack"):
        ledger(lm, TEXT, stack="encoder")
    with pytest.raises(ValueError, match="another text"):
        ledger(lm, TEXT, trace=lm.trace("no"))
    with pytest.raises(KeyError):
        ledger(lm, TEXT)["L9 mlp"]


def test_one_token_and_every_shape_is_tried() -> None:
    lm = model("gpt")
    found = ledger(lm, [5])
    assert found.row == 0
    assert found.error < 1e-10
    assert {name for name, _ in STACKS} == set(PARTS)
    assert torch.get_default_dtype() == torch.float32
