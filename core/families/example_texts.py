"""Example texts by model type: a language model cannot fill a blank, nor BERT continue a text.

its card's own         what it was trained on asks for them
an encoder             a mask stands where it is to say a word                      (Devlin et al. 2019)
a text-to-text run     an example of each of its tasks, of those that it never saw
T5 as published        the prefixes of its tasks                                    (Raffel et al. 2020, appendix D)
span corruption        sentinels stand in the gaps that it is to fill               (Raffel et al. 2020, section 3.1.4)
BART                   a mask stands for words that it is to write                  (Lewis et al. 2020)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.data.tasks import SPANS, TASKS, mixture
from core.text.training import MASK, sentinel

if TYPE_CHECKING:
    from core.language_model import LanguageModel

_BLANKS = (
    "Nora lost her red kite. Soon Nora found her red {0} again.",
    "It was raining, so Ben took his {0} along.",
    "The fox looked up at the {0}, and the {0} looked down at the fox.",
)
_GAPS = (
    "Once upon a time, there was a {0} beside the park, and Nora {1} there.",
    "Nora lost her red {0}. Soon Nora found {1} again.",
)
_PUBLISHED = (
    "translate English to German: Nora looked under the bench and found her red kite.",
    "summarize: Nora lost her red kite on Monday. She looked in the garden, in the kitchen and under the bench. "
    "On Friday Ben brought it back: the wind had carried it to his roof.",
    "question: Who fed the goat? context: Maya had a white goat. Otto came by and fed the goat.",
    "sst2 sentence: I thought that the silver boat would be slow, and I was wrong.",
    "cola sentence: Nora found it kite red her.",
)


def suited(lm: LanguageModel) -> tuple[str, ...]:
    """Return example texts for this model; () where any text will do, or where its tokenizer lacks a token for a gap.

    They contain the special tokens of its own tokenizer.
    """
    told = lm.card.get("texts")
    if isinstance(told, list) and all(isinstance(text, str) for text in told):
        return tuple(told)
    if lm.config.head != "lm" or lm.config.shape == "decoder":
        return ()
    if lm.config.shape == "encoder":
        return _with_masks(lm)
    return _text_to_text(lm) or _with_masks(lm)


def _with_masks(lm: LanguageModel) -> tuple[str, ...]:
    id = lm.config.mask_id if lm.config.mask_id is not None else lm.tokenizer.id(MASK)
    if id is None:
        return ()
    texts = tuple(text.format(lm.tokenizer.token(id)) for text in _BLANKS)
    return texts if all(id in lm.tokenizer.encode(text) for text in texts) else ()


def _text_to_text(lm: LanguageModel) -> tuple[str, ...]:
    """Return examples for an encoder-decoder that was not trained with a mask."""
    signs = [sentinel(k) for k in range(2)]
    gaps = tuple(text.format(*signs) for text in _GAPS) if lm.tokenizer.id(signs[1]) is not None else ()
    spec = lm.card.get("spec")
    if isinstance(spec, dict):
        if spec.get("objective") != "text_to_text":
            return gaps
        shares = mixture([(str(name), float(share)) for name, share in spec.get("tasks") or ()])
        asked = [next(TASKS[name].pairs(split="held_out")).source for name in shares if name != SPANS]
        return (*asked, *(gaps if SPANS in shares else ()))
    # T5 1.1 and later have a gated MLP and were trained only to fill gaps before fine-tuning.
    return gaps if lm.config.gated or not gaps else (*_PUBLISHED, *gaps)
