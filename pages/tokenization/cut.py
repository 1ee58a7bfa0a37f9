"""Cut one word with every tokenizer, for cut.js: merges made again, entries tried, ways through a lattice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from app.counts import counted
from core.messages import say
from core.text.bpe import Turn
from core.text.merging import Learning
from core.text.pieces import Method, Word
from core.text.published import Published
from core.text.unigram import Unigram
from core.text.wordpiece import Trial
from pages.tokenization.learned import Learned, shown

LETTERS = 32  # as many as the panel has columns for
WAYS = 5


def phrase(word: str, text: str) -> str:
    """Write the word as it stands in running text: with the space before it, but at the beginning of the text."""
    first = text.startswith(word) and f" {word}" not in text
    return word if first else f" {word}"


def pick(method: Method, text: str) -> tuple[Word | None, bool]:
    """Pick the longest pre-token of a text, cut to what the picture holds; and whether anything was left out."""
    words = method.words(text)
    if not words:
        return None, False
    longest = max(words, key=lambda word: len(word.entry))
    clipped = len(longest.entry) > LETTERS
    if clipped:
        spans = longest.spans[:LETTERS]
        longest = Word(longest.entry[:LETTERS], longest.start, spans[-1][1], spans)
    return longest, clipped


def machine(method: Any, row: str, text: str, learned: Learned | None = None) -> dict[str, Any] | None:
    """Replay how `method` cuts the longest word of `text`; None where there is none.

    Args:
        method: a `Method` that can replay how it cuts. row: the row's name. learned: where the counts of pairs are,
            for the rows that were learned here.
    """
    word, clipped = pick(method, text) if row != "characters" else (Word(text, 0, len(text), ()), False)
    if word is None:
        return None
    kind = method.kind if isinstance(method, Published) else row
    if kind == "bpe":
        learning = learned.bpe if learned is not None and row == "bpe" else None
        made = merging(method.replay(word), pretokens_of(method), learning)
    elif kind == "wordpiece":
        made = matching(method.trials(word), word, pretokens_of(method))
    elif kind == "unigram":
        unigram = method.unigram if isinstance(method, Published) else method
        made = lattice(unigram, word, pretokens_of(method))
    else:
        made = lookup(method, row, word, text)
    return {"word": text[word.start : word.end], "clipped": clipped, **made}


def pretokens_of(method: Any) -> str:
    """Tell how a vocabulary writes its entries: "bytes", or in letters with a mark for the space ("spaces")."""
    if isinstance(method, Published):
        return "bytes" if method.tokenizer.kind == "bytes" else "spaces"
    written: str = method.pretokens
    return written


def merging(turns: Sequence[Turn], pretokens: str, learning: Learning | None) -> dict[str, Any]:
    """Replay BPE: each turn's pairs with their ranks, and the one that is taken; at the end, why it stops."""

    def read(entry: str) -> str:
        return shown(entry, pretokens)[0]

    done = []
    for turn in turns:
        if turn.taken is None:
            continue
        pair = turn.pairs[turn.taken]
        step: dict[str, Any] = {
            "at": pair.at, "rank": pair.rank, "made": read(pair.left + pair.right), "left": read(pair.left),
            "right": read(pair.right),
            "pairs": [[read(p.left), read(p.right), -1 if p.rank is None else p.rank] for p in turn.pairs],
        }  # fmt: skip
        if learning is not None and pair.rank is not None:
            step["count"] = learning.merges[pair.rank].count
        done.append(step)
    last = turns[-1].pairs
    ends: list[dict[str, Any]] = [{"left": read(p.left), "right": read(p.right)} for p in last]
    made: dict[str, Any] = {
        "kind": "bpe",
        "letters": [read(letter) for letter in turns[0].symbols],
        "turns": done,
        "ends": ends,
    }
    if learning is not None:
        counts = learning.pair_counts([(p.left, p.right) for p in last])
        for end, count in zip(ends, counts):
            end["count"] = count
        ends.sort(key=lambda end: -end["count"])
        made["needed"] = learning.merges[-1].count if learning.merges else 0
    return made


def matching(trials: Sequence[Trial], word: Word, pretokens: str) -> dict[str, Any]:
    """Replay WordPiece: every entry that was looked up, longest first."""
    found = [trial for trial in trials if trial.found]
    return {
        "kind": "wordpiece",
        "letters": [shown(letter, pretokens)[0] for letter in word.entry],
        "inBytes": pretokens == "bytes",
        "trials": [
            {"start": t.start, "end": t.end, "tried": shown(t.tried, pretokens)[0], "found": t.found}
            for t in trials
        ],
        "unknown": not found or found[-1].end < len(word.entry),
    }


def lattice(method: Unigram, word: Word, pretokens: str) -> dict[str, Any]:
    """Draw Unigram's lattice: every entry that fits, the likeliest way through, and the runners-up."""
    found = method.lattice(word.entry)
    return {
        "kind": "unigram",
        "letters": [shown(letter, pretokens)[0] for letter in found.letters],
        "edges": [
            [e.start, e.end, shown(e.entry, pretokens)[0], float(e.log_prob), e.unknown] for e in found.edges
        ],
        "best": [[e.start, e.end] for e in found.best],
        "unknown": any(e.unknown for e in found.best),
        "n_best": [
            {
                "pieces": [shown(p, pretokens)[0] for p in way.pieces],
                "starts": [0, *accumulate(len(p) for p in way.pieces)][:-1], "probability": float(way.probability),
            }
            for way in method.n_best(word.entry, WAYS)
        ],
    }  # fmt: skip


def lookup(method: Method, row: str, word: Word, text: str) -> dict[str, Any]:
    """Look up characters and words, each as it is."""
    pieces = method.encode(text)[:LETTERS] if row == "characters" else method.cut(word, text)
    start = word.start
    counts = getattr(method, "counts", {})
    unknown = sum(piece.unknown for piece in pieces)
    if row == "words":
        said = _looked_up(counts.get(word.entry, 0), unknown > 0)
    elif row == "characters":
        said = _signs(unknown, len(pieces), counted(len(method), "entry"))
    else:
        said = say("This vocabulary's rule is none that the page can replay; these are its pieces.")
    return {
        "kind": "lookup",
        "letters": list(text[word.start : word.end])[:LETTERS],
        "pieces": [
            {"from": p.start - start, "to": p.end - start, "text": p.text, "unknown": p.unknown}
            for p in pieces
        ],
        "said": said,
        "unknown": unknown > 0,
    }


def _looked_up(seen: int, unknown: bool) -> str:
    """Say how a list of words reads one that its corpus has so often."""
    times = counted(seen, "time")
    if not unknown:
        return say(
            "The whole word is looked up. The corpus has it {times}, so it is one of the entries.",
            times=times,
        )
    if seen:
        return say(
            "The whole word is looked up. The corpus has it {times}: too rarely for the list, so all that the model "
            "would read is [UNK].",
            times=times,
        )
    return say(
        "The whole word is looked up. The corpus has it {times}, so all that the model would read is [UNK]: a word "
        "that was never seen has no number.",
        times=times,
    )


def _signs(unknown: int, pieces: int, entries: str) -> str:
    """Say how a list of signs reads a word of so many."""
    if not unknown:
        return say("Each sign is looked up. {entries} are few, so every word is long.", entries=entries)
    told = {"unknown": unknown, "pieces": pieces, "entries": entries}
    if unknown == 1:
        return say(
            "Each sign is looked up; {unknown} of {pieces} is none of the {entries}: all that the model would read is "
            "[UNK].",
            **told,
        )
    return say(
        "Each sign is looked up; {unknown} of {pieces} are none of the {entries}: all that the model would read is "
        "[UNK].",
        **told,
    )
