"""The table of contents: every page of Glassbox in reading order, and what of the subject each one covers.

Only chapters whose file exists are shown; the others wait here for their page. A `Cover` names one point of the
subject by its section number and a term in our own words, and the picture or control that shows it. No Streamlit here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SECTIONS = (
    "I. From text to vectors",
    "II. Inside a block",
    "III. Training",
    "IV. Families",
    "V. Using a model",
    "VI. Questions about models",
    "VII. With others",
)


@dataclass(frozen=True)
class Cover:
    """One point of the subject: section number, the term, and what on the page shows it."""

    section: str
    term: str
    shown: str


@dataclass(frozen=True)
class Chapter:
    """One page. `slug` is its address and the name of its file, `folder` its folder under `pages/`."""

    slug: str
    title: str
    icon: str
    section: str
    folder: str = ""
    covers: tuple[Cover, ...] = field(default=())

    @property
    def path(self) -> str:
        """Where the page's file is, relative to the root of the repository."""
        return "/".join(part for part in ("pages", self.folder, f"{self.slug}.py") if part)

    @property
    def exists(self) -> bool:
        """Whether the page has been written yet."""
        return (ROOT / self.path).is_file()


def _chapter(
    section: int, folder: str, slug: str, title: str, icon: str, *covers: tuple[str, str, str]
) -> Chapter:
    return Chapter(
        slug, title, f":material/{icon}:", SECTIONS[section - 1], folder, tuple(Cover(*c) for c in covers)
    )


CHAPTERS: tuple[Chapter, ...] = (
    _chapter(
        1, "", "home", "Home", "home",
        ("1", "large language model", "the whole pass of one, from your words to the next token"),
        ("1", "transformer", "the chain of blocks; any of them opens"),
    ),
    _chapter(
        1, "vectors", "tokenization", "Tokenization", "dataset",
        ("2.1", "token", "the same text cut by five tokenizers"),
        ("2.1", "words as tokens", "the word row, with what it cannot name"),
        ("2.1", "parts of words as tokens", "byte-pair encoding and WordPiece, merge by merge"),
        ("2.1", "characters as tokens", "the character row"),
    ),
    _chapter(
        1, "vectors", "embeddings", "Embeddings", "scatter_plot",
        ("2.2", "embedding", "the lookup as a product with a one-hot row"),
        ("2.2", "static vectors", "neighbours and analogies in GloVe, word2vec trained live"),
        ("2.2", "vectors in context", "one word in two sentences, layer by layer"),
    ),
    _chapter(
        1, "vectors", "positions", "Positions", "airwave",
        ("2.3", "why positions", "the words in another order: with positions, without, and without the mask too"),
        ("2.3", "sines and cosines", "Sinusoidal: the table as a map and as waves, a pair as a clock's hands"),
        ("2.3", "learned positions", "Learned: the open model's table, or a tiny model's, row by row"),
    ),
    _chapter(
        2, "block", "attention", "Attention", "table_rows_narrow",
        ("3.1", "self-attention", "the row of one token: what it reads, and how much"),
        ("3.1", "queries, keys and values", "the blue, red-orange and green strips of every token"),
        ("3.1", "attention weights", "scores, scale, mask and softmax, cell by cell"),
    ),
    _chapter(
        2, "block", "multi_head", "Multi-head", "grid_view",
        ("3.2", "many heads at once", "every head of every block in one view"),
        ("3.2", "joining the heads", "concatenation, projection, and each head's share"),
    ),
    _chapter(
        2, "block", "feed_forward", "Feed-forward", "flip",
        ("3.3", "one network for each token", "expand, bend, contract, token by token"),
        ("3.3", "linear, activation, linear", "the activation's curve with this text's values on it"),
    ),
    _chapter(
        2, "block", "norm_residual", "Norm and residual", "segment",
        ("3.4", "layer normalization", "values before and after, with their mean and spread"),
        ("3.5", "residual connections", "the stream as a ledger, and gradients by depth"),
    ),
    _chapter(
        3, "training", "loss", "Loss", "trending_down",
        ("6.1", "cross-entropy", "the loss of each token of the text"),
        ("6.1", "its formula", "the sum with this text's numbers in it"),
    ),
    _chapter(
        3, "training", "objectives", "Objectives", "target",
        ("4.1", "pretraining", "one sentence as three kinds of examples"),
        ("4.1", "next-token prediction", "which positions score, and the loss falling"),
        ("4.1", "masked prediction", "the masked positions and their loss"),
    ),
    _chapter(
        3, "training", "lab", "Training lab", "science",
        ("4", "the training process", "a run that you start, pause, stop and rewind"),
        ("7", "the optimizer and its schedule", "learning rate, gradient norm and loss, live"),
    ),
    _chapter(
        3, "training", "optimizers", "Optimizers", "downhill_skiing",
        ("7.1", "gradient descent", "a ball on a surface that you choose"),
        ("7.2", "Adam", "the two moments of one weight, step by step"),
    ),
    _chapter(
        3, "training", "regularization", "Regularization", "blur_on",
        ("7.3", "dropout", "the masks, drawn, and the curves with and without"),
        ("7.3", "weight decay", "the histogram of the weights, pulled in"),
    ),
    _chapter(
        3, "training", "fine_tuning", "Fine-tuning", "tune",
        ("4.2", "fine-tuning", "a pretrained model adapted to a new task"),
        ("4.2", "keeping what was learned", "accuracy, and forgetting measured on the old task"),
    ),
    _chapter(
        3, "training", "break_it", "Break it", "build",
        ("3.4", "without the norm", "two runs side by side, with and without"),
        ("3.5", "without the residual", "two runs side by side, with and without"),
    ),
    _chapter(
        4, "families", "families", "Families", "account_tree",
        ("5.1", "autoregressive models", "what each position of a GPT may see and predicts"),
        ("5.2", "autoencoding models", "what BERT fills in, seeing both sides"),
        ("5.3", "sequence to sequence", "T5: an encoder, a decoder, and what crosses"),
        ("8.1", "GPT", "its card, drawn to scale from its real configuration"),
        ("8.2", "BERT", "its card, drawn to scale from its real configuration"),
        ("8.3", "T5", "its card, drawn to scale from its real configuration"),
    ),
    _chapter(
        4, "families", "models", "Models", "inventory_2",
        ("8.1", "GPT's weights", "GPT-2 and its pupil, with what they need, to be opened"),
        ("8.2", "BERT's weights", "BERT and its kin, with what they need, to be opened"),
        ("8.3", "T5's weights", "T5 and BART, with what they need, to be opened"),
    ),
    _chapter(
        5, "using", "decoding", "Decoding", "fork_right",
        ("9.1", "greedy search", "the dashed path of the tree"),
        ("9.2", "beam search", "the kept paths and their sums"),
        ("9.3", "temperature", "the distribution before and after"),
    ),
    _chapter(
        5, "using", "applications", "Applications", "apps",
        ("12", "generating text", "a story with your hero, and a turn of dialogue"),
        ("12", "translating", "two languages, and which word was read for which"),
        ("12", "summarizing", "a story and its short form, fact by fact"),
        ("12", "writing code", "a function completed and checked, never run"),
        ("12", "answering questions", "a question, an answer, and where it was read"),
    ),
    _chapter(
        6, "questions", "compute", "Compute and memory", "memory",
        ("10.1", "the cost of a model", "parameters, operations and bytes: formula beside measurement"),
    ),
    _chapter(
        6, "questions", "bias", "Bias", "balance",
        ("10.2", "bias and fairness", "association tests, and the gap by profession"),
    ),
    _chapter(
        6, "questions", "interpretability", "Interpretability", "troubleshoot",
        ("10.3", "looking inside", "logit lens, patching and attribution on your text"),
    ),
    _chapter(
        6, "questions", "scaling", "Scaling", "stacked_line_chart",
        ("11", "larger is better, at a price", "a ladder of sizes and its power law"),
        ("11", "GPT-2 and GPT-3", "both on the plot, by their real sizes"),
    ),
    _chapter(
        6, "questions", "efficiency", "Efficiency", "compress",
        ("13", "smaller models", "quantization, pruning and a distilled student"),
    ),
    _chapter(
        6, "questions", "multimodal", "Multimodal", "image",
        ("13", "text and images together", "patches that become tokens beside words"),
    ),
    _chapter(
        6, "questions", "adaptability", "Adaptability", "extension",
        ("13", "adapting with little data", "few examples against many: curves over seeds, beside each other"),
        ("13", "adapting with few numbers", "LoRA's rank and a prompt's vectors against quality"),
        ("4.2", "examples in the prompt", "the same few, given in the prompt or learned by steps"),
    ),
    _chapter(
        7, "together", "classroom", "Classroom", "groups",
        ("9", "a class predicts together", "the class's histogram beside the softmax"),
    ),
)  # fmt: skip

BY_SLUG: dict[str, Chapter] = {chapter.slug: chapter for chapter in CHAPTERS}


def shown() -> dict[str, list[Chapter]]:
    """Section -> its chapters whose page exists, in order; sections without any are left out."""
    groups: dict[str, list[Chapter]] = {}
    for chapter in CHAPTERS:
        if chapter.exists:
            groups.setdefault(chapter.section, []).append(chapter)
    return groups


def following(slug: str) -> Chapter | None:
    """The next existing chapter after `slug` in reading order, or None after the last one."""
    at = CHAPTERS.index(BY_SLUG[slug])
    return next((chapter for chapter in CHAPTERS[at + 1 :] if chapter.exists), None)
