"""The README stays true: its Python runs, its commands, files and pictures exist."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import torch

from scripts import environment

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BOTH = README + CONTRIBUTING


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in a language; "" are the plain ones."""
    pieces = re.split(r"^```(.*)\n", README, flags=re.MULTILINE)  # prose, language, block, "", prose, ...
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


def test_every_command_exists() -> None:
    documented = {name for name, _ in environment.help_lines((ROOT / "Makefile").read_text(encoding="utf-8"))}
    named = set(re.findall(r"`(?:\w+=\S+ )?make ([a-z]+(?:-[a-z]+)*)", BOTH)) | set(
        re.findall(r"^make ([a-z]+(?:-[a-z]+)*)", "".join(blocks("")), flags=re.MULTILINE)
    )
    assert {"run", "test", "help", "shots", "models"} <= named
    assert named <= documented


def test_every_file_of_the_tree_exists() -> None:
    (tree,) = [block for block in blocks("") if "core/" in block]
    paths = tree_paths(tree)
    assert "core/hooks.py" in paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_folder_of_the_floors_is_in_the_tree() -> None:
    (tree,) = [block for block in blocks("") if "core/" in block]
    paths = set(tree_paths(tree))
    folders = {f"core/{path.parent.name}/" for path in (ROOT / "core").glob("*/__init__.py")}
    assert folders
    assert folders <= paths


def test_every_link_and_picture_exists() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", BOTH)
    assert "docs/home-light.png" in targets
    local = [target for target in targets if not target.startswith("https://")]
    assert [target for target in local if not (ROOT / target).is_file()] == []


def test_every_named_file_exists() -> None:
    named = re.findall(r"`((?:app|core|pages|scripts|tests|assets|docs)/[\w./-]+)`", BOTH)
    assert "app/chapters.py" in named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_frame_functions_exist() -> None:
    from app.frame import page

    named = set(re.findall(r"\bpage\.(\w+)\(", README))
    assert {"begin", "claim", "take_away"} <= named
    assert [name for name in named if not callable(getattr(page, name, None))] == []
