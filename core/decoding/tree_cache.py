"""TreeCache: keys and values of many texts that begin alike, each position kept once."""

from __future__ import annotations

import torch
from torch import Tensor

from core.decoding.kv_cache import KVCache


class TreeCache(KVCache):
    """Keys and values of a tree of texts. A text of length d reads the prompt's and those of its d nodes.

    A KVCache keeps a row of positions for each text, so texts with the same beginning keep it twice. Here a position
    belongs to a node, and `at` says which nodes the rows of the next pass go through.
    """

    def __init__(self) -> None:
        super().__init__()
        self._prompt: dict[str, tuple[Tensor, Tensor]] = {}  # (1, H_kv, P, K) twice
        self._nodes: dict[str, tuple[Tensor, Tensor]] = {}  # (nodes, H_kv, K) twice
        self._lines: Tensor | None = None
        self._prompt_length = 0

    def at(self, lines: Tensor | None) -> None:
        """The next pass reads one new position of each line of nodes (B, d), root excluded; None: the prompt."""
        self._lines = lines
        self.length = 0 if lines is None else self._prompt_length + lines.shape[1] - 1

    def append(self, layer: str, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Keep the new positions k, v (B, H_kv, T, K), and return all that these rows read (B, H_kv, S, K)."""
        if self._lines is None:
            self._prompt[layer], self._prompt_length = (k, v), k.shape[2]
            return k, v
        if layer not in self._nodes:
            empty = k.new_empty(0, k.shape[1], k.shape[3])
            self._nodes[layer] = empty, empty
        own = self._lines[:, -1]
        grown = [_written(held, own, new[:, :, 0]) for held, new in zip(self._nodes[layer], (k, v))]
        self._nodes[layer] = grown[0], grown[1]
        first_k, first_v = (start.expand(len(own), -1, -1, -1) for start in self._prompt[layer])
        path_k, path_v = (held[self._lines].transpose(1, 2) for held in grown)  # (B, H_kv, d, K)
        return torch.cat([first_k, path_k], dim=2), torch.cat([first_v, path_v], dim=2)

    def fixed(self, layer: str) -> tuple[Tensor, Tensor] | None:
        """What cross-attention reads (B, H_kv, S, K): the same for every row."""
        known = super().fixed(layer)
        if known is None or self._lines is None:
            return known
        return known[0].expand(len(self._lines), -1, -1, -1), known[1].expand(len(self._lines), -1, -1, -1)


def _written(held: Tensor, rows: Tensor, new: Tensor) -> Tensor:
    """`held` (N, H, K), made long enough, with `new` (B, H, K) at `rows`."""
    need = int(rows.max()) + 1
    if need > len(held):
        held = torch.cat([held, held.new_empty(max(2 * need, 64) - len(held), *held.shape[1:])])
    held[rows] = new
    return held
