"""The Tokenization page as a script: what it learns, how it stops, its question, on every shape of model."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from app.models import cache
from core.text.merging import Learning
from core.text.published import Published, published
from core.text.simple import Characters, Words, altered, hidden
from pages.tokenization import waiting
from pages.tokenization.coverage import byte_data, language_data, unknown_data
from pages.tokenization.cut import machine, phrase
from pages.tokenization.figure import columns, compute, readable, rows_for
from pages.tokenization.learned import (
    Learned,
    Spec,
    Vocabularies,
    counts_data,
    learn,
    learned_of,
    merges_data,
    read,
    rounds_data,
    shown,
)
from pages.tokenization.question import other
from pages.tokenization.waiting import Job, Jobs, so_far, words
from tests.pages.conftest import run_notebook
from tests.waiting import until

TEXT = "Her unhappiness turned into happiness."
SPEC = Spec("fables", 500, "usual")
ROWS = rows_for("tales-gpt")  # without the vocabulary of a model that is left out here


@pytest.fixture(scope="module")
def learned() -> Learned:
    """Three small vocabularies of the fables."""
    return learn(SPEC)


def pieces(app: AppTest, tokenizer: str) -> list[str]:
    """A row's pieces of the text, from the table."""
    table = app.session_state["gb"].memos["takeaway"]["table"]()
    return [piece for name, piece in zip(table["tokenizer"], table["piece"]) if name == tokenizer]


def predict(app: AppTest) -> Any:
    """Commit the first option, and return the page's answer."""
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    return app.session_state["gb"].memos["predict"]["answer"]


def said(app: AppTest) -> str:
    """The messages on top of the page and the captions, as they read."""
    boxes = [*(box.value for box in app.info), *(caption.value for caption in app.caption)]
    return " ".join(boxes).replace("\\", "").replace("\u2060", "")


def notes(app: AppTest) -> list[str]:
    """The lines under the controls; the badge above the picture, which speaks of the model, is none of them."""
    return [box.value for box in app.main.caption if not box.value.startswith("Unlike all it read")]


def warned(app: AppTest) -> str:
    """The warnings, as they read."""
    return " ".join(box.value for box in app.warning).replace("\\", "").replace("\u2060", "")


def headline(app: AppTest) -> str:
    """The claim and the facts at its right."""
    return next(block.value for block in app.get("html") if "gb-claim" in block.value)


# ------------------------------------------------------------------------------------------------- the rows


@pytest.mark.full(reason="takes more than a second")
def test_every_row_holds_what_core_gives_for_it(open_page: Any, learned: Learned) -> None:
    app = open_page("tokenization", text=TEXT, corpus="fables", size=500)
    assert not app.exception and not app.error and not app.info
    table = app.session_state["gb"].memos["takeaway"]["table"]()
    names = list(dict.fromkeys(table["tokenizer"]))
    assert names == [
        "tales-gpt", "Characters", "Words", "BPE", "WordPiece", "Unigram", "GPT-2", "GPT-4", "BERT"
    ]  # fmt: skip
    for row, title in (
        ("bpe", "BPE"),
        ("wordpiece", "WordPiece"),
        ("unigram", "Unigram"),
        ("words", "Words"),
    ):
        assert pieces(app, title) == [piece.text for piece in learned.methods[row].encode(TEXT)]
    assert pieces(app, "GPT-4") == [piece.text for piece in published("cl100k").encode(TEXT)]
    lm = core.load("tales-gpt")
    expected = lm.transformer.embed.W_E[lm.encode(TEXT)[1:]].norm(dim=-1)
    lengths = [length for length in table["vector length"] if length is not None]
    assert lengths == pytest.approx(expected.tolist(), abs=1e-4)
    rows = list(
        csv.reader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )
    assert len(rows) == 1 + len(table["id"])


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("model", ["./other", "./both", "./pair"])
@pytest.mark.usefixtures("other_model")
def test_every_shape_of_model_has_its_own_row(model: str, open_page: Any) -> None:
    app = open_page("tokenization", model=model, text="The fox and the crow", corpus="fables", size=500)
    assert not app.exception and not app.info
    variables = run_notebook(app)
    own = [piece.text for piece in Published(variables["lm"].tokenizer).encode("The fox and the crow")]
    assert pieces(app, model.removeprefix("./")) == own and len(own) > 4


@pytest.mark.full(reason="5 cases, 16 s together")
@pytest.mark.parametrize("split", ["usual", "bytes", "words", "spaces", "none"])
def test_every_way_to_cut_first_reaches_all_three(split: str, open_page: Any) -> None:
    app = open_page("tokenization", text=TEXT, corpus="fables", size=400, split=split)
    assert not app.exception
    spec = Spec("fables", 400, split)
    for row, title in (("bpe", "BPE"), ("wordpiece", "WordPiece"), ("unigram", "Unigram")):
        method = learn(spec).methods[row]
        assert pieces(app, title) == [readable(piece)[0] for piece in method.encode(TEXT)]
    assert run_notebook(app)["bpe"].pretokens == spec.pretokens("bpe")


# ------------------------------------------------------------------------------------------------- learning


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    """The jobs of another server than the pages', for two at once; no process is left of them."""
    made = Jobs(2)
    yield made
    for job in list(made._jobs.values()):
        made.drop(job)
        assert ends(job)


def ends(job: Job) -> bool:
    """Whether the process of a job ends soon."""
    return job.learner is None or job.learner.wait(30)


def far(job: Job) -> int:
    """How many merges of BPE a job has learned."""
    return len(learned_of(job.spec, so_far(job), stopped=True).bpe.merges)


@pytest.mark.full(reason="takes more than a second")
def test_learning_shows_progress_and_stops_where_it_is(jobs: Jobs) -> None:
    spec = Spec("fables", 4000, "usual")
    job = jobs.of(spec)
    seen = []
    with jobs.wait(job) as learner:
        until(lambda: job.said is not None and job.said.done >= 50, "the fiftieth merge")
        assert job.said is not None
        seen.append((words(job.said), job.said.share))
        stopped = learned_of(spec, so_far(job), stopped=True)
    merges = len(stopped.bpe.merges)
    assert 50 <= merges < 3000 and stopped.wordpiece.merges == [] and stopped.unigram.rounds == []
    assert stopped.key != spec.key and stopped.key.startswith(spec.key)
    assert not stopped.bpe.done and not stopped.bpe.ended and "repeats nothing more" not in stopped.note
    assert stopped.methods["bpe"].encode(TEXT) and stopped.methods["unigram"].encode(TEXT)
    resting = far(job)
    assert far(job) == resting >= merges, "nobody waits for it"
    with jobs.wait(job) as learner:  # and goes on from there
        while not learner.wait(0.05):
            assert job.said is not None
            seen.append((words(job.said), job.said.share))
    whole = learned_of(spec, learner.result())
    assert whole.bpe.merges == Learning(read(spec), 4000).run().merges
    assert whole.bpe.merges[:merges] == stopped.bpe.merges
    assert whole.unigram.done and whole.wordpiece.done
    shares = [share for _, share in seen]
    assert shares == sorted(shares) and 0 <= shares[0] < 0.33 < shares[-1]
    said = " ".join(what for what, _ in seen)
    assert "BPE: merge " in said and "WordPiece: merge " in said and "Unigram: " in said


@pytest.mark.full(reason="takes a second")
def test_a_process_learns_what_is_learned_here(learned: Learned, jobs: Jobs) -> None:
    with jobs.wait(jobs.of(SPEC)) as learner:
        there = learned_of(SPEC, learner.result())
    assert there.bpe.merges == learned.bpe.merges and there.wordpiece.merges == learned.wordpiece.merges
    assert there.unigram.rounds == learned.unigram.rounds and there.note == learned.note
    assert there.json == learned.json
    for row, method in learned.methods.items():
        assert there.methods[row].encode(TEXT) == method.encode(TEXT)
    for at in range(len(learned.stages)):
        assert there.stages.encode(at, TEXT) == learned.stages.encode(at, TEXT)


@pytest.mark.full(reason="takes 6 s")
def test_a_stopped_page_says_how_far_it_came_and_learns_on(open_page: Any) -> None:
    spec = Spec("fables", 2500, "usual")
    app = open_page("tokenization", text=TEXT, corpus="fables", size=500)
    job = waiting._jobs.of(spec)
    with waiting._jobs.wait(job):
        until(lambda: job.said is not None and job.said.done >= 50, "the fiftieth merge")
    stopped = learned_of(spec, so_far(job), stopped=True)
    app.session_state["gb"].memos["tokenization"] = {"stopped": stopped}
    app.slider(key="size").set_value(2500).run()
    assert not app.exception
    assert f"Stopped after {len(stopped.bpe.merges)} merges of BPE and 0 of WordPiece" in said(app)
    seeds = stopped.unigram.seeds + 1
    assert f"Unigram still has {seeds:,} of its {seeds:,} candidates. The rows above know no more" in said(
        app
    )
    assert "was stopped before its end" in headline(app) and "three vocabularies" not in headline(app)
    assert pieces(app, "WordPiece").count("turned") == 0
    run_notebook(app)
    app.button(key="tokenization.on").click().run()
    assert "Stopped" not in said(app) and not app.exception
    assert "three vocabularies learned from" in headline(app)
    assert pieces(app, "BPE") == [piece.text for piece in learn(spec).methods["bpe"].encode(TEXT)]
    assert job.learner is not None and job.learner.found is not None, "the same process went on"


@pytest.mark.full(reason="takes more than a second")
def test_a_process_that_was_killed_is_said_and_can_be_tried_again(
    open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Job.begin

    def killed(job: Job) -> Any:
        learner = begin(job)
        os.kill(learner.pid, signal.SIGKILL)
        return learner

    monkeypatch.setattr(Job, "begin", killed)
    app = open_page("tokenization", text=TEXT, corpus="fables", size=550)
    assert not app.exception
    assert "The vocabularies were not learned: the process that learns them was ended (signal 9)." in warned(
        app
    )
    assert "the vocabularies were not learned" in headline(app)
    monkeypatch.setattr(Job, "begin", begin)
    app.button(key="tokenization.again").click().run()
    assert not app.exception and not app.warning
    assert pieces(app, "BPE") == [
        piece.text for piece in learn(Spec("fables", 550, "usual")).methods["bpe"].encode(TEXT)
    ]


def test_where_no_process_can_be_started_the_page_says_so(
    open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(job: Job) -> Any:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable", "/usr/bin/python3")

    monkeypatch.setattr(Job, "begin", refused)
    app = open_page("tokenization", text=TEXT, corpus="fables", size=560)
    assert not app.exception
    assert "no process could be started for them (Resource temporarily unavailable)." in warned(app)
    assert app.button(key="tokenization.again")


@pytest.mark.full(reason="takes more than a second")
def test_what_made_room_in_the_cache_is_learned_again_when_it_is_asked_for(open_page: Any) -> None:
    app = open_page("tokenization", text=TEXT, corpus="fables", size=570)
    expected = pieces(app, "BPE")
    cache._results.clear()
    run_notebook(app)
    kept = cache.kept(Spec("fables", 570, "usual").key)
    assert [piece.text for piece in kept.methods["bpe"].encode(TEXT)] == expected


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize(
    ("own", "size", "words"),
    [
        ("a" * 300, 100, "bytes"),
        ("", 300, ""),
        (" \n\t ", 300, ""),
        ("ab ab ab ab", 50, "cannot hold"),
        ("नमस्ते दुनिया " * 30, 300, ""),
    ],
)
def test_any_own_corpus_is_learned_from(own: str, size: int, words: str, open_page: Any) -> None:
    app = open_page("tokenization", text="a ab नमस्ते", corpus="fables", size=500)
    app.session_state["gb"].memos["tokenization"] = {"own": own}
    app.slider(key="size").set_value(size)
    app.get("button_group")
    app.session_state["corpus"] = "own"
    app.session_state["gb"].store["corpus"] = "own"
    app.run()
    assert not app.exception and not app.error
    if words == "cannot hold":
        assert len(notes(app)) == 1, "one line, so that the cards stay on the first screen"
        assert "50 entries cannot hold the single signs, which all stay: BPE 256 bytes." in said(app)
    assert "".join(pieces(app, "GPT-2")[:1]) == "a"
    spec = cache.kept("\x1f".join(["own", str(size), "usual", ""]))
    assert spec is None, "an own corpus has its checksum in the key"
    if own.strip():
        variables = run_notebook(app)
        assert variables["documents"] and len(variables["bpe"]) >= 256
        assert predict(app).numbers["tokens"] > 0


TEXTBOOK = "low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("split", ["usual", "words"])
def test_all_of_an_own_text_is_learned_from(split: str, open_page: Any) -> None:
    spec = Spec("own", 300, split)
    assert "".join(read(spec, TEXTBOOK)) == TEXTBOOK
    learned = learn(spec, TEXTBOOK)
    first = learned.bpe.merges[0]
    assert (first.left, first.right, first.count) == ("e", "s", 9), "six times newest, three times widest"
    assert learned.bpe.merges[1].entry == "est" and learned.characters_read == len(TEXTBOOK)
    assert "The corpus repeats nothing more: BPE ends at " in learned.note
    app = open_page("tokenization", text="lowest", corpus="fables", size=300, split=split)
    app.session_state["gb"].memos["tokenization"] = {"own": TEXTBOOK}
    app.session_state["gb"].store["corpus"] = "own"
    app.run()
    assert f"learned from {len(TEXTBOOK)} characters" in headline(app) and not app.exception
    assert run_notebook(app)["merges"][0] == ("es", 9)
    app.session_state["gb"].memos["tokenization"] = {"own": "a"}
    app.run()
    assert "learned from 1 character " in headline(app)


@pytest.mark.full(reason="takes a second")
def test_small_sizes_and_the_word_are_said_in_one_line(open_page: Any) -> None:
    app = open_page("tokenization", text=TEXT, corpus="fables", size=50, word=" \t ")
    small = learn(Spec("fables", 50, "usual"))
    letters, unigram = len(small.wordpiece.letters), small.unigram.alphabet
    assert len(small.methods["wordpiece"]) == letters + 1 and len(small.methods["unigram"]) == unigram + 1
    assert len(notes(app)) == 1
    line = notes(app)[0].replace("\\", "").replace("\u2060", "")
    assert "No word given: “unhappiness” is cut." in line
    assert f"BPE 256 bytes, WordPiece {letters} (most letters twice, also with ##), Unigram {unigram}" in line
    assert line.endswith("; and [UNK].")
    app.text_input(key="word").set_value("x" * 60).run()
    assert "The word’s first 40 characters are cut." in said(app)


def test_a_list_says_how_its_entries_add_up() -> None:
    all_of_them, most = counts_data(Characters.learn("abca", 9), "characters"), Words.learn("a a a b c", 3)
    assert "3 different characters. Each is an entry" in all_of_them["said"] and ": 4." in all_of_them["said"]
    assert "the 2 most frequent and [UNK] make the 3 entries" in counts_data(most, "words")["said"]
    assert "“c”, seen once." in counts_data(most, "words")["said"]
    assert "1 different character." in counts_data(Characters.learn("aa", 9), "characters")["said"]


# ------------------------------------------------------------------------------------------------- what is sent


def test_the_browser_gets_every_merge_with_what_it_was_chosen_from(learned: Learned) -> None:
    data = merges_data(learned.bpe)
    merges = learned.bpe.merges
    assert data["entries"] == learned.bpe.vocabulary
    assert len(data["changes"]) == len(data["other"]) == len(merges) == 244
    assert data["rivals"]["shape"] == [244, 5, 4]
    assert data["shown"][merges[0].id] == shown(merges[0].entry, "bytes")[0]
    assert shown("Ġun", "bytes") == (" un", None)
    assert shown("à¤", "bytes") == (r"\xe0\xa4", r"\xe0\xa4")
    assert shown("##ing", "words") == ("##ing", None)
    assert shown("▁the", "spaces") == (" the", None)
    again = json.loads(learned.json)
    assert [done["after"] for done in again["unigram"]["rounds"]] == [
        learned.unigram.seeds, *(done.after for done in learned.unigram.rounds)
    ]  # fmt: skip
    assert rounds_data(learned.unigram)[1]["gone"][0]["shown"]
    assert rounds_data(learned.unigram)[0]["repeated"] == learned.unigram.repeated > learned.unigram.seeds


def test_a_word_is_cut_step_by_step_as_core_cuts_it(learned: Learned) -> None:
    cut = machine(learned.methods["bpe"], "bpe", " unhappiness", learned)
    assert cut is not None
    made = [turn["made"] for turn in cut["turns"]]
    final = [piece.text for piece in learned.methods["bpe"].encode(" unhappiness")]
    assert set(made) & set(final)
    assert [turn["count"] for turn in cut["turns"]] == [
        learned.bpe.merges[turn["rank"]].count for turn in cut["turns"]
    ]
    assert len(cut["ends"]) == len(final) - 1
    assert cut["ends"][0]["count"] <= cut["needed"], "a pair that stands more often would have been merged"
    tried = machine(learned.methods["wordpiece"], "wordpiece", " unhappiness")
    assert tried is not None
    found = [trial["tried"] for trial in tried["trials"] if trial["found"]]
    assert found == [piece.entry for piece in learned.methods["wordpiece"].encode(" unhappiness")]
    ways = machine(learned.methods["unigram"], "unigram", " unhappiness")
    assert ways is not None
    shares = [way["probability"] for way in ways["n_best"]]
    assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1 + 1e-9
    assert machine(published("bert"), "bert", "  ") is None


def test_a_word_of_the_beginning_has_no_space_before_it() -> None:
    assert phrase("A", "A red ball") == "A"
    assert phrase("red", "A red ball") == " red"
    assert phrase("zorkle", "A red ball") == " zorkle"


def test_what_is_not_kept_is_not_computed_as_if_nothing_was_learned() -> None:
    with pytest.raises(LookupError, match="made room"):
        compute(
            core.load("tales-gpt"), ROWS, TEXT, "red", Vocabularies("nobody\x1fkeeps\x1fthis\x1f", cache.kept)
        )


def test_what_a_row_reads_nothing_for_is_sent() -> None:
    greeting = "नमस्ते, hi"
    sent = columns(published("bert").encode(greeting), greeting)
    assert sent["dropped"] == [[3, 4], [5, 6]] and sent["text"][:4] == ["न", "म", "स", "त"]
    assert columns(published("gpt2").encode(greeting), greeting)["dropped"] == []


def test_the_figures_below_say_what_is_lost_changed_or_held_too(learned: Learned) -> None:
    cache.keep(learned.key, learned)
    lm = core.load("tales-gpt")
    rows = {
        row["id"]: row for row in unknown_data(lm, "tales-gpt", ROWS, "naïve Zorkle", learned.key)["rows"]
    }
    for row, name in (("bert", "bert"), ("gpt2", "gpt2")):
        pieces = published(name).encode("naïve Zorkle")
        assert rows[row]["altered"] == altered(pieces, "naïve Zorkle")
        assert rows[row]["hidden"] == hidden(pieces, "naïve Zorkle")
    assert rows["bert"]["altered"] == pytest.approx(2 / 11) and rows["gpt2"]["altered"] == 0
    assert rows["bert"]["cells"][1] == [("naive", False)]
    card = byte_data(lm, "tales-gpt", ROWS, "so 👍", learned.key)["cards"][0]
    held = {row["id"]: (row["tokens"], row["also"]) for row in card["rows"]}
    first = next(piece for piece in published("gpt2").encode("so 👍") if piece.data.startswith(b" \xf0"))
    assert held["gpt2"][0][0] == [first.id, len(first.data) - 1] and held["gpt2"][1][0] == "a space"
    text = "a naïve one"
    whole = next(
        card
        for card in byte_data(lm, "tales-gpt", ROWS, text, learned.key)["cards"]
        if card["character"] == "ï"
    )
    also = {row["id"]: row["also"] for row in whole["rows"]}
    assert also["gpt2"] == ["“·na…ve”"]
    assert set(also["bpe"]) == {""}
    assert not any(held["gpt2"][1][1:]) and sum(count for _, count in held["gpt2"][0]) == 4
    found = {
        language["code"]: language
        for language in language_data(lm, "tales-gpt", ROWS, learned.key)["languages"]
    }
    assert {code for code, language in found.items() if language["direction"] == "rtl"} == {"ar", "he"}


def test_a_vocabulary_that_is_left_out_is_said_to_be_missing(open_page: Any) -> None:
    app = open_page("tokenization", text=TEXT, corpus="fables", size=300, method="smollm2")
    assert (
        not app.exception
        and "SmolLM2" not in app.session_state["gb"].memos["takeaway"]["table"]()["tokenizer"]
    )
    said = [block.value for block in app.get("html") if "is not in the table" in block.value]
    assert len(said) == 1 and "SmolLM2-135M is left out here (GLASSBOX_REAL=none)" in said[0]
    assert app.session_state["gb"].store["method"] == "model"


# ------------------------------------------------------------------------------------------------- the question


@pytest.mark.full(reason="2 cases, 5 s together")
@pytest.mark.parametrize("corpus", ["tales", "python"])
def test_the_answer_is_learned_when_it_is_asked_for(corpus: str, open_page: Any) -> None:
    app = open_page("tokenization", text=TEXT, corpus=corpus, size=600, word="happiness", merge=10)
    answer = predict(app)
    spec = Spec(corpus, 600, "usual")
    assert other(spec).corpus == ("tales" if corpus == "python" else "python")
    then, now = (Learning(read(each), 600).run().tokenizer() for each in (other(spec), spec))
    many, few = len(then.encode(TEXT)), len(now.encode(TEXT))
    assert (answer.numbers["tokens"], answer.numbers["tokens_now"]) == (many, few)
    assert answer.evidence.startswith("Both learned to the last merge: "), "the row counts those of merge 10"
    assert f"{many} tokens in place of {few} from " in answer.evidence
    assert answer.index == (2 if many < few else 1 if many == few else 0)
    assert answer.numbers["then"] == pytest.approx(len(TEXT) / len(then.encode(TEXT)))
    assert run_notebook(app)["pieces"] == [piece.text for piece in then.encode(" happiness")]


@pytest.mark.full(reason="takes 4 s")
def test_another_corpus_and_size_change_the_link_and_the_pieces(open_page: Any) -> None:
    app = open_page("tokenization", text=TEXT, corpus="fables", size=500)
    before = pieces(app, "BPE")
    app.slider(key="size").set_value(1500).run()
    after = pieces(app, "BPE")
    assert len(after) < len(before)
    app.text_input(key="word").set_value("  ").run()
    assert not app.exception
    app.selectbox(key="split").set_value("none").run()
    assert app.session_state["gb"].store["split"] == "none"
    assert pieces(app, "BPE") != after
    assert pieces(app, "GPT-2") == [piece.text for piece in published("gpt2").encode(TEXT)]


@pytest.mark.full(reason="takes 2 s")
def test_visitors_who_wait_for_the_same_vocabularies_learn_them_once(jobs: Jobs) -> None:
    spec = Spec("fables", 2000, "usual")
    mine, theirs = (jobs.of(spec) for _ in range(2))
    assert mine is theirs
    with jobs.wait(theirs) as learner:
        with jobs.wait(mine) as same:
            assert same is learner
            until(lambda: mine.said is not None and mine.said.done >= 50, "the fiftieth merge")
            stopped = learned_of(spec, so_far(mine), stopped=True)
        far = len(stopped.bpe.merges)
        whole = learned_of(spec, learner.result())  # nobody let it rest
    assert len(stopped.bpe.merges) == far < len(whole.bpe.merges), "what one has stopped stays"
    assert whole.bpe.merges == Learning(read(spec), 2000).run().merges and whole.unigram.done


def test_who_comes_first_learns_first(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAITS", 0.001)
    all_ = [jobs.of(Spec("fables", size, "usual")) for size in (310, 320, 330, 340)]
    came: list[int] = []

    class Left(BaseException):
        """As Streamlit ends the run of a page."""

    def leave() -> None:
        raise Left

    def come(at: int) -> None:
        with jobs.wait(all_[at]):
            came.append(at)

    def waits(number: int) -> bool:
        return len(jobs._line) == number

    with ExitStack() as first, ExitStack() as second:
        first.enter_context(jobs.wait(all_[0]))
        second.enter_context(jobs.wait(all_[1]))
        with jobs.wait(all_[0]):  # who joins needs no place
            assert all_[0].waiting == 2
        with pytest.raises(Left), jobs.wait(all_[2], leave):
            pytest.fail("it began")
        assert jobs._line == [] and all_[2].learner is None, "no process before there is a place"
        others = [threading.Thread(target=come, args=(at,)) for at in (3, 2)]
        for number, other in enumerate(others, 1):
            other.start()
            until(partial(waits, number), "so many that wait")
        first.close()
        for other in others:
            other.join(30)
    assert came == [3, 2] and (jobs._learning, jobs._line) == (0, [])


def test_what_nobody_waits_for_any_more_is_kept_for_the_last_few_alone(jobs: Jobs) -> None:
    """A resting process takes memory, and most who leave do not come back."""
    held = []
    with ExitStack() as others:
        for size in (3100, 3200, 3300, 3400):
            job = jobs.of(Spec("fables", size, "usual"))
            if size == 3100:  # somebody else waits on
                others.enter_context(jobs.wait(job))
            with jobs.wait(job):
                pass
            held.append(job)
        assert ends(held[1]) and held[1].failed
        assert all(job.learner is not None and not job.learner.failed for job in (held[0], *held[2:]))
        assert jobs.of(held[3].spec) is held[3], "who comes back goes on"
        again = jobs.of(held[1].spec)
        assert again is not held[1], "or begins anew"
