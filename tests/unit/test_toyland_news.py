"""News of Toyland: what is good or bad is what somebody then feels because of it, and the feeling is not told."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from core.data.toyland import combinations, story
from core.data.toyland.causes import happenings
from core.data.toyland.dials import Dials
from core.data.toyland.news import FEELINGS, News, news
from tests import toyland


@pytest.fixture(scope="module")
def train() -> list[News]:
    return list(islice(news(5), 2000))


@pytest.mark.full(reason="takes a second")
def test_the_text_of_a_seed_stays_what_it_is() -> None:
    """Models were trained on it."""
    for split, known in (("train", "c700c2dad9e9d448"), ("held_out", "13f5b9e306a54d4d")):
        assert toyland.digest(f"{one.text}{one.good}" for one in news(1, split)) == known  # type: ignore[arg-type]


@pytest.mark.full(reason="takes more than a second")
def test_what_happens_causes_the_feeling_and_the_feeling_is_told_later(train: list[News]) -> None:
    for one in train[:300]:
        told = story(one.story_seed, None, "train")
        texts = [sentence.text for sentence in told.sentences]
        second = next(at for at in range(1, len(texts)) if f"{texts[at - 1]} {texts[at]}" == one.text)
        events = happenings(told)
        because = {
            happening.kind
            for happening, at in events
            if happening.kind in FEELINGS
            and happening.cause is not None
            and events[happening.cause][1] == second
            and at > second
        }
        assert because == set(one.feelings) != set()
        assert {FEELINGS[feeling] for feeling in because} == {one.good}
        assert one.kind not in FEELINGS
        assert any(happening.kind == one.kind for happening in told.sentences[second].events)


@pytest.mark.full(reason="takes a second")
def test_good_and_bad_are_about_as_common_and_few_are_alike(train: list[News]) -> None:
    assert 0.4 < sum(one.good for one in train) / len(train) < 0.6
    assert len({one.text for one in train}) > 0.99 * len(train)
    kinds = Counter(one.kind for one in train)
    assert len(kinds) > 25
    assert max(kinds.values()) < 0.3 * len(train)


def test_held_out_texts_show_a_combination_that_training_never_does(train: list[News]) -> None:
    def shows(one: News, split: str) -> bool:
        told = story(one.story_seed, None, split)  # type: ignore[arg-type]
        return bool(combinations(told.entities, one.text, Dials()))

    assert not any(shows(one, "train") for one in train[:300])
    out = list(islice(news(5, "held_out"), 100))
    assert all(shows(one, "held_out") for one in out)
    assert not {one.text for one in out} & {one.text for one in train}


def test_an_unknown_split_is_refused_at_the_call() -> None:
    with pytest.raises(ValueError, match="no split is called 'test': choose one of train, held_out, any"):
        news(0, "test")  # type: ignore[arg-type]
