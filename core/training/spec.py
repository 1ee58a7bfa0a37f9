"""TrainSpec: everything that decides a training run, so that the same spec gives the same curve."""

from __future__ import annotations

from dataclasses import dataclass

from core.config import PRESETS


@dataclass(frozen=True, kw_only=True)
class TrainSpec:
    """A training run, described.

    Attributes:
        model: a preset's name (see `core.config.PRESETS`).
        corpus: a corpus' name (see `core.data.corpora`).
        steps: optimizer steps; the learning rate falls to zero over exactly these.
        batch_tokens: tokens of one step; context: tokens of one row (None: half the model's context).
        first_context: tokens of one row in the first third of the steps, where attention has less to choose among
            (None: as context).
        vocab_size: entries of the byte-level BPE trained on the corpus.
        learning_rate: of Muon, for the matrices inside the blocks; embed_rate and head_rate are Adam's.
        practice: another corpus to mix in, e.g. "copies"; practice_share: how many of its documents come, on average,
            with each one of the corpus. Held-out losses are of the corpus alone.
        eval_every: steps between held-out losses (0: only at the end).
        bf16: matrix products in bfloat16, weights and moments in float32.
    """

    model: str = "gpt-nano"
    corpus: str = "tales"
    steps: int = 200
    seed: int = 0
    batch_tokens: int = 2048
    context: int | None = None
    first_context: int | None = None
    vocab_size: int = 512
    learning_rate: float = 0.02
    embed_rate: float = 0.003
    head_rate: float = 0.003
    practice: str | None = None
    practice_share: float = 0.5
    eval_every: int = 0
    bf16: bool = False
    device: str | None = None

    def __post_init__(self) -> None:
        if self.model not in PRESETS:
            raise ValueError(f"no preset is called {self.model!r}; there are {', '.join(sorted(PRESETS))}")
        for name, least in (("steps", 1), ("batch_tokens", 16), ("vocab_size", 258), ("eval_every", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name}={getattr(self, name)} must be at least {least}")
        if not 0 <= self.practice_share <= 10:
            raise ValueError(f"practice_share={self.practice_share} must lie between 0 and 10")
        for name in ("learning_rate", "embed_rate", "head_rate"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}={getattr(self, name)} must not be negative")
        for name in ("context", "first_context"):
            length = getattr(self, name)
            if length is not None and not 2 <= length <= self.batch_tokens:
                raise ValueError(f"{name}={length} must lie between 2 and batch_tokens={self.batch_tokens}")
