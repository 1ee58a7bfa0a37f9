"""Of the pages in “Questions about models”."""

from __future__ import annotations

from app.field import Field

FIELDS: tuple[Field, ...] = (
    # Adaptability (what is learned is the sentiment of Fine-tuning; `rank` is LoRA's there, too)
    Field("few", "int", 100, 2, 20_000),  # labelled examples
    Field("front", "int", 4, 1, 64),  # vectors of a prompt
    Field("way", "choice", "lora", choices=("scratch", "frozen", "full", "lora")),  # of the next own run
    Field("game", "choice", "pairs", choices=("list", "pairs", "kinds")),
    Field("told", "int", 4, 0, 8),  # solved examples in the prompt
    Field("lot", "int", 0, 0, 9_999),  # which words are drawn
    Field("solved", "text", ""),  # own pairs, one a line; nothing: drawn ones
    Field("sought", "text", ""),  # the word whose partner is asked for
    Field("adapted", "text", ""),  # the group of own runs that are points on the charts
)
