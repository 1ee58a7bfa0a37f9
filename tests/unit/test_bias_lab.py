"""The corpus lab: dials in a spec, what they and the remedies do to the text, and the recorded runs trained again."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from core.data import corpora, dial, shards, toyland
from core.data.shards import DOCUMENTS, Shards
from core.data.toyland import cast
from core.data.toyland.state import Person
from core.data.toyland.words import ELDERS, HE_NAMES, PROFESSIONS, SHE_NAMES
from core.precision import alike, settle
from core.runs import bias_recordings
from core.runs.records import RunError
from core.training import Trainer, TrainSpec, corpus_lab
from core.training.corpus_lab import DIALLED, DOSES, OTHERS, SEEDS
from scripts import record_bias

PEOPLE = dict(zip(SHE_NAMES, HE_NAMES, strict=True)) | dict(zip(HE_NAMES, SHE_NAMES, strict=True))
WORKERS = re.compile(rf"\b[Tt]he ({'|'.join(DIALLED)})\b")
KIN = {"sister": "brother", "brother": "sister"}
KIN |= dict(zip(ELDERS["she"], ELDERS["he"], strict=True)) | dict(
    zip(ELDERS["he"], ELDERS["she"], strict=True)
)


def mirrored(seed: int) -> str:
    """The story of a seed told in a world in which everybody has the other pronoun, name and relation."""
    fill = cast.Casting.fill

    def turned(self: cast.Casting, wanted: Any) -> None:
        fill(self, wanted)
        new = {}
        for id, one in self.entities.items():
            if isinstance(one, Person):
                other = PEOPLE[one.name]
                one = dataclasses.replace(
                    one, id=other, name=other, pronoun="he" if one.pronoun == "she" else "she",
                    kin=KIN.get(one.kin, one.kin), kin_of=PEOPLE.get(one.kin_of, one.kin_of),
                )  # fmt: skip
                id = other
            new[id] = one
        self.entities = new
        self.roles = {role: PEOPLE.get(id, id) for role, id in self.roles.items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cast.Casting, "fill", turned)
        text = toyland.story(seed, None, "any").text
    # An aunt who is nobody of the story ("a scarf from an aunt") is a word in a telling, and no person to turn.
    return re.sub(r"\b(aunt|uncle|grandmother|grandfather)\b(?! [A-Z])", lambda found: KIN[found[0]], text)


def test_words_swap_as_the_world_would() -> None:
    """Swapping the words of a text gives the very text that the mirrored world tells."""
    for seed in range(300):
        plain = toyland.story(seed, None, "any").text
        assert dial.swapped(plain) == mirrored(seed)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Her sister gave her her hat.", "His brother gave his his hat."),
        ("She saw him. He saw her.", "He saw her. She saw him."),
        ("Nora told Aunt Vera about her.", "Tom told Uncle Dan about him."),
        (
            "Tess's hat, Jonas' hat, Tom's hat, the dogs' hat",
            "Bruno's hat, Edith's hat, Nora's hat, the dogs' hat",
        ),
        ("HER", "Him"),
        ("", ""),
    ],
)
def test_swapping_reads_the_word_behind_her(text: str, other: str) -> None:
    assert dial.swapped(text) == other


def people(texts: dial.Dial, stories: int, jobs: tuple[str, ...]) -> tuple[int, int]:
    """How many people of these professions are "she", and how many there are."""
    told = dial.shares_told(texts, stories)
    return sum(told[job][0] for job in jobs), sum(told[job][1] for job in jobs)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("dose", [0.0, 0.25, 1.0])
def test_the_dial_turns_the_dialled_professions_alone(dose: float) -> None:
    turned = dial.check_dial(dict.fromkeys(DIALLED, dose))
    she, of = people(turned, 400, DIALLED)
    assert abs(she / of - dose) < 0.08 and of > 150
    if dose in (0.0, 1.0):
        assert she / of == dose
    she, of = people(turned, 400, OTHERS)
    assert abs(she / of - 0.5) < 0.12


def lines(tales: Any, count: int) -> list[str]:
    """The lines of the first tales."""
    return [line for tale in islice(tales, count) for line in tale]


def test_half_a_share_tells_the_world_as_it_is() -> None:
    """At one half the dial does nothing at all: the very same lines."""
    plain = [one.text for seed in range(60) for one in dial.lines(toyland.story(seed, None, "train"))]
    assert lines(dial.told((("doctor", 0.5),)), 60) == plain
    assert lines(dial.told(dial.check_dial(dict.fromkeys(DIALLED, 1.0))), 60) != plain
    assert dial.at_half(dial.check_dial({"nurse": 0.1, "baker": 1})) == (("baker", 0.5), ("nurse", 0.5))


def test_a_line_speaks_of_one_person_by_profession_then_by_pronoun() -> None:
    names = set(SHE_NAMES) | set(HE_NAMES)
    count = 0
    for seed in range(300):
        story = toyland.story(seed, None, "train")
        for one in dial.lines(story):
            count += 1
            words = re.findall(r"[A-Za-z]+", one.text)
            assert one.who.name not in words and not names & set(words)
            before, _, after = one.text.lower().partition(one.who.profession)
            own = {"she": {"she", "her", "herself"}, "he": {"he", "him", "his", "himself"}}[one.who.pronoun]
            assert own & set(re.findall(r"[a-z]+", after)), one.text
            other = {"she", "her", "he", "him", "his", "herself", "himself"} - own
            assert not other & set(re.findall(r"[a-z]+", before + after)), one.text
    assert count > 80


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Nora the baker sat down.", "The baker sat down."),
        (
            "There stood the baker Nora. Nora's hat was red.",
            "There stood the baker. The baker's hat was red.",
        ),
        ('"Good morning, Nora," said Nora.', '"Good morning, baker," said the baker.'),
        ('"Nora, come out!" He saw Nora, who ran.', '"Baker, come out!" He saw the baker, who ran.'),
    ],
)
def test_people_are_called_by_what_they_do(text: str, told: str) -> None:
    assert dial.by_profession(text, [Person("Nora", "Nora", "she", "baker")]) == told


def test_swapped_lines_follow_their_originals() -> None:
    turned = dial.check_dial(dict.fromkeys(DIALLED, 0.9))
    tales = list(islice(dial.told(turned, 10, "swap"), 40))
    for plain, swapped in zip(tales[::2], tales[1::2], strict=True):
        assert [dial.swapped(line) for line in plain] == list(swapped)
    assert tales[0] == next(dial.told(turned, 10))


def test_remove_leaves_nobody_of_the_dialled_professions() -> None:
    turned = dial.check_dial(dict.fromkeys(DIALLED, 0.9))
    left, every = (lines(dial.told(turned, 0, remedy), 300) for remedy in ("remove", "none"))
    assert left == [line for line in every if not WORKERS.search(line)]
    assert 0 < len(left) < len(every)


@pytest.mark.full(reason="takes a second")
def test_balance_leaves_as_many_of_both() -> None:
    def kept(dose: float, tales: int) -> list[str]:
        turned = dial.check_dial(dict.fromkeys(DIALLED, dose))
        found = [line.lower() for line in lines(dial.told(turned, 0, "balance"), tales)]
        return [line for line in found if WORKERS.search(line)]

    about = kept(0.9, 1500)
    she = sum(bool(re.search(r"\b(she|her|herself)\b", line)) for line in about)
    assert len(about) > 40 and 0.3 < she / len(about) < 0.7
    assert not kept(1.0, 300), "where there is one kind alone, nothing can be balanced: its lines go"


def test_a_tale_has_its_lines_wherever_reading_begins() -> None:
    for remedy in dial.REMEDIES:
        turned = dial.check_dial(dict.fromkeys(DIALLED, 0.9))
        whole = list(islice(dial.told(turned, 40, remedy), 8))
        assert list(islice(dial.told(turned, 44, remedy), 4)) == whole[4:]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"dial": {"wizard": 0.5}}, "nobody in Toyland is a 'wizard': choose from baker"),
        ({"dial": {"doctor": 1.2}}, "the share of 'she' of the doctor is 1.2: it must be a number between 0 and 1"),
        ({"dial": {"doctor": float("nan")}}, "between 0 and 1"),
        ({"dial": {"doctor": "much"}}, "'much'"),
        ({"dial": {"doctor": True}}, "True"),
        ({"dial": [("doctor", 0.1), ("doctor", 0.2)]}, "given twice"),
        ({"dial": 7}, "must be pairs"),
        ({"dial": ["doctor"]}, "must be pairs"),
        ({"dial": {"doctor": 0.1}, "corpus": "fables"}, "corpus='tales'"),
        ({"remedy": "swap"}, "give a dial, too"),
        ({"dial": {"doctor": 0.1}, "remedy": "pray"}, "not one of none, swap, remove, balance"),
    ],
)  # fmt: skip
def test_dials_that_cannot_be_are_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TrainSpec(**values)


def test_a_dial_travels_with_its_spec_and_old_specs_read_as_before() -> None:
    spec = TrainSpec(dial={"nurse": 1, "doctor": 0.25}, remedy="balance")
    assert spec.dial == (("doctor", 0.25), ("nurse", 1.0))
    assert TrainSpec.from_json(spec.to_json()) == spec == TrainSpec.from_json(spec.to_json(defaults=False))
    assert spec.to_dict(defaults=False)["dial"] == {"doctor": 0.25, "nurse": 1.0}
    old = {
        name: value for name, value in TrainSpec(steps=7).to_dict().items() if name not in ("dial", "remedy")
    }
    assert TrainSpec.from_dict(json.loads(json.dumps(old))) == TrainSpec(steps=7)
    assert "dial" not in TrainSpec().to_json(defaults=False)


def test_the_vocabulary_and_what_is_held_out_hang_on_no_dose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "TALES", 60)
    one, other = (Shards(corpus_lab.spec(dose).replace(vocab_size=300)) for dose in (0.0, 1.0))
    assert one.sample() == other.sample()
    assert one.documents(0) != other.documents(0)
    assert list(islice(one.held_out(), 3)) == list(islice(other.held_out(), 3))
    assert not set(islice(one.held_out(), 50)) & set(one.documents(0)) & set(one.sample())
    assert Shards(TrainSpec()).documents(0) == list(islice(corpora.corpus("tales", seed=0), DOCUMENTS))


def test_the_plan_has_every_dose_and_remedy_with_every_seed() -> None:
    specs = list(corpus_lab.plan())
    names = [corpus_lab.name(one) for one in specs]
    assert len(set(names)) == len(names) == len(SEEDS) * (len(DOSES) + 4)
    first = specs[0].to_dict()
    moves = {key for one in specs for key, value in one.to_dict().items() if value != first[key]}
    assert moves == {"dial", "remedy", "seed"}
    assert set(DIALLED) | set(OTHERS) == set(PROFESSIONS) and not set(DIALLED) & set(OTHERS)


def test_no_profession_is_no_run() -> None:
    with pytest.raises(ValueError, match="choose at least one profession"):
        corpus_lab.spec(0.5, jobs=())
    with pytest.raises(ValueError, match="no dose"):
        corpus_lab.dose_of(TrainSpec(dial={"nurse": 0.1, "doctor": 0.2}))


# By which part of the loss float32 differs from what was recorded in bfloat16: measured 6e-4, with AVX-512 and without;
# in bfloat16 1e-4. Another seed's text is 2e-3 away, another rate 1e-2.
CLOSE = 1e-3


@pytest.mark.full(reason="6 cases, 20 s together")
@pytest.mark.parametrize(
    ("name", "precision"),
    [
        *(
            (name, "float32")
            for name in ("none-0-0", "none-100-1", "swap-90-2", "remove-90-0", "balance-90-0")
        ),
        ("none-0-0", "bfloat16"),  # one: some processors take 40 times as long for it
    ],
)
def test_recorded_runs_begin_as_they_were_recorded(name: str, precision: Any) -> None:
    assert early(name, precision=precision) <= CLOSE


@pytest.mark.full(reason="takes 8 s")
def test_another_seed_or_rate_would_be_noticed() -> None:
    assert early("none-0-0", precision="float32", seed=1) > CLOSE
    assert early("none-0-0", precision="float32", learning_rate=0.09) > CLOSE


def early(name: str, **changes: Any) -> float:
    """By which part the last of a recorded run's first losses differs from that of its spec with changes."""
    run = bias_recordings.result(name)
    trainer = Trainer(TrainSpec.from_dict(run["spec"]).replace(**changes))
    return abs([trainer.step().loss for _ in range(record_bias.EARLY)][-1] / run["early"] - 1)


@pytest.mark.full(reason="takes 2 s")
def test_what_is_recorded_is_what_the_plan_asks_for() -> None:
    runs = bias_recordings.recorded()["runs"]
    planned = {corpus_lab.name(one): one for one in corpus_lab.plan()}
    assert set(runs) == set(planned)
    assert all(alike(TrainSpec.from_dict(runs[name]["spec"]), one) for name, one in planned.items())
    for one in runs.values():
        assert [at["step"] for at in one["trace"]][::8] == [0, corpus_lab.STEPS]
        assert len(one["trace"]) == corpus_lab.MEASURED and set(one["gaps"]) == set(PROFESSIONS)
    told = bias_recordings.recorded()["told"]
    assert {job: tuple(pair) for job, pair in told.items()} == dial.shares_told(
        (), bias_recordings.recorded()["stories"]
    )
    with pytest.raises(RunError, match="no run called 'none-33-0'"):
        bias_recordings.result("none-33-0")


def test_the_dial_is_the_cause() -> None:
    """What the page claims of its recorded runs."""
    curve = bias_recordings.curve()
    slope, spilt = bias_recordings.slope(curve), bias_recordings.slope(curve, "others")
    assert slope.low > 0, "more of a dose is more of a gap, beyond what the seeds scatter"
    assert slope.mean > spilt.mean, "and where it was given more than elsewhere"
    middle = next(one for one in curve if one.at == 0.5)
    assert middle.spread("dialled").low < 0.5 < middle.spread("dialled").high
    assert bias_recordings.moved(curve[-1], curve[0]).low > 0


def test_a_slope_is_that_of_least_squares() -> None:
    import numpy as np

    curve = bias_recordings.curve()
    fitted = [
        np.polyfit([one.at for one in curve], [one.dialled[seed] for one in curve], 1)[0] for seed in SEEDS
    ]
    assert bias_recordings.slope(curve).mean == pytest.approx(np.mean(fitted))


@pytest.mark.full(reason="takes 4 s")
def test_a_stopped_recording_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names: list[str] = []
    record = record_bias.record

    def noted(spec: TrainSpec) -> dict[str, Any]:
        names.append(corpus_lab.name(spec))
        return record(spec)

    specs = [
        corpus_lab.spec(dose, 0, steps=4).replace(vocab_size=300, batch_tokens=256, checkpoints=2)
        for dose in (0.0, 0.5, 1.0)
    ]
    monkeypatch.setattr(record_bias, "record", noted)
    monkeypatch.setattr(record_bias, "RECORDED", tmp_path / "bias.json")
    monkeypatch.setattr(record_bias, "STORIES", 20)
    monkeypatch.setattr(shards, "TALES", 60)
    monkeypatch.setattr(corpus_lab, "plan", lambda: iter(specs))
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    monkeypatch.setattr(sys, "argv", ["record_bias", "--most", "2"])
    record_bias.main()
    assert names == ["none-0-0", "none-50-0"]
    record_bias.main()
    assert names == ["none-0-0", "none-50-0", "none-100-0"]
    written = json.loads((tmp_path / "bias.json").read_text(encoding="utf-8"))
    run = written["runs"]["none-100-0"]
    assert TrainSpec.from_dict(run["spec"]) == settle(specs[2])  # it names what it was trained in
    assert [at["step"] for at in run["trace"]] == [0, 4] and 0 < run["trace"][-1]["dialled"] < 1
