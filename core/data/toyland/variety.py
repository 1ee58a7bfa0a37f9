"""How varied Toyland's text is: its vocabulary, its sentence frames, what it says twice, and in which forms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.toyland.tell import Sentence

if TYPE_CHECKING:
    from core.data.toyland import Story

MILLION = 1_000_000
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_QUOTED = re.compile(r'"[^"]*"')
_BE = r"\b(?:was|were|is|been|be)\b (?:soon |last |long )?"
_DONE = (
    "given|lent|sold|mended|broken|found|hidden|planted|thanked|greeted|taken|led|won|left|put|forgiven|heard|"
    "closed|shared|wrapped|spoiled|seen|lit|shut|called"
)
_TOLD = "asked|told|said|promised|begged|whispered|warned|knew|thought|remembered|noticed|wanted to know"

# What a sentence may be, by what it looks like once people, things, places and spots are replaced (see `frame`).
FORMS = {
    "question": re.compile(r"\?"),
    "direct speech": re.compile(r'"'),
    "reported speech": re.compile(
        rf"\b(?:{_TOLD}) (?:to <Person> |<Person> )?(?:whether|why|how|so(?! many)|to (?!<)|that(?! now|\.))"
        r"|wanted to know"
    ),
    "passive": re.compile(rf"{_BE}(?:{_DONE})\b(?! (?:and|to be) )"),
    "cleft": re.compile(
        r"\b[Ii]t was (?:to )?<\w+> (?:who|whom|that|to whom)\b|^What .+ was |^The place that .+ was "
    ),
    "coordination": re.compile(r"\w,? and (?:then |soon )?\w+"),
    "relative clause": re.compile(
        r"\b(?:who|whom|which)\b (?!or )|\ban? \w+ that (?!<)|\b(?:thing|one|all|place|somebody|friend) that "
        r"|(?:>|road|house) where "
    ),
    "subordination": re.compile(
        r"\b(?:because|[Ww]hen|[Ww]hile|until|if|since) |(?:^|, )[Aa]s (?:leaves|the|<)"
    ),
    "inversion": re.compile(
        r"^(?:<Spot>|<Place>|(?:In|On|By|Under|Down|From|Outside|Beside|There|Just then)\b.*?)"
        r"[ ,](?:lay|sat|lived|stood|was|went|came|grew) <"
    ),
}


@dataclass(frozen=True)
class Report:
    """Counts over stories.

    `types` are the words that occur, capitals aside; `types_in_a_million` and `five_grams` the different words
    and the share of different runs of five words among the first million words (fewer if there are fewer).
    `frame_share` is the share of sentences with the commonest frame, `same_stories` counts stories whose text
    was told before, `same_paragraphs` and `same_sentences` are the shares told before word for word, and
    `plots` counts the different sequences of events. `recalled` is the share of mentions by name of somebody or
    something last spoken of more than five words before. `forms` maps each form of FORMS to its share of sentences.
    """

    stories: int
    sentences: int
    words: int
    types: int
    types_in_a_million: int
    five_grams: float
    commonest_frame: str
    frame_share: float
    same_stories: int
    same_paragraphs: float
    same_sentences: float
    plots: int
    recalled: float
    forms: dict[str, float]


def frame(sentence: Sentence, story: Story) -> str:
    """A sentence with people, things, places and spots replaced by what they are: "<Person> went to
    <Place>."."""
    out, position = [], 0
    for mention in sorted(sentence.mentions, key=lambda m: (m.start, -m.end)):
        if mention.start < position:
            continue  # inside a group
        entity = story.entities.get(mention.entity)
        out += [sentence.text[position : mention.start], f"<{type(entity).__name__ if entity else 'Person'}>"]
        position = mention.end
    return "".join([*out, sentence.text[position:]])


def forms(sentence: Sentence, story: Story) -> frozenset[str]:
    """The forms of `FORMS` that a sentence has; one that is neither speech, passive nor cleft is "active".

    What is said between quotation marks counts for "direct speech" and "question" only.
    """
    shape = frame(sentence, story)
    told = _QUOTED.sub('""', shape)
    found = {
        name
        for name, pattern in FORMS.items()
        if pattern.search(shape if name in {"question", "direct speech"} else told)
    }
    return (
        frozenset(found) if found & {"direct speech", "passive", "cleft"} else frozenset({*found, "active"})
    )


def recalls(story: Story) -> tuple[int, int]:
    """How many mentions name somebody or something already known, and how many of these after more than five
    words without a mention of it: no memory of five words foretells them."""
    said: dict[str, int] = {}
    words = again = far = 0
    for sentence in story.sentences:
        for mention in sorted(sentence.mentions, key=lambda m: m.start):
            at = words + len(_WORD.findall(sentence.text[: mention.start]))
            if not mention.is_pronoun and mention.entity in said:
                again += 1
                far += at - said[mention.entity] > 5
            said[mention.entity] = words + len(_WORD.findall(sentence.text[: mention.end]))
        words += len(_WORD.findall(sentence.text))
    return again, far


class _Seen:
    """How many of the texts added were there before; texts are kept as hashes of 64 bits."""

    def __init__(self) -> None:
        self.kept: set[int] = set()
        self.added = self.again = 0

    def add(self, text: str) -> None:
        """Count `text`."""
        key = hash(text)
        self.added += 1
        self.again += key in self.kept
        self.kept.add(key)

    @property
    def share(self) -> float:
        """The share of texts that were there before."""
        return self.again / max(self.added, 1)


def measure(stories: Iterable[Story], window: int = MILLION) -> Report:
    """Measure `stories`; five-grams and `types_in_a_million` are counted in the first `window` words.

    Raises ValueError if there is no story.
    """
    frames: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    types: set[str] = set()
    grams: set[tuple[str, ...]] = set()
    plots: set[tuple[str, ...]] = set()
    whole, paragraphs, sentences = _Seen(), _Seen(), _Seen()
    words = counted = early = known = far = 0
    for story in stories:
        text = _WORD.findall(story.text.lower())
        if words < window:
            grams.update(zip(text, text[1:], text[2:], text[3:], text[4:]))
            counted += len(text)
            early = len(types | set(text))
        words += len(text)
        types.update(text)
        whole.add(story.text)
        plots.add(tuple(happening.kind for sentence in story.sentences for happening in sentence.events))
        known, far = known + recalls(story)[0], far + recalls(story)[1]
        for paragraph in story.text.split("\n\n"):
            paragraphs.add(paragraph)
        for sentence in story.sentences:
            sentences.add(sentence.text)
            frames[frame(sentence, story)] += 1
            kinds.update(forms(sentence, story))
    if not whole.added:
        raise ValueError("there is no story to measure")
    top, count = frames.most_common(1)[0]
    return Report(
        whole.added,
        sentences.added,
        words,
        len(types),
        early,
        len(grams) / counted,
        top,
        count / sentences.added,
        whole.again,
        paragraphs.share,
        sentences.share,
        len(plots),
        far / max(known, 1),
        {name: kinds[name] / sentences.added for name in ("active", *FORMS)},
    )
