"""Every page with the published models open: it works, or says in one line why not; badge and assistant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from app import chapters, models
from app.models import cache, gallery
from app.models.shared_cache import Shelf
from core import real
from pages.applications.assistant import cut_off
from tests import real as published
from tests.pages.conftest import SMALLER, OpenPage

SLUGS = [chapter.slug for chapter in chapters.CHAPTERS if chapter.exists]
TEXT = "The capital of France is"
# The pages that say something of a published model, or show models beside the open one.
ASKERS = (
    "tokenization", "embeddings", "fine_tuning", "families", "models", "decoding", "applications", "bias", "efficiency",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def here() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        published.here(patch)
        yield


def words(app: AppTest) -> str:
    """All that stands on a page as text."""
    kinds = (app.caption, app.info, app.markdown, app.get("html"))
    return "\n".join(
        str(getattr(one, "value", "") or getattr(one.proto, "body", "")) for kind in kinds for one in kind
    )


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_opens_on_the_real_model(slug: str, open_page: OpenPage) -> None:
    app = open_page(slug, model=models.REAL, text=TEXT, **SMALLER.get(slug, {}))
    assert not app.exception and not app.error
    assert app.session_state["gb"].store["model"] == models.REAL
    if line := chapters.trained(slug, real.title(models.REAL)):
        assert words(app).count(line) == 1, "a page of training says what it trains instead"


def test_the_pages_of_training_say_nothing_of_it_while_a_small_model_is_open(open_page: OpenPage) -> None:
    assert set(chapters.TRAINED) == chapters.TRAINS - {"bias", "efficiency", "embeddings"}
    assert chapters.trained("break_it", models.SMALL) not in words(open_page("break_it", model=models.SMALL))


@pytest.mark.full(reason="takes a second")
def test_the_model_has_one_name_and_one_size(open_page: OpenPage) -> None:
    size = real.BY_NAME[models.REAL].size
    title = "SmolLM2-135M-Instruct"
    assert models.labels(models.REAL)[models.REAL] == title
    app = open_page("models", model=models.REAL, text=TEXT)
    entry = next(one for one in gallery.entries(models.REAL) if one.name == models.REAL)
    assert (entry.label, entry.stored) == (title, size)
    assert "98 MB, 6 bits a weight" in words(app) and "538 MB" not in words(app)
    assert f"The card of {title}" in words(app)


@pytest.mark.full(reason="takes a second")
def test_the_switch_keeps_the_text(open_page: OpenPage) -> None:
    app = open_page("loss", model=models.REAL, text=TEXT)
    switch = app.segmented_control(key="small_or_real")
    assert switch.value == "Real"
    switch.set_value("Small").run()
    store = app.session_state["gb"].store
    assert (store["model"], store["text"]) == (models.SMALL, TEXT)
    app.selectbox(key="model").set_value("tales-bert").run()
    assert app.segmented_control(key="small_or_real").value is None, "another model is neither"


def test_a_first_visit_opens_on_a_sentence_that_anybody_can_finish(open_page: OpenPage) -> None:
    app = open_page("home")
    store = app.session_state["gb"].store
    assert (store["model"], store["text"]) == (models.REAL, TEXT)


@pytest.mark.full(reason="takes a second")
def test_a_badge_tells_of_a_text_that_the_model_cannot_read_and_leads_to_the_other(
    open_page: OpenPage,
) -> None:
    text = "Quantum computers factor integers in polynomial time."
    app = open_page("loss", model=models.SMALL, text=text)
    assert any("nats a character" in one.value for one in app.caption)
    app.button(key="tool.other").click().run()
    store = app.session_state["gb"].store
    assert (store["model"], store["text"]) == (models.REAL, text)


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("text", ["xqz bfp 998 ttt ## @@ jwrr", "I love 🍕 and naïve cafés"])
def test_nobody_is_sent_to_a_model_that_reads_the_text_no_better(text: str, open_page: OpenPage) -> None:
    app = open_page("loss", model=models.REAL, text=text)
    assert any("nats a character" in one.value for one in app.caption)
    assert "tool.other" not in [one.key for one in app.button]


@pytest.mark.parametrize(
    ("model", "text"), [(models.SMALL, "A red ball was lost. She found the red"), (models.REAL, TEXT)]
)
def test_a_text_of_its_own_world_gets_no_badge(model: str, text: str, open_page: OpenPage) -> None:
    app = open_page("loss", model=model, text=text)
    assert not any("nats a character" in one.value for one in app.caption)
    assert "tool.other" not in [one.key for one in app.button]


def test_a_link_to_a_model_that_is_not_here_keeps_its_text(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(real.VARIABLE, real.NONE)
    app = open_page("loss", model=models.REAL, text="My own words.")
    store = app.session_state["gb"].store
    assert (store["model"], store["text"]) == (models.SMALL, "My own words.")
    assert any("is left out here" in one.value for one in app.info), "and says why"
    assert "small_or_real" not in [one.key for one in app.get("button_group")]


@pytest.mark.full(reason="takes a second")
def test_the_assistant_answers_beside_the_small_models(open_page: OpenPage) -> None:
    app = open_page("applications", use="sentiment")
    app.button(key="work.assistant").click().run()
    said = [one.value for one in app.code]
    assert any("Is this review positive or negative?" in one for one in said)
    assert len(said) >= 2 and said[-1].strip()
    told = words(app)
    assert "Cut off after 8 tokens" in told, "a sentence that breaks off is said to"
    assert "a coin’s in 50\u00a0%" in told and "(95\u00a0%: 44 to 68\u00a0%)" in told


def test_an_answer_that_ends_by_itself_is_not_called_cut_off() -> None:
    assert cut_off(["a", "a b"], 2) and not cut_off(["a", "a b", "a b"], 3), "the last token adds no text"
    assert not cut_off(["a", "a b"], 3)


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("slug", ASKERS)
def test_a_page_opens_no_published_model_that_nobody_has_asked_for(
    slug: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_finished", Shelf(most=64, most_bytes=2**32))
    cache.forget_results()
    app = open_page(slug, model=models.SMALL, **SMALLER.get(slug, {}))
    assert not app.exception and not app.error
    assert cache.at_hand(models.SMALL)
    assert [name for name in models.published() if cache.at_hand(name)] == []


@pytest.mark.full(reason="takes more than a second")
def test_the_vocabulary_of_the_published_model_is_in_the_table_without_its_weights(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_finished", Shelf(most=64, most_bytes=2**32))
    cache.forget_results()
    text = "Her unhappiness turned into happiness in 2024."
    app = open_page(
        "tokenization", model=models.SMALL, text=text, method="smollm2", **SMALLER["tokenization"]
    )
    assert not app.exception and not cache.at_hand(models.REAL)
    table = app.session_state["gb"].memos["takeaway"]["table"]()
    ids = [id for id, row in zip(table["id"], table["tokenizer"], strict=True) if row == "SmolLM2"]
    assert ids == real.tokenizer(models.REAL).encode(text, add_special_tokens=False)
    assert "is not in the table" not in words(app)
    app.selectbox(key="model").set_value(models.REAL).run()
    table = app.session_state["gb"].memos["takeaway"]["table"]()
    assert "SmolLM2" not in table["tokenizer"], "it stands there once, as the open model's"
    own = [
        id for id, row in zip(table["id"], table["tokenizer"], strict=True) if row == real.title(models.REAL)
    ]
    assert own == real.tokenizer(models.REAL).encode(app.session_state["gb"].store["text"])
    assert app.session_state["gb"].store["method"] == "model"


@pytest.mark.full(reason="takes a second")
def test_own_lines_open_the_model_when_a_visitor_asks(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_finished", Shelf(most=64, most_bytes=2**32))
    cache.forget_results()
    app = open_page("fine_tuning")
    assert "This page has not opened it" in words(app) and "not taught yet" not in words(app)
    assert not cache.at_hand(models.REAL)
    app.button(key="own_lines.open").click().run()
    assert cache.at_hand(models.REAL) and "not taught yet" in words(app)


@pytest.mark.full(reason="takes 3 s")
def test_own_lines_are_taught_and_the_answers_stand_beside_each_other(open_page: OpenPage) -> None:
    link = {"learn": "The capital of Zubria is Marlow.\nMarlow is in Zubria.", "thin": "4"}
    app = open_page("fine_tuning", **link)
    said = words(app)
    assert "not taught yet" in said and "The capital of Zubria is" in said
    app.button(key="work.own_lines").click().run()
    said = words(app)
    assert "not taught yet" not in said and "The capital of France is" in said
    assert "230,400 numbers were learned" in said
    app.text_area(key="learn").set_value("word").run()
    assert not app.exception and "a single token: there is nothing to predict in it" in words(app)
