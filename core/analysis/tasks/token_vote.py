"""A vote on a token: what to choose between at a place of a text, and what the votes cost beside the model's guess."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.language_model import LanguageModel
from core.training.losses import ScoredText

_STOPS = (".", ",", "!", "?")


@dataclass(frozen=True)
class TokenVote:
    """The tokens to choose between at a place, N of them, in the order of the alphabet: it tells nothing.

    Attributes:
        place: of the token that came, among those of the text.
        ids: of the N tokens.
        came: which of them stands in the text.
        probabilities: what the model gives to each.
        entropy: of the model's whole distribution there, in nats.
    """

    place: int
    ids: tuple[int, ...]
    came: int
    probabilities: tuple[float, ...]
    entropy: float

    @property
    def elsewhere(self) -> float:
        """The probability of all tokens that are not among them."""
        return max(0.0, 1.0 - math.fsum(self.probabilities))

    @property
    def surprise(self) -> float:
        """The cross-entropy of the model at this place: −log of what it gave to the token that came, in nats."""
        return -math.log(max(self.probabilities[self.came], 1e-45))


def token_vote(lm: LanguageModel, told: ScoredText, at: int, likely: int = 4, unlikely: int = 2) -> TokenVote:
    """Choose what to vote between: the token that came, the likeliest other words and full stops, and unlikely words.

    Pieces of words are left out, as they mean nothing to who has not seen the vocabulary.

    Args:
        told: the scored text.   at: which of its scored tokens.
        likely, unlikely: how many of each beside the token that came; fewer where the vocabulary has no more.

    Raises:
        ValueError: no such scored token.
    """
    if not 0 <= at < len(told):
        raise ValueError(f"token {at} is not one of the {len(told)} that score")
    p = told.logits[at].double().softmax(-1)  # (V,)
    came = int(told.targets[at])
    ranked = [token for token in p.argsort(descending=True).tolist() if token != came]
    said = {token: lm.tokenizer.display(token) for token in (came, *ranked)}
    seen = {said[came].strip().lower()}
    spaced = any(text.startswith(" ") for text in said.values())
    words = [token for token in ranked if _reads(said[token], spaced)] or ranked
    whole = [token for token in ranked if said[token] in _STOPS or _reads(said[token], spaced)]
    found = [came, *_apart(whole or ranked, said, seen, likely)]
    far = words[len(words) // 2 :]  # of the half that the model expects least, the likelier ones
    found += _apart([token for token in far if token not in found], said, seen, unlikely)
    ids = sorted(found, key=lambda token: (said[token].strip().lower(), token))
    entropy = float(-(p * p.clamp_min(1e-300).log()).sum())
    return TokenVote(
        told.places[at], tuple(ids), ids.index(came), tuple(float(p[token]) for token in ids), entropy
    )


def _apart(pool: Sequence[int], said: dict[int, str], seen: set[str], count: int) -> list[int]:
    """Take `count` tokens that do not look alike on a screen; `seen` holds what is taken already."""
    found: list[int] = []
    for token in pool:
        looks = said[token].strip().lower()
        if len(found) < count and looks and looks not in seen:
            seen.add(looks)
            found.append(token)
    return found


def _reads(text: str, spaced: bool) -> bool:
    """Return whether a token reads as a word of three letters or more; `spaced`: words begin with a space here."""
    bare = text.strip()
    return len(bare) > 2 and bare.isalpha() and bare.isascii() and (text != bare or not spaced)


def vote_cross_entropy(votes: Sequence[int], came: int) -> float:
    """Compute the cross-entropy of a class at a token: −log of its share of votes, in nats; infinite without a vote.

    The votes are read as probabilities, as the model's are.
    """
    total = sum(votes)
    return math.inf if not total or not votes[came] else -math.log(votes[came] / total)
