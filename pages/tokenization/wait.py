"""Learning while the learner waits: the page stays whole, shows how far it is, and stops at a click.

The work is done in small steps at the end of the page's run. Any click or key interrupts it between two steps, the page
answers, and the work goes on where it was.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import cache, state, widgets, work
from app.counts import counted
from app.own_corpus import own
from pages.tokenization.learned import Job, Learned, Spec, read

EVERY = 0.1  # seconds between two signs of progress


def _memo() -> dict[str, Any]:
    return state.memo("tokenization")


def wanted() -> Spec:
    """What the controls ask for; tales while there is no own text yet."""
    corpus, text = state.get("corpus"), own()
    if corpus == "own" and not text.strip():
        corpus = "tales"
    checksum = f"{zlib.crc32(text.encode('utf-8', 'replace')):x}.{len(text)}" if corpus == "own" else ""
    return Spec(corpus, state.get("size"), state.get("split"), checksum)


def current(spec: Spec) -> Learned | None:
    """What has been learned for `spec`, here or in another session, in full or until it was stopped."""
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
    memo = _memo()
    if "job" not in memo or memo["job"].spec != spec:
        memo["job"] = Job(spec, read(spec, own()))
        memo["since"] = time.monotonic()
    job: Job = memo["job"]
    since: float = memo.setdefault("since", time.monotonic())
    with slot.container(horizontal=True, gap="small", vertical_alignment="center", key="gb-learning"):
        bar = st.progress(0.0, text="Learning")
        st.button("Stop", key="tokenization.stop", on_click=state.whole(_stop), args=(spec,))
    last = 0.0
    for what, share in job:
        now = time.monotonic()
        if now - last > EVERY:
            last = now
            bar.progress(min(1.0, share), text=widgets.escape(what + _left(now - since, share)))
    learned = job.finish()
    cache.keep(learned.key, learned)
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
        _memo()["stopped"] = job.finish(stopped=True)


def offer_to_go_on(learned: Learned) -> None:
    """After a stop: how far it came, and a button that learns the rest."""
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
    """What was learned and how long it took, for the right of the claim."""
    if learned is None:
        return "the vocabularies are being learned"
    seconds = _memo().get("seconds", {}).get(learned.key)
    took = "" if seconds is None else f" in {seconds:.1f} s"
    many = learned.characters_read
    read = counted(many, "character")
    if learned.stopped:
        return f"learning from {read} was stopped before its end"
    return f"three vocabularies learned from {read}{took}"
