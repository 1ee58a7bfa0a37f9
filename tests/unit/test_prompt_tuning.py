"""Prompt tuning: where the vectors come from, what they leave alone, which tokens are near."""

from __future__ import annotations

import pytest
import torch

from core.hooks import recording
from core.model.transformer import ContextTooLong, EncoderDecoder
from core.training import prompt_tuning
from core.training.prompt_tuning import Prompted
from tests.heads import TARGET, TEXT, tiny


def test_the_embeddings_of_tokens_in_front_are_these_tokens() -> None:
    """The vectors of words say what the words would say."""
    lm = tiny("llama, grouped")
    ids = torch.tensor([lm.encode(TEXT)])
    whole = lm.transformer(ids)
    front = lm.transformer.embed.W_E[ids[0, :3]]  # type: ignore[union-attr]
    rest = prompt_tuning.prompted(lm.transformer, front, ids[:, 3:])
    torch.testing.assert_close(rest, whole[:, 3:])
    assert prompt_tuning.nearest(lm, front + 0.01, 1)[1][0][0] == int(ids[0, 1])


def test_the_first_values_are_the_embeddings_of_tokens() -> None:
    lm = tiny("gpt")
    table = lm.transformer.embed.W_E  # type: ignore[union-attr]
    drawn = prompt_tuning.draw(lm.transformer, 5, seed=1, among=torch.tensor([7, 9]))
    assert drawn.requires_grad
    assert all(any(torch.equal(row, table[id]) for id in (7, 9)) for row in drawn)
    assert torch.equal(drawn, prompt_tuning.draw(lm.transformer, 5, seed=1, among=torch.tensor([7, 9])))
    for count in (0, 48):
        with pytest.raises(ValueError, match=f"a prompt of {count} vectors: choose 1 to 47"):
            prompt_tuning.draw(lm.transformer, count)


def test_padding_stays_padding_and_an_encoder_decoder_reads_them_too() -> None:
    lm = tiny("t5")
    ids, written = lm.batch(TEXT, TARGET)
    vectors = prompt_tuning.draw(lm.transformer, 3)
    said = prompt_tuning.prompted(lm.transformer, vectors, ids, written)
    padded = torch.cat([ids, torch.zeros_like(ids[:, :4])], dim=1)
    mask = torch.arange(padded.shape[1])[None] < ids.shape[1]
    assert isinstance(lm.transformer, EncoderDecoder)
    torch.testing.assert_close(
        prompt_tuning.prompted(lm.transformer, vectors, padded, written, mask=mask), said
    )
    assert not torch.allclose(said, lm.transformer(ids, written))


def test_a_prompt_takes_its_share_of_the_context() -> None:
    lm = tiny("gpt")
    reader = Prompted(lm.transformer, prompt_tuning.draw(lm.transformer, 8))  # type: ignore[arg-type]
    assert reader.config.n_ctx == 40
    assert reader(torch.zeros(1, 40, dtype=torch.long)).shape[:2] == (1, 40)
    with pytest.raises(ContextTooLong, match="cannot read 49 tokens: the context of this model is 48"):
        reader(torch.zeros(1, 41, dtype=torch.long))


def test_hooks_see_the_vectors() -> None:
    lm = tiny("bert")
    ids = torch.tensor([lm.encode(TEXT)])
    vectors = prompt_tuning.draw(lm.transformer, 2)
    with recording(["hook_embed"]) as seen:
        prompt_tuning.prompted(lm.transformer, vectors, ids)
    assert torch.equal(seen["hook_embed"][0, :2], vectors)
    assert seen["hook_embed"].shape[1] == ids.shape[1] + 2
