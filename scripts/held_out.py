"""What the cards of code-gpt and austen-gpt say beyond the losses of a training: everything held out, and completions.

Both are computed from the model as it was written, beside the same measure of an n-gram model over the same tokens.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from core.analysis.tasks import code_scores
from core.analysis.tasks.code_scores import Completed
from core.data import corpora
from core.data.batches import encoded
from core.language_model import LanguageModel
from core.training.ngram import NGram
from scripts import austen
from scripts.loss_interval import interval

ORDER = 5
TASKS = 300
SHOWN = 3  # completions of a card
TRIES = 4  # of a completion that is looked at before it is shown


def whole(lm: LanguageModel, model: NGram, documents: Iterable[str]) -> dict[str, Any]:
    """Nats per token over whole documents, each read by itself, as far as the context reaches.

    Returns:
        documents, tokens, characters (of the tokens scored), loss, low, high (95 %, a bootstrap over documents), n_gram
        (its loss on the same tokens).
    """
    end = lm.config.eos_ids
    own: list[float] = []
    tokens: list[int] = []
    other, characters = 0.0, 0
    for document in documents:
        ids = [*lm.tokenizer.encode(document), *end][: lm.config.n_ctx]
        own.append(-float(lm.score(ids).sum()))
        tokens.append(len(ids) - 1)
        other -= float(model.log_probs(np.array(ids))[1:].sum())
        characters += len(lm.tokenizer.decode(ids, skip_special_tokens=True))
    low, high = interval(own, tokens)
    return {
        "documents": len(own),
        "tokens": sum(tokens),
        "characters": characters,
        "loss": round(sum(own) / sum(tokens), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "n_gram": round(other / sum(tokens), 4),
    }


def ngram(lm: LanguageModel, documents: Iterable[str], order: int = ORDER) -> NGram:
    """An n-gram model of the training documents, over the tokens of `lm`."""
    end = lm.tokenizer.id("</s>")
    rows = [np.array([*ids, end]) for ids in encoded(documents, lm.tokenizer)]
    return NGram(rows, order, len(lm.tokenizer))


def prose(lm: LanguageModel) -> dict[str, Any]:
    """All held-out chapters of the novels."""
    text = austen.own_text()
    model = ngram(lm, corpora.own_text(text))
    return {"held_out": whole(lm, model, corpora.own_text(text, "held_out"))}


def code(
    lm: LanguageModel,
    train: Sequence[str] | None = None,
    kept: Sequence[str] | None = None,
    count: int = TASKS,
    **options: Any,
) -> dict[str, Any]:
    """All functions of the held-out modules, and completions of some, by `DECODING` unless `options` say otherwise.

    Args:
        train, kept: the functions read and not read; None: those of the corpus "functions".
    """
    train = list(corpora.corpus("functions")) if train is None else train
    kept = list(corpora.corpus("functions", split="held_out")) if kept is None else kept
    model = ngram(lm, train)
    asked = code_scores.tasks(kept, count)
    writers = {
        "model": code_scores.by_model(lm, **options),
        "checked": code_scores.by_model_checked(lm, TRIES, **options),
        "n_gram": code_scores.by_ngram(model, lm),
        "lookup": code_scores.by_lookup(train),
    }
    completed = {
        name: [code_scores.complete(task, writer) for task in asked] for name, writer in writers.items()
    }
    return {
        "python": platform.python_version(),
        "held_out": whole(lm, model, kept),
        "completions": {
            "rule": "written, ended, parses, no name from nowhere; attributes are no names; nothing is run",
            "prompt": "imports, signature and the docstring's first line; bodies of at least two lines",
            "decoding": options or code_scores.DECODING,
            "tasks": len(asked),
            "checked_means": f"drawn up to {TRIES} times, until one passes the rule",
            **{name: code_scores.score(each).to_dict() for name, each in completed.items()},
            "each": "".join("01"[one.check.right] for one in completed["model"]),
            "examples": [_example(each) for each in completed["model"][:SHOWN]],
        },
    }


def _example(one: Completed) -> dict[str, Any]:
    return {"prompt": one.task.prompt, "code": one.code, "reasons": list(one.check.reasons)}
