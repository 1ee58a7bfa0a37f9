"""What is asked, and the controls that ask it: two texts, a row, a token and another one whose logit is taken off.

`ask` makes the question whole out of what the learner chose and what the model says; `draw` is the row of widgets.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from app import markup, reading
from app.controls import widgets
from app.frame.page import Context
from app.session import state
from core.analysis.patching.corrupting import Change, corrupt
from core.analysis.patching.holder_pairs import draw_pair
from core.analysis.patching.text_pairs import TextPair, Unlike, text_pair
from core.language_model import LanguageModel

LONGEST = 40  # tokens of a text
NOTHING = -2  # in place of a second token: the plain logit
AMONG = 10  # of what the corrupted text finds likeliest, the second token is taken
WORK = 1.5e10  # weights x tokens x candidates that the search for a corrupted text may read


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The question of the whole page.

    Attributes:
        clean, corrupted: the texts; corrupted "": there is none. change: how the page made it; None: typed.
        pair: both as ids, aligned; None where they cannot be compared, and then `why` says why.
        row: of the clean text's logits, from 0. token: whose logit is explained; against: and whose is taken off.
        likely: tokens that the list of answers offers.
        firsts: the likeliest token of the clean text at the row; then that of the corrupted one, where there is a pair.
        target: of an encoder-decoder, what is written so far.
        said: what is to be told of the typed text: that it was cut, or mended.
    """

    clean: str
    corrupted: str
    change: Change | None
    pair: TextPair | None
    row: int
    token: int
    against: int | None
    likely: tuple[int, ...]
    firsts: tuple[int, ...]
    target: str | None
    why: str = ""
    said: str = ""


@dataclass(frozen=True)
class Other:
    """The corrupted text, "" if there is none. change: how the page made it; None: typed. said: what is to be told."""

    text: str
    change: Change | None = None
    said: str = ""


def other_text(
    lm: LanguageModel, text: str, target: str | None, typed: str, row: int, seed: int, longest: int
) -> Other:
    """Return the corrupted text: the learner's, as far as it fits, or a change of the text that the page finds.

    Args:
        typed: the learner's corrupted text; "": the page finds one. seed: of what it draws.
        row: of the logits, or from the end if negative. longest: how many tokens the picture holds.
    """
    if typed:
        read = reading.read(lm, typed, "", longest)
        return Other(read.text, None, " ".join(read.notes).replace("Your text", "The corrupted text"))
    tokens = max(1, len(lm.tokenizer.encode(text)))
    most = int(min(40, max(6, WORK / (lm.n_parameters * tokens))))
    rows = len(lm.batch(text, target)[-1][0])
    change = corrupt(lm, text, row=row if -rows <= row < rows else -1, target=target, seed=seed, most=most)
    return Other("" if change is None else change.text, change)


def ask(
    lm: LanguageModel, text: str, target: str | None, other: Other, row: int, token: int, versus: int
) -> Asked:
    """Resolve the question: the pair of texts, the row, the token, and the one whose logit is taken off.

    Args:
        row: of the logits, or from the end if negative; one that is not there stands for the last.
        token, versus: ids; -1: the likeliest at the row, and what the corrupted text says instead; versus -2: nothing.
    """
    rows = lm.batch(text, target)[-1].shape[1]
    at = row % rows if -rows <= row < rows else rows - 1
    corrupted = other.text
    pair, why = None, "No word of this text could be changed: type a corrupted text."
    if corrupted:
        try:
            pair, why = text_pair(lm, text, corrupted, row=at, target=target), ""
        except Unlike as reason:
            why = str(reason)
    clean, *others = _logits(lm, [(text, at)] + ([] if pair is None else [(corrupted, pair.row)]), target)
    theirs = others[0] if others else None
    answer = token if 0 <= token < lm.config.d_vocab else int(clean.argmax())
    against = _against(lm, clean, theirs, answer, versus)
    likely = [answer, *clean.topk(min(5, len(clean))).indices.tolist()]
    if theirs is not None:
        likely += theirs.topk(min(3, len(theirs))).indices.tolist()
    firsts = tuple(int(one.argmax()) for one in (clean, theirs) if one is not None)
    return Asked(
        clean=text, corrupted=corrupted, change=other.change, pair=pair, row=at, token=answer, against=against,
        likely=tuple(dict.fromkeys(int(one) for one in likely)), firsts=firsts, target=target, why=why,
        said=other.said,
    )  # fmt: skip


def _logits(lm: LanguageModel, asked: Sequence[tuple[str, int]], target: str | None) -> list[Tensor]:
    """Compute the logits (V,) of each text at its row; texts of one length are read together."""
    read = [lm.batch(text, target) for text, _ in asked]
    ids = [batch[0][0] for batch in read]
    with torch.no_grad():
        if len(read[0]) == 2 or len({len(one) for one in ids}) > 1:
            return [lm.transformer(*batch)[0, row].double() for batch, (_, row) in zip(read, asked)]
        only = torch.zeros(len(ids), len(ids[0]), dtype=torch.bool, device=lm.device)
        for line, (_, row) in zip(only, asked):
            line[row] = True
        return list(lm.transformer(torch.stack(ids), only=only).double())


def _against(lm: LanguageModel, clean: Tensor, other: Tensor | None, answer: int, versus: int) -> int | None:
    """Choose the second token: the corrupted text's likeliest, or, if that is the answer, what rose most."""
    if versus == NOTHING:
        return None
    if 0 <= versus < lm.config.d_vocab:
        return versus
    if other is None:
        return None
    first = other.topk(min(AMONG, len(other))).indices.tolist()
    rest = [one for one in first if one != answer]
    if not rest or first[0] != answer:
        return rest[0] if rest else None
    return int(max(rest, key=lambda one: float(other[one] - clean[one])))


# --------------------------------------------------------------------------- the row below the picture


def draw(ctx: Context, asked: Asked) -> None:
    """Draw the row of widgets below the picture: what belongs to a part that is not open is not shown."""
    there = opened()
    _answer(ctx, asked)
    if SAYS in there or PATCHES in there:
        _versus(ctx, asked)
    if PATCHES not in there:
        return
    st.text_input(
        "Corrupted text", placeholder=asked.corrupted or "type one", width=330,
        **state.bind("corrupted"),
    )  # fmt: skip
    st.button(
        "Another pair", key="interpretability.pair", on_click=state.whole(lambda: state.update(next_pair(ctx))),
        icon=":material/shuffle:",
        help="Who has it? A clean and a corrupted text about two people and a thing, drawn until the model answers "
        "both rightly; for a model that does not, another change of your text.",
    )  # fmt: skip


def _answer(ctx: Context, asked: Asked) -> None:
    """Draw the list of tokens that either text finds likely; -1, the likeliest, moves with the text."""
    word = ctx.lm.tokenizer.display
    names = {id: f"{markup.visible(word(id))}  id {id}" for id in asked.likely}
    view = (
        f"{zlib.crc32(repr(names).encode('utf-8', 'replace')):x}"  # a list answers with the words it showed
    )
    first = asked.likely[0]

    def chosen(id: int | None) -> None:
        state.set("asked", -1 if id is None else id)

    st.selectbox(
        "Explain", list(names), format_func=lambda id: names.get(id, str(id)), filter_mode=None,
        **state.part(f"asked.{view}", first, chosen),
    )  # fmt: skip


def _versus(ctx: Context, asked: Asked) -> None:
    """Draw the choice between the logit alone and its difference to what the corrupted text says."""
    word = ctx.lm.tokenizer.display
    other = asked.against
    against = "another token" if other is None else markup.visible(word(other))
    options = {"less": f"less {against}", "alone": "its logit alone"}
    st.segmented_control(
        "Measure", list(options), required=True, format_func=lambda one: markup.escape(options[str(one)]),
        **state.part(
            "versus", "alone" if other is None else "less",
            lambda one: state.set("versus", NOTHING if one == "alone" else -1),
        ),
    )  # fmt: skip


def stacks(decoding: bool) -> None:
    """Draw the choice of the patched stack, of an encoder-decoder."""
    widgets.segments("Stack", "stack", ("encoder", "decoder"), markup.capital)
    if decoding:
        widgets.segments("Attention", "attention", ("self", "cross"), markup.capital)


def next_pair(ctx: Context) -> dict[str, str | int]:
    """Return the fields of the next pair of Toyland that the model answers rightly; else another change of the text."""
    first = int(state.get("dealt")) + 1
    drawn = draw_pair(ctx.lm, first, LONGEST)
    chosen: dict[str, str | int] = {"corrupted": "", "dealt": first}
    if drawn is not None:
        pair, seed = drawn
        chosen = {"text": pair.clean, "corrupted": pair.corrupted, "dealt": seed, "target": ""}
    return chosen | {
        "asked": -1,
        "versus": -1,
        "follow": -1,
        "row": -1,
        "tier": -1,
        "sight": "stream",
        "stage": -1,
    }


# --------------------------------------------------------------------------- parts that open on demand

# The first look is the lens; what is long to compute is computed only in a part that is open.
SAYS, PATCHES, TOKENS = PARTS = ("says", "patches", "tokens")
MORE = "Which tokens it rests on, and whether that is true: five explainers, probes and a circuit"
# Steps of the picture that show a part, whether or not it is open in the whole picture.
_PATCHED, _SAID = (3, 4, 5), (2, 3, 4, 5)


def opened() -> tuple[str, ...]:
    """List the open parts: those that were opened, and those that hold what a link or a step shows."""
    found = set(str(state.get("unfold")).split())
    stage, sight, tier = int(state.get("stage")), state.get("sight"), int(state.get("tier"))
    if (
        stage in _PATCHED
        or sight in ("attention", "cross", "mlp", "heads")
        or (sight == "stream" and tier >= 0)
    ):
        found.add(PATCHES)
    if stage in _SAID or sight in ("parts", "heads"):
        found.add(SAYS)
    return tuple(part for part in PARTS if part in found)


def more(show: Callable[[], Callable[[], None]]) -> Callable[[], None]:
    """Draw the part below the picture, closed at first; `show` draws what is in it, and is called when it is open.

    Returns what measures the rest: to be called when the page is drawn.
    """
    there = opened()

    def changed(now: bool) -> None:
        rest = [part for part in there if part != TOKENS]
        state.set("unfold", " ".join([*rest, TOKENS] if now else rest))

    box = st.expander(MORE, **state.part("unfold.tokens", TOKENS in there, changed))
    if TOKENS not in there:
        return lambda: None
    with box:
        return show()
