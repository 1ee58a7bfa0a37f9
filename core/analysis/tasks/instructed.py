"""Tasks given to an assistant as requests, with answers scored against the same ground truth as the trained model's.

An assistant answers in words of its own, so besides the measure of the trained model (`task_scores`) a
looser one counts: whether the answer holds what is right and nothing against it.

question    holds: the truth's words are in the answer, and of yes and no only the right one
sentiment   holds: the right label is in the answer, and the other is not
summarize   as the trained model: wish, turning point and end by replaying the story
translate   as the trained model; and chrF, computed by the caller, since it needs a development dependency
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.analysis.heads import answer_location
from core.analysis.tasks import task_scores
from core.data.tasks import TASKS, Pair
from core.decoding.chat import ask
from core.vectors.probe import Accuracy, wilson

if TYPE_CHECKING:
    from core.language_model import LanguageModel

LABELS = ("positive", "negative")
REQUESTS: dict[str, str] = {
    "translate": "Translate into Spanish. Answer with the translation only.\n\n{text}",
    "summarize": "Summarize this story in two sentences.\n\n{text}",
    "question": "{text}\n\n{question} Answer in as few words as possible.",
    "sentiment": "Is this review positive or negative? Answer with one word.\n\n{text}",
    "dialogue": "Write what is said next in this scene, one turn only.\n\n{text}",
    "story": "Go on with this story.\n\n{text}",
    "code": "Complete this Python function. Answer with the code only.\n\n{text}",
}
MOST: dict[str, int] = {
    "translate": 64, "summarize": 80, "question": 24, "sentiment": 8, "dialogue": 40, "story": 64, "code": 96,
}  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_AGAINST = {"yes": "no", "no": "yes", "positive": "negative", "negative": "positive"}


@dataclass(frozen=True)
class Scored:
    """An assistant's answers to one task.

    Attributes:
        exact: the share that is right by the measure of the trained model, with its 95 % interval.
        holds: the share that holds what is right; None of tasks where nothing must be in it.
        written: the answers, one a pair.
    """

    exact: Accuracy
    holds: Accuracy | None
    written: tuple[str, ...]


def request(name: str, source: str) -> str:
    """Phrase a task's source, or a text, as a request.

    Args:
        name: of a task of text to text, whose prefix may stand before the source; or "dialogue", "story", "code".
    """
    text = source.removeprefix(TASKS[name].prefix) if name in TASKS else source
    if name == "question":
        asked, between, passage = text.partition(answer_location.MIDDLE)
        text, question = (passage, asked) if between else (text, "")
        return REQUESTS[name].format(text=text, question=question)
    return REQUESTS[name].format(text=text)


def answer(lm: LanguageModel, name: str, source: str) -> str:
    """Generate an assistant's answer greedily, stripped of whitespace.

    Raises:
        core.decoding.chat.NoTemplate: the model was not trained to be asked.
        core.model.transformer.ContextTooLong: the request does not fit.
    """
    return ask(lm, request(name, source), max_new_tokens=MOST[name]).text.strip()


def holds(name: str, written: str, pair: Pair) -> bool | None:
    """Return whether an answer holds what is right and nothing that contradicts it.

    None for tasks without such a criterion.
    """
    said = {word.lower() for word in _WORD.findall(written)}
    if name in ("question", "sentiment"):
        wanted = {word.lower() for word in _WORD.findall(pair.target)}
        against = {_AGAINST[word] for word in wanted if word in _AGAINST}
        return wanted <= said and not against & said
    return None


def scored(lm: LanguageModel, name: str, pairs: Sequence[Pair]) -> Scored:
    """Generate and score an assistant's answers.

    Raises:
        ValueError: there is no example; or as `answer`.
    """
    if not pairs:
        raise ValueError("there is no example to score")
    written = tuple(answer(lm, name, pair.source) for pair in pairs)
    right = [task_scores.judge(name, pair, text).right for pair, text in zip(pairs, written, strict=True)]
    exact = [one["all"] if "all" in one else one["exact"] for one in right]
    held = [said for text, pair in zip(written, pairs) if (said := holds(name, text, pair)) is not None]
    return Scored(wilson(sum(exact), len(exact)), wilson(sum(held), len(held)) if held else None, written)
