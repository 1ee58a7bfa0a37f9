"""The Training lab as a script: its numbers are core's and the store's, every wrong setting is refused in words."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import questions
from app import runs as face
from app.session import state
from core import zoo
from core.analysis.heads.patterns import head_maps, pattern_scores
from core.checkpoints import load_folder
from core.data.corpora import fingerprint
from core.runs import load as load_run
from core.runs.worker import here
from core.training import TrainSpec
from core.training.one_step import one_step
from core.training.text_loss import text_loss
from core.training.trainer import train
from pages.lab import controls, curves, export, presets, question, settings, strip
from pages.lab.settings import planned
from tests.pages.conftest import OTHER, OWNER, SMALL, OpenPage, Runs, run_notebook

TEXT = "Once upon a time, Lily saw a"


def store(app: AppTest) -> dict[str, Any]:
    """All remembered values of the session."""
    values: dict[str, Any] = app.session_state["gb"].store
    return values


def picture(app: AppTest) -> dict[str, Any]:
    """The data of the page's picture."""
    found = [json.loads(element.proto.json)[0] for element in app.get("bidi_component") if element.proto.json]
    data: dict[str, Any] = next(data for data in found if "film" in data)
    return data


def said(app: AppTest) -> str:
    """The messages on top of the page, as they read."""
    return " ".join(box.value for box in app.info).replace("\\", "").replace("\u2060", "")


def words(app: AppTest) -> str:
    """The captions of the page, as they read."""
    return " ".join(one.value for one in app.caption).replace("\\", "").replace("\u2060", "")


def walk(block: Any) -> list[Any]:
    """A block and all that it holds."""
    return [block, *(one for child in getattr(block, "children", {}).values() for one in walk(child))]


def within(block: Any) -> list[Any]:
    """The buttons inside a block."""
    return [one for one in walk(block) if getattr(one, "type", "") == "button"]


def opened(open_page: OpenPage, **link: Any) -> AppTest:
    """The lab with its Settings open."""
    app = open_page("lab", **link)
    assert not app.number_input, "what a closed popover holds would come to the browser without its values"
    app.session_state["gb-lab-more"] = True
    return app.run()


def spec_of(app: AppTest) -> TrainSpec:
    """The settings of the next run."""
    raw = store(app)["spec"]
    return TrainSpec.from_json(raw) if raw else presets.default()


# ---------------------------------------------------------------- the first screen


def test_the_first_screen_shows_the_bundled_models_own_training(open_page: OpenPage) -> None:
    app = open_page("lab", text=TEXT)
    assert not app.exception and not app.info
    data = picture(app)
    card = zoo.card("tales-gpt")
    assert [run["id"] for run in data["runs"]] == ["tales-gpt"]
    assert data["moments"]["steps"] == core.snapshots("tales-gpt")
    film = data["film"]
    assert [frame["step"] for frame in film["frames"]] == [0, 150, 800, 2000, 3200, 4500]
    assert card["curve"][-1]["held_out"] == pytest.approx(0.5689)
    for frame in film["frames"]:
        lm = core.load("tales-gpt", snapshot=frame["step"])
        score = pattern_scores(head_maps(lm, TEXT))
        job = next(job for job, words in strip.WORDS.items() if words[2] == film["short"])
        assert frame["score"] == pytest.approx(
            float(score[job].weight[film["block"], film["head"]]), abs=1e-4
        )  # type: ignore[index]
        assert frame["loss"] == pytest.approx(text_loss(lm, TEXT)(lm.transformer).item(), abs=1e-3)
        assert lm.generate(TEXT, max_new_tokens=8).text.startswith(frame["sample"][:8])


def test_the_strip_is_told_by_the_head_whose_score_rose_most() -> None:
    lms = [core.load("tales-gpt", snapshot=step) for step in (0, 4500)]
    moments = [strip.look(lm, TEXT, None, "self") for lm in lms]
    film = strip.film([0, 4500], lambda step: moments[step == 4500])
    rises = {
        job: (moments[1].scores[job] - moments[0].scores[job])
        * (1 if job in strip.SHARP else strip.BROAD_COUNTS)
        for job in moments[0].scores
    }
    best = max(rises, key=lambda job: float(rises[job].max()))
    assert film.job == best
    assert rises[best][film.block, film.head] == pytest.approx(float(rises[best].max()))


def test_moments_that_stand_side_by_side_hold_the_ends_and_the_shown_one() -> None:
    steps = [0, 1, 2, 4, 8, 16, 32, 64, 128]
    for keep in steps:
        chosen = strip.choose(steps, keep)
        assert len(chosen) == strip.FRAMES and {0, keep, 128} <= set(chosen) <= set(steps)
    assert strip.choose([3], 7) == [3] and strip.choose([], 0) == []


def test_a_model_without_a_training_of_its_own_stands_beside_one_that_has(
    open_page: OpenPage, other_model: str
) -> None:
    data = picture(open_page("lab", model=other_model, text="The fox"))
    assert data["runs"][0]["id"] == "tales-gpt" and data["moments"]["steps"] == []
    assert "keeps no moments" in data["moments"]["why"] and data["guessing"] is None
    assert [frame["step"] for frame in data["film"]["frames"]] == [-1]


def test_a_frame_without_buttons_says_what_the_model_was_trained_by(open_page: OpenPage) -> None:
    whole, framed = (picture(open_page("lab", view=view)) for view in ("page", "figure"))
    assert whole["plan"]["rows"] and whole["next"]["text"].startswith("Next run")
    assert framed["plan"] is framed["next"] is None
    assert framed["trained"]["title"] == "tales-gpt was trained by"
    spec = zoo.card("tales-gpt")["spec"]
    assert dict(framed["trained"]["rows"])["Steps"] == f"{spec['steps']:,} of {spec['batch_tokens']:,} tokens"


# ---------------------------------------------------------------- runs of the store


@pytest.mark.full(reason="takes a second")
def test_a_run_is_shown_with_its_moments_and_its_curve_comes_by_stream(
    open_page: OpenPage, runs: Runs
) -> None:
    run = runs.ready()
    app = open_page("lab", model=f"run:{run.id}", text=TEXT)
    assert not app.exception and not app.info
    data = picture(app)
    first = data["runs"][0]
    assert first["live"] and first["mine"] and first["name"] == "Small" and "points" not in first
    assert first["growth"] == []
    assert data["moments"]["steps"] == runs.store.steps(run.id)
    assert [frame["step"] for frame in data["film"]["frames"]] == runs.store.steps(run.id)
    lm = load_run(runs.store, run.id)
    assert data["guessing"]["value"] == pytest.approx(np.log(lm.config.d_vocab))
    assert app.button(key="lab.go").label == "Start" and app.button(key="lab.stop").disabled
    run_notebook(app)


def test_the_curve_says_where_rows_become_longer(open_page: OpenPage, runs: Runs) -> None:
    # Named: without a link the page opens a run of another test that still waits.
    bundled = picture(open_page("lab", model="tales-gpt", runs=""))["runs"][0]
    assert bundled["name"] == "tales-gpt"
    assert bundled["growth"] == [{"x": 1500, "text": "rows of 384 tokens"}]
    found = curves.find(runs.queued(stages=((0.5, 8),)).id)
    assert found is not None and found.run is not None
    spec = found.run.spec
    assert found.growth == ((spec.steps // 2, spec.context or spec.config(spec.vocab_size).n_ctx),)


def test_the_files_of_a_run_are_its_curve_its_spec_and_its_weights(runs: Runs, tmp_path: Path) -> None:
    run = runs.ready()
    found = curves.find(run.id)
    assert found is not None
    rows = list(csv.DictReader(io.StringIO(export.curve_csv(found))))
    points = runs.store.points(run.id)
    assert [int(row["step"]) for row in rows] == points.step.tolist()
    assert [float(row["loss"]) for row in rows] == points.loss.tolist()
    assert [row["held_out"] == "" for row in rows] == np.isnan(points.held_out).tolist()
    assert TrainSpec.from_json(export.spec_json(found)) == run.spec
    lm = core.load("tales-gpt")
    with zipfile.ZipFile(io.BytesIO(export.weights_zip(lm))) as packed:
        packed.extractall(tmp_path / "taken")
    again = load_folder(
        tmp_path / "taken", device="cpu", dtype=core.load("tales-gpt").transformer.embed.W_E.dtype
    )
    assert "core.load" in (tmp_path / "taken" / "ABOUT.txt").read_text(encoding="utf-8")
    assert again.config == lm.config


def test_somebody_elses_run_is_watched_and_not_commanded(open_page: OpenPage, runs: Runs) -> None:
    run = runs.queued(owner=OTHER)
    app = open_page("lab", runs=run.id)
    data = picture(app)
    assert data["runs"][0]["id"] == run.id and not data["runs"][0]["mine"]
    assert app.button(key="lab.go").label == "Start" and app.button(key="lab.stop").disabled
    assert "started in another browser" in face.command(run.id, "stop")
    assert runs.store.get(run.id).state == "queued"
    runs.store.delete(run.id, OTHER)


def test_an_encoders_sample_is_words_apart_and_fills_its_masks() -> None:
    lm = core.load("tales-bert")
    written = strip.sample(lm, "a small [MASK] there")
    assert " " in written and not written.startswith(" ")
    best = lm.trace("a small [MASK] there").logits.argmax(-1).tolist()
    words = "".join(lm.tokenizer.pieces(best[1:5])).strip()
    assert written == words[: strip.WRITES]


def test_a_waiting_run_comes_first_and_the_open_model_keeps_its_strip(
    open_page: OpenPage, runs: Runs
) -> None:
    run = runs.queued(name="**Run** <b>")
    app = open_page("lab", runs=run.id)
    data = picture(app)
    assert [one["id"] for one in data["runs"]] == [run.id]
    assert (
        "first checkpoint; until then, below is tales-gpt" in data["moments"]["why"]
        and len(data["film"]["frames"]) == 6
    )
    assert app.button(key="lab.go").label == "Pause" and not app.button(key="lab.stop").disabled
    app.button(key="lab.go").click().run()
    assert runs.store.get(run.id).state == "paused" and app.button(key="lab.go").label == "Resume"
    app.button(key="lab.stop").click().run()
    assert runs.store.get(run.id).state == "stopped"
    assert app.button(key="lab.go").label == "Start", "it kept no moment to go on from"
    assert not app.button(key="lab.new").disabled
    runs.store.delete(run.id, runs.owner)
    app.run()
    assert not app.exception and picture(app)["runs"][0]["id"] == "tales-gpt"
    assert app.button(key="lab.go").label == "Start" and app.button(key="lab.new").disabled


@pytest.mark.full(reason="takes a second")
def test_while_a_run_waits_everything_says_whose_it_is(open_page: OpenPage, runs: Runs) -> None:
    old = runs.ready("Old")
    run = runs.queued(name="New", tokenizer="characters")
    app = open_page("lab", model=f"run:{old.id}", runs=f"{run.id} {old.id}", text=TEXT)
    data = picture(app)
    assert [one["name"] for one in data["runs"]] == ["New", "Old"]
    assert data["title"] == "Loss, nats per character", "of what is about to be measured"
    assert data["moments"]["why"].startswith(
        "Rewind begins with New’s first checkpoint; until then, below is Old"
    )
    assert data["film"]["title"].startswith("Old: L")
    assert any(
        "From its first step to its last: New’s loss on your text" in str(one.proto)
        for one in app.get("html")
    )
    first = app.session_state["gb"].memos["predict"]["signature"]
    found = curves.find(run.id)
    assert found is not None
    coming = question.coming(found, TEXT, None)
    assert coming is not None and coming.waits == "The answer comes when New has ended."
    later = question.ask(replace(found, model=f"run:{run.id}", steps=(0, 4)), f"run:{run.id} {TEXT} None")
    assert (later.asked, later.about) == (coming.asked, coming.about), "what was said stays"
    runs.store.command(run.id, runs.owner, "stop")
    app.run()
    data = picture(app)
    assert data["moments"]["why"].startswith("New kept no checkpoint; below is Old")
    assert app.session_state["gb"].memos["predict"]["signature"] != first, "nothing of it will come"
    runs.store.delete(run.id, runs.owner)


def test_a_new_run_is_offered_beside_one_that_has_ended(open_page: OpenPage, runs: Runs) -> None:
    run = runs.ready("Old")
    app = open_page("lab", model=f"run:{run.id}", runs=run.id)
    assert app.button(key="lab.go").label == "Start" and not app.button(key="lab.new").disabled
    assert picture(app)["film"]["title"].startswith("L"), "it is its own strip"


def test_the_page_says_whose_settings_resume_takes(open_page: OpenPage, runs: Runs) -> None:
    run = runs.queued(name="Mine")
    runs.store.command(run.id, runs.owner, "pause")
    app = open_page("lab", runs=run.id)
    captions = " ".join(one.value for one in app.caption).replace("\\", "")
    assert "Resume goes on with Mine’s own settings" in captions
    assert "12 steps" in captions and f"{presets.default().steps:,} steps, is for a new run" in captions
    same = run.spec.replace(prompt="").to_json(defaults=False)
    app = open_page("lab", runs=run.id, spec=same)
    assert not any("own settings" in one.value for one in app.caption), "nothing to confuse"
    runs.store.delete(run.id, runs.owner)


@pytest.mark.full(reason="takes a second")
def test_a_new_run_and_a_deletion_are_asked_about_first(open_page: OpenPage, runs: Runs) -> None:
    run = runs.trained(name="Old")
    app = open_page("lab", model=f"run:{run.id}", runs=run.id)
    blocks = [block for block in walk(app.main) if getattr(block, "type", "") == "popover"]
    labels = [block.proto.popover.label for block in blocks]
    assert "New run" in labels and "Delete" in labels
    inside = {button.key for block in blocks for button in within(block)}
    assert {"lab.new", f"lab.delete.{run.id}"} <= inside
    app.button(key=f"lab.delete.{run.id}").click().run()
    assert face.find(run.id) is None and not app.exception


def listed(app: AppTest) -> list[str]:
    """The names of the runs that the list shows, in order."""
    lines = (block.value for block in app.html if "gb-lab-run" in block.value)
    return [re.sub(r".*?<b>(.*?)</b>.*", r"\1", line) for line in lines]


@pytest.mark.full(reason="draws the lab twelve times, 4 s")
def test_all_runs_are_listed_searched_sorted_named_and_noted(open_page: OpenPage, queue: Runs) -> None:
    made = []
    for n in range(1, 17):
        made.append(queue.queued(name=f"Run {n:02}", optimizer="sgd" if n == 3 else "adamw"))
        time.sleep(0.003)  # the database's clock counts milliseconds
    app = open_page("lab")
    assert listed(app) == [f"Run {n:02}" for n in range(16, 6, -1)]
    app.get("pagination")[0].select(2).run()
    assert listed(app) == [f"Run {n:02}" for n in range(6, 0, -1)], "all of them, page by page"
    app.selectbox(key="lab.order").select("oldest").run()
    assert listed(app)[0] == "Run 01", "another order begins on its first page"
    assert "Run 16 (training run)" in app.selectbox(key="model").options
    assert "FILTER_MODE_CONTAINS" in str(app.selectbox(key="model").proto), "so many are searched"
    app.session_state[f"gb-lab-edit-{made[2].id}"] = True
    app.run()
    app.text_input(key=f"lab.name.{made[2].id}").input("Slow <b>one</b>").run()
    app.text_area(key=f"lab.note.{made[2].id}").input("sgd needs a higher rate").run()
    assert (face.find(made[2].id).name, face.find(made[2].id).note) == (
        "Slow <b>one</b>",
        "sgd needs a higher rate",
    )
    for words in ("slow", "HIGHER rate", "sgd 0.0"):
        app.text_input(key="lab.search").input(words).run()
        assert listed(app) == ["Slow &lt;b&gt;one&lt;/b&gt;"], words
    assert any("sgd needs a higher rate" in block.value for block in app.html)
    app.text_input(key="lab.search").input("nowhere").run()
    assert not listed(app) and not app.exception
    other = open_page("lab", model=f"run:{queue.queued(OTHER, 'Theirs').id}")
    assert not [one for one in other.text_input if str(one.key).startswith("lab.name")], (
        "only an owner's can be edited"
    )


def test_own_text_opens_its_box(open_page: OpenPage) -> None:
    app = open_page("lab")
    assert not [one for one in app.text_area if one.key == "lab.paste"]
    app.selectbox(key="lab.corpus").select("own").run()
    assert not app.exception
    assert app.text_area(key="lab.paste")
    tabs = [block for block in walk(app.main) if getattr(block, "type", "") == "tab_container"]
    assert tabs and "paste or upload it here" in said(app)
    assert tabs[0].proto.tab_container.default_tab_index == 1


@pytest.mark.full(reason="takes a second")
def test_a_run_keeps_its_colour_whatever_stands_beside_it(runs: Runs, open_page: OpenPage) -> None:
    first, second = runs.ready(), runs.ready("Second")
    app = open_page("lab", model=f"run:{first.id}", runs=first.id)
    before = {run["id"]: run["slot"] for run in picture(app)["runs"]}
    app.session_state["gb"].store.update({"model": f"run:{second.id}", "runs": f"{second.id} {first.id}"})
    app.run()
    after = {run["id"]: run["slot"] for run in picture(app)["runs"]}
    assert picture(app)["runs"][0]["id"] == second.id
    assert after[first.id] == before[first.id] != after[second.id]


def test_two_buttons_pressed_one_after_the_other_leave_the_last_word(open_page: OpenPage, runs: Runs) -> None:
    run = runs.queued()
    first, second = (open_page("lab", runs=run.id) for _ in range(2))
    first.button(key="lab.go").click().run()  # Pause
    second.button(key="lab.stop").click().run()  # drawn while it waited
    assert runs.store.get(run.id).state == "stopped"
    first.button(key="lab.go").click().run()  # Resume, of a run that has ended meanwhile
    assert runs.store.get(run.id).state == "stopped" and not first.exception
    runs.store.delete(run.id, runs.owner)


def test_runs_are_compared_by_id_and_name_and_unknown_ones_are_left_out(
    open_page: OpenPage, runs: Runs
) -> None:
    run = runs.ready()
    app = open_page("lab", runs=f"{run.id} nobody {'0' * 24} {run.id}", axis="tokens")
    data = picture(app)
    assert [one["id"] for one in data["runs"]] == ["tales-gpt", run.id] and data["x"] == "tokens"
    assert app.multiselect(key="lab.compare").value == [run.id]
    app.multiselect(key="lab.compare").set_value([]).run()
    assert store(app)["runs"] == "" and len(picture(app)["runs"]) == 1


def test_the_table_and_its_csv_are_the_curve(open_page: OpenPage, runs: Runs) -> None:
    run = runs.ready()
    own = curves.find(run.id)
    assert own is not None
    table = export.table(
        strip.film([-1], lambda step: strip.look(core.load("tales-gpt"), TEXT, None, "self")), ([], []), own
    )
    points = runs.store.points(run.id)
    assert table["step"] == points.step.tolist() and set(table["run"]) == {own.name}
    np.testing.assert_allclose(table["training loss"], points.loss, rtol=1e-6)
    held_out = [np.nan if one is None else one for one in table["validation loss"]]
    np.testing.assert_allclose(held_out, points.held_out, rtol=1e-6)
    assert list(table)[-4:] == ["learning rate", "gradient norm", "tokens", "seconds"]


def test_a_fork_takes_the_parents_shape_and_the_learners_settings(runs: Runs) -> None:
    run = runs.ready()
    spec = presets.default().replace(steps=30, learning_rate=0.01)
    child = settings.fork(spec, run.spec, run.id, 4)
    assert child.parent == f"{run.id}@4" and child.config(300) == run.spec.config(300)
    assert (child.tokenizer, child.vocab_size, child.steps, child.learning_rate) == ("bpe", 320, 30, 0.01)
    assert (child.first_step, child.total_steps) == (4, 34), "it goes on where its parent was"


def test_a_fork_changes_what_the_learner_set_and_lists_it_and_nothing_else() -> None:
    parent = presets.default()
    same = settings.fork(parent, parent, "a" * 24, 40)
    assert same == parent.replace(parent=f"{'a' * 24}@40", first_step=40, steps=parent.steps - 40)
    assert settings.fork_changes(same, parent, "Run A", True) == []
    assert "averages" in settings.fork_changes(same, parent, "Run A", False)[0]
    again = settings.fork(parent, same, "b" * 24, 10)
    assert (again.first_step, again.total_steps) == (50, parent.steps), "a fork of a fork goes on, too"

    longer = settings.fork(parent.replace(steps=200), parent, "a" * 24, 40)
    assert [at for at, _ in longer.growth()] == [at for at, _ in parent.growth()], "rows grow where they did"
    found = settings.fork_changes(longer, parent, "Run A", True)
    assert found[0] == "Steps: 240 instead of 124" and "zero at step 240, in Run A at step 124" in found[1]
    at_end = settings.fork(parent, parent, "a" * 24, 124)
    assert (at_end.first_step, at_end.steps) == (124, 124) and len(
        settings.fork_changes(at_end, parent, "", True)
    ) == 2
    shorter = settings.fork(parent.replace(steps=10), parent, "a" * 24, 40)
    assert [shorter.stage(step) for step in (40, 50)] == [parent.stage(step) for step in (40, 50)]

    steady = parent.replace(schedule="constant", stages=())
    other = steady.replace(optimizer="adamw", learning_rate=0.003, corpus="fables", steps=200)
    assert settings.fork_changes(settings.fork(other, steady, "a" * 24, 40), steady, "Run A", True) == [
        "Data: Fables instead of Toyland",
        "Optimizer: AdamW instead of Muon",
        "Peak rate: 0.003 instead of 0.12",
        "Steps: 240 instead of 124",
        "The optimizer begins without its averages of earlier gradients",
    ]


def test_start_trains_several_seeds_and_the_page_says_where_they_end(
    open_page: OpenPage, queue: Runs
) -> None:
    spec = TrainSpec(**{**SMALL, "steps": 12, "eval_every": 4, "seed": 3})
    app = open_page("lab", spec=spec.to_json(defaults=False))
    app.session_state["gb"].memos.setdefault("lab", {})["seeds"] = 3
    app.run()
    assert "Start trains 3 runs, with the seeds 3, 4, 5." in words(app)
    app.button(key="lab.go").click().run()
    found = queue.store.list(owner=OWNER)
    assert sorted(run.seed for run in found) == [3, 4, 5] and not app.exception
    assert len({run.spec.replace(seed=0) for run in found}) == 1
    assert store(app)["runs"].split()[0] == next(run.id for run in found if run.seed == 3)
    assert {run.name.partition(",")[2] for run in found} == {f" seed {n}" for n in (3, 4, 5)}

    done = [here(queue.store, spec.replace(seed=seed), OWNER) for seed in (0, 1, 2)]
    app = open_page("lab", runs=" ".join(run.id for run in done))
    ends = [queue.store.points(run.id).held_out[-1] for run in done]
    said_of = f"3 seeds of one setting: the validation loss ends between {min(ends):.3f} and {max(ends):.3f}"
    assert said_of in words(app) and f"at {np.mean(ends):.3f} on average" in words(app)
    assert len({one["seeds"] for one in picture(app)["runs"] if one["id"] != "tales-gpt"}) == 1


def test_the_recipe_of_the_lecture_is_one_choice_and_says_its_cost() -> None:
    spec = presets.default().replace(seed=4, corpus="fables")
    lecture = presets.apply_recipe(spec, "lecture")
    assert (lecture.optimizer, lecture.schedule, lecture.warmup) == ("adamw", "cosine", spec.steps // 10)
    moved = {
        "optimizer",
        "learning_rate",
        "schedule",
        "warmup",
        "clip",
        "weight_decay",
        "momentum",
        "beta1",
        "beta2",
    }
    ours, theirs = spec.to_dict(), lecture.to_dict()
    assert {name for name in ours if ours[name] != theirs[name]} <= moved, "model, data and seed stay"
    assert presets.apply_recipe(lecture, "default") == spec
    assert (presets.recipe_of(spec), presets.recipe_of(lecture)) == ("default", "lecture")
    assert presets.recipe_of(spec.replace(learning_rate=0.01)) == ""
    assert presets.recipe_of(presets.PRESETS["plain"].make()) == ""
    said = settings.describe_recipe(spec)
    assert said.count("nats") == 1 and "in the lecture" in said


@pytest.mark.parametrize(("schedule", "first"), [("constant", True), ("linear", False), ("cosine", False)])
def test_the_page_says_where_a_shorter_run_is_the_beginning_of_a_longer_one(
    schedule: Any, first: bool
) -> None:
    spec = TrainSpec(**{**SMALL, "schedule": schedule, "steps": 8})
    short, long = ([point.loss for point in train(spec.replace(steps=n))][:4] for n in (4, 8))
    assert (short == long) is first
    assert settings.describe_prefix(spec).startswith(
        f"A run of fewer steps is {'' if first else 'not '}the beg"
    )


@pytest.mark.full(reason="trains for a second, and the pages tests above have its parts")
def test_a_fork_lists_what_it_would_change_and_begins_with_it_or_without(
    open_page: OpenPage, queue: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = here(queue.store, TrainSpec(**{**SMALL, "steps": 12, "checkpoints": 4}), OWNER)
    step = queue.store.steps(run.id)[1]
    app = open_page("lab", model=f"run:{run.id}", spec=run.spec.to_json(defaults=False))
    app.session_state["gb"].memos["lab"]["fork"] = (run.id, step)
    app.run()
    assert "would change: nothing" in words(app)
    app = open_page("lab", model=f"run:{run.id}", spec=run.spec.replace(seed=5).to_json(defaults=False))
    app.session_state["gb"].memos["lab"]["fork"] = (run.id, step)
    app.run()
    assert "Seed: 5 instead of 0" in words(app)
    app.button(key="lab.fork.same").click().run()
    (fork,) = [one for one in queue.store.list(owner=OWNER) if one.parent]
    assert (fork.spec.seed, fork.spec.first_step, fork.steps) == (0, step, 12 - step)
    assert f"goes on from step {step} as" in said(app) and not app.exception


def test_without_workers_start_says_so_and_nothing_is_lost(open_page: OpenPage, runs: Runs) -> None:
    app = open_page("lab", text=TEXT)
    app.button(key="lab.go").click().run()
    assert "without workers" in said(app) and not app.exception
    assert store(app)["text"] == TEXT and store(app)["runs"] == ""


@pytest.mark.full(reason="takes a second")
def test_a_run_that_is_deleted_while_the_page_is_drawn_leaves_the_open_model(
    open_page: OpenPage, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.trained(name="Short", steps=6)
    usual = curves.shown

    def gone(name: str) -> list[curves.Curve]:
        found = usual(name)
        runs.store.delete(run.id, runs.owner)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(curves, "shown", gone)
        app = open_page("lab", model=f"run:{run.id}", text=TEXT)
    assert not app.exception and not app.error
    assert [frame["step"] for frame in picture(app)["film"]["frames"]] == [-1]
    app.run()
    assert not app.exception and "it was deleted" in said(app)


# ---------------------------------------------------------------- settings


def test_the_default_preset_is_the_fast_recipe_on_characters() -> None:
    spec = presets.default()
    assert (spec.corpus, spec.tokenizer, spec.optimizer, spec.init) == (
        "tales",
        "characters",
        "muon",
        "recipe",
    )
    for preset in presets.PRESETS.values():
        made = preset.make()
        assert TrainSpec.from_json(made.to_json(defaults=False)) == made
        assert not planned(made)["refused"], preset.name


def test_choosing_tasks_brings_rows_that_hold_them_and_leaving_drops_them(open_page: OpenPage) -> None:
    app = opened(open_page)
    app.selectbox(key="lab.objective").set_value("text_to_text").run()
    spec = spec_of(app)
    assert (spec.tokenizer, spec.context, spec.config(300).n_ctx) == ("bpe", 128, 128)
    assert dict(spec.tasks)["sentiment"] > 0
    app.selectbox(key="lab.objective").set_value("masked").run()
    assert spec_of(app).objective == "masked" and spec_of(app).tasks == ()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ('{"version": 99}', "version 99"),
        ('{"version": 1, "colour": 1}', "colour"),
        ('{"version": 1, "steps": "many"}', "a whole number"),
        ("[1]", "JSON object"),
        ("<b>no</b>", "not readable"),
    ],
)
def test_a_spec_in_a_link_that_does_not_fit_falls_back_with_a_message(
    raw: str, words: str, open_page: OpenPage
) -> None:
    app = open_page("lab", spec=raw)
    assert not app.exception and words in said(app) and "usual ones" in said(app)
    assert store(app)["spec"] == "" and not app.button(key="lab.go").disabled


def test_a_link_chooses_neither_the_device_nor_the_compiler(open_page: OpenPage, queue: Runs) -> None:
    spec = TrainSpec(**SMALL)
    app = open_page("lab", spec=spec.replace(compile=True, device="meta").to_json())
    app.button(key="lab.go").click().run()
    (run,) = queue.store.list(owner=OWNER)
    assert run.spec.steps == spec.steps and not run.spec.compile and run.spec.device is None
    queue.store.delete(run.id, OWNER)


def test_the_link_carries_the_whole_spec(open_page: OpenPage) -> None:
    app = opened(open_page)
    app.selectbox(key="lab.optimizer").set_value("adamw").run()
    app.selectbox(key="lab.shape").set_value((2, 4, 128)).run()
    app.number_input(key="lab.steps").set_value(77).run()
    spec = spec_of(app)
    assert (spec.optimizer, presets.shape_of(spec), spec.steps) == ("adamw", (2, 4, 128), 77)
    assert spec.learning_rate == presets.RATES["adamw"], "each optimizer begins at a rate of its own"
    again = open_page("lab", spec=store(app)["spec"])
    assert spec_of(again) == spec and again.selectbox(key="lab.shape").value == (2, 4, 128)
    assert len(store(app)["spec"]) < 2000


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize(
    ("widget", "value", "words"),
    [
        ("lab.n_heads", 3, "does not divide"),
        ("lab.peak", "-0.1", "learning_rate=-0.1"),
        ("lab.peak", "fast", "is no number"),
        ("lab.peak", "nan", "finite"),
        ("lab.context", 100_000, "batch_tokens"),
        ("lab.steps", 0, "steps=0"),
        ("lab.warmup", 400, "shorter than steps"),
        ("lab.dropout", 1.5, "between 0 and 1"),
        ("lab.vocab_size", 2, "vocab_size=2"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_words_and_nothing_is_lost(
    widget: str, value: Any, words: str, open_page: OpenPage
) -> None:
    app = opened(open_page)
    before = spec_of(app)
    box = app.text_input(key=widget) if isinstance(value, str) else app.number_input(key=widget)
    box.set_value(value).run()
    assert not app.exception and words in said(app), said(app)
    assert spec_of(app) == before


@pytest.mark.parametrize("rate", ["0", "1e9", "3e-4"])
def test_any_rate_that_a_learner_may_try_is_taken(rate: str, open_page: OpenPage) -> None:
    app = opened(open_page)
    app.text_input(key="lab.peak").set_value(rate).run()
    assert not app.info and spec_of(app).learning_rate == float(rate)
    assert app.select_slider(key="lab.learning_rate").value == float(rate)


def test_what_this_server_does_not_train_is_refused_with_the_estimate(open_page: OpenPage) -> None:
    app = opened(open_page)
    app.number_input(key="lab.steps").set_value(900_000).run()
    plan = picture(app)["plan"]
    assert "900,000 steps are more than" in plan["refused"] and picture(app)["next"]["wrong"]
    spec = presets.default()
    assert planned(spec.replace(changes={**dict(spec.changes), "d_model": 2048}))["refused"].count("MB") == 2


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe\x00binary", "UTF-8"),
        ("ein Märchen".encode("latin-1"), "UTF-8"),
        (" \n ", "empty"),
        ("x" * 5_000_001, "MB"),
        (b"\x00\x01\x02" * 50, ""),
    ],
)
def test_an_own_text_that_cannot_be_read_is_refused_in_words(
    data: str | bytes, words: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(open_page)
    monkeypatch.setattr(state, "widget_value", lambda key: data if key == "lab.paste" else None)
    app.text_area(key="lab.paste").set_value("something").run()
    assert not app.exception and words in said(app) and "was not taken" in said(app)
    assert spec_of(app).corpus == "tales"


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize("text", ["a", "aaaa " * 200, "Ein kleiner Text.\n\nNoch einer.", "नमस्ते दुनिया " * 40])
def test_an_own_text_is_taken_named_by_its_fingerprint_and_kept_in_the_session(
    text: str, open_page: OpenPage
) -> None:
    app = opened(open_page)
    app.text_area(key="lab.paste").set_value(text).run()
    spec = spec_of(app)
    assert not app.exception and spec.corpus == "own" and len(spec.text) == 64
    assert app.session_state["gb"].memos["lab"]["texts"][spec.text].strip() == text.strip()
    assert fingerprint(app.session_state["gb"].memos["lab"]["texts"][spec.text]) == spec.text
    away = open_page("lab", spec=store(app)["spec"])  # another browser has the name, not the text
    assert "own text of these settings is not here" in picture(away)["plan"]["refused"]


def test_a_validation_loss_on_a_few_characters_is_said_to_mean_nothing(open_page: OpenPage) -> None:
    app = opened(open_page)
    app.text_area(key="lab.paste").set_value("hello world").run()
    assert "validation loss of the next run means nothing" in words(app) and "2,000 characters" in words(app)
    app.text_area(key="lab.paste").set_value("A long enough line.\n\n" * 200).run()
    assert "means nothing" not in words(app) and not app.exception


def test_anothers_own_text_is_not_to_be_had_by_its_fingerprint_but_its_run_is_forked(
    open_page: OpenPage, queue: Runs
) -> None:
    text = "\n\n".join(f"A secret line, the {n}th." for n in range(80))
    spec = TrainSpec(**{**SMALL, "corpus": "own", "text": fingerprint(text)})
    theirs = here(queue.store, spec, OTHER, text=text)
    app = open_page("lab", spec=spec.to_json())
    assert "own text of these settings is not here" in picture(app)["plan"]["refused"]
    app.button(key="lab.go").click().run()
    assert "not stored here" in said(app) and queue.store.list(owner=OWNER) == []

    forked = face.start(theirs.spec.replace(parent=f"{theirs.id}@12"))
    assert not isinstance(forked, str) and forked.spec.text == theirs.spec.text
    assert face.own_text(theirs.spec.text) is None, "to train on it is not to see it"


# ---------------------------------------------------------------- the question


def test_the_question_about_the_halves_is_answered_by_three_models(open_page: OpenPage) -> None:
    app = open_page("lab", text=TEXT, snapshot=150)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    middle = answer.shows["snapshot"]
    assert 1500 <= middle <= 3000
    losses = [
        text_loss(lm, TEXT)(lm.transformer).item()
        for lm in (
            core.load("tales-gpt", snapshot=0),
            core.load("tales-gpt", snapshot=middle),
            core.load("tales-gpt"),
        )
    ]
    assert list(answer.numbers.values()) == pytest.approx(losses, abs=1e-3)
    falls = [losses[0] - losses[1], losses[1] - losses[2]]
    assert falls[0] > falls[1] + question.NEAR and answer.index == 0


def test_one_step_moves_the_loss_as_the_gradient_says_and_leaves_the_model_alone() -> None:
    lm = core.load("tales-gpt")
    before = text_loss(lm, TEXT)(lm.transformer).item()
    small, large = (one_step(lm, TEXT, rate=rate) for rate in (1e-3, 2e-3))
    assert small[0] == pytest.approx(before, abs=1e-4)
    assert small[1] < small[0] and (large[0] - large[1]) / (small[0] - small[1]) == pytest.approx(2, rel=0.2)
    assert text_loss(lm, TEXT)(lm.transformer).item() == before


def test_the_answer_about_a_run_waits_for_its_end() -> None:
    lm = core.load("tales-gpt")
    asked = questions.ask("lab", "which-half", name="Run A")
    waiting = question.Question(asked, (0, 5, 9), "The answer comes when Run A has ended.")

    def moments(*losses: float) -> Any:
        found = dict(zip((0, 5, 9), losses))
        return lambda step: strip.Moment(np.zeros((1, 1, 1, 1)), {}, "", found[step])

    with pytest.raises(question.NotYet, match="Run A"):
        question.judge(waiting, moments(3, 2, 1), lm, TEXT, None)
    ended = question.Question(questions.ask("lab", "to-the-end", name="Run A"), (0, 9))
    assert question.measure(ended, moments(3, 2, 1), lm, TEXT, None).index == 0
    assert question.measure(ended, moments(1, 2, 3), lm, TEXT, None).index == 1
    for losses, right in [((5.0, 2.0, 1.0), 0), ((5.0, 4.0, 1.0), 1), ((5.0, 3.0, 1.05), 2)]:
        assert question.measure(waiting, moments(*losses), lm, TEXT, None).index == right


def test_a_command_from_the_picture_is_heard_only_in_the_four_words(runs: Runs) -> None:
    run = runs.queued()
    controls.command(run.id, "pause")
    assert runs.store.get(run.id).state == "paused"
    runs.store.delete(run.id, runs.owner)
