"""Tasks that need order, and the models that are trained on short rows of them and tested on long ones."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from typing import Any, cast

import pytest
import torch

from core.analysis.positions import order_tasks
from core.analysis.positions.extrapolation import (
    EVERY,
    KINDS,
    Answer,
    Plan,
    extrapolation,
    first_model,
    recorded,
)
from core.analysis.positions.extrapolation import RECORDED as RECORDED_FILE
from core.analysis.positions.order_tasks import PAD, TASKS, Rows, batches, exact, rows, size, written
from core.config import preset
from core.model.initial import initialise
from core.model.transformer import build
from scripts import record_extrapolation

SMALL = Plan(trained=3, letters=6, tested=(2, 5), steps=EVERY + 3, rows=4, asked=7)


def drawn(task: Any, lengths: list[int], seed: int = 0) -> Rows:
    return rows(task, lengths, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("task", TASKS)
def test_every_row_is_a_right_question_with_its_answer(task: Any) -> None:
    lengths = [2, 9, 5, 30, 2, 3]
    batch = drawn(task, lengths)
    for ids, scored, length in zip(batch.ids.tolist(), batch.scored.tolist(), lengths):
        said = written(ids).split()
        bar = said.index("|")
        given, behind = said[1:bar], said[bar + 1 :]
        assert said[0] == "^"
        assert len(given) == len(set(given)) == length
        assert len(said) == size(task, length)
        answer = [word for word, asked in zip(said, scored) if asked]
        if task == "copy":
            assert behind == answer == given
        elif task == "reverse":
            assert behind == answer == given[::-1]
        else:
            one, other, first = behind
            assert one != other
            assert answer == [first] == [min(one, other, key=given.index)]
        assert all(token == PAD for token in ids[len(said) :])
        assert not any(scored[len(said) :])
    assert batch.lengths.tolist() == lengths


@pytest.mark.parametrize("task", TASKS)
def test_only_answers_are_scored(task: Any) -> None:
    batch = drawn(task, [2, 7, 4])
    example = batch.example
    assert example.inputs.shape == example.targets.shape == (3, size(task, 7) - 1)
    asked = example.targets != -100
    assert torch.equal(asked, batch.scored[:, 1:])
    assert torch.equal(example.targets[asked], batch.ids[:, 1:][asked])
    assert asked.sum(1).tolist() == ([1, 1, 1] if task == "first" else [2, 7, 4])


def test_the_seed_decides_and_every_place_is_asked_about() -> None:
    assert torch.equal(drawn("first", [5] * 9, 3).ids, drawn("first", [5] * 9, 3).ids)
    assert not torch.equal(drawn("first", [5] * 9, 3).ids, drawn("first", [5] * 9, 4).ids)
    pairs: Counter[tuple[int, int]] = Counter()
    for ids in drawn("first", [4] * 2400).ids.tolist():
        pairs[ids[1:5].index(ids[6]), ids[1:5].index(ids[7])] += 1
    assert len(pairs) == 12
    assert all(130 < count < 270 for count in pairs.values())  # 200 each; 5 standard deviations
    letters = Counter(drawn("copy", [2] * 3000).ids[:, 1].tolist())
    assert set(letters) == set(range(3, order_tasks.D_VOCAB))


def test_batches_have_every_length_alike() -> None:
    feed = batches("reverse", 5, letters=8, count=400, seed=2)
    first, second = next(feed), next(feed)
    assert not torch.equal(first.lengths, second.lengths)
    assert set(first.lengths.tolist()) == {2, 3, 4, 5}
    assert min(Counter(first.lengths.tolist()).values()) > 60
    assert int(first.ids.max()) <= 10
    again = next(batches("reverse", 5, letters=8, count=400, seed=2))
    assert torch.equal(first.ids, again.ids)


def test_exact_needs_every_answer() -> None:
    batch = drawn("copy", [3, 2])
    perfect = torch.nn.functional.one_hot(batch.ids[:, 1:], order_tasks.D_VOCAB).double()  # (N, T, V)
    assert exact(perfect, batch).tolist() == [True, True]
    at = int(batch.scored[0].nonzero()[-1]) - 1
    wrong = perfect.clone()
    wrong[0, at] = wrong[0, at].roll(1)
    assert exact(wrong, batch).tolist() == [False, True]
    elsewhere = perfect.clone()
    elsewhere[:, 0] = elsewhere[:, 0].roll(1)  # what the row gives is not asked for
    assert exact(elsewhere, batch).tolist() == [True, True]


def test_exact_is_what_greedy_writing_would_give() -> None:
    """A third of the rows ask for what the model itself writes, a third for another last letter, a third for copies."""
    config = preset("gpt-nano", n_layers=2, d_vocab=order_tasks.D_VOCAB, n_ctx=20)
    model = build(config).eval()
    initialise(model, config, 1, spread=0.4)
    batch = rows("copy", [3] * 60, letters=6, generator=torch.Generator().manual_seed(9))
    wrote = [greedily(model, ids[:5]) for ids in batch.ids.tolist()]
    batch.ids[:40] = torch.tensor(wrote[:40])
    batch.ids[20:40, -1] += 1
    with torch.no_grad():
        quick = exact(model(batch.example.inputs), batch).tolist()
    assert quick == [said == ids for said, ids in zip(wrote, batch.ids.tolist())]
    assert quick[:40] == [True] * 20 + [False] * 20


def greedily(model: Any, given: list[int]) -> list[int]:
    """What is given and the three likeliest tokens behind it, one after the other."""
    said = list(given)
    with torch.no_grad():
        for _ in range(3):
            said.append(int(model(torch.tensor([said]))[0, -1].argmax()))
    return said


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: drawn("sort", [3]), "no task is called 'sort'"),
        (lambda: drawn("copy", [3, 1]), "a row of 1 letters"),
        (lambda: drawn("copy", [53]), "a row of 53 letters"),
        (
            lambda: rows("copy", [2], letters=60, generator=torch.Generator()),
            "letters=60 must lie between 1 and 52",
        ),
        (lambda: Plan(task="sort"), "no task is called 'sort'"),
        (lambda: Plan(trained=1), "trained=1 must lie between 2"),
        (lambda: Plan(trained=31), "letters=30"),
        (lambda: Plan(letters=60), "letters=60"),
        (lambda: Plan(tested=(40,)), "give lengths of 2 to 30"),
        (lambda: Plan(tested=()), "give lengths"),
        (lambda: Plan(steps=0), "steps=0 must be at least 1"),
        (lambda: extrapolation(cast(Any, ["turning"])), "no kind of position is called 'turning'"),
        (lambda: extrapolation(KINDS, "copy", [1]), "give lengths"),
    ],
)
def test_what_cannot_be_is_said_at_once(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_a_plan_fills_itself_in() -> None:
    plan = Plan()
    assert plan.trained in plan.lengths
    assert plan.trained + 1 in plan.lengths
    assert plan.lengths[0] == 2
    assert plan.lengths[-1] == 30
    assert plan.chance(2) == 0.5
    assert Plan(task="first").chance(9) == 0.5
    config = plan.config("relative")
    assert config.position == "relative"
    assert config.n_ctx == size("copy", 30)
    assert config.relative_max_distance == size("copy", plan.trained) - 1
    assert Plan(changes=(("n_layers", 3),)).config("none").n_layers == 3


@pytest.mark.full(reason="takes a second")
def test_every_kind_is_trained_tested_and_reported() -> None:
    reports = list(extrapolation(KINDS, plan=SMALL, seed=5))
    assert [report.kind for report in reports] == [kind for kind in KINDS for _ in range(2)]
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert reports[-1].done == 1.0
    for early, late in zip(reports[::2], reports[1::2]):
        assert (early.step, early.exact, early.answers) == (EVERY, {}, ())
        assert late.step == late.steps == EVERY + 3
        assert list(late.exact) == list(late.margin) == [2, 5]
        for share in late.exact.values():
            assert share * 7 == pytest.approx(round(share * 7))
        for answer in late.answers:
            assert len(answer.said.split()) == len(answer.right.split()) == answer.length
            assert answer.right == " ".join(answer.given.split()[1:-1])
    assert len({report.loss for report in reports[1::2]}) == len(KINDS)


def test_the_models_begin_alike_but_for_their_positions() -> None:
    plain = first_model(SMALL, "none", 4).state_dict()
    for kind in KINDS:
        state = first_model(SMALL, kind, 4).state_dict()
        assert all(torch.equal(state[name], weight) for name, weight in plain.items())
        own = set(state) - set(plain)
        assert own == {"learned": {"pos_embed.W_pos"}, "relative": {"relative.W_bias"}}.get(kind, set())
        for name in own:
            assert float(state[name].std()) > 0.1


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    def losses(seed: int) -> list[float]:
        return [report.loss for report in extrapolation(["rotary"], plan=SMALL, seed=seed)]

    state = torch.get_rng_state()
    assert losses(1) == losses(1) != losses(2)
    assert torch.equal(state, torch.get_rng_state())


def test_two_at_once_in_one_thread_and_stopped_in_the_middle() -> None:
    first, second = (extrapolation(["alibi"], plan=SMALL, seed=7) for _ in range(2))
    assert next(first).loss == next(second).loss
    first.close()
    assert torch.is_grad_enabled()
    assert len(list(second)) == 1


@pytest.mark.full(reason="takes 2 s")
def test_a_short_training_learns_what_a_longer_row_does_not_show() -> None:
    """A learned table is never trained beyond its rows: perfect up to the trained length, lost right behind it."""
    plan = Plan(trained=4, letters=12, tested=(3, 4, 6, 8), steps=150, rows=32)
    *_, last = extrapolation(["learned"], plan=plan)
    assert min(last.exact[length] for length in (3, 4)) > 0.9
    assert max(last.exact[length] for length in (6, 8)) < 0.2
    assert last.loss < 0.3


def test_the_margin_is_wilsons() -> None:
    *_, last = extrapolation(["none"], plan=dataclasses.replace(SMALL, steps=1, asked=200))
    for length, share in last.exact.items():
        low, high = wilson(share, 200)
        assert last.margin[length] == pytest.approx((high - low) / 2)


def wilson(share: float, count: int) -> tuple[float, float]:
    """The roots of (p - share)^2 = z^2 p (1 - p) / count."""
    z2 = 1.96**2
    a, b, c = 1 + z2 / count, -(2 * share + z2 / count), share**2
    root = math.sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("task", TASKS)
def test_the_recorded_charts_are_of_todays_plan(task: Any) -> None:
    """Their first steps again: a change of the tasks, the model or the optimizer asks for new recordings."""
    found = recorded(task)
    plan = Plan(task=task)
    assert [one.kind for one in found] == list(KINDS)
    kept = json.loads(RECORDED_FILE.read_text(encoding="utf-8"))["tasks"][task]
    asked = dataclasses.asdict(plan) | {"tested": list(plan.lengths), "changes": []}
    assert kept["plan"] == asked
    for one in found:
        assert one.lengths == plan.lengths
        assert len(one.exact) == len(record_extrapolation.SEEDS)
        assert all(len(shares) == len(plan.lengths) for shares in one.exact)
        assert all(isinstance(answer, Answer) for answer in one.answers)
    early = {kind: one["early"] for kind, one in kept["seeds"]["1"].items()}
    for kind in ("rotary", "learned"):
        assert begun(task, kind, 1) == pytest.approx(early[kind], rel=1e-3)
    assert begun(task, "learned", 2) != pytest.approx(early["learned"], rel=1e-3), (
        "another seed is told apart"
    )


def begun(task: Any, kind: Any, seed: int) -> float:
    """The loss at the first report of a training."""
    return next(extrapolation([kind], task, seed=seed)).loss


def test_it_is_the_same_training_whatever_a_machine_is_quick_in(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = []
    for precision in ("float32", "bfloat16"):
        monkeypatch.setenv("GLASSBOX_PRECISION", precision)
        losses.append([report.loss for report in extrapolation(["rotary"], plan=SMALL, seed=1)])
    assert losses[0] == losses[1]


def test_recording_keeps_what_is_not_trained_again(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "extrapolation.json"
    monkeypatch.setattr(record_extrapolation, "RECORDED", path)
    monkeypatch.setattr("core.analysis.positions.extrapolation.RECORDED", path)
    made: list[tuple[str, int]] = []

    def fake(task: Any, seed: int) -> dict[str, Any]:
        made.append((task, seed))
        shares = [0.5] * len(Plan(task=task).lengths)
        answers = [[2, "^ a b |", "a b", "a b"]]
        return {kind: {"early": 1.0, "loss": 0.1, "exact": shares, "answers": answers} for kind in KINDS}

    monkeypatch.setattr(record_extrapolation, "record", fake)
    record_extrapolation.keep("copy", [0])
    record_extrapolation.keep("first", [0])
    record_extrapolation.keep("copy", [1])
    assert made == [("copy", 0), ("first", 0), ("copy", 1)]
    assert [len(one.exact) for one in recorded("copy")] == [2] * len(KINDS)
    assert len(recorded("first")[0].exact) == 1
