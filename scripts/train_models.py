"""Train the bundled models anew, each from its seed: `make models`, or `python -m scripts.train_models tales-gpt`.

Writes assets/models/NAME: config.json, tokenizer.json, model.safetensors (float16), snapshots/STEP.safetensors (8-bit)
and card.json, which says what the model read, how its losses fell, and what an n-gram model reaches on the same text.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from core.checkpoints import save_folder, save_weights
from core.checkpoints.compact import compact
from core.data import corpora
from core.data.batches import encoded
from core.language_model import LanguageModel
from core.text.training import learn
from core.training import Point, Trainer, TrainSpec
from core.training.ngram import NGram
from core.zoo import BUNDLED


@dataclass(frozen=True)
class Recipe:
    """How one bundled model is made. `snapshots` are the steps whose weights are kept, besides the last."""

    spec: TrainSpec
    snapshots: tuple[int, ...]
    prompts: tuple[str, ...]
    tokenizer_documents: int = 20_000
    ngram_documents: int = 30_000
    ngram_order: int = 5


RECIPES = {
    "tales-gpt": Recipe(
        TrainSpec(
            model="gpt-tales",
            corpus="tales",
            steps=4_500,
            seed=1,
            batch_tokens=3_072,
            context=384,
            stages=((1 / 3, 192),),
            vocab_size=1_024,
            polar="jordan",
            practice="copies",
            eval_every=200,
            bf16=True,
            device="cpu",
        ),
        snapshots=(0, 10, 30, 70, 150, 300, 500, 800, 1_200, 2_000, 3_200),
        prompts=("Once upon a time,", "One windy morning,", "It was raining, and"),
    ),
}


def make(name: str, recipe: Recipe, folder: Path) -> None:
    """Train `recipe` and write `folder`."""
    spec = recipe.spec
    documents = islice(corpora.corpus(spec.corpus, seed=spec.seed, split="train"), recipe.tokenizer_documents)
    trainer = Trainer(spec, tokenizer=learn(spec.tokenizer, documents, spec.vocab_size))
    kept, curve, started = {}, [], time.time()
    if 0 in recipe.snapshots:
        kept[0] = compact(trainer.model.state_dict())
    for point in trainer.run():
        if point.step in recipe.snapshots:
            kept[point.step] = compact(trainer.model.state_dict())
        if point.held_out is not None or math.log2(point.step).is_integer():
            curve.append(
                {"step": point.step, "loss": round(point.loss, 4), "held_out": _rounded(point.held_out)}
            )
            print(_progress(point, spec.steps), flush=True)
    for step, weights in kept.items():
        save_weights(folder / "snapshots" / f"{step}.safetensors", weights)
    lm = LanguageModel(trainer.model, trainer.tokenizer, name)
    card = {
        "name": name,
        "steps": spec.steps,
        "parameters": lm.n_parameters,
        "spec": spec.to_dict(),
        "data": asdict(corpora.describe(spec.corpus)),
        "tokens_read": spec.steps * spec.batch_tokens,
        "minutes": round((time.time() - started) / 60, 1),
        "curve": curve,
        "held_out_loss": curve[-1]["held_out"],
        "n_gram": _baseline(trainer, recipe),
        "samples": [_sample(lm, prompt, seed) for seed, prompt in enumerate(recipe.prompts)],
    }
    save_folder(folder, trainer.model, trainer.tokenizer, card=card, dtype=torch.float16)
    print(
        json.dumps(
            {key: card[key] for key in ("held_out_loss", "n_gram", "samples")}, indent=1, ensure_ascii=False
        )
    )


def _baseline(trainer: Trainer, recipe: Recipe) -> dict[str, float | int]:
    """The held-out loss of an n-gram model, over the very rows and positions that the transformer is scored on."""
    spec, end = recipe.spec, trainer.tokenizer.id("</s>")
    documents = corpora.corpus(spec.corpus, seed=spec.seed, split="train")
    stories = list(islice(documents, recipe.ngram_documents))
    ids = np.fromiter(
        itertools.chain.from_iterable([*row, end] for row in encoded(stories, trainer.tokenizer)),
        dtype=np.int64,
    )
    model = NGram([ids], recipe.ngram_order, len(trainer.tokenizer))
    scores = [model.log_probs(row.numpy())[1:] for row in trainer.held_out_rows()]
    return {
        "order": recipe.ngram_order,
        "tokens": len(ids),
        "held_out_loss": round(-float(np.concatenate(scores).mean()), 4),
    }


def _sample(lm: LanguageModel, prompt: str, seed: int) -> str:
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
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's own choice)")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    for name in options.names or RECIPES:
        make(name, RECIPES[name], options.out / name)


if __name__ == "__main__":
    main()
