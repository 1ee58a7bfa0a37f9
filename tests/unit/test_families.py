"""Who sees whom, what is asked and what is written, of tiny models with random weights in the three shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.analysis.heads.masks import MaskRule
from core.config import ModelConfig
from core.decoding.generate import generate
from core.families.accuracy import FIRST, Word, right, words
from core.families.predictions import guesses, sign_of, stand_in, swap
from core.families.visibility import ATTENTIONS, Array, seen, untrained
from core.families.writing import TOP, write
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import EncoderDecoder, build
from core.text.training import train_bpe
from core.training.examples import marks
from core.zoo import load

TEXT = "The fox saw the red ball, and ran to the red wood."
BUNDLED = {name: load(name, device="cpu") for name in ("tales-gpt", "tales-bert")}
SHAPES: dict[str, dict[str, Any]] = {
    "decoder": {"position": "rotary"},
    "encoder": {"shape": "encoder", "norm_placement": "post"},
    "encoder-decoder": {"shape": "encoder-decoder", "position": "relative", "decoder_start_id": 0},
}


def model(shape: str, spread: float = 0.4, **changes: Any) -> LanguageModel:
    """A tiny model with wide random weights in float64."""
    tokenizer = train_bpe([TEXT], 270)
    values: dict[str, Any] = {"n_layers": 2, "d_model": 24, "n_heads": 3, "n_ctx": 40, **SHAPES[shape]}
    config = ModelConfig(d_vocab=len(tokenizer), bos_id=0, **({"eos_ids": (1,)} | values | changes))
    transformer = build(config).double().eval()
    initialise(transformer, config, seed=5, spread=spread)
    return LanguageModel(transformer, tokenizer, shape)


def ids_of(lm: LanguageModel, count: int = 9) -> list[int]:
    """The first tokens of the text, without special ones."""
    return lm.tokenizer.encode(TEXT, add_special_tokens=False)[:count]


def patterns(lm: LanguageModel, name: str, ids: list[int], said: list[int]) -> Array:
    """(L, H, T, S) of one attention."""
    trace = lm.trace(ids, said or None)
    begin, middle = ATTENTIONS[lm.config.shape][name]
    return np.stack([trace[f"{begin}{i}{middle}hook_pattern"].numpy() for i in range(2)])


class TestSeen:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_what_is_not_seen_has_a_pattern_of_exactly_nothing(self, shape: str) -> None:
        lm = model(shape)
        ids, said = ids_of(lm), ids_of(lm, 4) if shape == "encoder-decoder" else []
        found = seen(lm.transformer, *([ids, [0, *said]] if said else [ids]))
        assert set(found) == set(ATTENTIONS[lm.config.shape])
        for name, open_ in found.items():
            pattern = patterns(lm, name, ids, said)
            assert (pattern[:, :, ~open_] == 0.0).all()
            assert (pattern[:, :, open_] > 0.0).all()

    def test_the_three_shapes_are_the_papers_masks(self) -> None:
        full, causal = MaskRule(causal=False), MaskRule()
        assert (seen(model("decoder").transformer, range(2, 9))["self"] == causal.matrix(7)).all()
        assert (seen(model("encoder").transformer, range(2, 9))["self"] == full.matrix(7)).all()
        both = seen(model("encoder-decoder").transformer, range(2, 9), range(4))
        assert (both["encoder"] == full.matrix(7)).all()
        assert (both["decoder"] == causal.matrix(4)).all()
        assert both["cross"].shape == (4, 7)
        assert both["cross"].all()

    def test_a_decoder_built_without_its_mask_is_seen_to_have_none(self) -> None:
        assert seen(model("decoder", causal=False).transformer, range(2, 9))["self"].all()

    @pytest.mark.parametrize("shape", SHAPES)
    def test_the_smallest_model_of_a_shape_has_the_masks_of_a_trained_one(self, shape: str) -> None:
        lm = model(shape)
        rows = [range(2, 9), range(3)] if shape == "encoder-decoder" else [range(2, 9)]
        known = seen(lm.transformer, *rows)
        for name, open_ in seen(untrained(lm.config.shape, 9), *rows).items():
            assert (open_ == known[name]).all()

    @pytest.mark.parametrize("shape", ["decoder", "encoder"])
    def test_a_token_reaches_the_rows_that_see_it_and_no_other(self, shape: str) -> None:
        lm = model(shape)
        ids = ids_of(lm)
        open_ = seen(lm.transformer, ids)["self"]
        with torch.no_grad():
            before = lm.transformer(torch.tensor([ids]))[0]
            for changed in (0, 3, 8):
                turned = [*ids[:changed], 7, *ids[changed + 1 :]]
                after = lm.transformer(torch.tensor([turned]))[0]
                moved = (after - before).abs().amax(dim=-1)
                assert ((moved > 1e-9).numpy() == open_[:, changed]).all()

    def test_without_blocks_nobody_looks_anywhere(self) -> None:
        assert (seen(model("decoder", n_layers=0).transformer, range(2, 7))["self"] == np.eye(5)).all()


class TestGuesses:
    def test_a_decoder_is_asked_with_what_comes_before(self) -> None:
        lm = model("decoder")
        ids = ids_of(lm)
        for one in guesses(lm, ids, range(9)):
            with torch.no_grad():
                alone = lm.transformer(torch.tensor([ids[: one.at]]))[0, -1].softmax(-1)
            np.testing.assert_allclose(one.probabilities, alone.numpy(), atol=1e-9)
            assert (one.truth, one.row, one.read) == (ids[one.at], one.at - 1, tuple(ids[: one.at]))
        assert [one.at for one in guesses(lm, ids, range(9))] == list(range(1, 9)), "nothing before the first"

    def test_an_encoder_is_asked_with_that_token_hidden(self) -> None:
        lm = model("encoder")
        ids, mask = ids_of(lm), sign_of(lm)
        assert mask is not None
        for one in guesses(lm, ids, [0, 5]):
            hidden = [mask if place == one.at else id for place, id in enumerate(ids)]
            assert list(one.read) == hidden
            row = lm.trace(hidden).logits[one.at].softmax(-1)
            np.testing.assert_allclose(one.probabilities, row.numpy(), atol=1e-9)

    def test_an_encoder_decoder_is_asked_for_the_gap(self) -> None:
        lm = model("encoder-decoder")
        ids, gap = ids_of(lm), marks(model("encoder-decoder")).specials.sentinels[0]
        (one,) = guesses(lm, ids, [4])
        assert list(one.read) == [*ids[:4], gap, *ids[5:]]
        row = lm.trace(list(one.read), [gap]).logits[-1].softmax(-1)
        np.testing.assert_allclose(one.probabilities, row.numpy(), atol=1e-9)
        assert one.likeliest(3)[0] == (one.best, float(one.probabilities.max()))
        assert one.probabilities.sum() == pytest.approx(1.0)

    def test_one_with_a_mask_token_and_no_sentinels_writes_up_to_it(self) -> None:
        lm = model("encoder-decoder", mask_id=5)
        ids = ids_of(lm)
        (one,) = guesses(lm, ids, [3])
        assert list(one.read) == [*ids[:3], 5, *ids[4:]]
        assert list(one.said) == [0, *ids[:3]]
        row = lm.trace(list(one.read), ids[:3]).logits[-1].softmax(-1)
        np.testing.assert_allclose(one.probabilities, row.numpy(), atol=1e-9)

    def test_many_texts_go_in_several_passes_with_the_same_answers(self, monkeypatch: Any) -> None:
        from core.families import predictions

        lm = model("encoder")
        together = guesses(lm, ids_of(lm), range(9))
        monkeypatch.setattr(predictions, "TOGETHER", 2)
        for one, other in zip(together, guesses(lm, ids_of(lm), range(9))):
            assert one.at == other.at
            np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-12)

    def test_a_token_that_is_not_there_is_refused(self) -> None:
        lm = model("decoder")
        with pytest.raises(ValueError, match="token 9 is not one of the 9 tokens"):
            guesses(lm, ids_of(lm), [9])
        assert guesses(lm, ids_of(lm), []) == []


class TestSwap:
    def test_a_later_word_moves_no_decoder_by_a_bit_and_every_other_shape(self) -> None:
        for shape in SHAPES:
            lm = model(shape)
            ids = ids_of(lm)
            found = swap(lm, ids, 4, 5, stand_in(lm, ids, 5))
            assert (found.moved == 0.0) == (shape == "decoder"), shape
            assert found.new != found.old == ids[5]
            assert 0 <= found.moved <= 1
            if shape == "decoder":
                assert not found.other

    def test_an_earlier_word_moves_all(self) -> None:
        for shape in SHAPES:
            lm = model(shape)
            assert swap(lm, ids_of(lm), 4, 2, 9).moved > 1e-6

    def test_what_it_says_is_the_distance_of_the_two_guesses(self) -> None:
        lm = model("encoder")
        ids = ids_of(lm)
        found = swap(lm, ids, 4, 5, 8)
        (before,) = guesses(lm, ids, [4])
        (after,) = guesses(lm, [*ids[:5], 8, *ids[6:]], [4])
        assert found.moved == pytest.approx(0.5 * np.abs(before.probabilities - after.probabilities).sum())
        assert found.other == (before.best != after.best)

    def test_the_word_put_in_is_the_texts_own_where_there_is_another(self) -> None:
        lm = model("encoder")
        assert stand_in(lm, [5, 6, 7, 7], 3) == 5
        assert stand_in(lm, [5, 7, 7, 7], 0) == 7
        assert stand_in(lm, [7, 7, 7], 1) != 7

    def test_a_token_is_not_swapped_for_the_one_that_is_asked_for(self) -> None:
        lm = model("encoder")
        with pytest.raises(ValueError, match="not another one"):
            swap(lm, ids_of(lm), 4, 4, 8)


class TestWriting:
    @pytest.mark.parametrize(
        ("shape", "changes"),
        [("decoder", {}), ("encoder-decoder", {}), ("encoder-decoder", {"first_id": 7})],
    )
    def test_it_writes_what_greedy_decoding_writes(self, shape: str, changes: dict[str, Any]) -> None:
        lm = model(shape, **changes)
        ids = ids_of(lm)
        found = write(lm, ids, 8)
        expected = generate(lm, ids, max_new_tokens=8)
        assert list(found.ids) == expected.ids
        assert found.ended == (expected.finished == "end token")
        for stroke, step in zip(found.strokes, expected.steps):
            assert stroke.probability == pytest.approx(step.probability_before, abs=1e-6)
            assert (stroke.id, stroke.probability) == stroke.top[0] or changes
            assert len(stroke.top) == TOP
        assert found.regretted == ()

    def test_the_cross_attention_of_a_token_is_that_of_the_moment_it_was_written(self) -> None:
        lm = model("encoder-decoder")
        ids = ids_of(lm)
        found = write(lm, ids, 5)
        assert found.crossing is not None
        assert found.crossing.shape == (2, 3, len(found.ids), len(ids))
        for n in range(len(found.ids)):
            trace = lm.trace(ids, list(found.ids[:n]) or None)
            for i in range(2):
                row = trace[f"decoder.blocks.{i}.cross_attn.hook_pattern"][:, -1]
                np.testing.assert_allclose(found.crossing[i, :, n], row.numpy(), atol=1e-6)
        assert found.crossing.sum(-1) == pytest.approx(1.0, abs=1e-6)
        assert isinstance(lm.transformer, EncoderDecoder)

    def test_an_encoder_fills_a_mask_behind_its_text_again_and_again(self) -> None:
        lm = model("encoder")
        ids, end = ids_of(lm, 6), [1]
        found = write(lm, ids, 4, end)
        mask, row = sign_of(lm), list(ids)
        assert mask is not None
        for stroke in found.strokes:
            said = lm.trace([*row, mask, *end]).logits[len(row)].softmax(-1)
            assert stroke.id == int(said.argmax())
            assert stroke.probability == pytest.approx(float(said.max()), abs=1e-9)
            row.append(stroke.id)
        for k, regretted in enumerate(found.regretted):
            hidden = [*row[: 6 + k], mask, *row[7 + k :], *end]
            said = lm.trace(hidden).logits[6 + k].softmax(-1)
            assert regretted == (int(said.argmax()) != found.ids[k])
            assert found.now[k] == pytest.approx(float(said[found.ids[k]]), abs=1e-9)
        assert len(found.regretted) == len(found.strokes) == 4
        assert found.different == len(set(found.ids))
        assert found.positions == sum(6 + n + 1 + 1 for n in range(4))

    @pytest.mark.parametrize("shape", SHAPES)
    def test_a_full_context_ends_the_writing(self, shape: str) -> None:
        lm = model(shape, n_ctx=11, eos_ids=())
        found = write(lm, ids_of(lm), 30)
        assert len(found.ids) == {"decoder": 2, "encoder": 2, "encoder-decoder": 10}[shape]
        assert not found.ended

    def test_nothing_to_write_is_nothing(self) -> None:
        for shape in SHAPES:
            found = write(model(shape), [5, 6], 0)
            assert found.ids == ()
            assert found.crossing is None


class TestRight:
    def test_words_are_one_token_to_every_model_and_have_words_behind_them(self) -> None:
        asked = words([BUNDLED["tales-gpt"], BUNDLED["tales-bert"]], stories=3, each=4)
        assert len(asked) == 12
        assert len({word.text for word in asked}) == 3
        for word in asked:
            assert word.text[word.start : word.end].isalpha()
            assert word.start >= FIRST
            assert word.end < len(word.text)
            for lm in BUNDLED.values():
                alone = " " + word.text[word.start : word.end]
                known = lm.encode(alone, add_special_tokens=False)
                whole = lm.encode(word.text)
                assert len(known) == 1
                assert known[0] in whole

    def test_a_hit_is_the_likeliest_token_of_a_text_read_by_hand(self) -> None:
        asked = words(list(BUNDLED.values()), stories=4, each=2)
        for name, lm in BUNDLED.items():
            for cut in (False, True):
                hits = 0
                for word in asked:
                    before = lm.encode(word.text[: word.start].rstrip())
                    truth = lm.encode(" " + word.text[word.start : word.end], add_special_tokens=False)[0]
                    if name == "tales-gpt":
                        hits += int(lm.trace(before).logits[-1].argmax()) == truth
                        continue
                    after = [] if cut else lm.encode(word.text[word.end :], add_special_tokens=False)
                    hidden = [*before, lm.config.mask_id or 0, *after]
                    hits += int(lm.trace(hidden).logits[len(before)].argmax()) == truth
                found = right(lm, asked, cut=cut)
                assert (found.right, found.of) == (hits, 8), (name, cut)

    def test_models_that_share_no_word_have_none(self) -> None:
        assert words([BUNDLED["tales-gpt"], model("decoder", n_ctx=4)], stories=2) == ()
        with pytest.raises(ValueError, match="no word"):
            right(BUNDLED["tales-gpt"], ())
        with pytest.raises(ValueError, match="no single token"):
            right(BUNDLED["tales-gpt"], [Word("Supercalifragilistic words here", 0, 20)])
