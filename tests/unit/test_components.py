"""How a picture's one script is joined: the shared helpers that it uses, and no others."""

from __future__ import annotations

import re

import pytest

from app.components import HERE, OPTIONAL, _joined

NAMES = sorted(folder.name for folder in HERE.iterdir() if (folder / "view.js").exists())
SHARED = {path.stem: path.read_text(encoding="utf-8") for path in (HERE / "shared").glob("*.js")}


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_carries_the_optional_helpers_that_it_calls(name: str) -> None:
    own = "".join(path.read_text(encoding="utf-8") for path in (HERE / name).glob("*.js"))
    joined = _joined(name, "js", shared=True)
    optional = {stem for stems in OPTIONAL.values() for stem in stems}
    wanted = {stem for call, stems in OPTIONAL.items() if call in own for stem in stems}
    assert {stem for stem in optional if SHARED[stem] in joined} == wanted, name
    always = SHARED.keys() - optional
    assert always and all(SHARED[stem] in joined for stem in always)
    assert _joined(name, "js", shared=False).count("export default") == 1


def test_every_optional_helper_is_there_and_used() -> None:
    whole = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("*/*.js"))
    for call, stems in OPTIONAL.items():
        assert set(stems) <= SHARED.keys()
        assert whole.count(call) > 1, f"nobody calls {call}"


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_declared_twice_in_a_components_module(name: str) -> None:
    declared = re.compile(r"^(?:async )?(?:const|let|function|class) \*?([A-Za-z_$][\w$]*)", re.M)
    names = declared.findall(_joined(name, "js", True))
    assert not {one for one in names if names.count(one) > 1}, "a module with a name twice does not load"
