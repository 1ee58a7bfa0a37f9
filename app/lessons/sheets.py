"""Sheets for two lessons: a page to fill in by hand, and the same page with its answers computed from the model.

Nothing that a model decides is written here: options come from the lesson's file, their letters from its checks,
scores, shares and pieces from `core`. No Streamlit in here.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from app.lessons import library
from app.lessons.reading import FILLED, Lesson, Question
from app.markup import inline, mono, visible
from core.analysis.expressions import check, value
from core.analysis.heads.steps import attention_steps
from core.analysis.measures import Measures
from core.analysis.stream.logit_lens import logit_lens
from core.language_model import LanguageModel
from core.text.merging import Learning
from core.text.published import Published

# Words and how often they stand in a text, so that the first merges meet no two pairs that stand equally often.
CORPUS = {"ball": 4, "bell": 2, "bed": 1, "tall": 1}
MERGES = 5
SPELLED = ("tall", "bella", "balled", "label")  # to be cut with these merges
CUT = ("harbour", "big", "balloon", "baloon", "unhappiness")  # by the list of the lesson's model
HEAD, READS = (3, 2), 4  # the head whose scores are turned into shares, and how many of them
HALVED = 2.0  # the temperature of the second try


@dataclass(frozen=True)
class Blank:
    """A cell to fill in; `answer` stands in it on the teacher's page, "": it is each learner's own."""

    answer: str = ""


Cell = str | Blank


@dataclass(frozen=True)
class Task:
    """One task of a sheet: what to do, a table with blanks, and what the teacher's page says below it.

    Attributes:
        wide: the columns that take what room there is, from 0.
    """

    title: str
    asks: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    remark: str = ""
    wide: tuple[int, ...] = ()


class WrongAnswer(ValueError):
    """Raised where a lesson's right option is not what the model does: the sheet would teach a mistake."""


def names() -> list[str]:
    """List the lessons that have a sheet."""
    return list(_TASKS)


def sheet(lm: LanguageModel, name: str, answers: bool, heading: int = 2) -> str:
    """Write a lesson's sheet as an HTML article for one page of paper.

    Args:
        lm: the lesson's model.   name: of the lesson.   answers: whether the blanks are filled in.
        heading: level of the title, 1 to 5.

    Raises:
        KeyError: the lesson has no sheet.
        WrongAnswer: the model does not do what the lesson says.
    """
    lesson = library.find(name)
    tasks = _TASKS[name](lm, lesson)
    top, below = f"h{heading}", f"h{heading + 1}"
    whose = "With answers, for the teacher" if answers else "Name ______________________"
    parts = "".join(f"<section><{below}>{n}. {inline(one.title)}</{below}>{_task(one, answers)}</section>"
                    for n, one in enumerate(tasks, 1))  # fmt: skip
    return (
        f'<article class="gb-document gb-sheet"><header><{top}>{inline(lesson.title)}</{top}><p>{whose}</p></header>'
        f"{parts}</article>"
    )


def _task(one: Task, answers: bool) -> str:
    heads = "".join(f'<th scope="col">{inline(column)}</th>' for column in one.columns)
    rows = "".join(
        f"<tr>{''.join(_cell(cell, at in one.wide, answers) for at, cell in enumerate(row))}</tr>"
        for row in one.rows
    )
    remark = f'<p class="gb-answer">{inline(one.remark)}</p>' if answers and one.remark else ""
    return f"<p>{inline(one.asks)}</p><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{remark}"


def _cell(cell: Cell, wide: bool, answers: bool) -> str:
    if isinstance(cell, Blank):
        return (
            f'<td class="gb-answer">{inline(cell.answer)}</td>' if answers else '<td class="gb-blank"></td>'
        )
    return f"<td{' class=gb-wide' if wide else ''}>{inline(cell)}</td>"


# ------------------------------------------------------------------------------------------------------ the tasks


def _why_ball(lm: LanguageModel, lesson: Lesson) -> list[Task]:
    measures = Measures(lm, lesson.text)
    return [
        _guess(lm, lesson),
        _votes(lesson, measures, ("A row alone", "How rows meet", "One head more", "The small word")),
        _softmax(lm, lesson),
        _lens(lm, lesson),
    ]


def _cut_word(lm: LanguageModel, lesson: Lesson) -> list[Task]:
    letters = len(set("".join(CORPUS)))
    learning = Learning(_text(), letters + 1 + MERGES, "words")  # one entry is for what is unknown
    return [
        _merges(learning),
        _spelled(learning),
        _pieces(lm),
        _votes(lesson, Measures(lm, lesson.text), ("The space belongs to it", "Made by counting")),
    ]


_TASKS: dict[str, Callable[[LanguageModel, Lesson], list[Task]]] = {
    "why-ball": _why_ball,
    "cut-word": _cut_word,
}


def _guess(lm: LanguageModel, lesson: Lesson) -> Task:
    """Ask for the next word, and how sure one is."""
    p = lm.trace(lesson.text).probabilities(-1)
    first, second = (int(token) for token in p.topk(2).indices)
    said = [mono(visible(lm.tokenizer.display(token))) for token in (first, second)]
    return Task(
        "What comes next?",
        f"The text: “{lesson.text} …” Write the next word, and how sure you are: 0 is not at all, 1 is certain.",
        ("who", "next word", "how sure", "second best"),
        (
            ("me", Blank(), Blank(), Blank()),
            ("the model", Blank(said[0]), Blank(f"{float(p[first]):.3f}"), Blank(said[1])),
        ),
    )


def _votes(lesson: Lesson, measures: Measures, titles: Sequence[str]) -> Task:
    """Put questions of the lesson to a vote: alone, after talking, and what the model does."""
    rows: list[tuple[Cell, ...]] = []
    for title in titles:
        step = next(step for step in lesson.steps if step.title == title)
        assert step.question is not None
        rows.append(
            (
                _asked(step.question, step.prose, measures),
                Blank(),
                Blank(),
                Blank(_right(step.question, measures)),
            )
        )
    return Task(
        "Vote, talk, vote again",
        "Write a letter by yourself. Then talk to somebody who chose otherwise, and write a letter again.",
        ("question", "1st vote", "2nd vote", "the model"),
        tuple(rows),
        wide=(0,),
    )  # fmt: skip


def _asked(question: Question, prose: str, measures: Measures) -> str:
    """Write a question with its options; what its step says before it stands in front."""
    options = " ".join(
        f"({letter}) {_filled(option, measures)}."
        for letter, option in zip(string.ascii_lowercase, question.options, strict=False)
    )
    return f"{_filled(prose, measures)} {_filled(question.text, measures)} {options}"


def _right(question: Question, measures: Measures) -> str:
    """Return the letter of the right option with its numbers. Raises WrongAnswer: the model does otherwise."""
    if not check(question.check, measures):
        raise WrongAnswer(f"“{question.options[question.right]}” is not what the model does")
    evidence = _filled(question.evidence, measures)
    return f"{string.ascii_lowercase[question.right]}. {evidence}".strip()


def _filled(text: str, measures: Measures) -> str:
    return FILLED.sub(lambda found: value(found[1], measures), text)


def _softmax(lm: LanguageModel, lesson: Lesson) -> Task:
    """Turn the largest scores of a head into shares, by hand."""
    layer, head = HEAD
    steps = attention_steps(lm, lesson.text, layer=layer, head=head)
    row = steps.masked[-1]
    columns = sorted(range(len(row)), key=lambda column: -float(row[column]))[:READS]
    scores = torch.tensor([round(float(row[column]), 1) for column in columns], dtype=torch.float64)
    shares, softer = scores.softmax(0), (scores / HALVED).softmax(0)
    below = scores - scores.max()
    rows: list[tuple[Cell, ...]] = []
    for column, score, less, share, soft in zip(columns, scores, below, shares, softer, strict=True):
        token = mono(visible(lm.tokenizer.display(steps.ids[column])))
        blanks = (f"{float(one):.4f}" for one in (less.exp(), share, soft))
        lower = f"{float(less):.1f}".replace("-", "−")
        rows.append((f"{column} {token}", f"{float(score):.1f}", Blank(lower), *map(Blank, blanks)))
    total: tuple[Cell, ...] = (
        "sum",
        "",
        "",
        Blank(f"{float(below.exp().sum()):.4f}"),
        Blank("1"),
        Blank("1"),
    )
    own = float(steps.pattern[-1, columns[0]])
    return Task(
        "Softmax by hand",
        f"In block {layer}, head {head} of the last row has a score for every row; here are the {READS} largest. Take "
        "the largest from each, raise e to the result (a calculator has eˣ), and divide by the sum: these are the "
        "shares. In the last column halve all scores first (temperature 2).",
        ("row", "score", "less the largest", "e to that", "share", "share, halved"),
        (*rows, total),
        f"Over all {len(row)} rows, the head itself gives the first one {own:.3f}.",
    )


def _lens(lm: LanguageModel, lesson: Lesson) -> Task:
    """Guess after which block the model knows its answer."""
    trace = lm.trace(lesson.text)
    answer = int(trace.probabilities(-1).argmax())
    chances = logit_lens(lm, trace, token=answer).chance
    assert chances is not None
    blocks = range(lm.config.n_layers)
    word = mono(visible(lm.tokenizer.display(answer)))
    return Task(
        "When does it know?",
        f"The logit lens asks the last row after each block how probable {word} is. Guess first: none, some, sure?",
        ("", *(f"after block {block}" for block in blocks)),
        (
            ("my guess", *(Blank() for _ in blocks)),
            ("the model", *(Blank(f"{float(chances[block + 1, -1]):.3f}") for block in blocks)),
        ),
    )


def _merges(learning: Learning) -> Task:
    """Learn the first merges of a small corpus."""
    rows: list[tuple[Cell, ...]] = []
    for n, merge in enumerate(learning, 1):
        pair = f"{mono(merge.left)} and {mono(merge.right)}"
        rows.append((str(n), Blank(pair), Blank(str(merge.count)), Blank(mono(merge.entry))))
    words = ", ".join(
        f"{mono(word)} {count} times" if count > 1 else f"{mono(word)} once" for word, count in CORPUS.items()
    )
    return Task(
        "Learn a list of pieces (byte-pair encoding)",
        f"A text has these words: {words}. At first every letter is a piece. Count which two neighbours stand together "
        "most often, in all words and all times; join them everywhere to one new piece; count again.",
        ("merge", "the pair", "how often", "new piece"),
        tuple(rows),
    )


def _spelled(learning: Learning) -> Task:
    """Cut words with the pieces that were learned."""
    tokenizer = learning.run().tokenizer()

    def cut(word: str) -> str:
        return " ".join(mono(piece.text) for piece in tokenizer.encode(word))

    return Task(
        "Use it",
        "Cut these words with your pieces. The merges are applied in the order in which they were learned.",
        tuple(SPELLED),
        (tuple(Blank(cut(word)) for word in SPELLED),),
    )


def _pieces(lm: LanguageModel) -> Task:
    """Guess how a model's own list cuts words."""
    method = Published(lm.tokenizer)
    rows: list[tuple[Cell, ...]] = []
    for word in CUT:
        pieces = method.encode(f" {word}")
        cut = " ".join(mono(visible(piece.text)) for piece in pieces)
        rows.append((mono(word), Blank(), Blank(str(len(pieces))), Blank(cut)))
    return Task(
        f"A list of {lm.config.d_vocab:,} pieces, made from tales",
        "How many pieces does each word become, inside of a text, where a space stands before it? Guess, then look it "
        "up on the page Tokenization.",
        ("word", "my guess", "how many", "which"),
        tuple(rows),
    )


def _text() -> str:
    return " ".join(" ".join([word] * count) for word, count in CORPUS.items())
