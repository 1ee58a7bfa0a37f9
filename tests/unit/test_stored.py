"""What a GGUF file says of its weights: bits by its own sizes, and blocks taken apart against `gguf`'s unpacking."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType

from core import real
from core.checkpoints.gguf_file import GgufFile
from core.efficiency.gguf_contents import block, contents
from tests import gguf_files
from tests.real import FOLDER

KINDS = ("Q4_0", "Q4_1", "Q8_0")


@pytest.mark.parametrize("kind", KINDS)
def test_a_block_on_its_grid_is_what_gguf_unpacks(kind: str, tmp_path: Path) -> None:
    path = gguf_files.write(tmp_path / "one.gguf", gguf_files.a_model(), kind)
    held, file = contents(path), GgufFile(path)
    name = "blk.1.ffn_down.weight"
    whole = file.read(name).numpy()
    of = block(held, name, 0).of
    for number in (0, 1, of // 2, of - 1):
        one = block(held, name, number)
        assert (one.kind, one.of) == (kind, whole.size // 32)
        unpacked = whole[one.row, one.first : one.first + 32]
        np.testing.assert_array_equal(one.values, unpacked)
        on_grid = [one.grid[code - one.low] for code in one.codes]
        np.testing.assert_allclose(on_grid, unpacked, rtol=1e-6, atol=1e-7)
        assert len(one.grid) == 2**one.bits and len(set(one.codes)) > 4
        np.testing.assert_allclose(np.diff(one.grid), one.scale, rtol=1e-3)
    for wrong in (-1, of):
        with pytest.raises(ValueError, match="counted from 0"):
            block(held, name, wrong)
    with pytest.raises(ValueError, match="has no tensor"):
        block(held, "blk.0.attn_norm.weight", 0)


@pytest.mark.full(reason="takes 4 s")
def test_bits_are_counted_from_the_files_own_tensors() -> None:
    """The published model against the format's own reader: every tensor in one part, all bytes told."""
    path = FOLDER / real.BY_NAME["SmolLM2-135M"].weights
    held, reader = contents(path), gguf.GGUFReader(path)
    assert held.size == path.stat().st_size
    assert held.weights == sum(int(one.n_elements) for one in reader.tensors)
    assert held.bytes == sum(int(one.n_bytes) for one in reader.tensors)
    by_kind = {one.kind: 0 for one in held.shares}
    for one in reader.tensors:
        by_kind[GGMLQuantizationType(one.tensor_type).name] += int(one.n_bytes)
    assert by_kind == {kind: sum(s.bytes for s in held.shares if s.kind == kind) for kind in by_kind}
    told = {one.part: (one.kind, one.bits) for one in held.shares}
    assert told == {
        "MLPs": ("Q4_1", 5.0), "attention": ("Q4_1", 5.0), "token table": ("Q8_0", 8.5),
        "norms and biases": ("F32", 32.0),
    }  # fmt: skip
    assert held.fewest.bits == 5.0 and 5.7 < held.bits < 5.8
