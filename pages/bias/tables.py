"""Which table of words the test is made on: GloVe, the open model's own rows, or what word2vec learned from a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app import cache, models, state
from app import learned_vectors as learned
from app.page import Context
from core.language_model import LanguageModel
from core.runs.carried import pack_vectors
from core.runs.word_recordings import recorded_words
from core.vectors.debiasing import PAIRS
from core.vectors.static import StaticVectors, glove
from core.vectors.token_words import of_words

NAMES = {"glove": "GloVe", "model": "The open model", "learned": "word2vec"}
PAIRED = tuple(word for pair in PAIRS for word in pair)


@dataclass(frozen=True)
class Table:
    """A chosen table.

    which: "glove", "model" or "learned".   name: what a sentence calls it.
    run: the id and checkpoint of an own word2vec run; ("", 0) where there is none.
    key: of the model that results are cached with (GloVe and word2vec are of no model: the usual one's).
    words: all words of GloVe or of the run; of the model, those that were asked for.
    """

    which: str
    name: str
    run: tuple[str, int]
    key: str
    words: StaticVectors

    @property
    def at(self) -> tuple[str, str, str, int]:
        """What `words_of` finds it by."""
        return self.which, self.name, *self.run


def choose(ctx: Context, wanted: Sequence[str]) -> tuple[Table, str]:
    """The chosen table; where it cannot be read, GloVe, and why.

    Args:
        wanted: words that the page asks for, beside the pairs of the gender direction.
    """
    which, why = str(state.get("vectors")), ""
    if which == "model":
        name, asked = ctx.short_name, (*wanted, *PAIRED)
        try:
            return Table(which, name, ("", 0), ctx.model_key, of_words(ctx.lm, asked, name)), ""
        except ValueError as error:  # training diverged, or a vocabulary of nothing that is asked for
            why = f"{name} has no table to test: {models.reason(error)} GloVe is used."
    if which == "learned":
        return learned_table(), ""
    return usual_table(), models.without_places(why)


def learned_table() -> Table:
    """The learner's own word2vec run, or the recorded one."""
    run = learned.checkpoint() or ("", 0)
    name = "your word2vec run" if run[0] else "the recorded word2vec"
    return Table(
        "learned", name, run, cache.key(state.DEFAULT_MODEL), words_of(None, (), "learned", name, *run)
    )


def usual_table() -> Table:
    """GloVe."""
    return Table("glove", "GloVe", ("", 0), cache.key(state.DEFAULT_MODEL), glove())


def words_of(
    lm: LanguageModel | None, wanted: Sequence[str], which: str, name: str, run: str, step: int
) -> StaticVectors:
    """The words and vectors that `Table.at` names.

    Args:
        lm: the model whose rows "model" means.   wanted: the words that it is asked for, beside the pairs'.
    """
    if which == "model" and lm is not None:
        return of_words(lm, (*wanted, *PAIRED), name)
    if which == "learned":
        own = learned.table_at(run, step) if run else None
        kept = recorded_words()
        found = own if own is not None else kept.table(len(kept.steps) - 1)
        return StaticVectors(name, found.words, found.vectors)
    return glove()


def source(table: Table, load: str, name: str = "table") -> str:
    """The table as source, for the notebook; of the model, a function of the words that are asked for.

    Args:
        load: the call that loads the open model.
        name: of the variable.
    """
    if table.which == "model":
        read = "from core.vectors.debiasing import PAIRS\nfrom core.vectors.token_words import of_words"
        return (
            f"{read}\n\nlm = {load}\npaired = [word for pair in PAIRS for word in pair]\n"
            f"{name} = lambda words: of_words(lm, [*words, *paired])"
        )
    if table.which == "learned" and table.run[0]:
        found = f"vectors({pack_vectors(table.words)!r})"
        return f"from core.runs.carried import vectors\n\nlearned = {found}\n{name} = lambda words: learned"
    if table.which == "learned":
        return (
            "from core.runs.word_recordings import recorded_words\n\n"
            f"kept = recorded_words()\nlearned = kept.table(len(kept.steps) - 1)\n{name} = lambda words: learned"
        )
    return f"from core.vectors.static import glove\n\n{name} = lambda words: glove()"
