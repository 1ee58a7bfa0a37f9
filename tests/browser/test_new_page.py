"""The README says how a page is added: its lines are written where they say, the page is tried, and goes again."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

import core
from scripts import pictures
from tests.browser import driver

pytestmark = pytest.mark.full(reason="a checkout of its own with its own server")

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("app", "core", "pages", "scripts", "tests", "pyproject.toml", "tsconfig.json")
TEXT = "A red ball was lost. She found the red"


def written() -> dict[str, str]:
    """The files of "How to add a page", by the path that each one's first line names."""
    section = (
        (ROOT / "README.md").read_text(encoding="utf-8").split("## How to add a page")[1].split("\n## ")[0]
    )
    blocks = re.findall(r"^```(?:python|js)\n(?:#|//) (\S+)\n(.*?)^```$", section, flags=re.M | re.S)
    return dict(blocks)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the page in it."""
    root = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root / name)
    (root / "assets").symlink_to(ROOT / "assets", target_is_directory=True)
    for path, text in written().items():
        if path == "app/chapters.py":
            chapters = (root / path).read_text(encoding="utf-8")
            loss = '    _chapter(\n        3, "loss"'
            assert chapters.count(loss) == 1
            text = chapters.replace(loss, text + loss)
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def server(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """The app of that copy."""
    folder = tmp_path_factory.mktemp("served")
    with driver.serving(folder, main=checkout / "app" / "main.py", root=checkout) as running:
        yield running


def test_the_page_that_the_readme_adds_passes_its_own_test_and_the_projects(checkout: Path) -> None:
    assert {Path(path).name for path in written()} == {
        "lengths.py", "chapters.py", "figure.py", "figure.js", "page.py", "test_lengths.py"
    }  # fmt: skip
    asked = ["tests/pages/test_lengths.py", "tests/unit/test_modules.py", "tests/test_imports.py"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *asked,
        "-k",
        "lengths or breaks_the_rule or every_import",
    ]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    for check in (
        [sys.executable, "-m", "ruff", "check", "core", "app", "pages", "tests/pages"],
        [
            sys.executable,
            "-m",
            "mypy",
            "--follow-imports=skip",
            "pages/lengths",
            "core/analysis/stream/lengths.py",
        ],
        pictures.command(
            sys.executable, "node", str(ROOT / "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json"
        ),
    ):
        done = subprocess.run(check, cwd=checkout, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_that_the_readme_adds_is_drawn(theme: str, page: Page, lm: core.LanguageModel) -> None:
    driver.open_page(page, "lengths", v=1, model="tales-gpt", text=TEXT)
    shown = driver.component_state(page, "lengths")["lengths"]
    trace = lm.trace(TEXT)
    names = [
        "blocks.0.hook_resid_pre",
        *(f"blocks.{block}.hook_resid_post" for block in range(lm.config.n_layers)),
    ]
    assert shown == pytest.approx([float(trace[name].norm(dim=-1).mean()) for name in names], rel=1e-4)
    chosen = page.locator("[data-component=lengths] svg text", has_text="after block 2")
    chosen.click()
    driver.wait_for_state(page, "lengths", lambda now: now["block"] == 2)
    page.wait_for_url("**block=2**")
    driver.component(page, "lengths").press("ArrowUp")
    page.wait_for_url("**block=1**")
    driver.set_theme(page, theme)
    assert driver.component(page, "lengths").locator("rect").count() >= len(shown)
    assert driver.axe_lines(driver.axe(page)) == []
    assert "Norm and residual" in page.locator("[data-testid=stSidebarNav]").inner_text()


def test_the_project_is_as_before() -> None:
    assert not [path for path in written() if "lengths" in path and (ROOT / path).exists()]
