"""Follow Adam on one weight of the open model: choose it, train on the text, draw its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from app import markup
from app.controls import widgets
from app.frame.page import Context
from app.kit import pack
from app.models import cache
from app.session import events, state
from core.language_model import LanguageModel
from core.messages import mark, say
from core.training.adam_steps import MATRICES, WHOLE, Place, Trained, follow, place, train
from core.training.rules import Rule
from core.training.text_loss import losses_by_token
from pages.optimizers import figure
from pages.optimizers.controls import RATES, ladder
from pages.optimizers.figure import numbers

MAP = 128  # cells of the gradient's map along a side, at most
MATRIX_NAMES = {
    "Q": mark("queries"), "K": mark("keys"), "V": mark("values"), "O": mark("output"), "in": mark("MLP in"),
    "out": mark("MLP out"),
}  # fmt: skip
IN_BLOCK = {
    "Q": mark("block {block}’s queries"),
    "K": mark("block {block}’s keys"),
    "V": mark("block {block}’s values"),
    "O": mark("block {block}’s output"),
    "in": mark("block {block}’s MLP in"),
    "out": mark("block {block}’s MLP out"),
}
FIELDS = ("wrow", "wcol", "tick")  # what the picture selects


@dataclass(frozen=True)
class Weight:
    """A weight of the open model: in which matrix, trained by which rule, on which text."""

    ctx: Context
    target: str | None
    stack: str
    block: int
    matrix: str
    rule: Rule
    row: int = -1  # below 0: a weight of middling gradient
    col: int = -1

    @property
    def place(self) -> Place:
        """Where the matrix is stored."""
        return place(self.ctx.lm, self.block, self.matrix, self.stack)

    @property
    def name(self) -> str:
        """The matrix, as a learner would call it."""
        named = say(IN_BLOCK[self.matrix], block=self.block)
        if self.ctx.lm.config.shape != "encoder-decoder":
            return named
        if self.stack == "encoder":
            return say("encoder {matrix}", matrix=named)
        return say("decoder {matrix}", matrix=named)

    @property
    def title(self) -> str:
        """The same with its size."""
        rows, columns = self.place.shape
        return f"{self.name}, {rows} × {columns}"

    @property
    def heavy(self) -> bool:
        """Training it takes seconds: only when the learner asks."""
        return self.ctx.lm.n_parameters > WHOLE

    def trained(self) -> Trained:
        """The run, computed once for all who ask."""
        found: Trained = cache.share(
            run,
            self.ctx.model_key,
            self.ctx.text,
            self.target,
            self.stack,
            self.block,
            self.matrix,
            self.rule,
        )
        return found

    def chosen(self, trained: Trained) -> tuple[int, int]:
        """The chosen weight's row and column; a middling one where none was chosen, or the matrix has no such."""
        rows, columns = trained.start.shape
        inside = 0 <= self.row < rows and 0 <= self.col < columns
        return (self.row, self.col) if inside else trained.middling


def weight_of(ctx: Context, target: str | None) -> Weight:
    """The matrix and the rule that the fields name."""
    config = ctx.lm.config
    stack = state.get("stack") if config.shape == "encoder-decoder" else "encoder"
    blocks = config.decoder_layers if stack == "decoder" else config.n_layers
    beta = float(state.get("beta"))
    rule = Rule(
        "adam", float(state.get("adam")), beta1=beta, beta2=float(state.get("beta2")),
        weight_decay=float(state.get("decay")),
    )  # fmt: skip
    block = min(state.get("block"), blocks - 1)
    return Weight(ctx, target, stack, block, state.get("matrix"), rule, state.get("wrow"), state.get("wcol"))


def run(
    lm: LanguageModel, text: str, target: str | None, stack: str, block: int, matrix: str, rule: Rule
) -> Trained:
    """Train one matrix, as the cache calls it."""
    return train(lm, text, place(lm, block, matrix, stack), rule, target)


def token_losses(lm: LanguageModel, text: str, target: str | None) -> list[float | None]:
    """Measure the loss of each token, as the cache calls it."""
    return losses_by_token(lm, text, target)


def reduced(gradient: np.ndarray, most: int = MAP) -> np.ndarray:
    """A matrix as at most `most` by `most` cells, each its largest number by size; (R, C) -> (r, c)."""
    rows, columns = gradient.shape
    r, c = -(-rows // most), -(-columns // most)
    padded = np.zeros((-(-rows // r) * r, -(-columns // c) * c), dtype=gradient.dtype)
    padded[:rows, :columns] = gradient
    cells = padded.reshape(padded.shape[0] // r, r, padded.shape[1] // c, c).swapaxes(1, 2)
    flat = cells.reshape(*cells.shape[:2], -1)
    return np.take_along_axis(flat, np.abs(flat).argmax(-1)[..., None], -1)[..., 0]


def record(weight: Weight, trained: Trained, selection: dict[str, Any]) -> dict[str, Any]:
    """What moments.js draws."""
    row, col = weight.chosen(trained)
    steps = follow(trained, row, col)
    cells = reduced(trained.gradients[0])
    size = float(np.abs(cells).max()) or 1.0
    shades = np.clip(np.round(127.5 + 127.5 * np.sign(cells) * np.sqrt(np.abs(cells) / size)), 0, 255)
    rule = trained.rule
    return {
        "figure": "moments",
        "stamp": repr((weight.ctx.model_key, weight.ctx.text, weight.target, weight.title, rule, row, col)),
        "title": weight.title, "shape": trained.start.shape, "row": row, "col": col,
        "cells": pack(shades.astype(np.uint8)), "numbers": pack(numbers(steps)),
        "losses": trained.losses.tolist(), "asked": say(trained.asked), "alone": trained.alone,
        "settings": {
            "rate": rule.rate, "beta": rule.beta1, "beta2": rule.beta2, "eps": rule.eps, "decay": rule.weight_decay,
        },
        "selection": selection,
    }  # fmt: skip


def panel(weight: Weight) -> None:
    """Controls and picture; of a large model, whose steps take seconds, a button first."""
    lm = weight.ctx.lm
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if lm.config.shape == "encoder-decoder":
            widgets.segments(
                say("Stack"), "stack", ("encoder", "decoder"), lambda name: markup.capital(say(str(name)))
            )
        blocks = lm.config.decoder_layers if weight.stack == "decoder" else lm.config.n_layers
        widgets.pick(say("Block"), "block", blocks, most=8)
        widgets.segments(say("Matrix"), "matrix", MATRICES, lambda name: say(MATRIX_NAMES[str(name)]))
        ladder(say("Adam’s rate"), "adam", RATES, {0.0: say("0: nothing moves")}, 150)
    memo = state.memo("optimizers")
    about = repr((weight.ctx.model_key, weight.ctx.text, weight.title))
    if weight.heavy and memo.get("trained") != about:
        st.caption(
            say(
                "This model has {count} million weights: a step takes some seconds.",
                count=f"{lm.n_parameters / 1e6:,.0f}",
            )
        )
        st.button(
            say("Train it"), key="optimizers.train", on_click=state.whole(lambda: memo.update(trained=about))
        )
        return
    chosen = events.selection("moments", {key: state.get(key) for key in FIELDS})
    figure.draw(
        record(weight, weight.trained(), chosen),
        key="moments",
        on={"select": lambda: events.select("moments", FIELDS)},
    )
