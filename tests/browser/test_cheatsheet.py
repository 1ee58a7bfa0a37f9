"""Every point of the subject in a real browser: the picture and the control that app/chapters.py names are alive there.

A page is opened once. For each of its covers the named component is there, the named control is there, and the named
entry of the component's state holds what the cover says of it, where that takes one, after the control was moved.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from app import chapters
from app.chapters import Chapter, Cover
from tests.browser import driver

left_to_full = pytest.mark.full(
    reason="every point of the subject; test_tours.py opens every page in the quick tier"
)

Holds = Callable[[Any, Any], bool]  # of the cover's place, and of the component's whole state
Deed = Callable[[Page, Cover], None]


@dataclass(frozen=True)
class Alive:
    """What the place holds, and what is done before."""

    holds: Holds
    first: Deed | None = None


def found(state: Any, place: str) -> Any:
    """The entry of a state that a cover's place names, without its component; None: there is no such entry."""
    for name in place.split(".")[1:]:
        if isinstance(state, list):
            state = next((one for one in state if name in one.values()), None)
        else:
            state = (state or {}).get(name)
    return state


def control(page: Page, label: str) -> Locator:
    """What carries the label, or a label that begins with it."""
    named = re.compile(rf"^{re.escape(label)}")
    whole = re.compile(rf"^{re.escape(label)}$")
    all_of_it = [
        page.get_by_role("radio", name=whole), page.get_by_role("button", name=whole),
        page.get_by_role("radiogroup", name=named), page.get_by_label(named), page.get_by_role("button", name=named),
    ]  # fmt: skip
    for one in all_of_it:
        visible = one.filter(visible=True)
        if visible.count():
            return visible.first
    raise AssertionError(f"nothing on {page.url} is labelled {label!r}")


# What is done first.


def press(page: Page, cover: Cover) -> None:
    """Press the control."""
    control(page, cover.control).click()


def pick(name: str) -> Deed:
    """Choose another option of the control than the first."""
    return lambda page, cover: (
        page.get_by_role("radiogroup", name=cover.control).get_by_text(name, exact=True).click()
    )


def walk(step: str) -> Deed:
    """Go to a step of the attention page, by keys."""

    def go(page: Page, cover: Cover) -> None:
        driver.component(page, "attention").focus()
        state = driver.component_state(page, "attention")
        at, to = state["steps"].index(state["step"]), state["steps"].index(step)
        for _ in range(abs(to - at)):
            page.keyboard.press("." if to > at else ",")
        driver.wait_for_state(page, "attention", lambda now: now["step"] == step)

    return go


def cool(page: Page, cover: Cover) -> None:
    """Move the slider three steps down."""
    page.get_by_test_id("stMain").get_by_role("slider", name=cover.control).focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")


def letter(page: Page, cover: Cover) -> None:
    """Choose the letter among the example texts."""
    control(page, cover.control).click()
    page.get_by_role("menuitem", name="Dear Ben").or_(page.get_by_text("Dear Ben", exact=False)).first.click()


# What holds.


def one(shares: Sequence[float]) -> bool:
    """Whether they add up to 1."""
    return min(shares) >= 0 and abs(sum(shares) - 1) < 1e-3


def down(values: Sequence[float]) -> bool:
    """Whether none is larger than the one before."""
    return all(a >= b for a, b in pairwise(values))


def near(a: float, b: float) -> bool:
    """Whether they are equal, rounding aside."""
    return math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-4)


def finite(value: float) -> bool:
    """Whether it is a number."""
    return isinstance(value, int | float) and math.isfinite(value)


def named(rows: Sequence[Any], name: str, key: str = "name") -> Any:
    """The row of that name."""
    return next(row for row in rows if row[key] == name)


def card(size: str, blocks: Sequence[int], heads: int, most: float) -> Alive:
    """A card has this size: its blocks, its heads, and no more parameters than so many, and nine tenths of them."""

    def holds(family: Any, _: Any) -> bool:
        known = named(family["sizes"], size)
        return (
            known["blocks"] == list(blocks)
            and known["heads"] == heads
            and 0.9 * most < known["parameters"] <= most
        )

    return Alive(holds)


def written(use: str) -> Alive:
    """The application has said something of its own, and it was judged."""
    return Alive(
        lambda words, s: s["use"] == use and len(words) > 0 and not s["failed"] and bool(s["model"]), press
    )


ALIVE: dict[tuple[str, str], Alive] = {
    ("home", "large language model"): Alive(
        lambda top, s: down([p for _, p in top]) and one([s["others"], *(p for _, p in top)])
    ),
    ("home", "transformer"): Alive(lambda row, s: one(row) and len(row) == len(s["tokens"])),
    ("home", "deep learning"): Alive(
        lambda lens, s: len(lens) == s["blocks"] + 1 and lens[-1][0] == s["top"][0][0]
    ),
    ("home", "text that a model writes"): Alive(
        lambda tokens, s: len(tokens) == 12 and tokens[-1] == " ball", press
    ),
    ("home", "the parts of a model"): Alive(lambda step, s: 0 <= step < s["steps"], press),
    ("home", "blocks, one on the other"): Alive(
        lambda norms, s: len(norms) == s["blocks"] + 1 and norms[-1] > norms[0] > 0
    ),
    ("tokenization", "token"): Alive(
        lambda rows, s: len(rows) == 9 and all(row["count"] for row in rows.values())
    ),
    ("tokenization", "words as tokens"): Alive(lambda row, s: row["word"] == [s["word"]]),
    ("tokenization", "parts of words as tokens"): Alive(
        lambda m, s: m["word"].strip() == s["word"] and 1 < len(s["rows"]["bpe"]["word"]) < len(s["word"])
    ),
    ("tokenization", "byte-pair encoding"): Alive(
        lambda pair, s: pair == s["rivals"][0][:3] and pair[2] >= s["rivals"][-1][2] > 0
    ),
    ("tokenization", "WordPiece"): Alive(
        lambda row, s: len(row["word"]) > 1 and "".join(row["word"]) == s["word"]
    ),
    ("tokenization", "characters as tokens"): Alive(
        lambda row, s: [*s["word"]] == [part for part in row["word"] if part != " "]
    ),
    ("embeddings", "embedding"): Alive(
        lambda row, s: s["oneHot"][s["rows"].index(s["row"])] == 1 == sum(s["oneHot"]) and any(row)
    ),
    ("embeddings", "a space of vectors"): Alive(
        lambda words, s: s["map"]["words"] > 1000 and down([word["cosine"] for word in words])
    ),
    ("embeddings", "GloVe"): Alive(
        lambda found, s: (
            s["table"]["id"] == "glove"
            and found["answers"][0]["word"] == "queen"
            and found["words"] == ["man", "king", "woman"]
        )
    ),
    ("embeddings", "word2vec"): Alive(
        lambda words, s: s["step"] > 0 and down([word["cosine"] for word in words]) and bool(words)
    ),
    ("embeddings", "vectors in context"): Alive(
        lambda cosines, s: near(cosines[0], s["static"]) and min(cosines) < 0.95 < cosines[0]
    ),
    ("embeddings", "vectors of GPT and BERT"): Alive(
        lambda model, s: model == "tales-gpt" and len(s["cosines"]) == 5
    ),
    ("positions", "why positions"): Alive(
        lambda ways, s: [way["same"] for way in ways] == [False, False, True]
    ),
    ("positions", "sines and cosines"): Alive(
        lambda value, s: (
            s["kind"] == "sinusoidal"
            and near(value, math.sin(s["cell"]["place"]))
            and s["cell"]["column"] == 0
        ),
        press,
    ),
    ("positions", "learned positions"): Alive(
        lambda badge, s: s["kind"] == "learned" and "tiny model" in badge and finite(s["cell"]["value"]),
        press,
    ),
    ("attention", "queries"): Alive(
        lambda v, s: s["step"] == "q" and finite(v) and not s["keyed"], walk("q")
    ),
    ("attention", "keys"): Alive(lambda v, s: s["step"] == "k" and finite(v) and s["keyed"], walk("k")),
    ("attention", "values"): Alive(lambda v, s: s["step"] == "v" and finite(v) and s["keyed"], walk("v")),
    ("attention", "dot product of query and key"): Alive(
        lambda terms, s: s["step"] == "scores" and near(sum(terms) + s["rest"], s["value"]), walk("scores")
    ),
    ("attention", "attention weights"): Alive(
        lambda v, s: s["step"] == "softmax" and 0 <= v <= 1, walk("softmax")
    ),
    ("attention", "self-attention"): Alive(
        lambda tokens, s: len(tokens) >= 4 and all(0 <= token["after"] <= 1 for token in tokens)
    ),
    ("multi_head", "many heads at once"): Alive(
        lambda roles, s: len(roles) == s["blocks"] * s["heads"] == 16 and "induction" in roles
    ),
    ("multi_head", "joining the heads"): Alive(
        lambda join, s: s["panel"] == "join" and len(join["shares"]) == s["heads"] and join["length"] > 0,
        press,
    ),
    ("multi_head", "the last projection"): Alive(
        lambda norms, s: len(norms) == s["heads"] and min(norms) > 0 and near(sum(s["join"]["shares"]), 1)
    ),
    ("feed_forward", "one network for each token"): Alive(
        lambda along, s: len(along) == len(s["tokens"]) and near(along[s["row"]], s["neuron"]["post"])
    ),
    ("feed_forward", "fully connected"): Alive(
        lambda n, s: (
            len(n["terms"]) + n["rest"]["count"] == 128
            and near(sum(term["p"] for term in n["terms"]) + n["rest"]["sum"] + n["bias"], n["pre"])
        )
    ),
    ("feed_forward", "linear, activation, linear"): Alive(
        lambda s, _: (
            s["act"] == "ReLU²"
            and all(near(max(0, a) ** 2, b) for a, b in zip(s["pre"], s["post"], strict=True))
            and any(s["out"])
        )
    ),
    ("feed_forward", "ReLU and its kin"): Alive(
        lambda curves, s: {"ReLU", "GELU", "SiLU", "SwiGLU"} <= {curve["name"] for curve in curves}
    ),
    ("norm_residual", "layer normalization"): Alive(
        lambda norm, s: near(norm["normalised"], norm["centred"] / norm["scale"]) and finite(norm["output"])
    ),
    ("norm_residual", "mean 0, variance 1"): Alive(
        lambda norm, s: (
            norm["kind"] == "layer"
            and near(norm["centred"], norm["x"] - norm["mean"])
            and near(norm["normalised"], norm["centred"] / norm["scale"])
        ),
        press,
    ),
    ("norm_residual", "residual connections"): Alive(
        lambda lines, s: (
            lines[0]["name"] == "embedding" and near(lines[-1]["running"], s["length"]) and s["error"] < 1e-5
        )
    ),
    ("norm_residual", "gradients by the shortcuts"): Alive(
        lambda ways, s: (
            named(ways, "no residual, no norms")["reach"]
            < 1e-6
            < 0.1
            < named(ways, "residual, pre-norm")["reach"]
        )
    ),
    ("loss", "what training makes small"): Alive(
        lambda mean, s: near(mean, sum(s["losses"]) / len(s["losses"]))
    ),
    ("loss", "cross-entropy"): Alive(
        lambda losses, s: len(losses) == len(s["tokens"]) - 1 and min(losses) > 0
    ),
    ("loss", "its formula"): Alive(
        lambda loss, s: near(loss, -sum(line["y"] * math.log(line["p"]) for line in s["lines"]))
    ),
    ("loss", "label and probability"): Alive(
        lambda lines, s: (
            sum(line["y"] for line in lines) == 1 and one([s["rest"]["p"], *(line["p"] for line in lines)])
        )
    ),
    ("objectives", "pretraining"): Alive(
        lambda lanes, s: {lane["shape"] for lane in lanes} == {"decoder", "encoder", "encoder-decoder"}
    ),
    ("objectives", "self-supervision"): Alive(
        lambda answers, s: [answer["text"] for answer in answers] == s["tokens"][1:]
    ),
    ("objectives", "next-token prediction"): Alive(
        lambda lane, s: (
            all(answer["score"] for answer in lane["answers"])
            and near(lane["mean"], sum(answer["loss"] for answer in lane["answers"]) / len(lane["answers"]))
        )
    ),
    ("objectives", "masked prediction"): Alive(
        lambda lane, s: (
            bool(lane["hidden"])
            and lane["hidden"] == [answer["row"] for answer in lane["answers"] if answer["score"]]
            and any(read["text"] == "[MASK]" for read in lane["reads"])
        )
    ),
    ("objectives", "missing spans"): Alive(
        lambda lane, s: bool(lane["hidden"]) and len(lane["decoder"]) > len(lane["hidden"])
    ),
    ("objectives", "what pretraining learns"): Alive(
        lambda rows, s: len(rows) == 3 and all(row["last"] < row["first"] for row in rows)
    ),
    ("lab", "the training process"): Alive(
        lambda film, s: (
            film["steps"] == sorted(film["steps"])
            and film["scores"][-1] > film["scores"][0]
            and film["samples"][0] != film["samples"][-1]
        )
    ),
    ("lab", "a corpus"): Alive(lambda plan, s: "characters" in plan and "Toyland" in plan),
    ("lab", "the optimizer and its schedule"): Alive(
        lambda runs, s: runs[0]["count"] > 10 and runs[0]["loss"] < s["guessing"] and "Muon" in s["plan"]
    ),
    ("optimizers", "gradient descent"): Alive(
        lambda track, s: s["lap"] > 0 and track["point"] != s["start"] and finite(track["loss"])
    ),
    ("optimizers", "Adam"): Alive(
        lambda lines, s: (
            [line[0] for line in lines][:3] == ["g", "m", "v"] and near(lines[1][1], s["numbers"]["m"])
        )
    ),
    ("optimizers", "momentum"): Alive(
        lambda n, s: math.isclose(n["m"], 0.9 * n["m0"] + 0.1 * n["used"], rel_tol=1e-3)
    ),
    ("optimizers", "adaptive rates"): Alive(
        lambda n, s: (
            math.isclose(n["v"], 0.999 * n["v0"] + 0.001 * n["used"] ** 2, rel_tol=1e-3)
            and math.isclose(n["direction"], n["mHat"] / math.sqrt(n["vHat"]), rel_tol=1e-2)
        )
    ),
    ("optimizers", "sooner at the same loss"): Alive(
        lambda held, s: held["adam"] < held["sgd"] and len(held) == 5
    ),
    ("regularization", "dropout"): Alive(
        lambda kept, s: not s["evaluate"] and abs(kept - (1 - s["rate"])) < 0.05
    ),
    ("regularization", "overfitting"): Alive(
        lambda stops, s: stops[0]["last"] > stops[0]["best"] and stops[0]["early"]
    ),
    ("regularization", "weight decay"): Alive(
        lambda arms, s: named(arms, "weight decay")["rms"][-1] < named(arms, "plain")["rms"][-1]
    ),
    ("fine_tuning", "fine-tuning"): Alive(
        lambda ways, s: (
            [way["key"] for way in ways] == ["scratch", "frozen", "full", "lora"] and s["job"] == "sentiment"
        )
    ),
    ("fine_tuning", "classification"): Alive(
        lambda way, s: (
            way["judged"]["says"] in ("positive", "negative") and 0.5 <= way["judged"]["probability"] <= 1
        )
    ),
    ("fine_tuning", "what pretraining gives"): Alive(
        lambda ways, s: (
            named(ways, "full", "key")["worth"]["accuracy"]["right"]
            > named(ways, "scratch", "key")["worth"]["accuracy"]["right"]
        )
    ),
    ("fine_tuning", "keeping what was learned"): Alive(lambda old, s: old[0] > old[1]),
    ("fine_tuning", "question answering"): Alive(
        lambda job, s: job == "questions" and all(way["worth"]["accuracy"] for way in s["ways"]), press
    ),
    ("break_it", "training without the norm"): Alive(
        lambda pair, s: s["part"].startswith("norm") and pair["cost"] != "" and len(pair["charts"]) == 2,
        press,
    ),
    ("break_it", "training without the residual"): Alive(
        lambda pair, s: (
            s["part"] == "residual" and pair["charts"][1]["without"][0] < 1e-6 < pair["charts"][1]["whole"][0]
        ),
        press,
    ),
    ("families", "three kinds of models"): Alive(
        lambda lanes, s: [lane["shape"] for lane in lanes] == ["decoder", "encoder", "encoder-decoder"]
    ),
    ("families", "autoregressive models"): Alive(
        lambda lane, s: lane["sees"] == list(range(lane["at"])) and len(lane["asked"]["top"]) == 4
    ),
    ("families", "GPT"): card("", [12], 12, 117e6),
    ("families", "GPT-2"): card("XL", [48], 25, 1558e6),
    ("families", "GPT-3"): card("175B", [96], 96, 175e9),
    ("families", "GPT-4"): Alive(lambda family, s: family["sizes"] == [] and family["shape"] == "decoder"),
    ("families", "autoencoding models"): Alive(
        lambda lane, s: lane["asked"]["truth"] >= 0 and len(lane["asked"]["top"]) == 4
    ),
    ("families", "BERT"): card("large", [24], 16, 336e6),
    ("families", "RoBERTa"): card("large", [24], 16, 356e6),
    ("families", "sequence to sequence"): Alive(
        lambda lane, s: {"encoder", "decoder", "cross"} <= set(lane["maps"]) and one(lane["reads"])
    ),
    ("families", "T5"): card("large", [24, 24], 16, 738e6),
    ("families", "BART"): card("large", [12, 12], 16, 407e6),
    ("families", "well-known models"): Alive(
        lambda families, s: len(families) == 9 and down([-family["date"] for family in families])
    ),
    ("families", "GPT: many layers and heads"): Alive(
        lambda family, s: (
            [size["heads"] for size in family["sizes"]] == [12, 96]
            and [size["blocks"] for size in family["sizes"]] == [[12], [96]]
        )
    ),
    ("families", "BERT: both sides at once"): Alive(lambda sees, s: min(sees) < s["token"] < max(sees)),
    ("families", "DistilBERT"): Alive(
        lambda family, s: (
            2 * family["sizes"][0]["blocks"][0]
            == named(named(s["families"], "BERT")["sizes"], "base")["blocks"][0]
        )
    ),
    ("families", "T5: every task as text"): Alive(
        lambda asks, s: asks == "sentiment" and len(s["lanes"][2]["writes"]) > 0, pick("Sentiment")
    ),
    ("models", "GPT's weights"): Alive(
        lambda entry, s: entry["total"] == 124_439_808 and sum(entry["parts"]) <= entry["total"]
    ),
    ("models", "BERT's weights"): Alive(lambda entry, s: 109e6 < entry["total"] < 111e6),
    ("models", "T5's weights"): Alive(lambda entry, s: 60e6 < entry["total"] < 61e6),
    ("decoding", "writing token by token"): Alive(
        lambda paths, s: all(len(path["ids"]) == s["depth"] for path in paths) and s["nodes"] > s["depth"]
    ),
    ("decoding", "greedy search"): Alive(lambda path, s: len(path["ids"]) == s["depth"] and path["sum"] < 0),
    ("decoding", "what it does not look at"): Alive(
        lambda verdict, s: verdict["kind"] == "miss" and "greedy" in verdict["pieces"][0][0]
    ),
    ("decoding", "beam search"): Alive(
        lambda path, s: (
            sum(path["name"].startswith("beam") for path in s["paths"]) == 3
            and path["sum"] > s["paths"][0]["sum"]
        )
    ),
    ("decoding", "probability of a whole text"): Alive(
        lambda total, s: (
            total < 0 and down([path["sum"] for path in s["paths"] if path["name"].startswith("beam")])
        )
    ),
    ("decoding", "temperature"): Alive(
        lambda asked, s: (
            asked["stages"][:2] == ["model", "temperature"]
            and asked["p"][1][0] > asked["p"][0][0]
            and asked["entropy"][1] < asked["entropy"][0]
        ),
        cool,
    ),
    ("decoding", "e-mails and letters"): Alive(
        lambda tokens, s: (
            "".join(tokens).startswith("<s>Dear Ben") and len(s["paths"][0]["ids"]) == s["depth"]
        ),
        letter,
    ),
    ("applications", "translating"): Alive(
        lambda links, s: s["use"] == "translate" and len(links) > 3 and s["verdict"] != [], press
    ),
    ("applications", "generating text"): written("story"),
    ("applications", "chatbots"): written("dialogue"),
    ("applications", "summarizing"): written("summarize"),
    ("applications", "writing code"): written("code"),
    ("applications", "answering questions"): written("question"),
    ("applications", "classifying sentences"): written("sentiment"),
    ("compute", "text to learn from"): Alive(
        lambda plan, s: plan["tokens"] == 13_824_000 and plan["whose"] == "card" and plan["seconds"] > 0
    ),
    ("compute", "the cost of a model"): Alive(
        lambda rows, s: (
            sum(row["weights"] for row in rows) == s["total"]["weights"] == 1_050_112
            and sum(row["flops"] for row in rows) == s["total"]["flops"] > 0
        )
    ),
    ("compute", "the memory of training"): Alive(
        lambda kinds, s: (
            [kind["name"] for kind in kinds] == ["weights", "gradients", "optimizer", "activations"]
            and all(kind["bytes"] for kind in kinds)
        )
    ),
    ("compute", "the memory of use"): Alive(
        lambda kinds, s: (
            [kind["name"] for kind in kinds] == ["weights", "cache"] and s["fits"]["using"]["batch"] > 0
        )
    ),
    ("compute", "as models grow"): Alive(
        lambda rows, s: (
            len(rows) == 15 and named(rows, "gpt3", "key")["ours"] > 1000 * named(rows, "gpt2", "key")["ours"]
        )
    ),
    ("bias", "bias and fairness"): Alive(lambda shown, s: finite(shown["d"]) and 0 < shown["p"] <= 1),
    ("bias", "bias out of the training data"): Alive(
        lambda doses, s: len(doses) >= 5 and doses[-1]["dialled"] > doses[0]["dialled"] + 0.2
    ),
    ("bias", "unfair outputs"): Alive(
        lambda series, s: (
            {one["shape"] for one in series} == {"decoder", "encoder"}
            and all(len(one["means"]) == len(s["tokens"]) for one in series)
        )
    ),
    ("interpretability", "looking inside"): Alive(
        lambda lens, s: (
            lens["depths"] == 5
            and all(0 <= p <= 1 for p in lens["chance"])
            and near(sum(part["value"] for part in s["parts"]), s["total"])
        )
    ),
    ("interpretability", "what an answer depends on"): Alive(
        lambda maps, s: (
            s["whole"] and {"stream", "attention", "mlp", "head"} <= set(maps) and max(maps["stream"]) > 0.9
        )
    ),
    ("interpretability", "what explanations are worth"): Alive(
        lambda judged, s: (
            len(judged["deletion"]) == len(judged["insertion"]) == 5 and finite(judged["random"]["deletion"])
        )
    ),
    ("interpretability", "naming entities"): Alive(
        lambda probe, s: probe["task"] == "name" and probe["labels"] == ["a person", "a thing or a place"],
        press,
    ),
    ("scaling", "larger is better"): Alive(
        lambda rows, s: (
            len(rows) == 6
            and down([row["loss"] for row in rows])
            and s["law"]["low"] < s["law"]["exponent"] < s["law"]["high"]
        )
    ),
    ("scaling", "at a price"): Alive(
        lambda best, s: (
            s["against"] == "compute"
            and len(best) > 5
            and min(one["loss"] for one in best) == max(best, key=lambda one: one["c"])["loss"]
        ),
        press,
    ),
    ("scaling", "more text is better"): Alive(
        lambda against, s: against == "data" and down([row["loss"] for row in s["rows"]]), press
    ),
    ("scaling", "GPT-2 and GPT-3"): Alive(
        lambda models, s: (
            named(models, "GPT-2")["n"] == 1_542_000_000 and named(models, "GPT-3")["n"] == 174_600_000_000
        )
    ),
    ("efficiency", "smaller models"): Alive(
        lambda now, s: (
            now["bytes"] * 4 < s["original"]["bytes"]
            and 0.5 < now["agreement"] < 1
            and now["riseLow"] < now["rise"] < now["riseHigh"]
        )
    ),
    ("efficiency", "quantization"): Alive(
        lambda matrix, s: (
            len(matrix["grid"]) == 2 ** s["setting"]["bits"] - 1
            and all(min(abs(one - value) for value in matrix["grid"]) < 1e-3 for one in matrix["after"])
        )
    ),
    ("efficiency", "pruning"): Alive(
        lambda levels, s: (
            len(levels) >= 5
            and levels[-1]["sparsity"] > levels[0]["sparsity"]
            and levels[-1]["before"]["rise"] > levels[0]["before"]["rise"]
        )
    ),
    ("efficiency", "distillation"): Alive(
        lambda students, s: (
            {"alone", "distilled"} <= {one["way"] for one in students}
            and all(0 < one["numbers"] < 1_050_112 / 2 for one in students)
        )
    ),
    ("efficiency", "DistilBERT beside BERT"): Alive(
        lambda both, s: (
            [one["name"] for one in both] == ["BERT base", "DistilBERT"]
            and both[1]["said"] < 0.7 * both[0]["said"]
        )
    ),
    ("multimodal", "text and images together"): Alive(
        lambda looked, s: len(looked) == 32 and min(looked) >= 0 and 0 < sum(looked) < 1.001
    ),
    ("multimodal", "an image in words"): Alive(
        lambda words, s: (
            len(words) == len(s["probabilities"]) > 0 and all(0 < p <= 1 for p in s["probabilities"])
        )
    ),
    ("multimodal", "one space for both"): Alive(
        lambda near, s: s["rows"] == s["columns"] == 100 and bool(near) and -1 <= s["cosine"] <= 1
    ),
    ("adaptability", "adapting with little data"): Alive(
        lambda ways, s: (
            {way["key"] for way in ways} == {"scratch", "frozen", "full", "lora"}
            and all(way["means"][-1] > way["means"][0] for way in ways)
        )
    ),
    ("adaptability", "adapting with few numbers"): Alive(
        lambda ways, s: (
            len(ways[0]["means"]) == 5
            and min(ways[0]["means"]) > 0.8
            and len(s["studies"]["prompt"][0]["means"]) == 5
        )
    ),
    ("classroom", "a class predicts together"): Alive(
        lambda options, s: (
            len(options) == 8 and one([each["p"] for each in options]) and s["came"] is not None
        )
    ),
    ("adaptability", "examples in the prompt"): Alive(
        lambda game, s: game["context"][-1] > game["context"][0] and game["steps"][-1] > game["steps"][0]
    ),
}

# Pages with parts that are closed at first: as a link opens them.
OPENED: dict[str, dict[str, str]] = {
    "interpretability": {"unfold": "says patches tokens"},
    "attention": {"step": "0"},  # from the whole picture, the keys lead to the first or the last step
}
SHOWN = [chapter for group in chapters.shown().values() for chapter in group]


@left_to_full
@pytest.mark.parametrize("chapter", SHOWN, ids=lambda chapter: chapter.slug)
def test_every_point_is_alive_where_it_is_said_to_be(chapter: Chapter, page: Page) -> None:
    driver.open_page(page, chapter.slug, **OPENED.get(chapter.slug, {}))
    for cover in chapter.covers:
        alive = ALIVE[chapter.slug, cover.term]
        if cover.control:
            expect(control(page, cover.control)).to_be_visible()
        if alive.first:
            alive.first(page, cover)
        wait_until(page, cover, alive.holds)


def wait_until(page: Page, cover: Cover, holds: Holds) -> None:
    """Wait until the place of a cover holds what is said of it."""

    def met(state: Any) -> bool:
        value = found(state, cover.place)
        return value is not None and holds(value, state)

    try:
        driver.wait_for_state(page, cover.component, met)
    except AssertionError as error:
        raise AssertionError(f"{cover}: {error}") from error
    except (KeyError, TypeError, StopIteration) as error:
        raise AssertionError(
            f"{cover}: its state has no {error!r} to be asked about: {driver.component_state(page, cover.component)}"
        ) from error


def test_nothing_is_asked_that_the_table_does_not_say() -> None:
    covers = {(chapter.slug, cover.term) for chapter in chapters.CHAPTERS for cover in chapter.covers}
    assert not set(ALIVE) - covers
