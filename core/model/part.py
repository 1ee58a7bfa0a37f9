"""Part: the base class of the transformer's modules."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.utils.hooks import RemovableHandle


class Part(nn.Module):
    """A module whose call is its `forward`, until one of PyTorch's own hooks is registered on it.

    PyTorch's call checks the module for hooks; ours are kept in a context (`core.hooks`). A token of a small model
    passes some thirty parts, and the checks would take a tenth of the generation time. So they are enabled for a part
    when a hook is registered on it.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__call__ = cls.forward  # type: ignore[method-assign]

    def register_forward_pre_hook(self, *given: Any, **options: Any) -> RemovableHandle:
        """Register a hook as `torch.nn.Module` does."""
        self.__class__ = _heard(type(self))
        return super().register_forward_pre_hook(*given, **options)

    def register_forward_hook(self, *given: Any, **options: Any) -> RemovableHandle:
        """Register a hook as `torch.nn.Module` does."""
        self.__class__ = _heard(type(self))
        return super().register_forward_hook(*given, **options)

    def register_full_backward_pre_hook(self, *given: Any, **options: Any) -> RemovableHandle:
        """Register a hook as `torch.nn.Module` does."""
        self.__class__ = _heard(type(self))
        return super().register_full_backward_pre_hook(*given, **options)

    def register_full_backward_hook(self, *given: Any, **options: Any) -> RemovableHandle:
        """Register a hook as `torch.nn.Module` does."""
        self.__class__ = _heard(type(self))
        return super().register_full_backward_hook(*given, **options)


_heard_kinds: dict[type[Part], type[Part]] = {}


def _heard(kind: type[Part]) -> type[Part]:
    """Return a subclass that is called as PyTorch calls any module."""
    if kind in _heard_kinds.values():
        return kind
    if kind not in _heard_kinds:
        made: Any = type(kind.__name__, (kind,), {"__doc__": kind.__doc__, "__module__": kind.__module__})
        made.__call__ = nn.Module.__call__
        _heard_kinds[kind] = made
    return _heard_kinds[kind]
