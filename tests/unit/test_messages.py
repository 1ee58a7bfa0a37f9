"""Messages in another language, and where they are looked up."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.counts import counted, times
from app.kit import modules
from core import messages
from core.messages import Later, bound, later, mark, say, say_of, speak, speaking, spoken

TABLE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

#: app/kit/counts.js core/other.py
msgid "{share} of {all}"
msgstr "de {all}, {share}"

msgctxt "music"
msgid "key"
msgstr "tecla"

#: app/kit/counts.js
msgctxt "count"
msgid "token"
msgid_plural "tokens"
msgstr[0] "ficha"
msgstr[1] "fichas"

#, fuzzy
msgid "doubtful"
msgstr "dudoso"

msgid "empty"
msgstr ""
"""


@pytest.fixture
def spanish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a table of a few messages in place of Spanish."""
    (tmp_path / "es").mkdir()
    (tmp_path / "es" / "page.po").write_text(TABLE, encoding="utf-8")
    monkeypatch.setattr(messages, "FOLDER", tmp_path)
    read = messages._read.__wrapped__
    monkeypatch.setattr(messages, "_read", read)
    monkeypatch.setattr(
        messages, "table", lambda language: {key: said for key, (said, _) in read(language).items()}
    )


def test_english_is_said_as_it_is_written() -> None:
    assert spoken() == "en"
    assert say("{share} of {all}", share="3 %", all=7) == "3 % of 7"
    assert say("braces {stay} without values") == "braces {stay} without values"
    assert mark("a table’s entry") == "a table’s entry"
    with pytest.raises(KeyError):
        say("{share} of {all}", share=1)


def test_a_message_is_translated_with_its_places_in_another_order(spanish: None) -> None:
    with speaking("es"):
        assert say("{share} of {all}", share="3 %", all=7) == "de 7, 3 %"
        assert say_of("music", "key") == "tecla"
        assert say("key") == "key"
    assert spoken() == "en"


def test_doubtful_and_missing_translations_are_said_in_english(spanish: None) -> None:
    with speaking("es"):
        assert (say("doubtful"), say("empty"), say("unknown")) == ("doubtful", "empty", "unknown")


def test_counted_nouns_have_the_languages_own_numbers(spanish: None) -> None:
    with speaking("es"):
        assert [counted(n, "token") for n in (0, 1, 2)] == ["0 fichas", "1 ficha", "2 fichas"]
        assert counted(2, "pass") == "2 passes"


def test_spanish_says_ratios() -> None:
    assert times(2.4) == "2.40 times"
    with speaking("es"):
        assert [times(2.4), times(3e6)] == ["2.40 veces", "3.00 millones de veces"]


def test_a_later_message_speaks_the_readers_language(spanish: None) -> None:
    kept = later("{share} of {all}", share=1, all=2)
    assert kept == Later("{share} of {all}", {"share": 1, "all": 2})
    assert str(kept) == "1 of 2"
    with speaking("es"):
        assert str(kept) == f"{kept}" == "de 2, 1"


def test_each_thread_speaks_for_itself() -> None:
    with speaking("es"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(spoken).result() == "en"
        assert spoken() == "es"


def test_only_known_languages_are_spoken() -> None:
    with pytest.raises(ValueError, match="'xx' is none of en, es"):
        speak("xx")


def test_scripts_get_the_words_that_they_say(spanish: None) -> None:
    assert modules.words("es") == {
        "{share} of {all}": ("de {all}, {share}",),
        "count\u0004token": ("ficha", "fichas"),
    }
    assert modules.words("es", ["app/kit/shapes.js"]) == {}
    assert modules.words("en") == {}


def test_the_words_are_served_beside_the_scripts() -> None:
    client = TestClient(Starlette(routes=modules.routes()))
    found = client.get(f"/modules/{modules.version()}/words/es.json")
    assert found.status_code == 200 and found.headers["content-type"] == "application/json"
    assert found.json() == json.loads(json.dumps(modules.words("es")))
    assert found.json()["count\u0004token"]
    assert gzip.decompress(modules._packed_words("es")) == found.content
    for path in (f"{modules.version()}/words/xx.json", "0" * 12 + "/words/es.json"):
        assert client.get(f"/modules/{path}").status_code == 404


def test_a_new_translation_is_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = modules.version()
    monkeypatch.setattr(messages, "FOLDER", tmp_path)
    (tmp_path / "es.po").write_text("x")
    modules.version.cache_clear()
    try:
        assert modules.version() != before
    finally:
        modules.version.cache_clear()


@pytest.mark.usefixtures("spanish")
def test_a_function_that_another_thread_calls_speaks_the_language_that_it_was_bound_in() -> None:
    with speaking("es"):
        made = bound(lambda: say("{share} of {all}", share=1, all=2))
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(made).result() == "de 2, 1"
        assert pool.submit(spoken).result() == "en", "and it leaves the thread as it was"
