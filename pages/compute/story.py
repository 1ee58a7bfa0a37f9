"""Tell the picture in steps: weights, operations and bytes, added up part by part with the numbers of what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.counts import counted, times
from app.units import PRECISIONS, in_words, seconds, si
from core.config import ModelConfig
from core.costs.counts import Part
from core.costs.memory import Held, Precision, held, trained_in, training_memory, using_memory
from core.costs.roofline import Work, attainable, least_seconds, ridge
from core.costs.weights import parameters
from core.training.optimizers import numbers_kept
from core.training.spec import OptimizerKind
from pages.compute.subject import Subject

Row = tuple[str, Part | None, Part | None]
TITLES = {
    "embedding": "Embedding", "positions": "Positions", "attention": "Attention", "scores": "Scores",
    "cross-attention": "Cross-attention", "mlp": "MLP", "norms": "Norms", "head": "Head",
}  # fmt: skip
OPTIMIZERS: dict[OptimizerKind, str] = {
    "sgd": "plain gradient descent", "momentum": "momentum", "muon": "Muon", "adam": "Adam", "adamw": "AdamW",
}  # fmt: skip
WHY = {
    "embedding": "The model is a pile of learned numbers, its weights. The first of them: for every token that it knows, a "
    "word or a part of one, a row of numbers; a token’s row is looked up, so nothing is multiplied.",
    "positions": "A row of numbers for each position of the text, or for each distance, tells where a token stands.",
    "attention": "In every block four tables of weights let a token ask, answer and hand on; every token is multiplied with "
    "all of them.",
    "scores": "No weights: every token is compared with every other, and what they hand on is mixed. Twice the text is "
    "four times the work.",
    "cross-attention": "In every block of the decoder stands attention once more: what is written looks at what was read.",
    "mlp": "In every block each token goes alone through a small network: made wider, bent, made narrow again. Most "
    "weights are here.",
    "norms": "Before each part the numbers of a token are brought to one size; each number has a weight for that.",
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
    "All weights": "All parts added up: the size of the model, which is what people quote, as in “a model of 7 billion”.",
    "A pass": "To read a text once, each token meets nearly every weight: one multiplication and one addition.",
    "A training step": "To learn, the model goes through the text once more, backwards, to find how each weight should change: "
    "twice the work again.",
    "Weights in bytes": "Numbers take room in memory. The weights are only the first of four things that training has to hold.",
    "Gradients": "The second: for each weight the direction in which it should change.",
    "Optimizer": "The third: what AdamW, the usual rule for changing weights, remembers of the steps before.",
    "Activations": "The fourth: everything in between that the way back needs again. It grows with the text.",
    "Using it": "A finished model needs only its weights, and what it keeps of the text so as not to read it again.",
    "What fits": "A graphics card has so much memory and no more: this many texts at once, or texts as long as this, fit.",
    "Reading": "A card computes fast and fetches slowly. Reading handles many tokens with each weight that it has fetched.",
    "Writing": "Writing makes one token at a time, and fetches every weight again for each.",
    "The sum of it": "What training holds beside the weights, and whether memory or computing sets the pace, in one picture.",
}


def _step(name: str, focus: str, *lines: str, said: str = "") -> dict[str, Any]:
    return {
        "name": name, "focus": focus, "said": said or SAID[name], "lines": [line for line in lines if line],
    }  # fmt: skip


def _texts(shown: Subject) -> str:
    return f"{_plural(shown.batch, 'text')} of {_plural(shown.length, 'token')}"


def _plural(count: int, name: str) -> str:
    return f"{count:,} {name}" + ("" if count == 1 else "s")


def _part(shown: Subject, row: Row) -> dict[str, Any]:
    name, weights, flops = row
    return _step(
        TITLES[name], name,
        f"Weights: {weights.written} = {weights.value:,}" if weights and weights.value else "",
        f"Operations of one text: {flops.written} = {flops.value:,}" if flops and flops.value else "",
        said=_head(shown.config) if name == "head" else WHY[name],
    )  # fmt: skip


def _head(config: ModelConfig) -> str:
    """Tell what the head makes of the stream, and which weights are its own."""
    if config.head == "sequence":
        labels = _plural(config.n_outputs, "label")
        return f"One layer of the width, then a number for each of {labels} of the whole text."
    if config.head == "span":
        return "At the end, two numbers at every token: whether an answer begins there, and whether one ends."
    if config.head == "none":
        return "A bare encoder has none: the vectors of its last block are what comes out."
    first = "One more small layer, then" if config.mlm_head else "At the end, from the numbers of each token to"
    if config.head != "lm":
        return f"{first} a number for each of {_plural(config.n_outputs, 'label')}, at every token."
    logits = f"{first} a score, a logit, for every token that the model knows"
    if not config.tied_embeddings:
        return f"{logits}."
    own = [
        *(["that layer and norm"] if config.mlm_head else []),
        *(["a bias"] if config.unembed_bias else []),
    ]
    has = f"’s own weights are {' and '.join(own)}" if own else " has no weights of its own"
    return f"{logits}, read off the token table once more: the head{has}."


def _weights(shown: Subject) -> dict[str, Any]:
    count = parameters(shown.config)
    lines = [f"All parts: {counted(count, 'weight')}."]
    if shown.preset is not None and not shown.sizes:
        published = shown.preset.size
        said = (
            f"{shown.preset.source}, {published.where}, says {in_words(published.published, published.unit)}"
        )
        same = (
            "the same, as rounded." if published.agrees else f"ours is {100 * published.difference:+.1f} %."
        )
        lines.append(f"{said}: {same}")
        lines.append(published.note)
    return _step("All weights", "total", *lines)


def _pass(shown: Subject, rows: list[Row]) -> dict[str, Any]:
    one = sum(flops.value for _, _, flops in rows if flops)
    each = one / shown.length / parameters(shown.config)
    return _step(
        "A pass", "flops",
        "Two for each weight that a token meets, a multiplication and an addition; products of matrices only.",
        f"{one:,} for one text of {_plural(shown.length, 'token')}, × {shown.batch:,} = {one * shown.batch:,}.",
        f"For each token {si(one / shown.length, 'FLOP')}, {each:.3f} for each weight.",
    )  # fmt: skip


def _training_step(shown: Subject, rows: list[Row]) -> dict[str, Any]:
    one = shown.batch * sum(flops.value for _, _, flops in rows if flops)
    return _step(
        "A training step", "flops",
        "Backwards, each product is met twice: for the gradient of its input, and for that of its weights.",
        f"3 × {one:,} = {3 * one:,} operations.",
        f"{shown.card.name} needs at least {seconds(3 * one / shown.card.peak(trained_in(shown.precision)))} for that.",
    )  # fmt: skip


def _bytes(shown: Subject, kind: Held) -> dict[str, Any]:
    count, half = parameters(shown.config), trained_in(shown.precision) == "bf16"
    each = "2" if half else "4"
    trained = PRECISIONS[trained_in(shown.precision)]
    said = {
        "weights": f"In {trained}: {each} bytes × {count:,} = {kind.fixed:,} bytes.",
        "gradients": f"One number for each weight: {each} × {count:,} = {kind.fixed:,} bytes.",
        "optimizer": (
            f"A float32 copy of the weights and AdamW’s two moments: 12 × {count:,} = {kind.fixed:,} bytes."
            if half
            else f"AdamW’s two moments of each weight: 2 × 4 × {count:,} = {kind.fixed:,} bytes."
        ),
        "activations": (
            f"What the backward pass needs again: {kind.row:,} bytes a text × {shown.batch:,}"
            f"{f' + {kind.fixed:,}' if kind.fixed else ''} = {kind.bytes(shown.batch):,} bytes."
        ),
    }
    more = {
        "weights": "Training takes 16 bits: 8 and 4 are for use."
        if shown.precision in ("int8", "int4")
        else "",
        "optimizer": least(shown),
        "activations": f"For {_texts(shown)}; it grows with both, the other three with neither.",
    }
    names = {
        "weights": "Weights in bytes",
        "gradients": "Gradients",
        "optimizer": "Optimizer",
        "activations": "Activations",
    }
    return _step(names[kind.name], kind.name, said[kind.name], more.get(kind.name, ""))


def least(shown: Subject) -> str:
    """Say how many times the weights a training step holds at least, before any activation, by optimizer."""
    half = trained_in(shown.precision) == "bf16"
    # In float32 4 bytes of each; in 16 bits 2 of weights and gradients, and 4 of their float32 copy and what is kept.
    found = {
        name: 4 + 2 * kept if half else 2 + kept
        for name, kept in ((name, numbers_kept(shown.config, kind)) for kind, name in OPTIMIZERS.items())
    }
    said = ", ".join(f"{value:.3g} with {name}" for name, value in found.items())
    return f"Before any activation, in {PRECISIONS[trained_in(shown.precision)]}, times the weights: {said}."


def _used(shown: Subject) -> dict[str, Any]:
    weights, cache = using_memory(shown.config, shown.length, shown.precision)
    config = shown.config
    if config.shape == "encoder":
        line = "An encoder reads a text at once and writes no next token: no keys and values are kept."
    else:
        line = (
            f"Keys and values kept: {cache.row:,} bytes a text × {shown.batch:,} = {cache.bytes(shown.batch):,} bytes, "
            f"2 × {config.decoder_layers} layers × {counted(config.kv_heads, 'head')} × "
            f"{counted(config.head_size, 'number')} for each token."
        )
    return _step(
        "Using it",
        "using",
        f"Only the weights stay: {weights.fixed:,} bytes, {_stored(shown.precision)}.",
        line,
    )


def _stored(precision: Precision) -> str:
    """Say in what the weights are kept while a model is used."""
    if precision in ("int8", "int4"):
        return f"the matrices of the blocks in {PRECISIONS[precision]}, the rest in 16"
    return f"in {PRECISIONS[precision]}"


def _fit(shown: Subject, fits: Mapping[str, Mapping[str, int | None]]) -> dict[str, Any]:
    def said(found: Mapping[str, int | None]) -> str:
        texts, tokens = found["batch"], found["length"]
        if texts == 0 and tokens == 0:
            return "not even one text of one token"
        many = "any number of texts" if texts is None else _plural(texts, "text")
        long = "of any length" if tokens is None else f"of {_plural(tokens, 'token')}"
        if (most := shown.longest) and (tokens is None or tokens >= most):
            long = f"of all {most:,} tokens that it can read"
        return f"{many} of {_plural(shown.length, 'token')}, or {_plural(shown.batch, 'text')} {long}"

    return _step(
        "What fits", "fits", f"{shown.card.name}: {shown.card.memory:,} bytes.", f"Training: {said(fits['training'])}.",
        f"Using it: {said(fits['using'])}.",
    )  # fmt: skip


def _work(shown: Subject, name: str, work: Work) -> dict[str, Any]:
    peak, width = shown.card.peak(shown.precision), shown.card.bandwidth
    there = work.intensity(shown.batch)
    bound = "memory sets the pace" if there < peak / width else "computing sets the pace"
    what = {"reading": "Reading", "writing": "Writing"}[name]
    once = f"{_texts(shown)} at once" if name == "reading" else f"one more token in each of {_texts(shown)}"
    return _step(
        what, name,
        f"{what} {once}: {work.flops(shown.batch):,} operations for {work.bytes(shown.batch):,} bytes, "
        f"{there:.3f} a byte.",
        f"{shown.card.name} reaches its peak from {peak / width:.1f} a byte on, so {bound}:",
        f"at most {si(attainable(there, peak, width), 'FLOP/s')} of {si(peak, 'FLOP/s')}, and not under "
        f"{seconds(least_seconds(work, shown.batch, peak, width))}.",
    )  # fmt: skip


def _whole(shown: Subject, works: Mapping[str, Work | None]) -> dict[str, Any]:
    training = training_memory(shown.config, shown.length, shown.precision)
    whole, weights = held(training, shown.batch), training[0].bytes(shown.batch)
    largest = max(training, key=lambda kind: kind.bytes(shown.batch))
    share = 100 * largest.bytes(shown.batch) / whole
    said = {"optimizer": "the optimizer’s", "gradients": "the gradients’"}.get(
        largest.name, f"the {largest.name}’"
    )
    lines = [
        f"Training with AdamW holds {times(whole / weights)} the weights; the largest part, {share:.0f} %, is {said}.",
        least(shown),
    ]
    each = {name: work.intensity(shown.batch) for name, work in works.items() if work is not None}
    top = ridge(shown.card.peak(shown.precision), shown.card.bandwidth)
    if "writing" in each:
        pace = "it waits for memory" if each["writing"] < top else "computing sets the pace"
        lines.append(
            f"Reading does {each['reading']:,.1f} operations for each byte, writing {each['writing']:.2f}: with fewer "
            f"than {top:.0f}, {pace}."
            if each["writing"] < top
            else f"Writing does {each['writing']:.2f} operations for each byte, {top:.0f} and more: {pace}."
        )
    return _step("The sum of it", "", *lines)
