"""Fields of the pages in “Families”."""

from __future__ import annotations

from app.session.field import Field
from core.messages import mark_of

FIELDS: tuple[Field, ...] = (
    # Families
    Field(
        "ask", "choice", "translate", choices=("gap", "translate", "summarize", "sentiment")
    ),  # what an encoder-decoder is asked to write
    Field(
        "drafted", "int", -1, -1, 14, shown=mark_of("field", "the whole picture"), steps=True
    ),  # a step of the picture: masks, question, tokens written
    Field(
        "crossing", "int", -1, -1, 9_999, shown=mark_of("field", "all heads")
    ),  # whose cross-attention is shown
    Field(  # whether the encoder's lane has one that fills, or one without a head; fitting: as the open model
        "reader", "choice", "fitting", choices=("fitting", "fills", "vectors")
    ),
    Field("published", "text", "GPT-2"),  # the family whose card is looked at
    # Models
    Field("picked", "text", ""),  # the model whose details are shown; nothing: the open one
    Field("stock", "choice", "all", choices=("all", "bundled", "real", "run", "folder", "hub")),  # where from
    Field("kin", "choice", "all", choices=("all", "decoder", "encoder", "encoder-decoder")),
    Field("ruler", "choice", "log", choices=("log", "linear")),  # of the bars
)
