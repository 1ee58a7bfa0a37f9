"""How a model of ours is held against one of transformers: saved by them, loaded by us, every number compared.

Weights are drawn wide and gains and biases far from 1 and 0: with the usual small ones a wrong epsilon or the wrong
GELU changes the sixth digit and no test sees it. transformers computes some parts in float32 whatever it is given (RMS
norms, rotary angles, Llama's softmax); `in_float64` leaves those casts out, so that a difference means another formula.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import torch
import torch.nn.functional as F
from tokenizers import models, pre_tokenizers
from torch import Tensor, nn

from core.checkpoints import Loaded, load_folder
from core.checkpoints.convert import gather
from core.checkpoints.folder import FAMILIES
from core.hooks import recording
from core.model.transformer import build

TOLERANCE = 1e-9  # of the largest magnitude, in float64
ROUGH = 2e-5  # with transformers' own casts to float32
SPREAD = 0.3

logging.getLogger("transformers").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Reference:
    """What transformers computed: logits (B, T, V), activations by our hook names, the loss's gradient by weight."""

    inputs: Mapping[str, Tensor]
    logits: Tensor
    activations: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor]


def scatter_weights(model: nn.Module, seed: int) -> nn.Module:
    """The model in float64 with wide random weights; gains around 1."""
    model = model.double().eval()
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            gain = "norm" in name.lower().replace("ln_", "norm") and name.endswith("weight")
            noise = torch.randn(weight.shape, generator=draw, dtype=torch.float64)
            weight.copy_(noise * SPREAD + (1.0 if gain else 0.0))
    return model


def write_tokenizer(folder: Path, size: int) -> None:
    """A tokenizer.json of `size` words: [PAD], [MASK], w2, w3, ..."""
    words = {"[PAD]": 0, "[MASK]": 1, **{f"w{i}": i for i in range(2, size)}}
    tokenizer = tokenizers.Tokenizer(models.WordLevel(words, unk_token="[PAD]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))


def saved_and_loaded(model: Any, folder: Path, **options: Any) -> Loaded:
    """The model as it comes back: written by transformers, read by us."""
    model.save_pretrained(folder, **options)
    write_tokenizer(folder, 10)
    return load_folder(folder, dtype=torch.float64)


@contextmanager
def in_float64(*, whole_numbers: bool = False) -> Iterator[None]:
    """Inside, transformers' casts from float64 to float32 do nothing (nor, if asked, those from whole numbers)."""
    to, single, softmax, arange = Tensor.to, Tensor.float, F.softmax, torch.arange

    def keep(tensor: Tensor) -> bool:
        return tensor.dtype == torch.float64 or (whole_numbers and not tensor.is_floating_point())

    def to_wide(self: Tensor, *args: Any, **options: Any) -> Tensor:
        wide = torch.float64 if keep(self) else torch.float32
        args = tuple(wide if arg is torch.float32 else arg for arg in args)
        return to(self, *args, **{k: wide if v is torch.float32 else v for k, v in options.items()})

    def float_wide(self: Tensor, *args: Any, **options: Any) -> Tensor:
        return self.double() if keep(self) else single(self, *args, **options)

    def softmax_wide(scores: Tensor, *args: Any, **options: Any) -> Tensor:
        return softmax(scores, *args, **{**options, "dtype": scores.dtype})

    def arange_wide(*args: Any, **options: Any) -> Tensor:
        wide = whole_numbers and options.get("dtype") is torch.float32
        return arange(*args, **{**options, "dtype": torch.float64} if wide else options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "arange", arange_wide)
        patch.setattr(Tensor, "to", to_wide)
        patch.setattr(Tensor, "float", float_wide)
        patch.setattr(F, "softmax", softmax_wide)
        yield


@contextmanager
def watching(
    inputs: Mapping[str, nn.Module], outputs: Mapping[str, nn.Module] | None = None
) -> Iterator[dict[str, Tensor]]:
    """Collect what goes into some modules of transformers and comes out of others, under our names."""
    seen: dict[str, Tensor] = {}

    def note(name: str, *, entering: bool) -> Callable[..., None]:
        def hook(_module: nn.Module, given: Any, *result: Any) -> None:
            value = given if entering else result[0]
            seen[name] = (value[0] if isinstance(value, tuple) else value).detach()

        return hook

    handles = [module.register_forward_pre_hook(note(name, entering=True)) for name, module in inputs.items()]
    for name, module in (outputs or {}).items():
        handles.append(module.register_forward_hook(note(name, entering=False)))
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def patterns_of(out: Any) -> dict[str, Tensor]:
    """The patterns that an encoder-decoder of transformers returns, under our names."""
    return {
        f"{ours}.hook_pattern".format(i): pattern.detach()
        for kind, ours in (
            ("encoder_attentions", "encoder.blocks.{}.attn"),
            ("decoder_attentions", "decoder.blocks.{}.attn"),
            ("cross_attentions", "decoder.blocks.{}.cross_attn"),
        )
        for i, pattern in enumerate(out[kind])
    }


def loss(logits: Tensor) -> Tensor:
    """Cross-entropy against fixed targets, at every position. logits (B, T, V), or (B, C)."""
    targets = (torch.arange(logits[..., 0].numel()) * 7 + 3) % logits.shape[-1]
    return F.cross_entropy(logits.flatten(0, -2), targets)


def gradients(model: Any, logits: Tensor, loaded: Loaded) -> dict[str, Tensor]:
    """The loss's gradient with respect to each weight of transformers', under our names: through the same converter."""
    model.zero_grad()
    loss(logits).backward()
    theirs = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    return gather(FAMILIES[model.config.model_type], loaded.config, theirs)


def differences(model: nn.Module, reference: Reference) -> list[str]:
    """The names of all values that differ from the reference, with by how much; [] when none does."""
    model.zero_grad()
    with recording() as seen:
        logits = model(**reference.inputs)
    loss(logits).backward()
    grads = {f"gradient of {name}": weight.grad for name, weight in model.named_parameters()}
    wanted = {f"gradient of {name}": gradient for name, gradient in reference.gradients.items()}
    found = [
        f"{name}: only here" for name, gradient in grads.items() if gradient is None or name not in wanted
    ]
    ours = {"logits": logits.detach(), **seen, **grads}
    for name, value in {"logits": reference.logits, **reference.activations, **wanted}.items():
        found += _apart(name, ours.get(name), value)
    return found


def logits_differ(model: nn.Module, reference: Reference) -> bool:
    """Whether the logits alone show that this is another model."""
    return bool(_apart("logits", model(**reference.inputs).detach(), reference.logits))


def apart(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference, as a share of the largest magnitude."""
    return float(((ours - theirs).abs().max() / theirs.abs().max()).detach())


def _apart(name: str, ours: Tensor | None, theirs: Tensor) -> list[str]:
    if ours is None:
        return [f"{name}: only there"]
    assert ours.shape == theirs.shape, f"{name}: {tuple(ours.shape)} is not {tuple(theirs.shape)}"
    assert ours.dtype == theirs.dtype == torch.float64
    error = apart(ours.detach(), theirs)
    return [] if error <= TOLERANCE else [f"{name}: {error:.1e}"]


def changed(loaded: Loaded, **changes: Any) -> nn.Module:
    """The loaded model with its configuration changed and its weights kept, as far as each still has a place."""
    model = build(loaded.config.replace(**changes)).double().eval()
    state = loaded.model.state_dict()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name not in state:
                weight.fill_(0.1)
            else:
                weight.copy_(state[name][: len(weight)])
    return model


def without(loaded: Loaded, ending: str, value: float = 0.0) -> nn.Module:
    """The loaded model with every weight whose name ends so set to one value."""
    model = changed(loaded)
    with torch.no_grad():
        hit = [weight.fill_(value) for name, weight in model.named_parameters() if name.endswith(ending)]
    assert hit, f"no weight ends in {ending}"
    return model
