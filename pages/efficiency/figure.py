"""Describe a model in fewer bits: a grid over weights, both models token by token, and size against loss.

`look` asks core for one matrix; `record` turns what was found into the JSON that figure.js draws. The chart of size
against loss is below: the page puts it into the room that layout.js leaves, a file draws it there. The arithmetic is
core's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import Any

import altair as alt
import torch

from app.charts import described
from app.charts.look import ink
from app.counts import counted
from app.kit import register
from app.units import si
from core.efficiency.compressing import matrix_names
from core.efficiency.frontier import front
from core.efficiency.gguf_contents import Contents
from core.efficiency.judging import LEAST_PLACES, Judged
from core.efficiency.movement import BINS, Moved, histogram, moved, one_group
from core.efficiency.pass_times import Passes
from core.efficiency.quantization import Quantization, Quantized, values
from core.efficiency.quantization_report import Beside
from core.efficiency.settings import setting_name
from core.language_model import LanguageModel
from core.messages import mark, say, say_of
from core.vectors.probe import wilson

efficiency = register("efficiency", __file__)

PIECES = {
    "qkv": ("attn.weight_qkv", "Q, K, V"), "o": ("attn.weight_o", "O"),
    "cross_qkv": ("cross_attn.weight_qkv", mark("cross Q, K, V")), "cross_o": ("cross_attn.weight_o", mark("cross O")),
    "in": ("mlp.weight_in", mark("MLP in")), "out": ("mlp.weight_out", mark("MLP out")),
}  # fmt: skip
STEPS = ("weights", "grid", "rounded", "matrices", "tokens", "cost", "settings")
LAST = len(STEPS) - 1  # the step that shows everything
UNSURE = 0.1  # difference of two mean probabilities from which on they are compared in words
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
    """Map (block, piece) to the weight's name, in the one stack or of an encoder-decoder's chosen one."""
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
    """Look at one matrix, and in it at the weights that share a grid with this row and group, or at a row of them."""
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
    """State what 4 and 2 bits come to in this model, with one scale a row, rounded to nearest around 0.

    Args:
        found: the chosen setting: where products moved and 4 and 2 bits still say exactly the same, no block adds
            anything to what is said.
    """
    four, two = points.get(Quantization(4)), points.get(Quantization(2))
    if four is None or two is None:
        return say("How few bits a weight needs, the model’s own loss says.")
    moved_any = found is not None and any(one.products > 0 for one in found.matrices)
    if moved_any and (four.rise, four.kl) == (two.rise, two.kl):
        return say("The blocks add nothing yet: rounding them changes nothing that is said.")
    kept = {name: f"{_percent(one.agreement)} %" for name, one in (("four", four), ("two", two))}
    return say("Row by row, 4 bits keep {four} of the choices, 2 bits {two}.", **kept)


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
    came: Contents | None = None,
) -> dict[str, Any]:
    """Turn the measurements into the JSON that figure.js draws, but for the selection.

    Args:
        came: the file of few bits that the model was unpacked from.
        ids: of the rows of the logits. over: what the losses are taken over, in words.
        place: (block, piece) that is looked at.
    """
    word = lm.tokenizer.display
    there = pieces(lm, stack)
    errors = {} if found is None else {one.name: one for one in found.matrices}
    listed = sorted(points, key=astuple)
    best = front([(points[one].bytes, points[one].loss) for one in listed])
    return {
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
        "pieces": [
            {"key": key, "name": say(said)} for key, (_, said) in PIECES.items() if any(k == key for _, k in there)
        ],
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
    }  # fmt: skip


def told(found: Beside) -> list[str]:
    """Say what the setting does to the loss, with its interval, and why two shares of kept choices differ."""
    one = found.judged
    low, high = (f"{end:+.3f}".replace("-", "−") for end in (one.rise_low, one.rise_high))
    given = {
        "change": f"{abs(one.rise):.3f}", "low": low, "high": high, "texts": counted(one.texts, "held-out text"),
    }  # fmt: skip
    if not one.has_verdict:
        said = say(
            "The loss changes by {change} nats a token (95 %: {low} to {high}). {tokens} of held-out text are too "
            "few for a verdict: it needs {least} or more.",
            tokens=counted(one.places, "token"), least=LEAST_PLACES, **given,
        )  # fmt: skip
    elif one.told > 0:
        said = say(
            "The loss rises by {change} nats a token (95 %: {low} to {high}, paired over {texts}).", **given
        )
    elif one.told:
        said = say(
            "The loss falls by {change} nats a token (95 %: {low} to {high}, paired over {texts}).", **given
        )
    else:
        said = say(
            "The loss changes by {change} nats a token, which the held-out texts do not tell from no change (95 "
            "%: {low} to {high}, paired over {texts}).",
            **given,
        )
    return [said, *both_true(found)]


def both_true(found: Beside) -> list[str]:
    """Say why so many choices stay on the held-out texts and so many change in the learner's own."""
    one, choices = found.judged, found.choices
    if not choices:
        return []
    changed = [choice.probability for choice in choices if choice.before != choice.after]
    stay = [choice.probability for choice in choices if choice.before == choice.after]
    share = wilson(len(stay), len(choices))
    given = {
        "kept": _share(one.agreement), "tokens": counted(one.places, "held-out token"), "changed": len(changed),
        "choices": counted(len(choices), "choice"), "low": _share(share.low), "high": _share(share.high),
    }  # fmt: skip
    if share.low <= one.agreement <= share.high:
        said = say(
            "{kept} of {tokens} keep their first choice, and {changed} of {choices} in your text change: both "
            "are true. So few say only that between {low} and {high} stay in texts like yours (95 %).",
            **given,
        )
    else:
        said = say(
            "{kept} of {tokens} keep their first choice, and {changed} of {choices} in your text change: both "
            "are true. So few say only that between {low} and {high} stay in texts like yours (95 %), and yours "
            "is not like the held-out ones, of which {kept} stay.",
            **given,
        )
    if changed and stay and sum(stay) / len(stay) - sum(changed) / len(changed) >= UNSURE:
        flips = say(
            "A choice flips where the original was unsure: it gave {flipped} on average to those that change, "
            "{stayed} to those that stay.",
            flipped=f"{sum(changed) / len(changed):.2f}", stayed=f"{sum(stay) / len(stay):.2f}",
        )  # fmt: skip
        said = f"{said} {flips}"
    return [said]


def _judged(one: Judged) -> dict[str, Any]:
    return {
        "bytes": one.bytes, "loss": one.loss, "rise": one.rise, "riseLow": one.rise_low, "riseHigh": one.rise_high,
        "agreement": one.agreement, "low": one.low, "high": one.high, "kl": one.kl, "places": one.places,
        "texts": one.texts,
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
    """List the ids at whose places the model says something: the decoder's in an encoder-decoder."""
    inputs: tuple[torch.Tensor, ...] = lm.batch(text, target)
    return [int(id) for id in inputs[-1][0]]


# ------------------------------------------------------------------------------------------------- size against loss

KEPT = ("name", "bytes", "loss", "low", "high", "above", "front", "here")  # of a row, for tests
TALL = 226  # px
NEAREST, GPTQ, ABOVE = mark("to nearest"), "GPTQ", mark("above the chart")


def chart_room(points: list[dict[str, Any]], base: float) -> tuple[float, float]:
    """Set the range of losses: settings that lose half as much again as the original lie above it."""
    losses = [one["loss"] for one in points]
    reach = max(0.5 * base, 0.05)
    low, high = min([base, *losses]), max([base + 0.02, *(loss for loss in losses if loss <= base + reach)])
    return low - 0.08 * (high - low), high + 0.08 * (high - low)


def chart_rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Make a row for each setting, with what its tooltip says."""
    base = data["original"]["loss"]
    _, high = chart_room(data["points"], base)
    made = []
    for one in data["points"]:
        above = one["loss"] > high
        made.append({
            "name": one["name"], "bits": one["bits"], "bytes": one["bytes"], "loss": one["loss"],
            "at": high if above else one["loss"], "low": base + one["riseLow"], "high": base + one["riseHigh"],
            "above": above, "kind": say(ABOVE if above else GPTQ if one["gptq"] else NEAREST), "front": one["front"],
            "here": one["here"], "said size": si(one["bytes"], "B"),
            "ink": ink("accent" if one["here"] else "ink" if one["front"] else "res"),
            "said loss": say("{loss}, above the chart", loss=f"{one['loss']:.3f}") if above else f"{one['loss']:.3f}",
            "said interval": say(
                "{low} to {high}", low=f"{base + one['riseLow']:.3f}", high=f"{base + one['riseHigh']:.3f}"
            ),
            "said kept": say("{share} of the first choices", share=_share(one["agreement"])),
            "said front": say("nothing is smaller and as good") if one["front"] else
            say("another is smaller and as good, or better and as small"),
        })  # fmt: skip
    return made


def _share(share: float) -> str:
    return (
        f"{100 * share:.0f} %" if share in (0.0, 1.0) or 0.0995 <= share <= 0.9949 else f"{100 * share:.1f} %"
    )


def named(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Choose the settings that are named: the best of each number of bits, and the chosen one where it lies above.

    Those of settings above the chart stand below their marks, one below the other: beside them lies the next mark.
    """
    best: dict[int, dict[str, Any]] = {}
    for one in made:
        if one["bits"] not in best or one["loss"] < best[one["bits"]]["loss"]:
            best[one["bits"]] = one
    chosen = next((one for one in made if one["here"] and one["above"]), None)
    kept = [
        one for one in best.values() if chosen is None or one["bits"] != chosen["bits"] or not one["above"]
    ]
    kept += [chosen] if chosen is not None and chosen not in kept else []
    off = sorted((one for one in kept if one["above"]), key=lambda one: -one["bytes"])
    return [
        {**one, "said": f"{one['bits']}: {one['loss']:.1f}" if one["above"] else f"{one['bits']}",
         "down": 18 + 14 * off.index(one) if one["above"] else -8}
        for one in kept
    ]  # fmt: skip


def joined(made: list[dict[str, Any]], high: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Trace the front inside the chart, and the dashed line that leads from it to a setting above the chart."""
    order = sorted((one for one in made if one["front"]), key=lambda one: one["bytes"])
    inside = [{"bytes": one["bytes"], "loss": one["loss"]} for one in order if not one["above"]]
    stub = []
    for one, other in pairwise(order):
        if one["above"] and not other["above"]:
            part = (high - other["loss"]) / (one["loss"] - other["loss"])
            away = math.log(other["bytes"]) + part * (math.log(one["bytes"]) - math.log(other["bytes"]))
            stub = [{"bytes": other["bytes"], "loss": other["loss"]}, {"bytes": math.exp(away), "loss": high}]
    return inside, stub


def front_chart(data: dict[str, Any]) -> alt.TopLevelMixin:
    """Describe the chart of size against loss."""
    made, original = chart_rows(data), data["original"]
    low, high = chart_room(data["points"], original["loss"])
    came = data.get("came")
    sizes = [*(one["bytes"] for one in made), came["bytes"] if came else original["bytes"]]
    across = [min(sizes) * 0.85, max(sizes) * 1.15]
    every = (m * 10.0**k for k in range(3, 13) for m in (1, 2, 5))
    marks = [one for one in every if across[0] * 1.05 < one < across[1] * 0.95]
    written = [si(one, "B").replace(".00", "").replace(".0 ", " ") for one in marks]
    axis = alt.Axis(**described.words(marks, written), title=say("size of the file"))
    x = alt.X("bytes:Q", scale=alt.Scale(type="log", domain=across, nice=False), axis=axis)
    up = alt.Scale(domain=[low, high], nice=False)
    at = alt.Y("at:Q", scale=up)
    layers: list[Any] = _behind(made, original, high, x, up, at_point=came is None)
    layers += [] if came is None else _came(came, original["loss"], x, up)
    for one in named(made):
        word = alt.Chart(described.data([one])).mark_text(
            align="left", dx=-5 if one["above"] else 13 if one["here"] else 9, dy=one["down"], font="JetBrains Mono",
            color=ink("accent" if one["here"] else "ink3"),
        )  # fmt: skip
        layers.append(described.haloed(word.encode(x=x, y=at, text="said:N")))
    layers += _points(made, x, at, up)  # on top: a word would catch the pointer
    beaten = sum(not one["front"] for one in made)
    title = alt.TitleParams(
        say("Size against loss, nats a token"),
        subtitle=say(
            "{settings} measured, {beaten} beaten", settings=counted(len(made), "setting"), beaten=beaten
        ),
    )
    return alt.layer(*layers).properties(height=TALL, title=title)


def _behind(
    made: list[dict[str, Any]],
    original: dict[str, Any],
    high: float,
    x: alt.X,
    up: alt.Scale,
    *,
    at_point: bool,
) -> list[alt.Chart]:
    """Draw the original's loss as a line, its float32 file as a point where `at_point`, and the front."""
    y = alt.Y("loss:Q", scale=up, axis=alt.Axis(tickCount=5))
    whole = {"bytes": original["bytes"], "loss": original["loss"]}
    whole |= {"said": si(original["bytes"], "B"), "how": f"{original['loss']:.3f}"}
    line = alt.Chart(described.data([whole]))
    whose = [
        alt.Tooltip("said:N", title=say("the original, float32")),
        alt.Tooltip("how:N", title=say("loss")),
    ]
    inside, stub = joined(made, high)
    joint: dict[str, Any] = {"color": ink("ink3"), "strokeWidth": 1.5}
    point = line.mark_point(color=ink("res"), filled=False, size=90, strokeWidth=2)
    return [
        line.mark_rule(color=ink("res"), strokeDash=[3, 3]).encode(y=y),
        *([point.encode(x=x, y=y, tooltip=whose)] if at_point else []),
        alt.Chart(described.data(inside)).mark_line(**joint).encode(x=x, y=y),
        alt.Chart(described.data(stub)).mark_line(strokeDash=[4, 3], **joint).encode(x=x, y=y),
    ]


def _came(came: dict[str, Any], loss: float, x: alt.X, up: alt.Scale) -> list[alt.Chart]:
    """Draw the file that the original was unpacked from: the same weights, so the same loss, in fewer bytes."""
    one = {"bytes": came["bytes"], "loss": loss, "said": si(came["bytes"], "B"), "how": f"{loss:.3f}"}
    one |= {
        "kind": say("{kind}, {bits} bits a weight", kind=came["kind"], bits=f"{came['bits']:.2f}"),
        "word": say("as it came"),
    }  # fmt: skip
    base = alt.Chart(described.data([one])).encode(x=x, y=alt.Y("loss:Q", scale=up))
    told = {"said": say("its file"), "kind": say("in"), "how": say("loss")}
    tips = [alt.Tooltip(f"{field}:N", title=title) for field, title in told.items()]
    mark = base.mark_point(shape="diamond", filled=True, size=110, color=ink("res")).properties(name="came")
    word = base.mark_text(dy=-13, color=ink("ink2")).encode(text="word:N")
    return [mark.encode(tooltip=tips), described.haloed(word)]


def _points(made: list[dict[str, Any]], x: alt.X, at: alt.Y, up: alt.Scale) -> list[alt.Chart]:
    """Draw the settings, each with its interval."""
    base = alt.Chart(described.data(made))
    colour = alt.Color("ink:N", scale=None)
    told = {
        "name": say("setting"), "said size": say("size"), "said loss": say("loss"),
        "said interval": say("95 % interval"), "said kept": say_of("first choices", "keeps"), "said front": say("here"),
    }  # fmt: skip
    shape = alt.Shape(
        "kind:N", scale=alt.Scale(domain=[say(NEAREST), GPTQ, say(ABOVE)], range=["circle", "square", "triangle-up"]),
        legend=alt.Legend(symbolFillColor=ink("ink3"), symbolStrokeColor=ink("ink3")),
    )  # fmt: skip
    interval = base.transform_filter("!datum.above").mark_rule(strokeWidth=1.5, opacity=0.6, clip=True)
    ring = base.transform_filter("datum.here").mark_point(
        filled=False, size=300, strokeWidth=2, color=ink("accent")
    )
    dots = base.mark_point(filled=True, size=60).properties(name="points")
    tips = [alt.Tooltip(f"{field}:N", title=title) for field, title in told.items()]
    bright = alt.condition("datum.front || datum.here", alt.value(1), alt.value(0.6))
    return [
        interval.encode(x=x, y=alt.Y("low:Q", scale=up), y2="high:Q", color=colour),
        ring.encode(x=x, y=at),
        dots.encode(x=x, y=at, color=colour, shape=shape, tooltip=tips, opacity=bright),
    ]


def front_facts(data: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Sequence[Any]]]:
    """Say what the chart shows: in a sentence, what is drawn, and its table."""
    made = chart_rows(data)
    return (
        say(
            "Size against loss of {count} settings; the original: {size}, loss {loss}. {front}.",
            count=len(made), size=si(data["original"]["bytes"], "B"), loss=f"{data['original']['loss']:.3f}",
            front="; ".join(f"{one['name']}: {one['said size']}, {one['said loss']}" for one in made if one["front"]),
        ),
        {
            "points": [{key: one[key] for key in KEPT} for one in made],
            "names": [one["said"] for one in named(made)],
            "came": data.get("came"),
        },
        {
            "setting": [one["name"] for one in made], "bytes": [one["bytes"] for one in made],
            "loss": [one["loss"] for one in made], "low": [one["low"] for one in made],
            "high": [one["high"] for one in made], "keeps": [one["said kept"] for one in made],
            "beaten by none": [one["front"] for one in made],
        },
    )  # fmt: skip
