"""Say in the reader's language why a run ended: the store keeps the English words of the process that trained it."""

from __future__ import annotations

import re

from core.messages import mark, say

# What ends a run, as workers and the store write it; an error of the training itself stays as it is.
ENDINGS = (
    mark("All steps done."),
    mark("Stopped."),
    mark("Stopped at step {step}."),
    mark("Stopped at step {step}: it has computed for {minutes} minutes, twice what one run may take here."),
    mark("Stopped early: {count} held-out losses in a row not below {best}."),
    mark("diverged at step {step}: the loss was {size}; try a lower learning rate"),
    mark("diverged at step {step}: the gradient was {size}; try a lower learning rate"),
    mark("diverged at step {step}: the loss was not a finite number; try a lower learning rate"),
    mark("diverged at step {step}: the gradient was not a finite number; try a lower learning rate"),
    mark(
        "the text is too short to train on: {tokens} tokens, and at least {fewest} are needed; bring more text, or a "
        "tokenizer with smaller pieces"
    ),
    mark(
        "The process that trained it was lost {count} times in a row: it may need more memory than there is."
    ),
    mark(
        "Stopped: the store was full, and the runs of its owner took the most of it. Delete some, then fork it."
    ),
)


def retold(ended: str) -> str:
    """Translate why a run ended, with its numbers; words that are none of `ENDINGS` stay as they are."""
    for message in ENDINGS:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[\\d.,e+-]+)", re.escape(message))
        if found := re.fullmatch(pattern, ended):
            return say(message, **found.groupdict())
    return ended
