"""Take away: the link, the notebook, the picture as HTML, SVG or PNG, the table as CSV and on the screen.

The files are made when they are asked for: a rerun of the page costs nothing here.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import streamlit as st

from app import chapters, runs
from app.columns import named
from app.csv_table import to_csv
from app.frame import notebook
from app.kit import register
from app.kit.figures import Asked, Drawing, Table
from app.markup import inline
from app.outside import documents, file_record, standalone
from app.outside.model.packed import can_travel
from app.session import state
from core.messages import bound, say

# Link, SVG and PNG: three buttons that run in the browser; the component also keeps the address bar equal to the page's
# link.
buttons = register("takeaway", __file__, shared=False)


AROUND = 100  # pixels of the claim and the line below a picture that stands alone


def set_origin(slug: str, asked: Asked | None) -> None:
    """Set what `describe_page` describes.

    Args:
        asked: the open model and the text; None on a page with models of its own.
    """
    state.memo("origin")["of"] = slug, asked


def describe_page() -> file_record.Record:
    """Return what a file of this page says of its origin (app/outside/file_record.py)."""
    slug, asked = state.memo("origin")["of"]
    link = f"/{'' if slug == 'home' else slug}?{state.link()}"
    if asked is None:
        return file_record.describe_file(slug, link)
    return file_record.describe_picture(slug, asked, link)


def joined(table: Table, own: Table) -> Table:
    """Concatenate two tables: the second's rows below the first's, each with its own columns."""
    above, below = (len(next(iter(one.values()))) for one in (table, own))
    return {name: [*column, *[None] * below] for name, column in table.items()} | {
        name: [*[None] * above, *column] for name, column in own.items()
    }


def take_card(
    slug: str,
    picture: str | Drawing[Any],
    table: Table | Callable[[], Table] | None,
    cells: Sequence[str] | Callable[[], Sequence[str]],
    texts: Mapping[str, str],
) -> None:
    """Draw the card's buttons. `table` and `cells` may be functions: they are called at the click.

    Args:
        texts: what the page read, by the names that a notebook gives it.
    """
    link = state.link()
    record = describe_page()
    name = file_record.name_file(slug, record.get("model", ""))
    drawing = None if isinstance(picture, str) else picture

    def as_table() -> Table:
        if table is None:
            assert drawing is not None
            return drawing.table
        return table() if callable(table) else table

    def as_notebook() -> str:
        address = f"`/{'' if slug == 'home' else slug}?{link}`"
        about = say("What the page showed, computed again. The page: {address}", address=address)
        made = cells() if callable(cells) else cells
        shown = (
            [] if drawing is None else [f"# %% {say('The picture')}\nfrom app import show\n\n{drawing.call}"]
        )
        return notebook.build(
            f"Glassbox: {say(chapters.BY_SLUG[slug].title)}", about, [*made, *shown], texts, record
        )

    def as_csv() -> str:
        return file_record.stamp_csv(to_csv(as_table()), record)

    if drawing is not None:
        state.memo("takeaway").update(html=lambda: as_html(drawing))
    state.memo("takeaway").update(notebook=as_notebook, csv=as_csv, table=as_table)
    st.html(f'<h2 class="gb-line"><b>{inline(say("Take away"))}</b></h2>')
    with st.container(key="gb-take", horizontal=True, gap="xxsmall"):
        component = picture if drawing is None else drawing.figure.saved or drawing.figure.component.name
        said = {"query": link, "picture": component, "name": name, "record": record}
        embed = "" if drawing is None else documents.snippet(drawing)
        tall = (640 if drawing is None else drawing.figure.tall) + AROUND
        # A run belongs to a browser's cookie, which a frame on another site does not send.
        own = runs.run_id(str(state.get("model")))
        live = "" if own else standalone.live_snippet(say(chapters.BY_SLUG[slug].title), tall)
        buttons(data=said | {"embed": embed, "live": live}, key="gb-take-buttons")
        if drawing is not None:
            _files(drawing, name)
        st.download_button(
            say("Notebook"), bound(as_notebook), f"{name}.ipynb", "application/x-ipynb+json",
            key="take.notebook", on_click="ignore",
        )  # fmt: skip
        st.download_button("CSV", as_csv, f"{name}.csv", "text/csv", key="take.csv", on_click="ignore")
        if id := runs.run_id(str(state.get("model"))):
            step = int(state.get("snapshot"))
            st.download_button(
                say("The run’s weights"), lambda: run_zip(id, None if step < 0 else step),
                notebook.archive(id), "application/zip", key="take.run", on_click="ignore",
                help=say("The open training run with its moments: beside the notebook, it runs on any machine."),
            )  # fmt: skip
        if st.button(say("Table"), key="take.table"):
            _table(as_table())


def _files(drawing: Drawing[Any], name: str) -> None:
    """Offer the picture as a file; where it may carry its model, a menu offers both, as one button has the room."""
    both = bool(drawing.figure.carried) and can_travel(drawing.asked.lm)
    with st.popover("HTML ▾", key="gb-take-html") if both else nullcontext():
        st.download_button(
            "HTML", bound(lambda: as_html(drawing)), f"{name}.html", "text/html", key="take.html", on_click="ignore",
            help=say("The picture as one file that works by itself: steps, pointer and keys, without this app."),
        )  # fmt: skip
        if both:
            st.download_button(
                say("HTML, with model"), bound(lambda: as_html(drawing, with_model=True)),
                f"{name}-model.html", "text/html", key="take.model", on_click="ignore",
                help=say(
                    "The same file with the model in it, about 5 MB: it reads any text, changes heads and scores, and "
                    "rewinds, on any web space or disk, without this app."
                ),
            )  # fmt: skip


def as_html(drawing: Drawing[Any], with_model: bool = False) -> str:
    """Write the picture as one HTML file; of one that cannot be written the file says why.

    Args:
        with_model: let it carry the open model, which then computes it anew for any text.
    """
    try:
        with warnings.catch_warnings():  # a large file is one's own choice here
            warnings.simplefilter("ignore")
            picture = documents.Picture(drawing)
            if with_model:
                picture = picture.with_model(documents.another_moment(drawing.asked))
            return picture.html()
    except ValueError as why:
        title = inline(say("No picture"))
        return f"<!doctype html><meta charset='utf-8'><title>{title}</title><p>{inline(str(why))}</p>"


def _table(table: Table) -> None:
    """Show a table in a dialog."""

    @st.dialog(say("The picture as a table"), width="large")
    def dialog() -> None:
        st.dataframe({name: _short(column) for name, column in named(table).items()}, hide_index=True)

    dialog()


def _short(column: Sequence[Any]) -> Sequence[Any]:
    """Convert a column for Arrow: to floats if a number needs more than 64 bits; the CSV stays exact."""
    whole = [cell for cell in column if isinstance(cell, int) and not isinstance(cell, bool)]
    if not any(abs(cell) >= 2**63 for cell in whole):
        return column
    return [float(cell) if isinstance(cell, int) else cell for cell in column]


def run_zip(id: str, step: int | None) -> bytes:
    """Pack a run's model and checkpoints, that of `step` among them, as a ZIP of the folder that `core.load` reads.

    Raises RunError, CheckpointError: there is nothing to export; the message says why.
    """
    from core.runs import exported

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name, body in exported.files(runs.store(), id, step).items():
            packed.writestr(f"{exported.name(id)}/{name}", body)
    return out.getvalue()
