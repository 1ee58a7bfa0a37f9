"""The Multi-head page's question: heads off that the picture does not show, and what becomes of the prediction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from app import markup
from app.controls.predict import Answer
from app.counts import counted
from core.analysis.heads.effects import Knockout
from pages.multi_head.ablation import Head

OPTIONS = ("Rises", "Falls", "Stays, within a tenth of it")


@dataclass(frozen=True)
class Question:
    """What is asked, and the heads that are off in it."""

    text: str
    off: tuple[Head, ...]
    what: str
    start: str  # what is switched off, as the question begins

    def judge(self, found: Knockout) -> Answer:
        """The right option, and why, in the numbers of both runs."""
        token = int(found.before.argmax())
        before, after = float(found.before[token]), float(found.after[token])
        moved = after - before
        index = 2 if abs(moved) <= 0.1 * before else 0 if moved > 0 else 1
        why = f"The model gives it {before:.3f}; with {self.what} off, {after:.3f}. "
        why += (
            "What is left is enough." if index == 2
            else "These heads were speaking for other tokens." if index == 0
            else "Each brings a part, the parts add up, and later heads read what earlier ones added."
            if len({block for block, _ in self.off}) > 1
            else "Each head brings a part of what the block adds; the parts add up, and these were needed."
            if len(self.off) > 1
            else "What this head adds was needed."
        )  # fmt: skip
        return Answer(index, why, {"before": before, "after": after, "token": token})


def ask(
    block: int,
    head: int,
    blocks: int,
    heads: int,
    off: Collection[Head],
    token: str,
    name: Callable[[Head], str],
) -> Question:
    """All other heads of the chosen head's block off; where the picture shows that, every head of the block, or all.

    Args:
        off: the heads that are off in the picture. token: the likeliest one now; "" for an encoder's heads.
    """
    others = tuple((block, i) for i in range(heads) if i != head)
    line = tuple((block, i) for i in range(heads))
    everything = tuple((at, i) for at in range(blocks) for i in range(heads))
    choices = [
        (
            others,
            f"block {block}’s other {counted(len(others), 'head')}",
            f"Keep only {name((block, head))} in block {block}",
        ),
        (line, f"all of block {block}", f"Switch off all of block {block}"),
        (everything, "every head", "Switch off every head of every block"),
        (((block, head),), name((block, head)), f"Switch off {name((block, head))}"),
    ]
    asked = (choice for choice in choices if choice[0] and set(choice[0]) != set(off))
    heads_off, what, start = next(asked, choices[1])  # a model's only head may be off already
    of = f"the probability of {markup.mono(markup.visible(token))}" if token else "the decoder’s next token"
    return Question(f"{start}: {of} …", heads_off, what, start)
