"""Ask the page's question: how would BPE cut the text, learned from another corpus? It is learned when asked."""

from __future__ import annotations

from dataclasses import dataclass

from app import questions
from app.counts import counted
from app.models import cache
from app.questions import Answer
from app.session.fields import BY_KEY
from core.messages import mark_of, say, say_of
from core.text.merging import Learning
from core.text.pieces import Method
from pages.tokenization.cut import phrase
from pages.tokenization.learned import Spec, Vocabularies, learn_apart

WORD = 40  # characters of the word that is cut step by step
TITLES = {
    "tales": mark_of("learned from", "tales"),
    "fables": mark_of("learned from", "fables"),
    "python": mark_of("learned from", "Python code"),
    "own": mark_of("learned from", "your own text"),
}


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
        return first, say("No word given: “{word}” is cut.", word=first)
    if len(word) <= WORD:
        return word, ""
    return word[:WORD], say("The word’s first {count} characters are cut.", count=WORD)


def other(spec: Spec) -> Spec:
    """Replace the corpus by one that is as different as can be."""
    return Spec("tales" if spec.corpus == "python" else "python", spec.size, spec.split)


def ask(spec: Spec) -> questions.Asked:
    """Ask about a vocabulary learned from the other corpus."""
    return questions.ask(
        "tokenization",
        "other-corpus",
        corpus=say_of("learned from", TITLES[other(spec).corpus]),
        now=say_of("learned from", TITLES[spec.corpus]),
    )


def learn_bpe(spec: Spec) -> Method:
    """Learn BPE alone, to the end, in a process of its own; what was learned before is not learned again.

    Raises:
        LearningFailed, OSError: the process ended before, or could not be started.
    """
    learned = cache.made(f"bpe\x1f{spec.key}", lambda: learn_apart(spec, "", ("bpe",))["bpe"])
    assert isinstance(learned, Learning)
    return learned.tokenizer()


def judge(spec: Spec, now: Vocabularies, model: Method, word: str, text: str) -> Answer:
    """Learn from the other corpus, cut the text with both, and say which cuts finer.

    Args:
        now: what the page has learned. model: the open model's own vocabulary, to compare with.
    """
    learned = now.learned
    assert learned is not None
    before = Counts.of(learned.methods["bpe"], word, text)
    after = Counts.of(learn_bpe(other(spec)), word, text)
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
