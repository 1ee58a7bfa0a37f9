"""Own texts: a text belongs to who brought it, and stays while that owner has a run of it.

Who forks a run that reads the text may train on it, too, but does not own it: with its last owner's runs it goes, as
soon as no run of somebody else needs it to go on. All of it happens within a larger transaction.
"""

from __future__ import annotations

import hashlib
import zlib

import sqlalchemy as sa

from core.messages import later
from core.runs.records import ACTIVE, RunError
from core.runs.schema import runs, texts

NOT_HERE = later("the text of this run is not stored here: choose or paste it again")


def keep_text(connection: sa.Connection, owner: str, sha256: str, parent: str, text: str | None) -> bool:
    """Store the text of a new run, or check that its owner may train on the stored one.

    Args:
        sha256: the text's fingerprint, "" for a run of none.   parent: as of `Run`.
        text: as its owner brings it; None: it is stored already.

    Returns:
        Whether the text belongs to this owner.

    Raises:
        RunError: the text is another one than the fingerprint's; it is not here, or it is somebody else's and the run
            forks none that reads it. Which of these two is not said.
    """
    body = None if text is None else text.encode("utf-8")
    if body is not None and hashlib.sha256(body).hexdigest() != sha256:
        raise RunError("the text is not the one that the spec names by its fingerprint")
    if not sha256:
        return False
    known = connection.execute(sa.select(texts.c.sha256).where(texts.c.sha256 == sha256)).first() is not None
    if body is not None:
        if not known:
            connection.execute(texts.insert().values(sha256=sha256, body=zlib.compress(body, 1)))
        return True
    owned = known and _owns(connection, owner, sha256)
    if not owned and not (known and _reads(connection, parent.partition("@")[0], sha256)):
        raise RunError(NOT_HERE)
    return owned


def read_text(connection: sa.Connection, sha256: str, owner: str | None = None) -> str:
    """Read a text by its fingerprint.

    Args:
        owner: who asks for it; None: a worker, for a run that may read it.

    Raises:
        RunError: it is not stored, or not this owner's.
    """
    body = connection.execute(sa.select(texts.c.body).where(texts.c.sha256 == sha256)).scalar()
    if body is None or (owner is not None and not _owns(connection, owner, sha256)):
        raise RunError(NOT_HERE)
    return zlib.decompress(body).decode("utf-8")


def drop_texts(connection: sa.Connection) -> None:
    """Delete the texts that have lost their owners, and that no run of somebody else needs to go on."""
    needs = sa.or_(runs.c.brought, runs.c.state.in_(ACTIVE))
    needed = sa.select(runs.c.id).where(runs.c.text == texts.c.sha256, needs)
    connection.execute(texts.delete().where(~needed.exists()))


def _owns(connection: sa.Connection, owner: str, sha256: str) -> bool:
    mine = sa.select(runs.c.id).where(runs.c.text == sha256, runs.c.owner == owner, runs.c.brought)
    return connection.execute(mine.limit(1)).first() is not None


def _reads(connection: sa.Connection, id: str, sha256: str) -> bool:
    return (
        connection.execute(sa.select(runs.c.id).where(runs.c.id == id, runs.c.text == sha256)).first()
        is not None
    )
