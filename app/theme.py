"""The design tokens, once, as data: every colour, size and font of the pages, the components and the charts.

Streamlit's own theme in `app/.streamlit/config.toml` holds the same values; a test keeps the two equal. The style sheet
of the frame is `frame.css` beside this file. No Streamlit in here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

# name -> (light, dark). Text uses the `-ink` form of a colour, shapes the plain one.
TOKENS: dict[str, tuple[str, str]] = {
    "bg": ("#FFFFFF", "#12151B"),  # the page
    "side": ("#F6F7F9", "#191D25"),  # the sidebar
    "wash": ("#F8F9FB", "#171B22"),  # a closed block or a finished step
    "field": ("#EEF0F4", "#232934"),  # the background of an input
    "line": ("#DFE3E9", "#313947"),  # hairlines
    "ink": ("#181C24", "#ECEFF4"),  # text
    "ink2": ("#454C5A", "#C2C9D4"),  # secondary text
    "ink3": ("#626B7B", "#98A2B3"),  # hints and ticks
    "accent": ("#B0104F", "#FF8FBD"),  # the accent (selection, primary button)
    "accent-soft": ("#FBE9F0", "#3A1F2D"),  # the background of the selection
    "accent-on": ("#FFFFFF", "#1B0A12"),  # text on the accent
    "q": ("#1F6FD6", "#4A93EE"),  # queries
    "q-ink": ("#1A5FB8", "#7DB6FA"),
    "k": ("#E8643A", "#F5825C"),  # keys
    "k-ink": ("#B83A12", "#FA9A7A"),
    "v": ("#0F9A70", "#2DAF88"),  # values
    "v-ink": ("#0B7252", "#56D0A9"),
    "res": ("#8790A0", "#6B7688"),  # the residual stream, neutral bars
    "att": ("#6A2CA0", "#CDA8F5"),  # attention weights and the attention output
    "att-ink": ("#6A2CA0", "#CDA8F5"),
    "mlp": ("#C78500", "#E9B53C"),  # the MLP output
    "mlp-ink": ("#855A00", "#F0C567"),
    "neg": ("#8C510A", "#DDA15A"),  # signed values: below 0
    "mid": ("#F5F5F3", "#232934"),  # signed values: 0
    "pos": ("#01665E", "#45C4B6"),  # signed values: above 0
}

# In projector mode the quiet colours step up to the next stronger one.
PROJECTOR = {"ink3": "ink2", "ink2": "ink", "line": "ink3"}

SANS = "Inter, 'Segoe UI', system-ui, sans-serif"
MONO = "'JetBrains Mono', ui-monospace, 'SFMono-Regular', Menlo, Consolas, monospace"


def color(name: str, dark: bool = False) -> str:
    """Return the hexadecimal value of one token; KeyError for a name that is no token."""
    return TOKENS[name][dark]


def values(projector: bool = False) -> dict[str, tuple[str, str]]:
    """Return all tokens, name -> (light, dark); `projector` raises the contrast of the muted ones."""
    stronger = PROJECTOR if projector else {}
    return {name: TOKENS[stronger.get(name, name)] for name in TOKENS}


@cache
def css() -> str:
    """Return the custom properties of a component's figure: `--gb-NAME`, switched by its own `data-theme`."""

    def block(selector: str, dark: bool) -> str:
        lines = "".join(f"--gb-{name}:{pair[dark]};" for name, pair in TOKENS.items())
        return f"{selector}{{{lines}--gb-sans:{SANS};--gb-mono:{MONO};}}\n"

    return block("[data-component]", dark=False) + block('[data-component][data-theme="dark"]', dark=True)


@cache
def frame(view: str = "page") -> str:
    """Return the style sheet of the frame around the pages, as one `<style>` element.

    `view` is the field of that name: the whole page, for a projector, or the claim and picture alone.

    `light-dark()` follows the colour scheme that Streamlit sets on the document, so the frame needs no rerun when the
    theme changes.
    """
    projector = view == "projector"
    tokens = "".join(
        f"--gb-{name}:light-dark({light},{dark});" for name, (light, dark) in values(projector).items()
    )
    sheet = (Path(__file__).parent / "frame" / "frame.css").read_text(encoding="utf-8")
    root = f":root{{{tokens}--gb-sans:{SANS};--gb-mono:{MONO};}}"
    if view != "page":
        sheet += (Path(__file__).parent / "frame" / f"{view}.css").read_text(encoding="utf-8")
    if projector:
        for dark, theme in ((False, ""), (True, '[data-theme="dark"]')):
            stronger = "".join(f"--gb-{name}:{TOKENS[other][dark]};" for name, other in PROJECTOR.items())
            root += f":root [data-component]{theme}{{{stronger}}}"
    return f"<style>{root}\n{sheet}</style>"
