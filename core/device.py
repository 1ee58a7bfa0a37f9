"""The default device for computation."""

import torch


def best_device() -> torch.device:
    """Return cuda if available, then mps, then cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
