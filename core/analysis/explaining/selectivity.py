"""Selectivity of probes: accuracy compared with control tasks (Hewitt & Liang 2019).

A probe's accuracy may come from the model's representation or from memorizing words. The control task has the same
form, but every word type has one random label everywhere, so that only the word's identity predicts it. Selectivity is
the accuracy on the task minus that on the control; a high one means that the stream encodes the property itself.

The truth comes from Toyland, whose every story says after each sentence who is where and who holds what.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import nn

from core.data.toyland import Person, Story, Thing, story
from core.data.toyland.tell import whole_text
from core.hooks import recording
from core.messages import later, mark
from core.trace import stream_names
from core.vectors.probe import Accuracy, fit, wilson
from core.verdict_rule import Rule

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
Task = Literal["held", "hero", "holder", "name"]
TASKS: dict[Task, tuple[str, tuple[str, str]]] = {
    "held": (mark("A thing is named: is it in somebody’s hands?"), (mark("in hands"), mark("not held"))),
    "holder": (
        mark("A person is named: are they holding something?"),
        (mark("holds something"), mark("holds nothing")),
    ),
    "hero": (
        mark("A pronoun stands there: does it mean the story’s hero?"),
        (mark("the hero"), mark("somebody else")),
    ),
    "name": (mark("Something is named: is it a person?"), (mark("a person"), mark("a thing or a place"))),
}
STORIES = 240
LONGEST = 256  # tokens that are read of a story
MOST = 1600  # examples for training or for testing
CONTROLS = 3  # random labelings
DRAWS = 1000  # bootstrap draws over stories
FIRST_SEED = 20_000  # seed of the stories, far from those that the pages show


@dataclass(frozen=True)
class Example:
    """A word in a story: its last token is at `position` of text number `text`.

    `kind` is the word type of the control task.
    """

    text: int
    position: int
    label: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Texts as ids, the words in them, and the split into `train` and `test`: no story is in both."""

    task: Task
    ids: tuple[tuple[int, ...], ...]
    words: tuple[Example, ...]
    train: tuple[int, ...]
    test: tuple[int, ...]
    kinds: int  # the number of word types


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The probes of one depth: 0 is the embedding, l + 1 the stream after block l.

    task, control: accuracy on held-out examples, with Wilson's interval; the control over `CONTROLS` labellings.
    selectivity: the difference, low and high: 95 % of a bootstrap over stories.
    """

    depth: int
    task: Accuracy
    control: Accuracy
    selectivity: float
    low: float
    high: float


def examples(lm: LanguageModel, task: Task, *, stories: int = STORIES, seed: int = 0) -> Examples:
    """Collect words of Toyland's held-out stories whose label is known, with balanced labels.

    A story is cut at a sentence, to what the model reads of it. What counts is what is true before the word's sentence.

    Raises:
        ValueError: no such task, or so few stories (or so short a context) that there is nothing to hold out.
    """
    _check(task, stories)
    told = [_told(lm, task, number, seed) for number in range(stories)]
    return _gathered(lm, task, [ids for ids, _ in told], [one for _, found in told for one in found], seed)


def _check(task: str, stories: int) -> None:
    if task not in TASKS:
        raise ValueError(f"task={task!r} is not one of {', '.join(TASKS)}")
    if stories < 8:
        raise ValueError(f"stories={stories}: a probe needs 8 or more, some to be judged by")


def _told(lm: LanguageModel, task: Task, number: int, seed: int) -> tuple[tuple[int, ...], list[Example]]:
    """Return what the model reads of story `number`, and the words in it."""
    return _words(lm, task, story(FIRST_SEED + 1000 * seed + number, split="held_out"), number)


def _gathered(
    lm: LanguageModel, task: Task, ids: Sequence[tuple[int, ...]], words: Sequence[Example], seed: int
) -> Examples:
    if not words:
        raise ValueError(later("{model} reads too few tokens of a story for this task", model=lm.name))
    labels, groups = [one.label for one in words], [str(one.text) for one in words]
    train, test = _split(labels, groups, seed)
    return Examples(
        task=task, ids=tuple(ids), words=tuple(words), train=train, test=test, kinds=len({one.kind for one in words})
    )  # fmt: skip


def _split(
    labels: Sequence[str], groups: Sequence[str], seed: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Split off a quarter of the stories for testing; in each part both labels are equally frequent."""
    draw = Random(seed)
    names = sorted(set(groups))
    out = set(draw.sample(names, max(1, len(names) // 4)))
    parts = []
    for test in (False, True):
        rows = [
            [at for at, of in enumerate(labels) if of == name and (groups[at] in out) == test]
            for name in sorted(set(labels))
        ]
        fewest = min(*map(len, rows), MOST // 8 if test else 3 * MOST // 8)
        if len(rows) < 2 or not fewest:
            raise ValueError(
                later(
                    "the stories that the model can read hold one of the two answers only: nothing to tell apart"
                )
            )
        parts.append(tuple(sorted(at for found in rows for at in draw.sample(found, fewest))))
    return parts[0], parts[1]


def _words(lm: LanguageModel, task: Task, told: Story, number: int) -> tuple[tuple[int, ...], list[Example]]:
    """Collect what the model reads of one story, and the words in it."""
    room = min(LONGEST, lm.config.n_ctx)
    sentences, ids = list(told.sentences), tuple[int, ...]()
    while sentences:
        ids = tuple(lm.tokenizer.encode(whole_text(sentences)))
        if len(ids) <= room:
            break
        # Truncate at once to about what fits, then sentence by sentence.
        sentences = sentences[: min(len(sentences) - 1, max(1, len(sentences) * room // len(ids) + 1))]
    text = whole_text(sentences)
    if not sentences:
        return (lm.encode("a")[0],), []
    spans = lm.tokenizer.offsets(text)
    found, at = [], 0
    for index, sentence in enumerate(sentences):
        at += (2 if sentence.starts else 1) if index else 0
        for mention in sentence.mentions if index else ():
            start, end = at + mention.start, at + mention.end
            said = _label(task, told, index, mention.entity, mention.is_pronoun)
            held = [place for place, (first, last) in enumerate(spans) if first < end and last > start]
            if said and held:
                kind = text[start:end].lower()
                if task == "hero":  # pronouns have few types: with the word before, there are enough
                    kind = f"{text[:start].split()[-1].lower()} {kind}"
                elif task == "held":
                    kind = kind.split()[-1]
                found.append(Example(number, held[-1], said, kind))
        at += len(sentence.text)
    return ids, found


def _label(task: Task, told: Story, index: int, entity: str, is_pronoun: bool) -> str:
    """Return the label of a mention in sentence `index`, by the state before it; "": the task does not ask about it."""
    one, before = told.entities.get(entity), told.sentences[index - 1].state_after
    yes, no = TASKS[task][1]
    if task == "name":
        return "" if is_pronoun or one is None else yes if isinstance(one, Person) else no
    if task == "held":
        if is_pronoun or not isinstance(one, Thing):
            return ""
        return yes if isinstance(told.entities.get(before.get(entity, "where")), Person) else no
    if not isinstance(one, Person) or is_pronoun != (task == "hero"):
        return ""
    if task == "hero":
        return yes if entity == told.people[0].id else no
    return yes if any(value == entity and key[1] == "where" for key, value in before.facts.items()) else no


def read_streams(lm: LanguageModel, known: Examples) -> Iterator[Array]:
    """Yield the stream at the words, text by text: (L + 1, words of it, D) each, in the order of the words."""
    places: list[list[int]] = [[] for _ in known.ids]
    for one in known.words:
        places[one.text].append(one.position)
    for ids, at in zip(known.ids, places, strict=True):
        yield _streams(lm, ids, at)


def _streams(lm: LanguageModel, ids: Sequence[int], at: Sequence[int]) -> Array:
    """Compute the stream at some positions of a text: (L + 1, len(at), D); the encoder's for an encoder-decoder."""
    prefix = "encoder." if lm.config.shape == "encoder-decoder" else ""
    names = stream_names(lm.transformer.hook_names, prefix, lm.config.n_layers) or [f"{prefix}hook_embed"]
    if not at:
        return np.zeros((len(names), 0, lm.config.d_model), dtype=np.float32)
    stack: nn.Module = lm.transformer.get_submodule(prefix.rstrip("."))
    with torch.inference_mode(), recording(names) as seen:
        stack(torch.tensor([list(ids)], device=lm.device))
    return np.stack([seen[name][0, list(at)].float().cpu().numpy() for name in names])


def probe_layer(known: Examples, vectors: Array, depth: int, *, seed: int = 0) -> Layer:
    """Fit the task's probe and the control probes at one depth, and test them on held-out stories.

    Args:
        vectors: (words, D) of that depth.
    """
    labels = [one.label for one in known.words]
    right = _right(known, vectors, labels)  # (test,)
    controls = np.mean([_right(known, vectors, lot) for lot in control_labels(known, seed)], axis=0)
    stories = np.array([known.words[at].text for at in known.test])
    names, where = np.unique(stories, return_inverse=True)
    sums = np.stack(
        [np.bincount(where, weights=w, minlength=len(names)) for w in (right - controls, np.ones(len(right)))]
    )
    drawn = np.random.default_rng(seed).integers(0, len(names), (DRAWS, len(names)))
    gained, of = sums[:, drawn].sum(-1)  # (DRAWS,) twice
    low, high = np.quantile(gained / of, [0.025, 0.975])
    return Layer(
        depth=depth, task=wilson(int(right.sum()), len(right)),
        control=wilson(round(float(controls.sum())), len(right)),
        selectivity=float((right - controls).mean()), low=float(low), high=float(high),
    )  # fmt: skip


def control_labels(known: Examples, seed: int = 0) -> list[list[str]]:
    """Draw `CONTROLS` random labelings: one label per word type."""
    yes, no = TASKS[known.task][1]
    kinds = sorted({one.kind for one in known.words})
    found = []
    for number in range(CONTROLS):
        draw = Random(f"control {seed} {number}")
        half = [yes, no] * (len(kinds) // 2 + 1)
        lots = half[: len(kinds)]
        draw.shuffle(lots)
        lot = dict(zip(kinds, lots, strict=True))
        found.append([lot[one.kind] for one in known.words])
    return found


def _right(known: Examples, vectors: Array, labels: Sequence[str]) -> Array:
    """Fit a probe on the training words and return (test,) 1.0 where it is right, else 0.0."""
    wanted = [labels[at] for at in known.train]
    if len(set(wanted)) < 2:
        return np.array([float(labels[at] == wanted[0]) for at in known.test])
    said = fit(vectors[list(known.train)], wanted, strength=STRENGTH).predict(vectors[list(known.test)])
    return np.array([float(one == labels[at]) for one, at in zip(said, known.test, strict=True)])


STRENGTH = 0.1  # inverse penalty: with some hundred examples a probe of 128 weights overfits


def selectivity(
    lm: LanguageModel, task: Task, *, stories: int = STORIES, seed: int = 0
) -> Iterator[Layer | int]:
    """Probe depth by depth, from the embedding, for a page that shows progress or stops.

    Yields the number of texts read so far while it reads, then a `Layer` for each depth.

    Raises:
        ValueError: as `examples`.
    """
    _check(task, stories)
    ids, words, read = [], list[Example](), []
    for number in range(stories):
        text, found = _told(lm, task, number, seed)
        ids.append(text)
        words += found
        read.append(_streams(lm, text, [one.position for one in found]))
        yield number + 1
    known = _gathered(lm, task, ids, words, seed)
    for depth, at in enumerate(np.concatenate(read, axis=1)):  # (L + 1, words, D)
        yield probe_layer(known, at, depth, seed=seed)


RULE = Rule(
    mark("A probe: “it can be read”, “more than the word alone would give”"),
    later(
        "The share of held-out words that the probe labels rightly, and that less the share of {controls} "
        "control probes whose labels are random, one a word type: selectivity.",
        controls=CONTROLS,
    ),
    later(
        "It can be read: Wilson’s whole 95 % interval of the best depth lies above one half. More than the "
        "word alone: the whole 95 % interval of the selectivity ({draws} bootstrap draws over stories) lies "
        "above 0.",
        draws=f"{DRAWS:,}",
    ),
    later(
        "{stories} held-out stories of Toyland, up to {most} words to judge by; no story is in both parts.",
        stories=STORIES,
        most=f"{MOST:,}",
    ),
    mark("None: each depth is judged on its own, so of 40 depths without anything, one is named on average."),
    "Hewitt & Liang 2019; Wilson 1927; Efron & Tibshirani 1993",
    selectivity,
)
