"""Low-bit matrix products on this machine, timed beside float32: do fewer bytes save time?

A weight of few bits that is turned back into float32 before it is multiplied saves storage only. Two ways save time:
int8 numbers on both sides, added up in int32 (W8A8: Dettmers et al. 2022, section 2.1, one scale a row of each side),
and weights of 8 or 4 bits that the kernel itself widens, beside bfloat16 inputs. Which of them a machine has, and from
what size on they pay, is measured here, never assumed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.checkpoints.compact import rows
from core.efficiency.compressing import matrix_names
from core.efficiency.judging import changed
from core.language_model import LanguageModel

LARGE = (4096, 4096)  # a matrix of a 7-billion-parameter Llama (Touvron et al. 2023, table 2)
GROUP = 32  # group size in the 4-bit kernel
ROUNDS = 5
LACKS = (
    RuntimeError,
    NotImplementedError,
    AttributeError,
)  # errors of a build or processor without a kernel


@cache
def overflows() -> bool:
    """Detect whether this processor's int8 products saturate for large numbers.

    Without instructions made for it (VNNI), two products of 8 bits are added up in 16 bits, where 2 · 255 · 127 has no
    room: the sum stops at 32,767. With weights of 7 bits it never gets there (oneDNN, "Int8 Inference", on saturation).
    """
    largest = torch.full((16, 64), 127, dtype=torch.int8)
    return bool((torch._int_mm(largest, largest.T) != 64 * 127**2).any())


def int8_product(codes: Tensor, weight: Tensor) -> Tensor:
    """Multiply integers, codes (N, columns) times weight (rows, columns) transposed, both int8: int32 (N, rows).

    Where the processor's product overflows, the weight is the sum of two of 7 bits, and there are two products.
    """
    if codes.device.type != "cpu" or not overflows():
        return torch._int_mm(codes, weight.T)
    half = weight >> 1
    return torch._int_mm(codes, half.T) + torch._int_mm(codes, (weight - half).T)


class Int8Matrix:
    """A weight matrix as int8 in place of a float one: `F.linear` with it is an int8 product.

    Args:
        codes: int8 (rows, columns). scale: float32 (rows, 1), the size of a row's step.
    """

    def __init__(self, codes: Tensor, scale: Tensor) -> None:
        self.codes, self.scale = codes, scale

    def __getitem__(self, part: slice) -> Int8Matrix:
        """Return some of its rows."""
        return Int8Matrix(self.codes[part], self.scale[part])

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is not F.linear:
            return NotImplemented
        x, weight, bias = (*args, *(kwargs or {}).values(), None)[:3]
        return weight.product(x, bias)

    def product(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Compute x W^T + b for x (..., columns): each row of x is quantized to int8 with its own scale, too."""
        flat = x.flatten(0, -2).float()  # (N, columns)
        step = flat.abs().amax(-1, keepdim=True).clamp(min=1e-12) / 127  # (N, 1)
        whole = int8_product((flat / step).round().to(torch.int8), self.codes)  # (N, rows)
        out = (whole * (step * self.scale.T)).view(*x.shape[:-1], -1).to(x.dtype)
        return out if bias is None else out + bias


@dataclass(frozen=True)
class Timed:
    """The time of one product, x (tokens, columns) times a matrix (rows, columns).

    Attributes:
        kernel: its name in `KERNELS`. seconds: the median; None: it does not run here, `why` says why.
        error: |y - y32| / |y32| beside the float32 product.
        halved: it is the sum of two products with weights halved (`overflows`).
    """

    kernel: str
    rows: int
    columns: int
    tokens: int
    seconds: float | None
    error: float | None
    why: str = ""
    halved: bool = False


def _float32(weight: Tensor, x: Tensor) -> Callable[[], Tensor]:
    return lambda: F.linear(x, weight)


def _bfloat16(weight: Tensor, x: Tensor) -> Callable[[], Tensor]:
    half, less = weight.bfloat16(), x.bfloat16()
    return lambda: F.linear(less, half)


def _int8(weight: Tensor, x: Tensor) -> Callable[[], Tensor]:
    matrix = Int8Matrix(*rows(weight))
    return lambda: matrix.product(x)


def _int8_weights(weight: Tensor, x: Tensor) -> Callable[[], Tensor]:
    codes, scale = rows(weight)
    flat, less = scale[:, 0].bfloat16(), x.bfloat16()
    return lambda: torch._weight_int8pack_mm(less, codes, flat)


def _int4_weights(weight: Tensor, x: Tensor) -> Callable[[], Tensor]:
    parts = weight.unflatten(1, (-1, GROUP))  # (rows, groups, 32)
    scale = parts.abs().amax(-1, keepdim=True).clamp(min=1e-12) / 7
    codes = ((parts / scale).round() + 8).to(torch.int32).flatten(1)  # 1 to 15; the kernel's zero point is 8
    packed = torch._convert_weight_to_int4pack_for_cpu(codes, 1)
    both = torch.stack(
        [scale[..., 0], torch.zeros_like(scale[..., 0])], -1
    )  # (rows, groups, 2): scale, middle
    grids, less = both.transpose(0, 1).contiguous().bfloat16(), x.bfloat16()
    return lambda: torch._weight_int4pack_mm_for_cpu(less, packed, GROUP, grids)


KERNELS: dict[str, Callable[[Tensor, Tensor], Callable[[], Tensor]]] = {
    "float32": _float32,
    "bfloat16": _bfloat16,
    "int8": _int8,
    "int8 weights": _int8_weights,
    "int4 weights": _int4_weights,
}


def shapes(lm: LanguageModel) -> list[tuple[int, int]]:
    """List the different (rows, columns) of the matrices in the model's blocks, in the order of computing."""
    own = dict(lm.transformer.named_parameters())
    found = dict.fromkeys(tuple(own[name].shape) for block in matrix_names(lm) for name in block)
    return [(int(rows), int(columns)) for rows, columns in found]


def time_products(size: tuple[int, int], tokens: int, kernels: Sequence[str] = tuple(KERNELS)) -> list[Timed]:
    """Time each kernel on the same random matrix (rows, columns) and inputs (tokens, columns), alternating.

    Raises:
        ValueError: a kernel of another name, or fewer than one token.
    """
    if tokens < 1:
        raise ValueError(f"tokens={tokens} must be at least 1")
    if unknown := [name for name in kernels if name not in KERNELS]:
        raise ValueError(f"no kernel is called {unknown[0]!r}: choose one of {', '.join(KERNELS)}")
    source = torch.Generator().manual_seed(0)
    weight = torch.randn(size, generator=source) / size[1] ** 0.5
    x = torch.randn(tokens, size[1], generator=source)
    exact = F.linear(x, weight)
    ready: dict[str, Callable[[], Tensor]] = {}
    errors: dict[str, float] = {}
    refused: dict[str, str] = {}
    for name in kernels:
        try:
            ready[name] = KERNELS[name](weight, x)
            errors[name] = float((ready[name]().float() - exact).norm() / exact.norm())
        except LACKS as why:
            ready.pop(name, None)
            refused[name] = reason(why)
    seconds = _medians(ready)
    return [
        Timed(
            name, *size, tokens, seconds.get(name), errors.get(name), refused.get(name, ""),
            halved=name == "int8" and name in ready and overflows(),
        )
        for name in kernels
    ]  # fmt: skip


def reason(why: Exception) -> str:
    """Format in one line why a kernel does not run here."""
    return str(why).splitlines()[0] if str(why) else type(why).__name__


def int8_model(lm: LanguageModel) -> LanguageModel:
    """Build the model whose blocks multiply in int8, weights and inputs; tables, norms, head as they are.

    `lm` stays as it is.
    """
    copy = changed(lm, {}, f"{lm.name}, int8 products")
    for block in matrix_names(lm):
        for name in block:
            path, _, last = name.rpartition(".")
            part: nn.Module = copy.transformer.get_submodule(path)
            weight = getattr(part, last).detach()
            delattr(part, last)
            setattr(part, last, Int8Matrix(*rows(weight)))
    return copy


@torch.no_grad()
def _medians(ready: dict[str, Callable[[], Tensor]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(ROUNDS + 1):
        for name, work in ready.items():
            began = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}  # the first warms up
