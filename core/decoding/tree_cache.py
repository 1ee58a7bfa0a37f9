"""TreeCache: keys and values of many texts with a common beginning, each position stored once."""

from __future__ import annotations

import torch
from torch import Tensor

from core.model.kv_cache import KVCache


class TreeCache(KVCache):
    """Keys and values of a tree of texts. A text of length d reads the prompt's and those of its d nodes.

    A KVCache keeps a row of positions for each text, so texts with the same beginning keep it twice. Here a position
    belongs to a node, and `at` says which nodes the rows of the next pass go through.
    """

    def __init__(self) -> None:
        super().__init__()
        self._prompt: dict[str, tuple[Tensor, Tensor]] = {}  # (1, H_kv, P, K) twice
        self._nodes: dict[str, Tensor] = {}  # (nodes, 2, H_kv, K): of each its key and its value
        self._lines: Tensor | None = None
        self._own = torch.empty(0, dtype=torch.long)  # the last node of each line
        self._room = 0  # capacity in nodes
        self._prompt_length = 0

    def at(self, lines: Tensor | None) -> None:
        """Select the nodes of the next pass: one new position per line of nodes (B, d), root excluded.

        None: the prompt.
        """
        self._lines = lines
        self.length = 0 if lines is None else self._prompt_length + lines.shape[1] - 1
        if lines is not None:
            self._own = lines[:, -1]
            self._room = max(self._room, int(self._own.max()) + 1)

    def append(self, layer: str, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append the new positions k, v (B, H_kv, T, K), and return all that these rows read (B, H_kv, S, K)."""
        if self._lines is None:
            self._prompt[layer], self._prompt_length = (k, v), k.shape[2]
            return k, v
        held = self._nodes[layer] = self._with_room(layer, k)
        held[self._own] = torch.stack([k[:, :, 0], v[:, :, 0]], dim=1)
        path_k, path_v = held[self._lines].permute(2, 0, 3, 1, 4).unbind(0)  # (B, H_kv, d, K) twice
        first_k, first_v = (start.expand(len(k), -1, -1, -1) for start in self._prompt[layer])
        return torch.cat([first_k, path_k], dim=2), torch.cat([first_v, path_v], dim=2)

    def fixed(self, layer: str) -> tuple[Tensor, Tensor] | None:
        """Return the keys and values of cross-attention (B, H_kv, S, K): the same for every row."""
        known = super().fixed(layer)
        if known is None or self._lines is None:
            return known
        return known[0].expand(len(self._lines), -1, -1, -1), known[1].expand(len(self._lines), -1, -1, -1)

    def _with_room(self, layer: str, like: Tensor) -> Tensor:
        """Return the layer's storage (N, 2, H_kv, K), enlarged to the needed number of nodes."""
        held = self._nodes.get(layer)
        if held is not None and self._room <= len(held):
            return held
        room = like.new_empty(max(2 * self._room, 64), 2, like.shape[1], like.shape[3])
        if held is not None:
            room[: len(held)] = held
        return room
