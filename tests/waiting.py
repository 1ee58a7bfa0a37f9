"""How tests wait for what happens elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 120.0  # seconds that a test waits for anything at all: the machine may be busy


def until(
    true: Callable[[], Any],
    what: str,
    patience: float = PATIENCE,
    moves: Callable[[], object] = lambda: None,
) -> Any:
    """Wait for something and return it; fail with what it waited for.

    Args:
        true: what is waited for, once it is true.
        patience: seconds to wait while nothing moves.
        moves: how far it is; whatever it says, the wait begins anew when it says something else.
    """
    said, end = moves(), time.monotonic() + patience
    while not (value := true()):
        if (now := moves()) != said:
            said, end = now, time.monotonic() + patience
        assert time.monotonic() < end, f"waited {patience:.0f} s for {what}"
        time.sleep(0.01)
    return value
