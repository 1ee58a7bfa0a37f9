"""Whatever is written: a check of code ends with a reason, and other names make no name come from nowhere."""

from __future__ import annotations

import ast
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.analysis.tasks.code_checks import check_code, first_function
from core.analysis.tasks.code_scores import divide
from core.data.functions import of_module
from core.data.renaming import rename
from core.text.scopes import BUILTINS, unbound
from tests.tiers import examples

NAMES = st.sampled_from(["a", "b", "c", "total", "row", "path"])
PIECES = st.sampled_from(
    [
        *(
            "def f(",
            "x",
            "):",
            "\n",
            "\n    ",
            "return ",
            "(",
            ")",
            "[",
            "]",
            "'",
            '"""',
            "lambda x: ",
            "for ",
            " in ",
        ),
        *(
            "if ",
            ":",
            "=",
            " := ",
            "import os",
            "global ",
            "class A",
            "match x",
            "case ",
            "*",
            "async ",
            "await ",
        ),
        *("é", "\0", "\\", "#", "{x!r}"),
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join)), st.booleans())
@settings(max_examples=examples(300), deadline=None)
def test_any_text_is_checked_and_cut_without_an_error(text, ended):
    found = check_code(text)
    assert found.right == (not found.reasons)
    if found.parses:
        compile(text, "any", "exec", dont_inherit=True)
    cut = first_function(text, ended)
    if cut is not None:
        assert text.startswith(cut)
        assert first_function(cut, True) == cut


@st.composite
def expressions(draw, depth=2):
    if not depth:
        return draw(st.one_of(NAMES, st.integers(0, 9).map(str)))
    one, other, name = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1)), draw(NAMES)
    forms = [
        *("{0} + {1}", "f({0}, k={1})", "({0}).x", "[{2} for {2} in {0} if {1}]", "(lambda {2}={0}: {1})"),
        *("({2} := {0})", "{{{2}: {1} for {2}, _v in {0}}}", "f'{{{0}}} {{{1}}}'"),
    ]
    return draw(st.sampled_from(forms)).format(one, other, name)


@st.composite
def programs(draw):
    """A function of statements that bind and read a few names in every way."""
    forms = [
        *(
            "{1} = {0}",
            "{1} += {0}",
            "for {1} in {0}:\n        pass",
            "with {0} as {1}:\n        pass",
            "del {1}",
        ),
        *("import {1}", "from m import {1} as {2}", "def {1}({2}={0}):\n        return {2}"),
        *(
            "class {1}:\n        {2} = {0}",
            "try:\n        pass\n    except {0} as {1}:\n        pass",
            "global {1}",
        ),
        "match {0}:\n        case [{1}, *{2}]:\n            pass",
    ]
    lines = [
        draw(st.sampled_from(forms)).format(draw(expressions()), draw(NAMES), draw(NAMES))
        for _ in range(draw(st.integers(1, 5)))
    ] + [f"return {draw(expressions())}"]  # nothing behind it, which the compiler would leave out
    return f"def f({draw(NAMES)}, *rest):\n    " + "\n    ".join(lines)


@given(programs())
@example("def f(a, *rest):\n    global path\n    del path\n    return a + path")
@settings(max_examples=examples(200), deadline=None)
def test_free_names_are_those_of_the_compilers_code(text):
    """Names that the compiled code looks up in the module and the builtins, less those that it stores there."""
    found = check_code(text)
    if not found.parses:
        return
    ours = {name for name, _ in unbound(ast.parse(text))}
    assert ours == _from_bytecode(compile(text, "any", "exec", dont_inherit=True)), text


def _from_bytecode(code) -> set[str]:
    import dis
    import types

    read, stored = set(), set()
    waiting = [(code, True)]
    while waiting:
        one, top = waiting.pop()
        for each in dis.get_instructions(one):
            if each.opname == "LOAD_GLOBAL" or (
                each.opname == "LOAD_NAME" and (top or each.argval not in _stored(one))
            ):
                read.add(each.argval)
            elif each.opname == "STORE_GLOBAL" or (top and each.opname == "STORE_NAME"):
                stored.add(each.argval)
        waiting += [(each, False) for each in one.co_consts if isinstance(each, types.CodeType)]
    return read - stored - {"__name__"}


def _stored(code) -> set[str]:
    import dis

    return {each.argval for each in dis.get_instructions(code) if each.opname == "STORE_NAME"}


@given(programs(), st.integers(0, 1_000))
@settings(max_examples=examples(100), deadline=None)
def test_a_document_with_other_names_is_as_right_as_before(text, seed):
    local, imported = tuple(f"v{n}" for n in range(40)), tuple(f"M{n}" for n in range(40))
    for document in of_module(f"from m import total, path\nrow = 1\n{text}", "pack/mod.py"):
        if not check_code(document).right:  # not a program: a name is both a parameter and global, say
            continue
        again = rename(document, Random(seed), local, imported)
        found = check_code(again)
        assert found.right, (document, again, found.reasons)
        task = divide(again)
        assert task is None or task.prompt + task.rest == again
        free = {name for name, _ in unbound(ast.parse(again))}
        assert free <= BUILTINS
