"""The loss written out, against torch's own functions and autograd; and a text's losses against a plain pass."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core.config import ModelConfig
from core.language_model import LanguageModel, Text
from core.model.transformer import build
from core.text.training import learn
from core.training import loss as fused
from core.training.losses import (
    bits,
    closed,
    cross_entropy,
    logit_gradient,
    perplexity,
    score_batch,
    score_text,
    wanted,
)
from core.training.text_loss import text_loss

TEXT = "The fox saw the crow and the crow saw the fox"


def drawn(seed: int, rows: int = 40, size: int = 23, scale: float = 4.0) -> tuple[Tensor, Tensor]:
    """Wide logits (N, V) in float64 and targets (N,), every fifth of them not scored."""
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(rows, size, generator=generator, dtype=torch.float64)
    targets = torch.randint(size, (rows,), generator=generator)
    targets[::5] = -100
    return logits, targets


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.35, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_cross_entropy_is_torchs(reduction: str, smoothing: float, seed: int) -> None:
    logits, targets = drawn(seed)
    ours = cross_entropy(logits, targets, label_smoothing=smoothing, reduction=reduction)  # type: ignore[arg-type]
    theirs = F.cross_entropy(logits, targets, label_smoothing=smoothing, reduction=reduction)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_a_logit_of_minus_infinity_is_as_torchs() -> None:
    logits, targets = drawn(0)
    logits[:, 3] = -torch.inf
    targets = targets.where(targets != 3, 4)
    logits.requires_grad_(True)
    ours, theirs = cross_entropy(logits, targets), F.cross_entropy(logits, targets)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    assert ours.isfinite()
    for mine, other in zip(
        torch.autograd.grad(ours, logits), torch.autograd.grad(theirs, logits), strict=True
    ):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12)
    smoothed = [
        loss(logits, targets, label_smoothing=0.1).item() for loss in (cross_entropy, F.cross_entropy)
    ]
    assert smoothed == [float("inf")] * 2


@pytest.mark.parametrize("ignored", [-100, 0, 7])
def test_what_is_ignored_does_not_score(ignored: int) -> None:
    logits, targets = drawn(1)
    targets = targets.where(targets >= 0, ignored)
    ours = cross_entropy(logits, targets, ignore_index=ignored, label_smoothing=0.2)
    theirs = F.cross_entropy(logits, targets, ignore_index=ignored, label_smoothing=0.2)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    counted = F.cross_entropy(logits, targets.clamp(min=0), ignore_index=-1, label_smoothing=0.2)
    assert abs(float(ours - counted)) > 1e-3, "it would make a difference"
    nothing = cross_entropy(logits, torch.full_like(targets, ignored), ignore_index=ignored)
    assert math.isnan(float(nothing))


def test_large_logits_neither_overflow_nor_vanish() -> None:
    logits = torch.tensor([[1000.0, 0.0, -1000.0], [-1e30, 0.0, 5.0]])
    targets = torch.tensor([2, 0])
    torch.testing.assert_close(
        cross_entropy(logits, targets, reduction="none"), F.cross_entropy(logits, targets, reduction="none")
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
def test_the_gradient_at_the_logits_is_autograds(smoothing: float) -> None:
    logits, targets = drawn(2)
    logits, targets = logits[targets >= 0].requires_grad_(), targets[targets >= 0]
    F.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="sum").backward()
    ours = logit_gradient(logits.detach(), targets, smoothing)
    torch.testing.assert_close(ours, logits.grad, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(ours.sum(-1), torch.zeros(len(targets), dtype=ours.dtype), atol=1e-6, rtol=0)
    y = wanted(targets, logits.shape[1], smoothing)
    torch.testing.assert_close(y.sum(-1), torch.ones(len(targets)))
    soft = F.cross_entropy(logits, y.double(), reduction="none")  # torch takes whole distributions, too
    ours = cross_entropy(logits, targets, label_smoothing=smoothing, reduction="none")
    torch.testing.assert_close(ours, soft, rtol=1e-6, atol=1e-6)


def test_it_is_the_loss_that_training_makes_smaller() -> None:
    logits, targets = drawn(3)
    for smoothing in (0.0, 0.2):
        ours = cross_entropy(logits, targets, label_smoothing=smoothing)
        theirs = fused.cross_entropy(logits.float()[None], targets[None], smoothing)
        assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


def model(shape: str, **more: object) -> LanguageModel:
    """A small model with wide random weights, its tokenizer learned from the text."""
    tokenizer = learn("characters", [TEXT], 100, special=("[MASK]",))
    described = {
        "shape": shape, "n_layers": 2, "d_model": 16, "n_heads": 2, "n_ctx": 64, "d_vocab": len(tokenizer),
        "bos_id": 0, "eos_ids": (1,),
    }  # fmt: skip
    config = ModelConfig(**{**described, **more})  # type: ignore[arg-type]
    torch.manual_seed(4)
    made = build(config)
    with torch.no_grad():
        for weight in made.parameters():
            weight.normal_(0, 0.4)
    return LanguageModel(made, tokenizer)


def test_a_decoder_scores_each_next_token() -> None:
    lm = model("decoder")
    told = score_text(lm, TEXT)
    assert (told.kind, told.ids, told.passes) == ("next", tuple(lm.encode(TEXT)), 1)
    torch.testing.assert_close(-told.surprise, lm.score(TEXT))
    assert told.mean() == pytest.approx(-float(lm.score(TEXT).mean()), rel=1e-5)
    logits = lm.trace(TEXT).logits[:-1]
    for smoothing in (0.0, 0.15):
        theirs = F.cross_entropy(logits, told.targets, label_smoothing=smoothing)
        assert told.mean(smoothing) == pytest.approx(float(theirs), rel=1e-5)
        torch.testing.assert_close(
            told.losses(smoothing),
            (1 - smoothing) * told.surprise + smoothing * told.even,
        )
    assert perplexity(told.mean()) == pytest.approx(math.exp(told.mean()))
    assert 2 ** bits(told.mean()) == pytest.approx(perplexity(told.mean()))


def test_an_encoder_is_asked_for_what_it_does_not_see() -> None:
    tokenizer = model("encoder").tokenizer
    mask = int(tokenizer.raw.token_to_id("[MASK]"))
    lm = model("encoder", mask_id=mask)
    ids = lm.encode(TEXT)
    one, every = score_text(lm, TEXT, hide="one"), score_text(lm, TEXT, hide="all")
    assert one.places == every.places == tuple(range(1, len(ids))), "the start token does not score"
    assert (one.kind, one.passes, every.passes) == ("masked", len(ids) - 1, 1)
    for at in (1, 17, len(ids) - 1):  # 17 lies in the second of the calls that take 16 rows each
        hidden = [*ids[:at], mask, *ids[at + 1 :]]
        torch.testing.assert_close(one.logits[at - 1], lm.trace(hidden).logits[at], rtol=1e-4, atol=1e-4)
    blank = lm.trace([ids[0], *[mask] * (len(ids) - 1)]).logits[1:]
    torch.testing.assert_close(every.logits, blank, rtol=1e-4, atol=1e-4)
    seen = score_text(model("encoder"), TEXT)
    assert seen.kind == "read back"
    torch.testing.assert_close(seen.logits, model("encoder").trace(TEXT).logits[1:], rtol=1e-4, atol=1e-4)


def test_a_mask_that_the_text_has_itself_is_not_asked_for() -> None:
    mask = int(model("encoder").tokenizer.raw.token_to_id("[MASK]"))
    lm = model("encoder", mask_id=mask)
    text = f"{TEXT[:6]}[MASK]{TEXT[6:]}"
    ids = lm.encode(text)
    at = ids.index(mask)
    for hide in ("one", "all"):
        told = score_text(lm, text, hide=hide)  # type: ignore[arg-type]
        assert told.places == tuple(place for place in range(1, len(ids)) if place != at)
    asked = text_loss(lm, text)
    assert (asked.targets[0] != mask).all() and int(asked.inputs[0][0, at]) == mask and asked.asked > 0
    assert score_text(lm, "[MASK]").targets.tolist() == [mask], "there is nothing else"


def test_an_encoder_decoder_is_asked_for_the_answer_and_its_end() -> None:
    lm = model("encoder-decoder", decoder_start_id=0, position="relative")
    told = score_text(lm, TEXT, "the crow")
    answer = closed(lm, "the crow")
    assert (told.kind, answer[-1], told.targets.tolist()) == ("target", 1, answer)
    torch.testing.assert_close(-told.surprise, lm.score(TEXT, target=answer))
    again = score_text(lm, TEXT)
    assert again.kind == "copy"
    assert again.targets.tolist() == closed(lm, lm.encode(TEXT, add_special_tokens=False))
    full = score_text(lm, TEXT, TEXT + TEXT[:18])
    assert (len(full.ids), full.ids[-1] == 1) == (64, False), "no end token where the context is full"


@pytest.mark.parametrize("shape", ["decoder", "encoder", "encoder-decoder"])
def test_a_batch_is_the_mean_over_tokens_and_padding_does_not_score(shape: str) -> None:
    more = {"decoder": {}, "encoder": {"mask_id": 3}, "encoder-decoder": {"decoder_start_id": 0}}[shape]
    lm = model(shape, **more)
    texts: list[tuple[Text, Text | None]] = [(TEXT, None), ("The fox", None), ("a crow", None)]
    batch = score_batch(lm, texts)
    alone = [score_text(lm, text) for text, _ in texts]
    together = torch.cat([one.surprise for one in alone])
    assert batch.mean() == pytest.approx(float(together.mean()), rel=1e-5)
    assert batch.rows == pytest.approx([one.mean() for one in alone], rel=1e-5)
    assert batch.scores.sum(1).tolist() == [len(one) for one in alone]
    assert batch.ids[1, len(alone[1]) :].tolist() == [batch.pad] * (len(alone[0]) - len(alone[1]))
    targets = batch.ids.where(batch.scores, -100)
    logits = torch.zeros(*batch.ids.shape, lm.config.d_vocab)
    for at, one in enumerate(alone):
        logits[at, : len(one)] = one.logits
    theirs = F.cross_entropy(logits.transpose(1, 2), targets)
    assert batch.mean() == pytest.approx(float(theirs), rel=1e-5)
    counted = batch.mean(ignore_padding=False)
    assert abs(counted - batch.mean()) > 1e-3
    if shape == "decoder":
        filled = [*lm.encode("The fox"), *[batch.pad] * (len(alone[0]) - len(alone[1]))]
        row = -lm.trace(filled).logits[:-1].log_softmax(-1).gather(1, torch.tensor(filled[1:])[:, None])[:, 0]
        torch.testing.assert_close(batch.losses[1], row, rtol=1e-4, atol=1e-4)


def test_texts_without_a_question() -> None:
    lm = model("decoder", bos_id=None)
    one = score_text(lm, [5])
    assert len(one) == 0
    assert math.isnan(one.mean())
    with pytest.raises(ValueError, match="no tokens"):
        score_text(lm, [])
    batch = score_batch(lm, [([5], None), ([5, 6], None)])
    assert batch.scores.tolist() == [[False], [True]]
    assert math.isnan(batch.rows[0])
    assert batch.mean() == pytest.approx(score_text(lm, [5, 6]).mean(), rel=1e-5)


@pytest.mark.parametrize(("logits", "targets"), [((2, 3, 5), (2, 3)), ((3, 5), (2,)), ((5,), ())])
def test_a_batch_is_flattened_by_whoever_has_one(logits, targets):
    with pytest.raises(ValueError, match=r"logits \(N, V\) and targets \(N,\) are wanted.*flatten"):
        cross_entropy(torch.zeros(logits), torch.zeros(targets, dtype=torch.long))
