"""Where a change of one token shows in another row of a block: before its attention, behind it, in its neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from core.analysis.stacks import Stack

if TYPE_CHECKING:
    from core.language_model import LanguageModel


@dataclass(frozen=True)
class Reach:
    """How far a row moves, |difference| / |vector|, at three places of one block."""

    before: float  # the stream that enters the block
    after: float  # the stream that its MLP finds
    neurons: float  # the activations of its neurons


def reach(
    lm: LanguageModel,
    text: str,
    place: int,
    other: int,
    row: int,
    block: int,
    *,
    target: str | None = None,
    stack: Stack | None = None,
) -> Reach:
    """Replace the token at `place` by `other`, and measure how far `row` moves on its way through `block`.

    Args:
        place, row: positions in the rows of `stack` (of a decoder's, the start token is row 0).
    """
    plain = lm.trace(text, target)
    ids = plain.ids.tolist()
    written = None if plain.decoder_ids is None else plain.decoder_ids.tolist()[1:]
    if stack == "decoder" and written is not None:
        written[place - 1] = other
    else:
        ids[place] = other
    changed = lm.trace(ids, written)
    prefix = f"{stack}." if stack else ""
    name = f"{prefix}blocks.{block}"

    def moved(hook: str) -> float:
        now, then = (one[hook][row].float() for one in (plain, changed))
        return _apart(now, then)

    entering = f"{name}.hook_resid_pre"
    behind = next(
        (hook for hook in (f"{name}.hook_resid_mid_cross", f"{name}.hook_resid_mid") if hook in plain.hooks),
        entering,
    )
    return Reach(moved(entering), moved(behind), moved(f"{name}.mlp.hook_post"))


def _apart(now: Tensor, then: Tensor) -> float:
    return float((then - now).norm() / now.norm().clamp_min(1e-12))
