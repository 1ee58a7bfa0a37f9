"""Classroom: a class predicts a token together, and its votes stand beside the model's probabilities."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.counts import counted
from app.frame import page
from app.rooms import forget
from app.session import events, state
from core.analysis.tasks.token_vote import TokenVote, token_vote, token_vote_on, vote_cross_entropy
from core.messages import say
from core.training.losses import ScoredText, score_text
from pages.classroom import export, figure, room
from pages.classroom.question import another, ask

EXAMPLES = (
    "A red ball was lost. She found the red ball",
    "Once upon a time, there was a small house by the lake",
    'Tim gave Lily a golden ball. "Thank you, Tim',
    "It was raining, and Ben the baker was sad",
    "Lily and Tom went to the park",
)
KEYS = ("follow",)
LONGEST = 48  # tokens of the text

ctx = page.begin("classroom", longest=LONGEST)
lm, target = ctx.lm, ctx.decoder_text or None


def scored(model: Any, text: str, target: str | None) -> ScoredText:
    """Score the text, as the cache calls it."""
    return score_text(model, text, target)


told: ScoredText = ctx.asked.share(scored, ctx.text, target)
follow = int(state.get("follow"))
at = next((n for n, place in enumerate(told.places) if 0 <= follow <= place), len(told) - 1)
likely, unlikely = int(state.get("likely")), int(state.get("unlikely"))
vote: TokenVote | None = token_vote(lm, told, at, likely, unlikely) if len(told) else None
teacher = room.teacher()

page.claim(
    say("A class predicts together, and its votes stand beside the model’s probabilities."),
    "" if vote is None else say("{options}, one of which came", options=counted(len(vote.ids), "option")),
)
room.draw(teacher, lm, told, vote, at)
forget.draw("gb-forget-class")
selection = events.selection("classroom", {"follow": state.get("follow")})
stamp = "\x1f".join([ctx.model_key, ctx.text, str(target), str(likely), str(unlikely), str(at)])
figure.draw(
    data=figure.record(lm, told, vote) | {"stamp": stamp, "selection": selection}, key="classroom",
    on={"select": lambda: events.select("classroom", KEYS)},
)  # fmt: skip

with page.controls():
    st.slider(say("Likely options"), 2, 5, width=220, **state.bind("likely"))
    st.slider(say("Unlikely options"), 0, 2, width=220, **state.bind("unlikely"))

question = ask(lm, told, vote)


def notebook() -> list[str]:
    """The vote, and the question's answer, computed again."""
    given = {"TEXT": ctx.text, "TARGET": target, "LIKELY": likely, "UNLIKELY": unlikely}
    return export.cells(ctx.load_source, given, told, vote, at)


with page.foot():
    about = (ctx.model_key, ctx.text, target, -1 if vote is None else vote.place)
    asked = question.asked
    page.predict(
        asked.text, asked.options, question.judge, about, lambda seed: another(told, vote, seed)
    )  # fmt: skip
    page.code(token_vote_on, vote_cross_entropy, score_text)
    page.take_away("classroom", lambda: export.table(lm, told, vote), notebook)

page.terms("token", "p", "softmax", "cross-entropy", "nats and bits")
page.cheatsheet("classroom")
page.examples(EXAMPLES)
