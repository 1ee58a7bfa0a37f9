"""The example notebooks, executed while the site is built, with their pictures."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable
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
            quiet = {"extra_arguments": ["--Application.log_level=ERROR"]}
            NotebookClient(
                notebook, timeout=SECONDS, resources={"metadata": {"path": str(root)}}, **quiet
            ).execute()
        text = "---\nhide: [toc]\n---\n\n" + page(source, path.stem, notebook)
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
            outputs = _joined(cell.get("outputs", ()))
            parts += [_output(source, f"{name}-{i}-{j}", output) for j, output in enumerate(outputs)]
    return "\n\n".join(parts) + "\n"


def _joined(outputs: Iterable[Any]) -> list[Any]:
    """Join what a cell printed in pieces."""
    joined: list[Any] = []
    for output in outputs:
        if joined and output.output_type == "stream" and joined[-1].get("name") == output.name:
            joined[-1] = nbformat.v4.new_output(
                "stream", name=output.name, text=joined[-1].text + output.text
            )
        else:
            joined.append(output)
    return joined


def _output(source: Source, name: str, output: Any) -> str:
    """Write an output of a cell as Markdown: a picture in its frame, HTML, an image, or text."""
    if output.output_type == "stream":
        return _fenced(_COLOURED.sub("", output.text), "text")
    data = output.get("data", {})
    if found := _FRAME.search(data.get("text/html", "")):
        source.document(name, html.unescape(found[1]), html.unescape(found[2]), int(found[3]))
        return f"<!-- picture: {name} -->"
    if "text/html" in data:
        inside = re.sub(r"\n\s*\n", "\n", data["text/html"])
        return f'<div class="output">{inside}</div>'
    images = {kind: data[kind] for kind in ("image/svg+xml", "image/png") if kind in data}
    for kind, image in images.items():
        file = source.folder / FOLDER / f"{name}.{kind[6:9]}"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(image.encode() if kind == "image/svg+xml" else base64.b64decode(image))
        return f"![What the cell draws]({file.name})"
    return _fenced(data.get("text/plain", ""), "text")


def _fenced(text: str, language: str) -> str:
    """Write text as a block of code, whatever backticks it holds."""
    most = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, most + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
