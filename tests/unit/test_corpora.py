"""The corpora: what they hold, that their splits are sound, and what own text that cannot be read is told."""

from __future__ import annotations

import re
import sys
from itertools import islice
from pathlib import Path

import pytest

from core.data import corpora, library
from core.data.corpora import corpus, own_text

FINITE = ["fables", "python", "functions"]


def fables() -> list[str]:
    """All fables in the file's order, read without the code under test."""
    return corpora.FABLES.read_text(encoding="utf-8").strip().split("\n***\n")


def test_there_are_a_hundred_fables_each_with_its_own_title():
    titles = [fable.split("\n\n", 1)[0] for fable in fables()]
    assert len(titles) >= 100
    assert len({title.lower() for title in titles}) == len(titles)
    assert all("\n" not in title and 0 < len(title) <= 60 for title in titles)


def test_fables_are_short():
    lengths = {fable.split("\n\n", 1)[0]: len(fable.split("\n\n", 1)[1].split()) for fable in fables()}
    assert {title: words for title, words in lengths.items() if not 80 <= words <= 160} == {}


def test_no_two_fables_share_eight_words_in_a_row():
    first_seen: dict[tuple[str, ...], int] = {}
    shared = []
    for number, fable in enumerate(fables()):
        words = re.findall(r"[\w']+", fable.lower())
        for start in range(len(words) - 7):
            run = tuple(words[start : start + 8])
            if first_seen.setdefault(run, number) != number:
                shared.append(" ".join(run))
    assert shared == []


def test_fables_do_not_begin_alike():
    openings = [" ".join(fable.split("\n\n", 1)[1].split()[:3]).lower() for fable in fables()]
    assert len(set(openings)) == len(openings)


def test_every_tenth_fable_is_held_out_and_nothing_is_lost():
    whole = [fable.strip() for fable in fables()]
    assert list(corpus("fables", split="held_out")) == whole[9::10]
    assert list(corpus("fables")) == [fable for number, fable in enumerate(whole) if number % 10 != 9]


def test_python_splits_are_disjoint_and_together_the_library():
    train, held_out = list(corpus("python")), list(corpus("python", split="held_out"))
    assert set(train).isdisjoint(held_out)
    assert 0.05 < len(held_out) / (len(train) + len(held_out)) < 0.2
    whole = set(train) | set(held_out)
    for module in ("ast", "bisect", "collections", "dataclasses", "heapq", "json", "textwrap", "unittest"):
        __import__(module)
        source = Path(str(sys.modules[module].__file__)).read_text(encoding="utf-8")
        assert source in whole, module


def test_python_corpus_has_neither_tests_nor_installed_packages():
    files = library._library_files()
    names = [name for _, name in files]
    assert names == sorted(names)
    folders = {part for name in names for part in name.split("/")[:-1]}
    assert folders.isdisjoint({"test", "tests", "idle_test", "site-packages", "dist-packages"})
    assert len(names) > 300


def test_python_corpus_is_python():
    sample = list(corpus("python"))[::10]
    assert len(sample) > 30
    for source in sample:
        compile(source, "corpus", "exec", dont_inherit=True)


def test_a_library_without_source_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("sysconfig.get_paths", lambda: {"stdlib": str(tmp_path)})
    with pytest.raises(FileNotFoundError, match="without its library's source"):
        next(corpus("python"))


def test_a_library_file_in_another_encoding_is_left_out(tmp_path, monkeypatch):
    (tmp_path / "latin.py").write_bytes("# coding: latin-1\nname = 'é'\n".encode("latin-1"))
    (tmp_path / "empty.py").write_text("\n", encoding="utf-8")
    (tmp_path / "plain.py").write_bytes(b"name = 1\r\n")
    monkeypatch.setattr("sysconfig.get_paths", lambda: {"stdlib": str(tmp_path)})
    assert [*corpus("python"), *corpus("python", split="held_out")] == ["name = 1\n"]


def test_tales_follow_the_seed_and_hold_some_back():
    train = list(islice(corpus("tales", seed=3), 8))
    assert train == list(islice(corpus("tales", seed=3), 8))
    assert train != list(islice(corpus("tales", seed=100), 8))
    assert all(len(tale.split()) > 10 for tale in train)
    assert set(train).isdisjoint(islice(corpus("tales", seed=3, split="held_out"), 8))


@pytest.mark.full(reason="takes 5 s")
@pytest.mark.parametrize("name", FINITE)
@pytest.mark.parametrize("split", ["train", "held_out"])
def test_finite_corpora_do_not_depend_on_the_seed(name, split):
    first = list(islice(corpus(name, seed=0, split=split), 20))
    assert len(first) > 5
    assert list(islice(corpus(name, seed=7, split=split), 20)) == first


def test_every_corpus_has_a_record():
    assert corpora.names() == ["tales", "copies", "senses", "fables", "python", "functions", "renamed"]
    for name in corpora.names():
        record = corpora.describe(name)
        assert record.name == name
        assert record.what
        assert record.origin
        assert record.held_out
        assert record.endless == (name not in FINITE)


def test_an_unknown_name_is_told_the_names():
    with pytest.raises(
        ValueError, match=r"'fabels'.*tales, copies, senses, fables, python, functions, renamed"
    ):
        corpus("fabels")


def test_an_unknown_split_is_told_the_splits():
    with pytest.raises(ValueError, match=r"'test'.*train, held_out"):
        corpus("fables", split="test")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"'test'.*train, held_out"):
        own_text("a\n\nb", split="test")  # type: ignore[arg-type]


def test_own_text_splits_on_blank_lines_and_holds_out_the_last_tenth():
    whole = [f"document {number}\n  second line" for number in range(31)]
    text = "\n\n" + "\n \t\n\n".join(whole) + "\n\n"
    assert own_text(text) == whole[:28]
    assert own_text(text, split="held_out") == whole[28:]


@pytest.mark.parametrize("count", [2, 3, 9, 10, 11, 19])
def test_own_text_holds_out_one_of_a_few(count):
    whole = [f"document {number}" for number in range(count)]
    assert own_text("\n\n".join(whole)) == whole[:-1]
    assert own_text("\n\n".join(whole), split="held_out") == whole[-1:]


def test_own_text_of_one_document_is_cut_at_a_space():
    words = [f"w{number:03}" for number in range(200)]
    train, held_out = own_text(" ".join(words)), own_text(" ".join(words), split="held_out")
    assert len(train) == len(held_out) == 1
    assert train[0].split() + held_out[0].split() == words
    assert len(held_out[0].split()) == pytest.approx(20, abs=1)


def test_own_text_of_one_word_is_cut_inside_it_and_one_character_is_all_for_training():
    assert own_text("antidisestablishmentarianism") == ["antidisestablishmentarian"[:26] + "i"]
    assert own_text("antidisestablishmentarianism", split="held_out") == ["sm"]
    assert own_text("a") == ["a"]
    assert own_text("a", split="held_out") == []


def test_own_text_reads_text_bytes_and_files_alike(tmp_path):
    text = "Erste Zeile\nzweite: ü, 中, 🦉\n\nnoch eine"
    windows = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    file = tmp_path / "notes.txt"
    file.write_bytes(windows)
    expected = ["Erste Zeile\nzweite: ü, 中, 🦉"]
    old_mac = text.replace("\n", "\r")
    for source in (text, "\ufeff" + text, text.replace("\n", "\r\n"), old_mac, text.encode(), windows, file):
        assert own_text(source) == expected
        assert own_text(source, split="held_out") == ["noch eine"]


@pytest.mark.parametrize("before", [b"caf", b"\xef\xbb\xbfna", "größer ".encode()])
def test_own_text_names_the_byte_that_is_not_utf8(tmp_path, before):
    file = tmp_path / "old.txt"
    file.write_bytes(before + b"\xe9 and more")
    with pytest.raises(ValueError, match=rf"old\.txt.*byte {len(before)} \(0xE9\).*save the file as UTF-8"):
        own_text(file)


@pytest.mark.parametrize("empty", ["", " \n\t\n ", "\ufeff", b"", b"\xef\xbb\xbf\r\n"])
def test_own_text_without_words_says_what_to_do(empty):
    with pytest.raises(ValueError, match="empty: bring a text"):
        own_text(empty)


def test_own_text_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        own_text(tmp_path / "missing.txt")
