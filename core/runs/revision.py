"""The revision of the code, stored in every run, so that a curve can be reproduced."""

from __future__ import annotations

from functools import lru_cache

from core.installation import ROOT, version


@lru_cache(maxsize=1)
def revision() -> str:
    """Return the commit of this checkout (40 hex digits), or the installed version, or "unknown"."""
    git = ROOT / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (git / name).is_file():
            return (git / name).read_text(encoding="ascii").strip()
        packed = (git / "packed-refs").read_text(encoding="ascii").splitlines()
        return next(line.split()[0] for line in packed if line.endswith(f" {name}"))
    except (OSError, ValueError, StopIteration):
        return version()
