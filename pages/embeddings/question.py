"""Ask who is still near when half of every row is taken away."""

from __future__ import annotations

from dataclasses import dataclass

from app import markup
from app.controls.predict import Answer
from app.counts import counted
from core.vectors.static import StaticVectors

COUNT = 10  # neighbours


@dataclass(frozen=True)
class Question:
    """About a row of a table of which only the first `kept` numbers stay."""

    text: str
    options: tuple[str, ...]
    table: StaticVectors
    row: int
    kept: int
    bounds: tuple[int, ...]  # the smallest count of each option but the last, which is everything below

    def judge(self) -> Answer:
        """Count how many of the nearest words stay among the nearest, with the best one's cosine before and after."""
        before = self.table.around(self.row, COUNT)
        cut = self.table.first(self.kept)
        after = cut.around(self.row, COUNT)
        stay = len({one.row for one in before} & {one.row for one in after})
        best = before[0]
        now = cut.written(self.row, best.row).cosine
        index = next((at for at, least in enumerate(self.bounds) if stay >= least), len(self.bounds))
        word = markup.mono(markup.visible(best.word))
        why = (
            f"{stay} of {len(before)} stay. The cosine of the nearest, {word}, was {best.cosine:.3f} and is {now:.3f} "
            "with half the numbers: what a word means is spread over all of them, so a half still tells much."
        )
        return Answer(index, why, {"stay": stay, "before": best.cosine, "after": now, "nearest": best.row})


def ask(table: StaticVectors, row: int) -> Question:
    """Ask about the open model's own table, or GloVe where the model has none."""
    many = min(COUNT, len(table) - 1)
    kept = max(1, table.size // 2)
    word = markup.mono(markup.visible(table.words[row]))
    text = (
        f"Keep {kept} of the {counted(table.size, 'number')} of each row of {table.name}: "
        f"of the {counted(many, 'word')} nearest to {word}, how many are still among the {many} nearest?"
    )
    most, some = max(1, many - 2), max(1, many // 2 - 1)
    bounds = (most, some) if some < most else (most,)
    options = tuple(
        f"{low} or more" if at == 0 else f"{low} to {bounds[at - 1] - 1}" for at, low in enumerate(bounds)
    )
    return Question(text, (*options, f"Fewer than {bounds[-1]}"), table, row, kept, bounds)
