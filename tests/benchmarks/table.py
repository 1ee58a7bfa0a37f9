"""The document of a saved file: `python -m tests.benchmarks.table FILE` prints docs/benchmarks.md."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.counts import counted

SECTIONS = {  # by the module that measured
    "test_activations": "Every activation of a text",
    "test_patching": "Activation patching",
    "test_many_passes": "Many passes of a published model",
    "test_loading": "Loading a model",
    "test_decoding": "Writing text",
    "test_bpe": "Learning a vocabulary",
    "test_vectors": "Vectors of words",
    "test_beginnings": "How soon it begins",
    "test_training": "Training",
    "test_estimates": "What a run was said to take",
    "test_runs": "Training runs in the server",
    "test_fine_tuning": "Fine-tuning",
    "test_corpus_lab": "The corpus lab",
    "test_store": "The store of runs",
    "test_curves": "Live curves",
    "test_latency": "In the browser",
    "test_carried": "A model in a picture’s file, on a phone",
    "test_real": "The published models",
    "test_memory": "Memory of the server",
    "test_servers": "Memory of several server processes",
    "test_view_cost": "What a view costs the server",
    "test_classroom_load": "A class",
    "test_classroom_soak": "An hour of a class that comes and goes",
}

INTRODUCTION = """# Benchmarks

Made by `make bench ARGS="--save .bench.jsonl --table docs/benchmarks.md"`; nothing here is typed by hand.

**Beside other libraries.** All ways compute the same thing from the same weights in one process, on the CPU in float32,
and are checked to give the same result before they are timed. They take turns: every round calls each way once, in
changing order, and a ratio is the median of the rounds' own ratios, how many times as long as Glassbox the other takes.

**Training.** One thread, as a worker trains. A step is the gradient, its length, clipping and the move. The two recipes
take their steps in turns, so that both meet the machine in the same moods; each is trained from three seeds, and the
loss is that over the whole held-out tenth of a text by characters. What each ingredient is worth: [recipe](recipe.md).

**Precision.** Every training figure stands in float32 and in bfloat16, whatever the machine is quick in, so that others
find theirs. Where bfloat16 is slow, single steps are timed instead of whole runs. **What a run was said to take**: the
preset of every page, in a worker's process; said by formula and the machine's measured rate, then, for another seed,
corrected by the run that had just ended.

**How soon it begins.** Processor time of one process with one thread of torch, after what only its first time loads.

**In the browser.** One user, Chromium, the server on the same machine. The clock is the browser's: from the event that
changes a control to the frame after the picture has written its new state.

**Memory** is the resident set of the server process; of several, what they take together, shared pages counted once.

**What a view costs.** Processor time of the server, all threads, from a visitor's act until 0.3 seconds after the
page's run, and the messages that it sends. One visitor, who has no browser and speaks the app's own protocol
(`tests/benchmarks/visitor.py`), as the learners below. What stands before an arrow is an earlier version's, measured in
turns with this one, page by page (`--earlier=CHECKOUT`).

**A class.** Thirty learners, each with an act about every five seconds: another page (three quarters of them one of a
lesson's), a text, a button, a click in a picture, a run's stream. Every third one types what others type, too. Beside
them thirty phones vote and two runs train. A page counts as drawn when its run has ended, or when a bar begins to say
how far long work is. *Counter* is the time from a tap on a phone until the projector shows so many votes; *lead* from
the teacher's step to another view until a phone hears of it. All of it shares the machine with the client, whose share
is told. Memory is the proportional set of the servers, where pages that they share count once. A hundred learners on
four processes have an act every ten seconds each, and nothing trains beside them.

**An hour.** Learners come, act and leave, rooms open and end, runs are trained and deleted. Memory is compared between
the second ten minutes and the last, with so little room for cached results that it is full by then; descriptors and
threads between a server on which each page was open and all that it offers was chosen, and one that all have left.
"""

HUNDRED = 100  # learners of a large class
CLASS = 30  # learners from which one says what a larger class needs
DRAWN_MS = 800  # what the 95th percentile of a drawn page stays below


def machine() -> str:
    """The machine in words: processor, cores, system."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"


def newest(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The records of a saved file; of those with one title, the last."""
    records = [json.loads(line) for line in lines if line.strip()]
    return list({record["title"]: record for record in records}.values())


def _comparison(record: dict[str, Any]) -> list[str]:
    ours, *others = record["value"]
    mine = record["value"][ours]
    if not ours.startswith("glassbox"):  # ways of ours beside each other
        mine = f"{ours}: {mine}"
    rows = []
    for name in others:
        version = next((f" {v}" for package, v in record["versions"].items() if name.startswith(package)), "")
        other = name.replace(version.strip(), "").strip()
        package = other.split(" ")[0].rstrip(",")
        peer = package + version + other[len(package) :]
        least = record["least"].get(name)
        asked = "" if least is None else f"at least {least:g}"
        verdict = "" if least is None else _verdict(record["ratio"][name] >= least)
        values = record["value"]
        rows.append(
            f"| {record['title']} | {mine} | {peer} | {values[name]} | **{record['ratio'][name]:.2f}** "
            f"| {asked}{verdict} | {record['rounds']} |"
        )
    return rows


def _figure(record: dict[str, Any]) -> str:
    unit = record["unit"]
    high = _read(record["high"], unit) if record["rounds"] > 1 else ""
    reached = record["median"] < record["most"]
    asked = f"under {record['most']:g} {unit}".strip()
    if record["most_95"] is not None:
        reached = reached and record["high"] < record["most_95"]
        asked += f", 95th percentile under {record['most_95']:g}"
    middle = _read(record["median"], unit)
    return f"| {record['title']} | **{middle}** | {high} | {asked}{_verdict(reached)} | {record['rounds']} |"


def _read(value: float, unit: str) -> str:
    """A value with as many digits as can be read."""
    return f"{value:,.0f} {unit}".strip() if value >= 20 else f"{value:.2f} {unit}".strip()


def _foretold(record: dict[str, Any]) -> str:
    (said, again), (took, then), within = record["said"], record["took"], record["within"]
    ratios = took / said, then / again
    cells = [f"{said:.1f} s", f"{took:.1f} s", f"{ratios[0]:.2f}", f"{again:.1f} s", f"{then:.1f} s"]
    reached = all(1 / within <= ratio <= within for ratio in ratios)
    return f"| {record['title']} | {' | '.join(cells)} | **{ratios[1]:.2f}** | within {within:g}{_verdict(reached)} |"


def _acts(record: dict[str, Any]) -> list[str]:
    """A class's acts, and under them what it cost."""
    rows = [
        f"| {record['title']}: {name} | {found['count']:,} | **{found['median']:,.0f} ms** | {found['high']:,.0f} ms "
        f"| {found['longest']:,.0f} ms |"
        for name, found in record["acts"].items()
    ]
    busy = record["busy"]
    cost = (
        f"{counted(record['failures'], 'failure')}; processors kept busy: {busy['servers']:.2f} by the servers, "
        f"{busy['workers']:.2f} by trainings and proxy, {busy['client']:.2f} by the client; "
        f"{record['megabytes']:,.0f} MB; load average {record['load']:.1f}"
    )
    return [*rows, f"| {record['title']} | {cost} | | | |"]


def _hundred(record: dict[str, Any]) -> str:
    """What a class of a hundred needs, if all of it grows as the class does; "" of few, or where a figure is missed."""
    slow = record["acts"]["a page drawn"]["high"] >= DRAWN_MS
    if slow or record["failures"] or record["learners"] < CLASS:
        return ""
    times = HUNDRED / record["learners"]
    servers = math.ceil(times * record["servers"])
    memory = servers * record["megabytes"] / record["servers"]
    processors = times * record["busy"]["servers"]
    return (
        f"A class of {HUNDRED} needs {servers} servers, by “{record['title']}”: {processors:.1f} processors for the "
        f"pages and {memory / 1000:.1f} GB, beside what trains ({record['busy']['workers']:.1f} processors)."
    )


def _views(record: dict[str, Any]) -> list[str]:
    """A line for each page: milliseconds and messages of each kind of act, and what an earlier version took."""
    acts = list(dict.fromkeys(what for each in record["views"].values() for what in each))
    lines = [f"| page | {' | '.join(acts)} |", f"|---|{'---|' * len(acts)}"]
    for page, each in record["views"].items():
        was = record.get("earlier", {}).get(page, {})
        cells = [
            f"{_was(was, what)}{each[what][0]:,.0f} ms, {each[what][1]:,.0f}" if what in each else ""
            for what in acts
        ]
        lines.append(f"| {page} | {' | '.join(cells)} |")
    return lines


def _was(earlier: dict[str, float], what: str) -> str:
    return f"{earlier[what]:,.0f} → " if what in earlier else ""


def _verdict(reached: bool) -> str:
    return ": reached" if reached else ": **missed**"


def render(lines: Iterable[str]) -> str:
    """The document of a saved file."""
    records = newest(lines)
    parts = [INTRODUCTION]
    for module, title in SECTIONS.items():
        own = [record for record in records if record["module"] == module]
        pairs = [record for record in own if "ratio" in record]
        alone = [record for record in own if "most" in record]
        told = [record for record in own if "said" in record]
        if own:
            parts.append(f"## {title}\n")
        if told:
            parts.append(
                "| run | said | took | times as long | said after it | took | times as long | figure |\n"
                "|---|---|---|---|---|---|---|---|"
            )
            parts += [_foretold(record) for record in told]
            parts.append("")
        if pairs:
            parts.append(
                "| what | Glassbox | other | | ratio | figure | rounds |\n|---|---|---|---|---|---|---|"
            )
            parts += [row for record in pairs for row in _comparison(record)]
            parts.append("")
        if alone:
            parts.append("| what | median | 95th percentile | figure | rounds |\n|---|---|---|---|---|")
            parts += [_figure(record) for record in alone]
            parts.append("")
        classes = [record for record in own if "acts" in record]
        if classes:
            parts.append("| what | times | median | 95th percentile | longest |\n|---|---|---|---|---|")
            parts += [row for record in classes for row in _acts(record)]
            parts += ["", *filter(None, map(_hundred, classes)), ""]
        for record in own:
            parts += [*_views(record), ""] if "views" in record else []
    seen = dict.fromkeys(record["machine"] for record in records)
    stack = {name: v for record in records for name, v in record.get("versions", {}).items()}
    measured = ", ".join(f"{name} {version}" for name, version in stack.items())
    parts.append(f"Measured on {'; '.join(seen)}, with {measured}.")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    print(render(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()), end="")
