"""The Multi-head page as a script: its heads, switches, question and notebook, on every shape of model."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import reading
from app.controls import work
from app.models import cache, sweeps
from core.analysis.heads.composition import composition
from core.analysis.heads.effects import Knockout, LayerEffects, Resumable, head_effects, knock_out, switch_off
from core.analysis.heads.jobs import EVEN, MIXED, SHORT, head_jobs
from core.analysis.heads.patterns import NAMES, head_maps, repeat_scores
from core.analysis.heads.shares import head_shares
from core.analysis.heads.steps import attention_steps
from core.hooks import intervene
from pages.multi_head import ablation
from pages.multi_head.ablation import MARKS, read_off, write_off
from pages.multi_head.composition import chance_rows
from pages.multi_head.question import ask
from pages.multi_head.roles import (
    BRIEF,
    MEANS,
    RANDOM,
    UNIT,
    UNWRITTEN,
    changed,
    columns,
    rests_on,
    roles,
    tips,
)  # fmt: skip
from tests.pages.conftest import OpenPage, run_notebook

TEXT = "Lily lost a red ball. Ben found the red"
LINKS: dict[str, dict[str, Any]] = {
    "bundled": {"block": 1, "head": 2, "off": "1.3 0.*"},
    "other": {"model": "./other", "text": "The cat saw the dog", "block": 2, "head": 1, "off": "*"},
    "both": {"model": "./both", "text": "The cat saw the dog", "block": 0, "head": 2, "row": 3},
    "pair encoder": {"model": "./pair", "text": "The cat", "stack": "encoder", "block": 1, "off": "e0.1"},
    "pair self": {
        "model": "./pair", "text": "The cat", "target": "A dog", "stack": "decoder", "attention": "self", "off": "1.0"
    },
    "pair cross": {
        "model": "./pair", "text": "The cat", "target": "A dog", "stack": "decoder", "attention": "cross", "off": "c0.2"
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    """The bundled model that the page opens with."""
    return core.load("tales-gpt")


def question(app: AppTest) -> str:
    """The Predict question, as HTML."""
    return next(block.value for block in app.html if "<b>Predict</b>" in block.value)


def committed(app: AppTest) -> Any:
    """Choose the first option, commit, and return the answer."""
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    return app.session_state["gb"].memos["predict"]["answer"]


def lines(app: AppTest) -> list[dict[str, str]]:
    """The table twin as the CSV has it, a line for each head."""
    return list(
        csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )


def changes(app: AppTest) -> list[str]:
    """What each head alone changes, in order; of those that are measured."""
    shown = [line["change of log p without it"] for line in lines(app) if " + " not in line["head"]]
    return [one for one in shown if one]


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_every_shape_of_model_opens_and_its_notebook_agrees(name: str, open_page: OpenPage) -> None:
    app = open_page("multi_head", **LINKS[name])
    assert not app.exception
    assert not app.info
    found = run_notebook(app)
    kind = {"pair encoder": "encoder", "pair cross": "cross"}.get(name, "self")
    assert found["KIND"] == kind
    off = read_off(LINKS[name].get("off", ""), kind, *found["jobs"].evenness.shape)
    with intervene(*switch_off(off, "zero", found["KIND"])):
        expected = head_jobs(found["lm"], head_maps(found["lm"], found["TEXT"], **asked(found))).names
    assert found["jobs"].names == expected
    assert bool(off) == ("off" in LINKS[name])
    assert found["without"].heads == off
    assert found["joined"].shares.sum() + found["joined"].bias_share == pytest.approx(1, abs=1e-4) or not any(
        found["joined"].out
    )


def asked(found: dict[str, Any]) -> dict[str, Any]:
    """The notebook's attention and target, as keyword arguments."""
    return {"attention": found["KIND"]} | ({"target": found["TARGET"]} if "TARGET" in found else {})


def test_the_table_has_a_line_for_each_head_with_its_scores_and_effect(
    open_page: OpenPage, lm: core.LanguageModel
) -> None:
    table = lines(open_page("multi_head", text=TEXT, block=2, head=1))
    shown, keys = table[:16], [line for line in table[16:] if line["head"] == "L2H1"]
    maps = head_maps(lm, TEXT)
    jobs = head_jobs(lm, maps)
    assert [line["head"] for line in shown] == [f"L{block}H{head}" for block in range(4) for head in range(4)]
    assert [line["does"] for line in shown] == [name for names in jobs.names for name in names]
    recent = np.array([float(line["recent tokens"]) for line in shown]).reshape(4, 4)
    weight = jobs.scores["recent"].weight
    assert weight is not None
    np.testing.assert_allclose(recent, weight, atol=1e-5)
    alone = np.array([float(line["change of log p without it"]) for line in shown]).reshape(4, 4)
    np.testing.assert_allclose(alone, head_effects(lm, TEXT).change, atol=1e-4)
    shares = [line["share of block 2’s output"] for line in shown]
    np.testing.assert_allclose([float(s) for s in shares[8:12]], head_shares(lm, TEXT, 2).shares, atol=1e-4)
    assert not any(shares[:8] + shares[12:])
    most = np.array([float(line["weight"]) for line in shown]).reshape(4, 4)
    np.testing.assert_allclose(most, maps.maps[:, :, -1].max(-1), atol=1e-5)
    assert [line["head"] for line in keys] == ["L2H1"] * len(maps.ids)
    np.testing.assert_allclose([float(line["weight"]) for line in keys], maps.maps[2, 1, -1], atol=1e-5)
    scaled = attention_steps(lm, TEXT, 2, 1).scaled[-1]
    np.testing.assert_allclose([float(line["score"]) for line in keys], scaled, atol=1e-3)


def test_heads_that_are_off_change_what_later_heads_read_and_the_prediction(
    open_page: OpenPage, lm: core.LanguageModel
) -> None:
    app = open_page("multi_head", text=TEXT, off="1.3", block=3, head=2)
    found = run_notebook(app)
    with intervene(*switch_off([(1, 3)])):
        expected = head_maps(lm, TEXT).maps
    np.testing.assert_allclose(found["maps"], expected, atol=1e-5)
    plain = head_maps(lm, TEXT).maps
    np.testing.assert_allclose(expected[:2], plain[:2], atol=1e-6)
    assert np.abs(expected[2:] - plain[2:]).max() > 0.01
    without = knock_out(lm, TEXT, [(1, 3)])
    np.testing.assert_allclose(found["without"].after, without.after, atol=1e-5)
    app.session_state["gb"].store["instead"] = "mean"
    app.run()
    found = run_notebook(app)
    with intervene(*switch_off([(1, 3)], "mean")):
        np.testing.assert_allclose(found["maps"], head_maps(lm, TEXT).maps, atol=1e-5)


def test_all_heads_off_is_a_model_that_reads_nothing_of_the_others(
    open_page: OpenPage, lm: core.LanguageModel
) -> None:
    app = open_page("multi_head", text=TEXT, off="*")
    found = run_notebook(app)["without"]
    assert len(found.heads) == 16
    alone = knock_out(lm, "red", [(l, h) for l in range(4) for h in range(4)])  # noqa: E741
    assert found.after.sum() == pytest.approx(1, abs=1e-4)
    assert np.abs(found.after - found.before).max() > 0.1
    assert alone.after.shape == found.after.shape
    assert committed(app).evidence


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=2)
@pytest.mark.parametrize(
    "bad", ["99.0", "0.99", "x", "3.", ".2", "c1.0", "e*", "3.2.1", "-1.0", "٣.2", "1e0.0", "**"]
)
def test_heads_that_the_model_does_not_have_are_left_out(bad: str, open_page: OpenPage) -> None:
    app = open_page("multi_head", text=TEXT, off=f"{bad} 0.1")
    assert not app.exception
    assert run_notebook(app)["without"].heads == ((0, 1),)


def test_the_text_of_the_heads_that_are_off_reads_back() -> None:
    for kind, mark in MARKS.items():
        for off in [(), ((0, 0),), ((0, 1), (2, 0)), tuple((1, head) for head in range(3))]:
            assert read_off(write_off(off, kind, 3, 3), kind, 3, 3) == off
        everything = tuple((block, head) for block in range(3) for head in range(3))
        assert write_off(everything, kind, 3, 3) == f"{mark}*"
        assert read_off(f"{mark}*", kind, 3, 3) == everything
    assert write_off([(1, 0), (1, 1), (0, 1)], "cross", 2, 2) == "c0.1 c1.*"
    assert read_off("1.0", "cross", 3, 3) == read_off("c1.0", "self", 3, 3) == ()
    assert read_off("2.1 2.1", "self", 3, 3) == ((2, 1),)


def test_the_answer_is_what_the_model_does_at_commit(open_page: OpenPage, lm: core.LanguageModel) -> None:
    app = open_page("multi_head", text=TEXT, block=3, head=2)
    maps = head_maps(lm, TEXT).maps[3, :, -1]
    apart = [abs(maps[head] - maps[2]).sum() if head != 2 else 9.0 for head in range(4)]
    other = int(np.argmin(apart))
    first, second = sorted([2, other])
    assert f"Switch off L3H{first} alone, L3H{second} alone, then both" in question(app)
    answer = committed(app)
    found = [knock_out(lm, TEXT, heads) for heads in ([(3, 2), (3, other)], [(3, first)], [(3, second)])]
    token = int(found[0].before.argmax())
    before = float(found[0].before[token])
    both, *alone = (float(one.after[token]) for one in found)
    assert answer.numbers["after"] == pytest.approx(both, abs=1e-5)
    assert answer.numbers["before"] == pytest.approx(before, abs=1e-5)
    assert all(f"{one:.3f}" in answer.evidence for one in (before, both, *alone))
    assert answer.shows == {"off": f"3.{first} 3.{second}"}


def test_two_heads_may_lose_more_together_and_the_cause_is_what_was_measured(open_page: OpenPage) -> None:
    text = "A red ball was lost. She found the red"
    answer = committed(open_page("multi_head", text=text, block=3, head=2))
    lost = [answer.numbers["before"] - answer.numbers[name] for name in ("after", "alone 0", "alone 1")]
    assert lost[0] > 2 * (lost[1] + lost[2]) and answer.index == 1
    assert "the other costs more than it costs alone" in answer.because


@pytest.mark.parametrize(
    ("before", "both", "alone", "key"),
    [
        (0.9, 0.5, (0.7, 0.7), 0),
        (0.9, 0.1, (0.8, 0.9), 1),
        (0.9, 0.4, (0.4, 0.4), 2),
        (0.9, 0.9, (0.9, 0.9), 3),
        (0.9, 0.93, (0.9, 0.94), 3),
    ],
)
def test_what_adds_up(
    before: float, both: float, alone: tuple[float, float], key: int, lm: core.LanguageModel
) -> None:
    found = ask(head_maps(lm, TEXT), 3, 2, 0, "x", str)
    values = {found.off: both, (found.off[0],): alone[0], (found.off[1],): alone[1]}

    def without(heads: Any) -> Knockout:
        after = np.array([values[tuple(heads)], 0.0])
        return Knockout(
            heads=tuple(heads),
            attention="self",
            value="zero",
            row=0,
            before=np.array([before, 0.0]),
            after=after,
        )

    assert found.judge(without).index == key


def test_every_name_has_a_meaning_and_every_number_of_a_role_is_a_score(lm: core.LanguageModel) -> None:
    for name in [*NAMES.values(), EVEN, MIXED, SHORT]:
        assert MEANS[name]
        assert name in BRIEF
    jobs = head_jobs(lm, head_maps(lm, TEXT))
    table = columns(jobs)
    assert set(table) <= set(UNIT)
    for place, role in enumerate(roles(jobs, True)):
        block, head = divmod(place, 4)
        assert role["name"] == jobs.names[block][head]
        if role["name"] in (MIXED, SHORT):
            assert role["score"] is None
        elif role["by"] in table:
            at_least = table[role["by"]][block][head] or 0.0
            assert role["score"] >= at_least > 0


def test_a_head_of_the_first_token_is_not_called_idle() -> None:
    assert "nothing to fetch" not in MEANS[NAMES["first"]] and "may read another" in MEANS[NAMES["first"]]


def test_a_score_says_on_how_many_tokens_it_rests_and_whether_it_is_a_habit(lm: core.LanguageModel) -> None:
    jobs = head_jobs(lm, head_maps(lm, "A red ball was lost. She found the red"))
    rows = rests_on(jobs, True)
    tokens = jobs.scores["first"].rows
    assert rows[NAMES["induction"]] == rows[NAMES["same"]] == 1, "only the last red has an earlier copy"
    assert (rows[NAMES["previous"]], rows[NAMES["first"]], rows[EVEN]) == (tokens - 1, tokens, tokens - 1)
    assert rests_on(jobs, False)[EVEN] == tokens
    twice = repeat_scores(lm)["induction"]
    assert rows[RANDOM] == twice.rows
    assert twice.weight is not None
    said = roles(jobs, True)[3 * 4 + 2]
    assert said["name"] == NAMES["induction"]
    assert said["on"] == "on 1 token of this text"
    assert f"On random tokens said twice {twice.weight[3, 2]:.2f}: no general habit." in said["means"]
    assert set(tips(rows)) >= set(columns(jobs))
    assert "1 token of this text" in tips(rows)[NAMES["induction"]]
    never = roles(head_jobs(lm, head_maps(lm, "A cat ran.")), True)
    assert not any(role["name"] == NAMES["same"] and role["by"] == RANDOM for role in never)
    assert all(role["on"] for role in never if role["score"] is not None)


def test_names_and_scores_follow_the_heads_that_are_off(lm: core.LanguageModel) -> None:
    text = "A red ball was lost. She found the red"
    usual = roles(head_jobs(lm, head_maps(lm, text)), True)
    with intervene(*switch_off([(1, 3)])):
        now = roles(head_jobs(lm, head_maps(lm, text)), True)
    said = changed(now, usual)
    assert not any(role["was"] for role in said[:8]), "blocks 0 and 1 stand before what is off"
    assert said[3 * 4 + 2]["was"] == f"{usual[14]['name']} {usual[14]['score']:.2f}"
    assert not any(role["was"] for role in changed(usual, usual))


def test_the_largest_effect_and_what_a_later_head_then_reads(
    open_page: OpenPage, lm: core.LanguageModel
) -> None:
    text = "A red ball was lost. She found the red"
    found = run_notebook(open_page("multi_head", text=text, block=3, head=2))
    alone = head_effects(lm, text)
    block, head = alone.largest
    assert abs(alone.change[block, head]) == pytest.approx(np.abs(alone.change).max())
    assert found["alone"].largest == (block, head)
    with intervene(*switch_off([(block, head)])):
        np.testing.assert_allclose(found["less"], head_maps(lm, text).maps, atol=1e-5)
    found = run_notebook(open_page("multi_head", text=text, off="*"))
    assert "less" not in found, "with all heads off none has an effect"


@pytest.mark.usefixtures("other_model")
def test_where_it_takes_long_the_heads_are_measured_when_asked(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "QUICK", 0.0)
    said: list[int] = []
    effects = Resumable.effects

    def noted(run: Resumable, layer: int) -> LayerEffects:
        said.append(layer)
        return effects(run, layer)

    monkeypatch.setattr(Resumable, "effects", noted)
    link = {"model": "./other", "text": "The dog and the crow met", "panel": "effect"}
    app = open_page("multi_head", **link)
    assert "alone" not in run_notebook(app)
    assert not any(line["change of log p without it"] for line in lines(app) if " + " not in line["head"])
    assert not said, "nobody has asked"
    app.session_state["gb"].memos["multi_head"]["asked"] = True
    app.run()
    assert sorted(said) == [0, 1, 2]
    shown = changes(app)
    alone = run_notebook(app)["alone"]
    assert alone.change.shape == (3, 3)
    np.testing.assert_allclose([float(one) for one in shown], alone.change.ravel(), atol=1e-4)
    said.clear()
    app.run()
    other = open_page("multi_head", **link)
    assert not said, "what was measured stays, for everybody"
    assert changes(other) == shown


@pytest.mark.usefixtures("other_model")
def test_measuring_that_was_stopped_goes_on_where_it_was(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "QUICK", 0.0)
    given: list[int] = []
    make = ablation.Measure._make

    def noted(self: ablation.Measure, known: Any) -> Any:
        given.append(len(known))
        return make(self, known)

    app = open_page("multi_head", model="./other", text="The crow and the dog met", panel="effect")
    monkeypatch.setattr(ablation.Measure, "_make", noted)
    jobs: list[work.Shared] = []
    kept = vars(ablation.Measure)["_job"].fget
    assert kept is not None

    def seen(self: ablation.Measure) -> Any:
        jobs.append(kept(self))
        return jobs[-1]

    monkeypatch.setattr(ablation.Measure, "_job", property(seen))
    monkeypatch.setattr(sweeps, "IDLE", 0.0)
    app.run()
    job = next(job for job in jobs if job.measured.results == ())
    first = next(job.make(()))
    cache.keep(sweeps._name(job.key), sweeps.Measured((first,)), small=True)  # as a stopped one leaves it
    given.clear()
    app.run()
    effect = heads(app)["effect"]
    assert effect["measured"] == 1 and not effect["running"], "what is there is shown"
    assert [None in line for line in effect["change"]] == [False, True, True]
    assert not changes(app), "a table waits for all of it"
    app.session_state["gb"].memos["multi_head"]["asked"] = True
    app.run()
    assert not app.exception and 1 in given and 0 not in given
    assert any(line["change of log p without it"] for line in lines(app) if " + " not in line["head"])
    run_notebook(app)


def test_scores_stand_beside_what_chance_comes_to(open_page: OpenPage, lm: core.LanguageModel) -> None:
    text = "A red ball was lost. She found the red"
    app = open_page("multi_head", text=text, block=3, head=2)
    jobs = head_jobs(lm, head_maps(lm, text))
    rows = {row["name"]: row for row in chance_rows(jobs, 3)}
    for job, null in jobs.chance.text.items():
        row = rows[NAMES[job]]
        assert row["line"] == null.line
        np.testing.assert_allclose(row["values"], jobs.scores[job].weight[3], atol=1e-6)
        assert row["above"] == (np.array(row["values"]) > null.line).tolist()
    assert rows["induction"]["named"] == [name == "induction" for name in jobs.names[3]]
    assert rows["induction"]["named"][2], "beyond chance although it rests on one token"
    for row in rows.values():
        assert all(
            above and large
            for above, large, named in zip(row["above"], row["large"], row["named"], strict=True)
            if named
        )
    told = {line["head"]: line for line in lines(app)}["by chance"]
    assert float(told["induction"]) == pytest.approx(jobs.chance.text["induction"].line, abs=1e-6)
    found = run_notebook(app)
    assert found["chance"].text["induction"].line == jobs.chance.text["induction"].line


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("way", ["K", "Q", "V"])
def test_the_pair_that_fits_best_or_the_chosen_one(
    way: Any, open_page: OpenPage, lm: core.LanguageModel
) -> None:
    expected = composition(lm, way)
    app = open_page("multi_head", text=TEXT, compose=way)
    assert expected.strongest
    i, h, j, g = expected.strongest
    pairs = {line["head"]: line["fit of the pair"] for line in lines(app) if line["fit of the pair"]}
    assert {name: float(fit) for name, fit in pairs.items()} == {
        f"L{i}H{h} → L{j}H{g}": pytest.approx(expected.scores[i, h, j, g], abs=1e-6)
    }
    app = open_page("multi_head", text=TEXT, compose=way, pair="0.1 2.3")
    assert [line["head"] for line in lines(app) if line["fit of the pair"]] == ["L0H1 → L2H3"]
    assert run_notebook(app)["fit"].way == way


@pytest.mark.parametrize(
    "bad", ["2.3 0.1", "1.0 1.1", "9.0 9.9", "0.9 1.0", "x", "1.2", "0.1 2.3 4", "-1.0 1.0"]
)
def test_a_pair_that_is_none_falls_back_to_the_one_that_fits_best(bad: str, open_page: OpenPage) -> None:
    app = open_page("multi_head", text=TEXT, pair=bad)
    assert not app.exception
    (shown,) = [line["head"] for line in lines(app) if line["fit of the pair"]]
    best = composition(core.load("tales-gpt")).strongest
    assert best
    i, h, j, g = best
    assert shown == f"L{i}H{h} → L{j}H{g}"


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("instead", ["zero", "mean"])
def test_sets_of_heads_off_beside_the_sum_of_single_effects(
    instead: Any, open_page: OpenPage, lm: core.LanguageModel
) -> None:
    text = "A red ball was lost. She found the red"
    app = open_page("multi_head", text=text, off="3.2 3.3 1.3", instead=instead, pair="0.1 2.3")
    sets = [line for line in lines(app) if line["single changes added"]]
    assert [line["head"] for line in sets[:2]] == ["L1H3 + L3H2 + L3H3", "L0H1 + L2H3"]
    alone = head_effects(lm, text, value=instead).change
    for line in sets:
        heads = [tuple(map(int, name[1:].split("H"))) for name in line["head"].split(" + ")]
        out = knock_out(lm, text, heads, value=instead)
        token = int(out.before.argmax())
        joint = float(np.log(out.after[token]) - np.log(out.before[token]))
        assert float(line["change of log p without it"]) == pytest.approx(joint, abs=2e-3)
        assert float(line["single changes added"]) == pytest.approx(
            sum(alone[head] for head in heads), abs=2e-3
        )
    beyond = [
        float(line["change of log p without it"]) - float(line["single changes added"]) for line in sets[2:]
    ]
    assert [abs(b) for b in beyond] == sorted((abs(b) for b in beyond), reverse=True)
    if instead == "zero":
        assert min(beyond) < -1, "on this text two heads cover for each other"
    run_notebook(app)


def test_all_heads_off_and_a_text_of_one_token(open_page: OpenPage) -> None:
    app = open_page("multi_head", text=TEXT, off="*")
    sets = [line for line in lines(app) if line["single changes added"]]
    assert sets[0]["head"].count("+") == 15
    run_notebook(app)
    app = open_page("multi_head", text="a")
    assert not app.exception
    assert all(line["does"] == SHORT for line in lines(app)[:16])
    run_notebook(app)


def test_of_one_row_no_habit_is_named_until_an_answer_is_written(
    open_page: OpenPage, other_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "QUICK", 1)  # it does not write by itself
    for kind in ("cross", "self"):
        app = open_page("multi_head", model="./pair", text="The fox and the crow", attention=kind)
        assert not app.exception
        assert {name for line in run_notebook(app)["jobs"].names for name in line} == {"text too short"}
    app = open_page("multi_head", model="./pair", text="The fox and the crow", target="A dog saw the fox")
    assert {name for line in run_notebook(app)["jobs"].names for name in line} != {"text too short"}


@pytest.mark.usefixtures("other_model")
def test_where_it_takes_long_sets_are_measured_when_asked(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.multi_head.composition.QUICK", 0.0)
    app = open_page("multi_head", model="./other", text="The dog and the crow sat")
    assert not any(line["single changes added"] for line in lines(app))
    app.button(key="work.multi_head_composition").click().run()
    assert any(line["single changes added"] for line in lines(app))
    assert "Switch off pairs of heads" not in [button.label for button in app.button]
    run_notebook(app)
    monkeypatch.setattr("pages.multi_head.composition.MULTIPLIED", 0.0)
    app = open_page("multi_head", model="./other", text="The dog and the crow sat")
    assert not app.exception
    assert not any(line["fit of the pair"] for line in lines(app))


def test_a_block_that_the_other_stack_lacks_falls_back(open_page: OpenPage, other_model: str) -> None:
    app = open_page(
        "multi_head", model="./pair", text="A fox", stack="decoder", target="a", block=9, row=50, follow=40
    )
    assert not app.exception
    assert run_notebook(app)["BLOCK"] == 1
    assert run_notebook(app)["ROW"] == len(
        core.load(str(open_model(app))).encode("a", add_special_tokens=False)
    )


def open_model(app: AppTest) -> Any:
    """Where the page's model lies."""
    from app import models

    return models.resolve(app.session_state["gb"].store["model"]).target


# ------------------------------------------------------------------------------------------------- an empty answer


def heads(app: AppTest) -> dict[str, Any]:
    """The data of the page's picture."""
    found = [json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.json]
    data: dict[str, Any] = next(data for data in found if "roles" in data)
    return data


@pytest.mark.full(reason="takes a second")
def test_what_an_encoder_decoder_would_write_is_read_where_nothing_is_typed(open_page: OpenPage) -> None:
    app = open_page("multi_head", model="tales-t5")
    model = core.load("tales-t5")
    source = app.session_state["gb"].store["text"]
    ids = model.generate(source, max_new_tokens=63).ids
    data = heads(app)
    assert [token["id"] for token in data["rows"][1:]] == [i for i in ids if i not in model.config.eos_ids]
    assert SHORT not in {role["name"] for role in data["roles"]}
    field = app.text_input(key="target")
    assert field.value == "" and field.placeholder == "".join(map(model.tokenizer.display, ids[:-1])).strip()
    assert "what the model itself writes" in "\n".join(block.value for block in app.caption)
    run_notebook(app)
    field.set_value("A").run()
    assert [token["id"] for token in heads(app)["rows"][1:]] == model.tokenizer.encode(
        "A", add_special_tokens=False
    )


@pytest.mark.usefixtures("other_model")
def test_where_writing_takes_long_the_heads_wait_for_it(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "QUICK", 1)
    app = open_page("multi_head", model="./pair", text="The cat", stack="decoder")
    data = heads(app)
    assert len(data["rows"]) == 1
    assert {role["name"] for role in data["roles"]} == {UNWRITTEN}, "it is not the text that is too short"
    encoder = open_page("multi_head", model="./pair", text="The cat", stack="encoder")
    assert UNWRITTEN not in {role["name"] for role in heads(encoder)["roles"]}


def test_what_is_no_part_of_the_attention_stands_apart(open_page: OpenPage) -> None:
    data = heads(open_page("multi_head", text=TEXT))
    assert data["scoreNames"][data["sharing"] :] == [RANDOM, EVEN]
    assert max(sum(filter(None, line[: data["sharing"]])) for line in data["scores"]) > 1, "they overlap"
    for tip in data["scoreTips"][: data["sharing"]]:
        assert "overlap" in tip and "need not add up" in tip
