"""Whether a text is like Toyland’s: the limit is what held-out sentences say, and other texts lie beyond it."""

from __future__ import annotations

import json
from itertools import islice

import numpy as np
import pytest

from core.analysis.tasks import out_of_distribution
from core.analysis.tasks.out_of_distribution import likeness
from core.data.corpora import corpus
from core.training.ngram import NGram
from core.zoo import bundled, card


@pytest.mark.full(reason="takes 2 s")
def test_the_recorded_sample_and_limit_are_what_the_generators_give() -> None:
    found = json.loads(out_of_distribution.RECORDED.read_text(encoding="utf-8"))["tales"]
    assert found["sample"][:20] == out_of_distribution.sample()[:20] and len(found["sample"]) == sum(
        out_of_distribution.COUNTS.values()
    )
    sentences = out_of_distribution.held_out()
    assert len(sentences) == found["pieces"]
    assert out_of_distribution.limit_of(
        out_of_distribution.learned(found["sample"]), sentences
    ) == pytest.approx(found["limit"], abs=1e-3)
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
    told = {name for name in bundled() if out_of_distribution.reads_toyland(card(name))}
    assert told == {"tales-gpt", "tales-bert", "tales-t5"}
    assert not out_of_distribution.reads_toyland({}) and not out_of_distribution.reads_toyland(
        {"spec": "tales"}
    )


def test_models_of_other_texts_have_a_measure_of_their_own() -> None:
    assert {name: out_of_distribution.read_by(card(name)) for name in ("code-gpt", "austen-gpt")} == {
        "code-gpt": "code", "austen-gpt": "austen",
    }  # fmt: skip
    of_each: dict[out_of_distribution.World, str] = {
        "tales": "Once upon a time, Lily saw a red ball.",
        "code": "def mean(values):\n    total = 0\n    for value in values:\n        total += value\n    return total",
        "austen": "She was delighted to see him, and had nothing to say.",
    }
    for world in of_each:
        for other, text in of_each.items():
            found = likeness(text, world)
            apart = world != other and "code" in (
                world,
                other,
            )  # letters do not tell one plain English from another
            assert found is not None and found.unlike == apart
            assert found.pieces == out_of_distribution.WORLDS[world]


@pytest.mark.full(reason="takes 8 s")
def test_the_recorded_counts_of_code_are_those_of_this_library_or_of_another_version() -> None:
    found = json.loads(out_of_distribution.RECORDED.read_text(encoding="utf-8"))["code"]
    assert set(found) == {"limit", "pieces", "grams", "counts"}, "nothing of other people's text but counts"
    kept = list(islice(corpus("functions", split="held_out"), 300))
    beyond = sum(found_of.unlike for one in kept if (found_of := likeness(one, "code")))
    assert beyond <= 0.03 * len(kept), "held-out functions are like it, in whatever version of the library"


@pytest.mark.full(reason="takes 2 s")
def test_the_measure_of_news_tells_them_from_single_sentences_about_anything() -> None:
    texts = out_of_distribution.news("held_out")[:100]
    assert sum(found.unlike for one in texts if (found := likeness(one, "news"))) <= 3
    for text in ("My dog is happy because the sun is out of", "Once there was a boy who was very glad."):
        found, known = likeness(text, "news"), likeness(text)
        assert found is not None and known is not None and found.unlike and not known.unlike


def test_counts_of_five_letters_make_the_same_character_model() -> None:
    texts = sentences_of_tales(60)
    pad = chr(out_of_distribution.END) * out_of_distribution.ORDER
    rows = [np.array([ord(letter) for letter in pad + chr(out_of_distribution.END).join(texts) + pad])]
    whole, again = (
        NGram(rows, out_of_distribution.ORDER, out_of_distribution.CHARACTERS),
        out_of_distribution.unpacked(**out_of_distribution.packed(texts)),
    )
    asked = np.array([ord(letter) for letter in "Tom found the kite, and a zebra?"])
    np.testing.assert_allclose(again.log_probs(asked), whole.log_probs(asked), rtol=1e-12)


@pytest.mark.full(reason="takes a second")
def test_of_an_own_text_the_limit_is_that_of_its_held_out_sentences_if_there_are_enough() -> None:
    train, kept = sentences_of_tales(400), out_of_distribution.held_out()[:400]
    measure = out_of_distribution.measured(train, kept)
    assert measure is not None and measure.limit == pytest.approx(
        out_of_distribution.limit_of(out_of_distribution.learned(train), kept)
    )
    for text, strange in (("She was very sad.", False), ("SELECT name FROM users WHERE id = 3", True)):
        found = likeness(text, measure)
        assert found is not None and found.unlike == strange and found.pieces == out_of_distribution.OWN
    assert out_of_distribution.measured(train, kept[: out_of_distribution.FEWEST - 1]) is None, (
        "too few for a limit"
    )


def sentences_of_tales(count: int) -> list[str]:
    return out_of_distribution.sentences(islice(corpus("tales"), 60))[:count]
