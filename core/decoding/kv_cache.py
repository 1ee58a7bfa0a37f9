"""The key/value cache: what attention computed for past positions, kept so that a new token costs one position.

It does not know about models: it stores what attention hands it under the name of the layer.
"""

from __future__ import annotations

import torch
from torch import Tensor


class KVCache:
    """Keys and values of every attention layer, (B, H_kv, S, K), growing along S.

    Storage doubles when it is full, so that appending one position does not copy all the others.
    """

    def __init__(self) -> None:
        self.length = 0  # positions already seen by the whole stack; the stack itself counts
        self._grown: dict[str, tuple[Tensor, Tensor, int]] = {}
        self._fixed: dict[str, tuple[Tensor, Tensor]] = {}

    def append(self, layer: str, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add new positions k, v (B, H_kv, T, K) and return all of them (B, H_kv, S, K)."""
        if layer not in self._grown:
            room = max(16, 2 * k.shape[2])
            self._grown[layer] = _room(k, room), _room(v, room), 0
        keys, values, used = self._grown[layer]
        end = used + k.shape[2]
        if end > keys.shape[2]:
            keys, values = _room(keys, 2 * end), _room(values, 2 * end)
        keys.narrow(2, used, k.shape[2]).copy_(k)
        values.narrow(2, used, v.shape[2]).copy_(v)
        self._grown[layer] = keys, values, end
        return keys.narrow(2, 0, end), values.narrow(2, 0, end)

    def fixed(self, layer: str) -> tuple[Tensor, Tensor] | None:
        """The keys and values of a cross-attention layer, once `fix` has set them: they never grow."""
        return self._fixed.get(layer)

    def fix(self, layer: str, k: Tensor, v: Tensor) -> None:
        """Keep a cross-attention layer's keys and values (B, H_kv, S, K)."""
        self._fixed[layer] = k, v

    def select(self, rows: Tensor) -> None:
        """Keep these batch rows, in this order (beam search drops and repeats hypotheses). rows: (B',)."""
        self._grown = {
            name: (k.index_select(0, rows), v.index_select(0, rows), used)
            for name, (k, v, used) in self._grown.items()
        }
        self._fixed = {
            name: (k.index_select(0, rows), v.index_select(0, rows)) for name, (k, v) in self._fixed.items()
        }

    @property
    def size_bytes(self) -> int:
        """Bytes of the positions in use (not of the room kept free)."""
        grown = sum(2 * k[:, :, :used].nbytes for k, _, used in self._grown.values())
        return grown + sum(k.nbytes + v.nbytes for k, v in self._fixed.values())


def _room(x: Tensor, positions: int) -> Tensor:
    wide = torch.empty(*x.shape[:2], positions, x.shape[3], dtype=x.dtype, device=x.device)
    wide[:, :, : min(x.shape[2], positions)] = x[:, :, :positions]
    return wide
