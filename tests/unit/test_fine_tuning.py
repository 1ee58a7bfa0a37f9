"""Fine-tuning: what each way learns and keeps, that it resumes bit for bit, and what it refuses."""

from __future__ import annotations

import dataclasses
from itertools import islice

import pytest
import torch

from core.data.corpora import fingerprint
from core.data.toyland.asked import asked
from core.data.toyland.news import news
from core.decoding.labels import best_spans
from core.diverged import Diverged
from core.language_model import LanguageModel
from core.runs.fine_tuning import bundled_base
from core.training import labelled, lora
from core.training.fine_tune_spec import RATES, FineTuneSpec
from core.training.fine_tuning import FineTuner, fine_tune
from core.training.labelled import Example, batch, own_examples, right_of, rows_of
from core.training.old_task import old_loss
from core.training.state import State
from core.training.tuned import as_file, check_base, tuned
from tests.tuning import OWN, WAYS, base, spec

HEAD = 24 * 24 + 24 + 2 * 24 + 2  # of two labels: the dense layer and the labels
TEXT = "The soup was not good."


class TestSpec:
    """What is asked for, as plain values."""

    @pytest.mark.parametrize("way", WAYS)
    def test_there_and_back(self, way: str) -> None:
        one = spec(way=way, targets=("v", "q", "in"), rate=0.01)
        assert one.targets == ("q", "v", "in")
        assert FineTuneSpec.from_json(one.to_json()) == one
        assert FineTuneSpec.from_json(one.to_json(defaults=False)) == one

    @pytest.mark.parametrize(
        ("values", "why"),
        [
            ({"rank": 0}, "rank=0 must be between 1 and 256"),
            ({"steps": 2.5}, "steps=2.5 must be a whole number"),
            ({"examples": 1}, "examples=1 must be between 2 and 20,000"),
            ({"way": "half"}, "is not one of scratch, frozen, full, lora, prompt"),
            ({"targets": ()}, "choose at least one of q, k, v"),
            ({"targets": ("w",)}, "'w' is not one of"),
            ({"rate": float("nan")}, "rate=nan must be a number between 0 and 1"),
            ({"rate": "fast"}, "rate='fast' must be a number"),
            ({"alpha": 0}, "alpha=0 must be between 0.01"),
            ({"parent": "a@1"}, "name one of the two"),
            ({"base": ""}, "name one of the two"),
            ({"text": "short"}, "64 hexadecimal digits"),
            ({"text": "f" * 64, "task": "questions"}, "own labelled lines are for the task 'sentiment'"),
        ],
    )
    def test_values_that_cannot_be(self, values: dict[str, object], why: str) -> None:
        with pytest.raises(ValueError, match=why):
            spec(**values)

    def test_the_usual_rate_is_the_ways_own(self) -> None:
        assert spec(way="full").body_rate == RATES["full"]
        assert spec(way="full", rate=0.5).body_rate == 0.5


class TestExamples:
    """What is learned from."""

    def test_news_comes_class_by_class_and_none_twice(self) -> None:
        found = labelled.told("sentiment", "train", 40, 3)
        assert [one.label for one in found] == [0, 1] * 20
        assert len({one.text for one in found}) == 40
        known = {one.text: one.good for one in islice(news(3, "train"), 300)}
        assert all(known[one.text] == bool(one.label) for one in found)

    @pytest.mark.full(reason="takes a second")
    def test_rates_are_chosen_on_others_of_the_kind_that_is_learned_from(self) -> None:
        learned = labelled.told("sentiment", "train", 300, 0)
        apart = labelled.measured(spec(measured="development", held_out=200), learned)
        assert 190 < len(apart) <= 200
        assert not set(apart) & set(learned)
        out = labelled.measured(spec(held_out=200), learned)
        assert out == labelled.told("sentiment", "held_out", 200, labelled.MEASURED)
        assert not set(apart) & set(out)
        tuner = FineTuner(spec(measured="development", held_out=30), base())
        known = {tuple(row.ids) for row in tuner.rows}
        assert len(tuner.measured) > 25
        assert not any(tuple(row.ids) in known for row in tuner.measured)

    def test_no_held_out_example_is_learned_from(self) -> None:
        for task in ("sentiment", "questions"):
            measured = labelled.told(task, "held_out", 40, labelled.MEASURED)  # type: ignore[arg-type]
            learned = labelled.told(task, "train", 40, 0)  # type: ignore[arg-type]
            assert not set(measured) & set(learned)

    def test_the_tokens_of_a_span_are_the_answer(self) -> None:
        tokenizer = bundled_base("tales-bert").tokenizer.with_pairs()
        count = 0
        for one in islice((a for a in asked(0, "train") if a.start is not None), 30):
            example = Example(one.question, context=one.context, span=(one.start or 0, one.end or 0))
            for row in rows_of([example], tokenizer, 500):
                count += 1
                first, last = row.target
                written = tokenizer.decode(row.ids[first : last + 1]).replace(" ", "").lower()
                assert written == one.answer.rstrip(".").replace(" ", "").lower()
                assert row.inside[0] <= first <= last < row.inside[1]
        assert count >= 25

    def test_own_lines(self) -> None:
        found = own_examples(OWN)
        assert [(one.text, one.label) for one in found] == [
            ("The soup was good.", 1), ("It was not good.", 0), ("A kite that flew.", 1), ("It broke.", 0),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "between", ["\t", ";", "; ", " | ", ", ", " -> ", " → ", ": ", " – ", "   ", "="]
    )
    def test_any_clear_separator_stands_between_text_and_label(self, between: str) -> None:
        lines = f"The rain, it took: the bridge; away.{between}negative\nShe won - again.{between} Positive "
        found = own_examples(lines)
        assert [one.label for one in found] == [0, 1]
        assert found[0].text == "The rain, it took: the bridge; away."

    @pytest.mark.parametrize(
        ("lines", "why"),
        [
            ("", "no example is not enough"),
            ("good\tpositive", "one example is not enough to learn from: bring at least one of each label"),
            ("good\tpositive\nfine\tpositive", "all 2 examples are of one class: bring some that are negative"),
            ("good\tpositive\nbad negative", "line 2 has nothing between text and label"),
            ("good\thappy\nbad\tnegative", "line 1: 'happy' is no label of this task: write negative or positive"),
            ("\n\tpositive", "line 2 has a label and no text"),
        ],
    )  # fmt: skip
    def test_own_lines_that_cannot_be_learned_from(self, lines: str, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            own_examples(lines)

    def test_an_own_text_beyond_the_context_is_named(self) -> None:
        lines = "good\tpositive\n" + "very " * 200 + "bad\tnegative"
        with pytest.raises(ValueError, match=r"example 2 has \d+ tokens, and the model reads 96: shorten it"):
            FineTuner(spec(text=fingerprint(lines)), base(), lines)

    def test_what_is_right(self) -> None:
        row = [labelled.Row([1] * 5, (2, 5), (3, 4)), labelled.Row([1] * 5, (2, 5), (2, 2))]
        said = torch.zeros(2, 5, 2)
        said[0, 3, 0] = said[0, 4, 1] = 5.0
        said[1, 2, 0] = said[1, 3, 1] = 5.0  # one token too long
        said[:, 0] = 50.0  # outside: no answer
        assert right_of(said, batch(row)) == 1
        assert best_spans(said[1, :, 0], said[1, :, 1], batch(row).inside[1])[0][:2] == (2, 3)


def test_what_each_way_learns() -> None:
    config = base().config
    body = sum(
        weight.numel()
        for name, weight in base().transformer.named_parameters()
        if not name.startswith("unembed")
    )
    pairs = lora.trained(config, spec().lora)
    wanted = {"scratch": body, "frozen": 0, "full": body, "lora": pairs, "prompt": 8 * 24}
    for way in WAYS:
        tuner = FineTuner(spec(way=way), base())
        began = {name: weight.clone() for name, weight in tuner.learned().items()}
        frozen = {
            name: weight.clone()
            for name, weight in tuner.model.named_parameters()
            if not weight.requires_grad
        }
        for _ in range(3):
            tuner.step()
        assert sum(value.numel() for value in began.values()) == wanted[way] + HEAD, way
        moved = [name for name, value in tuner.learned().items() if not torch.equal(value, began[name])]
        assert set(moved) >= {"label_head.weight", "label_head.weight_pool"}
        assert len(moved) > 0.8 * len(began), way
        after = dict(tuner.model.named_parameters())
        assert all(torch.equal(after[name], value) for name, value in frozen.items()), way


def test_the_base_is_never_touched_and_scratch_does_not_know_it() -> None:
    before = {name: weight.clone() for name, weight in base().transformer.state_dict().items()}
    starts = {}
    for way in WAYS:
        tuner = FineTuner(spec(way=way), base())
        starts[way] = tuner.model.embed.W_E.detach().clone()
        for _ in range(2):
            tuner.step()
    now = base().transformer.state_dict()
    assert all(torch.equal(now[name], value) for name, value in before.items())
    assert torch.equal(starts["full"], before["embed.W_E"])
    assert not torch.equal(starts["scratch"], before["embed.W_E"])


@pytest.mark.parametrize(
    ("way", "task"), [("full", "sentiment"), ("lora", "questions"), ("prompt", "sentiment")]
)
def test_a_run_that_goes_on_is_the_run_that_was_not_interrupted(way: str, task: str) -> None:
    one = spec(way=way, task=task)
    whole = FineTuner(one, base())
    points = list(whole.run())
    first = FineTuner(one, base())
    for _ in range(7):
        first.step()
    second = FineTuner(one, base())
    second.restore(State.from_bytes(first.state().to_bytes()))
    assert second.done_steps == 7
    rest = list(second.run())
    same = ("step", "loss", "learning_rate", "gradient_norm", "update_norm", "tokens", "accuracy")
    for mine, theirs in zip(rest, points[7:], strict=True):
        assert [getattr(mine, name) for name in same] == [getattr(theirs, name) for name in same]
    ends = second.learned(), whole.learned()
    assert all(torch.equal(ends[0][name], value) for name, value in ends[1].items())
    assert second.ended == "all steps done"
    with pytest.raises(ValueError, match="this run is over"):
        second.step()
    with pytest.raises(ValueError, match="learns other weights"):
        FineTuner(spec(way="frozen"), base()).restore(first.state())


@pytest.mark.parametrize("way", WAYS)
def test_what_was_learned_is_enough_to_say_the_same_again(way: str) -> None:
    tuner = FineTuner(spec(way=way, steps=4, head_rate=0.05), base())
    *_, last = tuner.run()
    again = tuned(tuner.spec, base(), tuner.learned(), "again")
    with torch.no_grad():
        ids = torch.tensor([again.encode(TEXT)])
        said = tuner.reader(ids)[0].softmax(-1)
    chances = dict(again.classify(TEXT))
    assert [chances["negative"], chances["positive"]] == pytest.approx(said.tolist(), abs=1e-5)
    result = tuner.result()
    assert result.accuracy.share == last.accuracy
    assert result.bytes == len(as_file(tuner.spec, tuner.learned()))
    assert result.trained - result.head == sum(w.numel() for w in tuner.weights.values()) - HEAD
    other = tuned(spec(way=way), base(), FineTuner(spec(way=way, seed=9), base()).learned(), "fresh")
    assert dict(other.classify(TEXT)) != chances


def test_a_span_head_answers_with_words_of_the_context() -> None:
    tuner = FineTuner(spec(task="questions", way="full", steps=2), base())
    list(tuner.run())
    lm = tuned(tuner.spec, base(), tuner.learned(), "asked")
    context = "Nora lost the red kite. Tom found it."
    found = lm.answer("Who found it?", context)[0]
    assert found.text
    assert found.text in context


def test_it_learns() -> None:
    """Own lines that one word decides."""
    lines = "".join(f"The {n} {w}.\t{s}\n" for n in ("soup", "kite", "cap", "bucket", "bell")
                    for w, s in (("broke", "negative"), ("is good", "positive")))  # fmt: skip
    losses = [
        point.loss
        for point in FineTuner(
            spec(way="full", text=fingerprint(lines), steps=40, rate=3e-3, eval_every=100), base(), lines
        ).run()
    ]
    assert sum(losses[-5:]) / 5 < 0.3 * losses[0]


def test_rates_rise_and_fall_to_zero() -> None:
    rates = [point.learning_rate for point in FineTuner(spec(steps=10, warmup=0.2, rate=0.01), base()).run()]
    assert rates[:3] == pytest.approx([0.005, 0.01, 0.01])
    assert rates == sorted(rates[:2]) + sorted(rates[2:], reverse=True)
    assert rates[-1] == pytest.approx(0.01 / 8)


def test_forgetting_is_the_old_tasks_loss() -> None:
    before = old_loss(base())
    assert before == old_loss(base())
    frozen = FineTuner(spec(way="frozen"), base())
    list(frozen.run())
    assert frozen.forgetting() == (before, before)
    for way in ("full", "lora"):
        tuner = FineTuner(spec(way=way, rate=0.1, steps=3), base())
        assert tuner.forgetting() == pytest.approx((before, before))
        list(tuner.run())
        now, was = tuner.forgetting() or (0.0, 0.0)
        assert was == before
        assert abs(now - before) > 0.001
    assert FineTuner(spec(way="scratch"), base()).forgetting() is None


def test_a_loss_without_bounds_ends_the_run_and_changes_nothing() -> None:
    tuner = FineTuner(spec(way="full"), base())
    tuner.step()
    with torch.no_grad():
        tuner.weights["label_head.b"][0] = 1e4
    before = tuner.learned()
    with pytest.raises(Diverged, match=r"diverged at step 2: .*; try a lower learning rate"):
        tuner.step()
    assert all(torch.equal(before[name], value) for name, value in tuner.learned().items())


def test_only_an_encoder_that_fills_in_words_is_a_base() -> None:
    config = base().config
    for change, what in (
        ({"shape": "decoder", "causal": True, "mask_id": None}, "small is a decoder"),
        (
            {"head": "sequence", "labels": ("a", "b"), "tied_embeddings": True},
            "encoder with the head 'sequence'",
        ),
    ):
        lm = LanguageModel(_Shape(config.replace(**change)), base().tokenizer, "small")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=what):
            check_base(lm)


@dataclasses.dataclass
class _Shape:
    config: object


def test_weights_of_another_task_do_not_fit() -> None:
    learned = FineTuner(spec(way="frozen"), base()).learned()
    for wrong in (spec(way="frozen", task="questions"), spec(way="full")):
        with pytest.raises(ValueError, match="do not fit small and the task"):
            tuned(wrong, base(), learned, "x")
    with pytest.raises(ValueError, match="of another model"):
        tuned(spec(way="lora", rank=3), base(), FineTuner(spec(way="lora"), base()).learned(), "x")


def test_the_face_adapts_a_bundled_model() -> None:
    points = list(fine_tune(spec(steps=2, batch=2, held_out=10, eval_every=2)))
    assert [point.step for point in points] == [1, 2]
    assert points[0].accuracy is None
    assert points[1].accuracy is not None
