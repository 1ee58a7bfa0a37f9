"""Keep the settings of the next run: one spec, the field `spec` (JSON), shown by many widgets, always checked.

The field is empty for the default preset, so that a link stays short. An own text is not in the link: the spec names it
by its fingerprint, and it lies in this session or, once a run was started with it, in the store.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app import runs
from app.controls.own_run import after_queue, duration
from app.counts import counted
from app.session import state
from core.data.corpora import FEWEST_HELD_OUT, check_text, fingerprint, held_out_characters
from core.messages import mark, say
from core.training import TrainSpec
from pages.lab import presets

SAMPLE = 120  # characters of the learner's text that samples continue


def current() -> TrainSpec:
    """The spec of the next run; what a link brings and does not fit becomes the default preset, with a message.

    No control of the page sets the device or the compiler, and a visitor's link does not either: compiling keeps a
    processor busy for minutes.
    """
    raw = state.get("spec")
    if not raw:
        return presets.default()
    try:
        return TrainSpec.from_json(raw).replace(device=None, compile=False)
    except ValueError as why:
        state.put({"spec": ""})
        state.note(
            say(
                "The settings in the link were not taken: {why}. The lab starts with its usual ones.", why=why
            )
        )
        return presets.default()


def put(spec: TrainSpec) -> None:
    """Remember the settings."""
    spec = spec.replace(prompt="", parent="", first_step=0, steps=spec.total_steps)
    state.set("spec", "" if spec == presets.default() else spec.to_json(defaults=False))


def change(**changes: Any) -> None:
    """Change some settings; those that do not fit are refused in words and nothing is lost."""
    spec = current()
    model = dict(spec.changes) | changes.pop("model_changes", {})
    if changes.get("objective") == "text_to_text" != spec.objective:
        model["n_ctx"] = max(presets.PRESETS["tasks"].make().config(8).n_ctx, spec.config(8).n_ctx)
    try:
        put(spec.replace(changes=model, **_following(spec, changes)))
    except (ValueError, OverflowError) as why:
        state.note(say("That does not fit: {why}. The settings stayed as they were.", why=why))


def _following(spec: TrainSpec, changes: dict[str, Any]) -> dict[str, Any]:
    """What a change takes along: a new optimizer begins at a rate that suits it, a new tokenizer at a usual size."""
    more: dict[str, Any] = {}
    optimizer = changes.get("optimizer", spec.optimizer)
    if optimizer != spec.optimizer:
        usual = presets.default()
        more["learning_rate"] = (
            usual.learning_rate if optimizer == usual.optimizer else presets.RATES[optimizer]
        )
        more["clip"] = 0.0 if optimizer == "muon" else 1.0
    tokenizer = changes.get("tokenizer", spec.tokenizer)
    if tokenizer != spec.tokenizer:
        more["vocab_size"] = presets.WORDS_OF[tokenizer]
    if changes.get("corpus", spec.corpus) != "own":
        more["text"] = ""
    objective = changes.get("objective", spec.objective)
    if objective != spec.objective:
        more |= _of_tasks() if objective == "text_to_text" else {"tasks": ()}
    return more | changes


def _of_tasks() -> dict[str, Any]:
    """Questions with what they are asked of, a row each, are longer than the rows of a text."""
    preset = presets.PRESETS["tasks"].make()
    return {name: getattr(preset, name) for name in ("tokenizer", "vocab_size", "context", "stages", "tasks")}


def with_steps(spec: TrainSpec, steps: int) -> TrainSpec:
    """The settings with another number of steps, of which as large a share warms up."""
    return spec.replace(steps=steps, warmup=spec.warmup * steps // spec.steps)


def part(name: str, value: Any, changed: Callable[[Any], None] | None = None) -> dict[str, Any]:
    """Keyword arguments of a widget that shows one setting; without `changed` it sets the spec's field `name`."""

    def chosen(new: Any) -> None:
        if new is not None:
            changed(new) if changed else change(**{name: new})

    return state.part(f"lab.{name}", value, chosen)


def model_part(name: str, value: Any) -> dict[str, Any]:
    """The same for a field of the model's configuration."""
    return part(name, value, lambda new: change(model_changes={name: new}))


# ---------------------------------------------------------------- own texts


def bring(data: str | bytes | None) -> None:
    """Take a text of the learner's as the data of the next run; what cannot be read is refused in words."""
    if not data:
        return
    try:
        text = check_text(data)
    except ValueError as why:
        state.note(say("The text was not taken: {why}.", why=why))
        return
    name = fingerprint(text)
    texts = state.memo("lab").setdefault("texts", {})
    texts.clear()  # one at a time: five megabytes a session are enough
    texts[name] = text
    change(corpus="own", text=name)


def seeds() -> int:
    """Return how many seeds the next start trains."""
    return int(state.memo("lab").get("seeds", 1))


def describe_recipe(spec: TrainSpec) -> str:
    """Say what the choice of a recipe costs: time by this computer's estimate, loss as it was measured."""
    times = [plan(presets.apply_recipe(spec, name)).seconds for name in presets.RECIPES]
    (low, high), (least, most) = (one.loss for one in presets.RECIPES.values())
    return say(
        "These {steps} take about {time} by default, {other} as in the lecture. Measured on the first preset, 3 seeds "
        "each: {low} to {high} nats a character by default, {least} to {most} as in the lecture.",
        steps=counted(spec.steps, "step"), time=duration(times[0]), other=duration(times[1]),
        low=f"{low:.2f}", high=f"{high:.2f}", least=f"{least:.2f}", most=f"{most:.2f}",
    )  # fmt: skip


def own_text(name: str) -> str | None:
    """An own text by its fingerprint: of this session, or of this browser's runs; None: it is not here."""
    texts: dict[str, str] = state.memo("lab").get("texts", {})
    return texts.get(name) if name in texts else runs.own_text(name) if name else None


def describe_held_out(specs: Mapping[str, TrainSpec]) -> str:
    """Say whose validation loss is measured on too few characters to mean anything; "" where none is.

    Args:
        specs: of runs, by their names.
    """
    known: dict[str, int] = state.memo("lab").setdefault("held out", {})
    for name, spec in specs.items():
        if not spec.text:
            continue
        if spec.text not in known:
            text = own_text(spec.text) or runs.text(spec.text)
            if text is None:
                continue
            known[spec.text] = held_out_characters(text)
        if known[spec.text] < FEWEST_HELD_OUT:
            return say(
                "The validation loss of {run} means nothing: the held-out tenth of its text has {characters}. A text "
                "of {least} characters or more has enough.",
                run=name, characters=counted(known[spec.text], "character"), least=f"{10 * FEWEST_HELD_OUT:,}",
            )  # fmt: skip
    return ""


# ---------------------------------------------------------------- before the start


@dataclasses.dataclass(frozen=True)
class Plan:
    """What the next run would be: the numbers, and why it would be refused ("" where it would not)."""

    parameters: int
    bytes: int
    seconds: float
    refused: str


def plan(spec: TrainSpec) -> Plan:
    """Parameters, memory and time of a spec by formula, against the limits of this server."""
    from core.runs.limits import Limits

    try:
        cost = runs.estimate(spec)
    except ValueError as why:
        return Plan(0, 0, 0.0, str(why))
    refused = ""
    if spec.corpus == "own" and own_text(spec.text) is None:
        refused = say("the own text of these settings is not here: paste it, or choose other data")
    if runs.engine() is None:  # else the estimate has been held against the limits already
        try:
            Limits.from_environment().check_spec(spec)
        except ValueError as why:
            refused = str(why)
    return Plan(cost.parameters, cost.bytes, cost.seconds, refused)


def planned(spec: TrainSpec) -> dict[str, Any]:
    """Describe the next run: rows (name, value, whether to look at it), a sentence, a line, why it would be refused."""
    found = plan(spec)
    name = preset_of(spec)
    rows = [(label, value, False) for label, value in presets.told(spec)]
    line = say("Next run refused: {refused}", refused=found.refused)
    size = {"weights": weights(found.parameters), "memory": f"{found.bytes / 1e6:,.0f} MB"}
    time = after_queue(duration(found.seconds))
    if found.parameters:
        rows += [
            (say("Weights"), say("about {weights}", weights=size["weights"]), False),
            (say("Memory"), size["memory"], False),
        ]
        rows.append((say("Time here"), time, not found.refused))
    if not found.refused:
        line = say(
            "Next run: {steps}, about {weights} weights, {memory}, {time}",
            steps=counted(spec.steps, "step"), time=time, **size,
        )  # fmt: skip
    return {
        "rows": [list(row) for row in rows],
        "about": say(presets.PRESETS[name].about)
        if name
        else say("Settings of your own; Start trains them from noise."),
        "line": line,
        "refused": say("Start would refuse: {refused}.", refused=found.refused) if found.refused else "",
    }


def described(spec: TrainSpec) -> str:
    """A spec's settings in a line."""
    shape = presets.shape_name(presets.shape_of(spec))
    optimizer = f"{say(presets.OPTIMIZERS[spec.optimizer])} {spec.learning_rate:g}"
    return f"{presets.data_of(spec)}, {shape}, {optimizer}, {counted(spec.steps, 'step')}"


def preset_of(spec: TrainSpec) -> str:
    """The preset that a spec is, "" when it is none."""
    return next((name for name, preset in presets.PRESETS.items() if preset.make() == spec), "")


def weights(count: int) -> str:
    """A count that hangs on a vocabulary not yet learned: three digits of it."""
    return f"{float(f'{count:.3g}'):,.0f}"


def ready(spec: TrainSpec, prompt: str) -> TrainSpec:
    """The spec as it is started: with the text that its samples continue, measured often enough for a curve."""
    return spec.replace(prompt=prompt[:SAMPLE], eval_every=spec.eval_every or max(1, spec.steps // 30))


# What a fork may change of its parent, by the label of its control; what has none is called as in `TrainSpec`.
FORKED: dict[str, str] = {
    "corpus": mark("Data"), "optimizer": mark("Optimizer"), "learning_rate": mark("Peak rate"),
    "schedule": mark("Schedule"), "warmup": mark("Warm-up steps"), "weight_decay": mark("Weight decay"),
    "clip": mark("Clip gradients at (0: never)"), "batch_tokens": mark("Tokens of a step"),
    "context": mark("Tokens of a row"), "seed": mark("Seed"),
    **{name: name for name in ("embed_rate", "head_rate", "momentum", "beta1", "beta2", "polar", "label_smoothing")},
    **{name: name for name in ("practice", "practice_share", "patience")},
}  # fmt: skip


def fork(spec: TrainSpec, parent: TrainSpec, run: str, step: int) -> TrainSpec:
    """Continue a parent at a step, with what the learner set otherwise: see `fork_changes`.

    Schedule, row lengths and the order of the data go on. With the parent's number of steps the fork ends where the
    parent does; with another one, or at the parent's end, it trains as many as are set.
    """
    done = parent.first_step + step
    as_parent = spec.steps == parent.total_steps > done
    steps = parent.total_steps - done if as_parent else spec.steps
    same = {name: getattr(spec, name) for name in FORKED}
    same["text"], same["prompt"] = spec.text, spec.prompt
    same["changes"] = dict(parent.changes) | {
        name: value for name, value in spec.changes if name in ("dropout", "n_ctx")
    }
    stages = _stages_until(parent, done + steps) if spec.stages == parent.stages else spec.stages
    return parent.replace(**same, stages=stages, parent=f"{run}@{step}", first_step=done, steps=steps)


def _stages_until(parent: TrainSpec, total: int) -> tuple[tuple[float, int], ...]:
    """The parent's stages at the same steps, for a run of another total; one that has not ended by then lasts to it."""
    if total == parent.total_steps:
        return parent.stages
    found: list[tuple[float, int]] = []
    for until, context in parent.stages:
        last = round(until * parent.total_steps)
        found.append((last / total if last < total else 1 - 1e-9, context))
        if last >= total:
            break
    return tuple(found)


def fork_changes(child: TrainSpec, parent: TrainSpec, name: str, remembers: bool) -> list[str]:
    """List what a fork changes of its parent, as sentences; nothing where it is the parent trained on.

    Args:
        name: of the parent; remembers: whether its checkpoint holds the state of its optimizer.
    """
    found = [
        say(
            "{setting}: {value} instead of {before}",
            setting=say(label),
            value=_value(child, field),
            before=before,
        )
        for field, label in FORKED.items()
        if _value(child, field) != (before := _value(parent, field))
    ]
    found += [
        say("{setting}: {value} instead of {before}", setting=say(label), value=f"{new:g}", before=f"{old:g}")
        for field, label in (("dropout", mark("Dropout")), ("n_ctx", mark("Context")))
        if (new := getattr(child.config(8), field)) != (old := getattr(parent.config(8), field))
    ]
    rows = [[(at, then) for at, then in spec.growth() if at > child.first_step] for spec in (child, parent)]
    if child.total_steps < parent.total_steps:
        rows[1] = [(at, then) for at, then in rows[1] if at < child.total_steps]
    if rows[0] != rows[1]:
        found.append(say("The rows become longer at other steps"))
    if child.total_steps != parent.total_steps:
        found.append(
            say(
                "{setting}: {value} instead of {before}",
                setting=say("Steps"),
                value=f"{child.total_steps:,}",
                before=f"{parent.total_steps:,}",
            )
        )
        if child.schedule != "constant":
            found.append(
                say(
                    "The learning rate falls to zero at step {new}, in {run} at step {old}: this is not {run} trained "
                    "on",
                    new=f"{child.total_steps:,}",
                    old=f"{parent.total_steps:,}",
                    run=name,
                )
            )
    if child.optimizer != parent.optimizer or not remembers:
        found.append(say("The optimizer begins without its averages of earlier gradients"))
    return found


def _value(spec: TrainSpec, field: str) -> str:
    value = getattr(spec, field)
    if field == "corpus":
        return f"{say(presets.DATA.get(value, value))}{f' ({spec.text[:6]})' if spec.text else ''}"
    if field == "optimizer":
        return say(presets.OPTIMIZERS[value])
    if field == "schedule":
        return say(presets.BRIEFLY[value])
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def describe_prefix(spec: TrainSpec) -> str:
    """Say whether a run of fewer steps is the beginning of this one."""
    if spec.schedule == "constant" and not spec.stages:
        return say("A run of fewer steps is the beginning of this one: the rate stays the same.")
    if spec.schedule == "constant":
        return say("A run of fewer steps is not the beginning of this one: its rows become longer sooner.")
    return say("A run of fewer steps is not the beginning of this one: its rate falls to zero sooner.")


def names(options: Sequence[Any], value: Any) -> list[Any]:
    """The options, and `value` among them where a link brought another one."""
    return list(options) if value in options else [value, *options]
