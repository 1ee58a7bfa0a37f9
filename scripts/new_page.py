"""Write a new page from `scripts/page_template`: `make page NAME=my_page`.

Standard library only, in the syntax of Python 3.8, like the other commands.
"""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from scripts.installation import Problem

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = Path(__file__).resolve().parent / "page_template"
PLACEHOLDER = "my_page"
CHAPTERS = "app/chapters.py"
NEXT_SECTION = re.compile(r"^    _chapter\(\n        3, ", re.M)  # the entry is the last of section II
# Addresses of the server that are no pages, and folders that the app asks for under a page's address.
RESERVED = ("api", "app", "assets", "core", "healthz", "join", "metrics", "modules", "pages", "room", "rooms", "runs",
            "static", "tests")  # fmt: skip
LONGEST = 24  # letters of a name: it stands in links and in the navigation


def find_files(name: str) -> dict[str, str]:
    """Return the files of a page by path: template file -> path below the root."""
    return {
        "measure.py": f"core/analysis/stream/{name}.py",
        "figure.py": f"pages/{name}/figure.py",
        "figure.js": f"pages/{name}/figure.js",
        "page.py": f"pages/{name}/page.py",
        "test_page.py": f"tests/pages/test_{name}.py",
    }


def check_name(name: str, root: Path = ROOT) -> None:
    """Check the name of a new page.

    Raises:
        Problem: no page can have it; the message says why and what to do.
    """
    if not name:
        raise Problem("No page was written: it has no name. Give one: make page NAME=my_page")
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) is None:
        why = "is not a name for a Python package: it needs small letters, digits and _, with a letter first"
    elif keyword.iskeyword(name):
        why = "is a keyword of Python"
    elif len(name) > LONGEST:
        why = f"has {len(name)} characters, and a name stands in links and menus: {LONGEST} at most"
    elif name in RESERVED:
        why = "is reserved: the server has another use for this address"
    elif taken := find_taken(name, root):
        why = f"is in use: {taken}"
    else:
        return
    raise Problem(f"No page was written: {name!r} {why}. Choose another name: make page NAME=my_page")


def find_taken(name: str, root: Path = ROOT) -> str:
    """Return the path of what has this name already; "" where nothing has it."""
    if (root / "pages" / name).exists():
        return f"pages/{name}"
    for path in find_files(name).values():
        if (root / path).exists():
            return path
    return CHAPTERS if f'"{name}"' in (root / CHAPTERS).read_text(encoding="utf-8") else ""


def fill_template(text: str, name: str) -> str:
    """Put the name of a page, and its title, in the place of those of the template."""
    title = name.replace("_", " ").capitalize()
    return text.replace(PLACEHOLDER, name).replace("My page", title)


def write_page(name: str, root: Path = ROOT) -> list[str]:
    """Write the files of a page and its entry in the table of contents; return their paths below the root.

    Raises:
        Problem: no page can have this name, or the table of contents is not as the template expects it.
    """
    check_name(name, root)
    chapters = (root / CHAPTERS).read_text(encoding="utf-8")
    place = NEXT_SECTION.search(chapters)
    if place is None:
        raise Problem(
            f"No page was written: {CHAPTERS} has no section III, in front of which its entry belongs. "
            "Adapt NEXT_SECTION in scripts/new_page.py."
        )
    paths = find_files(name)
    for file, path in paths.items():
        text = (TEMPLATE / file).read_text(encoding="utf-8")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(fill_template(text, name), encoding="utf-8")
    entry = fill_template((TEMPLATE / "chapter.txt").read_text(encoding="utf-8"), name)
    (root / CHAPTERS).write_text(
        chapters[: place.start()] + entry + chapters[place.start() :], encoding="utf-8"
    )
    return [*paths.values(), CHAPTERS]


def describe_page(name: str, paths: list[str]) -> str:
    """Return what was written, and what to do next."""
    core, *_ = paths
    lines = "\n".join(f"  {path}" for path in paths)
    return f"""The page {name!r} works now. Written:
{lines}

Next:
  1. `make dev`, and open the page below "II. Inside a block".
  2. Put your own computation into {core}, and change the picture, the claim and the question.
  3. Give the page its section, title and icon in {CHAPTERS}, and count it in tests/unit/test_chapters.py.
  4. `make messages` lists what the page says and what needs a translation.
  5. `make format`, `make lint`, `make test`."""
