"""Export the page: all numbers of the picture as a table, and notebook cells that compute them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.controls.predict import Answer
from app.frame.page import Context
from core.efficiency.frontier import front
from core.efficiency.judging import Judged
from core.efficiency.quantization import Quantization
from core.efficiency.quantization_report import Beside
from core.language_model import LanguageModel
from core.runs import compression_recordings
from pages.efficiency.figure import Looked
from pages.efficiency.measure import setting_name
from pages.efficiency.question import Question
from pages.efficiency.smaller import cut, pruned_shares, share

COLUMNS = (
    "what", "of", "weight", "rounded", "weights moved", "products moved", "says", "chance", "says then", "chance then",
    "bytes", "loss", "first choices kept", "on the front",
)  # fmt: skip


def table(
    lm: LanguageModel,
    ids: Sequence[int],
    looked: Looked | None,
    found: Beside | None,
    own: Judged,
    points: Mapping[Quantization, Judged],
    came: Sequence[tuple[str, str, int]] = (),
) -> dict[str, Sequence[Any]]:
    """List every matrix, the shown weights, the text's first choices, and every setting that was measured.

    Args:
        came: what of the model's own file is told: what, of which part, bytes.
    """
    word = lm.tokenizer.display
    lines: list[tuple[Any, ...]] = [
        ("model", "original", *[None] * 8, own.bytes, _short(own.loss), None, None),
        *((what, of, *[None] * 8, size, *[None] * 3) for what, of, size in came),
    ]
    if looked is not None:
        after = looked.after or (None,) * len(looked.before)
        lines += [
            ("weight", f"{looked.name} [{looked.row}]", _short(was), _short(now), *[None] * 10)
            for was, now in zip(looked.before, after, strict=True)
        ]
    if found is None:
        lines += [("token", word(id), *[None] * 12) for id in ids]
    else:
        lines += [
            ("matrix", one.name, None, None, _short(one.weights), _short(one.products), *[None] * 8)
            for one in found.matrices
        ]
        lines += [
            ("token", word(id), *[None] * 4, word(one.before), _short(one.probability), word(one.after),
             _short(one.now), *[None] * 4) for id, one in zip(ids, found.choices, strict=True)
        ]  # fmt: skip
    listed = list(points)
    best = front([(points[one].bytes, points[one].loss) for one in listed])
    lines += [
        ("setting", setting_name(one), *[None] * 8, points[one].bytes, _short(points[one].loss),
         _short(points[one].agreement), at in best) for at, one in enumerate(listed)
    ]  # fmt: skip
    return dict(zip(COLUMNS, (list(column) for column in zip(*lines))))


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{float(value):.7g}")


def cells(
    load: str,
    given: Mapping[str, Any],
    setting: Quantization,
    looked: Looked | None,
    found: Beside | None,
    own: Judged,
    points: Mapping[Quantization, Judged],
    question: Question,
    answer: Answer,
) -> list[str]:
    """Write cells that compress and judge again, take the matrix apart, and answer the question.

    Args:
        load: the call that loads the model, as source. given: TEXT and TARGET.
    """
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    made = [
        f"""# %% The original, on texts that are held out
import numpy as np
from core.efficiency.quantization_report import beside
from core.efficiency.frontier import measure_steps
from core.efficiency.judging import judge, reference, yardstick
from core.efficiency.quantization import Quantization, nearest

lm = {load}
{values}

def same(now, shown, tolerance=1e-4):
    now, shown = (np.ravel(np.asarray(values, dtype=float)) for values in (now, shown))
    size = max(1.0, np.max(np.abs(shown), initial=0.0))
    np.testing.assert_allclose(now, shown, rtol=2e-3, atol=tolerance * size)


before = reference(lm, yardstick(lm))
own = judge(before, lm, timed=False)
print(own)
assert (own.bytes, own.places) == ({own.bytes}, {own.places})
same(own.loss, {own.loss:.5g})"""
    ]
    if found is not None:
        made.append(_beside_cell(setting, found))
        if looked is not None and setting.bits < 16:
            made.append(_matrix_cell(looked))
    made.append(_points_cell(points))
    made.append(f"""# %% The question: other weights that share a scale
losses = [
    beside(before, setting, TEXT, TARGET)[0].judged.loss
    for setting in (
        {question.now!r},
        {question.then!r},
    )
]
print(own.loss, losses)
same(losses, {_numbers([answer.numbers["now"], answer.numbers["then"]], 5)}, 1e-3)""")
    return made


def _beside_cell(setting: Quantization, found: Beside) -> str:
    judged = found.judged
    return f"""# %% The model in few bits beside it
setting = {setting!r}
both, small = beside(before, setting, TEXT, TARGET)
print(both.judged)
assert both.judged.bytes == {judged.bytes}
same([both.judged.loss, both.judged.agreement, both.judged.kl, both.bits_each], {_numbers([judged.loss, judged.agreement, judged.kl, found.bits_each])}, 2e-3)
assert [one.name for one in both.matrices] == {[one.name for one in found.matrices]!r}
same([one.weights for one in both.matrices], {_numbers([one.weights for one in found.matrices], 5)}, 1e-3)
same([one.products for one in both.matrices], {_numbers([one.products for one in found.matrices], 5)}, 1e-3)
print([(lm.tokenizer.display(one.before), lm.tokenizer.display(one.after)) for one in both.choices])
same([one.probability for one in both.choices], {_numbers([one.probability for one in found.choices], 5)}, 1e-3)
same([one.now for one in both.choices], {_numbers([one.now for one in found.choices], 5)}, 2e-3)"""  # noqa: E501


def _matrix_cell(looked: Looked) -> str:
    group = looked.group * (looked.columns // looked.groups)
    shown = slice(group, group + len(looked.before))
    return f"""# %% One matrix, and the weights that share a grid
weight = lm.transformer.get_parameter({looked.name!r}).detach()
matrix = small.matrices[{looked.name!r}]
was, now = (values[{looked.row}, {shown.start}:{shown.stop}] for values in (weight, matrix.weight()))
print(np.stack([was.numpy(), now.numpy()]).T[:8])
same(was, {_numbers(looked.before)})
same(now, {_numbers(looked.after)})
assert matrix.codes[{looked.row}, {shown.start}:{shown.stop}].tolist() == {list(looked.codes)}"""


def _points_cell(points: Mapping[Quantization, Judged]) -> str:
    quick = [one for one in points if one.method == "nearest"][:6]
    shown = [value for one in quick for value in (points[one].bytes, points[one].loss)]
    return f"""# %% Size against loss: some of the settings
wanted = {quick!r}
points = [one for one in measure_steps(before, wanted) if one is not None]
same([value for one in points for value in (one.judged.bytes / 1e6, one.judged.loss)], {_numbers([v / 1e6 if at % 2 == 0 else v for at, v in enumerate(shown)], 8)}, 1e-3)"""  # noqa: E501


def _numbers(values: Sequence[float | int | str], digits: int = 7) -> str:
    return "[" + ", ".join(f"{float(value):.{digits}g}" for value in values) + "]"


# ------------------------------------------------------------------------------------------------- pruning

REMOVED = {
    "magnitude": "a share of the blocks’ weights, the smallest first,",
    "structured": "a share of heads and of neurons, rounded to whole ones,",
}


def pruning_cells(ctx: Context) -> list[str]:
    """Write cells that prune again; the notebook has the open model as `lm`."""
    way = cut()
    found = pruned_shares(ctx, way).get(share())
    lines = [
        f"# Pruning: {REMOVED[way]} removed, nothing retrained.",
        "from core.efficiency import judging",
        "from core.efficiency.removal import by_level",
        "",
        "before = judging.reference(lm, judging.yardstick(lm))",
    ]
    asked = f"by_level(before, {way!r}, [{share()}])"
    if found is None or "why" in found:
        lines += ["try:", f"    print(list({asked}))", "except ValueError as why:", "    print(why)"]
    else:
        lines += [
            f"(pruned,) = {asked}",
            "print(pruned)",
            f"assert abs(pruned['rise'] - {found['rise']!r}) < 1e-3",
            f"assert abs(pruned['agreement'] - {found['agreement']!r}) < 5e-3",
            f"assert (pruned['numbers'], pruned['bytes']) == ({found['numbers']}, {found['bytes']})",
        ]
    gain = compression_recordings.gain(
        compression_recordings.arm("alone"), compression_recordings.arm("distilled")
    )
    recorded = [
        "# The recorded students: by how much the one alone ends above the taught one, seed by seed.",
        "from core.runs import compression_recordings",
        "",
        'alone, taught = (compression_recordings.arm(name) for name in ("alone", "distilled"))',
        "gain = compression_recordings.gain(alone, taught)",
        "print(gain)",
        f"assert abs(gain.mean - {gain.mean!r}) < 1e-9",
    ]
    return ["\n".join(lines), "\n".join(recorded)]
