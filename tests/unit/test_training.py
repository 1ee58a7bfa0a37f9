"""Training: the spec's checks, the same curve from the same seed, and a loss that falls on text it has not seen."""

import math

import pytest
import torch

import core
from core.config import preset
from core.model.initial import initialise
from core.model.transformer import build
from core.training import Trainer, next_token_loss

SHORT = {"model": "gpt-nano", "corpus": "fables", "batch_tokens": 256, "context": 32, "vocab_size": 300}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"model": "gpt-huge"}, "gpt-nano"),
        ({"steps": 0}, "steps=0"),
        ({"context": 4096}, "context=4096"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"vocab_size": 12}, "vocab_size=12"),
    ],
)
def test_a_spec_that_cannot_run_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        core.TrainSpec(**wrong)


def test_the_face_yields_a_point_a_step():
    points = list(core.train(core.TrainSpec(**SHORT, steps=3)))
    assert [point.step for point in points] == [1, 2, 3]
    assert points[0].loss == pytest.approx(math.log(300), abs=0.2)
    assert points[-1].held_out is not None
    assert points[0].held_out is None
    assert points[-1].learning_rate < points[0].learning_rate


def test_the_same_seed_gives_the_same_curve_and_leaves_the_global_state_alone():
    before = torch.get_rng_state()
    first, second, other = (
        [point.loss for point in core.train(core.TrainSpec(**SHORT, steps=4, seed=seed))]
        for seed in (3, 3, 4)
    )
    assert first == second != other
    assert torch.equal(before, torch.get_rng_state())


def test_the_held_out_loss_falls():
    trainer = Trainer(core.TrainSpec(**SHORT, steps=60))
    start = trainer.held_out_loss()
    *_, last = trainer.run()
    assert last.held_out < start - 1.5
    text = last.model.generate("The", max_new_tokens=5).text
    assert isinstance(text, str)
    assert text


def test_a_point_is_left_without_anything_active():
    run = core.train(core.TrainSpec(**SHORT, steps=3))
    with core.recording() as seen:
        next(run)
    model = next(run).model
    seen.clear()
    model.transformer(torch.zeros(1, 4, dtype=torch.long))
    assert not seen


def test_the_loss_is_torchs_cross_entropy_of_the_shifted_tokens():
    config = preset("gpt2-nano", d_vocab=50)
    model = build(config)
    initialise(model, config, spread=0.2)
    rows = torch.randint(50, (3, 9), generator=torch.Generator().manual_seed(0))
    logits = model(rows[:, :-1])
    expected = [-logits[b, t].log_softmax(0)[rows[b, t + 1]] for b in range(3) for t in range(8)]
    assert torch.allclose(next_token_loss(model, rows), torch.stack(expected).mean(), atol=1e-5)
