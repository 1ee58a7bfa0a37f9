"""The parts of the documentation's site; tests/browser/test_documentation.py builds and opens all of it."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

import core
from app import show
from app.lessons import library, printed
from app.outside.documents import Picture
from scripts.documentation import build, notebooks, reference
from scripts.documentation.pages import Source, table


def picture() -> Picture:
    """A small one."""
    return show.attention(core.load("tales-gpt"), "She found the red", layer=0, head=1)


def test_a_page_shows_a_picture_by_its_name_from_where_it_lies(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.picture("one", picture(), 300)
    source.page("index.md", "<!-- picture: one -->")
    source.page("deep/er/page.md", "<!-- picture: one -->", "Deep", "Page")
    source.show_frames()
    assert ' src="pictures/one.html"' in (tmp_path / "index.md").read_text()
    assert ' src="../../pictures/one.html"' in (tmp_path / "deep/er/page.md").read_text()
    assert source.entries == {"Deep": {"Page": "deep/er/page.md"}}
    source.page("wrong.md", "<!-- picture: two -->")
    with pytest.raises(LookupError, match="picture: two"):
        source.show_frames()


@pytest.mark.parametrize("name", ["index.md", "elsewhere.md"])
def test_the_code_of_a_page_written_by_hand_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (build.DOCS / name).read_text(encoding="utf-8"), re.S)
    assert blocks
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, name, "exec"), names)
    assert {path.name for path in tmp_path.iterdir()} == (
        {"attention.html", "home.html"} if name == "elsewhere.md" else set()
    )


def test_a_table_keeps_its_columns() -> None:
    assert list(table({"a": ["x|y"], "b": ["z"]})) == ["| a | b |", "| --- | --- |", "| x\\|y | z |"]


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(("text", "whole"), [("[away](nowhere.md)", False), ("# Words", True)])
def test_a_link_that_leads_nowhere_fails_the_build(
    text: str, whole: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(tmp_path / "in")
    source.page("index.md", text)
    monkeypatch.setattr(build, "BY_HAND", {})
    monkeypatch.setattr(build, "MEASURED", {})
    build._style(source.folder)
    for name in build.CARRIED:
        source.page(name, "")
    monkeypatch.setattr(build, "navigation", lambda source: [{"Start": "index.md"}])
    if whole:
        build._render(source, tmp_path / "out")
        assert (tmp_path / "out" / "index.html").is_file()
    else:
        with pytest.raises(ValueError, match="1 warnings in strict mode"):
            build._render(source, tmp_path / "out")


@pytest.mark.full(reason="starts processes and waits for them, 4 s")
def test_a_notebook_is_run_and_its_outputs_are_shown(tmp_path: Path) -> None:
    code = [
        "import core\nfrom app import show",
        "show.attention(core.load('tales-gpt'), 'She found the red', layer=0, head=1)",
        "print('```')\n6 * 7",
        "from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>')",
    ]
    cells = [nbformat.v4.new_markdown_cell("# A walk"), *map(nbformat.v4.new_code_cell, code)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "walk.ipynb")
    source = Source(tmp_path / "site")
    source.folder.mkdir()
    notebooks.write(source, tmp_path, build.ROOT, execute=True)
    assert source.entries == {"Notebooks": {"A walk": "notebooks/walk.md"}}
    text = (source.folder / "notebooks" / "walk.md").read_text()
    assert "````text\n```\n````" in text and "```text\n42\n```" in text
    assert "![What the cell draws](walk-4-0.svg)" in text
    assert (source.folder / "notebooks" / "walk-4-0.svg").read_text().startswith("<svg")
    (frame,) = source.frames
    assert f"<!-- picture: {frame} -->" in text and "srcdoc" not in text
    written = (source.folder / "pictures" / f"{frame}.html").read_text()
    assert written.startswith("<!doctype html>") and picture().claim in written
    assert (source.folder / "notebooks" / "walk.ipynb").is_file()


def test_what_a_cell_prints_in_pieces_is_one_block(tmp_path: Path) -> None:
    outputs = [
        nbformat.v4.new_output("stream", name=name, text=text)
        for name, text in (("stdout", "one\n"), ("stdout", "two\n"), ("stderr", "three\n"))
    ]
    cell = nbformat.v4.new_code_cell("print()", outputs=outputs)
    text = notebooks.page(Source(tmp_path), "walk", nbformat.v4.new_notebook(cells=[cell]))
    assert "```text\none\ntwo\n```\n\n```text\nthree\n```" in text


@pytest.mark.full(reason="takes a second")
def test_a_notebook_that_raises_fails_the_build(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell("1 / 0")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "wrong.ipynb")
    with pytest.raises(Exception, match="ZeroDivisionError"):
        notebooks.write(Source(tmp_path / "site"), tmp_path, tmp_path, execute=True)


def test_without_a_folder_of_notebooks_there_is_no_section(tmp_path: Path) -> None:
    source = Source(tmp_path)
    notebooks.write(source, tmp_path / "none", tmp_path, execute=True)
    assert source.entries == {}


def test_every_public_name_of_core_stands_in_one_group(monkeypatch: pytest.MonkeyPatch) -> None:
    named = [name for names in reference.GROUPS.values() for name in names]
    assert sorted(named) == sorted(core.__all__)
    monkeypatch.setattr(core, "__all__", [*core.__all__, "forgotten"])
    with pytest.raises(LookupError, match="forgotten"):
        list(reference._core())


def test_axes_have_the_letters_that_docstrings_use() -> None:
    lm = core.load("tales-gpt")
    trace = lm.trace("She found the red")
    sizes = reference.axes(lm, trace)
    assert {
        name: reference.lettered(tuple(trace[f"blocks.0.{name}"].shape), sizes)
        for name in ("attn.hook_pattern", "attn.hook_q", "mlp.hook_pre", "hook_resid_pre", "ln1.hook_scale")
    } == {
        "attn.hook_pattern": "(H, T, S)",
        "attn.hook_q": "(T, H, K)",
        "mlp.hook_pre": "(T, F)",
        "hook_resid_pre": "(T, D)",
        "ln1.hook_scale": "(T, 1)",
    }
    with pytest.raises(ValueError, match="axes of one size"):  # as many tokens as heads
        reference.axes(lm, lm.trace("A red ball"))


def test_a_printed_lesson_has_its_answers_apart() -> None:
    lesson = library.find("why-ball")
    written = printed.article(lesson, lambda mark, texts: texts, heading=1)
    questions, answers = written.split('<section class="gb-answers">')
    asked = [step.question for step in lesson.steps if step.question]
    assert questions.count("<b>a</b>") == len(asked)
    assert all(
        question.because.split(":")[0][:20] in answers for question in asked if "`" not in question.because
    )
    assert written.count("<h1>") == 1 and written.count("<h2>") == len(lesson.steps) + 1


def test_a_lesson_without_questions_has_no_answers() -> None:
    written = printed.article(library.find("your-sentence"), lambda mark, texts: texts)
    assert "Answers" not in written and "No question." not in written
