"""One sentence as training examples of three objectives, made by the functions that training itself uses.

    next_token       a decoder:          every position says what comes next
    masked           an encoder:         the hidden positions say what stood there
    span_corruption  an encoder-decoder: the decoder writes the spans that the encoder sees only as gaps

Each `Lesson` says besides which token of the sentence a position stands for and which positions it may see, so that
the three can be laid beside each other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch

from core.config import Shape
from core.decoding.labels import wants
from core.messages import say
from core.text.training import MASK, sentinel
from core.training import objectives
from core.training.loss import UNSCORED
from core.training.losses import cross_entropy
from core.training.objectives import Example, Specials
from core.training.spec import SHAPE_OF, Objective, TrainSpec

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.text.tokenizer import Tokenizer

SENTINELS = 100  # as many as T5 has
# maximum entries of a vocabulary that may be borrowed as sentinels: each may be a word of the sentence
STANDING_IN = 16

START_ROW = -1  # a special token before the sentence; those after it have index N


@dataclass(frozen=True)
class Marks:
    """The special tokens that the three objectives need, with names for those that a vocabulary lacks.

    specials: their ids. Ids past the vocabulary stand for tokens that the open model does not have: they can be drawn,
        not read. names: how those read. stands_in: what stands in for a token that the model's own objective needs and
        its vocabulary lacks: "" if nothing has to.
    """

    specials: Specials
    names: dict[int, str]
    stands_in: str = ""


_sentinels: WeakKeyDictionary[Tokenizer, list[int]] = WeakKeyDictionary()


def _own_sentinels(tokenizer: Tokenizer) -> list[int]:
    """Look up a vocabulary's sentinels, once: a page that draws three models asks a thousand times."""
    found = _sentinels.get(tokenizer)
    if found is None:
        found = [id for k in range(SENTINELS) if (id := tokenizer.id(sentinel(k))) is not None]
        _sentinels[tokenizer] = found
    return found


def marks(lm: LanguageModel) -> Marks:
    """Choose the special tokens for one model: its own where it has them.

    A model whose own objective needs a token that its vocabulary lacks takes the vocabulary's last entries instead, as
    T5's first sentinels were the last entries of its vocabulary; an encoder-decoder's sentinels count down from there,
    and where it has some of its own, but fewer than a sentence may need, those that it lacks do.
    """
    config, tokenizer = lm.config, lm.tokenizer
    size, names, said = config.d_vocab, dict[int, str](), ""
    own_mask = config.mask_id if config.mask_id is not None else tokenizer.id(MASK)
    own = _own_sentinels(tokenizer)
    mask, sentinels = own_mask, own
    if mask is None and config.shape == "encoder":
        mask = size - 1
        said = say("No mask token: the vocabulary’s last entry stands in.")
    if len(own) < STANDING_IN and config.shape == "encoder-decoder":
        last = [id for id in range(size - 1, size - 1 - min(STANDING_IN, size // 4), -1) if id not in own]
        sentinels = [*own, *last][: max(len(last), len(own))]
        if not own:
            said = say("No sentinels: the vocabulary’s last entries stand in.")
    if mask is None:
        mask = size
        names[mask] = MASK
    if not sentinels:
        sentinels = [size + 1 + k for k in range(SENTINELS)]
        names |= {id: sentinel(k) for k, id in enumerate(sentinels)}
    start = config.decoder_start_id if config.decoder_start_id is not None else config.bos_id
    never = (lm.special_ids - {mask}) | {mask, *sentinels}
    specials = Specials(
        vocabulary=min(size, len(tokenizer)),
        mask_id=mask,
        sentinels=tuple(sentinels),
        start_id=start if start is not None else 0,
        end_id=config.eos_ids[0] if config.eos_ids else None,
        never=frozenset(never),
    )
    return Marks(specials, names, said)


@dataclass(frozen=True)
class Lesson:
    """One sentence as an example of one objective. T positions are read, T' are predicted; the sentence has N tokens.

    example: what training would use, a batch of one row.
    reads: (T,) the token of the sentence that each position of the inputs stands for: -1 a special token before it, N
        one after it; a sentinel stands in the place of the first token of its span.
    answers: (T',) the token of the sentence that each target is, likewise; a sentinel's is the first of its span.
    marks: (T',) whether a target is a sentinel or the end, no token of the sentence.
    sees: name -> bool, [i, j] whether position i may see position j: "self" (T, T); of an encoder-decoder "encoder"
        (T, T), "decoder" (T', T') and "cross" (T', T).
    """

    objective: Objective
    example: Example
    reads: tuple[int, ...]
    answers: tuple[int, ...]
    marks: tuple[bool, ...]
    sees: dict[str, npt.NDArray[np.bool_]]

    @property
    def shape(self) -> Shape:
        """The architecture that this objective trains."""
        return SHAPE_OF[self.objective]

    @property
    def inputs(self) -> list[int]:
        """(T,) ids read."""
        return [int(id) for id in self.example.inputs[0]]

    @property
    def targets(self) -> list[int]:
        """(T',) the right ids, -100 where nothing scores."""
        return [int(id) for id in self.example.targets[0]]

    @property
    def decoder_inputs(self) -> list[int]:
        """(T',) ids that the decoder reads; none but in an encoder-decoder."""
        read = self.example.decoder_inputs
        return [] if read is None else [int(id) for id in read[0]]

    @property
    def scores(self) -> list[bool]:
        """(T',) which positions are scored."""
        return [id != UNSCORED for id in self.targets]

    @property
    def hidden(self) -> list[int]:
        """The tokens of the sentence that are hidden, by number."""
        if self.objective == "next_token":
            return []
        first = self.reads[0] if self.objective == "masked" else 0
        found = (self.example.hidden[0].nonzero()[:, 0] + first).tolist()
        return [int(at) for at in found]


def lessons(
    sentence: Sequence[int],
    specials: Specials,
    *,
    before: Sequence[int] = (),
    after: Sequence[int] = (),
    rate: float = 0.15,
    length: float = 3.0,
    seed: int = 0,
) -> tuple[Lesson, Lesson, Lesson]:
    """Build the three examples of a sentence.

    Args:
        sentence: (N,) ids of its tokens, without special tokens.
        before, after: the special tokens that the tokenizer puts around a text (<s>; [CLS] and [SEP]).
        rate: the share of the tokens that the last two hide; length: of a hidden span, on average.
        seed: of the draw.

    Raises:
        ValueError: an empty sentence, or too few sentinels for its spans.
    """
    if not sentence:
        raise ValueError("there is no sentence: write at least one word")
    return (
        _next_token(sentence, before),
        _masked(sentence, specials, before, after, rate, _drawn(seed)),
        _spans(sentence, specials, rate, length, _drawn(seed)),
    )


def _drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _next_token(sentence: Sequence[int], before: Sequence[int]) -> Lesson:
    """Build the next-token example (Radford et al. 2018, section 3.1): causal, every position scores."""
    first = before[-1:]  # one start token says that a text begins
    example = objectives.next_token(torch.tensor([[*first, *sentence]]))
    size = example.inputs.shape[1]
    answers = tuple(range(len(sentence) - size, len(sentence)))
    return Lesson(
        "next_token",
        example,
        tuple(at - 1 for at in answers),
        answers,
        (False,) * size,
        {"self": _causal(size)},
    )


def _masked(
    sentence: Sequence[int], specials: Specials, before: Sequence[int], after: Sequence[int], rate: float,
    generator: torch.Generator,
) -> Lesson:  # fmt: skip
    """Build the masked example (Devlin et al. 2019, section 3.1): full attention, the masked positions score."""
    row = torch.tensor([[*before, *sentence, *after]])
    around = specials.never | set(before) | set(after)
    if set(sentence) <= around:  # a sentence of special tokens: nothing else to mask
        around -= set(sentence)
    free = dataclasses.replace(specials, never=frozenset(around))
    example = objectives.masked(row, free, rate=rate, generator=generator)
    count = len(sentence)
    reads = (*[START_ROW] * len(before), *range(count), *[count] * len(after))
    size = row.shape[1]
    return Lesson(
        "masked", example, reads, reads, (False,) * size, {"self": np.ones((size, size), dtype=np.bool_)}
    )


def _spans(
    sentence: Sequence[int], specials: Specials, rate: float, length: float, generator: torch.Generator
) -> Lesson:
    """Build the span corruption example (Raffel et al. 2020, section 3.1.4): the decoder sees its past and the
    encoder."""
    example = objectives.span_corruption(
        torch.tensor([list(sentence)]), specials, rate=rate, length=length, generator=generator
    )
    hidden, count = example.hidden[0].tolist(), len(sentence)
    end = [] if specials.end_id is None else [count]
    reads: list[int] = []
    answers: list[int] = []
    special: list[bool] = []
    for at, gone in enumerate(hidden):
        begins = gone and (at == 0 or not hidden[at - 1])
        if begins or not gone:
            reads.append(at)
        if begins:
            answers.append(at)
            special.append(True)
        if gone:
            answers.append(at)
            special.append(False)
    reads, answers = reads + end, answers + end
    size, said = len(reads), len(answers)
    sees = {
        "encoder": np.ones((size, size), dtype=np.bool_),
        "decoder": _causal(said),
        "cross": np.ones((said, size), dtype=np.bool_),
    }
    return Lesson(
        "span_corruption", example, tuple(reads), tuple(answers), (*special, *[True] * len(end)), sees
    )


def _causal(size: int) -> npt.NDArray[np.bool_]:
    return np.tril(np.ones((size, size), dtype=np.bool_))


@torch.no_grad()
def lesson_losses(lm: LanguageModel, lesson: Lesson) -> npt.NDArray[np.float64]:
    """Compute the model's loss at each scored position in nats, NaN elsewhere: (T',).

    Raises:
        ValueError: the lesson is for another shape of model, or the model says no tokens.
    """
    wants(lm, "lm")
    if lm.config.shape != lesson.shape:
        raise ValueError(f"this lesson is for a {lesson.shape}; {lm.name} is a {lm.config.shape}")
    logits = objectives.logits(lm.transformer, lesson.example.to(lm.device))[0].float().cpu()  # (T', V)
    targets = lesson.example.targets[0]
    losses = cross_entropy(logits, targets, reduction="none").double().numpy()
    return np.where(targets.numpy() == UNSCORED, np.nan, losses)


STEPS = 300
LESSONS: tuple[Objective, ...] = ("next_token", "masked", "span_corruption")


def triple(mask_rate: float = 0.15, span_length: float = 3.0, seed: int = 0) -> dict[Objective, TrainSpec]:
    """Build three specs that differ in the objective alone, and so in the architecture: one preset, corpus, seed.

    Raises:
        ValueError: a rate or length that training refuses.
    """
    return {
        objective: TrainSpec(
            model="gpt-nano",
            corpus="tales",
            objective=objective,
            steps=STEPS,
            seed=seed,
            batch_tokens=1024,
            mask_rate=mask_rate,
            span_length=span_length,
            eval_every=20,
            checkpoints=6,
        )
        for objective in LESSONS
    }
