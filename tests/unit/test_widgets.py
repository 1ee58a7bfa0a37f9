"""Text shown as text: nothing that a learner types becomes markup."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import csv_table, markup

JOINER = "\u2060"


def plain(escaped: str) -> str:
    """What CommonMark shows for an escaped text: backslash escapes resolved, the joiners without width left out."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped).replace(JOINER, "").replace("\u00a0", " ")


@given(
    st.text(
        st.characters(exclude_characters="\r\n\u2028\u2029\v\f\u00a0" + JOINER, exclude_categories=["Cs"])
    )
)
def test_an_escaped_label_reads_as_it_was_written(text: str) -> None:
    assert plain(markup.escape(text)) == text


@given(st.text())
def test_no_markdown_character_is_left_bare(text: str) -> None:
    bare = re.sub(r"\\.", "", markup.escape(text), flags=re.DOTALL)
    assert not re.search(r"[`*_{}\[\]()<>#+\-.!|$~:&@=]", bare)
    assert "\n" not in bare


@pytest.mark.parametrize(
    "text", [":smile:", "->", "<-", "--", ">=", "<=", "~=", "<->", "www.example.com", "a@b.example"]
)
def test_what_streamlit_would_replace_after_markdown_is_kept_apart(text: str) -> None:
    assert JOINER in markup.escape(text)


@pytest.mark.parametrize("text", ["<b>x</b>", "<img src=x onerror=alert(1)>", "&amp;", '" onload="', "`<i>`"])
def test_inline_html_holds_text_only(text: str) -> None:
    shown = markup.inline(text)
    assert re.sub(r"</?code>", "", shown).count("<") == 0
    assert '"' not in shown


def test_inline_sets_pieces_between_backticks_in_mono() -> None:
    assert markup.inline("what does `·a` read?") == "what does <code>·a</code> read?"


@pytest.mark.parametrize(
    ("token", "shown"), [(" a", "·a"), ("a", "a"), ("\n", "⏎"), ("\t", "⇥"), (" ", "·"), ("", "")]
)
def test_a_token_shows_its_space(token: str, shown: str) -> None:
    assert markup.visible(token) == shown


def test_csv_keeps_values_and_defuses_formulas() -> None:
    table = {"token": [" a", '=1+1"', "-", "b,c\n"], "p": [0.5, -1, 2, 3]}
    assert csv_table.to_csv(table) == 'token,p\n a,0.5\n"\'=1+1""",-1\n-,2\n"b,c\n",3\n'


def test_a_carriage_return_starts_no_row_of_a_csv() -> None:
    table = {"token": ["a\r=1+1", "b\r\nc", "\r=2"], "=name": [1, 2, 3]}
    text = csv_table.to_csv(table)
    assert "\r" not in text
    assert list(csv.reader(io.StringIO(text))) == [
        ["token", "'=name"], ["a\n=1+1", "1"], ["b\nc", "2"], ["'\n=2", "3"],
    ]  # fmt: skip


def test_csv_refuses_columns_of_different_lengths() -> None:
    with pytest.raises(ValueError):
        csv_table.to_csv({"a": [1], "b": [1, 2]})
