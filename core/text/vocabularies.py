"""Several vocabularies learned from one corpus, step by step, and written down for another process."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.text.merging import Learning
from core.text.simple import Characters, Words
from core.text.unigram_learning import UnigramLearning

Vocabulary = Characters | Words | Learning | UnigramLearning

LISTED: Mapping[str, type[Characters | Words]] = {"characters": Characters, "words": Words}
LEARNED: Mapping[str, type[Learning | UnigramLearning]] = {
    "bpe": Learning, "wordpiece": Learning, "unigram": UnigramLearning,
}  # fmt: skip
EVERY = 10  # merges between two signs of progress


@dataclass(frozen=True)
class Progress:
    """How far the learning is.

    `method` that is being learned, one of `LEARNED`. `done` of `of`: merges, or Unigram's rounds; 0: the corpus is
    being counted. `entries`: of the method so far, where it has any. `share` of all the learning, 0 to 1.
    """

    method: str
    done: int
    of: int
    entries: int
    share: float


class JointLearning:
    """The vocabularies of one corpus: iterate to learn them one after the other, in the order of `pretokens`.

    Args:
        documents: the corpus.
        size: the entries wanted of each.
        pretokens: what to learn, names in `LISTED` and `LEARNED`, each with a name in `pretokens.PRETOKENS` (what is
            listed needs none: "").
    """

    def __init__(self, documents: Sequence[str], size: int, pretokens: Mapping[str, str]) -> None:
        self.documents, self.size, self.pretokens = documents, size, pretokens
        self.parts: dict[str, Vocabulary] = {}
        self._steps = self._run()

    def __iter__(self) -> Iterator[Progress]:
        return self._steps

    def run(self) -> dict[str, Vocabulary]:
        """Learn to the end; return all of them."""
        for _ in self:
            pass
        return self.so_far()

    def so_far(self) -> dict[str, Vocabulary]:
        """Return what is learned so far, with its letters alone where a method has not begun."""
        for name in self.pretokens:
            self._part(name)
        return self.parts

    def _run(self) -> Iterator[Progress]:
        learned = [name for name in self.pretokens if name in LEARNED]
        for name in self.pretokens:
            if name in LISTED:
                self._part(name)
        for at, name in enumerate(learned):
            yield Progress(name, 0, 0, 0, at / len(learned))
            method = self._part(name)
            assert isinstance(method, Learning | UnigramLearning)
            for progress in _progress(name, method):
                yield replace(progress, share=(at + progress.share) / len(learned))
            method.settle()  # the next one needs the memory

    def _part(self, name: str) -> Vocabulary:
        if name not in self.parts:
            self.parts[name] = self._begin(name, self.pretokens[name])
        return self.parts[name]

    def _begin(self, name: str, pretokens: str) -> Vocabulary:
        if name in LISTED:
            return LISTED[name].learn(self.documents, self.size)
        if name == "unigram":
            return UnigramLearning(self.documents, self.size, pretokens)
        return Learning(self.documents, self.size, pretokens, "count" if name == "bpe" else "score")


def _progress(name: str, method: Learning | UnigramLearning) -> Iterator[Progress]:
    """Learn one method to its end; `share` is of that one alone."""
    if isinstance(method, Learning):
        for merge in method:
            done = merge.step + 1
            if done % EVERY == 0:
                yield Progress(name, done, method.most, len(method.vocabulary), done / max(1, method.most))
    else:
        for record in method:
            done = record.number + 1
            yield Progress(name, done, record.of, record.after + 1, done / record.of)


def write(parts: Mapping[str, Vocabulary]) -> bytes:
    """Write vocabularies down: a NumPy archive of arrays, and JSON for the rest. They may be half learned."""
    about: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    for name, part in parts.items():
        if isinstance(part, Learning | UnigramLearning):
            about[name], found = part.state()
            arrays |= {f"{name}/{key}": values for key, values in found.items()}
        else:
            about[name] = part.state()
    out = io.BytesIO()
    np.savez(out, about=np.frombuffer(json.dumps(about).encode("ascii"), np.uint8), **arrays)
    return out.getvalue()


def read(written: bytes) -> dict[str, Vocabulary]:
    """Read what `write` wrote: to be used, but not to be learned further.

    Raises:
        ValueError, KeyError: that is not what these bytes are.
    """
    with np.load(io.BytesIO(written), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    found: dict[str, Vocabulary] = {}
    for name, about in json.loads(arrays["about"].tobytes()).items():
        if name in LISTED:
            found[name] = LISTED[name].restore(about)
        else:
            own = {
                key.partition("/")[2]: values for key, values in arrays.items() if key.startswith(f"{name}/")
            }
            found[name] = LEARNED[name].restore(about, own)
    return found
