"""Scope analysis of Python programs: which names are read, and whether each is bound in a visible scope.

Nothing is run.

Python's own rule (The Python Language Reference, section 4.2): a name that a function binds anywhere belongs to it; one
that it only reads is looked for in the functions around it, in the module, among the builtins. The body of a class is
looked into only from the class body itself, and a comprehension is a function of its own.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["module", "class", "function", "comprehension"]
_Defined = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
# `_` is a builtin only in the interactive interpreter; `__file__` is what every module that is a file has.
BUILTINS = (frozenset(dir(builtins)) - {"_"}) | {"__file__"}
_IN_A_CLASS = frozenset({"__module__", "__qualname__"})


@dataclass
class Scope:
    """A scope of a program with its names.

    Attributes:
        bound: the names that belong to it; elsewhere: those that `global` and `nonlocal` say do not.
        reads: every name it reads, with the line.
        open: it has a star import, so any name may come from there.
    """

    kind: Kind
    parent: Scope | None = None
    bound: set[str] = field(default_factory=set)
    elsewhere: dict[str, Literal["global", "nonlocal"]] = field(default_factory=dict)
    reads: list[tuple[str, int]] = field(default_factory=list)
    open: bool = False

    @property
    def module(self) -> Scope:
        """The outermost scope."""
        return self if self.parent is None else self.parent.module

    def bind(self, name: str) -> None:
        """Record that a statement of this scope binds `name`, here or in the scope where it was declared."""
        if self.elsewhere.get(name) == "global":
            self.module.bound.add(name)
        elif name not in self.elsewhere:
            self.bound.add(name)

    def sees(self, name: str) -> bool:
        """Return whether `name` is bound where this scope looks it up."""
        if self.elsewhere.get(name) == "global":
            return name in self.module.bound or self.module.open
        if name in self.bound or self.open:
            return True
        around = self.parent
        while around is not None:
            if around.kind == "class":
                if name == "__class__":  # read implicitly by `super()`
                    return True
            elif around.elsewhere.get(name) == "global":
                return around.sees(name)
            elif name in around.bound or around.open:
                return True
            around = around.parent
        return self.kind == "class" and name in _IN_A_CLASS


def unbound(tree: ast.Module) -> list[tuple[str, int]]:
    """Find the names that a program reads and that no visible scope binds (see also `BUILTINS`), each with its first
    line.

    In the order of the lines. Whether a name is bound before it is read is not asked, as loops and branches decide it.
    """
    reader = _Reader()
    reader.visit(tree)
    first: dict[str, int] = {}
    for scope in reader.scopes:
        for name, line in scope.reads:
            if not scope.sees(name):
                first[name] = min(line, first.get(name, line))
    return sorted(first.items(), key=lambda found: (found[1], found[0]))


class _Reader(ast.NodeVisitor):
    """A syntax tree visitor that records what each scope binds and reads."""

    def __init__(self) -> None:
        self.here = Scope("module")
        self.scopes = [self.here]

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.here.reads.append((node.id, node.lineno))
        elif not (isinstance(node.ctx, ast.Del) and self.here.elsewhere.get(node.id) == "global"):
            # `del` makes a name the scope's own; a global one it only takes a value from.
            self.here.bind(node.id)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Bind a walrus in a comprehension in the enclosing function (PEP 572)."""
        self.visit(node.value)
        scope = self.here
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        scope.bind(node.target.id)

    def visit_FunctionDef(self, node: _Defined) -> None:
        self._several(node.decorator_list)
        self.here.bind(node.name)
        outer = self._type_parameters(node)
        self._several([*node.args.defaults, *[each for each in node.args.kw_defaults if each]])
        self._annotations(node.args)
        if node.returns:
            self.visit(node.returns)
        self._function(node.args, node.body)
        self.here = outer

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._several([*node.args.defaults, *[each for each in node.args.kw_defaults if each]])
        self._function(node.args, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._several(node.decorator_list)
        self.here.bind(node.name)
        outer = self._type_parameters(node)
        self._several([*node.bases, *node.keywords])
        around = self._enter("class")
        self._several(node.body)
        self.here = around
        self.here = outer

    def visit_TypeAlias(self, node: ast.AST) -> None:
        """Visit `type Name[T] = value`, of Python 3.12."""
        self.visit(node.name)  # type: ignore[attr-defined]
        outer = self._type_parameters(node)
        self.visit(node.value)  # type: ignore[attr-defined]
        self.here = outer

    def _comprehension(self, node: _Comprehension) -> None:
        """Visit a comprehension: the first `for ... in` is read outside, all the rest inside."""
        first, *rest = node.generators
        self.visit(first.iter)
        around = self._enter("comprehension")
        self._several([first.target, *first.ifs, *rest])
        self._several([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self.here = around

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.here.open = True
            else:
                self.here.bind(alias.asname or alias.name.split(".")[0])

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.here.bind(node.name)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self.here.elsewhere.update(dict.fromkeys(node.names, "global"))

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.here.elsewhere.update(dict.fromkeys(node.names, "nonlocal"))

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.here.bind(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.here.bind(node.rest)
        self.generic_visit(node)

    def _function(self, arguments: ast.arguments, body: Iterable[ast.AST]) -> None:
        around = self._enter("function")
        for each in _parameters(arguments):
            self.here.bind(each.arg)
        self._several(body)
        self.here = around

    def _annotations(self, arguments: ast.arguments) -> None:
        self._several([each.annotation for each in _parameters(arguments) if each.annotation])

    def _type_parameters(self, node: ast.AST) -> Scope:
        """Enter the scope of `[T]` (Python 3.12) around a function or class; return the scope to go back to."""
        around, found = self.here, getattr(node, "type_params", [])
        if found:
            self._enter("function")
            for each in found:
                self.here.bind(each.name)
            self._several(found)
        return around

    def _enter(self, kind: Kind) -> Scope:
        """Enter a new scope; return the one to go back to."""
        around = self.here
        self.here = Scope(kind, around)
        self.scopes.append(self.here)
        return around

    def _several(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*every, *[each for each in (arguments.vararg, arguments.kwarg) if each]]
