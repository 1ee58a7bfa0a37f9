"""Say what a model is asked for, and answer with it in parts, with what each part read; the arithmetic is `core`'s.

The models are those that come with Glassbox; who answers on the page: uses.py. No Streamlit in here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from app.counts import counted
from app.session.fields import BY_KEY, DEFAULT_TEXT, Value
from core.analysis.heads import alignment, answer_location
from core.analysis.heads.cross_reading import (
    Array,
    CrossReading,
    Rule,
    Spans,
    clause_spans,
    cross_reading,
    rule_of,
    sentence_spans,
    word_spans,
)
from core.analysis.tasks import code_scores, heroes
from core.analysis.tasks.code_checks import CodeCheck
from core.analysis.tasks.label_chances import label_chances
from core.analysis.tasks.label_reading import LabelReading, read_answer, read_class
from core.data.tasks import TASKS, Pair
from core.language_model import LanguageModel
from core.messages import mark, say
from core.model.transformer import ContextTooLong

Picture = Literal["links", "passage", "lines"]
LABELS = ("positive", "negative")
MOST_LABELS = 6  # of a model with a head: its likeliest classes or spans
STORY = heroes.DECODING
TOO_LONG = {
    "dialogue": mark("The scene has {had} tokens, and {name} reads {most} at once. Shorten it."),
    "code": mark("The function so far has {had} tokens, and {name} reads {most} at once. Shorten it."),
    "story": mark("The beginning has {had} tokens, and {name} reads {most} at once. Shorten it."),
    "text": mark("Your text has {had} tokens, and {name} reads {most} at once. Shorten it."),
    "example": mark("This example has {had} tokens, and {name} reads {most} at once. Shorten it."),
}
CUT = {
    "hero": mark("The hero’s name has {characters}; the first {most} are read."),
    "scene": mark("The scene has {characters}; the first {most} are read."),
    "begun": mark("The function so far has {characters}; the first {most} are read."),
    "asks": mark("Your question has {characters}; the first {most} are read."),
    "text": mark("Your text has {characters}; the first {most} are read."),
}
# Of the examples: far from training's, and from those that the card's scores are of. The first one has a colour in it,
# which Spanish puts behind the thing.
FIRST_SEED = 700_000_006
MOST_CHARACTERS = 1_600  # of a source
MOST_OF_A_HERO, MOST_OF_A_QUESTION = 40, 200  # characters


@dataclass(frozen=True)
class Use:
    """Describe one application: its name in a link and on the page, its model, how it is drawn, and a claim.

    most: tokens that are written.
    """

    name: str
    label: str
    model: str
    picture: Picture
    claim: str
    most: int

    @property
    def learns(self) -> str:
        """Name the task whose words the model knows; "" of one that knows any."""
        return "" if self.name == "code" else "tales" if self.model == "tales-gpt" else self.name


USES: dict[str, Use] = {
    use.name: use
    for use in (
        Use(
            "translate",
            mark("Translation"),
            "tales-t5",
            "links",
            mark("A Spanish word reads its English ones."),
            64,
        ),
        Use(
            "summarize",
            mark("Summary"),
            "tales-t5",
            "passage",
            mark("A summary reads few of its story’s sentences."),
            96,
        ),
        Use(
            "question",
            mark("Question"),
            "tales-t5",
            "passage",
            mark("What an answer reads is not always what tells it."),
            24,
        ),
        Use(
            "sentiment",
            mark("Sentiment"),
            "tales-t5",
            "passage",
            mark("One small word can turn a whole review."),
            8,
        ),
        Use(
            "story",
            mark("Story"),
            "tales-gpt",
            "lines",
            mark("A story goes on from its hero’s name."),
            heroes.MOST,
        ),
        Use(
            "dialogue",
            mark("Dialogue"),
            "tales-gpt",
            "lines",
            mark("A turn ends when the model closes its quotation mark."),
            48,
        ),
        Use("code", mark("Code"), "code-gpt", "lines", mark("Code that reads well may still be wrong."), 160),
    )
}


@dataclass(frozen=True)
class Opened:
    """Hold the model that answers.

    Attributes:
        key: changes with the model. target: what `core.load` takes. name: as lists have it.
        call: `call(function, *arguments)` computes `function(lm, *arguments)`; the app keeps what it returns.
    """

    key: str
    target: str
    lm: LanguageModel
    name: str
    call: Callable[..., Any]

    @property
    def shown(self) -> str:
        """Return the name as the picker has it."""
        return self.name.removeprefix("./")

    @property
    def headed(self) -> bool:
        """Test whether it names classes or finds spans, and writes nothing."""
        return self.lm.config.head != "lm"


@lru_cache(maxsize=64)
def example(name: str, seed: int) -> Pair:
    """Generate a held-out example of a text-to-text task, with its truth."""
    return next(iter(TASKS[name].pairs(FIRST_SEED + seed, "held_out")))


@dataclass(frozen=True)
class Wish:
    """Hold the task, its text, and the choices that an answer is written from.

    source: what the model reads. first: the characters of it that are the task's own words.
    pair: the example with its truth; None: the learner's own text.
    cuts: sentences about what is longer than is read.
    """

    use: Use
    source: str
    first: int
    pair: Pair | None = None
    seed: int = 0
    cuts: tuple[str, ...] = ()

    @property
    def truth(self) -> Any:
        """Return what the generator knows of the example; None: nothing."""
        return self.pair.truth if self.pair else None


def wish(text: str, values: Mapping[str, Value]) -> Wish:
    """Read what is asked for off the page's fields.

    Args:
        text: the learner's, all of it.
        values: by field.
    """
    use = USES[str(values["use"])]
    drawn = int(values["drawn"])
    if use.name == "story":
        hero, cut = first_of("hero", " ".join(str(values["hero"]).split()), MOST_OF_A_HERO)
        return Wish(use, heroes.BEGINNING.format(hero=hero or "Nora"), 0, seed=max(0, drawn), cuts=cut)
    if use.name in ("dialogue", "code"):
        field = "scene" if use.name == "dialogue" else "begun"
        own, cut = first_of(field, str(values[field]))
        usual = str(BY_KEY[field].default)
        return Wish(use, own if own.strip() else usual, 0, seed=max(0, drawn), cuts=cut)
    prefix = TASKS[use.name].prefix
    if not owns(text, drawn):
        pair = example(use.name, drawn)
        return Wish(use, pair.source, len(prefix), pair, drawn)
    asked, text, cuts = bare(text)
    if use.name == "question":
        if not asked:
            field = " ".join(str(values["asks"]).split())
            asked, cut = first_of("asks", field, MOST_OF_A_QUESTION)
            cuts += cut
        return Wish(
            use, answer_location.source_of(asked or question_about(text), text), len(prefix), cuts=cuts
        )
    return Wish(use, prefix + text, len(prefix), cuts=cuts)


_SUBJECT = re.compile(r"[A-Z]\w*(?= [a-z])")
_NO_NAMES = frozenset(
    "A After All An And As At Because Before But Every For From He Her Here His How I If In It Its Many My No Not Now "
    "Of On Once One Or Our She So Some That The Their Then There These They This Those To We What When Where Who Why "
    "With You Your".split()
)


def question_about(passage: str) -> str:
    """Ask about the last sentence whose subject is named: "Nora found it." gives "Who found it?"."""
    for first, end in reversed(sentence_spans(passage)):
        sentence = passage[first:end].strip().rstrip(".!?")
        subject = _SUBJECT.match(sentence)
        if subject and subject[0] not in _NO_NAMES:
            asker = "Who" if subject[0] in heroes.NAMES else "What"
            return f"{asker}{sentence[subject.end() :]}?"
    return "What happened?"


def first_of(field: str, text: str, most: int = MOST_CHARACTERS) -> tuple[str, tuple[str, ...]]:
    """Cut a text to what is read, with a sentence of both numbers where that is not all; the field keeps all."""
    if len(text) <= most:
        return text, ()
    return text[:most], (say(CUT[field], characters=counted(len(text), "character"), most=f"{most:,}"),)


def bare(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Strip a learner's text of line ends and task prefixes; return the question before it, the text, and cuts."""
    text, cuts = first_of("text", " ".join(text.split()))
    for task in TASKS.values():
        if text.startswith(task.prefix):
            text = text.removeprefix(task.prefix)
            asked, between, passage = text.partition(answer_location.MIDDLE)
            return (asked, passage, cuts) if between and task.name == "question" else ("", text, cuts)
    return "", text, cuts


def owns(text: str, drawn: int) -> bool:
    """Test whether the learner's own text is read: by choice, or because it is not the default text."""
    return drawn < 0 or (drawn == 0 and text.strip() != DEFAULT_TEXT)


# ---------------------------------------------------------------- the answer


@dataclass(frozen=True)
class Written:
    """Hold what a decoder wrote behind a prompt: the text, its pieces and their probabilities, and whether it ended."""

    text: str
    pieces: tuple[str, ...]
    likely: tuple[float, ...]
    ended: bool


@dataclass(frozen=True, kw_only=True)
class Found:
    """Hold an answer.

    written: the whole of it. units: characters of its parts. likely: (units,) the probability of each part: the product
        of its pieces'. read: characters of the parts of the source that are read.
    weights: (units, read), what each part of the answer reads; None of a model that reads nothing across.
    rule: whose attention. labels: of a sentiment, both labels' probabilities; of a model with a head, its classes or
        the likeliest spans. check: of code.
    labelled: what a model with a head said, and attended to; None of one that writes.
    failed: why there is no answer.
    """

    wish: Wish
    name: str = ""  # of the model, as it is shown
    written: str = ""
    units: Spans = ()
    likely: tuple[float, ...] = ()
    read: Spans = ()
    weights: Array | None = None
    rule: Rule | None = None
    share: float = 1.0
    labels: tuple[tuple[str, float], ...] = ()
    check: CodeCheck | None = None
    labelled: LabelReading | None = None
    ended: bool = True
    failed: str = ""


def answer(opened: Opened, wish: Wish) -> Found:
    """Ask a model."""
    ask = _labelled if opened.headed else _continued if wish.use.picture == "lines" else _crossed
    try:
        return replace(ask(opened, wish), name=opened.shown)
    except ContextTooLong:
        return Found(wish=wish, name=opened.shown, failed=too_long(opened, wish))
    except ValueError as why:
        if not opened.headed:
            raise
        return Found(wish=wish, name=opened.shown, failed=str(why))  # e.g. a tokenizer without pairs of texts


def too_long(opened: Opened, wish: Wish) -> str:
    """Say that a text does not fit, with the tokens that it has and those that are read."""
    lm, use = opened.lm, wish.use.name
    if not opened.headed:
        had = len(lm.tokenizer.encode(wish.source))
    elif use == "question":
        had = len(lm.tokenizer.pair(*asked_of(wish)).ids)
    else:
        had = len(lm.tokenizer.encode(wish.source[wish.first :]))
    usual = "text" if wish.pair is None else "example"
    return say(
        TOO_LONG.get(use, TOO_LONG[usual]), had=f"{had:,}", name=opened.shown, most=f"{lm.config.n_ctx:,}"
    )


def asked_of(wish: Wish) -> tuple[str, str]:
    """Split a source into the question and its passage."""
    asked, _, passage = wish.source[wish.first :].partition(answer_location.MIDDLE)
    return asked, passage


def rule_for(lm: LanguageModel, use: Use) -> tuple[Rule, float]:
    """Choose whose attention is shown, and from what share of the largest weight a word is linked: by the card.

    The card's head was chosen on examples of the training split. Without one: all heads.
    """
    part = lm.card.get("alignment" if use.name == "translate" else "pointed")
    said = part.get("rule") if isinstance(part, dict) else None
    rule = rule_of(said, lm) if use.name in ("translate", "question") else None
    share = said.get("share") if isinstance(said, dict) and rule is not None else None
    return rule or Rule(), float(share) if isinstance(share, float | int) and 0 < share <= 1 else 1.0


def _crossed(opened: Opened, wish: Wish) -> Found:
    use = wish.use
    found: CrossReading = opened.call(cross, wish.source, use.most)
    rule, share = rule_for(opened.lm, use)
    units, read = parts(use, found, wish.first)
    labels: tuple[tuple[str, float], ...] = ()
    if use.name == "sentiment":
        labels = opened.call(chances, wish.source)
    return Found(
        wish=wish,
        written=found.written,
        units=units,
        likely=unit_chances(found.likely, found.spans, units),
        read=read,
        weights=found.gathered(rule, units, read) if units and read else np.zeros((len(units), len(read))),
        rule=rule,
        share=share,
        labels=labels,
        ended=found.ended,
    )


def parts(use: Use, found: CrossReading, first: int) -> tuple[Spans, Spans]:
    """Split the answer and the source into the parts that the picture shows."""
    whole: Spans = ((0, len(found.written)),) if found.written else ()
    if use.name == "translate":
        return found.words, word_spans(found.source, first)
    if use.name == "summarize":
        return clause_spans(found.written), sentence_spans(found.source, first)
    if use.name == "question":
        return whole, answer_location.sentences(found.source)
    return whole, word_spans(found.source, first)


def unit_chances(likely: Sequence[float], spans: Spans, units: Spans) -> tuple[float, ...]:
    """Multiply the probabilities of the pieces that begin inside each part; 1 where none does."""
    return tuple(
        float(np.prod([p for p, (at, _) in zip(likely, spans) if first <= at < end] or [1.0]))
        for first, end in _with_spaces(units)
    )


def _with_spaces(units: Spans) -> list[tuple[int, int]]:
    """Extend parts by what stands between them and the part before: a piece begins with its space."""
    ends = [0, *(end for _, end in units)]
    return [(before, end) for before, end in pairwise(ends)]


def cross(lm: LanguageModel, source: str, most: int) -> CrossReading:
    """Read the cross-attention of an answer."""
    return cross_reading(lm, source, most=most)


def chances(lm: LanguageModel, source: str) -> tuple[tuple[str, float], ...]:
    """Compute the probabilities of both labels."""
    return label_chances(lm, source, LABELS)


# ---------------------------------------------------------------- heads of classes and spans


def _labelled(opened: Opened, wish: Wish) -> Found:
    """Answer by a model that names the class of a text, or finds the answer in a passage."""
    if wish.use.name == "question":
        asked, passage = asked_of(wish)
        found: LabelReading = opened.call(read_answer, asked, passage)
        labels = tuple((one.text, one.probability) for one in found.answers)
        read, begins = answer_location.sentences(wish.source), len(wish.source) - len(passage)
    else:
        found = opened.call(read_class, wish.source[wish.first :])
        labels = found.labels
        read, begins = word_spans(wish.source, wish.first), wish.first
    written, likely = labels[0]
    inside = tuple((first - begins, end - begins) for first, end in read)
    return Found(
        wish=wish,
        written=written,
        units=((0, len(written)),),
        likely=(likely,),
        read=read,
        weights=found.gathered(inside)[None],
        labels=labels[:MOST_LABELS],
        labelled=found,
    )


# ---------------------------------------------------------------- decoders


def _continued(opened: Opened, wish: Wish) -> Found:
    use = wish.use
    if use.name == "code":
        code, check, ended = opened.call(complete, wish.source, wish.seed)
        units = line_spans(code)
        return Found(
            wish=wish, written=code, units=units, likely=(1.0,) * len(units), check=check, ended=ended
        )
    said: Written = opened.call(go_on, wish.source, wish.seed, use.most)
    text, ended = said.text, said.ended
    if use.name == "dialogue":
        turn, ended = heroes.turn(text)
        text = text[: text.find(turn) + len(turn)]
    units = sentence_spans(text)
    return Found(
        wish=wish,
        written=text,
        units=units,
        likely=unit_chances(said.likely, _piece_spans(said.pieces), units),
        ended=ended,
    )


def _piece_spans(pieces: Sequence[str]) -> Spans:
    ends = np.cumsum([0, *map(len, pieces)]).tolist()
    return tuple(pairwise(ends))


def go_on(lm: LanguageModel, prompt: str, seed: int, most: int) -> Written:
    """Sample behind a prompt."""
    said = lm.generate(prompt, seed=seed, max_new_tokens=most, **STORY)
    pieces = [lm.tokenizer.display(id) for id in said.ids if id not in lm.special_ids]
    likely = [step.probability_before for step in said.steps if step.id not in lm.special_ids]
    return Written(said.text, tuple(pieces), tuple(likely), said.finished == "end token")


def complete(lm: LanguageModel, prompt: str, seed: int) -> tuple[str, CodeCheck, bool]:
    """Complete a function as the card's score does (seed 0: the very draw), cut where it ends, and check it."""
    options: dict[str, Any] = dict(code_scores.DECODING) | ({"seed": seed} if seed else {})
    done = code_scores.complete(code_scores.Task(prompt, ""), code_scores.by_model(lm, **options))
    return done.code, done.check, done.check.error != code_scores.UNENDED


def line_spans(text: str) -> Spans:
    """Find the spans of a text's lines."""
    found, at = [], 0
    for line in text.split("\n"):
        found.append((at, at + len(line)))
        at += len(line) + 1
    return tuple(found)


# ---------------------------------------------------------------- what is right about it


def made_links(found: Found) -> list[tuple[int, int]]:
    """Read the word links off a translation, in order."""
    if found.weights is None:
        return []
    source = [found.wish.source[first:end] for first, end in found.read]
    written = [found.written[first:end] for first, end in found.units]
    return sorted(alignment.links(found.weights, source, written, found.share))


def changed_words(one: str, other: str) -> int:
    """Count the words to replace, insert or delete to get from one text to the other."""
    before, after = ([text[a:b] for a, b in word_spans(text)] for text in (one, other))
    turns = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for what, a, b, c, d in turns if what != "equal")
