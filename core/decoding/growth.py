"""The decoding strategies run in lockstep on one tree of prefixes, level by level.

Each strategy is the code that `lm.generate` runs. All prefixes needed at one level are computed in one call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import torch

from core.decoding import beam, sequential
from core.decoding.options import DecodingOptions
from core.decoding.prefixes import ROOT, Prefixes, SharedReader
from core.decoding.stages import Summary, check_path, summary, warped_stages

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

Strategy = Literal["greedy", "beam", "sample", "forced"]
STRATEGIES: tuple[Strategy, ...] = ("greedy", "beam", "sample")


@dataclass(frozen=True)
class Found:
    """A text that a strategy has generated. node: its last prefix. rank: from 0, among those of its strategy."""

    strategy: Strategy
    rank: int
    node: int
    beam_score: float | None = None

    @property
    def name(self) -> str:
        """Its name for a person: "greedy", "beam 2"."""
        return self.strategy if self.strategy in ("greedy", "sample") else f"{self.strategy} {self.rank + 1}"


class _Walk:
    """One text that grows by one token per level."""

    def __init__(self, strategy: Strategy, rank: int, reader: SharedReader, ids: Iterator[int]) -> None:
        self.strategy, self.rank, self.reader, self._ids = strategy, rank, reader, ids
        self.node = ROOT

    def step(self, prefixes: Prefixes) -> None:
        self.node = prefixes.child(self.node, next(self._ids))


class Growth:
    """A growing tree.

    Attributes:
        found: the texts, in the order greedy, beams (best first), sample, forced.
        running: prefixes that the beam search followed.
        apart: by strategy, the prefixes it asked for.
    """

    def __init__(
        self,
        lm: LanguageModel,
        prompt: Text,
        depth: int,
        options: DecodingOptions,
        *,
        target: Text | None = None,
        slots: Sequence[int] | None = None,
    ) -> None:
        self.lm, self.options = lm, options
        self.prefixes = Prefixes(lm, prompt, target=target, slots=slots)
        self.limit = min(depth, self.prefixes.room)
        stop = lm.config.eos_ids if options.stop_ids is None else options.stop_ids
        # An end token in a blank ends nothing: the next blank is still open.
        self.stop_ids = frozenset(() if self.prefixes.slots else check_path(lm, stop))
        self.found: list[Found] = []
        self.running: set[int] = set()
        self.apart: dict[str, int] = {}
        self._walks: list[_Walk] = []
        self.prefixes.compute([ROOT])  # the root's next tokens, even if there is no room for any

    def run(self, strategies: Sequence[str], forced: Sequence[Sequence[int]]) -> None:
        """Run all strategies to their ends."""
        for strategy in STRATEGIES:
            # A beam search of width one is greedy, in `lm.generate` too.
            if strategy in strategies and (strategy != "beam" or self.options.n_beams == 1):
                reader = SharedReader(self.prefixes)
                self._walks.append(_Walk(strategy, 0, reader, self._chosen(reader, strategy)))
        for rank, path in enumerate(forced):
            reader = SharedReader(self.prefixes)
            self._walks.append(_Walk("forced", rank, reader, self._forced(reader, path)))
        if "beam" in strategies and self.options.n_beams > 1:
            self._search()
        while any(map(self._goes_on, self._walks)):
            self._level([])
        for walk in self._walks:
            self.found.append(Found(walk.strategy, walk.rank, walk.node))
            self.apart[walk.strategy] = self.apart.get(walk.strategy, 0) + walk.reader.asked
            if walk.strategy == "beam":
                self.running = set(self.prefixes.line(walk.node))
        order: tuple[Strategy, ...] = (*STRATEGIES, "forced")
        self.found.sort(key=lambda found: (order.index(found.strategy), found.rank))

    def _search(self) -> None:
        reader = SharedReader(self.prefixes, before=self._level)
        options = replace(self.options, strategy="beam", n_return=1)
        for rank, text in enumerate(beam.search(reader, options, tuple(self.stop_ids), self.limit)):
            node = ROOT
            for each in text.last.path():
                node = self.prefixes.child(node, each.id)
                self.running.add(node)
            self.found.append(Found("beam", rank, node, text.score))
        self.running |= reader.visited - {ROOT}
        self.apart["beam"] = reader.asked

    def _level(self, nodes: list[int]) -> None:
        """Compute these nodes, and in the same call those that every walk needs next; then step the walks.

        A beam search asks for one level after the other, so that the walks are always at its level.
        """
        walks = [walk for walk in self._walks if self._goes_on(walk)]
        self.prefixes.compute([*nodes, *(walk.node for walk in walks)])
        for walk in walks:
            walk.step(self.prefixes)

    def _goes_on(self, walk: _Walk) -> bool:
        node = walk.node
        return self.prefixes.depth(node) < self.limit and self.prefixes.token(node) not in self.stop_ids

    def _chosen(self, reader: SharedReader, strategy: Strategy) -> Iterator[int]:
        options = replace(self.options, strategy="sample" if strategy == "sample" else "greedy", n_return=1)
        for choice in sequential.choices(reader, options, self.stop_ids, self.limit):
            yield choice.id

    def _forced(self, reader: SharedReader, path: Sequence[int]) -> Iterator[int]:
        """Yield the forced path, then the likeliest token each time."""
        for depth in range(self.limit):
            scores = reader.logits()
            id = path[depth] if depth < len(path) else int(sequential.greedy(scores))
            yield id
            reader.extend(torch.tensor([[id]], device=scores.device))

    @torch.inference_mode()
    def add_best_children(self, count: int) -> None:
        """Add the `count` likeliest children to each computed prefix that goes on, used by a strategy or not."""
        for nodes in list(self.prefixes.batches):
            if count and self.prefixes.depth(nodes[0]) < self.limit:
                best = self.prefixes.logits(nodes).topk(min(count, self.lm.config.d_vocab)).indices.tolist()
                for node, ids in zip(nodes, best):
                    for id in ids if self.prefixes.token(node) not in self.stop_ids else ():
                        self.prefixes.child(node, id)

    @torch.inference_mode()
    def edges(self) -> dict[int, tuple[float, int]]:
        """Compute log p given the parent's text, and how many tokens are likelier there, for every prefix but the
        root."""
        children: dict[int, list[int]] = {}
        for node in range(1, len(self.prefixes)):
            children.setdefault(self.prefixes.parent(node), []).append(node)
        facts: dict[int, tuple[float, int]] = {}
        for nodes in list(self.prefixes.batches):
            pairs = [(row, child) for row, node in enumerate(nodes) for child in children.get(node, ())]
            if not pairs:
                continue
            log_probs = self.prefixes.logits(nodes).log_softmax(-1)[[row for row, _ in pairs]]  # (M, V)
            tokens = torch.tensor(
                [[self.prefixes.token(child)] for _, child in pairs], device=log_probs.device
            )
            own = log_probs.gather(-1, tokens)  # (M, 1)
            ranks = (log_probs > own).sum(-1).tolist()
            found = zip(own[:, 0].tolist(), ranks)
            facts.update({child: fact for (_, child), fact in zip(pairs, found)})
        return facts

    @torch.inference_mode()
    def summaries(self, shown: int) -> Iterator[tuple[list[int], Summary]]:
        """Summarize the next tokens of each computed prefix, a batch at a time.

        Tokens on a path are among those shown.
        """
        taken: dict[int, list[int]] = {}
        for found in self.found:
            for node in self.prefixes.line(found.node):
                taken.setdefault(self.prefixes.parent(node), []).append(self.prefixes.token(node))
        for nodes in list(self.prefixes.batches):
            stages = warped_stages(
                self.prefixes.logits(nodes), self.prefixes.ids(nodes), self.options, self.lm.config.first_id
            )
            yield nodes, summary(stages, shown, [taken.get(node, []) for node in nodes])
