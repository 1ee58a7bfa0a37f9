"""The database's password, read from a file: so it stands in no variable, no command line and no image."""

from __future__ import annotations

import os
from pathlib import Path

import sqlalchemy as sa

from core.runs.records import SchemaError

VARIABLE = "GLASSBOX_DB_PASSWORD_FILE"


def with_password(url: str) -> str:
    """Return a database's address with the password from the file that GLASSBOX_DB_PASSWORD_FILE names.

    Without that variable, and for an address that has a password already, the address stays as it is.

    Raises:
        SchemaError: the file cannot be read, or is empty; or the address is none.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if not named:
        return url
    try:
        parsed = sa.make_url(url)
        password = Path(named).read_text(encoding="utf-8").strip()
    except sa.exc.ArgumentError as error:
        raise SchemaError(f"GLASSBOX_DB is no address of a database: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(f"{VARIABLE}={named} cannot be read: {error}") from None
    if not password:
        raise SchemaError(f"{VARIABLE}={named} is empty: it has to hold the database's password")
    if parsed.password is not None:
        return url
    return parsed.set(password=password).render_as_string(hide_password=False)
