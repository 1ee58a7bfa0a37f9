"""A small model packed for a picture's file, where carried.js opens it and forward.js runs it.

Weights are carried exactly: as float16 or as whole numbers with a scale for each row where these are all that they
hold, else as float32.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch

from app.kit.packing import pack

if TYPE_CHECKING:
    from torch import Tensor

    from core.language_model import LanguageModel
    from core.text.tokenizer import Tokenizer

LARGEST = 3_000_000  # weights: as float16 they are 8 MB of text, all that a file may have
POSITIONS = ("learned", "sinusoidal", "rotary", "alibi", "none")
FIELDS = (
    "n_layers", "d_model", "n_heads", "n_kv_heads", "d_head", "d_vocab", "n_ctx", "position", "rope_theta",
    "position_offset", "embed_norm", "final_norm", "norm", "norm_placement", "norm_eps", "embed_scale", "act", "gated",
    "causal", "scale_scores", "residual", "qk_norm", "logit_scale",
)  # fmt: skip


class NotCarried(ValueError):
    """A model that a file cannot carry; the message says why, and which can."""


def check(lm: LanguageModel) -> None:
    """Check that a file can carry a model.

    Raises:
        NotCarried: it is too large, no decoder, or its text is cut otherwise than by byte-level BPE.
    """
    config, count = lm.config, lm.n_parameters
    why = ""
    if config.shape != "decoder" or config.head != "lm":
        why = "it is no decoder that predicts tokens"
    elif count > LARGEST:
        why = f"its {count:,} weights are more than the {LARGEST:,} that a file may hold"
    elif config.position not in POSITIONS:
        why = f"a file cannot compute its positions ({config.position})"
    elif not _byte_level(lm.tokenizer):
        why = "its text is cut otherwise than by byte-level BPE, which is what a file can do"
    if why:
        raise NotCarried(f"No file can carry {lm.name}: {why}. tales-gpt can travel with its picture.")


def can_travel(lm: LanguageModel) -> bool:
    """Return whether a file can carry a model."""
    try:
        check(lm)
    except NotCarried:
        return False
    return True


def packed(moments: Mapping[str, LanguageModel]) -> dict[str, Any]:
    """Pack a model at one or several moments of its training, by their labels, as JSON.

    Raises:
        NotCarried: as `check`.
        ValueError: no moment, or they are not of one model.
    """
    models = list(moments.values())
    if not models or any(one.config != models[0].config for one in models):
        raise ValueError("The moments of a training are those of one model, with one configuration.")
    lm = models[0]
    check(lm)
    return {
        "name": lm.name,
        "config": {name: getattr(lm.config, name) for name in FIELDS},
        "vocabulary": _vocabulary(lm.tokenizer, lm.special_ids),
        "moments": [
            {"label": label, "weights": {n: _exactly(w) for n, w in one.transformer.state_dict().items()}}
            for label, one in moments.items()
        ],
    }


def _exactly(weight: Tensor) -> dict[str, Any]:
    """Pack a weight in as few bits as hold it."""
    values = weight.detach().float().cpu()
    half = values.half()
    if torch.equal(half.float(), values):
        return {"b64": _text(half), "dtype": "f16", "shape": list(values.shape)}
    if values.ndim == 2 and (steps := _steps(values)) is not None:
        whole, scale = steps
        return {"q": pack((whole + 128).to(torch.uint8).numpy()), "scale": pack(scale.numpy())}
    return pack(values.numpy())


def _steps(values: Tensor) -> tuple[Tensor, Tensor] | None:
    """Find whole numbers from -127 to 127 and a scale for each row whose product is the matrix; None: there are none.

    A snapshot of a training is stored so (core.checkpoints.compact); the scale comes back to the last bit or two.
    """
    scale = values.abs().amax(dim=-1, keepdim=True).clamp(min=1e-12) / 127  # (rows, 1)
    up, down = (torch.full_like(scale, end) for end in (torch.inf, 0.0))
    for one in (scale, torch.nextafter(scale, up), torch.nextafter(scale, down)):
        exact = ((values / one).round() * one == values).all(dim=-1, keepdim=True)
        scale = torch.where(exact, one, scale)
    whole = (values / scale).round()
    return (whole, scale[:, 0].contiguous()) if torch.equal(whole * scale, values) else None


def _text(values: Tensor) -> str:
    return base64.b64encode(values.contiguous().numpy().astype("<f2").tobytes()).decode("ascii")


@lru_cache(maxsize=32)
def _byte_level(tokenizer: Tokenizer) -> bool:
    """Tell whether tokenizer.js cuts a text as this one does: bytes, GPT-2’s words, merges in order, nothing else."""
    spec = json.loads(tokenizer.raw.to_str())
    words, model = spec["pre_tokenizer"] or {}, spec["model"]
    return (
        spec["normalizer"] is None
        and words.get("type") == "ByteLevel"
        and words["use_regex"]
        and not words["add_prefix_space"]
        and model["type"] == "BPE"
        and not (model["dropout"] or model["byte_fallback"] or model["ignore_merges"])
        and not (model["continuing_subword_prefix"] or model["end_of_word_suffix"])
        and all(
            one["special"] and not (one["lstrip"] or one["rstrip"] or one["single_word"])
            for one in spec["added_tokens"]
        )
    )


def _vocabulary(tokenizer: Tokenizer, special: frozenset[int]) -> dict[str, Any]:
    merges = json.loads(tokenizer.raw.to_str())["model"]["merges"]
    ids, bare = tokenizer.encode("a"), tokenizer.encode("a", add_special_tokens=False)
    first = next(at for at in range(len(ids)) if ids[at : at + len(bare)] == bare)
    return {
        "entries": [tokenizer.token(id) for id in range(len(tokenizer))],
        "merges": [pair if isinstance(pair, list) else pair.split(" ") for pair in merges],
        "special": sorted(special),
        "before": ids[:first],
        "after": ids[first + len(bare) :],
    }
