"""Where this code lies, in a checkout of the project or among installed packages, and where it keeps what it makes.

Standard library only, in the syntax of Python 3.8, but for an installed package.
"""

from __future__ import annotations

from pathlib import Path

# holds core, app, pages and assets, in a checkout and installed
ROOT = Path(__file__).resolve().parent.parent


def is_checkout() -> bool:
    """Return whether this code lies in a checkout; else a package manager installed it."""
    return (ROOT / "pyproject.toml").is_file()


def home() -> Path:
    """Return the folder for what is kept without a setting: .glassbox of a checkout, else the user's data folder.

    Nothing is written where packages are installed: they may be read-only, and are removed with their environment.
    """
    if is_checkout():
        return ROOT / ".glassbox"
    from platformdirs import user_data_path

    return user_data_path("glassbox", appauthor=False)


def version() -> str:
    """Return the version in pyproject.toml, or of the installed package; "unknown" where it is neither."""
    if is_checkout():
        for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "version":
                return value.strip().strip('"')
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("glassbox")
    except PackageNotFoundError:
        return "unknown"
