"""The pronoun gap of the open model, of tales-gpt and of tales-bert, by profession and template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.controls import work
from app.controls.bare_encoder import UNSAID
from app.frame.page import Context
from app.models import cache
from app.session import state
from app.words import sentence
from core.analysis.tasks import pronoun_gap
from core.analysis.tasks.pronoun_gap import TEMPLATES, Gap, Measured, Template, listed, parsed
from core.data.toyland.words import PROFESSIONS
from core.language_model import LanguageModel
from core.messages import Later, mark, reason, say
from core.runs import bias_recordings

BESIDE = ("tales-gpt", "tales-bert")  # an autoregressive and a masked model of the same text
HEAVY = 20_000_000  # weights: such a model is asked only when the learner says so
JOB = "bias_gaps"  # the work of asking such a model
HOW = {
    "decoder": mark("after the words before it"),
    "encoder": mark("under [MASK], both sides read"),
    "encoder-decoder": mark("as what fills a gap in the sentence"),
}


@dataclass(frozen=True)
class Asked:
    """What is asked: professions and templates, whether they are the learner's, and what is wrong with the learner's.

    Where something is wrong, the page's own stand in.
    """

    jobs: tuple[str, ...]
    templates: tuple[Template, ...]
    own_jobs: bool
    own_templates: bool
    why: tuple[str, ...]


def asked() -> Asked:
    """Read professions and templates from the page's fields."""
    jobs, frames, why = str(state.get("jobs")).strip(), str(state.get("frames")).strip(), []
    mine, wanted = tuple(sorted(PROFESSIONS)), parsed(TEMPLATES)
    own_jobs = own_templates = False
    if jobs:
        try:
            mine, own_jobs = listed(jobs), True
        except ValueError as error:
            why.append(sentence(error))
    if frames:
        try:
            wanted, own_templates = parsed(frames.splitlines()), True
        except ValueError as error:
            why.append(sentence(error))
    return Asked(mine, wanted, own_jobs, own_templates, tuple(why))


def measure(
    lm: LanguageModel, jobs: tuple[str, ...], templates: tuple[Template, ...]
) -> Measured | str | Later:
    """Measure the gaps of a model, or say why it has none."""
    try:
        return pronoun_gap.measured(lm, jobs, templates)
    except ValueError as why:  # a context too short among them
        return reason(why)


@dataclass(frozen=True)
class Series:
    """One model's gaps; `found` is None where it waits for the learner, or says nothing (`why`)."""

    name: str
    shape: str
    open: bool
    found: Measured | None
    why: str = ""
    waits: bool = False

    def record(self, jobs: tuple[str, ...]) -> dict[str, Any]:
        """Turn a model into a line for each profession, None where the vocabulary has no piece for it."""
        known = {gap.job: gap for gap in self.found.gaps} if self.found else {}
        return {
            "name": self.name, "shape": self.shape, "how": say(HOW[self.shape]), "open": self.open, "why": self.why,
            "waits": self.waits, "unknown": list(self.found.unknown) if self.found else [],
            "gaps": [_line(known.get(job)) for job in jobs],
            "band": [self.chance.low, self.chance.high] if self.chance else None,
            "outside": list(self.chance.outside) if self.chance else [],
        }  # fmt: skip

    @property
    def chance(self) -> pronoun_gap.Chance | None:
        """How far the means would lie apart if the profession said nothing."""
        found: pronoun_gap.Chance | None = None
        if self.found and self.found.gaps:
            found = cache.kept(self._about)
            if found is None and (found := pronoun_gap.chance(self.found.gaps)) is not None:
                cache.keep(self._about, found, small=True)
        return found

    @property
    def _about(self) -> str:
        return f"pronoun gap by chance {self.found!r}"


def _line(gap: Gap | None) -> dict[str, Any] | None:
    if gap is None:
        return None
    low, high = gap.spread or (None, None)
    return {
        "job": gap.job, "mean": gap.mean, "low": low, "high": high, "share": gap.share, "tokens": gap.tokens,
        "values": list(gap.values),
    }  # fmt: skip


def series(ctx: Context, what: Asked) -> list[Series]:
    """Ask the open model first, then those beside it (the open model not twice)."""
    found = [_of(ctx.lm, ctx.model_key, what, ctx.label, True)]
    for name in BESIDE:
        if name != ctx.name or ctx.snapshot is not None:
            found.append(_of(cache.model(name), cache.key(name), what, name, False))
    return found


def _of(lm: LanguageModel, key: str, what: Asked, name: str, opened: bool) -> Series:
    shape = lm.config.shape
    if lm.config.head == "none":
        return Series(name, shape, opened, None, say(UNSAID))
    if opened and heavy(lm):
        there = asking(lm, key, what).measured
        if not there.ended:
            return Series(name, shape, opened, None, waits=True)
        why = next((part for part in there.results if isinstance(part, str | Later)), None)
        found = why or pronoun_gap.together(there.results)
    else:
        found = cache.call(measure, key, what.jobs, what.templates)
    if isinstance(found, str | Later):
        return Series(name, shape, opened, None, sentence(found))
    return Series(name, shape, opened, found)


def heavy(lm: LanguageModel) -> bool:
    """Say whether a model takes a while to answer."""
    return lm.n_parameters > HEAVY


def asking(lm: LanguageModel, key: str, what: Asked) -> work.Shared:
    """Return the work of asking a heavy model, sentence by sentence; for all visitors once."""
    about = repr((JOB, key, what.jobs, what.templates))
    return work.Shared(JOB, about, len(what.templates), say("sentences"), partial(_ask, lm, what))


def _ask(lm: LanguageModel, what: Asked, done: Sequence[Any]) -> Iterator[Measured | str | Later]:
    for template in what.templates[len(done) :]:
        yield measure(lm, what.jobs, (template,))


def told(what: Asked) -> list[list[int] | None]:
    """Look up what tales of the bundled models' world say of each profession: [she, people]; None: not Toyland's."""
    counted = bias_recordings.recorded()["told"]
    return [counted.get(job) for job in what.jobs]


def findings(shown: list[Series], what: Asked) -> list[str]:
    """Say how far professions lie apart, which lie outside chance, and how many intervals leave out 0 by chance."""
    said = []
    for one in shown:
        if one.found is None or not one.found.gaps:
            continue
        gaps = one.found.gaps
        means = [gap.mean for gap in gaps]
        least, most = min(gaps, key=lambda gap: gap.mean), max(gaps, key=lambda gap: gap.mean)
        values = {
            "name": one.name, "low": signed(least.mean), "first": least.job, "high": signed(most.mean),
            "last": most.job,
        }  # fmt: skip
        if len(gaps) == 1:
            said.append(
                say(
                    "{name}: {mean}. Other professions would say what of it is the sentences’ own.",
                    name=one.name, mean=signed(least.mean),
                )
            )  # fmt: skip
            continue
        if len(what.templates) < 2:
            said.append(
                say(
                    "{name}: from {low} ({first}) to {high} ({last}). A single sentence gives no interval.",
                    **values,
                )
            )
            continue
        said.append(
            say(
                "{name}: from {low} ({first}) to {high} ({last}), on average {middle}; what all rows share comes from "
                "the sentences or from the whole model.",
                middle=signed(sum(means) / len(means)), **values,
            )
            + by_chance(one.chance, len(gaps))
        )  # fmt: skip
    return said


def by_chance(band: pronoun_gap.Chance | None, of: int) -> str:
    """Say what chance alone would make of the means, and who lies outside, after a space.

    Args:
        band: None where the professions are too few to shuffle.   of: how many professions there are.
    """
    if band is None:
        said = say(
            "With {count} professions there is nothing to shuffle, so chance alone might do as much: no finding.",
            count=of,
        )
        return f" {said}"
    intervals = say(
        "Of the {count} intervals, each for itself, {alone}; held against the average of all, sentence by sentence, "
        "{against}.",
        count=of, alone=_counted(band.clear), against=_counted(band.clear_of_average),
    )  # fmt: skip
    return f" {_outside(band)} {intervals}"


def _outside(band: pronoun_gap.Chance) -> str:
    """Say between what chance keeps all means, and who lies outside."""
    values = {"low": signed(band.low), "high": signed(band.high), "sure": f"{100 * pronoun_gap.SURE:.0f}"}
    outside = [
        *([say("{jobs} (towards she)", jobs=", ".join(band.above))] if band.above else []),
        *([say("{jobs} (towards he)", jobs=", ".join(band.below))] if band.below else []),
    ]
    if not outside:
        return say(
            "With the professions shuffled within each sentence, all means stay between {low} and {high} in {sure} of "
            "100 shuffles: none lies outside that chance band.",
            **values,
        )
    who = outside[0] if len(outside) == 1 else say("{list} and {last}", list=outside[0], last=outside[1])
    if len(band.above) + len(band.below) < 2:
        return say(
            "With the professions shuffled within each sentence, all means stay between {low} and {high} in {sure} of "
            "100 shuffles: {who} lies outside that chance band.",
            who=who, **values,
        )  # fmt: skip
    return say(
        "With the professions shuffled within each sentence, all means stay between {low} and {high} in {sure} of 100 "
        "shuffles: {who} lie outside that chance band.",
        who=who, **values,
    )  # fmt: skip


def _counted(found: tuple[int, float, int]) -> str:
    """Say how many intervals leave out 0, and how many do where the professions are shuffled."""
    now, mean, most = found
    values = {"count": now, "mean": f"{mean:.1f}", "most": most, "sure": f"{100 * pronoun_gap.SURE:.0f}"}
    if now > most:
        return (
            say(
                "{count} leaves out 0, more than chance finds: {mean} on average of the shuffles, at most {most} in "
                "{sure} of 100",
                **values,
            )
            if now == 1
            else say(
                "{count} leave out 0, more than chance finds: {mean} on average of the shuffles, at most {most} in "
                "{sure} of 100",
                **values,
            )
        )
    if now == 1:
        return say(
            "{count} leaves out 0, which is what chance finds, too: {mean} on average of the shuffles, at most {most} "
            "in {sure} of 100",
            **values,
        )
    return say(
        "{count} leave out 0, which is what chance finds, too: {mean} on average of the shuffles, at most {most} in "
        "{sure} of 100",
        **values,
    )


def signed(value: float) -> str:
    """Write a number with its sign: +0.31, with a true minus."""
    return f"{value:+.2f}".replace("-", "−")
