"""Bytes that are no whole character are written in one way on every page."""

from __future__ import annotations

import core
from core.text.pieces import Piece
from pages.tokenization.figure import readable
from pages.tokenization.learned import shown


def test_a_part_of_a_character_is_written_alike_everywhere() -> None:
    tokenizer = core.load("tales-gpt").tokenizer
    displayed = [tokenizer.display(id) for id in tokenizer.encode("ñ", add_special_tokens=False)][-2:]
    assert displayed == [r"\xc3", r"\xb1"]
    assert shown("Ã", "bytes") == (r"\xc3", r"\xc3"), "as a learned vocabulary has it"
    piece = Piece(text="", entry="", id=0, start=0, end=1, data=b"\xc3\xb1\xc3")
    assert readable(piece) == ("ñ" + r"\xc3", True)
