"""Where to compute."""

import torch


def best_device() -> torch.device:
    """cuda where there is one, then mps, then cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
