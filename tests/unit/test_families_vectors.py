"""What comes out of an encoder without a head, against the model's own trace and against sentence vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import core
from core.families.vectors import turned, vectors
from core.vectors.sentences import sentence_vectors
from tests.pages.conftest import random_model

TEXT = "the dog was glad"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> core.LanguageModel:
    """A bare encoder of random weights in BERT's shape."""
    root: Path = tmp_path_factory.mktemp("bare")
    random_model(
        root / "reader", seed=7, shape="encoder", head="none", norm_placement="post", embed_norm=True,
        final_norm=False, n_token_types=2, act="gelu", mask_id=2,
    )  # fmt: skip
    lm = core.load(root / "reader")
    with torch.no_grad():  # with gains of 0 and biases alone, all vectors would be the last bias
        for name, weight in lm.transformer.named_parameters():
            if ".ln" in name:
                weight.fill_(1.0 if name.endswith(".w") else 0.0)
    return lm


def test_a_tokens_vector_is_the_stream_behind_the_last_block_and_the_texts_is_pooled_from_them(
    bare: core.LanguageModel,
) -> None:
    trace = bare.trace(TEXT)
    stream = trace[f"blocks.{bare.config.n_layers - 1}.hook_normalized_resid_post"].numpy()
    found = vectors(bare, bare.encode(TEXT))
    np.testing.assert_allclose(found.tokens, stream, atol=1e-6)
    np.testing.assert_allclose(found.text, stream.mean(0), atol=1e-6)
    np.testing.assert_allclose(found.text, sentence_vectors(bare, [TEXT])[0], atol=1e-6)
    for a in range(len(stream)):
        expected = torch.cosine_similarity(torch.from_numpy(stream[a])[None], torch.from_numpy(stream))
        np.testing.assert_allclose(found.alike[a], expected.numpy(), atol=1e-5)


def test_another_word_behind_turns_a_vector_by_the_cosine_of_both_passes(bare: core.LanguageModel) -> None:
    ids = bare.encode(TEXT)
    new = ids[1] if ids[1] != ids[3] else ids[2]
    found = turned(bare, ids, 2, 3, new)
    name = f"blocks.{bare.config.n_layers - 1}.hook_normalized_resid_post"
    was, now = (bare.trace(row)[name][2] for row in (ids, [*ids[:3], new, *ids[4:]]))
    assert found.cosine == pytest.approx(float(torch.cosine_similarity(was, now, dim=0)), abs=1e-5)
    assert (found.old, found.new, found.cosine < 0.9999) == (ids[3], new, True)
    with pytest.raises(ValueError, match="is not another one"):
        turned(bare, ids, 2, 2, new)
