"""The measures of what an old model brings to a new job, against computations of their own on what is bundled."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import core
from core.analysis.expressions import check, value
from core.analysis.measures import MeasureError, Measures
from core.efficiency.judging import yardstick
from core.hub_models import BY_ID
from core.language_model import LanguageModel
from core.runs.run_measures import MEASURED

ASSETS = Path(core.__file__).parent.parent / "assets"
TEXT = "Nora lost the red kite. Tom found the kite under the bench."


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    """The old model."""
    return core.load("tales-bert")


@pytest.fixture(scope="module")
def measures(lm: LanguageModel) -> Measures:
    """Its measures, with those of recorded runs."""
    return Measures(lm, TEXT, recorded=MEASURED)


@pytest.fixture(scope="module")
def adaptability() -> dict[str, Any]:
    """The file of recorded adaptations."""
    found: dict[str, Any] = json.loads((ASSETS / "adaptability.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("way", "task"),
    [("lora", "sentiment"), ("full", "sentiment"), ("frozen", "questions"), ("scratch", "questions")],
)
def test_what_a_way_is_worth_is_the_recordings(way: str, task: str, measures: Measures) -> None:
    run = json.loads((ASSETS / "runs" / f"finetune-{task}-{way}.json").read_text(encoding="utf-8"))
    last = run["checkpoints"][-1]
    assert measures.value("judged", [way, task]) == pytest.approx(100 * last["held_out"], abs=0.06)
    kept = load_file(ASSETS / "runs" / f"finetune-{task}-{way}.safetensors")
    assert measures.value("learned", [way, task]) == sum(tensor.numel() for tensor in kept.values())
    if task == "sentiment":
        assert measures.value("judged", [way]) == measures.value("judged", [way, task]), "the usual task"


def test_the_matrix_is_the_files(lm: LanguageModel, measures: Measures) -> None:
    name = "blocks.3.mlp.weight_out"
    lora = load_file(ASSETS / "runs" / "finetune-sentiment-lora.safetensors")
    full = load_file(ASSETS / "runs" / "finetune-sentiment-full.safetensors")
    before = dict(lm.transformer.named_parameters())[name].detach().double()
    a, b = (lora[f"lora.{name}.out.{side}"].double() for side in "AB")
    assert measures.value("cells", ["W"]) == before.shape[0] * before.shape[1]
    assert measures.value("cells", ["thin"]) == 4 * (before.shape[0] + before.shape[1]), "rank 4"
    far = {"full": full[name].double() - before, "lora": 16 / 4 * b @ a}
    for way, gone in far.items():
        wanted = 100 * math.sqrt(float((gone**2).sum() / (before**2).sum()))
        assert measures.value("shift", [way]) == pytest.approx(wanted, rel=1e-3)
    assert value("cells(W)", measures) == "65,536", "as the page writes it"


@pytest.mark.parametrize("run", ["lora1-300", "lora4-100", "scratch-1000", "full-100"])
def test_an_adaptation_is_the_mean_of_its_seeds(
    run: str, measures: Measures, adaptability: dict[str, Any]
) -> None:
    seeds = [adaptability["runs"][f"{run}-{seed}"] for seed in range(3)]
    assert measures.value("adapted", [run]) == pytest.approx(
        100 * np.mean([one["right"] / one["of"] for one in seeds])
    )
    assert measures.value("numbers", [run]) == seeds[0]["trained"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lora4-100", "scratch-100"),
        ("lora4-1000", "scratch-1000"),
        ("lora16-300", "lora1-300"),
        ("scratch-100", "full-100"),
    ],
)
def test_ahead_is_a_paired_t_test(
    one: str, other: str, measures: Measures, adaptability: dict[str, Any]
) -> None:
    runs = adaptability["runs"]
    apart = np.array([runs[f"{one}-{s}"]["right"] - runs[f"{other}-{s}"]["right"] for s in range(3)], float)
    half = 4.303 * apart.std(ddof=1) / math.sqrt(3)  # Student's t, two degrees of freedom
    wanted = 0 if abs(apart.mean()) <= half else math.copysign(1, apart.mean())
    assert measures.value("ahead", [one, other]) == wanted


def test_prompts_are_the_recorded_rounds(measures: Measures, adaptability: dict[str, Any]) -> None:
    rounds = adaptability["games"]["pairs"]["elsewhere"]["4"]
    assert measures.value("prompted", ["pairs", "elsewhere", "4"]) == pytest.approx(100 * np.mean(rounds))
    assert measures.value("prompted", ["pairs", "chance", "4"]) == 25, "one of four words"


def rounded(weight: torch.Tensor, bits: int) -> torch.Tensor:
    """Round each row to its own 2^bits - 1 values around 0."""
    most = 2 ** (bits - 1) - 1
    step = weight.abs().amax(1, keepdim=True) / most
    return (weight / step).round().clamp(-most, most) * step


@pytest.mark.parametrize("bits", [4, 2])
def test_first_choices_of_a_model_that_was_rounded_by_hand(
    bits: int, lm: LanguageModel, measures: Measures
) -> None:
    coarse = copy.deepcopy(lm.transformer)
    with torch.no_grad():
        for name, weight in coarse.named_parameters():
            if weight.ndim == 2:
                weight.copy_(rounded(weight, bits if name.startswith("blocks.") else 8))
    same, places = 0, 0
    for text in yardstick(lm):
        asked = text.targets[0] != -100
        with torch.inference_mode():
            was, now = (
                model(*text.inputs)[0][asked].argmax(-1) for model in (lm.transformer.eval(), coarse.eval())
            )
        same, places = same + int((was == now).sum()), places + len(was)
    assert measures.value("kept", [str(bits)]) == pytest.approx(100 * same / places, abs=100 * 2.5 / places)
    matrix = lm.transformer.get_parameter("blocks.3.mlp.weight_in").detach()
    zeros = 100 * float((rounded(matrix, bits) == 0).float().mean())
    assert measures.value("zeroed", [str(bits)]) == pytest.approx(zeros, abs=0.1)


def test_memory_is_counted_by_hand(lm: LanguageModel, measures: Measures) -> None:
    saved: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    weights = {one.untyped_storage().data_ptr(): 4 * one.numel() for one in lm.transformer.parameters()}
    ids = torch.tensor([lm.encode(TEXT)])
    model = copy.deepcopy(lm.transformer)
    own = {one.untyped_storage().data_ptr() for one in model.parameters()}
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = torch.nn.functional.cross_entropy(model(ids)[0], ids[0])
    between = sum(size for at, size in saved.items() if at not in own)
    assert loss.requires_grad
    wanted = (4 * sum(weights.values()) + between) / sum(weights.values())  # weights, gradients, two moments
    assert measures.value("burden", []) == pytest.approx(wanted, rel=0.02)


def test_a_card_holds_what_the_sum_leaves_room_for(measures: Measures) -> None:
    blocks = 32 * (4 * 4096**2 + 3 * 4096 * 11_008)
    others = 2 * 32_000 * 4096 + (2 * 32 + 1) * 4096
    room = 24 * 10**9
    keys = 2 * 32 * 32 * 128 * 4096 * 2  # both, blocks, heads, numbers of each, tokens, bytes
    scales = 4 * 32 * (4 * 4096 + 2 * 11_008 + 4096)  # at most float32, one a row
    fits = {(room - (blocks / 2 + 2 * others + extra)) // keys for extra in (0, scales)}
    assert len(fits) == 1 and measures.value("fits", ["using", "llama2-7b", "int4"]) == fits.pop()
    assert 16 * (blocks + others) > room and measures.value("fits", ["training", "llama2-7b", "int4"]) == 0
    assert float(measures.value("fits", ["using", "llama2-7b", "bf16"])) < 10


def test_weights_of_the_hub_are_what_its_files_store(measures: Measures) -> None:
    for id in (
        "distilbert/distilbert-base-uncased",
        "distilbert/distilbert-base-uncased-finetuned-sst-2-english",
    ):
        assert measures.value("weights", [id]) == pytest.approx(BY_ID[id].stored / 1e6, rel=1e-3)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("judged(magic) > 1", "no recorded run"),
        ("cells(X) > 1", "W and thin"),
        ("shift(frozen) > 1", "full or lora"),
        ("adapted(lora3-7) > 1", "no run called"),
        ("prompted(chess, context, 4) > 1", "no game"),
        ("prompted(pairs, context, 3) > 1", "not played"),
        ("kept(3) > 1", "bits"),
        ("fits(using, llama9, int4) > 1", "nothing is known"),
        ("weights(nobody/nothing) > 1", "no model"),
    ],
)
def test_what_is_not_recorded_says_why(expression: str, why: str, measures: Measures) -> None:
    with pytest.raises(MeasureError, match=why):
        check(expression, measures)
