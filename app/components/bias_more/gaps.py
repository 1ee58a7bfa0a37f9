"""The pronoun gap of the open model, of tales-gpt and of tales-bert, by profession and template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app import cache, state
from app.bare import UNSAID
from app.page import Context
from app.words import sentence
from core.analysis.tasks import pronoun_gap
from core.analysis.tasks.pronoun_gap import TEMPLATES, Gap, Measured, Template, listed, parsed
from core.data.toyland.words import PROFESSIONS
from core.language_model import LanguageModel
from core.runs import doses

BESIDE = ("tales-gpt", "tales-bert")  # an autoregressive and a masked model of the same text
HEAVY = 20_000_000  # weights: such a model is asked only when the learner says so
HOW = {
    "decoder": "after the words before it",
    "encoder": "under [MASK], both sides read",
    "encoder-decoder": "as what fills a gap in the sentence",
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
    """By the page's fields."""
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


def measure(lm: LanguageModel, jobs: tuple[str, ...], templates: tuple[Template, ...]) -> Measured | str:
    """`measured`, or why the model cannot say."""
    try:
        return pronoun_gap.measured(lm, jobs, templates)
    except ValueError as why:  # a context too short among them
        return str(why)


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
        """For the picture: a line for each profession, None where the vocabulary has no piece for it."""
        known = {gap.job: gap for gap in self.found.gaps} if self.found else {}
        return {
            "name": self.name, "shape": self.shape, "how": HOW[self.shape], "open": self.open, "why": self.why,
            "waits": self.waits, "unknown": list(self.found.unknown) if self.found else [],
            "gaps": [_line(known.get(job)) for job in jobs],
        }  # fmt: skip


def _line(gap: Gap | None) -> dict[str, Any] | None:
    if gap is None:
        return None
    low, high = gap.spread or (None, None)
    return {
        "job": gap.job, "mean": gap.mean, "low": low, "high": high, "share": gap.share, "tokens": gap.tokens,
        "values": list(gap.values),
    }  # fmt: skip


def series(ctx: Context, what: Asked) -> list[Series]:
    """The open model first, then those beside it (the open model not twice)."""
    found = [_of(ctx.lm, ctx.model_key, what, ctx.label, True)]
    for name in BESIDE:
        if name != ctx.name or ctx.snapshot is not None:
            found.append(_of(cache.model(name), cache.key(name), what, name, False))
    return found


def _of(lm: LanguageModel, key: str, what: Asked, name: str, opened: bool) -> Series:
    shape = lm.config.shape
    if lm.config.head == "none":
        return Series(name, shape, opened, None, UNSAID)
    if opened and heavy(lm) and key not in state.memo("bias_more").get("measured", ()):
        return Series(name, shape, opened, None, waits=True)
    found = cache.call(measure, key, what.jobs, what.templates)
    if isinstance(found, str):
        return Series(name, shape, opened, None, sentence(found))
    return Series(name, shape, opened, found)


def heavy(lm: LanguageModel) -> bool:
    """A model whose answers take a while."""
    return lm.n_parameters > HEAVY


def ask_heavy(key: str) -> None:
    """The learner wants a heavy model asked."""
    memo = state.memo("bias_more")
    memo["measured"] = {*memo.get("measured", ()), key}


def told(what: Asked) -> list[list[int] | None]:
    """What tales of the bundled models' world say of each profession: [she, people]; None: not one of Toyland's."""
    counted = doses.recorded()["told"]
    return [counted.get(job) for job in what.jobs]


def findings(shown: list[Series], what: Asked) -> list[str]:
    """What the gaps share, how many are clear of none, and how far professions lie apart, in sentences."""
    said = []
    for one in shown:
        if one.found is None or not one.found.gaps:
            continue
        gaps = one.found.gaps
        means = [gap.mean for gap in gaps]
        least, most = min(gaps, key=lambda gap: gap.mean), max(gaps, key=lambda gap: gap.mean)
        apart = f"from {signed(least.mean)} ({least.job}) to {signed(most.mean)} ({most.job})"
        if len(gaps) == 1:
            said.append(
                f"{one.name}: {signed(least.mean)}. Other professions would say what of it is the sentences’ own."
            )
            continue
        if len(what.templates) < 2:
            said.append(f"{one.name}: {apart}. A single sentence gives no interval.")
            continue
        clear = sum(gap.spread is not None and (gap.spread[0] > 0 or gap.spread[1] < 0) for gap in gaps)
        middle = signed(sum(means) / len(means))
        said.append(
            f"{one.name}: {apart}, on average {middle}; what all rows share comes from the sentences or from "
            f"the whole model. {clear} of {len(gaps)} intervals leave out 0; held against that average sentence by "
            f"sentence, {pronoun_gap.clear_of_average(gaps)} do."
        )
    return said


def signed(value: float) -> str:
    """+0.31, with a true minus sign."""
    return f"{value:+.2f}".replace("-", "−")
