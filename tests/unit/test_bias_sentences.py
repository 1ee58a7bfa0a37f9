"""What the lower half of the Bias page says in sentences: each only where its numbers say so."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import core
from core.analysis.tasks.pronoun_gap import (
    TEMPLATES,
    Gap,
    Measured,
    chance,
    clear,
    measured,
    parsed,
    together,
)
from core.data import dial
from core.runs import bias_recordings
from core.runs.bias_recordings import Dose
from pages.bias import corpus_lab, pronoun_gap
from pages.bias.pronoun_gap import Asked, Series


def test_a_remedy_is_said_to_help_where_the_paired_interval_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def dose(*contrasts: float, remedy: dial.Remedy = "none") -> Dose:
        return Dose(0.9, remedy, tuple(0.5 + one for one in contrasts), (0.5, 0.5, 0.5), (1.0, 1.0, 1.0))

    before = dose(0.1, 0.2, 0.3)
    sure = dose(0.0, 0.1, 0.21, remedy="swap")  # 0.10, 0.10 and 0.09 less
    unsure = dose(
        0.2, 0.0, 0.1, remedy="remove"
    )  # its own interval holds 0, and so does that of the differences
    wider = dose(0.2, 0.31, 0.4, remedy="balance")
    assert bias_recordings.contrast(unsure).low < 0 < bias_recordings.contrast(unsure).high
    assert (
        bias_recordings.eased(before, sure).mean == pytest.approx(0.29 / 3)
        and bias_recordings.eased(before, sure).low > 0.08
    )
    monkeypatch.setattr(bias_recordings, "remedies", lambda: [before, sure, unsure, wider])
    said = " ".join(corpus_lab.findings())
    assert "Swap helps; balance makes it wider; of remove the seeds do not tell whether it helps." in said
    assert "swap 9.7 points (8.2 to 11.1)" in said


def test_the_dial_is_called_the_cause_where_the_share_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the dial is the cause" in " ".join(corpus_lab.findings())
    low, high = (Dose(at, "none", (0.2, 0.5, 0.9), (0.5,) * 3, (1.0,) * 3) for at in (0.0, 1.0))
    monkeypatch.setattr(bias_recordings, "curve", lambda: [low, high])
    said = corpus_lab.findings()[1]
    assert "the dial is the cause" not in said and "the seeds do not tell it from nothing" in said


def test_professions_are_held_against_their_average_sentence_by_sentence() -> None:
    """What a sentence adds to every profession alike says nothing of a profession."""
    sentences = (3.0, -1.0, 0.5, 2.0)
    jobs = {"baker": 0.3, "cook": 0.31, "pilot": -0.61}
    found = tuple(
        Gap(job, tuple(of + own + 0.001 * k for k, of in enumerate(sentences)), 1)
        for job, own in jobs.items()
    )
    assert all(gap.spread[0] < 0 < gap.spread[1] for gap in found if gap.spread), "clear of none by itself"
    assert clear(np.array([gap.values for gap in found])).tolist() == [0, 3]
    assert clear(np.array([sentences] * 3)).tolist() == [0, 0], "all alike"
    asked = Asked(tuple(jobs), parsed(TEMPLATES[:4]), True, True, ())
    said = pronoun_gap.findings([Series("toy", "decoder", True, Measured(found, ()))], asked)[0]
    assert "Of the 3 intervals, each for itself, 0 leave out 0, which is what chance finds, too" in said
    assert "sentence by sentence, 3 leave out 0, more than chance finds" in said
    assert "from the sentences or from the whole model" in said
    pair = pronoun_gap.findings([Series("toy", "decoder", True, Measured(found[:2], ()))], asked)[0]
    assert "With 2 professions there is nothing to shuffle" in pair and "no finding" in pair


def test_the_chance_band_is_what_shuffled_professions_reach() -> None:
    """By hand: every way to shuffle three professions within two sentences, and the farthest mean of each."""
    jobs = ("baker", "cook", "pilot")
    values = np.array([[4.0, 3.0], [0.0, 0.5], [-1.0, 0.1]])
    found = [Gap(job, tuple(row), 1) for job, row in zip(jobs, values.tolist())]
    ways = list(itertools.permutations(range(3)))
    every = [np.stack([values[list(a), 0], values[list(b), 1]], 1).mean(1) for a in ways for b in ways]
    reach = np.quantile([np.abs(means - values.mean()).max() for means in every], 0.95)
    band = chance(found)
    assert band is not None
    assert (band.low, band.high) == pytest.approx((values.mean() - reach, values.mean() + reach))
    assert (band.above, band.below) == ((), ()), "three professions in two sentences show nothing"
    counts = [clear(np.stack([values[list(a), 0], values[list(b), 1]], 1)) for a in ways for b in ways]
    for found_now, mean, most, column in zip(clear(values), np.mean(counts, 0), np.max(counts, 0), (0, 1)):
        told = (band.clear, band.clear_of_average)[column]
        assert told[0] == found_now and told[1] == pytest.approx(mean, abs=0.1) and told[2] <= most
    assert chance(found[:2]) is None and chance([Gap(job, (1.0,), 1) for job in jobs]) is None


def test_who_lies_outside_the_chance_band_is_named() -> None:
    draw = np.random.default_rng(1)
    leans = {"nurse": 3.0, "smith": -3.0} | {f"job{n}": 0.0 for n in range(10)}
    noise = {job: draw.normal(0, 0.3, 8) for job in leans}
    found = tuple(Gap(job, tuple((lean + noise[job]).tolist()), 1) for job, lean in leans.items())
    band = chance(found)
    assert band is not None and (band.above, band.below) == (("nurse",), ("smith",))
    asked = Asked(tuple(leans), parsed(TEMPLATES), True, True, ())
    shown = Series("toy", "decoder", True, Measured(found, ()))
    said = pronoun_gap.findings([shown], asked)[0]
    assert "in 95 of 100 shuffles: nurse (towards she) and smith (towards he) lie outside" in said
    assert shown.record(tuple(leans))["band"] == [band.low, band.high]
    assert shown.record(tuple(leans))["outside"] == ["nurse", "smith"]
    level = tuple(Gap(job, tuple(noise[job].tolist()), 1) for job in leans)
    said = pronoun_gap.findings([Series("toy", "decoder", True, Measured(level, ()))], asked)[0]
    assert "none lies outside that chance band" in said


def test_sentences_measured_one_by_one_are_those_measured_together() -> None:
    lm, jobs, wanted = core.load("tales-gpt"), ("doctor", "nurse", "baker"), parsed(TEMPLATES[:3])
    whole = measured(lm, jobs, wanted)
    parts = together([measured(lm, jobs, (one,)) for one in wanted])
    assert [(gap.job, gap.tokens) for gap in parts.gaps] == [(gap.job, gap.tokens) for gap in whole.gaps]
    for one, other in zip(parts.gaps, whole.gaps):
        assert one.values == pytest.approx(other.values, abs=1e-4)
