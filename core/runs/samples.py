"""Samples and attention patterns of a model in training, at a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.data.tasks import asks
from core.runs.records import Maps

if TYPE_CHECKING:
    from core.training.trainer import Trainer

NEW_TOKENS = 40
_PROMPT = 8  # tokens of the held-out text that a decoder continues where the spec names no prompt
_MAPS = 24  # tokens of which the attention is kept
_TEMPERATURE = 0.8


def sample(trainer: Trainer) -> str:
    """Continue the prompt (a decoder), or fill in the hidden parts of a held-out text.

    A decoder draws with one seed at every checkpoint, so that what changes is the model. An encoder's words for hidden
    ones stand in brackets; what an encoder-decoder writes follows an arrow.
    """
    lm, objective = trainer.language_model, trainer.spec.objective
    if objective == "masked":
        return _filled(trainer)
    ids = prompt(trainer)
    if lm.config.shape == "encoder-decoder":
        written = lm.generate(ids, max_new_tokens=NEW_TOKENS, add_special_tokens=False)
        return f"{lm.tokenizer.decode(ids)} → {lm.tokenizer.decode(written.ids)}"
    draw = {"strategy": "sample", "temperature": _TEMPERATURE, "seed": 0}
    written = lm.generate(ids, add_special_tokens=False, max_new_tokens=NEW_TOKENS, **draw)
    return lm.tokenizer.decode([*ids, *written.ids], skip_special_tokens=True)


def prompt(trainer: Trainer) -> list[int]:
    """Return the sample's prompt: the spec's, or the beginning of the held-out text as the objective shows it.

    Of a model of tasks a prompt that asks for none of them is passed over.
    """
    lm, spec = trainer.language_model, trainer.spec
    most = max(1, lm.config.n_ctx // 2)
    if spec.prompt and (spec.objective != "text_to_text" or asks(spec.prompt)):
        ids = lm.tokenizer.encode(spec.prompt)
        if ids:
            return ids[-most:]
    example = trainer.held_out_example(rows=1)
    row = example.inputs[0] if example.mask is None else example.inputs[0][example.mask[0]]
    return row[: min(most, _PROMPT if spec.objective == "next_token" else most)].tolist()


@torch.inference_mode()
def maps(trainer: Trainer) -> Maps:
    """Compute the attention patterns of the prompt in every block: hook name -> (H, T, S), at most 24 tokens."""
    lm = trainer.language_model
    ids = prompt(trainer)[:_MAPS]
    target = ids if lm.config.shape == "encoder-decoder" else None
    trace = lm.trace(ids, target, add_special_tokens=False)
    patterns = {
        name: trace[name].float().cpu().numpy() for name in trace.hooks if name.endswith("hook_pattern")
    }
    return Maps(tuple(map(lm.tokenizer.display, ids)), patterns)


@torch.inference_mode()
def _filled(trainer: Trainer) -> str:
    lm = trainer.language_model
    ids, hidden = _shown(trainer)
    logits: Tensor = lm.trace(ids, add_special_tokens=False).logits  # (T, V)
    best = logits.argmax(-1).tolist()
    words = []
    for position, id in enumerate(ids):
        text = lm.tokenizer.display(best[position] if position in hidden else id)
        if position in hidden:
            space, text = text[: len(text) - len(text.lstrip())], text.lstrip()
            text = f"{space}[{text}]"
        words.append(text)
    return ("" if lm.tokenizer.kind in ("bytes", "metaspace") else " ").join(words).strip()


def _shown(trainer: Trainer) -> tuple[list[int], set[int]]:
    """Return an encoder's text, and which of its positions are mask tokens."""
    ids = prompt(trainer)
    mask = trainer.config.mask_id
    return ids, {position for position, id in enumerate(ids) if id == mask}
