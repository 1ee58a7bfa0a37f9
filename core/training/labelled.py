"""Fine-tuning data: texts with a label, or questions with the span of their answer, as rows of ids.

Toyland tells them, each with its truth; a learner may bring labelled lines of their own.
"""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from core.data.corpora import Split
from core.decoding.labels import best_spans
from core.messages import say
from core.text.tokenizer import Tokenizer
from core.training.fine_tune_spec import LABELS, FineTuneSpec, Task

MEASURED = 1_000_003  # the seed of the held-out examples: the same for every run
# separators between a text and its label, besides a tab, which cannot be typed into a page's text box
SEPARATORS = (";", "|", ",", "->", "→", "=", ":", "–", "—", "  ")
TRIED = 2_000_003  # the seed of the development examples, of the same kind as the training examples
_PATIENCE = 50  # candidates generated per wanted example


class Example(NamedTuple):
    """The input (a text, or a question and a context) and the truth: a label's number, or a span of the context.

    span: (first character, after the last); label: -1 where there is a span.
    """

    text: str
    label: int = -1
    context: str = ""
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Batch:
    """ids (B, T); mask (B, T), False at padding; inside (B, T), where an answer may lie; targets (B,) or (B, 2)."""

    ids: Tensor
    mask: Tensor
    inside: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the same on another device."""
        parts = (part.to(device) for part in (self.ids, self.mask, self.inside, self.targets))
        return Batch(*parts)


class Row(NamedTuple):
    """One example as a model reads it: `inside` is the range of its context (first, past the last position)."""

    ids: list[int]
    inside: tuple[int, int]
    target: tuple[int, ...]


def told(task: Task, split: Split, count: int, seed: int) -> tuple[Example, ...]:
    """Generate `count` different examples of Toyland's; for training, classes alternate.

    "sentiment": news of tales, good or bad by what somebody then feels; "questions": about a passage that holds the
    answer.

    Raises:
        ValueError: it does not know so many.
    """
    return _told(task, split, count, seed)


# cached: a learner starts one way after another on the same examples; 20,000 take 10 MB
@lru_cache(maxsize=4)
def _told(task: Task, split: Split, count: int, seed: int) -> tuple[Example, ...]:
    stream = _different(_stream(task, split, seed))
    stream = itertools.islice(stream, _PATIENCE * count + 1000)
    if task == "sentiment" and split == "train":
        found = _in_turn(stream, count)
    else:
        found = list(itertools.islice(stream, count))
    if len(found) < count:
        raise ValueError(f"there are {len(found):,} different examples of {task}: ask for no more")
    return tuple(found)


def _stream(task: Task, split: Split, seed: int) -> Iterator[Example]:
    if task == "sentiment":
        from core.data.toyland.news import news

        yield from (Example(one.text, int(one.good)) for one in news(seed, split))
    else:
        from core.data.toyland.asked import asked

        for question in asked(seed, split):
            if question.start is not None and question.end is not None:
                span = (question.start, question.end)
                yield Example(question.question, context=question.context, span=span)


def _different(stream: Iterable[Example]) -> Iterator[Example]:
    seen: set[tuple[str, str]] = set()
    for each in stream:
        if (each.text, each.context) not in seen:
            seen.add((each.text, each.context))
            yield each


def _in_turn(stream: Iterator[Example], count: int) -> list[Example]:
    """Balance the classes: one example of each in turn."""
    waiting: list[list[Example]] = [[] for _ in LABELS]
    found: list[Example] = []
    for each in stream:
        waiting[each.label].append(each)
        while len(found) < count and waiting[len(found) % len(LABELS)]:
            found.append(waiting[len(found) % len(LABELS)].pop(0))
        if len(found) == count:
            break
    return found


def measured(spec: FineTuneSpec, learned: Iterable[Example]) -> tuple[Example, ...]:
    """Generate a run's test examples: held out, or others of the training kind, without those `learned`."""
    if spec.measured == "held_out":
        return told(spec.task, "held_out", spec.held_out, MEASURED)
    known = set(learned)
    return tuple(one for one in told(spec.task, "train", spec.held_out, TRIED) if one not in known)


def _parted(line: str) -> tuple[str, str, str]:
    """Split a line at its separator; the second part is "" where it has none."""
    if "\t" in line:
        return line.rpartition("\t")
    found = max(SEPARATORS, key=lambda one: line.rstrip().rfind(one))
    return line.rstrip().rpartition(found)


def own_examples(lines: str, labels: Sequence[str] = LABELS) -> list[Example]:
    """Parse a learner's labelled lines: a text, a separator, its label.

    A separator is a tab, or where there is none the last of `SEPARATORS`.

    Raises:
        ValueError: a line without a separator, without text, or with another label (the line is named); one example;
            one class.
    """
    found: list[Example] = []
    choice = say(" or ").join(labels)
    for number, line in enumerate(lines.splitlines(), 1):
        if not line.strip():
            continue
        text, between, label = _parted(line)
        text, label = text.strip(), label.strip().lower()
        if not between:
            raise ValueError(
                say(
                    "line {number} has nothing between text and label: write the text, a semicolon (or a tab, |, "
                    "a comma), then {choice}",
                    number=number,
                    choice=choice,
                )
            )
        if not text:
            raise ValueError(say("line {number} has a label and no text", number=number))
        if label not in labels:
            raise ValueError(
                say(
                    "line {number}: {label} is no label of this task: write {choice}",
                    number=number,
                    label=repr(label[:40]),
                    choice=choice,
                )
            )
        found.append(Example(text, list(labels).index(label)))
    if len(found) < 2:
        raise ValueError(
            say(
                "one example is not enough to learn from: bring at least one of each label, {choice}",
                choice=choice,
            )
            if found
            else say(
                "no example is not enough to learn from: bring at least one of each label, {choice}",
                choice=choice,
            )
        )
    if missing := [label for number, label in enumerate(labels) if all(e.label != number for e in found)]:
        raise ValueError(
            say(
                "all {count} examples are of one class: bring some that are {label}, or a model learns only to "
                "say the other",
                count=len(found),
                label=missing[0],
            )
        )
    return found


def shuffled(examples: Sequence[Example], seed: int, labels: Sequence[str] = LABELS) -> str:
    """Write examples as labelled lines whose labels are drawn from one another's: a control that holds no task.

    The texts and the count of each label stay, so a model that still does better than chance on held-out examples has
    not learned that from the labels.
    """
    order = [one.label for one in examples]
    random.Random(f"shuffled labels {seed}").shuffle(order)
    return "\n".join(f"{one.text}\t{labels[label]}" for one, label in zip(examples, order))


def rows_of(
    examples: Iterable[Example], tokenizer: Tokenizer, longest: int, *, strict: bool = False
) -> list[Row]:
    """Tokenize examples as rows of at most `longest` ids; longer ones are left out.

    Args:
        strict: a text that is too long is an error instead.

    Raises:
        ValueError: (strict) the text is named by its number, with both lengths.
    """
    rows = []
    for number, each in enumerate(examples, 1):
        row = _located(each, tokenizer) if each.label < 0 else _labelled(each, tokenizer)
        if row is not None and len(row.ids) <= longest:
            rows.append(row)
        elif strict and row is not None:
            raise ValueError(
                say(
                    "example {number} has {count} tokens, and the model reads {most}: shorten it",
                    number=number,
                    count=len(row.ids),
                    most=longest,
                )
            )
    return rows


def _labelled(example: Example, tokenizer: Tokenizer) -> Row:
    return Row(tokenizer.encode(example.text), (0, 0), (example.label,))


def _located(example: Example, tokenizer: Tokenizer) -> Row | None:
    """Locate the answer's tokens; None where no tokens contain its first and last character."""
    pair = tokenizer.pair(example.text, example.context)
    places = [place for place, part in enumerate(pair.parts) if part == 1]
    begin, stop = example.span
    first = next((at for at in places if pair.offsets[at][0] <= begin < pair.offsets[at][1]), None)
    last = next((at for at in places if pair.offsets[at][0] < stop <= pair.offsets[at][1]), None)
    if first is None or last is None or last < first:
        return None
    return Row(pair.ids, (places[0], places[-1] + 1), (first, last))


def batch(rows: Sequence[Row]) -> Batch:
    """Batch rows, padding the shorter ones at the end."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    inside = torch.zeros(len(rows), longest, dtype=torch.bool)
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = torch.tensor(row.ids)
        mask[number, : len(row.ids)] = True
        inside[number, row.inside[0] : row.inside[1]] = True
    targets = torch.tensor([row.target for row in rows])
    return Batch(ids, mask, inside, targets[:, 0] if targets.shape[1] == 1 else targets)


def right_of(said: Tensor, given: Batch) -> int:
    """Count the rows answered right: the likeliest label, or the likeliest span of the context."""
    if said.ndim == 2:
        return int((said.argmax(-1) == given.targets).sum())
    found = [
        best_spans(start, end, inside)[0][:2]
        for (start, end), inside in zip(said.float().log_softmax(1).transpose(1, 2), given.inside)
    ]
    return sum(span == tuple(target) for span, target in zip(found, given.targets.tolist()))


@lru_cache(maxsize=4)
def round_of(lengths: tuple[int, ...], size: int, seed: int, lap: int) -> list[list[int]]:
    """Shuffle one epoch into batches of similar length for little padding; some examples are left over."""
    chance = torch.Generator().manual_seed(zlib.crc32(f"{seed} order {lap}".encode()))
    order = torch.randperm(len(lengths), generator=chance).tolist()[: len(lengths) // size * size]
    window = 8 * size
    near = [sorted(order[at : at + window], key=lengths.__getitem__) for at in range(0, len(order), window)]
    rows = [row for part in near for row in part]
    batches = [rows[at : at + size] for at in range(0, len(rows), size)]
    return [batches[at] for at in torch.randperm(len(batches), generator=chance).tolist()]
