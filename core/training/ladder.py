"""The scaling ladder: models that differ in width alone, trained alike, to relate loss and size.

All read Toyland's tales by characters. A vocabulary of characters is short, so that the tables of a model of ten
thousand numbers do not outweigh its blocks, as they would with a vocabulary of words. Width alone grows: three blocks
of two heads. Muon moves a matrix by the same length whatever its size, and so one set of rates serves all sizes
(checked at two of them: scripts/record_scaling.py).

D counts the characters that a run reads. Stories come back up to four times in a run (core/data/shards.py); up to that
number, repetition is nearly as good as new text (Muennighoff et al. 2023).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core.config import ModelConfig
from core.costs import parameters
from core.training.spec import TrainSpec

WIDTHS = (16, 32, 48, 96, 160, 288)
APART = 16  # widths are multiples of this
LAYERS, HEADS = 3, 2
CONTEXT = 128
BATCH = 2_048
FULL = 2**20  # characters that the ladder's runs read: 512 steps
# characters read by runs of every width, for the frontier
LESS = (FULL // 16, FULL // 8, FULL // 4, FULL // 2)
SEEDS = (0, 1, 2)
SEEN = 96  # the width of the runs over data: it has all seeds of every length
WIDEST = 512  # parameters of a learner's own run
_CHARACTERS = 1_024  # vocabulary limit: above the number of different characters, so all of them are found


def spec(width: int, tokens: int = FULL, seed: int = 0) -> TrainSpec:
    """Build the spec of one rung.

    Args:
        width: d_model, a multiple of 16.
        tokens: characters to read; the nearest whole number of steps is taken.

    Raises:
        ValueError: a width that is no multiple of 16, or that no rung can have.
    """
    if width % APART or not APART <= width <= WIDEST:
        raise ValueError(f"a width of {width} must be a multiple of {APART} between {APART} and {WIDEST}")
    return TrainSpec(
        model="gpt-nano",
        changes=(
            ("d_model", width), ("n_ctx", CONTEXT), ("n_heads", HEADS), ("n_layers", LAYERS),
        ),
        corpus="tales", tokenizer="characters", vocab_size=_CHARACTERS, seed=seed,
        steps=max(1, round(tokens / BATCH)), batch_tokens=BATCH, context=CONTEXT,
        optimizer="muon", learning_rate=0.06, embed_rate=0.01, head_rate=0.005, momentum=0.9, beta1=0.8, beta2=0.98,
        schedule="linear", init="recipe", checkpoints=2,
    )  # fmt: skip


def width_of(one: TrainSpec) -> int:
    """Return d_model of a rung's run."""
    return int(dict(one.changes).get("d_model", 0))


def tokens_of(one: TrainSpec) -> int:
    """Return the characters that a run reads: D."""
    return one.steps * one.batch_tokens


def name(one: TrainSpec) -> str:
    """Return a run's name: width, thousands of characters, seed."""
    return f"w{width_of(one)}-{tokens_of(one) // 1000}k-{one.seed}"


def is_rung(one: TrainSpec) -> bool:
    """Return whether a run is comparable with the ladder.

    The same text by characters, next characters, rows as long.
    """
    return (
        one.corpus == "tales" and one.tokenizer == "characters" and one.objective == "next_token"
        and one.practice is None and not one.dial and (one.context or 0) == CONTEXT
    )  # fmt: skip


def is_alike(one: TrainSpec) -> bool:
    """Return whether a run used the ladder's own recipe, whatever its width, tokens, seed and precision."""
    width = width_of(one)
    if not is_rung(one) or width % APART or not APART <= width <= WIDEST:
        return False
    return replace(one, seed=0, device=None, precision="auto") == spec(width, tokens_of(one))


def plan() -> Iterator[TrainSpec]:
    """List all recorded runs, those of the first seed first, and of these the cheapest."""
    runs = [
        spec(width, tokens, seed)
        for width in WIDTHS
        for tokens in (*LESS, FULL)
        for seed in seeds(width, tokens)
    ]
    yield from sorted(runs, key=lambda one: (one.seed, width_of(one) ** 2 * tokens_of(one)))


def seeds(width: int, tokens: int = FULL) -> tuple[int, ...]:
    """Return the seeds of the runs of a width: all of them on the ladder and over data, one elsewhere."""
    return SEEDS if width == SEEN or tokens == FULL else SEEDS[:1]


def counted(config: ModelConfig) -> tuple[int, int]:
    """Count the parameters of a decoder: of its blocks and norms, and of its tables (embedding, own unembedding)."""
    tables = (1 if config.tied_embeddings else 2) * config.d_vocab * config.d_model
    return parameters(config) - tables, tables
