"""The Models page as a script: every model with what it needs before it is loaded, filters, cards, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.models import cache, gallery, opening
from app.models.shared_cache import Shelf
from core import hub_models, zoo
from core.costs import parameters
from core.parts import parts
from core.survey import memory_needed, supported
from pages.models.figure import use
from tests.damaged import BROKEN, damage
from tests.pages.conftest import OTHER, OWNER, OpenPage, Runs, random_model, run_notebook
from tests.published_folders import BERT, headed, published

TEXT = "Once upon a time, Lily saw a big red ball."
README = """---
license: apache-2.0
---
# A model <b>of ours</b>
**bold** `code` [link](javascript:alert(1)) <img src=x onerror=alert(2)> $x^2$ :smile:
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders: one whole, one with a README, one of an architecture that nobody supports, and all damaged ones."""
    root = tmp_path_factory.mktemp("gallery")
    random_model(root / "mine", seed=1)
    random_model(root / "told", seed=2, shape="encoder")
    random_model(root / "large", seed=3, d_model=240)  # twice the memory of tales-gpt
    (root / "told" / "README.md").write_text(README, encoding="utf-8")
    card = {
        "licence": "<i>ours</i>",
        "held_out_loss": 1.25,
        "samples": ["<script>alert(3)</script>"],
        "data": {"name": "x"},
    }
    (root / "told" / "card.json").write_text(json.dumps(card), encoding="utf-8")
    (root / "strange").mkdir()
    (root / "strange" / "config.json").write_text('{"model_type": "mamba", "d_model": 8}', encoding="utf-8")
    damage(root)
    return root


@pytest.fixture
def configured(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, configured."""
    monkeypatch.setenv("GLASSBOX_MODELS", str(root))
    monkeypatch.delenv("GLASSBOX_HUB", raising=False)
    return root


def shown(app: AppTest) -> dict[str, Any]:
    """What the picture was given."""
    assert not app.exception and not app.error
    data = [json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.json]
    found: dict[str, Any] = next(one for one in data if "entries" in one)
    return found


def by_name(app: AppTest) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in shown(app)["entries"]}


def said(app: AppTest) -> str:
    return " ".join(box.value for box in app.info).replace("\\", "").replace("\u2060", "")


def card(app: AppTest) -> str:
    """The section with the card."""
    return next(block.value for block in app.html if "gb-model-card" in block.value)


@pytest.mark.usefixtures("configured")
def test_everything_is_known_before_it_is_loaded(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.model("tales-gpt")
    monkeypatch.setattr(core, "load", lambda *_, **__: pytest.fail("a model was loaded"))
    found = by_name(open_page("models", text=TEXT))
    assert list(found)[: len(zoo.bundled())] == zoo.bundled()
    for name in zoo.bundled():
        config = core.ModelConfig.from_dict(
            {
                k: v
                for k, v in json.loads((zoo.BUNDLED / name / "config.json").read_text()).items()
                if k not in ("format", "version")
            }
        )
        assert (
            found[name]["total"]
            == sum(found[name]["parts"])
            == zoo.card(name)["parameters"]
            == parameters(config)
        )
        assert found[name]["bytes"] == memory_needed(config)
        assert found[name]["licence"] == "MIT"
    assert found["tales-gpt"]["open"] and found["./mine"]["here"] and not found["./mine"]["problem"]
    assert found["./told"]["licence"] == "<i>ours</i>"
    for model in hub_models.MODELS:
        one = found[model.id]
        assert (one["licence"], one["what"]) == (model.licence, model.what)
        config_of = models.published_config(model.id)
        assert config_of is not None and one["parts"] == list(parts(config_of).values())
        assert one["bytes"] == memory_needed(config_of) and not one["open"]


@pytest.mark.usefixtures("configured")
def test_what_does_not_open_is_shown_as_such(open_page: OpenPage, root: Path) -> None:
    found = by_name(open_page("models", text=TEXT))
    strange = found["./strange"]
    assert "mamba" in strange["problem"] and all(kind in strange["problem"] for kind in supported())
    assert not strange["total"]
    for name in BROKEN:
        if name != "nan":  # only reading it would tell
            assert found[f"./{name}"]["problem"], name
            assert str(root) not in found[f"./{name}"]["problem"]


@pytest.mark.usefixtures("configured")
def test_an_unsupported_architecture_that_is_chosen_is_named_with_the_supported_ones(
    open_page: OpenPage,
) -> None:
    app = open_page("home", text=TEXT)
    app.selectbox(key="model").set_value("./strange").run()
    assert "mamba" in said(app) and "bert" in said(app) and "This page shows tales-gpt instead" in said(app)


@pytest.mark.full(reason="the other cases take a second", quick_cases=6)
@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("stock", ["all", "bundled", "run", "folder", "hub"])
@pytest.mark.parametrize("kin", ["all", "decoder", "encoder", "encoder-decoder"])
def test_filters_leave_what_fits(stock: str, kin: str, open_page: OpenPage) -> None:
    whole = gallery.entries()
    app = open_page("models", text=TEXT, stock=stock, kin=kin)
    expected = [
        one.name
        for one in whole
        if stock in ("all", one.source)
        and (kin == "all" or (one.config is not None and one.config.shape == kin))
    ]
    assert [one["name"] for one in shown(app)["entries"]] == expected
    assert (stock, kin) == ("run", "decoder") or expected or stock == "run" or kin != "all"
    assert shown(app)["current"]["name"] == "tales-gpt"


@pytest.mark.usefixtures("configured")
def test_a_card_and_a_readme_are_text(open_page: OpenPage) -> None:
    found = card(open_page("models", text=TEXT, picked="./told"))
    assert "&lt;b&gt;of ours&lt;/b&gt;" in found and "**bold** `code` [link](javascript:alert(1))" in found
    assert "&lt;script&gt;alert(3)" in found and "&lt;i&gt;ours" in found
    assert not any(made in found for made in ("<b>", "<img", "<script", "<i>", "<code", "<a "))
    assert "held-out loss" in found and "1.25" in found and "text that it read: name" in found


def test_a_bundled_models_card_has_its_loss_its_baseline_and_its_samples(open_page: OpenPage) -> None:
    for name in zoo.bundled():
        found, told = card(open_page("models", text=TEXT, picked=name)), zoo.card(name)
        assert f"{told['held_out_loss']:,.4g}" in found
        assert f"{told['n_gram']['held_out_loss']:,.4g}" in found
        assert f"{told['tokens_read']:,}" in found and "MIT" in found
        assert told["samples"][0][:40] in found
        # Nobody has to guess what an entry means: names are words, and an interval stands beside its figure.
        assert "held out interval" not in found and "n gram:" not in found and ": low" not in found
        sure = told["held_out_interval"]
        assert f"<td>{sure['low']:,.4g} to {sure['high']:,.4g}</td>" in found
        assert ", 16 bits a weight" in found and "in memory, as float32" in found


@pytest.mark.usefixtures("configured")
def test_a_model_without_a_card_says_so(open_page: OpenPage) -> None:
    assert "comes with it when it is fetched" in card(open_page("models", picked="openai-community/gpt2"))
    assert "wrote no card.json" in card(open_page("models", picked="./strange"))


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    "name", ["some/body", "../secret", "<img src=x>", "🦜" * 300, "run:0123456789abcdef01234567"]
)
def test_a_picked_model_that_is_not_here_is_refused_with_what_to_do(name: str, open_page: OpenPage) -> None:
    data = shown(open_page("models", text=TEXT, picked=name))
    assert data["refused"] and len(data["refused"]) < 400
    assert ("GLASSBOX_HUB" in data["refused"]) == (name in ("some/body", "<img src=x>", "🦜" * 300))
    assert data["selection"]["picked"] == "tales-gpt"


@pytest.fixture
def as_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders as BERT was released, with a word list alone: one that fills blanks, and one of each head."""
    published(tmp_path / "words", word_list=True)
    for name, kind, labels in (
        ("opinions", "SequenceClassification", ("bad", "good")),
        ("spans", "QuestionAnswering", ()),
        ("tags", "TokenClassification", ("O", "B-PER")),
    ):
        published(tmp_path / name, headed(BERT, kind, labels), word_list=True)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))


@pytest.mark.usefixtures("as_published")
def test_a_bert_with_a_word_list_alone_is_offered_and_opens(open_page: OpenPage) -> None:
    one = by_name(open_page("models", text=TEXT))["./words"]
    assert one["problem"] == "" and one["memory"] != "not known" and not one["headed"]
    app = open_page("models", model="./words", text="the dog was glad")
    assert shown(app)["current"]["name"] == "./words" and not app.info


@pytest.mark.usefixtures("as_published")
def test_a_model_with_a_head_says_where_it_is_asked(open_page: OpenPage) -> None:
    found = by_name(open_page("models", text=TEXT))
    assert {name: found[f"./{name}"]["asked"] for name in ("words", "opinions", "spans", "tags")} == {
        "words": "",
        "opinions": "sentiment",
        "spans": "question",
        "tags": "",
    }
    assert found["./tags"]["headed"] and found["distilbert/distilbert-base-cased-distilled-squad"]["asked"]


@pytest.mark.usefixtures("configured")
def test_a_model_larger_than_the_room_is_refused_with_both_numbers(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = core.load

    def bundled_only(name: Any, **options: Any) -> core.LanguageModel:
        assert isinstance(name, str), "a folder was loaded"
        return load(name, **options)

    app = open_page("home", text=TEXT)
    monkeypatch.setattr(core, "load", bundled_only)
    monkeypatch.setattr(cache, "_finished", Shelf(9, 6_000_000))
    app.selectbox(key="model").set_value("./large").run()
    assert not app.exception and not app.error
    assert (
        "./large needs " in said(app)
        and "but models may take 6.0 MB" in said(app)
        and "GLASSBOX_MODELS_MB" in said(app)
    )


@pytest.mark.usefixtures("configured")
def test_a_model_that_left_memory_comes_back_under_the_page_that_shows_it(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf[Any](1, 10**9)
    monkeypatch.setattr(cache, "_finished", shelf)
    app = open_page("attention", model="./mine", text="the fox")
    assert cache.at_hand("./mine")
    open_page("attention", model="./told", text="the fox")
    assert not cache.at_hand("./mine"), "another visitor's model took its place"
    app.text_area(key="text").set_value("the fox and the crow").run()
    assert not app.exception and not app.info
    assert app.session_state["gb"].store["model"] == "./mine"


def test_a_training_run_has_its_weights_and_its_card(runs: Runs, open_page: OpenPage) -> None:
    own, other, waits = runs.ready(), runs.ready("Theirs", OTHER), runs.queued(name="Next")
    app = open_page("models", text=TEXT, picked=f"run:{own.id}", stock="run")
    found = by_name(app)
    lm = core.load(f"run:{own.id}")
    assert found[f"run:{own.id}"]["total"] == lm.n_parameters
    assert found[f"run:{own.id}"]["parts"] == list(parts(lm.config).values())
    assert f"run:{other.id}" not in found
    assert "no checkpoint yet" in found[f"run:{waits.id}"]["problem"]
    assert "corpus" in card(app) and "tales" in card(app) and "held-out loss" in card(app)


def test_what_a_run_needs_is_known_and_room_is_made_before_it_is_loaded(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, waits = runs.ready(), runs.queued(name="Later")
    name = f"run:{own.id}"
    need = models.need(models.resolve(name))
    assert need == memory_needed(core.load(name).config) > 0
    assert (
        models.need(models.resolve(f"run:{waits.id}")) == models.need(models.resolve("run:" + "0" * 24)) == 0
    )
    shelf = Shelf[Any](9, int(1.5 * need))
    monkeypatch.setattr(cache, "_moments", shelf)
    first, last = core.snapshots(name)[0], core.snapshots(name)[-1]
    cache.model(name, first)
    load, there = core.load, list[int]()

    def counted(*what: Any, **options: Any) -> core.LanguageModel:
        there.append(len(shelf))
        return load(*what, **options)

    monkeypatch.setattr(core, "load", counted)
    cache.model(name, last)
    assert there == [0], "the other moment had left before this one was read"
    monkeypatch.setattr(cache, "_moments", Shelf(9, need // 2))
    assert cache.model(name, first).n_parameters, "however large, a run that was trained here is shown"
    runs.store.delete(waits.id, OWNER)


def test_a_hub_id_of_the_operator_without_facts_is_known_when_it_is_fetched(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_HUB", "nobody/nothing")
    one = by_name(open_page("models", text=TEXT))["nobody/nothing"]
    assert (one["total"], one["memory"], one["stored"], one["licence"]) == (
        0,
        "not known",
        "not known",
        "not stated",
    )
    assert one["shape"] == "not known before it is fetched" and not one["problem"]


def test_the_use_of_a_text_is_counted(open_page: OpenPage) -> None:
    lm = core.load("tales-gpt")
    found = use(lm, TEXT, "")
    rows = len(set(lm.encode(TEXT)))
    assert (
        sum(found.whole.values()) - sum(found.used.values()) == (lm.config.d_vocab - rows) * lm.config.d_model
    )
    data = shown(open_page("models", text=TEXT))
    assert data["use"]["share"] == pytest.approx(found.share) and data["use"]["rows"] == rows
    assert [one["size"] for one in data["tokens"]] == pytest.approx(found.rows)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("text", ["the fox", "Hello"], ids=["its first word alone", "one word, twice"])
@pytest.mark.parametrize("name", ["tales-gpt", "./mine"], ids=["positions that turn", "a table of positions"])
@pytest.mark.usefixtures("configured")
def test_the_answer_is_what_another_text_uses(name: str, text: str, open_page: OpenPage) -> None:
    app = open_page("models", model=name, text=text)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    assert answer.index == 1, "nearly all of them: matrices work on every token"
    lm = core.load(models.resolve(name).target)
    instead = "the" if " " in text else f"{text} {text}"
    before, after = (sum(use(lm, one, "").used.values()) for one in (text, instead))
    assert answer.numbers == {"before": before, "after": after}
    assert f"{before:,}" in answer.evidence and f"{after:,}" in answer.evidence
    run_notebook(app)
    app.button(key="predict.show").click().run()
    assert not app.exception and app.session_state["gb"].store["text"] == instead


def test_the_sidebar_leads_to_the_page(open_page: OpenPage) -> None:
    app = open_page("attention", text=TEXT)
    app.button(key="tool.models").click().run()
    assert app.session_state["gb"].page == "models"
    assert shown(app)["entries"]
    assert "tool.models" not in [button.key for button in app.button]


@pytest.mark.usefixtures("configured")
def test_how_far_an_opening_is_stands_on_the_page_and_goes(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[float, str] | None] = []
    place = SimpleNamespace(
        progress=lambda share, text: seen.append((share, text)), empty=lambda: seen.append(None)
    )
    monkeypatch.setattr(opening, "st", SimpleNamespace(empty=lambda: place))
    monkeypatch.setattr(cache, "QUICK", 0)
    monkeypatch.setattr(cache, "_finished", Shelf(9, 10**9))
    app = open_page("attention", model="./large", text="the fox")
    assert not app.exception and not app.info
    share, text = seen[-2] or (0.0, "")
    assert share == 1.0 and "Reading" in text and "large" in text and " of 9 MB" in text
    assert seen[-1] is None, "it is taken away"
    seen.clear()
    app.text_area(key="text").set_value("the fox and the crow").run()
    assert not seen, "what is in memory opens at once"


@pytest.mark.usefixtures("configured")
def test_a_model_that_says_classes_is_told_before_it_is_fetched(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.checkpoints.hub.download", lambda *_, **__: pytest.fail("it was fetched"))
    app = open_page("models", text=TEXT)
    headed = [one.id for one in hub_models.MODELS if by_name(app)[one.id]["headed"]]
    assert len(headed) == 2
    app.selectbox(key="model").set_value(headed[0]).run()
    assert "names a class of the whole text (NEGATIVE, POSITIVE)" in said(app)
    assert app.session_state["gb"].store["model"] == "tales-gpt"
