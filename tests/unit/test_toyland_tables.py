"""Toyland's files of words and tellings: what is said of a damaged one, and when they are read."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from core.data.toyland import tables
from core.data.toyland.event import read_events
from core.data.toyland.plan import read_arcs
from core.data.toyland.tables import DamagedTable, Table, read, read_each

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(path.relative_to(tables.FOLDER).as_posix() for path in tables.FOLDER.rglob("*.toml"))


@dataclass(frozen=True)
class Row:
    said: str
    often: float = 1.0
    fits: Literal["both", "good"] = "both"
    pairs: tuple[tuple[str, str], ...] = ()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str | bytes], None]:
    """Writes a file into a copy of Toyland's folders, which is then read in their place."""
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tables.FOLDER / file, tmp_path / file)
    monkeypatch.setattr(tables, "FOLDER", tmp_path)

    def written(name: str, text: str | bytes) -> None:
        (tmp_path / f"{name}.toml").write_bytes(text if isinstance(text, bytes) else text.encode())

    return written


def test_a_table_is_read_by_its_shape(write: Callable[[str, str | bytes], None]) -> None:
    write(
        "one",
        'go = { said = "went" }\nsay = { said = "¡sí!", often = 2, fits = "good", pairs = [["a", "b"]] }',
    )
    assert read("one", dict[str, Row]) == {"go": Row("went"), "say": Row("¡sí!", 2, "good", (("a", "b"),))}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("go = ", "Invalid value"),
        (b"go = { said = '\xff' }", "utf-8"),
        ("go = 3", "go should be a table, not 3"),
        ("go = { said = 3 }", "go.said should be text, not 3"),
        ("go = { said = [] }", r"go.said should be text, not \[\]"),
        ("go = { often = 2 }", "go has no 'said'"),
        ("go = { said = '', sad = '' }", "go has the unknown key 'sad'; there are said, often"),
        ("go = { said = '', often = true }", "go.often should be a number, not True"),
        ("go = { said = '', fits = 'bad' }", "go.fits should be one of 'both', 'good', not 'bad'"),
        ("go = { said = '', pairs = ['a'] }", r"go.pairs\[0\] should be an array of 2 values, not 'a'"),
        ("go = { said = '', pairs = [['a']] }", r"go.pairs\[0\] should be an array of 2 values"),
        ("go = { said = '', pairs = [['a', 'b'], ['a', 4]] }", r"go.pairs\[1\]\[1\] should be text, not 4"),
    ],
)
def test_a_damaged_file_is_named_with_the_place(
    write: Callable[[str, str | bytes], None], text: str | bytes, problem: str
) -> None:
    write("one", text)
    with pytest.raises(DamagedTable, match=rf"^Toyland's table one\.toml is damaged: .*{problem}"):
        read("one", dict[str, Row])


def test_a_missing_file_is_named(write: Callable[[str, str | bytes], None]) -> None:
    with pytest.raises(DamagedTable, match=r"gone\.toml is damaged: .*No such file"):
        read("gone", dict[str, str])
    with pytest.raises(DamagedTable, match="no such file"):
        read_each("gone", dict[str, str])


def test_an_event_is_defined_once_and_told(write: Callable[[str, str | bytes], None]) -> None:
    write("events/zeal", 'go = { roles = "a", say = "{a} went." }')
    with pytest.raises(DamagedTable, match=r"events/zeal\.toml .* 'go' is defined twice"):
        read_events()
    write("events/zeal", 'silence = { roles = "a" }')
    with pytest.raises(DamagedTable, match=r"events/zeal\.toml .* 'silence' has no telling"):
        read_events()


def test_a_plan_of_unknown_events_is_named(write: Callable[[str, str | bytes], None]) -> None:
    write("arcs/zeal", '["to the moon"]\ncast = "a:hero"\ntitles = "The moon"\nplan = "fly_to_the_moon a"')
    with pytest.raises(DamagedTable, match=r"arcs/zeal\.toml .* 'to the moon': there is no event 'fly_to"):
        read_arcs()


def test_a_table_is_read_once_and_not_before_it_is_asked() -> None:
    calls = []

    def reader() -> dict[str, int]:
        calls.append(1)
        return {"one": 1}

    table = Table(reader)
    assert not calls
    assert dict(table) == {"one": 1} and len(table) == 1 and "two" not in table and table["one"] == 1
    assert len(calls) == 1


def opened(code: str) -> set[str]:
    """Toyland's files that a fresh Python opens while it runs `code`."""
    watch = (
        "import json, sys; seen = []\n"
        "sys.addaudithook(lambda what, how: what == 'open' and seen.append(str(how[0])))\n"
        f"{code}\nprint(json.dumps([one for one in seen if one.endswith('.toml')]))"
    )
    done = subprocess.run([sys.executable, "-c", watch], cwd=ROOT, capture_output=True, text=True, check=True)
    return {Path(one).relative_to(tables.FOLDER).as_posix() for one in json.loads(done.stdout)}


def below(*folders: str) -> Iterable[str]:
    return [file for file in FILES if file.startswith(folders)]


def test_only_what_is_asked_for_is_read() -> None:
    words = {"held_out.toml", *below("words/")} - {"words/homonyms.toml"}
    assert opened("import core.data.toyland") == words
    assert opened("import core.data.toyland.spanish, core.data.toyland.summaries") == words
    told = {*words, "words/homonyms.toml", "digressions.toml", *below("events/", "arcs/")}
    assert opened("from core.data.toyland import story; story(0); story(1); story(2)") <= told


@pytest.mark.full(reason="takes 4 s")
def test_every_file_is_read_by_something() -> None:
    everything = (
        "from core.analysis.tasks.known_words import vocabulary; vocabulary('tales'); vocabulary('sentiment')\n"
        "vocabulary('summarize'); vocabulary('question')\n"
        "from itertools import islice\n"
        "from core.data.toyland.spanish import translations\n"
        "list(islice(translations(0), 30))\n"
        "from core.data.toyland.plan import digressions; digressions()"
    )
    assert opened(everything) == set(FILES)
