"""Measure what the card of a published model says: `python -m scripts.record_real` completes assets/real/*.json.

Its losses on texts of this project that nobody has trained on elsewhere, in units that do not hang on a vocabulary,
beside the small models of the same texts; the limit above which a text is unlike what it can read; and what it says
next in the texts that pages show it with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import islice
from math import exp, log
from typing import Any

import torch

from core import load, real
from core.analysis.tasks import instructed, surprise, task_scores
from core.data.corpora import corpus
from core.language_model import LanguageModel
from core.machine import processor
from core.real import FACTS

STORIES = 30  # held-out texts of a corpus, at most
LINES = 600  # sentences that the limit is measured on
TEXTS = {  # held-out texts of this project, and the small model that was made for them
    "fables": "tales-gpt",
    "tales": "tales-gpt",
    "functions": "code-gpt",
}
ASKED = {"question": 60, "sentiment": 60, "summarize": 12, "translate": 24}  # held-out examples of each task
SHOWN = 3  # of them, on the card
LONGEST = 384  # tokens that are read of a text, by either model
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("a fact", "The capital of France is"),
    ("a fact, by a pattern", "Paris is in France. Berlin is in"),
    ("a repeated thing", "A red ball was lost. She found the red"),
    ("an indirect object", "When Mary and John went to the shop, John gave a drink to"),
    ("a list said again", "apple, river, candle, stone. apple, river, candle,"),
    ("pairs in the text", "hot: cold, big: small, up: down, left:"),
    ("a sum", "3 + 4 = 7, 2 + 3 = "),
    ("code", "def add(a, b):\n    return a +"),
    ("a second language", "Un, deux, trois,"),
    ("a word of two senses", "The bat flew out of the cave at night. A bat is an"),
    ("the same word, its other sense", "He swung the bat and hit the"),
)


def held_out(name: str) -> list[str]:
    """Held-out texts of a corpus."""
    return list(islice(corpus(name, 0, "held_out"), STORIES))


def beside(lm: LanguageModel, name: str, small: str) -> dict[str, Any]:
    """The loss on a corpus, with the bits a byte of the small model that was made for such texts."""
    texts = held_out(name)
    return loss(lm, texts) | {
        f"bits_a_byte_of_{small}": loss(load(small, device="cpu"), texts)["bits_a_byte"]
    }


@torch.no_grad()
def loss(lm: LanguageModel, documents: Iterable[str]) -> dict[str, Any]:
    """Loss over the first tokens of each document but the very first one, which nothing stands before.

    Returns:
        documents, tokens, nats a token, perplexity (its exponential), and bits a byte, which compares vocabularies.
    """
    nats, tokens, size, count = 0.0, 0, 0, 0
    for document in documents:
        ids = lm.tokenizer.encode(document)[: min(LONGEST, lm.config.n_ctx)]
        if len(ids) < 2:
            continue
        nats -= float(lm.score(ids).sum())
        tokens += len(ids) - 1
        first = lm.tokenizer.decode(ids[:1], skip_special_tokens=True)
        size += len(lm.tokenizer.decode(ids, skip_special_tokens=True).encode()) - len(first.encode())
        count += 1
    return {
        "documents": count,
        "tokens": tokens,
        "nats_a_token": round(nats / tokens, 3),
        "perplexity": round(exp(nats / tokens), 2),
        "bits_a_byte": round(nats / log(2) / size, 3),
    }


def tasks(lm: LanguageModel) -> dict[str, Any]:
    """What an assistant makes of the tasks of Toyland, asked through its chat template, greedily."""
    found = {}
    for name, count in ASKED.items():
        pairs = task_scores.examples(name, count)
        scored = instructed.scored(lm, name, pairs)
        found[name] = {
            "examples": count,
            "exact": asdict(scored.exact),
            **({} if scored.holds is None else {"holds": asdict(scored.holds)}),
            **(
                {} if name != "translate" else {"chrF": chrf(scored.written, [pair.target for pair in pairs])}
            ),
            "shown": [
                {"request": instructed.request(name, pair.source), "answer": text, "truth": pair.target}
                for pair, text in islice(zip(pairs, scored.written, strict=True), SHOWN)
            ],
        }
        print(name, {key: value for key, value in found[name].items() if key != "shown"}, flush=True)
    return found


def chrf(written: Sequence[str], wanted: Sequence[str]) -> float:
    """chrF of translations (Popović 2015), sacrebleu's."""
    from sacrebleu.metrics import CHRF

    return round(float(CHRF().corpus_score(list(written), [list(wanted)]).score), 2)


@torch.no_grad()
def said(lm: LanguageModel) -> list[dict[str, Any]]:
    """What the model says next in each example."""
    found = []
    for what, text in EXAMPLES:
        sure = lm.trace(text).logits[-1].softmax(-1)
        token = int(sure.argmax())
        found.append(
            {
                "what": what,
                "text": text,
                "next": lm.tokenizer.display(token),
                "p": round(float(sure[token]), 3),
            }
        )
    return found


def of_decoder(lm: LanguageModel) -> dict[str, Any]:
    """What is measured of a model that writes."""
    fables = [*corpus("fables", 0, "held_out"), *corpus("fables", 0, "train")]  # it has read none of them
    lines = surprise.sentences(fables)[:LINES]
    limit = surprise.limit(lm, lines)
    examples = said(lm)
    return {
        "texts": [one["text"] for one in examples],
        "examples": examples,
        "held_out": {text: beside(lm, text, small) for text, small in TEXTS.items()},
        "unlike": {"limit": round(limit, 3), "sentences": len(lines), "of": "fables"},
        "scores": tasks(lm),
        "measured_on": processor(),
    }  # fmt: skip


def main() -> None:
    """Measure every published model that writes, and complete its card."""
    for name in real.BY_NAME:
        path = FACTS / f"{name}.json"
        facts, lm = json.loads(path.read_text(encoding="utf-8")), load(name, device="cpu")
        if lm.config.head == "lm":
            facts |= of_decoder(lm)
            path.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            print(json.dumps({key: facts[key] for key in ("held_out", "unlike", "examples")}, indent=1))


if __name__ == "__main__":
    main()
