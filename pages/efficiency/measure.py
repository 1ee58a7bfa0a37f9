"""Measure a quantization setting: the one that the controls stand for, and on request all that there are.

What takes a moment is measured at once, the rest with a bar. What the first picture can do without (the times of a
pass, the usual settings beside the chosen one) is measured when the page is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import markup
from app.controls import widgets, work
from app.frame.page import Context
from app.models import cache
from app.session import state
from core.efficiency import kernels
from core.efficiency.compressing import Compressed, matrix_names
from core.efficiency.frontier import Point, estimate_seconds, measure_steps, settings, steps_of
from core.efficiency.judging import Judged, judge_original
from core.efficiency.packing import from_file, to_file
from core.efficiency.pass_times import TOKENS, Passes, time_kernels, time_passes
from core.efficiency.quantization import Quantization, Quantized, nearest
from core.efficiency.quantization_report import Beside, beside, beside_steps
from core.efficiency.settings import QUICK, USUAL, block_weights
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.efficiency.export import Found, over

PER = {"tensor": mark("Matrix"), "channel": mark("Row"), "group": mark("Group")}
WAYS = {"nearest": mark("To nearest"), "gptq": "GPTQ"}


def setting_controls(both: bool) -> None:
    """Draw the controls below the picture."""
    widgets.segments(say("Bits"), "bits", ("16", "8", "4", "2", "1"))
    widgets.segments(say("One scale for a"), "per", tuple(PER), lambda one: say(PER[str(one)]))
    if state.get("per") == "group":
        widgets.segments(say("Weights in it"), "group", ("16", "32", "64", "128"))
    widgets.segments(say("Round"), "rounding", tuple(WAYS), lambda one: say(WAYS[str(one)]))
    st.toggle(say("Grid around 0"), **state.bind("centred"))
    if both:
        widgets.segments(
            say("Stack"), "stack", ("encoder", "decoder"), lambda name: markup.capital(say(str(name)))
        )


# ------------------------------------------------------------------------------------------------- numbers

ONE, ALL, SPEED, REST = "efficiency whole", "efficiency all", "efficiency speed", "efficiency rest"
Slot = DeltaGenerator | None


@dataclass(frozen=True)
class Whole:
    """What a large model's setting came to: both models beside each other, and the packed codes of its matrices."""

    found: Beside
    packed: dict[str, Any]


def compress_quick(
    lm: LanguageModel, key: str, setting: Quantization, text: str, target: str | None
) -> tuple[Beside, Compressed]:
    """Compress and compare a quick model, everything at once."""
    before, _ = cache.share(judge_original, key)
    return beside(before, setting, text, target)


def compare_quick(
    lm: LanguageModel, key: str, setting: Quantization, text: str, target: str | None
) -> Beside:
    """Compare a quick model without keeping its codes: rounded to nearest they are there in a moment."""
    given = (key, setting, text, target)
    found: Beside = (
        cache.share(compress_quick, key, *given) if setting.method == "gptq" else compress_quick(lm, *given)
    )[0]
    return found


def see_point(lm: LanguageModel, key: str, setting: Quantization) -> Point:
    """Compress and judge a quick model in a setting, once for all who ask at the same time."""
    before, _ = cache.share(judge_original, key)
    *_, found = measure_steps(before, [setting])
    assert found is not None
    return found


def _quick(lm: LanguageModel) -> bool:
    return block_weights(lm) <= QUICK


@dataclass(frozen=True)
class Measure:
    """One setting of one model on one text. target: what an encoder-decoder has written."""

    ctx: Context
    setting: Quantization
    target: str | None

    @property
    def quick(self) -> bool:
        """Whether the whole model is compressed and judged in a moment."""
        return _quick(self.ctx.lm)

    @property
    def key(self) -> str:
        """What the numbers hang on."""
        return repr(("efficiency", self.ctx.model_key, self.setting, self.ctx.text, self.target))

    @property
    def found(self) -> Found:
        """All that is known now, for the picture."""
        before, _ = cache.share(judge_original, self.ctx.model_key)
        own, times = self.original
        now = self.known()
        return Found(own, over(before, own), times, now, self.points(), self.matrix)

    @property
    def original(self) -> tuple[Judged, Passes | None]:
        """The model as it is, and the times of its passes; of a large one None until they were asked for.

        Times are kept apart, so that nothing on the page changes when the rest is worked out again.
        """
        _, own = cache.share(judge_original, self.ctx.model_key)
        found = cache.kept(self._passes)
        done = [*self._timed(), *self._rested()]
        if found is None and (fresh := [one for one in done if isinstance(one, Passes)]):
            found = fresh[0]
            cache.keep(self._passes, found, small=True)
            cache.keep(self._times, replace(found, agreement=None), small=True)
        return own, found or cache.kept(self._times)

    def known(self) -> Beside | None:
        """Both models beside each other; of a large one None until the work, which is begun, has come to its end."""
        if self.quick:
            small: Beside = cache.call(compare_quick, self.ctx.model_key, self.ctx.model_key, *self._asked)
            return small
        found: Whole | None = cache.kept(self.key)
        if found is None:
            job = work.of(ONE, self.key)
            if job is None:
                work.begin(ONE, self.key, self._total(), self._make)
            elif job.ended:
                found = job.done[-1]
                cache.keep(self.key, found)
        return found.found if found else None

    def matrix(self, name: str) -> Quantized | None:
        """One matrix in this setting; None at 16 bits, or while GPTQ has not come to a large model's."""
        if self.setting.bits == 16:
            return None
        weight = self.ctx.lm.transformer.get_parameter(name).detach()
        if self.setting.method == "nearest":
            return nearest(weight, self.setting)
        if self.quick:
            small: Compressed = cache.share(
                compress_quick, self.ctx.model_key, self.ctx.model_key, *self._asked
            )[1]
            return small.matrices[name]
        found: Whole | None = cache.kept(self.key)
        return None if found is None else from_file(name, found.packed, weight.shape[1], self.setting)

    def points(self) -> dict[Quantization, Judged]:
        """Every setting of this model that anybody has measured, and this one."""
        kept: dict[Quantization, Judged] = dict(cache.kept(self._all) or {})
        job = work.of(ALL, self._all)
        done = [*(job.done if job else ()), *self._rested()]
        fresh = {point.setting: point.judged for point in done if isinstance(point, Point)}
        now = self.known()
        if now is not None:
            fresh[self.setting] = now.judged
        if set(fresh) - set(kept):
            cache.keep(self._all, kept | fresh, small=True)
        return kept | fresh

    def speeds(self) -> list[kernels.Timed]:
        """The products that were timed on this machine at the model's shapes, as far as they are there."""
        return [one for group in self._timed() if isinstance(group, list) for one in group]

    def _timed(self) -> list[list[kernels.Timed] | Passes]:
        kept: list[list[kernels.Timed] | Passes] | None = cache.kept(self._speed)
        job = work.of(SPEED, self._speed)
        if kept is None and job is not None:
            kept = list(job.done)
            if job.ended:
                cache.keep(self._speed, kept, small=True)
        return kept or []

    def one_button(self) -> Slot:
        """Of a large model while it is being compressed: the button that stops or goes on; the place of the bar."""
        if self.quick or self.known() is not None:
            return None
        return work.buttons(ONE, self.key, say("Compress"), self._total(), self._make)

    def all_button(self) -> Slot:
        """While there are settings that nobody has measured: the button that measures all of them."""
        missing = self._missing()
        if not missing:
            return None
        total = sum(steps_of(self.ctx.lm, one) for one in missing)
        before, _ = cache.share(judge_original, self.ctx.model_key)
        minutes = estimate_seconds(before, missing) / 60
        if minutes < 1:
            label = say("Measure all settings, about {seconds} s", seconds=max(1, round(60 * minutes)))
        else:
            label = say("Measure all settings, about {minutes} min", minutes=round(minutes))
        return work.buttons(ALL, self._all, label, total, self._make_all)

    def speed_button(self) -> Slot:
        """While no products were timed: the button that does it."""
        if cache.kept(self._speed) is not None:
            return None
        return work.buttons(
            SPEED, self._speed, say("Time int8 products"), 1 + 2 * len(TOKENS), self._make_speeds
        )

    def go_on(self, one: Slot, every: Slot, speed: Slot) -> None:
        """Do what is left to do, with bars in these places. Called at the end of the page."""
        place = st.empty()
        if self.quick and (total := self._left()):
            if work.of(REST, self._rest) is None:
                work.begin(REST, self._rest, total, self._make_rest)
            work.go_on(REST, self._rest, place, say("settings"))
        if one is not None:
            work.go_on(ONE, self.key, one, say("blocks"))
        if every is not None:
            work.go_on(ALL, self._all, every, say("steps"), at_once=12)
        if speed is not None:
            work.go_on(SPEED, self._speed, speed, say("products"), at_once=2)

    @property
    def _all(self) -> str:
        return f"efficiency points {self.ctx.model_key}"

    @property
    def _speed(self) -> str:
        return f"efficiency speed {self.ctx.model_key}"

    @property
    def _rest(self) -> str:
        return f"efficiency rest {self.ctx.model_key}"

    @property
    def _passes(self) -> str:
        return f"efficiency passes {self.ctx.model_key}"

    @property
    def _times(self) -> str:
        return f"efficiency times {self.ctx.lm.config}"

    @property
    def _asked(self) -> tuple[Quantization, str, str | None]:
        return self.setting, self.ctx.text, self.target

    def _rested(self) -> list[Any]:
        job = work.of(REST, self._rest)
        return job.done if job else []

    def _plain(self) -> list[Quantization]:
        points = self.points()
        return [one for one in USUAL if one not in points]

    def _left(self) -> int:
        return len(self._plain()) + (cache.kept(self._passes) is None)

    def _make_rest(self) -> Iterator[Point | Passes]:
        for setting in self._plain():
            yield cache.call(see_point, self.ctx.model_key, self.ctx.model_key, setting)
        before, _ = cache.share(judge_original, self.ctx.model_key)
        if cache.kept(self._passes) is None:
            yield time_passes(before, cache.kept(self._times))

    def _total(self) -> int:
        return len(matrix_names(self.ctx.lm)) + 1

    def _make(self) -> Iterator[Whole | None]:
        before, _ = cache.share(judge_original, self.ctx.model_key)
        for found, small in beside_steps(before, self.setting, self.ctx.text, self.target):
            if found is None:
                yield None
                continue
            gptq = self.setting.method == "gptq"
            packed = {
                part: tensor
                for name, matrix in (small.matrices.items() if gptq else ())
                for part, tensor in to_file(name, matrix).items()
            }
            yield Whole(found, packed)

    def _missing(self) -> list[Quantization]:
        kept = cache.kept(self._all) or {}
        return [one for one in settings(self.ctx.lm) if one not in kept]

    def _make_all(self) -> Iterator[Point | None]:
        before, _ = cache.share(judge_original, self.ctx.model_key)
        return measure_steps(before, self._missing())

    def _make_speeds(self) -> Iterator[list[kernels.Timed] | Passes]:
        before, _ = cache.share(judge_original, self.ctx.model_key)
        return time_kernels(before)
