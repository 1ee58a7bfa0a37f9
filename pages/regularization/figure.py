"""Draw dropout on the open model's activations, and small models trained with and without.

The functions here ask `core` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from app.kit import pack, register
from core.analysis.health.component_ablation import predicting_row
from core.language_model import LanguageModel
from core.messages import mark, say
from core.training.dropout import dropout_mask, dropped, mean_over_masks, under_masks

regularization = register("regularization", __file__)

ROWS, COLS = 10, 24  # tokens and numbers of each that the picture holds
MASKS = 128  # of the mean
PASSES = 24  # masks under which the model is asked
RUNS = 5  # the step that brings the trained runs, figure.js's last
# What is dropped, in words: without a stack and with one.
SITES: dict[str, tuple[str, str]] = {
    "attention": (
        mark("what attention of block {block} adds"),
        mark("what attention of {stack} block {block} adds"),
    ),
    "mlp": (mark("what the MLP of block {block} adds"), mark("what the MLP of {stack} block {block} adds")),
}


@dataclass(frozen=True)
class Place:
    """Whose output is dropped: a hook of the model, and how a sentence names it."""

    hook: str
    words: str


def place_of(lm: LanguageModel, stack: str, block: int, site: str) -> Place:
    """What attention or the MLP of a block adds to the stream."""
    both = lm.config.shape == "encoder-decoder"
    prefix = f"{stack}.blocks.{block}" if both else f"blocks.{block}"
    hook = f"{prefix}.hook_{'attn' if site == 'attention' else 'mlp'}_out"
    return Place(hook, say(SITES[site][both], block=block, stack=say(stack)))


@dataclass(frozen=True)
class Clean:
    """Activations (T, D) as the model has them, and its next-token probabilities (V,) at `row` of the logits."""

    values: np.ndarray[Any, Any]
    ids: tuple[int, ...]
    probabilities: np.ndarray[Any, Any]
    row: int


def see(lm: LanguageModel, text: str, target: str | None, hook: str) -> Clean:
    """The open model on the text, nothing dropped."""
    trace = lm.trace(text, target)
    ids = trace.ids if not hook.startswith("decoder.") or trace.decoder_ids is None else trace.decoder_ids
    row = predicting_row(lm, trace.ids.tolist(), len(trace.logits))
    probabilities = trace.logits[row].float().softmax(-1)
    return Clean(trace[hook].float().cpu().numpy(), tuple(ids.tolist()), probabilities.cpu().numpy(), row)


@dataclass(frozen=True)
class Masked:
    """The same activations under masks."""

    factors: np.ndarray[Any, Any]  # (T, D), of the first mask: 0 or 1 / (1 - rate)
    values: np.ndarray[Any, Any]  # (T, D), under it
    mean: np.ndarray[Any, Any]  # (T, D), over MASKS masks
    counts: tuple[int, ...]
    errors: tuple[float, ...]
    law: tuple[float, ...]
    probabilities: np.ndarray[Any, Any]  # (PASSES, V), at the clean pass's row


def see_masked(lm: LanguageModel, text: str, target: str | None, hook: str, rate: float, seed: int) -> Masked:
    """One mask, the mean over many, and the prediction under some."""
    clean = see(lm, text, target, hook)
    x = torch.from_numpy(clean.values)
    mean = mean_over_masks(x, rate, MASKS, seed)
    said = under_masks(lm, text, hook, rate, tuple(range(seed, seed + PASSES)), target)
    return Masked(
        dropout_mask(x.shape, rate, seed).numpy(), dropped(x, rate, seed).numpy(), mean.mean, mean.counts, mean.errors,
        mean.law, said[:, clean.row],
    )  # fmt: skip


def shown_rows(count: int, chosen: int) -> range:
    """The rows that fit: the last ones, or those around the chosen token."""
    first = max(0, count - ROWS)
    if 0 <= chosen < count:
        first = min(first, max(0, chosen - ROWS // 2))
    return range(first, min(count, first + ROWS))


def record_dropout(
    lm: LanguageModel,
    clean: Clean,
    masked: Masked,
    place: Place,
    rate: float,
    seed: int,
    evaluate: bool,
    chosen: int,
) -> dict[str, Any]:
    """Turn the upper half of the picture into JSON.

    Args:
        evaluate: the model in use: every factor is 1.
        chosen: a token whose row must be among those shown; -1: none.
    """
    rows, word = shown_rows(len(clean.ids), chosen), lm.tokenizer.display
    cut = np.s_[rows.start : rows.stop, :COLS]
    factors = np.ones_like(masked.factors) if evaluate else masked.factors
    values = clean.values if evaluate else masked.values
    said = clean.probabilities[None] if evaluate else masked.probabilities
    best = np.argsort(-clean.probabilities, kind="stable")[:3]
    says = say("Next token")
    if lm.config.shape == "encoder":
        asked = clean.ids[clean.row]
        says = (
            say("Fills the mask")
            if asked == lm.config.mask_id
            else say("Read back at {word}", word=word(asked))
        )
    return {
        "what": place.words, "hook": place.hook, "rate": rate, "seed": seed, "evaluate": evaluate,
        "rows": [{"at": at, "text": word(clean.ids[at]), "id": clean.ids[at]} for at in rows],
        "width": clean.values.shape[1],
        "clean": pack(clean.values[cut]), "factors": pack(factors[cut]), "values": pack(values[cut]),
        "mean": pack((clean.values if evaluate else masked.mean)[cut]),
        "kept": float((factors > 0).mean()),
        "drawn": float((masked.factors > 0).mean()),
        "counts": list(masked.counts), "errors": list(masked.errors), "law": list(masked.law),
        "next": {
            "label": says,
            "after": word(clean.ids[min(clean.row, len(clean.ids) - 1)]) if lm.config.shape == "decoder" else "",
            "tokens": [
                {"text": word(int(i)), "id": int(i), "clean": float(clean.probabilities[i]),
                 "mean": float(said[:, i].mean()), "each": [float(p) for p in said[:, i]]}
                for i in best
            ],
        },
    }  # fmt: skip
