"""The Multimodal page as a script: held-out pictures, drawings, the own caption, the question, the space."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.multimodal import captions, drawing, patch_ablation, pen
from core.multimodal.properties import LEFT, RIGHT, THICK, THIN, Properties
from core.multimodal.scenes import scenes
from core.multimodal.shipped import captioner_card, load_captioner, space_card
from core.multimodal.space import gallery, retrieval
from pages.multimodal import export, figure, question, reading, sentences, space, strokes
from pages.multimodal.space import towers
from tests.pages.conftest import mixed, run_notebook

APART = (
    "It does nothing on this page, nor would its Rewind: a captioner of its own reads the picture. Your text is a "
    "caption to be looked for."
)
SEVEN = (((0.3, 0.15), (0.75, 0.15), (0.45, 0.9)),)
TWO = (((1.2, 0.3), (1.4, 0.15), (1.65, 0.3), (1.6, 0.45), (1.2, 0.85), (1.75, 0.85)),)
DRAWING = strokes.write((*SEVEN, *TWO))
CAPTION = "a two, next to a seven"


def table(app: AppTest) -> dict[str, list[Any]]:
    """The picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def rows(shown: dict[str, list[Any]], word: int) -> list[int]:
    """The lines of the table about one word of the caption."""
    return [at for at, place in enumerate(shown["place"]) if place == word]


def commit(app: AppTest) -> Any:
    """Commit to the question's first option; the answer."""
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    record = app.session_state["gb"].memos["predict"]
    assert "failed" not in record
    return record["answer"]


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("number", [0, 5, 1_999])
def test_a_held_out_picture_is_captioned_and_its_pieces_are_covered_one_by_one(
    number: int, open_page: Any
) -> None:
    app = open_page("multimodal", pictured=number, text=CAPTION)
    assert not app.exception and not app.info
    assert APART in " ".join(line.value for line in app.caption).replace("\\", "")
    model, scene = load_captioner(), scenes("held_out")[number]
    said = model.caption(scene.image)
    cost = patch_ablation.ablated(model, scene.image, said)
    shown = table(app)
    assert not mixed(shown)
    for word in range(len(said.words) - 1):
        lines = rows(shown, word)
        assert {shown["word"][at] for at in lines} == {said.words[word]}
        assert [shown["attention"][at] for at in lines] == pytest.approx(
            said.pattern[:, :, word].mean((0, 1)).tolist()
        )
        assert [shown["cost in nats"][at] for at in lines] == pytest.approx(cost[word].tolist(), abs=1e-4)
        left = [float(said.chances[word]) * math.exp(-value) for value in cost[word].tolist()]
        assert [shown["probability without it"][at] for at in lines] == pytest.approx(left, abs=1e-4)
        assert {shown["right"][at] for at in lines} == {said.words[word] == shown["true word"][lines[0]]}
    run_notebook(app)


def test_a_word_too_many_or_too_few_leaves_the_others_right() -> None:
    scene = scenes()[1]
    what = reading.Picture(1, False, scene, scene.image, properties=scene.properties)
    seen = reading.look(load_captioner(), what)
    for words, right in (
        (scene.words, (True,) * len(scene.words)),
        (scene.words[1:], (True,) * (len(scene.words) - 1)),
        (("a", "zero", *scene.words[2:]), (True, False, *(True,) * (len(scene.words) - 2))),
    ):
        said = replace(seen.said, words=(*words, "</s>"))
        read = replace(seen, said=said, count=len(words))
        assert read.right == right
        told = export.table(read)
        pieces = len(told["place"]) // len(words)
        assert tuple(told["right"][::pieces]) == right
        true = told["true word"][::pieces]
        assert all((word == there) == fine for word, there, fine in zip(words, true, right))


def test_the_own_caption_is_scored_word_by_word(open_page: Any) -> None:
    app = open_page("multimodal", pictured=3, text=CAPTION)
    what = reading.Picture(3, False, scenes()[3], scenes()[3].image)
    own = reading.own(what, CAPTION)
    assert own.said is not None and own.said.words == (*captions.words_of(captions.parse(CAPTION)), "</s>")
    expected = load_captioner().score(scenes()[3].image, CAPTION)
    assert own.said.chances.tolist() == pytest.approx(expected.chances.tolist())
    assert "mine.chances" in app.session_state["gb"].memos["takeaway"]["notebook"]()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A red ball was lost", "'red' is none of the captioner’s words"),
        ("<s> a two", "'<s>' is none of the captioner’s words"),
        ("x" * 150, f"'{'x' * 20}…' is none of the captioner’s words"),
        ("seven a thick", "does not tell of a digit"),
        ("a two next to a two next to a two", "one digit or of two"),
        ("   ", "one digit or of two"),
    ],
)
def test_a_text_that_is_no_caption_says_why(text: str, why: str) -> None:
    scene = scenes()[0]
    own = reading.own(reading.Picture(0, False, scene, scene.image), text)
    assert own.said is None and why in own.why


def test_a_text_longer_than_any_caption_is_said_and_kept(open_page: Any) -> None:
    text = "a two " * 400
    app = open_page("multimodal", text=text)
    said = " ".join(box.value for box in app.info)
    assert "longer than the longest caption" in said and "All of it is still in the text box" in said
    assert app.text_area(key="text").value == text


def test_a_drawing_is_read_as_the_digits_were_made(open_page: Any) -> None:
    app = open_page("multimodal", sketched=1, drawing=DRAWING, text=CAPTION)
    assert not app.exception
    seen = drawing.seen(pen.ink(strokes.read(DRAWING)))
    assert len(seen.halves) == 2
    said = load_captioner().caption(seen.image)
    shown = table(app)
    lines = rows(shown, 1)
    assert shown["word"][lines[0]] == said.words[1] and shown["true word"][lines[0]] is None
    assert shown["probability"][lines[0]] == pytest.approx(float(said.chances[1]))
    run_notebook(app)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    ("link", "why"),
    [("", "blank"), ("AA", "only dots"), ("A!", "draw it once more"), ("AAA", "draw it once more")],
)
def test_a_sheet_with_nothing_to_read_says_what_to_do_and_loses_nothing(
    link: str, why: str, open_page: Any
) -> None:
    app = open_page("multimodal", sketched=1, drawing=link, pictured=7, text=CAPTION)
    assert not app.exception and not app.error
    store = app.session_state["gb"].store
    assert (store["drawing"], store["pictured"], store["text"]) == (link, 7, CAPTION)
    answer = commit(app)
    empty = load_captioner().caption(torch.zeros(12, 24))
    assert answer.numbers == pytest.approx({"probability of the whole": math.exp(empty.log_chance)})
    parsed = True
    try:
        captions.parse(empty.text)
    except captions.CaptionError:
        parsed = False
    asked = ("nothing", "caption", "words")
    assert asked[answer.index] == ("nothing" if not empty.text else "caption" if parsed else "words")
    run_notebook(app)
    app.segmented_control(key="sketched").set_value(False).run()
    assert not app.exception and len(table(app)["place"]) > 32


def test_a_drawing_of_which_nothing_is_written_says_what_to_do(
    open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reading.look
    monkeypatch.setattr(reading, "look", lambda model, what: replace(real(model, what), count=0))
    app = open_page("multimodal", sketched=1, drawing=DRAWING, text="a nine, thin, next to a five")
    assert not app.exception and table(app)["place"].count(0) == 0
    commit(app)
    assert app.session_state["gb"].store["drawing"] == DRAWING


def test_the_figures_are_those_of_the_cards() -> None:
    exact, clear = (captioner_card()["scores"][name] for name in ("exact", "clear"))
    told = sentences.figure()
    for share in (exact["score"], exact["low"], exact["high"], clear["score"]):
        assert f"{share:.1%}" in told
    scores = space_card()["scores"]
    for way in ("image_to_caption", "caption_to_image"):
        assert (
            f"{scores[way]['score']:.1%}" in space.figure()
            and f"{scores[way]['worst']:.0%}" in space.figure()
        )


def test_what_was_measured_is_what_the_caption_says() -> None:
    everything = scenes()
    for number in range(200):
        scene = everything[number]
        what = reading.Picture(number, False, scene, scene.image, properties=scene.properties)
        told, first = sentences.measured(what), scene.properties[0]
        found = re.search(r"trokes ([\d.]+) pixels wide .*leaning (−?[\d.]+) ", told)
        assert found and "−0.000 " not in told
        thickness, slant = float(found[1]), float(found[2].replace("−", "-"))
        assert thickness == pytest.approx(first.thickness, abs=6e-4)
        assert slant == pytest.approx(first.slant, abs=6e-4)
        assert (thickness >= THICK) == ("thick" in scene.words) and f"thick ≥ {THICK}" in told
        assert (thickness <= THIN) == ("thin" in scene.words)
        assert (slant <= LEFT) == ("left" in scene.words) and (slant >= RIGHT) == ("right" in scene.words)


@pytest.mark.parametrize("value", [1.749_96, 1.250_04, 1.75, 1.25, -0.000_2])
def test_a_measurement_at_an_edge_is_printed_on_its_own_side(value: float) -> None:
    scene = scenes()[0]
    for properties in (Properties(value, -0.000_2), Properties(1.5, value / 10)):
        told = sentences.measured(reading.Picture(0, False, scene, scene.image, properties=(properties,)))
        found = re.search(r"Strokes (−?[\d.]+) pixels wide .*leaning (−?[\d.]+) ", told)
        assert found and "−0.000 " not in told
        thickness = float(found[1].replace("−", "-"))
        assert (thickness <= THIN, thickness >= THICK) == (
            properties.thickness <= THIN,
            properties.thickness >= THICK,
        )


def looked_at(number: int) -> reading.Seen:
    """What the page reads of a held-out picture."""
    scene = scenes()[number]
    what = reading.Picture(number, False, scene, scene.image, properties=scene.properties)
    return reading.look(load_captioner(), what)


def test_a_random_piece_is_the_mean_of_the_probabilities() -> None:
    seen = looked_at(4)
    inked = patch_ablation.inked(seen.image) > 0
    for at, line in enumerate(sentences.found(seen, -1)):
        if seen.order(at, -1) is not None:
            assert f"a random one: {float(seen.left[at][inked].mean()):.0%}." in line


def test_the_verdict_never_contradicts_its_numbers() -> None:
    told: set[str] = set()
    words: list[tuple[float, int]] = []
    for number in range(12):
        seen = looked_at(number)
        for head in range(-1, len(seen.heads)):
            for at, line in enumerate(sentences.found(seen, head)):
                nothing = float(seen.cost[at].abs().max()) < reading.FELT
                assert line.startswith("No single piece matters") or not nothing
                if seen.order(at, head) is None:
                    continue
                found = re.match(
                    r"Its most looked-at piece covered: (\d+)%; a random one: (\d+)%\. (.*)", line
                )
                assert found
                top, chance, verdict = int(found[1]), int(found[2]), found[3]
                kind = re.match(r"Looking tells what|Looking tells in part|Looking hardly", verdict)
                assert kind
                told.add(kind[0])
                assert not nothing
                if kind[0] == "Looking tells what":
                    assert top < chance and float(seen.agreement(head).top[at]) >= reading.FELT
                if kind[0] == "Looking hardly":
                    counts = top < chance and float(seen.agreement(head).top[at]) >= reading.FELT
                    assert ("tells: one piece" in verdict) == counts
                agrees = round(float(seen.order(at, head)), 2)
                words.append(
                    (agrees, ["Looking hardly", "Looking tells in part", "Looking tells what"].index(kind[0]))
                )
    assert len(told) == 3, told
    least = {rank: min(agrees for agrees, one in words if one == rank) for rank in range(3)}
    most = {rank: max(agrees for agrees, one in words if one == rank) for rank in range(3)}
    assert most[0] < sentences.PARTLY <= least[1], "0.12 is never said to tell more than 0.40"
    assert least[2] >= sentences.AGREES


def test_no_piece_matters_says_why() -> None:
    seen = looked_at(4)
    still = replace(seen, cost=torch.zeros_like(seen.cost))
    first, second = sentences.found(still, -1)[:2]
    assert "captions begin so anyway, or several pieces, already tell it." in first
    assert "the words before it, or several pieces, already tell it." in second


def test_a_piece_that_only_makes_a_word_likelier_is_felt_on_both_sides() -> None:
    seen = looked_at(4)
    cost = torch.zeros_like(seen.cost)
    cost[0, 0] = -2 * reading.FELT
    assert replace(seen, cost=cost).order(0, -1) is not None
    ctx = figure.record(seen.picture, seen, reading.own(seen.picture, CAPTION), "")
    assert ctx["felt"] == reading.FELT


def test_the_towers_are_said_to_have_begun_as_the_captioner(open_page: Any) -> None:
    app = open_page("multimodal", text=CAPTION)
    said = " ".join(block.proto.body for block in app.get("html"))
    assert "began as the captioner above" in said and "Nobody told" not in said


def test_the_longest_text_that_is_looked_for_holds_every_caption() -> None:
    assert max(map(len, captions.captions())) == 48 < reading.LONGEST_TEXT


def test_the_question_covers_either_half(open_page: Any) -> None:
    app = open_page("multimodal", pictured=47, text=CAPTION)
    answer = commit(app)
    model, scene = load_captioner(), scenes()[47]
    said = model.caption(scene.image)
    assert said.words[1] == "seven", "the other digit than the one that is looked at"
    left, right = scene.image.clone(), scene.image.clone()
    left[:, :12], right[:, 12:] = 0, 0
    chances = [float(model.score(image, said.words[:-1]).chances[1]) for image in (left, right)]
    assert answer.numbers == pytest.approx(
        {"before": float(said.chances[1]), "without left": chances[0], "without right": chances[1]}, abs=1e-5
    )
    assert ("left", "right", "both", "none")[answer.index] == "left"
    run_notebook(app)
    app.button(key="predict.show").click().run()
    assert not app.exception and app.session_state["gb"].store["said"] == 1


@pytest.mark.parametrize("number", [2, 47, 48, 51, 96])
def test_the_question_is_about_another_word_than_the_one_looked_at(number: int) -> None:
    seen = looked_at(number)
    for at in range(-1, seen.count):
        asked = question.ask(seen, at)
        assert seen.words[asked.at] not in question.PLAIN
        others = {place for place, word in enumerate(seen.words) if word not in question.PLAIN}
        assert asked.at != (at if at >= 0 else seen.focus) or len(others) == 1


def test_another_hundred_is_looked_through(open_page: Any) -> None:
    app = open_page("multimodal", text=CAPTION, lot=3)
    app.button(key="multimodal.lot").click().run()
    shown, there = table(app), gallery(4)
    images, texts = towers().images(there.scenes.images), towers().captions(there.scenes.captions)
    found = retrieval(images, texts, there.scenes.captions, there.scenes.captions)
    lines = [at for at, number in enumerate(shown["picture"]) if number is not None]
    places = {number: at for at, number in enumerate(there.rows.tolist())}
    assert {shown["picture"][at] for at in lines} == set(places)
    for at in lines:
        place = places[shown["picture"][at]]
        assert shown["its caption"][at] == there.texts[place]
        assert shown["cosine of the two"][at] == pytest.approx(float(images[place] @ texts[place]), abs=1e-5)
        cosine = found.similarity[place, there.texts.index(shown["caption found"][at])]
        assert float(cosine) == pytest.approx(float(found.similarity[place].max()), abs=1e-5)
    run_notebook(app)


@pytest.mark.parametrize(
    "link",
    [{"pictured": 2_000}, {"crossing": 9_999}, {"said": 999}, {"spoken": 50}, {"imaged": 100, "worded": 100},
     {"lot": 9_999}, {"sketched": 1, "drawing": "<i>"}, {"drawing": "A" * 30_000, "sketched": 1}],
)  # fmt: skip
def test_the_ends_of_the_dials_work(link: dict[str, Any], open_page: Any) -> None:
    app = open_page("multimodal", text=CAPTION, **link)
    assert not app.exception


def test_the_next_dozen_and_the_heads(open_page: Any) -> None:
    app = open_page("multimodal", pictured=1_990)
    app.button(key="multimodal.more").click().run()
    assert app.session_state["gb"].store["pictured"] == 2
    app.selectbox(key="crossing").set_value(3).run()
    assert not app.exception and app.session_state["gb"].store["crossing"] == 3
