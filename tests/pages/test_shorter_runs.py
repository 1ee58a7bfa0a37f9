"""Where a preset takes over a minute, every page that trains says so and offers a shorter one that does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.controls import own_run
from core import machine
from core.runs import Engine, corrections
from core.runs.limits import Limits
from core.training import TrainSpec, corpus_lab, ladder
from core.training.fine_tune_spec import compared
from tests.pages.conftest import Runs

RATE = {"flops": 9e10, "bytes": 2.25e9, "block": 9e-4, "loop": 6e-4}  # a machine of today, one thread
PAGES = {  # the button that starts, and how many runs it starts
    "bias": ("bias_corpus_lab.train", 1), "break_it": ("break_it.start", 2),
    "regularization": ("regularization.start", 4),
    "optimizers": ("optimizers.toy", 5), "fine_tuning": ("fine_tuning.lora", 1),
    "adaptability": ("adaptability.train", 1),
}  # fmt: skip
OWN_CONTROL = {"efficiency": "efficiency.train", "scaling": "scaling.train", "lab": "lab.go"}


def be(folder: Path, times: float) -> None:
    """Let this machine be as many times as slow as `RATE`'s."""
    rate = {
        name: value / times if name in ("flops", "bytes") else value * times for name, value in RATE.items()
    }
    here = machine.signature()
    kept = {f"training {name} | {here}": rate for name in ("float32", "bfloat16")}
    kept[f"products | {here}"] = {"float32": rate["flops"], "bfloat16": rate["flops"]}
    (folder / "machine.json").write_text(json.dumps(kept))
    machine.forget()
    corrections._foretold.cache_clear()


@pytest.fixture
def speed(own_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`speed(20)`: a machine twenty times as slow."""
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))
    yield lambda times: be(tmp_path, times)
    machine.forget()
    corrections._foretold.cache_clear()


def label(app: AppTest, key: str) -> str:
    return str(app.button(key=key).label)


def captions(app: AppTest) -> str:
    return " ".join(one.value.replace("\\", "") for one in app.caption)


def in_seconds(words: str) -> float:
    """What "about 5 min", "about 40 s" or "about a second" say."""
    if "a second" in words:
        return 1.0
    found = re.search(r"about ([\d.]+) (s|min)", words)
    assert found, words
    return float(found[1]) * (60 if found[2] == "min" else 1)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("slug", PAGES)
def test_a_quick_machine_offers_nothing_shorter_and_says_what_it_takes(
    slug: str, queue: Runs, open_page: Any, speed: Any
) -> None:
    speed(0.5)
    app = open_page(slug)
    assert not app.exception
    assert 0 < in_seconds(label(app, PAGES[slug][0])) <= own_run.LONG
    assert "on this computer" not in captions(app)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("slug", PAGES)
def test_a_slow_machine_says_so_and_offers_fewer_steps(
    slug: str, queue: Runs, open_page: Any, speed: Any
) -> None:
    speed(40)
    app = open_page(slug)
    assert not app.exception
    key, count = PAGES[slug]
    whole = in_seconds(label(app, key))
    assert whole > own_run.LONG and "on this computer" in captions(app)
    app = open_page(slug, fewer=f"{slug} 1/8")
    assert not app.exception and "on this computer" in captions(app)
    assert in_seconds(label(app, key)) < 0.5 * whole
    app.button(key=key).click().run()
    assert not app.exception
    begun = queue.store.list(kind=None)
    assert len(begun) == count
    usual = {"bias": 600, "break_it": 160, "regularization": 160, "optimizers": 200, "fine_tuning": 100}
    for run in begun:
        steps = usual.get(slug) or run.steps * 8
        assert run.steps == round(steps / 8)
        assert run.spec.eval_every <= run.steps and getattr(run.spec, "warmup", 0) < run.steps


def test_the_objectives_say_what_three_take_and_can_be_fewer(queue: Runs, open_page: Any, speed: Any) -> None:
    from pages.objectives import own_runs

    speed(40)
    app = open_page("objectives", fewer="objectives 1/4")
    assert not app.exception and "All 300 steps take" in captions(app)
    assert {spec.steps for spec in own_runs.wished("1/4").values()} == {75}


@pytest.mark.full(reason="each case takes 3 s")
@pytest.mark.parametrize("slug", OWN_CONTROL)
def test_a_page_with_steps_of_its_own_offers_a_setting_that_takes_a_minute(
    slug: str, queue: Runs, open_page: Any, speed: Any
) -> None:
    speed(0.5)
    app = open_page(slug)
    assert not app.exception and f"{slug}.quicker" not in [button.key for button in app.button]
    speed(5 if slug == "efficiency" else 8)
    app = open_page(slug)
    assert "This takes" in captions(app)
    offer = app.button(key=f"{slug}.quicker")
    assert in_seconds(offer.label) <= own_run.LONG
    offer.click().run()
    assert not app.exception and "This takes" not in captions(app)
    app.button(key=OWN_CONTROL[slug]).click().run()
    assert not app.exception and len(queue.store.list(kind=None)) == 1


def test_what_is_refused_names_a_control_that_is_there(queue: Runs, open_page: Any, speed: Any) -> None:
    from app import runs as face

    speed(20)
    face.use(queue.store, Engine(queue.store, workers=0, limits=Limits(minutes=3)))
    app = open_page("bias")
    refused = " ".join(one.value.replace("\\", "") for one in app.warning)
    assert (
        "this server allows 3 minutes: choose fewer steps" in refused
        and app.button(key="bias_corpus_lab.train").disabled
    )
    assert "All 600 steps take more than this server allows" in captions(app)
    app = open_page("bias", fewer="bias 1/8")
    assert not app.button(key="bias_corpus_lab.train").disabled and not app.warning


def test_an_estimate_follows_the_runs_that_ended_here(queue: Runs, open_page: Any, speed: Any) -> None:
    from core.runs import kinds
    from core.runs.schema import runs

    speed(1)
    before = in_seconds(label(open_page("bias"), "bias_corpus_lab.train"))
    spec = corpus_lab.spec(0.5, 7)
    run = queue.store.create(spec, "another")
    with queue.store.database.writing() as connection:
        took = 2.5 * kinds.estimate(spec).learning
        connection.execute(
            runs.update().where(runs.c.id == run.id).values(state="done", step=spec.steps, seconds=took)
        )
    after = in_seconds(label(open_page("bias"), "bias_corpus_lab.train"))
    assert after == pytest.approx(2.5 * before, rel=0.15)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "a second"), (1.6, "2 s"), (18.4, "18 s"), (41, "40 s"), (63, "65 s"), (95, "1.6 min"), (120, "2 min"),
        (270, "4.5 min"), (1000, "17 min"),
    ],
)  # fmt: skip
def test_a_time_has_no_more_digits_than_an_estimate(seconds: float, said: str) -> None:
    assert own_run.duration(seconds) == said


@pytest.mark.parametrize("share", own_run.SHARES)
def test_a_shortened_run_is_whole(share: str) -> None:
    for spec in (
        corpus_lab.spec(0.5),
        ladder.spec(16),
        compared("questions", "lora"),
        TrainSpec(warmup=50, eval_every=150),
    ):
        short: Any = own_run.shortened(spec, share)
        assert short.steps == max(2, round(spec.steps * Fraction(share)))
        assert type(short).from_json(short.to_json()) == short
    assert own_run.shortened(TrainSpec(steps=3), "1/8").steps == 2
