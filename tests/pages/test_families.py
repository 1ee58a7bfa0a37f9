"""The Families page as a script: its three lanes, what they say and write, its question, cards and notebook."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.kit import Component
from app.models import choice
from core.families.predictions import guesses, swap
from core.families.published import FAMILIES, sizes
from core.families.writing import write
from core.messages import say, speaking
from core.zoo import card
from pages.families import cards, lanes, question
from pages.families import figure as shown
from pages.families import guesses as first_guesses
from pages.families.figure import crossing
from tests.pages.conftest import OpenPage, run_notebook

TEXT = "Lily gave the golden key to Ben."
OPEN = {"tales-gpt": "GPT", "./other": "GPT", "./both": "BERT", "./pair": "T5"}


def lines(app: AppTest, shape: str, what: str) -> list[dict[str, str]]:
    """The lines of the table twin of one lane, as the CSV has them."""
    rows = csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    return [line for line in rows if (line["shape"], line["what"]) == (shape, what)]


def committed(app: AppTest) -> Any:
    """Choose the first option, commit, and return the answer."""
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    return app.session_state["gb"].memos["predict"]["answer"]


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.usefixtures("other_model")
@pytest.mark.parametrize("name", OPEN)
def test_every_shape_stands_in_its_own_lane_and_the_notebook_agrees(name: str, open_page: OpenPage) -> None:
    app = open_page("families", model=name, text="The fox and the crow")
    assert not app.exception
    assert not app.info
    models = {"GPT": "tales-gpt", "BERT": "tales-bert", "T5": "tales-t5"} | {
        OPEN[name]: name.removeprefix("./")
    }
    here = {shape for shape, model in models.items() if model in core.zoo.bundled() or f"./{model}" == name}
    for shape, model in models.items():
        for what in ("asked", "writes"):
            assert {line["model"] for line in lines(app, shape, what)} == (
                {model} if shape in here else set()
            )
    found = run_notebook(app)
    assert set(found["written"]) >= {"decoder", "encoder"}
    assert ("encoder-decoder" in found["written"]) == ("T5" in here)


@pytest.fixture
def without_t5(monkeypatch: pytest.MonkeyPatch) -> None:
    """No encoder-decoder is bundled."""
    known = tuple(name for name in models.bundled() if name != "tales-t5")
    monkeypatch.setattr(models, "bundled", lambda: known)


@pytest.fixture
def with_t5(
    models_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_t5: None
) -> core.LanguageModel:
    """A folder called tales-t5 among those of this server."""
    shutil.copytree(models_root / "pair", tmp_path / "tales-t5")
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    return core.load(tmp_path / "tales-t5")


def test_an_encoder_decoder_that_arrives_takes_its_lane(
    open_page: OpenPage, with_t5: core.LanguageModel
) -> None:
    app = open_page("families", text=TEXT, ask="translate")
    assert not app.exception
    ids = with_t5.encode("translate English to Spanish: " + TEXT)
    expected = write(with_t5, ids, 12)
    shown = lines(app, "T5", "writes")
    assert [line["token"] for line in shown] == [with_t5.tokenizer.display(id) for id in expected.ids]
    assert [float(line["p"]) for line in shown] == pytest.approx(
        [one.probability for one in expected.strokes], rel=1e-4
    )
    gap = open_page("families", text=TEXT, ask="gap")
    assert [line["p"] for line in lines(gap, "T5", "writes")] != [line["p"] for line in shown]
    run_notebook(gap)


@pytest.mark.full(reason="takes a second")
@pytest.mark.usefixtures("without_t5")
def test_without_an_encoder_decoder_its_lane_shows_the_masks_and_says_so(
    open_page: OpenPage, monkeypatch: Any
) -> None:
    seen: list[Any] = []

    def mount(self: Component, **given: Any) -> None:
        if self is shown.families:
            seen.append(given)

    monkeypatch.setattr(Component, "__call__", mount)
    app = open_page("families", text=TEXT)
    assert not app.exception
    lane = seen[-1]["data"]["lanes"][2]
    assert "No encoder-decoder is installed" in lane["missing"]
    assert (lane["asked"], lane["writing"], lane["swap"]) == ({}, None, None)
    length = len(core.load("tales-gpt").encode(TEXT))
    shapes = {name: (one["rows"], one["cols"]) for name, one in lane["maps"].items()}
    assert shapes == {"encoder": (length, length), "decoder": (3, 3), "cross": (3, length)}
    assert not lines(app, "T5", "asked")
    run_notebook(app)


@pytest.mark.full(reason="takes a second")
def test_the_table_is_what_the_models_say(open_page: OpenPage) -> None:
    app = open_page("families", text=TEXT)
    for shape, name in (("GPT", "tales-gpt"), ("BERT", "tales-bert")):
        lm = core.load(name)
        ids = lm.encode(TEXT)
        shown = lines(app, shape, "asked")
        found = guesses(lm, ids, [int(line["place"]) for line in shown])
        # All but the start token of the open model; of the other the token that the picture asks for.
        assert len(shown) == (len(ids) - 1 if shape == "GPT" else 1)
        for line, one in zip(shown, found):
            assert line["token"] == lm.tokenizer.display(one.truth)
            assert line["likeliest"] == lm.tokenizer.display(one.best)
            assert float(line["p"]) == pytest.approx(float(one.probabilities.max()), rel=1e-4)
            assert float(line["p of the text's own"]) == pytest.approx(
                float(one.probabilities[one.truth]), rel=1e-4
            )
            assert int(line["sees"]) == (one.at if shape == "GPT" else len(ids) - 1)


def change_of(text: str, token: str) -> question.Change:
    """The change that is asked about when this token is followed."""
    first = text.index(token)
    found = question.choose(text, (first, first + len(token)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("token", "word", "other", "behind"), [("golden", "Lily", "Ben", False), ("gave", "Ben", "Lily", True)]
)
def test_the_farther_end_of_the_text_becomes_another_word(
    token: str, word: str, other: str, behind: bool
) -> None:
    change = change_of(TEXT, token)
    assert (change.word, change.other, change.behind) == (word, other, behind)
    first, end = change.place
    assert change.then[first:end] == token
    assert change.then == (f"Ben{TEXT[4:]}" if not behind else f"{TEXT[:-4]}Lily.")


@pytest.mark.parametrize(
    ("text", "span"), [("word", (0, 4)), ("a a a", (2, 3)), ("", (0, 0)), (TEXT, (0, 0)), ("?!", (0, 1))]
)
def test_without_a_word_to_change_another_question_is_asked(text: str, span: tuple[int, int]) -> None:
    assert question.choose(text, span) is None


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(("follow", "key"), [(-1, "both"), (3, "bert")])
def test_the_answer_is_whose_guess_moves(follow: int, key: str, open_page: OpenPage) -> None:
    app = open_page("families", text=TEXT, follow=follow)
    answer = committed(app)
    behind = key == "bert"
    token = "gave" if behind else "golden"
    change = change_of(TEXT, token)
    for name, number in (("tales-gpt", "gpt"), ("tales-bert", "bert")):
        lm, rows = core.load(name), []
        for text in (change.text, change.then):
            ends = [end for _, end in lm.tokenizer.offsets(text)]
            at = next(at for at, end in enumerate(ends) if end > text.index(token))
            rows.append(guesses(lm, lm.encode(text), [at])[0].probabilities)
        assert answer.numbers[number] == pytest.approx(np.abs(rows[0] - rows[1]).sum() / 2, abs=1e-6)
    assert (answer.numbers["gpt"] == 0) == behind and answer.numbers["bert"] > question.MOVES
    asked = ("gpt", "bert", "both", "none")
    assert asked[answer.index] == key
    app.button(key="predict.show").click().run()
    assert not app.exception and app.session_state["gb"].store["text"] == change.then
    run_notebook(app)


def test_a_text_of_one_word_asks_what_bert_would_write_again(open_page: OpenPage) -> None:
    app = open_page("families", text="Lily")
    answer = committed(app)
    lm = core.load("tales-bert")
    found = write(lm, lm.encode("Lily"), 12)
    kept = sum(not one for one in found.regretted)
    assert answer.numbers["kept"] == kept
    assert answer.index == (1 if kept == len(found.strokes) else 0)
    assert answer.numbers["now"] == pytest.approx(float(np.mean(found.now)), abs=1e-5)
    assert f"{kept} of {len(found.strokes)}" in answer.evidence
    run_notebook(app)


def test_the_page_begins_with_the_longest_word_that_has_one_behind_it(open_page: OpenPage) -> None:
    lm = core.load("tales-gpt")
    tokens = [lm.tokenizer.display(id) for id in lm.encode(TEXT)]
    spans = lm.tokenizer.offsets(TEXT)
    assert tokens[lanes.default_token(TEXT, tokens, spans)].strip() == "golden"
    assert lanes.default_token("a word", ["<s>", " a", " word"], [(0, 0), (0, 1), (2, 6)]) == 1
    assert lanes.default_token("a word", ["<s>", " word"], [(0, 0), (0, 4)]) == 1
    spans = lm.tokenizer.offsets(choice.BEGUN)
    tokens = [lm.tokenizer.display(id) for id in lm.encode(choice.BEGUN)]
    assert tokens[lanes.default_token(choice.BEGUN, tokens, spans)] == " there"
    assert not open_page("families", text="Lily").exception


def test_tokens_of_two_tokenizers_meet_at_their_characters() -> None:
    assert lanes.across([(0, 0), (0, 3), (3, 8)], [(0, 1), (1, 3), (4, 9)]) == [-1, 1, 2]
    assert lanes.across([(0, 2)], []) == [-1]


def test_a_large_model_is_asked_for_the_followed_token_alone(open_page: OpenPage, monkeypatch: Any) -> None:
    monkeypatch.setattr(lanes, "HEAVY", 10)
    app = open_page("families", text=TEXT, follow=4)
    assert [line["place"] for line in lines(app, "GPT", "asked")] == ["4"]
    run_notebook(app)


def test_a_swap_moves_no_gpt(open_page: OpenPage) -> None:
    lm = core.load("tales-gpt")
    ids = lm.encode(TEXT)
    assert swap(lm, ids, 4, 5, 700).moved == 0.0
    app = open_page("families", text=TEXT, follow=4)
    assert "same(turned.moved, 0.0)" in app.session_state["gb"].memos["takeaway"]["notebook"]()


def test_what_the_bundled_t5s_card_says_of_it_is_translated() -> None:
    assert card("tales-t5")["note"] == first_guesses.T5_NOTE
    with speaking("es"):
        assert say(first_guesses.T5_NOTE) != first_guesses.T5_NOTE


def test_heads_of_a_large_model_are_averaged_block_by_block(monkeypatch: Any) -> None:
    heads = np.random.default_rng(0).random((2, 3, 4, 5))
    names, arrays = crossing(heads)
    assert names == ["all heads", *(f"L{i}H{k}" for i in range(2) for k in range(3))]
    np.testing.assert_allclose(arrays[0], heads.mean((0, 1)))
    np.testing.assert_allclose(arrays[1 + 3 + 2], heads[1, 2])
    monkeypatch.setattr("pages.families.figure.MOST_HEADS", 100)
    names, arrays = crossing(heads)
    assert names == ["all heads", "block 0", "block 1"]
    np.testing.assert_allclose(arrays[2], heads[1].mean(0))


@pytest.mark.parametrize(
    "text", ["", "   ", "🦊" * 30, "Der Fuchs läuft über die Straße, ja ja ja ja ja ja ja ja ja"]
)
def test_odd_texts_are_read_or_said(text: str, open_page: OpenPage) -> None:
    app = open_page("families", text=text)
    assert not app.exception
    assert not app.error


class TestCards:
    def test_every_published_model_is_drawn_and_in_the_table(self, open_page: OpenPage) -> None:
        app = open_page("families")
        html = " ".join(str(block.proto) for block in app.get("html"))
        for family, size in sizes():
            assert f"{size.parameters:,}" in html
            assert f"{family.name} {size.name}".strip() in html
        rows = cards.rows()
        assert all(len(row) == len(cards.COLUMNS) for row in rows)
        assert len(rows) == len(list(sizes())) + 1
        assert rows[-1][0] == "GPT-4"
        assert rows[-1].count("not published") == 8

    def test_only_what_this_server_offers_opens(self, open_page: OpenPage, monkeypatch: Any) -> None:
        monkeypatch.setenv("GLASSBOX_HUB", "google-t5/t5-base")
        seen: list[Any] = []
        monkeypatch.setattr(cards, "families_cards", lambda **given: seen.append(given))
        assert not open_page("families").exception
        offered = [
            size["hub"] for one in seen[-1]["data"]["families"] for size in one["sizes"] if size["opens"]
        ]
        assert offered == ["google-t5/t5-base"]
        assert [one["name"] for one in seen[-1]["data"]["families"]] == [one.name for one in FAMILIES]

    def test_sizes_off_the_list_say_how_they_could_be_had(self, monkeypatch: Any) -> None:
        """BERT large, GPT-2 XL and T5 base: the operator may allow them; the first GPT is read by no converter."""
        monkeypatch.delenv("GLASSBOX_HUB", raising=False)
        said = {one["name"]: one["closed"] for one in cards.record_families()}
        assert said["BERT"] == (
            "Not on this Glassbox’s list: large. Whoever runs it allows it with GLASSBOX_HUB "
            "(google-bert/bert-large-uncased), where the memory is enough."
        )
        assert "openai-community/gpt2-xl" in said["GPT-2"] and "google-t5/t5-base" in said["T5"]
        assert "allows them" in said["T5"]
        assert {said[name] for name in ("GPT", "DistilBERT", "GPT-3", "GPT-4")} == {""}
        every = [size.hub for family, size in sizes() if size.hub and family.name != "GPT"]
        monkeypatch.setenv("GLASSBOX_HUB", ",".join(every))
        assert {one["closed"] for one in cards.record_families()} == {""}


class TestReasons:
    def test_a_learner_can_say_why_bert_writes_no_story_and_gpt_sees_no_next_word(
        self, open_page: OpenPage, monkeypatch: Any
    ) -> None:
        seen: list[Any] = []
        monkeypatch.setattr(first_guesses, "families_guesses", lambda **given: seen.append(given["data"]))
        assert not open_page("families", text=TEXT, follow=4).exception
        told = {one["title"]: one["text"] for one in seen[-1]["reasons"]}
        share = {bar["shape"] + str(bar["cut"]): bar["right"] / bar["of"] for bar in seen[-1]["bars"]}
        gpt = told["Why GPT cannot see the next word"]
        assert "Training asks each row for the token behind it." in gpt
        assert "A row that saw it would copy the answer and learn nothing" in gpt
        assert "so the mask hides it, in training and ever after." in gpt
        assert gpt.endswith("Here, another word behind moves the guess not by a bit.")
        bert = told["Why BERT cannot write a story"]
        assert "It learned to fill gaps between words. Behind the end of a text there are none." in bert
        assert (
            f"Here its first guess is right for {share['encoderFalse']:.0%} of the words with both sides in view "
            f"and for {share['encoderTrue']:.0%} at the end of a text; GPT’s there for {share['decoderFalse']:.0%}."
        ) in bert
        assert "A new word also changes what it says of those before: by " in bert
