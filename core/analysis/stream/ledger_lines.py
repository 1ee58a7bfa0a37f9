"""A ledger with fewer lines, and each line's contribution to the logits.

A ledger (`ledger`) keeps every bias apart. Read as a story, a part's bias belongs to the part, and all
norms' biases are one line: `gathered`.

The unembedding is linear, so that a logit is the sum of what each line says to it once the final norm's scale is taken
as it was: direct logit attribution (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", "logit
attribution"; nostalgebraist 2020). Direct: indirect effects of a line through later blocks count as those blocks'.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.analysis.stacks import Half, Stack
from core.analysis.stream.ledger import Entry, Ledger
from core.messages import mark

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
NORM_BIASES = "norm biases"


def gathered(book: Ledger) -> Ledger:
    """Merge every part's bias into the part's own line, and all norms' biases into one line at the end."""
    kept: list[list[Entry]] = []
    biases: list[Entry] = []
    for entry in book.entries:
        if entry.part == "norm bias":
            biases.append(entry)
        elif entry.part == "bias" and kept:
            kept[-1].append(entry)
        else:
            kept.append([entry])
    lines = [(group[0], group, group[0].name) for group in kept]
    lines += [(biases[0], biases, NORM_BIASES)] if biases else []
    size = float(np.linalg.norm(book.final))
    running: Array = np.zeros_like(book.final)
    entries = []
    for first, group, name in lines:
        written: Array = np.sum([one.written for one in group], axis=0)
        vector: Array = np.sum([one.vector for one in group], axis=0)
        running = running + vector
        norm, dot = float(np.linalg.norm(vector)), float(vector @ book.final)
        entries.append(
            dataclasses.replace(
                first, name=name, written=written, vector=vector, norm=norm, dot=dot,
                layer=None if name == NORM_BIASES else first.layer,
                cosine=dot / (norm * size) if norm * size else 0.0,
                share=dot / size**2 if size else 0.0, running=float(np.linalg.norm(running)),
            )
        )  # fmt: skip
    return dataclasses.replace(book, entries=tuple(entries))


def running_sums(book: Ledger) -> Array:
    """Compute the cumulative sums of the lines: (n, D)."""
    sums: Array = np.cumsum(np.stack([entry.vector for entry in book.entries]), axis=0)
    return sums


def running_cosines(book: Ledger) -> Array:
    """Compute the cosine between each cumulative sum and the total: (n,); 0 where one has no length."""
    sums = running_sums(book)
    sizes = np.linalg.norm(sums, axis=-1) * np.linalg.norm(book.final)
    cosines: Array = np.divide(sums @ book.final, sizes, out=np.zeros(len(sums)), where=sizes > 0)
    return cosines


class NoDirectLogits(ValueError):
    """Raised when the lines have no separate logits; the message says why."""


@dataclass(frozen=True, kw_only=True)
class DirectLogits:
    """The contribution of each of n lines to the logits, and to one token's logit in particular.

    Attributes:
        token: its id. parts: line name -> its part of the token's logit.
        rest: what belongs to no line of the plain ledger: the biases of the final norm and of the unembedding.
        up, down: line name -> the (id, part) pairs that the line raises most, and lowers most.
    """

    token: int
    parts: dict[str, float]
    rest: float
    up: dict[str, list[tuple[int, float]]]
    down: dict[str, list[tuple[int, float]]]

    @property
    def logit(self) -> float:
        """The sum of the parts and the rest: the model's logit of the token."""
        return sum(self.parts.values()) + self.rest


def direct_logits(
    lm: LanguageModel, book: Ledger, through: Ledger, token: int, *, stack: Stack | None = None, top: int = 4
) -> DirectLogits:
    """Unembed each line of a ledger.

    Args:
        book: the lines, up to the last block. through: of the same token, `through_final`.
        token: the id whose logit is taken apart.
        top: how many tokens to name for each line.

    Raises:
        NoDirectLogits: an encoder that makes no logits, or a head that bends the stream before the unembedding.
    """
    half = Half.of(lm, stack)
    unembed = half.stack.unembed
    if unembed is None:
        raise NoDirectLogits(_no_unembedding(lm))
    if half.stack.mlm_head is not None:
        raise NoDirectLogits(mark("the head bends the stream first, so that a logit is no sum of lines"))
    names = [entry.name for entry in book.entries]
    with torch.no_grad():
        column = (unembed.W_U[:, token].double() * unembed.scale).cpu().numpy()  # (D,)
        bias = 0.0 if unembed.b_U is None else float(unembed.b_U[token])
        vectors = torch.from_numpy(np.stack([through[name].vector for name in names]))  # (n, D)
        said = (vectors.to(unembed.W_U) @ unembed.W_U * unembed.scale).float()  # (n, V)
        count = min(top, said.shape[1])
        best, worst = said.topk(count, dim=-1), said.topk(count, dim=-1, largest=False)
    parts = {entry.name: float(entry.vector @ column) for entry in through.entries}
    return DirectLogits(
        token=token,
        parts={name: parts[name] for name in names},
        rest=sum(part for name, part in parts.items() if name not in names) + bias,
        up={name: _pairs(best, at) for at, name in enumerate(names)},
        down={name: _pairs(worst, at) for at, name in enumerate(names)},
    )


def _pairs(found: Any, row: int) -> list[tuple[int, float]]:
    return list(zip(found.indices[row].tolist(), found.values[row].tolist()))


def without_line(lm: LanguageModel, book: Ledger, name: str, *, stack: Stack | None = None) -> Tensor:
    """Compute the logits (V,) without one line of the final sum, through the final norm and head.

    Args:
        book: a ledger up to the last block, not `through_final`.

    Raises:
        KeyError: no such line.
        NoDirectLogits: an encoder that makes no logits.
    """
    half = Half.of(lm, stack)
    if half.stack.unembed is None:
        raise NoDirectLogits(_no_unembedding(lm))
    left = torch.from_numpy(book.final - book[name].vector).to(half.stack.embed.W_E)  # (D,)
    with torch.no_grad():
        logits: Tensor = half.stack.head(left[None, None])[0, 0].float()  # (V,)
    return logits


def _no_unembedding(lm: LanguageModel) -> str:
    """Return why an encoder has no logits."""
    if lm.config.shape == "encoder":
        return mark("a bare encoder ends in its stream; it has no unembedding")
    return mark("an encoder's last stream is what the decoder reads; it has no unembedding")
