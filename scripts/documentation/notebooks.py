"""The example notebooks, executed while the site is built, with their pictures."""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from scripts.documentation.pages import Source

SECTION, FOLDER = "Notebooks", "notebooks"
SECONDS = 300  # for one cell, on a busy machine
_FRAME = re.compile(r'<iframe[^>]* srcdoc="([^"]*)"[^>]* title="([^"]*)"[^>]*height:(\d+)px')
_COLOURED = re.compile(r"\x1b\[[0-9;]*m")


def write(source: Source, folder: Path, root: Path, execute: bool) -> None:
    """Write a page for each notebook of a folder, if there is one.

    Args:
        root: the folder that they run in.
        execute: run them; else they are shown as they lie there.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell of one raises.
    """
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        if execute:
            NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(root)}}).execute()
        text = page(source, path.stem, notebook)
        found = re.search(r"^# (.+)$", text, re.M)
        (source.folder / FOLDER).mkdir(exist_ok=True)
        (source.folder / FOLDER / path.name).write_bytes(path.read_bytes())
        text += f"\n---\n\n[The notebook itself]({path.name}){{ download }}\n"
        source.page(f"{FOLDER}/{path.stem}.md", text, SECTION, found[1] if found else path.stem)


def page(source: Source, name: str, notebook: Any) -> str:
    """Write a notebook as Markdown; its pictures become files of the site."""
    parts = []
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        elif cell.cell_type == "code":
            parts.append(_fenced(cell.source, "python"))
            parts += [
                _output(source, f"{name}-{i}-{j}", output) for j, output in enumerate(cell.get("outputs", ()))
            ]
    return "\n\n".join(parts) + "\n"


def _output(source: Source, name: str, output: Any) -> str:
    """Write an output of a cell as Markdown: a picture in its frame, HTML, an image, or text."""
    if output.output_type == "stream":
        return _fenced(_COLOURED.sub("", output.text), "text")
    data = output.get("data", {})
    if found := _FRAME.search(data.get("text/html", "")):
        source.document(name, html.unescape(found[1]), html.unescape(found[2]), int(found[3]))
        return f"<!-- picture: {name} -->"
    if "text/html" in data:
        return re.sub(r"\n\s*\n", "\n", data["text/html"])
    if "image/png" in data:
        (source.folder / FOLDER).mkdir(exist_ok=True)
        (source.folder / FOLDER / f"{name}.png").write_bytes(base64.b64decode(data["image/png"]))
        return f"![What the cell draws]({name}.png)"
    return _fenced(data.get("text/plain", ""), "text")


def _fenced(text: str, language: str) -> str:
    """Write text as a block of code, whatever backticks it holds."""
    most = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, most + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
