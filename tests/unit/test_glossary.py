"""The glossary as a whole: complete, in order, with pages that exist, and without a term that it leaves unexplained."""

from __future__ import annotations

import ast
import re
import unicodedata
from functools import cache
from pathlib import Path

import pytest

from app import chapters, glossary, words
from app.lessons import library
from core import messages
from core.vectors.static import glove

ENTRIES = glossary.entries()
COMMON = 10_000  # the most frequent words of GloVe's table count as everyday
# Rarer words, in explanations and lessons, that everybody knows or that the sentence itself explains.
PLAIN = frozenset({
    "multiply", "multiplication", "multiplied", "slope", "shrink", "undoe", "anew", "halve", "measurement", "violet",
    "ochre", "unsure", "processor", "sum", "summed", "probable", "slice", "filler", "quantity", "seldom",
    "foretell", "sharpen", "penalize", "fetch", "blacksmith", "calculate", "heap", "likeness", "prejudice", "arrow",
    "cheat", "dash",
    "ravine", "brake", "fable", "hinder", "sixteenth", "append", "fade", "hesitate", "encyclopedia", "err", "labelled",
    "scratch", "thickness", "twentieth", "notebook",
    "perceptron",  # in a term's full name, which stands in brackets
    "happi", "ness", "austen", "gpt",  # pieces of words and of names
})  # fmt: skip


@cache
def listed(slug: str) -> set[str]:
    """The terms that a page lists: what stands in `page.terms(...)`, and in what is unpacked there."""
    trees = [ast.parse(path.read_text("utf-8")) for path in (chapters.ROOT / "pages" / slug).glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "page.terms"]
    unpacked = {
        "TERMS",
        *(ast.unparse(one.value) for call in calls for one in call.args if isinstance(one, ast.Starred)),
    }
    named = [
        (node, {getattr(one, "id", "") for one in node.targets})
        for node in nodes
        if isinstance(node, ast.Assign)
    ]
    given = [node for node, names in named if names & unpacked]
    inside = [one for node in [*calls, *given] for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return {one.value for one in inside if isinstance(one.value, str) and one.value in words.WORDS}


def test_every_term_is_there_once_and_in_the_order_of_the_alphabet() -> None:
    assert sorted(one.term for one in ENTRIES) == sorted(words.WORDS)
    letters = [one.term.lower() for one in ENTRIES if one.term[0].isalpha() and one.term.isascii()]
    plain = [re.sub(r"[^a-z0-9 ]", "", term) for term in letters]
    assert plain == sorted(plain) and len(plain) > 150
    assert len({one.anchor for one in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("slug", sorted(chapters.BY_SLUG))
def test_the_pages_terms_are_all_in_the_glossary(slug: str) -> None:
    tree = ast.parse((chapters.ROOT / "pages" / slug / "page.py").read_text("utf-8"))
    calls = [
        one for one in ast.walk(tree) if isinstance(one, ast.Call) and ast.unparse(one.func) == "page.terms"
    ]
    named = {one.value for call in calls for one in call.args if isinstance(one, ast.Constant)}
    assert len(calls) == 1 and named and named <= set(words.WORDS)


def test_a_term_stands_on_the_page_that_is_named_for_it(subtests: pytest.Subtests) -> None:
    for one in ENTRIES:
        with subtests.test(one.anchor):
            assert chapters.BY_SLUG[one.page].exists
            assert one.term in listed(one.page) | set(words.EVERYWHERE)
            covered = {cover.section for cover in chapters.BY_SLUG[one.page].covers}
            assert not one.section or one.section in covered, f"{one.page} covers {sorted(covered)}"


def test_a_place_that_is_missing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(words.WORDS, "forgotten", "A word without a page.")
    with pytest.raises(LookupError, match="forgotten"):
        glossary.entries()


def test_every_link_leads_to_a_term_or_a_page() -> None:
    text = glossary.article(lambda slug: f"every-picture/{slug}.html")
    ids = set(re.findall(r' id="([^"]+)"', text))
    links = re.findall(r'href="([^"]+)"', text)
    inner = [link for link in links if link.startswith("#")]
    assert len(inner) > 60 and {link[1:] for link in inner} <= ids
    assert {link for link in links if not link.startswith("#")} <= {
        f"every-picture/{slug}.html" for slug in chapters.BY_SLUG
    }
    assert 'id="word-softmax"' in text and "Also: nucleus sampling." in text and "3.1 Self-attention" in text
    row = text[text.index('id="word-dropout"') :]
    assert text.count("<dt ") == len(ENTRIES) and "7.3 Regularization" in row[: row.index("</div>")]


def test_in_spanish_terms_stand_by_their_spanish_names_beside_the_english_ones() -> None:
    with messages.speaking("es"):
        found = glossary.entries()
        text = glossary.article(lambda slug: slug)
    assert {one.term for one in found} == set(words.WORDS)
    names = [unicodedata.normalize("NFD", one.name.lower()) for one in found if one.name[0].isalpha()]
    plain = [re.sub(r"[^a-z0-9 ]", "", name) for name in names]
    assert plain == sorted(plain) and "atencion" in plain
    row = text[text.index('id="word-beam-search"') :]
    row = row[: row.index("</div>")]
    assert "búsqueda en haz</dt>" in row and "En inglés: beam search." in row and "9.2 Búsqueda en haz" in row
    assert '<a href="#word-attention">atención</a>' in text
    token = text[text.index('id="word-token"') :]
    assert "En inglés: piece, word piece." in token[: token.index("</div>")]  # it has the same name


_ENDINGS = (
    ("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("er", ""), ("er", "e"),
    ("est", ""), ("est", "e"), ("iest", "y"), ("ier", "y"), ("ly", ""),
)  # fmt: skip


def stems(word: str) -> set[str]:
    """A word and what it may be a form of."""
    return {word, *(word.removesuffix(end) + instead for end, instead in _ENDINGS if word.endswith(end))}


def unexplained(text: str) -> set[str]:
    """The words of a text that are rare in English and no term of the glossary; names are passed over."""
    known = {
        stem for term in words.WORDS for piece in re.findall(r"[a-z]+", term.lower()) for stem in stems(piece)
    }
    common = set(glove().words[:COMMON])
    bare = re.sub(r"`[^`]*`|“[^”]*”|\{[^}]*\}", " ", text)
    found = re.findall(r"(?<![\w’])[a-z][a-z]+", bare)
    return {word for word in found if not stems(word) & (known | common | PLAIN)}


def test_no_explanation_uses_a_word_that_is_itself_unexplained() -> None:
    assert {one.term: left for one in ENTRIES if (left := unexplained(one.said))} == {}


@pytest.mark.parametrize("name", library.ORDER)
def test_no_lesson_uses_a_word_of_the_field_that_is_unexplained(name: str) -> None:
    lesson = library.find(name)
    assert unexplained(" ".join(lesson.texts())) == set()


def test_a_word_of_the_field_would_be_noticed() -> None:
    assert unexplained("the hessian of a heteroscedastic tensor") == {"hessian", "heteroscedastic", "tensor"}


def test_the_page_of_the_site_is_written(tmp_path: Path) -> None:
    from scripts.documentation import glossary as page
    from scripts.documentation.pages import Source

    source = Source(tmp_path)
    page.write(source)
    assert "every-picture/attention.html" in (tmp_path / page.PAGE).read_text(encoding="utf-8")
