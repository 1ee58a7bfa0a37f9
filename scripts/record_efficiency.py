"""Train and measure what the Efficiency page shows of pruning and distillation: `python -m scripts.record_efficiency`.

Or `make models ARGS="efficiency"`. Writes assets/efficiency.json after every run, so that it goes on where it was
stopped: a run that is recorded with the same spec is not trained again. The recorded ones took 67 minutes together, on
one core of a machine that others used, too; at the end the speeds of all are taken in turn. `--choose` trains on the
same stories, measures on other training stories instead and prints what came of several settings: what rates,
temperature and the share of the plain loss were chosen by.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path
from typing import Any

import torch

from core.analysis.story_loss import cut
from core.data import corpora
from core.efficiency import held_out, shrink_lab
from core.efficiency.judging import LONGEST, Reference, judge, reference
from core.efficiency.shrink_spec import STUDENTS, ShrinkSpec
from core.efficiency.shrinking import masks_of, trainer_of
from core.efficiency.speed import speeds
from core.language_model import LanguageModel
from core.memory import keep_freed_memory
from core.precision import alike, settle
from core.runs.compression_recordings import RECORDED
from core.runs.revision import revision
from core.training.text_loss import text_loss
from core.zoo import load
from scripts.record_runs import machine

PASSES = 41  # rounds in which every shape reads once, when their speeds are compared
EARLY = 3  # steps whose last loss is recorded, so that a test can train them again


def record(spec: ShrinkSpec, base: LanguageModel, before: Reference) -> dict[str, Any]:
    """Train one run: what it came to on the held-out stories, before its first step and at every kept moment."""
    spec = settle(spec)
    trainer = trainer_of(spec, base)
    trace: list[dict[str, Any]] = []
    found: dict[str, Any] = {"spec": spec.to_dict(defaults=False)}
    while True:
        if trainer.done_steps in trainer.checkpoint_steps:
            trace.append(
                {"step": trainer.done_steps, **held_out.figures(_judged(before, trainer.language_model))}
            )
        if trainer.done:
            break
        point = trainer.step()
        if point.step == EARLY:
            found["early"] = round(point.loss, 6)
    return found | {
        "tokens": trainer.tokens, "seconds": round(trainer.seconds, 1), "trace": trace,
        "end": held_out.measure(before, trainer.language_model, masks_of(spec, base)), "machine": machine(),
        "revision": revision(),
    }  # fmt: skip


def _judged(before: Reference, lm: LanguageModel) -> Any:
    return judge(before, lm, size=0, timed=False)


def make(path: Path, minutes: float = 0) -> bool:
    """Record what is missing or has changed; False: the time was over before the last run."""
    began = time.monotonic()
    old: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else {}
    base = load("tales-gpt", device="cpu")
    before = held_out.beside(base)
    runs: dict[str, Any] = {}
    places = sum(len(said) for said in before.said)
    own = {"name": "tales-gpt", **held_out.measure(before, base), "places": places}
    values: dict[str, Any] = {"version": 1, "base": own, "runs": runs}
    planned = list(shrink_lab.plan())
    for spec in planned:
        known = old.get(shrink_lab.name(spec))
        if known is not None and alike(ShrinkSpec.from_dict(known["spec"]), spec):
            runs[shrink_lab.name(spec)] = known
    for spec in planned:
        name = shrink_lab.name(spec)
        if name in runs:
            continue
        if minutes and time.monotonic() - began > 60 * minutes:
            return False
        runs[name] = record(spec, base, before)
        end = runs[name]["end"]
        print(
            f"{name}: loss {end['loss']}, agreement {end['agreement']}, {runs[name]['seconds']} s", flush=True
        )
        keep(values, path)
    return True


def keep(values: dict[str, Any], path: Path) -> None:
    """Write the table at once, a run a line."""
    text = json.dumps(values, separators=(",", ":")).replace('},"', '},\n"')
    draft = path.with_suffix(".draft")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(path)


def retime(path: Path) -> None:
    """Take the speeds again, of one model of each shape, all in one loop beside the original.

    What training measures of one run at a time compares moments of a machine; here the original and every shape read
    in turn, `PASSES` rounds, and all runs of a shape are given its quartiles.
    """
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    base = load("tales-gpt", device="cpu")
    before = held_out.beside(base, 1)
    models = {"whole": base}
    for run in values["runs"].values():
        spec = ShrinkSpec.from_dict(run["spec"])
        if shape_of(spec) not in models:
            models[shape_of(spec)] = trainer_of(spec, base).language_model
    found = dict(zip(models, speeds(before, list(models.values()), PASSES), strict=True))
    ends = [(run["end"], shape_of(ShrinkSpec.from_dict(run["spec"]))) for run in values["runs"].values()]
    for end, shape in [(values["base"], "whole"), *ends]:
        end.pop("pass", None)  # seconds, as tables had them before
        end["speed"] = list(found[shape])
    keep(values, path)


def shape_of(spec: ShrinkSpec) -> str:
    """What runs have in common that read at the same speed: a student's size, or what is left of the base."""
    return "student" if spec.way in STUDENTS else f"{spec.way} {spec.sparsity}"


def remake(out: Path, scratch: Path) -> None:
    """Train all of it again. A stopped call left what it had in `scratch`; whole, that takes the place of `out`."""
    scratch.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    make(scratch)
    retime(scratch)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch.replace(out)


def choose() -> None:
    """Print what several settings come to on training stories that no run reads: nothing held out is looked at."""
    base = load("tales-gpt", device="cpu")
    told = itertools.islice(corpora.corpus("tales", seed=shrink_lab.DEVELOPMENT), held_out.STORIES)
    before = reference(base, [text_loss(base, cut(base, one, LONGEST)) for one in told])
    student = shrink_lab.student("distilled")
    weights, parts = shrink_lab.pruned("magnitude", 0.8), shrink_lab.pruned("structured", 0.5)
    tried = [
        student.replace(temperature=t, hard=h)
        for t, h in ((1, 0), (1.5, 0), (1, 0.5), (2, 0.5), (2, 0), (4, 0.5))
    ]
    for rate in (0.04, 0.06, 0.08):
        tried += [student.replace(way=way, rate=rate) for way in STUDENTS]
    for rate in (0.01, 0.02, 0.04):
        tried += [one.replace(rate=rate) for one in (weights, parts)]
    for spec in tried:
        trainer = trainer_of(spec, base)
        for _ in trainer.run():
            pass
        found = _judged(before, trainer.language_model)
        print(
            f"{spec.to_json(defaults=False)}: loss {found.loss:.4f}, agreement {found.agreement:.3f}",
            flush=True,
        )


def main() -> None:
    """Record the runs."""
    parser = argparse.ArgumentParser(description="Record the Efficiency page's pruning and distillation")
    parser.add_argument(
        "--minutes", type=float, default=0, help="begin no run after so long (default: all runs)"
    )
    parser.add_argument("--out", type=Path, default=RECORDED, help="the table")
    parser.add_argument("--choose", action="store_true", help="compare settings instead, and write nothing")
    parser.add_argument("--times", action="store_true", help="train nothing: take the speeds again")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    if options.choose:
        choose()
    elif options.times:
        retime(options.out)
    elif not make(options.out, options.minutes):
        raise SystemExit("the time is over: the next call goes on")
    else:
        retime(options.out)


if __name__ == "__main__":
    main()
