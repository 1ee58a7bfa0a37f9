"""Export the Efficiency page: what its picture is (`FIGURE`), all its numbers as a table, notebook cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from app import models
from app.charts import described
from app.controls import scope
from app.kit.figures import Argument, Asked, Figure
from app.units import seconds, si
from core import real
from core.checkpoints import CheckpointError
from core.efficiency.frontier import Point, front, measure_steps
from core.efficiency.gguf_contents import Contents, contents
from core.efficiency.judging import LONGEST, Judged, Reference, judge_original
from core.efficiency.pass_times import Passes, time_passes
from core.efficiency.quantization import Granularity, Method, Quantization, Quantized
from core.efficiency.quantization_report import Beside, beside
from core.efficiency.settings import QUICK, USUAL, block_weights, fitting, setting_name
from core.language_model import LanguageModel
from core.messages import say
from pages.efficiency import figure
from pages.efficiency.figure import STEPS, Looked

if TYPE_CHECKING:
    from app.questions import Answer
    from pages.efficiency.question import Question

KEYS = ("stage", "block", "piece", "output", "slice")
FEW = 16  # bits a weight: with so many nothing was rounded that is told of here
WISHES = ("bits", "per", "group", "rounding", "centred")  # the fields of a setting


@dataclass(frozen=True)
class Found:
    """What is known of a model and a setting.

    Attributes:
        own: the model as it is; over: what losses are taken over, in words. times: of its passes; None: not timed.
        now: both models beside each other; None while a large one is being compressed.
        points: every setting that was measured. matrix: by its name, in few bits; None where that is not known.
        came: the file of few bits that the model was unpacked from.
    """

    own: Judged
    over: str
    times: Passes | None
    now: Beside | None
    points: Mapping[Quantization, Judged]
    matrix: Callable[[str], Quantized | None]
    came: Contents | None = None


@dataclass(frozen=True)
class Seen:
    """A model in a setting of few bits.

    Attributes:
        setting: what is shown; said: why it is another than was wished for.
        block, piece: the matrix that is looked at, where there is one; row, group: what of it. stage: the step.
        measured: what the page has measured. whole: what is lacking is measured when it is asked for.
        alone: a file holds it, or a notebook: the chart that stands in its place on the page is a part of it.
    """

    asked: Asked
    setting: Quantization
    said: tuple[str, ...]
    block: int
    piece: str
    row: int
    group: int
    stage: int
    measured: Found | None = None
    whole: bool = True
    alone: bool = True

    @property
    def lm(self) -> LanguageModel:
        """The model as it is."""
        return self.asked.lm

    @cached_property
    def pieces(self) -> dict[tuple[int, str], str]:
        """The matrices' names, by block and piece."""
        return figure.pieces(self.lm, self.asked.stack)

    @property
    def place(self) -> tuple[int, str]:
        """The block and piece that are looked at: those of another shape of model give way."""
        there = self.pieces
        place = (min(self.block, max((block for block, _ in there), default=0)), self.piece)
        if there and place not in there:
            return next(one for one in there if one[0] == place[0])
        return place

    @cached_property
    def ids(self) -> list[int]:
        """The ids at whose places the model says something."""
        return figure.rows_read(self.lm, self.asked.text, self.asked.target)

    @cached_property
    def found(self) -> Found:
        """All that is measured; outside of the page, now."""
        known = self.measured
        return known if known is not None and not self.whole else _measured(self, known)

    @cached_property
    def looked(self) -> Looked | None:
        """The matrix that is looked at; None: the model has no blocks."""
        name = self.pieces.get(self.place)
        if name is None:
            return None
        return figure.look(self.lm, name, self.found.matrix(name), self.setting, self.row, self.group)

    def beside(self, measured: Found, came: Contents | None) -> Seen:
        """Show what the page has measured so far, and no more."""
        return replace(self, measured=replace(measured, came=came), whole=False, alone=False)

    @property
    def still(self) -> Seen:
        """A copy for a file, in which nothing is measured later: of a quick model, what is lacking is measured now."""
        return replace(self, whole=block_weights(self.lm) <= QUICK, alone=True)


def _measured(seen: Seen, known: Found | None) -> Found:
    """Measure the setting, and of a quick model the usual ones, too; what is known already is taken."""
    asked, lm, setting = seen.asked, seen.lm, seen.setting
    before: Reference
    before, own = asked.share(judge_original)
    if known is None or known.now is None:
        now, small = beside(before, setting, asked.text, asked.target)
        matrix: Callable[[str], Quantized | None] = small.matrices.get
    else:
        now, matrix = known.now, known.matrix
    points = dict(known.points if known else {}) | {setting: now.judged}
    if block_weights(lm) <= QUICK:
        lacking = [one for one in USUAL if one not in points]
        made = [one for one in measure_steps(before, lacking) if isinstance(one, Point)]
        points |= {one.setting: one.judged for one in made}
    times = known.times if known else None
    if times is None or (times.agreement is None and times.int8 is not None):
        times = time_passes(before, times)
    came = few_bits(asked.name) if known is None else known.came
    return Found(own, over(before, own), times, now, points, matrix, came)


def over(before: Reference, own: Judged) -> str:
    """Say what the losses of the picture are taken over."""
    longest = min(LONGEST, before.lm.config.n_ctx)
    return scope.one_by_one(own.places, len(before.asked), "texts", longest)


def file_of(name: str) -> Path | None:
    """Find the GGUF file that a model was unpacked from; None: it comes as floats, or its file has gone."""
    try:
        chosen = models.resolve(name)
    except models.RefusedModel:  # a notebook's own
        return None
    path = Path(chosen.target)
    if chosen.source == "real":
        home = real.home()
        path = Path() if home is None else home / real.BY_NAME[name].weights
    return path if path.suffix == models.GGUF and path.is_file() else None


def few_bits(name: str) -> Contents | None:
    """Read what a model's file holds; None: there is none, or no weights of few bits in it."""
    path = file_of(name)
    if path is None:
        return None
    try:
        found = contents(path)
    except (CheckpointError, OSError):
        return None
    return found if found.fewest.bits < FEW else None


def see(asked: Asked) -> Seen:
    """Read the setting and the place; nothing is measured yet.

    Raises:
        ValueError: the caller named a setting that this model does not allow, or a matrix that it does not have.
    """
    values, given = asked.values, asked.given
    wished = (
        int(values["bits"]), cast("Granularity", values["per"]), int(values["group"]),
        cast("Method", values["rounding"]), bool(values["centred"]),
    )  # fmt: skip
    setting, said = fitting(asked.lm, *wished)
    got = (setting.bits, setting.granularity, setting.group, setting.method, setting.symmetric)
    for key, wish, is_now in zip(WISHES, wished, got, strict=True):
        if said and key in given and wish != is_now and not (key == "group" and wished[1] != "group"):
            raise ValueError(f"{given[key]}={wish!r}: {said[0]}")
    if given:
        for line in said:
            asked.note(line)
    seen = Seen(
        asked, setting, said, int(values["block"]), str(values["piece"]), int(values["output"]), int(values["slice"]),
        asked.step("stage", STEPS),
    )  # fmt: skip
    return _checked(seen)


def _checked(seen: Seen) -> Seen:
    """Refuse a place that the caller named and the model does not have; raises ValueError."""
    asked, there = seen.asked, seen.pieces
    if not there:
        return seen
    asked.at_most("block", max(block for block, _ in there))
    if "piece" in asked.given and seen.place[1] != seen.piece:
        names = ", ".join(dict.fromkeys(piece for _, piece in there))
        raise ValueError(f"{asked.given['piece']}={seen.piece!r} is not one of {names}.")
    rows, columns = seen.lm.transformer.get_parameter(there[seen.place]).shape
    asked.at_most("output", rows - 1)
    asked.at_most(
        "slice", columns // (seen.setting.group if seen.setting.granularity == "group" else columns) - 1
    )
    return seen


def record(seen: Seen) -> dict[str, Any]:
    """Turn the measurements into what figure.js draws, but for the selection."""
    found = seen.found
    data = figure.record(
        seen.lm, seen.ids, seen.looked, found.now, found.own, found.over, found.times, found.points, seen.setting,
        stack=seen.asked.stack, place=seen.place, came=found.came,
    )  # fmt: skip
    return data | {"chart": described.drawing(figure.front_chart(data)) if seen.alone else None}


def select(seen: Seen) -> dict[str, Any]:
    """Return the step, and the place that is looked at."""
    looked = seen.looked
    row, group = (seen.row, seen.group) if looked is None else (looked.row, looked.group)
    block, piece = seen.place
    return {"stage": seen.stage, "block": block, "piece": piece, "output": row, "slice": group}


def named(seen: Seen) -> dict[str, Any]:
    """The setting that is shown, which a call names in place of what was wished for."""
    one = seen.setting
    fields = (str(one.bits), one.granularity, str(one.group), one.method, one.symmetric)
    return dict(zip(WISHES, fields, strict=True))


def sentence(seen: Seen) -> str:
    """What is on the picture: what the setting saves and costs, what of the text changes, how long a pass takes."""
    found = seen.found
    model = {"model": seen.asked.label, "setting": setting_name(seen.setting)}
    if found.now is None:
        return say("{model} in {setting}: it is still being compressed.", **model)
    now, choices = found.now.judged, found.now.choices
    changed = sum(one.before != one.after for one in choices)
    said = say(
        "{model} in {setting}: {bytes} in place of {own_bytes}, loss {loss} in place of {own_loss} nats a token "
        "over {texts}; {kept} % of the first choices stay, {changed} of {choices} change in the text.",
        bytes=si(now.bytes, "B"), own_bytes=si(found.own.bytes, "B"), loss=f"{now.loss:.3f}",
        own_loss=f"{found.own.loss:.3f}", texts=found.over, kept=f"{100 * now.agreement:.1f}", changed=changed,
        choices=len(choices), **model,
    )  # fmt: skip
    times = found.times
    if times is None:
        return said
    taken = {"float32": seconds(times.float32), "machine": times.machine}
    if times.int8 is None:
        return f"{said} {say('A pass takes {float32} in float32, on {machine}.', **taken)}"
    whole = say(
        "A pass takes {float32} in float32, with int8 products {int8}, on {machine}.",
        int8=seconds(times.int8), **taken,
    )  # fmt: skip
    return f"{said} {whole}"


FIGURE = Figure(
    "efficiency", figure.efficiency, see, record=record, select=select,
    claim=lambda seen: figure.claim(seen.found.points, seen.found.now),
    sentence=sentence,
    table=lambda seen: table(
        seen.lm, seen.ids, seen.looked, seen.found.now, seen.found.own, seen.found.points, lines(seen.found.came)
    ),
    arguments=(
        Argument("bits", "bits", whole=True), Argument("per", "per"), Argument("group", "group", whole=True),
        Argument("rounding", "rounding"), Argument("around_zero", "centred"), Argument("layer", "block"),
        Argument("piece", "piece"), Argument("row", "output"), Argument("slice", "slice"),
        Argument("step", "stage", lambda seen: STEPS), Argument("stack", "stack"),
    ),
    longest=64, tall=620, named=named,
)  # fmt: skip


def lines(came: Contents | None) -> list[tuple[Any, ...]]:
    """List what a model's own file of few bits holds: what, of which part and kind, bytes."""
    if came is None:
        return []
    return [
        ("stored", f"{one.part}: {one.kind}, {one.bits:.4g} bits a weight", one.bytes) for one in came.shares
    ]


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
