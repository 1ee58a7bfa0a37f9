"""The notation of tellings, parsed once.

``{a}`` a role, in the form the discourse asks for; ``{a:my}`` a role in a given form; ``[walked|ran]`` one of
several wordings. Everything else stands as written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from random import Random

_PIECE = re.compile(r"(\{[^}]*\}|\[[^\]]*\])")


@dataclass(frozen=True)
class Slot:
    """A place in a telling that a role fills; `form` "" leaves the form to the discourse."""

    role: str
    form: str = ""


@dataclass(frozen=True)
class Choice:
    """One of several wordings, each a sequence of pieces."""

    options: tuple[tuple[Piece, ...], ...]


Piece = str | Slot | Choice


@dataclass(frozen=True)
class Template:
    """One telling: its source text, its pieces and the roles it names."""

    source: str
    pieces: tuple[Piece, ...]
    roles: frozenset[str]

    def flat(self, rng: Random) -> list[str | Slot]:
        """The pieces with every choice made."""
        out: list[str | Slot] = []
        for piece in self.pieces:
            if isinstance(piece, Choice):
                options = piece.options
                out.extend(options[int(rng.random() * len(options))])  # type: ignore[arg-type]
            else:
                out.append(piece)
        return out


def _pieces(source: str) -> tuple[Piece, ...]:
    out: list[Piece] = []
    for part in _PIECE.split(source):
        if part.startswith("{"):
            role, _, form = part[1:-1].partition(":")
            out.append(Slot(role, form))
        elif part.startswith("["):
            out.append(Choice(tuple(_pieces(option) for option in part[1:-1].split("|"))))
        elif part:
            out.append(part)
    return tuple(out)


@cache
def parse(source: str) -> Template:
    """The template that `source` describes."""
    roles = frozenset(role for name in re.findall(r"\{([^}:]*)", source) for role in name.split("+"))
    return Template(source, _pieces(source), roles)


def parse_lines(block: str) -> tuple[Template, ...]:
    """One template for every line of `block` that is not blank."""
    return tuple(parse(line.strip()) for line in block.splitlines() if line.strip())
