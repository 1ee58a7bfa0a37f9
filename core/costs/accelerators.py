"""Published accelerators: their makers' figures. Peaks are for dense products on one chip.

A GB is 10^9 bytes, as everywhere in the app. Some makers count a card's memory in 2^30 bytes, so it may hold up to 7 %
more. Two numbers that a maker gives for products with half of the numbers 0 ("sparse") are halved. Power is the most
that the whole card is built to draw.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.costs.memory import Precision
from core.messages import mark

GB = 10**9


@dataclass(frozen=True)
class Accelerator:
    """One card.

    flops32, flops16: operations a second in float32, and in 16 bits with sums in float32: float16 on the V100 and the
    T4, which have no bfloat16. memory: bytes. bandwidth:
    bytes a second between memory and chip. watts. source: where it is said.
    """

    name: str
    year: int
    flops32: float
    flops16: float
    memory: int
    bandwidth: float
    watts: float
    source: str

    def peak(self, precision: Precision) -> float:
        """Return operations per second at a precision.

        4- or 8-bit weights are dequantized to 16 bits to be multiplied.
        """
        return self.flops32 if precision == "fp32" else self.flops16


T = 1e12
ACCELERATORS: dict[str, Accelerator] = {
    "v100": Accelerator("V100 32 GB", 2018, 15.7 * T, 125 * T, 32 * GB, 900e9, 300,
                        mark("NVIDIA V100 data sheet, SXM2")),
    "t4": Accelerator("T4 16 GB", 2018, 8.1 * T, 65 * T, 16 * GB, 300e9, 70, mark("NVIDIA T4 data sheet")),
    "a100": Accelerator("A100 80 GB", 2020, 19.5 * T, 312 * T, 80 * GB, 2039e9, 400,
                        mark("NVIDIA A100 data sheet, SXM")),
    "rtx3090": Accelerator("RTX 3090 24 GB", 2020, 35.6 * T, 71 * T, 24 * GB, 936e9, 350,
                           mark("NVIDIA Ampere GA102 architecture, table 9")),
    "h100": Accelerator("H100 80 GB", 2022, 67 * T, 989.4 * T, 80 * GB, 3350e9, 700,
                        mark("NVIDIA H100 data sheet, SXM, sparse peak halved")),
    "rtx4090": Accelerator("RTX 4090 24 GB", 2022, 82.6 * T, 165.2 * T, 24 * GB, 1008e9, 450,
                           mark("NVIDIA Ada architecture, appendix A")),
}  # fmt: skip
USUAL = "rtx4090"  # the 24 GB card
