"""Command line training, into the same store as the pages: `python -m core.runs.train SPEC`.

SPEC is a JSON file, or words: a model and settings, or `fine_tune` and settings, which begin as on the page.

    python -m core.runs.train gpt-nano corpus=tales steps=500 learning_rate=0.01
    python -m core.runs.train spec.json --text story.txt --name "My story"
    python -m core.runs.train fine_tune task=sentiment way=lora rank=2

Ctrl-C pauses: the run is kept, and `--resume RUN` goes on.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.runs.kinds import Reached
from core.runs.lease import Lease
from core.runs.loop import Training
from core.runs.queue import Ticket, hold
from core.runs.records import Run, RunError
from core.runs.store import Store
from core.runs.worker import lease_seconds, resume

if TYPE_CHECKING:
    from core.training.fine_tune_spec import FineTuneSpec
    from core.training.spec import TrainSpec

OWNER = "shell"
FINE_TUNE = "fine_tune"


def main(arguments: list[str] | None = None) -> int:
    """Train; return 0 when the run ended well or was paused, 1 when it did not, 2 when it could not begin."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if bool(options.spec) == bool(options.resume):
        parser.error("give a spec, or --resume RUN")
    try:
        store = Store(options.db)
        if options.resume:
            store.command(options.resume, options.owner, "run")
            ticket = resume(store, options.resume)
        else:
            ticket = _begin(store, options)
        run = _train(store, ticket, options.owner)
    except (RunError, ValueError, OSError) as why:
        print(why, file=sys.stderr)
        return 2
    words = run.ended or f"Paused at step {run.step:,}; go on with --resume {run.id}"
    print(f"{words}\nrun {run.id}")
    return 0 if run.state in ("done", "paused", "stopped") else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.runs.train",
        description="Train or fine-tune a model into the run store, with a progress bar. Ctrl-C pauses.",
        epilog="settings: any field of core.TrainSpec, after fine_tune of core.training.fine_tune_spec.FineTuneSpec, "
        "as name=value (changes, stages and targets as JSON)",
    )
    parser.add_argument(
        "spec",
        nargs="*",
        help="a JSON file, or a model's name (or fine_tune) and settings: gpt-nano steps=500",
    )
    parser.add_argument(
        "--text", type=Path, help="a text file to train on instead of a corpus; of fine_tune labelled lines"
    )
    parser.add_argument("--name", default="", help="what the run is called")
    parser.add_argument("--owner", default=OWNER, help="whose run it is (default: %(default)s)")
    parser.add_argument(
        "--db", help="the run store (default: GLASSBOX_DB, else a SQLite file in GLASSBOX_DATA)"
    )
    parser.add_argument("--resume", metavar="RUN", help="go on with a run that was paused or interrupted")
    return parser


def read_spec(words: list[str], text: str | None = None) -> TrainSpec | FineTuneSpec:
    """Parse a spec from a JSON file's name, or from a model's name (or `fine_tune`) and name=value settings.

    Raises:
        ValueError: a word that is neither, an unknown setting, a value that does not fit.
    """
    from core.data.corpora import fingerprint
    from core.training.spec import VERSION, TrainSpec

    if words[:1] == [FINE_TUNE]:
        return _tuned(words[1:], text)
    values: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            values[name] = _value(value)
        elif word.endswith(".json"):
            values |= _of_file(word)
        else:
            values["model"] = word
    if values.get("kind") == FINE_TUNE:
        return _checked(values, text)
    if text is not None:
        values |= {"corpus": "own", "text": fingerprint(text)}
    return TrainSpec.from_dict({"version": VERSION, **values})


def _of_file(name: str) -> dict[str, Any]:
    values = json.loads(Path(name).read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise ValueError(f"{name} is no spec: it holds no JSON object")
    return values


def _tuned(words: list[str], text: str | None) -> FineTuneSpec:
    """Build a fine-tuning spec from the page's defaults and the given settings."""
    from core.training.fine_tune_spec import PRESETS, compared

    if wrong := next((word for word in words if "=" not in word), None):
        raise ValueError(f"{wrong!r} is no setting: write name=value, as in task=sentiment way=lora")
    values = {name: _value(value) for name, _, value in (word.partition("=") for word in words)}
    task = values.get("task", "sentiment")
    begins = compared(task, values.get("way", "lora")) if task in PRESETS else None
    return _checked((begins.to_dict() if begins else {}) | values, text)


def _checked(values: dict[str, Any], text: str | None) -> FineTuneSpec:
    from core.data.corpora import fingerprint
    from core.training.fine_tune_spec import FineTuneSpec

    named = {"text": fingerprint(text)} if text is not None else {}
    return FineTuneSpec.from_dict({**FineTuneSpec.marks, **values, **named})


def _value(word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError:  # a string without quotation marks
        return {"True": True, "False": False, "None": None}.get(word, word)


def _begin(store: Store, options: argparse.Namespace) -> Ticket:
    from core.data.corpora import check_text

    text = check_text(options.text.read_bytes()) if options.text else None
    spec = read_spec(options.spec, text)
    with store.database.writing() as connection:
        run = store.add(connection, spec, options.owner, options.name, text)
        ticket = hold(connection, store.database, run.id, lease_seconds())
    assert ticket is not None
    return ticket


def _train(store: Store, ticket: Ticket, owner: str) -> Run:
    from tqdm import tqdm

    run = store.get(ticket.id)
    interrupted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: interrupted.append(number))

    def leaving() -> bool:
        if interrupted:
            store.command(run.id, owner, "pause")
        return bool(interrupted)

    with tqdm(total=run.steps, initial=run.step, unit=" steps", disable=None) as bar:

        def watch(point: Reached) -> None:
            bar.update(point.step - bar.n)
            held_out = {} if point.held_out is None else {"held out": f"{point.held_out:.3f}"}
            bar.set_postfix(loss=f"{point.loss:.3f}", **held_out, refresh=False)

        try:
            lease = Lease.take(store.database, ticket, lease_seconds())
            Training(store, lease, leaving=leaving, watch=watch).run()
        finally:
            signal.signal(signal.SIGINT, before)
    return store.get(run.id)


if __name__ == "__main__":
    raise SystemExit(main())
