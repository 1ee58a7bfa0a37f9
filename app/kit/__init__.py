"""The kit for our own pictures: how one is mounted, and the ES modules and style sheets that all of them share.

A picture is three files of one name in its page's folder: `NAME.py` turns what core computed into JSON, `NAME.js` draws
it, `NAME.css`, if there is one, styles it. `NAME.js` exports the component and imports what it needs, from its folder
and from here (`app.kit.modules` serves them); nothing is built. Arrays cross through `pack`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from app import theme
from app.kit import modules
from app.session import events, state

KIT = Path(__file__).resolve().parent


def register(name: str, beside: str, shared: bool = True) -> Callable[..., Any]:
    """Declare a component and return the function that mounts it.

    Call once, at module level: `attention = register("attention", __file__)`, then `attention(data=..., key=...)`.

    Args:
        name: of the component, `data-component` in the browser.
        beside: the Python file that calls; the script of the same name, and maybe its style sheet, lie beside it.
        shared: whether the component is a picture, with the style sheets of the kit (a few buttons are none).
    """
    python = Path(beside).resolve()
    script = modules.loader(python.with_suffix(".js").relative_to(modules.ROOT).as_posix())
    sheet = "\n".join(path.read_text(encoding="utf-8") for path in _sheets(python, shared))
    # Streamlit looks for tables among a dict's values, with pandas (100 MB that nothing else here needs) and at every
    # run; a list it passes on as it is.
    script += UNPACKED
    # Without isolation the figure is part of the document: exports, tests and screen readers reach it.
    renderer: Callable[..., Any] = st.components.v2.component(
        f"glassbox_{name}", js=script, css=theme.css() + sheet, isolate_styles=False
    )

    def mount(
        data: Any = None, key: str | None = None, on: Mapping[str, Callable[[], None]] | None = None
    ) -> Any:
        """Mount the component; `on` maps its events to callbacks. A link in a picture opens its page by itself."""
        doors = {"visit": lambda: events.visit(str(key))} if shared else {}
        acts = doors | dict(on or {})
        heard = {f"on_{event}_change": state.whole(act) for event, act in acts.items()}
        point = state.memo("lesson").get("point", "") if shared else ""  # the part that a lesson points at
        return renderer(data=None if data is None else [data, state.turn(), point], key=key, **heard)

    return mount


# Two page runs may overlap while a browser still loads the module. The browser may then receive the later run's data
# before the earlier one's, which must not stay.
UNPACKED = """
const turns = new WeakMap();
export default (given) => {
  const [data, turn, point] = given.data ?? [];
  if (turn < turns.get(given.parentElement)) return () => {};
  turns.set(given.parentElement, turn);
  return component({ ...given, data, point });
};
"""


def _sheets(python: Path, shared: bool) -> list[Path]:
    """Return the style sheets in their order, glass.css first."""
    common = sorted(KIT.glob("*.css"), key=lambda path: (path.stem != "glass", path.name))
    own = python.with_suffix(".css")
    return [*(common if shared else []), *([own] if own.exists() else [])]


def pack(array: npt.ArrayLike) -> dict[str, Any]:
    """Encode an array for a component: {"b64", "dtype", "shape"}, little-endian; `unpack` in glass.js decodes it.

    uint8 stays ("u8"), everything else becomes float32 ("f32"). Bytes in a dict would arrive as their Python repr.
    """
    values = np.ascontiguousarray(array)
    kind = "u8" if values.dtype == np.uint8 else "f32"
    raw = values.astype("u1" if kind == "u8" else "<f4").tobytes()
    return {"b64": base64.b64encode(raw).decode("ascii"), "dtype": kind, "shape": list(values.shape)}
