"""The Bias page as a script: the ten tests, tables, own lists and what is wrong with them, question and notebook."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from app import questions
from core.runs.word_recordings import recorded_words
from core.vectors.association import measure
from core.vectors.debiasing import gender_direction
from core.vectors.residual_bias import leftover, told_by_few
from core.vectors.static import glove
from core.vectors.token_words import frequent, of_words, pieces
from core.vectors.word_lists import Lists, WordList, read, ten_tests
from pages.bias import sentences, weat
from tests.pages.conftest import OpenPage, run_notebook

TEXT = "The nurse helped the engineer."


def table(app: AppTest) -> dict[str, list[Any]]:
    """The picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def picture(app: AppTest) -> dict[str, Any]:
    """The data of the page's first picture."""
    found = [json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.json]
    data: dict[str, Any] = next(data for data in found if "verdict" in data.get("shown", {}))
    return data


def lines(app: AppTest, what: str, *columns: str) -> dict[str, tuple[Any, ...]]:
    """Of the table's lines of one kind: name -> these columns."""
    shown = table(app)
    return {
        name: tuple(shown[column][at] for column in columns)
        for at, (kind, name) in enumerate(zip(shown["what"], shown["name"]))
        if kind == what
    }


def warned(app: AppTest) -> str:
    """What the page warns of, as it reads."""
    return " ".join(box.value for box in app.warning).replace("\\", "").replace("\u2060", "")


def popovers(block: Any) -> list[str]:
    """The labels of all popovers in a block: AppTest has no list of them."""
    own = [block.proto.popover.label] if getattr(block, "type", "") == "popover" else []
    return own + [label for one in getattr(block, "children", {}).values() for label in popovers(one)]


def answered(app: AppTest) -> Any:
    """The answer to the page's question."""
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    record = app.session_state["gb"].memos["predict"]
    assert "failed" not in record
    return record["answer"]


@pytest.mark.full(reason="takes 2 s")
def test_the_first_screen_shows_the_ten_tests(open_page: Any) -> None:
    app = open_page("bias", text=TEXT)
    assert not app.exception and not app.error
    shown = lines(app, "test", "effect size", "p, two-sided", "conclusive", "published d", "share found")
    for test in ten_tests():
        done = measure(glove(), test.lists)
        d, p, conclusive, published, share = shown[f"test {test.number}"]
        assert (d, p) == (pytest.approx(done.d), pytest.approx(done.chance.two_sided))
        assert (conclusive, published) == (test.number in (6, 7, 8), test.published.d)
        assert share == pytest.approx(min(one.share for one in done.lists))
    done = measure(glove(), ten_tests()[7].lists)
    words = lines(app, "word", "association")
    assert [words[name][0] for name in done.lists[0].words] == pytest.approx(done.x.tolist())
    assert set(lines(app, "word of the text", "association")) == {"The", "nurse", "helped", "engineer"}
    run_notebook(app)


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("stage", range(6))
@pytest.mark.parametrize("weat", ["2", "9"])
def test_each_step_opens_and_its_notebook_agrees(stage: int, weat: str, open_page: Any) -> None:
    app = open_page("bias", text=TEXT, stage=stage, weat=weat, subject=3, mate=2)
    assert not app.exception
    run_notebook(app)


@pytest.mark.full(reason="takes more than a second")
def test_the_direction_is_removed_from_every_vector(open_page: Any) -> None:
    app = open_page("bias", text=TEXT, weat="7", direction="removed")
    direction = gender_direction(glove())
    shown = lines(app, "test", "effect size")
    for test in ten_tests():
        done = measure(glove(), test.lists, direction=direction)
        assert shown[f"test {test.number}"][0] == pytest.approx(done.d)
    run_notebook(app)
    answer = answered(app)
    share, others = told_by_few(glove(), direction)
    assert answer.numbers["share"] == pytest.approx(share)
    assert f"Of {others} other words" in answer.evidence
    assert answer.index == (2 if share > 0.75 else 1 if share > 0.55 else 0)
    assert answer.because in questions.read()["bias", "told-apart"].because.values()


@pytest.mark.full(reason="takes 3 s")
def test_the_last_step_says_what_is_left(open_page: Any) -> None:
    app = open_page("bias", text=TEXT, weat="7", stage=5)
    rest = leftover(glove(), gender_direction(glove()))
    shown = lines(app, "removal", "association")
    assert shown["told apart, direction removed"][0] == rest.after.share
    assert shown["told apart, labels shuffled"][0] == pytest.approx(rest.control[1])
    run_notebook(app)


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("weat", ["1", "6", "7", "8"])
def test_the_question_is_answered_by_the_table(weat: str, open_page: Any) -> None:
    app = open_page("bias", text=TEXT, weat=weat)
    answer = answered(app)
    test = ten_tests()[int(weat) - 1]
    if measure(glove(), test.lists).chance.two_sided > 0.05:
        weat, test = "7", ten_tests()[6]  # of what is no finding nothing can be left
    before = measure(glove(), test.lists).d
    rest = measure(glove(), test.lists, direction=gender_direction(glove()))
    after = rest.d
    assert answer.numbers == {"before": pytest.approx(before), "after": pytest.approx(after)}
    sign_kept = before * after > 0
    key = (
        "gone"
        if rest.chance.two_sided > 0.05
        else "turned"
        if not sign_kept
        else "less"
        if abs(after) < 0.9 * before
        else "same"
    )
    assert ("gone", "less", "same", "turned")[answer.index] == key
    app.button(key="predict.show").click().run()
    assert not app.exception and app.session_state["gb"].store["direction"] == "removed"
    assert lines(app, "test", "effect size")[f"test {weat}"][0] == pytest.approx(after)


@pytest.mark.full(reason="takes a second")
def test_half_of_an_effect_within_chance_is_not_called_nothing(open_page: Any) -> None:
    app = open_page("bias", text=TEXT, weat="6")
    answer = answered(app)
    record = app.session_state["gb"].memos["predict"]
    assert answer.numbers["after"] > answer.numbers["before"] / 3, "much is left"
    assert record["question"].endswith("What is left beyond chance?")
    assert record["options"][answer.index] == "Nothing beyond chance"
    assert "wholly or in part" in answer.because and "does not tie" not in answer.because
    assert "0.087 of the splits (p); beyond chance it is up to 0.05." in answer.evidence


# ------------------------------------------------------------------------------------------------- other tables


@pytest.mark.full(reason="takes 4 s")
def test_the_open_models_own_rows_can_be_tested(open_page: Any) -> None:
    link = {
        "listx": "red blue green king", "listy": "dog cat bird mother", "lista": "he him his man",
        "listb": "she her woman girl",
    }  # fmt: skip
    app = open_page("bias", text=TEXT, vectors="model", weat="own", **link)
    assert not app.exception
    asked = Lists(*(WordList(name, read(words)) for name, words in zip("XYAB", link.values())))
    words = [word for side in asked.all for word in side.words]
    d = measure(of_words(core.load("tales-gpt"), words), asked).d
    assert lines(app, "test", "effect size")["your lists"][0] == pytest.approx(d)
    lm = core.load("tales-gpt")
    for test in ten_tests():
        share, conclusive = lines(app, "test", "share found", "conclusive")[f"test {test.number}"]
        whole = [
            sum(len(ids) == 1 for ids in pieces(lm, side.words)) / len(side.words) for side in test.lists.all
        ]
        assert (share, conclusive) == (pytest.approx(min(whole)), False), "few words are single tokens"
    run_notebook(app)
    rewound = open_page("bias", text=TEXT, vectors="model", weat="own", snapshot=0, **link)
    assert lines(rewound, "test", "effect size")["your lists"][0] != pytest.approx(d)


@pytest.mark.full(reason="takes 6 s")
def test_of_the_open_model_it_is_said_how_many_words_are_single_tokens(
    open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    plain = sentences.pieced

    def heard(*given: Any) -> str:
        told.append(plain(*given))
        return told[-1]

    monkeypatch.setattr(sentences, "pieced", heard)
    app = open_page("bias", text=TEXT, vectors="model", weat="7", stage=5)
    assert not app.exception
    written = [ids for ids in pieces(core.load("tales-gpt"), frequent()) if ids]
    single = sum(len(ids) == 1 for ids in written)
    assert 0 < single < len(written) / 10
    assert (
        f"Of the {len(written):,} frequent words that were sorted here, {single:,} are single tokens"
        in told[0]
    )
    answer = answered(app)
    assert told[0] in answer.evidence
    told.clear()
    assert not open_page("bias", text=TEXT, weat="7", stage=5).exception
    assert not told, "GloVe has a row for every word"


@pytest.mark.full(reason="takes more than a second")
def test_word2vec_says_what_it_has_and_what_can_be_done(open_page: Any) -> None:
    app = open_page("bias", text=TEXT, vectors="learned")
    told = " ".join(picture(app)["shown"]["verdict"])
    assert (
        "Found: of the list with the fewest, how many words the table has" in picture(app)["shown"]["dealt"]
    )
    kept = recorded_words()
    words = kept.table(len(kept.steps) - 1).words
    assert f"has {len(words):,} words, those of Toyland’s tales" in told
    assert len(set(words) & set(re.findall(r"\w+", told.split("tales: ")[1]))) >= 10, "some of them"
    app.button(key="bias.toyland").click().run()
    own = lines(app, "test", "effect size", "conclusive")["your lists"]
    assert own[0] is not None and own[1], "all of these words are there"
    assert not [one for one in app.button if one.key == "bias.toyland"]
    run_notebook(app)


@pytest.mark.full(reason="takes 2 s")
def test_the_question_is_about_own_lists_where_these_are_shown(open_page: Any) -> None:
    lists = {
        "listx": "cat dog horse",
        "listy": "bus car truck",
        "lista": "loved happy",
        "listb": "broken fast",
    }
    for direction in ("kept", "removed"):
        app = open_page("bias", text=TEXT, weat="own", direction=direction, **lists)
        assert "Leave out the one word of X or Y that carries most" in " ".join(
            str(one.proto) for one in app.get("html")
        )
        without = gender_direction(glove()) if direction == "removed" else None
        rests = [
            measure(glove(), Lists(*(
                WordList(side, tuple(one for one in read(text) if one != word)) for side, text in lists.items()
            )), direction=without).d
            for word in (*read(lists["listx"]), *read(lists["listy"]))
        ]  # fmt: skip
        answer = answered(app)
        assert answer.numbers["after"] == pytest.approx(min(rests, key=abs))
        run_notebook(app)
        app.button(key="predict.show").click().run()
        assert not app.exception
        (changed,) = [name for name in lists if app.session_state["gb"].store[name] != lists[name]]
        assert len(app.session_state["gb"].store[changed].split()) == 2


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize(
    "lists", [{}, {"listx": "cat dog", "listy": "bus car", "lista": "good", "listb": "bad"}]
)
def test_of_lists_that_are_too_short_the_question_is_how_long_they_must_be(
    lists: Any, open_page: Any
) -> None:
    empty = dict.fromkeys(("listx", "listy", "lista", "listb"), " ")
    app = open_page("bias", text=TEXT, weat="own", **empty | lists)
    assert "From how many on can p be below 0.05" in " ".join(str(one.proto) for one in app.get("html"))
    answered(app)
    assert "2 / 70 = 0.029" in " ".join(str(one.proto) for one in app.get("html"))
    run_notebook(app)


def test_what_lists_need_is_said_before_they_are_written(open_page: Any) -> None:
    said = " ".join(one.value for one in open_page("bias", text=TEXT).caption)
    assert "at least 2 that the vectors have in X and in Y, 1 in A and in B" in said and "at most 60" in said


@pytest.mark.full(reason="takes a second")
def test_recorded_word2vec_vectors_can_be_tested(open_page: Any) -> None:
    app = open_page("bias", text=TEXT, vectors="learned", weat="own", listx="red blue", listy="dog cat", lista="he his",
                    listb="she her")  # fmt: skip
    assert not app.exception
    kept = recorded_words()
    words = kept.table(len(kept.steps) - 1)
    d = lines(app, "test", "effect size")["your lists"][0]
    named = zip("XYAB", ("red blue", "dog cat", "he his", "she her"))
    asked = Lists(*(WordList(name, read(text)) for name, text in named))
    assert d == pytest.approx(measure(words, asked).d)
    assert any(found[0] is None for found in lines(app, "test", "effect size").values()), (
        "too few of some lists"
    )
    run_notebook(app)
    answered(app)


# ------------------------------------------------------------------------------------------------- own lists


@pytest.mark.parametrize(
    ("words", "says"), [("rose lily zzzq", "1 word not used"), ("rose zq qz", "2 words not used")]
)
def test_words_left_out_are_counted(words: str, says: str, open_page: Any) -> None:
    link = {"listx": words, "listy": "dog cat", "lista": "he his", "listb": "she her"}
    shown = open_page("bias", text=TEXT, weat="own", **link)
    assert says in popovers(shown.main)


@pytest.mark.full(reason="takes more than a second")
def test_typing_a_list_opens_the_own_test(open_page: Any) -> None:
    app = open_page("bias", text=TEXT)
    app.text_area(key="listx").set_value("rose tulip lily").run()
    assert not app.exception
    assert app.session_state["gb"].store["weat"] == "own"
    assert {"rose", "lily"} <= set(lines(app, "word", "association"))
    run_notebook(app)


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize(
    ("link", "where", "why"),
    [
        ({"listx": ""}, "verdict", "the list “your X” is empty: write two words or more into it"),
        ({"listb": " \n "}, "verdict", "the list “your B” is empty: write a word into it"),
        ({"listx": "zzzq qqqz nurse"}, "verdict", "of the 3 words of “your X” the test can use 0"),
        ({"listx": "nurse teacher"}, "verdict", "2 stand in another list, too"),
        ({"listx": "医生 护士"}, "verdict", "GloVe lacks 2"),
        ({"listx": "a" * 60}, "warning", "has 60 characters, and a word has at most 40"),
        ({"lista": " ".join(f"w{n}" for n in range(80))}, "warning", "80 words are more than the 60"),
        ({"listx": "<b>x</b> **y** engineer doctor"}, "left", "2 not in the table: <b>x</b>, **y**"),
        (
            {"listx": "engineer doctor"},
            "verdict",
            "X has 2 words and Y 8: every random split keeps these sizes",
        ),
        (
            {"listx": "engineer doctor zzzq"},
            "verdict",
            "words are here (the published table has 400,000), among them 2 of 3 of “your X”",
        ),
    ],
)
def test_what_is_wrong_with_own_lists_is_told_and_nothing_is_lost(
    link: dict[str, str], where: str, why: str, open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def heard(plain: Callable[..., list[str]]) -> Callable[..., list[str]]:
        def say(*given: Any) -> list[str]:
            told.extend(plain(*given))
            return plain(*given)

        return say

    for name in ("verdict", "left_out"):
        monkeypatch.setattr(sentences, name, heard(getattr(sentences, name)))
    app = open_page("bias", text=TEXT, weat="own", **link)
    assert not app.exception
    assert why in (warned(app) if where == "warning" else " ".join(told))
    kept = app.session_state["gb"].store
    assert all(kept[key] == value for key, value in link.items())
    run_notebook(app)
    answered(app)


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=1)
@pytest.mark.parametrize(
    "link",
    [
        {"stage": 9},
        {"stage": 1, "weat": "10", "subject": 999, "mate": 999},
        {"weat": "11"},
        {"vectors": "learned", "direction": "removed", "stage": 5},
        {"vectors": "model", "stage": 0},
        {"direction": "gone"},
    ],
)
def test_the_ends_of_the_dials_work(link: dict[str, Any], open_page: Any) -> None:
    app = open_page("bias", text=TEXT, **link)
    assert not app.exception
    run_notebook(app)


@pytest.mark.full(reason="takes a second")
def test_an_effect_within_chance_is_no_finding(open_page: Any) -> None:
    glove = weat.usual_table()
    every = weat.every(glove, False)
    within = [at for at, one in enumerate(every, 1) if one.within]
    assert all(one.band[0] <= one.sure.d <= one.band[1] for one in every if one.within)
    lists = {
        "listx": "chair window paper river",
        "listy": "table door book lake",
        "lista": "good",
        "listb": "bad",
    }
    app = open_page("bias", weat="own", **lists)
    own = next(row for row in picture(app)["tests"] if row["number"] == "own")
    assert own["within"] and abs(own["d"]) >= 0.2, "a size that would be told as a finding"
    assert picture(app)["shown"]["verdict"][0].startswith("No finding: ")
    for at, one in enumerate(every, 1):
        told = picture(open_page("bias", weat=str(at)))["shown"]["verdict"][0] if at in (*within, 1) else ""
        assert not told or told.startswith("No finding") == one.within


def test_what_is_missing_is_our_cut_of_glove_and_not_glove(open_page: Any) -> None:
    told = " ".join(picture(open_page("bias", weat="1"))["shown"]["verdict"])
    assert "GloVe has only" not in told
    assert "only its 20,000 most frequent words are here" in told and "7 of 25 of “flowers”" in told


def test_word2vec_says_before_it_is_chosen_that_none_of_the_ten_can_be_made(open_page: Any) -> None:
    app = open_page("bias")
    done = sum(one.measured is not None for one in weat.every(weat.learned_table(weat.NO_RUN), False))
    assert done == 0
    options = app.segmented_control(key="vectors").options
    assert "word2vec, none of the ten" in [
        str(one.content if hasattr(one, "content") else one) for one in options
    ]


def test_an_open_model_is_named_by_the_title_and_by_the_question(open_page: OpenPage) -> None:
    app = open_page("bias", text=TEXT, vectors="model")
    said = "\n".join(str(getattr(one.proto, "body", "")) for one in (*app.get("html"), *app.markdown))
    assert "The token vectors of tales-gpt take the same test" in said
    assert "out of every vector of tales-gpt" in said and "out of GloVe" not in said
