"""1,000 merges on one megabyte of text: ours, with every step kept as data, beside the `tokenizers` trainer."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import takewhile
from pathlib import Path

import pytest
import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from core.data.corpora import corpus
from core.text.merging import Learning
from core.text.pretokens import PRETOKENS
from core.text.unigram_learning import UnigramLearning
from tests.benchmarks import pair

MERGES, SIZE, LIMIT_S = 1000, 1_000_000, 3.0

FILE = os.environ.get("GLASSBOX_BENCH_TEXT", "")  # a text of one's own to measure beside the corpora

os.environ["TOKENIZERS_PARALLELISM"] = "false"  # one core for both


def megabyte(name: str) -> list[str]:
    """Documents of a corpus up to one megabyte; or the file that GLASSBOX_BENCH_TEXT names."""
    if name == FILE:
        return [Path(name).read_text(encoding="utf-8")]
    total = 0

    def fits(document: str) -> bool:
        nonlocal total
        total += len(document)
        return total - len(document) < SIZE

    return list(takewhile(fits, corpus(name)))


def theirs(documents: list[str]) -> tokenizers.Tokenizer:
    """The library's byte-level BPE of the same size."""
    raw = tokenizers.Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=256 + MERGES, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    raw.train_from_iterator(documents, trainer)
    return raw


def core_seconds(work: Callable[[], object]) -> float:
    """Median seconds of one core, of five calls: what a busy machine's other work does not lengthen much."""
    seconds = []
    for _ in range(5):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


@pytest.mark.parametrize("name", ["tales", "python", *filter(None, [FILE])])
def test_a_thousand_merges(name: str, report: Callable[[pair.Comparison | pair.Figure], None]) -> None:
    documents = megabyte(name)
    mine = Learning(documents, 256 + MERGES).run()
    assert len(mine.merges) <= MERGES and set(mine.vocabulary) == set(theirs(documents).get_vocab())
    size = sum(map(len, documents)) / 1e6
    title = f"{len(mine.merges)} merges on {size:.2f} MB of {Path(name).name}, {mine.n_words:,} words"
    comparison = pair.compare(
        title,
        {
            "glassbox, every step kept": lambda: Learning(documents, 256 + MERGES).run(),
            "tokenizers BpeTrainer, one thread": lambda: theirs(documents),
        },
        peers=("tokenizers", "numpy"),
        rounds=5,
        warm_up=1,
    )
    report(comparison)
    seconds = core_seconds(lambda: Learning(documents, 256 + MERGES).run())
    alone = pair.Figure(f"{title}: seconds of one core", [seconds], LIMIT_S, "s")
    report(alone)
    assert alone.reached


def learned(documents: list[str], kind: str) -> Learning:
    """A BPE of 1,000 merges in bytes, of 1,256 entries in letters."""
    return Learning(documents, 256 + MERGES, kind).run()


def test_every_way_to_learn(report: Callable[[pair.Comparison], None]) -> None:
    documents = megabyte("python")
    ways: dict[str, Callable[[], object]] = {
        f"BPE, {kind}": partial(learned, documents, kind) for kind in PRETOKENS
    }
    ways["WordPiece, words"] = lambda: Learning(documents, 1256, "words", rule="score").run()
    ways["Unigram, spaces"] = lambda: UnigramLearning(documents, 1000).run()
    report(pair.compare("learning 1,000 entries and more from 1 MB of python", ways, rounds=3, warm_up=0))
    assert len(ways) == 6
