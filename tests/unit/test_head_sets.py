"""Sets of heads off against whole passes without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.analysis.heads import sets as module
from core.analysis.heads.effects import head_effects, switch_off
from core.analysis.heads.sets import changes, collected, pairs_of_largest, set_effects, variants
from core.hooks import intervene
from core.language_model import LanguageModel
from core.model.transformer import build
from tests.heads import PLACES, TEXT, induction_model, layers_of, target_of, tiny


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=4)
@pytest.mark.parametrize("value", ["zero", "mean"])
@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_a_set_is_a_whole_pass_without_its_heads(shape: str, attention: Any, value: Any) -> None:
    lm = tiny(shape)
    last = layers_of(lm, attention) - 1
    sets = [[(0, 1), (last, 2)], [(last, 0)], [(0, 3), (0, 1), (1, 0)], [(0, 1), (0, 1)], []]
    every = [(layer, head) for layer in range(last + 1) for head in range(lm.config.n_heads)]
    options: dict[str, Any] = {"row": 2, "value": value, "attention": attention, "target": target_of(lm)}
    found = set_effects(lm, TEXT, [*sets, every], token=7, **options)

    def change(heads: Any) -> float:
        logs = []
        nothing: list[tuple[int, int]] = []
        for off in (nothing, heads):
            with torch.no_grad(), intervene(*switch_off(off, value, attention)):
                logs.append(float(lm.trace(TEXT, target_of(lm)).logits[2].log_softmax(-1)[7]))
        return logs[1] - logs[0]

    for one, heads in zip(found, [*sets, every], strict=True):
        assert one.heads == tuple(dict.fromkeys(heads))
        assert one.joint == pytest.approx(change(heads), abs=1e-8)
        assert one.singles == pytest.approx([change([head]) for head in one.heads], abs=1e-8)
        assert one.total == pytest.approx(sum(one.singles))
        assert one.beyond == pytest.approx(one.joint - one.total)
    assert found[-2].joint == found[-2].total == 0.0
    assert abs(found[-1].beyond) > 1e-6


def test_small_batches_give_the_same_one_by_one_and_leave_out_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lm = tiny("t5")
    pairs = pairs_of_largest(head_effects(lm, TEXT, target=target_of(lm)), 4)
    assert len(pairs) == 6
    whole = set_effects(lm, TEXT, pairs, target=target_of(lm))
    monkeypatch.setattr(module, "TOGETHER", 20)
    said = list(changes(lm, TEXT, pairs, target=target_of(lm)))
    assert [heads for heads, _ in said] == variants(pairs) and len(said) == 10
    parts = collected(pairs, said)
    np.testing.assert_allclose([one.joint for one in parts], [one.joint for one in whole], atol=1e-10)
    left = list(changes(lm, TEXT, pairs, target=target_of(lm), known=[heads for heads, _ in said[:7]]))
    assert [heads for heads, _ in left] == variants(pairs)[7:]
    np.testing.assert_allclose([gap for _, gap in left], [gap for _, gap in said[7:]], atol=1e-10)


def test_in_a_chain_one_head_needs_the_other() -> None:
    lm = induction_model()
    ids = [0, 40, 50, 60, 70, 40]
    effects = head_effects(lm, ids)
    (one,) = set_effects(lm, ids, [[(0, 0), (1, 0)]])
    assert one.singles == pytest.approx(effects.change[:, 0])
    assert min(one.singles) < -3
    assert one.joint == pytest.approx(effects.change[1, 0]), "without the second the first has no reader"
    assert one.joint > one.total + 3
    assert pairs_of_largest(effects, 2) == (((0, 0), (1, 0)),)


def test_what_does_not_exist_is_named() -> None:
    lm = tiny("gpt")
    for heads, message in [([(9, 0)], "block 9"), ([(0, 9)], "head 9")]:
        with pytest.raises(ValueError, match=message):
            set_effects(lm, TEXT, [heads])
    with pytest.raises(ValueError, match="row 99"):
        set_effects(lm, TEXT, [[(0, 0)]], row=99)
    bare = LanguageModel(build(lm.config.replace(n_layers=0)).double(), lm.tokenizer)
    assert set_effects(bare, TEXT, [[]])[0].joint == 0.0
