"""How soon something begins, and how fast it goes, where a learner would otherwise wait: alone, in processor time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from core.analysis.stream.depth_grid import gradient_by_depth
from core.data import corpora
from core.data.toyland import stories
from core.data.toyland.spanish import translations, words
from core.training import Trainer, TrainSpec
from core.vectors.spelling import Spelling
from core.vectors.static import glove
from tests.benchmarks import pair

ROOT = Path(__file__).resolve().parents[2]
Report = Callable[[pair.Figure], None]

IMPORT = """
import time
import core
core.load("tales-gpt")
began = time.process_time()
from app import show
print(time.process_time() - began)
"""
SMALL = {"model": "gpt-nano", "batch_tokens": 256, "context": 32, "vocab_size": 300}
SPELT_WRONG = ("accomodate", "bananna", "internatoinal")


def spent(work: Callable[[int], object], rounds: int) -> list[float]:
    """Seconds of processor time of every round, of this process."""
    seconds = []
    for number in range(rounds):
        began = time.process_time()
        work(number)
        seconds.append(time.process_time() - began)
    return seconds


def of_a_million(tell: Callable[[int], int], rounds: int = 5) -> list[float]:
    """Seconds of processor time that a million words would take, by a call that returns how many it told."""
    counts: list[int] = []
    times = spent(lambda number: counts.append(tell(number)), rounds)
    return [1e6 * seconds / count for seconds, count in zip(times, counts, strict=True)]


def judged(report: Report, figure: pair.Figure) -> None:
    """Report a figure, and fail where it is missed."""
    report(figure)
    assert figure.reached


def test_the_import_of_pictures(report: Report) -> None:
    done = [
        subprocess.run([sys.executable, "-c", IMPORT], cwd=ROOT, capture_output=True, text=True, check=True)
        for _ in range(7)
    ]
    times = [1000 * float(each.stdout) for each in done]
    judged(report, pair.Figure("`from app import show`, beside a loaded model", times, 100))


@pytest.mark.parametrize("corpus", ["tales", "fables", "python"])
def test_the_first_step_of_a_run(corpus: str, report: Report) -> None:
    Trainer(TrainSpec(**SMALL, corpus="fables", steps=1)).step()  # what the first run of a process loads
    times = spent(lambda number: Trainer(TrainSpec(corpus=corpus, seed=977 + number)).step(), 5)
    judged(report, pair.Figure(f"the first step of a run on {corpus}", times, 1.5, "s"))


def test_the_first_step_on_five_megabytes(report: Report) -> None:
    some = ["the", "fox", "saw", "größer", "字", "crow."]
    text = " ".join(some[n * n % 6] for n in range(200_000)) * 8
    text = corpora.check_text(text[: 4_900_000 * len(text) // len(text.encode())])
    spec = TrainSpec(**SMALL, corpus="own", text=corpora.fingerprint(text))
    times = spent(lambda number: Trainer(spec.replace(seed=number), text).step(), 3)
    judged(report, pair.Figure("the first step of a run on one’s own text of 4.9 MB", times, 8, "s"))


def test_stories(report: Report) -> None:
    list(islice(stories(0), 20))  # the tables are built

    def tell(number: int) -> int:
        return sum(len(told.text.split()) for told in islice(stories(50_000 + 250 * number), 250))

    judged(report, pair.Figure("a million words of stories", of_a_million(tell), 60, "s"))


def test_translations(report: Report) -> None:
    list(islice(translations(0, "train"), 20))

    def tell(number: int) -> int:
        made = islice(translations(50_000 + 1000 * number, "train"), 1000)
        return sum(len(words(each.english)) + len(words(each.spanish)) for each in made)

    title = "a million words of translations, both languages together"
    judged(report, pair.Figure(title, of_a_million(tell), 60, "s"))


def test_gradients_by_depth(report: Report) -> None:
    times = spent(lambda number: list(gradient_by_depth(n_layers=24)), 3)
    judged(report, pair.Figure("gradients of six arrangements of 24 layers", times, 20, "s"))


def test_words_spelt_alike(report: Report) -> None:
    spelling = Spelling(glove().words)
    spelling.nearest("warm")
    times = spent(lambda number: spelling.nearest(SPELT_WRONG[number % 3]), 12)
    title = "the words spelt most like another, of GloVe’s"
    judged(report, pair.Figure(title, [1000 * each for each in times], 500))
