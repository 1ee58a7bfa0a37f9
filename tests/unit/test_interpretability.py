"""The parts of the Interpretability page: alignment, corrupted texts, direct attribution, patching, paths."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
import torch

import core
from core.analysis.patching import corrupting
from core.analysis.patching import patches as module
from core.analysis.patching import paths as walked
from core.analysis.patching.corrupting import corrupt, swaps
from core.analysis.patching.holder_pairs import draw_pair
from core.analysis.patching.patches import Patching, Spot
from core.analysis.patching.paths import INTO, Sender, gathered, paths, pieces, senders, walk
from core.analysis.patching.sweep import coarse_to_fine, patched, steps, sweep
from core.analysis.patching.text_pairs import Unlike, align, text_pair
from core.analysis.stream.direct_attribution import NoLogits, attribute
from core.analysis.stream.ledger import ledger
from core.analysis.stream.logit_lens import logit_lens
from core.analysis.stream.resuming import run_blocks, run_to_row
from core.data.toyland import words
from core.data.toyland.holders import FORMS, holders
from core.language_model import LanguageModel
from tests.heads import BOTH, PLACES, SHAPES, TEXT, fresh, target_of, tiny

CLEAN, CORRUPTED = [5, 9, 7, 30, 8], [5, 12, 7, 31, 8]


def found(shape: str, attention: Any = "self", clean: Any = CLEAN, corrupted: Any = CORRUPTED) -> Patching:
    lm = tiny(shape)
    return Patching.of(lm, text_pair(lm, clean, corrupted, target=target_of(lm)), 40, 41, attention=attention)


# ------------------------------------------------------------------------------------------------ alignment


@pytest.mark.parametrize(
    ("clean", "corrupted", "places"),
    [
        ("abc", "axc", (0, 1, 2)),
        ("abc", "abbc", (0, 1, -1, 2)),
        ("abbc", "abc", (0, 1, 3)),
        ("abc", "abcd", (0, 1, -1, 2)),
        ("ab", "xyz", (-1, -1, 1)),
        ("a", "ba", (-1, 0)),
        ("aaa", "aaaa", (0, 1, -1, 2)),
    ],
)
def test_beginnings_and_ends_are_matched(clean: str, corrupted: str, places: tuple[int, ...]) -> None:
    assert align([ord(c) for c in clean], [ord(c) for c in corrupted]) == places


def test_a_pair_knows_where_its_texts_differ_and_who_stands_for_whom() -> None:
    pair = text_pair(tiny("gpt"), [5, 9, 7], [5, 8, 6, 7])
    assert (pair.even, pair.differ, pair.back) == (False, (1, 2), (0, -1, 3))
    assert (pair.clean_row, pair.row) == (2, 3)


def test_a_pair_of_twins_or_a_row_without_a_counterpart_is_refused() -> None:
    lm = tiny("gpt")
    with pytest.raises(Unlike, match="change a word"):
        text_pair(lm, [5, 9], [5, 9])
    with pytest.raises(Unlike, match="as many tokens there"):
        text_pair(lm, [5, 9, 7], [5, 8, 6, 7], row=1)


# ------------------------------------------------------------------------------------------ corrupted texts


def test_names_are_exchanged_and_words_keep_their_kind() -> None:
    texts = {change.text for change in swaps("Nora gave Tom a red ball", Random(0))}
    assert "Tom gave Nora a red ball" in texts
    for text in texts - {"Tom gave Nora a red ball"}:
        changed = [
            (old, new) for old, new in zip("Nora gave Tom a red ball".split(), text.split()) if old != new
        ]
        assert len(changed) == 1
        (old, new) = changed[0]
        assert any(old in pool and new in pool for pool in corrupting.pools())


def test_a_verb_is_no_thing_and_a_trade_stays_a_trade() -> None:
    changes = list(swaps("The cook saw a blue hat", Random(0), lambda word: 1))
    assert {change.old for change in changes} == {"cook", "blue", "hat"}
    assert all(change.new in words.PROFESSIONS for change in changes if change.old == "cook")
    assert "saw" in {change.old for change in swaps("Tom has an old saw", Random(0), lambda word: 1)}
    assert "saw" not in {change.old for change in swaps("The saw was lost. She saw it", Random(0))}


@pytest.mark.parametrize(
    "text", ["A red ball was lost. She found the red", "Lily lost a red ball. Ben found the red"]
)
def test_the_corrupted_text_has_as_many_tokens_and_another_answer(text: str) -> None:
    lm = core.load("tales-gpt")
    change = corrupt(lm, text)
    assert change is not None and change == corrupt(lm, text)
    ids, others = lm.encode(text), lm.encode(change.text)
    assert len(ids) == len(others) and ids != others
    assert lm.trace(ids).logits[-1].argmax() != lm.trace(others).logits[-1].argmax()


@pytest.mark.parametrize("text", ["qqq zzz", "🦜", "a", " "])
def test_any_text_is_corrupted_or_left_alone(text: str) -> None:
    lm = core.load("tales-gpt")
    change = corrupt(lm, text)
    assert change is None or len(lm.encode(change.text)) == len(lm.encode(text))


@pytest.mark.parametrize("name", ["tales-gpt", "tales-t5"])
def test_pairs_of_toyland_are_answered_as_they_tell(name: str) -> None:
    lm = core.load(name)
    seen, seed = set(), 0
    for _ in range(4):
        drawn = draw_pair(lm, seed + 1)
        assert drawn is not None
        pair, seed = drawn
        seen.add(pair.clean)
        assert len(lm.encode(pair.clean)) == len(lm.encode(pair.corrupted))
        for text, answer in ((pair.clean, pair.answer), (pair.corrupted, pair.other)):
            said = lm.tokenizer.display(int(lm.trace(text).logits[-1].argmax())).strip()
            assert said and answer.startswith(said) and answer in text
    assert len(seen) == 4


def test_a_model_that_cannot_tell_gets_no_pair() -> None:
    assert draw_pair(tiny("gpt"), 3) is None and draw_pair(tiny("bert"), 3) is None
    assert {one.shape for one in FORMS} == {"decoder", "encoder-decoder"}
    assert holders("decoder", 5) == holders("decoder", 5) != holders("decoder", 6)


# ---------------------------------------------------------------------------------------- direct attribution


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "bert"])
def test_the_parts_are_those_of_the_ledger_through_the_final_norm(shape: str) -> None:
    """The ledger carries vectors forwards; the attribution carries a direction backwards."""
    lm = tiny(shape)
    target = target_of(lm)
    ours = attribute(lm, TEXT, 40, target=target)
    book = ledger(lm, TEXT, by_head=True, through_final=True, target=target)
    unembed = (lm.transformer.decoder if target else lm.transformer).unembed
    said = dict(
        zip(
            (entry.name for entry in book.entries),
            book.along(unembed.W_U[:, 40].detach().numpy() * unembed.scale),
        )
    )
    for line in ours.lines:
        if line.part in ("embedding", "position", "token type", "mlp"):
            assert line.value == pytest.approx(said[line.name], abs=1e-9), line.name
    for layer, head in np.ndindex(*ours.heads.shape):
        assert ours.heads[layer, head] == pytest.approx(said[f"L{layer}H{head}"], abs=1e-9)
    if ours.cross is not None:
        for layer, head in np.ndindex(*ours.cross.shape):
            assert ours.cross[layer, head] == pytest.approx(said[f"L{layer}X{head}"], abs=1e-9)
    assert ours.total == pytest.approx(
        sum(said.values()) + (0 if unembed.b_U is None else float(unembed.b_U[40])), abs=1e-9
    )


def test_what_is_frozen_is_named() -> None:
    assert attribute(tiny("gpt"), TEXT, 40).frozen == ("the final norm",)
    assert attribute(tiny("no norm"), TEXT, 40).frozen == ()
    assert attribute(tiny("bert"), TEXT, 40).frozen == (
        "the head’s activation and norm", "the norms in the stream", "the embedding’s norm",
    )  # fmt: skip


def test_bad_questions_are_refused() -> None:
    lm = tiny("gpt")
    with pytest.raises(ValueError, match="outside the vocabulary"):
        attribute(lm, TEXT, 10**6)
    with pytest.raises(ValueError, match="outside the vocabulary"):
        Patching.of(lm, text_pair(lm, CLEAN, CORRUPTED), 4, -1)
    with pytest.raises(KeyError):
        attribute(lm, TEXT, 4)["L9 mlp"]
    with pytest.raises(ValueError, match="without it"):
        found("gpt", "cross")


def test_a_model_of_classes_has_no_logits() -> None:
    lm = tiny("gpt")
    bare = LanguageModel(fresh("gpt").transformer, lm.tokenizer, "bare")
    bare.transformer.unembed = None
    with pytest.raises(NoLogits, match="no head that says tokens"):
        attribute(bare, CLEAN, 4)
    with pytest.raises(NoLogits, match="no head that says tokens"):
        Patching.of(bare, text_pair(bare, CLEAN, CORRUPTED), 4)


# -------------------------------------------------------------------------------------------------- the lens


@pytest.mark.parametrize("shape", SHAPES)
def test_the_lens_follows_one_token(shape: str) -> None:
    lm = tiny(shape)
    with torch.no_grad():
        trace = lm.trace(TEXT, target_of(lm))
    lens = logit_lens(lm, trace, token=40)
    assert lens.chance is not None and lens.rank is not None
    last = trace.logits.float().softmax(-1)
    np.testing.assert_allclose(lens.chance[-1], last[:, 40].detach(), rtol=1e-5)
    assert (lens.rank[-1] == (last > last[:, [40]]).sum(-1).numpy()).all()
    np.testing.assert_allclose(lens.own[-1], lens.probabilities[-1, :, 0], rtol=1e-5)
    assert logit_lens(lm, trace).chance is None


# --------------------------------------------------------------------------------------- patching and paths


@pytest.mark.full(reason="the other cases take a second", quick_cases=4)
@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_a_sweep_is_all_maps_in_order(shape: str, attention: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = found(shape, attention)
    whole = patched(one)
    assert len(list(sweep(one))) == steps(one)
    assert set(whole) == {*one.sites, "head", "heads"}
    assert ("cross-attention" in one.sites) == (shape in BOTH and attention != "encoder")
    monkeypatch.setattr(module, "POSITIONS", 1)
    for name, values in patched(one).items():
        np.testing.assert_allclose(values, whole[name], atol=1e-9)


@pytest.mark.full(reason="the other cases take a second", quick_cases=8)
@pytest.mark.parametrize(("shape", "attention"), PLACES)
@pytest.mark.parametrize("worth", [1, 20])
def test_positions_before_a_patch_are_read_once_and_change_nothing(
    shape: str, attention: Any, worth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = found(shape, attention)
    expected = {
        (site, layer): [one.together([Spot(layer, site, at)]) for at in one._all()]
        for site in one.sites for layer in range(one.layers)
    }  # fmt: skip
    monkeypatch.setattr(module, "WORTH", worth)
    for (site, layer), values in expected.items():
        np.testing.assert_allclose(one.by_place(site, layer)[one._all()], values, rtol=1e-4, atol=1e-5)


def test_a_batch_begins_where_its_first_variant_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    one = found("gpt", clean=[5, 6, 7, 30, 8], corrupted=[9, 6, 7, 31, 8])
    variants = [("blocks.0.hook_resid_pre", [(at, None)]) for at in (3, 0, 4, 3, 1)]
    monkeypatch.setattr(module, "WORTH", 5)
    assert list(one._batches(0, variants, True)) == [([1], 0), ([4, 0], 1), ([3, 2], 3)]
    assert list(one._batches(0, variants, False)) == [([0, 1, 2, 3, 4], 0)]


def test_a_sweep_goes_from_coarse_to_fine_and_leaves_out_what_is_known() -> None:
    assert coarse_to_fine(30)[:8] == [0, 8, 16, 24, 4, 12, 20, 28]
    assert coarse_to_fine(3) == [0, 2, 1]
    for layers in (0, 1, 2, 9, 30):
        assert sorted(coarse_to_fine(layers)) == list(range(layers))
    one = found("gpt")
    whole = {(name, layer): line for name, layer, line in sweep(one, by_place=False)}
    known = list(whole)[:2]
    rest = {(name, layer): line for name, layer, line in sweep(one, by_place=False, coarse=True, known=known)}
    assert rest.keys() == whole.keys() - set(known)
    for which, line in rest.items():
        np.testing.assert_allclose(line, whole[which], atol=1e-9)


@pytest.mark.parametrize(("shape", "attention"), PLACES)
def test_a_block_at_once_is_each_of_its_maps(shape: str, attention: Any) -> None:
    one = found(shape, attention)
    for layer in range(one.layers):
        lines = one.by_layer(layer)
        assert list(lines) == [*one.sites, "head"]
        for site in one.sites:
            np.testing.assert_allclose(lines[site], one.by_place(site, layer), atol=1e-9)
        np.testing.assert_allclose(lines["head"], one.by_head(layer), atol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("row", [0, 1, -1])
def test_a_pass_for_one_row_is_that_row_of_the_whole_pass(shape: str, row: int) -> None:
    one = found(shape)
    for first in range(one.layers):
        stream = torch.cat([one.streams[first], one.streams[first].flip(1)])  # (2, T', D)
        source = None if one.source is None else one.source.expand(2, -1, -1)
        at = row % stream.shape[1]
        with torch.no_grad():
            whole = run_blocks(one.decoder, first, stream, source)[:, at]
            alone = run_to_row(one.decoder, first, stream, source, at)
        torch.testing.assert_close(alone, whole, rtol=1e-5, atol=1e-5)


def test_a_place_without_a_counterpart_is_no_number() -> None:
    one = found("gpt", corrupted=[5, 12, 13, 7, 30, 8])
    line = one.by_place("stream", 0)
    assert np.isnan(line[[2]]).all() or np.isnan(line[[1]]).all()
    assert not np.isnan(line[[0, -1]]).any()
    chosen = one.by_head_and_place(0, [0, 5])
    assert np.isnan(chosen[:, 1:5]).all() and not np.isnan(chosen[:, [0, 5]]).any()


def test_before_the_texts_differ_a_patch_brings_nothing() -> None:
    one = found("gpt", clean=[5, 6, 7, 30, 8], corrupted=[5, 6, 7, 31, 8])
    assert one.first == 3
    for layer in range(one.layers):
        assert (one.by_place("stream", layer)[:3] == 0).all()
        assert one.together([Spot(layer, position=1)]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("shape", "attention"), [place for place in PLACES if place[1] != "cross"])
def test_every_sender_has_a_path_and_the_strongest_is_known(shape: str, attention: Any) -> None:
    one = found(shape, attention)
    lm = tiny(shape)
    way = paths(lm, one, 1, 2)
    assert way.senders == senders(one, 1) and way.senders[0] == Sender()
    assert len({sender.name for sender in way.senders}) == len(way.senders)
    assert all(len(way.shares[into]) == len(way.senders) for into in INTO)
    into, at = way.strongest
    assert abs(way.shares[into][at]) == max(np.abs(line).max() for line in way.shares.values())


def test_paths_come_piece_by_piece_and_go_on_behind_those_that_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, lm = found("gpt"), tiny("gpt")
    speakers, whole = senders(one, 1), paths(lm, one, 1, 2)
    monkeypatch.setattr(walked, "POSITIONS", 2 * len(one.counterpart))
    parts = list(walk(lm, one, 1, 2))
    assert len(parts) == pieces(speakers, len(one.counterpart)) > len(INTO)
    some = gathered(speakers, 1, 2, parts[:-1])
    assert not some.complete and np.isnan(some.shares[INTO[-1]]).sum() == len(parts[-1][2])
    for way in (
        gathered(speakers, 1, 2, parts),
        gathered(speakers, 1, 2, [*parts[:4], *walk(lm, one, 1, 2, known=4)]),
    ):
        assert way.complete
        for into in INTO:
            np.testing.assert_allclose(way.shares[into], whole.shares[into], atol=1e-9)
            assert way.whole[into] == pytest.approx(whole.whole[into], abs=1e-9)


def test_before_the_first_block_only_the_embedding_speaks() -> None:
    one = found("gpt")
    way = paths(tiny("gpt"), one, 0, 1)
    assert [sender.name for sender in way.senders] == ["embedding"]
    for into in INTO:
        assert way.shares[into][0] == pytest.approx(way.whole[into], abs=1e-9)


def test_a_head_that_reads_another_stack_has_no_paths() -> None:
    with pytest.raises(ValueError, match="reads another stack"):
        paths(tiny("t5"), found("t5", "cross"), 1, 0)
