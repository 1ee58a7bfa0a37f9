"""Fill-in of blanks by a masked model: all at once, or one by one, each conditioned on those already filled.

A masked model predicts each blank as if the others stayed blank. Filled all at once, two blanks may each be likely and
together make no sense; filled in turn, the second knows the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from core.decoding.labels import wants
from core.decoding.prefixes import ROOT, Prefixes

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text


@dataclass(frozen=True)
class Blank:
    """The token that fills one blank.

    position: in the text.   token: as a person reads it.
    alone: its probability while every blank is open.   in_turn: while those to its left are filled, as in this text.
    """

    position: int
    id: int
    token: str
    alone: float
    in_turn: float


@dataclass(frozen=True)
class Fill:
    """A text's blanks, filled in two ways.

    together: the likeliest token of each blank, all read from one pass.
    one_by_one: from left to right, the likeliest each time, a pass each.
    log_prob_together, log_prob_one_by_one: of all blanks, by the left-to-right conditionals (natural log), so that the
        two can be compared. (Another order would give other numbers: a masked model has no one joint distribution.)
    ids_together, ids_one_by_one: the whole texts.
    passes: of the model, for both.
    """

    together: tuple[Blank, ...]
    one_by_one: tuple[Blank, ...]
    log_prob_together: float
    log_prob_one_by_one: float
    ids_together: tuple[int, ...]
    ids_one_by_one: tuple[int, ...]
    passes: int


@torch.inference_mode()
def fill(lm: LanguageModel, text: Text, *, slots: Sequence[int] | None = None) -> Fill:
    """Fill the blanks of an encoder's text.

    Args:
        slots: the blanks, by position; None: where the mask tokens stand.

    Raises:
        ValueError: no encoder, a head that says no tokens, or a text without a blank.
    """
    wants(lm, "lm")
    if lm.config.shape != "encoder":
        raise ValueError(f"{lm.name} is a {lm.config.shape}: it continues a text and fills no blanks")
    prefixes = Prefixes(lm, text, slots=slots)
    first = lm.transformer(prefixes.ids([ROOT]))[0, list(prefixes.slots)].float().softmax(-1)  # (blanks, V)
    together, node = first.argmax(-1).tolist(), ROOT
    in_turn: list[int] = []
    for _ in prefixes.slots:
        in_turn.append(int(prefixes.logits([node]).argmax(-1)))
        node = prefixes.child(node, in_turn[-1])
    told = [_blanks(prefixes, first, ids) for ids in (together, in_turn)]
    whole = [tuple(prefixes.ids([_node(prefixes, ids)])[0].tolist()) for ids in (together, in_turn)]
    return Fill(
        together=told[0][0],
        one_by_one=told[1][0],
        log_prob_together=told[0][1],
        log_prob_one_by_one=told[1][1],
        ids_together=whole[0],
        ids_one_by_one=whole[1],
        passes=1 + prefixes.passes,
    )


def _node(prefixes: Prefixes, ids: Sequence[int]) -> int:
    node = ROOT
    for id in ids:
        node = prefixes.child(node, id)
    return node


def _blanks(prefixes: Prefixes, first: torch.Tensor, ids: Sequence[int]) -> tuple[tuple[Blank, ...], float]:
    """Return each blank's token with its two probabilities, and log p of all. first: (blanks, V), all blanks open."""
    node, total, found = ROOT, 0.0, []
    for place, id, alone in zip(prefixes.slots, ids, first):
        log_p = float(prefixes.log_probs(node)[id])
        total += log_p
        found.append(
            Blank(
                place,
                id,
                prefixes.lm.tokenizer.display(id),
                float(alone[id]),
                float(torch.tensor(log_p).exp()),
            )
        )
        node = prefixes.child(node, id)
    return tuple(found), total
