"""Ask where the largest run comes out when another number of sizes is kept from the fit."""

from __future__ import annotations

from dataclasses import dataclass

from app import questions
from app.controls.predict import Answer
from app.session.state import Value
from core.messages import say
from core.runs import ladder_recordings
from core.scaling.forecast import Forecast
from pages.scaling.seen import Seen, see
from pages.scaling.words import sized

MOST = 3  # sizes that are kept from the fit here: beyond, too few are left
ELSEWHERE = ((1, True), (2, False), (0, True), (1, False), (0, False), (2, True))  # withheld, tables counted


@dataclass(frozen=True)
class Question:
    """`held` of the largest sizes are kept from the fit of loss against parameters."""

    asked: questions.Asked
    held: int
    tables: bool

    def forecast(self) -> Forecast:
        """Compute what the law says.

        Raises:
            ValueError: the recorded sizes are too few.
        """
        seen = see("parameters", self.held, self.tables, 0)
        if seen.found is None:
            raise ValueError(seen.why)
        return seen.found

    def judge(self) -> Answer:
        """Find the right option, with the forecast's numbers."""
        found = self.forecast()
        assert found.truth is not None and found.low is not None and found.high is not None
        return self.asked.answer(
            found.verdict,
            {"foretold": found.loss, "low": found.low, "high": found.high, "came": found.truth},
            {"against": "parameters", "withheld": self.held, "stage": -1},
            loss=found.loss,
            low=found.low,
            high=found.high,
            truth=found.truth,
        )


def ask(seen: Seen) -> Question:
    """Ask about one more size kept from the fit than the picture shows; after the most, about one."""
    shown = seen.withheld if seen.against == "parameters" else 1
    held = shown + 1 if shown < MOST else 1
    runs = ladder_recordings.series("parameters")
    largest = max(one.parameters(seen.tables) for one in runs)
    sizes = len({one.parameters(seen.tables) for one in runs})
    many = {1: say("the largest size"), 2: say("the two largest sizes"), 3: say("the three largest sizes")}[
        held
    ]
    asked = questions.ask("scaling", "held-back", many=many, count=sizes - held, size=sized(largest))
    return Question(asked, held, seen.tables)


def another(place: tuple[int, bool]) -> dict[str, Value]:
    """Show other sizes kept from the fit, with the tables counted or not."""
    withheld, tables = place
    return {"against": "parameters", "withheld": withheld, "tables": tables}
