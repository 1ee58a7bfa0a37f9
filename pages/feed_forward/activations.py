"""Draw the lower half of the Feed-forward page: every curve with this text's numbers, and how often neurons fire."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.controls import widgets
from app.frame import page
from app.kit import pack, register
from app.markup import inline
from app.models import cache
from app.session import state
from core.analysis.neurons.activation_curves import FORMULAS, curve, held, lowest
from core.analysis.neurons.firing import ALWAYS, RARE, RULE, Firing
from core.config import Activation
from core.messages import say, say_of
from pages.feed_forward.figure import ACTS, GATED, Seen
from pages.feed_forward.neuron import CORPORA, Sample, SampleJob, request_sample, see_own

feed_forward_activations = register("feed_forward_activations", __file__)

PLACES = 121
LINEAR = (2.0, 1.0, 0.5, -1.0)  # second numbers that SwiGLU is drawn for where the model has none of its own


def curves(seen: Seen, act: Activation) -> list[dict[str, Any]]:
    """Each curve over the followed token's pre-activations: its values and slopes, and where those numbers land."""
    pre, linear = seen.as_is.pre, seen.as_is.pre_linear
    x = np.linspace(min(-4.0, float(pre.min())), max(4.0, float(pre.max())), PLACES)
    found = []
    for name, shown in ACTS.items():
        drawn, landed, low = curve(name, x), curve(name, pre), lowest(name)
        found.append({
            "name": shown, "formula": FORMULAS[name], "own": name == act and linear is None, "x": pack(x),
            "lines": [pack(drawn.y)], "slope": pack(drawn.slope), "dots": [pack(pre), pack(landed.y)],
            "held": held(landed.y), "low": list(low) if low[1] < 0 else None, "gates": [],
        })  # fmt: skip
    gate = act if linear is not None else "silu"
    chosen = [seen.neuron.pre_linear] if seen.neuron.pre_linear is not None else LINEAR
    stretched = [curve(gate, x, second) for second in chosen]
    landed_y = None if linear is None else seen.as_is.post
    found.append({
        "name": say(GATED[gate]), "formula": say("{formula} × a second sum", formula=FORMULAS[gate]),
        "own": linear is not None, "x": pack(x),
        "lines": [pack(one.y) for one in stretched], "slope": pack(stretched[0].slope),
        "dots": None if landed_y is None else [pack(pre), pack(landed_y)],
        "held": None if landed_y is None else held(landed_y), "low": None,
        "gates": [float(second) for second in chosen],
    })  # fmt: skip
    return found


def counted(firing: Firing, block: int, neuron: int) -> dict[str, Any]:
    """How the neurons of each block spread from never to always, and the chosen one."""
    return {
        "tokens": firing.tokens, "unseen": firing.unseen, "spread": firing.spread().tolist(),
        "dead": firing.dead.sum(1).tolist(), "rare": firing.rare.sum(1).tolist(),
        "always": firing.always_on.sum(1).tolist(), "neurons": firing.share.shape[1],
        "share": float(firing.share[block, neuron]), "most": float(firing.most[block, neuron]),
    }  # fmt: skip


def show(seen: Seen, job: SampleJob, sample: Sample | None, act: Activation, stamp: str) -> DeltaGenerator:
    """Heading, the sample's controls and the figure; returns the place for the bar of a reading."""
    heading = say("Other curves, and neurons that never or always fire")
    st.html(f'<section class="gb-words"><h2>{inline(heading)}</h2></section>')
    block, neuron = seen.steps.layer, seen.neuron.neuron
    fired: Firing | None = None
    if job.can:
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            widgets.segments(
                say("Read a sample of"), "corpus", tuple(CORPORA), lambda name: say(CORPORA[str(name)])
            )
            st.button(
                say("Read it") if sample is None else say_of("done", "Read"),
                key="feed_forward.read",
                disabled=sample is not None,
                on_click=state.whole(request_sample),
            )
        fired = sample.firing if sample is not None else cast(
            Firing, cache.call(see_own, job.ctx.model_key, job.ctx.ids)
        )  # fmt: skip
    slot = st.container(key="gb-sampling")
    feed_forward_activations(
        data={
            "stamp": f"{stamp}\x1f{sample is not None and sample.words}",
            "name": f"L{block}N{neuron}", "block": block, "curves": curves(seen, act),
            "token": job.ctx.lm.tokenizer.display(seen.ids[seen.steps.row]),
            "firing": None if fired is None else counted(fired, block, neuron),
            "of": say("your text") if sample is None else sample.read,
            "sampled": sample is not None, "limits": [RARE, ALWAYS],
        },
        key="more",
    )  # fmt: skip
    page.judged(RULE)
    return slot
