"""Settings of quantization: the nearest to what a learner wishes that a model allows, their names, the usual ones."""

from __future__ import annotations

from dataclasses import replace

from core.efficiency.compressing import check_model, matrix_names
from core.efficiency.judging import tensors
from core.efficiency.quantization import Granularity, Method, Quantization, QuantizationError
from core.language_model import LanguageModel
from core.messages import mark, say

USUAL = (
    Quantization(16),
    *(Quantization(bits) for bits in (8, 4, 2)),
)  # of a quick model they are always measured
QUICK = 4_000_000  # weights in the blocks: up to here a setting is measured in a moment
SHARED = {
    "tensor": mark("one scale a matrix"),
    "channel": mark("one scale a row"),
    "group": mark("one scale for every {count} weights"),
}


def block_weights(lm: LanguageModel) -> int:
    """Count the weights that a setting's bits apply to: those of the blocks' matrices."""
    own = tensors(lm)
    return sum(own[name].numel() for block in matrix_names(lm) for name in block)


def fitting(
    lm: LanguageModel, bits: int, per: Granularity, group: int, way: Method, centred: bool
) -> tuple[Quantization, tuple[str, ...]]:
    """Find the setting nearest to these wishes, and say why it is not what was wished.

    Args:
        bits: of a weight. per: what shares a scale; group: how many weights do, where a group does.
        way: of rounding. centred: whether the grid lies around 0.
    """
    said: list[str] = []
    if bits == 16 and way == "gptq":
        said.append(f"{_why(bits, per, group, way, centred)}. {say('Every weight is a float16 here.')}")
        way = "nearest"
    if bits == 1 and centred:
        here = say("The grid reaches from smallest to largest here.")
        said.append(f"{_why(bits, per, group, way, centred)}. {here}")
        centred = False
    setting = Quantization(bits, per, group, way, centred)
    try:
        check_model(lm, setting)
    except QuantizationError as why:
        said.append(f"{_capital(str(why))}. {say('Every row has one scale here.')}")
        setting = replace(setting, granularity="channel")
    return without_idle_parts(setting), tuple(said)


def without_idle_parts(setting: Quantization) -> Quantization:
    """Reset the parts of a setting that do nothing in it: one setting is one point."""
    if setting.bits == 16:
        return Quantization(16)
    return setting if setting.granularity == "group" else replace(setting, group=32)


def setting_name(setting: Quantization) -> str:
    """Name a setting: "4 bits, one scale a row, to nearest, around 0"."""
    if setting.bits == 16:
        return say("16 bits, float16")
    shared = say(SHARED[setting.granularity], count=setting.group)
    way = "GPTQ" if setting.method == "gptq" else say("to nearest")
    reach = say("around 0") if setting.symmetric else say("smallest to largest")
    bits = say("1 bit") if setting.bits == 1 else say("{bits} bits", bits=setting.bits)
    return f"{bits}, {shared}, {way}, {reach}"


def _why(*wished: object) -> str:
    try:
        Quantization(*wished)  # type: ignore[arg-type]
    except QuantizationError as why:
        return _capital(str(why))
    return ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
