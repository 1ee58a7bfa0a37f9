"""Names from nowhere: every way that Python binds a name, the reasons that are given, and where a function ends."""

from __future__ import annotations

import sys

import pytest

from core.analysis.tasks.code_checks import MOST, check_code, first_function

FINE = {
    "parameters": "def f(a, /, b, *args, c=1, **more):\n    return a, b, args, c, more",
    "an assigned name": "def f():\n    x = 1\n    return x",
    "unpacking": "def f(pairs):\n    (a, [b, *rest]), c = pairs\n    return a, b, rest, c",
    "augmented": "def f():\n    n = 0\n    n += 1\n    return n",
    "annotated": "def f(x: int) -> str:\n    y: list = [x]\n    return str(y)",
    "a builtin": "def f(x):\n    return sorted(x, key=len)[: len(x) // 2]",
    "for and its else": "def f(rows):\n    for row in rows:\n        pass\n    else:\n        x = 1\n    return row, x",
    "with": "def f(path):\n    with open(path) as file, open(path) as (one, two):\n        return file, one, two",
    "except as": "def f():\n    try:\n        pass\n    except (OSError, ValueError) as error:\n        return error",
    "except group": "def f():\n    try:\n        pass\n    except* OSError as several:\n        print(several)",
    "a comprehension": "def f(rows):\n    return [x + y for row in rows for x, y in row if x if y]",
    "a nested comprehension": "def f(rows):\n    return {k: [c for c in v if c != k] for k, v in rows.items()}",
    "a generator reads around": "def f(rows, least):\n    return all(row > least for row in rows)",
    "a walrus": "def f(x):\n    if (n := len(x)) > 1:\n        return n\n    return n",
    "a walrus in a comprehension": "def f(rows):\n    found = [y for x in rows if (y := x)]\n    return found, y",
    "a lambda": "def f(n, *, m=2):\n    return lambda x, *y, z=n, **w: (x, y, z, w, n, m)",
    "a nested function": "def f(n):\n    def inner(m):\n        return n + m + inner(0)\n    return inner",
    "a later outer name": "def f():\n    def inner():\n        return late\n    late = 1\n    return inner",
    "nonlocal": "def f():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n    return up",
    "global": "total = 0\ndef f():\n    global total, made\n    total += 1\n    made = 2\n    return total + made",
    "a global made elsewhere": "def f():\n    global made\n    made = 1\ndef g():\n    return made",
    "a class body": "def f():\n    class One(dict):\n        n = 1\n        m = n + 1\n        where = __qualname__\n"
    "        def me(self):\n            return super().__len__(), __class__\n    return One",
    "an import inside": "def f(path):\n    import os.path, re as rx\n    from json import loads as read, dumps\n"
    "    return os.path, rx, read, dumps",
    "an import above": "import os\nfrom a import b as c\n\ndef f():\n    return os, c",
    "a star import": "from os import *\n\ndef f():\n    return getcwd()",
    "del": "def f(x):\n    y = x\n    del x, y",
    "an f-string": "def f(x, width):\n    return f'{x!r:>{width}} {x.real=}'",
    "match": "def f(x):\n    match x:\n        case {'a': a, **rest}:\n            return a, rest\n"
    "        case [first, *others] | (first, others):\n            return first, others\n"
    "        case int(real=r) as whole if r:\n            return r, whole\n        case last:\n            return last",
    "attributes and keywords": "def f(self, call):\n    self.nowhere.at_all = 1\n    return call(unknown=self.x)",
    "a decorator": "import functools\n\n@functools.wraps(print)\n@staticmethod\ndef f():\n    return f",
    "async": "async def f(rows):\n    async with rows as one:\n        return [x async for x in one if await x]",
    "names every module has": "def f():\n    return __name__, __file__, __doc__",
    "a string is no name": "def f():\n    return 'nowhere', b'x'",
}

WRONG = {
    "a name from nowhere": ("def f(x):\n    y = x\n    return foo + y", {("foo", 3)}),
    "the first line counts": ("def f():\n    foo()\n    return foo", {("foo", 2)}),
    "several, by line": ("def f():\n    b()\n    return a, b", {("b", 2), ("a", 3)}),
    "a comprehension's own": ("def f(rows):\n    [x for x in rows]\n    return x", {("x", 3)}),
    "a comprehension's first source": ("def f():\n    return [x for x in x]", {("x", 2)}),
    "a lambda's own": ("def f():\n    g = lambda a: a\n    return a", {("a", 3)}),
    "a lambda's default": ("def f():\n    return lambda a=a: a", {("a", 2)}),
    "a default": ("def f(a, b=a):\n    return b", {("a", 1)}),
    "an annotation": ("def f(a: Path) -> Other:\n    return a", {("Path", 1), ("Other", 1)}),
    "a decorator": ("@cached\ndef f():\n    pass", {("cached", 1)}),
    "an inner function's own": (
        "def f():\n    def g(n):\n        m = n\n    return n, m",
        {("n", 4), ("m", 4)},
    ),
    "a method looks past its class": (
        "class A:\n    n = 1\n    def f(self):\n        return n\n    def g(self):\n        return [n for _ in self]",
        {("n", 4)},
    ),
    "a comprehension in a class": ("class A:\n    n = 1\n    m = [n for _ in 'ab']", {("n", 3)}),
    "__class__ without a class": ("def f(self):\n    return __class__", {("__class__", 2)}),
    "global, made nowhere": ("def f():\n    global lost\n    return lost", {("lost", 3)}),
    "global looks past a parameter": (
        "def f(n):\n    def g():\n        global n\n        return n\n    return g",
        {("n", 4)},
    ),
    "an import brings one name": (
        "import os.path\nfrom a import b as c\n\ndef f():\n    return path, b",
        {("path", 5), ("b", 5)},
    ),
    "an f-string": ("def f(x):\n    return f'{x} {y:{w}}'", {("y", 2), ("w", 2)}),
    "match against a name": (
        "def f(x):\n    match x:\n        case Point(a=1):\n            return a",
        {("Point", 3), ("a", 4)},
    ),
    "a keyword is no name": ("def f(call):\n    call(n=1)\n    return n", {("n", 3)}),
    "the walrus of an inner function": ("def f(x):\n    g = lambda: (n := x)\n    return n", {("n", 3)}),
    "the prompt's `_`": ("def f():\n    return _('text')", {("_", 2)}),
}


@pytest.mark.parametrize("what", FINE)
def test_every_way_to_bind_a_name_is_known(what):
    found = check_code(FINE[what])
    assert found.right, found.reasons
    assert found.reasons == ()


@pytest.mark.parametrize("what", WRONG)
def test_a_name_from_nowhere_is_named_with_its_first_line(what):
    text, expected = WRONG[what]
    found = check_code(text)
    assert found.parses
    assert not found.right
    assert {(one.name, one.line) for one in found.undefined} == expected
    for name, line in expected:
        assert f"name '{name}' is not defined here, at line {line}" in found.reasons


def test_type_parameters_are_bound_around_their_function_and_class():
    """They came with Python 3.12, and are no Python before."""
    known = sys.version_info >= (3, 12)
    text = (
        "def f[T: int](x: T) -> T:\n    y: T = x\n    return y\ntype L[U] = list[U]\nclass A[V](list[V]): ..."
    )
    assert check_code(text).right == known
    found = check_code("def f[T](x: T): ...\ny: T = 1")
    assert [one.name for one in found.undefined] == (["T"] if known else [])


def test_names_that_the_caller_knows_are_allowed():
    text = "def f(path):\n    return os.stat(path), _helper(path)"
    assert [one.name for one in check_code(text).undefined] == ["_helper", "os"]
    assert [one.name for one in check_code(text, known=["os"]).undefined] == ["_helper"]
    assert check_code(text, known=["os", "_helper"]).right


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:\n    pass", "this is no Python: invalid syntax, at line 1"),
        ("def f(x):\n    return (x", "this is no Python: '(' was never closed, at line 2"),
        ("return 1", "this is no Python: 'return' outside function, at line 1"),
        ("def f():\n    break", "this is no Python: 'break' outside loop, at line 2"),
        ("def f(a, a):\n    pass", "duplicate argument 'a'"),
        ("def f():\n    nonlocal n", "no binding for nonlocal 'n' found"),
        ("def f():\n    x = 'a", "unterminated string literal"),
        ("def f():\n  a\n b", "unindent does not match"),
        ("x = 1\0", "null byte"),
        ("(" * 3_000, "nested"),
        ("x = " + "-" * 19_000 + "1", "nested"),
        ("#" * (MOST + 1), f"the code has {MOST + 1:,} characters; at most {MOST:,}"),
        ("\ud800", "surrogates not allowed"),
    ],
)
def test_what_is_no_python_is_told_why(text, said):
    found = check_code(text)
    assert not found.parses
    assert not found.right
    assert found.undefined == ()
    assert said in found.reasons[0] or "deeply" in found.reasons[0], found.reasons


def test_nothing_is_run(capsys, tmp_path):
    target = tmp_path / "made"
    text = f"open({str(target)!r}, 'w')\nprint('run')\nraise SystemExit\n"
    assert check_code(text).right
    assert first_function(text, ended=True) == text.rstrip()
    assert not target.exists()
    assert capsys.readouterr().out == ""


def test_a_warning_of_the_compiler_is_not_shown(recwarn):
    assert check_code("def f(x):\n    return x is 1, '\\d'").right
    assert not recwarn.list


ONE = "import os\n\n@staticmethod\ndef f(x):\n    y = [\n1,\n    ]\n\n    return y"


@pytest.mark.parametrize(
    "more", ["\ndef g():\n    pass", "\n\nprint(f)", "\n# a comment\n", "\n@property\ndef"]
)
def test_a_function_ends_before_the_next_line_at_the_margin(more):
    assert first_function(ONE + more, ended=False) == ONE
    assert first_function(ONE + more, ended=True) == ONE


def test_a_function_without_a_line_behind_it_ends_where_the_writer_says():
    assert first_function(ONE, ended=False) is None
    assert first_function(ONE + "\n    ", ended=True) == ONE
    assert first_function("x = 1", ended=False) is None


def test_a_margin_inside_a_string_or_bracket_is_not_the_end():
    text = 'def f():\n    x = """\nmore\n"""\n    return x'
    assert first_function(text + "\nf()", ended=False) == text
    open_string = "def f():\n    return (\n1 +\n"
    assert first_function(open_string, ended=True) == open_string.rstrip()
    broken = "def f():\n    return 1 +"
    assert first_function(broken + "\nx", ended=False) == broken
    assert not check_code(broken).parses
