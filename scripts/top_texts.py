"""The texts that fire each neuron of a bundled model most: `python -m scripts.top_texts` for all, or name some.

Reads held-out documents of the corpus that the model learned from, told anew by their seed, and writes
assets/neurons/NAME.safetensors. It belongs to the very weights: make it again when the model is trained again. A model
whose text the project does not have reads the fables, none of which it has ever read.
"""

from __future__ import annotations

import argparse
import platform
import time
from dataclasses import replace
from pathlib import Path

import torch

from core import zoo
from core.analysis.neurons.top_texts import FOLDER, TopTexts, find_top, fingerprint, sample_texts
from core.data import corpora

TEXTS = 1_000
SEED = 0


def make(name: str, texts: int = TEXTS) -> TopTexts:
    """Read `texts` documents with the bundled model `name`."""
    lm = zoo.load(name, device="cpu")
    corpus, split = _read(str(zoo.card(name)["spec"]["corpus"]))
    tokens = 0

    def count(now: int) -> None:
        nonlocal tokens
        tokens = now

    read = list(sample_texts(lm, corpus, texts, seed=SEED, split=split))
    table = find_top(lm, read, progress=count)
    about = {
        "model": name, "weights": fingerprint(lm), "corpus": corpus, "split": split, "seed": SEED,
        "texts": len(read), "tokens": tokens, "python": platform.python_version(),
    }  # fmt: skip
    return replace(table, about=about)


def _read(corpus: str) -> tuple[str, corpora.Split]:
    return ("fables", "train") if corpus == corpora.OWN_TEXT.name else (corpus, "held_out")


def main() -> None:
    """Make the tables of the models named on the command line, or of all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*zoo.bundled(), []], help="which models (default: all)")
    parser.add_argument("--texts", type=int, default=TEXTS, help=f"documents to read (default: {TEXTS:,})")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the files go")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.names or zoo.bundled():
        if zoo.load(name, device="cpu").config.shape == "encoder-decoder":
            print(f"{name} has two stacks: pages read a sample for the one that is open")
            continue
        began = time.perf_counter()
        table = make(name, options.texts)
        path = options.out / f"{name}.safetensors"
        table.save(path)
        seconds = time.perf_counter() - began
        print(
            f"{path.name}: {table.about['tokens']:,} tokens, {path.stat().st_size / 1e3:,.0f} kB, {seconds:.0f} s"
        )


if __name__ == "__main__":
    main()
