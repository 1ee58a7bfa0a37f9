"""The teacher's page without a window: what Streamlit's front end sends and reads, of a page and its buttons.

A question to the class is asked by the page that computes its answer, so the check presses the page's own button. The
same session measures how long a page takes.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from scripts.class_check.browsers import Browser, Unreachable, reason

SECONDS = 60.0  # the longest that a page may take
ROOM_OPEN = "glassbox_class"  # the cookie by which a page knows that this browser has opened a room
_TAG = re.compile(r"<[^>]+>")


class PageFailed(RuntimeError):
    """Raised where a page said that something went wrong, did not end, or lacks what is wanted; says which."""


@dataclass
class TeachersPage:
    """A session of one browser: the page that is open, and what it shows.

    Attributes:
        widgets: of what is shown, by the ends of their ids, which are their keys.
        said: the texts of the page's own HTML.
    """

    browser: Browser
    widgets: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    _page: str = ""
    _query: str = ""
    _hash: str = ""
    _socket: Any = None

    def open(self, page: str, query: str = "") -> float:
        """Open a page by its address, "" for Home, with what a link sets; return the seconds until it was whole.

        Raises:
            Unreachable: nobody answers. PageFailed: the page did.
        """
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect
        from websockets.typing import Origin, Subprotocol

        self.close()
        parts = urlsplit(self.browser.base)
        scheme = "wss" if parts.scheme == "https" else "ws"
        cookies = {**self.browser.cookies, ROOM_OPEN: "1"}
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        try:
            self._socket = connect(
                f"{scheme}://{parts.netloc}{parts.path}/_stcore/stream", origin=Origin(self.browser.base),
                subprotocols=[Subprotocol("streamlit")], additional_headers=headers, max_size=None, proxy=None,
                open_timeout=SECONDS,
            )  # fmt: skip
        except (OSError, WebSocketException) as why:
            raise Unreachable(reason(why)) from why
        self._page, self._query = page, query
        message = BackMsg()
        message.rerun_script.page_name = page
        return self._run(message)

    def press(self, key: str) -> float:
        """Press a button by its key; return the seconds until the page was whole again. Raises as `open`."""
        return self._set(key, trigger_value=True)

    def write(self, key: str, text: str) -> float:
        """Write into a field by its key; return the seconds until the page was whole again. Raises as `open`."""
        return self._set(key, string_value=text)

    def close(self) -> None:
        """Leave the page."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _set(self, key: str, **value: Any) -> float:
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.WidgetStates_pb2 import WidgetState

        id = self.widgets.get(key)
        if id is None:
            raise PageFailed(f"the page has no “{key}”")
        message = BackMsg()
        message.rerun_script.page_script_hash = self._hash
        message.rerun_script.widget_states.widgets.append(WidgetState(id=id, **value))
        return self._run(message)

    def _run(self, message: Any) -> float:
        from websockets.exceptions import WebSocketException

        message.rerun_script.query_string = self._query
        message.rerun_script.context_info.url = f"{self.browser.base}/{self._page}"
        began = time.perf_counter()
        try:
            self._socket.send(message.SerializeToString())
            while not self._read(self._socket.recv(max(0.1, SECONDS - (time.perf_counter() - began)))):
                if time.perf_counter() - began > SECONDS:
                    raise TimeoutError
        except TimeoutError:
            raise PageFailed(f"the page was not whole after {SECONDS:.0f} seconds") from None
        except (OSError, WebSocketException) as why:
            raise Unreachable(reason(why)) from why
        return time.perf_counter() - began

    def _read(self, data: bytes) -> bool:
        """Take one message in; return whether the page is whole with it. Raises PageFailed: it says so."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._hash = message.new_session.page_script_hash
            self.widgets, self.said = {}, []
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._show(message.delta.new_element)
        return kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY

    def _show(self, element: Any) -> None:
        kind = str(element.WhichOneof("type"))
        sent = getattr(element, kind)
        if kind == "exception":
            raise PageFailed(f"the page raised {sent.type}: {sent.message}")
        if kind == "alert" and "went wrong" in sent.body:
            raise PageFailed(sent.body)
        if kind == "html":
            self.said.append(" ".join(_TAG.sub(" ", sent.body).split()))
        elif id := getattr(sent, "id", ""):
            self.widgets[id.rpartition("-")[2]] = id
