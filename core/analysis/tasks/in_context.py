"""In-context learning compared with training on the same few examples, for a decoder.

In context no weight changes: solved questions precede the test question, and the model continues the text ("few-shot",
Brown et al. 2020, section 2). By steps the model learns the same solved questions and is then asked without them. Three
games of Toyland's and Python's words, each with words that are drawn anew for every round, so that nothing but the
examples can help:

    list   Nora, Tim, Ada, Ben. Nora, Tim,      what comes next is what came next before
    pairs  pairs = (file mode) (key node) (file the partner of a word, asked in another order than told
    kinds  Ida, yes. bun, no. shell,            a rule nobody states: is it somebody's name?
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from core.language_model import LanguageModel
from core.model.transformer import Transformer
from core.training.eager import without_compiler

Game = Literal["list", "pairs", "kinds"]
GAMES: tuple[Game, ...] = get_args(Game)
MODELS: dict[Game, str] = {"list": "tales-gpt", "pairs": "code-gpt", "kinds": "tales-gpt"}
COUNTS = (0, 1, 2, 4, 8)  # numbers of examples
OPTIONS = 4  # answers to choose from; of kinds two
LONG = 8  # names of a list
STEPS, RATE = 30, 1e-3  # training steps and rates; found on rounds of other seeds than are reported
LABELS = ("yes", "no")


@dataclass(frozen=True)
class Asked:
    """A question as a prompt, the answers to choose from, and the index of the right one."""

    text: str
    options: tuple[str, ...]
    right: int


@dataclass(frozen=True)
class Round:
    """Solved examples, in their order, and questions about the same hidden mapping."""

    game: Game
    examples: tuple[str, ...]
    questions: tuple[Asked, ...]

    def prompt(self, question: Asked, count: int) -> str:
        """Build the prompt: the question with the first `count` examples before it."""
        return opening(self.game) + " ".join([*self.examples[:count], question.text])


def opening(game: Game) -> str:
    """Return the beginning of every prompt of a game: code that makes a list of pairs, or nothing."""
    return "pairs = " if game == "pairs" else ""


def rounds(game: Game, count: int, seed: int = 0) -> list[Round]:
    """Draw `count` rounds, the same for the same seed; the words of each are drawn anew.

    Raises:
        ValueError: there is no such game.
    """
    if game not in GAMES:
        raise ValueError(f"no game is called {game!r}: choose one of {', '.join(GAMES)}")
    make = {"list": _list, "pairs": _pairs, "kinds": _kinds}[game]
    rng = Random(f"in context {game} {seed}")
    return [make(rng) for _ in range(count)]


def chance(game: Game) -> float:
    """Return the accuracy of guessing."""
    return 1 / (2 if game == "kinds" else OPTIONS)


def best(game: Game, count: int) -> float | None:
    """Return the best possible accuracy with perfect memory of the examples; None where a rule has to be inferred."""
    if game == "list":
        return 1.0 if count else chance(game)
    return min(1.0, (count + 1) / OPTIONS) if game == "pairs" else None


@torch.inference_mode()
def weigh(lm: LanguageModel, prompt: str, options: Sequence[str]) -> Tensor:
    """Compute each option's probability after the prompt, normalized over all options: (C,).

    Raises:
        ValueError: fewer than two options, or two that are the same.  ContextTooLong: more tokens than the context.
    """
    if len(set(options)) < max(2, len(options)):
        raise ValueError("give at least two different answers to choose from")
    rows = [lm.encode(f"{prompt} {option}") for option in options]
    same = next(
        at for at in range(max(map(len, rows)) + 1) if len({tuple(row[: at + 1]) for row in rows}) > 1
    )
    longest = max(map(len, rows))
    ids = torch.tensor(
        [row + [0] * (longest - len(row)) for row in rows], device=lm.device
    )  # padding comes after
    logs = lm.transformer(ids).float().log_softmax(-1)  # (C, T, V)
    said = logs[:, :-1].gather(2, ids[:, 1:, None])[..., 0]  # (C, T - 1)
    sums = torch.stack([line[same - 1 : len(row) - 1].sum() for line, row in zip(said, rows)])
    return sums.softmax(0)


def right(lm: LanguageModel, played: Round, count: int) -> float:
    """Compute the accuracy on a round's questions with `count` examples in the prompt."""
    answers = [weigh(lm, played.prompt(one, count), one.options).argmax().item() for one in played.questions]
    return sum(said == one.right for said, one in zip(answers, played.questions)) / len(answers)


def learn(
    lm: LanguageModel, game: Game, examples: Sequence[str], steps: int = STEPS, rate: float = RATE
) -> LanguageModel:
    """Train a copy of the model on the examples: `steps` steps of AdamW on all weights, all examples in each.

    Duplicate examples count once, as all are read in every step. Without examples it is the model
    itself.
    """
    if not examples:
        return lm
    without_compiler()
    rows = [lm.encode(opening(game) + example) for example in dict.fromkeys(examples)]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=lm.device)  # (N, T)
    goal = torch.tensor([row + [-100] * (longest - len(row)) for row in rows], device=lm.device)
    model = copy.deepcopy(lm.transformer)
    assert isinstance(model, Transformer)
    for weight in model.parameters():
        weight.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    for _ in range(steps):
        said: Tensor = model(ids)[:, :-1]
        loss = F.cross_entropy(said.flatten(0, 1), goal[:, 1:].flatten(), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for weight in model.parameters():
        weight.requires_grad_(False)
    return LanguageModel(model.eval(), lm.tokenizer, f"{lm.name}, learned")


def by_steps(lm: LanguageModel, played: Round, count: int, steps: int = STEPS, rate: float = RATE) -> float:
    """Compute the accuracy without a prompt, after training on the first `count` examples."""
    return right(learn(lm, played.game, played.examples[:count], steps, rate), played, 0)


def exchanged(played: Round) -> Round:
    """Tell each word of a round of pairs another word's partner; the questions keep their answers.

    A control: who answers from the prompt now names the partner that is told, and is wrong.
    """
    partners = played.questions[0].options
    told = {
        f"{one.text} {partners[one.right]})": f"{one.text} {partners[(one.right + 1) % len(partners)]})"
        for one in played.questions
    }
    return replace(played, examples=tuple(told[example] for example in played.examples))


def _list(rng: Random) -> Round:
    names = rng.sample(_names(), LONG)
    asked = [
        Asked(f"{', '.join(names[: at + 1])},", tuple(names[at + 1 : at + 1 + OPTIONS]), 0)
        for at in range(LONG - OPTIONS)
    ]
    return Round("list", (f"{', '.join(names)}.",) * max(COUNTS), tuple(_mixed(one, rng) for one in asked))


def _pairs(rng: Random) -> Round:
    words = rng.sample(_words(), 2 * OPTIONS)
    keys, partners = words[:OPTIONS], words[OPTIONS:]
    order = [at for _ in range(0, max(COUNTS), OPTIONS) for at in rng.sample(range(OPTIONS), OPTIONS)]
    asked = tuple(Asked(f"({key}", tuple(partners), at) for at, key in enumerate(keys))
    return Round("pairs", tuple(f"({keys[at]} {partners[at]})" for at in order), asked)


def _kinds(rng: Random) -> Round:
    from core.data.toyland.words import THINGS

    things = [word for kind in THINGS.values() for word, _, _ in kind]
    several = max(COUNTS) // 2
    both = (rng.sample(_names(), several + OPTIONS), rng.sample(things, several + OPTIONS))
    shown, order = [], [kind for _ in range(several) for kind in rng.sample((0, 1), 2)]
    for at, kind in enumerate(order):
        shown.append(f"{both[kind][order[:at].count(kind)]}, {LABELS[kind]}.")
    asked = tuple(Asked(f"{word},", LABELS, kind) for kind in (0, 1) for word in both[kind][several:])
    return Round("kinds", tuple(shown), asked)


def _mixed(asked: Asked, rng: Random) -> Asked:
    """Shuffle a question's options."""
    order = rng.sample(range(len(asked.options)), len(asked.options))
    return Asked(asked.text, tuple(asked.options[at] for at in order), order.index(asked.right))


def _names() -> list[str]:
    from core.data.toyland.words import HE_NAMES, SHE_NAMES

    return [*SHE_NAMES, *HE_NAMES]


def _words() -> tuple[str, ...]:
    """Choose words of Python's library that are one token each for code-gpt, so that all are equally easy to
    predict."""
    return (
        "name", "file", "code", "value", "other", "key", "line", "data", "result", "node", "path", "type", "text",
        "time", "item", "object", "input", "stream", "index", "event", "message", "context", "string", "frame",
        "default", "option", "size", "method", "start", "parent", "widget", "mode", "module", "state", "format",
        "base", "entry", "source", "header", "token", "root", "socket", "date", "level", "current", "address",
        "count", "prefix", "parser", "error", "command", "host",
    )  # fmt: skip
