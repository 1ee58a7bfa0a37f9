"""What a card says that can be measured on a model as it lies in its folder: its loss, a probe's answers, its tasks."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from core.data.shards import Shards
from core.language_model import LanguageModel
from core.training.reading import Reading
from core.vectors.meanings import Keep, Told, every_word, together
from core.zoo import card as card_of
from core.zoo import load
from scripts import loss_interval, reading_report
from scripts.check_models import INTERVAL, LOSS, Compared, compare
from scripts.recipes import Recipe

_ALIKE = 1e-3  # nats: weights are stored in half precision


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


def again(lm: LanguageModel, recipe: Recipe, card: Mapping[str, Any]) -> dict[str, Any]:
    """What of a card can be measured without a training, laid out as in a card."""
    loss, sure = loss_interval.held_out(lm.transformer, reading_of(lm, recipe))
    found = {LOSS: loss, INTERVAL: sure, **measured(lm, recipe)}
    return found | (reading_report.report(lm) if "alignment" in card else {})


def reading_of(lm: LanguageModel, recipe: Recipe) -> Reading:
    """What a recipe's training reads, through the tokenizer of the model that came of it."""
    return Reading(recipe.spec, lm.tokenizer, Shards(recipe.spec, recipe.own_text()), None)


def check(name: str, folder: Path, recipe: Recipe) -> list[Compared]:
    """Measure the model in a folder again and compare it with the bundled card of its name."""
    shipped = card_of(name)
    if (said := shipped.get("scores", {}).get("python", "")) not in ("", platform.python_version()):
        print(f"{name}: its card was measured on the library of Python {said}, which has other functions")
    return compare(name, shipped, again(load(folder, device="cpu"), recipe, shipped))


def keep_interval(name: str, folder: Path, recipe: Recipe) -> None:
    """Write the interval of its loss into a folder's card, which was made before cards had one.

    Raises:
        ValueError: the loss is another one today, so the interval would be of another figure.
    """
    path = folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    lm = load(folder, device="cpu")
    loss, sure = loss_interval.held_out(lm.transformer, reading_of(lm, recipe))
    if abs(loss - card[LOSS]) > _ALIKE:
        raise ValueError(f"{name}: its loss is {loss} on the rows of today, and its card says {card[LOSS]}")
    card.pop(INTERVAL, None)
    told = {}
    for key, value in card.items():
        told[key] = value
        if key == LOSS:
            told[INTERVAL] = sure
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(name, json.dumps({LOSS: card[LOSS], INTERVAL: sure}, ensure_ascii=False))
