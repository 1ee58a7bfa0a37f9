"""The surprisal of a text under the open model, beside that of single held-out sentences.

For a model that has read much of a language its own likelihood is the measure: nats a character, which does not hang on
how its tokenizer cuts. The first token does not count, since it has no context.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import torch

from core.language_model import LanguageModel

SHARE = 0.995  # of single held-out sentences lie below the limit
SHORTEST = 9  # minimum characters after the first token
MOST = 512  # tokens measured, the first ones
_END = re.compile(r"(?<=[.!?]) ")


@torch.no_grad()
def nats_a_character(lm: LanguageModel, text: str) -> float | None:
    """Compute nats per character of a text after its first token; None if the text is too short.

    Raises:
        ValueError: the model predicts no next token.
    """
    ids = lm.encode(" ".join(text.split()))[: min(MOST, lm.config.n_ctx)]
    special = lm.special_ids
    begins = next((at for at, id in enumerate(ids) if id not in special), len(ids))
    behind = lm.tokenizer.decode(ids[begins + 1 :], skip_special_tokens=True)
    if len(behind) < SHORTEST:
        return None
    return -float(lm.score(ids)[begins:].sum()) / len(behind)


def sentences(documents: Iterable[str]) -> list[str]:
    """Split documents into sentences, each once."""
    lines = [line for text in documents for line in _END.split(" ".join(text.split()))]
    return list(dict.fromkeys(line for line in lines if len(line) > 2 * SHORTEST))


def limit(lm: LanguageModel, lines: Sequence[str]) -> float:
    """Compute the nats per character that `SHARE` of the sentences stay below.

    Raises:
        ValueError: none of them can be measured.
    """
    found = [nats for line in lines if (nats := nats_a_character(lm, line)) is not None]
    if not found:
        raise ValueError("there is no sentence to measure a limit on")
    return float(np.quantile(found, SHARE))
