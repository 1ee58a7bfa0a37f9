"""word2vec: the slope against autograd, pairs and draws against the paper, stopping and going on, texts too small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.diverged import Diverged
from core.vectors import word2vec
from core.vectors.reading import read, read_sentences, sentences
from core.vectors.word2vec import (
    Pairs,
    Settings,
    Word2Vec,
    keep_chances,
    learn,
    noise,
    objective,
    pair_up,
)

TEXT = [
    "The dog saw the cat. The cat saw the dog! \"Who is that?\" asked the hen.",
    "A hen and a dog are friends; the cat is not.\nThe hen said so.",
]  # fmt: skip


def invented(many: int = 400, seed: int = 0) -> list[list[str]]:
    """Sentences of an invented language: a word of one of two families stands only beside its own."""
    draw = np.random.default_rng(seed)
    return [
        [f"{'ab'[family]}{int(word)}" for word in draw.zipf(1.5, size=10) if word < 12]
        for family in draw.integers(0, 2, size=many)
    ]


def test_a_text_becomes_numbered_sentences() -> None:
    assert list(sentences(TEXT)) == [
        "the dog saw the cat".split(),
        "the cat saw the dog".split(),
        "who is that".split(),
        "asked the hen".split(),
        "a hen and a dog are friends the cat is not".split(),
        "the hen said so".split(),
    ]
    found = read(TEXT, min_count=2)
    assert found.words == ("the", "cat", "dog", "hen", "a", "is", "saw")
    assert found.counts.tolist() == [7, 3, 3, 3, 2, 2, 2]
    cut = [[found.words[id] for id in found.ids[a:b]] for a, b in zip(found.begins, found.begins[1:])]
    assert cut == [[word for word in s if word in found.words] for s in sentences(TEXT)]
    assert found.left_out == sum(map(len, sentences(TEXT))) - len(found) == 9
    assert sum(map(len, sentences(["a " * 2500]))) == 2500 and max(map(len, sentences(["a " * 2500]))) == 1000


def test_reading_stops_where_it_is_told_to() -> None:
    assert len(read(TEXT, min_count=1, most=7)) == 7
    assert len(read(TEXT * 10, min_count=1, most=100)) == 100


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ([], "has no words"),
        (["", "... !"], "has no words"),
        (["hello world " * 500], "only two words, 'hello' and 'world': word2vec needs at least 3"),
        (["dog " * 500], "only one word, 'dog': word2vec needs at least 3"),
        (
            ["every word stands here just once"],
            "of the 6 different words of this text none stand there 5 times",
        ),
        (["one\ntwo\nthree\n" * 9], "no word of the text stands beside another"),
    ],
)
def test_a_text_that_is_too_small_says_what_it_lacks(text: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read(text)


def test_the_loss_is_the_papers() -> None:
    v, u = torch.tensor([[0.5, -1.0]]), torch.tensor([[[2.0, 1.0], [1.0, 1.0], [0.0, 3.0]]])

    def log_sigmoid(x: float) -> float:
        return -float(np.log1p(np.exp(-x)))

    wanted = -(log_sigmoid(0.0) + log_sigmoid(0.5) + log_sigmoid(3.0))
    assert objective(v, u, torch.ones(1, 3)).item() == pytest.approx(wanted, rel=1e-6)
    left = torch.tensor([[1.0, 1.0, 0.0]])
    assert objective(v, u, left).item() == pytest.approx(wanted + log_sigmoid(3.0), rel=1e-6)


def test_a_batch_moves_both_tables_down_the_slope_of_the_loss() -> None:
    """The same words stand several times in the batch, as centres and as others, and some random words do not count."""
    generator = torch.Generator().manual_seed(0)
    vectors, contexts = torch.randn(2, 9, 6, generator=generator, dtype=torch.float64)
    pairs = Pairs(
        torch.randint(0, 9, (40,), generator=generator),
        torch.randint(0, 9, (40, 4), generator=generator),
        (torch.rand(40, 4, generator=generator) < 0.8).double(),
    )
    pairs.counts[:, 0] = 1
    v, u = vectors.clone().requires_grad_(), contexts.clone().requires_grad_()
    wanted = objective(v[pairs.center], u[pairs.others], pairs.counts)
    wanted.sum().backward()
    assert v.grad is not None and u.grad is not None
    before = vectors.clone(), contexts.clone()
    loss = learn(vectors, contexts, pairs, rate=0.01)
    torch.testing.assert_close(loss, wanted.detach())
    torch.testing.assert_close((before[0] - vectors) / 0.01, v.grad)
    torch.testing.assert_close((before[1] - contexts) / 0.01, u.grad)


@pytest.mark.full(reason="takes a second")
def test_pairs_stay_in_their_sentence_and_within_reach() -> None:
    ids, sentence = torch.arange(60), torch.arange(60) // 12
    generator = torch.Generator().manual_seed(0)
    seen = np.zeros((60, 60))
    for _ in range(3000):
        center, near = pair_up(ids, sentence, 4, generator)
        np.add.at(seen, (center.numpy(), near.numpy()), 1)
    for one in range(60):
        for other in range(60):
            gap = abs(one - other)
            beside = one // 12 == other // 12 and 1 <= gap <= 4
            # A neighbour at distance g counts if the window drawn from 1 to 4 reaches it: (4 - g + 1) / 4.
            assert seen[one, other] / 3000 == pytest.approx((5 - gap) / 4 if beside else 0, abs=0.04)


def test_a_center_shares_one_window_with_all_its_neighbours() -> None:
    """If a word sees the third word on one side, it sees the first and second on both."""
    center, near = pair_up(torch.arange(30), torch.zeros(30), 3, torch.Generator().manual_seed(1))
    pairs = set(zip(center.tolist(), near.tolist()))
    assert len(pairs) == len(center)
    for one, other in pairs:
        reach = abs(one - other)
        assert all(
            (one, one + gap) in pairs for gap in range(-reach, reach + 1) if gap and 0 <= one + gap < 30
        )
    assert center.tolist() != sorted(center.tolist()), "in random order"


def test_frequent_words_are_skipped_and_random_ones_drawn_as_released() -> None:
    reading = read_sentences([["a"] * 900 + ["b"] * 90 + ["c"] * 10], min_count=1)
    share = np.array([0.9, 0.09, 0.01])
    wanted = np.minimum(1, (np.sqrt(share / 0.02) + 1) * 0.02 / share)
    np.testing.assert_allclose(keep_chances(reading, 0.02), wanted)
    assert keep_chances(reading, 0).tolist() == [1, 1, 1]
    power = np.array([900, 90, 10]) ** 0.75
    np.testing.assert_allclose(noise(reading, 0.75), power / power.sum())
    np.testing.assert_allclose(noise(reading, 0.0), np.full(3, 1 / 3))


def test_random_words_come_by_their_chances_and_never_push_the_true_one() -> None:
    reading = read_sentences([["a"] * 900 + ["b"] * 90 + ["c"] * 10], min_count=1)
    learning = Word2Vec(reading, Settings(negatives=7))
    near = torch.zeros(20_000, dtype=torch.int64)
    pairs = learning._with_noise(near, near)
    assert pairs.others[:, 0].equal(near) and pairs.counts[:, 0].eq(1).all()
    shares = torch.bincount(pairs.others[:, 1:].flatten(), minlength=3) / pairs.others[:, 1:].numel()
    np.testing.assert_allclose(shares, noise(reading, 0.75), atol=0.005)
    assert pairs.counts[:, 1:].equal(pairs.others[:, 1:].ne(0).float())


def test_families_of_words_find_each_other() -> None:
    learning = Word2Vec(read_sentences(invented(), min_count=5), Settings(size=16, epochs=20, often=0.05))
    assert learning.batch < learning.settings.batch, "with few words fewer pairs may move at once"
    before = learning.table
    moments = list(learning.train())
    assert moments[-1].loss < moments[0].loss
    assert moments[-1].words == moments[-1].of == learning.of == 20 * len(learning.reading)
    assert [moment.epoch for moment in moments] == list(range(1, 21))
    rates = [moment.rate for moment in moments]
    assert rates == pytest.approx([0.025 - (0.025 - 0.0001) * e / 20 for e in range(1, 21)])

    def own(table: word2vec.StaticVectors) -> float:
        near = [(word, one.word) for word in table.words for one in table.neighbours(word, 5)]
        return sum(word[0] == other[0] for word, other in near) / len(near)

    assert own(before) < 0.7 < 0.95 < own(learning.table)
    np.testing.assert_array_equal(moments[-1].vectors, learning.table.vectors)
    assert not np.array_equal(moments[0].vectors, moments[1].vectors), "each look is a copy"


@pytest.mark.full(reason="takes 2 s")
def test_few_words_learn_in_batches_as_one_pair_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three words, the fewest there are: the largest steady batch ends where single pairs do; a larger explodes."""
    reading = read(["a b c " * 300])
    settings = Settings(size=8, epochs=5, often=0, rate=0.05)
    steady, single = Word2Vec(reading, settings), Word2Vec(reading, replace(settings, batch=2))
    *_, last = steady.train()
    *_, wanted = single.train()
    assert 2 < steady.batch < 50
    assert last.loss == pytest.approx(wanted.loss, rel=0.02)
    monkeypatch.setattr(word2vec, "MOST_AT_ONCE", 1e6)
    with pytest.raises(Diverged, match="lower learning rate"):
        list(Word2Vec(reading, settings).train())


def test_blocks_end_with_sentences_and_cover_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word2vec, "BLOCK", 100)
    reading = read_sentences(invented(), min_count=1)
    learning = Word2Vec(reading, Settings(size=4, epochs=2))
    ends = [moment.words for moment in learning.train()]
    assert {end % len(reading) for end in ends} <= {0, *reading.begins.tolist()}
    assert ends == sorted(set(ends)) and ends[-1] == 2 * len(reading)
    assert max(np.diff([0, *ends])) < 120 and len(reading) in ends


def test_learning_goes_on_as_if_it_had_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word2vec, "BLOCK", 500)
    reading, settings = read_sentences(invented(), min_count=2), Settings(size=8, epochs=2, seed=4)
    whole = Word2Vec(reading, settings)
    moments = list(whole.train())
    first = Word2Vec(reading, settings)
    running = first.train()
    for _ in range(3):
        next(running)
    state = first.state()
    next(running)  # what the first does afterwards must not reach what it gave away
    second = Word2Vec(reading, settings)
    second.resume(state)
    rest = list(second.train())
    assert len(moments) > 5 and [one.words for one in rest] == [one.words for one in moments[3:]]
    assert [one.loss for one in rest] == [one.loss for one in moments[3:]]
    assert second.vectors.equal(whole.vectors) and second.contexts.equal(whole.contexts)
    assert list(second.train()) == [], "at its end there is nothing to do"


def test_the_seed_decides() -> None:
    reading = read_sentences(invented(50), min_count=1)
    one, same, other = (Word2Vec(reading, Settings(size=4, seed=seed)) for seed in (1, 1, 2))
    for learning in (one, same, other):
        list(learning.train())
    assert one.vectors.equal(same.vectors) and not one.vectors.equal(other.vectors)


def test_a_state_of_another_text_is_refused() -> None:
    reading, other = (
        read_sentences(invented(50), min_count=1),
        read_sentences(invented(50, seed=3), min_count=1),
    )
    learning = Word2Vec(reading, Settings(size=4))
    list(learning.train())
    for stranger in (Word2Vec(reading, Settings(size=5)), Word2Vec(other, Settings(size=4))):
        with pytest.raises(ValueError, match="another text or to vectors of another size"):
            stranger.resume(learning.state())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"size": 0}, "size=0"),
        ({"window": 0}, "window=0"),
        ({"negatives": 0}, "negatives=0"),
        ({"epochs": -1}, "epochs=-1"),
        ({"batch": 0}, "batch=0"),
        ({"rate": 0.0, "last_rate": 0.0}, "cannot fall"),
        ({"rate": 0.01, "last_rate": 0.02}, "cannot fall"),
        ({"often": 1.0}, "share of the text"),
        ({"often": -0.1}, "share of the text"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Settings(**wrong)
