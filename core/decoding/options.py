"""DecodingOptions: the settings of generation, as one frozen, validated record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

Strategy = Literal["greedy", "sample", "beam"]
EarlyStopping = bool | Literal["never"]
MOST_LEVELS = 1_000  # maximum length in tokens of a tree, an exact search or many samples


@dataclass(frozen=True, kw_only=True)
class DecodingOptions:
    """Generation settings. Every strategy reads the first block; settings of other strategies are ignored.

    Args:
        strategy: "greedy" takes the most probable token, "sample" draws one, "beam" follows several texts at once.
        max_new_tokens: the most tokens to write; a full context stops earlier.
        repetition_penalty: divides (if negative: multiplies) the score of every token that the text holds already
            (Keskar et al. 2019, section 4.1); 1 changes nothing.
        stop_ids: tokens that end the text, itself included; None: the model's end tokens; (): none.
        use_cache: keep keys and values of past positions; False computes the whole text again for each token.

        temperature: (greedy, sample) divides the logits; 0 leaves the most probable token alone, so it means greedy.
        top_k: keep the k most probable tokens (Fan et al. 2018) and those that tie with the last; None: all.
        top_p: keep the fewest tokens whose probabilities reach p (Holtzman et al. 2020); None or 1: all.
        min_p: keep the tokens at least p times as probable as the best (Nguyen et al. 2024); None: all.
        seed: (sample) the same seed draws the same text; None: another one each time.

        n_beams: (beam) how many texts are followed; 1 is greedy.
        length_penalty: (beam) a finished text scores log p / tokens ** length_penalty: above 0 favours long ones.
        early_stopping: (beam) True: stop at n_beams finished texts; False: as soon as a running one, if it ended now,
            would not be better than they are; "never": only when none could become better.
        n_return: (beam) how many finished texts to return, best first.

    Raises:
        ValueError: a value outside its range; the message gives both.
    """

    strategy: Strategy = "greedy"
    max_new_tokens: int = 40
    repetition_penalty: float = 1.0
    stop_ids: tuple[int, ...] | None = None
    use_cache: bool = True

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    seed: int | None = None

    n_beams: int = 4
    length_penalty: float = 1.0
    early_stopping: EarlyStopping = False
    n_return: int = 1

    def __post_init__(self) -> None:
        if self.strategy not in get_args(Strategy):
            raise ValueError(f"strategy={self.strategy!r} is not one of {', '.join(get_args(Strategy))}")
        if (
            self.early_stopping is not True
            and self.early_stopping is not False
            and self.early_stopping != "never"
        ):
            raise ValueError(f"early_stopping={self.early_stopping!r} is not one of False, True, 'never'")
        self._whole("max_new_tokens", 1, 1_000_000)
        self._whole("n_beams", 1, 1_000)
        self._whole("n_return", 1, self.n_beams if self.strategy == "beam" else 1)
        if self.top_k is not None:
            self._whole("top_k", 1, 1_000_000_000, off="None")
        if self.seed is not None:
            self._whole("seed", 0, 2**63 - 1)
        self._number("temperature", 0, 1_000)
        self._number("repetition_penalty", 0, 1_000, above=True, off="1")
        self._number("length_penalty", -10, 10)
        if self.top_p is not None:
            self._number("top_p", 0, 1)
        if self.min_p is not None:
            self._number("min_p", 0, 1)
        if self.stop_ids is not None:
            object.__setattr__(self, "stop_ids", _ids(self.stop_ids))

    def _whole(self, name: str, low: int, high: int, *, off: str = "") -> None:
        whole_number(name, getattr(self, name), low, high, off=off)

    def _number(self, name: str, low: float, high: float, *, above: bool = False, off: str = "") -> None:
        value = getattr(self, name)
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not fits or not low <= value <= high or (above and value == low):
            raise ValueError(
                f"{name}={value!r} must be a number {'above' if above else 'from'} {low} to {high}{_off(off)}"
            )


def whole_number(name: str, value: Any, low: int, high: int, *, off: str = "") -> None:
    """Check a count.

    Args:
        off: the value that switches it off, told to somebody who tried another.

    Raises:
        ValueError: not a whole number from `low` to `high`; the message names it and both.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name}={value!r} must be a whole number from {low} to {high}{_off(off)}")


def _off(value: str) -> str:
    """Return how to switch a setting off, for somebody who tried 0."""
    return f"; {value} switches it off" if value else ""


def _ids(stop_ids: Any) -> tuple[int, ...]:
    ids = (stop_ids,) if isinstance(stop_ids, int) else tuple(stop_ids)
    if wrong := [id for id in ids if isinstance(id, bool) or not isinstance(id, int) or id < 0]:
        raise ValueError(f"stop_ids={ids!r}: {wrong[0]!r} is not a token id (a whole number from 0 up)")
    return tuple(dict.fromkeys(ids))
