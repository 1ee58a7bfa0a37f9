"""A Hugging Face configuration, read value by value with checks.

Unsupported settings are errors, never silently ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.config import Activation, Head


class CheckpointError(ValueError):
    """Raised for an unreadable checkpoint. The message says which file, what is wrong in it, and what to do."""


ACTIVATIONS: dict[str, Activation] = {
    "relu": "relu",
    "relu2": "relu_squared",
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "silu": "silu",
    "swish": "silu",
}
# Suffix of a transformers class name -> head; None: not supported.
HEADS: dict[str, Head | None] = {
    "ForSequenceClassification": "sequence",
    "ForTokenClassification": "token",
    "ForQuestionAnswering": "span",
    "ForMultipleChoice": None,
    "ForNextSentencePrediction": None,
    "DoubleHeadsModel": None,
    "EncoderModel": None,
}
# A checkpoint's preferred decoding settings, and the neutral value of each. Glassbox does not apply them by itself.
_WISHES: dict[str, Any] = {
    "min_length": 0,
    "min_new_tokens": 0,
    "max_length": 20,
    "max_new_tokens": None,
    "num_beams": 1,
    "length_penalty": 1.0,
    "early_stopping": False,
    "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0,
    "repetition_penalty": 1.0,
    "do_sample": False,
    "temperature": 1.0,
    "top_k": 50,
    "top_p": 1.0,
    "forced_eos_token_id": None,
    "bad_words_ids": None,
    "suppress_tokens": None,
    "begin_suppress_tokens": None,
}
LARGEST_SIZE = 2**31  # upper bound of every size in a configuration


@dataclass(frozen=True)
class Settings:
    """A Hugging Face configuration, read value by value; a wrong type or an unsupported wish is an error naming it.

    Args:
        values: config.json.
        generation: generation_config.json, which has the last word on the special tokens.
    """

    values: Mapping[str, Any]
    generation: Mapping[str, Any] = field(default_factory=dict)

    def whole(self, key: str, default: int | None = None) -> int:
        """Read a size."""
        value = self.values.get(key)
        value = default if value is None else value
        if value is None:
            raise CheckpointError(f"config.json lacks {key}")
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_SIZE:
            raise CheckpointError(
                f"config.json: {key}={_short(value)} must be a whole number up to {LARGEST_SIZE:,}"
            )
        return value

    def real(self, key: str, default: float) -> float:
        """Read a number."""
        value = self.values.get(key)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CheckpointError(f"config.json: {key}={_short(value)} must be a number")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """Read a boolean."""
        value = self.values.get(key)
        value = default if value is None else value
        if not isinstance(value, bool):
            raise CheckpointError(f"config.json: {key}={_short(value)} must be true or false")
        return value

    def activation(self, key: str, default: str) -> Activation:
        """Read an activation function by its Hugging Face name."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or value not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise CheckpointError(f"config.json: {key}={_short(value)} is not supported: none of {known}")
        return ACTIVATIONS[value]

    def refuse(self, *keys: str, unless: Iterable[Any] = ()) -> None:
        """Raise if a key asks for something: a value that is neither absent, false, empty nor one of `unless`."""
        for key in keys:
            value = self.values.get(key)
            if value and value not in list(unless):
                raise CheckpointError(
                    f"config.json: {key}={_short(value)} is not supported: without it every number would be wrong"
                )

    def token(self, key: str, d_vocab: int) -> int | None:
        """Read a special token's id. An id outside the vocabulary can never occur, so it counts as none."""
        value = self.generation.get(key)
        value = self.values.get(key) if value is None else value
        value = value[0] if isinstance(value, list) and value else value
        return value if type(value) is int and 0 <= value < d_vocab else None

    def special(self, d_vocab: int) -> dict[str, Any]:
        """Read the special tokens, as fields of ModelConfig."""
        ends = self.generation.get("eos_token_id")
        ends = self.values.get("eos_token_id") if ends is None else ends
        ends = ends if isinstance(ends, list) else [ends]
        return {
            "bos_id": self.token("bos_token_id", d_vocab),
            "eos_ids": tuple(end for end in ends if type(end) is int and 0 <= end < d_vocab),
            "pad_id": self.token("pad_token_id", d_vocab),
            "mask_id": self.token("mask_token_id", d_vocab),
            "decoder_start_id": self.token("decoder_start_token_id", d_vocab),
        }

    def wishes(self) -> dict[str, Any]:
        """Read the checkpoint's preferred decoding settings; Glassbox does not apply them by itself."""
        return {
            key: value
            for key, neutral in _WISHES.items()
            if (value := self.generation.get(key, self.values.get(key))) not in (neutral, None)
        }

    def refuse_everywhere(self) -> None:
        """Refuse settings that no family supports."""
        self.refuse("quantization_config", "auto_map", "pruned_heads", "add_cross_attention")

    def head(self, *supported: Head) -> Head:
        """Return the checkpoint's head by its class in `architectures`: tokens, unless the name says otherwise.

        Raises:
            CheckpointError: a head that we do not compute, or not of this family.
        """
        names = self.values.get("architectures")
        name = names[0] if isinstance(names, list) and names and isinstance(names[0], str) else ""
        for ending, head in HEADS.items():
            if name.endswith(ending) and (head is None or head not in supported):
                family = name.removesuffix(ending)
                read = [f"{family}{known}" for known, kind in HEADS.items() if kind in supported]
                raise CheckpointError(
                    f"config.json: architectures={_short(name)} is not supported; of this family Glassbox reads "
                    + ", ".join([f"the {family} that says tokens (its language-model class)", *read])
                )
            if name.endswith(ending) and head is not None:
                return head
        return "lm"

    def labels(self) -> tuple[str, ...]:
        """Read the names of a classifier's classes, in the order of its rows.

        Raises:
            CheckpointError: there are none, there is only one, a number is missing, or they do not exclude each other.
        """
        if self.values.get("problem_type") not in (None, "single_label_classification"):
            raise CheckpointError(
                f"config.json: problem_type={_short(self.values['problem_type'])} is not supported: "
                "only classes of which exactly one is right are"
            )
        named = self.values.get("id2label")
        if not isinstance(named, dict) or not named:
            raise CheckpointError(
                "config.json has no id2label, so nobody knows what the classes are: write their names into it, "
                'in the order of the classifier\'s rows, as "id2label": {"0": "negative", "1": "positive"}'
            )
        rows = {str(key): name for key, name in named.items()}
        for number in range(len(rows)):
            if not isinstance(rows.get(str(number)), str):
                raise CheckpointError(
                    f"config.json: id2label has {len(rows)} entries, but no name for class {number}"
                )
        if len(rows) == 1:
            raise CheckpointError(
                f"config.json: id2label names only {_short(rows['0'])}: one number is no choice between classes"
            )
        return tuple(rows[str(number)] for number in range(len(rows)))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
