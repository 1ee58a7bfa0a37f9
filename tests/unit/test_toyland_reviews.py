"""Reviews of Toyland: their stars are what their words come to, and no list of words can tell."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from core.data.toyland import words
from core.data.toyland.dials import HELD_OUT_PAIRS, HELD_OUT_PLACES
from core.data.toyland.reviews import Review, reviews
from core.data.toyland.reviews.opinions import (
    ADJECTIVE,
    CLAUSES,
    CONTRASTS,
    DEED,
    OPINIONS,
    VERDICTS,
    held_out,
)
from core.data.toyland.reviews.subjects import DAYS, KIN, SPANS
from tests import toyland

KEEPS = {"plain", "intense", "agree", "twice", "most"}
TURNS = {"not", "never", "nobody", "wrong", "wish", "fear"}
GOOD = {opinion.good for opinions in OPINIONS.values() for opinion in opinions}
BAD = {opinion.bad for opinions in OPINIONS.values() for opinion in opinions}


@pytest.fixture(scope="module")
def train() -> list[Review]:
    return list(islice(reviews(5), 6000))


@pytest.fixture(scope="module")
def out() -> list[Review]:
    return list(islice(reviews(5, "held_out"), 1000))


def test_the_text_of_a_seed_stays_what_it_is() -> None:
    """Models were trained on it."""
    for split, known in (("train", "52fa32ecb91e55ea"), ("held_out", "79601814eeb91931")):
        assert toyland.digest(f"{one.text}{one.stars}" for one in reviews(1, split)) == known


def test_sentiment_follows_from_stars_and_both_are_as_common(train: list[Review]) -> None:
    counts = Counter(one.stars for one in train)
    assert set(counts) == {1, 2, 4, 5} and min(counts.values()) > 0.2 * len(train)
    for one in train:
        assert one.sentiment == ("positive" if one.stars > 3 else "negative")
    assert 0.47 < sum(one.sentiment == "positive" for one in train) / len(train) < 0.53


def test_words_and_their_telling_come_to_the_sentiment(train: list[Review], out: list[Review]) -> None:
    """Without a contrast every opinion does; in a contrast one does and the other does not."""
    for one in (*train, *out):
        comes = []
        for told, kind in one.told:
            if told in GOOD & BAD:
                continue
            keeps = kind.removesuffix(", contrast")
            assert keeps in KEEPS | TURNS
            comes.append((told in GOOD) == (keeps in KEEPS))
        good = one.sentiment == "positive"
        assert one.contrast == (len(comes) == 2 and comes[0] != comes[1])
        assert one.contrast or set(comes) == {good}


def test_ways_turn_around_what_their_kind_says() -> None:
    assert set() == GOOD & BAD
    for way in (*ADJECTIVE, *DEED):
        assert way.keeps == (way.kind in KEEPS)
        turned = re.search(
            r"\b(not|never|No|no|Nobody|nobody|cannot|nothing|wrong|wish|only|nice|should|hoped|afraid|sad|feared|anything"
            r"|far|once)\b|Not ",
            way.frame,
        )
        assert way.keeps or turned, way.frame
    for kind, adjective, deed, keeps in CLAUSES:
        assert keeps == (kind in KEEPS), (adjective, deed)


def test_the_clause_after_but_decides(train: list[Review]) -> None:
    seen = 0
    for one in train:
        if not one.contrast or not re.search(r"(, but |\. But |\. Still, |, and yet )", one.text):
            continue
        decides, kind = one.told[1]
        good = (decides in GOOD) == (kind.removesuffix(", contrast") in KEEPS)
        assert good == (one.sentiment == "positive")
        assert one.stars in {2, 4}
        seen += 1
    assert seen > 300


def test_a_main_clause_decides_beside_although(train: list[Review]) -> None:
    for one in train:
        if one.contrast and re.search(r", (although|even if) ", one.text):
            decides, kind = one.told[0]
            good = (decides in GOOD) == (kind.removesuffix(", contrast") in KEEPS)
            assert good == (one.sentiment == "positive")


def test_negation_is_marked(train: list[Review]) -> None:
    verdicts = {verdict for pair in VERDICTS for verdict in pair}
    fixed = re.compile(
        "|".join(re.sub(r"\\\{kin\\\}", r"\\w+", re.escape(verdict)) for verdict in sorted(verdicts))
    )
    for one in train:
        said = re.sub(r"Although|although|even if|Even if|What does it matter", "", fixed.sub("", one.text))
        if re.search(r"\b(not|never|nobody|Nobody|cannot|wish)\b", said):
            assert one.negation, one.text
    assert 0.5 < sum(one.negation for one in train) / len(train) < 0.8


def test_splits_are_by_combination(train: list[Review], out: list[Review]) -> None:
    def shows(one: Review) -> bool:
        pairs = any(re.search(rf"\b{colour} {kind}\b", one.text) for colour, kind in HELD_OUT_PAIRS)
        places = any(
            re.search(rf"\b{name}\b", one.text) and re.search(rf"\b{place}\b", one.text)
            for name, place in HELD_OUT_PLACES
        )
        return pairs or places or any(held_out(told, kind) for told, kind in one.told)

    assert not any(map(shows, train[:2000]))
    assert all(map(shows, out))
    told = {told for one in train for told, _ in one.told}
    assert {told for one in out for told, _ in one.told} <= told  # every word is known, in other ways


def test_reviews_are_well_written(train: list[Review], out: list[Review]) -> None:
    for one in (*train, *out):
        assert re.fullmatch(r"[A-Z][A-Za-z ,.?!:'-]+[.?!]", one.text), one.text
        assert not re.search(
            r"  | [,.?!]|\b(\w+) \1\b|\b[Aa] [aeio]|\b[Aa]n [^aeiou]|[.?!] [a-z]", one.text
        ), one.text
        assert 1 <= len(re.findall(r"[.?!]", one.text)) <= 4
        assert one.about.removeprefix("the ") in one.text, one.text


def test_no_two_are_alike_and_no_frame_is_common(train: list[Review]) -> None:
    assert len({one.text for one in train}) > 0.99 * len(train)
    places = {
        **dict.fromkeys((*words.COLOURS, *words.COATS), "C"),
        **{flavour: "C" for flavours in words.FLAVOURS.values() for flavour in flavours},
        **{kind: "K" for rows in words.THINGS.values() for kind, _, _ in rows},
        **{used: "U" for rows in words.THINGS.values() for _, _, used in rows},
        **dict.fromkeys((*words.SHE_NAMES, *words.HE_NAMES), "N"),
        **dict.fromkeys(words.PROFESSIONS, "J"),
        **dict.fromkeys(words.PLACES, "P"),
        **dict.fromkeys((*KIN, *DAYS, *SPANS, *words.POOLS["job"]), "T"),
        **dict.fromkeys(GOOD | BAD, "O"),
    }
    one_of = re.compile(rf"\b({'|'.join(map(re.escape, sorted(places, key=len, reverse=True)))})\b")
    frames: Counter[str] = Counter()
    for one in train:
        for sentence in re.split(r"(?<=[.?!]) ", one.text):
            frames[one_of.sub(lambda match: places[match[0]], sentence)] += 1
    assert frames.most_common(1)[0][1] < 0.02 * frames.total()
    assert len(frames) > 2000


@pytest.mark.full(reason="takes 2 s")
def test_a_bag_of_words_cannot_tell(train: list[Review], out: list[Review]) -> None:
    """Pairs of words tell more, and neither what a held-out combination means."""
    labels = [one.sentiment for one in train[:5000]]
    scores = []
    for grams in ((1, 1), (1, 2)):
        vectors = CountVectorizer(ngram_range=grams, min_df=2)
        model = LogisticRegression(max_iter=200).fit(
            vectors.fit_transform(one.text for one in train[:5000]), labels
        )
        for texts in (train[5000:], out):
            known = [one.sentiment for one in texts]
            scores.append(model.score(vectors.transform(one.text for one in texts), known))
    words_known, words_out, pairs_known, pairs_out = scores
    assert 0.65 < words_known < 0.85
    assert pairs_known < 0.88
    assert words_out < 0.8 and pairs_out < 0.85


def test_mixed_reviews_come_when_asked_for() -> None:
    some = list(islice(reviews(3, mixed=True), 1000))
    mixed = [one for one in some if one.stars == 3]
    assert 0.15 < len(mixed) / len(some) < 0.25
    assert all(one.sentiment == "mixed" and one.contrast for one in mixed)
    assert all((one.stars == 3) == (one.sentiment == "mixed") for one in some)


def test_contrasts_and_mixed_frames_are_told_of_every_topic(train: list[Review]) -> None:
    topics = Counter(
        "place"
        if one.about.removeprefix("the ") in words.PLACES
        else "helper"
        if " the " in one.about
        else "thing"
        for one in train
        if one.contrast
    )
    assert min(topics[topic] for topic in ("place", "helper", "thing")) > 200
    assert len(CONTRASTS) > 10


def test_an_unknown_split_is_said_at_the_call() -> None:
    with pytest.raises(ValueError, match="no split is called 'any'"):
        reviews(split="any")
