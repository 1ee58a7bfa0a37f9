"""Questions and answers of the three objectives, on rows whose ids say where they come from."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from core.config import preset
from core.model.initial import initialise
from core.model.transformer import build
from core.text.training import MASK, learn, sentinel
from core.training import objectives
from core.training.loss import UNSCORED
from core.training.objectives import Specials

SENTINELS = tuple(range(5, 30))
SPECIALS = Specials(
    vocabulary=2000,
    mask_id=4,
    sentinels=SENTINELS,
    start_id=0,
    end_id=1,
    never=frozenset({0, 1, 2, 4, *SENTINELS}),
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def some_rows(batch, length):
    return torch.arange(100, 100 + batch * length).view(batch, length)


def test_the_next_token_is_the_row_moved_by_one():
    rows = some_rows(2, 5)
    example = objectives.next_token(rows)
    assert example.inputs.tolist() == rows[:, :4].tolist()
    assert example.targets.tolist() == rows[:, 1:].tolist()
    assert not example.hidden.any()


def test_of_the_chosen_80_are_masked_10_random_10_kept():
    rows = torch.randint(40, 2000, (400, 100), generator=seeded(1))
    example = objectives.masked(rows, SPECIALS, rate=0.2, generator=seeded())
    chosen = example.hidden
    assert chosen.float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert torch.equal(example.targets[chosen], rows[chosen])
    assert (example.targets[~chosen] == UNSCORED).all()
    assert torch.equal(example.inputs[~chosen], rows[~chosen])
    read = example.inputs[chosen]
    masked, kept = read.eq(4), read.eq(rows[chosen])
    assert masked.float().mean().item() == pytest.approx(0.8, abs=0.02)
    assert kept.float().mean().item() == pytest.approx(0.1, abs=0.02)
    other = read[~masked & ~kept]
    assert not set(other.tolist()) & SPECIALS.never
    assert len(set(other.tolist())) > 500


def test_special_tokens_are_never_hidden_and_never_drawn():
    rows = torch.tensor([[0, 50, 1, 0, 51, 1]]).repeat(300, 1)
    example = objectives.masked(rows, SPECIALS, rate=0.9, generator=seeded())
    assert not example.hidden[:, [0, 2, 3, 5]].any()
    assert example.hidden[:, [1, 4]].float().mean() > 0.85


@given(length=st.integers(1, 12), seed=st.integers(0, 10_000))
def test_something_is_always_hidden(length, seed):
    for example in (
        objectives.masked(some_rows(1, length), SPECIALS, rate=0.01, generator=seeded(seed)),
        objectives.span_corruption(some_rows(1, length), SPECIALS, rate=0.01, generator=seeded(seed)),
    ):
        assert (example.targets != UNSCORED).any()
        assert example.hidden.any()


def test_rows_of_special_tokens_alone_are_refused():
    with pytest.raises(ValueError, match="nothing to hide"):
        objectives.masked(torch.tensor([[0, 1, 0]]), SPECIALS, generator=seeded())
    with pytest.raises(ValueError, match=r"no \[MASK\] token"):
        objectives.masked(some_rows(1, 4), Specials(vocabulary=9), generator=seeded())
    with pytest.raises(ValueError, match="need 2 sentinels, but the vocabulary has 1"):
        objectives.span_corruption(some_rows(1, 40), Specials(500, sentinels=(5,)), generator=seeded())


def test_whole_words_are_hidden_whole():
    starts = torch.tensor([True, False, False, True, True, False] * 5).repeat(200, 1)
    rows = some_rows(200, 30)
    example = objectives.masked(rows, SPECIALS, rate=0.3, generator=seeded(), whole_words=starts)
    word = starts.cumsum(1)
    for hidden, words in zip(example.hidden, word, strict=True):
        chosen = set(words[hidden].tolist())
        assert all(hidden[words == number].all() for number in chosen)
    assert example.hidden.float().mean().item() == pytest.approx(0.3, abs=0.03)


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.integers(0, 1000), st.floats(0.05, 0.9))
def test_whole_words_equal_a_slow_reference(starts, seed, rate):
    """Word after word in plain loops: the draw of a word's first token decides for all of it."""
    rows = torch.randint(40, 2000, (3, len(starts)), generator=seeded(seed))
    rows[1, ::4] = 1  # special tokens: never hidden, and a word ends before them
    begins = torch.tensor(starts).repeat(3, 1)
    found = objectives.masked(rows, SPECIALS, rate=rate, generator=seeded(seed), whole_words=begins)
    draw = torch.rand(rows.shape, generator=seeded(seed))
    expected = torch.zeros_like(found.hidden)
    for row in range(3):
        first = 0
        for at in range(len(starts)):
            special = rows[row, at].item() in SPECIALS.never
            if begins[row, at] or special:
                first = at
            expected[row, at] = not special and bool(draw[row, first] < rate)
    if expected.any():
        assert torch.equal(found.hidden, expected)
    else:
        assert found.hidden.any(), "something is always asked"


@pytest.mark.parametrize("placement", ["pre", "post"])
def test_the_loss_of_hidden_places_alone_is_that_of_all_logits(placement):
    config = preset(
        "bert-nano", d_vocab=2000, norm_placement=placement, final_norm=placement == "pre", mask_id=4
    )
    model = build(config).double()
    initialise(model, config, 0, spread=0.3)
    rows = torch.randint(40, 2000, (4, 20), generator=seeded(1))
    example = objectives.masked(rows, SPECIALS, rate=0.3, generator=seeded())
    every = F.cross_entropy(objectives.logits(model, example).flatten(0, 1), example.targets.flatten())
    gradient = torch.autograd.grad(every, list(model.parameters()))
    found = objectives.loss(model, example)
    assert found.item() == pytest.approx(every.item(), rel=1e-6)
    for one, other in zip(torch.autograd.grad(found, list(model.parameters())), gradient):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-8)


def test_words_begin_at_spaces_or_as_wordpiece_says():
    text = "The unbelievable fox, the crow. The fox and the crow said"
    for kind in ("bpe", "characters", "words", "wordpiece", "unigram"):
        tokenizer = learn(kind, [text] * 20, 300)
        starts = objectives.word_starts(tokenizer)
        ids = tokenizer.encode(text)
        pieces = [tokenizer.display(id) for id in ids]
        begun = [piece for id, piece in zip(ids, pieces, strict=True) if starts[id]]
        assert "<s>" in begun
        assert any("," in piece for piece in begun)
        inside = [piece for id, piece in zip(ids, pieces, strict=True) if not starts[id]]
        assert all(piece.startswith("##") or piece[0].isalnum() for piece in inside)
    wordpiece = learn("wordpiece", [text], 100)
    assert not objectives.word_starts(wordpiece)[wordpiece.id("##e")]


@given(
    batch=st.integers(1, 4),
    length=st.integers(1, 80),
    rate=st.floats(0.05, 0.6),
    mean=st.floats(1, 6),
    seed=st.integers(0, 2**20),
)
def test_question_and_answer_together_are_the_row(batch, length, rate, mean, seed):
    rows = some_rows(batch, length)
    hidden, spans = objectives.spans(length, rate, mean)
    if spans > len(SENTINELS):
        return
    example = objectives.span_corruption(rows, SPECIALS, rate=rate, length=mean, generator=seeded(seed))
    assert example.decoder_inputs is not None
    for row, read, said, fed, mask in zip(
        rows.tolist(),
        example.inputs.tolist(),
        example.targets.tolist(),
        example.decoder_inputs.tolist(),
        example.hidden.tolist(),
        strict=True,
    ):
        assert fed == [0, *said[:-1]]
        assert read[-1] == said[-1] == 1
        assert sum(mask) == hidden
        answers: dict[int, list[int]] = {}
        for id in said[:-1]:
            if id in SENTINELS:
                answers[id] = []
                current = id
            else:
                answers[current].append(id)
        assert list(answers) == list(SENTINELS[:spans])
        assert all(answers.values())
        rebuilt = [piece for id in read[:-1] for piece in answers.get(id, [id])]
        assert rebuilt == row
        said_again = {id for answer in answers.values() for id in answer}
        assert [id in said_again for id in row] == mask
        assert length == 1 or not mask[0]


def test_every_place_of_a_span_occurs():
    example = objectives.span_corruption(some_rows(600, 12), SPECIALS, generator=seeded())
    counts = example.hidden.sum(0)
    assert counts[0] == 0
    assert (counts[1:] > 20).all()


@pytest.mark.parametrize("kind", ["bpe", "characters", "words", "wordpiece", "unigram"])
def test_the_special_tokens_are_found_in_every_tokenizer(kind):
    names = [MASK, sentinel(0), sentinel(1)]
    tokenizer = learn(kind, ["some text to learn from"] * 3, 300, names)
    specials = Specials.of(tokenizer)
    assert specials.start_id == 0
    assert specials.end_id == 1
    assert specials.mask_id == tokenizer.id(MASK)
    assert specials.sentinels == (tokenizer.id(sentinel(0)), tokenizer.id(sentinel(1)))
    assert specials.vocabulary == len(tokenizer)
    assert {0, 1, specials.mask_id, *specials.sentinels} == specials.never
    assert tokenizer.encode(f"some {MASK} text", add_special_tokens=False).count(specials.mask_id) == 1
