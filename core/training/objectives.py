"""Training objectives: rows of ids become inputs and targets.

next_token       a decoder says each next token                (Radford et al. 2018)
masked           an encoder says what was hidden               (Devlin et al. 2019, section 3.1)
span_corruption  an encoder-decoder writes the hidden spans    (Raffel et al. 2020, section 3.1.4)
text_to_text     an encoder-decoder writes what a text asks for (the same, section 2.4)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.text.tokenizer import Tokenizer
from core.text.training import END, MASK, START, UNKNOWN, sentinel
from core.training.loss import UNSCORED, cross_entropy

_REPLACED, _KEPT = (
    0.8,
    0.9,
)  # of the chosen: below the first replaced by [MASK], below the second by a random token, else kept


@dataclass(frozen=True)
class Specials:
    """The special ids: `never` are neither hidden nor drawn; sentinels stand for hidden spans in order.

    `vocabulary` is the number of entries: random tokens are drawn among those of them that are not in `never`.
    """

    vocabulary: int
    mask_id: int | None = None
    sentinels: tuple[int, ...] = ()
    start_id: int = 0
    end_id: int | None = None
    never: frozenset[int] = frozenset()

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Specials:
        """Collect the special ids of a tokenizer of `core.text.training.learn`."""
        sentinels: list[int] = []
        while (id := tokenizer.id(sentinel(len(sentinels)))) is not None:
            sentinels.append(id)
        unknown = tokenizer.id(UNKNOWN)
        return cls(
            vocabulary=len(tokenizer),
            mask_id=tokenizer.id(MASK),
            sentinels=tuple(sentinels),
            start_id=tokenizer.id(START) or 0,
            end_id=tokenizer.id(END),
            never=tokenizer.special_ids - {unknown},
        )


@dataclass(frozen=True)
class Example:
    """A batch of inputs and targets.

    inputs: (B, T) what the model reads.   targets: (B, T') what it should say, -100 where nothing is scored.
    decoder_inputs: (B, T') what an encoder-decoder's decoder reads, or None.
    mask: (B, T) bool, False at padding of the inputs, or None.
    hidden: (B, T0) bool, which positions of the rows were chosen to be hidden (next_token: none).
    """

    inputs: Tensor
    targets: Tensor
    hidden: Tensor
    decoder_inputs: Tensor | None = None
    mask: Tensor | None = None

    def to(self, device: torch.device) -> Example:
        """Move to another device."""
        return self._each(lambda part: part.to(device))

    def rows(self, first: int, last: int) -> Example:
        """Return rows first to last (excluded)."""
        return self._each(lambda part: part[first:last])

    def _each(self, change: Callable[[Tensor], Tensor]) -> Example:
        decoder_inputs = None if self.decoder_inputs is None else change(self.decoder_inputs)
        mask = None if self.mask is None else change(self.mask)
        return Example(change(self.inputs), change(self.targets), change(self.hidden), decoder_inputs, mask)


def logits(model: nn.Module, example: Example) -> Tensor:
    """Compute the model's logits at each position of the targets: (B, T', V)."""
    if example.decoder_inputs is None:
        out: Tensor = model(example.inputs, mask=example.mask)
        return out
    answer: Tensor = model(example.inputs, example.decoder_inputs, mask=example.mask)
    return answer


def loss(model: nn.Module, example: Example, smoothing: float = 0.0) -> Tensor:
    """Compute the mean cross-entropy of the scored targets, in nats: a scalar.

    An encoder unembeds the hidden places alone: the logits of the others, some six in seven, would not be scored.
    """
    if example.decoder_inputs is None and example.hidden.any():
        asked = model(example.inputs, mask=example.mask, only=example.hidden)  # (N, V)
        return cross_entropy(asked, example.targets[example.hidden], smoothing)
    return cross_entropy(logits(model, example), example.targets, smoothing)


def next_token(rows: Tensor) -> Example:
    """Build next-token targets: rows (B, T + 1)."""
    inputs = rows[:, :-1]
    return Example(inputs, rows[:, 1:], torch.zeros_like(inputs, dtype=torch.bool))


def masked(
    rows: Tensor,
    specials: Specials,
    *,
    rate: float = 0.15,
    generator: torch.Generator,
    whole_words: Tensor | None = None,
) -> Example:
    """Build masked targets, a random share of the tokens: rows (B, T).

    Of the chosen, 80 % are replaced by `[MASK]`, 10 % by a random token, 10 % stay (Devlin et al. 2019, appendix A.1).
    Each token is chosen by itself with probability `rate`, or each word with all its tokens; at least one a batch is.

    Args:
        whole_words: (B, T) bool, True where a word starts; None: every token for itself.

    Raises:
        ValueError: the vocabulary has no `[MASK]`, or the rows hold nothing but special tokens.
    """
    if specials.mask_id is None:
        raise ValueError("this vocabulary has no [MASK] token: learn one for the objective 'masked'")
    free = _may_hide(rows, specials)
    if not free.any():
        raise ValueError("there is nothing to hide: the rows hold only special tokens")
    draw = torch.rand(rows.shape, generator=generator)
    if whole_words is not None:
        draw = draw.gather(1, _first_of_word(whole_words | ~free))
    hidden = _at_least_one(free, draw, rate)
    kind = torch.rand(rows.shape, generator=generator)
    ordinary = _ordinary(specials)
    random = ordinary[torch.randint(len(ordinary), rows.shape, generator=generator)]
    inputs = rows.where(~(hidden & (kind < _REPLACED)), specials.mask_id)
    inputs = torch.where(hidden & (kind >= _REPLACED) & (kind < _KEPT), random, inputs)
    return Example(inputs, rows.where(hidden, UNSCORED), hidden)


def _at_least_one(free: Tensor, draw: Tensor, rate: float) -> Tensor:
    """Hide the free tokens whose draw lies below the rate; if none does, the one with the lowest draw."""
    hidden = free & (draw < rate)
    return hidden if hidden.any() else free & (draw == draw.masked_fill(~free, 2.0).min())


def spans(length: int, rate: float = 0.15, mean: float = 3.0) -> tuple[int, int]:
    """Compute how many of `length` tokens are hidden, and in how many spans (Raffel et al. 2020, section 3.1.4)."""
    hidden = min(max(round(length * rate), 1), max(length - 1, 1))
    return hidden, max(1, min(round(hidden / mean), hidden, length - hidden))


def span_corruption(
    rows: Tensor, specials: Specials, *, rate: float = 0.15, length: float = 3.0, generator: torch.Generator
) -> Example:
    """Build span corruption: spans of tokens are replaced by sentinels: rows (B, T).

        inputs   Once <extra_id_0> a dog <extra_id_1> </s>
        targets  <extra_id_0> upon a time <extra_id_1> ran home </s>

    As released with the paper, how much is hidden depends on T alone, spans and what stays between them are random
    partitions, a row begins with what stays, and no padding is needed; unlike there a row may also end with what stays
    (short rows have one span, which would always be their end). A row of one token is hidden whole.

    Raises:
        ValueError: the vocabulary has too few sentinels for rows so long.
    """
    batch, size = rows.shape
    count, parts = spans(size, rate, length)
    if parts > len(specials.sentinels):
        raise ValueError(
            f"rows of {size} tokens need {parts} sentinels, but the vocabulary has {len(specials.sentinels)}"
        )
    hidden = _span_mask(batch, size, count, parts, generator)  # (B, T)
    starts = hidden & ~torch.nn.functional.pad(hidden, (1, 0))[:, :-1]
    number = (starts.cumsum(1) - 1).clamp(min=0)  # (B, T): the span at or before each position
    sentinels = torch.tensor(specials.sentinels[:parts])
    end = torch.full((batch, 1 if specials.end_id is not None else 0), specials.end_id or 0)
    inputs = rows.where(~starts, sentinels[number])[~hidden | starts].view(
        batch, -1
    )  # (B, T - hidden + spans)
    # Each span with its sentinel in front: two slots a position, of which the first is a sentinel's.
    slots = torch.stack([sentinels[number], rows], dim=2)[torch.stack([starts, hidden], dim=2)]
    targets = torch.cat([slots.view(batch, -1), end], dim=1)  # (B, hidden + spans + 1)
    decoder_inputs = torch.nn.functional.pad(targets, (1, 0), value=specials.start_id)[:, :-1]
    return Example(torch.cat([inputs, end], dim=1), targets, hidden, decoder_inputs)


def text_to_text(
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]], specials: Specials, widths: Sequence[int] = ()
) -> Example:
    """Build text-to-text examples from B pairs of ids.

        inputs          what is read, filled up to the longest; the mask is False there
        decoder_inputs  <s> and what is written            targets  what is written and </s>, -100 behind it

    Args:
        widths: fill up to the first of these that holds the longest; where none does, as it is.

    Raises:
        ValueError: there is no pair.
    """
    if not pairs:
        raise ValueError("there is no pair to learn from")
    fill = specials.end_id or 0
    end = [] if specials.end_id is None else [specials.end_id]
    inputs = _filled([source for source, _ in pairs], fill, widths)  # (B, T)
    lengths = torch.tensor([len(source) for source, _ in pairs])
    written = [[*target, *end] for _, target in pairs]
    read = [[specials.start_id, *row][: len(row)] for row in written]
    return Example(
        inputs,
        _filled(written, UNSCORED, widths),  # (B, T')
        torch.zeros_like(inputs, dtype=torch.bool),
        _filled(read, fill, widths),  # (B, T')
        torch.arange(inputs.shape[1]) < lengths[:, None],
    )


def _filled(rows: Sequence[Sequence[int]], fill: int, widths: Sequence[int]) -> Tensor:
    """Pad rows of ids with `fill` to (B, T)."""
    longest = max(len(row) for row in rows)
    width = next((width for width in widths if width >= longest), longest)
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows])


def word_starts(tokenizer: Tokenizer) -> Tensor:
    """Compute whether each entry begins a word, and does not continue the letters before it: (V,) bool."""
    ids = range(len(tokenizer))
    if any(tokenizer.token(id).startswith("##") for id in ids):  # WordPiece marks continuations
        return torch.tensor([not tokenizer.token(id).startswith("##") for id in ids])
    special = tokenizer.special_ids
    return torch.tensor([id in special or not tokenizer.display(id)[:1].isalnum() for id in ids])


def _first_of_word(starts: Tensor) -> Tensor:
    """Compute the position of the first token of each position's word: (B, T)."""
    positions = torch.arange(starts.shape[1]).expand_as(starts)
    return positions.where(starts, 0).cummax(dim=1).values


def _may_hide(rows: Tensor, specials: Specials) -> Tensor:
    if not specials.never:
        return torch.ones_like(rows, dtype=torch.bool)
    return torch.isin(rows, torch.tensor(sorted(specials.never)), invert=True)


def _ordinary(specials: Specials) -> Tensor:
    ids = torch.arange(specials.vocabulary)
    return ids[torch.isin(ids, torch.tensor(sorted(specials.never), dtype=torch.long), invert=True)]


def _span_mask(batch: int, size: int, count: int, parts: int, generator: torch.Generator) -> Tensor:
    """Draw a span mask (B, T) bool: `count` positions in `parts` spans, after an unmasked beginning."""
    if size == 1:
        return torch.ones(batch, 1, dtype=torch.bool)
    kept = _partition(batch, size - count + 1, parts + 1, generator)[
        :, :-1
    ]  # (B, parts); the rest follows at the end
    gone = _partition(batch, count, parts, generator)
    lengths = torch.stack([kept, gone], dim=2).flatten(1)  # (B, 2 * parts): kept, hidden, kept, hidden, ...
    edges = lengths.cumsum(1)  # (B, 2 * parts)
    before = (torch.arange(size)[None, :, None] >= edges[:, None, :]).sum(
        2
    )  # (B, T): the stretch of each position
    return before % 2 == 1


def _partition(batch: int, total: int, parts: int, generator: torch.Generator) -> Tensor:
    """Draw `total` as a sum of `parts` positive integers, every such sum equally likely: (B, parts)."""
    cuts = torch.rand(batch, total - 1, generator=generator).argsort(1)[:, : parts - 1].sort(1).values + 1
    ends = torch.cat([cuts, torch.full((batch, 1), total)], dim=1)
    return ends.diff(dim=1, prepend=torch.zeros(batch, 1, dtype=torch.long))
