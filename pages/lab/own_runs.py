"""List the runs: compare curves, download one whole, open or delete those of this browser."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from app import markup, models, runs
from app.controls.own_run import LOOK
from app.frame import page
from app.markup import inline
from app.outside.file_record import describe_file, name_file, stamp_csv
from app.session import state
from core.messages import mark, mark_of, say, say_of
from core.runs import Run, recordings
from core.runs.endings import retold
from core.runs.limits import LONGEST_NAME, LONGEST_NOTE
from pages.lab import curves, export, presets, settings
from pages.lab.curves import Curve

ROWS = 10  # runs on a page of the list
ORDERS = {
    "newest": mark("Newest first"),
    "oldest": mark("Oldest first"),
    "name": mark("Name"),
    "steps": mark("Most steps first"),
}
STATES: dict[str, str] = {
    "queued": mark_of("state of a run", "queued"),
    "running": mark_of("state of a run", "running"),
    "paused": mark_of("state of a run", "paused"),
    "done": mark_of("state of a run", "done"),
    "stopped": mark_of("state of a run", "stopped"),
    "diverged": mark_of("state of a run", "diverged"),
    "failed": mark_of("state of a run", "failed"),
}


def return_to_running() -> None:
    """Show the run that this browser trains now: once a session, where neither a link nor the learner chose another."""
    memo = state.memo("lab")
    if memo.get("returned") or state.is_linked() or state.get("runs") or runs.run_id(state.get("model")):
        return
    memo["returned"] = True
    going = next((run for run in runs.mine() if not run.over and not run.group), None)
    if going is not None:
        state.put({"runs": going.id})
        memo["waiting"] = going.id


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
    """List all runs of this browser, page by page; search and sort them where they fill more than one page."""
    mine = runs.mine()
    if not mine:
        st.caption(
            say(
                "Runs that you start are listed here, also after a reload; another browser sees them "
                "by their link."
            )
        )
        return
    chosen = mine if len(mine) <= ROWS else _ordered(mine)
    if not chosen:
        st.caption(say("None of your {count} runs fits the search.", count=f"{len(mine):,}"))
        return
    at = 1
    if len(mine) > ROWS:
        with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
            # Another order or number of runs begins on the first page.
            key = f"lab.pages.{state.memo('lab').get('order')}.{len(chosen)}"
            at = st.pagination(-(-len(chosen) // ROWS), width=260, key=key)
            st.caption(say("{shown} of your {count} runs", shown=f"{len(chosen):,}", count=f"{len(mine):,}"))
    for run in chosen[(at - 1) * ROWS : at * ROWS]:
        _row(run)


def _ordered(mine: list[Run]) -> list[Run]:
    """Draw the search box and the order; return the runs that fit, in that order."""
    memo = state.memo("lab")
    words, order = str(memo.get("search", "")), str(memo.get("order", "newest"))

    def changed(name: str, value: str | None) -> None:
        memo[name] = value or ""

    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.text_input(
            say("Search your runs"), placeholder=say("Name, note, data, optimizer or state"),
            **state.part("lab.search", words, partial(changed, "search")),
        )  # fmt: skip
        st.selectbox(
            say("Order"), list(ORDERS), format_func=lambda one: say(ORDERS[one]), filter_mode=None,
            **state.part("lab.order", order, partial(changed, "order")),
        )  # fmt: skip
    asked = words.casefold().split()
    found = [run for run in mine if all(word in _searched(run) for word in asked)]
    keys: dict[str, Callable[[Run], Any]] = {
        "oldest": lambda run: run.created,
        "name": lambda run: curves.run_name(run).casefold(),
        "steps": lambda run: -run.step,
    }
    return sorted(found, key=keys[order]) if order in keys else found


def _searched(run: Run) -> str:
    return f"{curves.run_name(run)} {run.note} {_about(run)}".casefold()


def _row(run: Run) -> None:
    with st.container(key=f"gb-lab-run-{run.id}", horizontal=True, gap="small", vertical_alignment="center"):
        if run.over:
            _line(run)
        else:
            _followed(run.id)
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
        edit = st.popover(say("Name and note"), key=f"gb-lab-edit-{run.id}", on_change="rerun")
        if edit.open:
            with edit:
                st.text_input(
                    say("Name"), value=run.name, max_chars=LONGEST_NAME,
                    **state.part(f"lab.name.{run.id}", run.name, partial(_rename, run.id)),
                )  # fmt: skip
                st.text_area(
                    say("Note"), value=run.note, max_chars=LONGEST_NOTE,
                    **state.part(f"lab.note.{run.id}", run.note, partial(_annotate, run.id)),
                )  # fmt: skip
        with st.popover(say("Delete"), key=f"gb-lab-delete-{run.id}"):
            gone = say("{run}, its curve and all its moments are gone for good.", run=curves.run_name(run))
            st.caption(markup.escape(gone))
            st.button(
                say("Delete it"),
                key=f"lab.delete.{run.id}",
                on_click=state.whole(_delete),
                args=(run.id,),
            )


@st.fragment(run_every=LOOK)
def _followed(id: str) -> None:
    """Draw the line of a run that has not ended; the page reruns when it has."""
    state.speak()
    run = runs.find(id)
    if run is None or run.over:
        state.turn_again()
        st.rerun()
    _line(run)


def _line(run: Run) -> None:
    note = f"<br><i>{inline(run.note)}</i>" if run.note else ""
    st.html(f'<p class="gb-lab-run"><b>{inline(curves.run_name(run))}</b> {inline(_about(run))}{note}</p>')


def _rename(id: str, name: str) -> None:
    if why := runs.rename(id, name):
        state.note(why)


def _annotate(id: str, note: str) -> None:
    if why := runs.annotate(id, note):
        state.note(why)


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
