"""The functions of Python's standard library, each as a self-contained program.

Every function and method that is short enough is written anew from its syntax tree (`ast.unparse`): one form, no
comments, of the docstring the first line. Names that a function takes from its module stand above it as imports, so no
name in a document is undefined. Nothing is imported or run: the files are only parsed.
"""

from __future__ import annotations

import ast
import copy
import warnings
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from core.data.library import library
from core.text.scopes import BUILTINS, unbound

MOST_CHARACTERS = 480  # of a document: about 160 tokens
_DOCSTRING = 72  # characters of a docstring's first line, beyond which it is left out
_KEPT_DECORATORS = {"property", "staticmethod", "classmethod"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """One function of the library. `module` is its file's path inside the library, `text` the whole document."""

    module: str
    text: str


def functions(split: str, one_in: int) -> Iterator[str]:
    """Return the documents of `split`: whole modules are held out, one in `one_in`, by the checksum of the file's path.

    A text that several modules share comes once, and no function that training has comes among the held-out ones, nor
    below other import lines. In the order of their own checksums, so that the first of them are of many modules.
    """
    train, held_out = _parts(one_in)
    return (one.text for one in (train if split == "train" else held_out))


def held_out_functions(one_in: int) -> tuple[Function, ...]:
    """Return the functions of the held-out modules, with their modules."""
    return _parts(one_in)[1]


@lru_cache(maxsize=2)
def _parts(one_in: int) -> tuple[tuple[Function, ...], tuple[Function, ...]]:
    """Return both parts, without repetitions: train, held out."""
    found: tuple[list[Function], list[Function]] = ([], [])
    for name, source in library():
        kept = zlib.crc32(name.encode()) % one_in == 0
        found[kept].extend(Function(name, text) for text in of_module(source, name))
    seen: set[str] = set()
    train, held_out = (_new(part, seen) for part in found)
    read = {_below_imports(one.text) for one in train}
    return train, tuple(one for one in held_out if _below_imports(one.text) not in read)


def _below_imports(document: str) -> str:
    """Return the function of a document, without its imports."""
    if not document.startswith(("import ", "from ")):
        return document
    return document.partition("\n\n")[2]


def _new(found: Iterable[Function], seen: set[str]) -> tuple[Function, ...]:
    kept = []
    for one in found:
        if one.text not in seen:
            seen.add(one.text)
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: (zlib.crc32(one.text.encode()), one.text)))


def of_module(source: str, path: str) -> Iterator[str]:
    """Extract the documents of one file, in its order; none if it does not parse, or is no module.

    Args:
        path: inside the library, with "/" between folders: what the module is called follows from it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # for invalid escapes in old strings
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    module = _Module(path)
    if not all(part.isidentifier() for part in module.name.split(".")):
        return  # an importable program only
    module.read(tree.body)
    for function in _found(tree.body):
        text = module.document(function)
        if text is not None and len(text) <= MOST_CHARACTERS:
            yield text


def _found(body: list[ast.stmt]) -> Iterator[_Function]:
    """Collect the functions of a module and the methods of its classes, not nested functions."""
    for statement in body:
        if isinstance(statement, _Function):
            yield statement
            continue
        for part in ("body", "orelse", "handlers", "finalbody"):
            inner = getattr(statement, part, [])
            yield from _found([each for each in inner if isinstance(each, ast.stmt)])
            for handler in inner:
                if isinstance(handler, ast.ExceptHandler):
                    yield from _found(handler.body)


@dataclass
class _Module:
    """The names that a module binds: imported from where, or defined here.

    Attributes:
        imports: of each name bound by an import, the module ("" for `import x`) and what is written of it.
    """

    path: str
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The import name: "json/__init__.py" is json."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def read(self, body: list[ast.stmt]) -> None:
        """Record the names that the module's statements bind, also those under `if`, `try` and `with`."""
        for node in _outside_of_functions(body):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.split(".")[0]
                    self._note(bound, "", _written(alias))
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self._note(alias.asname or alias.name, self._from(node), _written(alias))
            elif isinstance(node, _Function | ast.ClassDef):
                self._note(node.name, self.name, node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._note(node.id, self.name, node.id)

    def _note(self, bound: str, module: str, written: str) -> None:
        self.imports.setdefault(bound, (module, written))

    def _from(self, node: ast.ImportFrom) -> str:
        """Return the absolute module of `from ... import`."""
        if not node.level:
            return node.module or ""
        parts = self.name.split(".") if self.path.endswith("/__init__.py") else self.name.split(".")[:-1]
        parts = parts[: len(parts) - node.level + 1]
        return ".".join([*parts, *([node.module] if node.module else [])])

    def document(self, function: _Function) -> str | None:
        """Build the function's document with its imports above it; None, if a name is undefined."""
        node = _bare(function, self.imports)
        text = ast.unparse(node)
        wanted = sorted(name for name, _ in unbound(ast.parse(text)) if name not in BUILTINS)
        if any(name not in self.imports for name in wanted):
            return None
        return "\n".join([*self._lines(wanted), "", text]) if wanted else text

    def _lines(self, wanted: list[str]) -> list[str]:
        plain: list[str] = []
        modules: dict[str, list[str]] = {}
        for name in wanted:
            module, written = self.imports[name]
            if module:
                modules.setdefault(module, []).append(written)
            else:
                plain.append(f"import {written}")
        return [
            *plain,
            *(f"from {module} import {', '.join(each)}" for module, each in sorted(modules.items())),
        ]


def _outside_of_functions(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield every node that runs at import, nothing inside of functions, classes and lambdas."""
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(
            node,
            _Function
            | ast.ClassDef
            | ast.Lambda
            | ast.ListComp
            | ast.SetComp
            | ast.DictComp
            | ast.GeneratorExp,
        ):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _bare(function: _Function, known: Iterable[str]) -> _Function:
    """Copy a function with only the first line of its docstring, and without decorators that need its class."""
    node = copy.copy(function)
    node.decorator_list = [each for each in node.decorator_list if _usable(each, known)]
    first = node.body[0]
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        line = first.value.value.strip().split("\n")[0].strip()
        said = [ast.Expr(ast.Constant(line))] if 0 < len(line) <= _DOCSTRING else []
        rest = node.body[1:] or ([] if said else [ast.Pass()])
        node.body = [*said, *rest]
    return node


def _usable(decorator: ast.expr, known: Iterable[str]) -> bool:
    names = {each.id for each in ast.walk(decorator) if isinstance(each, ast.Name)}
    return all(name in _KEPT_DECORATORS or name in known for name in names)


def _written(alias: ast.alias) -> str:
    return alias.name + (f" as {alias.asname}" if alias.asname else "")
