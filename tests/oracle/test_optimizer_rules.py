"""The written-out optimizer steps against torch.optim's, in float64: every setting that changes a step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.training.race import race
from core.training.rules import KINDS, Memory, Rule, orthogonal, step
from core.training.surfaces import SURFACES

STEPS = 12
MATRIX = (3, 5)


def oracle(rule: Rule, weight: torch.Tensor) -> torch.optim.Optimizer:
    """torch's optimizer with the same settings."""
    common: dict[str, Any] = {"lr": rule.rate, "weight_decay": rule.weight_decay}
    match rule.kind:
        case "sgd":
            return torch.optim.SGD([weight], **common)
        case "momentum":
            return torch.optim.SGD([weight], momentum=rule.momentum, nesterov=rule.nesterov, **common)
        case "muon":
            return torch.optim.Muon([weight], momentum=rule.momentum, nesterov=rule.nesterov, **common)
        case kind:
            made = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
            return made([weight], betas=(rule.beta1, rule.beta2), eps=rule.eps, **common)


def both(rule: Rule, shape: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Weights after each of `STEPS` steps on random gradients, by the rule and by torch."""
    draw = np.random.default_rng(seed)
    start = np.array(draw.normal(size=shape))
    weight = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer, memory, now = oracle(rule, weight), Memory(), start
    ours, theirs = [], []
    for _ in range(STEPS):
        gradient = draw.normal(size=shape) * 10.0 ** draw.integers(-6, 3)
        weight.grad = torch.from_numpy(np.array(gradient))
        optimizer.step()
        taken = step(rule, now, gradient, memory)
        now, memory = taken.after, taken.memory
        ours.append(now)
        theirs.append(weight.detach().numpy().copy())
    return np.array(ours), np.array(theirs)


SETTINGS: list[dict[str, Any]] = [
    {},
    {"weight_decay": 0.1},
    {"rate": 0.0},
    {"nesterov": True, "weight_decay": 0.03},
    {"momentum": 0.5, "beta1": 0.5, "beta2": 0.9},
    {"momentum": 0.95, "beta1": 0.0, "beta2": 0.99, "eps": 1e-3, "nesterov": True},
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda given: "-".join(given) or "plain")
def test_every_step_is_torchs(kind: Any, settings: dict[str, Any]) -> None:
    rule = Rule(kind, **({"rate": 0.05} | settings))
    for shape in (MATRIX, MATRIX[::-1], (1, 2)):
        ours, theirs = both(rule, shape)
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam", "adamw"])
def test_a_single_weight_moves_as_torchs_does(kind: Any) -> None:
    ours, theirs = both(Rule(kind, rate=0.01, weight_decay=0.02), ())
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-14)


CHANGES: dict[str, dict[str, Any]] = {
    "eps": {"eps": 1e-6}, "beta1": {"beta1": 0.91}, "beta2": {"beta2": 0.9991}, "momentum": {"momentum": 0.901},
    "weight_decay": {"weight_decay": 0.011}, "nesterov": {"nesterov": True}, "rate": {"rate": 0.0501},
}  # fmt: skip
USES = {
    "sgd": {"weight_decay", "rate"},
    "momentum": {"weight_decay", "rate", "momentum", "nesterov"},
    "adam": {"weight_decay", "rate", "eps", "beta1", "beta2"},
    "adamw": {"weight_decay", "rate", "eps", "beta1", "beta2"},
    "muon": {"weight_decay", "rate", "momentum", "nesterov"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("changed", CHANGES)
def test_each_setting_is_felt_by_those_that_use_it_and_by_no_other(kind: Any, changed: str) -> None:
    rule = Rule(kind, rate=0.05, weight_decay=0.01)
    plain, _ = both(rule, MATRIX)
    other, theirs = both(replace(rule, **CHANGES[changed]), MATRIX)
    np.testing.assert_allclose(other, theirs, rtol=1e-11, atol=1e-14)
    assert (np.abs(plain - other).max() > 1e-9) == (changed in USES[kind])


def test_adam_and_adamw_part_only_by_the_decay() -> None:
    same = [both(Rule(kind, rate=0.05), MATRIX)[0] for kind in ("adam", "adamw")]
    np.testing.assert_array_equal(*same)
    apart = [both(Rule(kind, rate=0.05, weight_decay=0.1), MATRIX)[0] for kind in ("adam", "adamw")]
    assert np.abs(apart[0] - apart[1]).max() > 1e-3


def test_without_bias_correction_the_first_step_would_be_another() -> None:
    taken = step(Rule("adam", rate=1.0), np.zeros(2), np.array([1e-3, -50.0]), Memory())
    np.testing.assert_allclose(taken.update, [1.0, -1.0], rtol=1e-4)  # rate times the sign, whatever the size
    assert taken.memory.first is not None and taken.memory.second is not None
    raw = taken.memory.first / (np.sqrt(taken.memory.second) + 1e-8)
    assert np.abs(raw).min() > 3, "0.1 / sqrt(0.001)"


def test_muon_moves_a_matrix_equally_along_all_its_directions() -> None:
    draw = np.random.default_rng(1)
    for shape in [(4, 4), (6, 3), (3, 6)]:
        matrix = draw.normal(size=shape) @ np.diag(np.geomspace(1, 0.05, shape[1]))
        sizes = np.linalg.svd(orthogonal(matrix), compute_uv=False)
        assert sizes.min() > 0.6 and sizes.max() < 1.3
    line = orthogonal(np.array([[3.0, -4.0]]))[0]
    assert 0.6 < np.linalg.norm(line) < 1.3
    np.testing.assert_allclose(line / np.linalg.norm(line), [0.6, -0.8], atol=0.01)
    assert not orthogonal(np.zeros((2, 2))).any()


def test_a_race_is_torchs_run_with_autograd_on_the_same_surface() -> None:
    surface = SURFACES["beale"]
    rules = [Rule(kind, surface.rates[kind], weight_decay=0.01) for kind in KINDS]
    for track in race(surface, surface.start, rules, 30):
        point = torch.nn.Parameter(
            torch.tensor([surface.start], dtype=torch.float64)
        )  # (1, 2): Muon wants a matrix
        optimizer = oracle(track.rule, point)
        for at in range(30):
            x, y = point[0]
            loss = (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2
            assert track.losses[at] == pytest.approx(loss.item(), rel=1e-9)
            optimizer.zero_grad()
            loss.backward()
            np.testing.assert_allclose(track.gradients[at], point.grad[0], rtol=1e-8, atol=1e-10)
            optimizer.step()
            np.testing.assert_allclose(track.points[at + 1], point.detach()[0], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    "bad",
    [
        {"rate": -0.1},
        {"rate": float("nan")},
        {"rate": float("inf")},
        {"beta1": 1.0},
        {"beta2": -0.1},
        {"kind": "x"},
    ],
)
def test_settings_that_no_optimizer_can_use_are_named(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as why:
        Rule(**({"kind": "adam", "rate": 0.1} | bad))
    assert next(iter(bad)) in str(why.value) or "no optimizer is called" in str(why.value)
