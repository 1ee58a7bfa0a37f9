"""Schedules, masking, label smoothing and weight decay against `transformers` and torch."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
import transformers

from core.data.pool import Pool
from core.text.training import MASK, learn
from core.training import Trainer, TrainSpec, objectives
from core.training.objectives import Specials
from core.training.schedule import checkpoint_steps, share

STEPS = 40


def theirs(name, warmup):
    """`transformers`' factor at its steps 0, 1, ..."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    make = {
        "linear": lambda: transformers.get_linear_schedule_with_warmup(optimizer, warmup, STEPS),
        "cosine": lambda: transformers.get_cosine_schedule_with_warmup(optimizer, warmup, STEPS),
        "constant": lambda: transformers.get_constant_schedule_with_warmup(optimizer, warmup),
    }
    schedule = make[name]()
    rates = []
    for _ in range(STEPS):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return rates


@pytest.mark.parametrize("name", ["linear", "cosine", "constant"])
@pytest.mark.parametrize("warmup", [0, 1, 10])
def test_schedules_are_transformers_own(name, warmup):
    spec = TrainSpec(steps=STEPS, schedule=name, warmup=warmup)
    ours = [share(spec, step) for step in range(1, STEPS + 1)]
    expected = theirs(name, warmup)
    # After the rise they are the same; the rise itself is one step ahead, so that no step has the rate 0.
    assert ours[warmup:] == pytest.approx(expected[warmup:], abs=1e-12)
    assert ours[: max(warmup - 1, 0)] == pytest.approx(expected[1:warmup], abs=1e-12)
    assert min(ours) > 0


def test_torchs_linear_schedule_is_the_same():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, STEPS)
    for step in range(1, STEPS + 1):
        assert share(TrainSpec(steps=STEPS), step) == pytest.approx(schedule.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        schedule.step()


def test_the_kept_steps_are_even_in_the_square_root():
    assert checkpoint_steps(TrainSpec(steps=100, checkpoints=6)) == (0, 4, 16, 36, 64, 100)
    assert checkpoint_steps(TrainSpec(steps=3, checkpoints=12)) == (0, 1, 3)
    assert checkpoint_steps(TrainSpec(steps=1, checkpoints=2)) == (0, 1)


def test_masking_has_the_shares_of_transformers_collator():
    tokenizer = learn("words", ["one two three four five six seven eight nine ten"] * 5, 60, [MASK])
    rows = torch.randint(4, len(tokenizer), (300, 40), generator=torch.Generator().manual_seed(0))
    rows[:, 0] = 0
    specials = Specials.of(tokenizer)
    ours = objectives.masked(rows, specials, rate=0.15, generator=torch.Generator().manual_seed(1))
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.raw, bos_token="<s>", mask_token=MASK, unk_token="[UNK]", pad_token="</s>"
    )
    collator = transformers.DataCollatorForLanguageModeling(fast, mlm=True, mlm_probability=0.15, seed=1)
    batch = collator([{"input_ids": row} for row in rows])
    shares = []
    for inputs, targets in ((ours.inputs, ours.targets), (batch["input_ids"], batch["labels"])):
        hidden = targets != -100
        assert torch.equal(targets[hidden], rows[hidden])
        assert torch.equal(inputs[~hidden], rows[~hidden])
        assert not hidden[:, 0].any()
        shares.append(
            [
                hidden.float().mean().item(),
                (inputs[hidden] == specials.mask_id).float().mean().item(),
                (inputs[hidden] == rows[hidden]).float().mean().item(),
            ]
        )
    # 1,800 hidden tokens: a share of a tenth is known to about 0.01.
    assert shares[0] == pytest.approx(shares[1], abs=0.03)


def test_one_step_of_the_plain_recipe_is_torchs():
    spec = TrainSpec(
        model="gpt2-nano",
        corpus="fables",
        vocab_size=300,
        batch_tokens=256,
        context=32,
        optimizer="adamw",
        learning_rate=0.01,
        beta1=0.8,
        beta2=0.95,
        weight_decay=0.3,
        label_smoothing=0.1,
        schedule="cosine",
        steps=3,
        clip=0.05,
        device="cpu",
    )
    mine, other = Trainer(spec), Trainer(spec)
    decayed = [weight for weight in other.model.parameters() if weight.ndim > 1]
    rest = [weight for weight in other.model.parameters() if weight.ndim < 2]
    adamw = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.3}, {"params": rest, "weight_decay": 0.0}],
        lr=0.01,
        betas=(0.8, 0.95),
    )
    schedule = transformers.get_cosine_schedule_with_warmup(adamw, 0, 3)
    for step in range(1, 4):
        point = mine.step()
        assert isinstance(other.pool, Pool)
        rows = other.pool.batch(step)
        logits = other.model(rows[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), label_smoothing=0.1)
        adamw.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(other.model.parameters(), 0.05)
        assert point.loss == pytest.approx(loss.item(), rel=1e-5)
        assert point.gradient_norm == pytest.approx(norm.item(), rel=1e-4)
        assert point.learning_rate == pytest.approx(schedule.get_last_lr()[0])
        adamw.step()
        schedule.step()
        for (name, weight), expected in zip(
            mine.model.named_parameters(), other.model.parameters(), strict=True
        ):
            # Adam's first steps are all about the rate in size, so a hundredth of it is a wrong formula.
            assert torch.allclose(weight, expected, atol=1e-4), name
