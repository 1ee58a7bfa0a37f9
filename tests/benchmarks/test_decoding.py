"""Tokens a second of greedy decoding and of a search with four beams: ours against transformers' `generate`."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

import core
from core.decoding.tree import grow
from core.language_model import LanguageModel
from tests.benchmarks import pair, sizes
from tests.oracle.decoding_pairs import word_tokenizer

PROMPT = [5, 9, 21, 9, 13, 2, 40, 7]
PEER = "transformers generate"
MODELS = {
    "GPT-2 shape, 0.8M": (sizes.hugging_face, sizes.SMALL, 120, 20, 2.0),
    "Llama shape, 0.8M": (sizes.hugging_face_llama, sizes.SMALL, 120, 20, 2.0),
    "GPT-2 shape, 124M": (sizes.hugging_face, sizes.GPT2, 32, 7, 1.0),
    "T5 shape, 0.8M": (sizes.hugging_face_t5, sizes.TOY_T5, 120, 20, 2.0),
    "T5-small's shape, 60M": (sizes.hugging_face_t5, sizes.T5_SMALL, 32, 7, 1.0),
}


@pytest.mark.parametrize("n_beams", [1, 4], ids=["greedy", "4 beams"])
@pytest.mark.parametrize("name", MODELS)
def test_decoding(name: str, n_beams: int, report: Callable[[pair.Comparison], None]) -> None:
    make, size, tokens, rounds, least = MODELS[name]
    theirs = make(size)
    lm = LanguageModel(sizes.ours(theirs), word_tokenizer(size.vocabulary))
    ids = torch.tensor([PROMPT])
    wish: dict[str, Any] = {"strategy": "beam", "n_beams": n_beams} if n_beams > 1 else {"strategy": "greedy"}
    write = partial(lm.generate, PROMPT, max_new_tokens=tokens, stop_ids=(), **wish)
    their_write = partial(
        theirs.generate,
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=tokens,
        num_beams=n_beams,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    written = write().ids
    lead = (
        1 if lm.config.shape == "encoder-decoder" else len(PROMPT)
    )  # ids that theirs gives before the new ones
    assert written == their_write()[0, lead:].tolist()
    assert len(written) == tokens and len(set(written)) > 3
    way = "greedy" if n_beams == 1 else f"{n_beams} beams"
    comparison = pair.compare(
        f"{way}, {tokens} tokens, {name}",
        {"glassbox": write, PEER: their_write},
        peers=("transformers",),
        rounds=rounds,
        warm_up=2,
        work=(tokens, "tokens"),
        least={PEER: least},
    )
    report(comparison)
    assert comparison.missed == {}


def test_a_tree_of_width_8_and_depth_20(report: Callable[[pair.Figure], None]) -> None:
    lm = core.load("tales-gpt")
    ids = lm.encode("On a bright day like this, Theo liked to sit outside and think. Rain began")
    times = []
    for seed in range(12):
        start = time.perf_counter()
        tree = grow(lm, ids, depth=20, n_beams=8, temperature=0.8, top_k=12, top_p=0.9, seed=seed)
        times.append(1000 * (time.perf_counter() - start))
        assert tree.depth == 20 and len([path for path in tree.paths if path.strategy == "beam"]) == 8
    figure = pair.Figure(
        "a tree of width 8 and depth 20 with greedy, beams and a sample, tales-gpt", times, 500
    )
    report(figure)
    assert figure.reached
