"""A page's state as a Jupyter notebook that computes the shown numbers again with `core` and asserts them.

The first code cell finds Glassbox or says how to install the revision that wrote the notebook; the second one of a
training run's notebook looks for its weights. No Streamlit in here.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from functools import cache

import nbformat

from core.installation import ROOT, version

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


def build(title: str, about: str, cells: Sequence[str]) -> str:
    """Build the notebook as JSON.

    Args:
        title: of the page.
        about: a paragraph in Markdown: what the notebook shows, and the page's link.
        cells: Python source of the code cells, in order; the last ones assert the numbers that the page showed.
            A cell that starts with "# %% " in its first line gets the rest of that line as a heading above it.
    """
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
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
