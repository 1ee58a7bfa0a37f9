"""The training loop: a batch, the loss of its next tokens, the gradient, a step; and the held-out loss now and then."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader

from core.config import preset
from core.data import corpora
from core.data.batches import Rows
from core.device import best_device
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.text.tokenizer import Tokenizer
from core.text.training import train_bpe
from core.training.optimizers import build_optimizers, set_rate
from core.training.spec import TrainSpec

_BPE_DOCUMENTS = 2_000
_HELD_OUT_ROWS = 64
_APART = 1_000_000  # between the seeds of two runs: an endless corpus counts up from its seed, one a document


@dataclass(frozen=True)
class Point:
    """One step of a curve. Losses are nats per token; seconds count from the first step.

    `held_out` is the mean loss over the held-out rows, at the steps that measure it, else None.
    `model` is the model in training itself: it moves on with the next step.
    """

    step: int
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens: int
    seconds: float
    model: LanguageModel
    held_out: float | None = None


def train(spec: TrainSpec) -> Iterator[Point]:
    """Train a small model from nothing, one point a step. The last point's `model` is the trained model.

    The same spec on the same machine gives the same losses; the global random state is not touched.
    """
    return Trainer(spec).run()


class Trainer:
    """A run of `spec`: its tokenizer, model, optimizers and data.

    Args:
        tokenizer: None trains a byte-level BPE on the corpus.
        workers: processes that make batches beside the training loop.
    """

    def __init__(self, spec: TrainSpec, tokenizer: Tokenizer | None = None, workers: int = 0) -> None:
        self.spec, self.workers = spec, workers
        if tokenizer is None:
            documents = islice(corpora.corpus(spec.corpus, seed=spec.seed, split="train"), _BPE_DOCUMENTS)
            tokenizer = train_bpe(documents, spec.vocab_size)
        self.tokenizer = tokenizer
        end = tokenizer.id("</s>")
        self.config = preset(
            spec.model, d_vocab=len(tokenizer), bos_id=tokenizer.id("<s>"), eos_ids=(end,) if end else ()
        )
        self.context = min(spec.context or self.config.n_ctx // 2, self.config.n_ctx)
        self.device = torch.device(spec.device) if spec.device else best_device()
        model = build(self.config)
        initialise(model, self.config, spec.seed)
        self.model = model.to(self.device)
        self.language_model = LanguageModel(self.model, tokenizer, f"{spec.model}, {spec.corpus}")
        self.optimizers = build_optimizers(self.model, spec)
        self._held_out: Tensor | None = None

    def run(self) -> Iterator[Point]:
        """Train; one point a step."""
        batches = self._batches()
        started, tokens = time.perf_counter(), 0
        for step in range(1, self.spec.steps + 1):
            share = 1.0 - (step - 1) / self.spec.steps
            set_rate(self.optimizers, share)
            batch = next(batches).to(self.device)
            loss, norm = self._step(batch)
            tokens += batch[:, 1:].numel()
            yield Point(
                step=step,
                loss=loss,
                learning_rate=share * self.spec.learning_rate,
                gradient_norm=norm,
                tokens=tokens,
                seconds=time.perf_counter() - started,
                model=self.language_model,
                held_out=self.held_out_loss() if self._measures(step) else None,
            )

    def held_out_loss(self) -> float:
        """Nats per token over `held_out_rows`."""
        with torch.inference_mode():
            parts = self.held_out_rows().split(16)
            losses = [next_token_loss(self.model, part.to(self.device)).item() for part in parts]
        return math.fsum(losses) / len(losses)

    def held_out_rows(self) -> Tensor:
        """The first rows of the held-out split, (64, T + 1): always the same ones."""
        if self._held_out is None:
            documents = _Documents(self.spec.corpus, self.spec.seed, "held_out")
            rows = Rows(documents, self.tokenizer, self.context, self.tokenizer.id("</s>"))
            self._held_out = torch.stack(list(islice(rows, _HELD_OUT_ROWS)))
        return self._held_out

    def _measures(self, step: int) -> bool:
        return step == self.spec.steps or bool(self.spec.eval_every and step % self.spec.eval_every == 0)

    def _batches(self) -> Iterator[Tensor]:
        """Endless batches of rows: short rows first, where the spec asks for them."""
        spec = self.spec
        first = 0 if spec.first_context is None else spec.steps // 3
        for steps, context, seed in (
            (first, spec.first_context, spec.seed),
            (spec.steps, self.context, spec.seed + first),
        ):
            if not steps:
                continue
            # A generator of its own: a loader without one takes from the global state.
            order = torch.Generator().manual_seed(spec.seed)
            context = min(context or self.context, self.config.n_ctx)
            rows = Rows(
                _Documents(spec.corpus, seed * _APART, "train", spec.practice, spec.practice_share),
                self.tokenizer,
                context,
                self.tokenizer.id("</s>"),
            )
            count = max(1, spec.batch_tokens // context)
            yield from islice(DataLoader(rows, count, num_workers=self.workers, generator=order), steps)

    def _step(self, batch: Tensor) -> tuple[float, float]:
        self.model.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.spec.bf16):
            loss = next_token_loss(self.model, batch)
        loss.backward()
        squares = [
            weight.grad.square().sum() for weight in self.model.parameters() if weight.grad is not None
        ]
        norm = torch.stack(squares).sum().sqrt()
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.model.eval()
        return loss.item(), norm.item()


@dataclass(frozen=True)
class _Documents(Iterable[str]):
    """A corpus as something to iterate over and over: a finite one starts again, endlessly, for training.

    `share` documents of `practice` come, on average, before each document of the corpus.
    """

    corpus: str
    seed: int
    split: corpora.Split
    practice: str | None = None
    share: float = 0.0

    def __iter__(self) -> Iterator[str]:
        draw = random.Random(self.seed)
        extra = self._endless(self.practice) if self.practice else iter(())
        for document in self._endless(self.corpus):
            count = int(self.share) + (draw.random() < self.share % 1)
            yield from islice(extra, count)
            yield document

    def _endless(self, name: str) -> Iterator[str]:
        while True:
            yield from corpora.corpus(name, seed=self.seed, split=self.split)


def next_token_loss(model: torch.nn.Module, rows: Tensor) -> Tensor:
    """Mean cross-entropy of each next token, in nats: rows (B, T + 1) -> scalar (Radford et al. 2018, section 3.1)."""
    logits = model(rows[:, :-1])  # (B, T, V)
    return F.cross_entropy(logits.flatten(0, 1).float(), rows[:, 1:].flatten())
