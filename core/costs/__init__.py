"""What a model, its training and its use cost, before anything is built: weights, operations, memory, time.

`weights` and `operations` count part by part, `activations` what a training step keeps, `memory` what fits on a card,
`roofline` whether computing or memory sets the pace, `schedule` the hours and the energy of a training; `running` is
about this project's own training runs, `measuring` sets this machine's numbers beside the formulas.
"""

from core.costs.cache import cache_bytes
from core.costs.operations import flops_by_part, flops_per_token, row_flops
from core.costs.pace import Rate, measured_rate
from core.costs.running import Estimate, estimate, steps_seconds, training_bytes
from core.costs.weights import parameters, parameters_by_part

__all__ = [
    "Estimate", "Rate", "cache_bytes", "estimate", "flops_by_part", "flops_per_token", "measured_rate", "parameters",
    "parameters_by_part", "row_flops", "steps_seconds", "training_bytes",
]  # fmt: skip
