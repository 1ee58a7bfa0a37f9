"""A small encoder that knows nothing yet, and fine-tuning runs of some steps: for the tests of fine-tuning."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Any

from core.config import preset
from core.data.toyland.news import news
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.text.training import MASK, learn
from core.training.fine_tune_spec import FineTuneSpec

WAYS = ("scratch", "frozen", "full", "lora", "prompt")
OWN = "The soup was good.\tpositive\nIt was not good.\tnegative\n\nA kite that flew.\tPositive\nIt broke.\tnegative\n"


@cache
def base() -> LanguageModel:
    """An encoder of two thin blocks with a vocabulary of news. Shared: nobody writes to it."""
    texts = [one.text for one in islice(news(1, "train"), 200)]
    tokenizer = learn("wordpiece", texts, 400, [MASK])
    config = preset(
        "gpt-nano", shape="encoder", n_layers=2, d_model=24, n_heads=2, n_ctx=96, d_vocab=len(tokenizer),
        mask_id=tokenizer.id(MASK),
    )  # fmt: skip
    model = build(config)
    initialise(
        model, config, seed=4, spread=0.15
    )  # with zeros, as a recipe begins, nothing would reach A and B
    return LanguageModel(model.eval(), tokenizer, "small")


def spec(**changes: Any) -> FineTuneSpec:
    """Some steps on some news."""
    few = {
        "examples": 40,
        "steps": 12,
        "batch": 4,
        "held_out": 12,
        "eval_every": 5,
        "checkpoints": 3,
        "rank": 2,
    }
    return FineTuneSpec(**(few | changes))
