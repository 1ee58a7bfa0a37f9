"""Wait for vocabularies that are being learned: with progress, Stop and Learn on, and with others who want the same.

They are learned in processes of their own (core/text/learner.py); the page's thread only looks how far they are, at the
end of its run. Any click or key interrupts that, the page answers, and waits on. A process rests while nobody waits.
"""

from __future__ import annotations

import threading
import time
import weakref
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import markup
from app.controls import work
from app.controls.own_corpus import own
from app.counts import counted
from app.models import cache, turns
from app.session import state
from core.messages import say
from core.text.learner import Learner, LearningFailed
from core.text.vocabularies import Progress, Vocabulary
from pages.tokenization.learned import (
    AT_ONCE,
    NAMES,
    Learned,
    Spec,
    Vocabularies,
    found_again,
    learned_of,
    read,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamlit.delta_generator import DeltaGenerator

STEP = 0.1  # seconds between two signs of progress
WAITS = 0.2  # seconds between two looks whether one may begin
LEFT = 2  # half-learned vocabularies that are kept for whoever comes back: a resting process each, of 60 to 400 MB


class Job:
    """The learning of one spec's vocabularies, for all sessions that want them.

    Args:
        own: the learner's own text, where the spec is of that.

    Attributes:
        waiting: how many sessions wait for it.
        learner: the process; None before a place was free.
    """

    def __init__(self, spec: Spec, own: str = "") -> None:
        self.spec, self.waiting = spec, 0
        self.learner: Learner | None = None
        self._documents: Sequence[str] = read(spec, own)
        self._lock = threading.Lock()

    def begin(self) -> Learner:
        """Let the process learn, begun or at rest; return it. Raises OSError: it cannot be started."""
        with self._lock:
            if self.learner is None:
                self.learner = Learner(self._documents, self.spec.size, self.spec.kinds)
                self._documents = ()  # the process has them now
            else:
                self.learner.go_on()
            return self.learner

    def rest(self) -> None:
        """Let the process wait, if there is one and nobody waits for it."""
        with self._lock:  # so that nobody's `begin` comes in between
            if self.learner is not None and not self.waiting:
                self.learner.rest()

    def close(self) -> None:
        """End the process, if there is one."""
        if self.learner is not None:
            self.learner.close()

    @property
    def failed(self) -> bool:
        """Whether the process has ended without all that was to be learned."""
        return self.learner is not None and bool(self.learner.failed)

    @property
    def said(self) -> Progress | None:
        """How far it is."""
        return None if self.learner is None else self.learner.said


class Jobs:
    """The jobs that somebody waits for, or waited for last. Few learn at once; who comes first is first.

    Args:
        most: how many learn at once.
    """

    def __init__(self, most: int) -> None:
        self._most, self._learning = most, 0
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._line: list[object] = []  # who waits for a place, in the order in which they came
        self._lock = threading.Lock()

    def of(self, spec: Spec, own: str = "") -> Job:
        """Return the job on `spec`, begun or joined."""
        found = self.get(spec)
        if found is None:
            found = Job(spec, own)  # a corpus may take a second to be written: nobody else waits for that
        with self._lock:
            return self._jobs.setdefault(spec.key, found)

    def get(self, spec: Spec) -> Job | None:
        """Return the job on `spec` if there is one; one whose process has ended is none."""
        with self._lock:
            found = self._jobs.get(spec.key)
            if found is not None and found.failed:
                del self._jobs[spec.key]
                return None
            return found

    def drop(self, job: Job) -> None:
        """Forget a job, and end its process."""
        with self._lock:
            if self._jobs.get(job.spec.key) is job:
                del self._jobs[job.spec.key]
        job.close()

    @contextmanager
    def wait(self, job: Job, report: Callable[[], object] = lambda: None) -> Iterator[Learner]:
        """Wait for a place, and let the job learn during the body of the `with` block, or longer for others.

        Args:
            report: called from this thread every so often until then; what it raises ends the waiting.

        Raises:
            OSError: its process cannot be started.
        """
        self._enter(job, report)
        try:
            yield job.begin()
        finally:
            self._leave(job)

    def _enter(self, job: Job, report: Callable[[], object]) -> None:
        me = object()
        with self._lock:
            self._line.append(me)
        try:
            while not self._begun(job, me):
                report()
                time.sleep(WAITS)
        finally:
            with self._lock:
                self._line.remove(me)

    def _begun(self, job: Job, me: object) -> bool:
        """Count one more who waits for the job; return False where that needs a place, and it is another's turn."""
        with self._lock:
            if not job.waiting:
                free = self._most - self._learning
                if me not in self._line[:free]:
                    return False
                self._learning += 1
            job.waiting += 1
            return True

    def _leave(self, job: Job) -> None:
        with self._lock:
            job.waiting -= 1
            if not job.waiting:
                self._learning -= 1
            if self._jobs.get(job.spec.key) is job:
                self._jobs.move_to_end(job.spec.key)
            old = [key for key, one in self._jobs.items() if not one.waiting][:-LEFT]
            dropped = [self._jobs.pop(key) for key in old]
        job.rest()
        for one in dropped:
            one.close()


_jobs = Jobs(AT_ONCE)


def _memo() -> dict[str, Any]:
    return state.memo("tokenization")


def wanted() -> Spec:
    """Read what the controls ask for; tales while there is no own text yet."""
    corpus, text = state.get("corpus"), own()
    if corpus == "own" and not text.strip():
        corpus = "tales"
    checksum = f"{zlib.crc32(text.encode('utf-8', 'replace')):x}.{len(text)}" if corpus == "own" else ""
    return Spec(corpus, state.get("size"), state.get("split"), checksum)


def current(spec: Spec) -> Vocabularies:
    """Look up what has been learned for `spec`, here or in another session, in full or until it was stopped."""
    if cache.kept(spec.key) is not None:
        return Vocabularies(spec.key, partial(found_again, spec, own() if spec.own else ""))
    stopped: Learned | None = _memo().get("stopped")
    if stopped is None or stopped.spec != spec:
        return Vocabularies("", cache.kept)
    if cache.kept(stopped.key) is None:
        cache.keep(stopped.key, stopped)  # others come and go; to weigh it at every run would take long
    return Vocabularies(stopped.key, lambda key: stopped)


def go_on(spec: Spec, slot: DeltaGenerator, notes: Sequence[str] = ()) -> None:
    """Wait for what is missing, with a bar and a button to stop; then draw the page again, with its notes."""
    memo = _memo()
    if failed := _failed(spec):
        _offer_to_try_again(slot, failed)
        return
    job = _jobs.of(spec, own())
    mine = memo.get("job")
    if mine is None or mine() is not job:
        memo.update(job=weakref.ref(job), since=time.monotonic())
    since: float = memo["since"]
    with slot.container(horizontal=True, gap="small", vertical_alignment="center", key="gb-learning"):
        bar = st.progress(0.0, text=say("Learning"))
        st.button(say("Stop"), key="tokenization.stop", on_click=state.whole(_stop), args=(spec,))

    def told() -> None:
        share = 0.0 if job.said is None else job.said.share
        bar.progress(
            min(1.0, share), text=markup.escape(words(job.said) + _left(time.monotonic() - since, share))
        )

    def waits() -> None:
        bar.progress(0.0, text=say("Waits for the vocabularies of other visitors"))

    try:
        with turns.aside(), _jobs.wait(job, waits) as learner:
            while cache.kept(spec.key) is None and not learner.wait(STEP):
                told()
            if cache.kept(spec.key) is None:
                cache.keep(spec.key, learned_of(spec, learner.result()))
    except (LearningFailed, OSError) as why:
        memo["failed"] = spec.key, _reason(why)
    else:
        memo["seconds"] = {**memo.get("seconds", {}), spec.key: time.monotonic() - since}
    _jobs.drop(job)
    memo["job"] = None
    for note in notes:
        state.note(note)
    work.again()


def words(said: Progress | None) -> str:
    """Say what is being learned, and how far that is."""
    if said is None:
        return say("Learning")
    if said.method == "unigram":
        if said.done:
            return say("Unigram: {count} entries left", count=f"{said.entries:,}")
        return say("Unigram: counting candidates")
    name = NAMES[said.method]
    if said.done:
        return say(
            "{method}: merge {number} of {count}", method=name, number=f"{said.done:,}", count=f"{said.of:,}"
        )
    return say("{method}: counting pairs", method=name)


def _left(spent: float, share: float) -> str:
    if share < 0.05:
        return ""
    return say("; about {seconds} s left", seconds=max(1, round(spent * (1 - share) / share)))


def _failed(spec: Spec) -> str:
    """Return why learning failed here last, if that was on `spec`; else ""."""
    key, why = _memo().get("failed", ("", ""))
    return str(why) if key == spec.key else ""


def _reason(why: LearningFailed | OSError) -> str:
    """Say why a process gave nothing; where it lies is nobody's business."""
    if isinstance(why, OSError):
        reason = why.strerror or say("the system refused it")
        return say("no process could be started for them ({reason})", reason=reason)
    return str(why)


def _offer_to_try_again(slot: DeltaGenerator, why: str) -> None:
    with slot.container(horizontal=True, gap="small", vertical_alignment="center", key="gb-learning"):
        st.warning(markup.escape(say("The vocabularies were not learned: {why}.", why=why)))
        st.button(
            say("Try again"),
            key="tokenization.again",
            on_click=state.whole(lambda: _memo().pop("failed", None)),
        )


def _stop(spec: Spec) -> None:
    """Take what is learned so far; its process rests, and “Learn on” goes on with it while it is there."""
    job = _jobs.get(spec)
    if job is None:
        return
    try:
        parts = so_far(job)
    except (LearningFailed, OSError) as why:
        _memo()["failed"] = spec.key, _reason(why)
        return
    if job.learner is None or job.learner.found is None:  # else there is nothing left to stop
        _memo()["stopped"] = learned_of(spec, parts, stopped=True)


def so_far(job: Job) -> dict[str, Vocabulary]:
    """Return what a job has learned so far; one that still waits for a place knows the letters alone.

    Raises:
        LearningFailed, OSError: its process has ended, or cannot be started.
    """
    learner = job.learner or job.begin()
    found = learner.so_far()
    job.rest()
    return found


def offer_to_go_on(learned: Learned | None) -> None:
    """Say after a stop how far it came, and draw a button that learns the rest."""
    if learned is None or not learned.stopped:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="gb-stopped"):
        rounds, seeds = learned.unigram.rounds, learned.unigram.seeds + 1
        left = rounds[-1].after + 1 if rounds else seeds
        st.caption(
            say(
                "Stopped after {merges} of BPE and {wordpiece} of WordPiece. Unigram still has {left} of its {seeds} "
                "candidates. The rows above know no more than that.",
                merges=counted(len(learned.bpe.merges), "merge"), wordpiece=f"{len(learned.wordpiece.merges):,}",
                left=f"{left:,}", seeds=f"{seeds:,}",
            )
        )  # fmt: skip
        st.button(
            say("Learn on"), key="tokenization.on", on_click=state.whole(lambda: _memo().pop("stopped", None))
        )


def facts(learned: Learned | None) -> str:
    """Say what was learned and how long it took, for the right of the claim."""
    if learned is None:
        failed = _failed(wanted())
        return (
            say("the vocabularies were not learned") if failed else say("the vocabularies are being learned")
        )
    seconds = _memo().get("seconds", {}).get(learned.key)
    characters = counted(learned.characters_read, "character")
    if learned.stopped:
        return say("learning from {characters} was stopped before its end", characters=characters)
    if seconds is None:
        return say("three vocabularies learned from {characters}", characters=characters)
    return say(
        "three vocabularies learned from {characters} in {seconds} s",
        characters=characters, seconds=f"{seconds:.1f}",
    )  # fmt: skip
