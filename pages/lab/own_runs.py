"""List the runs: compare curves, download one whole, open or delete those of this browser."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import markup, models, runs
from app.frame import page
from app.markup import inline
from app.outside.file_record import describe_file, name_file, stamp_csv
from app.session import state
from core.messages import mark_of, say, say_of
from core.runs import Run, recordings
from core.runs.endings import retold
from pages.lab import curves, export, presets, settings
from pages.lab.curves import Curve

LISTED = 12
STATES: dict[str, str] = {
    "queued": mark_of("state of a run", "queued"),
    "running": mark_of("state of a run", "running"),
    "paused": mark_of("state of a run", "paused"),
    "done": mark_of("state of a run", "done"),
    "stopped": mark_of("state of a run", "stopped"),
    "diverged": mark_of("state of a run", "diverged"),
    "failed": mark_of("state of a run", "failed"),
}


def draw(ctx: page.Context, shown: list[Curve], own: Curve | None) -> None:
    """Draw the section. shown: the curves of the picture; own: the open model's."""
    first = shown[0] if shown else None
    title = inline(say("Runs: beside each other, and to take away"))
    st.html(f'<section class="gb-words"><h2>{title}</h2></section>')
    with st.container(key="gb-lab-ours", horizontal=True, gap="medium", vertical_alignment="bottom"):
        _compare(first)
        if first is not None:
            _downloads(ctx, first, own)
    _mixed(shown)
    _table()


def _compare(first: Curve | None) -> None:
    """Choose the curves that stand beside the first one: runs of this browser, recorded ones, bundled models."""

    def label(id: str) -> str:
        found = curves.find(id)
        return id if found is None else found.name  # nothing that changes while it trains

    known = [id for id in curves.listed() if curves.find(id) and (first is None or id != first.id)]
    options = [*known, *(run.id for run in runs.mine()), *models.bundled(), *recordings.names()]
    options = [id for id in dict.fromkeys(options) if first is None or id != first.id]
    st.multiselect(
        say("Compare with"), options, format_func=label, max_selections=curves.MOST - 1, placeholder=say("Runs"),
        **settings.part("compare", known, _put_beside),
    )  # fmt: skip


def _put_beside(ids: list[str] | None) -> None:
    # A run without a checkpoint is the first curve by this field alone.
    waiting: str = state.memo("lab").get("waiting", "")
    state.set("runs", " ".join([one for one in (waiting, *(ids or ())) if one]))


def _downloads(ctx: page.Context, first: Curve, own: Curve | None) -> None:
    name = name_file("lab", first.name)
    record = describe_file("lab", f"/lab?{state.link()}", first.name)
    st.download_button(
        say("Curve (CSV)"),
        lambda: stamp_csv(export.curve_csv(first), record),
        f"{name}-curve.csv",
        "text/csv",
        key="lab.csv",
        on_click="ignore",
    )
    if first.run is not None:
        st.download_button(
            say("Spec (JSON)"), partial(export.spec_json, first), f"{name}-spec.json", "application/json",
            key="lab.json", on_click="ignore",
        )  # fmt: skip
    if own is not None:
        moment = "" if ctx.snapshot is None else f"-step-{ctx.snapshot}"
        st.download_button(
            say("Weights (ZIP)"), partial(export.weights_zip, ctx.lm), f"{name}{moment}.zip", "application/zip",
            key="lab.weights", on_click="ignore",
            help=say("As Hugging Face lays out a GPT-2 or a Llama, where it is one."),
        )  # fmt: skip


def _mixed(shown: list[Curve]) -> None:
    """Losses a token of different tokenizers do not compare: say so where they stand in one chart."""
    specs = [one.run.spec for one in shown if one.run is not None]
    if len({(spec.tokenizer, spec.vocab_size, spec.corpus) for spec in specs}) > 1:
        st.caption(
            say(
                "These runs cut text differently or read other data: a nat a token is not the same "
                "in all of them."
            )
        )


def _table() -> None:
    mine = runs.mine()[:LISTED]
    if not mine:
        st.caption(
            say(
                "Runs that you start are listed here, also after a reload; another browser sees them "
                "by their link."
            )
        )
        return
    for run in mine:
        with st.container(
            key=f"gb-lab-run-{run.id}", horizontal=True, gap="small", vertical_alignment="center"
        ):
            st.html(f'<p class="gb-lab-run"><b>{inline(curves.run_name(run))}</b> {inline(_about(run))}</p>')
            st.button(
                say("Open"),
                key=f"lab.open.{run.id}",
                on_click=state.whole(_open),
                args=(run.id,),
                disabled=not run.step,
            )
            why = say("Use its settings for the next run.")
            st.button(
                say("Settings"),
                key=f"lab.export.{run.id}",
                on_click=state.whole(_settings),
                args=(run.id,),
                help=why,
            )
            with st.popover(say("Delete"), key=f"gb-lab-delete-{run.id}"):
                gone = say(
                    "{run}, its curve and all its moments are gone for good.", run=curves.run_name(run)
                )
                st.caption(markup.escape(gone))
                st.button(
                    say("Delete it"),
                    key=f"lab.delete.{run.id}",
                    on_click=state.whole(_delete),
                    args=(run.id,),
                )


def _about(run: Run) -> str:
    spec = run.spec
    state = say_of("state of a run", STATES[run.state])
    place = say("{state}, step {step} of {steps}", state=state, step=f"{run.step:,}", steps=f"{run.steps:,}")
    what = f"{presets.data_of(spec)}, {say(presets.OPTIMIZERS[spec.optimizer])} {spec.learning_rate:g}"
    ended = f" {retold(run.ended)}" if run.ended and run.state != "done" else ""
    forked = say("forked at step {step}", step=run.parent.partition("@")[2]) if run.parent else ""
    return f"{place}; {', '.join(part for part in (what, forked) if part)}.{ended}"


def _open(id: str) -> None:
    state.update({"model": runs.RUN + id, "snapshot": -1})


def _settings(id: str) -> None:
    if (run := runs.find(id)) is not None:
        settings.put(run.spec)


def _delete(id: str) -> None:
    if why := runs.delete(id):
        state.note(why)
        return
    state.set("runs", " ".join(one for one in curves.listed() if one != id))
    if state.get("model") == runs.RUN + id:
        state.update({"model": state.DEFAULT_MODEL, "snapshot": -1})
