"""Diagnosis of a model from measurements: a healthy reference beside the model in question.

Nothing here knows what was done to a model. Each rule compares numbers of `core.analysis.health.training_health` (or of
`core.analysis.health.component_ablation.Reading`) and of the curve, and speaks in those numbers; without a
difference it is silent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from core.analysis.health.evidence import Evidence, Health
from core.messages import later, mark, say
from core.verdict_rule import Rule

NOISE = 0.25  # nats: two seeds of one small model end closer together than this


@dataclass(frozen=True)
class Finding:
    """A problem found: its name, a sentence with the numbers, and the numbers by name."""

    sign: str
    sentence: str
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Diagnosis:
    """All findings, the most severe first, and their cost in one sentence. `nothing` if no rule fired."""

    findings: tuple[Finding, ...]
    cost: str

    @property
    def nothing(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def diagnose(sound: Evidence, other: Evidence) -> Diagnosis:
    """Diagnose `other` by its measurements beside those of a `sound` model of the same kind on the same data.

    Returns:
        The findings in the order of `RULES`, so that what causes comes before what follows from it.
    """
    if not (sound.healths and other.healths):
        return Diagnosis((), say("Nothing was measured yet."))
    found = tuple(finding for rule in RULES if (finding := rule(sound, other)) is not None)
    return Diagnosis(found, _cost(sound, other, bool(found)))


# ------------------------------------------------------------------------------------------------- the rules


def _ahead(sound: Evidence, other: Evidence) -> Finding | None:
    """Check attention on later positions, and the loss without them."""
    share, usual = (fmean(_numbers(one.last, "ahead") or [0.0]) for one in (other, sound))
    if not (share > 0.02 and share > 10 * usual):
        return None
    words = say(
        "It reads what it should predict: {share} of its attention goes to later tokens (whole: {usual}).",
        share=f"{share:.0%}", usual=f"{usual:.0%}",
    )  # fmt: skip
    numbers = {"ahead": share, "ahead_sound": usual}
    together, alone, sound_alone = (
        _number(one.last, name) for one, name in ((other, "together"), (other, "alone"), (sound, "alone"))
    )
    if math.isfinite(together + alone + sound_alone):
        leak = alone - together
        numbers |= {"together": together, "alone": alone, "leak": leak, "alone_sound": sound_alone}
        more = say(
            "With the rest of the row in sight its loss is {together}; where nothing follows yet, as when it writes, "
            "{alone} (whole: {usual}).",
            together=f"{together:.2f}", alone=f"{alone:.2f}", usual=f"{sound_alone:.2f}",
        )  # fmt: skip
        words = f"{words} {more}"
        if leak > NOISE:
            words += " " + say("So {nats} nats of its skill are a leak.", nats=f"{leak:.2f}")
    return Finding("reads ahead", words, numbers)


def _order(sound: Evidence, other: Evidence) -> Finding | None:
    """Check block 0's attention under another order of the tokens."""
    change, usual = _number(other.last, "order"), _number(sound.last, "order")
    if not (change < 1e-3 and usual > 0.02):
        return None
    rise, usual_rise = (
        _number(one.last, "shuffled") - _number(one.last, "in_order") for one in (other, sound)
    )
    # A head that gives nearly all of its attention to one token brings the same vector in any order, too. Whether the
    # order is seen then shows in the loss; without a loss nothing is said.
    if _decided(sound, other) and not rise <= usual_rise / 2:
        return None
    words = say(
        "It does not see the order of the tokens: shuffle those before the last, and block 0’s attention brings "
        "the same vector (it changes by {change} of its length; whole: {usual}).",
        change=f"{change:.3f}", usual=f"{usual:.3f}",
    )  # fmt: skip
    numbers = {"order": change, "order_sound": usual}
    if math.isfinite(rise + usual_rise):
        numbers |= {"rise": rise, "rise_sound": usual_rise}
        more = say(
            "Shuffling changes its loss by {rise} nats (whole: {usual}).",
            rise=f"{rise:+.2f}",
            usual=f"{usual_rise:+.2f}",
        )
        words = f"{words} {more}"
    return Finding("order unseen", words, numbers)


def _carried(sound: Evidence, other: Evidence) -> Finding | None:
    """Check how much of a block's input passes through it."""
    kept, usual = (_mean(one.last, "carry") for one in (other, sound))
    if not (abs(kept) < 0.35 and abs(kept) < 0.5 * usual):
        return None
    words = say(
        "What enters a block does not come out of it: the cosine of the two is {kept} on average (whole: {usual}).",
        kept=f"{kept:.2f}", usual=f"{usual:.2f}",
    )  # fmt: skip
    return Finding("nothing carried", words, {"carry": kept, "carry_sound": usual})


def _fading(sound: Evidence, other: Evidence) -> Finding | None:
    """Check the gradient of the first block over that of the last: now, or its minimum if it has recovered."""
    pairs = list(_pairs(sound, other))
    return _faded(other, pairs[-1:], now=True) or _faded(other, pairs, now=False)


def _faded(other: Evidence, pairs: Sequence[tuple[int, Health, Health]], now: bool) -> Finding | None:
    """Search these checkpoints for a vanishing gradient: now, or at its minimum."""
    worst, usual, step, sizes = math.inf, math.nan, 0, (0.0, 0.0)
    for at, one, beside in pairs:
        gradients, beside_gradients = _numbers(one, "gradient"), _numbers(beside, "gradient")
        if len(gradients) < 2 or len(beside_gradients) < 2 or gradients[-1] == 0:
            continue
        ratio = gradients[0] / gradients[-1]
        if ratio < worst:
            worst, step, sizes = ratio, at, (gradients[0], gradients[-1])
            usual = beside_gradients[0] / max(beside_gradients[-1], 1e-30)
    if not (worst < 0.05 and worst < 0.1 * usual):
        return None
    last = len(_numbers(other.last, "gradient")) - 1
    seen = {
        "step": f"{step:,}", "end": _small(sizes[1]), "last": last, "begin": _small(sizes[0]), "share": _small(worst),
        "usual": _small(usual),
    }  # fmt: skip
    words = say("The gradient fades on its way down.") + " "
    if other.loss is None:
        words += say(
            "{end} at block {last}, {begin} at block 0, a share of {share} (whole: {usual}): the first blocks "
            "hardly learn.",
            **seen,
        )
    elif now:
        words += say(
            "At step {step}: {end} at block {last}, {begin} at block 0, a share of {share} (whole: {usual}): the "
            "first blocks hardly learn.",
            **seen,
        )
    else:
        words += say(
            "It did most at step {step}: {end} at block {last}, {begin} at block 0, a share of {share} (whole: "
            "{usual}): the first blocks hardly learn.",
            **seen,
        )
    numbers = {"first": sizes[0], "last": sizes[1], "ratio": worst, "ratio_sound": usual}
    return Finding("gradient fades", words, numbers)


def _size(sound: Evidence, other: Evidence) -> Finding | None:
    """Check the size of the blocks' inputs, which a norm holds fixed, and of the stream."""
    (low, high), (usual_low, usual_high) = (_range(one, "read") for one in (other, sound))
    factor, usual_factor = high / max(low, 1e-30), usual_high / max(usual_low, 1e-30)
    if not (factor > 4 and factor > 2.5 * usual_factor):
        return None
    words = say(
        "What the blocks read has no fixed size: from {low} to {high} (whole: {least} to {most}).",
        low=_small(low), high=_small(high), least=_small(usual_low), most=_small(usual_high),
    )  # fmt: skip
    numbers = {"read_low": low, "read_high": high, "read_low_sound": usual_low, "read_high_sound": usual_high}
    out, beside = (_numbers(one.last, "activation") for one in (other, sound))
    if len(out) == len(beside) > 1 and out[-1] > 3 * out[0]:
        grows, usual_grows = (sizes[-1] / max(sizes[0], 1e-30) for sizes in (out, beside))
        more = say(
            "From block 0 to {last} the stream grows {times} (whole: {usual}).",
            last=len(out) - 1, times=_times(grows), usual=_times(usual_grows),
        )  # fmt: skip
        words = f"{words} {more}"
        numbers |= {"grows": grows, "grows_sound": usual_grows}
    return Finding("size not held", words, numbers)


def _overflow(sound: Evidence, other: Evidence) -> Finding | None:
    """Check for blocks with NaN or infinite output."""
    sizes, usual = (one.last.get("activation") or () for one in (other, sound))
    lost = [at for at, size in enumerate(sizes) if size is None or not math.isfinite(size)]
    if not lost or len(_numbers(sound.last, "activation")) < len(sizes):
        return None
    words = say(
        "Its numbers overflow: what leaves block {block} is larger than the computer’s numbers go (whole: "
        "{usual}), and all that follows is lost.",
        block=lost[0], usual=_small(usual[lost[0]]),
    )  # fmt: skip
    return Finding("overflow", words, {"block": float(lost[0]), "activation_sound": usual[lost[0]]})


def _decided(sound: Evidence, other: Evidence) -> Finding | None:
    """Check the spread of the scores and the entropy of attention at initialization."""
    spread, usual = (_mean(one.healths[0], "spread") for one in (other, sound))
    entropy, usual_entropy = (_entropy(one.healths[0]) for one in (other, sound))
    if not (spread > 1.8 * usual and entropy < 0.8 * usual_entropy):
        return None
    seen = {
        "spread": f"{spread:.2f}", "usual": f"{usual:.2f}", "entropy": f"{entropy:.0%}",
        "sound": f"{usual_entropy:.0%}",
    }  # fmt: skip
    words = (
        say(
            "Attention is all but decided: a query’s scores spread by {spread} (whole: {usual}), and their "
            "softmax keeps {entropy} of the entropy it could have (whole: {sound}).",
            **seen,
        )
        if other.loss is None
        else say(
            "Attention is all but decided before the first step: a query’s scores spread by {spread} (whole: "
            "{usual}), and their softmax keeps {entropy} of the entropy it could have (whole: {sound}).",
            **seen,
        )
    )
    numbers = {"spread": spread, "spread_sound": usual, "entropy": entropy, "entropy_sound": usual_entropy}
    return Finding("attention decided", words, numbers)


def _dead(sound: Evidence, other: Evidence) -> Finding | None:
    """Check for dead neurons."""
    share, usual = (_mean(one.last, "dead") for one in (other, sound))
    if not share > usual + 0.3:
        return None
    words = say(
        "{share} of its MLPs’ neurons never fire (whole: {usual}).",
        share=f"{share:.0%}",
        usual=f"{usual:.0%}",
    )
    return Finding("neurons dead", words, {"dead": share, "dead_sound": usual})


def _unfinished(sound: Evidence, other: Evidence) -> Finding | None:
    """Check for a run that did not reach its end."""
    if not other.ended or sound.ended:
        return None
    return Finding("did not finish", say("It did not reach its end: {why}", why=other.ended), {})


RULES: tuple[Callable[[Evidence, Evidence], Finding | None], ...] = (
    _ahead, _order, _size, _overflow, _carried, _fading, _decided, _unfinished, _dead,
)  # fmt: skip


def _cost(sound: Evidence, other: Evidence, found: bool) -> str:
    if sound.held_out is None or other.held_out is None:
        return "" if found else say("Nothing found: no measurement differs.")
    gap = other.held_out - sound.held_out
    end = f"{other.held_out:.2f}" if math.isfinite(other.held_out) else say("no number")
    ends = {"end": end, "whole": f"{sound.held_out:.2f}"}
    if other.loss is None:
        text = say("The text’s loss: {end} (whole: {whole}).", **ends)
        if not found:
            return f"{text} {say('Nothing found: no other measurement differs.')}"
        return f"{text} {say('It is no higher, but that is one short text.')}" if gap <= 0 else text
    near = abs(gap) < NOISE
    text = (
        say("Last held-out loss: {end} (whole: {whole}).", **ends)
        if other.guessing is None
        else say(
            "Last held-out loss: {end} (whole: {whole}); guessing costs {guessing}.",
            guessing=f"{other.guessing:.2f}", **ends,
        )
    )  # fmt: skip
    if found:
        return f"{text} {say('Two seeds of one model differ as much.')}" if near else text
    if near:
        more = say("Nothing found: that is no more than two seeds differ, and no measurement stands out.")
    elif gap > 0:
        more = say("It is worse, but no measurement says why.")
    else:
        more = say("It is better, but no measurement says why.")
    return f"{text} {more}"


# ------------------------------------------------------------------------------------------------- numbers


def _number(health: Health, name: str) -> float:
    """Return NaN where it was not measured: every comparison with it is false, so no rule fires."""
    value = health.get(name)
    return float(value) if isinstance(value, int | float) else math.nan


def _numbers(health: Health, name: str) -> list[float]:
    return [value for value in health.get(name) or () if value is not None and math.isfinite(value)]


def _mean(health: Health, name: str) -> float:
    values = _numbers(health, name)
    return fmean(values) if values else math.nan


def _entropy(health: Health) -> float:
    values = [_mean({"heads": block}, "heads") for block in health.get("entropy") or ()]
    return _mean({"blocks": values}, "blocks")


def _range(one: Evidence, name: str) -> tuple[float, float]:
    """Return the smallest and the largest value over all blocks and checkpoints."""
    values = [value for health in one.healths for value in _numbers(health, name)] or [math.nan]
    return min(values), max(values)


def _pairs(sound: Evidence, other: Evidence) -> list[tuple[int, Health, Health]]:
    """Pair each checkpoint of `other` with the nearest one of the reference."""
    near = [min(range(len(sound.steps)), key=lambda at: abs(sound.steps[at] - step)) for step in other.steps]
    return [(step, health, sound.healths[at]) for step, health, at in zip(other.steps, other.healths, near)]


def _small(value: float) -> str:
    """Format two significant digits, as the picture beside the sentence does: 0.50, 5.9e−4."""
    if not (0 < abs(value) < 0.01 or abs(value) >= 1000):
        return f"{value:.2f}"
    digits, _, power = f"{value:.1e}".partition("e")
    return f"{digits}e{int(power)}".replace("-", "−")


def _times(factor: float) -> str:
    return say("{ratio} times", ratio=f"{factor:,.0f}" if factor >= 10 else f"{factor:.1f}")


RULE = Rule(
    mark("A diagnosis: “reads ahead”, “order unseen”, ..., or nothing found"),
    mark(
        "The same measurement in the whole model and in the one without the part, on the same held-out text: "
        "attention, streams, gradients, losses."
    ),
    later(
        "Each of the {count} findings has a threshold of its own, far from what the whole model shows; its "
        "sentence gives both numbers. A difference of losses below {noise} nats is never called one: two seeds "
        "end as near.",
        count=len(RULES), noise=f"{NOISE:g}",
    ),
    mark("One model of each kind: one seed, one text of measurement. The same with other seeds is not known."),
    mark("None. The thresholds were set by us; no error rate stands behind them."),
    mark("Our rules"),
    diagnose,
)  # fmt: skip
