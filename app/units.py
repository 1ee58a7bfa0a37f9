"""Numbers with their units, as every page writes them: all by powers of 1,000."""

from __future__ import annotations

from core.messages import mark, say

BYTES = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
THOUSANDS = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
PRECISIONS = {"fp32": "float32", "bf16": mark("16 bits"), "int8": mark("8 bits"), "int4": mark("4 bits")}


def _scaled(value: float, names: tuple[str, ...]) -> tuple[float, str]:
    at = 0
    while value >= 999.5 and at < len(names) - 1:
        value, at = value / 1000, at + 1
    return value, names[at]


def _short(value: float) -> str:
    """Format a value with three digits, more before the decimal point."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def size(count: float) -> str:
    """Format bytes: 15.6 MB, which is 15.6 million bytes."""
    value, name = _scaled(float(count), BYTES)
    return f"{value:,.0f} B" if name == "B" else f"{_short(value)} {name}"


def si(count: float, unit: str = "") -> str:
    """Format a count with an SI prefix: 2.61 GFLOP."""
    value, name = _scaled(float(count), THOUSANDS)
    said = f"{value:.0f}" if not name and float(value).is_integer() else _short(value)
    return f"{said} {name}{unit}".strip()


def in_words(count: int, unit: int) -> str:
    """Format a published count with the digits that its authors gave: 1,542 million, 175 billion.

    Args:
        unit: what it was rounded to.
    """
    if unit >= 10**8 and count >= 10**9:
        return say("{count} billion", count=f"{count / 10**9:,g}")
    return say("{count} million", count=f"{count / 10**6:,g}")


def seconds(value: float) -> str:
    """Format a duration: 1.3 ms, 12 s, 4.5 hours, 3.1 years."""
    for least, each, message in (
        (3.156e7, 3.156e7, mark("{count} years")),
        (86_400 * 2, 86_400, mark("{count} days")),
        (7_200, 3_600, mark("{count} hours")),
        (120, 60, mark("{count} minutes")),
    ):
        if value >= least:
            return say(message, count=_short(value / each))
    for power, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= 0.9995 * power:
            return f"{_short(value / power)} {name}"
    return f"{value * 1e9:.3g} ns"
