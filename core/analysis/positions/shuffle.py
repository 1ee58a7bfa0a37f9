"""Shuffled tokens: a model without positions is equivariant to their order, one with positions is not.

A stack without positions in which every token sees every other treats a text as a bag: shuffle the tokens, and the same
vectors come out, shuffled (the mathematics of Lee et al. 2019, "Set Transformer", property 1). A causal mask breaks the
symmetry, since it alone encodes order (Haviv et al. 2022, Kazemnejad et al. 2023); without it, the symmetry holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.analysis.health.component_ablation import missing, without
from core.hooks import recording
from core.model.transformer import EncoderDecoder

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

Array = np.ndarray[Any, Any]
Way = Literal["as it is", "without positions", "without positions or mask"]
ROUNDING = {
    torch.float64: 1e-10,
    torch.float32: 2e-5,
}  # of the vectors' rms: rounding of sums in another order


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The text and its shuffled tokens under one variant of the model, each token compared with itself.

    Attributes:
        way: which components were removed.
        change: (T,) |vector after - before| / rms of all vectors' lengths, of what each token has become at the end.
        moved: (R,) half the sum of |p' - p| over the vocabulary, between 0 and 1, for each prediction: one a token
            (R = T), but of an encoder-decoder one for each row that the decoder reads, in its order.
        before, after: (R, V) the probabilities, after with its rows put back where they belong; (T, 0) of a bare
            encoder.
        tolerance: below this a change is rounding: sums over the same numbers in another order.
    """

    way: Way
    change: Array
    moved: Array
    before: Array
    after: Array
    tolerance: float

    @property
    def same(self) -> bool:
        """No vector changed by more than rounding."""
        return bool(self.change.max() <= self.tolerance)


@dataclass(frozen=True, kw_only=True)
class Shuffled:
    """A shuffled text, read under every variant of the model.

    Attributes:
        ids: (T,) of the text that is shuffled, an encoder-decoder's source. tokens: as the vocabulary writes them.
        order: (T,) position p of the shuffled text holds the token that stood at order[p].
        target: what an encoder-decoder's decoder reads, in order; () elsewhere.
        ways: "as it is" first; then, where the model has positions, without them, and where it has a causal mask,
            without that as well.
    """

    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    order: tuple[int, ...]
    target: tuple[int, ...]
    ways: tuple[Compared, ...]

    def way(self, name: Way) -> Compared:
        """Return the comparison of that name.

        Raises:
            KeyError: the model cannot be read so.
        """
        return {found.way: found for found in self.ways}[name]


def shuffled_order(length: int, seed: int = 0, fixed: Sequence[int] = ()) -> tuple[int, ...]:
    """Draw a random order of `length` positions, different from the original if possible.

    Args:
        fixed: places that keep their tokens.
    """
    order = list(range(length))
    free = [place for place in order if place not in set(fixed)]
    if len(free) < 2:
        return tuple(order)
    draw = np.random.default_rng(seed)
    drawn = free
    while drawn == free:
        drawn = [free[at] for at in draw.permutation(len(free))]
    for place, origin in zip(free, drawn):
        order[place] = origin
    return tuple(order)


def shuffle(
    lm: LanguageModel, text: Text, *, seed: int = 0, target: Text | None = None, keep_last: bool = False
) -> Shuffled:
    """Read a text and its shuffled tokens, with and without positions. Special tokens stay in place.

    Without positions means another model on the very same weights (`core.analysis.health.component_ablation.without`):
    a table is not added, nothing is turned, no bias by distance. The weights were learned with positions, so such a
    model predicts badly; the question is whether order matters to it.

    Args:
        seed: of the order.
        target: an encoder-decoder's answer so far; its source is shuffled, and the answer is not.
        keep_last: the last token stays, so that the prediction after it can be compared.

    Raises:
        ContextTooLong, ValueError: as `LanguageModel.trace`.
    """
    batch = lm.batch(text, target)
    ids: list[int] = batch[0][0].tolist()
    special = [at for at, token in enumerate(ids) if token in lm.special_ids]
    if keep_last:
        special.append(len(ids) - 1)
    order = shuffled_order(len(ids), seed, special)
    models: dict[Way, LanguageModel] = {"as it is": lm}
    bare = lm
    if not missing(lm.config, "position"):
        bare = models["without positions"] = without(lm, "position")
    if lm.config.shape == "decoder" and not missing(bare.config, "mask"):
        models["without positions or mask"] = without(bare, "mask")
    return Shuffled(
        ids=tuple(ids),
        tokens=tuple(lm.tokens(ids)),
        order=order,
        target=tuple(batch[1][0].tolist()) if len(batch) == 2 else (),
        ways=tuple(compare_orders(way, model, batch, order) for way, model in models.items()),
    )


def compare_orders(way: Way, lm: LanguageModel, batch: tuple[Tensor, ...], order: Sequence[int]) -> Compared:
    """Read the tokens in both orders and compare each with itself: what it became, and what is predicted after it."""
    moved = torch.tensor(order, device=lm.device)
    plain, before = _read(lm, batch)
    other, after = _read(lm, (batch[0][:, moved], *batch[1:]))
    back = torch.argsort(moved)  # the new position of each token
    other = other[back]  # (T, D)
    if len(batch) == 1:
        after = after[back]  # (T, V)
    size = plain.norm(dim=-1).square().mean().sqrt().clamp_min(1e-30)
    return Compared(
        way=way,
        change=((other - plain).norm(dim=-1) / size).cpu().numpy(),
        moved=((after - before).abs().sum(-1) / 2).cpu().numpy(),
        before=before.cpu().numpy(),
        after=after.cpu().numpy(),
        tolerance=ROUNDING.get(plain.dtype, 2e-2),
    )


def _read(lm: LanguageModel, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Compute the final vectors of the text (T, D), and the probabilities (R, V)."""
    model = lm.transformer
    with torch.no_grad():
        if isinstance(model, EncoderDecoder):
            source = model.encode(batch[0])  # (1, T, D)
            return source[0], model.decode(batch[1], source)[0].softmax(-1)
        if model.unembed is None:  # a bare encoder outputs vectors only
            stream = model(batch[0])[0]
            return stream, stream.new_zeros((len(stream), 0))
        name = "unembed.hook_in"
        with recording([name], batch_axis=False) as seen:
            logits = model(batch[0])[0]  # (T, V)
    return seen[name], logits.softmax(-1)
