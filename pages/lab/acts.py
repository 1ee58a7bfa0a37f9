"""What the buttons do: start, one step, pause, go on, stop, fork. Each is a callback; a refusal is said in words."""

from __future__ import annotations

from app import events, runs, state
from core.training import TrainSpec
from pages.lab import setting, shown

KEY = "lab"  # of the picture


def start() -> None:
    """Train the next run, or say why not."""
    _start()


def _start() -> str:
    """The id of the run, "" when it was refused."""
    spec = setting.current()
    return _begin(setting.ready(spec, state.get("text")), spec)


def start_with_a_step() -> None:
    """Start the next run and let it take a single step."""
    if id := _start():
        command(id, "step")


def _begin(spec: TrainSpec, asked: TrainSpec) -> str:
    begun = runs.start(spec, text=setting.own_text(asked.text), name=shown.free_name())
    if isinstance(begun, str):
        state.note(begun)
        return ""
    before = [id for id in shown.listed() if id != begun.id]
    now = state.get("model").removeprefix(shown.RUN)
    if state.get("model").startswith(shown.RUN) and now not in before:
        before.insert(0, now)  # the run that was open stays beside the new one
    state.update({"runs": " ".join([begun.id, *before][: shown.MOST])})
    state.memo("lab")["waiting"] = begun.id
    return begun.id


def command(id: str, word: str) -> None:
    """Say a word to a run."""
    if why := runs.command(id, word):
        state.note(why)


def sent_command() -> None:
    """The same, from the picture's keyboard."""
    heard = events.sent(KEY, "command")
    if heard.get("word") in ("run", "pause", "step", "stop"):
        command(str(heard.get("run")), str(heard["word"]))


def sent_fork() -> None:
    """Fork from the moment that the picture names."""
    heard = events.sent(KEY, "fork")
    step = heard.get("step")
    if isinstance(step, int):
        fork(str(heard.get("run")), step)


def fork(id: str, step: int) -> None:
    """Start a run with the present settings on the weights of a checkpoint."""
    parent = runs.find(id)
    if parent is None:
        state.note("That run is not there any more, so nothing was forked.")
        return
    spec = setting.current()
    try:
        child = setting.fork(setting.ready(spec, state.get("text")), parent.spec, id, step)
    except ValueError as why:
        state.note(f"These settings do not fit the model of {shown.run_name(parent)}: {why}.")
        return
    _begin(child, child)


def go_on(id: str) -> None:
    """A stopped run goes on as a fork of its last checkpoint, with its own settings and the steps that were left."""
    parent, steps = runs.find(id), runs.steps(id)
    if parent is None or not steps:
        state.note("That run kept no checkpoint to go on from: start a new one.")
        return
    last = steps[-1]
    left = max(1, parent.steps - last)
    warmup = min(parent.spec.warmup, max(0, left - 1))
    child = parent.spec.replace(steps=left, warmup=warmup, parent=f"{id}@{last}")
    _begin(child, child)


def axis() -> None:
    """Another x axis."""
    chosen = events.sent(KEY, "axis").get("x")
    if chosen in ("step", "tokens", "seconds"):
        state.set("axis", chosen)
