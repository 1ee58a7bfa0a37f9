"""Settings of the environment that are whole numbers."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any, TypeVar

Record = TypeVar("Record")


def read(kind: type[Record], prefix: str) -> Record:
    """Read a dataclass of whole numbers, each from the variable of its name after the prefix, or its default.

    Raises:
        ValueError: one of them is no whole number from 1 on.
    """
    known: Any = kind
    return kind(
        **{each.name: whole(prefix + each.name.upper(), int(str(each.default))) for each in fields(known)}
    )


def whole(variable: str, default: int) -> int:
    """Read a whole number from 1 on; the default where the variable says nothing.

    Raises:
        ValueError: it says anything else.
    """
    written = os.environ.get(variable, "").strip()
    if not written:
        return default
    if not (written.isascii() and written.isdecimal()) or int(written) < 1:
        raise ValueError(f"{variable}={written} must be a whole number from 1 on")
    return int(written)
