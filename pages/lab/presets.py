"""Offer whole presets, shapes, data, and a fair peak rate for each optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.counts import counted
from core.messages import mark, say
from core.training import TrainSpec
from core.training.recipes import fast, plain

DATA = {"tales": "Toyland", "fables": "Fables", "python": "Python", "own": mark("Own text")}
TOKENIZERS = {
    "characters": mark("characters"), "bpe": "BPE", "words": mark("words"), "wordpiece": "WordPiece",
    "unigram": "Unigram",
}  # fmt: skip
OBJECTIVES = {
    "next_token": mark("next token (GPT)"), "masked": mark("hidden tokens (BERT)"),
    "span_corruption": mark("hidden spans (T5)"), "text_to_text": mark("tasks as texts (T5)"),
}  # fmt: skip
OPTIMIZERS = {"muon": "Muon", "adamw": "AdamW", "adam": "Adam", "momentum": mark("Momentum"), "sgd": "SGD"}
BRIEFLY = {
    "linear": mark("linear"),
    "cosine": mark("cosine"),
    "constant": mark("constant"),
}  # schedules in a row
SCHEDULES = {
    "linear": mark("linear to zero"), "cosine": mark("cosine to zero"), "constant": mark("constant"),
}  # fmt: skip
# (blocks, heads, width)
SHAPES = (
    (1, 1, 32),
    (1, 2, 64),
    (2, 2, 64),
    (3, 4, 64),
    (2, 2, 128),
    (2, 4, 128),
    (4, 2, 128),
    (4, 4, 128),
    (6, 4, 128),
)
# A peak rate at which each optimizer trains these shapes well.
RATES = {"muon": 0.02, "adamw": 0.003, "adam": 0.003, "momentum": 0.1, "sgd": 0.5}
LADDER = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.02, 0.03, 0.05, 0.09, 0.2, 0.5, 1.0, 3.0)
WORDS_OF = {
    "words": 1000,
    "bpe": 512,
    "wordpiece": 512,
    "unigram": 512,
    "characters": 512,
}  # vocabulary sizes


@dataclass(frozen=True)
class Preset:
    """A whole spec by a name, and in a sentence what it is for."""

    name: str
    about: str
    make: Callable[[], TrainSpec]


def _tales(**changes: Any) -> TrainSpec:
    return fast(**{"corpus": "tales", "tokenizer": "characters", **changes})


PRESETS: dict[str, Preset] = {
    "fast": Preset(
        mark("Fast recipe, characters"), mark("Our quickest recipe: from noise to words."), _tales
    ),
    "plain": Preset(
        mark("Plain GPT-2, characters"),
        mark("GPT-2's shape, AdamW, warm-up and cosine, as most tutorials train."),
        lambda: plain(corpus="tales", tokenizer="characters", steps=600),
    ),
    "pieces": Preset(
        mark("Fast recipe, BPE pieces"),
        mark("The same with 512 pieces learned by BPE: whole words, seldom misspelt."),
        lambda: _tales(tokenizer="bpe", vocab_size=512),
    ),
    "bert": Preset(
        mark("BERT: hidden tokens"),
        mark("An encoder that guesses hidden pieces from both sides."),
        lambda: _tales(tokenizer="bpe", vocab_size=512, objective="masked", steps=300),
    ),
    "t5": Preset(
        mark("T5: hidden spans"),
        mark("An encoder and a decoder that writes what was hidden."),
        lambda: _tales(tokenizer="bpe", vocab_size=512, objective="span_corruption", steps=300).replace(
            changes=shape_changes(2, 2, 128)
        ),
    ),
    "tasks": Preset(
        mark("T5: tasks as texts"),
        mark("An encoder and a decoder that translate, answer and judge, each by its prefix."),
        lambda: _tales(tokenizer="bpe", vocab_size=1024, objective="text_to_text", steps=400).replace(
            changes={**shape_changes(2, 4, 128), "n_ctx": 128},
            context=128,
            stages=((0.6, 64),),
            tasks=(("translate", 0.5), ("question", 0.2), ("sentiment", 0.3)),
        ),
    ),
}


def default() -> TrainSpec:
    """What Start trains when nothing was chosen."""
    return PRESETS["fast"].make()


@dataclass(frozen=True)
class Recipe:
    """How the weights are moved, whatever the model and the data are: settings of a spec, and what they cost.

    Attributes:
        loss: validation loss of the default preset under this recipe, nats a character: lowest and highest of the
            seeds 0, 1 and 2, in bfloat16. Of AdamW's rates 0.003, 0.01 and 0.02 the best two are alike.
            `tests/unit/test_lab_recipes.py` trains one seed again.
    """

    name: str
    values: Mapping[str, Any]
    loss: tuple[float, float]


def _moves(spec: TrainSpec) -> dict[str, Any]:
    names = ("optimizer", "learning_rate", "schedule", "clip", "weight_decay", "momentum", "beta1", "beta2")
    return {name: getattr(spec, name) for name in names}


RECIPES: dict[str, Recipe] = {
    "default": Recipe(mark("Default: Muon, linear"), _moves(default()), (1.223, 1.283)),
    "lecture": Recipe(
        mark("As in the lecture: AdamW, cosine"),
        {
            **_moves(default()), "optimizer": "adamw", "learning_rate": 0.01, "schedule": "cosine", "clip": 1.0,
            "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.98,
        },
        (1.868, 1.885),
    ),
}  # fmt: skip


def apply_recipe(spec: TrainSpec, name: str) -> TrainSpec:
    """Return a spec with the optimizer and the schedule of a recipe; a cosine begins with a tenth of warm-up."""
    values = dict(RECIPES[name].values)
    return spec.replace(**values, warmup=spec.steps // 10 if values["schedule"] == "cosine" else 0)


def recipe_of(spec: TrainSpec) -> str:
    """Return the recipe that a spec follows, "" where it follows none."""
    return next((name for name in RECIPES if apply_recipe(spec, name) == spec), "")


def shape_changes(blocks: int, heads: int, width: int) -> dict[str, Any]:
    """The changes of a spec that make its model this large."""
    return {"n_layers": blocks, "n_heads": heads, "d_model": width}


def shape_of(spec: TrainSpec) -> tuple[int, int, int]:
    """(blocks, heads, width) of a spec's model."""
    config = spec.config(max(spec.vocab_size, 8))
    return config.n_layers, config.n_heads, config.d_model


def told(spec: TrainSpec) -> list[tuple[str, str]]:
    """Describe a spec's settings as rows: name, value."""
    read = counted(spec.batch_tokens, "character" if spec.tokenizer == "characters" else "token")
    optimizer = f"{say(OPTIMIZERS[spec.optimizer])}, {spec.learning_rate:g}, {say(BRIEFLY[spec.schedule])}"
    return [
        (say("Data"), data_of(spec)),
        (say("Task"), say(OBJECTIVES[spec.objective])),
        (say("Shape"), shape_name(shape_of(spec))),
        (say("Optimizer"), optimizer),
        (say("Steps"), say("{steps} of {read}", steps=f"{spec.steps:,}", read=read)),
    ]


def data_of(spec: TrainSpec) -> str:
    """Name a spec's data and how its text is cut."""
    return f"{say(DATA.get(spec.corpus, spec.corpus))}, {say(TOKENIZERS[spec.tokenizer])}"


def shape_name(shape: tuple[int, int, int]) -> str:
    """A shape as the list names it."""
    blocks, heads, width = shape
    return say("{blocks} × {heads}, {width} wide", blocks=blocks, heads=counted(heads, "head"), width=width)
