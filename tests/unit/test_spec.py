"""TrainSpec: what it refuses and how it says so, and that a spec survives JSON and links."""

import json

import pytest

from core.data import corpora
from core.training import TrainSpec

HASH = corpora.fingerprint("some text")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"model": "gpt-huge"}, "no preset is called 'gpt-huge'; there are .*gpt-nano"),
        ({"corpus": "novels"}, "no corpus is called 'novels': choose one of tales"),
        ({"practice": "novels"}, "no corpus is called 'novels'"),
        ({"practice": "own"}, "practice='own': choose one of"),
        ({"corpus": "own"}, "needs text=fingerprint"),
        ({"corpus": "own", "text": "the text itself"}, "64 hexadecimal digits"),
        ({"text": HASH}, 'text belongs to corpus="own"'),
        ({"tokenizer": "syllables"}, "tokenizer='syllables' is not one of bpe, characters"),
        ({"optimizer": "lion"}, "optimizer='lion' is not one of muon, adamw"),
        ({"steps": 0}, "steps=0 must be between 1 and"),
        ({"steps": 2.5}, "steps=2.5 must be a whole number"),
        ({"steps": True}, "steps=True must be a whole number"),
        ({"seed": -1}, "seed=-1"),
        ({"compile": 1}, "compile=1 must be true or false"),
        ({"precision": "float16"}, "precision='float16' is not one of auto, float32, bfloat16"),
        ({"prompt": 3}, "prompt=3 must be a text"),
        ({"learning_rate": -0.1}, "learning_rate=-0.1 must be at least 0"),
        ({"learning_rate": float("nan")}, "learning_rate=nan must be a finite number"),
        ({"learning_rate": "0.1"}, "learning_rate='0.1' must be a number"),
        ({"vocab_size": 100}, "vocab_size=100 must be at least 260"),
        ({"vocab_size": 259, "tokenizer": "unigram"}, "vocab_size=259 must be at least 260"),
        ({"vocab_size": 7, "tokenizer": "words"}, "vocab_size=7 must be between 8 and"),
        ({"context": 4096}, "context=4096 must lie between 2 and batch_tokens=2048"),
        ({"stages": ((0.5, 16), (0.3, 32))}, "shares must rise"),
        ({"stages": ((1.0, 16),)}, "shares must rise"),
        ({"stages": ((0.5, 1),)}, "context=1 must lie between 2"),
        ({"stages": ((0.5,),)}, "pairs of a share and a context"),
        ({"stages": 7}, "pairs of a share and a context"),
        (
            {"changes": {"n_heads": 5}},
            "d_model=48 does not divide into n_heads=5: the width must be a multiple of the number of heads",
        ),
        ({"changes": {"heads": 5}}, "no setting of a model is called 'heads'"),
        ({"changes": {"d_vocab": 5}}, "no setting of a model is called 'd_vocab'"),
        ({"changes": {"n_layers": "two"}}, "n_layers='two' must be a whole number"),
        ({"changes": {"act": [1]}}, "act=\\[1\\] must be a plain value"),
        ({"changes": 3}, "changes must be names with values"),
        ({"changes": {"shape": "encoder"}}, "objective='next_token' trains a decoder.*objective='masked'"),
        ({"model": "bert-nano"}, "choose objective='masked', or shape='decoder'"),
        ({"model": "t5-nano", "objective": "masked"}, "choose objective='span_corruption'"),
        ({"warmup": 200}, "warmup=200 must be shorter than steps=200"),
        ({"patience": 3}, "give eval_every, too"),
        ({"momentum": 1.0}, "would never forget"),
        ({"beta2": 1.5}, "beta2=1.5 must be between 0 and 1"),
        ({"checkpoints": 1}, "checkpoints=1"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(wrong, words):
    with pytest.raises(ValueError, match=words):
        TrainSpec(**wrong)


FULL = TrainSpec(
    model="gpt2-nano",
    changes={"residual": False, "n_layers": 2, "dropout": 0.1},
    corpus="own",
    text=HASH,
    tokenizer="characters",
    stages=[[0.25, 8], (0.5, 16)],
    context=32,
    optimizer="adamw",
    learning_rate=1,
    parent="abc@12",
    eval_every=5,
    patience=2,
)


@pytest.mark.parametrize("spec", [TrainSpec(), FULL])
def test_a_spec_survives_json(spec):
    values = json.loads(json.dumps(spec.to_dict()))
    assert TrainSpec.from_dict(values) == spec
    assert TrainSpec.from_json(spec.to_json()) == spec
    assert TrainSpec.from_json(spec.to_json(defaults=False)) == spec
    assert hash(TrainSpec.from_dict(values)) == hash(spec)


def test_a_link_carries_only_what_differs():
    assert TrainSpec(steps=300).to_dict(defaults=False) == {"version": 2, "steps": 300}
    assert FULL.to_dict()["changes"] == {"dropout": 0.1, "n_layers": 2, "residual": False}
    assert FULL.to_dict(defaults=False)["stages"] == [[0.25, 8], [0.5, 16]]
    assert "momentum" not in FULL.to_dict(defaults=False)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"version": 3}, "version 3; this Glassbox reads version 2"),
        ({"steps": 3}, "version None"),
        ({"version": 2, "stepz": 3}, "unknown in a training spec: stepz"),
        ({"version": 1, "steps": "3"}, "steps='3' must be a whole number"),
        ([1, 2], "a training spec is a JSON object, not list"),
    ],
)
def test_a_foreign_spec_is_refused(values, words):
    with pytest.raises(ValueError, match=words):
        TrainSpec.from_dict(values)
    with pytest.raises(ValueError, match=words):
        TrainSpec.from_json(json.dumps(values))


@pytest.mark.parametrize(
    ("bf16", "precision"), [({"bf16": True}, "bfloat16"), ({"bf16": False}, "float32"), ({}, "float32")]
)
def test_a_spec_of_the_first_version_keeps_its_precision(bf16, precision):
    spec = TrainSpec.from_dict({"version": 1, "steps": 300, **bf16})
    assert (spec.steps, spec.precision) == (300, precision)
    assert TrainSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"version": 2, "learning_rate": NaN}'])
def test_what_is_no_json_is_a_message(text):
    with pytest.raises(ValueError, match=r"not readable|finite"):
        TrainSpec.from_json(text)


def test_order_and_kind_of_changes_do_not_matter():
    pairs = (("n_layers", 2), ("d_model", 24))
    assert TrainSpec(changes=dict(pairs)) == TrainSpec(changes=pairs) == TrainSpec(changes=pairs[::-1])


def test_the_objective_gives_the_shape():
    for objective, shape in (
        ("next_token", "decoder"),
        ("masked", "encoder"),
        ("span_corruption", "encoder-decoder"),
    ):
        assert TrainSpec(objective=objective).config(300).shape == shape
    assert TrainSpec(model="bert-nano", objective="masked").config(300).norm_placement == "post"
    assert TrainSpec(changes={"causal": False}).config(300).causal is False


def test_stages_are_by_step():
    spec = TrainSpec(steps=10, stages=((0.3, 16), (0.55, 32)))
    assert [spec.stage(step) for step in (1, 3, 4, 6, 7, 10)] == [
        (0, 16),
        (0, 16),
        (3, 32),
        (3, 32),
        (6, None),
        (6, None),
    ]


def test_growth_names_the_steps_at_which_rows_become_longer():
    spec = TrainSpec(steps=100, context=64, stages=((0.3, 16), (0.55, 32)))
    assert spec.growth() == ((30, 32), (55, None))
    for step, then in spec.growth():
        assert spec.stage(step)[1] != then
        assert spec.stage(step + 1) == (step, then)
    assert TrainSpec().growth() == ()
