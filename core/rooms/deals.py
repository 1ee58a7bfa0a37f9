"""Runs that a teacher deals to a class: each member trains one size, and all of them are points on one chart.

The runs belong to the room: they go with it, unless its teacher keeps them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.messages import say
from core.rooms.changes import Changes
from core.rooms.records import DEALT, NotNow, RoomError
from core.rooms.schema import deals, rooms
from core.runs import kinds
from core.runs.ownership import delete_groups, hand_over
from core.runs.schema import runs

if TYPE_CHECKING:
    from core.runs.kinds import Spec


@dataclass(frozen=True)
class Size:
    """A run that is to be dealt.

    Attributes:
        name: of the run.   says: what it is and how long it takes, in words for whoever gets it.
    """

    spec: Spec
    name: str
    says: str


@dataclass(frozen=True)
class Deal:
    """A size that was dealt to a member.

    Attributes:
        owner, group: whom its run belongs to (`runner_of`), and the group of the room's runs.
        run: the id of the run that was started; "": none yet.
    """

    n: int
    spec: Spec
    name: str
    owner: str
    group: str
    run: str


def group_of(id: str) -> str:
    """Return the group of a room's runs: whoever knows it may look at them."""
    return f"class-{id}"


def runner_of(id: str, member: str) -> str:
    """Return the owner id of a member's run: nobody's browser has it, so nobody but the room can delete the run."""
    return hashlib.sha256(f"runner {id} {member}".encode()).hexdigest()[:32]


class Deals(Changes):
    """The part of a room's store that deals runs."""

    def deal(self, id: str, owner: str, sizes: Sequence[Size]) -> None:
        """Offer sizes to the class, in place of those that were offered before and that nobody has taken.

        Raises:
            NoSuchRoom, NotTheTeacher; RoomError: none, or more than a room holds.
        """
        if not 1 <= len(sizes) <= DEALT:
            raise RoomError(
                say("1 to {most} sizes can be dealt, and these are {count}", most=DEALT, count=len(sizes))
            )
        with self.database.writing() as connection:
            self._taught(connection, id, owner)
            connection.execute(deals.delete().where(deals.c.room == id, deals.c.member == ""))
            last = sa.select(sa.func.coalesce(sa.func.max(deals.c.n), 0)).where(deals.c.room == id)
            first = int(connection.execute(last).scalar_one()) + 1
            for n, size in enumerate(sizes, first):
                row = {"room": id, "n": n, "spec": size.spec.to_json(), "name": size.name, "says": size.says}
                connection.execute(deals.insert().values(**row, member="", run=""))
            self._change(connection, id)

    def take_back(self, id: str, owner: str) -> None:
        """Withdraw the sizes that nobody has taken. Raises NoSuchRoom, NotTheTeacher."""
        with self.database.writing() as connection:
            self._taught(connection, id, owner)
            connection.execute(deals.delete().where(deals.c.room == id, deals.c.member == ""))
            self._change(connection, id)

    def take(self, id: str, member: str) -> Deal:
        """Give a member the next size that is free; who has one gets the same again.

        Args:
            member: its id (`member_of`).

        Raises:
            NotNow: none is free, the room has ended, or nobody of it asks.
        """
        with self.database.writing() as connection:
            self._admit(connection, id, member)
            listed = sa.select(deals).where(deals.c.room == id).order_by(deals.c.n)
            row = connection.execute(listed.where(deals.c.member == member)).first()
            if row is None:
                row = connection.execute(listed.where(deals.c.member == "")).first()
            if row is None:
                raise NotNow(say("all sizes are taken"))
            this = (deals.c.room == id, deals.c.n == row.n)
            connection.execute(deals.update().where(*this).values(member=member))
        spec = kinds.read_spec(row.spec)
        return Deal(row.n, spec, row.name, runner_of(id, member), group_of(id), row.run)

    def started(self, id: str, n: int, run: str) -> bool:
        """Record the run of a size, or with "" that none could be started: then the size is free again.

        Returns:
            Whether the room is still there; a run of one that has ended is its caller's to delete.
        """
        this = (deals.c.room == id, deals.c.n == n)
        values = {"run": run} if run else {"run": "", "member": ""}
        with self.database.writing() as connection:
            changed = rooms.update().where(rooms.c.id == id).values(version=rooms.c.version + 1)
            here = connection.execute(changed).rowcount > 0
            connection.execute(deals.update().where(*this).values(values))
        return here

    def keep_runs(self, id: str, owner: str, into: str) -> int:
        """Give the class's runs to its teacher, so that they stay when the room ends; return how many they are.

        Args:
            into: the group of the teacher's that they join.

        Raises:
            NoSuchRoom, NotTheTeacher.
        """
        with self.database.writing() as connection:
            row = self._taught(connection, id, owner)
            kept = hand_over(connection, group_of(id), row.owner, into)
            self._change(connection, id)
        return kept

    def _end_runs(self, connection: sa.Connection, ended: sa.ColumnElement[bool]) -> None:
        """Delete the runs of the rooms that this holds for."""
        found = connection.execute(sa.select(rooms.c.id).where(ended)).scalars()
        delete_groups(connection, [group_of(id) for id in found])


def read_deals(connection: sa.Connection, id: str) -> list[tuple[str, str, str]]:
    """Read what is dealt in a room: of each size who has it ("" for nobody), what it is, its run's state.

    The state is "" before the run was started, and "gone" of one that was deleted since.
    """
    columns = (deals.c.member, deals.c.says, deals.c.run, runs.c.state)
    joined = deals.outerjoin(runs, runs.c.id == deals.c.run)
    listed = sa.select(*columns).select_from(joined).where(deals.c.room == id).order_by(deals.c.n)
    return [
        (one.member, one.says, (one.state or "gone") if one.run else "") for one in connection.execute(listed)
    ]
