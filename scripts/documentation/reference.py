"""The reference: public names from their docstrings, and the names of all activations from a forward pass."""

from __future__ import annotations

import re
from collections.abc import Iterator

import core
from scripts.documentation.pages import Source, table

SECTION, FOLDER = "Reference", "reference"

# What belongs together of `core`, in the order in which a reader needs it; `_core` holds that none is missing.
GROUPS = {
    "Open a model": (
        "load",
        "bundled",
        "snapshots",
        "wrap",
        "LanguageModel",
        "ModelConfig",
        "CheckpointError",
    ),
    "Look inside": ("Trace", "recording", "ContextTooLong"),
    "Change a pass": ("intervene", "Intervention", "ablate_head", "ablate_neurons", "HookError"),
    "Write on": ("Generation",),
    "Train": ("train", "TrainSpec", "Trainer", "Diverged", "fingerprint"),
}
# The last is what the functions that draw are; of it, how they are called is shown.
SHOW = (
    "app.show.page", "app.show.link", "app.outside.documents.Picture", "app.outside.documents.Page",
    "app.outside.documents.Document", "app.show.Show",
)  # fmt: skip
TEXT, TARGET = "A red ball was lost. She found the red", "Ravi found a ball"
MODELS = {
    "One stack: tales-gpt": ("tales-gpt", TEXT, None),
    "An encoder and a decoder: tales-t5": ("tales-t5", TEXT, TARGET),
}

HOOKS = """
`trace[name]` reads a value of the forward pass, `core.intervene` replaces it. Names and values are those of
TransformerLens. Axes: T queries, S keys, D d_model, H heads, K d_head, F d_mlp, V vocabulary; in an edit a batch axis B
comes first. Blocks count from 0, and the tables have block 0. An encoder alone has the names of a decoder alone.
`blocks.0.attn.hook_result` (T, H, D), what each head writes, is computed when it is named.
"""


def write(source: Source) -> None:
    """Write the pages of the reference."""
    source.page(f"{FOLDER}/core.md", "\n".join(_core()), SECTION, "core")
    source.page(f"{FOLDER}/show.md", "\n".join(_show()), SECTION, "app.show")
    source.page(f"{FOLDER}/hooks.md", "\n".join(_hooks()), SECTION, "Names of activations")


def _core() -> Iterator[str]:
    """Yield the lines of the page of `core`.

    Raises:
        LookupError: a public name stands in no group, or one that is none does.
    """
    named = [name for names in GROUPS.values() for name in names]
    if sorted(named) != sorted(core.__all__):
        raise LookupError(f"in core or in GROUPS alone: {sorted(set(named) ^ set(core.__all__))}")
    yield "# core\n"
    yield "Language models that can be opened, touched, broken and trained: the names that a notebook needs.\n"
    yield "```python\nimport core\n\nlm = core.load('tales-gpt')\ntrace = lm.trace('Once upon a time')"
    yield "trace['blocks.0.attn.hook_pattern']  # (H, T, S)\n```\n"
    for title, names in GROUPS.items():
        yield f"## {title}\n"
        for name in names:
            yield f"::: core.{name}\n"


def _show() -> Iterator[str]:
    yield "# app.show\n"
    yield "Pictures outside of the app. Each function that draws one has"
    yield "[a page of its own](../every-picture/index.md), with all that it takes; here is what they return, and"
    yield "what else there is.\n"
    for name in SHOW:
        yield f"::: {name}\n"
    yield "    options:\n      members: [__call__, explained]\n"


def _hooks() -> Iterator[str]:
    yield "# Names of activations\n"
    yield HOOKS
    for title, (name, text, target) in MODELS.items():
        lm = core.load(name)
        trace = lm.trace(text, target)
        sizes = axes(lm, trace)
        first = {
            key: tuple(value.shape) for key, value in trace.items() if not re.search(r"blocks\.[1-9]", key)
        }
        letters = [lettered(shape, sizes) for shape in first.values()]
        yield f"## {title}\n"
        yield "Here " + ", ".join(f"{letter} = {size}" for size, letter in sizes.items() if size > 1) + ".\n"
        yield "\n".join(table({"name": [f"`{key}`" for key in first], "shape": letters}))
        yield ""


def axes(lm: core.LanguageModel, trace: core.Trace) -> dict[int, str]:
    """Return what an axis of each size is called in a trace; S are the text's tokens where a decoder reads others.

    Raises:
        ValueError: two axes are as long as each other, so that a shape does not tell them apart.
    """
    config = lm.config
    rows = len(trace.decoder_tokens)
    named = {
        "S" if rows else "T": len(trace.tokens),
        "D": config.d_model,
        "H": config.n_heads,
        "K": config.head_size,
    }
    named |= {"F": config.mlp_size, "V": trace.logits.shape[-1], "1": 1} | ({"T": rows} if rows else {})
    sizes = {size: letter for letter, size in named.items()}
    if len(sizes) < len(named):
        raise ValueError(f"axes of one size: {named}")
    return sizes


def lettered(shape: tuple[int, ...], sizes: dict[int, str]) -> str:
    """Write a shape with the letters of its axes; the second of two axes of queries is one of keys."""
    letters = [sizes[size] for size in shape]
    if letters.count("T") == 2:
        letters[-1] = "S"
    return f"({', '.join(letters)})"
