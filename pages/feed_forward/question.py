"""The Feed-forward page's question: a whole layer of neurons off, and what becomes of the prediction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app import markup
from app.controls.predict import Answer
from app.counts import counted
from core.analysis.neurons.feed_forward import TokenSteps
from core.analysis.neurons.knockouts import NeuronKnockout
from pages.feed_forward.ablation import group

OPTIONS = ("Rises", "Falls", "Stays, within a tenth of it")
WHY = (
    "They were speaking for other tokens.",
    "What they write was needed here.",
    "What is needed here was in the stream without them.",
)
KEPT = 10  # neurons that stay on in the second half of the answer


@dataclass(frozen=True)
class Question:
    """What is asked, the neurons that are off in it, and those off where only the strongest few stay on."""

    text: str
    off: tuple[int, ...]
    others: tuple[int, ...]
    count: int  # neurons of the block
    start: str  # what is switched off, as the question begins

    def judge(self, asked: NeuronKnockout, few: NeuronKnockout) -> Answer:
        """The right option, with the probability as the model is, as asked, and with the strongest few on."""
        token = int(asked.before.argmax())
        before, after, kept = (float(p[token]) for p in (asked.before, asked.after, few.after))
        index = 2 if abs(after - before) <= 0.1 * before else 0 if after > before else 1
        text = f"The model gives it {before:.3f}; with these off, {after:.3f}. {WHY[index]}"
        numbers: dict[str, float | int | str] = {"before": before, "after": after, "token": token}
        if len(self.off) > len(self.others):
            text += f" With the {len(self.off) - len(self.others)} strongest left on it is {kept:.3f}."
            numbers["kept"] = kept
        return Answer(index, text, numbers)


def ask(as_is: TokenSteps, off: Collection[int], token: str, after: str) -> Question:
    """All neurons of the block off; where the picture shows that, all but the strongest few.

    Args:
        off: the neurons that are off in the picture. token: the likeliest one. after: the followed token.
    """
    count = len(as_is.post)
    every, others = group(as_is, "all", KEPT), group(as_is, "others", min(KEPT, count))
    said = f"the probability of {markup.mono(markup.visible(token))}"
    here = f" after {markup.mono(markup.visible(after))}" if after else ""
    if len(off) < count:
        many = f"all {counted(count, 'neuron')}" if count > 1 else "the only neuron"
        what = f"Switch off {many} of block {as_is.layer}"
        return Question(f"{what}: {said}{here} …", every, others, count, what)
    what = f"Leave only the {min(KEPT, count)} strongest of block {as_is.layer} on"
    return Question(f"{what}: {said}{here} …", others, others, count, what)
