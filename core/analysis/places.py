"""The location of attention heads in a model: attentions, stacks and hook names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import torch

from core.model.attention import Attention
from core.model.block import Block
from core.model.norm import Normalise
from core.model.transformer import EncoderDecoder, Transformer

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text
    from core.trace import Trace

Kind = Literal["self", "cross", "encoder"]


def stack_of(lm: LanguageModel, attention: Kind) -> Transformer:
    """Return the stack whose blocks hold that attention.

    Raises:
        ValueError: "cross" or "encoder" of a model that is no encoder-decoder.
    """
    model = lm.transformer
    if isinstance(model, EncoderDecoder):
        return model.encoder if attention == "encoder" else model.decoder
    if attention != "self":
        raise ValueError(f"attention={attention!r}: {lm.name} is a {lm.config.shape} without it")
    return model


def traced(lm: LanguageModel, text: Text, target: Text | None, trace: Trace | None) -> Trace:
    """Return the given `trace` after checking its text, or compute one without gradients.

    Raises:
        ValueError: the trace is of another text or target; or as `LanguageModel.trace`.
    """
    if trace is None:
        with torch.no_grad():
            return lm.trace(text, target)
    read = [ids.tolist() for ids in (trace.ids, trace.decoder_ids) if ids is not None]
    if read != [ids[0].tolist() for ids in lm.batch(text, target)]:
        raise ValueError("the trace is of another text or target")
    return trace


def row_of(row: int, rows: int) -> int:
    """Normalize `row` to count from 0; a negative one counts from the end.

    Raises:
        ValueError: there is no such row.
    """
    if not -rows <= row < rows:
        raise ValueError(f"row {row} is not one of the {rows} rows, counted from 0")
    return row % rows


@dataclass(frozen=True)
class Place:
    """The location of a head, by module and by hook name.

    `norm` is None under post-norm: the head reads the stream itself.

    resid_name: the hook with the stream that the attention adds to.   out_name: with what all its heads add.
    kv_head: the key/value head that this head shares with others.
    """

    stack: Transformer
    block: Block
    attn: Attention
    norm: Normalise | None
    block_name: str
    resid_name: str
    attn_name: str
    out_name: str
    head: int
    kv_head: int
    cross: bool

    @classmethod
    def of(cls, lm: LanguageModel, layer: int, head: int, attention: Kind) -> Place:
        """Locate head `head` in block `layer`.

        Raises:
            ValueError: the model has no such block, head or attention; the message counts those it has.
        """
        stack, cross = stack_of(lm, attention), attention == "cross"
        if not 0 <= layer < len(stack.blocks):
            raise ValueError(f"block {layer} is not one of the {len(stack.blocks)} blocks, counted from 0")
        if not 0 <= head < lm.config.n_heads:
            raise ValueError(f"head {head} is not one of the {lm.config.n_heads} heads, counted from 0")
        block = cast(Block, stack.blocks[layer])
        half = "encoder." if attention == "encoder" else "decoder."
        prefix = half if lm.config.shape == "encoder-decoder" else ""
        name = f"{prefix}blocks.{layer}"
        middle = "hook_normalized_resid_mid" if block.post_norm else "hook_resid_mid"
        read = f"{name}.{middle if cross else 'hook_resid_pre'}"
        norm = None if block.post_norm else block.ln2 if cross else block.ln1
        attn = block.cross_attn if cross else block.attn
        kv_head = head // (lm.config.n_heads // lm.config.kv_heads)
        attn_name = f"{name}.cross_attn" if cross else f"{name}.attn"
        out_name = f"{name}.hook_cross_attn_out" if cross else f"{name}.hook_attn_out"
        return cls(stack, block, attn, norm, name, read, attn_name, out_name, head, kv_head, cross)
