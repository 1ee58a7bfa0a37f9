"""Rooms in the database: every change is one transaction, and the server alone decides whether a vote still counts.

A member is known by the hash of a secret that only its browser has. Nothing here tells who chose what, but to the
member itself.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from core.messages import say
from core.rooms import records
from core.rooms.changes import ENDED, LATE, hashed, is_teacher, prompt_of
from core.rooms.deals import Deals, read_deals, runner_of
from core.rooms.records import (
    ALPHABET,
    ANSWER,
    BETWEEN,
    CODE_LENGTH,
    COUNTDOWN,
    INVITED,
    LINK,
    MEMBERS,
    PICTURE,
    PRESENT,
    PROMPTS,
    ROOMS,
    ROUNDS,
    Asking,
    Counted,
    Dealt,
    Look,
    NoSuchRoom,
    NotNow,
    NotTheTeacher,
    Phase,
    Prompt,
    Room,
    RoomError,
    TooMuch,
    WordShown,
    words_of,
)
from core.rooms.schema import deals, members, pictures, prompts, rooms, views, votes, words
from core.rooms.views import Views
from core.rooms.words import Words
from core.runs.database import insert_or_replace
from core.runs.ownership import forget_owner
from core.runs.records import StoreFull


class Rooms(Words, Views, Deals):
    """The rooms of a database."""

    # ------------------------------------------------------------------------------------------------- the teacher's

    def open(self, owner: str) -> Room:
        """Open a room, or return the one that this teacher has open.

        Raises:
            TooMuch: there are as many rooms as the store holds.
        """
        with self.database.writing() as connection:
            self._sweep(connection)
            if (row := self._row(connection, rooms.c.owner == owner)) is not None:
                return self._room(connection, row)
            codes = set(connection.execute(sa.select(rooms.c.code)).scalars())
            if len(codes) >= ROOMS:
                raise TooMuch(say("as many rooms are open as this Glassbox holds; try again later"))
            while (code := _draw_code()) in codes:
                pass
            id = secrets.token_hex(12)
            connection.execute(
                rooms.insert().values(
                    id=id, code=code, owner=owner, opened=self.now, touched=self.now, phase="lobby", resumes="",
                    version=1, talk=False, shown=False, lead="", gathered=0, locked=False, invitation="",
                    invited=0.0, remote="",
                )
            )  # fmt: skip
            return self._get(connection, id)

    def of(self, owner: str) -> Room | None:
        """Return the room that a teacher has open; None: none."""
        with self.database.reading() as connection:
            row = self._row(connection, rooms.c.owner == owner, self._lives())
            return None if row is None else self._room(connection, row)

    def ask(self, id: str, owner: str, asking: Asking) -> Prompt:
        """Put a question to the class and open the vote.

        Raises:
            NoSuchRoom, NotTheTeacher; NotNow: a vote is going on, or the room is paused.
            TooMuch: as many questions as a room holds were asked.
        """
        written = "" if asking.answer is None else json.dumps(records.described(asking.answer))
        if len(written) > ANSWER:
            raise RoomError(
                say(
                    "an answer has at most {most} characters, and this one {count}",
                    most=f"{ANSWER:,}",
                    count=f"{len(written):,}",
                )
            )
        with self.database.writing() as connection:
            row = self._taught(connection, id, owner, ("lobby", "closed", "revealed"))
            n = (row.prompt or 0) + 1
            if n > PROMPTS:
                raise TooMuch(say("a room holds {most} questions: end it and open another", most=PROMPTS))
            connection.execute(
                prompts.insert().values(
                    room=id, n=n, kind=asking.kind, question=asking.question, options=json.dumps(asking.options),
                    many=len(asking.options), about=asking.about, round=1, answer=written,
                )
            )  # fmt: skip
            self._change(connection, id, prompt=n, **_fresh("open"))
            return prompt_of(self._prompt_row(connection, id, n))

    def close(self, id: str, owner: str, seconds: float = COUNTDOWN) -> None:
        """End the vote after a countdown; a countdown that runs already goes on.

        Raises:
            NoSuchRoom, NotTheTeacher; NotNow: no vote is open.
        """
        with self.database.writing() as connection:
            row = self._taught(connection, id, owner, ("open",))
            if row.closes is None:
                self._change(connection, id, closes=self.now + seconds)

    def again(self, id: str, owner: str) -> None:
        """Open the second vote on the same question.

        Raises:
            NoSuchRoom, NotTheTeacher; NotNow: the first vote has not ended, or the second has.
        """
        with self.database.writing() as connection:
            row = self._taught(connection, id, owner, ("closed",))
            this = (prompts.c.room == id, prompts.c.n == row.prompt, prompts.c.round < ROUNDS)
            if (
                connection.execute(prompts.update().where(*this).values(round=prompts.c.round + 1)).rowcount
                == 0
            ):
                raise NotNow(say("a question is asked {most} times at most", most=ROUNDS))
            self._change(connection, id, **_fresh("open"))

    def reveal(self, id: str, owner: str) -> None:
        """Show everybody the answer. Raises NoSuchRoom, NotTheTeacher, NotNow: the vote has not ended."""
        self._move(id, owner, ("closed",), phase="revealed", talk=False)

    def talk(self, id: str, owner: str) -> None:
        """Ask the members to talk to each other. Raises NoSuchRoom, NotTheTeacher, NotNow: the vote has not ended."""
        self._move(id, owner, ("closed",), talk=True)

    def show(self, id: str, owner: str, shown: bool) -> None:
        """Let the projector show or hide the bars of an ended vote. Raises NoSuchRoom, NotTheTeacher, NotNow."""
        self._move(id, owner, ("closed", "revealed"), shown=shown)

    def leave_question(self, id: str, owner: str) -> None:
        """Go back to the lobby from a question that was answered. Raises NoSuchRoom, NotTheTeacher, NotNow."""
        self._move(id, owner, ("closed", "revealed"), **_fresh("lobby"))

    def pause(self, id: str, owner: str, paused: bool) -> None:
        """Pause the room, or let it go on where it was: nobody can vote meanwhile.

        Raises:
            NoSuchRoom, NotTheTeacher; NotNow: it is paused already, or not.
        """
        going = tuple(phase for phase in records.PHASES if phase != "paused")
        with self.database.writing() as connection:
            row = self._taught(connection, id, owner, going if paused else ("paused",))
            if paused:
                self._change(connection, id, phase="paused", resumes=row.phase, closes=None)
            else:
                self._change(connection, id, phase=row.resumes or "lobby", resumes="")

    def lock(self, id: str, owner: str, locked: bool) -> None:
        """Let nobody new join the room, or let them join again. Raises NoSuchRoom, NotTheTeacher."""
        with self.database.writing() as connection:
            self._taught(connection, id, owner)
            self._change(connection, id, locked=locked)

    def lead(self, id: str, owner: str, link: str) -> None:
        """Set the view that the room follows: page and query of a link. Raises NoSuchRoom, NotTheTeacher, RoomError."""
        if len(link) > LINK:
            raise RoomError(
                say(
                    "a link has at most {most} characters, and this one {count}",
                    most=f"{LINK:,}",
                    count=f"{len(link):,}",
                )
            )
        with self.database.writing() as connection:
            row = self._taught(connection, id, owner)
            if row.lead != link:
                self._change(connection, id, lead=link)

    def keep_picture(self, id: str, owner: str, link: str, html: str) -> None:
        """Keep a view as a finished picture, in place of the one before.

        Args:
            link: of the view, as `lead` gets it.   html: a document of its own.

        Raises:
            NoSuchRoom, NotTheTeacher; TooMuch: it is larger than a room keeps.
        """
        body = gzip.compress(html.encode("utf-8"), 6, mtime=0)
        if len(body) > PICTURE:
            raise TooMuch(
                say(
                    "a picture has at most {most} bytes, and this one {count}",
                    most=f"{PICTURE:,}",
                    count=f"{len(body):,}",
                )
            )
        row = {"room": id, "link": link, "sha256": hashlib.sha256(body).hexdigest(), "body": body}
        with self.database.writing() as connection:
            self._taught(connection, id, owner)
            connection.execute(insert_or_replace(connection, pictures).values(row))
            self._change(connection, id)

    def picture(self, id: str) -> tuple[str, bytes] | None:
        """Return the finished picture of the led view, its fingerprint and its HTML in gzip; None: there is none."""
        with self.database.reading() as connection:
            row = connection.execute(_pictured(id, pictures.c.sha256, pictures.c.body)).first()
        return None if row is None else (row.sha256, bytes(row.body))

    def gather(self, id: str, owner: str) -> None:
        """Call all members back to the teacher's view. Raises NoSuchRoom, NotTheTeacher."""
        with self.database.writing() as connection:
            self._taught(connection, id, owner)
            self._change(connection, id, gathered=rooms.c.gathered + 1)

    def invite(self, id: str, owner: str) -> str:
        """Return a key by which one more device may teach, once and soon; an earlier key is void.

        Raises:
            NoSuchRoom, NotTheTeacher.
        """
        key = secrets.token_hex(16)
        with self.database.writing() as connection:
            self._taught(connection, id, owner)
            self._change(connection, id, invitation=hashed("invitation", key), invited=self.now)
        return key

    def accept(self, id: str, key: str) -> str:
        """Let the device that brings the key teach, in place of an earlier one; the key is void then.

        Returns:
            The secret that is its owner id in this room.

        Raises:
            NoSuchRoom; NotTheTeacher: the key is void, or none of this room's.
        """
        secret = secrets.token_hex(16)
        with self.database.writing() as connection:
            self._locked(connection, id)
            mine = (
                rooms.c.id == id, rooms.c.invitation == hashed("invitation", key), rooms.c.invited > self.now - INVITED,
            )  # fmt: skip
            changed = {"invitation": "", "remote": hashed("remote", secret), "version": rooms.c.version + 1}
            if connection.execute(rooms.update().where(*mine).values(changed)).rowcount == 0:
                raise NotTheTeacher(say("this link was used already, or is too old: ask for another one"))
        return secret

    def teaches(self, id: str, owner: str) -> bool:
        """Return whether a browser teaches in a room. Raises NoSuchRoom."""
        with self.database.reading() as connection:
            row = self._row(connection, rooms.c.id == id, self._lives())
            if row is None:
                raise NoSuchRoom(say(ENDED))
            return is_teacher(row, owner)

    def end(self, id: str, owner: str) -> None:
        """End the room and delete everything in it. Raises NoSuchRoom, NotTheTeacher."""
        with self.database.writing() as connection:
            self._taught(connection, id, owner)
            self._delete(connection, rooms.c.id == id)

    def counts(self, id: str, owner: str) -> dict[str, list[Any]]:
        """Count the votes of every question of the room: column name -> a value for each option, then each typed word.

        A second vote that was never asked for, a right option that nobody knows, and a probability that the model was
        not asked for are None.

        Raises:
            NoSuchRoom, NotTheTeacher.
        """
        with self.database.reading() as connection:
            self._taught(connection, id, owner, locked=False)
            rows = connection.execute(
                sa.select(prompts).where(prompts.c.room == id).order_by(prompts.c.n)
            ).all()
            looks = []
            for row in rows:
                prompt = prompt_of(row)
                cast, known = self._votes(connection, id, prompt.n), self._known(connection, id, prompt.n)
                looks.append((prompt, *cast, known))
        lines: list[tuple[Any, ...]] = []
        for prompt, chosen, written, known in looks:
            right = None if prompt.answer is None else prompt.answer.index
            given = () if prompt.answer is None else prompt.answer.probabilities
            asked = range(1, prompt.round + 1)
            unasked = [None] * (ROUNDS - prompt.round)
            for at, option in enumerate(prompt.options):
                both = [list(chosen.get(round, {}).values()).count(at) for round in asked]
                lines.append(
                    (prompt.n, prompt.question, option, "", *both, *unasked, None if right is None else at == right,
                     given[at] if at < len(given) else None)
                )  # fmt: skip
            for word in words_of(written, prompt.round, known):
                lines.append(
                    (prompt.n, prompt.question, "", word.text, *word.votes, *unasked, None, word.probability)
                )
        names = (
            "prompt", "question", "option", "typed word", "first vote", "second vote", "right",
            "model’s probability",
        )  # fmt: skip
        return {name: [line[at] for line in lines] for at, name in enumerate(names)}

    # ------------------------------------------------------------------------------------------------- the members'

    def find(self, code: str) -> Room:
        """Return the room of a code, in whatever case it was typed. Raises NoSuchRoom."""
        letters = "".join(code.split()).upper()
        if len(letters) != CODE_LENGTH or not set(letters) <= set(ALPHABET):
            raise NoSuchRoom(say(ENDED))
        with self.database.reading() as connection:
            row = self._row(connection, rooms.c.code == letters, self._lives())
            if row is None:
                raise NoSuchRoom(say(ENDED))
            return self._room(connection, row)

    def join(self, id: str, secret: str) -> int:
        """Let a browser in and deal it a number at random; one that is in keeps its number.

        Args:
            secret: what the browser alone knows.

        Returns:
            The number, from 1.

        Raises:
            NoSuchRoom; TooMuch: the room is full; NotNow: its teacher has locked it.
        """
        member = member_of(id, secret)
        with self.database.writing() as connection:
            row = self._locked(connection, id)
            here = (members.c.room == id, members.c.id == member)
            known = connection.execute(sa.select(members.c.number).where(*here)).scalar()
            if known is not None:
                connection.execute(members.update().where(*here).values(seen=self.now))
                self._change(connection, row.id)
                return int(known)
            if row.locked:
                raise NotNow(say("the teacher has locked this room: nobody new can join now"))
            numbers = sa.select(members.c.number).where(members.c.room == id)
            taken = set(connection.execute(numbers).scalars())
            if len(taken) >= MEMBERS:
                self._free_seat(connection, id)
                taken = set(connection.execute(numbers).scalars())
            if len(taken) >= MEMBERS:
                raise TooMuch(say("{count} are in this room: it is full", count=MEMBERS))
            free = [one for one in range(1, 100 if len(taken) < 60 else 2 * MEMBERS) if one not in taken]
            number = secrets.choice(free)
            connection.execute(members.insert().values(room=id, id=member, number=number, seen=self.now))
            self._change(connection, id)
            return number

    def _free_seat(self, connection: sa.Connection, id: str) -> None:
        """Delete the member that has been absent longest, with its votes; one that trains for the class stays."""
        trains = sa.select(deals.c.member).where(deals.c.room == id, deals.c.member == members.c.id).exists()
        absent = (members.c.room == id, members.c.seen <= self.now - PRESENT, sa.not_(trains))
        oldest = sa.select(members.c.id).where(*absent).order_by(members.c.seen).limit(1)
        if (member := connection.execute(oldest).scalar()) is not None:
            self._leave(connection, id, member)

    def vote(self, id: str, member: str, n: int, round: int, choice: int, word: str = "") -> Counted:
        """Count a member's choice; the last one before the vote ends stands.

        Args:
            member: its id (`member_of`).   n, round: of the question, as the member saw it.
            choice: an option, from 0.   word: for the last option of a question about a token; more than 20 characters
                of it are cut.

        Returns:
            The option that counts, since a word that is one of the others is a vote for that; and the room's version
            that has it.

        Raises:
            NotNow: the vote has ended or is paused, it was another question or round, or nobody of this room.
            TooMuch: it comes too soon after the one before.
            RoomError: no option at all, a word for an option that asks for none, or none for one that does.
        """
        if choice < 0:
            raise RoomError(say("a vote is an option, from 0"))
        asked = sa.select(prompts.c.n).where(
            prompts.c.room == id, prompts.c.n == n, prompts.c.round == round, prompts.c.many > choice
        )
        known = sa.select(members.c.id).where(members.c.room == id, members.c.id == member)
        open_now = (
            rooms.c.id == id, rooms.c.phase == "open", rooms.c.prompt == n, asked.exists(), known.exists(),
            sa.or_(rooms.c.closes.is_(None), rooms.c.closes > self.now), self._lives(),
        )  # fmt: skip
        with self.database.writing() as connection:
            # The statement that lets a vote in also locks the room: nobody closes it before the vote is written.
            changed = rooms.update().where(*open_now).values(version=rooms.c.version + 1, touched=self.now)
            version = connection.execute(changed.returning(rooms.c.version)).scalar()
            if version is None:
                raise NotNow(say(LATE))
            choice, word = self._chosen(connection, id, n, choice, word)
            self._cast(connection, {"room": id, "prompt": n, "round": round, "member": member}, choice, word)
        return Counted(choice, version)

    def _cast(self, connection: sa.Connection, whose: dict[str, Any], choice: int, word: str) -> None:
        """Write a vote that was let in. Raises TooMuch."""
        this = [votes.c[name] == value for name, value in whose.items()]
        soon = sa.select(votes.c.member).where(*this, votes.c.at > self.now - BETWEEN)
        if connection.execute(soon).first() is not None:
            raise TooMuch(say("that was quick: tap again in a moment"))
        at = connection.execute(sa.select(self.now)).scalar_one()
        row = {**whose, "choice": choice, "word": word, "at": at}
        connection.execute(insert_or_replace(connection, votes).values(row))

    def seen(self, id: str, present: Collection[str], gone: Collection[str] = ()) -> None:
        """Record which members give signs of life, and which have just left; a room that is not there is no error."""
        mine = members.c.room == id
        away = sa.or_(members.c.seen == 0, members.c.seen <= self.now - PRESENT)
        with self.database.writing() as connection:
            # The room first, as everywhere: two transactions that lock in another order would wait for each other.
            if (
                connection.execute(sa.select(rooms.c.id).where(rooms.c.id == id).with_for_update()).first()
                is None
            ):
                return
            come = sa.select(members.c.id).where(mine, members.c.id.in_(list(present)), away)
            changed = bool(gone) or connection.execute(come).first() is not None
            connection.execute(
                members.update().where(mine, members.c.id.in_(list(present))).values(seen=self.now)
            )
            if gone:
                connection.execute(
                    members.update().where(mine, members.c.id.in_(list(gone))).values(seen=0.0)
                )
            if changed:
                connection.execute(rooms.update().where(rooms.c.id == id).values(version=rooms.c.version + 1))

    def forget(self, owner: str, secret: str) -> None:
        """Delete all that a browser has here: its runs and their texts, the room it teaches in, its place in others.

        Args:
            owner: its id as an owner of runs and rooms, "" for none.   secret: as of `join`, "" for none.

        Raises:
            StoreFull: the disk is full, and the space that is reserved for it does not suffice: nothing was deleted.
        """
        try:
            self._forget(owner, secret)
        except StoreFull:  # SQLite writes to its log what it deletes
            self.database.make_room()
            self._forget(owner, secret)
        self.database.empty_log()

    def _forget(self, owner: str, secret: str) -> None:
        with self.database.writing() as connection:
            for id in connection.execute(sa.select(rooms.c.id).order_by(rooms.c.id)).scalars().all():
                if secret:
                    self._leave(connection, id, member_of(id, secret))
            if owner:
                self._delete(connection, rooms.c.owner == owner)
                forget_owner(connection, owner)

    def _leave(self, connection: sa.Connection, id: str, member: str) -> None:
        """Delete a member with its votes, its view and its run; nothing happens where it has not joined."""
        here = (members.c.room == id, members.c.id == member)
        if connection.execute(sa.select(members.c.number).where(*here)).first() is None:
            return
        connection.execute(
            sa.select(rooms.c.id).where(rooms.c.id == id).with_for_update()
        )  # first, as everywhere
        connection.execute(members.delete().where(*here))
        connection.execute(deals.delete().where(deals.c.room == id, deals.c.member == member))
        forget_owner(connection, runner_of(id, member))
        self._change(connection, id)

    # ------------------------------------------------------------------------------------------------- for all

    def look(self, id: str, since: int = -1) -> Look | None:
        """Read a room with its votes at one moment; None: it is at version `since` still.

        A countdown that has run out closes the vote here, and a room whose time is over ends.

        Raises:
            NoSuchRoom.
        """
        with self.database.reading() as connection:
            row = self._row(connection, rooms.c.id == id)
            due = row is not None and self._due(connection, id)
        if row is None or due:
            self._settle(id)
        with self.database.reading() as connection:
            row = self._row(connection, rooms.c.id == id)
            if row is None:
                raise NoSuchRoom(say(ENDED))
            if row.version == since:
                return None
            room = self._room(connection, row)
            people = connection.execute(
                sa.select(
                    members.c.id, members.c.number, (members.c.seen > self.now - PRESENT).label("here")
                ).where(members.c.room == id)
            ).all()
            prompt: Prompt | None = None
            cast: tuple[dict[int, dict[str, int]], dict[int, dict[str, str]]] = ({}, {})
            known: dict[str, WordShown] = {}
            if row.prompt is not None:
                prompt = prompt_of(self._prompt_row(connection, id, row.prompt))
                cast = self._votes(connection, id, row.prompt)
                known = self._known(connection, id, row.prompt) if prompt.typed else {}
            picture = connection.execute(_pictured(id, pictures.c.sha256)).scalar() or ""
            counting = sa.select(sa.func.count()).select_from(views).where(views.c.room == id)
            sent = int(connection.execute(counting).scalar_one())
            dealt = tuple(Dealt(*one) for one in read_deals(connection, id))
        numbers = {one.id: int(one.number) for one in people}
        here = frozenset(one.id for one in people if one.here)
        return Look(room, prompt, numbers, here, picture, *cast, known, sent, dealt)

    def _votes(
        self, connection: sa.Connection, id: str, n: int
    ) -> tuple[dict[int, dict[str, int]], dict[int, dict[str, str]]]:
        """Return the votes on a question and the words that were written with them: round -> member -> either."""
        chosen: dict[int, dict[str, int]] = {}
        written: dict[int, dict[str, str]] = {}
        cast = sa.select(votes.c.round, votes.c.member, votes.c.choice, votes.c.word)
        for one in connection.execute(cast.where(votes.c.room == id, votes.c.prompt == n)):
            chosen.setdefault(one.round, {})[one.member] = one.choice
            written.setdefault(one.round, {})[one.member] = one.word
        return chosen, written

    def _known(self, connection: sa.Connection, id: str, n: int) -> dict[str, WordShown]:
        """Return what is known of the words that were written to a question, by their keys."""
        listed = sa.select(words).where(words.c.room == id, words.c.prompt == n)
        return {
            one.word: WordShown(one.shown, one.token, one.probability) for one in connection.execute(listed)
        }

    def sweep(self) -> bool:
        """Delete the rooms whose time is over; return whether any are left."""
        with self.database.writing() as connection:
            self._sweep(connection)
            return connection.execute(sa.select(rooms.c.id).limit(1)).first() is not None


def _pictured(id: str, *columns: Any) -> Any:
    """Select from the picture of a room that shows the led view; one of an earlier view is none."""
    of_lead = sa.and_(rooms.c.id == pictures.c.room, rooms.c.lead == pictures.c.link)
    return sa.select(*columns).join(rooms, of_lead).where(pictures.c.room == id)


def member_of(id: str, secret: str) -> str:
    """Return the id of a browser as a member of a room: another in every room, and nobody tells its secret from it."""
    return hashlib.sha256(f"member {id} {secret}".encode()).hexdigest()[:32]


def _draw_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def _fresh(phase: Phase) -> dict[str, Any]:
    """Return the changes that begin a phase with nothing left of the one before."""
    return {"phase": phase, "closes": None, "talk": False, "shown": False}
