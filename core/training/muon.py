"""Muon (Jordan et al. 2024): momentum, orthogonalised, batched over many matrices.

A step moves every direction of a matrix by the same length. The nearest orthogonal matrix U V^T of M = U S V^T comes
from a few odd polynomials p(X) = a X + b (X X^T) X + c (X X^T)^2 X, which bring every singular value closer to 1; two
sets of coefficients are known. Matrices of one shape are stacked and go through one batched product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

Polar = Literal["polar_express", "jordan"]

# One triple (a, b, c) per iteration. Jordan's is the same each time, steepest at 0, and does not converge exactly.
# Polar Express (Amsel et al. 2025, algorithm 1) takes at each iteration the polynomial that is best in the worst case
# for singular values from 0.001 to 1; all are shrunk by 1.01 as there, so that rounding cannot push a value out of
# range.
_EXPRESS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
)
COEFFICIENTS: Mapping[Polar, tuple[tuple[float, float, float], ...]] = {
    "polar_express": tuple((a / 1.01, b / 1.01**3, c / 1.01**5) for a, b, c in _EXPRESS),
    "jordan": ((3.4445, -4.7750, 2.0315),) * 5,
}


def orthogonalise(
    matrices: Tensor, polar: Polar = "polar_express", products: torch.dtype = torch.float32
) -> Tensor:
    """Compute nearly U V^T of each matrix: (N, R, C) any float -> (N, R, C) in `products`.

    The polynomials stop early, so singular values only come near 1: those above 0.3 % of the norm of M end between 0.43
    and 1.57 with "polar_express", and between 0.68 and 1.21 with "jordan"; smaller ones stay smaller. Zero stays zero.

    Args:
        products: the type to multiply in: float32, or bfloat16, which is no worse for learning and quicker on machines
            that have such products.
    """
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT
    x = wide.to(products)  # (N, r, c) with r <= c
    # The Frobenius norm is no smaller than the largest singular value, so all of them begin below 1.
    x = x / torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for a, b, c in COEFFICIENTS[polar]:
        gram = torch.bmm(x, x.mT)  # (N, r, r)
        inner = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, inner, x, beta=a)  # (N, r, c)
    return x if wide is matrices else x.mT


class Muon(Optimizer):
    """Nesterov momentum, orthogonalised; the step of an (R, C) matrix is the rate times sqrt(max(1, R / C)).

    The momentum is of the first step's full size, decay is taken from the weight beside the gradient's step, and with
    Jordan's coefficients in bfloat16 all is as in `torch.optim.Muon`, which treats matrix by matrix.

    Args:
        weights: matrices, 2-D.
        pieces: rows of the parts of a weight that are matrices in their own right, by weight: what is stored together
            for one product (queries, keys, values) is not one matrix. Not named: the whole.
        products: the type to multiply in (see `orthogonalise`).

    Raises:
        ValueError: a weight that is no matrix, or pieces that do not add up to its rows.
    """

    def __init__(
        self,
        weights: Iterable[nn.Parameter],
        *,
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        polar: Polar = "polar_express",
        pieces: Mapping[nn.Parameter, tuple[int, ...]] | None = None,
        products: torch.dtype = torch.float32,
    ) -> None:
        weights = list(weights)
        super().__init__(weights, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.polar, self.products = polar, products
        self._stacks: dict[tuple[int, int], list[tuple[nn.Parameter, int]]] = {}
        for weight in weights:
            if weight.ndim != 2:
                raise ValueError(f"Muon moves matrices; this weight has the shape {tuple(weight.shape)}")
            rows = (pieces or {}).get(weight, (weight.shape[0],))
            if sum(rows) != weight.shape[0]:
                raise ValueError(f"pieces of {rows} rows do not make {weight.shape[0]}")
            first = 0
            for count in rows:
                self._stacks.setdefault((count, weight.shape[1]), []).append((weight, first))
                first += count
            self.state[weight]["momentum_buffer"] = torch.zeros_like(weight)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> float:  # type: ignore[override]
        """Update every weight that has a gradient. Return the Euclidean length of the whole update.

        Raises:
            ValueError: a closure was given: one gradient makes one step here.
        """
        if closure is not None:
            raise ValueError("Muon takes no closure: call backward() first")
        group = self.param_groups[0]
        momentum = group["momentum"]
        weights = [weight for weight in group["params"] if weight.grad is not None]
        ahead: dict[nn.Parameter, Tensor] = {}
        for weight in weights:
            moving = self.state[weight]["momentum_buffer"].lerp_(weight.grad, 1 - momentum)
            ahead[weight] = weight.grad.lerp(moving, momentum)
        squares = 0.0
        for (rows, columns), stack in self._stacks.items():
            places = [(weight, first) for weight, first in stack if weight in ahead]
            if not places:
                continue
            together = torch.stack([ahead[weight][first : first + rows] for weight, first in places])
            rate = group["lr"] * math.sqrt(max(1.0, rows / columns))
            moves = orthogonalise(together, self.polar, self.products).float()  # (N, R, C)
            parts = [weight[first : first + rows] for weight, first in places]
            if group["weight_decay"]:
                moves.add_(torch.stack(parts), alpha=group["lr"] * group["weight_decay"] / rate)
            for part, move in zip(parts, moves.unbind()):
                part.sub_(move, alpha=rate)
            squares += (rate * float(torch.linalg.vector_norm(moves))) ** 2
        return math.sqrt(squares)
