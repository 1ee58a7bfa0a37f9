"""A tree of shared forward passes for greedy, beam search, sampling and forced tokens.

Each strategy is the one that `lm.generate` runs; it only reads from `core.decoding.prefixes`, where every prefix is
computed once. So the paths are those of `lm.generate`, and the tree shows the alternatives of each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from core.decoding.growth import STRATEGIES, Found, Growth, Strategy
from core.decoding.options import MOST_LEVELS, DecodingOptions, whole_number
from core.decoding.prefixes import ROOT
from core.decoding.stages import Next, check_path
from core.decoding.written import written

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

Finished = Literal["end token", "length", "context", "filled"]


@dataclass(frozen=True)
class Node:
    """One token in the tree; its text is the path from the root, whose token_id is -1.

    id: its place in `Tree.nodes`.   parent: its parent's; -1 at the root.   depth: tokens from the root, which has 0.
    token: as a person reads it.
    log_prob, probability: of the token, as the model gave it after the parent's text (natural log); the root's: 0, 1.
    sum: of log_prob over the path.   score: sum / depth ** length_penalty.
    rank: how many tokens the model found more probable in this place.
    on: the names of the paths that go through it; empty: a candidate that nothing took in the end.
    running: the beam search followed it at its depth, whether or not it was dropped later.
    ends: an end token.
    next: index in `Tree.nexts` of its next tokens; -1: not computed.
    """

    id: int
    parent: int
    depth: int
    token_id: int
    token: str
    log_prob: float
    probability: float
    sum: float
    score: float
    rank: int
    on: tuple[str, ...]
    running: bool
    ends: bool
    next: int


@dataclass(frozen=True)
class Path:
    """One text through the tree.

    name: "greedy", "sample", "beam 1" (the best) to "beam B", "forced 1" to "forced N".   rank: that number from 0.
    nodes: from the first new token to the last.   ids, tokens: theirs; tokens as a person reads them.
    text: what they add to the prompt.
    log_prob: the sum of the model's log-probabilities.   score: log_prob / tokens ** length_penalty.
    beam_score: what the beam search ranked it by; differs from score under a repetition penalty. None elsewhere.
    finished: "end token", "length" (as deep as asked), "context" (no position is left) or "filled" (no blank is left).
    """

    name: str
    strategy: Strategy
    rank: int
    nodes: tuple[int, ...]
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    text: str
    log_prob: float
    score: float
    beam_score: float | None
    finished: Finished


@dataclass(frozen=True)
class Tree:
    """All prefixes that the strategies read after one prompt, with their paths.

    nodes: parents before children; nodes[0] is the prompt.   paths: greedy, beams (best first), sample, forced.
    nexts: what may follow each computed node.
    prompt_ids: what the model read.   slots: positions of an encoder's blanks, one a level; () elsewhere.
    wanted, depth: levels asked for, and those that the context or the blanks leave room for.
    passes: prefixes whose next token was computed, the prompt's included.   calls: of the model, many prefixes in one.
    apart: by strategy, the passes that it would take alone, with a cache of its own.
    """

    nodes: tuple[Node, ...] = field(repr=False)
    paths: tuple[Path, ...]
    nexts: tuple[Next, ...] = field(repr=False)
    prompt_ids: tuple[int, ...]
    slots: tuple[int, ...]
    wanted: int
    depth: int
    length_penalty: float
    passes: int
    calls: int
    apart: dict[str, int]

    def path(self, name: str) -> Path | None:
        """Return the path of that name, if there is one."""
        return next((path for path in self.paths if path.name == name), None)

    @property
    def best(self) -> Path | None:
        """The path with the highest score; the first of equals."""
        return max(self.paths, key=lambda path: path.score, default=None)

    @property
    def together(self) -> int:
        """The passes of all strategies, if they shared none."""
        return sum(self.apart.values())


def grow(
    lm: LanguageModel,
    prompt: Text,
    *,
    depth: int = 5,
    strategies: Sequence[str] = STRATEGIES,
    forced: Sequence[Sequence[int]] = (),
    target: Text | None = None,
    slots: Sequence[int] | None = None,
    shown: int = 16,
    pruned: int = 2,
    **options: Any,
) -> Tree:
    """Continue `prompt` by each strategy, all on one tree.

    Interventions that are active around the call hold inside it.

    Args:
        prompt: a text, or ids. An encoder-decoder's encoder reads it. An encoder's has blanks: level d of the tree
            fills the d-th of them from the left, each seeing those that are filled already.
        depth: the most new tokens; a full context, or the last blank, stops earlier.
        strategies: any of "greedy", "beam", "sample".
        forced: paths chosen by hand, ids from the first new token on; each goes on greedily. What lies deeper than
            `depth`, or after an end token, is left out.
        target: what an encoder-decoder has written already.
        slots: an encoder's blanks, by position; None: where its mask tokens stand.
        shown: tokens to name of what may follow a node; those that a path took are always among them.
        pruned: how many of a computed node's best children to add even if no strategy followed them.
        options: fields of `DecodingOptions`: n_beams, length_penalty, early_stopping, temperature, top_k, top_p, min_p,
            repetition_penalty, seed, stop_ids. Each strategy reads those that `lm.generate` lets it read.

    Raises:
        ValueError: an option outside its range, an unknown strategy, a forced id outside the vocabulary, no tokens, or
            an encoder's text without a blank.
        ContextTooLong: the prompt alone has more tokens than the context.
    """
    whole_number("depth", depth, 1, MOST_LEVELS)
    if wrong := [name for name in strategies if name not in STRATEGIES]:
        raise ValueError(f"strategies: {wrong[0]!r} is not one of {', '.join(STRATEGIES)}")
    paths = [check_path(lm, path) for path in forced]
    growth = Growth(lm, prompt, depth, DecodingOptions(**options), target=target, slots=slots)
    growth.run(strategies, paths)
    growth.add_best_children(max(0, pruned))
    return _told(growth, depth, max(1, shown))


def _told(growth: Growth, wanted: int, shown: int) -> Tree:
    """Build the `Tree` from the grown nodes."""
    prefixes, display = growth.prefixes, _Display(growth.lm)
    lines = [prefixes.line(found.node) for found in growth.found]
    on: dict[int, list[str]] = {}
    for found, line in zip(growth.found, lines):
        for node in (ROOT, *line):
            on.setdefault(node, []).append(found.name)
    nexts = [
        (node, batch.next(row, display))
        for nodes, batch in growth.summaries(shown)
        for row, node in enumerate(nodes)
    ]
    places = {node: place for place, (node, _) in enumerate(nexts)}
    nodes = _nodes(growth, on, places, display)
    return Tree(
        nodes=nodes,
        paths=tuple(_path(growth, found, line, nodes, wanted) for found, line in zip(growth.found, lines)),
        nexts=tuple(told for _, told in nexts),
        prompt_ids=tuple(prefixes.prompt_ids),
        slots=prefixes.slots,
        wanted=wanted,
        depth=growth.limit,
        length_penalty=growth.options.length_penalty,
        passes=prefixes.passes,
        calls=prefixes.calls,
        apart=growth.apart,
    )


def _nodes(
    growth: Growth, on: dict[int, list[str]], places: dict[int, int], display: _Display
) -> tuple[Node, ...]:
    prefixes, facts = growth.prefixes, growth.edges()
    found: list[Node] = []
    for node in range(len(prefixes)):
        log_prob, rank = facts.get(node, (0.0, 0))
        parent, depth, token = prefixes.parent(node), prefixes.depth(node), prefixes.token(node)
        total = log_prob + (found[parent].sum if depth else 0.0)
        found.append(
            Node(
                id=node,
                parent=parent,
                depth=depth,
                token_id=token,
                token=display(token) if depth else "",
                log_prob=log_prob,
                probability=math.exp(log_prob),
                sum=total,
                score=total / max(1, depth) ** growth.options.length_penalty,
                rank=rank,
                on=tuple(on.get(node, ())),
                running=node in growth.running,
                ends=token in growth.stop_ids,
                next=places.get(node, -1),
            )
        )
    return tuple(found)


def _path(growth: Growth, found: Found, line: Sequence[int], nodes: Sequence[Node], wanted: int) -> Path:
    ids = [nodes[node].token_id for node in line]
    last = nodes[found.node]
    return Path(
        name=found.name,
        strategy=found.strategy,
        rank=found.rank,
        nodes=tuple(line),
        ids=tuple(ids),
        tokens=tuple(nodes[node].token for node in line),
        text=written(growth.lm, growth.prefixes.prompt_ids, ids),
        log_prob=last.sum,
        score=last.score,
        beam_score=found.beam_score,
        finished=_finished(growth, last, wanted),
    )


def _finished(growth: Growth, last: Node, wanted: int) -> Finished:
    if last.ends:
        return "end token"
    if growth.prefixes.slots and last.depth == growth.prefixes.room:
        return "filled"
    return "length" if last.depth == wanted else "context"


class _Display(dict[int, str]):
    """Cached display texts of tokens."""

    def __init__(self, lm: LanguageModel) -> None:
        super().__init__()
        self._show = lm.tokenizer.display

    def __missing__(self, id: int) -> str:
        self[id] = shown = self._show(id)
        return shown

    def __call__(self, id: int) -> str:
        return self[id]
