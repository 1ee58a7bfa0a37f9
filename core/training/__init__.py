"""Training of small models: the spec of a run (`TrainSpec`) and the loop that yields its curve (`train`)."""

from core.diverged import Diverged
from core.training.loss import next_token_loss
from core.training.points import Point
from core.training.spec import TrainSpec
from core.training.state import State
from core.training.trainer import Trainer, train

__all__ = ["Diverged", "Point", "State", "TrainSpec", "Trainer", "next_token_loss", "train"]
