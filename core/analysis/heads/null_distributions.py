"""Null distributions of head scores, and the significance line that a head must exceed to be named.

Three null models destroy what a score measures and keep the rest of the head:

- "weights moved" (a job of places: previous, first, ...): every row keeps its weights, so a sharp head stays sharp,
  but they land on any of the tokens that the row may see.
- "repeats taken out" (same token, induction): earlier copies are replaced by other tokens, and the same head is read
  again at the same places. Where so many passes would take long: "words moved", the text's words change places under
  the map. On random tokens said twice: "two halves that differ".
- "words moved" (classes of words): the classes change places under the map.

The line is one for all heads (Westfall and Young 1993, "Resampling-Based Multiple Testing", section 2.5: the greatest
of all heads in each draw): whether there are 16 heads or 144, by chance some head passes it in one case of twenty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.analysis.heads.patterns import (
    HeadMaps,
    Job,
    Score,
    frame_and_usual,
    may_see,
    pairs_of,
    run_patterns,
)
from core.analysis.places import Kind, stack_of
from core.analysis.word_classes import CLASSES, NO_WORD, word_classes
from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
DRAWS = 200  # draws of nulls that need no pass
PASSES, FEWEST = 40, 20  # texts with the repeats replaced
POSITIONS = 1024  # tokens of all of them together, and of a batch
QUICK = 3e9  # weights x tokens: with more, words are permuted instead
BY_LUCK = 0.05  # the familywise error rate
CONTENT: tuple[Job, ...] = ("induction", "same")  # scores about tokens, not positions


@dataclass(frozen=True, kw_only=True)
class Null:
    """The null distribution of a score, in the unit of `Score.weight`, for every head.

    draws: (N, L, H).   line: what a head must come above.   how: what was taken away.
    """

    draws: Array
    line: float
    how: str

    def above(self, score: Score) -> Array:
        """Return (L, H) whether each head's score exceeds the line."""
        weight = score.weight
        return np.zeros(self.draws.shape[1:], dtype=bool) if weight is None else weight > self.line + 1e-6

    def reached(self, score: Score) -> Array:
        """Count in how many draws each head reached its own score: (L, H)."""
        weight = score.weight
        return (
            np.zeros(self.draws.shape[1:], dtype=int)
            if weight is None
            else (self.draws >= weight - 1e-6).sum(0)
        )


@dataclass(frozen=True, kw_only=True)
class Chance:
    """The null distributions of all scores of a model on a text, and its scores by classes of words."""

    text: dict[Job, Null]
    repeats: dict[Job, Null]
    classes: dict[str, Score]  # only classes that occur in the text
    class_nulls: dict[str, Null]

    def proven(self, scores: dict[Job, Score], repeats: dict[Job, Score]) -> dict[Job, Array]:
        """Return for every pattern (L, H) whether the head exceeds the line, on the text or on repeats."""
        found = {}
        for job in scores:
            tests = [self.text[job].above(scores[job])] if job in self.text else []
            tests += [self.repeats[job].above(repeats[job])] if job in self.repeats and job in repeats else []
            if tests:
                found[job] = np.logical_or.reduce(tests)
        return found


def null_of(draws: Array, how: str) -> Null:
    """Compute the line over draws (N, L, H): the maximum over heads in each draw counts."""
    draws = draws.astype(np.float32)
    luckiest = draws.reshape(len(draws), -1).max(1, initial=0.0)  # (N,)
    line = float(np.quantile(luckiest, 1 - BY_LUCK, method="higher"))
    return Null(draws=draws, line=line, how=how)


def head_chance(
    lm: LanguageModel, maps: HeadMaps, repeats: dict[Job, Null] | None = None, *, seed: int = 0
) -> Chance:
    """Compute the null distributions of every score on the text of `maps`, and on repeated random tokens.

    Args:
        repeats: of `halves_that_differ`, which depend on the model only, so that a page computes them
            once; None: computed.
    """
    classes, class_nulls = class_scores(lm, maps, seed=seed)
    return Chance(
        text=moved_weights(maps, seed=seed) | repeats_taken_out(lm, maps, seed=seed),
        repeats=halves_that_differ(lm, maps.attention, seed=seed) if repeats is None else repeats,
        classes=classes,
        class_nulls=class_nulls,
    )


def moved_weights(maps: HeadMaps, *, draws: int = DRAWS, seed: int = 0) -> dict[Job, Null]:
    """Permute weights for every positional pattern: each row's weights fall on random visible tokens."""
    allowed = may_see(maps)  # (T, S)
    order = np.random.default_rng(seed).random((draws, *allowed.shape), dtype=np.float32)  # (N, T, S)
    order[:, ~allowed] = 2.0
    jobs = {job: pairs & allowed for job, pairs in pairs_of(maps).items() if job not in CONTENT}
    most = max((int(pairs.sum(1).max()) for pairs in jobs.values()), default=1)
    # The tokens with the lowest random numbers of a row are a random choice of as many as the pattern has.
    lowest = np.sort(np.partition(order, most - 1, axis=-1)[..., :most], axis=-1)  # (N, T, most)
    flat = maps.maps.reshape(-1, allowed.size).T.astype(np.float32)  # (T S, L H)
    found: dict[Job, Null] = {}
    for job, pairs in jobs.items():
        many = pairs.sum(1)  # (T,)
        if not many.any():
            continue
        last = np.where(many > 0, lowest[:, np.arange(len(many)), np.maximum(many, 1) - 1], -1.0)  # (N, T)
        chosen = (order <= last[..., None]).reshape(draws, -1).astype(np.float32)  # (N, T S)
        given = (chosen @ flat).reshape(draws, *maps.maps.shape[:2]) / (many > 0).sum()
        found[job] = null_of(given, "weights moved")
    return found


def repeats_taken_out(lm: LanguageModel, maps: HeadMaps, *, seed: int = 0) -> dict[Job, Null]:
    """Score same token and induction with earlier copies replaced: the same heads and positions without repetition."""
    allowed, pairs = may_see(maps), pairs_of(maps)
    wanted = {job: pairs[job] & allowed for job in CONTENT if (pairs[job] & allowed).any()}
    if not wanted or not maps.maps.size:
        return {}
    fixed = maps.ids if maps.attention == "cross" else maps.beside
    tokens = len(maps.key_ids) + len(fixed)
    count = int(np.clip(POSITIONS // max(tokens, 1), FEWEST, PASSES))
    texts = _without_copies(lm, maps, count, seed)
    if texts is None or float(lm.n_parameters) * count * tokens > QUICK:
        return {job: null_of(_moved_words(lm, maps, job, seed), "words moved") for job in wanted}
    beside = [torch.tensor(fixed, device=lm.device).expand(count, -1)] if fixed else []
    read = torch.tensor(texts, device=lm.device)
    sides = [read, *beside] if maps.attention in ("cross", "encoder") else [*beside, read]
    given: dict[Job, list[Array]] = {job: [] for job in wanted}
    for part in _batches(count, tokens):
        patterns = torch.stack(
            run_patterns(lm, tuple(side[part] for side in sides), maps.attention)
        )  # (L, B, H, T, S)
        for job, places in wanted.items():
            sums = patterns[..., torch.from_numpy(places).to(patterns.device)].sum(-1)  # (L, B, H)
            given[job].append(sums.transpose(0, 1).cpu().numpy() / places.any(1).sum())
    return {job: null_of(np.concatenate(values), "repeats taken out") for job, values in given.items()}


def _without_copies(lm: LanguageModel, maps: HeadMaps, count: int, seed: int) -> Array | None:
    """Replace every key token that has an earlier copy (or one in the rows, under cross-attention): (count, S).

    None: the vocabulary has too few other tokens.
    """
    keys = np.array(maps.key_ids)
    if maps.attention == "cross":
        copies = [at for at, token in enumerate(maps.key_ids) if token in maps.ids]
    else:
        copies = [at for at, token in enumerate(maps.key_ids) if token in maps.key_ids[at + 1 :]]
    special = lm.special_ids
    copies = [at for at in copies if maps.key_ids[at] not in special]
    known = special | set(maps.key_ids) | set(maps.ids)
    pool = [token for token in range(min(lm.config.d_vocab, len(lm.tokenizer))) if token not in known]
    if not copies or len(pool) < len(copies):
        return None
    draw = np.random.default_rng(seed)
    texts = np.tile(keys, (count, 1))
    for line in texts:
        line[copies] = draw.choice(pool, len(copies), replace=False)
    return texts


def _moved_words(lm: LanguageModel, maps: HeadMaps, job: Job, seed: int) -> Array:
    """Compute the score after permuting the text's tokens under the maps: (N, L, H)."""
    allowed, draw = may_see(maps), np.random.default_rng(seed)
    flat, masks = maps.maps.reshape(-1, allowed.size), []
    keys, special = np.array(maps.key_ids), lm.special_ids
    words = np.array([at for at, token in enumerate(maps.key_ids) if token not in special], dtype=int)
    for _ in range(DRAWS):
        keys[words] = draw.permutation(keys[words])
        moved = tuple(keys.tolist())
        ids = maps.ids if maps.attention == "cross" else moved
        shuffled = HeadMaps(
            attention=maps.attention, ids=ids, key_ids=moved, causal=maps.causal, maps=maps.maps
        )
        pairs = pairs_of(shuffled)[job] & allowed
        masks.append(pairs.ravel() / max(1, pairs.any(1).sum()))
    return (np.stack(masks) @ flat.T).reshape(DRAWS, *maps.maps.shape[:2])


def halves_that_differ(
    lm: LanguageModel,
    attention: Kind = "self",
    *,
    period: int = 20,
    texts: int = 4,
    controls: int = 8,
    seed: int = 0,
) -> dict[Job, Null]:
    """Compute the null of `repeat_scores` from random tokens whose second half differs from the first.

    A draw is the mean over `texts` of the `controls` texts, as the score is over its own. {}: as `repeat_scores`, or
    the vocabulary has too few tokens for two halves that differ.
    """
    frame, usual = frame_and_usual(lm, attention)
    period = min(period, len(usual), (lm.config.n_ctx - len(frame[0]) - len(frame[1])) // 2)
    if attention == "cross" or period < 2 or len(usual) < 2 * period or not stack_of(lm, attention).blocks:
        return {}
    draw = np.random.default_rng(seed)
    said = np.stack([draw.choice(usual, 2 * period, replace=False) for _ in range(controls)])
    rows = np.array([[*frame[0], *line, *frame[1]] for line in said.tolist()])
    read = [rows]
    if lm.config.shape == "encoder-decoder":
        read = [rows, said[:, :period]] if attention == "encoder" else [said[:, :period], rows]
    patterns = torch.stack(
        run_patterns(lm, tuple(torch.tensor(ids, device=lm.device) for ids in read), attention)
    )
    once = said[0, :period].tolist()  # the positions of the pairs are those of a repeated text
    twice = (*frame[0], *once, *once, *frame[1])
    shape = np.zeros((0, 0, len(twice), len(twice)))
    causal = stack_of(lm, attention).causal
    places = HeadMaps(attention=attention, ids=twice, key_ids=twice, causal=causal, maps=shape)
    found: dict[Job, Null] = {}
    chosen = np.stack([draw.permutation(controls)[:texts] for _ in range(DRAWS)])  # (N, texts)
    for job in CONTENT:
        pairs = pairs_of(places)[job] & may_see(places)
        sums = patterns[..., torch.from_numpy(pairs).to(patterns.device)].sum(-1)  # (L, controls, H)
        each = sums.transpose(0, 1).cpu().numpy() / pairs.any(1).sum()  # (controls, L, H)
        found[job] = null_of(each[chosen].mean(1), "two halves that differ")
    return found


def class_scores(
    lm: LanguageModel, maps: HeadMaps, *, seed: int = 0
) -> tuple[dict[str, Score], dict[str, Null]]:
    """Measure how much attention a token gives to other tokens of a class of words, with its null distribution.

    Special tokens stay where they are: attention to them has nothing to do with words.
    """
    special = [i in lm.special_ids for i in maps.key_ids]
    names = np.array(word_classes([lm.tokenizer.display(i) for i in maps.key_ids], special))
    seen = may_see(maps)  # (T, S)
    if maps.attention != "cross":
        seen &= np.eye(*seen.shape) == 0
    even = seen / np.maximum(may_see(maps).sum(1, keepdims=True), 1)
    received = (maps.maps * seen).sum(2) / len(maps.ids)  # (L, H, S) of all the attention
    words = np.flatnonzero(names != NO_WORD)
    draw = np.random.default_rng(seed)
    order = np.stack([draw.permutation(words) for _ in range(DRAWS)])  # (N, words)
    scores: dict[str, Score] = {}
    nulls: dict[str, Null] = {}
    for name in CLASSES:
        of = names == name  # (S,)
        rows = int((seen & of).any(1).sum())
        if not rows or of[words].all():
            continue
        most = rows / len(maps.ids)
        scores[name] = Score(
            value=received[:, :, of].sum(-1), even=float(even[:, of].sum() / len(even)), most=most, rows=rows
        )
        labels = np.zeros((DRAWS, len(names)), dtype=received.dtype)
        labels[np.arange(DRAWS)[:, None], order] = of[words].astype(received.dtype)  # classes, permuted
        # (N,) the rows that then have such a key
        share = (seen.astype(received.dtype) @ labels.T > 0).mean(0)
        given = np.einsum("lhs,ns->nlh", received, labels) / np.maximum(share, 1e-9)[:, None, None]
        nulls[name] = null_of(given, "words moved")
    return scores, nulls


def _batches(count: int, tokens: int) -> Iterator[slice]:
    size = max(1, POSITIONS // max(tokens, 1))
    for first in range(0, count, size):
        yield slice(first, first + size)
