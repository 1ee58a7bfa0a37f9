"""Run the pictures' scripts in Node, which comes with Playwright."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright._impl._driver import compute_driver_executable


def answer(script: Path, asked: Any) -> Any:
    """What a script prints, as JSON, when it is given a file with what is asked as its only argument."""
    node, _ = compute_driver_executable()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "asked.json"
        file.write_text(json.dumps(asked), encoding="utf-8")
        command = [node, "--no-warnings", str(script), str(file)]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
