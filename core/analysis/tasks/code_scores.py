"""Scores of code completion on held-out modules, given imports, signature and docstring.

A completion is right if it is nonempty, ends, parses, and reads no undefined name (`code_checks`). This tests form, not
meaning, and accepts a body of `pass`; therefore stricter shares are reported, too: it reads one of the function's own
parameters, it does more than nothing, it is exactly the library's.
"""

from __future__ import annotations

import ast
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.analysis.tasks.code_checks import CodeCheck, check_code, first_function
from core.decoding.written import written
from core.messages import later
from core.training.ngram import NGram
from core.vectors.probe import Accuracy, wilson

if TYPE_CHECKING:
    from core.language_model import LanguageModel

# Chosen with a shorter training that had left other modules out: greedy decoding repeated itself endlessly.
MOST_TOKENS = 160
# Chosen with a shorter training that had left other modules out: greedily, it went on and on about the same.
DECODING = {"strategy": "sample", "temperature": 0.3, "repetition_penalty": 1.05}
UNENDED = later("the function did not end")  # why a function is no good, where its writer came to no end
_PIECES = 3  # n-gram length in characters for the similarity of two function heads

Completer = Callable[[str], tuple[str, bool]]  # a prompt -> its continuation, and whether the model ended it


@dataclass(frozen=True)
class Task:
    """A function to complete: the prompt, and the library's body."""

    prompt: str
    rest: str


@dataclass(frozen=True)
class Completed:
    """A task with an answer. `code` is the whole function, cut at its end, or all there is if it has none."""

    task: Task
    code: str
    check: CodeCheck

    @property
    def exact(self) -> bool:
        """Whether it is identical to the library's function."""
        return _same(self.code, self.task.prompt + self.task.rest)

    @property
    def uses_parameter(self) -> bool:
        """Whether it parses and its body reads one of its own parameters."""
        function = _function(self.code)
        if function is None:
            return False
        own = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}
        return any(
            isinstance(node, ast.Name) and node.id in own
            for statement in _body(function)
            for node in ast.walk(statement)
        )

    @property
    def trivial(self) -> bool:
        """Whether the body is `pass`, `...`, or one `return` of a constant."""
        function = _function(self.code)
        body = [] if function is None else _body(function)
        if function is None or len(body) > 1:
            return False
        if not body or isinstance(body[0], ast.Pass):
            return True
        if not isinstance(body[0], ast.Return | ast.Expr):
            return False
        value = body[0].value
        return value is None or isinstance(value, ast.Constant)


@dataclass(frozen=True)
class Score:
    """Shares of completions, each with its 95 % interval.

    right: they end, parse and read no undefined name; parses: the first two alone; uses_parameter, nontrivial: they
    are right, and more; exact: they are the library's own.
    """

    right: Accuracy
    parses: Accuracy
    uses_parameter: Accuracy
    nontrivial: Accuracy
    exact: Accuracy

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON holds them."""
        return asdict(self)


def divide(text: str) -> Task | None:
    """Split a document of the corpus "functions" into a task.

    None, if its body is a single statement beside the docstring.

    The prompt ends behind the signature, or behind the docstring where there is one.
    """
    function = _function(text)
    if function is None:
        return None
    body = _body(function)
    if len(body) < 2 and (not body or body[0].lineno == (body[0].end_lineno or 0)):
        return None
    lines = text.split("\n")
    first = body[0].lineno - 1
    return Task("\n".join(lines[:first]), "\n" + "\n".join(lines[first:]))


def tasks(documents: Iterable[str], count: int) -> list[Task]:
    """Choose the `count` tasks with the lowest checksums of their texts: a draw that needs no seed."""
    ordered = sorted(documents, key=lambda text: (zlib.crc32(text.encode()), text))
    found = (task for task in map(divide, ordered) if task is not None)
    return [task for task, _ in zip(found, range(count))]


def complete(task: Task, completer: Completer) -> Completed:
    """Complete a task, cut the answer after its function and check it."""
    return _checked(task, *completer(task.prompt))


def _checked(task: Task, said: str, ended: bool) -> Completed:
    whole = task.prompt + said
    code = first_function(whole, ended)
    if code is None:
        return Completed(task, whole, CodeCheck(False, error=UNENDED))
    function = _function(code)
    if function is not None and not _body(function):  # a docstring alone parses, too
        return Completed(task, code, CodeCheck(False, error=later("nothing was written")))
    return Completed(task, code, check_code(code))


def score(completed: Sequence[Completed]) -> Score:
    """Compute the shares. Raises ValueError, if there is nothing to count."""
    count = len(completed)
    right = [one for one in completed if one.check.right]
    return Score(
        right=wilson(len(right), count),
        parses=wilson(sum(one.check.parses for one in completed), count),
        uses_parameter=wilson(sum(one.uses_parameter for one in right), count),
        nontrivial=wilson(sum(not one.trivial for one in right), count),
        exact=wilson(sum(one.exact for one in completed), count),
    )


def by_model(lm: LanguageModel, **options: Any) -> Completer:
    """Return a completer: a decoder with `DECODING` unless `options` (of `core.decoding.options`) say otherwise.

    Each prompt has a seed of its own, so that a completion does not depend on those before it.
    """
    return lambda prompt: _written(lm, prompt, 0, options)


def by_model_checked(lm: LanguageModel, tries: int = 4, **options: Any) -> Completer:
    """Return a completer like `by_model` that redraws, up to `tries` times, what does not pass the check.

    It returns the first draw that passes, or the first one: rejection sampling, not a better model.
    """

    def completer(prompt: str) -> tuple[str, bool]:
        first = None
        for number in range(tries):
            said = _written(lm, prompt, number, options)
            if _checked(Task(prompt, ""), *said).check.right:
                return said
            first = first or said
        assert first is not None
        return first

    return completer


def _written(lm: LanguageModel, prompt: str, number: int, options: Mapping[str, Any]) -> tuple[str, bool]:
    """Draw a completion with that number's seed: the text, and whether the model ended it."""
    seed = zlib.crc32(prompt.encode()) + number
    said = lm.generate(prompt, **{"seed": seed, "max_new_tokens": MOST_TOKENS, **(options or DECODING)})
    return said.text, said.finished == "end token"


def by_ngram(model: NGram, lm: LanguageModel) -> Completer:
    """Return a completer that always takes the most probable token of an n-gram model over the tokens of `lm`."""
    end = lm.tokenizer.id("</s>")

    def completer(prompt: str) -> tuple[str, bool]:
        ids = lm.tokenizer.encode(prompt)
        first = len(ids)
        while len(ids) - first < MOST_TOKENS and ids[-1] != end:
            ids.append(int(np.argmax(model.next_log_probs(np.array(ids[-model.order :])))))
        return written(lm, ids[:first], ids[first:]), ids[-1] == end

    return completer


def by_lookup(documents: Iterable[str]) -> Completer:
    """Return a completer that copies the body of the function with the most similar head: cosine of trigram counts."""
    known = [task for task in map(divide, documents) if task is not None]
    index: dict[str, int] = {}
    rows = [Counter(_pieces(task.prompt, index)) for task in known]
    table = np.zeros((len(known), len(index)), dtype=np.float32)
    for at, row in enumerate(rows):
        table[at, list(row)] = list(row.values())
    table /= np.linalg.norm(table, axis=1, keepdims=True)

    def completer(prompt: str) -> tuple[str, bool]:
        asked = np.zeros(table.shape[1], dtype=np.float32)
        for piece, count in Counter(_pieces(prompt, dict(index))).items():
            if piece < len(asked):
                asked[piece] = count
        return known[int(np.argmax(table @ asked))].rest, True

    return completer


def _pieces(head: str, index: dict[str, int]) -> list[int]:
    pieces = [head[at : at + _PIECES] for at in range(len(head) - _PIECES + 1)]
    return [index.setdefault(piece, len(index)) for piece in pieces]


def _function(text: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the first function of a text that parses."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    found = (each for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    return next(found, None)


def _body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """Return the statements after the docstring."""
    return function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body


def _same(one: str, other: str) -> bool:
    first, second = _function(one), _function(other)
    return first is not None and second is not None and ast.dump(first) == ast.dump(second)
