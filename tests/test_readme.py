"""README and docs stay true: their Python runs; their commands, files, pictures and variables exist."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
from pathlib import Path
from typing import Any

import torch

from app import chapters
from core.runs.limits import Limits
from scripts import environment

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = {
    path: path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
}
ALL = "".join(DOCUMENTS.values())
LONGEST = 150  # lines of the README
WRITTEN = (
    "every-picture/",
    "lessons/",
    "reference/",
    "notebooks/",
    "glossary.md",
)  # by `make docs`, which checks them


def blocks(language: str, name: str = "README.md") -> list[str]:
    """The fenced blocks of a document in a language; "" are the plain ones."""
    text = DOCUMENTS[ROOT / name]
    pieces = re.split(r"^```(.*)\n", text, flags=re.MULTILINE)  # prose, language, block, "", prose, ...
    return [block for name, block in zip(pieces[1::4], pieces[2::4]) if name == language]


def tree_paths(tree: str) -> list[str]:
    """The paths of an indented tree, two blanks a level."""
    paths: list[str] = []
    folders: list[str] = []
    for line in tree.splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        folders = [*folders[:depth], name]
        paths.append("".join(folders))
    return paths


def test_the_six_lines_run() -> None:
    code = blocks("python")[0]
    assert len([line for line in code.splitlines() if line.strip()]) == 6
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), names)
    trace, lm = names["trace"], names["lm"]
    pattern = trace["blocks.0.attn.hook_pattern"]
    tokens = len(trace.tokens)
    assert pattern.shape == (lm.config.n_heads, tokens, tokens)
    torch.testing.assert_close(pattern.sum(-1), torch.ones_like(pattern[..., 0]))
    first, *story = printed.getvalue().splitlines()
    assert first == f"{trace.tokens} {pattern.shape}"
    assert "".join(story).strip()


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_every_page_is_in_the_readme() -> None:
    titles = {chapter.title for group in chapters.shown().values() for chapter in group}
    linked = set(re.findall(r"^\| \[([^\]]+)\]\(docs/[\w-]+-light\.png\)", README, flags=re.MULTILINE))
    assert linked == titles


def test_every_command_exists() -> None:
    documented = {name for name, _ in environment.help_lines((ROOT / "Makefile").read_text(encoding="utf-8"))}
    plain = "".join(block for path in DOCUMENTS for block in blocks("", str(path.relative_to(ROOT))))
    named = set(re.findall(r"`(?:\w+=\S+ )*make ([a-z]+(?:-[a-z]+)*)", ALL)) | set(
        re.findall(r"^(?:\w+=\S+ )*make ([a-z]+(?:-[a-z]+)*)", plain, flags=re.MULTILINE)
    )
    assert {"run", "test", "help", "shots", "models", "page", "check-class"} <= named
    assert named <= documented


def test_every_file_of_the_tree_exists() -> None:
    (tree,) = blocks("", "docs/code.md")
    paths = tree_paths(tree)
    assert "core/hooks.py" in paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_folder_of_the_layers_is_in_the_tree() -> None:
    (tree,) = blocks("", "docs/code.md")
    paths = set(tree_paths(tree))
    folders = {f"core/{path.parent.name}/" for path in (ROOT / "core").glob("*/__init__.py")}
    assert folders
    assert folders <= paths


def test_every_link_and_picture_exists() -> None:
    assert "](docs/home-light.png)" in README
    missing = []
    for path, text in DOCUMENTS.items():
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[\w-]*)?\)", text):
            if not target.startswith(("https://", *WRITTEN)):
                missing += [] if (path.parent / target).is_file() else [f"{path.name}: {target}"]
    assert missing == []


def test_every_named_file_exists() -> None:
    named = re.findall(r"`((?:app|core|pages|scripts|tests|assets|docs)/[\w./-]+)`", ALL)
    assert "app/chapters.py" in named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_frame_functions_exist() -> None:
    from app.frame import page

    named = set(re.findall(r"\bpage\.(\w+)\(\)", DOCUMENTS[ROOT / "docs" / "adding-a-page.md"]))
    assert {"begin", "claim", "take_away"} <= named
    assert [name for name in named if not callable(getattr(page, name, None))] == []


# Set by Glassbox itself, by its tests and benchmarks.
INTERNAL = {"SERVER", "LISTENS", "DEVELOPMENT", "RECORDING", "HOME", "SAVE", "BENCH_CORPUS"}


def test_every_variable_is_documented_and_every_documented_one_is_read() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("app", "core", "pages", "scripts")
        for path in (ROOT / folder).rglob("*.py")
        if not path.is_relative_to(ROOT / "scripts" / "mutation")
    ]
    code = "".join(sources)
    read = set(re.findall(r"\bGLASSBOX_([A-Z_]*[A-Z])\b", code)) - INTERNAL
    tables = DOCUMENTS[ROOT / "docs" / "configuration.md"]
    documented: set[str] = set()
    for row in re.findall(r"^\| `GLASSBOX_(.+?)` \|", tables, flags=re.MULTILINE):
        first, *others = row.split("`, `_")
        group = first.split("_")[0]  # GLASSBOX_RUN_ACTIVE, _WAITING: the second is GLASSBOX_RUN_WAITING
        documented |= {first, *(f"{group}_{other}" for other in others)}
    assert read <= documented, "docs/configuration.md lacks them"
    by_field = {
        name for name in documented if name.startswith(("RUN_", "LIMIT_"))
    }  # composed of a record's fields
    assert documented - by_field <= read, "no code reads them"
    fields = {f"RUN_{name.upper()}" for name in (one.name for one in dataclasses.fields(Limits))}
    assert {name for name in by_field if name.startswith("RUN_")} <= fields
