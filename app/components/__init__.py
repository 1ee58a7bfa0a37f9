"""Our own pictures: one folder per component with `view.js` and `view.css`, plain modules without a build step.

`register` puts the shared helpers in front of a component's own code, so that a component is one ES module and one
style sheet. Values cross as a JSON dict; arrays go through `pack`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from app import state, theme

HERE = Path(__file__).resolve().parent


def register(name: str, shared: bool = True) -> Callable[..., Any]:
    """Declare the component in the folder `name` and return the function that mounts it.

    Call once, at module level: `attention = register("attention")`, then `attention(data=..., key=...)` in a page.

    Args:
        name: a folder beside this file with view.js, which ends with `export default ...`, maybe view.css, and any
            other *.js that view.js is spread over (none of them imports or exports).
        shared: whether view.js uses the helpers of shared/ (a picture does; a few buttons do not).
    """
    script, sheet = (_joined(name, kind, shared) for kind in ("js", "css"))
    # Streamlit looks for tables among a dict's values, with pandas (100 MB that nothing else here needs) and at every
    # run; a list it passes on as it is.
    script = script.replace("export default", "const component =", 1) + UNPACKED
    # Without isolation the figure is part of the document: exports, tests and screen readers reach it.
    renderer: Callable[..., Any] = st.components.v2.component(
        f"glassbox_{name}", js=script, css=theme.css() + sheet, isolate_styles=False
    )

    def mount(data: Any = None, **options: Any) -> Any:
        heard = {name: state.whole(act) for name, act in options.items() if name.startswith("on_")}
        return renderer(data=None if data is None else [data, state.turn()], **options | heard)

    return mount


# Two runs of the page may follow each other while a browser still loads the module. Then it may be handed what the
# later one sent before what the earlier one did, which must not stay.
UNPACKED = """
const turns = new WeakMap();
export default (given) => {
  const [data, turn] = given.data ?? [];
  if (turn < turns.get(given.parentElement)) return () => {};
  turns.set(given.parentElement, turn);
  return component({ ...given, data });
};
"""
# Of shared/, what only some pictures carry: the files, by the call in a picture's own code that needs them.
OPTIONAL = {
    "curves(": ("curves", "feed", "hairline", "pens"),
    "stepMode(": ("steps",),
    "sizeOf(": ("units",),
    "siOf(": ("units",),
    "timeOf(": ("units",),
    "wordmap(": ("wordmap", "wordmap_hands", "pens"),
    "powered(": ("sizes",),
    "roundTicks(": ("pens",),
    "paragraphs(": ("paragraphs",),
    "sharers(": ("groups",),
    "keyGroups(": ("groups",),
    "sharedWords(": ("groups",),
}


def _joined(name: str, kind: str, shared: bool) -> str:
    """The text of a component: the shared helpers that it uses, then its own files."""
    own = [path.read_text(encoding="utf-8") for path in _files(HERE / name, kind)]
    script = "".join(path.read_text(encoding="utf-8") for path in _files(HERE / name, "js"))
    used = {name for call, names in OPTIONAL.items() if call in script for name in names}
    unused = {name for names in OPTIONAL.values() for name in names} - used
    helpers = [
        path.read_text(encoding="utf-8")
        for path in (_files(HERE / "shared", kind) if shared else [])
        if path.stem not in unused
    ]
    return "\n".join([*helpers, *own])


def _files(folder: Path, kind: str) -> list[Path]:
    """A folder's files in the order they are joined: glass first, what others need; view last, what needs them."""
    order = {"glass": -1, "view": 1}
    return sorted(folder.glob(f"*.{kind}"), key=lambda path: (order.get(path.stem, 0), path.name))


def pack(array: npt.ArrayLike) -> dict[str, Any]:
    """An array for a component: {"b64", "dtype", "shape"}, little-endian; `unpack` in glass.js reads it.

    uint8 stays ("u8"), everything else becomes float32 ("f32"). Bytes in a dict would arrive as their Python repr.
    """
    values = np.ascontiguousarray(array)
    kind = "u8" if values.dtype == np.uint8 else "f32"
    raw = values.astype("u1" if kind == "u8" else "<f4").tobytes()
    return {"b64": base64.b64encode(raw).decode("ascii"), "dtype": kind, "shape": list(values.shape)}
