"""The rows of a run: a function of the step, without replacement, from documents that are not held out."""

from __future__ import annotations

import pytest
import torch

from core.data import corpora
from core.data.batches import row_starts
from core.data.pool import Encoded, Given, Pool
from core.data.shards import WINDOW, Shards
from core.text.training import learn
from core.training import TrainSpec


def pool_of(spec, text=None, longest=64):
    shards = Shards(spec, text)
    return Pool(spec, Encoded(shards, learn("characters", shards.sample(), 500)), longest)


def given(count, spec, longest=64):
    """A pool over the ids 0, 1, 2, ...: each row then says where it comes from."""
    return Pool(spec, Given(list(range(count)), list(range(count, count + 300))), longest)


def test_a_pass_reads_every_window_once_then_others():
    spec = TrainSpec(context=8, batch_tokens=40)
    pool = given(1000, spec)
    rows = torch.cat([pool.batch(step) for step in range(1, 25)])  # 120 of the 123 windows of a pass
    assert rows.shape == (120, 9)
    assert (rows.diff(dim=1) == 1).all()
    starts = rows[:, 0].tolist()
    assert len(set(starts)) == 120
    assert len({start % 8 for start in starts}) == 1
    assert starts != sorted(starts)
    later = torch.cat([pool.batch(step) for step in range(26, 50)])[:, 0].tolist()
    assert len(set(later)) > 110
    assert set(later) != set(starts)


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize("corpus", ["tales", "fables", "python", "copies"])
@pytest.mark.parametrize("stages", [(), ((0.3, 8), (0.6, 16))])
def test_a_batch_depends_on_nothing_but_the_step(corpus, stages):
    spec = TrainSpec(corpus=corpus, context=32, batch_tokens=512, steps=40, stages=stages, practice="copies")
    forwards, backwards = pool_of(spec), pool_of(spec)
    last = [backwards.batch(step) for step in range(40, 0, -7)][::-1]
    first = [forwards.batch(step) for step in range(5, 41, 7)]
    for one, other in zip(first, last, strict=True):
        assert torch.equal(one, other)
    contexts = [forwards.batch(step).shape[1] - 1 for step in (1, 12, 13, 24, 25)]
    assert contexts == ([8, 8, 16, 16, 32] if stages else [32] * 5)
    assert all(forwards.batch(step).shape[0] * 32 == 512 for step in (30, 40))


def test_seeds_read_differently():
    specs = [TrainSpec(corpus="fables", context=32, seed=seed) for seed in (0, 1)]
    first, second = (pool_of(spec).batch(1) for spec in specs)
    assert not torch.equal(first, second)


def test_rows_begin_documents_where_documents_are_short():
    lengths = [30, 50, 40, 200, 35]
    starts = row_starts(lengths, 64)
    # The first row ends in the second document, the next takes up the third and goes on inside the long fourth.
    assert starts.tolist() == [0, 80, 144, 208, 272]
    short = row_starts([30] * 20, 64)
    assert set(short.tolist()) <= set(range(0, 600, 30))
    assert (short[1:] - short[:-1] > 64).all()
    assert row_starts([500], 64).tolist() == list(range(0, 435, 64))
    assert row_starts([64], 64).tolist() == []


def test_shards_hold_every_document_once():
    for corpus in ("fables", "python"):
        shards = Shards(TrainSpec(corpus=corpus, seed=3))
        together = shards.everything()
        whole = list(corpora.corpus(corpus))
        assert len(together) >= len(whole)
        assert sum(map(len, together)) == sum(map(len, whole))
        if corpus == "fables":
            assert sorted(together) == sorted(whole)
            assert together != whole


def test_windows_move_on_and_come_round():
    python = Shards(TrainSpec(corpus="python"))
    assert python.window(0) == [0, 1, 2, 3]
    assert python.window(1) == [2, 3, 4, 5]
    seen = {shard for unit in range(400) for shard in python.window(unit)}
    assert {document for shard in seen for document in python.documents(shard)} == set(python.everything())
    tales = Shards(TrainSpec())
    assert tales.window(7) == [7, 8, 9, 10]
    assert len(tales.window(0)) == WINDOW
    told = [document for shard in range(6) for document in tales.documents(shard)]
    assert len(set(told)) == len(told)


def test_practice_is_mixed_in_and_not_into_what_is_held_out():
    plain, mixed = (
        Shards(TrainSpec(corpus="fables", practice=practice, practice_share=0.5))
        for practice in (None, "copies")
    )
    assert len(mixed.documents(0)) == round(1.5 * len(plain.documents(0)))
    assert set(plain.documents(0)) < set(mixed.documents(0))
    assert list(mixed.held_out()) == list(corpora.corpus("fables", split="held_out"))


def test_an_own_text_keeps_its_last_tenth_from_training():
    text = "\n\n".join(f"document {n} of the text" for n in range(40))
    spec = TrainSpec(corpus="own", text=corpora.fingerprint(text), context=16, batch_tokens=64)
    shards = Shards(spec, text)
    assert sorted(shards.everything()) == sorted(corpora.own_text(text))
    assert list(shards.held_out()) == corpora.own_text(text, "held_out")
    assert not set(shards.everything()) & set(shards.held_out())


def test_long_documents_are_cut_behind_a_line_or_a_space():
    text = "".join(f"line {n} of a long text\n" for n in range(20_000))
    spec = TrainSpec(corpus="own", text=corpora.fingerprint(text))
    pieces = Shards(spec, text).everything()
    assert len(pieces) > 10
    in_order = sorted(pieces, key=text.index)
    assert "".join(in_order) == corpora.own_text(text)[0]
    assert all(piece.endswith("\n") for piece in in_order[:-1])


def test_a_batch_larger_than_the_text_reads_what_there_is():
    pool = given(50, TrainSpec(context=8, batch_tokens=2048))
    assert pool.batch(1).shape == (5, 9)
    assert pool.batch(1000).shape == (5, 9)


@pytest.mark.parametrize("count", range(8, 40))
def test_the_shortest_texts_have_rows_at_every_step(count):
    pool = given(count, TrainSpec(context=16, batch_tokens=64, stages=((0.5, 4),)))
    for step in range(1, 201, 13):
        rows = pool.batch(step)
        assert len(rows) >= 1
        assert (rows.diff(dim=1) == 1).all()
    assert pool.held_out().shape[1] - 1 == pool.context


def test_too_few_ids_are_refused():
    with pytest.raises(ValueError, match="too short to train on: 7 tokens"):
        given(7, TrainSpec())


def test_held_out_rows_are_always_the_first_ones():
    pool = given(1000, TrainSpec(context=4, batch_tokens=64))
    rows = pool.held_out()
    assert rows[:, 0].tolist() == list(range(1000, 1296, 4))
    assert torch.equal(rows, pool.held_out())
    short = Pool(TrainSpec(context=32), Given(list(range(100)), [1, 2, 3]), 64)
    assert short.held_out().tolist() == [[1, 2, 3]]
