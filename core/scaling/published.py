"""Two published scaling laws with their constants, and well-known models by their published sizes.

Kaplan et al. 2020, "Scaling Laws for Neural Language Models" (arXiv 2001.08361): N without the embeddings, WebText2.
Hoffmann et al. 2022, "Training Compute-Optimal Large Language Models" (arXiv 2203.15556), Chinchilla's paper: all N,
MassiveText. Losses are nats per token, each on its own text and tokens: those of two papers, or of a model of this
project, are no better or worse than one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.messages import Later, later, mark
from core.scaling.law import Array
from core.scaling.surface import Surface, compute

PF_DAY = 1e15 * 24 * 3600  # operations: a petaflop a second for a day, the unit of Kaplan et al.

# Approach 3 (section D.3). The paper prints 1.69, 0.34 and 0.28; more digits stand in its source, as Besiroglu et al.
# report, and only with them the advice for Gopher's compute is the 40 billion parameters of its figure 4 (rounded: 32).
CHINCHILLA = Surface(floor=1.6934, amount_n=406.4, exponent_n=0.3392, amount_d=410.7, exponent_d=0.2849)
# Besiroglu et al. 2024, "Chinchilla Scaling: A replication attempt" (arXiv 2404.10102): the same form, fitted again to
# the points of the paper's own figure; it agrees with approaches 1 and 2, from which approach 3 departed.
REFIT = Surface(floor=1.8172, amount_n=482.01, exponent_n=0.3478, amount_d=2085.43, exponent_d=0.3658)


def kaplan_parameters(parameters: npt.ArrayLike) -> Array:
    """Compute L(N) = (8.8e13 / N)^0.076 of models with enough text, trained until they converge (equation 1.1)."""
    return (8.8e13 / np.asarray(parameters, dtype=np.float64)) ** 0.076


def kaplan_data(tokens: npt.ArrayLike) -> Array:
    """Compute L(D) = (5.4e13 / D)^0.095 of large models stopped in time (equation 1.2)."""
    return (5.4e13 / np.asarray(tokens, dtype=np.float64)) ** 0.095


def kaplan_compute(flops: npt.ArrayLike) -> Array:
    """Compute L(C) = (3.1e8 / C)^0.050 at the best size, C in PF-days (equation 1.3)."""
    return (3.1e8 / (np.asarray(flops, dtype=np.float64) / PF_DAY)) ** 0.050


def kaplan_both(parameters: npt.ArrayLike, tokens: npt.ArrayLike) -> Array:
    """Compute L(N, D) = ((6.4e13 / N)^(0.076 / 0.103) + 1.8e13 / D)^0.103 (equation 1.5, constants of table 2)."""
    n, d = np.asarray(parameters, dtype=np.float64), np.asarray(tokens, dtype=np.float64)
    return ((6.4e13 / n) ** (0.076 / 0.103) + 1.8e13 / d) ** 0.103


def kaplan_best(flops: npt.ArrayLike) -> tuple[Array, Array]:
    """Compute the optimal N and D of Kaplan et al.: N = 1.3e9 C^0.73, C in PF-days (table 6); D = C / (6 N)."""
    budget = np.asarray(flops, dtype=np.float64)
    parameters = 1.3e9 * (budget / PF_DAY) ** 0.73
    return parameters, budget / (6 * parameters)


def chinchilla_best(flops: npt.ArrayLike) -> tuple[Array, Array]:
    """Compute the optimal N and D of Hoffmann et al.'s approach 1: both grow as C^0.50 (table 2).

    Through the point that the paper gives for Gopher's budget: 67 billion parameters at 5.76e23 operations (table 3).
    """
    budget = np.asarray(flops, dtype=np.float64)
    parameters = 67e9 * (budget / 5.76e23) ** 0.50
    return parameters, budget / (6 * parameters)


@dataclass(frozen=True)
class Known:
    """A published model.

    Attributes:
        parameters: all of them, as its paper counts. tokens: read in training; None: never published.
        source: where both numbers are from. note: what to know of them.
    """

    name: str
    year: int
    parameters: float
    tokens: float | None
    source: str
    note: str | Later = ""

    @property
    def flops(self) -> float | None:
        """6 N D; None where the tokens are not known."""
        return None if self.tokens is None else float(compute(self.parameters, self.tokens))


@dataclass(frozen=True)
class Fitted:
    """The range of the runs that a law was fitted to: operations and parameters, from and to.

    Source: where it is said.
    """

    flops: tuple[float, float]
    parameters: tuple[float, float]
    source: str


_KAPLAN = Fitted(
    (1e-9 * PF_DAY, 10 * PF_DAY), (768, 1.5e9), mark("Kaplan et al. 2020, figure 1 and section 3")
)
_HOFFMANN = Fitted((6e18, 3e21), (70e6, 16e9), mark("Hoffmann et al. 2022, section 3.2 and abstract"))
# By law; the refit's points are those of Hoffmann's own figure.
FITTED = {"kaplan": _KAPLAN, "one": _HOFFMANN, "three": _HOFFMANN, "hoffmann": _HOFFMANN, "refit": _HOFFMANN}

# WebText's 40 GB by the ratio of Kaplan et al. 2020, section 2.3: 96 GB of WebText2 are 22.9 billion tokens.
GPT2_PASS = 40 / 96 * 22.9e9
_GPT2 = later(
    "Its paper counts 1,542 million; how many tokens it read was never published. One pass over WebText's 40 GB is "
    "about {tokens} billion tokens.",
    tokens=f"{GPT2_PASS / 1e9:.1f}",
)
MODELS = (
    Known("GPT-2", 2019, 1.542e9, None, mark("Radford et al. 2019, table 2"), _GPT2),
    Known("GPT-3", 2020, 174.6e9, 300e9, mark("Brown et al. 2020, table D.1")),
    Known("Gopher", 2021, 280e9, 300e9, mark("Rae et al. 2021; Hoffmann et al. 2022, table 1")),
    Known("Chinchilla", 2022, 70e9, 1.4e12, mark("Hoffmann et al. 2022, table 1")),
    Known("Llama 7B", 2023, 6.7e9, 1.0e12, mark("Touvron et al. 2023, table 2")),
    Known("Llama 65B", 2023, 65.2e9, 1.4e12, mark("Touvron et al. 2023, table 2")),
    Known("Llama 3 8B", 2024, 8.0e9, 15e12, mark("Meta's model card of Llama 3, 2024")),
    Known("Llama 3.1 405B", 2024, 405e9, 15.6e12, mark("Grattafiori et al. 2024, section 3")),
)
