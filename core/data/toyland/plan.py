"""Arcs, and how one becomes a list of happenings.

Arcs stand in the files of `arcs`, by theme. An arc's plan has one step a line. ``go a p`` is an event with its roles;
``?`` before it makes it optional; ``|`` separates alternatives and ``+`` joins events within one; ``<lose`` names the
event that caused it; ``---`` starts a paragraph; ``*`` is a digression of `a`, which may stay out. A role written
``@treat`` is drawn from that pool.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from core.data.toyland.cast import Casting, Wanted, draw, parse_cast
from core.data.toyland.event import EVENTS, Happening
from core.data.toyland.state import State
from core.data.toyland.tables import DamagedTable, Table, lines, read, read_each
from core.data.toyland.template import Template, parse_lines


class PlanError(ValueError):
    """A plan asks for something that cannot happen."""


@dataclass(frozen=True)
class Step:
    """One event of a plan: its kind, the roles' names, and the kind of event that caused it."""

    kind: str
    args: tuple[str, ...]
    cause: str = ""


@dataclass(frozen=True)
class Line:
    """One line of a plan: alternatives, each a sequence of steps."""

    options: tuple[tuple[Step, ...], ...]
    maybe: bool = False


@dataclass(frozen=True)
class Arc:
    """A kind of story: a wish, obstacles, an end."""

    name: str
    cast: tuple[Wanted, ...]
    titles: tuple[Template, ...]
    lines: tuple[Line, ...]
    share: float = 1.0


BREAK = Step("---", ())
DIGRESS = Step("*", ())


def parse_step(text: str) -> Step:
    """``go a p <lose`` as a step. Raises PlanError for an unknown event or a wrong number of roles."""
    kind, *args = text.split()
    if kind in {"---", "*"}:
        return BREAK if kind == "---" else DIGRESS
    cause = args.pop()[1:] if args and args[-1].startswith("<") else ""
    if kind not in EVENTS:
        raise PlanError(f"there is no event {kind!r}")
    if len(args) != len(EVENTS[kind].roles):
        raise PlanError(f"{kind!r} has {len(EVENTS[kind].roles)} roles, but {text!r} fills {len(args)}")
    return Step(kind, tuple(args), cause)


def _line(text: str) -> Line:
    maybe = text.startswith("?")
    options = text.lstrip("?").split("|")
    return Line(tuple(tuple(parse_step(s) for s in option.split(" + ")) for option in options), maybe)


@dataclass(frozen=True)
class _Row:
    """A kind of story as its file has it; `share` is its weight among the others."""

    cast: str
    titles: str
    plan: str
    share: float = 1.0


@dataclass(frozen=True)
class _Digressions:
    steps: str


def read_arcs() -> dict[str, Arc]:
    """The kinds of story. Raises DamagedTable where a plan names what `EVENTS` does not have."""
    found: dict[str, Arc] = {}
    for file, theme in read_each("arcs", dict[str, _Row]).items():
        for name, row in theme.items():
            try:
                plan = tuple(_line(line) for line in lines(row.plan))
            except PlanError as error:
                raise DamagedTable(file, f"{name!r}: {error}") from error
            found[name] = Arc(name, parse_cast(row.cast), parse_lines(row.titles), plan, row.share)
    return found


ARCS: Mapping[str, Arc] = Table(read_arcs)


@cache
def digressions() -> tuple[Step, ...]:
    """Small events that may happen to `a` anywhere."""
    return tuple(parse_step(line) for line in lines(read("digressions", _Digressions).steps))


def with_scene(plan: Arc, sense_share: Mapping[str, Mapping[str, float]], rng: Random) -> Arc:
    """`plan` with one scene more, somewhere between its first line and its last: a word of `sense_share`, each
    as likely as the others, in a sense drawn by its share."""
    word = draw(rng, sorted(sense_share))
    at, drawn = rng.random(), ""
    for sense, share in sense_share[word].items():
        if share > 0 and at >= 0:
            drawn = sense
        at -= share
    scene = Line(((Step(f"{word}:{drawn}", ("a",)),),))
    index = 1 + int(rng.random() * (len(plan.lines) - 1))
    return replace(plan, lines=(*plan.lines[:index], scene, *plan.lines[index:]))


class Run:
    """Plays a plan: `happenings` with `states` after each, and the indices before which a paragraph
    starts."""

    def __init__(self, casting: Casting, start: State, rng: Random):
        self.casting, self.rng = casting, rng
        self.start = self.state = start
        self.happenings: list[Happening] = []
        self.states: list[State] = []
        self.breaks: set[int] = set()

    def play(self, plan: Arc) -> None:
        """Let every line of `plan` happen. Raises PlanError where an event's needs do not hold."""
        for line in plan.lines:
            if line.maybe and self.rng.random() < 0.5:
                continue
            for step in draw(self.rng, line.options):
                if step is BREAK:
                    self.breaks.add(len(self.happenings))
                elif step is DIGRESS:
                    self.digress()
                else:
                    self.happen(step)

    def happen(self, step: Step) -> None:
        """Let one step happen."""
        kind = EVENTS[step.kind]
        roles = {role: self.fill(arg) for role, arg in zip(kind.roles, step.args)}
        if not kind.possible(self.state, roles):
            if not roles:  # weather and time of day: rain need not begin while it rains
                return
            raise PlanError(f"{step.kind} {roles} cannot happen")
        changes = kind.changes(self.state, roles)
        cause = None
        if step.cause:
            cause = next(
                (
                    i
                    for i in reversed(range(len(self.happenings)))
                    if self.happenings[i].kind in step.cause.split(",")
                ),
                None,
            )
        self.state = self.state.after(changes)
        self.happenings.append(Happening(step.kind, roles, changes, cause))
        self.states.append(self.state)

    def fill(self, arg: str) -> str:
        """The entity of a role, or a word from a pool, which joins the story."""
        if not arg.startswith("@"):
            return self.casting.roles[arg]
        word = self.casting.word(arg[1:])
        self.casting.entities[word.id] = word
        return word.id

    def digress(self) -> None:
        """Perhaps let something small happen that has not happened yet."""
        if self.rng.random() < 0.35:
            return
        step = draw(self.rng, digressions())
        roles = {
            role: self.casting.roles.get(arg, arg) for role, arg in zip(EVENTS[step.kind].roles, step.args)
        }
        if any(h.kind == step.kind for h in self.happenings) or not EVENTS[step.kind].possible(
            self.state, roles
        ):
            return
        self.happen(step)
