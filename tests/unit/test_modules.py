"""The pictures' modules: each import names what another exports, and a browser gets them under their version alone."""

from __future__ import annotations

import gzip
import posixpath
import re
import subprocess
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.kit import modules
from app.kit.modules import ROOT
from app.outside import standalone
from app.rooms import documents

VIEWS = [
    path
    for path, text in sorted(modules.sources().items())
    if "\nexport default " in text and path != standalone.WIDGET
]
CARRIED = [path for path in modules.sources() if re.fullmatch(r"pages/\w+/carried/computing\.js", path)]
IMPORT = re.compile(r'^import\s+(?:\{([^}]*)\}\s+from\s+)?"([^"]+)";', re.M)
LINK = Path(__file__).parent / "link.mjs"


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(routes=modules.routes()))


def unlinked(folder: Path) -> list[str]:
    """What Node, which comes with Playwright, finds wrong when it links every module of a folder."""
    node, _ = compute_driver_executable()
    command = [node, "--no-warnings", "--experimental-vm-modules", str(LINK), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.full(reason="takes more than a second")
def test_every_import_names_what_is_exported(tmp_path: Path) -> None:
    assert unlinked(ROOT) == []
    for path, text in modules.sources().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    curves = tmp_path / "app" / "kit" / "curves.js"
    curves.write_text(
        curves.read_text(encoding="utf-8").replace("export function curves(", "function curves("), "utf-8"
    )
    assert any(line.startswith("pages/lab/figure.js: ") and "'curves'" in line for line in unlinked(tmp_path))


@pytest.mark.full(reason="each case takes 1 s")
def test_a_picture_takes_from_its_own_folder_and_from_the_kit_what_it_uses(
    subtests: pytest.Subtests,
) -> None:
    for path, text in sorted(modules.sources().items()):
        with subtests.test(path):
            check_imports(path, text.replace("...", " "))


def check_imports(path: str, text: str) -> None:
    """Check that a script imports only what it may, and uses all of it."""
    for names, given in IMPORT.findall(text):
        there = posixpath.normpath(posixpath.join(posixpath.dirname(path), given))
        allowed = [
            posixpath.dirname(path),
            "app/kit",
            *(
                ["app/outside/model", posixpath.dirname(path).removesuffix("/carried")]
                if "/carried/" in path
                else []
            ),
        ]
        assert posixpath.dirname(there) in allowed, "another page's own module"
        for name in filter(None, (one.strip() for one in names.split(","))):
            uses = re.findall(rf"(?<![\w$.]){re.escape(name)}(?![\w$])", text)
            assert len(uses) > 1, f"{path} does not use {name}"


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_exports_its_component_and_loads_all_it_needs(path: str) -> None:
    assert 'register("' in (ROOT / path).with_suffix(".py").read_text(encoding="utf-8")
    assert len(re.findall(r"^export default ", modules.sources()[path], re.M)) == 1
    loaded = modules.imported(path)
    assert loaded[0] == path and len(loaded) == len(set(loaded))
    loader = modules.loader(path)
    assert all(f'"modules/{modules.version()}/{one}"' in loader for one in loaded)


def test_every_script_is_a_view_or_imported_by_one() -> None:
    # A picture outside of the app begins with the host, and in a notebook with what stands around it.
    # One that carries its model has the desk above it, and its page's way to compute it.
    entries = [*VIEWS, standalone.HOST, standalone.AROUND, standalone.WIDGET, standalone.DESK, *CARRIED]
    entries += documents.SCRIPTS.values()  # the pages of a class, beside the app
    assert {one for entry in entries for one in modules.imported(entry)} == set(modules.sources())


def test_a_browser_loads_no_documentation_and_names_the_same_lines() -> None:
    for path, text in modules.sources().items():
        whole = (ROOT / path).read_text(encoding="utf-8")
        assert not re.search(r"^\s*/\*\*", text, re.M) and text.count("\n") == whole.count("\n"), path
        code = (re.sub(r"^\s*/\*\*.*?\*/", "", line) for line in whole.splitlines())
        kept = [line for line in code if not re.match(r"\s*(/\*\*|\*[ /]|\*$)", line)]
        assert [line for line in text.splitlines() if line.strip()] == [
            line for line in kept if line.strip()
        ], path


def test_a_browser_gets_a_script_and_keeps_it(client: TestClient) -> None:
    path = f"/modules/{modules.version()}/pages/attention/figure.js"
    found = client.get(path, headers={"accept-encoding": "gzip"})
    assert found.status_code == 200 and found.headers["content-encoding"] == "gzip"
    assert found.headers["content-type"].startswith("text/javascript")
    assert "immutable" in found.headers["cache-control"] and found.headers["vary"] == "Accept-Encoding"
    assert found.text == modules.sources()["pages/attention/figure.js"]
    plain = client.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.text == found.text
    assert len(gzip.compress(plain.content)) < len(plain.content) / 2


@pytest.mark.parametrize(
    "path",
    [
        "pages/attention/nothing.js", "pages/attention/figure.css", "pages/attention/figure.py", "../main.py",
        "..%2fmain.py", "%2e%2e/%2e%2e/etc/passwd", "pages/attention/../../app/main.py", "app/main.py", "",
    ],
)  # fmt: skip
def test_nothing_but_scripts_is_given_away(path: str, client: TestClient) -> None:
    assert client.get(f"/modules/{modules.version()}/{path}").status_code == 404
    assert client.get("/modules/0123456789ab/pages/attention/figure.js").status_code == 404


def test_other_scripts_have_another_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = modules.version()
    sources = modules.sources() | {"pages/attention/figure.js": "export default 1;"}
    monkeypatch.setattr(modules, "sources", lambda: sources)
    modules.version.cache_clear()
    try:
        assert modules.version() != before and re.fullmatch("[0-9a-f]{12}", modules.version())
    finally:
        modules.version.cache_clear()


PHONE, DESK = (
    int(re.search(rf"export const {name} = (\d+);", modules.sources()["app/kit/widths.js"])[1])
    for name in ("PHONE", "DESK")
)
# A phone, wider than one, a desk: how a style sheet says what `widths.js` does.
BREAKPOINTS = {f"max-width: {PHONE - 1}px", f"min-width: {PHONE}px", f"min-width: {DESK}px"}
ASKED = re.compile(r"\b(?:max|min)-width:\s*\d+px(?=[^{};]*\))")
COMPARED = re.compile(r"\b(?:g\.width|innerWidth)\s*[<>]=?\s*\d+|matchMedia\([^)]*width[^)]*\)")
PICTURES = [
    path
    for folder in ("app/kit", "pages")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".css", ".js")
]


def other_widths(text: str) -> list[str]:
    """The widths, besides the two, at which a style sheet or a script changes a picture's layout."""
    asked = [
        ask
        for line in text.splitlines()
        if "@" in line or "matchMedia" in line
        for ask in ASKED.findall(line)
    ]
    compared = [found for found in COMPARED.findall(text) if not ASKED.search(found)]
    return [one for one in (*asked, *compared) if one not in BREAKPOINTS]


def test_a_picture_changes_its_layout_at_two_widths() -> None:
    widths = {str(path.relative_to(ROOT)): other_widths(path.read_text("utf-8")) for path in PICTURES}
    assert {path: found for path, found in widths.items() if found} == {}


@pytest.mark.parametrize(
    "text",
    [
        "@media (max-width: 640px) { p { margin: 0; } }", "@container (min-width: 1000px) {",
        "@media (min-width: 760px) and (max-width: 900px) {", 'const under = matchMedia("(max-width: 640px)").matches;',
        "const wide = g.width >= 1000;", "const w = g.width<420 ? 1 : 2;",
    ],
)  # fmt: skip
def test_another_width_is_found(text: str) -> None:
    assert len(other_widths(text)) == 1


def test_a_width_that_changes_no_layout_is_none() -> None:
    fine = [
        "p { max-width: 640px; }",
        "@media (max-width: 759px) { p { min-width: 44px; } }",
        "const w = g.width - 300;",
    ]
    assert not any(map(other_widths, fine))
