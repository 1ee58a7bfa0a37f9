"""Every round from one table cuts as the round's own vocabulary does."""

from __future__ import annotations

import pytest

from core.data.corpora import corpus
from core.text.unigram_learning import UnigramLearning
from core.text.unigram_stages import Stages

TEXTS = ("the unhappiness of zorkles", "A red ball, naïve 👍👍 !", "  ", "", "शब्द the", "x" * 60)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("pretokens", ["spaces", "words", "bytes", "none"])
def test_each_stage_is_the_rounds_own_vocabulary(pretokens: str) -> None:
    learning = UnigramLearning(list(corpus("fables"))[:40], 400, pretokens).run()
    stages = Stages(learning)
    assert len(stages) == len(learning.rounds) + 1 > 4
    for at in range(len(stages)):
        whole = learning.tokenizer(at - 1)
        assert stages.sizes[at] == len(whole)
        for text in TEXTS:
            assert stages.encode(at, text) == whole.encode(text)
            for word in whole.words(text):
                few, all_ = stages.at(at, text).n_best(word.entry, 5), whole.n_best(word.entry, 5)
                assert [way.pieces for way in few] == [way.pieces for way in all_]
                assert [way.probability for way in few] == pytest.approx([way.probability for way in all_])


def test_a_corpus_of_nothing_has_stages_too() -> None:
    learning = UnigramLearning("", 50).run()
    stages = Stages(learning)
    for at in range(len(stages)):
        assert stages.encode(at, "ab cd") == learning.tokenizer(at - 1).encode("ab cd")
