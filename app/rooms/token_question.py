"""A question to the class about one token: worded from the text, its options chosen from the model's probabilities.

Whoever finds the token among no option writes a word; what the model gives to that is looked up when the vote is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app import markup
from app.rooms import teaching
from app.session import state
from core.messages import mark, say

if TYPE_CHECKING:
    from torch import Tensor

    from core.analysis.tasks.token_vote import TokenChoices
    from core.language_model import LanguageModel

HIDDEN = "▁"  # what stands for the token that is asked for
# How the class is asked, by how the text is read; a text is shown between backticks.
ASKS = {
    "next": mark("What comes next? {text}"),
    "masked": mark("What is hidden? {text}"),
    "read back": mark("What is hidden? {text}"),
    "target": mark("What comes next in the answer? {text}"),
    "copy": mark("What comes next? {text}"),
}
BOTH_SIDES = ("masked", "read back")  # what stands behind the token is read, too
LONGEST = 400  # characters of the text in a question: what stands before that is cut
NEXT = mark("Ask the class for the next token")
HELP = mark(
    "The text up to this place appears on all phones, with likely and less likely words, and a field for another one."
)


@dataclass(frozen=True)
class Words:
    """A question to the class: its words, and its options as they are shown; the last asks for a word."""

    text: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class TokenQuestion:
    """A token that the class may be asked for.

    Attributes:
        kind: how the text is read (`ASKS`).   ids: of the text.
        choices: the options, with what the model gives to each, and with the token that came where one did.
        logits: (V,), the model's at this place.
    """

    lm: LanguageModel
    kind: str
    ids: Sequence[int]
    choices: TokenChoices
    logits: Tensor


def words(lm: LanguageModel, kind: str, ids: Sequence[int], choices: TokenChoices) -> Words:
    """Word the question: the text up to the place, or around it where the model sees both sides."""
    from core.rooms import ELSE  # here, as most visitors of a page that can ask never do

    word, place = lm.tokenizer.display, choices.place
    before = [id for id in ids[:place] if id not in lm.special_ids]
    shown = "".join(lm.tokenizer.pieces(before)).strip()
    shown = f"…{shown[-LONGEST:]}" if len(shown) > LONGEST else shown
    line = f"{shown} {HIDDEN}" if shown else HIDDEN
    if kind in BOTH_SIDES:
        after = [id for id in ids[place + 1 :] if id not in lm.special_ids]
        line += "".join(lm.tokenizer.pieces(after))[:LONGEST]
    text = say(ASKS[kind], text=markup.mono(markup.visible(line)))
    return Words(text, (*(markup.mono(_named(lm, word(id))) for id in choices.ids), ELSE))


def _named(lm: LanguageModel, text: str) -> str:
    """Write a token as a word, without the space before it; a piece of a word with "…", all space as its symbols."""
    from core.analysis.tasks.token_vote import is_piece

    bare = text.strip() or markup.visible(text) or "∅"
    return f"{bare}…" if is_piece(lm.tokenizer, text) else bare


def ask(question: TokenQuestion) -> str:
    """Ask the class; what came and the probabilities wait until they are revealed. Return what is to be said."""
    from core.analysis.tasks.token_vote import TokenVote
    from core.rooms import Answer

    choices = question.choices
    came = choices.came if isinstance(choices, TokenVote) else None
    worded = words(question.lm, question.kind, question.ids, choices)
    answer = Answer(came, "", "", (*choices.probabilities, choices.elsewhere))
    said = teaching.put(worded.text, worded.options, answer, "next", _chance(question))
    return said or say(teaching.ASKED)


def _chance(question: TokenQuestion) -> teaching.Chance:
    """Return what looks up a word's first token and its probability; case counts as little as in the votes."""
    from core.analysis.tasks.token_vote import first_token

    p = question.logits.double().softmax(-1).cpu()  # (V,)
    tokenizer, special = (
        question.lm.tokenizer,
        question.lm.special_ids,
    )  # not the model: it may leave meanwhile

    def chance(word: str) -> tuple[str, float | None]:
        spelled = dict.fromkeys((word, word.lower(), f"{word[:1].upper()}{word[1:]}"))
        tokens = [first_token(tokenizer, one, special) for one in spelled]
        token = max((one for one in tokens if one is not None), key=lambda one: float(p[one]), default=None)
        return ("", None) if token is None else (tokenizer.display(token).strip(), float(p[token]))

    return chance


def button(make: Callable[[], TokenQuestion | None], label: str = "") -> None:
    """Draw the button that asks, where this session teaches, and what became of it.

    Args:
        make: called at the click; None: nothing can be asked here.
        label: the message on it; "": that it asks for the next token.
    """
    if not teaching.teaches():
        return
    with st.container(key="gb-class-token", horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            say(label or NEXT), key="class.token", icon=":material/groups:", help=say(HELP),
            on_click=state.whole(_asked), args=(make,),
        )  # fmt: skip
        said = state.memo("class").pop("token", "")
        if said:
            st.html(teaching.told(said))


def _asked(make: Callable[[], TokenQuestion | None]) -> None:
    question = make()
    none = say("No token can be asked for here: choose another place.")
    state.memo("class")["token"] = none if question is None else ask(question)
