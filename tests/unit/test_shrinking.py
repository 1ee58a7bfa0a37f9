"""Runs that make a model smaller: students, taught or alone, pruned models retrained; on the store of all runs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.data import corpora
from core.efficiency.pruning import magnitude, prunable
from core.efficiency.shrink_spec import ShrinkSpec, student_of
from core.efficiency.shrinking import cut_back, trainer_of
from core.language_model import LanguageModel
from core.runs import Engine, LimitExceeded, Limits, RunError, Store, kinds, load
from core.runs import shrinking as work
from core.runs.loop import Training
from core.training import Trainer
from core.training.distillation import Distiller, distillation_loss
from core.training.retraining import MaskedOptimizer, Retrainer
from core.training.spec import TrainSpec
from core.zoo import load as load_model
from tests.blocks import PARTS, made
from tests.pruned import sparsity_of
from tests.runs import OWNER, taken, tiny


@pytest.fixture(scope="module")
def base() -> LanguageModel:
    """A base of a moment: two blocks, trained on nothing."""
    return Trainer(
        TrainSpec(
            changes={"n_layers": 2, "d_model": 64, "n_heads": 4}, vocab_size=300, steps=1, precision="float32"
        )  # type: ignore[arg-type]
    ).language_model


def shrink(**changes: Any) -> ShrinkSpec:
    return ShrinkSpec(**{"steps": 6, "batch_tokens": 64, "context": 16, "checkpoints": 3, **changes})


class TestSpecs:
    """What is asked for, as plain values."""

    def test_there_and_back(self) -> None:
        one = shrink(way="magnitude", sparsity=0.5, scope="matrix", rate=0.02)
        assert kinds.read_spec(one.to_json()) == one
        assert kinds.kind_of(json.loads(one.to_json())) == one.kind == "shrink"

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"way": "half"}, "way='half' is not one of alone, distilled, magnitude, structured"),
            ({"sparsity": 1.0}, "sparsity=1.0 is the share of weights that are removed"),
            ({"sparsity": -0.2}, "sparsity=-0.2 is the share"),
            ({"sparsity": float("nan")}, "sparsity=nan is the share"),
            ({"temperature": 0.0}, "temperature=0 must be above 0"),
            ({"temperature": 21.0}, "at most 20"),
            ({"hard": 1.5}, "hard=1.5 is the share of the plain loss"),
            ({"steps": 0}, "steps=0 must be between 1 and"),
            ({"rate": -1.0}, "rate=-1.0 must be a number between 0 and 1"),
            ({"base": ""}, "name one of the two"),
            ({"parent": "a@1"}, "name one of the two"),
            ({"context": 128}, "context=128 must not be above batch_tokens=64"),
            ({"corpus": "own"}, "no corpus is called 'own'"),
        ],
    )
    def test_what_cannot_be(self, changes: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message.replace("(", "\\(")):
            shrink(**changes)

    def test_the_student_of_the_bundled_model_has_at_most_a_quarter(self) -> None:
        lm = load_model("tales-gpt", device="cpu")
        small = student_of(lm.config)
        found = trainer_of(shrink(way="alone"), lm).language_model
        assert found.config == small
        assert (lm.n_parameters, found.n_parameters) == (1_050_112, 229_888)
        assert found.tokenizer is lm.tokenizer

    def test_what_has_no_student(self) -> None:
        for name in ("bert", "t5"):
            with pytest.raises(ValueError, match="only a decoder says"):
                trainer_of(shrink(), made(**PARTS[name]))
        with pytest.raises(ValueError, match="too small for a student of a quarter"):
            student_of(made(d_vocab=4000, tied_embeddings=False, d_model=16).config)


class TestStudents:
    """Equal rows, equal first weights, another loss."""

    def test_all_but_the_loss_is_equal(self, base: LanguageModel) -> None:
        alone, taught = (trainer_of(shrink(way=way), base) for way in ("alone", "distilled"))
        assert isinstance(taught, Distiller) and alone.spec == taught.spec
        for one, other in zip(alone.model.parameters(), taught.model.parameters(), strict=True):
            assert torch.equal(one, other)
        for step in (1, 5):
            assert torch.equal(alone.pool.batch(step), taught.pool.batch(step))
        first, second = next(alone.run()), next(taught.run())
        assert first.loss == pytest.approx(second.loss, rel=2e-2), (
            "the plain loss, before anything was learned"
        )

    def test_with_nothing_of_the_teacher_it_is_the_student_alone(self, base: LanguageModel) -> None:
        alone = [point.loss for point in trainer_of(shrink(way="alone"), base).run()]
        taught = [point.loss for point in trainer_of(shrink(hard=1.0), base).run()]
        assert taught == pytest.approx(alone, rel=1e-2)

    def test_a_student_of_the_same_shape_takes_the_teachers_distribution(self, base: LanguageModel) -> None:
        spec = (
            shrink().training(base.config).replace(precision="float32", steps=60, learning_rate=0.03, seed=1)
        )
        run = Distiller(spec, base, 1.0, 0.0)
        rows = run.held_out_rows()[:8]
        before, after = list[float](), list[float]()
        for found in (before, after):
            with torch.no_grad():
                loss, _ = distillation_loss(
                    run.model(rows[:, :-1]), base.transformer(rows[:, :-1]), rows[:, 1:], 1.0, 0.0
                )
            found.append(float(loss))
            if not run.done:
                list(run.run())
        assert after[0] < 0.5 * before[0]

    def test_the_teacher_learns_nothing(self, base: LanguageModel) -> None:
        was = [weight.clone() for weight in base.transformer.parameters()]
        list(trainer_of(shrink(), base).run())
        assert all(torch.equal(a, b) for a, b in zip(was, base.transformer.parameters(), strict=True))

    def test_a_teacher_that_reads_less(self, base: LanguageModel) -> None:
        longer = (
            shrink(context=64).training(base.config.replace(n_ctx=128)).replace(context=128, batch_tokens=256)
        )
        with pytest.raises(
            ValueError, match="rows of 128 tokens are longer than the 64 that the teacher reads"
        ):
            Distiller(longer, base)

    def test_another_vocabulary(self) -> None:
        with pytest.raises(ValueError, match="says 3 numbers a place and the teacher 4"):
            distillation_loss(torch.zeros(2, 3), torch.zeros(2, 4), torch.zeros(2, dtype=torch.long))


class TestRetraining:
    """Masks hold, and what has no masks is smaller."""

    @pytest.mark.full(reason="the other cases take a second", quick_cases=2)
    @pytest.mark.parametrize("optimizer", ["muon", "adamw", "momentum"])
    @pytest.mark.parametrize("precision", ["float32", "bfloat16"])
    def test_what_was_removed_stays_removed(
        self, base: LanguageModel, optimizer: Any, precision: Any
    ) -> None:
        spec = shrink(way="magnitude", sparsity=0.8)
        small, masks = cut_back(spec, base)
        run = Retrainer(
            spec.training(base.config).replace(optimizer=optimizer, precision=precision), small, masks
        )
        for point in run.run():
            assert point.update_norm > 0
            for model in (run.model, run.optimizer.working):
                weights = dict(model.named_parameters())
                assert all(not weights[name][~mask].any() for name, mask in masks.items())
        moved = dict(run.model.named_parameters())
        assert any(
            not torch.equal(moved[name], weight) for name, weight in small.transformer.named_parameters()
        )
        assert sparsity_of(prunable(run.language_model)) == pytest.approx(0.8, abs=0.01)

    def test_without_masks_it_is_training_from_these_weights(self, base: LanguageModel) -> None:
        spec = shrink(way="magnitude", sparsity=0.0)
        small, masks = cut_back(spec, base)
        weights = dict(base.transformer.state_dict())
        plain = Trainer(spec.training(base.config), tokenizer=base.tokenizer, weights=weights)
        held = Retrainer(spec.training(base.config), small, masks)
        assert [one.loss for one in plain.run()] == [one.loss for one in held.run()]

    def test_a_structured_one_is_smaller_from_the_first_step(self, base: LanguageModel) -> None:
        run = trainer_of(shrink(way="structured", sparsity=0.5), base)
        assert run.language_model.n_parameters < base.n_parameters
        assert (run.config.n_heads, run.config.mlp_size) == (2, 128)
        assert len(list(run.run())) == 6

    def test_masks_of_another_model(self, base: LanguageModel) -> None:
        model, spec = base.transformer, shrink().training(base.config)
        for masks in (
            {"nothing": torch.ones(2, 2).bool()},
            {"blocks.0.attn.weight_o": torch.ones(2, 2).bool()},
        ):
            with pytest.raises(ValueError, match="fits no weight of this model"):
                MaskedOptimizer(model, spec, masks)

    def test_nothing_held_out_is_read(self, base: LanguageModel) -> None:
        """What every way reads at any step are training documents, and none of them is a held-out story."""
        kept = set(itertools.islice(corpora.corpus("tales", split="held_out"), 60))
        for way in ("alone", "distilled", "magnitude", "structured"):
            run = trainer_of(shrink(way=way, sparsity=0.5), base)
            read = {
                text
                for shard in run.pool.source.window(0)
                for text in run.pool.source.shards.documents(shard)
            }  # type: ignore[union-attr]
            assert read and not read & kept


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield store
    store.close()


class TestRuns:
    """The same on the store, queue and loop of all runs."""

    @pytest.fixture(autouse=True)
    def small_base(self, monkeypatch: pytest.MonkeyPatch, base: LanguageModel) -> None:
        monkeypatch.setattr(work, "bundled_base", lambda name: base)

    @pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
    @pytest.mark.parametrize("way", ["alone", "distilled", "magnitude", "structured"])
    def test_a_run_is_trained_and_opened_as_a_model(
        self, store: Store, base: LanguageModel, way: Any
    ) -> None:
        spec = shrink(way=way, sparsity=0.5)
        id = store.create(spec, OWNER).id
        Training(store, taken(store)).run()
        run = store.get(id)
        assert (run.state, run.kind, run.ended) == ("done", "shrink", "All steps done.")
        wanted = trainer_of(spec, base)
        assert store.points(id).loss.tolist() == [point.loss for point in wanted.run()]
        lm = load(store, id)
        assert lm.config == wanted.config and lm.card["spec"]["way"] == way
        for one, other in zip(lm.transformer.parameters(), wanted.model.parameters(), strict=True):
            assert torch.equal(one, other)
        assert len(store.checkpoints(id)) == 3 and store.list(OWNER, kind="train") == []

    @pytest.mark.full(reason="each case takes 1 s")
    @pytest.mark.parametrize("way", ["distilled", "magnitude"])
    def test_a_worker_that_leaves_is_followed_bit_for_bit(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, way: Any
    ) -> None:
        monkeypatch.setenv("GLASSBOX_SAVE", "0.0001")
        spec = shrink(way=way, steps=10, sparsity=0.7)
        whole = store.create(spec, OWNER).id
        Training(store, taken(store)).run()
        broken = store.create(spec, OWNER).id
        for leave_after in (3, 4, 100):
            seen = itertools.count()
            leaving = lambda seen=seen, most=leave_after: next(seen) > most  # noqa: E731
            Training(store, taken(store), leaving=leaving).run()
        np.testing.assert_array_equal(store.points(broken).loss, store.points(whole).loss)
        assert store.weights(broken, 10) == store.weights(whole, 10)
        if way == "magnitude":
            weights = prunable(load(store, broken))
            assert sparsity_of(weights) == pytest.approx(0.7, abs=0.01)

    @pytest.mark.full(reason="takes a second")
    def test_a_run_of_ones_own_is_the_base(self, store: Store) -> None:
        first = tiny(
            steps=4, changes={"n_layers": 2, "d_model": 32, "n_heads": 2}, tokenizer="bpe", vocab_size=270
        )
        id = store.create(first, OWNER).id
        Training(store, taken(store)).run()
        spec = shrink(base="", parent=f"{id}@4", way="magnitude", sparsity=0.5)
        own = store.create(spec, OWNER).id
        Training(store, taken(store)).run()
        assert store.get(own).state == "done"
        begun = prunable(load(store, id))
        masks = magnitude(begun, 0.5)
        now = prunable(load(store, own, 0))
        assert all(torch.equal(now[name], begun[name] * mask) for name, mask in masks.items())

    def test_a_run_that_trained_no_model_is_no_base(self, store: Store) -> None:
        first = shrink(steps=2, way="alone")
        id = store.create(first, OWNER).id
        Training(store, taken(store)).run()
        with pytest.raises(RunError, match="begins with one of kind 'train', not 'shrink'"):
            store.create(shrink(base="", parent=f"{id}@2"), OWNER)

    def test_what_it_would_take_is_known_before(self, store: Store) -> None:
        alone, taught = (kinds.estimate(shrink(way=way, steps=100)) for way in ("alone", "distilled"))
        assert 0 < alone.seconds < taught.seconds and alone.parameters == taught.parameters
        with pytest.raises(LimitExceeded, match="choose fewer steps, or a smaller batch"):
            Limits(minutes=1).check_spec(shrink(steps=20_000, batch_tokens=20_000))
        assert Engine is not None


def test_a_base_that_is_no_decoder_is_refused() -> None:
    with pytest.raises(ValueError, match="only a decoder says"):
        kinds.estimate(ShrinkSpec(base="tales-bert"))
    with pytest.raises(ValueError, match="no bundled model is called 'nothing'"):
        kinds.estimate(ShrinkSpec(base="nothing"))


def test_a_model_by_characters_has_a_student_too() -> None:
    """Its vocabulary is smaller than that of bytes, which a BPE could not have."""
    base = TrainSpec(
        tokenizer="characters",
        vocab_size=512,
        changes={"n_layers": 2, "d_model": 128, "n_heads": 2},  # type: ignore[arg-type]
    ).config(63)
    training = ShrinkSpec(steps=3).training(student_of(base))
    assert (training.vocab_size, training.tokenizer) == (63, "characters")
    assert training.config(63) == student_of(base)
