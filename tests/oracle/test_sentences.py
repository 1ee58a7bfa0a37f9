"""Bare encoders and sentence vectors against transformers and the formulas of Sentence-BERT, written down by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import core
from core.checkpoints import CheckpointError, load_folder, save_folder
from core.checkpoints.sentence import CARD
from core.language_model import LanguageModel
from core.model.transformer import ContextTooLong
from core.trace import NoHead
from core.vectors.sentences import Pooling, cosines, nearest, sentence_vectors
from tests.oracle.compare import saved_and_loaded
from tests.oracle.encoder_pairs import KINDS

TEXTS = ["w5 w3 w8 w9", "w7", "w2 w4 w4 w8 w5 w3 w6", "w9 w8 w3 w5"]
IDS = [[int(word[1:]) for word in text.split()] for text in TEXTS]
MODES = {
    "first": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
}


def written(
    folder: Path, *modes: str, normalize: bool = True, reader: dict[str, Any] | None = None, **more: Any
) -> None:
    """What Sentence-BERT writes beside a model."""
    kinds = ["Transformer", "Pooling", *(["Normalize"] if normalize else [])]
    modules = [
        {"idx": at, "name": str(at), "path": f"{at}_{kind}" if at else "", "type": f"a.models.{kind}"}
        for at, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    (folder / "1_Pooling").mkdir(exist_ok=True)
    values = {mode: mode in modes for mode in MODES.values()} | {"word_embedding_dimension": 24} | more
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(values), encoding="utf-8")
    (folder / "sentence_bert_config.json").write_text(json.dumps(reader or {}), encoding="utf-8")


def opened(folder: Path) -> LanguageModel:
    loaded = load_folder(folder, dtype=torch.float64)
    return LanguageModel(loaded.model, loaded.tokenizer, "made", loaded.card)


def by_hand(model: Any, kinds: list[str], normalize: bool) -> np.ndarray[Any, Any]:
    """Each text alone through transformers, then the documented formula."""
    found = []
    for row in IDS:
        hidden = model(torch.tensor([row])).last_hidden_state[0].detach()  # (T, D)
        parts = {"first": hidden[0], "max": hidden.max(0).values, "mean": hidden.sum(0) / len(row)}
        vector = torch.cat([parts[kind] for kind in kinds])
        found.append((vector / vector.square().sum().sqrt() if normalize else vector).numpy())
    return np.stack(found)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("kinds", [["mean"], ["first"], ["max"], ["first", "max", "mean"]])
@pytest.mark.parametrize("kind", KINDS)
def test_sentence_vectors_equal_the_formula(
    kind: str, kinds: list[str], normalize: bool, tmp_path: Path
) -> None:
    """Read in one batch with padding between them, as one alone; of lengths 4, 1, 7 and 4."""
    model = KINDS[kind].model("none")
    saved_and_loaded(model, tmp_path)
    written(tmp_path, *(MODES[one] for one in kinds), normalize=normalize)
    lm = opened(tmp_path)
    wanted = by_hand(model, kinds, normalize)
    found = sentence_vectors(lm, TEXTS)
    assert found.shape == (4, 24 * len(kinds))
    assert np.abs(found - wanted).max() < 1e-6 * np.abs(wanted).max()
    assert np.abs(sentence_vectors(lm, TEXTS[:1]) - wanted[:1]).max() < 1e-6 * np.abs(wanted).max()
    other = Pooling(("mean",) if kinds != ["mean"] else ("first",), normalize)
    assert sentence_vectors(lm, TEXTS, other).shape[1] == 24
    assert np.abs(sentence_vectors(lm, TEXTS, other)[0] - found[0, :24]).max() > 1e-3
    unit = wanted / np.linalg.norm(wanted, axis=1, keepdims=True)
    assert cosines(found) == pytest.approx(unit @ unit.T, abs=1e-6)
    assert nearest(cosines(found)) == [int(at) for at in (unit @ unit.T - 9 * np.eye(4)).argmax(1)]


def test_a_model_with_a_head_gives_the_same_mean(tmp_path: Path) -> None:
    """The stream behind the last block, whatever a head makes of it; without modules.json the mean, not normalised."""
    model = KINDS["bert"].model("lm")
    lm = LanguageModel(saved_and_loaded(model, tmp_path).model, opened(tmp_path).tokenizer, "made")
    wanted = by_hand(model.bert, ["mean"], normalize=False)
    assert np.abs(sentence_vectors(lm, TEXTS) - wanted).max() < 1e-6 * np.abs(wanted).max()


def test_what_is_not_computed_is_refused_by_name(tmp_path: Path) -> None:
    saved_and_loaded(KINDS["bert"].model("none"), tmp_path)
    written(tmp_path, pooling_mode_weightedmean_tokens=True)
    with pytest.raises(ValueError, match="pooling_mode_weightedmean_tokens"):
        sentence_vectors(opened(tmp_path), TEXTS)
    written(tmp_path)
    with pytest.raises(ValueError, match="names no pooling"):
        sentence_vectors(opened(tmp_path), TEXTS)
    written(tmp_path, MODES["mean"])
    modules = json.loads((tmp_path / "modules.json").read_text(encoding="utf-8"))
    modules[2]["type"] = "a.models.Dense"
    (tmp_path / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    with pytest.raises(ValueError, match="Transformer, then Pooling, then Dense"):
        sentence_vectors(opened(tmp_path), TEXTS)
    modules[1]["path"] = "../elsewhere"
    (tmp_path / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    with pytest.raises(CheckpointError, match="outside the model's folder"):
        opened(tmp_path)
    (tmp_path / "modules.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CheckpointError, match="no list of modules"):
        opened(tmp_path)


def test_a_text_that_is_too_long_is_refused_with_both_numbers(tmp_path: Path) -> None:
    saved_and_loaded(KINDS["bert"].model("none"), tmp_path)
    written(tmp_path, MODES["mean"], reader={"max_seq_length": 6, "do_lower_case": True})
    lm = opened(tmp_path)
    with pytest.raises(ContextTooLong, match=r"7 tokens.*reads 6"):
        sentence_vectors(lm, TEXTS)
    assert np.array_equal(sentence_vectors(lm, ["W5 W3"]), sentence_vectors(lm, ["w5 w3"]))
    with pytest.raises(ValueError, match="no text"):
        sentence_vectors(lm, [])


def test_a_bare_encoder_gives_everything_but_logits(tmp_path: Path) -> None:
    loaded = saved_and_loaded(KINDS["bert"].model("none"), tmp_path)
    lm = LanguageModel(loaded.model, loaded.tokenizer, "made")
    trace = lm.trace("w5 w3 w8 w9")
    assert trace["blocks.1.attn.hook_pattern"].shape == (3, 4, 4)
    assert trace["blocks.1.hook_normalized_resid_post"].shape == (4, 24)
    for ask in (
        lambda: trace.logits,
        lambda: lm.score("w5 w3"),
        lambda: lm.generate("w5 w3"),
        lambda: lm.classify("w5 w3"),
        lambda: lm.answer("w5", "w3"),
    ):
        with pytest.raises(NoHead, match=r"is a bare encoder.*tales-bert.*sentence_vectors"):
            ask()


@pytest.mark.parametrize(
    "said", [{}, {"pooling": "mean"}, {"pooling": ["sum"]}, {"pooling": [[]]}, {"pooling": []}]
)
def test_a_card_that_says_nonsense_is_refused_by_name(said: dict[str, Any], tmp_path: Path) -> None:
    """card.json of our own layout says the same in one entry, and may be anybody's."""
    loaded = saved_and_loaded(KINDS["bert"].model("none"), tmp_path)
    lm = LanguageModel(loaded.model, loaded.tokenizer, "made", {CARD: said})
    with pytest.raises(ValueError, match="its card asks for"):
        sentence_vectors(lm, TEXTS)
    odd = {"pooling": ["mean"], "longest": "x", "lower": 1, "normalised": "yes"}
    assert Pooling.of(LanguageModel(loaded.model, loaded.tokenizer, "made", {CARD: odd})) == Pooling()


def test_our_own_layout_keeps_what_the_files_said(tmp_path: Path) -> None:
    saved_and_loaded(KINDS["bert"].model("none"), tmp_path / "theirs")
    written(tmp_path / "theirs", MODES["first"])
    theirs = load_folder(tmp_path / "theirs", dtype=torch.float32)
    save_folder(tmp_path / "ours", theirs.model, theirs.tokenizer, theirs.card)
    ours = core.load(tmp_path / "ours")
    assert Pooling.of(ours) == Pooling(("first",), True) and ours.config.head == "none"
    first = LanguageModel(theirs.model, theirs.tokenizer, "made", theirs.card)
    assert np.abs(sentence_vectors(ours, TEXTS) - sentence_vectors(first, TEXTS)).max() < 1e-6
