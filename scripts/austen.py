"""The text that austen-gpt is made of: Jane Austen's six novels, as Debian's package r-cran-janeaustenr holds them.

The package is downloaded (`apt-get download`, nothing is installed), unpacked in a temporary folder, and read: its
data is an R database, in which each chunk is a length of four bytes and a zlib stream of a serialized R object. The
text goes through memory only: it is not stored with the project, and the app never reads it.
`python -m scripts.austen FILE` writes the prepared text, which the Lab then takes as an own text.
"""

from __future__ import annotations

import argparse
import itertools
import re
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.data.corpora import ONE_IN, Corpus

PACKAGE = "r-cran-janeaustenr"
RECORD = Corpus(
    "austen",
    "Jane Austen's six novels, in passages of whole paragraphs; titles and headings of chapters are left out.",
    "Text in the public domain (the author died in 1817), from Debian's r-cran-janeaustenr (MIT, Julia Silge), read "
    "while the model was made; not stored with the project, so the app cannot open it.",
    "Whole chapters, a tenth of the passages: those with the lowest checksum (CRC-32) of novel and chapter number.",
)

_HEADING = re.compile(r"(chapter|volume) [ivxlc0-9]+", re.IGNORECASE)
_LAST = re.compile(r"(the end|finis|a note on the text)", re.IGNORECASE)
_EDITION = re.compile(r"\[[^\]]*\b(edition|volume)\b.*", re.IGNORECASE)
PASSAGE = 900  # characters of a passage, beyond which it ends with its paragraph


class NoText(RuntimeError):
    """The novels cannot be had here; the message says why and what to do."""


@dataclass(frozen=True)
class Chapter:
    """A chapter of a novel: its number counts from 1 through all volumes."""

    novel: str
    number: int
    paragraphs: tuple[str, ...]

    @property
    def checksum(self) -> int:
        """By which it is chosen to be held out."""
        return zlib.crc32(f"{self.novel}/{self.number}".encode())


@lru_cache(maxsize=1)
def own_text() -> str:
    """The novels as `core.data.corpora.own_text` takes them: passages between blank lines, the held-out ones last.

    Raises:
        NoText: they cannot be had here.
    """
    return prepared(chapters())


def prepared(found: Sequence[Chapter]) -> str:
    """Passages between blank lines, of which the last tenth (see `own_text`) is all of held-out chapters.

    Held out are the chapters of the lowest checksums that hold a tenth; of the last of them as much as the tenth needs.
    """
    in_passages = {one: list(passages(one.paragraphs)) for one in found}
    wanted = sum(map(len, in_passages.values())) // ONE_IN
    train, last = dict(in_passages), list[str]()
    for one in sorted(found, key=lambda chapter: chapter.checksum):
        if len(last) >= wanted:
            break
        last += train.pop(one)
    kept = list(itertools.chain.from_iterable(train.values()))
    return "\n\n".join([*kept, *last[: len(kept) // (ONE_IN - 1)]]) + "\n"


def passages(paragraphs: Iterable[str], size: int = PASSAGE) -> Iterator[str]:
    """Whole paragraphs, a line each, until there are `size` characters."""
    passage: list[str] = []
    for paragraph in paragraphs:
        passage.append(paragraph)
        if sum(map(len, passage)) >= size:
            yield "\n".join(passage)
            passage = []
    if passage:
        yield "\n".join(passage)


def chapters() -> list[Chapter]:
    """All chapters, novel by novel.

    Raises:
        NoText: they cannot be had here.
    """
    with tempfile.TemporaryDirectory() as scratch:
        novels = read(downloaded(Path(scratch)))
    return [chapter for name in sorted(novels) for chapter in divided(name, novels[name])]


def divided(novel: str, lines: Iterable[str]) -> Iterator[Chapter]:
    """The chapters of a novel from its lines: paragraphs in one line each, without what stands before and behind."""
    number, paragraphs, paragraph = 0, list[str](), list[str]()
    for line in [*lines, "", "The end"]:
        said = " ".join(line.split())
        heading, last = _HEADING.match(said), _LAST.fullmatch(said.rstrip("."))
        if said and not heading and not last and not _EDITION.match(said):
            paragraph.append(said)
            continue
        if paragraph:
            paragraphs.append(" ".join(paragraph).replace("_", ""))
            paragraph = []
        if (heading or last) and number and paragraphs:
            yield Chapter(novel, number, tuple(paragraphs))
        if last:
            if number:
                return
            continue
        if heading:
            number, paragraphs = number + heading.group(1).lower().startswith("chapter"), []


def downloaded(scratch: Path) -> Path:
    """The unpacked package below `scratch`.

    Raises:
        NoText: no Debian or Ubuntu, or its archive cannot be reached.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise NoText(
                f"the novels come from Debian's package {PACKAGE}, and there is no {tool} here: make austen-gpt on a "
                "Debian or Ubuntu system; the model that comes with Glassbox needs none of this"
            )
    try:
        _run(["apt-get", "download", PACKAGE], scratch)
        (package,) = scratch.glob(f"{PACKAGE}_*.deb")
        _run(["dpkg-deb", "-x", package.name, "unpacked"], scratch)
    except (subprocess.CalledProcessError, ValueError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise NoText(
            f"{PACKAGE} could not be downloaded ({said.strip()}): run apt-get update, or try again with a connection"
        ) from error
    return scratch / "unpacked"


def read(unpacked: Path) -> dict[str, list[str]]:
    """The lines of every novel in an unpacked package, by the novel's name in it.

    Raises:
        NoText: it holds no R database, or one that cannot be read.
    """
    found = sorted(unpacked.rglob("data/Rdata.rdx"))
    if not found:
        raise NoText(f"{PACKAGE} holds no data/Rdata.rdx: it is made otherwise than when this was written")
    return database(found[0].read_bytes(), found[0].with_suffix(".rdb").read_bytes())


def database(index: bytes, chunks: bytes) -> dict[str, list[str]]:
    """The character vectors of an R database (R Internals, "Lazy loading"): an .rdx and its .rdb.

    Raises:
        NoText: a chunk that is cut short, or no zlib, or no characters.
    """
    places = _converted(_inflated(index))
    novels = {}
    for name, (first, length) in places["variables"].items():
        chunk = chunks[int(first) : int(first) + int(length)]
        size = int.from_bytes(chunk[:4], "big")
        try:
            data = zlib.decompress(chunk[4:])
        except zlib.error as error:
            raise NoText(f"the chunk {name} of {PACKAGE}'s database is no zlib: {error}") from error
        if len(chunk) != length or len(data) != size:
            raise NoText(
                f"the chunk {name} of {PACKAGE}'s database is cut short: {len(data)} of {size} bytes"
            )
        lines = _converted(data)
        if not all(isinstance(line, str) for line in lines):
            raise NoText(f"{name} of {PACKAGE}'s database is no text")
        novels[str(name)] = [str(line) for line in lines]
    return novels


def _inflated(data: bytes) -> bytes:
    """An index is written with gzip by newer versions of R, with zlib by older ones."""
    return zlib.decompress(data, wbits=zlib.MAX_WBITS | 32)  # 32: either header


def _converted(data: bytes):  # type: ignore[no-untyped-def]
    import rdata  # of the development requirements

    return rdata.conversion.convert(rdata.parser.parse_data(data, extension=".rds"))


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)


def main() -> None:
    """Write the prepared text to a file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="where the text goes")
    options = parser.parse_args()
    try:
        text = own_text()
    except NoText as error:
        raise SystemExit(str(error)) from error
    options.file.write_text(text, encoding="utf-8")
    print(f"{options.file}: {len(text):,} characters")


if __name__ == "__main__":
    main()
