"""Models of transformers in memory, wrapped: they compute and show what transformers computes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import torch
import transformers
from tokenizers import models, pre_tokenizers, processors
from torch import nn

import core
from app import show
from core.checkpoints import wrapping
from core.model.norm import Normalise
from tests.oracle.compare import scatter_weights

ROOT = Path(__file__).resolve().parents[2]
WORDS = "the cat sat on mat a red ball was lost she found . 7 + 5 = 12".split()
SIGNS = ("[PAD]", "[UNK]", "[MASK]", "[CLS]", "[SEP]")
V = len(WORDS) + len(SIGNS)
SENTENCE = "the cat sat on the red mat"
_LLAMA = {
    "hidden_size": 24, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2,
    "intermediate_size": 20, "max_position_embeddings": 40,
}  # fmt: skip
_GPT2 = {"n_embd": 24, "n_head": 3, "n_layer": 2, "n_positions": 40}
_BERT = {
    "hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2, "intermediate_size": 20,
    "max_position_embeddings": 40,
}  # fmt: skip
_BART = {
    "d_model": 24, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 3,
    "decoder_attention_heads": 3, "encoder_ffn_dim": 20, "decoder_ffn_dim": 20, "max_position_embeddings": 40,
    "decoder_start_token_id": 4, "forced_bos_token_id": 3,
}  # fmt: skip
_T5 = {"d_model": 24, "d_kv": 8, "d_ff": 20, "num_heads": 3, "num_layers": 2, "decoder_start_token_id": 0}
_NAMES = {"id2label": {0: "no", 1: "yes", 2: "perhaps"}}
# class -> (configuration class, settings)
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "GPT2LMHeadModel": ("GPT2Config", _GPT2),
    "GPT2Model": ("GPT2Config", _GPT2),
    "LlamaForCausalLM": ("LlamaConfig", _LLAMA),
    "Qwen2ForCausalLM": ("Qwen2Config", {**_LLAMA, "tie_word_embeddings": True}),
    "MistralForCausalLM": ("MistralConfig", {**_LLAMA, "sliding_window": None}),
    "BertForMaskedLM": ("BertConfig", _BERT),
    "BertForPreTraining": ("BertConfig", _BERT),
    "BertModel": ("BertConfig", _BERT),
    "BertForSequenceClassification": ("BertConfig", {**_BERT, **_NAMES}),
    "RobertaForTokenClassification": ("RobertaConfig", {**_BERT, **_NAMES, "type_vocab_size": 1, "pad_token_id": 0}),
    "DistilBertForQuestionAnswering": (
        "DistilBertConfig",
        {"dim": 24, "n_heads": 3, "n_layers": 2, "hidden_dim": 20, "max_position_embeddings": 40},
    ),
    "T5ForConditionalGeneration": ("T5Config", _T5),
    "T5Model": ("T5Config", _T5),
    "BartForConditionalGeneration": ("BartConfig", _BART),
}  # fmt: skip


def raw_tokenizer() -> tokenizers.Tokenizer:
    """Whole words, lower case, with a [CLS] in front and a [SEP] behind, as BERT has them."""
    ids = {word: id for id, word in enumerate([*SIGNS, *WORDS])}
    raw = tokenizers.Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    raw.normalizer = tokenizers.normalizers.Lowercase()
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 3), ("[SEP]", 4)]
    )
    raw.add_special_tokens(list(SIGNS))
    return raw


def fast_tokenizer() -> Any:
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw_tokenizer(), pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]"
    )


def model_of(name: str, **changes: Any) -> Any:
    """A model of theirs with wide random weights, in float32."""
    config, settings = MODELS[name]
    made = getattr(transformers, config)(vocab_size=V, **{**settings, **changes})
    return scatter_weights(getattr(transformers, name)(made), seed=len(name)).float()


def their_answer(model: Any, lm: core.LanguageModel, ids: list[int], target: list[int]) -> torch.Tensor:
    given = {"input_ids": torch.tensor([ids])}
    if lm.config.shape == "encoder-decoder":
        given["decoder_input_ids"] = torch.tensor([target])
    out = model(**given)
    if hasattr(out, "start_logits"):
        return torch.stack([out.start_logits, out.end_logits], -1)[0]
    if hasattr(out, "prediction_logits"):
        return out.prediction_logits[0]
    return (out.logits if "logits" in out else out.last_hidden_state)[0]


@pytest.mark.parametrize("name", MODELS)
def test_a_wrapped_model_answers_as_its_own_on_another_text(name: str) -> None:
    model = model_of(name)
    lm = core.wrap(model, fast_tokenizer())
    both = lm.config.shape == "encoder-decoder"
    with torch.no_grad():
        trace = lm.trace(SENTENCE, "a red ball" if both else None)
        written = [] if trace.decoder_ids is None else trace.decoder_ids.tolist()
        theirs = their_answer(model, lm, lm.encode(SENTENCE), written)
    last = f"blocks.{lm.config.n_layers - 1}.hook_normalized_resid_post"
    streams = {"GPT2Model": "unembed.hook_in", "T5Model": "decoder.unembed.hook_in", "BertModel": last}
    ours = trace[streams[name]] if name in streams else trace.logits
    torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-5 * float(theirs.abs().max()))


SHOWN = [
    "GPT2LMHeadModel",
    "Qwen2ForCausalLM",
    "BertForMaskedLM",
    "BertModel",
    "BartForConditionalGeneration",
]


@pytest.mark.parametrize("name", SHOWN)
def test_three_lines_show_the_attention_that_transformers_computes(name: str) -> None:
    model = model_of(name, attn_implementation="eager")
    lm = core.wrap(model, fast_tokenizer())
    both = lm.config.shape == "encoder-decoder"
    picture = show.attention(
        lm, SENTENCE, layer=1, head=2, step="softmax", **({"stack": "encoder"} if both else {})
    )
    reader = model.get_encoder() if both else model
    with torch.no_grad():
        theirs = reader(torch.tensor([lm.encode(SENTENCE)]), output_attentions=True).attentions[1][0, 2]
    _, *columns = picture.table.values()
    shown = torch.tensor(columns, dtype=torch.float32).T  # (T, S)
    torch.testing.assert_close(shown.nan_to_num(), theirs, rtol=0, atol=2e-5)
    assert picture.html().startswith("<!doctype html>") and lm.name in picture.html()


def test_weights_are_shared_but_for_the_fused_ones_and_the_model_stays_as_it_was() -> None:
    for name, copied in (("GPT2LMHeadModel", set()), ("LlamaForCausalLM", {"weight_qkv", "weight_in"})):
        model, tokenizer = model_of(name), raw_tokenizer()
        model.train()
        model.base_model.eval()
        tokenizer.enable_truncation(5)
        before = {key: weight.clone() for key, weight in model.state_dict().items()}
        lm = core.wrap(model, tokenizer)
        theirs = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
        own = {
            key.rpartition(".")[2]
            for key, weight in lm.transformer.named_parameters()
            if weight.untyped_storage().data_ptr() not in theirs
        }
        assert own == copied
        assert model.training and not model.base_model.training
        assert all(torch.equal(weight, before[key]) for key, weight in model.state_dict().items())
        assert tokenizer.truncation is not None and len(lm.encode(SENTENCE)) == 9
        assert all(weight.grad is None and weight.requires_grad for weight in model.parameters())


def test_half_precision_is_read_as_float32_unless_asked_otherwise() -> None:
    model = model_of("LlamaForCausalLM").bfloat16()
    assert core.wrap(model, fast_tokenizer()).transformer.embed.W_E.dtype == torch.float32
    assert (
        core.wrap(model, fast_tokenizer(), dtype=torch.bfloat16).transformer.embed.W_E.dtype == torch.bfloat16
    )


def test_names_come_from_where_a_model_was_loaded_or_from_its_family(tmp_path: Path) -> None:
    model, tokenizer = model_of("GPT2LMHeadModel"), raw_tokenizer()
    assert core.wrap(model, tokenizer).name == "gpt2"
    assert core.wrap(model, tokenizer, name="mine").name == "mine"
    model.save_pretrained(tmp_path / "there")
    again = transformers.GPT2LMHeadModel.from_pretrained(tmp_path / "there")
    assert core.wrap(again, tokenizer).name == str(tmp_path / "there")


def refused(model: Any, tokenizer: Any) -> str:
    with pytest.raises(core.CheckpointError) as why:
        core.wrap(model, tokenizer)
    return str(why.value)


def test_a_family_that_is_not_read_is_told_with_those_that_are() -> None:
    config = transformers.GPTNeoXConfig(
        vocab_size=V, hidden_size=24, num_attention_heads=3, num_hidden_layers=1, intermediate_size=20
    )
    said = refused(transformers.GPTNeoXForCausalLM(config), fast_tokenizer())
    assert (
        "GPTNeoXForCausalLM" in said
        and "'gpt_neox'" in said
        and "gpt2, llama, " in said
        and "t5, bart" in said
    )


def test_what_is_no_model_is_a_type_error() -> None:
    for wrong in ("gpt2", nn.Linear(2, 2), None):
        with pytest.raises(TypeError, match="loaded model of transformers"):
            core.wrap(wrong, fast_tokenizer())


class Slow:
    """A tokenizer of which no part is in the tokenizers library, as transformers' slow ones."""

    is_fast = False


class Added(transformers.PreTrainedTokenizerFast):  # type: ignore[misc]
    """A tokenizer that does something in Python which its fast part does not."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        found = super().__call__(*args, **options)
        found["input_ids"] = [2, *found["input_ids"]]
        return found


def test_only_a_fast_tokenizer_of_this_model_is_taken() -> None:
    model = model_of("GPT2LMHeadModel")
    assert "the tokenizer is None" in refused(model, None)
    assert "a Slow, which is no fast tokenizer" in refused(model, Slow())
    larger = raw_tokenizer()
    larger.add_tokens(["unheard"])
    assert f"token ids up to {V}" in refused(model, larger) and "do not belong together" in refused(
        model, larger
    )
    assert "a part of it is in Python" in refused(model, Added(tokenizer_object=raw_tokenizer()))


def test_weights_that_are_no_numbers_in_memory_are_named() -> None:
    diverged = model_of("BertForMaskedLM")
    with torch.no_grad():
        diverged.bert.encoder.layer[1].output.dense.weight[3, 4] = float("nan")
    said = refused(diverged, fast_tokenizer())
    assert "encoder.layer.1.output.dense.weight holds NaN" in said and "1 of 480" in said
    with torch.device("meta"):
        offloaded = transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=V, **_GPT2))
    assert "not in memory" in refused(offloaded, fast_tokenizer())
    quantized = model_of("LlamaForCausalLM")
    quantized.model.layers[0].mlp.up_proj.weight = nn.Parameter(
        torch.zeros(20, 24, dtype=torch.int8), requires_grad=False
    )
    assert "layers.0.mlp.up_proj.weight is stored as torch.int8" in refused(quantized, fast_tokenizer())
    quantized.config.quantization_config = {"quant_method": "bitsandbytes"}
    assert "its weights are quantized" in refused(quantized, fast_tokenizer())


def test_a_model_spread_over_processes_is_refused() -> None:
    from torch import distributed
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Shard, distribute_tensor

    model = model_of("GPT2LMHeadModel")
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        mesh = init_device_mesh("cpu", (1,))
        part = model.transformer.h[0].mlp.c_fc
        part.weight = nn.Parameter(distribute_tensor(part.weight.data, mesh, [Shard(0)]))
        assert "h.0.mlp.c_fc.weight is spread over several processes" in refused(model, fast_tokenizer())
    finally:
        distributed.destroy_process_group()


def test_settings_and_heads_that_are_not_computed_are_named() -> None:
    scaled = model_of(
        "LlamaForCausalLM", rope_parameters={"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}
    )
    assert "LlamaForCausalLM: model.config: rope_parameters" in refused(scaled, fast_tokenizer())
    choice = transformers.BertForMultipleChoice(transformers.BertConfig(vocab_size=V, **_BERT))
    assert "BertForMultipleChoice" in refused(choice, fast_tokenizer())
    bare = transformers.LlamaModel(transformers.LlamaConfig(vocab_size=V, **_LLAMA))
    assert "ends before its vocabulary; take the class" in refused(bare, fast_tokenizer())


def test_a_pass_with_hooks_is_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A norm that squares in float16 is wrong only where its steps are recorded."""
    model = model_of("LlamaForCausalLM").half()
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(3e4)
    lm = core.wrap(model, fast_tokenizer(), dtype=torch.float16)
    wanted = model(torch.tensor([lm.encode(SENTENCE)])).logits[0].float()
    torch.testing.assert_close(lm.trace(SENTENCE).logits.float(), wanted, rtol=0.03, atol=0.03)

    def divide(part: Normalise, x: torch.Tensor) -> torch.Tensor:
        return part.hook_normalized(x / (x.pow(2).mean(-1, keepdim=True) + part.eps).sqrt())

    monkeypatch.setattr(Normalise, "_divide", divide)
    with pytest.raises(core.CheckpointError, match="differ by up to"):
        core.wrap(model, fast_tokenizer(), dtype=torch.float16)


def test_a_model_that_does_not_compute_what_its_config_says_is_refused_with_the_difference() -> None:
    model = model_of("GPT2LMHeadModel")
    model.transformer.h[1].mlp.act = nn.ReLU()  # the config says gelu_new
    said = refused(model, fast_tokenizer())
    assert "differ by up to" in said and wrapping.TEXT in said
    told = float(said.partition("differ by up to ")[2].partition(",")[0])
    right = model_of("GPT2LMHeadModel")
    lm = core.wrap(right, fast_tokenizer())
    ids = torch.tensor([lm.encode(wrapping.TEXT)])
    with torch.no_grad():
        wanted = float((model.eval()(ids).logits - right(ids).logits).abs().max())
    assert told == pytest.approx(wanted, rel=1e-2)


@pytest.mark.full(reason="takes 2 s")
def test_core_wraps_without_importing_transformers() -> None:
    code = (
        "import sys, json, torch, tokenizers, core\n"
        "from core.checkpoints import wrapping\n"
        "print(json.dumps(sorted(m for m in sys.modules if m.split('.')[0] in ('transformers', 'streamlit'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
