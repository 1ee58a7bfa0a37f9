"""Views that members send to their teacher: one each, without a number, gone with the room."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from core.messages import say
from core.rooms.changes import Changes
from core.rooms.records import LINK, RoomError
from core.rooms.schema import views
from core.runs.database import insert_or_replace


@dataclass(frozen=True)
class View:
    """A view that somebody of the room has sent: nothing says who.

    Attributes:
        id: drawn at random when it was sent.   link: page and query.
    """

    id: str
    link: str


class Views(Changes):
    """The part of a room's store that keeps sent views."""

    def send_view(self, id: str, member: str, link: str) -> None:
        """Keep the view that a member sends, in place of the one that it had sent before.

        Args:
            member: its id (`member_of`).   link: page and query of a view, which the caller has checked.

        Raises:
            NotNow: the room has ended, or nobody of it sends this.   RoomError: the link is too long.
        """
        if not 0 < len(link) <= LINK:
            raise RoomError(
                say(
                    "a link has 1 to {most} characters, and this one {count}",
                    most=f"{LINK:,}",
                    count=f"{len(link):,}",
                )
            )
        with self.database.writing() as connection:
            self._admit(connection, id, member)
            at = connection.execute(sa.select(self.now)).scalar_one()
            row = {"room": id, "member": member, "id": secrets.token_hex(6), "link": link, "at": at}
            connection.execute(insert_or_replace(connection, views).values(row))

    def sent_views(self, id: str, owner: str) -> list[View]:
        """List the views that were sent, in no order that tells who sent them. Raises NoSuchRoom, NotTheTeacher."""
        with self.database.reading() as connection:
            self._taught(connection, id, owner, locked=False)
            listed = sa.select(views.c.id, views.c.link).where(views.c.room == id).order_by(views.c.id)
            return [View(one.id, one.link) for one in connection.execute(listed)]
