"""The script behind docs/recipe.md: every variant trains, nothing is measured twice, the table says what was found."""

import dataclasses
import math

import pytest
import torch

from scripts import measure_recipe
from scripts.measure_recipe import (
    FULL,
    OTHERS,
    PLAINS,
    VARIANTS,
    Results,
    by_characters,
    document,
    held_out_loss,
    losses,
)

TEXT = by_characters("the cat sat on the mat; the dog sat on the log. " * 60, "rhyme")


def tiny(variant):
    return dataclasses.replace(
        variant, changes={**variant.changes, "n_layers": 1, "d_model": 32, "n_ctx": 16}
    )


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.removed)
def test_every_variant_differs_from_the_whole_and_trains(variant):
    for chosen in variant.tries or [{}]:
        spec = tiny(variant).spec(4, 0, chosen).replace(context=16, stages=(), batch_tokens=64)
        trainer = TEXT.trainer(spec)
        assert trainer.step().loss < math.log(len(TEXT.tokenizer)) + 1
        assert math.isfinite(trainer.step().loss)
        assert (variant.spec(2, 0, chosen) == FULL.spec(2, 0)) == (variant is FULL)


def test_a_tenth_is_held_out_and_nothing_is_lost():
    assert len(TEXT.train) == len(TEXT.held_out) * 9 == TEXT.size * 9 // 10
    read = TEXT.tokenizer.decode([*TEXT.train.tolist(), *TEXT.held_out.tolist()])
    assert read == "the cat sat on the mat; the dog sat on the log. " * 60


def test_the_held_out_loss_is_the_mean_over_whole_rows():
    trainer = TEXT.trainer(tiny(FULL).spec(2, 0).replace(context=16, stages=(), batch_tokens=64))
    model, context = trainer.model, 16
    with torch.inference_mode():
        count = (len(TEXT.held_out) - 1) // context
        total = 0.0
        for row in range(count):
            ids = TEXT.held_out[row * context : (row + 1) * context + 1]
            log_p = model(ids[None, :-1])[0].log_softmax(-1)
            total -= log_p.gather(1, ids[1:, None]).sum().item()
    assert held_out_loss(model, TEXT.held_out, context) == pytest.approx(total / count / context, abs=1e-5)


def test_what_was_measured_is_not_measured_again(tmp_path, monkeypatch):
    asked = []

    def measured(text, spec):
        asked.append((spec.seed, spec.learning_rate))
        return {"loss": 2.0 + spec.seed / 10 + spec.learning_rate, "steps": spec.steps}

    monkeypatch.setattr(measure_recipe, "measure", measured)
    muon = next(variant for variant in VARIANTS if variant.removed == "Muon")
    rates = [chosen["learning_rate"] for chosen in muon.tries]
    for _ in range(2):
        found = losses(muon, TEXT, Results(tmp_path / "r" / "results.jsonl", TEXT, 5), 5, 3)
        assert found == pytest.approx([2 + seed / 10 + min(rates) for seed in range(3)])
    # Every rate for the first seed, the best one for the others, and the second time nothing.
    assert asked == [*((0, rate) for rate in rates), (1, min(rates)), (2, min(rates))]
    losses(muon, TEXT, Results(tmp_path / "r" / "results.jsonl", TEXT, 6), 6, 1)
    assert len(asked) == 2 * len(rates) + 2, "another number of steps is another measurement"


def test_the_document_says_what_the_records_hold():
    row = {
        "removed": "nothing",
        "what": "All.",
        "loss": 1.85,
        "low": 1.84,
        "high": 1.87,
        "step_time": 1.0,
        "seeds": 3,
    }
    worse = row | {"removed": "Muon", "what": "AdamW.", "loss": 1.93, "step_time": 0.85}
    others = {"tales": dict.fromkeys(OTHERS, 1.25)}
    plain = {"loss": 1.88, "low": 1.87, "high": 1.89, "steps": 2250, "seeds": 3}
    plains = [
        {"blocks": 4, "rate": 0.001, "steps": 2250, "loss": 1.879, "seconds": 140.0},
        {"blocks": 2, "rate": 0.002, "steps": 1125, "loss": 1.875, "seconds": 48.0},
        {"blocks": 2, "rate": 0.004, "steps": 1125, "loss": 1.9, "seconds": 40.0},
    ]
    records = {"about": "Nats; mean of 3 seeds.", "full": row | {"seconds": 4.0}, "rows": [worse]}
    records |= {"elsewhere": others, "plain": plain, "plains": plains}
    written = document(records)
    assert "| tales | 1.250 | 1.250 | 1.250 |" in written
    assert "| 2 | 0.002 | 1,125 | 1.875 | 48 |" in written
    assert "comes to 1.88 (2 blocks, rate 0.002) takes 12 times as long." in written
    assert "None of them comes to 1.88" in document(records | {"plains": plains[2:]})
    assert "| Muon | AdamW. | 1.930 | [1.840, 1.870] | +0.080 | × 0.85 |" in written
    assert "| nothing | All. | 1.850 | [1.840, 1.870] |  | × 1.00 |" in written


def test_the_plain_recipes_differ_in_what_the_table_says():
    specs = [one.spec() for one in PLAINS]
    assert len({spec.to_json() for spec in specs}) == len(PLAINS)
    for one, spec in zip(PLAINS, specs, strict=True):
        assert (spec.learning_rate, spec.steps, spec.config(65).n_layers) == (one.rate, one.steps, one.blocks)
    assert PLAINS[0].spec(seed=1, steps=9) == PLAINS[0].spec(seed=1).replace(steps=9, warmup=0)
