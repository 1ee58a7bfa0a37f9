"""Recorded results of adaptation by training and by examples in the prompt, with the small models among them.

assets/adaptability.json holds what each run came to; assets/adaptability.safetensors what the small ones learned, in
half precision. `python -m scripts.record_adaptability` writes both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.analysis.seeds import Interval, interval
from core.runs.records import RunError
from core.runs.results import ASSETS, Results
from core.training import adapting
from core.training.adapting import Study
from core.training.fine_tune_spec import FineTuneSpec, Way

if TYPE_CHECKING:
    from torch import Tensor

    from core.language_model import LanguageModel

RECORDED, WEIGHTS = ASSETS / "adaptability.json", ASSETS / "adaptability.safetensors"
# All of it: {"machine", "revision", "runs", "controls", "games": {game: {...}}}. A run: spec, right, of, trained, head,
# bytes, seconds.
recorded, result = Results(RECORDED).all, Results(RECORDED).run


@dataclass(frozen=True)
class Place:
    """One way at one position of a study's axis, with all its seeds.

    shares: of held-out examples that are right, by seed; trained: numbers that were learned, of these `head` the
    head's; bytes: of the file; seconds: of the steps, the seeds' mean.
    """

    at: int
    names: tuple[str, ...]
    shares: tuple[float, ...]
    interval: Interval
    trained: int
    head: int
    bytes: int
    seconds: float


@lru_cache(maxsize=64)
def curve(study: Study, way: Way) -> tuple[Place, ...]:
    """Return a way's results along the axis of a study. Raises RunError: a run of it is not recorded."""
    found = []
    for at in adapting.places(study):
        names = tuple(adapting.name(adapting.at(study, way, at, seed)) for seed in adapting.SEEDS)
        found.append(_place(at, names, [result(one) for one in names]))
    return tuple(found)


def _place(at: int, names: tuple[str, ...], runs: Sequence[Mapping[str, Any]]) -> Place:
    """Gather the runs of all seeds at one position."""
    shares = tuple(run["right"] / run["of"] for run in runs)
    first = runs[0]
    return Place(
        at, names, shares, interval(shares), first["trained"], first["head"], first["bytes"],
        sum(run["seconds"] for run in runs) / len(runs),
    )  # fmt: skip


@lru_cache(maxsize=1)
def shuffled() -> tuple[Place, ...]:
    """Return the control of the study of few examples: LoRA on the same texts with their labels shuffled.

    Raises:
        RunError: a control is not recorded.
    """
    controls = recorded().get("controls", {})
    found = []
    for at in adapting.places("examples"):
        names = tuple(adapting.name(adapting.control(at, seed)) for seed in adapting.SEEDS)
        if missing := [one for one in names if one not in controls]:
            raise RunError(f"no control called {missing[0]!r} is recorded")
        found.append(_place(at, names, [controls[one] for one in names]))
    return tuple(found)


def learned(name: str) -> dict[str, Tensor]:
    """Load the learned weights of a recorded run, by name. Raises RunError: they are not kept."""
    from safetensors import safe_open

    begin = f"{name}/"
    with safe_open(WEIGHTS, "pt") as file:
        found = {
            key.removeprefix(begin): file.get_tensor(key).float()
            for key in file.keys()  # noqa: SIM118
            if key.startswith(begin)
        }
    if not found:
        raise RunError(f"the recorded run {name} keeps no weights")
    return found


# The page asks 15 of them about a text: LoRA's ten take 3 MB each, of the others all but the head is the base's.
@lru_cache(maxsize=16)
def adapted(name: str) -> LanguageModel:
    """Build the final model of a recorded run. Shared and read-only. Raises RunError: as `learned`."""
    from core.runs.fine_tuning import bundled_base
    from core.training.tuned import tuned

    spec = FineTuneSpec.from_dict(result(name)["spec"])
    return tuned(spec, bundled_base(spec.base), learned(name), name)


def played(game: str, how: str) -> list[tuple[int, tuple[float, ...], Interval]]:
    """Return (examples, share of each round, interval over rounds) of a game.

    How is "context", "steps" or "elsewhere"; of pairs also "exchanged", the control of `in_context.exchanged`, and
    "moments": all examples, by the training step of the model that is asked, in place of their number.
    """
    shares: Mapping[str, Sequence[float]] = recorded()["games"][game].get(how, {})
    return [(int(count), tuple(values), interval(values)) for count, values in shares.items()]
