"""Copy scikit-learn's handwritten digits into assets/images/digits.safetensors: `python -m scripts.record_digits`.

The product never imports scikit-learn, and a file of safetensors holds numbers only.
"""

from __future__ import annotations

import torch
from safetensors.torch import save_file

from core.data.digits import FILE


def main() -> None:
    """Write the file: images (1797, 8, 8) and labels (1797,), both uint8."""
    from sklearn.datasets import load_digits

    found = load_digits()
    FILE.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        "images": torch.tensor(found.images).to(torch.uint8).contiguous(),
        "labels": torch.tensor(found.target).to(torch.uint8),
    }
    save_file(tensors, FILE)
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
