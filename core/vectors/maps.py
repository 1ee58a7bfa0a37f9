"""Maps of high-dimensional vectors in two or three dimensions: PCA at once, t-SNE and UMAP iteratively.

PCA is linear: distances on its map are those of the vectors seen from one side, and arrows stay arrows. t-SNE and UMAP
keep who is near whom; on their maps distances between groups, and the sizes of groups, say little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from core.vectors.projection import Moment, pca
from core.vectors.tsne import PERPLEXITY, STEPS, tsne
from core.vectors.umap import NEIGHBOURS, umap

Array = NDArray[np.float32]
Method = Literal["pca", "tsne", "umap"]


def project(
    vectors: Array,
    method: Method,
    *,
    count: int = 2,
    seed: int = 0,
    steps: int | None = None,
    near: float | None = None,
    last: Moment | None = None,
) -> Iterator[Moment]:
    """Compute a map of vectors (N, D), yielding intermediate states; closing the iterator stops it.

    Args:
        count: 2 or 3 dimensions of the map.
        steps: None: the method's usual number.
        near: how many neighbours count for a word: t-SNE's perplexity, UMAP's neighbours (None: the usual number).
        last: go on after this moment, with its `state`, of the same vectors and settings: the map becomes the same.

    Raises:
        ValueError: an unknown method, too few vectors for it, or vectors with fewer dimensions than the map.
    """
    if method not in get_args(Method):
        raise ValueError(f"no map is called {method!r}: choose one of {', '.join(get_args(Method))}")
    if count not in (2, 3):
        raise ValueError(f"a map has 2 or 3 dimensions, not {count}")
    return _METHODS[method](vectors, count, seed, steps, near, last)


def _pca(
    vectors: Array, count: int, seed: int, steps: int | None, near: float | None, last: Moment | None
) -> Iterator[Moment]:
    if last is None:
        plane = pca(vectors, count)
        yield Moment(1, 1, plane.place(vectors), float(1 - plane.shares.sum()))


def _tsne(
    vectors: Array, count: int, seed: int, steps: int | None, near: float | None, last: Moment | None
) -> Iterator[Moment]:
    return tsne(vectors, count=count, steps=steps or STEPS, perplexity=near or PERPLEXITY, last=last)


def _umap(
    vectors: Array, count: int, seed: int, steps: int | None, near: float | None, last: Moment | None
) -> Iterator[Moment]:
    neighbours = round(near or NEIGHBOURS)
    return umap(vectors, count=count, seed=seed, steps=steps, neighbours=neighbours, last=last)


_Maker = Callable[[Array, int, int, int | None, float | None, Moment | None], Iterator[Moment]]
_METHODS: dict[Method, _Maker] = {"pca": _pca, "tsne": _tsne, "umap": _umap}
