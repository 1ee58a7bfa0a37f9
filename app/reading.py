"""A text as the model reads it: invalid characters, empty texts, texts longer than the context; what it writes itself.

Nothing is changed in silence: every repair comes with a sentence for the learner. No Streamlit in here.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.counts import counted
from core.messages import mark, say

if TYPE_CHECKING:
    from core.language_model import LanguageModel

REPLACEMENT = "�"
# Tokenization time grows with the text. No token of the supported vocabularies is longer than this on average.
CHARACTERS_PER_TOKEN = 24
_FLAGS = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # regional indicators: two of them are a flag

PICTURE = mark("its picture has a row and a column for each")
COMPUTED = mark("it computes with the model again and again")
CHIP = mark("its picture has a chip for each")
ROW = mark("its picture has a row for each")
PLACE = mark("its picture has a place for each")
SHORTER = mark("texts that the task is learned from are shorter")
# Why a page reads fewer tokens than the model could.
BOUNDS = {
    "home": PICTURE, "attention": PICTURE, "multi_head": PICTURE, "interpretability": PICTURE, "families": PICTURE,
    "lab": mark("each moment of its strip has a row and a column for each"),
    "tokenization": mark("its picture has a piece for each"), "positions": CHIP, "models": CHIP, "classroom": CHIP,
    "embeddings": mark("its picture follows each through every block"),
    "objectives": ROW, "loss": ROW, "norm_residual": PLACE, "feed_forward": PLACE,
    "regularization": COMPUTED, "break_it": COMPUTED, "efficiency": COMPUTED,
    "optimizers": mark("each step on its picture is a real one, with a pass through all of them"),
    "decoding": mark("each text on its tree begins with all of them"),
    "fine_tuning": SHORTER, "adaptability": SHORTER,
    "bias": mark("its picture has a mark for each word"), "compute": mark("its memory is counted for as many"),
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """The text that the model reads: its ids with special tokens, and messages about changes to it."""

    text: str
    ids: tuple[int, ...]
    special: int  # how many of the ids are special tokens added by the tokenizer
    limit: int  # how many tokens fit
    notes: tuple[str, ...]
    clipped: bool = False
    positions: int = 0  # how many tokens the model itself reads
    kept: str = "first"  # which part of a clipped text is read: "first" or "last"


def clean(text: str) -> tuple[str, str]:
    """Replace characters in `text` that no tokenizer reads, and return the message about that ("" if nothing changed).

    NUL and lone surrogates (halves of a character, as a broken copy leaves them) become U+FFFD, one for one.
    """
    from core.text.tokenizer import mend

    mended = mend(text)
    count = sum(old != new for old, new in zip(text, mended))
    if not count and REPLACEMENT in text:  # a browser replaces lone surrogates by itself
        return text, say(
            "Your text holds {sign}, the sign for a character that got lost on the way here: paste it anew.",
            sign=REPLACEMENT,
        )
    if not count:
        return text, ""
    if count == 1:
        return mended, say(
            "1 character that no model can read was replaced by {sign}: NUL, or half of a broken pair.",
            sign=REPLACEMENT,
        )
    return mended, say(
        "{characters} that no model can read were replaced by {sign}: NUL, or half of a broken pair.",
        characters=counted(count, "character"), sign=REPLACEMENT,
    )  # fmt: skip


def read(
    lm: LanguageModel, text: str, sample: str, longest: int | None = None, room: int = 0, why: str = ""
) -> Reading:
    """Clip and tokenize `text` for `lm`.

    A decoder reads the end of a text that is too long, because it predicts what comes next; other models read the
    beginning, where the name of their task stands.

    Args:
        lm: the model, whose context bounds the text.
        text: what the learner typed.
        sample: what is read in its place when there is nothing to read.
        longest: a page's own bound in tokens, when its picture holds fewer than the context.
        room: positions of the context to leave free, for what the model writes.
        why: the page has this bound (`BOUNDS`).
    """
    notes: list[str] = []
    text, said = clean(text)
    if said:
        notes.append(said)
    context = max(1, lm.config.n_ctx - room)
    limit = min(context, longest or context)
    special = len(lm.tokenizer.encode(""))
    from_end = lm.config.shape == "decoder"
    text, cut = _cut_characters(text, limit, from_end)
    unread = not _body(lm, text)
    if unread:
        if text:
            notes.append(
                say(
                    "Your text has only spaces, which this model does not read. Type a few words; until then the page "
                    "shows “{sample}”.",
                    sample=sample,
                )
            )
        else:
            notes.append(
                say(
                    "Your text is empty. Type a few words; until then the page shows “{sample}”.",
                    sample=sample,
                )
            )
        text = sample
    elif text.isspace():
        notes.append(say("Your text has only spaces. The model reads them too, but words say more."))
    text, cut_tokens = _cut_tokens(lm, text, max(1, limit - special), from_end and not unread)
    ids = tuple(lm.tokenizer.encode(text))
    if (cut or cut_tokens) and not unread:  # of an example that stands in, the first tokens are enough
        notes.append(_too_long(lm, limit, context, room, why, len(text)))
    return Reading(
        text, ids, special, limit, tuple(notes), (cut or cut_tokens) and not unread, lm.config.n_ctx,
        "last" if from_end else "first",
    )  # fmt: skip


def _too_long(lm: LanguageModel, limit: int, context: int, room: int, why: str, kept: int) -> str:
    """Say which limit truncates a text, why it exists, and how many characters are read."""
    values = {
        "tokens": counted(limit, "token"), "positions": counted(lm.config.n_ctx, "position"), "room": room,
        "why": say(why) if why else "",
    }  # fmt: skip
    characters = counted(kept, "character")
    values["part"] = (
        say("the page reads its last {characters}", characters=characters)
        if lm.config.shape == "decoder"
        else say("the page reads its first {characters}", characters=characters)
    )
    if limit < context and why:
        return say(
            "Your text is longer than the {tokens} that this page reads, as {why} (the model has {positions}; other "
            "pages read more, or less): {part}. All of it is still in the text box.",
            **values,
        )
    if limit < context:
        return say(
            "Your text is longer than the {tokens} that this page reads (the model has {positions}; other pages read "
            "more, or less): {part}. All of it is still in the text box.",
            **values,
        )
    if room:
        return say(
            "Your text is longer than the {tokens} that leave this model room to write: of its {positions} the page "
            "keeps {room} free: {part}. All of it is still in the text box.",
            **values,
        )
    return say(
        "Your text is longer than the {tokens} that fit this model, which has {positions}: {part}. All of it is "
        "still in the text box.",
        **values,
    )


def read_target(lm: LanguageModel, text: str, longest: int | None = None) -> tuple[str, tuple[str, ...]]:
    """Clean and truncate an encoder-decoder's target text to what fits after its start token; return messages, too.

    Args:
        lm, longest: as in `read`.
        text: what the learner typed; "" and a text without tokens stand for nothing written yet.
    """
    limit = min(lm.config.n_ctx, longest or lm.config.n_ctx)
    text, said = clean(text)
    short, cut = _cut_characters(text, limit)
    short, cut_tokens = _cut_tokens(lm, short, max(1, limit - 1))
    notes = [said] if said else []
    if cut or cut_tokens:
        notes.append(
            say(
                "What the decoder has written is longer than the {tokens} that fit: the page reads the first "
                "{characters} of it. All of it is still in its box.",
                tokens=counted(limit, "token"),
                characters=counted(len(short), "character"),
            )
        )
    return (short if _body(lm, short) else "", tuple(notes))


def _body(lm: LanguageModel, text: str) -> list[int]:
    return list(lm.tokenizer.encode(text, add_special_tokens=False)) if text else []


def _cut_characters(text: str, limit: int, from_end: bool = False) -> tuple[str, bool]:
    most = limit * CHARACTERS_PER_TOKEN
    if len(text) <= most:
        return text, False
    return _cut(text, len(text) - most, from_end) if from_end else _cut(text, most), True


def _cut_tokens(lm: LanguageModel, text: str, room: int, from_end: bool = False) -> tuple[str, bool]:
    """Truncate `text` to at most `room` tokens; again where the cut itself changed the tokens."""
    ends = [end for _, end in lm.tokenizer.offsets(text, add_special_tokens=False)]
    if len(ends) <= room:
        return text, False
    # A token begins where the one before it ends: the space between two words belongs to the second.
    for last in range(len(ends) - room - 1, len(ends) - 1) if from_end else range(room - 1, -1, -1):
        short = _cut(text, ends[last], from_end)
        if short and len(_body(lm, short)) <= room:
            return short, True
    return text[-1:] if from_end else text[:1], True


def _cut(text: str, at: int, from_end: bool = False) -> str:
    """Return the part of `text` before the place `at`, or from it on; no visible character is divided."""
    step = 1 if from_end else -1
    while 0 < at < len(text) and not _begins_character(text, at):
        at += step
    return text[at:] if from_end else text[:at]


def _begins_character(text: str, at: int) -> bool:
    """Return whether a visible character begins at a place: no accent, joiner, skin tone or half a flag."""
    now, before = text[at], text[at - 1]
    joined = "\u200d" in (now, before) or "\U0001f3fb" <= now <= "\U0001f3ff" or before + now == "\r\n"
    flags = len(text[:at]) - len(text[:at].rstrip(_FLAGS)) if now in _FLAGS else 0
    return not joined and unicodedata.category(now)[0] != "M" and flags % 2 == 0


# ------------------------------------------------------------------------------------------- what the model writes

WRITTEN = 128  # tokens at most
QUICK = 20_000_000  # parameters up to which a model writes without being asked


def rows_to_write(lm: LanguageModel, longest: int | None = None) -> int:
    """Return how many tokens an encoder-decoder writes by itself; 0 where that takes too long, or nothing fits.

    Args:
        longest: as in `read`.
    """
    rows = min(lm.config.n_ctx, longest or lm.config.n_ctx)
    return 0 if lm.n_parameters > QUICK or rows < 2 else min(WRITTEN, rows - 1)


def write(lm: LanguageModel, text: str, most: int) -> str:
    """Decode an encoder-decoder's answer to `text` greedily, at most `most` tokens."""
    from core.decoding.answering import answer_with, answering

    written = answer_with(lm, "", list(answering(lm, lm.tokenizer.encode(text), (), most)))
    return _cut_tokens(lm, written, most)[0]  # read again, the same text can take one token more
