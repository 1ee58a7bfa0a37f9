"""LanguageModel: a transformer with its tokenizer: trace, generate, score."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from core.config import ModelConfig
from core.decoding import labels
from core.decoding.generate import Generation, Step, generate, stream
from core.decoding.labels import Answer, Tag
from core.hooks import recording
from core.model.transformer import ContextTooLong, EncoderDecoder, Transformer
from core.text.tokenizer import Tokenizer
from core.trace import Trace

Text = str | Sequence[int]


@dataclass(frozen=True)
class LanguageModel:
    """A model with a tokenizer, and its head's predictions: next tokens, hidden ones, classes or spans.

    Shared, read-only: what one caller changes travels in a context (`core.hooks`).
    """

    transformer: Transformer | EncoderDecoder
    tokenizer: Tokenizer
    name: str = "model"
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> ModelConfig:
        """The shape and parts of the transformer."""
        return self.transformer.config

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.transformer.device

    @property
    def n_parameters(self) -> int:
        """The number of weights, shared ones counted once."""
        return sum(weight.numel() for weight in self.transformer.parameters())

    @property
    def special_ids(self) -> frozenset[int]:
        """Ids of special tokens: those that the tokenizer marks, and those named in the configuration."""
        config = self.config
        used = (config.bos_id, config.pad_id, config.mask_id, config.decoder_start_id, *config.eos_ids)
        return self.tokenizer.special_ids | {id for id in used if id is not None}

    def encode(self, text: Text, *, add_special_tokens: bool = True) -> list[int]:
        """Encode a text to ids (or check the ids given).

        Raises:
            ValueError: no tokens at all, what is no id, or an id outside the vocabulary.
        """
        ids = (
            self.tokenizer.encode(text, add_special_tokens=add_special_tokens)
            if isinstance(text, str)
            else _whole(text)
        )
        if not ids:
            raise ValueError("the text has no tokens: write at least one character")
        if wrong := [id for id in ids if not 0 <= id < self.config.d_vocab]:
            raise ValueError(f"token id {wrong[0]} lies outside the vocabulary of {self.config.d_vocab:,}")
        if len(ids) > self.config.n_ctx:
            raise ContextTooLong(
                f"cannot read {len(ids):,} tokens: the context of this model is {self.config.n_ctx:,}"
            )
        return ids

    def trace(
        self,
        text: Text,
        target: Text | None = None,
        *,
        add_special_tokens: bool = True,
        grad: bool = False,
    ) -> Trace:
        """Run one forward pass over a text, or a list of ids, with every activation kept (see `Trace`).

        Args:
            target: encoder-decoder only: what the decoder has written so far, after its start token; None: nothing.
            grad: keep the graph, so that `trace.logits` and every activation can be differentiated.

        Raises:
            ContextTooLong: more tokens than the context; the message has both numbers.
            ValueError: an empty text, or a target for a model without decoder.
        """
        batch = self.batch(text, target, add_special_tokens=add_special_tokens)
        with torch.set_grad_enabled(grad), recording(batch_axis=False) as seen:
            logits: Tensor = self.transformer(*batch)
        ids, decoder_ids = batch[0][0], batch[1][0] if len(batch) == 2 else None
        return Trace(
            ids=ids,
            tokens=self.tokens(ids.tolist()),
            output=None if self.config.head == "none" else logits[0],
            activations=seen,
            model=self.transformer,
            decoder_ids=decoder_ids,
            decoder_tokens=[] if decoder_ids is None else self.tokens(decoder_ids.tolist()),
        )

    def batch(
        self, text: Text, target: Text | None = None, *, add_special_tokens: bool = True
    ) -> tuple[Tensor, ...]:
        """Build the transformer's inputs for one text: ids (1, T), and in an encoder-decoder the decoder's, (1, T').

        Args:
            target: as for `trace`, which also says what is raised.
        """
        ids = self.encode(text, add_special_tokens=add_special_tokens)
        decoder_ids = self._decoder_ids(target)
        return tuple(torch.tensor([row], device=self.device) for row in (ids, decoder_ids) if row is not None)

    def tokens(self, ids: Sequence[int]) -> list[str]:
        """Return the vocabulary's entries for ids."""
        return [self.tokenizer.token(id) for id in ids]

    def generate(self, prompt: Text, **options: Any) -> Generation:
        """Continue a text; see `core.decoding.generate.generate` for the options."""
        return generate(self, prompt, **options)

    def stream(self, prompt: Text, **options: Any) -> Iterator[Step]:
        """Continue a text, token by token; see `core.decoding.generate.stream`."""
        return stream(self, prompt, **options)

    def classify(self, text: Text) -> list[tuple[str, float]]:
        """Classify a text: every class with its probability; see `core.decoding.labels.classify`."""
        return labels.classify(self, text)

    def tag(self, text: Text) -> list[Tag]:
        """Classify each token of a text; see `core.decoding.labels.tag`."""
        return labels.tag(self, text)

    def answer(self, question: str, context: str, **options: Any) -> list[Answer]:
        """Find the spans of the context that answer the question best; see `core.decoding.labels.answer`."""
        return labels.answer(self, question, context, **options)

    def score(self, text: Text, *, target: Text | None = None, add_special_tokens: bool = True) -> Tensor:
        """Compute log p of each token given those before it: (T - 1,); of the target's tokens in an encoder-decoder.

        Raises:
            ValueError: an encoder predicts no next token; or an encoder-decoder without a target.
        """
        if self.config.shape == "encoder":
            labels.wants(self, "lm")
            raise ValueError(
                "an encoder fills blanks and predicts no next token: read trace(text).logits at its [MASK]"
            )
        if self.config.shape == "encoder-decoder" and target is None:
            raise ValueError("an encoder-decoder scores a target: score(text, target=...)")
        with torch.no_grad():
            trace = self.trace(text, target, add_special_tokens=add_special_tokens)
        read = trace.ids if trace.decoder_ids is None else trace.decoder_ids
        return trace.logits[:-1].log_softmax(-1).gather(-1, read[1:, None])[:, 0]

    def _decoder_ids(self, target: Text | None) -> list[int] | None:
        if self.config.shape != "encoder-decoder":
            if target is not None:
                raise ValueError(
                    f"a target belongs to an encoder-decoder; this model is a {self.config.shape}"
                )
            return None
        start = self.config.decoder_start_id
        if start is None:
            raise ValueError("this encoder-decoder names no decoder_start_id, so its decoder cannot begin")
        # No special tokens: a post-processor's end token would end the text that the decoder is still generating.
        written = self.encode(target, add_special_tokens=False) if target else []
        return [start, *written]


def _whole(ids: Sequence[int]) -> list[int]:
    """Convert ids of any library to ints. Raises ValueError: one is no integer."""
    found = []
    for at, id in enumerate(ids):
        try:
            if isinstance(id, bool):
                raise TypeError
            found.append(operator.index(id))
        except TypeError:
            raise ValueError(
                f"token {at} is {id!r}: give a text, or a list of ids, which are whole numbers"
            ) from None
    return found
