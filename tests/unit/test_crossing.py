"""What a tree's rows read of the source: the cross-attention of one full pass over each branch."""

from __future__ import annotations

import numpy as np
import pytest

import core
from core.decoding import crossing
from core.decoding.crossing import crossings, tree_crossing
from core.decoding.tree import Tree, grow
from core.families.writing import crossed
from tests.pairs import translator

SOURCE = "translate English to Spanish: Nora found her kite."


def ways(tree: Tree) -> dict[int, list[int]]:
    """The tokens that lead to each node."""
    found: dict[int, list[int]] = {0: []}
    for node in tree.nodes[1:]:
        found[node.id] = [*found[node.parent], node.token_id]
    return found


@pytest.mark.parametrize("target", ["", "Nora"])
@pytest.mark.parametrize("reader", [None, (1, 0)])
def test_every_computed_node_reads_what_a_pass_over_its_branch_reads(
    target: str, reader: tuple[int, int] | None
) -> None:
    lm = translator()
    tree = grow(lm, SOURCE, depth=4, n_beams=3, seed=1, target=target)
    start: list[int] = lm.batch(SOURCE, target)[1][0].tolist()
    found = tree_crossing(tree, start, lambda texts: crossings(lm, tree.prompt_ids, texts, reader))
    assert found.shape == (len(tree.nexts), len(tree.prompt_ids))
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    for id, way in ways(tree).items():
        if tree.nodes[id].next < 0:
            continue
        pattern = crossed(lm, tree.prompt_ids, [*start, *way])  # (L, H, T', S)
        row = pattern[:, :, -1].mean((0, 1)) if reader is None else pattern[reader[0], reader[1], -1]
        np.testing.assert_allclose(found[tree.nodes[id].next], row, atol=1e-5)


def test_of_too_many_branches_those_on_a_path_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = translator()
    tree = grow(lm, SOURCE, depth=4, n_beams=4, seed=1)
    monkeypatch.setattr(crossing, "MOST", 2)
    found = tree_crossing(tree, [0], lambda texts: crossings(lm, tree.prompt_ids, texts))
    known = ~np.isnan(found).any(1)
    assert 0 < known.sum() < len(found) and known[tree.nodes[0].next]


def test_only_an_encoder_decoder_reads_across() -> None:
    with pytest.raises(ValueError, match="only an encoder-decoder"):
        crossings(core.load("tales-gpt", device="cpu"), [1, 2], ((0,),))
