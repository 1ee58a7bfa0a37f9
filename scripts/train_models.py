"""Train the bundled models anew, each from its seed: `make models`, or `python -m scripts.train_models tales-gpt`.

Writes assets/models/NAME: config.json, tokenizer.json, model.safetensors (float16), snapshots/STEP.safetensors (8-bit)
and card.json, which says what the model read, how its losses fell, and what an n-gram model reaches on the same text.
A training that was stopped goes on from .training/NAME, where it keeps what it needs for that.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import shutil
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, get_args

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
from core.text.tokenizer import Tokenizer
from core.text.training import learn
from core.training import Point, Trainer
from core.training.loss import UNSCORED
from core.training.ngram import FillIn, NGram
from core.training.preparation import learned, special_tokens
from core.training.state import State
from core.training.text_to_text import hidden
from core.vectors.meanings import Keep, Told, every_word, together
from core.zoo import BUNDLED, load
from scripts.austen import NoText
from scripts.recipes import RECIPES, Recipe

SCRATCH = Path(__file__).parent.parent / ".training"


def make(name: str, recipe: Recipe, folder: Path, scratch: Path | None = None, every: int = 100) -> None:
    """Train `recipe` and write `folder`.

    Args:
        scratch: where a stopped training left its state, and leaves it `every` so many steps; removed at the end.
    """
    spec = recipe.spec
    trainer, curve = _begin(recipe, scratch)
    for step in recipe.snapshots:
        if step == trainer.done_steps == 0:
            _keep(trainer, folder)
    for point in trainer.run():
        if point.step in recipe.snapshots:
            _keep(trainer, folder)
        if point.held_out is not None or math.log2(point.step).is_integer():
            curve.append(
                {"step": point.step, "loss": round(point.loss, 4), "held_out": _rounded(point.held_out)}
            )
            print(_progress(point, spec.steps), flush=True)
        if scratch is not None and point.step % every == 0:
            _save(trainer, curve, scratch)
    lm = LanguageModel(trainer.model, trainer.tokenizer, name)
    card = {
        "name": name,
        "steps": spec.steps,
        "parameters": lm.n_parameters,
        "spec": spec.to_dict(),
        "data": asdict(recipe.about or corpora.describe(spec.corpus)),
        "tokens_read": spec.steps * spec.batch_tokens,
        "minutes": round(trainer.seconds / 60, 1),
        "curve": curve,
        "held_out_loss": curve[-1]["held_out"],
        "n_gram": _baseline(trainer, recipe),
        "samples": [_sample(lm, prompt, seed) for seed, prompt in enumerate(recipe.prompts)],
    }
    if recipe.note:
        card["note"] = recipe.note
    if recipe.shown:
        card["texts"] = list(recipe.prompts)
    if spec.practice:
        card["practice"] = asdict(corpora.describe(spec.practice))
    save_folder(folder, trainer.model, trainer.tokenizer, card=card, dtype=torch.float16)
    if recipe.senses or recipe.scores:  # of the weights as they were written
        card |= measured(load(folder, device="cpu"), recipe)
        save_folder(folder, trainer.model, trainer.tokenizer, card=card, dtype=torch.float16)
    if scratch is not None:
        shutil.rmtree(scratch, ignore_errors=True)
    said = {
        key: card[key] for key in ("held_out_loss", "n_gram", "samples", "senses", "scores") if key in card
    }
    print(json.dumps(said, indent=1, ensure_ascii=False))


def measured(lm: LanguageModel, recipe: Recipe) -> dict[str, Any]:
    """What a card says besides losses and samples: of a probe, of a task."""
    found: dict[str, Any] = {}
    if recipe.senses:
        found["senses"] = senses(lm, recipe)
    if recipe.scores:
        found["scores"] = recipe.scores(lm)
    return found


def senses(lm: LanguageModel, recipe: Recipe) -> dict[str, Any]:
    """How often a probe tells the senses of Toyland's ambiguous words apart, in each way of holding sentences out."""
    kept = every_word(lm, get_args(Keep), recipe.senses, recipe.senses_seed)
    return {
        "examples_a_sense": recipe.senses,
        "seed": recipe.senses_seed,
        **{keep: _told(together(words)) | {"words": _by_word(words)} for keep, words in kept.items()},
    }


def _told(all_words: Told) -> dict[str, Any]:
    return {
        "static": asdict(all_words.static),
        "layers": [asdict(layer) for layer in all_words.layers],
        "best": all_words.best,
        "fitted": all_words.fitted,
    }


def _by_word(words: list[Told]) -> dict[str, list[int]]:
    """Right answers and examples of each word, at the depth that is best for all."""
    best = together(words).best
    return {one.word: [one.layers[best].right, one.layers[best].of] for one in words}


def _begin(recipe: Recipe, scratch: Path | None) -> tuple[Trainer, list[dict[str, Any]]]:
    """A new training, or the one that was stopped, with its curve so far."""
    spec = recipe.spec
    if scratch is not None and (scratch / "state.safetensors").is_file():
        state = State.from_bytes((scratch / "state.safetensors").read_bytes())
        if state.meta["spec"] == spec.to_dict():
            print(f"going on from step {state.step:,}", flush=True)
            return Trainer.resume(spec, state, recipe.own_text()), list(state.meta["curve"])
    return Trainer(spec, recipe.own_text(), tokenizer=_tokenizer(recipe)), []


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


def _save(trainer: Trainer, curve: list[dict[str, Any]], scratch: Path) -> None:
    """All that a stopped training needs to go on: written beside the last one, which it then takes the place of."""
    state = trainer.state()
    state = State(state.tensors, {**state.meta, "curve": curve})
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
    parser.add_argument("names", nargs="*", choices=[*RECIPES, []], help="which models (default: all)")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="where the models' folders go")
    parser.add_argument(
        "--scores", action="store_true", help="train nothing: print the bundled models' scores anew"
    )
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's own choice)")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    keep_freed_memory()
    left_out = []
    for name in options.names or RECIPES:
        try:
            if options.scores:
                found = measured(load(options.out / name, device="cpu"), RECIPES[name])
                print(name, json.dumps(found, indent=1, ensure_ascii=False))
            else:
                make(name, RECIPES[name], options.out / name, SCRATCH / name)
        except NoText as error:  # the others can be made all the same
            left_out.append(f"{name} was left out: {error}")
    if left_out:
        raise SystemExit("\n".join(left_out))


if __name__ == "__main__":
    main()
