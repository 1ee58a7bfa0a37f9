"""The server's signing key: 32 random bytes in the data folder, readable by its user only."""

from __future__ import annotations

import logging
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from core import machine

NAME = "owners.key"
_BYTES = 32

log = logging.getLogger("glassbox")


def key() -> bytes:
    """Return the key, created on first use.

    Where the data folder is not writable, the key lasts for this process only.
    """
    return _key(machine.folder().resolve() / NAME)


@lru_cache(maxsize=4)
def _key(path: Path) -> bytes:
    try:
        if (found := _read(path)) is None:
            _make(path)
            found = _read(path)
        if found is not None:
            return found
        log.warning(
            "%s is damaged: remove it; until then every start of the server forgets its visitors", path
        )
    except OSError as why:
        log.warning("%s: %s; until it can be kept, every start of the server forgets its visitors", path, why)
    return secrets.token_bytes(_BYTES)


def _read(path: Path) -> bytes | None:
    """Read the key from a file; None: there is none."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return None
    with suppress(OSError):  # the file belongs to another user
        path.chmod(0o600)
    return found if len(found) == _BYTES else None


def _make(path: Path) -> None:
    """Write a new key; where another process was quicker, its key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{NAME}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secrets.token_bytes(_BYTES))
    try:
        if os.name == "nt":
            draft.rename(path)  # on such file systems creating fails if the file exists
        else:
            os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
