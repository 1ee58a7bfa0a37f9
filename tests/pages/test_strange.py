"""A text unlike all that the models read: every page that asks one about it says so, and shows no score beside it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.controls.unlike_text import beside_of
from core.data.corpora import fingerprint
from core.runs.worker import here
from core.training.spec import TrainSpec
from tests.pages.conftest import SMALL, OpenPage, Runs, run_notebook

FILM = "This film was great"
TALE = "Nora lost the red kite. Tom found the kite under the bench."


def captions(app: AppTest) -> str:
    """What stands on a page in small letters, and what is told of it where a pointer rests."""
    return " ".join(f"{one.value} {one.proto.help}" for one in app.caption).replace("\\", "")


def pictures(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.json]


@pytest.mark.parametrize("slug", ["fine_tuning", "adaptability", "loss", "break_it"])
def test_the_page_says_so(slug: str, open_page: OpenPage) -> None:
    app = open_page(slug, text=FILM)
    assert not app.exception
    assert "Your text is unlike all the model read: 2." in captions(app)
    assert "nlike all" not in captions(open_page(slug, text=TALE))


@pytest.mark.parametrize(
    ("model", "like", "unlike", "pieces"),
    [
        (
            "austen-gpt",
            "She was delighted to see him.",
            "def add(a, b): return a + b",
            "of Jane Austen’s novels",
        ),
        ("code-gpt", "def add(a, b):\n    return a + b", FILM, "functions of Python’s library"),
    ],
)
def test_a_model_of_other_texts_is_measured_by_these(
    model: str, like: str, unlike: str, pieces: str, open_page: OpenPage
) -> None:
    said = captions(open_page("loss", text=unlike, model=model))
    assert "Your text is unlike all the model read" in said and pieces in said
    assert "nlike all" not in captions(open_page("loss", text=like, model=model))


@pytest.mark.full(reason="takes a second")
def test_a_run_is_measured_by_its_own_text_while_that_is_at_hand(open_page: OpenPage, runs: Runs) -> None:
    lines = [f"The {size} {pet} of {who} sat by the {place}." for size in ("old", "big", "red", "shy")
             for pet in ("cat", "dog", "hen", "pig", "cow") for who in ("Ann", "Bob", "Cid", "Dan", "Eve")
             for place in ("well", "wall", "mill", "pond", "gate", "tree", "road", "shed", "door", "lamp")]  # fmt: skip
    Random(0).shuffle(lines)
    documents = [" ".join(lines[at : at + 4]) for at in range(0, len(lines), 4)]
    text = "\n\n".join(documents * 4)
    spec = TrainSpec(**(SMALL | {"corpus": "own", "text": fingerprint(text)}))
    run = here(runs.store, spec, runs.owner, text=text, name="Own")
    said = captions(open_page("loss", text=FILM, model=f"run:{run.id}"))
    assert "unlike all the model read" in said and "held-out sentences of its text" in said
    assert "nlike all" not in captions(
        open_page("loss", text="The big hen of Bob sat by the well.", model=f"run:{run.id}")
    )
    assert beside_of({"spec": {"corpus": "own", "text": "0" * 64}}) is None, "not at hand: nothing is claimed"
    runs.store.delete(run.id, runs.owner)


def test_the_sentiment_of_a_film_has_no_score(open_page: OpenPage) -> None:
    for text, strange in (
        (FILM, True),
        ("I thought that the silver boat would be slow, and I was wrong.", False),
    ):
        app = open_page("applications", use="sentiment", text=text)
        app.button(key="applications.own").click().run() if not app.button(
            key="applications.own"
        ).disabled else None
        assert not app.exception
        data = next(data for data in pictures(app) if "verdict" in data)
        assert text in data["source"]
        first = data["verdict"][0]["text"] if data["verdict"] else ""
        assert first.startswith("Unlike all it read: 2.") == strange
        assert [one["p"] is None for one in data["written"]] == [strange] * len(data["written"])
        assert bool(data["labels"]) != strange


def test_two_pages_judge_a_text_alike_and_are_not_sure_of_what_is_no_news(open_page: OpenPage) -> None:
    text = "My dog is happy because the sun is out of"
    tuned = open_page("fine_tuning", text=text)
    ways = next(data["ways"] for data in pictures(tuned) if "ways" in data)
    adapted = open_page("adaptability", text=text)
    data = next(data for data in pictures(adapted) if "judged" in data)
    assert all(way["judged"]["guess"] for way in ways)
    assert all(one["guess"] for many in data["judged"].values() for one in many)
    for app in (tuned, adapted):
        assert "unlike the news that these models learned their labels from: 2." in captions(app)
    (said,) = [line for line in data["answer"]["said"] if line.startswith("Your text, by LoRA after ")]
    assert ", a guess. “" in said, "no number beside it"
    step = next(one for one in pictures(open_page("adaptability", text=text, stage=0)) if "findings" in one)
    found = step["findings"]["rank"][-1]
    assert "LoRA of rank 4 after 300 examples: " in found and found.endswith(", a guess.")
    run_notebook(tuned)
    like = next(data["ways"] for data in pictures(open_page("fine_tuning", text=TALE)) if "ways" in data)
    assert not any("guess" in way["judged"] for way in like)


def test_no_way_of_adapting_is_sure_of_it(open_page: OpenPage) -> None:
    app = open_page("fine_tuning", text=FILM)
    ways = next(data["ways"] for data in pictures(app) if "ways" in data)
    assert all(way["judged"] == {"why": "unlike all it read"} for way in ways)
    run_notebook(app)
    app = open_page("adaptability", text=FILM)
    judged = next(data["judged"] for data in pictures(app) if "judged" in data)
    assert all(
        one["why"] == "unlike all it read" and "probability" not in one
        for many in judged.values()
        for one in many
    )
    run_notebook(app)
