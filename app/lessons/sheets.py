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
from core.messages import ENGLISH, say, say_of, speaking
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
    whose = say("With answers, for the teacher") if answers else say("Name ______________________")
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
        say("What comes next?"),
        say(
            "The text: “{text} …” Write the next word, and how sure you are: 0 is not at all, 1 is certain.",
            text=lesson.text,
        ),
        (
            say_of("sheet", "who"),
            say_of("sheet", "next word"),
            say_of("sheet", "how sure"),
            say_of("sheet", "second best"),
        ),
        (
            (say_of("sheet", "me"), Blank(), Blank(), Blank()),
            (say_of("sheet", "the model"), Blank(said[0]), Blank(f"{float(p[first]):.3f}"), Blank(said[1])),
        ),
    )


def _votes(lesson: Lesson, measures: Measures, titles: Sequence[str]) -> Task:
    """Put questions of the lesson to a vote: alone, after talking, and what the model does.

    Args:
        titles: of their steps, as the English file has them.
    """
    rows: list[tuple[Cell, ...]] = []
    with speaking(ENGLISH):
        named = [step.title for step in library.find(lesson.name).steps]
    for title in titles:
        step = lesson.steps[named.index(title)]
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
        say("Vote, talk, vote again"),
        say("Write a letter by yourself. Then talk to somebody who chose otherwise, and write a letter again."),
        (
            say_of("sheet", "question"), say_of("sheet", "1st vote"), say_of("sheet", "2nd vote"),
            say_of("sheet", "the model"),
        ),
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
        say_of("sheet", "sum"),
        "",
        "",
        Blank(f"{float(below.exp().sum()):.4f}"),
        Blank("1"),
        Blank("1"),
    )
    own = float(steps.pattern[-1, columns[0]])
    return Task(
        say("Softmax by hand"),
        say(
            "In block {block}, head {head} of the last row has a score for every row; here are the {count} largest. "
            "Take the largest from each, raise e to the result (a calculator has eˣ), and divide by the sum: these are "
            "the shares. In the last column halve all scores first (temperature 2).",
            block=layer,
            head=head,
            count=READS,
        ),
        (
            say_of("sheet", "row"),
            say_of("sheet", "score"),
            say_of("sheet", "less the largest"),
            say_of("sheet", "e to that"),
            say_of("sheet", "share"),
            say_of("sheet", "share, halved"),
        ),
        (*rows, total),
        say(
            "Over all {rows} rows, the head itself gives the first one {share}.",
            rows=len(row),
            share=f"{own:.3f}",
        ),
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
        say("When does it know?"),
        say(
            "The logit lens asks the last row after each block how probable {word} is. Guess first: none, some, sure?",
            word=word,
        ),
        ("", *(say("after block {block}", block=block) for block in blocks)),
        (
            (say_of("sheet", "my guess"), *(Blank() for _ in blocks)),
            (
                say_of("sheet", "the model"),
                *(Blank(f"{float(chances[block + 1, -1]):.3f}") for block in blocks),
            ),
        ),
    )


def _merges(learning: Learning) -> Task:
    """Learn the first merges of a small corpus."""
    rows: list[tuple[Cell, ...]] = []
    for n, merge in enumerate(learning, 1):
        pair = say("{left} and {right}", left=mono(merge.left), right=mono(merge.right))
        rows.append((str(n), Blank(pair), Blank(str(merge.count)), Blank(mono(merge.entry))))
    words = ", ".join(
        say("{word} {count} times", word=mono(word), count=count)
        if count > 1
        else say("{word} once", word=mono(word))
        for word, count in CORPUS.items()
    )
    return Task(
        say("Learn a list of pieces (byte-pair encoding)"),
        say(
            "A text has these words: {words}. At first every letter is a piece. Count which two neighbours stand "
            "together most often, in all words and all times; join them everywhere to one new piece; count again.",
            words=words,
        ),
        (
            say_of("sheet", "merge"),
            say_of("sheet", "the pair"),
            say_of("sheet", "how often"),
            say_of("sheet", "new piece"),
        ),
        tuple(rows),
    )


def _spelled(learning: Learning) -> Task:
    """Cut words with the pieces that were learned."""
    tokenizer = learning.run().tokenizer()

    def cut(word: str) -> str:
        return " ".join(mono(piece.text) for piece in tokenizer.encode(word))

    return Task(
        say("Use it"),
        say(
            "Cut these words with your pieces. The merges are applied in the order in which they were learned."
        ),
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
        say("A list of {pieces} pieces, made from tales", pieces=f"{lm.config.d_vocab:,}"),
        say(
            "How many pieces does each word become, inside of a text, where a space stands before it? Guess, then look "
            "it up on the page Tokenization."
        ),
        (
            say_of("sheet", "word"),
            say_of("sheet", "my guess"),
            say_of("sheet", "how many"),
            say_of("sheet", "which"),
        ),
        tuple(rows),
    )


def _text() -> str:
    return " ".join(" ".join([word] * count) for word, count in CORPUS.items())
