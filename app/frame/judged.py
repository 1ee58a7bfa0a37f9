"""How this was judged: the rules behind a picture's verdicts, as HTML that opens without a run of the page."""

from __future__ import annotations

from collections.abc import Sequence

from app.markup import inline
from core.verdict_rule import Rule


def html(rules: Sequence[Rule]) -> str:
    """Write the rules below a line that opens and closes them."""
    lists = "".join(
        f"<h3>{inline(rule.verdict)}</h3><dl>"
        + "".join(f"<dt>{inline(name)}</dt><dd>{inline(said)}</dd>" for name, said in rule.rows)
        + "</dl>"
        for rule in rules
    )
    return f'<details class="gb-judged"><summary>How this was judged</summary>{lists}</details>'
