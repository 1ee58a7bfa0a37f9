"""The notation of summaries: what every kind of story has to say about its wish, its turning point and its end.

Plots stand in dealing.toml and seeking.toml. A part has variants. A variant begins with ``? event roles = condition &
flags``, written as in plans and events; its lines are its tellings. The first variant whose event took place and
whose condition holds is the story's. The condition is asked of the state right after that event, at the end of a
story of its last state. Flags of a turning point: "but" where it goes against the wish, "because" where it is the
reason of the end.

In a telling, ``{a}`` is a person's name, or from the turning point on, where clear, the pronoun of the story's hero;
``{a:o}`` and ``{a:s}`` are the other cases; ``{a:he}``, ``{a:him}``, ``{a:his}`` always the pronoun; ``{b:n}`` always
the name, ``{b:n's}`` its possessive; ``{x:own}`` "her red kite", ``{x:a}`` "a red kite", ``{x:full}`` "the red kite",
``{x:bare}`` "red kite", ``{x:the}`` "the kite", ``{x}`` "it" or "the kite"; ``{p}`` "the lake", ``{p:at}`` "by the
lake"; ``[so|or so]`` one of several wordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from core.data.toyland.event import Clause, clauses
from core.data.toyland.tables import Table, read_each
from core.data.toyland.template import Choice, Piece, Slot, Template, parse_lines

PARTS = ("wish", "turn", "end")


@dataclass(frozen=True)
class Pattern:
    """An event of a story, with the roles' names that the plot gives them: ``lose a x p s``."""

    kind: str
    args: tuple[str, ...]


@dataclass(frozen=True)
class Variant:
    """One thing that a part of a story may be: the event that shows it, what then holds, and how it is said."""

    shown: Pattern
    holds: tuple[Clause, ...]
    flags: frozenset[str]
    tellings: tuple[Template, ...]


@dataclass(frozen=True)
class Plot:
    """What summaries of one arc say; `binds` are the events that tell who is who."""

    arc: str
    binds: tuple[Pattern, ...]
    parts: dict[str, tuple[Variant, ...]]


def pattern(text: str) -> Pattern:
    """``lose a x p s`` as a pattern."""
    kind, *args = text.split()
    return Pattern(kind, tuple(args))


def _variants(block: str) -> tuple[Variant, ...]:
    out = []
    for part in block.strip().removeprefix("?").split("\n?"):
        head, _, lines = part.partition("\n")
        head, _, flags = head.partition(" & ")
        shown, _, holds = head.partition(" = ")
        out.append(Variant(pattern(shown), clauses(holds), frozenset(flags.split()), parse_lines(lines)))
    return tuple(out)


@dataclass(frozen=True)
class _Row:
    binds: str
    wish: str
    turn: str
    end: str


def _plots() -> dict[str, Plot]:
    return {
        arc: Plot(
            arc,
            tuple(pattern(text) for text in row.binds.split(";")),
            {part: _variants(getattr(row, part)) for part in PARTS},
        )
        for theme in read_each("summaries", dict[str, _Row]).values()
        for arc, row in theme.items()
    }


PLOTS: Mapping[str, Plot] = Table(_plots)


@cache
def wordings(template: Template) -> tuple[tuple[str | Slot, ...], ...]:
    """A telling with its choices made, in every way."""
    ways: list[tuple[tuple[Piece, ...], ...]] = [
        piece.options if isinstance(piece, Choice) else ((piece,),) for piece in template.pieces
    ]
    return tuple(
        tuple(piece for option in way for piece in option if not isinstance(piece, Choice))
        for way in product(*ways)
    )
