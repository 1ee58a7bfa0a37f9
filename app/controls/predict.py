"""Predict: a question, options, commit, reveal, why. The answer is computed by the model at commit and never before."""

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
    """What the model answered: the index of the right option, why in a sentence or two, and the numbers behind it."""

    index: int
    why: str
    numbers: dict[str, float | int | str] = field(default_factory=dict)


class NotYet(Exception):
    """Raised by an answer that has to wait (a run that is still training); the message says for what."""


@st.fragment
def predict_card(
    question: str, options: tuple[str, ...], answer: Callable[[], Answer], about: Sequence[object]
) -> None:
    """One question as a card. A fragment: choosing an option draws this card anew, not the page.

    What was said to a question stays: whoever comes back to it finds the prediction and the answer.

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
    """The record of this question: what was said to it and what the model answered, if anything was."""
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
