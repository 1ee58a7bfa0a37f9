"""Ask where the largest run comes out when another number of sizes is kept from the fit."""

from __future__ import annotations

from dataclasses import dataclass

from app.controls.predict import Answer
from core.runs import ladder_recordings
from core.scaling.forecast import Forecast
from pages.scaling.seen import Seen, see
from pages.scaling.words import sized

OPTIONS = ("Below it: better than foretold", "Inside it", "Above it: worse than foretold")
VERDICTS = ("below", "inside", "above")


@dataclass(frozen=True)
class Question:
    """`held` of the largest sizes are kept from the fit of loss against parameters."""

    held: int
    tables: bool
    text: str

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
        return Answer(
            VERDICTS.index(found.verdict),
            f"Fitted on the {len(found.used)} smallest sizes, the law says {found.loss:.3f}, a run between "
            f"{found.low:.3f} and {found.high:.3f}; it came to {found.truth:.3f}. The farther a law reaches beyond its "
            "points, the wider its interval.",
            {"foretold": found.loss, "low": found.low, "high": found.high, "came": found.truth},
        )


def ask(seen: Seen) -> Question:
    """Ask about the two largest sizes kept from the fit; about one where the picture shows that already."""
    held = 1 if seen.against == "parameters" and seen.withheld == 2 else 2
    largest = max(one.parameters(seen.tables) for one in ladder_recordings.series("parameters"))
    many = "the largest size is" if held == 1 else "the two largest sizes are"
    return Question(
        held,
        seen.tables,
        f"Against parameters, {many} kept from the fit. Where does the run of {sized(largest)} come out, held against "
        "the interval?",
    )
