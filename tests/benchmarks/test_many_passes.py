"""What costs many passes of the published SmolLM2-135M, and draws coarse first: patching, effects of heads, a tree."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

import core
from core.analysis.heads.effects import head_effects
from core.analysis.patching.patches import Patching
from core.analysis.patching.sweep import COARSE, steps, sweep
from core.analysis.patching.text_pairs import text_pair
from core.decoding.tree import grow
from core.language_model import LanguageModel
from tests import real
from tests.benchmarks import pair

NAME = "SmolLM2-135M"
CLEAN = "When Mary and John went to the shop, John gave a"  # 12 tokens
UNLIKE = "Jim and John had gone to a park, John gave a"  # 12 others, unlike from the first on
FIRST_S, WHOLE_S, EFFECTS_S, TREE_S = 3.0, 45.0, 30.0, 2.5
ROUNDS = 3
Report = Callable[[pair.Figure], None]


@pytest.fixture(scope="module")
def lm() -> Any:
    """The model, warm, on two threads, for which the figures are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    with pytest.MonkeyPatch.context() as patch:
        real.here(patch)
        model = core.load(NAME)
        model.trace(CLEAN)
        yield model
    torch.set_num_threads(threads)


def told(report: Report, title: str, values: list[float], most: float) -> None:
    """Report a figure, which has to be reached."""
    figure = pair.Figure(f"{NAME}: {title}", values, most=most, unit="s")
    report(figure)
    assert figure.reached


def test_patching_of_every_block_and_place(lm: LanguageModel, report: Report) -> None:
    ids, other = lm.encode(CLEAN), lm.encode(UNLIKE)
    assert len(ids) == len(other) == 12
    first, whole = list[float](), list[float]()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = Patching.of(lm, text_pair(lm, ids, other), ids[1], ids[3])
        assert found.first == 0, "every position has to be read again"
        coarse = len(range(0, found.layers, COARSE)) * (len(found.sites) + 1)
        for done, _ in enumerate(sweep(found, by_place=False, coarse=True), 1):
            if done == coarse:
                first.append(time.perf_counter() - start)
        assert done == steps(found, by_place=False)
        whole.append(time.perf_counter() - start)
    told(report, "patching of 12 tokens, every eighth block", first, FIRST_S)
    told(report, "patching of 12 tokens, stream, attention, MLP and heads of every block", whole, WHOLE_S)


def test_effects_of_all_heads(lm: LanguageModel, report: Report) -> None:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = head_effects(lm, CLEAN)
        times.append(time.perf_counter() - start)
        assert found.change.shape == (30, 9)
    told(report, "effects of all 270 heads, 12 tokens", times, EFFECTS_S)


def test_a_tree(lm: LanguageModel, report: Report) -> None:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = grow(lm, CLEAN, depth=8, n_beams=3)
        times.append(time.perf_counter() - start)
        assert found.depth == 8
    told(report, "a tree of 8 tokens with 3 beams", times, TREE_S)
