"""Downloads from the Hugging Face hub: the files a model needs, and nothing executable."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.checkpoints.settings import CheckpointError

FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "model.safetensors",
    "model-*.safetensors",
    "model.safetensors.index.json",
)
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REPO = re.compile(rf"{_PART}/{_PART}")
_INSTEAD = "a bundled model or a folder (config.json, tokenizer.json, model.safetensors) works without it"

Progress = Callable[[int, int], None]  # bytes on disk, bytes in all (grows while files are listed)


def download(repo_id: str, progress: Progress | None = None) -> Path:
    """Download a model from the hub, or use its cache if the hub is unreachable; return the folder.

    Args:
        repo_id: `owner/name`.
        progress: called with (bytes on disk, bytes in all), from the downloading threads.

    Raises:
        CheckpointError: not a name, no such model, no access, no network, or no safetensors; says what to do.
    """
    if not _REPO.fullmatch(repo_id) or len(repo_id) > 96 or ".." in repo_id or "--" in repo_id:
        raise CheckpointError(f"{repo_id!r} is not a model of the hub: write owner/name")
    # imported here: it takes 0.3 s, and only this function needs it
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        found = snapshot_download(repo_id, allow_patterns=list(FILES), tqdm_class=_bar(progress))
    except GatedRepoError as error:
        raise CheckpointError(
            f"{repo_id} asks you to accept its licence: do so on its page, then log in with `hf auth login`"
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointError(f"the hub has no public model called {repo_id}; check the spelling") from error
    except LocalEntryNotFoundError as error:
        raise CheckpointError(
            f"the hub cannot be reached, and {repo_id} is not in the cache; {_INSTEAD}"
        ) from error
    except Exception as error:  # all errors of a transfer, from four libraries
        raise CheckpointError(
            f"{repo_id} could not be downloaded ({_first_line(error)}); {_INSTEAD}"
        ) from error
    folder = Path(found)
    if not any(folder.glob("*.safetensors")):
        raise CheckpointError(
            f"{repo_id} has no safetensors file. Its weights may be a pickle, which can run any program "
            "when it is read; look for a conversion (a branch or a copy with model.safetensors)"
        )
    return folder


def cached(repo_id: str) -> Path | None:
    """Return the folder of a complete earlier download; None: there is none. No network."""
    from huggingface_hub import constants

    home = Path(constants.HF_HUB_CACHE) / f"models--{repo_id.replace('/', '--')}"
    try:
        revision = (home / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    folder = home / "snapshots" / revision
    whole = (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))
    return folder if whole and "/" not in revision and ".." not in revision else None


def _bar(progress: Progress | None) -> Any:
    """Create a progress bar class that draws nothing and reports the bytes written to disk."""
    from tqdm.std import tqdm

    class Reporting(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            # Of the hub's bars (files, bytes received, bytes written) only the last always reaches its total.
            self._reports = progress is not None and str(options.get("desc", "")).startswith("Reconstructing")
            options.pop("name", None)
            super().__init__(*args, **{**options, "file": io.StringIO(), "disable": False})

        def update(self, n: float | None = 1) -> bool | None:
            drawn = super().update(n)
            self._report()
            return drawn

        def refresh(self, *args: Any, **options: Any) -> Any:
            drawn = super().refresh(*args, **options)
            self._report()
            return drawn

        def _report(self) -> None:
            if self._reports and progress is not None:
                progress(int(self.n), int(self.total or 0))

    return Reporting


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
