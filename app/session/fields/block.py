"""Fields of the pages in “Inside a block”."""

from __future__ import annotations

from app.session.field import Field
from core.messages import mark_of

FIELDS: tuple[Field, ...] = (
    # Attention
    Field("local", "bool", False),  # a window on the open head
    Field("reach", "int", 4, 1, 64, slides=True),  # its width in tokens, the query among them
    Field("sinks", "int", 1, 0, 16, slides=True),  # first tokens that stay in view beyond it
    # Multi-head
    Field(
        "panel", "choice", "lines", choices=("lines", "map", "pair", "join", "effect")
    ),  # of the chosen head
    Field(
        "added", "int", -1, -1, 999, shown=mark_of("field", "the sum of all")
    ),  # how many heads have been added up
    Field(
        "tour", "int", -1, -1, 199, shown=mark_of("field", "the whole picture"), steps=True
    ),  # a step through the panels, from 0
    Field("order", "choice", "block", choices=("block", "kind", "effect")),  # of the small maps
    Field("off", "text", ""),  # the heads that are switched off (pages/multi_head/ablation.py)
    Field(
        "instead", "choice", "zero", choices=("zero", "mean")
    ),  # what stands in place of a head that is off
    Field("pair", "text", ""),  # a writing and a reading head (pages/multi_head/composition.py)
    Field("compose", "choice", "K", choices=("K", "Q", "V")),  # what of the reader meets the writer's output
    # Feed-forward
    Field("neuron", "int", -1, -1, 999_999, shown=mark_of("field", "the strongest one")),
    Field("silent", "text", ""),  # neurons switched off by hand (pages/feed_forward/ablation.py)
    Field(
        "silence", "choice", "none", choices=("none", "strongest", "others", "all")
    ),  # and those beside them
    Field("loudest", "int", 10, 1, 99_999),  # how many neurons count as the strongest
    Field(
        "bend", "choice", "model", choices=("model", "relu", "gelu", "gelu_tanh", "silu", "relu_squared")
    ),  # the curve laid beside the model's own
    # Norm and residual
    Field(  # who wrote a line of the ledger, in block `block`; "sum": the line under all others
        "line",
        "choice",
        "attention",
        choices=("embedding", "position", "type", "attention", "cross", "mlp", "norms", "sum"),
    ),
    Field(
        "written", "int", -1, -1, 999, shown=mark_of("field", "the whole picture"), steps=True
    ),  # the line or step that is shown, from 0
    Field("norm", "choice", "own", choices=("own", "layer", "rms")),  # which one is taken apart
    Field("layers", "int", 24, 2, 24, slides=True),  # blocks of the untrained models
)
