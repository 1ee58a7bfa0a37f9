"""The parts of the association test: lists read, found, refused; what is left of a removed direction; what is said."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import core
from app import questions
from core.vectors import residual_bias
from core.vectors.association import (
    EXACT,
    LEVEL,
    Measured,
    TooFewWords,
    effect_size,
    find,
    measure,
    permutation_test,
)
from core.vectors.debiasing import PAIRS, direct_bias, gender_direction, lean, remove
from core.vectors.static import StaticVectors, glove
from core.vectors.token_words import frequent, of_words, pieces
from core.vectors.word_lists import LONGEST, MOST, Lists, WordList, first_names, read, ten_tests
from pages.bias import sentences, weat
from pages.bias.figure import LEAST_REACH
from pages.bias.figure import _reach as reach
from pages.bias.question import Question
from pages.bias.weat import Shown, Table


def table(words: str, seed: int = 0, size: int = 5) -> StaticVectors:
    """Random vectors for these words."""
    every = tuple(words.split())
    vectors = np.random.default_rng(seed).normal(0.3, 1, (len(every), size)).astype(np.float32)
    return StaticVectors("toy", every, vectors)


def lists(x: str, y: str, a: str, b: str) -> Lists:
    """Four lists of words."""
    return Lists(*(WordList(name, tuple(words.split())) for name, words in zip("XYAB", (x, y, a, b))))


TOY = "ant bee cat dog elk fox gnu hen ibis jay kite lark"


# ------------------------------------------------------------------------------------------------- word lists


def test_the_ten_tests_hold_the_published_lists() -> None:
    every = ten_tests()
    assert [test.number for test in every] == list(range(1, 11))
    assert [test.published.d for test in every] == [1.5, 1.53, 1.41, 1.5, 1.28, 1.81, 1.06, 1.24, 1.38, 1.21]
    sizes = [tuple(len(one.words) for one in test.lists.all) for test in every]
    assert sizes[0] == (25,) * 4 and sizes[5] == sizes[6] == sizes[7] == (8,) * 4
    assert all(x == y and a == b for x, y, a, b in sizes), "as many words on either side"
    assert {test.number for test in every if test.names} == {3, 4, 5, 6, 10}
    assert {"amy", "john", "latoya", "ethel"} <= first_names() and "career" not in first_names()


def test_a_written_list_is_read() -> None:
    assert read(" nurse, doctor;pilot\n\tnurse  ") == ("nurse", "doctor", "pilot")
    assert read("医生，护士、飞行员") == ("医生", "护士", "飞行员")
    assert read("👩‍⚕️ <b>x</b>") == ("👩‍⚕️", "<b>x</b>")
    assert read(" \n ") == ()
    with pytest.raises(ValueError, match=f"{MOST + 1} words are more than the {MOST}"):
        read(" ".join(f"w{n}" for n in range(MOST + 1)))
    with pytest.raises(ValueError, match=f"{LONGEST + 5} characters"):
        read("a" * (LONGEST + 5))


# ------------------------------------------------------------------------------------------------- finding words


def test_missing_words_are_counted_and_each_word_counts_once() -> None:
    found = find(table(TOY), lists("ant Ant zebra zebra bee", "cat dog", "elk", "fox"))
    x = found[0]
    assert (x.words, x.rows, x.missing) == (("ant", "bee"), (0, 1), ("zebra",))
    assert x.asked == ("ant", "bee", "zebra") and x.share == pytest.approx(2 / 3)


def test_a_word_in_two_lists_is_left_out() -> None:
    x, y, a, b = find(table(TOY), lists("ant bee cat dog", "bee elk fox gnu", "dog hen ibis", "hen jay elk"))
    assert (x.words, x.shared) == (("ant", "cat"), ("bee", "dog")), "on both sides, and an attribute, too"
    assert (y.words, y.shared) == (("fox", "gnu"), ("bee", "elk"))
    assert (a.words, a.shared) == (("dog", "ibis"), ("hen",))
    assert (b.words, b.shared) == (("jay", "elk"), ("hen",))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("", "cat dog", "elk", "fox"), "“X” is empty: write two words or more"),
        (("ant bee", "cat dog", "", "fox"), "“A” is empty: write a word"),
        (("ant zebra", "cat dog", "elk", "fox"), "of the 2 words of “X” the test can use 1: toy lacks 1"),
        (("ant bee", "cat dog", "yak", "fox"), "of the 1 word of “A” the test can use 0"),
        (("ant bee", "ant bee", "elk", "fox"), "2 stand in another list, too"),
        (("木 火", "水 土", "金", "月"), "of the 2 words of “X” the test can use 0: toy lacks 2"),
    ],
)
def test_too_few_words_are_refused(given: tuple[str, str, str, str], why: str) -> None:
    with pytest.raises(TooFewWords, match=why):
        measure(table(TOY), lists(*given))


def test_under_70_percent_of_a_list_is_not_conclusive() -> None:
    most = measure(table(TOY), lists("ant bee cat dog elk fox gnu yak1 yak2 yak3", "hen ibis", "jay", "kite"))
    assert most.lists[0].share == 0.7 and most.conclusive
    less = measure(table(TOY), lists("ant bee cat dog elk fox yak1 yak2 yak3", "hen ibis", "jay", "kite"))
    assert not less.conclusive and [one.name for one in less.short] == ["X"]
    assert len(less.x) == 6 and len(less.y) == 2, "it is made all the same, of unequal sizes"
    told = " ".join(sentences.verdict(Shown(less.lists, less), Table("learned", "toy", ("", 0), table(TOY))))
    assert "Not conclusive: toy has only 6 of 9 of “X”" in told
    assert "X has 6 words and Y 2: every random split keeps these sizes" in told


# ------------------------------------------------------------------------------------------------- numbers


def test_equal_associations_have_no_effect() -> None:
    assert effect_size(np.full(3, 0.2), np.full(4, 0.2)) == 0.0
    assert effect_size(np.full(3, 0.1 + 0.2), np.full(3, 0.3)) == 0.0, "a difference by rounding is none"
    assert effect_size(np.array([1.0, 1.0]), np.array([0.0, 0.0])) == pytest.approx(2)
    zeros = StaticVectors("toy", tuple(TOY.split()), np.zeros((12, 3), dtype=np.float32))
    done = measure(zeros, lists("ant bee", "cat dog", "elk", "fox"))
    assert (done.d, done.chance.p) == (0.0, 1.0)


def test_many_splits_are_drawn_with_a_seed_and_it_is_said() -> None:
    x, y = np.random.default_rng(0).normal(1, 1, 25), np.random.default_rng(1).normal(0, 1, 25)
    one, again, other = (permutation_test(x, y, seed=seed) for seed in (0, 0, 1))
    assert not one.exact and one.splits > EXACT and len(one.values) == 50_000
    assert (one.values == again.values).all() and not (one.values == other.values).all()
    done = measure(glove(), ten_tests()[1].lists)
    assert not done.chance.exact
    assert done.chance.draws == 50_000 == one.draws
    assert "50,000 were drawn (seed 0)" in sentences.dealt(done)
    few = measure(glove(), ten_tests()[5].lists)
    assert few.chance.exact and "All 12,870 ways" in sentences.dealt(few) and few.chance.draws == 12_870
    with pytest.raises(ValueError, match="at least one word on either side"):
        permutation_test(x, y[:0])


def test_p_is_told_as_two_sided_and_one_sided_beside_the_published() -> None:
    given = ten_tests()[7].lists
    there = measure(glove(), given)
    back = measure(glove(), Lists(given.y, given.x, given.a, given.b))
    assert there.d > 0 > back.d and back.chance.p > 0.99
    assert (there.chance.far, there.chance.two_sided) == (back.chance.far, back.chance.two_sided)
    for one in (there, back):
        said = sentences.dealt(one)
        assert f"{one.chance.far:,} of them put the means at least as far apart, on either side" in said
        assert f"so p = {sentences.chance(one.chance.two_sided)}, two-sided." in said
        assert said.endswith(f"One-sided, as published: {sentences.chance(one.chance.p)}.")
    alone = dataclasses.replace(there, chance=dataclasses.replace(there.chance, far=1))
    assert "1 of them puts the means" in sentences.dealt(alone)


def test_what_lies_beyond_the_drawn_band_is_what_p_calls_beyond_chance() -> None:
    """Over many small tests, with ties and unequal lists: one rule, drawn and counted."""
    draw = np.random.default_rng(0)
    said = []
    for _ in range(300):
        x, y = (draw.integers(-3, 4, size).astype(float) for size in draw.integers(2, 7, 2))
        done = permutation_test(x, y)
        beyond = abs(done.observed) > done.reach + 1e-9
        assert beyond == (done.two_sided <= LEVEL)
        said.append(beyond)
    assert 0 < sum(said) < 0.12 * len(said), "words of nothing rarely lie beyond chance"


def test_the_cut_of_glove_is_said_under_every_test_on_it() -> None:
    words = glove()
    table = Table("glove", "GloVe", ("", 0), words)
    assert "GloVe is cut to the 20,000 most frequent of its 400,000 words." in sentences.found_in(table)
    assert len(words.words) == 20_000
    assert "400,000" not in sentences.found_in(Table("learned", "word2vec", ("", 0), words))


def test_what_a_classifier_still_finds_is_said_only_where_it_finds_it() -> None:
    words = glove()
    sure = residual_bias.leftover(words, gender_direction(words), side=200, shuffles=40)
    assert sure.after.low > sure.control[2] and "they still lie near each other" in sentences.kept(sure)
    within = dataclasses.replace(sure, control=(0.2, 0.5, sure.after.low))
    assert "does not surely find more" in sentences.kept(within)
    assert "lie near each other" not in sentences.kept(within)


@pytest.mark.parametrize(("share", "index"), [(0.5, 0), (0.6, 1), (0.8, 2)])
def test_the_classifiers_answer_says_what_its_share_says(
    share: float, index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = glove()
    sure = residual_bias.leftover(words, gender_direction(words), side=200, shuffles=40)
    within = dataclasses.replace(sure, control=(0.2, 0.5, sure.after.low))
    said = questions.ask("bias", "told-apart", few=50, table="GloVe")
    asked = Question("few", said, Table("glove", "GloVe", ("", 0), words), ten_tests()[6].lists, 0.0)
    monkeypatch.setattr(weat, "few", lambda table: (share, 380))
    for sides, name in ((sure, "told-apart"), (within, "told-apart-by-chance")):
        monkeypatch.setattr(weat, "left", lambda table, sides=sides: (sides, 0.1))
        answer = asked.judge()
        known = questions.read()["bias", name].because
        assert (answer.index, answer.because) == (index, known[said.keys[index]])
        assert ("It may be chance" in answer.because) == (sides is within and index > 0)
        assert answer.evidence.endswith("the mean over 40 draws.")


def test_an_axis_of_effect_sizes_reaches_as_far_as_unequal_lists_do() -> None:
    far = Shown(*_unequal())
    even = measure(glove(), ten_tests()[7].lists)
    assert far.sure.d > LEAST_REACH
    seen = SimpleNamespace(step="", table=None, every=[Shown(even.lists, even)], now=far, whole=far)
    assert far.sure.d <= reach(seen) <= 1.02 * 12 / 20**0.5  # type: ignore[arg-type]
    seen.now = seen.whole = seen.every[0]
    assert reach(seen) == LEAST_REACH  # type: ignore[arg-type]


def _unequal() -> tuple[Any, Measured]:
    """Two words in X that lie with A, ten in Y that lie with B."""
    named = [f"x{n}" for n in range(2)] + [f"y{n}" for n in range(10)] + ["a", "b"]
    vectors = np.array(
        [[1, 0.01 * n] for n in range(2)] + [[0.01 * n, 1] for n in range(10)] + [[1, 0], [0, 1]]
    )
    given = lists(" ".join(named[:2]), " ".join(named[2:12]), "a", "b")
    done = measure(StaticVectors("toy", tuple(named), vectors.astype(np.float32)), given)
    return done.lists, done


def test_the_direction_needs_a_pair() -> None:
    with pytest.raises(ValueError, match=r"toy has none of the pairs .* “she and he”"):
        gender_direction(table(TOY))
    one = gender_direction(table("he she ant"), PAIRS)
    words = table("he she ant").unit()
    difference = words[0] - words[1]
    assert np.allclose(one.vector, difference / np.linalg.norm(difference), atol=1e-6)
    with pytest.raises(ValueError, match="length above 0"):
        remove(np.ones((2, 3)), np.zeros(3))
    with pytest.raises(ValueError, match="there are none"):
        direct_bias(glove(), gender_direction(glove()), [])


def test_removing_the_direction_weakens_the_tests_about_gender_and_leaves_the_sides_apart() -> None:
    words = glove()
    direction = gender_direction(words)
    for number in (6, 7, 8):
        test = ten_tests()[number - 1]
        assert abs(measure(words, test.lists, direction=direction).d) < measure(words, test.lists).d
    rest = residual_bias.leftover(words, direction, side=200, shuffles=40)
    assert rest.before.share > rest.after.share > rest.control[2], "the rest still tells the sides apart"
    assert rest.control[0] < 0.5 < rest.control[2]
    share, others = residual_bias.told_by_few(words, direction, 10, side=200)
    assert 0.5 < share < 1 and others == 380


def test_the_probed_words_tell_no_gender_by_their_meaning() -> None:
    words = glove()
    direction = gender_direction(words)
    rows = residual_bias.leaning(words, direction, 100)
    chosen = {words.words[row] for row in rows}
    assert len(chosen) == 200 and all(word.isalpha() for word in chosen)
    assert not chosen & {*residual_bias.GENDERED, *first_names(), "he", "she", "hers", "brother"}
    along = lean(words, direction)[rows]
    assert (np.diff(along[:100]) <= 0).all() and along[:100].min() > 0 > along[100:].max()
    with pytest.raises(ValueError, match="at least 40 are needed"):
        residual_bias.leaning(table(f"he she {TOY}"), gender_direction(table(f"he she {TOY}")))


def test_a_models_words_are_the_means_of_their_tokens_rows() -> None:
    lm = core.load("tales-gpt")
    words = of_words(lm, ("he", "blacksmith", "Einstein", "he"), "tales")
    rows = lm.transformer.get_parameter("embed.W_E").detach().numpy()
    assert words.words == ("he", "blacksmith", "Einstein") and words.name == "tales"
    for word in words.words:
        ids = lm.tokenizer.encode(f" {word}", add_special_tokens=False)
        np.testing.assert_allclose(words[word], rows[ids].mean(axis=0), atol=1e-6)
    assert len(pieces(lm, ["he"])[0]) == 1 < len(pieces(lm, ["blacksmith"])[0])
    assert "Einstein" not in frequent(500) and all(word.isalpha() for word in frequent(500))
    with pytest.raises(ValueError, match="tales can write none of the words"):
        of_words(lm, (), "tales")
    unknown = core.load("tales-bert").tokenizer.id("[UNK]")
    kite, fox = pieces(core.load("tales-bert"), ["kite", "\U0001f98a"])
    assert kite and unknown not in kite
    assert fox == [], "no letter of its own in this vocabulary"
