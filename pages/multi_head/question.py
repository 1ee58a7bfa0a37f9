"""The Multi-head page's question: two heads off together, beside each of them alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app import markup, questions
from app.controls.predict import Answer
from core.analysis.heads.effects import Knockout
from core.analysis.heads.patterns import HeadMaps
from core.messages import mark, say
from pages.multi_head.ablation import Head

MISSED = 0.05  # of a probability: where nothing changes by more, neither head is missed

# What is asked about: by whether the token is known, and whether the row is the last one, not the one that is followed.
ASKED = {
    (True, False): mark("the probability of {token}"),
    (True, True): mark("the probability of {token}, after the whole text,"),
    (False, False): mark("the probability of the decoder’s next token"),
    (False, True): mark("the probability of the decoder’s next token, after the whole text,"),
}


@dataclass(frozen=True)
class Question:
    """What is asked, and the heads that are off in it: two, or a model's only one."""

    asked: questions.Asked
    off: tuple[Head, ...]
    start: str  # what is switched off, as a sentence begins
    shows: Mapping[str, str | int]

    def judge(self, without: Callable[[Sequence[Head]], Knockout]) -> Answer:
        """Compare what the probability loses without both with what it loses without each.

        Args:
            without: the prediction without these heads.
        """
        found = [without(heads) for heads in (self.off, *([head] for head in self.off))]
        token = int(found[0].before.argmax())
        before = float(found[0].before[token])
        both, *alone = (float(one.after[token]) for one in found)
        if len(self.off) == 1:
            key = "stays" if questions.is_same(both, before) else "rises" if both > before else "falls"
            return self.asked.answer(
                key, self._numbers(token, before, both, alone), self.shows, before=before, after=both
            )
        lost, each = before - both, [before - one for one in alone]
        if max(abs(lost), *map(abs, each)) <= MISSED:
            key = "none"
        else:
            key = "sum" if questions.is_same(lost, sum(each)) else "more" if lost > sum(each) else "less"
        return self.asked.answer(
            key, self._numbers(token, before, both, alone), self.shows,
            before=before, both=both, first_alone=alone[0], second_alone=alone[1],
        )  # fmt: skip

    def _numbers(
        self, token: int, before: float, both: float, alone: Sequence[float]
    ) -> dict[str, questions.Told]:
        named = {f"alone {at}": each for at, each in enumerate(alone)}
        return {"token": token, "before": before, "after": both, **named}


def ask(
    maps: HeadMaps,
    block: int,
    head: int,
    row: int,
    token: str,
    write: Callable[[Collection[Head]], str],
    last: bool = False,
) -> Question:
    """The chosen head and the one of its block that reads most alike at the row: do they do the same, or each its own?

    Args:
        token: the likeliest one now; "" for an encoder's heads.
        write: heads that are off, as text for the link.
        last: whether the row is the text's last one, in place of the one that is followed.
    """
    blocks, heads = maps.maps.shape[:2]
    others = [partner(maps, block, head, row)] if blocks * heads > 1 else []
    pair = tuple(sorted([(block, head), *others]))
    names = [f"L{at}H{one}" for at, one in pair]
    end: dict[str, str | int] = {"follow": -1} if last else {}
    of = say(ASKED[bool(token), last], token=markup.mono(markup.visible(token)))
    if len(pair) == 1:
        asked = questions.ask("multi_head", "only-head", head=names[0], what=of)
        start = say("Switch off {head}", head=names[0])
        return Question(asked, pair, start, {"off": write(pair), **end})
    asked = questions.ask(
        "multi_head", "two-heads", first=names[0], second=names[1], what=of, least=f"{MISSED:g}"
    )
    start = say("Switch off {first} and {second}", first=names[0], second=names[1])
    return Question(asked, pair, start, {"off": write(pair), **end})


def partner(maps: HeadMaps, block: int, head: int, row: int) -> Head:
    """Return the head of this block, or of a model of one head a block that of the next, that reads most alike."""
    heads = maps.maps.shape[1]
    if heads < 2:
        return ((block - 1) if block else 1, head)
    own = maps.maps[block, head, row]
    apart = [
        np.abs(maps.maps[block, one, row] - own).sum() if one != head else np.inf for one in range(heads)
    ]
    return block, int(np.argmin(apart))
