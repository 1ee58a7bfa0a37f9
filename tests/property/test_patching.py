"""What holds for every pair of texts: all patched gives 1, nothing 0, and a logit's parts add up to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.analysis.patching.patches import NothingToRecover, Patching, Spot
from core.analysis.patching.sweep import patched
from core.analysis.patching.text_pairs import align, text_pair
from core.analysis.stream.direct_attribution import attribute
from core.language_model import LanguageModel
from tests.heads import PLACES, SHAPES, target_of, tiny

ID = st.integers(4, 250)
IDS = st.lists(ID, min_size=2, max_size=8)


def prepared(lm: LanguageModel, attention: Any, texts: Any, tokens: tuple[int, int]) -> Patching:
    """Both texts of one length, run; a pair whose answers are (nearly) the same is thrown away."""
    clean, corrupted = [one for one, _ in texts], [other for _, other in texts]
    assume(clean != corrupted and tokens[0] != tokens[1])
    pair = text_pair(lm, clean, corrupted, target=target_of(lm))
    found = Patching.of(lm, pair, *tokens, attention=attention)
    assume(abs(found.gap) > 1e-3)
    return found


def everything(found: Patching) -> list[Spot]:
    """The first stream, and whatever is added to it."""
    adds = [site for site in found.sites if site != "stream"]
    return [Spot(0), *(Spot(layer, site) for layer in range(found.layers) for site in adds)]


@pytest.mark.parametrize(("shape", "attention"), PLACES)
@settings(max_examples=6, deadline=None)
@given(st.lists(st.tuples(ID, ID), min_size=2, max_size=7), st.tuples(ID, ID))
def test_all_patched_gives_all_and_nothing_nothing(
    shape: str, attention: str, texts: Any, tokens: tuple[int, int]
) -> None:
    found = prepared(tiny(shape), attention, texts, tokens)
    tolerance = 1e-9 * max(1.0, abs(found.clean), abs(found.corrupted)) / abs(found.gap)
    assert found.together([]) == pytest.approx(0, abs=tolerance)
    assert found.together(everything(found)) == pytest.approx(1, abs=tolerance)
    if attention == "encoder" or found.source is None:  # the whole answer hangs on this stream
        for layer in range(found.layers):
            assert found.together([Spot(layer)]) == pytest.approx(1, abs=tolerance)


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=1)
@pytest.mark.parametrize(("shape", "attention"), PLACES)
@settings(max_examples=3, deadline=None)
@given(st.lists(st.tuples(ID, ID), min_size=2, max_size=5), st.tuples(ID, ID))
def test_every_number_is_one_pass_of_its_own(
    shape: str, attention: str, texts: Any, tokens: tuple[int, int]
) -> None:
    found = prepared(tiny(shape), attention, texts, tokens)
    tolerance = 1e-9 * max(1.0, abs(found.clean), abs(found.corrupted)) / abs(found.gap)
    maps = patched(found)
    for site in found.sites:
        for layer, at in np.ndindex(*maps[site].shape):
            assert maps[site][layer, at] == pytest.approx(
                found.together([Spot(layer, site, at)]), abs=tolerance
            )
    for layer, head in np.ndindex(*maps["head"].shape):
        assert maps["head"][layer, head] == pytest.approx(
            found.together([Spot(layer, head=head)]), abs=tolerance
        )
        for at in range(maps["heads"].shape[2]):
            one = found.together([Spot(layer, position=at, head=head)])
            assert maps["heads"][layer, head, at] == pytest.approx(one, abs=tolerance)


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=8, deadline=None)
@given(IDS, ID, st.one_of(st.none(), ID), st.integers(0, 7))
def test_the_parts_add_up_to_the_logit(
    shape: str, ids: list[int], token: int, against: int | None, row: int
) -> None:
    lm = tiny(shape)
    written = len(lm.batch(ids, target_of(lm))[-1][0])
    found = attribute(lm, ids, token, against, row=row % written, target=target_of(lm))
    assert found.error <= 1e-9 * max(1.0, sum(abs(line.value) for line in found.lines))
    for layer, heads in enumerate(found.heads):
        assert heads.sum() == pytest.approx(found[f"L{layer} attention"], abs=1e-9)
        assert found.neurons[layer].sum() == pytest.approx(found[f"L{layer} mlp"], abs=1e-9)
    swapped = attribute(lm, ids, token, token, row=row % written, target=target_of(lm))
    assert swapped.total == pytest.approx(0, abs=1e-9)


@given(IDS, IDS)
def test_an_alignment_is_one_to_one_in_order_and_keeps_the_last(
    clean: list[int], corrupted: list[int]
) -> None:
    places = align(clean, corrupted)
    kept = [place for place in places if place >= 0]
    assert len(places) == len(corrupted) and kept == sorted(set(kept))
    assert places[-1] == len(clean) - 1
    if len(clean) == len(corrupted):
        assert places == tuple(range(len(clean)))
    else:
        pairs = [(corrupted[at], clean[place]) for at, place in enumerate(places) if place >= 0]
        assert all(one == other for one, other in pairs[:-1])


def test_a_pair_with_one_answer_has_nothing_to_recover() -> None:
    lm = tiny("gpt")
    found = Patching.of(lm, text_pair(lm, [5, 9, 7], [5, 8, 7]), 11, 11)
    with pytest.raises(NothingToRecover, match="same answer"):
        found.by_place("stream", 0)
