"""The Families page's question: how much of what BERT wrote does BERT stand by, once all of it is there?"""

from __future__ import annotations

from app.components.families import Found
from app.predict import Answer

QUESTION = "Asked again about each of its {count} tokens, BERT keeps …"
OPTIONS = ("Every one", "More than half", "Half or fewer")
NOBODY = "BERT has no room to write: shorten the text …"


def question(found: Found) -> str:
    """With the number of tokens that were written."""
    count = len(found.writing.strokes) if found.writing else 0
    return QUESTION.format(count=count) if count else NOBODY


def judge(found: Found) -> Answer:
    """The share of its tokens that the encoder would write again, and how likely it found them then and finds them now.

    Raises:
        ValueError: it wrote nothing.
    """
    writing = found.writing
    if writing is None or not writing.strokes:
        raise ValueError("the encoder wrote nothing")
    count, kept = len(writing.strokes), sum(not one for one in writing.regretted)
    then = sum(stroke.probability for stroke in writing.strokes) / count
    now = sum(writing.now) / count
    index = 0 if kept == count else 1 if 2 * kept > count else 2
    said = (
        f"With all others in place it keeps {kept} of {count}: it gave them {then:.3f} on average and now {now:.3f}. "
        "A new token reaches all rows of BERT, none before it of GPT."
    )
    return Answer(index, said, {"kept": kept, "then": then, "now": now})
