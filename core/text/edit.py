"""Edits of the learner's text by tokens: one appended or replaced, with every other character unchanged."""

from __future__ import annotations

from collections.abc import Container

from core.text.tokenizer import Tokenizer

WORDS = (" dog", " cat", " ball", " day", " red", " was")  # what stands in another token's place


def substitute(tokenizer: Tokenizer, used: Container[int], otherwise: int) -> int:
    """Choose the id of a common word that is one token and not in `used`; `otherwise` where there is none."""
    alone = (tokenizer.encode(word, add_special_tokens=False) for word in WORDS)
    return next((ids[0] for ids in alone if len(ids) == 1 and ids[0] not in used), otherwise)


def continued(tokenizer: Tokenizer, text: str, token: int) -> str:
    """Append `token` (an id) to `text`. A special token stands for no text, so it adds nothing.

    The whole is decoded, not the token alone: a leading space, or the rest of a character cut over several tokens,
    shows only there.
    """
    ids = tokenizer.encode(text, add_special_tokens=False)
    before = tokenizer.decode(ids, skip_special_tokens=True)
    after = tokenizer.decode([*ids, token], skip_special_tokens=True)
    if after.startswith(before):
        return text + after[len(before) :]
    return text + ("" if token in tokenizer.special_ids else tokenizer.display(token))


def replaced(tokenizer: Tokenizer, text: str, row: int, token: int) -> str:
    """Replace the token at `row` (counted with the special tokens) of `text` by `token`.

    A row that the tokenizer added stands for no text: nothing changes.
    """
    first, last = tokenizer.offsets(text)[row]
    if last <= first:
        return text
    piece = tokenizer.display(token)
    if token in tokenizer.special_ids or first == 0:
        piece = piece.strip()
    elif piece.startswith("##"):  # WordPiece's prefix of word continuations
        piece = piece[2:]
    if text[first:last].startswith(" ") and not piece.startswith(" "):
        piece = " " + piece
    return text[:first] + piece + text[last:]
