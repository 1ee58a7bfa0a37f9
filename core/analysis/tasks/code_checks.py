"""Static checks of a completed function: it parses, and every name in it is defined. Nothing is run.

The rule, in this order: the function ended; Python's compiler accepts the whole text (`compile`, which builds code and
does not run it, so `return` outside of a function is refused, too); every name that is read is bound in a scope that
sees it (`core.text.scopes`), is a builtin, or is known to the caller. Attributes (`self.x`) are not names, as only a
running program knows them; nor is it asked whether a name is bound before it is read. So a function can pass and do
nothing of use: `pass` passes.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from core.messages import ENGLISH, Later, later, say, speaking
from core.text.scopes import BUILTINS, unbound

MOST = 20_000  # characters


@dataclass(frozen=True)
class Undefined:
    """An undefined name, with the first line that reads it (from 1)."""

    name: str
    line: int


@dataclass(frozen=True)
class CodeCheck:
    """What was found.

    Attributes:
        parses: Python's compiler accepts it.
        undefined: the names from nowhere, by line; () where it does not parse.
        error: why it does not parse; None: it does.
    """

    parses: bool
    undefined: tuple[Undefined, ...] = ()
    error: Later | None = None

    @property
    def right(self) -> bool:
        """Whether it parses and every name is defined."""
        return self.parses and not self.undefined

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons why it is not right, a sentence each, in English, as a program tells them."""
        with speaking(ENGLISH):
            return self.told

    @property
    def told(self) -> tuple[str, ...]:
        """The reasons why it is not right, a sentence each, in the language that is spoken here."""
        if self.error is not None:
            return (str(self.error),)
        return tuple(
            say("name '{name}' is not defined here, at line {line}", name=one.name, line=one.line)
            for one in self.undefined
        )


def check_code(text: str, known: Iterable[str] = ()) -> CodeCheck:
    """Check a program. Never raises for its content.

    Args:
        known: further names that it may read, e.g. those of the module that it is written for.
    """
    if len(text) > MOST:
        why = later(
            "the code has {characters} characters; at most {most} are looked at",
            characters=f"{len(text):,}", most=f"{MOST:,}",
        )  # fmt: skip
        return CodeCheck(False, error=why)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # for "x is 1" and the like
            compile(text, "<code>", "exec", dont_inherit=True)
            tree = ast.parse(text)
        found = unbound(tree)
    except SyntaxError as error:
        if error.lineno is None:
            return CodeCheck(False, error=later("this is no Python: {reason}", reason=error.msg))
        why = later("this is no Python: {reason}, at line {line}", reason=error.msg, line=error.lineno)
        return CodeCheck(False, error=why)
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        if not str(error):
            return CodeCheck(False, error=later("this cannot be read as Python: it is nested too deeply"))
        return CodeCheck(False, error=later("this cannot be read as Python: {reason}", reason=str(error)))
    allowed = BUILTINS | set(known)
    return CodeCheck(True, tuple(Undefined(name, line) for name, line in found if name not in allowed))


def first_function(text: str, ended: bool) -> str | None:
    """Cut a text after its first function; None, if the function has no end.

    The function ends before the next line that begins at the margin, or where the text does, if the writer `ended` it.
    What stands above it (imports, decorators, blank lines) stays. A bracket or string that is still open hides a
    margin, so lines inside one count as the function's.
    """
    lines = text.split("\n")
    head = next((n for n, line in enumerate(lines) if line.startswith(("def ", "async def "))), None)
    if head is None:
        return text.rstrip() if ended else None
    for end in range(head + 2, len(lines)):
        line = lines[end]
        if line and not line[0].isspace():
            part = "\n".join(lines[:end]).rstrip()
            if check_code(part).parses or not _open(part):
                return part
    return text.rstrip() if ended else None


def _open(text: str) -> bool:
    """Return whether the text stops inside a bracket or a multi-line string."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<code>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return "was never closed" in (error.msg or "") or "unterminated triple-quoted" in (error.msg or "")
    except (ValueError, MemoryError, RecursionError, OverflowError):
        return False
    return False
