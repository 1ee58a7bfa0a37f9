"""The table of contents: every page of Glassbox in reading order, and what of the subject each one covers.

Only chapters whose file exists are shown; the others wait here for their page. A `Cover` names one point of the
subject by its section number and a term in our own words, and the picture or control that shows it: in words, and as
the entry of the picture's state (`data-state`) in which a test finds it alive. No Streamlit here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from core.messages import say

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


# Pages with a button that starts training runs: worker processes are kept warm while one of them is open.
TRAINS = frozenset({
    "adaptability", "bias", "break_it", "efficiency", "embeddings", "fine_tuning", "lab", "objectives", "optimizers",
    "regularization", "scaling",
})  # fmt: skip


# Pages about the predictions of the open model. A bare encoder has no vocabulary head, so they have nothing to show.
PREDICTS = frozenset({
    "break_it", "classroom", "decoding", "efficiency", "interpretability", "lab", "loss", "objectives", "optimizers",
    "regularization",
})  # fmt: skip


# Pages about training: what they train while a published model is open, which is too large to train here.
TRAINED: dict[str, str] = {
    "objectives": (
        "{model} is not trained here: the three whose losses fall below are small models, trained on the "
        "tales."
    ),
    "lab": "{model} is not trained here: the runs of this page are small models, yours and recorded ones.",
    "optimizers": "Of {model} only one weight is followed here: the five optimizers below train a gpt-nano.",
    "regularization": (
        "Of {model} only activations are dropped here: what is trained with and without dropout is small."
    ),
    "fine_tuning": (
        "The four ways adapt tales-bert: of {model}, nothing is shown here but what it learns of your own "
        "lines."
    ),
    "break_it": (
        "Of {model} a part is only taken out here: the two that are trained, with it and without, are small models."
    ),
    "scaling": (
        "{model} does nothing here: the ladder is of small models of its own, all trained on the same "
        "stories."
    ),
    "adaptability": (
        "{model} does nothing here: what is adapted is tales-bert, and what answers to prompts is small, too."
    ),
}


@dataclass(frozen=True)
class Cover:
    """One point of the subject: section number, the term, and what on the page shows it.

    place: the component that shows it, and where in its state, with dots: "loss.lines"; of a list, the entry that has
    the next word among its values: "decoding.paths.greedy".   control: the label of what a learner moves; "": nothing.
    """

    section: str
    term: str
    shown: str
    place: str
    control: str = ""

    @property
    def component(self) -> str:
        """The name of the component that shows it."""
        return self.place.partition(".")[0]


@dataclass(frozen=True)
class Chapter:
    """One page. `slug` is its address and the name of its folder below `pages/`."""

    slug: str
    title: str
    icon: str
    section: str
    covers: tuple[Cover, ...] = field(default=())

    @property
    def path(self) -> str:
        """Where the page's file is, relative to the root of the repository."""
        return f"pages/{self.slug}/page.py"

    @cached_property
    def exists(self) -> bool:
        """Whether the page has been written yet."""
        return (ROOT / self.path).is_file()


def _chapter(section: int, slug: str, title: str, icon: str, *covers: tuple[str, ...]) -> Chapter:
    return Chapter(slug, title, f":material/{icon}:", SECTIONS[section - 1], tuple(Cover(*c) for c in covers))


CHAPTERS: tuple[Chapter, ...] = (
    _chapter(
        1, "home", "Home", "home",
        ("1", "large language model", "the whole pass of one, from your words to the next token", "home.top"),
        ("1", "transformer", "the chain of blocks; any of them opens", "home.attends", "Open block"),
        ("1", "deep learning", "what the model would say, had it ended at a block", "home.lens"),
        ("1", "text that a model writes", "the likeliest token joins yours, all runs again", "home.tokens", "Append"),
        ("2", "the parts of a model", "tokens, vectors, blocks, logits: step by step", "home.step", "Step through"),
        ("3", "blocks, one on the other", "the stream through all of them, and how long it grows", "home.resid"),
    ),
    _chapter(
        1, "tokenization", "Tokenization", "dataset",
        ("2.1", "token", "the same text cut by every tokenizer of the table", "tokenization.rows"),
        ("2.1", "words as tokens", "the word row, with what it cannot name", "tokenization.rows.words", "Word"),
        ("2.1", "parts of words as tokens", "a word in its pieces, piece by piece", "tokenization.machine", "Word"),
        ("2.1", "byte-pair encoding", "merge by merge: pairs, counts, the chosen one", "tokenization.pair", "Entries"),
        ("2.1", "WordPiece", "the row of one learned here, and of BERT's own", "tokenization.rows.wordpiece"),
        ("2.1", "characters as tokens", "the character row", "tokenization.rows.characters"),
    ),
    _chapter(
        1, "embeddings", "Embeddings", "scatter_plot",
        ("2.2", "embedding", "the lookup as a product with a one-hot row", "embeddings.product"),
        ("2.2", "a space of vectors", "the map, and the nearest words by cosine", "embeddings.near", "Map seen along"),
        ("2.2", "GloVe", "neighbours and analogies among its 20,000 words", "embeddings.analogy", "Table"),
        ("2.2", "word2vec", "trained live, its words drifting on the map", "embeddings_learning.near", "Window"),
        ("2.2", "vectors in context", "one word in two sentences", "embeddings_in_context.cosines", "One sentence"),
        ("2.2", "vectors of GPT and BERT", "those of the open model", "embeddings_in_context.model", "Word to follow"),
    ),
    _chapter(
        1, "positions", "Positions", "airwave",
        ("2.3", "why positions", "the words in another order: with positions, without, and without the mask too",
         "positions.order.ways", "Another order"),
        ("2.3", "sines and cosines", "Sinusoidal: the table as a map and as waves, a pair as a clock's hands",
         "positions.cell.value", "Sinusoidal"),
        ("2.3", "learned positions", "Learned: the open model's table, or a tiny model's, row by row",
         "positions.badge", "Learned"),
    ),
    _chapter(
        2, "attention", "Attention", "table_rows_narrow",
        ("3.1", "self-attention", "the row of one token: what it reads, and what is said then", "attention.next"),
        ("3.1", "queries", "Q: a blue strip for every token, number by number", "attention.value"),
        ("3.1", "keys", "K: a red-orange strip for every token", "attention.value"),
        ("3.1", "values", "V: a green strip for every token", "attention.value"),
        ("3.1", "dot product of query and key", "a score of the matrix, product by product", "attention.terms"),
        ("3.1", "attention weights", "scale, mask and softmax, cell by cell", "attention.value", "Softmax temperature"),
    ),
    _chapter(
        2, "multi_head", "Multi-head", "grid_view",
        ("3.2", "many heads at once", "every head of every block, named by what it does", "multi_head.roles", "All"),
        ("3.2", "joining the heads", "their outputs side by side, added one by one", "multi_head.join", "Join"),
        ("3.2", "the last projection", "what each head adds by it, and its share", "multi_head.join.norms", "Join"),
    ),
    _chapter(
        2, "feed_forward", "Feed-forward", "flip",
        ("3.3", "one network for each token", "one neuron along the tokens", "feed_forward.neuron.along", "Neuron"),
        ("3.3", "fully connected", "a neuron's sum over every number of its token", "feed_forward.neuron"),
        ("3.3", "linear, activation, linear", "expand, bend, contract, with the numbers", "feed_forward"),
        ("3.3", "ReLU and its kin", "their curves with this text's values on them", "feed_forward_activations.curves"),
    ),
    _chapter(
        2, "norm_residual", "Norm and residual", "segment",
        ("3.4", "layer normalization", "values before and after, number by number", "norm_residual.norm", "Norm"),
        ("3.4", "mean 0, variance 1", "LayerNorm: what it takes off and divides by", "norm_residual.norm", "LayerNorm"),
        ("3.5", "residual connections", "the stream as a ledger", "norm_residual.lines", "Line of"),
        ("3.5", "gradients by the shortcuts", "by depth, with and without", "norm_residual_gradients.variants"),
    ),
    _chapter(
        3, "loss", "Loss", "trending_down",
        ("6", "what training makes small", "the mean loss of your text, in nats or bits", "loss.mean", "Losses in"),
        ("6.1", "cross-entropy", "the loss of each token of the text", "loss.losses"),
        ("6.1", "its formula", "the sum with this text's numbers in it", "loss.loss"),
        ("6.1", "label and probability", "y and p of each token that might come", "loss.lines", "Label smoothing"),
    ),
    _chapter(
        3, "objectives", "Objectives", "target",
        ("4.1", "pretraining", "one sentence as three kinds of examples", "objectives.lanes"),
        ("4.1", "self-supervision", "answers cut out of the text itself", "objectives.lanes.next_token.answers"),
        ("4.1", "next-token prediction", "autoregressive: which positions score", "objectives.lanes.next_token"),
        ("4.1", "masked prediction", "autoencoding: what is hidden", "objectives.lanes.masked", "Hidden share"),
        ("4.1", "missing spans", "T5's way: what is cut out is said in order",
         "objectives.lanes.span_corruption", "Mean span length"),
        ("4.1", "what pretraining learns", "the three losses falling", "objectives.rows", "Train the three here"),
    ),
    _chapter(
        3, "lab", "Training lab", "science",
        ("4", "the training process", "a run that you start, pause, stop and rewind", "lab.film", "Start"),
        ("4.1", "a corpus", "bundled texts or your own, and how much of them is read", "lab.plan", "Data"),
        ("7", "the optimizer and its schedule", "learning rate, gradient norm and loss, live", "lab.runs", "Optimizer"),
    ),
    _chapter(
        3, "optimizers", "Optimizers", "downhill_skiing",
        ("7.1", "gradient descent", "a ball on a surface that you choose", "optimizers.tracks.sgd", "Surface"),
        ("7.2", "Adam", "the two moments of one weight, step by step", "moments.lines", "Adam’s rate"),
        ("7.2", "momentum", "the memory of the direction", "moments.numbers", "Memory of the direction"),
        ("7.2", "adaptive rates", "the memory of the size divides a step", "moments.numbers", "Memory of the size"),
        ("7.2", "sooner at the same loss", "five optimizers on one real model", "toy.held", "Train all five"),
    ),
    _chapter(
        3, "regularization", "Regularization", "blur_on",
        ("7.3", "dropout", "the masks, drawn, and the curves with and without", "regularization.kept", "Dropout rate"),
        ("7.3", "overfitting", "where the held-out loss turns up", "regularization.stops", "Patience"),
        ("7.3", "weight decay", "the histogram of the weights, pulled in", "regularization_sizes.arms"),
    ),
    _chapter(
        3, "fine_tuning", "Fine-tuning", "tune",
        ("4.2", "fine-tuning", "a pretrained model adapted to a new task, four ways", "fine_tuning.ways", "Task"),
        ("4.2", "classification", "Sentiment: what each way says of your text", "fine_tuning.ways.full", "Sentiment"),
        ("4.2", "what pretraining gives", "held-out examples right, from scratch and not", "fine_tuning.ways"),
        ("4.2", "keeping what was learned", "forgetting, measured on the old task", "fine_tuning.ways.full.worth.old"),
        ("4.2", "question answering", "Questions: the words of a passage that answer", "fine_tuning.job", "Questions"),
    ),
    _chapter(
        3, "break_it", "Break it", "build",
        ("3.4", "training without the norm", "two runs side by side", "break_it.pair", "Norms"),
        ("3.5", "training without the residual", "two runs side by side", "break_it.pair", "Residuals"),
    ),
    _chapter(
        4, "families", "Families", "account_tree",
        ("5", "three kinds of models", "one text read by all three", "families.lanes", "The token asked for"),
        ("5.1", "autoregressive models", "what each position of a GPT may see and predicts", "families.lanes.decoder"),
        ("5.1", "GPT", "its card, drawn to scale", "families_cards.families.GPT"),
        ("5.1", "GPT-2", "its card: small and XL", "families_cards.families.GPT-2"),
        ("5.1", "GPT-3", "its card: small and 175B", "families_cards.families.GPT-3"),
        ("5.1", "GPT-4", "its card: nothing was published to be drawn", "families_cards.families.GPT-4"),
        ("5.2", "autoencoding models", "what BERT fills in, seeing both sides", "families.lanes.encoder"),
        ("5.2", "BERT", "its card: base and large", "families_cards.families.BERT"),
        ("5.2", "RoBERTa", "its card: base and large", "families_cards.families.RoBERTa"),
        ("5.3", "sequence to sequence", "an encoder, a decoder, and what crosses", "families.lanes.encoder-decoder"),
        ("5.3", "T5", "its card: small to 11B", "families_cards.families.T5"),
        ("5.3", "BART", "its card: base and large", "families_cards.families.BART"),
        ("8", "well-known models", "nine families on a line of time, to one scale", "families_cards.families"),
        ("8.1", "GPT: many layers and heads", "12 blocks of 12 heads, up to 96 of 96", "families_cards.families.GPT-3"),
        ("8.2", "BERT: both sides at once", "what its masked position sees", "families.lanes.encoder.sees"),
        ("8.3", "T5: every task as text", "the task is a word before the text", "families.asks", "T5 is asked to"),
        ("13", "DistilBERT", "its card beside BERT's: half the blocks", "families_cards.families.DistilBERT"),
    ),
    _chapter(
        4, "models", "Models", "inventory_2",
        ("8.1", "GPT's weights", "GPT-2 and its pupil, with what they need, to be opened",
         "models.entries.openai-community/gpt2", "Decoders (GPT)"),
        ("8.2", "BERT's weights", "BERT and its kin, with what they need, to be opened",
         "models.entries.google-bert/bert-base-uncased", "Encoders (BERT)"),
        ("8.3", "T5's weights", "T5 and BART, with what they need, to be opened",
         "models.entries.google-t5/t5-small", "Both (T5)"),
    ),
    _chapter(
        5, "decoding", "Decoding", "fork_right",
        ("9", "writing token by token", "a tree of passes, and ways through it", "decoding.paths", "Tokens ahead"),
        ("9.1", "greedy search", "the dashed path of the tree", "decoding.paths.greedy"),
        ("9.1", "what it does not look at", "the likelier text that greedy missed", "decoding.verdict"),
        ("9.2", "beam search", "the k likeliest paths, kept", "decoding.paths.beam 1", "Beams"),
        ("9.2", "probability of a whole text", "the sums at the leaves", "decoding.paths.beam 1.sum", "Length penalty"),
        ("9.3", "temperature", "the distribution before and after", "decoding.asked", "Temperature"),
        ("12", "e-mails and letters", "a letter's beginning, gone on with", "decoding.tokens", "Example texts"),
    ),
    _chapter(
        5, "applications", "Applications", "apps",
        ("12", "generating text", "a story with your hero", "applications.written", "Story"),
        ("12", "chatbots", "a turn of dialogue, answered", "applications.written", "Dialogue"),
        ("12", "translating", "two languages, and which word was read for which", "applications.links", "Translation"),
        ("12", "summarizing", "a story and its short form, fact by fact", "applications.written", "Summary"),
        ("12", "writing code", "a function completed and checked, never run", "applications.written", "Code"),
        ("12", "answering questions", "an answer, and where it was read", "applications.written", "Question"),
        ("8.2", "classifying sentences", "the mood of a review", "applications.written", "Sentiment"),
    ),
    _chapter(
        6, "compute", "Compute and memory", "memory",
        ("1", "text to learn from", "the tokens that a model has read, and their hours", "compute_at_scale.training"),
        ("10.1", "the cost of a model", "parameters and operations, part by part", "compute.rows", "Configuration"),
        ("10.1", "the memory of training", "what a step holds, by kind", "compute.memory.training", "Numbers"),
        ("10.1", "the memory of use", "weights and the cache of keys and values", "compute.memory.using", "Card"),
        ("10.1", "as models grow", "fifteen published sizes, counted", "compute_at_scale.published"),
    ),
    _chapter(
        6, "bias", "Bias", "balance",
        ("10.2", "bias and fairness", "association tests with effect size and p", "bias.shown", "Test"),
        ("10.2", "bias out of the training data", "the corpus lab, dose by dose", "bias_corpus_lab.doses", "Remedy"),
        ("10.2", "unfair outputs", "the pronoun gap, profession by profession", "bias_corpus_lab.series"),
    ),
    _chapter(
        6, "interpretability", "Interpretability", "troubleshoot",
        ("10.3", "looking inside", "logit lens, patching and attribution on your text", "interpretability.lens"),
        ("10.3", "what an answer depends on", "patching of every place", "interpretability.maps", "Corrupted text"),
        ("10.3", "what explanations are worth", "five, judged by deletion", "interpretability_explainers.judged"),
        ("8.2", "naming entities", "a probe tells persons", "interpretability_explainers.probe", "Name: a person?"),
    ),
    _chapter(
        6, "scaling", "Scaling", "stacked_line_chart",
        ("11", "larger is better", "a ladder of sizes and its power law", "scaling.rows", "Loss against"),
        ("11", "more text is better", "the same, against the text that was read", "scaling.against", "Data"),
        ("11", "at a price", "the frontier of compute", "scaling.best", "Compute"),
        ("11", "GPT-2 and GPT-3", "both on the plot, by their real sizes", "scaling_published.models"),
    ),
    _chapter(
        6, "efficiency", "Efficiency", "compress",
        ("13", "smaller models", "size, loss and agreement, by bits", "efficiency.now", "Bits"),
        ("13", "quantization", "a matrix on its grid, weight by weight", "efficiency.matrix", "One scale for a"),
        ("13", "pruning", "weights, or heads and neurons, left out", "efficiency_smaller.levels", "Share removed"),
        ("13", "distillation", "a student that was taught, and one alone", "efficiency_smaller.students", "Train"),
        ("13", "DistilBERT beside BERT", "what was published of both", "efficiency_smaller.published"),
    ),
    _chapter(
        6, "multimodal", "Multimodal", "image",
        ("13", "text and images together", "patches that become tokens beside words", "multimodal.looked"),
        ("13", "an image in words", "its caption, word by word", "multimodal.words"),
        ("13", "one space for both", "images and captions, found by each other", "multimodal_space.captions"),
    ),
    _chapter(
        6, "adaptability", "Adaptability", "extension",
        ("13", "adapting with little data", "few examples against many: curves over seeds, beside each other",
         "adaptability.studies.examples"),
        ("13", "adapting with few numbers", "LoRA's rank and a prompt's vectors against quality",
         "adaptability.studies.rank", "Rank"),
        ("4.2", "examples in the prompt", "the same few, given in the prompt or learned by steps", "adaptability.game"),
    ),
    _chapter(
        7, "classroom", "Classroom", "groups",
        ("9", "a class predicts together", "a vote on the next token beside the softmax", "classroom.options",
         "Likely options"),
    ),
)  # fmt: skip

BY_SLUG: dict[str, Chapter] = {chapter.slug: chapter for chapter in CHAPTERS}


def shown() -> dict[str, list[Chapter]]:
    """Return section -> its chapters whose page exists, in order; sections without any are left out."""
    groups: dict[str, list[Chapter]] = {}
    for chapter in CHAPTERS:
        if chapter.exists:
            groups.setdefault(chapter.section, []).append(chapter)
    return groups


def following(slug: str) -> Chapter | None:
    """Return the next existing chapter after `slug` in reading order, or None after the last one."""
    at = CHAPTERS.index(BY_SLUG[slug])
    return next((chapter for chapter in CHAPTERS[at + 1 :] if chapter.exists), None)


def trained(slug: str, name: str) -> str:
    """Describe in one line what a training page trains in place of the published model `name`; "" on other pages."""
    return say(TRAINED[slug], model=name) if slug in TRAINED else ""
