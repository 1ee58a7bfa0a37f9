"""Properties of the tree, the exact search and samples that hold for every shape of model and every setting."""

import functools
import itertools
import math

import pytest
import tokenizers
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import ModelConfig
from core.decoding import exact, samples, stages, tree
from core.decoding.options import DecodingOptions
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.text.tokenizer import Tokenizer
from tests.tiers import examples

V = 7
KINDS = {
    "learned": {},
    "sinusoidal": {"position": "sinusoidal", "norm_placement": "post", "final_norm": False},
    "rotary": {"position": "rotary", "n_kv_heads": 2, "norm": "rms", "norm_bias": False, "gated": True},
    "one key head": {"position": "rotary", "n_kv_heads": 1, "qk_norm": True, "tied_embeddings": False},
    "alibi": {"position": "alibi", "d_head": 6},
    "t5": {"shape": "encoder-decoder", "position": "relative", "scale_scores": False, "decoder_start_id": 0},
    "bert": {"shape": "encoder", "norm_placement": "post", "final_norm": False, "mask_id": 6},
}


@functools.cache
def model(kind, seed):
    config = ModelConfig(
        n_layers=2, d_model=16, n_heads=4, d_vocab=V, n_ctx=14, eos_ids=(2, 5), **KINDS[kind]
    )
    transformer = build(config).double().eval()
    initialise(transformer, config, seed=seed, spread=0.3)
    raw = tokenizers.Tokenizer(tokenizers.models.WordLevel({f"w{n}": n for n in range(V)}, unk_token="w0"))
    return LanguageModel(transformer, Tokenizer(raw))


models = st.builds(model, st.sampled_from(list(KINDS)), st.integers(0, 3))
prompts = st.lists(st.integers(0, V - 1), min_size=1, max_size=12)
warpers = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 3) | st.just(0),
        "top_k": st.integers(1, 10),
        "top_p": st.floats(0, 1),
        "min_p": st.floats(0, 1),
        "repetition_penalty": st.floats(0.5, 3),
    },
)
searches = st.fixed_dictionaries(
    {
        "n_beams": st.integers(1, 5),
        "length_penalty": st.floats(-2, 2),
        "early_stopping": st.sampled_from([False, True, "never"]),
        "seed": st.integers(0, 2**40),
    }
)


def with_blank(lm, prompt):
    """An encoder's prompt has a blank, at least the last token."""
    return [*prompt[:-1], 6] if lm.config.shape == "encoder" else prompt


def conditionals(lm, prompt, path):
    """log p of the token after each beginning of `path`, by one full pass each: (len(path) + 1 or less, V)."""
    rows = []
    slots = [place for place, id in enumerate(prompt) if id == 6]
    for length in range(len(path) + 1):
        if lm.config.shape == "decoder":
            logits = lm.trace([*prompt, *path[:length]]).logits[-1]
        elif lm.config.shape == "encoder-decoder":
            logits = lm.trace(prompt, target=path[:length] or None).logits[-1]
        elif length < len(slots):
            ids = list(prompt)
            for slot, id in zip(slots, path[:length]):
                ids[slot] = id
            logits = lm.trace(ids).logits[slots[length]]
        else:
            break
        rows.append(logits.log_softmax(-1))
    return torch.stack(rows)


@settings(max_examples=examples(60))
@given(models, prompts, searches, warpers, st.lists(st.lists(st.integers(0, V - 1), max_size=6), max_size=2))
def test_every_path_is_generates_and_every_number_a_full_passes(lm, prompt, search, warp, forced):
    prompt = with_blank(lm, prompt)
    grown = tree.grow(lm, prompt, depth=5, forced=forced, **search, **warp)
    if lm.config.shape != "encoder":
        for strategy in ("greedy", "sample", "beam"):
            options = {**search, **warp, "n_return": search["n_beams"] if strategy == "beam" else 1}
            found = lm.generate(prompt, strategy=strategy, max_new_tokens=5, **options)
            mine = [path for path in grown.paths if path.strategy == strategy]
            texts = found.beams if found.beams and mine else [found]
            assert [path.ids for path in mine] == [tuple(text.ids) for text in texts][: len(mine)]
    for path in grown.paths:
        rows = conditionals(lm, prompt, list(path.ids))
        expected = sum(float(row[id]) for row, id in zip(rows, path.ids))
        assert path.log_prob == pytest.approx(expected, rel=1e-4, abs=1e-5)
        assert path.score == pytest.approx(
            path.log_prob / max(1, len(path.ids)) ** search["length_penalty"], rel=1e-6, abs=1e-9
        )
        assert len(path.ids) <= grown.depth <= 5
        if path.strategy == "forced":
            given_ids = forced[path.rank][: len(path.ids)]
            assert list(path.ids[: len(given_ids)]) == given_ids
            assert list(path.ids[len(given_ids) :]) == [
                int(row.argmax()) for row in rows[len(given_ids) : len(path.ids)]
            ]
    assert grown.passes <= max(1, grown.together) and grown.calls <= grown.passes
    assert len({(node.parent, node.token_id) for node in grown.nodes}) == len(grown.nodes)


@settings(max_examples=examples(40))
@given(models, prompts, st.integers(1, 3), st.floats(-2, 2), st.integers(1, 6))
def test_exact_search_equals_trying_every_text(lm, prompt, depth, penalty, n):
    prompt = with_blank(lm, prompt)
    found = exact.best(lm, prompt, depth, n=n, length_penalty=penalty)
    depth, stop = found.depth, () if lm.config.shape == "encoder" else (2, 5)
    texts: dict[tuple[int, ...], float] = {}
    for ids in itertools.product(range(V), repeat=depth):
        end = next((place + 1 for place, id in enumerate(ids) if id in stop), depth)
        texts[ids[:end]] = math.nan
    texts.pop((), None)
    known: dict[tuple[int, ...], torch.Tensor] = {}
    for ids in texts:
        total = 0.0
        for length, id in enumerate(ids):
            if ids[:length] not in known:
                known[ids[:length]] = conditionals(lm, prompt, list(ids[:length]))[-1]
            total += float(known[ids[:length]][id])
        texts[ids] = total / len(ids) ** penalty
    assert found.proven and found.possible == (len(texts) if depth else 0)
    scores = sorted(texts.values(), reverse=True)[:n]
    assert [text.score for text in found.texts] == pytest.approx(scores, rel=1e-4, abs=1e-5)
    for text in found.texts:
        assert texts[text.ids] == pytest.approx(text.score, rel=1e-4, abs=1e-5)
    beams = tree.grow(lm, prompt, depth=max(1, depth), n_beams=4, length_penalty=penalty, strategies=["beam"])
    if found.texts and beams.paths:
        assert found.texts[0].score >= beams.best.score - 1e-5


@settings(max_examples=examples(40))
@given(models, prompts, warpers, st.integers(1, 3), st.integers(0, 99))
def test_the_probabilities_of_all_samples_sum_to_one(lm, prompt, warp, depth, seed):
    prompt = with_blank(lm, prompt)
    drawn = samples.draw(lm, prompt, 400, depth, seed=seed, **warp)
    assert drawn.covered <= 1 + 1e-6
    if drawn.depth:
        assert sum(text.count for text in drawn.texts) == 400 and len(
            {text.ids for text in drawn.texts}
        ) == len(drawn.texts)
        # 400 draws miss a text with probability p by (1 - p) ** 400: of all that is not covered, little is likely.
        assert drawn.covered > 0.2 or len(drawn.texts) > 100
    for text in drawn.texts:
        assert 0 < text.probability <= 1 + 1e-6
        rows = conditionals(lm, prompt, list(text.ids))
        expected = sum(float(row[id]) for row, id in zip(rows, text.ids))
        assert math.log(text.model_probability) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@given(st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=40), warpers, st.integers(1, 50))
def test_stages_keep_their_promises(scores, warp, shown):
    logits = torch.tensor([scores])
    found = stages.warped_stages(logits, torch.tensor([[0]]), DecodingOptions(**warp))
    told = stages.summary(found, shown).next(0, str)
    assert len(told.ids) == min(shown, len(scores)) == len(set(told.ids.tolist()))
    assert list(told.probabilities[0]) == sorted(told.probabilities[0], reverse=True)
    assert all(0 <= bits <= math.log2(len(scores)) + 1e-4 for bits in told.entropy)
    kept = told.kept.tolist()
    assert kept[3:] == sorted(kept[3:], reverse=True) and kept[-1] >= 1  # top-k, top-p and min-p only remove
    for stage, (row, total) in enumerate(zip(told.probabilities, kept)):
        if shown >= len(scores):
            assert row.sum() == pytest.approx(1, abs=1e-4) and int((row > 0).sum()) == total
        if stage > 2:
            assert all(
                after >= before - 1e-6
                for before, after in zip(told.probabilities[stage - 1], row)
                if after > 0
            )
