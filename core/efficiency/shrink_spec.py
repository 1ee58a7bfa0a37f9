"""ShrinkSpec: the spec of a compression run: a student, or a pruned model that is retrained.

Four ways. "alone": a student of at most a quarter of the base's weights, trained from nothing; "distilled": the same
student with the base as its teacher; "magnitude": the base without its smallest weights; "structured": the base without
its least heads and neurons. All read the same stories in the same order under the same seed.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from core.config import PRESETS, ModelConfig
from core.costs import parameters
from core.data import corpora
from core.efficiency.pruning import Scope
from core.efficiency.pruning import check as check_sparsity
from core.messages import say
from core.plain import Ranged
from core.precision import Precision
from core.training.distillation import check as check_distillation
from core.training.spec import TrainSpec

VERSION = 2

Way = Literal["alone", "distilled", "magnitude", "structured"]
STUDENTS: tuple[Way, ...] = ("alone", "distilled")
RATES: Mapping[Way, float] = {"alone": 0.08, "distilled": 0.08, "magnitude": 0.02, "structured": 0.02}
QUARTER = 4  # minimum ratio of a teacher's to its student's weights
APART = 16  # widths of students are multiples of this
_PRESET = "gpt-tales"
_SIZES = ("d_head", "d_mlp", "n_kv_heads")  # always given: otherwise they would be derived from other sizes
_TOKENS = ("d_vocab", "bos_id", "eos_ids", "pad_id", "mask_id", "decoder_start_id")  # set by the tokenizer


@dataclass(frozen=True, kw_only=True)
class ShrinkSpec(Ranged):
    """The spec of a run that compresses a decoder.

    Attributes:
        base: the model that is made smaller: a bundled decoder's name, or "" with a `parent`.
        parent: "RUN@STEP" of the checkpoint of a training run that is made smaller instead.
        corpus: what is read (see `core.data.corpora`): that of the base. Learned from are its training documents only.
        way: see above.
        sparsity: of "magnitude" the share of weights removed, of "structured" that of heads and of neurons.
        scope: of "magnitude" (see `core.efficiency.pruning.magnitude`).
        temperature, hard: of "distilled" (see `core.training.distillation.distillation_loss`).
        steps of the optimizer; batch_tokens of each; context: tokens of a row.
        rate: of the matrices (None: the way's usual one, `RATES`); tables learn at a quarter, the unembedding at a
            sixth of it. All fall to 0 in a line.
        eval_every: steps between held-out losses (0: only at the end). checkpoints: moments that are kept.
        precision: of matrix products, as of a `TrainSpec`.

    Raises:
        ValueError: a value that cannot be, or two that do not fit each other.
    """

    base: str = "tales-gpt"
    parent: str = ""
    corpus: str = "tales"
    way: Way = "distilled"
    sparsity: float = 0.8
    scope: Scope = "global"
    temperature: float = 1.0
    hard: float = 0.0
    steps: int = 400
    batch_tokens: int = 3072
    context: int = 192
    rate: float | None = None
    eval_every: int = 0
    checkpoints: int = 4
    precision: Precision = "auto"
    seed: int = 0

    called: ClassVar[str] = "shrinking spec"
    marks: ClassVar[Mapping[str, Any]] = {"kind": "shrink", "version": VERSION}
    kind = "shrink"
    text = ""  # no own text: the corpus is that of the base
    _apart: ClassVar[tuple[str, ...]] = ("rate", "sparsity")
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "steps": (1, 20_000), "batch_tokens": (16, 2**16), "context": (2, 4096), "eval_every": (0, 20_000),
        "checkpoints": (2, 30), "seed": (0, 2**31 - 1),
    }  # fmt: skip

    def __post_init__(self) -> None:
        self._check()
        object.__setattr__(self, "sparsity", check_sparsity(self.sparsity))
        check_distillation(self.temperature, self.hard)
        rate = self.rate
        if rate is not None:
            number = isinstance(rate, (int, float)) and not isinstance(rate, bool) and math.isfinite(rate)
            if not number or not 0 <= rate <= 1:
                raise ValueError(f"rate={rate!r} must be a number between 0 and 1, or nothing")
            object.__setattr__(self, "rate", float(rate))
        if bool(self.base) == bool(self.parent):
            raise ValueError(f"base={self.base!r} and parent={self.parent!r}: name one of the two")
        if self.context > self.batch_tokens:
            raise ValueError(f"context={self.context} must not be above batch_tokens={self.batch_tokens}")
        if self.corpus not in corpora.names():
            raise ValueError(f"no corpus is called {self.corpus!r}: there is {', '.join(corpora.names())}")

    @classmethod
    def _upgraded(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        if values.get("version") != 1:
            return values
        return {**values, "version": VERSION, "precision": "bfloat16"}

    @property
    def body_rate(self) -> float:
        """The learning rate of the matrices."""
        return RATES[self.way] if self.rate is None else self.rate

    def training(self, config: ModelConfig) -> TrainSpec:
        """Build the training spec of a model of that configuration: a student's, or the pruned base's."""
        rate = self.body_rate
        return TrainSpec(
            model=_PRESET, changes=_changes(config), corpus=self.corpus, vocab_size=config.d_vocab,
            # the base's tokenizer is used
            tokenizer="bpe" if config.d_vocab >= 260 else "characters", steps=self.steps,
            seed=self.seed, batch_tokens=self.batch_tokens, context=min(self.context, config.n_ctx),
            learning_rate=rate, embed_rate=rate / 4, head_rate=rate / 6, eval_every=self.eval_every,
            checkpoints=self.checkpoints, precision=self.precision,
        )  # fmt: skip


def student_of(config: ModelConfig) -> ModelConfig:
    """Derive the student's configuration: half the blocks, heads of the same width, at most a quarter of the weights.

    Raises:
        ValueError: the model is no decoder, or too small for a student.
    """
    check_decoder(config)
    room = parameters(config) // QUARTER
    for width in range(config.d_model // APART * APART, 0, -APART):
        heads = max(1, width // config.head_size)
        if width % heads or (config.position == "rotary" and width // heads % 2):
            continue
        small = config.replace(
            n_layers=max(1, config.n_layers // 2), d_model=width, n_heads=heads, n_kv_heads=heads, d_head=None,
            d_mlp=None,
        )  # fmt: skip
        if parameters(small) <= room:
            return small
    raise ValueError(
        say(
            "a model of {count} weights is too small for a student of a quarter: its tables alone have more",
            count=f"{parameters(config):,}",
        )
    )


def check_decoder(config: ModelConfig) -> None:
    """Check that the base is a decoder: these runs use next-token targets. Raises ValueError."""
    if config.shape != "decoder" or config.head != "lm":
        raise ValueError(
            say("these runs ask for each next token, which only a decoder says: choose one, e.g. tales-gpt")
        )


def _changes(config: ModelConfig) -> tuple[tuple[str, Any], ...]:
    """Return a configuration's differences from the preset."""
    usual = dataclasses.asdict(ModelConfig(**{**PRESETS[_PRESET], "d_vocab": config.d_vocab}))
    values = dataclasses.asdict(config)
    return tuple(
        (name, value)
        for name, value in values.items()
        if name not in _TOKENS and (name in _SIZES or value != usual[name])
    )
