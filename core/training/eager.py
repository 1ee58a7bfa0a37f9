"""Keep torch's compiler out of processes that compile nothing.

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
    """From now on optimizers do not import the compiler; `torch.compile` of a model still works. Twice does no harm."""
    for name in _GUARDED:
        plain = inspect.unwrap(getattr(Optimizer, name))
        # Where torch looks first for "this function, without the compiler".
        setattr(plain, "__dynamo_disable", plain)
    for kind in (SGD, Adam):  # AdamW steps as Adam does
        kind.step = _eager(inspect.unwrap(kind.step))  # type: ignore[method-assign]


def _eager(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def run(self: Optimizer, *arguments: Any, **options: Any) -> Any:
        with torch.set_grad_enabled(self.defaults["differentiable"]):
            return step(self, *arguments, **options)

    return run
