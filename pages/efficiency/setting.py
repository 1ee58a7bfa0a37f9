"""The setting that the controls stand for, made to fit the model; what had to give way is said."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app import state, widgets
from core.efficiency.compressing import check_model
from core.efficiency.quantization import Granularity, Method, Quantization, QuantizationError
from core.language_model import LanguageModel

PER = {"tensor": "Matrix", "channel": "Row", "group": "Group"}
WAYS = {"nearest": "To nearest", "gptq": "GPTQ"}
SHARED = {
    "tensor": "one scale a matrix",
    "channel": "one scale a row",
    "group": "one scale for every {} weights",
}


def chosen(lm: LanguageModel) -> tuple[Quantization, tuple[str, ...]]:
    """The setting of this run, and what of the learner's wishes no model, or not this one, allows."""
    bits, per, way = int(state.get("bits")), state.get("per"), state.get("rounding")
    return fitting(lm, bits, per, int(state.get("group")), way, bool(state.get("centred")))


def fitting(
    lm: LanguageModel, bits: int, per: Granularity, group: int, way: Method, centred: bool
) -> tuple[Quantization, tuple[str, ...]]:
    """A setting as near to these wishes as there is one, and why it is not what was wished."""
    said: list[str] = []
    if bits == 16 and way == "gptq":
        said.append(_why(bits, per, group, way, centred) + ". Every weight is a float16 here.")
        way = "nearest"
    if bits == 1 and centred:
        said.append(
            _why(bits, per, group, way, centred) + ". The grid reaches from smallest to largest here."
        )
        centred = False
    setting = Quantization(bits, per, group, way, centred)
    try:
        check_model(lm, setting)
    except QuantizationError as why:
        said.append(f"{widgets.capital(str(why)[:1]) + str(why)[1:]}. Every row has one scale here.")
        setting = replace(setting, granularity="channel")
    return plain(setting), tuple(said)


def plain(setting: Quantization) -> Quantization:
    """The same setting, its idle parts as they are by default: one setting is one point."""
    if setting.bits == 16:
        return Quantization(16)
    return setting if setting.granularity == "group" else replace(setting, group=32)


def _why(*wished: object) -> str:
    try:
        Quantization(*wished)  # type: ignore[arg-type]
    except QuantizationError as why:
        return widgets.capital(str(why)[:1]) + str(why)[1:]
    return ""


def name(setting: Quantization) -> str:
    """In words: "4 bits, one scale a row, to nearest, around 0"."""
    if setting.bits == 16:
        return "16 bits, float16"
    shared = SHARED[setting.granularity].format(setting.group)
    way = "GPTQ" if setting.method == "gptq" else "to nearest"
    reach = "around 0" if setting.symmetric else "smallest to largest"
    return f"{setting.bits} {'bit' if setting.bits == 1 else 'bits'}, {shared}, {way}, {reach}"


def controls(both: bool) -> None:
    """The row below the picture."""
    widgets.segments("Bits", "bits", ("16", "8", "4", "2", "1"))
    widgets.segments("One scale for a", "per", tuple(PER), lambda one: PER[str(one)])
    if state.get("per") == "group":
        widgets.segments("Weights in it", "group", ("16", "32", "64", "128"))
    widgets.segments("Round", "rounding", tuple(WAYS), lambda one: WAYS[str(one)])
    st.toggle("Grid around 0", **state.bind("centred"))
    if both:
        widgets.segments("Stack", "stack", ("encoder", "decoder"), widgets.capital)


def notes(said: tuple[str, ...]) -> None:
    """What had to give way, below the controls."""
    for one in said:
        st.caption(widgets.escape(one))
