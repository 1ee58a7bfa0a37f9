"""Draw the Tokenization page's pictures: one text cut by every tokenizer, and three lower ones (coverage.js).

`compute` asks every tokenizer for its pieces of the text and for how it cuts one word; `record` turns that into the
picture's data. Arithmetic is `core`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.counts import counted
from app.kit import register
from core import real
from core.analysis.stream.embedding_rows import row_lengths
from core.language_model import LanguageModel
from core.messages import mark, say
from core.text import published
from core.text.pieces import UNKNOWN, Method, Piece
from core.text.pretokens import SPACE_MARK
from core.text.published import Published
from pages.tokenization.cut import machine, phrase
from pages.tokenization.learned import NAMES, Learned, Vocabularies

tokenization = register("tokenization", __file__)

TITLES = {
    "characters": mark("Characters"),
    "words": mark("Words"),
    **NAMES,
    "gpt2": "GPT-2",
    "cl100k": "GPT-4",
    "smollm2": "SmolLM2",
    "bert": "BERT",
}
SMOLLM2, REAL = (
    "smollm2",
    "SmolLM2-135M",
)  # the one that is fetched with a model, and may not be here; its model
ROWS = ("model", *TITLES)
KINDS = {"bpe": "merges", "wordpiece": "longest match", "unigram": "probabilities", "other": "its own rule"}
ABOUT = {
    "gpt2": mark(
        "Published with GPT-2 (Radford et al. 2019): BPE over bytes, so nothing is ever unknown to it."
    ),
    "cl100k": mark(
        "Published for GPT-3.5 and GPT-4 (cl100k): BPE over bytes, twice as many entries as GPT-2's."
    ),
    SMOLLM2: mark("Fetched with SmolLM2 (Hugging Face, 2024): BPE over bytes; each digit stays by itself."),
    "bert": mark(
        "Published with BERT (Devlin et al. 2019): WordPiece. Text is lower-cased and loses its accents first: a chip "
        "shows what is left."
    ),
}
BYTES = mark("Entries write each byte as a letter: Ġ is a space.")
UNTOLD = {
    "bpe": mark(
        "The order of its merges is known; how often each pair stood in its corpus was not kept with it."
    ),
    "wordpiece": mark("Only the list of entries is known; the counts that made it were not kept with it."),
    "unigram": mark(
        "The entries and their probabilities are known; the rounds that chose them were not kept with it."
    ),
    "other": "",
}


own_vocabulary = lru_cache(maxsize=4)(Published)  # of a model's tokenizer: read once, not at every run


@lru_cache(maxsize=1)
def _fetched(place: Path) -> Published:
    """Open the vocabulary of SmolLM2, whose weights stay unread."""
    return Published(real.tokenizer(REAL), SMOLLM2, TITLES[SMOLLM2])


def rows_for(name: str) -> tuple[str, ...]:
    """List the rows of the table beside the open model `name`: SmolLM2's where it is here and not open itself."""
    there = name != REAL and real.folder(REAL) is not None
    return tuple(row for row in ROWS if row != SMOLLM2 or there)


def lacking() -> str:
    """Say why SmolLM2's vocabulary is not in the table; "" where it is."""
    here = real.folder(REAL) is not None
    if here:
        return ""
    return say(
        "{model}’s vocabulary is not in the table: {why}.", model=TITLES[SMOLLM2], why=real.missing(REAL)
    )


def method_of(row: str, lm: LanguageModel, learned: Learned | None) -> Method | None:
    """Return the tokenizer of a row; None while it is still being learned."""
    if row == "model":
        return own_vocabulary(lm.tokenizer)
    if row in published.names():
        return published.published(row)
    if row == SMOLLM2:
        place = real.folder(REAL)
        return None if place is None else _fetched(place)
    return None if learned is None else learned.methods[row]


def title_of(row: str, name: str) -> str:
    """Title a row in the reader's language; the open model's is `name` without its folder."""
    return real.title(name.removeprefix("./").rpartition("/")[2]) if row == "model" else say(TITLES[row])


def readable(piece: Piece) -> tuple[str, bool]:
    """Read a piece as text, and whether it is only a part of a character: then its bytes stand as `\\xf0\\x9f`."""
    try:
        piece.data.decode("utf-8")
        return piece.text if piece.end > piece.start else piece.text.replace(SPACE_MARK, " "), False
    except UnicodeDecodeError:
        whole = piece.data.decode("utf-8", errors="ignore")  # of " \xf0\x9f", the space
        first = piece.data.find(whole.encode()) if whole else 0
        rest = piece.data.replace(whole.encode(), b"", 1) if whole else piece.data
        shown, written = whole.replace(" ", "·"), "".join(f"\\x{byte:02x}" for byte in rest)
        return (f"{shown}{written}" if first == 0 else f"{written}{shown}"), True


def columns(pieces: Sequence[Piece], text: str) -> dict[str, Any]:
    """Turn pieces of a text into columns, which are shorter to send.

    `bytes` where a piece is only a part of a character; `dropped`: stretches of the text that are in no piece.
    """
    read = [readable(piece) for piece in pieces]
    return {
        "text": [shown for shown, _ in read], "entry": [p.entry for p in pieces], "id": [p.id for p in pieces],
        "start": [p.start for p in pieces], "end": [p.end for p in pieces],
        "unknown": [at for at, p in enumerate(pieces) if p.unknown],
        "bytes": {str(at): shown for at, (shown, part) in enumerate(read) if part},
        "dropped": dropped(pieces, text),
    }  # fmt: skip


def dropped(pieces: Sequence[Piece], text: str) -> list[list[int]]:
    """Find the stretches of the text, first and after last character, that are in no piece; spaces are not missed."""
    held = {at for piece in pieces for at in range(piece.start, piece.end)}
    found: list[list[int]] = []
    for at, letter in enumerate(text):
        if at in held or letter.isspace():
            continue
        if found and found[-1][1] == at:
            found[-1][1] = at + 1
        else:
            found.append([at, at + 1])
    return found


def compute(
    lm: LanguageModel, shown: tuple[str, ...], text: str, word: str, kept: Vocabularies
) -> dict[str, Any]:
    """Cut a text and a word with every row, as JSON.

    Args:
        shown: the rows, of `rows_for`.

    Raises:
        LookupError: nothing is kept under the key any more.
    """
    learned = kept.learned
    spoken = phrase(word, text)
    made: list[dict[str, Any]] = []
    machines = {}
    for row in shown:
        method = method_of(row, lm, learned)
        if method is None:
            made.append({"id": row, "pieces": None, "word": None})
            continue
        pieces = {
            "pieces": columns(method.encode(text), text),
            "word": columns(method.encode(spoken), spoken),
        }
        made.append({"id": row, **pieces, "entries": len(method)})
        machines[row] = machine(method, row, spoken, learned)
        if row == "model":
            made[-1]["lengths"] = row_lengths(lm, made[-1]["pieces"]["id"])
    rounds = []
    if learned is not None:
        stages = learned.stages
        rounds = [
            {
                "pieces": columns(stages.encode(at, text), text),
                "word": columns(stages.encode(at, spoken), spoken),
                "entries": stages.sizes[at], "machine": machine(stages.at(at, spoken), "unigram", spoken),
            }
            for at in range(len(stages) - 1)
        ]  # fmt: skip
    return {
        "rows": made, "machines": machines, "rounds": rounds, "spoken": spoken,
        "cuts": {} if learned is None else cuts(learned, text, spoken),
    }  # fmt: skip


def cuts(learned: Learned, text: str, word: str) -> dict[str, Any]:
    """Spell text and word as before the first merge, so that the browser can make the first n itself."""
    bpe: Any = learned.methods["bpe"]
    wordpiece = learned.methods["wordpiece"]

    def letters(given: str) -> list[dict[str, Any]]:
        return [
            {"ids": [bpe.ids[e] if e != UNKNOWN else -1 for e in bpe.letters(found)], "spans": found.spans}
            for found in bpe.words(given)
        ]

    def spelled(given: str) -> list[dict[str, Any]]:
        return [{"letters": found.entry, "spans": found.spans} for found in wordpiece.words(given)]

    return {
        "bpe": {"text": letters(text), "word": letters(word)},
        "wordpiece": {"text": spelled(text), "word": spelled(word)},
    }


def record(
    seen: dict[str, Any], lm: LanguageModel, name: str, text: str, ids: Sequence[int], tokens: Sequence[str],
    key: str,
) -> dict[str, Any]:  # fmt: skip
    """Collect the picture's data, without the selection.

    Args:
        seen: what `compute` gave. name: the model's. ids, tokens: the text as the model reads it, special tokens too.
        key: of what was learned; "" while nothing is.
    """
    special = [i in lm.tokenizer.special_ids for i in ids]
    inner = special.index(False) if False in special else len(ids)
    last = len(ids) - special[::-1].index(False) if False in special else len(ids)
    return {
        "figure": "tokenization",
        "chars": list(text), "tokens": list(tokens), "front": list(tokens[:inner]), "back": list(tokens[last:]),
        "rows": [{**row, **_about(row["id"], name, lm)} for row in seen["rows"]],
        "machines": seen["machines"], "rounds": seen["rounds"], "spoken": seen["spoken"], "cuts": seen["cuts"],
        "learnedKey": key or None,
    }  # fmt: skip


def _about(row: str, name: str, lm: LanguageModel) -> dict[str, Any]:
    """Describe a row: its name, its group (rows of one group stand together), its rule, and what is known of it."""
    if row in NAMES or row in ("characters", "words"):
        return {"name": say(TITLES[row]), "group": 1, "kind": row}
    method: Any = method_of(row, lm, None)
    if row in ABOUT:
        about = say(ABOUT[row])
    else:
        about = say(
            "The open model's own vocabulary: {entries}, each the number of a row in its table.",
            entries=counted(len(method), "entry"),
        )
    return {
        "name": title_of(row, name),
        "group": 0 if row == "model" else 2,
        "kind": method.kind,
        "about": " ".join(
            filter(None, [about, say(BYTES) * (method.tokenizer.kind == "bytes"), say(UNTOLD[method.kind])])
        ),
        "merges": len(method.ranks) if method.kind == "bpe" else 0,
    }
