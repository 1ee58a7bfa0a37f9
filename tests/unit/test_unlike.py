"""Whether a text is like Toyland’s: the limit is what held-out sentences say, and other texts lie beyond it."""

from __future__ import annotations

import json

import pytest

from core.analysis import unlike
from core.analysis.unlike import likeness
from core.zoo import bundled, card


def test_the_recorded_sample_and_limit_are_what_the_generators_give() -> None:
    found = json.loads(unlike.RECORDED.read_text(encoding="utf-8"))
    assert found["sample"][:20] == unlike.sample()[:20] and len(found["sample"]) == sum(
        unlike.COUNTS.values()
    )
    sentences = unlike.held_out()
    assert len(sentences) == found["sentences"]
    assert unlike.limit_of(unlike.learned(found["sample"]), sentences) == pytest.approx(
        found["limit"], abs=1e-3
    )
    told = [one for one in sentences[::5] if (found_of := likeness(one)) and found_of.unlike]
    assert len(told) <= 0.02 * len(sentences[::5])


@pytest.mark.parametrize(
    "text",
    [
        "This film was great", "I hated the hotel, the food was terrible.", "Der Hund ist im Garten.", "hello",
        "The president signed the treaty on Monday.", "What is the capital of France?", "asdf qwer zxcv",
        "def add(a, b): return a + b", "日本語の文", "🙂" * 20,
    ],
)  # fmt: skip
def test_texts_from_elsewhere_are_unlike(text: str) -> None:
    found = likeness(text)
    assert found is not None and found.unlike


@pytest.mark.parametrize(
    "text",
    [
        "A red ball was lost. She found the red", "Once upon a time, Lily saw a", "She was very sad.",
        "Nora lost her red kite in the storm. She looked for it all day.", "Tim, Lily, Ben, Tim, Lily, Ben,",
        "I thought that the silver boat would be slow, and I was wrong.", "Tim was sad because his boat was gone.",
        "translate English to Spanish: Nora looked under the bench and found her red kite.", "summarize: She was sad.",
        "Jane walked to the mill.\n\nThere the golden key was, under a stone.", "Once upon a time",
    ],
)  # fmt: skip
def test_texts_of_toyland_that_nobody_drew_are_like_it(text: str) -> None:
    found = likeness(text)
    assert found is not None and not found.unlike


def test_an_unknown_word_alone_does_not_decide() -> None:
    known = likeness("There was a film. She was very sad, and her friends helped her to look for it.")
    assert known is not None and not known.unlike, (
        "one word that Toyland lacks, in a sentence that it would say"
    )
    strange = likeness("Was the of under a sad glad he")
    assert strange is not None and strange.unlike, "words that it has, as it never says them"


def test_nothing_is_measured_of_nothing_and_of_models_of_other_texts() -> None:
    assert likeness("") is None and likeness(" \n") is None
    told = {name for name in bundled() if unlike.reads_toyland(card(name))}
    assert told == {"tales-gpt", "tales-bert", "tales-t5"}
    assert not unlike.reads_toyland({}) and not unlike.reads_toyland({"spec": "tales"})
