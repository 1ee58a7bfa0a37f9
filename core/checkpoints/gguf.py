"""GGUF checkpoints (llama.cpp's): a Llama, Qwen2 or Mistral in one file, with its tokenizer and chat template.

The settings are translated to config.json's, the tensors to Hugging Face's names, so that the same code as for other
checkpoints decides what is supported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.checkpoints.files import FileTensors, Progress
from core.checkpoints.gguf_file import ENDING, GgufFile
from core.checkpoints.settings import CheckpointError, Settings

ARCHITECTURES = ("llama", "qwen2")  # Mistral's files use the architecture name llama
_TURNED = ("llama",)  # whose query and key rows are in interleaved order
_SIZES = {
    "block_count": "num_hidden_layers",
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
}
_SETTINGS = {
    **_SIZES,
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "attention.sliding_window": "sliding_window",
    "rope.freq_base": "rope_theta",
}
# Settings without effect at this value; any other request of a file is refused by name.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "rope.scaling.type": ("none",),
    "rope.scaling.factor": (0.0, 1.0),
    "rope.scale_linear": (1.0,),
    "expert_count": (0,),
    "expert_used_count": (0,),
    "use_parallel_residual": (False,),
    "tensor_data_layout": ("Meta AI original pth",),
}
_CHECKED = ("vocab_size", "rope.dimension_count", "attention.value_length")
_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_IN_BLOCK = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_TENSOR = re.compile(r"(?:blk\.(\d{1,6})\.)?(\w+)\.(weight|bias)")


def gguf_of(path: Path) -> Path | None:
    """Find the GGUF file that a path names: itself, or the only one in a folder without safetensors.

    None: there is none.

    Raises:
        CheckpointError: a folder with several; the message says what to do.
    """
    if path.suffix == ENDING and path.is_file():
        return path
    if not path.is_dir() or any(path.glob("*.safetensors*")):
        return None
    found = sorted(path.glob(f"*{ENDING}"))
    if len(found) > 1:
        raise CheckpointError(
            f"{path} has {len(found)} GGUF files ({', '.join(each.name for each in found[:3])}): name one of them"
        )
    return found[0] if found else None


def settings_of(file: GgufFile) -> Settings:
    """Translate the settings of a GGUF file to those of a Hugging Face config.json.

    Raises:
        CheckpointError: another architecture, a size that is missing, or something asked for that is not supported.
    """
    kind = file.values.get("general.architecture")
    if kind not in ARCHITECTURES:
        raise CheckpointError(
            f"{file.path}: its architecture is {str(kind)[:40]!r}; of GGUF files Glassbox reads "
            f"{', '.join(ARCHITECTURES)}"
        )
    own = {
        name.removeprefix(f"{kind}."): value
        for name, value in file.values.items()
        if name.startswith(f"{kind}.")
    }
    if missing := [f"{kind}.{name}" for name in _SIZES if name not in own]:
        raise CheckpointError(f"{file.path} lacks the setting {missing[0]}")
    values: dict[str, Any] = {"model_type": kind, "tie_word_embeddings": "output.weight" not in file.tensors}
    for name, value in own.items():
        if name in _SETTINGS:
            values[_SETTINGS[name]] = value
        elif name not in _CHECKED and not any(value == neutral for neutral in _NEUTRAL.get(name, ())):
            raise CheckpointError(
                f"{file.path}: {kind}.{name}={str(value)[:60]} is not supported: without it every number would be wrong"
            )
    if "rope_freqs.weight" in file.tensors:
        raise CheckpointError(f"{file.path}: rope_freqs.weight is a rope scaling, which is not supported")
    _check_heads(file, kind, own, values)
    values["vocab_size"] = own.get("vocab_size", len(file.values.get("tokenizer.ggml.tokens", ())))
    values["attention_bias"] = values["mlp_bias"] = False
    for ours, theirs in {"bos": "bos", "eos": "eos", "pad": "padding"}.items():
        values[f"{ours}_token_id"] = file.values.get(f"tokenizer.ggml.{theirs}_token_id")
    return Settings(values)


def card_of(file: GgufFile) -> dict[str, Any]:
    """Return the file's metadata: name, licence, author, chat template."""
    said = {
        "name": "general.name",
        "licence": "general.license",
        "organization": "general.organization",
        "chat_template": "tokenizer.chat_template",
    }
    return {
        ours: file.values[theirs] for ours, theirs in said.items() if isinstance(file.values.get(theirs), str)
    }


class GgufWeights(FileTensors):
    """The tensors of a GGUF file under Hugging Face's names, each dequantized and reordered when it is read.

    Args:
        progress: called with (numbers read, numbers in all) after each tensor that is read for the first time.

    Attributes:
        shapes: name -> shape, known without reading.   kinds: of blocks, e.g. ("F32", "Q4_K").
    """

    def __init__(
        self, file: GgufFile, device: torch.device, dtype: torch.dtype, *, progress: Progress | None = None
    ) -> None:
        super().__init__(device, dtype, progress)
        self.file = file
        self._theirs = {_named(name): name for name in file.tensors}
        self.shapes = {name: file.tensors[theirs].shape for name, theirs in self._theirs.items()}
        self.kinds = tuple(sorted({stored.kind for stored in file.tensors.values()}))
        kind = file.values["general.architecture"]
        heads: int = file.values[f"{kind}.attention.head_count"]
        kv_heads: int = file.values.get(f"{kind}.attention.head_count_kv", heads)
        self._turned = {"attn_q": heads, "attn_k": kv_heads} if kind in _TURNED else {}

    def check_kind(self, name: str) -> None:
        """Check that a tensor's block kind can be dequantized here. Raises CheckpointError."""
        self.file.check_kind(self._theirs[name])

    def __getitem__(self, name: str) -> Tensor:
        """Read one tensor to the requested device and dtype.

        Raises:
            CheckpointError: it holds NaN or an infinity, or blocks of a kind that is not unpacked here.
        """
        theirs = self._theirs[name]
        numbers = self.file.read(theirs)
        for part, heads in self._turned.items():
            if f".{part}." in theirs:
                numbers = _in_halves(numbers, heads)
        tensor = numbers.view(self.shapes[name]).to(self.device, self.dtype)
        return self._checked(name, tensor, f"{self.file.path}: {theirs}", numbers)


def _named(theirs: str) -> str:
    """Translate a tensor's name to Hugging Face's; an unknown name stays, and is refused as left over."""
    found = _TENSOR.fullmatch(theirs)
    if found is None:
        return theirs
    block, what, part = found.groups()
    known = _NAMES if block is None else _IN_BLOCK
    if what not in known:
        return theirs
    return f"{known[what]}.{part}" if block is None else f"model.layers.{int(block)}.{known[what]}.{part}"


def _in_halves(rows: Tensor, heads: int) -> Tensor:
    """Reorder rows of queries or keys to Hugging Face's layout.

    For each head, all first halves of its rotary pairs first.

    In a Llama's GGUF file the two numbers of a rotary pair are neighbours; here they are half a head apart.
    """
    return rows.view(heads, rows.shape[0] // heads // 2, 2, -1).transpose(1, 2).reshape(rows.shape)


def _check_heads(file: GgufFile, kind: str, own: Mapping[str, Any], values: dict[str, Any]) -> None:
    """Check head sizes: queries, keys and values have equal width, and rotate as a whole."""
    heads, width = values["num_attention_heads"], values["hidden_size"]
    wrong = next(
        (
            name
            for name in ("num_attention_heads", "hidden_size")
            if type(values[name]) is not int or values[name] < 1
        ),
        None,
    )
    if wrong is not None:
        raise CheckpointError(
            f"{file.path}: {wrong}={str(values[wrong])[:60]} must be a whole number of at least 1"
        )
    size = values.get("head_dim", width // heads)
    for name in ("rope.dimension_count", "attention.value_length"):
        if own.get(name, size) != size:
            raise CheckpointError(
                f"{file.path}: {kind}.{name}={own[name]} is not supported: heads are {size} wide, and turn as a whole"
            )
    kv_heads = values.get("num_key_value_heads", heads)
    for name, count in (("queries", heads), ("keys", kv_heads)):
        if type(count) is not int or count < 1 or type(size) is not int or size < 2 or size % 2:
            raise CheckpointError(
                f"{file.path}: {count!r} heads of {name}, each {size!r} wide, cannot be right"
            )
