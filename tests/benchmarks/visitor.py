"""One learner without a browser: opens pages, types, chooses and changes pages over the app's own protocol.

A browser draws for longer than a server computes; thirty of them do not fit a machine beside the server that is to be
measured. So a visitor sends what Streamlit's front end sends (the values of all widgets that are shown, the page, the
link, which large messages it holds already) and reads what the front end reads, without drawing any of it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

EVENTS = (
    "$$STREAMLIT_INTERNAL_KEY_{}__events"  # under this id the front end sends what happened in a component
)
KEPT_RUNS = 2  # for how many runs the front end keeps a large message that was not used again
LONGEST = 120.0  # seconds until a page counts as failed

# How a widget's value travels: the field of `WidgetState`, and the one of the element that holds what is shown.
_SHOWN = {
    "text_area": ("string_value", "value"),
    "text_input": ("string_value", "value"),
    "number_input": ("double_value", "value"),
    "checkbox": ("bool_value", "value"),
    "selectbox": ("string_value", "raw_value"),
    "radio": ("string_value", "raw_value"),
    "slider": ("double_array_value", "value"),
    "button_group": ("string_array_value", "raw_values"),
    "multiselect": ("string_array_value", "raw_values"),
}
_WORDS = ("string_array_value", "raw_value")  # of a slider over words


class Broken(RuntimeError):
    """Raised where a page said that something went wrong, or did not end."""


@dataclass(frozen=True)
class View:
    """What one act of a visitor took.

    Attributes:
        page: the page that was seen afterwards; act: "open", "text", "choose" or "select".
        seconds: from the act until the run of the page had ended.
        drawn: until all was drawn: the run had ended, or what takes long began to be waited for, with a bar.
        bytes: of the messages, before they are compressed.
        messages: how many came.
    """

    page: str
    act: str
    seconds: float
    drawn: float
    bytes: int
    messages: int


@dataclass
class Visitor:
    """One browser's side of a session; made by `visiting`."""

    socket: ClientConnection
    query: str
    page: str = ""
    hashes: dict[str, str] = field(default_factory=dict)  # of each page, by its address
    hash: str = ""
    values: dict[str, WidgetState] = field(default_factory=dict)
    elements: dict[str, tuple[str, Any]] = field(
        default_factory=dict
    )  # by widget id: its kind, and what was sent
    parts: dict[str, str] = field(
        default_factory=dict
    )  # by widget id: the fragment of the page that it is in
    found: list[ForwardMsg] = field(default_factory=list)  # of the last run
    waits: float | None = None  # when a bar first said that something long is waited for
    large: dict[str, list[Any]] = field(
        default_factory=dict
    )  # by hash: a message, and for how many runs it lay unused

    async def open(self, page: str, query: str = "") -> View:
        """Open a page: the first time as a link does, later as the sidebar does."""
        self.query = query or self.query
        self.page = page
        message = BackMsg()
        if page in self.hashes:
            message.rerun_script.page_script_hash = self.hashes[page]
            self.values.clear()
        else:
            message.rerun_script.page_name = "" if page == "home" else page
        return await self._run(message, "open")

    async def write(self, text: str) -> View:
        """Write a text into the field of the sidebar."""
        return await self._set("text_area", "Your text", text, "text")

    async def choose(self, label: str, value: str) -> View:
        """Press one of a row of buttons, by its label and what stands on the button."""
        return await self._set("button_group", label, value, "choose")

    async def select(self, component: str, chosen: dict[str, Any]) -> View:
        """Choose in a picture, as a click in it does.

        Args:
            component: the name of its script, "home" for pages/home/figure.js.
            chosen: what the click selects, by field.
        """
        return await self.tell(component, "select", {**chosen, "n": time.time_ns()})

    async def tell(self, component: str, event: str, value: Any) -> View:
        """Send an event of a component."""
        name = f"glassbox_{component}"
        found = [
            id for id, (kind, sent) in self.elements.items()
            if kind == "bidi_component" and sent.component_name.endswith(name)
        ]  # fmt: skip
        if not found:
            raise Broken(f"{self.page} shows no {component}")
        state = WidgetState(id=EVENTS.format(found[0]))
        state.json_trigger_value = json.dumps([{"event": event, "value": value}])
        return await self._rerun(event if event == "select" else "tell", found[0], state)

    def labelled(self, kind: str) -> dict[str, Any]:
        """Return the shown widgets of a kind by their label."""
        return {sent.label: sent for one, sent in self.elements.values() if one == kind}

    async def _set(self, kind: str, label: str, value: str, act: str) -> View:
        sent = self.labelled(kind).get(label)
        if sent is None:
            raise Broken(f"{self.page} has no {label!r}; it has {sorted(self.labelled(kind))}")
        self.values[sent.id] = _state(sent.id, _SHOWN[kind][0], [value] if kind == "button_group" else value)
        return await self._rerun(act, sent.id)

    async def _rerun(self, act: str, touched: str, *triggers: WidgetState) -> View:
        message = BackMsg()
        message.rerun_script.fragment_id = self.parts[touched]
        message.rerun_script.page_script_hash = self.hash
        return await self._run(message, act, *triggers)

    async def _run(self, message: BackMsg, act: str, *triggers: WidgetState) -> View:
        asked = message.rerun_script
        asked.query_string = self.query
        asked.widget_states.widgets.extend([*self.values.values(), *triggers])
        asked.cached_message_hashes.extend(self.large)
        asked.context_info.url = f"http://127.0.0.1/{'' if self.page == 'home' else self.page}"
        began, self.waits = time.perf_counter(), None
        await self.socket.send(message.SerializeToString())
        try:
            async with asyncio.timeout(LONGEST):
                size, count = await self._read()
        except TimeoutError:
            raise Broken(f"{self.page} did not end within {LONGEST:.0f} s") from None
        ended = time.perf_counter()
        return View(self.page, act, ended - began, (self.waits or ended) - began, size, count)

    async def _read(self) -> tuple[int, int]:
        """Read the messages of a run until it has ended; return their size in bytes and their number."""
        size = count = 0
        while True:
            data = await self.socket.recv(decode=False)
            size, count = size + len(data), count + 1
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "ref_hash":
                held = self.large[message.ref_hash]
                held[1] = 0
                message = held[0]
                kind = message.WhichOneof("type")
            elif message.metadata.cacheable:
                self.large[message.hash] = [message, 0]
            if kind == "new_session":
                self._begin(message)
            elif kind == "navigation":
                self.hashes |= {
                    page.url_pathname or "home": page.page_script_hash
                    for page in message.navigation.app_pages
                }
                self.hash = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "delta":
                self.found.append(message)
                if message.delta.WhichOneof("type") == "new_element":
                    self._show(message.delta.new_element, message.delta.fragment_id)
            elif kind == "script_finished" and message.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
            ):  # fmt: skip
                self._end(message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY)
                return size, count

    def _begin(self, message: ForwardMsg) -> None:
        self.found = []
        self.hash = message.new_session.page_script_hash
        if not message.metadata.run.fragment_ids:
            self.elements = {}

    def _show(self, element: Element, part: str) -> None:
        """Hold what the front end would show: a widget's default when it is new, else what the page put in it."""
        kind = element.WhichOneof("type")
        sent = getattr(element, str(kind))
        if kind == "progress" and self.waits is None:
            self.waits = time.perf_counter()
        if kind == "exception" or (kind == "alert" and "went wrong" in sent.body):
            raise Broken(f"{self.page}: {getattr(sent, 'message', '') or sent.body}")
        id = getattr(sent, "id", "")
        if not id:
            return
        new = id not in self.values
        self.elements[id] = (str(kind), sent)
        self.parts[id] = part
        if kind not in _SHOWN or not (new or sent.set_value):
            return
        where, shown = _WORDS if kind == "slider" and sent.options else _SHOWN[str(kind)]
        value = getattr(sent, shown) if sent.set_value else _default(str(kind), sent)
        if value is None:
            self.values.pop(id, None)
        else:
            self.values[id] = _state(id, where, value)

    def _end(self, whole: bool) -> None:
        if whole:
            self.values = {id: state for id, state in self.values.items() if id in self.elements}
        for held in self.large.values():
            held[1] += 1
        self.large = {hash: held for hash, held in self.large.items() if held[1] <= KEPT_RUNS}


def _default(kind: str, sent: Any) -> Any:
    """Return what a widget shows that was never touched; None: nothing."""
    if kind in ("button_group", "multiselect"):
        options = [getattr(option, "content", option) for option in sent.options]
        return [options[at] for at in sent.default]
    if kind in ("selectbox", "radio"):
        return sent.options[sent.default] if sent.HasField("default") and sent.options else None
    if kind == "slider":
        return [sent.options[int(at)] for at in sent.default] if sent.options else list(sent.default)
    return sent.default if kind == "checkbox" or sent.HasField("default") else None


def _state(id: str, where: str, value: Any) -> WidgetState:
    state = WidgetState(id=id)
    if where.endswith("array_value"):
        getattr(state, where).data.extend(value)
        getattr(state, where).SetInParent()
    else:
        setattr(state, where, value)
    return state


@asynccontextmanager
async def visiting(url: str, query: str = "") -> AsyncIterator[Visitor]:
    """Come to the app at this address as a fresh browser, cookies and all, and leave at the end.

    Args:
        query: of the link that is opened first, without "?".
    """
    async with httpx.AsyncClient(base_url=url, timeout=LONGEST, trust_env=False) as http:
        (await http.get("/")).raise_for_status()
        cookies = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
        address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
        headers = {"Cookie": cookies} if cookies else {}
        async with connect(
            address,
            subprotocols=[Subprotocol("streamlit")],
            additional_headers=headers,
            origin=Origin(url),
            max_size=None,
            proxy=None,
        ) as socket:
            yield Visitor(socket, query)
