"""Merges as columns of integers: equal to the records that they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import numpy as np
import pytest

from core.data.corpora import corpus
from core.text.columns import Column, narrow
from core.text.merges import Merge, Merges
from core.text.merging import Learning, Rule

FABLES = list(islice(corpus("fables"), 30))


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> list[Merge]:
    """Every step as it was recorded, kept as it is."""
    kept: list[Merge] = []
    add = Merges.add

    def keep(merges: Merges, merge: Merge, id: Mapping[str, int]) -> None:
        kept.append(merge)
        add(merges, merge, id)

    monkeypatch.setattr(Merges, "add", keep)
    return kept


@pytest.mark.parametrize("rule", ["count", "score"])
@pytest.mark.parametrize("pretokens", ["bytes", "words", "none"])
def test_each_merge_reads_as_it_was_recorded(records: list[Merge], rule: Rule, pretokens: str) -> None:
    learning = Learning(FABLES, 420, pretokens, rule).run()
    assert len(records) > 60 and learning.merges == records and records == learning.merges
    assert any(change.cut for merge in records for change in merge.changes) == (pretokens == "none")
    about, arrays = learning.state()
    again = Learning.restore(about, arrays)
    learning.settle()
    for one in (learning, again):
        assert list(one.merges) == records
        assert one.merges[-1] == records[-1] and one.merges[5:9] == records[5:9]
        assert one.merges[::-40] == records[::-40]
        assert one.merges.pairs(7) == [(merge.left, merge.right) for merge in records[:7]]
        assert one.tokenizer(30).encode("the fox") == learning.tokenizer(30).encode("the fox")


def test_merges_equal_what_has_the_same_steps_alone() -> None:
    short, long = (Learning(FABLES, size, "words").run().merges for size in (80, 90))
    assert short != long and long[: len(short)] == short and short == list(short)
    assert short != "merges" and long != [*short, *long[len(short) - 1 : -1]]
    with pytest.raises(IndexError, match=f"no merge {len(short)}: there are {len(short)}"):
        short[len(short)]
    with pytest.raises(IndexError):
        short[-len(short) - 1]
    with pytest.raises(TypeError):
        hash(short)


def test_what_is_settled_is_small_and_learns_no_more() -> None:
    learning = Learning(FABLES, 500, "words").run()
    grown = sum(column.nbytes for column in learning.state()[1].values())
    learning.settle()
    assert sum(column.nbytes for column in learning.state()[1].values()) < grown / 3
    assert {column.dtype for column in learning.merges.arrays().values()} <= {np.dtype("i1"), np.dtype("i2")}
    with pytest.raises(ValueError, match="packed"):
        learning.merges.add(learning.merges[0], dict.fromkeys(learning.vocabulary, 0))


def test_what_is_half_learned_is_restored_as_half_learned() -> None:
    half = Learning(FABLES, 300, "words")
    for _ in zip(range(20), half):
        pass
    again = Learning.restore(*half.state())
    assert not again.done and not again.ended and again.note == half.note
    assert again.merges == half.merges and again.before(12) == half.before(12)
    assert again.pair_counts([("t", "h"), ("?", "t")], 0) == half.pair_counts([("t", "h"), ("?", "t")], 0)
    with pytest.raises(ValueError, match="learn this vocabulary anew"):
        again.run()
    assert len(half.run().vocabulary) == 300, "the one that was read goes on"


@pytest.mark.parametrize(
    ("values", "kind"),
    [([], "i1"), ([-128, 127], "i1"), ([128], "i2"), ([-129], "i2"), ([2**15], "i4"), ([2**31], "i8")],
)
def test_integers_take_as_many_bytes_as_they_need(values: list[int], kind: str) -> None:
    packed = narrow(np.array(values, np.int64))
    assert packed.dtype == np.dtype(kind) and packed.tolist() == values
    column = Column()
    column.extend(values)
    column.extend(np.array([3], np.int32))
    assert column.values.tolist() == [*values, 3] and column[len(values)] == 3
    column.pack()
    assert column.values.tolist() == [*values, 3] and len(column) == len(values) + 1
