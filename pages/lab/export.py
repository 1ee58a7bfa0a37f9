"""Export the Training lab: the picture as a table, a notebook that measures it again, a run's curve, spec, weights."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from app import runs
from app.controls.predict import Answer
from core.language_model import LanguageModel
from core.runs.records import COLUMNS
from pages.lab.curves import Curve
from pages.lab.question import RATE, Question
from pages.lab.strip import Film

ROWS = 200  # of a curve in the table; the file has all


def table(
    film: Film, tokens: tuple[Sequence[str], Sequence[str]], own: Curve | None
) -> dict[str, Sequence[Any]]:
    """For every moment what each token reads most, the score and the loss on the text; then the model's own curve.

    Args:
        tokens: how the rows' and the columns' tokens of a map read.
    """
    lines: list[dict[str, Any]] = []
    for at, (step, moment, score) in enumerate(zip(film.steps, film.moments, film.values)):
        shades = film.map(at)
        for row, token in enumerate(tokens[0]):
            col = int(shades[row].argmax())
            lines.append({
                "step": None if step < 0 else step, "token": token, "reads most": f"{col} {tokens[1][col]}",
                "weight": _short(shades[row, col]), f"score of L{film.block}H{film.head}": _short(score),
                "loss on the text": _short(moment.loss), "training loss": None, "validation loss": None,
            })  # fmt: skip
    columns = curve(own) if own is not None else {}
    steps = columns.get("step", [])
    for i in range(0, len(steps), max(1, len(steps) // ROWS)):
        empty = dict.fromkeys(lines[0])
        held_out = float(columns["held_out"][i])
        losses = {
            "training loss": _short(columns["loss"][i]),
            "validation loss": _short(held_out) if held_out == held_out else None,
        }
        lines.append(empty | {"step": int(steps[i])} | losses)
    return {name: [line[name] for line in lines] for name in lines[0]}


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
    """All points of a curve, name -> column."""
    if run.run is None:
        rows = len(run.columns["step"])
        return {name: run.columns.get(name, [np.nan] * rows) for name in COLUMNS}
    points = runs.points(run.id)
    return {} if points is None else points.columns()


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
