"""What is asked of a pass, the slow way: transformers' GPT-2, plain forward hooks, one pass for one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Edit = Callable[[Tensor], Tensor]
Place = tuple[int, str]  # (block, "resid_pre" | "attn_out" | "mlp_out" | "z" | "qkv")


@dataclass(frozen=True)
class Slow:
    """A GPT-2 of transformers. Values have no batch axis."""

    model: Any

    @property
    def blocks(self) -> Any:
        return self.model.transformer.h

    def run(self, ids: tuple[int, ...], edits: Mapping[Place, Edit] | None = None) -> Tensor:
        """The logits (T, V), every value of `edits` replaced on its way."""
        with ExitStack() as stack:
            for (layer, what), edit in (edits or {}).items():
                stack.callback(self._hook(layer, what, edit).remove)
            with torch.no_grad():
                logits: Tensor = self.model(torch.tensor([ids])).logits[0]
        return logits

    def values(self, ids: tuple[int, ...], what: str) -> list[Tensor]:
        """The value of that name in every block."""
        seen: dict[int, Tensor] = {}

        def keep(layer: int) -> Edit:
            def edit(value: Tensor) -> Tensor:
                seen[layer] = value.clone()
                return value

            return edit

        self.run(ids, {(layer, what): keep(layer) for layer in range(len(self.blocks))})
        return [seen[layer] for layer in range(len(self.blocks))]

    def _hook(self, layer: int, what: str, edit: Edit) -> Any:
        block = self.blocks[layer]

        def entering(_module: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
            return (edit(given[0][0])[None], *given[1:])

        def leaving(_module: Any, _given: Any, result: Any) -> Any:
            if isinstance(result, tuple):
                return (edit(result[0][0])[None], *result[1:])
            return edit(result[0])[None]

        match what:
            case "resid_pre":
                return block.register_forward_pre_hook(entering)
            case "z":
                return block.attn.c_proj.register_forward_pre_hook(entering)
            case "qkv":
                return block.attn.c_attn.register_forward_hook(leaving)
            case "attn_out":
                return block.attn.register_forward_hook(leaving)
            case "mlp_out":
                return block.mlp.register_forward_hook(leaving)
        raise ValueError(what)

    def streams(self, ids: tuple[int, ...]) -> list[Tensor]:
        """The stream entering each block and, last, the final norm: L + 1 of (T, D)."""
        seen: dict[str, Tensor] = {}

        def keep(_module: Any, given: tuple[Any, ...]) -> None:
            seen["last"] = given[0][0].clone()

        handle = self.model.transformer.ln_f.register_forward_pre_hook(keep)
        before = self.values(ids, "resid_pre")
        handle.remove()
        return [*before, seen["last"]]
