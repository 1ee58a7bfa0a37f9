"""Fine-tuning: from the click on Train to the end of LoRA's run with its result on the page, for each task."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from core.training.fine_tune_spec import Task, compared
from tests.benchmarks import pair
from tests.browser import driver

LORA_S = 60


@pytest.mark.parametrize("job", ["sentiment", "questions"])
def test_lora_ends_with_its_result_on_the_page(
    job: Task, tmp_path_factory: pytest.TempPathFactory, report: Callable[[pair.Figure], None]
) -> None:
    spec = compared(job, "lora")
    folder = tmp_path_factory.mktemp("server")
    with driver.serving(folder, workers=1) as server, driver.launched() as browser:
        page = driver.new_context(browser, server, owner="6" * 32).new_page()
        driver.open_page(page, "fine_tuning", job=job)
        began = time.perf_counter()
        page.get_by_role("button", name="Train LoRA now").click()
        shown = driver.wait_for_state(
            page,
            "fine_tuning",
            lambda now: (
                now["ways"][3]["own"]
                and not now["ways"][3]["going"]
                and now["chart"]["runs"][3]["step"] == spec.steps
                and now["ways"][3]["worth"].get("trained")
            ),
            seconds=5 * LORA_S,
        )
        spent = time.perf_counter() - began
        assert shown["ways"][3]["worth"]["accuracy"]["of"] > 0.95 * spec.held_out
    figure = pair.Figure(f"LoRA's run of {job}, {spec.steps} steps, from the click", [spent], LORA_S, "s")
    report(figure)
    assert figure.reached
