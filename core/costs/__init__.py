"""Costs of a model and its use, before anything is built: weights, operations, memory, time.

`weights` and `operations` count part by part, `activations` a training step's saved tensors, `memory` what fits on a
card, `roofline` whether compute or memory bandwidth is the bottleneck, `schedule` the hours and the energy of a
training. The cost of this project's runs is in `core.training.estimates`; `core.training.measuring` measures the same
quantities on this machine.
"""

from core.costs.cache import cache_bytes
from core.costs.operations import flops_by_part, flops_per_token, row_flops
from core.costs.weights import parameters, parameters_by_part

__all__ = [
    "cache_bytes", "flops_by_part", "flops_per_token", "parameters", "parameters_by_part", "row_flops",
]  # fmt: skip
