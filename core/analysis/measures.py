"""Measures of one model on one text, by name: the closed list from which lessons take their numbers.

`MEASURES` declares each with its arguments; `core.analysis.expressions` reads them in a text like
`weight(L3H2, 10, 3) > 0.9` and asks `Measures` for their values. A measure is a number or a token, and nothing is
evaluated as Python.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from typing import Any, Literal

import torch

from core.analysis.heads.steps import Change, attention_steps
from core.analysis.health.component_ablation import predicting_row, without
from core.analysis.neurons.feed_forward import token_steps
from core.analysis.neurons.knockouts import knock_out_neurons
from core.analysis.stream.ledger import ledger
from core.analysis.stream.ledger_lines import direct_logits
from core.analysis.stream.logit_lens import logit_lens
from core.config import WITHOUT
from core.hooks import Intervention, ablate_head, intervene
from core.language_model import LanguageModel
from core.text.published import Published, published
from core.trace import Trace, residual_streams
from core.training.text_loss import text_loss
from core.vectors.analogies import solve
from core.vectors.association import Measured, measure
from core.vectors.debiasing import gender_direction
from core.vectors.probe import Accuracy
from core.vectors.residual_bias import leftover
from core.vectors.static import glove
from core.vectors.word_lists import ten_tests

Number = float | str
Kind = Literal["token", "text", "head", "parts", "count", "word", "name"]


class MeasureError(ValueError):
    """Raised for a measure that does not exist, or whose arguments this model and text do not have."""


@dataclass(frozen=True)
class Measure:
    """One measure: the kinds of its arguments, how many of them are needed, and how its value is written."""

    takes: tuple[Kind, ...]
    needs: int
    digits: int  # decimals of its value in prose
    about: str


MEASURES: dict[str, Measure] = {
    "p": Measure(("token", "text"), 1, 3, "the probability of a next token"),
    "top": Measure(("text",), 0, 3, "the probability of the likeliest next token"),
    "said": Measure(("text",), 0, 0, "the likeliest next token"),
    "loss": Measure(("text",), 0, 2, "the mean loss of the text, in nats a token"),
    "nats": Measure(("count", "text"), 1, 2, "the loss of one token, by its place in the text, in nats"),
    "hardest": Measure((), 0, 0, "the token that was expected least"),
    "logp": Measure(("text", "text"), 1, 2, "the sum of log-probabilities of a continuation, in nats"),
    "lens": Measure(("count", "token"), 1, 3, "the probability of a token, read off the stream after a block"),
    "weight": Measure(("head", "count", "count"), 3, 3, "the weight that a head's row gives to a column"),
    "score": Measure(("head", "count", "count"), 3, 1, "the score of a head's row and column, before the softmax"),
    "off": Measure(("parts", "token", "text"), 1, 3, "the probability of a token with parts of the model off"),
    "broken": Measure(("parts", "text"), 1, 0, "1: with parts off the probabilities are no numbers, else 0"),
    "hide": Measure(("head", "count", "count", "token"), 3, 3, "the probability of a token with one key hidden"),
    "moved": Measure(("head", "count", "count", "count"), 4, 3, "the weight of a row on a column, another one hidden"),
    "trained": Measure(("count", "token", "text"), 1, 3, "the probability of a token after some training steps"),
    "same": Measure(("count", "count"), 2, 3, "the cosine of two rows' embeddings"),
    "pieces": Measure(("text", "name"), 1, 0, "the number of tokens that a text becomes, or in a published vocabulary"),
    "blind": Measure((), 0, 2, "the loss of guessing blindly among all tokens, in nats"),
    "unturned": Measure(("head", "count", "count"), 3, 3, "a weight of a head whose queries and keys are not turned"),
    "spoilt": Measure(("parts", "text"), 1, 2, "the mean loss of the text with parts of the model off"),
    "muted": Measure(("count", "count", "token"), 2, 3, "the probability of a token, a block's strongest neurons off"),
    "firing": Measure(("count",), 1, 0, "how many neurons of a block are above 0 in the predicting row"),
    "adds": Measure(("parts", "token"), 1, 2, "what parts add to a token's logit directly"),
    "size": Measure(("count",), 1, 0, "the length of the predicting row's stream after a block; -1: before the first"),
    "told": Measure(("name",), 1, 2, "the share of GloVe's leaning words that a classifier puts on their side"),
    "alike": Measure(("word", "word"), 2, 2, "the cosine of two words in GloVe"),
    "near": Measure(("word",), 1, 0, "the nearest word in GloVe"),
    "analogy": Measure(("word", "word", "word"), 3, 0, "the answer to a is to b as c is to ... in GloVe"),
    "weat": Measure(("count", "name"), 1, 2, "the effect size of one of the ten association tests on GloVe"),
    "pvalue": Measure(("count", "name"), 1, 4, "its p-value, two-sided"),
    "curve": Measure(("name", "name", "count"), 2, 3, "a recorded training's loss, training or held_out, at a step"),
    "best": Measure(("name",), 1, 3, "the lowest held-out loss of a recorded training"),
    "beststep": Measure(("name",), 1, 0, "its step"),
    "rms": Measure(("name",), 1, 3, "the root mean square of a recorded run's weights at its end"),
    "rung": Measure(("count", "count", "count"), 2, 3, "the ladder's loss by width and characters read, and by seed"),
    "ngram": Measure(("name",), 1, 2, "the held-out loss of an n-gram model on a bundled model's text"),
    "judged": Measure(("name", "name"), 1, 1, "percent of held-out examples right after a recorded fine-tuning"),
    "learned": Measure(("name", "name"), 1, 0, "the numbers that it learned"),
    "cells": Measure(("name",), 1, 0, "the numbers in the matrix W of Fine-tuning, or in LoRA's thin ones"),
    "shift": Measure(("name",), 1, 1, "percent of that matrix's length that full, or lora, changes"),
    "adapted": Measure(("name",), 1, 1, "percent of held-out texts right after a recorded adaptation: lora4-100"),
    "numbers": Measure(("name",), 1, 0, "the numbers that an adaptation learns"),
    "ahead": Measure(("name", "name"), 2, 0, "1: the seeds tell that an adaptation is better, -1: worse, 0: neither"),
    "prompted": Measure(("name", "name", "count"), 3, 1, "percent right with examples in the prompt, by game and how"),
    "kept": Measure(("count",), 1, 0, "percent of held-out first choices that stay in so many bits a weight"),
    "zeroed": Measure(("count",), 1, 0, "percent of the weights into the last MLP that become 0 in so many bits"),
    "burden": Measure((), 0, 2, "how many times its weights training the model with AdamW holds"),
    "fits": Measure(("name", "name", "name", "name"), 3, 0, "texts that fit on a card: mode, model, precision, card"),
    "weights": Measure(("name",), 1, 1, "the weights of a model of the hub, in millions"),
}  # fmt: skip

_HEAD = re.compile(r"L(\d+)H(\d+)")
_PART = re.compile(r"(attention|mlp)(\d+)")
_OUTPUTS = {"attention": "hook_attn_out", "mlp": "hook_mlp_out"}


@dataclass
class Measures:
    """The measures of a model on a text.

    `moment` opens the model as it was after a step of its training; None: `trained` is not available. `recorded` holds
    the measures of recorded runs by name (`core.runs.run_measures`), which stand on a floor above.
    """

    lm: LanguageModel
    text: str
    target: str | None = None
    moment: Callable[[int], LanguageModel] | None = None
    recorded: Mapping[str, Callable[..., Number]] = field(default_factory=dict)
    _passes: dict[str, Trace] = field(default_factory=dict)

    def value(self, name: str, arguments: Sequence[str]) -> Number:
        """Compute one measure.

        Raises:
            MeasureError: no such measure, or an argument that is wrong, or that this model or text lacks.
        """
        known = MEASURES.get(name)
        if known is None:
            raise MeasureError(f"there is no measure “{name}”: there are {', '.join(MEASURES)}")
        if not known.needs <= len(arguments) <= len(known.takes):
            raise MeasureError(f"{name} takes {_takes(known)}; it was given {len(arguments)}")
        given = [_READ[kind](raw) for kind, raw in zip(known.takes, arguments, strict=False)]
        compute = getattr(self, f"_{name}", partial(self._recorded, name))
        try:
            found: Number = compute(*given)
        except (ValueError, IndexError) as why:  # a head, a row or a text that this model lacks
            raise MeasureError(f"{name}({', '.join(arguments)}): {why}") from why
        return found

    def written(self, name: str, value: Number) -> str:
        """Write a measure's value as prose shows it: a token with its space as a dot, a number rounded."""
        if isinstance(value, str):
            return value.replace(" ", "·", 1) if value.startswith(" ") else value
        return f"{value:,.{MEASURES[name].digits}f}"

    # ------------------------------------------------------------------------------------------------- the measures

    def _p(self, token: str, text: str | None = None) -> float:
        return self._chance(self._pass(text), token)

    def _top(self, text: str | None = None) -> float:
        return float(self._likely(self._pass(text)).max())

    def _said(self, text: str | None = None) -> str:
        return self.lm.tokenizer.display(int(self._likely(self._pass(text)).argmax()))

    def _loss(self, text: str | None = None) -> float:
        return -float(self.lm.score(self.text if text is None else text, target=self.target).mean())

    def _nats(self, place: int, text: str | None = None) -> float:
        losses = self._losses(self.text if text is None else text)
        return losses[_of(place, len(losses) + 1, "token") - 1]

    def _hardest(self) -> str:
        losses = self._losses(self.text)
        at = 1 + max(range(len(losses)), key=losses.__getitem__)
        return self.lm.tokenizer.display(self._ids(self.text)[at])

    def _logp(self, more: str, text: str | None = None) -> float:
        before = self.text if text is None else text
        whole, start = self._ids(before + more), self._ids(before)
        if whole[: len(start)] != start:
            raise MeasureError(f"“{more}” changes the tokens before it: begin it with a space")
        return -sum(self._losses(before + more)[len(start) - 1 :])

    def _lens(self, block: int, token: str | None = None) -> float:
        trace = self._pass()
        lens = logit_lens(self.lm, trace, token=self._id(token))
        assert lens.chance is not None
        return float(lens.chance[_of(block, len(lens.chance) - 1, "block") + 1, self._row(trace)])

    def _weight(self, head: tuple[int, int], row: int, column: int) -> float:
        return float(self._head(head).pattern[row, column])

    def _score(self, head: tuple[int, int], row: int, column: int) -> float:
        return float(self._head(head).masked[row, column])

    def _off(self, parts: Sequence[str], token: str | None = None, text: str | None = None) -> float:
        said = self._said(text) if token is None else token
        lm, edits = self._missing(parts)
        other = Measures(lm, self.text, self.target)  # its own passes, which are not kept
        with intervene(*edits):
            return other._chance(other._run(self.text if text is None else text), said)

    def _broken(self, parts: Sequence[str], text: str | None = None) -> float:
        return float(math.isnan(self._off(parts, text=text)))

    def _spoilt(self, parts: Sequence[str], text: str | None = None) -> float:
        lm, edits = self._missing(parts)
        with torch.no_grad(), intervene(*edits):
            return float(text_loss(lm, self.text if text is None else text, self.target)(lm.transformer))

    def _hide(self, head: tuple[int, int], row: int, column: int, token: str | None = None) -> float:
        row = _of(row, len(self._head(head).ids), "row")
        hidden = self._head(head, Change(edits=((row, column, float("-inf")),)))
        return float(hidden.after[self._id(token)])

    def _trained(self, step: int, token: str | None = None, text: str | None = None) -> float:
        if self.moment is None:
            raise MeasureError("no moments of this model's training were kept")
        said = self._said(text) if token is None else token
        return Measures(self.moment(step), self.text if text is None else text, self.target)._p(said)

    def _same(self, row: int, other: int) -> float:
        rows = self._pass()["hook_embed"]
        return float(torch.cosine_similarity(rows[row], rows[other], dim=-1))

    def _pieces(self, text: str, vocabulary: str | None = None) -> float:
        return len(self._vocabulary(vocabulary).encode(text))

    def _blind(self) -> float:
        return math.log(self.lm.config.d_vocab)

    def _unturned(self, head: tuple[int, int], row: int, column: int) -> float:
        return float(self._head(head, Change(turn=False)).pattern[row, column])

    def _muted(self, block: int, count: int, token: str | None = None) -> float:
        row = self._row(self._pass())
        strongest = token_steps(
            self.lm, self.text, block, row, target=self.target, trace=self._pass()
        ).strongest(count)
        found = knock_out_neurons(self.lm, self.text, block, strongest, row=row, target=self.target)
        return float(found.after[self._id(token)])

    def _firing(self, block: int) -> float:
        trace = self._pass()
        return float(
            (
                token_steps(self.lm, self.text, block, self._row(trace), target=self.target, trace=trace).post
                > 0
            ).sum()
        )

    def _adds(self, parts: Sequence[str], token: str | None = None) -> float:
        trace = self._pass()
        book, through = (
            ledger(self.lm, self.text, self._row(trace), through_final=final, target=self.target, trace=trace)
            for final in (False, True)
        )
        found = direct_logits(self.lm, book, through, self._id(token)).parts
        return sum(found[_line(part)] for part in parts)

    def _size(self, block: int) -> float:
        trace = self._pass()
        prefix = "decoder." if self.lm.config.shape == "encoder-decoder" else ""
        streams = residual_streams(
            trace, prefix, self.lm.config.decoder_layers if prefix else self.lm.config.n_layers
        )
        return float(streams[_of(block + 1, len(streams), "block")][self._row(trace)].norm())

    # ------------------------------------------------------------------------- of words, whatever the model

    def _alike(self, one: str, other: str) -> float:
        return glove().cosine(one, other)

    def _near(self, word: str) -> str:
        return glove().neighbours(word, 1)[0].word

    def _analogy(self, a: str, b: str, c: str) -> str:
        return solve(glove(), a, b, c).answer

    def _told(self, direction: str) -> float:
        found = _left(direction)
        return found.right / found.of

    def _weat(self, number: int, direction: str = "kept") -> float:
        return _tested(number, direction).d

    def _pvalue(self, number: int, direction: str = "kept") -> float:
        return _tested(number, direction).chance.two_sided

    # ------------------------------------------------------------------------- of recorded runs and their methods

    def _kept(self, bits: int) -> Number:
        return self._recorded("kept", self.lm, bits)

    def _zeroed(self, bits: int) -> Number:
        return self._recorded("zeroed", self.lm, bits)

    def _burden(self) -> Number:
        return self._recorded("burden", self.lm, len(self._pass().ids))

    def _recorded(self, measure: str, *given: Any) -> Number:
        if measure not in self.recorded:
            raise MeasureError("no recorded runs are at hand")
        return self.recorded[measure](*given)

    # ---------------------------------------------------------------------------------------------- what they share

    def _run(self, text: str) -> Trace:
        return self.lm.trace(text, target=self.target)

    def _pass(self, text: str | None = None) -> Trace:
        read = self.text if text is None else text
        if read not in self._passes:
            self._passes[read] = self._run(read)
        return self._passes[read]

    def _ids(self, text: str) -> list[int]:
        """The tokens of the text that is predicted token by token."""
        if self.lm.config.shape != "decoder":
            raise MeasureError("this measure is of decoders, which read from left to right")
        return self.lm.encode(text)

    def _losses(self, text: str) -> list[float]:
        """The loss of every token but the first."""
        if len(self._ids(text)) < 2:
            raise MeasureError("a text of one token has no loss")
        return [-float(one) for one in self.lm.score(text)]

    def _row(self, trace: Trace) -> int:
        return predicting_row(self.lm, trace.ids.tolist(), trace.rows)

    def _likely(self, trace: Trace) -> torch.Tensor:
        return trace.probabilities(self._row(trace))

    def _chance(self, trace: Trace, token: str) -> float:
        return float(self._likely(trace)[self._id(token)])

    def _moved(self, head: tuple[int, int], row: int, hidden: int, column: int) -> float:
        row = _of(row, len(self._head(head).ids), "row")
        return float(self._head(head, Change(edits=((row, hidden, float("-inf")),))).pattern[row, column])

    def _head(self, head: tuple[int, int], change: Change = Change()) -> Any:  # noqa: B008  (it is frozen)
        kind: Any = "cross" if self.lm.config.shape == "encoder-decoder" else "self"
        position = self._row(self._pass())
        return attention_steps(
            self.lm, self.text, layer=head[0], head=head[1], attention=kind, change=change, target=self.target,
            position=position,
        )  # fmt: skip

    def _vocabulary(self, name: str | None) -> Published:
        return Published(self.lm.tokenizer) if name is None else published(name)

    def _missing(self, parts: Sequence[str]) -> tuple[LanguageModel, list[Intervention]]:
        """The model without the parts that it has everywhere, and what switches the others off."""
        lm = self.lm
        for part in WITHOUT:
            if part in parts:
                lm = without(lm, part)
        return lm, [self._without(part) for part in parts if part not in WITHOUT]

    def _without(self, part: str) -> Intervention:
        if found := _HEAD.fullmatch(part):
            return ablate_head(int(found[1]), int(found[2]))
        found = _PART.fullmatch(part)
        assert found is not None, "checked as it was read"
        half, layer = found.groups()
        prefix = "decoder." if self.lm.config.shape == "encoder-decoder" else ""
        hook = f"{prefix}blocks.{layer}.{_OUTPUTS[half]}"
        return Intervention((hook,), torch.zeros_like, f"{part} off", whole_text=False)

    @cached_property
    def _own(self) -> str:
        return self._said()

    def _id(self, token: str | None) -> int:
        said = self._own if token is None else token
        ids = self.lm.encode(said, add_special_tokens=False)
        if len(ids) == 1:
            return ids[0]
        # A piece that no text begins with, such as the second half of a word
        alike = [id for id in range(self.lm.config.d_vocab) if self.lm.tokenizer.display(id) == said]
        if not alike:
            raise MeasureError(f"“{said}” is not one token of this model but {len(ids)}")
        return alike[0]


def _of(index: int, count: int, what: str) -> int:
    if not -count <= index < count:
        raise IndexError(f"there is no {what} {index}: there are {count}")
    return index % count


def _line(part: str) -> str:
    """The ledger's name of a part of a block."""
    found = _PART.fullmatch(part)
    if found is None:
        raise MeasureError(f"“{part}” has no line of the ledger: write attention3 or mlp3")
    return f"L{found[2]} {found[1]}"


@lru_cache(maxsize=32)
def _tested(number: int, direction: str) -> Measured:
    """One of the ten tests on GloVe, with the gender direction "kept" or "removed"."""
    tests = {test.number: test for test in ten_tests()}
    if number not in tests:
        raise MeasureError(f"there is no test {number}: there are 1 to {len(tests)}")
    if direction not in ("kept", "removed"):
        raise MeasureError(f"the direction is kept or removed, not “{direction}”")
    table = glove()
    return measure(
        table, tests[number].lists, direction=gender_direction(table) if direction == "removed" else None
    )


@lru_cache(maxsize=2)
def _left(direction: str) -> Accuracy:
    """How well held-out words are told apart with the gender direction "kept" or "removed"."""
    if direction not in ("kept", "removed"):
        raise MeasureError(f"the direction is kept or removed, not “{direction}”")
    table = glove()
    both = leftover(table, gender_direction(table), shuffles=1)
    return both.after if direction == "removed" else both.before


def _token(raw: str) -> str:
    return " " + raw[1:] if raw.startswith("·") else raw


def _head_of(raw: str) -> tuple[int, int]:
    found = _HEAD.fullmatch(raw)
    if not found:
        raise MeasureError(f"“{raw}” names no head: write L3H2 for head 2 of block 3")
    return int(found[1]), int(found[2])


def _parts(raw: str) -> list[str]:
    named = raw.split()
    for part in named:
        if not _HEAD.fullmatch(part) and not _PART.fullmatch(part) and part not in WITHOUT:
            raise MeasureError(
                f"“{part}” names no part: write L3H2, attention3, mlp3 or one of {', '.join(WITHOUT)}"
            )
    return named


def _count(raw: str) -> int:
    try:
        return int(raw)
    except ValueError:
        raise MeasureError(f"“{raw}” is not a whole number") from None


_READ: dict[Kind, Callable[[str], Any]] = {
    "token": _token, "text": str, "head": _head_of, "parts": _parts, "count": _count, "word": str, "name": str,
}  # fmt: skip


def _takes(measure: Measure) -> str:
    """List a measure's arguments, those that may be left out in brackets."""
    return ", ".join(kind if at < measure.needs else f"[{kind}]" for at, kind in enumerate(measure.takes))
