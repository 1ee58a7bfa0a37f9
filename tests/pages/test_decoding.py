"""The Decoding page as a script: the tree is core's, the claim is what was found, every setting is answered."""

from __future__ import annotations

import base64
import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import core
from app import words
from app.models import cache, sweeps
from app.session import state
from core.decoding.stages import FIRST
from core.decoding.tree import Tree, grow
from core.messages import speaking
from pages.decoding import request, verdict
from pages.decoding.draws import Draws, drawn, filled, measured, unsure
from pages.decoding.request import Asked, blanks, grown, options, read_path, searched, write_path
from tests.pages.conftest import random_model, run_notebook

MISSED = "On a bright day like this, Theo liked to sit outside and think. Rain began"
LINKS: dict[str, dict[str, Any]] = {
    "bundled": {"text": MISSED, "depth": 6, "topk": 5, "temperature": 0.7, "repeat": 1.3, "minp": 0.02},
    "other": {"model": "./other", "text": "The cat saw the dog", "depth": 4, "beams": 2, "penalty": 1.5},
    "both": {"model": "./both", "text": "The cat saw the dog", "beams": 4, "seed": 9},
    "pair": {"model": "./pair", "text": "The cat", "target": "A dog", "depth": 3, "topp": 0.5},
}


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    """The bundled model that the page opens with."""
    return core.load("tales-gpt")


def store(app: AppTest) -> dict[str, Any]:
    """All remembered values of the session."""
    values: dict[str, Any] = app.session_state["gb"].store
    return values


def html(app: AppTest) -> str:
    """Everything that the page wrote as HTML."""
    return "\n".join(block.value for block in app.html)


def picture(app: AppTest, number: int = 0) -> dict[str, Any]:
    """The data of the page's own components, in the order of the page."""
    found = [json.loads(element.proto.json)[0] for element in app.get("bidi_component") if element.proto.json]
    mine = [data for data in found if "nodes" in data or "samples" in data]
    data: dict[str, Any] = mine[number]
    return data


def asked(lm: core.LanguageModel, text: str, depth: int, **changed: Any) -> Asked:
    """What the page asks with its usual settings but `changed`."""
    usual = {name: state.BY_KEY[name].default for name in request.SETTINGS}
    place = {name: changed.pop(name, None) for name in ("target", "slots")}
    forced = changed.pop("forced", ())
    ids = tuple(lm.encode(text))
    shown = changed.pop("strategies", ("greedy", "beam", "sample"))
    return Asked(ids, place["target"], place["slots"], depth, shown, forced, options(usual | changed))


def spoken(pieces: Any) -> str:
    """A sentence that comes in pieces."""
    return "".join(text for text, _ in pieces)


def judged(lm: core.LanguageModel, text: str, depth: int, **changed: Any) -> tuple[Tree, verdict.Verdict]:
    """The tree and what the page says about it."""
    wish = asked(lm, text, depth, **changed)
    tree = grown(lm, wish)
    found = searched(lm, wish.ids, tree.depth, tuple(wish.place().items()))
    return tree, verdict.judge(tree, found, lm.config.shape, "another text")


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_every_shape_of_model_opens_and_its_notebook_agrees(name: str, open_page: Any) -> None:
    link = LINKS[name]
    app = open_page("decoding", **link)
    assert not app.exception and not app.info
    tree: Tree = run_notebook(app)["tree"]
    data = picture(app)
    assert [path["name"] for path in data["paths"]] == [path.name for path in tree.paths]
    np.testing.assert_allclose(data["nodes"]["sum"], [node.sum for node in tree.nodes], atol=1e-4)
    np.testing.assert_allclose(data["nodes"]["p"], [node.probability for node in tree.nodes], atol=1e-5)
    assert data["depth"] == tree.depth == (3 if name == "both" else link["depth"])
    assert len(tree.slots) == (3 if name == "both" else 0)
    lines = list(
        csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )
    shown = [line for line in lines if line["step"] != "0"]
    assert len(shown) == len(tree.nodes) - 1
    assert sum(float(line["probability"]) for line in shown) == pytest.approx(
        sum(node.probability for node in tree.nodes[1:]), abs=1e-4
    )


@pytest.mark.full(reason="takes more than a second")
def test_of_a_large_model_the_exact_search_is_done_once_for_everybody_and_can_be_stopped(
    open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = picture(open_page("decoding", text="Once upon a time, Lily saw a", depth=8))["verdict"]
    monkeypatch.setattr(verdict, "HEAVY", 0)
    asked: list[Any] = []
    steps = verdict.searching

    def once(*given: Any) -> Any:
        asked.append(given)
        return steps(*given)

    monkeypatch.setattr(verdict, "searching", once)
    for _ in range(2):
        app = open_page("decoding", text="Once upon a time, Lily saw a", depth=8)
        assert not app.exception and picture(app)["verdict"] == quick
        assert "work.decoding" not in [one.key for one in app.button]
    assert len(asked) == 1
    app = open_page("decoding", text="Once upon a time, Lily saw a", depth=7)
    memo = app.session_state["gb"].memos["shared work"]
    cache.forget_results()
    memo["decoding"] = memo["decoding"][0], 0  # as Stop does
    app.run()
    assert not app.exception and app.button(key="work.decoding").label == "Search for the likeliest text"
    stopped = picture(app)
    assert "was stopped" in spoken(stopped["verdict"]["search"])
    app.button(key="work.decoding").click().run()
    assert picture(app)["stamp"] != stopped["stamp"], "or the browser would keep what it has drawn"
    assert "exact search (" in spoken(picture(app)["verdict"]["search"])


def test_a_search_that_ends_while_its_page_is_drawn_is_shown(
    open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "HEAVY", 0)
    buttons = verdict.Search.buttons

    def late(self: verdict.Search) -> Any:
        sweeps.follow(self._job.key, self._job.make, lambda done: False)
        return buttons(self)

    monkeypatch.setattr(verdict.Search, "buttons", late)
    app = open_page("decoding", text="Once upon a time, Ruth lived near", depth=6)
    assert not app.exception and "exact search (" in spoken(picture(app)["verdict"]["search"])


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    ("link", "root"),
    [
        ({"target": ""}, "Start"),
        ({"target": "A dog"}, "So far"),
        ({"target": "", "crossing": 4}, "Start"),  # L1H1
        ({"target": "", "crossing": 900}, "Start"),  # no such head: all of them
    ],
)
@pytest.mark.usefixtures("other_model")
def test_an_encoder_decoder_shows_its_source_and_what_each_token_read_of_it(
    link: dict[str, Any], root: str, open_page: Any, models_root: Path
) -> None:
    app = open_page("decoding", model="./pair", text="The fox and the crow", depth=3, **link)
    assert not app.exception
    data, lm = picture(app), core.load(models_root / "pair")
    assert data["root"] == root and len(data["source"]["readers"]) == 1 + 2 * 3
    assert [token["text"] for token in data["source"]["tokens"]] == data["tokens"]
    shape = data["source"]["reads"]["shape"]
    reads = np.frombuffer(base64.b64decode(data["source"]["reads"]["b64"]), np.float32).reshape(shape)
    ids = lm.tokenizer.encode(link["target"], add_special_tokens=False) if link["target"] else []
    first, best = data["nodes"]["next"][0], data["paths"][0]["nodes"]
    for count, node in enumerate([0, *best[:-1]]):
        said = [*ids, *(data["nodes"]["id"][i] for i in best[:count])]
        trace = lm.trace("The fox and the crow", said)
        heads = [trace[f"decoder.blocks.{layer}.cross_attn.hook_pattern"][:, -1] for layer in range(2)]
        row = heads[1][1] if link.get("crossing") == 4 else torch.cat(heads).mean(0)
        np.testing.assert_allclose(reads[data["nodes"]["next"][node]], row, atol=1e-5)
    run_notebook(app)
    lines = list(
        csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )
    top = int(reads[first].argmax())
    said_first = [line for line in lines if line["step"] == "1"]
    assert said_first and all(
        line["reads most of the text"].startswith(f"{data['tokens'][top].strip()} {reads[first][top]:.2f}")
        for line in said_first
    )


@pytest.mark.usefixtures("other_model")
def test_other_shapes_have_no_source_beside_their_text(open_page: Any) -> None:
    for name, root in (("other", "Prompt"), ("both", "Text")):
        app = open_page("decoding", **LINKS[name])
        assert picture(app)["source"] is None and picture(app)["root"] == root
        assert (
            "reads most of the text"
            not in app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]
        )


def test_paths_are_those_of_generate(lm: core.LanguageModel, open_page: Any) -> None:
    app = open_page("decoding", text=MISSED, depth=7, beams=4, penalty=1.2, temperature=0.6, topk=9, seed=5)
    data = picture(app)
    paths = {path["name"]: [data["nodes"]["id"][node] for node in path["nodes"]] for path in data["paths"]}
    common = {"max_new_tokens": 7}
    assert paths["greedy"] == lm.generate(MISSED, **common).ids
    beams = lm.generate(MISSED, strategy="beam", n_beams=4, n_return=4, length_penalty=1.2, **common).beams
    assert [paths[f"beam {rank + 1}"] for rank in range(4)] == [text.ids for text in beams]
    sample = lm.generate(MISSED, strategy="sample", temperature=0.6, top_k=9, top_p=0.9, seed=5, **common)
    assert paths["sample"] == sample.ids


# ------------------------------------------------------------------------------------------------- what is claimed


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize("at", range(5))
def test_greedy_misses_the_likeliest_text_of_every_example(
    at: int, lm: core.LanguageModel, open_page: Any
) -> None:
    app = open_page("decoding")
    text = app.menu_button(key="tool.example").options[at].replace("\\", "")
    tree, said = judged(lm, text, state.BY_KEY["depth"].default)
    assert said.kind in ("miss", "hidden"), text
    assert "misses the likeliest text" in said.claim
    found = searched(lm, tree.prompt_ids, tree.depth, ())
    greedy = tree.path("greedy")
    assert greedy and found.texts[0].log_prob > greedy.log_prob + 0.1


@pytest.mark.full(reason="takes more than a second")
def test_the_claim_is_what_was_found(lm: core.LanguageModel, open_page: Any) -> None:
    kinds = set()
    for text in (state.DEFAULT_TEXT, MISSED, "It was raining, and Ben the baker"):
        for depth in (1, 4, 8):
            tree, said = judged(lm, text, depth)
            kinds.add(said.kind)
            greedy = tree.path("greedy")
            assert greedy
            best = max(path.log_prob for path in tree.paths)
            exact = searched(lm, tree.prompt_ids, depth, ()).texts[0].log_prob
            assert (said.kind == "miss") == (best > greedy.log_prob + 1e-4)
            assert (said.kind == "same") == (max(best, exact) <= greedy.log_prob + 1e-4)
            assert (" gives " in said.claim) == (said.kind == "same")
            app = open_page("decoding", text=text, depth=depth)
            assert said.claim.replace("'", "&#x27;") in html(app)
    assert {"miss", "same"} <= kinds


def test_the_sentence_names_the_step_the_two_tokens_and_when_the_other_is_ahead(
    lm: core.LanguageModel,
) -> None:
    tree, said = judged(lm, MISSED, 8)
    assert said.kind == "miss"
    greedy, best = tree.path("greedy"), tree.path(said.best)
    assert greedy and best
    at = next(i for i in range(8) if greedy.ids[i] != best.ids[i])
    mine, other = (tree.nodes[path.nodes[at]] for path in (greedy, best))
    assert mine.probability >= other.probability, "greedy takes the likelier token where they part"
    text = "".join(piece for piece, _ in said.pieces)
    assert text.startswith(
        f"Token {at + 1}: greedy takes {mine.token} ({mine.probability:.2f}, against {other.token} "
    )
    ahead = int(text.rpartition("from token ")[2].split()[0])
    sums = [[tree.nodes[node].sum for node in path.nodes] for path in (greedy, best)]
    assert sums[0][ahead - 2] >= sums[1][ahead - 2] or ahead - 2 < at
    assert all(mine < other for mine, other in zip(sums[0][ahead - 1 :], sums[1][ahead - 1 :]))
    assert said.focus == (best.nodes[at - 1] if at else 0)


def test_the_sentence_has_the_same_tokens_in_every_language(lm: core.LanguageModel) -> None:
    tree, said = judged(lm, MISSED, 8)
    greedy, best = tree.path("greedy"), tree.path(said.best)
    assert greedy and best
    with speaking("es"):
        pieces = verdict.why(tree, greedy, best)
    assert spoken(pieces) != spoken(said.pieces)
    tokens = sorted(text for text, token in said.pieces if token)
    assert tokens == sorted(text for text, token in pieces if token), "another order, but no other tokens"
    assert not any("{" in text or "\0" in text for text, _ in pieces)


def test_what_no_path_finds_is_offered_and_shown(lm: core.LanguageModel, open_page: Any) -> None:
    _, said = judged(lm, MISSED, 8, strategies=("greedy",))
    assert said.kind == "hidden" and said.act and said.act["event"] == "force"
    way = said.act["value"]["path"]
    app = open_page("decoding", text=MISSED, beam=0, sample=0, force=way)
    data = picture(app)
    assert data["best"] == "forced 1" and data["verdict"]["kind"] == "miss"
    assert "proves your text the likeliest" in spoken(data["verdict"]["search"])


def test_the_claim_says_what_pushed_greedy_off_and_when_it_was_luck(lm: core.LanguageModel) -> None:
    tree, said = judged(lm, state.DEFAULT_TEXT, 8, repeat=5)
    greedy, best = tree.path("greedy"), tree.path(said.best)
    assert greedy and best
    mine, other = tree.nodes[greedy.nodes[0]], tree.nodes[best.nodes[0]]
    assert mine.probability < other.probability, "the penalty keeps greedy from the model's likeliest token"
    assert said.claim == "The repetition penalty pushes greedy off the likeliest text."
    assert "aking the likeliest token" not in said.claim
    text = spoken(said.pieces)
    assert text.startswith(f"Token 1: the repetition penalty pushes greedy off {other.token} ")
    assert f" to {mine.token} (" in text
    lucky = {seed: judged(lm, state.DEFAULT_TEXT, 8, seed=seed) for seed in range(4)}
    drawn_best = {seed for seed, (_, verdict) in lucky.items() if verdict.best == "sample"}
    assert drawn_best and drawn_best < set(lucky)
    for seed, (_, said) in lucky.items():
        assert ("lucky draw" in said.claim) == (seed in drawn_best)


def test_the_exact_search_names_its_text_and_how_much_likelier_it_is(lm: core.LanguageModel) -> None:
    tree, said = judged(lm, state.DEFAULT_TEXT, 8)
    greedy = tree.path("greedy")
    top = searched(lm, tree.prompt_ids, 8, ()).texts[0]
    assert greedy and said.search[-1] == (top.text, True)
    assert f"{np.exp(top.log_prob - greedy.log_prob):.1f} times as likely as greedy’s" in said.search[0][0]
    assert said.act and said.act["label"] == "Show that text"
    _, one = judged(lm, state.DEFAULT_TEXT, 1)
    assert "(1 pass)" in spoken(one.search)


# ------------------------------------------------------------------------------------------------- every setting


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize(
    ("link", "says"),
    [
        ({"beams": 0}, "0 beams: no beam search."),
        ({"beams": 100, "depth": 60}, "100 beams over 60 steps are more than the picture holds."),
        ({"force": "99999999"}, "The forced token 99,999,999 is outside the vocabulary"),
        ({"force": "12.x"}, "The forced branch in the link is no list of token numbers"),
        ({"temperature": 0}, ""),
        ({"temperature": 5, "topk": 0, "topp": 1}, ""),
        ({"topk": 0}, ""),
        ({"topp": 0}, ""),
        ({"topp": 1}, ""),
        ({"penalty": 0}, ""),
        ({"repeat": 0}, ""),
        ({"minp": 1}, ""),
        ({"beams": 100}, ""),
        ({"greedy": 0, "beam": 0, "sample": 0}, ""),
    ],
)
def test_every_edge_value_is_answered_and_said(link: dict[str, Any], says: str, open_page: Any) -> None:
    app = open_page("decoding", text=MISSED, **link)
    assert not app.exception and not app.info
    assert says in html(app)
    data = picture(app)
    stages = {stage["name"]: stage for stage in data["next"]["stages"]}
    kept = data["next"]["kept"][0]
    if link.get("temperature") == 0 or link.get("topp") == 0 or link.get("minp") == 1:
        assert kept[-1] == 1, "one token alone is left"
    if link.get("topk") == 0 or link.get("topp") == 1:
        assert not any(stages["top-k" if "topk" in link else "top-p"]["active"])
    if link.get("repeat") == 0:
        assert not any(stages["repetition penalty"]["active"])
    if link.get("penalty") == 0:
        assert data["nodes"]["score"] == pytest.approx(data["nodes"]["sum"])
    assert data["show"]["beam"] == bool(link.get("beams", 3) and link.get("beam", 1))
    if "beams" in link:
        assert sum(path["name"].startswith("beam") for path in data["paths"]) == link["beams"]
    if "greedy" in link:
        assert not data["paths"] and data["verdict"]["kind"] == "open"


def test_a_first_token_that_the_model_always_writes_is_a_column_at_the_start_alone(
    open_page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_model(tmp_path / "begins", seed=4, shape="encoder-decoder", n_layers=2, first_id=7)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    app = open_page("decoding", model="./begins", text="The cat saw", depth=3)
    data, lm = picture(app), cache.model("./begins")
    (first,) = (stage for stage in data["next"]["stages"] if stage["name"] == FIRST)
    assert first["setting"] == lm.tokenizer.display(7)
    begins = [place for place, active in enumerate(first["active"]) if active]
    assert begins == [data["nodes"]["next"][0]], "later tokens are chosen freely"
    assert [data["nodes"]["id"][path["nodes"][0]] for path in data["paths"]] == [7] * len(data["paths"])
    app.text_input(key="target").set_value("A dog").run()
    assert not any(picture(app)["next"]["stages"][2]["active"]), "something is written already"


@pytest.mark.parametrize("text", ["the cat " * 400, "a"])
@pytest.mark.usefixtures("other_model")
def test_depth_beyond_the_context_grows_as_far_as_there_is_room(text: str, open_page: Any) -> None:
    app = open_page("decoding", model="./other", text=text, depth=60)
    data = picture(app)
    room = 64 - len(data["tokens"])
    assert data["depth"] == min(60, room) and data["wanted"] == 60
    assert room >= 16
    full = open_page("decoding", model="./pair", text="A fox", target="the cat saw " * 30)
    data = picture(full)
    assert data["depth"] == 0 and "fills the whole context" in data["verdict"]["pieces"][0][0]


def test_the_sliders_have_every_value_that_a_link_brings(open_page: Any) -> None:
    link = {"beams": 7, "depth": 9, "penalty": 0.35, "topk": 17, "topp": 0.83, "minp": 0.033, "repeat": 1.17}
    app = open_page("decoding", text=MISSED, **link)
    shown = {slider.key: slider.value for slider in app.select_slider}
    assert {key: shown[key] for key in link} == link
    app.select_slider(key="beams").set_value(2).run()
    assert store(app)["beams"] == 2
    assert sum(path["name"].startswith("beam") for path in picture(app)["paths"]) == 2


def test_a_forced_branch_belongs_to_its_text(lm: core.LanguageModel, open_page: Any) -> None:
    ids = lm.encode(" dog ran", add_special_tokens=False)
    assert read_path(write_path(ids, "1f"), "1f", 1024, 9) == (tuple(ids), "")
    assert read_path(write_path(ids, "1f"), "2f", 1024, 9) == ((), "")
    assert read_path("", "1f", 1024, 9) == ((), "")
    assert write_path((), "1f") == ""
    app = open_page("decoding", text=MISSED, force=".".join(map(str, ids)))
    tree = grow(lm, MISSED, depth=8, strategies=(), forced=(ids,))
    data = picture(app)
    assert [data["nodes"]["id"][node] for node in data["paths"][-1]["nodes"]] == list(tree.paths[0].ids)
    app.text_area(key="text").set_value(MISSED + " to").run()
    assert picture(app)["forced"], "a bare list of tokens, as a person writes it, belongs to any text"


# ------------------------------------------------------------------------------------------------- the question


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_the_answer_is_what_the_model_does_at_commit(name: str, open_page: Any) -> None:
    link = LINKS[name]
    app = open_page("decoding", **link)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    variables = run_notebook(app)
    forced, greedy = (variables["other"].path(path) for path in ("forced 1", "greedy"))
    assert answer.numbers["forced"] == pytest.approx(forced.log_prob, abs=1e-4)
    assert answer.numbers["greedy"] == pytest.approx(greedy.log_prob, abs=1e-4)
    assert answer.index == (0 if forced.log_prob > greedy.log_prob else 1)
    shown = [tuple(path.ids) for path in variables["tree"].paths]
    assert tuple(forced.ids) not in shown, "the picture does not show the answer"
    app.button(key="predict.show").click().run()
    assert not app.exception
    assert tuple(forced.ids) in [tuple(path.ids) for path in run_notebook(app)["tree"].paths], "now it does"


@pytest.mark.full(reason="takes more than a second")
def test_another_brings_both_answers_by_turns(open_page: Any) -> None:
    app = open_page("decoding", text="A red ball was lost. She found the red")
    found = []
    for _ in range(7):
        app.pills(key="predict.choice").set_value(0).run()
        app.button(key="predict.commit").click().run()
        found.append(app.session_state["gb"].memos["predict"]["answer"].index)
        app.button(key="predict.another").click().run()
        assert not app.exception
    assert found == [0, 1, 0, 1, 0, 1, 0], "likelier, less likely, and so on"


def test_with_nothing_to_force_the_question_is_about_the_temperature(open_page: Any) -> None:
    app = open_page("decoding", text=MISSED, depth=1)
    assert "Raise the temperature to 3" in html(app)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    lm = core.load("tales-gpt")
    logits = lm.trace(MISSED).logits[-1].double()
    now, then = float(logits.softmax(-1).max()), float((logits / 3).softmax(-1).max())
    assert answer.numbers["now"] == pytest.approx(now, abs=1e-5)
    assert answer.numbers["then"] == pytest.approx(then, abs=1e-5)
    assert answer.index == (0 if then < now / 2 else 1)
    assert run_notebook(app)["told"] == pytest.approx([now, then], abs=1e-4)


# ------------------------------------------------------------------------------------------------- below the fold


def test_frequencies_stand_beside_exact_probabilities(lm: core.LanguageModel) -> None:
    wish = asked(lm, MISSED, 8)
    found = drawn(lm, wish, Draws(2000, 3))
    assert found["n"] == 2000 and sum(text["count"] for text in found["texts"]) <= 2000
    for text in found["texts"]:
        p = 1.0
        for step, id in enumerate(text["ids"]):
            following = core.decoding.stages.next_tokens(
                lm, wish.ids, text["ids"][:step], shown=100, **wish.warpers()
            )
            p *= float(following.probabilities[-1, following.ids.tolist().index(id)])
        assert text["p"] == pytest.approx(p, rel=1e-3)
        assert abs(text["frequency"] - p) <= 5 * text["spread"] + 1e-9
    assert drawn(lm, wish, Draws(2000, 3)) == found
    first = drawn(lm, asked(lm, state.DEFAULT_TEXT, 8), Draws(200, 4))
    for text in first["texts"]:
        assert abs(text["frequency"] - text["p"]) <= 2 * text["spread"], (
            "the first draws shown are usual ones"
        )
    assert drawn(lm, asked(lm, MISSED, 8, seed=3), Draws(2000, 3)) != found


def test_entropy_and_surprise_are_those_of_the_trace(lm: core.LanguageModel) -> None:
    wish = asked(lm, MISSED, 8)
    written = grown(lm, wish).paths[0].ids
    found = unsure(lm, wish, written)
    rows = found["rows"]
    ids = [*wish.ids, *written]
    assert found["left"] + len(rows) == len(ids) - 1, "every token but the first has something before it"
    log_p = lm.trace(ids).logits.double().log_softmax(-1)
    for row, place in zip(rows, range(len(ids) - len(rows), len(ids))):
        p = log_p[place - 1]
        assert row["entropy"] == pytest.approx(float(-(p.exp() * p).sum()) / np.log(2), abs=1e-3)
        assert row["surprisal"] == pytest.approx(-float(p[ids[place]]) / np.log(2), abs=1e-3)
        assert row["written"] == (place >= len(wish.ids))


def test_the_cache_computes_each_position_once(lm: core.LanguageModel) -> None:
    found = measured(lm, 0)
    assert [step["kept"] for step in found["steps"]] == [1] * len(found["steps"])
    assert [step["anew"] for step in found["steps"]] == list(range(1, len(found["steps"]) + 1))
    assert all(step["msKept"] > 0 and step["msAnew"] > 0 for step in found["steps"])
    size = (
        2 * 4 * lm.config.n_layers * lm.config.kv_heads * lm.config.d_head * len(found["steps"])
    )  # bytes of float32
    assert f"The cache then holds {size / 1000:,.0f} kB." in str(found)


@pytest.mark.usefixtures("other_model")
def test_blanks_are_filled_at_once_and_one_by_one(open_page: Any) -> None:
    app = open_page("decoding", model="./both", text="The cat saw the dog")
    lm = cache.model("./both")
    ids = tuple(lm.encode("The cat saw the dog"))
    slots = blanks(lm, ids, -1, 8)
    assert len(slots) == 3 and slots[-1] == len(ids) - 1
    data = picture(app, 1)
    assert data["cache"] is None
    found = filled(lm, Asked(ids, None, slots, 8, (), (), ()))
    assert data["fill"] == json.loads(json.dumps(found))
    alone = lm.trace(list(ids)).logits.softmax(
        -1
    )  # without a mask token the text's own stays until it is filled
    for row, slot in zip(found["rows"], slots):
        assert row["together"]["p"] == pytest.approx(float(alone[slot].max()), abs=1e-5)
    greedy = picture(app)["paths"][0]
    assert found["sumTurn"] == pytest.approx(greedy["sum"], abs=1e-3)


@pytest.mark.usefixtures("other_model")
def test_the_followed_token_is_the_last_blank(open_page: Any) -> None:
    app = open_page("decoding", model="./both", text="The cat saw the dog", follow=4)
    assert picture(app)["slots"] == [2, 3, 4]


def test_a_prompt_is_never_cut_inside_a_token(lm: core.LanguageModel, open_page: Any) -> None:
    text = "كرة ½ حمراء في الصباح الباكر من يوم بارد جدا"
    app = open_page("decoding", text=text)
    prompt = picture(app)["prompt"]
    shown = [lm.tokenizer.display(id) for id in lm.encode(text)]
    tails = {" ".join("".join(shown[at:-1]).split()) for at in range(len(shown))}
    assert prompt["before"] in tails and prompt["chip"] == shown[-1]
    assert words.WORDS["\\xbd"] in html(app)
    assert words.WORDS["\\xbd"] not in html(open_page("decoding", text=MISSED))


def test_an_encoders_tree_begins_before_its_first_blank_and_says_what_is_hidden(open_page: Any) -> None:
    text = "The dog had a red ball and the girl saw the big house."
    app = open_page("decoding", model="tales-bert", text=text)
    prompt, lm = picture(app)["prompt"], cache.model("tales-bert")
    assert prompt["chip"] == "b" and prompt["before"].endswith("The dog had a red ball and the girl saw the")
    hidden = "<code>##ig house .</code>"
    assert f"No [MASK] in your text: the last 3 tokens, {hidden}, are hidden and filled anew." in html(app)
    more = picture(app, 1)
    assert {text["text"] for text in more["samples"]["texts"]} >= {"##up .", "##m . He"}
    assert more["entropy"]["note"].endswith("and so gives other numbers.")
    lines = list(
        csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )
    assert "##up" in {line["text before"] for line in lines}
    app = open_page("decoding", model="tales-bert", text="A [MASK] saw a [MASK].")
    assert picture(app)["prompt"]["chip"] == "A" and "hidden and filled anew" not in html(app)
    assert all(" … " in text["text"] for text in picture(app, 1)["samples"]["texts"])
    ids = [*lm.encode("The big house", add_special_tokens=False)]
    assert lm.tokenizer.joined(ids) == "The big house"
