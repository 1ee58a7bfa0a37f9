"""The models offered on the page about costs: published sizes, with their training where that was published."""

from __future__ import annotations

from dataclasses import dataclass

from core.config import ModelConfig
from core.costs.accelerators import ACCELERATORS, Accelerator
from core.families.published import B, M, Size, corrected, family, gpt
from core.messages import mark


@dataclass(frozen=True)
class Preset:
    """One published model.

    source: of its figures. tokens: read in its training. hours: of all its `device`s together, in that training; each
    None where it was not published. trained: where both are said.
    """

    name: str
    size: Size
    source: str
    tokens: int | None = None
    hours: int | None = None
    device: Accelerator | None = None
    trained: str = ""

    @property
    def config(self) -> ModelConfig:
        """Its configuration."""
        return self.size.config


def llama(
    layers: int,
    d_model: int,
    heads: int,
    kv_heads: int,
    d_mlp: int,
    context: int,
    vocabulary: int,
    theta: float,
) -> ModelConfig:
    """Build Llama 2 and 3 (Touvron et al. 2023b, section 2.2): rotary, RMS norm, gated MLP, no biases, untied."""
    return ModelConfig(
        n_layers=layers, d_model=d_model, n_heads=heads, n_kv_heads=kv_heads, d_mlp=d_mlp, n_ctx=context,
        d_vocab=vocabulary, position="rotary", rope_theta=theta, norm="rms", norm_bias=False, act="silu", gated=True,
        qkv_bias=False, out_bias=False, mlp_bias=False, tied_embeddings=False,
    )  # fmt: skip


def _llama2(layers: int, d_model: int, heads: int, kv_heads: int, d_mlp: int) -> ModelConfig:
    return llama(layers, d_model, heads, kv_heads, d_mlp, 4096, 32_000, 10_000.0)


def _llama3(layers: int, d_model: int, heads: int, d_mlp: int) -> ModelConfig:
    return llama(layers, d_model, heads, 8, d_mlp, 8192, 128_256, 500_000.0)


def _kept(name: str, size: str) -> tuple[Size, str]:
    """Return a size of `published`, and its source."""
    found = family(name)
    return next(one for one in found.sizes if one.name == size), found.source


_TWO, _THREE = "Touvron et al. 2023b", "Meta 2024"
_A100, _H100 = ACCELERATORS["a100"], ACCELERATORS["h100"]
_ROUNDED = mark("The name is rounded to the nearest 10 billion.")
_T5 = 1_000_000 * 2**20  # steps, of 2^11 texts of 512: "about 1 trillion"
_BERT = 128 * B  # 1,000,000 steps of "128,000 tokens"


def _of_two(name: str, config: ModelConfig, published: int, hours: int, note: str = "") -> Preset:
    size = Size(name, config, published, B, mark("table 1"), note, f"meta-llama/Llama-2-{name.lower()}-hf")
    return Preset(f"Llama 2 {name}", size, _TWO, 2_000 * B, hours, _A100, mark("tables 1 and 2"))


def _of_three(name: str, config: ModelConfig, published: int, hours: int, note: str = "") -> Preset:
    size = Size(name, config, published, B, mark("model card"), note, f"meta-llama/Meta-Llama-3-{name}")
    return Preset(
        f"Llama 3 {name}",
        size,
        _THREE,
        15_000 * B,
        hours,
        _H100,
        mark("model card, training data and hardware"),
    )


PRESETS: dict[str, Preset] = {
    "gpt2": Preset("GPT-2 small", *_kept("GPT-2", "small")),
    "gpt2-medium": Preset(
        "GPT-2 medium",
        Size(
            "medium", gpt(24, 1024, 16, 1024), 345 * M, M, mark("table 2"), corrected(355),
            "openai-community/gpt2-medium",
        ),
        "Radford et al. 2019",
    ),
    "gpt2-large": Preset(
        "GPT-2 large",
        Size(
            "large", gpt(36, 1280, 20, 1024), 762 * M, M, mark("table 2"), corrected(774),
            "openai-community/gpt2-large",
        ),
        "Radford et al. 2019",
    ),
    "gpt2-xl": Preset("GPT-2 XL", *_kept("GPT-2", "XL")),
    "gpt3": Preset("GPT-3 175B", *_kept("GPT-3", "175B"), tokens=300 * B, trained=mark("table 2.1")),
    "llama2-7b": _of_two("7B", _llama2(32, 4096, 32, 32, 11_008), 7 * B, 184_320),
    "llama2-13b": _of_two("13B", _llama2(40, 5120, 40, 40, 13_824), 13 * B, 368_640),
    "llama2-70b": _of_two("70B", _llama2(80, 8192, 64, 8, 28_672), 70 * B, 1_720_320, _ROUNDED),
    "llama3-8b": _of_three("8B", _llama3(32, 4096, 32, 14_336), 8 * B, 1_300_000),
    "llama3-70b": _of_three("70B", _llama3(80, 8192, 64, 28_672), 70 * B, 6_400_000, _ROUNDED),
    "bert-base": Preset("BERT base", *_kept("BERT", "base"), tokens=_BERT, trained=mark("appendix A.2")),
    "bert-large": Preset("BERT large", *_kept("BERT", "large"), tokens=_BERT, trained=mark("appendix A.2")),
    "t5-small": Preset("T5 small", *_kept("T5", "small"), tokens=_T5, trained=mark("section 3.7")),
    "t5-base": Preset("T5 base", *_kept("T5", "base"), tokens=_T5, trained=mark("section 3.7")),
    "t5-large": Preset("T5 large", *_kept("T5", "large"), tokens=_T5, trained=mark("section 3.7")),
}  # fmt: skip
