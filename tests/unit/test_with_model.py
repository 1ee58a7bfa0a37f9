"""A picture that carries its model: what may travel, what a document holds once, what is refused in words."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

import core
from app import command, show
from app.outside import documents
from app.outside.documents import CARRY, another_moment
from app.outside.model.packed import NotCarried, can_travel
from tests.pictures import SHOWN, figure

TEXT = "A red ball was lost."


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    return core.load("tales-gpt")


def held(document: str, id: str) -> Any:
    """What a script element of a document holds."""
    found = re.search(rf'<script type="application/json" id="{id}">(.*?)</script>', document, re.S)
    return json.loads(found[1]) if found else None


def test_the_pages_whose_picture_can_carry_its_model_are_listed() -> None:
    assert [name for name in SHOWN if figure(name).carried] == sorted(CARRY, key=list(SHOWN).index)


def test_pictures_of_one_document_share_their_model(lm: core.LanguageModel) -> None:
    home = show.home(lm, TEXT).with_model(rewind=150)
    alone = len(home.html())
    two = show.page([home, show.attention(lm, TEXT)]).html()
    assert len(held(two, "models")) == 1 and held(two, "owns")[1] is None
    assert len(two) < alone + 1_000_000
    own = held(two, "owns")[0]
    assert own["text"] == TEXT and own["longest"] == figure("home").longest
    assert [moment["label"] for moment in held(two, "models")[0]["moments"]] == [
        "step 4,500, the end",
        "step 150",
    ]
    assert held(show.home(lm, TEXT).html(), "models") is None, (
        "a file without a model has none of its scripts either"
    )
    assert "model/forward.js" not in show.home(lm, TEXT).html()


def test_a_large_file_is_no_surprise_where_the_model_was_asked_for(lm: core.LanguageModel) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(show.home(lm, TEXT).with_model(rewind=150).html()) < 5_000_000


def test_what_cannot_travel_says_so(lm: core.LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    bert = core.load("tales-bert")
    assert can_travel(lm) and not can_travel(bert)
    with pytest.raises(NotCarried, match="no decoder"):
        show.home(bert, TEXT).with_model()
    with pytest.raises(NotCarried, match=r"show\.loss cannot carry its model; show\.home"):
        show.loss(lm, TEXT).with_model()
    with pytest.raises(ValueError, match=r"rewind=7: tales-gpt keeps the steps 0, 10"):
        show.home(lm, TEXT).with_model(rewind=7)
    with pytest.raises(ValueError, match="several states"):
        show.home(lm, TEXT).variants(head=[0, 1]).with_model()
    monkeypatch.setattr(documents, "MOST", 1_000_000)
    with pytest.raises(ValueError, match=r"Leave out the model, 2\.8 MB"):
        show.home(lm, TEXT).with_model().html()


def test_the_other_moment_is_an_early_one_or_the_end(lm: core.LanguageModel) -> None:
    assert another_moment(show.home(lm, TEXT).asked) == 150
    rewound = show.link("/?model=tales-gpt&snapshot=300&text=A").asked
    assert another_moment(rewound) == core.snapshots("tales-gpt")[-1]


def test_the_command_exports_a_file_with_its_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "home.html"
    assert command.main(["export", "/?text=A red ball", str(file), "--with-model"]) == 0
    assert held(file.read_text("utf-8"), "models")[0]["name"] == "tales-gpt"
    assert "MB" in capsys.readouterr().out
    assert command.main(["export", "/loss?text=A", str(file), "--with-model"]) == 2
    assert "show.loss cannot carry its model" in capsys.readouterr().err
