"""Pictures outside of the app, whichever takes a model and a text and whichever takes neither."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import core
from app import show
from app.kit.figures import Figure
from app.outside.documents import Picture

SHOWN = sorted(name for name, one in vars(show).items() if isinstance(one, show.Show))


def figure(name: str) -> Figure[Any]:
    """What the page of that name says of its picture."""
    found: Figure[Any] = import_module(f"pages.{name}.export").FIGURE
    return found


OF_A_MODEL = [name for name in SHOWN if figure(name).model]
ALONE = [name for name in SHOWN if not figure(name).model]
OF_A_TEXT = [name for name in SHOWN if figure(name).text]


# The arguments of each picture that tests draw, beside its model and text: the whole picture first, then a step.
ASKED: dict[str, list[dict[str, Any]]] = {
    "adaptability": [
        {},
        {"step": "rank", "rank": 16},
        {"step": "prompt", "vectors": 2},
        {"step": "context", "game": "kinds", "told": 8},
    ],
    "applications": [
        {},
        {"task": "summarize", "example": 3, "part": 1},
        {"task": "story", "hero": "Theo"},
        {"task": "code", "step": 2},
    ],
    "fine_tuning": [
        {},
        {"task": "questions", "question": "Who lost a ball?", "axis": "seconds"},
        {"step": "number", "row": 3, "col": 5},
    ],
    "home": [{}, {"layer": 1, "head": 2, "row": 3}, {"step": 4}],
    "attention": [
        {},
        {"layer": 2, "head": 1, "row": 6, "step": "softmax"},
        {"mask": False, "temperature": 2.0},
    ],
    "multimodal": [
        {},
        {"picture": 3, "word": 2, "head": 5},
        {"step": 4},
        {"drawn": True, "strokes": "IpI94k.TIJaTcdQ2S2q"},
    ],
    "multi_head": [{}, {"layer": 0, "head": 3, "row": 4, "panel": "pair"}, {"step": 5}, {"off": "3.2"}],
    "bias": [
        {},
        {"test": "6", "step": "removal"},
        {"vectors": "model", "step": "cosine", "subject": 3, "mate": 2},
        {"direction": "removed", "step": "word"},
    ],
    "break_it": [{}, {"part": "norm", "moment": 1}, {"part": "nothing", "step": 2}],
    "compute": [
        {},
        {
            "configuration": "gpt2",
            "batch": 3,
            "length": 64,
            "precision": "bf16",
            "card": "t4",
            "step": "Optimizer",
        },
        {"n_layers": 2, "d_mlp": 256},
    ],
    "decoding": [{}, {"depth": 5, "beams": 2, "sample": False}, {"step": 2}],
    "efficiency": [
        {},
        {"bits": 2, "per": "group", "group": 16, "rounding": "gptq", "around_zero": False, "step": "rounded"},
        {"bits": 16, "layer": 1, "piece": "out", "row": 7},
    ],
    "embeddings": [
        {},
        {"table": "model", "row": 3, "along": "analogy", "step": 6},
        {"word": "queen", "along": "near"},
    ],
    "families": [{}, {"row": 3, "step": 2}, {"task": "summarize", "crossing": 2}],
    "feed_forward": [
        {},
        {"layer": 1, "row": 4, "bend": "relu"},
        {"silence": "strongest", "loudest": 5},
        {"step": 2},
    ],
    "interpretability": [
        {},
        {"layer": 1, "head": 2, "row": 4, "parts": "says patches", "panel": "heads"},
        {"parts": "patches", "panel": "stream", "position": 3, "depth": 1, "extent": "here"},
        {"step": 4},
    ],
    "lab": [{}, {"moment": 800, "axis": "tokens"}, {"beside": "tales-bert break-norm"}],
    "loss": [{}, {"row": 4, "step": 2, "unit": "bits"}, {"smoothing": 0.1}],
    "models": [
        {},
        {"picked": "tales-bert", "scale": "linear"},
        {"source": "bundled", "shape": "encoder-decoder"},
    ],
    "norm_residual": [{}, {"layer": 1, "line": "mlp", "row": 5, "norm": "layer"}, {"step": 3}],
    "objectives": [{}, {"row": 3, "rate": 0.4, "length": 2, "seed": 5, "step": 4}],
    "optimizers": [
        {},
        {"surface": "rosenbrock", "racers": "sgd adam", "racer": "adam", "step": 20, "start": "1 -0.5"},
    ],
    "positions": [
        {},
        {"kind": "own", "layer": 1, "head": 0, "row": 6, "col": 2},
        {"kind": "alibi", "step": 1},
    ],
    "tokenization": [
        {"corpus": "fables", "size": 300},
        {"corpus": "fables", "size": 300, "method": "wordpiece", "merge": 40, "word": "found"},
        {"corpus": "fables", "size": 300, "method": "unigram", "round": 1},
    ],
    "regularization": [
        {},
        {"layer": 1, "row": 4, "number": 7, "site": "attention", "rate": 0.5, "seed": 3, "beside": "decay"},
        {"in_use": True, "step": 1},
    ],
    "scaling": [{}, {"against": "compute", "withheld": 2}, {"against": "data", "width": 48, "step": "law"}],
}
CASES = [(name, arguments) for name in SHOWN for arguments in ASKED.get(name, [{}])]


# What is learned for a picture, made small where a test is about something else.
SMALLER: dict[str, dict[str, Any]] = {"tokenization": {"corpus": "fables", "size": 300}}


def draw(name: str, lm: core.LanguageModel, text: str, **arguments: Any) -> Picture:
    """Draw a page's picture, of as much of this model and text as it takes."""
    one: show.Show = getattr(show, name)
    arguments = SMALLER.get(name, {}) | arguments
    if figure(name).model:
        return one(lm, text, **arguments)
    return one(text=text, **arguments) if figure(name).text else one(**arguments)


def without_times(data: dict[str, Any]) -> dict[str, Any]:
    """What a picture draws but for the times of passes, which no two measurements share."""
    return {name: part for name, part in data.items() if name != "passes"}
