"""Positional encodings of a transformer: six kinds.

learned (Radford et al. 2019) and sinusoidal (Vaswani et al. 2017, section 3.5) add a vector to each embedding; rotary
(Su et al. 2021) rotates queries and keys; alibi (Press et al. 2022) and relative (Raffel et al. 2020, section 2.1) add
a number to each score; none leaves the order to the causal mask.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor, nn

from core.model.part import Part


def sinusoidal_table(positions: int, d_model: int) -> Tensor:
    """Compute the sinusoidal table: (T, D), sine in the even columns, cosine in the odd ones.

    Wavelengths go from 2 pi to 10,000 * 2 pi.
    """
    rate = torch.exp(torch.arange(0, d_model, 2, dtype=torch.float64) * (-math.log(10_000.0) / d_model))
    angle = torch.arange(positions, dtype=torch.float64)[:, None] * rate  # (T, D/2)
    table = torch.zeros(positions, d_model, dtype=torch.float64)
    table[:, 0::2] = angle.sin()
    table[:, 1::2] = angle.cos()[:, : d_model // 2]
    return table


def rotary_angles(positions: Tensor, d_head: int, theta: float) -> Tensor:
    """Compute the rotation angle of each pair of a head's numbers at each position: (T, K); pairs are (i, i + K/2)."""
    rate = theta ** (-torch.arange(0, d_head, 2, dtype=torch.float64, device=positions.device) / d_head)
    angle = positions.to(torch.float64)[:, None] * rate  # (T, K/2)
    return torch.cat([angle, angle], dim=-1)  # (T, K)


def rotary_table(
    positions: int, d_head: int, theta: float, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Compute the factors of `rotate` for positions 0 to T - 1: cos (T, 1, K), and sin with the first half negated.

    Computed in float64 and rounded once.
    """
    rows = max(64, 1 << (positions - 1).bit_length())  # rounded up, so that a growing text needs few tables
    cos, sin = _rotary_table(rows, d_head, theta, dtype, device)
    return cos[:positions], sin[:positions]


@lru_cache(maxsize=16)
# not an inference tensor: a table first needed during inference is used in training, too
@torch.inference_mode(False)
def _rotary_table(
    rows: int, d_head: int, theta: float, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    angles = rotary_angles(torch.arange(rows, device=device), d_head, theta)[:, None]  # (T, 1, K)
    sign = torch.ones(d_head, dtype=torch.float64, device=device)
    sign[: d_head // 2] = -1.0
    return angles.cos().to(dtype), (angles.sin() * sign).to(dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate each pair (i, i + K/2) of x (B, T, H, K) by the angle of its position.

    (a, b) becomes (a cos - b sin, b cos + a sin). cos, sin: rows of `rotary_table`, (T, 1, K).
    """
    return torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, dims=-1), sin)


def alibi_slopes(n_heads: int) -> Tensor:
    """Compute one slope per head, the powers of 2^(-8/H) (Press et al. 2022, section 3): (H,)."""
    return 2.0 ** (-8.0 / n_heads * torch.arange(1, n_heads + 1, dtype=torch.float64))


def single_distances(buckets: int, two_sided: bool) -> int:
    """Count the distances, from 0 on, that have a bucket of their own (per direction, where both are distinguished)."""
    return (buckets // 2 if two_sided else buckets) // 2


def relative_bucket(distance: Tensor, *, buckets: int, max_distance: int, two_sided: bool) -> Tensor:
    """Compute the bucket of each distance (key position - query position): small ones singly, large ones by logarithm.

    Raffel et al. 2020, section 2.1; the arithmetic is that of the released models.
    """
    bucket = torch.zeros_like(distance)
    if two_sided:
        buckets //= 2
        bucket = bucket + (distance > 0).long() * buckets
        distance = distance.abs()
    else:
        distance = (-distance).clamp(min=0)
    exact = buckets // 2  # as `single_distances` counts
    # float32 on purpose: the released models round the logarithm there.
    far = exact + (
        torch.log(distance.clamp(min=1).float() / exact) / math.log(max_distance / exact) * (buckets - exact)
    ).long().clamp(max=buckets - 1 - exact)
    return bucket + torch.where(distance < exact, distance, far)


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _bucket_table(buckets: int, max_distance: int, two_sided: bool, device: torch.device) -> Tensor:
    """Compute the bucket of every distance from -max_distance - 1 to max_distance + 1: (2 max_distance + 3,)."""
    distances = torch.arange(-max_distance - 1, max_distance + 2, device=device)
    return relative_bucket(distances, buckets=buckets, max_distance=max_distance, two_sided=two_sided)


class RelativeBias(Part):
    """T5's learned number for each bucket of distances and each head, shared by all layers of a stack."""

    def __init__(self, n_heads: int, buckets: int, max_distance: int, *, two_sided: bool) -> None:
        super().__init__()
        self.W_bias = nn.Parameter(torch.empty(buckets, n_heads))
        self.max_distance, self.two_sided = max_distance, two_sided

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:  # (T,), (S,) -> (1, H, T, S)
        distance = keys[None, :] - queries[:, None]  # (T, S)
        buckets = self.W_bias.shape[0]
        if self.max_distance < single_distances(buckets, self.two_sided):
            return self.W_bias[self._shrinking(distance)].permute(2, 0, 1)[None]
        # Beyond the maximum distance there is one bucket, so one short table serves every text.
        reach = self.max_distance + 1
        table = _bucket_table(buckets, self.max_distance, self.two_sided, distance.device)
        bucket = table[distance.clamp(-reach, reach) + reach]
        return self.W_bias[bucket].permute(2, 0, 1)[None]

    def _shrinking(self, distance: Tensor) -> Tensor:
        """Compute buckets where the maximum distance is below the single ones: buckets then decrease with the distance.

        The released models' arithmetic, which leaves the table at some distance.

        Raises:
            ValueError: the text is so long that a distance has no bucket.
        """
        buckets = self.W_bias.shape[0]
        found = relative_bucket(
            distance, buckets=buckets, max_distance=self.max_distance, two_sided=self.two_sided
        )
        if int(found.min()) < 0:
            raise ValueError(
                f"with relative_max_distance={self.max_distance} below the distances that have one of the {buckets} "
                f"buckets each, a text of {max(distance.shape)} tokens is too long for this model: shorten it"
            )
        return found


class AlibiBias(Part):
    """ALiBi: each head lowers a score by its slope times the distance."""

    slopes: Tensor

    def __init__(self, n_heads: int) -> None:
        super().__init__()
        self.register_buffer("slopes", alibi_slopes(n_heads).float(), persistent=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:  # (T,), (S,) -> (1, H, T, S)
        distance = (keys[None, :] - queries[:, None]).abs()  # (T, S)
        return -(self.slopes[:, None, None] * distance)[None]
