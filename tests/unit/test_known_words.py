"""The words of Toyland: every word that its generators write is known, and words from elsewhere are not."""

from __future__ import annotations

from itertools import islice

import pytest

from core.analysis.heads.cross_reading import is_mark, word_spans
from core.analysis.tasks.known_words import unknown, vocabulary
from core.data.tasks import TASKS
from core.data.toyland import stories


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=1)
@pytest.mark.parametrize("split", ["train", "held_out"])
@pytest.mark.parametrize("name", TASKS)
def test_whatever_is_generated_is_known(name, split):
    count = 60 if name == "summarize" else 400
    first = len(TASKS[name].prefix)
    for pair in islice(TASKS[name].pairs(12, split), count):
        source = pair.source.replace(" context: ", " ") if name == "question" else pair.source
        assert unknown(source, name, first) == [], source


def test_stories_are_known():
    for story in islice(stories(4), 60):
        assert unknown(story.text, "tales") == []


@pytest.mark.full(reason="takes a second")
def test_most_known_words_are_told():
    told: set[str] = set()
    for pair in islice(TASKS["translate"].pairs(13, "train"), 2500):
        source = pair.source
        told.update(source[a:b].lower() for a, b in word_spans(source, len(TASKS["translate"].prefix)))
    told = {word for word in told if not is_mark(word)}
    assert len(told & vocabulary("translate")) > 0.6 * len(vocabulary("translate"))


@pytest.mark.full(reason="takes a second")
def test_words_from_elsewhere_are_not():
    text = "The elephant saw a computer and Nora's red kite, twice-told, in Paris, 3 times. The elephant!"
    for name in [*TASKS, "tales"]:
        found = unknown(text, name)
        assert found[:2] == ["elephant", "computer"]
        assert {"Paris", "3"} <= set(found)
        assert not {"Nora's", "red", "kite", "The", "saw"} & set(found)
        assert found.count("elephant") == 1
    assert unknown("", "translate") == []
    assert unknown("El perro duerme.", "translate") == ["El", "perro", "duerme"]
    assert unknown("!!! 🦊", "translate") == []


def test_a_review_s_words_are_no_story_s():
    assert vocabulary("sentiment") - vocabulary("translate")
    assert "disappointing" in vocabulary("sentiment") or vocabulary("sentiment") > vocabulary("translate")
