"""Compare formulas with measurements; count a training's hours and energy; list what was published of each preset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app import markup
from app.controls import work
from app.frame.page import Context
from app.kit import register
from app.models import cache
from app.session import state
from app.units import in_words
from core.costs.accelerators import ACCELERATORS
from core.costs.memory import Precision, trained_in, training_memory
from core.costs.operations import row_flops
from core.costs.roofline import Work, attainable, decode, least_seconds, prefill
from core.costs.schedule import Training, training, usual_tokens, utilization
from core.families.presets import PRESETS
from core.messages import say
from core.training.measuring import STEPS, Measured, Size, measure, size_for
from pages.compute.subject import Subject

at_scale = register("compute_at_scale", __file__)

JOB = "compute"
BYTES = ("weights", "gradients", "optimizer", "activations")


def measured(ctx: Context, shown: Subject) -> tuple[dict[str, Measured], Size | None, str]:
    """Look up what is measured of the open model at the shown sizes, by name; at which; and the key of the work."""
    if not shown.own:
        return {}, None, ""
    at = size_for(shown.config, shown.batch, shown.length)
    # What is measured hangs on the model's shape alone: Rewind keeps it, and so does a model trained at these sizes.
    key = f"compute {shown.config} {at.batch} {at.length}"
    job = work.of(JOB, key)
    memo = state.memo("compute.measured")
    if job is not None and job.ended and memo.get("job") is not job:  # once, not at every run of the page
        memo["job"] = job
        cache.keep(key, tuple(job.done), small=True)
    found = cache.kept(key) or (job.done if job is not None else ())
    return {one.name: one for one in found}, at, key


def tokens_read(shown: Subject) -> tuple[int, str]:
    """Choose the tokens of the training that is reckoned, and say whose number that is.

    "yours": the learner's. "published", "card": what the model itself read. Otherwise 20 for each weight: "never" was a
    model of these sizes trained, "unpublished" is how long a known one was, and of the open one it is "unknown".
    """
    billions = float(state.get("billions"))
    if billions > 0:
        return max(1, round(billions * 1e9)), "yours"
    if shown.config != shown.base:
        return usual_tokens(shown.config), "never"
    told = shown.read if shown.preset is None else shown.preset.tokens
    if told:
        return told, "card" if shown.preset is None else "published"
    return usual_tokens(shown.config), "unknown" if shown.preset is None else "unpublished"


def peak(shown: Subject) -> float:
    """Read the operations a second of one card, in the precision of training, unless the learner gave others."""
    own = float(state.get("teraflops"))
    return own * 1e12 if own > 0 else shown.card.peak(trained_in(shown.precision))


def dials(shown: Subject) -> dict[str, Any]:
    """Read what is set for a training over texts of the shown length, as `training` takes it."""
    return {
        "tokens": tokens_read(shown)[0], "length": shown.length, "peak": peak(shown),
        "utilization": float(state.get("reached")), "devices": int(state.get("cards")), "watts": shown.card.watts,
    }  # fmt: skip


def formulas(shown: Subject, at: Size) -> dict[str, tuple[float, Work | None]]:
    """Compute what the formulas say to each measurement: bytes, or a pass's work. Measured is in float32."""
    kinds = {kind.name: float(kind.bytes(at.batch)) for kind in training_memory(shown.config, at.length)}
    found: dict[str, tuple[float, Work | None]] = {name: (kinds[name], None) for name in BYTES}
    reading = prefill(shown.config, at.length)
    found["prefill"] = 0.0, reading
    if shown.config.shape != "encoder":
        found["decode"] = 0.0, decode(shown.config, at.length)
    found["step"] = 0.0, step(shown, "fp32", at.length)
    return found


def step(shown: Subject, precision: Precision, length: int | None = None) -> Work:
    """Count a training step's operations and bytes, over texts of this length; None: of the shown one.

    Forward and backward, the weights met three times: once for the pass, once for each of the two gradients.
    """
    long = shown.length if length is None else length
    reading = prefill(shown.config, long, precision)
    return Work(3 * reading.weights, 3 * row_flops(shown.config, long, long), reading.row_bytes)


def record(shown: Subject, known: Mapping[str, Measured], at: Size | None) -> dict[str, Any]:
    """Describe what at_scale.js draws, as its JSON."""
    done = training(shown.config, **dials(shown))
    return {
        "stamp": repr((shown, sorted(known.items()), at, done)),
        "name": shown.name, "own": shown.own, "resized": shown.config != shown.base,
        "at": None if at is None else [at.batch, at.length],
        "rows": _rows(shown, known, at) if at is not None else [],
        "machine": {name: known[name].value for name in ("peak", "bandwidth") if name in known},
        "training": _training(shown, done),
        "published": [_published(key) for key in PRESETS],
    }  # fmt: skip


def _rows(shown: Subject, known: Mapping[str, Measured], at: Size) -> list[dict[str, Any]]:
    listed = []
    top, width = (known[name].value if name in known else None for name in ("peak", "bandwidth"))
    for name, (count, job) in formulas(shown, at).items():
        one = known.get(name)
        found = one.value if one is not None else None
        row: dict[str, Any] = {
            "name": name,
            "measured": found,
            "why": str(one.why) if one is not None else "",
        }
        if job is None:
            row |= {"kind": "bytes", "formula": count}
        else:
            least = least_seconds(job, at.batch, top, width) if top and width else None
            rate = job.flops(at.batch) / found if found else None
            roof = attainable(job.intensity(at.batch), top, width) if top and width else None
            row |= {
                "kind": "seconds", "formula": least, "flops": job.flops(at.batch), "bytes": job.bytes(at.batch),
                "rate": rate, "roof": roof,
            }  # fmt: skip
        listed.append(row)
    return listed


def _training(shown: Subject, done: Training) -> dict[str, Any]:
    preset = shown.preset if shown.config == shown.base else None
    tokens, whose = tokens_read(shown)
    reached = None
    if preset is not None and preset.tokens and preset.hours and preset.device:
        rate = preset.device.flops16
        reached = utilization(preset.config, preset.tokens, preset.config.n_ctx, rate, preset.hours)
    others = [
        {
            "name": card.name, "year": card.year, "peak": card.peak(trained_in(shown.precision)), "memory": card.memory,
            "bandwidth": card.bandwidth, "watts": card.watts, "source": say(card.source), "chosen": card is shown.card,
            "hours": training(
                shown.config, tokens, shown.length, card.peak(trained_in(shown.precision)),
                float(state.get("reached")), 1, card.watts,
            ).device_hours,
        }
        for card in ACCELERATORS.values()
    ]  # fmt: skip
    share, enough = roof(shown)
    return {
        "roof": {"share": share, "batch": shown.batch, "enough": enough},
        "tokens": tokens, "whose": whose, "writes": shown.config.shape == "encoder-decoder",
        "length": shown.length, "flops": done.flops, "seconds": done.seconds,
        "hours": done.device_hours, "energy": done.kilowatt_hours, "devices": done.devices, "watts": done.watts,
        "peak": peak(shown), "reached": float(state.get("reached")), "card": shown.card.name, "cards": others,
        "published": None if preset is None or not preset.tokens else {
            "tokens": preset.tokens, "hours": preset.hours, "device": preset.device.name if preset.device else "",
            "where": f"{preset.source}, {say(preset.trained)}", "reached": reached,
        },
    }  # fmt: skip


def roof(shown: Subject) -> tuple[float, int | None]:
    """Bound the share of the peak that a step over the shown texts can reach; count the texts that the set share needs.

    The second is None where no number of texts is enough.
    """
    job, top, width = step(shown, trained_in(shown.precision)), peak(shown), shown.card.bandwidth
    wanted = float(state.get("reached")) * top
    # flops(b) / (weights + b x row) x bandwidth >= wanted, for b
    gain = job.row_flops * width - wanted * job.row_bytes
    enough = max(1, -int(-wanted * job.weights // gain)) if gain > 0 else None
    return attainable(job.intensity(shown.batch), top, width) / top, enough


def _published(key: str) -> dict[str, Any]:
    preset = PRESETS[key]
    size = preset.size
    return {
        "key": key, "name": preset.name, "ours": size.parameters, "published": size.published, "agrees": size.agrees,
        "said": in_words(size.published, size.unit),
        "where": f"{preset.source}, {say(size.where)}", "note": say(size.note), "difference": size.difference,
    }  # fmt: skip


def show(
    ctx: Context, shown: Subject, known: Mapping[str, Measured], at: Size | None, about: str
) -> Callable[[], None]:
    """Draw the heading, the dials and the figure. Returns what measures: to be called when the page is drawn.

    Args:
        known, at, about: of `measured`.
    """
    title = markup.escape(say("Measured here, trained there, and as published"))
    st.html(f'<section class="gb-words"><h2>{title}</h2></section>')
    bar = None
    if shown.own and at is not None:
        done = known and len(known) == len(STEPS)
        bar = work.buttons(
            JOB,
            about,
            say("Measure again") if done else say("Measure on this machine"),
            len(STEPS),
            lambda: measure(ctx.lm, at),
        )
    else:
        st.caption(markup.escape(
            say("Measured is the open model as it is: choose {model} as the configuration.", model=ctx.label)
            if shown.preset is not None
            else say("Measured is the open model as it is: press “As it was” under Sizes.")
        ))  # fmt: skip
    with st.container(key="gb-compute-dials", horizontal=True, gap="medium", vertical_alignment="bottom"):
        for label, key, most in (
            (say("Tokens to train on, billions (0: usual)"), "billions", 1e9),
            (say("Peak of a card, TFLOP/s (0: the card’s)"), "teraflops", 1e6),
        ):
            st.number_input(label, 0.0, most, step=1.0, width=250, format="%g", **state.bind(key))
        st.slider(
            say("Share of the peak that is reached"), 0.01, 1.0, step=0.01, width=240, **state.bind("reached")
        )
        st.number_input(say("Cards"), 1, 1_000_000, step=1, width=140, **state.bind("cards"))
    at_scale(data=record(shown, known, at), key="more")

    def go_on() -> None:
        if bar is not None:
            work.go_on(JOB, about, bar, say("measurements"))

    return go_on
