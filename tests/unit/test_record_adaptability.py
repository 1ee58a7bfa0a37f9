"""Recording the Adaptability page's runs: what is written, and that a stopped recording goes on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.runs import adaptations
from core.training import adapting
from core.training.fine_tune_spec import FineTuneSpec
from scripts import record_adaptability
from tests.tuning import base


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Names of what was trained; the files lie in `tmp_path`, and the base is a small one."""
    names: list[str] = []
    record = record_adaptability.record

    def noted(spec: FineTuneSpec) -> Any:
        names.append(adapting.name(spec))
        return record(spec)

    monkeypatch.setattr(record_adaptability, "record", noted)
    monkeypatch.setattr(record_adaptability, "bundled_base", lambda name: base())
    monkeypatch.setattr(record_adaptability, "GAMES", ())
    monkeypatch.setattr(record_adaptability, "ELSEWHERE", {})
    monkeypatch.setattr(adapting, "controls", lambda: iter(()))
    monkeypatch.setattr(record_adaptability, "RECORDED", tmp_path / "runs.json")
    monkeypatch.setattr(record_adaptability, "WEIGHTS", tmp_path / "runs.safetensors")
    monkeypatch.setattr(sys, "argv", ["record_adaptability"])
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    return names


def short(*specs: FineTuneSpec) -> list[FineTuneSpec]:
    return [spec.replace(steps=4, batch=4, held_out=10, eval_every=4) for spec in specs]


def test_a_stopped_recording_goes_on(
    trained: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = short(adapting.spec("frozen", examples=10), adapting.spec("full", examples=10))
    monkeypatch.setattr(adapting, "plan", lambda: iter(first))
    record_adaptability.main()
    assert trained == ["frozen-10-0", "full-10-0"]
    more = [
        *first[:1],
        *short(adapting.spec("prompt", examples=10, vectors=2), adapting.spec("full", examples=12)),
    ]
    monkeypatch.setattr(adapting, "plan", lambda: iter(more))
    record_adaptability.main()
    assert trained[2:] == ["prompt2-10-0", "full-12-0"], (
        "what is there stays, what is no longer asked for goes"
    )
    written = json.loads((tmp_path / "runs.json").read_text(encoding="utf-8"))
    assert set(written["runs"]) == {"frozen-10-0", "prompt2-10-0", "full-12-0"}
    run = written["runs"]["prompt2-10-0"]
    assert FineTuneSpec.from_dict(run["spec"]) == more[1]
    assert 0 <= run["low"] <= run["right"] / run["of"] <= run["high"] <= 1
    kept = {key.split("/")[0] for key in load_file(tmp_path / "runs.safetensors")}
    assert kept == {"frozen-10-0", "prompt2-10-0"}, "small ones only"
    monkeypatch.setattr(adaptations, "WEIGHTS", tmp_path / "runs.safetensors")
    assert adaptations.learned("prompt2-10-0")["prompt"].shape == (2, 24)


def test_another_spec_is_trained_again(trained: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for steps in (4, 5):
        specs = [spec.replace(steps=steps) for spec in short(adapting.spec("frozen", examples=10))]
        monkeypatch.setattr(adapting, "plan", lambda specs=specs: iter(specs))
        record_adaptability.main()
    assert trained == ["frozen-10-0", "frozen-10-0"]
