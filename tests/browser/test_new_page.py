"""`make page` writes a page from the template: it passes the project's checks and is drawn in a browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

import core
from scripts import new_page, pictures
from tests.browser import driver

pytestmark = pytest.mark.full(reason="a checkout of its own with its own server")

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("app", "core", "pages", "scripts", "tests", "pyproject.toml", "tsconfig.json", "biome.json")
NAME = "lengths"
TEXT = "A red ball was lost. She found the red"


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
    written = new_page.write_page(NAME, root)
    assert {Path(path).name for path in written} == {
        "lengths.py", "chapters.py", "figure.py", "figure.js", "page.py", "test_lengths.py"
    }  # fmt: skip
    assert (root / "app/chapters.py").read_text(encoding="utf-8").count(f'"{NAME}"') == 1
    return root


@pytest.fixture(scope="module")
def server(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """The app of that copy."""
    folder = tmp_path_factory.mktemp("served")
    with driver.serving(folder, main=checkout / "app" / "main.py", root=checkout) as running:
        yield running


def test_the_new_page_passes_its_own_test_and_the_projects(checkout: Path) -> None:
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
    written = [path for path in new_page.find_files(NAME).values() if path.endswith(".py")]
    for check in (
        [sys.executable, "-m", "ruff", "check", "core", "app", "pages", "tests/pages"],
        [sys.executable, "-m", "ruff", "format", "--check", "app/chapters.py", *written],
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
        pictures.command(
            sys.executable,
            "node",
            str(ROOT / pictures.BIOME),
            "check",
            "--error-on-warnings",
            f"pages/{NAME}",
        ),
    ):
        done = subprocess.run(check, cwd=checkout, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_new_page_is_drawn(theme: str, page: Page, lm: core.LanguageModel) -> None:
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
    assert not [path for path in new_page.find_files(NAME).values() if (ROOT / path).exists()]
