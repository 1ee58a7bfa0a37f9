"""Training small models: what a run is (`TrainSpec`) and the loop that yields its curve (`train`)."""

from core.training.spec import TrainSpec
from core.training.trainer import Point, Trainer, next_token_loss, train

__all__ = ["Point", "TrainSpec", "Trainer", "next_token_loss", "train"]
