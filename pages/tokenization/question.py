"""Ask the page's question: how would BPE cut the text, learned from another corpus? It is learned when asked."""

from __future__ import annotations

from dataclasses import dataclass

from app import questions
from app.counts import counted
from app.questions import Answer
from app.session.fields import BY_KEY
from core.text.merging import Learning
from core.text.pieces import Method
from pages.tokenization.cut import phrase
from pages.tokenization.learned import Spec, read

WORD = 40  # characters of the word that is cut step by step
TITLES = {"tales": "tales", "fables": "fables", "python": "Python code", "own": "your own text"}


@dataclass(frozen=True)
class Counts:
    """Count the pieces of a word and of the text by one vocabulary, and the characters that each holds on average."""

    pieces: tuple[str, ...]
    tokens: int
    per_piece: float

    @classmethod
    def of(cls, method: Method, word: str, text: str) -> Counts:
        """Count with `method`."""
        pieces = tuple(piece.text for piece in method.encode(phrase(word, text)))
        tokens = len(method.encode(text))
        return cls(pieces, tokens, len(text) / max(1, tokens))


def word_of(typed: str) -> tuple[str, str]:
    """Read the word to cut, of what was typed, and what there is to say about it, or ""."""
    word, first = typed.strip(), str(BY_KEY["word"].default)
    if not word:
        return first, f"No word given: “{first}” is cut."
    return word[:WORD], f"The word’s first {WORD} characters are cut." if len(word) > WORD else ""


def other(spec: Spec) -> Spec:
    """Replace the corpus by one that is as different as can be."""
    return Spec("tales" if spec.corpus == "python" else "python", spec.size, spec.split)


def ask(spec: Spec) -> questions.Asked:
    """Ask about a vocabulary learned from the other corpus."""
    return questions.ask(
        "tokenization", "other-corpus", corpus=TITLES[other(spec).corpus], now=TITLES[spec.corpus]
    )


def learn_bpe(spec: Spec, own: str = "") -> Learning:
    """Learn BPE alone, to the end."""
    return Learning(read(spec, own), spec.size, spec.pretokens("bpe")).run()


def judge(spec: Spec, now: Method, model: Method, word: str, text: str) -> Answer:
    """Learn from the other corpus, cut the text with both, and say which cuts finer.

    Args:
        now: BPE as the page has it. model: the open model's own vocabulary, to compare with.
    """
    before = Counts.of(now, word, text)
    after = Counts.of(learn_bpe(other(spec)).tokenizer(), word, text)
    few, many = before.tokens, after.tokens
    own = Counts.of(model, word, text).per_piece
    numbers: dict[str, float | int | str] = {
        "then": after.per_piece,
        "now": before.per_piece,
        "model": own,
        "tokens": many,
        "tokens_now": few,
    }
    key = "fewer" if many < few else "same" if many == few else "more"
    return ask(spec).answer(
        key, numbers, {"corpus": other(spec).corpus},
        pieces=counted(many, "token"), pieces_now=few,
        each=f"{after.per_piece:.2f}", each_now=f"{before.per_piece:.2f}", each_model=f"{own:.2f}",
    )  # fmt: skip
