"""Avoidance of the torch.compile import in processes that compile nothing.

Making one of `torch.optim`'s optimizers, and each of its steps, imports `torch._dynamo` only to tell it to stay away:
2 to 3 s and 160 MB (measured with torch 2.15), for a worker of 600 MB. The arithmetic is the same without it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import SGD, Adam, Optimizer

_GUARDED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


def without_compiler() -> None:
    """Patch torch so that optimizers do not import the compiler; `torch.compile` of a model still works. Idempotent."""
    for name in _GUARDED:
        plain = inspect.unwrap(getattr(Optimizer, name))
        # The attribute that torch checks first for "this function, without the compiler".
        setattr(plain, "__dynamo_disable", plain)
    for kind in (SGD, Adam):  # AdamW's step is Adam's
        kind.step = _eager(inspect.unwrap(kind.step))  # type: ignore[method-assign]


def _eager(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def run(self: Optimizer, *arguments: Any, **options: Any) -> Any:
        with torch.set_grad_enabled(self.defaults["differentiable"]):
            return step(self, *arguments, **options)

    return run
