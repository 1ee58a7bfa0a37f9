"""Compare runs with and without regularization, recorded or own (own_runs.py): where each is best, its weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.counts import counted
from app.kit.arms import Arm, recorded_arms
from core.messages import mark, say
from core.training.early_stopping import Stop, stop_early
from core.training.pairs import DECAY, DROPOUT, FABLES

ARMS: dict[str, str] = {
    "plain": mark("plain"),
    "dropout": mark("dropout"),
    "decay": mark("weight decay"),
    "both": mark("both"),
}


def recorded_four() -> dict[str, Arm]:
    """The recorded runs: key -> run."""
    found = recorded_arms({name: f"regularization-{key}" for key, name in ARMS.items()})
    return dict(zip(ARMS, found, strict=True))


def stop_of(arm: Arm, patience: int) -> Stop | None:
    """Where patience would end a run; None as long as nothing was measured."""
    held_out = arm.points.held_out
    measured = np.isfinite(held_out)
    if not measured.any():
        return None
    return stop_early(arm.points.step[measured].tolist(), held_out[measured].tolist(), patience)


def moments(pair: list[Arm]) -> list[int]:
    """The steps at which the weights of both were counted."""
    both = [{one.step for one in arm.checkpoints if one.health} for arm in pair]
    return sorted(both[0] & both[1])


def record_runs(pair: list[Arm], others: list[Arm], patience: int, at: int | None) -> dict[str, Any]:
    """Turn the lower half of the picture into JSON: the plain run and one beside it.

    Args:
        others: the arms that are not drawn; their ends are waited for.
        at: the step of the checkpoint whose weights are shown; None: none was measured.
    """
    stops = [stop_of(arm, patience) for arm in pair]
    finite = [
        column[np.isfinite(column)] for arm in pair for column in (arm.points.held_out, arm.points.loss)
    ]
    low = min((float(column.min()) for column in finite if len(column)), default=0.0)
    seen = [next((one for one in arm.checkpoints if one.step == at), None) for arm in pair]
    return {
        "arms": [{"key": key, "name": named(key)} for key in ARMS if key != "plain"],
        "own": pair[0].run is not None,
        "about": say("Trained on {count} fables", count=FABLES - FABLES // 10),
        "runs": [arm.curve() | {"name": say(arm.name)} for arm in pair],
        "others": [arm.curve() for arm in others if arm.run is not None and not arm.run.over],
        "low": max(0.0, low - 0.2),
        "high": min(
            pair[0].guessing, 1.25 * max((stop.last for stop in stops if stop), default=pair[0].guessing)
        ),
        "stops": [None if stop is None else told(stop, patience) for stop in stops],
        "weights": [dict(one.health["weights"]) if one and one.health else None for one in seen],
        "step": at,
    }


def named(key: str) -> str:
    """An arm as its button names it."""
    return {
        "dropout": say("Dropout {rate}", rate=f"{DROPOUT:g}"),
        "decay": say("Weight decay {decay}", decay=f"{DECAY:g}"),
        "both": say("Both"),
    }[key]


def compare_losses(pair: list[Arm], key: str) -> str:
    """Say how the arm's held-out loss differs from the plain run's, at the best steps and at the end.

    "": not measured.
    """
    plain, other = (stop_of(arm, 0) for arm in pair)
    if plain is None or other is None:
        return ""
    best, end = plain.best - other.best, plain.last - other.last
    return say(
        "“{arm}”, loss on held-out fables: {best} with each run at its best step, {end} at the last. One run each "
        "gives no verdict.",
        arm=named(key), best=_difference(best), end=_difference(end),
    )  # fmt: skip


def _difference(nats: float) -> str:
    if nats > 0:
        return say("lower by {nats} nats", nats=f"{nats:.3f}")
    return say("higher by {nats} nats", nats=f"{-nats:.3f}")


def told(stop: Stop, patience: int) -> dict[str, Any]:
    """A stop for the picture, and in words."""
    worse = round(stop.last, 3) - round(stop.best, 3)  # of the numbers that stand there
    given = {"step": f"{stop.best_step:,}", "best": f"{stop.best:.3f}", "last": f"{stop.last:.3f}"}
    ends = (
        say("Best at step {step}: {best}. At the end {last}, {worse} worse.", worse=f"{worse:.3f}", **given)
        if worse > 0
        else say("Best at the last step, {step}: {best}. Nothing has overfitted yet.", **given)
        if stop.best_step == stop.last_step
        else say("Best at step {step}: {best}. At the end {last}.", **given)
    )
    return {
        "best": stop.best, "bestStep": stop.best_step, "step": stop.step, "early": stop.early, "last": stop.last,
        "saved": stop.saved, "missed": stop.missed,
        "text": f"{ends} {_waited(stop, patience)}",
    }  # fmt: skip


def _waited(stop: Stop, patience: int) -> str:
    """What patience does to a run, in words."""
    if not patience:
        return say("Without patience it runs to its end.")
    waits = counted(patience, "measurement")
    if not stop.early:
        if patience == 1:
            return say("There is never {measurements} without a new best.", measurements=waits)
        return say("There are never {measurements} without a new best before its end.", measurements=waits)
    given = {"measurements": waits, "step": f"{stop.step:,}", "saved": f"{stop.saved:.0%}"}
    if stop.missed <= 5e-4:
        return say(
            "After {measurements} without a new best it would stop at step {step} and spare {saved} of the steps.",
            **given,
        )
    return say(
        "After {measurements} without a new best it would stop at step {step} and spare {saved} of the steps, but miss "
        "{missed} that come later.",
        missed=f"{stop.missed:.3f}", **given,
    )  # fmt: skip
