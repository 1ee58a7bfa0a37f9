"""What stands below the race, panel by panel: heading, controls, figure; long work runs at the end of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app import events, state, widgets, work
from app.page import Context
from core.training.race import Track
from pages.optimizers import below, land, lesson, search, toy, turned
from pages.optimizers import figure as view
from pages.optimizers.below import MATRIX_NAMES, Weight
from pages.optimizers.controls import RATES, ladder
from pages.optimizers.setup import Setup

MOMENTS = ("wrow", "wcol", "tick")


def heading(title: str, about: str) -> None:
    """A panel's title and what it is good for."""
    said = f'<p class="gb-hint">{widgets.inline(about)}</p>'
    st.html(f'<section class="gb-words"><h2>{widgets.inline(title)}</h2>{said}</section>')


def ground(wish: Setup, tracks: Sequence[Track]) -> None:
    """The race in three dimensions."""
    heading(
        "The race, seen from the side",
        "The same surface and the same steps, with the loss as height: drag to turn it. Thin lines join points of one "
        "loss. A way is grey where the surface hides it, and ends where it leaves the picture.",
    )
    turned.draw_race(wish, tracks)


def moments(weight: Weight) -> None:
    """Adam on one weight of the open model."""
    heading(
        "Adam on one weight of this model",
        "Real training steps of a copy of the open model on your text. Adam keeps two numbers for each weight: the "
        "mean of its gradients and the mean of their squares. β₁, β₂ and weight decay are those of the race.",
    )
    lm = weight.ctx.lm
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if lm.config.shape == "encoder-decoder":
            widgets.segments("Stack", "stack", ("encoder", "decoder"), widgets.capital)
        blocks = lm.config.decoder_layers if weight.stack == "decoder" else lm.config.n_layers
        widgets.pick("Block", "block", blocks, most=8)
        widgets.segments("Matrix", "matrix", below.MATRICES, lambda name: MATRIX_NAMES[str(name)])
        ladder("Adam’s rate", "adam", RATES, {0.0: "0: nothing moves"}, 150)
    memo = state.memo("optimizers")
    about = repr((weight.ctx.model_key, weight.ctx.text, weight.title))
    if weight.heavy and memo.get("trained") != about:
        st.caption(f"This model has {lm.n_parameters / 1e6:,.0f} million weights: a step takes some seconds.")
        st.button(
            "Train it", key="optimizers.train", on_click=state.whole(lambda: memo.update(trained=about))
        )
        return
    chosen = events.selection("moments", {key: state.get(key) for key in MOMENTS})
    view.draw(
        below.moments_record(weight, weight.trained(), chosen),
        key="moments",
        on={"select": lambda: events.select("moments", MOMENTS)},
    )


def real_runs() -> None:
    """The five on a real small model."""
    heading(
        "The same five on a real model",
        "A small GPT learns tales: 130,000 weights instead of two, and a new batch at each step. Here the slope is "
        "never known exactly, and no two weights are equally steep.",
    )
    toy.panel()
    heading(
        "What a fast recipe is made of",
        "The fast recipe of the training lab, each part taken away in turn and everything else kept: what is it worth?",
    )
    lesson.panel()


def rate_and_land(ctx: Context, target: str | None) -> Callable[[], None]:
    """The panels that take a while: the rate finder and the landscape.

    Returns what goes on with the work that was asked for; to be called when the page is drawn.
    """
    heading(
        "Which rate? Let it grow and watch",
        "The rate of a real run grows a little at each step, from far too small to far too large (Smith 2017).",
    )
    searching = search.panel(ctx, target)
    heading(
        "The landscape around this model",
        "The same picture as the race, for all the weights of the model: a plane is laid through them, and the loss of "
        "your text is measured at every point of a grid on it (Li et al. 2018).",
    )
    measuring = land.panel(ctx, target)

    def go_on() -> None:
        work.go_on("finder", search.key(ctx, target), searching, "steps")
        if measuring is not None:
            work.go_on("land", land.key(ctx, target), measuring, "rows")

    return go_on
