"""Tell the picture in steps: weights, operations and bytes, added up part by part with the numbers of what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.counts import counted, times
from app.units import PRECISIONS, in_words, seconds, si
from core.config import ModelConfig
from core.costs.counts import Part
from core.costs.memory import Held, held, trained_in, training_memory, using_memory
from core.costs.roofline import Work, attainable, least_seconds, ridge
from core.costs.weights import parameters
from core.messages import mark, mark_of, say, say_of
from core.training.optimizers import numbers_kept
from core.training.spec import OptimizerKind
from pages.compute.subject import Subject

Row = tuple[str, Part | None, Part | None]
TITLES = {
    "embedding": mark("Embedding"), "positions": mark("Positions"), "attention": mark("Attention"),
    "scores": mark("Scores"), "cross-attention": mark("Cross-attention"), "mlp": "MLP", "norms": mark("Norms"),
    "head": mark_of("output", "Head"),
}  # fmt: skip
OPTIMIZERS: dict[OptimizerKind, str] = {
    "sgd": mark("plain gradient descent"), "momentum": mark("momentum"), "muon": "Muon", "adam": "Adam",
    "adamw": "AdamW",
}  # fmt: skip
WHY = {
    "embedding": mark(
        "The model is a pile of learned numbers, its weights. The first of them: for every "
        "token that it knows, a word or a part of one, a row of numbers; a token’s row is "
        "looked up, so nothing is multiplied."
    ),
    "positions": mark(
        "A row of numbers for each position of the text, or for each distance, tells where a token stands."
    ),
    "attention": mark(
        "In every block four tables of weights let a token ask, answer and hand on; every "
        "token is multiplied with all of them."
    ),
    "scores": mark(
        "No weights: every token is compared with every other, and what they hand on is "
        "mixed. Twice the text is four times the work."
    ),
    "cross-attention": mark(
        "In every block of the decoder stands attention once more: what is written looks at what was read."
    ),
    "mlp": mark(
        "In every block each token goes alone through a small network: made wider, bent, "
        "made narrow again. Most weights are here."
    ),
    "norms": mark(
        "Before each part the numbers of a token are brought to one size; each number has a weight for that."
    ),
}


def steps(
    shown: Subject,
    rows: list[Row],
    works: Mapping[str, Work | None],
    fits: Mapping[str, Mapping[str, int | None]],
) -> list[dict[str, Any]]:
    """Tell every step: its name, which part of the picture it is about, and its lines."""
    walk = [_part(shown, row) for row in rows]
    walk += [_weights(shown), _pass(shown, rows), _training_step(shown, rows)]
    walk += [_bytes(shown, kind) for kind in training_memory(shown.config, shown.length, shown.precision)]
    walk += [_used(shown), _fit(shown, fits)]
    walk += [_work(shown, name, work) for name, work in works.items() if work is not None]
    walk.append(_whole(shown, works))
    return walk


SAID = {
    mark("All weights"): mark(
        "All parts added up: the size of the model, which is what people quote, as in “a model of 7 billion”."
    ),
    mark("A pass"): mark(
        "To read a text once, each token meets nearly every weight: one multiplication and one addition."
    ),
    mark("A training step"): mark(
        "To learn, the model goes through the text once more, backwards, to find how each "
        "weight should change: twice the work again."
    ),
    mark("Weights in bytes"): mark(
        "Numbers take room in memory. The weights are only the first of four things that "
        "training has to hold."
    ),
    mark("Gradients"): mark("The second: for each weight the direction in which it should change."),
    mark("Optimizer"): mark(
        "The third: what AdamW, the usual rule for changing weights, remembers of the steps before."
    ),
    mark("Activations"): mark(
        "The fourth: everything in between that the way back needs again. It grows with the text."
    ),
    mark("Using it"): mark(
        "A finished model needs only its weights, and what it keeps of the text so as not to read it again."
    ),
    mark("What fits"): mark(
        "A graphics card has so much memory and no more: this many texts at once, or texts "
        "as long as this, fit."
    ),
    mark_of("pass", "Reading"): mark(
        "A card computes fast and fetches slowly. Reading handles many tokens with each "
        "weight that it has fetched."
    ),
    mark_of("pass", "Writing"): mark(
        "Writing makes one token at a time, and fetches every weight again for each."
    ),
    mark("The sum of it"): mark(
        "What training holds beside the weights, and whether memory or computing sets the "
        "pace, in one picture."
    ),
}


CONTEXTS = {"head": "output", "reading": "pass", "writing": "pass"}  # of the steps' names


def _step(name: str, focus: str, *lines: str, said: str = "") -> dict[str, Any]:
    return {
        "name": say_of(CONTEXTS.get(focus, ""), name), "focus": focus, "said": said or say(SAID[name]),
        "lines": [line for line in lines if line],
    }  # fmt: skip


def _texts(shown: Subject) -> str:
    return say(
        "{texts} of {tokens}", texts=counted(shown.batch, "text"), tokens=counted(shown.length, "token")
    )


def _part(shown: Subject, row: Row) -> dict[str, Any]:
    name, weights, flops = row
    return _step(
        TITLES[name], name,
        say("Weights: {sum} = {value}", sum=weights.written, value=f"{weights.value:,}")
        if weights and weights.value else "",
        say("Operations of one text: {sum} = {value}", sum=flops.written, value=f"{flops.value:,}")
        if flops and flops.value else "",
        said=_head(shown.config) if name == "head" else say(WHY[name]),
    )  # fmt: skip


def _head(config: ModelConfig) -> str:
    """Tell what the head makes of the stream, and which weights are its own."""
    labels = counted(config.n_outputs, "label")
    if config.head == "sequence":
        return say(
            "One layer of the width, then a number for each of {labels} of the whole text.", labels=labels
        )
    if config.head == "span":
        return say(
            "At the end, two numbers at every token: whether an answer begins there, and whether one ends."
        )
    if config.head == "none":
        return say("A bare encoder has none: the vectors of its last block are what comes out.")
    if config.head != "lm":
        if config.mlm_head:
            return say(
                "One more small layer, then a number for each of {labels}, at every token.", labels=labels
            )
        return say(
            "At the end, from the numbers of each token to a number for each of {labels}, at every token.",
            labels=labels,
        )
    return _small_layer_head(config) if config.mlm_head else _plain_head(config)


def _plain_head(config: ModelConfig) -> str:
    if not config.tied_embeddings:
        return say(
            "At the end, from the numbers of each token to a score, a logit, for every token that the model knows."
        )
    if config.unembed_bias:
        return say(
            "At the end, from the numbers of each token to a score, a logit, for every token that the model knows, "
            "read off the token table once more: the head’s own weights are a bias."
        )
    return say(
        "At the end, from the numbers of each token to a score, a logit, for every token that the model knows, read "
        "off the token table once more: the head has no weights of its own."
    )


def _small_layer_head(config: ModelConfig) -> str:
    if not config.tied_embeddings:
        return say("One more small layer, then a score, a logit, for every token that the model knows.")
    if config.unembed_bias:
        return say(
            "One more small layer, then a score, a logit, for every token that the model knows, read off the token "
            "table once more: the head’s own weights are that layer and norm and a bias."
        )
    return say(
        "One more small layer, then a score, a logit, for every token that the model knows, read off the token table "
        "once more: the head’s own weights are that layer and norm."
    )


def _weights(shown: Subject) -> dict[str, Any]:
    count = parameters(shown.config)
    lines = [say("All parts: {weights}.", weights=counted(count, "weight"))]
    if shown.preset is not None and not shown.sizes:
        published = shown.preset.size
        values = {
            "source": shown.preset.source, "where": say(published.where),
            "count": in_words(published.published, published.unit),
        }  # fmt: skip
        if published.agrees:
            lines.append(say("{source}, {where}, says {count}: the same, as rounded.", **values))
        else:
            off = f"{100 * published.difference:+.1f}"
            lines.append(
                say("{source}, {where}, says {count}: ours is {difference} %.", difference=off, **values)
            )
        lines.append(say(published.note))
    return _step("All weights", "total", *lines)


def _pass(shown: Subject, rows: list[Row]) -> dict[str, Any]:
    one = sum(flops.value for _, _, flops in rows if flops)
    each = one / shown.length / parameters(shown.config)
    return _step(
        "A pass", "flops",
        say("Two for each weight that a token meets, a multiplication and an addition; products of matrices only."),
        say("{one} for one text of {tokens}, × {texts} = {all}.", one=f"{one:,}",
            tokens=counted(shown.length, "token"), texts=f"{shown.batch:,}", all=f"{one * shown.batch:,}"),
        say("For each token {operations}, {each} for each weight.", operations=si(one / shown.length, "FLOP"),
            each=f"{each:.3f}"),
    )  # fmt: skip


def _training_step(shown: Subject, rows: list[Row]) -> dict[str, Any]:
    one = shown.batch * sum(flops.value for _, _, flops in rows if flops)
    least_time = seconds(3 * one / shown.card.peak(trained_in(shown.precision)))
    return _step(
        "A training step", "flops",
        say("Backwards, each product is met twice: for the gradient of its input, and for that of its weights."),
        say("3 × {one} = {all} operations.", one=f"{one:,}", all=f"{3 * one:,}"),
        say("{card} needs at least {time} for that.", card=shown.card.name, time=least_time),
    )  # fmt: skip


def _bytes(shown: Subject, kind: Held) -> dict[str, Any]:
    count, half = parameters(shown.config), trained_in(shown.precision) == "bf16"
    values = {"each": "2" if half else "4", "count": f"{count:,}", "bytes": f"{kind.fixed:,}"}
    if kind.name == "weights":
        return _step(
            "Weights in bytes", kind.name,
            say("In {numbers}: {each} bytes × {count} = {bytes} bytes.",
                numbers=say(PRECISIONS[trained_in(shown.precision)]), **values),
            say("Training takes 16 bits: 8 and 4 are for use.") if shown.precision in ("int8", "int4") else "",
        )  # fmt: skip
    if kind.name == "gradients":
        return _step(
            "Gradients",
            kind.name,
            say("One number for each weight: {each} × {count} = {bytes} bytes.", **values),
        )
    if kind.name == "optimizer":
        line = (
            say(
                "A float32 copy of the weights and AdamW’s two moments: 12 × {count} = {bytes} bytes.",
                **values,
            )
            if half
            else say("AdamW’s two moments of each weight: 2 × 4 × {count} = {bytes} bytes.", **values)
        )
        return _step("Optimizer", kind.name, line, least(shown))
    return _activations(shown, kind)


def _activations(shown: Subject, kind: Held) -> dict[str, Any]:
    values = {"row": f"{kind.row:,}", "texts": f"{shown.batch:,}", "bytes": f"{kind.bytes(shown.batch):,}"}
    line = (
        say(
            "What the backward pass needs again: {row} bytes a text × {texts} + {fixed} = {bytes} bytes.",
            fixed=f"{kind.fixed:,}", **values,
        )
        if kind.fixed
        else say("What the backward pass needs again: {row} bytes a text × {texts} = {bytes} bytes.", **values)
    )  # fmt: skip
    return _step(
        "Activations", kind.name, line,
        say("For {texts}; it grows with both, the other three with neither.", texts=_texts(shown)),
    )  # fmt: skip


def least(shown: Subject) -> str:
    """Say how many times the weights a training step holds at least, before any activation, by optimizer."""
    half = trained_in(shown.precision) == "bf16"
    # In float32 4 bytes of each; in 16 bits 2 of weights and gradients, and 4 of their float32 copy and what is kept.
    found = {
        name: 4 + 2 * kept if half else 2 + kept
        for name, kept in ((name, numbers_kept(shown.config, kind)) for kind, name in OPTIMIZERS.items())
    }
    list_ = ", ".join(
        say("{times} with {optimizer}", times=f"{value:.3g}", optimizer=say(name))
        for name, value in found.items()
    )
    return say(
        "Before any activation, in {numbers}, times the weights: {list}.",
        numbers=say(PRECISIONS[trained_in(shown.precision)]), list=list_,
    )  # fmt: skip


def _used(shown: Subject) -> dict[str, Any]:
    weights, cache = using_memory(shown.config, shown.length, shown.precision)
    config = shown.config
    if config.shape == "encoder":
        line = say("An encoder reads a text at once and writes no next token: no keys and values are kept.")
    else:
        line = say(
            "Keys and values kept: {row} bytes a text × {texts} = {bytes} bytes, 2 × {layers} layers × {heads} × "
            "{numbers} for each token.",
            row=f"{cache.row:,}", texts=f"{shown.batch:,}", bytes=f"{cache.bytes(shown.batch):,}",
            layers=config.decoder_layers, heads=counted(config.kv_heads, "head"),
            numbers=counted(config.head_size, "number"),
        )  # fmt: skip
    return _step("Using it", "using", _stays(shown, f"{weights.fixed:,}"), line)


def _stays(shown: Subject, count: str) -> str:
    """Say in what the weights are kept while a model is used."""
    numbers = say(PRECISIONS[shown.precision])
    if shown.precision in ("int8", "int4"):
        return say(
            "Only the weights stay: {bytes} bytes, the matrices of the blocks in {numbers}, the rest in 16.",
            bytes=count, numbers=numbers,
        )  # fmt: skip
    return say("Only the weights stay: {bytes} bytes, in {numbers}.", bytes=count, numbers=numbers)


def _fit(shown: Subject, fits: Mapping[str, Mapping[str, int | None]]) -> dict[str, Any]:
    def said(found: Mapping[str, int | None]) -> str:
        texts, tokens = found["batch"], found["length"]
        if texts == 0 and tokens == 0:
            return say("not even one text of one token")
        many = say("any number of texts") if texts is None else counted(texts, "text")
        long = say("of any length") if tokens is None else say("of {tokens}", tokens=counted(tokens, "token"))
        if (most := shown.longest) and (tokens is None or tokens >= most):
            long = say("of all {most} tokens that it can read", most=f"{most:,}")
        return say(
            "{many} of {tokens}, or {texts} {long}",
            many=many, tokens=counted(shown.length, "token"), texts=counted(shown.batch, "text"), long=long,
        )  # fmt: skip

    return _step(
        "What fits", "fits", say("{card}: {memory} bytes.", card=shown.card.name, memory=f"{shown.card.memory:,}"),
        say("Training: {fits}.", fits=said(fits["training"])), say("Using it: {fits}.", fits=said(fits["using"])),
    )  # fmt: skip


def _work(shown: Subject, name: str, work: Work) -> dict[str, Any]:
    peak, width = shown.card.peak(shown.precision), shown.card.bandwidth
    there = work.intensity(shown.batch)
    counts = {
        "texts": _texts(shown), "flops": f"{work.flops(shown.batch):,}", "bytes": f"{work.bytes(shown.batch):,}",
        "each": f"{there:.3f}",
    }  # fmt: skip
    reading = name == "reading"
    bound = {"card": shown.card.name, "each": f"{peak / width:.1f}"}
    return _step(
        "Reading" if reading else "Writing", name,
        say("Reading {texts} at once: {flops} operations for {bytes} bytes, {each} a byte.", **counts) if reading
        else say("Writing one more token in each of {texts}: {flops} operations for {bytes} bytes, {each} a byte.",
                 **counts),
        say("{card} reaches its peak from {each} a byte on, so memory sets the pace:", **bound)
        if there < peak / width
        else say("{card} reaches its peak from {each} a byte on, so computing sets the pace:", **bound),
        say("at most {rate} of {peak}, and not under {time}.", rate=si(attainable(there, peak, width), "FLOP/s"),
            peak=si(peak, "FLOP/s"), time=seconds(least_seconds(work, shown.batch, peak, width))),
    )  # fmt: skip


def _whole(shown: Subject, works: Mapping[str, Work | None]) -> dict[str, Any]:
    each = {name: work.intensity(shown.batch) for name, work in works.items() if work is not None}
    top = ridge(shown.card.peak(shown.precision), shown.card.bandwidth)
    pace = ""
    if "writing" in each:
        values = {"writing": f"{each['writing']:.2f}", "ridge": f"{top:.0f}"}
        pace = (
            say(
                "Reading does {reading} operations for each byte, writing {writing}: with fewer than {ridge}, it waits "
                "for memory.",
                reading=f"{each['reading']:,.1f}", **values,
            )
            if each["writing"] < top
            else say(
                "Writing does {writing} operations for each byte, {ridge} and more: computing sets the pace.", **values
            )
        )  # fmt: skip
    return _step("The sum of it", "", _largest(shown), least(shown), pace)


def _largest(shown: Subject) -> str:
    """Say how much training holds, and whose the largest part of it is."""
    training = training_memory(shown.config, shown.length, shown.precision)
    whole, weights = held(training, shown.batch), training[0].bytes(shown.batch)
    largest = max(training, key=lambda kind: kind.bytes(shown.batch))
    message = {
        "weights": mark(
            "Training with AdamW holds {times} the weights; the largest part, {share} %, is the weights’."
        ),
        "gradients": mark(
            "Training with AdamW holds {times} the weights; the largest part, {share} %, is the gradients’."
        ),
        "optimizer": mark(
            "Training with AdamW holds {times} the weights; the largest part, {share} %, is the optimizer’s."
        ),
        "activations": mark(
            "Training with AdamW holds {times} the weights; the largest part, {share} %, is the activations’."
        ),
    }[largest.name]
    return say(message, times=times(whole / weights), share=f"{100 * largest.bytes(shown.batch) / whole:.0f}")
