"""The small checkpoints of the Hugging Face hub that Glassbox offers by default, as data.

One row a model, known without a network: its id, its licence and shape as its page on the hub and its config.json state
them, how many numbers its model.safetensors stores (huggingface/safetensors, temp.md at 01b9ce0, which lists the
headers), and the size that its authors publish. A file may store more than a model's weights: GPT-2's keeps its masks,
BERT's the head of next-sentence prediction.

Two of them predict no tokens: one classifies the sentiment of a text, one finds answers; the page Applications uses
both. No page uses a model that labels tokens (names of people and places, for example), so none is listed; the
converters support them all the same, for notebooks and for an operator who allows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FLOAT = 4  # bytes of a number in these files, all in float32


@dataclass(frozen=True)
class HubModel:
    """One published checkpoint.

    Attributes:
        id: owner/name on the hub. what: what it was trained for.
        licence: as its page on the hub names it. published: its weights, as its authors round them, and where.
        stored: numbers in its model.safetensors.
        config: the part of its config.json that decides its shape, as `core.checkpoints` reads it.
    """

    id: str
    what: str
    licence: str
    published: str
    stored: int
    config: Mapping[str, Any]

    @property
    def source(self) -> str:
        """The address of its page."""
        return f"https://huggingface.co/{self.id}"

    @property
    def download(self) -> int:
        """Bytes to fetch: its weights; the tokenizer adds one or two million."""
        return _FLOAT * self.stored


_GPT2 = {
    "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 768, "n_head": 12, "n_layer": 12,
    "n_positions": 1024, "vocab_size": 50_257, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
}  # fmt: skip
_BERT = {
    "model_type": "bert", "architectures": ["BertForMaskedLM"], "hidden_size": 768, "num_attention_heads": 12,
    "num_hidden_layers": 12, "intermediate_size": 3072, "max_position_embeddings": 512, "type_vocab_size": 2,
    "vocab_size": 30_522, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "pad_token_id": 0,
}  # fmt: skip
_ROBERTA = _BERT | {
    "model_type": "roberta", "architectures": ["RobertaForMaskedLM"], "max_position_embeddings": 514,
    "type_vocab_size": 1, "vocab_size": 50_265, "layer_norm_eps": 1e-5, "pad_token_id": 1,
}  # fmt: skip
_DISTILBERT = {
    "model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"], "dim": 768, "hidden_dim": 3072,
    "n_heads": 12, "n_layers": 6, "max_position_embeddings": 512, "vocab_size": 30_522, "activation": "gelu",
    "sinusoidal_pos_embds": False, "tie_weights_": True, "pad_token_id": 0,
}  # fmt: skip
_CASED = _DISTILBERT | {"vocab_size": 28_996}
_T5 = {
    "model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_model": 512, "d_ff": 2048, "d_kv": 64,
    "num_heads": 8, "num_layers": 6, "relative_attention_num_buckets": 32, "vocab_size": 32_128, "n_positions": 512,
    "layer_norm_epsilon": 1e-6, "is_encoder_decoder": True, "pad_token_id": 0, "eos_token_id": 1,
    "decoder_start_token_id": 0,
}  # fmt: skip
_BART = {
    "model_type": "bart", "architectures": ["BartModel"], "d_model": 768, "encoder_layers": 6, "decoder_layers": 6,
    "encoder_attention_heads": 12, "decoder_attention_heads": 12, "encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072,
    "max_position_embeddings": 1024, "vocab_size": 50_265, "activation_function": "gelu", "is_encoder_decoder": True,
    "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2,
}  # fmt: skip


def _labelled(body: Mapping[str, Any], head: str, labels: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the configuration of a body fine-tuned with a head."""
    named = {"id2label": {str(at): label for at, label in enumerate(labels)}} if labels else {}
    return {**body, "architectures": [f"DistilBertFor{head}"], **named}


MODELS: tuple[HubModel, ...] = (
    HubModel(
        "openai-community/gpt2", "writes on; English web pages", "mit",
        "124 million (Radford et al. 2019, released code)", 137_022_720, _GPT2,
    ),
    HubModel(
        "distilbert/distilgpt2", "writes on; a smaller pupil of GPT-2", "apache-2.0",
        "82 million (its page on the hub)", 88_204_032, _GPT2 | {"n_layer": 6},
    ),
    HubModel(
        "google-bert/bert-base-uncased", "fills blanks; English books and Wikipedia", "apache-2.0",
        "110 million (Devlin et al. 2019, section 3)", 110_106_428, _BERT,
    ),
    HubModel(
        "FacebookAI/roberta-base", "fills blanks; BERT's shape, ten times the text", "mit",
        "125 million (Liu et al. 2019, released code)", 124_697_433, _ROBERTA,
    ),
    HubModel(
        "distilbert/distilbert-base-uncased", "fills blanks; a smaller pupil of BERT", "apache-2.0",
        "66 million (Sanh et al. 2019, table 3)", 66_985_530, _DISTILBERT,
    ),
    HubModel(
        "google-t5/t5-small", "text to text; translation, summaries, questions", "apache-2.0",
        "60 million (Raffel et al. 2020, section 3.7)", 60_506_880, _T5,
    ),
    HubModel(
        "facebook/bart-base", "text to text; repairs damaged text", "apache-2.0",
        "140 million (Lewis et al. 2020, released code)", 139_420_416, _BART,
    ),
    HubModel(
        "distilbert/distilbert-base-uncased-finetuned-sst-2-english", "sentiment of English sentences (SST-2)",
        "apache-2.0", "67 million (its page on the hub)", 66_955_010,
        _labelled(_DISTILBERT, "SequenceClassification", ("NEGATIVE", "POSITIVE")),
    ),
    HubModel(
        "distilbert/distilbert-base-cased-distilled-squad", "answers from a text (SQuAD)", "apache-2.0",
        "65 million (its page on the hub)", 65_192_450, _labelled(_CASED, "QuestionAnswering"),
    ),
)  # fmt: skip

BY_ID: dict[str, HubModel] = {model.id: model for model in MODELS}
