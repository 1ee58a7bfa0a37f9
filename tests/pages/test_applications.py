"""The Applications page as a script: each task with a small random model, its truth, checks, question and notebook."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.kit.mounting import Component
from core.analysis.heads import answer_location
from core.analysis.heads.cross_reading import Rule, cross_reading
from core.analysis.tasks import heroes
from core.analysis.tasks.code_scores import DECODING, Task, by_model, complete
from core.checkpoints import save_folder
from core.data.tasks import TASKS
from core.decoding.together import answers as together
from core.language_model import LanguageModel
from pages.applications import answers, question, scores, uses
from tests.pages.conftest import OpenPage, mixed, random_model, run_notebook
from tests.pages.test_applications_verdicts import CARD

APART = "It does nothing on this page, nor would its Rewind: each task asks a model of its own."
CROSSED = ("translate", "summarize", "question", "sentiment")
TEXT = "Nora saw an elephant near the barn. Ben ran to the lake."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders called tales-t5 and code-gpt, with random weights."""
    root = tmp_path_factory.mktemp("applications")
    both = {"shape": "encoder-decoder", "n_layers": 2, "position": "relative", "norm": "rms"}
    random_model(root / "tales-t5", seed=7, n_ctx=900, **both)
    random_model(root / "code-gpt", seed=8, n_layers=2, n_ctx=300)
    return root


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server on which these are the only models of their names."""
    known = tuple(name for name in models.bundled() if name not in ("tales-t5", "code-gpt"))
    monkeypatch.setattr(models, "bundled", lambda: known)
    monkeypatch.setenv("GLASSBOX_MODELS", str(folder))
    return folder


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without tales-t5 and code-gpt."""
    known = tuple(name for name in models.bundled() if name not in ("tales-t5", "code-gpt"))
    monkeypatch.setattr(models, "bundled", lambda: known)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the picture is given, run by run."""
    seen: list[dict[str, Any]] = []
    mount = Component.__call__

    def noted(self: Component, data: Any = None, **more: Any) -> Any:
        if self.name != "applications":
            return mount(self, data=data, **more)
        return seen.append(data)

    monkeypatch.setattr(Component, "__call__", noted)
    return seen


def lines(app: AppTest) -> list[dict[str, str]]:
    """The table twin, as the CSV has it."""
    return list(
        csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )


def committed(app: AppTest) -> Any:
    """Choose the first option, commit, and return the answer."""
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    record = app.session_state["gb"].memos["predict"]
    assert "failed" not in record
    return record["answer"]


def html(app: AppTest) -> str:
    """All of the page's own HTML."""
    return " ".join(str(block.proto) for block in app.get("html"))


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=1)
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("use", answers.USES)
def test_every_task_answers_asks_and_its_notebook_agrees(use: str, open_page: OpenPage) -> None:
    app = open_page("applications", use=use)
    assert not app.exception
    assert not app.error
    assert [line["part"] for line in lines(app)][:1] == ["0"]
    assert not mixed(app.session_state["gb"].memos["takeaway"]["table"]())
    run_notebook(app)
    answer = committed(app)
    words = answer.numbers["words"]
    keys = ("more", "stays", "more") if use == "sentiment" else ("stays", "few", "more")
    at = keys.index("stays" if words == 0 else "few" if words <= question.FEW and "few" in keys else "more")
    assert answer.index == at
    shown = [line["part"] for line in lines(app)]
    app.button(key="predict.show").click().run()
    assert not app.exception and [line["part"] for line in lines(app)][:1] == shown[:1]
    assert "holds no score" in html(app) or use in ("story", "dialogue")


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("use", answers.USES)
def test_a_task_whose_model_is_not_here_says_so(
    use: str, open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    app = open_page("applications", use=use)
    assert not app.exception
    run_notebook(app)
    name = answers.USES[use].model
    assert (f"{name} is not on this server" in drawn[-1]["failed"]) == (name not in models.bundled())


def test_a_model_of_another_kind_is_not_taken(
    server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_model(tmp_path / "tales-t5", seed=9)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    assert uses.usual(answers.USES["translate"]) is None
    monkeypatch.setenv("GLASSBOX_MODELS", str(server))
    assert uses.usual(answers.USES["translate"]) is not None


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("use", CROSSED)
def test_the_answer_is_the_model_s_greedy_one_and_its_reading_the_trace_s(
    use: str, server: Path, open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    open_page("applications", use=use, drawn=3)
    lm, pair = core.load(server / "tales-t5"), answers.example(use, 3)
    most = answers.USES[use].most
    (expected,) = together(lm, [pair.source], max_new_tokens=most)
    found = cross_reading(lm, pair.source, most=most)
    assert found.written == expected
    assert [one["text"] for one in drawn[-1]["written"]] == [
        expected[a:b] for a, b in answers.parts(answers.USES[use], found, 0)[0]
    ]
    units, read = answers.parts(answers.USES[use], found, len(TASKS[use].prefix))
    shown = np.frombuffer(__import__("base64").b64decode(drawn[-1]["weights"]["b64"]), dtype="<f4")
    np.testing.assert_allclose(
        shown.reshape(len(units), len(read)), found.gathered(Rule(), units, read), atol=1e-5
    )
    if use == "question":
        assert drawn[-1]["sentence"] == answer_location.truth(pair.truth)
        assert drawn[-1]["head"] == pair.truth.question
    if use == "sentiment":
        for one in drawn[-1]["labels"]:
            ids = [*lm.encode(one["label"], add_special_tokens=False), *lm.config.eos_ids[:1]]
            assert one["p"] == pytest.approx(float(lm.score(pair.source, target=ids).sum().exp()), rel=1e-4)


def test_a_head_that_the_card_names_is_the_one_that_is_shown(server: Path) -> None:
    lm = core.load(server / "tales-t5")
    named = {"alignment": {"rule": {"layer": 1, "head": 2, "after": True, "share": 0.7}}}
    carded = LanguageModel(lm.transformer, lm.tokenizer, "carded", named)
    assert answers.rule_for(carded, answers.USES["translate"]) == (Rule(1, 2, True), 0.7)
    assert answers.rule_for(carded, answers.USES["question"]) == (Rule(), 1.0)
    assert answers.rule_for(carded, answers.USES["sentiment"]) == (Rule(), 1.0)
    wrong = LanguageModel(
        lm.transformer, lm.tokenizer, "wrong", {"alignment": {"rule": {"layer": 9, "share": 0.5}}}
    )
    assert answers.rule_for(wrong, answers.USES["translate"]) == (Rule(), 1.0)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("use", ["translate", "summarize", "question", "sentiment"])
def test_the_own_text_is_read_and_words_from_elsewhere_are_told(
    use: str, server: Path, open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    app = open_page("applications", use=use, text=TEXT, asks="Who saw the zebra?")
    assert not app.exception
    said = " ".join(line["text"] for line in drawn[-1]["verdict"])
    assert "Not in Toyland" in said
    assert "elephant" in said
    assert ("zebra" in said) == (use == "question")
    assert "nothing is judged" in said
    assert "".join(one["text"] for one in drawn[-1]["read"]).replace(" ", "") == TEXT.replace(" ", "")
    run_notebook(app)


@pytest.mark.usefixtures("server")
def test_an_example_is_drawn_and_typing_takes_its_place(
    open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    app = open_page("applications", use="translate")
    first = drawn[-1]
    app.button(key="applications.another").click().run()
    assert app.session_state["gb"].store["drawn"] == 1
    assert [one["text"] for one in drawn[-1]["read"]] != [one["text"] for one in first["read"]]
    app.text_area(key="text").input(TEXT).run()
    assert "elephant" in [one["text"] for one in drawn[-1]["read"]]
    app.button(key="applications.another").click().run()
    assert "elephant" not in [one["text"] for one in drawn[-1]["read"]]
    app.button(key="applications.own").click().run()
    assert "elephant" in [one["text"] for one in drawn[-1]["read"]]


def test_code_is_the_card_s_completion_checked_and_never_run(
    server: Path, open_page: OpenPage, drawn: list[dict[str, Any]], tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    prompt = f"open({str(mark)!r}, 'w')\ndef broken(self):\n    return missing("
    app = open_page("applications", use="code", begun=prompt)
    assert not app.exception
    lm = core.load(server / "code-gpt")
    done = complete(Task(prompt, ""), by_model(lm, **DECODING))
    assert "\n".join(one["text"] for one in drawn[-1]["written"]) == done.code
    right = [line["right"] for line in drawn[-1]["verdict"]]
    assert right[0] == done.check.parses
    assert not mark.exists()


def test_a_hero_is_counted(open_page: OpenPage, drawn: list[dict[str, Any]]) -> None:
    app = open_page("applications", use="story", hero="Theo", drawn=4)
    assert not app.exception
    lm = core.load("tales-gpt")
    said = lm.generate("Once upon a time, Theo lived near", seed=4, max_new_tokens=110, **answers.STORY)
    text = " ".join(one["text"] for one in drawn[-1]["written"])
    assert text.split() == said.text.split()
    count = text.count("Theo")
    assert f"Theo is named {count} times" in drawn[-1]["verdict"][0]["text"]
    assert len([mark for mark in drawn[-1]["marks"] if mark["hero"]]) == count


@pytest.mark.full(reason="takes a second")
def test_heroes_are_measured_when_asked_for(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "STORIES", 3)
    app = open_page("applications", use="story")
    assert not [button for button in app.button if button.label == "Again"]
    app.button(key="work.heroes").click().run()
    assert not app.exception
    kept = list(heroes.kept(core.load("tales-gpt"), 3))
    assert scores.heroes_kept(kept) in html(app)
    assert f"In {sum(kept)} of 3 stories" in scores.heroes_kept(kept)


def test_a_turn_of_dialogue_ends_at_its_quotation_mark(
    open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    app = open_page("applications", use="dialogue")
    assert not app.exception
    assert '"' not in "".join(one["text"] for one in drawn[-1]["written"])


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=6)
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("use", answers.USES)
@pytest.mark.parametrize("text", ["", "  ", "🦊" * 40, "word " * 900, "<b>*x*</b>"])
def test_odd_texts_are_read_or_said(
    use: str, text: str, open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    app = open_page(
        "applications", use=use, text=text, drawn=-1, asks=text[:50], hero=text, scene=text, begun=text
    )
    assert not app.exception
    assert drawn[-1]["failed"] or drawn[-1]["written"] is not None


@pytest.mark.usefixtures("server")
def test_too_long_a_text_says_both_numbers(
    open_page: OpenPage, drawn: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {"shape": "encoder-decoder", "n_layers": 1, "position": "relative", "norm": "rms"}
    random_model(tmp_path / "tales-t5", seed=7, n_ctx=40, **both)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    app = open_page("applications", use="translate", text="Nora saw a red kite near the barn. " * 4, drawn=-1)
    assert not app.exception
    had = len(core.load(tmp_path / "tales-t5").tokenizer.encode(drawn[-1]["source"]))
    assert had > 40
    assert drawn[-1]["failed"] == f"Your text has {had} tokens, and tales-t5 reads 40 at once. Shorten it."
    app = open_page("applications", use="translate", drawn=1)
    assert drawn[-1]["failed"].startswith("This example has ")


LONG = {
    "translate": ("text", "Nora saw a red kite. " * 90, "Your text has 1,889 characters; the first 1,600 are read."),
    "dialogue": ("scene", 'Ben said: "Yes." ' * 100, "The scene has 1,700 characters; the first 1,600 are read."),
    "code": ("begun", "#" * 2_000, "The function so far has 2,000 characters; the first 1,600 are read."),
    "story": ("hero", "Ann " * 20, "The hero’s name has 79 characters; the first 40 are read."),
    "question": ("asks", "Who " * 60, "Your question has 239 characters; the first 200 are read."),
}  # fmt: skip


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("use", LONG)
def test_what_is_longer_than_is_read_is_said_with_both_numbers_and_stays_in_its_field(
    use: str, open_page: OpenPage
) -> None:
    field, written, said = LONG[use]
    app = open_page("applications", use=use, drawn=-1)
    assert not [box for box in app.caption if "characters" in box.value]
    state_of = app.session_state["gb"].store
    state_of[field] = written
    app.run()
    assert not app.exception
    assert [box.value for box in app.caption if "characters" in box.value] == [said]
    assert app.session_state["gb"].store[field] == written
    kept = [box.value for box in (*app.text_area, *app.text_input) if box.key and box.key.startswith(field)]
    assert kept and all(value == written for value in kept)


def test_the_text_is_cut_by_who_answers_and_not_by_the_open_model(
    server: Path, open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    """tales-gpt is open and reads 384 tokens; the random tales-t5 has a longer context."""
    app = open_page("applications", use="summarize", text="Zzyx qwop. " * 100, drawn=-1)
    assert not app.info
    assert drawn[-1]["source"].endswith("Zzyx qwop. " * 99 + "Zzyx qwop.")


@pytest.mark.full(reason="the other cases take a second", quick_cases=3)
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("use", answers.USES)
def test_the_model_that_answers_is_named_whatever_is_open(
    use: str, open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    app = open_page("applications", use=use, model="tales-bert")
    name = answers.USES[use].model
    assert name in drawn[-1]["titles"][1], "named in the picture"
    assert (
        app.button(key="applications.card").label.replace("\\", "")
        == f"{name} answers here, whatever is open"
    )
    assert APART in [box.value.replace("\\", "") for box in app.caption]
    assert not [one for one in app.get("bidi_component") if "rewind" in str(one.proto)]
    app.button(key="applications.card").click().run()
    assert not app.exception
    shown = name if name in models.bundled() else f"./{name}"
    assert app.session_state["gb"].store["picked"] == shown
    assert f"The card of {name}" in html(app)


def test_a_bundled_model_s_loss_is_its_card_s(open_page: OpenPage) -> None:
    app = open_page("applications", use="story")
    card = core.load("tales-gpt").card
    assert f"{card['held_out_loss']:.3f}" in html(app)
    assert f"{card['n_gram']['held_out_loss']:.3f}" in html(app)


def test_the_page_shows_them_with_the_command(
    server: Path, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = core.load(server / "tales-t5")
    save_folder(tmp_path / "tales-t5", lm.transformer, lm.tokenizer, CARD)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    shown = html(open_page("applications", use="translate"))
    assert "80.0%" in shown
    assert "67.0% to 89.0%" in shown
    assert "python -m scripts.train_models tales-t5 --scores" in shown
    assert "python -m scripts.reading_report tales-t5" in shown
