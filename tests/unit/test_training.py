"""Training: the same curve from the same seed, a loss that falls on unseen text, and every kind of bad input."""

import math

import pytest
import torch

import core
from core.config import preset
from core.data import corpora
from core.data.pool import Given
from core.model.initial import initialise
from core.model.transformer import build
from core.training import Diverged, Point, State, Trainer, TrainSpec, next_token_loss

SHORT = {"model": "gpt-nano", "corpus": "fables", "batch_tokens": 256, "context": 32, "vocab_size": 300}
TINY = {"n_layers": 1, "d_model": 16, "n_heads": 2, "n_ctx": 32}


def own(text, **values):
    """A trainer for an own text."""
    checked = corpora.check_text(text)
    defaults = {**SHORT, "changes": TINY, "context": 16, "steps": 3}
    spec = {**defaults, "corpus": "own", "text": corpora.fingerprint(checked), **values}
    return Trainer(TrainSpec(**spec), checked)


def test_the_face_yields_a_point_a_step():
    points = list(core.train(core.TrainSpec(**SHORT, steps=3)))
    assert [point.step for point in points] == [1, 2, 3]
    assert points[0].loss == pytest.approx(math.log(300), abs=0.2)
    assert points[-1].held_out is not None
    assert points[0].held_out is None
    assert points[-1].learning_rate < points[0].learning_rate
    assert [point.tokens for point in points] == [256, 512, 768]
    assert 0 < points[0].seconds < points[1].seconds < points[2].seconds
    assert all(point.gradient_norm > 0 and point.update_norm > 0 for point in points)


def test_the_same_seed_gives_the_same_curve_and_leaves_the_global_state_alone():
    before = torch.get_rng_state()
    first, second, other = (
        [point.loss for point in core.train(core.TrainSpec(**SHORT, steps=4, seed=seed))]
        for seed in (3, 3, 4)
    )
    assert first == second != other
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.full(reason="takes a second")
def test_the_held_out_loss_falls():
    trainer = Trainer(core.TrainSpec(**SHORT, steps=60))
    start = trainer.held_out_loss()
    *_, last = trainer.run()
    assert last.held_out < start - 1.5
    assert trainer.best == last.held_out
    assert trainer.done
    assert trainer.ended == "all steps done"
    text = last.model.generate("The", max_new_tokens=5).text
    assert isinstance(text, str)
    assert text
    with pytest.raises(ValueError, match="this run is over: all steps done"):
        trainer.step()


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=1)
@pytest.mark.parametrize(
    ("objective", "model"),
    [
        ("masked", "gpt-nano"),
        ("masked", "bert-nano"),
        ("span_corruption", "gpt-nano"),
        ("span_corruption", "t5-nano"),
        ("next_token", "gpt2-nano"),
    ],
)
def test_every_objective_learns(objective, model):
    spec = TrainSpec(
        **{**SHORT, "model": model, "context": 48, "batch_tokens": 768, "tokenizer": "characters"},
        objective=objective,
        steps=30,
        optimizer="adamw",
        learning_rate=6e-3,
    )
    trainer = Trainer(spec)
    start = trainer.held_out_loss()
    assert start == pytest.approx(trainer.guessing, abs=0.3)
    *_, last = trainer.run()
    # How often each character stands in the text is learned first of all: some 3.0 nats beside ln 73 = 4.3.
    assert last.held_out < 3.2


def test_a_point_is_left_without_anything_active():
    run = core.train(core.TrainSpec(**SHORT, steps=3))
    with core.recording() as seen:
        next(run)
    model = next(run).model
    seen.clear()
    model.transformer(torch.zeros(1, 4, dtype=torch.long))
    assert not seen


def test_the_loss_is_torchs_cross_entropy_of_the_shifted_tokens():
    config = preset("gpt2-nano", d_vocab=50)
    model = build(config)
    initialise(model, config, spread=0.2)
    rows = torch.randint(50, (3, 9), generator=torch.Generator().manual_seed(0))
    logits = model(rows[:, :-1])
    expected = [-logits[b, t].log_softmax(0)[rows[b, t + 1]] for b in range(3) for t in range(8)]
    assert torch.allclose(next_token_loss(model, rows), torch.stack(expected).mean(), atol=1e-5)


@pytest.mark.parametrize("optimizer", ["muon", "adamw", "adam", "momentum", "sgd"])
def test_a_rate_that_is_too_high_ends_the_run_at_its_step(optimizer):
    spec = TrainSpec(**SHORT, optimizer=optimizer, learning_rate=1e9, embed_rate=1e9, head_rate=1e9)
    trainer = Trainer(spec)
    points: list[Point] = []
    with pytest.raises(Diverged, match=r"diverged at step \d+: .*try a lower learning rate") as said:
        points.extend(trainer.run())
    assert said.value.step < 20
    assert trainer.done_steps <= said.value.step
    assert all(weight.grad is None for weight in trainer.model.parameters())


def test_a_gradient_that_is_no_number_moves_nothing():
    trainer = Trainer(TrainSpec(**SHORT, steps=3))
    trainer.step()
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    trainer.model.embed.W_E.register_hook(lambda gradient: gradient / 0.0)
    with pytest.raises(Diverged, match="step 2: the gradient was not a finite number"):
        trainer.step()
    assert trainer.done_steps == 1
    assert all(torch.equal(value, before[name]) for name, value in trainer.model.state_dict().items())


def test_every_device_trains_alike(device):
    spec = TrainSpec(**SHORT, steps=3, device=str(device))
    here = [point.loss for point in core.train(spec)]
    assert here == pytest.approx([point.loss for point in core.train(spec.replace(device="cpu"))], abs=1e-2)


def test_a_vocabulary_without_room_for_the_sentinels_is_refused():
    with pytest.raises(ValueError, match="cannot hold 256 bytes and 5 special tokens: 261 or more"):
        Trainer(TrainSpec(**{**SHORT, "vocab_size": 260}, objective="span_corruption"))


def test_a_rate_of_zero_trains_nothing():
    trainer = Trainer(TrainSpec(**SHORT, learning_rate=0, embed_rate=0, head_rate=0, steps=2))
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    *_, last = trainer.run()
    assert last.update_norm == 0
    assert all(torch.equal(value, before[name]) for name, value in trainer.model.state_dict().items())


def test_early_stopping_waits_for_a_better_held_out_loss():
    trainer = Trainer(
        TrainSpec(**SHORT, learning_rate=0, embed_rate=0, head_rate=0, eval_every=2, patience=3, steps=50)
    )
    points = list(trainer.run())
    assert [point.step for point in points if point.held_out is not None] == [2, 4, 6, 8]
    assert trainer.ended.startswith("stopped early: 3 held-out losses in a row")
    again = Trainer.resume(trainer.spec, State.from_bytes(trainer.state().to_bytes()))
    assert again.done


def test_the_held_out_loss_knows_no_dropout_and_no_smoothing():
    plain, other = (
        Trainer(TrainSpec(**SHORT, changes={"dropout": dropout}, label_smoothing=smoothing, steps=1))
        for dropout, smoothing in ((0.0, 0.0), (0.5, 0.3))
    )
    assert plain.held_out_loss() == other.held_out_loss()
    assert plain.step().loss != other.step().loss


def test_dropout_is_a_function_of_the_step():
    spec = TrainSpec(**SHORT, changes={"dropout": 0.3}, steps=3)
    torch.manual_seed(1)
    first = [point.loss for point in core.train(spec)]
    torch.manual_seed(2)
    torch.rand(5)
    assert [point.loss for point in core.train(spec)] == first


def test_clipping_shortens_the_step_not_the_number_shown():
    free, clipped = (
        Trainer(TrainSpec(**SHORT, optimizer="sgd", learning_rate=0.1, clip=clip, steps=1)).step()
        for clip in (0.0, 0.01)
    )
    assert clipped.gradient_norm == free.gradient_norm > 0.01
    assert clipped.update_norm == pytest.approx(0.1 * 0.01, rel=1e-3)
    assert free.update_norm == pytest.approx(0.1 * free.gradient_norm, rel=1e-3)


def test_a_fork_begins_from_its_parents_weights():
    parent = Trainer(TrainSpec(**SHORT, steps=20))
    *_, last = parent.run()
    state = parent.state()
    child = Trainer(
        TrainSpec(**SHORT, steps=5, learning_rate=0.001, parent="p@20"),
        tokenizer=state.tokenizer(),
        weights=state.weights(),
    )
    assert child.done_steps == 0
    assert child.held_out_loss() == last.held_out
    assert child.step().loss < last.loss + 0.5
    with pytest.raises(ValueError, match="weights are of a model of another shape"):
        Trainer(
            TrainSpec(**SHORT, changes={"n_layers": 1}), tokenizer=state.tokenizer(), weights=state.weights()
        )


def test_a_state_opens_as_a_model_and_weights_alone_do_not_go_on():
    trainer = Trainer(TrainSpec(**SHORT, steps=3))
    trainer.step()
    bare = State.from_bytes(trainer.state().weights_only().to_bytes())
    lm = bare.language_model("run")
    assert torch.equal(lm.trace("The fox").logits, trainer.language_model.trace("The fox").logits)
    with pytest.raises(ValueError, match="weights alone"):
        trainer.restore(bare)
    other = Trainer(TrainSpec(**{**SHORT, "vocab_size": 280}, steps=3))
    with pytest.raises(ValueError, match="another tokenizer"):
        other.restore(trainer.state())


def test_a_state_is_a_copy():
    trainer = Trainer(TrainSpec(**SHORT, steps=2))
    trainer.step()
    state = trainer.state()
    before = state.to_bytes()
    trainer.step()
    assert state.to_bytes() == before


@pytest.mark.parametrize("data", [b"", b"no safetensors", b"\x08\0\0\0\0\0\0\0{}      "])
def test_what_is_no_state_is_a_message(data):
    with pytest.raises(ValueError, match="not the state of a training run"):
        State.from_bytes(data)


@pytest.mark.full(reason="takes a second")
def test_ids_made_elsewhere_can_be_trained_on():
    tokenizer = Trainer(TrainSpec(**SHORT, steps=1)).tokenizer
    ids = torch.arange(5000).remainder(7).add(10).tolist()
    trainer = Trainer(TrainSpec(**SHORT, steps=80), tokenizer=tokenizer, source=Given(ids[:4000], ids[4000:]))
    *_, last = trainer.run()
    assert last.held_out < 1.0 < math.log(7)


def test_a_run_tells_how_many_rows_are_held_out_and_where_they_come_from():
    trainer = Trainer(TrainSpec(**SHORT, steps=1))
    example = trainer.held_out_example(8)
    assert example.inputs.shape == (8, 32)
    assert torch.equal(example.inputs, trainer.held_out_example().inputs[:8])
    text = trainer.tokenizer.decode(example.inputs[0].tolist(), skip_special_tokens=True)
    assert next(corpora.corpus("fables", split="held_out")).startswith(text)


# ------------------------------------------------------------------------------------------------- own texts


@pytest.mark.parametrize("text", ["a", "ab", "a b", "\n\nx\n\n"])
@pytest.mark.parametrize("tokenizer", ["bpe", "characters", "words", "wordpiece", "unigram"])
def test_a_text_of_a_character_or_two_is_too_short(text, tokenizer):
    with pytest.raises(ValueError, match=r"too short to train on: \d tokens, and at least 8"):
        own(text, tokenizer=tokenizer)


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=2)
@pytest.mark.parametrize("tokenizer", ["bpe", "characters", "words", "wordpiece", "unigram"])
@pytest.mark.parametrize("objective", ["next_token", "masked", "span_corruption"])
def test_one_repeated_character(tokenizer, objective):
    text = "a" * 3000
    if tokenizer in ("words", "wordpiece"):  # one word, of which nothing else can be learned
        with pytest.raises(ValueError, match="too short to train on"):
            own(text, tokenizer=tokenizer, objective=objective)
        return
    trainer = own(text, tokenizer=tokenizer, objective=objective, steps=40, learning_rate=0.05)
    *_, last = trainer.run()
    assert math.isfinite(last.held_out)
    assert last.loss < trainer.guessing
    if tokenizer != "characters":
        assert "of the 300 entries wished" in trainer.notes[0]


def test_a_text_that_fills_no_large_vocabulary_is_trained_with_a_smaller_one():
    trainer = own("one two three four five six seven. " * 40, vocab_size=5000)
    assert len(trainer.tokenizer) < 330
    assert trainer.config.d_vocab == len(trainer.tokenizer)
    assert trainer.guessing == math.log(len(trainer.tokenizer))
    assert f"fills {len(trainer.tokenizer)} of the 5,000 entries" in trainer.notes[0]
    assert math.isfinite(trainer.step().loss)


def test_a_context_longer_than_the_text_is_cut_to_it():
    trainer = own("a short text, no more", tokenizer="characters", context=32, steps=2)
    assert trainer.context == 17  # <s>, "a short text, no", </s>, one of them only ever a target
    assert any("has 18 tokens, so rows are 17 long, not 32" in note for note in trainer.notes)
    *_, last = trainer.run()
    assert math.isfinite(last.held_out)
    assert last.tokens == 2 * 17


def test_a_context_longer_than_the_models_is_cut_to_that():
    trainer = Trainer(TrainSpec(**{**SHORT, "context": 200}, steps=1))
    assert trainer.context == 64
    assert "reads at most 64 tokens" in trainer.notes[0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x00\x01\x02\xff" * 50, "binary file"),
        ("größer".encode("latin-1"), r"not UTF-8: byte 2 \(0xF6\)"),
        ("caf\ud800", "no character"),
        (" \n ", "is empty"),
        ("x" * 5_000_001, "has 5.0 MB; at most 5 MB"),
    ],
)
def test_what_is_no_text_is_refused(body, words):
    with pytest.raises(ValueError, match=words):
        corpora.check_text(body)
    with pytest.raises(ValueError, match=words):
        Trainer(TrainSpec(corpus="own", text="0" * 64), body)


def test_another_text_than_the_spec_names_is_refused():
    with pytest.raises(ValueError, match="another text than the spec names"):
        Trainer(TrainSpec(corpus="own", text=corpora.fingerprint("one text")), "another text")
    with pytest.raises(ValueError, match="give it as text="):
        Trainer(TrainSpec(corpus="own", text=corpora.fingerprint("one text")))


@pytest.mark.full(reason="the other cases take 4 s", quick_cases=1)
@pytest.mark.parametrize("separator", [" ", "\n\n", ""])
def test_five_megabytes_are_not_read_whole_before_the_first_step(separator):
    words = ["the", "fox", "saw", "größer", "字", "crow."]
    text = separator.join(words[n * n % 6] for n in range(200_000)) * 8
    text = text[: 4_900_000 * len(text) // len(text.encode())]
    trainer = own(text, vocab_size=512)
    assert math.isfinite(trainer.step().loss)
    kept = trainer.pool.source._kept.values()
    read = sum(len(trainer.tokenizer.decode(ids.tolist())) for shard in kept for ids in shard)
    assert 0 < read < len(text) / 3
