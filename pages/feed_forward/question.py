"""The Feed-forward page's question: an earlier token changed; where on its way to these neurons does it show?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app import markup, questions
from app.controls.predict import Answer, draw
from core.analysis.neurons.reach import Reach, reach
from core.analysis.stacks import Stack
from core.language_model import LanguageModel
from core.text import edit

MOVED = 1e-4  # of a vector's length: less is rounding


@dataclass(frozen=True)
class Question:
    """What is asked: the token at `place` replaced by `other`, seen at `row` around the attention of `block`."""

    asked: questions.Asked
    block: int
    place: int
    other: int
    row: int
    shows: Mapping[str, str | int]

    def measure(self, lm: LanguageModel, text: str, target: str | None, stack: Stack | None) -> Reach:
        """How far the row moves before this block's attention, behind it, and in its neurons."""
        if self.place < 0:
            return Reach(0.0, 0.0, 0.0)
        return reach(lm, text, self.place, self.other, self.row, self.block, target=target, stack=stack)

    def judge(self, lm: LanguageModel, text: str, target: str | None, stack: Stack | None) -> Answer:
        """Where it shows first."""
        found = self.measure(lm, text, target, stack)
        key = "before" if found.before > MOVED else "after" if found.after > MOVED else "never"
        values = {"before": found.before, "after": found.after, "neurons": found.neurons}
        shown = {name: f"{value:.1%}".replace("%", " %") for name, value in values.items()}
        return self.asked.answer(key, values, self.shows, **shown)


def ask(
    lm: LanguageModel, text: str, ids: Sequence[int], row: int, block: int, stack: Stack | None
) -> Question:
    """Ask about a token before the followed one; of the first token, about the one behind it.

    Args:
        ids: of the stack that is looked at.
    """
    first = 1 if stack == "decoder" else 0
    rows = [at for at in range(first, len(ids)) if ids[at] not in lm.special_ids and at != row]
    rows = rows or [at for at in range(first, len(ids)) if at != row]
    names = [markup.visible(lm.tokenizer.display(one)) for one in ids]
    shown = [name + (f" ({at})" if names.count(name) > 1 else "") for at, name in enumerate(names)]
    if not rows:
        return Question(
            questions.ask("feed_forward", "one-token", token=markup.mono(names[row])), block, -1, -1, row, {}
        )
    before = [at for at in rows if at < row]
    place = before[len(before) // 3] if before else rows[0]
    spoken_for = lm.special_ids.union(ids)
    other = edit.substitute(lm.tokenizer, spoken_for, (ids[place] + 1) % lm.config.d_vocab)
    asked = questions.ask(
        "feed_forward", "changed-token", source=markup.mono(shown[place]), token=markup.mono(shown[row]),
        other=markup.mono(markup.visible(lm.tokenizer.display(other))), block=block,
    )  # fmt: skip
    shows = {} if stack == "decoder" else {"text": edit.replaced(lm.tokenizer, text, place, other)}
    return Question(asked, block, place, other, row, shows)


def another(count: int, blocks: int, row: int, home: int, block: int, seed: int) -> dict[str, int]:
    """Draw another token and block to ask about."""
    at, follow = draw(seed, [(at, one) for at in range(blocks) for one in range(count)], (block, row))
    return {"block": at, "follow": -1 if follow == home else follow, "neuron": -1}
