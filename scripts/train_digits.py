"""Train the two models about images: `make models ARGS="digits-captioner digits-space"`, or this module with a name.

Writes assets/models/NAME: shape.json, model.safetensors (float16) and card.json. A training that was stopped goes on
from .training/NAME. The image tower of the space begins with the captioner that lies beside it, so that one is trained
first. Scenes of the held-out digits are measured for the card.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from core.data import digits
from core.data.digits import Split
from core.multimodal import measuring, properties
from core.multimodal.augmentation import AS_WRITTEN, NEAR
from core.multimodal.captioner import Seeing
from core.multimodal.measuring import GUARD, Share
from core.multimodal.scenes import SCENES, scenes
from core.multimodal.shipped import CAPTIONER, MODELS, SPACE, load_captioner, load_space, save, save_card
from core.multimodal.space import Space
from core.multimodal.training import Recipe, Training
from core.precision import alike
from core.training.state import State
from scripts.check_models import Compared, figures
from scripts.record_runs import machine

RECIPES: dict[str, Recipe] = {
    CAPTIONER: Recipe("captioner", steps=4_500),
    SPACE: Recipe("space", steps=600, scenes=192, seed=2, rate=0.01),
}
SCRATCH = Path(__file__).parent.parent / ".training"
GALLERIES = 20


def make(name: str, folder: Path, scratch: Path | None = None, every: int = 100) -> None:
    """Train by the recipe of `name` and write `folder`.

    Args:
        scratch: where a stopped training left its state, and leaves it `every` so many steps; removed at the end.
    """
    recipe = RECIPES[name]
    eyes = load_captioner(folder.parent / CAPTIONER).model if recipe.kind == "space" else None
    training, curve = begin(recipe, scratch, eyes)
    for step in training.run():
        if math.log2(step.step).is_integer() or step.step % 250 == 0 or step.step == recipe.steps:
            curve.append({"step": step.step, "loss": round(step.loss, 4)})
            print(
                f"{step.step:6,}/{recipe.steps:,}  loss {step.loss:.4f}  {step.seconds / 60:.1f} min",
                flush=True,
            )
        if scratch is not None and step.step % every == 0:
            _save(training, curve, scratch)
    save(folder, training.model)
    card = {
        "name": name,
        "steps": recipe.steps,
        "parameters": sum(weight.numel() for weight in training.model.parameters()),
        "recipe": training.recipe.to_dict(),
        "data": about(name),
        "scenes_read": recipe.steps * recipe.scenes,
        "minutes": round(training.seconds / 60, 1),
        "machine": machine(),
        "curve": curve,
        "scores": scores(name, folder),
    }
    save_card(folder, card)
    if scratch is not None:
        shutil.rmtree(scratch, ignore_errors=True)
    print(json.dumps(card["scores"], indent=1))


def begin(
    recipe: Recipe, scratch: Path | None, eyes: Seeing | None = None
) -> tuple[Training, list[dict[str, Any]]]:
    """A new training, or the one that was stopped, and the points of its curve so far."""
    if scratch is None or not (scratch / "state.safetensors").is_file():
        return Training(recipe, eyes), []
    state = State.from_bytes((scratch / "state.safetensors").read_bytes())
    begun = Recipe(**state.meta["recipe"])
    if not alike(begun, recipe):
        return Training(recipe, eyes), []
    training = Training(begun, eyes)  # in the precision that it began in
    training.restore(state)
    print(f"going on from step {training.done:,}", flush=True)
    return training, list(state.meta["curve"])


def about(name: str) -> dict[str, Any]:
    """What the card of the model `name` says of the data, and of what it began with."""
    told = {
        "what": "Sheets of 12 x 24 pixels with one or two of 1,797 handwritten digits",
        "origin": "scikit-learn's load_digits (UCI, Optical Recognition of Handwritten Digits), CC BY 4.0",
        "split": {name: len(digits.split(name)) for name in digits.SPLITS},
        "split_seed": digits.SEED,
        "held_out": "Scenes of held-out digits as they were written, moved by whole pixels. The writers of the three "
        "parts are the same: the set does not say who wrote what. These scenes were measured after more than one "
        "training, not once: a first captioner, which described both digits of a pair, got 87.9 % of them, and "
        "the grammar that describes only the first digit was settled after that.",
        "training": f"Scenes of training digits: {AS_WRITTEN:.0%} of those drawn have them as they were written, in "
        "the others they are moved, turned, leaned, stretched and drawn with another pen; the caption is measured "
        f"on what comes out. {NEAR:.0%} of each step's scenes are picked, from twice as many, for a measurement near "
        "the edge of a dead band.",
        "words": {
            "thin": f"thickness up to {properties.THIN} pixels",
            "thick": f"thickness from {properties.THICK} pixels on",
            "slanted left": f"slant up to {properties.LEFT} pixels sideways for each pixel up",
            "slanted right": f"slant from {properties.RIGHT} on",
            "between": "no word (dead bands)",
        },
        "guard": GUARD,
        "clear": f"scenes in which no measurement is nearer than {GUARD:.0%} of its dead band's width to an edge of "
        "the band; `exact` leaves no scene out",
    }
    if name == SPACE:
        told["eyes"] = (
            f"The image tower began with the weights of {CAPTIONER}, which had learned to write captions."
        )
    return told


def scores(name: str, folder: Path, split: Split = "held_out") -> dict[str, Any]:
    """The figures of a card, measured on the model as it lies in its folder."""
    everything = scenes(split)
    if name == SPACE:
        return _found(load_space(folder), split)
    told = measuring.written(load_captioner(folder), everything)
    return {
        **{part: _share(getattr(told, part)) for part in ("exact", "clear", "alone", "pairs")},
        **{
            part: round(getattr(told, part)[0] / getattr(told, part)[1], 4)
            for part in ("digit", "thickness", "slant")
        },
        "scenes": SCENES,
        "how": "95 %, percentiles of a bootstrap over digit images",
    }


def _share(share: Share) -> dict[str, Any]:
    rounded = {"low": round(share.low, 4), "high": round(share.high, 4)}
    return {"score": round(share.value, 4), **asdict(share), **rounded}


def _found(space: Space, split: Split) -> dict[str, Any]:
    found = measuring.found(space, scenes(split), GALLERIES)
    told: dict[str, Any] = {"galleries": GALLERIES, "size": 100}
    for way, values in (("image_to_caption", found.images), ("caption_to_image", found.captions)):
        mean, low, high = found.spread(values)
        told[way] = {
            "score": round(mean, 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "worst": round(min(values), 4),
        }
    return {**told, "how": "the mean over galleries; 1.96 standard deviations of one gallery"}


def check(name: str, folder: Path) -> list[Compared]:
    """Measure the model in a folder again and compare it with the shipped card of its name."""
    card = json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))
    now = figures({"scores": scores(name, folder)})
    return [
        Compared(name, what, figure, now[what].value if what in now else None)
        for what, figure in figures({"scores": card["scores"]}).items()
    ]


def _save(training: Training, curve: list[dict[str, Any]], scratch: Path) -> None:
    """All that a stopped training needs to go on, written beside the last one, which it then takes the place of."""
    state = training.state()
    state = State(state.tensors, {**state.meta, "curve": curve})
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "new").write_bytes(state.to_bytes())
    (scratch / "new").replace(scratch / "state.safetensors")


def main() -> None:
    """Train the models named on the command line, or both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*RECIPES, []], help="which models (default: both)")
    parser.add_argument("--out", type=Path, default=MODELS, help="where the models' folders go, or are")
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's own choice)")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    for name in options.names or RECIPES:
        make(name, options.out / name, SCRATCH / name)


if __name__ == "__main__":
    main()
