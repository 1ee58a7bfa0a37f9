"""Pictures as one HTML file: it asks for nothing, and works from a disk, in a notebook, a slide, a course page.

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
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import theme
from app.columns import named
from app.counts import counted
from app.kit import modules
from app.kit.mounting import Component, sheet_of
from app.outside.file_record import to_meta
from core import messages
from core.messages import mark, say

if TYPE_CHECKING:
    from app.kit.figures import StillChart

HERE = Path(__file__).resolve().parent
HOST = "app/outside/host.js"
DESK = "app/outside/model/desk.js"
AROUND = "app/outside/around.js"
WIDGET = "app/outside/widget.js"
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; base-uri 'none'; form-action 'none'"
)
LINES = 500  # of a table that stands below a picture
MADE = mark("Made with Glassbox")

SANDBOX = "allow-scripts allow-downloads"
OPENS = " allow-popups allow-popups-to-escape-sandbox"  # what a link out of a frame needs


@dataclass(frozen=True)
class State:
    """What a picture draws, and the words around it.

    Attributes:
        data: what its script draws.
        claim: its heading.
        sentence: what stands where no script runs.
        table: column name -> values.
        label: of the switch between several states.
        charts: what stands beside it.
        record: what a file says of its origin (file_record.py).
    """

    data: Mapping[str, Any]
    claim: str
    sentence: str
    table: Mapping[str, Sequence[Any]]
    label: str = ""
    charts: Sequence[StillChart] = ()
    record: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Own:
    """The model that a picture carries, and what it is computed of.

    Attributes:
        script: computes the picture's data (`Computing` in app/outside/model/computing.js).
        model: as `packed.packed` makes it; pictures of one document that have the same share it.
        text, values: of the picture as it comes; shown: the selection that became of them.
        told: words for the script; measured: numbers for it, of each of the model's moments.
        longest: tokens that the picture holds.
    """

    script: str
    model: Mapping[str, Any]
    text: str
    values: Mapping[str, Any]
    shown: Mapping[str, Any]
    told: Any
    measured: Sequence[Any]
    longest: int


@dataclass(frozen=True)
class Part:
    """One picture of a document.

    Attributes:
        component: whose script draws it.
        title: what it is of.
        file: the name of what is saved from it, without an ending.
        states: one, or several between which a switch above the picture chooses.
        switch: what the switch changes, in a word.
        live: address of the page that shows this, if one is known.
        heading: words of one's own above the claim.
        own: the model that it carries, which computes it anew for another text; it has one state then.
    """

    component: Component
    title: str
    file: str
    states: tuple[State, ...]
    switch: str = ""
    live: str = ""
    heading: str = ""
    own: Own | None = None


def document(
    parts: Sequence[Part], *, title: str, colours: str | None = None, fonts: bool = True, tables: bool = True
) -> str:
    """Write pictures as a whole HTML document; scripts and styles that they share are in it once.

    Args:
        title: of the document.
        colours: "light" or "dark"; None: what the page around it or the reader's system prefers.
        fonts: carry the fonts that the pictures' labels are set in, 118 kB; without them those of the reader are taken,
            which may be wider than the room that there is.
        tables: whether each picture's numbers stand below it; else they stand elsewhere.

    Raises:
        ValueError: a number in the data is infinite or none at all, which JSON does not hold.
    """
    scripts, start = _started(parts)
    chosen = f' data-theme="{colours}"' if colours else ""
    style = (
        (_faces() if fonts else "")
        + _root()
        + sheet_of([part.component for part in parts])
        + (HERE / "standalone.css").read_text(encoding="utf-8")
    ).replace("</", "<\\/")
    language = messages.spoken()
    pictures = "\n".join(_picture(part, i, tables) for i, part in enumerate(parts))
    records = "\n".join(to_meta(part.states[0].record) for part in parts)
    data = [[_carried(state, part.states[0]) for state in part.states] for part in parts]
    return f"""<!doctype html>
<html lang="{language}" data-language="{language}"{chosen}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
{records}
<title>{html.escape(title)}</title>
<style>
{style}
</style>
<script type="importmap">{_json({"imports": scripts})}</script>
</head>
<body>
<main>
{pictures}
</main>
<script type="application/json" id="data">{_json(data)}</script>
{_words(language, scripts)}{models_of(parts)}<script type="module">{_script(start)}</script>
</body>
</html>
"""


def _words(language: str, scripts: Mapping[str, str]) -> str:
    """Write what a document's scripts say in a language, where app/kit/say.js looks for it; "" for English."""
    if language == messages.ENGLISH:
        return ""
    return f'<script type="application/json" id="words">{_json(modules.words(language, scripts))}</script>\n'


def _started(parts: Sequence[Part]) -> tuple[dict[str, str], str]:
    """Return an import map of all scripts of a document, and the script that starts it."""
    scripts: dict[str, str] = {}
    firsts = [
        script for part in parts for script in (part.component.script, part.own and part.own.script) if script
    ]
    for script in firsts:
        scripts |= imported(script)
    names = {script: f"script{i}" for i, script in enumerate(dict.fromkeys(firsts))}
    ways = {part.own.script for part in parts if part.own}
    start = "".join(
        f'import {f"{{ computing as {name} }}" if script in ways else name} from "{script}";\n'
        for script, name in names.items()
    )
    given = "[" + ", ".join(names[part.component.script] for part in parts) + "]"
    if ways:
        scripts |= imported(DESK)
        start += f'import {{ drawOwn }} from "{DESK}";\n'
        computed = ", ".join(names[part.own.script] if part.own else "null" for part in parts)
        given += f", [{computed}], drawOwn"
    return scripts, start + f'import {{ show }} from "{HOST}";\nshow({given});'


def models_of(parts: Sequence[Part]) -> str:
    """Write the models that pictures carry, each once, and of what each picture is computed; "" where none does."""
    owns = [part.own for part in parts]
    models = {id(own.model): own.model for own in owns if own}
    if not models:
        return ""
    places = {key: i for i, key in enumerate(models)}
    said = [own and {**_plain(own), "model": places[id(own.model)]} for own in owns]
    return (
        f'<script type="application/json" id="models">{_json(list(models.values()))}</script>\n'
        f'<script type="application/json" id="owns">{_json(said)}</script>\n'
    )


def _plain(own: Own) -> dict[str, Any]:
    return {name: getattr(own, name) for name in ("text", "values", "shown", "told", "measured", "longest")}


def _carried(state: State, first: State) -> dict[str, Any]:
    """Return what a document's script needs of a state; of a later one, only the parts that differ from the first's."""
    data = {key: part for key, part in state.data.items() if state is first or first.data.get(key) != part}
    gone = [key for key in first.data if key not in state.data]
    return {"claim": state.claim, "data": data, "record": state.record} | ({"gone": gone} if gone else {})


def _picture(part: Part, number: int, tables: bool) -> str:
    """Write the place of a document's picture: its claim, its switch, and what stands below it."""
    first = part.states[0]
    said = "".join(f"<p>{html.escape(state.sentence)}</p>" for state in part.states)
    twins = "".join(
        f'<details data-state-of="{i}"><summary>{_summary(part, state)}</summary>{table_html(state.table, part.title)}'
        "</details>"
        for i, state in enumerate(part.states)
    )
    live = (
        f' · <a href="{html.escape(part.live)}" target="_blank" rel="noopener">{html.escape(say("Open it live"))}</a>'
        if part.live
        else ""
    )
    heading = f"<p>{html.escape(part.heading)}</p>" if part.heading else ""
    charts = "".join(_still_charts(state.charts, number, i) for i, state in enumerate(part.states))
    beside = f'<div class="gb-charts">{charts}</div>\n' if charts else ""
    return f"""<section data-file="{html.escape(part.file)}"{' class="gb-with-charts"' if charts else ""}>
<header class="gb-claim">{heading}<h1>{html.escape(first.claim)}</h1></header>
{_switch(part, number)}{beside}<div class="picture"><noscript>{said}</noscript></div>
<footer>
<button type="button" data-save="SVG" hidden>SVG</button><button type="button" data-save="PNG" hidden>PNG</button>
{twins if tables else ""}
<p>{html.escape(say(MADE))}{live}</p>
</footer>
</section>"""


def _still_charts(charts: Sequence[StillChart], number: int, state: int) -> str:
    """Write the charts of a picture's state; those of a step are shown when the picture comes to it (host.js).

    The ids of a drawing become those of the document.
    """
    return "".join(
        f'<div role="img" aria-label="{html.escape(one.said)}" data-step="{one.step}" data-state-of="{state}"'
        f"{'' if one.step < 0 and not state else ' hidden'}>"
        + re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>p{number}s{state}c{i}-", one.svg)
        + "</div>"
        for i, one in enumerate(charts)
    )


def _summary(part: Part, state: State) -> str:
    about = html.escape(f": {part.switch} {state.label}") if len(part.states) > 1 else ""
    return html.escape(say("As a table")) + about


def _switch(part: Part, number: int) -> str:
    """Write the switch between a picture's states, native radio buttons; it is hidden where no script runs."""
    if len(part.states) == 1:
        return ""
    options = "".join(
        f'<label><input type="radio" name="switch{number}" value="{i}"{"" if i else " checked"}> '
        f"{html.escape(state.label)}</label>"
        for i, state in enumerate(part.states)
    )
    return f'<fieldset class="gb-switch" hidden><legend>{html.escape(part.switch)}</legend>{options}</fieldset>\n'


def frame(whole: str, parts: Sequence[Part], *, title: str, tall: int) -> str:
    """Write a document into a fragment of HTML: the pictures in a frame of their own, the sentences, the tables.

    Sentences and tables are what a reader gets where scripts do not run: on GitHub, in a mail, in a notebook that is
    not trusted.
    """
    said = " ".join(html.escape(part.states[0].sentence) for part in parts)
    twins = "".join(
        f"<details><summary>{_summary(part, state)}</summary>{table_html(state.table, part.title)}</details>"
        for part in parts
        for state in part.states
    )
    return (
        '<div class="glassbox" style="max-width:1200px">'
        f"<p>{said} <small>{html.escape(say('No picture below? Trust this notebook, or run the cell.'))}</small></p>"
        f'<iframe sandbox="{allowed(parts)}" srcdoc="{html.escape(whole)}" title="{html.escape(title)}" '
        f'loading="lazy" style="width:100%;height:{tall}px;border:0"></iframe>'
        f"{twins}<script>{listener()}</script></div>"
    )


@lru_cache(maxsize=1)
def listener() -> str:
    """Return the script beside frames, which gives each its height and tells it the page's colours."""
    text = modules.sources()[AROUND].replace("export function", "function")
    return _script(f"(() => {{\n{text}\nserve();\n}})();")


def allowed(parts: Sequence[Part]) -> str:
    """Return what the frame of a document may do."""
    return SANDBOX + (OPENS if any(part.live for part in parts) else "")


def snippet(file: str, *, title: str, tall: int, live: bool = False) -> str:
    """Write the frame that shows a saved document; `data-external` lets reveal.js leave it outside of its own file.

    Args:
        live: whether the document has a link to its page.
    """
    return (
        f'<iframe src="{html.escape(file)}" title="{html.escape(title)}" sandbox="{SANDBOX}{OPENS if live else ""}" '
        f'loading="lazy" data-external="1" style="width:100%;height:{tall}px;border:0"></iframe>'
    )


def live_snippet(title: str, tall: int) -> str:
    """Write the frame that shows a page of a running app, at the address that takes the place of ADDRESS."""
    return (
        f'<iframe src="ADDRESS" title="{html.escape(title)}" loading="lazy" data-external="1" '
        f'style="width:100%;height:{tall}px;border:0"></iframe>'
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
    config = tomllib.loads((modules.ROOT / "app" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
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
    table = named(table)
    count = len(next(iter(table.values()), ()))
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in table)
    lines = zip(*(column[:LINES] for column in table.values()), strict=True)
    body = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    said = about
    if count > LINES:
        said = say(
            "{about}: the first {shown} of {lines}", about=about, shown=LINES, lines=counted(count, "line")
        )
    return f"<table><caption>{html.escape(said)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return html.escape(f"{value:.6g}" if isinstance(value, float) else str(value))


def write(path: Path, whole: str) -> None:
    """Write a document to a file."""
    path.write_text(whole, encoding="utf-8", errors="replace")
