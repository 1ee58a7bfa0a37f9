"""Arrays as JSON, for the browser."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt


def pack(array: npt.ArrayLike) -> dict[str, Any]:
    """Encode an array for a component: {"b64", "dtype", "shape"}, little-endian; `unpack` in glass.js decodes it.

    uint8 stays ("u8"), everything else becomes float32 ("f32"). Bytes in a dict would arrive as their Python repr.
    """
    import numpy as np

    values = np.ascontiguousarray(array)
    kind = "u8" if values.dtype == np.uint8 else "f32"
    raw = values.astype("u1" if kind == "u8" else "<f4").tobytes()
    return {"b64": base64.b64encode(raw).decode("ascii"), "dtype": kind, "shape": list(values.shape)}


def unpack(packed: dict[str, Any]) -> npt.NDArray[Any]:
    """Decode an array that `pack` encoded."""
    import numpy as np

    raw = base64.b64decode(packed["b64"])
    return np.frombuffer(raw, "u1" if packed["dtype"] == "u8" else "<f4").reshape(packed["shape"])
