"""Predict: question, options, commit, reveal, explanation. The model computes the answer only at commit."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from app import markup
from app.markup import inline
from app.session import state

log = logging.getLogger("glassbox")

_CHOICE = "predict.choice"
KEPT = 50  # answered questions that a session remembers


@dataclass(frozen=True)
class Answer:
    """The model's answer: the index of the right option, an explanation in a sentence or two, and its numbers."""

    index: int
    why: str
    numbers: dict[str, float | int | str] = field(default_factory=dict)


class NotYet(Exception):
    """Raised by an answer that is not available yet (a run that is still training).

    The message says what it waits for.
    """


@st.fragment
def predict_card(
    question: str, options: tuple[str, ...], answer: Callable[[], Answer], about: Sequence[object]
) -> None:
    """Draw one question as a card. A fragment: choosing an option redraws this card, not the page.

    Predictions and answers are kept in the session and shown again when the learner comes back.

    Args:
        question: what is asked.
        options: the possible answers.
        answer: computes the right one; called at commit.
        about: what the answer is computed from; when one of these changes, it is another question.
    """
    record = _record(question, options, about)
    st.html(f'<h2 class="gb-line"><b>Predict</b> <span>{inline(question)}</span></h2>')
    if "waits" in record:
        _commit(record, record["chosen"], answer)
    if "answer" in record:
        _reveal(options, record["chosen"], record["answer"])
        return
    if "waits" in record:
        said = inline(markup.visible(options[record["chosen"]]))
        st.html(f'<p class="gb-reveal" role="status">You said “{said}”. {inline(record["waits"])}</p>')
        return
    with st.container(key="gb-options", horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.pills(
            "Your prediction",
            range(len(options)),
            format_func=lambda index: markup.escape(markup.visible(options[index])),
            key=_CHOICE,
            label_visibility="collapsed",
        )
        chosen = state.widget_value(_CHOICE)
        st.button(
            "Commit",
            key="predict.commit",
            type="primary",
            disabled=chosen is None,
            on_click=state.whole(_commit),
            args=(record, chosen, answer),
        )
    if "failed" in record:
        failed = "The model could not answer this one. Change the text or the selection."
        st.html(f'<p class="gb-hint" role="status">{failed}</p>')


def _record(question: str, options: Sequence[str], about: Sequence[object]) -> dict[str, Any]:
    """Return the session's record of this question: the prediction, and the model's answer if there is one."""
    record, kept = state.memo("predict"), state.memo("predictions")
    told = repr((question, *options, *about)).encode("utf-8", "surrogatepass")
    signature = hashlib.sha256(told).hexdigest()
    if record.get("signature") != signature:
        if "chosen" in record:
            kept[str(record["signature"])] = dict(record)
            while len(kept) > KEPT:
                del kept[next(iter(kept))]
        record.clear()
        record.update(kept.pop(signature, {"signature": signature}))
        state.empty_widget(_CHOICE)
    return record


def _commit(record: dict[str, object], chosen: int, answer: Callable[[], Answer]) -> None:
    try:
        record["answer"] = answer()
        record["chosen"] = chosen
    except NotYet as why:
        record.update(waits=str(why), chosen=chosen)
    except Exception:
        log.exception("Predict failed")
        record["failed"] = True


def _reveal(options: tuple[str, ...], chosen: int, answer: Answer) -> None:
    right = answer.index == chosen
    said, true = (inline(markup.visible(options[index])) for index in (chosen, answer.index))
    verdict = f"<b>Right: {true}.</b>" if right else f"<b>The answer is “{true}”</b>; you said “{said}”."
    st.html(
        f'<p class="gb-reveal" role="status" data-right="{int(right)}">{verdict} {inline(answer.why)}</p>'
    )
