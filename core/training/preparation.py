"""Preparations for training: the tokenizer, its special tokens, the maximum row length."""

from __future__ import annotations

from core.data import pairs, tasks
from core.data.pairs import PIECE
from core.data.shards import ENTRIES, Shards
from core.messages import say
from core.text.tokenizer import Tokenizer
from core.text.training import MASK, learn, sentinel
from core.training import objectives
from core.training.objectives import Specials
from core.training.spec import TrainSpec


def learned(spec: TrainSpec, shards: Shards) -> Tokenizer:
    """Learn the spec's tokenizer from the text that the run reads first ("characters": from all of it)."""
    if spec.objective == "text_to_text":
        documents = pairs.texts(spec, shards, spec.vocab_size // (2 * ENTRIES))
    else:
        documents = shards.everything() if spec.tokenizer == "characters" else shards.sample()
    return learn(spec.tokenizer, documents, spec.vocab_size, special_tokens(spec))


def special_tokens(spec: TrainSpec) -> list[str]:
    """List the objective's special tokens besides those of every tokenizer here."""
    if spec.objective == "masked":
        return [MASK]
    longest = spec.config(spec.vocab_size).n_ctx
    if spec.objective == "text_to_text":
        longest = min(longest, PIECE) if tasks.SPANS in tasks.mixture(spec.tasks) else 0
    elif spec.objective != "span_corruption":
        return []
    lengths = range(1, longest + 1)
    count = max((objectives.spans(n, spec.mask_rate, spec.span_length)[1] for n in lengths), default=0)
    return [sentinel(number) for number in range(count)]


def vocabulary_note(spec: TrainSpec, tokenizer: Tokenizer) -> tuple[str, ...]:
    """Return a note if the text was too small for the vocabulary wished."""
    if spec.tokenizer == "characters" or len(tokenizer) >= spec.vocab_size:
        return ()
    return (
        f"The text fills {len(tokenizer):,} of the {spec.vocab_size:,} entries wished for the vocabulary.",
    )


def special_ids(spec: TrainSpec, specials: Specials) -> dict[str, object]:
    """Return the special tokens as fields of a model's configuration."""
    ids: dict[str, object] = {
        "bos_id": specials.start_id,
        "eos_ids": () if specials.end_id is None else (specials.end_id,),
    }
    if spec.objective == "masked":
        ids["mask_id"] = specials.mask_id
    if spec.config(spec.vocab_size).shape == "encoder-decoder":
        ids["decoder_start_id"] = specials.start_id
    return ids


def longest_row(spec: TrainSpec) -> int:
    """Return the longest row whose input and target fit the model's context."""
    n_ctx = spec.config(spec.vocab_size).n_ctx
    if spec.objective != "span_corruption":
        return n_ctx
    for length in range(n_ctx, 0, -1):
        hidden, spans = objectives.spans(length, spec.mask_rate, spec.span_length)
        if max(length - hidden, hidden) + spans + 1 <= n_ctx:
            return length
    raise ValueError(say("{given} is too short for hidden spans", given=f"n_ctx={n_ctx}"))
