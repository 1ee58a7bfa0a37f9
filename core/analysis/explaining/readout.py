"""The quantity that an explanation explains: one number of a prediction, as a function of the input embeddings.

The number is the logit, the probability or the log-probability of one token at one row. The vectors are the rows of the
token table, before positions are added; an explanation may scale them, or replace them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import row_of, stack_of
from core.decoding.labels import wants
from core.hooks import Edit, Intervention, intervene
from core.messages import say
from core.model.transformer import EncoderDecoder

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

Array = np.ndarray[Any, Any]
Says = Literal["probability", "logit", "log probability"]
Baseline = Literal["token", "mean", "zero"]
BASELINES: tuple[Baseline, ...] = ("token", "mean", "zero")
POSITIONS = 1024  # tokens per batch: more gain no speed and take memory


@dataclass(frozen=True, kw_only=True)
class Readout:
    """One number of a prediction as a function of vectors in place of the tokens' embeddings.

    Attributes:
        ids: N, the tokens that can matter: those of the text, then those that an encoder-decoder has written. After the
            row nothing is read where the model is causal, so they end there.
        split: how many of them are the text's. row: of the logits. token: its id.
        free: which of the N an explanation may take away: all but special tokens, such as the frame of a text or the
            token that a decoder starts with.
        vectors: (N, D) as they come in.
    """

    lm: LanguageModel
    ids: tuple[int, ...]
    split: int
    row: int
    token: int
    says: Says
    free: tuple[int, ...]
    vectors: Tensor

    @classmethod
    def of(
        cls, lm: LanguageModel, text: Text, *, row: int = -1, token: int | None = None, target: Text | None = None,
        says: Says = "probability",
    ) -> Readout:  # fmt: skip
        """Ask about `token` at `row`; None: about the token that is likeliest there.

        Raises:
            ValueError: no such row, token or number; a model that says no tokens; or a text of special tokens alone,
                from which nothing can be taken away.
            ContextTooLong: more tokens than the model has positions for.
        """
        if says not in ("probability", "logit", "log probability"):
            raise ValueError(f"says={says!r} is not one of probability, logit, log probability")
        wants(lm, "lm")
        sides = [ids[0].tolist() for ids in lm.batch(text, target)]
        row = row_of(row, len(sides[-1]))
        if stack_of(lm, "self").causal:
            sides[-1] = sides[-1][: row + 1]
        ids = tuple(i for side in sides for i in side)
        free = tuple(at for at, i in enumerate(ids) if i not in lm.special_ids)
        if not free:
            raise ValueError(say("the text has special tokens only: write a word whose part can be measured"))
        with torch.no_grad():
            vectors = token_table(lm, torch.tensor(ids, device=lm.device))
        found = cls(
            lm=lm, ids=ids, split=len(sides[0]), row=row, token=0 if token is None else token, says=says, free=free,
            vectors=vectors,
        )  # fmt: skip
        if token is None:
            with torch.no_grad():
                token = int(found.logits(vectors[None])[0].argmax())
        if not 0 <= token < lm.config.d_vocab:
            raise ValueError(f"token id {token} lies outside the vocabulary of {lm.config.d_vocab:,}")
        return cls(**{**found.__dict__, "token": token})

    @property
    def names(self) -> tuple[str, ...]:
        """The hooks at which the vectors enter: for the text, and for the target."""
        both = self.lm.config.shape == "encoder-decoder"
        return ("encoder.hook_embed", "decoder.hook_embed") if both else ("hook_embed",)

    def logits(self, vectors: Tensor) -> Tensor:
        """Compute logits (B, V) at the row from vectors (B, N, D), differentiably."""
        model, many = self.lm.transformer, len(vectors)
        every = torch.tensor(self.ids, device=vectors.device).expand(many, -1)
        sides = [every[:, : self.split], every[:, self.split :]][: len(self.names)]
        given = [vectors[:, : self.split], vectors[:, self.split :]]
        changes = [
            Intervention((name,), always(side), "other vectors")
            for name, side in zip(self.names, given, strict=False)
        ]
        with intervene(*changes):
            if isinstance(model, EncoderDecoder):
                return model.decoder(sides[1], source=model.encode(sides[0]), last_only=True)[:, 0]
            if model.causal:
                return model(sides[0], last_only=True)[:, 0]
            only = torch.zeros_like(sides[0], dtype=torch.bool)
            only[:, self.row] = True
            return model(sides[0], only=only)

    def __call__(self, vectors: Tensor) -> Tensor:
        """Compute the number (B,) for each of B sets of vectors (B, N, D), differentiably."""
        logits = self.logits(vectors)  # (B, V)
        if self.says == "logit":
            return logits[:, self.token]
        said = logits.log_softmax(-1)[:, self.token]
        return said if self.says == "log probability" else said.exp()

    def batches(self, count: int) -> Iterator[slice]:
        """Split `count` variants of the text into batches of at most `POSITIONS` tokens."""
        size = max(1, POSITIONS // len(self.ids))
        for first in range(0, count, size):
            yield slice(first, min(count, first + size))

    def kept(self, keep: Array, base: Tensor) -> Array:
        """Compute the number for M variants in which only some tokens are kept: (M,).

        Args:
            keep: (M, len(free)) bool, which of the free tokens stay.   base: (N, D) what stands for the others.
        """
        places = torch.tensor(self.free, device=base.device)
        found = []
        with torch.no_grad():
            for part in self.batches(len(keep)):
                stays = torch.from_numpy(np.ascontiguousarray(keep[part])).to(base.device)  # (B, free)
                vectors = base.repeat(len(stays), 1, 1)  # (B, N, D)
                own = self.vectors[places].expand(len(stays), -1, -1)
                vectors[:, places] = torch.where(stays[..., None], own, vectors[:, places])
                found.append(self(vectors).double().cpu().numpy())
        return np.concatenate(found) if found else np.zeros(0)


def always(value: Tensor) -> Edit:
    """Return an edit that replaces any value by `value`."""
    return lambda _: value


def token_table(lm: LanguageModel, ids: Tensor | None = None) -> Tensor:
    """Return the embeddings of tokens (len(ids), D), or for None the whole table (V, D)."""
    model = lm.transformer
    embed = model.encoder.embed if isinstance(model, EncoderDecoder) else model.embed
    every = torch.arange(lm.config.d_vocab, device=lm.device) if ids is None else ids
    return embed(every[None])[0].detach()


def neutral_token(lm: LanguageModel) -> int | None:
    """Choose the most neutral token: mask, else padding, else beginning or end of text; None: there is none."""
    config = lm.config
    known: Sequence[int | None] = (config.mask_id, config.pad_id, config.bos_id, *config.eos_ids)
    return next((i for i in known if i is not None and 0 <= i < config.d_vocab), None)


def baseline(asked: Readout, kind: Baseline = "token") -> Tensor:
    """Build the embeddings (N, D) of an uninformative text: every removable token's is replaced.

    Args:
        kind: "token": the vector of `neutral_token`; "mean": the mean of the whole token table; "zero": zeros.

    Raises:
        ValueError: no such baseline, or a model without a neutral token.
    """
    base = asked.vectors.clone()
    places = list(asked.free)
    if kind == "zero":
        base[places] = 0.0
    elif kind == "mean":
        base[places] = token_table(asked.lm).mean(0)
    elif kind == "token":
        neutral = neutral_token(asked.lm)
        if neutral is None:
            raise ValueError(
                f"{asked.lm.name} has no mask, padding or end token to stand for nothing: choose mean or zero"
            )
        base[places] = token_table(asked.lm, torch.tensor([neutral], device=base.device))
    else:
        raise ValueError(f"baseline={kind!r} is not one of {', '.join(BASELINES)}")
    return base
