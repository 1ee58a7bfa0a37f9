"""What tales-t5's card says of its cross-attention: word alignment in translations, and the sentence of an answer.

`python -m scripts.reading_report tales-t5` computes it anew and prints it; with `--card` and a folder it goes into that
folder's card, under "alignment" and "pointed". Heads are chosen on examples of the training split, drawn from a seed
that training does not use; everything else is measured on held-out combinations.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import core
from core.analysis.heads import alignment, answer_location
from core.analysis.heads.cross_reading import Rule
from core.analysis.tasks.task_scores import FIRST_SEED, examples
from core.data.toyland.asked import Asked
from core.data.toyland.spanish import Translation, words
from core.language_model import LanguageModel
from core.vectors.probe import wilson

CHOSEN_ON, TRAIN_SEED = 200, 800_000_001
EXAMPLES = 500
PAIRS = 5_000  # that IBM model 1 learns from


def report(
    lm: LanguageModel, count: int = EXAMPLES, chosen_on: int = CHOSEN_ON, pairs: int = PAIRS
) -> dict[str, Any]:
    """Both parts, as plain JSON: "alignment" and "pointed"."""
    return {"alignment": aligned(lm, count, chosen_on, pairs), "pointed": sentence(lm, count, chosen_on)}


def aligned(lm: LanguageModel, count: int, chosen_on: int, pairs: int) -> dict[str, Any]:
    """Alignment error rate of the best head, of all heads' mean, of the diagonal and of IBM model 1."""
    train = _truths("translate", max(chosen_on, pairs), "train")
    kept: Sequence[Translation] = _truths("translate", count, "held_out")
    chosen = alignment.choose(lm, train[:chosen_on])
    readings = [alignment.told(lm, example) for example in kept]
    lexical = alignment.LexicalModel((words(one.english), words(one.spanish)) for one in train[:pairs])
    counts = {
        "model": [
            alignment.counted(found, one, chosen.rule, chosen.share) for found, one in zip(readings, kept)
        ],
        "all heads": [alignment.counted(found, one, Rule(), 1.0) for found, one in zip(readings, kept)],
        "diagonal": [_compared(alignment.diagonal, one) for one in kept],
        "IBM model 1": [_compared(lexical.links, one) for one in kept],
    }
    return {
        "measure": "alignment error rate (Och & Ney 2003), of words, marks left out; the generator's Spanish is given",
        "split": "held out by combination",
        "seed": FIRST_SEED,
        "examples": len(kept),
        "interval": "95 %, percentiles of a bootstrap over sentences",
        "rule": chosen.rule.to_dict() | {"share": chosen.share},
        "chosen_on": {"examples": chosen_on, "split": "train", "error": round(chosen.error, 4)},
        "pairs": pairs,
        **{name: alignment.said(each) for name, each in counts.items()},
    }


def _compared(aligner: Any, one: Translation) -> alignment.Counts:
    return alignment.compared(aligner(words(one.english), words(one.spanish)), one.links, one.possible)


def sentence(lm: LanguageModel, count: int, chosen_on: int) -> dict[str, Any]:
    """How often the sentence that is read most while the answer is written is the one that tells the answer."""
    train: Sequence[Asked] = _truths("question", chosen_on, "train")
    kept: Sequence[Asked] = _truths("question", count, "held_out")
    chosen = answer_location.choose(lm, train)
    found = [
        int(np.argmax(answer_location.shares(answer_location.read(lm, one), chosen.rule)))
        == answer_location.truth(one)
        for one in kept
    ]
    alike = [answer_location.most_alike(one) == answer_location.truth(one) for one in kept]
    return {
        "measure": "the sentence that gets most attention while the model writes its own answer tells the answer",
        "split": "held out by combination",
        "seed": FIRST_SEED,
        "examples": len(kept),
        "interval": "95 %, Wilson 1927",
        "rule": chosen.rule.to_dict(),
        "chosen_on": {"examples": chosen_on, "split": "train", "right": round(chosen.right, 4)},
        "model": asdict(wilson(sum(found), len(found))),
        "most words of the question": asdict(wilson(sum(alike), len(alike))),
        "chance": round(float(np.mean([answer_location.chance(one) for one in kept])), 4),
    }


def _truths(name: str, count: int, split: Any) -> list[Any]:
    seed = FIRST_SEED if split == "held_out" else TRAIN_SEED
    return [pair.truth for pair in examples(name, count, seed, split)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report of a model, or write it into the card of its folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a bundled model's name, or a folder")
    parser.add_argument("--card", action="store_true", help="write it into the card of the folder")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="held-out examples of each part")
    options = parser.parse_args(arguments)
    folder = Path(options.model)
    lm = core.load(folder if folder.is_dir() else options.model)
    found = report(lm, options.examples)
    print(json.dumps(found, indent=1))
    if options.card:
        file = folder / "card.json"
        card = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps(card | found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
