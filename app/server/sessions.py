"""Sessions of browsers that have gone: kept for a while, since a browser may come back, then ended.

Streamlit's own storage forgets such a session when its time is over, but never ends it (streamlit/streamlit#12506): the
files that it has uploaded and could download stay. And it forgets only when somebody else comes: until then there stays
all else, too, an event loop with three descriptors among it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from streamlit import config, runtime
from streamlit.runtime.session_manager import SessionInfo, SessionStorage

MOST = 128  # sessions that are kept at once
LOOKS = 4  # looks for sessions whose time is over, in the time of one
REST = 0.1  # seconds between two looks at least, also where sessions are not kept at all
log = logging.getLogger("glassbox")


class Gone(SessionStorage):
    """Store sessions whose browsers have gone, and end each whose time is over, or for which there is no room.

    Args:
        seconds: for which a session is kept. most: how many are kept. now: tells the time, in seconds.
    """

    def __init__(self, seconds: float, most: int = MOST, now: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self._most, self._now = seconds, most, now
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, SessionInfo]] = (
            OrderedDict()
        )  # the one that goes first is first

    def get(self, session_id: str) -> SessionInfo | None:
        """Return a session, if its browser may still come back to it."""
        with self._lock:
            ends, found = self._kept.get(session_id, (0.0, None))
            return found if found is not None and self._now() < ends else None

    def save(self, session_info: SessionInfo) -> None:
        """Keep a session whose browser has gone."""
        name = session_info.session.id
        with self._lock:
            self._kept.pop(name, None)
            self._kept[name] = self._now() + self.seconds, session_info
        self.end()

    def delete(self, session_id: str) -> None:
        """Keep a session no longer: its browser is back, or whoever calls ends it."""
        with self._lock:
            self._kept.pop(session_id, None)

    def list(self) -> list[SessionInfo]:
        """List the sessions that browsers may come back to."""
        with self._lock:
            now = self._now()
            return [found for ends, found in self._kept.values() if now < ends]

    def end(self) -> None:
        """End the sessions whose time is over, and those that are too many. To be called in the server's own thread."""
        with self._lock:
            now, gone = self._now(), []
            while self._kept and (len(self._kept) > self._most or next(iter(self._kept.values()))[0] <= now):
                gone.append(self._kept.popitem(last=False)[1][1].session)
        for session in gone:
            try:
                session.shutdown()
            except Exception:  # nobody else's coming or going may fail for it
                log.exception("A session that went could not be ended")


async def end_those_that_went() -> None:
    """Give the server a storage that ends sessions, and look now and then whose time is over, until cancelled."""
    storage = Gone(float(config.get_option("server.disconnectedSessionTTL")))
    manager = runtime.get_instance()._session_mgr
    manager._session_storage = storage  # type: ignore[attr-defined]  # Streamlit has no setting for it
    while True:
        await asyncio.sleep(max(REST, storage.seconds / LOOKS))
        storage.end()
