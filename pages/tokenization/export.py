"""Export the Tokenization page: what its picture is (`FIGURE`), every row's pieces as a table, and notebook cells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.kit.figures import Argument, Asked, Figure, Table
from app.markup import visible
from app.models import cache
from core.messages import ENGLISH, say, speaking, spoken
from pages.tokenization import figure
from pages.tokenization.cut import phrase
from pages.tokenization.figure import title_of
from pages.tokenization.learned import AMOUNT, Learned, Spec, Vocabularies, learn_once
from pages.tokenization.question import Counts, learn_bpe, other, word_of

SELECTED = ("method", "merge", "round", "word")


@dataclass(frozen=True)
class Seen:
    """A text and a word, cut by every tokenizer.

    Attributes:
        kept: where the vocabularies of the chosen corpus are found; its key is "" while they are being learned.
        rows: the tokenizers. word: that is cut step by step; about: what there is to say of it.
        cut: what `figure.compute` gave. held: keys of what the browser that draws this knows already.
    """

    asked: Asked
    spec: Spec
    kept: Vocabularies
    rows: tuple[str, ...]
    word: str
    about: str
    cut: dict[str, Any]
    held: Collection[str] = ()

    @property
    def learned(self) -> Learned | None:
        """The vocabularies, if they are learned; looked up each time, since a page's downloads hold this for long."""
        return self.kept.learned

    @property
    def key(self) -> str:
        """The key of what was learned."""
        return self.kept.key

    @property
    def method(self) -> str:
        """The chosen row."""
        return str(self.asked.values["method"]) if self.asked.values["method"] in self.rows else "model"


def cut(asked: Asked, spec: Spec, kept: Vocabularies, find: Callable[[str], Learned | None]) -> Seen:
    """Cut the text and the word.

    Args:
        find: looks what was learned up by its key, for what is computed of it; it holds nothing itself.
    """
    word, about = word_of(str(asked.values["word"]))
    rows = figure.rows_for(asked.name)
    found: dict[str, Any] = asked.call(figure.compute, rows, asked.text, word, Vocabularies(kept.key, find))
    return Seen(asked, spec, kept, rows, word, about, found)


def see(asked: Asked) -> Seen:
    """Learn the vocabularies, which takes some seconds, and cut the text; the page learns while the learner waits."""
    values = asked.values
    if values["corpus"] == "own":
        raise ValueError("corpus='own': a text of your own is learned from on the page alone.")
    if "method" in asked.given and values["method"] not in figure.rows_for(asked.name):
        raise ValueError(f"{asked.given['method']}={values['method']!r}: {figure.lacking()}")
    spec = Spec(str(values["corpus"]), int(values["size"]), str(values["split"]))
    learned = learn_once(spec)
    asked.at_most("merge", max(len(learned.bpe.merges), len(learned.wordpiece.merges)))
    asked.at_most("round", len(learned.unigram.rounds))
    return cut(asked, spec, Vocabularies(learned.key, lambda key: learned), lambda key: learned)


def record(seen: Seen) -> dict[str, Any]:
    """Collect the picture's data, without the selection; what was learned is large, and sent once."""
    asked, lm = seen.asked, seen.asked.lm
    learned = None if seen.key in seen.held else seen.learned
    ids = lm.tokenizer.encode(asked.text)
    tokens = [lm.tokenizer.display(i) for i in ids]
    found = figure.record(seen.cut, lm, asked.name, asked.text, ids, tokens, seen.key)
    found["stamp"] = "\x1f".join([asked.key, *seen.rows, asked.text, seen.word, seen.key])
    if learned is not None:  # written once for all who read the same language
        found["learned"] = cache.made(f"{learned.key}\x1fjson\x1f{spoken()}", lambda: learned.json)
    return found


def select(seen: Seen) -> dict[str, Any]:
    """What is chosen; a call learns from the tales in the place of a text of one's own."""
    corpus = "tales" if seen.spec.corpus == "own" else seen.spec.corpus
    chosen = {name: seen.asked.values[name] for name in SELECTED}
    return chosen | {"method": seen.method, "word": seen.word, "corpus": corpus}


def sentence(seen: Seen) -> str:
    """What is on the picture: how many tokens each makes of the text, and how the chosen one cuts the word."""
    rows = [row for row in seen.cut["rows"] if row["pieces"] is not None]
    counts = ", ".join(f"{title_of(row['id'], seen.asked.name)} {len(row['pieces']['id'])}" for row in rows)
    said = say("{label}, the text in tokens: {counts}.", label=seen.asked.label, counts=counts)
    for row in rows:
        if row["id"] == seen.method:
            pieces = " | ".join(visible(piece).strip() for piece in row["word"]["text"])
            said += say(
                " In the end {tokenizer} cuts “{word}” into {pieces}.",
                tokenizer=title_of(row["id"], seen.asked.name), word=visible(seen.word), pieces=pieces,
            )  # fmt: skip
    return said


def own(seen: Seen) -> str:
    """What a call does not have: a text of one's own, or a learning that was stopped."""
    if seen.spec.corpus == "own":
        return "learned from the tales in place of your text"
    return "learned to the end" if seen.key not in ("", seen.spec.key) else ""


def table(seen: Mapping[str, Any], name: str) -> Table:
    """Tabulate the pieces of each row; of the open model's, also the length of its vector."""
    lines: list[list[Any]] = []
    for row in seen["rows"]:
        pieces = row["pieces"]
        if pieces is None:
            continue
        lengths = row.get("lengths") or [None] * len(pieces["id"])
        with speaking(ENGLISH):  # a file's words stay as they are
            title = title_of(row["id"], name)
        for at, id in enumerate(pieces["id"]):
            lines.append(
                [title, pieces["text"][at], pieces["entry"][at], id, pieces["start"][at],
                 pieces["end"][at], int(at in pieces["unknown"]), lengths[at]]
            )  # fmt: skip
    names = ["tokenizer", "piece", "entry", "id", "start", "end", "unknown", "vector length"]
    return {column: [line[k] for line in lines] for k, column in enumerate(names)}


FIGURE = Figure(
    "tokenization", figure.tokenization, see,
    record=record,
    select=select,
    claim=lambda seen: say("What a corpus repeats becomes one piece; the rest is spelled."),
    sentence=sentence,
    table=lambda seen: table(seen.cut, seen.asked.name),
    arguments=(
        Argument("method", "method"), Argument("merge", "merge"), Argument("round", "round"), Argument("word", "word"),
        Argument("corpus", "corpus"), Argument("size", "size"), Argument("split", "split"),
    ),
    longest=256, own=own,
)  # fmt: skip


def cells(
    load: str, text: str, word: str, seen: Mapping[str, Any], kept: Vocabularies, own: str
) -> list[str]:  # fmt: skip
    """Write cells that cut the text again with the model's vocabulary, learn BPE again, and compute the answer.

    Args:
        load: the call of `core.load` that opens the model, as source. own: a learner's own corpus, or "".
        kept: where what was learned is found, something of which there has to be.
    """
    learned = kept.learned
    assert learned is not None
    return [
        _model(load, text, seen["rows"][0]),
        _learning(text, word, learned, own),
        _others(learned),
        _answer(learned, text, word),
    ]


def _model(load: str, text: str, row: Mapping[str, Any]) -> str:
    lengths = [round(length, 5) for length in row["lengths"]]
    return f"""# %% The open model's vocabulary
import numpy as np
from core.analysis.stream.embedding_rows import row_lengths
from core.text.published import Published

TEXT = {text!r}
lm = {load}
pieces = Published(lm.tokenizer).encode(TEXT)
print([piece.text for piece in pieces])
assert [piece.id for piece in pieces] == {row["pieces"]["id"]}
np.testing.assert_allclose(row_lengths(lm, [piece.id for piece in pieces]), {lengths}, rtol=1e-3)
model_holds = len(TEXT) / max(1, len(pieces))
assert np.isclose(model_holds, {len(text) / max(1, len(lengths)):.5g}, rtol=1e-4)"""


def _read(corpus: str, own: str) -> str:
    if corpus == "own":
        return f"documents = [{own!r}]"
    return f"""documents, room = [], {AMOUNT}
for document in corpus({corpus!r}):
    documents.append(document[:room])
    room -= len(documents[-1])
    if room <= 0:
        break"""


def _learning(text: str, word: str, learned: Learned, own: str) -> str:
    bpe, now = learned.bpe, Counts.of(learned.methods["bpe"], word, text)
    upto = f"[:{len(bpe.merges)}]" if learned.stopped else ""
    last = bpe.merges[-3:]
    return f"""# %% BPE, learned again
from core.data.corpora import corpus
from core.text.merging import Learning

{_read(learned.spec.corpus, own)}
learning = Learning(documents, {learned.spec.size}, {bpe.pretokens!r}).run()
merges = [(merge.entry, merge.count) for merge in learning.merges]{upto}
assert len(merges) == {len(bpe.merges)}
assert merges[-3:] == {[(merge.entry, merge.count) for merge in last]!r}
bpe = learning.tokenizer(len(merges))
WORD = {phrase(word, text)!r}
print([piece.text for piece in bpe.encode(WORD)])
assert [piece.text for piece in bpe.encode(WORD)] == {list(now.pieces)!r}
assert [piece.id for piece in bpe.encode(TEXT)] == {[piece.id for piece in learned.methods["bpe"].encode(text)]}
now = len(TEXT) / max(1, len(bpe.encode(TEXT)))
assert np.isclose(now, {now.per_piece:.5g}, rtol=1e-4)"""


def _others(learned: Learned) -> str:
    spec = learned.spec
    unigram = learned.methods["unigram"]
    wordpiece = learned.wordpiece
    return f"""# %% WordPiece and Unigram
from core.text.unigram_learning import UnigramLearning

wordpiece = Learning(documents, {spec.size}, {wordpiece.pretokens!r}, "score").run()
entries = wordpiece.tokenizer({len(wordpiece.merges)}).vocabulary
assert entries[-3:] == {list(wordpiece.tokenizer().vocabulary)[-3:]!r}
""" + (
        ""
        if learned.stopped
        else f"""unigram = UnigramLearning(documents, {spec.size}, {learned.unigram.pretokens!r}).run().tokenizer()
print([piece.text for piece in unigram.encode(WORD)])
assert unigram.vocabulary[-3:] == {list(unigram.vocabulary)[-3:]!r}"""
    )


def _answer(learned: Learned, text: str, word: str) -> str:
    spec = other(learned.spec)
    then = Counts.of(learn_bpe(spec), word, text)
    return f"""# %% The question: the same from another corpus
{_read(spec.corpus, "")}
other = Learning(documents, {spec.size}, {spec.pretokens("bpe")!r}).run().tokenizer()
pieces = [piece.text for piece in other.encode(WORD)]
tokens, tokens_now = len(other.encode(TEXT)), len(bpe.encode(TEXT))
then = len(TEXT) / max(1, tokens)
print(tokens, "tokens of", round(then, 3), "characters; now", tokens_now, "of", round(now, 3))
assert (tokens, tokens_now) == ({then.tokens}, {len(learned.methods["bpe"].encode(text))})
assert pieces == {list(then.pieces)!r}
assert np.isclose(then, {then.per_piece:.5g}, rtol=1e-4)"""
