"""Measurements of a copying circuit: how a model repeats what it has read.

A random list said twice can only be predicted the second time, by attending to the first. There are two mechanisms. By
content: find the earlier occurrence of the present item, and predict what followed it; an earlier head has written into
each position what preceded it (an induction head: Elhage et al. 2021, "A Mathematical Framework for Transformer
Circuits"; Olsson et al. 2022, "In-context Learning and Induction Heads"). By position: attend to the same position of
the first saying. Which of them a model uses, if any, is measured here and reported in
`core.analysis.patching.circuit_walk`.

Mean ablation averages over the positions of a text: a component's mean output stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.analysis.explaining.readout import always
from core.analysis.heads.effects import switch_off
from core.analysis.patching.circuit_texts import Said
from core.analysis.places import Place, stack_of
from core.hooks import Intervention, intervene, recording

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
Sides = tuple[Tensor, ...]
Head = tuple[int, int]  # layer, head
Way = Literal["keys", "queries"]
KINDS = ("itself", "previous token", "first token", "commas and stops", "the rest")


def answers(lm: LanguageModel, said: Said, sides: Sides, heads: Sequence[Head] = ()) -> Tensor:
    """Compute the logits of the target rows with these heads mean-ablated: (B, asked, V)."""
    with torch.inference_mode(), intervene(*switch_off(heads, "mean")):
        logits: Tensor = lm.transformer(*sides)
    return logits[:, list(said.asked)]


def loss_of(lm: LanguageModel, said: Said, heads: Sequence[Head] = (), *, control: bool = False) -> Array:
    """Compute the mean loss of each text's target tokens, in nats, with these heads mean-ablated: (B,)."""
    logits = answers(lm, said, said.control if control else said.sides, heads)
    losses = F.cross_entropy(logits.transpose(1, 2).float(), said.wanted, reduction="none")  # (B, asked)
    found: Array = losses.mean(1).double().cpu().numpy()
    return found


def first_loss(lm: LanguageModel, said: Said) -> Array:
    """Compute the mean loss of the same tokens at their first occurrence, with nothing to copy from: (B,).

    An encoder reads both sayings at once and says no next tokens: there it is the loss after another list.
    """
    if lm.config.shape == "encoder":
        return loss_of(lm, said, control=True)
    with torch.inference_mode():
        logits = lm.transformer(*said.sides)[:, [at - 1 for at in said.columns]]  # (B, asked, V)
    losses = F.cross_entropy(logits.transpose(1, 2).float(), said.wanted, reduction="none")
    found: Array = losses.mean(1).double().cpu().numpy()
    return found


def says_the_other(lm: LanguageModel, said: Said) -> float:
    """Measure how often, after another first half, the likeliest token is the one at the same position of that half."""
    said_then = said.control[-1][:, said.columns]  # (B, asked)
    return float((answers(lm, said, said.control).argmax(-1) == said_then).double().mean())


def loss_by_place(lm: LanguageModel, said: Said) -> Array:
    """Compute the mean loss of each next token of the texts, in nats: (T - 1,); () for an encoder."""
    if lm.config.shape == "encoder":
        return np.zeros(0)
    with torch.inference_mode():
        logits = lm.transformer(*said.sides)[:, :-1]  # (B, T - 1, V)
    losses = F.cross_entropy(logits.transpose(1, 2).float(), said.sides[-1][:, 1:], reduction="none")
    found: Array = losses.mean(0).double().cpu().numpy()
    return found


def every_head(lm: LanguageModel) -> list[Head]:
    """List all heads of the self-attention of the predicting stack, in the model's order."""
    return [
        (layer, head)
        for layer in range(len(stack_of(lm, "self").blocks))
        for head in range(lm.config.n_heads)
    ]


def patterns(lm: LanguageModel, sides: Sides, changes: Sequence[Intervention] = ()) -> list[Tensor]:
    """Compute the attention maps of every block, (B, H, T, T) each."""
    layers = range(len(stack_of(lm, "self").blocks))
    names = [f"{Place.of(lm, layer, 0, 'self').attn_name}.hook_pattern" for layer in layers]
    with torch.inference_mode(), intervene(*changes), recording(names) as seen:
        lm.transformer(*sides)
    return [seen[name] for name in names]


def looks(maps: Sequence[Tensor], rows: Sequence[int], columns: Sequence[int]) -> Array:
    """Average each head's attention from each row to its column: (B, L, H)."""
    each = [one[:, :, list(rows), list(columns)].mean(-1) for one in maps]  # (B, H)
    found: Array = torch.stack(each, dim=1).double().cpu().numpy() if each else np.zeros((0, 0, 0))
    return found


@dataclass(frozen=True, kw_only=True)
class Writer:
    """A component before the reading head, and the share of the reader's attention to the source that is left without
    it.

    head: None for an MLP.   keys, queries: 0 to 1, the attention left with the component mean-ablated on its path to
    the reader's keys, or to its queries, also through components between.
    """

    layer: int
    head: int | None
    keys: float
    queries: float

    @property
    def name(self) -> str:
        """The component's name: L0H3, or MLP 0."""
        return f"MLP {self.layer}" if self.head is None else f"L{self.layer}H{self.head}"

    @property
    def least(self) -> float:
        """The smaller of the two shares."""
        return min(self.keys, self.queries)

    @property
    def way(self) -> Way:
        """The path with the smaller share: "keys" or "queries"."""
        return "keys" if self.keys <= self.queries else "queries"


def writers(lm: LanguageModel, said: Said, reader: Head) -> tuple[Writer, ...]:
    """Path-patch the reader's attention: every earlier head and MLP, through its keys and through its queries."""
    place = Place.of(lm, *reader, "self")
    held = {way: f"{place.attn_name}.hook_{way[0]}" for way in ("keys", "queries")}
    with torch.inference_mode(), recording(list(held.values())) as plain:
        lm.transformer(*said.sides)
    found = []
    for layer in range(reader[0]):
        for head in (*range(lm.config.n_heads), None):
            off = switch_off([(layer, head)], "mean") if head is not None else (_mlp_off(lm, layer),)
            left = {}
            for way, other in (("keys", "queries"), ("queries", "keys")):
                # The other factor of the product stays clean: only this path is changed.
                fixed = Intervention((held[other],), always(plain[held[other]]), f"{other} as they were")
                left[way] = _look_back(lm, said, place, reader[1], (*off, fixed))
            found.append(Writer(layer=layer, head=head, keys=left["keys"], queries=left["queries"]))
    return tuple(found)


def _look_back(
    lm: LanguageModel, said: Said, place: Place, head: int, changes: Sequence[Intervention]
) -> float:
    name = f"{place.attn_name}.hook_pattern"
    with torch.inference_mode(), intervene(*changes), recording([name]) as seen:
        lm.transformer(*said.sides)
    return float(seen[name][:, head, list(said.asked), list(said.columns)].mean())


def _mlp_off(lm: LanguageModel, layer: int) -> Intervention:
    name = f"{Place.of(lm, layer, 0, 'self').block_name}.hook_mlp_out"
    return Intervention((name,), lambda out: out.mean(1, keepdim=True).expand_as(out), f"MLP {layer} off")


def reads(lm: LanguageModel, said: Said, writer: Writer) -> tuple[Array, Array]:
    """Measure what a writing head reads where its output matters.

    At the columns (keys), or at the target rows (queries).

    Returns:
        (5,) the share of its attention on each of `KINDS`, and what a head would give that spreads evenly.
    """
    assert writer.head is not None
    pattern = patterns(lm, said.sides)[writer.layer][:, writer.head]  # (B, T, T)
    rows = list(said.columns if writer.way == "keys" else said.asked)
    length = pattern.shape[-1]
    kind = np.full((len(rows), length), KINDS.index("the rest"))
    kind[:, [at for at in range(length) if at in said.marks]] = KINDS.index("commas and stops")
    kind[:, 0] = KINDS.index("first token")
    for i, row in enumerate(rows):
        if row:
            kind[i, row - 1] = KINDS.index("previous token")
        kind[i, row] = KINDS.index("itself")
    given = pattern[:, rows].double().mean(0).cpu().numpy()  # (rows, T)
    seen = np.tri(length)[rows] if stack_of(lm, "self").causal else np.ones((len(rows), length))
    even = seen / seen.sum(1, keepdims=True)
    of = [kind == number for number in range(len(KINDS))]
    return np.array([(given * one).sum(1).mean() for one in of]), np.array(
        [(even * one).sum(1).mean() for one in of]
    )


def hands_on(lm: LanguageModel, said: Said, reader: Head) -> float | None:
    """Measure how often the head's output at a target row, unembedded alone, ranks the right item of the list first.

    Among the `items` of the list: by chance one in so many. None: after another norm or a masked-LM head the parts of
    the stream are no sum any more, so no part has logits of its own.
    """
    says = stack_of(lm, "self")
    if says.mlm_head is not None or lm.config.norm_placement == "post" or says.unembed is None:
        return None
    place = Place.of(lm, *reader, "self")
    name = f"{place.attn_name}.hook_z"
    with torch.inference_mode(), recording([name]) as seen:
        lm.transformer(*said.sides)
        out = seen[name][:, list(said.asked), reader[1]] @ place.attn.W_O[reader[1]]  # (B, asked, D)
        if lm.config.norm == "layer":
            out = out - out.mean(-1, keepdim=True)
        gain = None if says.ln_final is None else says.ln_final.w
        logits = (out if gain is None else out * gain) @ says.unembed.W_U  # (B, asked, V)
    among = logits.gather(-1, said.items[:, None].expand(-1, logits.shape[1], -1))  # (B, asked, items)
    return float((said.items.gather(1, among.argmax(-1)) == said.wanted).double().mean())
