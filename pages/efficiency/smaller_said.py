"""What the recorded runs say, in sentences made from their numbers."""

from __future__ import annotations

from collections.abc import Sequence

from app import scope
from app.counts import counted
from core.analysis.seeds import Interval
from core.efficiency import distilbert
from core.efficiency.held_out import STORIES
from core.efficiency.judging import LONGEST
from core.efficiency.shrink_lab import RETRAINED
from core.efficiency.shrink_spec import ShrinkSpec
from core.efficiency.speed import told
from core.runs import shrunk
from core.runs.shrunk import Arm, Level

MENDED = 0.1  # nats above the model that nothing was taken from and that learned on as long


def pruned(magnitude: Sequence[Level], structured: Sequence[Level]) -> list[str]:
    """Of tales-gpt without its smallest weights, and without whole heads and neurons."""
    whole, *levels = magnitude
    half = levels[0]
    control = whole.spread("rise")
    mended = [one for one in levels if one.spread("rise").mean - control.mean <= MENDED]
    last = levels[-1]
    most = structured[-1]
    return [
        f"tales-gpt without {half.sparsity:.0%} of its blocks’ weights, the smallest first: "
        f"{_nats(half.before['rise'])} above the whole model. After {RETRAINED} more steps with the rest: "
        f"{_spread(half.spread('rise'))}. With nothing removed and trained on as long: {_spread(control)}.",
        (
            f"Up to {mended[-1].sparsity:.0%} can go for less than {MENDED:g} nats beside that."
            if mended
            else f"None of these shares comes within {MENDED:g} nats of that."
        )
        + f" With {last.sparsity:.0%} gone, retraining brings {_nats(last.before['rise'])} down to "
        f"{_nats(last.spread('rise').mean)}.",
        f"Zeros save room only in a file that packs them ({_megabytes(last.bytes)} instead of "
        f"{_megabytes(int(shrunk.base()['bytes']))} at {last.sparsity:.0%}): a pass multiplies by them all the same. "
        f"Where {most.sparsity:.0%} of heads and neurons are taken out, {counted(most.numbers, 'number')} are "
        f"left and a pass "
        f"is {_fast(most.speed)}; after retraining the loss is {_spread(most.spread('rise'))} above.",
    ]


def over() -> str:
    """What all recorded losses are taken over."""
    base = shrunk.base()
    taken = scope.one_by_one(int(base["places"]), STORIES, "stories", LONGEST)
    return (
        f"Recorded losses, here and of the students, are over {taken}: {base['loss']:.3f} nats for {base['name']} "
        "itself. Its card has another number, over whole rows, where more stands before each token."
    )


def taught(alone: Arm, distilled: Arm, longer: Arm) -> list[str]:
    """Of the students."""
    teacher, student = shrunk.base(), distilled.end[0]["numbers"]
    gain, later = shrunk.gain(alone, distilled), shrunk.gain(longer, distilled)
    return [
        f"The student has {counted(student, 'number')}, {student / teacher['numbers']:.0%} of its teacher’s "
        f"{teacher['numbers']:,}. {counted(alone.steps, 'step')}, the same stories, the same first weights: "
        f"taught, it ends "
        f"{_lower(gain)}.",
        f"Taught: {_teaching(distilled.spec)}.",
        f"A taught step costs {shrunk.operations():.1f} times the operations, as the teacher reads along. Alone with "
        f"as many operations ({counted(longer.steps, 'step')}) the student ends {_against(later)}.",
    ]


def published() -> list[str]:
    """Of DistilBERT beside BERT."""
    one, other = distilbert.TEACHER, distilbert.STUDENT
    share = other.size.published / one.size.published
    return [
        f"Published: DistilBERT, a student of BERT base, has {share:.0%} of its weights, {other.glue / one.glue:.0%} "
        f"of its score on GLUE, and took {other.seconds / one.seconds:.0%} of the time ({distilbert.SOURCE}, tables 1 "
        "to 3). It saw the teacher’s probabilities, its hidden states, and the words themselves. "
        f"Counted here, DistilBERT has {other.size.parameters / 1e6:.1f}M weights. {other.size.note}",
    ]


def _fast(speed: Sequence[float]) -> str:
    """A speed where the rounds tell it from the original's."""
    return f"{speed[1]:.1f} times as fast" if told(speed) else "as fast, as far as its rounds tell"


def _teaching(spec: ShrinkSpec) -> str:
    """What the taught student learns from."""
    settings = f"(T = {spec.temperature:g}, share of the plain loss {spec.hard:g})"
    if not spec.hard:
        return f"it learns the teacher’s distribution alone {settings}"
    return f"it learns the teacher’s distribution and the tokens that came {settings}"


def _lower(gain: Interval) -> str:
    if gain.low > 0:
        return f"{_spread(gain)} lower than alone"
    if gain.high < 0:
        return f"{_spread(_turned(gain))} higher than alone: the teacher does harm"
    return f"{_spread(gain)} lower than alone, which {gain.of} seeds do not tell from nothing"


def _against(gain: Interval) -> str:
    """`gain`: by how much the longer run alone ends above the taught one."""
    if gain.high < 0:
        return (
            f"{_spread(_turned(gain))} below the taught one: for the same operations, reading more pays more"
        )
    if gain.low > 0:
        return f"still {_spread(gain)} above the taught one"
    return f"where the taught one does, as far as {gain.of} seeds tell (a difference of {_spread(gain)})"


def _turned(one: Interval) -> Interval:
    return Interval(-one.mean, -one.high, -one.low, one.of)


def _nats(value: float) -> str:
    return f"{value:.2f} nats".replace("-", "−")


def _spread(one: Interval) -> str:
    return f"{one.mean:.2f} nats ({one.low:.2f} to {one.high:.2f})".replace("-", "−")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
