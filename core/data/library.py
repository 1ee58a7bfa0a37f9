"""The source of Python's standard library, decoded as UTF-8, with "\\n" for every line end."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path

# Folders of the library whose files are tests (some wrong on purpose), installed packages, or not source.
NOT_LIBRARY = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}


def library() -> Iterator[tuple[str, str]]:
    """Yield every UTF-8 file of the standard library: its path, "/" between folders, and its text."""
    for path, name in _library_files():
        try:
            source = decode(path.read_bytes(), name)
        except ValueError:
            continue  # skip a few old files with another encoding
        if source.strip():
            yield name, source


def _library_files() -> list[tuple[Path, str]]:
    """List every .py file of the standard library with its path inside it, "/" between folders, sorted by that."""
    root = Path(sysconfig.get_paths()["stdlib"])
    paths: list[Path] = []
    for folder, subfolders, files in os.walk(root):
        # Prune in place, so that installed packages, often many times the library, are not even listed.
        subfolders[:] = [name for name in subfolders if name not in NOT_LIBRARY]
        paths += [Path(folder, name) for name in files if name.endswith(".py")]
    if not paths:
        raise FileNotFoundError(f"no Python source in {root}: this Python came without its library's source")
    return sorted(((path, path.relative_to(root).as_posix()) for path in paths), key=lambda found: found[1])


def decode(data: bytes, name: str) -> str:
    """Decode a file's text. Raises ValueError: it is not UTF-8; the message says where."""
    try:
        return plain(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        bad = f"byte {error.start} (0x{data[error.start]:02X})"
        advice = "save the file as UTF-8 and bring it again"
        raise ValueError(f"{name} is not UTF-8: {bad} cannot be read; {advice}") from error


def plain(text: str) -> str:
    """Normalize `text`: no byte-order mark, and "\\n" for every line end."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
