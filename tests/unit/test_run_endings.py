"""Why a run ended is stored in English, and read in the reader's language."""

from __future__ import annotations

import re

import pytest

from core.diverged import Diverged
from core.messages import speaking
from core.runs.endings import ENDINGS, retold
from core.runs.retention import STOPPED

WRITTEN = (
    str(Diverged(1200, 31.5)), str(Diverged(7, float("nan"))), str(Diverged(7, 2e9, "gradient")), STOPPED,
    "Stopped at step 1,200.", "All steps done.", "Stopped early: 3 held-out losses in a row not below 1.204.",
)  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_what_was_written_is_read_in_another_language_with_its_numbers(written: str) -> None:
    assert retold(written) == written
    with speaking("es"):
        read = retold(written)
    assert read != written
    assert re.findall(r"\d[\d.,e+]*\d|\d", read) == re.findall(r"\d[\d.,e+]*\d|\d", written)


def test_an_error_of_the_training_stays_as_it_was_written() -> None:
    with speaking("es"):
        assert retold("CUDA out of memory") == "CUDA out of memory"
        assert len({retold(message) for message in ENDINGS}) == len(ENDINGS)
