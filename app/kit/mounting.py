"""Mount a picture in a page, and read the files that it is made of.

Streamlit is asked when a component is mounted for the first time, not when its module is imported: a picture outside of
the app (`app.outside`) is made of the same files, and Streamlit is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from app import theme
from app.kit import modules

KIT = Path(__file__).resolve().parent


class Component:
    """A component of the browser: its script, its style sheet, and how a page mounts it."""

    def __init__(self, name: str, beside: str, shared: bool) -> None:
        self.name = name
        self._python = Path(beside).resolve()
        self._shared = shared

    @property
    def script(self) -> str:
        """The path of its script relative to the repository root, with slashes."""
        return self._python.with_suffix(".js").relative_to(modules.ROOT).as_posix()

    def sheet(self) -> str:
        """Read its style sheet: the colours, those of the kit, its own."""
        return sheet_of([self])

    @property
    def sheets(self) -> list[Path]:
        """Its style sheets in their order: those of the kit, its own."""
        return _sheets(self._python, self._shared)

    def __call__(
        self, data: Any = None, key: str | None = None, on: Mapping[str, Callable[[], None]] | None = None
    ) -> Any:
        """Mount the component; `on` maps its events to callbacks. A link in a picture opens its page by itself."""
        from app.session import events, state

        if self._shared:
            state.memo("picture")["drawn"] = True
        doors = {"visit": lambda: events.visit(str(key))} if self._shared else {}
        acts = doors | dict(on or {})
        heard = {f"on_{event}_change": state.whole(act) for event, act in acts.items()}
        # the part that a lesson points at
        point = state.memo("lesson").get("point", "") if self._shared else ""
        return _renderer(self)(data=None if data is None else [data, state.turn(), point], key=key, **heard)


def register(name: str, beside: str, shared: bool = True) -> Component:
    """Declare a component and return it: called, it mounts itself.

    Call once, at module level: `attention = register("attention", __file__)`, then `attention(data=..., key=...)`.

    Args:
        name: of the component, `data-component` in the browser.
        beside: the Python file that calls; the script of the same name, and maybe its style sheet, lie beside it.
        shared: whether the component is a picture, with the style sheets of the kit (a few buttons are none).
    """
    return Component(name, beside, shared)


def sheet_of(components: Sequence[Component]) -> str:
    """Read the style sheets of several components, each sheet once: the colours, those of the kit, their own."""
    paths = dict.fromkeys(path for component in components for path in component.sheets)
    return theme.css() + "\n".join(path.read_text(encoding="utf-8") for path in paths)


@cache
def _renderer(component: Component) -> Callable[..., Any]:
    """Register a component with Streamlit, once; what it returns mounts the component."""
    import streamlit as st

    # Streamlit looks for tables among a dict's values, with pandas (100 MB that nothing else here needs) and at
    # every run; a list it passes on as it is.
    script = modules.loader(component.script) + UNPACKED
    # Without isolation the figure is part of the document: exports, tests and screen readers reach it.
    made: Callable[..., Any] = st.components.v2.component(
        f"glassbox_{component.name}", js=script, css=component.sheet(), isolate_styles=False
    )
    return made


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
    pictures = KIT.glob("*.css")
    common = sorted(pictures, key=lambda path: (path.stem != "glass", path.name))
    own = python.with_suffix(".css")
    return [*(common if shared else []), *([own] if own.exists() else [])]
