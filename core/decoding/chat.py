"""Chat with an instruction-tuned model: a conversation formatted by its chat template.

A model that was trained to follow instructions marks turns with special tokens, inserted by its chat template: a Jinja
program that comes with the checkpoint (`tokenizer_config.json`; in GGUF `tokenizer.chat_template`). It is untrusted, so
it runs in Jinja's sandbox with access to the conversation only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.decoding.generate import Generation

if TYPE_CHECKING:
    from jinja2 import Template

    from core.language_model import LanguageModel

LONGEST_TEMPLATE = 100_000  # characters
LONGEST_TEXT = 1_000_000  # characters of a conversation once written
CARD = "chat_template"  # the card's entry


class NoTemplate(ValueError):
    """A model that has no chat template, or one that cannot be followed; the message says so."""


def has_template(lm: LanguageModel) -> bool:
    """Return whether a model's checkpoint has a chat template."""
    return isinstance(lm.card.get(CARD), str) and bool(lm.card[CARD].strip())


def conversation(lm: LanguageModel, turns: Sequence[Mapping[str, str]], *, answer: bool = True) -> str:
    """Format a conversation with the model's chat template.

    Args:
        turns: each with "role" ("system", "user", "assistant") and "content".
        answer: end with the prefix of the assistant's turn.

    Raises:
        NoTemplate: there is none, it does not compile, refuses these turns, or writes without end.
    """
    if not has_template(lm):
        raise NoTemplate(
            f"{lm.name} has no chat template: it goes on from a text and was not trained to be asked"
        )
    from jinja2.exceptions import TemplateError

    begins, ends = lm.config.bos_id, lm.config.eos_ids
    special = {
        "bos_token": "" if begins is None else lm.tokenizer.token(begins),
        "eos_token": lm.tokenizer.token(ends[0]) if ends else "",
    }
    try:
        written = _template(lm.card[CARD]).render(
            messages=[dict(turn) for turn in turns], add_generation_prompt=answer, **special
        )
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as why:
        raise NoTemplate(f"{lm.name}: its chat template does not take these turns: {why}") from why
    if len(written) > LONGEST_TEXT:
        raise NoTemplate(
            f"{lm.name}: its chat template writes {len(written):,} characters, which cannot be right"
        )
    return written


def ask(lm: LanguageModel, request: str, **options: Any) -> Generation:
    """Generate an assistant's answer to one request, greedily unless `options` of `generate` say otherwise.

    Raises:
        NoTemplate: as `conversation`. ValueError: as `generate`.
    """
    text = conversation(lm, [{"role": "user", "content": request}])
    return lm.generate(lm.encode(text, add_special_tokens=False), **options)


@lru_cache(maxsize=8)
def _template(source: str) -> Template:
    """Compile a chat template as `transformers` does: block tags swallow their line ends."""
    from jinja2.exceptions import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if len(source) > LONGEST_TEMPLATE:
        raise NoTemplate(f"a chat template of {len(source):,} characters is not read")

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.globals |= {
        "raise_exception": refuse,
        "strftime_now": lambda form: datetime.now().strftime(form),
    }
    environment.filters["tojson"] = lambda value, indent=None: json.dumps(
        value, ensure_ascii=False, indent=indent
    )
    return environment.from_string(source)
