"""Model folders: Hugging Face's layout, or ours (config.json with "format": "glassbox"), read and written."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from core.checkpoints import bart, bert, distilbert, gguf, gguf_tokenizer, gpt2, llama, roberta, t5
from core.checkpoints.convert import Family, bare, check, gather, untie
from core.checkpoints.files import (
    COLUMNS,
    FileTensors,
    Progress,
    Weights,
    memory_left,
    read_json,
    snapshot_of,
    weight_files,
)
from core.checkpoints.gguf_file import GgufFile
from core.checkpoints.sentence import CARD, sentence_settings
from core.checkpoints.settings import CheckpointError, Settings
from core.checkpoints.tokenizers import check_size, tokenizer_of
from core.config import ModelConfig
from core.model.transformer import EncoderDecoder, Transformer, build
from core.text.tokenizer import Tokenizer

FAMILIES: dict[str, Family] = {
    kind: family
    for family in (
        gpt2.FAMILY,
        llama.FAMILY,
        bert.FAMILY,
        roberta.FAMILY,
        distilbert.FAMILY,
        t5.FAMILY,
        bart.FAMILY,
    )
    for kind in family.model_types
}
FORMAT, VERSION = "glassbox", 1
LARGEST_CONTEXT = 2**24  # positions; a table of them is computed
_MASKS = ("[MASK]", "<mask>")


@dataclass(frozen=True)
class Loaded:
    """A model loaded from a folder.

    card: how it was trained ({} where not recorded); under "generation", how a published one would like its
        text decoded, which Glassbox does only as far as it is asked to (`DecodingOptions`); under "sentence_vectors",
        how one wants a text in one vector (`core.checkpoints.sentence`).
    """

    model: Transformer | EncoderDecoder
    config: ModelConfig
    tokenizer: Tokenizer
    card: dict[str, Any] = field(default_factory=dict)


def load_folder(
    path: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    weights: str | Path | None = None,
    mapped: bool = False,
    progress: Progress | None = None,
) -> Loaded:
    """Load a model from a folder in Hugging Face's layout (of one of `FAMILIES`) or in ours.

    The folder holds config.json, tokenizer.json and model.safetensors (or shards with their index); or the path is that
    of a GGUF file, of a folder with nothing but one, or of a model in the hub's cache (models--owner--name).
    Everything that a file claims is checked before memory is asked for; tensors then go straight to the device and
    type.

    Args:
        device: None: the processor.
        weights: another safetensors file with the same tensors, e.g. a snapshot from earlier in the training.
        mapped: leave weights that need no conversion in the file, so that processes share them (see `Weights`).
        progress: called with (numbers read, numbers in all) while weights are read.

    Raises:
        CheckpointError: something is missing, damaged, too large, or not supported; the message says what to do.
    """
    folder, device = snapshot_of(Path(path).expanduser()), torch.device("cpu" if device is None else device)
    file = gguf.gguf_of(folder)
    if file is not None:
        return _load_gguf(file, device, dtype, progress)
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder")
    values = read_json(folder / "config.json")
    family = None if values.get("format") == FORMAT else _family(folder, values)
    files = weight_files(folder) if weights is None else [Path(weights)]
    tokenizer = tokenizer_of(folder)
    tensors = Weights(files, device, dtype, compacted=family is None, mapped=mapped, progress=progress)
    if family is None:
        config = own_config(folder, values)
        check_own(folder, config, tensors)
    else:
        settings = settings_of(folder, values)
        config = _converted_config(folder, family, settings, tensors, tokenizer)
    check_size(folder, tokenizer, config)
    _check_memory(folder, tensors, device, dtype)
    state = dict(tensors) if family is None else gather(family, config, tensors)
    card = read_json(folder / "card.json") if (folder / "card.json").is_file() else {}
    if family is not None and (wishes := settings.wishes()):
        card = {**card, "generation": wishes}
    if said := sentence_settings(folder):
        card = {**card, CARD: said}
    return Loaded(assemble(config, state, device, dtype), config, tokenizer, card)


def _load_gguf(path: Path, device: torch.device, dtype: torch.dtype, progress: Progress | None) -> Loaded:
    opened = open_gguf(path, device, dtype, progress)
    _check_memory(path, opened.tensors, device, dtype)
    state = gather(opened.family, opened.config, opened.tensors)
    card = gguf.card_of(opened.tensors.file)
    return Loaded(assemble(opened.config, state, device, dtype), opened.config, opened.tokenizer, card)


@dataclass(frozen=True)
class OpenGguf:
    """A GGUF file consistent with its own settings, with no weight read yet."""

    family: Family
    config: ModelConfig
    tensors: gguf.GgufWeights
    tokenizer: Tokenizer


def open_gguf(
    path: Path, device: torch.device, dtype: torch.dtype = torch.float32, progress: Progress | None = None
) -> OpenGguf:
    """Open a GGUF file: its settings, the names, shapes and kinds of its tensors, its tokenizer.

    Raises:
        CheckpointError: something is missing, damaged, or not supported; the message says what to do.
    """
    file = GgufFile(path)
    settings = gguf.settings_of(file)
    family = FAMILIES[settings.values["model_type"]]
    tensors, tokenizer = (
        gguf.GgufWeights(file, device, dtype, progress=progress),
        gguf_tokenizer.tokenizer_of(file),
    )
    try:
        config = _converted_config(path, family, settings, tensors, tokenizer)
    except CheckpointError as error:
        raise CheckpointError(str(error).replace("config.json", "its settings")) from error
    for name in tensors:
        tensors.check_kind(name)
    check_size(path, tokenizer, config)
    return OpenGguf(family, config, tensors, tokenizer)


def load_weights(
    config: ModelConfig, path: str | Path, *, device: str | torch.device, dtype: torch.dtype = torch.float32
) -> Transformer | EncoderDecoder:
    """Load a model of this configuration with the weights of one safetensors file in our layout, e.g. a snapshot.

    Raises:
        CheckpointError: the file does not hold this model's weights, or is damaged.
    """
    path, device = Path(path), torch.device(device)
    tensors = Weights([path], device, dtype, compacted=True)
    check_own(path, config, tensors)
    return assemble(config, dict(tensors), device, dtype)


def save_folder(
    path: str | Path,
    model: Transformer | EncoderDecoder,
    tokenizer: Tokenizer,
    card: Mapping[str, Any] | None = None,
    *,
    dtype: torch.dtype | None = None,
    columns: bool = False,
) -> Path:
    """Write a model in our layout; `load_folder` reads it back. Existing files are replaced atomically.

    Args:
        dtype: of the stored weights; None: as they are.
        columns: store a table that lies column by column in memory (`Unembed.lay_out`) in that order, so that it can
            stay in the file when it is mapped.

    Raises:
        CheckpointError: a weight is NaN, infinite, or too large for `dtype`; nothing is written then.
    """
    folder = Path(path)
    state = {}
    for name, weight in model.named_parameters():
        made = weight.detach().to("cpu", dtype or weight.dtype)
        turned = columns and made.ndim == 2 and not made.is_contiguous() and made.T.is_contiguous()
        state[name + COLUMNS if turned else name] = made.T if turned else made.contiguous()
        if not torch.isfinite(made).all():
            raise CheckpointError(f"{name} holds NaN, an infinity, or a number too large for {made.dtype}")
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(folder / "model.safetensors", state)
    _write(folder / "tokenizer.json", tokenizer.raw.to_str(pretty=True))
    _write(folder / "config.json", _pretty({"format": FORMAT, "version": VERSION, **model.config.to_dict()}))
    if card is not None:
        _write(folder / "card.json", _pretty(dict(card)))
    return folder


def save_weights(path: str | Path, state: Mapping[str, Tensor]) -> None:
    """Write tensors to a safetensors file atomically: a reader sees the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as scratch:
        temporary = Path(scratch) / path.name
        save_file(
            {name: tensor.contiguous() for name, tensor in state.items()},
            temporary,
            metadata={"format": "pt"},
        )
        temporary.replace(path)


def assemble(
    config: ModelConfig,
    state: Mapping[str, Tensor],
    device: torch.device,
    dtype: torch.dtype,
    *,
    laid_out: bool = True,
) -> Transformer | EncoderDecoder:
    """Build the module with `state` as its weights: assigned, not copied, so none is in memory twice.

    Args:
        laid_out: store the unembedding's table for quick generation (`Unembed.lay_out`), a copy of it where it is
            stored otherwise.
    """
    model = build(config)
    missing, unexpected = model.load_state_dict(state, strict=False, assign=True)
    shared = set(missing) - {name for name, _ in model.named_parameters()}  # second names of a tied table
    if unexpected or set(missing) - shared:
        raise CheckpointError(
            f"the weights do not fit the model: {sorted({*unexpected, *missing} - shared)[:3]}"
        )
    model.to(device=device, dtype=dtype)  # computed buffers, not stored: sine waves, slopes
    writer = model.decoder if isinstance(model, EncoderDecoder) else model
    if writer.unembed is not None and laid_out:
        writer.unembed.lay_out()
    return model.eval()


def _family(folder: Path, values: Mapping[str, Any]) -> Family:
    kind = values.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise CheckpointError(
            f"{folder / 'config.json'}: model_type={kind!r} is not supported; Glassbox reads {', '.join(FAMILIES)}"
        )
    return FAMILIES[kind]


def settings_of(folder: Path, values: Mapping[str, Any]) -> Settings:
    """Merge config.json's values with those of generation_config.json, where there is one."""
    generation = folder / "generation_config.json"
    return Settings(values, read_json(generation) if generation.is_file() else {})


def _converted_config(
    folder: Path,
    family: Family,
    settings: Settings,
    tensors: FileTensors,
    tokenizer: Tokenizer,
) -> ModelConfig:
    try:
        config = family.config(settings)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}") from error
    except ValueError as error:
        raise CheckpointError(f"{folder / 'config.json'}: {error}") from error
    check_context(folder, config)
    try:
        config = untie(family, bare(family, config, settings, tensors), tensors)
        check(family, config, tensors)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}") from error
    return with_mask(config, tokenizer)


def with_mask(config: ModelConfig, tokenizer: Tokenizer) -> ModelConfig:
    """Add the id of the tokenizer's mask token to `config`, where config.json names none."""
    if config.mask_id is not None:
        return config
    known = (tokenizer.id(token) for token in _MASKS)
    return config.replace(mask_id=next((id for id in known if id is not None and id < config.d_vocab), None))


def own_config(folder: Path, values: Mapping[str, Any]) -> ModelConfig:
    """Parse a config.json of our own layout.

    Raises:
        CheckpointError: of another version, or not of a model; or its context cannot be right.
    """
    version = values.get("version", VERSION)
    if version != VERSION:
        raise CheckpointError(f"{folder}: config.json has version {version!r}; this Glassbox reads {VERSION}")
    try:
        config = ModelConfig.from_dict(
            {name: values[name] for name in values if name not in ("format", "version")}
        )
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{folder / 'config.json'}: {error}") from error
    check_context(folder, config)
    return config


def check_own(folder: Path, config: ModelConfig, tensors: Weights) -> None:
    """Check names and shapes of our own layout against a model built on the meta device.

    Raises:
        CheckpointError: a missing, a left-over or a wrongly shaped tensor; the message names it, and both shapes.
    """
    layers = config.n_layers + (config.n_decoder_layers or 0)
    if layers > len(tensors):
        raise CheckpointError(
            f"{folder}: config.json asks for {layers:,} layers, but the file holds {len(tensors):,} tensors"
        )
    wanted = _shapes(config)
    if missing := sorted(set(wanted) - set(tensors)):
        raise CheckpointError(
            f"{folder}: the weights lack {missing[0]} ({len(missing)} of {len(wanted)} tensors)"
        )
    if unused := sorted(set(tensors) - set(wanted)):
        raise CheckpointError(f"{folder}: the weights hold {unused[0]}, which config.json has no use for")
    for name, shape in wanted.items():
        if tensors.shapes[name] != shape:
            stored = tensors.shapes[name]
            raise CheckpointError(
                f"{folder}: {name} has the shape {stored}, but config.json asks for {shape}; "
                "take both from the same model"
            )


@lru_cache(maxsize=8)  # all checkpoints of a training are checked against the same shapes
def _shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Return names and shapes of the weights of a configuration."""
    with torch.device("meta"):
        return {name: tuple(weight.shape) for name, weight in build(config).named_parameters()}


def check_context(folder: Path, config: ModelConfig) -> None:
    """Check that a table of all positions fits in memory. Raises CheckpointError."""
    if config.n_ctx > LARGEST_CONTEXT:
        raise CheckpointError(
            f"{folder}: config.json asks for a context of {config.n_ctx:,} tokens; more than {LARGEST_CONTEXT:,} "
            "cannot be right"
        )


def _check_memory(folder: Path, tensors: FileTensors, device: torch.device, dtype: torch.dtype) -> None:
    needed = sum(math.prod(shape) for shape in tensors.shapes.values()) * dtype.itemsize
    left = memory_left(device)
    if left is not None and needed > left:
        raise CheckpointError(
            f"{folder} needs {needed / 1e9:.1f} GB of memory as {dtype}, but {left / 1e9:.1f} GB are left on {device}; "
            "close other models, take a smaller one, or load it as float16"
        )


def _write(path: Path, text: str) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as scratch:
        temporary = Path(scratch) / path.name
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


def _pretty(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
