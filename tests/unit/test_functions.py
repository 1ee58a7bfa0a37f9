"""Functions of the library as documents: what stands above them, what is left out, how they are divided and renamed."""

from __future__ import annotations

import ast
import symtable
from itertools import islice
from random import Random

import pytest

from core.analysis.tasks.code_checks import check_code
from core.data import corpora, functions, renaming
from core.data.functions import MOST_CHARACTERS, of_module
from core.data.library import library as whole_library
from core.data.renaming import rename, renamed
from core.text.scopes import BUILTINS, unbound

MODULE = '''
"""A module."""
import os, os.path as place
import xml.dom
from . import sibling
from .deep.er import thing as it
from ..above import up
try:
    from fast import quick
except ImportError:
    quick = None
LIMIT = 3
if LIMIT:
    def chosen(x):
        return x + LIMIT  # a comment
class Kind:
    size = 4
    def method(self, other=(1,   2)):
        """What it does.

        And how, at length.
        """
        return os.path.join(self.size, place.sep), Kind
    @property
    def short(self): return super().short
    @classmethod
    @deferred
    def made(cls):
        return cls()
    @size.setter
    def sized(self, n):
        self.n = n
    def uses_class_names(self, n=size):
        return n
    class Inner:
        async def waits(self, x):
            return await it(x, quick, up, sibling, xml.dom)
def outer():
    def inner():
        return nowhere
    return inner
def documented():
    """Only said."""
def long_said():
    """%s"""
    return 1
def recursive(n):
    return recursive(n - 1) + LIMIT
'''


def documents(path: str = "pack/age/module.py", source: str = MODULE % ("x" * 90)) -> dict[str, str]:
    """Of one module, by the name of the function."""
    found = {}
    for text in of_module(source, path):
        last = ast.parse(text).body[-1]
        assert isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef)
        found[last.name] = text
    return found


def test_a_function_stands_below_the_names_that_it_takes_from_its_module():
    found = documents()
    assert found["chosen"] == "from pack.age.module import LIMIT\n\ndef chosen(x):\n    return x + LIMIT"
    assert found["method"] == (
        "import os\nimport os.path as place\nfrom pack.age.module import Kind\n\n"
        'def method(self, other=(1, 2)):\n    """What it does."""\n'
        "    return (os.path.join(self.size, place.sep), Kind)"
    )
    assert found["waits"] == (
        "import xml.dom\nfrom fast import quick\nfrom pack.above import up\nfrom pack.age import sibling\n"
        "from pack.age.deep.er import thing as it\n\n"
        "async def waits(self, x):\n    return await it(x, quick, up, sibling, xml.dom)"
    )


def test_a_package_is_called_by_its_folder():
    assert documents("pack/age/__init__.py")["chosen"].startswith("from pack.age import LIMIT\n")
    assert "from pack.age.deep.er import thing as it" in documents("pack/age/__init__.py")["waits"]


def test_what_a_function_cannot_take_along_is_left_out():
    found = documents()
    assert set(found) == {
        "chosen", "method", "short", "made", "sized", "waits", "documented", "long_said", "recursive",
    }  # fmt: skip
    assert found["short"] == "@property\ndef short(self):\n    return super().short"
    assert found["made"] == "@classmethod\ndef made(cls):\n    return cls()"
    assert found["sized"].startswith("def sized")
    assert found["documented"] == 'def documented():\n    """Only said."""'
    assert found["long_said"] == "def long_said():\n    return 1"
    assert found["recursive"].startswith("from pack.age.module import LIMIT\n\ndef recursive(n):")


def test_no_document_of_a_module_has_a_name_from_nowhere():
    for text in documents().values():
        assert check_code(text).right, check_code(text).reasons


@pytest.mark.parametrize("source", ["def f(:", "x = '\0'", ""])
def test_what_is_no_python_has_no_functions(source):
    assert list(of_module(source, "a.py")) == []


def test_a_program_that_cannot_be_imported_has_no_functions():
    assert list(of_module("def f():\n    return 1", "config-3/python-config.py")) == []


@pytest.fixture
def library(monkeypatch):
    """A library of few modules, of which the checksum holds out some."""
    body = (
        "def one{n}(a, b):\n    c = a + b\n    return c\n\ndef shared(x):\n    y = x\n    return y\n\n"
        "def long():\n    return {long!r}"
    )
    files = [(f"m{n}.py", body.format(n=n, long="z" * MOST_CHARACTERS)) for n in range(40)]
    monkeypatch.setattr(functions, "library", lambda: iter(files))
    for cached in (functions._parts, renaming._documents, renaming._pools, renaming._words):
        cached.cache_clear()
    yield files
    for cached in (functions._parts, renaming._documents, renaming._pools, renaming._words):
        cached.cache_clear()


def test_no_function_is_held_out_that_training_has_below_other_imports(monkeypatch):
    shared = "def shared(x):\n    return join(x)\n"
    files = [
        (f"m{n}.py", f"from other{n} import join\n{shared}def one{n}(a):\n    return a") for n in range(40)
    ]
    monkeypatch.setattr(functions, "library", lambda: iter(files))
    functions._parts.cache_clear()
    train, held_out = (list(corpora.corpus("functions", split=part)) for part in ("train", "held_out"))
    functions._parts.cache_clear()
    assert sum("def shared" in text for text in train) > 10
    assert held_out and all(text.startswith("def one") for text in held_out)


def test_whole_modules_are_held_out_and_nothing_comes_twice(library):
    train, held_out = list(corpora.corpus("functions")), list(corpora.corpus("functions", split="held_out"))
    assert len(train) == len(set(train)) and set(train).isdisjoint(held_out)
    assert sum("def shared" in text for text in [*train, *held_out]) == 1, "of every module, so it comes once"
    assert not any("def long" in text for text in [*train, *held_out])
    modules = {int(one.module[1:-3]) for one in functions.held_out_functions(10)}
    assert {n for n in range(40) if any(f"def one{n}(" in text for text in held_out)} == modules
    assert 0 < len(modules) < 12
    assert train == list(corpora.corpus("functions", seed=9))


LONG = (
    "import os\nfrom a import taken\nfrom b import c as other\n\n"
    "def f(self, path, *rest, key=None):\n"
    "    import re\n    global kept\n    kept = path\n"
    "    def inner(x):\n        return x + path\n"
    "    try:\n        total = [row for row in rest if (n := row)]\n"
    "    except OSError as error:\n        return (error, n, re, kept)\n"
    "    return taken(path, other, key=key, total=total) + os.path + inner(total).path"
)


def test_names_are_renamed_everywhere_alike_and_the_others_stay():
    local = tuple(f"local_{n}" for n in range(50))
    imported = tuple(f"Imported{n}" for n in range(50))
    text = rename(LONG, Random(3), local, imported)
    found = check_code(text)
    assert found.right, found.reasons
    assert text == rename(LONG, Random(3), local, imported) != rename(LONG, Random(4), local, imported)
    lines = text.split("\n")
    assert lines[0] == "import os"
    assert lines[1].startswith("from a import Imported") and lines[2].startswith(
        "from b import c as Imported"
    )
    assert (
        "def f(self, local_" in text
        and "import re" in text
        and "global kept" in text
        and "def inner(local_" in text
    )
    assert "key=local_" in text and "total=local_" in text, "a keyword of a call stays, its value does not"
    assert ".path" in text and " path" not in text

    def shape(source: str) -> list[str]:
        return [type(node).__name__ for node in ast.walk(ast.parse(source))]

    assert shape(text) == shape(LONG)


def test_no_new_name_hides_another():
    """Two names of a pool of two, one of which the function has already."""
    for seed in range(30):
        text = rename(
            "def f(a, b):\n    c = a\n    return (a, b, c, len)", Random(seed), ("a", "len", "n"), ("m",)
        )
        function = ast.parse(text).body[0]
        assert isinstance(function, ast.FunctionDef)
        value = function.body[-1].value  # type: ignore[attr-defined]
        names = [each.id for each in value.elts]
        assert len(set(names)) == 4 and names[-1] == "len"


def test_half_of_the_names_have_other_words_in_them():
    words = ("alpha", "beta", "if", "n")
    drawn = [
        rename("def f(x):\n    return x", Random(seed), ("_old_NameHere2",), ("m",), words)
        for seed in range(400)
    ]
    names = [text.split("(")[1].split(")")[0] for text in drawn]
    assert 150 < names.count("_old_NameHere2") < 250
    assert set(names) - {"_old_NameHere2"} <= {
        f"_{one}_{two.capitalize()}{three.capitalize()}2" for one in words for two in words for three in words
    }
    assert len(set(names)) > 30
    assert all(check_code(text).right for text in drawn)
    drawn = [rename("def f(x):\n    return x", Random(seed), ("ab",), ("m",), ("if",)) for seed in range(9)]
    assert {text.split("(")[1][0] for text in drawn} == {"x", "a"}, "no keyword becomes a name"


def test_renamed_functions_never_end_and_follow_their_seed(library):
    first = list(islice(corpora.corpus("renamed", seed=2), 90))
    assert first == list(islice(renamed(2, "train", corpora.ONE_IN), 90))
    assert first[1:] == list(islice(corpora.corpus("renamed", seed=3), 89))
    assert all(check_code(text).right for text in first)
    held_out = next(corpora.corpus("renamed", split="held_out"))
    assert held_out.split("(")[0] not in {text.split("(")[0] for text in first}


def test_free_names_are_those_of_pythons_own_symbol_table():
    """Over files of the library, against the table that Python's compiler makes."""
    files = [source for _, source in whole_library()][::12]
    assert len(files) > 40
    for source in files:
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        expected = _from_symtable(source)
        if "import *" in source or expected is None:
            continue
        ours = {name for name, _ in unbound(tree)}
        assert ours - BUILTINS == expected - BUILTINS, source[:80]


def _from_symtable(source: str) -> set[str] | None:
    """Names read and bound nowhere; None where the table says too much (of a function called top, of `super`)."""
    top = symtable.symtable(source, "file", "exec")
    bound, read = set[str](), set[str]()
    waiting = [top]
    while waiting:
        table = waiting.pop()
        waiting.extend(table.get_children())
        if table is not top and table.get_name() == "top":
            return None
        for symbol in table.get_symbols():
            if table is top or symbol.is_global():
                if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                    bound.add(symbol.get_name())
                if symbol.is_referenced():
                    read.add(symbol.get_name())
    return read - bound - {"__class__"}
