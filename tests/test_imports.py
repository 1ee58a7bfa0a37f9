"""The floors hold: imports go down, never up, and the dangerous or heavy ones stay out.

Read from the syntax tree, so an import inside a function counts as well.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("core", "app", "pages")


def absolute_name(node: ast.ImportFrom, path: str) -> str:
    """The module that a `from` import names, with leading dots resolved against the file's own package."""
    if not node.level:
        return node.module or ""
    package = Path(path).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def imports(tree: ast.AST, path: str) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported; `from a import b` yields `a.b`, which may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = absolute_name(node, path)
            yield from ((node.lineno, f"{module}.{alias.name}".lstrip(".")) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__"):
                yield node.lineno, str(node.args[0].value)


def aliases(tree: ast.AST, path: str) -> dict[str, str]:
    """What each imported name stands for: `import streamlit as st` gives {"st": "streamlit"}."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{absolute_name(node, path)}.{alias.name}".lstrip(".")
    return names


def dotted(node: ast.AST) -> str | None:
    """`a.b.c` of a chain of attributes, None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def uses(tree: ast.AST, path: str) -> Iterator[tuple[int, str]]:
    """(line, full dotted name) of every name used, with aliases resolved: `st.session_state` is streamlit's."""
    known = aliases(tree, path)
    for node in ast.walk(tree):
        name = dotted(node)
        if name is not None:
            first, _, rest = name.partition(".")
            full = known.get(first, first)
            yield getattr(node, "lineno", 0), f"{full}.{rest}" if rest else full


@cache
def names(path: str, source: str) -> tuple[set[tuple[int, str]], set[tuple[int, str]]]:
    """What a file imports and what it uses, read once for all rules."""
    tree = ast.parse(source)
    return set(imports(tree, path)), set(uses(tree, path))


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@dataclass(frozen=True)
class Rule:
    """What no file of a place may import or use."""

    says: str
    applies: Callable[[str], bool]  # a path relative to the root, with slashes
    imports: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    breaches: tuple[tuple[str, str], ...] = ()  # (path, source) that this rule must catch
    at_home: bool = False  # whether a file may import from its own page's folder all the same

    def broken_by(self, path: str, source: str) -> list[str]:
        if not self.applies(path):
            return []
        imported, used = names(path, source)
        home = [".".join(path.split("/")[:2])] if self.at_home else []
        imported = {(line, name) for line, name in imported if not within(name, *home)}
        found = {(line, name) for line, name in imported if within(name, *self.imports)}
        found |= {(line, name) for line, name in used if within(name, *self.uses)}
        return [f"{path}:{line}: {name} ({self.says})" for line, name in sorted(found)]


def below(*folders: str) -> Callable[[str], bool]:
    return lambda path: path.split("/")[0] in folders


def product_but(*files: str) -> Callable[[str], bool]:
    return lambda path: path.split("/")[0] in FLOORS and path not in files


RULES = (
    Rule(
        "core knows no user interface and nothing above it",
        below("core"),
        imports=("streamlit", "plotly", "altair", "app", "pages"),
        breaches=(
            ("core/a.py", "import streamlit"),
            ("core/model/a.py", "def f():\n    from plotly import graph_objects"),
            ("core/a.py", "from app.session.state import x"),
            ("core/a.py", "from .. import pages"),
            ("core/a.py", "import importlib\nimportlib.import_module('altair')"),
        ),
    ),
    Rule(
        "app knows no page",
        below("app"),
        imports=("pages",),
        breaches=(("app/router.py", "from pages import home"), ("app/a.py", "import pages.attention.figure")),
    ),
    Rule(
        "a page never imports another page",
        below("pages"),
        imports=("pages",),
        breaches=(
            ("pages/home/page.py", "from pages.attention.figure import draw"),
            ("pages/home/a.py", "from ..attention import figure"),
            ("pages/home/a.py", "def f():\n    import pages.home_work.figure"),
        ),
        at_home=True,
    ),
    Rule(
        "the product computes with its own core, not with the libraries it is measured against",
        below(*FLOORS),
        imports=("transformers", "transformer_lens", "sklearn", "umap"),
        breaches=(
            ("core/a.py", "from transformers import GPT2Model"),
            ("pages/a.py", "import sklearn.manifold as m"),
            ("app/a.py", "def f():\n    import umap"),
            ("core/a.py", "import transformer_lens"),
        ),
    ),
    Rule(
        "only app/session/session.py touches Streamlit's session and the link",
        product_but("app/session/session.py"),
        uses=("streamlit.session_state", "streamlit.query_params"),
        breaches=(
            ("pages/home/page.py", "import streamlit as st\nst.session_state['a'] = 1"),
            ("app/frame/page.py", "import streamlit\nstreamlit.query_params.clear()"),
            ("app/frame/page.py", "from streamlit import session_state as s\ns.a = 1"),
        ),
    ),
    Rule(
        "nobody caches through Streamlit: app/models/cache.py counts bytes",
        below(*FLOORS),
        uses=("streamlit.cache_data", "streamlit.cache_resource"),
        breaches=(
            ("pages/home/page.py", "import streamlit as st\n@st.cache_data\ndef f(): pass"),
            ("app/frame/page.py", "import streamlit as st\n@st.cache_resource(max_entries=2)\ndef f(): pass"),
            ("app/frame/page.py", "from streamlit import cache_data\n@cache_data\ndef f(): pass"),
            ("app/models/cache.py", "import streamlit as st\n@st.cache_data\ndef f(): pass"),
        ),
    ),
    Rule(
        "a file that can run code is never read: safetensors and JSON only",
        below(*FLOORS, "scripts"),
        imports=("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"),
        uses=("torch.load", "torch.serialization.load", "torch.hub.load", "pandas.read_pickle"),
        breaches=(
            ("core/a.py", "import pickle"),
            ("core/a.py", "from cloudpickle import loads"),
            ("app/a.py", "import dill as json"),
            ("scripts/a.py", "import torch\ntorch.load('x', weights_only=True)"),
            ("core/a.py", "from torch import load as read\nread('x')"),
            ("core/a.py", "import torch as t\nf = t.load"),
        ),
    ),
)
CASES = [(rule, path, source) for rule in RULES for path, source in rule.breaches]


def sources() -> list[Path]:
    return sorted(path for folder in (*FLOORS, "scripts") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("rule", RULES, ids=[rule.says for rule in RULES])
def test_no_file_breaks_the_rule(rule: Rule) -> None:
    broken = [
        line
        for path in sources()
        for line in rule.broken_by(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]
    assert not broken, "\n".join(broken)


def test_every_floor_has_files() -> None:
    floors = {path.relative_to(ROOT).parts[0] for path in sources()}
    assert floors == {*FLOORS, "scripts"}


@pytest.mark.parametrize(
    ("rule", "path", "source"), CASES, ids=[f"{path}: {source}" for _, path, source in CASES]
)
def test_a_breach_is_caught(rule: Rule, path: str, source: str) -> None:
    assert rule.broken_by(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "core/a.py",
            "import torch\nfrom core.hooks import recording\nfrom . import config\nimport application",
        ),
        ("app/session/session.py", "import streamlit as st\nst.session_state['a'] = st.query_params"),
        (
            "app/server/stream.py",
            "def run(request):\n    return request.query_params['run'], request.session_state",
        ),
        (
            "pages/a.py",
            "import streamlit as st\nfrom app.frame.page import page\nfrom core import load\nload('x')",
        ),
        (
            "pages/home/a.py",
            "from pages.home.figure import draw\nfrom pages.home import figure\nfrom . import b",
        ),
        ("tests/a.py", "import pickle, transformers"),
        ("core/a.py", "from safetensors.torch import load\nload(b'')"),
    ],
)
def test_honest_code_passes(path: str, source: str) -> None:
    assert [line for rule in RULES for line in rule.broken_by(path, source)] == []


def bare_callbacks(path: str, source: str) -> list[str]:
    """Callbacks of widgets that a newer event could interrupt (`app.session.state.whole` says why that must not be)."""
    return [
        f"{path}:{keyword.value.lineno}: {keyword.arg}={ast.unparse(keyword.value)}: wrap it in state.whole(...)"
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg in ("on_click", "on_change", "on_submit", "on_select", "on_dismiss")
        and not isinstance(keyword.value, ast.Constant)
        and not (isinstance(keyword.value, ast.Call) and ast.unparse(keyword.value.func) == "state.whole")
    ]


@pytest.mark.full(reason="takes 2 s")
def test_nothing_interrupts_a_callback() -> None:
    bare = [
        line
        for path in sources()
        for line in bare_callbacks(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]
    assert not bare, "\n".join(bare)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("st.button('a', on_click=begin)", 1),
        ("st.button('a', on_click=lambda: state.set('b', 1))", 1),
        ("st.text_area('a', on_change=partial(typed, 1))", 1),
        ("st.button('a', on_click=state.whole(begin), args=(1,))", 0),
        ("st.download_button('a', 'b', on_click='ignore')", 0),
    ],
)
def test_a_bare_callback_is_caught(source: str, count: int) -> None:
    assert len(bare_callbacks("pages/a.py", source)) == count


def at_import(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported: not those of functions, nor those for types alone."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(one, ast.If) and ast.unparse(one.test) == "TYPE_CHECKING":
            waiting += one.orelse
            continue
        yield one
        waiting += [child for child in ast.iter_child_nodes(one) if isinstance(child, ast.stmt)]


def reached(start: Iterable[str], read: Callable[[str], str | None]) -> dict[str, str]:
    """Every module that is imported with these, ours and others, each with who asked for it first.

    Args:
        read: the source of one of our files by its path relative to the root, None: there is no such file.
    """
    asked = dict.fromkeys(start, "")
    waiting = list(asked)
    while waiting:
        module = waiting.pop()
        parts = module.split(".")
        packages = [".".join(parts[:count]) for count in range(1, len(parts))]
        path = next((p for p in (f"{'/'.join(parts)}.py", f"{'/'.join(parts)}/__init__.py") if read(p)), None)
        found = [(package, module) for package in packages]
        if path is not None:
            for one in at_import(ast.parse(read(path) or "")):
                if isinstance(one, ast.Import | ast.ImportFrom):
                    found += [(name, path) for _, name in imports(one, path)]
        for name, by in found:
            if name not in asked:
                asked[name] = by
                waiting.append(name)
    return asked


def our_source(path: str) -> str | None:
    file = ROOT / path
    return file.read_text(encoding="utf-8") or " " if file.is_file() else None


def test_pictures_outside_of_the_app_reach_no_streamlit() -> None:
    figures = [
        f"pages.{path.parent.name}.export"
        for path in (ROOT / "pages").glob("*/export.py")
        if "\nFIGURE" in path.read_text(encoding="utf-8")
    ]
    assert len(figures) >= 3
    found = reached(["app.show", *figures], our_source)
    assert "app.outside.standalone" in found
    broken = [
        f"{name}, by {by}" for name, by in found.items() if within(name, "streamlit", "starlette", "pandas")
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("files", "breach"),
    [
        ({"app/show.py": "import streamlit as st"}, True),
        (
            {"app/show.py": "import app.k", "app/k/__init__.py": "import app.k.m", "app/k/m.py": "import streamlit"},
            True,
        ),
        ({"app/show.py": "try:\n    from streamlit import x\nexcept ImportError:\n    pass"}, True),
        ({"app/show.py": "import app.kit.m", "app/kit/__init__.py": "import streamlit", "app/kit/m.py": ""}, True),
        ({"app/show.py": "class A:\n    import streamlit"}, True),
        ({"app/show.py": "def f():\n    import streamlit"}, False),
        ({"app/show.py": "if TYPE_CHECKING:\n    import streamlit\nelse:\n    import json"}, False),
    ],
)  # fmt: skip
def test_an_import_of_streamlit_is_found_wherever_it_runs(files: dict[str, str], breach: bool) -> None:
    found = reached(["app.show"], files.get)
    assert any(within(name, "streamlit") for name in found) == breach


UPWARDS = {
    "model to decoding": ("core/model/block.py", "import core.decoding.generate"),
    "zoo to runs": ("core/zoo.py", "def found():\n    from core.runs import Store\n    return Store"),
    "training to analysis": ("core/training/loss.py", "from core.analysis import overview"),
    "training to efficiency": ("core/training/loss.py", "from core.efficiency import pruning"),
    "vectors to training": ("core/vectors/static.py", "from core.training.loss import cross_entropy"),
    "costs to training": ("core/costs/weights.py", "from core.training import loss"),
    "a circle of two files": ("core/vectors/projection.py", "from core.vectors import maps"),
    "core to app": ("core/plain.py", "import app.session.state"),
    "runs to models": ("app/runs/__init__.py", "from app import models"),
    "kit to show": ("app/kit/__init__.py", "from app import show"),
    "kit to the frame": ("app/kit/__init__.py", "def mounted():\n    from app.frame import page"),
    "frame to charts": ("app/frame/takeaway.py", "from app.charts import vega"),
    "a circle in the frame": ("app/frame/source.py", "from app.frame import page"),
    "a circle in a page": ("pages/loss/question.py", "from pages.loss import page"),
    "app to pages": ("app/markup.py", "import pages.home.figure"),
    "a part without a floor": ("core/attic.py", ""),
    "a part of the app without a floor": ("app/attic.py", ""),
}


@pytest.fixture(scope="module")
def building(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code, to be broken."""
    copied = tmp_path_factory.mktemp("building")
    for name in (*FLOORS, "pyproject.toml"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copied / name)
    assert not refused(copied)
    return copied


def refused(folder: Path) -> bool:
    """Whether `make lint` refuses the imports of the code there."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    return subprocess.run(command, cwd=folder, capture_output=True).returncode == 1


@pytest.mark.parametrize("arrow", UPWARDS)
def test_lint_refuses_an_import_that_goes_up(arrow: str, building: Path) -> None:
    path, line = UPWARDS[arrow]
    file = building / path
    before = file.read_text(encoding="utf-8") if file.exists() else None
    file.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    assert refused(building)
    file.unlink() if before is None else file.write_text(before, encoding="utf-8")
