"""Fine-tuning's examples: whatever is pasted is learned from or refused, and every round goes through all examples."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.training.fine_tune_spec import LABELS
from core.training.labelled import batch, own_examples, round_of, rows_of
from tests.tuning import base

line = st.tuples(
    st.text(max_size=20), st.sampled_from(["\t", " ", "\t\t"]), st.sampled_from([*LABELS, "", "happy"])
)


@given(st.one_of(st.text(max_size=200), st.lists(line.map("".join), max_size=6).map("\n".join)))
def test_any_paste_is_learned_from_or_refused_with_a_sentence(lines: str) -> None:
    try:
        found = own_examples(lines)
    except ValueError:
        return
    assert {one.label for one in found} == {0, 1}
    for one in found:
        assert one.text.strip() == one.text != ""
        assert one.text in lines
    rows = rows_of(found, base().tokenizer, 96)
    if rows:
        given = batch(rows)
        assert given.mask.sum(1).tolist() == [len(row.ids) for row in rows]


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=60),
    st.integers(1, 20),
    st.integers(0, 9),
    st.integers(0, 3),
)
def test_a_round_holds_each_example_once_at_most_and_leaves_less_than_a_batch(
    lengths: list[int], size: int, seed: int, lap: int
) -> None:
    size = min(size, len(lengths))
    batches = round_of(tuple(lengths), size, seed, lap)
    taken = [row for one in batches for row in one]
    assert len(taken) == len(set(taken)) > len(lengths) - size
    assert all(len(one) == size for one in batches)
    assert batches == round_of(tuple(lengths), size, seed, lap)
