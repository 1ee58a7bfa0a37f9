"""Recorded results of the scaling ladder: each run of `core.training.ladder`.

assets/scaling.json holds a line for each run; `python -m scripts.record_scaling` writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from core import costs
from core.runs.records import RunError
from core.runs.results import ASSETS, Results
from core.scaling import envelope
from core.scaling.forecast import NEXT
from core.scaling.surface import compute
from core.training import ladder
from core.training.spec import TrainSpec

RECORDED = ASSETS / "scaling.json"
recorded = Results(RECORDED).all  # {"version", "vocabulary", "runs"}

Against = Literal["parameters", "data", "compute"]
MORE = 2  # maximum multiple of the ladder's text that a law over data is extrapolated to


@dataclass(frozen=True)
class Rung:
    """A run of the ladder.

    Attributes:
        blocks, tables: parameters of the blocks and norms, and of the two tables (embedding and unembedding).
        tokens: D, characters read. flops: 3 times the operations of a forward pass, attention's scores among them.
        loss: nats per character of the held-out stories; low, high: 95 % over stories.
        exact: how often the next k characters are all right, by k; right: of one; log: mean log p of a character.
        own: the id of a learner's run; "" of a recorded one. alike: trained by the ladder's own recipe.
    """

    name: str
    width: int
    seed: int
    blocks: int
    tables: int
    tokens: int
    flops: float
    loss: float
    low: float
    high: float
    seconds: float
    right: float = float("nan")
    log: float = float("nan")
    exact: tuple[tuple[int, float, float, float], ...] = ()
    own: str = ""
    alike: bool = True

    def parameters(self, tables: bool = False) -> int:
        """Return N: without the tables, as Kaplan et al. (2020) count, or with them, as Hoffmann et al. (2022) do."""
        return self.blocks + (self.tables if tables else 0)

    def at(self, against: Against, tables: bool = False) -> float:
        """Return the run's position on an axis: N, D, or C = 6 N D."""
        return _at(against, self.parameters(tables), self.tokens)


def _at(against: Against, parameters: int, tokens: int) -> float:
    if against == "data":
        return float(tokens)
    return float(parameters) if against == "parameters" else float(compute(parameters, tokens))


@lru_cache(maxsize=1)
def rungs() -> tuple[Rung, ...]:
    """List every recorded run, by width, then by tokens and seed."""
    found = [rung(name, run) for name, run in recorded()["runs"].items()]
    return tuple(sorted(found, key=lambda one: (one.width, one.tokens, one.seed)))


def rung(name: str, run: dict[str, Any]) -> Rung:
    """Build a rung from a line of the table."""
    spec = TrainSpec.from_dict(run["spec"])
    width, tokens = ladder.width_of(spec), ladder.tokens_of(spec)
    blocks, tables = ladder.counted(spec.config(run["vocabulary"]))
    return Rung(
        name, width, spec.seed, blocks, tables, tokens, flops(spec, run["vocabulary"]), run["loss"], run["low"],
        run["high"], run["seconds"], run["right"], run["log"],
        tuple((int(k), *share) for k, share in run["exact"].items()),
    )  # fmt: skip


def flops(spec: TrainSpec, vocabulary: int) -> float:
    """Compute the operations of a run from its matrix products, three times those of its forward passes
    (core/costs)."""
    return 3 * ladder.tokens_of(spec) * costs.flops_per_token(spec.config(vocabulary), spec.context)


def vocabulary() -> int:
    """Count the characters of the ladder's text, special tokens among them."""
    return int(recorded()["vocabulary"])


def series(against: Against, width: int | None = None, tables: bool = False) -> list[Rung]:
    """Return the recorded runs that a law is fitted to.

    "parameters": the runs with all of the text. "data": those of one width. "compute": those that no cheaper run beats.

    Args:
        width: of "data"; None: the widest. tables: as in `Rung.at`.

    Raises:
        RunError: no run of that width is recorded.
    """
    if against == "parameters":
        return [one for one in rungs() if one.tokens == ladder.FULL]
    if against == "compute":
        return frontier(rungs(), tables)
    wanted = max(one.width for one in rungs()) if width is None else width
    found = [one for one in rungs() if one.width == wanted]
    if not found:
        raise RunError(f"no run of width {wanted} is recorded: there are {', '.join(map(str, widths()))}")
    return found


def frontier(runs: Sequence[Rung], tables: bool = False) -> list[Rung]:
    """Return the compute-optimal runs by the mean over seeds, 6 N D, with all their seeds.

    The best of several seeds would be compared with the only one of a dearer run.
    """
    alike: dict[tuple[int, int], list[Rung]] = {}
    for one in runs:
        alike.setdefault((one.width, one.tokens), []).append(one)
    kinds = list(alike.values())
    places = envelope([kind[0].at("compute", tables) for kind in kinds], [mean(kind) for kind in kinds])
    return [one for place in places for one in kinds[place]]


def mean(runs: Sequence[Rung]) -> float:
    """Average the loss of runs."""
    return sum(one.loss for one in runs) / len(runs)


def ahead(against: Against, width: int | None = None) -> TrainSpec:
    """Return the next run beyond the recorded ones of an axis, about which its law makes a forecast.

    "data": `width` (None: the widest) on `MORE` times the text. Otherwise about `NEXT` times as many parameters.
    """
    if against == "data":
        return ladder.spec(widths()[-1] if width is None else width, MORE * ladder.FULL)
    wanted = NEXT * max(one.blocks for one in rungs())
    wider = range(widths()[-1] + ladder.APART, ladder.WIDEST + 1, ladder.APART)
    return ladder.spec(min(wider, key=lambda one: abs(_blocks(one) - wanted)))


def place(spec: TrainSpec, against: Against, tables: bool = False) -> float:
    """Return the position of a run of that spec on an axis, as `Rung.at`."""
    blocks, both = ladder.counted(spec.config(vocabulary()))
    return _at(against, blocks + (both if tables else 0), ladder.tokens_of(spec))


def _blocks(width: int) -> int:
    return ladder.counted(ladder.spec(width).config(vocabulary()))[0]


def widths() -> list[int]:
    """List the widths of the ladder, ascending."""
    return sorted({one.width for one in rungs()})
