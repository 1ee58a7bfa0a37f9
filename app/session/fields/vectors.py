"""Fields of the pages in “From text to vectors”."""

from __future__ import annotations

from app.session.field import Field
from core.messages import mark_of

FIELDS: tuple[Field, ...] = (
    # Tokenization
    Field(
        "method",
        "choice",
        "bpe",
        choices=(
            "model",
            "characters",
            "words",
            "bpe",
            "wordpiece",
            "unigram",
            "gpt2",
            "cl100k",
            "smollm2",
            "bert",
        ),
    ),
    Field("corpus", "choice", "tales", choices=("tales", "fables", "python", "own")),  # what is learned from
    Field("size", "int", 2000, 50, 4000),  # entries of a learned vocabulary
    Field("split", "choice", "usual", choices=("usual", "bytes", "words", "spaces", "none")),
    Field("merge", "int", -1, -1, 9_999, shown=mark_of("field", "the last one")),  # merges applied
    Field("round", "int", -1, -1, 99, shown=mark_of("field", "the last one")),  # of Unigram's pruning
    Field("word", "text", "unhappiness"),  # the word that is cut step by step
    Field(
        "rate", "choice", "text", choices=("text", "word", "character", "byte")
    ),  # tokens per what, by language
    # Positions
    Field(  # of position; own: the open model's
        "kind",
        "choice",
        "sinusoidal",  # the first ones that a transformer had, and the easiest to see
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
    Field(  # that are compared as vectors, one a line
        "sentences",
        "text",
        "The plane is about to leave.\nThe baby is about to leave.\nThe flight departs soon.\n"
        "The bank raised its rates.\nThe children sat on its bank.\nThe lender made loans dearer.",
    ),
    Field("alike", "text", ""),  # the two that a learner puts together, "0 2"
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
    Field("glimpse", "int", -1, -1, 99, shown=mark_of("field", "the last one")),  # a moment of the learning
    Field("settled", "text", ""),  # the own run of t-SNE or UMAP
    Field("layout", "choice", "tsne", choices=("tsne", "umap")),
    Field("laid", "int", 2000, 4, 20_000),  # words on that map
    Field("near", "int", 30, 2, 100),  # neighbours that count for a word
    Field("source", "choice", "glove", choices=("glove", "model", "learned")),  # whose vectors are laid out
    Field("laidword", "text", ""),  # the word that is followed on it
    Field("frame", "int", -1, -1, 999, shown=mark_of("field", "the last one")),  # a moment of the map
)
