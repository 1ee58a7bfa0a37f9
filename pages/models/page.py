"""Models: everything that this installation can open, what each needs before it is opened, and its card."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from app import runs
from app.controls import widgets
from app.frame import page
from app.models import cache, choice, gallery, room
from app.session import events, state
from core.messages import mark, mark_of, say, say_of
from core.parts import part_of, parts, row_sizes, used_weights
from core.survey import memory_needed
from pages.models import card, export, figure, question
from pages.models.export import FIGURE

EXAMPLES = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily met Tim by the river.",
    "the the the the the the the the",
    "Nobody counts the words that nobody reads.",
)
STOCK = {
    "all": mark_of("models", "All"), "bundled": mark_of("models", "Bundled"), "real": mark_of("models", "Published"),
    "run": mark_of("models", "Trained here"), "folder": mark_of("models", "Folders"), "hub": mark_of("models", "Hub"),
}  # fmt: skip
KIN = {
    "all": mark_of("models", "All"),
    "decoder": mark_of("models", "Decoders (GPT)"),
    "encoder": mark_of("models", "Encoders (BERT)"),
    "encoder-decoder": mark_of("models", "Both (T5)"),
}
RULER = {"log": mark("Logarithmic"), "linear": mark("Linear")}

ctx = page.begin("models", longest=FIGURE.longest)
lm, target = ctx.lm, ctx.target
asked_for = FIGURE.of(ctx.asked)
drawing = replace(asked_for, seen=asked_for.seen.beside(runs.offered(ctx.name)))
seen = drawing.seen
found = seen.found


def select() -> None:
    """A model is picked; or opened, for this page and every other, where the event says so for the first time."""
    events.select("models", ("picked", "ruler"))
    sent, memo = events.sent("models", "select"), state.memo("gallery")
    entry = next((one for one in seen.everything if one.name == sent.get("picked")), None)
    if entry is None or sent.get("open") in (None, memo.get("open")):
        return
    memo["open"] = sent["open"]
    if entry.asked:  # it says no words: Applications asks it
        state.update({"use": entry.asked, "by": entry.name})
        state.memo("visit").update(page="applications")
    else:
        choice.choose(entry.name, picked="")


page.claim(drawing.claim, gallery.facts(seen.everything))
listed = [(one.name, one.open, one.total) for one in (seen.picked, *seen.shown)]
drawing.mount(
    "models",
    {"select": select},
    held=figure.record_memory(cache.held(), room.free()),
    # names what is shown: under the same one only the selection has changed
    stamp="\x1f".join([ctx.model_key, repr(ctx.ids), target, repr(listed)]),
)

with page.controls():
    widgets.segments(say("From"), "stock", tuple(STOCK), lambda name: say_of("models", STOCK[str(name)]))
    widgets.segments(say("Shape"), "kin", tuple(KIN), lambda name: say_of("models", KIN[str(name)]))
    widgets.segments(say("Scale of the bars"), "ruler", tuple(RULER), lambda name: say(RULER[str(name)]))

load = ctx.load_source
asked = question.ask(lm, seen.current.label, ctx.text, found)
with page.foot():
    about = (ctx.model_key, ctx.text, target)
    judge = partial(asked.judge, lm, found)
    page.predict(asked.asked.text, asked.asked.options, judge, about, page.another_text(EXAMPLES))
    page.code(memory_needed, parts, part_of, used_weights, row_sizes)
    page.take_away(
        replace(drawing, seen=seen.still),
        None,
        lambda: export.cells(load, lm, seen.current, found, asked.ids, judge()),
    )

card.show(seen.picked, card.read(seen.picked), gallery.readme(seen.picked))
page.terms(
    "parameters",
    "byte",
    "embedding",
    "attention",
    "MLP",
    "vocabulary",
    "encoder",
    "decoder",
    "safetensors",
    "licence",
)
page.cheatsheet("models")
page.examples(EXAMPLES)
