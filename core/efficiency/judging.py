"""A changed model compared with its original: size on disk, loss, agreement, time of a pass.

Both read the same held-out texts: of the model's own corpus or tasks where its card names them, otherwise stories of
Toyland. A changed model is a module of its own: the one it was made of is shared, and stays as it is.
"""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from core.analysis.seeds import student
from core.analysis.story_loss import cut
from core.checkpoints.folder import assemble
from core.data import corpora, tasks
from core.decoding.labels import wants
from core.language_model import LanguageModel
from core.messages import later, mark
from core.text.tokenizer import Tokenizer
from core.training.text_loss import TextLoss, text_loss
from core.vectors.probe import wilson
from core.verdict_rule import Rule

Array = NDArray[np.float64]

PLACES = 400  # texts are read until so many tokens are asked for,
LEAST_PLACES = 200  # fewer tokens than this give no verdict
MOST_TEXTS, MOST_READ = (
    16,
    1024,
)  # or so many texts or tokens are read: an encoder has a target at a quarter of its tokens
LONGEST = 128  # tokens of each
MOST_LOGITS = 2**25  # tokens of all texts together: a large vocabulary is judged on fewer tokens
# Cutting the library into functions takes seconds; its files have the same code and the same held-out part.
_QUICK = {"functions": "python", "renamed": "python"}
KEPT = 8  # yardsticks of a tokenizer: every moment of a training is judged on the same texts
DRAWS = 2000  # bootstrap draws over texts
BATCH = 4  # texts of like length that are read in one pass
ROUNDS = 9  # passes that are timed, each beside one of the original
_known: WeakKeyDictionary[Tokenizer, dict[tuple[object, ...], list[TextLoss]]] = WeakKeyDictionary()
# As safetensors calls them, in its order: the last stand first in a file.
_NAMES = {
    torch.bool: "BOOL", torch.uint8: "U8", torch.int8: "I8", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int32: "I32", torch.float32: "F32", torch.float64: "F64", torch.int64: "I64",
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """The size and quality of a model, at the positions where the held-out texts have a target.

    Attributes:
        bytes: of its safetensors file. parameters: the numbers that it holds.
        loss: nats a place. rise: how much that is above the original's, place by place, with its 95 % interval
            (`rise_low`, `rise_high`, of `paired_interval`).
        agreement: the share of places where its first choice is the original's, with Wilson's interval (`low`, `high`).
        kl: nats a place from the original's distribution to its own, 0 where both say the same.
        seconds: of one pass over the first text; NaN where not timed.
        places: how many there are. texts: that they stand in.
    """

    bytes: int
    parameters: int
    loss: float
    rise: float
    rise_low: float
    rise_high: float
    agreement: float
    low: float
    high: float
    kl: float
    seconds: float
    places: int
    texts: int

    @property
    def told(self) -> int:
        """1 where the texts tell a higher loss, -1 a lower one, 0 where the interval of the rise holds 0."""
        return int(self.rise_low > 0) - int(self.rise_high < 0)

    @property
    def has_verdict(self) -> bool:
        """Whether enough held-out tokens were read to judge the change of the loss."""
        return self.places >= LEAST_PLACES


@dataclass(frozen=True)
class Reference:
    """The original's predictions on the held-out texts, kept to compare many changed models with.

    Attributes:
        lm: the original. asked: the texts.
        said: for each text the log probabilities (N, V) at the places that are asked for.
    """

    lm: LanguageModel
    asked: tuple[TextLoss, ...]
    said: tuple[Tensor, ...]


def yardstick(
    lm: LanguageModel, split: Literal["train", "held_out"] = "held_out", count: int | None = None
) -> list[TextLoss]:
    """Prepare texts for models of this vocabulary: held out for judging, or of the training part for calibration.

    Args:
        count: of texts; None: until about `PLACES` tokens are asked for or `MOST_READ` are read, fewer of a large
            vocabulary.

    Raises:
        ValueError: the model says labels, not tokens; or no text is wanted.
    """
    wants(lm, "lm")
    if count is not None and count < 1:
        raise ValueError(f"count={count} must be at least 1")
    known = _known.setdefault(lm.tokenizer, {})
    key = (lm.config, repr(lm.card.get("spec")), lm.device, split, count)
    if key not in known:
        if len(known) >= KEPT:
            known.clear()
        known[key] = _texts(lm, split, count)
    return list(known[key])


def _texts(lm: LanguageModel, split: Literal["train", "held_out"], count: int | None) -> list[TextLoss]:
    wanted = min(PLACES, MOST_LOGITS // lm.config.d_vocab)
    longest = max(1, min(LONGEST, lm.config.n_ctx, wanted))
    told = _told(lm, split)
    found: list[TextLoss] = []
    while len(found) < (count or MOST_TEXTS) and (count or _too_few(found, wanted)):
        source, target = next(told)
        found.append(text_loss(lm, cut(lm, source, longest), target and cut(lm, target, longest)))
    return found


def _too_few(texts: Sequence[TextLoss], wanted: int) -> bool:
    read = sum(ids.shape[1] for one in texts for ids in one.inputs)
    return sum(one.asked for one in texts) < wanted and read < MOST_READ


def reference(lm: LanguageModel, asked: Sequence[TextLoss]) -> Reference:
    """Compute the predictions of `lm` on these texts.

    Raises:
        ValueError: no texts.
    """
    if not asked:
        raise ValueError("no texts to judge by")
    return Reference(lm, tuple(asked), _said(lm, asked))


def judge_original(lm: LanguageModel) -> tuple[Reference, Judged]:
    """Run a model over its held-out texts, and judge it as it is.

    Raises:
        ValueError: the model says labels, not tokens.
    """
    before = reference(lm, yardstick(lm))
    return before, judge(before, lm, timed=False)


def judge(before: Reference, lm: LanguageModel, *, size: int | None = None, timed: bool = True) -> Judged:
    """Compare a changed model (or the original itself) with the original.

    Args:
        size: bytes of its file, where that is not the safetensors file of its tensors as they are.
        timed: whether to take the time of a pass; the original is timed alternately, under the same machine load.

    Raises:
        ValueError: the vocabularies differ.
    """
    if lm.config.d_vocab != before.lm.config.d_vocab:
        raise ValueError(
            f"a vocabulary of {lm.config.d_vocab:,} cannot be held against one of {before.lm.config.d_vocab:,}"
        )
    rises, losses, divergences, same = [], [], [], 0
    said = before.said if lm is before.lm else _said(lm, before.asked)
    for one, was, now in zip(before.asked, before.said, said, strict=True):  # (N, V) twice
        wanted = one.targets[0][one.targets[0] != -100][:, None]  # (N, 1)
        loss = -now.gather(-1, wanted)[:, 0]
        losses.append(loss)
        rises.append(loss + was.gather(-1, wanted)[:, 0])
        if now is was:  # the original compared with itself
            divergences.append(torch.zeros_like(loss))
            same += len(loss)
            continue
        divergences.append(F.kl_div(now, was, log_target=True, reduction="none").sum(-1))
        same += int((now.argmax(-1) == was.argmax(-1)).sum())
    rise, low, high = paired_interval([one.double().numpy(force=True) for one in rises])
    places = sum(len(loss) for loss in losses)
    share = wilson(same, places)
    return Judged(
        bytes=file_bytes(tensors(lm)) if size is None else size,
        parameters=lm.n_parameters,
        loss=float(torch.cat(losses).double().mean()),
        rise=rise, rise_low=low, rise_high=high,
        agreement=share.share, low=share.low, high=share.high,
        kl=max(0.0, float(torch.cat(divergences).double().mean())),
        seconds=seconds(before, lm)[1] if timed else math.nan,
        places=places,
        texts=len(rises),
    )  # fmt: skip


@dataclass(frozen=True)
class Pace:
    """Seconds of a pass, the original's and the changed model's (medians), and their ratio by round.

    low, high: the quartiles of changed / original over the rounds. Both passes of a round run under the same machine
    load, so their ratio is more reliable than the two medians.
    """

    original: float
    changed: float
    low: float
    high: float


def seconds(before: Reference, lm: LanguageModel, rounds: int = ROUNDS) -> tuple[float, float]:
    """Measure the seconds of a pass over the first text by both models: medians of alternating passes."""
    found = pace(before, lm, rounds)
    return found.original, found.changed


def pace(before: Reference, lm: LanguageModel, rounds: int = ROUNDS) -> Pace:
    """Time both models' passes over the first text, alternating.

    Raises:
        ValueError: fewer than two rounds, of which there are no quartiles.
    """
    if rounds < 2:
        raise ValueError(f"rounds={rounds} must be at least 2")
    times: tuple[list[float], list[float]] = ([], [])
    inputs = before.asked[0].inputs
    with torch.no_grad():
        for _ in range(rounds + 1):
            for taken, model in zip(times, (before.lm.transformer, lm.transformer), strict=True):
                taken.append(_seconds(lambda model=model: model(*inputs), lm.device))  # type: ignore[misc]
    own, other = (taken[1:] for taken in times)  # the first of each warms up
    low, _, high = statistics.quantiles([b / a for a, b in zip(own, other, strict=True)], method="inclusive")
    return Pace(statistics.median(own), statistics.median(other), low, high)


def changed(lm: LanguageModel, state: Mapping[str, Tensor], name: str | None = None) -> LanguageModel:
    """Return the model with some weights replaced, by name; it keeps its own where `state` has none.

    Weights that stay are shared with `lm`, not copied; nothing of `lm` changes.

    Raises:
        ValueError: a name that the model lacks, or a weight of another shape; the message names it.
    """
    own = {key: weight.detach() for key, weight in lm.transformer.named_parameters()}
    for key, weight in state.items():
        if key not in own:
            raise ValueError(f"this model has no weight {key!r}")
        if weight.shape != own[key].shape:
            raise ValueError(f"{key} is {tuple(own[key].shape)}, not {tuple(weight.shape)}")
    full = {key: state.get(key, weight) for key, weight in own.items()}
    dtype = next(iter(own.values())).dtype
    model = assemble(lm.config, full, lm.device, dtype)
    return LanguageModel(model, lm.tokenizer, name or lm.name, lm.card)


def tensors(lm: LanguageModel) -> dict[str, Tensor]:
    """Return a model's weights by name, each once."""
    return {name: weight.detach() for name, weight in lm.transformer.named_parameters()}


def file_bytes(state: Mapping[str, Tensor]) -> int:
    """Compute the exact size of the safetensors file of these tensors, without writing it.

    Eight bytes that say how long the header is, the header (JSON, filled up with spaces to a multiple of eight), the
    numbers.
    """
    header: dict[str, object] = {}
    end = 0
    order = list(_NAMES)
    for name, tensor in sorted(state.items(), key=lambda item: (-order.index(item[1].dtype), item[0])):
        begin, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end],
        }  # fmt: skip
    written = len(json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode())
    return 8 + -(-written // 8) * 8 + end


def _told(lm: LanguageModel, split: Literal["train", "held_out"]) -> Iterator[tuple[str, str | None]]:
    """Yield texts of the model's own kind, with targets where it learned tasks, repeating at the end."""
    spec = lm.card.get("spec", {})
    shares = [name for name, _ in spec.get("tasks", ()) if name in tasks.TASKS]
    if spec.get("objective") == "text_to_text" and shares:
        each = [tasks.TASKS[name].pairs(0, split) for name in shares]
        while True:
            for pairs in each:
                pair = next(pairs)
                yield pair.source, pair.target
    own = _QUICK.get(spec.get("corpus"), spec.get("corpus"))
    name = own if own in corpora.CORPORA else "tales"
    while True:
        try:
            yield from ((text, None) for text in corpora.corpus(name, split=split))
        except FileNotFoundError:  # the source of this Python's library is not installed
            name = "tales"


def _said(lm: LanguageModel, asked: Sequence[TextLoss]) -> tuple[Tensor, ...]:
    """Compute for each text the log-probabilities (N, V) at its target positions."""
    order = sorted(range(len(asked)), key=lambda at: [part.shape[1] for part in asked[at].inputs])
    found: dict[int, Tensor] = {}
    for first in range(0, len(order), BATCH):
        some = order[first : first + BATCH]
        texts = [asked[at] for at in some]
        found |= zip(some, _together(lm, texts).split([one.asked for one in texts]), strict=True)
    return tuple(found[at] for at in range(len(asked)))


@torch.no_grad()
def _together(lm: LanguageModel, texts: Sequence[TextLoss]) -> Tensor:
    """Compute the log-probabilities at the target positions of these texts in one padded pass: (N, V).

    Shorter texts are filled up at their ends. What reads to the left only never sees that; the rest is told to ignore
    it.
    """
    read = [[one.inputs[at][0] for one in texts] for at in range(len(texts[0].inputs))]
    inputs = [pad_sequence(part, batch_first=True) for part in read]  # (B, T) each
    wanted = pad_sequence([one.targets[0] for one in texts], batch_first=True, padding_value=-100) != -100
    if lm.config.shape == "decoder":
        logits: Tensor = lm.transformer(*inputs)[wanted]
    else:
        mask = pad_sequence([torch.ones_like(ids, dtype=torch.bool) for ids in read[0]], batch_first=True)
        kept = None if bool(mask.all()) else mask
        if lm.config.shape == "encoder":
            logits = lm.transformer(*inputs, mask=kept, only=wanted)
        else:
            logits = lm.transformer(*inputs, mask=kept)[wanted]
    return logits.float().log_softmax(-1)


def paired_interval(rises: Sequence[Array]) -> tuple[float, float, float]:
    """Compute the mean difference of a place, and its 95 % interval, by a bootstrap over whole texts.

    Places of one text are not independent of each other, so texts are drawn, each with all of its places; the
    differences are paired, so what makes a text hard for both models falls out. A bootstrap of few texts is too narrow:
    its standard error is widened by n / (n - 1), and multiplied by Student's t (Efron & Tibshirani 1993, section 12.1).

    Args:
        rises: the differences at the places of each text, (N,) each. Of a single text its places are drawn.
    """
    parts = rises if len(rises) > 1 else [one[None] for one in rises[0]]
    sums, counts = (np.array([count(one) for one in parts], dtype=float) for count in (np.sum, np.size))
    drawn = np.random.default_rng(0).integers(0, len(parts), (DRAWS, len(parts)))
    means = sums[drawn].sum(1) / np.maximum(1, counts[drawn].sum(1))
    mean, many = float(sums.sum() / max(1, counts.sum())), len(parts)
    half = student(many - 1) * float(means.std()) * math.sqrt(many / (many - 1)) if many > 1 else math.inf
    return mean, mean - half, mean + half


RULE = Rule(
    mark("A loss change: “rises”, “falls”, “not told from no change”; and how many first choices stay"),
    mark(
        "The loss of the changed model less the original’s, at each token that the held-out texts ask for; and "
        "the share of these tokens where both models’ likeliest token is the same."
    ),
    mark(
        "Told: the whole 95 % interval of the mean change lies on one side of 0. The share of kept choices is "
        "given with Wilson’s 95 % interval."
    ),
    later(
        "The held-out texts named at the top, until about {places} tokens are asked for, at most {texts} texts; "
        "{draws} bootstrap draws of whole texts, and Student’s t of as many texts, as they are few. Fewer than "
        "{least} tokens give no verdict.",
        places=PLACES, texts=MOST_TEXTS, draws=f"{DRAWS:,}", least=LEAST_PLACES,
    ),
    mark("None: each setting is judged on its own, all on the same texts."),
    mark("Efron & Tibshirani 1993, paired and by whole texts; Wilson 1927"),
    judge,
)  # fmt: skip


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began
