"""The strip of a lesson: where one is, what the step says and asks, and the way on; it stands in the claim's place.

strip.js sends "move" with {"by": 1 or -1}, "answer" with {"index"}, "look" with {"mark"}, "again" and "leave".
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.kit import register
from app.lessons import player, reading
from app.lessons.player import Playing
from app.lessons.reading import Lesson
from app.questions import Answer
from app.rooms import teaching
from app.session import events, state
from core.messages import say

strip = register("lesson", __file__, shared=False)
KEY = "lesson"


def draw(now: Playing) -> None:
    """Draw the strip of the open step."""
    data = record(now)
    point = now.step.point
    state.memo("lesson")["point"] = "" if data["own"] or point == reading.TEXT_BOX else point
    strip(
        data=data,
        key=KEY,
        on={
            "move": lambda: player.move(1 if events.sent(KEY, "move").get("by") == 1 else -1),
            "answer": _answered,
            "look": _looked,
            "again": player.again,
            "leave": player.leave,
        },
    )
    if now.step.question is not None and teaching.teaches():
        st.button(
            say("Ask the class this step’s question"), key="lesson.class", type="tertiary", icon=":material/groups:",
            on_click=state.whole(_ask_class), args=(now,),
        )  # fmt: skip
        if said := state.memo("class").pop("said", ""):
            st.html(teaching.told(said))


def _ask_class(now: Playing) -> None:
    """Ask the class the question of a step; its answer stays in the room until it is revealed."""
    question = now.step.question
    assert question is not None
    asked, evidence, *options = player.filled(now, (question.text, question.evidence, *question.options))
    answer = Answer(question.right, question.because, {}, evidence)
    state.memo("class")["said"] = teaching.ask(asked, options, answer) or say(teaching.ASKED)


def _answered() -> None:
    index = events.sent(KEY, "answer").get("index")
    if isinstance(index, int) and not isinstance(index, bool):
        player.answer(index)


def _looked() -> None:
    mark = events.sent(KEY, "look").get("mark")
    if isinstance(mark, int) and not isinstance(mark, bool):
        player.look(mark)


def _questions(lesson: Lesson) -> list[dict[str, Any]]:
    """List a lesson's questions for its end; which option was chosen is known to the browser."""
    return [
        {"mark": mark, "name": step.title, "right": step.question.right}
        for mark, step in enumerate(lesson.steps, 1)
        if step.question is not None
    ]


def record(now: Playing) -> dict[str, Any]:
    """What the strip shows, as its JSON: what is right and why goes to the browser only with an answer."""
    step, lesson = now.step, now.lesson
    question = step.question
    own = player.own_view(now)
    answered = now.answered if question is not None else None
    waits = question is not None and answered is None
    texts = [step.prose, question.text if question else "", question.evidence if question else ""]
    options = question.options if question else ()
    prose, asked, evidence, *named = player.filled(now, (*texts, *options))
    return {
        "lesson": lesson.name,
        "title": lesson.title,
        "mark": now.mark,
        "of": len(lesson.steps),
        "name": step.title,
        # Later steps of a lesson give less: their prose comes with the answer, or not at all.
        "prose": "" if step.fade == 2 or (step.fade == 1 and waits) else prose,
        "point": reading.named(step.point),
        "box": step.point == reading.TEXT_BOX,
        "question": None if question is None else {"text": asked, "options": named},
        "answered": answered,
        "answer": None if question is None or answered is None else {
            "right": question.right, "because": question.because, "evidence": evidence,
        },
        "own": own,
        "done": player.finished(now),
        "goal": None if step.goal is None else step.goal.reached(state.get(step.goal.field)),
        "next": "" if now.following is None else now.following.title,
        "ends": lesson.ends if now.following is None else "",
        "questions": _questions(lesson) if now.following is None else [],
    }  # fmt: skip
