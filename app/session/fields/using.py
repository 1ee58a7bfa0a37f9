"""Fields of the pages in “Using a model”."""

from __future__ import annotations

from app.session.field import Field
from core.messages import mark_of

FIELDS: tuple[Field, ...] = (
    # Decoding
    Field("depth", "int", 8, 1, 60),  # tokens of a continuation
    Field("beams", "int", 3, 0, 100),
    Field("penalty", "float", 0.7, -2.0, 4.0),  # the exponent of the length that a sum of log p is divided by
    Field("topk", "int", 12, 0, 1000),  # 0: off
    Field("topp", "float", 0.9, 0.0, 1.0),
    Field("minp", "float", 0.0, 0.0, 1.0),
    Field("repeat", "float", 1.0, 0.0, 5.0),  # the repetition penalty; 0 and 1: off
    Field("seed", "int", 11, 0, 999_999),
    Field(
        "level", "int", -1, -1, 60, shown=mark_of("field", "the whole tree"), steps=True
    ),  # how far the tree has grown in step mode
    Field("greedy", "bool", True),
    Field("beam", "bool", True),
    Field("sample", "bool", True),
    Field("force", "text", ""),  # a branch chosen by hand, and the text that it belongs to
    Field("node", "text", ""),  # the chosen node, as the ids that lead to it
    Field("draws", "int", 200, 10, 2000),
    Field("span", "int", 4, 1, 8),  # tokens of each of the many draws
    Field("view", "choice", "page", choices=("page", "projector", "figure"), selection=False),
    # Applications
    Field(
        "use",
        "choice",
        "translate",
        choices=("translate", "summarize", "question", "sentiment", "story", "dialogue", "code"),
    ),
    Field(
        "drawn", "int", 0, -1, 999_999, shown=mark_of("field", "the first example")
    ),  # of Toyland; -1: the learner's own text
    Field("by", "text", ""),  # a model with a head of classes or spans that answers; nothing: the usual one
    Field("asks", "text", ""),  # about the own text; nothing: a question from its own words
    Field("hero", "text", "Nora"),
    Field("scene", "text", 'Ben met his aunt Vera. "Have you seen my red kite?" he asked her. "'),
    Field("begun", "text", "def is_empty(self):"),  # a function to go on with
    Field(
        "spoken", "int", -1, -1, 999, shown=mark_of("field", "the whole picture"), steps=True
    ),  # how much of the answer is written
    Field(
        "said", "int", -1, -1, 999, shown=mark_of("field", "the last one")
    ),  # the part of the answer that is looked at
)
