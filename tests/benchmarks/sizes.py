"""The two sizes that are compared, and one model at such a size in every library, with the same weights."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import transformers
from torch import Tensor
from transformer_lens import HookedTransformer, HookedTransformerConfig

from core.checkpoints import gpt2, llama, t5
from core.checkpoints.folder import assemble
from core.config import ModelConfig
from core.model.transformer import EncoderDecoder, Transformer


class Size(NamedTuple):
    """How large a model is; name: the parameters of its blocks, for a title."""

    name: str
    layers: int
    heads: int
    width: int
    vocabulary: int
    context: int


SMALL = Size("0.8M", layers=4, heads=4, width=128, vocabulary=1000, context=256)
TOY_T5 = Size("0.8M", layers=2, heads=4, width=128, vocabulary=1000, context=512)
T5_SMALL = Size("60M", layers=6, heads=8, width=512, vocabulary=32_128, context=512)
GPT2 = Size("124M", layers=12, heads=12, width=768, vocabulary=50_257, context=1024)


def spread(model: Any, width: float, seed: int = 0) -> Any:
    """Give every weight a random value, gains around 1: wide, so that patterns are uneven and no two tokens tie."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            gain = weight.dim() == 1 and not name.endswith("bias")
            weight.copy_(torch.randn(weight.shape, generator=draw) * width + gain)
    return model.eval().requires_grad_(False)


def hugging_face(size: Size) -> Any:
    """A GPT-2 in transformers, attention computed eagerly: only that path returns the patterns."""
    config = transformers.GPT2Config(
        n_layer=size.layers,
        n_head=size.heads,
        n_embd=size.width,
        vocab_size=size.vocabulary,
        n_positions=size.context,
        attn_implementation="eager",
        bos_token_id=0,
        eos_token_id=0,
    )
    model = spread(transformers.GPT2LMHeadModel(config), 3 / size.width)
    # Otherwise the token just read is the likeliest next: the unembedding is the table it came from.
    model.transformer.wpe.weight *= 10
    return model


def hugging_face_llama(size: Size) -> Any:
    """A Llama in transformers, of the same size."""
    config = transformers.LlamaConfig(
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        hidden_size=size.width,
        intermediate_size=8 * size.width // 3 // 64 * 64,
        vocab_size=size.vocabulary,
        max_position_embeddings=size.context,
        bos_token_id=0,
        eos_token_id=0,
    )
    return spread(transformers.LlamaForCausalLM(config), 3 / size.width)


def hugging_face_t5(size: Size) -> Any:
    """A T5 in transformers: `layers` blocks in each stack, the shape of the first release."""
    config = transformers.T5Config(
        num_layers=size.layers,
        num_heads=size.heads,
        d_model=size.width,
        d_kv=size.width // size.heads,
        d_ff=4 * size.width,
        vocab_size=size.vocabulary,
        decoder_start_token_id=0,
        eos_token_id=1,
        pad_token_id=0,
    )
    model = spread(transformers.T5ForConditionalGeneration(config), 4 / size.width)
    # Otherwise the token just read is the likeliest next: gains of both signs tell the unembedding from the table.
    model.decoder.final_layer_norm.weight.copy_(
        torch.randn(size.width, generator=torch.Generator().manual_seed(1))
    )
    model.shared.weight *= 5
    return model


def ours(theirs: Any) -> Transformer | EncoderDecoder:
    """A model of transformers, as ours: what `core.load` makes of its files."""
    family = {"gpt2": gpt2, "llama": llama, "t5": t5}[theirs.config.model_type]
    config: ModelConfig = family.config(theirs.config.to_dict())
    weights = {
        name: weight.detach().clone() for name, weight in family.weights(theirs.state_dict(), config).items()
    }
    return assemble(config, weights, torch.device("cpu"), torch.float32).requires_grad_(False)


def lens(model: Transformer) -> Any:
    """One of our GPT-2s, as transformer-lens has it."""
    config = model.config
    peer = HookedTransformer(
        HookedTransformerConfig(
            n_layers=config.n_layers,
            n_heads=config.n_heads,
            d_model=config.d_model,
            d_head=config.head_size,
            d_mlp=config.mlp_size,
            d_vocab=config.d_vocab,
            n_ctx=config.n_ctx,
            act_fn="gelu_new",
            normalization_type="LN",
            device="cpu",
        )
    ).eval()
    state = peer.state_dict()
    for name, theirs in state.items():
        module, _, weight = name.rpartition(".")
        mine = getattr(model.get_submodule(module), weight, None)
        if isinstance(mine, Tensor) and mine.shape == theirs.shape:
            state[name] = mine.detach()
        elif name == "unembed.b_U":
            state[name] = torch.zeros_like(theirs)
    peer.load_state_dict(state)
    return peer.requires_grad_(False)
