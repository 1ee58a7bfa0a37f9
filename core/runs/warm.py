"""What a worker does before its first run, so that a learner does not wait for it: import torch, take a few steps."""

from __future__ import annotations


def warm() -> None:
    """Import everything that training needs and train the smallest model for two steps (nothing is stored)."""
    import torch

    from core.runs.loop import moment
    from core.training.spec import TrainSpec
    from core.training.trainer import Trainer

    torch.set_num_threads(1)
    trainer = Trainer(TrainSpec(model="gpt-nano", corpus="tales", steps=2, batch_tokens=256, vocab_size=300))
    for _ in range(2):
        trainer.step()
    moment(trainer)
    trainer.state().to_bytes()
