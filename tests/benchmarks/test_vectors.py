"""Learning vectors and laying them out: ours as a worker does it, beside gensim's word2vec and scikit-learn's t-SNE."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import count

import numpy as np
import pytest
import torch

from core.data.corpora import corpus
from core.vectors.maps import project
from core.vectors.projection import neighbours_kept
from core.vectors.reading import Reading, read
from core.vectors.static import StaticVectors, glove
from core.vectors.word2vec import Settings, Word2Vec
from tests.benchmarks import pair

WORDS, LEARN_S = 1_000_000, 30.0
LAID, SETTLE_S = 2000, 20.0
SETTINGS = Settings()
Report = Callable[[pair.Comparison | pair.Figure], None]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in a worker."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@lru_cache(maxsize=1)
def reading() -> Reading:
    """A million words of Python's own source: an English enough text that nobody has to write first."""
    return read(corpus("python"), min_count=5, most=WORDS)


def ours() -> StaticVectors:
    learning = Word2Vec(reading(), SETTINGS)
    for _ in learning.train():
        pass
    return learning.table


def theirs() -> StaticVectors:
    """gensim's, in one thread, with the same settings."""
    from gensim.models import Word2Vec as Gensim

    text = reading()
    sentences = [[text.words[id] for id in text.ids[a:b]] for a, b in zip(text.begins, text.begins[1:])]
    model = Gensim(
        sentences, vector_size=SETTINGS.size, window=SETTINGS.window, negative=SETTINGS.negatives, sg=1,
        epochs=SETTINGS.epochs, sample=SETTINGS.often, alpha=SETTINGS.rate, min_alpha=SETTINGS.last_rate,
        min_count=1, workers=1, seed=0, hs=0,
    )  # fmt: skip
    return StaticVectors("gensim", text.words, np.stack([model.wv[word] for word in text.words]))


def test_word2vec_of_a_million_words(report: Report) -> None:
    mine, other = ours(), theirs()
    rows = range(100, 500)
    near = [
        [{one.row for one in table.neighbours(table.words[row], 10)} for row in rows]
        for table in (mine, other)
    ]
    shared = [len(one & another) for one, another in zip(*near)]
    assert np.mean(shared) > 3  # of ten: about as many as two seeds of gensim share
    title = f"word2vec: {len(reading()):,} words once, {len(mine):,} different, {SETTINGS.size} numbers each"
    report(
        pair.compare(
            title, {"glassbox, one worker": ours, "gensim, one thread": theirs}, peers=("gensim", "torch"),
            rounds=3, warm_up=0,
        )
    )  # fmt: skip
    begun = time.perf_counter()
    ours()
    alone = pair.Figure(f"{title}: in one worker", [time.perf_counter() - begun], LEARN_S, "s")
    report(alone)
    assert alone.reached


def test_tsne_of_two_thousand_words(report: Report) -> None:
    from sklearn.manifold import TSNE

    vectors = glove().unit(slice(0, LAID))
    seeds = count()

    def laid() -> np.ndarray:
        *_, last = project(vectors, "tsne")
        return last.points

    def sklearn() -> np.ndarray:
        laid: np.ndarray = TSNE(
            init="pca", learning_rate="auto", perplexity=30, max_iter=500, n_jobs=1, random_state=next(seeds)
        ).fit_transform(vectors)
        return laid

    mine, other = neighbours_kept(vectors, laid()), neighbours_kept(vectors, sklearn())
    assert mine > 0.9 * other
    title = f"t-SNE of {LAID:,} words of GloVe, 500 steps"
    report(
        pair.compare(
            title, {"glassbox, one worker": laid, "scikit-learn TSNE, one thread": sklearn},
            peers=("scikit-learn", "torch"), rounds=3, warm_up=0,
        )
    )  # fmt: skip
    begun = time.perf_counter()
    laid()
    alone = pair.Figure(f"{title}: in one worker", [time.perf_counter() - begun], SETTLE_S, "s")
    report(alone)
    assert alone.reached
