"""List the runs: compare curves, download one whole, open or delete those of this browser."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import markup, models, runs
from app.frame import page
from app.markup import inline
from app.session import state
from core.runs import Run, recordings
from pages.lab import curves, export, presets, settings
from pages.lab.curves import Curve

LISTED = 12


def draw(ctx: page.Context, shown: list[Curve], own: Curve | None) -> None:
    """Draw the section. shown: the curves of the picture; own: the open model's."""
    first = shown[0] if shown else None
    st.html('<section class="gb-words"><h2>Runs: beside each other, and to take away</h2></section>')
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
        "Compare with", options, format_func=label, max_selections=curves.MOST - 1, placeholder="Runs",
        **settings.part("compare", known, _put_beside),
    )  # fmt: skip


def _put_beside(ids: list[str] | None) -> None:
    # A run without a checkpoint is the first curve by this field alone.
    waiting: str = state.memo("lab").get("waiting", "")
    state.set("runs", " ".join([one for one in (waiting, *(ids or ())) if one]))


def _downloads(ctx: page.Context, first: Curve, own: Curve | None) -> None:
    name = "".join(letter if letter.isalnum() else "-" for letter in first.name.lower())
    st.download_button(
        "Curve (CSV)",
        partial(export.curve_csv, first),
        f"{name}-curve.csv",
        "text/csv",
        key="lab.csv",
        on_click="ignore",
    )
    if first.run is not None:
        st.download_button(
            "Spec (JSON)", partial(export.spec_json, first), f"{name}-spec.json", "application/json", key="lab.json",
            on_click="ignore",
        )  # fmt: skip
    if own is not None:
        moment = "" if ctx.snapshot is None else f"-step-{ctx.snapshot}"
        st.download_button(
            "Weights (ZIP)", partial(export.weights_zip, ctx.lm), f"{name}{moment}.zip", "application/zip",
            key="lab.weights", on_click="ignore", help="As Hugging Face lays out a GPT-2 or a Llama, where it is one.",
        )  # fmt: skip


def _mixed(shown: list[Curve]) -> None:
    """Losses a token of different tokenizers do not compare: say so where they stand in one chart."""
    specs = [one.run.spec for one in shown if one.run is not None]
    if len({(spec.tokenizer, spec.vocab_size, spec.corpus) for spec in specs}) > 1:
        st.caption(
            "These runs cut text differently or read other data: a nat a token is not the same in all of them."
        )


def _table() -> None:
    mine = runs.mine()[:LISTED]
    if not mine:
        st.caption(
            "Runs that you start are listed here, also after a reload; another browser sees them by their link."
        )
        return
    for run in mine:
        with st.container(
            key=f"gb-lab-run-{run.id}", horizontal=True, gap="small", vertical_alignment="center"
        ):
            st.html(f'<p class="gb-lab-run"><b>{inline(curves.run_name(run))}</b> {inline(_about(run))}</p>')
            st.button(
                "Open",
                key=f"lab.open.{run.id}",
                on_click=state.whole(_open),
                args=(run.id,),
                disabled=not run.step,
            )
            why = "Use its settings for the next run."
            st.button(
                "Settings",
                key=f"lab.export.{run.id}",
                on_click=state.whole(_settings),
                args=(run.id,),
                help=why,
            )
            with st.popover("Delete", key=f"gb-lab-delete-{run.id}"):
                gone = f"{curves.run_name(run)}, its curve and all its moments are gone for good."
                st.caption(markup.escape(gone))
                st.button(
                    "Delete it", key=f"lab.delete.{run.id}", on_click=state.whole(_delete), args=(run.id,)
                )


def _about(run: Run) -> str:
    spec = run.spec
    place = f"{run.state}, step {run.step:,} of {run.steps:,}"
    data = f"{presets.DATA[spec.corpus]}, {presets.TOKENIZERS[spec.tokenizer]}"
    what = f"{data}, {presets.OPTIMIZERS[spec.optimizer]} {spec.learning_rate:g}"
    ended = f" {run.ended}" if run.ended and run.state != "done" else ""
    forked = f", forked at step {run.parent.partition('@')[2]}" if run.parent else ""
    return f"{place}; {what}{forked}.{ended}"


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
