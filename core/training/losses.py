"""The loss of a text, position by position: the probability of the right token, and its score.

Everything here is written out so that each number can be looked at; training itself uses one fused call.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from core.decoding.labels import wants
from core.training.loss import UNSCORED

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

Reduction = Literal["mean", "sum", "none"]
Hide = Literal["one", "all"]
Kind = Literal["next", "masked", "read back", "target", "copy"]

_TOGETHER = 16  # masked copies of a text per call of an encoder


def cross_entropy(
    logits: Tensor,
    targets: Tensor,
    *,
    label_smoothing: float = 0.0,
    ignore_index: int = UNSCORED,
    reduction: Reduction = "mean",
) -> Tensor:
    """Compute -sum_i y_i log p_i at each position, in nats, with p the softmax of its logits.

    y is 1 at the right token and 0 elsewhere. With label smoothing e it is 1 - e + e/V there and e/V elsewhere
    (Szegedy et al. 2016, section 7). Equals `torch.nn.functional.cross_entropy`.

    Args:
        logits: (N, V). targets: (N,), ids; `ignore_index` where a position does not score.
        reduction: the mean over the positions that score, their sum, or each by itself (0 where ignored).

    Returns:
        A scalar, or (N,). The mean over no positions is not a number.

    Raises:
        ValueError: other shapes: with a batch axis, flatten both first.
    """
    _check(logits, targets)
    log_p = logits - logits.logsumexp(-1, keepdim=True)  # (N, V)
    scores = targets != ignore_index  # (N,)
    right = targets.where(scores, torch.zeros_like(targets))
    surprise = -log_p.gather(-1, right[:, None])[:, 0]  # (N,) -log p of the right token
    losses = surprise
    if label_smoothing:  # without it a logit of -inf may stand at a wrong token: 0 * inf is not a number
        even = -log_p.mean(-1)  # (N,) the same, on average over the vocabulary
        losses = (1.0 - label_smoothing) * surprise + label_smoothing * even
    losses = losses.where(scores, torch.zeros_like(losses))
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / scores.sum()


def _check(logits: Tensor, targets: Tensor) -> None:
    if logits.ndim != 2 or targets.shape != logits.shape[:1]:
        raise ValueError(
            f"logits (N, V) and targets (N,) are wanted, not {tuple(logits.shape)} and {tuple(targets.shape)}: "
            "flatten the axes of a batch, logits.flatten(0, -2) and targets.flatten()"
        )


def wanted(targets: Tensor, size: int, label_smoothing: float = 0.0) -> Tensor:
    """Return the target distribution y: (N,) ids -> (N, V), rows adding up to 1."""
    y = torch.full((len(targets), size), label_smoothing / size, device=targets.device)
    y[torch.arange(len(targets), device=targets.device), targets] += 1.0 - label_smoothing
    return y


def logit_gradient(logits: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Compute the gradient of each position's loss by its logits: p - y, (N, V). Its rows add up to 0.

    Training moves a logit against it: up where the model gave too little, down where it gave too much.
    (Of a mean over N positions it is 1/N of this.)
    """
    return logits.softmax(-1) - wanted(targets, logits.shape[-1], label_smoothing)


@dataclass(frozen=True)
class ScoredText:
    """One text and its scores under a model. N positions score, V entries in the vocabulary.

    kind: "next" a decoder's next token; "masked" an encoder's hidden token; "read back" an encoder without a mask
        token, which sees what it is asked for; "target" an encoder-decoder's answer; "copy" the same, where no answer
        is given and the text itself is to be written.
    ids: the sequence that is scored (the decoder's, of an encoder-decoder).
    places: (N,) where in `ids` the right tokens stand. targets: (N,) the right tokens.
    logits: (N, V) what the model gave at each. passes: texts that it read for that.
    """

    kind: Kind
    ids: tuple[int, ...]
    places: tuple[int, ...]
    targets: Tensor
    logits: Tensor
    passes: int

    def __len__(self) -> int:
        return len(self.places)

    @property
    def surprise(self) -> Tensor:
        """(N,) -log p of each right token, in nats."""
        return cross_entropy(self.logits, self.targets, reduction="none")

    @property
    def even(self) -> Tensor:
        """(N,) -log p on average over the vocabulary: what label smoothing mixes in."""
        return -self.logits.log_softmax(-1).mean(-1)

    def losses(self, label_smoothing: float = 0.0) -> Tensor:
        """Compute the loss of each position, in nats: (N,)."""
        return cross_entropy(self.logits, self.targets, label_smoothing=label_smoothing, reduction="none")

    def mean(self, label_smoothing: float = 0.0) -> float:
        """Compute the mean loss per scored token, in nats."""
        return float(cross_entropy(self.logits, self.targets, label_smoothing=label_smoothing))


def perplexity(nats: float) -> float:
    """Compute the perplexity e^loss: the number of equally likely tokens with the same loss."""
    return math.exp(min(nats, 700.0))


def bits(nats: float) -> float:
    """Convert a loss from nats to bits, the logarithm to base 2."""
    return nats / math.log(2.0)


@torch.no_grad()
def score_text(lm: LanguageModel, text: Text, target: Text | None = None, hide: Hide = "one") -> ScoredText:
    """Score each token of a text, or of the answer to it.

    A decoder predicts every token but the first from those before it (Radford et al. 2018, section 3.1), an
    encoder-decoder those of the answer (Raffel et al. 2020, section 2.2), an encoder those that are hidden from it.

    Args:
        target: of an encoder-decoder, its answer; empty or None: the text itself. Its end token scores, too.
        hide: which tokens an encoder does not see: "one" at a time, each from all others, a pass each (Salazar et al.
            2020, section 2.1); or "all" at once, each from the positions alone.

    Raises:
        ValueError: a model that says no tokens, an empty text, or an id outside the vocabulary.
        ContextTooLong: more tokens than the context.
    """
    wants(lm, "lm")
    if lm.config.shape == "encoder":
        return _hidden(lm, lm.encode(text), hide)
    kind: Kind = "next"
    written: Text | None = None
    if lm.config.shape == "encoder-decoder":
        kind = "target" if target else "copy"
        written = closed(lm, target or text)
    read = lm.batch(text, written)
    ids = read[-1][0].tolist()
    logits = lm.transformer(*read)[0, :-1].float().cpu()  # (T - 1, V)
    return ScoredText(
        kind, tuple(ids), tuple(range(1, len(ids))), torch.tensor(ids[1:], dtype=torch.long), logits, 1
    )


def closed(lm: LanguageModel, answer: Text) -> list[int]:
    """Append the end token to the ids of an answer, where there is room for one."""
    ids = lm.encode(answer, add_special_tokens=False)
    end = lm.config.eos_ids[:1]
    return [*ids, *end] if len(ids) + 2 <= lm.config.n_ctx and tuple(ids[-1:]) != end else ids


def _hidden(lm: LanguageModel, ids: list[int], hide: Hide) -> ScoredText:
    """Compute an encoder's losses: the special tokens stay and are not scored.

    Nor is a mask that the text itself has, as its truth is unknown, unless there is nothing else.
    """
    mask = lm.config.mask_id
    places = [place for place, id in enumerate(ids) if id not in lm.special_ids]
    places = places or [place for place, id in enumerate(ids) if id == mask]
    targets = torch.tensor([ids[place] for place in places], dtype=torch.long)
    if not places:
        return ScoredText("masked", tuple(ids), (), targets, torch.zeros(0, lm.config.d_vocab), 0)
    at = torch.tensor(places, device=lm.device)
    if mask is None or hide == "all":
        row = torch.tensor([ids], device=lm.device)
        if mask is not None:
            row[0, at] = mask
        logits = lm.transformer(row)[0, at].float().cpu()  # (N, V)
        return ScoredText(
            "read back" if mask is None else "masked", tuple(ids), tuple(places), targets, logits, 1
        )
    parts = [_one_hidden(lm, ids, block, mask) for block in at.split(_TOGETHER)]
    return ScoredText("masked", tuple(ids), tuple(places), targets, torch.cat(parts), len(places))


def _one_hidden(lm: LanguageModel, ids: list[int], places: Tensor, mask: int) -> Tensor:
    """Compute logits (B, V) at each of `places`, masked alone."""
    rows = torch.tensor([ids] * len(places), device=lm.device)  # (B, T)
    order = torch.arange(len(places), device=lm.device)
    rows[order, places] = mask
    return lm.transformer(rows)[order, places].float().cpu()


@dataclass(frozen=True)
class ScoredBatch:
    """Several texts as the rows of one batch, padded to the longest. B rows of T positions.

    ids: (B, T) what each position should have been, the padding included. scores: (B, T) bool, False at padding.
    losses: (B, T) nats, at the padding those that it would have if it scored. pad: the token that fills up.
    """

    ids: Tensor
    scores: Tensor
    losses: Tensor
    pad: int
    texts: tuple[ScoredText, ...]

    def mean(self, ignore_padding: bool = True) -> float:
        """Average over all scored positions of all rows: each token counts alike, so long texts count more."""
        return float(self.losses[self.scores].mean() if ignore_padding else self.losses.mean())

    @property
    def rows(self) -> list[float]:
        """The mean over each row's own positions; NaN where a row has none."""
        return [float(row[mine].mean()) for row, mine in zip(self.losses, self.scores)]


def score_batch(
    lm: LanguageModel, texts: Sequence[tuple[Text, Text | None]], hide: Hide = "one"
) -> ScoredBatch:
    """Score several texts, padded to one length: the use of `ignore_index`.

    Args:
        texts: pairs of a text and, of an encoder-decoder, its answer (None: the text itself).
        hide: as for `score_text`, which also says what is raised.
    """
    told = tuple(score_text(lm, text, target, hide) for text, target in texts)
    longest = max((len(one) for one in told), default=0)
    config = lm.config
    pad = next(id for id in (config.pad_id, *config.eos_ids, 0) if id is not None)
    ids = torch.full((len(told), longest), pad)
    scores = torch.zeros(len(told), longest, dtype=torch.bool)
    losses = torch.zeros(len(told), longest)
    for row, (one, (text, _)) in enumerate(zip(told, texts)):
        ids[row, : len(one)], scores[row, : len(one)] = one.targets, True
        losses[row, : len(one)] = one.surprise
        for at, loss in enumerate(_at_padding(lm, one, text, longest - len(one), pad), start=len(one)):
            losses[row, at] = loss
    return ScoredBatch(ids, scores, losses, pad, told)


@torch.no_grad()
def _at_padding(lm: LanguageModel, one: ScoredText, text: Text, count: int, pad: int) -> Iterator[float]:
    """Compute the loss that each of `count` padding tokens after a text would have if it were scored."""
    room = lm.config.n_ctx - len(one.ids)
    filler = [pad] * min(count, room)
    if not filler:
        return iter([0.0] * count)
    ids = torch.tensor([[*one.ids, *filler]], device=lm.device)
    read = (ids,) if lm.config.shape != "encoder-decoder" else (*lm.batch(text, None)[:1], ids)
    first = len(one.ids) - (
        lm.config.shape != "encoder"
    )  # a decoder's token is predicted one position before it
    logits = lm.transformer(*read)[0, first : first + len(filler)].float().cpu()
    found = cross_entropy(logits, torch.tensor(filler), reduction="none").tolist()
    return iter([*found, *[0.0] * (count - len(filler))])
