"""Part: what every piece of the transformer is."""

from __future__ import annotations

from typing import Any

from torch import nn


class Part(nn.Module):
    """A module whose call is its `forward`, and nothing besides.

    PyTorch's own call looks for hooks kept on the module; ours live in a context (`core.hooks`). A token of a small
    model passes some thirty parts, and the detour costs as much as a norm.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__call__ = cls.forward  # type: ignore[method-assign]
