"""Multimodal: a picture cut into pieces that are tokens beside words, its caption, and one space for both."""

from __future__ import annotations

from app.controls.predict import draw
from app.frame import page, takeaway
from app.session import events, state
from core.multimodal import drawing, patch_ablation, patches, pen, space
from core.multimodal.captioner import Captioner, Seeing
from pages.multimodal import controls, export, figure, question, reading, sentences
from pages.multimodal.space import SharedSpace

KEYS = ("spoken", "said", "crossing", "pictured", "sketched", "drawing")
EXAMPLES = (
    "a seven, thick, slanted left, next to a two",
    "a three, slanted right",
    "an eight, thin, next to a zero",
    "a four, next to a four",
)
APART = (
    "It does nothing on this page, nor would its Rewind: a captioner of its own reads the picture. Your text is a "
    "caption to be looked for."
)

reading.follow_typing()
ctx = page.begin("multimodal", apart=APART)
what = reading.picture()
own = reading.own(what, ctx.text)
seen = reading.see(what, own.text)
shared = SharedSpace(what, own)

page.claim("A picture is read like text: each piece of it is a token.")
figure.draw(
    figure.record(
        what, seen, own, ctx.tokens, events.selection("picture", {key: state.get(key) for key in KEYS})
    ),
    key="picture",
    on={"select": lambda: events.select("picture", KEYS)},
)

page.judged(sentences.RULE)

with page.controls():
    controls.draw(what)

asked = question.ask(seen, int(state.get("said")))

with page.foot():
    page.predict(
        asked.asked.text,
        asked.asked.options,
        asked.judge,
        (what.number, what.drawn, what.strokes, asked.at),
        lambda seed: {"pictured": draw(seed, question.PICTURES, what.number), "sketched": False, "said": -1},
    )
    page.code(
        *((pen.ink, drawing.seen) if what.drawn else ()),
        *(
            (patches.cut, Seeing.read, Captioner.caption, patch_ablation.ablated, patch_ablation.agreement)
            if seen
            else ()
        ),
        space.retrieval,
    )
    page.take_away(
        "multimodal",
        lambda: takeaway.joined(export.table(seen), export.space_table(shared)),
        lambda: [*export.cells(what, seen, own, asked), *export.space_cells(shared)],
    )

shared.show()
page.terms(
    "token", "patch", "attention", "head", "ablation", "rank agreement", "dead band", "held out",
    "contrastive learning", "cosine", "retrieval",
)  # fmt: skip
page.cheatsheet("multimodal")
page.examples(EXAMPLES)
