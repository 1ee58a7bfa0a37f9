"""A vote on a token: what to choose between at a place of a text, and what the votes cost beside the model's guess."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from torch import Tensor

from core.language_model import LanguageModel
from core.text.tokenizer import Tokenizer
from core.training.losses import ScoredText

PLAUSIBLE = 8  # of the words that are left, so many likelier ones are skipped before the unlikely ones
_STOPS = (".", ",", "!", "?")
# English words of one or two letters: other tokens that short are pieces of words.
_SHORT = frozenset(
    "a i am an as at be by do go he hi if in is it me my no of oh on or so to up us we".split()
)


@dataclass(frozen=True)
class TokenChoices:
    """The tokens to choose between at a place, N of them, in the order of the alphabet: it tells nothing.

    Attributes:
        place: of the token that is asked for, among those of the text, or behind them.
        ids: of the N tokens.
        probabilities: what the model gives to each.
        entropy: of the model's whole distribution there, in nats.
    """

    place: int
    ids: tuple[int, ...]
    probabilities: tuple[float, ...]
    entropy: float

    @property
    def elsewhere(self) -> float:
        """The probability of all tokens that are not among them."""
        return max(0.0, 1.0 - math.fsum(self.probabilities))


@dataclass(frozen=True)
class TokenVote(TokenChoices):
    """The tokens to choose between where it is known which came.

    Attributes:
        came: which of them stands in the text.
    """

    came: int

    @property
    def surprise(self) -> float:
        """The cross-entropy of the model at this place: −log of what it gave to the token that came, in nats."""
        return -math.log(max(self.probabilities[self.came], 1e-45))


def token_choices(
    lm: LanguageModel, logits: Tensor, place: int, likely: int = 4, unlikely: int = 2
) -> TokenChoices:
    """Choose what to vote between where nobody knows what comes: the likeliest words and full stops, less likely ones.

    Pieces of words are left out, but for the likeliest token of all: without it, no option would be the model's choice.

    Args:
        logits: (V,), of the token that is asked for.   place: where it stands.
        likely, unlikely: how many of each; fewer where the vocabulary has no more.
    """
    p = logits.double().softmax(-1)  # (V,)
    ids = _chosen(lm, p, None, likely, unlikely)
    return TokenChoices(place, ids, tuple(float(p[token]) for token in ids), _entropy(p))


def token_vote_on(
    lm: LanguageModel, logits: Tensor, place: int, came: int, likely: int = 4, unlikely: int = 2
) -> TokenVote:
    """Choose what to vote between: the token that came, and what `token_choices` chooses beside it.

    Args:
        came: the token that stands at the place.   The others as of `token_choices`.
    """
    p = logits.double().softmax(-1)  # (V,)
    ids = _chosen(lm, p, came, likely, unlikely)
    given = tuple(float(p[token]) for token in ids)
    return TokenVote(place, ids, given, _entropy(p), ids.index(came))


def token_vote(lm: LanguageModel, told: ScoredText, at: int, likely: int = 4, unlikely: int = 2) -> TokenVote:
    """Choose what to vote between at a token of a scored text: the one that came, and others as `token_vote_on` does.

    Args:
        told: the scored text.   at: which of its scored tokens.
        likely, unlikely: how many of each beside the token that came; fewer where the vocabulary has no more.

    Raises:
        ValueError: no such scored token.
    """
    if not 0 <= at < len(told):
        raise ValueError(f"token {at} is not one of the {len(told)} that score")
    return token_vote_on(lm, told.logits[at], told.places[at], int(told.targets[at]), likely, unlikely)


def _entropy(p: Tensor) -> float:
    return float(-(p * p.clamp_min(1e-300).log()).sum())


def _chosen(lm: LanguageModel, p: Tensor, came: int | None, likely: int, unlikely: int) -> tuple[int, ...]:
    """Return the tokens to choose between, in the order of the alphabet. p: (V,)."""
    first = [] if came is None else [came]
    ranked = [token for token in p.argsort(descending=True).tolist() if token != came]
    said = {token: lm.tokenizer.display(token) for token in (*first, *ranked)}
    seen = {said[token].strip().lower() for token in first}
    spaced = any(text.startswith(" ") for text in said.values())
    words = [token for token in ranked if _reads(said[token], spaced)] or ranked
    whole = [token for token in ranked if said[token] in _STOPS or _reads(said[token], spaced, short=True)]
    pool = [*ranked[:1], *(token for token in whole or ranked if token not in ranked[:1])]
    found = [*first, *_apart(pool, said, seen, likely)]
    left = [token for token in words if token not in found]
    skipped = min(PLAUSIBLE, max(0, len(left) - unlikely))
    found += _apart(left[skipped:], said, seen, unlikely)
    return tuple(sorted(found, key=lambda token: (said[token].strip().lower(), token)))


def is_piece(tokenizer: Tokenizer, text: str) -> bool:
    """Return whether a token is a piece of a word, so that it cannot stand alone.

    Args:
        text: as `tokenizer.display` has it.
    """
    spaced = tokenizer.kind != "plain"
    return any(map(str.isalnum, text)) and text not in _STOPS and not _reads(text, spaced, short=True)


def first_token(tokenizer: Tokenizer, word: str, special_ids: Collection[int]) -> int | None:
    """Return the first token of a word that goes on a text; None: the tokenizer has none for its beginning.

    The word is read after a space, where the vocabulary has spaces; a token that is nothing but this space is none.

    Args:
        special_ids: tokens that stand for no text, as that for what is unknown.
    """
    ids = tokenizer.encode(word if tokenizer.kind == "plain" else f" {word}", add_special_tokens=False)
    begins = bool(ids) and ids[0] not in special_ids and tokenizer.display(ids[0]).strip() != ""
    return ids[0] if begins else None


def _apart(pool: Sequence[int], said: dict[int, str], seen: set[str], count: int) -> list[int]:
    """Take `count` tokens that do not look alike on a screen; `seen` holds what is taken already."""
    found: list[int] = []
    for token in pool:
        looks = said[token].strip().lower()
        if len(found) < count and looks and looks not in seen:
            seen.add(looks)
            found.append(token)
    return found


def _reads(text: str, spaced: bool, short: bool = False) -> bool:
    """Return whether a token reads as a word.

    Args:
        spaced: words begin with a space here.   short: known ones of fewer than three letters are words, too.
    """
    bare = text.strip()
    whole = len(bare) > 2 or (short and bare.lower() in _SHORT)
    return whole and bare.isalpha() and bare.isascii() and (text != bare or not spaced)


def vote_cross_entropy(votes: Sequence[int], came: int) -> float:
    """Compute the cross-entropy of a class at a token: −log of its share of votes, in nats; infinite without a vote.

    The votes are read as probabilities, as the model's are.
    """
    total = sum(votes)
    return math.inf if not total or not votes[came] else -math.log(votes[came] / total)
