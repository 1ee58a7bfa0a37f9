"""Size against loss over all settings, and the Pareto frontier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.efficiency.compressing import CALIBRATION, compress_steps, matrix_names, model_of
from core.efficiency.judging import LONGEST, Judged, Reference, judge, tensors, yardstick
from core.efficiency.quantization import GROUPS, Granularity, Quantization
from core.language_model import LanguageModel

# What a setting costs on one processor, measured on models of 1 to 135 million weights.
A_SECOND = 1e10  # weights x tokens that are read
ROUNDING = 300  # tokens whose reading takes as long as rounding and packing the weights
A_COLUMN = 2e-4  # seconds to round a column of a matrix and correct the columns after it (GPTQ)


@dataclass(frozen=True)
class Point:
    """A setting with the size and loss of its model."""

    setting: Quantization
    judged: Judged


def settings(lm: LanguageModel, group: int = 32) -> list[Quantization]:
    """List the settings: 16 bits, then 8, 4 and 2 bits per tensor, row and group, symmetric and asymmetric.

    Rounding to nearest comes first, then the same with GPTQ. Groups are of the size given, or the next smaller that
    divides all rows.
    """
    if not any(matrix_names(lm)):
        return [Quantization(16)]
    own = tensors(lm)
    widths = {own[name].shape[1] for block in matrix_names(lm) for name in block}
    fitting = [size for size in GROUPS if size <= group and all(width % size == 0 for width in widths)]
    shared: list[tuple[Granularity, int]] = [("tensor", group), ("channel", group)]
    if fitting:
        shared.append(("group", fitting[-1]))
    plain = [
        Quantization(bits, per, size, "nearest", symmetric)
        for bits in (8, 4, 2)
        for per, size in shared
        for symmetric in (True, False)
    ]
    return [Quantization(16), *plain, *(replace(one, method="gptq") for one in plain)]


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Find the indices of the Pareto-optimal points (size, loss): none is as small and as good, and better in one.

    From the smallest to the largest; of equals all.
    """
    found: list[int] = []
    best = float("inf")
    order = sorted(range(len(points)), key=lambda at: points[at])
    for at in order:
        _, loss = points[at]
        equal = bool(found) and points[found[-1]] == points[at]
        if loss < best or equal:
            found.append(at)
            best = min(best, loss)
    return found


def steps_of(lm: LanguageModel, setting: Quantization) -> int:
    """Return how many steps `measure_steps` takes for one setting."""
    return 1 if setting.bits == 16 else max(1, len(matrix_names(lm)))


def estimate_seconds(before: Reference, wanted: Sequence[Quantization]) -> float:
    """Estimate the seconds that `measure_steps` takes on one processor.

    Args:
        before: its texts are read once for every setting.
    """
    lm = before.lm
    own = tensors(lm)
    read = sum(part.shape[1] for text in before.asked for part in text.inputs)
    calibrated = CALIBRATION * LONGEST
    columns = sum(own[name].shape[1] for block in matrix_names(lm) for name in block)
    rounded = lm.n_parameters * (read + ROUNDING) / A_SECOND
    solved = columns * A_COLUMN + lm.n_parameters * 2 * calibrated / A_SECOND
    gptq = sum(one.method == "gptq" for one in wanted)
    return len(wanted) * rounded + gptq * solved


def measure_steps(before: Reference, wanted: Sequence[Quantization]) -> Iterator[Point | None]:
    """Compress and judge setting after setting: yield a `Point` where one is done, None after each block before.

    Times are not taken: the weights are widened to float32, and a pass takes as long as before.
    """
    lm = before.lm
    texts = yardstick(lm, "train", CALIBRATION) if any(one.method == "gptq" for one in wanted) else []
    for setting in wanted:
        for at, small in enumerate(compress_steps(lm, setting, texts), start=1):
            if at < steps_of(lm, setting):
                yield None
            else:
                yield Point(setting, judge(before, model_of(lm, small), size=small.bytes, timed=False))
