"""The novels' reader, on an R database made here: what is read, how it is divided, and what stands in the way."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from core.data import corpora
from scripts import austen
from scripts.austen import (
    Chapter,
    NoText,
    chapters,
    database,
    divided,
    downloaded,
    own_text,
    passages,
    prepared,
    read,
)

NOVEL = """EMMA

By Nobody


VOLUME I

CHAPTER I

It was a _fine_
day;  and so on.

   Indented, too.

CHAPTER II
[End volume one of this edition.
The second.

VOLUME II

CHAPTER I

The third.

THE END

A note by somebody else.""".split("\n")


def characters(*lines: str) -> bytes:
    """A character vector as R serializes it: format X, version 2 (R Internals, "Serialization Formats")."""
    said = b"".join(struct.pack(">ii", 0x40009, len(line)) + line.encode("ascii") for line in lines)
    return struct.pack(">i", 16) + struct.pack(">i", len(lines)) + said


def integers(*numbers: int) -> bytes:
    return struct.pack(f">ii{len(numbers)}i", 13, len(numbers), *numbers)


def named(values: dict[str, bytes]) -> bytes:
    """A list with names."""
    tag = struct.pack(">ii", 1, 0x40009) + struct.pack(">i", 5) + b"names"
    attributes = struct.pack(">i", 1026) + tag + characters(*values) + struct.pack(">i", 254)
    return struct.pack(">ii", 0x213, len(values)) + b"".join(values.values()) + attributes


def serialized(value: bytes) -> bytes:
    return b"X\n" + struct.pack(">iii", 2, 0x040000, 0x020300) + value


def made(novels: dict[str, list[str]], spoil: str = "") -> tuple[bytes, bytes]:
    """An R database: the index and the chunks."""
    chunks, places = b"", {}
    for name, lines in novels.items():
        data = serialized(characters(*lines) if spoil != "numbers" else integers(1, 2))
        body = zlib.compress(data)
        chunk = struct.pack(">I", len(data) + (spoil == "length")) + (b"no zlib" if spoil == "zlib" else body)
        places[name] = integers(len(chunks), len(chunk) + (spoil == "end"))
        chunks += chunk
    index = serialized(named({"variables": named(places), "references": named({"none": integers(0)})}))
    return zlib.compress(index), chunks


def test_an_r_database_is_read_line_by_line():
    novels = {"emma": NOVEL, "empty": [], "short": ["One line.", ""]}
    index, chunks = made(novels)
    assert database(index, chunks) == novels
    import gzip

    assert database(gzip.compress(zlib.decompress(index)), chunks) == novels


@pytest.mark.parametrize(
    ("spoil", "said"),
    [("zlib", "is no zlib"), ("length", "is cut short"), ("end", "is cut short"), ("numbers", "is no text")],
)
def test_a_broken_database_is_told(spoil, said):
    with pytest.raises(NoText, match=rf"emma.*{said}|{said}"):
        database(*made({"emma": ["a line"]}, spoil))


def test_a_folder_is_read_by_its_database(tmp_path):
    with pytest.raises(NoText, match="holds no data"):
        read(tmp_path)
    folder = tmp_path / "usr" / "lib" / "R" / "data"
    folder.mkdir(parents=True)
    index, chunks = made({"emma": NOVEL})
    (folder / "Rdata.rdx").write_bytes(index)
    (folder / "Rdata.rdb").write_bytes(chunks)
    assert read(tmp_path) == {"emma": NOVEL}


def test_chapters_hold_paragraphs_and_neither_titles_nor_ends():
    assert list(divided("emma", NOVEL)) == [
        Chapter("emma", 1, ("It was a fine day; and so on.", "Indented, too.")),
        Chapter("emma", 2, ("The second.",)),
        Chapter("emma", 3, ("The third.",)),
    ]
    assert list(divided("none", ["Nothing", "", "but a preface"])) == []
    assert [one.paragraphs for one in divided("open", ["Chapter 1", "", "No end."])] == [("No end.",)]


def test_passages_are_whole_paragraphs():
    assert list(passages(["a" * 5, "b" * 5, "c", "d" * 20, "e"], size=8)) == [
        "aaaaa\nbbbbb", "c\n" + "d" * 20, "e",
    ]  # fmt: skip
    assert list(passages([])) == []


def test_whole_chapters_are_held_out_and_hold_exactly_a_tenth():
    found = [
        Chapter(novel, number, tuple(f"{novel} {number} {n} " + "x" * 900 for n in range(1 + number % 7)))
        for novel in ("one", "two", "three")
        for number in range(1, 41)
    ]
    text = prepared(found)
    train, held_out = (corpora.own_text(text, split) for split in ("train", "held_out"))
    assert len(held_out) == len([*train, *held_out]) // corpora.ONE_IN
    places = [{tuple(passage.split()[:2]) for passage in part} for part in (train, held_out)]
    assert places[0].isdisjoint(places[1])
    lowest = sorted(found, key=lambda one: one.checksum)
    assert places[1] == {(one.novel, str(one.number)) for one in lowest[: len(places[1])]}
    kept = [passage for one in lowest[len(places[1]) + 1 :] for passage in passages(one.paragraphs)]
    assert set(kept) <= set(train) and len(train) - len(kept) < 7, "of the others nothing is lost"
    assert corpora.check_text(text) == text


def test_without_apt_the_reason_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda tool: None)
    with pytest.raises(NoText, match=r"no apt-get here: make austen-gpt on a Debian or Ubuntu system"):
        downloaded(tmp_path)


def tool(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys, pathlib\n{text}\n")
    path.chmod(0o755)


def test_a_package_that_cannot_be_downloaded_is_told(monkeypatch, tmp_path):
    tool(tmp_path, "apt-get", "sys.exit('E: Unable to locate package')")
    tool(tmp_path, "dpkg-deb", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoText, match=r"Unable to locate package.*run apt-get update"):
        downloaded(tmp_path)
    tool(tmp_path, "apt-get", "")  # says nothing and brings nothing
    with pytest.raises(NoText, match="could not be downloaded"):
        downloaded(tmp_path)


def test_nothing_is_installed_and_nothing_stays(monkeypatch, tmp_path):
    """The commands, with tools of our own in the place of Debian's."""
    index, chunks = made({"emma": NOVEL})
    tool(tmp_path, "apt-get", f"assert sys.argv[1:] == ['download', {austen.PACKAGE!r}]\n"
         f"pathlib.Path({austen.PACKAGE + '_1_all.deb'!r}).write_text('')")  # fmt: skip
    tool(tmp_path, "dpkg-deb", "assert sys.argv[1] == '-x'\nfolder = pathlib.Path(sys.argv[3], 'data')\n"
         "folder.mkdir(parents=True)\n"
         f"(folder / 'Rdata.rdx').write_bytes({index!r})\n(folder / 'Rdata.rdb').write_bytes({chunks!r})")  # fmt: skip
    monkeypatch.setenv("PATH", str(tmp_path))
    ran: list[Path] = []
    run = subprocess.run

    def watched(command, **options):
        ran.append(Path(options["cwd"]))
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    assert [one.number for one in chapters()] == [1, 2, 3]
    assert len(ran) == 2 and not ran[0].exists(), "the temporary folder is gone"


def test_the_prepared_text_is_written_on_request(monkeypatch, tmp_path, capsys):
    own_text.cache_clear()
    monkeypatch.setattr(austen, "chapters", lambda: list(divided("emma", NOVEL)))
    monkeypatch.setattr("sys.argv", ["austen", str(tmp_path / "novels.txt")])
    austen.main()
    assert (tmp_path / "novels.txt").read_text(encoding="utf-8") == own_text()
    assert "characters" in capsys.readouterr().out
    own_text.cache_clear()

    def none():
        raise NoText("no novels here")

    monkeypatch.setattr(austen, "chapters", none)
    with pytest.raises(SystemExit, match="no novels here"):
        austen.main()
    own_text.cache_clear()
