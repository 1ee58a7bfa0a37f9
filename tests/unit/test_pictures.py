"""`make lint` refuses scripts that import each other in a circle, and scripts that are not formatted."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import pictures

FIRST = """import { second } from "./second.js";

export const first = () => second();
"""
SECOND = """import { first } from "./first.js";

export const second = () => first();
"""


def check_scripts(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the project's Biome check on a folder."""
    command = dict(pictures.checks(sys.executable))["biome check"]
    command = [str(pictures.ROOT / part) if part == pictures.BIOME else part for part in command]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("second", "finding"),
    [
        ("export const second = () => 2;\n", ""),
        (SECOND, "noImportCycles"),
        ("export const second = () =>   2;\n", "app/second.js format"),
    ],
)
def test_a_cycle_and_a_wrong_layout_are_found(second: str, finding: str, tmp_path: Path) -> None:
    shutil.copy(pictures.ROOT / "biome.json", tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "app/first.js").write_text(FIRST)
    (tmp_path / "app/second.js").write_text(second)
    found = check_scripts(tmp_path)
    assert found.returncode == bool(finding), found.stdout + found.stderr
    assert finding in found.stdout + found.stderr
