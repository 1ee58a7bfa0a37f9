"""The file of questions: it parses, keeps the rules that a machine can hold, and code and file know the same names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from app import chapters, questions
from app.controls.predict import draw

ROOT = Path(__file__).resolve().parents[2]
ALL = questions.read()
APART = {"bare_encoder"}  # asked by several pages (app/controls)
WHOLE = """# home
## what
claim: A claim.
? What of {one}?
+ yes: Yes, {one}
- no: No
because yes: It {does}.
because no: It does not,
  whatever comes.
evidence: From {now} to {then}.
evidence no: {count} of them.
"""


def asked_in_code() -> set[tuple[str, str]]:
    """(page, name) of every call of `questions.ask`; both must be written out, so that they can be found."""
    found: set[tuple[str, str]] = set()
    for path in (*ROOT.glob("pages/**/*.py"), *ROOT.glob("app/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "questions.ask":
                page, name = (ast.literal_eval(each) for each in node.args[:2])
                found.add((page, name))
                home = path.relative_to(ROOT).parts
                assert home[:2] == ("pages", page) or page in APART, f"{path} asks for {page}"
    return found


@pytest.mark.full(reason="takes 2 s")
def test_every_question_of_the_file_is_asked_and_the_reverse() -> None:
    assert asked_in_code() == set(ALL)


def test_every_question_belongs_to_a_page() -> None:
    assert {page for page, _ in ALL} <= set(chapters.BY_SLUG) | APART


def test_a_question_keeps_the_rules(subtests: pytest.Subtests) -> None:
    for name, question in ALL.items():
        with subtests.test("/".join(name)):
            check_question(question)


def check_question(one: questions.Question) -> None:
    """Check what a machine can of a question: its options, causes and the length of its words."""
    assert 2 <= len(one.options) <= 4
    for key, cause in one.because.items():
        bare = re.sub(r"\{\w+\}|`[^`]*`", "", cause)
        assert not re.search(r"\d", bare), f"because {key}: a cause has no numbers"
        assert len(bare.split()) <= 60, f"because {key}: one or two sentences"
        assert cause.endswith((".", "!", "”")), f"because {key}: a sentence"
    assert one.text.endswith(("?", "…")), "a question"
    words = list(one.options.values())
    assert len(set(words)) == len(words)
    assert all(len(each) <= 60 for each in words), "an option is a button"
    assert sum(5.5 * len(each) + 26 for each in words) <= 476, (
        "of some 550 pixels of a card, with its button in one line"
    )


def test_it_reads_what_is_written() -> None:
    (one,) = questions.parse("For teachers.\n\n" + WHOLE)
    assert (one.page, one.name, one.claim, one.claimed) == ("home", "what", "A claim.", "yes")
    assert one.because["no"] == "It does not, whatever comes."
    assert one.places == {"one"}


def test_an_answer_is_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = questions.parse(WHOLE)
    monkeypatch.setattr(questions, "read", lambda: {("home", "what"): one})
    asked = questions.ask("home", "what", one="`{does}`", order=("no", "yes"))
    assert asked.text == "What of `{does}`?", "what a learner typed is not filled in again"
    assert asked.options == ("No", "Yes, `{does}`")
    found = asked.answer("yes", None, {"row": 3}, does="looks", now=0.25, then=1, count=1234)
    assert (found.index, found.because, found.evidence) == (1, "It looks.", "From 0.250 to 1.")
    assert (found.numbers, found.shows) == ({"now": 0.25, "then": 1, "count": 1234}, {"row": 3})
    assert asked.answer("no", does="", now=1, then=2, count=1234).evidence == "1,234 of them."
    with pytest.raises(questions.QuestionError, match=r"home/what: nothing is given for \{count\}"):
        asked.answer("yes", does="", now=1, then=2)
    with pytest.raises(questions.QuestionError, match="there is no because for “maybe”"):
        asked.answer("maybe")
    with pytest.raises(questions.QuestionError, match=r"nothing is given for \{one\}"):
        questions.ask("home", "what")
    with pytest.raises(questions.QuestionError, match="home/who: there is no"):
        questions.ask("home", "who")
    with pytest.raises(questions.QuestionError, match="there is no 'perhaps'"):
        questions.ask("home", "what", order=("perhaps",), one="")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("+ yes:", "- yes:", "one of them with a +"),
        ("- no: No\n", "", "two to four options"),
        ("claim: A claim.\n", "", "lacks its claim"),
        ("? What of {one}?\n", "", "lacks its claim or its question"),
        ("because yes: It {does}.\n", "", "lacks a because"),
        ("because yes:", "because yet:", "has no option “yet”"),
        ("- no: No", "- yes: No", "line 6: “- yes: No” comes twice"),
        ("- no: No", "* no: No", "line 6: “\\* no: No” is no line of a question"),
        ("because yes:", "because:", "line 7: “because: It {does}.” comes twice, or has a key"),
        ("# home\n", "", "line 1: a question stands before the first page"),
        ("## what\n", "", "line 2: a page begins with a question"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_its_line(before: str, after: str, says: str) -> None:
    assert before in WHOLE
    with pytest.raises(questions.QuestionError, match=says):
        questions.parse(WHOLE.replace(before, after))


def test_two_questions_of_one_name_are_refused() -> None:
    with pytest.raises(questions.QuestionError, match="home/what stands twice"):
        questions.parse(WHOLE + WHOLE)


def test_drawing_goes_through_all_before_any_comes_twice() -> None:
    pool, now, seen = list("abcdef"), "a", []
    for seed in range(5):
        now = draw(seed, pool, now)
        seen.append(now)
    assert len(set(seen)) == 5
    assert all(draw(seed, pool, "c") != "c" for seed in range(40))
    assert draw(3, ["a"], "a") == "a" and draw(0, ["a", "b"], "z") in {"a", "b"}
    assert draw(7, pool, "a") == draw(7, pool, "a")
