"""Neurons over a sample of text: how often they fire, which are dead or always on, and where each fires most."""

from __future__ import annotations

import itertools
import platform
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import core
from core.analysis.neurons import firing as firing_module
from core.analysis.neurons import top_texts
from core.analysis.neurons.firing import firing, passes
from core.analysis.neurons.top_texts import (
    ALIKE,
    BEFORE,
    KEPT,
    NONE,
    WIDTH,
    BadTable,
    bundled,
    find_top,
    fingerprint,
    load,
    sample_texts,
)
from core.hooks import recording
from core.language_model import LanguageModel
from scripts import top_texts as script
from tests.blocks import made, model

TEXTS = [
    [5, 9, 20, 31, 7],
    list(range(3, 40)),
    [250, 11],
    [4],
    [],
    list(range(40, 3, -2)) * 2,
    [17, 18, 19] * 7,
    list(range(100, 190)),
]
READ = ["gpt", "gated silu", "bert", "t5", "as tales-gpt", "sinusoidal encoder"]


def one_by_one(lm: LanguageModel) -> list[tuple[int, list[int], np.ndarray, np.ndarray]]:
    """(number, ids, pre, post (L, T, F)) of each text in a pass of its own."""
    stack = lm.transformer.encoder if lm.config.shape == "encoder-decoder" else lm.transformer
    prefix = "encoder." if lm.config.shape == "encoder-decoder" else ""
    found = []
    for number, text in enumerate(TEXTS):
        ids = text[: lm.config.n_ctx]
        if not ids:
            continue
        with torch.no_grad(), recording() as seen:
            stack(torch.tensor([ids]))
        pre, post = (
            np.stack([seen[f"{prefix}blocks.{layer}.mlp.{hook}"][0].numpy() for layer in range(2)])
            for hook in ("hook_pre", "hook_post")
        )
        found.append((number, ids, pre, post))
    return found


@pytest.mark.parametrize("room", [1, 2**24, 80 * 60])
@pytest.mark.parametrize("name", READ)
def test_firing_is_counted_over_every_token_and_none_of_the_padding(
    name: str, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing_module, "AT_ONCE", room)
    lm = model(name)
    counted: list[int] = []
    found = firing(lm, TEXTS, progress=counted.append)
    slow = one_by_one(lm)
    pre, post = (np.concatenate([each[at] for each in slow], axis=1) for at in (2, 3))
    assert found.tokens == pre.shape[1] == counted[-1]
    assert counted == sorted(counted)
    np.testing.assert_allclose(found.share, (pre > 0).mean(1))
    np.testing.assert_allclose(found.mean, post.mean(1), atol=1e-9)
    np.testing.assert_allclose(found.most, post.max(1), rtol=1e-6)
    assert found.unseen == 3 / found.tokens


def test_of_relu_and_its_square_firing_is_a_positive_output() -> None:
    for act in ("relu", "relu_squared"):
        lm = made(act=act)
        for batch in passes(lm, TEXTS):
            assert torch.equal(batch.pre > 0, batch.post > 0)


def test_dead_rare_and_always_on_neurons() -> None:
    lm = made(act="relu")
    mlp = lm.transformer.blocks[1].mlp
    with torch.no_grad():
        mlp.bias_in[:] = torch.tensor([-1e6, 1e6] * 20, dtype=torch.float64)
    found = firing(lm, TEXTS)
    assert found.dead[1].tolist() == [True, False] * 20
    assert found.always_on[1].tolist() == [False, True] * 20
    assert not found.rare[1].any()
    assert not found.dead[0].all()
    none, shares = np.zeros((1, 5)), np.array([[0.0, 0.0005, 0.001, 0.5, 0.95]])
    some = firing_module.Firing(shares, none, none, tokens=2000)
    assert some.dead.tolist() == [[True, False, False, False, False]]
    assert some.rare.tolist() == [[False, True, True, False, False]]
    assert some.always_on.tolist() == [[False, False, False, False, True]]
    assert some.spread(4).tolist() == [[3, 0, 1, 1]]
    assert found.spread().sum(1).tolist() == [40] * len(found.share)


def test_samples_without_a_token_and_stacks_that_read_nothing() -> None:
    lm = model("gpt")
    empty: list[list[list[int]]] = [[], [[]]]
    for texts in empty:
        with pytest.raises(ValueError, match="no tokens"):
            firing(lm, texts)
        with pytest.raises(ValueError, match="no tokens"):
            find_top(lm, texts)
    with pytest.raises(ValueError, match="reads no text by itself"):
        firing(model("t5"), TEXTS, stack="decoder")
    with pytest.raises(ValueError, match="no blocks"):
        firing(model("no blocks"), TEXTS)
    with pytest.raises(ValueError, match="without another stack"):
        firing(lm, TEXTS, stack="encoder")


@pytest.mark.parametrize("room", [1, 2**24, 80 * 60])
@pytest.mark.parametrize("name", READ)
def test_the_top_windows_are_those_of_a_slow_search(
    name: str, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing_module, "AT_ONCE", room)
    lm = model(name)
    found = find_top(lm, TEXTS, kept=3)
    slow = one_by_one(lm)
    for layer, neuron in itertools.product(range(2), range(0, 40, 3)):
        peaks = []
        for number, ids, _, post in slow:
            at = int(post[layer, :, neuron].argmax())
            ending = tuple(ids[max(0, at - ALIKE + 1) : at + 1])
            peaks.append((float(post[layer, at, neuron]), number, at, ending, ids, post[layer, :, neuron]))
        peaks.sort(key=lambda peak: -peak[0])
        wanted: list[Any] = []
        for peak in peaks:
            if peak[0] > 0 and peak[3] not in [other[3] for other in wanted]:
                wanted.append(peak)
        windows = found.windows(layer, neuron)
        assert [(w.text, w.position) for w in windows] == [(number, at) for _, number, at, *_ in wanted[:3]]
        for window, (value, _, at, _, ids, fired) in zip(windows, wanted):
            first = at - window.peak
            assert window.ids == tuple(ids[first : first + WIDTH])
            assert len(window.ids) == min(WIDTH, len(ids))
            assert window.peak <= BEFORE or first + WIDTH == len(ids)
            np.testing.assert_allclose(window.fired, fired[first : first + WIDTH], rtol=2e-3, atol=1e-4)
            assert max(window.fired) == window.fired[window.peak] == pytest.approx(value, rel=2e-3)


def test_two_windows_that_end_alike_are_kept_once() -> None:
    lm = model("gpt")
    once = find_top(lm, [[5, 6, 7, 8]])
    twice = find_top(lm, [[5, 6, 7, 8]] * 3)
    np.testing.assert_array_equal(once.peak, twice.peak)
    assert (twice.peak[:, :, 1:] == NONE).all()


def test_a_neuron_that_never_fires_has_no_windows() -> None:
    lm = made(act="relu")
    with torch.no_grad():
        lm.transformer.blocks[0].mlp.bias_in[7] = -1e6
    found = find_top(lm, TEXTS)
    assert found.windows(0, 7) == []
    assert found.windows(0, 6)
    for wrong in ((2, 0), (0, 40), (-1, 0)):
        with pytest.raises(IndexError):
            found.windows(*wrong)


def test_a_table_comes_back_from_its_file(tmp_path: Path) -> None:
    found = top_texts.TopTexts(
        **{name: getattr(find_top(model("gpt"), TEXTS), name) for name in top_texts._ARRAYS},
        about={"model": "gpt", "tokens": 12, "words": "ein Öl"},
    )
    path = tmp_path / "deep" / "gpt.safetensors"
    found.save(path)
    again = load(path)
    for name in top_texts._ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(again, name))
        assert getattr(found, name).dtype == getattr(again, name).dtype
    assert again.about == found.about
    assert again.windows(1, 3) == found.windows(1, 3)
    assert found.ids.dtype == np.int16
    assert find_top(LanguageModel(*wide()), [[40_000, 3]]).ids.dtype == np.int32


def wide() -> tuple[Any, Any]:
    lm = made(d_vocab=40_001)
    return lm.transformer, lm.tokenizer


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "x.safetensors"
    with pytest.raises(BadTable, match=r"x\.safetensors"):
        load(path)
    path.write_bytes(b"no safetensors at all")
    with pytest.raises(BadTable):
        load(path)
    table = find_top(model("gpt"), TEXTS)
    table.save(path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(BadTable):
        load(path)
    arrays = {name: getattr(table, name) for name in top_texts._ARRAYS}
    save_file(arrays, path)
    with pytest.raises(BadTable):
        load(path)
    save_file(arrays | {"text": arrays["text"][:1].copy()}, path, metadata={"about": "{}"})
    with pytest.raises(BadTable, match="do not fit"):
        load(path)


@pytest.mark.full(reason="takes 5 s")
def test_every_bundled_model_has_a_small_table_of_its_own_weights() -> None:
    for name in core.bundled():
        lm = core.load(name, device="cpu")
        found = bundled(lm)
        if (
            lm.config.shape == "encoder-decoder"
        ):  # which of its two stacks a table would be of, the page cannot tell
            assert found is None
            continue
        assert found is not None, f"python -m scripts.top_texts {name}"
        layers, neurons = lm.config.n_layers, lm.config.mlp_size
        assert found.ids.shape == (layers, neurons, KEPT, WIDTH)
        assert (top_texts.FOLDER / f"{name}.safetensors").stat().st_size < 1_000_000
        assert (found.peak[:, :, 0] >= 0).mean() > 0.95
        about = found.about
        if about["corpus"] == "functions" and about["python"] != platform.python_version():
            continue  # its texts are those of another Python's library
        texts = list(
            sample_texts(lm, about["corpus"], about["texts"], seed=about["seed"], split=about["split"])
        )
        assert sum(map(len, texts)) == about["tokens"]
        for layer, neuron in ((0, 3), (layers - 1, neurons - 1), (layers // 2, 77)):
            for window in found.windows(layer, neuron)[:2]:
                ids = texts[window.text]
                first = window.position - window.peak
                assert tuple(ids[first : first + WIDTH]) == window.ids
                with torch.no_grad():
                    post = lm.trace(ids)[f"blocks.{layer}.mlp.hook_post"][:, neuron]
                np.testing.assert_allclose(
                    post[first : first + WIDTH], window.fired, rtol=2e-3, atol=2e-3 * max(window.fired)
                )
                assert int(post.argmax()) == window.position


def test_other_weights_have_no_table() -> None:
    lm = core.load("tales-gpt", device="cpu")
    early = core.load("tales-gpt", device="cpu", snapshot=1_200)
    assert bundled(early) is None
    assert bundled(LanguageModel(lm.transformer, lm.tokenizer, "unknown")) is None
    assert bundled(LanguageModel(lm.transformer, lm.tokenizer, "../neurons/tales-gpt")) is None
    wide = core.load("tales-gpt", device="cpu", dtype=torch.float64)
    assert fingerprint(wide) == fingerprint(lm)


def test_the_script_makes_the_same_table_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = script.make("tales-gpt", 3), script.make("tales-gpt", 3)
    np.testing.assert_array_equal(first.ids, second.ids)
    np.testing.assert_array_equal(first.fired, second.fired)
    assert first.about["texts"] == 3
    monkeypatch.setattr("sys.argv", ["top_texts", "tales-gpt", "--texts", "2", "--out", str(tmp_path)])
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    script.main()
    assert load(tmp_path / "tales-gpt.safetensors").about["model"] == "tales-gpt"


def test_sampled_texts_are_read_as_the_model_reads() -> None:
    lm = core.load("tales-gpt", device="cpu")
    texts = list(sample_texts(lm, "fables", 3))
    assert len(texts) == 3
    assert all(0 < len(ids) <= lm.config.n_ctx for ids in texts)
    with pytest.raises(ValueError, match="no corpus"):
        next(sample_texts(lm, "songs", 1))
