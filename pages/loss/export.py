"""Export the Loss page: what its picture is (`FIGURE`), every loss as a table, and notebook cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from app.counts import counted
from app.kit.figures import Argument, Asked, Figure, Table
from app.markup import visible
from core.language_model import LanguageModel
from core.messages import say
from core.training.losses import Hide, ScoredBatch, ScoredText, bits, logit_gradient, score_text
from pages.loss.figure import loss, record

if TYPE_CHECKING:
    from app.questions import Answer
    from pages.loss.question import Question

KEYS = ("follow", "formula", "given")


@dataclass(frozen=True)
class Seen:
    """A scored text, and what is chosen in it."""

    lm: LanguageModel
    label: str  # the model's name in a sentence
    stamp: str
    told: ScoredText
    at: int  # the followed token, counted among those that score
    hide: Hide  # which tokens an encoder did not see
    smoothing: float  # of the labels
    unit: str
    selection: dict[str, Any]


def scored(lm: LanguageModel, text: str, target: str | None, hide: Hide) -> ScoredText:
    """`score_text` with its arguments in a row, as the cache takes them."""
    return score_text(lm, text, target, hide)


def see(asked: Asked) -> Seen:
    """Score the text."""
    hide, unit = cast("Hide", asked.values["hide"]), str(asked.values["unit"])
    smoothing, target = float(asked.values["smoothing"]), asked.target or None
    told: ScoredText = asked.share(scored, asked.text, target, hide)
    follow = asked.at_most("follow", len(told.ids) - 1)
    at = next((n for n, place in enumerate(told.places) if 0 <= follow <= place), len(told) - 1)
    stamp = "\x1f".join([asked.key, asked.text, str(target), hide, str(smoothing), unit])
    selection = {key: asked.values[key] for key in KEYS}
    return Seen(asked.lm, asked.label, stamp, told, at, hide, smoothing, unit, selection)


def sentence(seen: Seen) -> str:
    """What is on the picture: the followed token's loss, and the mean of all."""
    told, word = seen.told, seen.lm.tokenizer.display
    if not len(told):
        return say("{model}: no token of this text can be scored.", model=seen.label)
    nats = float(told.surprise[seen.at])
    right = visible(word(int(told.targets[seen.at])))
    return say(
        "{model} gave “{token}” the probability {p}: a loss of {nats} nats. Mean over {tokens}: {mean} nats.",
        model=seen.label, token=right, p=f"{math.exp(-nats):.3g}", nats=f"{nats:.3f}",
        tokens=counted(len(told), "token"), mean=f"{told.mean(seen.smoothing):.3f}",
    )  # fmt: skip


FIGURE = Figure(
    "loss", loss, see,
    record=lambda seen: record(seen.lm, seen.told, seen.hide, seen.smoothing, seen.unit) | {"stamp": seen.stamp},
    select=lambda seen: seen.selection,
    claim=lambda seen: say("A token’s loss is −log of the probability it was given."),
    sentence=sentence,
    table=lambda seen: table(seen.lm, seen.told, seen.at, seen.smoothing, None),
    arguments=(
        Argument("row", "follow"), Argument("step", "formula"), Argument("smoothing", "smoothing"),
        Argument("unit", "unit"), Argument("hide", "hide"), Argument("given", "given"),
    ),
    longest=32, tall=600,
)  # fmt: skip


def table(lm: LanguageModel, told: ScoredText, at: int, smoothing: float, batch: ScoredBatch | None) -> Table:
    """A line for each scored token, then for the likeliest tokens at the followed one, then for each text of the batch.

    Args:
        at: the followed token, counted among those that score.
        batch: what stands below the picture, on its page.
    """
    word = lm.tokenizer.display
    empty = dict.fromkeys(
        ("line", "position", "token", "p", "loss, nats", "loss, bits", "smoothed, nats", "logit", "p - y")
    )
    lines: list[dict[str, Any]] = []
    if len(told):
        gradient = logit_gradient(told.logits, told.targets, smoothing)
        p = told.logits.softmax(-1)
        surprise, smoothed = told.surprise.tolist(), told.losses(smoothing).tolist()
        for n, (place, right) in enumerate(zip(told.places, told.targets.tolist())):
            more = {"smoothed, nats": _rounded(smoothed[n])} if smoothing else {}
            lines.append(
                empty | {"line": "token", "position": place, "token": word(right), "p": _rounded(p[n, right])}
                | {"loss, nats": _rounded(surprise[n]), "loss, bits": _rounded(bits(surprise[n]))} | more
                | {"logit": _rounded(told.logits[n, right]), "p - y": _rounded(gradient[n, right])}
            )  # fmt: skip
        for i in told.logits[at].topk(min(10, told.logits.shape[-1])).indices.tolist():
            lines.append(
                empty | {"line": "followed", "position": told.places[at], "token": word(i), "p": _rounded(p[at, i])}
                | {"logit": _rounded(told.logits[at, i]), "p - y": _rounded(gradient[at, i])}
            )  # fmt: skip
    for row, (mean, one) in enumerate(zip(batch.rows, batch.texts) if batch is not None else ()):
        text = "".join(lm.tokenizer.pieces(one.targets.tolist()))
        lines.append(empty | {"line": f"batch, row {row}", "token": text, "loss, nats": _rounded(mean)})
    return {name: [line[name] for line in lines] for name in empty}


def _rounded(value: Any) -> float | None:
    return None if np.isnan(float(value)) else float(f"{float(value):.8g}")


def cells(
    load: str, given: Mapping[str, Any], told: ScoredText, at: int, smoothing: float, batch: ScoredBatch,
    texts: Sequence[tuple[Any, Any]], question: Question, answer: Answer | None,
) -> list[str]:  # fmt: skip
    """Cells that score the text again and assert every number of the picture.

    Args:
        load: the call that loads the model, as source.
        given: TEXT, TARGET and HIDE.
        texts: of the batch, as `score_batch` takes them.
    """
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    made = [
        f"""# %% What the model gave to each token, and what that costs
import math
import numpy as np
import torch
import torch.nn.functional as F
from core.training.losses import bits, cross_entropy, logit_gradient, perplexity, score_batch, score_text

lm = {load}
{values}

def same(now, shown, tolerance=1e-3):
    now, shown = (np.asarray(values, dtype=float) for values in (now, shown))
    np.testing.assert_allclose(now, shown, rtol=2e-3, atol=tolerance)


told = score_text(lm, TEXT, TARGET, HIDE)
for i, nats in zip(told.targets.tolist(), told.surprise.tolist()):
    print(repr(lm.tokenizer.display(i)), round(math.exp(-nats), 4), "->", round(nats, 3), "nats,", round(bits(nats), 3))
same(told.surprise, {_numbers(told.surprise)})"""
    ]
    if len(told):
        made += [_mean(told, smoothing), _followed(told, at, smoothing)]
    made.append(_batch(batch, texts))
    if answer is not None:
        made.append(_question(question, answer))
    return made


def _mean(told: ScoredText, smoothing: float) -> str:
    return f"""# %% The mean of the text, beside torch's
SMOOTHING = {smoothing!r}
mean = told.mean(SMOOTHING)
print(mean, "nats;", bits(mean), "bits; perplexity", perplexity(mean))
assert math.isclose(mean, F.cross_entropy(told.logits, told.targets, label_smoothing=SMOOTHING).item(), rel_tol=1e-4)
same(told.losses(SMOOTHING), F.cross_entropy(told.logits, told.targets, label_smoothing=SMOOTHING, reduction="none"))
same(mean, {told.mean(smoothing):.6g})"""


def _followed(told: ScoredText, at: int, smoothing: float) -> str:
    gradient = logit_gradient(told.logits, told.targets, smoothing)[at, told.targets[at]]
    return f"""# %% The followed token, from logits to loss and gradient
AT = {at}
logits, right = told.logits[AT], int(told.targets[AT])
e = (logits - logits.max()).exp()
p = e / e.sum()
print(lm.tokenizer.display(right), "-log", float(p[right]), "=", float(-p[right].log()))
same(-p[right].log(), {float(told.surprise[at]):.6g})
free = told.logits.detach().clone().requires_grad_()
F.cross_entropy(free, told.targets, label_smoothing=SMOOTHING, reduction="sum").backward()
same(logit_gradient(told.logits, told.targets, SMOOTHING), free.grad, 1e-5)
same(free.grad[AT, right], {float(gradient):.6g})"""


def _batch(batch: ScoredBatch, texts: Sequence[tuple[Any, Any]]) -> str:
    return f"""# %% Several texts as one batch: the padding does not score
texts = {[tuple(pair) for pair in texts]!r}
batch = score_batch(lm, texts, HIDE)
assert batch.scores.sum(1).tolist() == {batch.scores.sum(1).tolist()}
same(batch.mean(), {batch.mean():.6g})
same(batch.mean(ignore_padding=False), {batch.mean(ignore_padding=False):.6g})
same(batch.rows, {_numbers(batch.rows).replace("nan", "math.nan")})"""


def _question(question: Question, answer: Answer) -> str:
    return f"""# %% The question: what three other tokens would have cost in this place
ASKED = {list(question.ids)}
cost = -told.logits[{question.at}].float().log_softmax(-1)[ASKED]
print([(lm.tokenizer.display(id), round(float(nats), 3)) for id, nats in zip(ASKED, cost)])
same(cost, {_numbers(list(answer.numbers.values()))})
assert cost.argmax() == 0"""


def _numbers(values: Any) -> str:
    return "[" + ", ".join(f"{float(value):.8g}" for value in np.ravel(np.asarray(values))) + "]"
