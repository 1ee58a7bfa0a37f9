"""Words that members write in place of an option: shown by their teacher one by one, never with who wrote them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core.messages import say
from core.rooms.changes import Changes
from core.rooms.records import NotNow, RoomError, cleaned, same
from core.rooms.schema import prompts, votes, words

OVER = (
    "closed",
    "revealed",
)  # phases in which the projector may show a word: earlier ones would pull later votes


class Words(Changes):
    """The part of a room's store that keeps written words."""

    def show_words(self, id: str, owner: str, n: int, shown: bool, key: str | None = None) -> None:
        """Let the projector show a word, or hide it.

        Args:
            n: the present question.   key: of the word (`Word.key`); None: all that were written.

        Raises:
            NoSuchRoom, NotTheTeacher; NotNow: the vote has not ended, or it was another question.
            RoomError: nobody wrote this word.
        """
        with self.database.writing() as connection:
            row = self._taught(connection, id, owner, OVER)
            if row.prompt != n:
                raise NotNow(say("another question is asked by now"))
            written = self._written(connection, id, n)
            if key is not None and key not in written:
                raise RoomError(say("nobody wrote this word"))
            for one in sorted(written) if key is None else [key]:
                self._put_word(connection, id, n, one, shown=shown)
            self._change(connection, id)

    def measure_words(
        self, id: str, owner: str, n: int, found: Mapping[str, tuple[str, float | None]]
    ) -> None:
        """Keep what the model gave to words that were written; of others nothing is kept.

        Args:
            n: the question.   found: of a word's key the first token as it is read, and its probability.

        Raises:
            NoSuchRoom, NotTheTeacher; NotNow: the vote has not ended.
        """
        with self.database.writing() as connection:
            self._taught(connection, id, owner, OVER)
            written = self._written(connection, id, n)
            for key in sorted(written.intersection(found)):
                token, probability = found[key]
                self._put_word(connection, id, n, key, token=token, probability=probability)
            self._change(connection, id)

    def _written(self, connection: sa.Connection, id: str, n: int) -> set[str]:
        """Return the keys of the words that were written to a question."""
        cast = sa.select(votes.c.word).where(votes.c.room == id, votes.c.prompt == n, votes.c.word != "")
        return {same(word) for word in connection.execute(cast.distinct()).scalars()}

    def _put_word(self, connection: sa.Connection, id: str, n: int, key: str, **values: Any) -> None:
        this = (words.c.room == id, words.c.prompt == n, words.c.word == key)
        if connection.execute(words.update().where(*this).values(**values)).rowcount == 0:
            fresh: dict[str, Any] = {"shown": False, "token": None, "probability": None}
            row = {"room": id, "prompt": n, "word": key, **fresh, **values}
            connection.execute(words.insert().values(row))

    def _chosen(self, connection: sa.Connection, id: str, n: int, choice: int, word: str) -> tuple[int, str]:
        """Return a vote as it is counted: a word that is one of the options is a vote for that.

        Raises:
            RoomError: a word for an option that asks for none, or none for one that does.
        """
        columns = (prompts.c.kind, prompts.c.options, prompts.c.many)
        row = connection.execute(sa.select(*columns).where(prompts.c.room == id, prompts.c.n == n)).first()
        if row is None:  # the vote itself is refused, too
            return choice, ""
        word = cleaned(word)
        if row.kind != "next" or choice != row.many - 1:
            if word:
                raise RoomError(say("this option asks for no word"))
            return choice, ""
        if not word:
            raise RoomError(say("write a word of 1 to 20 characters"))
        offered = [same(option.strip("` ")) for option in json.loads(row.options)[:-1]]
        return (offered.index(same(word)), "") if same(word) in offered else (choice, word)
