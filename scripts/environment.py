"""The project's commands, with nothing but Python's standard library.

`make run` and `make test` call this file; where there is no make (Windows), call it directly:
`python scripts/environment.py run`. It makes `.venv` through uv, installs exactly the locked requirements into it,
and then hands over to the tools that live there. The syntax stays that of Python 3.8, so that an older Python can
at least say which one is needed.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from app.server import development, launch, several  # noqa: E402  (found once the root is on the path)
from app.server.launch import EVERYWHERE, HERE  # noqa: E402
from core import real_packages  # noqa: E402
from scripts import browser, caddy, new_page, pictures, real_models  # noqa: E402
from scripts.download import SIZES  # noqa: E402
from scripts.installation import (  # noqa: E402
    DEVELOPMENT,
    PRODUCT,
    UV_VENV,
    VENV,
    Problem,
    ensure,
    run,
    say,
    uv_command,
    wanted_python,
)

MADE = (
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".import_linter_cache",
    ".hypothesis",
    ".shots",
    ".site",
    ".caddy",
    ".coverage-tests",
    ".deploy",
    "build",
    "dist",
    "glassbox.egg-info",
    "node_modules",
)


# --- the app ---------------------------------------------------------------------------------------------------


def wanted_host() -> str:
    """The address to listen on: HOST, or this machine's own, which nobody else reaches.

    Some shells and compilers keep a name in HOST; what is no address opens nothing.
    """
    asked = os.environ.get("HOST", "").strip()
    try:
        address = ipaddress.ip_address(asked)
    except ValueError:
        if asked not in ("", "localhost", socket.gethostname(), socket.gethostname().partition(".")[0]):
            say(
                f"HOST={asked} is no address, so only this machine reaches Glassbox; HOST={EVERYWHERE[0]} opens it."
            )
        return HERE
    return HERE if address == ipaddress.ip_address("::1") else str(address)


def command_run(port: int | None, extra: list[str]) -> int:
    """Start the app, print its address, and stay until it ends."""
    python = ensure(PRODUCT, "run")
    opens = f"HOST={EVERYWHERE[0]} make run"
    try:
        return several.serve(
            python, wanted_host(), port, "make run PORT={}", opens, extra, lambda: real_models.beside(python)
        )
    except (launch.NoPort, several.Refused) as why:
        raise Problem(str(why)) from None


def command_dev(port: int | None, extra: list[str]) -> int:
    """Start the app for its developers: a changed file is seen after a refresh."""
    python = ensure(DEVELOPMENT, "dev")
    try:
        return development.serve(python, launch.choose_port(port, "make dev PORT={}", HERE), extra)
    except launch.NoPort as why:
        raise Problem(str(why)) from None


# --- checks ----------------------------------------------------------------------------------------------------


def check_environment(path: str | None = None) -> dict[str, str]:
    """The environment variables that checks run under: threads that fit the machine, no waiting in busy loops."""
    env = dict(os.environ)
    env.setdefault("OMP_NUM_THREADS", str(min(2, os.cpu_count() or 1)))
    env.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    env.setdefault("TOKENIZERS_PARALLELISM", "false")
    env["PYTHONUNBUFFERED"] = "1"
    # The tests start a hundred processes. Told not to keep what it compiles, Python compiles PyTorch anew in each.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    if path:
        env["GLASSBOX_BROWSER"] = path
    return env


def heard(check: tuple[str, list[str]]) -> tuple[str, subprocess.CompletedProcess[bytes]]:
    """Run a check and keep what it prints, which another that runs beside it would cut apart."""
    title, command = check
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return title, subprocess.run(command, check=False, cwd=str(ROOT), **both)  # type: ignore[call-overload]


def command_lint() -> int:
    """Every check of the code, two at a time: mypy takes as long as all others together, so it begins."""
    python = ensure(DEVELOPMENT, "lint")
    pictures.ensure(python, say)
    checks = [
        ("mypy", [python, "-m", "mypy"]),
        ("ruff check", [python, "-m", "ruff", "check", "."]),
        ("ruff format --check", [python, "-m", "ruff", "format", "--check", "."]),
        # It has no `-m` of its own, and only finds the packages of the folder that it stands in.
        ("lint-imports", [python, "-c", "from importlinter.cli import lint_imports_command as run; run()"]),
        *pictures.checks(python),
    ]
    with ThreadPoolExecutor(2) as two:
        for title, done in two.map(heard, checks):
            say("== " + title)
            say(done.stdout.decode("utf-8", "replace").rstrip())
            done.check_returncode()
    return 0


def command_format() -> int:
    """Format the Python code and the scripts, and sort the imports of the Python code."""
    python = ensure(DEVELOPMENT, "format")
    pictures.ensure(python, say)
    run([python, "-m", "ruff", "check", "--fix", "--select", "I", "--quiet", "."])
    run([python, "-m", "ruff", "format", "."])
    run(pictures.format_command(python))
    return 0


QUICK, REST = "quick", "rest"  # of tests/tiers.py
NOTHING_COLLECTED = 5  # pytest's exit status


def pytest_command(python: str, tier: str, extra: list[str]) -> list[str]:
    """Return the command that runs a tier; what is chosen on the command line runs in one process.

    As many processes as the machine has logical cores share a tier (`tests/sharing.py`).
    """
    return [python, "-m", "pytest", "--tier", tier, *(extra or ["-n", "logical"])]


def prepare_tests(command: str) -> tuple[str, str]:
    """Bring what the tests need; return the paths of the environment's Python and of a browser."""
    python = ensure(DEVELOPMENT, command)
    try:
        path = browser.ensure(python, say)
        caddy.ensure(say)
    except (browser.NoBrowser, caddy.NoCaddy) as missing:
        raise Problem(str(missing)) from None
    return python, path


def run_tests(command: str, tiers: list[str], extra: list[str]) -> int:
    """Run tiers one after the other, all of them whatever fails; the exit status of the first that failed."""
    python, path = prepare_tests(command)
    models = real_models.beside(python)  # where they cannot be had, the tests of them fail
    if QUICK in tiers:
        command_lint()
    models.join()
    codes = []
    for tier in tiers:
        arguments = pytest_command(python, tier, extra)
        say("== " + " ".join(arguments[1:]))
        done = subprocess.run(arguments, check=False, cwd=str(ROOT), env=check_environment(path))
        codes.append(done.returncode)
    if extra and any(
        code != NOTHING_COLLECTED for code in codes
    ):  # a word may choose tests of one tier alone
        codes = [code for code in codes if code != NOTHING_COLLECTED]
    return next((code for code in codes if code), 0)


def command_test(extra: list[str]) -> int:
    """Lint, types and the quick tier of the tests."""
    return run_tests("test", [QUICK], extra)


def command_test_rest(extra: list[str]) -> int:
    """What the quick tier leaves out."""
    return run_tests("test-rest", [REST], extra)


def command_test_all(extra: list[str]) -> int:
    """Lint, types and every test."""
    return run_tests("test-all", [QUICK, REST], extra)


def command_real() -> int:
    """Fetch the published models and make them ready, as `make run` does by itself."""
    return real_models.bring(ensure(PRODUCT, "real"))


def command_bench(extra: list[str]) -> int:
    """The benchmarks, quiet but for their tables."""
    python = ensure(DEVELOPMENT, "bench")
    # `-s` shows the tables; a capturing pytest would also sit between the clock and the terminal.
    command = [python, "-m", "pytest", "tests/benchmarks", "-q", "-s", "--timeout", "1800", *extra]
    return subprocess.run(command, check=False, cwd=str(ROOT), env=check_environment()).returncode


def command_mutants(extra: list[str]) -> int:
    """Change the code in one small place after another, and see whether a test of either tier fails."""
    python, path = prepare_tests("mutants")
    real_models.bring(python)
    pictures.ensure(python, say)
    command = [python, "-m", "scripts.mutation", *extra]
    return subprocess.run(command, check=False, cwd=str(ROOT), env=check_environment(path)).returncode


def command_test_deploy(extra: list[str]) -> int:
    """Run the commands of docs/deploy.md in containers: images, PostgreSQL, a cluster, TLS, backup and restore."""
    python = ensure(DEVELOPMENT, "test-deploy")
    command = [python, "-m", "pytest", "tests/deploy", "-v", "--timeout", "3600", *extra]
    return subprocess.run(command, check=False, cwd=str(ROOT), env=check_environment()).returncode


def command_models(extra: list[str]) -> int:
    python = ensure(DEVELOPMENT, "models")
    return subprocess.run(
        [python, "-m", "scripts.train_models", *extra], check=False, cwd=str(ROOT)
    ).returncode


def command_docs(extra: list[str]) -> int:
    """Build the documentation as a site that works from a disk."""
    python = ensure(DEVELOPMENT, "docs")
    command = [python, "-m", "scripts.documentation.build", *extra]
    return subprocess.run(command, check=False, cwd=str(ROOT), env=check_environment()).returncode


def command_messages() -> int:
    """Collect the messages of the code into the tables of translations."""
    python = ensure(DEVELOPMENT, "messages")
    pictures.ensure(python, say)
    return subprocess.run([python, "-m", "scripts.messages"], check=False, cwd=str(ROOT)).returncode


def command_page(extra: list[str]) -> int:
    """Write a new page from the template, and format what was written."""
    name = extra[0].strip() if extra else ""
    paths = new_page.write_page(name)
    python = ensure(DEVELOPMENT, "page")
    pictures.ensure(python, say)
    scripts = [path for path in paths if path.endswith(".js")]
    run([python, "-m", "ruff", "format", "--quiet", *(path for path in paths if path.endswith(".py"))])
    run([*pictures.format_command(python), "--log-level=error", *scripts])
    say(new_page.describe_page(name, paths))
    return 0


def command_shots(extra: list[str]) -> int:
    python = ensure(DEVELOPMENT, "shots")
    try:
        env = check_environment(browser.ensure(python, say))
    except browser.NoBrowser as missing:
        raise Problem(str(missing)) from None
    return subprocess.run(
        [python, "-m", "scripts.shots", *extra], check=False, cwd=str(ROOT), env=env
    ).returncode


def command_check_class(port: int | None, extra: list[str]) -> int:
    """Hold a class with simulated phones, the evening before a real one, and say what works (`scripts/class_check`)."""
    python = ensure(PRODUCT, "check-class")
    command = [python, "-m", "scripts.class_check", "--host", wanted_host(), *extra]
    if port is not None:
        command += ["--port", str(port)]
    child = subprocess.Popen(command, cwd=str(ROOT))
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # the check has heard it, too: it ends its room and its server


def command_lock(extra: list[str]) -> int:
    """Resolve requirements*.in for every system and Python at once; `--upgrade` takes the newest versions."""
    uv = uv_command()
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
    for lock in (PRODUCT, DEVELOPMENT):
        source = lock.replace(".txt", ".in")
        run([*uv, "pip", "compile", "--quiet", *options, *extra, source, "-o", lock])
        say(source + " -> " + lock)
    published = real_packages.LOCK.relative_to(ROOT).as_posix()
    source = published.replace(".txt", ".in")
    run([*uv, "pip", "compile", "--quiet", "--no-deps", *options, source, "-o", published])
    say(source + " -> " + published)
    python = wanted_python(sys.version_info[:2], sys.executable)
    inside = ["--quiet", "--no-project", "--isolated", "--with", "packaging>=26.1", "--python", python]
    run([*uv, "run", *inside, "python", "-m", "scripts.lock_sizes", *uv])
    say("how much each system fetches -> " + SIZES)
    return 0


def command_clean() -> int:
    for folder in (VENV, UV_VENV, *(ROOT / name for name in MADE)):
        shutil.rmtree(str(folder), ignore_errors=True)
    for folder in ROOT.glob("*/**/__pycache__"):
        shutil.rmtree(str(folder), ignore_errors=True)
    return 0


# --- the command line ------------------------------------------------------------------------------------------


def help_lines(makefile: str) -> list[tuple[str, str]]:
    """(target, description) of every documented target, in the Makefile's order: it is the one list of commands."""
    return re.findall(r"^([a-z-]+):.*?## (.+)$", makefile, flags=re.MULTILINE)


def command_help() -> int:
    say("Glassbox. make COMMAND, or without make: python scripts/environment.py COMMAND\n")
    for target, text in help_lines((ROOT / "Makefile").read_text(encoding="utf-8")):
        say(f"  {target:<11} {text}")
    return 0


def parse(arguments: list[str]) -> tuple[str, int | None, list[str]]:
    """Split a command line into the command, the port (of `run`, `dev` and `check-class`) and what is passed on."""
    names = [name for name, _ in help_lines((ROOT / "Makefile").read_text(encoding="utf-8"))]
    parser = argparse.ArgumentParser(prog="python scripts/environment.py", add_help=False, allow_abbrev=False)
    parser.add_argument("command", nargs="?", default="help", choices=names)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--port", type=int)
    known, extra = parser.parse_known_args(arguments)
    if known.help and known.command != "help":  # meant for the command that follows
        extra.append("--help")
    return known.command, known.port, extra


def main(arguments: list[str]) -> int:
    command, port, extra = parse(arguments)
    takes_more = {
        "test": command_test,
        "test-rest": command_test_rest,
        "test-all": command_test_all,
        "mutants": command_mutants,
        "test-deploy": command_test_deploy,
        "bench": command_bench,
        "models": command_models,
        "shots": command_shots,
        "docs": command_docs,
        "page": command_page,
        "lock": command_lock,
    }
    alone = {
        "help": command_help,
        "lint": command_lint,
        "format": command_format,
        "messages": command_messages,
        "clean": command_clean,
        "real": command_real,
    }
    try:
        if command == "run":
            return command_run(port, extra)
        if command == "dev":
            return command_dev(port, extra)
        if command == "check-class":
            return command_check_class(port, extra)
        if command in takes_more:
            return takes_more[command](extra)
        return alone[command]()
    except Problem as problem:
        say("\n" + str(problem))
        return 1
    except subprocess.CalledProcessError as failed:
        say("\nFailed: " + " ".join(map(str, failed.cmd)))
        return failed.returncode or 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
