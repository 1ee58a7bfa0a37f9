"""Cross-attention of the decoder at every node of a tree, in few passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.decoding.tree import Tree
from core.hooks import recording
from core.model.transformer import EncoderDecoder

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
Texts = tuple[tuple[int, ...], ...]
TOGETHER = 16  # texts per pass
MOST = 64  # texts in all: a tree of a hundred beams has more than a picture shows


@torch.no_grad()
def crossings(
    lm: LanguageModel, source: Sequence[int], texts: Texts, reader: tuple[int, int] | None = None
) -> list[Array]:
    """Compute what each row of each text reads of the source.

    (T', S) per text, row t being the one that predicts token t + 1.

    Args:
        source: (S,) ids that the encoder reads.
        texts: ids that the decoder has written, its start token first.
        reader: (layer, head) of the decoder; None: the mean of all heads of all layers.

    Raises:
        ValueError: no encoder-decoder.
    """
    model = lm.transformer
    if not isinstance(model, EncoderDecoder):
        raise ValueError(f"{lm.name} is a {lm.config.shape}: only an encoder-decoder reads a source across")
    layers = range(lm.config.decoder_layers) if reader is None else (reader[0],)
    names = [f"decoder.blocks.{layer}.cross_attn.hook_pattern" for layer in layers]
    read = model.encode(torch.tensor([list(source)], device=lm.device))  # (1, S, D)
    found: list[Array] = []
    for first in range(0, len(texts), TOGETHER):
        part = texts[first : first + TOGETHER]
        longest = max(map(len, part))
        # causal: no earlier row sees the padding
        rows = torch.tensor([[*text, *[0] * (longest - len(text))] for text in part], device=lm.device)
        with recording(names) as seen:
            model.decode(rows, read.expand(len(part), -1, -1))
        patterns = torch.stack([seen[name] for name in names]).float()  # (L, B, H, T', S)
        chosen = patterns.mean(dim=(0, 2)) if reader is None else patterns[0, :, reader[1]]  # (B, T', S)
        found += [one[: len(text)].cpu().numpy() for text, one in zip(part, chosen)]
    return found


def tree_crossing(tree: Tree, before: Sequence[int], read: Callable[[Texts], Sequence[Array]]) -> Array:
    """Compute the source attention of each computed node's predicting row: (N, S), in the order of `nexts`.

    Args:
        before: ids that the decoder had written before the tree, its start token first.
        read: of such texts, (T', S) a text: `crossings` for one model, source and reader.

    In a tree with more than `MOST` branches the least likely ones that no path takes are left out: NaN.
    """
    nodes = tree.nodes
    ways: dict[int, tuple[int, ...]] = {0: ()}
    for node in nodes[1:]:  # a parent stands before its children
        ways[node.id] = (*ways[node.parent], node.token_id)
    asked = [node for node in nodes if node.next >= 0]
    within = {node.parent for node in asked}
    ends = sorted(
        (node for node in asked if node.id not in within), key=lambda node: (not node.on, -node.sum)
    )
    ends = ends[:MOST]
    found: Array = np.full((len(tree.nexts), len(tree.prompt_ids)), np.nan, dtype=np.float32)
    for end, rows in zip(ends, read(tuple((*before, *ways[end.id]) for end in ends))):
        at = end.id
        while at >= 0:
            found[nodes[at].next] = rows[len(before) - 1 + len(ways[at])]
            at = nodes[at].parent
    return found
