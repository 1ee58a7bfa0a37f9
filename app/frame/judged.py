"""How this was judged: the rules behind a picture's verdicts, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from app.markup import inline
from core.messages import say
from core.verdict_rule import Rule


def rules_html(rules: Sequence[Rule]) -> str:
    """Write a list for each rule."""
    lists = "".join(
        f"<h3>{inline(rule.title)}</h3><dl>"
        + "".join(f"<dt>{inline(name)}</dt><dd>{inline(said)}</dd>" for name, said in rule.rows)
        + "</dl>"
        for rule in rules
    )
    return f'<div class="gb-judged">{lists}</div>'


def opened_html(rules: Sequence[Rule]) -> str:
    """Write the rules below a line that opens and closes them, without a run of the page."""
    summary = inline(say("How this was judged"))
    return f'<details class="gb-judged"><summary>{summary}</summary>{rules_html(rules)}</details>'
