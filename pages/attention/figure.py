"""Record the Attention picture: one head from x to output, step by step (figure.js draws it).

`record` turns what `core.analysis.heads.steps` computed into the component's JSON: the steps with their names and
formulas, the arrays, the model's next tokens. It computes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from app.controls.bare_encoder import UNSAID
from app.counts import counted
from app.kit import pack, register
from core.analysis.heads.steps import AttentionSteps, Change, Kind, attention_steps
from core.config import ModelConfig
from core.language_model import LanguageModel
from core.messages import mark, say, say_of

attention = register("attention", __file__)

# Weights beyond this many numbers a matrix are not sent; a cell then shows its value without its products.
LARGEST_WEIGHT = 300_000

NORMS = {"layer": "LayerNorm", "rms": "RMSNorm"}
BIASES = {"alibi": "ALiBi", "relative": mark("T5 distance")}
# The switch of what positions do to the scores.
TURNS = {
    "rotary": mark("Turn by position"),
    "alibi": mark("Position bias"),
    "relative": mark("Position bias"),
}
MATRICES = {"scores": "scores", "scale": "scaled", "bias": "biased", "mask": "masked", "softmax": "pattern"}


def compute(
    lm: LanguageModel,
    text: str,
    target: str | None,
    layer: int,
    head: int,
    kind: Kind,
    change: Change,
    at: int | None,
) -> AttentionSteps:
    """`attention_steps` with its arguments in a row, as the cache takes them."""
    return attention_steps(lm, text, layer, head, attention=kind, change=change, target=target, position=at)


def step_names(steps: AttentionSteps) -> list[str]:
    """The steps this head has, in order: those without an array are left out."""
    names = ["x", "q", "k", "v", *(["turn"] if steps.rot_q is not None else []), "scores", "scale"]
    names += ["bias"] if steps.bias is not None else []
    names += ["mask"] if steps.causal or steps.change.window is not None or steps.change.shown else []
    return [*names, "softmax", "sum", "out"]


# What each step does, for who has never heard of it.
TOLD = {
    "x": mark(
        "What the head reads: each token of the text, a word or a part of one, as a row of "
        "numbers. Green is above 0, brown below."
    ),
    "q": mark(
        "Each token’s numbers are multiplied by a table that the head has learned. What "
        "comes out, its query, is the question that the token asks the others."
    ),
    "k": mark("By a second table each token gets a key: what it answers when others ask."),
    "v": mark("By a third one each token gets a value: what it will hand over to those who read it."),
    "turn": mark(
        "Queries and keys are turned by where their token stands, a little for each "
        "position: so what comes of a pair depends on how far apart the two are."
    ),
    "scores": mark(
        "Each query meets each key: their numbers are multiplied, pair by pair, and added "
        "up. The score in row and column is high where the token of that row asks for what "
        "the token of that column answers."
    ),
    "scale": mark(
        "All scores are divided by the same number. They keep their order, but what follows "
        "would otherwise hang on the highest alone."
    ),
    "bias": mark(
        "For each distance between two tokens a number is added to their score, mostly to "
        "the favour of what is near."
    ),
    "mask": mark(
        "Some pairs are forbidden: a token must not read what comes after it, or the model "
        "could copy the answer. Their scores become minus infinity."
    ),
    "softmax": mark(
        "Each row of scores becomes shares that add up to 1: this is the attention, how much "
        "of each column’s token the row’s token reads. A higher score counts many times more."
    ),
    "sum": mark(
        "Now each token takes the values of the others by these shares and adds them up. "
        "What it has read is in these numbers."
    ),
    "out": mark(
        "A last table turns what was read into numbers that are added to the token’s own "
        "row: this is all that the head does."
    ),
}


def describe_steps(steps: AttentionSteps, config: ModelConfig) -> list[dict[str, Any]]:
    """Title, formula and one plain sentence for each step of this head."""
    change, k = steps.change, config.head_size
    share = config.n_heads // config.kv_heads
    first = steps.kv_head * share
    last = first + share - 1
    message = {1: "", 2: mark("shared by heads {first} and {last}")}.get(
        share, mark("shared by heads {first} to {last}")
    )
    shared = [say(message, first=first, last=last)] if message else []
    normed = [say("normalised")] if steps.q_norm is not None else []
    numbers = counted(k, "number")
    seen = ""
    if not steps.causal:
        seen = say("every token sees both directions")
    if steps.attention == "cross":
        seen = say("every key of the encoder is in view")
    source = say_of("step", "norm") if steps.norm is not None else say_of("step", "stream")
    shares = say("the share of each column that the row reads")
    words = {
        "x": ("x", source, _read_words(steps, config)),
        "q": ("Q", "x·W_Q", ", ".join([say("what each token asks: {numbers}", numbers=numbers), *normed])),
        "k": ("K", "x·W_K", ", ".join([say("what each token answers: {numbers}", numbers=numbers), *normed, *shared])),
        "v": ("V", "x·W_V", ", ".join([say("what each token hands over: {numbers}", numbers=numbers), *shared])),
        "turn": (
            say_of("step", "Turn"), say("by position"),
            say("each pair of numbers turns by the token's position, so a score shows distance"),
        ),
        "scores": (say("Scores"), "Q·Kᵀ", say("row asks, column answers: do the two fit?")),
        "scale": (say_of("step", "Scale"), f"÷ √{k}", say("smaller scores share out more evenly")),
        "bias": (say_of("step", "Position bias"), say(BIASES.get(config.position, "")), _bias_words(config)),
        "mask": (say("Mask"), *_mask_words(steps)),
        "softmax": ("Softmax", say("Σ row = 1"), f"{shares}; {seen}" if seen else shares),
        "sum": (say("Weighted sum"), "A·V", say("each row mixes all values by its shares")),
        "out": (say("Output"), say("sum·W_O"), say("what this head adds to the residual stream")),
    }  # fmt: skip
    if not config.scale_scores:
        hint = say("this model does not divide: its training absorbed the factor")
        words["scale"] = (say_of("step", "Scale"), "× 1", hint)
    off = {
        "turn": not change.turn,
        "scale": not change.scale and config.scale_scores,
        "mask": not change.mask and change.window is None,
    }
    off["bias"] = not change.turn
    fields = ("title", "formula", "hint")
    return [
        {"id": name, "off": off.get(name, False), "told": say(TOLD[name]), **dict(zip(fields, words[name]))}
        for name in step_names(steps)
    ]


# What a window leaves, by whether rows read only back, and whether first tokens stay in view.
NARROW = {
    (True, False): mark("each row reads at most {reach} back; the rest is −∞"),
    (True, True): mark("each row reads at most {reach} back and the first {sinks}; the rest is −∞"),
    (False, False): mark("each row reads at most {reach} away; the rest is −∞"),
    (False, True): mark("each row reads at most {reach} away and the first {sinks}; the rest is −∞"),
}


def _read_words(steps: AttentionSteps, config: ModelConfig) -> str:
    """What the head reads of each token, and whether a norm stands before it."""
    numbers = counted(config.d_model, "number")
    read = say("what the head reads of each token: {numbers}, as they are", numbers=numbers)
    if steps.norm is not None:
        read = say(
            "what the head reads of each token: {numbers}, brought to size by {norm}",
            numbers=numbers, norm=NORMS[config.norm],
        )  # fmt: skip
    if config.norm_placement == "post":
        return f"{read}; " + say("this model normalises after adding")
    return read


def _mask_words(steps: AttentionSteps) -> tuple[str, str]:
    """What the mask is, short and as a sentence."""
    window, sinks = steps.change.window, steps.change.sinks
    future = steps.causal and steps.change.mask
    if window is None:
        return say("no future"), say("no row reads a later token: those scores become −∞")
    short = f"{window}+{sinks}" if sinks else str(window)
    return say("window {tokens}", tokens=short), say(NARROW[future, sinks > 0], reach=window - 1, sinks=sinks)


def _bias_words(config: ModelConfig) -> str:
    if config.position == "alibi":
        return say("ALiBi: the head's slope times the distance is taken off")
    return say("T5: a learned number for each distance is added")


def arrays(steps: AttentionSteps) -> dict[str, Any]:
    """The arrays that the picture shows and multiplies, by the names that figure.js reads."""
    found: dict[str, Any] = {
        "resid": steps.resid, "x": steps.x, "q": steps.q, "k": steps.k, "v": steps.v, "qn": steps.q_norm,
        "kn": steps.k_norm, "tq": steps.rot_q, "tk": steps.rot_k, "cos": steps.cos, "sin": steps.sin,
        "bq": steps.b_Q, "bk": steps.b_K, "bv": steps.b_V, "bias": steps.bias, "z": steps.z,
        "result": steps.result, **{array: getattr(steps, array) for array in MATRICES.values()},
    }  # fmt: skip
    if steps.attention == "cross":
        found |= {"source": steps.source, "xk": steps.source}
    if steps.norm is not None:
        norm = steps.norm
        found |= {"mean": norm.mean, "norm_scale": norm.scale, "gain": norm.gain, "shift": norm.shift}
    if steps.W_Q.size <= LARGEST_WEIGHT:
        found |= {"wq": steps.W_Q, "wk": steps.W_K, "wv": steps.W_V, "wo": steps.W_O}
    return {name: pack(array) for name, array in found.items() if array is not None}


def record(steps: AttentionSteps, lm: LanguageModel, likely: Sequence[int]) -> dict[str, Any]:
    """Record what figure.js draws.

    Args:
        likely: ids of the tokens whose probabilities stand under the picture, as the model is and as changed.
    """
    config, change, word = lm.config, steps.change, lm.tokenizer.display
    special = lm.tokenizer.special_ids
    name = f"L{steps.layer}H{steps.head}"
    if steps.attention != "self":
        crossed = steps.attention == "cross"
        message = mark("{head}, cross attention") if crossed else mark("{head}, encoder attention")
        name = say(message, head=name)
    rows, columns = (
        [{"text": word(i), "id": i, "special": i in special} for i in side]
        for side in (steps.ids, steps.key_ids)
    )
    return {
        "name": name,
        "block": steps.layer, "head": steps.head, "attention": steps.attention, "nHeads": config.n_heads,
        "kvHeads": config.kv_heads,
        "dHead": config.head_size, "cross": steps.attention == "cross", "rows": rows, "cols": columns,
        "steps": describe_steps(steps, config), "arrays": arrays(steps),
        "factor": steps.factor, "factorName": f"1/√{config.head_size}" if steps.factor != 1.0 else say("not scaled"),
        "biasName": say(BIASES.get(config.position, "")), "temperature": change.temperature,
        "on": {"turn": change.turn},
        "rule": _rule(steps), "blind": list(steps.blind),
        "moved": [round(float(share), 5) for share in steps.moved] if steps.changed else None,
        "late": config.norm_placement == "post", "centred": config.norm == "layer", "gained": config.norm_gain,
        "shifted": config.norm_bias and config.norm == "layer",
        "edits": [[*edit[:2], edit[2] if edit[2] > -math.inf else None] for edit in change.edits],
        "next": _following(steps, lm, likely),
    }  # fmt: skip


def _rule(steps: AttentionSteps) -> dict[str, Any]:
    """What hides keys from queries."""
    change = steps.change
    shown = [list(cell) for cell in change.shown]
    return {
        "causal": steps.causal and change.mask,
        "window": change.window,
        "sinks": change.sinks,
        "shown": shown,
    }


def _following(steps: AttentionSteps, lm: LanguageModel, likely: Sequence[int]) -> dict[str, Any]:
    """The model's likeliest tokens at the position that predicts, before and after the change."""
    word = lm.tokenizer.display
    if not steps.before.size:
        return {"label": say(UNSAID), "after": "", "tokens": [], "changed": steps.changed}
    if lm.config.shape == "encoder":
        token = steps.ids[steps.position]
        label = say("In place of") if token == lm.config.mask_id else say("Read back at")
    else:
        label, token = say("Next token after"), lm.config.decoder_start_id or 0
        if steps.attention != "encoder":
            token = steps.ids[-1]
    tokens = [
        {"text": word(i), "id": i, "before": float(steps.before[i]), "after": float(steps.after[i])}
        for i in likely
    ]
    return {"label": label, "after": word(token), "tokens": tokens, "changed": steps.changed}
