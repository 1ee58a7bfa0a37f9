"""Games of examples in the prompt: what is drawn, how answers are weighed, what learning changes and leaves alone."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

import core
from core.analysis.tasks import in_context
from core.analysis.tasks.in_context import (
    COUNTS,
    GAMES,
    OPTIONS,
    Game,
    best,
    chance,
    learn,
    right,
    rounds,
    weigh,
)
from core.language_model import LanguageModel
from core.model.transformer import ContextTooLong


@pytest.fixture(scope="module")
def coder() -> LanguageModel:
    return core.load("code-gpt", device="cpu")


@pytest.mark.parametrize("game", GAMES)
def test_rounds_are_drawn_by_their_seed_and_fair(game: Game) -> None:
    drawn = rounds(game, 40, seed=3)
    assert drawn == rounds(game, 40, seed=3) and drawn != rounds(game, 40, seed=4)
    asked = [one for each in drawn for one in each.questions]
    assert all(len(each.examples) == COUNTS[-1] for each in drawn)
    assert all(len(one.options) == round(1 / chance(game)) for one in asked)
    places = Counter(one.right for one in asked)
    assert max(places.values()) < 2 * min(places.values()), (
        "no place of the options is the right one by habit"
    )


def test_pairs_are_all_told_after_four_and_in_another_order() -> None:
    for each in rounds("pairs", 20):
        assert len(set(each.examples[:OPTIONS])) == len(set(each.examples)) == OPTIONS
        for one in each.questions:
            assert f"{one.text} {one.options[one.right]})" in each.examples
    prompt = each.prompt(each.questions[0], 2)
    assert prompt == f"pairs = {each.examples[0]} {each.examples[1]} {each.questions[0].text}"


def test_words_of_the_pairs_are_one_token_each(coder: LanguageModel) -> None:
    def size(text: str) -> int:
        return len(coder.tokenizer.encode(text, add_special_tokens=False))

    assert {size(f" {word}") for word in in_context._words()} == {1}
    assert len({size(f"({word}") for word in in_context._words()}) == 1


def test_kinds_are_names_and_things_and_the_asked_are_new() -> None:
    for each in rounds("kinds", 10):
        told = {example.split(",")[0] for example in each.examples}
        assert not told & {one.text.rstrip(",") for one in each.questions}
        assert Counter(example.split()[1] for example in each.examples) == {"yes.": 4, "no.": 4}
        assert {each.examples[at].split()[1] for at in (0, 1)} == {"yes.", "no."}


def test_what_is_best_without_forgetting() -> None:
    assert [best("pairs", count) for count in COUNTS] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert [best("list", count) for count in (0, 1)] == [0.25, 1.0]
    assert best("kinds", 8) is None


def test_weights_of_answers_are_their_probabilities(coder: LanguageModel) -> None:
    one = rounds("pairs", 1)[0]
    prompt, options = one.prompt(one.questions[0], 4), one.questions[0].options
    chances = coder.trace(prompt).logits[-1].softmax(-1)
    each = torch.stack([chances[coder.encode(f"{prompt} {option}")[-1]] for option in options])
    torch.testing.assert_close(weigh(coder, prompt, options), each / each.sum(), atol=1e-5, rtol=1e-4)


def test_answers_of_several_tokens_count_whole(coder: LanguageModel) -> None:
    prompt, options = "pairs = (a b) (c", ("zebras and lions", "zebras and bears")
    shares = weigh(coder, prompt, options)
    sums = [coder.score(f"{prompt} {option}").sum() for option in options]
    torch.testing.assert_close(shares, torch.stack(sums).softmax(0), atol=1e-4, rtol=1e-3)


def test_bad_questions_are_refused(coder: LanguageModel) -> None:
    with pytest.raises(ValueError, match="at least two different answers"):
        weigh(coder, "x", ["one"])
    with pytest.raises(ValueError, match="at least two different answers"):
        weigh(coder, "x", ["one", "two", "one"])
    with pytest.raises(ContextTooLong):
        weigh(coder, "x " * 2000, ["one", "two"])
    with pytest.raises(ValueError, match="no game is called"):
        rounds("chess", 1)  # type: ignore[arg-type]


def test_learning_moves_a_copy_only(coder: LanguageModel) -> None:
    before = {name: value.clone() for name, value in coder.transformer.state_dict().items()}
    one = rounds("pairs", 1, seed=5)[0]
    learned = learn(coder, "pairs", one.examples[:4], steps=12, rate=1e-3)
    assert all(torch.equal(value, before[name]) for name, value in coder.transformer.state_dict().items())
    assert right(learned, one, 0) > right(coder, one, 0)
    assert not any(weight.requires_grad for weight in learned.transformer.parameters())
    again = learn(coder, "pairs", [*one.examples[:4], *one.examples[:4]], steps=12, rate=1e-3)
    torch.testing.assert_close(again.trace("(name").logits, learned.trace("(name").logits)
    assert learn(coder, "pairs", []) is coder


def test_code_looks_up_what_tales_cannot(coder: LanguageModel) -> None:
    drawn = rounds("pairs", 8, seed=77)
    by_code = sum(right(coder, one, 8) for one in drawn) / len(drawn)
    by_tales = sum(right(core.load("tales-gpt", device="cpu"), one, 8) for one in drawn) / len(drawn)
    assert by_code > 0.7 and by_tales < 0.5
