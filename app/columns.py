"""Tables in the reader's language: the names of their columns, and what names a row. CSV files keep the English ones.

A number in a name is a place of its message, and so is a word in quotes: "after block 2" is "after block {a}".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any

from core.messages import ENGLISH, mark_of, say, say_of, spoken

_COLUMN, _CELL = "column", "cell"
_PLACED = re.compile(r"\d+(?:,\d{3})*|'[^']*'")

COLUMNS = frozenset({
    mark_of("column", "row"), mark_of("column", "token"), mark_of("column", "place"),
    mark_of("column", "stream length"), mark_of("column", "attention adds"),
    mark_of("column", "cross-attention adds"), mark_of("column", "MLP adds"), mark_of("column", "guess"),
    mark_of("column", "probability"), mark_of("column", "tokenizer"), mark_of("column", "piece"),
    mark_of("column", "entry"), mark_of("column", "start"), mark_of("column", "end"), mark_of("column", "unknown"),
    mark_of("column", "vector length"), mark_of("column", "what"), mark_of("column", "table"),
    mark_of("column", "word"), mark_of("column", "row or number"), mark_of("column", "value"),
    mark_of("column", "of"), mark_of("column", "number"), mark_of("column", "second value"),
    mark_of("column", "head"), mark_of("column", "does"), mark_of("column", "reads"), mark_of("column", "weight"),
    mark_of("column", "score"), mark_of("column", "previous token"), mark_of("column", "recent tokens"),
    mark_of("column", "first token"), mark_of("column", "itself"), mark_of("column", "same token"),
    mark_of("column", "induction"), mark_of("column", "induction on random tokens"),
    mark_of("column", "short of an even spread"), mark_of("column", "share of block {a}’s output"),
    mark_of("column", "single changes added"), mark_of("column", "fit of the pair"),
    mark_of("column", "change of log p without it"), mark_of("column", "before the bend"),
    mark_of("column", "behind it"), mark_of("column", "share of what is written"), mark_of("column", "switch"),
    mark_of("column", "length written"), mark_of("column", "length at the end"), mark_of("column", "cosine"),
    mark_of("column", "sum so far"), mark_of("column", "logit"), mark_of("column", "in"), mark_of("column", "out"),
    mark_of("column", "line"), mark_of("column", "position"), mark_of("column", "p"), mark_of("column", "loss, nats"),
    mark_of("column", "loss, bits"), mark_of("column", "smoothed, nats"), mark_of("column", "objective"),
    mark_of("column", "token of the text"), mark_of("column", "must say"), mark_of("column", "sees"),
    mark_of("column", "step"), mark_of("column", "reads most"), mark_of("column", "score of L{a}H{b}"),
    mark_of("column", "loss on the text"), mark_of("column", "training loss"), mark_of("column", "validation loss"),
    mark_of("column", "learning rate"), mark_of("column", "gradient norm"),
    mark_of("column", "loss before"), mark_of("column", "loss after"), mark_of("column", "gradient"),
    mark_of("column", "used"), mark_of("column", "first"), mark_of("column", "second"),
    mark_of("column", "first_hat"), mark_of("column", "second_hat"), mark_of("column", "direction"),
    mark_of("column", "before"), mark_of("column", "after"), mark_of("column", "race: (x, y) loss"),
    mark_of("column", "clean"), mark_of("column", "factor of the mask"), mark_of("column", "under the mask"),
    mark_of("column", "mean over masks"), mark_of("column", "way"), mark_of("column", "run"),
    mark_of("column", "right"), mark_of("column", "held-out accuracy"), mark_of("column", "low"),
    mark_of("column", "high"), mark_of("column", "numbers learned"), mark_of("column", "of these the head's"),
    mark_of("column", "bytes"), mark_of("column", "seconds"), mark_of("column", "old loss before"),
    mark_of("column", "old loss after"), mark_of("column", "says of the text"), mark_of("column", "measure"),
    mark_of("column", "whole"), mark_of("column", "without the part"), mark_of("column", "shape"),
    mark_of("column", "model"), mark_of("column", "likeliest"), mark_of("column", "p of the text's own"),
    mark_of("column", "nearest"), mark_of("column", "name"), mark_of("column", "from"),
    mark_of("column", "architecture"), mark_of("column", "licence"), mark_of("column", "weights"),
    mark_of("column", "tables"), mark_of("column", "attention"), mark_of("column", "feed-forward"),
    mark_of("column", "norms and heads"), mark_of("column", "bytes stored"), mark_of("column", "bytes in memory"),
    mark_of("column", "weights the text uses"), mark_of("column", "root mean square"),
    mark_of("column", "text before"), mark_of("column", "warped"), mark_of("column", "sum of log p"),
    mark_of("column", "paths"), mark_of("column", "entropy after it (bits)"), mark_of("column", "part"),
    mark_of("column", "text"), mark_of("column", "share of it"), mark_of("column", "true"),
    mark_of("column", "operations"), mark_of("column", "share or rate"), mark_of("column", "list"),
    mark_of("column", "association"), mark_of("column", "effect size"), mark_of("column", "p, two-sided"),
    mark_of("column", "p, one-sided"), mark_of("column", "exact"), mark_of("column", "splits"),
    mark_of("column", "published d"), mark_of("column", "published p, one-sided"), mark_of("column", "share found"),
    mark_of("column", "conclusive"), mark_of("column", "not used"), mark_of("column", "pronoun gap of"),
    mark_of("column", "profession"), mark_of("column", "gap, nats"), mark_of("column", "gap, low"),
    mark_of("column", "gap, high"), mark_of("column", "share of she"), mark_of("column", "tokens"),
    mark_of("column", "lab run"), mark_of("column", "dose"), mark_of("column", "she, dialled"),
    mark_of("column", "she, others"), mark_of("column", "block"), mark_of("column", "says first"),
    mark_of("column", "chance of it"), mark_of("column", "chance"), mark_of("column", "kind"),
    mark_of("column", "width"), mark_of("column", "seed"), mark_of("column", "N without embeddings"),
    mark_of("column", "N of the embeddings"), mark_of("column", "operations counted"), mark_of("column", "loss"),
    mark_of("column", "used for the fit"), mark_of("column", "law"), mark_of("column", "share right"),
    mark_of("column", "log p"), mark_of("column", "{a} in a row right"), mark_of("column", "Kaplan L(N, D)"),
    mark_of("column", "Hoffmann L(N, D)"), mark_of("column", "rounded"), mark_of("column", "weights moved"),
    mark_of("column", "products moved"), mark_of("column", "says"), mark_of("column", "says then"),
    mark_of("column", "chance then"), mark_of("column", "first choices kept"), mark_of("column", "on the front"),
    mark_of("column", "true word"), mark_of("column", "cost in nats"), mark_of("column", "probability without it"),
    mark_of("column", "picture"), mark_of("column", "its caption"), mark_of("column", "cosine of the two"),
    mark_of("column", "caption found"), mark_of("column", "picture found by its caption"), mark_of("column", "study"),
    mark_of("column", "at"), mark_of("column", "mean"), mark_of("column", "seeds or rounds"),
    mark_of("column", "came"), mark_of("column", "component {a}"), mark_of("column", "here"),
    mark_of("column", "optimizer"), mark_of("column", "matrix"), mark_of("column", "numbers"),
    mark_of("column", "rms"), mark_of("column", "largest, of either sign"),
    mark_of("column", "share within one rms of 0"), mark_of("column", "operations a byte"),
    mark_of("column", "operations a second"), mark_of("column", "bytes a second"), mark_of("column", "test"),
    mark_of("column", "chance from"), mark_of("column", "chance to"), mark_of("column", "published"),
    mark_of("column", "found, least of the lists"), mark_of("column", "parameters"),
    mark_of("column", "characters read"), mark_of("column", "on the frontier"), mark_of("column", "yours"),
    mark_of("column", "off the law, %"), mark_of("column", "mean log p of a character"),
    mark_of("column", "one right"), mark_of("column", "to"), mark_of("column", "year"),
    mark_of("column", "loss by Kaplan"), mark_of("column", "by Hoffmann"), mark_of("column", "by the refit"),
    mark_of("column", "source"), mark_of("column", "setting"), mark_of("column", "keeps"),
    mark_of("column", "beaten by none"), mark_of("column", "share removed"), mark_of("column", "numbers, file"),
    mark_of("column", "Loss above the whole model’s, nats a token"), mark_of("column", "rise low"),
    mark_of("column", "rise high"), mark_of("column", "First choices that stay the same"),
    mark_of("column", "agreement low"), mark_of("column", "agreement high"), mark_of("column", "student"),
    mark_of("column", "held-out loss"), mark_of("column", "along"),
})  # fmt: skip

# Columns whose cells are words of ours; those of the others are tokens, texts and names.
NAMING = frozenset({
    "what", "place", "does", "line", "way", "measure", "from", "architecture", "paths", "kind", "study", "objective",
    "part", "here", "run", "student", "along", "optimizer",
})  # fmt: skip

# In such rows the column "of" names parts of a model, as "head" or "cache"; in all other rows it has tokens.
COUNTED = frozenset({
    "part", "training", "use", "training fits", "using fits", "reading", "writing", "whole training",
    "scale of a token",
})  # fmt: skip

CELLS = frozenset({
    mark_of("cell", "attention"), mark_of("cell", "scores"), mark_of("cell", "mlp"), mark_of("cell", "norms"),
    mark_of("cell", "head"), mark_of("cell", "all"), mark_of("cell", "weights"), mark_of("cell", "gradients"),
    mark_of("cell", "optimizer"), mark_of("cell", "activations"), mark_of("cell", "cache"),
    mark_of("cell", "texts of this length"), mark_of("cell", "tokens in this many texts"),
    mark_of("cell", "operations a byte"), mark_of("cell", "TFLOP/s at most"), mark_of("cell", "hours of one card"),
    mark_of("cell", "operations on {a} tokens"), mark_of("cell", "cross-attention"), mark_of("cell", "sum"),
    mark_of("cell", "mean taken off"), mark_of("cell", "divided by"), mark_of("cell", "number {a}"),
    mark_of("cell", "embedding"), mark_of("cell", "after block {a}"), mark_of("cell", "prediction {a}"),
    mark_of("cell", "{a} in two sentences, depth {b}"), mark_of("cell", "looked up"),
    mark_of("cell", "nearest, cosine"), mark_of("cell", "analogy man : king = woman : ?"),
    mark_of("cell", "nearest in the other table, cosine"),
    mark_of("cell", "two sentences, cosine"), mark_of("cell", "token {a} of the text"),
    mark_of("cell", "number {a} of token {b}"), mark_of("cell", "token"), mark_of("cell", "position vector"),
    mark_of("cell", "cosine"), mark_of("cell", "by distance: mean, spread"),
    mark_of("cell", "other order, as it is: change"), mark_of("cell", "other order, as it is: p before, after"),
    mark_of("cell", "other order, without positions: change"),
    mark_of("cell", "other order, without positions: p before, after"),
    mark_of("cell", "other order, without positions or mask: change"),
    mark_of("cell", "other order, without positions or mask: p before, after"), mark_of("cell", "neuron"),
    mark_of("cell", "token: share of the neurons that fire"),
    mark_of("cell", "next token: as it is, and with neurons off"), mark_of("cell", "ledger"),
    mark_of("cell", "scale of a token"), mark_of("cell", "pre-norm, rms"), mark_of("cell", "post-norm, rms"),
    mark_of("cell", "token of the text"), mark_of("cell", "Gradient descent"), mark_of("cell", "Momentum"),
    mark_of("cell", "activation"), mark_of("cell", "next token"), mark_of("cell", "asked"), mark_of("cell", "writes"),
    mark_of("cell", "model"), mark_of("cell", "part of the open model"), mark_of("cell", "row {a}"),
    mark_of("cell", "part"), mark_of("cell", "training"), mark_of("cell", "use"), mark_of("cell", "training fits"),
    mark_of("cell", "using fits"), mark_of("cell", "reading"), mark_of("cell", "writing"),
    mark_of("cell", "kept up to the token"), mark_of("cell", "whole training"), mark_of("cell", "published preset"),
    mark_of("cell", "word"), mark_of("cell", "word of the text"), mark_of("cell", "test"), mark_of("cell", "lens"),
    mark_of("cell", "part: embedding"), mark_of("cell", "part: attention"), mark_of("cell", "part: mlp"),
    mark_of("cell", "part: biases"), mark_of("cell", "part: head {a}"), mark_of("cell", "patched stream"),
    mark_of("cell", "patched attention"), mark_of("cell", "patched mlp"), mark_of("cell", "patched head {a}"),
    mark_of("cell", "clean text says"), mark_of("cell", "corrupted text says"), mark_of("cell", "weight"),
    mark_of("cell", "matrix"), mark_of("cell", "setting"), mark_of("cell", "first token"), mark_of("cell", "mixed"),
    mark_of("cell", "recent tokens"), mark_of("cell", "induction"), mark_of("cell", "previous token"),
    mark_of("cell", "same token"), mark_of("cell", "itself"), mark_of("cell", "by chance"),
    mark_of("cell", "followed"), mark_of("cell", "batch, row {a}"), mark_of("cell", "option"),
    mark_of("cell", "all others"), mark_of("cell", "entropy, nats"), mark_of("cell", "cross-entropy, nats"),
    mark_of("cell", "loss at, nats"), mark_of("cell", "From scratch"), mark_of("cell", "Frozen body"),
    mark_of("cell", "Full"), mark_of("cell", "frozen body"), mark_of("cell", "full"), mark_of("cell", "from scratch"),
    mark_of("cell", "prompt tuning"), mark_of("cell", "context"), mark_of("cell", "steps"),
    mark_of("cell", "elsewhere"), mark_of("cell", "current"), mark_of("cell", "default"), mark_of("cell", "value"),
    mark_of("cell", "command"), mark_of("cell", "loss"), mark_of("cell", "read"), mark_of("cell", "carry"),
    mark_of("cell", "gradient"), mark_of("cell", "entropy"), mark_of("cell", "spread"), mark_of("cell", "ahead"),
    mark_of("cell", "dead"), mark_of("cell", "order"), mark_of("cell", "comes with Glassbox"),
    mark_of("cell", "published, fetched with Glassbox"), mark_of("cell", "the Hugging Face hub"),
    mark_of("cell", "decoder, {a} blocks × {b} heads, width {c}"),
    mark_of("cell", "encoder, {a} blocks × {b} heads, width {c}"),
    mark_of("cell", "encoder-decoder, {a} + {b} blocks × {c} heads, width {d}"),
    mark_of("cell", "encoder, {a} blocks × {b} heads, width {c}, classifies texts"),
    mark_of("cell", "encoder, {a} blocks × {b} heads, width {c}, finds answers"), mark_of("cell", "beam {a}"),
    mark_of("cell", "sample"), mark_of("cell", "greedy"), mark_of("cell", "may follow the text"),
    mark_of("cell", "the text"), mark_of("cell", "recorded"), mark_of("cell", "published"), mark_of("cell", "rank"),
    mark_of("cell", "examples"), mark_of("cell", "prompt"), mark_of("cell", "game: list"),
    mark_of("cell", "game: pairs"), mark_of("cell", "game: kinds"), mark_of("cell", "verdict"),
    mark_of("cell", "next_token"), mark_of("cell", "masked"), mark_of("cell", "span_corruption"),
    mark_of("cell", "span_corruption, encoder"), mark_of("cell", "its neighbours"), mark_of("cell", "the analogy"),
    mark_of("cell", "used for the fit"), mark_of("cell", "kept from the fit"), mark_of("cell", "plain"),
    mark_of("cell", "dropout"), mark_of("cell", "weight decay"), mark_of("cell", "both"),
    mark_of("cell", "student alone"), mark_of("cell", "student taught"), mark_of("cell", "labelled examples"),
})  # fmt: skip


def named(table: Mapping[str, Sequence[Any]]) -> Mapping[str, Sequence[Any]]:
    """Translate the names of a table's columns, and the cells that name its rows, for the reader."""
    if spoken() == ENGLISH:
        return table
    found: dict[str, list[Any]] = {}
    for name, column in table.items():
        said = heading(name)
        if name in NAMING:
            cells = [cell(value) for value in column]
        elif name == "of" and "what" in table:
            cells = [cell(of) if what in COUNTED else of for what, of in zip(table["what"], column)]
        else:
            cells = list(column)
        found[name if said in found else said] = cells
    return found


def heading(name: str) -> str:
    """Translate the name of a column; a column of one token is named by that token, which stays."""
    return _said(_COLUMN, COLUMNS, name)


def cell(value: Any) -> Any:
    """Translate a cell that names a row, by the words listed here or else by a page's own messages."""
    if not isinstance(value, str):
        return value
    said = _said(_CELL, CELLS, value)
    return say(value) if said == value else said


def _said(context: str, known: frozenset[str], words: str) -> str:
    if words in known:
        return say_of(context, words)
    places: dict[str, object] = {}

    def place(found: re.Match[str]) -> str:
        letter = ascii_lowercase[len(places)]
        places[letter] = found[0]
        return f"{{{letter}}}"

    few = len(_PLACED.findall(words)) <= len(ascii_lowercase)
    pattern = _PLACED.sub(place, words) if few else words
    if pattern in known:
        return say_of(context, pattern, **places)
    if ", " in words:  # several, as the paths through a token
        return ", ".join(_said(context, known, one) for one in words.split(", "))
    return words
