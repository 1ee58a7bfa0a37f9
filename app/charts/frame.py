"""The elements around every chart: its state for tests and screen readers, its table twin and its files.

A chart itself cannot be walked by keyboard; its table can, and holds the same numbers.

Streamlit imports pandas when it first draws a chart with rows of its own. Altair and Plotly, in another visitor's
thread, would look at the half of it that is there by then, and fail: so it is imported whole before any chart is
described.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas  # type: ignore[import-untyped]  # noqa: F401
import streamlit as st

from app.charts.mounted import charted
from app.columns import named
from app.csv_table import to_csv
from app.frame.takeaway import describe_page
from app.kit.figures import Table
from app.outside.file_record import Record, name_file, stamp
from core.messages import say

ROOM = '<span class="gb-room gb-room-low"></span>'  # a browser places an opened menu by the size that it has then


@dataclass(frozen=True)
class About:
    """A chart in words and numbers.

    Attributes:
        name: of the companion element, `data-component`; also in the names of its files.
        said: what it shows, in a sentence: its text alternative.
        state: the numbers that it shows, as JSON can hold them; NaN becomes null.
        table: column name -> values, what it shows; a function is called when the page is drawn.
        drawings: how many drawings belong to it.
    """

    name: str
    said: str
    state: dict[str, Any] = field(default_factory=dict)
    table: Table = field(default_factory=dict)
    drawings: int = 1


@contextmanager
def framed(
    about: About,
    kind: str,
    files: Sequence[tuple[str, str, Callable[[], Any]]] = (),
    form: str = "",
    near: Callable[[], None] | None = None,
) -> Iterator[None]:
    """Draw the chart passed as the body of the `with` block, its state, and a button to its table and its files.

    Args:
        kind: of library, which the style sheet and the tests tell apart.
        files: further files: what the button says (also the ending), the media type, and what makes it.
        form: what the style sheet tells apart besides.
        near: called when the chart comes near the visible part of the page; None: the chart is drawn already.
    """
    with st.container(key=f"gb-chart-{kind}-{form}{about.name}", gap="xxsmall"):
        yield
        charted(
            data={
                "name": about.name, "kind": kind, "said": about.said, "drawings": 0 if near else about.drawings,
                "state": clean(about.state), "waits": near is not None,
            },
            key=f"gb-chart-state-{about.name}",
            on={"near": near} if near else None,
        )  # fmt: skip
        more = st.popover(
            say("Table, files"), key=f"gb-chart-more-{about.name}", width="content", on_change="rerun"
        )
        with more:
            st.html(ROOM)
            if more.open:  # not before: a page of ten charts would send their tables at every run
                _table_and_files(about, files)


def _table_and_files(about: About, files: Sequence[tuple[str, str, Callable[[], Any]]]) -> None:
    record = describe_page()
    name = name_chart(about, record)
    with st.container(horizontal=True, gap="xsmall"):
        made = [*files, ("CSV", "text/csv", lambda: to_csv(about.table))]
        for ending, media, make in made:
            st.download_button(
                ending, partial(_stamped, make, ending, record), f"{name}.{ending.lower()}", media,
                key=f"chart.{about.name}.{ending}", on_click="ignore",
            )  # fmt: skip
    st.html(table_twin(about))


def name_chart(about: About, record: Record) -> str:
    """Return the name of a chart's files without an ending: page, chart and model."""
    page = record["page"]
    name = about.name if about.name.startswith(page) else f"{page}-{about.name}"
    return name_file(name, record.get("model", ""))


def _stamped(make: Callable[[], Any], ending: str, record: Record) -> Any:
    return stamp(make(), ending, record)


def table_twin(about: About) -> str:
    """Draw the numbers as a table that scrolls by keyboard."""
    table = named(about.table)
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in table)
    rows = "".join(
        f"<tr>{''.join(f'<td>{html.escape(_cell(cell))}</td>' for cell in row)}</tr>"
        for row in zip(*table.values(), strict=True)
    )
    return (
        f'<div class="gb-twin" role="region" tabindex="0" aria-label="{html.escape(about.said)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(value: Any) -> str:
    """Format a table value: numbers with six significant digits."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.6g}".replace("-", "−")
    return f"{value:,}" if isinstance(value, int) else str(value)


def clean(value: Any) -> Any:
    """Convert NumPy values to Python's; NaN and infinity become None, which JSON writes as null."""
    if isinstance(value, dict):
        return {str(key): clean(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [clean(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
