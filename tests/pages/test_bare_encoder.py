"""A bare encoder, without a head: most pages show it, those about predictions say why not and what they show."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from app import chapters
from app.controls.bare_encoder import UNSAID
from app.models.opening import STANDS_IN
from core.hooks import ablate_head, intervene
from core.zoo import load
from pages.bias import pronoun_gap
from tests.pages.conftest import OpenPage, random_model, run_notebook
from tests.pages.test_bad_input import said
from tests.pages.test_break_it import commit

SHOWN = [chapter.slug for group in chapters.shown().values() for chapter in group]
READS = [slug for slug in SHOWN if slug not in chapters.PREDICTS]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bare encoder in BERT's shape."""
    root = tmp_path_factory.mktemp("bare")
    random_model(
        root / "reader", seed=7, shape="encoder", head="none", norm_placement="post", embed_norm=True,
        final_norm=False, n_token_types=2, act="gelu", mask_id=2,
    )  # fmt: skip
    return root


@pytest.mark.full(reason="the other cases take 6 s", quick_cases=1)
@pytest.mark.parametrize("slug", READS)
def test_every_page_that_needs_no_prediction_shows_it(
    slug: str, bare: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_MODELS", str(bare))
    app = open_page(slug, model="./reader", text="the dog was glad", head=1)
    assert not app.exception and not app.error, [each.value for each in app.exception]
    assert app.session_state["gb"].store["model"] == "./reader"
    assert "bare encoder" not in said(app) and "shows" not in said(app), said(app)


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=1)
@pytest.mark.parametrize("slug", sorted(chapters.PREDICTS))
def test_every_page_about_predictions_says_why_not_and_what_it_shows(
    slug: str, bare: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_MODELS", str(bare))
    app = open_page(slug, model="./reader", text="the dog was glad")
    assert not app.exception and not app.error
    assert app.session_state["gb"].store["model"] == "./reader"
    assert (
        f"“reader” is a bare encoder: it turns a text into vectors and says no words. This page is about the words "
        f"that a model expects, so it shows {STANDS_IN}" in said(app)
    )
    captions = [one.value.replace("\\", "") for one in app.sidebar.caption]
    assert any(one.startswith(f"Here {STANDS_IN}: Encoder, 4 blocks") for one in captions), captions


@pytest.mark.full(reason="the other cases take 4 s", quick_cases=1)
@pytest.mark.parametrize(
    "slug", ["home", "tokenization", "embeddings", "positions", "attention", "multi_head", "feed_forward",
             "norm_residual", "compute", "models"],
)  # fmt: skip
def test_its_notebook_runs_and_its_question_is_answered(
    slug: str, bare: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_MODELS", str(bare))
    app = open_page(slug, model="./reader", text="the dog was glad", head=1, silent="2.3", off="1.0 2.1")
    run_notebook(app)
    answer = commit(app)
    assert answer.because and answer.evidence


@pytest.mark.full(reason="takes more than a second")
def test_families_and_the_pronoun_gap_say_that_it_predicts_nothing(
    bare: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_MODELS", str(bare))
    own = open_page("families", model="./reader", text="the dog was glad")
    assert own.segmented_control(key="families.reader").value == "vectors", "it stands in its own lane"
    app = open_page("families", model="./reader", text="the dog was glad", reader="fills")
    said_there = " ".join(one.value for one in app.caption).replace("\\", "")
    assert f"reader is a bare encoder and says no tokens: {STANDS_IN} stands in its place." in said_there
    lm = load(bare / "reader")
    series = pronoun_gap._of(
        lm, "any", pronoun_gap.Asked(("baker",), pronoun_gap.TEMPLATES, False, False, ()), "reader", True
    )
    assert (series.found, series.why, series.waits) == (None, UNSAID, False)


def test_heads_off_turn_the_vector_of_the_text(
    bare: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the question about a bare encoder says is what `core` gives, computed here by hand."""
    monkeypatch.setenv("GLASSBOX_MODELS", str(bare))
    app = open_page("multi_head", model="./reader", text="the dog was glad", head=1, block=2)
    answer = commit(app)
    off = [tuple(map(int, one.split("."))) for one in str(answer.shows["off"]).split()]
    assert len(off) == 2 and (2, 1) in off
    lm = load(bare / "reader")
    vectors = []
    for changes in ([], [ablate_head(*head) for head in off]):
        with intervene(*changes):
            vectors.append(lm.trace("the dog was glad")["blocks.2.hook_normalized_resid_post"].mean(0))
    cosine = float(torch.cosine_similarity(vectors[0], vectors[1], dim=0))
    assert 0.0 < cosine < 0.999
    assert answer.numbers["cosine"] == pytest.approx(cosine, abs=1e-5)
    assert answer.index == (1 if cosine > 0.99 else 0 if cosine >= 0.9 else 2)
