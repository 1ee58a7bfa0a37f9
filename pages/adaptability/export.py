"""The export: every recorded place as a table, and cells that ask the models again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.runs.trained import Arm
from core.analysis.tasks.in_context import GAMES, MODELS
from core.runs import adaptations
from core.training import adapting
from core.training.adapting import STUDIES, Study
from pages.adaptability import studies
from pages.adaptability.games import Shown
from pages.adaptability.question import GAME, ToldTwice, Vectors

NAMES = (
    "study", "way", "at", "mean", "low", "high", "seeds or rounds", "numbers learned", "of these the head's", "bytes",
    "seconds", "says of the text", "probability",
)  # fmt: skip


def table(
    own: dict[Study, list[Arm]], text: str, what: Shown, shares: Sequence[float]
) -> dict[str, Sequence[Any]]:
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
    for answer, share in zip(what.asked.options, shares):
        lines.append(("prompt", answer, what.count, *(None,) * 8, "answer", share))
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
coder = core.load({MODELS[GAME]!r}, device="cpu")
twice = weigh(coder, {asked.prompt!r}, {asked.options!r}).tolist()
assert all(abs(one - other) < 1e-4 for one, other in zip(twice, {found!r}, strict=True))
print(twice)"""
