"""Training: a step beside two other libraries', and the fast recipe beside the plain one to the same loss.

GLASSBOX_BENCH_CORPUS names the text of the second: a file of characters, whose last tenth is held out. Without it, the
fables are read, which are too short for a loss to aim at; the table says which text it was.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from torch import nn

from core.data.corpora import FABLES
from core.data.pool import Given
from core.memory import keep_freed_memory
from core.precision import Chosen, products
from core.training import Trainer, recipes
from core.training.loss import next_token_loss
from pages.lab.presets import default
from scripts.measure_recipe import CORPUS, GOAL, PLAIN_STEPS, by_characters, held_out_loss
from tests.benchmarks import pair
from tests.benchmarks.plain_torch import PlainGPT

VOCABULARY, CONTEXT, ROWS = 65, 64, 12
SEEDS = (0, 1, 2)
NEAR = 0.025  # nats: the plain recipe's steps are as many as take it there
PRECISIONS: tuple[Chosen, ...] = ("float32", "bfloat16")
# How many times as long as the fast recipe the plain one takes: the steps alone, and everything counted.
LEAST: dict[Chosen, tuple[float, float]] = {"float32": (10.0, 9.0), "bfloat16": (20.0, 18.0)}
DEFAULT_S: dict[Chosen, float] = {"float32": 20.0, "bfloat16": 10.0}
HUGGING_FACE, TORCH = "transformers GPT2LMHeadModel", "torch plain, as in a textbook"
WHOLE = "glassbox, with new rows and the length of the move"
FAST, PLAIN = "fast recipe", "plain recipe"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As a worker trains: one thread, and freed memory stays."""
    torch.set_num_threads(1)
    keep_freed_memory()


def stepping(model: nn.Module, loss: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], float]:
    """A step of the plain recipe as one writes it: the gradient, clipped, and fused AdamW."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, fused=True
    )
    rows = torch.randint(VOCABULARY, (ROWS, CONTEXT + 1), generator=torch.Generator().manual_seed(0))

    def step() -> float:
        value = loss(rows)
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return value.item()

    return step


def test_a_step_of_the_plain_model(report: Callable[[pair.Comparison], None]) -> None:
    ids = torch.randint(VOCABULARY, (100_000,), generator=torch.Generator().manual_seed(1)).numpy()
    tokenizer = by_characters("".join(map(chr, range(33, 33 + VOCABULARY - 3))), "characters").tokenizer
    assert len(tokenizer) == VOCABULARY
    spec = recipes.plain(steps=100_000, context=CONTEXT, device="cpu")
    trainer = Trainer(spec, tokenizer=tokenizer, source=Given(ids, ids[:1000]))
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            n_layer=4,
            n_head=4,
            n_embd=128,
            vocab_size=VOCABULARY,
            n_positions=CONTEXT,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=0,
            eos_token_id=0,
        )
    ).train()
    book = PlainGPT(4, 128, 4, VOCABULARY, CONTEXT)
    sizes = {sum(weight.numel() for weight in model.parameters()) for model in (trainer.model, theirs, book)}
    assert sizes == {809_856}

    def hugging_face_loss(rows: torch.Tensor) -> torch.Tensor:
        loss: torch.Tensor = theirs(input_ids=rows[:, :-1], labels=rows[:, :-1]).loss
        return loss

    optimizer, same = trainer.optimizer, trainer.pool.batch(1)

    def ours() -> float:
        loss = next_token_loss(optimizer.working.train(), same)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step(0.1, watch=False)
        return loss.item()

    ways = {
        "glassbox": ours,
        HUGGING_FACE: stepping(theirs, hugging_face_loss),
        TORCH: stepping(book, book.loss),
        WHOLE: lambda: trainer.step().loss,
    }
    assert all(way() == pytest.approx(math.log(VOCABULARY), abs=1.0) for way in ways.values())
    comparison = pair.compare(
        f"a training step, GPT-2 shape, 0.8M, {ROWS} x {CONTEXT} characters",
        ways,
        peers=("transformers",),
        rounds=60,
        least={HUGGING_FACE: 1.0, TORCH: 1.0},
    )
    report(comparison)
    assert comparison.missed == {}


def slow(precision: Chosen) -> bool:
    """Whether this machine computes in that precision by detours only: then steps are timed, not whole runs."""
    return precision == "bfloat16" and products().quicker == "float32"


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_fast_recipe_and_the_plain_one(
    precision: Chosen, report: Callable[[pair.Comparison | pair.Figure], None]
) -> None:
    named = os.environ.get(CORPUS)
    path = Path(named) if named else FABLES
    raw = path.read_text(encoding="utf-8")
    fast = f"{FAST}, {precision}"
    if slow(precision):
        report(steps_alone(raw, path.stem, precision, fast))
        return
    steps: dict[str, list[float]] = {fast: [], PLAIN: []}
    everything: dict[str, list[float]] = {fast: [], PLAIN: []}
    losses: dict[str, list[float]] = {fast: [], PLAIN: []}
    for seed in SEEDS:
        specs = {
            fast: recipes.fast(seed=seed, device="cpu", precision=precision),
            PLAIN: recipes.plain(steps=PLAIN_STEPS, seed=seed, device="cpu"),
        }
        prepared, trainers = {}, {}
        for name, spec in specs.items():
            began = time.perf_counter()
            text = by_characters(raw, path.stem)
            trainers[name] = text.trainer(spec)
            prepared[name] = time.perf_counter() - began
        # In turns, so that both meet the machine in the same moods: so many plain steps, then a fast one.
        spent = {fast: 0.0, PLAIN: 0.0}
        while not all(trainer.done for trainer in trainers.values()):
            for name, count in ((PLAIN, math.ceil(PLAIN_STEPS / specs[fast].steps)), (fast, 1)):
                began = time.perf_counter()
                for _ in range(count):
                    if not trainers[name].done:
                        trainers[name].step()
                spent[name] += time.perf_counter() - began
        for name, trainer in trainers.items():
            steps[name].append(trainer.seconds)
            everything[name].append(prepared[name] + spent[name])
            losses[name].append(held_out_loss(trainer.model, text.held_out))
    where = f"{len(raw):,} characters of {path.stem}"
    least, in_all = LEAST[precision]
    for title, seconds, figure in (
        (f"training in {precision}, the steps alone, {where}", steps, least),
        (f"training in {precision}, eager, everything counted, {where}", everything, in_all),
    ):
        report(pair.Comparison(title, seconds, pair.versions(), None, {PLAIN: figure}))
    if not named:
        print(f"  (name a longer text in {CORPUS} for a loss to aim at)")
        assert max(losses[fast]) < math.log(VOCABULARY) - 1.5
        return
    report(pair.Figure(f"{fast}: held-out loss, {where}", losses[fast], GOAL, "nats"))
    report(
        pair.Figure(
            f"{PLAIN}, beside {precision}: held-out loss, {where}", losses[PLAIN], GOAL + NEAR, "nats"
        )
    )
    # A plain recipe that ended far from the goal would be one of the wrong length to be compared with.
    assert all(abs(loss - GOAL) < NEAR for loss in losses[PLAIN])
    assert max(losses[fast]) <= GOAL
    assert pair.Comparison("", steps, {}, None, {PLAIN: least}).missed == {}
    assert pair.Comparison("", everything, {}, None, {PLAIN: in_all}).missed == {}


def steps_alone(raw: str, name: str, precision: Chosen, fast: str) -> pair.Comparison:
    """Some steps of the fast recipe where they are slow, beside as many in float32: no figure is asked of them."""
    text = by_characters(raw, name)
    ways = {
        fast: text.trainer(recipes.fast(device="cpu", precision=precision)),
        f"{FAST}, float32": text.trainer(recipes.fast(device="cpu", precision="float32")),
    }
    seconds: dict[str, list[float]] = {title: [] for title in ways}
    for turn in range(6):
        for title, trainer in ways.items():
            before = trainer.seconds
            trainer.step()
            if turn:
                seconds[title].append(trainer.seconds - before)
    return pair.Comparison(f"a step, where products in {precision} are slow", seconds, pair.versions())


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_default_run_of_the_lab(precision: Chosen, report: Callable[[pair.Figure], None]) -> None:
    """What Start trains when nothing was chosen, on one thread: seconds of the processor."""
    if slow(precision):
        return
    trainer = Trainer(default().replace(precision=precision, device="cpu"))
    began = time.process_time()
    losses = [point.loss for point in trainer.run()]
    spent = time.process_time() - began
    assert losses[-1] < 0.6 * losses[0]
    figure = pair.Figure(
        f"the Training lab's default run, {precision}: seconds of one core",
        [spent],
        DEFAULT_S[precision],
        "s",
    )
    report(figure)
    assert figure.reached
