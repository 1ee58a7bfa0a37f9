"""A picture as one HTML file: it asks for nothing, and works from a disk, in a notebook, a slide, a course page.

The scripts lie in it as an import map of `data:` addresses, the numbers as JSON. The file's own policy forbids every
request, so it shows the same wherever it lies; what it cannot do there (open a page, compute anew) is left out by the
picture itself (`can` in glass.js). No Streamlit in here.
"""

from __future__ import annotations

import base64
import html
import json
import posixpath
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import theme
from app.counts import counted
from app.kit import modules
from app.kit.mounting import KIT, Component

if TYPE_CHECKING:
    from app.kit.figures import Beside

HOST = "app/kit/host.js"
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; base-uri 'none'; form-action 'none'"
)
LINES = 500  # of a table that stands below a picture
MADE = "Made with Glassbox"

# A frame says how high it is (host.js); of two pictures in a notebook each listens for both, which does no harm.
_LISTENS = (
    '<script>addEventListener("message", (told) => { for (const frame of document.querySelectorAll(".glassbox iframe"))'
    " if (frame.contentWindow === told.source && Number.isFinite(told.data?.glassbox)) "
    'frame.style.height = told.data.glassbox + "px"; });</script>'
)


def document(
    component: Component,
    data: Mapping[str, Any],
    *,
    title: str,
    claim: str,
    sentence: str,
    table: Mapping[str, Sequence[Any]] | None,
    file: str,
    colours: str | None = None,
    fonts: bool = True,
    charts: Sequence[Beside] = (),
) -> str:
    """Write a picture as a whole HTML document.

    Args:
        data: what its script draws.
        title: of the document. claim: its heading. sentence: what stands where no script runs.
        table: column name -> values; None: it stands elsewhere.
        file: the name of what is saved from it, without an ending.
        colours: "light" or "dark"; None: what the reader's system prefers.
        fonts: carry the fonts that the picture's labels are set in, 118 kB; without them those of the reader are taken,
            which may be wider than the room that there is.
        charts: what stands beside it.

    Raises:
        ValueError: a number in the data is infinite or none at all, which JSON does not hold.
    """
    scripts = imported(component.script)
    start = f'import component from "{component.script}";\nimport {{ show }} from "{HOST}";\nshow(component);'
    chosen = f' data-theme="{colours}"' if colours else ""
    style = (
        (_faces() if fonts else "")
        + _root()
        + component.sheet()
        + (KIT / "standalone.css").read_text(encoding="utf-8")
    ).replace("</", "<\\/")
    twin = (
        "" if table is None else f"<details><summary>As a table</summary>{table_html(table, title)}</details>"
    )
    return f"""<!doctype html>
<html lang="en"{chosen}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>
{style}
</style>
<script type="importmap">{_json({"imports": scripts})}</script>
</head>
<body data-file="{html.escape(file)}">
<main{' class="gb-with-charts"' if charts else ""}>
<header class="gb-claim"><h1>{html.escape(claim)}</h1></header>
{_beside(charts)}<div id="picture"><noscript><p>{html.escape(sentence)}</p></noscript></div>
<footer>
<button type="button" data-save="SVG" hidden>SVG</button><button type="button" data-save="PNG" hidden>PNG</button>
{twin}
<p>{MADE}</p>
</footer>
</main>
<script type="application/json" id="data">{_json(data)}</script>
<script type="module">{_script(start)}</script>
</body>
</html>
"""


def _beside(charts: Sequence[Beside]) -> str:
    """Write the charts; those of a step are shown when the picture comes to it (host.js)."""
    if not charts:
        return ""
    parts = "".join(
        f'<div role="img" aria-label="{html.escape(one.said)}" data-step="{one.step}"'
        f"{' hidden' if one.step >= 0 else ''}>{one.svg}</div>"
        for one in charts
    )
    return f'<div id="charts">{parts}</div>\n'


def frame(whole: str, *, title: str, sentence: str, table: Mapping[str, Sequence[Any]], tall: int) -> str:
    """Write a document into a fragment of HTML: the picture in a frame of its own, the sentence, the table.

    Sentence and table are what a reader gets where scripts do not run: on GitHub, in a mail, in a notebook that is not
    trusted.
    """
    return (
        '<div class="glassbox" style="max-width:1200px">'
        f"<p>{html.escape(sentence)} <small>No picture below? Trust this notebook, or run the cell.</small></p>"
        f'<iframe sandbox="allow-scripts allow-downloads" srcdoc="{html.escape(whole)}" title="{html.escape(title)}" '
        f'loading="lazy" style="width:100%;height:{tall}px;border:0"></iframe>'
        f"<details><summary>As a table</summary>{table_html(table, title)}</details>{_LISTENS}</div>"
    )


def snippet(file: str, *, title: str, tall: int) -> str:
    """Write the frame that shows a saved document; `data-external` lets reveal.js leave it outside of its own file."""
    return (
        f'<iframe src="{html.escape(file)}" title="{html.escape(title)}" sandbox="allow-scripts allow-downloads" '
        f'loading="lazy" data-external="1" style="width:100%;height:{tall}px;border:0"></iframe>'
    )


def imported(script: str) -> dict[str, str]:
    """Return a script and all that it imports, with what shows it, as an import map: path -> `data:` address."""
    paths = dict.fromkeys([*modules.imported(script), *modules.imported(HOST)])
    return {path: _address(path) for path in paths}


@lru_cache(maxsize=512)
def _address(path: str) -> str:
    """Return a script as an address that holds it; what it imports is named by its path in the import map."""
    folder = posixpath.dirname(path)

    def named(found: re.Match[str]) -> str:
        there = posixpath.normpath(posixpath.join(folder, found[1]))
        return found[0].replace(found[1], there)

    text = modules.IMPORT.sub(named, modules.sources()[path])
    return f"data:text/javascript;charset=utf-8;base64,{base64.b64encode(text.encode()).decode('ascii')}"


def _json(value: Any) -> str:
    """Write JSON that may stand in a script element: no text in it can end the element, or a line."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _script(text: str) -> str:
    """Write code that may stand in a script element."""
    return re.sub(r"<(/script|!--)", r"<\\\1", text, flags=re.I)


@lru_cache(maxsize=1)
def _faces() -> str:
    """Return the fonts of the pages as font faces that hold them: the Latin ones."""
    config = tomllib.loads((modules.ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    faces = []
    for face in config["theme"]["fontFaces"]:
        if "-latin-wght" in face["url"]:
            file = base64.b64encode((modules.ROOT / face["url"]).read_bytes()).decode("ascii")
            faces.append(
                f"@font-face{{font-family:'{face['family']}';font-weight:{face['weight']};"
                f"src:url(data:font/woff2;base64,{file}) format('woff2');unicode-range:{face['unicodeRange']}}}\n"
            )
    return "".join(faces)


@lru_cache(maxsize=1)
def _root() -> str:
    """Return the colours of the page around the picture, which reads from its ground whether it is dark."""

    def block(dark: bool) -> str:
        lines = "".join(f"--gb-{name}:{theme.color(name, dark)};" for name in theme.TOKENS)
        ground = (
            f"--st-background-color:{theme.color('bg', dark)};color-scheme:{'dark' if dark else 'light'};"
        )
        return f"{lines}{ground}--gb-sans:{theme.SANS};--gb-mono:{theme.MONO};"

    light, dark = block(False), block(True)
    return (
        f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root:not([data-theme]){{{dark}}}}}\n"
        f':root[data-theme="dark"]{{{dark}}}\n'
    )


def table_html(table: Mapping[str, Sequence[Any]], about: str) -> str:
    """Write a table, at most its first `LINES` lines."""
    count = len(next(iter(table.values()), ()))
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in table)
    lines = zip(*(column[:LINES] for column in table.values()), strict=True)
    body = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    said = about if count <= LINES else f"{about}: the first {LINES} of {counted(count, 'line')}"
    return f"<table><caption>{html.escape(said)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return html.escape(f"{value:.6g}" if isinstance(value, float) else str(value))


def write(path: Path, whole: str) -> None:
    """Write a document to a file."""
    path.write_text(whole, encoding="utf-8", errors="replace")
