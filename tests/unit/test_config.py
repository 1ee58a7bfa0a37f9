"""ModelConfig: what it fills in, what it refuses, and that it survives JSON."""

import json
from typing import get_type_hints

import pytest

from core.config import PRESETS, ModelConfig, preset
from core.plain import hints_of

SMALL = {"n_layers": 2, "d_model": 16, "n_heads": 4, "d_vocab": 11, "n_ctx": 8}


def test_sizes_left_out_follow_from_the_others():
    config = ModelConfig(**SMALL)
    assert (config.d_mlp, config.d_head, config.n_kv_heads, config.causal) == (64, 4, 4, True)
    assert ModelConfig(**SMALL, shape="encoder").causal is False
    assert ModelConfig(**SMALL, shape="encoder-decoder").decoder_layers == 2


def test_a_head_may_be_wider_than_its_share():
    assert ModelConfig(**{**SMALL, "n_heads": 3, "n_kv_heads": 1}, d_head=8).head_size == 8


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_heads": 3}, ["d_model=16", "n_heads=3"]),
        ({"n_kv_heads": 3}, ["n_heads=4", "n_kv_heads=3"]),
        ({"d_head": 3, "position": "rotary"}, ["d_head=3", "odd"]),
        ({"act": "swish"}, ["swish", "gelu"]),
        ({"position": "nowhere"}, ["nowhere", "rotary"]),
        ({"norm": "batch"}, ["batch", "layer"]),
        ({"dropout": 1.0}, ["dropout=1.0"]),
        ({"norm_eps": float("nan")}, ["norm_eps"]),
        ({"norm_eps": 1e38}, ["norm_eps=1e+38", "between 0 and 1"]),
        ({"d_vocab": 0}, ["d_vocab=0"]),
        ({"n_ctx": True}, ["n_ctx=True"]),
        ({"bos_id": 11}, ["bos_id=11", "11"]),
        ({"n_decoder_layers": 2}, ["n_decoder_layers=2", "decoder"]),
    ],
)
def test_values_that_do_not_fit_are_named(change, words):
    with pytest.raises(ValueError) as caught:
        ModelConfig(**{**SMALL, **change})
    assert all(word in str(caught.value) for word in words)


def test_json_and_back():
    config = ModelConfig(**SMALL, position="rotary", eos_ids=(1, 2))
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_unknown_and_missing_names_are_named():
    with pytest.raises(ValueError, match="n_haeds"):
        ModelConfig.from_dict({**SMALL, "n_haeds": 1})
    with pytest.raises(ValueError, match="n_layers"):
        ModelConfig.from_dict({name: value for name, value in SMALL.items() if name != "n_layers"})


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_is_a_model(name):
    assert (
        preset(name, d_vocab=300).head_size * preset(name, d_vocab=300).n_heads
        == preset(name, d_vocab=300).d_model
    )


def test_an_unknown_preset_lists_the_known():
    with pytest.raises(ValueError, match="gpt-nano"):
        preset("gpt-huge")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"relative_buckets": 3}, "relative_buckets=3 must be at least 4"),
        ({"relative_buckets": 1, "shape": "decoder"}, "relative_buckets=1 must be at least 2"),
        ({"relative_max_distance": 8}, "relative_max_distance=8 must differ from 8"),
        ({"relative_max_distance": 16}, "relative_max_distance=16 must differ from 16"),
        ({"relative_max_distance": 0}, "relative_max_distance=0 must be at least 1"),
    ],
)
def test_buckets_whose_logarithms_cannot_be_taken_are_refused(changes, words):
    values = {"shape": "encoder-decoder", "n_layers": 1, "d_model": 8, "n_heads": 2, "d_vocab": 9, "n_ctx": 8}
    assert ModelConfig(**values, position="relative").relative_buckets == 32
    with pytest.raises(ValueError, match=words):
        ModelConfig(**{**values, "position": "relative", **changes})


def test_annotations_are_resolved_once_for_a_class():
    assert hints_of(ModelConfig) is hints_of(ModelConfig)
    assert hints_of(ModelConfig) == get_type_hints(ModelConfig)
