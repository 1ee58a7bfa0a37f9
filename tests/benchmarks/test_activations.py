"""Every activation of a 32-token text: ours against transformer-lens and transformers (eager), at 0.8M and at 124M."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from core.hooks import recording
from tests.benchmarks import pair, sizes

TOKENS = 32
LENS, EAGER = "transformer-lens run_with_cache", "transformers eager, states and patterns"


@pytest.mark.parametrize(("size", "rounds"), [(sizes.SMALL, 100), (sizes.GPT2, 25)], ids=["0.8M", "124M"])
def test_activations(size: sizes.Size, rounds: int, report: Callable[[pair.Comparison], None]) -> None:
    eager = sizes.hugging_face(size)
    model = sizes.ours(eager)
    lens = sizes.lens(model)
    ids = torch.randint(0, size.vocabulary, (1, TOKENS), generator=torch.Generator().manual_seed(1))

    def all_of_ours() -> dict[str, Tensor]:
        with recording() as seen:
            model(ids)
        return seen

    with torch.no_grad():
        mine = all_of_ours()
        _, theirs = lens.run_with_cache(ids)
        said = eager(ids, output_hidden_states=True, output_attentions=True)
        assert set(mine) == set(theirs)
        for layer in range(size.layers):
            name = f"blocks.{layer}.attn.hook_pattern"
            assert mine[name].std() > 0.01
            torch.testing.assert_close(mine[name], theirs[name], atol=1e-4, rtol=1e-3)
            torch.testing.assert_close(mine[name], said.attentions[layer], atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(mine["unembed.hook_out"], said.logits, atol=1e-3, rtol=1e-3)
        comparison = pair.compare(
            f"all activations of {TOKENS} tokens, GPT-2 shape, {size.name}",
            {
                "glassbox": all_of_ours,
                LENS: lambda: lens.run_with_cache(ids),
                EAGER: lambda: eager(ids, output_hidden_states=True, output_attentions=True),
            },
            peers=("transformer-lens", "transformers"),
            rounds=rounds,
            least={LENS: 2.0, EAGER: 1.0},
        )
    report(comparison)
    assert comparison.missed == {}
