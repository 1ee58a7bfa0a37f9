"""Fields of the pages in “Questions about models”."""

from __future__ import annotations

from app.session.field import Field
from core.messages import mark_of

FIELDS: tuple[Field, ...] = (
    # Adaptability (what is learned is the sentiment of Fine-tuning; `rank` is LoRA's there, too)
    Field("few", "int", 100, 2, 20_000),  # labelled examples
    Field("front", "int", 4, 1, 64),  # vectors of a prompt
    Field("way", "choice", "lora", choices=("scratch", "frozen", "full", "lora")),  # of the next own run
    Field("game", "choice", "pairs", choices=("list", "pairs", "kinds")),
    Field("told", "int", 4, 0, 8),  # solved examples in the prompt
    Field("lot", "int", 0, 0, 9_999),  # which words are drawn
    Field("solved", "text", ""),  # own pairs, one a line; nothing: drawn ones
    Field("sought", "text", ""),  # the word whose partner is asked for
    Field("adapted", "text", ""),  # the group of own runs that are points on the charts
    # Bias (the table is that of Embeddings: `vectors`, and `learned`)
    Field(
        "weat", "choice", "8", choices=(*map(str, range(1, 11)), "own")
    ),  # one of the ten tests, or own lists
    Field("direction", "choice", "kept", choices=("kept", "removed")),  # that of gender, in every vector
    Field(
        "subject", "int", -1, -1, 999, shown=mark_of("field", "the first word")
    ),  # a target word, by its place in X, then Y
    Field(
        "mate", "int", -1, -1, 999, shown=mark_of("field", "the first word")
    ),  # an attribute word, by its place in A, then B
    Field("listx", "text", "carpenter blacksmith sailor driver judge mayor builder farmer"),
    Field("listy", "text", "nurse teacher librarian cook baker gardener painter musician"),
    Field("lista", "text", "he him his"),
    Field("listb", "text", "she her"),
    # Bias, its lower half: the pronoun gap and the corpus lab
    Field("jobs", "text", ""),  # own professions, with commas; nothing: Toyland's
    Field("frames", "text", ""),  # own templates, one a line; nothing: the page's
    Field("profession", "int", 0, 0, 39),  # the row that is looked at
    Field("dose", "int", 90, 0, 100),  # percent of "she" among the dialled professions of the next run
    Field("dosed", "text", ""),  # the dialled professions, with commas; nothing: those of the recorded runs
    Field("remedy", "choice", "none", choices=("none", "swap", "remove", "balance")),
    Field("doses", "text", ""),  # the group of own runs that are points on the curve
    # Compute and memory (the sizes of a configuration: -1, as it is)
    Field(
        "costed",
        "choice",
        "open",
        choices=(
            "open",
            "gpt2",
            "gpt2-medium",
            "gpt2-large",
            "gpt2-xl",
            "gpt3",
            "llama2-7b",
            "llama2-13b",
            "llama2-70b",
            "llama3-8b",
            "llama3-70b",
            "bert-base",
            "bert-large",
            "t5-small",
            "t5-base",
            "t5-large",
        ),
    ),
    Field("stacked", "int", -1, -1, 10_000, shown=mark_of("field", "the model’s own")),
    Field("wide", "int", -1, -1, 1_000_000, shown=mark_of("field", "the model’s own")),
    Field("queries", "int", -1, -1, 10_000, shown=mark_of("field", "the model’s own")),
    Field("keyheads", "int", -1, -1, 10_000, shown=mark_of("field", "the model’s own")),
    Field("inner", "int", -1, -1, 10_000_000, shown=mark_of("field", "the model’s own")),
    Field("entries", "int", -1, -1, 100_000_000, shown=mark_of("field", "the model’s own")),
    Field("together", "int", 1, 1, 1_048_576, slides=True),  # texts side by side
    Field(
        "long",
        "int",
        -1,
        -1,
        1_048_576,
        shown=mark_of("field", "as long as the text or the context"),
        slides=True,
    ),
    Field("floats", "choice", "fp32", choices=("fp32", "bf16", "int8", "int4")),
    Field("card", "choice", "rtx4090", choices=("v100", "t4", "a100", "rtx3090", "h100", "rtx4090")),
    Field(
        "counted", "int", -1, -1, 99, shown=mark_of("field", "the whole picture"), steps=True
    ),  # a step of the sum
    Field("teraflops", "float", 0.0, 0.0, 1_000_000.0, shown=mark_of("field", "the card’s")),
    Field("reached", "float", 0.4, 0.01, 1.0),  # of the peak
    Field("cards", "int", 1, 1, 1_000_000),
    Field(
        "billions", "float", 0.0, 0.0, 1_000_000_000.0, shown=mark_of("field", "as published, or 20 a weight")
    ),  # of tokens
    # Scaling
    Field("against", "choice", "parameters", choices=("parameters", "data", "compute")),
    Field("withheld", "int", 1, 0, 4),  # of the largest sizes, kept from the fit
    Field("tables", "bool", False),  # whether embedding and unembedding count among the parameters
    Field("rung", "int", 96, 16, 512),  # the width whose runs are held against the data
    Field("inarow", "int", 16, 1, 32),  # characters that must all be right
    Field("width", "int", 64, 16, 512),  # of an own run
    Field("portion", "choice", "1", choices=("2", "1", "1/2", "1/4", "1/8")),  # of the ladder's text
    Field("ladder", "text", ""),  # the group of own runs that are points on the charts
    # Multimodal (a step is `spoken`, a word of the caption `said`, a head `crossing`, a gallery `lot`)
    Field("pictured", "int", 47, 0, 1_999),  # the held-out picture
    Field("sketched", "bool", False),  # the learner's drawing stands in its place
    Field("drawing", "text", ""),  # its strokes (pages/multimodal/strokes.py)
    Field(
        "imaged", "int", -1, -1, 100, shown=mark_of("field", "one that misses")
    ),  # a row of the space, the last the drawing
    Field(
        "worded", "int", -1, -1, 100, shown=mark_of("field", "one that misses")
    ),  # a column, the last the learner's text
    # Efficiency, its lower half: pruning, students
    Field("removed", "int", 80, 5, 95),  # percent of the weights, or of heads and neurons
    Field("cutting", "choice", "magnitude", choices=("magnitude", "structured")),
    Field(
        "shrunk", "choice", "distilled", choices=("distilled", "alone", "pruned")
    ),  # what the next own run trains
    Field("softness", "float", 1.0, 0.1, 20.0),  # the temperature of both models' logits
    Field("plainly", "float", 0.0, 0.0, 1.0),  # the share of the plain loss beside the teacher's
    Field("lessons", "int", 200, 1, 20_000),  # steps of the next own run
    Field("shrinks", "text", ""),  # the group of own runs that are points on the charts
    # Efficiency, the open model's own file (pages/efficiency/stored.py)
    Field("filed", "text", ""),  # the tensor whose block is looked at; nothing: the usual one
    Field("parcel", "int", 0, 0, 99_999_999),  # which of its blocks
    # Interpretability, below the picture (pages/interpretability: explainers.py, circuit.py)
    Field("blank", "choice", "token", choices=("token", "mean", "zero")),  # what stands where a token is gone
    Field("says", "choice", "logit", choices=("logit", "probability")),  # the number that is explained
    Field("quadrature", "int", 32, 1, 256, slides=True),  # steps from the blank text to the text
    Field("along", "int", -1, -1, 255, shown=mark_of("field", "the whole way")),  # one of them, from 0
    Field("explainer", "int", 0, 0, 4),  # by its place in core.analysis.explaining.explainers.NAMES
    Field(
        "truth", "choice", "held", choices=("held", "holder", "hero", "name")
    ),  # what a probe of each depth is to tell
    Field("circuit", "int", -1, -1, 99, shown=mark_of("field", "the whole walk"), steps=True),
    # Interpretability (the row that is asked is `follow`; a chosen cell is `row`, `tier`, or `block` and `head`)
    Field("corrupted", "text", ""),  # the other text; nothing: one that the page makes
    Field("dealt", "int", 0, 0, 9_999),  # which pair of Toyland, or which change of the text
    Field(
        "asked", "int", -1, -1, 9_999_999, shown=mark_of("field", "the likeliest")
    ),  # the token that is explained
    Field(
        "versus", "int", -1, -2, 9_999_999, shown=mark_of("field", "what the corrupted text says")
    ),  # -2: nothing
    Field("unfold", "text", ""),  # parts of the page that are open (pages/interpretability/figure.py)
    Field(
        "sight", "choice", "stream", choices=("lens", "stream", "attention", "cross", "mlp", "heads", "parts")
    ),  # the panel of the chosen cell
    Field("tier", "int", -1, -1, 999, shown=mark_of("field", "the strongest")),  # its column
    Field("shade", "choice", "answer", choices=("answer", "own")),  # what colours the lens
    Field(
        "extent", "choice", "all", choices=("all", "here")
    ),  # a head patched at every position, or at the chosen one
    # Efficiency (the block is `block`, of an encoder-decoder's `stack`)
    Field("bits", "choice", "4", choices=("16", "8", "4", "2", "1")),  # of a weight
    Field("per", "choice", "channel", choices=("tensor", "channel", "group")),  # what shares a scale
    Field("group", "choice", "32", choices=("16", "32", "64", "128")),  # weights that share one
    Field("rounding", "choice", "nearest", choices=("nearest", "gptq")),
    Field("centred", "bool", True),  # the grid around 0, or from the smallest weight to the largest
    Field(
        "piece", "choice", "in", choices=("qkv", "o", "cross_qkv", "cross_o", "in", "out")
    ),  # the matrix that is looked at
    Field("output", "int", 0, 0, 99_999_999),  # a row of it
    Field("slice", "int", 0, 0, 99_999_999),  # a group of that row
)
