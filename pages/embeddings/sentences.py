"""Compare sentences as vectors: how like each two of the learner's own are, by each reader.

The open model, the mean of static vectors and the encoders of this machine read the same sentences. The functions here
ask `core.vectors.sentences` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from app import markup, models, reading
from app.counts import counted
from app.frame.page import Context
from app.kit import register
from app.models import cache, room
from app.session import events, state
from core.checkpoints.sentence import CARD
from core.language_model import LanguageModel
from core.messages import mark, say
from core.vectors.sentences import Pooling, cosines, mean_of_words, nearest, sentence_vectors
from core.vectors.static import glove

pictured = register("embeddings_sentences", __file__)

# Encoders that read beside the open model, where they are on this machine: the bundled one, and one made for sentences,
# which is opened when a visitor asks for it.
READERS = ("tales-bert", "all-MiniLM-L6-v2")
MOST = 8  # sentences
LONGEST = 200  # characters of one
KEYS = ("alike",)
POOLED = {
    "first": mark("its first token’s vector"),
    "max": mark("the largest of each number"),
    "mean": mark("the mean of its tokens’ vectors"),
}
DIVERGED = mark("Its vectors are no numbers any more: its training diverged.")


@dataclass(frozen=True)
class Reader:
    """What one reader makes of the sentences.

    how: what stands for a sentence.   load: source that opens a model; "" for static vectors.
    vectors: (N, D), and their cosines (N, N).   tokens: how many each sentence has.
    left_out: of each sentence, the words that have no vector.   said: why there is nothing, "" where there is.
    """

    name: str
    how: str
    load: str = ""
    vectors: np.ndarray[Any, Any] | None = None
    likeness: np.ndarray[Any, Any] | None = None
    tokens: tuple[int, ...] = ()
    left_out: tuple[tuple[str, ...], ...] = ()
    said: str = ""

    @property
    def best(self) -> tuple[int, int] | None:
        """The two sentences that are most alike; None where there are not two."""
        if self.likeness is None or len(self.likeness) < 2:
            return None
        pairs = np.triu(np.ones_like(self.likeness, dtype=bool), 1)
        row, col = np.unravel_index(int(np.where(pairs, self.likeness, -np.inf).argmax()), pairs.shape)
        return int(row), int(col)


@dataclass(frozen=True)
class Seen:
    """The sentences, as they are read, their readers, and what of the box is not read."""

    sentences: tuple[str, ...]
    readers: tuple[Reader, ...]
    note: str


def sentences() -> tuple[tuple[str, ...], str]:
    """Read those of the box, a line each, and what is left out of it."""
    lines = [reading.clean(line)[0].strip() for line in str(state.get("sentences")).splitlines()]
    lines = [line for line in lines if line]
    notes = []
    if len(lines) > MOST:
        notes.append(say("The first {count} sentences are read.", count=MOST))
    if any(len(line) > LONGEST for line in lines[:MOST]):
        notes.append(say("Of a long sentence the first {count} characters are read.", count=LONGEST))
    return tuple(line[:LONGEST] for line in lines[:MOST]), " ".join(notes)


def readers_beside(ctx: Context) -> tuple[str, ...]:
    """List the encoders that read beside the open model: the bundled one, the published one once it is asked for."""
    asked = state.memo("embeddings_sentences")
    here = {*models.bundled(), *(name for name in models.published() if name in asked)}
    return tuple(name for name in READERS if name in here and (name != ctx.name or ctx.snapshot is not None))


def ask_for(name: str) -> None:
    """Remember that a visitor asked for an encoder."""
    state.memo("embeddings_sentences")[name] = True


def read_by_model(lm: LanguageModel, texts: tuple[str, ...]) -> tuple[Any, tuple[int, ...], str, str]:
    """Read texts by a model, for the cache: vectors, tokens of each, what stands for a text, why there is nothing."""
    try:
        pooling = Pooling.of(lm)
        vectors = sentence_vectors(lm, texts, pooling)
    except ValueError as why:
        return None, (), "", models.reason(why)
    how = say(" and ").join(say(POOLED[kind]) for kind in pooling.kinds) + (
        say(", brought to length 1") if pooling.normalised else ""
    )
    if lm.card.get(CARD):
        how = say("as its files ask: {how}", how=how)
    if not np.isfinite(vectors).all():
        return None, (), how, say(DIVERGED)
    return vectors, tuple(len(lm.encode(text.strip())) for text in texts), how, ""


def read_by_words(texts: Sequence[str]) -> Reader:
    """Read texts as the mean of GloVe's vectors of the words."""
    table, vectors, left = glove(), [], []
    how = say("the mean of its words’ vectors")
    try:
        for text in texts:
            mean, unknown = mean_of_words(table, text)
            vectors.append(mean)
            left.append(unknown)
    except ValueError as why:
        return Reader(table.name, how, said=models.reason(why))
    stacked = np.stack(vectors)
    return Reader(table.name, how, "", stacked, cosines(stacked), left_out=tuple(left))


def compare_readers(
    ctx: Context, load: str, readers: Sequence[str], texts: tuple[str, ...], note: str
) -> Seen:
    """Compare all readers' answers: the open model first, then static vectors, then the encoders that are not open.

    Args:
        load: the call that opens the open model, as source. readers: of `readers_beside`. texts, note: of `sentences`.
    """
    if not texts:
        return Seen((), (), say("Write a sentence, or two to compare."))
    asked = [(ctx.short_name, ctx.model_key, load)]
    asked += [(name, cache.key(name), f"core.load({name!r})") for name in readers]
    found = []
    for name, key, source in asked:
        try:
            vectors, tokens, how, said = cache.call(read_by_model, key, texts)
        except (
            ValueError,
            OSError,
        ) as why:  # there is no room for it beside the open one, or it has just gone
            vectors, tokens, how, said = (
                None,
                (),
                "",
                models.reason(ValueError(models.without_places(str(why)))),
            )
        likeness = None if vectors is None else cosines(vectors)
        found.append(Reader(name, how, source, vectors, likeness, tokens, said=said))
    return Seen(texts, (found[0], read_by_words(texts), *found[1:]), note)


def show(ctx: Context, seen: Seen) -> None:
    """Draw the heading, the box with the sentences, the readers that wait to be asked, and the picture."""
    st.html(
        f'<section class="gb-words"><h2>{say("Which two sentences mean the same?")}</h2><p class="gb-hint">'
        + say(
            "A sentence as one vector. Choose the pair that you would put together, in any of the maps, and see which "
            "pair each reader finds: two that share words, or two that mean the same?"
        )
        + "</p></section>"
    )
    st.text_area(say("Sentences, one a line"), height=168, width=520, **state.bind("sentences"))
    if seen.note:
        st.caption(markup.escape(seen.note))
    if not seen.sentences:
        return
    there = {ctx.name, *readers_beside(ctx)}
    for name in (name for name in READERS if name in models.published() and name not in there):
        need = room.written(models.need(models.resolve(name)))
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.button(
                say("Ask {name}", name=name),
                key=f"sentences.{name}",
                on_click=state.whole(ask_for),
                args=(name,),
            )
            st.caption(
                markup.escape(
                    say(
                        "An encoder made for sentences; to open it takes {need}, once for all visitors.",
                        need=need,
                    )
                )
            )
    pictured(
        data=record(seen) | {"selection": events.selection("meant", {key: state.get(key) for key in KEYS})},
        key="meant",
        on={"select": lambda: events.select("meant", KEYS)},
    )


def record(seen: Seen) -> dict[str, Any]:
    """Describe what sentences.js draws, as its JSON."""
    return {
        "stamp": repr((seen.sentences, [(one.name, one.how, one.said) for one in seen.readers])),
        "sentences": list(seen.sentences),
        "readers": [_reader(one) for one in seen.readers],
    }


def _reader(one: Reader) -> dict[str, Any]:
    if one.likeness is None or one.vectors is None:
        return {"name": one.name, "how": one.how, "said": one.said, "cosines": [], "best": None}
    unknown = list(dict.fromkeys(word for words in one.left_out for word in words))
    return {
        "name": one.name, "how": one.how, "said": "", "cosines": one.likeness.tolist(), "best": one.best,
        "nearest": nearest(one.likeness), "tokens": list(one.tokens), "dims": one.vectors.shape[1],
        "lengths": np.linalg.norm(one.vectors, axis=1).tolist(),
        "unknown": say("Without a vector: {words}", words=", ".join(unknown[:6]) + " …" * (len(unknown) > 6))
        if unknown else "",
    }  # fmt: skip


def table(seen: Seen) -> list[tuple[Any, ...]]:
    """List for the page's table: what, by whom, the two sentences, and the cosine."""
    return [
        (
            "two sentences, cosine",
            one.name,
            f"{seen.sentences[a]} | {seen.sentences[b]}",
            None,
            _short(one.likeness[a, b]),
        )
        for one in seen.readers
        if one.likeness is not None
        for a in range(len(seen.sentences))
        for b in range(a + 1, len(seen.sentences))
    ]


def cells(seen: Seen) -> list[str]:
    """Write a cell that reads the sentences again and asserts every cosine; `lm` and `static` are the notebook's."""
    known = [one for one in seen.readers if one.likeness is not None]
    if not known:
        return []
    lines = []
    for one in known:
        made = f"sentence_vectors({'lm' if one is seen.readers[0] else one.load}, SENTENCES)"
        if not one.load:
            made = "np.stack([mean_of_words(static, text)[0] for text in SENTENCES])"
        assert one.likeness is not None
        shown = [[_short(value) for value in row] for row in one.likeness]
        lines.append(
            f"likeness = cosines({made})  # {one.name}\nprint({one.name!r}, likeness.round(3).tolist())\n"
            f"np.testing.assert_allclose(likeness, {shown}, atol=1e-3)"
        )
    code = "\n".join(lines)
    return [
        f"""# %% Sentences as vectors, and their cosines: {counted(len(known), "reader")}
from core.vectors.sentences import cosines, mean_of_words, sentence_vectors

SENTENCES = {list(seen.sentences)!r}
{code}"""
    ]


def _short(value: Any) -> float:
    return float(f"{float(value):.6g}")
