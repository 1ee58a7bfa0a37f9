"""Multimodal: a picture cut into pieces that are tokens beside words, its caption, and one space for both."""

from __future__ import annotations

from app.controls.predict import draw
from app.frame import page, takeaway
from app.session import events, state
from core.messages import mark, say
from core.multimodal import drawing as drawn
from core.multimodal import patch_ablation, patches, pen, space
from core.multimodal.captioner import Captioner, Seeing
from core.multimodal.captions import LONGEST
from pages.multimodal import controls, export, question, sentences
from pages.multimodal.export import FIGURE, KEYS, SAMPLE
from pages.multimodal.reading import LONGEST_TEXT
from pages.multimodal.space import SharedSpace

EXAMPLES = (
    SAMPLE,
    "a three, slanted right",
    "an eight, thin, next to a zero",
    "a four, next to a four",
)
APART = mark(
    "It does nothing on this page, nor would its Rewind: a captioner of its own reads "
    "the picture. Your text is a caption to be looked for."
)

if len(str(state.get("text"))) > LONGEST_TEXT:  # the frame speaks of the open model's context only
    state.note(
        say(
            "Your text is longer than the longest caption, which has {most} words, so it is "
            "not looked for: type a shorter one. All of it is still in the text box.",
            most=LONGEST,
        )
    )
ctx = page.begin("multimodal", apart=say(APART))
drawing = FIGURE.of(ctx.asked)
shown = drawing.seen
what, seen, own = shown.what, shown.seen, shown.own
shared = SharedSpace(what, own)

page.claim(drawing.claim)
drawing.mount("picture", {"select": lambda: events.select("picture", KEYS)}, tokens=list(ctx.tokens))

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
        *((pen.ink, drawn.seen) if what.drawn else ()),
        *(
            (patches.cut, Seeing.read, Captioner.caption, patch_ablation.ablated, patch_ablation.agreement)
            if seen
            else ()
        ),
        space.retrieval,
    )
    page.take_away(
        drawing,
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
