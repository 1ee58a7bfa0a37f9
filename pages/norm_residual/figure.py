"""Record the residual stream: one token's ledger, and the norm at the chosen line (figure.js draws it).

`see` asks core for all of one token at once, `record` turns that into the component's JSON. The arithmetic is core's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from app.kit import pack, register
from core.analysis.stacks import Half, Stack
from core.analysis.stream.ledger import Entry, Ledger, ledger
from core.analysis.stream.ledger_lines import (
    DirectLogits,
    NoDirectLogits,
    direct_logits,
    gathered,
    running_cosines,
    running_sums,
)
from core.analysis.stream.normalization import NormSteps, norm_steps, spread, stream_before
from core.config import ModelConfig
from core.language_model import LanguageModel
from core.messages import mark_of, say, say_of
from core.trace import Trace

norm_residual = register("norm_residual", __file__)

NUMBERS = 128  # of each vector, in the strips
KINDS = ("layer", "rms")
NAMES = {"layer": "LayerNorm", "rms": "RMSNorm"}
SUM = "sum"  # the line under all others


@dataclass(frozen=True)
class Place:
    """Where a norm stands, or would stand: what comes in for the followed token, and both kinds on it.

    name: the norm's path. own: its kind; None: this model has no norm there. scales: of every token, by its own kind
    or, without one, by RMSNorm.
    """

    name: str
    own: str | None
    eps: float
    steps: dict[str, NormSteps]
    scales: np.ndarray[Any, Any]

    @property
    def alike(self) -> float:
        """Cosine between what the two kinds make of the same numbers, before weight and bias; 0 if one is zero."""
        a, b = (self.steps[kind].normalised[0].astype(np.float64) for kind in KINDS)
        size = float(np.linalg.norm(a) * np.linalg.norm(b))
        return float(a @ b) / size if size else 0.0


@dataclass(frozen=True)
class Seen:
    """One token's ledger and norms.

    ids: of the stack that is looked at. top: the likeliest token there; None: this stack makes no logits.
    direct: None where a logit is no sum of lines; `why` says why. places: line name -> its norm.
    """

    ids: tuple[int, ...]
    book: Ledger
    sums: np.ndarray[Any, Any]
    top: int | None
    logit: float
    probability: float
    direct: DirectLogits | None
    why: str
    places: dict[str, Place]
    trace: Trace


def see(lm: LanguageModel, text: str, target: str | None, stack: Stack | None, row: int) -> Seen:
    """Everything about one token, from one pass."""
    with torch.no_grad():
        trace = lm.trace(text, target)
    given: dict[str, Any] = {"stack": stack, "target": target, "trace": trace}
    whole = ledger(lm, text, row, **given)
    book = gathered(whole)
    half = Half.of(lm, stack)
    top, logit, probability, direct, why = None, 0.0, 0.0, None, ""
    if half.stack.unembed is not None:
        logits = trace.logits[whole.row].detach().float()
        top = int(logits.argmax())
        logit, probability = float(logits[top]), float(logits.softmax(-1)[top])
    try:
        through = gathered(ledger(lm, text, row, through_final=True, **given))
        direct = direct_logits(lm, book, through, top or 0, stack=stack)
    except NoDirectLogits as reason:
        why = str(reason)
    places = {
        entry.name: _place(lm, half, trace, whole.row, path_of(half, entry), stack) for entry in book.entries
    }
    places[SUM] = _place(lm, half, trace, whole.row, f"{half.prefix}ln_final", stack)
    return Seen(
        ids=tuple(half.ids(trace).tolist()), book=book, sums=running_sums(book), top=top, logit=logit,
        probability=probability, direct=direct, why=why, places=places, trace=trace,
    )  # fmt: skip


def path_of(half: Half, entry: Entry) -> str:
    """The norm that belongs to a line: what its part reads through, or under post-norm what its sum goes through."""
    if entry.part in ("embedding", "position", "token type"):
        return f"{half.prefix}ln_embed"
    if entry.layer is None:
        return f"{half.prefix}ln_final"
    block: Any = half.stack.blocks[entry.layer]
    which = {"attention": "ln1", "cross-attention": "ln2"}.get(entry.part, "ln3" if block.cross else "ln2")
    return f"{half.prefix}blocks.{entry.layer}.{which}"


def _place(lm: LanguageModel, half: Half, trace: Trace, row: int, path: str, stack: Stack | None) -> Place:
    norm: Any = half.stack
    for part in path.removeprefix(half.prefix).split("."):
        norm = None if norm is None else norm[int(part)] if part.isdigit() else getattr(norm, part)
    own = None if norm is None or norm.kind == "none" else str(norm.kind)
    gain, bias, eps = (norm.w, norm.b, norm.eps) if own else (None, None, lm.config.norm_eps)
    stream = stream_before(lm, path, trace, stack).detach()
    x = stream[row : row + 1]
    steps = {
        "layer": norm_steps(x, "layer", eps, gain, bias),
        "rms": norm_steps(x, "rms", eps, gain),
    }
    scales = norm_steps(stream, "layer" if own == "layer" else "rms", eps).scale[:, 0]
    return Place(path, own, eps, steps, scales)


PARTS = {
    "embedding": "embedding", "position": "position", "type": "token type", "attention": "attention",
    "cross": "cross-attention", "mlp": "mlp", "norms": "norm bias",
}  # fmt: skip


def chosen_line(seen: Seen, line: str, block: int) -> str:
    """The name of the chosen line: that of `line` in `block`; where there is none, its attention's, or the sum."""
    for part in (PARTS.get(line, SUM), "attention"):
        if part == SUM:
            return SUM
        for entry in seen.book.entries:
            if entry.part == part and entry.layer in (None, block):
                return entry.name
    return SUM


LINES: dict[str, str] = {  # a line of the ledger by its part
    "embedding": mark_of("ledger", "embedding"), "position": mark_of("ledger", "position"),
    "token type": mark_of("ledger", "token type"), "attention": mark_of("ledger", "L{block} attention"),
    "cross-attention": mark_of("ledger", "L{block} cross-attention"), "mlp": mark_of("ledger", "L{block} mlp"),
    "norm bias": mark_of("ledger", "norm biases"),
}  # fmt: skip


def name_of(entry: Entry) -> str:
    """The line's name in the reader's language."""
    return say_of("ledger", LINES.get(entry.part, entry.name), block=entry.layer)


def claim(config: ModelConfig) -> str:
    """What the page proves, for this way of building blocks."""
    if not config.residual:
        return say("Without residuals, each part overwrites the stream.")
    if config.norm_placement == "post" and config.norm != "none":
        return say("Each part adds to the stream; each norm rescales the sum.")
    return say("Nothing is overwritten: each part adds to the stream.")


def kind_shown(place: Place, wanted: str) -> str | None:
    """Which norm the panel takes apart: the model's own, or the one that was asked for; None: none."""
    return wanted if wanted in KINDS else place.own


def record(lm: LanguageModel, seen: Seen, wanted: str, stamp: str) -> dict[str, Any]:
    """Record what figure.js draws.

    Args:
        wanted: "own", "layer" or "rms": the norm that is taken apart.
        stamp: changes with model, text, token and stack.
    """
    word, special = lm.tokenizer.display, lm.tokenizer.special_ids
    book, n = seen.book, NUMBERS
    vectors = np.stack([entry.vector[:n] for entry in book.entries])
    return {
        "stamp": f"{stamp}\x1f{wanted}",
        "tokens": [{"text": word(i), "id": i, "special": i in special} for i in seen.ids],
        "row": book.row,
        "width": len(book.final),
        "post": lm.config.norm_placement == "post" and lm.config.norm != "none",
        "norms": lm.config.norm != "none",
        "residual": lm.config.residual,
        "rescaled": book.rescaled,
        "lines": [_line(entry, seen.direct, word) for entry in book.entries],
        "vectors": pack(vectors),
        "sums": pack(seen.sums[:, :n]),
        "along": running_cosines(book).tolist(),
        "final": pack(book.final[:n]),
        "length": float(np.linalg.norm(book.final)),
        "error": book.error,
        "top": None if seen.top is None else {"text": word(seen.top), "id": seen.top, "logit": seen.logit},
        "probability": seen.probability,
        "rest": seen.direct.rest if seen.direct else 0.0,
        "direct": seen.direct is not None,
        "why": say(seen.why),
        "places": {name: _drawn(place) for name, place in seen.places.items()},
        "wanted": wanted,
    }


def _line(entry: Entry, direct: DirectLogits | None, word: Callable[[int], str]) -> dict[str, Any]:
    def named(pairs: list[tuple[int, float]]) -> list[dict[str, Any]]:
        return [{"text": word(i), "value": value} for i, value in pairs]

    return {
        "name": entry.name, "part": entry.part, "layer": entry.layer, "written": float(np.linalg.norm(entry.written)),
        "norm": entry.norm, "cosine": entry.cosine, "share": entry.share, "running": entry.running,
        "logit": None if direct is None else direct.parts[entry.name],
        "up": [] if direct is None else named(direct.up[entry.name]),
        "down": [] if direct is None else named(direct.down[entry.name]),
    }  # fmt: skip


def _drawn(place: Place) -> dict[str, Any]:
    own = place.steps["layer"]
    return {
        "name": place.name, "own": place.own, "eps": place.eps, "alike": place.alike, "x": _strip(own.x),
        "before": vars(spread(own.x[0])), "gain": _strip(own.gain), "bias": _strip(own.bias),
        "scales": place.scales.tolist(),
        **{kind: _kind(place.steps[kind]) for kind in KINDS},
    }  # fmt: skip


def _kind(steps: NormSteps) -> dict[str, Any]:
    return {
        "mean": None if steps.mean is None else float(steps.mean[0, 0]),
        "variance": float(steps.variance[0, 0]), "scale": float(steps.scale[0, 0]),
        "epsShare": float(steps.eps_share[0]), "centred": _strip(steps.centred),
        "normalised": _strip(steps.normalised), "output": _strip(steps.output),
        "after": vars(spread(steps.output[0])),
    }  # fmt: skip


def _strip(values: np.ndarray[Any, Any] | None) -> dict[str, Any] | None:
    return None if values is None else pack(np.ravel(values)[:NUMBERS])
