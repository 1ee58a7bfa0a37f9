"""A run that is interrupted at any step and goes on from bytes gives exactly the losses of one that never stopped."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import corpora
from core.training import State, Trainer, TrainSpec
from tests.tiers import examples

TEXT = corpora.check_text("The fox saw the crow.\nThe crow saw the fox, and a cheese.\n\n" * 30)
STEPS = 7
# Tokens of a step, of a run on one text and of one on pairs: without instructions for bfloat16 a processor takes 40
# times as long for it.
AMOUNTS = {"float32": ((64, 600), (300, 900)), "bfloat16": ((32, 64), (200, 300))}


@st.composite
def specs(draw: st.DrawFn) -> TrainSpec:
    """Small runs of every kind."""
    endless = draw(st.booleans())
    precision = draw(st.sampled_from(["float32", "bfloat16"]))
    return TrainSpec(
        model=draw(st.sampled_from(["gpt-nano", "gpt2-nano"])),
        changes={
            "n_layers": 1,
            "d_model": 16,
            "n_heads": 2,
            "n_ctx": 32,
            "dropout": draw(st.sampled_from([0.0, 0.2])),
        },
        corpus="copies" if endless else "own",
        text="" if endless else corpora.fingerprint(TEXT),
        tokenizer=draw(st.sampled_from(["bpe", "characters", "words", "wordpiece", "unigram"])),
        vocab_size=300,
        steps=STEPS,
        seed=draw(st.integers(0, 5)),
        batch_tokens=draw(st.sampled_from(AMOUNTS[precision][0])),
        context=draw(st.sampled_from([8, 16])),
        stages=draw(st.sampled_from([(), ((0.4, 6),)])),
        objective=draw(st.sampled_from(["next_token", "masked", "span_corruption"])),
        whole_words=draw(st.booleans()),
        optimizer=draw(st.sampled_from(["muon", "adamw", "adam", "momentum", "sgd"])),
        learning_rate=0.02,
        schedule=draw(st.sampled_from(["linear", "cosine", "constant"])),
        warmup=draw(st.sampled_from([0, 3])),
        clip=draw(st.sampled_from([0.0, 0.5])),
        weight_decay=draw(st.sampled_from([0.0, 0.1])),
        label_smoothing=draw(st.sampled_from([0.0, 0.1])),
        precision=precision,
        eval_every=2,
        device="cpu",
    )


@st.composite
def specs_of_tasks(draw: st.DrawFn) -> TrainSpec:
    """Small runs over pairs of texts."""
    precision = draw(st.sampled_from(["float32", "bfloat16"]))
    return TrainSpec(
        model="gpt-nano",
        changes={"n_layers": 1, "d_model": 16, "n_heads": 2, "dropout": draw(st.sampled_from([0.0, 0.2]))},
        corpus="copies",
        tokenizer=draw(st.sampled_from(["bpe", "words"])),
        vocab_size=300,
        steps=STEPS,
        seed=draw(st.integers(0, 1)),
        batch_tokens=draw(st.sampled_from(AMOUNTS[precision][1])),
        context=64,
        stages=draw(st.sampled_from([(), ((0.4, 40),)])),
        objective="text_to_text",
        tasks=draw(st.sampled_from([(("sentiment", 1.0), ("spans", 1.0)), (("spans", 1.0),)])),
        optimizer=draw(st.sampled_from(["muon", "adamw"])),
        learning_rate=0.02,
        precision=precision,
        eval_every=4,
        device="cpu",
    )


def curve(trainer: Trainer) -> list[tuple[float | None, ...]]:
    return [
        (point.step, point.loss, point.gradient_norm, point.update_norm, point.tokens, point.held_out)
        for point in trainer.run()
    ]


@given(spec=specs_of_tasks(), stop=st.integers(0, STEPS))
@settings(max_examples=8)
def test_the_rest_of_an_interrupted_run_of_tasks_is_the_same_to_the_bit(spec, stop):
    check_the_rest(spec, stop)


@given(spec=specs(), stop=st.integers(0, STEPS))
@settings(max_examples=examples(25))
def test_the_rest_of_an_interrupted_run_is_the_same_to_the_bit(spec, stop):
    check_the_rest(spec, stop)


def check_the_rest(spec: TrainSpec, stop: int) -> None:
    """Stop after `stop` steps, go on from bytes, and compare with the run that went through."""
    before = torch.get_rng_state()
    text = TEXT if spec.corpus == "own" else None
    whole = curve(Trainer(spec, text))
    interrupted = Trainer(spec, text)
    first = [interrupted.step() for _ in range(stop)]
    state = State.from_bytes(interrupted.state().to_bytes())
    del interrupted
    resumed = Trainer.resume(TrainSpec.from_dict(state.meta["spec"]), state, text)
    assert resumed.done_steps == state.step == stop
    assert resumed.tokens == (first[-1].tokens if first else 0)
    assert curve(resumed) == whole[stop:]
    assert torch.equal(before, torch.get_rng_state())
