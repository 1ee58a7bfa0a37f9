"""What a model and its use cost, before anything is built: weights, operations, memory, time.

`weights` and `operations` count part by part, `activations` what a training step keeps, `memory` what fits on a card,
`roofline` whether computing or memory sets the pace, `schedule` the hours and the energy of a training. What a run of
this project takes is in `core.training.estimates`; `core.training.measuring` sets this machine's numbers beside the
formulas.
"""

from core.costs.cache import cache_bytes
from core.costs.operations import flops_by_part, flops_per_token, row_flops
from core.costs.weights import parameters, parameters_by_part

__all__ = [
    "cache_bytes", "flops_by_part", "flops_per_token", "parameters", "parameters_by_part", "row_flops",
]  # fmt: skip
