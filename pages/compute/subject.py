"""Choose the configuration that the page counts: the open model's, a published one, or either with other sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from app.kit.figures import Asked
from core.config import ModelConfig
from core.costs.accelerators import ACCELERATORS, Accelerator
from core.costs.memory import Precision
from core.costs.sized import resized
from core.families.presets import PRESETS, Preset
from core.language_model import LanguageModel
from core.messages import mark, say

OPEN = "open"
SUBJECTS = (OPEN, *PRESETS)
# The field of each size that can be changed: what the configuration calls it, and its label.
SIZES: dict[str, tuple[str, str]] = {
    "stacked": ("n_layers", mark("Blocks")),
    "wide": ("d_model", mark("Width")),
    "queries": ("n_heads", mark("Heads")),
    "keyheads": ("n_kv_heads", mark("Key/value heads")),
    "inner": ("d_mlp", mark("MLP width")),
    "entries": ("d_vocab", mark("Vocabulary")),
}


@dataclass(frozen=True)
class Subject:
    """What is counted.

    base: before its sizes were changed. sizes: those that were. wrong: why they make no model ("" if they do); then
    the base is shown. length: tokens of a text, `usual` if nothing else was asked for. batch: texts.
    read: tokens of the open model's training by its card, 0 where it does not say.
    """

    key: str
    name: str
    base: ModelConfig
    config: ModelConfig
    sizes: dict[str, int]
    wrong: str
    batch: int
    length: int
    usual: int
    precision: Precision
    card: Accelerator
    read: int = 0

    @property
    def preset(self) -> Preset | None:
        """The published model; None: it is the open one."""
        return PRESETS.get(self.key)

    @property
    def longest(self) -> int | None:
        """The longest text that it reads; None: a known model without learned positions has no such end.

        The pages give the open model no longer text than its context, whatever its positions are.
        """
        return self.config.n_ctx if self.preset is None or self.config.position == "learned" else None

    @property
    def own(self) -> bool:
        """Whether this is the open model as it is, so that it can be measured."""
        return self.preset is None and self.config == self.base


def subject(asked: Asked) -> Subject:
    """Read the configuration, batch, text length and precision that the fields choose.

    Raises:
        ValueError: a caller named sizes that make no model.
    """
    lm, values = asked.lm, asked.values
    key = str(values["costed"])
    preset = PRESETS.get(key)
    base = lm.config if preset is None else preset.config
    sizes = {name: int(values[field]) for field, (name, _) in SIZES.items() if int(values[field]) >= 0}
    config, wrong = base, ""
    try:
        config = resized(base, **sizes)
    except ValueError as why:
        wrong = str(why)
        if any(field in asked.given for field in SIZES):
            raise ValueError(say("These sizes make no model: {why}.", why=wrong)) from None
    usual = max(1, len(lm.tokenizer.encode(asked.text))) if preset is None else base.n_ctx
    long = int(values["long"])
    name = asked.label if preset is None else preset.name
    return Subject(
        key, name, base, config, sizes, wrong, int(values["together"]), long if long > 0 else usual, usual,
        cast("Precision", values["floats"]), ACCELERATORS[str(values["card"])], _read(lm) if preset is None else 0,
    )  # fmt: skip


def _read(lm: LanguageModel) -> int:
    """Read from its card how many tokens the model read. Cards are other people's: what is no number counts as 0."""
    found = lm.card.get("tokens_read")
    return found if isinstance(found, int) and found > 0 else 0
