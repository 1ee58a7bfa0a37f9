"""What a check found, in plain words: what works, what is worth a look, what would fail in class and what to do."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal

Level = Literal["works", "look", "fails"]
_MARKS = {"works": "works", "look": "look ", "fails": "FAILS"}
WIDTH = 100  # columns


@dataclass(frozen=True)
class Finding:
    """One thing that was tried.

    Attributes:
        said: what came of it.   todo: what to do; "" where nothing is to be done.
    """

    level: Level
    said: str
    todo: str = ""

    def __str__(self) -> str:
        """Write it, with its mark, wrapped."""
        head = f"  {_MARKS[self.level]}  "
        lines = textwrap.wrap(
            self.said, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
        )
        if self.todo:
            inner = " " * (len(head) + 3)
            lines += textwrap.wrap(
                self.todo, WIDTH, initial_indent=f"{inner[:-3]}-> ", subsequent_indent=inner,
                break_on_hyphens=False, break_long_words=False,
            )  # fmt: skip
        return "\n".join(lines)


class Fails(Exception):
    """Raised where a check cannot go on: what would fail in class, and what to do."""

    def __init__(self, said: str, todo: str = "") -> None:
        super().__init__(said)
        self.finding = Finding("fails", said, todo)


def verdict(findings: list[Finding]) -> str:
    """Say the whole in one line."""
    failed = sum(one.level == "fails" for one in findings)
    if failed:
        many = "One thing" if failed == 1 else f"{failed} things"
        return f"NOT READY: {many} would fail in class; what to do stands above."
    return "READY, as far as this machine alone can tell. Now try it with one phone:"
