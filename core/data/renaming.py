"""Library functions with renamed identifiers, so that a name can be predicted only from its context.

A model trained on few functions memorizes their names. Here parameters, variables and names from modules are
drawn anew, the same everywhere in one function: half of them names that the library has in such a place, half of them
such names with other words in them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from keyword import iskeyword
from random import Random

from core.data.functions import functions
from core.text.scopes import BUILTINS

_KEPT = frozenset({"self", "cls", "_"})
_WORD = re.compile(r"[A-Z]?[a-z]+")


def renamed(seed: int, split: str, one_in: int) -> Iterator[str]:
    """Yield the functions of `split` without end, with names drawn by `seed`, `seed` + 1, ..."""
    documents = _documents(split, one_in)
    local, imported = _pools(one_in)
    words = _words(one_in)
    while True:
        yield rename(documents[seed % len(documents)], Random(seed), local, imported, words)
        seed += 1


def rename(
    text: str, draw: Random, local: Sequence[str], imported: Sequence[str], words: Sequence[str] = ()
) -> str:
    """Rename a function's identifiers: those it binds from `local`, those it imports from a module from `imported`.

    `self`, `cls`, builtins, names of whole modules, attributes and keywords of calls stay as they are.

    Args:
        words: what half of the new names are put together from (none: all names come as they are).
    """
    tree = ast.parse(text)
    here, taken = _names(tree)
    used = _every(tree) | BUILTINS
    new: dict[str, str] = {}
    for names, pool in ((sorted(here), local), (sorted(taken), imported)):
        for name in names:
            found = draw.choice(pool)
            if words and draw.random() < 0.5:
                found = _with_other_words(found, draw, words)
            if found not in used and not iskeyword(found):
                used.add(found)
                new[name] = found
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = new.get(node.arg, node.arg)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            node.name = new.get(node.name, node.name)
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                if alias.asname is None:
                    alias.name = new.get(alias.name, alias.name)
                else:
                    alias.asname = new.get(alias.asname, alias.asname)
            statement.names.sort(key=lambda alias: alias.asname or alias.name)
    parts = [ast.unparse(statement) for statement in tree.body]
    return "\n".join([*parts[:-1], "", parts[-1]]) if parts[:-1] else parts[-1]


def _with_other_words(name: str, draw: Random, words: Sequence[str]) -> str:
    """Replace the words of a name, keeping its form: `_read_line` may become `_next_mode`, `ValueError` `SetPath`."""

    def other(found: re.Match[str]) -> str:
        word = draw.choice(words)
        return word.capitalize() if found[0][0].isupper() else word

    return _WORD.sub(other, name)


def _names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Collect the names to redraw: bound inside of the function, and imported from a module above it."""
    bound, kept = set[str](), set[str](_KEPT)
    taken = {
        alias.asname or alias.name
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            kept.update(node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            kept.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom) and node not in tree.body:
            kept.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            kept.add(node.rest)
    return bound - taken - kept, taken - bound - kept


def _every(tree: ast.Module) -> set[str]:
    """Collect all names of a program."""
    found = set[str]()
    for node in ast.walk(tree):
        for part in ("id", "arg", "name", "asname", "attr", "rest"):
            value = getattr(node, part, None)
            if isinstance(value, str):
                found.add(value)
    return found


@lru_cache(maxsize=2)
def _words(one_in: int) -> tuple[str, ...]:
    """Collect the words of at least two letters in these names."""
    names = "\n".join(name for pool in _pools(one_in) for name in pool)
    return tuple(sorted({word.lower() for word in _WORD.findall(names) if len(word) > 1}))


@lru_cache(maxsize=4)
def _documents(split: str, one_in: int) -> tuple[str, ...]:
    return tuple(functions(split, one_in))


@lru_cache(maxsize=2)
def _pools(one_in: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Collect the names that the training functions bind, and those that they import."""
    local, imported = set[str](), set[str]()
    for text in _documents("train", one_in):
        here, taken = _names(ast.parse(text))
        local |= here
        imported |= taken
    return tuple(sorted(local - BUILTINS)), tuple(sorted(imported - BUILTINS))
