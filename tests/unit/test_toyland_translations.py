"""Toyland's parallel sentences: clean text, links, splits, variety."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from itertools import islice
from random import Random

import pytest

from core.data.toyland import EVENTS, Dials, stories
from core.data.toyland.dials import HELD_OUT_PAIRS, HELD_OUT_PLACES, Split
from core.data.toyland.spanish import Translation, translations, words, written
from core.data.toyland.spanish.align import contracted, spanish_text, text_of
from core.data.toyland.spanish.lexicon import COLOURS


@pytest.fixture(scope="module")
def sample() -> list[Translation]:
    return list(islice(translations(0, "train"), 4000))


@pytest.mark.full(reason="takes 2 s")
def test_text_is_clean(sample: list[Translation]) -> None:
    for pair in sample:
        assert pair.spanish in pair.allowed
        assert 4 <= sum(word[0].isalnum() for word in words(pair.english)) <= 25
        for text in (pair.english, *pair.allowed):
            assert not re.search(r"[@{}<>|\[\]()_=]|  | [.,?!:]", text), text
            assert text[0] in '"¿¡' or text[0].isupper(), text
            assert text[-1] in '.!?"', text
            assert not re.search(r'[.!?] [a-záéíóú]|(^|[,:.!?] )"[¿¡]?[a-záéíóú]', text), text
            assert text.count('"') % 2 == 0
        for text in pair.allowed:
            assert not re.search(
                r"\b([Aa]|[Dd]e) el\b|\by (i|hi(?![aeo])|Ida\b|Ivan\b)|\ble l[oa]s?\b", text
            ), text
            assert text.count("¿") == text.count("?")
            assert text.count("¡") == text.count("!")


@pytest.mark.full(reason="takes 2 s")
def test_links(sample: list[Translation]) -> None:
    linked: Counter[bool] = Counter()
    for pair in sample:
        english, spanish = words(pair.english), words(pair.spanish)
        assert set(pair.links) <= set(pair.possible)
        assert all(i < len(english) and j < len(spanish) for i, j in pair.possible)
        for i, j in pair.possible:  # no word is linked with a mark
            assert english[i][0].isalnum()
            assert spanish[j][0].isalnum()
        named = dict(pair.links)
        for i, word in enumerate(english):
            if word in COLOURS and word not in {"ripe", "fresh", "warm", "cold"}:
                linked[i in named] += 1
                assert i in named, (word, pair)
            if word.removesuffix("'s") in spanish and word[0].isupper() and len(word) > 2:
                assert spanish[named[i]] in {word.removesuffix("'s")}, (word, pair)
    assert linked[True] > 1000


def test_nearly_every_content_word_has_a_sure_link(sample: list[Translation]) -> None:
    small = set(
        """a an the some of to at in on for with from by and but as than or was were is are am be been had has have
        do did not no it he she him her his i me my you your us that this there who whom what which if how can
        could will would shall may let out off down up into along back get own so any""".split()
    )
    counts: Counter[bool] = Counter()
    for pair in sample:
        linked = {i for i, _ in pair.links}
        counts.update(
            i in linked
            for i, word in enumerate(words(pair.english))
            if word.isalpha() and word.lower() not in small
        )
    assert counts[True] / counts.total() > 0.985


KNOWN = {
    ("The sky turned pink as evening came.", "El cielo se puso rosa cuando llegó la noche."): (
        "sky-cielo turned-puso pink-rosa evening-noche came-llegó",
        "The-El turned-se as-cuando",
    ),
    (
        "Lena shared some honey biscuits with a wet dog.",
        "Lena compartió galletas de miel con un perro mojado.",
    ): (
        "Lena-Lena shared-compartió honey-miel biscuits-galletas wet-mojado dog-perro",
        "honey-de with-con a-un",
    ),
    ("Maya went back to the house behind the orchard.", "Maya volvió a la casa detrás del huerto."): (
        "Maya-Maya went-volvió back-volvió house-casa behind-detrás behind-del the-del orchard-huerto",
        "back-a to-a the-la",
    ),
    (
        "There the orange bag was, under a pile of nets!",
        "¡Allí estaba la bolsa naranja, debajo de un montón de redes!",
    ): (
        "There-Allí the-la orange-naranja bag-bolsa under-debajo pile-montón nets-redes",
        "was-estaba of-de a-un",
    ),
    ("Somewhere a door banged in the wind.", "En algún lugar una puerta golpeaba con el viento."): (
        "Somewhere-algún Somewhere-lugar door-puerta banged-golpeaba wind-viento",
        "a-una in-En in-con the-el",
    ),
}


def test_links_of_known_sentences() -> None:
    left = dict(KNOWN)
    for pair in translations(0, "any"):
        wanted = left.pop((pair.english, pair.spanish), None)
        if wanted:
            english, spanish = words(pair.english), words(pair.spanish)
            sure, possible = (
                [f"{english[i]}-{spanish[j]}" for i, j in links]
                for links in (pair.links, sorted(set(pair.possible) - set(pair.links)))
            )
            assert sorted(sure) == sorted(wanted[0].split())
            assert set(wanted[1].split()) <= set(possible)
        if not left:
            break


def test_words_are_counted_as_they_are_written(sample: list[Translation]) -> None:
    assert words("Tess' hand, Nora's great-aunt: no.") == [
        "Tess'",
        "hand",
        ",",
        "Nora's",
        "great-aunt",
        ":",
        "no",
        ".",
    ]
    for told in islice(stories(3), 40):
        for item in written(told, Random(1)):
            assert [word.lower() for word in words(text_of([token.text for token in item.english]))] == [
                token.text.lower() for token in item.english
            ]
            for every in item.spanish:
                assert [word.lower() for word in words(spanish_text(every))] == [
                    word.lower() for word, _ in contracted(every)
                ]


def held_out(pair: Translation) -> bool:
    """Whether the English shows a held-out combination: written anew, not by the function under test."""
    text = pair.english
    return any(re.search(rf"\b{colour} {kind}\b", text) for colour, kind in HELD_OUT_PAIRS) or any(
        re.search(rf"\b{name}\b", text) and re.search(rf"\b{place}\b", text)
        for name, place in HELD_OUT_PLACES
    )


def test_splits_are_by_combination(sample: list[Translation]) -> None:
    assert not any(held_out(pair) for pair in sample)
    apart = list(islice(translations(0, "held_out"), 400))
    assert all(held_out(pair) for pair in apart)
    assert len({pair.english for pair in apart} - {pair.english for pair in sample}) == len(
        {p.english for p in apart}
    )


def test_own_combinations_can_be_held_out() -> None:
    dials = Dials(held_out_pairs=frozenset({("red", "kite")}), held_out_places=frozenset())
    assert all("red kite" in pair.english for pair in islice(translations(0, "held_out", dials), 20))
    assert not any("red kite" in pair.english for pair in islice(translations(0, "train", dials), 500))


def test_same_seed_same_text() -> None:
    for split in ("train", "held_out"):
        assert list(islice(translations(5, split), 40)) == list(islice(translations(5, split), 40))  # type: ignore[arg-type]
    one, other = ({pair.english for pair in islice(translations(seed), 300)} for seed in (1, 2))
    assert len(one & other) < 40


@pytest.mark.parametrize(
    ("split", "start"), [("train", "69ffa5b32845935a"), ("held_out", "b12629a3d84264b8")]
)
def test_the_text_is_what_the_shipped_model_learned(split: Split, start: str) -> None:
    text = hashlib.sha256()
    for pair in islice(translations(0, split), 300):
        text.update("\n".join((pair.english, pair.spanish, *sorted(pair.allowed))).encode())
    assert text.hexdigest()[:16] == start


@pytest.mark.full(reason="takes 4 s")
def test_variety() -> None:
    """Over 20,000 different sentences in 1,500 stories; every kind of event among them."""
    texts: set[str] = set()
    kinds: Counter[str] = Counter()
    rng = Random(0)
    for told in islice(stories(0, split="any"), 1500):
        for item in written(told, rng):
            texts.add(text_of([token.text for token in item.english]))
            kinds.update(item.kinds)
    assert len(texts) > 20_000
    assert set(kinds) == {kind for kind in EVENTS if ":" not in kind}
