"""ModelConfig: the complete shape and arithmetic of a transformer, in one frozen, flat, validated record.

It does not know about weights, files or families: a GPT-2, a Llama, a BERT and a T5 are four sets of values.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.messages import say
from core.plain import hints_of

Shape = Literal["decoder", "encoder", "encoder-decoder"]
Position = Literal["learned", "sinusoidal", "rotary", "alibi", "relative", "none"]
Norm = Literal["layer", "rms", "none"]
Placement = Literal["pre", "post"]
Activation = Literal["relu", "gelu", "gelu_tanh", "silu", "relu_squared"]
Head = Literal["lm", "sequence", "token", "span", "none"]
PoolActivation = Literal["tanh", "relu"]
Pooling = Literal["first", "mean"]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A transformer's configuration. Sizes are counts; every name is the field's.

    Raises:
        ValueError: two values do not fit each other; the message names both.
    """

    shape: Shape = "decoder"
    n_layers: int
    d_model: int
    n_heads: int
    d_vocab: int
    n_ctx: int
    d_mlp: int | None = None  # None: 4 * d_model
    d_head: int | None = None  # None: d_model / n_heads
    n_kv_heads: int | None = (
        None  # None: n_heads; 1: multi-query (Shazeer 2019); between: grouped (Ainslie et al. 2023)
    )
    n_decoder_layers: int | None = None  # encoder-decoder only; None: n_layers

    position: Position = "learned"
    rope_theta: float = 10_000.0  # base of the rotary angles (Su et al. 2021)
    position_offset: int = 0  # the row of W_pos that position 0 reads
    pad_has_position: bool = True  # False: padding tokens have no position and read the row before (RoBERTa)
    relative_buckets: int = 32  # T5's relative bias (Raffel et al. 2020)
    relative_max_distance: int = 128

    norm: Norm = "layer"
    norm_placement: Placement = "pre"
    norm_eps: float = 1e-5
    norm_gain: bool = True
    norm_bias: bool = True  # layer norm only
    embed_norm: bool = False  # a norm right after the embeddings (BERT)
    embed_scale: float = 1.0  # what a token's vector is multiplied by (Vaswani et al. 2017: sqrt(d_model))
    final_norm: bool = True
    qk_norm: bool = False  # RMS-normalise every query and key head before rotation

    act: Activation = "gelu_tanh"
    gated: bool = False  # act(x W_gate) * (x W_in) (Shazeer 2020)

    causal: bool | None = None  # None: decoders are, encoders are not
    scale_scores: bool = True  # divide by sqrt(d_head); T5 does not
    residual: bool = True
    qkv_bias: bool = True
    out_bias: bool = True
    mlp_bias: bool = True
    unembed_bias: bool = False
    tied_embeddings: bool = True
    logit_scale: float = 1.0  # T5 1.0 multiplies by d_model ** -0.5 before its tied unembedding
    mlm_head: bool = False  # BERT's dense + norm before the unembedding
    # What an encoder says: a token; a label of the text, of each token; where a span starts and ends; nothing, if it is
    # bare: what comes out is its stream.
    head: Head = "lm"
    labels: tuple[str, ...] = ()  # the names of the classes, for "sequence" and "token"
    pool: Pooling = "first"  # "sequence": what stands for the text, position 0 or the mean of all positions
    pool_act: PoolActivation = "tanh"  # "sequence": of the dense layer over that, before the labels
    n_token_types: int = 0
    dropout: float = 0.0

    bos_id: int | None = None
    eos_ids: tuple[int, ...] = ()
    pad_id: int | None = None
    mask_id: int | None = None
    decoder_start_id: int | None = None
    first_id: int | None = None  # the token that a decoder always generates first, after its start token

    def __post_init__(self) -> None:
        fill = {
            "d_mlp": 4 * self.d_model,
            "d_head": self.d_model // max(1, self.n_heads),
            "n_kv_heads": self.n_heads,
            "causal": self.shape != "encoder",
        }
        for name, value in fill.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        if self.shape == "encoder-decoder" and self.n_decoder_layers is None:
            object.__setattr__(self, "n_decoder_layers", self.n_layers)
        object.__setattr__(self, "eos_ids", tuple(self.eos_ids))
        object.__setattr__(self, "labels", tuple(self.labels))
        self._check_choices()
        self._check_sizes()
        self._check_head()

    def _check_choices(self) -> None:
        for name, kind in hints_of(type(self)).items():
            choices = get_args(kind)
            if (
                choices
                and all(isinstance(choice, str) for choice in choices)
                and getattr(self, name) not in choices
            ):
                raise ValueError(f"{name}={getattr(self, name)!r} is not one of {', '.join(choices)}")

    def _check_sizes(self) -> None:
        for name in ("n_layers", "d_model", "n_heads", "d_vocab", "n_ctx", "d_mlp", "d_head", "n_kv_heads"):
            value = getattr(self, name)
            if (
                isinstance(value, bool)
                or not isinstance(value, int)
                or value < (0 if name == "n_layers" else 1)
            ):
                raise ValueError(
                    say("{given} must be a whole number of at least 1", given=f"{name}={value!r}")
                )
        if self.d_head == self.d_model // self.n_heads and self.d_model % self.n_heads:
            raise ValueError(
                say(
                    "{width} does not divide into {heads}: the width must be a multiple of the number of heads, "
                    "or the size of a head given ({other})",
                    width=f"d_model={self.d_model}",
                    heads=f"n_heads={self.n_heads}",
                    other="d_head",
                )
            )
        if self.n_heads % self.kv_heads:
            raise ValueError(
                say(
                    "{one} is not a multiple of {other}",
                    one=f"n_heads={self.n_heads}",
                    other=f"n_kv_heads={self.kv_heads}",
                )
            )
        if self.position == "rotary" and self.head_size % 2:
            raise ValueError(
                say(
                    "rotary positions turn pairs of numbers, but {size} is odd",
                    size=f"d_head={self.head_size}",
                )
            )
        if self.position == "relative":
            self._check_buckets()
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(say("{given} must lie between 0 and 1", given=f"dropout={self.dropout}"))
        if not 0 <= self.norm_eps <= 1:  # NaN is not
            raise ValueError(f"norm_eps={self.norm_eps} must lie between 0 and 1: it is added to a variance")
        if self.shape != "encoder-decoder" and self.n_decoder_layers is not None:
            raise ValueError(
                f"n_decoder_layers={self.n_decoder_layers} belongs to an encoder-decoder, not a {self.shape}"
            )
        if not (math.isfinite(self.embed_scale) and self.embed_scale > 0):
            raise ValueError(f"embed_scale={self.embed_scale} must be a positive number")
        if self.first_id is not None and self.shape != "encoder-decoder":
            raise ValueError(f"first_id={self.first_id} belongs to an encoder-decoder, not a {self.shape}")
        if not self.pad_has_position:
            self._check_uncounted()
        for name in ("bos_id", "pad_id", "mask_id", "decoder_start_id", "first_id"):
            token = getattr(self, name)
            if token is not None and not 0 <= token < self.d_vocab:
                raise ValueError(f"{name}={token} lies outside the vocabulary of {self.d_vocab}")

    def _check_uncounted(self) -> None:
        """Check padding without positions: only an encoder reads whole texts, and its table has a row for that."""
        if self.shape != "encoder" or self.position not in ("learned", "sinusoidal"):
            raise ValueError(
                "pad_has_position=False belongs to an encoder with a table of positions, not to "
                f"shape={self.shape!r} with position={self.position!r}"
            )
        if self.pad_id is None or self.position_offset < 1:
            raise ValueError(
                f"pad_has_position=False needs a padding token (pad_id={self.pad_id}) and a row before that of "
                f"position 0 (position_offset={self.position_offset})"
            )

    def _check_buckets(self) -> None:
        """Check T5's buckets: the log scale needs distances with a bucket of their own, and a larger maximum
        distance."""
        halves = {"encoder": (True,), "decoder": (not self.causal,), "encoder-decoder": (True, False)}[
            self.shape
        ]
        for two_sided in halves:
            single = self.relative_buckets // (4 if two_sided else 2)
            if single < 1:
                raise ValueError(
                    f"relative_buckets={self.relative_buckets} must be at least {4 if two_sided else 2}: half of the "
                    "buckets of a direction are for near distances, one each"
                )
            if self.relative_max_distance == single:
                raise ValueError(
                    f"relative_max_distance={self.relative_max_distance} must differ from {single}, the number of "
                    f"near distances under {self.relative_buckets} buckets: their logarithms would be divided by 0"
                )
        if self.relative_max_distance < 1:
            raise ValueError(f"relative_max_distance={self.relative_max_distance} must be at least 1")

    def _check_head(self) -> None:
        if self.head == "lm":
            if self.labels:
                raise ValueError(f"head='lm' says tokens and has no use for labels={self.labels!r}")
            return
        if self.shape != "encoder":
            raise ValueError(f"head={self.head!r} belongs to an encoder, not a {self.shape}")
        for name in ("mlm_head", "unembed_bias"):
            if getattr(self, name):
                raise ValueError(f"{name} belongs to head='lm', not {self.head!r}: see with_head")
        if wrong := [label for label in self.labels if not isinstance(label, str) or not label.strip()]:
            raise ValueError(f"labels: {wrong[0]!r} is no name of a class")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError(f"labels={self.labels!r}: two classes have the same name")
        if self.head in ("span", "none") and self.labels:
            says = "says where a span starts and ends" if self.head == "span" else "says nothing"
            raise ValueError(f"head={self.head!r} {says}: labels={self.labels!r} have no use")
        if self.head in ("sequence", "token") and len(self.labels) < 2:
            raise ValueError(
                f"head={self.head!r} needs the names of at least two classes: labels={self.labels!r}"
            )

    # The optional sizes are set by __post_init__; these properties narrow their types.
    @property
    def head_size(self) -> int:
        """K, the width of one head."""
        return int(self.d_head or 0)

    @property
    def kv_heads(self) -> int:
        """The number of key/value heads that the H query heads share."""
        return int(self.n_kv_heads or 0)

    @property
    def mlp_size(self) -> int:
        """F, the number of neurons of one feed-forward layer."""
        return int(self.d_mlp or 0)

    @property
    def decoder_layers(self) -> int:
        """The number of blocks that produce the logits."""
        return self.n_layers if self.n_decoder_layers is None else self.n_decoder_layers

    @property
    def n_outputs(self) -> int:
        """The outputs of the head per position: V, the number of labels, 2 (start and end of a span), or none."""
        return {"lm": self.d_vocab, "span": 2}.get(self.head, len(self.labels))

    def replace(self, **changes: Any) -> ModelConfig:
        """Return the same configuration with some values changed (validated again)."""
        return dataclasses.replace(self, **changes)

    def with_head(self, head: Head, labels: Sequence[str] = ()) -> ModelConfig:
        """Replace the head of an encoder; settings of a vocabulary head (masked-LM head, bias, own table) are reset."""
        return self.replace(
            head=head, labels=tuple(labels), mlm_head=False, unembed_bias=False, tied_embeddings=True
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON holds them."""
        return {**dataclasses.asdict(self), "eos_ids": list(self.eos_ids), "labels": list(self.labels)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Build the configuration from the result of `to_dict`.

        Raises:
            ValueError: an unknown or missing name, or values that do not fit.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"unknown in a model configuration: {', '.join(unknown)}")
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"incomplete model configuration: {error}") from error


# The small fast recipe: rotary, RMSNorm, query/key norm, squared ReLU, no biases. The norms have gains: without them a
# normalised query and key of 32 numbers cannot reach a score above sqrt(32), and tales-gpt's loss fell more slowly.
_SMALL = {
    "position": "rotary",
    "norm": "rms",
    "norm_eps": 1e-6,
    "norm_bias": False,
    "embed_norm": True,
    "qk_norm": True,
    "act": "relu_squared",
    "qkv_bias": False,
    "out_bias": False,
    "mlp_bias": False,
    "tied_embeddings": False,
}

PRESETS: dict[str, dict[str, Any]] = {
    "gpt-nano": {"n_layers": 3, "d_model": 48, "n_heads": 3, "n_ctx": 64, **_SMALL},
    "gpt-tales": {"n_layers": 4, "d_model": 128, "n_heads": 4, "n_ctx": 384, **_SMALL},
    "gpt2-nano": {"n_layers": 3, "d_model": 48, "n_heads": 3, "n_ctx": 64},
    "bert-nano": {
        "shape": "encoder",
        "n_layers": 3,
        "d_model": 48,
        "n_heads": 3,
        "n_ctx": 64,
        "norm_placement": "post",
        "embed_norm": True,
        "final_norm": False,
        "act": "gelu",
        "mlm_head": True,
        "unembed_bias": True,
    },
    "t5-nano": {
        "shape": "encoder-decoder",
        "n_layers": 2,
        "d_model": 48,
        "n_heads": 3,
        "n_ctx": 64,
        "position": "relative",
        "norm": "rms",
        "norm_eps": 1e-6,
        "norm_bias": False,
        "act": "relu",
        "qkv_bias": False,
        "out_bias": False,
        "mlp_bias": False,
    },
    "gpt2": {"n_layers": 12, "d_model": 768, "n_heads": 12, "n_ctx": 1024, "d_vocab": 50_257},
}


def preset(name: str, **changes: Any) -> ModelConfig:
    """Return a named configuration with changes.

    Raises:
        ValueError: no preset has that name; the message lists them.
    """
    if name not in PRESETS:
        raise ValueError(f"no preset is called {name!r}; there are {', '.join(sorted(PRESETS))}")
    return ModelConfig(**{**PRESETS[name], **changes})


Part = Literal["residual", "norm", "scale", "position", "mask"]

# The configuration changes that remove each part, for a model to be built or trained without it.
WITHOUT: Mapping[Part, Mapping[str, Any]] = {
    "residual": {"residual": False},
    "norm": {"norm": "none"},
    "scale": {"scale_scores": False},
    "position": {"position": "none"},
    "mask": {"causal": False},
}
