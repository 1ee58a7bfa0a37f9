"""What the benchmarks make of their seconds, and the document made of what they saved."""

import json
from pathlib import Path

from tests.benchmarks import pair, table


def comparison() -> pair.Comparison:
    seconds = {"glassbox": [1.0, 10.0, 2.0], "transformers generate": [3.0, 20.0, 6.0]}
    versions = {"python": "3.11", "transformers": "5.0"}
    return pair.Comparison("greedy", seconds, versions, (120, "tokens"), {"transformers generate": 2.5})


def test_a_ratio_is_that_of_the_rounds_not_of_the_medians() -> None:
    assert comparison().ratio("transformers generate") == 3.0
    assert comparison().missed == {}
    slower = pair.Comparison("x", comparison().seconds, least={"transformers generate": 3.5})
    assert slower.missed == {"transformers generate": 3.0}


def test_a_figure_is_reached_by_median_and_by_percentile() -> None:
    values = [100.0] * 18 + [400.0] * 2
    assert pair.Figure("x", values, most=150).reached
    assert not pair.Figure("x", values, most=150, most_95=300).reached
    assert not pair.Figure("x", values, most=100).reached
    assert pair.Figure("x", [899.0], most=900).reached


def test_the_document_has_a_row_for_each_title_the_last_one_measured() -> None:
    both = {"module": "test_decoding", "machine": "a machine, 2 cores"}
    older = {**pair.Figure("tree", [900.0, 901.0], 500).record(), **both}
    newer = {**pair.Figure("tree", [100.0, 101.0], 500).record(), **both}
    lines = [json.dumps(record) for record in (older, {**comparison().record(), **both}, newer)]
    text = table.render(lines)
    assert (
        "| greedy | 60 tokens/s | transformers 5.0 generate | 20 tokens/s | **3.00** | at least 2.5: reached | 3 |"
        in text
    )
    rows = [line for line in text.splitlines() if line.startswith("| tree")]
    assert rows == ["| tree | **100 ms** | 101 ms | under 500 ms: reached | 2 |"]
    assert "a machine, 2 cores" in text and "transformers 5.0" in text


def test_every_benchmark_has_a_section_in_the_document() -> None:
    files = Path(table.__file__).parent.glob("test_*.py")
    assert sorted(table.SECTIONS) == sorted(path.stem for path in files)


def test_what_was_foretold_stands_beside_what_came() -> None:
    good = pair.Foretold("a run", (10.0, 12.0), (12.0, 11.0), 1.5)
    late = pair.Foretold("a late run", (10.0, 12.0), (12.0, 24.0), 1.5)
    early = pair.Foretold("an early run", (10.0, 5.0), (5.0, 5.0), 1.5)
    assert good.reached and not late.reached and not early.reached
    assert "(× 1.20)" in good.table() and "corrected   12.0" in good.table()
    lines = [
        json.dumps({**one.record(), "module": "test_estimates", "machine": "M"})
        for one in (good, late, early)
    ]
    text = table.render(lines)
    assert "| a run | 10.0 s | 12.0 s | 1.20 | 12.0 s | 11.0 s | **0.92** | within 1.5: reached |" in text
    assert text.count("within 1.5: **missed**") == 2


def a_class(seconds: list[float], servers: int = 1, failures: list[str] | None = None) -> str:
    """The document of thirty learners who met this."""
    acts = pair.Acts(
        "thirty learners", {"a page drawn": seconds}, failures or [], {"servers": 0.6, "workers": 1.0, "client": 0.1},
        900.0, servers, 30, 1.5, 150.0,
    )  # fmt: skip
    record = {**acts.record(), "module": "test_classroom_load", "machine": "a machine"}
    return table.render([json.dumps(record)])


def test_what_a_class_of_a_hundred_needs_grows_with_the_class() -> None:
    told = a_class([0.1, 0.2, 0.3])
    assert "| thirty learners: a page drawn | 3 | **200 ms** | 290 ms | 300 ms |" in told
    assert (
        "A class of 100 needs 4 servers, by “thirty learners”: 2.0 processors for the pages and 3.6 GB"
        in told
    )
    assert "needs 7 servers" in a_class([0.1, 0.2, 0.3], servers=2)


def test_a_class_that_was_too_slow_or_failed_foretells_nothing() -> None:
    assert "A class of 100 needs" not in a_class([0.1, 0.9, 1.3])
    assert "A class of 100 needs" not in a_class([0.1, 0.2, 0.3], failures=["learner 3: Broken"])


def test_what_a_view_costs_is_told_page_by_page() -> None:
    views = pair.Views(
        "a view", {"Home": {"opened": (22.0, 66), "a new text": (34.4, 69)}, "Loss": {"opened": (28, 66)}}, 5
    )
    told = table.render([json.dumps({**views.record(), "module": "test_view_cost", "machine": "a machine"})])
    assert "| page | opened | a new text |" in told
    assert "| Home | 22 ms, 66 | 34 ms, 69 |" in told and "| Loss | 28 ms, 66 |  |" in told


def test_what_a_view_cost_earlier_stands_before_it() -> None:
    views = pair.Views(
        "a view", {"Home": {"opened": (22.0, 66), "selected": (24, 69)}}, 5, {"Home": {"opened": 41.3}}
    )
    told = table.render([json.dumps({**views.record(), "module": "test_view_cost", "machine": "a machine"})])
    assert "| Home | 41 → 22 ms, 66 | 24 ms, 69 |" in told
    assert "opened 22 ms (was 41), 66, selected 24 ms, 69" in views.table()
