"""The Loss page as a script: its losses, question, batch and notebook, on every shape of model."""

from __future__ import annotations

import csv
import io
import math
import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from streamlit.testing.v1 import AppTest

import core
from core.training.losses import score_text
from pages.loss.batch import LONGEST, ROWS, texts_of
from pages.loss.figure import TOP, fingerprint, record
from pages.loss.question import ask
from tests.pages.conftest import OpenPage, run_notebook

TEXT = "Once upon a time, Lily saw a big red ball."
LINKS: dict[str, dict[str, Any]] = {
    "bundled": {"text": TEXT, "follow": 6, "smoothing": 0.2},
    "other": {"model": "./other", "text": "The cat saw the dog", "unit": "bits", "formula": 3},
    "both": {"model": "./both", "text": "The cat saw the dog", "hide": "all", "follow": 2},
    "pair": {"model": "./pair", "text": "The cat", "target": "A dog", "smoothing": 0.1},
    "copy": {"model": "./pair", "text": "The cat saw the dog"},
}


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    """The bundled model that the page opens with."""
    return core.load("tales-gpt")


def lines(app: AppTest, kind: str) -> list[dict[str, str]]:
    """The lines of the table twin that are about `kind`, as the CSV has them."""
    rows = csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    return [line for line in rows if line["line"].startswith(kind)]


def committed(app: AppTest) -> Any:
    """Choose the first option, commit, and return the answer."""
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    return app.session_state["gb"].memos["predict"]["answer"]


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_every_shape_of_model_opens_and_its_notebook_agrees(name: str, open_page: OpenPage) -> None:
    app = open_page("loss", **LINKS[name])
    assert not app.exception
    assert not app.info
    found = run_notebook(app)
    expected = {"bundled": "next", "other": "next", "both": "read back", "pair": "target", "copy": "copy"}
    told = found["told"]
    assert told.kind == expected[name]
    assert found["SMOOTHING"] == LINKS[name].get("smoothing", 0.0)
    theirs = F.cross_entropy(told.logits, told.targets, label_smoothing=found["SMOOTHING"])
    assert found["mean"] == pytest.approx(float(theirs), rel=1e-5)


def test_the_table_is_the_losses_of_the_text(open_page: OpenPage, lm: core.LanguageModel) -> None:
    app = open_page("loss", text=TEXT, smoothing=0.2, follow=6)
    told = score_text(lm, TEXT)
    shown = lines(app, "token")
    assert [line["token"] for line in shown] == [lm.tokenizer.display(i) for i in told.targets.tolist()]
    plain = [float(line["loss, nats"]) for line in shown]
    assert plain == pytest.approx(
        F.cross_entropy(told.logits, told.targets, reduction="none").tolist(), abs=1e-4
    )
    assert [float(line["loss, bits"]) for line in shown] == pytest.approx(
        [nats / math.log(2) for nats in plain], abs=1e-4
    )
    assert [math.exp(-nats) for nats in plain] == pytest.approx(
        [float(line["p"]) for line in shown], abs=1e-5
    )
    smoothed = F.cross_entropy(told.logits, told.targets, label_smoothing=0.2, reduction="none")
    assert [float(line["smoothed, nats"]) for line in shown] == pytest.approx(smoothed.tolist(), abs=1e-4)
    followed = lines(app, "followed")
    assert {line["position"] for line in followed} == {"6"}
    assert sum(float(line["p"]) for line in followed) <= 1.0001
    rows = lines(app, "batch")
    assert float(rows[0]["loss, nats"]) == pytest.approx(told.mean(), abs=1e-4)
    assert len(rows) == 3


def test_the_picture_holds_the_followed_tokens_whole_sum(lm: core.LanguageModel) -> None:
    told = score_text(lm, TEXT)
    data = record(lm, told, "one", 0.1, "nats")
    assert data["mean"] == pytest.approx(told.mean(0.1))
    assert data["mark"] == fingerprint(told) != fingerprint(score_text(lm, "Once upon a day"))
    for one, logits, right in zip(data["scored"], told.logits, told.targets.tolist()):
        p = logits.softmax(-1)
        assert right in [t["id"] for t in one["top"]]
        assert TOP <= len(one["top"]) <= TOP + 1
        assert one["lse"] == pytest.approx(float(logits.logsumexp(-1)), abs=1e-4)
        named = [t["id"] for t in one["top"]]
        assert one["rest"]["p"] == pytest.approx(float(1 - p[named].double().sum()), abs=1e-6)
        assert one["rest"]["count"] == len(logits) - len(named)
        free = logits.detach().clone()[None].requires_grad_()
        F.cross_entropy(free, torch.tensor([right]), label_smoothing=0.1).backward()
        assert free.grad is not None
        assert [t["d"] for t in one["top"]] == pytest.approx(free.grad[0, named].tolist(), abs=1e-5)


def test_the_answer_is_the_dearest_of_the_three(open_page: OpenPage, lm: core.LanguageModel) -> None:
    app = open_page("loss", text=TEXT, follow=4)
    answer = committed(app)
    told = score_text(lm, TEXT)
    question = ask(lm, TEXT, told, 3)
    costs = [F.cross_entropy(told.logits[3], torch.tensor(token)).item() for token in question.ids]
    assert list(answer.numbers.values()) == pytest.approx(costs, abs=1e-4)
    assert costs[0] > costs[1] > costs[2]
    assert question.asked.options[answer.index] == question.asked.values["unlikely"]
    assert int(told.targets[3]) not in question.ids
    changed = score_text(lm, answer.shows["text"])
    assert changed.losses()[3].item() == pytest.approx(costs[0], abs=1e-3), "Show it puts that token there"


@pytest.mark.parametrize("at", range(10))
def test_what_is_asked_about_stands_on_the_page_and_the_cause_has_its_numbers(
    at: int, lm: core.LanguageModel
) -> None:
    told = score_text(lm, TEXT)
    question = ask(lm, TEXT, told, at)
    unlikely, middle, likely = question.ids
    best = told.logits[at].topk(TOP + 1).indices.tolist()
    assert {middle, likely} <= set(best) and unlikely not in best
    assert unlikely in told.ids, "the page shows the text"
    because = question.judge(told).because
    for name, token in zip(("unlikely", "middle", "likely"), question.ids):
        p = float(told.logits[at].double().softmax(-1)[token])
        said = re.search(
            rf"{re.escape(str(question.asked.values[name]))} (?:a probability of )?(0\.\d+|1 in [\d,]+|less than)",
            because,
        )
        assert said
        if said[1] == "less than":
            assert p < 1e-9
        else:
            found = 1 / float(said[1][5:].replace(",", "")) if said[1].startswith("1 in") else float(said[1])
            assert found == pytest.approx(p, rel=0.06, abs=0.0006 if p >= 0.0005 else 0)


def test_options_stand_in_different_orders(lm: core.LanguageModel) -> None:
    told = score_text(lm, TEXT)
    assert {ask(lm, TEXT, told, at).asked.keys.index("unlikely") for at in range(3)} == {0, 1, 2}


@pytest.mark.usefixtures("other_model")
def test_the_batch_has_the_own_text_first_and_cuts_long_rows(
    open_page: OpenPage, lm: core.LanguageModel
) -> None:
    many = "\n".join(["", "   ", "the red ball " * 40, *["Ben ran."] * 9])
    texts = texts_of(lm, TEXT, None, many)
    assert texts[0] == (TEXT, None)
    assert len(texts) == ROWS
    assert all(len(lm.encode(text)) <= LONGEST for text, _ in texts)
    app = open_page(
        "loss", model="./pair", text="The cat", target="A dog", batch="The dog ran", padding="counted"
    )
    assert not app.exception
    found = run_notebook(app)
    assert found["texts"] == [("The cat", "A dog"), ("The dog ran", None)]
    assert math.isfinite(found["batch"].mean(ignore_padding=False))
    assert not open_page("loss", text=TEXT, batch="").exception


@pytest.mark.full(reason="the other cases take a second", quick_cases=3)
@pytest.mark.parametrize(
    "given", ["", "nonsense", "0.5", "0.5@99.zz", "1.5@1.0", "0.5@2.ffffffff", "٠.5@2.1"]
)
def test_a_probability_by_hand_that_belongs_elsewhere_changes_nothing(
    given: str, open_page: OpenPage
) -> None:
    app = open_page("loss", text=TEXT, given=given)
    assert not app.exception
    run_notebook(app)


def test_one_token_with_nothing_before_it_says_so(lm: core.LanguageModel) -> None:
    told = score_text(lm, [5])
    assert len(told) == 0
    data = record(lm, told, "one", 0.0, "nats")
    assert data["scored"] == []
    assert "nothing to predict" in data["nothing"]
    assert ask(lm, "x", told, -1).asked.options


def test_what_a_row_of_the_batch_does_not_hold_is_told(open_page: Any) -> None:
    def told(**link: str) -> str:
        return " ".join(one.value for one in open_page("loss", text="A red ball.", **link).caption).replace(
            "\\", ""
        )

    assert "A row holds" not in told(batch="She was sad.") and "left out" not in told(batch="She was sad.")
    long = told(batch="the cat sat on the mat " * 9)
    assert "A row holds 20 tokens, a place of the picture each: of a longer text the first are read." in long
    assert "The picture has 6 rows: 2 further texts are left out." in told(
        batch="\n".join(["She was sad."] * 7)
    )
