"""Lines taught to a frozen decoder by LoRA: the model stays, the lines are learned, bad lines are named."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

import core
from core.language_model import LanguageModel
from core.training import own_lines
from core.training.adapters import Lora
from core.training.lora import adapt, merge, trained
from core.training.own_lines import MOST_LINES, MOST_TOKENS, read_lines, says, seconds, teach

LINES = "The king had a blue cow.\n\n  The blue cow sang.  \nNobody saw the cow."


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    return core.load("tales-gpt", device="cpu")


def test_lines_are_read_without_blank_ones(lm: LanguageModel) -> None:
    assert read_lines(lm, LINES) == [
        lm.tokenizer.encode(line)
        for line in ("The king had a blue cow.", "The blue cow sang.", "Nobody saw the cow.")
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" \n ", "no line to learn"),
        ("a b\n" * (MOST_LINES + 1), f"{MOST_LINES + 1} lines"),
        ("the ball " * MOST_TOKENS, f"{MOST_TOKENS} are read at most"),
        ("", "no line to learn"),
    ],
)
def test_lines_that_do_not_fit_are_named(text: str, why: str, lm: LanguageModel) -> None:
    with pytest.raises(ValueError, match=why):
        read_lines(lm, text)


def test_lines_are_learned_and_the_model_is_not_touched(lm: LanguageModel) -> None:
    before = {name: weight.detach().clone() for name, weight in lm.transformer.named_parameters()}
    rows, lora = read_lines(lm, LINES), Lora(4, 8.0)
    done = list(teach(lm, rows, lora, passes=8))
    assert [one.at for one in done] == list(range(1, 25)) and {one.of for one in done} == {24}
    assert [one.adapter is not None for one in done] == [False] * 23 + [True]
    first, last = (sum(one.loss for one in part) for part in (done[:3], done[-3:]))
    assert last < 0.8 * first
    adapter = done[-1].adapter
    assert adapter is not None and adapter.count == trained(lm.config, lora)
    for name, weight in lm.transformer.named_parameters():
        assert torch.equal(weight, before[name]), name


def test_a_step_is_adams_on_the_mean_loss_of_one_line(lm: LanguageModel) -> None:
    rows, lora = read_lines(lm, LINES)[:1], Lora(2, 4.0)
    done = list(teach(lm, rows, lora, passes=2))
    adapted = adapt(lm.transformer, lora, 0)
    found = {name: value for name, value in adapted.named_parameters() if value.requires_grad}
    ids = torch.tensor(rows)
    optimizer = torch.optim.Adam(list(found.values()), lr=own_lines.RATE)
    for one in done:
        logits = adapted(ids)[0, :-1].log_softmax(-1)
        loss = -logits[torch.arange(len(rows[0]) - 1), ids[0, 1:]].mean()
        assert one.loss == pytest.approx(float(loss.detach()), abs=1e-5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_each_pass_reads_every_line_and_the_seed_draws_the_order(lm: LanguageModel) -> None:
    rows, lora = read_lines(lm, LINES), Lora(1, 1.0)
    same = [[one.loss for one in teach(lm, rows, lora, passes=2, seed=seed)] for seed in (1, 1, 2)]
    assert same[0] == same[1] != same[2]
    first = {
        round(float(F.cross_entropy(lm.trace(row).logits[:-1], torch.tensor(row[1:]))), 3) for row in rows
    }
    assert round(same[0][0], 3) in first, "the first step is of the model as it is"


def test_what_it_says_with_an_adapter_is_what_the_merged_model_says(lm: LanguageModel) -> None:
    rows = read_lines(lm, LINES)
    adapter = list(teach(lm, rows, Lora(4, 8.0), passes=6))[-1].adapter
    assert adapter is not None
    merged = merge(lm.transformer, adapter)
    text = "The king had a blue"
    with torch.no_grad():
        wanted = merged(torch.tensor([lm.encode(text)]))[0, -1].softmax(-1).topk(5)
    found = says(lm, text, adapter)
    assert found.tokens == tuple(lm.tokenizer.display(int(id)) for id in wanted.indices)
    assert found.probabilities == pytest.approx(wanted.values.tolist(), abs=1e-5)
    assert says(lm, text) != found


def test_the_estimate_counts_every_step(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0.0, 0.25)  # a pass forward takes a quarter of a second
    monkeypatch.setattr(own_lines, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    rows = read_lines(lm, LINES)
    assert seconds(lm, rows, 5) == pytest.approx(own_lines._BACK * 0.25 * 5 * 3)


def test_only_a_decoder_writes_on() -> None:
    bert = core.load("tales-bert", device="cpu")
    with pytest.raises(ValueError, match="learned by a decoder"):
        next(teach(bert, [[1, 2, 3]], Lora(1, 1.0)))


def test_a_question_longer_than_a_line_is_refused_before_it_is_read(lm: LanguageModel) -> None:
    with pytest.raises(ValueError, match=f"{MOST_TOKENS} are read at most"):
        says(lm, "the ball " * 5_000)
    with pytest.raises(ValueError, match=r"has .* tokens"):
        says(lm, "the ball " * MOST_TOKENS)
