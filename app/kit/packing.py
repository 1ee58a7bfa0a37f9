"""Arrays as JSON, for the browser."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]

SHARES = 65535  # steps between 0 and 1
TYPES = {"f32": "<f4", "u8": "u1", "f16": "<f2", "n16": "<u2"}


def pack(array: npt.ArrayLike) -> dict[str, Any]:
    """Encode an array for a component: {"b64", "dtype", "shape"}, little-endian; `unpack` in shapes.js decodes it.

    uint8 stays ("u8"), everything else becomes float32 ("f32"). Bytes in a dict would arrive as their Python repr.
    """
    import numpy as np

    values = np.ascontiguousarray(array)
    kind = "u8" if values.dtype == np.uint8 else "f32"
    return _packed(values, kind, values.shape)


def _packed(values: Array, kind: str, shape: Sequence[int]) -> dict[str, Any]:
    raw = values.astype(TYPES[kind]).tobytes()
    return {"b64": base64.b64encode(raw).decode("ascii"), "dtype": kind, "shape": list(shape)}


def unpack(packed: Mapping[str, Any]) -> Array:
    """Decode an array that `pack` or `narrowed` encoded."""
    import numpy as np

    kind, shape = packed["dtype"], packed["shape"]
    stored = np.frombuffer(base64.b64decode(packed["b64"]), TYPES[kind])
    if kind in ("f16", "n16"):
        stored = _opened(stored, kind)
    if packed.get("triangle"):
        whole = np.zeros((*shape[:-2], shape[-2], shape[-1]), np.float32)
        whole[..., *np.tril_indices(shape[-1])] = stored.reshape(*shape[:-2], -1)
        return whole
    return stored.reshape(shape)


def _opened(stored: Array, kind: str) -> Array:
    """Return stored numbers as the float32 that a browser makes of them."""
    import numpy as np

    return (stored.astype(np.float64) / SHARES if kind == "n16" else stored).astype(np.float32)


def narrowed(data: Mapping[str, Any], digits: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Encode parts of a picture's data in half the bits, where all that the picture writes stays the same.

    Shares between 0 and 1 become 16-bit fractions, other numbers float16. A triangle of zeros, what a causal mask
    leaves, is left out. An array that does not fit stays float32.

    Args:
        digits: path of an array, "own.pattern" -> the numbers of decimals with which the picture writes its values.
    """
    found = dict(data)
    for path, written in digits.items():
        first, _, rest = path.partition(".")
        part = found.get(first)
        if part is not None:
            found[first] = narrowed(part, {rest: written}) if rest else _narrow(part, written)
    return found


def _narrow(packed: dict[str, Any], digits: Sequence[int]) -> dict[str, Any]:
    import numpy as np

    values = unpack(packed)
    share = values.size > 0 and values.min() >= 0 and values.max() <= 1
    kind = "n16" if share else "f16"
    with np.errstate(over="ignore"):  # too large for float16: infinite, and so not written the same
        coarse = (
            np.rint(values.astype(np.float64) * SHARES).astype(np.uint16)
            if share
            else values.astype(np.float16)
        )
    coarse = _nearest(values, coarse, kind, digits)
    opened = _opened(coarse, kind)
    same = all((_written(opened, n) == _written(values, n)).all() for n in digits)
    if not same or (
        share and (opened.argmax(-1) != values.argmax(-1)).any()
    ):  # a picture names the largest share
        return packed
    shape = values.shape
    if len(shape) > 1 and shape[-1] == shape[-2] and not np.triu(values, 1).any():
        return _packed(coarse[..., *np.tril_indices(shape[-1])], kind, shape) | {"triangle": True}
    return _packed(coarse, kind, shape)


def _nearest(values: Array, coarse: Array, kind: str, digits: Sequence[int]) -> Array:
    """Move numbers that would be written differently by one step, and a row's largest share above its ties."""
    import numpy as np

    def steps(array: Array, up: bool) -> Array:
        if kind == "f16":
            return np.nextafter(array, np.float16(np.inf if up else -np.inf))
        return np.clip(array.astype(np.int64) + (1 if up else -1), 0, SHARES).astype(np.uint16)

    for n in digits:
        now, want = _written(_opened(coarse, kind), n), _written(values, n)
        coarse = np.where(now < want, steps(coarse, True), np.where(now > want, steps(coarse, False), coarse))
    if kind == "f16":
        return coarse
    largest = values.argmax(-1)[..., None]
    ties = coarse.argmax(-1)[..., None] != largest
    raised = np.where(
        ties, steps(coarse.max(-1, keepdims=True), True), np.take_along_axis(coarse, largest, -1)
    )
    np.put_along_axis(coarse, largest, raised, -1)
    return coarse


def _written(values: Array, digits: int) -> Array:
    """Return values times 10^digits as JavaScript's toFixed rounds them: halves away from zero, exactly for float32."""
    import numpy as np

    exact = values.astype(np.float64)
    whole: np.ndarray[Any, Any] = np.sign(exact) * np.floor(np.abs(exact) * 10**digits + 0.5)
    return whole
