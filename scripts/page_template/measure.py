"""The length of the residual stream, block by block."""

from __future__ import annotations

from core.language_model import LanguageModel
from core.trace import residual_streams


def measure_stream(
    lm: LanguageModel, text: str, target: str | None, stack: str | None, blocks: int
) -> list[float]:
    """Measure the mean length (L2 norm) of a token's stream before block 0 and after each block: L + 1 numbers.

    Args:
        target: the decoder's text of an encoder-decoder. stack: which of its two stacks. blocks: how many that has.
    """
    streams = residual_streams(lm.trace(text, target), f"{stack}." if stack else "", blocks)
    return [float(stream.detach().norm(dim=-1).mean()) for stream in streams]
