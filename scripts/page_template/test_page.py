"""My page as a script: its notebook computes the shown numbers again."""

from __future__ import annotations

import pytest

from tests.pages.conftest import OpenPage, run_notebook


@pytest.mark.parametrize("model", ["tales-gpt", "tales-bert", "tales-t5"])
def test_the_notebook_agrees_with_every_shape_of_model(model: str, open_page: OpenPage) -> None:
    app = open_page("my_page", model=model, text="Once upon a time")
    assert not app.exception
    lengths = run_notebook(app)["lengths"]
    assert len(lengths) == len(app.session_state["gb"].memos["takeaway"]["table"]()["length"]) > 2
