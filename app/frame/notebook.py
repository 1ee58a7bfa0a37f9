"""A page's state as a Jupyter notebook that computes the shown numbers again with `core` and asserts them.

The first code cell finds Glassbox or says how to install the revision that wrote the notebook; the second one of a
training run's notebook looks for its weights. No Streamlit in here.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache

import nbformat

from core.installation import ROOT, version
from core.messages import say

_FIND = '''\
import os
import sys
from importlib.util import find_spec
from pathlib import Path

REVISION = {revision!r}


def find_glassbox():
    """The first folder with Glassbox in it: GLASSBOX_HOME, the working folder, one above it, or an installed one."""
    here = Path.cwd()
    for folder in [Path(os.environ.get("GLASSBOX_HOME", here)), here, *here.parents]:
        if (folder / "core" / "language_model.py").is_file():
            return folder
    installed = find_spec("core")
    if installed and installed.origin and (Path(installed.origin).parent / "language_model.py").is_file():
        return Path(installed.origin).parent.parent
    raise SystemExit(
        "Glassbox was not found. Clone its repository, check out revision " + REVISION + ", and either start "
        "Jupyter inside the clone or set the environment variable GLASSBOX_HOME to it. "
        "`make run` there installs what it needs into .venv."
    )


sys.path.insert(0, str(find_glassbox()))
import core
'''


_RUN = """\
# A training run comes from the store of the server that trained it, or from the weights that its page gave away:
# {archive}, beside this notebook.
import zipfile
from pathlib import Path

if Path({archive!r}).is_file() and not Path({folder!r}).is_dir():
    with zipfile.ZipFile({archive!r}) as packed:
        packed.extractall()
"""
_CHANGED = """\
EXPORTED = {texts!r}  # what the page read: the numbers below were exported for it


def is_changed():
    \"\"\"Return whether a text was changed after the export; say so once for each change.\"\"\"
    changed = [name for name, text in EXPORTED.items() if globals().get(name, text) != text]
    now = [globals()[name] for name in changed]
    if changed and getattr(is_changed, "reported", None) != now:
        print(f"{{' and '.join(changed)}} was changed: the exported numbers are not checked.")
    is_changed.reported = now
    return bool(changed)
"""
_OF_RUN = re.compile(r"run:([0-9a-f]{24})")


@cache
def revision() -> str:
    """Return the running commit, or the version where there is no git."""
    if (ROOT / ".git").exists():  # a package may be installed inside of somebody else's repository
        try:
            done = subprocess.run(
                ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, timeout=5, check=True
            )
            return done.stdout.strip()
        except (OSError, subprocess.SubprocessError):
            pass
    return f"v{version()}"


def archive(id: str) -> str:
    """Return the name of the file with a run's weights, which its notebook looks for."""
    return f"glassbox-run-{id[:8]}.zip"


def _check_exported_texts(cells: Sequence[str], texts: Mapping[str, str]) -> list[str]:
    """Name the texts in the cells, and let each assertion hold only while they are the exported ones.

    Args:
        cells: Python source.
        texts: what the page read, by the names that a notebook gives it.

    Returns:
        the cells, after one that assigns each text and one with `is_changed`; the cells as they are without a text.
    """
    names = {text: name for name, text in texts.items() if text}
    assigned, used, made = set(), set(), []
    for cell in cells:
        edits: list[tuple[ast.expr, str]] = []
        for node in ast.walk(ast.parse(cell)):
            if isinstance(node, ast.Assign):
                assigned |= {one.id for one in node.targets if isinstance(one, ast.Name) and one.id in texts}
            elif isinstance(node, ast.Call):
                for value in (
                    *node.args,
                    *(one.value for one in node.keywords if one.arg in ("text", "target")),
                ):
                    if (
                        isinstance(value, ast.Constant)
                        and isinstance(value.value, str)
                        and value.value in names
                    ):
                        edits.append((value, names[value.value]))
                        used.add(names[value.value])
            elif isinstance(node, ast.Assert):
                edits.append((node.test, ""))
            elif isinstance(node, ast.Expr) and ast.unparse(node).startswith("np.testing.assert_"):
                edits.append((node.value, ""))
        made.append(_edit(cell, edits))
    read = [name for name in texts if name in assigned | used]
    if not read:
        return list(cells)
    values = "".join(f"{name} = {texts[name]!r}\n" for name in read if name not in assigned)
    heading = f"# %% {say('The text: change it, and run all cells again')}\n"
    return [
        *([heading + values] if values else []),
        _CHANGED.format(texts={name: texts[name] for name in read}),
        *made,
    ]


def _edit(cell: str, edits: Sequence[tuple[ast.expr, str]]) -> str:
    """Replace expressions of a cell by a name; "": put `is_changed() or` before the expression."""
    lines = [line.encode() for line in cell.split("\n")]
    for node, name in sorted(edits, key=lambda one: (one[0].lineno, one[0].col_offset), reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        head, tail = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
        if name:
            lines[first : last + 1] = [head + name.encode() + tail]
        else:
            lines[first] = head + b"is_changed() or " + lines[first][node.col_offset :]
    return b"\n".join(lines).decode()


def build(
    title: str,
    about: str,
    cells: Sequence[str],
    texts: Mapping[str, str] | None = None,
    record: Mapping[str, str] | None = None,
) -> str:
    """Build the notebook as JSON.

    Args:
        title: of the page.
        about: a paragraph in Markdown: what the notebook shows, and the page's link.
        cells: Python source of the code cells, in order; the last ones assert the numbers that the page showed.
            A cell that starts with "# %% " in its first line gets the rest of that line as a heading above it.
        texts: what the page read, by the names that the notebook gives it; when one is changed, nothing is asserted.
        record: what the file says of its origin (app/outside/file_record.py), for its metadata.
    """
    cells = _check_exported_texts(cells, texts or {})
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    if record:
        notebook.metadata["glassbox"] = dict(record)
    notebook.cells = [
        nbformat.v4.new_markdown_cell(f"# {title}\n\n{about}"),
        nbformat.v4.new_code_cell(_FIND.format(revision=revision())),
    ]
    for id in dict.fromkeys(_OF_RUN.findall("\n".join(cells))):
        found = _RUN.format(archive=archive(id), folder=f"run-{id}")
        notebook.cells.append(nbformat.v4.new_code_cell(found.strip("\n")))
    for source in cells:
        first, _, rest = source.partition("\n")
        if first.startswith("# %% "):
            notebook.cells.append(nbformat.v4.new_markdown_cell("## " + first.removeprefix("# %% ")))
            source = rest
        notebook.cells.append(nbformat.v4.new_code_cell(source.strip("\n")))
    for number, cell in enumerate(notebook.cells):
        # derived from the content, not random: the same page gives the same file
        cell["id"] = f"cell-{number}"
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook, version=4)
    return text
