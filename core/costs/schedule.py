"""Duration and energy of a training: operations over the achieved share of the machines' peak."""

from __future__ import annotations

from dataclasses import dataclass

from core.config import ModelConfig
from core.costs.operations import flops_per_token
from core.costs.weights import parameters

PER_WEIGHT = (
    20  # tokens for each weight, about what Hoffmann et al. 2022, table 3, find best for the operations spent
)


@dataclass(frozen=True)
class Training:
    """Operations in all, seconds with `devices` in parallel, and what one of them draws."""

    flops: float
    seconds: float
    devices: int
    watts: float

    @property
    def device_hours(self) -> float:
        """Hours of training on a single device."""
        return self.seconds * self.devices / 3600

    @property
    def kilowatt_hours(self) -> float:
        """The energy of all devices at full power, without cooling and host computers."""
        return self.device_hours * self.watts / 1000


def training(
    config: ModelConfig,
    tokens: float,
    length: int,
    peak: float,
    utilization: float,
    devices: int,
    watts: float,
) -> Training:
    """Estimate a training: three forward passes' operations per token (Kaplan et al. 2020, section 2.1), at a share of
    the peak.

    Args:
        tokens: read in all; length: of a text. peak: operations a second of one device. utilization: the share of it
            that is reached, 0 to 1. devices: how many work in parallel, without loss. watts: of one device.

    Raises:
        ValueError: a number that is not above 0, or a utilization above 1.
    """
    given = {"tokens": tokens, "length": length, "peak": peak, "devices": devices, "watts": watts}
    for name, value in {**given, "utilization": utilization}.items():
        if not value > 0:
            raise ValueError(f"{name}={value:g} must be above 0")
    if utilization > 1:
        raise ValueError(f"utilization={utilization:g} is a share of the peak: at most 1")
    flops = 3 * flops_per_token(config, length) * tokens
    seconds = flops / (peak * utilization * devices)
    return Training(flops, seconds, devices, watts)


def utilization(config: ModelConfig, tokens: float, length: int, peak: float, device_hours: float) -> float:
    """Compute the share of the peak that a published training reached, from the total device hours."""
    return 3 * flops_per_token(config, length) * tokens / (peak * device_hours * 3600)


def usual_tokens(config: ModelConfig) -> int:
    """Return the compute-optimal number of tokens for a model of this size, by Hoffmann et al. 2022."""
    return PER_WEIGHT * parameters(config)
