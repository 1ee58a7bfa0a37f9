"""Roofline model (Williams et al. 2009): whether compute or memory bandwidth is the bottleneck, by operations per byte.

Bytes are the minimum traffic between memory and chip: every weight used by the pass once, and the key/value cache. What
short-lived results take besides depends on the kernels, so a real pass lies at or left of its point.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from core.config import ModelConfig
from core.costs.cache import cache_bytes
from core.costs.counts import total
from core.costs.memory import Precision
from core.costs.operations import decode_flops, row_flops
from core.costs.weights import parameters_by_part, weight_bytes
from core.messages import mark
from core.verdict_rule import Rule


@dataclass(frozen=True)
class Work:
    """Operations and bytes: of the weights once (`weights`), and of each text (`row_flops`, `row_bytes`)."""

    weights: int
    row_flops: int
    row_bytes: int

    def flops(self, batch: int) -> int:
        """Compute the operations over so many texts."""
        return batch * self.row_flops

    def bytes(self, batch: int) -> int:
        """Compute the bytes moved for so many texts."""
        return self.weights + batch * self.row_bytes

    def intensity(self, batch: int) -> float:
        """Compute the operations per byte."""
        return self.flops(batch) / self.bytes(batch)


def attainable(intensity: float, peak: float, bandwidth: float) -> float:
    """Compute the attainable operations per second at an intensity: min(peak, bandwidth x I)."""
    return min(peak, intensity * bandwidth)


def ridge(peak: float, bandwidth: float) -> float:
    """Compute the intensity from which on compute is the bottleneck, no longer memory."""
    return peak / bandwidth


def least_seconds(work: Work, batch: int, peak: float, bandwidth: float) -> float:
    """Compute the lower bound of a pass's time: the longer of computing and moving."""
    return max(work.flops(batch) / peak, work.bytes(batch) / bandwidth)


def prefill(config: ModelConfig, length: int, precision: Precision = "fp32") -> Work:
    """Count reading `length` tokens at once, with all their keys and values written; for an encoder, its whole pass.

    An encoder-decoder reads them in its encoder and writes the first token.
    """
    size = 4 if precision == "fp32" else 2
    writes = 1 if config.shape == "encoder-decoder" else 0
    cache = 0 if config.shape == "encoder" else cache_bytes(config, length, writes, size)
    return Work(met_bytes(config, precision), row_flops(config, length, writes), cache)


def decode(config: ModelConfig, past: int, precision: Precision = "fp32") -> Work:
    """Count generating one token after `past` cached ones (of an encoder-decoder, with as many source tokens).

    Raises:
        ValueError: an encoder, which writes none.
    """
    size = 4 if precision == "fp32" else 2
    pair = config.shape == "encoder-decoder"
    flops = total(decode_flops(config, past, past if pair else 0))
    cache = cache_bytes(config, past if pair else past + 1, past + 1, size)
    return Work(met_bytes(config, precision, writing=True), flops, cache)


@lru_cache(maxsize=64)
def met_bytes(config: ModelConfig, precision: Precision, writing: bool = False) -> int:
    """Compute the bytes of the weights that a pass reads as a whole: all but tables of which it reads a few rows.

    Args:
        writing: of an encoder-decoder, its decoder alone, which generates while the encoder is idle.
    """
    size = 4 if precision == "fp32" else 2
    counts = {one.name: one.value for one in parameters_by_part(config)}
    tables = counts["positions"]
    if not (config.tied_embeddings and config.head == "lm"):
        tables += counts["embedding"]
    resting = 0
    if writing and config.shape == "encoder-decoder":
        reader = config.replace(shape="encoder", n_decoder_layers=None, causal=None, first_id=None)
        resting = weight_bytes(reader, precision) - weight_bytes(reader.replace(n_layers=0), precision)
    return weight_bytes(config, precision) - size * tables - resting


RULE = Rule(
    mark("The pace: “memory sets the pace”, “computing sets the pace”"),
    mark("Operations for each byte that has to move between memory and chip."),
    mark("Computing sets the pace from the card’s peak divided by its bandwidth on; below that, memory."),
    mark(
        "Counted from the configuration; the card’s two numbers are its maker’s. A measured machine’s are "
        "its own."
    ),
    mark(
        "None: nothing is tested. A real pass takes at least as long, as nothing moves but weights and the "
        "cache here."
    ),
    "Williams, Waterman & Patterson 2009",
    ridge,
)
