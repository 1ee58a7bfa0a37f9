"""The picture of a model in fewer bits: a grid over weights, both models word by word, and size against loss.

`measure` asks core (beside, frontier, kernels), `look` for one matrix; `record` turns all into the JSON that view.js
draws. The arithmetic is core's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
import torch

from app import state
from app.kit import register
from core.efficiency.beside import Beside
from core.efficiency.compressing import matrix_names
from core.efficiency.frontier import front
from core.efficiency.judging import Judged
from core.efficiency.movement import BINS, Moved, histogram, moved, one_group
from core.efficiency.quantization import Quantization, Quantized, values
from core.efficiency.stored import Contents
from core.language_model import LanguageModel
from pages.efficiency import charts
from pages.efficiency.measure import Passes
from pages.efficiency.setting import name as setting_name

efficiency = register("efficiency", __file__)

PIECES = {
    "qkv": ("attn.weight_qkv", "Q, K, V"), "o": ("attn.weight_o", "O"),
    "cross_qkv": ("cross_attn.weight_qkv", "cross Q, K, V"), "cross_o": ("cross_attn.weight_o", "cross O"),
    "in": ("mlp.weight_in", "MLP in"), "out": ("mlp.weight_out", "MLP out"),
}  # fmt: skip
LAST = 6  # the step that shows everything
SHOWN = 64  # weights of a group that are drawn one by one


@dataclass(frozen=True)
class Looked:
    """One matrix before and after.

    Attributes:
        name: of the weight. rows, columns: its size. row, group: what is looked at, and `groups` of a row there are.
        counts: weights by size, in `BINS` bins from low to high.
        grid: every value that the chosen weights may take; () at 16 bits, or while it is unknown. scale, zero: its own.
        before, after, codes: of the chosen weights, the first `SHOWN`; after and codes () while unknown.
        shared: how many weights share this grid. moved: of the whole matrix.
    """

    name: str
    rows: int
    columns: int
    row: int
    group: int
    groups: int
    low: float
    high: float
    counts: tuple[int, ...]
    grid: tuple[float, ...]
    scale: float
    zero: float
    before: tuple[float, ...]
    after: tuple[float, ...]
    codes: tuple[int, ...]
    shared: int
    moved: Moved | None


def pieces(lm: LanguageModel, stack: str | None) -> dict[tuple[int, str], str]:
    """(block, piece) -> the weight's name, of the one stack or of an encoder-decoder's chosen one."""
    found = {}
    for name in (name for block in matrix_names(lm) for name in block):
        if stack and not name.startswith(stack):
            continue
        at = re.search(r"blocks\.(\d+)\.(.*)", name)
        piece = next((key for key, (tail, _) in PIECES.items() if at and at[2] == tail), None)
        if at and piece:
            found[int(at[1]), piece] = name
    return found


def look(
    lm: LanguageModel, name: str, matrix: Quantized | None, setting: Quantization, row: int, group: int
) -> Looked:
    """One matrix, and of it the weights that share a grid with those of this row and group, or a row of them."""
    weight = lm.transformer.get_parameter(name).detach().float()
    rows, columns = weight.shape
    wide = setting.group if setting.granularity == "group" else columns
    groups = columns // wide
    row, group = min(row, rows - 1), min(group, groups - 1)
    cut = slice(group * wide, group * wide + min(wide, SHOWN))
    before = weight[row, cut]
    after: Any = ()
    codes: Any = ()
    grid: tuple[float, ...] = ()
    scale = zero = 0.0
    if setting.bits == 16:
        after = before.half().float().tolist()
    elif matrix is not None:
        part = matrix.grid.scale.shape
        at = (row if part[0] > 1 else 0, group if part[1] > 1 else 0)
        scale, zero = float(matrix.grid.scale[at]), float(matrix.grid.zero[at])
        grid = tuple(values(setting, scale, zero))
        after, codes = matrix.weight()[row, cut].tolist(), matrix.codes[row, cut].tolist()
    low, high = float(weight.min()), float(weight.max())
    return Looked(
        name, rows, columns, row, group, groups, low, high, tuple(histogram(weight, low, high)), grid, scale, zero,
        tuple(before.tolist()), tuple(after), tuple(codes), int(one_group(weight, setting, row, group).numel()),
        moved(weight, matrix) if matrix is not None else None,
    )  # fmt: skip


def claim(points: Mapping[Quantization, Judged], found: Beside | None = None) -> str:
    """What 4 and 2 bits come to in this model, with one scale a row, rounded to nearest around 0.

    Args:
        found: the chosen setting: where products moved and 4 and 2 bits still say exactly the same, no block adds
            anything to what is said.
    """
    four, two = points.get(Quantization(4)), points.get(Quantization(2))
    if four is None or two is None:
        return "How few bits a weight needs, the model’s own loss says."
    moved_any = found is not None and any(one.products > 0 for one in found.matrices)
    if moved_any and (four.rise, four.kl) == (two.rise, two.kl):
        return "The blocks add nothing yet: rounding them changes nothing that is said."
    kept = [f"{_percent(one.agreement)} %" for one in (four, two)]
    return f"Row by row, 4 bits keep {kept[0]} of the choices, 2 bits {kept[1]}."


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share in (0.0, 1.0) or 0.005 <= share < 0.995 else f"{100 * share:.1f}"


def record(
    lm: LanguageModel,
    ids: Sequence[int],
    looked: Looked | None,
    found: Beside | None,
    own: Judged,
    over: str,
    times: Passes | None,
    points: Mapping[Quantization, Judged],
    setting: Quantization,
    *,
    stack: str | None,
    place: tuple[int, str],
    stamp: str,
    selection: Mapping[str, Any],
    came: Contents | None = None,
) -> dict[str, Any]:
    """What view.js draws.

    Args:
        came: the file of few bits that the model was unpacked from.
        ids: of the rows of the logits. over: what the losses are taken over, in words.
        place: (block, piece) that is looked at. stamp: changes with all of these.
    """
    word = lm.tokenizer.display
    there = pieces(lm, stack)
    errors = {} if found is None else {one.name: one for one in found.matrices}
    listed = list(points)
    best = front([(points[one].bytes, points[one].loss) for one in listed])
    return {
        "stamp": stamp,
        "tokens": [{"text": word(id), "id": id, "special": id in lm.special_ids} for id in ids],
        "answers": [] if found is None else [
            {"before": word(one.before), "p": one.probability, "after": word(one.after), "q": one.now, "left": one.left,
             "same": one.before == one.after} for one in found.choices
        ],
        "encoder": lm.config.shape == "encoder", "stack": stack or "",
        "setting": {"name": setting_name(setting), **vars(setting)},
        "bitsEach": None if found is None else found.bits_each,
        "original": _judged(own) | {"over": over}, "now": None if found is None else _judged(found.judged),
        "passes": None if times is None else vars(times),
        "blocks": 1 + max((block for block, _ in there), default=-1),
        "pieces": [{"key": key, "name": said} for key, (_, said) in PIECES.items() if any(k == key for _, k in there)],
        "errors": [
            {"block": block, "piece": piece, "weights": errors[name].weights, "products": errors[name].products}
            for (block, piece), name in there.items() if name in errors
        ],
        "matrix": None if looked is None else _looked(looked, place),
        "points": [
            {"name": setting_name(one), "bits": one.bits, "gptq": one.method == "gptq", "here": one == setting,
             "front": at in best, **_judged(points[one])} for at, one in enumerate(listed)
        ],
        "came": None if came is None else {"bytes": came.size, "kind": came.fewest.kind, "bits": came.bits},
        "selection": dict(selection),
    }  # fmt: skip


def _judged(one: Judged) -> dict[str, Any]:
    return {
        "bytes": one.bytes, "loss": one.loss, "rise": one.rise, "riseLow": one.rise_low, "riseHigh": one.rise_high,
        "agreement": one.agreement, "low": one.low, "high": one.high, "kl": one.kl, "places": one.places,
    }  # fmt: skip


def _looked(one: Looked, place: tuple[int, str]) -> dict[str, Any]:
    return {
        "block": place[0], "piece": place[1], "name": one.name, "rows": one.rows, "columns": one.columns,
        "row": one.row, "group": one.group, "groups": one.groups, "low": one.low, "high": one.high,
        "counts": list(one.counts), "grid": list(one.grid), "scale": one.scale, "zero": one.zero, "bins": BINS,
        "before": list(one.before), "after": list(one.after), "codes": list(one.codes), "shared": one.shared,
        "moved": None if one.moved is None else vars(one.moved),
    }  # fmt: skip


def rows_read(lm: LanguageModel, text: str, target: str | None) -> list[int]:
    """The ids at whose places the model says something: the decoder's in an encoder-decoder."""
    inputs: tuple[torch.Tensor, ...] = lm.batch(text, target)
    return [int(id) for id in inputs[-1][0]]


def draw(data: dict[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> None:
    """Mount the picture, and its chart once it is told; `on` maps its events "select" and "visit" to callbacks."""
    with st.container(key="gb-efficiency-both", gap="xsmall"):
        efficiency(data=data, key=key, **{f"on_{name}_change": act for name, act in on.items()})
        if not 0 <= int(state.get("stage")) < LAST:
            charts.draw(data)
