"""The table of contents: complete, in order, and covering every point of the subject."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from app import chapters
from app.chapters import CHAPTERS
from app.frame import cheatsheet as cheatsheet_map

# The subject, heading by heading and term by term in our own words: the page, and the term of its cover that is alive.
POINTS: dict[str, dict[str, tuple[str, str]]] = {
    "1": {
        "what a large language model is": ("home", "large language model"),
        "it writes text": ("home", "text that a model writes"),
        "much text to learn from": ("compute", "text to learn from"),
        "deep learning": ("home", "deep learning"),
        "transformers": ("home", "transformer"),
    },
    "2": {"its parts": ("home", "the parts of a model")},
    "2.1": {
        "tokens": ("tokenization", "token"),
        "word by word": ("tokenization", "words as tokens"),
        "subwords": ("tokenization", "parts of words as tokens"),
        "byte-pair encoding": ("tokenization", "byte-pair encoding"),
        "WordPiece": ("tokenization", "WordPiece"),
        "character by character": ("tokenization", "characters as tokens"),
    },
    "2.2": {
        "the lookup": ("embeddings", "embedding"),
        "a continuous space": ("embeddings", "a space of vectors"),
        "word2vec": ("embeddings", "word2vec"),
        "GloVe": ("embeddings", "GloVe"),
        "vectors made in context": ("embeddings", "vectors in context"),
        "BERT's and GPT's": ("embeddings", "vectors of GPT and BERT"),
    },
    "2.3": {
        "no order without them": ("positions", "why positions"),
        "sines": ("positions", "sines and cosines"),
        "learned": ("positions", "learned positions"),
    },
    "3": {"the transformer": ("home", "blocks, one on the other")},
    "3.1": {
        "looking at other tokens": ("attention", "self-attention"),
        "queries": ("attention", "queries"),
        "keys": ("attention", "keys"),
        "values": ("attention", "values"),
        "weights": ("attention", "attention weights"),
        "out of dot products": ("attention", "dot product of query and key"),
    },
    "3.2": {
        "heads in parallel": ("multi_head", "many heads at once"),
        "put side by side": ("multi_head", "joining the heads"),
        "a last linear map": ("multi_head", "the last projection"),
    },
    "3.3": {
        "each token alone": ("feed_forward", "one network for each token"),
        "fully connected": ("feed_forward", "fully connected"),
        "linear, activation, linear": ("feed_forward", "linear, activation, linear"),
        "ReLU": ("feed_forward", "ReLU and its kin"),
    },
    "3.4": {
        "normalized in a layer": ("norm_residual", "layer normalization"),
        "mean and variance": ("norm_residual", "mean 0, variance 1"),
        "training made stable": ("break_it", "training without the norm"),
    },
    "3.5": {
        "shortcuts": ("norm_residual", "residual connections"),
        "gradients": ("norm_residual", "gradients by the shortcuts"),
        "training made stable": ("break_it", "training without the residual"),
    },
    "4": {"the whole process": ("lab", "the training process")},
    "4.1": {
        "before any task": ("objectives", "pretraining"),
        "a corpus": ("lab", "a corpus"),
        "its own labels": ("objectives", "self-supervision"),
        "missing words": ("objectives", "missing spans"),
        "autoregressive": ("objectives", "next-token prediction"),
        "autoencoding": ("objectives", "masked prediction"),
        "the loss falls": ("objectives", "what pretraining learns"),
    },
    "4.2": {
        "a model goes on learning": ("fine_tuning", "fine-tuning"),
        "classes": ("fine_tuning", "classification"),
        "questions": ("fine_tuning", "question answering"),
        "what was known helps": ("fine_tuning", "what pretraining gives"),
        "and may be lost": ("fine_tuning", "keeping what was learned"),
    },
    "5": {"three kinds": ("families", "three kinds of models")},
    "5.1": {
        "from what came before": ("families", "autoregressive models"),
        "GPT": ("families", "GPT"),
        "GPT-2": ("families", "GPT-2"),
        "GPT-3": ("families", "GPT-3"),
        "GPT-4": ("families", "GPT-4"),
    },
    "5.2": {
        "what is hidden, said again": ("families", "autoencoding models"),
        "BERT": ("families", "BERT"),
        "RoBERTa": ("families", "RoBERTa"),
    },
    "5.3": {
        "from text to text": ("families", "sequence to sequence"),
        "T5": ("families", "T5"),
        "BART": ("families", "BART"),
    },
    "6": {"what is made small": ("loss", "what training makes small")},
    "6.1": {
        "told against true": ("loss", "cross-entropy"),
        "the formula": ("loss", "its formula"),
        "its label and its probability": ("loss", "label and probability"),
    },
    "7": {"how it is made small": ("lab", "the optimizer and its schedule")},
    "7.1": {"downhill": ("optimizers", "gradient descent")},
    "7.2": {
        "Adam": ("optimizers", "Adam"),
        "momentum": ("optimizers", "momentum"),
        "a rate for each weight": ("optimizers", "adaptive rates"),
        "sooner there": ("optimizers", "sooner at the same loss"),
    },
    "7.3": {
        "dropout": ("regularization", "dropout"),
        "against overfitting": ("regularization", "overfitting"),
        "weight decay": ("regularization", "weight decay"),
    },
    "8": {"models that are known": ("families", "well-known models")},
    "8.1": {
        "kind": ("families", "autoregressive models"),
        "writing": ("applications", "generating text"),
        "talking": ("applications", "chatbots"),
        "grows by layers and heads": ("families", "GPT: many layers and heads"),
        "to be opened": ("models", "GPT's weights"),
    },
    "8.2": {
        "kind": ("families", "autoencoding models"),
        "sentences sorted": ("applications", "classifying sentences"),
        "names found": ("interpretability", "naming entities"),
        "questions": ("applications", "answering questions"),
        "before and behind": ("families", "BERT: both sides at once"),
        "to be opened": ("models", "BERT's weights"),
    },
    "8.3": {
        "kind": ("families", "sequence to sequence"),
        "translation": ("applications", "translating"),
        "summaries": ("applications", "summarizing"),
        "every task is text": ("families", "T5: every task as text"),
        "to be opened": ("models", "T5's weights"),
    },
    "9": {"writing": ("decoding", "writing token by token")},
    "9.1": {
        "the likeliest": ("decoding", "greedy search"),
        "blind for what comes": ("decoding", "what it does not look at"),
    },
    "9.2": {
        "the k best": ("decoding", "beam search"),
        "by the whole probability": ("decoding", "probability of a whole text"),
    },
    "9.3": {"colder or warmer": ("decoding", "temperature")},
    "10": {"what it costs": ("compute", "the cost of a model")},
    "10.1": {
        "to train": ("compute", "the memory of training"),
        "to use": ("compute", "the memory of use"),
        "as sizes grow": ("compute", "as models grow"),
    },
    "10.2": {
        "bias": ("bias", "bias and fairness"),
        "out of data": ("bias", "bias out of the training data"),
        "unfair outputs": ("bias", "unfair outputs"),
    },
    "10.3": {
        "the black box": ("interpretability", "looking inside"),
        "opened by experiment": ("interpretability", "what an answer depends on"),
    },
    "11": {
        "more parameters": ("scaling", "larger is better"),
        "more data": ("scaling", "more text is better"),
        "more cost": ("scaling", "at a price"),
        "GPT-3 and GPT-2": ("scaling", "GPT-2 and GPT-3"),
    },
    "12": {
        "chatbots": ("applications", "chatbots"),
        "stories": ("applications", "generating text"),
        "e-mails": ("decoding", "e-mails and letters"),
        "translation": ("applications", "translating"),
        "summaries": ("applications", "summarizing"),
        "code": ("applications", "writing code"),
        "questions": ("applications", "answering questions"),
    },
    "13": {
        "smaller": ("efficiency", "smaller models"),
        "by fewer bits": ("efficiency", "quantization"),
        "by a teacher": ("efficiency", "distillation"),
        "DistilBERT": ("efficiency", "DistilBERT beside BERT"),
        "its size": ("families", "DistilBERT"),
        "images beside text": ("multimodal", "text and images together"),
        "one space": ("multimodal", "one space for both"),
        "little data": ("adaptability", "adapting with little data"),
        "specific tasks": ("adaptability", "adapting with few numbers"),
    },
}  # fmt: skip


def test_all_27_pages_in_seven_sections() -> None:
    assert len(CHAPTERS) == 27
    assert len({chapter.slug for chapter in CHAPTERS}) == 27
    assert list(dict.fromkeys(chapter.section for chapter in CHAPTERS)) == list(chapters.SECTIONS)
    per_section = Counter(chapter.section for chapter in CHAPTERS)
    assert [per_section[name] for name in chapters.SECTIONS] == [4, 4, 7, 2, 2, 7, 1]


def test_every_heading_and_term_of_the_subject_is_mapped() -> None:
    covers = {(chapter.slug, cover.term) for chapter in CHAPTERS for cover in chapter.covers}
    missing = {
        (section, point): cover
        for section, points in POINTS.items()
        for point, cover in points.items()
        if cover not in covers
    }
    assert not missing
    headings = {section.split(".")[0] for section in POINTS}
    assert headings == {topic for topic, _ in cheatsheet_map.TOPICS}, "the map shows every heading"


def test_a_term_stands_once_on_a_page_and_under_a_heading_of_the_subject() -> None:
    for chapter in CHAPTERS:
        terms = [cover.term for cover in chapter.covers]
        assert len(terms) == len(set(terms)), chapter.slug
        assert {cover.section for cover in chapter.covers} <= set(POINTS), chapter.slug


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.slug)
def test_each_chapter_says_what_shows_each_point(chapter: chapters.Chapter) -> None:
    assert chapter.covers
    assert all(cover.section and cover.term and cover.shown for cover in chapter.covers)
    assert all(cover.component.replace("_", "").isalpha() for cover in chapter.covers)
    assert chapter.icon.startswith(":material/")
    assert chapter.path == f"pages/{chapter.slug}/page.py"


def test_only_pages_that_exist_are_shown() -> None:
    shown = [chapter for group in chapters.shown().values() for chapter in group]
    files = {
        path.relative_to(chapters.ROOT).as_posix() for path in (chapters.ROOT / "pages").glob("*/page.py")
    }
    assert [chapter.path for chapter in shown] == [
        chapter.path for chapter in CHAPTERS if chapter.path in files
    ]
    # What is read beside the pages is no chapter.
    beside = {f"pages/{name}/page.py" for name in ("lessons", "glossary", "teaching", "kept")}
    assert files - beside <= {chapter.path for chapter in CHAPTERS}, "a page without a chapter"


def test_following_skips_pages_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        chapters.Chapter, "exists", property(lambda chapter: chapter.slug in {"home", "loss"})
    )
    following = chapters.following("home")
    assert following is not None
    assert following.slug == "loss"
    assert chapters.following("loss") is None


def test_every_page_with_a_button_that_trains_lets_workers_come() -> None:
    """Read from the sources: on which pages something starts runs."""
    start = re.compile(r"\b(runs|own_run|trained)\.start\b")
    training = {
        file.parent.name
        for file in (chapters.ROOT / "pages").rglob("*.py")
        if start.search(file.read_text(encoding="utf-8"))
    }
    assert training == chapters.TRAINS
