"""Adam on one weight, the losses of one text, and the rate finder: against torch.optim and against theory."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import core
from core.language_model import LanguageModel
from core.training import rate_finder
from core.training.adam_steps import MATRICES, follow, place, train
from core.training.rate_finder import Trial, found, grow, search
from core.training.rules import Rule
from core.training.text_loss import TextLoss, losses_by_token, text_loss, trainable
from tests.pages.conftest import random_model

TEXT = "A red ball was lost. She found the red"


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    """The bundled model."""
    return core.load("tales-gpt")


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LanguageModel]:
    """Random models: BERT's shape, T5's, and a GPT whose keys and values are shared and whose MLP is gated."""
    root: Path = tmp_path_factory.mktemp("shapes")
    random_model(root / "both", seed=2, shape="encoder")
    random_model(root / "hides", seed=2, shape="encoder", mask_id=5)
    random_model(root / "pair", seed=3, shape="encoder-decoder", n_layers=2, position="relative", norm="rms")
    random_model(root / "grouped", seed=4, d_model=24, n_heads=4, n_kv_heads=2, gated=True, act="silu")
    return {path.name: core.load(path) for path in sorted(root.iterdir())}


SETTINGS: list[dict[str, Any]] = [
    {"kind": "adam", "rate": 1e-3},
    {"kind": "adam", "rate": 1e-2, "beta1": 0.5, "beta2": 0.9, "weight_decay": 0.1},
    {"kind": "adamw", "rate": 1e-2, "weight_decay": 0.5, "eps": 1e-4},
]


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize("settings", SETTINGS, ids=["plain", "decay", "adamw"])
@pytest.mark.parametrize("matrix", ["Q", "V", "out"])
def test_the_written_steps_are_those_of_a_real_run(
    lm: LanguageModel, settings: dict[str, Any], matrix: str
) -> None:
    rule = Rule(**settings)
    trained = train(lm, TEXT, place(lm, 2, matrix), rule, steps=6)
    model = copy.deepcopy(lm.transformer).eval().requires_grad_(True)
    make = torch.optim.Adam if rule.kind == "adam" else torch.optim.AdamW
    optimizer = make(
        model.parameters(),
        lr=rule.rate,
        betas=(rule.beta1, rule.beta2),
        eps=rule.eps,
        weight_decay=rule.weight_decay,
    )
    parameter = dict(model.named_parameters())[trained.place.parameter]
    first, _ = trained.place.rows
    ids = torch.tensor([lm.encode(TEXT)])
    row, col = trained.middling
    steps = follow(trained, row, col)
    for at, taken in enumerate(steps):
        assert float(taken.before) == pytest.approx(parameter[first + row, col].item(), rel=1e-4, abs=1e-7)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(ids)[0, :-1], ids[0, 1:])
        # its kernel is torch's fused one, which rounds otherwise
        assert trained.losses[at] == pytest.approx(loss.item(), rel=1e-3)
        loss.backward()
        assert parameter.grad is not None
        assert float(taken.gradient) == pytest.approx(
            parameter.grad[first + row, col].item(), rel=1e-3, abs=1e-8
        )
        optimizer.step()
        kept = optimizer.state[parameter]
        assert float(taken.memory.first) == pytest.approx(
            kept["exp_avg"][first + row, col].item(), rel=1e-3, abs=1e-9
        )
        assert float(taken.memory.second) == pytest.approx(
            kept["exp_avg_sq"][first + row, col].item(), rel=1e-3
        )
    assert float(steps[-1].after) == pytest.approx(parameter[first + row, col].item(), rel=1e-4, abs=1e-7)
    np.testing.assert_allclose(float(steps[-1].after), trained.end[row, col], rtol=1e-4, atol=1e-7)
    assert trained.losses[-1] < trained.losses[0]


def test_the_whole_matrix_ends_where_torch_put_it(lm: LanguageModel) -> None:
    trained = train(lm, TEXT, place(lm, 1, "O"), Rule("adam", 1e-3), steps=4)
    rows, cols = trained.start.shape
    ends = np.array(
        [[float(follow(trained, r, c)[-1].after) for c in range(0, cols, 16)] for r in range(0, rows, 16)]
    )
    np.testing.assert_allclose(ends, trained.end[::16, ::16], rtol=1e-4, atol=2e-7)
    assert np.abs(trained.end - trained.start).max() <= 4 * 1e-3 * 1.2, (
        "no step of Adam's is much longer than its rate"
    )
    assert trained.gradients.shape == (4, rows, cols)
    assert trained.wanted == tuple(lm.encode(TEXT)[1:])
    np.testing.assert_allclose(
        [trained.before.mean(), trained.after.mean()], trained.losses[[0, -1]], rtol=1e-5
    )
    steepest = trained.steepest
    assert abs(trained.gradients[0][steepest]) == np.abs(trained.gradients[0]).max()
    felt = np.abs(trained.gradients[0])[np.abs(trained.gradients[0]) > 0]
    assert abs(trained.gradients[0][trained.middling]) == pytest.approx(np.median(felt), rel=0.01)


def test_the_model_itself_stays_as_it_is(lm: LanguageModel) -> None:
    before = {name: weight.clone() for name, weight in lm.transformer.named_parameters()}
    train(lm, TEXT, place(lm, 0, "in"), Rule("adam", 0.1), steps=2)
    list(search(lm, TEXT, steps=4))
    assert all(torch.equal(before[name], weight) for name, weight in lm.transformer.named_parameters())
    assert not any(weight.requires_grad and weight.grad is not None for weight in lm.transformer.parameters())


def test_every_matrix_of_every_shape_has_its_place(shapes: dict[str, LanguageModel]) -> None:
    for name, lm in shapes.items():
        for stack in ("encoder", "decoder") if name == "pair" else ("encoder",):
            for matrix in MATRICES:
                where = place(lm, 1, matrix, stack)
                assert stack in where.parameter or name != "pair"
                stored = dict(lm.transformer.named_parameters())[where.parameter].detach()
                rows = stored[slice(*where.rows)]
                assert tuple(rows.shape) == where.shape
                part = lm.transformer.get_submodule(where.parameter.rpartition(".")[0])
                if matrix in (
                    "Q",
                    "K",
                    "V",
                ):  # TransformerLens's (H, D, K), one head's rows after the other's
                    seen = getattr(part, f"W_{matrix}").detach().transpose(1, 2).reshape(where.shape)
                    torch.testing.assert_close(rows, seen, rtol=0, atol=0)
                trained = train(lm, "The fox and the crow", where, Rule("adam", 1e-3), steps=2)
                assert np.abs(trained.gradients).max() > 0, (name, matrix)
                assert trained.losses[2] < trained.losses[0]
    with pytest.raises(ValueError, match="blocks 0 to 2"):
        place(shapes["both"], 7, "Q")
    with pytest.raises(ValueError, match="there are Q, K"):
        place(shapes["both"], 0, "W")
    with pytest.raises(ValueError, match="the moments are Adam's"):
        train(shapes["both"], "The fox", place(shapes["both"], 0, "Q"), Rule("sgd", 0.1))


def test_a_text_is_asked_in_the_models_own_objective(
    lm: LanguageModel, shapes: dict[str, LanguageModel]
) -> None:
    ids = lm.encode(TEXT)
    asked = text_loss(lm, TEXT)
    assert asked.targets[0].tolist() == ids[1:]
    assert -lm.score(TEXT).mean().item() == pytest.approx(asked(lm.transformer).item(), rel=1e-5)
    torch.testing.assert_close(asked.each(lm.transformer), -lm.score(TEXT), rtol=1e-4, atol=1e-5)
    first, *others = losses_by_token(lm, TEXT)
    assert first is None
    assert others == pytest.approx((-lm.score(TEXT)).tolist(), rel=1e-4, abs=1e-5)
    assert losses_by_token(shapes["pair"], TEXT) == [None] * len(shapes["pair"].encode(TEXT))
    assert losses_by_token(lm, "a")[0] is None
    both = shapes["both"]
    asked = text_loss(both, TEXT)
    assert 0 < asked.asked < len(both.encode(TEXT))
    assert [loss is None for loss in losses_by_token(both, TEXT)] == (asked.targets[0] == -100).tolist()
    each = asked.each(both.transformer)
    assert int(each.isfinite().sum()) == asked.asked
    assert each[each.isfinite()].mean().item() == pytest.approx(asked(both.transformer).item(), rel=1e-5)
    hides = shapes["hides"]
    asked = text_loss(hides, TEXT)
    wanted = asked.targets[0] != -100
    assert (asked.inputs[0][0][wanted] == 5).all()
    assert (asked.targets[0][wanted] == torch.tensor(hides.encode(TEXT))[wanted]).all()
    assert (asked.inputs[0][0][~wanted] == torch.tensor(hides.encode(TEXT))[~wanted]).all()
    pair = shapes["pair"]
    asked = text_loss(pair, "A fox", "The dog ran")
    log_p = pair.score("A fox", target="The dog ran")
    assert -log_p.mean().item() == pytest.approx(asked(pair.transformer).item(), rel=1e-5)
    again = text_loss(pair, "A fox")
    assert again.targets[0].tolist() == pair.encode("A fox", add_special_tokens=False)
    for one in (lm, *shapes.values()):
        assert torch.isfinite(text_loss(one, "a")(one.transformer))


class Slope(nn.Module):
    """The weight of a parabola, as a model: its loss is curvature / 2 times its square."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[1.0]]))


class Parabola(TextLoss):
    """A loss whose best rate is known: gradient descent on curvature c diverges where the rate passes 2 / c."""

    curvature = 8.0

    def __call__(self, transformer: nn.Module) -> torch.Tensor:
        return self.curvature / 2 * transformer.weight.square().sum()


@pytest.mark.parametrize("curvature", [0.5, 8.0])
def test_the_finder_sees_the_rate_at_which_gradient_descent_turns_over(curvature: float) -> None:
    asked = Parabola((), torch.zeros(1, 1), "")
    object.__setattr__(asked, "curvature", curvature)
    rates = np.geomspace(1e-3 / curvature, 100 / curvature, 120)
    trials = list(grow(Slope(), asked, "sgd", rates))
    losses = np.array([trial.loss for trial in trials])
    weight, expected = 1.0, []
    for rate in rates[: len(trials)]:
        expected.append(curvature / 2 * weight**2)
        weight -= rate * curvature * weight
    np.testing.assert_allclose(losses, expected, rtol=1e-4, atol=1e-12)
    turn = trials[int(losses.argmin())].rate * curvature
    assert 0.5 < turn < 2.1
    result = found(trials, len(rates))
    assert result.end == "burst"
    assert result.rate is not None
    assert 0.01 < result.rate * curvature < 2


def test_the_search_is_a_run_of_torchs_optimizer_with_growing_rates(lm: LanguageModel) -> None:
    trials = list(search(lm, TEXT, "momentum", steps=8, low=1e-4, high=1e-2))
    model = trainable(lm)
    ids = torch.tensor([lm.encode(TEXT)])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0, momentum=0.9)
    for trial in trials:
        optimizer.param_groups[0]["lr"] = trial.rate
        optimizer.zero_grad()
        loss = F.cross_entropy(model(ids)[0, :-1], ids[0, 1:])
        assert trial.loss == pytest.approx(loss.item(), rel=1e-4)
        loss.backward()
        optimizer.step()
    rates = [trial.rate for trial in trials]
    np.testing.assert_allclose(rates, np.geomspace(1e-4, 1e-2, 8))


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam", "adamw", "muon"])
def test_a_rate_is_found_for_every_optimizer_and_the_search_ends_when_the_loss_bursts(
    kind: Any, lm: LanguageModel
) -> None:
    trials = list(search(lm, TEXT, kind, steps=60))
    result = found(trials, 60)
    assert result.end == ("learned" if kind == "sgd" else "burst")
    assert (len(trials) < 60) == (kind != "sgd")
    assert result.rate is not None
    assert result.steepest is not None and result.steepest <= result.lowest
    assert trials[0].loss == pytest.approx(text_loss(lm, TEXT)(lm.transformer).item(), rel=1e-5)
    fresh = list(search(lm, TEXT, kind, steps=60, fresh=True))
    assert fresh[0].loss > trials[0].loss + 0.3, "new weights know nothing"
    assert fresh == list(search(lm, TEXT, kind, steps=60, fresh=True))


def test_a_search_with_muon_is_torchs_in_the_precision_that_the_machine_is_quick_in(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losses(precision: str) -> list[float]:
        monkeypatch.setenv("GLASSBOX_PRECISION", precision)
        return [trial.loss for trial in search(lm, TEXT, "muon", steps=6, low=1e-3, high=1e-1)]

    half, whole = losses("bfloat16"), losses("float32")

    def theirs(weights: Any, lr: float, **options: Any) -> torch.optim.Optimizer:
        return torch.optim.Muon(weights, lr=lr, momentum=0.95, weight_decay=0.0)

    monkeypatch.setattr(rate_finder, "Muon", theirs)
    expected = losses("float32")
    assert half == pytest.approx(expected, rel=2e-3)
    assert whole == pytest.approx(expected, rel=2e-2) and whole != half
    assert min(expected) < expected[0] - 0.2, "it moves"


def test_a_curve_that_never_falls_has_no_best_rate() -> None:
    rising = [Trial(at, 10.0 ** (at - 5), 1.0 + at) for at in range(6)]
    result = found(rising, 6)
    assert result.rate is None and result.end == "open"
    broken = [Trial(0, 0.1, 2.0), Trial(1, 1.0, 1.0), Trial(2, 10.0, float("nan"))]
    assert found(broken, 9).lowest == 1
    only = found([Trial(0, 0.1, float("inf"))], 9)
    assert only.rate is None
    with pytest.raises(ValueError, match="without trials"):
        found([])


@pytest.mark.parametrize(
    "bad", [{"steps": 2}, {"low": 0.0}, {"low": 1.0, "high": 0.1}, {"high": float("inf")}]
)
def test_a_search_that_cannot_be_made_says_why(lm: LanguageModel, bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a search needs"):
        next(search(lm, TEXT, **bad))
