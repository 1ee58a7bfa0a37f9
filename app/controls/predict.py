"""Predict: a question, its options, a commitment; then the verdict, because of what, and the numbers.

The model computes the answer only at commit. Below an answer stand two buttons: "Show it" sets the picture to what the
answer is about, and "Another" asks anew about another text or place. What they change is lent: "Back to my text" gives
the learner's own back, and so does leaving the page (app/session/lent.py).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, TypeVar

import streamlit as st

from app import markup
from app.markup import inline
from app.questions import Answer as Answer
from app.rooms import teaching
from app.session import lent, state
from app.session.state import Value
from core.messages import mark, say, say_of

log = logging.getLogger("glassbox")

_CHOICE = "predict.choice"
KEPT = 50  # answered questions that a session remembers
PHONE = 160  # characters of a text that a phone shows beside a question
DRAWS = 60  # of places that "Another" looks through for one that it has not led to yet
AGAIN = 8  # times that it leads on by itself from a question that was answered already
FAILED = mark("The model could not answer this one. Change the text or the selection.")
_READ = ("model", "snapshot", "text", "target")  # what every picture is made from
Thing = TypeVar("Thing")


class NotYet(Exception):
    """Raised by an answer that is not available yet (a run that is still training).

    The message says what it waits for.
    """


def predict_card(
    question: str,
    options: tuple[str, ...],
    answer: Callable[[], Answer],
    about: Sequence[object],
    another: Callable[[int], Mapping[str, Value]] | None = None,
) -> None:
    """Draw one question as a card.

    Predictions and answers are kept in the session and shown again when the learner comes back. While the picture
    shows an answer's evidence (`_show`), the card stays with that answer, whatever the page would ask of that state.

    Args:
        question: what is asked.
        options: the possible answers.
        answer: computes the right one; called at commit.
        about: what the answer is computed from; when one of these changes, it is another question.
        another: given a seed, returns fields (a text, a place) whose state asks the question anew.
    """
    state.memo("predict.page").clear()  # this run draws the whole page
    _card(question, options, answer, about, another)


@st.fragment
def _card(
    question: str,
    options: tuple[str, ...],
    answer: Callable[[], Answer],
    about: Sequence[object],
    another: Callable[[int], Mapping[str, Value]] | None,
) -> None:
    """Draw the card. A fragment: choosing an option redraws it and not the page; showing an answer redraws the page."""
    if state.memo("predict.page"):
        st.rerun()
    pinned = _pinned()
    if another is not None and pinned is None and _lead_on(another, _sign(question, options, about)):
        state.turn_again()
        st.rerun()
    record = pinned or _record(question, options, about)
    question, options = str(record["question"]), tuple(record["options"])
    st.html(f'<h2 class="gb-line"><b>{inline(say("Predict"))}</b> <span>{inline(question)}</span></h2>')
    if "waits" in record:
        _commit(record, record["chosen"], answer)
    if "answer" in record:
        _reveal(options, record["chosen"], record["answer"])
        _go_on(record, another)
        _told_class(record)
        return
    if "waits" in record:
        said = say("You said “{option}”.", option=markup.visible(options[record["chosen"]]))
        st.html(f'<p class="gb-reveal" role="status">{inline(said)} {inline(record["waits"])}</p>')
        return
    with st.container(key="gb-options", horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.pills(
            say("Your prediction"),
            range(len(options)),
            format_func=lambda index: markup.escape(markup.plain(markup.visible(options[index]))),
            key=_CHOICE,
            label_visibility="collapsed",
        )
        chosen = state.widget_value(_CHOICE)
        st.button(
            say("Commit"),
            key="predict.commit",
            type="primary",
            disabled=chosen is None,
            on_click=state.whole(_commit),
            args=(record, chosen, answer),
        )
        _own_text()
        if teaching.teaches():
            st.button(
                say("Ask the class"), key="predict.class", icon=":material/groups:",
                on_click=state.whole(_ask_class), args=(record, answer, about),
                help=say("The question appears on all phones of the room; the answer waits until you reveal it."),
            )  # fmt: skip
    _told_class(record)
    if "failed" in record:
        st.html(f'<p class="gb-hint" role="status">{inline(say(FAILED))}</p>')


def draw(seed: int, pool: Sequence[Thing], now: Thing) -> Thing:
    """Draw one of `pool` that is not `now`; seeds that follow each other go through all of them before any twice.

    Returns `now` where there is no other.
    """
    whole = list(dict.fromkeys(pool))
    for tried in range(seed, seed + 2 * len(whole)):
        turn, place = divmod(tried, len(whole))
        drawn = Random(turn).sample(whole, len(whole))[place]
        if drawn != now:
            return drawn
    return now


def _sign(question: str, options: Sequence[str], about: Sequence[object]) -> str:
    """Sign a question: two that differ in a word, or in what decides the answer, differ in this."""
    told = repr((question, *options, *about)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(told).hexdigest()


def _gone() -> dict[str, Any]:
    """Return what "Another" has gone through on this page: the last seed, the places it led to, what was answered."""
    pages = state.memo("predict.another")
    gone: dict[str, Any] = pages.setdefault(
        state.page(), {"seed": -1, "places": [], "answered": [], "again": 0}
    )
    return gone


def _record(question: str, options: Sequence[str], about: Sequence[object]) -> dict[str, Any]:
    """Return the session's record of this question: the prediction, and the model's answer if there is one.

    Where "Another" has led to it, it is asked anew, however it was answered before.
    """
    anew = state.memo("predict.anew").pop("asked", False)
    record, kept = state.memo("predict"), state.memo("predictions")
    signature = _sign(question, options, about)
    if record.get("signature") != signature:
        if "chosen" in record:
            kept[str(record["signature"])] = dict(record)
            while len(kept) > KEPT:
                del kept[next(iter(kept))]
        before = kept.pop(signature, None)
        asked = {"signature": signature, "question": question, "options": tuple(options)}
        record.clear()
        record.update(asked if before is None or anew else before)
        state.empty_widget(_CHOICE)
    return record


def _commit(record: dict[str, object], chosen: int, answer: Callable[[], Answer]) -> None:
    try:
        record["answer"] = answer()
        record["chosen"] = chosen
        _remember(_gone()["answered"], record["signature"])
    except NotYet as why:
        record.update(waits=str(why), chosen=chosen)
    except Exception:
        log.exception("Predict failed")
        record["failed"] = True


def _ask_class(record: dict[str, Any], answer: Callable[[], Answer], about: Sequence[object]) -> None:
    """Ask the class this question; its answer is computed now and stays in the room until it is revealed."""
    try:
        found = answer()
    except NotYet as why:
        record["class"] = str(why)
        return
    except Exception:
        log.exception("Predict failed")
        record["class"] = say(FAILED)
        return
    refused = teaching.ask(_for_phones(str(record["question"]), about), tuple(record["options"]), found)
    record["class"] = refused or say(teaching.ASKED)


def _for_phones(question: str, about: Sequence[object]) -> str:
    """Return a question with the end of the text that it is about: a phone shows the question alone."""
    text = str(state.get("text"))
    if not text.strip() or text not in about:
        return question
    end = text if len(text) <= PHONE else "…" + text[-PHONE:]
    return say("{question} The text is: {text}", question=question, text=markup.mono(end))


def _told_class(record: Mapping[str, Any]) -> None:
    """Say what became of the question to the class."""
    if "class" in record and teaching.teaches():
        st.html(teaching.told(str(record["class"])))


def _reveal(options: tuple[str, ...], chosen: int, answer: Answer) -> None:
    right = answer.index == chosen
    said, true = (markup.visible(options[index]) for index in (chosen, answer.index))
    verdict = f"<b>{inline(say('Right: {option}.', option=true))}</b>"
    if not right:
        solved = inline(say("The answer is “{option}”", option=true))
        verdict = f"<b>{solved}</b>; {inline(say('you said “{option}”.', option=said))}"
    evidence = f'<p class="gb-evidence">{inline(answer.evidence)}</p>' if answer.evidence else ""
    st.html(
        f'<div class="gb-reveal" role="status" data-right="{int(right)}"><p>{verdict} {inline(answer.because)}</p>'
        f"{evidence}</div>"
    )


def _go_on(record: dict[str, Any], another: Callable[[int], Mapping[str, Value]] | None) -> None:
    """Draw the two buttons below an answer."""
    shows: Mapping[str, Value] = record["answer"].shows
    if not shows and another is None and not _lent():
        return
    with st.container(key="gb-goon", horizontal=True, gap="xsmall"):
        if shows:
            back = _pinned() is not None
            st.button(
                say("Take it back") if back else say("Show it"),
                key="predict.show",
                on_click=state.whole(_take_back if back else _show),
                args=() if back else (record,),
            )
        if another is not None:
            st.button(
                say_of("question", "Another"),
                key="predict.another",
                on_click=state.whole(_another),
                args=(another,),
            )
        if _pinned() is None:
            _own_text()


def _lent() -> bool:
    """Whether the page's text or model is one that a question has brought, and not the learner's."""
    return not lent.mine().keys().isdisjoint(_READ)


def _own_text() -> None:
    if _lent():
        st.button(say("Back to my text"), key="predict.back", type="tertiary", on_click=state.whole(_back))


def _show(record: dict[str, Any]) -> None:
    """Set the picture to an answer's evidence, as one undo step, and keep the card with that answer."""
    shows: Mapping[str, Value] = record["answer"].shows
    before = state.snapshot()
    _set(shows)
    pin = state.memo("predict.shown")
    pin.clear()
    pin.update(
        page=state.page(),
        record=dict(record),
        held={key: state.get(key) for key in {*shows, *_READ}},
        before={key: value for key, value in before.items() if state.get(key) != value},
    )


def _pinned() -> dict[str, Any] | None:
    """Return the answered question whose evidence the picture shows, while it does."""
    pin = state.memo("predict.shown")
    if not pin or pin["page"] != state.page():
        return None
    return pin["record"] if all(state.get(key) == value for key, value in pin["held"].items()) else None


def _take_back() -> None:
    """Put the picture back to the state that the question is about."""
    pin = state.memo("predict.shown")
    _set(pin["before"])
    pin.clear()


def _another(draw_anew: Callable[[int], Mapping[str, Value]]) -> None:
    """Ask about another text or place; where evidence was shown, from the state before it."""
    before: dict[str, Value] = {}
    if _pinned() is not None:
        pin = state.memo("predict.shown")
        before.update(pin["before"])
        pin.clear()
    _gone()["again"] = 0
    _lead(_fresh(draw_anew, before) or _fresh(draw_anew, before) or {}, before)


def _lead_on(draw_anew: Callable[[int], Mapping[str, Value]], signature: str) -> bool:
    """Lead on from a question that "Another" has led to and that was answered already; return whether it did.

    It stays where no other place is left, unless that was answered last.
    """
    gone = _gone()
    if not state.memo("predict.anew").get("asked"):
        return False
    while signature in gone["answered"] and gone["again"] < AGAIN:
        gone["again"] += 1
        if drawn := _fresh(draw_anew, {}):
            _lead(drawn, {})
            return True
    return False


def _fresh(
    draw_anew: Callable[[int], Mapping[str, Value]], before: Mapping[str, Value]
) -> dict[str, Value] | None:
    """Draw a place that "Another" has not led to yet; where there is none, forget all but the last answer.

    Args:
        before: the state before shown evidence, from which it goes on.
    """
    gone = _gone()
    read = {key: before.get(key, state.get(key)) for key in _READ}
    for _ in range(DRAWS):
        gone["seed"] += 1
        drawn = dict(draw_anew(gone["seed"]))
        if read | drawn not in gone["places"]:
            _remember(gone["places"], read | drawn)
            return drawn
    gone.update(places=[], answered=gone["answered"][-1:])
    return None


def _lead(drawn: Mapping[str, Value], before: Mapping[str, Value]) -> None:
    """Set the picture to a place, whose question is then asked anew."""
    state.memo("predict.anew")["asked"] = True
    _set({**before, **drawn})


def _remember(kept: list[Any], one: object) -> None:
    """Keep `one` as the latest of at most `KEPT`."""
    if one in kept:
        kept.remove(one)
    kept.append(one)
    del kept[:-KEPT]


def _set(values: Mapping[str, Value]) -> None:
    """Set fields as one undo step, and have the whole page drawn, of which the card is a fragment."""
    lent.lend(values)
    state.memo("predict.page")["drawn"] = False


def _back() -> None:
    """Give the learner's own text back, with all that was changed along with it."""
    lent.back()
    state.memo("predict.page")["drawn"] = False
