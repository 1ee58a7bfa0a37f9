"""Write how large the lock's files are on each system: `requirements.sizes.json`, from what the registry tells.

`make lock` starts it through uv, which brings `packaging`:  python -m scripts.lock_sizes UV...
uv writes a lock in the form of `pylock.toml` with the size of every file, without fetching one; `packaging` picks from
it what each system and Python would install. Of the Pythons that we support the largest size counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.markers import Environment, default_environment
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms

from scripts.download import SIZES, SYSTEMS, lock_digest
from scripts.installation import DEVELOPMENT, NEWEST, OLDEST, PRODUCT, ROOT

NEWEST_GLIBC = 39  # the youngest C library whose wheels count: Ubuntu 24.04's
MACOS = (15, 0)


def platforms(system: str) -> list[str]:
    """The platform tags that a wheel may have to fit a system, best first."""
    name, machine = system.split()
    if name == "Darwin":
        return list(mac_platforms(MACOS, machine))
    if name == "Windows":
        return ["win_" + machine.lower()]
    older = ["manylinux2014", "manylinux2010", "manylinux1", "linux"]
    every = [f"manylinux_2_{minor}" for minor in range(NEWEST_GLIBC, 4, -1)] + older
    return [tag + "_" + machine for tag in every]


def target(system: str, python: tuple[int, int]) -> tuple[Environment, list[Tag]]:
    """What markers and wheels are compared with: a system with one version of CPython."""
    name, machine = system.split()
    version = ".".join(map(str, python))
    environment: Environment = {
        **default_environment(),
        "implementation_name": "cpython",
        "os_name": "nt" if name == "Windows" else "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": name,
        "python_full_version": version + ".0",
        "python_version": version,
        "sys_platform": {"Windows": "win32"}.get(name, name.lower()),
    }
    fitting = platforms(system)
    interpreter = "cp" + version.replace(".", "")
    tags = [*cpython_tags(python, platforms=fitting), *compatible_tags(python, interpreter, fitting)]
    return environment, tags


def kilobytes(package: Package, chosen: object) -> int:
    """The size of a package's chosen file, at least 1; raises `ValueError` where the registry tells none."""
    if not isinstance(chosen, (PackageWheel, PackageSdist)) or chosen.size is None:
        raise ValueError(f"The registry tells no size of {package.name}.")
    return max(1, round(chosen.size / 1e3))


def sizes_of(locks: Iterable[Pylock]) -> dict[str, list[int]]:
    """Kilobytes of each package on each of `SYSTEMS`; 0 where it is not installed there."""
    rows: dict[str, list[int]] = {}
    pythons = [(OLDEST[0], minor) for minor in range(OLDEST[1], NEWEST[1] + 1)]
    for lock in locks:
        rows.update(
            {package.name: [0] * len(SYSTEMS) for package in lock.packages if package.name not in rows}
        )
        for column, system in enumerate(SYSTEMS):
            for python in pythons:
                environment, tags = target(system, python)
                for package, chosen in lock.select(environment=environment, tags=tags):
                    row = rows[package.name]
                    row[column] = max(row[column], kilobytes(package, chosen))
    return dict(sorted(rows.items()))


def described(uv: list[str], lock: Path) -> Pylock:
    """A lock with what the registry knows of its files, sizes among it."""
    options = ["--quiet", "--universal", "--no-deps", "--python-version", ".".join(map(str, OLDEST))]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "pylock.toml"
        command = [*uv, "pip", "compile", *options, "--format", "pylock.toml", str(lock), "-o", str(made)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return Pylock.from_dict(tomllib.loads(made.read_text(encoding="utf-8")))


def written(digests: dict[str, str], rows: dict[str, list[int]]) -> str:
    """The file's text: a line for each package, so that a change of the lock reads as one."""
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    return (
        f'{{\n "locks": {json.dumps(digests)},\n "systems": {json.dumps(SYSTEMS)},\n'
        f' "kilobytes": {{\n{lines}\n }}\n}}\n'
    )


def main(uv: list[str]) -> None:
    locks = [ROOT / name for name in (PRODUCT, DEVELOPMENT)]
    rows = sizes_of(described(uv, lock) for lock in locks)
    digests = {lock.name: lock_digest(lock) for lock in locks}
    (ROOT / SIZES).write_text(written(digests, rows), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
