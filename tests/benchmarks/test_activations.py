"""Every activation of a 32-token text: ours against transformers (eager) and transformer-lens, at 0.8M parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformers import GPT2Config, GPT2LMHeadModel

from core.config import ModelConfig
from core.hooks import recording
from core.model.initial import initialise
from core.model.transformer import Transformer
from tests.benchmarks import pair

LAYERS, HEADS, WIDTH, VOCABULARY, CONTEXT, TOKENS = 4, 4, 128, 1000, 128, 32


def ours() -> Transformer:
    """A GPT-2 of 0.79M parameters in its blocks."""
    config = ModelConfig(n_layers=LAYERS, n_heads=HEADS, d_model=WIDTH, d_vocab=VOCABULARY, n_ctx=CONTEXT)
    model = Transformer(config).eval()
    initialise(model, config, spread=0.25)  # far from uniform patterns, so that a difference would show
    return model


def lens(model: Transformer) -> Any:
    """The same model with the same weights in transformer-lens."""
    config = HookedTransformerConfig(
        n_layers=LAYERS,
        n_heads=HEADS,
        d_model=WIDTH,
        d_head=WIDTH // HEADS,
        d_mlp=4 * WIDTH,
        d_vocab=VOCABULARY,
        n_ctx=CONTEXT,
        act_fn="gelu_new",
        normalization_type="LN",
        device="cpu",
    )
    peer = HookedTransformer(config).eval()
    state = peer.state_dict()
    for name, theirs in state.items():
        module, _, weight = name.rpartition(".")
        mine = getattr(model.get_submodule(module), weight, None)
        if isinstance(mine, Tensor) and mine.shape == theirs.shape:
            state[name] = mine.detach()
        elif name == "unembed.b_U":
            state[name] = torch.zeros_like(theirs)
    peer.load_state_dict(state)
    return peer


def hugging_face() -> Any:
    """The same sizes in transformers, attention computed eagerly: only that path returns the patterns."""
    config = GPT2Config(
        n_layer=LAYERS,
        n_head=HEADS,
        n_embd=WIDTH,
        vocab_size=VOCABULARY,
        n_positions=CONTEXT,
        attn_implementation="eager",
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPT2LMHeadModel(config).eval()


def test_activations(report: Callable[[pair.Comparison], None]) -> None:
    model = ours()
    lens_model, eager = lens(model), hugging_face()
    ids = torch.randint(0, VOCABULARY, (1, TOKENS), generator=torch.Generator().manual_seed(1))

    def all_of_ours() -> dict[str, Tensor]:
        with recording() as seen:
            model(ids)
        return seen

    with torch.no_grad():
        mine = all_of_ours()
        _, theirs = lens_model.run_with_cache(ids)
        name = f"blocks.{LAYERS - 1}.attn.hook_pattern"
        assert mine[name].std() > 0.01
        torch.testing.assert_close(mine[name], theirs[name], atol=1e-4, rtol=1e-4)
        comparison = pair.compare(
            f"every activation of {TOKENS} tokens, {LAYERS} blocks of {HEADS} heads, width {WIDTH}",
            {
                "glassbox": all_of_ours,
                "transformer-lens run_with_cache": lambda: lens_model.run_with_cache(ids),
                "transformers eager, states + maps": lambda: eager(
                    ids, output_hidden_states=True, output_attentions=True
                ),
            },
            peers=("transformer-lens", "transformers"),
        )
    report(comparison)
    assert all(len(seconds) == 30 for seconds in comparison.seconds.values())
