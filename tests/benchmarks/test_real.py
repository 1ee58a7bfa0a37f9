"""The real model as a learner meets it: what a new text and another head take in a browser, memory, lines taught."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

import core
from app import chapters, models
from core import real
from core.training import own_lines
from core.training.adapters import Lora
from tests import real as published
from tests.benchmarks import pair
from tests.benchmarks.clock import CHANGE_MS, CHANGE_P95_MS, button, press, reads, write
from tests.benchmarks.test_latency import browser as browser
from tests.benchmarks.test_latency import page as page
from tests.benchmarks.test_memory import resident
from tests.browser import driver

TEXT_MS, BOTH_MB, TAUGHT_S = 600, 1700, own_lines.LONGEST
ROUNDS = 8
NUMBERS = "two three four five six seven eight nine ten eleven twelve thirteen".split()
LINE = "In the old town of Marlow the baker sings to his bread every single winter morning, as {} know."

Report = Callable[[pair.Figure], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """The app as `make run` starts it, with the published models."""
    with pytest.MonkeyPatch.context() as patch:
        published.here(patch)
        env = {real.VARIABLE: str(published.FOLDER), "OMP_NUM_THREADS": "2"}
        with driver.serving(tmp_path_factory.mktemp("server"), env=env) as running:
            yield running


@pytest.mark.parametrize("slug", ["home", "attention", "multi_head", "loss"])
def test_a_new_text_of_twelve_tokens(slug: str, page: Page, report: Report) -> None:
    driver.open_page(page, slug, model=models.REAL, text="The capital of France is")
    times = []
    for number in NUMBERS[:ROUNDS]:
        holds = reads(f"{number} loaves")
        if slug == "loss":
            holds = f"state.mean !== {driver.component_state(page, slug)['mean']!r}"
        text = f"The baker of the old town has sold his {number} loaves"
        times.append(write(page, slug, "Your text", text, holds))
    title = f"{models.REAL}, {chapters.BY_SLUG[slug].title}: a text of 12 tokens"
    figure = pair.Figure(title, times, TEXT_MS)
    report(figure)
    assert figure.reached


def test_another_head(page: Page, report: Report) -> None:
    driver.open_page(page, "home", model=models.REAL, text="The capital of France is")
    times = [
        press(page, "home", button("Head", 4 + turn % 2), f"state.head === {4 + turn % 2}")
        for turn in range(ROUNDS)
    ]
    figure = pair.Figure(f"{models.REAL}, Home: another head", times, CHANGE_MS, most_95=CHANGE_P95_MS)
    report(figure)
    assert figure.reached


def test_the_memory_of_both(page: Page, server: driver.Server, report: Report) -> None:
    highest = 0.0
    for model in real.BY_NAME:
        for slug in (
            "home",
            "tokenization",
            "embeddings",
            "attention",
            "multi_head",
            "loss",
            "decoding",
            "families",
        ):
            driver.open_page(page, slug, model=model, text="The bank of the river was muddy.")
            highest = max(highest, resident(server))
    figure = pair.Figure("both published models open, eight pages each", [highest], BOTH_MB, "MB")
    report(figure)
    assert figure.reached


def test_twenty_lines_of_twenty_tokens(report: Report) -> None:
    with pytest.MonkeyPatch.context() as patch:
        published.here(patch)
        lm = core.load(models.REAL, device="cpu")
    rows = own_lines.read_lines(lm, "\n".join(LINE.format(number) for number in [*NUMBERS, *NUMBERS][:20]))
    said = own_lines.seconds(lm, rows)
    begun = time.perf_counter()
    *_, last = own_lines.teach(lm, rows, Lora(8, 16.0))
    took = time.perf_counter() - begun
    assert last.at == 100
    title = f"20 lines of {len(rows[0])} tokens, five passes, rank 8 (said {said:.0f} s)"
    figure = pair.Figure(title, [took], TAUGHT_S, "s")
    report(figure)
    assert figure.reached
