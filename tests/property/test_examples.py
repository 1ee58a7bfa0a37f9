"""One sentence as three training examples: nothing is lost by hiding it, and what hides is what was asked for."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.config import ModelConfig
from core.language_model import LanguageModel
from core.model.transformer import build
from core.text.training import learn, sentinel
from core.training import objectives
from core.training.examples import Lesson, lesson_losses, lessons, marks
from core.training.objectives import Specials

START, END, MASK = 0, 1, 2
SENTINELS = tuple(range(3, 43))
SPECIALS = Specials(
    vocabulary=100, mask_id=MASK, sentinels=SENTINELS, start_id=START, end_id=END,
    never=frozenset({START, END, MASK, *SENTINELS}),
)  # fmt: skip

sentences = st.lists(st.integers(43, 99), min_size=1, max_size=60)
draws = st.fixed_dictionaries(
    {
        "rate": st.floats(0.0, 0.9),
        "length": st.integers(1, 10).map(float),
        "seed": st.integers(0, 999_999),
    }
)


def restored(lesson: Lesson, count: int) -> list[int]:
    """The sentence again, from what the lesson reads and what it answers."""
    if lesson.objective == "next_token":
        return lesson.targets  # after a start token, every token is asked for
    if lesson.objective == "masked":
        pairs = zip(lesson.reads, lesson.inputs, lesson.targets)
        return [read if target == -100 else target for row, read, target in pairs if 0 <= row < count]
    spans: dict[int, list[int]] = {}
    for id in lesson.targets:
        if id in SENTINELS:
            spans[id] = []
        elif id != END:
            list(spans.values())[-1].append(id)
    return list(
        itertools.chain.from_iterable(spans.get(id, [] if id == END else [id]) for id in lesson.inputs)
    )


@given(sentence=sentences, draw=draws)
def test_inputs_and_targets_give_the_text_back(sentence: list[int], draw: dict[str, Any]) -> None:
    for lesson in lessons(sentence, SPECIALS, before=[START], **draw):
        assert restored(lesson, len(sentence)) == sentence, lesson.objective
    bare = lessons(sentence, SPECIALS, **draw)[0]
    assert [*sentence[:1], *bare.targets] == sentence
    assert bare.inputs == sentence[:-1]


@given(sentence=sentences, draw=draws)
def test_every_position_knows_its_token(sentence: list[int], draw: dict[str, Any]) -> None:
    count = len(sentence)
    for lesson in lessons(sentence, SPECIALS, before=[START], after=[END], **draw):
        assert len(lesson.reads) == len(lesson.inputs)
        assert len(lesson.answers) == len(lesson.targets) == len(lesson.marks) == len(lesson.scores)
        for id, row, mark, scores in zip(lesson.targets, lesson.answers, lesson.marks, lesson.scores):
            if scores and not mark:
                assert sentence[row] == id
            if mark:
                assert id in SENTINELS or (id == END and row == count)
        kept = set(range(count)) - set(lesson.hidden)
        rows = {row: id for row, id in zip(lesson.reads, lesson.inputs) if row in kept}
        assert all(sentence[row] == id for row, id in rows.items())
        if lesson.objective != "next_token":
            assert set(rows) == kept, "what is not hidden is read"
            asked = {
                row
                for row, mark, score in zip(lesson.answers, lesson.marks, lesson.scores)
                if score and not mark
            }
            assert asked == set(lesson.hidden), "what is hidden is asked for, and nothing else"
            assert lesson.hidden


@given(sentence=st.lists(st.integers(43, 99), min_size=2, max_size=60), draw=draws)
def test_spans_hide_the_share_that_was_asked_for(sentence: list[int], draw: dict[str, Any]) -> None:
    lesson = lessons(sentence, SPECIALS, **draw)[2]
    hidden, spans = objectives.spans(len(sentence), draw["rate"], draw["length"])
    assert len(lesson.hidden) == hidden
    assert hidden == min(max(round(len(sentence) * draw["rate"]), 1), len(sentence) - 1)
    begun = [id for id in lesson.inputs if id in SENTINELS]
    assert begun == list(SENTINELS[:spans]), "each span has its own sentinel, in order"
    assert [id for id in lesson.targets if id in SENTINELS] == begun
    runs = np.flatnonzero(np.diff([-2, *lesson.hidden]) > 1)
    assert len(runs) == spans, "spans do not touch"


def test_masks_hide_the_share_and_replace_as_the_paper_says() -> None:
    sentence = torch.randint(43, 100, (400,), generator=torch.Generator().manual_seed(1)).tolist()
    hidden = masks = randoms = kept = 0
    for seed in range(60):
        lesson = lessons(sentence, SPECIALS, rate=0.15, seed=seed)[1]
        for row in lesson.hidden:
            read = lesson.inputs[row]
            hidden += 1
            masks += read == MASK
            kept += read == sentence[row]
            randoms += read not in (MASK, sentence[row])
            assert read == MASK or read >= 43, "a random token is never a special one"
    total = 60 * 400
    assert hidden / total == pytest.approx(0.15, abs=4 * (0.15 * 0.85 / total) ** 0.5)
    # Of the random ones, one in 57 is by chance the very token.
    for share, expected in ((masks, 0.8), (randoms, 0.1 * 56 / 57), (kept, 0.1 + 0.1 / 57)):
        assert share / hidden == pytest.approx(expected, abs=4 * (expected * (1 - expected) / hidden) ** 0.5)


@given(sentence=sentences, draw=draws)
def test_the_same_seed_draws_the_same(sentence: list[int], draw: dict[str, Any]) -> None:
    one, other = (lessons(sentence, SPECIALS, **draw) for _ in range(2))
    assert [(a.inputs, a.targets, a.hidden) for a in one] == [(b.inputs, b.targets, b.hidden) for b in other]


def test_another_seed_draws_other_places() -> None:
    sentence = list(range(43, 83))
    for at in (1, 2):
        found = {tuple(lessons(sentence, SPECIALS, seed=seed)[at].hidden) for seed in range(20)}
        assert len(found) > 15


def model(shape: str, special: tuple[str, ...] = (), **more: Any) -> LanguageModel:
    """A small model with wide random weights."""
    text = "the fox saw a crow by the old well"
    tokenizer = learn("characters", [text], 100, special=special)
    described = {
        "shape": shape, "n_layers": 2, "d_model": 16, "n_heads": 2, "n_ctx": 64, "d_vocab": len(tokenizer),
        "bos_id": 0, "eos_ids": (1,),
    }  # fmt: skip
    torch.manual_seed(5)
    made = build(ModelConfig(**(described | more)))
    with torch.no_grad():
        for weight in made.parameters():
            weight.normal_(0, 0.5)
    return LanguageModel(made, tokenizer)


MODELS: dict[str, Any] = {
    "decoder": lambda: model("decoder"),
    "encoder": lambda: model("encoder", ("[MASK]",), mask_id=3),
    "encoder-decoder": lambda: model(
        "encoder-decoder", tuple(sentinel(k) for k in range(4)), decoder_start_id=0, position="relative"
    ),
}


@pytest.mark.parametrize("shape", MODELS)
def test_a_position_sees_what_the_picture_says_and_nothing_else(shape: str) -> None:
    """Change one token that is read: exactly the positions that see it answer otherwise."""
    lm = MODELS[shape]()
    told = marks(lm)
    ids = lm.encode("the fox saw a crow")
    lesson = next(
        one for one in lessons(ids[1:], told.specials, before=ids[:1], rate=0.3, seed=3) if one.shape == shape
    )
    example = lesson.example

    def moved(which: str, at: int) -> np.ndarray[Any, Any]:
        inputs, decoder = example.inputs.clone(), example.decoder_inputs
        decoder = None if decoder is None else decoder.clone()
        changed = decoder if which == "decoder" else inputs
        assert changed is not None
        changed[0, at] = 5 if int(changed[0, at]) != 5 else 6
        other = objectives.Example(inputs, example.targets, example.hidden, decoder)
        with torch.no_grad():
            gap = objectives.logits(lm.transformer, other) - objectives.logits(lm.transformer, example)
        return gap[0].abs().amax(-1).numpy() > 1e-6

    views = {"decoder": ["self"], "encoder": ["self"], "encoder-decoder": ["decoder", "cross"]}[shape]
    for name in views:
        seen = lesson.sees[name]
        for at in range(seen.shape[1]):
            np.testing.assert_array_equal(moved(name, at), seen[:, at], err_msg=f"{name} {at}")


@pytest.mark.parametrize("shape", MODELS)
def test_the_losses_are_those_that_training_makes_smaller(shape: str) -> None:
    lm = MODELS[shape]()
    told = marks(lm)
    assert told.stands_in == ""
    ids = lm.encode("the fox saw a crow")
    three = lessons(ids[1:], told.specials, before=ids[:1], rate=0.3, seed=3)
    own = next(one for one in three if one.shape == shape)
    losses = lesson_losses(lm, own)
    assert np.isfinite(losses).tolist() == own.scores
    assert float(np.nanmean(losses)) == pytest.approx(
        objectives.loss(lm.transformer, own.example).item(), rel=1e-5
    )
    other = next(one for one in three if one.shape != shape)
    with pytest.raises(ValueError, match=f"is a {shape}"):
        lesson_losses(lm, other)


def test_a_vocabulary_without_the_tokens_gets_names_or_stand_ins() -> None:
    plain = MODELS["decoder"]()
    told = marks(plain)
    size = plain.config.d_vocab
    assert told.specials.mask_id == size
    assert told.names[size] == "[MASK]"
    assert told.names[size + 1] == "<extra_id_0>"
    assert told.stands_in == ""
    encoder = marks(model("encoder"))
    assert encoder.specials.mask_id == size - 1
    assert "No mask token" in encoder.stands_in
    both = marks(model("encoder-decoder", decoder_start_id=0))
    assert both.specials.sentinels[:2] == (size - 1, size - 2)
    assert "No sentinels" in both.stands_in
    for lm in (model("encoder"), model("encoder-decoder", decoder_start_id=0)):
        ids = lm.encode("a crow by the well")
        own = next(
            one
            for one in lessons(ids[1:], marks(lm).specials, before=ids[:1])
            if one.shape == lm.config.shape
        )
        assert np.isfinite(lesson_losses(lm, own)).any(), "the stand-ins can be read"


@pytest.mark.parametrize("sentence", [[50], [50, 51], [START], [MASK], [END, START]])
def test_the_shortest_sentences_and_special_ones_work(sentence: list[int]) -> None:
    three = lessons(sentence, SPECIALS, before=[START], rate=0.5, seed=1)
    assert sum(three[0].scores) == len(sentence)
    assert all(any(one.scores) for one in three)
    with pytest.raises(ValueError, match="no sentence"):
        lessons([], SPECIALS)
