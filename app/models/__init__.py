"""Which models this server opens: bundled ones, published ones fetched with it, training runs, folders of
GLASSBOX_MODELS, a short list from the hub.

`core.load` reads any folder that its caller names; a browser may not. So a choice from the picker or a link is resolved
here, and a path that leaves the configured folders, by `..` or by a symbolic link, is refused. No Streamlit in here.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app import words
from app.run_names import RUN, run_id
from core import hub_models, machine, real
from core.messages import later, say

if TYPE_CHECKING:
    from core.config import ModelConfig
    from core.runs import Run
    from core.survey import Survey

HUB = tuple(model.id for model in hub_models.MODELS)
HUB_VARIABLE = "GLASSBOX_HUB"

_WORD = re.compile(r"[^\s'\"]+")  # of a message; a path is one

GGUF = ".gguf"
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

SMALL, REAL = "tales-gpt", "SmolLM2-135M"  # the two models of the sidebar's switch
# "given": opened by a notebook by itself, from wherever it likes
Source = Literal["bundled", "real", "folder", "hub", "run", "given"]


class RefusedModel(ValueError):
    """A model that this server does not open; the message tells a learner why and what to do."""


@dataclass(frozen=True)
class Choice:
    """One entry of the picker. `name` is its value in a link, `target` the argument of `core.load`."""

    name: str
    source: Source
    target: str | Path
    stamp: int = 0  # a stamp of the folder's config.json: a changed folder counts as another model


def roots() -> tuple[Path, ...]:
    """Return the existing folders of GLASSBOX_MODELS, with symbolic links resolved, and that of `glassbox train`."""
    named = [Path(name) for name in os.environ.get("GLASSBOX_MODELS", "").split(os.pathsep) if name.strip()]
    found = [path.resolve() for path in (*named, machine.models()) if path.is_dir()]
    return tuple(dict.fromkeys(found))


def hub_ids() -> tuple[str, ...]:
    """Return the hub ids of GLASSBOX_HUB (comma-separated), or the default ones; an empty value means none."""
    named = os.environ.get(HUB_VARIABLE)
    if named is None:
        return HUB
    return tuple(part.strip() for part in named.split(",") if part.strip())


def bundled() -> tuple[str, ...]:
    """Return the names of the models that come with Glassbox."""
    from core import zoo

    return tuple(zoo.bundled())


def published() -> tuple[str, ...]:
    """Return the names of the published models that were fetched with Glassbox and open at once (core/real.py)."""
    return tuple(real.ready())


def folders() -> list[Choice]:
    """List every model directly inside the configured folders; the first of two equal names wins.

    A model is a folder with a config.json, a folder of the hub's cache, or a GGUF file, there or one folder down.
    """
    found: dict[str, Choice] = {}
    for root in roots():
        with suppress(OSError):  # an unreadable folder offers no models
            for path in sorted(root.iterdir()):
                for model in _models(path, root):
                    found.setdefault(f"./{model.relative_to(root)}", _folder(model, root))
    return list(found.values())


def outside_links() -> list[str]:
    """List the names of links in the configured folders that lead out of them: none of these is opened."""
    found = []
    for root in roots():
        with suppress(OSError):
            found += [
                f"./{path.name}"
                for path in sorted(root.iterdir())
                if path.is_symlink() and not _inside(path, root)
            ]
    return list(dict.fromkeys(found))


def _models(path: Path, root: Path) -> list[Path]:
    """List the models of a path inside a configured folder: the folder itself, or the GGUF files in it."""
    found: list[Path] = []
    with suppress(OSError):  # not readable by this user
        if path.suffix == GGUF:
            found = [path] if path.is_file() else []
        elif (_snapshot(path) / "config.json").is_file():
            found = [path]
        elif path.is_dir():
            found = [file for file in sorted(path.glob(f"*{GGUF}")) if file.is_file()]
        return [model for model in found if _inside(_snapshot(model), root)]
    return []


def _snapshot(path: Path) -> Path:
    """Return what a folder of the hub's cache opens; any other path stays."""
    from core.checkpoints.files import snapshot_of

    return snapshot_of(path) if path.name.startswith("models--") else path


def _folder(path: Path, root: Path) -> Choice:
    opened = _snapshot(path)
    config = opened if opened.is_file() else opened / "config.json"
    stamp = config.stat().st_mtime_ns if config.exists() else 0
    return Choice(f"./{path.relative_to(root)}", "folder", opened.resolve(), stamp)


def _inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root)


def choices() -> list[Choice]:
    """List the picker's entries: bundled, then published, then folders, then the hub."""
    return (
        [Choice(name, "bundled", name) for name in bundled()]
        + [Choice(name, "real", name) for name in published()]
        + folders()
        + [Choice(name, "hub", name) for name in hub_ids()]
    )


def labels(current: str, short: bool = False, runs: Sequence[Run] = ()) -> dict[str, str]:
    """Map names to the picker's labels, for all models on offer and the `current` one; all labels differ.

    Args:
        short: without a hub id's owner, for narrow screens.
        runs: the training runs on offer, after the bundled and published models.
    """
    trained = {f"{RUN}{run.id}": run_label(run) for run in runs}
    first = [*bundled(), *published()]
    names = dict.fromkeys([*first, *trained, *(choice.name for choice in choices()), current])
    shown = {
        name: trained.get(name) or real.title(name.rpartition("/")[2] if short else name.removeprefix("./"))
        for name in names
    }
    often = Counter(shown.values())
    twins = {
        name: f"{text}, {name[len(RUN) :][:6]}" if name in trained else name for name, text in shown.items()
    }
    return {name: text if often[text] == 1 else twins[name] for name, text in shown.items()}


def run_name(run: Run) -> str:
    """Return a run's name for a sentence: its learner's name for it, or the beginning of its id."""
    return run.name or say("Run {id}", id=run.id[:6])


def run_label(run: Run) -> str:
    """Return a run's label in the picker: its learner's name for it; nothing that changes while it trains.

    A browser keeps the label of a chosen entry, even if the list has another label later.
    """
    return say("{run} (training run)", run=run_name(run))


def resolve(name: str) -> Choice:
    """Resolve the name in a link or from the picker to a choice.

    Raises:
        RefusedModel: no such model here, or a path that leaves the configured folders.
    """
    if name in bundled():
        return Choice(name, "bundled", name)
    if name in real.BY_NAME:
        if real.folder(name) is None:
            raise RefusedModel(f"{real.missing(name)}.")
        return Choice(name, "real", name)
    if name in hub_ids():
        return Choice(name, "hub", name)
    if run_id(name):
        return Choice(name, "run", name)
    if name.startswith(RUN):
        raise RefusedModel(
            later(
                "“{name}” is no training run: the link is not complete. Choose a model from the list on the left.",
                name=name[:80],
            )
        )
    if name.startswith((".", "/", "~")) or "\\" in name or "\0" in name:
        return _resolve_folder(name)
    if _HUB_ID.fullmatch(name):
        raise RefusedModel(
            later(
                "“{name}” is not on the list of hub models that this Glassbox may fetch, so it was not opened. Choose "
                "one from the list on the left; whoever runs this Glassbox adds ids with GLASSBOX_HUB.",
                name=name[:80],
            )
        )
    raise RefusedModel(
        later(
            "There is no model called “{name}” here. Choose one from the list on the left; whoever runs this Glassbox "
            "adds folders with GLASSBOX_MODELS and hub ids with GLASSBOX_HUB.",
            name=name[:80],
        )
    )


def _resolve_folder(name: str) -> Choice:
    short = name.removeprefix("./")
    parts = Path(short).parts
    plain = len(parts) == 1 or (len(parts) == 2 and short.endswith(GGUF))
    if not plain or ".." in parts or Path(short).is_absolute() or "\0" in short or "\\" in short:
        raise RefusedModel(
            later(
                "“{name}” leads out of the model folders of this Glassbox, so it was not opened. A link names a "
                "folder or a GGUF file inside them, as ./name.",
                name=name[:80],
            )
        )
    for root in roots():
        folder = root / short
        if not (_is_folder(folder) or (short.endswith(GGUF) and _is_file(folder))):
            continue
        if not _inside(_snapshot(folder), root):
            raise RefusedModel(
                later(
                    "“{name}” is a symbolic link out of the model folders of this Glassbox, so it was not opened.",
                    name=name[:80],
                )
            )
        return _folder(folder, root)
    raise RefusedModel(
        later(
            "There is no folder “{folder}” in the model folders of this Glassbox. Choose a model from the list on the "
            "left.",
            folder=short[:80],
        )
    )


def _is_folder(path: Path) -> bool:
    with suppress(OSError):  # a name longer than a file system has
        return path.is_dir()
    return False


def _is_file(path: Path) -> bool:
    with suppress(OSError):
        return path.is_file()
    return False


def reason(why: Exception) -> str:
    """Rewrite an error's message as a sentence without this machine's paths."""
    return words.sentence(without_places(str(why)))


def without_places(message: str) -> str:
    """Rewrite `message` with models named as in a link, so that it does not reveal the server's folders."""
    from core import zoo

    message = _WORD.sub(_without_cache, message)
    packages = real.home()
    for root in sorted(
        map(str, [*roots(), *([] if packages is None else [packages])]), key=len, reverse=True
    ):
        message = message.replace(f"{root}{os.sep}", "./")
    return message.replace(f"{zoo.BUNDLED}{os.sep}", "")


def _without_cache(found: re.Match[str]) -> str:
    """Replace a folder of the hub's cache by the hub model's id; other paths stay."""
    folder, mark, behind = found[0].rpartition("/snapshots/")
    _, cached, repo = folder.rpartition("models--")
    owner, between, name = repo.partition("--")
    if not (mark and cached and owner and between and name) or "/" in repo:
        return found[0]
    return f"{owner}/{name}{re.sub(r'^[0-9a-f]+', '', behind)}"


def fetch(name: str, report: Callable[[int, int], None]) -> None:
    """Fetch a hub model into the cache on this machine, so that loading it afterwards needs no network.

    Args:
        report: called with (bytes so far, bytes in all), from the downloading threads.

    Raises:
        ValueError: it cannot be fetched; the message says why and what to do.
    """
    from core.checkpoints import hub

    hub.download(name, report)


def place(choice: Choice) -> Path | None:
    """Return the folder or GGUF file on this machine that a choice is read from.

    None for a run, and for a hub model not fetched yet.
    """
    from core import zoo
    from core.checkpoints import hub

    if choice.source == "bundled":
        return zoo.BUNDLED / choice.name
    if choice.source == "real":
        return real.folder(choice.name)
    if choice.source == "folder":
        return Path(choice.target)
    return hub.cached(choice.name) if choice.source == "hub" else None


def look(choice: Choice) -> Survey | None:
    """Survey a choice's folder or file without reading weights; None where it is not on this machine."""
    folder = place(choice)
    return None if folder is None else _look(folder, _stamps(folder))


@lru_cache(maxsize=256)
def _look(folder: Path, stamps: tuple[tuple[str, int, int], ...]) -> Survey:
    from core.survey import survey

    return survey(folder)


def _stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return names, sizes and modification times of a folder's files, or of the one file, to detect changes."""
    found = []
    with suppress(OSError):
        for path in [folder] if folder.is_file() else sorted(folder.iterdir()):
            with suppress(OSError):  # deleted meanwhile
                about = path.stat()
                found.append((path.name, about.st_size, about.st_mtime_ns))
    return tuple(found)


def need(choice: Choice) -> int:
    """Estimate the bytes of memory of an open model; 0 where that is not known before it is fetched, or at all."""
    from core.survey import memory_needed

    config = shape(choice)
    return 0 if config is None else memory_needed(config)


def shape(choice: Choice) -> ModelConfig | None:
    """Return a model's configuration without opening it; None where that is not known, or the model does not open."""
    if choice.source == "run":
        return shape_of_run(run_id(choice.name))
    seen = look(choice)
    if seen is not None:
        return None if seen.problem else seen.config  # `core.load` will report the problem
    return published_config(choice.name) if choice.source == "hub" else None


def shape_of_run(id: str) -> ModelConfig | None:
    """Return the configuration of a run's model; None before it has begun, and while the store is unavailable."""
    from core.catalogue import run_config

    try:
        return run_config(f"{RUN}{id}")
    except ValueError:  # also what the store, or an exported folder, cannot read
        return None


@lru_cache(maxsize=64)
def published_config(id: str) -> ModelConfig | None:
    """Return the configuration of a hub model listed in core/hub_models.py; None where it cannot be opened."""
    from core.checkpoints.convert import Settings
    from core.checkpoints.folder import FAMILIES

    facts = hub_models.BY_ID.get(id)
    family = None if facts is None else FAMILIES.get(str(facts.config["model_type"]))
    return None if facts is None or family is None else family.config(Settings(facts.config))
