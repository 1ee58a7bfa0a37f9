"""The corpus lab: from the click on Retrain to the end of the run with its gap on the page."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from core.training import corpus_lab
from tests.benchmarks import pair
from tests.browser import driver

RUN_S = 60


def test_a_dose_ends_with_its_gap_on_the_page(
    tmp_path_factory: pytest.TempPathFactory, report: Callable[[pair.Figure], None]
) -> None:
    folder = tmp_path_factory.mktemp("server")
    with driver.serving(folder, workers=1) as server, driver.launched() as browser:
        page = driver.new_context(browser, server, owner="7" * 32).new_page()
        driver.open_page(page, "bias", dose=90)
        began = time.perf_counter()
        page.get_by_role("button", name="Retrain under this dose").click()
        shown = driver.wait_for_state(
            page,
            "bias_corpus_lab",
            lambda now: (
                now["own"]
                and not now["own"][0]["going"]
                and now["own"][0]["trace"]
                and now["own"][0]["trace"][-1]["step"] == corpus_lab.STEPS
            ),
            seconds=5 * RUN_S,
        )
        spent = time.perf_counter() - began
        assert len(shown["own"][0]["trace"]) == corpus_lab.MEASURED
    figure = pair.Figure(
        f"the corpus lab's run, {corpus_lab.STEPS} steps, from the click", [spent], RUN_S, "s"
    )
    report(figure)
    assert figure.reached
