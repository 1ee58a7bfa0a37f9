"""The changes that mutation sampling makes in a Python module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS = {
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="],
    "is": ["is not"], "is not": ["is"], "in": ["not in"], "not in": ["in"],
}  # fmt: skip
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "%": "*", "**": "*"}
BOOLEAN = {"and": "or", "or": "and"}
SYMBOLS: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in", ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**", ast.And: "and", ast.Or: "or",
}  # fmt: skip
LOGGERS = {"log", "logger", "logging", "warnings"}
TRUTH = (ast.Compare, ast.BoolOp)


@dataclass(frozen=True)
class Change:
    """A replacement of the bytes from `start` to `end`; the other fields are those of `mutants.Mutant`."""

    operator: str
    start: int
    end: int
    after: str
    line: int
    first: int
    last: int
    at_import: bool


def find_changes(source: bytes) -> Iterator[Change]:
    """Yield every change of a module that sampling may draw."""
    yield from _Finder(source).visit_all()


class _Finder:
    """Walks through a module and remembers the statement that it is in."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.starts = [0]
        for line in source.split(b"\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.lines = (1, 1)
        self.at_import = True

    def visit_all(self) -> Iterator[Change]:
        yield from self.visit(ast.parse(self.source))

    # --- positions -----------------------------------------------------------------------------------------------

    def begin(self, node: ast.expr | ast.stmt) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def change(self, operator: str, start: int, end: int, after: str) -> Change:
        line = self.source.count(b"\n", 0, start) + 1
        return Change(operator, start, end, after, line, *self.lines, self.at_import)

    def replace(self, operator: str, node: ast.expr | ast.stmt, after: str) -> Change:
        return self.change(operator, self.begin(node), self.end(node), after)

    def replace_symbol(
        self, operator: str, left: ast.expr, right: ast.expr, symbol: str, after: str
    ) -> Iterator[Change]:
        """Replace the symbol between two operands, which may stand in brackets."""
        start = self.end(left)
        gap = self.source[start : self.begin(right)].decode()
        match = re.fullmatch(r"[\s()\\]*(" + re.escape(symbol) + r")[\s()\\]*", gap)
        if match:
            at = start + match.start(1)
            yield self.change(operator, at, at + len(match[1]), after)

    # --- the walk ------------------------------------------------------------------------------------------------

    def visit(self, node: ast.AST) -> Iterator[Change]:
        """Yield the changes of a node and of all below it."""
        if isinstance(node, ast.JoinedStr | ast.pattern | ast.Import | ast.ImportFrom) or _is_ignored(node):
            return  # before Python 3.12, what stands in an f-string has no position
        outer = self.lines, self.at_import
        if isinstance(node, ast.stmt):
            self.lines = _head_lines(node)
        yield from self.changes_of(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params"):
                continue
            if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                self.at_import = False
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self.visit(child)
            if name == "body":
                self.at_import = outer[1]
        self.lines, self.at_import = outer

    def changes_of(self, node: ast.AST) -> Iterator[Change]:
        match node:
            case ast.Compare():
                operands = [node.left, *node.comparators]
                for i, kind in enumerate(node.ops):
                    symbol = SYMBOLS[type(kind)]
                    for after in COMPARISONS[symbol]:
                        yield from self.replace_symbol(
                            "comparison", operands[i], operands[i + 1], symbol, after
                        )
            case ast.BinOp() if type(node.op) in SYMBOLS and not _is_text(node.left):
                symbol = SYMBOLS[type(node.op)]
                yield from self.replace_symbol(
                    "arithmetic", node.left, node.right, symbol, ARITHMETIC[symbol]
                )
            case ast.BoolOp():
                symbol = SYMBOLS[type(node.op)]
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield from self.replace_symbol("boolean", left, right, symbol, BOOLEAN[symbol])
            case ast.UnaryOp(op=ast.Not()):
                word = re.match(rb"not\s*", self.source[self.begin(node) :])
                assert word is not None
                yield self.change("boolean", self.begin(node), self.begin(node) + word.end(), "")
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                yield self.replace("number", node, repr(value + 1))
                if value and not self.source[: self.begin(node)].rstrip().endswith(b"-"):
                    yield self.replace("number sign", node, f"(-{self.text(node)})")
            case ast.If() | ast.IfExp() | ast.While():
                yield from self.force(node.test, loops=isinstance(node, ast.While))
            case ast.comprehension():
                for test in node.ifs:
                    yield from self.force(test)
            case ast.Return(value=ast.expr() as value) if not (
                isinstance(value, ast.Constant) and value.value is None
            ):
                yield self.replace("return value", value, "None")
                if isinstance(value, TRUTH):
                    yield self.replace("return value", value, f"not ({self.text(value)})")
            case ast.Break():
                yield self.replace("loop", node, "continue")
            case ast.Continue():
                yield self.replace("loop", node, "break")
            case ast.Expr(value=ast.Call()):
                yield self.replace("removed call", node, "pass")
            case _:
                yield from self.change_keys(node)

    def force(self, test: ast.expr, loops: bool = False) -> Iterator[Change]:
        """Replace a condition; a loop that never ends says nothing about the tests."""
        if isinstance(test, ast.Constant) or any(
            isinstance(inner, ast.NamedExpr | ast.Await) for inner in ast.walk(test)
        ):
            return
        for forced in ("False",) if loops else ("True", "False"):
            yield self.replace("condition", test, forced)

    def change_keys(self, node: ast.AST) -> Iterator[Change]:
        keys: list[ast.expr | None] = []
        match node:
            case ast.Subscript(value=named) if not (isinstance(named, ast.Name) and named.id == "Literal"):
                keys = [node.slice]
            case ast.Dict():
                keys = list(node.keys)
            case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[first, *_]):
                keys = [first]
        for key in keys:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                text = self.text(key)
                if re.fullmatch(r"(\"[^\"\n]+\"|'[^'\n]+')", text):
                    yield self.replace("string key", key, f"{text[:-1]}_{text[-1]}")

    def text(self, node: ast.expr) -> str:
        return self.source[self.begin(node) : self.end(node)].decode()


def _head_lines(node: ast.stmt) -> tuple[int, int]:
    """Return the first and last line of a statement, without the statements that it holds."""
    first, last = _first_line(node), node.end_lineno or node.lineno
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if body:
        last = max(node.lineno, _first_line(body[0]) - 1)
    return first, last


def _first_line(node: ast.stmt | ast.match_case) -> int:
    if isinstance(node, ast.match_case):
        return node.pattern.lineno
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_ignored(node: ast.AST) -> bool:
    """Return whether a node only serves types, logs, or the start as a program."""
    if isinstance(node, ast.If):
        names = {inner.id for inner in ast.walk(node.test) if isinstance(inner, ast.Name)}
        return bool(names & {"TYPE_CHECKING", "__name__"})
    if isinstance(node, ast.Expr):
        return _is_ignored(node.value)
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if isinstance(called, ast.Name):
        return called.id == "print"
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id in LOGGERS
    )
