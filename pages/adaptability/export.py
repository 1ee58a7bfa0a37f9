"""Export the Adaptability page: what its picture is (`FIGURE`), every recorded place as a table, notebook cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.charts import described
from app.kit.arms import Arm, stilled
from app.kit.figures import Argument, Asked, Figure, StillChart, Table
from core.analysis.tasks.in_context import GAMES, MODELS
from core.messages import say
from core.runs import adaptations
from core.training import adapting
from core.training.adapting import STUDIES, Study
from pages.adaptability import answer, charts, figure, games, studies
from pages.adaptability.figure import STEPS
from pages.adaptability.games import Shown

if TYPE_CHECKING:
    from pages.adaptability.question import ToldTwice, Vectors

KEYS = ("stage", "rank", "few", "front", "told")
NAMED = (*STEPS, "question")  # the steps in a call


@dataclass(frozen=True)
class Seen:
    """The question, four studies, and a text that their models judge.

    Attributes:
        what: the prompt of the game that is looked at; weighed: the shares of its answers, or why there are none.
        chosen: the place of each study, and of the game. arms: a learner's own runs, by study.
        lean: the parts of the step that is looked at are enough.
    """

    text: str
    what: Shown
    weighed: tuple[list[float], str]
    chosen: dict[str, int]
    selection: dict[str, Any]
    arms: dict[Study, list[Arm]]
    lean: bool = False

    @property
    def step(self) -> str:
        """The step by its name, "" for the page's question."""
        return figure.step_of(int(self.selection["stage"]))

    @property
    def own(self) -> bool:
        """Whether there are runs of the learner's."""
        return any(self.arms.values())

    def beside(self, arms: dict[Study, list[Arm]]) -> Seen:
        """Put the learner's own runs beside the recorded ones, on a page that is asked again at each step."""
        return replace(self, arms=arms, lean=True)

    @property
    def still(self) -> Seen:
        """A copy for a file, with the parts of all steps, in which no run goes on."""
        return replace(self, arms={study: stilled(arms) for study, arms in self.arms.items()}, lean=False)


def look(asked: Asked) -> Seen:
    """Read the recorded studies, and weigh the answers to the prompt."""
    values = asked.values
    what = games.shown(values)
    chosen: dict[str, int] = {study: studies.chosen(study, values) for study in STUDIES}
    selection = {key: values[key] for key in KEYS} | {"stage": asked.step("stage", NAMED)}
    none: dict[Study, list[Arm]] = {study: [] for study in STUDIES}
    weighed = games.answers(what, asked.beside)
    return Seen(asked.text, what, weighed, chosen | {"context": games.count(values)}, selection, none)


def record(seen: Seen) -> dict[str, Any]:
    """Turn the question and the studies into what figure.js draws, but for the selection."""
    steps = (seen.step,) if seen.lean else (*STEPS, "")
    return figure.record(seen.arms, seen.text, seen.what, seen.weighed, seen.chosen, steps)


def sentence(seen: Seen) -> str:
    """What is on the picture: the question's answer, or what a study found."""
    if seen.step == "context":
        return f"{say(figure.TITLES['context'])}. {' '.join(games.findings(seen.what.game))}"
    if study := next((one for one in STUDIES if one == seen.step), None):
        return f"{say(figure.TITLES[study])}. {' '.join(studies.findings(study))}"
    return f"{say(answer.QUESTION)} {' '.join(answer.findings(seen.chosen['examples']))}"


def drawings(seen: Seen) -> list[StillChart]:
    """Draw the chart of the question and of each study."""
    data, found = record(replace(seen, lean=False)), []
    for stage, step in enumerate((*STEPS, "")):
        shown = charts.plan(data, step or "main", seen.chosen[step or "examples"])
        said = say(figure.TITLES[step] if step else answer.QUESTION)
        found.append(StillChart(described.drawing(charts.chart(shown)), said, stage if step else -1))
    return found


FIGURE = Figure(
    "adaptability", figure.adaptability, look, record=record,
    select=lambda seen: seen.selection,
    claim=lambda seen: say("A model that knows the words needs fewer examples, and few new numbers."),
    sentence=sentence,
    table=lambda seen: table(seen.arms, seen.text, seen.what, seen.weighed[0]),
    arguments=(
        Argument("rank", "rank"), Argument("examples", "few"), Argument("vectors", "front"), Argument("game", "game"),
        Argument("told", "told"), Argument("words", "lot"), Argument("pairs", "solved"), Argument("asked", "sought"),
        Argument("step", "stage", lambda seen: NAMED),
    ),
    model=False, charts=drawings, tall=560,
    own=lambda seen: say("with the recorded runs alone, without yours") if seen.own else "",
)  # fmt: skip

NAMES = (
    "study", "way", "at", "mean", "low", "high", "seeds or rounds", "numbers learned", "of these the head's", "bytes",
    "seconds", "says of the text", "probability",
)  # fmt: skip


def table(own: dict[Study, list[Arm]], text: str, what: Shown, shares: Sequence[float]) -> Table:
    """Export each place of each way; then the games; then own runs; then the answers to the prompt."""
    lines: list[tuple[Any, ...]] = []
    for study in STUDIES:
        said = {one["at"]: one for one in studies.judged(study, text)}
        for way in adapting.ways(study):
            for place in adaptations.curve(study, way):
                spread = place.interval
                verdict = said[place.at] if way == studies.ASKED[study] else {}
                lines.append((
                    study, studies.NAMES[way], place.at, spread.mean, spread.low, spread.high, spread.of, place.trained,
                    place.head, place.bytes, place.seconds, verdict.get("says"), verdict.get("probability"),
                ))  # fmt: skip
        for arm in own[study]:
            one = studies.own_point(study, arm)
            lines.append(
                (study, f"yours, {one['name']}", one["at"], one["value"], None, None, 1, *(None,) * 6)
            )
    for game in GAMES:
        for how in ("context", "steps", "elsewhere"):
            for at, _, spread in adaptations.played(game, how):
                lines.append(
                    (f"game: {game}", how, at, spread.mean, spread.low, spread.high, spread.of, *(None,) * 6)
                )
    for option, share in zip(what.asked.options, shares):
        lines.append(("prompt", option, what.count, *(None,) * 8, "answer", share))
    return dict(zip(NAMES, (list(column) for column in zip(*lines))))


def cells(text: str, what: Shown, shares: Sequence[float], asked: Vectors | ToldTwice) -> list[str]:
    """Write cells that open the recorded models, ask them of the text, and weigh the prompt's answers again."""
    said = {}
    for study in STUDIES:
        for at, one in zip(adapting.places(study), studies.judged(study, text), strict=True):
            if "says" in one:
                name = adapting.name(adapting.at(study, studies.ASKED[study], at, adapting.SEEDS[0]))
                said[name] = (one["says"], float(f"{one['probability']:.6g}"))
    first = f"""# %% The recorded models of each place, asked of the text
from core.runs.adaptations import adapted

TEXT = {text!r}
for name, (says, probability) in {said!r}.items():
    label, found = adapted(name).classify(TEXT)[0]
    assert label == says and abs(found - probability) < 1e-4, name
    print(name, label, found)"""
    means = {
        (study, way): [round(place.interval.mean, 6) for place in adaptations.curve(study, way)]
        for study in STUDIES
        for way in adapting.ways(study)
    }
    second = f"""# %% Means over the seeds, with Student's t
from core.runs.adaptations import curve

for (study, way), means in {means!r}.items():
    places = curve(study, way)
    assert all(abs(place.interval.mean - mean) < 1e-5 for place, mean in zip(places, means, strict=True))
    print(study, way, [place.interval for place in places])"""
    weighed = [float(f"{share:.6g}") for share in shares]
    third = f"""# %% Examples in the prompt
from core.analysis.tasks.in_context import weigh

writer = core.load({MODELS[what.game]!r}, device="cpu")
shares = weigh(writer, {what.prompt!r}, {what.asked.options!r}).tolist() if {bool(weighed)} else []
assert all(abs(one - other) < 1e-4 for one, other in zip(shares, {weighed!r}, strict=True))
print(shares)"""
    return [first, second, third, _question(asked)]


def _question(asked: Vectors | ToldTwice) -> str:
    from pages.adaptability.question import Vectors  # with what judges it, which is the app's

    numbers = asked.judge().numbers
    found = [float(f"{value:.6g}") for value in numbers.values() if isinstance(value, float)]
    if isinstance(asked, Vectors):
        return f"""# %% The question: vectors in front, a head alone, every weight
asked = [
    next(place.interval.mean for place in curve("prompt", way) if place.at == {asked.at}) for way in {tuple(numbers)!r}
]
assert all(abs(one - other) < 1e-5 for one, other in zip(asked, {found!r}, strict=True))
print(asked)"""
    return f"""# %% The question: the pair that is told twice
coder = core.load({MODELS[games.GAME]!r}, device="cpu")
twice = weigh(coder, {asked.prompt!r}, {asked.options!r}).tolist()
assert all(abs(one - other) < 1e-4 for one, other in zip(twice, {found!r}, strict=True))
print(twice)"""
