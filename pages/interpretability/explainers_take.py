"""What the lower half of the Interpretability page gives to the notebook and to the table: the same numbers again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.analysis.explaining.faithfulness import SIDES
from core.analysis.explaining.selectivity import Layer
from core.analysis.patching.circuit import KINDS
from core.analysis.patching.circuit_walk import Walk
from core.language_model import LanguageModel
from pages.interpretability.explainers_measure import Ask, Explained


def cells(
    ask: Ask, found: Explained | None, task: str, layers: Sequence[Layer], walk: Walk | None
) -> list[str]:
    """Cells for what was measured; `lm` and `np` are the notebook's."""
    made = [] if found is None else [_explained(ask, found)]
    if found is not None and found.judged is not None:
        made.append(_judged(found))
    if layers:
        made.append(_probes(task, layers))
    if walk is not None and walk.reader is not None:
        made.append(_walk(walk))
    return made


def _explained(ask: Ask, found: Explained) -> str:
    one = found.attribution
    given = f"row={ask.row}, token={ask.token}, target={ask.target or None!r}, says={ask.says!r}"
    return f"""# %% Which tokens the prediction rests on: shares that add up, and four other explainers
from core.analysis.explaining.explainers import explain
from core.analysis.explaining.integrated_gradients import integrated_gradients
from core.analysis.explaining.readout import Readout, baseline

readout = Readout.of(lm, {ask.text!r}, {given})
blank = baseline(readout, {ask.blank!r})
shares = integrated_gradients(readout, blank, {one.steps})
print("shares", shares.values.round(4), "together", shares.total)
print("wanted", shares.at - shares.base, "delta", shares.delta)
assert np.allclose(shares.values, {_numbers(one.values)}, atol=1e-3)
assert np.allclose([shares.at, shares.base], {_numbers([one.at, one.base])}, atol=1e-3)
explained = explain(readout, blank, {one.steps})
for name, values in explained.items():
    print(name, values.round(4))
assert list(explained) == {list(found.values)!r}"""


def _judged(found: Explained) -> str:
    assert found.judged is not None
    areas = {
        side: {name: round(curve.area, 5) for name, curve in found.judged.side(side).items()}
        for side in ("deletion", "insertion")
    }
    # Where two values are all but equal, other arithmetic may order them otherwise: the areas then differ a little.
    return f"""# %% Is it true to the model? Tokens taken away, and put back, in each explainer's order
from core.analysis.explaining.faithfulness import faithfulness

judged = faithfulness(readout, blank, explained)
for side in ("deletion", "insertion"):
    for name, curve in judged.side(side).items():
        print(side, name, round(curve.area, 4), curve.verdict, "as good by lot:", round(curve.as_good, 3))
areas = {areas!r}
size = max(abs(judged.at - judged.base), 1e-3)
for side, wanted in areas.items():
    for name, area in wanted.items():
        assert abs(judged.side(side)[name].area - area) < 0.02 * size + 1e-3, (side, name)"""


def _probes(task: str, layers: Sequence[Layer]) -> str:
    shares = _numbers(one.task.share for one in layers)
    return f"""# %% What a probe reads at each depth, and what it would read of labels by lot
from core.analysis.explaining.selectivity import Layer, selectivity

layers = [one for one in selectivity(lm, {task!r}) if isinstance(one, Layer)]
for one in layers:
    print(one.depth, round(one.task.share, 3), round(one.control.share, 3), (one.selectivity, one.low, one.high))
assert np.allclose([one.task.share for one in layers][: {len(shares)}], {shares}, atol=0.02)"""


def _walk(walk: Walk) -> str:
    assert walk.reader is not None
    named = {name: walk.gain(losses) for name, losses in walk.off.items()}
    ends = _numbers([walk.plain.mean(), walk.first.mean(), walk.control.mean()])
    return f"""# %% The circuit, measured step by step
from core.analysis.patching.circuit_walk import walk

found = walk(lm)
print("worth", found.worth, "reader", found.reader, "looks back", found.before, "writer", found.writer)
print("by content", found.content, "by place", found.place)
print(found.findings)
assert np.allclose([found.plain.mean(), found.first.mean(), found.control.mean()], {ends}, atol=1e-2)
assert np.allclose(found.look, {[_numbers(line) for line in walk.look.tolist()]}, atol=1e-3)
for name, gain in {_rounded(named)!r}.items():
    assert abs(found.gain(found.off[name]) - gain) < 0.02, name"""


def table(
    lm: LanguageModel, found: Explained | None, layers: Sequence[Layer], walk: Walk | None
) -> dict[str, Sequence[Any]]:
    """All that the two pictures show, a row a number: the panel, whose it is, where, the value and its interval."""
    rows: list[Row] = []
    if found is not None:
        rows += _rows_explained(lm, found)
    for one in layers:
        depth = "embedding" if not one.depth else f"after block {one.depth - 1}"
        rows += [
            ("probe", "task", depth, one.task.share, one.task.low, one.task.high),
            ("probe", "control", depth, one.control.share, one.control.low, one.control.high),
            ("probe", "selectivity", depth, one.selectivity, one.low, one.high),
        ]
    if walk is not None:
        rows += _rows_walk(walk)
    names = ("panel", "name", "at", "value", "low", "high")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


Row = tuple[str, str, str, float, float | None, float | None]


def _rows_explained(lm: LanguageModel, found: Explained) -> list[Row]:
    rows: list[Row] = [
        ("explainer", name, f"{at} {lm.tokenizer.display(one)}", float(values[at]), None, None)
        for name, values in found.values.items()
        for at, one in enumerate(found.ids)
    ]
    one = found.attribution
    rows += [("integrated gradients", "delta", f"{one.steps} steps", one.delta, None, None)]
    if found.judged is not None:
        judged = found.judged
        for side in SIDES:
            band = judged.band(side)
            counts = judged.counts.tolist()
            for i, gone in enumerate(counts):
                rows.append(
                    (side, "random", str(gone), float(band[1, i]), float(band[0, i]), float(band[2, i]))
                )
            for name, curve in judged.side(side).items():
                rows += [
                    (side, name, str(gone), float(v), None, None)
                    for gone, v in zip(counts, curve.values, strict=True)
                ]
                rows.append((f"{side}, area", name, curve.verdict, curve.area, None, None))
    return rows


def _rows_walk(walk: Walk) -> list[Row]:
    worth, low, high = walk.worth
    rows: list[Row] = [("circuit", "worth of the repetition", "nats a token", worth, low, high)]
    for layer, line in enumerate(walk.look.tolist()):
        rows += [
            ("circuit", "looks back", f"L{layer}H{head}", value, None, None)
            for head, value in enumerate(line)
        ]
    rows += [
        ("circuit", "looks by", way, value, None, None)
        for way, value in (("content", walk.content), ("place", walk.place))
    ]
    rows += [
        ("circuit", "writer reads", kind, float(share), None, None)
        for kind, share in zip(KINDS, walk.read, strict=False)
    ]
    rows += [("circuit", "left without it in the keys", one.name, one.keys, None, None) for one in walk.parts]
    rows += [
        ("circuit", "gain left", f"without {name}", walk.gain(one), None, None)
        for name, one in walk.off.items()
    ]
    rows += [
        ("circuit", "gain back", f"{k} heads kept", walk.gain(loss), None, None) for k, loss in walk.kept
    ]
    return rows


def _numbers(values: Iterable[float]) -> list[float]:
    return [round(float(value), 5) for value in values]


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}
