"""The Norm and residual page as a script: ledger and norms on every shape of model, its question, the depth grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch.nn.functional as F
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.models import sweeps
from core.analysis.stream.depth_grid import VARIANTS, gradient_by_depth
from core.analysis.stream.ledger import ledger
from core.analysis.stream.ledger_lines import gathered
from pages.norm_residual.figure import PARTS, SUM, record, see
from pages.norm_residual.gradients import SEEDS, both_ways, together
from tests.pages.conftest import OpenPage, random_model, run_notebook
from tests.pages.test_break_it import commit

TEXT = "Once upon a time, Lily saw a"
LINKS: dict[str, tuple[dict[str, Any], str | None]] = {
    "bundled": ({"text": TEXT, "block": 1, "line": "mlp"}, None),
    "first token": ({"text": TEXT, "follow": 0, "line": "embedding"}, None),
    "one token": ({"text": "Once", "line": "sum"}, None),
    "other": ({"model": "./other", "text": "The cat saw the dog", "block": 2, "norm": "rms"}, None),
    "both": ({"model": "./both", "text": "The cat saw the dog", "block": 0, "line": "position"}, None),
    "pair encoder": (
        {"model": "./pair", "text": "The cat", "target": "A dog", "stack": "encoder", "block": 1}, "encoder",
    ),
    "pair decoder": (
        {"model": "./pair", "text": "The cat", "target": "A dog", "stack": "decoder", "block": 0, "line": "cross"},
        "decoder",
    ),
}  # fmt: skip


def table(app: AppTest) -> dict[str, list[Any]]:
    """The picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def column(shown: dict[str, list[Any]], name: str, kind: str = "ledger") -> list[Any]:
    """One column of the lines of a kind."""
    return [value for what, value in zip(shown["what"], shown[name]) if what.startswith(kind)]


def opened(link: dict[str, Any]) -> core.LanguageModel:
    """The model of a link."""
    return core.load(models.resolve(link.get("model", "tales-gpt")).target)


@pytest.mark.full(reason="each case takes 3 s")
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_the_ledger_is_the_models_and_adds_up(name: str, open_page: OpenPage) -> None:
    link, stack = LINKS[name]
    app = open_page("norm_residual", **link)
    assert not app.exception and not app.info
    lm = opened(link)
    row = link.get("follow", -1)
    book = gathered(ledger(lm, link["text"], row, stack=stack, target=link.get("target")))  # type: ignore[arg-type]
    shown = table(app)
    assert column(shown, "of") == [*(entry.name for entry in book.entries), "sum"]
    np.testing.assert_allclose(
        column(shown, "length at the end")[:-1],
        [np.linalg.norm(entry.vector) for entry in book.entries],
        rtol=1e-4,
    )
    total = np.linalg.norm(sum(entry.vector for entry in book.entries))
    assert column(shown, "length at the end")[-1] == pytest.approx(total, rel=1e-5)
    logits = column(shown, "logit")
    if logits[-1] is not None:
        rest = sum(column(shown, "logit", "last biases"))
        assert sum(logits[:-1]) + rest == pytest.approx(logits[-1], abs=2e-3)
        assert logits[-1] == pytest.approx(
            float(lm.trace(link["text"], link.get("target")).logits[row].max()), abs=1e-3
        )
    run_notebook(app)


@pytest.mark.parametrize(("norm", "name"), [("own", "rms"), ("layer", "layer"), ("rms", "rms")])
def test_the_norm_is_torchs(norm: str, name: str, open_page: OpenPage) -> None:
    app = open_page("norm_residual", text=TEXT, block=2, line="attention", norm=norm)
    lm = core.load("tales-gpt")
    x = lm.trace(TEXT)["blocks.2.hook_resid_pre"][-1].detach()
    part = lm.transformer.blocks[2].ln1
    if name == "layer":
        expected = F.layer_norm(x, x.shape, part.w, None, part.eps)
    else:
        expected = F.rms_norm(x, x.shape, part.w, part.eps)
    kind = "LayerNorm" if name == "layer" else "RMSNorm"
    ins = column(table(app), "in", kind)
    outs = [value for value in column(table(app), "out", kind) if value is not None]
    np.testing.assert_allclose(ins[2:], x[: len(outs)], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(outs, expected[: len(outs)].detach(), rtol=1e-3, atol=1e-4)
    variables = run_notebook(app)
    assert (variables["steps"].mean is None) == (name == "rms")


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_what_entered_is_left_when_all_that_was_written_is_taken_away(name: str, open_page: OpenPage) -> None:
    link, _ = LINKS[name]
    app = open_page("norm_residual", **link)
    answer = commit(app)
    variables = run_notebook(app)
    assert answer.numbers["apart"] == pytest.approx(variables["found"][0], abs=1e-3)
    assert variables["lm"].config.norm_placement == "pre"
    assert answer.numbers["apart"] < 1e-3 and answer.index == 0


def test_norms_in_the_stream_and_no_residuals_leave_nothing_of_what_entered(
    open_page: OpenPage, tmp_path: Any, monkeypatch: Any
) -> None:
    for name, shape, right in [
        ("post", {"norm_placement": "post", "final_norm": False}, (1, 2)),  # shorter, longer, or bent as well
        ("none", {"residual": False}, (2,)),
    ]:
        random_model(tmp_path / name, seed=5, spread=0.02, **shape)
        monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
        answer = commit(open_page("norm_residual", model=f"./{name}", text="the dog was glad"))
        assert answer.index in right, (name, answer)


SHAPES: dict[str, dict[str, Any]] = {
    "no norms": {"norm": "none"},
    "post-norm": {"norm_placement": "post", "final_norm": False, "embed_norm": True, "shape": "encoder"},
    "a bending head": {"norm_placement": "post", "shape": "encoder", "mlm_head": True, "n_token_types": 2},
    "no blocks": {"n_layers": 0},
    "no residual": {"residual": False},
    "many blocks": {"n_layers": 30},
}


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize("shape", SHAPES)
def test_unusual_models_work(
    shape: str, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_model(tmp_path / "odd", seed=5, **SHAPES[shape])
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    for line in (*PARTS, SUM):
        app = open_page(
            "norm_residual", model="./odd", text="The cat saw the dog", line=line, norm="own", block=1
        )
        assert not app.exception and not app.error, line
    run_notebook(app)
    lm = core.load(tmp_path / "odd")
    seen = see(lm, "The cat saw the dog", None, None, -1)
    assert (seen.direct is None) == (shape == "a bending head")
    assert seen.book.error < 1e-5
    assert (both_ways(lm, seen, 0, None) == ()) == (shape in ("no norms", "no blocks"))
    missing = {"ln_embed": not lm.config.embed_norm, "ln_final": not lm.config.final_norm}
    for place in record(lm, seen, "own", "")["places"].values():
        assert (place["own"] is None) == (shape == "no norms" or missing.get(place["name"], False))


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize(
    "link",
    [
        {"follow": 5000}, {"written": 500}, {"written": 0}, {"line": "cross"}, {"number": 9999}, {"block": 99},
        {"layers": 2},
    ],
)  # fmt: skip
def test_a_link_that_asks_too_much_is_answered_all_the_same(
    link: dict[str, Any], open_page: OpenPage
) -> None:
    app = open_page("norm_residual", text=TEXT, **link)
    assert not app.exception and not app.error
    run_notebook(app)


@pytest.mark.full(reason="takes a second")
def test_the_depth_grid_is_measured_once_and_is_cores(open_page: OpenPage) -> None:
    app = open_page("norm_residual", text=TEXT, layers=3)
    assert not app.exception
    found = sweeps.measured("depth 3 0").results
    assert found is not None and len(found) == len(VARIANTS) * SEEDS
    expected = list(gradient_by_depth(n_layers=3, seeds=tuple(range(SEEDS))))
    for variant, one in zip(VARIANTS, expected):
        ours = together(found, variant)
        assert ours is not None
        np.testing.assert_array_equal(ours.stream, one.stream)
        assert ours.reach == one.reach
    open_page("norm_residual", text="The red ball", layers=3)
    assert sweeps.measured("depth 3 0").results is found
    app.button(key="norm_residual.another").click().run()
    assert sweeps.measured("depth 3 1").ended
