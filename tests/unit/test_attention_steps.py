"""One head, step by step: every array equals the hooks, and a change does to the model what it says."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.analysis.heads.steps import AttentionSteps, Change, attention_steps
from core.config import ModelConfig
from core.hooks import Intervention, intervene
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.text.training import train_bpe

TEXT = "The fox saw the red ball, and ran."
TARGET = "Der Fuchs"
NONE = Change()
SHAPES: dict[str, dict[str, Any]] = {
    "learned": {"position": "learned"},
    "rotary": {"position": "rotary", "norm": "rms", "norm_bias": False, "qkv_bias": False},
    "rotary grouped qk_norm": {
        "position": "rotary", "n_kv_heads": 2, "qk_norm": True, "norm": "rms", "norm_bias": False,
    },
    "alibi": {"position": "alibi"},
    "no norm": {"position": "sinusoidal", "norm": "none", "out_bias": False},
    "encoder post": {"shape": "encoder", "norm_placement": "post"},
    "encoder-decoder": {
        "shape": "encoder-decoder", "position": "relative", "scale_scores": False, "norm": "rms",
        "norm_bias": False, "qkv_bias": False, "decoder_start_id": 1, "n_decoder_layers": 3,
    },
}  # fmt: skip
PLACES = [(name, "self") for name in SHAPES] + [("encoder-decoder", "cross"), ("encoder-decoder", "encoder")]


def model(name: str, **changes: Any) -> LanguageModel:
    """A tiny model with random weights in float64."""
    tokenizer = train_bpe([TEXT, TARGET], 280)
    shape = {
        "n_layers": 2,
        "d_model": 24,
        "n_heads": 4,
        "n_ctx": 48,
        "d_vocab": len(tokenizer),
        **SHAPES[name],
        **changes,
    }
    config = ModelConfig(**shape)
    transformer = build(config).double().eval()
    initialise(transformer, config, seed=3, spread=0.4)
    return LanguageModel(transformer, tokenizer, name)


def run(
    lm: LanguageModel, attention: Any = "self", change: Change = NONE, layer: int = 1, head: int = 2
) -> AttentionSteps:
    """The steps of one head; an encoder-decoder gets a target."""
    target = TARGET if lm.config.shape == "encoder-decoder" else None
    return attention_steps(lm, TEXT, layer, head, attention=attention, change=change, target=target)


def close(a: Any, b: Any) -> None:
    """Equal to 1e-9 of the largest magnitude; infinities in the same places."""
    a, b = (x.detach().numpy() if isinstance(x, Tensor) else np.asarray(x) for x in (a, b))
    scale = max(1.0, float(np.abs(b[np.isfinite(b)]).max(initial=0)))
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * scale)


@pytest.mark.parametrize(("name", "attention"), PLACES)
@pytest.mark.parametrize("head", [0, 3])
def test_without_a_change_every_array_is_the_hooks(name: str, attention: str, head: int) -> None:
    lm = model(name)
    trace = lm.trace(TEXT, TARGET if lm.config.shape == "encoder-decoder" else None)
    steps = run(lm, attention, head=head)
    prefix = {
        "self": "decoder.blocks.1.attn",
        "cross": "decoder.blocks.1.cross_attn",
        "encoder": "encoder.blocks.1.attn",
    }
    at = prefix[attention] if lm.config.shape == "encoder-decoder" else "blocks.1.attn"
    kv = head // (lm.config.n_heads // lm.config.kv_heads)
    assert steps.kv_head == kv
    for ours, hook, which in [
        (steps.q, "hook_q", head), (steps.k, "hook_k", kv), (steps.v, "hook_v", kv), (steps.z, "hook_z", head),
        (steps.result, "hook_result", head),
    ]:  # fmt: skip
        close(ours, trace[f"{at}.{hook}"][:, which])
    close(steps.masked, trace[f"{at}.hook_attn_scores"][head])
    close(steps.pattern, trace[f"{at}.hook_pattern"][head])
    if lm.config.position == "rotary":
        close(steps.rot_q, trace[f"{at}.hook_rot_q"][:, head])
        close(steps.rot_k, trace[f"{at}.hook_rot_k"][:, kv])
    else:
        assert steps.rot_q is None
    close(steps.before, trace.logits[-1].softmax(-1))
    close(steps.after, steps.before)
    assert not steps.changed


@pytest.mark.parametrize(("name", "attention"), PLACES)
def test_each_step_follows_from_the_one_before(name: str, attention: str) -> None:
    lm = model(name)
    steps = run(lm, attention)
    if steps.norm is not None:
        close(
            (steps.resid - steps.norm.mean) / steps.norm.scale * steps.norm.gain + steps.norm.shift, steps.x
        )
    for ours, source, weight, bias in [
        (steps.q, steps.x, steps.W_Q, steps.b_Q),
        (steps.k, steps.source, steps.W_K, steps.b_K),
        (steps.v, steps.source, steps.W_V, steps.b_V),
    ]:
        close(source @ weight + (0 if bias is None else bias), ours)
    close(steps.asked @ steps.answered.T, steps.scores)
    close(steps.scores * steps.factor, steps.scaled)
    close(steps.scaled + (0 if steps.bias is None else steps.bias), steps.biased)
    close(np.where(steps.allowed, steps.biased, -np.inf), steps.masked)
    close(steps.pattern.sum(axis=1), np.ones(len(steps.pattern)))
    close(steps.pattern @ steps.v, steps.z)
    close(steps.z @ steps.W_O, steps.result)
    assert steps.factor == (1.0 if name == "encoder-decoder" else 1 / math.sqrt(6))
    assert steps.causal == (attention == "self" and name != "encoder post")
    assert (steps.bias is not None) == (name in ("alibi", "encoder-decoder") and attention != "cross")


def test_the_turn_is_the_pairwise_rotation() -> None:
    steps = run(model("rotary grouped qk_norm"))
    assert steps.q_norm is not None
    assert steps.cos is not None
    assert steps.sin is not None
    half = steps.q.shape[1] // 2
    first, second = steps.q_norm[:, :half], steps.q_norm[:, half:]
    turned = np.concatenate([-second, first], axis=1)
    close(steps.q_norm * steps.cos + turned * steps.sin, steps.rot_q)


def with_weights(lm: LanguageModel, alter: Callable[[Any], None]) -> LanguageModel:
    """A copy of the model, its transformer altered."""
    transformer = copy.deepcopy(lm.transformer)
    with torch.no_grad():
        alter(transformer)
    return LanguageModel(transformer, lm.tokenizer, "copy")


def probabilities(lm: LanguageModel) -> np.ndarray:
    target = TARGET if lm.config.shape == "encoder-decoder" else None
    return lm.trace(TEXT, target).logits[-1].softmax(-1).detach().numpy()


@pytest.mark.parametrize("name", ["learned", "rotary"])
@pytest.mark.parametrize(
    ("change", "factor"), [(Change(scale=False), math.sqrt(6)), (Change(temperature=2.5), 1 / 2.5)]
)
def test_scale_and_temperature_equal_a_model_with_other_query_weights(
    name: str, change: Change, factor: float
) -> None:
    lm = model(name)
    steps = run(lm, change=change)

    def alter(transformer: Any) -> None:
        attn = transformer.blocks[1].attn
        attn.weight_qkv[12:18] *= factor  # head 2's rows of W_Q
        if attn.bias_qkv is not None:
            attn.bias_qkv[12:18] *= factor

    altered = with_weights(lm, alter)
    close(steps.after, probabilities(altered))
    close(steps.pattern, altered.trace(TEXT)["blocks.1.attn.hook_pattern"][2])
    assert np.abs(steps.after - steps.before).max() > 1e-4


def test_changing_other_rows_of_the_last_block_cannot_reach_the_last_prediction() -> None:
    steps = run(model("learned"), change=Change(edits=((5, 2, 30.0),)))
    assert steps.pattern[5, 2] > 0.9
    close(steps.after, steps.before)


def explicit(steps: AttentionSteps, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """softmax(scores) and what it mixes, in plain numpy."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    pattern = powers / powers.sum(axis=1, keepdims=True)
    return pattern, pattern @ steps.v


@pytest.mark.parametrize(
    ("name", "attention", "change"),
    [
        ("rotary", "self", Change(mask=False)),
        ("rotary", "self", Change(turn=False)),
        ("rotary grouped qk_norm", "self", Change(turn=False, mask=False, temperature=0.5)),
        ("learned", "self", Change(edits=((5, 2, 30.0), (8, 0, -4.0)))),
        ("alibi", "self", Change(turn=False)),
        ("encoder-decoder", "self", Change(turn=False, temperature=3.0)),
        ("encoder-decoder", "encoder", Change(turn=False, edits=((1, 0, 9.0),))),
        ("encoder-decoder", "cross", Change(temperature=4.0, edits=((0, 3, 12.0),))),
        ("encoder post", "self", Change(scale=False, edits=((2, 7, 11.0),))),
    ],
)
def test_a_change_equals_the_head_recomputed_by_hand(name: str, attention: str, change: Change) -> None:
    lm = model(name)
    plain, steps = run(lm, attention, layer=0), run(lm, attention, change, layer=0)
    normed = [a if b is None else b for a, b in [(plain.q, plain.q_norm), (plain.k, plain.k_norm)]]
    q, k = normed if not change.turn or plain.rot_q is None else (plain.rot_q, plain.rot_k)
    scores = q @ k.T
    for row, column, value in change.edits:
        scores[row, column] = value
    scores = scores * (plain.factor if change.scale else 1.0)
    if plain.bias is not None and change.turn:
        scores = scores + plain.bias
    if plain.causal and change.mask:
        scores = np.where(np.tril(np.ones(scores.shape, dtype=bool)), scores, -np.inf)
    pattern, z = explicit(plain, scores / change.temperature)
    close(steps.pattern, pattern)
    close(steps.z, z)
    # By another door: the head's output is set, not its scores.
    stack = {"self": "decoder.", "cross": "decoder.", "encoder": "encoder."}[attention]
    part = "cross_attn" if attention == "cross" else "attn"
    at = f"{stack if lm.config.shape == 'encoder-decoder' else ''}blocks.0.{part}"

    def put(value: Tensor) -> Tensor:
        value = value.clone()
        value[:, :, 2] = torch.from_numpy(z)
        return value

    with intervene(Intervention((f"{at}.hook_z",), put, "by hand")):
        expected = probabilities(lm)
    close(steps.after, expected)
    close(steps.before, plain.before)
    assert np.abs(steps.after - steps.before).max() > 1e-6
    assert steps.changed


@pytest.mark.parametrize("name", ["rotary", "alibi", "encoder post"])
@pytest.mark.parametrize("mask", [True, False])
def test_a_window_with_sinks_hides_all_that_is_far(name: str, mask: bool) -> None:
    lm = model(name)
    plain = run(lm, layer=0)
    steps = run(lm, change=Change(window=3, sinks=1, mask=mask), layer=0)
    scores = plain.biased.copy()
    for query in range(len(scores)):
        for key in range(len(scores)):
            future = plain.causal and mask and key > query
            far = abs(query - key) > 2 and key != 0
            if future or far:
                scores[query, key] = -np.inf
    close(steps.masked, scores)
    pattern, z = explicit(plain, scores)
    close(steps.pattern, pattern)
    close(steps.z, z)
    assert np.abs(steps.after - steps.before).max() > 1e-6


def test_a_hidden_score_and_one_shown_in_spite_of_the_mask() -> None:
    lm = model("rotary")
    plain = run(lm, layer=0)
    change = Change(edits=((5, 2, -math.inf), (3, 6, 7.0)), shown=((3, 6),))
    steps = run(lm, change=change, layer=0)
    scores = plain.masked.copy()
    scores[5, 2], scores[3, 6] = -np.inf, 7.0 * plain.factor
    close(steps.masked, scores)
    pattern, _ = explicit(plain, scores)
    close(steps.pattern, pattern)
    assert steps.pattern[5, 2] == 0
    assert steps.pattern[3, 6] > 0
    assert steps.blind == ()


@pytest.mark.parametrize("name", ["learned", "encoder post"])
def test_a_row_of_scores_that_are_all_hidden_reads_nothing_and_is_told(name: str) -> None:
    lm = model(name)
    count = len(lm.encode(TEXT))
    edits = tuple((4, key, -math.inf) for key in range(count))
    steps = run(lm, change=Change(edits=edits), layer=0)
    assert steps.blind == (4,)
    assert np.isfinite(steps.pattern).all()
    assert np.isfinite(steps.after).all()
    assert not steps.pattern[4].any()
    assert not steps.result[4].any()
    close(np.delete(steps.pattern, 4, axis=0).sum(axis=1), np.ones(count - 1))
    assert steps.moved[4] == pytest.approx(1)
    assert steps.after.sum() == pytest.approx(1)


def test_how_far_a_change_moves_each_rows_output() -> None:
    lm = model("rotary")
    plain = run(lm, layer=0)
    steps = run(lm, change=Change(edits=((5, 2, 30.0),)), layer=0)
    close(steps.plain, plain.result)
    gone = np.linalg.norm(steps.result[5] - plain.result[5]) / np.linalg.norm(plain.result[5])
    assert steps.moved[5] == pytest.approx(gone)
    assert gone > 0.01
    close(np.delete(steps.moved, 5), np.zeros(len(steps.moved) - 1))
    assert not plain.moved.any()


def test_a_distance_bias_off_equals_a_model_without_it() -> None:
    alibi = model("alibi", n_layers=1)
    flat = with_weights(alibi, lambda t: t.alibi.slopes[2].zero_())
    close(run(alibi, change=Change(turn=False), layer=0).after, probabilities(flat))
    both = model("encoder-decoder", n_layers=1, n_decoder_layers=1)
    flat = with_weights(both, lambda t: t.decoder.relative.W_bias[:, 2].zero_())
    close(run(both, change=Change(turn=False), layer=0).after, probabilities(flat))


def test_a_change_reaches_one_head_only_and_leaves_nothing_behind() -> None:
    lm = model("rotary")
    before = lm.trace(TEXT)
    steps = run(lm, change=Change(mask=False))
    after = lm.trace(TEXT)
    assert torch.equal(before.logits, after.logits)
    assert (steps.pattern[0] > 0).all()  # the first token sees the future
    assert (run(lm, head=1).pattern[0, 1:] == 0).all()


def test_one_position_and_the_chosen_prediction() -> None:
    lm = model("learned")
    one = attention_steps(lm, [0], 1, 2)
    assert one.pattern.tolist() == [[1.0]]
    steps = attention_steps(lm, TEXT, 1, 2, position=3)
    close(steps.before, lm.trace(TEXT).logits[3].softmax(-1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": 2}, "block 2 is not one of the 2 blocks"),
        ({"head": 4}, "head 4 is not one of the 4 heads"),
        ({"layer": -1}, "block -1"),
        ({"attention": "cross"}, "without it"),
        ({"change": Change(temperature=0.0)}, "must be a number above 0"),
        ({"change": Change(temperature=math.nan)}, "must be a number above 0"),
        ({"position": 99}, "position 99 is not one of"),
        ({"change": Change(window=0)}, "window=0 must hold at least the query itself"),
        ({"change": Change(edits=((1, 0, math.nan),))}, "a score is a number or -inf, not nan"),
        ({"change": Change(edits=((1, 0, math.inf),))}, "a score is a number or -inf, not inf"),
    ],
)
def test_what_does_not_exist_is_named(options: dict[str, Any], message: str) -> None:
    given = {"layer": 1, "head": 2, **options}
    with pytest.raises(ValueError, match=message):
        attention_steps(model("learned"), TEXT, given.pop("layer"), given.pop("head"), **given)


def test_an_edit_outside_the_scores_is_named() -> None:
    with pytest.raises(IndexError, match=r"cell \(99, 0\) lies outside"):
        run(model("learned"), change=Change(edits=((99, 0, 1.0),)))
    with pytest.raises(IndexError, match=r"cell \(0, 99\) lies outside"):
        run(model("learned"), change=Change(shown=((0, 99),)))


def test_cross_attention_has_no_window() -> None:
    with pytest.raises(ValueError, match="reads another text"):
        run(model("encoder-decoder"), "cross", Change(window=2))
