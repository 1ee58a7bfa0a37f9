"""The row of buttons and settings over the picture, and behind one button the settings that are rarely asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app import own_run, page, runs, state, widgets
from app.counts import counted
from app.own_run import Next
from core.training import TrainSpec
from pages.lab import acts, presets, setting, shown
from pages.lab.planned import described, planned, preset_of
from pages.lab.shown import Shown, run_name


def draw(first: Shown | None, spec: TrainSpec) -> None:
    """All of it. first: the curve that the page is about."""
    with st.container(key="gb-lab-controls"), page.controls():
        with st.container(key="gb-lab-buttons", horizontal=True, gap="xsmall", width="content"):
            _buttons(first, spec)
        st.selectbox("Data", list(presets.DATA), format_func=_named(spec), filter_mode=None, **_data(spec))
        _shapes(spec)
        st.selectbox(
            "Optimizer", list(presets.OPTIMIZERS), format_func=presets.OPTIMIZERS.__getitem__, filter_mode=None,
            **setting.part("optimizer", spec.optimizer),
        )  # fmt: skip
        st.select_slider(
            "Peak rate", sorted({*presets.LADDER, spec.learning_rate}), format_func=lambda rate: f"{rate:g}",
            **setting.part("learning_rate", spec.learning_rate),
        )  # fmt: skip
        # What a closed popover holds reaches the browser when it is opened, and would show Streamlit's zeros there: the
        # values that the page gives to a widget are sent once.
        more = st.popover("Settings", key="gb-lab-more", on_change="rerun")
        if more.open:
            with more:
                _more(spec)
    if said := _whose(first, spec):
        st.caption(widgets.escape(said))
    if first is not None and first.run is not None and not first.run.over:
        return  # what trains now is not moved by what could be trained next
    own_run.quicker(
        "lab", lambda steps: Next(setting.with_steps(spec, steps), ""), spec.steps,
        [round(spec.steps * share) for share in (0.5, 0.25, 0.1) if round(spec.steps * share) >= 2],
        lambda steps: counted(steps, "step"), lambda steps: setting.put(setting.with_steps(spec, steps)),
    )  # fmt: skip


def _buttons(first: Shown | None, spec: TrainSpec) -> None:
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
        label, icon, act, args = "Start", play, acts.start, ()
    elif run.state == "stopped":
        label, icon, act, args = "Resume", play, acts.go_on, (run.id,)
    elif run.state == "paused" or (run.control == "pause" and run.state != "queued"):
        label, icon, act, args = "Resume", play, acts.command, (run.id, "run")
    else:
        label, icon, act, args = "Pause", wait, acts.command, (run.id, "pause")
    # One key for all its names: a new widget would stand beside the old one until the page is drawn.
    st.button(label, key="lab.go", type="primary", icon=icon, on_click=state.whole(act), args=args)
    if going and run is not None:
        st.button("One step", key="lab.step", on_click=state.whole(acts.command), args=(run.id, "step"))
    else:
        st.button("One step", key="lab.step", on_click=state.whole(acts.start_with_a_step))
    st.button(
        "Stop",
        key="lab.stop",
        on_click=state.whole(acts.command),
        args=(run.id if run else "", "stop"),
        disabled=not going,
    )
    # Without a run of this browser, Start is the new run.
    alone = run is None or not mine
    with st.popover("New run", key="gb-lab-new", disabled=alone):
        st.caption(
            f"One with the present settings, beside this run. {widgets.escape(planned(spec)['line'])}."
        )
        st.button("Train it", key="lab.new", on_click=state.whole(acts.start), disabled=alone)


def _whose(first: Shown | None, spec: TrainSpec) -> str:
    """Which settings Resume takes, where those that are set here are others; "" where there is nothing to confuse."""
    run = first.run if first is not None and first.mine else None
    lost = run is not None and run.state == "stopped" and not (first is not None and first.steps)
    if run is None or lost or not (run.state in ("stopped", "paused") or run.control == "pause"):
        return ""
    of_start = {name: getattr(run.spec, name) for name in ("prompt", "parent", "eval_every", "precision")}
    if run.spec == spec.replace(**of_start):  # what a start adds is no setting
        return ""
    return (
        f"Resume goes on with {run_name(run)}’s own settings, {described(run.spec)}. "
        f"What is set here, {described(spec)}, is for a new run."
    )


def _named(spec: TrainSpec) -> Any:
    kind = presets.TOKENIZERS[spec.tokenizer]
    return lambda name: f"{presets.DATA[name]}, {kind}"


def _data(spec: TrainSpec) -> dict[str, Any]:
    def chosen(name: str) -> None:
        if name not in presets.DATA:
            return  # a label that the browser still has from before the tokenizer was changed
        if name != "own":
            setting.change(corpus=name)
        elif text := state.memo("lab").get("texts"):
            setting.change(corpus="own", text=next(iter(text)))
        else:
            state.memo("lab")["bring"] = True  # Settings open at their box for it
            state.open_box("gb-lab-more")
            state.note(
                "Own text: paste or upload it here, under Settings; the data stay as they are until then."
            )

    return setting.part("corpus", spec.corpus, chosen)


def _shapes(spec: TrainSpec) -> None:
    shape = presets.shape_of(spec)
    st.selectbox(
        "Shape", setting.names(presets.SHAPES, shape), format_func=presets.shape_name, filter_mode=None,
        **setting.part("shape", shape, lambda new: setting.change(model_changes=presets.shape_changes(*new))),
    )  # fmt: skip


def _more(spec: TrainSpec) -> None:
    """Everything else that a run is made of."""
    name = preset_of(spec)
    options = list(presets.PRESETS) if name else ["", *presets.PRESETS]
    st.selectbox(
        "Preset", options, filter_mode=None,
        format_func=lambda one: presets.PRESETS[one].name if one else "Settings of your own",
        **setting.part("preset", name, _preset),
    )  # fmt: skip
    names, memo = ["Task", "Own text", "Steps", "Model"], state.memo("lab")
    # The box for an own text is asked for: other tabs, with that one in front; they keep it as their first one.
    memo["tabs"] = memo.get("tabs", 0) + bool(memo.pop("bring", False))
    front = names[1 if memo["tabs"] else 0]
    task, data, steps, model = st.tabs(names, default=front, key=f"lab.tabs.{memo['tabs']}")
    with task:
        _choice("Objective", "objective", presets.OBJECTIVES, spec)
        _choice("Tokenizer", "tokenizer", presets.TOKENIZERS, spec)
        _number("Entries of the vocabulary", "vocab_size", spec, 50)
    with data:
        _own(spec)
    with steps:
        left, right = st.columns(2)
        with left:
            _number("Steps", "steps", spec, 50)
            _number("Tokens of a step", "batch_tokens", spec, 256)
            _number("Warm-up steps", "warmup", spec, 10)
            _number("Seed", "seed", spec, 1)
        with right:
            _choice("Schedule", "schedule", presets.SCHEDULES, spec)
            st.text_input("Peak rate, any number", **setting.part("peak", f"{spec.learning_rate:g}", _rate))
            _number("Weight decay", "weight_decay", spec, 0.01)
            _number("Clip gradients at (0: never)", "clip", spec, 0.5)
    with model:
        left, right = st.columns(2)
        config = spec.config(max(spec.vocab_size, 8))
        with left:
            _of_model("Blocks", "n_layers", config.n_layers, 1)
            _of_model("Heads", "n_heads", config.n_heads, 1)
            _of_model("Width", "d_model", config.d_model, 32)
        with right:
            _number("Tokens of a row", "context", spec, 16, config.n_ctx // 2)
            _of_model("Context", "n_ctx", config.n_ctx, 32)
            _of_model("Dropout", "dropout", config.dropout, 0.05)


def _preset(name: str) -> None:
    if name:
        setting.put(presets.PRESETS[name].make())


def _choice(label: str, name: str, options: dict[str, str], spec: TrainSpec) -> None:
    st.selectbox(
        label,
        list(options),
        format_func=options.__getitem__,
        filter_mode=None,
        **setting.part(name, getattr(spec, name)),
    )


def _number(label: str, name: str, spec: TrainSpec, step: float, instead: float = 0) -> None:
    value = getattr(spec, name)
    value = instead if value is None else value
    _settled(label, value, step, setting.part(name, value))


def _of_model(label: str, name: str, value: float, step: float) -> None:
    _settled(label, value, step, setting.model_part(name, value))


def _settled(label: str, value: float, step: float, bound: dict[str, Any]) -> None:
    """A number in a box that opens and closes: a browser may forget it meanwhile, and then shows the default."""
    st.number_input(label, value=value, step=step, **bound)


def _rate(typed: str) -> None:
    try:
        setting.change(learning_rate=float(typed.replace("−", "-").replace(",", ".")))
    except ValueError:
        state.note(f"“{typed[:20]}” is no number, so the peak rate stayed as it was.")


def _own(spec: TrainSpec) -> None:
    """Bring a text: pasted or as a file."""

    def pasted() -> None:
        setting.bring(state.widget_value("lab.paste"))

    def uploaded() -> None:
        file = state.widget_value("lab.upload")
        setting.bring(None if file is None else file.getvalue())

    st.caption("Up to 5 MB of UTF-8 text; a blank line ends a document. The last tenth is held out.")
    st.text_area("Paste a text", height=120, key="lab.paste", on_change=state.whole(pasted))
    st.file_uploader("Or a file", type=None, key="lab.upload", on_change=state.whole(uploaded))
    if spec.corpus == "own":
        text = setting.own_text(spec.text)
        size = (
            "not here any more: bring it again"
            if text is None
            else f"{counted(len(text), 'character')} are in use"
        )
        st.caption(f"Own text: {size}.")


def compare(first: Shown | None) -> None:
    """Which curves stand beside the first one: runs of this browser, recorded ones, bundled models."""
    from app import models
    from core.runs import recordings

    def label(id: str) -> str:
        found = shown.find(id)
        return id if found is None else found.name  # nothing that changes while it trains

    known = [id for id in shown.listed() if shown.find(id) and (first is None or id != first.id)]
    options = [*known, *(run.id for run in runs.mine()), *models.bundled(), *recordings.names()]
    options = [id for id in dict.fromkeys(options) if first is None or id != first.id]
    st.multiselect(
        "Compare with", options, format_func=label, max_selections=shown.MOST - 1, placeholder="Runs",
        **setting.part("compare", known, _put_beside),
    )  # fmt: skip


def _put_beside(ids: list[str] | None) -> None:
    # A run without a checkpoint is the first curve by this field alone.
    waiting: str = state.memo("lab").get("waiting", "")
    state.set("runs", " ".join([one for one in (waiting, *(ids or ())) if one]))
