"""Stories for the tests of Toyland, told once for all of them."""

from __future__ import annotations

from functools import cache
from itertools import islice

from core.data.toyland import Story, stories


@cache
def told(many: int = 1500) -> list[Story]:
    """The first `many` training stories."""
    return list(islice(stories(0), many))
