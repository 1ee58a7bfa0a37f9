"""Build the documentation as a site: python -m scripts.documentation.build [--out .site] [--stored-notebooks].

The pages of `docs` and those that are written from the code go into one folder of Markdown, which MkDocs turns into
HTML. Every file lies in the site, so it works from a disk and asks for nothing outside.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

from app import theme
from app.lessons import printed
from app.outside import standalone
from scripts.documentation import glossary, lessons, notebooks, pictures, reference
from scripts.documentation.pages import Source

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SITE = ROOT / ".site"
FONTS = ROOT / "app" / "static" / "fonts"
# Written by hand, in the order of the navigation: title -> page.
BY_HAND = {
    "Install and run": "install.md", "Python and notebooks": "python.md", "Pictures elsewhere": "elsewhere.md",
}  # fmt: skip
SECTIONS = {
    "Teach": {"Teaching": "teaching.md", "Enseñar (español)": "es/teaching.md", "Rooms": "classroom.md"},
    "Operate": {
        "Configuration": "configuration.md", "Training runs": "training.md", "The package": "package.md",
        "Deployment": "deploy.md", "Many visitors": "many-visitors.md", "Cluster": "cluster.md",
        "Upgrade": "upgrading.md", "Security": "security.md",
    },
    "Develop": {
        "How the code is organized": "code.md", "Add a page": "adding-a-page.md",
        "Write a lesson": "writing-a-lesson.md", "Add a model": "adding-a-model.md", "Testing": "testing.md",
    },
}  # fmt: skip
MEASURED = {"Speed": "benchmarks.md", "What makes training fast": "recipe.md"}
CARRIED = ("site.css", "site.js")
OF_A_SERVER = ("404.html", "sitemap.xml", "sitemap.xml.gz")  # files that MkDocs writes and no disk needs


def build(out: Path = SITE, execute: bool = True) -> Path:
    """Build the site and return its start page; what was in the folder before is gone.

    Args:
        execute: run the example notebooks; else their pages have the outputs that they are stored with.

    Raises:
        ValueError: a link leads nowhere, or MkDocs has another reason to warn.
    """
    with tempfile.TemporaryDirectory(prefix="glassbox-docs-") as scratch:
        source = Source(Path(scratch))
        written = [page for pages in (BY_HAND, *SECTIONS.values(), MEASURED) for page in pages.values()]
        for name in ("index.md", *written, *CARRIED):
            (source.folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(DOCS / name, source.folder / name)
        _style(source.folder)
        pictures.write(source)
        lessons.write(source)
        glossary.write(source)
        notebooks.write(source, DOCS / "notebooks", ROOT, execute)
        reference.write(source)
        source.show_frames()
        _render(source, out)
    return out / "index.html"


def _style(folder: Path) -> None:
    """Add the app's fonts, logo and colours, and the script beside frames."""
    (folder / "fonts").mkdir()
    for font in FONTS.iterdir():
        shutil.copy(font, folder / "fonts" / font.name)
    shutil.copy(ROOT / "app" / "static" / "logo.svg", folder / "logo.svg")
    shutil.copy(printed.HERE / "paper.css", folder / "paper.css")
    (folder / "frames.js").write_text(standalone.listener(), encoding="utf-8")
    (folder / "colours.css").write_text(colours(), encoding="utf-8")


def colours() -> str:
    """Return the app's tokens as custom properties, `--gb-NAME`: for the theme's two schemes, and on paper."""
    light, dark = (
        "".join(f"--gb-{name}:{theme.color(name, dark)};" for name in theme.TOKENS) for dark in (False, True)
    )
    return (
        f'[data-md-color-scheme="default"]{{{light}}}\n[data-md-color-scheme="slate"]{{{dark}}}\n'
        f"@media print{{[data-md-color-scheme]{{{light}}}}}\n"
    )


def navigation(source: Source) -> list[dict[str, Any]]:
    """Return the navigation as MkDocs reads it."""

    def listed(entries: dict[str, str]) -> list[dict[str, str]]:
        return [{title: page} for title, page in entries.items()]

    sections = [pictures.SECTION, lessons.SECTION, notebooks.SECTION, reference.SECTION]
    return [
        {"Glassbox": "index.md"},
        *listed(BY_HAND),
        *({name: listed(pages)} for name, pages in SECTIONS.items()),
        *({name: listed(source.entries[name])} for name in sections if name in source.entries),
        {glossary.TITLE: glossary.PAGE},
        {"Measured": listed(MEASURED)},
    ]


def _render(source: Source, out: Path) -> None:
    """Let MkDocs turn the folder into HTML, strictly."""
    from mkdocs.commands.build import build as render
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort

    config = load_config(
        str(DOCS / "mkdocs.yml"), docs_dir=str(source.folder), site_dir=str(out), nav=navigation(source),
        strict=True,
    )  # fmt: skip
    logging.getLogger("mkdocs").setLevel(logging.WARNING)  # strictness counts what its logger lets through
    try:
        render(config)
    except Abort as why:
        raise ValueError(str(why)) from None
    for name in OF_A_SERVER:
        (out / name).unlink()


def main() -> None:
    """Build the site and say where it is."""
    parser = argparse.ArgumentParser(prog="make docs", description="Build the documentation as a site.")
    parser.add_argument("--out", type=Path, default=SITE, help="the folder of the site (.site)")
    parser.add_argument(
        "--stored-notebooks", action="store_true", help="show the notebooks without running them"
    )
    asked = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    print(build(asked.out.resolve(), not asked.stored_notebooks))


if __name__ == "__main__":
    main()
