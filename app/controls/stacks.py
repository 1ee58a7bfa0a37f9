"""Pickers of what only an encoder-decoder has: the stack that a page shows, and the attention of its decoder."""

from __future__ import annotations

from app.controls import widgets
from core.messages import mark, say

STACKS = {"encoder": mark("Encoder"), "decoder": mark("Decoder")}
ATTENTIONS = {"self": mark("Self"), "cross": mark("Cross")}


def pick_stack() -> None:
    """Draw the choice of the encoder or the decoder."""
    widgets.segments(say("Stack"), "stack", tuple(STACKS), lambda name: say(STACKS[str(name)]))


def pick_attention() -> None:
    """Draw the choice between the decoder's attention to itself and that to the encoder."""
    widgets.segments(
        say("Attention"), "attention", tuple(ATTENTIONS), lambda name: say(ATTENTIONS[str(name)])
    )
