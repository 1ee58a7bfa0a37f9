"""What the lower half of the Bias page gives away: rows below the page's table, and cells that compute them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.trained import Arm
from core.runs import doses
from pages.bias import corpus_lab_lab as lab
from pages.bias.corpus_lab_gaps import Asked, Series

Table = dict[str, Sequence[Any]]
COLUMNS = (
    "pronoun gap of", "profession", "gap, nats", "gap, low", "gap, high", "share of she", "tokens", "lab run", "dose",
    "she, dialled", "she, others",
)  # fmt: skip


def table(shown: list[Series], what: Asked, arms: list[Arm]) -> Table:
    """A line for each profession of each model, then for each recorded dose and remedy, then for own runs."""
    lines: list[tuple[Any, ...]] = []
    for one in shown:
        for gap in one.record(what.jobs)["gaps"]:
            if gap:
                lines.append((
                    one.name, gap["job"], gap["mean"], gap["low"], gap["high"], gap["share"], gap["tokens"],
                    *(None,) * 4,
                ))  # fmt: skip
    for dose in [*doses.curve(), *doses.remedies()[1:]]:
        for seed, (dialled, others) in enumerate(zip(dose.dialled, dose.others, strict=True)):
            name = f"recorded, {lab.NAMES[dose.remedy]}, seed {seed}"
            lines.append((*(None,) * 7, name, dose.at, dialled, others))
    for arm in arms:
        point = lab.own_point(arm)
        if point["trace"]:
            last = point["trace"][-1]
            lines.append(
                (*(None,) * 7, f"yours, {point['name']}", point["at"], last["dialled"], last["others"])
            )
    return dict(zip(COLUMNS, (list(column) for column in zip(*lines)), strict=True))


def cells(load: str, shown: list[Series], what: Asked) -> list[str]:
    """Cells that ask each model again, and take the means of the recorded runs again."""
    found = []
    for one in shown:
        if one.found is None:
            continue
        expected = {gap.job: round(gap.mean, 6) for gap in one.found.gaps}
        opened = load if one.open else f'core.load({one.name!r}, device="cpu")'
        found.append(f"""# %% The pronoun gap by profession, {one.name.replace(chr(10), " ")}
from core.analysis.tasks.pronoun_gap import measured, parsed

TEMPLATES = {[template.text for template in what.templates]!r}
EXPECTED = {expected!r}
found = measured({opened}, {list(what.jobs)!r}, parsed(TEMPLATES))
for gap in found.gaps:
    assert abs(gap.mean - EXPECTED[gap.job]) < 1e-3 + 1e-3 * abs(gap.mean), gap.job
    print(gap.job, gap.mean, gap.spread)""")
    means = [round(dose.spread("dialled").mean, 6) for dose in doses.curve()]
    found.append(f"""# %% Dose and response: means over the recorded seeds
from core.runs.doses import curve, slope

MEANS = {means!r}
assert all(abs(one.spread("dialled").mean - mean) < 1e-5 for one, mean in zip(curve(), MEANS, strict=True))
print([(one.at, one.spread("dialled"), one.spread("others")) for one in curve()])
print(slope(curve()))""")
    return found
