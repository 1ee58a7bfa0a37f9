"""TrainSpec: the complete settings of a training run, so that the same spec gives the same curve."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_type_hints

from core.config import PRESETS, ModelConfig, Shape, preset
from core.data import corpora, tasks
from core.data.dial import Dial, Remedy, check_dial
from core.messages import mark, say
from core.plain import Plain, checked
from core.precision import Precision

VERSION = 2

TokenizerKind = Literal["bpe", "characters", "words", "wordpiece", "unigram"]
Objective = Literal["next_token", "masked", "span_corruption", "text_to_text"]
OptimizerKind = Literal["muon", "adamw", "adam", "momentum", "sgd"]
ScheduleKind = Literal["linear", "cosine", "constant"]
Init = Literal["auto", "normal", "recipe"]
Polar = Literal["polar_express", "jordan"]

SHAPE_OF: dict[Objective, Shape] = {
    "next_token": "decoder",
    "masked": "encoder",
    "span_corruption": "encoder-decoder",
    "text_to_text": "encoder-decoder",
}
# Tokenizer settings, and the architecture of each objective, cannot be changed freely.
_NOT_CHANGED = ("d_vocab", "bos_id", "eos_ids", "pad_id", "mask_id", "decoder_start_id")


@dataclass(frozen=True, kw_only=True)
class TrainSpec(Plain):
    """A training run, described. Frozen, flat, plain values; every wrong value is refused with what to do.

    Attributes:
        model: a preset's name (see `core.config.PRESETS`).
        changes: fields of `ModelConfig` put on top of the preset, e.g. {"n_layers": 2, "residual": False}; a mapping
            or pairs, kept as sorted pairs.
        corpus: a corpus' name (see `core.data.corpora`), or "own": then `text` is the `fingerprint` of the text, and
            the text itself travels beside the spec.
        tokenizer: what is learned on the corpus; vocab_size: the entries wished (a text too small for them gives
            fewer; "characters" has as many as the text has characters).
        steps: optimizer steps; the schedule reaches its end at exactly these (of a fork, see first_step).
        batch_tokens: tokens of one step; context: tokens of one row (None: half the model's context).
        stages: ((share of the steps, context), ...): rows of that context until that share of the steps is done, after
            the last one `context`. Short rows first are quicker: attention has less to choose among.
        objective: "next_token" (a decoder), "masked" (an encoder; Devlin et al. 2019), "span_corruption" or
            "text_to_text" (an encoder-decoder; Raffel et al. 2020). The preset takes the objective's shape, unless
            `changes` names one.
        tasks: ((task, share of the examples), ...) of "text_to_text" (see `core.data.tasks`; "spans" are hidden spans
            of the corpus); () takes all, in their usual shares. `context` is then the longest source, and
            `batch_tokens` counts sources and targets.
        mask_rate: share of tokens hidden in "masked" and in spans; whole_words: "masked" hides whole words;
            span_length: the mean length of a hidden span.
        optimizer: "muon" moves the matrices inside the blocks by `learning_rate` and the rest by Adam with embed_rate
            and head_rate; the others move everything by `learning_rate`.
        polar: coefficients of Muon's iterations (see `core.training.muon`): 4 of Polar Express, 5 of Jordan's.
        momentum: of muon and "momentum"; beta1, beta2: of Adam. weight_decay: decoupled, of matrices only.
        clip: the largest gradient norm (0: not clipped).
        schedule: of all rates, down to zero ("constant": not), after `warmup` steps of rising.
        label_smoothing: share of each target spread over the vocabulary (Szegedy et al. 2016); the held-out loss has
            none.
        init: first weights: "normal" GPT-2's, "recipe" the fast small recipe's, "auto" the recipe's where queries and
            keys are normed.
        practice: another corpus to mix in, e.g. "copies"; practice_share: how many of its documents come, on average,
            with each one of the corpus. Held-out losses are of the corpus alone.
        dial: ((profession, share of "she"), ...): what is read are lines about people at work, of tales told so (see
            `core.data.dial`); a mapping or pairs, kept as sorted pairs. (): the tales themselves. Vocabulary and
            held-out losses are those of such lines at one half, so that runs under different doses compare.
        remedy: what is done to the text told under a dial: "swap", "remove" or "balance".
        eval_every: steps between held-out losses (0: only at the end).
        patience: held-out losses without a new best before the run ends early (0: never).
        checkpoints: how many moments of the run are kept, the first and the last step among them.
        prompt: the text that samples continue.
        precision: of matrix products; weights and moments are float32. "auto": what is quicker on the machine that
            trains (see `core.precision`); a run's record names what it was given. compile: through `torch.compile`.
        device: None: the best there is.
        parent: "RUN@STEP" of the checkpoint that a forked run began from, or "".
        first_step: how many steps its parent had taken: schedule, row lengths and the order of the data go on from
            there, and reach their end after `first_step + steps` of them. 0: the run begins anew.

    Raises:
        ValueError: a value that cannot be, or two that do not fit each other.
    """

    model: str = "gpt-nano"
    changes: tuple[tuple[str, Any], ...] = ()
    corpus: str = "tales"
    text: str = ""
    tokenizer: TokenizerKind = "bpe"
    vocab_size: int = 512
    steps: int = 200
    seed: int = 0
    batch_tokens: int = 2048
    context: int | None = None
    stages: tuple[tuple[float, int], ...] = ()
    objective: Objective = "next_token"
    tasks: tuple[tuple[str, float], ...] = ()
    mask_rate: float = 0.15
    whole_words: bool = False
    span_length: float = 3.0
    optimizer: OptimizerKind = "muon"
    learning_rate: float = 0.02
    embed_rate: float = 0.003
    head_rate: float = 0.003
    momentum: float = 0.95
    polar: Polar = "polar_express"
    beta1: float = 0.9
    beta2: float = 0.98
    weight_decay: float = 0.0
    clip: float = 0.0
    schedule: ScheduleKind = "linear"
    warmup: int = 0
    label_smoothing: float = 0.0
    init: Init = "auto"
    practice: str | None = None
    practice_share: float = 0.5
    dial: Dial = ()
    remedy: Remedy = "none"
    eval_every: int = 0
    patience: int = 0
    checkpoints: int = 12
    prompt: str = ""
    precision: Precision = "auto"
    compile: bool = False
    device: str | None = None
    parent: str = ""
    first_step: int = 0

    called: ClassVar[str] = "training spec"
    marks: ClassVar[Mapping[str, Any]] = {"version": VERSION}
    kind = "train"  # a class attribute, not a field: it distinguishes the spec from others of core.runs.kinds

    def __post_init__(self) -> None:
        pairs = self.changes.items() if isinstance(self.changes, Mapping) else self.changes
        object.__setattr__(self, "changes", _pairs(pairs))
        object.__setattr__(self, "stages", _stages(self.stages))
        object.__setattr__(self, "tasks", _tasks(self.tasks))
        object.__setattr__(self, "dial", check_dial(self.dial))
        for name, kind in _KINDS.items():
            object.__setattr__(self, name, checked(name, getattr(self, name), kind))
        self._check_ranges()
        self._check_data()
        self.config(self.vocab_size)  # raises with the reason

    def _check_ranges(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                given = f"{name}={value}"
                if most == math.inf:
                    raise ValueError(say("{given} must be at least {least}", given=given, least=least))
                raise ValueError(
                    say("{given} must be between {least} and {most}", given=given, least=least, most=most)
                )
        if self.warmup >= self.total_steps and self.warmup:
            raise ValueError(
                say(
                    "{one} must be shorter than {other}",
                    one=f"warmup={self.warmup}",
                    other=f"steps={self.total_steps}",
                )
            )
        if self.patience and not self.eval_every:
            raise ValueError(f"patience={self.patience} counts held-out losses: give eval_every, too")
        contexts = [self.context, *(context for _, context in self.stages)]
        for length in contexts:
            if length is not None and not 2 <= length <= self.batch_tokens:
                raise ValueError(
                    say(
                        "{given} must lie between 2 and {most}",
                        given=f"context={length}",
                        most=f"batch_tokens={self.batch_tokens}",
                    )
                )
        shares = [0.0, *(share for share, _ in self.stages), 1.0]
        if any(not first < second for first, second in itertools.pairwise(shares)):
            raise ValueError(f"stages={self.stages}: the shares must rise, between 0 and 1")
        if self.tokenizer in ("bpe", "unigram") and self.vocab_size < 260:
            raise ValueError(
                say(
                    "{given} must be at least 260: the 256 bytes and the special tokens",
                    given=f"vocab_size={self.vocab_size}",
                )
            )
        for beta in ("beta1", "beta2", "momentum"):
            if getattr(self, beta) == 1:
                raise ValueError(
                    say("{given} would never forget the first gradient: give less than 1", given=f"{beta}=1")
                )

    def _check_data(self) -> None:
        if self.model not in PRESETS:
            raise ValueError(f"no preset is called {self.model!r}; there are {', '.join(sorted(PRESETS))}")
        for name in (self.corpus, self.practice):
            if name is not None and name != corpora.OWN_TEXT.name:
                corpora.describe(name)
        own = self.corpus == corpora.OWN_TEXT.name
        if own and not re.fullmatch(r"[0-9a-f]{64}", self.text):
            raise ValueError('corpus="own" needs text=fingerprint(the text), 64 hexadecimal digits')
        if self.text and not own:
            raise ValueError(f'text belongs to corpus="own", not to {self.corpus!r}')
        if self.practice == corpora.OWN_TEXT.name:
            raise ValueError(f"practice={self.practice!r}: choose one of {', '.join(corpora.names())}")
        if self.dial and (self.corpus != "tales" or self.objective == "text_to_text"):
            raise ValueError(
                "a dial turns the stories of corpus='tales', read as rows: choose that corpus, or no dial"
            )
        if self.remedy != "none" and not self.dial:
            raise ValueError(f"remedy={self.remedy!r} is done to what a dial did: give a dial, too")
        if self.tasks and self.objective != "text_to_text":
            raise ValueError(f"tasks belong to objective='text_to_text', not to {self.objective!r}")
        tasks.mixture(self.tasks)  # raises if it cannot be mixed

    def config(self, d_vocab: int, **ids: Any) -> ModelConfig:
        """Build the model's configuration: the preset in the objective's architecture, with `changes`.

        Args:
            d_vocab: entries of the tokenizer; ids: its special tokens (bos_id=...).

        Raises:
            ValueError: two values do not fit, or the shape does not fit the objective.
        """
        wanted = SHAPE_OF[self.objective]
        changes = dict(self.changes)
        base = PRESETS[self.model]
        shape = changes.get("shape", base.get("shape", wanted))
        if shape != wanted:
            right = next(objective for objective, of in SHAPE_OF.items() if of == shape)
            raise ValueError(
                say(
                    "{objective} trains a {wanted}, but this model is a {shape}: choose {right}, or {other}",
                    objective=f"objective={self.objective!r}",
                    wanted=say(_CALLED[wanted]),
                    shape=say(_CALLED[shape]),
                    right=f"objective={right!r}",
                    other=f"shape={wanted!r}",
                )
            )
        return preset(self.model, **{"shape": wanted, **changes, **ids, "d_vocab": d_vocab})

    @property
    def total_steps(self) -> int:
        """The steps from noise to the end of the run: those of its parents, and its own."""
        return self.first_step + self.steps

    def stage(self, step: int) -> tuple[int, int | None]:
        """Return the step before the stage of a step, counted from noise, and its context (None: the run's own)."""
        first = 0
        for until, context in self.stages:
            last = round(until * self.total_steps)
            if step <= last:
                return first, context
            first = last
        return first, None

    def growth(self) -> tuple[tuple[int, int | None], ...]:
        """Return where rows become longer.

        (the last step of a stage, the context of the next; None: the run's own), ...; steps counted from noise.
        """
        following = (*(context for _, context in self.stages[1:]), None)
        return tuple(
            (round(until * self.total_steps), then) for (until, _), then in zip(self.stages, following)
        )

    @classmethod
    def _upgraded(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        if values.get("version") != 1:
            return values
        kept = {name: value for name, value in values.items() if name != "bf16"}
        return {**kept, "version": VERSION, "precision": "bfloat16" if values.get("bf16") else "float32"}

    @staticmethod
    def _written(name: str, value: Any) -> Any:
        if name in ("changes", "dial"):
            return dict(value)
        return [list(pair) for pair in value] if name in ("stages", "tasks") else value


_HINTS = get_type_hints(TrainSpec)
_KINDS = {
    each.name: _HINTS[each.name]
    for each in dataclasses.fields(TrainSpec)
    if each.name not in ("changes", "stages", "tasks", "dial")
}

_CALLED: dict[str, str] = {
    "decoder": mark("decoder"), "encoder": mark("encoder"), "encoder-decoder": mark("encoder-decoder"),
}  # fmt: skip
_RANGES: dict[str, tuple[float, float]] = {
    "vocab_size": (8, 100_000),
    "steps": (1, 1_000_000),
    "seed": (0, 2**31 - 1),
    "batch_tokens": (16, 2**20),
    "mask_rate": (0.01, 0.9),
    "span_length": (1, 100),
    "learning_rate": (0, math.inf),
    "embed_rate": (0, math.inf),
    "head_rate": (0, math.inf),
    "momentum": (0, 1),
    "beta1": (0, 1),
    "beta2": (0, 1),
    "weight_decay": (0, math.inf),
    "clip": (0, math.inf),
    "warmup": (0, math.inf),
    "label_smoothing": (0, 0.99),
    "practice_share": (0, 10),
    "eval_every": (0, math.inf),
    "patience": (0, math.inf),
    "checkpoints": (2, 200),
    "first_step": (0, 10_000_000),
}


def _pairs(pairs: Iterable[Any]) -> tuple[tuple[str, Any], ...]:
    known = {field.name for field in dataclasses.fields(ModelConfig)} - set(_NOT_CHANGED)
    found: dict[str, Any] = {}
    try:
        for name, value in pairs:
            found[name] = value
    except (TypeError, ValueError) as error:
        raise ValueError('changes must be names with values, e.g. {"n_layers": 2}') from error
    for name, value in found.items():
        if name not in known:
            raise ValueError(f"changes: no setting of a model is called {name!r}")
        if not isinstance(value, (bool, int, float, str, type(None))):
            raise ValueError(f"changes: {name}={value!r} must be a plain value")
    return tuple(sorted(found.items()))


def _tasks(shares: Any) -> tuple[tuple[str, float], ...]:
    try:
        return tuple(
            (checked("a task", name, str), checked("its share", share, float)) for name, share in shares
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"tasks={shares!r} must be pairs of a task and its share: {error}") from error


def _stages(stages: Any) -> tuple[tuple[float, int], ...]:
    found = []
    try:
        for share, context in stages:
            found.append((checked("a stage's share", share, float), checked("context", context, int)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"stages={stages!r} must be pairs of a share and a context: {error}") from error
    return tuple(found)
