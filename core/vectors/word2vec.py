"""word2vec: words in similar contexts get similar vectors (Mikolov et al. 2013b, "Distributed Representations of
Words").

Skip-gram with negative sampling: a word's vector is trained to distinguish, by a dot product, real context words from
random ones. As in the released program: frequent words are often skipped, near words count more because the window is
drawn anew at each word, random words are drawn by their count to the power of 3/4, and the rate falls in a straight
line. Unlike there, many pairs are updated at once (a batch), from the same old vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.vectors.reading import Reading
from core.vectors.static import StaticVectors

MOST_AT_ONCE = 1.6
BLOCK = 20_000  # default number of words between two progress reports


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of the training; all but `batch` have the usual values.

    Measured on a million words of Toyland against gensim's one pair at a time: with up to 1,024 pairs at once nothing
    is lost, with 4,096 the vectors come out 4 % shorter.

    Attributes:
        size: D, the dimensions of a vector.
        window: words to either side that may count; at each word a number from 1 to this is drawn.
        negatives: random words for each real pair.
        epochs: times the text is read.
        rate, last_rate: the learning rate at the first word and at the last.
        often: words with a larger share of the text than this are partly skipped (t in the paper); 0: none is.
        power: random words are drawn by count ** power.
        batch: pairs that move at once, at most (see `steady_batch`).
        seed: of the first vectors and of all draws.

    Raises:
        ValueError: a value that makes no sense; the message names it.
    """

    size: int = 64
    window: int = 5
    negatives: int = 5
    epochs: int = 1
    rate: float = 0.025
    last_rate: float = 0.0001
    often: float = 1e-3
    power: float = 0.75
    batch: int = 512
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("size", "window", "negatives", "epochs", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")
        if not 0 <= self.last_rate <= self.rate or self.rate <= 0:
            raise ValueError(f"the rate cannot fall from {self.rate:g} to {self.last_rate:g}")
        if not 0 <= self.often < 1:
            raise ValueError(f"often={self.often:g} must be a share of the text, from 0 to below 1")


@dataclass(frozen=True)
class Pairs:
    """Skip-gram pairs with their random words: P pairs, n random words each.

    center: (P,) the word whose vector learns.   others: (P, 1 + n) the word that stood near it, then the random ones.
    counts: (P, 1 + n) float, 0 where a random word happens to be the true one, which is then not pushed away.
    """

    center: Tensor
    others: Tensor
    counts: Tensor


@dataclass(frozen=True)
class Progress:
    """A progress report.

    words, of: read so far and in all, epochs counted in.   epoch: from 1.
    loss: mean of the last block's pairs, in nats: -log of the probability of the true word and of each random one; NaN
        where all words of the block were skipped.
    rate: the learning rate now.   vectors: (V, D) a copy.
    """

    words: int
    of: int
    epoch: int
    loss: float
    rate: float
    vectors: np.ndarray


def keep_chances(reading: Reading, often: float) -> Tensor:
    """Compute the probability that each word is kept: (V,), (sqrt(f / t) + 1) t / f or 1.

    f is its share of the text, t is `often`.
    """
    share = torch.from_numpy(reading.counts / reading.counts.sum())
    return ((share / often).sqrt() + 1).mul(often / share).clamp(max=1) if often else torch.ones_like(share)


def noise(reading: Reading, power: float) -> Tensor:
    """Compute the negative sampling distribution: (V,), count ** power, normalized."""
    weights = torch.from_numpy(reading.counts.astype(np.float64)) ** power
    return weights / weights.sum()


def steady_batch(reading: Reading, settings: Settings) -> int:
    """Limit the batch size: `settings.batch`, or fewer where the text has few words.

    All updates of a word in a batch are computed from the same old vectors; too many of them, summed, overshoot, and
    the vectors diverge. So the rates of a word's updates in a batch, as a context or negative word, must not sum to
    more than `MOST_AT_ONCE` on average.

    Measured with 3 and 22 words: at 1.6 the loss ends where it does one pair at a time, at 6.4 it has no end.
    """
    kept = keep_chances(reading, settings.often) * torch.from_numpy(reading.counts)
    # How often each word occurs per pair, on average: as context, and among the negative samples.
    times = kept / kept.sum() + settings.negatives * noise(reading, settings.power)  # (V,)
    return max(1, min(settings.batch, int(MOST_AT_ONCE / settings.rate / float(times.max()))))


def pair_up(ids: Tensor, sentence: Tensor, window: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Build pairs of near words, in random order: their centres (P,) and contexts (P,), as ids.

    Args:
        ids: (N,) a stretch of text; sentence: (N,) which sentence each word is in. No pair crosses two.
    """
    reach = torch.randint(1, window + 1, ids.shape, generator=generator)  # (N,)
    centers, near = [], []
    for gap in range(1, min(window, len(ids) - 1) + 1):
        left, right = slice(None, -gap), slice(gap, None)
        together = sentence[left] == sentence[right]
        for one, other in ((left, right), (right, left)):
            seen = together & (reach[one] >= gap)
            centers.append(ids[one][seen])
            near.append(ids[other][seen])
    if not centers:
        return ids[:0], ids[:0]
    order = torch.randperm(sum(map(len, centers)), generator=generator)
    return torch.cat(centers)[order], torch.cat(near)[order]


def objective(center: Tensor, others: Tensor, counts: Tensor) -> Tensor:
    """Compute the loss of each pair (equation 4 of the paper, with the sign turned): (P,), in nats.

        -log s(v . u_true) - sum of log s(-v . u_random),   s(x) = 1 / (1 + exp(-x))

    Args:
        center: (P, D) vectors v.   others: (P, 1 + n, D) vectors u, the true word's first.   counts: as in `Pairs`.
    """
    scores = (others @ center[:, :, None])[..., 0]  # (P, 1 + n)
    right = torch.cat([scores[:, :1], -scores[:, 1:]], dim=1)
    return -(F.logsigmoid(right) * counts).sum(dim=1)


def learn(vectors: Tensor, contexts: Tensor, pairs: Pairs, rate: float) -> Tensor:
    """Update both tables in place by one batch's gradient of the summed `objective`; return its values before, (P,).

    The slope is (s(v . u) - y) u for v, and (s(v . u) - y) v for u, with y = 1 for the true word and 0 for random ones.

    Args:
        vectors: (V, D) as centres.   contexts: (V, D) as near words.
    """
    v, u = vectors[pairs.center], contexts[pairs.others]  # (P, D), (P, 1 + n, D)
    scores = (u @ v[:, :, None])[..., 0]  # (P, 1 + n)
    wrong = torch.sigmoid(scores)
    wrong[:, 0] -= 1
    wrong *= pairs.counts
    scores[:, 0] *= -1
    loss = (F.softplus(scores) * pairs.counts).sum(dim=1)
    wrong *= -rate
    vectors.index_add_(0, pairs.center, (wrong[:, None] @ u)[:, 0])
    contexts.index_add_(0, pairs.others.flatten(), (wrong[..., None] * v[:, None]).flatten(0, 1))
    return loss


class Word2Vec:
    """A resumable training of word2vec.

        learning = Word2Vec(read(documents))
        for progress in learning.train(): ...
        learning.table.neighbours("dog")

    The same text, settings and block give the same vectors, also when `resume` continues from a `state`.

    Args:
        block: words whose pairs are drawn and shuffled together, about: a block ends with a sentence (None: `BLOCK`).
    """

    def __init__(self, reading: Reading, settings: Settings | None = None, block: int | None = None) -> None:
        self.reading, self.settings = reading, settings or Settings()
        self.generator = torch.Generator().manual_seed(self.settings.seed)
        many, size = len(reading.words), self.settings.size
        # Twice the released program's spread, as in gensim: smaller vectors learn slowly at first.
        self.vectors = (2 * torch.rand(many, size, generator=self.generator) - 1) / size  # (V, D)
        self.contexts = torch.zeros(many, size)  # (V, D)
        self.words = 0  # words read so far
        self.batch = steady_batch(reading, self.settings)
        self._keep = keep_chances(reading, self.settings.often)
        self._noise = noise(reading, self.settings.power).cumsum(0)
        self._ids = torch.from_numpy(reading.ids)
        self._sentence = torch.repeat_interleave(torch.from_numpy(np.diff(reading.begins)))
        self._edges = _edges(reading, block or BLOCK)

    @property
    def of(self) -> int:
        """The total of words to read."""
        return len(self.reading) * self.settings.epochs

    @property
    def ends(self) -> np.ndarray:
        """Where the blocks end: words read by then, epochs counted in, ascending."""
        starts = np.arange(self.settings.epochs) * len(self.reading)
        ends: np.ndarray = (starts[:, None] + self._edges).ravel()
        return ends

    @property
    def rate(self) -> float:
        """The present learning rate."""
        first, last = self.settings.rate, self.settings.last_rate
        return max(last, first - (first - last) * self.words / self.of)

    @property
    def table(self) -> StaticVectors:
        """The words with their present vectors."""
        return StaticVectors("word2vec", self.reading.words, self.vectors.numpy().copy())

    def train(self) -> Iterator[Progress]:
        """Train to the end; yield a report after every block, or after the whole text if it is shorter.

        Raises:
            Diverged: the rate is so large that the vectors grow without end.
        """
        while self.words < self.of:
            done, within = divmod(self.words, len(self.reading))
            at = int(np.searchsorted(self._edges, within, side="right"))
            loss = self._block(within, int(self._edges[at]))
            yield Progress(self.words, self.of, done + 1, loss, self.rate, self.vectors.numpy().copy())

    def state(self) -> dict[str, Tensor]:
        """Return a copy of all state after a block: both tables, the words read, the random state."""
        return {
            "vectors": self.vectors.clone(),
            "contexts": self.contexts.clone(),
            "words": torch.tensor(self.words),
            "generator": self.generator.get_state(),
        }

    def resume(self, state: Mapping[str, Tensor]) -> None:
        """Restore the result of `state`, for the same text and settings.

        Raises:
            ValueError: it is of another text or size.
        """
        fits = state["vectors"].shape == state["contexts"].shape == self.vectors.shape
        words = int(state["words"])
        if not fits or not (words % len(self.reading) in {0, *map(int, self._edges)} and words <= self.of):
            raise ValueError("this state belongs to another text or to vectors of another size")
        self.vectors, self.contexts = state["vectors"].clone(), state["contexts"].clone()
        self.words = words
        self.generator.set_state(state["generator"])

    def _block(self, first: int, last: int) -> float:
        """Train on the words first to last (excluded) of the text; return the mean loss of their pairs."""
        settings, start, losses = self.settings, self.words, []
        ids, sentence = self._ids[first:last], self._sentence[first:last]
        kept = torch.rand(len(ids), generator=self.generator, dtype=torch.float64) < self._keep[ids]
        center, near = pair_up(ids[kept], sentence[kept], settings.window, self.generator)
        for at in range(0, len(center), self.batch):
            part = slice(at, at + self.batch)
            self.words = start + int((last - first) * at / len(center))
            pairs = self._with_noise(center[part], near[part])
            losses.append(learn(self.vectors, self.contexts, pairs, self.rate))
        self.words = start + last - first
        if not losses:
            return float("nan")
        loss = float(torch.cat(losses).mean())
        if not np.isfinite(loss):
            from core.diverged import Diverged

            raise Diverged(self.words, loss)
        return loss

    def _with_noise(self, center: Tensor, near: Tensor) -> Pairs:
        draw = torch.rand(len(center), self.settings.negatives, generator=self.generator, dtype=torch.float64)
        random = torch.searchsorted(self._noise, draw).clamp_(max=len(self._noise) - 1)
        others = torch.cat([near[:, None], random], dim=1)  # (P, 1 + n)
        counts = (others != near[:, None]).float()
        counts[:, 0] = 1
        return Pairs(center, others, counts)


def _edges(reading: Reading, block: int) -> np.ndarray:
    """Return the ends of sentences about every `block` words, and the end of the text: no pair crosses two blocks."""
    wanted = np.arange(block, len(reading), block)
    ends = reading.begins[np.searchsorted(reading.begins, wanted)]
    return np.unique([*ends, len(reading)]).astype(np.int64)
