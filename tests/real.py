"""The published models that `make run` and `make test` fetch, for the tests that need them.

Where they cannot be had these tests fail: nothing else tells that what everybody gets works.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from core import real
from tests.conftest import REAL

FOLDER = Path(REAL).expanduser() if REAL and REAL.lower() != real.NONE else real.ROOT / ".real"


def here(patch: pytest.MonkeyPatch) -> None:
    """Let the published models be found, and made ready where nobody has; fails where they are not fetched."""
    patch.setenv(real.VARIABLE, str(FOLDER))
    for model in real.MODELS:
        real.prepare(model.name)
