"""The page's question: what another corpus would make of the same word. The answer is learned when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from app import widgets
from app.components.tokenization.learned import Spec, read
from app.components.tokenization.machines import phrase
from app.predict import Answer
from core.text.merging import Learning
from core.text.pieces import Method

OPTIONS = ("fewer", "as many", "more")
TITLES = {"tales": "tales", "fables": "fables", "python": "Python code", "own": "your own text"}


@dataclass(frozen=True)
class Counts:
    """Pieces of a word, as one vocabulary cuts it, and how many characters of the text a piece holds on average."""

    pieces: tuple[str, ...]
    per_piece: float

    @classmethod
    def of(cls, method: Method, word: str, text: str) -> Counts:
        """Count with `method`."""
        pieces = tuple(piece.text for piece in method.encode(phrase(word, text)))
        return cls(pieces, len(text) / max(1, len(method.encode(text))))


def other(spec: Spec) -> Spec:
    """The same with a corpus that is as different as can be."""
    return Spec("tales" if spec.corpus == "python" else "python", spec.size, spec.split)


def text_of(spec: Spec, word: str) -> str:
    """The question."""
    corpus = TITLES[other(spec).corpus]
    return f"From {corpus}, BPE cuts {widgets.mono(widgets.visible(word))} into … pieces"


def learn_bpe(spec: Spec, own: str = "") -> Learning:
    """BPE alone, to the end."""
    return Learning(read(spec, own), spec.size, spec.pretokens("bpe")).run()


def judge(spec: Spec, now: Method, model: Method, word: str, text: str) -> Answer:
    """Learn from the other corpus, cut the word and the text with both, and say which cuts finer.

    Args:
        now: BPE as the page has it. model: the open model's own vocabulary, to compare with.
    """
    before = Counts.of(now, word, text)
    after = Counts.of(learn_bpe(other(spec)).tokenizer(), word, text)
    cut = " ".join(widgets.mono(widgets.visible(piece)) for piece in after.pieces)
    few, many = len(before.pieces), len(after.pieces)
    own = Counts.of(model, word, text).per_piece
    why = (
        f"{cut}: {many}, and {few} now. A piece of your whole text would hold {after.per_piece:.3f} characters, now "
        f"{before.per_piece:.3f}; the open model's holds {own:.3f}. What a corpus does not repeat has to be spelled."
    )
    numbers: dict[str, float | int | str] = {
        "then": after.per_piece,
        "now": before.per_piece,
        "model": own,
        "pieces": many,
        "pieces_now": few,
    }
    return Answer(0 if many < few else 1 if many == few else 2, why, numbers)
