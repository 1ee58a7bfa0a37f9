"""Specify vocabularies to learn from a corpus, learn them, and write what was learned for the browser.

A picture outside of the app is made of these, too: no Streamlit in here. How a learner waits for them is in waiting.py.
"""

from __future__ import annotations

import functools
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from app.counts import counted
from app.kit import pack
from core.data.corpora import corpus as documents_of
from core.messages import say, say_of
from core.text.learner import Learner
from core.text.merges import Merges
from core.text.merging import Learning
from core.text.pieces import Method
from core.text.pretokens import BYTE_OF, SPACE_MARK
from core.text.simple import Characters, Words
from core.text.unigram_learning import Loss, UnigramLearning
from core.text.unigram_stages import Stages
from core.text.vocabularies import JointLearning, Vocabulary
from core.text.wordpiece import CONTINUED

AMOUNT = 200_000  # characters of a corpus that has more; an own text is read whole
SIZES = (50, 100, 200, 300, 400, 500, 700, 1000, 1500, 2000, 3000, 4000)
USUAL = {"bpe": "bytes", "wordpiece": "words", "unigram": "spaces"}  # where each method comes from
NAMES = {"bpe": "BPE", "wordpiece": "WordPiece", "unigram": "Unigram"}


@dataclass(frozen=True)
class Spec:
    """Specify what is to be learned. `split`: a name in PRETOKENS, or "usual"; `own`: the checksum of an own text."""

    corpus: str
    size: int
    split: str
    own: str = ""

    @property
    def key(self) -> str:
        """Key the vocabularies by one string."""
        return "\x1f".join([self.corpus, str(self.size), self.split, self.own])

    def pretokens(self, method: str) -> str:
        """Return how the corpus is split for one of the methods."""
        return USUAL[method] if self.split == "usual" else self.split

    @property
    def kinds(self) -> dict[str, str]:
        """Name all that is learned, each with how the corpus is split for it; what is listed knows that itself."""
        return {"characters": "", "words": "", **{method: self.pretokens(method) for method in NAMES}}


def read(spec: Spec, own: str = "") -> Sequence[str]:
    """Read the documents that are learned from: the first 200,000 characters of a corpus, or all of an own text."""
    return [own] if spec.corpus == "own" else _beginning(spec.corpus)


@functools.cache  # 0.2 MB for each of seven corpora, some of which are written for 0.3 s
def _beginning(corpus: str) -> tuple[str, ...]:
    found, room = [], AMOUNT
    for document in documents_of(corpus):
        found.append(document[:room])
        room -= len(found[-1])
        if room <= 0:
            break
    return tuple(found)


@dataclass
class Learned:
    """Hold all vocabularies of one corpus.

    Attributes:
        stopped: the learner did not wait for the end.
        methods: the tokenizers, by the rows' names.
        stages: Unigram's vocabulary at the start and after each round; the last one is `methods["unigram"]`.
    """

    spec: Spec
    characters: Characters
    words: Words
    bpe: Learning
    wordpiece: Learning
    unigram: UnigramLearning
    stopped: bool = False
    methods: dict[str, Method] = field(init=False)
    stages: Stages = field(init=False)

    @property
    def key(self) -> str:
        """Key the spec, and how far it came where it was stopped."""
        far = f"\x1f{len(self.bpe.merges)}.{len(self.wordpiece.merges)}" if self.stopped else ""
        return self.spec.key + far

    @property
    def characters_read(self) -> int:
        """Count the characters of the corpus, spaces too."""
        return sum(self.characters.counts.values())

    def __post_init__(self) -> None:
        # made at once, so that the cache weighs them, too
        self.methods = {
            "characters": self.characters,
            "words": self.words,
            "bpe": self.bpe.tokenizer(),
            "wordpiece": self.wordpiece.tokenizer(),
            "unigram": self.unigram.tokenizer(),
        }
        self.stages = Stages(self.unigram)

    @property
    def json(self) -> str:
        """Serialize what the browser needs to walk through the learning by itself: a megabyte that it is sent once."""
        found = {
            "bpe": merges_data(self.bpe),
            "wordpiece": merges_data(self.wordpiece),
            "unigram": {"rounds": rounds_data(self.unigram)},
            "characters": counts_data(self.characters, "characters"),
            "words": counts_data(self.words, "words"),
        }
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))

    @property
    def note(self) -> str:
        """Say what there is about this corpus and size, in one line, or ""."""
        all_three: dict[str, Learning | UnigramLearning] = {name: getattr(self, name) for name in NAMES}
        found = list(dict.fromkeys(method.note for method in all_three.values() if not method.n_words))
        crowded = {name: method for name, method in all_three.items() if method.crowded}
        if crowded:
            signs = ", ".join(_singles(name, method) for name, method in crowded.items())
            told = {"entries": counted(self.spec.size, "entry"), "signs": signs}
            if set(crowded) == {"bpe"}:
                found.append(say("{entries} cannot hold the single signs, which all stay: {signs}.", **told))
            else:
                found.append(
                    say("{entries} cannot hold the single signs, which all stay: {signs}; and [UNK].", **told)
                )
        ended = ", ".join(
            say("{method} ends at {size}", method=NAMES[name], size=_sized(method))
            for name, method in all_three.items()
            if method.ended
        )
        if ended:
            found.append(say("The corpus repeats nothing more: {ends} entries.", ends=ended))
        if self.unigram.left_out and not crowded:
            found.append(
                say(
                    "Unigram learned from the most frequent words; {count} rarer ones are left out for speed.",
                    count=f"{self.unigram.left_out:,}",
                )
            )
        return " ".join(found)


def _singles(name: str, method: Learning | UnigramLearning) -> str:
    """Count the single signs of a method, which always stay: "Unigram 61"."""
    many = method.alphabet if isinstance(method, UnigramLearning) else len(method.letters)
    if name == "bpe" and method.pretokens == "bytes":
        return say("{method} {count} bytes", method=NAMES[name], count=many)
    if name == "wordpiece":
        return say("{method} {count} (most letters twice, also with ##)", method=NAMES[name], count=many)
    return f"{NAMES[name]} {many}"


def _sized(method: Learning | UnigramLearning) -> str:
    many = method.seeds + 1 if isinstance(method, UnigramLearning) else len(method.vocabulary)
    return f"{many:,}"


@dataclass(frozen=True)
class Vocabularies:
    """What was learned, by its key: a result that is computed from it is kept under the key alone.

    What stays in a session for long, such as a download, holds this rather than the megabytes that it finds.

    Attributes:
        key: "" while nothing is. find: looks up what is kept under it.
    """

    key: str
    find: Callable[[str], Learned | None] = field(compare=False)

    @property
    def learned(self) -> Learned | None:
        """What was learned, if anything was.

        Raises:
            LookupError: nothing is kept under the key any more.
        """
        found = self.find(self.key) if self.key else None
        if self.key and found is None:
            raise LookupError(f"what was learned as {self.key!r} made room for other results")
        return found

    @property
    def note(self) -> str:
        """What there is to say of them in one line, or ""."""
        learned = self.learned
        return "" if learned is None else learned.note


def learned_of(spec: Spec, parts: Mapping[str, Vocabulary], stopped: bool = False) -> Learned:
    """Put vocabularies together. parts: all of `spec.kinds`."""
    return Learned(spec, **parts, stopped=stopped)  # type: ignore[arg-type]


def learn(spec: Spec, own: str = "") -> Learned:
    """Learn all vocabularies at once, here and without progress."""
    return learned_of(spec, JointLearning(read(spec, own), spec.size, spec.kinds).run())


learn_once = lru_cache(maxsize=2)(learn)  # some seconds, and some 5 MB


def _cores() -> int:
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return found or 1


AT_ONCE = max(2, _cores())  # vocabularies that are learned at once, for all visitors: each takes a core
_apart = threading.BoundedSemaphore(AT_ONCE)


def learn_apart(spec: Spec, own: str, methods: Sequence[str]) -> dict[str, Vocabulary]:
    """Learn some of the vocabularies in a process of their own, and wait for them.

    Raises:
        LearningFailed, OSError: the process ended before, or could not be started.
    """
    kinds = {name: kind for name, kind in spec.kinds.items() if name in methods}
    with _apart:
        learner = Learner(read(spec, own), spec.size, kinds)
        try:
            return learner.result()
        finally:
            learner.close()


def found_again(spec: Spec, own: str, key: str) -> Learned:
    """Look up what was learned for `spec`, all of it; where that made room for other results, learn it again."""
    from app.models import cache

    return cache.made(key, lambda: learned_of(spec, learn_apart(spec, own, tuple(spec.kinds))))


# ------------------------------------------------------------------------------------------ for the browser


def shown(entry: str, pretokens: str) -> tuple[str, str | None]:
    """Read an entry as text; and again with its bytes (`\\xc3\\xb1`) if it is only a part of a character, else None."""
    mark = CONTINUED if entry.startswith(CONTINUED) and len(entry) > len(CONTINUED) else ""
    body = entry.removeprefix(mark)
    if pretokens == "bytes" and body and all(letter in BYTE_OF for letter in body):
        data = bytes(BYTE_OF[letter] for letter in body)
        text = data.decode("utf-8", errors="backslashreplace")
        try:
            return mark + data.decode("utf-8"), None
        except UnicodeDecodeError:
            return mark + text, mark + text
    return mark + body.replace(SPACE_MARK, " "), None


def merges_data(learning: Learning) -> dict[str, Any]:
    """Pack BPE or WordPiece step by step: ids of the pair and of what it made, counts, rivals, and changed words."""
    merges = learning.merges
    steps = merges.arrays()
    read = [shown(entry, learning.pretokens) for entry in learning.vocabulary]
    rivals = _rivals(merges)
    others = steps["pair_end"] - 1
    first = np.append(0, steps["pair_end"])[:-1]  # of each step, the row of the pair that is merged
    changes = np.append(0, steps["change_end"]).tolist()
    before = np.append(0, steps["before_end"]).tolist()
    symbols, counts = steps["before"].tolist(), steps["change_count"].tolist()
    return {
        "entries": list(learning.vocabulary),
        "shown": [text for text, _ in read],
        "bytes": {str(at): part for at, (_, part) in enumerate(read) if part},
        "letters": learning.n_characters,
        "left": pack(steps["left"]),
        "right": pack(steps["right"]),
        "made": pack(steps["made"]),
        "count": pack(steps["pair_count"][first]),
        "parts": pack(np.stack((steps["pair_left_count"][first], steps["pair_right_count"][first]), 1)),
        "score": pack(rivals[:, 0, 3]),
        "symbols_left": pack([learning.n_characters, *steps["symbols"].tolist()]),
        "rivals": pack(rivals),
        "other": [list(row) for row in zip(*(steps[name][others].tolist() for name in PAIR))],
        "changes": [
            [
                [counts[at], symbols[before[at] : before[at + 1]]]
                for at in range(changes[step], changes[step + 1])
            ]
            for step in range(len(merges))
        ],
    }


PAIR = ("pair_left", "pair_right", "pair_count")
RIVALS = 5  # that the browser is told of


def _rivals(merges: Merges) -> np.ndarray[Any, Any]:
    """Collect the best pairs before each merge, (merges, 5, 4): ids of the two parts, count, score; -1 where fewer."""
    steps = merges.arrays()
    end = steps["pair_end"] - 1  # the last pair of a step is the other rule's
    first = np.append(0, steps["pair_end"])[:-1]
    row = first[:, None] + np.arange(RIVALS)  # (merges, 5)
    there = row < end[:, None]
    row = np.where(there, row, first[:, None])
    parts = steps["pair_left_count"][row].astype(np.int64) * steps["pair_right_count"][row]
    found = np.stack([*(steps[name][row] for name in PAIR), steps["pair_count"][row] / parts], -1).astype(
        float
    )
    found[~there] = -1
    return found


def rounds_data(learning: UnigramLearning) -> list[dict[str, Any]]:
    """List Unigram's rounds, the seeds first: sizes, likelihood, what goes (cheapest first), what is missed most.

    Sizes do not count `[UNK]`. Of the seeds also how many candidates the corpus has (`repeated`).
    """

    def losses(found: Sequence[Loss]) -> list[dict[str, Any]]:
        return [
            {
                "shown": shown(loss.entry, learning.pretokens)[0],
                "loss": float(loss.loss),
                "alternative": [shown(part, learning.pretokens)[0] for part in loss.alternative],
            }
            for loss in found[:5]
        ]

    seeds: dict[str, Any] = {
        "before": learning.seeds, "after": learning.seeds, "repeated": learning.repeated, "likelihoods": [],
        "gone": [], "kept": [],
    }  # fmt: skip
    return [seeds] + [
        {
            "before": done.before, "after": done.after, "likelihoods": [float(x) for x in done.log_likelihoods],
            "gone": losses(done.cheapest), "kept": losses(done.kept),
        }
        for done in learning.rounds
    ]  # fmt: skip


def counts_data(method: Any, what: str) -> dict[str, Any]:
    """List the most frequent signs or words, and where the list was cut off."""
    ordered = sorted(method.counts.items(), key=lambda item: -item[1])
    many = len(ordered)
    if what == "words":
        different = counted(many, "different word")
    else:
        different = counted(many, "different character")
    if method.left_out is None:
        said = say(
            "The corpus has {different}. Each is an entry, and [UNK], for what it has never seen, is one more: {size}.",
            different=different, size=f"{len(method):,}",
        )  # fmt: skip
    else:
        entry, count = method.left_out
        said = say(
            "The corpus has {different}; the {count} most frequent and [UNK] make the {entries}. First left out: "
            "“{entry}”, seen {times}. All others are [UNK].",
            different=different, count=f"{len(method) - 1:,}", entries=counted(len(method), "entry"), entry=entry,
            times=say_of("how often", "once") if count == 1 else counted(count, "time"),
        )  # fmt: skip
    return {"top": [[entry, count] for entry, count in ordered[:40]], "said": said}
