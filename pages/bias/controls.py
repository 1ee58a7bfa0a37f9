"""The controls: which test, on which table, with or without the gender direction, and the learner's own lists."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import markup, models
from app.controls import widgets
from app.session import state
from core.messages import mark, say
from core.vectors.association import LEAST
from core.vectors.word_lists import MOST
from pages.bias import sentences, weat
from pages.bias.figure import Seen
from pages.bias.weat import NAMES, OWN, Run, Table

TESTS = (*map(str, range(1, 11)), "own")
WHICH = {"kept": mark("as it is"), "removed": mark("taken out")}
ASKS = (mark("Targets X"), mark("Targets Y"), mark("Attributes A"), mark("Attributes B"))
NEEDED = mark(
    "Words with blanks or commas between them: at least 2 that the vectors have in X and in Y, 1 in A and in B, each "
    "in one list only, and at most {most} in a list. With 3 words in X and 3 in Y no p is below 0.1: take more. With "
    "under {least} % of a list in the vectors nothing is concluded. They are test “your lists”."
)
# What the recorded word2vec has read of: do toys, rather than food, stand nearer to those who make things?
TOYLAND = {
    "listx": "doll drum kite ball top robot", "listy": "soup cake pie stew tart loaf",
    "lista": "carpenter blacksmith tailor builder", "listb": "cook baker fisher farmer",
}  # fmt: skip


def draw(seen: Seen, run: Run) -> None:
    """Draw the widgets below the picture, and what is to be said about them; run: word2vec of the learner's."""
    st.selectbox(say("Test"), TESTS, format_func=_named, filter_mode=None, width=250, **state.bind("weat"))
    widgets.segments(say("Vectors"), "vectors", tuple(NAMES), _vectors(run, seen))
    widgets.segments(say("Gender direction"), "direction", tuple(WHICH), lambda which: say(WHICH[str(which)]))
    with st.popover(say("Your lists"), key="gb-own-lists"):
        st.caption(say(NEEDED, most=MOST, least=f"{100 * LEAST:.0f}"))
        for key, asks in zip(OWN, ASKS):
            st.text_area(
                say(asks),
                height=68,
                value=state.get(key),
                **state.bind(key, then=lambda: state.set("weat", "own")),
            )
    if seen.table.which == "learned" and seen.test is not None and not _made(seen.table):
        st.button(say("Test lists that it has"), key="bias.toyland", on_click=state.whole(_toyland))
    for note in seen.notes:
        st.warning(markup.escape(models.without_places(note)))
    unused = sentences.left_out(seen.now)
    if unused:
        words = sum(len(one.missing) + len(one.shared) for one in seen.now.lists)
        label = say("1 word not used") if words == 1 else say("{words} words not used", words=words)
        with st.popover(label, key="gb-unused"):
            for line in unused:
                st.caption(markup.escape(line))


def _vectors(run: Run, seen: Seen) -> Callable[[int | str], str]:
    """Name the tables; of word2vec, before it is chosen, say how many of the ten tests its words allow."""
    done = _made(weat.learned_table(run, seen.beside))
    names = {which: say(name) for which, name in NAMES.items()}
    if not done:
        names["learned"] = say("word2vec, none of the ten")
    elif done == len(TESTS) - 1:
        names["learned"] = say("word2vec, all ten")
    else:
        names["learned"] = say("word2vec, {done} of the ten", done=done)
    return lambda which: names[str(which)]


def _made(table: Table) -> int:
    """Count how many of the ten tests a table allows."""
    return sum(one.measured is not None for one in weat.every(table, False))


def _toyland() -> None:
    state.update({**TOYLAND, "weat": "own"})


def _named(number: str) -> str:
    return say("your lists") if number == "own" else f"{number}  {say(sentences.SHORT[number])}"
