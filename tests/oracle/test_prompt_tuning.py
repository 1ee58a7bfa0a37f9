"""Prompt tuning against peft on transformers' models: the same vectors in front, so the same logits and gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PromptTuningConfig, TaskType, get_peft_model

import tests.oracle.test_gpt2 as gpt2
import tests.oracle.test_llama as llama
from core.training import prompt_tuning
from core.training.prompt_tuning import Prompted
from tests.oracle.compare import apart, in_float64, loss, saved_and_loaded

COUNT = 4
MODELS = {
    "GPT-2": lambda: gpt2.model_of("exact gelu, untied"),
    "Llama": lambda: llama.model_of("llama, tied, biases, one key head, wide heads"),
}


@pytest.mark.parametrize("name", MODELS)
def test_logits_and_the_prompts_gradient_equal_pefts(name: str, tmp_path: Path) -> None:
    model: Any = MODELS[name]()
    base = saved_and_loaded(model, tmp_path).model
    ids = torch.randint(2, 27, (2, 8), generator=torch.Generator().manual_seed(2))
    config = PromptTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=COUNT)
    theirs = get_peft_model(model, config, autocast_adapter_dtype=False).double()
    vectors = 0.4 * torch.randn(COUNT, base.config.d_model, dtype=torch.float64)
    with torch.no_grad():
        theirs.get_prompt_embedding_to_save("default")
        theirs.prompt_encoder["default"].embedding.weight.copy_(vectors)
    with in_float64():
        wanted = theirs(ids).logits[:, COUNT:]
        mine = torch.nn.Parameter(vectors.clone())
        got = Prompted(base, mine)(ids)  # type: ignore[arg-type]
        assert apart(got, wanted) < 1e-8
        assert apart(base(ids), wanted) > 0.05  # the vectors matter
        loss(wanted).backward()
        loss(got).backward()
    assert mine.grad is not None
    assert apart(mine.grad, theirs.prompt_encoder["default"].embedding.weight.grad) < 1e-8
    swapped = prompt_tuning.prompted(base, vectors.flip(0), ids)
    assert apart(swapped, wanted) > 1e-3  # and their order
