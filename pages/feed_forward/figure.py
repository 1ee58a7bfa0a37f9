"""Record the Feed-forward picture: one token through the neurons of one block (figure.js draws it).

`record` turns what `core.analysis` computed into the component's JSON; nothing here computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.controls.bare_encoder import UNSAID
from app.kit import pack, register
from core.analysis.neurons.activation_curves import FORMULAS, Bends, curve
from core.analysis.neurons.feed_forward import NeuronSteps, TokenSteps
from core.analysis.neurons.knockouts import NeuronKnockout, ablate_neurons
from core.analysis.neurons.top_texts import Window
from core.analysis.stacks import Stack
from core.config import Activation, ModelConfig
from core.hooks import intervene
from core.language_model import LanguageModel
from core.messages import mark, mark_of, say
from core.trace import Trace

feed_forward = register("feed_forward", __file__)

ACTS: dict[Activation, str] = {
    "relu": "ReLU", "gelu": "GELU", "gelu_tanh": "GELU (tanh)", "silu": "SiLU", "relu_squared": "ReLU²",
}  # fmt: skip
GATED: dict[Activation, str] = {
    "relu": "ReGLU", "gelu": "GEGLU", "gelu_tanh": "GEGLU (tanh)", "silu": "SwiGLU",
    "relu_squared": mark("ReLU², gated"),
}  # fmt: skip
BENDS: dict[str, str] = {
    "model": mark_of("curve", "none"),
    **{str(name): shown for name, shown in ACTS.items()},
}  # what the picker of a second curve offers
NORMS = {"layer": "layer norm", "rms": "RMS norm", "none": "no norm"}
TERMS = 5  # of a neuron's sum that are written out
PLACES = 161  # of a curve


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything that the picture shows.

    Attributes:
        ids: the stack's tokens; home: the one that is followed when none is chosen.
        as_is, steps: the followed token's, with nothing off and with the chosen neurons off.
        bent: the whole text's numbers on the curve, with nothing off.
        neuron: the chosen one, as the model has it.
        silenced: all neurons that are off.
        without: the prediction with them and as it was.
        says: the tokens that the chosen neuron pushes up and down.
        windows, about: the texts that fire it most, and where they come from (or why there are none).
    """

    ids: tuple[int, ...]
    home: int
    as_is: TokenSteps
    steps: TokenSteps
    bent: Bends
    neuron: NeuronSteps
    silenced: tuple[int, ...]
    without: NeuronKnockout
    says: Says
    windows: Sequence[Window]
    about: str


@dataclass(frozen=True)
class Says:
    """Tokens that a neuron pushes up (`ids`) and down (`low_ids`), and by how much; `why`: how that was found."""

    ids: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    low_ids: tuple[int, ...] = ()
    low_scores: tuple[float, ...] = ()
    why: str = ""


def see_pass(
    lm: LanguageModel, text: str, target: str | None, block: int, stack: Stack | None, off: tuple[int, ...] = ()
) -> Trace:  # fmt: skip
    """One pass, without some neurons of a block; all views read it."""
    with intervene(*([ablate_neurons(block, off, stack=stack)] if off else [])):
        return lm.trace(text, target)


def name_of(config: ModelConfig) -> str:
    """What the layer's bend is called."""
    return say(GATED[config.act]) if config.gated else ACTS[config.act]


def record(
    lm: LanguageModel, seen: Seen, stack: str, beside: Activation | None, stamp: str
) -> dict[str, Any]:
    """Record what figure.js draws.

    Args:
        stack: "encoder" or "decoder" of an encoder-decoder, else "".
        beside: the curve that is laid beside the model's own.
        stamp: names all that the picture shows: under the same one only the browser's own choices have changed.
    """
    config, steps, as_is = lm.config, seen.steps, seen.as_is
    word, special = lm.tokenizer.display, lm.special_ids
    counts, edges = seen.bent.histogram()
    needed = as_is.needed()
    return {
        "stamp": stamp, "block": steps.layer, "stack": stack, "mark": "e" if stack == "encoder" else "",
        "width": len(steps.read), "neurons": len(steps.post), "act": name_of(config), "plain": ACTS[config.act],
        "formula": FORMULAS[config.act], "gated": config.gated, "residual": config.residual,
        "late": config.norm_placement == "post", "norm": NORMS[config.norm],
        "rows": [
            {"text": word(i), "id": i, "special": i in special, "fires": float(share)}
            for i, share in zip(seen.ids, seen.bent.firing, strict=True)
        ],
        "row": steps.row, "home": seen.home, "strips": _strips(steps), "pre": pack(steps.pre), "post": pack(steps.post),
        "usual": pack(as_is.post), "linear": None if steps.pre_linear is None else pack(steps.pre_linear),
        "shares": pack(as_is.shares), "needed": needed, "most": as_is.strongest(needed),
        "fires": float(seen.bent.firing[steps.row]), "off": list(seen.silenced),
        "bins": {"counts": counts.tolist(), "low": float(edges[0]), "high": float(edges[-1])},
        "curve": _curve(config.act, seen, beside),
        "neuron": _neuron(seen), "says": _says(lm, seen),
        "windows": [_window(lm, window) for window in seen.windows], "about": seen.about,
        "next": _next(lm, seen, stack),
    }  # fmt: skip


def _strips(steps: TokenSteps) -> dict[str, Any]:
    strips = {"stream": steps.stream, "read": steps.read, "out": steps.out, "after": steps.after}
    return {
        name: {"values": pack(values), "length": float(np.linalg.norm(values))}
        for name, values in strips.items()
    }


def _curve(act: Activation, seen: Seen, beside: Activation | None) -> dict[str, Any]:
    """The model's curve over the token's sums, stretched by a gated neuron's second number; and one beside it."""
    pre, one = seen.as_is.pre, seen.neuron
    x = np.linspace(min(-3.0, float(pre.min())), max(3.0, float(pre.max())), PLACES)
    found: dict[str, Any] = {
        "x": pack(x), "y": pack(curve(act, x, one.pre_linear).y),
        "dot": [one.pre, float(curve(act, np.array([one.pre]), one.pre_linear).y[0])], "beside": None,
    }  # fmt: skip
    if beside is not None:
        would = curve(beside, pre)
        linear = seen.as_is.pre_linear
        found["beside"] = {
            "name": ACTS[beside], "formula": FORMULAS[beside], "y": pack(curve(beside, x, one.pre_linear).y),
            "dot": float(curve(beside, np.array([one.pre]), one.pre_linear).y[0]),
            "post": pack(would.y if linear is None else would.y * linear),
        }  # fmt: skip
    return found


def _neuron(seen: Seen) -> dict[str, Any]:
    one, as_is = seen.neuron, seen.as_is
    gate = as_is.W_in if as_is.W_gate is None else as_is.W_gate
    largest = [int(d) for d in np.argsort(-np.abs(one.products), kind="stable")[:TERMS]]
    rest = np.delete(one.products, largest)
    return {
        "number": one.neuron, "rank": as_is.strongest(len(as_is.post)).index(one.neuron), "bias": one.bias,
        "pre": one.pre, "linear": one.pre_linear,
        "post": one.post, "now": float(seen.steps.post[one.neuron]), "length": float(as_is.strengths[one.neuron]),
        "share": float(as_is.shares[one.neuron]), "off": one.neuron in seen.silenced,
        "terms": [
            {"d": d, "x": float(as_is.read[d]), "w": float(gate[d, one.neuron]), "p": float(one.products[d])}
            for d in largest
        ],
        "rest": {"count": len(rest), "sum": float(rest.sum())},
        "along": seen.bent.post[:, one.neuron].astype(float).tolist(),
    }  # fmt: skip


def _says(lm: LanguageModel, seen: Seen) -> dict[str, Any]:
    says, silent = seen.says, not seen.as_is.W_out[seen.neuron.neuron].any()

    def tokens(ids: Sequence[int], scores: Sequence[float]) -> list[dict[str, Any]]:
        word = lm.tokenizer.display
        return [
            {"text": word(i), "id": i, "score": score} for i, score in zip(ids, scores, strict=True) if score
        ]

    return {
        "up": tokens(says.ids, says.scores), "down": tokens(says.low_ids, says.low_scores),
        "why": say("What it writes is all 0, so it pushes no token.") if silent else say(says.why),
    }  # fmt: skip


def _window(lm: LanguageModel, window: Window) -> dict[str, Any]:
    return {
        "tokens": [lm.tokenizer.display(i) for i in window.ids],
        "fired": list(window.fired),
        "peak": window.peak,
    }


def _next(lm: LanguageModel, seen: Seen, stack: str) -> dict[str, Any]:
    """The likeliest tokens at the row that predicts, as the model is and with neurons off."""
    without, word = seen.without, lm.tokenizer.display
    if not without.before.size:
        return {"label": say(UNSAID), "after": "", "changed": bool(seen.silenced), "tokens": []}
    label = say("Read back") if lm.config.shape == "encoder" else say("Next token")
    here = seen.ids[seen.steps.row]
    after = "" if stack == "encoder" else word(here)
    if stack == "encoder":
        label = say("Decoder’s next")
    elif lm.config.shape == "encoder" and here == lm.config.mask_id:
        label = say("In its place")
    return {
        "label": label, "after": after, "changed": bool(seen.silenced),
        "tokens": [
            {"text": word(i), "id": i, "before": float(without.before[i]), "after": float(without.after[i])}
            for i in likely(without)
        ],
    }  # fmt: skip


def likely(found: NeuronKnockout, count: int = 5) -> list[int]:
    """The likeliest before, then the likeliest after, then the others of before."""
    before, after = (np.argsort(-p, kind="stable")[:count].tolist() for p in (found.before, found.after))
    return list(dict.fromkeys([*before[:1], *after[:2], *before[1:], *after]))[:count]
