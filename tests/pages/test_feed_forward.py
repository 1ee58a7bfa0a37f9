"""The Feed-forward page as a script: a token's neurons on every shape of model, switches, curves, samples, notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import core
from app import models
from core.analysis.neurons import top_texts
from core.analysis.neurons.feed_forward import token_steps
from core.model.feed_forward import ACTIVATIONS
from core.runs import Run
from pages.feed_forward.ablation import COUNTS, counts, group, nearest, read_silent, source
from tests.pages.conftest import OpenPage, Runs, notebook, random_model, run_notebook

TEXT = "The cook baked a"
SHAPES: dict[str, dict[str, Any]] = {
    "bundled": {"text": TEXT, "block": 3},
    "other": {"model": "./other", "text": "The cat saw the dog", "block": 2},
    "both": {"model": "./both", "text": "The cat saw the dog", "block": 0, "follow": 2},
    "pair encoder": {"model": "./pair", "text": "The cat", "target": "A dog", "stack": "encoder", "block": 1},
    "pair decoder": {"model": "./pair", "text": "The cat", "target": "A dog", "stack": "decoder", "block": 0},
    "gated": {"model": "./gated", "text": "The fox and the crow", "block": 1},
    "bert": {"model": "./bert", "text": "The fox and the crow", "block": 1},
    "one neuron": {"model": "./bare", "text": "The fox", "block": 0},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models_root: Path) -> Path:
    """The models of every page test, and three that only this page tells apart."""
    root = tmp_path_factory.mktemp("neurons")
    for name in ("other", "both", "pair"):
        (root / name).symlink_to(models_root / name, target_is_directory=True)
    gated: dict[str, Any] = {"act": "silu", "gated": True, "d_mlp": 40, "norm": "rms", "norm_bias": False}
    random_model(root / "gated", seed=5, position="rotary", **gated)
    bert: dict[str, Any] = {"shape": "encoder", "mask_id": 3, "norm_placement": "post", "mlm_head": True}
    random_model(root / "bert", seed=6, **bert)
    random_model(root / "bare", seed=7, n_layers=1, d_mlp=1, residual=False, norm="none", act="relu")
    return root


@pytest.fixture
def configured(folder: Path, models_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are offered while the test runs."""
    monkeypatch.setenv("GLASSBOX_MODELS", f"{models_root}:{folder}")


def table(app: AppTest) -> dict[str, list[Any]]:
    """The picture's table."""
    found: dict[str, list[Any]] = app.session_state["gb"].memos["takeaway"]["table"]()
    return found


def lines(app: AppTest, kind: str) -> list[tuple[Any, ...]]:
    """Its lines of one kind, without that word."""
    return [line[1:] for line in zip(*table(app).values()) if line[0].startswith(kind)]


def silent_ones(app: AppTest) -> list[int]:
    """The neurons that the table says are off."""
    return [int(line[0].rpartition("N")[2]) for line in lines(app, "neuron") if line[-1] == "off"]


def model_of(link: dict[str, Any]) -> core.LanguageModel:
    """The model that a link opens."""
    return core.load(models.resolve(link.get("model", "tales-gpt")).target)


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.usefixtures("configured")
def test_every_neuron_is_the_models_own(name: str, open_page: OpenPage) -> None:
    """Against the hooks of a pass made here."""
    link = SHAPES[name]
    app = open_page("feed_forward", **link)
    assert not app.exception and not app.error and not app.info
    lm, stack = model_of(link), link.get("stack", "")
    trace = lm.trace(link["text"], link.get("target"))
    place = f"{stack}.blocks.{link['block']}.mlp" if stack else f"blocks.{link['block']}.mlp"
    pre, post = (trace[f"{place}.{hook}"].detach() for hook in ("hook_pre", "hook_post"))
    row = link.get("follow", run_notebook(app)["ROW"])
    shown = lines(app, "neuron")
    assert len(shown) == pre.shape[1]
    np.testing.assert_allclose([line[1] for line in shown], pre[row], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose([line[2] for line in shown], post[row], rtol=1e-4, atol=1e-5)
    mlp = lm.transformer.get_submodule(place)
    squares = (post[row] ** 2 * mlp.W_out.detach().square().sum(1)).double()
    np.testing.assert_allclose(
        [line[3] for line in shown], squares / (squares.sum() or 1), rtol=1e-3, atol=1e-6
    )
    firing = [line[3] for line in lines(app, "token")]
    np.testing.assert_allclose(firing, (pre > 0).double().mean(1), atol=1e-6)


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=2)
@pytest.mark.parametrize("name", [name for name in SHAPES if name != "one neuron"])
@pytest.mark.parametrize("silence", ["none", "strongest", "others", "all"])
@pytest.mark.usefixtures("configured")
def test_switched_off_neurons_change_the_prediction_as_a_hook_does(
    name: str, silence: str, open_page: OpenPage
) -> None:
    link = SHAPES[name]
    mark = "e" if link.get("stack") == "encoder" else ""
    hand = f"{mark}{link['block']}.3 {mark}{link['block']}.7"
    app = open_page("feed_forward", **link, silence=silence, loudest=5, silent=hand)
    assert not app.exception
    lm = model_of(link)
    steps = run_notebook(app)["as_is"]
    off = set(silent_ones(app))
    assert {3, 7} <= off
    extra = {"none": 0, "strongest": 5, "others": len(steps.post) - 5, "all": len(steps.post)}[silence]
    assert extra <= len(off) <= extra + 2
    stack = link.get("stack", "")
    hook = f"{stack}.blocks.{link['block']}.mlp.hook_post".removeprefix(".")

    def silenced(post: torch.Tensor) -> torch.Tensor:
        keep = torch.ones(post.shape[-1])
        keep[sorted(off)] = 0
        return post * keep

    with core.intervene(core.Intervention((hook,), silenced, "off")):
        logits = lm.trace(link["text"], link.get("target")).logits.detach()
    row = -1 if stack == "encoder" else steps.row
    after = logits[row].softmax(-1).double().numpy()
    shown = [line[2] for line in lines(app, "next token")]
    best = sorted(after, reverse=True)[:2]
    assert all(min(abs(value - one) for one in after) < 1e-5 for value in shown)
    assert min(abs(best[0] - value) for value in shown) < 1e-5, "what is then likeliest is shown"


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=2)
@pytest.mark.parametrize("block", [0, 1])
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.usefixtures("configured")
def test_the_answer_is_what_the_notebook_computes(name: str, block: int, open_page: OpenPage) -> None:
    app = open_page("feed_forward", **{**SHAPES[name], "block": block})
    app.session_state["predict.choice"] = 1
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    ran = run_notebook(app)
    if "PLACE" not in ran:
        assert "no other" in app.session_state["gb"].memos["predict"]["options"][answer.index]
        return
    found, steps = ran["found"], ran["steps"]
    assert answer.numbers == pytest.approx(
        {"before": found.before, "after": found.after, "neurons": found.neurons}, rel=1e-3, abs=1e-6
    )
    later = ran["PLACE"] > steps.row and ran["lm"].config.shape == "decoder"
    assert answer.index == (2 if later else 0 if steps.layer == 0 else 1)
    assert (found.before == 0) == (steps.layer == 0 or later)


def test_a_notebook_with_a_switch_by_hand_needs_the_same_neuron(open_page: OpenPage) -> None:
    app = open_page("feed_forward", text=TEXT, silent="3.330 2.5")
    assert silent_ones(app) == [330], "block 2 is not shown"
    book = notebook(app)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert any("OFF = [330]" in cell.source for cell in code)
    assert run_notebook(app)["steps"].post[330] == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3.1 3.511 3.512", (1, 511)), ("3.1 3.1", (1,)), ("e3.1 2.1", ()), ("3. x <i> 3.-1 3.1.1", ()),
        ("3.99999999", ()), ("", ()),
    ],
)  # fmt: skip
def test_what_a_link_says_is_off(text: str, found: tuple[int, ...], open_page: OpenPage) -> None:
    assert read_silent(text, "", 3, 512) == found
    app = open_page("feed_forward", text=TEXT, silent=text)
    assert not app.exception
    assert tuple(silent_ones(app)) == found
    run_notebook(app)


def test_groups_are_made_of_the_tokens_own_neurons() -> None:
    as_is = token_steps(core.load("tales-gpt"), TEXT, 3)
    order = as_is.strongest(512)
    assert group(as_is, "none", 5) == ()
    assert group(as_is, "strongest", 5) == tuple(sorted(order[:5]))
    assert group(as_is, "others", 5) == tuple(sorted(order[5:]))
    assert group(as_is, "all", 5) == tuple(range(512))
    for chosen in ("none", "strongest", "others", "all"):
        for by_hand in ((), (4, 9)):
            names: dict[str, Any] = {"as_is": as_is}
            exec(f"made = {source(by_hand, chosen, 5)}", names)  # type: ignore[arg-type]
            assert set(names["made"]) == {*by_hand, *group(as_is, chosen, 5)}  # type: ignore[arg-type]
    assert counts(512)[-1] == 500 and counts(1) == [1] and counts(100_000)[-1] == COUNTS[-1]
    assert [nearest(n, 512) for n in (1, 4, 7, 99_999)] == [1, 3, 5, 500]


def test_the_texts_of_the_finished_model_are_its_own_only(open_page: OpenPage) -> None:
    app = open_page("feed_forward", text=TEXT, neuron=330)
    windows = top_texts.bundled(core.load("tales-gpt"))
    assert windows is not None and f"{windows.windows(3, 330)[0].fired[8]:.6g}" in str(notebook(app))
    early = open_page("feed_forward", text=TEXT, neuron=330, snapshot=500)
    assert not early.exception
    assert "top_texts" not in str(notebook(early))
    run_notebook(early)


@pytest.mark.parametrize("corpus", ["own", "fables"])
@pytest.mark.usefixtures("configured")
def test_a_sample_is_read_when_it_is_asked_for(
    corpus: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages.feed_forward import neuron

    monkeypatch.setattr(neuron, "TEXTS", 3)
    link = SHAPES["other"] | {"text": f"A text for {corpus}"}
    app = open_page("feed_forward", **link, corpus=corpus)
    app.button(key="feed_forward.read").click().run()
    assert not app.exception
    assert app.button(key="feed_forward.read").disabled, "it is there now"
    run_notebook(app)
    lm = model_of(link)
    ids = lm.encode(link["text"])
    found = neuron.read_sample(lm, corpus, ids)
    assert found.texts == (1 if corpus == "own" else 3)
    texts = [ids] if corpus == "own" else list(top_texts.sample_texts(lm, corpus, 3))
    assert found.firing.tokens == sum(map(len, texts))
    best = max(float(lm.trace(text)["blocks.2.mlp.hook_post"][:, 5].max()) for text in texts)
    windows = found.top.windows(2, 5)
    assert (windows[0].fired[windows[0].peak] if windows else 0) == pytest.approx(max(0, best), rel=2e-3)


def test_a_large_model_reads_fewer_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.feed_forward import neuron

    lm = core.load("tales-gpt")
    all_of_them = neuron.texts_of(lm, "fables", ())
    monkeypatch.setattr(neuron, "WORK", 500 * lm.n_parameters)
    few = neuron.texts_of(lm, "fables", ())
    assert 1 <= len(few) < len(all_of_them) <= neuron.TEXTS
    assert sum(map(len, few[1:])) <= 500


@pytest.mark.usefixtures("configured")
def test_a_decoder_has_no_sample_and_says_so(open_page: OpenPage) -> None:
    app = open_page("feed_forward", **SHAPES["pair decoder"])
    assert "feed_forward.read" not in [button.key for button in app.button]
    assert "feed_forward.read" in [b.key for b in open_page("feed_forward", **SHAPES["pair encoder"]).button]


def test_a_run_trained_here_is_opened(runs: Runs, open_page: OpenPage) -> None:
    run: Run = runs.ready()
    app = open_page("feed_forward", model=f"run:{run.id}", text="the cat", corpus="tales")
    assert not app.exception and not app.info
    assert "top_texts" not in str(notebook(app))


@pytest.mark.parametrize("bend", ["model", "relu", "gelu", "gelu_tanh", "silu", "relu_squared"])
@pytest.mark.usefixtures("configured")
def test_a_second_curve_may_lie_beside_any(bend: str, open_page: OpenPage) -> None:
    for name in ("bundled", "gated"):
        assert not open_page("feed_forward", **SHAPES[name], bend=bend).exception


@pytest.mark.parametrize(
    "link", [{"neuron": 511}, {"neuron": 0, "follow": 0}, {"loudest": 99_999, "silence": "others"}]
)
def test_the_ends_of_the_dials_work(link: dict[str, Any], open_page: OpenPage) -> None:
    app = open_page("feed_forward", text=TEXT, **link)
    assert not app.exception and not app.info
    run_notebook(app)


def test_a_neuron_that_the_model_lacks_is_named(open_page: OpenPage) -> None:
    app = open_page("feed_forward", text=TEXT, neuron=512)
    assert not app.exception
    app.run()
    assert "the strongest one is used" in app.info[0].value.replace("\\", "")


def test_one_token_is_enough(open_page: OpenPage) -> None:
    app = open_page("feed_forward", text="a", silence="strongest")
    assert not app.exception
    run_notebook(app)


def test_what_the_layer_gives_is_its_formula() -> None:
    """The claim: a token's output hangs on its own numbers alone."""
    lm = core.load("tales-gpt")
    for text in (TEXT, "It was raining, and Lily had"):
        steps = token_steps(lm, text, 2)
        alone = (
            ACTIVATIONS[steps.act](torch.tensor(steps.read) @ torch.tensor(steps.W_in)).numpy() @ steps.W_out
        )
        np.testing.assert_allclose(alone, steps.out, rtol=1e-3, atol=1e-3)
