"""Export the Training lab: what its picture is (`FIGURE`), a table, notebook cells, a run's files."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from app.counts import counted
from app.kit.figures import Argument, Asked, Figure, Taken
from app.run_names import run_id
from app.session.fields import DEFAULT_MODEL
from core.checkpoints import CheckpointError
from core.language_model import LanguageModel
from core.messages import say
from core.runs.records import COLUMNS, Points
from core.training import Point
from pages.lab import figure, strip
from pages.lab.figure import GIVEN, MOST, Curve, points_of, recorded_curve, trained_curve
from pages.lab.strip import Film, Moment

if TYPE_CHECKING:
    from app.questions import Answer
    from core.analysis.places import Kind
    from pages.lab.question import Question

LONGEST = 64  # tokens of the text: what a map of the strip holds
RATE = 0.1  # of the one step that the question is about


@dataclass(frozen=True)
class Seen:
    """A training: its curves, and what its moments do with a text.

    Attributes:
        names: of the recorded curves that stand beside the open model's own. x: the axis.
        snapshot: the moment that is looked at; -1: the finished model.
        shown: the curves that a page has chosen, and the open model's own; None: those of `names`.
        stands: a file carries it: no run goes on.
    """

    asked: Asked
    names: tuple[str, ...]
    x: str
    snapshot: int
    shown: tuple[tuple[Curve, ...], Curve | None] | None = None
    stands: bool = False

    @cached_property
    def kept(self) -> dict[int, LanguageModel]:
        """The moments that a notebook gave, and the model itself at the end of the curve."""
        moments, points = (dict(self.asked.objects.get(name) or {}) for name in ("moments", "points"))
        if moments and points:
            moments.setdefault(int(points["step"][-1]), self.asked.lm)
        return dict(sorted(moments.items()))

    @cached_property
    def own(self) -> Curve | None:
        """The open model's own curve; None: none was kept."""
        if self.shown is not None:
            own = self.shown[1]
            return own.stilled() if own is not None and self.stands else own
        name, points = self.asked.name, self.asked.objects.get("points")
        if points is None and not self.kept:
            return recorded_curve(name) or trained_curve(name)
        columns = points or {column: np.empty(0) for column in COLUMNS}
        last = int(columns["step"][-1]) if points else max(self.kept)
        return Curve(GIVEN, self.asked.label, name, columns=columns, steps=tuple(self.kept), planned=last)

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """The curves, the one that the picture is about first."""
        if self.shown is not None:
            return tuple(one.stilled() if self.stands else one for one in self.shown[0])
        found = [self.own, *map(recorded_curve, self.names)]
        every = {one.id: one for one in found if one is not None}
        if not every and (usual := recorded_curve(DEFAULT_MODEL)) is not None:
            every[usual.id] = usual  # never an empty chart
        return tuple(replace(one, slot=slot) for slot, one in enumerate([*every.values()][:MOST]))

    @property
    def label(self) -> str:
        """The open model's name for people."""
        return self.own.name if self.own is not None else self.asked.name.removeprefix("./")

    @cached_property
    def film(self) -> Film:
        """The strip: some moments of the open model's training, that which is looked at among them."""
        steps = self.own.steps if self.own is not None else ()
        try:
            return strip.film(strip.choose(steps, self.snapshot) or [-1], self.moment)
        except CheckpointError:  # the run was deleted since it was opened
            return strip.film([-1], lambda step: strip.look(self.asked.lm, *self._read))

    def moment(self, step: int) -> Moment:
        """Look at the open model at a step of its training, on the text; -1: as it is."""
        own = self.own
        if step in self.kept:
            return strip.look(self.kept[step], *self._read)
        if own is None or own.id == GIVEN:
            return cast("Moment", self.asked.call(strip.look, *self._read))
        finished = own.run is None and step == (own.steps[-1] if own.steps else -1)
        return cast("Moment", self.asked.rewound(-1 if finished else step, strip.look, *self._read))

    @property
    def _read(self) -> tuple[str, str | None, Kind]:
        """What a moment is looked at on."""
        return self.asked.text, self.asked.target, self.asked.attention

    @cached_property
    def sides(self) -> tuple[list[str], list[str]]:
        """How the tokens of a map's rows and columns read."""
        asked, word = self.asked, self.asked.lm.tokenizer.display
        rows, columns = strip.sides(asked.lm, asked.text, asked.target, asked.attention)
        return [word(i) for i in rows], [word(i) for i in columns]

    @property
    def tokens(self) -> list[str]:
        """The text's, as they read."""
        asked = self.asked
        return [
            asked.lm.tokenizer.display(i) for i in asked.lm.batch(asked.text, asked.target)[0][0].tolist()
        ]

    def beside(self, curves: Sequence[Curve], own: Curve | None) -> Seen:
        """Show these curves, those of a learner's own runs among them."""
        return replace(self, shown=(tuple(curves), own))

    @property
    def still(self) -> Seen:
        """A copy for a file, in which no run goes on."""
        return replace(self, stands=True)


def points_given(value: Any) -> Mapping[str, Any]:
    """Read the curve that a notebook gives: what `core.train` yields, in a list, or a run's points.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(value, Points):
        return value.columns()
    rows = list(value) if isinstance(value, Sequence) else []
    if not rows or not all(isinstance(one, Point) for one in rows):
        raise TypeError("points: a list of the points that core.train yields, or the points of a run")
    return Points.of([tuple(getattr(one, name) for name in COLUMNS) for one in rows]).columns()


def moments_given(value: Any) -> Mapping[int, LanguageModel]:
    """Read the moments that a notebook gives: step -> the model as it was, in the order of the steps.

    Raises:
        TypeError: something else.
    """
    fits = isinstance(value, Mapping) and value
    if not fits or not all(isinstance(k, int) and isinstance(v, LanguageModel) for k, v in value.items()):
        raise TypeError("moments: a dict of steps of the training, each with the model as it was then")
    return dict(sorted(value.items()))


def see(asked: Asked) -> Seen:
    """Read what stands beside what.

    Raises:
        ValueError: the caller named a curve that is not recorded, or a moment that was not kept.
    """
    values, given = asked.values, asked.given
    names = tuple(dict.fromkeys(str(values["runs"]).split()))
    seen = Seen(asked, names, str(values["axis"]), int(values["snapshot"]))
    if "runs" in given and (unknown := [name for name in names if recorded_curve(name) is None]):
        raise ValueError(f"{given['runs']}={unknown[0]!r} is no bundled model and no recorded run.")
    steps = seen.own.steps if "snapshot" in given and seen.own is not None else ()
    if "snapshot" in given and seen.snapshot not in (-1, *steps):
        kept = ", ".join(map(str, steps))
        says = (
            f"is none of the moments that were kept: {kept}"
            if kept
            else "was not kept: this training kept none"
        )
        raise ValueError(f"{given['snapshot']}={seen.snapshot} {says}.")
    return seen


def sentence(seen: Seen) -> str:
    """What is on the picture: how far the losses fell, and what the strip's head does at each moment."""
    said = []
    for one in seen.curves:
        columns = points_of(one)
        if not len(columns["step"]):
            continue
        held_out = [float(value) for value in columns["held_out"] if value is not None and value == value]
        ends = {
            "name": one.name, "first": f"{float(columns['loss'][0]):.3f}", "last": f"{float(columns['loss'][-1]):.3f}",
            "steps": counted(int(columns["step"][-1]), "step"),
        }  # fmt: skip
        if held_out:
            unread = f"{held_out[-1]:.3f}"
            said.append(
                say(
                    "{name}: loss from {first} to {last}, {unread} on text that it has not read, after {steps}.",
                    **ends, unread=unread,
                )
            )  # fmt: skip
        else:
            said.append(say("{name}: loss from {first} to {last} after {steps}.", **ends))
    film = seen.film
    title, about, _ = strip.words(film, strip.unit(seen.asked.lm))
    scores = "; ".join(
        say("as it is {score}", score=f"{score:.2f}")
        if step < 0
        else say("step {step} {score}", step=f"{step:,}", score=f"{score:.2f}")
        for step, score in zip(film.steps, film.values)
    )
    return " ".join([*said, f"{seen.label}, {title}. {about[:1].upper()}{about[1:]}: {scores}."])


def record(seen: Seen) -> dict[str, Any]:
    """Turn curves and strip into what figure.js draws, but for the selection and the next run."""
    asked = seen.asked
    return figure.record(
        asked.lm, seen.tokens, asked.text, seen.curves, seen.film, asked.name, seen.label, seen.x
    )


def named(seen: Seen) -> dict[str, Any]:
    """What a call names beside the open model's curve: it has no runs of a learner's."""
    return {"runs": " ".join(name for name in seen.names if recorded_curve(name) is not None)}


def left_out(seen: Seen) -> str:
    """Say which curves a call cannot hold."""
    ours = [one for one in seen.curves if one.run is not None and one.id != run_id(seen.asked.name)]
    return say("without your other runs") if ours else ""


FIGURE = Figure(
    "lab", figure.lab, see, record=record,
    select=lambda seen: {"model": seen.asked.name, "snapshot": seen.snapshot},
    claim=lambda seen: say("Many small steps down the loss turn noise into words."),
    sentence=sentence,
    table=lambda seen: table(seen.film, seen.sides, seen.own or next(iter(seen.curves), None)),
    arguments=(
        Argument("moment", "snapshot"), Argument("beside", "runs"), Argument("axis", "axis"),
        Argument("stack", "stack"), Argument("attention", "attention"),
    ),
    takes={
        "points": Taken(points_given, "the curve: what core.train yields, in a list, or the points of a run"),
        "moments": Taken(moments_given, "models at steps of the training, {0: lm, 50: other}; each its own copy"),
    },
    longest=LONGEST, blank=("runs",), tall=560, own=left_out, named=named,
)  # fmt: skip


def table(
    film: Film, tokens: tuple[Sequence[str], Sequence[str]], run: Curve | None
) -> dict[str, Sequence[Any]]:
    """Every point of the curve, as it is drawn; of a model without a curve what its tokens read most.

    Args:
        tokens: how the rows' and the columns' tokens of a map read.
    """
    columns = curve(run) if run is not None else {}
    if run is not None and len(columns["step"]):
        named = {
            "training loss": "loss", "validation loss": "held_out", "learning rate": "learning_rate",
            "gradient norm": "gradient_norm", "tokens": "tokens", "seconds": "seconds",
        }  # fmt: skip
        return {
            "run": [run.name] * len(columns["step"]),
            "step": [int(step) for step in columns["step"]],
            **{name: [_measured(value) for value in columns[column]] for name, column in named.items()},
        }
    lines: list[dict[str, Any]] = []
    for at, (step, moment, score) in enumerate(zip(film.steps, film.moments, film.values)):
        shades = film.map(at)
        for row, token in enumerate(tokens[0]):
            col = int(shades[row].argmax())
            lines.append({
                "step": None if step < 0 else step, "token": token, "reads most": f"{col} {tokens[1][col]}",
                "weight": _short(shades[row, col]), f"score of L{film.block}H{film.head}": _short(score),
                "loss on the text": _short(moment.loss),
            })  # fmt: skip
    return {name: [line[name] for line in lines] for name in lines[0]}


def _measured(value: Any) -> float | None:
    return None if value is None or value != value else _short(value)


def _short(value: Any) -> float:
    return float(f"{float(value):.8g}")


def cells(
    load: str,
    lm: LanguageModel,
    given: dict[str, Any],
    film: Film,
    question: Question,
    answer: Answer,
) -> list[str]:
    """Cells that measure the strip and the question's answer again.

    Args:
        load: the call that opens the model, with `{more}` where a snapshot goes.
        given: TEXT, KIND, TARGET.
    """
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    shown = [
        (
            step,
            _short(score),
            _short(moment.loss),
            moment.sample,
            [float(f"{v:.5g}") for v in film.map(at)[-1]],
        )
        for at, (step, moment, score) in enumerate(zip(film.steps, film.moments, film.values))
    ]
    rewinds = len(film.steps) > 1 or film.steps[0] >= 0
    opened = load.format(more=", snapshot=step" if rewinds else "")
    listed = "".join(f"    {line!r},\n" for line in shown)
    first = f"""# %% The head of the strip at every moment: its last row, its score, the loss on the text
import numpy as np
from core.analysis.heads.patterns import head_maps, pattern_scores
from core.training.text_loss import text_loss

{values}BLOCK, HEAD, JOB = {film.block}, {film.head}, {film.job!r}
shown = [  # step, score, loss, sample, the last row of the map
{listed}]


def same(now, told):
    np.testing.assert_allclose(now, told, rtol=2e-3, atol=2e-3)


models = {{}}
for step, score, loss, sample, row in shown:
    lm = models[step] = {opened}
    maps = head_maps(lm, TEXT, attention=KIND, target=TARGET)
    same(maps.maps[BLOCK, HEAD, -1], row)
    measured = pattern_scores(maps)[JOB].weight
    if measured is not None:
        same(measured[BLOCK, HEAD], score)
    same(text_loss(lm, TEXT, TARGET)(lm.transformer).item(), loss)
    print(step, round(score, 3), round(loss, 3), repr(sample))"""
    return [first, *_written(lm, film), _answer(load, question, answer)]


def _written(lm: LanguageModel, film: Film) -> list[str]:
    if lm.config.shape == "encoder":
        return []
    return [
        """# %% What the model writes after the text, at every moment
for step, _, _, sample, _ in shown:
    room = models[step].config.n_ctx - len(models[step].encode(TEXT))
    if models[step].config.shape != "decoder" or room > 0:
        written = models[step].generate(TEXT, max_new_tokens=20, strategy="greedy").text
        assert written.startswith(sample[:8]), (step, written)
        print(step, repr(written))"""
    ]


def _answer(load: str, question: Question, answer: Answer) -> str:
    losses = [float(f"{value:.5g}") for value in answer.numbers.values()]
    if question.steps is None:
        return f"""# %% The question: one step of gradient descent on the text
from core.training.one_step import one_step

told = one_step(lm, TEXT, TARGET, rate={RATE})
print(told)
same(told, {losses!r})"""
    opened = load.format(more=", snapshot=step")
    return f"""# %% The question: the loss on the text at the beginning, halfway and at the end
told = []
for step in {list(question.steps)}:
    lm = models.get(step) or {opened}
    told.append(text_loss(lm, TEXT, TARGET)(lm.transformer).item())
print(told)
same(told, {losses!r})"""


# ---------------------------------------------------------------- a run, whole


def curve(run: Curve) -> dict[str, Any]:
    """All points of a curve, name -> column; none of a run whose store is unavailable."""
    columns = points_of(run)
    return {name: columns.get(name, [np.nan] * len(columns["step"])) for name in COLUMNS}


def curve_csv(run: Curve) -> str:
    """The curve as CSV, a line a step; a column that was not measured is empty."""
    columns = curve(run)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values()):
        writer.writerow(["" if value != value else value for value in map(_plain, row)])
    return out.getvalue()


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def spec_json(run: Curve) -> str:
    """The run's spec, whole: what `python -m core.runs.train` takes."""
    assert run.run is not None
    return json.dumps(run.run.spec.to_dict(), indent=2, ensure_ascii=False) + "\n"


def weights_zip(lm: LanguageModel) -> bytes:
    """The open model as a ZIP: in Hugging Face's layout where its shape has one there, else in ours."""
    from core.checkpoints.export import hugging_face, ours

    try:
        files, about = hugging_face(lm), "Opens in transformers with AutoModel*.from_pretrained(folder)."
    except ValueError as why:
        files, about = ours(lm), f"Opens with core.load(folder). It has no Hugging Face layout: {why}."
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name, body in {**files, "ABOUT.txt": about.encode()}.items():
            packed.writestr(name, body)
    return out.getvalue()
