"""What holds for every transformer and every text: causality, padding, rows that sum to one, hooks that only watch."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.config import ModelConfig
from core.hooks import HookError, Intervention, ablate_head, intervene, recording
from core.model.initial import initialise
from core.model.kv_cache import KVCache
from core.model.transformer import EncoderDecoder, Transformer, build
from tests.tiers import examples

V, CONTEXT = 13, 12
FAST = {
    "norm": "rms",
    "norm_bias": False,
    "act": "relu_squared",
    "qk_norm": True,
    "norm_gain": False,
    "embed_norm": True,
}
DECODERS: dict[str, dict[str, Any]] = {
    "learned": {"position": "learned"},
    "rotary, grouped, gated": {
        "position": "rotary", "n_kv_heads": 2, "norm": "rms", "norm_bias": False, "act": "silu", "gated": True,
    },
    "rotary, fast recipe": {"position": "rotary", **FAST},
    "alibi": {"position": "alibi", "act": "relu"},
    "relative": {"position": "relative", "relative_buckets": 8, "relative_max_distance": 10, "scale_scores": False},
    "sinusoidal, post-norm": {"position": "sinusoidal", "norm_placement": "post", "final_norm": False},
    "none, no norm, one key head": {"position": "none", "norm": "none", "n_kv_heads": 1},
}  # fmt: skip
ENCODERS: dict[str, dict[str, Any]] = {
    "bert": {
        "norm_placement": "post", "embed_norm": True, "final_norm": False, "mlm_head": True, "n_token_types": 2,
        "unembed_bias": True,
    },
    "relative encoder": {"position": "relative", "relative_buckets": 8, "norm": "rms", "norm_bias": False},
}  # fmt: skip

ids = st.lists(st.integers(0, V - 1), min_size=1, max_size=CONTEXT)
decoders = st.sampled_from(sorted(DECODERS))
stacks = st.sampled_from([*sorted(DECODERS), *sorted(ENCODERS)])
few = settings(max_examples=examples(25))


@cache
def model_of(name: str) -> Transformer | EncoderDecoder:
    """A tiny model in float64, its weights wide enough that every part matters."""
    parts = {**DECODERS, **ENCODERS, "t5": DECODERS["relative"]}[name]
    shape = {"t5": "encoder-decoder"}.get(name, "encoder" if name in ENCODERS else "decoder")
    sizes: dict[str, Any] = {"n_layers": 2, "d_model": 16, "n_heads": 4, "d_vocab": V, "n_ctx": CONTEXT}
    config = ModelConfig(shape=shape, **{**sizes, **parts})
    model = build(config)
    initialise(model, config, seed=3, spread=0.3)
    return model.double().eval()


def logits(model: Any, *texts: list[int], **options: Any) -> Tensor:
    with torch.no_grad():
        return model(torch.tensor(texts), **options)


def same(one: Tensor, other: Tensor) -> bool:
    return bool(torch.allclose(one, other, rtol=1e-9, atol=1e-9))


@few
@given(decoders, ids, st.lists(st.integers(0, V - 1), min_size=1, max_size=CONTEXT))
def test_a_later_token_never_changes_an_earlier_logit(name: str, text: list[int], other: list[int]) -> None:
    kept = min(len(text), len(other))
    cut = kept // 2
    changed = text[:cut] + other[cut:kept] + text[kept:]
    model = model_of(name)
    assert same(logits(model, text)[:, :cut], logits(model, changed)[:, :cut])


def test_an_encoder_does_read_what_comes_later() -> None:
    model = model_of("bert")
    assert not same(logits(model, [1, 2, 3])[:, 0], logits(model, [1, 2, 4])[:, 0])


@few
@given(
    stacks,
    st.lists(ids, min_size=2, max_size=4),
    st.integers(0, V - 1),
)
def test_a_padded_row_equals_the_text_alone(name: str, texts: list[list[int]], padding: int) -> None:
    longest = max(map(len, texts))
    rows = [text + [padding] * (longest - len(text)) for text in texts]
    mask = torch.tensor([[True] * len(text) + [False] * (longest - len(text)) for text in texts])
    model = model_of(name)
    together = logits(model, *rows, mask=mask)
    for row, text in zip(together, texts):
        assert same(row[: len(text)], logits(model, text)[0])


@few
@given(st.lists(ids, min_size=2, max_size=3), ids)
def test_an_encoder_decoder_does_not_see_its_sources_padding(
    texts: list[list[int]], target: list[int]
) -> None:
    longest = max(map(len, texts))
    rows = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
    mask = torch.tensor([[True] * len(text) + [False] * (longest - len(text)) for text in texts])
    model = model_of("t5")
    with torch.no_grad():
        together = model(rows, torch.tensor([target] * len(texts)), mask=mask)
        for row, text in zip(together, texts):
            assert same(row, model(torch.tensor([text]), torch.tensor([target]))[0])


@few
@given(stacks, ids, st.data())
def test_the_rows_of_every_pattern_sum_to_one_and_look_only_where_they_may(
    name: str, text: list[int], data: st.DataObject
) -> None:
    visible = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    visible[0] = True
    model = model_of(name)
    with recording() as seen:
        logits(model, text, mask=torch.tensor([visible]))
    patterns = {hook: value for hook, value in seen.items() if hook.endswith("hook_pattern")}
    assert len(patterns) == 2
    for pattern in patterns.values():
        assert same(pattern.sum(-1), torch.ones(1, 4, len(text), dtype=torch.float64))
        assert (pattern >= 0).all()
        assert (pattern[..., ~torch.tensor(visible)] == 0).all()
        if name in DECODERS:
            assert torch.equal(pattern, pattern.tril())


@few
@given(decoders, ids, st.data())
def test_cached_equals_uncached_however_the_text_is_cut(
    name: str, text: list[int], data: st.DataObject
) -> None:
    model = model_of(name)
    kept, parts, start = KVCache(), [], 0
    while start < len(text):
        end = data.draw(st.integers(start + 1, len(text)))
        parts.append(logits(model, text[start:end], cache=kept))
        start = end
    assert kept.length == len(text)
    assert same(torch.cat(parts, dim=1), logits(model, text))


@few
@given(ids, ids)
def test_an_encoder_decoder_cached_equals_uncached(text: list[int], target: list[int]) -> None:
    model, source = model_of("t5"), torch.tensor([text])
    assert isinstance(model, EncoderDecoder)
    with torch.no_grad():
        read, kept = model.encode(source), KVCache()
        steps = [model.decode(torch.tensor([[token]]), read, cache=kept) for token in target]
        assert same(torch.cat(steps, dim=1), model(source, torch.tensor([target])))


@few
@given(stacks, ids)
def test_watching_changes_nothing(name: str, text: list[int]) -> None:
    """Unwatched, the fused kernels run; watched, the explicit equations: they are one function."""
    model = model_of(name)
    alone = logits(model, text)
    with recording() as everything:
        assert same(logits(model, text), alone)
    assert set(everything) >= {hook for hook in model.hook_names if not hook.endswith("hook_result")}
    with recording(["blocks.1.attn.hook_result", "blocks.0.hook_attn_out"]) as two:
        assert same(logits(model, text), alone)
    assert set(two) == {"blocks.1.attn.hook_result", "blocks.0.hook_attn_out"}
    identity = Intervention(tuple(model.hook_names), lambda value: value, "nothing")
    with intervene(identity):
        assert same(logits(model, text), alone)


heads = st.tuples(st.integers(0, 1), st.integers(0, 3), st.sampled_from(["zero", "mean"]))


@few
@given(decoders, ids, st.lists(heads, max_size=4))
def test_ablations_compose_nest_and_commute(name: str, text: list[int], chosen: list[Any]) -> None:
    model = model_of(name)
    changes = [ablate_head(layer=layer, head=head, value=value) for layer, head, value in chosen]
    with intervene(*changes), recording([f"blocks.{layer}.attn.hook_z" for layer in (0, 1)]) as seen:
        together = logits(model, text)
    with ExitStack() as nest:
        for change in changes:
            nest.enter_context(intervene(change))
        assert torch.equal(logits(model, text), together)
    with intervene(*reversed(changes)):
        assert same(logits(model, text), together)
    for layer, head, _ in chosen:
        z = seen[f"blocks.{layer}.attn.hook_z"][0, :, head]
        zeroed = (layer, head, "zero") in chosen
        assert same(z, torch.zeros_like(z) if zeroed else z.mean(0, keepdim=True).expand_as(z))


def test_ablating_a_head_takes_its_result_out_of_the_sum() -> None:
    model, text = model_of("learned"), [3, 1, 4, 1, 5]
    with recording(["blocks.0.attn.hook_result", "blocks.0.hook_attn_out"]) as whole:
        logits(model, text)
    with intervene(ablate_head(layer=0, head=2)), recording(["blocks.0.hook_attn_out"]) as without:
        logits(model, text)
    contribution = whole["blocks.0.attn.hook_result"][:, :, 2]
    assert same(without["blocks.0.hook_attn_out"], whole["blocks.0.hook_attn_out"] - contribution)
    assert contribution.abs().max() > 0.1


@few
@given(decoders, ids, st.booleans())
def test_hooks_never_outlive_their_context(name: str, text: list[int], fails: bool) -> None:
    model = model_of(name)
    alone = logits(model, text)

    def broken(value: Tensor) -> Tensor:
        if fails:
            raise RuntimeError("inside the pass")
        return value * 0

    change = Intervention(("blocks.1.hook_resid_pre",), broken, "break")
    with recording() as outer:
        if fails:
            with pytest.raises(RuntimeError, match="inside the pass"), intervene(change):
                logits(model, text)
        else:
            with intervene(change):
                logits(model, text)
            assert (outer["blocks.1.hook_resid_pre"] == 0).all()
        outer.clear()
    assert torch.equal(logits(model, text), alone)
    assert outer == {}


def test_an_intervention_on_a_place_that_is_not_there_is_an_error() -> None:
    with (
        intervene(ablate_head(layer=7, head=0)),
        pytest.raises(HookError, match=r"L7H0.*blocks\.1\.attn\.hook_z"),
    ):
        logits(model_of("learned"), [1])
    with intervene(ablate_head(layer=0, head=9)), pytest.raises(HookError, match="heads 0 to 3"):
        logits(model_of("learned"), [1])
    wrong = Intervention(("blocks.0.hook_resid_pre",), lambda value: value[..., :3], "cut")
    with intervene(wrong), pytest.raises(HookError, match=r"cut: turned blocks\.0\.hook_resid_pre"):
        logits(model_of("learned"), [1])


def test_two_threads_one_of_them_ablating_never_disturb_each_other() -> None:
    """One shared model, a thousand passes each: every pass of the one is whole, every pass of the other is ablated."""
    model, text = model_of("rotary, fast recipe"), [3, 1, 4, 1, 5, 9, 2, 6]
    whole = logits(model, text)
    with intervene(ablate_head(layer=0, head=1)):
        ablated = logits(model, text)
    assert not same(whole, ablated)
    start, wrong = threading.Barrier(2), {"plain": 0, "ablating": 0}
    done = dict.fromkeys(wrong, 0)

    def plain() -> None:
        start.wait()
        for _ in range(1000):
            wrong["plain"] += not torch.equal(logits(model, text), whole)
            done["plain"] += 1

    def ablating() -> None:
        start.wait()
        for turn in range(1000):
            with intervene(ablate_head(layer=0, head=1)), recording(["blocks.0.attn.hook_z"]) as seen:
                wrong["ablating"] += not torch.equal(logits(model, text), ablated)
            wrong["ablating"] += bool(seen["blocks.0.attn.hook_z"][:, :, 1].any())
            if turn % 100 == 0:
                wrong["ablating"] += not torch.equal(logits(model, text), whole)
            done["ablating"] += 1

    threads = [threading.Thread(target=work) for work in (plain, ablating)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == {"plain": 1000, "ablating": 1000}
    assert wrong == {"plain": 0, "ablating": 0}
