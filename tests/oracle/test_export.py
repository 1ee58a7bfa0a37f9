"""Models trained here, exported in Hugging Face's layout: `transformers` opens them and gets the same logits."""

import json

import pytest
import torch
import transformers

import core
from core.checkpoints import load_folder
from core.checkpoints.export import hugging_face, ours
from core.model.initial import initialise
from core.training import Trainer, TrainSpec

GPT2 = {"model": "gpt2-nano", "optimizer": "adamw", "learning_rate": 1e-3}
LLAMA = {
    "position": "rotary",
    "norm": "rms",
    "norm_eps": 1e-6,
    "norm_bias": False,
    "gated": True,
    "act": "silu",
    "qkv_bias": False,
    "out_bias": False,
    "mlp_bias": False,
    "n_layers": 2,
}
SHAPES = {
    "a GPT-2": GPT2,
    "a GPT-2, untied, ReLU, 2 blocks, other widths": {
        **GPT2,
        "changes": {"tied_embeddings": False, "act": "relu", "n_layers": 2, "d_mlp": 80, "norm_eps": 1e-3},
    },
    "a GPT-2 with unscaled scores and dropout": {**GPT2, "changes": {"scale_scores": False, "dropout": 0.1}},
    "a Llama": {**GPT2, "changes": LLAMA},
    "a Llama, untied, grouped, other heads, biases": {
        **GPT2,
        "changes": {
            **LLAMA,
            "tied_embeddings": False,
            "n_heads": 4,
            "n_kv_heads": 2,
            "d_head": 10,
            "rope_theta": 500.0,
            "qkv_bias": True,
            "out_bias": True,
            "mlp_bias": True,
        },
    },
}


def trained(**spec):
    """A model after two steps, its weights then spread so that no value left at its default hides a mistake."""
    trainer = Trainer(
        TrainSpec(
            **{
                "corpus": "fables",
                "steps": 2,
                "batch_tokens": 256,
                "vocab_size": 300,
                "device": "cpu",
                **spec,
            }
        )
    )
    *_, point = trainer.run()
    initialise(trainer.model, trainer.config, seed=1, spread=0.25)
    return point.model


def write(files, folder):
    for name, body in files.items():
        (folder / name).write_bytes(body)


@pytest.mark.parametrize("name", SHAPES)
def test_transformers_opens_it_and_gets_the_same_logits(name, tmp_path):
    lm = trained(**SHAPES[name])
    write(hugging_face(lm), tmp_path)
    theirs, told = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, dtype=torch.float64, output_loading_info=True
    )
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    assert not told["mismatched_keys"]
    text = "The fox looked up at the grapes."
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    ids = lm.encode(text)
    assert tokenizer(text)["input_ids"] == ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == text
    with torch.no_grad():
        expected = theirs.eval()(torch.tensor([ids])).logits[0]
    got = lm.transformer.double()(torch.tensor([ids]))[0]
    assert torch.allclose(got, expected, rtol=0, atol=2e-6 * expected.abs().max())
    assert theirs.generation_config.eos_token_id == lm.config.eos_ids[0]


@pytest.mark.parametrize("name", ["a GPT-2", "a Llama"])
def test_glassbox_reads_back_what_it_wrote(name, tmp_path):
    lm = trained(**SHAPES[name])
    write(hugging_face(lm), tmp_path)
    again = load_folder(tmp_path)
    assert again.config == lm.config
    wrote, read = lm.transformer.state_dict(), again.model.state_dict()
    assert list(read) == list(wrote) and all(torch.equal(read[key], wrote[key]) for key in wrote)
    ids = torch.tensor([lm.encode("The fox")])
    # A processor's matrix product may round by where in memory its numbers lie.
    torch.testing.assert_close(again.model(ids), lm.transformer(ids), rtol=1e-5, atol=1e-5)


def test_the_recipe_has_no_such_layout_and_the_message_says_what_does_not_fit(tmp_path):
    lm = trained(model="gpt-nano")
    with pytest.raises(ValueError, match=r"GPT-2's would need .*position='learned' \(not 'rotary'\)") as said:
        hugging_face(lm)
    for words in ("Llama's would need", "embed_norm=False (not True)", "gated=True (not False)", "qk_norm"):
        assert words in str(said.value)
    write(ours(lm), tmp_path)
    again = core.load(tmp_path)
    assert torch.equal(again.trace("The fox").logits, lm.trace("The fox").logits)
    assert json.loads((tmp_path / "config.json").read_text())["format"] == "glassbox"


@pytest.mark.parametrize("change", [{"residual": False}, {"causal": False}, {"norm_placement": "post"}])
def test_a_broken_shape_is_not_passed_off_as_a_gpt2(change):
    lm = trained(**{**GPT2, "changes": change})
    with pytest.raises(ValueError, match=next(iter(change))):
        hugging_face(lm)


def test_an_encoder_has_no_such_layout():
    with pytest.raises(ValueError, match="shape='decoder'"):
        hugging_face(trained(objective="masked"))


def test_weights_that_are_no_numbers_are_not_exported():
    lm = trained(**GPT2)
    with torch.no_grad():
        lm.transformer.embed.W_E[3, 3] = torch.nan
    with pytest.raises(ValueError, match=r"embed\.W_E"):
        hugging_face(lm)
