"""Choose the configuration that the page counts: the open model's, a published one, or either with other sizes."""

from __future__ import annotations

from dataclasses import dataclass

from app.frame.page import Context
from app.session import state
from core.config import ModelConfig
from core.costs.accelerators import ACCELERATORS, Accelerator
from core.costs.memory import Precision
from core.costs.sized import resized
from core.families.presets import PRESETS, Preset

OPEN = "open"
SUBJECTS = (OPEN, *PRESETS)
# The field of each size that can be changed: what the configuration calls it, and its label.
SIZES: dict[str, tuple[str, str]] = {
    "stacked": ("n_layers", "Blocks"),
    "wide": ("d_model", "Width"),
    "queries": ("n_heads", "Heads"),
    "keyheads": ("n_kv_heads", "Key/value heads"),
    "inner": ("d_mlp", "MLP width"),
    "entries": ("d_vocab", "Vocabulary"),
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
        """The longest text that it reads, where it has learned a position for each token; None: it has no such end."""
        return self.config.n_ctx if self.config.position == "learned" else None

    @property
    def own(self) -> bool:
        """Whether this is the open model as it is, so that it can be measured."""
        return self.preset is None and self.config == self.base


def subject(ctx: Context) -> Subject:
    """Read what the page's fields ask for."""
    key = state.get("costed")
    preset = PRESETS.get(key)
    base = ctx.lm.config if preset is None else preset.config
    sizes = {name: int(state.get(field)) for field, (name, _) in SIZES.items() if state.get(field) >= 0}
    config, wrong = base, ""
    try:
        config = resized(base, **sizes)
    except ValueError as why:
        wrong = str(why)
    usual = max(1, len(ctx.ids)) if preset is None else base.n_ctx
    asked = int(state.get("long"))
    name = ctx.label if preset is None else preset.name
    return Subject(
        key, name, base, config, sizes, wrong, int(state.get("together")), asked if asked > 0 else usual, usual,
        state.get("floats"), ACCELERATORS[state.get("card")], _read(ctx) if preset is None else 0,
    )  # fmt: skip


def _read(ctx: Context) -> int:
    """Read from its card how many tokens the model read. Cards are other people's: what is no number counts as 0."""
    found = ctx.lm.card.get("tokens_read")
    return found if isinstance(found, int) and found > 0 else 0
