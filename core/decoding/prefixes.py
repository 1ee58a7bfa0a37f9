"""Prefixes: the tree of texts that continue one prompt, with the model's scores after each, computed once.

Greedy, beam and sampling ask for many of the same prefixes. Each is computed by one forward pass of one position,
however often it is needed: keys and values are kept for every node of the tree, not for every text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core import hooks
from core.decoding.labels import wants
from core.decoding.reader import Reader
from core.decoding.tree_cache import TreeCache
from core.model.transformer import EncoderDecoder, Transformer

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

ROOT = 0
_TOGETHER = 64  # prefixes per call of the model
_HELD_BYTES = 2**28  # bytes of scores kept for reuse; older ones are recomputed


class Prefixes:
    """The tree of texts that continue one prompt; node 0 is the prompt itself.

    A decoder continues the prompt. An encoder-decoder's encoder reads it, and the texts continue `target`. An encoder
    fills the prompt's blanks, from left to right: a node of depth d is the text with its first d blanks filled.

    Args:
        target: what an encoder-decoder has written already.
        slots: an encoder's blanks, by position; None: where its mask tokens stand. What stands there is masked; a model
            without a mask token sees it until it is filled.

    Attributes:
        room: the most tokens that a text may have.
        slots: an encoder's blanks, by position; () elsewhere.
        batches: the prefixes computed so far, those of one call (and depth) together.   calls: of the model.

    Raises:
        ValueError: a head that says no tokens, a text of none, an id outside the vocabulary, a target for a model
            without decoder, slots for a model that fills none, an encoder-decoder without a start token, or an
            encoder's text without a blank.
        ContextTooLong: the prompt or the target alone has more tokens than the context.
    """

    def __init__(
        self,
        lm: LanguageModel,
        prompt: Text,
        *,
        target: Text | None = None,
        slots: Sequence[int] | None = None,
    ) -> None:
        wants(lm, "lm")
        self.lm, config = lm, lm.config
        read = lm.batch(prompt, target)
        self.prompt_ids: list[int] = read[0][0].tolist()
        self._given: list[int] = read[-1][0].tolist()  # the first token of the texts
        self.slots: tuple[int, ...] = ()
        self._source: Tensor | None = None
        if slots is not None and config.shape != "encoder":
            raise ValueError(
                f"slots belong to an encoder, which fills blanks; this model is a {config.shape}"
            )
        if config.shape == "encoder":
            self.slots = blanks(lm, self.prompt_ids, slots)
            self._given, self.room = masked(lm, self.prompt_ids, self.slots), len(self.slots)
        else:
            self.room = config.n_ctx - len(self._given)
        self._cache = TreeCache()
        self._parents, self._tokens, self._depths = [-1], [-1], [0]
        self._children: list[dict[int, int]] = [{}]
        self._scores: dict[int, tuple[Tensor, int]] = {}  # node -> a block of scores (B, V) and its row
        self._known: set[int] = set()  # nodes computed once
        self._kept: set[int] = set()  # nodes with keys and values in the cache
        self._names = frozenset(lm.transformer.hook_names)
        self.batches: list[list[int]] = []
        self.calls = 0

    @property
    def passes(self) -> int:
        """Prefixes computed so far."""
        return len(self._known)

    def __len__(self) -> int:
        """Return the number of nodes, computed or not."""
        return len(self._parents)

    def child(self, node: int, token: int) -> int:
        """Return the node that continues `node` by `token`, creating it if necessary."""
        known = self._children[node]
        if token not in known:
            known[token] = len(self)
            self._parents.append(node)
            self._tokens.append(token)
            self._depths.append(self._depths[node] + 1)
            self._children.append({})
        return known[token]

    def at_hand(self, node: int) -> bool:
        """Return whether the scores after this prefix are cached."""
        return node in self._scores

    def parent(self, node: int) -> int:
        """Return the node one token earlier; -1 above the root."""
        return self._parents[node]

    def token(self, node: int) -> int:
        """Return the last token of the node's text; -1 at the root."""
        return self._tokens[node]

    def depth(self, node: int) -> int:
        """Return the number of new tokens of the node's text."""
        return self._depths[node]

    def line(self, node: int) -> list[int]:
        """List the nodes from the first new token to this one."""
        found = []
        while node != ROOT:
            found.append(node)
            node = self._parents[node]
        return found[::-1]

    def path(self, node: int) -> list[int]:
        """Return the new tokens of the node's text."""
        return [self._tokens[each] for each in self.line(node)]

    def ids(self, nodes: Sequence[int]) -> Tensor:
        """Return the model's input ids at nodes of one depth, (B, T): for an encoder with the open blanks."""
        rows = [list(self._given) for _ in nodes]
        for row, node in zip(rows, nodes):
            path = self.path(node)
            if self.slots:
                for slot, token in zip(self.slots, path):
                    row[slot] = token
            else:
                row.extend(path)
        return torch.tensor(rows, device=self.lm.device)

    @torch.inference_mode()
    def compute(self, nodes: Sequence[int]) -> None:
        """Compute the missing scores after these prefixes, all of one depth, in one batch."""
        hooks.check(self._names)
        missing = list(dict.fromkeys(node for node in nodes if node not in self._scores))
        for first in range(0, len(missing), _TOGETHER):
            self._compute(missing[first : first + _TOGETHER])

    @torch.inference_mode()
    def logits(self, nodes: Sequence[int]) -> Tensor:
        """Return the scores of the next token after each prefix, all of one depth: (B, V) in float32."""
        self.compute(nodes)
        places = [self._scores[node] for node in nodes]
        self._forget()
        block = places[0][0]
        if len(block) == len(nodes) and all(
            held is block and at == row for row, (held, at) in enumerate(places)
        ):
            return block
        return torch.stack([scores[row] for scores, row in places])

    def log_probs(self, node: int) -> Tensor:
        """Return log p of every next token after one prefix: (V,)."""
        return self.logits([node])[0].log_softmax(-1)

    def _compute(self, nodes: list[int]) -> None:
        scores = self._run(nodes).float()
        self.calls += 1
        self._scores.update({node: (scores, row) for row, node in enumerate(nodes)})
        if fresh := [node for node in nodes if node not in self._known]:
            self._known.update(fresh)
            self.batches.append(fresh)

    def _run(self, nodes: list[int]) -> Tensor:
        """Call the model once: (B, V)."""
        model, depth = self.lm.transformer, self._depths[nodes[0]]
        if self.slots:
            return model(self.ids(nodes))[:, self.slots[depth]]
        decoder: Transformer = model.decoder if isinstance(model, EncoderDecoder) else model
        if isinstance(model, EncoderDecoder) and self._source is None:
            self._source = model.encode(torch.tensor([self.prompt_ids], device=self.lm.device))
        source = None if self._source is None else self._source.expand(len(nodes), -1, -1)
        last_only = not hooks.listening()
        if hooks.needs_whole_text():
            return decoder(self.ids(nodes), source=source, last_only=last_only)[:, -1]
        if depth == 0:
            self._cache.at(None)
            unseen = self.ids(nodes)  # (1, P)
        else:
            lines = [self.line(node) for node in nodes]
            for node in dict.fromkeys(node for line in lines for node in (ROOT, *line[:-1])):
                if node not in self._kept:  # ancestors whose keys and values are missing first
                    self._compute([node])
            self._cache.at(torch.tensor(lines, device=self.lm.device))
            unseen = torch.tensor([[self._tokens[node]] for node in nodes], device=self.lm.device)  # (B, 1)
        self._kept.update(nodes)
        return decoder(unseen, source=source, cache=self._cache, last_only=last_only)[:, -1]

    def _forget(self) -> None:
        """Evict the oldest scores when there are too many."""
        most = max(2 * _TOGETHER, _HELD_BYTES // (4 * self.lm.config.d_vocab))
        while len(self._scores) > most:
            del self._scores[next(iter(self._scores))]


class SharedReader(Reader):
    """A Reader for one strategy, over prefixes shared with other strategies.

    Args:
        before: called with the nodes that are about to be read, so that others may be computed in the same call.

    Attributes:
        nodes: where its texts stand.   visited: every node that one of them stood at.
        asked: the prefixes that it has needed, whether or not they were known already.
    """

    def __init__(self, prefixes: Prefixes, before: Callable[[list[int]], None] | None = None) -> None:
        self._prefixes, self._before = prefixes, before
        self.nodes = [ROOT]
        self.visited: set[int] = {ROOT}
        self.ids = prefixes.ids(self.nodes)
        self.room = prefixes.room
        self.first_id = prefixes.lm.config.first_id
        self.asked = 0

    def logits(self) -> Tensor:
        """Return the scores of the token after each text so far: (B, V) in float32."""
        self.asked += len(self.nodes)
        if self._before is not None:
            self._before(self.nodes)
        return self._prefixes.logits(self.nodes)

    def extend(self, token: Tensor, rows: Tensor | None = None) -> None:
        """Add token (B', 1) to the texts `rows` (B',), in that order; None: each text gets its own."""
        order = range(len(self.nodes)) if rows is None else rows.tolist()
        self.nodes = [
            self._prefixes.child(self.nodes[row], id) for row, id in zip(order, token[:, 0].tolist())
        ]
        self.visited.update(self.nodes)
        self.ids = self._prefixes.ids(self.nodes)


def blanks(lm: LanguageModel, ids: Sequence[int], slots: Sequence[int] | None = None) -> tuple[int, ...]:
    """Return the positions to fill in `ids`, from left to right: `slots`, or those of the mask tokens.

    Raises:
        ValueError: a slot outside the text, or no blank in it.
    """
    if slots is not None:
        if wrong := [slot for slot in slots if not 0 <= slot < len(ids)]:
            raise ValueError(
                f"slots: {wrong[0]} lies outside the text, whose positions go from 0 to {len(ids) - 1}"
            )
        found = tuple(sorted(set(slots)))
    else:
        found = tuple(place for place, id in enumerate(ids) if id == lm.config.mask_id)
    if found:
        return found
    if lm.config.mask_id is None:
        raise ValueError(f"{lm.name} names no mask token: say which positions are to be filled (slots)")
    raise ValueError(
        f"the text has no blank: put {lm.tokenizer.token(lm.config.mask_id)} where a token is to be filled in"
    )


def masked(lm: LanguageModel, ids: Sequence[int], slots: Sequence[int]) -> list[int]:
    """Put the mask token at `slots` of `ids`; a model that has none keeps the tokens there."""
    mask = lm.config.mask_id
    return [mask if place in slots and mask is not None else id for place, id in enumerate(ids)]
