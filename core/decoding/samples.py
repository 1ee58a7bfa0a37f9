"""Many samples at once: the frequency of each text beside its exact probability.

The probability of a text is the product of its tokens', after warping: what sampling draws from, computed exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from core.decoding.options import MOST_LEVELS, DecodingOptions, whole_number
from core.decoding.prefixes import ROOT, Prefixes
from core.decoding.sequential import generator
from core.decoding.stages import check_path
from core.decoding.warpers import warp
from core.decoding.written import written

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

MOST_SAMPLES = 100_000


@dataclass(frozen=True)
class SampledText:
    """A text that was sampled at least once.

    ids, tokens, text: the new tokens, as a person reads them, and what they add to the prompt.
    count, frequency: how often it was drawn, and that share of all draws.
    probability: of drawing it, exactly.   model_probability: what the model gives it, without warpers.
    ends: by an end token.
    """

    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    text: str
    count: int
    frequency: float
    probability: float
    model_probability: float
    ends: bool

    def spread(self, n: int) -> float:
        """Return the standard deviation of `frequency` over many runs of n draws: sqrt(p (1 - p) / n)."""
        return math.sqrt(self.probability * (1.0 - self.probability) / n)


@dataclass(frozen=True)
class Samples:
    """The result of n draws.

    texts: the distinct ones, the most frequent first, then the most probable.
    covered: the sum of their exact probabilities; the rest is the probability of all that were not drawn.
    passes: prefixes whose next token was computed.   apart: what one draw after the other would take.
    """

    texts: tuple[SampledText, ...]
    n: int
    depth: int
    covered: float
    passes: int
    apart: int


@dataclass
class _Bundle:
    """Draws that share their prefix so far."""

    node: int
    count: int
    log_p: float
    model_log_p: float


@torch.inference_mode()
def draw(
    lm: LanguageModel,
    prompt: Text,
    n: int,
    depth: int,
    *,
    target: Text | None = None,
    slots: Sequence[int] | None = None,
    seed: int = 0,
    **options: Any,
) -> Samples:
    """Sample n continuations of `prompt` of at most `depth` tokens. The same seed draws the same texts.

    Draws that have gone the same way share their forward pass, so thousands take little more than the distinct ones.

    Args:
        prompt: a text or ids; an encoder's holds the blanks to be filled, from left to right.
        target: what an encoder-decoder has written already.   slots: an encoder's blanks; None: its mask tokens.
        options: fields of `DecodingOptions`: the warpers' and stop_ids.

    Raises:
        ValueError: a number outside its range, or as `core.decoding.prefixes.Prefixes`.
    """
    whole_number("n", n, 1, MOST_SAMPLES)
    whole_number("depth", depth, 1, MOST_LEVELS)
    checked = DecodingOptions(strategy="sample", seed=seed, **options)
    prefixes = Prefixes(lm, prompt, target=target, slots=slots)
    limit = min(depth, prefixes.room)
    stop = lm.config.eos_ids if checked.stop_ids is None else checked.stop_ids
    stop_ids = frozenset(() if prefixes.slots else check_path(lm, stop))
    chance = generator(seed, lm.device)
    bundles, done, apart = [_Bundle(ROOT, n, 0.0, 0.0)], [], 0
    for _ in range(limit):
        apart += sum(bundle.count for bundle in bundles)
        grown = _grown(prefixes, bundles, checked, chance)
        done += [bundle for bundle in grown if prefixes.token(bundle.node) in stop_ids]
        bundles = [bundle for bundle in grown if prefixes.token(bundle.node) not in stop_ids]
        if not bundles:
            break
    texts = [_text(prefixes, bundle, n, stop_ids) for bundle in done + bundles if bundle.node != ROOT]
    texts.sort(key=lambda text: (-text.count, -text.probability))
    covered = math.fsum(text.probability for text in texts)
    return Samples(tuple(texts), n, limit, covered, prefixes.passes, apart)


def _grown(
    prefixes: Prefixes, bundles: list[_Bundle], options: DecodingOptions, chance: torch.Generator
) -> list[_Bundle]:
    """Extend every draw by one token; draws that take the same token stay together."""
    grown = []
    for first in range(0, len(bundles), 64):  # a block's scores are freed before the next is computed
        block = bundles[first : first + 64]
        nodes = [bundle.node for bundle in block]
        logits = prefixes.logits(nodes)  # (B, V)
        warped = warp(logits, prefixes.ids(nodes), options, prefixes.lm.config.first_id)
        log_p, model_log_p = warped.double().log_softmax(-1), logits.double().log_softmax(-1)
        for row, bundle in enumerate(block):
            drawn = torch.multinomial(log_p[row].exp(), bundle.count, replacement=True, generator=chance)
            ids, counts = drawn.unique(return_counts=True)
            steps = zip(
                ids.tolist(), counts.tolist(), log_p[row, ids].tolist(), model_log_p[row, ids].tolist()
            )
            grown += [
                _Bundle(
                    prefixes.child(bundle.node, id), count, bundle.log_p + p, bundle.model_log_p + model_p
                )
                for id, count, p, model_p in steps
            ]
    return grown


def _text(prefixes: Prefixes, bundle: _Bundle, n: int, stop_ids: frozenset[int]) -> SampledText:
    lm, ids = prefixes.lm, prefixes.path(bundle.node)
    return SampledText(
        ids=tuple(ids),
        tokens=tuple(lm.tokenizer.display(id) for id in ids),
        text=written(lm, prefixes.prompt_ids, ids),
        count=bundle.count,
        frequency=bundle.count / n,
        probability=math.exp(bundle.log_p),
        model_probability=math.exp(bundle.model_log_p),
        ends=ids[-1] in stop_ids,
    )
