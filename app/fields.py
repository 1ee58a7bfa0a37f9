"""The remembered values, declared once, and what a link may say about them.

A link is untrusted: whatever does not fit is left out and named. No Streamlit in here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.field import Field as Field
from app.field import Value as Value

VERSION = 1
LINK_CHARACTERS = 2000  # of a text, in a link: more does not travel well through chat programs and proxies

DEFAULT_MODEL = "tales-gpt"
DEFAULT_TEXT = "A red ball was lost. She found the red"

FIELDS: tuple[Field, ...] = (
    Field("model", "text", DEFAULT_MODEL, selection=False),
    Field(  # a step of its training
        "snapshot", "int", -1, -1, 10**9, selection=False, shown="the finished model", slides=True
    ),
    Field("text", "text", DEFAULT_TEXT, selection=False),
    Field("target", "text", "", selection=False),  # what an encoder-decoder has written so far
    Field("block", "int", 3, 0, 999),
    Field("head", "int", 2, 0, 999),
    Field("follow", "int", -1, -1, 99_999, shown="the last token"),  # a token by its position
    Field("stack", "choice", "decoder", choices=("encoder", "decoder")),
    Field("attention", "choice", "cross", choices=("self", "cross")),
    Field("ribbons", "choice", "size", choices=("size", "sign", "none")),
    Field("temperature", "float", 1.0, 0.0, 5.0),  # of the next token
    Field("sharpness", "float", 1.0, 0.1, 5.0),  # the temperature of one head's softmax
    Field("step", "int", -1, -1, 99, shown="the page's first view"),  # an operation of one head
    Field("walk", "int", 0, 0, 999, shown="the finished picture"),  # an operation of the whole pass, from 1
    Field("scale", "bool", True),
    Field("mask", "bool", True),
    Field("turn", "bool", True),
    Field("row", "int", -1, -1, 99_999, shown="none"),  # a chosen cell
    Field("col", "int", -1, -1, 99_999, shown="none"),
    Field(
        "edits", "text", ""
    ),  # scores that a learner has put in place of a head's own (pages/block/attention.py)
    # Attention
    Field("local", "bool", False),  # a window on the open head
    Field("reach", "int", 4, 1, 64, slides=True),  # its width in tokens, the query among them
    Field("sinks", "int", 1, 0, 16, slides=True),  # first tokens that stay in view beyond it
    # Decoding
    Field("depth", "int", 8, 1, 60),  # tokens of a continuation
    Field("beams", "int", 3, 0, 100),
    Field("penalty", "float", 0.7, -2.0, 4.0),  # the exponent of the length that a sum of log p is divided by
    Field("topk", "int", 12, 0, 1000),  # 0: off
    Field("topp", "float", 0.9, 0.0, 1.0),
    Field("minp", "float", 0.0, 0.0, 1.0),
    Field("repeat", "float", 1.0, 0.0, 5.0),  # the repetition penalty; 0 and 1: off
    Field("seed", "int", 11, 0, 999_999),
    Field("level", "int", -1, -1, 60, shown="the whole tree"),  # how far the tree has grown in step mode
    Field("greedy", "bool", True),
    Field("beam", "bool", True),
    Field("sample", "bool", True),
    Field("force", "text", ""),  # a branch chosen by hand, and the text that it belongs to
    Field("node", "text", ""),  # the chosen node, as the ids that lead to it
    Field("draws", "int", 200, 10, 2000),
    Field("span", "int", 4, 1, 8),  # tokens of each of the many draws
    Field("view", "choice", "page", choices=("page", "projector"), selection=False),
    # Multi-head
    Field(
        "panel", "choice", "lines", choices=("lines", "map", "pair", "join", "effect")
    ),  # of the chosen head
    Field("added", "int", -1, -1, 999, shown="the sum of all"),  # how many heads have been added up
    Field("off", "text", ""),  # the heads that are switched off (app/components/multi_head/off.py)
    Field(
        "instead", "choice", "zero", choices=("zero", "mean")
    ),  # what stands in place of a head that is off
    Field("pair", "text", ""),  # a writing and a reading head (app/components/multi_head_more)
    Field("compose", "choice", "K", choices=("K", "Q", "V")),  # what of the reader meets the writer's output
    # Feed-forward
    Field("neuron", "int", -1, -1, 999_999, shown="the strongest one"),
    Field("silent", "text", ""),  # neurons switched off by hand (app/components/feed_forward/off.py)
    Field(
        "silence", "choice", "none", choices=("none", "strongest", "others", "all")
    ),  # and those beside them
    Field("loudest", "int", 10, 1, 99_999),  # how many neurons count as the strongest
    Field(
        "bend", "choice", "model", choices=("model", "relu", "gelu", "gelu_tanh", "silu", "relu_squared")
    ),  # the curve laid beside the model's own
    # Tokenization
    Field(
        "method",
        "choice",
        "bpe",
        choices=("model", "characters", "words", "bpe", "wordpiece", "unigram", "gpt2", "cl100k", "bert"),
    ),
    Field("corpus", "choice", "tales", choices=("tales", "fables", "python", "own")),  # what is learned from
    Field("size", "int", 2000, 50, 4000),  # entries of a learned vocabulary
    Field("split", "choice", "usual", choices=("usual", "bytes", "words", "spaces", "none")),
    Field("merge", "int", -1, -1, 9_999, shown="the last one"),  # merges applied
    Field("round", "int", -1, -1, 99, shown="the last one"),  # of Unigram's pruning
    Field("word", "text", "unhappiness"),  # the word that is cut step by step
    Field(
        "rate", "choice", "text", choices=("text", "word", "character", "byte")
    ),  # tokens per what, by language
    # Loss
    Field("smoothing", "float", 0.0, 0.0, 1.0),  # of the labels
    Field("given", "text", ""),  # a probability put in place of the model's, and the token that it belongs to
    Field(
        "formula", "int", -1, -1, 6, shown="the whole formula"
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
    Field("lesson", "int", -1, -1, 9, shown="the finished examples"),  # a step of making the examples
    Field("triple", "text", ""),  # the group of three runs whose curves are shown
    # Families
    Field(
        "ask", "choice", "translate", choices=("gap", "translate", "summarize", "sentiment")
    ),  # what an encoder-decoder is asked to write
    Field(
        "drafted", "int", -1, -1, 14, shown="everything"
    ),  # a step of the picture: masks, question, tokens written
    Field("crossing", "int", -1, -1, 9_999, shown="all heads"),  # whose cross-attention is shown
    Field("published", "text", "GPT-2"),  # the family whose card is looked at
    # Models
    Field("picked", "text", ""),  # the model whose details are shown; nothing: the open one
    Field("stock", "choice", "all", choices=("all", "bundled", "run", "folder", "hub")),  # where from
    Field("kin", "choice", "all", choices=("all", "decoder", "encoder", "encoder-decoder")),
    Field("ruler", "choice", "log", choices=("log", "linear")),  # of the bars
    # Training lab
    Field("spec", "text", ""),  # of the next run, as JSON (app/components/lab/setting.py)
    Field("runs", "text", ""),  # beside the open model's own curve: ids of runs, names of recorded ones
    Field("axis", "choice", "step", choices=("step", "tokens", "seconds")),
    # Optimizers
    Field(
        "surface", "choice", "ravine", choices=("bowl", "ravine", "saddle", "rosenbrock", "beale", "waves")
    ),
    Field("start", "text", ""),  # of the race, as "x y"; nothing: the surface's own
    Field("racers", "text", ""),  # who takes part; nothing: all
    Field("rates", "text", ""),  # rates other than the surface's own (app/components/optimizers/setup.py)
    Field("racer", "choice", "adam", choices=("sgd", "momentum", "adam", "adamw", "muon")),
    Field("beta", "float", 0.9, 0.0, 0.999),  # how much of the past direction stays
    Field("beta2", "float", 0.999, 0.0, 0.99999),
    Field("decay", "float", 0.0, 0.0, 10.0),
    Field("nesterov", "bool", False),
    Field("laps", "int", 60, 1, 300),  # steps of the race
    Field("lap", "int", 14, -1, 300),  # the step that is shown; -1: the last
    Field("matrix", "choice", "in", choices=("Q", "K", "V", "O", "in", "out")),
    Field("wrow", "int", -1, -1, 999_999, shown="a weight of middling gradient"),  # of the matrix
    Field("wcol", "int", -1, -1, 999_999, shown="a weight of middling gradient"),
    Field("adam", "float", 0.001, 0.0, 1000.0),  # Adam's rate on the open model
    Field("tick", "int", -1, -1, 99, shown="the last step"),  # of Adam on that weight
    Field("finder", "choice", "adam", choices=("sgd", "momentum", "adam", "adamw", "muon")),
    Field(
        "fresh", "choice", "trained", choices=("trained", "new")
    ),  # the weights that the search begins with
    Field("plane", "choice", "random", choices=("random", "path")),  # of the loss landscape
    Field("moment", "int", -1, -1, 99, shown="the last one"),  # of the training path on it
    Field("toyrates", "text", ""),  # of the five runs on a real model
    Field("quintet", "text", ""),  # the group of own runs that is shown instead of the recorded ones
    # Regularization and Break it
    Field("stage", "int", -1, -1, 9, shown="the whole picture"),  # a step of what the picture tells
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
    Field("glance", "int", -1, -1, 99, shown="the last one"),  # the checkpoint whose weights are counted
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
    # Applications
    Field(
        "use",
        "choice",
        "translate",
        choices=("translate", "summarize", "question", "sentiment", "story", "dialogue", "code"),
    ),
    Field(
        "drawn", "int", 0, -1, 999_999, shown="the first example"
    ),  # of Toyland; -1: the learner's own text
    Field("by", "text", ""),  # a model with a head of classes or spans that answers; nothing: the usual one
    Field("asks", "text", "Who found the kite?"),  # about the own text
    Field("hero", "text", "Nora"),
    Field("scene", "text", 'Ben met his aunt Vera. "Have you seen my red kite?" he asked her. "'),
    Field("begun", "text", "def is_empty(self):"),  # a function to go on with
    Field("spoken", "int", -1, -1, 999, shown="everything"),  # how much of the answer is written
    Field("said", "int", -1, -1, 999, shown="the last one"),  # the part of the answer that is looked at
    # Norm and residual
    Field(  # who wrote a line of the ledger, in block `block`; "sum": the line under all others
        "line",
        "choice",
        "attention",
        choices=("embedding", "position", "type", "attention", "cross", "mlp", "norms", "sum"),
    ),
    Field("written", "int", -1, -1, 999, shown="the whole picture"),  # the line or step that is shown, from 0
    Field("norm", "choice", "own", choices=("own", "layer", "rms")),  # which one is taken apart
    Field("layers", "int", 24, 2, 24, slides=True),  # blocks of the untrained models
    # Break it
    Field("part", "choice", "residual", choices=("residual", "norm", "scale", "position", "mask", "nothing")),
    Field("look", "int", -1, -1, 99, shown="the last one"),  # the checkpoint of the trained pair
    Field("duo", "text", ""),  # the group of own runs that is shown instead of the recorded ones
    # Positions
    Field(  # of position; own: the open model's
        "kind",
        "choice",
        "own",
        choices=("own", "sinusoidal", "learned", "rotary", "alibi", "relative", "none"),
    ),
    Field("begins", "int", 0, 0, 4_096),  # the position of the text's first token
    Field("shift", "int", 5, 1, 60, slides=True),  # positions, of the identity below the picture
    Field("task", "choice", "copy", choices=("copy", "reverse", "first")),  # that a tiny model is trained for
    # Embeddings
    Field(
        "vectors", "choice", "glove", choices=("glove", "model", "learned")
    ),  # the table that is looked into
    Field("gaze", "choice", "all", choices=("all", "near", "analogy")),  # what the map is seen along
    Field("seek", "text", ""),  # a word that was searched for, instead of one of the text
    Field("analogy", "text", ""),  # a|b|c of a : b = c : ?; nothing: the table's own
    Field("sense", "text", "bank"),  # the word that is followed through two sentences
    Field("first", "text", "Nora walked along the river and sat on the bank."),
    Field("second", "text", "Nora took her gold and left it at the bank."),
    Field("probed", "bool", False),  # whether the probe of the word's senses is wanted
    Field("scored", "bool", False),  # whether all analogies are wanted
    # Embeddings, learned (what is learned from is `corpus`)
    Field("learned", "text", ""),  # the own run of word2vec that is shown instead of the recorded one
    Field("dims", "int", 32, 2, 300),  # of a vector
    Field("window", "int", 2, 1, 20),  # words to either side
    Field("negatives", "int", 5, 1, 25),  # random words for each real pair
    Field("epochs", "int", 8, 1, 200),
    Field("rare", "int", 5, 1, 1000),  # words that occur less often are left out
    Field("often", "float", 0.001, 0.0, 0.1),  # the share of the text beyond which words are partly skipped
    Field("learnseed", "int", 0, 0, 999_999),
    Field("learnword", "text", "red"),  # whose neighbours are shown
    Field("glimpse", "int", -1, -1, 99, shown="the last one"),  # a moment of the learning
    Field("settled", "text", ""),  # the own run of t-SNE or UMAP
    Field("layout", "choice", "tsne", choices=("tsne", "umap")),
    Field("laid", "int", 2000, 4, 20_000),  # words on that map
    Field("near", "int", 30, 2, 100),  # neighbours that count for a word
    Field("source", "choice", "glove", choices=("glove", "model", "learned")),  # whose vectors are laid out
    Field("laidword", "text", ""),  # the word that is followed on it
    Field("frame", "int", -1, -1, 999, shown="the last one"),  # a moment of the map
)
BY_KEY: dict[str, Field] = {field.key: field for field in FIELDS}


@dataclass(frozen=True)
class Parsed:
    """What a link says: the values that fit, and a message for each part that did not."""

    values: dict[str, Value]
    notes: tuple[str, ...]


def parse(query: Mapping[str, str], repeated: Sequence[str] = ()) -> Parsed:
    """Read the parameters of a link. Never raises: what does not fit is left out and named in `notes`.

    Args:
        query: each key with its last value.
        repeated: the keys that the link has more than once.
    """
    found: dict[str, Value] = {}
    notes: list[str] = []
    version = query.get("v", str(VERSION))
    unknown = [key for key in query if key != "v" and key not in BY_KEY]
    if unknown:
        notes.append(f"The link has {_listed(unknown)}, which this Glassbox does not know; it was left out.")
    if repeated:
        notes.append(f"The link has {_listed(list(repeated))} more than once; the last value counts.")
    for field in FIELDS:
        if field.key not in query or (version != str(VERSION) and field.selection):
            continue
        raw = query[field.key]
        try:
            found[field.key] = field.parse(raw)
        except ValueError as why:
            notes.append(
                f"In the link, {field.key}={_short(raw)} {why}; {field.name(field.default)} is used."
            )
    if version != str(VERSION):
        notes.append(
            f"The link was written for version {_short(version)} and this Glassbox reads version {VERSION}: "
            "the model and the text were taken, the selections were not."
        )
    return Parsed(found, tuple(notes))


def _short(raw: str, most: int = 40) -> str:
    return raw if len(raw) <= most else raw[:most] + "…"


def _listed(keys: list[str], most: int = 5) -> str:
    named = ", ".join(f"“{_short(key)}”" for key in keys[:most])
    return named + (f" and {len(keys) - most} more" if len(keys) > most else "")
