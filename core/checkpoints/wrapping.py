"""A model of `transformers` that is in memory already, as a LanguageModel: the same converters, no file between.

`transformers` is never imported here: whoever has such a model has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tokenizers
import torch
from torch import Tensor, nn

from core.checkpoints.convert import Family, bare, gather, untie
from core.checkpoints.files import FileTensors
from core.checkpoints.folder import FAMILIES, assemble, check_context, with_mask
from core.checkpoints.settings import CheckpointError, Settings
from core.checkpoints.tokenizers import check_size
from core.hooks import recording
from core.language_model import LanguageModel
from core.model.transformer import EncoderDecoder
from core.text.tokenizer import Tokenizer

TEXT = "The cat sat on the mat. 7 + 5 = 12"  # what both models read once
LONGEST = 32  # tokens of it
# Largest difference from the model's own logits, as a share of the largest logit, by the type that it computes in.
TOLERANCES = {torch.float64: 1e-4, torch.float32: 1e-3, torch.float16: 2e-2, torch.bfloat16: 1e-1}
_HALVES = (torch.float16, torch.bfloat16)
_QUANTIZED = "its weights are quantized; load it without a quantization_config, in float32 or half precision"


def wrap(
    model: nn.Module, tokenizer: Any, *, name: str | None = None, dtype: torch.dtype | None = None
) -> LanguageModel:
    """Wrap a loaded model of `transformers` as a LanguageModel, which traces, generates and is shown like ours.

    Both read a short text once, and their logits are compared. Weights are shared with `model`, but for those that are
    one matrix here and several there (queries, keys and values; the two of a gated feed-forward), which are copied: of
    a GPT-2 none, of a BERT-base 85 of 438 MB, of a Llama about half. So change no weight of `model` afterwards, or wrap
    it anew.

    Args:
        model: a GPT-2, Llama, Qwen2, Mistral, BERT, RoBERTa, DistilBERT, T5 or BART, of a class whose head Glassbox
            computes: a language model's, labels on an encoder, or none. It stays as it is, where it is.
        tokenizer: its fast tokenizer, or a `tokenizers.Tokenizer`. It is copied.
        name: what pictures call it; None: what it was loaded from, or its family.
        dtype: of the weights; None: the model's own, but float32 for one in half precision, whose weights are copied
            then.

    Raises:
        TypeError: `model` is no model of `transformers`.
        CheckpointError: another family, or something that is not supported; no fast tokenizer, or another model's;
            weights that are quantized, elsewhere (offloaded, spread over processes), NaN or infinite; logits that
            differ, with the largest difference.
    """
    values = _values(model)
    family, read = _family(model, values), _copied(tokenizer)
    settings = _settings(model, values)
    tensors = ModuleTensors(model, dtype)
    try:
        config = family.config(settings)
        check_context(Path("config.json"), config)
        config = untie(family, bare(family, config, settings, tensors), tensors)
        state = gather(family, config, tensors)
    except ValueError as error:
        raise CheckpointError(_said(error, model)) from error
    config = with_mask(config, read)
    check_size("the tokenizer", read, config)
    built = assemble(config, state, tensors.device, tensors.dtype, laid_out=False)
    lm = LanguageModel(built, read, name or str(values.get("_name_or_path") or values["model_type"]))
    ids = _ids(lm, tokenizer)
    _compare(lm, model, ids)
    return lm


class ModuleTensors(FileTensors):
    """The weights of a module by the names that a checkpoint of it would have, each checked when it is asked for.

    Args:
        dtype: to convert to; None: the module's own, but float32 for one in half precision.

    Raises:
        CheckpointError: they are not numbers in the memory of this process.
    """

    def __init__(self, model: nn.Module, dtype: torch.dtype | None) -> None:
        self._tensors: dict[str, Tensor] = dict(model.state_dict())
        for name, tensor in self._tensors.items():
            _check_here(name, tensor)
        floats = [tensor for tensor in self._tensors.values() if tensor.is_floating_point()]
        if not floats:
            raise CheckpointError("the model has no weights")
        own = max((tensor.dtype for tensor in floats), key=lambda each: each.itemsize)
        super().__init__(floats[0].device, dtype or (torch.float32 if own in _HALVES else own), None)
        self.shapes = {name: tuple(tensor.shape) for name, tensor in self._tensors.items()}

    def __getitem__(self, name: str) -> Tensor:
        """Return one tensor on the device and of the dtype asked for: the module's own memory where it fits.

        Raises:
            CheckpointError: it holds NaN or an infinity, or whole numbers.
        """
        stored = self._tensors[name]
        if not stored.is_floating_point():
            raise CheckpointError(f"{name} is stored as {stored.dtype}: {_QUANTIZED}")
        return self._checked(name, stored.to(self.device, self.dtype), name, stored)


def _check_here(name: str, tensor: Tensor) -> None:
    """Check that a weight's numbers are in the memory of this process. Raises CheckpointError."""
    if tensor.is_meta:
        raise CheckpointError(
            f"{name} is not in memory (it is offloaded, or was never loaded): load the model whole, without device_map"
        )
    if hasattr(tensor, "full_tensor"):
        raise CheckpointError(
            f"{name} is spread over several processes, of which each holds a part: load the model whole in one"
        )


def _values(model: Any) -> dict[str, Any]:
    """Return the model's configuration as config.json would have it, its own class as the architecture."""
    to_dict = getattr(getattr(model, "config", None), "to_dict", None)
    if not isinstance(model, nn.Module) or to_dict is None:
        raise TypeError(
            f"core.wrap takes a loaded model of transformers and its tokenizer, not a {type(model).__name__}; "
            "core.load opens a folder or a name"
        )
    return {**to_dict(), "architectures": [type(model).__name__]}


def _family(model: nn.Module, values: Mapping[str, Any]) -> Family:
    kind = values.get("model_type")
    if kind not in FAMILIES:
        raise CheckpointError(
            f"core.wrap: {type(model).__name__} has model_type={kind!r}, a family that Glassbox does not read; "
            f"it reads {', '.join(FAMILIES)}"
        )
    if values.get("quantization_config") or getattr(model, "is_quantized", False):
        raise CheckpointError(f"core.wrap: {type(model).__name__}: {_QUANTIZED}")
    return FAMILIES[kind]


def _settings(model: Any, values: Mapping[str, Any]) -> Settings:
    generation = getattr(model, "generation_config", None)  # an encoder has none
    return Settings(values, {} if generation is None else generation.to_dict())


def _copied(tokenizer: Any) -> Tokenizer:
    """Copy a fast tokenizer: ours neither pads nor cuts, and the caller's may go on doing so."""
    if isinstance(tokenizer, Tokenizer):
        return tokenizer
    raw = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not isinstance(raw, tokenizers.Tokenizer):
        is_none = "None" if tokenizer is None else f"a {type(tokenizer).__name__}, which is no fast tokenizer"
        raise CheckpointError(
            f"core.wrap: the tokenizer is {is_none}; take transformers.AutoTokenizer.from_pretrained(NAME) where that "
            "is fast (is_fast), or a tokenizers.Tokenizer"
        )
    return Tokenizer(tokenizers.Tokenizer.from_str(raw.to_str()))


def _said(error: ValueError, model: nn.Module) -> str:
    """Say what a converter found, in the words of a model in memory."""
    said = str(error).replace("config.json", "model.config")
    if "lack lm_head.weight" in said and not hasattr(model, "lm_head"):
        said += f": {type(model).__name__} ends before its vocabulary; take the class with the language model's head"
    elif "lora_" in said or "base_model." in said:
        said += "; merge an adapter first (merge_and_unload)"
    return f"core.wrap: {type(model).__name__}: {said}"


def _ids(lm: LanguageModel, tokenizer: Any) -> list[int]:
    """Return the tokens of `TEXT`, which the caller's tokenizer must cut alike. Raises CheckpointError."""
    ids = lm.tokenizer.encode(TEXT)
    if callable(tokenizer) and (theirs := list(tokenizer(TEXT)["input_ids"])) != ids:
        raise CheckpointError(
            f"core.wrap: {type(tokenizer).__name__} cuts {TEXT!r} into {theirs[:8]}..., its own tokenizers.Tokenizer "
            f"into {ids[:8]}...: a part of it is in Python, which is not read here"
        )
    ids = ids[: min(LONGEST, lm.config.n_ctx)]
    return ids or list(range(min(4, lm.config.d_vocab, lm.config.n_ctx)))


def _compare(lm: LanguageModel, model: Any, ids: list[int]) -> None:
    """Let both read the tokens, and compare what they answer. Raises CheckpointError."""
    row = torch.tensor([ids], device=lm.device)
    given, batch = {"input_ids": row, "attention_mask": torch.ones_like(row)}, [row]
    if lm.config.shape == "encoder-decoder":
        start = lm.config.decoder_start_id
        batch.append(torch.tensor([[0 if start is None else start, *ids[:3]]], device=lm.device))
        given["decoder_input_ids"] = batch[1]
    with torch.no_grad(), _evaluating(model):
        theirs = _answer(model(**given, return_dict=True), lm).float()
        ours: Tensor = lm.transformer(*batch).float()
        with recording():  # a pass with hooks computes some steps by other kernels
            hooked: Tensor = lm.transformer(*batch).float()
    if ours.shape != theirs.shape:
        raise CheckpointError(
            f"core.wrap: {type(model).__name__} answers with {tuple(theirs.shape)} numbers, Glassbox with "
            f"{tuple(ours.shape)}: this class is not supported"
        )
    both = {next(each.parameters()).dtype for each in (model, lm.transformer)}
    most, allowed = float(theirs.abs().max()), max(TOLERANCES[dtype] for dtype in both)
    worst = float(torch.stack([ours - theirs, hooked - theirs]).abs().max())
    if not worst <= allowed * max(1.0, most):  # NaN is not
        raise CheckpointError(
            f"core.wrap: on {TEXT!r} the logits of {type(model).__name__} and ours differ by up to {worst:.3g}, of "
            f"{most:.3g} at most; {allowed * max(1.0, most):.3g} would pass. Something in the model is not as its "
            "config says (a changed module, a hook, an adapter), so its pictures would be wrong"
        )


def _answer(out: Any, lm: LanguageModel) -> Tensor:
    """Return what the model computed in the shape of our head; a bare decoder's stream is unembedded by our table."""
    if getattr(out, "start_logits", None) is not None:
        return torch.stack([out.start_logits, out.end_logits], dim=-1)  # (B, T, 2)
    for name in ("logits", "prediction_logits"):
        if isinstance(found := getattr(out, name, None), Tensor):
            return found  # (B, T, V), (B, T, C) or (B, C)
    stream: Tensor = out.last_hidden_state  # (B, T, D)
    writer = lm.transformer.decoder if isinstance(lm.transformer, EncoderDecoder) else lm.transformer
    if writer.unembed is None:
        return stream
    return writer.unembed(stream.to(writer.unembed.table.dtype))  # (B, T, V)


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation, without dropout; afterwards every module is as before."""
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training
