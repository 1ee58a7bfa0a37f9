"""Properties of decoding that hold for every shape of model and every setting."""

import functools

import pytest
import tokenizers
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import ModelConfig
from core.decoding import warpers
from core.decoding.options import DecodingOptions
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.text.tokenizer import Tokenizer
from tests.tiers import examples

V = 13
KINDS = {
    "learned": {},
    "sinusoidal": {"position": "sinusoidal", "norm_placement": "post", "final_norm": False},
    "rotary": {
        "position": "rotary",
        "n_kv_heads": 2,
        "norm": "rms",
        "norm_bias": False,
        "gated": True,
        "act": "silu",
    },
    "one key head": {"position": "rotary", "n_kv_heads": 1, "qk_norm": True, "tied_embeddings": False},
    "alibi": {"position": "alibi", "d_head": 6},
    "t5": {"shape": "encoder-decoder", "position": "relative", "scale_scores": False, "decoder_start_id": 0},
}


@functools.cache
def model(kind, seed):
    config = ModelConfig(
        n_layers=2, d_model=16, n_heads=4, d_vocab=V, n_ctx=24, eos_ids=(2, 5), **KINDS[kind]
    )
    transformer = build(config).double().eval()
    initialise(transformer, config, seed=seed, spread=0.3)
    raw = tokenizers.Tokenizer(tokenizers.models.WordLevel({f"w{n}": n for n in range(V)}, unk_token="w0"))
    return LanguageModel(transformer, Tokenizer(raw))


models = st.builds(model, st.sampled_from(list(KINDS)), st.integers(0, 3))
prompts = st.lists(st.integers(0, V - 1), min_size=1, max_size=20)
sampling = st.fixed_dictionaries(
    {"strategy": st.sampled_from(["greedy", "sample"]), "seed": st.integers(0, 2**63 - 1)},
    optional={
        "temperature": st.floats(0, 3) | st.just(0),
        "top_k": st.integers(1, 30),
        "top_p": st.floats(0, 1),
        "min_p": st.floats(0, 1),
        "repetition_penalty": st.floats(0.5, 3),
    },
)
beaming = st.fixed_dictionaries(
    {
        "strategy": st.just("beam"),
        "n_beams": st.integers(1, 6),
        "length_penalty": st.floats(-3, 3),
        "early_stopping": st.sampled_from([False, True, "never"]),
    },
    optional={"repetition_penalty": st.floats(0.5, 3)},
)


@settings(max_examples=examples(60))
@given(models, prompts, sampling | beaming)
def test_cached_equals_uncached(lm, prompt, options):
    cached = lm.generate(prompt, max_new_tokens=8, **options)
    anew = lm.generate(prompt, max_new_tokens=8, use_cache=False, **options)
    assert cached.ids == anew.ids and cached.finished == anew.finished
    assert cached.scores == pytest.approx(anew.scores, rel=1e-5)
    for one, other in zip(cached.steps, anew.steps):
        assert one.probability_before == pytest.approx(other.probability_before, rel=1e-5)


@settings(max_examples=examples(40))
@given(models, prompts, sampling)
def test_streamed_equals_whole_and_every_step_is_possible(lm, prompt, options):
    whole = lm.generate(prompt, max_new_tokens=6, **options)
    assert [step.id for step in lm.stream(prompt, max_new_tokens=6, **options)] == whole.ids
    for step in whole.steps:
        assert step.id in step.candidate_ids and 0 < step.probability_before <= 1
        assert sum(step.candidate_probabilities) == pytest.approx(1, abs=1e-4)
        assert list(step.candidate_probabilities) == sorted(step.candidate_probabilities, reverse=True)


@settings(max_examples=examples(40))
@given(models, prompts, beaming, st.integers(1, 6))
def test_a_beam_search_returns_distinct_finished_texts_best_first(lm, prompt, options, limit):
    options["n_return"] = options["n_beams"]
    found = lm.generate(prompt, max_new_tokens=limit, **options)
    assert found.scores == sorted(found.scores, reverse=True)
    assert len({tuple(beam.ids) for beam in found.beams}) == len(found.beams) <= options["n_beams"]
    for beam in found.beams:
        assert not {2, 5} & set(beam.ids[:-1])
        ended = bool(beam.ids) and beam.ids[-1] in (2, 5)
        assert (beam.finished == "end token") == ended
        assert ended or len(beam.ids) == limit or beam.finished == "context"


# A processor may take subnormal numbers for 0.
@given(st.lists(st.floats(-30, 30, width=32, allow_subnormal=False), min_size=1, max_size=40), st.data())
def test_warpers_keep_the_best_token_and_never_reorder(scores, data):
    rows = torch.tensor([scores])
    options = DecodingOptions(
        temperature=data.draw(st.floats(0.05, 5)),
        top_k=data.draw(st.none() | st.integers(1, 50)),
        top_p=data.draw(st.none() | st.floats(0, 1)),
        min_p=data.draw(st.none() | st.floats(0, 1)),
    )
    warped = warpers.warp(rows, torch.zeros(1, 0, dtype=torch.long), options)
    kept = warped > -torch.inf
    assert kept.any() and warped.max() == (rows / options.temperature).max()
    assert torch.equal(warped[kept], (rows / options.temperature)[kept])
    if not kept.all():
        assert rows[kept].min() >= rows[~kept].max()
    if options.top_k is not None:
        assert int((rows[kept] > rows[kept].min()).sum()) < options.top_k
