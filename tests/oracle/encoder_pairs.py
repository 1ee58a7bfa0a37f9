"""BERT, RoBERTa and DistilBERT of `transformers` with each of their heads, tiny, and what their modules are to us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor

from core.checkpoints import Loaded
from tests.oracle.compare import Reference, gradients, scatter_weights, watching

HEADS = {
    "lm": "ForMaskedLM",
    "sequence": "ForSequenceClassification",
    "token": "ForTokenClassification",
    "span": "ForQuestionAnswering",
}
BARE = {"none": "Model"}
LABELS = ("no", "yes", "perhaps")
V = 27


@dataclass(frozen=True)
class Kind:
    """One family: its name in transformers, its sizes, and where its parts are.

    body: the attribute that holds all but the head.   layers: its blocks.   mid, post: a block's two norms.
    """

    name: str
    sizes: dict[str, Any]
    body: str
    layers: str
    mid: str
    post: str

    def model(self, head: str, **changes: Any) -> Any:
        """A model of theirs in float64 with wide random weights."""
        named = {"id2label": dict(enumerate(LABELS))} if head in ("sequence", "token") else {}
        config = getattr(transformers, f"{self.name}Config")(
            **{**self.sizes, **named, **changes}, attn_implementation="eager"
        )
        build = getattr(transformers, f"{self.name}{(HEADS | BARE)[head]}")
        return scatter_weights(build(config), seed=len(self.name) + len(head))


_SIZES = {"vocab_size": V, "max_position_embeddings": 18}
_BERT = {
    **_SIZES,
    "hidden_size": 24,
    "num_attention_heads": 3,
    "num_hidden_layers": 2,
    "intermediate_size": 20,
}
_NORMS = ("encoder.layer", "attention.output.LayerNorm", "output.LayerNorm")
KINDS = {
    "bert": Kind("Bert", _BERT, "bert", *_NORMS),
    "roberta": Kind("Roberta", {**_BERT, "type_vocab_size": 1}, "roberta", *_NORMS),
    "distilbert": Kind(
        "DistilBert",
        {**_SIZES, "dim": 24, "n_heads": 3, "n_layers": 2, "hidden_dim": 20},
        "distilbert",
        "transformer.layer",
        "sa_layer_norm",
        "output_layer_norm",
    ),
}


def inputs(kind: str) -> dict[str, Tensor]:
    """Three rows without a padding token (its id is below 4).

    BERT and DistilBERT with padding hidden by the mask, at either side.
    """
    ids = torch.randint(4, V, (3, 10), generator=torch.Generator().manual_seed(3))
    given = {"ids": ids}
    if kind != "roberta":
        mask = torch.ones_like(ids)
        mask[1, 7:] = 0
        mask[2, :4] = 0
        given["mask"] = mask.bool()
    if kind == "bert":
        given["token_types"] = (torch.arange(10) > 4).long().expand(3, 10)
    return given


def run(model: Any, given: dict[str, Tensor], **options: Any) -> tuple[Tensor, Any]:
    """Their logits, or of a bare encoder its stream, in our shape, and all they return."""
    names = {"ids": "input_ids", "mask": "attention_mask", "token_types": "token_type_ids"}
    out = model(**{names[name]: value.long() for name, value in given.items()}, **options)
    if hasattr(out, "start_logits"):
        return torch.stack([out.start_logits, out.end_logits], dim=-1), out
    return (out.logits if "logits" in out else out.last_hidden_state), out


def reference_of(kind: str, model: Any, loaded: Loaded) -> Reference:
    """What transformers computes: logits, residual streams, patterns, what pools, and every gradient."""
    parts, given = KINDS[kind], inputs(kind)
    layers = getattr(model, parts.body, model).get_submodule(parts.layers)
    norms = {f"blocks.{i}.hook_resid_mid": layer.get_submodule(parts.mid) for i, layer in enumerate(layers)}
    norms |= {
        f"blocks.{i}.hook_resid_post": layer.get_submodule(parts.post) for i, layer in enumerate(layers)
    }
    entering = dict(norms)
    if loaded.config.head == "sequence":
        pooled = model.classifier.out_proj if kind == "roberta" else model.classifier
        entering["label_head.hook_pooled"] = pooled
    after = {name.replace("hook_", "hook_normalized_"): module for name, module in norms.items()}
    with watching(entering, after) as seen:
        logits, out = run(model, given, output_hidden_states=True, output_attentions=True)
    seen |= {f"blocks.{i}.attn.hook_pattern": pattern.detach() for i, pattern in enumerate(out.attentions)}
    first, *rest = (hidden.detach() for hidden in out.hidden_states)
    seen["blocks.0.hook_resid_pre"] = first
    for i, hidden in enumerate(rest):
        assert torch.equal(hidden, seen[f"blocks.{i}.hook_normalized_resid_post"])
    assert len(seen) == 5 * len(layers) + 1 + (loaded.config.head == "sequence")
    return Reference(given, logits.detach(), seen, gradients(model, logits, loaded))
