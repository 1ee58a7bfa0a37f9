"""LoRA on every shape of model, with any rank and any of the matrices: what must hold whatever was learned."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.hooks import recording
from core.language_model import LanguageModel
from core.training import lora
from core.training.lora import Adapter, Lora
from tests.heads import SHAPES, TARGET, TEXT, target_of, tiny
from tests.tiers import examples

wanted = st.lists(st.sampled_from([t for t in lora.TARGETS if t != "gate"]), min_size=1, unique=True)


def learned(lm: LanguageModel, how: Lora, seed: int) -> Adapter:
    """As after some training: B is not zero any more."""
    chance = torch.Generator().manual_seed(seed)
    fresh = lora.draw(lm.transformer, how, seed)
    return Adapter(how, {
        name: 0.4 * torch.randn(value.shape, generator=chance, dtype=value.dtype)
        for name, value in fresh.tensors.items()
    })  # fmt: skip


def near(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() <= 1e-9 * other.abs().max())


@settings(max_examples=examples(25))
@given(
    st.sampled_from(sorted(SHAPES)), wanted, st.integers(1, 6), st.floats(0.5, 40), st.integers(0, 2**31 - 1)
)
def test_merged_equals_unmerged_and_the_base_stays(
    shape: str, targets: list[lora.Target], rank: int, alpha: float, seed: int
) -> None:
    lm = tiny(shape)
    given = lm.batch(TEXT, target_of(lm))
    before = {name: weight.clone() for name, weight in lm.transformer.state_dict().items()}
    adapter = learned(lm, Lora(rank, alpha, tuple(targets)), seed)
    adapted, merged = lora.adapt(lm.transformer, adapter), lora.merge(lm.transformer, adapter)
    got = adapted(*given)
    assert near(merged(*given), got)
    assert not near(lm.transformer(*given), got)
    with recording() as seen:  # explicit attention, every part of it looked at
        assert near(adapted(*given), got)
    with recording() as plain:
        merged(*given)
    assert seen.keys() == plain.keys()
    assert near(lora.unmerge(merged, adapter)(*given), lm.transformer(*given))
    assert all(torch.equal(before[name], weight) for name, weight in lm.transformer.state_dict().items())
    assert adapter.count == lora.trained(lm.config, adapter.lora)
    again = Adapter.from_bytes(adapter.to_bytes())
    assert again.lora == adapter.lora
    assert torch.equal(lora.merge(lm.transformer, again)(*given), merged(*given))


@settings(max_examples=10)
@given(st.sampled_from(sorted(SHAPES)), st.integers(1, 6), st.integers(0, 2**31 - 1))
def test_before_the_first_step_nothing_is_changed(shape: str, rank: int, seed: int) -> None:
    lm = tiny(shape)
    given = lm.batch(TEXT, TARGET if target_of(lm) else None)
    fresh = lora.adapt(lm.transformer, Lora(rank, 16, ("q", "k", "v", "o", "in", "out")), seed)
    assert near(fresh(*given), lm.transformer(*given))
