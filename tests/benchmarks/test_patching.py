"""Activation patching: heads by position against transformer-lens at GPT-2's size, and all places of tales-gpt."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import torch
from torch import Tensor
from transformer_lens import patching as theirs

import core
from core.analysis.patching.patches import Patching
from core.analysis.patching.sweep import patched
from core.analysis.patching.text_pairs import text_pair
from core.language_model import LanguageModel
from tests.benchmarks import pair, sizes
from tests.heads import tiny

TOKENS, PLACES = 16, (2, 8, 15)
TOKEN, AGAINST = 11, 12
LENS = "transformer-lens patching, generic_activation_patch"
ALL_S = 2.0
TALE = "Lily had a blue robot. Tim had a red ball. Tim gave the ball to Lily. Now the red ball"


def texts(size: sizes.Size) -> tuple[list[int], list[int]]:
    """A clean and a corrupted row of ids that end alike."""
    draw = torch.Generator().manual_seed(1)
    clean, corrupted = torch.randint(0, size.vocabulary, (2, TOKENS), generator=draw).tolist()
    return clean, [*corrupted[:-1], clean[-1]]


@pytest.mark.timeout(1800)  # transformer-lens makes a whole pass for each of 432 patches
@pytest.mark.parametrize(("size", "rounds"), [(sizes.SMALL, 10), (sizes.GPT2, 2)], ids=["0.8M", "124M"])
def test_every_head_at_three_positions(
    size: sizes.Size, rounds: int, report: Callable[[pair.Comparison], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = sizes.ours(sizes.hugging_face(size))
    lens = sizes.lens(model)
    lm = LanguageModel(model, tiny("gpt").tokenizer, size.name)  # type: ignore[arg-type]
    clean, corrupted = texts(size)
    frame = pd.DataFrame(
        [(layer, at, head) for layer in range(size.layers) for head in range(size.heads) for at in PLACES],
        columns=["layer", "pos", "head"],
    )
    monkeypatch.setattr(theirs, "tqdm", lambda rows: rows)  # no bar in between

    def ours() -> Any:
        found = Patching.of(lm, text_pair(lm, clean, corrupted), TOKEN, AGAINST)
        lines = [found.by_head_and_place(layer, PLACES)[:, PLACES] for layer in range(size.layers)]
        return np.stack(lines) * found.gap + found.corrupted

    def slow() -> Any:
        _, cache = lens.run_with_cache(torch.tensor([clean]))
        return theirs.generic_activation_patch(
            lens, torch.tensor([corrupted]), cache, said, theirs.layer_pos_head_vector_patch_setter, "z",
            index_df=frame,
        )  # fmt: skip

    def said(logits: Tensor) -> Tensor:
        return logits[0, -1, TOKEN] - logits[0, -1, AGAINST]

    with torch.no_grad():
        expected = slow().numpy().reshape(size.layers, size.heads, len(PLACES))
        assert expected.std() > 1e-4
        np.testing.assert_allclose(ours(), expected, rtol=0, atol=0.02 * expected.std())
        comparison = pair.compare(
            f"patching of {size.layers * size.heads} heads at three of {TOKENS} positions, GPT-2 shape, {size.name}",
            {"glassbox": ours, LENS: slow},
            peers=("transformer-lens",),
            rounds=rounds,
            warm_up=0,  # both have just been called
            least={LENS: 1.0},
        )
    report(comparison)
    assert comparison.missed == {}


def test_every_place_of_tales_gpt(report: Callable[[pair.Figure], None]) -> None:
    lm = core.load("tales-gpt")
    ids = lm.encode(TALE)[:24]
    assert len(ids) == 24
    times = []
    for turn in range(6):
        other = [*ids[:2], 300 + turn, *ids[3:]]
        start = time.perf_counter()
        found = Patching.of(lm, text_pair(lm, ids, other), int(lm.trace(ids).logits[-1].argmax()), 300)
        maps = patched(found)
        times.append(time.perf_counter() - start)
        assert maps["heads"].shape == (4, 4, 24)
    figure = pair.Figure(
        "patching of tales-gpt, 24 tokens: all layers, positions and heads", times[1:], most=ALL_S, unit="s"
    )
    report(figure)
    assert figure.reached
