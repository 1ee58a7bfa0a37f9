"""A pretrained encoder with a new head: before fine-tuning, and as a plain model afterwards.

Learned weights are stored apart from the base: the head's weights, and "lora.", "prompt" or the body's, by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

import safetensors.torch
from torch import Tensor, nn

from core.config import ModelConfig
from core.costs import parameters
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import Transformer, build
from core.training import lora
from core.training.fine_tune_spec import FineTuneSpec
from core.training.lora import Adapter
from core.training.prompt_tuning import Prompted

HEAD, PROMPT, LORA = "label_head.", "prompt", "lora."
_BESIDE = ("frozen", "prompt", "lora")  # ways that leave the base's own weights as they are


def check_base(lm: LanguageModel) -> LanguageModel:
    """Check that a base is an encoder with a masked-LM head, and return it. Raises ValueError."""
    config = lm.config
    if config.shape != "encoder" or config.head != "lm" or config.mask_id is None:
        what = config.shape if config.shape != "encoder" else f"encoder with the head {config.head!r}"
        raise ValueError(
            f"{lm.name} is {'an' if what[0] in 'aeiou' else 'a'} {what}: fine-tuning here begins with an encoder that "
            "fills in masked words, like tales-bert"
        )
    return lm


def task_config(spec: FineTuneSpec, base: ModelConfig) -> ModelConfig:
    """Build the base's configuration with the task's head.

    A label reads the mean of all positions, not the first as in BERT: nothing taught these bases to gather a text at
    its start token (BERT's was taught by next-sentence prediction).
    """
    if spec.labels:
        return base.with_head("sequence", spec.labels).replace(pool="mean")
    return base.with_head("span")


class Count(NamedTuple):
    """Parameter counts of a model with its new head; those of the head; those trained, the head's among them."""

    whole: int
    head: int
    learned: int


def count(spec: FineTuneSpec, base: ModelConfig) -> Count:
    """Count the trained parameters from the shapes, before anything is built. Raises ValueError as `lora.places`."""
    config = task_config(spec, base)
    whole, width = parameters(config), config.d_model
    head = config.n_outputs * (width + 1) + (width * (width + 1) if config.head == "sequence" else 0)
    if spec.way == "lora":
        return Count(whole, head, head + lora.trained(config, spec.lora))
    beside = {"frozen": 0, "prompt": spec.vectors * width}
    return Count(whole, head, head + beside[spec.way] if spec.way in beside else whole)


def begin_with(spec: FineTuneSpec, base: LanguageModel) -> Transformer:
    """Build the base's body with the task's head, drawn by the seed; from scratch the body is drawn, too."""
    config = task_config(spec, base.config)
    model = cast(Transformer, build(config))
    initialise(model, config, spec.seed)
    if spec.way != "scratch":
        body = {name: value for name, value in model.state_dict().items() if not name.startswith(HEAD)}
        known = base.transformer.state_dict()
        model.load_state_dict({name: known[name] for name in body}, strict=False)
    return model.eval()


def _shared(spec: FineTuneSpec, base: LanguageModel) -> Transformer:
    """Build `begin_with`'s model for reading only: the body shares the base's memory."""
    model = cast(Transformer, build(task_config(spec, base.config)))
    known, names = base.transformer.state_dict(), model.state_dict().keys()
    body = {name: known[name] for name in names if not name.startswith(HEAD)}
    model.load_state_dict(body, strict=False, assign=True)
    return model.eval()


def as_file(spec: FineTuneSpec, learned: Mapping[str, Tensor]) -> bytes:
    """Serialize the learned weights as a safetensors file, with the spec as JSON in its metadata."""
    return safetensors.torch.save(dict(learned), {"fine_tune": spec.to_json()})


def tuned(spec: FineTuneSpec, base: LanguageModel, learned: Mapping[str, Tensor], name: str) -> LanguageModel:
    """Build a plain model from the base and the learned weights, with LoRA merged, for `classify` or `answer`.

    Raises:
        ValueError: the weights are of another spec or base.
    """
    model = _shared(spec, check_base(base)) if spec.way in _BESIDE else begin_with(spec, check_base(base))
    own = {key: value for key, value in learned.items() if not key.startswith(LORA) and key != PROMPT}
    known = model.state_dict()
    wanted = {key for key in known if spec.way in ("scratch", "full") or key.startswith(HEAD)}
    if set(own) != wanted or any(known[key].shape != value.shape for key, value in own.items()):
        raise ValueError(f"these weights do not fit {base.name} and the task {spec.task!r}")
    model.load_state_dict(own, strict=False)
    if spec.way == "lora":
        pairs = {key.removeprefix(LORA): value for key, value in learned.items() if key.startswith(LORA)}
        model = cast(Transformer, lora.merge(model, Adapter(spec.lora, pairs)))
    tokenizer = base.tokenizer if spec.labels else base.tokenizer.with_pairs()
    reader = Prompted(model, nn.Parameter(learned[PROMPT])) if spec.way == "prompt" else model
    return LanguageModel(cast(Transformer, reader), tokenizer, name)
