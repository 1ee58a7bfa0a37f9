"""The heads that are off, as text for the link: "3.2 1.*" is head 2 of block 3 and all of block 1, "*" every head.

A letter in front names another attention than the usual: "c3.2" a decoder's cross-attention, "e3.2" an
encoder-decoder's encoder. `foot.js` reads and writes the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from core.analysis.places import Kind

Head = tuple[int, int]  # block, head

MARKS: dict[Kind, str] = {"self": "", "cross": "c", "encoder": "e"}
_PART = re.compile(r"([ce]?)(?:(\*)|([0-9]{1,3})\.(?:(\*)|([0-9]{1,3})))")


def read_off(text: str, kind: Kind, blocks: int, heads: int) -> tuple[Head, ...]:
    """The heads of one attention that `text` switches off, in order; whatever does not fit is left out."""
    found: set[Head] = set()
    for part in text.split():
        read = _PART.fullmatch(part)
        if read is None or read[1] != MARKS[kind]:
            continue
        rows = range(blocks) if read[2] else [int(read[3])]
        for block in rows:
            found |= {(block, head) for head in (range(heads) if read[2] or read[4] else [int(read[5])])}
    return tuple(sorted((block, head) for block, head in found if block < blocks and head < heads))


def write_off(off: Collection[Head], kind: Kind, blocks: int, heads: int) -> str:
    """The reverse of `read_off`, as short as it goes: whole blocks and whole models are one part each."""
    mark, chosen = MARKS[kind], set(off)
    if blocks and len(chosen) == blocks * heads:
        return f"{mark}*"
    parts = []
    for block in range(blocks):
        line = [head for head in range(heads) if (block, head) in chosen]
        parts += [f"{mark}{block}.*"] if len(line) == heads else [f"{mark}{block}.{head}" for head in line]
    return " ".join(parts)
