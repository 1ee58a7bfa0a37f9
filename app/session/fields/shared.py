"""Fields that all pages share: the model, the text, and the selection in it."""

from __future__ import annotations

from app.session.field import Field
from core.messages import ENGLISH, LANGUAGES, mark_of

DEFAULT_MODEL = "tales-gpt"
DEFAULT_TEXT = "A red ball was lost. She found the red"
BEGUN = (
    "Once upon a time, there was a small house by the lake."  # its word “there” only the last words give away
)

FIELDS: tuple[Field, ...] = (
    Field("lang", "choice", ENGLISH, choices=tuple(LANGUAGES), selection=False),
    Field("model", "text", DEFAULT_MODEL, selection=False),
    Field(  # a step of its training
        "snapshot",
        "int",
        -1,
        -1,
        10**9,
        selection=False,
        shown=mark_of("field", "the finished model"),
        slides=True,
    ),
    Field("text", "text", DEFAULT_TEXT, selection=False),
    Field("target", "text", "", selection=False),  # what an encoder-decoder has written so far
    Field("path", "text", "", selection=False),  # a lesson (app/lessons), by its name
    Field("mark", "int", 0, 0, 99, selection=False, shown=mark_of("field", "no step")),  # its step, from 1
    Field("block", "int", 3, 0, 999),
    Field("head", "int", 2, 0, 999),
    Field(
        "follow", "int", -1, -1, 99_999, shown=mark_of("field", "the last token")
    ),  # a token by its position
    Field("stack", "choice", "decoder", choices=("encoder", "decoder")),
    Field("attention", "choice", "cross", choices=("self", "cross")),
    Field(
        "fewer", "text", ""
    ),  # a page and the share of its steps that its own runs take (app/controls/own_run.py)
    Field("ribbons", "choice", "size", choices=("size", "sign", "none")),
    Field("temperature", "float", 1.0, 0.0, 5.0),  # of the next token
    Field("sharpness", "float", 1.0, 0.1, 5.0),  # the temperature of one head's softmax
    Field(
        "step", "int", -1, -1, 99, shown=mark_of("field", "the whole picture"), steps=True
    ),  # an operation of one head
    Field(
        "walk", "int", 0, 0, 999, shown=mark_of("field", "the whole picture"), steps=True
    ),  # an operation of the whole pass, from 1
    Field("scale", "bool", True),
    Field("mask", "bool", True),
    Field("turn", "bool", True),
    Field("row", "int", -1, -1, 99_999, shown=mark_of("field", "none")),  # a chosen cell
    Field("col", "int", -1, -1, 99_999, shown=mark_of("field", "none")),
    Field(
        "edits", "text", ""
    ),  # scores that a learner has put in place of a head's own (pages/attention/page.py)
)
