"""Toyland's roads: every place is reached, also around a closed one."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest

from core.data.toyland.roads import NEIGHBOURS, route
from core.data.toyland.state import State
from core.data.toyland.words import PLACES


def test_roads_go_both_ways_and_to_every_place():
    assert set(NEIGHBOURS) == set(PLACES)
    for place, places in NEIGHBOURS.items():
        assert len(places) >= 2, place
        assert place not in places
        assert all(place in NEIGHBOURS[other] for other in places)


def test_a_route_follows_the_roads():
    for start, end in permutations(PLACES, 2):
        way = route(start, end)
        assert (way[0], way[-1]) == (start, end)
        assert all(there in NEIGHBOURS[here] for here, there in pairwise(way))
        assert len(way) == len(route(end, start))


def test_a_route_is_a_shortest_one():
    steps = {(a, b): 1 if b in NEIGHBOURS[a] else 99 for a in PLACES for b in PLACES}
    for middle in PLACES:  # Floyd's way of counting, another than the code's
        for a in PLACES:
            for b in PLACES:
                steps[a, b] = min(steps[a, b], steps[a, middle] + steps[middle, b])
    for start, end in permutations(PLACES, 2):
        assert len(route(start, end)) - 1 == steps[start, end]


@pytest.mark.parametrize("closed", list(PLACES))
def test_one_closed_place_cuts_off_no_other(closed):
    state = State({(closed, "open"): "no"})
    others = [place for place in PLACES if place != closed]
    for other in others:
        assert route(other, closed, state) == ()
        way = route(others[0], other, state)
        assert way
        assert closed not in way


def test_a_route_may_start_at_a_closed_place_and_stay():
    state = State({("mill", "open"): "no"})
    assert route("mill", "mill", state) == ("mill",)
    assert route("mill", "castle", state)[0] == "mill"


def test_an_unknown_place_is_told():
    with pytest.raises(ValueError, match="no place 'moon'"):
        route("mill", "moon")
