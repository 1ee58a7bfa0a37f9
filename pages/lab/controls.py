"""Draw the row of buttons and settings, behind one button those rarely asked for; start, pause and fork runs.

What a button does is a callback; a refusal is said in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app import markup, runs
from app.controls import own_run
from app.controls.own_run import Next
from app.counts import counted
from app.frame import page
from app.session import events, state
from core.messages import say
from core.runs import Run
from core.runs.continuation import remembered_optimizer
from core.training import TrainSpec
from pages.lab import curves, presets, settings
from pages.lab.curves import Curve, run_name

KEY = "lab"  # of the picture
SEEDS = (1, 3, 5)


def draw(shown: Sequence[Curve], spec: TrainSpec) -> None:
    """All of it. shown: the curves; the first is the one that the page is about."""
    first = shown[0] if shown else None
    with st.container(key="gb-lab-controls"), page.controls():
        with st.container(key="gb-lab-buttons", horizontal=True, gap="xsmall", width="content"):
            _buttons(first, spec)
        st.selectbox(
            say("Data"), list(presets.DATA), format_func=_named(spec), filter_mode=None, **_data(spec)
        )
        _shapes(spec)
        st.selectbox(
            say("Optimizer"), list(presets.OPTIMIZERS), filter_mode=None,
            format_func=lambda name: say(presets.OPTIMIZERS[name]),
            **settings.part("optimizer", spec.optimizer),
        )  # fmt: skip
        st.select_slider(
            say("Peak rate"), sorted({*presets.LADDER, spec.learning_rate}), format_func=lambda rate: f"{rate:g}",
            **settings.part("learning_rate", spec.learning_rate),
        )  # fmt: skip
        # What a closed popover holds reaches the browser when it is opened, and would show Streamlit's zeros there: the
        # values that the page gives to a widget are sent once.
        more = st.popover(say("Settings"), key="gb-lab-more", on_change="rerun")
        if more.open:
            with more:
                _more(spec)
    if said := _whose(first, spec):
        st.caption(markup.escape(said))
    _fork_choice(spec)
    runs_shown = {one.name: one.spec for one in shown if one.spec is not None}
    if few := settings.describe_held_out({**runs_shown, say("the next run"): spec}):
        st.caption(markup.escape(few))
    if (count := settings.seeds()) > 1:
        numbers = ", ".join(str(spec.seed + n) for n in range(count))
        st.caption(say("Start trains {count} runs, with the seeds {seeds}.", count=count, seeds=numbers))
    if band := curves.describe_band(shown):
        st.caption(markup.escape(band))
    if first is not None and first.run is not None and not first.run.over:
        return  # what trains now is not moved by what could be trained next
    own_run.quicker(
        "lab", lambda steps: Next(settings.with_steps(spec, steps), ""), spec.steps,
        [round(spec.steps * share) for share in (0.5, 0.25, 0.1) if round(spec.steps * share) >= 2],
        lambda steps: counted(steps, "step"), lambda steps: settings.put(settings.with_steps(spec, steps)),
    )  # fmt: skip


def _buttons(first: Curve | None, spec: TrainSpec) -> None:
    """Start, Pause, Resume in one place; One step, Stop, New run beside it."""
    run = first.run if first is not None else None
    mine = first is not None and first.mine
    going = run is not None and not run.over and mine
    act: Callable[..., None]
    args: tuple[str, ...]
    play, wait = ":material/play_arrow:", ":material/pause:"
    kept = first is not None and bool(first.steps)  # a moment to go on from
    if (
        run is None
        or not mine
        or run.state in ("done", "diverged", "failed")
        or (run.state == "stopped" and not kept)
    ):
        label, icon, act, args = say("Start"), play, start, ()
    elif run.state == "stopped":
        label, icon, act, args = say("Resume"), play, go_on, (run.id,)
    elif run.state == "paused" or (run.control == "pause" and run.state != "queued"):
        label, icon, act, args = say("Resume"), play, command, (run.id, "run")
    else:
        label, icon, act, args = say("Pause"), wait, command, (run.id, "pause")
    # One key for all its names: a new widget would stand beside the old one until the page is drawn.
    st.button(label, key="lab.go", type="primary", icon=icon, on_click=state.whole(act), args=args)
    if going and run is not None:
        st.button(say("One step"), key="lab.step", on_click=state.whole(command), args=(run.id, "step"))
    else:
        st.button(say("One step"), key="lab.step", on_click=state.whole(start_with_a_step))
    st.button(
        say("Stop"),
        key="lab.stop",
        on_click=state.whole(command),
        args=(run.id if run else "", "stop"),
        disabled=not going,
    )
    # Without a run of this browser, Start is the new run.
    alone = run is None or not mine
    with st.popover(say("New run"), key="gb-lab-new", disabled=alone):
        st.caption(
            say(
                "One with the present settings, beside this run. {line}.",
                line=markup.escape(settings.planned(spec)["line"]),
            )
        )
        st.button(say("Train it"), key="lab.new", on_click=state.whole(start), disabled=alone)


def _whose(first: Curve | None, spec: TrainSpec) -> str:
    """Which settings Resume takes, where those that are set here are others; "" where there is nothing to confuse."""
    run = first.run if first is not None and first.mine else None
    lost = run is not None and run.state == "stopped" and not (first is not None and first.steps)
    if run is None or lost or not (run.state in ("stopped", "paused") or run.control == "pause"):
        return ""
    of_start = {
        name: getattr(run.spec, name)
        for name in ("prompt", "parent", "eval_every", "precision", "first_step")
    }
    if spec.steps == run.spec.total_steps:
        of_start["steps"] = run.spec.steps
    if run.spec == spec.replace(**of_start):  # what a start adds is no setting
        return ""
    return say(
        "Resume goes on with {run}’s own settings, {own}. What is set here, {here}, is for a new run.",
        run=run_name(run), own=settings.described(run.spec), here=settings.described(spec),
    )  # fmt: skip


def _named(spec: TrainSpec) -> Any:
    kind = say(presets.TOKENIZERS[spec.tokenizer])
    return lambda name: f"{say(presets.DATA[name])}, {kind}"


def _data(spec: TrainSpec) -> dict[str, Any]:
    def chosen(name: str) -> None:
        if name not in presets.DATA:
            return  # a label that the browser still has from before the tokenizer was changed
        if name != "own":
            settings.change(corpus=name)
        elif text := state.memo("lab").get("texts"):
            settings.change(corpus="own", text=next(iter(text)))
        else:
            state.memo("lab")["bring"] = True  # Settings open at their box for it
            state.open_box("gb-lab-more")
            state.note(
                say(
                    "Own text: paste or upload it here, under Settings; the data stay as they are until then."
                )
            )

    return settings.part("corpus", spec.corpus, chosen)


def _shapes(spec: TrainSpec) -> None:
    shape = presets.shape_of(spec)
    st.selectbox(
        say("Shape"), settings.names(presets.SHAPES, shape), format_func=presets.shape_name, filter_mode=None,
        **settings.part("shape", shape, lambda new: settings.change(model_changes=presets.shape_changes(*new))),
    )  # fmt: skip


def _more(spec: TrainSpec) -> None:
    """Everything else that a run is made of."""
    name = settings.preset_of(spec)
    options = list(presets.PRESETS) if name else ["", *presets.PRESETS]
    st.selectbox(
        say("Preset"), options, filter_mode=None,
        format_func=lambda one: say(presets.PRESETS[one].name) if one else say("Settings of your own"),
        **settings.part("preset", name, _preset),
    )  # fmt: skip
    names, memo = [say("Task"), say("Own text"), say("Steps"), say("Model")], state.memo("lab")
    # The box for an own text is asked for: other tabs, with that one in front; they keep it as their first one.
    memo["tabs"] = memo.get("tabs", 0) + bool(memo.pop("bring", False))
    front = names[1 if memo["tabs"] else 0]
    task, data, steps, model = st.tabs(names, default=front, key=f"lab.tabs.{memo['tabs']}")
    with task:
        _choice(say("Objective"), "objective", presets.OBJECTIVES, spec)
        _choice(say("Tokenizer"), "tokenizer", presets.TOKENIZERS, spec)
        _number(say("Entries of the vocabulary"), "vocab_size", spec, 50)
    with data:
        _own(spec)
    with steps:
        recipe = presets.recipe_of(spec)
        st.selectbox(
            say("Optimizer and schedule"), [*([] if recipe else [""]), *presets.RECIPES], filter_mode=None,
            format_func=lambda one: say(presets.RECIPES[one].name) if one else say("Settings of your own"),
            **settings.part("recipe", recipe, _recipe),
        )  # fmt: skip
        st.caption(markup.escape(settings.describe_recipe(spec)))
        left, right = st.columns(2)
        with left:
            _number(say("Steps"), "steps", spec, 50)
            st.caption(settings.describe_prefix(spec))
            _number(say("Tokens of a step"), "batch_tokens", spec, 256)
            _number(say("Warm-up steps"), "warmup", spec, 10)
            _number(say("Seed"), "seed", spec, 1)
            st.selectbox(
                say("How many seeds"), SEEDS, filter_mode=None,
                **settings.part("seeds", settings.seeds(), lambda count: state.memo("lab").update(seeds=count)),
            )  # fmt: skip
        with right:
            _choice(say("Schedule"), "schedule", presets.SCHEDULES, spec)
            st.text_input(
                say("Peak rate, any number"), **settings.part("peak", f"{spec.learning_rate:g}", _rate)
            )
            _number(say("Weight decay"), "weight_decay", spec, 0.01)
            _number(say("Clip gradients at (0: never)"), "clip", spec, 0.5)
    with model:
        left, right = st.columns(2)
        config = spec.config(max(spec.vocab_size, 8))
        with left:
            _of_model(say("Blocks"), "n_layers", config.n_layers, 1)
            _of_model(say("Heads"), "n_heads", config.n_heads, 1)
            _of_model(say("Width"), "d_model", config.d_model, 32)
        with right:
            _number(say("Tokens of a row"), "context", spec, 16, config.n_ctx // 2)
            _of_model(say("Context"), "n_ctx", config.n_ctx, 32)
            _of_model(say("Dropout"), "dropout", config.dropout, 0.05)


def _recipe(name: str) -> None:
    if name:
        settings.put(presets.apply_recipe(settings.current(), name))


def _preset(name: str) -> None:
    if name:
        settings.put(presets.PRESETS[name].make())


def _choice(label: str, name: str, options: dict[str, str], spec: TrainSpec) -> None:
    st.selectbox(
        label,
        list(options),
        format_func=lambda one: say(options[one]),
        filter_mode=None,
        **settings.part(name, getattr(spec, name)),
    )


def _number(label: str, name: str, spec: TrainSpec, step: float, instead: float = 0) -> None:
    value = getattr(spec, name)
    value = instead if value is None else value
    _settled(label, value, step, settings.part(name, value))


def _of_model(label: str, name: str, value: float, step: float) -> None:
    _settled(label, value, step, settings.model_part(name, value))


def _settled(label: str, value: float, step: float, bound: dict[str, Any]) -> None:
    """A number in a box that opens and closes: a browser may forget it meanwhile, and then shows the default."""
    st.number_input(label, value=value, step=step, **bound)


def _rate(typed: str) -> None:
    try:
        settings.change(learning_rate=float(typed.replace("−", "-").replace(",", ".")))
    except ValueError:
        state.note(say("“{typed}” is no number, so the peak rate stayed as it was.", typed=typed[:20]))


def _own(spec: TrainSpec) -> None:
    """Bring a text: pasted or as a file."""

    def pasted() -> None:
        settings.bring(state.widget_value("lab.paste"))

    def uploaded() -> None:
        file = state.widget_value("lab.upload")
        settings.bring(None if file is None else file.getvalue())

    st.caption(say("Up to 5 MB of UTF-8 text; a blank line ends a document. The last tenth is held out."))
    st.text_area(say("Paste a text"), height=120, key="lab.paste", on_change=state.whole(pasted))
    st.file_uploader(say("Or a file"), type=None, key="lab.upload", on_change=state.whole(uploaded))
    if spec.corpus == "own":
        text = settings.own_text(spec.text)
        if text is None:
            st.caption(say("Own text: not here any more: bring it again."))
        else:
            st.caption(say("Own text: {characters} in use.", characters=counted(len(text), "character")))


# ---------------------------------------------------------------- what the buttons do


def start() -> None:
    """Train the next run, or say why not."""
    _start()


def _start() -> str:
    """The id of the run, of several seeds the first one's; "" when it was refused."""
    spec, count = settings.current(), settings.seeds()
    id = ""
    for more in reversed(range(count)):  # the first seed last: it is the one that the page is about
        one = spec.replace(seed=spec.seed + more)
        if not (id := _begin(settings.ready(one, state.get("text")), one, count > 1)):
            return ""
    return id


def start_with_a_step() -> None:
    """Start the next run and let it take a single step."""
    if id := _start():
        command(id, "step")


def _begin(spec: TrainSpec, asked: TrainSpec, of_several: bool = False) -> str:
    name = curves.free_name()
    if of_several:
        name = say("{run}, seed {seed}", run=name, seed=spec.seed)
    begun = runs.start(spec, text=settings.own_text(asked.text), name=name)
    if isinstance(begun, str):
        state.note(begun)
        return ""
    state.memo("lab").setdefault("names", set()).add(begun.name)
    before = [id for id in curves.listed() if id != begun.id]
    now = state.get("model").removeprefix(runs.RUN)
    if state.get("model").startswith(runs.RUN) and now not in before:
        before.insert(0, now)  # the run that was open stays beside the new one
    state.update({"runs": " ".join([begun.id, *before][: curves.MOST])})
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
    """Start a run that goes on from a checkpoint; where the settings change something, list it first."""
    parent = runs.find(id)
    if parent is None:
        state.note(say("That run is not there any more, so nothing was forked."))
        return
    try:
        child = _child(parent, step, settings.current())
    except ValueError as why:
        state.note(
            say("These settings do not fit the model of {run}: {why}.", run=curves.run_name(parent), why=why)
        )
        return
    if _changes(child, parent, step):
        state.memo("lab")["fork"] = (id, step)
    else:
        _begin_fork(child, parent, step)


def _child(parent: Run, step: int, spec: TrainSpec) -> TrainSpec:
    return settings.fork(
        spec.replace(prompt=state.get("text")[: settings.SAMPLE]), parent.spec, parent.id, step
    )


def _changes(child: TrainSpec, parent: Run, step: int) -> list[str]:
    remembers = remembered_optimizer(runs.weights(parent.id, step) or b"") == parent.spec.optimizer
    return settings.fork_changes(child, parent.spec, curves.run_name(parent), remembers)


def _begin_fork(child: TrainSpec, parent: Run, step: int) -> None:
    state.memo("lab").pop("fork", None)
    if _begin(child, child) and not _changes(child, parent, step):
        state.note(
            say(
                "The fork goes on from step {step} as {run} does: nothing is changed.",
                run=curves.run_name(parent),
                step=f"{step:,}",
            )
        )


def _fork_choice(spec: TrainSpec) -> None:
    """What a fork that was asked for would change, and the ways to begin it."""
    id, step = state.memo("lab").get("fork", ("", 0))
    parent = runs.find(id) if id else None
    if parent is None:
        return
    name = curves.run_name(parent)
    ways: list[tuple[str, str, TrainSpec]] = []
    if parent.steps > step:
        ways.append(
            (say("Go on as {run}", run=name), "same", parent.spec.replace(steps=parent.spec.total_steps))
        )
    ways.append((say("Fork with these changes"), "changed", spec))
    try:
        children = [(label, key, _child(parent, step, settings_of)) for label, key, settings_of in ways]
    except ValueError as why:
        st.caption(
            markup.escape(say("These settings do not fit the model of {run}: {why}.", run=name, why=why))
        )
        return
    listed = "; ".join(_changes(children[-1][2], parent, step)) or say("nothing")
    with st.container(key="gb-lab-forked"):
        said = say(
            "A fork of {run} at step {step} would change: {changes}.",
            run=name,
            step=f"{step:,}",
            changes=listed,
        )
        st.caption(markup.escape(said))
        with st.container(horizontal=True, gap="xsmall"):
            for label, key, child in children:
                st.button(
                    markup.escape(label), key=f"lab.fork.{key}", on_click=state.whole(_begin_fork),
                    args=(child, parent, step),
                )  # fmt: skip
            st.button(say("Cancel"), key="lab.fork.cancel", on_click=state.whole(_cancel_fork))


def _cancel_fork() -> None:
    state.memo("lab").pop("fork", None)


def go_on(id: str) -> None:
    """A stopped run goes on as a fork of its last checkpoint, with its own settings and the steps that were left."""
    parent, steps = runs.find(id), runs.steps(id)
    if parent is None or not steps:
        state.note(say("That run kept no checkpoint to go on from: start a new one."))
        return
    last, spec = steps[-1], parent.spec
    child = spec.replace(
        steps=max(1, spec.steps - last), first_step=spec.first_step + last, parent=f"{id}@{last}"
    )
    _begin(child, child)


def axis() -> None:
    """Another x axis."""
    chosen = events.sent(KEY, "axis").get("x")
    if chosen in ("step", "tokens", "seconds"):
        state.set("axis", chosen)
