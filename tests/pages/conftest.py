"""What the page tests share: pages run as a visitor of a link would see them, and models with random weights."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import altair.vegalite
import fastjsonschema
import nbformat
import pytest
import torch
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner
from streamlit.testing.v1.util import patch_config_options
from streamlit.util import calc_hash

from app import runs as run_face
from app.charts import vega
from app.frame import page
from core.checkpoints import save_folder
from core.config import ModelConfig
from core.model.transformer import EncoderDecoder, Transformer
from core.runs import Engine, Limits, Run, Store
from core.runs.worker import here
from core.text.training import train_bpe
from core.training.spec import TrainSpec
from core.zoo import load

SCHEMA = Path(altair.vegalite.__file__).parent / "v6" / "schema" / "vega-lite-schema.json"
ROUTER = Path(__file__).resolve().parents[2] / "app" / "router.py"

OpenPage = Callable[..., AppTest]
OWN_MODELS = {
    "fine_tuning",
    "applications",
    "adaptability",
    "bias",
    "scaling",
    "multimodal",
}  # pages about models of their own, whatever is open


# What a page learns by itself whatever the text is, made small where a test is about something else.
SMALLER: dict[str, dict[str, Any]] = {"tokenization": {"corpus": "fables", "size": 300}}


def notebook(app: AppTest) -> nbformat.NotebookNode:
    """What the page's Notebook button hands out."""
    return nbformat.reads(app.session_state["gb"].memos["takeaway"]["notebook"](), as_version=4)


def mixed(table: dict[str, Sequence[Any]]) -> list[str]:
    """The columns that hold values of more than one type, of which a table on the page would warn."""

    def kind(value: Any) -> str:
        return (
            "number"
            if isinstance(value, int | float) and not isinstance(value, bool)
            else type(value).__name__
        )

    return [
        name
        for name, column in table.items()
        if len({kind(value) for value in column if value is not None}) > 1
    ]


def execute(book: nbformat.NotebookNode) -> dict[str, Any]:
    """Run the code cells here in order, but the first (it looks for Glassbox); returns their variables."""
    variables: dict[str, Any] = {"__name__": "__main__"}
    for cell in [cell for cell in book.cells if cell.cell_type == "code"][1:]:
        exec(compile("import core\n" + cell.source, "cell", "exec"), variables)
    return variables


def run_notebook(app: AppTest) -> dict[str, Any]:
    """Run the page's notebook here; returns its variables."""
    return execute(notebook(app))


def run_elsewhere(app: AppTest, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, Any]:
    """Run the page's notebook as on another machine, whose store knows none of the runs; returns its variables."""
    book = notebook(app)
    with monkeypatch.context() as patch:
        patch.setenv("GLASSBOX_DB", f"sqlite:///{folder / 'elsewhere.sqlite'}")
        return execute(book)


OWNER, OTHER = "0123456789abcdef" * 2, "f" * 32  # of the visitor's browser, and of somebody else's

# A run that takes a second or two: two blocks of two heads.
SMALL: dict[str, Any] = {
    "model": "gpt-nano", "corpus": "tales", "steps": 12, "batch_tokens": 512, "context": 32, "vocab_size": 320,
    "tokenizer": "bpe", "checkpoints": 4, "changes": {"n_layers": 2, "n_heads": 2, "d_model": 32, "n_ctx": 64},
}  # fmt: skip


@dataclass
class Runs:
    """Training runs for a page's test: a store of their own, and ways to fill it."""

    store: Store
    owner: str = OWNER
    _ready: dict[str, Run] = field(default_factory=dict)

    def trained(self, owner: str = OWNER, name: str = "Small", text: str | None = None, **spec: Any) -> Run:
        """A run of `SMALL`, with these changes, trained here to its end."""
        return here(self.store, TrainSpec(**(SMALL | spec)), owner, text=text, name=name)

    def ready(self, name: str = "Small", owner: str = OWNER) -> Run:
        """A run of `SMALL` that all tests of the session share: nobody may delete or rename it."""
        key = f"{name}/{owner}"
        if key not in self._ready:
            self._ready[key] = self.trained(owner, name)
        return self._ready[key]

    def queued(self, owner: str = OWNER, name: str = "Waiting", **spec: Any) -> Run:
        """A run that waits, as nobody trains here."""
        return self.store.create(TrainSpec(**(SMALL | spec)), owner, name=name)

    def close(self) -> None:
        """Close the store."""
        self.store.close()


@pytest.fixture(scope="session", autouse=True)
def own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test of a page reads or writes the runs of whoever works in this checkout."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "PAUSE", 0.0)  # no browser draws here
        patch.setenv("GLASSBOX_DATA", str(folder))
        patch.delenv("GLASSBOX_DB", raising=False)
        run_face.use(None)
        yield folder
        run_face.use(None)


@pytest.fixture(scope="session", autouse=True)
def scanned_once() -> Iterator[None]:
    """An AppTest looks through all installed packages for components, a third of a second each time: once is enough."""
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture(scope="session", autouse=True)
def run_as_the_server_runs_them() -> Iterator[None]:
    """Scripts run with the server's options, are compiled once, and are waited for without looking every millisecond.

    An AppTest reads no options beside the script: it counts the calls of each run, and collects garbage after it.
    """
    options = tomllib.loads((ROUTER.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    wanted = {
        f"{part}.{name}": value for part in ("browser", "runner") for name, value in options[part].items()
    }
    compiled = ScriptCache()

    def ended(runner: local_script_runner.LocalScriptRunner, timeout: float) -> None:
        thread = runner._script_thread
        assert thread is not None
        thread.join(timeout)
        if thread.is_alive():
            runner.request_stop()
            raise RuntimeError(f"the page did not come to its end within {timeout} s")

    with pytest.MonkeyPatch.context() as patch, patch_config_options(wanted):
        for module in (app_test, local_script_runner):
            patch.setattr(module, "ScriptCache", lambda: compiled)
        patch.setattr(local_script_runner, "require_widgets_deltas", ended)
        yield


def vega_lite() -> Callable[[Any], Any]:
    """Compile Vega-Lite's schema, which comes with Altair, into a function that raises where a chart does not fit.

    Altair's own check takes 0.1 s a chart. The compiled one has no check of formats and needs plain names.
    """

    def plain(part: Any) -> Any:
        if isinstance(part, dict):
            known = {
                key: plain(value) for key, value in part.items() if (key, type(value)) != ("format", str)
            }
            return known | {"$ref": re.sub(r"[^\w#/]", "_", part["$ref"])} if "$ref" in part else known
        return [plain(one) for one in part] if isinstance(part, list) else part

    schema = plain(json.loads(SCHEMA.read_text(encoding="utf-8")))
    schema["definitions"] = {re.sub(r"\W", "_", name): one for name, one in schema["definitions"].items()}
    return fastjsonschema.compile(schema)


@pytest.fixture(scope="session", autouse=True)
def charts_are_vega_lite() -> Iterator[None]:
    """Every chart that a page draws here is held against Vega-Lite's schema."""
    described, fits = vega.specification, cache(vega_lite)

    def checked(describe: Callable[..., Any], *given: Any) -> dict[str, Any]:
        found = described(describe, *given)
        fits()(found)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vega, "specification", checked)
        yield


@pytest.fixture(scope="session")
def session_runs(own_data: Path) -> Iterator[Runs]:
    """The session's store of runs; a test takes `runs`."""
    with closing(Runs(Store())) as made:
        yield made


@pytest.fixture
def runs(session_runs: Runs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """Training runs; while the test runs, whoever opens a page is the browser OWNER."""
    run_face.use(session_runs.store)
    monkeypatch.setattr(run_face, "owner", lambda: OWNER)
    yield session_runs
    run_face.use(None)


@pytest.fixture
def queue(runs: Runs, tmp_path: Path) -> Iterator[Runs]:
    """A store of its own and an engine that takes what pages start; nobody works on it, so it waits."""
    with closing(Runs(Store(f"sqlite:///{tmp_path}/runs.sqlite"))) as made:
        run_face.use(made.store, Engine(made.store, workers=0, limits=Limits(active=60)))
        yield made
        run_face.use(runs.store)


@pytest.fixture
def open_page() -> OpenPage:
    """`open_page("attention", text="Once", head=2)`: that page, opened in a fresh session by that link, and run.

    A list repeats its key; bytes may hold what is no character.
    """

    def run(slug: str, **link: Any) -> AppTest:
        app = AppTest.from_file(str(ROUTER), default_timeout=60)
        for key, value in link.items():
            app.query_params[key] = value if isinstance(value, list | bytes) else str(value)
        if slug != "home":
            # `switch_page` would run Home first: before any run it takes a page's address for its file's name.
            app._page_hash = calc_hash(slug)
        return app.run()

    return run


def turn_to(app: AppTest, slug: str) -> None:
    """Turn a session to another page; `switch_page` knows pages by their files, and some are functions."""
    app._page_hash = calc_hash(slug)
    app.run()


def random_model(
    folder: Path, seed: int, tokens: Sequence[str] = (), spread: float = 0.2, **config: Any
) -> Path:
    """A small model with random weights and a tokenizer of its own, as a folder that `core.load` reads.

    The weights are wide (standard deviation `spread`), so that its predictions differ clearly from any other model's.
    Each of `tokens` is one token of its vocabulary.
    """
    fables = (Path(__file__).resolve().parents[2] / "assets" / "corpora" / "fables.txt").read_text(
        encoding="utf-8"
    )
    tokenizer = train_bpe([fables[:20_000]], 400)
    tokenizer.raw.add_tokens(list(tokens))
    shape = {"n_layers": 3, "d_model": 24, "n_heads": 3, "n_ctx": 64, "bos_id": 0, "eos_ids": (1,)} | config
    if shape.get("shape") == "encoder-decoder":
        shape |= {"decoder_start_id": 0}
    described = ModelConfig(**shape, d_vocab=len(tokenizer))
    model = EncoderDecoder(described) if described.shape == "encoder-decoder" else Transformer(described)
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0.0, spread)
    return save_folder(folder, model, tokenizer, {"about": "random weights", "seed": seed, "steps": 0})


@pytest.fixture(scope="session")
def models_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three models: "other" (GPT shape), "both" (BERT shape) and "pair" (T5 shape)."""
    root = tmp_path_factory.mktemp("models")
    random_model(root / "other", seed=1)
    random_model(root / "both", seed=2, shape="encoder")
    random_model(root / "pair", seed=3, shape="encoder-decoder", n_layers=2, position="relative", norm="rms")
    for name in ("other", "both", "pair"):
        load(root / name)  # a broken fixture fails here, not as a page's fallback to the usual model
    return root


@pytest.fixture
def other_model(models_root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The link name of a second model with random weights; its folder is configured while the test runs."""
    monkeypatch.setenv("GLASSBOX_MODELS", str(models_root))
    return "./other"
