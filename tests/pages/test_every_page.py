"""Every page on models that nobody tuned it to: its numbers are those of model and text, and its notebook agrees."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from streamlit.testing.v1 import AppTest

from app import chapters
from tests.pages.conftest import OWN_MODELS, SMALLER, OpenPage, execute, mixed, notebook, run_notebook

ROOT = Path(__file__).resolve().parents[2]
SHOWN = [chapter.slug for group in chapters.shown().values() for chapter in group]
OPEN = [slug for slug in SHOWN if slug not in OWN_MODELS]

# The bundled model, then random weights in the shapes of GPT, BERT and T5 (both of its stacks), each on its own text.
LINKS: dict[str, dict[str, Any]] = {
    "bundled": {"text": "Once upon a time, Lily saw a", "block": 1, "head": 2},
    "other": {"model": "./other", "text": "The fox and the crow", "block": 2, "head": 1},
    "both": {"model": "./both", "text": "A lion slept in the wood", "block": 0, "head": 2},
    "pair encoder": {"model": "./pair", "text": "The sun and wind", "stack": "encoder", "head": 1},
    "pair decoder": {
        "model": "./pair", "text": "A dog crossed", "target": "The river", "stack": "decoder", "attention": "cross",
    },
}  # fmt: skip

# Pages whose answer is a count, of weights or of tokens, or that nothing is left; and one whose answer is of a table of
# words, whatever model is open.
COUNTS = {"compute", "models", "norm_residual", "objectives"}
WORDS = {"embeddings"}
# The first view of Positions is of sines, which no model has learned.
LEARNED: dict[str, dict[str, Any]] = {"positions": {"kind": "own"}}

Seen = dict[str, frozenset[float]]


TEXT = "Once upon a time, Lily saw a"


def measured(values: Any) -> frozenset[float]:
    """The numbers of a table or an answer that a model computed: with a fraction, so no position, no 0 and no 1.

    A chance just below 1 keeps one or two of its five digits beside the nines: models that are sure share those.
    """
    floats = [value for value in values if isinstance(value, float)]
    apart = [value for value in floats if abs(value - round(value)) > (1e-3 if round(value) else 1e-4)]
    return frozenset(float(f"{value:.5g}") for value in apart)


def committed(app: AppTest) -> frozenset[float]:
    """The numbers behind the answer to the page's question."""
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    record = app.session_state["gb"].memos["predict"]
    assert "failed" not in record, "the model could not answer"
    answer = record["answer"]
    floats = [value for value in answer.numbers.values() if isinstance(value, float)]
    shapes = ("{:.3f}", "{:.2f}", "{:.1f}", "{:.1%}", "{:.0%}", "{:,.0f}")
    told = answer.evidence.replace(" %", "%")
    assert all(any(shape.format(value) in told for shape in shapes) for value in floats)
    return measured(answer.numbers.values())


def holds(book: nbformat.NotebookNode, numbers: frozenset[float]) -> bool:
    """Whether each of these numbers stands in the notebook's code, which asserts those that stand in it."""
    code = " ".join(cell.source for cell in book.cells if cell.cell_type == "code")
    written = [float(number) for number in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", code)]
    return all(
        any(abs(number - other) < max(2e-5, 5e-5 * abs(number)) for other in written) for number in numbers
    )


def own(line: tuple[Any, ...], link: dict[str, Any]) -> bool:
    """Whether a line of a table hangs on the open model: sentences are also read by others, whatever is open."""
    return line[0] != "two sentences, cosine" or line[1] == link.get("model", "tales-gpt")


def visit(slug: str, open_page: OpenPage) -> tuple[Seen, Seen]:
    """The page on every model: the numbers of its table and of its answer, its notebook run each time."""
    tables, answers = {}, {}
    for name, link in LINKS.items():
        app = open_page(slug, **link, **LEARNED.get(slug, {}), **SMALLER.get(slug, {}))
        assert not app.exception and not app.error and not app.info, name
        assert app.session_state["gb"].store["model"] == link.get("model", "tales-gpt")
        run_notebook(app)
        table = app.session_state["gb"].memos["takeaway"]["table"]()
        assert not mixed(table), f"{name}: more than one type in a column"
        tables[name] = measured(
            value for line in zip(*table.values(), strict=True) if own(line, link) for value in line
        )
        answers[name] = committed(app)
        assert holds(notebook(app), answers[name]), f"{name}: the notebook does not compute the answer"
        assert len(tables[name]) > 5, f"{name}: the table shows no numbers of the model"
        assert answers[name] or slug in COUNTS, f"{name}: the answer has no numbers of the model"
    return tables, answers


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.usefixtures("other_model")
@pytest.mark.parametrize("slug", OPEN)
def test_another_model_and_text_change_every_number(slug: str, open_page: OpenPage) -> None:
    tables, answers = visit(slug, open_page)
    # The lab's table is the curve of a run: a model without one shows that of the bundled model.
    for seen in (answers,) if slug == "lab" else (tables,) if slug in WORDS else (tables, answers):
        names = list(seen)
        for at, one in enumerate(names):
            for other in names[:at]:
                if LINKS[one].get("model") == LINKS[other].get("model"):
                    continue  # two views of one model
                shared = seen[one] & seen[other]
                # Of a few dozen numbers of five digits, one may be equal by chance; of a few hundred, one or two.
                allowed = 0.02 * min(len(seen[one]), len(seen[other]))
                assert len(shared) <= max(1 if allowed > 0.5 else 0, allowed), (one, other, shared)


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.usefixtures("other_model")
@pytest.mark.parametrize("slug", OPEN)
def test_a_notebook_fails_when_the_model_is_another(slug: str, open_page: OpenPage) -> None:
    book = notebook(open_page(slug, **LINKS["other"], **SMALLER.get(slug, {})))
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert sum(cell.source.count("/other'") for cell in code) == 1, "it loads the page's model, once"
    for cell in code:
        cell.source = cell.source.replace("/other'", "/both'")
    with pytest.raises((AssertionError, ValueError)):
        execute(book)


@pytest.mark.full(reason="the other pages take 20 s", quick_cases=2)
@pytest.mark.parametrize("slug", ["attention", *(slug for slug in OPEN if slug != "attention")])
def test_a_notebook_with_another_text_runs_and_reports_the_change(
    slug: str, open_page: OpenPage, capsys: pytest.CaptureFixture[str]
) -> None:
    book = notebook(open_page(slug, text=TEXT, **SMALLER.get(slug, {})))
    assigned = f"TEXT = {TEXT!r}"
    changed = [cell for cell in book.cells if assigned in cell.source]
    read = [cell for cell in book.cells if TEXT in cell.source and "show." not in cell.source]
    if not changed:
        assert not read, "every notebook names the text that it reads"
        return
    for cell in changed:
        cell.source = cell.source.replace(assigned, "TEXT = 'Tom had a cat. He saw the big dog, and the'")
    execute(book)
    assert "TEXT was changed: the exported numbers are not checked." in capsys.readouterr().out


@pytest.mark.full(reason="starts processes and waits for them, 69 s")
@pytest.mark.usefixtures("other_model")
def test_every_notebook_runs_in_jupyter(open_page: OpenPage) -> None:
    book = nbformat.v4.new_notebook()
    for slug in SHOWN:  # one kernel for all: a second one would import torch anew
        cells = notebook(open_page(slug, **LINKS["pair decoder"], **SMALLER.get(slug, {}))).cells
        book.cells += [nbformat.v4.new_code_cell("%reset -f"), *cells]
    done = NotebookClient(book, timeout=240, resources={"metadata": {"path": str(ROOT)}}).execute()
    ran = [cell.execution_count for cell in done.cells if cell.cell_type == "code"]
    assert ran == list(range(1, len(ran) + 1))
