"""The key/value cache: keys and values of past positions, kept so that a new token costs one position.

It does not know about models: it stores what attention hands it under the name of the layer.
"""

from __future__ import annotations

import torch
from torch import Tensor


class KVCache:
    """Keys and values of every attention layer, (B, H_kv, S, K), growing along S.

    All layers lie in one tensor with room to spare: appending a position copies no other, and moving rows is one copy.
    """

    def __init__(self) -> None:
        self.length = 0  # positions already seen by the whole stack; the stack itself counts
        self._first: dict[
            str, tuple[Tensor, Tensor]
        ] = {}  # the first pass's tensors, until a second one comes
        self._all: Tensor | None = None  # (2 L, B, H_kv, room, K)
        self._layers: dict[str, tuple[Tensor, Tensor]] = {}  # each layer's part of it, keys and values
        self._fixed: dict[str, tuple[Tensor, Tensor]] = {}
        # calls of `select`: the length then, and the rows chosen
        self._moves: list[tuple[int, list[int]]] = []

    def append(self, layer: str, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append new positions k, v (B, H_kv, T, K) and return all of them (B, H_kv, S, K)."""
        if self.length == 0:
            self._first[layer] = k, v
            return k, v
        new, end = k.shape[2], self.length + k.shape[2]
        if self._all is None or end > self._all.shape[3]:
            self._make_room(2 * end)
        keys, values = self._layers[layer]
        keys.narrow(2, self.length, new).copy_(k)
        values.narrow(2, self.length, new).copy_(v)
        return keys.narrow(2, 0, end), values.narrow(2, 0, end)

    def fixed(self, layer: str) -> tuple[Tensor, Tensor] | None:
        """Return the keys and values of a cross-attention layer, once `fix` has set them: they never grow."""
        return self._fixed.get(layer)

    def fix(self, layer: str, k: Tensor, v: Tensor) -> None:
        """Keep a cross-attention layer's keys and values (B, H_kv, S, K)."""
        self._fixed[layer] = k, v

    def select(self, rows: Tensor) -> None:
        """Keep these batch rows, in this order (beam search drops and repeats hypotheses). rows: (B',)."""
        if self.length == 0:
            return
        if self._all is None:
            self._make_room(2 * self.length)
        assert self._all is not None
        order, alike = rows.tolist(), self._alike()
        if len(order) != self._all.shape[1]:
            self._use(self._all.index_select(1, rows))
        else:  # positions that all rows share need not be copied
            apart = self._all.narrow(3, alike, self.length - alike)
            apart.copy_(apart.index_select(1, rows))
        if not alike or any(len(k) != len(order) for k, _ in self._fixed.values()):
            self._fixed = {
                name: (k.index_select(0, rows), v.index_select(0, rows))
                for name, (k, v) in self._fixed.items()
            }
        self._moves.append((self.length, order))

    @property
    def size_bytes(self) -> int:
        """Bytes of the positions in use (without spare capacity)."""
        grown = sum(k.nbytes + v.nbytes for k, v in self._first.values())
        if self._all is not None:
            grown = self._all[:, :, :, : self.length].nbytes
        return grown + sum(k.nbytes + v.nbytes for k, v in self._fixed.values())

    def _alike(self) -> int:
        """Count the leading positions that are the same in every row, because all rows were copied from one."""
        rows = set(range(self._all.shape[1])) if self._all is not None else {0}
        for step in range(len(self._moves) - 1, -1, -1):
            length, origins = self._moves[step]
            rows = {origins[row] for row in rows}
            if len(rows) == 1:
                del self._moves[:step]
                return length
        return 0

    def _make_room(self, positions: int) -> None:
        """Enlarge the storage to this many positions."""
        if self._all is None:
            old = torch.stack([kept for pair in self._first.values() for kept in pair])
            self._layers = dict(self._first)
            self._first = {}
        else:
            old = self._all
        room = old.new_empty(*old.shape[:3], max(16, positions), old.shape[4])
        room.narrow(3, 0, self.length).copy_(old.narrow(3, 0, self.length))
        self._use(room)

    def _use(self, everything: Tensor) -> None:
        self._all = everything
        parts = everything.unbind(0)
        self._layers = {name: (parts[2 * at], parts[2 * at + 1]) for at, name in enumerate(self._layers)}
