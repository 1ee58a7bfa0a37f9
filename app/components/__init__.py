"""Our own pictures: one folder per component with `view.js` and `view.css`, plain modules without a build step.

`view.js` exports the component and imports what it needs, from its folder and from shared/ (`app.modules` serves them).
Style sheets are one: those of shared/, then the component's. Values cross as a JSON dict; arrays go through `pack`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from app import modules, state, theme

HERE = Path(__file__).resolve().parent


def register(name: str, shared: bool = True) -> Callable[..., Any]:
    """Declare the component in the folder `name` and return the function that mounts it.

    Call once, at module level: `attention = register("attention")`, then `attention(data=..., key=...)` in a page.

    Args:
        name: a folder beside this file with view.js, which ends with `export default ...`, the modules that it imports,
            and maybe view.css.
        shared: whether the component is a picture, with the style sheets of shared/ (a few buttons are none).
    """
    script = modules.loader(f"{name}/view.js")
    sheet = "\n".join(path.read_text(encoding="utf-8") for path in _sheets(name, shared))
    # Streamlit looks for tables among a dict's values, with pandas (100 MB that nothing else here needs) and at every
    # run; a list it passes on as it is.
    script += UNPACKED
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


def _sheets(name: str, shared: bool) -> list[Path]:
    """Style sheets in their order: glass.css is the ground of all."""
    common = sorted((HERE / "shared").glob("*.css"), key=lambda path: (path.stem != "glass", path.name))
    return [*(common if shared else []), *sorted((HERE / name).glob("*.css"))]


def pack(array: npt.ArrayLike) -> dict[str, Any]:
    """An array for a component: {"b64", "dtype", "shape"}, little-endian; `unpack` in glass.js reads it.

    uint8 stays ("u8"), everything else becomes float32 ("f32"). Bytes in a dict would arrive as their Python repr.
    """
    values = np.ascontiguousarray(array)
    kind = "u8" if values.dtype == np.uint8 else "f32"
    raw = values.astype("u1" if kind == "u8" else "<f4").tobytes()
    return {"b64": base64.b64encode(raw).decode("ascii"), "dtype": kind, "shape": list(values.shape)}
