"""Path patching into one head: an earlier component's output as only that head's query, key or value reads it.

Path patching (Wang et al. 2022, "Interpretability in the Wild", section 3.1; Goldowsky-Dill et al. 2023). The corrupted
text's pass is kept, except that one sender (the embedding, an earlier head or MLP) has its clean output as seen by the
receiver alone, in its query, its keys or its values. The restored share of the answer is the effect of that path.
Components between the two keep their corrupted outputs.

The shares of all senders need not add up: norm, softmax and what lies behind the receiver are not linear.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np
import torch
from torch import Tensor

from core.analysis.patching.patches import POSITIONS, Patching
from core.analysis.places import Place
from core.analysis.stream.resuming import run_text
from core.hooks import Intervention, intervene, recording
from core.model.attention import Attention
from core.model.block import Block

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
Into = Literal["Q", "K", "V"]
INTO: tuple[Into, ...] = get_args(Into)
Piece = tuple[Into, int, Array]  # see `walk`


@dataclass(frozen=True)
class Sender:
    """A sending component. head: of the attention of block `layer`, or with `cross` of its cross-attention.

    layer None: the embedding, all that stands before the first block. head None: the block's MLP.
    """

    layer: int | None = None
    head: int | None = None
    cross: bool = False

    @property
    def name(self) -> str:
        """The sender's name: "embedding", "L0H1", "L0X1", "L0 mlp"."""
        if self.layer is None:
            return "embedding"
        return (
            f"L{self.layer} mlp"
            if self.head is None
            else f"L{self.layer}{'X' if self.cross else 'H'}{self.head}"
        )


@dataclass(frozen=True, kw_only=True)
class Paths:
    """The effect of each path to head `head` of block `layer`, as shares of what patching can restore.

    shares: into -> (n,) a number a sender. whole: into -> the same with all senders at once. nan: not measured yet.
    """

    layer: int
    head: int
    senders: tuple[Sender, ...]
    shares: Mapping[Into, Array]
    whole: Mapping[Into, float]

    @property
    def complete(self) -> bool:
        """Whether every path was measured."""
        return not any(np.isnan(line).any() for line in self.shares.values())

    @property
    def strongest(self) -> tuple[Into, int]:
        """The path with the largest effect, positive or negative: its receiver input, and the sender's number."""
        into = max(INTO, key=lambda one: float(np.abs(self.shares[one]).max()))
        return into, int(np.abs(self.shares[into]).argmax())


def senders(found: Patching, layer: int) -> tuple[Sender, ...]:
    """List all components that write into the stream before block `layer`, in order."""
    return senders_of(found.heads, layer, cross=found.half == "decoder.")


def senders_of(heads: int, layer: int, cross: bool) -> tuple[Sender, ...]:
    """List the senders of a stack of that shape. cross: whether its blocks have cross-attention."""
    out = [Sender()]
    for at in range(layer):
        out += [Sender(at, head) for head in range(heads)]
        if cross:
            out += [Sender(at, head, cross=True) for head in range(heads)]
        out.append(Sender(at))
    return tuple(out)


def paths(lm: LanguageModel, found: Patching, layer: int, head: int) -> Paths:
    """Patch every sender's path into the query, the keys and the values of one head, one at a time.

    Args:
        found: the pair, made for the head's own attention: "self", or "encoder" of an encoder-decoder.

    Raises:
        ValueError: no such head, a head of cross-attention, whose keys and values are another stack's.
        NothingToRecover: both texts get the same answer.
    """
    return gathered(senders(found, layer), layer, head, walk(lm, found, layer, head))


def gathered(speakers: tuple[Sender, ...], layer: int, head: int, walked: Iterable[Piece]) -> Paths:
    """Assemble the paths from what `walk` yields; NaN where a path was not measured yet."""
    lines = {into: np.full(len(speakers) + 1, np.nan) for into in INTO}
    for into, first, shares in walked:
        lines[into][first : first + len(shares)] = shares
    return Paths(
        layer=layer, head=head, senders=speakers, shares={into: line[1:] for into, line in lines.items()},
        whole={into: float(line[0]) for into, line in lines.items()},
    )  # fmt: skip


def walk(lm: LanguageModel, found: Patching, layer: int, head: int, *, known: int = 0) -> Iterator[Piece]:
    """Patch some senders at a time, for a page that shows progress or stops.

    Yields input, first sender's number, shares.

    Number 0 stands for all senders at once, and number n for sender n - 1. `pieces` returns how many pieces there are.

    Args:
        known: pieces that are left out at the beginning.
    """
    if found.attention == "cross":
        raise ValueError("a head of cross-attention reads another stack: ask for a head of self-attention")
    place = Place.of(lm, layer, head, found.attention)
    speakers, size = senders(found, layer), _together(len(found.counterpart))
    clean, corrupted = (_values(lm, found, ids) for ids in (found.pair.clean, found.pair.corrupted))
    said = _Said(found, clean, corrupted)
    with torch.no_grad():
        streams = torch.cat([said.all_clean(layer), *said.streams(layer, speakers)])  # (n + 1, T', D)
        read = streams if place.norm is None else place.norm(streams)
    starts = [(into, first) for first in range(0, len(read), size) for into in INTO]
    for into, first in starts[known:]:
        with torch.no_grad():
            line = found.recovered(_heard(found, place, read[first : first + size], into))
        yield into, first, line


def pieces(speakers: Sequence[Sender], positions: int) -> int:
    """Return how many pieces `walk` yields for a text of this length."""
    return len(INTO) * -(-(1 + len(speakers)) // _together(positions))


def _together(positions: int) -> int:
    """Return how many senders are patched in one batch."""
    return max(1, POSITIONS // positions)


def _values(lm: LanguageModel, found: Patching, ids: tuple[int, ...]) -> dict[str, Tensor]:
    """Run one pass and keep every component's output and the streams of the patched stack: (T, ...) by hook name."""
    hooks = ("hook_resid_pre", "hook_attn_out", "hook_cross_attn_out", "hook_mlp_out", "attn.hook_z")
    names = [
        f"{found.half}blocks.{at}.{hook}"
        for at in range(found.layers)
        for hook in (*hooks, "cross_attn.hook_z")
    ]
    with torch.no_grad(), recording(names, batch_axis=False) as seen:
        run_text(lm.transformer, lm.batch(list(ids), found.pair.target))
    return seen


@dataclass(frozen=True)
class _Said:
    """Both passes' values, to recompute the corrupted stream with one sender's clean output."""

    found: Patching
    clean: Mapping[str, Tensor]
    corrupted: Mapping[str, Tensor]

    def change(self, name: str) -> Tensor:
        """Return clean minus corrupted values: (T', ...); 0 where a position has no counterpart."""
        places = self.found.counterpart
        ours = self.corrupted[name]
        theirs = self.clean[name][places.clamp_min(0)]
        there = (places >= 0).view(-1, *[1] * (ours.dim() - 1))
        return torch.where(there, theirs - ours, torch.zeros_like(ours))

    def all_clean(self, layer: int) -> Tensor:
        """Compute the stream entering block `layer` with all senders clean: (1, T', D)."""
        name = f"{self.found.half}blocks.{layer}.hook_resid_pre"
        return (self.corrupted[name] + self.change(name))[None]

    def streams(self, layer: int, speakers: tuple[Sender, ...]) -> Iterator[Tensor]:
        """Compute for each sender the stream entering block `layer`: (1, T', D)."""
        for speaker in speakers:
            yield self._written(layer, speaker)[None]

    def _written(self, layer: int, speaker: Sender) -> Tensor:
        """Recompute the corrupted stream component by component with one sender's clean output, through the norms."""
        first = f"{self.found.half}blocks.0.hook_resid_pre"
        x = self.corrupted[first]
        if speaker.layer is None:
            x = x + self.change(first)
        for at in range(layer):
            block, name = cast(Block, self.found.stack.blocks[at]), f"{self.found.half}blocks.{at}"
            mine = speaker if speaker.layer == at else None
            head = mine if mine is not None and mine.head is not None else None
            x = _add(
                block, x, self._out(name, "attn", None if head is None or head.cross else head), block.ln1
            )
            if block.cross:
                cross = head if head is not None and head.cross else None
                x = _add(block, x, self._out(name, "cross_attn", cross), block.ln2)
            update = self.corrupted[f"{name}.hook_mlp_out"]
            if mine is not None and head is None:
                update = update + self.change(f"{name}.hook_mlp_out")
            x = _add(block, x, update, block.ln3 if block.cross else block.ln2)
        return x

    def _out(self, name: str, part: str, speaker: Sender | None) -> Tensor:
        """Compute an attention's output with one head's clean output if it is the sender: (T', D)."""
        value = self.corrupted[f"{name}.hook_{part}_out"]
        if speaker is None:
            return value
        attn = self.found.stack.get_submodule(f"{name.removeprefix(self.found.half)}.{part}")
        z = self.change(f"{name}.{part}.hook_z")[:, speaker.head]  # (T', K)
        return value + z @ cast(Attention, attn).W_O[cast(int, speaker.head)]


def _add(block: Block, x: Tensor, update: Tensor, norm: Any) -> Tensor:
    x = x + update if block.residual else update
    return cast(Tensor, norm(x)) if block.post_norm else x


def _heard(found: Patching, place: Place, read: Tensor, into: Into) -> Tensor:
    """Compute the logit differences when one head's query, keys or values come from each of n normed streams: (n,).

    One more variant, unchanged, gives the other heads' outputs: with shared keys they would be affected, too.
    """
    attn, head = place.attn, place.head if into == "Q" else place.kv_head
    weight, bias = getattr(attn, f"W_{into}")[head], getattr(attn, f"b_{into}")
    new = read @ weight if bias is None else read @ weight + bias[head]  # (n, T', K)

    def turn(value: Tensor) -> Tensor:  # (n + 1, T, H, K)
        value = value.clone()
        value[:-1, :, head] = new[:, : value.shape[1]]
        return value

    def only(z: Tensor) -> Tensor:  # (n + 1, T, H, K)
        mine = z[:, :, place.head]
        z = z[-1:].expand_as(z).clone()
        z[:, :, place.head] = mine
        return z

    hook = f"{place.attn_name}.hook_{into.lower()}"
    changes = (
        Intervention((hook,), turn, f"{hook} along one path", whole_text=False),
        Intervention((f"{place.attn_name}.hook_z",), only, "the other heads as they were", whole_text=False),
    )
    layer = int(place.block_name.rsplit(".", 1)[-1])
    with intervene(*changes):
        said: Tensor = found.resume(layer, len(read) + 1)
    return said[:-1]
