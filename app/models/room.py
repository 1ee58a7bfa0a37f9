"""Memory limits for models and results: the bytes that they may take on this server, and those free.

No Streamlit in here.
"""

from __future__ import annotations

import os

from core import server_process

VARIABLE = "GLASSBOX_MODELS_MB"
SHARE = 0.5  # of the memory, where the operator says nothing
UNKNOWN = 4 * 2**30  # bytes, where the system does not say how much memory it has either
LEAST = 64 * 2**20  # bytes; the bundled models fit
RESULTS_VARIABLE = "GLASSBOX_RESULTS_MB"
RESULTS = (
    160 * 2**20
)  # bytes, where the operator says nothing: three passes through GPT-2 and what follows from them


def allowed() -> int:
    """Return the bytes that open models may take together: GLASSBOX_MODELS_MB, or half of their device's memory.

    A value that is no number of megabytes counts as not given. Several server processes have equal shares of it.
    """
    said, processes = _said(VARIABLE), server_process.count()
    if said is not None:
        return max(LEAST, said // processes)
    whole = _whole()
    return UNKNOWN if whole is None else max(LEAST, int(whole * SHARE) // processes)


def results() -> int:
    """Return the bytes that results may take together: GLASSBOX_RESULTS_MB, or 160 MB."""
    said = _said(RESULTS_VARIABLE)
    return RESULTS if said is None else said


def _said(variable: str) -> int | None:
    """Read a size in megabytes from an environment variable, in bytes; None: not set."""
    said = os.environ.get(variable, "").strip()
    return int(said) * 10**6 if said.isascii() and said.isdigit() else None


def free() -> int | None:
    """Return the bytes that can still be allocated on the models' device; None where the system does not say."""
    from core.checkpoints.files import memory_left
    from core.device import best_device

    return memory_left(best_device())


def _whole() -> int | None:
    import torch

    from core.device import best_device
    from core.memory import total

    device = best_device()
    return int(torch.cuda.get_device_properties(device).total_memory) if device.type == "cuda" else total()


def written(size: float) -> str:
    """Format bytes for a person: 4.5 MB, 513 MB, 6.40 GB."""
    if size < 1e6:
        return f"{size / 1e3:,.0f} kB"
    if size < 1e9:
        return f"{size / 1e6:.1f} MB" if size < 1e7 else f"{size / 1e6:,.0f} MB"
    return f"{size / 1e9:,.2f} GB"
