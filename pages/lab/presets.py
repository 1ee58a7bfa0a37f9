"""Offer whole presets, shapes, data, and a fair peak rate for each optimizer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.training import TrainSpec
from core.training.recipes import fast, plain

DATA = {"tales": "Toyland", "fables": "Fables", "python": "Python", "own": "Own text"}
TOKENIZERS = {
    "characters": "characters", "bpe": "BPE", "words": "words", "wordpiece": "WordPiece", "unigram": "Unigram",
}  # fmt: skip
OBJECTIVES = {
    "next_token": "next token (GPT)", "masked": "hidden tokens (BERT)", "span_corruption": "hidden spans (T5)",
    "text_to_text": "tasks as texts (T5)",
}  # fmt: skip
OPTIMIZERS = {"muon": "Muon", "adamw": "AdamW", "adam": "Adam", "momentum": "Momentum", "sgd": "SGD"}
SCHEDULES = {
    "linear": "linear to zero", "cosine": "cosine to zero", "constant": "constant",
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
    "fast": Preset("Fast recipe, characters", "Our quickest recipe: from noise to words.", _tales),
    "plain": Preset(
        "Plain GPT-2, characters",
        "GPT-2's shape, AdamW, warm-up and cosine, as most tutorials train.",
        lambda: plain(corpus="tales", tokenizer="characters", steps=600),
    ),
    "pieces": Preset(
        "Fast recipe, BPE pieces",
        "The same with 512 pieces learned by BPE: whole words, seldom misspelt.",
        lambda: _tales(tokenizer="bpe", vocab_size=512),
    ),
    "bert": Preset(
        "BERT: hidden tokens",
        "An encoder that guesses hidden pieces from both sides.",
        lambda: _tales(tokenizer="bpe", vocab_size=512, objective="masked", steps=300),
    ),
    "t5": Preset(
        "T5: hidden spans",
        "An encoder and a decoder that writes what was hidden.",
        lambda: _tales(tokenizer="bpe", vocab_size=512, objective="span_corruption", steps=300).replace(
            changes=shape_changes(2, 2, 128)
        ),
    ),
    "tasks": Preset(
        "T5: tasks as texts",
        "An encoder and a decoder that translate, answer and judge, each by its prefix.",
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


def shape_changes(blocks: int, heads: int, width: int) -> dict[str, Any]:
    """The changes of a spec that make its model this large."""
    return {"n_layers": blocks, "n_heads": heads, "d_model": width}


def shape_of(spec: TrainSpec) -> tuple[int, int, int]:
    """(blocks, heads, width) of a spec's model."""
    config = spec.config(max(spec.vocab_size, 8))
    return config.n_layers, config.n_heads, config.d_model


def told(spec: TrainSpec) -> list[tuple[str, str]]:
    """Describe a spec's settings as rows: name, value."""
    unit = "characters" if spec.tokenizer == "characters" else "tokens"
    return [
        ("Data", f"{DATA.get(spec.corpus, spec.corpus)}, {TOKENIZERS[spec.tokenizer]}"),
        ("Task", OBJECTIVES[spec.objective]),
        ("Shape", shape_name(shape_of(spec))),
        ("Optimizer", f"{OPTIMIZERS[spec.optimizer]}, {spec.learning_rate:g}, {spec.schedule}"),
        ("Steps", f"{spec.steps:,} of {spec.batch_tokens:,} {unit}"),
    ]


def shape_name(shape: tuple[int, int, int]) -> str:
    """A shape as the list names it."""
    blocks, heads, width = shape
    return f"{blocks} × {heads} head{'s' * (heads > 1)}, {width} wide"
