"""Export every row's pieces as a table, and as notebook cells that cut and learn again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.tokenization.cut import phrase
from pages.tokenization.figure import title_of
from pages.tokenization.learned import AMOUNT, Learned
from pages.tokenization.question import Counts, learn_bpe, other


def table(seen: Mapping[str, Any], name: str) -> dict[str, Sequence[Any]]:
    """Tabulate the pieces of each row; of the open model's, also the length of its vector."""
    lines: list[list[Any]] = []
    for row in seen["rows"]:
        pieces = row["pieces"]
        if pieces is None:
            continue
        lengths = row.get("lengths") or [None] * len(pieces["id"])
        for at, id in enumerate(pieces["id"]):
            lines.append(
                [title_of(row["id"], name), pieces["text"][at], pieces["entry"][at], id, pieces["start"][at],
                 pieces["end"][at], int(at in pieces["unknown"]), lengths[at]]
            )  # fmt: skip
    names = ["tokenizer", "piece", "entry", "id", "start", "end", "unknown", "vector length"]
    return {column: [line[k] for line in lines] for k, column in enumerate(names)}


def cells(load: str, text: str, word: str, seen: Mapping[str, Any], learned: Learned, own: str) -> list[str]:
    """Write cells that cut the text again with the model's vocabulary, learn BPE again, and compute the answer.

    Args:
        load: the call of `core.load` that opens the model, as source. own: a learner's own corpus, or "".
    """
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
    then = Counts.of(learn_bpe(spec).tokenizer(), word, text)
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
