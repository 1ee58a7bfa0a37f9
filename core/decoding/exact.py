"""Exact search: the most probable text, with proof. Greedy and beam search only approximate it.

Best first (uniform-cost search, after Dijkstra 1959): a text's log-probability only falls as it grows, so whatever
continues a prefix scores at most its bound; once no prefix's bound is above the texts found, none can be better. Exact
search on language models, and the short texts that it finds: Stahlberg and Byrne 2019.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from core.decoding import beam
from core.decoding.options import MOST_LEVELS, DecodingOptions, whole_number
from core.decoding.prefixes import ROOT, Prefixes, SharedReader
from core.decoding.stages import check_path
from core.decoding.written import written

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

_START_BEAMS = 4  # width of the initial beam search, as a multiple
_TOGETHER = 16  # prefixes per call


@dataclass(frozen=True)
class ExactText:
    """A finished text.

    ids, tokens, text: the new tokens, as a person reads them, and what they add to the prompt.
    log_prob: of the whole.   score: log_prob / tokens ** length_penalty.   ends: by an end token.
    """

    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    text: str
    log_prob: float
    score: float
    ends: bool


@dataclass(frozen=True)
class Exact:
    """The best texts of at most `depth` tokens.

    texts: best first.
    proven: no other text scores more than the last of them; otherwise the search stopped at max_passes.
    bound: what no other text can score more than; -inf if there is no other.
    passes: prefixes whose next token was computed, those of the beam search that came first included.
    possible: how many texts there are.
    """

    texts: tuple[ExactText, ...]
    proven: bool
    bound: float
    passes: int
    possible: int
    depth: int


def best(
    lm: LanguageModel,
    prompt: Text,
    depth: int,
    *,
    n: int = 1,
    length_penalty: float = 0.0,
    max_passes: int = 2_000,
    target: Text | None = None,
    slots: Sequence[int] | None = None,
    stop_ids: tuple[int, ...] | None = None,
) -> Exact:
    """Find the `n` best ways to continue `prompt` by at most `depth` tokens.

    A text is finished by an end token or at `depth` tokens, as in `lm.generate`; it scores
    log p / tokens ** length_penalty. Where the model's decoder always begins with one token (`ModelConfig.first_id`),
    only texts that do are texts; its log-probability counts as the model gives it.

    Args:
        prompt: a text or ids; an encoder's holds the blanks to be filled, from left to right.
        length_penalty: 0 asks for the most probable text.
        max_passes: give up the proof after so many prefixes, and say what was found and what is still possible. A beam
            search of four times `depth` prefixes comes first in any case.
        target: what an encoder-decoder has written already.   slots: an encoder's blanks; None: its mask tokens.
        stop_ids: end tokens; None: the model's.

    Raises:
        ValueError: a number outside its range, or as `core.decoding.prefixes.Prefixes`.
    """
    *_, last = best_steps(
        lm, prompt, depth, n=n, length_penalty=length_penalty, max_passes=max_passes, target=target, slots=slots,
        stop_ids=stop_ids,
    )  # fmt: skip
    assert isinstance(last, Exact)
    return last


def best_steps(
    lm: LanguageModel,
    prompt: Text,
    depth: int,
    *,
    n: int = 1,
    length_penalty: float = 0.0,
    max_passes: int = 2_000,
    target: Text | None = None,
    slots: Sequence[int] | None = None,
    stop_ids: tuple[int, ...] | None = None,
) -> Iterator[int | Exact]:
    """Run `best` step by step, for a page that shows progress or stops: a number for each pass, at last the result.

    Arguments and errors as for `best`.
    """
    whole_number("depth", depth, 1, MOST_LEVELS)
    whole_number("n", n, 1, 1_000)
    whole_number("max_passes", max_passes, 1, 10**7)
    options = DecodingOptions(
        strategy="beam", n_beams=max(_START_BEAMS, n), length_penalty=length_penalty, stop_ids=stop_ids
    )
    prefixes = Prefixes(lm, prompt, target=target, slots=slots)
    stop = lm.config.eos_ids if options.stop_ids is None else options.stop_ids
    search = _Search(
        prefixes,
        min(depth, prefixes.room),
        frozenset(() if prefixes.slots else check_path(lm, stop)),
        n,
        length_penalty,
    )
    yield from search.run(options, max_passes)


@dataclass(slots=True)
class _Following:
    """The possible next tokens of one prefix that are still worth expanding, best first; `at` is the next one.

    length: of the texts, one more than the prefix has.   log_probs, bounds: of each.
    """

    prefix: int
    length: int
    tokens: list[int]
    log_probs: list[float]
    bounds: list[float]
    at: int = 0


class _Open(NamedTuple):
    """A heap entry: the best unexpanded text of one prefix. The smallest comes first; no two are the same text.

    key: the bound, negated.   length: of the text.   prefix, token: what it consists of; -1: the prompt alone.
    log_prob: of the text.   rest: what else may follow the prefix; None at the root.
    """

    key: float
    length: int
    prefix: int
    token: int
    log_prob: float
    rest: _Following | None


class _Search:
    def __init__(
        self, prefixes: Prefixes, limit: int, stop_ids: frozenset[int], n: int, length_penalty: float
    ) -> None:
        self.prefixes, self.limit, self.stop_ids = prefixes, limit, stop_ids
        self.n, self.penalty = n, length_penalty
        self.found: dict[int, tuple[float, float]] = {}  # finished prefixes: score, log_prob
        # a heap: the best unexpanded text of each prefix, the others queue behind it
        self.open: list[_Open] = []
        self.read: set[int] = set()  # prefixes that the search has needed, without those read ahead
        self.floor = -float("inf")  # the score that another text has to beat
        begun = prefixes.ids([ROOT]).shape[1] > 1
        self.first_id = None if begun else prefixes.lm.config.first_id  # the forced first token of every text

    def run(self, options: DecodingOptions, max_passes: int) -> Iterator[int | Exact]:
        if self.limit == 0:
            yield Exact((), True, -float("inf"), 0, 0, 0)
            return
        told = 0
        for _ in self._expansions(options, max_passes):
            yield from range(told + 1, len(self.read) + 1)
            told = len(self.read)
        best = sorted(self.found.items(), key=lambda item: -item[1][0])[: self.n]
        ahead = -self.open[0].key if self.open else -float("inf")
        yield Exact(
            texts=tuple(self._text(node, *scores) for node, scores in best),
            proven=ahead <= self.floor,
            bound=max(ahead, self.floor),
            passes=len(self.read),
            possible=self._possible(),
            depth=self.limit,
        )

    def _expansions(self, options: DecodingOptions, max_passes: int) -> Iterator[None]:
        """Run the initial beam search, then expand batch after batch until nothing better is possible."""
        self._start(options)
        self.read.update(node for batch in self.prefixes.batches for node in batch)
        heapq.heappush(self.open, _Open(-float("inf"), 0, -1, -1, 0.0, None))
        yield
        while self.open and -self.open[0].key > self.floor and len(self.read) < max_passes:
            self._expand(max_passes)
            yield

    def _possible(self) -> int:
        """Return how many texts there are."""
        depth = self.limit
        if self.first_id is not None:
            depth -= 1
            if depth == 0 or self.first_id in self.stop_ids:
                return 1
        return possible(self.prefixes.lm.config.d_vocab, len(self.stop_ids), depth)

    def _log_probs(self, nodes: list[int]) -> Tensor:
        """Compute the log-probabilities of every token after each of these prefixes, all of one depth.

        (B, V) in float64.
        """
        log_probs = self.prefixes.logits(nodes).double().log_softmax(-1)
        if self.first_id is None or self.prefixes.depth(nodes[0]):
            return log_probs
        only = torch.full_like(log_probs, -torch.inf)
        only[:, self.first_id] = log_probs[:, self.first_id]
        return only

    def _finish(self, node: int, log_prob: float) -> None:
        """Keep a finished text if it is among the n best so far."""
        score = log_prob / self.prefixes.depth(node) ** self.penalty
        if score > self.floor:
            self.found[node] = score, log_prob
            if len(self.found) >= self.n:
                self.floor = heapq.nlargest(self.n, (score for score, _ in self.found.values()))[-1]

    def _bounds(self, log_prob: Tensor, length: int) -> Tensor:
        """Compute an upper bound of the score of texts that begin with `length` tokens of these log-probabilities."""
        longest = self.limit if self.penalty > 0 else length
        return log_prob / longest**self.penalty

    def _text(self, node: int, score: float, log_prob: float) -> ExactText:
        ids, lm = self.prefixes.path(node), self.prefixes.lm
        return ExactText(
            ids=tuple(ids),
            tokens=tuple(lm.tokenizer.display(id) for id in ids),
            text=written(lm, self.prefixes.prompt_ids, ids),
            log_prob=log_prob,
            score=score,
            ends=ids[-1] in self.stop_ids,
        )

    @torch.inference_mode()
    def _start(self, options: DecodingOptions) -> None:
        """Find initial texts to beat by a beam search: without them, nearly every prefix would have to be kept."""
        reader = SharedReader(self.prefixes)
        for text in beam.search(reader, options, tuple(self.stop_ids), self.limit):
            node, log_prob = ROOT, 0.0
            for each in text.last.path():
                log_prob += float(self._log_probs([node])[0, each.id])
                node = self.prefixes.child(node, each.id)
            self._finish(node, log_prob)

    @torch.inference_mode()
    def _expand(self, max_passes: int) -> None:
        """Expand the most promising prefixes, of the depth of the very best."""
        most = max(1, min(_TOGETHER, max_passes - len(self.read)))
        picked = [self._pop()]
        depth = picked[0].length
        while (
            self.open
            and len(picked) < most
            and -self.open[0].key > self.floor
            and self.open[0].length == depth
        ):
            picked.append(self._pop())
        nodes = [ROOT if each.prefix < 0 else self.prefixes.child(each.prefix, each.token) for each in picked]
        if not all(self.prefixes.at_hand(node) for node in nodes):
            self.prefixes.compute([*nodes, *self._ahead(depth, _TOGETHER - len(nodes))])
        self.read.update(nodes)
        before = torch.tensor([[each.log_prob] for each in picked], dtype=torch.float64)  # (B, 1)
        totals = self._log_probs(nodes).cpu() + before  # (B, V)
        # Best first, no more than this many of one prefix's followers can be read before the search gives up.
        best = totals.topk(min(totals.shape[-1], max(self.n, max_passes) + len(self.stop_ids)))
        bounds = self._bounds(best.values, depth + 1)
        for node, *lists in zip(nodes, best.indices.tolist(), best.values.tolist(), bounds.tolist()):
            self._follow(_Following(node, depth + 1, *lists))

    def _follow(self, found: _Following) -> None:
        """Finish the texts that end here, and queue the best of the others."""
        going_on = []
        for at, bound in enumerate(found.bounds):
            if bound <= self.floor:
                break
            if found.length == self.limit or found.tokens[at] in self.stop_ids:
                self._finish(self.prefixes.child(found.prefix, found.tokens[at]), found.log_probs[at])
            else:
                going_on.append(at)
        found.tokens = [found.tokens[at] for at in going_on]
        found.log_probs = [found.log_probs[at] for at in going_on]
        found.bounds = [found.bounds[at] for at in going_on]
        self._open_next(found)

    def _open_next(self, rest: _Following) -> None:
        if rest.at < len(rest.tokens):
            token, log_prob, bound = rest.tokens[rest.at], rest.log_probs[rest.at], rest.bounds[rest.at]
            rest.at += 1
            heapq.heappush(self.open, _Open(-bound, rest.length, rest.prefix, token, log_prob, rest))

    def _pop(self) -> _Open:
        """Pop the most promising text; the next one of its prefix takes its place."""
        found = heapq.heappop(self.open)
        if found.rest is not None:
            self._open_next(found.rest)
        return found

    def _ahead(self, depth: int, count: int) -> list[int]:
        """Choose up to `count` further prefixes of this depth to read ahead, which are likely to be needed soon.

        A row more in a call of the model costs little, another call costs as much as the first.
        """
        texts = []
        for each in self.open:
            rest = each.rest
            if each.length == depth and rest is not None:
                texts.append((-each.key, each.prefix, each.token))
                later = slice(rest.at, rest.at + count)
                texts += [
                    (bound, rest.prefix, id) for bound, id in zip(rest.bounds[later], rest.tokens[later])
                ]
        best = heapq.nlargest(count, (text for text in texts if text[0] > self.floor))
        return [self.prefixes.child(prefix, token) for _, prefix, token in best]


def possible(vocabulary: int, ends: int, depth: int) -> int:
    """Count the texts of at most `depth` tokens, if `ends` of the vocabulary's tokens end one."""
    going_on = vocabulary - ends
    ended = sum(going_on ** (length - 1) * ends for length in range(1, depth))
    return ended + going_on ** (depth - 1) * vocabulary
