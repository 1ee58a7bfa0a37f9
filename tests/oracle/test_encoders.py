"""BERT, RoBERTa and DistilBERT with each of their heads against transformers: every number and every gradient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core.language_model import LanguageModel
from tests.oracle.compare import (
    TOLERANCE,
    apart,
    changed,
    differences,
    logits_differ,
    saved_and_loaded,
    without,
)
from tests.oracle.encoder_pairs import BARE, HEADS, KINDS, LABELS, reference_of, run


@pytest.mark.parametrize("head", [*HEADS, *BARE])
@pytest.mark.parametrize("kind", KINDS)
def test_every_number_equals_transformers(kind: str, head: str, tmp_path: Path) -> None:
    model = KINDS[kind].model(head)
    loaded = saved_and_loaded(model, tmp_path)
    assert differences(loaded.model, reference_of(kind, model, loaded)) == []
    config = loaded.config
    assert (config.head, config.labels) == (head, LABELS if head in ("sequence", "token") else ())
    assert (config.position_offset, config.n_ctx) == ((2, 16) if kind == "roberta" else (0, 18))


OTHERWISE: dict[str, tuple[str, dict[str, Any]]] = {
    "roberta: untied, another epsilon, padding 3": (
        "roberta", {"tie_word_embeddings": False, "layer_norm_eps": 1e-2, "pad_token_id": 3},
    ),
    "distilbert: relu, untied": ("distilbert", {"activation": "relu", "tie_word_embeddings": False}),
    "distilbert: waves": ("distilbert", {"sinusoidal_pos_embds": True, "activation": "gelu_new"}),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERWISE)
def test_other_settings(name: str, tmp_path: Path) -> None:
    kind, changes = OTHERWISE[name]
    model = KINDS[kind].model("lm", **changes)
    loaded = saved_and_loaded(model, tmp_path)
    assert differences(loaded.model, reference_of(kind, model, loaded)) == []


@pytest.mark.parametrize("head", ["lm", "sequence"])
@pytest.mark.parametrize("kind", ["roberta", "distilbert"])
def test_changed_alone_each_detail_is_seen(kind: str, head: str, tmp_path: Path) -> None:
    model = KINDS[kind].model(head)
    loaded = saved_and_loaded(model, tmp_path)
    reference = reference_of(kind, model, loaded)
    offset = loaded.config.position_offset
    mutants = {
        "epsilon": changed(loaded, norm_eps=1e-5),
        "gelu": changed(loaded, act="gelu_tanh"),
        "score scale": changed(loaded, scale_scores=False),
        "position offset": changed(loaded, position_offset=offset + 1, n_ctx=15),
        "embedding norm": changed(loaded, embed_norm=False),
        "embedding scale": changed(loaded, embed_scale=1.0001),
        "norm before the block": changed(loaded, norm_placement="pre"),
        "query/key/value bias": without(loaded, "attn.bias_qkv"),
        "attention's output bias": without(loaded, "b_O"),
    }
    if kind == "roberta":
        mutants["sentence number"] = without(loaded, "W_token_type")
    if head == "lm":
        mutants |= {
            "tying": changed(loaded, tied_embeddings=False),
            "masked-LM head": changed(loaded, mlm_head=False),
            "unembedding bias": without(loaded, "b_U"),
        }
    else:
        other = "tanh" if kind == "distilbert" else "relu"
        mutants |= {
            "pooling activation": changed(loaded, pool_act=other),
            "pooling bias": without(loaded, "b_pool"),
            "classes' bias": without(loaded, "label_head.b"),
        }
    assert [name for name, mutant in mutants.items() if not logits_differ(mutant, reference)] == []


@pytest.mark.parametrize("head", ["token", "none"])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_padding_anywhere(kind: str, masked: bool, head: str, tmp_path: Path) -> None:
    """RoBERTa's positions count no padding, wherever it stands, and whether or not it is masked."""
    model = KINDS[kind].model(head)
    loaded = saved_and_loaded(model, tmp_path)
    ids = torch.tensor([[5, 9, 2, 7, 7, 20], [11, 4, 6, 3, 0, 0], [0, 0, 12, 9, 4, 7], [8, 0, 3, 0, 0, 15]])
    mask = ids != 0
    ids[~mask] = model.config.pad_token_id
    theirs, _ = run(model, {"ids": ids, **({"mask": mask.long()} if masked else {})})
    ours = loaded.model(ids, mask=mask if masked else None)
    seen = mask if masked else torch.ones_like(mask)
    assert apart(ours[seen], theirs[seen]) < TOLERANCE
    if kind == "roberta":
        counted = changed(loaded, pad_has_position=True)(ids, mask=mask if masked else None)
        assert apart(counted[seen], theirs[seen]) > 100 * TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_classified_and_tagged_as_by_them(kind: str, tmp_path: Path) -> None:
    for head in ("sequence", "token"):
        model = KINDS[kind].model(head)
        loaded = saved_and_loaded(model, tmp_path / head)
        lm = LanguageModel(loaded.model, loaded.tokenizer, kind)
        theirs = run(model, {"ids": torch.tensor([[5, 3, 8, 9]])})[0][0].softmax(-1)
        if head == "sequence":
            said = lm.classify("w5 w3 w8 w9")
            assert [label for label, _ in said] == [LABELS[i] for i in theirs.argsort(descending=True)]
            assert [chance for _, chance in said] == pytest.approx(sorted(theirs.tolist(), reverse=True))
        else:
            tags = lm.tag("w5 w3 w8 w9")
            assert [(tag.token, tag.label) for tag in tags] == [
                (f"w{word}", LABELS[best]) for word, best in zip((5, 3, 8, 9), theirs.argmax(-1), strict=True)
            ]
            assert [tag.probability for tag in tags] == pytest.approx(theirs.max(-1).values.tolist())
            assert tags[2].offset == (6, 8)
