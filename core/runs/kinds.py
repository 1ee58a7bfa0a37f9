"""The kinds of runs: training, fine-tuning, compression, word2vec, word maps.

One queue, loop and store for all. A spec's `kind` selects the work; each kind has a module with its `Work`, imported
lazily, so that reading runs imports none of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from core.runs.continuation import LARGEST
from core.runs.records import RunError

if TYPE_CHECKING:
    from core.runs.lease import Moment
    from core.training.estimates import Estimate

TRAIN = "train"
MODELS = (TRAIN, "shrink")  # kinds whose checkpoints are whole language models
_KINDS: dict[str, tuple[str, str, str]] = {  # kind -> its spec's module and class, its work's module
    TRAIN: ("core.training.spec", "TrainSpec", "core.runs.training"),
    "word2vec": ("core.runs.word_specs", "WordsSpec", "core.runs.word_vectors"),
    "fine_tune": ("core.training.fine_tune_spec", "FineTuneSpec", "core.runs.fine_tuning"),
    "map": ("core.runs.word_specs", "MapSpec", "core.runs.word_maps"),
    "shrink": ("core.efficiency.shrink_spec", "ShrinkSpec", "core.runs.shrinking"),
}


class Spec(Protocol):
    """The spec of a run: frozen, plain values, each of them validated.

    Attributes:
        kind: a name among the kinds of this module.
        steps: points of its curve, at most; seed: of every draw.
        text: the fingerprint of an own text that travels beside the spec, or "".
        parent: "RUN@STEP" of the checkpoint that it begins with, or "".
    """

    @property
    def kind(self) -> str: ...
    @property
    def steps(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def parent(self) -> str: ...

    def to_dict(self, *, defaults: bool = True) -> dict[str, Any]: ...
    def to_json(self, *, defaults: bool = True) -> str: ...


@dataclass(frozen=True)
class Reached:
    """A point of a run's curve, in the order of `records.COLUMNS`; what a kind does not know is NaN.

    Of training each column is what its name says. Of word2vec the loss is nats a pair, tokens are words read, and
    `update_norm` is how far all vectors together moved. Of a map the loss is the method's own, and `update_norm` how
    far all words together moved on the map. Of fine-tuning the loss is nats an example, and `held_out` the share of
    held-out examples that is answered right. Of a model made smaller all is as of training; a student's loss is its
    plain cross-entropy, whatever its teacher adds.
    """

    step: int
    loss: float
    learning_rate: float
    gradient_norm: float
    update_norm: float
    tokens: int
    seconds: float
    held_out: float | None = None


class Work(Protocol):
    """The work of a run: the interface that the loop of `core.runs.loop` needs of every kind.

    Attributes:
        done_steps: of `spec.steps`; done: whether it is over; ended: then why, in words.
        checkpoint_steps: after which a checkpoint is kept.
    """

    @property
    def done_steps(self) -> int: ...
    @property
    def done(self) -> bool: ...
    @property
    def ended(self) -> str: ...
    @property
    def checkpoint_steps(self) -> Sequence[int]: ...

    def step(self) -> Reached:
        """Take a step (or several that are shown as one). Raises Diverged, ValueError."""
        ...

    def moment(self, held_out: float | None = None) -> Moment:
        """Build the checkpoint of the present state."""
        ...

    def glance(self) -> Callable[[], Moment]:
        """Copy the present state, so that its checkpoint can be made while the work goes on."""
        ...

    def state(self) -> bytes:
        """Return all state that the rest of the run depends on; it contains no code."""
        ...

    def about(self) -> tuple[Mapping[str, Any], str]:
        """Return what all checkpoints share.

        Plain values, and a text (a tokenizer's JSON, the words of the vectors).
        """
        ...


Start = Callable[[], "tuple[bytes, str, str] | None"]


def kind_of(spec: Spec | Mapping[str, Any]) -> str:
    """Return the kind of a spec, or of its plain values: those of a training run do not name it."""
    return str(spec.get("kind", TRAIN)) if isinstance(spec, Mapping) else spec.kind


def read_spec(written: str) -> Any:
    """Parse a spec from JSON, with the class of its kind.

    Raises:
        ValueError: no such kind, or values that do not fit.
    """
    values = json.loads(written)
    module, name, _ = _KINDS[_known(kind_of(values))]
    return getattr(import_module(module), name).from_json(written)


def begin(spec: Spec, text: str | None, state: bytes | None, start: Start) -> Work:
    """Begin or resume the work of a run.

    Args:
        text: the own text that the spec names; start: gives weights, shared text and shared values of the checkpoint
            that the run begins with, if it names a parent.

    Raises:
        ValueError: the text, or what it begins with, cannot be worked on; the message says why.
    """
    work: Work = _module(spec).begin(spec, text, state, start)
    return work


def estimate(spec: Spec, text: str | None = None) -> Estimate:
    """Estimate the cost of a run before it starts. Raises ValueError: its text is too small for it."""
    cost: Estimate = _module(spec).estimate(spec, text)
    return cost


def stored(spec: Spec, cost: Estimate) -> tuple[int, int, int]:
    """Estimate what the store keeps of a run: checkpoints, bytes of each, bytes of all else while it runs."""
    count = min(int(getattr(spec, "checkpoints", 2)), spec.steps + 1)
    weights = cost.parameters * 4
    if spec.kind == "word2vec":
        return count, weights // 2, weights  # of two tables, a checkpoint has the one that is shown
    memory = 2 * weights if spec.kind == TRAIN and 2 * weights <= LARGEST else 0
    return (
        count,
        weights + memory,
        3 * weights,
    )  # a state holds weights, and two numbers per weight for Adam


def lighter(spec: Spec) -> tuple[str, str]:
    """Suggest what to change where a run would need too much memory, or would take too long, in words."""
    words: tuple[str, str] = _module(spec).LIGHTER
    return words


def check_parent(spec: Spec, parent: Mapping[str, Any]) -> None:
    """Check that a run of this kind can begin with a checkpoint of that one. Raises RunError."""
    wanted = {"map": "word2vec", "fine_tune": TRAIN, "shrink": TRAIN}.get(spec.kind, spec.kind)
    if (found := kind_of(parent)) != wanted:
        raise RunError(f"a run of kind {spec.kind!r} begins with one of kind {wanted!r}, not {found!r}")


def _module(spec: Spec) -> Any:
    return import_module(_KINDS[_known(spec.kind)][2])


def _known(kind: str) -> str:
    if kind not in _KINDS:
        raise ValueError(f"no run is of kind {kind!r}: there are {', '.join(_KINDS)}")
    return kind
