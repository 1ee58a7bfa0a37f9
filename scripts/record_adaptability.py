"""Train and measure all that the Adaptability page shows: `python -m scripts.record_adaptability`.

Writes assets/adaptability.json and assets/adaptability.safetensors after every run, so that it goes on where it was
stopped: a run that is recorded with the same spec is not trained again. About 30 minutes on one core.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import torch
from safetensors.torch import load_file, save_file

import core
from core import zoo
from core.analysis.tasks import in_context
from core.analysis.tasks.in_context import COUNTS, GAMES, MODELS, RATE, STEPS, Game
from core.precision import alike
from core.runs.adaptations import RECORDED, WEIGHTS
from core.runs.fine_tuning import bundled_base
from core.runs.revision import revision
from core.training import adapting
from core.training.fine_tune_spec import FineTuneSpec
from core.training.fine_tuning import FineTuner
from core.training.tuned import as_file
from core.vectors.probe import wilson
from scripts.record_runs import machine

ROUNDS, SEED = 20, 0
EARLY = 3  # steps whose last loss is recorded, so that a test can train them again
ELSEWHERE: dict[Game, str] = {"pairs": "tales-gpt"}  # the same game with a model that read other text


def record(spec: FineTuneSpec, own: str | None = None) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Train one run: what it came to, and what it learned where that is kept. own: the lines of a control run."""
    tuner = FineTuner(spec, bundled_base(spec.base), own)
    points = list(tuner.run())
    of = len(tuner.measured)
    accuracy = wilson(round((points[-1].accuracy or 0.0) * of), of)
    learned = tuner.learned()
    found = {
        "spec": spec.to_dict(defaults=False), "early": round(points[EARLY - 1].loss, 6),
        "right": accuracy.right, "of": accuracy.of,
        "low": round(accuracy.low, 5), "high": round(accuracy.high, 5),
        "trained": sum(value.numel() for value in learned.values()),
        "head": sum(value.numel() for key, value in learned.items() if key.startswith("label_head.")),
        "bytes": len(as_file(spec, learned)), "seconds": round(tuner.seconds, 2),
    }  # fmt: skip
    return found, learned if adapting.kept(spec) else {}


def play(game: Game) -> dict[str, Any]:
    """One game: the share of each round that is right, by the number of examples, in the prompt and by steps."""
    rounds = in_context.rounds(game, ROUNDS, SEED)
    lm = core.load(MODELS[game], device="cpu")
    learned: dict[tuple[int, tuple[str, ...]], float] = {}  # who has learned the same is asked once

    def by_steps(number: int, count: int) -> float:
        key = (number, tuple(dict.fromkeys(rounds[number].examples[:count])))
        if key not in learned:
            learned[key] = in_context.by_steps(lm, rounds[number], count)
        return round(learned[key], 4)

    found: dict[str, Any] = {
        "model": MODELS[game], "rounds": ROUNDS, "seed": SEED, "learning_steps": STEPS, "rate": RATE,
        "context": {str(k): [round(in_context.right(lm, one, k), 4) for one in rounds] for k in COUNTS},
        "steps": {str(k): [by_steps(number, k) for number in range(ROUNDS)] for k in COUNTS},
    }  # fmt: skip
    if game in ELSEWHERE:
        other = core.load(ELSEWHERE[game], device="cpu")
        shares = {str(k): [round(in_context.right(other, one, k), 4) for one in rounds] for k in COUNTS}
        found |= {"other": ELSEWHERE[game], "elsewhere": shares}
    return found


def play_controls(game: Game) -> dict[str, Any]:
    """Play a game with what should take the skill away: exchanged partners, and earlier moments of the training."""
    rounds = in_context.rounds(game, ROUNDS, SEED)
    lm = core.load(MODELS[game], device="cpu")
    last = max(COUNTS)
    moments = {
        str(step): [
            round(in_context.right(core.load(MODELS[game], snapshot=step, device="cpu"), one, last), 4)
            for one in rounds
        ]
        for step in zoo.snapshots(MODELS[game])
    }
    return {
        "exchanged": {
            str(k): [round(in_context.right(lm, in_context.exchanged(one), k), 4) for one in rounds]
            for k in COUNTS
        },
        "moments": moments
        | {str(lm.card["steps"]): [round(in_context.right(lm, one, last), 4) for one in rounds]},
    }


def keep(values: dict[str, Any], weights: dict[str, torch.Tensor]) -> None:
    """Write both files, each at once."""
    text = json.dumps(values, separators=(",", ":")).replace('},"', '},\n"')
    for path, write in ((RECORDED, lambda to: to.write_text(text + "\n", encoding="utf-8")),
                        (WEIGHTS, lambda to: save_file(weights, to))):  # fmt: skip
        draft = path.with_suffix(".draft")
        write(draft)
        draft.replace(path)


def main() -> None:
    """Record what is missing or has changed."""
    parser = argparse.ArgumentParser(description="Record the Adaptability page's runs")
    parser.add_argument("--games", action="store_true", help="play the games again, too")
    again = parser.parse_args().games
    torch.set_num_threads(1)
    old: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    saved = load_file(WEIGHTS) if WEIGHTS.exists() else {}
    runs: dict[str, Any] = {}
    weights: dict[str, torch.Tensor] = {}
    games = {} if again else old.get("games", {})
    wanted = {adapting.name(spec): spec for spec in adapting.controls()}
    controls = {
        name: known
        for name, known in old.get("controls", {}).items()
        if name in wanted and alike(FineTuneSpec.from_dict(known["spec"]), wanted[name])
    }
    values = {
        "version": 1, "machine": machine(), "revision": revision(), "runs": runs, "controls": controls, "games": games,
    }  # fmt: skip
    for game in GAMES:
        if game not in games:
            games[game] = play(game)
            print(f"{game}: {games[game]['context']['8']}", flush=True)
            keep(values, weights)
    for game in ELSEWHERE:
        if game in games and "exchanged" not in games[game]:
            games[game] |= play_controls(game)
            print(f"{game}, controls: {games[game]['moments']}", flush=True)
            keep(values, weights)
    for spec in adapting.plan():
        name = adapting.name(spec)
        known = old.get("runs", {}).get(name)
        if known is not None and alike(FineTuneSpec.from_dict(known["spec"]), spec):
            runs[name] = known
            weights |= {key: value for key, value in saved.items() if key.startswith(f"{name}/")}
            continue
        runs[name], learned = record(spec)
        weights |= {f"{name}/{key}": value.half() for key, value in learned.items()}
        print(f"{name}: {runs[name]['right']} of {runs[name]['of']}, {runs[name]['seconds']} s", flush=True)
        keep(values, weights)
    for name, spec in wanted.items():
        if name in controls:
            continue
        controls[name] = record(spec, adapting.control_lines(spec.examples, spec.seed))[0]
        print(f"{name}, labels shuffled: {controls[name]['right']} of {controls[name]['of']}", flush=True)
        keep(values, weights)


if __name__ == "__main__":
    main()
