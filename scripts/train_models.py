"""Train the bundled models anew, each from its seed: `make models`, or `python -m scripts.train_models tales-gpt`.

Writes assets/models/NAME: config.json, tokenizer.json, model.safetensors (float16), snapshots/STEP.safetensors (8-bit)
and card.json, which says what the model read, how its losses fell, and what an n-gram model reaches on the same text.
A training that was stopped goes on from .training/NAME, where it keeps what it needs for that. `scaling` is no model,
but the ladder of sizes of the Scaling page, assets/scaling.json (scripts/record_scaling.py), nor is `efficiency`, what
pruning and distillation made of tales-gpt (scripts/record_efficiency.py); `digits-captioner` and `digits-space` read
pictures (scripts/train_digits.py).

With `--check` nothing is trained: what the cards say is measured again, and compared (scripts/check_models.py).
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.checkpoints import save_folder, save_weights
from core.checkpoints.compact import compact
from core.data import corpora
from core.data.batches import encoded
from core.data.pairs import PAIRS, Pairs
from core.data.shards import Shards
from core.decoding.fill import fill
from core.language_model import LanguageModel
from core.memory import keep_freed_memory
from core.precision import alike, settle
from core.text.tokenizer import Tokenizer
from core.text.training import learn
from core.training import Point, Trainer, TrainSpec
from core.training.loss import UNSCORED
from core.training.ngram import FillIn, NGram
from core.training.preparation import learned, special_tokens
from core.training.state import State
from core.training.text_to_text import hidden
from core.zoo import BUNDLED, load
from scripts import loss_interval, record_efficiency, record_scaling, train_digits
from scripts.austen import NoText
from scripts.check_models import INTERVAL, LOSS, Compared, table, verdict
from scripts.model_scores import check, keep_interval, measured
from scripts.recipes import RECIPES, Recipe

SCRATCH = Path(__file__).parent.parent / ".training"
TABLES = {"scaling": record_scaling, "efficiency": record_efficiency}  # no models, but assets/NAME.json


def make(name: str, recipe: Recipe, folder: Path, scratch: Path | None = None, every: int = 100) -> None:
    """Train `recipe` and write `folder`.

    Args:
        scratch: where a stopped training left its state, and leaves it `every` so many steps; removed at the end.
    """
    trainer, told = _begin(recipe, scratch)
    if trainer.done_steps == 0 and len(told.curves) == 1 and 0 in recipe.snapshots:
        _keep(trainer, folder)
    while True:
        for point in _run(trainer, told.curves[-1]):
            if len(told.curves) == 1 and point.step in recipe.snapshots:
                _keep(trainer, folder)
            if scratch is not None and point.step % every == 0:
                _save(trainer, told, scratch)
        told.seconds += trainer.seconds
        if len(told.curves) == len(recipe.trainings):
            break
        trainer = _handed_on(trainer, recipe.trainings[len(told.curves)], recipe)
        told.curves.append([])
    curve, later = told.curves[0], told.curves[1:]
    if later:
        # Only to measure: what is held out is the first training's.
        trainer = _handed_on(trainer, recipe.spec, recipe)
        curve.append(
            {
                "step": recipe.steps,
                "loss": later[-1][-1]["loss"],
                "held_out": _rounded(trainer.held_out_loss()),
            }
        )
    lm = LanguageModel(trainer.model, trainer.tokenizer, name)
    card = {
        "name": name,
        "steps": recipe.steps,
        "parameters": lm.n_parameters,
        "spec": settle(recipe.spec).to_dict(),
        "data": asdict(recipe.about or corpora.describe(recipe.spec.corpus)),
        "tokens_read": sum(one.steps * one.batch_tokens for one in recipe.trainings),
        "minutes": round(told.seconds / 60, 1),
        "curve": curve,
        LOSS: curve[-1]["held_out"],
        INTERVAL: loss_interval.held_out(trainer.model, trainer.reading)[1],
        "n_gram": _baseline(trainer, recipe),
        "samples": [_sample(lm, prompt, seed) for seed, prompt in enumerate(recipe.prompts)],
    }
    if later:
        card["then"] = [
            {"spec": settle(spec).to_dict(), "curve": points}
            for spec, points in zip(recipe.then, later, strict=True)
        ]
    if recipe.note:
        card["note"] = recipe.note
    if recipe.shown:
        card["texts"] = list(recipe.prompts)
    if recipe.spec.practice:
        card["practice"] = asdict(corpora.describe(recipe.spec.practice))
    save_folder(folder, trainer.model, trainer.tokenizer, card=card, dtype=torch.float16)
    if recipe.senses or recipe.scores:  # of the weights as they were written
        card |= measured(load(folder, device="cpu"), recipe)
        save_folder(folder, trainer.model, trainer.tokenizer, card=card, dtype=torch.float16)
    if scratch is not None:
        shutil.rmtree(scratch, ignore_errors=True)
    said = {
        key: card[key] for key in (LOSS, INTERVAL, "n_gram", "samples", "senses", "scores") if key in card
    }
    print(json.dumps(said, indent=1, ensure_ascii=False))


@dataclass
class Told:
    """What a card will say of the trainings: the points of each that has begun, and the seconds of those that ended."""

    curves: list[list[dict[str, Any]]] = field(default_factory=lambda: [[]])
    seconds: float = 0.0


def _begin(recipe: Recipe, scratch: Path | None) -> tuple[Trainer, Told]:
    """A new training, or the one that was stopped, with what is told of it so far."""
    if scratch is not None and (scratch / "state.safetensors").is_file():
        state = State.from_bytes((scratch / "state.safetensors").read_bytes())
        told = Told(**state.meta.get("told", {}))
        for spec in recipe.trainings[len(told.curves) - 1 :][:1]:
            if alike(TrainSpec.from_dict(state.meta["spec"]), spec):
                print(f"going on from step {state.meta['step']:,}", flush=True)
                return Trainer.resume(spec, state, recipe.own_text()), told
    return Trainer(recipe.spec, recipe.own_text(), tokenizer=_tokenizer(recipe)), Told()


def _run(trainer: Trainer, curve: list[dict[str, Any]]) -> Iterator[Point]:
    """Train to the end; what a card keeps of the points goes into `curve`."""
    for point in trainer.run():
        if point.held_out is not None or math.log2(point.step).is_integer():
            curve.append(
                {"step": point.step, "loss": round(point.loss, 4), "held_out": _rounded(point.held_out)}
            )
            print(_progress(point, trainer.spec.steps), flush=True)
        yield point


def _handed_on(trainer: Trainer, spec: TrainSpec, recipe: Recipe) -> Trainer:
    """A training of `spec` that begins with the weights of another."""
    weights = dict(trainer.model.state_dict())
    return Trainer(spec, recipe.own_text(), tokenizer=trainer.tokenizer, weights=weights)


def _tokenizer(recipe: Recipe) -> Tokenizer:
    spec = recipe.spec
    if spec.objective == "text_to_text":
        return learned(spec, Shards(spec))
    wanted = {spec.corpus: recipe.tokenizer_documents}
    if spec.practice:
        wanted[spec.practice] = recipe.practice_documents
    documents = itertools.chain.from_iterable(
        islice(recipe.documents(name), count) for name, count in wanted.items()
    )
    return learn(spec.tokenizer, documents, spec.vocab_size, special_tokens(spec))


def _keep(trainer: Trainer, folder: Path) -> None:
    path = folder / "snapshots" / f"{trainer.done_steps}.safetensors"
    save_weights(path, compact(dict(trainer.model.named_parameters())))  # a shared table once


def _save(trainer: Trainer, told: Told, scratch: Path) -> None:
    """All that a stopped training needs to go on: written beside the last one, which it then takes the place of."""
    state = trainer.state()
    state = State(state.tensors, {**state.meta, "told": asdict(told)})
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "new").write_bytes(state.to_bytes())
    (scratch / "new").replace(scratch / "state.safetensors")


def _baseline(trainer: Trainer, recipe: Recipe) -> dict[str, float | int | str]:
    """The held-out loss of an n-gram model, over the very rows and positions that the transformer is scored on."""
    if isinstance(trainer.pool, Pairs):
        return _baseline_of_pairs(trainer, trainer.pool, recipe)
    spec, end = recipe.spec, trainer.tokenizer.id("</s>")
    stories = list(islice(recipe.documents(spec.corpus), recipe.ngram_documents))
    ids = np.fromiter(
        itertools.chain.from_iterable([*row, end] for row in encoded(stories, trainer.tokenizer)),
        dtype=np.int64,
    )
    if spec.objective == "masked":
        example = trainer.held_out_example()
        hidden = FillIn([ids], len(trainer.tokenizer))
        scored = hidden.log_probs(
            example.inputs.numpy(), example.targets.numpy(), trainer.specials.mask_id or 0
        )
        return {
            "kind": "fill in from two tokens on either side",
            "tokens": len(ids),
            "held_out_loss": round(-float(scored.mean()), 4),
        }
    model = NGram([ids], recipe.ngram_order, len(trainer.tokenizer))
    scores = [model.log_probs(row.numpy())[1:] for row in trainer.held_out_rows()]
    return {
        "order": recipe.ngram_order,
        "tokens": len(ids),
        "held_out_loss": round(-float(np.concatenate(scores).mean()), 4),
    }


def _baseline_of_pairs(trainer: Trainer, pool: Pairs, recipe: Recipe) -> dict[str, float | int | str]:
    """Of pairs of texts: an n-gram model reads each source, a start token and the target as one row."""
    draw, specials = torch.Generator().manual_seed(trainer.spec.seed), trainer.specials
    start, end = [specials.start_id], [] if specials.end_id is None else [specials.end_id]

    def row(source: list[int], target: list[int]) -> np.ndarray:
        return np.array([*source, *start, *target, *end], dtype=np.int64)

    shards = range(max(1, recipe.ngram_documents // PAIRS))
    read = (hidden(one, trainer.spec, specials, draw) for number in shards for one in pool.shard(number))
    rows = [row(*pair) for pair in read]
    model = NGram(rows, recipe.ngram_order, len(trainer.tokenizer))
    example, scores = trainer.held_out_example(), []
    assert example.mask is not None
    for inputs, mask, targets in zip(example.inputs, example.mask, example.targets):
        said = targets[targets != UNSCORED].tolist()
        found = model.log_probs(row(inputs[mask].tolist(), said[: len(said) - len(end)]))
        scores.append(found[len(found) - len(said) :])
    return {
        "kind": "reads source and target as one row",
        "order": recipe.ngram_order,
        "tokens": sum(map(len, rows)),
        "held_out_loss": round(-float(np.concatenate(scores).mean()), 4),
    }


def _sample(lm: LanguageModel, prompt: str, seed: int) -> str:
    if lm.config.shape == "encoder":
        for blank in fill(lm, prompt).one_by_one:
            prompt = prompt.replace("[MASK]", f"[{blank.token.strip()}]", 1)
        return prompt
    if lm.config.shape == "encoder-decoder":
        return f"{prompt} → {lm.generate(prompt, max_new_tokens=100).text}"
    text = lm.generate(prompt, strategy="sample", temperature=0.7, seed=seed, max_new_tokens=220).text
    return prompt + text.removesuffix("</s>")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _progress(point: Point, steps: int) -> str:
    rate = point.tokens / point.seconds
    left = point.seconds / point.step * (steps - point.step) / 60
    held_out = "" if point.held_out is None else f"  held-out {point.held_out:.3f}"
    return f"{point.step:6,}/{steps:,}  loss {point.loss:.3f}{held_out}  {rate:,.0f} tokens/s  {left:.0f} min left"


def main() -> None:
    """Train the models named on the command line, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names",
        nargs="*",
        choices=[*RECIPES, *train_digits.RECIPES, *TABLES, []],
        help="which models (default: all)",
    )
    parser.add_argument("--out", type=Path, default=BUNDLED, help="where the models' folders go, or are")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--scores", action="store_true", help="train nothing: print the models' scores anew")
    instead.add_argument(
        "--check",
        action="store_true",
        help="train nothing: compare the models' losses and scores with the bundled cards; 1 if one does not fit",
    )
    instead.add_argument(
        "--intervals", action="store_true", help="train nothing: write the intervals of losses into the cards"
    )
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's own choice)")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    keep_freed_memory()
    left_out, found = [], list[Compared]()
    measuring = options.scores or options.check or options.intervals
    everything = [*RECIPES, *train_digits.RECIPES, *TABLES] if options.out == BUNDLED else [*RECIPES]
    for name in options.names or everything:
        if name in TABLES:  # its losses are measured as it is trained, and at no other time
            if not measuring:
                out = TABLES[name].RECORDED if options.out == BUNDLED else options.out / f"{name}.json"
                TABLES[name].remake(out, SCRATCH / f"{name}.json")
            continue
        if name in train_digits.RECIPES:
            if options.check:
                found += train_digits.check(name, options.out / name)
            elif not measuring:
                train_digits.make(name, options.out / name, SCRATCH / name)
            continue
        folder, recipe = options.out / name, RECIPES[name]
        try:
            if options.scores:
                told = measured(load(folder, device="cpu"), recipe)
                print(name, json.dumps(told, indent=1, ensure_ascii=False))
            elif options.check:
                found += check(name, folder, recipe)
            elif options.intervals:
                keep_interval(name, folder, recipe)
            else:
                make(name, recipe, folder, SCRATCH / name)
        except NoText as error:  # the others can be made all the same
            left_out.append(f"{name} was left out: {error}")
    if found:
        print(table(found), verdict(found), sep="\n\n")
    if left_out:
        raise SystemExit("\n".join(left_out))
    if not all(one.inside for one in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
