"""Learn vocabularies from a corpus while the learner waits: what is asked for, how far it is, what came of it.

A picture outside of the app is made of these, too: Streamlit is imported where a learner waits, at the end.
"""

from __future__ import annotations

import copy
import json
import re
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from app import markup
from app.counts import counted
from app.kit import pack
from core.data.corpora import corpus as documents_of
from core.text.merging import Learning, Merge
from core.text.pieces import Method
from core.text.pretokens import BYTE_OF, SPACE_MARK
from core.text.simple import Characters, Words
from core.text.unigram_learning import Loss, UnigramLearning
from core.text.unigram_stages import Stages
from core.text.wordpiece import CONTINUED

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

AMOUNT = 200_000  # characters of a corpus that has more; an own text is read whole
SIZES = (50, 100, 200, 300, 400, 500, 700, 1000, 1500, 2000, 3000, 4000)
USUAL = {"bpe": "bytes", "wordpiece": "words", "unigram": "spaces"}  # where each method comes from
NAMES = {"bpe": "BPE", "wordpiece": "WordPiece", "unigram": "Unigram"}


PARTS = re.compile(r"(\\x[0-9a-f]{2})+")  # stray bytes as Python writes them


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


def read(spec: Spec, own: str = "") -> list[str]:
    """Read the documents that are learned from: the first 200,000 characters of a corpus, or all of an own text."""
    if spec.corpus == "own":
        return [own]
    found, room = [], AMOUNT
    for document in documents_of(spec.corpus):
        found.append(document[:room])
        room -= len(found[-1])
        if room <= 0:
            break
    return found


@dataclass
class Learned:
    """Hold all vocabularies of one corpus. `stopped`: the learner did not wait for the end."""

    spec: Spec
    characters: Characters
    words: Words
    bpe: Learning
    wordpiece: Learning
    unigram: UnigramLearning
    stopped: bool = False

    @property
    def key(self) -> str:
        """Key the spec, and how far it came where it was stopped."""
        far = f"\x1f{len(self.bpe.merges)}.{len(self.wordpiece.merges)}" if self.stopped else ""
        return self.spec.key + far

    @property
    def characters_read(self) -> int:
        """Count the characters of the corpus, spaces too."""
        return sum(self.characters.counts.values())

    @cached_property
    def methods(self) -> dict[str, Method]:
        """Return the tokenizers, by the rows' names."""
        return {
            "characters": self.characters,
            "words": self.words,
            "bpe": self.bpe.tokenizer(),
            "wordpiece": self.wordpiece.tokenizer(),
            "unigram": self.unigram.tokenizer(),
        }

    @cached_property
    def stages(self) -> Stages:
        """Rebuild Unigram's vocabulary at the start and after each round; the last one is `methods["unigram"]`."""
        return Stages(self.unigram)

    @cached_property
    def json(self) -> str:
        """Serialize everything the browser needs to walk through the learning by itself."""
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
            unknown = "" if set(crowded) == {"bpe"} else "; and [UNK]"
            few = f"{counted(self.spec.size, 'entry')} cannot hold the single signs, which all stay"
            found.append(f"{few}: {signs}{unknown}.")
        ended = [
            f"{NAMES[name]} ends at {_sized(method)}" for name, method in all_three.items() if method.ended
        ]
        if ended:
            found.append(f"The corpus repeats nothing more: {', '.join(ended)} entries.")
        if self.unigram.left_out and not crowded:
            rare = f"{self.unigram.left_out:,} rarer ones are left out for speed"
            found.append(f"Unigram learned from the most frequent words; {rare}.")
        return " ".join(found)


class Job:
    """Learn in steps: iterate for (what, share done); stop at any time and `finish`.

    Attributes:
        lock: held by the session that takes a step, where several wait for the same vocabularies.
        waiting: how many sessions wait for it; said: what its last step reported.
    """

    def __init__(self, spec: Spec, documents: Sequence[str]) -> None:
        self.spec, self.documents = spec, documents
        self.parts: dict[str, Any] = {}
        self.lock, self.waiting, self.said = threading.Lock(), 0, ("Learning", 0.0)
        self._steps = self._run()

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return self._steps

    def step(self) -> bool:
        """Learn for a moment; return whether anything is left to learn."""
        until = time.monotonic() + STEP
        with self.lock:
            for said in self._steps:
                self.said = said
                if time.monotonic() > until:
                    return True
        return False

    def _run(self) -> Iterator[tuple[str, float]]:
        size = self.spec.size
        self.parts["characters"] = Characters.learn(self.documents, size)
        self.parts["words"] = Words.learn(self.documents, size)
        for at, method in enumerate(("bpe", "wordpiece")):
            yield f"{NAMES[method]}: counting pairs", 0.33 * at
            learning = self._part(method)
            for merge in learning:
                if merge.step % 10 == 9:
                    share = (merge.step + 1) / max(1, learning.most)
                    said = f"{NAMES[method]}: merge {merge.step + 1:,} of {learning.most:,}"
                    yield said, 0.33 * (at + share)
        yield "Unigram: counting candidates", 0.66
        unigram = self._part("unigram")
        for done in unigram:
            yield f"Unigram: {done.after + 1:,} entries left", 0.66 + 0.34 * (done.number + 1) / done.of

    def _part(self, method: str) -> Any:
        if method not in self.parts:
            pretokens = self.spec.pretokens(method)
            if method == "unigram":
                self.parts[method] = UnigramLearning(self.documents, self.spec.size, pretokens)
            else:
                rule = "count" if method == "bpe" else "score"
                self.parts[method] = Learning(self.documents, self.spec.size, pretokens, rule)  # type: ignore[arg-type]
        return self.parts[method]

    def finish(self, stopped: bool = False) -> Learned:
        """Return what has been learned so far; a method that has not begun knows its letters only."""
        with self.lock:
            for method in NAMES:
                self._part(method)
            # what one visitor has stopped another may still wait for
            parts = copy.deepcopy(self.parts) if stopped and self.waiting else self.parts
            return Learned(self.spec, **parts, stopped=stopped)


def _singles(name: str, method: Learning | UnigramLearning) -> str:
    """Count the single signs of a method, which always stay: "Unigram 61"."""
    many = method.alphabet if isinstance(method, UnigramLearning) else len(method.letters)
    what = " bytes" if name == "bpe" and method.pretokens == "bytes" else ""
    marked = " (most letters twice, also with ##)" if name == "wordpiece" else ""
    return f"{NAMES[name]} {many}{what}{marked}"


def _sized(method: Learning | UnigramLearning) -> str:
    many = method.seeds + 1 if isinstance(method, UnigramLearning) else len(method.vocabulary)
    return f"{many:,}"


def learn(spec: Spec, own: str = "") -> Learned:
    """Learn all vocabularies at once, without progress."""
    job = Job(spec, read(spec, own))
    for _ in job:
        pass
    return job.finish()


learn_once = lru_cache(maxsize=2)(learn)  # some seconds, and some 20 MB


# ------------------------------------------------------------------------------------------ for the browser


def shown(entry: str, pretokens: str) -> tuple[str, str | None]:
    """Read an entry as text; and as hexadecimal bytes if it is only a part of a character, else None."""
    mark = CONTINUED if entry.startswith(CONTINUED) and len(entry) > len(CONTINUED) else ""
    body = entry.removeprefix(mark)
    if pretokens == "bytes" and body and all(letter in BYTE_OF for letter in body):
        data = bytes(BYTE_OF[letter] for letter in body)
        text = data.decode("utf-8", errors="backslashreplace")
        try:
            return mark + data.decode("utf-8"), None
        except UnicodeDecodeError:
            part = PARTS.sub(lambda found: found[0].replace("\\x", " "), text).strip()
            return mark + part, mark + part
    return mark + body.replace(SPACE_MARK, " "), None


def merges_data(learning: Learning) -> dict[str, Any]:
    """Pack BPE or WordPiece step by step: ids of the pair and of what it made, counts, rivals, and changed words."""
    id = {entry: at for at, entry in enumerate(learning.vocabulary)}
    merges = learning.merges
    read = [shown(entry, learning.pretokens) for entry in learning.vocabulary]
    return {
        "entries": list(learning.vocabulary),
        "shown": [text for text, _ in read],
        "bytes": {str(at): part for at, (_, part) in enumerate(read) if part},
        "letters": learning.n_characters,
        "left": pack([id[m.left] for m in merges]),
        "right": pack([id[m.right] for m in merges]),
        "made": pack([m.id for m in merges]),
        "count": pack([m.count for m in merges]),
        "parts": pack([[m.rivals[0].left_count, m.rivals[0].right_count] for m in merges]),
        "score": pack([m.score for m in merges]),
        "symbols_left": pack([learning.n_characters, *(m.symbols for m in merges)]),
        "rivals": pack(_rivals(merges, id)),
        "other": [[id[m.other.left], id[m.other.right], m.other.count] for m in merges],
        "changes": [[[c.count, [id[entry] for entry in c.before]] for c in m.changes] for m in merges],
    }


def _rivals(merges: Sequence[Merge], id: dict[str, int]) -> np.ndarray[Any, Any]:
    """Collect the best pairs before each merge, (merges, 5, 4): ids of the two parts, count, score; -1 where fewer."""
    found = np.full((len(merges), 5, 4), -1.0)
    for at, merge in enumerate(merges):
        for rank, pair in enumerate(merge.rivals[:5]):
            found[at, rank] = id[pair.left], id[pair.right], pair.count, pair.score
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
    said = f"The corpus has {many:,} different {what if many != 1 else what.removesuffix('s')}"
    if method.left_out is None:
        said += f". Each is an entry, and [UNK], for what it has never seen, is one more: {len(method):,}."
    else:
        entry, count = method.left_out
        seen = "once" if count == 1 else f"{count:,} times"
        said += (
            f"; the {len(method) - 1:,} most frequent and [UNK] make the {counted(len(method), 'entry')}. "
        )
        said += f"First left out: “{entry}”, seen {seen}. All others are [UNK]."
    return {"top": [[entry, count] for entry, count in ordered[:40]], "said": said}


# ------------------------------------------------------------------------------------------ while the learner waits

# The work is done in small steps at the end of the page's run. Any click or key interrupts it between two steps, the
# page answers, and the work goes on where it was. Visitors who wait for the same vocabularies take its steps by turns.

STEP = 0.1  # seconds of a step, and between two signs of progress
AT_ONCE = 8  # vocabularies that are being learned, for all visitors
_jobs: OrderedDict[str, Job] = OrderedDict()
_jobs_lock = threading.Lock()


def _job(spec: Spec) -> Job:
    """Return the work on `spec`, begun or joined."""
    from app.controls.own_corpus import own

    # a corpus may take a second to be written: nobody else waits for that
    found = _jobs.get(spec.key) or Job(spec, read(spec, own()))
    with _jobs_lock:
        found = _jobs.setdefault(spec.key, found)
        _jobs.move_to_end(spec.key)
        while len(_jobs) > AT_ONCE:
            _jobs.popitem(last=False)
        return found


@contextmanager
def _waited_for(job: Job) -> Iterator[None]:
    with _jobs_lock:
        job.waiting += 1
    try:
        yield
    finally:
        with _jobs_lock:
            job.waiting -= 1


def _memo() -> dict[str, Any]:
    from app.session import state

    return state.memo("tokenization")


def wanted() -> Spec:
    """Read what the controls ask for; tales while there is no own text yet."""
    from app.controls.own_corpus import own
    from app.session import state

    corpus, text = state.get("corpus"), own()
    if corpus == "own" and not text.strip():
        corpus = "tales"
    checksum = f"{zlib.crc32(text.encode('utf-8', 'replace')):x}.{len(text)}" if corpus == "own" else ""
    return Spec(corpus, state.get("size"), state.get("split"), checksum)


def current(spec: Spec) -> Learned | None:
    """Look up what has been learned for `spec`, here or in another session, in full or until it was stopped."""
    from app.models import cache

    found: Learned | None = cache.kept(spec.key)
    stopped: Learned | None = _memo().get("stopped")
    if found is None and stopped is not None and stopped.spec == spec:
        found = stopped
        cache.keep(
            found.key, found
        )  # others come and go; to weigh it at every run of the page would take long
    return found


def go_on(spec: Spec, slot: DeltaGenerator, notes: Sequence[str] = ()) -> None:
    """Learn what is missing, with a bar and a button to stop; then draw the page again, with its notes."""
    import streamlit as st

    from app.controls import work
    from app.models import cache, turns
    from app.session import state

    memo = _memo()
    if memo.get("job") is None or memo["job"].spec != spec:
        memo.update(job=_job(spec), since=time.monotonic())
    job: Job = memo["job"]
    since: float = memo.setdefault("since", time.monotonic())
    with slot.container(horizontal=True, gap="small", vertical_alignment="center", key="gb-learning"):
        bar = st.progress(0.0, text="Learning")
        st.button("Stop", key="tokenization.stop", on_click=state.whole(_stop), args=(spec,))

    def told() -> None:
        what, share = job.said
        bar.progress(min(1.0, share), text=markup.escape(what + _left(time.monotonic() - since, share)))

    left = True
    with _waited_for(job):
        while left and cache.kept(spec.key) is None:
            with turns.turn(told):
                left = job.step()
            told()
    if cache.kept(spec.key) is None:
        cache.keep(spec.key, job.finish())
    with _jobs_lock:
        _jobs.pop(spec.key, None)
    memo.pop("job", None)
    memo["seconds"] = {**memo.get("seconds", {}), spec.key: time.monotonic() - since}
    for note in notes:
        state.note(note)
    work.again()


def _left(spent: float, share: float) -> str:
    if share < 0.05:
        return ""
    return f"; about {max(1, round(spent * (1 - share) / share))} s left"


def _stop(spec: Spec) -> None:
    job: Job | None = _memo().get("job")
    if job is not None and job.spec == spec:
        with _jobs_lock:
            if not job.waiting:  # what nobody else waits for is this visitor's alone from now on
                _jobs.pop(spec.key, None)
        _memo()["stopped"] = job.finish(stopped=True)


def offer_to_go_on(learned: Learned) -> None:
    """Say after a stop how far it came, and draw a button that learns the rest."""
    import streamlit as st

    from app.session import state

    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="gb-stopped"):
        far = f"{counted(len(learned.bpe.merges), 'merge')} of BPE and {len(learned.wordpiece.merges):,} of WordPiece"
        rounds, seeds = learned.unigram.rounds, learned.unigram.seeds + 1
        left = rounds[-1].after + 1 if rounds else seeds
        unigram = f"Unigram still has {left:,} of its {seeds:,} candidates"
        st.caption(f"Stopped after {far}. {unigram}. The rows above know no more than that.")
        st.button(
            "Learn on", key="tokenization.on", on_click=state.whole(lambda: _memo().pop("stopped", None))
        )


def facts(learned: Learned | None) -> str:
    """Say what was learned and how long it took, for the right of the claim."""
    if learned is None:
        return "the vocabularies are being learned"
    seconds = _memo().get("seconds", {}).get(learned.key)
    took = "" if seconds is None else f" in {seconds:.1f} s"
    many = learned.characters_read
    read = counted(many, "character")
    if learned.stopped:
        return f"learning from {read} was stopped before its end"
    return f"three vocabularies learned from {read}{took}"
