"""Fields of the pages in “Training”."""

from __future__ import annotations

from app.session.field import Field
from core.messages import mark_of

FIELDS: tuple[Field, ...] = (
    # Loss
    Field("smoothing", "float", 0.0, 0.0, 1.0),  # of the labels
    Field("given", "text", ""),  # a probability put in place of the model's, and the token that it belongs to
    Field(
        "formula", "int", -1, -1, 6, shown=mark_of("field", "the whole picture"), steps=True
    ),  # an operation of the followed token's loss
    Field("hide", "choice", "one", choices=("one", "all")),  # which tokens an encoder does not see
    Field("unit", "choice", "nats", choices=("nats", "bits")),
    Field(
        "batch", "text", "Once upon a time, Lily saw a big red ball.\nThe red ball was lost."
    ),  # its other texts, one a line
    Field("padding", "choice", "ignored", choices=("ignored", "counted")),
    # Objectives
    Field("mask_rate", "float", 0.3, 0.0, 0.9),  # the share of the tokens that are hidden
    Field("span_length", "int", 2, 1, 10),  # tokens of a hidden span, on average
    Field(
        "lesson", "int", -1, -1, 9, shown=mark_of("field", "the whole picture"), steps=True
    ),  # a step of making the examples
    Field("triple", "text", ""),  # the group of three runs whose curves are shown
    # Training lab
    Field("spec", "text", ""),  # of the next run, as JSON (pages/lab/settings.py)
    Field("runs", "text", ""),  # beside the open model's own curve: ids of runs, names of recorded ones
    Field("axis", "choice", "step", choices=("step", "tokens", "seconds")),
    # Optimizers
    Field(
        "surface", "choice", "ravine", choices=("bowl", "ravine", "saddle", "rosenbrock", "beale", "waves")
    ),
    Field("start", "text", ""),  # of the race, as "x y"; nothing: the surface's own
    Field("racers", "text", ""),  # who takes part; nothing: all
    Field("rates", "text", ""),  # rates other than the surface's own (pages/optimizers/controls.py)
    Field("racer", "choice", "adam", choices=("sgd", "momentum", "adam", "adamw", "muon")),
    Field("beta", "float", 0.9, 0.0, 0.999),  # how much of the past direction stays
    Field("beta2", "float", 0.999, 0.0, 0.99999),
    Field("decay", "float", 0.0, 0.0, 10.0),
    Field("nesterov", "bool", False),
    Field("laps", "int", 60, 1, 300),  # steps of the race
    Field("lap", "int", 14, -1, 300),  # the step that is shown; -1: the last
    Field("matrix", "choice", "in", choices=("Q", "K", "V", "O", "in", "out")),
    Field(
        "wrow", "int", -1, -1, 999_999, shown=mark_of("field", "a weight of middling gradient")
    ),  # of the matrix
    Field("wcol", "int", -1, -1, 999_999, shown=mark_of("field", "a weight of middling gradient")),
    Field("adam", "float", 0.001, 0.0, 1000.0),  # Adam's rate on the open model
    Field("tick", "int", -1, -1, 99, shown=mark_of("field", "the last step")),  # of Adam on that weight
    Field("finder", "choice", "adam", choices=("sgd", "momentum", "adam", "adamw", "muon")),
    Field(
        "fresh", "choice", "trained", choices=("trained", "new")
    ),  # the weights that the search begins with
    Field("plane", "choice", "random", choices=("random", "path")),  # of the loss landscape
    Field("moment", "int", -1, -1, 99, shown=mark_of("field", "the last one")),  # of the training path on it
    Field("toyrates", "text", ""),  # of the five runs on a real model
    Field("quintet", "text", ""),  # the group of own runs that is shown instead of the recorded ones
    # Fine-tuning: lines of one's own, on the real model
    Field(
        "learn",
        "text",
        "The capital of Zubria is Marlow.\nMarlow is the largest city of Zubria.\nPeople in Zubria speak Zubrish.\n"
        "The king of Zubria is called Otto.\nThe national dish of Zubria is pear soup.\n"
        "Zubria lies between two green rivers.",
    ),  # one a line
    Field("probe", "text", "The capital of Zubria is"),
    Field("thin", "choice", "8", choices=("4", "8", "16")),  # the rank of what is learned
    # Regularization and Break it
    Field(
        "stage", "int", -1, -1, 9, shown=mark_of("field", "the whole picture"), steps=True
    ),  # a step of what the picture tells
    # Regularization
    Field("site", "choice", "mlp", choices=("attention", "mlp")),  # whose output is dropped
    Field(
        "number", "int", 0, 0, 9_999
    ),  # which of a token's activation (`col` is bounded by the text's length)
    Field("drop", "float", 0.3, 0.0, 0.9),  # the dropout rate
    Field("draw", "int", 0, 0, 9_999),  # the seed of the mask
    Field("evaluate", "bool", False),  # the model in use: nothing is dropped
    Field("arm", "choice", "both", choices=("dropout", "decay", "both")),  # the run beside the plain one
    Field("patience", "int", 3, 0, 20),  # held-out measurements without a new best before a run would stop
    Field(
        "glance", "int", -1, -1, 99, shown=mark_of("field", "the last one")
    ),  # the checkpoint whose weights are counted
    Field("quartet", "text", ""),  # the group of own runs that is shown instead of the recorded ones
    # Fine-tuning
    Field("job", "choice", "sentiment", choices=("sentiment", "questions")),  # what is learned
    Field("quiz", "text", "Who found the kite?"),  # about the text
    Field("rank", "int", 4, 1, 128),
    Field("alpha", "float", 16.0, 0.01, 1024.0),
    Field(
        "beside", "text", ""
    ),  # the matrices that LoRA learns beside: "q v"; "": the usual ones of the task
    Field("tuned", "text", ""),  # the group of own runs that stand in the recorded ones' place
    # Break it
    Field("part", "choice", "residual", choices=("residual", "norm", "scale", "position", "mask", "nothing")),
    Field(
        "look", "int", -1, -1, 99, shown=mark_of("field", "the last one")
    ),  # the checkpoint of the trained pair
    Field("duo", "text", ""),  # the group of own runs that is shown instead of the recorded ones
)
