"""Training corpora, one document at a time, each with a held-out split.

Seven corpora are named; `own_text` takes any other text. Documents are `str` with "\\n" line ends. Nothing is
downloaded, and of the seven only the fables are stored with the project.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from core.data.library import decode, library, plain
from core.messages import say

Split = Literal["train", "held_out"]

FABLES = Path(__file__).parent.parent.parent / "assets" / "corpora" / "fables.txt"

MOST_BYTES = 5_000_000  # of a text of your own
ONE_IN = 10  # the share held out of every finite corpus: one document in ten


@dataclass(frozen=True)
class Corpus:
    """A corpus's description for a learner.

    `name` is what `corpus` takes, `what` the text in one sentence, `origin` its source and licence,
    `held_out` the rule that keeps a part from training, `endless` true where the documents never run out.
    """

    name: str
    what: str
    origin: str
    held_out: str
    endless: bool = False


CORPORA = {
    record.name: record
    for record in (
        Corpus(
            "tales",
            "Stories of Toyland, a small generated world whose truth is known.",
            "Written by this program as you read, by a seed; MIT licence, like the project.",
            "Stories with a combination (a person in a place, a colour of a thing) that no training story shows.",
            endless=True,
        ),
        Corpus(
            "copies",
            "Lists of Toyland's names and things, each said two to four times: what comes again is known.",
            "Written by this program as you read, by a seed; MIT licence, like the project.",
            "Lists with a colour of a thing that training never sees.",
            endless=True,
        ),
        Corpus(
            "senses",
            "Memories and dreams of Toyland, each text about one of two senses of a word: bank, bat, bow, ...",
            "Written by this program as you read, by a seed; MIT licence, like the project.",
            "Texts with a way of telling a sense that training never sees.",
            endless=True,
        ),
        Corpus(
            "fables",
            "Short fables in simple English, each with a title.",
            "Written for this project and bundled with it; MIT licence.",
            "Every tenth fable by its position in the file: the 10th, the 20th, ...",
        ),
        Corpus(
            "python",
            "The source of Python's standard library, one file a document, without its tests.",
            "Read from the Python that runs this program, so it differs by version; PSF licence, not copied.",
            "Whole files, about one in ten, chosen by a checksum (CRC-32) of the path.",
        ),
        Corpus(
            "functions",
            "Short functions of Python's standard library, one a document, the names they take from it above them.",
            "Read from the Python that runs this program, so it differs by version; PSF licence, not copied.",
            "Functions of whole files, about one in ten, chosen as for the files.",
        ),
        Corpus(
            "renamed",
            "The same functions with other names in them, drawn anew each time: a name is known from where it stands.",
            "Written by this program as you read, by a seed, from the library of its Python; PSF licence, not copied.",
            "Functions of the same files as those held out of the functions.",
            endless=True,
        ),
    )
}

# Held-out characters below which a validation loss says nothing: their losses differ by 1.5 nats or more, so the mean
# of so many is uncertain by 0.2.
FEWEST_HELD_OUT = 200
OWN_TEXT = Corpus(
    "own",
    "A text you bring; a blank line ends a document.",
    "Yours, under whatever licence it came with.",
    "The last tenth of the documents, at least one; of a single document, its last tenth.",
)


def names() -> list[str]:
    """List the names that `corpus` takes, in the order of a menu."""
    return list(CORPORA)


def describe(name: str) -> Corpus:
    """Return the record of the corpus `name`. Raises ValueError, listing the existing names, if there is none."""
    if name not in CORPORA:
        raise ValueError(f"no corpus is called {name!r}: choose one of {', '.join(names())}")
    return CORPORA[name]


def corpus(name: str, seed: int = 0, split: Split = "train") -> Iterator[str]:
    """Yield the documents of the corpus `name` that belong to `split`, always in the same order.

    "tales", "copies", "senses" and "renamed" never end; "tales" tells the stories of `seed`, `seed` + 1, ... "fables",
    "python" and "functions" end, and have one order whatever the seed. No document is in both splits.
    Raises ValueError if the name or the split is unknown, at the call rather than at the first document;
    FileNotFoundError, at the first document, if this Python came without the source of its library.
    """
    describe(name)
    _check(split)
    if name == "tales":
        return _tales(seed, split)
    if name == "copies":
        from core.data.toyland.exercises import copies

        return copies(seed, split)
    if name == "senses":
        from core.data.toyland.scenes import scene_texts

        return scene_texts(seed, split)
    if name == "functions":
        from core.data.functions import functions

        return functions(split, ONE_IN)
    if name == "renamed":
        from core.data.renaming import renamed

        return renamed(seed, split, ONE_IN)
    return _fables(split) if name == "fables" else _python(split)


def own_text(source: str | bytes | Path, split: Split = "train") -> list[str]:
    """Yield the documents of the learner's own text that belong to `split`, in the order of the text.

    `source` is the text (`str`), the content of a file (`bytes`) or the file itself (`Path`). Blank lines
    separate documents; a byte-order mark is dropped and Windows line ends become "\\n". Held out is the last
    tenth of the documents, at least one. A single document is cut at the last space or line end before its
    last tenth; if it has none there, it is all "train".
    Raises ValueError if the bytes are not UTF-8 (naming the first bad byte, counted from 0) or hold no text;
    OSError if the path cannot be read.
    """
    _check(split)
    name = source.name if isinstance(source, Path) else "the text"
    if isinstance(source, Path):
        source = source.read_bytes()
    text = decode(source, name) if isinstance(source, bytes) else plain(source)
    documents = [part.strip("\n").rstrip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    if not documents:
        raise ValueError(f"{name} is empty: bring a text with some words in it")
    if len(documents) == 1:
        documents = _cut(documents[0])
    held_out = min(max(1, len(documents) // ONE_IN), len(documents) - 1)
    train = len(documents) - held_out
    return documents[:train] if split == "train" else documents[train:]


def held_out_characters(source: str) -> int:
    """Count the characters of a text that are held out: what its validation loss is measured on."""
    return sum(map(len, own_text(source, "held_out")))


def check_text(source: str | bytes) -> str:
    """Check and normalize an own text for training: decoded, no byte-order mark, "\\n" for every line end.

    Raises:
        ValueError: more than `MOST_BYTES`, not UTF-8, a binary file, half a character, or nothing but spaces.
    """
    size = len(source if isinstance(source, bytes) else source.encode("utf-8", errors="surrogatepass"))
    if size > MOST_BYTES:
        raise ValueError(
            say(
                "the text has {size} MB; at most {most} MB can be trained on",
                size=f"{size / 1e6:.1f}",
                most=f"{MOST_BYTES / 1e6:g}",
            )
        )
    if isinstance(source, bytes) and b"\0" in source:
        raise ValueError(
            say("the text is a binary file (it holds a zero byte): bring plain text, saved as UTF-8")
        )
    text = decode(source, "the text") if isinstance(source, bytes) else plain(source)
    if any("\ud800" <= character <= "\udfff" or character == "\0" for character in set(text)):
        raise ValueError(
            say("the text holds what is no character (half a surrogate pair, or NUL): paste it anew")
        )
    if not text.strip():
        raise ValueError(say("the text is empty: bring a text with some words in it"))
    return text


def fingerprint(text: str) -> str:
    """Hash the result of `check_text`: SHA-256, 64 hexadecimal digits, by which a training spec names an own text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _check(split: str) -> None:
    if split not in get_args(Split):
        raise ValueError(f"no split is called {split!r}: choose one of {', '.join(get_args(Split))}")


def _tales(seed: int, split: Split) -> Iterator[str]:
    # Imported here: its tables take a moment to build, and no other corpus needs them.
    from core.data import toyland

    for story in toyland.stories(seed, split=split):
        yield story.text


def _fables(split: Split) -> Iterator[str]:
    fables = decode(FABLES.read_bytes(), FABLES.name).split("\n***\n")
    for position, fable in enumerate(fables, start=1):
        if (position % ONE_IN == 0) == (split == "held_out"):
            yield fable.strip()


def _python(split: Split) -> Iterator[str]:
    """Yield the library by whole files, because a file repeats its own names: one half would give the other away."""
    for name, source in library():
        if (zlib.crc32(name.encode()) % ONE_IN == 0) == (split == "held_out"):
            yield source


def _cut(document: str) -> list[str]:
    """Split a document in two at about its last tenth in characters; at a preceding space, if there is one."""
    tenth = len(document) - len(document) // ONE_IN
    at = max(document.rfind(space, 0, tenth) for space in " \n")
    if at <= 0:
        at = min(tenth, len(document) - 1)
    parts = (document[:at].rstrip(), document[at:].strip())
    return [part for part in parts if part]
