"""Functions of the library with other names: the same forms, so that a name can only be known from where it stands.

A model that reads few functions learns their very names by heart. Here parameters, variables and names from modules are
drawn anew, each from names that the library has in such a place, and the same everywhere in one function.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from random import Random

from core.text.scopes import BUILTINS

_KEPT = frozenset({"self", "cls", "_"})
_Renamed = ast.Name | ast.arg | ast.ExceptHandler | ast.MatchAs | ast.MatchStar


def renamed(seed: int, split: str, one_in: int) -> Iterator[str]:
    """Function after function of `split` without end, each with names drawn by `seed`, `seed` + 1, ..."""
    documents = _documents(split, one_in)
    local, imported = _pools(one_in)
    while True:
        yield rename(documents[seed % len(documents)], Random(seed), local, imported)
        seed += 1


def rename(text: str, draw: Random, local: tuple[str, ...], imported: tuple[str, ...]) -> str:
    """A function with other names: those it binds from `local`, those it imports from a module from `imported`.

    `self`, `cls`, builtins, names of whole modules, attributes and keywords of calls stay as they are.
    """
    tree = ast.parse(text)
    here, taken = _names(tree)
    used = _every(tree) | BUILTINS
    new: dict[str, str] = {}
    for names, pool in ((sorted(here), local), (sorted(taken), imported)):
        for name in names:
            found = draw.choice(pool)
            if found not in used:
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
    parts = [ast.unparse(statement) for statement in tree.body]
    return "\n".join([*parts[:-1], "", parts[-1]]) if parts[:-1] else parts[-1]


def _names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """The names that may be drawn anew: bound inside of the function, and imported from a module above it."""
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
    """All names of a program, whatever they are."""
    found = set[str]()
    for node in ast.walk(tree):
        for part in ("id", "arg", "name", "asname", "attr", "rest"):
            value = getattr(node, part, None)
            if isinstance(value, str):
                found.add(value)
    return found


@lru_cache(maxsize=4)
def _documents(split: str, one_in: int) -> tuple[str, ...]:
    from core.data.functions import functions

    return tuple(functions(split, one_in))


@lru_cache(maxsize=2)
def _pools(one_in: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that the functions read in training bind, and those that they import."""
    local, imported = set[str](), set[str]()
    for text in _documents("train", one_in):
        here, taken = _names(ast.parse(text))
        local |= here
        imported |= taken
    return tuple(sorted(local - BUILTINS)), tuple(sorted(imported - BUILTINS))
